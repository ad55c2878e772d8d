/*
 * verify.c - dmarcd verify: do the sums say what the records say, and is
 * everything there that something refers to?
 */
#include <unistd.h>

#include "base/log.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/failures.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "process/derive.h"
#include "spool/spool.h"
#include "store/query.h"

#define SHOWN 50	/* of each kind, for people */

enum { KIND_QUARANTINE = FAULT_COUNT, KIND_REREAD, KINDS };

struct verify {
	struct cli_ctx		*ctx;
	struct cli_table	*t;		/* for people made with the first row: a heading over nothing says nothing */
	enum cli_format		 format;
	struct progress		*bar;
	bool			 people, failed;
	uint64_t		 n[KINDS], records, read;
};

static const struct cli_column columns[] = {
	{ "kind", "kind", CLI_CELL_TEXT, 0 },
	{ "id", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "text", "what differs", CLI_CELL_TEXT, 0 },
};

static const char *
kind_name(int kind)
{
	return (kind == KIND_QUARANTINE ? "quarantine" : kind == KIND_REREAD ? "reread" : store_fault_names[kind]);
}

static void
found(struct verify *v, int kind, int64_t id, const char *text)
{
	if (++v->n[kind] > SHOWN && v->people && v->ctx->verbosity <= 0)
		return;
	if (v->t == NULL && (v->t = cli_table_new(v->ctx, v->format, columns, nitems(columns))) == NULL)
		v->failed = true;
	cli_cell_cstr(v->t, kind_name(kind));
	if (id == 0)
		cli_cell_null(v->t);
	else
		cli_cell_int(v->t, id);
	cli_cell_cstr(v->t, text);
	cli_row(v->t);
}

static void
on_fault(void *ctx, enum store_fault what, int64_t id, const char *text)
{
	found(ctx, (int)what, id, text);
}

static void
on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct verify	*v = ctx;

	v->records = done;
	progress_total(v->bar, total);
	progress_set(v->bar, done, done);
}

static const struct store_check_calls	 check_calls = { on_fault, on_progress };

/* --- Quarantine: each row has its file -------------------------------------------------------- */

static int
each_file(struct verify *v, const struct query_quarantined *x, size_t n, struct err *e)
{
	struct spool	*sp = spool_open(v->ctx->state, e);
	char		 file[256], text[400];
	struct err	 why;
	int		 fd;

	if (sp == NULL)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(file, sizeof(file), "%.*s", (int)x[i].file.len, x[i].file.p == NULL ? "" : x[i].file.p);
		if ((fd = spool_quarantine_open(sp, file, &why)) != -1) {
			(void)close(fd);
			continue;
		}
		(void)snprintf(text, sizeof(text), "the file of message %lld is missing: %s", (long long)x[i].id, file);
		found(v, KIND_QUARANTINE, x[i].id, text);
	}
	spool_close(sp);
	return (0);
}

static int
quarantine(struct verify *v, struct store *s, struct err *e)
{
	struct query			*q = query_begin(s, when_now(), 0, e);
	struct query_quarantined	*x;
	size_t				 n;
	int				 rv;

	if (q == NULL)
		return (-1);
	rv = query_quarantine(q, 0, &x, &n, e);
	if (rv == 0 && n > 0)
		rv = each_file(v, x, n, e);
	query_end(q);
	return (rv);
}

/* --- Originals: would reading them come to the same? ------------------------------------------- */

static void
on_changed(void *ctx, enum report_kind kind, int64_t report, unsigned how)
{
	char	 text[128];

	(void)snprintf(text, sizeof(text), "report %s%lld: read again from its original it has %s", derive_letter(kind),
	    (long long)report, derive_word(how));
	found(ctx, KIND_REREAD, report, text);
}

static void
on_unread(void *ctx, enum report_kind kind, int64_t report, const char *why)
{
	char	 text[640];

	(void)snprintf(text, sizeof(text), "report %s%lld cannot be read from its original any more: %s", derive_letter(kind),
	    (long long)report, why);
	found(ctx, KIND_REREAD, report, text);
}

static void
on_derived(void *ctx, const struct derive_counts *n)
{
	struct verify	*v = ctx;

	v->read = n->reports;
	progress_set(v->bar, n->bytes, n->reports);
}

static const struct derive_calls	 derive_calls = { on_changed, on_unread, on_derived };

static int
originals(struct verify *v, enum progress_when when, struct err *e)
{
	struct store_originals	 list;
	struct derive_counts	 n = { 0 };
	struct store		*s;
	int			 rv = -1;

	/* as if it were reprocess, but every transaction is taken back */
	if ((s = store_open(v->ctx->state, STORE_WRITE, e)) == NULL)
		return (-1);
	store_derive(s, true);
	failures_options(v->ctx, s);
	if (store_originals(s, ORIGINALS_SINCE, 0, &list, e) == 0) {
		v->bar = progress_new(v->ctx, when, "read", "reports");
		progress_total(v->bar, list.bytes);
		rv = derive_originals(s, &v->ctx->conf->limits, v->ctx->conf->decoders, &list, false, &derive_calls, v, &n, e);
		progress_done(v->bar);
		store_originals_free(&list);
	}
	store_close(s);
	return (rv);
}

/* --- The command ---------------------------------------------------------------------------------- */

static int
look(struct verify *v, const struct cli_args *args, struct err *e)
{
	enum progress_when	 when = (enum progress_when)cli_word(args, "progress", PROGRESS_AUTO);
	struct store		*s = store_open(v->ctx->state, STORE_READ, e);
	int			 rv;

	if (s == NULL)
		return (-1);
	v->bar = progress_new(v->ctx, when, "verify", "records");
	rv = store_check(s, CHECK_ALL, &check_calls, v, e) == -1 || quarantine(v, s, e) == -1 ? -1 : 0;
	progress_done(v->bar);
	store_close(s);
	return (rv == 0 && cli_flag(args, "originals") ? originals(v, when, e) : rv);
}

static int
verify_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct verify	 v = { .ctx = ctx, .format = cli_format(args), .people = cli_format(args) == CLI_FORMAT_TABLE };
	struct err	 e = { 0 };
	char		 a[32], b[32];
	uint64_t	 all = 0;
	int		 rv;

	log_open("dmarcd", ctx->verbosity < 0 ? LOG_ERROR : ctx->verbosity > 0 ? LOG_DEBUG : LOG_WARN);
	if (!v.people)
		v.t = cli_table_new(ctx, v.format, columns, nitems(columns));
	rv = look(&v, args, &e);
	for (int i = 0; i < KINDS; i++)
		all += v.n[i];
	if (v.t != NULL && cli_table_end(v.t, &e) == -1)
		rv = -1;
	else if (v.failed)
		rv = err_set(&e, ERR_TEMP, "out of memory");
	if (rv == -1)
		return (cli_fail(&e));
	for (int i = 0; i < KINDS && v.people; i++)
		if (v.n[i] > SHOWN && ctx->verbosity <= 0)
			cli_note(ctx, "%s: %s more; -v shows all", kind_name(i), cli_thousands((int64_t)(v.n[i] - SHOWN), a));
	if (all > 0) {
		cli_note(ctx, "%s difference%s; 'dmarcd reprocess' derives sums and reports anew", cli_thousands((int64_t)all, a),
		    all == 1 ? "" : "s");
		return (CLI_SOME);
	}
	cli_note(ctx, "nothing differs: %s records%s%s%s", cli_thousands((int64_t)v.records, a), cli_flag(args, "originals") ? ", " : "",
	    cli_flag(args, "originals") ? cli_thousands((int64_t)v.read, b) : "", cli_flag(args, "originals") ? " reports read again" : "");
	return (CLI_OK);
}

static const struct cli_option	 options[] = {
	{ .name = "originals", .kind = CLI_FLAG, .help = "read the kept originals again, too, and compare" },
	CLI_OPT_FORMAT,
	CLI_OPT_PROGRESS,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_verify = {
	.name = "verify",
	.group = "Care",
	.help = "prove totals against records, and references against what is there",
	.usage = "[--originals]",
	.text = "Adds up daily sums and the sums of every report from the records and says where they differ; looks for rows that name "
	    "others that are not there, counts of the intake, originals and quarantined messages that are missing, and damage of the "
	    "database file. With --originals every original is read again and compared, too.\n\n"
	    "Nothing is changed. Exit codes: 0 nothing differs; 1 something does. The daemon may run meanwhile.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = verify_run,
};
