/*
 * write.c - taking reports in.
 *
 * A report is held until its end when it is small, so that a duplicate costs
 * one look at the key and no row is ever written in vain; beyond HELD rows it
 * goes to the database as it comes, under a savepoint. Sums by day are added
 * up in memory and written once per key at the commit.
 *
 * Ids of texts, addresses and combinations are remembered over transactions:
 * rows of those tables never change and never go. When another process wrote
 * in between (data_version) what depends on counters is read anew.
 */
#include "base/hash.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "store/store_int.h"

#define HELD 4096
#define REFUSED_SHOWN 100
#define TOKENS 8192

enum stmt {
	ST_DATA_VERSION, ST_NEXT_IDS, ST_MESSAGES, ST_GENERATION, ST_NAME_FIND, ST_NAME_ADD, ST_DOMAIN_FIND, ST_DOMAIN_ADD,
	ST_REPORTER_FIND, ST_REPORTER_ADD, ST_POLICY_FIND, ST_POLICY_ADD, ST_SOURCE_FIND, ST_SOURCE_ADD,
	ST_OUTCOMES, ST_OUTCOME_ADD, ST_EVIDENCE_FIND, ST_EVIDENCE_OUTCOME, ST_EVIDENCE_ADD, ST_EVIDENCE_KEY, ST_RECORD_ADD, ST_RECORD_MERGE,
	ST_REPORT_FIND, ST_VERSION_FIND, ST_REPORT_ADD, ST_REPORT_AGAIN, ST_REPORT_UNREPEAT, ST_REPORT_SUPERSEDE, ST_VERSIONS_MOVE,
	ST_REPORT_SUMS, ST_RECORDS_GO, ST_ROLLUP_ADD, ST_ROLLUP_CLEAN, ST_MESSAGE_ADD, ST_MESSAGE_SET, ST_TOKENS, ST_INTAKE_ADD,
	ST_QUARANTINE_ADD, ST_QUARANTINE_FIND, ST_SAVEPOINT, ST_SAVEPOINT_BACK, ST_SAVEPOINT_DONE,
	ST_EPOCH, ST_MESSAGE_FIND, ST_MESSAGE_AGAIN, ST_REPORT_MESSAGE, ST_REPORT_OLD, ST_REPORT_SAME, ST_REPORT_CHANGE,
	ST_RECORD_FIND, ST_RECORDS_RENUMBER, ST_SOURCES_OF_REPORT, ST_COUNT
};

static const char *const	 stmt_sql[ST_COUNT] = {
	[ST_DATA_VERSION] = "PRAGMA data_version",
	[ST_NEXT_IDS] = "SELECT (SELECT ifnull(max(id), 0) + 1 FROM report), (SELECT ifnull(max(id), 0) + 1 FROM message), "
	    "(SELECT ifnull(max(id), 0) + 1 FROM evidence), "
	    "ifnull((SELECT value FROM meta WHERE key = 'messages'), (SELECT ifnull(sum(messages), 0) FROM rollup))",
	[ST_MESSAGES] = "INSERT INTO meta (key, value) VALUES ('messages', ?1) ON CONFLICT DO UPDATE SET value = excluded.value",
	[ST_GENERATION] = "UPDATE meta SET value = value + 1 WHERE key = 'generation'",
	[ST_NAME_FIND] = "SELECT id FROM name WHERE text = ?1",
	[ST_NAME_ADD] = "INSERT INTO name (text) VALUES (?1)",
	[ST_DOMAIN_FIND] = "SELECT id FROM domain WHERE name = ?1",
	[ST_DOMAIN_ADD] = "INSERT INTO domain (name) VALUES (?1)",
	[ST_REPORTER_FIND] = "SELECT id FROM reporter WHERE key = ?1",
	[ST_REPORTER_ADD] = "INSERT INTO reporter (key, label) VALUES (?1, ?2)",
	[ST_POLICY_FIND] = "SELECT id FROM policy WHERE key = ?1",
	[ST_POLICY_ADD] = "INSERT INTO policy (key, domain, p, sp, np, adkim, aspf, pct, fo, testing, discovery_method) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[ST_SOURCE_FIND] = "SELECT id FROM source WHERE ip = ?1 AND kind = ?2",
	[ST_SOURCE_ADD] = "INSERT INTO source (ip, kind) VALUES (?1, ?2)",
	[ST_OUTCOMES] = "SELECT id, code, disposition, dkim, spf, verdict_dkim, verdict_spf, estimated, differs, forwarded, "
	    "overridden, spf_raw, dkim_raw FROM outcome ORDER BY id",
	[ST_OUTCOME_ADD] = "INSERT INTO outcome (id, code, disposition, dkim, spf, verdict_dkim, verdict_spf, estimated, differs, "
	    "forwarded, overridden, spf_raw, dkim_raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[ST_EVIDENCE_FIND] = "SELECT evidence.id, evidence.outcome FROM evidence_key JOIN evidence ON evidence.id = evidence_key.evidence "
	    "WHERE evidence_key.hash = ?1",
	[ST_EVIDENCE_OUTCOME] = "UPDATE evidence SET outcome = ?2 WHERE id = ?1",
	[ST_EVIDENCE_ADD] = "INSERT INTO evidence (id, policy, outcome, header_from, envelope_from, envelope_to, flags, spf, dkim, "
	    "reasons, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[ST_EVIDENCE_KEY] = "INSERT INTO evidence_key (hash, evidence) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[ST_RECORD_ADD] = "INSERT INTO record (domain, day, source, report, evidence, count, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ST_RECORD_MERGE] = "INSERT INTO record (domain, day, source, report, evidence, count, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
	    "ON CONFLICT DO UPDATE SET count = count + excluded.count",
	[ST_REPORT_FIND] = "SELECT id, hash, messages, day FROM report WHERE domain = ?1 AND reporter = ?2 AND begin = ?3 AND end = ?4 "
	    "AND report_id = ?5 AND superseded_by IS NULL",
	[ST_VERSION_FIND] = "SELECT id FROM report WHERE superseded_by = ?1 AND hash = ?2",
	[ST_REPORT_ADD] = "INSERT INTO report (id, reporter, domain, report_id, begin, end, day, received, message, payload, policy, "
	    "org_name, email, extra_contact_info, generator, version, errors, dialect, state, quirks, refused, hash, superseded_by, "
	    "records, messages, disp_none, disp_quarantine, disp_reject, disp_pass, disp_other, dkim_pass, spf_pass, dmarc_pass, "
	    "verdict_pass, differs, source_ips, dkim_results, spf_results, reasons) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
	    "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, "
	    "?35, ?36, ?37, ?38, ?39)",
	[ST_REPORT_AGAIN] = "UPDATE report SET duplicates = duplicates + 1 WHERE id = ?1",
	[ST_REPORT_UNREPEAT] = "UPDATE report SET duplicates = duplicates - 1 WHERE id = ?1 AND duplicates > 0",
	[ST_REPORT_SUPERSEDE] = "UPDATE report SET superseded_by = ?2 WHERE id = ?1",
	[ST_VERSIONS_MOVE] = "UPDATE report SET superseded_by = ?2 WHERE superseded_by = ?1",
	[ST_REPORT_SUMS] = "SELECT evidence.outcome, sum(record.count), count(*) FROM record JOIN evidence ON evidence.id = record.evidence "
	    "WHERE record.domain = ?1 AND record.day = ?2 AND record.report = ?3 GROUP BY evidence.outcome",
	[ST_RECORDS_GO] = "DELETE FROM record WHERE domain = ?1 AND day = ?2 AND report = ?3",
	[ST_ROLLUP_ADD] = "INSERT INTO rollup (domain, day, reporter, outcome, messages, rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
	    "ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, rows = rows + excluded.rows",
	[ST_ROLLUP_CLEAN] = "DELETE FROM rollup WHERE domain = ?1 AND day = ?2 AND reporter = ?3 AND rows = 0",
	[ST_MESSAGE_ADD] = "INSERT INTO message (id, received, origin, result, bytes, token, pack, offset) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[ST_MESSAGE_SET] = "UPDATE message SET result = ?2, token = ?3 WHERE id = ?1",
	[ST_TOKENS] = "SELECT token FROM message ORDER BY id DESC LIMIT 8192",
	[ST_INTAKE_ADD] = "INSERT INTO intake (day, origin, result, messages) VALUES (?1, ?2, ?3, ?4) "
	    "ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
	[ST_QUARANTINE_ADD] = "INSERT INTO quarantine (received, origin, file, bytes, reason, text, sender, subject, message, part, line) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (file) DO UPDATE SET reason = excluded.reason, "
	    "text = excluded.text, sender = coalesce(excluded.sender, sender), subject = coalesce(excluded.subject, subject), "
	    "message = excluded.message, part = excluded.part, line = excluded.line",
	[ST_QUARANTINE_FIND] = "SELECT id FROM quarantine WHERE file = ?1",
	[ST_SAVEPOINT] = "SAVEPOINT report",
	[ST_SAVEPOINT_BACK] = "ROLLBACK TO report",
	[ST_SAVEPOINT_DONE] = "RELEASE report",
	[ST_EPOCH] = "INSERT INTO meta (key, value) VALUES ('epoch', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1",
	[ST_MESSAGE_FIND] = "SELECT result, received, origin, pack IS NOT NULL FROM message WHERE id = ?1",
	[ST_MESSAGE_AGAIN] = "UPDATE message SET result = ?2, pack = coalesce(pack, ?3), offset = coalesce(offset, ?4) WHERE id = ?1",
	[ST_REPORT_MESSAGE] = "SELECT message FROM report WHERE id = ?1",
	[ST_REPORT_OLD] = "SELECT domain, reporter, day, superseded_by, quirks, begin = ?2 AND end = ?3 AND report_id = ?4, messages "
	    "FROM report WHERE id = ?1",
	/* The parameters of the next two are those of ST_REPORT_ADD. */
	[ST_REPORT_SAME] = "SELECT reporter = ?2 AND domain = ?3 AND report_id = ?4 AND begin = ?5 AND end = ?6 AND day = ?7 AND "
	    "payload = ?10 AND policy = ?11 AND org_name IS ?12 AND email IS ?13 AND extra_contact_info IS ?14 AND "
	    "generator IS ?15 AND version IS ?16 AND errors IS ?17 AND dialect = ?18 AND state = ?19 AND quirks = ?20 AND "
	    "refused IS ?21 AND superseded_by IS ?23, "
	    "hash = ?22 AND records = ?24 AND messages = ?25 AND disp_none = ?26 AND disp_quarantine = ?27 AND disp_reject = ?28 AND "
	    "disp_pass = ?29 AND disp_other = ?30 AND dkim_pass = ?31 AND spf_pass = ?32 AND dmarc_pass = ?33 AND "
	    "source_ips = ?36 AND dkim_results = ?37 AND spf_results = ?38 AND reasons = ?39, "
	    "verdict_pass = ?34 AND differs = ?35 FROM report WHERE id = ?1",
	[ST_REPORT_CHANGE] = "UPDATE report SET reporter = ?2, domain = ?3, report_id = ?4, begin = ?5, end = ?6, day = ?7, "
	    "payload = ?10, policy = ?11, org_name = ?12, email = ?13, extra_contact_info = ?14, generator = ?15, version = ?16, "
	    "errors = ?17, dialect = ?18, state = ?19, quirks = ?20, refused = ?21, hash = ?22, superseded_by = ?23, records = ?24, "
	    "messages = ?25, disp_none = ?26, disp_quarantine = ?27, disp_reject = ?28, disp_pass = ?29, disp_other = ?30, "
	    "dkim_pass = ?31, spf_pass = ?32, dmarc_pass = ?33, verdict_pass = ?34, differs = ?35, source_ips = ?36, "
	    "dkim_results = ?37, spf_results = ?38, reasons = ?39 WHERE id = ?1",
	[ST_RECORD_FIND] = "SELECT count = ?6 AND seq = ?7 FROM record WHERE domain = ?1 AND day = ?2 AND source = ?3 AND report = ?4 AND "
	    "evidence = ?5",
	[ST_SOURCES_OF_REPORT] = "SELECT count(DISTINCT source) FROM record WHERE domain = ?1 AND day = ?2 AND report = ?3 AND "
	    "source IS NOT (SELECT id FROM source WHERE kind = 0 AND ip = x'')",
	[ST_RECORDS_RENUMBER] = "UPDATE record SET report = ?4 WHERE domain = ?1 AND day = ?2 AND report = ?3",
};

/* --- Memory of ids: one place per hash, the newest wins ------------------------- */

struct slot {
	uint64_t	 hash;
	int64_t		 id;
	unsigned	 more;
};

struct cache {
	struct slot	*slots;
	size_t		 mask;
};

static bool
cache_new(struct cache *c, size_t n)
{
	c->slots = calloc(n, sizeof(*c->slots));
	c->mask = n - 1;
	return (c->slots != NULL);
}

static struct slot *
cache_at(struct cache *c, uint64_t hash)
{
	return (&c->slots[hash & c->mask]);
}

static void
cache_clear(struct cache *c)
{
	memset(c->slots, 0, (c->mask + 1) * sizeof(*c->slots));
}

/* --- The state of a writer --------------------------------------------------------- */

struct outcome {
	uint64_t	 key;	/* all its columns packed */
	bool		 verdict_pass, differs;
};

struct held {
	int64_t		 source, evidence;
	uint64_t	 count, seq;
	unsigned	 outcome;
};

struct sum {		/* of the rollup, in this transaction */
	int64_t		 domain, day, reporter;
	int64_t		 messages, rows;
	unsigned	 outcome;
	bool		 used;
};

struct ip {
	uint64_t	 id, stamp;
};

struct intake_sum {
	int64_t		 day, origin;
	int		 result;
	int64_t		 n;
};

struct writer {
	sqlite3_stmt	*st[ST_COUNT];
	struct cache	 names, sources, evidence, keys;
	struct outcome	*outcomes;	/* by id, from 1 */
	size_t		 noutcomes, room_outcomes;
	int64_t		 data_version, next_report, next_message, next_evidence;
	uint64_t	 total;		/* messages of all reports that count */
	struct pack	 pack;
	struct sum	*sums;
	size_t		 nsums, room_sums;
	struct intake_sum intake[64];
	size_t		 nintake;
	bool		 changed, epoch;	/* epoch: rows that readers remember were changed */
	uint64_t	*tokens;	/* open table of what was taken lately */
	bool		 tokens_ready;

	/* the report under way */
	bool		 open, streaming;
	int64_t		 id, message, domain, reporter, policy;
	unsigned	 payload;
	int64_t		 day;
	struct arena	*arena;
	struct report_header h;
	struct held	*held;
	size_t		 nheld;
	uint64_t	 hash[2];
	struct ip	*ips;		/* open table of source ids */
	size_t		 nips, room_ips;
	uint64_t	 stamp;		/* of the report: older entries are empty places */
	uint64_t	 messages, disp[DISP_COUNT], dkim_pass, spf_pass, dmarc_pass, verdict_pass, differs;
	uint64_t	 ndkim, nspf, nreasons;
	struct buf	 refused;	/* JSON */
	unsigned	 nrefused;
	bool		 refused_whole;	/* it has its last bracket */
	struct buf	 text;		/* for building */
	struct buf	 lists[4];	/* of one combination, while it is put */
};

static sqlite3_stmt *
stmt(struct store *s, enum stmt i)
{
	return (s->w->st[i]);
}

/* A statement that gives no row. */
static int
run(struct store *s, enum stmt i, struct err *e)
{
	sqlite3_stmt	*st = s->w->st[i];
	int		 rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		;
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, stmt_sql[i], e));
}

/* A statement that gives at most one number: 1 with it, 0 without, -1. */
static int
find(struct store *s, enum stmt i, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st = s->w->st[i];
	int		 rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(s, stmt_sql[i], e));
	return (rc == SQLITE_ROW);
}

static void
bind_str(sqlite3_stmt *st, int i, struct str v)
{
	if (v.p == NULL)
		(void)sqlite3_bind_null(st, i);
	else
		(void)sqlite3_bind_text(st, i, v.p, (int)v.len, SQLITE_STATIC);
}

static void
bind_id(sqlite3_stmt *st, int i, int64_t id)
{
	if (id == 0)
		(void)sqlite3_bind_null(st, i);
	else
		(void)sqlite3_bind_int64(st, i, id);
}

int
writer_new(struct store *s, struct err *e)
{
	struct writer	*w = calloc(1, sizeof(*w));

	if (w == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	s->w = w;
	w->pack.fd = -1;
	w->data_version = -1;
	w->refused.max = 64 * 1024;
	if (!cache_new(&w->names, 1u << 17) || !cache_new(&w->sources, 1u << 16) || !cache_new(&w->evidence, 1u << 16) ||
	    !cache_new(&w->keys, 1u << 10) || (w->held = calloc(HELD, sizeof(*w->held))) == NULL ||
	    (w->arena = arena_new((size_t)64 << 20)) == NULL || (w->tokens = calloc(2 * TOKENS, sizeof(*w->tokens))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (int i = 0; i < ST_COUNT; i++)
		if (store_prepare(s, &w->st[i], stmt_sql[i], e) == -1)
			return (-1);
	return (dmarc_init(e));
}

void
writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	for (int i = 0; i < ST_COUNT; i++)
		(void)sqlite3_finalize(w->st[i]);
	pack_close(&w->pack);
	free(w->names.slots);
	free(w->sources.slots);
	free(w->evidence.slots);
	free(w->keys.slots);
	free(w->outcomes);
	free(w->sums);
	free(w->held);
	free(w->ips);
	free(w->tokens);
	arena_free(w->arena);
	buf_free(&w->refused);
	buf_free(&w->text);
	for (int i = 0; i < 4; i++)
		buf_free(&w->lists[i]);
	free(w);
}

void
writer_leave_pack(struct store *s, int64_t pack)
{
	if (s->w->pack.fd != -1 && s->w->pack.id == pack)
		pack_close(&s->w->pack);
}

/* --- Transactions --------------------------------------------------------------------- */

static void
forget(struct writer *w)
{
	cache_clear(&w->names);
	cache_clear(&w->sources);
	cache_clear(&w->evidence);
	cache_clear(&w->keys);
	w->noutcomes = 0;
	w->data_version = -1;
	w->nsums = 0;
	w->nintake = 0;
	if (w->sums != NULL)
		memset(w->sums, 0, w->room_sums * sizeof(*w->sums));
	w->open = w->streaming = w->changed = w->epoch = false;
	/* a token of a message that is not stored after all would lose that message */
	memset(w->tokens, 0, 2 * TOKENS * sizeof(*w->tokens));
	w->tokens_ready = false;
}

static uint64_t
outcome_key(const int v[12])
{
	uint64_t	 k = 1;

	for (int i = 0; i < 12; i++)
		k = k * 37 + (uint64_t)v[i];
	return (k);
}

static bool
outcome_room(struct writer *w, size_t id)
{
	struct outcome	*p;

	if (id < w->room_outcomes)
		return (true);
	if ((p = realloc(w->outcomes, (id + 64) * sizeof(*p))) == NULL)
		return (false);
	memset(p + w->room_outcomes, 0, (id + 64 - w->room_outcomes) * sizeof(*p));
	w->outcomes = p;
	w->room_outcomes = id + 64;
	return (true);
}

static int
outcomes_load(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_OUTCOMES);
	int		 rc, v[12];
	size_t		 id;

	w->noutcomes = 0;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = (size_t)sqlite3_column_int64(st, 0);
		for (int i = 0; i < 12; i++)
			v[i] = sqlite3_column_int(st, i + 1);
		if (id > 100000 || !outcome_room(w, id)) {
			(void)sqlite3_reset(st);
			return (err_set(e, ERR_TEMP, "out of memory"));
		}
		w->outcomes[id] = (struct outcome){ outcome_key(v), v[4] || v[5], v[7] != 0 };
		w->noutcomes = id;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "outcome", e));
}

int
store_begin(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st;
	int64_t		 version;

	if (store_exec(s, "BEGIN IMMEDIATE", e) == -1)
		return (-1);
	s->in_txn = true;
	if (find(s, ST_DATA_VERSION, &version, e) == -1)
		goto fail;
	if (version != w->data_version) {
		forget(w);
		st = stmt(s, ST_NEXT_IDS);
		if (sqlite3_step(st) != SQLITE_ROW) {
			store_fail(s, "next ids", e);
			goto fail;
		}
		w->next_report = sqlite3_column_int64(st, 0);
		w->next_message = sqlite3_column_int64(st, 1);
		w->next_evidence = sqlite3_column_int64(st, 2);
		w->total = (uint64_t)sqlite3_column_int64(st, 3);
		(void)sqlite3_reset(st);
		if (outcomes_load(s, e) == -1)
			goto fail;
		w->data_version = version;
	}
	return (0);
fail:
	store_rollback(s);
	return (-1);
}

static int
sums_flush(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_ROLLUP_ADD);

	for (size_t i = 0; i < w->room_sums && w->nsums > 0; i++) {
		struct sum	*u = &w->sums[i];

		if (!u->used)
			continue;
		(void)sqlite3_bind_int64(st, 1, u->domain);
		(void)sqlite3_bind_int64(st, 2, u->day);
		(void)sqlite3_bind_int64(st, 3, u->reporter);
		(void)sqlite3_bind_int64(st, 4, u->outcome);
		(void)sqlite3_bind_int64(st, 5, u->messages);
		(void)sqlite3_bind_int64(st, 6, u->rows);
		if (run(s, ST_ROLLUP_ADD, e) == -1)
			return (-1);
		u->used = false;
		w->nsums--;
	}
	return (0);
}

static int
intake_flush(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_INTAKE_ADD);

	for (size_t i = 0; i < w->nintake; i++) {
		(void)sqlite3_bind_int64(st, 1, w->intake[i].day);
		(void)sqlite3_bind_int64(st, 2, w->intake[i].origin);
		(void)sqlite3_bind_int(st, 3, w->intake[i].result);
		(void)sqlite3_bind_int64(st, 4, w->intake[i].n);
		if (run(s, ST_INTAKE_ADD, e) == -1)
			return (-1);
	}
	w->nintake = 0;
	return (0);
}

static int
messages_flush(struct store *s, struct err *e)
{
	(void)sqlite3_bind_int64(stmt(s, ST_MESSAGES), 1, (sqlite3_int64)s->w->total);
	return (run(s, ST_MESSAGES, e));
}

int
store_commit(struct store *s, struct err *e)
{
	struct writer	*w = s->w;

	if (sums_flush(s, e) == -1 || intake_flush(s, e) == -1 || pack_commit(s, &w->pack, e) == -1 ||
	    (w->changed && (messages_flush(s, e) == -1 || run(s, ST_GENERATION, e) == -1)) ||
	    (w->epoch && run(s, ST_EPOCH, e) == -1))
		goto fail;
	if (s->dry) {		/* all of it was only tried */
		store_rollback(s);
		return (0);
	}
	if (store_exec(s, "COMMIT", e) == -1)
		goto fail;
	s->in_txn = false;
	w->changed = w->epoch = false;
	pack_committed(&w->pack);
	return (0);
fail:
	store_rollback(s);
	return (-1);
}

void
store_rollback(struct store *s)
{
	(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->in_txn = false;
	pack_rollback(s, &s->w->pack);
	forget(s->w);
	/* what was taken in it was not taken: those files are read again */
	memset(s->w->tokens, 0, 2 * TOKENS * sizeof(*s->w->tokens));
	s->w->tokens_ready = false;
}

/* --- Ids ----------------------------------------------------------------------------------- */

static int64_t
text_id(struct store *s, struct cache *c, unsigned space, enum stmt look, enum stmt add, struct str t, struct err *e)
{
	uint64_t	 h = hash64(s->secret + space, t.p, t.len);
	struct slot	*slot = cache_at(c, h);
	int64_t		 id;
	int		 rv;

	if (slot->id != 0 && slot->hash == h)
		return (slot->id);
	bind_str(stmt(s, look), 1, t);
	if ((rv = find(s, look, &id, e)) == -1)
		return (-1);
	if (rv == 0) {
		bind_str(stmt(s, add), 1, t);
		if (run(s, add, e) == -1)
			return (-1);
		id = sqlite3_last_insert_rowid(s->db);
	}
	*slot = (struct slot){ h, id, 0 };
	return (id);
}

/* 0 for an absent text. */
static int64_t
name_id(struct store *s, struct str t, struct err *e)
{
	if (t.p == NULL)
		return (0);
	return (text_id(s, &s->w->names, 1, ST_NAME_FIND, ST_NAME_ADD, t, e));
}

static int64_t
source_id(struct store *s, const unsigned char *ip, unsigned len, struct str text, struct err *e)
{
	unsigned char	 key[17];
	unsigned	 kind = len == 4 ? 4 : len == 16 ? 6 : 0;
	const void	*p = kind != 0 ? (const void *)ip : text.p == NULL ? "" : text.p;
	size_t		 n = kind != 0 ? len : text.len;
	uint64_t	 h;
	struct slot	*slot;
	int64_t		 id;
	int		 rv;

	if (kind != 0) {
		key[0] = (unsigned char)kind;
		memcpy(key + 1, ip, len);
		h = hash64(s->secret + 2, key, len + 1);
	} else
		h = hash64(s->secret + 3, p, n);
	slot = cache_at(&s->w->sources, h);
	if (slot->id != 0 && slot->hash == h)
		return (slot->id);
	(void)sqlite3_bind_blob(stmt(s, ST_SOURCE_FIND), 1, p, (int)n, SQLITE_STATIC);
	(void)sqlite3_bind_int(stmt(s, ST_SOURCE_FIND), 2, (int)kind);
	if ((rv = find(s, ST_SOURCE_FIND, &id, e)) == -1)
		return (-1);
	if (rv == 0) {
		(void)sqlite3_bind_blob(stmt(s, ST_SOURCE_ADD), 1, p, (int)n, SQLITE_STATIC);
		(void)sqlite3_bind_int(stmt(s, ST_SOURCE_ADD), 2, (int)kind);
		if (run(s, ST_SOURCE_ADD, e) == -1)
			return (-1);
		id = sqlite3_last_insert_rowid(s->db);
	}
	*slot = (struct slot){ h, id, 0 };
	return (id);
}

static int64_t
policy_id(struct store *s, const struct report_policy *p, int64_t domain, struct err *e)
{
	struct writer		*w = s->w;
	const struct str	 v[] = { p->p, p->sp, p->np, p->adkim, p->aspf, p->pct, p->fo, p->testing, p->discovery_method };
	struct str		 key;
	sqlite3_stmt		*st;
	struct slot		*slot;
	uint64_t		 h;
	int64_t			 id;
	int			 rv;

	buf_clear(&w->text);
	(void)buf_printf(&w->text, "%lld", (long long)domain);
	for (size_t i = 0; i < nitems(v); i++) {
		/* '-' for absent; a length in front keeps two policies apart whatever they say */
		if (v[i].p == NULL)
			(void)buf_cstr(&w->text, " -");
		else {
			(void)buf_printf(&w->text, " %zu:", v[i].len);
			(void)buf_str(&w->text, v[i]);
		}
	}
	if (w->text.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	key = buf_as_str(&w->text);
	h = hash64(s->secret + 4, key.p, key.len);
	slot = cache_at(&w->keys, h);
	if (slot->id != 0 && slot->hash == h)
		return (slot->id);
	bind_str(stmt(s, ST_POLICY_FIND), 1, key);
	if ((rv = find(s, ST_POLICY_FIND, &id, e)) == -1)
		return (-1);
	if (rv == 0) {
		st = stmt(s, ST_POLICY_ADD);
		bind_str(st, 1, key);
		(void)sqlite3_bind_int64(st, 2, domain);
		for (size_t i = 0; i < nitems(v); i++)
			bind_str(st, (int)i + 3, v[i]);
		if (run(s, ST_POLICY_ADD, e) == -1)
			return (-1);
		id = sqlite3_last_insert_rowid(s->db);
	}
	*slot = (struct slot){ h, id, 0 };
	return (id);
}

/* Who reports: the organisation behind org_name, or behind the address. */
static struct str
reporter_key(const struct report_header *h, char out[DOMAIN_MAX + 1])
{
	size_t		 n;
	const char	*at;
	struct str	 o;

	if (h->org_name.p != NULL && memchr(h->org_name.p, ' ', h->org_name.len) == NULL &&
	    memchr(h->org_name.p, '.', h->org_name.len) != NULL &&
	    domain_normal(h->org_name, out, &n, NULL) == NAME_DOMAIN)
		return (domain_org((struct str){ out, n }));
	if (h->email.p != NULL && (at = memrchr(h->email.p, '@', h->email.len)) != NULL &&
	    domain_normal((struct str){ at + 1, (size_t)(h->email.p + h->email.len - at) - 1 }, out, &n, NULL) == NAME_DOMAIN)
		return (domain_org((struct str){ out, n }));
	o = h->org_name.p == NULL ? STR("unknown") : h->org_name;
	for (n = 0; n < o.len && n < DOMAIN_MAX; n++)
		out[n] = ascii_lower(o.p[n]);
	while (n > 0 && n < o.len && ((unsigned char)o.p[n] & 0xc0) == 0x80)
		n--;	/* not in the middle of a character */
	return ((struct str){ out, n });
}

static int64_t
reporter_id(struct store *s, const struct report_header *h, struct err *e)
{
	char		 key[DOMAIN_MAX + 1];
	struct str	 k = reporter_key(h, key);

	bind_str(stmt(s, ST_REPORTER_ADD), 2, h->org_name.p == NULL ? k : h->org_name);
	return (text_id(s, &s->w->keys, 5, ST_REPORTER_FIND, ST_REPORTER_ADD, k, e));
}

/* --- Evidence ---------------------------------------------------------------------------------- */

static int64_t
outcome_id(struct store *s, const struct report_record *r, const struct verdict *v, struct err *e)
{
	struct writer	*w = s->w;
	const int	 col[12] = { (int)v->code, (int)r->disposition, (int)r->dkim, (int)r->spf, v->dkim_aligned, v->spf_aligned,
			    v->estimated, v->differs, v->forwarded, v->overridden, (int)v->spf_raw, (int)v->dkim_raw };
	uint64_t	 key = outcome_key(col);
	sqlite3_stmt	*st = stmt(s, ST_OUTCOME_ADD);

	for (size_t i = 1; i <= w->noutcomes; i++)
		if (w->outcomes[i].key == key)
			return ((int64_t)i);
	if (!outcome_room(w, w->noutcomes + 1))
		return (err_set(e, ERR_TEMP, "out of memory"));
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)w->noutcomes + 1);
	for (int i = 0; i < 12; i++)
		(void)sqlite3_bind_int(st, i + 2, col[i]);
	if (run(s, ST_OUTCOME_ADD, e) == -1)
		return (-1);
	w->noutcomes++;
	w->outcomes[w->noutcomes] = (struct outcome){ key, v->pass, v->differs };
	return ((int64_t)w->noutcomes);
}

/* A number of ours, not negative: this is done millions of times. */
static void
put_number(struct buf *b, int64_t v)
{
	char	 t[20];
	size_t	 n = sizeof(t);

	do
		t[--n] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	(void)buf_add(b, t + n, sizeof(t) - n);
}

/* domain,what,result,word,human;...: zeros at the end left out. */
static int
auths_list(struct store *s, const struct report_auth *a, size_t n, struct buf *b, struct err *e)
{
	int64_t	 id[5];
	int	 last;

	buf_clear(b);
	for (size_t i = 0; i < n; i++) {
		id[0] = name_id(s, a[i].domain, e);
		id[1] = name_id(s, a[i].what, e);
		id[2] = a[i].result;
		id[3] = name_id(s, a[i].word, e);
		id[4] = name_id(s, a[i].human_result, e);
		if (i > 0)
			(void)buf_byte(b, ';');
		for (last = 4; last > 2 && id[last] == 0; last--)
			;
		for (int k = 0; k <= last; k++) {
			if (id[k] == -1)
				return (-1);
			if (k > 0)
				(void)buf_byte(b, ',');
			put_number(b, id[k]);
		}
	}
	return (b->failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static void
bind_text_or_null(sqlite3_stmt *st, int i, const struct buf *b)
{
	if (b->len == 0)
		(void)sqlite3_bind_null(st, i);
	else
		(void)sqlite3_bind_text(st, i, b->p, (int)b->len, SQLITE_STATIC);
}

static int
evidence_add(struct store *s, int64_t id, const struct report_record *r, int64_t outcome, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_EVIDENCE_ADD);
	int64_t		 hf, ef, et, a, b, c;

	if ((hf = name_id(s, r->header_from, e)) == -1 || (ef = name_id(s, r->envelope_from, e)) == -1 ||
	    (et = name_id(s, r->envelope_to, e)) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, w->policy);
	(void)sqlite3_bind_int64(st, 3, outcome);
	(void)sqlite3_bind_int64(st, 4, hf);
	bind_id(st, 5, ef);
	bind_id(st, 6, et);
	(void)sqlite3_bind_int(st, 7, r->header_from_derived);
	if (auths_list(s, r->spf_results, r->nspf, &w->lists[0], e) == -1 ||
	    auths_list(s, r->dkim_results, r->ndkim, &w->lists[1], e) == -1)
		return (-1);
	buf_clear(&w->lists[2]);
	for (size_t i = 0; i < r->nreasons; i++) {
		if ((a = name_id(s, r->reasons[i].type, e)) == -1 || (b = name_id(s, r->reasons[i].comment, e)) == -1)
			return (-1);
		(void)buf_printf(&w->lists[2], "%s%lld,%lld", i == 0 ? "" : ";", (long long)a, (long long)b);
	}
	buf_clear(&w->lists[3]);
	if (r->disposition_word.p != NULL || r->dkim_word.p != NULL || r->spf_word.p != NULL) {
		if ((a = name_id(s, r->disposition_word, e)) == -1 || (b = name_id(s, r->dkim_word, e)) == -1 ||
		    (c = name_id(s, r->spf_word, e)) == -1)
			return (-1);
		(void)buf_printf(&w->lists[3], "%lld,%lld,%lld", (long long)a, (long long)b, (long long)c);
	}
	for (int i = 0; i < 4; i++) {
		if (w->lists[i].failed)
			return (err_set(e, ERR_TEMP, "out of memory"));
		bind_text_or_null(st, 8 + i, &w->lists[i]);
	}
	return (run(s, ST_EVIDENCE_ADD, e));
}

/*
 * Re-judging trusts what the receiver evaluated as the outcome has it; here is
 * the original again, and it is the one to trust. Sums follow in store_mend.
 */
static int
evidence_mend(struct store *s, int64_t id, const struct report_record *r, int64_t *outcome, struct err *e)
{
	struct verdict	 v;
	int64_t		 is;

	dmarc_judge(&s->w->h.policy, r, &v);
	if ((is = outcome_id(s, r, &v, e)) == -1)
		return (-1);
	if (is == *outcome)
		return (0);
	*outcome = is;
	(void)sqlite3_bind_int64(stmt(s, ST_EVIDENCE_OUTCOME), 1, id);
	(void)sqlite3_bind_int64(stmt(s, ST_EVIDENCE_OUTCOME), 2, is);
	writer_changed(s, true);
	return (run(s, ST_EVIDENCE_OUTCOME, e));
}

/* The combination under this hash: found, or judged and stored. */
static int
evidence_id(struct store *s, uint64_t hash, const struct report_record *r, int64_t *id, int64_t *outcome, struct err *e)
{
	struct writer	*w = s->w;
	struct verdict	 v;
	sqlite3_stmt	*st = stmt(s, ST_EVIDENCE_KEY);
	int		 rc;

	/* new is what most are that nobody remembers: so the key is put first, and looked up only if it is there */
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)hash);
	(void)sqlite3_bind_int64(st, 2, w->next_evidence);
	if (run(s, ST_EVIDENCE_KEY, e) == -1)
		return (-1);
	if (sqlite3_changes(s->db) == 1) {
		*id = w->next_evidence++;
		dmarc_judge(&w->h.policy, r, &v);
		if ((*outcome = outcome_id(s, r, &v, e)) == -1)
			return (-1);
		return (evidence_add(s, *id, r, *outcome, e));
	}
	st = stmt(s, ST_EVIDENCE_FIND);
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)hash);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		*id = sqlite3_column_int64(st, 0);
		*outcome = sqlite3_column_int64(st, 1);
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(s, "evidence", e));
	return (s->deriving ? evidence_mend(s, *id, r, outcome, e) : 0);
}

int
store_evidence(struct store *s, struct str wire, const struct report_record *r, struct store_evidence *out, struct err *e)
{
	struct writer	*w = s->w;
	uint64_t	 h = hash64(s->secret ^ ((uint64_t)w->policy << 20), wire.p, wire.len);
	struct slot	*slot = cache_at(&w->evidence, h);
	int64_t		 outcome = 0;

	*out = (struct store_evidence){ .hash = h, .disposition = (unsigned char)r->disposition, .dkim = (unsigned char)r->dkim,
	    .spf = (unsigned char)r->spf, .ndkim = (unsigned)r->ndkim, .nspf = (unsigned)r->nspf, .nreasons = (unsigned)r->nreasons };
	if (slot->id != 0 && slot->hash == h) {
		out->id = slot->id;
		out->outcome = slot->more;
	} else {
		if (evidence_id(s, h, r, &out->id, &outcome, e) == -1)
			return (-1);
		out->outcome = (unsigned)outcome;
		*slot = (struct slot){ h, out->id, out->outcome };
	}
	if (out->outcome == 0 || out->outcome > w->noutcomes)
		return (err_set(e, ERR_BUG, "evidence %lld has no outcome", (long long)out->id));
	out->verdict_pass = w->outcomes[out->outcome].verdict_pass;
	out->differs = w->outcomes[out->outcome].differs;
	return (0);
}

/* --- One report ------------------------------------------------------------------------------------ */

static bool
copy_header(struct writer *w, const struct report_header *h)
{
	struct str	*v[] = { &w->h.version, &w->h.org_name, &w->h.email, &w->h.extra_contact_info, &w->h.report_id,
			    &w->h.generator, &w->h.errors, &w->h.policy.domain, &w->h.policy.p, &w->h.policy.sp, &w->h.policy.np,
			    &w->h.policy.adkim, &w->h.policy.aspf, &w->h.policy.pct, &w->h.policy.fo, &w->h.policy.testing,
			    &w->h.policy.discovery_method };

	arena_reset(w->arena);
	w->h = *h;
	for (size_t i = 0; i < nitems(v); i++) {
		bool	 there = v[i]->p != NULL;

		*v[i] = arena_str(w->arena, *v[i]);
		if (there && v[i]->p == NULL)
			return (false);
	}
	return (true);
}

int
store_report_begin(struct store *s, int64_t message, unsigned payload, const struct report_header *h, struct err *e)
{
	struct writer	*w = s->w;
	char		 policy_key[24];

	if (w->open && store_report_drop(s, e) == -1)
		return (-1);
	if (!copy_header(w, h))
		return (err_set(e, ERR_TEMP, "out of memory"));
	if ((w->domain = text_id(s, &w->keys, 6, ST_DOMAIN_FIND, ST_DOMAIN_ADD, w->h.policy.domain, e)) == -1 ||
	    (w->reporter = reporter_id(s, &w->h, e)) == -1 || (w->policy = policy_id(s, &w->h.policy, w->domain, e)) == -1)
		return (-1);
	w->open = true;
	w->streaming = false;
	w->message = message;
	w->payload = payload;
	w->id = w->next_report;
	w->day = when_day(h->begin + (h->end - h->begin) / 2);
	w->nheld = w->nips = 0;
	w->stamp++;
	(void)snprintf(policy_key, sizeof(policy_key), "%lld", (long long)w->policy);
	w->hash[0] = hash64(s->secret + 7, policy_key, strlen(policy_key));
	w->hash[1] = hash64(s->secret + 8, policy_key, strlen(policy_key));
	w->messages = w->dkim_pass = w->spf_pass = w->dmarc_pass = w->verdict_pass = w->differs = 0;
	w->ndkim = w->nspf = w->nreasons = 0;
	memset(w->disp, 0, sizeof(w->disp));
	buf_clear(&w->refused);
	w->nrefused = 0;
	w->refused_whole = false;
	return (0);
}

static bool
ips_add(struct writer *w, uint64_t id)
{
	struct ip	*old = w->ips;
	size_t		 at, n = w->room_ips;

	if (w->nips * 2 >= w->room_ips) {
		size_t		 room = n == 0 ? 1024 : n * 2;
		struct ip	*p = calloc(room, sizeof(*p));

		if (p == NULL)
			return (false);
		w->ips = p;
		w->room_ips = room;
		w->nips = 0;
		for (size_t i = 0; i < n; i++)
			if (old[i].stamp == w->stamp)
				(void)ips_add(w, old[i].id);
		free(old);
	}
	at = (size_t)(id * 0x9e3779b97f4a7c15u >> 20) & (w->room_ips - 1);
	while (w->ips[at].stamp == w->stamp && w->ips[at].id != id)
		at = (at + 1) & (w->room_ips - 1);
	if (w->ips[at].stamp != w->stamp) {
		w->ips[at] = (struct ip){ id, w->stamp };
		w->nips++;
	}
	return (true);
}

static int
record_put(struct store *s, enum stmt how, int64_t source, int64_t evidence, uint64_t count, uint64_t seq, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, how);

	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->day);
	(void)sqlite3_bind_int64(st, 3, source);
	(void)sqlite3_bind_int64(st, 4, w->id);
	(void)sqlite3_bind_int64(st, 5, evidence);
	(void)sqlite3_bind_int64(st, 6, (sqlite3_int64)count);
	(void)sqlite3_bind_int64(st, 7, (sqlite3_int64)seq);
	return (run(s, how, e));
}

static int
by_key(const void *a, const void *b)
{
	const struct held	*x = a, *y = b;

	if (x->source != y->source)
		return (x->source < y->source ? -1 : 1);
	if (x->evidence != y->evidence)
		return (x->evidence < y->evidence ? -1 : 1);
	return (x->seq < y->seq ? -1 : 1);
}

/* Sorts what is held and adds up equal rows; in the order of the tree they go in faster, too. */
static void
merge_held(struct writer *w)
{
	size_t	 n = 0;

	if (w->nheld < 2)
		return;
	qsort(w->held, w->nheld, sizeof(*w->held), by_key);
	for (size_t i = 1; i < w->nheld; i++) {
		if (w->held[i].source == w->held[n].source && w->held[i].evidence == w->held[n].evidence)
			w->held[n].count += w->held[i].count;
		else
			w->held[++n] = w->held[i];
	}
	w->nheld = n + 1;
}

static int
put_held(struct store *s, enum stmt how, struct err *e)
{
	struct writer	*w = s->w;

	merge_held(w);
	for (size_t i = 0; i < w->nheld; i++)
		if (record_put(s, how, w->held[i].source, w->held[i].evidence, w->held[i].count, w->held[i].seq, e) == -1)
			return (-1);
	return (0);
}

/* A long report ends: its last rows go where the others are, and its addresses are counted there. */
static int
stream_end(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_SOURCES_OF_REPORT);
	int64_t		 n;

	if (!w->streaming)
		return (0);
	if (put_held(s, ST_RECORD_MERGE, e) == -1)
		return (-1);
	w->nheld = 0;
	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->day);
	(void)sqlite3_bind_int64(st, 3, w->id);
	if (find(s, ST_SOURCES_OF_REPORT, &n, e) == -1)
		return (-1);
	w->nips = (size_t)n;
	return (0);
}

int
store_row(struct store *s, const struct store_evidence *ev, const unsigned char *ip, unsigned ip_len, struct str ip_text,
    uint64_t count, uint64_t seq, struct err *e)
{
	struct writer	*w = s->w;
	uint64_t	 id[4];
	int64_t		 source;
	bool		 pass = ev->dkim == EVAL_PASS || ev->spf == EVAL_PASS;

	if (count > (uint64_t)INT64_MAX - w->messages)
		return (err_set(e, ERR_INPUT, "the sum of the counts passes 9223372036854775807"));
	if ((source = source_id(s, ip, ip_len, ip_text, e)) == -1)
		return (-1);
	/* an absent address is no distinct one; those of a long report are counted in the tree */
	if (!w->streaming && (ip_len != 0 || ip_text.len > 0) && !ips_add(w, (uint64_t)source))
		return (err_set(e, ERR_TEMP, "out of memory"));
	id[0] = ev->hash;
	id[1] = (uint64_t)source;
	id[2] = count;
	w->hash[0] += hash64(s->secret + 7, id, 24);
	w->hash[1] += hash64(s->secret + 8, id, 24);
	w->messages += count;
	w->disp[ev->disposition] += count;
	w->dkim_pass += ev->dkim == EVAL_PASS ? count : 0;
	w->spf_pass += ev->spf == EVAL_PASS ? count : 0;
	w->dmarc_pass += pass ? count : 0;
	w->verdict_pass += ev->verdict_pass ? count : 0;
	w->differs += ev->differs ? count : 0;
	w->ndkim += ev->ndkim;
	w->nspf += ev->nspf;
	w->nreasons += ev->nreasons;
	if (w->nheld == HELD) {
		if (!w->streaming) {
			if (run(s, ST_SAVEPOINT, e) == -1)
				return (-1);
			w->streaming = true;
		}
		if (put_held(s, ST_RECORD_MERGE, e) == -1)
			return (-1);
		w->nheld = 0;
	}
	w->held[w->nheld++] = (struct held){ source, ev->id, count, seq, ev->outcome };
	return (0);
}

int
store_row_refused(struct store *s, const struct report_refused *f, struct err *e)
{
	struct writer	*w = s->w;

	(void)e;
	if (w->nrefused++ >= REFUSED_SHOWN)
		return (0);
	(void)buf_printf(&w->refused, "%s[%llu,%llu,\"", w->refused.len == 0 ? "[" : ",", (unsigned long long)f->seq,
	    (unsigned long long)f->line);
	for (size_t i = 0; i < f->reason.len; i++) {
		unsigned char	 c = (unsigned char)f->reason.p[i];

		if (c == '"' || c == '\\')
			(void)buf_byte(&w->refused, '\\');
		(void)buf_byte(&w->refused, c < 0x20 ? ' ' : c);
	}
	(void)buf_cstr(&w->refused, "\"]");
	return (0);
}

int
store_report_drop(struct store *s, struct err *e)
{
	struct writer	*w = s->w;

	w->open = false;
	if (!w->streaming)
		return (0);
	w->streaming = false;
	/* Ids of names and evidence that the savepoint made go with it. */
	cache_clear(&w->names);
	cache_clear(&w->sources);
	cache_clear(&w->evidence);
	if (run(s, ST_SAVEPOINT_BACK, e) == -1 || run(s, ST_SAVEPOINT_DONE, e) == -1)
		return (-1);
	return (outcomes_load(s, e));
}

/* Adds to the sums of the transaction. */
static int
sum_add(struct store *s, int64_t domain, int64_t day, int64_t reporter, unsigned outcome, int64_t messages, int64_t rows, struct err *e)
{
	struct writer	*w = s->w;
	struct sum	*old = w->sums;
	size_t		 n = w->room_sums, at;

	if (w->nsums * 2 >= w->room_sums) {
		size_t		 room = n == 0 ? 1024 : n * 2;
		struct sum	*p;

		if (room > (1u << 16))
			return (sums_flush(s, e) == -1 ? -1 : sum_add(s, domain, day, reporter, outcome, messages, rows, e));
		if ((p = calloc(room, sizeof(*p))) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		w->sums = p;
		w->room_sums = room;
		w->nsums = 0;
		for (size_t i = 0; i < n; i++)
			if (old[i].used)
				(void)sum_add(s, old[i].domain, old[i].day, old[i].reporter, old[i].outcome, old[i].messages,
				    old[i].rows, e);
		free(old);
	}
	at = (size_t)(((uint64_t)domain * 0x9e3779b97f4a7c15u ^ (uint64_t)day * 0xc2b2ae3d27d4eb4fu ^
	    (uint64_t)reporter * 0x165667b19e3779f9u ^ (uint64_t)outcome * 0x27d4eb2f165667c5u) >> 16) & (w->room_sums - 1);
	while (w->sums[at].used && (w->sums[at].domain != domain || w->sums[at].day != day || w->sums[at].reporter != reporter ||
	    w->sums[at].outcome != outcome))
		at = (at + 1) & (w->room_sums - 1);
	if (!w->sums[at].used) {
		w->sums[at] = (struct sum){ domain, day, reporter, 0, 0, outcome, true };
		w->nsums++;
	}
	w->sums[at].messages += messages;
	w->sums[at].rows += rows;
	return (0);
}

/* The rows of a report, already in the tree, into (+1) or out of (-1) the sums. */
static int
sums_of_report(struct store *s, int64_t domain, int64_t reporter, int64_t day, int64_t id, int sign, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_REPORT_SUMS);
	int		 rc = SQLITE_DONE, rv = 0;

	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	(void)sqlite3_bind_int64(st, 3, id);
	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rv = sum_add(s, domain, day, reporter, (unsigned)sqlite3_column_int64(st, 0),
		    sign * sqlite3_column_int64(st, 1), sign * sqlite3_column_int64(st, 2), e);
	(void)sqlite3_reset(st);
	if (rv == 0 && rc != SQLITE_DONE)
		return (store_fail(s, "sums of a report", e));
	return (rv);
}

/* The rows of a report leave the tree and the sums. */
static int
rows_go(struct store *s, int64_t domain, int64_t reporter, int64_t day, int64_t id, struct err *e)
{
	sqlite3_stmt	*st;

	if (sums_of_report(s, domain, reporter, day, id, -1, e) == -1 || sums_flush(s, e) == -1)
		return (-1);
	st = stmt(s, ST_RECORDS_GO);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	(void)sqlite3_bind_int64(st, 3, id);
	if (run(s, ST_RECORDS_GO, e) == -1)
		return (-1);
	st = stmt(s, ST_ROLLUP_CLEAN);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	(void)sqlite3_bind_int64(st, 3, reporter);
	return (run(s, ST_ROLLUP_CLEAN, e));
}

/* Another version counts from now on. */
static int
supersede(struct store *s, int64_t old, int64_t day, int64_t by, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st;

	if (rows_go(s, w->domain, w->reporter, day, old, e) == -1)
		return (-1);
	for (int i = 0; i < 2; i++) {
		enum stmt	 which = i == 0 ? ST_VERSIONS_MOVE : ST_REPORT_SUPERSEDE;

		st = stmt(s, which);
		(void)sqlite3_bind_int64(st, 1, old);
		(void)sqlite3_bind_int64(st, 2, by);
		if (run(s, which, e) == -1)
			return (-1);
	}
	return (0);
}

/* All columns of a report, for ST_REPORT_ADD and its like. */
static int
report_bind(struct store *s, enum stmt which, const struct report_trailer *t, struct str report_id, uint64_t quirks,
    int64_t superseded_by, int64_t received, struct err *e)
{
	struct writer		*w = s->w;
	sqlite3_stmt		*st = stmt(s, which);
	const struct str	 texts[] = { w->h.org_name, w->h.email, w->h.extra_contact_info, w->h.generator, w->h.version, w->h.errors };
	uint64_t		 num[16];
	int64_t			 id;

	(void)sqlite3_bind_int64(st, 1, w->id);
	(void)sqlite3_bind_int64(st, 2, w->reporter);
	(void)sqlite3_bind_int64(st, 3, w->domain);
	bind_str(st, 4, report_id);
	(void)sqlite3_bind_int64(st, 5, w->h.begin);
	(void)sqlite3_bind_int64(st, 6, w->h.end);
	(void)sqlite3_bind_int64(st, 7, w->day);
	(void)sqlite3_bind_int64(st, 8, received);
	(void)sqlite3_bind_int64(st, 9, w->message);
	(void)sqlite3_bind_int64(st, 10, w->payload);
	(void)sqlite3_bind_int64(st, 11, w->policy);
	for (size_t i = 0; i < nitems(texts); i++) {
		if ((id = name_id(s, texts[i], e)) == -1)
			return (-1);
		bind_id(st, (int)i + 12, id);
	}
	(void)sqlite3_bind_int(st, 18, (int)t->dialect);
	(void)sqlite3_bind_int(st, 19, (int)t->state);
	(void)sqlite3_bind_int64(st, 20, (sqlite3_int64)quirks);
	if (w->refused.len > 0) {
		if (!w->refused_whole)
			(void)buf_byte(&w->refused, ']');
		w->refused_whole = true;
		(void)sqlite3_bind_text(st, 21, w->refused.p, (int)w->refused.len, SQLITE_STATIC);
	} else
		(void)sqlite3_bind_null(st, 21);
	(void)sqlite3_bind_blob(st, 22, w->hash, sizeof(w->hash), SQLITE_STATIC);
	bind_id(st, 23, superseded_by);
	num[0] = t->records;
	num[1] = w->messages;
	for (int i = 0; i < DISP_COUNT; i++)
		num[2 + i] = w->disp[i];
	num[7] = w->dkim_pass;
	num[8] = w->spf_pass;
	num[9] = w->dmarc_pass;
	num[10] = w->verdict_pass;
	num[11] = w->differs;
	num[12] = w->nips;
	num[13] = w->ndkim;
	num[14] = w->nspf;
	num[15] = w->nreasons;
	for (int i = 0; i < 16; i++)
		(void)sqlite3_bind_int64(st, 24 + i, (sqlite3_int64)num[i]);
	return (0);
}

static int
report_put(struct store *s, const struct report_trailer *t, struct str report_id, uint64_t quirks, int64_t superseded_by,
    int64_t received, struct err *e)
{
	struct writer	*w = s->w;

	if (report_bind(s, ST_REPORT_ADD, t, report_id, quirks, superseded_by, received, e) == -1 ||
	    run(s, ST_REPORT_ADD, e) == -1)
		return (-1);
	w->next_report = w->id + 1;
	w->changed = true;
	return (0);
}

static int
again(struct store *s, int64_t id, struct store_stored *out, struct err *e)
{
	(void)sqlite3_bind_int64(stmt(s, ST_REPORT_AGAIN), 1, id);
	if (run(s, ST_REPORT_AGAIN, e) == -1 || store_report_drop(s, e) == -1)
		return (-1);
	s->w->changed = true;
	*out = (struct store_stored){ id, IN_DUPLICATE, 0 };
	return (0);
}

int
store_report_unrepeat(struct store *s, int64_t id, struct err *e)
{
	(void)sqlite3_bind_int64(stmt(s, ST_REPORT_UNREPEAT), 1, id);
	return (run(s, ST_REPORT_UNREPEAT, e));
}

static int
put_rows(struct store *s, struct err *e)
{
	struct writer	*w = s->w;

	if (w->streaming) {
		if (put_held(s, ST_RECORD_MERGE, e) == -1 ||
		    sums_of_report(s, w->domain, w->reporter, w->day, w->id, 1, e) == -1)
			return (-1);
		return (run(s, ST_SAVEPOINT_DONE, e));
	}
	if (put_held(s, ST_RECORD_ADD, e) == -1)
		return (-1);
	for (size_t i = 0; i < w->nheld; i++)
		if (sum_add(s, w->domain, w->day, w->reporter, w->held[i].outcome, (int64_t)w->held[i].count, 1, e) == -1)
			return (-1);
	return (0);
}

/* The id by which it is known, made from its content when the reporter gave none. */
static struct str
report_id_of(const struct writer *w, char made[64])
{
	if (w->h.report_id.len > 0)
		return (w->h.report_id);
	(void)snprintf(made, 64, "content:%016llx%016llx", (unsigned long long)w->hash[0], (unsigned long long)w->hash[1]);
	return (str_of(made));
}

struct holder {
	int64_t	 id;		/* 0: nobody */
	int64_t	 messages, day;
	bool	 same;		/* its content is that of the report under way */
};

/* Who counts under the key of the report under way? */
static int
holder_find(struct store *s, struct str report_id, struct holder *h, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_REPORT_FIND);
	int		 rc;

	memset(h, 0, sizeof(*h));
	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->reporter);
	(void)sqlite3_bind_int64(st, 3, w->h.begin);
	(void)sqlite3_bind_int64(st, 4, w->h.end);
	bind_str(st, 5, report_id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		h->id = sqlite3_column_int64(st, 0);
		h->same = sqlite3_column_bytes(st, 1) == (int)sizeof(w->hash) &&
		    memcmp(sqlite3_column_blob(st, 1), w->hash, sizeof(w->hash)) == 0;
		h->messages = sqlite3_column_int64(st, 2);
		h->day = sqlite3_column_int64(st, 3);
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "report", e));
}

/* May the report under way count, in the place of so many messages? */
static int
within(struct store *s, int64_t less, struct err *e)
{
	struct writer	*w = s->w;

	if (w->messages > s->max_messages)
		return (err_set(e, ERR_LIMIT, "over the limit messages = %llu: the counts of the report add up to %llu",
		    (unsigned long long)s->max_messages, (unsigned long long)w->messages));
	/* a sum that no number holds would stop everything that adds up: nobody may cause that with one count */
	if (w->messages > (uint64_t)INT64_MAX - (w->total - (uint64_t)less))
		return (err_set(e, ERR_LIMIT, "with this report the sum of all counts would pass 9223372036854775807"));
	return (0);
}

int
store_report_end(struct store *s, const struct report_trailer *t, struct store_stored *out, struct err *e)
{
	struct writer	*w = s->w;
	char		 made[64];
	struct str	 report_id;
	struct holder	 h;
	int64_t		 version;
	uint64_t	 quirks = t->quirks;
	int		 rc;

	if (!w->open)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: an end without a begin"));
	if (stream_end(s, e) == -1)
		return (-1);
	report_id = report_id_of(w, made);
	if (holder_find(s, report_id, &h, e) == -1)
		return (-1);
	if (h.id != 0 && h.same)
		return (again(s, h.id, out, e));
	if (h.id != 0) {
		(void)sqlite3_bind_int64(stmt(s, ST_VERSION_FIND), 1, h.id);
		(void)sqlite3_bind_blob(stmt(s, ST_VERSION_FIND), 2, w->hash, sizeof(w->hash), SQLITE_STATIC);
		if ((rc = find(s, ST_VERSION_FIND, &version, e)) == -1)
			return (-1);
		if (rc == 1)
			return (again(s, version, out, e));
		quirks |= QUIRK_VERSIONS;
		/* A report without a row takes nothing from one that has some. */
		if (w->messages == 0 && h.messages > 0) {
			if (store_report_drop(s, e) == -1 || report_put(s, t, report_id, quirks, h.id, when_now(), e) == -1)
				return (-1);
			*out = (struct store_stored){ w->id, IN_DUPLICATE, 0 };
			return (0);
		}
	}
	if (within(s, h.messages, e) == -1)
		return (store_report_drop(s, NULL) == -1 ? store_fail(s, "report", e) : -1);
	if (h.id != 0) {
		/* the key is unique among versions that count: the old one steps back first */
		if (supersede(s, h.id, h.day, w->id, e) == -1)
			return (-1);
	}
	if (put_rows(s, e) == -1 || report_put(s, t, report_id, quirks, 0, when_now(), e) == -1)
		return (-1);
	w->total = w->total - (uint64_t)h.messages + w->messages;
	w->open = w->streaming = false;
	*out = (struct store_stored){ w->id, h.id != 0 ? IN_REPLACED : t->state == STATE_PARTIAL ? IN_PARTIAL : IN_STORED, 0 };
	return (0);
}

/* --- A report once more, from its original ------------------------------------------------------------- */

struct old_report {
	int64_t		 domain, reporter, day, superseded_by, messages;
	uint64_t	 quirks;
	bool		 same_key;	/* as the report under way */
};

static int
old_find(struct store *s, int64_t id, struct str report_id, struct old_report *o, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_REPORT_OLD);
	int		 rc;

	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, w->h.begin);
	(void)sqlite3_bind_int64(st, 3, w->h.end);
	bind_str(st, 4, report_id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		o->domain = sqlite3_column_int64(st, 0);
		o->reporter = sqlite3_column_int64(st, 1);
		o->day = sqlite3_column_int64(st, 2);
		o->superseded_by = sqlite3_column_int64(st, 3);
		o->quirks = (uint64_t)sqlite3_column_int64(st, 4);
		o->messages = sqlite3_column_int64(st, 6);
		o->same_key = sqlite3_column_int(st, 5) != 0 && o->domain == w->domain && o->reporter == w->reporter;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "report", e));
}

/*
 * Which of the message's reports is this? The one in its place if the key is
 * the same, else any with the key (places may have moved), else the one in
 * its place after all: then its key is read differently now.
 */
static int
which_known(struct store *s, struct store_again *a, struct str report_id, struct store_known **out, struct old_report *o, struct err *e)
{
	struct store_known	*here = NULL;
	struct old_report	 x;

	*out = NULL;
	for (int round = 0; round < 2 && *out == NULL; round++)
		for (size_t i = 0; i < a->nknown && *out == NULL; i++) {
			struct store_known	*k = &a->known[i];
			bool			 place = k->payload == s->w->payload;

			if (k->used || place != (round == 0))
				continue;
			switch (old_find(s, k->id, report_id, &x, e)) {
			case -1:
				return (-1);
			case 0:
				continue;	/* it has gone since */
			}
			if (place)
				here = k;
			if (x.same_key) {
				*out = k;
				*o = x;
			}
		}
	if (*out == NULL && here != NULL) {
		*out = here;
		if (old_find(s, here->id, report_id, o, e) == -1)
			return (-1);
	}
	return (0);
}

static int
rows_same(struct store *s, int64_t id, bool *same, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_RECORD_FIND);
	int64_t		 is;
	int		 rc;

	*same = true;
	merge_held(w);
	for (size_t i = 0; i < w->nheld && *same; i++) {
		(void)sqlite3_bind_int64(st, 1, w->domain);
		(void)sqlite3_bind_int64(st, 2, w->day);
		(void)sqlite3_bind_int64(st, 3, w->held[i].source);
		(void)sqlite3_bind_int64(st, 4, id);
		(void)sqlite3_bind_int64(st, 5, w->held[i].evidence);
		(void)sqlite3_bind_int64(st, 6, (sqlite3_int64)w->held[i].count);
		(void)sqlite3_bind_int64(st, 7, (sqlite3_int64)w->held[i].seq);
		if ((rc = find(s, ST_RECORD_FIND, &is, e)) == -1)
			return (-1);
		*same = rc == 1 && is != 0;
	}
	return (0);
}

/* What would be different? 0: nothing. */
static int
changes(struct store *s, int64_t id, const struct old_report *o, int64_t by, unsigned *out, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_REPORT_SAME);
	bool		 same = true;
	int		 rc;

	*out = 0;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = (sqlite3_column_int(st, 0) ? 0 : STORE_CHANGED_DETAILS) |
		    (sqlite3_column_int(st, 1) ? 0 : STORE_CHANGED_FIGURES) |
		    (sqlite3_column_int(st, 2) ? 0 : STORE_CHANGED_VERDICTS);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(s, "report", e));
	if ((by == 0) != (o->superseded_by == 0))
		*out |= STORE_CHANGED_ROWS;
	else if (by == 0 && *out == 0) {
		/* rows that went through the disk are not gone through again: the hash stands for them */
		if (w->streaming)
			same = true;
		else if (rows_same(s, id, &same, e) == -1)
			return (-1);
		if (!same)
			*out |= STORE_CHANGED_ROWS;
	}
	return (0);
}

static int
put_rows_again(struct store *s, int64_t id, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_RECORDS_RENUMBER);
	bool		 streamed = w->streaming;
	int64_t		 fresh = w->id;

	if (!streamed)
		w->id = id;
	if (put_rows(s, e) == -1)
		return (-1);
	w->id = id;
	if (!streamed)
		return (0);
	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->day);
	(void)sqlite3_bind_int64(st, 3, fresh);
	(void)sqlite3_bind_int64(st, 4, id);
	return (run(s, ST_RECORDS_RENUMBER, e));
}

/* The report counts under its key, or the holder does: what changes moves rows and sums along. */
static int
rewrite(struct store *s, const struct report_trailer *t, int64_t id, const struct old_report *o, const struct holder *h, int64_t by,
    struct str report_id, uint64_t quirks, struct err *e)
{
	struct writer	*w = s->w;
	bool		 beats = by == 0 && h->id != 0 && h->id != id;
	int64_t		 less = (o->superseded_by == 0 ? o->messages : 0) + (beats ? h->messages : 0);

	if (by == 0 && within(s, less, e) == -1)
		return (store_report_drop(s, NULL) == -1 ? store_fail(s, "report", e) : -1);
	if (by != 0 && store_report_drop(s, e) == -1)
		return (-1);
	if (o->superseded_by == 0 && rows_go(s, o->domain, o->reporter, o->day, id, e) == -1)
		return (-1);
	if (beats && supersede(s, h->id, h->day, id, e) == -1)
		return (-1);
	if (by == 0 && put_rows_again(s, id, e) == -1)
		return (-1);
	w->id = id;
	if (report_bind(s, ST_REPORT_CHANGE, t, report_id, quirks, by, 0, e) == -1 || run(s, ST_REPORT_CHANGE, e) == -1)
		return (-1);
	w->total = w->total - (uint64_t)less + (by == 0 ? w->messages : 0);
	w->open = w->streaming = false;
	w->changed = w->epoch = true;
	return (0);
}

static int
unknown_again(struct store *s, const struct report_trailer *t, struct store_again *a, struct store_stored *out, struct err *e)
{
	if (!a->add) {
		a->left_over++;
		*out = (struct store_stored){ 0, IN_IGNORED, 0 };
		return (store_report_drop(s, e));
	}
	if (store_report_end(s, t, out, e) == -1)
		return (-1);
	if (out->result == IN_DUPLICATE)
		return (store_report_unrepeat(s, out->id, e));
	out->changed = STORE_CHANGED_NEW;
	s->w->epoch = true;
	return (0);
}

int
store_report_replace(struct store *s, const struct report_trailer *t, struct store_again *a, struct store_stored *out, struct err *e)
{
	struct writer		*w = s->w;
	struct store_known	*k;
	struct old_report	 o = { 0 };
	struct holder		 h;
	struct str		 report_id;
	char			 made[64];
	int64_t			 by = 0;
	uint64_t		 quirks;
	unsigned		 changed;
	int			 rv;

	if (!w->open)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: an end without a begin"));
	if (stream_end(s, e) == -1)
		return (-1);
	report_id = report_id_of(w, made);
	if (which_known(s, a, report_id, &k, &o, e) == -1)
		return (-1);
	if (k == NULL)
		return (unknown_again(s, t, a, out, e));
	k->used = true;
	if (holder_find(s, report_id, &h, e) == -1)
		return (-1);
	/* another one has the key: equal content is that one's, else the order in which they stand is kept, else the newer counts */
	if (h.id != 0 && h.id != k->id && (h.same || (o.same_key && o.superseded_by == h.id) || k->id < h.id ||
	    (w->messages == 0 && h.messages > 0)))
		by = h.id;
	quirks = t->quirks | (o.quirks & QUIRK_VERSIONS);
	w->id = k->id;	/* for the columns; rows that went out already have the other one */
	rv = report_bind(s, ST_REPORT_SAME, t, report_id, quirks, by, 0, e);
	w->id = w->next_report;
	if (rv == -1 || changes(s, k->id, &o, by, &changed, e) == -1)
		return (-1);
	if (k->force && by == 0)
		changed |= STORE_CHANGED_ROWS;
	*out = (struct store_stored){ k->id, changed == 0 ? IN_DUPLICATE : IN_REPLACED, changed };
	if (changed == 0)
		return (store_report_drop(s, e));
	if (rewrite(s, t, k->id, &o, &h, by, report_id, quirks, e) == 0)
		return (0);
	k->used = false;
	return (-1);
}

/* --- Messages -------------------------------------------------------------------------------------------- */

int
store_message_begin(struct store *s, int64_t *id, struct err *e)
{
	(void)e;
	*id = s->w->next_message++;
	return (0);
}

static int
intake_count(struct store *s, int64_t day, int64_t origin, int result, int n, struct err *e)
{
	struct writer	*w = s->w;

	for (size_t i = 0; i < w->nintake; i++)
		if (w->intake[i].day == day && w->intake[i].origin == origin && w->intake[i].result == result) {
			w->intake[i].n += n;
			return (0);
		}
	if (w->nintake == nitems(w->intake) && intake_flush(s, e) == -1)
		return (-1);
	w->intake[w->nintake++] = (struct intake_sum){ day, origin, result, n };
	return (0);
}

static void
token_keep(struct writer *w, uint64_t token)
{
	size_t	 at = (size_t)(token * 0x9e3779b97f4a7c15u >> 32) & (2 * TOKENS - 1), n = 0;

	/* full: old ones make room; by then their files are long gone */
	while (w->tokens[at] != 0 && w->tokens[at] != token && n++ < 8)
		at = (at + 1) & (2 * TOKENS - 1);
	w->tokens[at] = token;
}

/* It was taken in before and is read once more: it counts as what it is now. */
static int
message_again(struct store *s, int64_t id, const struct store_message *m, enum intake_result result, int fd, uint64_t offset,
    struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_MESSAGE_FIND);
	int64_t		 day = 0, origin = 0;
	uint64_t	 at = 0;
	int		 rc, old = 0;
	bool		 kept = false;

	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		old = sqlite3_column_int(st, 0);
		day = when_day(sqlite3_column_int64(st, 1));
		origin = sqlite3_column_int64(st, 2);
		kept = sqlite3_column_int(st, 3) != 0;
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(s, "message", e));
	st = stmt(s, ST_MESSAGE_AGAIN);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int(st, 2, (int)result);
	(void)sqlite3_bind_null(st, 3);
	(void)sqlite3_bind_null(st, 4);
	if (fd != -1 && !kept) {
		if (pack_append(s, &w->pack, fd, offset, m->bytes, &at, e) == -1)
			return (-1);
		(void)sqlite3_bind_int64(st, 3, w->pack.id);
		(void)sqlite3_bind_int64(st, 4, (sqlite3_int64)at);
	}
	w->changed = true;
	if (run(s, ST_MESSAGE_AGAIN, e) == -1)
		return (-1);
	if (old == (int)result)
		return (0);
	return (intake_count(s, day, origin, old, -1, e) == -1 || intake_count(s, day, origin, (int)result, 1, e) == -1 ? -1 : 0);
}

static int
message_put(struct store *s, int64_t id, const struct store_message *m, int64_t origin, enum intake_result result, uint64_t token,
    int fd, uint64_t offset, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_MESSAGE_ADD);
	uint64_t	 at = 0;

	if (fd != -1 && pack_append(s, &w->pack, fd, offset, m->bytes, &at, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, m->received);
	(void)sqlite3_bind_int64(st, 3, origin);
	(void)sqlite3_bind_int(st, 4, (int)result);
	(void)sqlite3_bind_int64(st, 5, (sqlite3_int64)m->bytes);
	(void)sqlite3_bind_int64(st, 6, (sqlite3_int64)token);
	if (fd != -1) {
		(void)sqlite3_bind_int64(st, 7, w->pack.id);
		(void)sqlite3_bind_int64(st, 8, (sqlite3_int64)at);
	} else {
		(void)sqlite3_bind_null(st, 7);
		(void)sqlite3_bind_null(st, 8);
	}
	w->changed = true;
	return (run(s, ST_MESSAGE_ADD, e));
}

static int
message_count(struct store *s, const struct store_message *m, int64_t origin, enum intake_result result, struct err *e)
{
	if (intake_count(s, when_day(m->received), origin, (int)result, 1, e) == -1)
		return (-1);
	if (m->token != 0)
		token_keep(s->w, m->token);
	return (0);
}

int
store_message_end(struct store *s, int64_t id, const struct store_message *m, enum intake_result result, int fd, uint64_t offset,
    struct err *e)
{
	int64_t	 origin;

	if (m->again)
		return (message_again(s, id, m, result, fd, offset, e));
	if ((origin = name_id(s, str_of(m->origin), e)) == -1 ||
	    message_put(s, id, m, origin, result, m->token, fd, offset, e) == -1)
		return (-1);
	return (message_count(s, m, origin, result, e));
}

int
store_message_hold(struct store *s, int64_t id, const struct store_message *m, int fd, uint64_t offset, struct err *e)
{
	int64_t	 origin;

	/* no token yet: should the end never come, the file is read again */
	if ((origin = name_id(s, str_of(m->origin), e)) == -1)
		return (-1);
	return (message_put(s, id, m, origin, IN_PARTIAL, 0, fd, offset, e));
}

int
store_message_settle(struct store *s, int64_t id, const struct store_message *m, enum intake_result result, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_MESSAGE_SET);
	int64_t		 origin;

	if ((origin = name_id(s, str_of(m->origin), e)) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int(st, 2, (int)result);
	(void)sqlite3_bind_int64(st, 3, (sqlite3_int64)m->token);
	s->w->changed = true;
	if (run(s, ST_MESSAGE_SET, e) == -1)
		return (-1);
	return (message_count(s, m, origin, result, e));
}

bool
store_token_seen(struct store *s, uint64_t token)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_TOKENS);
	size_t		 at;

	if (!w->tokens_ready) {
		w->tokens_ready = true;
		while (sqlite3_step(st) == SQLITE_ROW)
			if (sqlite3_column_int64(st, 0) != 0)
				token_keep(w, (uint64_t)sqlite3_column_int64(st, 0));
		(void)sqlite3_reset(st);
	}
	if (token == 0)
		return (false);
	at = (size_t)(token * 0x9e3779b97f4a7c15u >> 32) & (2 * TOKENS - 1);
	for (size_t n = 0; n <= 8; n++, at = (at + 1) & (2 * TOKENS - 1))
		if (w->tokens[at] == token)
			return (true);
	return (false);
}

int64_t
store_report_message(struct store *s, int64_t id)
{
	int64_t	 message;

	(void)sqlite3_bind_int64(stmt(s, ST_REPORT_MESSAGE), 1, id);
	return (find(s, ST_REPORT_MESSAGE, &message, NULL) == 1 ? message : 0);
}

int
store_quarantine_add(struct store *s, const struct store_quarantined *x, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_QUARANTINE_ADD);
	int64_t		 id;

	if ((id = name_id(s, str_of(x->origin), e)) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, x->received);
	(void)sqlite3_bind_int64(st, 2, id);
	bind_str(st, 3, str_of(x->file));
	(void)sqlite3_bind_int64(st, 4, (sqlite3_int64)x->bytes);
	bind_str(st, 5, str_of(x->reason));
	bind_str(st, 6, str_of(x->text));
	bind_str(st, 7, x->sender);
	bind_str(st, 8, x->subject);
	bind_id(st, 9, x->message);
	bind_id(st, 10, x->part);
	bind_id(st, 11, x->line);
	s->w->changed = true;
	return (run(s, ST_QUARANTINE_ADD, e));
}

bool
store_quarantine_has(struct store *s, const char *file)
{
	int64_t	 id;

	bind_str(stmt(s, ST_QUARANTINE_FIND), 1, str_of(file));
	return (find(s, ST_QUARANTINE_FIND, &id, NULL) == 1);
}

/* --- For the files beside this one ------------------------------------------------------------------------ */

int64_t
writer_outcome(struct store *s, const struct report_record *r, const struct verdict *v, struct err *e)
{
	return (outcome_id(s, r, v, e));
}

void
writer_changed(struct store *s, bool epoch)
{
	s->w->changed = true;
	s->w->epoch |= epoch;
}

int
writer_sum(struct store *s, int64_t domain, int64_t day, int64_t reporter, unsigned outcome, int64_t messages, int64_t rows,
    struct err *e)
{
	return (sum_add(s, domain, day, reporter, outcome, messages, rows, e));
}

void
writer_total(struct store *s, uint64_t messages)
{
	s->w->total = messages;
	s->w->changed = true;
}

int
writer_sums_flush(struct store *s, struct err *e)
{
	return (sums_flush(s, e));
}
