/*
 * query_tls.c - see query_tls.h.
 *
 * Domains and reporters that a filter allows come from the plan of all
 * questions (query_plan.c) and are handed to SQL as a list: it walks the
 * domains one by one, each in the order of its days.
 */
#include "base/when.h"
#include "store/query_int.h"
#include "store/query_tls.h"

#define POLICY_DAYS 800		/* how far back a run of days in testing is followed */

struct scope {			/* bound as ?1 to ?6 */
	struct str	 domains, reporters;	/* JSON lists of ids; reporters absent: all */
	int64_t		 from, to;
	unsigned	 types, results;
};

#define IN_SCOPE(t) "JOIN " t " ON " t ".domain = j.value AND " t ".day BETWEEN ?2 AND ?3 " \
    "AND (?4 IS NULL OR " t ".reporter IN (SELECT value FROM json_each(?4))) "
#define OF_SUMS "FROM json_each(?1) j CROSS " IN_SCOPE("tls_day") "WHERE (?5 = 0 OR (?5 >> tls_day.type & 1)) "
#define OF_ELEMENTS "FROM json_each(?1) j CROSS " IN_SCOPE("tls_element") "JOIN tls_policy p ON p.id = tls_element.policy " \
    "AND (?5 = 0 OR (?5 >> p.type & 1)) "
#define WITH_DETAILS "JOIN tls_detail d ON d.report = tls_element.report AND d.element = tls_element.seq " \
    "AND (?6 = 0 OR (?6 >> d.result & 1)) "

static uint64_t
column_u64(sqlite3_stmt *st, int i)
{
	int64_t	 v = sqlite3_column_int64(st, i);

	return (v < 0 ? 0 : (uint64_t)v);
}

static int
prepare(struct query *q, sqlite3_stmt **st, const struct scope *c, const char *sql, struct err *e)
{
	int	 n;

	if (store_prepare(q->s, st, sql, e) == -1)
		return (-1);
	n = sqlite3_bind_parameter_count(*st);
	(void)sqlite3_bind_text(*st, 1, c->domains.p, (int)c->domains.len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(*st, 2, c->from);
	(void)sqlite3_bind_int64(*st, 3, c->to);
	if (c->reporters.p != NULL)
		(void)sqlite3_bind_text(*st, 4, c->reporters.p, (int)c->reporters.len, SQLITE_STATIC);
	if (n >= 5)
		(void)sqlite3_bind_int64(*st, 5, c->types);
	if (n >= 6)
		(void)sqlite3_bind_int64(*st, 6, c->results);
	return (0);
}

static int
id_list(struct query *q, const uint8_t *ok, size_t n, struct str *out, struct err *e)
{
	struct buf	 b = { 0 };

	(void)buf_byte(&b, '[');
	for (size_t i = 1; i < n; i++)
		if (ok == NULL || ok[i])
			(void)buf_printf(&b, "%s%zu", b.len == 1 ? "" : ",", i);
	(void)buf_byte(&b, ']');
	*out = b.failed ? STR_NONE : arena_str(q->a, buf_as_str(&b));
	buf_free(&b);
	return (out->p == NULL ? q_oom(e) : 0);
}

/* Domains of the side that is asked for, with or without aggregate reports. */
static int
domain_list(struct query *q, const struct query_filter *f, struct str *out, struct err *e)
{
	size_t		 n = q->c->ndomains;
	uint64_t	 side = q_sides(f);
	uint8_t		*ok = arena_alloc(q->a, n + 1, 1);

	if (ok == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < n; i++) {
		ok[i] = q->c->domains[i].key != NULL && (side & (q->c->domains[i].apart ? 2 : 1)) != 0;
		for (const struct query_clause *c = f->clauses; c < f->clauses + f->nclauses && ok[i]; c++)
			if (c->key == QK_DOMAIN && q_clause_text(c, str_of(q->c->domains[i].key)) == c->negated)
				ok[i] = 0;
	}
	return (id_list(q, ok, n, out, e));
}

static int
scope(struct query *q, const struct query_tls_filter *f, const struct query_range *r, struct scope *c, struct err *e)
{
	struct q_plan	 p;

	if (q_need(q, TIER_REPORTS, e) == -1 || q_plan(q, f->base, r, &p, e) == -1)
		return (-1);
	*c = (struct scope){ .from = r->from, .to = r->to, .types = f->types, .results = f->results };
	if (domain_list(q, f->base, &c->domains, e) == -1 ||
	    (p.reporter_ok != NULL && id_list(q, p.reporter_ok, q->c->nreporters, &c->reporters, e) == -1))
		return (-1);
	return (0);
}

int
query_tls_range(struct query *q, const struct query_filter *f, struct query_range *r, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 first = 0, last = 0, latest = DAY_NONE, today = when_day(q->now);
	bool		 any = false;
	int		 rc;

	if (query_filter_range(q, f, r, e) == -1)
		return (-1);
	if (f->from != DAY_NONE && f->to != DAY_NONE)
		return (0);
	if (store_prepare(q->s, &st, "SELECT min(day), max(day), (SELECT max(day) FROM tls_report WHERE day < ?1) FROM tls_report", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, today);
	if ((rc = q_step(q, st, e)) == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		any = true;
		first = sqlite3_column_int64(st, 0);
		last = sqlite3_column_int64(st, 1);
		if (sqlite3_column_type(st, 2) != SQLITE_NULL)
			latest = sqlite3_column_int64(st, 2);
	}
	(void)sqlite3_finalize(st);
	if (rc == -1 || !any)
		return (rc == -1 ? -1 : 0);
	if (f->from == DAY_NONE && f->to == DAY_NONE && !f->all) {
		if (latest != DAY_NONE)
			r->to = latest;
		r->from = r->to - (f->days != 0 ? f->days : 30) + 1;
		return (0);
	}
	if (f->from == DAY_NONE)
		r->from = f->to != DAY_NONE && f->to < first ? f->to : first;
	if (f->to == DAY_NONE)
		r->to = last > r->from ? last : r->from;
	return (0);
}

/* --- Which reports ------------------------------------------------------------------ */

static void
report_key(sqlite3_stmt *st, const struct q_sort *sort, int64_t k[4])
{
	int64_t	 id = sqlite3_column_int64(st, 0), v;

	v = sqlite3_column_int64(st, strcmp(sort->name, "day") == 0 ? 1 : strcmp(sort->name, "failure") == 0 ? 3 : 2);
	k[0] = sort->desc ? -v : v;
	k[1] = sort->desc ? -id : id;
	k[2] = k[3] = 0;
}

/* The states of trust that are asked for, as bits. */
static unsigned
trusts(const struct query_filter *f)
{
	uint64_t	 all = ~(uint64_t)0, set;

	for (const struct query_clause *c = f->clauses; c < f->clauses + f->nclauses; c++) {
		set = 0;
		for (size_t i = 0; c->key == QK_TRUST && i < c->nvalues; i++)
			set |= c->values[i].number;
		if (c->key == QK_TRUST)
			all &= c->negated ? ~set : set;
	}
	return ((unsigned)(all & ((1u << TRUST_COUNT) - 1)));
}

#define REPORT_COLUMNS "SELECT r.id, r.day, r.received, r.failure, r.success + r.failure, r.trust FROM tls_report r "

/*
 * Those of which a version counts by an element of theirs; those that have
 * none (no policies, or replaced by another version) only where no element is
 * asked for.
 */
static int
reports_statement(struct query *q, const struct query_tls_filter *f, const struct scope *c, bool versions, sqlite3_stmt **st, unsigned *trust,
    struct err *e)
{
	bool	 domain = false;

	for (size_t i = 0; i < f->base->nclauses; i++)
		domain |= f->base->clauses[i].key == QK_DOMAIN;
	*trust = trusts(f->base);
	if (f->results != 0)
		return (prepare(q, st, c, REPORT_COLUMNS "WHERE r.id IN (SELECT tls_element.report " OF_ELEMENTS WITH_DETAILS ")", e));
	if (f->types != 0 || domain)
		return (prepare(q, st, c, REPORT_COLUMNS "WHERE r.id IN (SELECT tls_element.report " OF_ELEMENTS ")", e));
	if (prepare(q, st, c, REPORT_COLUMNS "WHERE ?1 IS NOT NULL AND r.day BETWEEN ?2 AND ?3 AND (?4 IS NULL OR r.reporter IN "
	    "(SELECT value FROM json_each(?4))) AND (?5 OR r.superseded_by IS NULL) AND (?6 & CASE r.apart WHEN 0 THEN 1 ELSE 2 END)", e) == -1)
		return (-1);
	(void)sqlite3_bind_int(*st, 5, versions);
	(void)sqlite3_bind_int64(*st, 6, (sqlite3_int64)q_sides(f->base));
	return (0);
}

int
query_tls_reports(struct query *q, const struct query_tls_filter *f, const struct query_range *range, bool versions,
    const struct query_page *page, struct query_reports *out, struct err *e)
{
	static const char *const	 sorts[] = { "received", "day", "failure", NULL };
	const struct query_range	 all = { .from = -1000000, .to = 10000000 };
	struct scope			 c;
	struct q_sort			 sort;
	struct q_top			 top;
	sqlite3_stmt			*st = NULL;
	int64_t				 k[4];
	uint32_t			 slot;
	size_t				 limit = page->limit == 0 ? 0 : page->limit + 1;
	unsigned			 trust;
	int				 rc = -1;

	memset(out, 0, sizeof(*out));
	if (q_sort(page->sort, "-received", sorts, &sort, e) == -1 || scope(q, f, range == NULL ? &all : range, &c, e) == -1)
		return (-1);
	(void)q_top_init(&top, limit);
	if (q_cursor_parse(page, &sort, top.after, &top.has_after, e) == -1 || reports_statement(q, f, &c, versions, &st, &trust, e) == -1)
		goto out;
	while ((rc = q_step(q, st, e)) == 1) {
		if ((trust >> sqlite3_column_int(st, 5) % TRUST_COUNT & 1) == 0)
			continue;
		out->total_n++;
		out->total_m += column_u64(st, 4);
		report_key(st, &sort, k);
		(void)q_top_offer(&top, k, &slot);
	}
	if (rc == -1)
		goto out;
	rc = q_top_ids(q, &top, limit, &sort, out, e);
out:
	(void)sqlite3_finalize(st);
	q_top_free(&top);
	return (rc);
}

/* --- One report ------------------------------------------------------------------------- */

int
query_tls_report(struct query *q, int64_t id, struct query_tls_report *r, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc, state;

	memset(r, 0, sizeof(*r));
	if (store_prepare(q->s, &st, "SELECT r.id, reporter.key, reporter.label, org.text, contact.text, submitter.text, r.report_id, domains.text, "
	    "r.begin, r.end, r.day, r.received, r.state, r.superseded_by, r.quirks, r.duplicates, r.policies, r.success, r.failure, "
	    "r.ndetails, r.details, r.refused, r.message, r.payload, origin.text, m.received, m.bytes, m.token, m.pack IS NOT NULL, r.trust, r.apart "
	    "FROM tls_report r JOIN reporter ON reporter.id = r.reporter JOIN name domains ON domains.id = r.domains "
	    "JOIN message m ON m.id = r.message LEFT JOIN name origin ON origin.id = m.origin LEFT JOIN name org ON org.id = r.org_name "
	    "LEFT JOIN name contact ON contact.id = r.contact_info LEFT JOIN name submitter ON submitter.id = r.submitter WHERE r.id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = q_step(q, st, e)) == 1) {
		r->id = sqlite3_column_int64(st, 0);
		r->reporter = q_column(q, st, 1);
		r->reporter_label = q_column(q, st, 2);
		r->org_name = q_column(q, st, 3);
		r->contact_info = q_column(q, st, 4);
		r->submitter = q_column(q, st, 5);
		r->report_id = q_column(q, st, 6);
		r->domains = q_column(q, st, 7);
		r->begin = sqlite3_column_int64(st, 8);
		r->end = sqlite3_column_int64(st, 9);
		r->day = sqlite3_column_int64(st, 10);
		r->received = sqlite3_column_int64(st, 11);
		state = sqlite3_column_int(st, 12);
		r->state = state < 0 || state >= STATE_COUNT ? STATE_NOTES : (enum report_state)state;
		r->superseded_by = sqlite3_column_int64(st, 13);
		r->quirks = (uint64_t)sqlite3_column_int64(st, 14);
		r->duplicates = column_u64(st, 15);
		r->policies = column_u64(st, 16);
		r->success = column_u64(st, 17);
		r->failure = column_u64(st, 18);
		r->ndetails = column_u64(st, 19);
		r->details = column_u64(st, 20);
		r->refused = q_column(q, st, 21);
		r->message = sqlite3_column_int64(st, 22);
		r->payload = (unsigned)sqlite3_column_int(st, 23);
		r->origin = q_column(q, st, 24);
		r->message_received = sqlite3_column_int64(st, 25);
		r->message_bytes = column_u64(st, 26);
		r->token = (uint64_t)sqlite3_column_int64(st, 27);
		r->kept = sqlite3_column_int(st, 28) != 0;
		r->trust = (enum trust)(sqlite3_column_int(st, 29) % TRUST_COUNT);
		r->apart = (enum trust_apart)(sqlite3_column_int(st, 30) % APART_COUNT);
	}
	(void)sqlite3_finalize(st);
	if (rc == 0)
		return (err_set(e, ERR_INPUT, "there is no TLS report t%lld", (long long)id));
	return (rc == -1 ? -1 : 0);
}

static int
newest(const void *a, const void *b)
{
	int64_t	 x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y ? -1 : x < y);
}

int
query_tls_versions(struct query *q, int64_t id, int64_t **ids, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 cap = 0;
	int64_t		*v = NULL;
	int		 rc;

	*n = 0;
	/* up to the one that counts, and down to all that point there */
	if (store_prepare(q->s, &st, "WITH RECURSIVE up (id) AS (SELECT ?1 UNION SELECT r.superseded_by FROM tls_report r JOIN up ON r.id = up.id "
	    "WHERE r.superseded_by IS NOT NULL), down (id) AS (SELECT id FROM up UNION SELECT r.id FROM tls_report r JOIN down "
	    "ON r.superseded_by = down.id) SELECT id FROM down LIMIT 10000", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	while ((rc = q_step(q, st, e)) == 1) {
		if (!q_grow((void **)&v, &cap, *n + 1, sizeof(*v))) {
			rc = q_oom(e);
			break;
		}
		v[(*n)++] = sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_finalize(st);
	if (rc == 0 && (*ids = arena_alloc(q->a, *n + 1, sizeof(**ids))) != NULL) {
		if (*n > 0)
			memcpy(*ids, v, *n * sizeof(*v));
		qsort(*ids, *n, sizeof(**ids), newest);
	} else if (rc == 0)
		rc = q_oom(e);
	free(v);
	return (rc);
}

/* The columns of a policy from at: domain, type, word, mode, max_age, lines, mx. */
#define POLICY_COLUMNS "domain.name, p.type, word.text, p.mode, p.max_age, lines.text, mx.text"
#define POLICY_NAMES "JOIN domain ON domain.id = p.domain LEFT JOIN name word ON word.id = p.word LEFT JOIN name lines ON lines.id = p.lines " \
    "LEFT JOIN name mx ON mx.id = p.mx "

static void
policy_fill(struct query *q, sqlite3_stmt *st, int at, struct query_tls_policy *p)
{
	int	 type = sqlite3_column_int(st, at + 1), mode = sqlite3_column_int(st, at + 3);

	p->domain = q_column(q, st, at);
	p->type = type < 0 || type >= TLS_TYPES ? TLS_TYPE_OTHER : (enum tls_policy_type)type;
	p->word = q_column(q, st, at + 2);
	p->mode = mode < 0 || mode >= STS_MODES ? STS_UNKNOWN : (enum sts_mode)mode;
	p->max_age = sqlite3_column_type(st, at + 4) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, at + 4);
	p->lines = q_column(q, st, at + 5);
	p->mx = q_column(q, st, at + 6);
}

/* Room for one more at *n in an array of the arena; what was there is copied when it grows. */
static void *
one_more(struct query *q, void **v, size_t *n, size_t *room, size_t size)
{
	size_t	 want = *room == 0 ? 16 : 2 * *room;
	void	*p;

	if (*n == *room) {
		if ((p = arena_alloc(q->a, want, size)) == NULL)
			return (NULL);
		if (*n > 0)
			memcpy(p, *v, *n * size);
		*v = p;
		*room = want;
	}
	return ((char *)*v + (*n)++ * size);
}

int
query_tls_elements(struct query *q, int64_t report, struct query_tls_element **out, size_t *n, struct err *e)
{
	struct query_tls_element	*x;
	sqlite3_stmt			*st;
	size_t				 room = 0;
	int				 rc;

	*out = NULL;
	*n = 0;
	if (store_prepare(q->s, &st, "SELECT " POLICY_COLUMNS ", e.seq, e.success, e.failure, e.ndetails, e.details, e.derived "
	    "FROM tls_element e JOIN tls_policy p ON p.id = e.policy " POLICY_NAMES "WHERE e.report = ?1 ORDER BY e.seq", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, report);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((x = one_more(q, (void **)out, n, &room, sizeof(*x))) == NULL) {
			rc = q_oom(e);
			break;
		}
		policy_fill(q, st, 0, &x->policy);
		x->seq = column_u64(st, 7);
		x->success = column_u64(st, 8);
		x->failure = column_u64(st, 9);
		x->ndetails = column_u64(st, 10);
		x->details = column_u64(st, 11);
		x->derived = sqlite3_column_int(st, 12) != 0;
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

static enum tls_result
result_of(int v)
{
	return (v < 0 || v >= TLS_RESULT_COUNT ? TLS_RESULT_OTHER : (enum tls_result)v);
}

/* Addresses are turned into text one by one: SQL knows them as bytes. */
static int
address(struct query *q, int64_t id, struct str *out, struct err *e)
{
	unsigned	 family;

	*out = STR_NONE;
	return (id == 0 ? 0 : q_source_text(q, (uint32_t)id, out, &family, e));
}

struct pair { int64_t sending, receiving; };

int
query_tls_details(struct query *q, int64_t report, size_t limit, struct query_tls_detail **out, size_t *n, struct err *e)
{
	struct query_tls_detail	*x;
	struct pair		*ips = NULL, *ip;
	sqlite3_stmt		*st;
	size_t			 room = 0, nips = 0, room_ips = 0;
	int			 rc;

	*out = NULL;
	*n = 0;
	if (store_prepare(q->s, &st, "SELECT d.element, d.seq, d.count, d.result, word.text, d.sending, d.receiving, mx.text, helo.text, "
	    "info.text, reason.text FROM tls_detail d LEFT JOIN name word ON word.id = d.word LEFT JOIN name mx ON mx.id = d.mx "
	    "LEFT JOIN name helo ON helo.id = d.helo LEFT JOIN name info ON info.id = d.info LEFT JOIN name reason ON reason.id = d.reason "
	    "WHERE d.report = ?1 ORDER BY d.element, d.seq LIMIT ?2", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, report);
	(void)sqlite3_bind_int64(st, 2, limit == 0 ? -1 : (sqlite3_int64)limit);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((x = one_more(q, (void **)out, n, &room, sizeof(*x))) == NULL ||
		    (ip = one_more(q, (void **)&ips, &nips, &room_ips, sizeof(*ip))) == NULL) {
			rc = q_oom(e);
			break;
		}
		x->element = column_u64(st, 0);
		x->seq = column_u64(st, 1);
		x->count = column_u64(st, 2);
		x->result = result_of(sqlite3_column_int(st, 3));
		x->word = q_column(q, st, 4);
		*ip = (struct pair){ sqlite3_column_int64(st, 5), sqlite3_column_int64(st, 6) };
		x->mx = q_column(q, st, 7);
		x->helo = q_column(q, st, 8);
		x->info = q_column(q, st, 9);
		x->reason = q_column(q, st, 10);
	}
	(void)sqlite3_finalize(st);
	for (size_t i = 0; rc == 0 && i < nips; i++)
		if (address(q, ips[i].sending, &(*out)[i].sending, e) == -1 || address(q, ips[i].receiving, &(*out)[i].receiving, e) == -1)
			rc = -1;
	return (rc);
}

/* --- Sums ------------------------------------------------------------------------------------ */

static struct str
domain_name(const struct query *q, int64_t id)
{
	return (id < 1 || (size_t)id >= q->c->ndomains ? STR("") : str_of(q->c->domains[id].key));
}

int
query_tls_sums(struct query *q, const struct query_tls_filter *f, const struct query_range *r, struct query_tls_sum **out, size_t *n,
    struct err *e)
{
	struct query_tls_sum	*x;
	struct scope		 c;
	sqlite3_stmt		*st;
	size_t			 room = 0;
	int			 rc, type, mode;

	*out = NULL;
	*n = 0;
	if (scope(q, f, r, &c, e) == -1 || prepare(q, &st, &c, "SELECT tls_day.domain, tls_day.day, tls_day.type, tls_day.mode, tls_day.result, "
	    "sum(tls_day.success), sum(tls_day.failure), sum(tls_day.n) " OF_SUMS
	    "AND (?6 = 0 OR tls_day.result = -1 OR (?6 >> tls_day.result & 1)) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5", e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((x = one_more(q, (void **)out, n, &room, sizeof(*x))) == NULL) {
			rc = q_oom(e);
			break;
		}
		type = sqlite3_column_int(st, 2);
		mode = sqlite3_column_int(st, 3);
		x->domain = domain_name(q, sqlite3_column_int64(st, 0));
		x->day = sqlite3_column_int64(st, 1);
		x->type = type < 0 || type >= TLS_TYPES ? TLS_TYPE_OTHER : (enum tls_policy_type)type;
		x->mode = mode < 0 || mode >= STS_MODES ? STS_UNKNOWN : (enum sts_mode)mode;
		x->result = sqlite3_column_int(st, 4);
		if (x->result >= 0)
			x->result = (int)result_of(x->result);
		x->success = column_u64(st, 5);
		x->failure = column_u64(st, 6);
		x->n = column_u64(st, 7);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

int
query_tls_reporters(struct query *q, const struct query_tls_filter *f, const struct query_range *r, uint64_t *reporters, uint64_t *reports,
    struct err *e)
{
	struct scope	 c;
	sqlite3_stmt	*st;
	int		 rc;

	if (scope(q, f, r, &c, e) == -1 || prepare(q, &st, &c, "SELECT count(DISTINCT tls_element.reporter), count(DISTINCT tls_element.report) "
	    OF_ELEMENTS, e) == -1)
		return (-1);
	if ((rc = q_step(q, st, e)) == 1) {
		*reporters = column_u64(st, 0);
		*reports = column_u64(st, 1);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

struct failure_ids { int64_t receiving, sending; uint32_t word, mx, reason; };

#define FAILURE_SUMS "min(d.reason), sum(d.count), count(*), count(DISTINCT tls_element.report), count(DISTINCT tls_element.reporter), " \
    "min(tls_element.day), max(tls_element.day) " OF_ELEMENTS WITH_DETAILS "GROUP BY 1, 2, 3, 4, 5, 6, 7"
#define FAILURES_ORDER " ORDER BY 9 DESC, 14 DESC LIMIT ?7"

int
query_tls_failures(struct query *q, const struct query_tls_filter *f, const struct query_range *r, bool by_mx, size_t limit,
    struct query_tls_failure **out, size_t *n, struct err *e)
{
	struct query_tls_failure	*x;
	struct failure_ids		*ids = NULL, *id;
	struct scope			 c;
	sqlite3_stmt			*st;
	size_t				 room = 0, nids = 0, room_ids = 0;
	int				 rc, type;

	*out = NULL;
	*n = 0;
	if (scope(q, f, r, &c, e) == -1 || prepare(q, &st, &c, by_mx ?
	    "SELECT tls_element.domain, 0, d.result, d.word, d.mx, 0, 0, " FAILURE_SUMS FAILURES_ORDER :
	    "SELECT tls_element.domain, p.type, d.result, d.word, d.mx, d.receiving, d.sending, " FAILURE_SUMS ", d.reason" FAILURES_ORDER,
	    e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 7, limit == 0 ? -1 : (sqlite3_int64)limit);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((x = one_more(q, (void **)out, n, &room, sizeof(*x))) == NULL ||
		    (id = one_more(q, (void **)&ids, &nids, &room_ids, sizeof(*id))) == NULL) {
			rc = q_oom(e);
			break;
		}
		type = sqlite3_column_int(st, 1);
		x->domain = domain_name(q, sqlite3_column_int64(st, 0));
		x->type = type < 0 || type >= TLS_TYPES ? TLS_TYPE_OTHER : (enum tls_policy_type)type;
		x->result = result_of(sqlite3_column_int(st, 2));
		*id = (struct failure_ids){ sqlite3_column_int64(st, 5), sqlite3_column_int64(st, 6), (uint32_t)sqlite3_column_int64(st, 3),
		    (uint32_t)sqlite3_column_int64(st, 4), (uint32_t)sqlite3_column_int64(st, 7) };
		x->count = column_u64(st, 8);
		x->details = column_u64(st, 9);
		x->reports = column_u64(st, 10);
		x->reporters = column_u64(st, 11);
		x->first_day = sqlite3_column_int64(st, 12);
		x->last_day = sqlite3_column_int64(st, 13);
	}
	(void)sqlite3_finalize(st);
	for (size_t i = 0; rc == 0 && i < nids; i++) {
		x = &(*out)[i];
		if (q_name(q, ids[i].word, &x->word, e) == -1 || q_name(q, ids[i].mx, &x->mx, e) == -1 ||
		    q_name(q, ids[i].reason, &x->reason, e) == -1 || address(q, ids[i].receiving, &x->receiving, e) == -1 ||
		    address(q, ids[i].sending, &x->sending, e) == -1)
			rc = -1;
	}
	return (rc);
}

int
query_tls_policies(struct query *q, const struct query_tls_filter *f, const struct query_range *r, size_t limit, struct query_tls_seen **out,
    size_t *n, struct err *e)
{
	struct query_tls_seen	*x;
	struct scope		 c;
	sqlite3_stmt		*st;
	size_t			 room = 0;
	int			 rc;

	*out = NULL;
	*n = 0;
	if (scope(q, f, r, &c, e) == -1 || prepare(q, &st, &c, "SELECT " POLICY_COLUMNS ", u.first, u.last, u.reporters, u.reports, u.success, "
	    "u.failure FROM (SELECT tls_element.policy AS policy, min(tls_element.day) AS first, max(tls_element.day) AS last, "
	    "count(DISTINCT tls_element.reporter) AS reporters, count(DISTINCT tls_element.report) AS reports, "
	    "sum(tls_element.success) AS success, sum(tls_element.failure) AS failure " OF_ELEMENTS "GROUP BY 1) u "
	    "JOIN tls_policy p ON p.id = u.policy " POLICY_NAMES "ORDER BY u.last DESC, u.reports DESC, p.id LIMIT ?6", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 6, limit == 0 ? -1 : (sqlite3_int64)limit);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((x = one_more(q, (void **)out, n, &room, sizeof(*x))) == NULL) {
			rc = q_oom(e);
			break;
		}
		policy_fill(q, st, 0, &x->policy);
		x->first_day = sqlite3_column_int64(st, 7);
		x->last_day = sqlite3_column_int64(st, 8);
		x->reporters = column_u64(st, 9);
		x->reports = column_u64(st, 10);
		x->success = column_u64(st, 11);
		x->failure = column_u64(st, 12);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

/* --- Ready for enforce? --------------------------------------------------------------------------- */

static int
ready_days(struct query *q, int64_t domain, const struct query_range *r, struct tls_ready_day **days, size_t *n, struct err *e)
{
	sqlite3_stmt		*st;
	struct tls_ready_day	*d;
	size_t			 room = 0;
	int64_t			 day;
	int			 rc, mode;

	*days = NULL;
	*n = 0;
	if (store_prepare(q->s, &st, "SELECT day, mode, sum(n) FROM tls_day WHERE domain = ?1 AND day BETWEEN ?2 AND ?3 AND type = 1 "
	    "AND result = -1 GROUP BY 1, 2 ORDER BY 1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, r->to - POLICY_DAYS);
	(void)sqlite3_bind_int64(st, 3, r->to);
	while ((rc = q_step(q, st, e)) == 1) {
		day = sqlite3_column_int64(st, 0);
		mode = sqlite3_column_int(st, 1);
		if (*n == 0 || (*days)[*n - 1].day != day) {
			if ((d = one_more(q, (void **)days, n, &room, sizeof(*d))) == NULL) {
				rc = q_oom(e);
				break;
			}
			memset(d, 0, sizeof(*d));
			d->day = day;
		}
		if (mode >= 0 && mode < STS_MODES)
			(*days)[*n - 1].elements[mode] += column_u64(st, 2);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

static int
ready_window(struct query *q, int64_t domain, struct query_tls_ready *x, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(q->s, &st, "SELECT count(DISTINCT CASE type WHEN 1 THEN reporter END), sum(CASE type WHEN 1 THEN success + failure ELSE 0 END), "
	    "sum(CASE type WHEN 1 THEN failure ELSE 0 END), sum(CASE type WHEN 0 THEN n ELSE 0 END) FROM tls_day "
	    "WHERE domain = ?1 AND day BETWEEN ?2 AND ?3 AND result = -1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, x->from);
	(void)sqlite3_bind_int64(st, 3, x->to);
	if ((rc = q_step(q, st, e)) == 1) {
		x->facts.reporters = column_u64(st, 0);
		x->facts.sessions = column_u64(st, 1);
		x->facts.failed = column_u64(st, 2);
		x->facts.no_policy = column_u64(st, 3);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

/* Does any of the patterns, newline between, name that host? */
static bool
names_host(struct str patterns, struct str host)
{
	const char	*nl;
	size_t		 n;

	for (; patterns.len > 0; patterns.p += n, patterns.len -= n) {
		nl = memchr(patterns.p, '\n', patterns.len);
		n = nl == NULL ? patterns.len : (size_t)(nl - patterns.p);
		if (sts_mx_matches(str_trim((struct str){ patterns.p, n }), host))
			return (true);
		n += nl != NULL;
	}
	return (false);
}

/*
 * Failures at hosts that the policy names, as the element itself shows it, or
 * else the newest one that does. One that names no host is ours until the
 * contrary is known, unless it was the policy that could not be had.
 */
static int
ready_own_mx(struct query *q, int64_t domain, struct query_tls_ready *x, struct err *e)
{
	sqlite3_stmt	*st;
	struct str	 own, host, newest_mx = STR_NONE;
	enum tls_result	 result;
	int		 rc;

	if (store_prepare(q->s, &st, "SELECT mx.text FROM tls_element t JOIN tls_policy p ON p.id = t.policy AND p.type = 1 JOIN name mx ON mx.id = p.mx "
	    "WHERE t.domain = ?1 AND t.day <= ?2 ORDER BY t.day DESC LIMIT 1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, x->to);
	if ((rc = q_step(q, st, e)) == 1)
		newest_mx = q_column(q, st, 0);
	(void)sqlite3_finalize(st);
	if (rc == -1 || store_prepare(q->s, &st, "SELECT d.result, mx.text, own.text, sum(d.count) FROM tls_element t JOIN tls_policy p "
	    "ON p.id = t.policy AND p.type = 1 JOIN tls_detail d ON d.report = t.report AND d.element = t.seq LEFT JOIN name mx ON mx.id = d.mx "
	    "LEFT JOIN name own ON own.id = p.mx WHERE t.domain = ?1 AND t.day BETWEEN ?2 AND ?3 GROUP BY 1, 2, 3", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, x->from);
	(void)sqlite3_bind_int64(st, 3, x->to);
	while ((rc = q_step(q, st, e)) == 1) {
		result = result_of(sqlite3_column_int(st, 0));
		host = q_column(q, st, 1);
		own = q_column(q, st, 2);
		if (own.len == 0)
			own = newest_mx;
		if (host.len == 0 ? result != TLS_RESULT_STS_FETCH && result != TLS_RESULT_STS_INVALID && result != TLS_RESULT_STS_WEBPKI :
		    own.len == 0 || names_host(own, host))
			x->facts.own_mx += column_u64(st, 3);
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

static int
ready_one(struct query *q, int64_t domain, const struct query_range *r, struct query_tls_ready *x, struct err *e)
{
	struct tls_ready_day	*days;
	size_t			 n;

	memset(x, 0, sizeof(*x));
	x->domain = domain_name(q, domain);
	if (ready_days(q, domain, r, &days, &n, e) == -1)
		return (-1);
	x->facts.days = days;
	x->facts.ndays = n;
	x->to = n > 0 ? days[n - 1].day : r->to;
	x->from = tls_ready_window(x->to);
	if (ready_window(q, domain, x, e) == -1 || (n > 0 && ready_own_mx(q, domain, x, e) == -1))
		return (-1);
	tls_ready(&x->facts, &x->ready);
	x->facts.days = NULL;
	x->facts.ndays = 0;
	return (0);
}

int
query_tls_ready(struct query *q, const struct query_tls_filter *f, const struct query_range *r, struct query_tls_ready **out, size_t *n,
    struct err *e)
{
	struct scope	 c;
	sqlite3_stmt	*st;
	int64_t		*ids = NULL, *id;
	size_t		 nids = 0, room = 0;
	int		 rc;

	*out = NULL;
	*n = 0;
	if (scope(q, f, r, &c, e) == -1 || prepare(q, &st, &c, "SELECT DISTINCT tls_day.domain " OF_SUMS "ORDER BY 1 LIMIT 500", e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((id = one_more(q, (void **)&ids, &nids, &room, sizeof(*id))) == NULL) {
			rc = q_oom(e);
			break;
		}
		*id = sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_finalize(st);
	if (rc == -1)
		return (-1);
	if ((*out = arena_alloc(q->a, nids + 1, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (; *n < nids; (*n)++)
		if (ready_one(q, ids[*n], r, &(*out)[*n], e) == -1)
			return (-1);
	return (0);
}
