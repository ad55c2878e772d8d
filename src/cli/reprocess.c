/*
 * reprocess.c - dmarcd reprocess: everything once more from what was kept,
 * and what is different now.
 */
#include <stdlib.h>

#include "base/escape.h"
#include "base/log.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/failures.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "conf/conf.h"
#include "process/derive.h"
#include "store/store.h"

#define ROUNDS 8	/* of putting back versions whose successor went elsewhere */

struct wrong {
	int64_t			 id;
	enum report_kind	 kind;
};

struct reprocess {
	struct cli_ctx		*ctx;
	enum progress_when	 when;
	struct store		*store;
	struct progress		*bar;
	struct derive_counts	 n;
	struct store_rejudged	 judged;
	struct store_retrusted	 trusted;
	uint64_t		 mended;
	struct wrong		*wrong;		/* reports whose sums are not those of their rows */
	size_t			 nwrong, room;
};

/* --- What happens on the way ---------------------------------------------------------------- */

static void
on_changed(void *ctx, enum report_kind kind, int64_t report, unsigned how)
{
	struct reprocess	*r = ctx;

	if (r->ctx->verbosity > 0)
		progress_note(r->bar, "dmarcd: report %s%lld: %s", derive_letter(kind), (long long)report, derive_word(how));
}

static void
on_unread(void *ctx, enum report_kind kind, int64_t report, const char *why)
{
	struct reprocess	*r = ctx;
	struct buf		 b = { 0 };

	(void)esc_text(&b, str_of(why));
	if (r->ctx->verbosity >= 0)
		progress_note(r->bar, "dmarcd: report %s%lld stays as it is: it cannot be read from its original any more: %s",
		    derive_letter(kind), (long long)report, b.p == NULL ? "" : b.p);
	buf_free(&b);
}

static void
on_derived(void *ctx, const struct derive_counts *n)
{
	struct reprocess	*r = ctx;

	progress_set(r->bar, n->bytes, n->reports);
}

static const struct derive_calls	 derive_calls = { on_changed, on_unread, on_derived };

static void
on_rows(void *ctx, uint64_t done, uint64_t total)
{
	struct reprocess	*r = ctx;

	progress_total(r->bar, total);
	progress_set(r->bar, done, done);
}

static void
on_fault(void *ctx, enum store_fault what, int64_t id, const char *text)
{
	struct reprocess	*r = ctx;
	struct wrong		*p;
	size_t			 room = r->room == 0 ? 64 : 2 * r->room;

	if ((what == FAULT_ROLLUP || what == FAULT_INTAKE) && r->ctx->verbosity > 0)
		progress_note(r->bar, "dmarcd: %s", text);
	if ((what != FAULT_REPORT && what != FAULT_TLS_REPORT) || id <= 0)
		return;
	if (r->nwrong == r->room) {
		if ((p = realloc(r->wrong, room * sizeof(*p))) == NULL)
			return;
		r->wrong = p;
		r->room = room;
	}
	r->wrong[r->nwrong++] = (struct wrong){ id, what == FAULT_TLS_REPORT ? REPORT_TLS : REPORT_AGGREGATE };
}

static const struct store_check_calls	 check_calls = { on_fault, on_rows };

/* --- The steps -------------------------------------------------------------------------------- */

static void
bar_begin(struct reprocess *r, const char *what, const char *items, uint64_t total)
{
	r->bar = progress_new(r->ctx, r->when, what, items);
	progress_total(r->bar, total);
}

static void
bar_end(struct reprocess *r)
{
	progress_done(r->bar);
	r->bar = NULL;
}

static int
rejudge(struct reprocess *r, struct err *e)
{
	int	 rv;

	bar_begin(r, "judge", "records", 0);
	rv = store_rejudge(r->store, on_rows, r, &r->judged, e);
	bar_end(r);
	return (rv);
}

static int
read_list(struct reprocess *r, struct store_originals *list, bool add, struct err *e)
{
	return (derive_originals(r->store, &r->ctx->conf->limits, r->ctx->conf->decoders, list, add, &derive_calls, r, &r->n, e));
}

static int
read_all(struct reprocess *r, int64_t since, struct err *e)
{
	struct store_originals	 list;
	int			 rv;

	if (store_originals(r->store, ORIGINALS_SINCE, since, &list, e) == -1)
		return (-1);
	bar_begin(r, "read", "reports", list.bytes);
	/* the second time only those in which there was something new */
	rv = read_list(r, &list, false, e) == -1 || read_list(r, &list, true, e) == -1 ? -1 : 0;
	store_originals_free(&list);
	for (int i = 0; i < ROUNDS && rv == 0; i++) {
		size_t	 n;

		if ((rv = store_originals(r->store, ORIGINALS_ASTRAY, 0, &list, e)) == -1)
			break;
		n = list.bytes > 0 ? list.n : 0;
		if (n > 0)
			rv = read_list(r, &list, false, e);
		store_originals_free(&list);
		if (n == 0)
			break;
	}
	bar_end(r);
	return (rv);
}

static int
by_number(const void *a, const void *b)
{
	const struct wrong	*x = a, *y = b;

	if (x->kind != y->kind)
		return (x->kind < y->kind ? -1 : 1);
	return (x->id < y->id ? -1 : x->id > y->id);
}

/* Reports with rows that their original does not have, or none: they are written anew. */
static int
read_wrong(struct reprocess *r, struct err *e)
{
	struct store_originals	 list;
	int			 rv;

	if (store_originals(r->store, ORIGINALS_SINCE, 0, &list, e) == -1)
		return (-1);
	qsort(r->wrong, r->nwrong, sizeof(*r->wrong), by_number);
	for (size_t i = 0; i < list.n; i++) {
		struct store_original	*o = &list.items[i];

		o->todo = false;
		for (size_t k = 0; k < o->nknown; k++)
			if (bsearch(&(struct wrong){ o->known[k].id, o->known[k].kind }, r->wrong, r->nwrong, sizeof(*r->wrong), by_number) != NULL)
				o->todo = o->known[k].force = true;
	}
	bar_begin(r, "read", "reports", 0);
	rv = read_list(r, &list, false, e);
	bar_end(r);
	store_originals_free(&list);
	return (rv);
}

static int
add_up(struct reprocess *r, struct err *e)
{
	uint64_t	 mended;
	int		 rv;

	bar_begin(r, "add up", "records", 0);
	rv = store_mend(r->store, &check_calls, r, &mended, e);
	bar_end(r);
	r->mended += mended;
	return (rv);
}

static int
all(struct reprocess *r, bool verdicts, int64_t since, struct err *e)
{
	int	 rv;

	if (rejudge(r, e) == -1 || store_retrust(r->store, &r->trusted, e) == -1 || (!verdicts && read_all(r, since, e) == -1) || add_up(r, e) == -1)
		return (-1);
	if (verdicts)
		return (0);
	bar_begin(r, "check", "records", 0);
	rv = store_check(r->store, CHECK_SUMS, &check_calls, r, e);
	bar_end(r);
	if (rv == -1 || r->nwrong == 0)
		return (rv);
	return (read_wrong(r, e) == -1 || add_up(r, e) == -1 ? -1 : 0);
}

static void
say(const struct reprocess *r, bool verdicts)
{
	const struct derive_counts	*n = &r->n;
	char				 a[32], b[32], c[32];

	if (r->ctx->verbosity < 0)
		return;
	(void)printf("%s combinations judged, %s of them otherwise than before (%s rows)\n", cli_thousands((int64_t)r->judged.combinations, a),
	    cli_thousands((int64_t)r->judged.changed, b), cli_thousands((int64_t)r->judged.rows, c));
	if (r->judged.reports > 0)
		(void)printf("%s reports got other verdicts by that\n", cli_thousands((int64_t)r->judged.reports, a));
	if (r->trusted.changed > 0)
		(void)printf("%s reports are trusted otherwise than before or count otherwise; %s of them moved\n",
		    cli_thousands((int64_t)r->trusted.changed, a), cli_thousands((int64_t)r->trusted.moved, b));
	if (!verdicts) {
		(void)printf("%s reports read again from %s messages\n", cli_thousands((int64_t)n->reports, a),
		    cli_thousands((int64_t)n->messages, b));
		(void)printf("changed: %llu figures, %llu verdicts, %llu rows, %llu details; %llu new\n", (unsigned long long)n->figures,
		    (unsigned long long)n->verdicts, (unsigned long long)n->rows, (unsigned long long)n->details,
		    (unsigned long long)n->fresh);
		if (n->unread > 0)
			(void)printf("%s reports stay as they are: they cannot be read from their originals any more\n",
			    cli_thousands((int64_t)n->unread, a));
		if (n->gone > 0)
			(void)printf("%s reports stay as they are: their originals are gone\n", cli_thousands((int64_t)n->gone, a));
	}
	if (r->mended > 0)
		(void)printf("%s sums by day were not what the records say and were written anew\n", cli_thousands((int64_t)r->mended, a));
}

static int
reprocess_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct reprocess	 r = { .ctx = ctx, .when = (enum progress_when)cli_word(args, "progress", PROGRESS_AUTO) };
	bool			 verdicts = cli_flag(args, "verdicts");
	struct err		 e = { 0 };
	int64_t			 day = 0;
	int			 rv;

	if (cli_text(args, "since") != NULL && verdicts)
		return (cli_usage(&cli_cmd_reprocess, "--verdicts judges everything anew; --since has no place there"));
	if (cli_text(args, "since") != NULL)
		(void)when_parse_date(str_of(cli_text(args, "since")), &day);	/* CLI_DAY: checked */
	log_open("dmarcd", ctx->verbosity < 0 ? LOG_ERROR : ctx->verbosity > 0 ? LOG_DEBUG : LOG_WARN);
	if ((r.store = store_open(ctx->state, STORE_WRITE, &e)) == NULL)
		return (cli_fail(&e));
	if ((rv = store_care_lock(r.store, &e)) == 1)
		rv = err_set(&e, ERR_TEMP, "another reprocess is under way");
	store_derive(r.store, false);
	failures_options(ctx, r.store);
	store_trust(r.store, &ctx->conf->trust);
	if (rv == 0)
		rv = all(&r, verdicts, day * DAY_SECONDS, &e);
	store_close(r.store);
	free(r.wrong);
	say(&r, verdicts);
	return (rv == -1 ? cli_fail(&e) : r.n.unread > 0 ? CLI_SOME : CLI_OK);
}

static const struct cli_option	 options[] = {
	{ .name = "since", .kind = CLI_DAY, .arg = "DAY", .help = "only originals received on that day or later" },
	{ .name = "verdicts", .kind = CLI_FLAG, .help = "only judge anew; originals are not read" },
	CLI_OPT_PROGRESS,
	CLI_OPTIONS_END
};

const struct cli_command cli_cmd_reprocess = {
	.name = "reprocess",
	.group = "Care",
	.help = "derive everything anew from the kept originals",
	.usage = "[--since DAY | --verdicts]",
	.text = "Of use after an upgrade that reads or judges something otherwise, after a change of domains or trust in the configuration, or "
	    "when verify has found a difference. Every original "
	    "is read again, its reports keep their ids, and what changed is counted; with -v each is named. Daily sums are added up "
	    "anew. Reports whose originals are gone stay as they are.\n\n"
	    "--verdicts does without the originals: combinations of evidence are judged anew, and which reports count, by what was noted "
	    "of their mails; that takes seconds.\n\n"
	    "The daemon may run meanwhile. Every step is a transaction: interrupted at any moment, totals are right, and the next run "
	    "does the rest.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = reprocess_run,
};
