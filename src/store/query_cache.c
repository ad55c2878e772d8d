/*
 * query_cache.c - a snapshot, and what is remembered between two of them.
 *
 * Rows of outcome, evidence, report, policy are only ever added, so what is
 * remembered is brought up to date by reading the ids above the last one. Who
 * changes or deletes such rows raises meta 'epoch', and all is read anew.
 */
#include "base/when.h"
#include "store/query_int.h"

#define ARENA_CEILING	((size_t)1 << 30)
/* What is held for one who asks with a clock running, one of several; and for a command, which is alone. */
#define ASKED_SUMS	((size_t)1 << 16)	/* 6 MB, as often as there are threads */
#define ALONE_SUMS	((size_t)1 << 18)
#define ASKED_PIECES	((size_t)24 << 20)	/* of all threads together */
#define ALONE_PIECES	((size_t)64 << 20)
#define ASKED_COLUMNS	((size_t)24 << 20)	/* likewise: some two and a half million records */
#define ASKED_CEILING	((size_t)32 << 20)	/* of the answer */
#define ID_MAX		0x7fffffff
#define STEPS		20000		/* of SQLite's machine between two looks at the clock */

static const char *const sql[Q_STMTS] = {
	[Q_BEGIN] = "BEGIN",
	[Q_END] = "COMMIT",
	[Q_GENERATION] = "SELECT value FROM meta WHERE key = 'generation'",
	[Q_EPOCH] = "SELECT value FROM meta WHERE key = 'epoch'",
	[Q_SENDERS] = "SELECT value FROM meta WHERE key = 'senders'",
	[Q_SENDERS_OF_IP] = "SELECT o.domain, o.sender, c.messages FROM source s CROSS JOIN domain d CROSS JOIN sender_of o ON o.domain = d.id "
	    "AND o.source = s.id JOIN sender_class c ON c.domain = o.domain AND c.sender = o.sender WHERE s.ip = ?1 AND s.kind = ?2 "
	    "AND d.apart = 0",
	[Q_NAME_TEXT] = "SELECT text FROM name WHERE id = ?1",
	[Q_NAME_ID] = "SELECT id FROM name WHERE text = ?1",
	[Q_SOURCE] = "SELECT kind, ip FROM source WHERE id = ?1",
	[Q_SOURCE_RANGE] = "SELECT id FROM source WHERE ip BETWEEN ?1 AND ?2 AND kind = ?3",
	[Q_SOURCE_UNKNOWN] = "SELECT id FROM source WHERE kind = 0",
	[Q_SOURCE_MAX] = "SELECT max(id) FROM source",
	[Q_SCAN] = "SELECT day, source, report, evidence, count FROM record WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
	[Q_SCAN_SEQ] = "SELECT day, source, report, evidence, count, seq FROM record"
	    " WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
	[Q_SEEK] = "SELECT day, source, report, evidence, count, seq FROM record WHERE domain = ?1 AND day = ?2 AND source = ?3",
	[Q_ROLLUP] = "SELECT day, reporter, outcome, messages, rows, sender FROM rollup WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
	[Q_SEEN] = "SELECT day, source, evidence FROM record WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
	[Q_EVIDENCE] = "SELECT policy, outcome, header_from, envelope_from, envelope_to, flags, spf, dkim, reasons, words"
	    " FROM evidence WHERE id = ?1",
	[Q_EVIDENCES] = "SELECT id, outcome, policy, header_from, coalesce(envelope_from, 0) FROM evidence WHERE id BETWEEN ?1 AND ?2",
	[Q_LISTS] = "SELECT id, dkim, spf, reasons FROM evidence WHERE id BETWEEN ?1 AND ?2",
	[Q_EVIDENCE_MAX] = "SELECT max(id) FROM evidence",
	[Q_REPORT] = "SELECT r.id, r.reporter, r.domain, r.report_id, r.begin, r.end, r.day, r.received, r.message, r.payload,"
	    " r.policy, r.org_name, r.email, r.extra_contact_info, r.generator, r.version, r.errors, r.dialect, r.state,"
	    " r.quirks, r.refused, r.superseded_by, r.duplicates, r.records, r.messages, r.disp_none, r.disp_quarantine,"
	    " r.disp_reject, r.disp_pass, r.disp_other, r.dkim_pass, r.spf_pass, r.dmarc_pass, r.verdict_pass, r.differs,"
	    " r.source_ips, r.dkim_results, r.spf_results, r.reasons, m.origin, m.received, m.bytes, m.token, m.pack,"
	    " r.trust, r.apart, r.trust_proof, r.trust_method, r.trust_from, r.trust_id, r.trust_field"
	    " FROM report r LEFT JOIN message m ON m.id = r.message WHERE r.id = ?1",
	[Q_VERSIONS] = "SELECT id FROM report WHERE superseded_by = ?1",
	[Q_HOST] = "SELECT state, name, others, more, refused, answered, failure FROM host WHERE source = ?1",
	[Q_HOST_IP] = "SELECT h.state, h.name, h.others, h.more, h.refused, h.answered, h.failure FROM source s JOIN host h ON h.source = s.id"
	    " WHERE s.ip = ?1 AND s.kind = ?2",
	[Q_EDITIONS] = "SELECT day, number FROM edition WHERE domain = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day",
	[Q_FRESH] = "SELECT 1 FROM fresh WHERE domain = ?1 AND day = ?2",
	[Q_DECIDED] = "SELECT 1 FROM (SELECT class FROM decision WHERE sender = ?1 AND domain IN (?2, 0) AND undone IS NULL"
	    " ORDER BY domain DESC, id DESC LIMIT 1) WHERE class IS NOT NULL",
};

int
q_oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory, or more of it than one question may have: ask for fewer days or a smaller page, or add a filter"));
}

int
q_late(struct query *q, struct err *e)
{
	if (q->deadline == 0 || when_mono_ms() < q->deadline)
		return (0);
	q->late = true;
	return (err_set(e, ERR_TEMP, "the question takes longer than %u.%u s: ask for fewer days or add a filter",
	    q->limit_ms / 1000, q->limit_ms / 100 % 10));
}

static int
progress(void *ctx)
{
	struct query	*q = ctx;

	return (q->deadline != 0 && when_mono_ms() >= q->deadline);
}

int
q_step(struct query *q, sqlite3_stmt *st, struct err *e)
{
	int	 rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return (1);
	if (rc == SQLITE_DONE)
		return (0);
	if ((rc & 0xff) == SQLITE_INTERRUPT && q_late(q, e) == -1)
		return (-1);
	return (store_fail(q->s, "reading", e));
}

int
q_stmt(struct query *q, enum q_stmt which, sqlite3_stmt **out, struct err *e)
{
	if (q->c->st[which] == NULL && store_prepare(q->s, &q->c->st[which], sql[which], e) == -1)
		return (-1);
	*out = q->c->st[which];
	(void)sqlite3_reset(*out);
	return (0);
}

bool
q_grow(void **p, size_t *cap, size_t need, size_t size)
{
	size_t	 n = *cap == 0 ? 64 : *cap;
	void	*v;

	if (need <= *cap)
		return (true);
	while (n < need)	/* what is large grows by little: it is there as soon as it is cleared */
		n += n * size < (size_t)1 << 20 ? n / 2 + 1 : n / 8;
	if (n > SIZE_MAX / 2 / size || (v = realloc(*p, n * size)) == NULL)
		return (false);
	memset((char *)v + *cap * size, 0, (n - *cap) * size);
	*p = v;
	*cap = n;
	return (true);
}

struct str
q_column(struct query *q, sqlite3_stmt *st, int i)
{
	struct str	 s;

	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return (STR_NONE);
	s.p = (const char *)sqlite3_column_blob(st, i);
	s.len = (size_t)sqlite3_column_bytes(st, i);
	if (s.p == NULL)
		s = STR("");
	return (arena_str(q->a, s));
}

int
q_name(struct query *q, uint32_t id, struct str *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*out = STR_NONE;
	if (id == 0)
		return (0);
	if (q_stmt(q, Q_NAME_TEXT, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = q_step(q, st, e)) == 1) {
		*out = q_column(q, st, 0);
		if (out->p == NULL)
			rc = q_oom(e);
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

void
q_numbers(struct str text, void (*fn)(void *, const uint32_t v[5], unsigned n), void *ctx)
{
	uint32_t	 v[5] = { 0 };
	unsigned	 n = 0;
	bool		 number = false;

	/* "1,4,2;5,6,2": the end of the text ends the last one */
	for (size_t i = 0; i <= text.len; i++) {
		char	 c = i == text.len ? ';' : text.p[i];

		if (c >= '0' && c <= '9') {
			if (n < 5)
				v[n] = v[n] * 10 + (uint32_t)(c - '0');
			number = true;
		} else if (c == ',' || c == ';') {
			if (number && n < 5)
				n++;
			number = false;
			if (c == ';' && n > 0) {
				fn(ctx, v, n);
				memset(v, 0, sizeof(v));
				n = 0;
			}
		}
	}
}

/* --- The tiers ------------------------------------------------------------------- */

static int
id_bad(struct err *e, const char *what, int64_t id)
{
	return (err_set(e, ERR_BUG, "%s %lld is out of range", what, (long long)id));
}

static char *
text_keep(struct query_cache *c, sqlite3_stmt *st, int i)
{
	const void	*p = sqlite3_column_blob(st, i);

	return (arena_strndup(c->texts, p == NULL ? "" : p, (size_t)sqlite3_column_bytes(st, i)));
}

/* Runs one statement over the ids that are new, a row at a time. */
static int
each_new(struct query *q, const char *text, size_t above, int (*row)(struct query *, sqlite3_stmt *, int64_t, struct err *),
    struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 id;
	int		 rc;

	if (store_prepare(q->s, &st, text, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)above);
	while ((rc = q_step(q, st, e)) == 1) {
		id = sqlite3_column_int64(st, 0);
		if (id < 1 || id > ID_MAX) {
			rc = id_bad(e, text, id);
			break;
		}
		if (row(q, st, id, e) == -1) {
			rc = -1;
			break;
		}
	}
	(void)sqlite3_finalize(st);
	return (rc);
}

#define GROW(c, what, id) q_grow((void **)&(c)->what, &(c)->cap_##what, (size_t)(id) + 1, sizeof(*(c)->what))
#define ABOVE(n) ((n) == 0 ? 0 : (n) - 1)

static int
domain_row(struct query *q, sqlite3_stmt *st, int64_t id, struct err *e)
{
	struct query_cache	*c = q->c;

	if (!GROW(c, domains, id) || (c->domains[id].key = text_keep(c, st, 1)) == NULL)
		return (q_oom(e));
	c->domains[id].apart = sqlite3_column_int(st, 2) != 0;
	c->ndomains = (size_t)id + 1;
	return (0);
}

static int
reporter_row(struct query *q, sqlite3_stmt *st, int64_t id, struct err *e)
{
	struct query_cache	*c = q->c;

	if (!GROW(c, reporters, id) || (c->reporters[id].key = text_keep(c, st, 1)) == NULL ||
	    (c->reporters[id].label = text_keep(c, st, 2)) == NULL)
		return (q_oom(e));
	c->nreporters = (size_t)id + 1;
	return (0);
}

static unsigned
align_of(int dkim, int spf)
{
	if (dkim == EVAL_PASS)
		return (spf == EVAL_PASS ? ALIGN_BOTH : ALIGN_DKIM);
	if (spf == EVAL_PASS)
		return (ALIGN_SPF);
	return (dkim == EVAL_FAIL && spf == EVAL_FAIL ? ALIGN_NONE : ALIGN_UNTOLD);
}

static int
outcome_row(struct query *q, sqlite3_stmt *st, int64_t id, struct err *e)
{
	struct query_cache	*c = q->c;
	struct q_outcome	*o;
	int			 v[12];

	if (!GROW(c, outcomes, id))
		return (q_oom(e));
	for (int i = 0; i < 12; i++)
		v[i] = sqlite3_column_int(st, i + 1);
	if (v[0] < 0 || v[0] > 255 || v[1] < 0 || v[1] >= DISP_COUNT || v[2] < 0 || v[2] >= EVAL_COUNT || v[3] < 0 ||
	    v[3] >= EVAL_COUNT || v[10] < 0 || v[10] >= RES_COUNT || v[11] < 0 || v[11] >= RES_COUNT)
		return (id_bad(e, "a column of outcome", id));
	o = &c->outcomes[id];
	*o = (struct q_outcome){ .known = true, .code = (uint8_t)v[0], .disp = (uint8_t)v[1], .dkim = (uint8_t)v[2],
	    .spf = (uint8_t)v[3], .verdict_dkim = v[4] != 0, .verdict_spf = v[5] != 0, .estimated = v[6] != 0,
	    .differs = v[7] != 0, .forwarded = v[8] != 0, .overridden = v[9] != 0, .spf_raw = (uint8_t)v[10],
	    .dkim_raw = (uint8_t)v[11], .align = (uint8_t)align_of(v[2], v[3]) };
	c->noutcomes = (size_t)id + 1;
	return (0);
}

static int
report_row(struct query *q, sqlite3_stmt *st, int64_t id, struct err *e)
{
	struct query_cache	*c = q->c;
	struct q_report		*r;
	int64_t			 v[8], lag;

	if (!GROW(c, reports, id) || !GROW(c, reporter_of, id))
		return (q_oom(e));
	for (int i = 0; i < 8; i++)
		v[i] = sqlite3_column_int64(st, i + 1);
	if (v[0] < 1 || (size_t)v[0] >= c->nreporters || v[1] < 1 || v[1] > ID_MAX || v[2] < 1 ||
	    (size_t)v[2] >= c->ndomains || v[3] < INT32_MIN || v[3] > INT32_MAX)
		return (id_bad(e, "a column of report", id));
	/* What was imported years later says nothing of the reporter's habits. */
	lag = v[4] - v[5] < 0 || v[4] - v[5] > 30 * DAY_SECONDS ? -1 : v[4] - v[5];
	r = &c->reports[id];
	*r = (struct q_report){ .reporter = (uint32_t)v[0], .policy = (uint32_t)v[1], .domain = (uint32_t)v[2],
	    .day = (int32_t)v[3], .received = v[4], .lag = (int32_t)lag,
	    .records = v[6] < 0 || v[6] > UINT32_MAX ? UINT32_MAX : (uint32_t)v[6], .m = v[7] < 0 ? 0 : (uint64_t)v[7] };
	c->reporter_of[id] = r->reporter;
	r->trust = (uint8_t)sqlite3_column_int(st, 9);
	c->domains[v[2]].used = true;
	c->nreports = (size_t)id + 1;
	return (0);
}

static int
superseded_row(struct query *q, sqlite3_stmt *st, int64_t id, struct err *e)
{
	(void)st;
	(void)e;
	if ((size_t)id < q->c->nreports)
		q->c->reports[id].superseded = true;
	return (0);
}

static int
policy_row(struct query *q, sqlite3_stmt *st, int64_t id, struct err *e)
{
	struct query_cache	*c = q->c;
	struct report_policy	*p;
	struct str		*to[9];
	int64_t			 domain = sqlite3_column_int64(st, 1);

	if (!GROW(c, policies, id))
		return (q_oom(e));
	if (domain < 1 || (size_t)domain >= c->ndomains)
		return (id_bad(e, "domain", domain));
	c->policies[id].domain = (uint32_t)domain;
	p = &c->policies[id].p;
	p->domain = str_of(c->domains[domain].key);
	to[0] = &p->p; to[1] = &p->sp; to[2] = &p->np; to[3] = &p->adkim; to[4] = &p->aspf; to[5] = &p->pct;
	to[6] = &p->fo; to[7] = &p->testing; to[8] = &p->discovery_method;
	for (int i = 0; i < 9; i++)
		if (sqlite3_column_type(st, i + 2) != SQLITE_NULL) {
			to[i]->len = (size_t)sqlite3_column_bytes(st, i + 2);
			if ((to[i]->p = text_keep(c, st, i + 2)) == NULL)
				return (q_oom(e));
		}
	c->npolicies = (size_t)id + 1;
	return (0);
}

static int
kind_row(struct query *q, sqlite3_stmt *st, int64_t id, struct err *e)
{
	struct query_cache	*c = q->c;

	if (!GROW(c, kinds, id))
		return (q_oom(e));
	c->kinds[id] = (uint8_t)sqlite3_column_int(st, 1);
	c->nkinds = (size_t)id + 1;
	return (0);
}

/* How much evidence there is; what it says is read when it is asked for. */
static int
evidence_count(struct query *q, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 max = 0;
	int		 rc;

	if (q_stmt(q, Q_EVIDENCE_MAX, &st, e) == -1)
		return (-1);
	if ((rc = q_step(q, st, e)) == 1)
		max = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	if (max < 0 || max > ID_MAX)
		return (id_bad(e, "evidence", max));
	q->c->nevidence = (size_t)max + 1;
	return (rc == -1 ? -1 : 0);
}

static int
tier_fill(struct query *q, enum q_tier tier, struct err *e)
{
	struct query_cache	*c = q->c;

	switch (tier) {
	case TIER_NAMES:
		if (each_new(q, "SELECT id, name, apart FROM domain WHERE id > ?1 ORDER BY id", ABOVE(c->ndomains), domain_row, e) == -1)
			return (-1);
		return (each_new(q, "SELECT id, key, label FROM reporter WHERE id > ?1 ORDER BY id", ABOVE(c->nreporters),
		    reporter_row, e));
	case TIER_OUTCOMES:
		return (each_new(q, "SELECT id, code, disposition, dkim, spf, verdict_dkim, verdict_spf, estimated, differs,"
		    " forwarded, overridden, spf_raw, dkim_raw FROM outcome WHERE id > ?1 ORDER BY id", ABOVE(c->noutcomes),
		    outcome_row, e));
	case TIER_EVIDENCE:
		if (q_need(q, TIER_OUTCOMES, e) == -1)
			return (-1);
		return (evidence_count(q, e));
	case TIER_REPORTS:
		if (!GROW(c, reports, 0))	/* so that loops have an array to begin with */
			return (q_oom(e));
		if (each_new(q, "SELECT id, reporter, policy, domain, day, received, end, records, messages, trust FROM report"
		    " WHERE id > ?1 ORDER BY id", ABOVE(c->nreports), report_row, e) == -1)
			return (-1);
		return (each_new(q, "SELECT id FROM report WHERE superseded_by IS NOT NULL AND id > ?1", 0, superseded_row, e));
	case TIER_POLICIES:
		if (q_need(q, TIER_NAMES, e) == -1)
			return (-1);
		return (each_new(q, "SELECT id, domain, p, sp, np, adkim, aspf, pct, fo, testing, discovery_method FROM policy"
		    " WHERE id > ?1 ORDER BY id", ABOVE(c->npolicies), policy_row, e));
	case TIER_SENDERS:
	case TIER_OF:
		return (q_senders_fill(q, tier == TIER_OF, e));
	case TIER_PLACES:
		return (q_places_fill(q, e));
	case TIER_PTRS:
		return (q_ptrs_fill(q, e));
	case TIER_PREFIXES:
		return (q_prefixes_fill(q, e));
	default:
		return (each_new(q, "SELECT id, kind FROM source WHERE id > ?1 ORDER BY id", ABOVE(c->nkinds), kind_row, e));
	}
}

int
q_need(struct query *q, enum q_tier tier, struct err *e)
{
	if (q->c->tier_at[tier] == q->c->generation + 1)
		return (0);
	if (tier_fill(q, tier, e) == -1)
		return (-1);
	q->c->tier_at[tier] = q->c->generation + 1;
	return (0);
}

static void
forget(struct query_cache *c)
{
	sqlite3_stmt	*st[Q_STMTS];
	struct arena	*texts = c->texts;

	free(c->outcomes);
	q_pieces_leave(c);
	free(c->reports);
	free(c->reporter_of);
	free(c->domains);
	free(c->reporters);
	free(c->policies);
	free(c->kinds);
	q_prefixes_forget(c);
	q_places_forget(c);
	q_ptrs_forget(c);
	free(c->source_first);
	free(c->evidence_first);
	q_senders_forget(c);
	memcpy(st, c->st, sizeof(st));
	memset(c, 0, sizeof(*c));
	memcpy(c->st, st, sizeof(st));
	c->texts = texts;
	if (texts != NULL)
		arena_reset(texts);
}

void
query_cache_free(struct query_cache *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < Q_STMTS; i++)
		(void)sqlite3_finalize(c->st[i]);
	forget(c);
	arena_free(c->texts);
	free(c);
}

static int
meta_int(struct query *q, enum q_stmt which, uint64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*out = 0;
	if (q_stmt(q, which, &st, e) == -1)
		return (-1);
	if ((rc = q_step(q, st, e)) == 1)
		*out = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

static int
begin(struct query *q, struct err *e)
{
	struct store		*s = q->s;
	struct query_cache	*c;
	uint64_t		 generation, epoch;
	sqlite3_stmt		*st;

	if (s->qc == NULL) {
		if ((c = calloc(1, sizeof(*c))) == NULL || (c->texts = arena_new(ARENA_CEILING)) == NULL) {
			free(c);
			return (q_oom(e));
		}
		s->qc = c;
	}
	q->c = c = s->qc;
	if (sqlite3_get_autocommit(s->db)) {
		if (q_stmt(q, Q_BEGIN, &st, e) == -1 || q_step(q, st, e) == -1)
			return (-1);
		(void)sqlite3_reset(st);
		q->own = true;
	}
	sqlite3_progress_handler(s->db, STEPS, q->deadline == 0 ? NULL : progress, q);
	if (meta_int(q, Q_GENERATION, &generation, e) == -1 || meta_int(q, Q_EPOCH, &epoch, e) == -1)
		return (-1);
	if (epoch != c->epoch || generation < c->generation)
		forget(c);
	c->generation = generation;
	c->epoch = epoch;
	return (q_need(q, TIER_NAMES, e) == -1 || q_need(q, TIER_OUTCOMES, e) == -1 ? -1 : 0);
}

void
query_hold(struct query *q, size_t sums, size_t bytes, size_t columns)
{
	q->most_sums = sums;
	q->most_pieces = bytes;
	q->most_columns = columns;
}

struct query *
query_begin(struct store *s, int64_t now, unsigned limit_ms, struct err *e)
{
	struct query	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL || (q->a = arena_new(limit_ms == 0 ? ARENA_CEILING : ASKED_CEILING)) == NULL) {
		free(q);
		(void)q_oom(e);
		return (NULL);
	}
	q->s = s;
	q->now = now;
	q->limit_ms = limit_ms;
	query_hold(q, limit_ms == 0 ? ALONE_SUMS : ASKED_SUMS, limit_ms == 0 ? ALONE_PIECES : ASKED_PIECES,
	    limit_ms == 0 || s->mode != STORE_READ ? 0 : ASKED_COLUMNS);
	q->deadline = limit_ms == 0 ? 0 : when_mono_ms() + limit_ms;
	if (begin(q, e) == -1) {
		query_end(q);
		return (NULL);
	}
	return (q);
}

void
query_end(struct query *q)
{
	sqlite3_stmt	*st;
	struct err	 e;

	if (q == NULL)
		return;
	sqlite3_progress_handler(q->s->db, 0, NULL, NULL);
	q->deadline = 0;
	if (q->own && q_stmt(q, Q_END, &st, &e) == 0) {
		(void)sqlite3_step(st);
		(void)sqlite3_reset(st);
	}
	arena_free(q->a);
	free(q);
}

bool
query_late(const struct query *q)
{
	return (q->late);
}

uint64_t
query_generation(const struct query *q)
{
	return (q->c->generation);
}

int64_t
query_now(const struct query *q)
{
	return (q->now);
}

struct arena *
query_arena(struct query *q)
{
	return (q->a);
}
