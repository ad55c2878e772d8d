/*
 * sources.c - dmarcd sources: who sends, and how SPF and DKIM fare there; or
 * the same figures by any other key.
 */
#include <math.h>

#include "cli/commands.h"
#include "cli/listing.h"

#define PEOPLE 50	/* rows without --limit */

static const struct cli_option options[] = {
	LISTING_FILTERS,
	{ .name = "by", .kind = CLI_TEXT, .arg = "KEY", .help = "what is listed: ip (addresses), domain, hfrom, efrom, reporter, spf, "
	    "dkim, align, disp, reason, selector, sigdomain, spfdomain, sender, class, health, code, fwd, differs, trust, ptr (host names), country, asn "
	    "(networks by number) or prefix (networks by address)" },
	{ .name = "sort", .kind = CLI_TEXT, .arg = "KEY", .help = "m pass fail key first last; \"-\" in front: the largest first (-m)" },
	{ .name = "limit", .kind = CLI_INT, .arg = "N", .help = "rows at most, 0 for all; 50 in a table", .min = 0, .max = 100000000 },
	CLI_OPT_FORMAT,
	CLI_OPTIONS_END
};

static const char *const titles[BY_COUNT] = {
	[BY_IP] = "address", [BY_DOMAIN] = "domain", [BY_HFROM] = "header_from", [BY_EFROM] = "envelope_from", [BY_REPORTER] = "reporter",
	[BY_SPF] = "SPF", [BY_DKIM] = "DKIM", [BY_ALIGN] = "aligned by", [BY_DISP] = "disposition", [BY_REASON] = "reason",
	[BY_SENDER] = "sender", [BY_CLASS] = "class", [BY_SELECTOR] = "selector", [BY_SIGDOMAIN] = "signed by", [BY_CODE] = "code", [BY_FWD] = "forwarded",
	[BY_COUNTRY] = "country", [BY_ASN] = "network", [BY_PREFIX] = "prefix", [BY_SPFDOMAIN] = "SPF of", [BY_HEALTH] = "health of sender",
	[BY_DIFFERS] = "differs", [BY_TRUST] = "trust", [BY_PTR] = "host name in"
};

enum { COL_KEY, COL_LABEL, COL_M, COL_RATE, COL_SPF, COL_DKIM, COL_COUNTRY, COL_NETWORK, COL_ASN, COL_RESERVED, COL_FROM, COL_FIRST, COL_LAST, COLS_SHOWN, COL_FAILURES = COLS_SHOWN + 13,
	COL_HOST, COL_HOST_STATE };

static const struct cli_column columns[] = {
	[COL_KEY] = { "key", "address", CLI_CELL_TEXT, 0 },
	[COL_LABEL] = { "label", "what it means", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	[COL_M] = { "m", "messages", CLI_CELL_INT, 0 },
	[COL_RATE] = { "pass_rate", "pass", CLI_CELL_RATE, 0 },
	[COL_SPF] = { "spf", "SPF", CLI_CELL_TEXT, 0 },
	[COL_DKIM] = { "dkim", "DKIM", CLI_CELL_TEXT, 0 },
	[COL_COUNTRY] = CLI_PLACE_COLUMNS,
	[COL_FROM] = { "header_from", "header_from", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	[COL_FIRST] = { "first_day", "first", CLI_CELL_DAY, CLI_COL_HIDDEN },
	[COL_LAST] = { "last_day", "last", CLI_CELL_DAY, 0 },
	{ "pass", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "fail", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "untold", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "spf_aligned", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "spf_pass", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "spf_fail", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "dkim_aligned", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "dkim_pass", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "dkim_fail", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "none", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "quarantine", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "reject", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "n", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	[COL_FAILURES] = { "failures", "failure reports", CLI_CELL_INT, CLI_COL_HIDDEN },
	[COL_HOST] = { "ptr", "host name", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	[COL_HOST_STATE] = { "ptr_state", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
};

/* The usual case in a word or two, else the share that counts for DMARC. */
static void
put_leg(struct cli_table *t, const struct query_leg *l, uint64_t m)
{
	char	 text[32];

	if (m == 0)
		cli_cell_null(t);
	else if (l->aligned == m)
		cli_cell_cstr(t, "aligned");
	else if (l->aligned > 0) {
		(void)snprintf(text, sizeof(text), "%.1f %% aligned", (double)l->aligned * 100 / (double)m);
		cli_cell_cstr(t, text);
	} else if (l->pass * 2 > m)
		cli_cell_cstr(t, "not aligned");
	else if (l->fail * 2 > m)
		cli_cell_cstr(t, "fail");
	else if (l->error * 2 > m)
		cli_cell_cstr(t, "error");
	else if ((l->none + l->absent) * 2 > m)
		cli_cell_cstr(t, "none");
	else
		cli_cell_cstr(t, "mixed");
	cli_cell_tone(t, m > 0 && l->aligned == m ? CLI_TONE_GOOD : l->aligned == 0 ? CLI_TONE_BAD : CLI_TONE_WARN);
}

static void
put_from(struct cli_table *t, const struct query_group *g)
{
	struct buf	 b = { 0 };

	if (g->hfrom[0].key.p == NULL) {
		cli_cell_null(t);
		return;
	}
	(void)buf_str(&b, g->hfrom[0].key);
	if (g->hfrom[1].key.p != NULL)
		(void)buf_cstr(&b, " ...");
	cli_cell_text(t, buf_as_str(&b));
	buf_free(&b);
}

/* Anybody can write any name for his own address: one that does not lead back is said to be so, or known by ptr_state. */
static void
put_host(struct cli_table *t, const struct query_host *h, bool people)
{
	struct buf	 b = { 0 };

	if (h == NULL || h->nnames == 0)
		cli_cell_null(t);
	else {
		(void)buf_str(&b, h->names[0]);
		if (people && h->state != HOST_CONFIRMED)
			(void)buf_cstr(&b, " (unconfirmed)");
		cli_cell_text(t, buf_as_str(&b));
		if (h->state != HOST_CONFIRMED)
			cli_cell_tone(t, CLI_TONE_WARN);
		buf_free(&b);
	}
	if (h == NULL)
		cli_cell_null(t);
	else
		cli_cell_cstr(t, host_state_names[h->state]);
}

static void
put(struct cli_table *t, const struct query_group *g, bool people)
{
	const struct query_counts	*c = &g->counts;
	const uint64_t			 rest[] = { query_passing(c), query_failing(c), c->untold, g->legs.spf.aligned, g->legs.spf.pass,
	    g->legs.spf.fail, g->legs.dkim.aligned, g->legs.dkim.pass, g->legs.dkim.fail, c->disp[DISP_NONE], c->disp[DISP_QUARANTINE],
	    c->disp[DISP_REJECT], g->rows, g->failures };

	cli_cell_text(t, g->key);
	cli_cell_text(t, g->label);
	cli_cell_int(t, (int64_t)c->m);
	cli_cell_rate(t, c->m == 0 ? (double)NAN : (double)query_passing(c) / (double)c->m);
	put_leg(t, &g->legs.spf, c->m);
	put_leg(t, &g->legs.dkim, c->m);
	cli_cell_place(t, &g->place);
	put_from(t, g);
	cli_cell_day(t, g->first_day);
	cli_cell_day(t, g->last_day);
	for (size_t i = 0; i < nitems(rest); i++)
		cli_cell_int(t, (int64_t)rest[i]);
	put_host(t, g->host, people);
	cli_row(t);
}

static int
rows_out(struct listing *l, enum query_by by, const struct query_breakdown *b, struct err *e)
{
	struct cli_column	 cols[nitems(columns)];
	struct cli_table	*t = NULL;

	memcpy(cols, columns, sizeof(cols));
	cols[COL_KEY].title = titles[by];
	for (size_t i = 0; i < b->nitems; i++)
		if (b->items[i].failures > 0)
			cols[COL_FAILURES].flags = 0;
	for (size_t i = 0; i < b->nitems; i++)
		if (b->items[i].host != NULL && b->items[i].host->nnames > 0)
			cols[COL_HOST].flags = 0;
	if (by == BY_IP)
		cols[COL_FROM].flags = 0;
	if (by == BY_IP && places_stamp(places_used()) != 0)
		cols[COL_COUNTRY].flags = cols[COL_NETWORK].flags = 0;
	else if (by == BY_ASN || by == BY_CODE || by == BY_REPORTER || by == BY_SENDER || by == BY_CLASS)
		cols[COL_LABEL].flags = 0;
	if (by != BY_IP)
		cols[COL_FIRST].flags = 0;
	if (l->format != CLI_FORMAT_JSON)
		t = cli_table_new(l->ctx, l->format, cols, nitems(cols));
	for (size_t i = 0; i < b->nitems; i++) {
		if (l->format != CLI_FORMAT_JSON)
			put(t, &b->items[i], l->format == CLI_FORMAT_TABLE);
		else if (!listing_json(answer_group(&b->items[i], by), e))
			return (-1);
	}
	return (t != NULL ? cli_table_end(t, e) : 0);
}

static int
by_read(const char *text, enum query_by *by, struct err *e)
{
	*by = BY_IP;
	if (text == NULL)
		return (0);
	for (unsigned i = 0; i < BY_COUNT; i++)
		if (titles[i] != NULL && strcmp(text, i == BY_DISP ? "disp" : query_by_names[i]) == 0) {
			*by = (enum query_by)i;
			return (0);
		}
	return (err_set(e, ERR_CONFIG, "--by: \"%.40s\" is not one of ip domain hfrom efrom reporter spf dkim align disp reason selector "
	    "sigdomain spfdomain sender class health code fwd differs trust country asn ptr prefix", text));
}

static int
run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing		 l;
	struct query_breakdown	 b;
	struct query_page	 page = { .sort = cli_text(args, "sort") };
	enum query_by		 by;
	struct err		 e = { 0 };
	int			 rc;

	if (by_read(cli_text(args, "by"), &by, &e) == -1)
		return (cli_fail(&e));
	if ((rc = listing_open(&l, ctx, args, LISTING_MONTH, NULL)) != CLI_OK)
		return (rc);
	page.limit = listing_limit(&l, args, PEOPLE);
	if (query_breakdown(l.q, &l.filter, &l.range, by, &page, &b, &e) == -1 ||
	    (by == BY_IP && (query_groups_failures(l.q, &l.filter, &l.range, b.items, b.nitems, &e) == -1 ||
	    query_groups_hosts(l.q, b.items, b.nitems, &e) == -1)) || rows_out(&l, by, &b, &e) == -1)
		return (listing_fail(&l, &e));
	listing_note_more(&l, &b);
	listing_note_range(&l);
	listing_close(&l);
	return (CLI_OK);
}

const struct cli_command cli_cmd_sources = {
	.name = "sources",
	.group = "Answers",
	.help = "who sends as your domains, with SPF and DKIM results and alignment",
	.usage = "[FILTERS] [--by KEY]",
	.text = "One line for each address, or with --by for each value of another key. pass is DMARC's result as the receivers evaluated it; "
	    "SPF and DKIM count for DMARC only when they are aligned, that is, passed for the domain in From:; \"not aligned\" passed for another domain.\n\n"
	    "The host name of an address comes from the DNS, as far as the daemon has asked; it is anybody's word unless the name leads back "
	    "to the address: the others are said to be unconfirmed.\n\n"
	    "A message with several signatures stands under each of its selectors and signing domains; likewise with SPF.\n\n"
	    "Without --t, --from and --to: the last 30 days that are complete.",
	.options = options,
	.max_args = 0,
	.needs = CLI_NEEDS_STATE,
	.run = run,
};
