/*
 * sums.c - overview, domains, series and breakdowns.
 */
#include "answer/answer_int.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "dmarc/record.h"

#define YEAR_DAYS 364	/* 52 weeks: mail follows weekdays */
#define LOST_MESSAGES	10	/* of one's own mail, and ... */
#define LOST_PER_MILLE	5
#define FAILING_PERCENT	5
#define STALE_DAYS	7

/* --- Domains ------------------------------------------------------------------------ */

static int
strength(struct str p)
{
	if (str_ieq(p, "reject"))
		return (2);
	if (str_ieq(p, "quarantine"))
		return (1);
	return (str_ieq(p, "none") ? 0 : -1);
}

/* How protected, by the policy alone; t=y takes one step off (RFC 9989). */
static const char *
policy_status(const struct report_policy *p, const char **cause)
{
	int	 s = strength(p->p), sp, np;

	if (s == -1) {
		*cause = "no_record";
		return ("exposed");
	}
	if (s == 0) {
		*cause = "p_none";
		return ("watching");
	}
	if (policy_testing(p)) {
		*cause = "testing";
		return (s == 1 ? "watching" : "partly");
	}
	sp = p->sp.len > 0 ? strength(p->sp) : s;
	np = p->np.len > 0 ? strength(p->np) : sp;
	*cause = s == 1 ? "p_quarantine" : sp < s ? "sp_weaker" : np < s ? "np_weaker" :
	    p->pct.len > 0 && !str_eq(p->pct, STR("100")) ? "pct" : "reject";
	return (strcmp(*cause, "reject") == 0 ? "protected" : "partly");
}

const char *
answer_domain_status(const struct query_domain *d, const char **cause)
{
	const struct query_counts	*c = &d->counts;

	*cause = "";
	if (d->reports == 0 && c->m == 0)
		return ("nodata");
	if (c->collateral >= LOST_MESSAGES && c->collateral * 1000 >= c->m * LOST_PER_MILLE) {
		*cause = "collateral";
		return ("lost");
	}
	if (!d->policy_known) {
		*cause = "no_record";
		return ("exposed");
	}
	return (policy_status(&d->policy, cause));
}

static int
severity(const struct query_domain *d)
{
	static const char *const	 order[] = { "lost", "exposed", "watching", "partly", "protected", "nodata" };
	const char			*cause, *status = answer_domain_status(d, &cause);
	int				 i = 0;

	while (strcmp(order[i], status) != 0)
		i++;
	return (i);
}

static int
by_severity(const void *a, const void *b)
{
	const struct query_domain	*x = a, *y = b;
	int				 s = severity(x) - severity(y);

	if (s != 0)
		return (s);
	if (x->counts.m != y->counts.m)
		return (x->counts.m > y->counts.m ? -1 : 1);
	return (strcmp(x->domain.p, y->domain.p));
}

static json_t *
spark(const uint64_t *v, const bool *known, size_t n)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; v != NULL && i < n; i++)
		a_add(&a, known[i] ? a_count(v[i]) : json_null());
	return (a_done(&a));
}

struct json_t *
answer_domain_line(const struct query_domain *d, size_t ndays, bool prev)
{
	struct a_obj	 o = a_object();
	const char	*cause, *status = answer_domain_status(d, &cause);

	a_set(&o, "domain", a_str(d->domain));
	a_set(&o, "status", a_text(status));
	a_set(&o, "cause", a_text(cause));
	a_set(&o, "policy", d->policy_known ? a_policy(&d->policy) : json_null());
	a_set(&o, "counts", a_counts(&d->counts));
	a_set(&o, "prev", prev && d->prev.m > 0 ? a_counts(&d->prev) : json_null());
	a_set(&o, "first_day", a_day(d->first_day));
	a_set(&o, "last_day", a_day(d->last_day));
	a_set(&o, "reporters", a_count(d->reporters));
	a_set(&o, "reports", a_count(d->reports));
	a_set(&o, "spark", spark(d->spark, d->spark_known, ndays));
	a_set(&o, "spark_pass", spark(d->spark_pass, d->spark_known, ndays));
	return (a_done(&o));
}

static json_t *
domain_items(const struct query_domains *d, bool prev)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < d->nitems; i++)
		a_add(&a, answer_domain_line(&d->items[i], d->ndays, prev));
	return (a_done(&a));
}

/* Nothing to compare with t=all. */
bool
answer_range_before(enum answer_cmp cmp, const struct query_filter *f, const struct query_range *r, struct query_range *before)
{
	int64_t	 back = cmp == ANSWER_CMP_YEAR ? YEAR_DAYS : r->to - r->from + 1;

	*before = *r;
	if (cmp == ANSWER_CMP_NONE || f->all || r->to < r->from)
		return (false);
	before->from -= back;
	before->to -= back;
	return (true);
}

static bool
range_before(const struct answer_request *rq, const struct query_range *r, struct query_range *prev)
{
	return (answer_range_before(rq->cmp, &rq->filter, r, prev));
}

static int
domains_get(struct query *q, const struct answer_request *rq, struct query_range *r, struct query_domains *d, bool *prev,
    struct err *e)
{
	struct query_range	 before;

	if (query_filter_range(q, &rq->filter, r, e) == -1)
		return (-1);
	*prev = range_before(rq, r, &before);
	if (query_domains(q, &rq->filter, r, *prev ? &before : NULL, d, e) == -1)
		return (-1);
	if (d->nitems > 1)
		qsort(d->items, d->nitems, sizeof(*d->items), by_severity);
	return (0);
}

struct json_t *
answer_domains(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_range	 r;
	struct query_domains	 d;
	struct a_obj		 o;
	json_t			*j;
	bool			 prev;

	if (domains_get(q, rq, &r, &d, &prev, e) == -1)
		return (NULL);
	o = a_object();
	a_set(&o, "items", domain_items(&d, prev));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

static json_t *
policy_seen(const struct query_policy_seen *p, size_t n)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < n; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "policy", a_policy(&p[i].policy));
		a_set(&o, "first_day", a_day(p[i].first_day));
		a_set(&o, "last_day", a_day(p[i].last_day));
		a_set(&o, "reporters", a_count(p[i].reporters));
		a_set(&o, "reports", a_count(p[i].reports));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static int
subdomains(struct query *q, const struct query_breakdown *b, json_t **out, struct err *e)
{
	struct a_obj	 a = a_array();
	char		 name[DOMAIN_MAX + 1];
	json_t		*applies;
	size_t		 len;

	for (size_t i = 0; i < b->nitems; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "hfrom", a_str(b->items[i].key));
		a_set(&o, "counts", a_counts(&b->items[i].counts));
		applies = json_null();
		/* what is no name has no record; a From may be anything */
		if (domain_normal(b->items[i].key, name, &len, NULL) == NAME_DOMAIN && a_applies(q, (struct str){ name, len }, &applies, e) == -1) {
			json_decref(a_done(&o));
			json_decref(a_done(&a));
			return (-1);
		}
		a_set(&o, "applies", applies);
		a_add(&a, a_done(&o));
	}
	*out = a_done(&a);
	return (0);
}

struct json_t *
answer_domain(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct answer_request		 mine = *rq;
	struct query_range		 r;
	struct query_domains		 d = { 0 };
	struct query_breakdown		 sub = { 0 };
	struct query_policy_seen	*seen = NULL;
	const struct query_page		 page = { .limit = 100 };
	struct query_clause		*c;
	struct query_value		 value = { 0 };
	size_t				 nseen = 0, at;
	json_t				*j = NULL, *dns, *subs = NULL;
	bool				 prev, many;

	/* The name of the path is one more filter, compared as it is. */
	if (rq->filter.nclauses == QUERY_CLAUSES) {
		(void)err_set(e, ERR_CONFIG, "more than %d filters", QUERY_CLAUSES - 1);
		return (NULL);
	}
	if (rq->domain.p == NULL || (value.text = arena_strndup(query_arena(q), rq->domain.p, rq->domain.len)) == NULL)
		return (answer_oom(e));
	for (char *p = value.text; *p != '\0'; p++)
		*p = ascii_lower(*p);
	c = &mine.filter.clauses[mine.filter.nclauses++];
	*c = (struct query_clause){ .key = QK_DOMAIN, .values = &value, .nvalues = 1 };
	if (domains_get(q, &mine, &r, &d, &prev, e) == -1)
		return (NULL);
	for (at = 0; at < d.nitems && strcmp(d.items[at].domain.p, value.text) != 0; at++)
		;
	if (at == d.nitems) {
		(void)err_set(e, ERR_INPUT, "there are no reports about this domain");
		return (NULL);
	}
	if (query_policies(q, d.items[at].domain, &seen, &nseen, e) == -1)
		return (NULL);
	/* A million names in From, and the page does without them rather than not at all. */
	if ((many = query_breakdown(q, &mine.filter, &r, BY_HFROM, &page, &sub, e) == -1) && e->code != ERR_TEMP)
		return (NULL);
	if ((dns = a_dns(q, d.items[at].domain, d.items[at].policy_known ? &d.items[at].policy : NULL, e)) == NULL)
		return (NULL);
	if (!many && subdomains(q, &sub, &subs, e) == -1) {
		json_decref(dns);
		return (NULL);
	}
	if ((j = answer_domain_line(&d.items[at], d.ndays, prev)) == NULL) {
		json_decref(dns);
		json_decref(subs);
		return (answer_oom(e));
	}
	if (json_object_set_new(j, "dns", dns) == -1 || json_object_set_new(j, "policy_seen", policy_seen(seen, nseen)) == -1 ||
	    json_object_set_new(j, "subdomains", many ? json_null() : subs) == -1) {
		json_decref(j);
		return (answer_oom(e));
	}
	return (j);
}

/* --- Overview ------------------------------------------------------------------------- */

/* asked: of the domains whose policy asks for more than none; nobody can be overruled who asked for nothing. */
static json_t *
rates(const struct query_counts *c, const struct query_counts *prev, const struct query_counts *asked)
{
	struct a_obj	 o = a_object();

	a_set(&o, "pass_rate", a_rate(query_passing(c), c->m));
	a_set(&o, "prev_pass_rate", prev == NULL ? json_null() : a_rate(query_passing(prev), prev->m));
	/* of one's own mail: what is handed on proves itself by DKIM alone */
	a_set(&o, "dkim_cover", a_rate(c->yours_dkim, c->yours));
	a_set(&o, "prev_dkim_cover", prev == NULL ? json_null() : a_rate(prev->yours_dkim, prev->yours));
	a_set(&o, "spf_cover", a_rate(c->both + c->spf_only, c->m));
	a_set(&o, "collateral", a_rate(c->collateral, c->yours + c->forwarded));
	a_set(&o, "prev_collateral", prev == NULL ? json_null() : a_rate(prev->collateral, prev->yours + prev->forwarded));
	a_set(&o, "stopped", a_rate(c->stopped, c->fail_unk));
	a_set(&o, "prev_stopped", prev == NULL ? json_null() : a_rate(prev->stopped, prev->fail_unk));
	a_set(&o, "override", a_rate(asked->overridden, query_failing(asked)));
	a_set(&o, "leaked", a_rate(c->leaked, c->fail_unk));
	return (a_done(&o));
}

static json_t *
verdict_json(const char *level, const char *key, json_t *args)
{
	struct a_obj	 o = a_object();

	a_set(&o, "level", a_text(level));
	a_set(&o, "key", a_text(key));
	a_set(&o, "args", args);
	return (a_done(&o));
}

/* The worst fact makes the sentence. d is sorted by severity. */
static json_t *
verdict(const struct query_meta *m, const struct query_counts *c, const struct query_domains *d, bool stale)
{
	const struct query_domain	*x, *worst = NULL;
	const char			*cause;
	struct a_obj			 args = a_object();
	uint64_t			 n = 0;

	if (m->reports == 0)
		return (verdict_json("nodata", "empty", a_done(&args)));
	if (c->m == 0 || stale) {
		a_set(&args, "since", a_day(m->last_day));
		return (verdict_json(c->m == 0 ? "nodata" : "warn", "no_reports", a_done(&args)));
	}
	if (strcmp(answer_domain_status(&d->items[0], &cause), "lost") == 0) {
		a_set(&args, "domain", a_str(d->items[0].domain));
		a_set(&args, "m", a_count(d->items[0].counts.collateral));
		return (verdict_json("bad", "hurt", a_done(&args)));
	}
	for (x = d->items; x < d->items + d->nitems; x++) {
		n += x->counts.m > 0;
		if (query_failing(&x->counts) >= LOST_MESSAGES && query_failing(&x->counts) * 100 >= x->counts.m * FAILING_PERCENT &&
		    (worst == NULL || query_failing(&x->counts) > query_failing(&worst->counts)))
			worst = x;
	}
	if (worst != NULL) {
		a_set(&args, "domain", a_str(worst->domain));
		a_set(&args, "m", a_count(query_failing(&worst->counts)));
		a_set(&args, "rate", a_rate(query_failing(&worst->counts), worst->counts.m));
		return (verdict_json("warn", "failing", a_done(&args)));
	}
	if (severity(&d->items[0]) <= 2) {
		a_set(&args, "domain", a_str(d->items[0].domain));
		return (verdict_json("warn", "watching_only", a_done(&args)));
	}
	a_set(&args, "domains", a_count(n));
	a_set(&args, "m", a_count(c->m));
	a_set(&args, "pass_rate", a_rate(query_passing(c), c->m));
	return (verdict_json("ok", "all_well", a_done(&args)));
}

static json_t *
names(const struct str *v, size_t n)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < n; i++)
		a_add(&a, a_str(v[i]));
	return (a_done(&a));
}

static json_t *
fresh(const struct query_fresh *f)
{
	struct a_obj	 o = a_object();

	a_set(&o, "sources", f->sources_known ? a_count(f->sources) : json_null());
	a_set(&o, "selectors", names(f->selectors, f->nselectors));
	a_set(&o, "subdomains", names(f->subdomains, f->nsubdomains));
	return (a_done(&o));
}

static json_t *
silent(const struct query_reporter *v, size_t n)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < n; i++) {
		struct a_obj	 o;

		if (v[i].missing_since == DAY_NONE)
			continue;
		o = a_object();
		a_set(&o, "key", a_str(v[i].key));
		a_set(&o, "label", a_str(v[i].label.len > 0 ? v[i].label : v[i].key));
		a_set(&o, "last_day", a_day(v[i].missing_since - 1));
		a_set(&o, "usual_m", a_count(v[i].usual_m));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

struct json_t *
answer_overview(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_range	 r;
	struct query_domains	 d;
	struct query_meta	 m;
	struct query_fresh	 f;
	struct query_reporter	*rep;
	struct query_counts	 now = { 0 }, before = { 0 }, asked = { 0 };
	size_t			 nrep, active = 0;
	uint64_t		 reports = 0;
	struct a_obj		 o;
	json_t			*j, *figures;
	bool			 prev, stale;

	if (domains_get(q, rq, &r, &d, &prev, e) == -1 || query_meta(q, &m, e) == -1 ||
	    query_reporters(q, &rq->filter, &r, false, &rep, &nrep, e) == -1 || query_fresh(q, &rq->filter, &r, &f, e) == -1)
		return (NULL);
	/* Every row belongs to one domain, so the sums of the domains are the sums. */
	for (size_t i = 0; i < d.nitems; i++) {
		query_counts_add(&now, &d.items[i].counts);
		query_counts_add(&before, &d.items[i].prev);
		if (d.items[i].policy_known && dmarc_request_read(d.items[i].policy.p) > REQUEST_NONE)
			query_counts_add(&asked, &d.items[i].counts);
	}
	for (size_t i = 0; i < nrep; i++) {
		active += rep[i].reports > 0;
		reports += rep[i].reports;
	}
	prev = prev && before.m > 0;
	stale = rq->filter.from == DAY_NONE && rq->filter.to == DAY_NONE && m.last_day != DAY_NONE &&
	    m.last_day + STALE_DAYS < when_day(query_now(q));
	if ((figures = rates(&now, prev ? &before : NULL, &asked)) == NULL)
		return (answer_oom(e));
	if (answer_sender_rates(&now, prev ? &before : NULL, figures, e) == -1) {
		json_decref(figures);
		return (NULL);
	}
	o = a_object();
	a_set(&o, "from", a_day(r.from));
	a_set(&o, "to", a_day(r.to));
	a_set(&o, "complete_through", a_day(r.complete_through));
	a_set(&o, "counts", a_counts(&now));
	a_set(&o, "prev", prev ? a_counts(&before) : json_null());
	a_set(&o, "rates", figures);
	a_set(&o, "verdict", verdict(&m, &now, &d, stale));
	a_set(&o, "domains", domain_items(&d, prev));
	a_set(&o, "new", fresh(&f));
	a_set(&o, "reporters", a_count(active));
	a_set(&o, "reports", a_count(reports));
	a_set(&o, "silent_reporters", silent(rep, nrep));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- Series and breakdown -------------------------------------------------------------- */

static void
policy_tag(struct buf *b, const char *tag, struct str v)
{
	if (v.len == 0)
		return;
	(void)buf_printf(b, "%s%s=", b->len > 0 ? "; " : "", tag);
	(void)buf_str(b, v);
}

/* As people know it from the record. */
static json_t *
policy_line(const struct report_policy *p)
{
	struct buf	 b = { 0 };
	json_t		*j;

	policy_tag(&b, "p", p->p);
	policy_tag(&b, "sp", p->sp);
	policy_tag(&b, "np", p->np);
	policy_tag(&b, "adkim", p->adkim);
	policy_tag(&b, "aspf", p->aspf);
	policy_tag(&b, "pct", p->pct);
	policy_tag(&b, "t", p->testing);
	j = b.len == 0 ? json_null() : a_str(buf_as_str(&b));
	buf_free(&b);
	return (j);
}

#define DNS_TEXT 300	/* of a record on a chart: keys are long */

static json_t *
dns_text(struct str s)
{
	s = s.p == NULL ? s : str_trim(s);
	return (s.p == NULL || s.len == 0 ? json_null() : a_str((struct str){ s.p, s.len > DNS_TEXT ? DNS_TEXT : s.len }));
}

static json_t *
events_json(const struct query_policy_event *v, size_t n, const struct query_dns_event *d, size_t nd)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < n; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "day", a_day(v[i].day));
		a_set(&o, "kind", a_text("policy"));
		a_set(&o, "domain", a_str(v[i].domain));
		a_set(&o, "old", policy_line(&v[i].was));
		a_set(&o, "new", policy_line(&v[i].is));
		a_set(&o, "reporters", a_count(v[i].reporters));
		a_add(&a, a_done(&o));
	}
	for (size_t i = 0; i < nd; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, "day", a_day(d[i].day));
		a_set(&o, "kind", a_text("dns"));
		a_set(&o, "record", a_str(d[i].kind));
		a_set(&o, "name", a_str(d[i].name));
		a_set(&o, "domain", a_str(d[i].domain));
		a_set(&o, "old", dns_text(d[i].was));
		a_set(&o, "new", dns_text(d[i].is));
		a_set(&o, "reporters", a_count(0));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static json_t *
lines_json(const struct query_series *s)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < s->nlines; i++) {
		struct a_obj	 o = a_object(), v = a_array();

		for (size_t k = 0; k < s->ndays; k++)
			a_add(&v, a_count(s->lines[i].values[k]));
		a_set(&o, "key", a_str(s->lines[i].key));
		a_set(&o, "label", a_str(s->lines[i].label));
		a_set(&o, "values", a_done(&v));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

struct json_t *
answer_timeseries(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_range		 r;
	struct query_series		 s;
	struct query_policy_event	*v;
	size_t				 n;
	struct a_obj			 o, days;
	json_t				*j;
	struct query_dns_event		*dns = NULL;
	size_t				 ndns = 0;

	if (query_filter_range(q, &rq->filter, &r, e) == -1 ||
	    query_series(q, &rq->filter, &r, rq->by, rq->week, rq->top, rq->measure, &s, e) == -1 ||
	    query_policy_events(q, &rq->filter, &r, &v, &n, e) == -1 || query_dns_events(q, &rq->filter, &r, &dns, &ndns, e) == -1)
		return (NULL);
	days = a_array();
	for (size_t i = 0; i < s.ndays; i++)
		a_add(&days, a_day(s.days[i]));
	o = a_object();
	a_set(&o, "from", a_day(r.from));
	a_set(&o, "to", a_day(r.to));
	a_set(&o, "step", a_text(rq->week ? "week" : "day"));
	a_set(&o, "days", a_done(&days));
	a_set(&o, "complete_through", a_day(r.complete_through));
	a_set(&o, "series", lines_json(&s));
	a_set(&o, "events", events_json(v, n, dns, ndns));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

static json_t *
shares(const struct query_share *s, const char *key)
{
	struct a_obj	 a = a_array();

	for (int i = 0; i < 3 && s[i].key.p != NULL; i++) {
		struct a_obj	 o = a_object();

		a_set(&o, key, a_str(s[i].key));
		a_set(&o, "m", a_count(s[i].m));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

struct json_t *
answer_group(const struct query_group *g, enum query_by by)
{
	struct a_obj	 o = a_object(), d;

	a_set(&o, "key", a_str(g->key));
	a_set(&o, "label", a_str(g->label));
	a_set(&o, "counts", a_counts(&g->counts));
	a_set(&o, "legs", a_legs(&g->legs));
	a_set(&o, "first_day", a_day(g->first_day));
	a_set(&o, "last_day", a_day(g->last_day));
	a_set(&o, "n", a_count(g->rows));
	if (by == BY_IP) {
		d = a_object();
		a_set(&d, "hfrom", shares(g->hfrom, "key"));
		a_set(&d, "sigdomain", shares(g->sigdomain, "key"));
		a_set(&d, "spf_domain", shares(g->spf_domain, "key"));
		a_set(&d, "reporters", a_count(g->reporters));
		a_set(&d, "codes", shares(g->codes, "code"));
		a_set(&d, "family", g->family == 0 ? json_null() : a_count(g->family));
		answer_place(&d, &g->place);
		a_set(&o, "detail", a_done(&d));
		a_set(&o, "failures", a_count(g->failures));
		a_set(&o, "ptr", a_host(g->host));
	}
	return (a_done(&o));
}

static json_t *
rest(uint64_t n, uint64_t m)
{
	struct a_obj	 o = a_object();

	a_set(&o, "n", a_count(n));
	a_set(&o, "m", a_count(m));
	return (a_done(&o));
}

struct json_t *
answer_breakdown(struct query *q, const struct answer_request *rq, struct err *e)
{
	const struct query_page	 page = { .sort = rq->sort, .cursor = rq->cursor, .limit = rq->limit };
	struct query_range	 r;
	struct query_breakdown	 b;
	struct a_obj		 o, items;
	json_t			*j;

	if (!rq->by_given) {
		(void)err_set(e, ERR_CONFIG, "by: it is missing; say what to break down by");
		return (NULL);
	}
	if (query_filter_range(q, &rq->filter, &r, e) == -1 ||
	    query_breakdown(q, &rq->filter, &r, rq->by, &page, &b, e) == -1 ||
	    (rq->by == BY_IP && (query_groups_failures(q, &rq->filter, &r, b.items, b.nitems, e) == -1 ||
	    query_groups_hosts(q, b.items, b.nitems, e) == -1)))
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < b.nitems; i++)
		a_add(&items, answer_group(&b.items[i], rq->by));
	if (rq->by == BY_IP && answer_groups_senders(q, &rq->filter, &b, items.j, e) == -1) {
		json_decref(a_done(&items));
		return (NULL);
	}
	o = a_object();
	a_set(&o, "items", a_done(&items));
	a_set(&o, "other", rest(b.other_n, b.other_m));
	a_set(&o, "total", rest(b.total_n, b.total_m));
	a_set(&o, "next", a_text(b.next));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}
