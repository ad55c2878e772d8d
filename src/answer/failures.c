/*
 * failures.c - failure reports: the list, one of them, and a line of it.
 *
 * What comes from the store is masked unless the request says reveal, and that
 * is only set by who has seen to the log (store_reveal).
 */
#include "answer/answer_int.h"
#include "base/when.h"
#include "explain/explain.h"
#include "report/fields.h"

static json_t *
failure_id(int64_t id)
{
	char	 text[32];

	(void)snprintf(text, sizeof(text), "f%lld", (long long)id);
	return (a_text(text));
}

static json_t *
lines(struct str s)
{
	struct a_obj	 a = a_array();
	struct str	 line;

	while (s.p != NULL && failure_line(&s, &line))
		a_add(&a, a_str(line));
	return (a_done(&a));
}

static json_t *
quirk_names_of(uint64_t quirks)
{
	struct a_obj	 a = a_array();

	for (int i = 0; i < FQ_COUNT; i++)
		if ((quirks >> i & 1) != 0)
			a_add(&a, a_text(failure_quirk_names[i]));
	return (a_done(&a));
}

static json_t *
quirks_of(uint64_t quirks)
{
	struct a_obj	 a = a_array();

	for (int i = 0; i < FQ_COUNT; i++)
		if ((quirks >> i & 1) != 0) {
			struct a_obj	 one = a_object();

			a_set(&one, "name", a_text(failure_quirk_names[i]));
			a_set(&one, "text", a_text(failure_quirk_texts[i]));
			a_add(&a, a_done(&one));
		}
	return (a_done(&a));
}

static json_t *
delivery(const struct failure_report *r)
{
	struct a_obj	 o = a_object();

	a_set(&o, "class", a_text(failure_delivery_names[r->delivery]));
	a_set(&o, "word", a_str(r->t[FT_DELIVERY]));
	return (a_done(&o));
}

static json_t *
verdict(const struct query_failure *f, bool all)
{
	const struct failure_verdict	*v = &f->verdict;
	struct a_obj			 o = a_object();
	char				 code[8];

	a_set(&o, "result", a_text(v->result == ALIGNED_YES ? "pass" : v->result == ALIGNED_NO ? "fail" : "unknown"));
	a_set(&o, "spf_aligned", a_text(failure_aligned_names[v->spf]));
	a_set(&o, "dkim_aligned", a_text(failure_aligned_names[v->dkim]));
	a_set(&o, "differs", json_boolean(v->differs));
	a_set(&o, "code", v->code == 0 ? json_null() : a_text(dmarc_code_name(v->code, code)));
	if (!all)
		return (a_done(&o));
	a_set(&o, "title", v->code == 0 ? json_null() : a_text(explain_title(v->code)));
	a_set(&o, "sentence", a_text(failure_sentence(&f->report, v)));
	a_set(&o, "spf_result", a_text(auth_result_names[v->spf_result]));
	a_set(&o, "spf_domain", a_str(v->spf_domain));
	a_set(&o, "dkim_result", a_text(auth_result_names[v->dkim_result]));
	a_set(&o, "dkim_domain", a_str(v->dkim_domain));
	a_set(&o, "dkim_selector", a_str(v->dkim_selector));
	return (a_done(&o));
}

static void
item(struct a_obj *o, const struct query_failure *f)
{
	const struct failure_report	*r = &f->report;

	a_set(o, "id", failure_id(f->id));
	a_set(o, "type", a_text("failure"));
	a_set(o, "received", a_time(f->received));
	a_set(o, "arrived", a_time(r->arrived));
	a_set(o, "day", a_day(f->day));
	a_set(o, "class", a_text(failure_class_names[r->class]));
	a_set(o, "feedback_type", a_str(r->t[FT_FEEDBACK_TYPE]));
	a_set(o, "auth_failure", a_str(r->t[FT_AUTH_FAILURE]));
	a_set(o, "dialect", a_text(failure_dialect_names[r->dialect]));
	a_set(o, "reporter", a_reporter(f->reporter, f->reporter_label));
	a_set(o, "domain", a_str(f->domain));
	a_set(o, "header_from", a_str(r->t[FT_HEADER_FROM]));
	a_set(o, "from", a_str(r->t[FT_FROM]));
	a_set(o, "subject", a_str(r->t[FT_SUBJECT]));
	a_set(o, "ip", a_str(f->ip));
	a_set(o, "original_mail_from", a_str(r->t[FT_MAIL_FROM]));
	a_set(o, "delivery", delivery(r));
	a_set(o, "incidents", a_count(r->incidents));
	a_set(o, "duplicates", a_count(f->duplicates));
	a_set(o, "dmarc", a_text(failure_said_names[f->verdict.said]));
	a_set(o, "verdict", verdict(f, false));
	a_set(o, "quirks", quirk_names_of(r->quirks));
	a_set(o, "masked", json_boolean(f->masked));
	a_set(o, "trust", a_text(trust_state_names[trust_state(f->trust)]));
	a_set(o, "apart", a_text(trust_apart_names[f->apart]));
}

/* What decided whose report it is; of an aggregate report there is the field, too. */
static json_t *
trust_by(const struct query_failure *f)
{
	struct a_obj	 o = a_object();

	a_set(&o, "detail", a_text(trust_names[f->trust]));
	a_set(&o, "method", f->mail.method == TRUST_BY_NOTHING ? json_null() : a_text(trust_method_names[f->mail.method]));
	a_set(&o, "from_domain", a_str(f->mail.from));
	a_set(&o, "authserv_id", a_str(f->mail.id));
	return (a_done(&o));
}

static json_t *
count_json(uint64_t n)
{
	struct a_obj	 o = a_object();

	a_set(&o, "n", a_count(n));
	return (a_done(&o));
}

struct json_t *
answer_failures(struct query *q, const struct answer_request *rq, struct err *e)
{
	const struct query_page	 page = { .sort = rq->sort, .cursor = rq->cursor, .limit = rq->limit, .total = rq->total };
	struct query_failures	 list;
	struct query_failure	 f;
	struct a_obj		 o, items;
	json_t			*j;

	if (query_failures(q, &rq->filter, rq->type, &page, &list, e) == -1)
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < list.nids; i++) {
		struct a_obj	 one = a_object();

		if (query_failure(q, list.ids[i], false, &f, e) == -1) {
			json_decref(one.j);
			json_decref(items.j);
			return (NULL);
		}
		item(&one, &f);
		a_add(&items, a_done(&one));
	}
	o = a_object();
	a_set(&o, "items", a_done(&items));
	a_set(&o, "next", a_text(list.next));
	if (rq->total)
		a_set(&o, "total", count_json(list.total_n));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- One ------------------------------------------------------------------------------ */

/* What the machine-readable part says: a text, or a list where the field may stand often. */
static json_t *
fields(const struct failure_report *r)
{
	struct a_obj	 o = a_object();

	for (int i = 0; i <= FT_EXTRAS; i++)
		if (r->t[i].p == NULL)
			a_set(&o, failure_texts[i].column, json_null());
		else
			a_set(&o, failure_texts[i].column, failure_texts[i].list ? lines(r->t[i]) : a_str(r->t[i]));
	a_set(&o, "source_port", r->source_port == 0 ? json_null() : json_integer((json_int_t)r->source_port));
	a_set(&o, "incidents", a_count(r->incidents));
	return (a_done(&o));
}

static json_t *
results(const struct failure_report *r)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < r->nresults; i++) {
		const struct failure_result	*f = &r->results[i];
		struct a_obj			 o = a_object();

		a_set(&o, "method", a_text(failure_method_names[f->method]));
		a_set(&o, "result", a_text(auth_result_names[f->result]));
		a_set(&o, "word", a_str(f->word));
		a_set(&o, "domain", a_str(f->domain));
		a_set(&o, "selector", f->method == METHOD_DKIM ? a_str(f->what) : json_null());
		a_set(&o, "scope", f->method == METHOD_SPF ? a_str(f->what) : json_null());
		a_set(&o, "derived", json_boolean(f->derived));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static json_t *
facts(const struct failure_report *r)
{
	struct a_obj	 o = a_object();

	a_set(&o, "arrived", a_text(failure_origin_names[r->arrived_from]));
	a_set(&o, "ip", a_text(failure_origin_names[r->ip_from]));
	a_set(&o, "header_from", a_text(failure_origin_names[r->header_from_from]));
	a_set(&o, "results", a_text(failure_origin_names[r->results_from]));
	return (a_done(&o));
}

static json_t *
header_lines(struct str s)
{
	struct a_obj	 a = a_array();
	struct buf	 value = { 0 };
	struct field	 f;

	while (s.p != NULL && field_next(&s, &value, &f)) {
		struct a_obj	 one = a_array();

		if (f.name.len == 0) {
			json_decref(one.j);
			continue;
		}
		a_add(&one, a_str(f.name));
		a_add(&one, a_str(f.value.len == 0 ? STR("") : f.value));
		a_add(&a, a_done(&one));
	}
	buf_free(&value);
	return (a_done(&a));
}

static json_t *
hash_text(const struct failure_report *r)
{
	char	 text[2 * HASH_SIZE + 1];

	if (!r->has_hash)
		return (json_null());
	for (int i = 0; i < HASH_SIZE; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", r->body_hash[i]);
	return (a_text(text));
}

static json_t *
sample(const struct failure_report *r)
{
	struct a_obj	 o = a_object();

	a_set(&o, "kind", a_text(failure_sample_names[r->sample]));
	a_set(&o, "from", a_str(r->t[FT_FROM]));
	a_set(&o, "subject", a_str(r->t[FT_SUBJECT]));
	a_set(&o, "message_id", a_str(r->t[FT_MESSAGE_ID]));
	a_set(&o, "date", a_str(r->t[FT_DATE]));
	a_set(&o, "return_path", a_str(r->t[FT_RETURN_PATH]));
	a_set(&o, "headers", header_lines(r->t[FT_HEADERS]));
	a_set(&o, "body", a_str(r->t[FT_BODY]));
	a_set(&o, "body_bytes", a_count(r->body_bytes));
	a_set(&o, "body_sha256", hash_text(r));
	return (a_done(&o));
}

static json_t *
report_mail(const struct query_failure *f)
{
	struct a_obj	 o = a_object();

	a_set(&o, "from", a_str(f->report.t[FT_REPORT_FROM]));
	a_set(&o, "subject", a_str(f->report.t[FT_REPORT_SUBJECT]));
	a_set(&o, "received", f->origin.p == NULL ? json_null() : a_time(f->message_received));
	a_set(&o, "mailbox", a_str(f->origin));
	a_set(&o, "bytes", a_count(f->message_bytes));
	a_set(&o, "kept", json_boolean(f->kept));
	return (a_done(&o));
}

/* The aggregate rows about the same address on the same day. */
static json_t *
rows(struct query *q, const struct query_failure *f, struct err *e)
{
	struct query_failure_rows	 r;
	struct a_obj			 o, ids;

	if (query_failure_rows(q, f, &r, e) == -1)
		return (NULL);
	o = a_object();
	ids = a_array();
	a_set(&o, "messages", a_count(r.messages));
	a_set(&o, "rows", a_count(r.rows));
	for (size_t i = 0; i < r.nreports && i < nitems(r.reports); i++)
		a_add(&ids, a_id(r.reports[i]));
	a_set(&o, "reports", a_done(&ids));
	a_set(&o, "nreports", a_count(r.nreports));
	return (a_done(&o));
}

static json_t *
reveals(struct query *q, int64_t id, struct err *e)
{
	struct query_reveal	*v;
	size_t			 n;
	struct a_obj		 a;

	if (query_reveals(q, id, &v, &n, e) == -1)
		return (NULL);
	a = a_array();
	for (size_t i = 0; i < n; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "time", a_time(v[i].time));
		a_set(&o, "who", a_str(v[i].who));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

struct json_t *
answer_failure(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_failure	 f;
	struct a_obj		 o;
	json_t			*j, *r, *seen = NULL;

	if (query_failure(q, rq->id, rq->reveal, &f, e) == -1 || (r = rows(q, &f, e)) == NULL)
		return (NULL);
	if ((seen = reveals(q, rq->id, e)) == NULL) {
		json_decref(r);
		return (NULL);
	}
	o = a_object();
	item(&o, &f);
	a_set(&o, "quirks", quirks_of(f.report.quirks));
	a_set(&o, "verdict", verdict(&f, true));
	a_set(&o, "arrival", f.report.has_arrival ? a_time(f.report.arrival) : json_null());
	a_set(&o, "arrival_epoch", f.report.has_arrival ? json_integer(f.report.arrival) : json_null());
	a_set(&o, "facts_from", facts(&f.report));
	a_set(&o, "fields", fields(&f.report));
	a_set(&o, "results", results(&f.report));
	a_set(&o, "sample", sample(&f.report));
	a_set(&o, "note", a_str(f.report.t[FT_NOTE]));
	a_set(&o, "mail", report_mail(&f));
	a_set(&o, "redact", a_text(redact_names[f.redact]));
	a_set(&o, "trust_by", trust_by(&f));
	a_set(&o, "rows", r);
	a_set(&o, "reveals", seen);
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

struct json_t *
answer_failure_line(const struct query_failure *f)
{
	const struct failure_report	*r = &f->report;
	struct a_obj			 o = a_object();

	a_set(&o, "id", failure_id(f->id));
	a_set(&o, "type", a_text("failure"));
	a_set(&o, "dialect", a_text(failure_dialect_names[r->dialect]));
	a_set(&o, "class", a_text(failure_class_names[r->class]));
	a_set(&o, "reporter", a_str(f->reporter));
	a_set(&o, "domain", a_str(f->domain));
	a_set(&o, "received", a_time(f->received));
	a_set(&o, "arrived", a_time(r->arrived));
	a_set(&o, "feedback_type", a_str(r->t[FT_FEEDBACK_TYPE]));
	a_set(&o, "auth_failure", a_str(r->t[FT_AUTH_FAILURE]));
	a_set(&o, "source_ip", a_str(r->t[FT_SOURCE_IP]));
	a_set(&o, "ip", a_str(f->ip));
	a_set(&o, "reported_domain", lines(r->t[FT_REPORTED_DOMAIN]));
	a_set(&o, "header_from", a_str(r->t[FT_HEADER_FROM]));
	a_set(&o, "original_mail_from", a_str(r->t[FT_MAIL_FROM]));
	a_set(&o, "from", a_str(r->t[FT_FROM]));
	a_set(&o, "subject", a_str(r->t[FT_SUBJECT]));
	a_set(&o, "arrival", r->has_arrival ? json_integer(r->arrival) : json_null());
	a_set(&o, "delivery", a_text(failure_delivery_names[r->delivery]));
	a_set(&o, "incidents", a_count(r->incidents));
	a_set(&o, "dmarc", a_text(failure_said_names[f->verdict.said]));
	a_set(&o, "verdict", verdict(f, false));
	a_set(&o, "quirks", quirk_names_of(r->quirks));
	a_set(&o, "duplicates", a_count(f->duplicates));
	a_set(&o, "state", a_text(r->quirks == 0 ? "ok" : "ok-with-notes"));
	a_set(&o, "masked", json_boolean(f->masked));
	a_set(&o, "trust", a_text(trust_state_names[trust_state(f->trust)]));
	a_set(&o, "apart", a_text(trust_apart_names[f->apart]));
	return (a_done(&o));
}

bool
answer_failure_id(struct str s, int64_t *out)
{
	if (s.len > 0 && ascii_lower(s.p[0]) == 'f')
		s = (struct str){ s.p + 1, s.len - 1 };
	return (str_i64(s, out) && *out > 0);
}
