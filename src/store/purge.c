/*
 * purge.c - reports of long ago go, with all that was added up from them.
 *
 * A report counts on one day of one domain, so what is older than a day is a
 * range of days of each domain: rows, daily sums and the reports themselves go
 * together, some days at a time, and what is left adds up at every moment.
 * Numbers of reports are not given a second time: exports go on from them.
 */
#include "base/when.h"
#include "store/store_int.h"

#define DAYS_AT_ONCE 31

/* Runs it with ?1 domain, ?2 first day, ?3 last day; *n: rows that went. */
static int
run_days(struct store *s, const char *sql, int64_t domain, int64_t from, int64_t to, uint64_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	if (sqlite3_bind_parameter_count(st) > 0)
		(void)sqlite3_bind_int64(st, 1, domain);
	if (sqlite3_bind_parameter_count(st) > 1)
		(void)sqlite3_bind_int64(st, 2, from);
	if (sqlite3_bind_parameter_count(st) > 2)
		(void)sqlite3_bind_int64(st, 3, to);
	rc = sqlite3_step(st);
	if (n != NULL && rc == SQLITE_ROW)
		*n = (uint64_t)sqlite3_column_int64(st, 0);
	else if (n != NULL)
		*n = (uint64_t)sqlite3_changes(s->db);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "purge", e));
}

static int
ask(struct store *s, const char *sql, int64_t value, uint64_t *out, struct err *e)
{
	*out = 0;
	return (run_days(s, sql, value, 0, 0, out, e));
}

/* --- What would go ------------------------------------------------------------------ */

int
store_purge_count(struct store *s, unsigned what, int64_t before, struct store_purged *out, struct err *e)
{
	int64_t			 day = when_day(before);
	uint64_t		*to[] = { &out->reports, &out->rows, &out->messages, &out->tls, &out->sessions, &out->failures, &out->packs,
				    &out->pack_bytes, &out->quarantined };
	static const struct { unsigned what; bool days; const char *sql; } asked[] = {
		{ PURGE_REPORTS, true, "SELECT count(*) FROM report WHERE day < ?1" },
		{ PURGE_REPORTS, true, "SELECT ifnull(sum(rows), 0) FROM rollup WHERE day < ?1" },
		{ PURGE_REPORTS, true, "SELECT ifnull(sum(messages), 0) FROM rollup WHERE day < ?1" },
		{ PURGE_TLS, true, "SELECT count(*) FROM tls_report WHERE day < ?1" },
		{ PURGE_TLS, true, "SELECT ifnull(sum(success + failure), 0) FROM tls_day WHERE day < ?1 AND result = -1" },
		{ PURGE_FAILURES, false, "SELECT count(*) FROM failure WHERE received < ?1" },
		{ PURGE_ORIGINALS, false, "SELECT count(*) FROM pack WHERE kind = 0 AND begun < ?1 AND NOT EXISTS (SELECT 1 FROM message "
		    "WHERE message.pack = pack.id AND message.received >= ?1)" },
		{ PURGE_ORIGINALS, false, "SELECT ifnull(sum(bytes), 0) FROM pack WHERE kind = 0 AND begun < ?1 AND NOT EXISTS (SELECT 1 FROM "
		    "message WHERE message.pack = pack.id AND message.received >= ?1)" },
		{ PURGE_QUARANTINE, false, "SELECT count(*) FROM quarantine WHERE received < ?1" },
	};

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < nitems(asked); i++)
		if ((what & asked[i].what) != 0 && ask(s, asked[i].sql, asked[i].days ? day : before, to[i], e) == -1)
			return (-1);
	return (0);
}

/* --- Aggregate reports ---------------------------------------------------------------- */

/* The numbers that were given stay given. */
static int
remember_ids(struct store *s, const char *key, const char *table, struct err *e)
{
	char	 sql[300];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO meta (key, value) SELECT '%s', ifnull(max(id), 0) FROM %s WHERE true "
	    "ON CONFLICT DO UPDATE SET value = max(value, excluded.value)", key, table);
	return (store_exec(s, sql, e));
}

static int
some_days(struct store *s, int64_t domain, int64_t from, int64_t to, struct store_purged *out, struct err *e)
{
	static const char *const	 sql[] = {
		/* versions that do not count go with the one that does, and those of their own days */
		("DELETE FROM report WHERE superseded_by IN (SELECT id FROM report WHERE domain = ?1 AND day BETWEEN ?2 AND ?3 AND "
		    "superseded_by IS NULL)"),
		"DELETE FROM report WHERE superseded_by IS NOT NULL AND domain = ?1 AND day BETWEEN ?2 AND ?3",
		"DELETE FROM report WHERE superseded_by IS NULL AND domain = ?1 AND day BETWEEN ?2 AND ?3",
		"DELETE FROM record WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
		"DELETE FROM rollup WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
		"DELETE FROM fresh WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
		"DELETE FROM edition WHERE domain = ?1 AND day BETWEEN ?2 AND ?3",
	};
	uint64_t	 n, messages, all;

	if (store_begin(s, e) == -1)
		return (-1);
	if (run_days(s, "SELECT ifnull(sum(messages), 0) FROM report WHERE superseded_by IS NULL AND domain = ?1 AND day BETWEEN ?2 AND ?3",
	    domain, from, to, &messages, e) == -1 || ask(s, "SELECT value FROM meta WHERE key = 'messages'", 0, &all, e) == -1)
		goto fail;
	for (size_t i = 0; i < nitems(sql); i++) {
		if (run_days(s, sql[i], domain, from, to, &n, e) == -1)
			goto fail;
		out->reports += i < 3 ? n : 0;
		out->rows += i == 3 ? n : 0;
	}
	out->messages += messages;
	writer_total(s, all >= messages ? all - messages : 0);
	writer_changed(s, true);
	if (store_commit(s, e) == -1)
		return (-1);
	writer_reload(s);
	return (0);
fail:
	store_rollback(s);
	return (-1);
}

/* The first day that a domain has, before that day. False: none. */
static int
first_day(struct store *s, int64_t domain, int64_t before, int64_t *day, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, "SELECT min(day) FROM (SELECT min(day) AS day FROM rollup WHERE domain = ?1 AND day < ?2 UNION ALL "
	    "SELECT min(day) FROM report WHERE superseded_by IS NULL AND domain = ?1 AND day < ?2 UNION ALL "
	    "SELECT min(day) FROM report WHERE superseded_by IS NOT NULL AND domain = ?1 AND day < ?2)", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, before);
	rc = sqlite3_step(st);
	*day = rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL ? sqlite3_column_int64(st, 0) : before;
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 0 : store_fail(s, "purge", e));
}

static int
next_domain(struct store *s, int64_t after, int64_t *domain, struct err *e)
{
	uint64_t	 n;

	if (ask(s, "SELECT ifnull(min(id), 0) FROM domain WHERE id > ?1", after, &n, e) == -1)
		return (-1);
	*domain = (int64_t)n;
	return (0);
}

static int
aggregates(struct store *s, int64_t before, struct store_purged *out, struct err *e)
{
	int64_t	 domain = 0, day, to;

	if (remember_ids(s, "last_report", "report", e) == -1)
		return (-1);
	for (;;) {
		if (next_domain(s, domain, &domain, e) == -1)
			return (-1);
		if (domain == 0)
			return (0);
		for (;;) {
			if (first_day(s, domain, before, &day, e) == -1)
				return (-1);
			if (day >= before)
				break;
			to = day + DAYS_AT_ONCE - 1 < before - 1 ? day + DAYS_AT_ONCE - 1 : before - 1;
			if (some_days(s, domain, day, to, out, e) == -1)
				return (-1);
		}
	}
}

/* --- TLS reports ------------------------------------------------------------------------ */

static int
tls(struct store *s, int64_t before, struct store_purged *out, struct err *e)
{
	static const char *const	 sql[] = {
		"DELETE FROM tls_detail WHERE report IN (SELECT id FROM tls_report WHERE day < ?1)",
		"DELETE FROM tls_element WHERE report IN (SELECT id FROM tls_report WHERE day < ?1)",
		"DELETE FROM tls_day WHERE day < ?1",
		"DELETE FROM tls_report WHERE superseded_by IN (SELECT id FROM tls_report WHERE day < ?1)",
		"DELETE FROM tls_report WHERE day < ?1",
	};
	uint64_t	 n;

	if (ask(s, "SELECT ifnull(sum(success + failure), 0) FROM tls_day WHERE day < ?1 AND result = -1", before, &out->sessions, e) == -1 ||
	    remember_ids(s, "last_tls_report", "tls_report", e) == -1 || store_begin(s, e) == -1)
		return (-1);
	for (size_t i = 0; i < nitems(sql); i++) {
		if (run_days(s, sql[i], before, 0, 0, &n, e) == -1) {
			store_rollback(s);
			return (-1);
		}
		out->tls += i > 2 ? n : 0;
	}
	writer_changed(s, true);
	if (store_commit(s, e) == -1)
		return (-1);
	writer_reload(s);
	return (0);
}

int
store_purge(struct store *s, unsigned what, int64_t before, struct store_purged *out, struct err *e)
{
	struct store_purged	 would;
	unsigned		 packs = 0, n = 0;

	memset(out, 0, sizeof(*out));
	if (before <= 0)
		return (0);
	if (store_purge_count(s, what, before, &would, e) == -1)
		return (-1);
	if ((what & PURGE_REPORTS) != 0 && would.reports + would.rows > 0 && aggregates(s, when_day(before), out, e) == -1)
		return (-1);
	if ((what & PURGE_TLS) != 0 && would.tls > 0 && tls(s, when_day(before), out, e) == -1)
		return (-1);
	if ((what & PURGE_FAILURES) != 0) {
		if (store_failures_expire(s, before, &n, &packs, e) == -1)
			return (-1);
		out->failures = n;
	}
	if ((what & PURGE_ORIGINALS) != 0) {
		if (store_expire(s, before, 0, &packs, &n, e) == -1)
			return (-1);
		out->packs = packs;
		out->pack_bytes = would.pack_bytes;
	}
	if ((what & PURGE_QUARANTINE) != 0) {
		if (store_expire(s, 0, before, &packs, &n, e) == -1)
			return (-1);
		out->quarantined = n;
	}
	return (0);
}
