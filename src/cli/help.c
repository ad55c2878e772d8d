/*
 * help.c - see help.h; and the help command itself.
 */
#include "base/base.h"
#include "base/near.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/help.h"

#define HELP_WIDTH 79

/* Words of text, broken at HELP_WIDTH, each line behind indent blanks; at is where the first begins. */
static void
wrap(struct buf *b, const char *text, size_t indent, size_t at)
{
	bool	 first = true;

	while (*text != '\0') {
		size_t	 n = strcspn(text, " \n");

		if (n > 0) {
			if (!first && at + 1 + n > HELP_WIDTH) {
				(void)buf_printf(b, "\n%*s", (int)indent, "");
				at = indent;
			} else if (!first) {
				(void)buf_byte(b, ' ');
				at++;
			}
			(void)buf_add(b, text, n);
			at += n;
			first = false;
		}
		text += n;
		if (text[0] == '\n' && text[1] == '\n') {
			(void)buf_printf(b, "\n\n%*s", (int)indent, "");
			at = indent;
			first = true;
			text++;
		}
		if (*text != '\0')
			text++;
	}
	(void)buf_byte(b, '\n');
}

static void
options(struct buf *b, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		char	 left[100];
		int	 n;

		n = snprintf(left, sizeof(left), "  %c%c%s--%s%s%s", o->letter == 0 ? ' ' : '-',
		    o->letter == 0 ? ' ' : o->letter, o->letter == 0 ? "  " : ", ", o->name,
		    o->kind == CLI_FLAG ? "" : " ", o->kind == CLI_FLAG ? "" : o->arg);
		(void)buf_printf(b, "%-26s", left);
		if (n > 24)
			(void)buf_printf(b, "\n%26s", "");
		wrap(b, o->help, 26, 26);
	}
}

void
help_overview(struct buf *b)
{
	const char	*group = "";

	(void)buf_cstr(b, "usage: dmarcd [-c FILE] [--state DIR] [-q | -v] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
	    "Reads DMARC reports from mailboxes and files, and answers who sends mail as\n"
	    "your domains, whether it passes, and why not.\n");
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		const struct cli_command	*c = cli_commands[i];

		if (strcmp(group, c->group) != 0)
			(void)buf_printf(b, "\n%s\n", c->group);
		group = c->group;
		(void)buf_printf(b, "  %-12s", c->name);
		wrap(b, c->help, 14, 14);
	}
	(void)buf_cstr(b, "\nFor every command\n");
	options(b, cli_globals);
	(void)buf_cstr(b, "\n'dmarcd help COMMAND' explains a command; dmarcd(8) and dmarcd.conf(5) the rest.\n"
	    "Exit codes: 0 done; 1 done, but some inputs could not be read; 2 wrong usage or\n"
	    "configuration; 75 try again later.\n");
}

void
help_command(struct buf *b, const struct cli_command *c)
{
	(void)buf_printf(b, "usage: dmarcd %s %s\n\n", c->name, c->usage);
	(void)buf_printf(b, "%c%s.\n", c->help[0] >= 'a' && c->help[0] <= 'z' ? c->help[0] - 32 : c->help[0],
	    c->help + 1);
	if (c->text != NULL) {
		(void)buf_byte(b, '\n');
		wrap(b, c->text, 0, 0);
	}
	if (c->options != NULL && c->options[0].name != NULL) {
		(void)buf_cstr(b, "\nOptions\n");
		options(b, c->options);
	}
	(void)buf_cstr(b, "\nFor every command\n");
	options(b, cli_globals);
}

/* "a|b|c" with blanks between. */
static void
words(struct buf *b, const char *list)
{
	for (; *list != '\0'; list++)
		(void)buf_byte(b, *list == '|' ? ' ' : (unsigned char)*list);
}

static bool
is_path(const struct cli_option *o)
{
	return (o->kind == CLI_FILE || o->kind == CLI_DIR);
}

static void
option_names(struct buf *b, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++)
		(void)buf_printf(b, " --%s", o->name);
}

/* One branch of bash's case for each option that takes a value. */
static void
bash_values(struct buf *b, const char *cmd, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		if (o->kind == CLI_FLAG)
			continue;
		(void)buf_printf(b, "\t%s:--%s", cmd, o->name);
		if (o->letter != 0)
			(void)buf_printf(b, "|%s:-%c", cmd, o->letter);
		(void)buf_cstr(b, ") COMPREPLY=(");
		if (o->kind == CLI_WORD) {
			(void)buf_cstr(b, "$(compgen -W \"");
			words(b, o->arg);
			(void)buf_cstr(b, "\" -- \"$cur\")");
		} else if (is_path(o))
			(void)buf_printf(b, "$(compgen -%c -- \"$cur\")", o->kind == CLI_DIR ? 'd' : 'f');
		(void)buf_cstr(b, "); return ;;\n");
	}
}

void
help_bash(struct buf *b)
{
	(void)buf_cstr(b, "# bash completion for dmarcd, made by 'dmarcd help --completion bash'\n"
	    "_dmarcd()\n{\n\tlocal cur prev cmd i opts args\n\tCOMPREPLY=()\n"
	    "\tcur=${COMP_WORDS[COMP_CWORD]}\n\tprev=${COMP_WORDS[COMP_CWORD-1]}\n\tcmd=\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n");
	for (const struct cli_option *o = cli_globals; o->name != NULL; o++) {
		if (o->kind == CLI_FLAG)
			continue;
		(void)buf_printf(b, "\t\t--%s", o->name);
		if (o->letter != 0)
			(void)buf_printf(b, "|-%c", o->letter);
		(void)buf_cstr(b, ") ((i++)) ;;\n");
	}
	(void)buf_cstr(b, "\t\t-*) ;;\n\t\t*) cmd=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n"
	    "\tcase $cmd:$prev in\n");
	for (const struct cli_option *o = cli_globals; o->name != NULL; o++)
		if (is_path(o)) {
			(void)buf_printf(b, "\t*:--%s", o->name);
			if (o->letter != 0)
				(void)buf_printf(b, "|*:-%c", o->letter);
			(void)buf_printf(b, ") COMPREPLY=($(compgen -%c -- \"$cur\")); return ;;\n",
			    o->kind == CLI_DIR ? 'd' : 'f');
		}
	for (size_t i = 0; cli_commands[i] != NULL; i++)
		bash_values(b, cli_commands[i]->name, cli_commands[i]->options);
	(void)buf_cstr(b, "\tesac\n\topts=\"");
	option_names(b, cli_globals);
	(void)buf_cstr(b, "\"\n\targs=\n\tcase $cmd in\n\t'') args=\"");
	for (size_t i = 0; cli_commands[i] != NULL; i++)
		(void)buf_printf(b, "%s%s", i == 0 ? "" : " ", cli_commands[i]->name);
	(void)buf_cstr(b, "\" ;;\n");
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		const struct cli_command	*c = cli_commands[i];

		(void)buf_printf(b, "\t%s) opts=\"$opts", c->name);
		option_names(b, c->options);
		(void)buf_byte(b, '"');
		if (c->words != NULL && strcmp(c->words, "FILE") == 0)
			(void)buf_cstr(b, "; compopt -o default");
		else if (c->words != NULL) {
			(void)buf_cstr(b, "; args=\"");
			words(b, c->words);
			(void)buf_byte(b, '"');
		} else if (c == &cli_cmd_help) {
			(void)buf_cstr(b, "; args=\"");
			for (size_t k = 0; cli_commands[k] != NULL; k++)
				(void)buf_printf(b, "%s%s", k == 0 ? "" : " ", cli_commands[k]->name);
			(void)buf_byte(b, '"');
		}
		(void)buf_cstr(b, " ;;\n");
	}
	(void)buf_cstr(b, "\tesac\n\tcase $cur in\n\t-*) COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\")) ;;\n"
	    "\t*) COMPREPLY=($(compgen -W \"$args\" -- \"$cur\")) ;;\n\tesac\n}\ncomplete -F _dmarcd dmarcd\n");
}

/* Text inside single quotes of a shell; zsh's _arguments also wants [ ] : escaped. */
static void
quoted(struct buf *b, const char *s, const char *escape)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			(void)buf_cstr(b, "'\\'");
		else if (strchr(escape, *s) != NULL)
			(void)buf_byte(b, '\\');
		(void)buf_byte(b, (unsigned char)*s);
	}
}

static void
zsh_options(struct buf *b, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++)
		for (int shrt = 0; shrt < (o->letter == 0 ? 1 : 2); shrt++) {
			(void)buf_printf(b, " \\\n\t\t'%s%s", o->many ? "*" : "", shrt ? "-" : "--");
			if (shrt)
				(void)buf_byte(b, (unsigned char)o->letter);
			else
				(void)buf_printf(b, "%s%s", o->name, o->kind == CLI_FLAG ? "" : "=");
			(void)buf_byte(b, '[');
			quoted(b, o->help, "[]\\");
			(void)buf_byte(b, ']');
			if (o->kind == CLI_WORD) {
				(void)buf_printf(b, ":%s:(", o->name);
				words(b, o->arg);
				(void)buf_byte(b, ')');
			} else if (o->kind != CLI_FLAG)
				(void)buf_printf(b, ":%s:%s", o->arg, o->kind == CLI_FILE ? "_files" :
				    o->kind == CLI_DIR ? "_files -/" : " ");
			(void)buf_byte(b, '\'');
		}
}

void
help_zsh(struct buf *b)
{
	(void)buf_cstr(b, "#compdef dmarcd\n# zsh completion for dmarcd, made by 'dmarcd help --completion zsh'\n"
	    "_dmarcd()\n{\n\tlocal context state state_descr line\n\ttypeset -A opt_args\n\t_arguments -C");
	zsh_options(b, cli_globals);
	(void)buf_cstr(b, " \\\n\t\t'1: :->command' '*:: :->rest'\n\tcase $state in\n\tcommand)\n"
	    "\t\tlocal -a commands\n\t\tcommands=(\n");
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		(void)buf_printf(b, "\t\t'%s:", cli_commands[i]->name);
		quoted(b, cli_commands[i]->help, ":\\");
		(void)buf_cstr(b, "'\n");
	}
	(void)buf_cstr(b, "\t\t)\n\t\t_describe command commands ;;\n\trest)\n\t\tcase $words[1] in\n");
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		const struct cli_command	*c = cli_commands[i];

		(void)buf_printf(b, "\t\t%s) _arguments", c->name);
		zsh_options(b, c->options);
		zsh_options(b, cli_globals);
		if (c->words != NULL && strcmp(c->words, "FILE") == 0)
			(void)buf_cstr(b, " \\\n\t\t'*:file:_files'");
		else if (c->words != NULL || c == &cli_cmd_help) {
			(void)buf_cstr(b, " \\\n\t\t'1:what:(");
			if (c->words != NULL)
				words(b, c->words);
			else
				for (size_t k = 0; cli_commands[k] != NULL; k++)
					(void)buf_printf(b, "%s%s", k == 0 ? "" : " ", cli_commands[k]->name);
			(void)buf_cstr(b, ")'");
		}
		(void)buf_cstr(b, " ;;\n");
	}
	(void)buf_cstr(b, "\t\tesac ;;\n\tesac\n}\n_dmarcd \"$@\"\n");
}

static void
fish_options(struct buf *b, const char *cond, const struct cli_option *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		(void)buf_printf(b, "complete -c dmarcd %s -l %s", cond, o->name);
		if (o->letter != 0)
			(void)buf_printf(b, " -s %c", o->letter);
		if (o->kind == CLI_WORD) {
			(void)buf_cstr(b, " -x -a '");
			words(b, o->arg);
			(void)buf_byte(b, '\'');
		} else if (is_path(o))
			(void)buf_cstr(b, " -r -F");
		else if (o->kind != CLI_FLAG)
			(void)buf_cstr(b, " -x");
		(void)buf_cstr(b, " -d '");
		for (const char *s = o->help; *s != '\0'; s++) {
			if (*s == '\'' || *s == '\\')
				(void)buf_byte(b, '\\');
			(void)buf_byte(b, (unsigned char)*s);
		}
		(void)buf_cstr(b, "'\n");
	}
}

void
help_fish(struct buf *b)
{
	char	 cond[100];

	(void)buf_cstr(b, "# fish completion for dmarcd, made by 'dmarcd help --completion fish'\n"
	    "complete -c dmarcd -f\n");
	fish_options(b, "", cli_globals);
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		const struct cli_command	*c = cli_commands[i];

		(void)buf_printf(b, "complete -c dmarcd -n __fish_use_subcommand -a %s -d '", c->name);
		for (const char *s = c->help; *s != '\0'; s++) {
			if (*s == '\'' || *s == '\\')
				(void)buf_byte(b, '\\');
			(void)buf_byte(b, (unsigned char)*s);
		}
		(void)buf_cstr(b, "'\n");
		(void)snprintf(cond, sizeof(cond), "-n '__fish_seen_subcommand_from %s'", c->name);
		fish_options(b, cond, c->options);
		if (c->words != NULL && strcmp(c->words, "FILE") == 0)
			(void)buf_printf(b, "complete -c dmarcd %s -F\n", cond);
		else if (c->words != NULL) {
			(void)buf_printf(b, "complete -c dmarcd %s -a '", cond);
			words(b, c->words);
			(void)buf_cstr(b, "'\n");
		}
	}
}

static int
help_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	static void (*const		 shell[])(struct buf *) = { help_bash, help_zsh, help_fish };
	const char			*name = cli_operand(args, 0);
	const struct cli_command	*cmd = NULL;
	struct buf			 b = { 0 };

	(void)ctx;
	if (cli_given(args, "completion") > 0) {
		shell[cli_word(args, "completion", 0)](&b);
	} else if (name == NULL) {
		help_overview(&b);
	} else if ((cmd = cli_command_find(name)) != NULL) {
		help_command(&b, cmd);
	} else {
		struct near	 near = { .word = name };

		for (size_t i = 0; cli_commands[i] != NULL; i++)
			near_try(&near, cli_commands[i]->name);
		if (near.best != NULL)
			return (cli_usage(&cli_cmd_help, "there is no command '%s'; is '%s' meant?", name, near.best));
		return (cli_usage(&cli_cmd_help, "there is no command '%s'", name));
	}
	if (!b.failed)
		(void)fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
	return (CLI_OK);
}

static const struct cli_option help_options[] = {
	{ .name = "completion", .kind = CLI_WORD, .arg = "bash|zsh|fish",
	    .help = "print the completion script for a shell" },
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_help = {
	.name = "help",
	.group = "About",
	.help = "what there is, or how a command is used",
	.usage = "[COMMAND] | --completion bash|zsh|fish",
	.text = "To have completion in bash for yourself alone:\n\n"
	    "dmarcd help --completion bash > ~/.local/share/bash-completion/completions/dmarcd",
	.options = help_options,
	.max_args = 1,
	.run = help_run,
};
