/*
 * cli.h - the command line: what a command is, and what it is given.
 * Source:    design: one program, a table of commands; sysexits(3) for deliver.
 * Trust:     arguments are the operator's; text of reports meets the terminal
 *            only through table.h or esc_text.
 * Units:     none.
 * Ownership: the context and the arguments live as long as the command runs.
 * Errors:    exit codes: CLI_OK, CLI_SOME, CLI_USAGE, CLI_TEMP.
 *
 * To add a command: write src/cli/NAME.c that defines
 *	const struct cli_command cli_cmd_NAME = { .name = "NAME", ... };
 * name the file in src/cli/local.mk, and put one line into commands.h. Help,
 * checks of the options, the nearest name for a misspelt one and shell
 * completion come from the tables.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct conf; struct cli_args;

enum {
	CLI_OK = 0,
	CLI_SOME = 1,	/* done, but some inputs could not be read */
	CLI_USAGE = 2,	/* wrong usage or configuration */
	CLI_TEMP = 75	/* try again later */
};

enum cli_kind {
	CLI_FLAG,	/* takes no value */
	CLI_TEXT,
	CLI_INT,	/* a whole number from min to max */
	CLI_WORD,	/* one of the words in arg: "table|json|csv" */
	CLI_FILE,	/* a path; differs from CLI_TEXT in completion only */
	CLI_DIR,
	CLI_DAY		/* YYYY-MM-DD, checked */
};

struct cli_option {
	const char	*name;		/* the long name without dashes */
	const char	*help;
	const char	*arg;		/* what help calls the value; the words of CLI_WORD */
	enum cli_kind	 kind;
	char		 letter;	/* the short name, 0: none */
	bool		 many;		/* may be given more than once */
	int64_t		 min, max;	/* CLI_INT; both 0: from 0 up */
};
#define CLI_OPTIONS_END { .name = NULL }

/* Options that several commands have, worded once. */
#define CLI_OPT_FORMAT { .name = "format", .kind = CLI_WORD, .arg = "table|json|csv",	\
	.help = "how rows come out: for people, one JSON object per line, or CSV" }
#define CLI_OPT_PROGRESS { .name = "progress", .kind = CLI_WORD, .arg = "auto|always|never",	\
	.help = "the progress bar; auto shows it on a terminal only" }

enum cli_needs {
	CLI_NEEDS_NOTHING,	/* ctx->conf is NULL */
	CLI_NEEDS_STATE,	/* a state directory: defaults when there is no file */
	CLI_NEEDS_CONF		/* the configuration file must be there */
};

struct cli_ctx {
	struct conf	*conf;
	const char	*config_path;	/* NULL: no file was read */
	const char	*state;		/* the state directory that holds */
	int		 verbosity;	/* -1 quiet, 0, 1 verbose, 2 ... */
	bool		 tty_out, tty_err;
	bool		 color;		/* colour on standard output is welcome */
};

struct cli_command {
	const char		*name;
	const char		*group;		/* the heading it stands under in help */
	const char		*help;		/* one line, no full stop */
	const char		*usage;		/* what follows the name: "[OPTIONS] PATH..." */
	const char		*text;		/* paragraphs, parted by empty lines; or NULL */
	const struct cli_option	*options;	/* ends with CLI_OPTIONS_END; or NULL */
	int			 min_args, max_args;	/* operands; max -1: any number */
	const char		*words;		/* first operand: "check|show", or "FILE"; or NULL */
	enum cli_needs		 needs;
	bool			 sysexits;	/* wrong usage is 64, wrong configuration 75 */
	int			(*run)(struct cli_ctx *, const struct cli_args *);
};

/* The whole table, ends with NULL; in the order of help. */
extern const struct cli_command *const cli_commands[];
const struct cli_command *cli_command_find(const char *name);

/* The program; returns the exit code. */
int	 cli_main(int argc, char **argv);

/*
 * What was given. Options are asked for by their long name; a name that is
 * not in the command's table is our mistake and ends the program.
 */
size_t		 cli_given(const struct cli_args *, const char *name);	/* how often */
bool		 cli_flag(const struct cli_args *, const char *name);
const char	*cli_text(const struct cli_args *, const char *name);	/* the last one, or NULL */
const char	*cli_text_at(const struct cli_args *, const char *name, size_t i);
int64_t		 cli_int(const struct cli_args *, const char *name, int64_t otherwise);
/* Which of the words, from 0; otherwise when the option was not given. */
int		 cli_word(const struct cli_args *, const char *name, int otherwise);
size_t		 cli_operands(const struct cli_args *);
const char	*cli_operand(const struct cli_args *, size_t i);	/* NULL past the last */

/* A sentence to standard error, "dmarcd: ...". */
void	 cli_say(const char *, ...) PRINTFLIKE(1, 2);
/* As cli_say unless -q was given. */
void	 cli_note(const struct cli_ctx *, const char *, ...) PRINTFLIKE(2, 3);
/* Opens what tells where addresses are. What is wrong with it is said, and does not stop anything. */
void	 cli_places(const struct cli_ctx *);
/* Says what is wrong with the usage and where help is; returns the exit code. */
int	 cli_usage(const struct cli_command *, const char *, ...) PRINTFLIKE(2, 3);
/* Says e->msg; the exit code follows from the class of the error. */
int	 cli_fail(const struct err *);

#endif
