/*
 * test_query.c - the reading side against a database that was filled by plain
 * SQL: every filter key with its negation, sums, groups, series and pages of
 * many random filters equal what SQL says; time, policies, reports; the JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/base.h"
#include "base/when.h"
#include "store/query.h"
#include "places_made.h"
#include "seed.h"

#define FILTERS 400

static char		 dir[64];
static sqlite3		*db;
static struct store	*store;
static int64_t		 now;

static struct query *
ask(void)
{
	struct err	 e = { 0 };
	struct query	*q = query_begin(store, now, 0, &e);
	/* from the file; remembered; remembered as far as there is room */
	static const size_t	 columns[] = { 0, (size_t)24 << 20, 3000 };
	static unsigned		 n;

	if (q == NULL)
		fail_msg("%s", e.msg);
	query_hold(q, (size_t)1 << 18, (size_t)64 << 20, columns[n++ % nitems(columns)]);
	return (q);
}

/* --- Filters as text and as SQL ------------------------------------------------------- */

struct cond { char filter[256], sql[1024]; };

static unsigned
pick(uint64_t *r, unsigned n)
{
	return ((unsigned)(seed_random(r) % n));
}

/* A random value of that column, or one that nobody has. */
static void
text_value(uint64_t *r, const char *column, char out[128])
{
	sqlite3_stmt	*st;
	char		 sql[256];

	(void)snprintf(out, 128, "nobody.test");
	if (pick(r, 12) == 0)
		return;
	(void)snprintf(sql, sizeof(sql), "SELECT DISTINCT %s FROM t WHERE %s <> '' ORDER BY 1 LIMIT 1 OFFSET %u", column, column,
	    pick(r, 6));
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		(void)snprintf(out, 128, "%s", (const char *)sqlite3_column_text(st, 0));
	(void)sqlite3_finalize(st);
}

static void
text_cond(uint64_t *r, const char *column, char filter[200], char sql[512])
{
	char	 v[128];

	text_value(r, column, v);
	if (pick(r, 4) == 0) {		/* a piece out of the middle */
		size_t	 n = strlen(v);

		memmove(v, v + n / 4, n - n / 2);
		v[n - n / 2] = '\0';
		(void)snprintf(filter, 200, "~%s", v);
		(void)snprintf(sql, 512, "instr(%s, '%s') > 0", column, v);
	} else {
		(void)snprintf(filter, 200, "%s", v);
		(void)snprintf(sql, 512, "%s = '%s'", column, v);
	}
}

static void
list_cond(uint64_t *r, const char *of, const char *column, const char *none, char filter[200], char sql[512])
{
	char	 v[128];
	unsigned k = pick(r, 8);

	if (k == 0) {
		(void)snprintf(filter, 200, "%s", none);
		(void)snprintf(sql, 512, strcmp(none, "none") == 0 ? "NOT EXISTS (SELECT 1 FROM %s x WHERE x.evidence = t.evidence)" :
		    "(NOT EXISTS (SELECT 1 FROM %s x WHERE x.evidence = t.evidence) OR EXISTS (SELECT 1 FROM %s x WHERE x.evidence ="
		    " t.evidence AND x.%s IS NULL))", of, of, column);
		return;
	}
	(void)snprintf(v, sizeof(v), "(SELECT %s FROM %s)", column, of);
	{
		sqlite3_stmt	*st;
		char		 text[256];

		(void)snprintf(text, sizeof(text), "SELECT DISTINCT %s FROM %s WHERE %s IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET %u", column, of,
		    column, pick(r, 5));
		assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
		(void)snprintf(v, sizeof(v), "%s", sqlite3_step(st) == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : "x");
		(void)sqlite3_finalize(st);
	}
	if (k == 1) {
		v[strlen(v) / 2 + 1] = '\0';
		(void)snprintf(filter, 200, "~%s", v);
		(void)snprintf(sql, 512, "EXISTS (SELECT 1 FROM %s x WHERE x.evidence = t.evidence AND instr(lower(x.%s), lower('%s')) > 0)",
		    of, column, v);
	} else {
		(void)snprintf(filter, 200, "%s", v);
		(void)snprintf(sql, 512, "EXISTS (SELECT 1 FROM %s x WHERE x.evidence = t.evidence AND lower(x.%s) = lower('%s'))", of,
		    column, v);
	}
}

static void
ip_cond(uint64_t *r, char filter[200], char sql[512])
{
	sqlite3_stmt	*st;

	switch (pick(r, 6)) {
	case 0:
		(void)snprintf(filter, 200, "198.51.100.77/24");
		(void)snprintf(sql, 512, "source_ip LIKE '198.51.100.%%'");
		break;
	case 1:
		(void)snprintf(filter, 200, "2001:db8::/32");
		(void)snprintf(sql, 512, "source_ip LIKE '2001:0db8:%%'");
		break;
	case 2:
		(void)snprintf(filter, 200, "unknown");
		(void)snprintf(sql, 512, "kind = 0");
		break;
	case 3:
		(void)snprintf(filter, 200, "0.0.0.0/0");
		(void)snprintf(sql, 512, "kind = 4");
		break;
	default:
		assert_int_equal(sqlite3_prepare_v2(db, "SELECT DISTINCT source_ip FROM t WHERE kind <> 0 ORDER BY 1 LIMIT 1 OFFSET ?1",
		    -1, &st, NULL), SQLITE_OK);
		(void)sqlite3_bind_int(st, 1, (int)pick(r, 70));
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		(void)snprintf(filter, 200, "%s", (const char *)sqlite3_column_text(st, 0));
		(void)snprintf(sql, 512, "source_ip = '%s'", filter);
		(void)sqlite3_finalize(st);
		break;
	}
}

static void
word_cond(const char *const *names, unsigned n, unsigned i, const char *column, char filter[200], char sql[512])
{
	(void)snprintf(filter, 200, "%s", names[i % n]);
	(void)snprintf(sql, 512, "%s = %u", column, i % n);
}

/* What the test's own files of places tell, in SQL; see set_up. */
#define COUNTRY_(any) "CASE WHEN kind = 0 THEN 'unknown' WHEN source_ip LIKE '192.0.2." any "' THEN 'DE'" \
	" WHEN source_ip LIKE '198.51.100." any "' AND CAST(substr(source_ip, 12) AS INTEGER) < 128 THEN 'FR'" \
	" WHEN source_ip LIKE '198.51.100." any "' THEN 'unknown' WHEN source_ip LIKE '2001:0db8:0001:" any "' THEN 'PT' ELSE 'reserved' END"
#define ASN_(any) "CASE WHEN kind = 0 THEN 'unknown' WHEN source_ip LIKE '192.0.2." any "' THEN '64500'" \
	" WHEN source_ip LIKE '198.51.100." any "' THEN '64501' WHEN source_ip LIKE '2001:0db8:0001:" any "' THEN '64500' ELSE 'unknown' END"
#define COUNTRY	COUNTRY_("%%")	/* in a format */
#define ASN	ASN_("%%")

static void
value_cond(uint64_t *r, enum query_key key, char f[200], char sql[512])
{
	static const char *const	 no_yes[] = { "no", "yes" };
	static const struct { const char *word, *in; } trusts[] = { { "unknown", "0" }, { "authenticated", "1" },
	    { "unauthenticated", "2, 3" }, { "authenticated-other", "2" }, { "failed", "3" } };
	static const char *const	 countries[] = { "DE", "FR", "PT", "IT", "unknown", "reserved" };
	static const char *const	 networks[] = { "64500", "64501", "64502", "unknown" };
	static const char *const	 hosts[] = { "one.example", "two.example", "four.example", "unknown", "none", "unconfirmed" };
	unsigned			 i = pick(r, 1000);

	switch (key) {
	case QK_DOMAIN:
		text_cond(r, "domain", f, sql);
		break;
	case QK_HFROM:
		text_cond(r, "header_from", f, sql);
		break;
	case QK_EFROM:
		if (i % 5 == 0) {
			(void)snprintf(f, 200, "%s", "<>");
			(void)snprintf(sql, 512, "coalesce(envelope_from = '', 0)");
		} else if (i % 5 == 1) {
			(void)snprintf(f, 200, "absent");
			(void)snprintf(sql, 512, "envelope_from IS NULL");
		} else {
			char	 one[512];

			text_cond(r, "envelope_from", f, one);
			(void)snprintf(sql, 512, "coalesce(%.490s, 0)", one);
		}
		break;
	case QK_IP:
		ip_cond(r, f, sql);
		break;
	case QK_REPORTER:
		if (i % 3 == 0) {
			(void)snprintf(f, 200, "Receiver C2");
			(void)snprintf(sql, 512, "reporter = 'receiver2.test'");
		} else
			text_cond(r, "reporter", f, sql);
		break;
	case QK_SPF:
		word_cond(auth_result_names, RES_COUNT, i, "spf_raw", f, sql);
		break;
	case QK_DKIM:
		word_cond(auth_result_names, RES_COUNT, i, "dkim_raw", f, sql);
		break;
	case QK_ALIGN:
		word_cond(query_align_names, ALIGN_COUNT, i, "align", f, sql);
		break;
	case QK_DISP:
		word_cond(disposition_names, DISP_COUNT, i, "disp", f, sql);
		break;
	case QK_REASON:
		list_cond(r, "ev_reason", "type", "none", f, sql);
		break;
	case QK_SELECTOR:
		list_cond(r, "evidence_dkim", "selector", "absent", f, sql);
		break;
	case QK_SIGDOMAIN:
		list_cond(r, "evidence_dkim", "domain", "absent", f, sql);
		break;
	case QK_CODE:
		(void)snprintf(f, 200, i % 2 == 0 ? "P%u" : "F%u", 1 + i / 2 % 11);
		(void)snprintf(sql, 512, "code = '%s'", f);
		break;
	case QK_FWD:
		word_cond(query_fwd_names, 3, i, "fwd", f, sql);
		break;
	case QK_DIFFERS:
		word_cond(no_yes, 2, i, "differs", f, sql);
		break;
	case QK_TRUST:
		(void)snprintf(f, 200, "%s", trusts[i % 5].word);
		(void)snprintf(sql, 512, "trust IN (%s)", trusts[i % 5].in);
		break;
	case QK_APART:	/* here everything counts; test_trusted.c has what does not */
		(void)snprintf(f, 200, "%s", i % 2 == 0 ? "no" : "all");
		(void)snprintf(sql, 512, "1");
		break;
	case QK_SENDER:
		(void)snprintf(f, 200, "%u", i % 11);
		(void)snprintf(sql, 512, "sender = %s", f);
		break;
	case QK_SPFDOMAIN:
		list_cond(r, "evidence_spf", "domain", "absent", f, sql);
		break;
	case QK_HEALTH:	/* asked_make knows the days and domains that health is of */
		(void)snprintf(f, 200, "%s", sender_health_names[i % HEALTH_COUNT]);
		(void)snprintf(sql, 512, "(SELECT h FROM health WHERE health.sender = t.sender) = %u", i % HEALTH_COUNT);
		break;
	case QK_COUNTRY:
		(void)snprintf(f, 200, "%s", countries[i % nitems(countries)]);
		(void)snprintf(sql, 512, COUNTRY " = '%s'", f);
		break;
	case QK_ASN:
		if (i % 5 == 0) {
			(void)snprintf(f, 200, "~twO");
			(void)snprintf(sql, 512, ASN " = '64501'");
		} else {
			(void)snprintf(f, 200, "%s%s", i % 5 == 1 ? "AS" : "", networks[i % nitems(networks)]);
			(void)snprintf(sql, 512, ASN " = '%s'", networks[i % nitems(networks)]);
			if (strcmp(f, "ASunknown") == 0)
				(void)snprintf(f, 200, "unknown");
		}
		break;
	case QK_PTR:
		if (i % 3 == 0) {
			text_cond(r, "host", f, sql);
			break;
		}
		(void)snprintf(f, 200, "%s", hosts[i % nitems(hosts)]);
		(void)snprintf(sql, 512, "host_in = '%s'", f);
		break;
	case QK_CLASS:
		word_cond(sender_class_names, CLASS_COUNT, i, "class", f, sql);
		break;
	default:
		(void)snprintf(f, 200, "%u", 1 + i % seed_small.reports);
		(void)snprintf(sql, 512, "report = %s", f);
		break;
	}
}

/* One or two values, perhaps negated. */
static void
make_cond(uint64_t *r, enum query_key key, struct cond *c)
{
	char	 f[2][200], sql[2][512];
	bool	 negated = pick(r, 3) == 0, two = pick(r, 3) == 0;

	value_cond(r, key, f[0], sql[0]);
	value_cond(r, key, f[1], sql[1]);
	/* a comma inside of a value cannot be said, and here none has one */
	(void)snprintf(c->filter, sizeof(c->filter), "%s%.100s%s%.100s", negated ? "!" : "", f[0], two ? "," : "", two ? f[1] : "");
	(void)snprintf(c->sql, sizeof(c->sql), "%s(%.480s%s%.480s)", negated ? "NOT " : "", sql[0], two ? " OR " : "", two ? sql[1] : "");
}

/* How well each sender does in these days, to these domains. */
static void
health_make(const struct query_range *r, const char *domain)
{
	assert_int_equal(seed_sql(db, "DELETE FROM health; INSERT INTO health SELECT sender, CASE WHEN %lld - max(day) >= 30 THEN 5"
	    " WHEN sum(count * (align < 3)) * 100 >= sum(count) * 98 THEN CASE WHEN sum(count * (align IN (0, 2))) * 100 >= sum(count) * 90"
	    " AND sum(count * (align IN (0, 1))) * 100 >= sum(count) * 90 THEN 1 ELSE 2 END"
	    " WHEN sum(count * (align < 3)) * 100 >= sum(count) * 50 THEN 3 ELSE 4 END"
	    " FROM t WHERE day BETWEEN %lld AND %lld AND %s GROUP BY sender", (long long)r->to, (long long)r->from, (long long)r->to, domain), 0);
}

struct asked {
	struct query_filter	 f;
	struct query_range	 r;
	char			 where[4096], text[1024];
};

static void
asked_make(struct query *q, uint64_t *r, struct asked *a, int key)
{
	bool		 used[QK_COUNT] = { false };
	unsigned	 n = 1 + pick(r, 3);
	char		 domain[1100] = "1";
	struct err	 e = { 0 };
	struct cond	 c;
	size_t		 w, t = 0;

	query_filter_init(&a->f);
	a->f.from = seed_small.first_day + pick(r, seed_small.days);
	a->f.to = a->f.from + pick(r, seed_small.days);
	if (pick(r, 3) == 0) {
		a->f.from = a->f.to = DAY_NONE;
		a->f.all = true;
	}
	assert_int_equal(query_filter_range(q, &a->f, &a->r, &e), 0);
	w = (size_t)snprintf(a->where, sizeof(a->where), "day BETWEEN %lld AND %lld", (long long)a->r.from, (long long)a->r.to);
	a->text[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		unsigned	 k = i == 0 && key >= 0 ? (unsigned)key : pick(r, QK_COUNT);

		if (used[k])
			continue;
		used[k] = true;
		make_cond(r, (enum query_key)k, &c);
		if (query_filter_set(&a->f, str_of(query_key_names[k]), str_of(c.filter), &e) == -1)
			fail_msg("%s=%s: %s", query_key_names[k], c.filter, e.msg);
		w += (size_t)snprintf(a->where + w, sizeof(a->where) - w, " AND %s", c.sql);
		if (k == QK_DOMAIN)
			(void)snprintf(domain, sizeof(domain), "%s", c.sql);
		t += (size_t)snprintf(a->text + t, sizeof(a->text) - t, "%s=%s ", query_key_names[k], c.filter);
	}
	health_make(&a->r, domain);
}

static int64_t
truth(const struct asked *a, const char *what)
{
	char	 sql[6000];

	(void)snprintf(sql, sizeof(sql), "SELECT coalesce(%s, 0) FROM t WHERE %s", what, a->where);
	return (seed_int(db, "%s", sql));
}

/* --- Sums ---------------------------------------------------------------------------------- */

#define EQUAL(a, have, what) do {									\
	int64_t	 have_ = (int64_t)(have), want_ = truth(a, what);					\
	if (have_ != want_)										\
		fail_msg("%s: %s is %lld, SQL says %lld (%s)", (a)->text, what, (long long)have_,	\
		    (long long)want_, (a)->where);							\
} while (0)

static void
check_total(struct query *q, const struct asked *a)
{
	struct query_total	 t;
	struct query_counts	*c = &t.counts;
	struct err		 e = { 0 };

	if (query_total(q, &a->f, &a->r, &t, &e) == -1)
		fail_msg("%s: %s", a->text, e.msg);
	EQUAL(a, c->m, "sum(count)");
	EQUAL(a, t.rows, "count(*)");
	EQUAL(a, c->both, "sum(count * (align = 0))");
	EQUAL(a, c->dkim_only, "sum(count * (align = 1))");
	EQUAL(a, c->spf_only, "sum(count * (align = 2))");
	EQUAL(a, c->fail_fwd, "sum(count * (align = 3 AND fwd > 0))");
	EQUAL(a, c->fail_fix, "sum(count * (align = 3 AND fwd = 0 AND class IN (2, 5, 6)))");
	EQUAL(a, c->fail_unk, "sum(count * (align = 3 AND fwd = 0 AND class NOT IN (2, 3, 4, 5, 6)))");
	EQUAL(a, c->yours, "sum(count * (fwd = 0 AND class IN (2, 5, 6)))");
	EQUAL(a, c->yours_pass, "sum(count * (align < 3 AND fwd = 0 AND class IN (2, 5, 6)))");
	EQUAL(a, c->yours_dkim, "sum(count * (align < 2 AND fwd = 0 AND class IN (2, 5, 6)))");
	EQUAL(a, c->forwarded, "sum(count * (fwd > 0))");
	EQUAL(a, c->stopped, "sum(count * (align = 3 AND fwd = 0 AND class NOT IN (2, 3, 4, 5, 6) AND disp IN (1, 2)))");
	EQUAL(a, c->untold, "sum(count * (align = 4))");
	EQUAL(a, c->disp[DISP_REJECT], "sum(count * (disp = 2))");
	EQUAL(a, c->disp[DISP_OTHER], "sum(count * (disp = 4))");
	EQUAL(a, c->collateral, "sum(count * (align = 3 AND (fwd > 0 OR class BETWEEN 2 AND 6) AND disp IN (1, 2)))");
	EQUAL(a, c->leaked, "sum(count * (align = 3 AND NOT (fwd > 0 OR class BETWEEN 2 AND 6) AND disp IN (0, 3)))");
	EQUAL(a, c->differs, "sum(count * differs)");
	EQUAL(a, c->overridden, "sum(count * overridden)");
	EQUAL(a, t.legs.spf.aligned, "sum(count * (pe_spf = 1))");
	EQUAL(a, t.legs.spf.pass, "sum(count * (spf_raw = 2))");
	EQUAL(a, t.legs.dkim.fail, "sum(count * (dkim_raw IN (3, 4, 5, 6)))");
	EQUAL(a, t.legs.dkim.error, "sum(count * (dkim_raw IN (7, 8, 9)))");
	EQUAL(a, t.legs.dkim.absent, "sum(count * (dkim_raw = 0))");
	assert_int_equal(t.legs.spf.pass + t.legs.spf.fail + t.legs.spf.none + t.legs.spf.error + t.legs.spf.absent, c->m);
	if (c->m > 0) {
		EQUAL(a, t.first_day, "min(day)");
		EQUAL(a, t.last_day, "max(day)");
	}
}

#define HEALTH "(SELECT h FROM health WHERE health.sender = t.sender)"
/* In the test's own addresses each network of /24 and /48 is written in the first part of the text. */
#define PREFIX "CASE kind WHEN 0 THEN 'unknown' WHEN 4 THEN rtrim(source_ip, '0123456789') || '0/24' ELSE CASE substr(source_ip, 11, 4) " \
	"WHEN '0000' THEN '2001:db8::/48' WHEN '0001' THEN '2001:db8:1::/48' ELSE '2001:db8:2::/48' END END"
static bool	 in_parts;	/* so few sums are held that breakdowns take several passes */

/* Groups come in pages without repetition; together they are all groups. */
static void
check_groups(struct query *q, const struct asked *a, uint64_t *r, enum query_by by)
{
	static const char *const	 sorts[] = { "-m", "m", "-pass", "fail", "key", "-key", "first", "-last" };
	static const char *const	 columns[BY_COUNT] = { [BY_REPORTER] = "reporter", [BY_DOMAIN] = "domain", [BY_HFROM] = "header_from",
	    [BY_CODE] = "code", [BY_IP] = "CASE WHEN kind = 0 THEN 'unknown' ELSE source_ip END",
	    [BY_EFROM] = "CASE WHEN envelope_from IS NULL THEN 'absent' WHEN envelope_from = '' THEN '<>' ELSE envelope_from END",
	    [BY_SPF] = "spf_raw", [BY_DKIM] = "dkim_raw", [BY_ALIGN] = "align", [BY_DISP] = "disp", [BY_FWD] = "fwd", [BY_SENDER] = "CAST(sender AS TEXT)",
	    [BY_CLASS] = "class", [BY_PREFIX] = PREFIX, [BY_HEALTH] = HEALTH, [BY_DIFFERS] = "differs", [BY_TRUST] = "trust",
	    [BY_COUNTRY] = COUNTRY_("%"), [BY_ASN] = ASN_("%"), [BY_PTR] = "host_in" };
	struct query_page		 page = { .sort = sorts[pick(r, nitems(sorts))], .limit = 1 + pick(r, 9) };
	struct query_breakdown		 b;
	struct err			 e = { 0 };
	uint64_t			 n = 0, m = 0, rows = 0;
	char				 what[1024];
	json_t				*seen = json_object();

	if (in_parts && strstr(page.sort, "key") != NULL)
		page.sort = "-fail";
	do {
		if (query_breakdown(q, &a->f, &a->r, by, &page, &b, &e) == -1)
			fail_msg("%s by %s: %s", a->text, query_by_names[by], e.msg);
		EQUAL(a, b.total_m, "sum(count)");
		for (size_t i = 0; i < b.nitems; i++) {
			char	 key[256];

			(void)snprintf(key, sizeof(key), "%.*s", (int)b.items[i].key.len, b.items[i].key.p);
			if (json_object_get(seen, key) != NULL)
				fail_msg("%s by %s, sort %s: %s comes again", a->text, query_by_names[by], page.sort, key);
			json_object_set_new(seen, key, json_true());
			n++;
			m += b.items[i].counts.m;
			rows += b.items[i].rows;
			if ((by == BY_HFROM || by == BY_DOMAIN || by == BY_REPORTER || by == BY_CODE || by == BY_SENDER ||
			    by == BY_PREFIX || by == BY_COUNTRY || by == BY_ASN || by == BY_PTR) && pick(r, 4) == 0) {
				(void)snprintf(what, sizeof(what), "sum(count * (%s = '%s'))", columns[by], key);
				EQUAL(a, b.items[i].counts.m, what);
				(void)snprintf(what, sizeof(what), "sum(count * (%s = '%s' AND align = 1))", columns[by], key);
				EQUAL(a, b.items[i].counts.dkim_only, what);
			}
			if (by == BY_SELECTOR && strcmp(key, "absent") != 0) {
				(void)snprintf(what, sizeof(what), "sum(count * EXISTS (SELECT 1 FROM evidence_dkim x WHERE x.evidence ="
				    " t.evidence AND x.selector = '%s'))", key);
				EQUAL(a, b.items[i].counts.m, what);
			}
			if (by == BY_SPFDOMAIN && strcmp(key, "absent") != 0) {
				(void)snprintf(what, sizeof(what), "sum(count * EXISTS (SELECT 1 FROM evidence_spf x WHERE x.evidence ="
				    " t.evidence AND x.domain = '%s'))", key);
				EQUAL(a, b.items[i].counts.m, what);
			}
			if (by == BY_REASON && strcmp(key, "none") != 0) {
				(void)snprintf(what, sizeof(what), "sum(count * EXISTS (SELECT 1 FROM ev_reason x WHERE x.evidence ="
				    " t.evidence AND x.type = '%s'))", key);
				EQUAL(a, b.items[i].counts.m, what);
			}
			if (by == BY_IP && b.items[i].family == 4) {
				(void)snprintf(what, sizeof(what), "count(DISTINCT CASE WHEN source_ip = '%s' THEN reporter END)", key);
				EQUAL(a, b.items[i].reporters, what);
				(void)snprintf(what, sizeof(what), "sum(count * (source_ip = '%s' AND header_from = '%.*s'))", key,
				    (int)b.items[i].hfrom[0].key.len, b.items[i].hfrom[0].key.p);
				EQUAL(a, b.items[i].hfrom[0].m, what);
			}
		}
		if (b.next != NULL)
			assert_int_equal(b.nitems, page.limit);
		assert_int_equal(b.other_n, b.total_n - n);
		page.cursor = b.next;
	} while (b.next != NULL);
	json_decref(seen);
	if (columns[by] != NULL) {
		EQUAL(a, m, "sum(count)");
		EQUAL(a, rows, "count(*)");
		assert_int_equal(b.other_m, 0);
		(void)snprintf(what, sizeof(what), "count(DISTINCT %s)", columns[by]);
		EQUAL(a, n, what);
	}
}

static void
check_series(struct query *q, const struct asked *a, uint64_t *r)
{
	struct query_series	 s;
	struct err		 e = { 0 };
	uint64_t		 m = 0, day = 0;
	enum query_by		 by = (enum query_by)pick(r, BY_CODE + 1);
	bool			 week = pick(r, 2) == 0;
	size_t			 at;
	char			 what[256];

	if (query_series(q, &a->f, &a->r, by, week, 1 + pick(r, 4), MEASURE_M, &s, &e) == -1)
		fail_msg("%s: %s", a->text, e.msg);
	at = pick(r, (unsigned)s.ndays);
	for (size_t i = 0; i < s.nlines; i++)
		for (size_t k = 0; k < s.ndays; k++) {
			m += s.lines[i].values[k];
			day += k == at ? s.lines[i].values[k] : 0;
		}
	EQUAL(a, m, "sum(count)");
	assert_int_equal(s.days[0], a->r.from);
	(void)snprintf(what, sizeof(what), "sum(count * (day BETWEEN %lld AND %lld))", (long long)s.days[at],
	    (long long)(at + 1 < s.ndays ? s.days[at + 1] - 1 : a->r.to));
	EQUAL(a, day, what);
	for (size_t k = 1; week && k < s.ndays; k++)
		assert_int_equal((s.days[k] + 3) % 7, 0);	/* Mondays */
}

/* What each measure is, in SQL. */
static const char *const	 measured[MEASURE_COUNT] = {
	[MEASURE_M] = "1", [MEASURE_PASS] = "align < 3", [MEASURE_FAIL] = "align = 3",
	[MEASURE_FAIL_FIX] = "align = 3 AND fwd = 0 AND class IN (2, 5, 6)", [MEASURE_FAIL_FWD] = "align = 3 AND fwd > 0",
	[MEASURE_FAIL_UNK] = "align = 3 AND fwd = 0 AND class NOT BETWEEN 2 AND 6", [MEASURE_QUARANTINE] = "disp = 1",
	[MEASURE_REJECT] = "disp = 2", [MEASURE_OVERRIDDEN] = "overridden",
	[MEASURE_COLLATERAL] = "align = 3 AND (fwd > 0 OR class BETWEEN 2 AND 6) AND disp IN (1, 2)",
	[MEASURE_LEAKED] = "align = 3 AND fwd = 0 AND class NOT BETWEEN 2 AND 6 AND disp IN (0, 3)", [MEASURE_DIFFERS] = "differs",
	[MEASURE_PASS_RATE] = "align < 3", [MEASURE_LEGIT_PASS] = "align < 3 AND fwd = 0 AND class IN (2, 5, 6)",
	[MEASURE_DKIM_COVER] = "align < 2 AND fwd = 0 AND class IN (2, 5, 6)",
};

/* Nothing is lost between two stages, and every link is what SQL says. */
static void
check_flow(struct query *q, const struct asked *a, uint64_t *r)
{
	static const char *const	 auths[] = { "pass_pass", "pass_fail", "pass_none", "fail_pass", "fail_fail", "fail_none" };
	static const char *const	 aligns[] = { "both", "dkim", "spf", "none", "untold" };
	static const enum query_by	 bys[] = { BY_SENDER, BY_REPORTER, BY_DOMAIN, BY_IP, BY_PREFIX, BY_HFROM, BY_CLASS, BY_CODE };
	enum query_by			 by = bys[pick(r, nitems(bys))];
	enum query_measure		 m = (enum query_measure)pick(r, MEASURE_RATES);
	unsigned			 top = 1 + pick(r, QUERY_FLOW_TOP);
	struct query_flow		 v;
	struct err			 e = { 0 };
	uint64_t			 in[64] = { 0 }, out[64] = { 0 }, stage[STAGES] = { 0 }, over = 0;
	char				 what[1024];

	if (query_flow(q, &a->f, &a->r, by, top, m, &v, &e) == -1)
		fail_msg("%s flow by %s: %s", a->text, query_by_names[by], e.msg);
	(void)snprintf(what, sizeof(what), "sum(count * (%s))", measured[m]);
	EQUAL(a, v.m, what);
	assert_true(v.nnodes <= QUERY_FLOW_TOP + 1 + 6 + 5 + 4);
	for (size_t i = 0; i < v.nlinks; i++) {
		const struct query_link	*l = &v.links[i];
		const struct query_node	*from = &v.nodes[l->from], *to = &v.nodes[l->to];

		assert_true(l->from < v.nnodes && l->to < v.nnodes && to->stage == from->stage + 1);
		out[l->from] += l->m;
		in[l->to] += l->m;
		over += l->overruled;
		assert_true(from->stage == STAGE_ALIGN || l->overruled == 0);
		if (from->stage == STAGE_AUTH && pick(r, 4) == 0) {
			(void)snprintf(what, sizeof(what), "sum(count * (%s AND CASE WHEN spf_raw = 2 THEN 0 ELSE 3 END + CASE WHEN dkim_raw = 2 THEN 0"
			    " WHEN dkim_raw IN (0, 1) THEN 2 ELSE 1 END = (SELECT value FROM json_each('{\"%s\":0,\"%s\":1,\"%s\":2,\"%s\":3,\"%s\":4,"
			    "\"%s\":5}') WHERE key = '%.*s') AND align = (SELECT value FROM json_each('{\"%s\":0,\"%s\":1,\"%s\":2,\"%s\":3,\"%s\":4}')"
			    " WHERE key = '%.*s') AND %s))", measured[m], auths[0], auths[1], auths[2], auths[3], auths[4], auths[5], (int)from->key.len,
			    from->key.p, aligns[0], aligns[1], aligns[2], aligns[3], aligns[4], (int)to->key.len, to->key.p,
			    strcmp(l->outcome, "fail_fix") == 0 ? measured[MEASURE_FAIL_FIX] : strcmp(l->outcome, "fail_fwd") == 0 ?
			    measured[MEASURE_FAIL_FWD] : strcmp(l->outcome, "fail_unk") == 0 ? measured[MEASURE_FAIL_UNK] : "1");
			EQUAL(a, l->m, what);
		}
	}
	for (size_t i = 0; i < v.nnodes; i++) {
		const struct query_node	*n = &v.nodes[i];

		stage[n->stage] += n->m;
		assert_true(n->stage == STAGE_GROUP || in[i] == n->m);
		assert_true(n->stage == STAGE_DISP || out[i] == n->m);
		if (n->stage == STAGE_GROUP && by == BY_HFROM && n->key.p != NULL) {
			(void)snprintf(what, sizeof(what), "sum(count * (%s AND header_from = '%.*s'))", measured[m], (int)n->key.len, n->key.p);
			EQUAL(a, n->m, what);
		}
	}
	for (int s = 0; s < STAGES; s++)
		assert_int_equal(stage[s], v.m);
	(void)snprintf(what, sizeof(what), "sum(count * (%s AND overridden))", measured[m]);
	EQUAL(a, over, what);
	assert_int_equal(query_flow(q, &a->f, &a->r, BY_SELECTOR, 3, MEASURE_M, &v, &e), -1);
}

static void
check_heat(struct query *q, const struct asked *a, uint64_t *r)
{
	static const enum query_by	 bys[] = { BY_SENDER, BY_REPORTER, BY_DOMAIN, BY_IP, BY_PREFIX, BY_HFROM, BY_CLASS, BY_CODE };
	static const char *const	 columns[BY_COUNT] = { [BY_REPORTER] = "reporter", [BY_DOMAIN] = "domain", [BY_HFROM] = "header_from" };
	enum query_by			 by = bys[pick(r, nitems(bys))];
	enum query_measure		 m = (enum query_measure)pick(r, MEASURE_COUNT);
	bool				 week = pick(r, 3) == 0;
	struct query_heat		 v;
	struct err			 e = { 0 };
	uint64_t			 all = 0, part = 0, whole = 0, day = 0;
	size_t				 at;
	char				 what[1024];

	if (query_heat(q, &a->f, &a->r, by, week, 1 + pick(r, 30), m, &v, &e) == -1)
		fail_msg("%s heat by %s: %s", a->text, query_by_names[by], e.msg);
	at = pick(r, (unsigned)v.ndays);
	for (size_t i = 0; i < v.nrows; i++) {
		all += v.rows[i].m;
		for (size_t k = 0; k < v.ndays; k++) {
			part += v.rows[i].part[k];
			day += k == at ? v.rows[i].part[k] : 0;
			whole += v.rows[i].whole == NULL ? 0 : v.rows[i].whole[k];
			assert_true(v.rows[i].known[k] || v.rows[i].part[k] == 0);
		}
		if (columns[by] != NULL && v.rows[i].key.p != NULL) {
			(void)snprintf(what, sizeof(what), "sum(count * (%s = '%.*s' AND %s AND day BETWEEN %lld AND %lld))", columns[by],
			    (int)v.rows[i].key.len, v.rows[i].key.p, measured[m], (long long)v.days[at],
			    (long long)(at + 1 < v.ndays ? v.days[at + 1] - 1 : a->r.to));
			EQUAL(a, v.rows[i].part[at], what);
		}
	}
	(void)snprintf(what, sizeof(what), "sum(count * (%s))", measured[m]);
	EQUAL(a, part, what);
	(void)snprintf(what, sizeof(what), "sum(count * (%s AND day BETWEEN %lld AND %lld))", measured[m], (long long)v.days[at],
	    (long long)(at + 1 < v.ndays ? v.days[at + 1] - 1 : a->r.to));
	EQUAL(a, day, what);
	if (m >= MEASURE_RATES) {
		EQUAL(a, all, "sum(count)");
		EQUAL(a, whole, m == MEASURE_PASS_RATE ? "sum(count)" : "sum(count * (fwd = 0 AND class IN (2, 5, 6)))");
	}
}

static void
check_rows(struct query *q, const struct asked *a, uint64_t *r)
{
	static const char *const	 sorts[] = { "-m", "m", "-day", "day", "seq" };
	struct query_page		 page = { .sort = sorts[pick(r, nitems(sorts))], .limit = 20 + pick(r, 200), .total = pick(r, 2) == 0 };
	struct query_rows		 rows;
	struct err			 e = { 0 };
	uint64_t			 n = 0, m = 0;
	int64_t				 last = INT64_MIN, v;
	json_t				*seen = json_object();
	char				 key[64];

	do {
		if (query_rows(q, &a->f, &a->r, &page, &rows, &e) == -1)
			fail_msg("%s: %s", a->text, e.msg);
		for (size_t i = 0; i < rows.nitems; i++) {
			const struct query_row	*x = &rows.items[i];

			(void)snprintf(key, sizeof(key), "%lld#%llu", (long long)x->report, (unsigned long long)x->seq);
			if (json_object_get(seen, key) != NULL)
				fail_msg("%s sort %s: row %s comes again", a->text, page.sort, key);
			json_object_set_new(seen, key, json_true());
			v = strstr(page.sort, "day") != NULL ? x->day : strcmp(page.sort, "seq") == 0 ? (int64_t)x->seq : (int64_t)x->count;
			v = page.sort[0] == '-' ? -v : v;
			assert_true(v >= last);
			last = v;
			n++;
			m += x->count;
		}
		if (page.total && page.cursor == NULL) {
			EQUAL(a, rows.total_n, "count(*)");
			EQUAL(a, rows.total_m, "sum(count)");
		}
		page.cursor = rows.next;
	} while (rows.next != NULL);
	json_decref(seen);
	EQUAL(a, n, "count(*)");
	EQUAL(a, m, "sum(count)");
}

static void
check_reports(struct query *q, const struct asked *a, uint64_t *r)
{
	static const char *const	 sorts[] = { "-received", "received", "-m", "-day" };
	struct query_page		 page = { .sort = sorts[pick(r, nitems(sorts))], .limit = 1 + pick(r, 50) };
	struct query_reports		 list;
	struct err			 e = { 0 };
	uint64_t			 n = 0;
	bool				 inside = false;

	/* Reports without a row are none of SQL's business here. */
	for (size_t i = 0; i < a->f.nclauses; i++)
		inside = inside || (a->f.clauses[i].key != QK_DOMAIN && a->f.clauses[i].key != QK_REPORTER &&
		    a->f.clauses[i].key != QK_REPORT && a->f.clauses[i].key != QK_TRUST && a->f.clauses[i].key != QK_APART);
	if (!inside)
		return;
	do {
		if (query_reports(q, &a->f, &a->r, false, &page, &list, &e) == -1)
			fail_msg("%s: %s", a->text, e.msg);
		EQUAL(a, list.total_n, "count(DISTINCT report)");
		n += list.nids;
		page.cursor = list.next;
	} while (list.next != NULL);
	EQUAL(a, n, "count(DISTINCT report)");
}

static void
check_domains(struct query *q, const struct asked *a)
{
	struct query_domains	 d;
	struct err		 e = { 0 };
	uint64_t		 m = 0, spark = 0, pass = 0;

	if (query_domains(q, &a->f, &a->r, NULL, &d, &e) == -1)
		fail_msg("%s: %s", a->text, e.msg);
	for (size_t i = 0; i < d.nitems; i++) {
		m += d.items[i].counts.m;
		for (size_t k = 0; k < d.ndays; k++) {
			spark += d.items[i].spark[k];
			pass += d.items[i].spark_pass[k];
		}
	}
	EQUAL(a, m, "sum(count)");
	EQUAL(a, spark, "sum(count)");
	EQUAL(a, pass, "sum(count * (align < 3))");
}

static void
test_random(void **state)
{
	uint64_t	 r = 7;
	struct asked	 a;

	(void)state;
	for (int i = 0; i < (getenv("DMARCD_TEST_FEW") == NULL ? FILTERS : 8); i++) {
		struct query	*q = ask();

		asked_make(q, &r, &a, i % QK_COUNT);
		check_total(q, &a);
		check_groups(q, &a, &r, (enum query_by)(BY_REPORTER + pick(&r, BY_COUNT - 1)));
		check_series(q, &a, &r);
		check_flow(q, &a, &r);
		check_heat(q, &a, &r);
		check_rows(q, &a, &r);
		check_reports(q, &a, &r);
		check_domains(q, &a);
		query_filter_free(&a.f);
		query_end(q);
	}
}

static void
test_every_breakdown(void **state)
{
	uint64_t	 r = 99;
	struct asked	 a = { .where = "1", .text = "all" };
	struct query	*q = ask();
	struct err	 e = { 0 };

	(void)state;
	query_filter_init(&a.f);
	a.f.all = true;
	assert_int_equal(query_filter_range(q, &a.f, &a.r, &e), 0);
	health_make(&a.r, "1");
	for (unsigned by = BY_REPORTER; by < BY_COUNT; by++)
		for (int i = 0; i < (getenv("DMARCD_TEST_FEW") == NULL ? 5 : 1); i++)
			check_groups(q, &a, &r, (enum query_by)by);
	query_end(q);
}

/* However little is held: the same answers, and never more than that. */
static void
test_held(void **state)
{
	static const size_t	 bytes[] = { 0, 6000, (size_t)1 << 20 };
	uint64_t		 r = 5;
	struct asked		 a = { .where = "1", .text = "all" };
	struct query_page	 page = { .sort = "key", .limit = 5 };
	struct query_breakdown	 b;
	struct store		*other = store;
	struct query		*q;
	struct err		 e = { 0 };

	(void)state;
	query_filter_init(&a.f);
	a.f.all = true;
	in_parts = true;
	assert_int_equal(query_held(), 0);
	for (size_t k = 0; k < nitems(bytes); k++) {
		assert_non_null(store = store_open(dir, STORE_READ, &e));
		q = ask();
		assert_int_equal(query_filter_range(q, &a.f, &a.r, &e), 0);
		health_make(&a.r, "1");
		for (unsigned by = BY_REPORTER; by < BY_COUNT; by++) {
			/* of what there is much of, some parts; of the rest, more than is needed */
			query_hold(q, by == BY_IP || by == BY_HFROM || by == BY_EFROM || by == BY_SELECTOR ? 700 : 5000, bytes[k], 0);
			check_groups(q, &a, &r, (enum query_by)by);
		}
		check_rows(q, &a, &r);
		assert_true(query_held() <= bytes[k]);
		assert_true((query_held() > 0) == (bytes[k] > 0));
		query_end(q);
		store_close(store);
		assert_int_equal(query_held(), 0);
	}
	/* of rows likewise */
	for (size_t k = 0; k < nitems(bytes); k++) {
		assert_non_null(store = store_open(dir, STORE_READ, &e));
		q = ask();
		query_hold(q, (size_t)1 << 18, (size_t)64 << 20, bytes[k]);
		check_groups(q, &a, &r, BY_IP);
		check_groups(q, &a, &r, BY_DOMAIN);
		assert_true(query_columns_held() <= bytes[k]);
		assert_true((query_columns_held() > 0) == (bytes[k] > 0));
		query_end(q);
		store_close(store);
		assert_int_equal(query_columns_held(), 0);
	}
	store = other;
	in_parts = false;
	/* what cannot be done with so little says what to do instead */
	q = ask();
	query_hold(q, 20, 0, 0);
	assert_int_equal(query_breakdown(q, &a.f, &a.r, BY_IP, &page, &b, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_non_null(strstr(e.msg, "fewer days"));
	page.sort = NULL;
	query_hold(q, 1, 0, 0);
	assert_int_equal(query_breakdown(q, &a.f, &a.r, BY_IP, &page, &b, &e), -1);
	assert_non_null(strstr(e.msg, "fewer days"));
	query_end(q);
	query_filter_free(&a.f);
}

/* --- The grammar --------------------------------------------------------------------------- */

static void
test_grammar(void **state)
{
	static const struct { const char *key, *value, *want; } cases[] = {
		{ "domain", "example.com", NULL }, { "domain", "Example.COM.", NULL }, { "org", "x", NULL },
		{ "ip", "192.0.2.1", NULL }, { "ip", "192.0.2.0/24", NULL }, { "ip", "2001:db8::/32", NULL }, { "ip", "unknown", NULL },
		{ "t", "30d", NULL }, { "t", "all", NULL }, { "from", "2026-05-01", NULL }, { "spf", "!pass,none", NULL },
		{ "align", "untold", NULL }, { "code", "P11,F12", NULL }, { "fwd", "certain,likely", NULL }, { "health", "one_leg", NULL }, { "spfdomain", "~mail", NULL },
		{ "health", "well", "health" }, { "differs", "yes", NULL },
		{ "efrom", "<>", NULL }, { "selector", "~mail", NULL }, { "report", "12", NULL },
		{ "ip", "192.0.2.0/33", "ip" }, { "ip", "192.0.2", "ip" }, { "ip", "::/129", "ip" }, { "ip", "~192", "ip" },
		{ "spf", "passed", "spf" }, { "align", "yes", "align" }, { "disp", "block", "disp" }, { "code", "P12", "code" },
		{ "code", "F0", "code" }, { "t", "0d", "t" }, { "t", "801d", "t" }, { "t", "week", "t" }, { "from", "2026-02-30", "from" },
		{ "to", "yesterday", "to" }, { "report", "x", "report" }, { "domain", "", "domain" }, { "domain", "a,,b", "domain" },
		{ "hfrom", "~", "hfrom" }, { "sender", "x", "sender" }, { "fwd", "maybe", "fwd" }, { "differs", "1", "differs" },
	};
	struct query_filter	 f;
	struct err		 e;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		int	 rv;

		query_filter_init(&f);
		memset(&e, 0, sizeof(e));
		rv = query_filter_set(&f, str_of(cases[i].key), str_of(cases[i].value), &e);
		if ((rv == -1) != (cases[i].want != NULL) || (rv == -1 && (e.code != ERR_CONFIG || strstr(e.msg, cases[i].want) == NULL)))
			fail_msg("%s=%s: %d %s", cases[i].key, cases[i].value, rv, e.msg);
		query_filter_free(&f);
	}
	/* the same key again: more values; with a "!" another clause */
	query_filter_init(&f);
	assert_int_equal(query_filter_set(&f, STR("disp"), STR("none"), &e), 0);
	assert_int_equal(query_filter_set(&f, STR("disp"), STR("reject"), &e), 0);
	assert_int_equal(query_filter_set(&f, STR("disp"), STR("!pass"), &e), 0);
	assert_int_equal(f.nclauses, 2);
	assert_int_equal(f.clauses[0].nvalues, 2);
	query_filter_free(&f);
}

static void
test_cursors(void **state)
{
	static const char *const	 bad[] = { "x", "-m_1", "-m_1_2_3_", "-m_1_2_3_4_5", "day_1_2_3_4", "m_1_2_3_4", "-m_a_b_c_d" };
	struct query			*q = ask();
	struct query_filter		 f;
	struct query_range		 r;
	struct query_rows		 rows;
	struct err			 e;

	(void)state;
	query_filter_init(&f);
	f.all = true;
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	for (size_t i = 0; i < nitems(bad); i++) {
		struct query_page	 page = { .cursor = bad[i], .limit = 5 };

		assert_int_equal(query_rows(q, &f, &r, &page, &rows, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_non_null(strstr(e.msg, "cursor"));
	}
	{
		struct query_page	 page = { .sort = "-color", .limit = 5 };

		assert_int_equal(query_rows(q, &f, &r, &page, &rows, &e), -1);
		assert_non_null(strstr(e.msg, "sort"));
	}
	query_end(q);
}

/* --- Time, policies, reports ------------------------------------------------------------------ */

static void
test_range(void **state)
{
	struct query		*q = ask();
	struct query_filter	 f;
	struct query_range	 r;
	struct query_meta	 m;
	struct err		 e = { 0 };

	(void)state;
	assert_int_equal(query_meta(q, &m, &e), 0);
	assert_int_equal(m.first_day, seed_int(db, "SELECT min(day) FROM report WHERE superseded_by IS NULL"));
	assert_int_equal(m.last_day, seed_int(db, "SELECT max(day) FROM report WHERE superseded_by IS NULL"));
	assert_int_equal(m.domains, seed_small.domains);
	assert_int_equal(m.records, seed_int(db, "SELECT sum(records) FROM report WHERE superseded_by IS NULL"));
	query_filter_init(&f);
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	assert_int_equal(r.to, r.complete_through);
	assert_int_equal(r.to - r.from, 29);
	f.days = 7;
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	assert_int_equal(r.to - r.from, 6);
	f.from = 20000;
	f.to = 20800;
	assert_int_equal(query_filter_range(q, &f, &r, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	f.to = 20799;
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	f.to = 19999;
	assert_int_equal(query_filter_range(q, &f, &r, &e), -1);
	/* a report asked for by its number is found whenever it was */
	query_filter_init(&f);
	assert_int_equal(query_filter_set(&f, STR("report"), STR("3"), &e), 0);
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	assert_int_equal(r.from, m.first_day);
	query_filter_free(&f);
	query_end(q);
}

/* Reporters 1 to 4 are regular; on the last days some of them have not reported yet. */
static void
test_complete(void **state)
{
	static const struct seed	 empty = { .rng = 1, .domains = 1, .reporters = 5, .sources = 10, .evidence = 4, .reports = 0, .rows = 1,
	    .first_day = 20000, .days = 1 };
	char				 d[80];
	sqlite3				*x;
	struct store			*s;
	struct query			*q;
	struct query_filter		 f;
	struct query_range		 r;
	struct query_reporter		*v;
	struct query_policy_event	*ev;
	struct query_fresh		 fresh;
	struct err			 e = { 0 };
	size_t				 n;
	int				 id = 0;

	(void)state;
	(void)snprintf(d, sizeof(d), "%s/complete", dir);
	assert_non_null(x = seed_make(d, &empty));
	assert_non_null(s = store_open(d, STORE_READ, &e));
	assert_non_null(q = query_begin(s, now, 0, &e));
	query_filter_init(&f);
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	assert_true(r.complete_through == DAY_NONE);
	assert_int_equal(r.to, when_day(now) - 1);
	query_end(q);
	/* 90, 5, 5 and 1 messages a day; the fourth falls silent on day 20, the policy changes on day 12 */
	for (int day = 0; day < 30; day++)
		for (int who = 1; who <= 5; who++) {
			int	 m = who == 1 ? 90 : who == 4 ? 1 : 5;

			if ((who == 4 && day >= 20) || (who == 5 && day % 10 != 0) || (who == 1 && day > 27) || (who == 2 && day > 28))
				continue;
			id++;
			seed_sql(x, "INSERT INTO message VALUES (%d, 0, 3999, 0, 0, 0, NULL, NULL)", id);
			seed_sql(x, "INSERT INTO " SEED_REPORT " VALUES (%d, %d, 1, 'r%d', %d, %d, %d, %d, %d, 0, %d, NULL, NULL, NULL, NULL, NULL, NULL,"
			    " 1, 0, 0, NULL, x'', NULL, 0, 1, %d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)", id, who, id,
			    (20000 + day) * 86400, (20001 + day) * 86400, 20000 + day, (20001 + day) * 86400 + 3600 * who, id,
			    day < 12 ? 1 + who % 2 : 3, m);
			seed_sql(x, "INSERT INTO record VALUES (1, %d, %d, %d, 1, %d, 1)", 20000 + day, day < 25 ? who : 8, id, m);
		}
	seed_sql(x, "UPDATE meta SET value = value + 1 WHERE key = 'generation'");
	assert_non_null(q = query_begin(s, now, 0, &e));
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	assert_int_equal(r.complete_through, 20027);	/* day 28 lacks the one that brings nine of ten */
	assert_int_equal(query_reporters(q, &f, &r, true, &v, &n, &e), 0);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		bool	 fourth = str_eq(v[i].key, STR("receiver3.test"));

		assert_int_equal(v[i].missing_since, fourth ? 20020 : DAY_NONE);
		if (fourth)
			assert_int_equal(v[i].lag, 4 * 3600);
	}
	/* policies 1 and 2 say the same in other words; 3 is a change */
	assert_int_equal(query_policy_events(q, &f, &r, &ev, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(ev[0].day, 20012);
	assert_true(str_eq(ev[0].is.p, STR("reject")));
	assert_int_equal(ev[0].reporters, 4);
	/* source 8 is new on day 25 */
	f.from = 20024;
	f.to = 20029;
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	assert_int_equal(query_fresh(q, &f, &r, &fresh, &e), 0);
	assert_true(fresh.sources_known);
	assert_int_equal(fresh.sources, 1);
	query_end(q);
	/* and 9 comes with a later report */
	seed_sql(x, "INSERT INTO message VALUES (500, 0, 3999, 0, 0, 0, NULL, NULL);"
	    "INSERT INTO " SEED_REPORT " VALUES (500, 1, 1, 'late', 0, 0, 20026, 0, 500, 0, 3, NULL, NULL, NULL, NULL, NULL, NULL,"
	    " 1, 0, 0, NULL, x'', NULL, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);"
	    "INSERT INTO record VALUES (1, 20026, 9, 500, 2, 7, 1); UPDATE meta SET value = value + 1 WHERE key = 'generation'");
	assert_non_null(q = query_begin(s, now, 0, &e));
	assert_int_equal(query_fresh(q, &f, &r, &fresh, &e), 0);
	assert_int_equal(fresh.sources, 2);
	assert_int_equal(query_filter_set(&f, STR("domain"), STR("example.com"), &e), 0);
	assert_int_equal(query_fresh(q, &f, &r, &fresh, &e), 0);
	assert_int_equal(fresh.sources, 2);
	query_filter_free(&f);
	query_end(q);
	store_close(s);
	(void)sqlite3_close(x);
	seed_remove(d);
}

/* Some ask at once, while days become other days: each gets what is true in its own snapshot. */
struct asker { pthread_t thread; unsigned n; bool wrong; };
static atomic_bool	 stop;

static bool
asks_once(struct store *s, unsigned i)
{
	struct query_filter	 f;
	struct query_range	 r;
	struct query_total	 a, b;
	struct err		 e = { 0 };
	struct query		*q = query_begin(s, now, 60000, &e);
	bool			 same;

	query_filter_init(&f);
	f.all = true;
	if (q == NULL || (i % 2 > 0 && query_filter_set(&f, STR("hfrom"), STR("!nobody.example"), &e) == -1) ||
	    query_filter_range(q, &f, &r, &e) == -1 || query_total(q, &f, &r, &a, &e) == -1)
		return (false);
	query_hold(q, (size_t)1 << 18, (size_t)64 << 20, 0);
	same = query_total(q, &f, &r, &b, &e) == 0 && a.counts.m == b.counts.m && a.rows == b.rows;
	query_end(q);
	query_filter_free(&f);
	return (same);
}

static void *
asks(void *ctx)
{
	struct asker	*a = ctx;
	struct err	 e = { 0 };
	struct store	*s = store_open(dir, STORE_READ, &e);

	a->wrong = s == NULL;
	for (unsigned i = 0; !a->wrong && (!atomic_load(&stop) || i < 4); i++) {
		a->wrong = !asks_once(s, i);
		a->n++;
	}
	store_close(s);
	return (NULL);
}

static void
test_at_once(void **state)
{
	struct asker	 v[3] = { { .n = 0 } };

	(void)state;
	atomic_store(&stop, false);
	for (size_t i = 0; i < nitems(v); i++)
		assert_int_equal(pthread_create(&v[i].thread, NULL, asks, &v[i]), 0);
	for (int i = 0; i < 40; i++)
		seed_sql(db, "BEGIN IMMEDIATE; UPDATE record SET count = count + 1 WHERE domain = 1 AND day = (SELECT min(day) + %d FROM record WHERE domain = 1);"
		    "UPDATE rollup SET messages = messages + rows WHERE domain = 1 AND day = (SELECT min(day) + %d FROM record WHERE domain = 1);"
		    "UPDATE edition SET number = number + 1 WHERE domain = 1 AND day = (SELECT min(day) + %d FROM record WHERE domain = 1);"
		    "UPDATE meta SET value = value + 1 WHERE key = 'generation'; COMMIT", i % 3, i % 3, i % 3);
	atomic_store(&stop, true);
	for (size_t i = 0; i < nitems(v); i++) {
		assert_int_equal(pthread_join(v[i].thread, NULL), 0);
		assert_false(v[i].wrong);
		assert_true(v[i].n >= 4);
	}
}

static void
test_reports(void **state)
{
	struct query		*q;
	struct query_report	 r;
	struct query_reports	 list;
	struct query_filter	 f;
	struct query_page	 page = { .limit = 0 };
	struct err		 e = { 0 };
	int64_t			*ids;
	size_t			 n;
	int64_t			 before;

	(void)state;
	before = seed_int(db, "SELECT count(*) FROM report");
	/* report 6 has come in two more versions */
	seed_sql(db, "INSERT INTO " SEED_REPORT " SELECT 9001, reporter, domain, report_id, begin, end, day, received, message, 1, policy, org_name,"
	    " email, NULL, NULL, NULL, NULL, dialect, 3, 3, '[[2,17,\"count \\\"-3\\\" is no number\"]]', hash, 6, 4, records, messages, 1, 2, 3,"
	    " 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 FROM report WHERE id = 6");
	seed_sql(db, "INSERT INTO " SEED_REPORT " SELECT 9002, reporter, domain, report_id, begin, end, day, received, message, 2, policy, org_name,"
	    " email, NULL, NULL, NULL, NULL, dialect, 0, 0, NULL, hash, 6, 0, records, messages, 0, 0, 0,"
	    " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM report WHERE id = 6");
	seed_sql(db, "UPDATE meta SET value = value + 1 WHERE key = 'generation'");
	q = ask();
	query_filter_init(&f);
	assert_int_equal(query_reports(q, &f, NULL, false, &page, &list, &e), 0);
	assert_int_equal(list.nids, before);
	assert_int_equal(query_reports(q, &f, NULL, true, &page, &list, &e), 0);
	assert_int_equal(list.nids, before + 2);
	assert_int_equal(query_report(q, 9001, &r, &e), 0);
	assert_int_equal(r.superseded_by, 6);
	assert_int_equal(r.disp[DISP_OTHER], 5);
	assert_int_equal(r.duplicates, 4);
	assert_int_equal(r.reasons, 14);
	assert_int_equal(r.state, STATE_PARTIAL);
	assert_true(str_eq(r.origin, STR("reports")));
	for (int64_t id = 9001; id <= 9003; id++) {
		assert_int_equal(query_report_versions(q, id == 9003 ? 6 : id, &ids, &n, &e), 0);
		assert_int_equal(n, 3);
		assert_int_equal(ids[0], 9002);
		assert_int_equal(ids[2], 6);
	}
	assert_int_equal(query_report(q, 777777, &r, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	query_end(q);
}

/* A question that takes too long says so, and the next one is answered. */
static void
test_deadline(void **state)
{
	struct query		*q;
	struct query_filter	 f;
	struct query_range	 r;
	struct query_total	 t;
	struct err		 e = { 0 };

	(void)state;
	query_filter_init(&f);
	f.all = true;
	assert_int_equal(query_filter_set(&f, STR("hfrom"), STR("~e"), &e), 0);
	assert_non_null(q = query_begin(store, now, 1, &e));
	assert_int_equal(query_filter_range(q, &f, &r, &e), 0);
	(void)usleep(20000);
	assert_int_equal(query_total(q, &f, &r, &t, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_non_null(strstr(e.msg, "fewer days"));
	query_end(q);
	assert_non_null(q = query_begin(store, now, 0, &e));
	assert_int_equal(query_total(q, &f, &r, &t, &e), 0);
	assert_true(t.counts.m > 0);
	query_end(q);
	query_filter_free(&f);
}

/* --- JSON -------------------------------------------------------------------------------------- */

static json_t *
answered(enum answer_kind kind, const char *query, const char *domain, int64_t id)
{
	struct answer_request	 rq;
	struct query		*q = ask();
	struct err		 e = { 0 };
	struct buf		 b = { 0 };
	char			 pairs[256], *p, *save, *eq;
	json_t			*j;

	answer_request_init(&rq, kind);
	rq.domain = str_of(domain);
	rq.id = id;
	(void)snprintf(pairs, sizeof(pairs), "%s", query);
	for (p = strtok_r(pairs, "&", &save); p != NULL; p = strtok_r(NULL, "&", &save)) {
		eq = strchr(p, '=');
		if (answer_request_set(&rq, (struct str){ p, (size_t)(eq - p) }, str_of(eq + 1), &e) == -1)
			fail_msg("%s: %s", query, e.msg);
	}
	if ((j = answer_make(q, &rq, &e)) == NULL)
		fail_msg("%d %s: %s", (int)kind, query, e.msg);
	assert_true(answer_write(&b, j));
	assert_true(str_utf8_ok(buf_as_str(&b)));
	buf_free(&b);
	answer_request_free(&rq);
	query_end(q);
	return (j);
}

static int64_t
number_at(json_t *j, const char *a, const char *b)
{
	return (json_integer_value(json_object_get(json_object_get(j, a), b)));
}

static void
test_json(void **state)
{
	json_t	*j, *items;
	int64_t	 all = seed_int(db, "SELECT sum(count) FROM t");

	(void)state;
	j = answered(ANSWER_META, "", NULL, 0);
	assert_int_equal(json_integer_value(json_object_get(j, "domains")), seed_small.domains);
	json_decref(j);
	j = answered(ANSWER_OVERVIEW, "t=all", NULL, 0);
	assert_int_equal(number_at(j, "counts", "m"), all);
	assert_int_equal(json_array_size(json_object_get(j, "domains")), seed_small.domains);
	json_decref(j);
	j = answered(ANSWER_OVERVIEW, "t=30d&cmp=prev", NULL, 0);
	assert_true(json_is_object(json_object_get(j, "prev")));
	json_decref(j);
	j = answered(ANSWER_TIMESERIES, "t=all&by=domain&step=week&top=2", NULL, 0);
	assert_int_equal(json_array_size(json_object_get(j, "series")), 3);
	json_decref(j);
	j = answered(ANSWER_BREAKDOWN, "t=all&by=ip&limit=500", NULL, 0);
	assert_int_equal(number_at(j, "total", "m"), all);
	json_decref(j);
	for (unsigned by = BY_REPORTER; by < BY_COUNT; by++) {
		char	 query[64];

		(void)snprintf(query, sizeof(query), "t=all&by=%s&sort=key", query_by_names[by]);
		json_decref(answered(ANSWER_BREAKDOWN, query, NULL, 0));
	}
	j = answered(ANSWER_ROWS, "t=all&limit=1000&total=1&sort=-day", NULL, 0);
	assert_int_equal(number_at(j, "total", "n"), seed_int(db, "SELECT count(*) FROM t"));
	items = json_object_get(j, "items");
	assert_int_equal(json_array_size(items), 1000);
	assert_non_null(json_object_get(json_array_get(items, 0), "policy_eval"));
	json_decref(j);
	j = answered(ANSWER_DOMAIN, "t=all", "Example.COM", 0);
	assert_string_equal(json_string_value(json_object_get(j, "domain")), "example.com");
	/* p=none, with sp or without it, is one */
	assert_int_equal(json_array_size(json_object_get(j, "policy_seen")), 2);
	json_decref(j);
	json_decref(answered(ANSWER_DOMAINS, "", NULL, 0));
	json_decref(answered(ANSWER_REPORTERS, "t=all", NULL, 0));
	json_decref(answered(ANSWER_INGEST, "", NULL, 0));
	j = answered(ANSWER_REPORTS, "t=all&limit=500&total=1", NULL, 0);
	assert_int_equal(json_array_size(json_object_get(j, "items")), number_at(j, "total", "n"));
	json_decref(j);
	j = answered(ANSWER_REPORT, "", NULL, 9001);
	assert_string_equal(json_string_value(json_object_get(j, "state")), "superseded");
	assert_int_equal(json_array_size(json_object_get(j, "versions")), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(j, "refused"), 0), "reason")),
	    "count \"-3\" is no number");
	json_decref(j);
	j = answered(ANSWER_REPORT, "", NULL, 6);
	assert_int_equal(number_at(j, "counts", "m"), seed_int(db, "SELECT sum(count) FROM t WHERE report = 6"));
	json_decref(j);
}

static void
test_parameters(void **state)
{
	static const struct { enum answer_kind kind; const char *key, *value; bool ok; } cases[] = {
		{ ANSWER_BREAKDOWN, "by", "ip", true }, { ANSWER_BREAKDOWN, "by", "disp", true }, { ANSWER_BREAKDOWN, "by", "size", false },
		{ ANSWER_TIMESERIES, "by", "disposition", true }, { ANSWER_TIMESERIES, "by", "ip", false },
		{ ANSWER_BREAKDOWN, "limit", "501", false }, { ANSWER_BREAKDOWN, "limit", "500", true }, { ANSWER_ROWS, "limit", "0", false },
		{ ANSWER_ROWS, "limit", "1000", true }, { ANSWER_ROWS, "sort", "-day", true }, { ANSWER_ROWS, "sort", "ip", false },
		{ ANSWER_REPORTS, "sort", "-received", true }, { ANSWER_META, "t", "7d", false }, { ANSWER_OVERVIEW, "cmp", "year", true },
		{ ANSWER_OVERVIEW, "cmp", "decade", false },
		{ ANSWER_OVERVIEW, "color", "red", false }, { ANSWER_TIMESERIES, "top", "51", false }, { ANSWER_TIMESERIES, "step", "hour", false },
		{ ANSWER_ROWS, "total", "2", false },
	};
	struct answer_request	 rq;
	struct err		 e;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		answer_request_init(&rq, cases[i].kind);
		memset(&e, 0, sizeof(e));
		if ((answer_request_set(&rq, str_of(cases[i].key), str_of(cases[i].value), &e) == 0) != cases[i].ok ||
		    (!cases[i].ok && strstr(e.msg, cases[i].key) == NULL))
			fail_msg("%s=%s: %s", cases[i].key, cases[i].value, e.msg);
		answer_request_free(&rq);
	}
}

/* --- Set-up --------------------------------------------------------------------------------------- */

static int
set_up(void **state)
{
	static const char *const	 countries[] = { "192.0.2.0,192.0.2.255,DE", "198.51.100.0,198.51.100.127,FR",
					    "2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,PT", NULL };
	static const char *const	 networks[] = { "192.0.2.0,192.0.2.255,64500,One", "198.51.100.0,198.51.100.255,64501,\"Number Two, Inc\"",
					    "2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,64500,One", NULL };
	struct err	 e = { 0 };

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_query.XXXXXX");
	if (dmarc_init(&e) == -1 || mkdtemp(dir) == NULL || (db = seed_make(dir, &seed_small)) == NULL)
		return (-1);
	(void)seed_sql(db, "UPDATE report SET trust = id %% 4");
	/* host names: some sources have no row; those of a confirmed name are in three domains */
	if (seed_sql(db, "INSERT INTO host (source, weight, due, last_day, state, name, more, refused, tries, failure) SELECT id, 1, 0, 0,"
	    " CASE WHEN id %% 7 < 4 THEN id %% 7 ELSE 1 END - (id %% 7 = 1), CASE id %% 7 WHEN 2 THEN 'no.example' WHEN 1 THEN NULL WHEN 3 THEN NULL"
	    " ELSE 'h' || id || substr('.one.example    .in.two.example .three.example', 1 + id %% 3 * 16, 16) END, 0, 0, 0, 0 FROM source WHERE id %% 7 > 0;"
	    "UPDATE host SET name = rtrim(name)") != 0)
		return (-1);
	now = (seed_small.first_day + seed_small.days + 3) * 86400 + 40000;
	/* Everything about a row in plain words, from the views for people where they say it. */
	if (seed_sql(db, "CREATE TEMP VIEW ev_reason AS SELECT e.id AS evidence, n.text AS type FROM evidence e,"
	    " json_each('[[' || replace(e.reasons, ';', '],[') || ']]') j"
	    " JOIN name n ON n.id = json_extract(j.value, '$[0]')") != 0 ||
	    seed_sql(db, "CREATE TEMP TABLE t AS SELECT v.domain, CAST(strftime('%%s', v.day) AS INTEGER) / 86400 AS day, v.reporter,"
	    " v.source_ip, s.kind, v.count, v.header_from, v.envelope_from, v.code, v.report, v.seq, v.evidence, o.disposition AS disp,"
	    " coalesce(so.sender, 1) AS sender, coalesce((SELECT d.class FROM decision d WHERE d.sender = coalesce(so.sender, 1) AND"
	    " d.domain IN (r.domain, 0) AND undone IS NULL ORDER BY d.domain DESC, d.id DESC LIMIT 1), sc.class, 0) AS class,"
	    " o.spf_raw, o.dkim_raw, o.forwarded * 2 AS fwd, coalesce(sn.kind, 0) AS kind_of_sender, o.differs, o.overridden, o.spf AS pe_spf,"
	    " CASE WHEN o.dkim = 1 AND o.spf = 1 THEN 0 WHEN o.dkim = 1 THEN 1 WHEN o.spf = 1 THEN 2"
	    " WHEN o.dkim = 2 AND o.spf = 2 THEN 3 ELSE 4 END AS align, v.report %% 4 AS trust,"
	    " CASE WHEN h.state = 1 THEN h.name ELSE '' END AS host, CASE coalesce(h.state, 0) WHEN 0 THEN 'unknown' WHEN 3 THEN 'none' WHEN 2"
	    " THEN 'unconfirmed' ELSE CASE s.id %% 3 WHEN 0 THEN 'one.example' WHEN 1 THEN 'two.example' ELSE 'three.example' END END AS host_in"
	    " FROM records v JOIN evidence e ON e.id = v.evidence JOIN outcome o ON o.id = e.outcome"
	    " JOIN record r ON r.report = v.report AND r.seq = v.seq JOIN source s ON s.id = r.source"
	    " LEFT JOIN host h ON h.source = s.id"
	    " LEFT JOIN sender_of so ON so.domain = r.domain AND so.source = r.source"
	    " LEFT JOIN sender sn ON sn.id = coalesce(so.sender, 1)"
	    " LEFT JOIN sender_class sc ON sc.domain = r.domain AND sc.sender = coalesce(so.sender, 1)") != 0 ||
	    /* likely: what fails from where mail is handed on, and what came through there with its signature */
	    seed_sql(db, "UPDATE t SET fwd = 1 WHERE fwd = 0 AND ((align = 3 AND class IN (3, 4)) OR (align <> 3 AND code IN ('P2', 'P8')"
	    " AND (class IN (3, 4) OR (kind_of_sender IN (2, 3, 4) AND class NOT IN (2, 5, 6))))) ") != 0 ||
	    seed_sql(db, "CREATE TEMP TABLE health (sender INTEGER PRIMARY KEY, h INTEGER)") != 0 ||
	    seed_int(db, "SELECT count(*) FROM t WHERE fwd = 1 AND align = 3") == 0 ||
	    seed_int(db, "SELECT count(*) FROM t WHERE fwd = 1 AND align < 3") == 0 ||
	    (store = store_open(dir, STORE_READ, &e)) == NULL)
		return (-1);
	places_made(dir, countries, networks);
	return (0);
}

static int
tear_down(void **state)
{
	(void)state;
	store_close(store);
	places_close(places_use(NULL));
	(void)sqlite3_close(db);
	seed_remove(dir);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_cursors),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_every_breakdown),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, set_up, tear_down));
}
