/*
 * query_reports.c - lists of reports, one report, its versions; the intake.
 */
#include "base/when.h"
#include "store/query_export.h"
#include "store/query_int.h"

#define INTAKE_DAYS	60
#define QUARANTINE_SHOWN 200

static void
mark_fact(void *ctx, const struct q_fact *f)
{
	((uint8_t *)ctx)[f->report] = 1;
}

/* Does the filter look into rows, beyond the report's own domain, reporter and day? */
static bool
looks_inside(const struct query_filter *f)
{
	for (size_t i = 0; i < f->nclauses; i++)
		switch (f->clauses[i].key) {
		case QK_DOMAIN:
		case QK_REPORTER:
		case QK_REPORT:
		case QK_TRUST:
		case QK_APART:
			break;
		default:
			return (true);
		}
	return (false);
}

static void
report_key(const struct q_report *r, int64_t id, const struct q_sort *sort, int64_t k[4])
{
	int64_t	 v;

	if (strcmp(sort->name, "m") == 0)
		v = (int64_t)r->m;
	else if (strcmp(sort->name, "day") == 0)
		v = r->day;
	else
		v = r->received;
	k[0] = sort->desc ? -v : v;
	k[1] = sort->desc ? -id : id;
	k[2] = k[3] = 0;
}

/* What a question about reports comes to: the plan, and those with a row that fits (NULL: no row is asked for). */
struct choice {
	struct q_plan	 p;
	uint8_t		*has;
	int64_t		 from, to;
	bool		 versions;
};

static int
choose(struct query *q, const struct query_filter *filter, const struct query_range *range, bool versions, struct choice *c, struct err *e)
{
	static const struct query_range	 all = { .from = INT64_MIN, .to = INT64_MAX };

	if (range == NULL)
		range = &all;
	*c = (struct choice){ .from = range->from, .to = range->to, .versions = versions };
	if (q_need(q, TIER_REPORTS, e) == -1 || q_plan(q, filter, range, &c->p, e) == -1)
		return (-1);
	if (!looks_inside(filter))
		return (0);
	if ((c->has = arena_alloc(q->a, q->c->nreports + 1, 1)) == NULL)
		return (q_oom(e));
	return (q_run(q, &c->p, true, false, mark_fact, c->has, e));
}

static bool
chosen(const struct query *q, const struct choice *c, size_t id)
{
	const struct q_report	*r = &q->c->reports[id];

	return (r->reporter != 0 && (!r->superseded || c->versions) && r->day >= c->from && r->day <= c->to && c->p.domain_ok[r->domain] &&
	    (c->p.reporter_ok == NULL || c->p.reporter_ok[r->reporter]) && (c->p.report_ok == NULL || c->p.report_ok[id]) &&
	    (c->has == NULL || c->has[id]));
}

int
query_report_ids(struct query *q, const struct query_filter *filter, const struct query_range *range, int64_t after, int64_t **ids, size_t *n,
    struct err *e)
{
	struct choice	 c;
	size_t		 first = after < 0 ? 1 : (size_t)after + 1;

	*ids = NULL;
	*n = 0;
	if (choose(q, filter, range, false, &c, e) == -1)
		return (-1);
	for (size_t i = first; i < q->c->nreports; i++)
		*n += chosen(q, &c, i);
	if ((*ids = calloc(*n + 1, sizeof(**ids))) == NULL)
		return (q_oom(e));
	*n = 0;
	for (size_t i = first; i < q->c->nreports; i++)
		if (chosen(q, &c, i))
			(*ids)[(*n)++] = (int64_t)i;
	return (0);
}

int
query_reports(struct query *q, const struct query_filter *filter, const struct query_range *range, bool versions,
    const struct query_page *page, struct query_reports *out, struct err *e)
{
	static const char *const sorts[] = { "received", "m", "day", NULL };
	struct q_sort		 sort;
	struct choice		 c;
	struct q_top		 top;
	int64_t			 k[4];
	uint32_t		 slot;
	size_t			 limit = page->limit == 0 ? 0 : page->limit + 1;
	int			 rv = -1;

	memset(out, 0, sizeof(*out));
	if (q_sort(page->sort, "-received", sorts, &sort, e) == -1 || choose(q, filter, range, versions, &c, e) == -1)
		return (-1);
	(void)q_top_init(&top, limit);
	if (q_cursor_parse(page, &sort, top.after, &top.has_after, e) == -1)
		goto out;
	for (size_t i = 1; i < q->c->nreports; i++) {
		if (!chosen(q, &c, i))
			continue;
		out->total_n++;
		out->total_m += q->c->reports[i].m;
		report_key(&q->c->reports[i], (int64_t)i, &sort, k);
		(void)q_top_offer(&top, k, &slot);
	}
	rv = q_top_ids(q, &top, limit, &sort, out, e);
out:
	q_top_free(&top);
	return (rv);
}

/* --- One report --------------------------------------------------------------------- */

static uint64_t
column_u64(sqlite3_stmt *st, int i)
{
	int64_t	 v = sqlite3_column_int64(st, i);

	return (v < 0 ? 0 : (uint64_t)v);
}

struct report_names { uint32_t id[9]; };

/* Columns as in Q_REPORT. */
static int
report_fill(struct query *q, sqlite3_stmt *st, struct query_report *r, struct report_names *n, struct err *e)
{
	const struct query_cache	*c = q->c;
	int64_t				 reporter = sqlite3_column_int64(st, 1), domain = sqlite3_column_int64(st, 2);
	int64_t				 policy = sqlite3_column_int64(st, 10);
	int				 dialect = sqlite3_column_int(st, 17), state = sqlite3_column_int(st, 18);
	static const int		 names[] = { 11, 12, 13, 14, 15, 16, 39, 48, 49 };

	r->id = sqlite3_column_int64(st, 0);
	if (reporter < 1 || (size_t)reporter >= c->nreporters || domain < 1 || (size_t)domain >= c->ndomains ||
	    policy < 1 || (size_t)policy >= c->npolicies || dialect < 0 || dialect >= DIALECT_COUNT || state < 0 ||
	    state >= STATE_COUNT)
		return (err_set(e, ERR_BUG, "report %lld is damaged in the database", (long long)r->id));
	r->reporter = str_of(c->reporters[reporter].key);
	r->reporter_label = str_of(c->reporters[reporter].label);
	r->domain = str_of(c->domains[domain].key);
	r->report_id = q_column(q, st, 3);
	r->begin = sqlite3_column_int64(st, 4);
	r->end = sqlite3_column_int64(st, 5);
	r->day = sqlite3_column_int64(st, 6);
	r->received = sqlite3_column_int64(st, 7);
	r->message = sqlite3_column_int64(st, 8);
	r->payload = (unsigned)sqlite3_column_int(st, 9);
	r->policy = c->policies[policy].p;
	r->dialect = (enum report_dialect)dialect;
	r->state = (enum report_state)state;
	r->quirks = (uint64_t)sqlite3_column_int64(st, 19);
	r->refused = q_column(q, st, 20);
	r->superseded_by = sqlite3_column_int64(st, 21);
	r->duplicates = column_u64(st, 22);
	r->records = column_u64(st, 23);
	r->messages = column_u64(st, 24);
	for (int i = 0; i < DISP_COUNT; i++)
		r->disp[i] = column_u64(st, 25 + i);
	r->dkim_pass = column_u64(st, 30);
	r->spf_pass = column_u64(st, 31);
	r->dmarc_pass = column_u64(st, 32);
	r->verdict_pass = column_u64(st, 33);
	r->differs = column_u64(st, 34);
	r->source_ips = column_u64(st, 35);
	r->dkim_results = column_u64(st, 36);
	r->spf_results = column_u64(st, 37);
	r->reasons = column_u64(st, 38);
	r->message_received = sqlite3_column_int64(st, 40);
	r->message_bytes = column_u64(st, 41);
	r->token = (uint64_t)sqlite3_column_int64(st, 42);
	r->kept = sqlite3_column_type(st, 43) != SQLITE_NULL;
	r->trust = (enum trust)sqlite3_column_int(st, 44);
	r->apart = (enum trust_apart)sqlite3_column_int(st, 45);
	r->mail.proof = (enum trust_proof)sqlite3_column_int(st, 46);
	r->mail.method = (enum trust_method)sqlite3_column_int(st, 47);
	r->mail.field = q_column(q, st, 50);
	if ((unsigned)r->trust >= TRUST_COUNT || (unsigned)r->apart >= APART_COUNT || (unsigned)r->mail.proof >= PROOF_COUNT ||
	    (unsigned)r->mail.method >= TRUST_METHODS)
		return (err_set(e, ERR_BUG, "report %lld is damaged in the database", (long long)r->id));
	for (size_t i = 0; i < nitems(names); i++)
		n->id[i] = (uint32_t)sqlite3_column_int64(st, names[i]);
	return (0);
}

int
query_report(struct query *q, int64_t id, struct query_report *r, struct err *e)
{
	struct report_names	 n;
	struct str		*to[] = { &r->org_name, &r->email, &r->extra_contact_info, &r->generator, &r->version, &r->errors,
				    &r->origin, &r->mail.from, &r->mail.id };
	sqlite3_stmt		*st;
	int			 rc;

	memset(r, 0, sizeof(*r));
	if (q_need(q, TIER_POLICIES, e) == -1 || q_stmt(q, Q_REPORT, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = q_step(q, st, e)) == 1)
		rc = report_fill(q, st, r, &n, e) == -1 ? -1 : 1;
	(void)sqlite3_reset(st);
	if (rc == 0)
		return (err_set(e, ERR_INPUT, "there is no report %lld", (long long)id));
	if (rc == -1)
		return (-1);
	for (size_t i = 0; i < nitems(to); i++)
		if (q_name(q, n.id[i], to[i], e) == -1)
			return (-1);
	return (0);
}

static int
newest_id(const void *a, const void *b)
{
	int64_t	 x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y ? -1 : x < y);
}

/* The one that counts, then all that point to one already found. */
int
query_report_versions(struct query *q, int64_t id, int64_t **ids, size_t *n, struct err *e)
{
	struct query_report	 r;
	sqlite3_stmt		*st;
	int64_t			*v;
	size_t			 count = 0, cap = 0;
	int			 rc = 0;

	*n = 0;
	for (int i = 0; i < 1000; i++) {
		if (query_report(q, id, &r, e) == -1)
			return (-1);
		if (r.superseded_by == 0)
			break;
		id = r.superseded_by;
	}
	v = NULL;
	if (!q_grow((void **)&v, &cap, 1, sizeof(*v)))
		return (q_oom(e));
	v[count++] = id;
	for (size_t i = 0; i < count && rc != -1 && count < 10000; i++) {
		if (q_stmt(q, Q_VERSIONS, &st, e) == -1) {
			rc = -1;
			break;
		}
		(void)sqlite3_bind_int64(st, 1, v[i]);
		while ((rc = q_step(q, st, e)) == 1) {
			if (!q_grow((void **)&v, &cap, count + 1, sizeof(*v))) {
				rc = q_oom(e);
				break;
			}
			v[count++] = sqlite3_column_int64(st, 0);
		}
		(void)sqlite3_reset(st);
	}
	if (rc != -1 && (*ids = arena_alloc(q->a, count, sizeof(**ids))) != NULL) {
		memcpy(*ids, v, count * sizeof(*v));
		qsort(*ids, count, sizeof(**ids), newest_id);
		*n = count;
	} else if (rc != -1)
		rc = q_oom(e);
	free(v);
	return (rc == -1 ? -1 : 0);
}

/* --- Intake ------------------------------------------------------------------------------ */

static int
intake_days(struct query *q, struct query_ingest *out, struct err *e)
{
	struct query_intake_day	*d;
	sqlite3_stmt		*st;
	int64_t			 day;
	int			 rc, result;

	if ((out->days = arena_alloc(q->a, INTAKE_DAYS, sizeof(*out->days))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT day, result, sum(messages) FROM intake WHERE day IN"
	    " (SELECT DISTINCT day FROM intake ORDER BY day DESC LIMIT 60) GROUP BY day, result ORDER BY day", e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1) {
		day = sqlite3_column_int64(st, 0);
		result = sqlite3_column_int(st, 1);
		if (out->ndays == 0 || out->days[out->ndays - 1].day != day) {
			if (out->ndays == INTAKE_DAYS)
				break;
			out->days[out->ndays++].day = day;
		}
		d = &out->days[out->ndays - 1];
		if (result >= 0 && result < IN_COUNT)
			d->results[result] += column_u64(st, 2);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

#define QUARANTINE_COLUMNS "SELECT q.id, q.received, n.text, q.file, q.bytes, q.reason, q.text, q.sender, q.subject," \
    " q.message, q.part, q.line, q.private, q.byte, q.entry, q.tried FROM quarantine q LEFT JOIN name n ON n.id = q.origin"

static void
quarantined_fill(struct query *q, sqlite3_stmt *st, struct query_quarantined *x)
{
	x->id = sqlite3_column_int64(st, 0);
	x->received = sqlite3_column_int64(st, 1);
	x->origin = q_column(q, st, 2);
	x->file = q_column(q, st, 3);
	x->bytes = column_u64(st, 4);
	x->reason = q_column(q, st, 5);
	x->text = q_column(q, st, 6);
	x->sender = q_column(q, st, 7);
	x->subject = q_column(q, st, 8);
	x->message = sqlite3_column_int64(st, 9);
	x->part = (unsigned)sqlite3_column_int64(st, 10);
	x->line = (unsigned)sqlite3_column_int64(st, 11);
	x->private = sqlite3_column_int(st, 12) != 0;
	x->byte = column_u64(st, 13);
	x->entry = q_column(q, st, 14);
	x->tried = sqlite3_column_int64(st, 15);
}

static int
quarantine_list(struct query *q, struct query_ingest *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if ((out->quarantine = arena_alloc(q->a, QUARANTINE_SHOWN, sizeof(*out->quarantine))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT count(*), coalesce(sum(bytes), 0) FROM quarantine", e) == -1)
		return (-1);
	if ((rc = q_step(q, st, e)) == 1) {
		out->quarantined = column_u64(st, 0);
		out->quarantined_bytes = column_u64(st, 1);
	}
	(void)sqlite3_finalize(st);
	if (rc == -1 || store_prepare(q->s, &st, QUARANTINE_COLUMNS " ORDER BY q.id DESC LIMIT 200", e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1 && out->nquarantine < QUARANTINE_SHOWN)
		quarantined_fill(q, st, &out->quarantine[out->nquarantine++]);
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

#define ACTIONS_SHOWN 50
#define GONE_SHOWN 20

static int
actions_list(struct query *q, struct query_ingest *out, struct err *e)
{
	struct query_action	*a;
	sqlite3_stmt		*st;
	int			 rc;

	if ((out->actions = arena_alloc(q->a, ACTIONS_SHOWN, sizeof(*out->actions))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT item, action, asked, done, result, reports, text FROM quarantine_action ORDER BY id DESC "
	    "LIMIT 50", e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1 && out->nactions < ACTIONS_SHOWN) {
		a = &out->actions[out->nactions++];
		a->item = sqlite3_column_int64(st, 0);
		a->discard = sqlite3_column_int(st, 1) != 0;
		a->asked = sqlite3_column_int64(st, 2);
		a->done = sqlite3_column_int64(st, 3);
		a->missing = !a->discard && sqlite3_column_type(st, 4) == SQLITE_NULL;
		a->result = (enum intake_result)((unsigned)sqlite3_column_int(st, 4) % IN_COUNT);
		a->reports = column_u64(st, 5);
		a->text = q_column(q, st, 6);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

static int
gone_list(struct query *q, struct query_ingest *out, struct err *e)
{
	struct query_gone	*g;
	sqlite3_stmt		*st;
	int			 rc;

	if ((out->gone = arena_alloc(q->a, GONE_SHOWN, sizeof(*out->gone))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT at, rule, messages, bytes, oldest, newest FROM quarantine_gone ORDER BY id DESC LIMIT 20",
	    e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1 && out->ngone < GONE_SHOWN) {
		g = &out->gone[out->ngone++];
		g->at = sqlite3_column_int64(st, 0);
		g->by_age = sqlite3_column_int(st, 1) == RULE_AGE;
		g->messages = column_u64(st, 2);
		g->bytes = column_u64(st, 3);
		g->oldest = sqlite3_column_int64(st, 4);
		g->newest = sqlite3_column_int64(st, 5);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
query_quarantine(struct query *q, int64_t id, struct query_quarantined **out, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 room = 0;
	int		 rc;

	*out = NULL;
	*n = 0;
	if (store_prepare(q->s, &st, "SELECT count(*) FROM quarantine WHERE ?1 IN (0, id)", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = q_step(q, st, e)) == 1)
		room = (size_t)column_u64(st, 0);
	(void)sqlite3_finalize(st);
	if (rc == -1)
		return (-1);
	if ((*out = arena_alloc(q->a, room + 1, sizeof(**out))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, QUARANTINE_COLUMNS " WHERE ?1 IN (0, q.id) ORDER BY q.received, q.id", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	while (*n < room && (rc = q_step(q, st, e)) == 1)
		quarantined_fill(q, st, &(*out)[(*n)++]);
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

static int
number(struct query *q, const char *text, uint64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(q->s, &st, text, e) == -1)
		return (-1);
	if ((rc = q_step(q, st, e)) == 1)
		*out = column_u64(st, 0);
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

static int
intake_totals(struct query *q, struct query_ingest *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc, result;

	if (store_prepare(q->s, &st, "SELECT result, sum(messages) FROM intake GROUP BY result", e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1)
		if ((result = sqlite3_column_int(st, 0)) >= 0 && result < IN_COUNT)
			out->totals[result] = column_u64(st, 1);
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
query_ingest(struct query *q, struct query_ingest *out, struct err *e)
{
	struct query_meta	 m;
	uint64_t		 pages = 0, size = 0;

	memset(out, 0, sizeof(*out));
	if (query_meta(q, &m, e) == -1 || intake_days(q, out, e) == -1 || intake_totals(q, out, e) == -1 || quarantine_list(q, out, e) == -1 ||
	    actions_list(q, out, e) == -1 || gone_list(q, out, e) == -1 || number(q, "PRAGMA page_count", &pages, e) == -1 || number(q, "PRAGMA page_size", &size, e) == -1 ||
	    number(q, "SELECT coalesce(sum(messages), 0) FROM intake WHERE result = 1", &out->duplicates, e) == -1)
		return (-1);
	out->bytes = pages * size;
	out->reports = m.reports;
	out->records = m.records;
	return (0);
}
