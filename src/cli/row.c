/*
 * row.c - see row.h.
 */
#include "cli/row.h"

enum { COL_ID, COL_DAY, COL_REPORTER, COL_DOMAIN, COL_COUNTRY = COL_DOMAIN + 2 };

static const struct cli_column columns[] = {
	[COL_ID] = { "id", "row", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	[COL_DAY] = { "day", "day", CLI_CELL_DAY, 0 },
	[COL_REPORTER] = { "reporter", "reporter", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	[COL_DOMAIN] = { "domain", "domain", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "ip", "address", CLI_CELL_TEXT, 0 },
	[COL_COUNTRY] = CLI_PLACE_COLUMNS,
	{ "count", "messages", CLI_CELL_INT, 0 },
	{ "hfrom", "header_from", CLI_CELL_TEXT, 0 },
	{ "efrom", "envelope_from", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "spf_shown", "SPF", CLI_CELL_TEXT, 0 },
	{ "dkim_shown", "DKIM", CLI_CELL_TEXT, 0 },
	{ "disp", "disposition", CLI_CELL_TEXT, 0 },
	{ "reasons", "reasons", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "code", "code", CLI_CELL_TEXT, 0 },
	{ "policy_eval_dkim", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "policy_eval_spf", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "dkim", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "spf", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "pass", "", CLI_CELL_BOOL, CLI_COL_HIDDEN },
	{ "differs", "", CLI_CELL_BOOL, CLI_COL_HIDDEN },
	{ "ptr", "host name", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "ptr_state", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
};

struct cli_table *
row_table(const struct cli_ctx *ctx, enum cli_format format, bool alone)
{
	static struct cli_column	 cols[nitems(columns)];	/* the table points to it */

	memcpy(cols, columns, sizeof(cols));
	if (alone) {
		cols[COL_ID].flags = 0;
		cols[COL_DAY].flags = CLI_COL_HIDDEN;
	}
	if (places_stamp(places_used()) != 0)
		cols[COL_COUNTRY].flags = 0;
	return (cli_table_new(ctx, format, cols, nitems(cols)));
}

/* A raw pass that does not count is said to be no such thing. */
static void
put_leg(struct cli_table *t, enum auth_result raw, enum evaluated aligned)
{
	if (raw == RES_PASS && aligned == EVAL_FAIL)
		cli_cell_cstr(t, "not aligned");
	else if (raw == RES_ABSENT && aligned != EVAL_PASS)
		cli_cell_null(t);
	else
		cli_cell_cstr(t, raw == RES_ABSENT ? "pass" : auth_result_names[raw]);
	cli_cell_tone(t, aligned == EVAL_PASS ? CLI_TONE_GOOD : aligned == EVAL_FAIL ? CLI_TONE_BAD : CLI_TONE_WARN);
}

/* domain=result, one after another: s1/example.com=pass service.test=fail */
static void
put_auths(struct cli_table *t, const struct report_auth *v, size_t n)
{
	struct buf	 b = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)buf_byte(&b, ' ');
		if (v[i].what.len > 0) {
			(void)buf_str(&b, v[i].what);
			(void)buf_byte(&b, '/');
		}
		if (v[i].domain.p != NULL)
			(void)buf_str(&b, v[i].domain);
		(void)buf_printf(&b, "=%s", auth_result_names[v[i].result]);
	}
	cli_cell_text(t, buf_as_str(&b));
	buf_free(&b);
}

static void
put_reasons(struct cli_table *t, const struct report_record *r)
{
	struct buf	 b = { 0 };

	for (size_t i = 0; i < r->nreasons; i++) {
		if (i > 0)
			(void)buf_cstr(&b, "; ");
		(void)buf_str(&b, r->reasons[i].type);
		if (r->reasons[i].comment.len > 0) {
			(void)buf_cstr(&b, ": ");
			(void)buf_str(&b, r->reasons[i].comment);
		}
	}
	cli_cell_text(t, buf_as_str(&b));
	buf_free(&b);
}

void
row_put(struct cli_table *t, const struct query_row *row, const struct query_row_full *f, const struct query_host *host)
{
	const struct report_record	*r = &f->record;
	char				 text[64], code[8];

	(void)snprintf(text, sizeof(text), "%lld#%llu", (long long)row->report, (unsigned long long)row->seq);
	cli_cell_cstr(t, text);
	cli_cell_day(t, row->day);
	cli_cell_text(t, f->reporter);
	cli_cell_text(t, f->domain);
	cli_cell_text(t, r->source_ip.len > 0 ? r->source_ip : STR_NONE);
	cli_cell_place(t, &f->place);
	cli_cell_int(t, (int64_t)row->count);
	cli_cell_text(t, r->header_from);
	cli_cell_text(t, r->envelope_from.p != NULL && r->envelope_from.len == 0 ? STR("<>") : r->envelope_from);
	put_leg(t, f->verdict.spf_raw, r->spf);
	put_leg(t, f->verdict.dkim_raw, r->dkim);
	cli_cell_cstr(t, disposition_names[r->disposition]);
	put_reasons(t, r);
	cli_cell_cstr(t, dmarc_code_name(f->verdict.code, code));
	cli_cell_cstr(t, evaluated_names[r->dkim]);
	cli_cell_cstr(t, evaluated_names[r->spf]);
	put_auths(t, r->dkim_results, r->ndkim);
	put_auths(t, r->spf_results, r->nspf);
	cli_cell_bool(t, f->align <= ALIGN_SPF);
	cli_cell_bool(t, f->verdict.differs);
	cli_cell_text(t, host == NULL || host->nnames == 0 ? STR_NONE : host->names[0]);
	if (host == NULL)
		cli_cell_null(t);
	else
		cli_cell_cstr(t, host_state_names[host->state]);
	cli_row(t);
}
