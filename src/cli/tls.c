/*
 * tls.c - see tls.h.
 */
#include <math.h>
#include <stdarg.h>

#include "answer/tls.h"
#include "base/escape.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/raw.h"
#include "cli/tls.h"

#define BATCH	500	/* reports of one snapshot */

/* --- The list ---------------------------------------------------------------------- */

static const struct cli_column	 columns[] = {
	{ "id", "id", CLI_CELL_TEXT, 0 },
	{ "day", "day", CLI_CELL_DAY, 0 },
	{ "org_name", "reporter", CLI_CELL_TEXT, 0 },
	{ "domain", "domain", CLI_CELL_TEXT, 0 },
	{ "policies", "policies", CLI_CELL_INT, 0 },
	{ "successful_sessions", "sessions ok", CLI_CELL_INT, 0 },
	{ "failed_sessions", "failed", CLI_CELL_INT, 0 },
	{ "state", "state", CLI_CELL_TEXT, 0 },
	{ "report_id", "report_id", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "email", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "begin", "", CLI_CELL_EPOCH, CLI_COL_HIDDEN },
	{ "end", "", CLI_CELL_EPOCH, CLI_COL_HIDDEN },
	{ "received", "", CLI_CELL_TIME, CLI_COL_HIDDEN },
	{ "detail_failures", "", CLI_CELL_INT, CLI_COL_HIDDEN },
	{ "duplicates", "", CLI_CELL_INT, CLI_COL_HIDDEN },
};

static const char *
state_of(const struct query_tls_report *r)
{
	return (r->superseded_by != 0 ? "superseded" : report_state_names[r->state]);
}

static void
put(struct cli_table *t, const struct query_tls_report *r)
{
	char	 id[32];

	(void)snprintf(id, sizeof(id), "t%lld", (long long)r->id);
	cli_cell_cstr(t, id);
	cli_cell_day(t, r->day);
	cli_cell_text(t, r->org_name.len > 0 ? r->org_name : r->reporter_label);
	cli_cell_text(t, r->domains);
	cli_cell_int(t, (int64_t)r->policies);
	cli_cell_int(t, (int64_t)r->success);
	cli_cell_int(t, (int64_t)r->failure);
	cli_cell_tone(t, r->failure > 0 ? CLI_TONE_WARN : CLI_TONE_NONE);
	cli_cell_cstr(t, state_of(r));
	cli_cell_tone(t, r->state == STATE_PARTIAL ? CLI_TONE_WARN : CLI_TONE_NONE);
	cli_cell_text(t, r->report_id);
	cli_cell_text(t, r->contact_info);
	cli_cell_time(t, r->begin);
	cli_cell_time(t, r->end);
	cli_cell_time(t, r->received);
	cli_cell_int(t, (int64_t)r->details);
	cli_cell_int(t, (int64_t)r->duplicates);
	cli_row(t);
}

static int
list_out(struct listing *l, const int64_t *ids, size_t n, struct err *e)
{
	struct cli_table	*t = l->format == CLI_FORMAT_JSON ? NULL : cli_table_new(l->ctx, l->format, columns, nitems(columns));
	struct query_tls_report	 r;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && i % BATCH == 0 && listing_again(l, e) == -1)
			return (-1);
		if (query_tls_report(l->q, ids[i], &r, e) == -1) {
			if (e->code != ERR_INPUT)
				return (-1);
			memset(e, 0, sizeof(*e));	/* gone since the list was made */
			continue;
		}
		if (l->format != CLI_FORMAT_JSON)
			put(t, &r);
		else if (!listing_json(answer_tls_line(&r), e))
			return (-1);
	}
	return (t != NULL ? cli_table_end(t, e) : 0);
}

/* Filters that look into rows of aggregate reports have no meaning here. */
static const char *
foreign_filter(const struct query_filter *f)
{
	for (size_t i = 0; i < f->nclauses; i++)
		if (f->clauses[i].key != QK_DOMAIN && f->clauses[i].key != QK_REPORTER && f->clauses[i].key != QK_APART)
			return (query_key_names[f->clauses[i].key]);
	return (NULL);
}

static int
list(struct listing *l, const struct cli_args *args, struct err *e)
{
	const struct query_tls_filter	 f = { .base = &l->filter };
	struct query_page		 page = { .sort = cli_text(args, "sort"), .limit = (size_t)cli_int(args, "limit", 0) };
	struct query_reports		 v;
	struct query_range		 range;
	int64_t				*ids;
	int				 rv;

	if (query_tls_range(l->q, &l->filter, &range, e) == -1 ||
	    query_tls_reports(l->q, &f, l->filter.all ? NULL : &range, cli_flag(args, "all"), &page, &v, e) == -1)
		return (-1);
	if ((ids = calloc(v.nids + 1, sizeof(*ids))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (v.nids > 0)
		memcpy(ids, v.ids, v.nids * sizeof(*ids));
	rv = list_out(l, ids, v.nids, e);
	free(ids);
	if (rv == 0 && v.total_n > v.nids && l->format == CLI_FORMAT_TABLE)
		cli_note(l->ctx, "%zu of %llu TLS reports", v.nids, (unsigned long long)v.total_n);
	return (rv);
}

int
cli_tls_reports(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct listing	 l;
	struct err	 e = { 0 };
	const char	*key;
	int		 rc;

	if ((rc = listing_open(&l, ctx, args, LISTING_EVER, NULL)) != CLI_OK)
		return (rc);
	if ((key = foreign_filter(&l.filter)) != NULL) {
		(void)err_set(&e, ERR_CONFIG, "--%s: TLS reports have no such thing; there are --domain, --reporter, --apart, --t, --from and --to", key);
		return (listing_fail(&l, &e));
	}
	if (list(&l, args, &e) == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}

/* --- One report ------------------------------------------------------------------------ */

/* "what        value", escaped; nothing when there is no value. */
static void
line(const char *what, struct str v)
{
	struct buf	 b = { 0 };

	if (v.len == 0)
		return;
	(void)buf_printf(&b, "%-11s ", what);
	(void)esc_text(&b, v);
	(void)buf_byte(&b, '\n');
	(void)fwrite(b.p, 1, b.failed ? 0 : b.len, stdout);
	buf_free(&b);
}

static void line_text(const char *what, const char *fmt, ...) PRINTFLIKE(2, 3);

static void
line_text(const char *what, const char *fmt, ...)
{
	struct buf	 b = { 0 };
	va_list		 ap;

	va_start(ap, fmt);
	(void)buf_vprintf(&b, fmt, ap);
	va_end(ap);
	line(what, buf_as_str(&b));
	buf_free(&b);
}

/* Each line of a text that has several. */
static void
lines(const char *what, struct str s)
{
	const char	*nl;

	while (s.len > 0) {
		nl = memchr(s.p, '\n', s.len);
		line(what, (struct str){ s.p, nl == NULL ? s.len : (size_t)(nl - s.p) });
		if (nl == NULL)
			return;
		s.len -= (size_t)(nl + 1 - s.p);
		s.p = nl + 1;
	}
}

static void
say_header(const struct query_tls_report *r)
{
	char	 a[WHEN_TEXT], b[WHEN_TEXT];

	line_text("report", "t%lld, an SMTP TLS report", (long long)r->id);
	line("from", r->org_name.len > 0 ? r->org_name : r->reporter_label);
	line("contact", r->contact_info);
	line("sent by", r->submitter);
	line("about", r->domains);
	line("report_id", r->report_id);
	line_text("period", "%s to %s", when_rfc3339(r->begin, a), when_rfc3339(r->end, b));
	line_text("counts on", "%s", when_date(r->day, a));
	line_text("received", "%s%s%.*s", when_rfc3339(r->received, a), r->origin.len > 0 ? " by " : "", (int)r->origin.len,
	    r->origin.len > 0 ? r->origin.p : "");
	if (r->superseded_by != 0)
		line_text("state", "replaced by version t%lld; this one counts nothing", (long long)r->superseded_by);
	else
		line("state", str_of(report_state_names[r->state]));
	for (int i = 0; i < TLS_QUIRK_COUNT; i++)
		if ((r->quirks >> i & 1) != 0)
			line("note", str_of(tls_quirk_texts[i]));
	line("trust", str_of(trust_state_names[trust_state(r->trust)]));
	if (r->apart != APART_NO)
		line_text("apart", "it counts in no figure: %s", r->apart == APART_FOREIGN ? "the domain is not ours" : "it is unauthenticated");
	if (r->duplicates > 0)
		line_text("duplicates", "came %llu times more and was not counted again", (unsigned long long)r->duplicates);
}

static void
say_versions(struct query *q, const struct query_tls_report *r)
{
	int64_t		*ids;
	size_t		 n;
	struct err	 e = { 0 };

	if (query_tls_versions(q, r->id, &ids, &n, &e) == -1)
		return;
	for (size_t i = 0; i < n; i++)
		if (ids[i] != r->id)
			line_text("version", "t%lld", (long long)ids[i]);
}

/* What did not count, from the answer: it stands as a list in the store. */
static int
say_refused(struct query *q, const struct query_tls_report *r, struct err *e)
{
	struct answer_request	 rq;
	json_t			*j, *one;
	size_t			 i;

	if (r->refused.len == 0)
		return (0);
	answer_request_init(&rq, ANSWER_TLS_REPORT);
	rq.id = r->id;
	j = answer_make(q, &rq, e);
	answer_request_free(&rq);
	if (j == NULL)
		return (-1);
	json_array_foreach(json_object_get(j, "refused"), i, one)
		line_text("refused", "policy %lld, detail %lld, line %lld: %s", (long long)json_integer_value(json_object_get(one, "policy")),
		    (long long)json_integer_value(json_object_get(one, "detail")), (long long)json_integer_value(json_object_get(one, "line")),
		    json_string_value(json_object_get(one, "reason")));
	json_decref(j);
	return (0);
}

static void
say_element(const struct query_tls_element *x)
{
	const struct query_tls_policy	*p = &x->policy;
	char				 n[2][32];

	(void)fputc('\n', stdout);
	line_text("policy", "%llu: %s%s%.*s", (unsigned long long)x->seq, tls_type_names[p->type], p->word.len > 0 ? " " : "",
	    (int)p->word.len, p->word.len > 0 ? p->word.p : "");
	if (p->type == TLS_STS && p->mode != STS_UNKNOWN)
		line("mode", str_of(sts_mode_names[p->mode]));
	line("domain", p->domain);
	if (x->derived)
		line("", STR("(policy-domain was missing; the mail around the report told it)"));
	lines("says", p->lines);
	lines("mx", p->mx);
	line_text("sessions", "%s with TLS, %s failed", cli_thousands((int64_t)x->success, n[0]), cli_thousands((int64_t)x->failure, n[1]));
}

static const struct cli_column	 detail_columns[] = {
	{ "policy", "policy", CLI_CELL_INT, 0 },
	{ "result", "result", CLI_CELL_TEXT, 0 },
	{ "mx", "mx", CLI_CELL_TEXT, 0 },
	{ "receiving_ip", "at", CLI_CELL_TEXT, 0 },
	{ "sending_ip", "from", CLI_CELL_TEXT, 0 },
	{ "failed", "failed", CLI_CELL_INT, 0 },
	{ "reason_code", "reason", CLI_CELL_TEXT, 0 },
	{ "helo", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
	{ "info", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
};

static int
say_details(struct listing *l, int64_t id, size_t limit, bool *met, struct err *e)
{
	struct query_tls_detail	*d;
	struct cli_table	*t;
	size_t			 n;

	if (query_tls_details(l->q, id, limit, &d, &n, e) == -1)
		return (-1);
	if (n == 0 && l->format == CLI_FORMAT_TABLE)
		return (0);
	if (l->format == CLI_FORMAT_TABLE)
		(void)fputc('\n', stdout);
	t = cli_table_new(l->ctx, l->format, detail_columns, nitems(detail_columns));
	for (size_t i = 0; i < n; i++) {
		met[d[i].result] = true;
		cli_cell_int(t, (int64_t)d[i].element);
		cli_cell_text(t, d[i].word.len > 0 ? d[i].word : str_of(tls_result_names[d[i].result]));
		cli_cell_text(t, d[i].mx);
		cli_cell_text(t, d[i].receiving);
		cli_cell_text(t, d[i].sending);
		cli_cell_int(t, (int64_t)d[i].count);
		cli_cell_text(t, d[i].reason);
		cli_cell_text(t, d[i].helo);
		cli_cell_text(t, d[i].info);
		cli_row(t);
	}
	return (cli_table_end(t, e));
}

static void
say_advice(const bool *met)
{
	for (unsigned r = 0; r < TLS_RESULT_COUNT; r++) {
		if (!met[r])
			continue;
		(void)printf("\n%s: %s\n%s\n", tls_result_names[r], tls_advice((enum tls_result)r)->means,
		    tls_advice((enum tls_result)r)->remedy);
	}
}

static int
say_words(struct listing *l, const struct query_tls_report *r, size_t limit, struct err *e)
{
	struct query_tls_element	*v;
	bool				 met[TLS_RESULT_COUNT] = { false };
	size_t				 n;

	if (l->format == CLI_FORMAT_TABLE) {
		say_header(r);
		say_versions(l->q, r);
		if (say_refused(l->q, r, e) == -1 || query_tls_elements(l->q, r->id, &v, &n, e) == -1)
			return (-1);
		for (size_t i = 0; i < n; i++)
			say_element(&v[i]);
	}
	if (say_details(l, r->id, limit, met, e) == -1)
		return (-1);
	if (l->format == CLI_FORMAT_TABLE)
		say_advice(met);
	return (0);
}

static int
say_json(struct listing *l, int64_t id, struct err *e)
{
	struct answer_request	 rq;
	json_t			*j;

	answer_request_init(&rq, ANSWER_TLS_REPORT);
	rq.id = id;
	j = answer_make(l->q, &rq, e);
	answer_request_free(&rq);
	return (listing_json(j, e) ? 0 : -1);
}

int
cli_tls_report(struct cli_ctx *ctx, const struct cli_args *args, int64_t id)
{
	struct listing		 l;
	struct query_tls_report	 r;
	struct err		 e = { 0 };
	char			 name[32];
	int			 rc, raw = cli_word(args, "raw", -1);

	if ((rc = listing_open(&l, ctx, args, LISTING_PLAIN, NULL)) != CLI_OK)
		return (rc);
	if (query_tls_report(l.q, id, &r, &e) == -1)
		return (listing_fail(&l, &e));
	if (raw >= 0) {
		(void)snprintf(name, sizeof(name), "t%lld", (long long)r.id);
		rc = cli_message_raw(l.store, name, r.kept, r.message, r.payload, (enum cli_raw)raw, false);
		listing_close(&l);
		return (rc);
	}
	rc = l.format == CLI_FORMAT_JSON ? say_json(&l, id, &e) : say_words(&l, &r, (size_t)cli_int(args, "limit", 0), &e);
	if (rc == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}
