/*
 * tls.c - see tls.h.
 */
#include "answer/tls.h"
#include "base/when.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/raw.h"
#include "cli/tls.h"
#include "cli/words.h"
#include "store/policies.h"

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
	{ "trust", "trust", CLI_CELL_TEXT, 0 },
	{ "apart", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
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
	listing_trust(t, r->trust, r->apart);
	cli_row(t);
}

static int
list_one(struct listing *l, struct cli_table *t, int64_t id, struct err *e)
{
	struct query_tls_report	 r;

	if (query_tls_report(l->q, id, &r, e) == -1)
		return (-1);
	if (t == NULL)
		return (listing_json(answer_tls_line(&r), e) ? 0 : -1);
	put(t, &r);
	return (0);
}

static const struct listing_kind	 kind = { "TLS reports", columns, nitems(columns), list_one };

/* Filters that look into rows of aggregate reports have no meaning here. */
static const char *
foreign_filter(const struct query_filter *f)
{
	for (size_t i = 0; i < f->nclauses; i++)
		if (f->clauses[i].key != QK_DOMAIN && f->clauses[i].key != QK_REPORTER && f->clauses[i].key != QK_APART && f->clauses[i].key != QK_TRUST)
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

	if (query_tls_range(l->q, &l->filter, &range, e) == -1 ||
	    query_tls_reports(l->q, &f, l->filter.all ? NULL : &range, cli_flag(args, "all"), &page, &v, e) == -1)
		return (-1);
	return (listing_ids(l, &kind, v.ids, v.nids, v.total_n, e));
}

/* --- Ready for enforce? -------------------------------------------------------------- */

static const struct cli_column	 ready_columns[] = {
	{ "domain", "domain", CLI_CELL_TEXT, 0 },
	{ "mode", "mode", CLI_CELL_TEXT, 0 },
	{ "state", "enforce?", CLI_CELL_TEXT, 0 },
	{ "testing_days", "days in testing", CLI_CELL_INT, 0 },
	{ "reporters", "reporters", CLI_CELL_INT, 0 },
	{ "sessions", "sessions", CLI_CELL_INT, 0 },
	{ "failed", "failed", CLI_CELL_INT, 0 },
	{ "own_mx", "at own MX", CLI_CELL_INT, 0 },
	{ "text", "", CLI_CELL_TEXT, CLI_COL_HIDDEN },
};

static void
put_ready(struct cli_table *t, const struct query_tls_ready *x)
{
	const struct tls_ready	*r = &x->ready;
	bool			 testing = r->state == TLS_READY_WAIT || r->state == TLS_READY_YES;

	cli_cell_text(t, x->domain);
	cli_cell_cstr(t, r->mode == STS_UNKNOWN ? NULL : sts_mode_names[r->mode]);
	cli_cell_cstr(t, tls_ready_names[r->state]);
	cli_cell_tone(t, r->state == TLS_READY_YES || r->state == TLS_READY_ENFORCED ? CLI_TONE_GOOD : CLI_TONE_WARN);
	cli_cell_int(t, (int64_t)r->testing_days);
	cli_cell_tone(t, testing && !r->days_ok ? CLI_TONE_BAD : CLI_TONE_NONE);
	cli_cell_int(t, (int64_t)x->facts.reporters);
	cli_cell_tone(t, testing && !r->reporters_ok ? CLI_TONE_BAD : CLI_TONE_NONE);
	cli_cell_int(t, (int64_t)x->facts.sessions);
	cli_cell_int(t, (int64_t)x->facts.failed);
	cli_cell_tone(t, testing && !r->rate_ok ? CLI_TONE_BAD : CLI_TONE_NONE);
	cli_cell_int(t, (int64_t)x->facts.own_mx);
	cli_cell_tone(t, testing && !r->own_mx_ok ? CLI_TONE_BAD : CLI_TONE_NONE);
	cli_cell_cstr(t, tls_ready_texts[r->state]);
	cli_row(t);
}

/* What each publishes now, where it was looked at. */
static int
say_policies(struct listing *l, const struct query_tls_ready *v, size_t n, struct err *e)
{
	const struct store_policy	*p;
	char				 checked[WHEN_TEXT], until[WHEN_TEXT];

	for (size_t i = 0; i < n; i++) {
		if (store_policy_get(l->q, v[i].domain, &p, e) == -1)
			return (-1);
		if (p == NULL || p->state == STS_UNSEEN)
			continue;
		(void)when_date(when_day(p->checked), checked);
		if (p->state == STS_SOUND)
			cli_note(l->ctx, "%.*s: its policy is sound, mode %s, as seen on %s; the certificate before it ends on %s", (int)p->domain.len, p->domain.p,
			    sts_mode_names[p->mode], checked, when_date(when_day(p->not_after), until));
		else
			cli_note(l->ctx, "%.*s: its policy could not be had on %s: %.*s", (int)p->domain.len, p->domain.p, checked, (int)p->why.len, p->why.p);
	}
	return (0);
}

static int
ready(struct listing *l, struct err *e)
{
	const struct query_tls_filter	 f = { .base = &l->filter };
	struct query_tls_ready		*v;
	struct query_range		 range;
	struct cli_table		*t;
	size_t				 n;

	if (query_tls_range(l->q, &l->filter, &range, e) == -1 || query_tls_ready(l->q, &f, &range, &v, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && l->format == CLI_FORMAT_JSON; i++)
		if (!listing_json(answer_tls_ready(&v[i]), e))
			return (-1);
	if (l->format == CLI_FORMAT_JSON)
		return (0);
	t = cli_table_new(l->ctx, l->format, ready_columns, nitems(ready_columns));
	for (size_t i = 0; i < n; i++)
		put_ready(t, &v[i]);
	if (cli_table_end(t, e) == -1)
		return (-1);
	if (l->format == CLI_FORMAT_TABLE && n > 0)
		cli_note(l->ctx, "ready: %d days in testing, %d reporters, at most %d session in 1,000 failed and none at your own MX, in the last %d days",
		    TLS_READY_DAYS, TLS_READY_REPORTERS, TLS_READY_PER_MILLE, TLS_READY_DAYS);
	return (l->format == CLI_FORMAT_TABLE ? say_policies(l, v, n, e) : 0);
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
		(void)err_set(&e, ERR_CONFIG, "--%s: TLS reports have no such thing; there are --domain, --reporter, --trust, --apart, --t, --from and --to", key);
		return (listing_fail(&l, &e));
	}
	if ((cli_flag(args, "ready") ? ready(&l, &e) : list(&l, args, &e)) == -1)
		return (listing_fail(&l, &e));
	listing_close(&l);
	return (CLI_OK);
}

/* --- One report ------------------------------------------------------------------------ */

static void
say_header(const struct query_tls_report *r)
{
	char	 a[WHEN_TEXT], b[WHEN_TEXT];

	cli_line_text("report", "t%lld, an SMTP TLS report", (long long)r->id);
	cli_line("from", r->org_name.len > 0 ? r->org_name : r->reporter_label);
	cli_line("contact", r->contact_info);
	cli_line("sent by", r->submitter);
	cli_line("about", r->domains);
	cli_line("report_id", r->report_id);
	cli_line_text("period", "%s to %s", when_rfc3339(r->begin, a), when_rfc3339(r->end, b));
	cli_line_text("counts on", "%s", when_date(r->day, a));
	cli_line_text("received", "%s%s%.*s", when_rfc3339(r->received, a), r->origin.len > 0 ? " by " : "", (int)r->origin.len,
	    r->origin.len > 0 ? r->origin.p : "");
	if (r->superseded_by != 0)
		cli_line_text("state", "replaced by version t%lld; this one counts nothing", (long long)r->superseded_by);
	else
		cli_line("state", str_of(report_state_names[r->state]));
	for (int i = 0; i < TLS_QUIRK_COUNT; i++)
		if ((r->quirks >> i & 1) != 0)
			cli_line("note", str_of(tls_quirk_texts[i]));
	cli_line("trust", str_of(trust_state_names[trust_state(r->trust)]));
	cli_line_apart(r->apart);
	if (r->duplicates > 0)
		cli_line_text("duplicates", "came %llu times more and was not counted again", (unsigned long long)r->duplicates);
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
			cli_line_text("version", "t%lld", (long long)ids[i]);
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
		cli_line_text("refused", "policy %lld, detail %lld, line %lld: %s", (long long)json_integer_value(json_object_get(one, "policy")),
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
	cli_line_text("policy", "%llu: %s%s%.*s", (unsigned long long)x->seq, tls_type_names[p->type], p->word.len > 0 ? " " : "",
	    (int)p->word.len, p->word.len > 0 ? p->word.p : "");
	if (p->type == TLS_STS && p->mode != STS_UNKNOWN)
		cli_line("mode", str_of(sts_mode_names[p->mode]));
	cli_line("domain", p->domain);
	if (x->derived)
		cli_line("", STR("(policy-domain was missing; the mail around the report told it)"));
	cli_lines("says", p->lines);
	cli_lines("mx", p->mx);
	cli_line_text("sessions", "%s with TLS, %s failed", cli_thousands((int64_t)x->success, n[0]), cli_thousands((int64_t)x->failure, n[1]));
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

/* What all reports about its domains come to. */
static int
say_ready(struct listing *l, const struct query_tls_report *r, struct err *e)
{
	struct query_range		 range;
	struct query_filter		 filter;
	const struct query_tls_filter	 f = { .base = &filter };
	struct query_tls_ready		*v;
	struct str			 rest = r->domains, one;
	const char			*blank;
	size_t				 n = 0;
	int				 rv = 0;

	(void)fputc('\n', stdout);
	while (rest.len > 0 && rv == 0) {
		blank = memchr(rest.p, ' ', rest.len);
		one = (struct str){ rest.p, blank == NULL ? rest.len : (size_t)(blank - rest.p) };
		rest = blank == NULL ? STR_NONE : (struct str){ blank + 1, rest.len - one.len - 1 };
		query_filter_init(&filter);
		filter.all = true;
		rv = query_filter_set(&filter, STR("domain"), one, e) == -1 || query_tls_range(l->q, &filter, &range, e) == -1 ||
		    query_tls_ready(l->q, &f, &range, &v, &n, e) == -1 ? -1 : 0;
		for (size_t i = 0; i < n && rv == 0; i++)
			cli_line_text("enforce?", "%.*s: %s", (int)v[i].domain.len, v[i].domain.p, tls_ready_texts[v[i].ready.state]);
		query_filter_free(&filter);
	}
	return (rv);
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
	return (l->format == CLI_FORMAT_TABLE && r->apart == APART_NO ? say_ready(l, r, e) : 0);
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
