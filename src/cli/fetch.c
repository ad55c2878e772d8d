/*
 * fetch.c - dmarcd fetch: look into the mailboxes once, store all, stop.
 */
#include "base/base.h"
#include "base/escape.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "process/supervisor.h"
#include "store/store.h"

struct fetch {
	struct cli_ctx	*ctx;
	struct progress	*bar;
	uint64_t	 fresh, by[IN_COUNT];
	unsigned	 failed, config;
	bool		 locked, spool;
};

static void
on_progress(void *arg, uint64_t planned, uint64_t done, uint64_t skipped)
{
	struct fetch	*f = arg;

	progress_total(f->bar, planned);
	progress_set(f->bar, done + skipped, done);
}

static void
on_mailbox(void *arg, const char *mailbox, uint64_t fresh, uint64_t skipped, const char *error, int code)
{
	struct fetch	*f = arg;
	struct buf	 b = { 0 };

	f->fresh += fresh;
	if (error != NULL) {
		f->failed++;
		f->config += code == 2;
		(void)esc_text(&b, str_of(error));
		progress_note(f->bar, "dmarcd: %s", b.p == NULL ? "" : b.p);
		buf_free(&b);
	}
	if (skipped > 0 && f->ctx->verbosity >= 0)
		progress_note(f->bar, "dmarcd: mailbox %s: %llu message%s skipped, see the log above", mailbox, (unsigned long long)skipped,
		    skipped == 1 ? "" : "s");
}

static void
on_ingested(void *arg, uint64_t messages, const uint64_t *by)
{
	struct fetch	*f = arg;

	(void)messages;
	for (int i = 0; i < IN_COUNT; i++)
		f->by[i] = by[i];
}

static void
on_locked(void *arg)
{
	struct fetch	*f = arg;

	f->locked = true;
}

static const struct supervisor_calls	 calls = {
	.progress = on_progress, .mailbox_done = on_mailbox, .ingested = on_ingested, .locked = on_locked
};

static bool
known(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nmailboxes; i++)
		if (strcmp(c->mailboxes[i].name, name) == 0)
			return (true);
	return (false);
}

static void
sum_up(struct fetch *f)
{
	static const char *const	 words[IN_COUNT] = { "stored", "here already", "replaced an older version", "no report",
					    "not readable, in quarantine", "read in part, in quarantine" };
	struct buf			 b = { 0 };
	char				 n[32];

	(void)buf_printf(&b, "%s new message%s", cli_thousands((int64_t)f->fresh, n), f->fresh == 1 ? "" : "s");
	if (f->spool)
		(void)buf_cstr(&b, " in the spool");
	else if (f->locked)
		(void)buf_cstr(&b, "; the running daemon stores what came");
	else
		for (int i = 0; i < IN_COUNT; i++)
			if (f->by[i] > 0)
				(void)buf_printf(&b, ", %s %s", cli_thousands((int64_t)f->by[i], n), words[i]);
	cli_note(f->ctx, "%s", b.p);
	buf_free(&b);
}

static int
fetch_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct fetch	 f = { .ctx = ctx };
	const char	*names[256];
	size_t		 n = cli_operands(args);
	int		 rv;

	if (ctx->conf->nmailboxes == 0)
		return (cli_usage(&cli_cmd_fetch, "no mailbox is configured; see dmarcd.conf(5)"));
	if (n > nitems(names))
		return (cli_usage(&cli_cmd_fetch, "too many mailboxes"));
	for (size_t i = 0; i < n; i++) {
		names[i] = cli_operand(args, i);
		if (!known(ctx->conf, names[i]))
			return (cli_usage(&cli_cmd_fetch, "there is no mailbox '%s' in the configuration", names[i]));
	}
	log_open("dmarcd", ctx->verbosity < 0 ? LOG_ERROR : ctx->verbosity > 0 ? LOG_DEBUG : LOG_WARN);
	f.bar = progress_new(ctx, (enum progress_when)cli_word(args, "progress", PROGRESS_AUTO), "fetch", "messages");
	f.spool = cli_flag(args, "spool-only");
	rv = supervise(&ctx->conf, f.spool ? SUPERVISE_SPOOL : SUPERVISE_FETCH, n == 0 ? NULL : names, n, &calls, &f);
	progress_done(f.bar);
	sum_up(&f);
	if (f.failed > 0)
		return (rv == 2 || f.config == f.failed ? CLI_USAGE : CLI_TEMP);
	if (rv != 0)
		return (rv == 2 ? CLI_USAGE : CLI_TEMP);
	return (f.by[IN_REJECTED] > 0 || f.by[IN_PARTIAL] > 0 ? CLI_SOME : CLI_OK);
}

static const struct cli_option	 options[] = {
	{ .name = "spool-only", .kind = CLI_FLAG, .help = "leave what came in the spool; the daemon, or the next fetch, stores it" },
	CLI_OPT_PROGRESS,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_fetch = {
	.name = "fetch",
	.group = "Reports in",
	.help = "look into the mailboxes once, store all, stop: for cron",
	.usage = "[--spool-only] [MAILBOX...]",
	.text = "Every mailbox of the configuration, or those named. A mailbox in trouble does not hold up the others.\n\n"
	    "Exit codes: 0 done; 1 done, but some messages could not be read (they are in quarantine); 2 a mailbox needs a person "
	    "(password, certificate, folder); 75 try again later. The daemon may run meanwhile: then it stores what came.",
	.options = options,
	.max_args = -1,
	.needs = CLI_NEEDS_CONF,
	.run = fetch_run,
};
