/*
 * rows.c - rows, reports, reporters, the intake, and what this daemon is.
 */
#include "answer/answer_int.h"
#include "answer/tls.h"
#include "base/when.h"
#include "explain/explain.h"

/* --- Rows ----------------------------------------------------------------------------- */

static json_t *
auths(const struct report_auth *v, size_t n, const char *what)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < n; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "domain", a_str(v[i].domain));
		a_set(&o, what, a_str(v[i].what));
		/* An element without a result says as little as a word that nobody knows. */
		a_set(&o, "result", a_text(auth_result_names[v[i].result == RES_ABSENT ? RES_UNKNOWN : v[i].result]));
		a_set(&o, "word", a_str(v[i].word));
		a_set(&o, "human", a_str(v[i].human_result));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static json_t *
evaluated(const struct report_record *r)
{
	struct a_obj	 o = a_object(), reasons = a_array();

	a_set(&o, "disp", a_text(disposition_names[r->disposition]));
	a_set(&o, "disp_word", a_str(r->disposition_word));
	a_set(&o, "dkim", a_text(evaluated_names[r->dkim]));
	a_set(&o, "dkim_word", a_str(r->dkim_word));
	a_set(&o, "spf", a_text(evaluated_names[r->spf]));
	a_set(&o, "spf_word", a_str(r->spf_word));
	for (size_t i = 0; i < r->nreasons; i++) {
		struct a_obj	 one = a_object();

		a_set(&one, "type", a_str(r->reasons[i].type));
		a_set(&one, "comment", a_str(r->reasons[i].comment));
		a_add(&reasons, a_done(&one));
	}
	a_set(&o, "reasons", a_done(&reasons));
	return (a_done(&o));
}

static json_t *
row_verdict(const struct verdict *v)
{
	struct a_obj	 o = a_object();

	a_set(&o, "dkim", json_boolean(v->dkim_aligned));
	a_set(&o, "spf", json_boolean(v->spf_aligned));
	a_set(&o, "pass", json_boolean(v->pass));
	a_set(&o, "estimated", json_boolean(v->estimated));
	a_set(&o, "dkim_domain", a_str(v->dkim_domain));
	a_set(&o, "spf_domain", a_str(v->spf_domain));
	return (a_done(&o));
}

static void
row_says(struct a_obj *o, const struct query_row_full *f, const char *fwd)
{
	const struct report_record	*r = &f->record;
	char				 code[8];

	a_set(o, "hfrom", r->header_from_derived ? json_null() : a_str(r->header_from));
	a_set(o, "efrom", r->envelope_from.len > 0 ? a_str(r->envelope_from) : json_null());
	a_set(o, "efrom_null", json_boolean(r->envelope_from.p != NULL && r->envelope_from.len == 0));
	a_set(o, "eto", a_str(r->envelope_to));
	a_set(o, "policy_eval", evaluated(r));
	a_set(o, "spf", auths(r->spf_results, r->nspf, "scope"));
	a_set(o, "dkim", auths(r->dkim_results, r->ndkim, "selector"));
	a_set(o, "verdict", row_verdict(&f->verdict));
	a_set(o, "code", a_text(dmarc_code_name(f->verdict.code, code)));
	a_set(o, "title", a_text(explain_title(f->verdict.code)));
	a_set(o, "fwd", a_text(fwd));
	a_set(o, "differs", json_boolean(f->verdict.differs));
	a_set(o, "overridden", json_boolean(f->verdict.overridden));
}

struct json_t *
answer_row_says(const struct query_row_full *f, enum forwarding fwd)
{
	struct a_obj	 o = a_object();

	row_says(&o, f, query_fwd_names[fwd]);
	return (a_done(&o));
}

struct json_t *
answer_address(struct query *q, int64_t source, struct err *e)
{
	const struct query_host	*host;
	struct place		 p;
	struct a_obj		 o;
	json_t			*j;

	if (query_place(q, source, &p, e) == -1 || query_host(q, source, &host, e) == -1)
		return (NULL);
	o = a_object();
	answer_place(&o, &p);
	a_set(&o, "ptr", a_host(host));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

struct json_t *
answer_row(struct query *q, const struct query_row *row, struct err *e)
{
	struct query_row_full		 f;
	struct query_row_who		 who;
	const struct report_record	*r = &f.record;
	char				 text[64];
	uint64_t			 failures;
	const struct query_host		*host;
	struct a_obj			 o;
	json_t				*j;

	if (query_row_full(q, row, &f, e) == -1 || query_row_who(q, row, &who, e) == -1 || query_row_failures(q, row, &failures, e) == -1 ||
	    query_host(q, row->source, &host, e) == -1)
		return (NULL);
	o = a_object();
	(void)snprintf(text, sizeof(text), "%lld#%llu", (long long)row->report, (unsigned long long)row->seq);
	a_set(&o, "id", a_text(text));
	a_set(&o, "report_id", a_id(row->report));
	a_set(&o, "seq", a_count(row->seq));
	a_set(&o, "day", a_day(row->day));
	a_set(&o, "reporter", a_reporter(f.reporter, f.reporter_label));
	a_set(&o, "domain", a_str(f.domain));
	a_set(&o, "ip", r->ip_len != 0 ? a_str(r->source_ip) : json_null());
	answer_place(&o, &f.place);
	a_set(&o, "ip_text", r->ip_len == 0 && r->source_ip.len > 0 ? a_str(r->source_ip) : json_null());
	a_set(&o, "sender", answer_whose(&(struct query_whose){ who.id, who.label, who.class }));
	a_set(&o, "ptr", a_host(host));
	a_set(&o, "count", a_count(row->count));
	row_says(&o, &f, query_fwd_names[who.fwd]);
	a_set(&o, "failures", a_count(failures));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

static json_t *
total_json(uint64_t n, uint64_t m)
{
	struct a_obj	 o = a_object();

	a_set(&o, "n", a_count(n));
	a_set(&o, "m", a_count(m));
	return (a_done(&o));
}

struct json_t *
answer_rows(struct query *q, const struct answer_request *rq, struct err *e)
{
	const struct query_page	 page = { .sort = rq->sort, .cursor = rq->cursor, .limit = rq->limit, .total = rq->total };
	struct query_range	 r;
	struct query_rows	 rows;
	struct a_obj		 o, items;
	json_t			*j;

	if (query_filter_range(q, &rq->filter, &r, e) == -1 || query_rows(q, &rq->filter, &r, &page, &rows, e) == -1)
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < rows.nitems; i++) {
		if ((j = answer_row(q, &rows.items[i], e)) == NULL) {
			json_decref(items.j);
			return (NULL);
		}
		a_add(&items, j);
	}
	o = a_object();
	a_set(&o, "items", a_done(&items));
	a_set(&o, "next", a_text(rows.next));
	if (rq->total)
		a_set(&o, "total", total_json(rows.total_n, rows.total_m));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- Reports --------------------------------------------------------------------------- */

static const char *
state_name(const struct query_report *r)
{
	return (r->superseded_by != 0 ? "superseded" : report_state_names[r->state]);
}

/* What decided whose report it is. */
static json_t *
trust_json(const struct query_report *r)
{
	struct a_obj	 o = a_object();

	a_set(&o, "detail", a_text(trust_names[r->trust]));
	a_set(&o, "method", r->mail.method == TRUST_BY_NOTHING ? json_null() : a_text(trust_method_names[r->mail.method]));
	a_set(&o, "from_domain", a_str(r->mail.from));
	a_set(&o, "authserv_id", a_str(r->mail.id));
	a_set(&o, "field", a_str(r->mail.field));
	return (a_done(&o));
}

static void
report_item(struct a_obj *o, const struct query_report *r)
{
	struct a_obj	 quirks = a_array();

	for (int i = 0; i < QUIRK_COUNT; i++)
		if ((r->quirks >> i & 1) != 0) {
			struct a_obj	 one = a_object();

			a_set(&one, "name", a_text(quirk_names[i]));
			a_set(&one, "text", a_text(quirk_texts[i]));
			a_add(&quirks, a_done(&one));
		}
	a_set(o, "id", a_id(r->id));
	a_set(o, "reporter", a_reporter(r->reporter, r->reporter_label));
	a_set(o, "org_name", a_str(r->org_name));
	a_set(o, "email", a_str(r->email));
	a_set(o, "domain", a_str(r->domain));
	a_set(o, "report_id", a_str(r->report_id));
	a_set(o, "begin", a_time(r->begin));
	a_set(o, "end", a_time(r->end));
	a_set(o, "day", a_day(r->day));
	a_set(o, "received", a_time(r->received));
	a_set(o, "records", a_count(r->records));
	a_set(o, "m", a_count(r->messages));
	a_set(o, "pass", a_count(r->dmarc_pass));
	a_set(o, "source_ips", a_count(r->source_ips));
	a_set(o, "policy", a_policy(&r->policy));
	a_set(o, "dialect", a_text(dialect_names[r->dialect]));
	a_set(o, "state", a_text(state_name(r)));
	a_set(o, "quirks", a_done(&quirks));
	a_set(o, "duplicates", a_count(r->duplicates));
	a_set(o, "trust", a_text(trust_state_names[trust_state(r->trust)]));
	a_set(o, "apart", a_text(trust_apart_names[r->apart]));
}

struct json_t *
answer_reports(struct query *q, const struct answer_request *rq, struct err *e)
{
	const struct query_page	 page = { .sort = rq->sort, .cursor = rq->cursor, .limit = rq->limit };
	struct query_range	 r;
	struct query_reports	 list;
	struct query_report	 one;
	struct a_obj		 o, items, item;
	json_t			*j;

	if (query_filter_range(q, &rq->filter, &r, e) == -1 ||
	    query_reports(q, &rq->filter, &r, false, &page, &list, e) == -1)
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < list.nids; i++) {
		if (query_report(q, list.ids[i], &one, e) == -1) {
			json_decref(items.j);
			return (NULL);
		}
		item = a_object();
		report_item(&item, &one);
		a_add(&items, a_done(&item));
	}
	o = a_object();
	a_set(&o, "items", a_done(&items));
	a_set(&o, "next", a_text(list.next));
	if (rq->total)
		a_set(&o, "total", total_json(list.total_n, list.total_m));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* [[record, line, reason], ...] of the store, our own writing, as objects. */
static json_t *
refused(struct str text)
{
	struct a_obj	 a = a_array();
	json_t		*all, *one;
	size_t		 i;

	all = text.p == NULL ? NULL : json_loadb(text.p, text.len, 0, NULL);
	json_array_foreach(all, i, one) {
		struct a_obj	 o = a_object();
		const char	*reason = json_string_value(json_array_get(one, 2));

		a_set(&o, "record", json_integer(json_integer_value(json_array_get(one, 0))));
		a_set(&o, "line", json_integer(json_integer_value(json_array_get(one, 1))));
		a_set(&o, "reason", a_text(reason == NULL ? "" : reason));
		a_add(&a, a_done(&o));
	}
	json_decref(all);
	return (a_done(&a));
}

static json_t *
text_lines(struct str s)
{
	struct a_obj	 a = a_array();
	const char	*nl;

	while (s.len > 0) {
		nl = memchr(s.p, '\n', s.len);
		a_add(&a, a_str((struct str){ s.p, nl == NULL ? s.len : (size_t)(nl - s.p) }));
		if (nl == NULL)
			break;
		s.len -= (size_t)(nl + 1 - s.p);
		s.p = nl + 1;
	}
	return (a_done(&a));
}

static json_t *
raw_kinds(const struct query_report *r)
{
	struct a_obj	 o = a_object();

	a_set(&o, "xml", json_boolean(r->kept));
	a_set(&o, "original", json_boolean(r->kept));
	a_set(&o, "mail", json_boolean(r->kept));
	return (a_done(&o));
}

static json_t *
versions(struct query *q, const struct query_report *r, struct err *e)
{
	struct a_obj		 a = a_array();
	struct query_report	 v;
	int64_t			*ids;
	size_t			 n;

	if (query_report_versions(q, r->id, &ids, &n, e) == -1) {
		json_decref(a.j);
		return (NULL);
	}
	for (size_t i = 0; i < n; i++) {
		struct a_obj	 o;

		if (query_report(q, ids[i], &v, e) == -1) {
			json_decref(a.j);
			return (NULL);
		}
		o = a_object();
		a_set(&o, "id", a_id(v.id));
		a_set(&o, "state", a_text(state_name(&v)));
		a_set(&o, "received", a_time(v.received));
		a_set(&o, "m", a_count(v.messages));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

/*
 * The rows of a version that was replaced are gone; its own sums are not, and
 * of these only the split between failing and untold is unknown.
 */
static void
counts_of_report(const struct query_report *r, struct query_total *t)
{
	struct query_counts	*c = &t->counts;

	c->m = r->messages;
	c->both = r->dkim_pass + r->spf_pass > r->dmarc_pass ? r->dkim_pass + r->spf_pass - r->dmarc_pass : 0;
	c->dkim_only = r->dkim_pass - c->both;
	c->spf_only = r->spf_pass - c->both;
	c->fail_unk = r->messages - r->dmarc_pass;
	for (int i = 0; i < DISP_COUNT; i++)
		c->disp[i] = r->disp[i];
	c->differs = r->differs;
	t->legs.dkim.aligned = r->dkim_pass;
	t->legs.spf.aligned = r->spf_pass;
}

static int
report_total(struct query *q, const struct query_report *r, struct query_total *t, struct err *e)
{
	struct query_value		 value = { .number = (uint64_t)r->id };
	struct query_filter		 f;
	const struct query_range	 range = { .from = r->day, .to = r->day };

	memset(t, 0, sizeof(*t));
	if (r->superseded_by != 0) {
		counts_of_report(r, t);
		return (0);
	}
	query_filter_init(&f);		/* nothing of it is ours to free */
	f.clauses[0] = (struct query_clause){ .key = QK_REPORT, .values = &value, .nvalues = 1 };
	f.nclauses = 1;
	return (query_total(q, &f, &range, t, e));
}

struct json_t *
answer_report(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_report	 r;
	struct query_total	 t;
	uint64_t		 failures;
	struct a_obj		 o;
	json_t			*j, *v;

	if (query_report(q, rq->id, &r, e) == -1 || query_report_failures(q, &r, &failures, e) == -1 || report_total(q, &r, &t, e) == -1 || (v = versions(q, &r, e)) == NULL)
		return (NULL);
	o = a_object();
	report_item(&o, &r);
	a_set(&o, "trust_by", trust_json(&r));
	a_set(&o, "extra_contact_info", a_str(r.extra_contact_info));
	a_set(&o, "generator", a_str(r.generator));
	a_set(&o, "version", a_str(r.version));
	a_set(&o, "errors", text_lines(r.errors));
	a_set(&o, "counts", a_counts(&t.counts));
	a_set(&o, "legs", a_legs(&t.legs));
	a_set(&o, "rows_next", json_null());
	a_set(&o, "failures", a_count(failures));
	a_set(&o, "refused", refused(r.refused));
	a_set(&o, "message", r.origin.p == NULL ? json_null() : a_message(r.message_received, r.origin, r.message_bytes, r.token));
	a_set(&o, "versions", v);
	a_set(&o, "raw", raw_kinds(&r));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- One line for each report, as the commands print it ---------------------------------- */

static void
line_policy(struct a_obj *o, const struct report_policy *p)
{
	struct a_obj	 v = a_object();

	a_set(&v, "domain", a_str(p->domain));
	a_set(&v, "p", a_str(p->p));
	a_set(&v, "sp", a_str(p->sp));
	a_set(&v, "np", a_str(p->np));
	a_set(&v, "adkim", a_str(p->adkim));
	a_set(&v, "aspf", a_str(p->aspf));
	a_set(&v, "pct", a_str(p->pct));
	a_set(&v, "fo", a_str(p->fo));
	a_set(&v, "testing", a_str(p->testing));
	a_set(&v, "discovery_method", a_str(p->discovery_method));
	a_set(o, "policy_published", a_done(&v));
}

struct json_t *
answer_report_line(const struct query_report *r)
{
	struct a_obj	 o = a_object(), disp = a_object(), quirks = a_array(), verdict = a_object();

	a_set(&o, "id", a_id(r->id));
	a_set(&o, "type", a_text("aggregate"));
	a_set(&o, "dialect", a_text(dialect_names[r->dialect]));
	a_set(&o, "org_name", a_str(r->org_name));
	a_set(&o, "email", a_str(r->email));
	a_set(&o, "report_id", a_str(r->report_id));
	a_set(&o, "domain", a_str(r->domain));
	a_set(&o, "begin", json_integer(r->begin));
	a_set(&o, "end", json_integer(r->end));
	a_set(&o, "received", a_time(r->received));
	a_set(&o, "records", a_count(r->records));
	a_set(&o, "messages", a_count(r->messages));
	for (int i = 0; i < DISP_COUNT; i++)
		a_set(&disp, disposition_names[i], a_count(r->disp[i]));
	a_set(&o, "disposition", a_done(&disp));
	a_set(&o, "dkim_pass", a_count(r->dkim_pass));
	a_set(&o, "spf_pass", a_count(r->spf_pass));
	a_set(&o, "dmarc_pass", a_count(r->dmarc_pass));
	a_set(&o, "source_ips", a_count(r->source_ips));
	a_set(&o, "dkim_results", a_count(r->dkim_results));
	a_set(&o, "spf_results", a_count(r->spf_results));
	a_set(&o, "reasons", a_count(r->reasons));
	line_policy(&o, &r->policy);
	for (int i = 0; i < QUIRK_COUNT; i++)
		if ((r->quirks >> i & 1) != 0)
			a_add(&quirks, a_text(quirk_names[i]));
	a_set(&o, "quirks", a_done(&quirks));
	a_set(&o, "duplicates", a_count(r->duplicates));
	a_set(&o, "state", a_text(state_name(r)));
	a_set(&o, "trust", a_text(trust_state_names[trust_state(r->trust)]));
	a_set(&o, "apart", a_text(trust_apart_names[r->apart]));
	a_set(&o, "trust_by", trust_json(r));
	a_set(&verdict, "pass", a_count(r->verdict_pass));
	a_set(&verdict, "differs", a_count(r->differs));
	a_set(&o, "verdict", a_done(&verdict));
	return (a_done(&o));
}

/* --- Reporters, intake, meta ------------------------------------------------------------- */

struct json_t *
answer_reporters(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_range	 r;
	struct query_reporter	*v;
	size_t			 n;
	struct a_obj		 o, items = a_array();
	json_t			*j;

	if (query_filter_range(q, &rq->filter, &r, e) == -1 || query_reporters(q, &rq->filter, &r, true, &v, &n, e) == -1) {
		json_decref(items.j);
		return (NULL);
	}
	for (size_t i = 0; i < n; i++) {
		o = a_object();
		a_set(&o, "key", a_str(v[i].key));
		a_set(&o, "label", a_str(v[i].label.len > 0 ? v[i].label : v[i].key));
		a_set(&o, "reports", a_count(v[i].reports));
		a_set(&o, "m", a_count(v[i].m));
		a_set(&o, "first_day", a_day(v[i].first_day));
		a_set(&o, "last_day", a_day(v[i].last_day));
		a_set(&o, "lag_s", v[i].lag < 0 ? json_null() : json_integer(v[i].lag));
		a_set(&o, "domains", a_count(v[i].domains));
		a_set(&o, "missing_since", a_day(v[i].missing_since));
		a_add(&items, a_done(&o));
	}
	o = a_object();
	a_set(&o, "items", a_done(&items));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

static json_t *
time_or_null(int64_t t)
{
	return (t == 0 ? json_null() : a_time(t));
}

static json_t *
mailboxes(const struct answer_intake *in)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; in != NULL && i < in->nmailboxes; i++) {
		const struct answer_mailbox	*m = &in->mailboxes[i];
		struct a_obj			 o = a_object(), n = a_object(), err = a_object();

		a_set(&o, "name", a_text(m->name));
		a_set(&o, "protocol", a_text(m->protocol));
		a_set(&o, "host", a_text(m->host));
		a_set(&o, "state", a_text(m->state == NULL ? "unknown" : m->state));
		a_set(&o, "since", time_or_null(m->since));
		a_set(&o, "last_success", time_or_null(m->last_success));
		a_set(&o, "next_run", time_or_null(m->next_run));
		a_set(&n, "seen", a_count(m->seen));
		a_set(&n, "new", a_count(m->fresh));
		a_set(&o, "messages", a_done(&n));
		a_set(&err, "text", a_text(m->error));
		a_set(&err, "remedy", a_text(m->remedy));
		if (m->error == NULL) {
			json_decref(a_done(&err));
			a_set(&o, "error", json_null());
		} else
			a_set(&o, "error", a_done(&err));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

/* Replaced and partial reports are stored all the same. */
static json_t *
intake_days(const struct query_ingest *in)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < in->ndays; i++) {
		const uint64_t	*v = in->days[i].results;
		struct a_obj	 o = a_object();

		a_set(&o, "day", a_day(in->days[i].day));
		a_set(&o, "stored", a_count(v[IN_STORED] + v[IN_REPLACED] + v[IN_PARTIAL]));
		a_set(&o, "duplicate", a_count(v[IN_DUPLICATE]));
		a_set(&o, "ignored", a_count(v[IN_IGNORED]));
		a_set(&o, "rejected", a_count(v[IN_REJECTED]));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static json_t *
quarantine(const struct query_ingest *in)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < in->nquarantine; i++)
		a_add(&a, answer_quarantined(&in->quarantine[i]));
	return (a_done(&a));
}

struct json_t *
answer_ingest(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_ingest	 in;
	struct a_obj		 o, spool, db;
	json_t			*j, *hosts;

	if (query_ingest(q, &in, e) == -1 || (hosts = answer_resolver(q, rq->intake, e)) == NULL)
		return (NULL);
	spool = a_object();
	a_set(&spool, "new", a_count(rq->intake == NULL ? 0 : rq->intake->spool_new));
	a_set(&spool, "oldest", time_or_null(rq->intake == NULL ? 0 : rq->intake->spool_oldest));
	db = a_object();
	a_set(&db, "bytes", a_count(in.bytes));
	a_set(&db, "reports", a_count(in.reports));
	a_set(&db, "records", a_count(in.records));
	a_set(&db, "generation", a_count(query_generation(q)));
	o = a_object();
	a_set(&o, "mailboxes", mailboxes(rq->intake));
	a_set(&o, "days", intake_days(&in));
	a_set(&o, "spool", a_done(&spool));
	a_set(&o, "quarantine", quarantine(&in));
	a_set(&o, "quarantined", answer_quarantine_sum(&in, rq->intake));
	a_set(&o, "actions", answer_actions(&in, rq->intake));
	a_set(&o, "removed", answer_removed(&in));
	a_set(&o, "database", a_done(&db));
	a_set(&o, "duplicates", a_count(in.duplicates));
	a_set(&o, "resolver", hosts);
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

struct json_t *
answer_meta(struct query *q, struct err *e)
{
	struct query_meta	 m;
	struct a_obj		 o, features, limits;
	json_t			*j;

	if (query_meta(q, &m, e) == -1)
		return (NULL);
	features = a_object();
	a_set(&features, "geo", json_boolean(answer_geo_there()));
	a_set(&features, "forensic", json_true());
	a_set(&features, "upload", json_false());
	limits = a_object();
	a_set(&limits, "rows", a_count(1000));
	a_set(&limits, "breakdown", a_count(500));
	a_set(&limits, "range_days", a_count(QUERY_RANGE_DAYS));
	o = a_object();
	a_set(&o, "version", a_text(PACKAGE_VERSION));
	a_set(&o, "generation", a_count(query_generation(q)));
	a_set(&o, "complete_through", a_day(m.complete_through));
	a_set(&o, "first_day", a_day(m.first_day));
	a_set(&o, "last_day", a_day(m.last_day));
	a_set(&o, "domains", a_count(m.domains));
	a_set(&o, "reports", a_count(m.reports));
	a_set(&o, "features", a_done(&features));
	a_set(&o, "limits", a_done(&limits));
	a_set(&o, "geo", answer_geo());
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

struct json_t *
answer_make(struct query *q, const struct answer_request *rq, struct err *e)
{
	switch (rq->kind) {
	case ANSWER_META:
		return (answer_meta(q, e));
	case ANSWER_OVERVIEW:
		return (answer_overview(q, rq, e));
	case ANSWER_TIMESERIES:
		return (answer_timeseries(q, rq, e));
	case ANSWER_FLOW:
		return (answer_flow(q, rq, e));
	case ANSWER_HEATMAP:
		return (answer_heatmap(q, rq, e));
	case ANSWER_BREAKDOWN:
		return (answer_breakdown(q, rq, e));
	case ANSWER_ROWS:
		return (answer_rows(q, rq, e));
	case ANSWER_DOMAINS:
		return (answer_domains(q, rq, e));
	case ANSWER_DOMAIN:
		return (answer_domain(q, rq, e));
	case ANSWER_REPORTS:
		return (answer_reports(q, rq, e));
	case ANSWER_REPORT:
		return (answer_report(q, rq, e));
	case ANSWER_FAILURES:
		return (answer_failures(q, rq, e));
	case ANSWER_FAILURE:
		return (answer_failure(q, rq, e));
	case ANSWER_REPORTERS:
		return (answer_reporters(q, rq, e));
	case ANSWER_INGEST:
		return (answer_ingest(q, rq, e));
	case ANSWER_SENDERS:
		return (answer_senders(q, rq, e));
	case ANSWER_SENDER:
		return (answer_sender(q, rq, e));
	case ANSWER_VENDOR:
		return (answer_vendor(q, rq, e));
	case ANSWER_TLS_SUMMARY:
		return (answer_tls_summary(q, rq, e));
	case ANSWER_TLS_REPORTS:
		return (answer_tls_reports(q, rq, e));
	case ANSWER_TLS_REPORT:
		return (answer_tls_report(q, rq, e));
	case ANSWER_ROW_EXPLAIN:
		return (answer_row_explain(q, rq, e));
	case ANSWER_EXPLAIN:
		return (answer_explain(q, rq, e));
	default:
		(void)err_set(e, ERR_BUG, "there is no answer %d", (int)rq->kind);
		return (NULL);
	}
}
