/*
 * query_export.c - see query_export.h.
 */
#include "store/query_export.h"
#include "store/query_int.h"

/* --- Reports, in order ----------------------------------------------------------- */

static int
by_day(const void *a, const void *b)
{
	const struct query_unit	*x = a, *y = b;

	if (x->day != y->day)
		return (x->day < y->day ? -1 : 1);
	if (x->domain != y->domain)
		return (x->domain < y->domain ? -1 : 1);
	return (x->id < y->id ? -1 : x->id > y->id);
}

int
query_units(struct query *q, const int64_t *ids, size_t n, struct query_unit *out, size_t *nout, struct err *e)
{
	const struct q_report	*r;

	*nout = 0;
	if (q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (ids[i] <= 0 || (size_t)ids[i] >= q->c->nreports || (r = &q->c->reports[ids[i]])->reporter == 0)
			continue;
		out[(*nout)++] = (struct query_unit){ ids[i], r->day, r->domain, r->records };
	}
	qsort(out, *nout, sizeof(*out), by_day);
	return (0);
}

int
query_successor(struct query *q, int64_t id, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc = 0;

	*out = 0;
	if (q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	if (id <= 0 || (size_t)id >= q->c->nreports || !q->c->reports[id].superseded)
		return (0);
	if (store_prepare(q->s, &st, "SELECT superseded_by FROM report WHERE id = ?1", e) == -1)
		return (-1);
	for (int i = 0; i < 1000; i++) {
		(void)sqlite3_bind_int64(st, 1, id);
		rc = q_step(q, st, e);
		if (rc != 1 || (id = sqlite3_column_int64(st, 0)) == 0)
			break;
		*out = id;
		(void)sqlite3_reset(st);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

/* --- Their rows --------------------------------------------------------------------- */

struct picking {
	const struct query_cache *cache;
	const struct query_unit	*units;
	size_t			 n;
	uint64_t		 from, to;
	query_unit_row_fn	*fn;
	void			*ctx;
	bool			 failed;
};

static void
pick(void *ctx, const struct q_fact *f)
{
	struct picking	*p = ctx;
	size_t		 low = 0, high = p->n, mid;

	if (f->seq < p->from || f->seq > p->to || p->failed)
		return;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (p->units[mid].id < (int64_t)f->report)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == p->n || p->units[low].id != (int64_t)f->report)
		return;
	p->failed = !p->fn(p->ctx, &(struct query_unit_row){ f->m, f->seq, (uint32_t)low, f->source, f->evidence, f->sender,
	    (uint8_t)q_fwd(p->cache, f), f->class });
}

int
query_unit_rows(struct query *q, const struct query_filter *filter, const struct query_unit *units, size_t n, uint64_t from, uint64_t to,
    query_unit_row_fn *fn, void *ctx, struct err *e)
{
	const struct query_range	 day = { .from = units[0].day, .to = units[0].day };
	struct picking			 x = { q->c, units, n, from, to, fn, ctx, false };
	uint32_t			 domain = units[0].domain;
	struct q_plan			 p;

	if (q_plan(q, filter, &day, &p, e) == -1)
		return (-1);
	if (p.nothing || domain >= q->c->ndomains || !p.domain_ok[domain])
		return (0);
	p.domains = &domain;
	p.ndomains = 1;
	if (q_run(q, &p, true, true, pick, &x, e) == -1)
		return (-1);
	return (x.failed ? q_oom(e) : 0);
}

struct str
query_sender_label(const struct query *q, uint32_t sender)
{
	return (sender < q->c->nsenders && q->c->senders[sender].key != NULL ? str_of(q->c->senders[sender].label) : STR_NONE);
}

int
query_evidence(struct query *q, int64_t evidence, struct query_row_full *out, struct err *e)
{
	return (q_evidence(q, evidence, out, e));
}
