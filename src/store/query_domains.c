/*
 * query_domains.c - domains and the policies that reporters saw, reporters and
 * their habits, and what was seen for the first time.
 */
#include "base/when.h"
#include "store/query_int.h"

#define SPARK_DAYS	QUERY_RANGE_DAYS
#define POLICY_DAYS	7		/* days over which the policy in force is voted on */
#define SILENT_DAYS	3		/* a regular reporter is missing after so many */
#define FRESH_NAMES	20
#define FRESH_MS	500		/* of history that one question reads at most */
#define FRESH_RECORDS	300000		/* of a filter, the same */
#define SEEN_MAX	((size_t)1 << 20)	/* sources, and evidence, of which the first day is remembered */

/* A report that counts, in the range, of a domain and reporter that the plan lets in. */
static bool
report_in(const struct q_plan *p, const struct q_report *r, int64_t from, int64_t to)
{
	return (r->reporter != 0 && !r->superseded && r->day >= from && r->day <= to && p->domain_ok[r->domain] &&
	    (p->reporter_ok == NULL || p->reporter_ok[r->reporter]));
}

/* --- Domains ---------------------------------------------------------------------- */

struct domains_ctx {
	struct query		*q;
	struct query_domains	*out;
	uint32_t		*place;		/* by domain: place in out + 1 */
	const struct query_range *r;
	bool			 prev;
};

static void
domain_fact(void *ctx, const struct q_fact *f)
{
	struct domains_ctx	*x = ctx;
	struct query_domain	*d;
	const struct q_outcome	*o = &x->q->c->outcomes[f->outcome];
	size_t			 day;

	if (x->place[f->domain] == 0)
		return;
	d = &x->out->items[x->place[f->domain] - 1];
	if (x->prev) {
		q_count(&d->prev, NULL, o, q_who(f), f->m);
		return;
	}
	q_count(&d->counts, NULL, o, q_who(f), f->m);
	if (d->first_day == DAY_NONE || f->day < d->first_day)
		d->first_day = f->day;
	if (f->day > d->last_day)
		d->last_day = f->day;
	if (d->spark == NULL)
		return;
	day = (size_t)(f->day - x->r->from);
	d->spark[day] += f->m;
	d->spark_known[day] = true;
	if (o->align <= ALIGN_SPF)
		d->spark_pass[day] += f->m;
}

static int
domains_new(struct query *q, const struct q_plan *p, struct domains_ctx *x, struct err *e)
{
	struct query_domains	*out = x->out;
	struct query_domain	*d;
	size_t			 days = x->r->to - x->r->from < SPARK_DAYS ? (size_t)(x->r->to - x->r->from + 1) : 0;

	out->ndays = days;
	if ((x->place = arena_alloc(q->a, q->c->ndomains + 1, sizeof(*x->place))) == NULL ||
	    (out->items = arena_alloc(q->a, p->ndomains + 1, sizeof(*out->items))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < p->ndomains; i++) {
		d = &out->items[i];
		x->place[p->domains[i]] = (uint32_t)i + 1;
		d->domain = str_of(q->c->domains[p->domains[i]].key);
		d->first_day = d->last_day = d->last_ever = DAY_NONE;
		if (days == 0)
			continue;
		if ((d->spark = arena_alloc(q->a, days, sizeof(*d->spark))) == NULL ||
		    (d->spark_pass = arena_alloc(q->a, days, sizeof(*d->spark_pass))) == NULL ||
		    (d->spark_known = arena_alloc(q->a, days, sizeof(*d->spark_known))) == NULL)
			return (q_oom(e));
	}
	out->nitems = p->ndomains;
	return (0);
}

/* Reports and reporters of each domain, and the policy most of its latest reports show. */
static int
domains_reports(struct query *q, const struct q_plan *p, struct domains_ctx *x, struct err *e)
{
	const struct query_cache	*c = q->c;
	const struct q_report		*r;
	struct query_domain		*d;
	struct q_tally			 reporters = { 0 }, policies = { 0 };
	struct q_cell			*cell;
	int64_t				*latest;
	uint64_t			*votes;
	int				 rv = -1;

	if (q_need(q, TIER_REPORTS, e) == -1 || q_need(q, TIER_POLICIES, e) == -1)
		return (-1);
	if ((latest = arena_alloc(q->a, x->out->nitems + 1, sizeof(*latest))) == NULL ||
	    (votes = arena_alloc(q->a, x->out->nitems + 1, sizeof(*votes))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < x->out->nitems; i++)
		latest[i] = DAY_NONE;
	for (r = c->reports; r < c->reports + c->nreports; r++) {
		if (r->reporter == 0 || x->place[r->domain] == 0)
			continue;
		d = &x->out->items[x->place[r->domain] - 1];
		if (r->day > d->last_ever)
			d->last_ever = r->day;
		if (r->day <= x->r->to && r->day > latest[d - x->out->items])
			latest[d - x->out->items] = r->day;
		if (!report_in(p, r, x->r->from, x->r->to))
			continue;
		d->reports++;
		if (x->out->ndays != 0)
			d->spark_known[r->day - x->r->from] = true;
		(void)q_tally_cell(&reporters, r->domain, r->reporter);
	}
	for (r = c->reports; r < c->reports + c->nreports; r++)
		if (r->reporter != 0 && !r->superseded && x->place[r->domain] != 0 && r->day <= x->r->to &&
		    r->day > latest[x->place[r->domain] - 1] - POLICY_DAYS &&
		    (cell = q_tally_cell(&policies, r->domain, r->policy)) != NULL)
			cell->m++;
	if (q_tally_check(&reporters, e) == -1 || q_tally_check(&policies, e) == -1)
		goto out;
	for (size_t i = 0; i < reporters.n; i++)
		x->out->items[x->place[reporters.cells[i].key >> 32] - 1].reporters++;
	for (size_t i = 0; i < policies.n; i++) {
		uint32_t	 at = x->place[policies.cells[i].key >> 32] - 1, id = (uint32_t)policies.cells[i].key;

		if (policies.cells[i].m < votes[at] || id >= c->npolicies)
			continue;
		votes[at] = policies.cells[i].m;
		x->out->items[at].policy = c->policies[id].p;
		x->out->items[at].policy_known = true;
	}
	rv = 0;
out:
	q_tally_free(&reporters);
	q_tally_free(&policies);
	return (rv);
}

int
query_domains(struct query *q, const struct query_filter *filter, const struct query_range *r,
    const struct query_range *prev, struct query_domains *out, struct err *e)
{
	struct domains_ctx	 x = { .q = q, .out = out, .r = r };
	struct q_plan		 p;

	memset(out, 0, sizeof(*out));
	if (q_plan(q, filter, r, &p, e) == -1 || domains_new(q, &p, &x, e) == -1 || domains_reports(q, &p, &x, e) == -1 ||
	    q_run(q, &p, false, false, domain_fact, &x, e) == -1)
		return (-1);
	if (prev != NULL) {
		x.prev = true;
		if (q_plan(q, filter, prev, &p, e) == -1 || q_run(q, &p, false, false, domain_fact, &x, e) == -1)
			return (-1);
	}
	return (0);
}

/* --- Policies ------------------------------------------------------------------------ */

static int
newest_first(const void *a, const void *b)
{
	const struct query_policy_seen	*x = a, *y = b;

	if (x->last_day != y->last_day)
		return (x->last_day > y->last_day ? -1 : 1);
	if (x->first_day != y->first_day)
		return (x->first_day > y->first_day ? -1 : 1);
	return (x->reports > y->reports ? -1 : x->reports < y->reports);
}

static struct str
or_default(struct str s, struct str other)
{
	return (s.p == NULL || s.len == 0 ? other : s);
}

/*
 * Reporters leave out what is a default, or cannot say it in their dialect;
 * what a policy comes to is compared, not how it is written.
 */
static bool
same_policy(const struct report_policy *a, const struct report_policy *b)
{
	return (str_eq(or_default(a->p, STR("")), or_default(b->p, STR(""))) &&
	    str_eq(or_default(a->sp, or_default(a->p, STR(""))), or_default(b->sp, or_default(b->p, STR("")))) &&
	    str_eq(or_default(a->adkim, STR("r")), or_default(b->adkim, STR("r"))) &&
	    str_eq(or_default(a->aspf, STR("r")), or_default(b->aspf, STR("r"))) &&
	    str_eq(or_default(a->pct, STR("100")), or_default(b->pct, STR("100"))) &&
	    str_eq(or_default(a->testing, STR("n")), or_default(b->testing, STR("n"))));
}

/* The same, also for names that do not exist: np without a value is sp. */
static bool
same_wholly(const struct report_policy *a, const struct report_policy *b)
{
	return (same_policy(a, b) && str_eq(or_default(a->np, or_default(a->sp, or_default(a->p, STR("")))),
	    or_default(b->np, or_default(b->sp, or_default(b->p, STR(""))))));
}

int
query_policies(struct query *q, struct str domain, struct query_policy_seen **out, size_t *n, struct err *e)
{
	const struct query_cache	*c = q->c;
	const struct q_report		*r;
	struct query_policy_seen	*s;
	struct q_tally			 t = { 0 };
	uint32_t			*place, *kinds, count = 0, k;

	*n = 0;
	if (q_need(q, TIER_REPORTS, e) == -1 || q_need(q, TIER_POLICIES, e) == -1)
		return (-1);
	if ((place = arena_alloc(q->a, c->npolicies + 1, sizeof(*place))) == NULL ||
	    (kinds = arena_alloc(q->a, c->npolicies + 1, sizeof(*kinds))) == NULL)
		return (q_oom(e));
	for (uint32_t i = 0; i < c->npolicies; i++) {
		if (c->policies[i].domain == 0 || !str_eq(str_of(c->domains[c->policies[i].domain].key), domain))
			continue;
		for (k = 0; k < count && !same_wholly(&c->policies[kinds[k]].p, &c->policies[i].p); k++)
			;
		if (k == count)
			kinds[count++] = i;
		place[i] = k + 1;
	}
	if ((*out = arena_alloc(q->a, (size_t)count + 1, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (r = c->reports; r < c->reports + c->nreports; r++) {
		if (r->reporter == 0 || r->superseded || q_apart(c, r) || r->policy >= c->npolicies || place[r->policy] == 0)
			continue;
		s = &(*out)[place[r->policy] - 1];
		if (s->reports++ == 0) {
			s->policy = c->policies[r->policy].p;
			s->first_day = s->last_day = r->day;
		}
		s->first_day = r->day < s->first_day ? r->day : s->first_day;
		s->last_day = r->day > s->last_day ? r->day : s->last_day;
		(void)q_tally_cell(&t, place[r->policy] - 1, r->reporter);
	}
	for (size_t i = 0; i < t.n; i++)
		(*out)[t.cells[i].key >> 32].reporters++;
	q_tally_free(&t);
	for (uint32_t i = 0; i < count; i++)	/* policies of replaced reports only */
		if ((*out)[i].reports > 0)
			(*out)[(*n)++] = (*out)[i];
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), newest_first);
	return (0);
}

struct sighting { uint32_t domain, kind; int32_t day; uint32_t policy, reports, reporters; };

static int
by_domain_day(const void *a, const void *b)
{
	const struct sighting	*x = a, *y = b;

	if (x->domain != y->domain)
		return (x->domain < y->domain ? -1 : 1);
	if (x->day != y->day)
		return (x->day < y->day ? -1 : 1);
	return (x->reports > y->reports ? -1 : x->reports < y->reports);	/* the majority first */
}

/* Policies that come to the same are one kind: the lowest id stands for it. */
static int
policy_kinds(struct query *q, const struct q_plan *p, uint32_t **kind, struct err *e)
{
	const struct query_cache	*c = q->c;
	uint32_t			*last;		/* by domain: the kinds found, as a list */
	uint32_t			*next;

	if ((*kind = arena_alloc(q->a, c->npolicies + 1, sizeof(**kind))) == NULL ||
	    (next = arena_alloc(q->a, c->npolicies + 1, sizeof(*next))) == NULL ||
	    (last = arena_alloc(q->a, c->ndomains + 1, sizeof(*last))) == NULL)
		return (q_oom(e));
	for (uint32_t i = 1; i < c->npolicies; i++) {
		uint32_t	 d = c->policies[i].domain, k;

		if (d == 0 || !p->domain_ok[d])
			continue;
		for (k = last[d]; k != 0 && !same_policy(&c->policies[k].p, &c->policies[i].p); k = next[k])
			;
		if (k == 0) {
			k = i;
			next[i] = last[d];
			last[d] = i;
		}
		(*kind)[i] = k;
	}
	return (0);
}

/* One sighting for each domain, day and kind of policy, majority first in each day. */
static int
sightings(struct query *q, const struct q_plan *p, int64_t from, int64_t to, struct sighting **out, size_t *n, struct err *e)
{
	const struct query_cache	*c = q->c;
	const struct q_report		*r;
	struct q_tally			 t = { 0 }, who = { 0 };
	struct q_cell			*cell;
	uint32_t			*kind;
	int				 rv = -1;

	*n = 0;
	if (policy_kinds(q, p, &kind, e) == -1)
		return (-1);
	for (r = c->reports; r < c->reports + c->nreports; r++) {
		if (!report_in(p, r, from, to) || r->policy >= c->npolicies || kind[r->policy] == 0)
			continue;
		if ((cell = q_tally_cell(&t, kind[r->policy], (uint32_t)(r->day - from))) == NULL)
			break;
		cell->m++;
		if ((cell = q_tally_cell(&who, (uint32_t)(cell - t.cells), r->reporter)) == NULL)
			break;
	}
	if (q_tally_check(&t, e) == -1 || q_tally_check(&who, e) == -1)
		goto out;
	if ((*out = arena_alloc(q->a, t.n + 1, sizeof(**out))) == NULL) {
		(void)q_oom(e);
		goto out;
	}
	for (size_t i = 0; i < t.n; i++) {
		uint32_t	 k = (uint32_t)(t.cells[i].key >> 32);

		(*out)[i] = (struct sighting){ .domain = c->policies[k].domain, .kind = k, .policy = k,
		    .day = (int32_t)(from + (uint32_t)t.cells[i].key), .reports = (uint32_t)t.cells[i].m };
	}
	for (size_t i = 0; i < who.n; i++)
		(*out)[who.cells[i].key >> 32].reporters++;
	*n = t.n;
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), by_domain_day);
	rv = 0;
out:
	q_tally_free(&t);
	q_tally_free(&who);
	return (rv);
}

/*
 * A change counts once two days with reports in a row show it, or the last
 * day there is: one reporter that lags behind is no change back and forth.
 */
int
query_policy_events(struct query *q, const struct query_filter *filter, const struct query_range *r,
    struct query_policy_event **out, size_t *n, struct err *e)
{
	const struct query_cache	*c = q->c;
	struct sighting			*s, *first, *next;
	struct q_plan			 p;
	size_t				 count, i, k;
	uint32_t			 now = 0, domain = 0;

	*n = 0;
	*out = NULL;
	if (q_need(q, TIER_REPORTS, e) == -1 || q_need(q, TIER_POLICIES, e) == -1 || q_plan(q, filter, r, &p, e) == -1)
		return (-1);
	if (p.ndomains == 0 || p.from > p.to)	/* whether anybody knows an address is no matter here */
		return (0);
	if (sightings(q, &p, r->from - 2 * POLICY_DAYS, r->to, &s, &count, e) == -1)
		return (-1);
	if ((*out = arena_alloc(q->a, count + 1, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (i = 0; i < count; i = k) {
		first = &s[i];		/* the majority of its day */
		for (k = i + 1; k < count && s[k].domain == first->domain && s[k].day == first->day; k++)
			;
		next = k < count && s[k].domain == first->domain ? &s[k] : NULL;
		if (first->domain != domain) {
			domain = first->domain;
			now = first->kind;
			continue;
		}
		if (first->kind == now || (next != NULL && next->kind != first->kind))
			continue;
		if (first->day >= r->from)
			(*out)[(*n)++] = (struct query_policy_event){ .day = first->day, .domain = str_of(c->domains[domain].key),
			    .was = c->policies[now].p, .is = c->policies[first->kind].p, .reporters = first->reporters };
		now = first->kind;
	}
	return (0);
}

/* --- Reporters ---------------------------------------------------------------------------- */

struct habit {
	struct query_reporter	 r;
	int64_t			 last_ever;
	uint64_t		 week_m;
	unsigned		 week;		/* bits of the last seven days with a report */
	int32_t			*lags;
	size_t			 nlags;
};

static int
by_number(const void *a, const void *b)
{
	int32_t	 x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x < y ? -1 : x > y);
}

static int
by_messages(const void *a, const void *b)
{
	const struct query_reporter	*x = a, *y = b;

	if (x->m != y->m)
		return (x->m > y->m ? -1 : 1);
	if (x->reports != y->reports)
		return (x->reports > y->reports ? -1 : 1);
	return (strcmp(x->key.p, y->key.p));
}

static void
habit_fact(void *ctx, const struct q_fact *f)
{
	struct habit	*h = ctx;

	h[f->reporter].r.m += f->m;
}

/* First round: counts and the last day; second: lags and the habits of the last week. */
static int
habits_read(struct query *q, const struct q_plan *p, const struct query_range *range, struct habit *h, struct err *e)
{
	const struct query_cache	*c = q->c;
	const struct q_report		*r, *end = c->reports + c->nreports;
	struct q_tally			 domains = { 0 };
	struct habit			*x;

	for (r = c->reports; r < end; r++) {
		if (r->reporter == 0 || r->superseded || (q_apart(c, r) && !p->domain_ok[r->domain]))
			continue;
		x = &h[r->reporter];
		if (r->day > x->last_ever)
			x->last_ever = r->day;
		if (!report_in(p, r, range->from, range->to))
			continue;
		if (x->r.reports++ == 0)
			x->r.first_day = x->r.last_day = r->day;
		x->r.first_day = r->day < x->r.first_day ? r->day : x->r.first_day;
		x->r.last_day = r->day > x->r.last_day ? r->day : x->r.last_day;
		(void)q_tally_cell(&domains, r->reporter, r->domain);
	}
	for (size_t i = 0; i < domains.n; i++)
		h[domains.cells[i].key >> 32].r.domains++;
	q_tally_free(&domains);
	for (size_t i = 0; i < c->nreporters; i++)
		if (h[i].r.reports > 0 && (h[i].lags = arena_alloc(q->a, h[i].r.reports, sizeof(*h[i].lags))) == NULL)
			return (q_oom(e));
	for (r = c->reports; r < end; r++) {
		if (r->reporter == 0 || r->superseded)
			continue;
		x = &h[r->reporter];
		if (r->day > x->last_ever - 7) {
			x->week |= 1u << (x->last_ever - r->day);
			x->week_m += r->m;
		}
		if (r->lag >= 0 && report_in(p, r, range->from, range->to))
			x->lags[x->nlags++] = r->lag;
	}
	return (0);
}

int
query_reporters(struct query *q, const struct query_filter *filter, const struct query_range *r, bool sums,
    struct query_reporter **out, size_t *n, struct err *e)
{
	struct query_cache	*c = q->c;
	struct habit		*h;
	struct q_plan		 p;
	int64_t			 complete;

	*n = 0;
	if (q_need(q, TIER_REPORTS, e) == -1 || q_plan(q, filter, r, &p, e) == -1)
		return (-1);
	complete = q_complete_through(q, e);
	if ((h = arena_alloc(q->a, c->nreporters + 1, sizeof(*h))) == NULL ||
	    (*out = arena_alloc(q->a, c->nreporters + 1, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < c->nreporters; i++)
		h[i].last_ever = DAY_NONE;
	if (habits_read(q, &p, r, h, e) == -1 || (sums && q_run(q, &p, false, false, habit_fact, h, e) == -1))
		return (-1);
	for (size_t i = 0; i < c->nreporters; i++) {
		bool	 usual = __builtin_popcount(h[i].week) >= 4;

		h[i].r.missing_since = DAY_NONE;
		if (usual && complete != DAY_NONE && complete - h[i].last_ever >= SILENT_DAYS)
			h[i].r.missing_since = h[i].last_ever + 1;
		/* Who is missing is told even when all of its reports are older than the range. */
		if (h[i].r.reports == 0 && (h[i].r.missing_since == DAY_NONE || h[i].last_ever < r->from - 30))
			continue;
		if (p.reporter_ok != NULL && !p.reporter_ok[i])
			continue;
		if (h[i].r.reports == 0) {
			if (filter->nclauses > 0)
				continue;
			h[i].r.first_day = h[i].r.last_day = h[i].last_ever;
		}
		h[i].r.key = str_of(c->reporters[i].key);
		h[i].r.label = str_of(c->reporters[i].label);
		h[i].r.usual_m = (h[i].week_m + 3) / 7;
		h[i].r.lag = -1;
		if (h[i].nlags > 0) {
			qsort(h[i].lags, h[i].nlags, sizeof(*h[i].lags), by_number);
			h[i].r.lag = h[i].lags[h[i].nlags / 2];
		}
		(*out)[(*n)++] = h[i].r;
	}
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), by_messages);
	return (0);
}

/* --- First seen ------------------------------------------------------------------------------ */

/* Takes one run of days of a domain into the arrays of first days. 1: all of it, 0: the clock stopped it. */
static int
seen_days(struct query *q, uint32_t domain, int64_t from, int64_t to, int64_t until, int64_t *done, struct err *e)
{
	struct query_cache	*c = q->c;
	sqlite3_stmt		*st;
	int64_t			 day, source, evidence;
	unsigned		 n = 0;
	bool			 any = false;
	int			 rc;

	if (q_stmt(q, Q_SEEN, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, from);
	(void)sqlite3_bind_int64(st, 3, to);
	while ((rc = q_step(q, st, e)) == 1) {
		day = sqlite3_column_int64(st, 0);
		source = sqlite3_column_int64(st, 1);
		evidence = sqlite3_column_int64(st, 2);
		if (any && day != *done && n > 4096) {
			n = 0;
			if (when_mono_ms() > until) {
				(void)sqlite3_reset(st);
				return (0);
			}
		}
		any = true;
		*done = day;		/* once the next day begins, this one is in */
		n++;
		if (source < 1 || source > (int64_t)SEEN_MAX || evidence < 1 || evidence > (int64_t)SEEN_MAX || day < 1 || day > UINT16_MAX)
			continue;
		if (!q_grow((void **)&c->source_first, &c->cap_source_first, (size_t)source + 1, sizeof(*c->source_first)) ||
		    !q_grow((void **)&c->evidence_first, &c->cap_evidence_first, (size_t)evidence + 1, sizeof(*c->evidence_first)))
			return (q_oom(e));
		if (c->source_first[source] == 0 || c->source_first[source] > day)
			c->source_first[source] = (uint16_t)day;
		if (c->evidence_first[evidence] == 0 || c->evidence_first[evidence] > day)
			c->evidence_first[evidence] = (uint16_t)day;
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 1);
}

/* 1: there are not more than can be remembered. */
static int
seen_fits(struct query *q, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 max = 0;
	int		 rc;

	if (q_stmt(q, Q_SOURCE_MAX, &st, e) == -1)
		return (-1);
	if ((rc = q_step(q, st, e)) == 1)
		max = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : max <= (int64_t)SEEN_MAX && q->c->nevidence <= SEEN_MAX);
}

/* Brings the arrays up to date; goes on where the last question stopped. 1: they are complete. */
static int
seen_update(struct query *q, struct err *e)
{
	struct query_cache	*c = q->c;
	int64_t			 until = when_mono_ms() + FRESH_MS, done;
	struct q_tally		 days = { 0 };
	int			 rc = 1;

	if (!c->seen_complete && c->seen_domain == 0) {
		c->seen_reports = c->nreports;
		c->seen_day = INT64_MIN;
	}
	while (!c->seen_complete && rc == 1) {
		rc = c->seen_domain < c->ndomains && !c->domains[c->seen_domain].apart ? seen_days(q, c->seen_domain, c->seen_day, INT64_MAX, until, &done, e) : 1;
		if (rc == 0)
			c->seen_day = done + 1;
		else if (rc == 1 && ++c->seen_domain >= c->ndomains)
			c->seen_complete = true;
		else if (rc == 1)
			c->seen_day = INT64_MIN;
	}
	if (rc != 1)
		return (rc);
	/* Reports that came since then: their days are read again. */
	for (size_t i = c->seen_reports; i < c->nreports; i++)
		if (c->reports[i].reporter != 0 && c->reports[i].day >= 0 && !q_apart(c, &c->reports[i]))
			(void)q_tally_cell(&days, c->reports[i].domain, (uint32_t)c->reports[i].day);
	for (size_t i = 0; i < days.n && rc == 1; i++)
		rc = seen_days(q, (uint32_t)(days.cells[i].key >> 32), (uint32_t)days.cells[i].key,
		    (uint32_t)days.cells[i].key, INT64_MAX, &done, e);
	if (rc == 1 && !days.failed)
		c->seen_reports = c->nreports;
	q_tally_free(&days);
	return (rc);
}

struct first { uint32_t id; int32_t day; };

static int
latest_first(const void *a, const void *b)
{
	const struct first	*x = a, *y = b;

	if (x->day != y->day)
		return (x->day > y->day ? -1 : 1);
	return (x->id < y->id ? -1 : x->id > y->id);
}

static int
fresh_take(struct query *q, const struct q_tally *t, const struct query_range *r, struct str **out, size_t *n, struct err *e)
{
	struct first	*f;
	size_t		 count = 0;

	if ((f = arena_alloc(q->a, t->n + 1, sizeof(*f))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < t->n; i++)
		if (t->cells[i].first >= r->from && t->cells[i].first <= r->to)
			f[count++] = (struct first){ (uint32_t)(t->cells[i].key >> 32), t->cells[i].first };
	if (count > 1)
		qsort(f, count, sizeof(*f), latest_first);
	if ((*out = arena_alloc(q->a, FRESH_NAMES, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (*n = 0; *n < count && *n < FRESH_NAMES; (*n)++)
		if (q_name(q, f[*n].id, &(*out)[*n], e) == -1)
			return (-1);
	return (0);
}

/* Selectors of signatures that passed, and names in From that are not a policy domain itself. */
static int
fresh_names(struct query *q, const struct q_plan *p, const struct query_range *r, struct query_fresh *out, struct err *e)
{
	const struct query_cache	*c = q->c;
	const struct q_evidence		*ev;
	struct q_tally			 selectors = { 0 }, subdomains = { 0 };
	struct q_lists			 l;
	int64_t				 until = when_mono_ms() + FRESH_MS;
	struct q_fact			 f = { 0 };
	struct str			 name;
	uint32_t			*own;		/* by domain: its own name's id */
	sqlite3_stmt			*st;
	int				 rv = -1;

	if (q_need(q, TIER_POLICIES, e) == -1)
		return (-1);
	if ((own = arena_alloc(q->a, c->ndomains + 1, sizeof(*own))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < p->ndomains; i++) {
		name = str_of(c->domains[p->domains[i]].key);
		if (q_stmt(q, Q_NAME_ID, &st, e) == -1)
			return (-1);
		(void)sqlite3_bind_text(st, 1, name.p, (int)name.len, SQLITE_STATIC);
		if (q_step(q, st, e) == 1)
			own[p->domains[i]] = (uint32_t)sqlite3_column_int64(st, 0);
		(void)sqlite3_reset(st);
	}
	for (uint32_t id = 1; id < c->nevidence && id < c->cap_evidence_first; id++) {
		uint32_t	 d;

		if (id % 1024 == 0 && when_mono_ms() > until) {	/* then it is not told */
			rv = 0;
			goto out;
		}
		if (c->evidence_first[id] == 0)
			continue;
		if ((ev = q_ev(q, id, e)) == NULL)
			goto out;
		if (ev->outcome == 0 || ev->policy >= c->npolicies)
			continue;
		d = c->policies[ev->policy].domain;
		if (!p->domain_ok[d] || (p->evidence_ok != NULL && !p->evidence_ok[id]))
			continue;
		f.day = c->evidence_first[id];
		if (q_lists(q, id, &l, e) == -1)
			goto out;
		for (uint32_t i = 0; i < l.ndkim && c->outcomes[ev->outcome].dkim == EVAL_PASS; i++)
			if (l.dkim[i * 2 + 1] != 0)
				q_tally_add(&selectors, l.dkim[i * 2 + 1], 0, &f);
		if (ev->header_from != own[d] && c->outcomes[ev->outcome].align <= ALIGN_SPF)
			q_tally_add(&subdomains, ev->header_from, 0, &f);
	}
	if (q_tally_check(&selectors, e) == 0 && q_tally_check(&subdomains, e) == 0 &&
	    fresh_take(q, &selectors, r, &out->selectors, &out->nselectors, e) == 0 &&
	    fresh_take(q, &subdomains, r, &out->subdomains, &out->nsubdomains, e) == 0)
		rv = 0;
out:
	q_tally_free(&selectors);
	q_tally_free(&subdomains);
	return (rv);
}

struct fresh_ctx { uint8_t *v; size_t n; int64_t from; };

static void
fresh_fact(void *ctx, const struct q_fact *f)
{
	struct fresh_ctx	*x = ctx;

	if (f->source < x->n)
		x->v[f->source] |= f->day < x->from ? 1 : 2;
}

/* With a filter: its own history is gone through, if that is not long. */
static int
fresh_filtered(struct query *q, const struct query_filter *filter, const struct query_range *r, int64_t first,
    struct query_fresh *out, struct err *e)
{
	const struct q_report	*p;
	struct query_range	 all = { .from = first, .to = r->to };
	struct fresh_ctx	 x = { .from = r->from };
	struct q_plan		 plan;
	uint64_t		 records = 0;

	if (q_need(q, TIER_KINDS, e) == -1 || q_plan(q, filter, &all, &plan, e) == -1)
		return (-1);
	for (p = q->c->reports; p < q->c->reports + q->c->nreports; p++)
		if (report_in(&plan, p, first, r->to))
			records += p->records;
	if (records > FRESH_RECORDS)
		return (0);
	x.n = q->c->nkinds;
	if ((x.v = arena_alloc(q->a, x.n + 1, 1)) == NULL)
		return (q_oom(e));
	if (q_run(q, &plan, true, false, fresh_fact, &x, e) == -1)
		return (-1);
	for (size_t i = 0; i < x.n; i++)
		out->sources += x.v[i] == 2;
	out->sources_known = true;
	return (0);
}

int
query_fresh(struct query *q, const struct query_filter *filter, const struct query_range *r, struct query_fresh *out,
    struct err *e)
{
	struct query_cache	*c = q->c;
	struct q_plan		 p;
	struct query_meta	 m;
	int			 rc;

	memset(out, 0, sizeof(*out));
	if (q_need(q, TIER_EVIDENCE, e) == -1 || query_meta(q, &m, e) == -1 || q_plan(q, filter, r, &p, e) == -1)
		return (-1);
	if (m.first_day == DAY_NONE || m.first_day >= r->from) {	/* without a past nothing is new */
		out->sources_known = true;
		return (0);
	}
	if ((rc = seen_fits(q, e)) == 1)
		rc = seen_update(q, e);
	if (rc == -1)
		return (-1);
	if (rc == 0)
		return (0);
	if (fresh_names(q, &p, r, out, e) == -1)
		return (-1);
	if (filter->nclauses > 0)
		return (fresh_filtered(q, filter, r, m.first_day, out, e));
	for (size_t i = 0; i < c->cap_source_first; i++)
		out->sources += c->source_first[i] != 0 && c->source_first[i] >= r->from && c->source_first[i] <= r->to;
	out->sources_known = true;
	return (0);
}
