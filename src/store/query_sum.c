/*
 * query_sum.c - totals, series and breakdowns.
 *
 * A pass adds messages up by (group, outcome); what an outcome means for each
 * figure is known, so the figures follow afterwards, for the few groups shown.
 */
#include <arpa/inet.h>

#include "explain/explain.h"
#include "store/query_int.h"

#define DAYS_MAX	40000		/* of a series */
#define GROUPS_END	((uint64_t)1 << 32)	/* above every id */
#define PAGE_CELLS	((size_t)1 << 18)
#define ALL_CELLS	((size_t)6 << 20)	/* when all groups are wanted */

const char *const q_outcome_names[OUTCOMES] = {
	"both", "dkim_only", "spf_only", "fail_fwd", "fail_fix", "fail_unk", "untold"
};
static const char *const outcome_labels[] = {
	"SPF and DKIM", "DKIM only", "SPF only", "Failing, forwarded", "Yours, failing", "Failing", "Not told"
};

unsigned
q_outcome_of(const struct q_outcome *o, unsigned who)
{
	static const unsigned	 fates[FATE_COUNT] = { OUT_UNK, OUT_FIX, OUT_FWD };

	switch (o->align) {
	case ALIGN_BOTH:
		return (OUT_BOTH);
	case ALIGN_DKIM:
		return (OUT_DKIM);
	case ALIGN_SPF:
		return (OUT_SPF);
	case ALIGN_UNTOLD:
		return (OUT_UNTOLD);
	default:
		return (who >> 4 != FORWARD_NO ? OUT_FWD : fates[sender_class_fate((enum sender_class)(who & 15))]);
	}
}

static void
count_leg(struct query_leg *l, unsigned evaluated, unsigned raw, uint64_t m)
{
	if (evaluated == EVAL_PASS)
		l->aligned += m;
	switch (raw) {
	case RES_PASS:
		l->pass += m;
		break;
	case RES_FAIL:
	case RES_SOFTFAIL:
	case RES_POLICY:
	case RES_NEUTRAL:
		l->fail += m;
		break;
	case RES_NONE:
		l->none += m;
		break;
	case RES_ABSENT:
		l->absent += m;
		break;
	default:
		l->error += m;
		break;
	}
}

void
q_count(struct query_counts *c, struct query_legs *l, const struct q_outcome *o, unsigned who, uint64_t m)
{
	bool	 stopped = o->disp == DISP_QUARANTINE || o->disp == DISP_REJECT;

	c->m += m;
	if ((1u << (who & 15) & (1u << CLASS_CANDIDATE | 1u << CLASS_UNKNOWN | 1u << CLASS_SUSPECT)) != 0)
		c->unreviewed += m;
	if (who >> 4 != FORWARD_NO)
		c->forwarded += m;
	else if (sender_class_fate((enum sender_class)(who & 15)) == FATE_FIX) {
		c->yours += m;
		if (o->align <= ALIGN_SPF)
			c->yours_pass += m;
		if (o->align == ALIGN_BOTH || o->align == ALIGN_DKIM)
			c->yours_dkim += m;
	}
	switch (q_outcome_of(o, who)) {
	case OUT_BOTH:
		c->both += m;
		break;
	case OUT_DKIM:
		c->dkim_only += m;
		break;
	case OUT_SPF:
		c->spf_only += m;
		break;
	case OUT_UNTOLD:
		c->untold += m;
		break;
	case OUT_FWD:
	case OUT_FIX:
		*(q_outcome_of(o, who) == OUT_FWD ? &c->fail_fwd : &c->fail_fix) += m;
		if (stopped)
			c->collateral += m;
		break;
	default:
		c->fail_unk += m;
		if (o->disp == DISP_NONE || o->disp == DISP_PASS)
			c->leaked += m;
		if (stopped)
			c->stopped += m;
		break;
	}
	c->disp[o->disp] += m;
	if (o->overridden)
		c->overridden += m;
	if (o->differs)
		c->differs += m;
	if (l != NULL) {
		count_leg(&l->spf, o->spf, o->spf_raw, m);
		count_leg(&l->dkim, o->dkim, o->dkim_raw, m);
	}
}

void
query_counts_add(struct query_counts *to, const struct query_counts *c)
{
	to->m += c->m;
	to->both += c->both;
	to->dkim_only += c->dkim_only;
	to->spf_only += c->spf_only;
	to->fail_fix += c->fail_fix;
	to->fail_fwd += c->fail_fwd;
	to->fail_unk += c->fail_unk;
	to->untold += c->untold;
	for (int i = 0; i < DISP_COUNT; i++)
		to->disp[i] += c->disp[i];
	to->overridden += c->overridden;
	to->collateral += c->collateral;
	to->leaked += c->leaked;
	to->differs += c->differs;
	to->stopped += c->stopped;
	to->yours += c->yours;
	to->yours_pass += c->yours_pass;
	to->yours_dkim += c->yours_dkim;
	to->forwarded += c->forwarded;
	to->unreviewed += c->unreviewed;
}

/* --- Totals ------------------------------------------------------------------------ */

static void
total_fact(void *ctx, const struct q_fact *f)
{
	q_tally_add(ctx, 0, q_sub(f), f);
}

int
query_total(struct query *q, const struct query_filter *filter, const struct query_range *r, struct query_total *out,
    struct err *e)
{
	struct q_plan	 p;
	struct q_tally	 t = { 0 };
	int		 rv = -1;

	memset(out, 0, sizeof(*out));
	out->first_day = out->last_day = DAY_NONE;
	if (q_plan(q, filter, r, &p, e) == 0 && q_run(q, &p, false, false, total_fact, &t, e) == 0)
		rv = q_tally_check(&t, e);
	for (size_t i = 0; i < t.n && rv == 0; i++) {
		q_count_sub(q->c, &out->counts, &out->legs, (uint32_t)t.cells[i].key, t.cells[i].m);
		out->rows += t.cells[i].rows;
		if (out->first_day == DAY_NONE || t.cells[i].first < out->first_day)
			out->first_day = t.cells[i].first;
		if (t.cells[i].last > out->last_day)
			out->last_day = t.cells[i].last;
	}
	q_tally_free(&t);
	return (rv);
}

int
query_meta(struct query *q, struct query_meta *m, struct err *e)
{
	const struct q_report	*r;

	memset(m, 0, sizeof(*m));
	m->first_day = m->last_day = DAY_NONE;
	if (q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	m->complete_through = q_complete_through(q, e);
	for (size_t i = 1; i < q->c->ndomains; i++)
		m->domains += q->c->domains[i].used && !q->c->domains[i].apart;
	for (r = q->c->reports; r < q->c->reports + q->c->nreports; r++) {
		if (r->reporter == 0 || r->superseded || q_apart(q->c, r))
			continue;
		m->reports++;
		m->records += r->records;
		if (m->first_day == DAY_NONE || r->day < m->first_day)
			m->first_day = r->day;
		if (r->day > m->last_day)
			m->last_day = r->day;
	}
	return (0);
}

/* --- Groups -------------------------------------------------------------------------- */

struct grouping {
	struct query	*q;
	const struct q_plan *p;
	enum query_by	 by;
	bool		 by_day;	/* series: sub is the step, not the outcome */
	bool		 week;
	int64_t		 from;
	struct q_tally	 t;
	uint64_t	 m;
	enum query_measure measure;	/* what is added up */
	/* A breakdown, when there are many groups: */
	uint64_t	 lo, hi;	/* it is for these; hi is lowered when there are too many at once */
	size_t		 most;		/* sums that are held; 0: it is no breakdown */
	bool		 coarse;	/* one sum for a group, whatever the outcome, and beside it: */
	uint64_t	*pass, *fail;
	size_t		 cap_pass, cap_fail;
	const struct map *only;		/* id + 1 of those that are wanted; NULL: all */
};

bool
q_by_rows(enum query_by by)
{
	return (by == BY_IP || by == BY_PREFIX || by == BY_COUNTRY || by == BY_ASN || by == BY_PTR || by == BY_HFROM || by == BY_EFROM || by == BY_TRUST || query_by_lists(by));
}

bool
query_by_lists(enum query_by by)
{
	return (by == BY_REASON || by == BY_SELECTOR || by == BY_SIGDOMAIN || by == BY_SPFDOMAIN);
}

/* What groups by this key need to be read first. */
static int
needs(struct query *q, enum query_by by, const struct query_filter *f, const struct query_range *r, struct q_plan *p, struct err *e)
{
	switch (by) {
	case BY_IP:
		return (q_need(q, TIER_KINDS, e));
	case BY_PREFIX:
		return (q_need(q, TIER_PREFIXES, e));
	case BY_COUNTRY:
	case BY_ASN:
		return (q_places_need(q, by == BY_ASN, e));
	case BY_PTR:
		return (q_need(q, TIER_PTRS, e));
	case BY_HEALTH:
		return (q_health(q, f, r, p, e));
	default:
		return (0);
	}
}

static uint32_t
group_of(const struct grouping *g, const struct q_fact *f)
{
	const struct query_cache	*c = g->q->c;
	const struct q_outcome		*o = &c->outcomes[f->outcome];

	switch (g->by) {
	case BY_OUTCOME:
		return (q_outcome_of(o, q_who(f)));
	case BY_REPORTER:
		return (f->reporter);
	case BY_DISP:
		return (o->disp);
	case BY_DOMAIN:
		return (f->domain);
	case BY_SENDER:
		return (f->sender);
	case BY_CLASS:
		return (f->class);
	case BY_CODE:
		return (o->code);
	case BY_IP:
		return (f->source < c->nkinds && c->kinds[f->source] != 0 ? f->source : 0);
	case BY_HFROM:
		return (f->ev.header_from);
	case BY_EFROM:
		return (f->ev.envelope_from);
	case BY_SPF:
		return (o->spf_raw);
	case BY_DKIM:
		return (o->dkim_raw);
	case BY_ALIGN:
		return (o->align);
	case BY_PREFIX:
		return (q_prefix(c, f->source));
	case BY_COUNTRY:
	case BY_ASN:
		return (q_place_group(c, f->source, g->by == BY_ASN));
	case BY_PTR:
		return (q_ptr_group(c, f->source));
	case BY_HEALTH:
		return (f->sender < g->p->nhealth ? g->p->health[f->sender] : HEALTH_OF_NONE);
	case BY_DIFFERS:
		return (o->differs);
	case BY_TRUST:
		return (c->reports[f->report].trust);
	default:
		return (f->fwd);
	}
}

uint32_t
q_step_of(int64_t from, bool week, int64_t day)
{
	/* The epoch was a Thursday; weeks begin on Monday. */
	if (week)
		return ((uint32_t)((day + 3) / 7 - (from + 3) / 7));
	return ((uint32_t)(day - from));
}

static int
by_id(const void *a, const void *b)
{
	uint32_t	 x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x < y ? -1 : x > y);
}

/* Adds to the sums of a group what has one outcome. */
static void
coarse_add(struct grouping *g, uint32_t group, unsigned outcome, const struct q_cell *v)
{
	struct q_cell	*c = q_tally_cell(&g->t, group, 0);
	unsigned	 align = g->q->c->outcomes[outcome].align;
	size_t		 at;

	if (c == NULL)
		return;
	at = (size_t)(c - g->t.cells);
	if (!q_grow((void **)&g->pass, &g->cap_pass, at + 1, sizeof(*g->pass)) ||
	    !q_grow((void **)&g->fail, &g->cap_fail, at + 1, sizeof(*g->fail))) {
		g->t.failed = true;
		return;
	}
	c->m += v->m;
	c->rows += v->rows;
	c->first = v->first < c->first ? v->first : c->first;
	c->last = v->last > c->last ? v->last : c->last;
	if (align <= ALIGN_SPF)
		g->pass[at] += v->m;
	else if (align == ALIGN_NONE)
		g->fail[at] += v->m;
}

/* Half as large: what the outcomes of each group are is asked again, for the page. */
static void
groups_coarsen(struct grouping *g)
{
	struct q_tally	 fine = g->t;

	g->t = (struct q_tally){ .most = fine.most };
	g->coarse = true;
	for (size_t i = 0; i < fine.n; i++)
		coarse_add(g, (uint32_t)(fine.cells[i].key >> 32), (uint32_t)fine.cells[i].key & 0xffffff, &fine.cells[i]);
	q_tally_free(&fine);
}

static void
coarse_clear(struct grouping *g)
{
	free(g->pass);
	free(g->fail);
	g->pass = g->fail = NULL;
	g->cap_pass = g->cap_fail = 0;
	g->coarse = false;
}

/* Leaves the upper half of the groups to the next pass. */
static void
groups_halve(struct grouping *g)
{
	uint32_t	*id = malloc(g->t.n * sizeof(*id));
	size_t		 k = g->t.n / 2, n = 0;

	if (id == NULL) {
		g->t.failed = true;
		return;
	}
	for (size_t i = 0; i < g->t.n; i++)
		id[i] = (uint32_t)(g->t.cells[i].key >> 32);
	qsort(id, g->t.n, sizeof(*id), by_id);
	while (k < g->t.n && id[k] == id[0])
		k++;
	if (k == g->t.n)
		g->t.failed = true;	/* it is one group, with more than there can be */
	else {
		g->hi = id[k];
		for (size_t i = 0; i < g->t.n; i++)
			if (g->t.cells[i].key >> 32 < g->hi) {
				g->pass[n] = g->pass[i];
				g->fail[n++] = g->fail[i];
			}
		memset(g->pass + n, 0, (g->t.n - n) * sizeof(*g->pass));
		memset(g->fail + n, 0, (g->t.n - n) * sizeof(*g->fail));
		q_tally_below(&g->t, id[k]);
	}
	free(id);
}

static void
group_add(struct grouping *g, uint32_t group, uint32_t sub, const struct q_fact *f)
{
	if (g->most != 0) {
		if (group < g->lo || group >= g->hi || (g->only != NULL && map_get(g->only, group + UINT64_C(1)) == MAP_NONE))
			return;
		if (g->t.n >= g->most && !g->coarse)
			groups_coarsen(g);
		if (g->t.n >= g->most && !g->t.failed) {
			groups_halve(g);
			if (group >= g->hi)
				return;
		}
		if (g->coarse) {
			coarse_add(g, group, f->outcome, &(struct q_cell){ .m = f->m, .rows = f->rows, .first = (int32_t)f->day, .last = (int32_t)f->day });
			return;
		}
	}
	q_tally_add(&g->t, group, sub, f);
}

/* Each id once, however often the row has it. */
static void
group_list(struct grouping *g, const struct q_fact *f, const uint32_t *ids, uint32_t n, uint32_t step)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t	 k = 0;

		while (k < i && ids[k * step] != ids[i * step])
			k++;
		if (k == i)
			group_add(g, ids[i * step], q_sub(f), f);
	}
	if (n == 0)
		group_add(g, 0, q_sub(f), f);
}

static void
group_fact(void *ctx, const struct q_fact *f)
{
	struct grouping		*g = ctx;
	const struct q_lists	*l = &f->l;

	if (g->measure != MEASURE_M && !q_measured(g->measure, &g->q->c->outcomes[f->outcome], q_who(f)))
		return;
	g->m += f->m;
	if (g->by_day) {
		group_add(g, group_of(g, f), q_step_of(g->from, g->week, f->day), f);
		return;
	}
	if (!query_by_lists(g->by)) {
		group_add(g, group_of(g, f), q_sub(f), f);
		return;
	}
	if (g->by == BY_REASON)
		group_list(g, f, l->reasons, l->nreasons, 1);
	else if (g->by == BY_SPFDOMAIN)
		group_list(g, f, l->spf, l->nspf, 1);
	else
		group_list(g, f, l->dkim + (g->by == BY_SELECTOR ? 1 : 0), l->ndkim, 2);
}

unsigned
q_address(struct str text, unsigned char ip[16])
{
	char	 z[INET6_ADDRSTRLEN + 1];
	bool	 v4 = text.len > 0 && memchr(text.p, ':', text.len) == NULL;

	if (text.len == 0 || text.len >= sizeof(z))
		return (0);
	memcpy(z, text.p, text.len);
	z[text.len] = '\0';
	if (inet_pton(v4 ? AF_INET : AF_INET6, z, ip) != 1)
		return (0);
	return (v4 ? 4 : 16);
}

static int
source_get(struct query *q, uint32_t source, unsigned char ip[16], unsigned *kind, struct str *text, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc, n;

	*kind = 0;
	*text = STR_NONE;
	if (q_stmt(q, Q_SOURCE, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, source);
	if ((rc = q_step(q, st, e)) == 1) {
		*kind = (unsigned)sqlite3_column_int(st, 0);
		n = sqlite3_column_bytes(st, 1);
		if ((*kind == 4 && n == 4) || (*kind == 6 && n == 16))
			memcpy(ip, sqlite3_column_blob(st, 1), (size_t)n);
		else {
			*kind = 0;
			*text = q_column(q, st, 1);
		}
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

int
q_source_text(struct query *q, uint32_t source, struct str *out, unsigned *family, struct err *e)
{
	unsigned char	 ip[16];
	char		 text[64];

	if (source_get(q, source, ip, family, out, e) == -1)
		return (-1);
	if (*family != 0 && inet_ntop(*family == 4 ? AF_INET : AF_INET6, ip, text, sizeof(text)) != NULL)
		*out = arena_str(q->a, str_of(text));
	return (0);
}

/* How a group is called, for machines and for people. */
int
q_group_text(struct query *q, enum query_by by, uint32_t id, struct str *key, struct str *label, struct err *e)
{
	struct query_cache	*c = q->c;
	unsigned		 family;
	char			 code[8], number[16];

	*label = STR_NONE;
	switch (by) {
	case BY_OUTCOME:
		*key = str_of(q_outcome_names[id]);
		*label = str_of(outcome_labels[id]);
		break;
	case BY_REPORTER:
		*key = str_of(c->reporters[id].key);
		*label = str_of(c->reporters[id].label);
		break;
	case BY_DISP:
		*key = str_of(disposition_names[id]);
		break;
	case BY_DOMAIN:
		*key = str_of(c->domains[id].key);
		break;
	case BY_SENDER:
		(void)snprintf(number, sizeof(number), "%u", (unsigned)id);
		*key = arena_str(q->a, str_of(number));
		*label = id < c->nsenders && c->senders[id].key != NULL ? str_of(c->senders[id].label) : STR("Not looked at yet");
		break;
	case BY_CLASS:
		*key = str_of(sender_class_names[id]);
		*label = str_of(sender_class_labels[id]);
		break;
	case BY_CODE:
		*key = arena_str(q->a, str_of(dmarc_code_name(id, code)));
		*label = str_of(explain_title(id));
		break;
	case BY_IP:
		*key = STR("unknown");
		if (id != 0 && q_source_text(q, id, key, &family, e) == -1)
			return (-1);
		break;
	case BY_SPF:
	case BY_DKIM:
		*key = str_of(auth_result_names[id]);
		break;
	case BY_ALIGN:
		*key = str_of(query_align_names[id]);
		break;
	case BY_FWD:
		*key = str_of(query_fwd_names[id]);
		break;
	case BY_COUNTRY:
	case BY_ASN:
		if (q_place_text(q, id, by == BY_ASN, key, label, e) == -1)
			return (-1);
		break;
	case BY_PREFIX:
		*key = q_prefix_text(q, id);
		break;
	case BY_PTR:
		*key = q_ptr_text(c, id);
		break;
	case BY_HEALTH:
		*key = str_of(sender_health_names[id]);
		break;
	case BY_DIFFERS:
		*key = str_of(query_differs_names[id]);
		break;
	case BY_TRUST:
		*key = str_of(trust_names[id]);
		break;
	default:
		if (q_name(q, id, key, e) == -1)
			return (-1);
		if (id == 0)
			*key = by == BY_REASON ? STR("none") : STR("absent");
		else if (by == BY_EFROM && key->len == 0)
			*key = STR("<>");
		break;
	}
	if (key->p == NULL)
		*key = STR("");
	if (label->p == NULL)
		*label = *key;
	return (0);
}

/* --- Series ----------------------------------------------------------------------------- */

static int
series_line(struct query *q, struct query_series *s, enum query_by by, uint32_t id, struct query_line **out, struct err *e)
{
	struct query_line	*l = &s->lines[s->nlines];

	if ((l->values = arena_alloc(q->a, s->ndays, sizeof(*l->values))) == NULL)
		return (q_oom(e));
	if (id == UINT32_MAX) {
		l->key = STR("other");
		l->label = STR("Other");
	} else if (q_group_text(q, by, id, &l->key, &l->label, e) == -1)
		return (-1);
	*out = l;
	s->nlines++;
	return (0);
}

static int
series_fill(struct query *q, const struct grouping *g, enum query_by by, unsigned top, struct query_series *s, struct err *e)
{
	struct q_tally		 sum = { 0 };
	struct q_top		 best;
	struct q_cell		*c;
	struct query_line	**line = NULL, *other = NULL, *l;
	size_t			 fixed = by == BY_OUTCOME ? OUTCOMES : by == BY_DISP ? DISP_COUNT : 0;
	uint32_t		 slot;
	int			 rv = -1;

	(void)q_top_init(&best, fixed != 0 ? 0 : top);
	for (size_t i = 0; i < fixed; i++)
		(void)q_tally_cell(&sum, (uint32_t)i, 0);
	for (size_t i = 0; i < g->t.n; i++)
		if ((c = q_tally_cell(&sum, (uint32_t)(g->t.cells[i].key >> 32), 0)) != NULL)
			c->m += g->t.cells[i].m;
	if (q_tally_check(&sum, e) == -1)
		goto out;
	for (size_t i = 0; i < sum.n; i++)
		(void)q_top_offer(&best, (int64_t[4]){ fixed != 0 ? 0 : -(int64_t)sum.cells[i].m,
		    (int64_t)(sum.cells[i].key >> 32), (int64_t)i, 0 }, &slot);
	q_top_sort(&best);
	if ((line = calloc(sum.n + 1, sizeof(*line))) == NULL ||
	    (s->lines = arena_alloc(q->a, best.n + 1, sizeof(*s->lines))) == NULL) {
		(void)q_oom(e);
		goto out;
	}
	for (size_t i = 0; i < best.n; i++)
		if (series_line(q, s, by, (uint32_t)best.v[i].k[1], &line[best.v[i].k[2]], e) == -1)
			goto out;
	for (size_t i = 0; i < g->t.n; i++) {
		c = q_tally_cell(&sum, (uint32_t)(g->t.cells[i].key >> 32), 0);
		if ((l = line[c - sum.cells]) == NULL) {
			if (other == NULL && series_line(q, s, by, UINT32_MAX, &other, e) == -1)
				goto out;
			l = other;
		}
		l->values[(uint32_t)g->t.cells[i].key] += g->t.cells[i].m;
	}
	rv = 0;
out:
	free(line);
	q_tally_free(&sum);
	q_top_free(&best);
	return (rv);
}

int
q_steps(struct query *q, const struct query_range *r, bool week, int64_t **days, size_t *n, struct err *e)
{
	if (r->to < r->from || r->to - r->from >= DAYS_MAX || r->from < 0)
		return (err_set(e, ERR_CONFIG, "from, to: the time is too long to be drawn by day; some report has an impossible "
		    "date, give from and to"));
	*n = q_step_of(r->from, week, r->to) + (size_t)1;
	if ((*days = arena_alloc(q->a, *n, sizeof(**days))) == NULL)
		return (q_oom(e));
	for (int64_t d = r->to; d >= r->from; d--)
		(*days)[q_step_of(r->from, week, d)] = d;
	return (0);
}

int
query_series(struct query *q, const struct query_filter *filter, const struct query_range *r, enum query_by by, bool week,
    unsigned top, enum query_measure measure, struct query_series *s, struct err *e)
{
	struct grouping	 g = { .q = q, .by = by, .by_day = true, .week = week, .from = r->from, .measure = measure };
	struct q_plan	 p;
	int		 rv = -1;

	memset(s, 0, sizeof(*s));
	if (measure >= MEASURE_RATES)
		return (err_set(e, ERR_CONFIG, "measure: \"%s\" is a rate, which does not add up", query_measure_names[measure]));
	if (by > BY_CODE)
		return (err_set(e, ERR_CONFIG, "by: \"%s\" cannot be drawn over time", query_by_names[by]));
	if (q_steps(q, r, week, &s->days, &s->ndays, e) == -1)
		return (-1);
	if (q_plan(q, filter, r, &p, e) == 0 && q_run(q, &p, false, false, group_fact, &g, e) == 0 &&
	    q_tally_check(&g.t, e) == 0)
		rv = series_fill(q, &g, by, top, s, e);
	q_tally_free(&g.t);
	return (rv);
}

/* --- Breakdown --------------------------------------------------------------------------- */

struct breaking {
	struct grouping		 g;
	struct q_tally		 sum;		/* by group */
	uint64_t		*pass, *fail;	/* beside sum's cells */
	struct q_top		 top;
	struct q_sort		 sort;
	uint64_t		 behind_m;	/* of all groups behind the cursor */
	uint64_t		 total_n;
	bool			 of_page;	/* see page_plan */
	bool			 few_sums;	/* one for a group from the beginning */
	bool			 ids;		/* which groups they are is all that is asked */
};

static void
breaking_free(struct breaking *b)
{
	q_tally_free(&b->g.t);
	q_tally_free(&b->sum);
	coarse_clear(&b->g);
	free(b->pass);
	free(b->fail);
	q_top_free(&b->top);
}

static int
groups_sum(struct breaking *b, struct err *e)
{
	const struct q_tally	*t = &b->g.t;
	struct query_counts	 n;
	struct q_cell		*c;

	q_tally_free(&b->sum);
	b->sum.most = ALL_CELLS;	/* there are not more than in t */
	free(b->pass);
	free(b->fail);
	b->pass = b->fail = NULL;
	if (b->g.coarse) {
		b->sum = *t;
		b->g.t = (struct q_tally){ .n = 0 };
		b->pass = b->g.pass;
		b->fail = b->g.fail;
		b->g.pass = b->g.fail = NULL;
		return (0);
	}
	for (size_t i = 0; i < t->n; i++) {
		if ((c = q_tally_cell(&b->sum, (uint32_t)(t->cells[i].key >> 32), 0)) == NULL)
			return (q_tally_check(&b->sum, e));
		c->m += t->cells[i].m;
		c->rows += t->cells[i].rows;
		if (t->cells[i].first < c->first)
			c->first = t->cells[i].first;
		if (t->cells[i].last > c->last)
			c->last = t->cells[i].last;
	}
	b->pass = calloc(b->sum.n + 1, sizeof(*b->pass));
	b->fail = calloc(b->sum.n + 1, sizeof(*b->fail));
	if (b->pass == NULL || b->fail == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < t->n; i++) {
		c = q_tally_cell(&b->sum, (uint32_t)(t->cells[i].key >> 32), 0);
		memset(&n, 0, sizeof(n));
		q_count_sub(b->g.q->c, &n, NULL, (uint32_t)t->cells[i].key, t->cells[i].m);
		b->pass[c - b->sum.cells] += query_passing(&n);
		b->fail[c - b->sum.cells] += query_failing(&n);
	}
	return (0);
}

struct keyed { struct str text; size_t i; };

static int
by_text(const void *a, const void *b)
{
	const struct keyed	*x = a, *y = b;
	size_t			 n = x->text.len < y->text.len ? x->text.len : y->text.len;
	int			 c = memcmp(x->text.p, y->text.p, n);

	if (c != 0)
		return (c);
	if (x->text.len != y->text.len)
		return (x->text.len < y->text.len ? -1 : 1);
	return (x->i < y->i ? -1 : 1);
}

/* The place of each group in the order of names; addresses in the order of their bytes, IPv4 first. */
static int
groups_order(struct breaking *b, int64_t **out, struct err *e)
{
	struct query	*q = b->g.q;
	struct keyed	*k;
	struct str	 label;
	unsigned char	 ip[17];
	unsigned	 kind;
	uint32_t	 id;

	if ((k = arena_alloc(q->a, b->sum.n + 1, sizeof(*k))) == NULL ||
	    (*out = arena_alloc(q->a, b->sum.n + 1, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < b->sum.n; i++) {
		id = (uint32_t)(b->sum.cells[i].key >> 32);
		k[i].i = i;
		if (b->g.by == BY_PREFIX && q_prefix_bytes(q->c, id, ip + 1, &kind)) {
			ip[0] = (unsigned char)kind;
			k[i].text = arena_str(q->a, (struct str){ (const char *)ip, sizeof(ip) });
		} else if (b->g.by == BY_IP && id != 0) {
			if (source_get(q, id, ip + 1, &kind, &label, e) == -1)
				return (-1);
			ip[0] = (unsigned char)kind;
			k[i].text = arena_str(q->a, (struct str){ (const char *)ip, kind == 4 ? 5 : kind == 6 ? 17 : 1 });
		} else if (q_group_text(q, b->g.by, id, &k[i].text, &label, e) == -1)
			return (-1);
		if (k[i].text.p == NULL)
			return (q_oom(e));
	}
	if (b->sum.n > 1)
		qsort(k, b->sum.n, sizeof(*k), by_text);
	for (size_t i = 0; i < b->sum.n; i++)
		(*out)[k[i].i] = (int64_t)i;
	return (0);
}

/* Offers the groups of this part. */
static int
groups_rank(struct breaking *b, struct err *e)
{
	const struct q_cell	*c;
	int64_t			*place = NULL, v;
	uint64_t		 passed;
	uint32_t		 slot;

	if (strcmp(b->sort.name, "key") == 0) {
		if (b->g.lo > 0 || b->g.hi < GROUPS_END)
			return (err_set(e, ERR_TEMP, "there are too many to be put in the order of names: ask for fewer days, add a filter, "
			    "or sort by messages"));
		if (groups_order(b, &place, e) == -1)
			return (-1);
	}
	for (size_t i = 0; i < b->sum.n; i++) {
		c = &b->sum.cells[i];
		if (place != NULL)
			v = place[i];
		else if (strcmp(b->sort.name, "pass") == 0)
			v = (int64_t)b->pass[i];
		else if (strcmp(b->sort.name, "fail") == 0)
			v = (int64_t)b->fail[i];
		else if (strcmp(b->sort.name, "first") == 0)
			v = c->first;
		else if (strcmp(b->sort.name, "last") == 0)
			v = c->last;
		else
			v = (int64_t)c->m;
		passed = b->top.passed;
		(void)q_top_offer(&b->top, (int64_t[4]){ b->sort.desc ? -v : v, -(int64_t)c->m, (int64_t)(c->key >> 32), 0 }, &slot);
		if (b->top.passed > passed)
			b->behind_m += c->m;
	}
	b->total_n += b->sum.n;
	return (b->top.failed ? q_oom(e) : 0);
}

/* One pass over the rows: the sums of groups from lo on, up to where they are too many. */
static int
groups_pass(struct breaking *b, const struct q_plan *p, struct err *e)
{
	b->g.hi = GROUPS_END;
	b->g.m = 0;
	q_tally_free(&b->g.t);
	coarse_clear(&b->g);
	b->g.coarse = b->few_sums && b->g.only == NULL;
	b->g.t.most = b->g.most + 1;
	if (q_run(b->g.q, p, q_by_rows(b->g.by), false, group_fact, &b->g, e) == -1 || q_tally_check(&b->g.t, e) == -1)
		return (-1);
	return (groups_sum(b, e));
}

/* From now on the plan is for the addresses of this page alone. */
static int
page_plan(struct breaking *b, struct q_plan *p, struct err *e)
{
	struct query	*q = b->g.q;
	size_t		 n = q->c->nkinds, found = 0;
	uint8_t		*ok;
	uint32_t	*few, id;

	b->of_page = true;
	if ((ok = arena_alloc(q->a, n + 1, 1)) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < b->top.n; i++) {
		id = (uint32_t)b->top.v[i].k[2];
		if (id != 0 && id < n)
			ok[id] = 1;
		for (size_t k = 1; id == 0 && k < n; k++)
			ok[k] |= q->c->kinds[k] == 0;
	}
	for (size_t i = 0; i < n; i++)
		found += ok[i] = ok[i] != 0 && (p->source_ok == NULL || (i < p->nsource_ok && p->source_ok[i]));
	if ((few = arena_alloc(q->a, found + 1, sizeof(*few))) == NULL)
		return (q_oom(e));
	found = 0;
	for (size_t i = 0; i < n; i++)
		if (ok[i])
			few[found++] = (uint32_t)i;
	q_plan_sources(p, few, found, ok, n);
	return (0);
}

/* The sums of those on the page, after they were found without. */
static int
groups_again(struct breaking *b, struct q_plan *p, struct err *e)
{
	struct map	 only = { .n = 0 };
	uint32_t	*at;
	int		 rv = 0;

	for (size_t i = 0; i < b->top.n && rv == 0; i++) {
		if ((at = map_at(&only, (uint64_t)b->top.v[i].k[2] + 1)) == NULL)
			rv = q_oom(e);
		else
			*at = 0;
	}
	b->g.lo = 0;
	b->g.only = &only;
	if (rv == 0 && b->g.by == BY_IP)
		rv = page_plan(b, p, e);
	if (b->g.most < PAGE_CELLS)	/* a page's groups are few, with as many sums as it takes */
		b->g.most = PAGE_CELLS;
	if (rv == 0)
		rv = groups_pass(b, p, e);
	b->g.only = NULL;
	map_free(&only);
	if (rv == 0 && b->g.coarse)
		return (err_set(e, ERR_TEMP, "the answer is too large: ask for a smaller page, for fewer days, or add a filter"));
	return (rv);
}

static int
groups_find(struct breaking *b, struct q_plan *p, const struct query_page *page, struct err *e)
{
	const struct q_cell	*c;
	bool			 parts = false;
	uint64_t		 m = 0;

	(void)q_top_init(&b->top, page->limit);
	if (q_cursor_parse(page, &b->sort, b->top.after, &b->top.has_after, e) == -1)
		return (-1);
	/* where there are more, the rows are gone through again for each part of the groups */
	b->g.most = b->g.q->most_sums;
	if (page->limit == 0)
		b->g.most = ALL_CELLS;
	/* addresses are many, and few of them are on the page: what their outcomes are is asked for those */
	b->few_sums = b->ids || (b->g.by == BY_IP && page->limit != 0);
	do {
		if (groups_pass(b, p, e) == -1 || groups_rank(b, e) == -1)
			return (-1);
		parts |= b->g.coarse;
		m = b->g.m;
		b->g.lo = b->g.hi;
	} while (b->g.hi < GROUPS_END);
	if (parts && !b->ids && groups_again(b, p, e) == -1)
		return (-1);
	b->g.m = m;
	q_top_sort(&b->top);
	/* from here on the last number is the place among the sums */
	for (size_t i = 0; i < b->top.n; i++) {
		if ((c = q_tally_cell(&b->sum, (uint32_t)b->top.v[i].k[2], 0)) == NULL)
			return (q_oom(e));
		b->top.v[i].k[3] = c - b->sum.cells;
	}
	return (0);
}

struct best3 { uint32_t id[3]; uint64_t m[3]; };

static void
best3_add(struct best3 *b, uint32_t id, uint64_t m)
{
	int	 i = 3;

	while (i > 0 && (m > b->m[i - 1] || (m == b->m[i - 1] && id < b->id[i - 1])))
		i--;
	if (i == 3)
		return;
	for (int k = 2; k > i; k--) {
		b->m[k] = b->m[k - 1];
		b->id[k] = b->id[k - 1];
	}
	b->m[i] = m;
	b->id[i] = id;
}

/* An outcome has one code: what is needed is in the cells already. */
static int
sender_codes(struct breaking *b, const uint32_t *item, struct query_breakdown *out, struct err *e)
{
	struct query	*q = b->g.q;
	struct q_tally	 codes = { 0 };
	struct best3	*best;
	struct str	 label;
	struct q_cell	*c;
	int		 rv = 0;

	if ((best = arena_alloc(q->a, out->nitems + 1, sizeof(*best))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < b->g.t.n; i++) {
		c = q_tally_cell(&b->sum, (uint32_t)(b->g.t.cells[i].key >> 32), 0);
		if (item[c - b->sum.cells] != 0 && (c = q_tally_cell(&codes, item[c - b->sum.cells] - 1,
		    q->c->outcomes[(uint32_t)b->g.t.cells[i].key & 0xffffff].code)) != NULL)
			c->m += b->g.t.cells[i].m;
	}
	for (size_t i = 0; i < codes.n; i++)
		best3_add(&best[codes.cells[i].key >> 32], (uint32_t)codes.cells[i].key, codes.cells[i].m);
	for (size_t i = 0; i < out->nitems && rv == 0; i++)
		for (int k = 0; k < 3 && best[i].m[k] != 0 && rv == 0; k++) {
			out->items[i].codes[k].m = best[i].m[k];
			rv = q_group_text(q, BY_CODE, best[i].id[k], &out->items[i].codes[k].key, &label, e);
		}
	if (rv == 0)
		rv = q_tally_check(&codes, e);
	q_tally_free(&codes);
	return (rv);
}

static int
groups_take(struct breaking *b, struct query_breakdown *out, struct err *e)
{
	struct query		*q = b->g.q;
	struct query_group	*g;
	const struct q_cell	*c;
	uint32_t		*item;
	size_t			 i;

	out->total_n = b->total_n;
	out->total_m = b->g.m;
	out->other_n = b->top.passed - b->top.n;
	if ((out->items = arena_alloc(q->a, b->top.n + 1, sizeof(*out->items))) == NULL ||
	    (item = arena_alloc(q->a, b->sum.n + 1, sizeof(*item))) == NULL)
		return (q_oom(e));
	for (i = 0; i < b->top.n; i++) {
		c = &b->sum.cells[b->top.v[i].k[3]];
		item[b->top.v[i].k[3]] = (uint32_t)i + 1;
		g = &out->items[i];
		g->first_day = c->first;
		g->last_day = c->last;
		g->rows = c->rows;
		if (q_group_text(q, b->g.by, (uint32_t)(c->key >> 32), &g->key, &g->label, e) == -1)
			return (-1);
	}
	out->nitems = b->top.n;
	if (b->g.by == BY_SENDER && sender_codes(b, item, out, e) == -1)
		return (-1);
	for (i = 0; i < b->g.t.n; i++) {
		c = q_tally_cell(&b->sum, (uint32_t)(b->g.t.cells[i].key >> 32), 0);
		if (item[c - b->sum.cells] == 0)
			continue;
		g = &out->items[item[c - b->sum.cells] - 1];
		q_count_sub(q->c, &g->counts, &g->legs, (uint32_t)b->g.t.cells[i].key, b->g.t.cells[i].m);
	}
	if (out->other_n > 0) {
		int64_t	 k[4];

		memcpy(k, b->top.v[b->top.n - 1].k, sizeof(k));
		/* What stands behind the last of this page; places of cells do not outlive the question. */
		out->other_m = b->behind_m;
		for (i = 0; i < b->top.n; i++)
			out->other_m -= out->items[i].counts.m;
		k[3] = INT64_MAX;
		if ((out->next = q_cursor(q, &b->sort, k)) == NULL)
			return (q_oom(e));
	}
	return (0);
}

/* The ids of the groups with most of something, for those who add up in their own way. */
int
q_groups_top(struct query *q, const struct query_filter *filter, const struct query_range *r, enum query_by by, enum query_measure measure,
    size_t limit, struct q_groups *out, struct err *e)
{
	struct breaking		 b = { .g = { .q = q, .by = by, .measure = measure }, .ids = true };
	const struct query_page	 page = { .limit = limit };
	struct q_plan		 p;
	int			 rv = -1;

	memset(out, 0, sizeof(*out));
	b.sort = (struct q_sort){ "m", true };
	if (q_plan(q, filter, r, &p, e) == -1 || needs(q, by, filter, r, &p, e) == -1)
		return (-1);
	b.g.p = &p;
	if (groups_find(&b, &p, &page, e) == 0) {
		if ((out->ids = arena_alloc(q->a, b.top.n + 1, sizeof(*out->ids))) != NULL)
			rv = 0;
		else
			(void)q_oom(e);
		for (size_t i = 0; i < b.top.n && rv == 0; i++)
			out->ids[i] = (uint32_t)b.top.v[i].k[2];
		out->n = b.top.n;
		out->total = b.total_n;
	}
	breaking_free(&b);
	/* the plan may have been narrowed to a page */
	return (rv == -1 || q_plan(q, filter, r, &out->p, e) == -1 ? -1 : needs(q, by, filter, r, &out->p, e));
}

uint32_t
q_group(struct query *q, const struct q_groups *v, enum query_by by, const struct q_fact *f)
{
	const struct grouping	 g = { .q = q, .p = &v->p, .by = by };

	return (group_of(&g, f));
}

/* --- What stands behind an address --------------------------------------------------------- */

struct detail {
	struct query	*q;
	struct map	 item_of;	/* by source: place in the page + 1 */
	uint32_t	 unknown;	/* the place of what is no address */
	struct q_tally	 hfrom, sig, spf, codes, reporters;
};

static void
detail_fact(void *ctx, const struct q_fact *f)
{
	struct detail			*d = ctx;
	const struct query_cache	*c = d->q->c;
	const struct q_lists		*l = &f->l;
	uint32_t			 item, k;

	if (f->source >= c->nkinds)
		return;
	item = c->kinds[f->source] == 0 ? d->unknown : map_get(&d->item_of, f->source);
	if (item == 0 || item == MAP_NONE)
		return;
	q_tally_add(&d->hfrom, item - 1, f->ev.header_from, f);
	q_tally_add(&d->codes, item - 1, c->outcomes[f->outcome].code, f);
	q_tally_add(&d->reporters, item - 1, f->reporter, f);
	for (uint32_t i = 0; i < l->ndkim; i++) {
		for (k = 0; k < i && l->dkim[k * 2] != l->dkim[i * 2]; k++)
			;
		if (k == i && l->dkim[i * 2] != 0)
			q_tally_add(&d->sig, item - 1, l->dkim[i * 2], f);
	}
	for (uint32_t i = 0; i < l->nspf; i++) {
		for (k = 0; k < i && l->spf[k] != l->spf[i]; k++)
			;
		if (k == i && l->spf[i] != 0)
			q_tally_add(&d->spf, item - 1, l->spf[i], f);
	}
}

static int
shares(struct query *q, const struct q_tally *t, struct query_breakdown *out, enum query_by by, size_t offset, struct err *e)
{
	struct best3		*best;
	struct query_share	*s;
	struct str		 label;

	if ((best = arena_alloc(q->a, out->nitems + 1, sizeof(*best))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < t->n; i++)
		best3_add(&best[t->cells[i].key >> 32], (uint32_t)t->cells[i].key, t->cells[i].m);
	for (size_t i = 0; i < out->nitems; i++) {
		s = (struct query_share *)(void *)((char *)&out->items[i] + offset);
		for (int k = 0; k < 3 && best[i].m[k] != 0; k++) {
			s[k].m = best[i].m[k];
			if (q_group_text(q, by, best[i].id[k], &s[k].key, &label, e) == -1)
				return (-1);
		}
	}
	return (0);
}

/* A second pass, over the sources of this page alone. */
static int
details_run(struct detail *d, struct q_plan *p, struct breaking *b, struct query_breakdown *out, struct err *e)
{
	struct query	*q = d->q;
	size_t		 n = q->c->nkinds;
	uint32_t	*at, id;

	for (size_t i = 0; i < out->nitems; i++) {
		id = (uint32_t)b->top.v[i].k[2];
		out->items[i].family = id == 0 || id >= n ? 0 : q->c->kinds[id];
		if (out->items[i].family != 0 && query_place(q, id, &out->items[i].place, e) == -1)
			return (-1);
		if (id == 0)
			d->unknown = (uint32_t)i + 1;
		else if (id < n) {
			if ((at = map_at(&d->item_of, id)) == NULL)
				return (q_oom(e));
			*at = (uint32_t)i + 1;
		}
	}
	if (!b->of_page && page_plan(b, p, e) == -1)
		return (-1);
	if (p->nsources == 0)
		return (0);
	if (q_run(q, p, true, false, detail_fact, d, e) == -1)
		return (-1);
	if (d->hfrom.failed || d->sig.failed || d->spf.failed || d->codes.failed || d->reporters.failed)
		return (q_oom(e));
	for (size_t i = 0; i < d->reporters.n; i++)
		out->items[d->reporters.cells[i].key >> 32].reporters++;
	if (shares(q, &d->hfrom, out, BY_HFROM, offsetof(struct query_group, hfrom), e) == -1 ||
	    shares(q, &d->sig, out, BY_SIGDOMAIN, offsetof(struct query_group, sigdomain), e) == -1 ||
	    shares(q, &d->spf, out, BY_SIGDOMAIN, offsetof(struct query_group, spf_domain), e) == -1)
		return (-1);
	return (shares(q, &d->codes, out, BY_CODE, offsetof(struct query_group, codes), e));
}

int
query_breakdown(struct query *q, const struct query_filter *filter, const struct query_range *r, enum query_by by,
    const struct query_page *page, struct query_breakdown *out, struct err *e)
{
	static const char *const sorts[] = { "m", "pass", "fail", "key", "first", "last", NULL };
	struct breaking		 b = { .g = { .q = q, .by = by } };
	struct detail		 d = { .q = q };
	struct q_plan		 p;
	int			 rv = -1;

	memset(out, 0, sizeof(*out));
	if (q_sort(page->sort, "-m", sorts, &b.sort, e) == -1 ||
	    q_plan(q, filter, r, &p, e) == -1 || needs(q, by, filter, r, &p, e) == -1)
		return (-1);
	b.g.p = &p;
	p.lists = query_by_lists(by);
	if (groups_find(&b, &p, page, e) == 0 && groups_take(&b, out, e) == 0) {
		p.lists = true;
		rv = by != BY_IP || out->nitems == 0 ? 0 : details_run(&d, &p, &b, out, e);
	}
	map_free(&d.item_of);
	breaking_free(&b);
	q_tally_free(&d.hfrom);
	q_tally_free(&d.sig);
	q_tally_free(&d.spf);
	q_tally_free(&d.codes);
	q_tally_free(&d.reporters);
	return (rv);
}
