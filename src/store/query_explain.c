/*
 * query_explain.c - what explanations ask for: one row by its name, and rows
 * added up by what they say and where they came from.
 */
#include "store/query_int.h"

#define CAUSES_MAX	((size_t)1 << 17)	/* 16 MB with their samples */

int
query_source(struct query *q, int64_t source, struct str *ip, unsigned *ip_len, struct err *e)
{
	unsigned	 family = 0;

	*ip = STR("");
	*ip_len = 0;
	if (source <= 0 || source > UINT32_MAX)
		return (0);
	if (q_source_text(q, (uint32_t)source, ip, &family, e) == -1)
		return (-1);
	*ip_len = family == 4 ? 4 : family == 6 ? 16 : 0;
	return (0);
}

int
query_row_find(struct query *q, int64_t report, uint64_t seq, struct query_row *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (q_need(q, TIER_REPORTS, e) == -1 || store_prepare(q->s, &st, "SELECT source, evidence, count, day, domain FROM record "
	    "WHERE domain = (SELECT domain FROM report WHERE id = ?1) AND day = (SELECT day FROM report WHERE id = ?1) "
	    "AND report = ?1 AND seq = ?2", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, report);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)seq);
	if ((rc = q_step(q, st, e)) == 1) {
		*out = (struct query_row){ .source = sqlite3_column_int64(st, 0), .evidence = sqlite3_column_int64(st, 1),
		    .count = (uint64_t)sqlite3_column_int64(st, 2), .day = sqlite3_column_int64(st, 3),
		    .domain = sqlite3_column_int64(st, 4), .report = report, .seq = seq };
		if ((size_t)report < q->c->nreports)
			out->reporter = q->c->reports[report].reporter;
	}
	(void)sqlite3_finalize(st);
	if (rc == 0)
		return (err_set(e, ERR_INPUT, "report %lld has no row %llu, or was replaced by another version", (long long)report,
		    (unsigned long long)seq));
	return (rc == -1 ? -1 : 0);
}

struct adding {
	struct q_tally		 t;
	struct sample {
		struct query_row	 row;
		bool			 reporters;
	}			*samples;	/* by the place of the tally's cell */
	size_t			 cap;
	uint64_t		 m, rows;
	bool			 failed;
};

static void
cause_fact(void *ctx, const struct q_fact *f)
{
	struct adding		*a = ctx;
	struct q_cell		*c;
	struct sample		*x;
	size_t			 at;

	a->m += f->m;
	a->rows += f->rows;
	q_tally_add(&a->t, f->evidence, f->source, f);
	if ((c = q_tally_cell(&a->t, f->evidence, f->source)) == NULL)
		return;
	at = (size_t)(c - a->t.cells);
	if (a->failed || !q_grow((void **)&a->samples, &a->cap, at + 1, sizeof(*a->samples))) {
		a->failed = true;
		return;
	}
	x = &a->samples[at];
	x->reporters |= x->row.report != 0 && x->row.reporter != f->reporter;
	if (x->row.report != 0 && x->row.count >= f->m)
		return;
	x->row = (struct query_row){ .count = f->m, .report = f->report, .evidence = f->evidence, .seq = f->seq, .source = f->source,
	    .day = f->day, .domain = f->domain, .reporter = f->reporter };
}

static int
causes_out(struct query *q, struct adding *a, size_t limit, struct query_causes *out, struct err *e)
{
	struct q_top	 top;
	uint32_t	 slot, *at = NULL;
	size_t		 cap = 0;
	int		 rv = -1;

	(void)q_top_init(&top, limit);
	for (size_t i = 0; i < a->t.n; i++) {
		const int64_t	 k[4] = { -(int64_t)a->t.cells[i].m, -a->samples[i].row.day, -a->samples[i].row.report,
		    (int64_t)a->samples[i].row.seq };

		if (!q_top_offer(&top, k, &slot))
			continue;
		if (!q_grow((void **)&at, &cap, (size_t)slot + 1, sizeof(*at)))
			goto out;
		at[slot] = (uint32_t)i;
	}
	if (top.failed || (out->items = arena_alloc(q->a, top.n + 1, sizeof(*out->items))) == NULL)
		goto out;
	q_top_sort(&top);
	for (size_t i = 0; i < top.n; i++) {
		const struct q_cell	*c = &a->t.cells[at[top.v[i].at]];

		out->items[i] = (struct query_cause){ .m = c->m, .rows = c->rows, .first_day = c->first, .last_day = c->last,
		    .reporters = a->samples[at[top.v[i].at]].reporters, .example = a->samples[at[top.v[i].at]].row };
	}
	out->nitems = top.n;
	out->total_n = a->t.n;
	out->total_m = a->m;
	out->total_rows = a->rows;
	rv = 0;
out:
	free(at);
	q_top_free(&top);
	return (rv == -1 ? q_oom(e) : 0);
}

int
query_causes(struct query *q, const struct query_filter *filter, const struct query_range *r, size_t limit, struct query_causes *out,
    struct err *e)
{
	struct adding	 a = { .t = { .most = CAUSES_MAX } };
	struct q_plan	 p;
	int		 rv = -1;

	memset(out, 0, sizeof(*out));
	if (q_plan(q, filter, r, &p, e) == -1)
		return (-1);
	if (q_run(q, &p, true, true, cause_fact, &a, e) == -1 || q_tally_check(&a.t, e) == -1)
		goto out;
	rv = a.failed ? q_oom(e) : causes_out(q, &a, limit, out, e);
out:
	free(a.samples);
	q_tally_free(&a.t);
	return (rv);
}
