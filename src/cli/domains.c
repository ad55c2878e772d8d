/*
 * domains.c - dmarcd domains: every policy domain, how protected it is and how
 * its mail fares.
 */
#include <math.h>

#include "cli/commands.h"
#include "cli/listing.h"

static const struct cli_option options[] = {
	LISTING_FILTERS,
	{ .name = "cmp", .kind = CLI_WORD, .arg = "prev|year", .help = "beside what it was: as many days before, or 52 weeks before" },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

static const struct cli_column columns[] = {
	{ "domain", "domain", CLI_CELL_TEXT, 0 },
	{ "status", "status", CLI_CELL_TEXT, 0 },
	{ "cause", "cause", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "p", "policy", CLI_CELL_TEXT, 0 },
	{ "sp", "sp", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "m", "messages", CLI_CELL_INT, 0 },
	{ "pass_rate", "pass", CLI_CELL_RATE, 0 },
	{ "pass", "pass", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "fail", "failing", CLI_CELL_INT, 0 },
	{ "untold", "untold", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "reporters", "reporters", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "reports", "reports", CLI_CELL_INT, 0 },
	{ "first_day", "first", CLI_CELL_DAY, CLI_COL_HIDDEN },
	{ "last_day", "last", CLI_CELL_DAY, 0 },
	/* with --cmp */
	{ "prev_m", "before", CLI_CELL_INT, 0 },
	{ "prev_pass_rate", "pass before", CLI_CELL_RATE, 0 },
};
#define WITHOUT_CMP (nitems(columns) - 2)

static enum cli_tone
tone_of(const char *status)
{
	if (strcmp(status, "lost") == 0 || strcmp(status, "exposed") == 0)
		return (CLI_TONE_BAD);
	if (strcmp(status, "protected") == 0)
		return (CLI_TONE_GOOD);
	return (strcmp(status, "nodata") == 0 ? CLI_TONE_FAINT : CLI_TONE_WARN);
}

static void
put_day(struct cli_table *t, int64_t day)
{
	if (day == DAY_NONE)
		cli_cell_null(t);
	else
		cli_cell_day(t, day);
}

static double
pass_rate(const struct query_counts *c)
{
	return (c->m == 0 ? (double)NAN : (double)query_passing(c) / (double)c->m);
}

static void
put(struct cli_table *t, const struct query_domain *d, bool prev)
{
	const struct query_counts	*c = &d->counts;
	const char			*cause, *status = answer_domain_status(d, &cause);

	cli_cell_text(t, d->domain);
	cli_cell_cstr(t, status);
	cli_cell_tone(t, tone_of(status));
	cli_cell_cstr(t, cause);
	cli_cell_text(t, d->policy.p);
	cli_cell_text(t, d->policy.sp);
	cli_cell_int(t, (int64_t)c->m);
	cli_cell_rate(t, pass_rate(c));
	cli_cell_int(t, (int64_t)query_passing(c));
	cli_cell_int(t, (int64_t)query_failing(c));
	cli_cell_int(t, (int64_t)c->untold);
	cli_cell_int(t, (int64_t)d->reporters);
	cli_cell_int(t, (int64_t)d->reports);
	put_day(t, d->first_day);
	put_day(t, d->last_day);
	if (prev) {
		cli_cell_int(t, (int64_t)d->prev.m);
		cli_cell_rate(t, pass_rate(&d->prev));
	}
	cli_row(t);
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing		 l;
	struct query_domains	 d;
	struct cli_table	*t = NULL;
	struct query_range	 before;
	struct err		 e = { 0 };
	bool			 prev;
	int			 rc;

	if ((rc = listing_open(&l, ctx, args, LISTING_MONTH, NULL)) != CLI_OK)
		return (rc);
	prev = answer_range_before((enum answer_cmp)(cli_word(args, "cmp", -1) + 1), &l.filter, &l.range, &before);
	if (query_domains(l.q, &l.filter, &l.range, prev ? &before : NULL, &d, &e) == -1)
		return (listing_fail(&l, &e));
	if (l.format != CLI_FORMAT_JSON)
		t = cli_table_new(ctx, l.format, columns, prev ? nitems(columns) : WITHOUT_CMP);
	for (size_t i = 0; i < d.nitems; i++) {
		if (l.format != CLI_FORMAT_JSON)
			put(t, &d.items[i], prev);
		else if (!listing_json(answer_domain_line(&d.items[i], d.ndays, prev), &e))
			return (listing_fail(&l, &e));
	}
	if (t != NULL && cli_table_end(t, &e) == -1)
		return (listing_fail(&l, &e));
	listing_note_range(&l);
	listing_close(&l);
	return (CLI_OK);
}

const struct cli_command cli_cmd_domains = {
	.name = "domains",
	.group = "Answers",
	.help = "policy domains: status, policy, messages, how many pass",
	.usage = "[FILTERS]",
	.text = "The status is the worst that is known: lost (receivers stop mail that is yours), exposed (no policy), watching (p=none), "
	    "partly (quarantine, a test mode, or weaker for subdomains), protected (p=reject). pass is DMARC's result as the receivers "
	    "evaluated it.\n\nWithout --t, --from and --to: the last 30 days that are complete.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
