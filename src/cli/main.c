/*
 * main.c - cli_main: global options, the table of commands, the context.
 */
#include <errno.h>
#include <stdarg.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/base.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/near.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "conf/conf.h"
#include "dmarc/dmarc.h"
#include "process/geo.h"

#define CLI_ROW(name) &cli_cmd_##name,
const struct cli_command *const cli_commands[] = { CLI_COMMANDS(CLI_ROW) NULL };

const struct cli_option cli_globals[] = {
	{ .name = "config", .letter = 'c', .kind = CLI_FILE, .arg = "FILE",
	    .help = "the configuration (default " SYSCONFDIR "/dmarcd/dmarcd.conf)" },
	{ .name = "state", .kind = CLI_DIR, .arg = "DIR",
	    .help = "the state directory; wins over DMARCD_STATE and the configuration" },
	{ .name = "quiet", .letter = 'q', .help = "say errors only", .many = true },
	{ .name = "verbose", .letter = 'v', .help = "say more; twice: even more", .many = true },
	{ .name = "help", .letter = 'h', .help = "this help" },
	{ .name = "version", .help = "the version, and leave" },
	CLI_OPTIONS_END
};

void
cli_say(const char *fmt, ...)
{
	struct buf	 b = { 0 };
	va_list		 ap;

	/* One write, so that lines of several processes do not mix. */
	(void)fflush(stdout);
	(void)buf_cstr(&b, "dmarcd: ");
	va_start(ap, fmt);
	(void)buf_vprintf(&b, fmt, ap);
	va_end(ap);
	(void)buf_byte(&b, '\n');
	if (!b.failed)
		(void)fwrite(b.p, 1, b.len, stderr);
	buf_free(&b);
}

void
cli_places(const struct cli_ctx *ctx)
{
	struct err	 e = { 0 };

	if (ctx->conf != NULL && geo_open(&ctx->conf->geo, &e) == -1)
		cli_note(ctx, "%s; countries and networks are not shown", e.msg);
}

void
cli_note(const struct cli_ctx *ctx, const char *fmt, ...)
{
	struct buf	 b = { 0 };
	va_list		 ap;

	if (ctx->verbosity < 0)
		return;
	va_start(ap, fmt);
	if (buf_vprintf(&b, fmt, ap))
		cli_say("%s", b.p);
	va_end(ap);
	buf_free(&b);
}

int
cli_usage(const struct cli_command *cmd, const char *fmt, ...)
{
	struct buf	 b = { 0 };
	va_list		 ap;

	va_start(ap, fmt);
	if (buf_vprintf(&b, fmt, ap))
		cli_say("%s%s%s", cmd == NULL ? "" : cmd->name, cmd == NULL ? "" : ": ", b.p);
	va_end(ap);
	buf_free(&b);
	if (cmd == NULL)
		(void)fputs("dmarcd: 'dmarcd help' lists the commands\n", stderr);
	else
		(void)fprintf(stderr, "dmarcd: usage: dmarcd %s %s\n"
		    "dmarcd: 'dmarcd help %s' explains it\n", cmd->name, cmd->usage, cmd->name);
	return (cmd != NULL && cmd->sysexits ? EX_USAGE : CLI_USAGE);
}

int
cli_fail(const struct err *e)
{
	cli_say("%s", e->msg);
	switch (e->code) {
	case ERR_CONFIG:
		return (CLI_USAGE);
	case ERR_INPUT:
	case ERR_LIMIT:
		return (CLI_SOME);
	default:
		return (CLI_TEMP);
	}
}

const struct cli_command *
cli_command_find(const char *name)
{
	for (size_t i = 0; cli_commands[i] != NULL; i++)
		if (strcmp(cli_commands[i]->name, name) == 0)
			return (cli_commands[i]);
	return (NULL);
}

static int
unknown_command(const char *name)
{
	struct near	 near = { .word = name };
	char		 shown[80];

	for (size_t i = 0; cli_commands[i] != NULL; i++)
		near_try(&near, cli_commands[i]->name);
	esc_short(shown, sizeof(shown), str_of(name));
	if (near.best != NULL)
		return (cli_usage(NULL, "there is no command '%s'; is '%s' meant?", shown, near.best));
	return (cli_usage(NULL, "there is no command '%s'", shown));
}

/* Lines, each said on its own. */
static void
say_lines(const char *lines)
{
	for (const char *end; *lines != '\0'; lines = *end == '\0' ? end : end + 1) {
		end = lines + strcspn(lines, "\n");
		cli_say("%.*s", (int)(end - lines), lines);
	}
}

/* Reads the configuration that the command needs; 0 or an exit code. */
static int
load(struct cli_ctx *ctx, const struct cli_command *cmd, const char *given, const char *state)
{
	const char	*path = given != NULL ? given : SYSCONFDIR "/dmarcd/dmarcd.conf";
	struct buf	 faults = { 0 };
	struct err	 e = { 0 };

	/*
	 * Without -c a command that only needs the state directory also works
	 * where there is no file, or none that this user may read.
	 */
	if (given == NULL && cmd->needs == CLI_NEEDS_STATE && access(path, R_OK) == -1 &&
	    (errno == ENOENT || errno == ENOTDIR || (errno == EACCES && state != NULL)))
		path = NULL;
	ctx->conf = conf_load(path, state, &faults, &e);
	if (ctx->conf == NULL) {
		say_lines(faults.p == NULL ? "" : faults.p);
		cli_say("%s", e.msg);
		buf_free(&faults);
		/* A mistake in the file must not make a mail server bounce reports. */
		return (e.code == ERR_TEMP || cmd->sysexits ? CLI_TEMP : CLI_USAGE);
	}
	buf_free(&faults);
	if (cmd->needs == CLI_NEEDS_CONF && ctx->verbosity >= 0)
		say_lines(ctx->conf->warnings);
	dmarc_suffixes(ctx->conf->suffixes == CONF_SUFFIXES_ICANN);
	ctx->config_path = path;
	ctx->state = ctx->conf->state_dir;
	return (0);
}

/* What was written is safe only once it is flushed: a full disk shows here. */
static int
finish_output(int rv)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return (rv);
	cli_say("standard output: %s", strerror(errno));
	return (rv == CLI_OK || rv == CLI_SOME ? CLI_TEMP : rv);
}

static int
run(const struct cli_command *cmd, const struct cli_args *args, const struct cli_args *globals)
{
	const char	*no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	const char	*state = cli_text(globals, "state"), *given = cli_text(globals, "config");
	struct cli_ctx	 ctx = {
		.verbosity = cli_flag(globals, "quiet") ? -1 : (int)cli_given(globals, "verbose"),
		.tty_out = isatty(STDOUT_FILENO) == 1,
		.tty_err = isatty(STDERR_FILENO) == 1,
	};
	int		 rv;

	if (state == NULL)
		state = getenv("DMARCD_STATE");
	if (state != NULL && state[0] == '\0')
		state = NULL;
	ctx.state = state;
	ctx.config_path = given;
	ctx.color = ctx.tty_out && (no_color == NULL || no_color[0] == '\0') &&
	    term != NULL && strcmp(term, "dumb") != 0;
	log_open("dmarcd", ctx.verbosity < 0 ? LOG_ERROR : ctx.verbosity > 0 ? LOG_DEBUG : LOG_INFO);
	if (cmd->needs != CLI_NEEDS_NOTHING && (rv = load(&ctx, cmd, given, state)) != 0)
		return (rv);
	rv = cmd->run(&ctx, args);
	conf_free(ctx.conf);
	return (finish_output(rv));
}

static int
show(void (*what)(struct buf *, const struct cli_command *), const struct cli_command *cmd)
{
	struct buf	 b = { 0 };

	if (cmd == NULL)
		help_overview(&b);
	else
		what(&b, cmd);
	if (!b.failed)
		(void)fwrite(b.p, 1, b.len, stdout);
	buf_free(&b);
	return (finish_output(CLI_OK));
}

static int
dispatch(int argc, char **argv, struct cli_args *args, struct cli_args *globals)
{
	const struct cli_command	*cmd = NULL;
	struct err			 e = { 0 };
	int				 i = 1, n;

	if (args_read(globals, NULL, argc, argv, &i, true, &e) == -1)
		return (cli_usage(NULL, "%s", e.msg));
	if (cli_flag(globals, "version")) {
		(void)printf("dmarcd %s\n", PACKAGE_VERSION);
		return (finish_output(CLI_OK));
	}
	if (i < argc && (cmd = cli_command_find(argv[i++])) == NULL)
		return (unknown_command(argv[i - 1]));
	if (cmd == NULL && cli_flag(globals, "help"))
		return (show(NULL, NULL));
	if (cmd == NULL)
		return (cli_usage(NULL, "a command is missing"));
	if (args_init(args, cmd->options) == -1)
		return (CLI_TEMP);
	if (args_read(args, globals, argc, argv, &i, false, &e) == -1 && !cli_flag(globals, "help"))
		return (cli_usage(cmd, "%s", e.msg));
	if (cli_flag(globals, "help"))
		return (show(help_command, cmd));
	n = (int)cli_operands(args);
	if (n < cmd->min_args)
		return (cli_usage(cmd, "something is missing"));
	if (cmd->max_args != -1 && n > cmd->max_args) {
		char	 shown[80];

		return (cli_usage(cmd, "'%s' is too much", esc_short(shown, sizeof(shown),
		    str_of(cli_operand(args, (size_t)cmd->max_args)))));
	}
	return (run(cmd, args, globals));
}

int
cli_main(int argc, char **argv)
{
	struct cli_args	 args = { 0 }, globals = { 0 };
	int		 rv = CLI_TEMP;

	if (args_init(&globals, cli_globals) == 0)
		rv = dispatch(argc, argv, &args, &globals);
	args_free(&args);
	args_free(&globals);
	return (rv);
}
