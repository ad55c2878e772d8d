/*
 * query_plan.c - a filter becomes byte arrays over ids; then one pass.
 */
#include "base/when.h"
#include "store/query_int.h"
#include "store/senders.h"

#define LOOK_EVERY	65536		/* rows between two looks at the clock */
#define SEEKS_MAX	20000		/* more single look-ups than this cost more than a pass */
#define COMPLETE_BACK	60		/* days that are tried for complete_through */

/* --- Names ------------------------------------------------------------------------ */

static bool
contains(struct str text, const char *lower)
{
	return (text.p != NULL && str_ifind(text, lower) != NULL);
}

bool
q_clause_text(const struct query_clause *c, struct str text)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (c->values[i].contains ? contains(text, c->values[i].text) : str_ieq(text, c->values[i].text))
			return (true);
	return (false);
}

/*
 * Which names a clause means, as a byte per id: 0 not looked at, 1 no, 2 yes.
 * Only the names that evidence really uses are looked at.
 */
struct names { uint8_t *v; size_t n, cap; };

static int
name_matches(struct query *q, const struct query_clause *c, struct names *n, uint32_t id, bool *yes, struct err *e)
{
	struct str	 text;

	if (!q_grow((void **)&n->v, &n->cap, (size_t)id + 1, 1))
		return (q_oom(e));
	if (n->v[id] == 0) {
		if (q_name(q, id, &text, e) == -1)
			return (-1);
		n->v[id] = q_clause_text(c, text) ? 2 : 1;
	}
	*yes = n->v[id] == 2;
	return (0);
}

/* --- Evidence --------------------------------------------------------------------- */

static bool
clause_word(const struct query_clause *c, const char *word)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (!c->values[i].contains && strcmp(c->values[i].text, word) == 0)
			return (true);
	return (false);
}

static int
evidence_matches(struct query *q, const struct query_clause *c, struct names *n, uint32_t id, bool *yes, struct err *e)
{
	const struct q_evidence	*ev;
	struct q_lists		 l = { .ndkim = 0 };
	struct str		 text;
	uint32_t		 count = 0, step = 1;
	const uint32_t		*ids = NULL;

	*yes = false;
	if ((ev = q_ev(q, id, e)) == NULL || (c->key != QK_HFROM && c->key != QK_EFROM && q_lists(q, id, &l, e) == -1))
		return (-1);
	switch (c->key) {
	case QK_HFROM:
		return (name_matches(q, c, n, ev->header_from, yes, e));
	case QK_EFROM:
		if (ev->envelope_from == 0) {
			*yes = clause_word(c, "absent");
			return (0);
		}
		if (clause_word(c, "<>")) {
			if (q_name(q, ev->envelope_from, &text, e) == -1)
				return (-1);
			if (text.len == 0) {
				*yes = true;
				return (0);
			}
		}
		return (name_matches(q, c, n, ev->envelope_from, yes, e));
	case QK_REASON:
		ids = l.reasons;
		count = l.nreasons;
		break;
	case QK_SPFDOMAIN:
		ids = l.spf;
		count = l.nspf;
		break;
	case QK_SELECTOR:
	case QK_SIGDOMAIN:
		ids = l.dkim + (c->key == QK_SELECTOR ? 1 : 0);
		count = l.ndkim;
		step = 2;
		break;
	default:
		break;
	}
	if (count == 0)
		*yes = clause_word(c, c->key == QK_REASON ? "none" : "absent");
	for (uint32_t i = 0; i < count && !*yes; i++) {
		if (ids[i * step] == 0)		/* a signature that does not say */
			*yes = clause_word(c, "absent");
		else if (name_matches(q, c, n, ids[i * step], yes, e) == -1)
			return (-1);
	}
	return (0);
}

/* Narrows evidence_ok by one clause; all evidence is looked at, what is out stays out. */
static int
evidence_clause(struct query *q, const struct query_clause *c, uint8_t *ok, struct err *e)
{
	struct names	 n = { 0 };
	bool		 yes;
	int		 rv = 0;

	for (uint32_t id = 1; id < q->c->nevidence && rv == 0; id++) {
		if (!ok[id])
			continue;
		if (evidence_matches(q, c, &n, id, &yes, e) == -1)
			rv = -1;
		else if (yes == c->negated)
			ok[id] = 0;
		if (id % LOOK_EVERY == 0 && rv == 0)
			rv = q_late(q, e);
	}
	free(n.v);
	return (rv);
}

static bool
outcome_matches(const struct query_clause *c, const struct q_outcome *o)
{
	uint64_t	 have;

	switch (c->key) {
	case QK_SPF:
		have = o->spf_raw;
		break;
	case QK_DKIM:
		have = o->dkim_raw;
		break;
	case QK_ALIGN:
		have = o->align;
		break;
	case QK_DISP:
		have = o->disp;
		break;
	case QK_CODE:
		have = o->code;
		break;
	default:
		have = o->differs;
		break;
	}
	for (size_t i = 0; i < c->nvalues; i++)
		if (c->values[i].number == have)
			return (true);
	return (false);
}

/* --- Sources ---------------------------------------------------------------------- */

static int
source_value(struct query *q, const struct query_value *v, uint8_t *ok, size_t n, uint8_t set, struct err *e)
{
	sqlite3_stmt	*st;
	unsigned char	 high[16];
	int64_t		 id;
	int		 rc;

	if (q_stmt(q, v->ip_len == 0 ? Q_SOURCE_UNKNOWN : Q_SOURCE_RANGE, &st, e) == -1)
		return (-1);
	if (v->ip_len != 0) {
		memcpy(high, v->ip, v->ip_len);
		for (unsigned bit = v->prefix; bit < v->ip_len * 8; bit++)
			high[bit / 8] = (unsigned char)(high[bit / 8] | 0x80u >> bit % 8);
		(void)sqlite3_bind_blob(st, 1, v->ip, (int)v->ip_len, SQLITE_STATIC);
		(void)sqlite3_bind_blob(st, 2, high, (int)v->ip_len, SQLITE_STATIC);
		(void)sqlite3_bind_int(st, 3, v->ip_len == 4 ? 4 : 6);
	}
	while ((rc = q_step(q, st, e)) == 1)
		if ((id = sqlite3_column_int64(st, 0)) > 0 && (size_t)id < n)
			ok[id] = set;
	(void)sqlite3_reset(st);
	if (v->ip_len != 0)
		(void)sqlite3_clear_bindings(st);
	return (rc);
}

static int
source_clause(struct query *q, const struct query_clause *c, struct q_plan *p, size_t n, struct err *e)
{
	uint8_t	*mine = p->source_ok;

	if (c->negated || p->source_ok == NULL) {
		if (p->source_ok == NULL) {
			if ((p->source_ok = mine = arena_alloc(q->a, n, 1)) == NULL)
				return (q_oom(e));
			memset(mine, c->negated, n);
			p->nsource_ok = n;
		}
		for (size_t i = 0; i < c->nvalues; i++)
			if (source_value(q, &c->values[i], mine, n, !c->negated, e) == -1)
				return (-1);
		return (0);
	}
	if ((mine = arena_alloc(q->a, n, 1)) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < c->nvalues; i++)
		if (source_value(q, &c->values[i], mine, n, 1, e) == -1)
			return (-1);
	for (size_t i = 0; i < n; i++)
		p->source_ok[i] &= mine[i];
	return (0);
}

static int
place_clause(struct query *q, const struct query_clause *c, struct q_plan *p, size_t n, struct err *e)
{
	if (p->source_ok == NULL) {
		if ((p->source_ok = arena_alloc(q->a, n, 1)) == NULL)
			return (q_oom(e));
		memset(p->source_ok, 1, n);
		p->nsource_ok = n;
	}
	return ((c->key == QK_PTR ? q_ptr_clause : q_place_clause)(q, c, p->source_ok, n, e));
}

static int
sources_plan(struct query *q, const struct query_filter *f, struct q_plan *p, struct err *e)
{
	const struct query_clause	*c;
	sqlite3_stmt			*st;
	size_t				 n = 0, found = 0;
	int				 rc;

	for (c = f->clauses; c < f->clauses + f->nclauses; c++) {
		if (c->key != QK_IP && c->key != QK_COUNTRY && c->key != QK_ASN && c->key != QK_PTR)
			continue;
		if (n == 0) {
			if (q_stmt(q, Q_SOURCE_MAX, &st, e) == -1 || (rc = q_step(q, st, e)) == -1)
				return (-1);
			n = (size_t)sqlite3_column_int64(st, 0) + 1;
			(void)sqlite3_reset(st);
		}
		if ((c->key == QK_IP ? source_clause : place_clause)(q, c, p, n, e) == -1)
			return (-1);
	}
	if (p->source_ok == NULL)
		return (0);
	p->by_row = true;
	for (size_t i = 0; i < n; i++)
		found += p->source_ok[i];
	if (found == 0)
		p->nothing = true;
	if (found == 0 || found > SEEKS_MAX / 2)
		return (0);
	if ((p->sources = arena_alloc(q->a, found, sizeof(*p->sources))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < n; i++)
		if (p->source_ok[i])
			p->sources[p->nsources++] = (uint32_t)i;
	return (0);
}

void
q_plan_sources(struct q_plan *p, uint32_t *sources, size_t n, uint8_t *source_ok, size_t nok)
{
	p->by_row = true;
	p->sources = sources;
	p->nsources = n;
	p->source_ok = source_ok;
	p->nsource_ok = nok;
}

/* --- Senders ----------------------------------------------------------------------------- */

/* Words of which a fact has one each, as bits: *ok holds those that fit every clause. */
static void
bits_clause(const struct query_clause *c, unsigned count, unsigned *ok, bool *nothing)
{
	unsigned	 bits = 0;

	for (size_t i = 0; i < c->nvalues; i++)
		bits |= 1u << c->values[i].number;
	bits = c->negated ? ~bits : bits;
	bits &= (1u << count) - 1;
	*ok = *ok == 0 ? bits : *ok & bits;
	if (*ok == 0)
		*nothing = true;
}

static int
sender_clause(struct query *q, const struct query_clause *c, struct q_plan *p, struct err *e)
{
	uint8_t		*mine;

	if (c->key != QK_SENDER) {
		bits_clause(c, c->key == QK_CLASS ? CLASS_COUNT : c->key == QK_FWD ? FORWARD_CERTAIN + 1 : HEALTH_COUNT,
		    c->key == QK_CLASS ? &p->class_ok : c->key == QK_FWD ? &p->fwd_ok : &p->health_ok, &p->nothing);
		return (0);
	}
	if (q_need(q, TIER_SENDERS, e) == -1)
		return (-1);
	if ((mine = arena_alloc(q->a, q->c->nsenders + 1, 1)) == NULL)
		return (q_oom(e));
	memset(mine, c->negated, q->c->nsenders + 1);
	for (size_t i = 0; i < c->nvalues; i++)
		if (c->values[i].number <= q->c->nsenders)
			mine[c->values[i].number] = !c->negated;
	for (size_t i = 0; p->sender_ok != NULL && i <= q->c->nsenders; i++)
		mine[i] &= p->sender_ok[i];
	p->sender_ok = mine;
	p->nsender_ok = q->c->nsenders + 1;
	return (0);
}

/* Is it one of the senders and classes asked for? */
static bool
sender_fits(const struct q_plan *p, const struct q_fact *f)
{
	if (p->class_ok != 0 && (p->class_ok & 1u << f->class) == 0)
		return (false);
	if (p->health_ok != 0 && (f->sender >= p->nhealth || (p->health_ok & 1u << p->health[f->sender]) == 0))
		return (false);
	return (p->sender_ok == NULL || (f->sender < p->nsender_ok && p->sender_ok[f->sender]));
}

/* --- Reports, reporters, domains ------------------------------------------------------ */

static bool
report_matches(const struct query_clause *c, const struct query_cache *cache, size_t id)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (c->key == QK_REPORT ? c->values[i].number == id : (c->values[i].number >> cache->reports[id].trust & 1) != 0)
			return (true);
	return (false);
}

static int
report_clause(struct query *q, const struct query_clause *c, struct q_plan *p, struct err *e)
{
	size_t	 n;
	uint8_t	*mine;

	if (q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	n = q->c->nreports;
	if ((mine = arena_alloc(q->a, n + 1, 1)) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < n; i++) {
		mine[i] = report_matches(c, q->c, i) != c->negated;
		if (p->report_ok != NULL)
			mine[i] &= p->report_ok[i];
	}
	p->report_ok = mine;
	p->by_row = true;
	return (0);
}

/* A few reports lie in a few days of their domains: no need to look elsewhere. */
static void
report_narrow(struct query *q, const struct query_clause *c, struct q_plan *p)
{
	const struct q_report	*r;
	int64_t			 from = INT64_MAX, to = INT64_MIN;

	for (size_t i = 0; i < c->nvalues; i++) {
		if (c->values[i].number >= q->c->nreports)
			continue;
		r = &q->c->reports[c->values[i].number];
		if (r->reporter == 0)
			continue;
		from = r->day < from ? r->day : from;
		to = r->day > to ? r->day : to;
		if (r->domain < q->c->ndomains && p->domain_ok[r->domain] == 1)
			p->domain_ok[r->domain] = 3;
	}
	for (size_t i = 0; i < q->c->ndomains; i++)
		p->domain_ok[i] = p->domain_ok[i] == 3;
	p->from = from > p->from ? from : p->from;
	p->to = to < p->to ? to : p->to;
}

/* Which sides are asked for: 1 what counts, 2 what is kept apart. One who names a report means it wherever it is. */
uint64_t
q_sides(const struct query_filter *f)
{
	uint64_t	 set, all = 3;
	bool		 given = false, named = false;

	for (const struct query_clause *c = f->clauses; c < f->clauses + f->nclauses; c++) {
		named |= c->key == QK_REPORT && !c->negated;
		if (c->key != QK_APART)
			continue;
		given = true;
		set = 0;
		for (size_t i = 0; i < c->nvalues; i++)
			set |= c->values[i].number;
		all &= c->negated ? ~set : set;
	}
	return (given || named ? all : 1);
}

static int
domains_plan(struct query *q, const struct query_filter *f, struct q_plan *p, struct err *e)
{
	const struct query_clause	*c;
	uint64_t			 side = q_sides(f);
	size_t				 n;

	if (q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	n = q->c->ndomains;
	if ((p->domain_ok = arena_alloc(q->a, n + 1, 1)) == NULL ||
	    (p->domains = arena_alloc(q->a, n + 1, sizeof(*p->domains))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < n; i++)
		p->domain_ok[i] = q->c->domains[i].key != NULL && q->c->domains[i].used &&
		    (side & (q->c->domains[i].apart ? 2 : 1)) != 0;
	for (c = f->clauses; c < f->clauses + f->nclauses; c++)
		if (c->key == QK_DOMAIN)
			for (size_t i = 0; i < n; i++)
				if (p->domain_ok[i] && q_clause_text(c, str_of(q->c->domains[i].key)) == c->negated)
					p->domain_ok[i] = 0;
	for (c = f->clauses; c < f->clauses + f->nclauses; c++)
		if (c->key == QK_REPORT && !c->negated)
			report_narrow(q, c, p);
	for (size_t i = 0; i < n; i++)
		if (p->domain_ok[i])
			p->domains[p->ndomains++] = (uint32_t)i;
	if (p->ndomains == 0 || p->from > p->to)
		p->nothing = true;
	return (0);
}

static int
reporter_clause(struct query *q, const struct query_clause *c, struct q_plan *p, struct err *e)
{
	size_t	 n = q->c->nreporters;
	bool	 yes;

	if (p->reporter_ok == NULL) {
		if ((p->reporter_ok = arena_alloc(q->a, n + 1, 1)) == NULL)
			return (q_oom(e));
		memset(p->reporter_ok, 1, n);
	}
	for (size_t i = 0; i < n; i++) {
		yes = q->c->reporters[i].key != NULL && (q_clause_text(c, str_of(q->c->reporters[i].key)) ||
		    q_clause_text(c, str_of(q->c->reporters[i].label)));
		if (yes == c->negated)
			p->reporter_ok[i] = 0;
	}
	return (0);
}

static int
outcome_clause(struct query *q, const struct query_clause *c, struct q_plan *p, struct err *e)
{
	size_t	 n = q->c->noutcomes;

	if (p->outcome_ok == NULL) {
		if ((p->outcome_ok = arena_alloc(q->a, n + 1, 1)) == NULL)
			return (q_oom(e));
		for (size_t i = 0; i < n; i++)
			p->outcome_ok[i] = q->c->outcomes[i].known;
	}
	for (size_t i = 0; i < n; i++)
		if (outcome_matches(c, &q->c->outcomes[i]) == c->negated)
			p->outcome_ok[i] = 0;
	return (0);
}

static int
evidence_plan(struct query *q, const struct query_filter *f, struct q_plan *p, struct err *e)
{
	const struct query_clause	*c;
	const struct q_evidence		*ev;
	size_t				 n;

	for (c = f->clauses; c < f->clauses + f->nclauses; c++) {
		if (c->key != QK_HFROM && c->key != QK_EFROM && c->key != QK_REASON && c->key != QK_SELECTOR &&
		    c->key != QK_SIGDOMAIN && c->key != QK_SPFDOMAIN)
			continue;
		if (q_need(q, TIER_EVIDENCE, e) == -1)
			return (-1);
		n = q->c->nevidence;
		if (p->evidence_ok == NULL) {
			if ((p->evidence_ok = arena_alloc(q->a, n + 1, 1)) == NULL)
				return (q_oom(e));
			for (size_t i = 1; i < n; i++) {
				if ((ev = q_ev(q, (uint32_t)i, e)) == NULL)
					return (-1);
				p->evidence_ok[i] = ev->outcome != 0 && (p->outcome_ok == NULL || p->outcome_ok[ev->outcome]);
			}
		}
		p->by_row = true;
		if (evidence_clause(q, c, p->evidence_ok, e) == -1)
			return (-1);
	}
	return (0);
}

int
q_plan(struct query *q, const struct query_filter *f, const struct query_range *r, struct q_plan *p, struct err *e)
{
	const struct query_clause	*c;
	int				 rc = 0;

	memset(p, 0, sizeof(*p));
	p->from = r->from;
	p->to = r->to;
	for (c = f->clauses; c < f->clauses + f->nclauses && rc == 0; c++) {
		if (c->key == QK_REPORT || c->key == QK_TRUST)
			rc = report_clause(q, c, p, e);
		else if (c->key == QK_REPORTER)
			rc = reporter_clause(q, c, p, e);
		else if (c->key == QK_SENDER || c->key == QK_CLASS || c->key == QK_FWD || c->key == QK_HEALTH)
			rc = sender_clause(q, c, p, e);
		else if (c->key == QK_SPF || c->key == QK_DKIM || c->key == QK_ALIGN || c->key == QK_DISP || c->key == QK_CODE ||
		    c->key == QK_DIFFERS)
			rc = outcome_clause(q, c, p, e);
	}
	if (rc == 0 && p->health_ok != 0)
		rc = q_health(q, f, r, p, e);
	if (rc == -1 || domains_plan(q, f, p, e) == -1 || evidence_plan(q, f, p, e) == -1)
		return (-1);
	return (sources_plan(q, f, p, e));
}

/* --- The passes -------------------------------------------------------------------------- */

struct pass {
	struct query		*q;
	const struct q_plan	*p;
	const struct query_cache *c;
	q_fact_fn		*fn;
	void			*ctx;
	struct q_fact		 f;
	unsigned		 n;	/* rows since the last look at the clock */
	uint64_t		 last;	/* source whose sender, or sender + 1 whose class, was looked up; 0: none */
};

/* Once in so many rows. */
static int
look(struct pass *x, struct err *e)
{
	if (++x->n < LOOK_EVERY)
		return (0);
	x->n = 0;
	return (q_late(x->q, e));
}

/* Of x->f, source, report, evidence, count, day and seq are known. */
static int
record_row(struct pass *x, struct err *e)
{
	const struct q_plan		*p = x->p;
	const struct query_cache	*c = x->c;
	const struct q_evidence		*ev;
	struct q_fact			*f = &x->f;

	if (p->source_ok != NULL && (f->source >= p->nsource_ok || !p->source_ok[f->source]))
		return (0);
	if (f->source != x->last) {	/* rows of a source stand together */
		uint32_t	 of = map_get(&c->of, (uint64_t)f->domain << 32 | f->source);

		x->last = f->source;
		f->sender = of == MAP_NONE ? SENDER_REST : of;
		f->class = q_class(c, f->domain, f->sender);
	}
	if (!sender_fits(p, f) || f->evidence >= c->nevidence || (p->evidence_ok != NULL && !p->evidence_ok[f->evidence]))
		return (0);
	if ((ev = q_ev(x->q, f->evidence, e)) == NULL)
		return (-1);
	f->ev = *ev;
	f->outcome = f->ev.outcome;
	if (p->outcome_ok != NULL && !p->outcome_ok[f->outcome])
		return (0);
	f->fwd = q_fwd(c, f);
	if ((p->fwd_ok != 0 && (p->fwd_ok & 1u << f->fwd) == 0) || f->report >= c->nreports ||
	    (p->report_ok != NULL && !p->report_ok[f->report]))
		return (0);
	f->reporter = c->reporter_of[f->report];
	if (p->reporter_ok != NULL && !p->reporter_ok[f->reporter])
		return (0);
	if (p->lists && q_lists(x->q, f->evidence, &f->l, e) == -1)
		return (-1);
	x->fn(x->ctx, f);
	return (0);
}

static uint32_t
id_of(int64_t v)
{
	return (v < 0 || v > UINT32_MAX ? 0 : (uint32_t)v);
}

/* Columns as in Q_SCAN_SEQ. */
static int
record_rows(struct pass *x, sqlite3_stmt *st, bool seq, struct err *e)
{
	struct q_fact	*f = &x->f;
	int		 rc;

	f->rows = 1;
	while ((rc = q_step(x->q, st, e)) == 1) {
		f->day = sqlite3_column_int64(st, 0);
		f->source = id_of(sqlite3_column_int64(st, 1));
		f->report = id_of(sqlite3_column_int64(st, 2));
		f->evidence = id_of(sqlite3_column_int64(st, 3));
		f->m = (uint64_t)sqlite3_column_int64(st, 4);
		if (seq)
			f->seq = (uint64_t)sqlite3_column_int64(st, 5);
		if (look(x, e) == -1 || record_row(x, e) == -1)
			return (-1);
	}
	(void)sqlite3_reset(st);
	return (rc);
}

static int
record_sheet(struct pass *x, struct q_reading *r, struct err *e)
{
	struct q_fact	*f = &x->f;

	f->rows = 1;
	while (q_sheet_next(r)) {
		f->source = id_of(r->v[0]);
		f->report = id_of(r->v[1]);
		f->evidence = id_of(r->v[2]);
		f->m = (uint64_t)r->v[3];
		f->seq = (uint64_t)r->v[4];
		if (look(x, e) == -1 || record_row(x, e) == -1)
			return (-1);
	}
	return (0);
}

/* Of x->f, the day, messages and rows are known. */
static void
rollup_row(struct pass *x, uint32_t reporter, uint32_t outcome, uint32_t sender)
{
	const struct q_plan	*p = x->p;
	struct q_fact		*f = &x->f;

	if (reporter >= x->c->nreporters || outcome >= x->c->noutcomes || (p->reporter_ok != NULL && !p->reporter_ok[reporter]) ||
	    (p->outcome_ok != NULL && !p->outcome_ok[outcome]) || (f->m == 0 && f->rows == 0))	/* what a replaced report left */
		return;
	f->reporter = reporter;
	f->outcome = outcome;
	if (x->last != sender + UINT64_C(1)) {
		x->last = sender + UINT64_C(1);
		f->sender = sender;
		f->class = sender == 0 ? CLASS_UNKNOWN : q_class(x->c, f->domain, sender);
	}
	f->fwd = q_fwd(x->c, f);
	if (sender_fits(p, f) && (p->fwd_ok == 0 || (p->fwd_ok & 1u << f->fwd) != 0))
		x->fn(x->ctx, f);
}

static int
rollup_rows(struct pass *x, sqlite3_stmt *st, struct err *e)
{
	struct q_fact	*f = &x->f;
	int		 rc;

	while ((rc = q_step(x->q, st, e)) == 1) {
		f->day = sqlite3_column_int64(st, 0);
		f->m = (uint64_t)sqlite3_column_int64(st, 3);
		f->rows = (uint64_t)sqlite3_column_int64(st, 4);
		rollup_row(x, id_of(sqlite3_column_int64(st, 1)), id_of(sqlite3_column_int64(st, 2)), id_of(sqlite3_column_int64(st, 5)));
	}
	(void)sqlite3_reset(st);
	return (rc);
}

static int
rollup_sheet(struct pass *x, struct q_reading *r, struct err *e)
{
	struct q_fact	*f = &x->f;

	while (q_sheet_next(r)) {
		if (look(x, e) == -1)
			return (-1);
		f->m = (uint64_t)r->v[2];
		f->rows = (uint64_t)r->v[3];
		rollup_row(x, id_of(r->v[0]), id_of(r->v[1]), id_of(r->v[4]));
	}
	return (0);
}

static int
seek_rows(struct pass *x, uint32_t domain, struct err *e)
{
	sqlite3_stmt	*st;

	if (q_stmt(x->q, Q_SEEK, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	for (int64_t day = x->p->from; day <= x->p->to; day++) {
		(void)sqlite3_bind_int64(st, 2, day);
		for (size_t i = 0; i < x->p->nsources; i++) {
			(void)sqlite3_bind_int64(st, 3, x->p->sources[i]);
			if (record_rows(x, st, true, e) == -1)
				return (-1);
		}
	}
	return (0);
}

static bool
seeks_pay(const struct q_plan *p)
{
	uint64_t	 days = (uint64_t)p->to - (uint64_t)p->from;	/* less one: all times are all numbers */

	return (p->sources != NULL && days++ < SEEKS_MAX && p->nsources * p->ndomains <= SEEKS_MAX &&
	    p->nsources * p->ndomains * days <= SEEKS_MAX);
}

/* Some days of a domain, from the file. */
static int
days_read(struct pass *x, bool by_row, bool seq, int64_t from, int64_t to, struct err *e)
{
	sqlite3_stmt	*st;

	if (q_stmt(x->q, by_row ? seq ? Q_SCAN_SEQ : Q_SCAN : Q_ROLLUP, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, x->f.domain);
	(void)sqlite3_bind_int64(st, 2, from);
	(void)sqlite3_bind_int64(st, 3, to);
	return (by_row ? record_rows(x, st, seq, e) : rollup_rows(x, st, e));
}

/* One that is remembered, or is from now on. */
static int
day_recall(struct pass *x, bool by_row, bool seq, int64_t day, uint64_t number, struct err *e)
{
	struct q_reading	 r;
	int			 rc;

	if ((rc = q_sheet(x->q, by_row ? SHEET_RECORDS : SHEET_SUMS, x->f.domain, day, number, &r, e)) == -1)
		return (-1);
	if (rc == 0)
		return (days_read(x, by_row, seq, day, day, e));
	x->f.day = day;
	rc = by_row ? record_sheet(x, &r, e) : rollup_sheet(x, &r, e);
	q_sheet_done(&r);
	return (rc);
}

/* All days of a domain: those without an edition, if there are any, are read. */
static int
days_recall(struct pass *x, bool by_row, bool seq, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 next = x->p->from, day;
	int		 rc;

	if (q_stmt(x->q, Q_EDITIONS, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, x->f.domain);
	(void)sqlite3_bind_int64(st, 2, x->p->from);
	(void)sqlite3_bind_int64(st, 3, x->p->to);
	while ((rc = q_step(x->q, st, e)) == 1) {
		day = sqlite3_column_int64(st, 0);
		if ((day > next && days_read(x, by_row, seq, next, day - 1, e) == -1) ||
		    day_recall(x, by_row, seq, day, (uint64_t)sqlite3_column_int64(st, 1), e) == -1) {
			rc = -1;
			break;
		}
		next = day + 1;
	}
	(void)sqlite3_reset(st);
	return (rc == 0 && next <= x->p->to ? days_read(x, by_row, seq, next, x->p->to, e) : rc);
}

int
q_run(struct query *q, const struct q_plan *p, bool rows, bool seq, q_fact_fn *fn, void *ctx, struct err *e)
{
	struct pass	 x = { .q = q, .p = p, .c = q->c, .fn = fn, .ctx = ctx };
	bool		 by_row = p->by_row || rows;

	if (p->nothing)
		return (0);
	if (q_late(q, e) == -1)
		return (-1);
	if (q_need(q, TIER_SENDERS, e) == -1 ||
	    (by_row && (q_need(q, TIER_EVIDENCE, e) == -1 || q_need(q, TIER_REPORTS, e) == -1 || q_need(q, TIER_OF, e) == -1)))
		return (-1);
	for (size_t i = 0; i < p->ndomains; i++) {
		memset(&x.f, 0, sizeof(x.f));
		x.f.domain = p->domains[i];
		x.last = 0;
		if (by_row && seeks_pay(p)) {
			if (seek_rows(&x, p->domains[i], e) == -1)
				return (-1);
			continue;
		}
		if ((q->most_columns == 0 ? days_read(&x, by_row, seq, p->from, p->to, e) : days_recall(&x, by_row, seq, e)) == -1)
			return (-1);
	}
	return (0);
}

/* --- Time ---------------------------------------------------------------------------------- */

/* Volume of each reporter on each of the last days, seen from day: v[reporter * BACK + how many days ago]. */
static int64_t
complete_search(const uint64_t *v, size_t nreporters, int64_t last, int64_t back)
{
	uint64_t	 usual, all, have;
	unsigned	 days;

	for (int64_t ago = 0; ago + 7 < back; ago++) {
		all = have = 0;
		for (size_t r = 0; r < nreporters; r++) {
			usual = 0;
			days = 0;
			for (int64_t k = 1; k <= 7; k++)
				if (v[r * (size_t)back + (size_t)(ago + k)] > 0) {
					days++;
					usual += v[r * (size_t)back + (size_t)(ago + k)];
				}
			if (days < 4)
				continue;
			all += usual;
			if (v[r * (size_t)back + (size_t)ago] > 0)
				have += usual;
		}
		if (all > 0 && have * 5 >= all * 4)
			return (last - ago);
	}
	return (DAY_NONE);
}

/*
 * A report without mail still says that the reporter has reported: hence + 1.
 * Where nobody reports regularly, the last day with a report has to do.
 */
int64_t
q_complete_through(struct query *q, struct err *e)
{
	struct query_cache	*c = q->c;
	const struct q_report	*r;
	int64_t			 yesterday = when_day(q->now) - 1, last = DAY_NONE, back = COMPLETE_BACK + 8;
	uint64_t		*v;

	(void)e;
	if (c->complete_at == c->generation + 1 && c->complete_for == yesterday)
		return (c->complete_through);
	for (size_t i = 0; i < c->nreports; i++)
		if (c->reports[i].reporter != 0 && !q_apart(c, &c->reports[i]) && c->reports[i].day <= yesterday &&
		    c->reports[i].day > last)
			last = c->reports[i].day;
	c->complete_through = last;
	if (last != DAY_NONE && (v = calloc(c->nreporters + 1, (size_t)back * sizeof(*v))) != NULL) {
		for (r = c->reports; r < c->reports + c->nreports; r++)
			if (r->reporter != 0 && !r->superseded && !q_apart(c, r) && r->reporter < c->nreporters && r->day <= last && r->day > last - back)
				v[r->reporter * (size_t)back + (size_t)(last - r->day)] += r->m + 1;
		c->complete_through = complete_search(v, c->nreporters, last, back);
		if (c->complete_through == DAY_NONE)
			c->complete_through = last;
		free(v);
	}
	c->complete_at = c->generation + 1;
	c->complete_for = yesterday;
	return (c->complete_through);
}

static bool
asks_report(const struct query_filter *f)
{
	for (size_t i = 0; i < f->nclauses; i++)
		if (f->clauses[i].key == QK_REPORT && !f->clauses[i].negated)
			return (true);
	return (false);
}

int
query_filter_range(struct query *q, const struct query_filter *f, struct query_range *r, struct err *e)
{
	const struct q_report	*p;
	int64_t			 first = INT64_MAX, last = INT64_MIN, end;
	uint64_t		 side = q_sides(f);

	if (q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	r->complete_through = q_complete_through(q, e);
	end = r->complete_through != DAY_NONE ? r->complete_through : when_day(q->now) - 1;
	for (p = q->c->reports; p < q->c->reports + q->c->nreports; p++)
		if (p->reporter != 0 && (side & (q_apart(q->c, p) ? 2 : 1)) != 0) {
			first = p->day < first ? p->day : first;
			last = p->day > last ? p->day : last;
		}
	if (first > last)
		first = last = end;
	if (f->from != DAY_NONE || f->to != DAY_NONE) {
		r->from = f->from != DAY_NONE ? f->from : first;
		r->to = f->to != DAY_NONE ? f->to : last > r->from ? last : r->from;
		if (r->from > r->to && f->from == DAY_NONE)
			r->from = r->to;
		if (r->from > r->to)
			return (err_set(e, ERR_CONFIG, "from: the day is after to"));
		if (f->from != DAY_NONE && f->to != DAY_NONE && r->to - r->from >= QUERY_RANGE_DAYS)
			return (err_set(e, ERR_CONFIG, "from, to: more than %d days; t=all asks for everything", QUERY_RANGE_DAYS));
		return (0);
	}
	/* One report is asked for: its day is the time, whenever it was. */
	if (f->all || (f->days == 0 && asks_report(f))) {
		r->from = first;
		r->to = last;
		return (0);
	}
	r->to = end;
	r->from = end - (f->days != 0 ? f->days : 30) + 1;
	return (0);
}
