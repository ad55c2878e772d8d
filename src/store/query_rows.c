/*
 * query_rows.c - the rows themselves: the first few in some order, and what
 * one of them says in full.
 */
#include "store/query_int.h"
#include "store/records.h"

struct taking {
	struct query		*q;
	struct q_top		 top;
	struct query_row	*rows;
	size_t			 cap;
	enum { SORT_M, SORT_DAY, SORT_SEQ } by;
	bool			 desc;
	bool			 failed;
	uint64_t		 n, m;
};

static void
row_fact(void *ctx, const struct q_fact *f)
{
	struct taking	*t = ctx;
	int64_t		 m = (int64_t)f->m, k[4];
	uint32_t	 slot;

	t->n++;
	t->m += f->m;
	switch (t->by) {
	case SORT_DAY:
		k[0] = t->desc ? -f->day : f->day;
		k[1] = -m;
		break;
	case SORT_SEQ:
		k[0] = t->desc ? -(int64_t)f->seq : (int64_t)f->seq;
		k[1] = 0;
		break;
	default:
		k[0] = t->desc ? -m : m;
		k[1] = -f->day;
		break;
	}
	k[2] = -(int64_t)f->report;
	k[3] = (int64_t)f->seq;
	if (!q_top_offer(&t->top, k, &slot))
		return;
	if (!q_grow((void **)&t->rows, &t->cap, (size_t)slot + 1, sizeof(*t->rows))) {
		t->failed = true;
		return;
	}
	t->rows[slot] = (struct query_row){ .count = f->m, .report = f->report, .evidence = f->evidence, .seq = f->seq,
	    .source = f->source, .day = f->day, .domain = f->domain, .reporter = f->reporter };
}

/*
 * In the order of days it is enough to go on until the page is full: a few
 * days first, then twice as many, so that neither a busy day nor a quiet year
 * costs much.
 */
static int
by_days(struct query *q, struct q_plan *p, struct taking *t, size_t limit, struct err *e)
{
	int64_t	 from = p->from, to = p->to, step = 1, at, end;

	if (t->top.has_after) {		/* nothing of interest on this side of the cursor */
		at = t->desc ? -t->top.after[0] : t->top.after[0];
		if (t->desc && at < to)
			to = at;
		if (!t->desc && at > from)
			from = at;
	}
	for (; from <= to; step *= 2) {
		if (t->desc) {
			at = to - step + 1 > from ? to - step + 1 : from;
			end = to;
			to = at - 1;
		} else {
			at = from;
			end = from + step - 1 < to ? from + step - 1 : to;
			from = end + 1;
		}
		p->from = at;
		p->to = end;
		if (q_run(q, p, true, true, row_fact, t, e) == -1)
			return (-1);
		if (limit != 0 && t->top.n == limit)
			break;
	}
	return (0);
}

int
query_rows(struct query *q, const struct query_filter *filter, const struct query_range *r, const struct query_page *page,
    struct query_rows *out, struct err *e)
{
	static const char *const sorts[] = { "m", "day", "seq", NULL };
	struct taking		 t = { .q = q };
	struct q_sort		 sort;
	struct q_plan		 p;
	size_t			 limit = page->limit == 0 ? 0 : page->limit + 1;
	int			 rv = -1;

	memset(out, 0, sizeof(*out));
	if (q_sort(page->sort, "-m", sorts, &sort, e) == -1 || q_plan(q, filter, r, &p, e) == -1)
		return (-1);
	(void)q_top_init(&t.top, limit);
	t.by = strcmp(sort.name, "day") == 0 ? SORT_DAY : strcmp(sort.name, "seq") == 0 ? SORT_SEQ : SORT_M;
	t.desc = sort.desc;
	if (q_cursor_parse(page, &sort, t.top.after, &t.top.has_after, e) == -1)
		goto out;
	if (t.by == SORT_DAY && !page->total && !p.nothing) {
		if (by_days(q, &p, &t, limit, e) == -1)
			goto out;
	} else if (q_run(q, &p, true, true, row_fact, &t, e) == -1)
		goto out;
	if (t.failed || t.top.failed) {
		err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or add a filter");
		goto out;
	}
	q_top_sort(&t.top);
	out->nitems = limit != 0 && t.top.n == limit ? t.top.n - 1 : t.top.n;
	out->total_n = t.n;
	out->total_m = t.m;
	if ((out->items = arena_alloc(q->a, out->nitems + 1, sizeof(*out->items))) == NULL) {
		(void)q_oom(e);
		goto out;
	}
	for (size_t i = 0; i < out->nitems; i++)
		out->items[i] = t.rows[t.top.v[i].at];
	if (out->nitems < t.top.n && (out->next = q_cursor(q, &sort, t.top.v[out->nitems - 1].k)) == NULL) {
		(void)q_oom(e);
		goto out;
	}
	rv = 0;
out:
	free(t.rows);
	q_top_free(&t.top);
	return (rv);
}

/* --- One row in full ------------------------------------------------------------------ */

struct tuples { uint32_t (*v)[5]; size_t n, cap; bool failed; };

static void
tuple_add(void *ctx, const uint32_t v[5], unsigned n)
{
	struct tuples	*t = ctx;

	(void)n;
	if (t->failed || !q_grow((void **)&t->v, &t->cap, t->n + 1, sizeof(*t->v))) {
		t->failed = true;
		return;
	}
	memcpy(t->v[t->n++], v, sizeof(*t->v));
}

static int
tuples_read(struct query *q, struct str list, struct tuples *t, struct err *e)
{
	struct tuples	 heap = { 0 };

	(void)memset(t, 0, sizeof(*t));
	if (list.p == NULL)
		return (0);
	q_numbers(list, tuple_add, &heap);
	if (!heap.failed && (t->v = arena_alloc(q->a, heap.n + 1, sizeof(*t->v))) != NULL) {
		if (heap.n > 0)
			memcpy(t->v, heap.v, heap.n * sizeof(*t->v));
		t->n = heap.n;
	}
	free(heap.v);
	return (t->v == NULL ? q_oom(e) : 0);
}

static int
auths_read(struct query *q, struct str list, struct report_auth **out, size_t *n, struct err *e)
{
	struct tuples		 t;
	struct report_auth	*a;

	*n = 0;
	*out = NULL;
	if (tuples_read(q, list, &t, e) == -1)
		return (-1);
	if (t.n == 0)
		return (0);
	if ((*out = arena_alloc(q->a, t.n, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < t.n; i++) {
		a = &(*out)[i];
		a->result = t.v[i][2] < RES_COUNT ? (enum auth_result)t.v[i][2] : RES_UNKNOWN;
		if (q_name(q, t.v[i][0], &a->domain, e) == -1 || q_name(q, t.v[i][1], &a->what, e) == -1 ||
		    q_name(q, t.v[i][3], &a->word, e) == -1 || q_name(q, t.v[i][4], &a->human_result, e) == -1)
			return (-1);
	}
	*n = t.n;
	return (0);
}

static int
reasons_read(struct query *q, struct str list, struct report_record *r, struct err *e)
{
	struct tuples	 t;

	if (tuples_read(q, list, &t, e) == -1)
		return (-1);
	if (t.n == 0)
		return (0);
	if ((r->reasons = arena_alloc(q->a, t.n, sizeof(*r->reasons))) == NULL)
		return (q_oom(e));
	for (r->nreasons = 0; r->nreasons < t.n; r->nreasons++)
		if (q_name(q, t.v[r->nreasons][0], &r->reasons[r->nreasons].type, e) == -1 ||
		    q_name(q, t.v[r->nreasons][1], &r->reasons[r->nreasons].comment, e) == -1)
			return (-1);
	return (0);
}

struct evidence_full {
	uint32_t	 policy, outcome, header_from, envelope_from, envelope_to;
	unsigned	 flags;
	struct str	 spf, dkim, reasons, words;
};

static int
evidence_get(struct query *q, int64_t id, struct evidence_full *v, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	memset(v, 0, sizeof(*v));
	if (q_stmt(q, Q_EVIDENCE, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = q_step(q, st, e)) == 1) {
		v->policy = (uint32_t)sqlite3_column_int64(st, 0);
		v->outcome = (uint32_t)sqlite3_column_int64(st, 1);
		v->header_from = (uint32_t)sqlite3_column_int64(st, 2);
		v->envelope_from = (uint32_t)sqlite3_column_int64(st, 3);
		v->envelope_to = (uint32_t)sqlite3_column_int64(st, 4);
		v->flags = (unsigned)sqlite3_column_int(st, 5);
		v->spf = q_column(q, st, 6);
		v->dkim = q_column(q, st, 7);
		v->reasons = q_column(q, st, 8);
		v->words = q_column(q, st, 9);
	}
	(void)sqlite3_reset(st);
	if (rc == 0)
		return (err_set(e, ERR_BUG, "evidence %lld is missing", (long long)id));
	return (rc == -1 ? -1 : 0);
}

/*
 * What decided is worked out again from the same facts by the same pure
 * function; what the store says (code, differs, ...) stands.
 */
static void
verdict_fill(const struct q_outcome *o, const struct dmarc_dns *dns, unsigned walked, struct query_row_full *out)
{
	struct verdict	*v = &out->verdict;

	dmarc_judge_with(&out->policy, &out->record, dns, v);
	v->walked = walked;
	v->dkim_aligned = o->verdict_dkim;
	v->spf_aligned = o->verdict_spf;
	v->pass = o->verdict_dkim || o->verdict_spf;
	v->estimated = o->estimated;
	v->differs = o->differs;
	v->forwarded = o->forwarded;
	v->overridden = o->overridden;
	v->code = o->code;
	v->spf_raw = (enum auth_result)o->spf_raw;
	v->dkim_raw = (enum auth_result)o->dkim_raw;
	if (!v->dkim_aligned)
		v->dkim_domain = v->dkim_selector = STR_NONE;
	if (!v->spf_aligned)
		v->spf_domain = STR_NONE;
}

int
q_evidence(struct query *q, int64_t id, struct query_row_full *out, struct err *e)
{
	const struct q_outcome	*o;
	struct report_record	*r = &out->record;
	const struct dmarc_dns	*dns;
	struct evidence_full	 v;
	struct tuples		 words;

	memset(out, 0, sizeof(*out));
	if (q_need(q, TIER_POLICIES, e) == -1 || evidence_get(q, id, &v, e) == -1)
		return (-1);
	if (v.outcome >= q->c->noutcomes || v.policy >= q->c->npolicies)
		return (err_set(e, ERR_BUG, "evidence %lld is damaged", (long long)id));
	o = &q->c->outcomes[v.outcome];
	out->policy = q->c->policies[v.policy].p;
	out->align = (enum query_align)o->align;
	r->disposition = (enum disposition)o->disp;
	r->dkim = (enum evaluated)o->dkim;
	r->spf = (enum evaluated)o->spf;
	r->header_from_derived = (v.flags & 1) != 0;
	if (tuples_read(q, v.words, &words, e) == -1)
		return (-1);
	if (words.n > 0 && (q_name(q, words.v[0][0], &r->disposition_word, e) == -1 ||
	    q_name(q, words.v[0][1], &r->dkim_word, e) == -1 || q_name(q, words.v[0][2], &r->spf_word, e) == -1))
		return (-1);
	if (q_name(q, v.header_from, &r->header_from, e) == -1 || q_name(q, v.envelope_from, &r->envelope_from, e) == -1 ||
	    q_name(q, v.envelope_to, &r->envelope_to, e) == -1 ||
	    auths_read(q, v.spf, &r->spf_results, &r->nspf, e) == -1 ||
	    auths_read(q, v.dkim, &r->dkim_results, &r->ndkim, e) == -1 || reasons_read(q, v.reasons, r, e) == -1)
		return (-1);
	if (query_walk(q, v.flags >> 1, &dns, e) == -1)
		return (-1);
	verdict_fill(o, dns, v.flags >> 1 & (WALK_USED | WALK_LACKED), out);
	return (0);
}

int
query_walk(struct query *q, unsigned walked, const struct dmarc_dns **out, struct err *e)
{
	*out = NULL;
	return ((walked & WALK_USED) == 0 ? 0 : store_walk(q->s, out, e));
}

int
query_row_full(struct query *q, const struct query_row *row, struct query_row_full *out, struct err *e)
{
	struct report_record	*r = &out->record;
	unsigned		 family;

	if (q_evidence(q, row->evidence, out, e) == -1)
		return (-1);
	if (row->domain > 0 && (size_t)row->domain < q->c->ndomains)
		out->domain = str_of(q->c->domains[row->domain].key);
	if (row->reporter > 0 && (size_t)row->reporter < q->c->nreporters) {
		out->reporter = str_of(q->c->reporters[row->reporter].key);
		out->reporter_label = str_of(q->c->reporters[row->reporter].label);
	}
	if (q_source_text(q, (uint32_t)row->source, &r->source_ip, &family, e) == -1)
		return (-1);
	r->ip_len = family == 4 ? 4 : family == 6 ? 16 : 0;
	if (query_place(q, row->source, &out->place, e) == -1)
		return (-1);
	r->count = row->count;
	r->seq = row->seq;
	return (0);
}
