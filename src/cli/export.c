/*
 * export.c - dmarcd export: everything a filter selects, as it stands or as it
 * comes in.
 */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/export_out.h"
#include "cli/listing.h"
#include "cli/progress.h"
#include "export/export.h"

#define REPORTS_ONCE	500	/* of a series: so many are out, then the cursor moves */
#define WRITE_AT	((size_t)256 << 10)
#define LOOK_SECONDS	1

static const struct cli_option options[] = {
	{ .name = "kind", .kind = CLI_WORD, .arg = "records|reports|failures|tls",
	    .help = "what: rows of aggregate reports, these reports, failure reports, TLS reports (records)" },
	{ .name = "format", .kind = CLI_WORD, .arg = "csv|ndjson|parsedmarc-json|parsedmarc-csv",
	    .help = "CSV, one JSON object per line, or as parsedmarc writes it (csv)" },
	LISTING_FILTERS,
	{ .name = "feedback", .kind = CLI_TEXT, .arg = "WORDS",
	    .help = "failure reports of a kind: auth-failure, other, dmarc, spf, dkim, abuse, ..." },
	{ .name = "output", .kind = CLI_FILE, .arg = "FILE", .help = "instead of standard output; it is there when it is whole" },
	{ .name = "cursor", .kind = CLI_FILE, .arg = "FILE",
	    .help = "only what was not exported before: FILE remembers; the output is added to" },
	{ .name = "follow", .kind = CLI_FLAG, .help = "with --cursor: do not stop at the end, wait for more" },
	CLI_OPT_PROGRESS,
	CLI_OPTIONS_END
};

static volatile sig_atomic_t	 stopped;

static void
on_stop(int sig)
{
	stopped = sig;
}

/* So that a file that is not whole goes, and a series ends between two reports. */
static void
catch_signals(void)
{
	struct sigaction	 sa = { .sa_handler = on_stop };

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGHUP, &sa, NULL);
}

struct job {
	struct cli_ctx			*ctx;
	const struct cli_args		*args;
	struct store			*store;
	struct query_filter		 filter;
	struct export_asked		 asked;
	struct export			*x;
	struct out			 out;
	struct progress			*bar;
	struct buf			 text;
};

static int
flush_text(struct job *j, size_t at_least, struct err *e)
{
	if (j->text.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (j->text.len < at_least)
		return (0);
	if (out_write(&j->out, j->text.p, j->text.len, e) == -1)
		return (-1);
	buf_clear(&j->text);
	return (0);
}

/* The whole selection. 1: somebody wants us to stop. */
static int
put_all(struct job *j, struct err *e)
{
	uint64_t	 done, total;
	int		 rc;

	do {
		if ((rc = export_next(j->x, &j->text, e)) == -1 || flush_text(j, WRITE_AT, e) == -1)
			return (-1);
		export_progress(j->x, &done, &total);
		progress_total(j->bar, total);
		progress_set(j->bar, done, done);
	} while (rc == 1 && stopped == 0);
	return (stopped != 0);
}

/* --- At once ------------------------------------------------------------------------ */

static int
whole(struct job *j, struct err *e)
{
	int	 rc;

	if (export_select(j->x, 0, 0, e) == -1)
		return (-1);
	export_head(j->x, &j->text);
	if ((rc = put_all(j, e)) != 0)
		return (rc);
	export_tail(j->x, &j->text);
	if (flush_text(j, 0, e) == -1)
		return (-1);
	return (out_finish(&j->out, e));
}

/* --- As it comes in -------------------------------------------------------------------- */

/* The next ones, out and noted. 1: there were some. */
static int
some_more(struct job *j, struct cursor *c, bool *head, struct err *e)
{
	int	 rc;

	if (export_select(j->x, c->last, REPORTS_ONCE, e) == -1)
		return (-1);
	if (export_last(j->x) == c->last)
		return (0);
	buf_clear(&j->text);
	if (*head)
		export_head(j->x, &j->text);
	do {
		/* to the end, whatever the signal: it is not long */
		if ((rc = export_next(j->x, &j->text, e)) == -1 || flush_text(j, WRITE_AT, e) == -1)
			return (-1);
	} while (rc == 1);
	if (flush_text(j, 0, e) == -1 || out_sync(&j->out, e) == -1)
		return (-1);
	*head = false;
	c->last = export_last(j->x);
	return (cursor_write(c, &j->out, e) == -1 ? -1 : 1);
}

static void
wait_for_more(struct job *j, uint64_t seen)
{
	const struct timespec	 pause = { .tv_sec = LOOK_SECONDS };

	while (stopped == 0 && store_generation(j->store) == seen)
		(void)nanosleep(&pause, NULL);
}

static int
series(struct job *j, struct err *e)
{
	struct cursor	 c = { .path = cli_text(j->args, "cursor"), .kind = export_kind_names[j->asked.kind],
			    .format = export_format_names[j->asked.format], .store = store_identity(j->store) };
	uint64_t	 cut, seen;
	bool		 head;
	int		 rc;

	if (cursor_read(&c, e) == -1 || cursor_resume(&c, &j->out, &cut, e) == -1)
		return (-1);
	if (cut > 0)
		cli_note(j->ctx, "%s: the last export was cut short; %llu bytes are written again", j->out.name, (unsigned long long)cut);
	head = !j->out.regular || j->out.bytes == 0;
	for (;;) {
		seen = store_generation(j->store);
		while ((rc = stopped != 0 ? 0 : some_more(j, &c, &head, e)) == 1)
			;
		if (rc == -1 || stopped != 0 || !cli_flag(j->args, "follow"))
			return (rc);
		wait_for_more(j, seen);
	}
}

/* --- The command ---------------------------------------------------------------------------- */

static int
begin(struct job *j, struct err *e)
{
	const char	*path = cli_text(j->args, "output");
	bool		 grows = cli_text(j->args, "cursor") != NULL;

	if (path != NULL && strcmp(path, "-") == 0)
		path = NULL;
	cli_places(j->ctx);
	if (listing_filters(&j->filter, j->args, LISTING_EVER, e) == -1 || dmarc_init(e) == -1 ||
	    (j->store = store_open(j->ctx->state, STORE_READ, e)) == NULL)
		return (-1);
	listing_senders(j->ctx, j->store, j->asked.kind == EXPORT_RECORDS ? NULL : &j->filter);
	if ((j->x = export_new(j->store, &j->asked, e)) == NULL)
		return (-1);
	if (grows || path != NULL)
		catch_signals();
	if (out_open(&j->out, path, grows ? OUT_GROWS : OUT_WHOLE, e) == -1)
		return (-1);
	if (!grows)
		j->bar = progress_new(j->ctx, path == NULL && j->ctx->tty_out ? PROGRESS_NEVER :
		    (enum progress_when)cli_word(j->args, "progress", PROGRESS_AUTO), "export", j->asked.kind == EXPORT_RECORDS ? "rows" : "reports");
	return (0);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct job	 j = { .ctx = ctx, .args = args, .out = { .fd = -1 } };
	struct err	 e = { 0 };
	bool		 grows = cli_text(args, "cursor") != NULL;
	int		 rc;

	if (cli_flag(args, "follow") && !grows)
		return (cli_usage(&cli_cmd_export, "--follow needs --cursor FILE, so that it knows where to go on"));
	query_filter_init(&j.filter);
	j.asked = (struct export_asked){ (enum export_kind)cli_word(args, "kind", EXPORT_RECORDS), (enum export_format)cli_word(args, "format",
	    EXPORT_CSV), &j.filter, cli_text(args, "feedback"), grows };
	if ((rc = begin(&j, &e)) == 0)
		rc = grows ? series(&j, &e) : whole(&j, &e);
	progress_done(j.bar);
	out_close(&j.out);
	export_free(j.x);
	store_close(j.store);
	query_filter_free(&j.filter);
	buf_free(&j.text);
	if (rc == -1)
		return (cli_fail(&e));
	if (rc == 1)
		cli_say("export was stopped; nothing was written to %s", cli_text(args, "output"));
	return (rc == 1 ? CLI_TEMP : CLI_OK);
}

const struct cli_command cli_cmd_export = {
	.name = "export",
	.group = "Answers",
	.help = "everything a filter selects, for other programs",
	.usage = "[--kind KIND] [--format FORMAT] [FILTERS]",
	.text = "Without --t, --from and --to: of all days. Names are those of the HTTP API; in CSV no cell is taken for a formula. What tells of "
	    "people in failure reports is masked, and there is no way to have it otherwise here.\n\n"
	    "parsedmarc-json and parsedmarc-csv have the names of parsedmarc's documentation, for what stands behind it. They hold aggregate "
	    "reports with their records, whether --kind is records or reports.\n\n"
	    "With --cursor FILE reports come out in the order they were stored, each of them once: FILE says how far the last export came. The "
	    "output is added to; what stands in it behind the place that FILE names was not finished, and is written again. Only a pipe cannot "
	    "take anything back: after a kill -9 the last few may come there twice. --follow goes on until it is told to stop (INT, TERM).",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
