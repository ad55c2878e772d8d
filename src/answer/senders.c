/*
 * senders.c - who sends: the list of senders, and one of them in full.
 */
#include <math.h>

#include "answer/answer_int.h"
#include "base/when.h"
#include "enrich/catalogue.h"

#define ADDRESSES	100	/* of a sender in full */
#define NAMES		50

static const char *
legs_word(const struct query_leg *l, uint64_t m)
{
	if (m == 0)
		return ("none");
	if (l->aligned * 100 >= m * 90)
		return ("aligned");
	if (l->aligned > 0)
		return ("partly");
	if (l->pass * 2 > m)
		return ("other_domain");
	if (l->fail * 2 > m)
		return ("fail");
	return ((l->none + l->absent) * 2 > m ? "none" : l->error * 2 > m ? "error" : "mixed");
}

static json_t *
evidence(struct str text)
{
	json_t		*raw = text.len == 0 ? NULL : json_loadb(text.p, text.len, 0, NULL), *v;
	struct a_obj	 a = a_array();
	size_t		 i;

	json_array_foreach(raw, i, v) {
		struct a_obj	 o = a_object();

		a_set(&o, "by", json_incref(json_array_get(v, 0)));
		a_set(&o, "what", json_incref(json_array_get(v, 1)));
		a_set(&o, "m", json_incref(json_array_get(v, 2)));
		a_add(&a, a_done(&o));
	}
	json_decref(raw);
	return (a_done(&a));
}

/* What it is to one domain. */
static json_t *
domain_json(const struct query_sender_domain *d)
{
	struct a_obj	 o = a_object();

	a_set(&o, "domain", a_str(d->domain));
	a_set(&o, "class", a_text(sender_class_names[d->class]));
	a_set(&o, "class_by", a_text(d->decided ? "user" : "auto"));
	a_set(&o, "inferred", a_text(sender_class_names[d->inferred]));
	a_set(&o, "confidence", a_text(confidence_names[d->confidence]));
	a_set(&o, "evidence", evidence(d->evidence));
	a_set(&o, "sources", a_count(d->sources));
	a_set(&o, "m", a_count(d->m));
	a_set(&o, "first_day", a_day(d->first_day));
	a_set(&o, "last_day", a_day(d->last_day));
	a_set(&o, "note", a_str(d->note));
	a_set(&o, "decided_by", a_str(d->who));
	a_set(&o, "decided_at", d->decided ? a_time(d->decided_at) : json_null());
	a_set(&o, "decision", d->decided ? a_id(d->decision) : json_null());
	a_set(&o, "decided_for", d->decided ? a_text(d->for_all ? "all" : "domain") : json_null());
	return (a_done(&o));
}

static json_t *
codes(const struct query_group *g)
{
	struct a_obj	 a = a_array();

	for (int i = 0; i < 3 && g->codes[i].key.p != NULL; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "code", a_str(g->codes[i].key));
		a_set(&o, "m", a_count(g->codes[i].m));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

/* The domain with most of its mail among those where it is what the filter asks for. */
static const struct query_sender_domain *
fitting(const struct query_sender *s, const struct query_filter *f)
{
	for (size_t i = 0; i < s->ndomains; i++) {
		bool	 fits = true;

		for (size_t k = 0; k < f->nclauses && fits; k++) {
			const struct query_clause	*c = &f->clauses[k];
			bool				 hit = false;

			for (size_t v = 0; v < c->nvalues; v++)
				hit |= c->values[v].number == (uint64_t)s->domains[i].class;
			fits = c->key != QK_CLASS || hit != c->negated;
		}
		if (fits)
			return (&s->domains[i]);
	}
	return (s->domains);
}

static const struct query_sender_domain	 no_domain = { .class = CLASS_UNKNOWN, .inferred = CLASS_UNKNOWN };

/*
 * One sender with its figures in the range. Over several domains it is called
 * what it is to the one with most of its mail; the others stand in domains.
 */
static void
who_fields(struct a_obj *o, const struct query_sender *s, const struct query_sender_domain *d)
{
	struct a_obj	 domains = a_array();

	a_set(o, "id", a_id(s->id));
	a_set(o, "label", a_str(s->label));
	a_set(o, "key", a_str(s->key));
	a_set(o, "kind", a_text(sender_kind_names[s->kind]));
	a_set(o, "class", a_text(sender_class_names[d->class]));
	a_set(o, "class_label", a_text(sender_class_labels[d->class]));
	a_set(o, "class_by", a_text(d->decided ? "user" : "auto"));
	a_set(o, "confidence", a_text(confidence_names[d->confidence]));
	a_set(o, "inferred", a_text(sender_class_names[d->inferred]));
	a_set(o, "identity", a_text(confidence_names[d->identity]));
	a_set(o, "evidence", evidence(d->evidence));
	a_set(o, "note", a_str(d->note));
	a_set(o, "last_decision", s->last == 0 ? json_null() : a_id(s->last));
	for (size_t i = 0; i < s->ndomains; i++)
		a_add(&domains, domain_json(&s->domains[i]));
	a_set(o, "domains", a_done(&domains));
}

static json_t *
countries(const struct query_countries *w)
{
	struct a_obj	 a = a_array();

	for (unsigned i = 0; i < w->n; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "country", a_text(w->code[i]));
		a_set(&o, "addresses", a_count(w->addresses[i]));
		a_set(&o, "share", a_rate(w->addresses[i], w->total));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static void
sender_fields(struct a_obj *o, const struct query_sender *s, const struct query_group *g, const struct query_filter *f,
    const struct query_range *r)
{
	const struct query_counts	*c = &g->counts;
	struct a_obj			 legs = a_object();

	who_fields(o, s, s->ndomains > 0 ? fitting(s, f) : &no_domain);
	a_set(o, "health", a_text(sender_health_names[health_of(c->m, query_passing(c), c->both + c->spf_only, c->both + c->dkim_only,
	    g->last_day == DAY_NONE ? 0 : r->to - g->last_day)]));
	a_set(o, "counts", a_counts(c));
	a_set(o, "pass_rate", a_rate(query_passing(c), c->m));
	a_set(&legs, "spf", a_text(legs_word(&g->legs.spf, c->m)));
	a_set(&legs, "dkim", a_text(legs_word(&g->legs.dkim, c->m)));
	a_set(o, "legs", a_done(&legs));
	a_set(o, "codes", codes(g));
	a_set(o, "countries", countries(&g->countries));
	a_set(o, "countries_n", a_count(g->countries.all));
	a_set(o, "first_day", a_day(g->first_day));
	a_set(o, "last_day", a_day(g->last_day));
}

struct json_t *
answer_sender_short(struct query *q, int64_t id, struct err *e)
{
	struct query_sender	 s;
	struct a_obj		 o;
	json_t			*j;

	if (query_sender(q, id, NULL, &s, e) == -1)
		return (NULL);
	o = a_object();
	who_fields(&o, &s, s.ndomains > 0 ? &s.domains[0] : &no_domain);
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* Sources that nobody has looked at yet are a line without a number. */
static int
sender_of_group(struct query *q, const struct query_group *g, const struct query_filter *f, struct query_sender *s, struct err *e)
{
	int64_t	 id;

	memset(s, 0, sizeof(*s));
	if (!str_i64(g->key, &id))
		return (err_set(e, ERR_BUG, "a sender has no number"));
	if (id == 0) {
		s->key = STR("new");
		s->label = g->label;
		return (0);
	}
	return (query_sender(q, id, f, s, e));
}

struct json_t *
answer_sender_line(struct query *q, const struct query_group *g, const struct query_filter *f, const struct query_range *r, struct err *e)
{
	struct query_sender	 s;
	struct a_obj		 o;
	json_t			*j;

	if (sender_of_group(q, g, f, &s, e) == -1)
		return (NULL);
	o = a_object();
	sender_fields(&o, &s, g, f, r);
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

struct json_t *
answer_senders(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_page	 page = { .sort = rq->sort[0] == '\0' ? NULL : rq->sort, .cursor = rq->cursor[0] == '\0' ? NULL : rq->cursor,
				    .limit = rq->limit };
	struct query_range	 r;
	struct query_breakdown	 b;
	struct a_obj		 o, items;
	json_t			*j;

	if (query_filter_range(q, &rq->filter, &r, e) == -1 || query_breakdown(q, &rq->filter, &r, BY_SENDER, &page, &b, e) == -1 ||
	    query_groups_countries(q, &rq->filter, &r, b.items, b.nitems, e) == -1)
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < b.nitems; i++) {
		if ((j = answer_sender_line(q, &b.items[i], &rq->filter, &r, e)) == NULL) {
			json_decref(a_done(&items));
			return (NULL);
		}
		a_add(&items, j);
	}
	o = a_object();
	a_set(&o, "from", a_day(r.from));
	a_set(&o, "to", a_day(r.to));
	a_set(&o, "items", a_done(&items));
	a_set(&o, "total", a_count(b.total_n));
	a_set(&o, "next", a_text(b.next));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- One of them ------------------------------------------------------------------------ */

static json_t *
groups(struct query *q, const struct answer_request *rq, const struct query_range *r, enum query_by by, size_t limit, struct err *e)
{
	struct query_page	 page = { .limit = limit };
	struct query_breakdown	 b;
	struct places_about	 about;
	struct a_obj		 a;
	json_t			*j;

	places_about(places_used(), PLACES_NETWORK, &about);
	if (by == BY_ASN && !about.there)
		return (json_array());
	if (query_breakdown(q, &rq->filter, r, by, &page, &b, e) == -1 ||
	    (by == BY_IP && query_groups_hosts(q, b.items, b.nitems, e) == -1))
		return (NULL);
	a = a_array();
	for (size_t i = 0; i < b.nitems; i++)
		a_add(&a, answer_group(&b.items[i], by));
	return ((j = a_done(&a)) == NULL ? answer_oom(e) : j);
}

static json_t *
pairs(struct query *q, const struct answer_request *rq, const struct query_range *r, struct err *e)
{
	static const char *const	 relations[] = { [PAIR_OTHER] = "other", [PAIR_RELATED] = "related", [PAIR_SAME] = "same" };
	struct query_pairs		 p;
	struct a_obj			 o, items, rest;
	json_t				*j;

	if (query_pairs(q, &rq->filter, r, NAMES, &p, e) == -1)
		return (NULL);
	items = a_array();
	for (const struct query_pair *v = p.items; v < p.items + p.nitems; v++) {
		o = a_object();
		a_set(&o, "from", a_str(v->from));
		a_set(&o, "bounce", a_str(v->bounce));
		a_set(&o, "relation", a_text(relations[v->relation]));
		a_set(&o, "counts", a_counts(&v->counts));
		a_set(&o, "legs", a_legs(&v->legs));
		a_set(&o, "first_day", a_day(v->first_day));
		a_set(&o, "last_day", a_day(v->last_day));
		a_add(&items, a_done(&o));
	}
	rest = a_object();
	a_set(&rest, "n", a_count(p.other_n));
	a_set(&rest, "m", a_count(p.other_m));
	o = a_object();
	a_set(&o, "items", a_done(&items));
	a_set(&o, "other", a_done(&rest));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* How its own settings call things, where we know it. */
static json_t *
setup(struct str key)
{
	struct err			 e = { 0 };
	struct catalogue		*c;
	const struct catalogue_entry	*n = NULL;
	struct a_obj			 o;
	json_t				*j = NULL;

	if (!str_starts(key, "known:") || (c = catalogue_builtin(&e)) == NULL)
		return (json_null());
	n = catalogue_named(c, (struct str){ key.p + 6, key.len - 6 });
	if (n != NULL && n->setup_dkim != NULL) {
		o = a_object();
		a_set(&o, "aligns", a_text(sender_aligns_names[n->aligns]));
		a_set(&o, "dkim", a_text(n->setup_dkim));
		a_set(&o, "return_path", a_text(n->setup_path));
		j = a_done(&o);
	}
	catalogue_free(c);
	return (j == NULL ? json_null() : j);
}

struct json_t *
answer_sender(struct query *q, const struct answer_request *rq, struct err *e)
{
	static const struct { const char *name; enum query_by by; size_t limit; } parts[] = {
		{ "ips", BY_IP, ADDRESSES }, { "selectors", BY_SELECTOR, NAMES }, { "header_from", BY_HFROM, NAMES },
		{ "envelope_from", BY_EFROM, NAMES }, { "sigdomains", BY_SIGDOMAIN, NAMES }, { "reporters", BY_REPORTER, NAMES },
		{ "codes_all", BY_CODE, NAMES }, { "networks", BY_ASN, NAMES }
	};
	struct query_page	 page = { .limit = 1 };
	struct query_range	 r;
	struct query_breakdown	 b;
	struct query_sender	 s;
	struct query_group	 none = { .first_day = DAY_NONE, .last_day = DAY_NONE };
	struct a_obj		 o;
	json_t			*j;

	if (query_sender(q, rq->id, &rq->filter, &s, e) == -1 || query_filter_range(q, &rq->filter, &r, e) == -1 ||
	    query_breakdown(q, &rq->filter, &r, BY_SENDER, &page, &b, e) == -1 ||
	    query_groups_countries(q, &rq->filter, &r, b.items, b.nitems, e) == -1)
		return (NULL);
	o = a_object();
	a_set(&o, "from", a_day(r.from));
	a_set(&o, "to", a_day(r.to));
	sender_fields(&o, &s, b.nitems > 0 ? &b.items[0] : &none, &rq->filter, &r);
	a_set(&o, "setup", setup(s.key));
	for (size_t i = 0; i < nitems(parts); i++) {
		if ((j = groups(q, rq, &r, parts[i].by, parts[i].limit, e)) == NULL) {
			json_decref(a_done(&o));
			return (NULL);
		}
		a_set(&o, parts[i].name, j);
	}
	if ((j = pairs(q, rq, &r, e)) == NULL) {
		json_decref(a_done(&o));
		return (NULL);
	}
	a_set(&o, "pairs", j);
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- For others -------------------------------------------------------------------------- */

json_t *
answer_whose(const struct query_whose *w)
{
	struct a_obj	 o;

	if (w->id == 0)
		return (json_null());
	o = a_object();
	a_set(&o, "id", a_id(w->id));
	a_set(&o, "label", a_str(w->label));
	a_set(&o, "class", a_text(sender_class_names[w->class]));
	return (a_done(&o));
}

int
answer_groups_senders(struct query *q, const struct query_filter *f, const struct query_breakdown *b, json_t *items, struct err *e)
{
	struct query_whose	 w;

	for (size_t i = 0; i < b->nitems; i++) {
		if (query_source_sender(q, f, b->items[i].key, &w, e) == -1)
			return (-1);
		if (json_object_set_new(json_array_get(items, i), "sender", answer_whose(&w)) == -1) {
			(void)answer_oom(e);
			return (-1);
		}
	}
	return (0);
}

/* The lower end of the 95 % Wilson interval: so much of it passes for certain. */
static json_t *
wilson(uint64_t part, uint64_t whole)
{
	const double	 z = 1.959964, n = (double)whole, p = (double)part / n;

	if (whole == 0)
		return (json_null());
	return (json_real(fmax(0, (p + z * z / (2 * n) - z * sqrt((p * (1 - p) + z * z / (4 * n)) / n)) / (1 + z * z / n))));
}

int
answer_sender_rates(const struct query_counts *now, const struct query_counts *prev, json_t *rates, struct err *e)
{
	if (json_object_set_new(rates, "legit_pass", a_rate(now->yours_pass, now->yours)) == -1 ||
	    json_object_set_new(rates, "legit_low", wilson(now->yours_pass, now->yours)) == -1 ||
	    json_object_set_new(rates, "legit_share", a_rate(now->yours, now->m)) == -1 ||
	    json_object_set_new(rates, "prev_legit_pass", prev == NULL ? json_null() : a_rate(prev->yours_pass, prev->yours)) == -1 ||
	    json_object_set_new(rates, "unreviewed", a_rate(now->unreviewed, now->m)) == -1) {
		(void)answer_oom(e);
		return (-1);
	}
	return (0);
}
