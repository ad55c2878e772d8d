/*
 * query_flow.c - sums along two ways: through the checks (flow), and over the
 * days (heat map). The few largest groups are found first; then one more pass
 * adds those up and everything else in one, so that nothing grows with what
 * came in, and sums are the sums.
 */
#include "store/query_int.h"

#define CELLS_MOST	((size_t)2 << 20)	/* of a heat map: groups times days */

const char *const query_measure_names[MEASURE_COUNT] = {
	"m", "pass", "fail", "fail_fix", "fail_fwd", "fail_unk", "quarantine", "reject", "overridden", "collateral", "leaked", "differs",
	"pass_rate", "legit_pass", "dkim_cover"
};
const char *const query_stage_names[STAGES] = { "group", "auth", "align", "disp" };

static bool
yours(unsigned who)
{
	return (who >> 4 == FORWARD_NO && sender_class_fate((enum sender_class)(who & 15)) == FATE_FIX);
}

bool
q_measured(enum query_measure m, const struct q_outcome *o, unsigned who)
{
	unsigned	 out = q_outcome_of(o, who);
	bool		 stopped = o->disp == DISP_QUARANTINE || o->disp == DISP_REJECT;

	switch (m) {
	case MEASURE_PASS:
	case MEASURE_PASS_RATE:
		return (o->align <= ALIGN_SPF);
	case MEASURE_FAIL:
		return (o->align == ALIGN_NONE);
	case MEASURE_FAIL_FIX:
		return (out == OUT_FIX);
	case MEASURE_FAIL_FWD:
		return (out == OUT_FWD);
	case MEASURE_FAIL_UNK:
		return (out == OUT_UNK);
	case MEASURE_QUARANTINE:
		return (o->disp == DISP_QUARANTINE);
	case MEASURE_REJECT:
		return (o->disp == DISP_REJECT);
	case MEASURE_OVERRIDDEN:
		return (o->overridden);
	case MEASURE_COLLATERAL:
		return ((out == OUT_FIX || out == OUT_FWD) && stopped);
	case MEASURE_LEAKED:
		return (out == OUT_UNK && (o->disp == DISP_NONE || o->disp == DISP_PASS));
	case MEASURE_DIFFERS:
		return (o->differs);
	case MEASURE_LEGIT_PASS:
		return (yours(who) && o->align <= ALIGN_SPF);
	case MEASURE_DKIM_COVER:
		return (yours(who) && (o->align == ALIGN_BOTH || o->align == ALIGN_DKIM));
	default:
		return (true);
	}
}

/* What a rate is a share of. */
static bool
measured_whole(enum query_measure m, unsigned who)
{
	return (m == MEASURE_PASS_RATE || yours(who));
}

static int
no_lists(enum query_by by, struct err *e)
{
	if (!query_by_lists(by))
		return (0);
	return (err_set(e, ERR_CONFIG, "by: one message can have several values of \"%s\", so its parts are not the whole", query_by_names[by]));
}

/* The places of groups; what is in none is at the end. */
struct places {
	struct query		*q;
	struct q_groups		 g;
	enum query_by		 by;
	struct map		 at;
};

static int
places_find(struct places *p, const struct query_filter *filter, const struct query_range *r, enum query_measure measure, unsigned top,
    struct err *e)
{
	uint32_t	*at;

	if (q_groups_top(p->q, filter, r, p->by, measure, top, &p->g, e) == -1)
		return (-1);
	for (size_t i = 0; i < p->g.n; i++) {
		if ((at = map_at(&p->at, p->g.ids[i] + UINT64_C(1))) == NULL)
			return (q_oom(e));
		*at = (uint32_t)i;
	}
	return (0);
}

static size_t
place(const struct places *p, const struct q_fact *f)
{
	uint32_t	 at = map_get(&p->at, q_group(p->q, &p->g, p->by, f) + UINT64_C(1));

	return (at == MAP_NONE ? p->g.n : at);
}

/* --- Flow --------------------------------------------------------------------------- */

enum { AUTH_NODES = 6, DISP_NODES = 4 };	/* SPF passed or not, DKIM passed, failed or not there; what became of it */

static const struct { const char *key, *label; } auth_nodes[AUTH_NODES] = {
	{ "pass_pass", "SPF pass, DKIM pass" }, { "pass_fail", "SPF pass, DKIM fail" }, { "pass_none", "SPF pass, no DKIM" },
	{ "fail_pass", "SPF not passed, DKIM pass" }, { "fail_fail", "SPF not passed, DKIM fail" }, { "fail_none", "SPF not passed, no DKIM" },
}, align_nodes[ALIGN_COUNT] = {
	{ "both", "Both aligned" }, { "dkim", "DKIM aligned" }, { "spf", "SPF aligned" }, { "none", "Nothing aligned" }, { "untold", "Not told" },
}, disp_nodes[DISP_NODES] = {
	{ "delivered", "Delivered" }, { "quarantine", "Quarantined" }, { "reject", "Rejected" }, { "other", "Another treatment" },
};

static uint32_t
auth_of(const struct q_outcome *o)
{
	uint32_t	 dkim = o->dkim_raw == RES_PASS ? 0 : o->dkim_raw == RES_ABSENT || o->dkim_raw == RES_NONE ? 2 : 1;

	return ((o->spf_raw == RES_PASS ? 0u : 3u) + dkim);
}

static uint32_t
disp_of(const struct q_outcome *o)
{
	switch (o->disp) {
	case DISP_NONE:
	case DISP_PASS:
		return (0);
	case DISP_QUARANTINE:
		return (1);
	case DISP_REJECT:
		return (2);
	default:
		return (3);
	}
}

struct flowing {
	struct places		 places;
	enum query_measure	 measure;
	struct q_tally		 t;	/* by place and q_sub */
	struct q_tally		 links;	/* by (stage, from, to) and outcome; m, and in rows what was overruled */
	uint64_t		 m;
};

static void
flow_fact(void *ctx, const struct q_fact *f)
{
	struct flowing	*x = ctx;

	if (!q_measured(x->measure, &x->places.q->c->outcomes[f->outcome], q_who(f)))
		return;
	x->m += f->m;
	q_tally_add(&x->t, (uint32_t)place(&x->places, f), q_sub(f), f);
}

static void
link_add(struct flowing *x, unsigned stage, uint32_t from, uint32_t to, uint32_t outcome, uint64_t m, bool overruled)
{
	struct q_cell	*c = q_tally_cell(&x->links, stage << 16 | from << 8 | to, outcome);

	if (c == NULL)
		return;
	c->m += m;
	c->rows += overruled ? m : 0;
}

static void
links_sum(struct flowing *x)
{
	for (size_t i = 0; i < x->t.n; i++) {
		const struct q_cell	*c = &x->t.cells[i];
		uint32_t		 sub = (uint32_t)c->key, out;
		const struct q_outcome	*o = &x->places.q->c->outcomes[sub & 0xffffff];

		out = q_outcome_of(o, sub >> 24);
		link_add(x, STAGE_GROUP, (uint32_t)(c->key >> 32), auth_of(o), out, c->m, false);
		link_add(x, STAGE_AUTH, auth_of(o), o->align, out, c->m, false);
		link_add(x, STAGE_ALIGN, o->align, disp_of(o), out, c->m, o->overridden);
	}
}

/* Where the nodes of each stage begin: all of them at first, in their order. */
static const size_t	 widths[STAGES] = { QUERY_FLOW_TOP + 1, AUTH_NODES, ALIGN_COUNT, DISP_NODES };
#define NODES_ALL (QUERY_FLOW_TOP + 1 + AUTH_NODES + ALIGN_COUNT + DISP_NODES)

static int
node_text(struct flowing *x, enum query_stage stage, size_t i, struct query_node *n, struct err *e)
{
	n->stage = stage;
	n->n = 1;
	switch (stage) {
	case STAGE_GROUP:
		if (i < x->places.g.n)
			return (q_group_text(x->places.q, x->places.by, x->places.g.ids[i], &n->key, &n->label, e));
		n->key = STR_NONE;
		n->label = STR("Others");
		n->n = x->places.g.total - x->places.g.n;
		return (0);
	case STAGE_AUTH:
		n->key = str_of(auth_nodes[i].key);
		n->label = str_of(auth_nodes[i].label);
		return (0);
	case STAGE_ALIGN:
		n->key = str_of(align_nodes[i].key);
		n->label = str_of(align_nodes[i].label);
		return (0);
	default:
		n->key = str_of(disp_nodes[i].key);
		n->label = str_of(disp_nodes[i].label);
		return (0);
	}
}

static int
by_link(const void *a, const void *b)
{
	const struct q_cell	*x = a, *y = b;

	return (x->key < y->key ? -1 : x->key > y->key);
}

static int
flow_out(struct flowing *x, struct query_flow *out, struct err *e)
{
	uint64_t	 m[STAGES][QUERY_FLOW_TOP + 1] = { { 0 } };
	size_t		 place_of[STAGES][QUERY_FLOW_TOP + 1];
	struct arena	*a = x->places.q->a;

	if (x->links.n > 1)
		qsort(x->links.cells, x->links.n, sizeof(*x->links.cells), by_link);
	for (size_t i = 0; i < x->links.n; i++) {
		uint32_t	 k = (uint32_t)(x->links.cells[i].key >> 32);

		m[k >> 16][k >> 8 & 0xff] += x->links.cells[i].m;
		if (k >> 16 == STAGE_ALIGN)
			m[STAGE_DISP][k & 0xff] += x->links.cells[i].m;
	}
	if ((out->nodes = arena_alloc(a, NODES_ALL, sizeof(*out->nodes))) == NULL ||
	    (out->links = arena_alloc(a, x->links.n + 1, sizeof(*out->links))) == NULL)
		return (q_oom(e));
	for (int s = 0; s < STAGES; s++)
		for (size_t i = 0; i < widths[s]; i++) {
			if (m[s][i] == 0)
				continue;
			place_of[s][i] = out->nnodes;
			if (node_text(x, (enum query_stage)s, i, &out->nodes[out->nnodes], e) == -1)
				return (-1);
			out->nodes[out->nnodes++].m = m[s][i];
		}
	for (size_t i = 0; i < x->links.n; i++) {
		const struct q_cell	*c = &x->links.cells[i];
		uint32_t		 k = (uint32_t)(c->key >> 32), s = k >> 16;

		if (c->m == 0)	/* rows without a message */
			continue;
		out->links[out->nlinks++] = (struct query_link){ .from = place_of[s][k >> 8 & 0xff], .to = place_of[s + 1][k & 0xff],
		    .outcome = q_outcome_names[(uint32_t)c->key], .m = c->m, .overruled = c->rows };
	}
	out->m = x->m;
	return (0);
}

int
query_flow(struct query *q, const struct query_filter *filter, const struct query_range *r, enum query_by by, unsigned top,
    enum query_measure measure, struct query_flow *out, struct err *e)
{
	struct flowing	 x = { .places = { .q = q, .by = by }, .measure = measure };
	int		 rv = -1;

	memset(out, 0, sizeof(*out));
	if (measure >= MEASURE_RATES)
		return (err_set(e, ERR_CONFIG, "measure: \"%s\" is a rate, which does not add up", query_measure_names[measure]));
	if (no_lists(by, e) == -1)
		return (-1);
	if (places_find(&x.places, filter, r, measure, top < QUERY_FLOW_TOP ? top : QUERY_FLOW_TOP, e) == -1 ||
	    q_run(q, &x.places.g.p, q_by_rows(by), false, flow_fact, &x, e) == -1 || q_tally_check(&x.t, e) == -1)
		goto out;
	links_sum(&x);
	if (q_tally_check(&x.links, e) == 0)
		rv = flow_out(&x, out, e);
out:
	map_free(&x.places.at);
	q_tally_free(&x.t);
	q_tally_free(&x.links);
	return (rv);
}

/* --- Heat map -------------------------------------------------------------------------- */

struct heating {
	struct places			 places;
	enum query_measure		 measure;
	const struct query_range	*r;
	bool				 week;
	struct query_heat		*out;
};

static void
heat_fact(void *ctx, const struct q_fact *f)
{
	struct heating		*x = ctx;
	const struct q_outcome	*o = &x->places.q->c->outcomes[f->outcome];
	struct query_heat_row	*row = &x->out->rows[place(&x->places, f)];
	uint32_t		 step = q_step_of(x->r->from, x->week, f->day);
	bool			 part = q_measured(x->measure, o, q_who(f));

	row->m += f->m;
	row->part[step] += part ? f->m : 0;
	if (row->whole != NULL && measured_whole(x->measure, q_who(f)))
		row->whole[step] += f->m;
}

/* A day without a report is not a day without mail. */
static void
heat_known(struct heating *x)
{
	const struct query_cache	*c = x->places.q->c;
	const struct q_plan		*p = &x->places.g.p;
	uint32_t			 at, group;

	for (size_t i = 0; i < c->nreports && !p->nothing; i++) {
		const struct q_report	*r = &c->reports[i];

		if (r->reporter == 0 || r->superseded || r->day < p->from || r->day > p->to || !p->domain_ok[r->domain] ||
		    (p->reporter_ok != NULL && !p->reporter_ok[r->reporter]) || (p->report_ok != NULL && !p->report_ok[i]))
			continue;
		if (x->places.by != BY_REPORTER && x->places.by != BY_DOMAIN) {
			x->out->rows[0].known[q_step_of(x->r->from, x->week, r->day)] = true;	/* one for all */
			continue;
		}
		group = x->places.by == BY_REPORTER ? r->reporter : r->domain;
		at = map_get(&x->places.at, group + UINT64_C(1));
		x->out->rows[at == MAP_NONE ? x->places.g.n : at].known[q_step_of(x->r->from, x->week, r->day)] = true;
	}
}

static int
heat_rows(struct heating *x, struct err *e)
{
	struct query_heat	*h = x->out;
	struct arena		*a = x->places.q->a;
	bool			 own = x->places.by == BY_REPORTER || x->places.by == BY_DOMAIN;

	h->nrows = x->places.g.n + 1;
	if (h->nrows * h->ndays > CELLS_MOST)
		return (err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or fewer rows, or for weeks"));
	if ((h->rows = arena_alloc(a, h->nrows, sizeof(*h->rows))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < h->nrows; i++) {
		struct query_heat_row	*row = &h->rows[i];

		row->part = arena_alloc(a, h->ndays, sizeof(*row->part));
		row->known = i > 0 && !own ? h->rows[0].known : arena_alloc(a, h->ndays, sizeof(*row->known));
		if (x->measure >= MEASURE_RATES)
			row->whole = arena_alloc(a, h->ndays, sizeof(*row->whole));
		if (row->part == NULL || row->known == NULL || (x->measure >= MEASURE_RATES && row->whole == NULL))
			return (q_oom(e));
		row->n = 1;
		if (i == x->places.g.n) {
			row->n = x->places.g.total - x->places.g.n;
			row->label = STR("Others");
		} else if (q_group_text(x->places.q, x->places.by, x->places.g.ids[i], &row->key, &row->label, e) == -1)
			return (-1);
	}
	return (0);
}

int
query_heat(struct query *q, const struct query_filter *filter, const struct query_range *r, enum query_by by, bool week, unsigned top,
    enum query_measure measure, struct query_heat *out, struct err *e)
{
	struct heating		 x = { .places = { .q = q, .by = by }, .measure = measure, .r = r, .week = week, .out = out };
	enum query_measure	 largest = measure >= MEASURE_RATES ? MEASURE_M : measure;
	int			 rv = -1;

	memset(out, 0, sizeof(*out));
	if (no_lists(by, e) == -1 || q_steps(q, r, week, &out->days, &out->ndays, e) == -1 || q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	if (places_find(&x.places, filter, r, largest, top < QUERY_HEAT_ROWS ? top : QUERY_HEAT_ROWS, e) == 0 && heat_rows(&x, e) == 0 &&
	    q_run(q, &x.places.g.p, q_by_rows(by), false, heat_fact, &x, e) == 0) {
		heat_known(&x);
		/* nobody else: no line for others */
		if (out->rows[out->nrows - 1].n == 0)
			out->nrows--;
		rv = 0;
	}
	map_free(&x.places.at);
	return (rv);
}
