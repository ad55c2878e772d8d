/*
 * query_pairs.c - which domain stands in From: and which one gets the bounces,
 * as pairs: that is what SPF has to match by.
 */
#include "dmarc/dmarc.h"
#include "store/query_int.h"

#define PAIRS_MOST	20000	/* told apart; what is beyond is among the others */
#define REST		0u

struct pairing {
	struct map	 known;		/* both names in one: place in names */
	uint64_t	*names;		/* the first is REST */
	size_t		 n, cap;
	struct q_tally	 t;
	bool		 failed;
};

/* The domain that SPF was asked about; where a row does not tell it, the envelope sender. */
static uint32_t
bounce_of(const struct q_fact *f)
{
	for (uint32_t i = 0; i < f->l.nspf; i++)
		if (f->l.spf[i] != 0)
			return (f->l.spf[i]);
	return (f->ev.envelope_from);
}

static void
pair_fact(void *ctx, const struct q_fact *f)
{
	struct pairing	*x = ctx;
	uint64_t	 names = (uint64_t)f->ev.header_from << 32 | bounce_of(f);
	uint32_t	*at = map_at(&x->known, names + 1);

	if (at == NULL || (*at == MAP_NONE && x->n < PAIRS_MOST && !q_grow((void **)&x->names, &x->cap, x->n + 1, sizeof(*x->names)))) {
		x->failed = true;
		return;
	}
	if (*at == MAP_NONE) {
		*at = x->n < PAIRS_MOST ? (uint32_t)x->n : REST;
		if (*at != REST)
			x->names[x->n++] = names;
	}
	q_tally_add(&x->t, *at, q_sub(f), f);
}

static int
by_weight(const void *a, const void *b)
{
	const struct query_pair	*x = a, *y = b;

	if (x->counts.m != y->counts.m)
		return (x->counts.m > y->counts.m ? -1 : 1);
	return (x->names < y->names ? -1 : x->names > y->names);
}

static int
pair_name(struct query *q, struct query_pair *p, struct err *e)
{
	if (q_name(q, (uint32_t)(p->names >> 32), &p->from, e) == -1 || q_name(q, (uint32_t)p->names, &p->bounce, e) == -1)
		return (-1);
	p->relation = p->bounce.len == 0 || p->from.len == 0 ? PAIR_UNTOLD : str_eq(p->from, p->bounce) ? PAIR_SAME :
	    str_eq(domain_org(p->from), domain_org(p->bounce)) ? PAIR_RELATED : PAIR_OTHER;
	return (0);
}

static int
pairs_sum(struct query *q, const struct pairing *x, size_t limit, struct query_pairs *out, struct err *e)
{
	struct query_pair	*all, *p;
	int			 rv = 0;

	if ((out->items = arena_alloc(q->a, limit + 1, sizeof(*out->items))) == NULL || (all = calloc(x->n + 1, sizeof(*all))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < x->n; i++)
		all[i] = (struct query_pair){ .names = x->names[i], .first_day = INT64_MAX, .last_day = DAY_NONE };
	for (size_t i = 0; i < x->t.n; i++) {
		p = &all[x->t.cells[i].key >> 32];
		q_count_sub(q->c, &p->counts, &p->legs, (uint32_t)x->t.cells[i].key, x->t.cells[i].m);
		p->first_day = x->t.cells[i].first < p->first_day ? x->t.cells[i].first : p->first_day;
		p->last_day = x->t.cells[i].last > p->last_day ? x->t.cells[i].last : p->last_day;
	}
	if (x->n > 1)
		qsort(all + 1, x->n - 1, sizeof(*all), by_weight);
	for (size_t i = 1; i < x->n && rv == 0; i++) {
		if (out->nitems == limit) {
			out->other_n++;
			out->other_m += all[i].counts.m;
			continue;
		}
		out->items[out->nitems] = all[i];
		rv = pair_name(q, &out->items[out->nitems++], e);
	}
	out->other_n += all[REST].counts.m > 0;
	out->other_m += all[REST].counts.m;
	free(all);
	return (rv);
}

int
query_pairs(struct query *q, const struct query_filter *f, const struct query_range *r, size_t limit, struct query_pairs *out, struct err *e)
{
	struct pairing	 x = { .t = { .most = PAIRS_MOST * 8 } };
	struct q_plan	 p;
	int		 rv = -1;

	memset(out, 0, sizeof(*out));
	if (!q_grow((void **)&x.names, &x.cap, 1, sizeof(*x.names)))
		return (q_oom(e));
	x.n = 1;
	if (q_plan(q, f, r, &p, e) == 0) {
		p.lists = true;
		if (q_run(q, &p, true, false, pair_fact, &x, e) == 0)
			rv = x.failed ? q_oom(e) : q_tally_check(&x.t, e);
	}
	if (rv == 0)
		rv = pairs_sum(q, &x, limit, out, e);
	map_free(&x.known);
	free(x.names);
	q_tally_free(&x.t);
	return (rv);
}
