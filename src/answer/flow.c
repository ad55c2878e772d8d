/*
 * flow.c - how mail goes through the checks, and where over the days.
 */
#include "answer/answer_int.h"

/* --- Flow --------------------------------------------------------------------------- */

/* For machines: the stage and its key, "group:" alone for the others. */
static json_t *
node_id(const struct query_node *n)
{
	struct buf	 b = { 0 };
	json_t		*j;

	(void)buf_cstr(&b, query_stage_names[n->stage]);
	(void)buf_byte(&b, ':');
	if (n->key.p != NULL)
		(void)buf_str(&b, n->key);
	j = b.failed ? NULL : a_str(buf_as_str(&b));
	buf_free(&b);
	return (j);
}

static json_t *
nodes(const struct query_flow *f)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < f->nnodes; i++) {
		const struct query_node	*n = &f->nodes[i];
		struct a_obj		 o = a_object();

		a_set(&o, "id", node_id(n));
		a_set(&o, "stage", a_text(query_stage_names[n->stage]));
		a_set(&o, "key", a_str(n->key));
		a_set(&o, "label", a_str(n->label));
		a_set(&o, "m", a_count(n->m));
		a_set(&o, "n", a_count(n->n));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static json_t *
links(const struct query_flow *f)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < f->nlinks; i++) {
		const struct query_link	*l = &f->links[i];
		struct a_obj		 o = a_object();

		a_set(&o, "from", node_id(&f->nodes[l->from]));
		a_set(&o, "to", node_id(&f->nodes[l->to]));
		a_set(&o, "outcome", a_text(l->outcome));
		a_set(&o, "m", a_count(l->m));
		a_set(&o, "overruled", a_count(l->overruled));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

static void
put_head(struct a_obj *o, const struct answer_request *rq, const struct query_range *r)
{
	a_set(o, "from", a_day(r->from));
	a_set(o, "to", a_day(r->to));
	a_set(o, "by", a_text(query_by_names[rq->by]));
	a_set(o, "measure", a_text(query_measure_names[rq->measure]));
}

struct json_t *
answer_flow(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_range	 r;
	struct query_flow	 f;
	struct a_obj		 o;
	json_t			*j;

	if (query_filter_range(q, &rq->filter, &r, e) == -1 || query_flow(q, &rq->filter, &r, rq->by, rq->top, rq->measure, &f, e) == -1)
		return (NULL);
	o = a_object();
	put_head(&o, rq, &r);
	a_set(&o, "m", a_count(f.m));
	a_set(&o, "nodes", nodes(&f));
	a_set(&o, "links", links(&f));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}

/* --- Heat map -------------------------------------------------------------------------- */

/* Unknown is null, and so is a share of nothing. */
static json_t *
cell(const struct query_heat_row *row, size_t i)
{
	if (!row->known[i])
		return (json_null());
	return (row->whole != NULL ? a_rate(row->part[i], row->whole[i]) : a_count(row->part[i]));
}

static json_t *
heat_values(const struct query_heat *h)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < h->nrows; i++) {
		struct a_obj	 row = a_array();

		for (size_t k = 0; k < h->ndays; k++)
			a_add(&row, cell(&h->rows[i], k));
		a_add(&a, a_done(&row));
	}
	return (a_done(&a));
}

static json_t *
heat_rows(const struct query_heat *h)
{
	struct a_obj	 a = a_array();

	for (size_t i = 0; i < h->nrows; i++) {
		const struct query_heat_row	*row = &h->rows[i];
		struct a_obj			 o = a_object();
		uint64_t			 part = 0, whole = 0;

		for (size_t k = 0; k < h->ndays; k++) {
			part += row->part[k];
			whole += row->whole == NULL ? 0 : row->whole[k];
		}
		a_set(&o, "key", a_str(row->key));
		a_set(&o, "label", a_str(row->label));
		a_set(&o, "m", a_count(row->m));
		a_set(&o, "value", row->whole != NULL ? a_rate(part, whole) : a_count(part));
		a_set(&o, "n", a_count(row->n));
		a_add(&a, a_done(&o));
	}
	return (a_done(&a));
}

struct json_t *
answer_heatmap(struct query *q, const struct answer_request *rq, struct err *e)
{
	struct query_range	 r;
	struct query_heat	 h;
	struct a_obj		 o, days = { .j = NULL };
	json_t			*j;

	if (query_filter_range(q, &rq->filter, &r, e) == -1 ||
	    query_heat(q, &rq->filter, &r, rq->by, rq->week, rq->top, rq->measure, &h, e) == -1)
		return (NULL);
	days = a_array();
	for (size_t i = 0; i < h.ndays; i++)
		a_add(&days, a_day(h.days[i]));
	o = a_object();
	put_head(&o, rq, &r);
	a_set(&o, "step", a_text(rq->week ? "week" : "day"));
	a_set(&o, "complete_through", a_day(r.complete_through));
	a_set(&o, "days", a_done(&days));
	a_set(&o, "rows", heat_rows(&h));
	a_set(&o, "values", heat_values(&h));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}
