/*
 * tls.c - see tls.h.
 */
#include "answer/answer_int.h"
#include "answer/tls.h"
#include "base/escape.h"

#define FAILURES_SHOWN 200
#define MX_SHOWN 100
#define POLICIES_SHOWN 200

/* --- Parameters ----------------------------------------------------------------- */

bool
answer_tls_id(struct str s, int64_t *id)
{
	if (s.len > 1 && s.p[0] == 't') {
		s.p++;
		s.len--;
	}
	return (str_i64(s, id) && *id > 0);
}

bool
answer_tls_knows(struct str key)
{
	return (str_eq(key, STR("policy_type")) || str_eq(key, STR("result")));
}

static bool
bit_of(const char *const *names, unsigned n, struct str word, unsigned *bits)
{
	for (unsigned i = 0; i < n; i++)
		if (str_ieq(word, names[i])) {
			*bits |= 1u << i;
			return (true);
		}
	return (false);
}

int
answer_tls_set(struct answer_request *r, struct str key, struct str value, struct err *e)
{
	bool			 types = str_eq(key, STR("policy_type")), no = value.len > 0 && value.p[0] == '!';
	const char *const	*names = types ? tls_type_names : tls_result_names;
	unsigned		 n = types ? TLS_TYPES : TLS_RESULT_COUNT, bits = 0;
	struct str		 rest = value, one;
	const char		*comma;
	char			 v[128];

	if (no) {
		rest.p++;
		rest.len--;
	}
	do {
		comma = rest.len == 0 ? NULL : memchr(rest.p, ',', rest.len);
		one = (struct str){ rest.p, comma == NULL ? rest.len : (size_t)(comma - rest.p) };
		if (!bit_of(names, n, str_trim(one), &bits))
			return (err_set(e, ERR_CONFIG, "%s: \"%s\" is not one of %s", types ? "policy_type" : "result",
			    esc_short(v, sizeof(v), one), types ? "no-policy-found, sts, tlsa, other" : "the result types of RFC 8460 4.3, or other"));
		if (comma != NULL) {
			rest.len -= (size_t)(comma + 1 - rest.p);
			rest.p = comma + 1;
		}
	} while (comma != NULL);
	if (no)
		bits = ~bits & ((1u << n) - 1);
	/* all but all is nothing: a bit that stands for no type */
	if (bits == 0)
		bits = 1u << 31;
	*(types ? &r->tls_types : &r->tls_results) = bits;
	return (0);
}

static struct query_tls_filter
filter_of(const struct answer_request *rq)
{
	return ((struct query_tls_filter){ &rq->filter, rq->tls_types, rq->tls_results });
}

/* --- Pieces ------------------------------------------------------------------------ */

static json_t *
id_text(int64_t id)
{
	char	 text[32];

	(void)snprintf(text, sizeof(text), "t%lld", (long long)id);
	return (a_text(text));
}

/* A list kept as one text. */
static json_t *
split(struct str s, char by)
{
	struct a_obj	 a = a_array();
	const char	*p;

	while (s.len > 0) {
		p = memchr(s.p, by, s.len);
		a_add(&a, a_str((struct str){ s.p, p == NULL ? s.len : (size_t)(p - s.p) }));
		if (p == NULL)
			break;
		s.len -= (size_t)(p + 1 - s.p);
		s.p = p + 1;
	}
	return (a_done(&a));
}

static void
set_policy(struct a_obj *o, const struct query_tls_policy *p)
{
	a_set(o, "domain", a_str(p->domain));
	a_set(o, "policy_type", a_text(tls_type_names[p->type]));
	a_set(o, "word", a_str(p->word));
	a_set(o, "mode", p->type != TLS_STS || p->mode == STS_UNKNOWN ? json_null() : a_text(sts_mode_names[p->mode]));
	a_set(o, "max_age", p->max_age < 0 ? json_null() : json_integer(p->max_age));
	a_set(o, "mx", split(p->mx, '\n'));
	a_set(o, "policy_string", split(p->lines, '\n'));
}

static void
set_advice(struct a_obj *o, enum tls_result r)
{
	const struct tls_advice	*v = tls_advice(r);

	a_set(o, "group", a_text(v->group));
	a_set(o, "key", a_text(v->key));
	a_set(o, "means", a_text(v->means));
	a_set(o, "remedy", a_text(v->remedy));
}

/* --- Summary ------------------------------------------------------------------------- */

struct totals {
	uint64_t	 success, failure, details, elements;
};

struct summary {
	const struct query_tls_sum	*v;
	size_t				 n;
	struct query_range		 range;
	struct totals			 by_type[TLS_TYPES];
	uint64_t			 by_result[TLS_RESULT_COUNT], n_result[TLS_RESULT_COUNT];
};

static void
add_up(struct summary *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct query_tls_sum	*x = &s->v[i];
		struct totals			*t = &s->by_type[x->type];

		if (x->result < 0) {
			t->success += x->success;
			t->failure += x->failure;
			t->elements += x->n;
		} else {
			t->details += x->failure;
			s->by_result[x->result] += x->failure;
			s->n_result[x->result] += x->n;
		}
	}
}

/* In the order that people read them. */
static const enum tls_policy_type	 type_order[TLS_TYPES] = { TLS_STS, TLS_TLSA, TLS_NO_POLICY, TLS_TYPE_OTHER };

static json_t *
types(const struct summary *s)
{
	struct a_obj	 a = a_array(), o;

	for (size_t i = 0; i < TLS_TYPES; i++) {
		const struct totals	*t = &s->by_type[type_order[i]];

		if (t->elements == 0)
			continue;
		o = a_object();
		a_set(&o, "policy_type", a_text(tls_type_names[type_order[i]]));
		a_set(&o, "successful", a_count(t->success));
		a_set(&o, "failed", a_count(t->failure));
		a_set(&o, "detail_failures", a_count(t->details));
		a_set(&o, "tls_ok", a_rate(t->success, t->success + t->failure));
		a_set(&o, "policies", a_count(t->elements));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

/* One pair of lists for each type: a number for each day of the range. */
static json_t *
series(const struct summary *s, struct err *e)
{
	size_t		 ndays = (size_t)(s->range.to - s->range.from) + 1;
	uint64_t	*v = calloc(ndays * TLS_TYPES * 2 + 1, sizeof(*v));
	struct a_obj	 a = a_array(), o, lists[2];

	if (v == NULL) {
		json_decref(a_done(&a));
		return (answer_oom(e));
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct query_tls_sum	*x = &s->v[i];
		size_t				 at = ((size_t)x->type * ndays + (size_t)(x->day - s->range.from)) * 2;

		if (x->result < 0) {
			v[at] += x->success;
			v[at + 1] += x->failure;
		}
	}
	for (size_t i = 0; i < TLS_TYPES; i++) {
		if (s->by_type[type_order[i]].elements == 0)
			continue;
		lists[0] = a_array();
		lists[1] = a_array();
		for (size_t d = 0; d < ndays * 2; d++)
			a_add(&lists[d % 2], a_count(v[(size_t)type_order[i] * ndays * 2 + d]));
		o = a_object();
		a_set(&o, "policy_type", a_text(tls_type_names[type_order[i]]));
		a_set(&o, "successful", a_done(&lists[0]));
		a_set(&o, "failed", a_done(&lists[1]));
		a_add(&a, a_done(&o));
	}
	free(v);
	return (a_done(&a));
}

static json_t *
day_list(const struct query_range *r)
{
	struct a_obj	 a = a_array();

	for (int64_t d = r->from; d <= r->to; d++)
		a_add(&a, a_day(d));
	return (a_done(&a));
}

static json_t *
results(const struct summary *s)
{
	struct a_obj	 a = a_array(), o;
	bool		 shown[TLS_RESULT_COUNT] = { false };

	/* the largest first; twelve of them need no sorting in style */
	for (unsigned k = 0; k < TLS_RESULT_COUNT; k++) {
		unsigned	 best = TLS_RESULT_COUNT;

		for (unsigned i = 0; i < TLS_RESULT_COUNT; i++)
			if (!shown[i] && s->n_result[i] > 0 && (best == TLS_RESULT_COUNT || s->by_result[i] > s->by_result[best]))
				best = i;
		if (best == TLS_RESULT_COUNT)
			break;
		shown[best] = true;
		o = a_object();
		a_set(&o, "result", a_text(tls_result_names[best]));
		a_set(&o, "failed", a_count(s->by_result[best]));
		a_set(&o, "details", a_count(s->n_result[best]));
		set_advice(&o, (enum tls_result)best);
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static json_t *
failures(struct query *q, const struct query_tls_filter *f, const struct query_range *r, bool by_mx, struct err *e)
{
	struct query_tls_failure	*v;
	size_t				 n;
	struct a_obj			 a = a_array(), o;

	if (query_tls_failures(q, f, r, by_mx, by_mx ? MX_SHOWN : FAILURES_SHOWN, &v, &n, e) == -1) {
		json_decref(a_done(&a));
		return (NULL);
	}
	for (size_t i = 0; i < n; i++) {
		o = a_object();
		a_set(&o, "domain", a_str(v[i].domain));
		if (!by_mx)
			a_set(&o, "policy_type", a_text(tls_type_names[v[i].type]));
		a_set(&o, "result", a_text(tls_result_names[v[i].result]));
		a_set(&o, "word", a_str(v[i].word));
		a_set(&o, "mx", a_str(v[i].mx));
		if (!by_mx) {
			a_set(&o, "receiving_ip", a_str(v[i].receiving));
			a_set(&o, "sending_ip", a_str(v[i].sending));
			a_set(&o, "reason_code", a_str(v[i].reason));
		}
		a_set(&o, "failed", a_count(v[i].count));
		a_set(&o, "details", a_count(v[i].details));
		a_set(&o, "reports", a_count(v[i].reports));
		a_set(&o, "reporters", a_count(v[i].reporters));
		a_set(&o, "first_day", a_day(v[i].first_day));
		a_set(&o, "last_day", a_day(v[i].last_day));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static json_t *
policies(struct query *q, const struct query_tls_filter *f, const struct query_range *r, struct err *e)
{
	struct query_tls_seen	*v;
	size_t			 n;
	struct a_obj		 a = a_array(), o;

	if (query_tls_policies(q, f, r, POLICIES_SHOWN, &v, &n, e) == -1) {
		json_decref(a_done(&a));
		return (NULL);
	}
	for (size_t i = 0; i < n; i++) {
		o = a_object();
		set_policy(&o, &v[i].policy);
		a_set(&o, "first_day", a_day(v[i].first_day));
		a_set(&o, "last_day", a_day(v[i].last_day));
		a_set(&o, "reporters", a_count(v[i].reporters));
		a_set(&o, "reports", a_count(v[i].reports));
		a_set(&o, "successful", a_count(v[i].success));
		a_set(&o, "failed", a_count(v[i].failure));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

/* What reports saw as the mode of a domain's sts policy, day by day. */
static json_t *
modes(const struct summary *s)
{
	struct a_obj	 a = a_array(), domain = { NULL, false }, days = { NULL, false }, day = { NULL, false };
	struct str	 name = STR_NONE;
	int64_t		 at = DAY_NONE;
	uint64_t	 n[STS_MODES] = { 0 };

	for (size_t i = 0; i <= s->n; i++) {
		const struct query_tls_sum	*x = i < s->n ? &s->v[i] : NULL;
		bool				 other = x == NULL || !str_eq(x->domain, name);

		if (x != NULL && (x->type != TLS_STS || x->result >= 0))
			continue;
		if (at != DAY_NONE && (other || x->day != at)) {
			day = a_object();
			a_set(&day, "day", a_day(at));
			for (unsigned m = STS_ENFORCE; m < STS_MODES; m++)
				a_set(&day, sts_mode_names[m], a_count(n[m]));
			a_set(&day, "unknown", a_count(n[STS_UNKNOWN]));
			a_add(&days, a_done(&day));
			memset(n, 0, sizeof(n));
		}
		if (other && name.p != NULL) {
			domain = a_object();
			a_set(&domain, "domain", a_str(name));
			a_set(&domain, "days", a_done(&days));
			a_add(&a, a_done(&domain));
		}
		if (x == NULL)
			break;
		if (other)
			days = a_array();
		name = x->domain;
		at = x->day;
		n[x->mode] += x->n;
	}
	return (a_done(&a));
}

static json_t *
check(const char *key, bool ok, json_t *have, json_t *need)
{
	struct a_obj	 o = a_object();

	a_set(&o, "key", a_text(key));
	a_set(&o, "ok", json_boolean(ok));
	a_set(&o, "have", have);
	a_set(&o, "need", need);
	return (a_done(&o));
}

json_t *
answer_tls_ready(const struct query_tls_ready *x)
{
	const struct tls_ready	*r = &x->ready;
	struct a_obj		 o = a_object(), c = a_array();
	char			 key[64];

	(void)snprintf(key, sizeof(key), "tls.ready.%s", tls_ready_names[r->state]);
	a_add(&c, check("days", r->days_ok, a_count(r->testing_days), a_count(TLS_READY_DAYS)));
	a_add(&c, check("reporters", r->reporters_ok, a_count(x->facts.reporters), a_count(TLS_READY_REPORTERS)));
	a_add(&c, check("rate", r->rate_ok, a_rate(x->facts.failed, x->facts.sessions), a_rate(TLS_READY_PER_MILLE, 1000)));
	a_add(&c, check("own_mx", r->own_mx_ok, a_count(x->facts.own_mx), a_count(0)));
	a_set(&o, "domain", a_str(x->domain));
	a_set(&o, "state", a_text(tls_ready_names[r->state]));
	a_set(&o, "key", a_text(key));
	a_set(&o, "text", a_text(tls_ready_texts[r->state]));
	a_set(&o, "mode", r->mode == STS_UNKNOWN ? json_null() : a_text(sts_mode_names[r->mode]));
	a_set(&o, "testing_since", r->testing_since == 0 ? json_null() : a_day(r->testing_since));
	a_set(&o, "from", a_day(x->from));
	a_set(&o, "to", a_day(x->to));
	a_set(&o, "sessions", a_count(x->facts.sessions));
	a_set(&o, "failed", a_count(x->facts.failed));
	a_set(&o, "checks", a_done(&c));
	return (a_done(&o));
}

static json_t *
ready(struct query *q, const struct query_tls_filter *f, const struct query_range *r, struct err *e)
{
	struct query_tls_ready	*v;
	size_t			 n;
	struct a_obj		 a = a_array();

	if (query_tls_ready(q, f, r, &v, &n, e) == -1) {
		json_decref(a_done(&a));
		return (NULL);
	}
	for (size_t i = 0; i < n; i++)
		a_add(&a, answer_tls_ready(&v[i]));
	return (a_done(&a));
}

json_t *
answer_tls_summary(struct query *q, const struct answer_request *rq, struct err *e)
{
	const struct query_tls_filter	 f = filter_of(rq);
	struct summary			 s = { .v = NULL };
	struct query_tls_sum		*v;
	uint64_t			 reporters = 0, reports = 0;
	struct a_obj			 o;
	json_t				*part[5] = { NULL }, *j;

	if (query_tls_range(q, f.base, &s.range, e) == -1)
		return (NULL);
	if (s.range.to - s.range.from >= 36600) {
		(void)err_set(e, ERR_CONFIG, "from, to: more than a hundred years");
		return (NULL);
	}
	if (query_tls_sums(q, &f, &s.range, &v, &s.n, e) == -1 || query_tls_reporters(q, &f, &s.range, &reporters, &reports, e) == -1)
		return (NULL);
	s.v = v;
	add_up(&s);
	if ((part[0] = series(&s, e)) == NULL || (part[1] = failures(q, &f, &s.range, false, e)) == NULL ||
	    (part[2] = failures(q, &f, &s.range, true, e)) == NULL || (part[3] = policies(q, &f, &s.range, e)) == NULL ||
	    (part[4] = ready(q, &f, &s.range, e)) == NULL) {
		for (size_t i = 0; i < nitems(part); i++)
			json_decref(part[i]);
		return (e->code == ERR_NONE ? answer_oom(e) : NULL);
	}
	o = a_object();
	a_set(&o, "from", a_day(s.range.from));
	a_set(&o, "to", a_day(s.range.to));
	a_set(&o, "reports", a_count(reports));
	a_set(&o, "reporters", a_count(reporters));
	a_set(&o, "types", types(&s));
	a_set(&o, "days", day_list(&s.range));
	a_set(&o, "series", part[0]);
	a_set(&o, "results", results(&s));
	a_set(&o, "failures", part[1]);
	a_set(&o, "mx", part[2]);
	a_set(&o, "policies", part[3]);
	a_set(&o, "modes", modes(&s));
	a_set(&o, "ready", part[4]);
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- Reports -------------------------------------------------------------------------- */

static const char *
state_name(const struct query_tls_report *r)
{
	return (r->superseded_by != 0 ? "superseded" : report_state_names[r->state]);
}

static json_t *
quirk_list(uint64_t bits, bool names_only)
{
	struct a_obj	 a = a_array(), one;

	for (int i = 0; i < TLS_QUIRK_COUNT; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		if (names_only) {
			a_add(&a, a_text(tls_quirk_names[i]));
			continue;
		}
		one = a_object();
		a_set(&one, "name", a_text(tls_quirk_names[i]));
		a_set(&one, "text", a_text(tls_quirk_texts[i]));
		a_add(&a, a_done(&one));
	}
	return (a_done(&a));
}

static int
set_types(struct query *q, int64_t id, struct a_obj *o, struct err *e)
{
	struct query_tls_element	*v;
	struct totals			 t[TLS_TYPES] = { { 0 } };
	struct a_obj			 a, one;
	size_t				 n;

	if (query_tls_elements(q, id, &v, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		t[v[i].policy.type].success += v[i].success;
		t[v[i].policy.type].failure += v[i].failure;
		t[v[i].policy.type].elements++;
	}
	a = a_array();
	for (size_t i = 0; i < TLS_TYPES; i++) {
		if (t[type_order[i]].elements == 0)
			continue;
		one = a_object();
		a_set(&one, "policy_type", a_text(tls_type_names[type_order[i]]));
		a_set(&one, "successful", a_count(t[type_order[i]].success));
		a_set(&one, "failed", a_count(t[type_order[i]].failure));
		a_add(&a, a_done(&one));
	}
	a_set(o, "types", a_done(&a));
	return (0);
}

static int
set_item(struct query *q, const struct query_tls_report *r, struct a_obj *o, struct err *e)
{
	a_set(o, "id", id_text(r->id));
	a_set(o, "reporter", a_reporter(r->reporter, r->reporter_label));
	a_set(o, "org_name", a_str(r->org_name));
	a_set(o, "contact_info", a_str(r->contact_info));
	a_set(o, "report_id", a_str(r->report_id));
	a_set(o, "domains", split(r->domains, ' '));
	a_set(o, "begin", a_time(r->begin));
	a_set(o, "end", a_time(r->end));
	a_set(o, "day", a_day(r->day));
	a_set(o, "received", a_time(r->received));
	a_set(o, "policies", a_count(r->policies));
	a_set(o, "successful", a_count(r->success));
	a_set(o, "failed", a_count(r->failure));
	a_set(o, "detail_failures", a_count(r->details));
	a_set(o, "details", a_count(r->ndetails));
	a_set(o, "state", a_text(state_name(r)));
	a_set(o, "quirks", quirk_list(r->quirks, false));
	a_set(o, "duplicates", a_count(r->duplicates));
	a_set(o, "trust", a_text(trust_state_names[trust_state(r->trust)]));
	a_set(o, "apart", a_text(trust_apart_names[r->apart]));
	return (set_types(q, r->id, o, e));
}

json_t *
answer_tls_reports(struct query *q, const struct answer_request *rq, struct err *e)
{
	const struct query_page		 page = { .sort = rq->sort, .cursor = rq->cursor, .limit = rq->limit };
	const struct query_tls_filter	 f = filter_of(rq);
	struct query_range		 r;
	struct query_reports		 list;
	struct query_tls_report		 one;
	struct a_obj			 o, items, item, total;
	json_t				*j;

	if (query_tls_range(q, f.base, &r, e) == -1 || query_tls_reports(q, &f, &r, false, &page, &list, e) == -1)
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < list.nids; i++) {
		item = a_object();
		if (query_tls_report(q, list.ids[i], &one, e) == -1 || set_item(q, &one, &item, e) == -1) {
			json_decref(a_done(&item));
			json_decref(a_done(&items));
			return (NULL);
		}
		a_add(&items, a_done(&item));
	}
	o = a_object();
	a_set(&o, "from", a_day(r.from));
	a_set(&o, "to", a_day(r.to));
	a_set(&o, "items", a_done(&items));
	a_set(&o, "next", a_text(list.next));
	if (rq->total) {
		total = a_object();
		a_set(&total, "n", a_count(list.total_n));
		a_set(&o, "total", a_done(&total));
	}
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

static json_t *
detail(const struct query_tls_detail *d)
{
	struct a_obj	 o = a_object();

	a_set(&o, "seq", a_count(d->seq));
	a_set(&o, "result", a_text(tls_result_names[d->result]));
	a_set(&o, "word", a_str(d->word));
	a_set(&o, "failed", a_count(d->count));
	a_set(&o, "mx", a_str(d->mx));
	a_set(&o, "helo", a_str(d->helo));
	a_set(&o, "receiving_ip", a_str(d->receiving));
	a_set(&o, "sending_ip", a_str(d->sending));
	a_set(&o, "reason_code", a_str(d->reason));
	a_set(&o, "info", a_str(d->info));
	return (a_done(&o));
}

/* The details of each element stand with it; both come in order. limit 0: all of them; met, shown: of these. */
static json_t *
elements(struct query *q, int64_t id, size_t limit, bool met[TLS_RESULT_COUNT], size_t *shown, struct err *e)
{
	struct query_tls_element	*v;
	struct query_tls_detail		*d;
	size_t				 n, at = 0;
	struct a_obj			 a, one, list;

	if (query_tls_elements(q, id, &v, &n, e) == -1 || query_tls_details(q, id, limit, &d, shown, e) == -1)
		return (NULL);
	a = a_array();
	for (size_t i = 0; i < n; i++) {
		one = a_object();
		list = a_array();
		a_set(&one, "seq", a_count(v[i].seq));
		set_policy(&one, &v[i].policy);
		a_set(&one, "domain_derived", json_boolean(v[i].derived));
		a_set(&one, "successful", a_count(v[i].success));
		a_set(&one, "failed", a_count(v[i].failure));
		a_set(&one, "detail_failures", a_count(v[i].details));
		for (; at < *shown && d[at].element <= v[i].seq; at++)
			if (d[at].element == v[i].seq) {
				a_add(&list, detail(&d[at]));
				met[d[at].result] = true;
			}
		a_set(&one, "details", a_done(&list));
		a_add(&a, a_done(&one));
	}
	if (a.failed)
		(void)err_set(e, ERR_TEMP, "out of memory");
	return (a_done(&a));
}

static int
set_elements(struct query *q, int64_t id, struct a_obj *o, struct err *e)
{
	bool		 met[TLS_RESULT_COUNT] = { false };
	size_t		 shown;
	struct a_obj	 a, advice;
	json_t		*j;

	if ((j = elements(q, id, ANSWER_TLS_DETAILS, met, &shown, e)) == NULL)
		return (-1);
	a_set(o, "elements", j);
	a_set(o, "details_shown", a_count(shown));
	a = a_array();
	for (unsigned r = 0; r < TLS_RESULT_COUNT; r++)
		if (met[r]) {
			advice = a_object();
			a_set(&advice, "result", a_text(tls_result_names[r]));
			set_advice(&advice, (enum tls_result)r);
			a_add(&a, a_done(&advice));
		}
	a_set(o, "advice", a_done(&a));
	return (0);
}

/* [[policy, detail, line, reason], ...] of the store, our own writing, as objects. */
static json_t *
refused(struct str text)
{
	static const char *const	 keys[] = { "policy", "detail", "line" };
	struct a_obj			 a = a_array();
	json_t				*all = text.p == NULL ? NULL : json_loadb(text.p, text.len, 0, NULL), *one;
	size_t				 i;

	json_array_foreach(all, i, one) {
		struct a_obj	 o = a_object();
		const char	*reason = json_string_value(json_array_get(one, 3));

		for (size_t k = 0; k < nitems(keys); k++)
			a_set(&o, keys[k], json_integer(json_integer_value(json_array_get(one, k))));
		a_set(&o, "reason", a_text(reason == NULL ? "" : reason));
		a_add(&a, a_done(&o));
	}
	json_decref(all);
	return (a_done(&a));
}

static int
set_versions(struct query *q, int64_t id, struct a_obj *o, struct err *e)
{
	struct query_tls_report	 v;
	struct a_obj		 a, one;
	int64_t			*ids;
	size_t			 n;

	if (query_tls_versions(q, id, &ids, &n, e) == -1)
		return (-1);
	a = a_array();
	for (size_t i = 0; i < n; i++) {
		if (query_tls_report(q, ids[i], &v, e) == -1) {
			json_decref(a_done(&a));
			return (-1);
		}
		one = a_object();
		a_set(&one, "id", id_text(v.id));
		a_set(&one, "state", a_text(state_name(&v)));
		a_set(&one, "received", a_time(v.received));
		a_set(&one, "successful", a_count(v.success));
		a_set(&one, "failed", a_count(v.failure));
		a_add(&a, a_done(&one));
	}
	a_set(o, "versions", a_done(&a));
	return (0);
}

json_t *
answer_tls_report(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_tls_report	 r;
	struct a_obj		 o, raw;
	json_t			*j;

	if (query_tls_report(q, rq->id, &r, e) == -1)
		return (NULL);
	o = a_object();
	if (set_item(q, &r, &o, e) == -1 || set_elements(q, r.id, &o, e) == -1 || set_versions(q, r.id, &o, e) == -1) {
		json_decref(a_done(&o));
		return (NULL);
	}
	raw = a_object();
	a_set(&raw, "json", json_boolean(r.kept));
	a_set(&raw, "original", json_boolean(r.kept));
	a_set(&raw, "mail", json_boolean(r.kept));
	a_set(&o, "submitter", a_str(r.submitter));
	a_set(&o, "refused", refused(r.refused));
	a_set(&o, "message", a_message(r.message_received, r.origin, r.message_bytes, r.token));
	a_set(&o, "raw", a_done(&raw));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

json_t *
answer_tls_line(const struct query_tls_report *r)
{
	struct a_obj	 o = a_object();

	a_set(&o, "id", id_text(r->id));
	a_set(&o, "type", a_text("tls"));
	a_set(&o, "dialect", a_text("rfc8460"));
	a_set(&o, "org_name", a_str(r->org_name));
	a_set(&o, "email", a_str(r->contact_info));
	a_set(&o, "report_id", a_str(r->report_id));
	a_set(&o, "domain", a_str(r->domains));
	a_set(&o, "begin", json_integer(r->begin));
	a_set(&o, "end", json_integer(r->end));
	a_set(&o, "received", a_time(r->received));
	a_set(&o, "policies", a_count(r->policies));
	a_set(&o, "successful_sessions", a_count(r->success));
	a_set(&o, "failed_sessions", a_count(r->failure));
	a_set(&o, "detail_failures", a_count(r->details));
	a_set(&o, "quirks", quirk_list(r->quirks, true));
	a_set(&o, "duplicates", a_count(r->duplicates));
	a_set(&o, "state", a_text(state_name(r)));
	a_set(&o, "trust", a_text(trust_state_names[trust_state(r->trust)]));
	a_set(&o, "apart", a_text(trust_apart_names[r->apart]));
	return (a_done(&o));
}

json_t *
answer_tls_whole(struct query *q, const struct query_tls_report *r, struct err *e)
{
	bool		 met[TLS_RESULT_COUNT];
	size_t		 shown;
	json_t		*j = answer_tls_line(r), *v;

	if (j == NULL)
		return (answer_oom(e));
	if ((v = elements(q, r->id, 0, met, &shown, e)) == NULL) {
		json_decref(j);
		return (NULL);
	}
	if (json_object_set_new(j, "elements", v) == -1) {
		json_decref(j);
		return (answer_oom(e));
	}
	return (j);
}
