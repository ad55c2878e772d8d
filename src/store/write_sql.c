/*
 * write_sql.c - what the writer says to the database, prepared once at open.
 */
#include "store/write_int.h"

/*
 * Other reports of the same reporter about part of the same period. One that
 * ends when the next begins is no such; ?6 is the longest period there is, so
 * that the search stays short.
 */
#define OVERLAPS "domain = ?1 AND reporter = ?2 AND begin > ?3 - ?6 AND begin < ?4 AND end > ?3 AND id <> ?5 AND "	\
    "superseded_by IS NULL"

const char *const	 writer_sql[ST_COUNT] = {
	[ST_DATA_VERSION] = "PRAGMA data_version",
	[ST_NEXT_IDS] = "SELECT (SELECT max(ifnull((SELECT max(id) FROM report), 0), ifnull((SELECT value FROM meta WHERE key = 'last_report'), 0)) + 1), (SELECT ifnull(max(id), 0) + 1 FROM message), "
	    "(SELECT ifnull(max(id), 0) + 1 FROM evidence), "
	    "ifnull((SELECT value FROM meta WHERE key = 'messages'), (SELECT ifnull(sum(messages), 0) FROM rollup))",
	[ST_MESSAGES] = "INSERT INTO meta (key, value) VALUES ('messages', ?1) ON CONFLICT DO UPDATE SET value = excluded.value",
	[ST_GENERATION] = "UPDATE meta SET value = value + 1 WHERE key = 'generation'",
	[ST_NAME_FIND] = "SELECT id FROM name WHERE text = ?1",
	[ST_NAME_ADD] = "INSERT INTO name (text) VALUES (?1) ON CONFLICT DO NOTHING",
	[ST_DOMAIN_FIND] = "SELECT id FROM domain WHERE name = ?1 AND apart = 0",
	[ST_DOMAIN_ADD] = "INSERT INTO domain (name, apart) VALUES (?1, 0) ON CONFLICT DO NOTHING",
	[ST_DOMAIN_APART_FIND] = "SELECT id FROM domain WHERE name = ?1 AND apart = 1",
	[ST_DOMAIN_APART_ADD] = "INSERT INTO domain (name, apart) VALUES (?1, 1) ON CONFLICT DO NOTHING",
	[ST_REPORTER_FIND] = "SELECT id FROM reporter WHERE key = ?1",
	[ST_REPORTER_ADD] = "INSERT INTO reporter (key, label) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[ST_POLICY_FIND] = "SELECT id FROM policy WHERE key = ?1",
	[ST_POLICY_ADD] = "INSERT INTO policy (key, domain, p, sp, np, adkim, aspf, pct, fo, testing, discovery_method) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[ST_SOURCE_FIND] = "SELECT id FROM source WHERE ip = ?1 AND kind = ?2",
	[ST_SOURCE_ADD] = "INSERT INTO source (ip, kind) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[ST_OUTCOMES] = "SELECT id, code, disposition, dkim, spf, verdict_dkim, verdict_spf, estimated, differs, forwarded, "
	    "overridden, spf_raw, dkim_raw FROM outcome ORDER BY id",
	[ST_OUTCOME_ADD] = "INSERT INTO outcome (id, code, disposition, dkim, spf, verdict_dkim, verdict_spf, estimated, differs, "
	    "forwarded, overridden, spf_raw, dkim_raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	[ST_EVIDENCE_FIND] = "SELECT evidence.id, evidence.outcome FROM evidence_key JOIN evidence ON evidence.id = evidence_key.evidence "
	    "WHERE evidence_key.hash = ?1",
	[ST_EVIDENCE_OUTCOME] = "UPDATE evidence SET outcome = ?2, flags = ?3 WHERE id = ?1",
	[ST_EVIDENCE_ADD] = "INSERT INTO evidence (id, policy, outcome, header_from, envelope_from, envelope_to, flags, spf, dkim, "
	    "reasons, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[ST_EVIDENCE_KEY] = "INSERT INTO evidence_key (hash, evidence) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[ST_RECORD_ADD] = "INSERT INTO record (domain, day, source, report, evidence, count, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ST_RECORD_MERGE] = "INSERT INTO record (domain, day, source, report, evidence, count, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
	    "ON CONFLICT DO UPDATE SET count = count + excluded.count",
	[ST_REPORT_FIND] = "SELECT id, hash, messages, day, trust, quirks FROM report WHERE domain = ?1 AND reporter = ?2 AND begin = ?3 AND end = ?4 "
	    "AND report_id = ?5 AND superseded_by IS NULL",
	[ST_COPY_FIND] = "SELECT id, hash, messages, day, trust, quirks, report_id, begin, end FROM report WHERE domain = ?1 AND "
	    "reporter = ?2 AND begin BETWEEN ?3 AND ?4 AND superseded_by IS NULL",
	[ST_COPIES] = "SELECT 1 FROM meta WHERE key = 'copies'",
	[ST_COPIES_SOME] = "INSERT OR IGNORE INTO meta (key, value) VALUES ('copies', 1)",
	[ST_PERIODS] = "SELECT max(end), max(end - begin) FROM report WHERE domain = ?1 AND reporter = ?2 AND superseded_by IS NULL",
	[ST_OVERLAP_FIND] = "SELECT 1 FROM report WHERE " OVERLAPS " LIMIT 1",
	[ST_OVERLAP_SET] = "UPDATE report SET quirks = quirks | ?7 WHERE " OVERLAPS " AND quirks & ?7 = 0",
	[ST_VERSION_FIND] = "SELECT id FROM report WHERE superseded_by = ?1 AND hash = ?2",
	[ST_REPORT_ADD] = "INSERT INTO report (id, reporter, domain, report_id, begin, end, day, received, message, payload, policy, "
	    "org_name, email, extra_contact_info, generator, version, errors, dialect, state, quirks, refused, hash, superseded_by, "
	    "records, messages, disp_none, disp_quarantine, disp_reject, disp_pass, disp_other, dkim_pass, spf_pass, dmarc_pass, "
	    "verdict_pass, differs, source_ips, dkim_results, spf_results, reasons, trust, apart, trust_proof, trust_method, trust_from, "
	    "trust_id, trust_field, trust_message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
	    "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, "
	    "?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46, ?47)",
	[ST_REPORT_AGAIN] = "UPDATE report SET duplicates = duplicates + 1 WHERE id = ?1",
	[ST_REPORT_UNREPEAT] = "UPDATE report SET duplicates = duplicates - 1 WHERE id = ?1 AND duplicates > 0",
	[ST_REPORT_SUPERSEDE] = "UPDATE report SET superseded_by = ?2, quirks = quirks & ~?3 WHERE id = ?1",
	[ST_VERSIONS_MOVE] = "UPDATE report SET superseded_by = ?2 WHERE superseded_by = ?1",
	[ST_REPORT_SUMS] = "SELECT evidence.outcome, sum(record.count), count(*) FROM record JOIN evidence ON evidence.id = record.evidence "
	    "WHERE record.domain = ?1 AND record.day = ?2 AND record.report = ?3 GROUP BY evidence.outcome",
	[ST_RECORDS_GO] = "DELETE FROM record WHERE domain = ?1 AND day = ?2 AND report = ?3",
	[ST_ROLLUP_ADD] = "INSERT INTO rollup (domain, day, reporter, outcome, sender, messages, rows) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6) "
	    "ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, rows = rows + excluded.rows",
	[ST_FRESH] = "INSERT INTO fresh (domain, day) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[ST_EDITION] = "INSERT INTO edition (domain, day, number) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET number = number + 1",
	[ST_ROLLUP_FOLD] = "INSERT INTO rollup (domain, day, reporter, outcome, sender, messages, rows) SELECT domain, day, reporter, outcome, "
	    "0, sum(messages), sum(rows) FROM rollup WHERE domain = ?1 AND day = ?2 AND sender <> 0 GROUP BY reporter, outcome "
	    "ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, rows = rows + excluded.rows",
	[ST_ROLLUP_FOLDED] = "DELETE FROM rollup WHERE domain = ?1 AND day = ?2 AND sender <> 0",
	[ST_ROLLUP_CLEAN] = "DELETE FROM rollup WHERE domain = ?1 AND day = ?2 AND reporter = ?3 AND rows = 0",
	[ST_MESSAGE_ADD] = "INSERT INTO message (id, received, origin, result, bytes, token, pack, offset) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[ST_MESSAGE_SET] = "UPDATE message SET result = ?2, token = ?3 WHERE id = ?1",
	[ST_TOKENS] = "SELECT token FROM message ORDER BY id DESC LIMIT 8192",
	[ST_INTAKE_ADD] = "INSERT INTO intake (day, origin, result, messages) VALUES (?1, ?2, ?3, ?4) "
	    "ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
	[ST_QUARANTINE_ADD] = "INSERT INTO quarantine (received, origin, file, bytes, reason, text, sender, subject, message, part, line, "
	    "private, byte, entry, tried) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (file) DO UPDATE SET reason = excluded.reason, "
	    "text = excluded.text, sender = coalesce(excluded.sender, sender), subject = coalesce(excluded.subject, subject), "
	    "message = excluded.message, part = excluded.part, line = excluded.line, byte = excluded.byte, "
	    "entry = excluded.entry, tried = excluded.tried, private = excluded.private",
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
	    "refused IS ?21 AND superseded_by IS ?23 AND trust = ?40 AND apart = ?41 AND trust_proof = ?42 AND trust_method = ?43 AND "
	    "trust_from IS ?44 AND trust_id IS ?45 AND trust_field IS ?46 AND trust_message IS ?47, "
	    "hash = ?22 AND records = ?24 AND messages = ?25 AND disp_none = ?26 AND disp_quarantine = ?27 AND disp_reject = ?28 AND "
	    "disp_pass = ?29 AND disp_other = ?30 AND dkim_pass = ?31 AND spf_pass = ?32 AND dmarc_pass = ?33 AND "
	    "source_ips = ?36 AND dkim_results = ?37 AND spf_results = ?38 AND reasons = ?39, "
	    "verdict_pass = ?34 AND differs = ?35 FROM report WHERE id = ?1",
	[ST_REPORT_CHANGE] = "UPDATE report SET reporter = ?2, domain = ?3, report_id = ?4, begin = ?5, end = ?6, day = ?7, "
	    "payload = ?10, policy = ?11, org_name = ?12, email = ?13, extra_contact_info = ?14, generator = ?15, version = ?16, "
	    "errors = ?17, dialect = ?18, state = ?19, quirks = ?20, refused = ?21, hash = ?22, superseded_by = ?23, records = ?24, "
	    "messages = ?25, disp_none = ?26, disp_quarantine = ?27, disp_reject = ?28, disp_pass = ?29, disp_other = ?30, "
	    "dkim_pass = ?31, spf_pass = ?32, dmarc_pass = ?33, verdict_pass = ?34, differs = ?35, source_ips = ?36, "
	    "dkim_results = ?37, spf_results = ?38, reasons = ?39, trust = ?40, apart = ?41, trust_proof = ?42, trust_method = ?43, "
	    "trust_from = ?44, trust_id = ?45, trust_field = ?46, trust_message = ?47 WHERE id = ?1",
	[ST_REPORT_TRUST] = "UPDATE report SET trust = ?40, apart = ?41, trust_proof = ?42, trust_method = ?43, trust_from = ?44, "
	    "trust_id = ?45, trust_field = ?46, trust_message = ?47 WHERE id = ?1",
	[ST_REPORT_TRUSTED] = "SELECT trust_proof, trust_method, f.text, i.text, trust_field, trust_message, trust FROM report "
	    "LEFT JOIN name f ON f.id = trust_from LEFT JOIN name i ON i.id = trust_id WHERE report.id = ?1",
	[ST_REPORT_MOVE] = "UPDATE report SET domain = ?2, trust = ?3, apart = ?4, superseded_by = ?5, "
	    "quirks = quirks | ?6 WHERE id = ?1",
	[ST_RECORDS_MOVE] = "UPDATE record SET domain = ?4 WHERE domain = ?1 AND day = ?2 AND report = ?3",
	[ST_RECORD_FIND] = "SELECT count = ?6 AND seq = ?7 FROM record WHERE domain = ?1 AND day = ?2 AND source = ?3 AND report = ?4 AND "
	    "evidence = ?5",
	[ST_SOURCES_OF_REPORT] = "SELECT count(DISTINCT source) FROM record WHERE domain = ?1 AND day = ?2 AND report = ?3 AND "
	    "source IS NOT (SELECT id FROM source WHERE kind = 0 AND ip = x'')",
	[ST_RECORDS_RENUMBER] = "UPDATE record SET report = ?4 WHERE domain = ?1 AND day = ?2 AND report = ?3",
};

int
writer_run(struct store *s, enum stmt i, struct err *e)
{
	sqlite3_stmt	*st = s->w->st[i];
	int		 rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		;
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, writer_sql[i], e));
}

int
writer_find(struct store *s, enum stmt i, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st = s->w->st[i];
	int		 rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(s, writer_sql[i], e));
	return (rc == SQLITE_ROW);
}
