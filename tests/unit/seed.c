/*
 * seed.c - see seed.h.
 */
#include <sys/stat.h>

#include <stdarg.h>
#include <unistd.h>

#include "base/base.h"
#include "report/report.h"
#include "store/store_int.h"
#include "seed.h"

const struct seed seed_small = {
	.rng = 42, .domains = 4, .reporters = 7, .sources = 90, .evidence = 160, .reports = 220, .rows = 15,
	.first_day = 20500, .days = 75
};

uint64_t
seed_random(uint64_t *s)
{
	uint64_t	 z = (*s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31));
}

static unsigned
below(uint64_t *s, unsigned n)
{
	return ((unsigned)(seed_random(s) % n));
}

int
seed_sql(sqlite3 *db, const char *fmt, ...)
{
	va_list	 ap;
	char	*sql, *why = NULL;
	int	 rc;

	va_start(ap, fmt);
	sql = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	rc = sqlite3_exec(db, sql, NULL, NULL, &why);
	if (rc != SQLITE_OK)
		(void)fprintf(stderr, "# %s: %s\n", sql, why);
	sqlite3_free(why);
	sqlite3_free(sql);
	return (rc == SQLITE_OK ? 0 : -1);
}

int64_t
seed_int(sqlite3 *db, const char *fmt, ...)
{
	va_list		 ap;
	sqlite3_stmt	*st;
	int64_t		 v = INT64_MIN;
	char		*sql;

	va_start(ap, fmt);
	sql = sqlite3_vmprintf(fmt, ap);
	va_end(ap);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		(void)fprintf(stderr, "# %s: %s\n", sql, sqlite3_errmsg(db));
	else if (sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	sqlite3_free(sql);
	return (v);
}

/* Domains 1..n are names 1..n as well; then subdomains, bounce domains, selectors, words, comments. */
static const char *const domains[] = { "example.com", "example.org", "shop.example", "example.net" };
static const char *const hosts[] = { "mail", "news", "shop", "crm", "promo" };
static const char *const selectors[] = { "s1", "s2", "Google", "k1", "mail2026", "absent-one" };
static const char *const reasons[] = { "forwarded", "mailing_list", "local_policy", "trusted_forwarder", "other" };
static const char *const texts[] = { "arc=pass", "looks forwarded", "odd-word", "key not found" };

enum { NAME_SUB = 1001, NAME_BOUNCE = 2001, NAME_SELECTOR = 3001, NAME_REASON = 3101, NAME_TEXT = 3201, NAME_EMPTY_ID = 3301,
    NAME_ORG = 3401, NAME_ORIGIN = 3999 };

static const char *
domain_name(unsigned i, char out[64])
{
	if (i < nitems(domains))
		(void)snprintf(out, 64, "%s", domains[i]);
	else
		(void)snprintf(out, 64, "d%u.test", i);
	return (out);
}

static int
names(sqlite3 *db, const struct seed *s)
{
	char	 d[64];
	int	 rc = 0;

	for (unsigned i = 0; i < s->domains; i++) {
		rc |= seed_sql(db, "INSERT INTO name VALUES (%u, '%s')", i + 1, domain_name(i, d));
		rc |= seed_sql(db, "INSERT INTO domain (id, name) VALUES (%u, '%s')", i + 1, d);
		for (unsigned k = 0; k < nitems(hosts); k++)
			rc |= seed_sql(db, "INSERT INTO name VALUES (%u, '%s.%s')", NAME_SUB + i * 5 + k, hosts[k], d);
	}
	for (unsigned i = 0; i < 12; i++)
		rc |= seed_sql(db, "INSERT INTO name VALUES (%u, 'bounce%u.service.test')", NAME_BOUNCE + i, i);
	for (unsigned i = 0; i < nitems(selectors); i++)
		rc |= seed_sql(db, "INSERT INTO name VALUES (%u, '%s')", NAME_SELECTOR + i, selectors[i]);
	for (unsigned i = 0; i < nitems(reasons); i++)
		rc |= seed_sql(db, "INSERT INTO name VALUES (%u, '%s')", NAME_REASON + i, reasons[i]);
	for (unsigned i = 0; i < nitems(texts); i++)
		rc |= seed_sql(db, "INSERT INTO name VALUES (%u, '%s')", NAME_TEXT + i, texts[i]);
	rc |= seed_sql(db, "INSERT INTO name VALUES (%u, '')", NAME_EMPTY_ID);
	rc |= seed_sql(db, "INSERT INTO name VALUES (%u, 'reports')", NAME_ORIGIN);
	for (unsigned i = 0; i < s->reporters; i++) {
		rc |= seed_sql(db, "INSERT INTO reporter VALUES (%u, 'receiver%u.test', 'Receiver %c%u')", i + 1, i, (int)('A' + i % 26), i);
		/* one name is no UTF-8 and would end a terminal's day */
		rc |= seed_sql(db, i == 2 && !s->fast ? "INSERT INTO name VALUES (%u, CAST(x'526563ff1b5b324a' AS TEXT) || %u)" :
		    "INSERT INTO name VALUES (%u, 'Receiver %u')", NAME_ORG + i, i);
	}
	return (rc);
}

static int
sources(sqlite3 *db, struct seed *s)
{
	int	 rc = 0;

	for (unsigned i = 0; i < s->sources; i++) {
		unsigned	 id = i + 1, kind = i % 10;

		if (s->fast)
			rc |= seed_sql(db, "INSERT INTO source VALUES (%u, 4, x'0a%06x')", id, i);
		else if (kind < 5)
			rc |= seed_sql(db, "INSERT INTO source VALUES (%u, 4, x'%s%02x')", id, i % 3 == 0 ? "c00002" : i % 3 == 1 ?
			    "c63364" : "cb0071", i);
		else if (kind < 9)
			rc |= seed_sql(db, "INSERT INTO source VALUES (%u, 6, x'20010db8%04x%020x')", id, i % 3, i);
		else
			rc |= seed_sql(db, "INSERT INTO source VALUES (%u, 0, CAST('host%u ' AS BLOB))", id, i);
	}
	return (rc);
}

/* Each domain has three policies; the last comes into force half way. */
static int
policies(sqlite3 *db, const struct seed *s)
{
	int	 rc = 0;

	for (unsigned i = 0; i < s->domains; i++) {
		rc |= seed_sql(db, "INSERT INTO policy (id, domain, p, sp, key) VALUES (%u, %u, 'none', 'none', 'a%u')", i * 3 + 1, i + 1, i);
		rc |= seed_sql(db, "INSERT INTO policy (id, domain, p, key) VALUES (%u, %u, 'none', 'b%u')", i * 3 + 2, i + 1, i);
		rc |= seed_sql(db, "INSERT INTO policy (id, domain, p, sp, adkim, pct, key) VALUES (%u, %u, 'reject', 'quarantine', 's',"
		    " '100', 'c%u')", i * 3 + 3, i + 1, i);
	}
	return (rc);
}

#define OUTCOMES 60

static int
outcomes(sqlite3 *db, uint64_t *r)
{
	int	 rc = 0;

	for (unsigned i = 0; i < OUTCOMES; i++) {
		unsigned	 dkim = below(r, 3), spf = below(r, 3);

		rc |= seed_sql(db, "INSERT OR IGNORE INTO outcome VALUES (%u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u)", i + 1,
		    i % 2 == 0 ? 1 + below(r, 11) : 21 + below(r, 12), below(r, 5), dkim, spf, below(r, 2), below(r, 2), below(r, 2),
		    below(r, 4) == 0, below(r, 3) == 0, below(r, 4) == 0, below(r, RES_COUNT), below(r, RES_COUNT));
	}
	return (rc);
}

static int
evidence(sqlite3 *db, struct seed *s)
{
	sqlite3_stmt	*st;
	uint64_t	*r = &s->rng;
	char		 text[3][256];
	size_t		 n;
	unsigned	 d, k;

	if (sqlite3_prepare_v2(db, "INSERT INTO evidence VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10)", -1, &st, NULL))
		return (-1);
	for (unsigned i = 0; i < s->evidence; i++) {
		d = i % s->domains;
		(void)sqlite3_bind_int(st, 1, (int)i + 1);
		(void)sqlite3_bind_int(st, 2, (int)(d * 3 + 1 + below(r, 3)));
		(void)sqlite3_bind_int(st, 3, (int)(1 + below(r, OUTCOMES)));
		(void)sqlite3_bind_int(st, 4, (int)(below(r, 3) == 0 ? NAME_SUB + d * 5 + below(r, 5) : d + 1));
		switch (below(r, 4)) {
		case 0:
			(void)sqlite3_bind_null(st, 5);
			break;
		case 1:
			(void)sqlite3_bind_int(st, 5, NAME_EMPTY_ID);
			break;
		case 2:
			(void)sqlite3_bind_int(st, 5, (int)d + 1);
			break;
		default:
			(void)sqlite3_bind_int(st, 5, (int)(NAME_BOUNCE + below(r, 12)));
			break;
		}
		if (below(r, 2) == 0)
			(void)sqlite3_bind_null(st, 6);
		else
			(void)sqlite3_bind_int(st, 6, NAME_BOUNCE);
		n = 0;
		text[0][0] = text[1][0] = text[2][0] = '\0';
		for (k = below(r, 3); k > 0; k--)
			n += (size_t)snprintf(text[0] + n, 256 - n, "%s%u,0,%u,0,%u", n == 0 ? "" : ";", NAME_BOUNCE + below(r, 12),
			    1 + below(r, 8), below(r, 2) * (NAME_TEXT + 3));
		n = 0;
		for (k = below(r, 4); k > 0; k--)
			n += (size_t)snprintf(text[1] + n, 256 - n, "%s%u,%u,%u", n == 0 ? "" : ";", below(r, 2) == 0 ? d + 1 :
			    NAME_BOUNCE + below(r, 12), below(r, 5) == 0 ? 0 : NAME_SELECTOR + below(r, 6), 1 + below(r, 9));
		n = 0;
		for (k = below(r, 3); k > 0; k--)
			n += (size_t)snprintf(text[2] + n, 256 - n, below(r, 2) == 0 ? "%s%u" : "%s%u,3201", n == 0 ? "" : ";",
			    NAME_REASON + below(r, 5));
		for (k = 0; k < 3; k++) {
			if (text[k][0] == '\0') {
				(void)sqlite3_bind_null(st, (int)k + 7);
				continue;
			}
			(void)sqlite3_bind_text(st, (int)k + 7, text[k], -1, SQLITE_TRANSIENT);
		}
		if (below(r, 9) == 0)
			(void)sqlite3_bind_text(st, 10, "3203", -1, SQLITE_STATIC);
		else
			(void)sqlite3_bind_null(st, 10);
		if (sqlite3_step(st) != SQLITE_DONE) {
			(void)fprintf(stderr, "# evidence: %s\n", sqlite3_errmsg(db));
			return (-1);
		}
		(void)sqlite3_reset(st);
	}
	return (sqlite3_finalize(st));
}

/* One report and its rows; sums that tests do not ask for are left at 0. */
static int
report(sqlite3 *db, struct seed *s, sqlite3_stmt *rec, unsigned id)
{
	uint64_t	*r = &s->rng, m = 0, count;
	unsigned	 d = below(r, s->domains), who = 1 + below(r, s->reporters), rows = below(r, s->rows * 2), n = 0;
	int64_t		 day = s->first_day + below(r, s->days), half = s->first_day + s->days / 2;

	for (unsigned i = 0; i < rows; i++) {
		unsigned	 ev = below(r, s->evidence / s->domains) * s->domains + d;

		count = 1 + (below(r, 20) == 0 ? below(r, 5000) : below(r, 20));
		(void)sqlite3_bind_int(rec, 1, (int)d + 1);
		(void)sqlite3_bind_int64(rec, 2, day);
		(void)sqlite3_bind_int(rec, 3, (int)(1 + below(r, s->sources)));
		(void)sqlite3_bind_int(rec, 4, (int)id);
		(void)sqlite3_bind_int(rec, 5, (int)ev + 1);
		(void)sqlite3_bind_int64(rec, 6, (int64_t)count);
		(void)sqlite3_bind_int(rec, 7, (int)i + 1);
		if (sqlite3_step(rec) == SQLITE_DONE && sqlite3_changes(db) == 1) {
			m += count;
			n++;
		}
		(void)sqlite3_reset(rec);
	}
	(void)seed_sql(db, "INSERT INTO message VALUES (%u, %lld, %u, 0, 1000, 0, NULL, NULL)", id, (long long)(day + 1) * 86400 + 7200,
	    NAME_ORIGIN);
	return (seed_sql(db, "INSERT INTO " SEED_REPORT " VALUES (%u, %u, %u, 'id-%u', %lld, %lld, %lld, %lld, %u, 0, %u, %u, NULL, NULL, NULL,"
	    " NULL, NULL, 1, 0, 0, NULL, x'00', NULL, 0, %u, %llu, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)", id, who, d + 1, id,
	    (long long)day * 86400, (long long)(day + 1) * 86400 - 1, (long long)day, (long long)(day + 1) * 86400 + 7200 + below(r, 3600),
	    id, d * 3 + (day >= half ? 3 : 1 + below(r, 2)), NAME_ORG + who - 1, n, (unsigned long long)m));
}

static int
reports(sqlite3 *db, struct seed *s)
{
	sqlite3_stmt	*rec;
	int		 rc = 0;

	if (sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", -1, &rec, NULL))
		return (-1);
	for (unsigned i = 0; i < s->reports && rc == 0; i++)
		rc = report(db, s, rec, i + 1);
	(void)sqlite3_finalize(rec);
	/* who is who: two sources in three are one of eight senders; some were decided about, and one decision was undone */
	rc |= seed_sql(db, "INSERT INTO sender WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 9) "
	    "SELECT i, 'domain:s' || i || '.test', 's' || i || '.test', i %% 8 FROM n");
	rc |= seed_sql(db, "INSERT INTO sender_of SELECT DISTINCT domain, source, 2 + (source * 7 + domain) %% 8, 5 FROM record "
	    "WHERE source %% 3 <> 0");
	rc |= seed_sql(db, "INSERT INTO sender_class SELECT domain, sender, (sender * 5 + domain) %% 9, 2, 2, '[[\"bounce\",\"b.test\",7]]', "
	    "%lld, %lld, 100 FROM (SELECT DISTINCT domain, sender FROM sender_of UNION SELECT id, 1 FROM domain)",
	    (long long)s->first_day, (long long)s->first_day + s->days);
	rc |= seed_sql(db, "INSERT INTO decision (id, at, who, sender, domain, class, note, batch, undone) VALUES "
	    "(1, 1000, 'cli', 3, 0, 2, 'note', 1, NULL), (2, 1001, 'cli', 3, 1, 1, NULL, 2, NULL), "
	    "(3, 1002, 'cli', 4, 0, 5, NULL, 3, NULL), (4, 1003, 'cli', 4, 0, 1, NULL, 4, 1004), (5, 1005, 'cli', 5, 2, 4, NULL, 5, NULL), "
	    "(6, 1006, 'cli', 5, 2, NULL, NULL, 6, NULL)");
	rc |= seed_sql(db, "INSERT INTO rollup SELECT r.domain, r.day, p.reporter, e.outcome, coalesce(o.sender, 1), sum(r.count), count(*) "
	    "FROM record r JOIN report p ON p.id = r.report JOIN evidence e ON e.id = r.evidence "
	    "LEFT JOIN sender_of o ON o.domain = r.domain AND o.source = r.source GROUP BY 1, 2, 3, 4, 5");
	/* some days have none: who reads goes to the file */
	rc |= seed_sql(db, "INSERT INTO edition SELECT DISTINCT domain, day, 1 + day %% 3 FROM rollup WHERE day %% 7 > 0");
	return (rc);
}

/*
 * TLS reports: three reporters a day about the first two domains. The first is
 * at testing and nothing fails; the certificate of an MX of the second has
 * expired. Sums by day are made from the rows, as the store does.
 */
static int
tls(sqlite3 *db, const struct seed *s)
{
	int	 rc = 0;

	rc |= seed_sql(db, "INSERT INTO name (text) VALUES ('version: STSv1' || char(10) || 'mode: testing'), ('mx1.tls.example'), ('rep.tls.example'), "
	    "('two tls domains')");
	rc |= seed_sql(db, "INSERT INTO tls_policy (id, hash, domain, type, mode, max_age, lines, mx) SELECT domain.id, randomblob(16), domain.id, "
	    "1, 3 - domain.id, 86400, l.id, m.id FROM domain, name l, name m WHERE domain.id <= 2 AND l.text LIKE 'version: STSv1%%' AND "
	    "m.text = 'mx1.tls.example'");
	rc |= seed_sql(db, "WITH RECURSIVE d (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM d WHERE i < %u) INSERT INTO tls_report (reporter, org, domains, report_id, begin, "
	    "end, day, received, message, payload, org_name, state, quirks, hash, policies, success, failure, ndetails, details, trust, trust_proof, apart) "
	    "SELECT r.id, n.id, n2.id, 'tls-' || d.i || '-' || r.id, (%lld + d.i) * 86400, (%lld + d.i) * 86400 + 86399, %lld + d.i, "
	    "(%lld + d.i + 1) * 86400 + 3600, 1, 524288, n.id, 0, 0, randomblob(16), 2, 90, 10, 1, 10, 0, 0, 0 "
	    "FROM d, reporter r, name n, name n2 WHERE r.id <= 3 AND n.text = 'rep.tls.example' AND n2.text = 'two tls domains'",
	    s->days - 1, (long long)s->first_day, (long long)s->first_day, (long long)s->first_day, (long long)s->first_day);
	rc |= seed_sql(db, "INSERT INTO tls_element SELECT r.id, p.id, p.domain, r.day, r.reporter, p.id, 45, CASE p.id WHEN 2 THEN 10 ELSE 0 END, "
	    "CASE p.id WHEN 2 THEN 1 ELSE 0 END, CASE p.id WHEN 2 THEN 10 ELSE 0 END, 0 FROM tls_report r, tls_policy p");
	rc |= seed_sql(db, "INSERT INTO tls_detail SELECT e.report, e.seq, 1, 2, NULL, 1, 2, m.id, NULL, NULL, NULL, 10 FROM tls_element e, name m "
	    "WHERE e.seq = 2 AND m.text = 'mx1.tls.example'");
	rc |= seed_sql(db, "INSERT INTO tls_day SELECT e.domain, e.day, e.reporter, 1, p.mode, -1, sum(e.success), sum(e.failure), count(*) "
	    "FROM tls_element e JOIN tls_policy p ON p.id = e.policy GROUP BY 1, 2, 3, 5 UNION ALL SELECT e.domain, e.day, e.reporter, 1, p.mode, "
	    "d.result, 0, sum(d.count), count(*) FROM tls_element e JOIN tls_policy p ON p.id = e.policy JOIN tls_detail d ON d.report = e.report "
	    "AND d.element = e.seq GROUP BY 1, 2, 3, 5, 6");
	return (rc);
}

sqlite3 *
seed_make(const char *dir, const struct seed *from)
{
	struct seed	 s = *from;
	sqlite3		*db;
	char		 path[4096];
	int		 rc = 0;

	(void)mkdir(dir, 0700);
	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		return (NULL);
	rc |= seed_sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN");
	for (unsigned i = 0; i < store_nmigrations; i++)
		rc |= sqlite3_exec(db, store_migrations[i], NULL, NULL, NULL);
	rc |= seed_sql(db, "PRAGMA user_version = %u", store_nmigrations);
	rc |= seed_sql(db, "INSERT INTO meta VALUES ('secret', 1), ('generation', 1)");
	rc |= names(db, &s) | sources(db, &s) | policies(db, &s) | outcomes(db, &s.rng) | evidence(db, &s) | reports(db, &s);
	if (!s.fast)
		rc |= tls(db, &s);
	rc |= seed_sql(db, "COMMIT");
	if (rc != 0) {
		(void)sqlite3_close(db);
		return (NULL);
	}
	return (db);
}

void
seed_remove(const char *dir)
{
	static const char *const	names_[] = { "dmarcd.db", "dmarcd.db-wal", "dmarcd.db-shm" };
	char				path[4096];

	for (size_t i = 0; i < nitems(names_); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names_[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}
