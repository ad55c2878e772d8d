/*
 * query_health.c - how well each sender does: of all its mail in the range, to
 * the domains that are asked for, whatever else the filter says.
 */
#include "store/query_int.h"

struct doing { uint64_t m, pass, spf, dkim; int64_t last; };
struct sums {
	const struct query_cache	*c;
	struct doing			*v;
	size_t				 n;
};

static void
health_fact(void *ctx, const struct q_fact *f)
{
	struct sums	*s = ctx;
	struct doing	*d;
	unsigned	 align = s->c->outcomes[f->outcome].align;

	if (f->sender >= s->n)
		return;
	d = &s->v[f->sender];
	d->m += f->m;
	d->pass += align <= ALIGN_SPF ? f->m : 0;
	d->spf += align == ALIGN_BOTH || align == ALIGN_SPF ? f->m : 0;
	d->dkim += align == ALIGN_BOTH || align == ALIGN_DKIM ? f->m : 0;
	d->last = f->day > d->last ? f->day : d->last;
}

int
q_health(struct query *q, const struct query_filter *f, const struct query_range *r, struct q_plan *p, struct err *e)
{
	struct query_filter	 few;	/* its clauses are borrowed */
	struct q_plan		 all;
	struct sums		 s = { .c = q->c };

	if (p->health != NULL)
		return (0);
	query_filter_init(&few);
	for (size_t i = 0; i < f->nclauses; i++)
		if (f->clauses[i].key == QK_DOMAIN || f->clauses[i].key == QK_APART)
			few.clauses[few.nclauses++] = f->clauses[i];
	if (q_need(q, TIER_SENDERS, e) == -1 || q_plan(q, &few, r, &all, e) == -1)
		return (-1);
	s.n = q->c->nsenders + 1;
	if ((s.v = arena_alloc(q->a, s.n, sizeof(*s.v))) == NULL || (p->health = arena_alloc(q->a, s.n, 1)) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < s.n; i++)
		s.v[i].last = DAY_NONE;
	if (q_run(q, &all, false, false, health_fact, &s, e) == -1) {
		p->health = NULL;
		return (-1);
	}
	p->nhealth = s.n;
	for (size_t i = 0; i < s.n; i++)
		p->health[i] = (uint8_t)health_of(s.v[i].m, s.v[i].pass, s.v[i].spf, s.v[i].dkim,
		    s.v[i].last == DAY_NONE ? 0 : r->to - s.v[i].last);
	return (0);
}
