/*
 * test_tls_store.c - TLS reports in the store: exactly once, versions, sums by
 * day, a report that is too large to be held, reading again, and the answers.
 * After each step all sums must agree (store_check).
 */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "cases.h"

#include "base/limits.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "report/tlsrpt.h"
#include "store/query_tls.h"
#include "store/store.h"

#define DAY0 20730	/* 2026-10-04 */

struct fixture {
	char			 dir[64];
	struct store		*s;
	sqlite3			*db;	/* for looking */
	struct err		 e;
	int64_t			 message;
	struct store_stored	 stored;
	struct store_again	*again;
	unsigned		 faults;
};

static int
setup(void **state)
{
	struct fixture	*f = calloc(1, sizeof(*f));
	char		 path[128];

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test_tls_store.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	if ((f->s = store_open(f->dir, STORE_WRITE, &f->e)) == NULL)
		fail_msg("%s", f->e.msg);
	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", f->dir);
	assert_int_equal(sqlite3_open(path, &f->db), SQLITE_OK);
	*state = f;
	return (0);
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;
	char		 cmd[128];

	(void)sqlite3_close(f->db);
	store_close(f->s);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", f->dir);
	assert_int_equal(system(cmd), 0);
	free(f);
	return (0);
}

static int64_t
number(struct fixture *f, const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 v;

	if (sqlite3_prepare_v2(f->db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->db));
	if (sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: no row", sql);
	v = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return (v);
}

static void
on_fault(void *ctx, enum store_fault what, int64_t id, const char *text)
{
	struct fixture	*f = ctx;

	(void)what, (void)id, (void)text;
	f->faults++;
}

static void
on_progress(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx, (void)done, (void)total;
}

static const struct store_check_calls	 looks = { on_fault, on_progress };

static unsigned
faults(struct fixture *f)
{
	f->faults = 0;
	if (store_check(f->s, CHECK_ALL, &looks, f, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	return (f->faults);
}

/* --- Taking in ---------------------------------------------------------------------- */

static int
take(void *ctx, const struct tls_item *it, struct err *e)
{
	struct fixture	*f = ctx;

	switch (it->kind) {
	case TLS_BEGIN:
		return (store_tls_begin(f->s, f->message, 524288, e));
	case TLS_END:
		return (store_tls_end(f->s, &it->u.header, f->again, &f->stored, e));
	default:
		return (store_tls_item(f->s, it, e));
	}
}

/* In a transaction; -1 with f->e. */
static int
read_in(struct fixture *f, struct str json)
{
	struct tlsrpt	*t = tlsrpt_new(&limits_default, take, f);
	int		 rv;

	memset(&f->e, 0, sizeof(f->e));
	assert_non_null(t);
	assert_int_equal(tlsrpt_start(t, NULL, &f->e), 0);
	rv = tlsrpt_feed(t, json.p, json.len, &f->e) == -1 ? -1 : tlsrpt_finish(t, &f->e);
	tlsrpt_free(t);
	return (rv);
}

static enum intake_result
put(struct fixture *f, struct str json)
{
	struct store_message	 m = { 1791200000, "import", json.len, 0, false, false };

	if (store_begin(f->s, &f->e) == -1 || (f->again == NULL && store_message_begin(f->s, &f->message, &f->e) == -1) ||
	    read_in(f, json) != 0 || (f->again == NULL && store_message_end(f->s, f->message, &m, f->stored.result, -1, 0, &f->e) == -1) ||
	    store_commit(f->s, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	assert_int_equal(f->stored.kind, REPORT_TLS);
	assert_int_equal(faults(f), 0);
	return (f->stored.result);
}

/* A report of one sts element with one failure; day from DAY0. */
static struct str
doc(const char *org, const char *id, int day, const char *domain, const char *mode, unsigned ok, unsigned bad)
{
	static struct buf	 b[4];
	static unsigned		 which;
	struct buf		*o = &b[which++ % nitems(b)];
	char			 date[WHEN_TEXT];

	buf_clear(o);
	(void)when_date(DAY0 + day, date);
	(void)buf_printf(o, "{\"organization-name\":\"%s\",\"date-range\":{\"start-datetime\":\"%sT00:00:00Z\",\"end-datetime\":\"%sT23:59:59Z\"},"
	    "\"contact-info\":\"tls@%s\",\"report-id\":\"%s\",\"policies\":[{\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"%s\","
	    "\"policy-string\":[\"version: STSv1\",\"mode: %s\",\"mx: *.%s\",\"max_age: 86400\"]},\"summary\":"
	    "{\"total-successful-session-count\":%u,\"total-failure-session-count\":%u},\"failure-details\":[", org, date, date, org, id, domain,
	    mode, domain, ok, bad);
	if (bad > 0)
		(void)buf_printf(o, "{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":\"192.0.2.1\",\"receiving-mx-hostname\":"
		    "\"mx2.%s\",\"receiving-ip\":\"198.51.100.9\",\"failed-session-count\":%u}", domain, bad);
	(void)buf_cstr(o, "]}]}");
	assert_false(o->failed);
	return (buf_as_str(o));
}

#define TOTALS "SELECT ifnull(sum(success) + sum(failure), 0) FROM tls_day"

static void
test_once(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_STORED);
	assert_int_equal(number(f, TOTALS), 44);
	assert_int_equal(number(f, "SELECT mode FROM tls_policy"), STS_TESTING);
	assert_int_equal(number(f, "SELECT max_age FROM tls_policy"), 86400);
	/* again, in other words: members in another order would be the same too */
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT duplicates FROM tls_report"), 1);
	assert_int_equal(number(f, TOTALS), 44);
	/* the key: name in any case, id, period, domains */
	assert_int_equal(put(f, doc("REP.example", "r1", 0, "example.com", "testing", 40, 2)), IN_DUPLICATE);
	assert_int_equal(put(f, doc("rep.example", "r2", 0, "example.com", "testing", 40, 2)), IN_STORED);
	assert_int_equal(put(f, doc("rep.example", "r1", 1, "example.com", "testing", 40, 2)), IN_STORED);
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.org", "testing", 40, 2)), IN_STORED);
	assert_int_equal(put(f, doc("other.example", "r1", 0, "example.com", "testing", 40, 2)), IN_STORED);
	assert_int_equal(number(f, TOTALS), 5 * 44);
	/* policies are stored once */
	assert_int_equal(number(f, "SELECT count(*) FROM tls_policy"), 2);
}

static void
test_versions(void **state)
{
	struct fixture	*f = *state;
	int64_t		 first, second;

	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_STORED);
	first = f->stored.id;
	/* other contents under the same key: the newest counts, both stay */
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 50, 0)), IN_REPLACED);
	second = f->stored.id;
	assert_true(second != first);
	assert_int_equal(number(f, TOTALS), 50);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_report"), 2);
	assert_int_equal(number(f, "SELECT superseded_by FROM tls_report WHERE superseded_by IS NOT NULL"), second);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_detail"), 0);
	/* the first once more is known; it takes nothing back */
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_DUPLICATE);
	assert_int_equal(f->stored.id, first);
	assert_int_equal(number(f, TOTALS), 50);
	/* a third: all before stand behind it */
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "enforce", 60, 1)), IN_REPLACED);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_report WHERE superseded_by = 3"), 2);
	assert_int_equal(number(f, TOTALS), 62);
	assert_true((number(f, "SELECT quirks FROM tls_report WHERE id = 3") & (int64_t)TLSQ_VERSIONS) != 0);
}

/* "policies": [] is stored once; under the key of a fuller one it counts nothing. */
static void
test_empty(void **state)
{
	static const char	 json[] = "{\"organization-name\":\"rep.example\",\"date-range\":{\"start-datetime\":\"2026-10-04T00:00:00Z\","
				    "\"end-datetime\":\"2026-10-04T23:59:59Z\"},\"report-id\":\"r1\",\"policies\":[]}";
	struct fixture		*f = *state;

	assert_int_equal(put(f, STR(json)), IN_STORED);
	assert_int_equal(put(f, STR(json)), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT state FROM tls_report"), STATE_EMPTY);
	assert_int_equal(number(f, TOTALS), 0);
}

/* More details than are held: they go out under a savepoint, and nothing is left when it does not count. */
static void
test_large(void **state)
{
	struct fixture	*f = *state;
	struct buf	 b = { 0 };
	int64_t		 names;

	(void)buf_cstr(&b, "{\"organization-name\":\"rep.example\",\"date-range\":{\"start-datetime\":\"2026-10-04T00:00:00Z\","
	    "\"end-datetime\":\"2026-10-04T23:59:59Z\"},\"report-id\":\"big\",\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\","
	    "\"policy-domain\":\"example.com\"},\"failure-details\":[");
	for (int i = 0; i < 10000; i++)
		(void)buf_printf(&b, "%s{\"result-type\":\"validation-failure\",\"receiving-mx-hostname\":\"mx%d.example.com\",\"failed-session-count\":1}",
		    i == 0 ? "" : ",", i);
	(void)buf_cstr(&b, "]}]}");
	assert_int_equal(put(f, buf_as_str(&b)), IN_STORED);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_detail"), 10000);
	assert_int_equal(number(f, TOTALS), 20000);
	names = number(f, "SELECT count(*) FROM name");
	assert_int_equal(put(f, buf_as_str(&b)), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_detail"), 10000);
	assert_int_equal(number(f, "SELECT count(*) FROM name"), names);
	/* one that ends in the middle leaves nothing, and the writer can go on */
	assert_int_equal(store_begin(f->s, &f->e), 0);
	assert_int_equal(store_message_begin(f->s, &f->message, &f->e), 0);
	memcpy(strstr(b.p, "big"), "cut", 3);
	assert_int_equal(read_in(f, (struct str){ b.p, b.len - 3 }), -1);
	assert_int_equal(store_report_drop(f->s, &f->e), 0);
	assert_int_equal(store_commit(f->s, &f->e), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_detail"), 10000);
	assert_int_equal(faults(f), 0);
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_STORED);
	buf_free(&b);
}

/* No sum may pass what a number holds, however many reports lie. */
static void
test_lies(void **state)
{
	struct fixture	*f = *state;
	struct limits	 l = limits_default;
	char		 id[32];
	struct buf	 b = { 0 };
	bool		 refused = false;

	l.messages = INT64_MAX;
	store_limit(f->s, &l);
	assert_int_equal(store_begin(f->s, &f->e), 0);
	for (int i = 0; i < 12000 && !refused; i++) {
		buf_clear(&b);
		(void)snprintf(id, sizeof(id), "x%d", i);
		(void)buf_printf(&b, "{\"organization-name\":\"rep.example\",\"date-range\":{\"start-datetime\":\"2026-10-04\",\"end-datetime\":\"2026-10-04\"},"
		    "\"report-id\":\"%s\",\"policies\":[{\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"example.com\"},\"summary\":"
		    "{\"total-successful-session-count\":1000000000000000}}]}", id);
		assert_int_equal(store_message_begin(f->s, &f->message, &f->e), 0);
		if (read_in(f, buf_as_str(&b)) == -1) {
			assert_int_equal(f->e.code, ERR_LIMIT);
			refused = true;
		}
	}
	assert_true(refused);
	assert_int_equal(store_commit(f->s, &f->e), 0);
	assert_true(number(f, TOTALS) > 0);
	/* another count is held to the limit of one report */
	l.messages = 50;
	store_limit(f->s, &l);
	assert_int_equal(store_begin(f->s, &f->e), 0);
	assert_int_equal(store_message_begin(f->s, &f->message, &f->e), 0);
	assert_int_equal(read_in(f, doc("rep.example", "y", 0, "example.com", "testing", 49, 2)), -1);
	assert_int_equal(f->e.code, ERR_LIMIT);
	assert_int_equal(store_commit(f->s, &f->e), 0);
	buf_free(&b);
}

/* Read again from its original: the same is nothing new, a change takes its place under its id. */
static void
test_again(void **state)
{
	struct fixture		*f = *state;
	struct store_known	 known = { .kind = REPORT_TLS, .payload = 524288 };
	struct store_again	 again = { .known = &known, .nknown = 1 };
	struct store_originals	 list;

	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_STORED);
	known.id = f->stored.id;
	assert_int_equal(store_originals(f->s, ORIGINALS_SINCE, 0, &list, &f->e), 0);
	assert_true(list.n == 1 && list.nreports == 1 && list.known[0].kind == REPORT_TLS && list.known[0].id == known.id);
	store_originals_free(&list);
	store_derive(f->s, false);
	f->again = &again;
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_DUPLICATE);
	assert_int_equal(f->stored.changed, 0);
	known.used = false;
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 41, 2)), IN_REPLACED);
	assert_int_equal(f->stored.changed, STORE_CHANGED_FIGURES);
	assert_int_equal(f->stored.id, known.id);
	assert_int_equal(number(f, TOTALS), 45);
	known.used = false;
	/* its key is read differently now */
	assert_int_equal(put(f, doc("rep.example", "r1", 3, "example.com", "testing", 41, 2)), IN_REPLACED);
	assert_int_equal(f->stored.changed & STORE_CHANGED_DETAILS, STORE_CHANGED_DETAILS);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_report"), 1);
	known.used = false;
	/* one that nobody knows is left out, then added */
	again.nknown = 0;
	assert_int_equal(put(f, doc("rep.example", "r9", 3, "example.com", "testing", 41, 2)), IN_IGNORED);
	assert_int_equal(again.left_over, 1);
	again.add = true;
	f->message = 1;
	assert_int_equal(put(f, doc("rep.example", "r9", 3, "example.com", "testing", 41, 2)), IN_STORED);
	assert_int_equal(f->stored.changed, STORE_CHANGED_NEW);
	f->again = NULL;
}

/* Damage is found, sums are made anew. */
static void
test_verify(void **state)
{
	struct fixture	*f = *state;
	uint64_t	 mended = 0;

	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 2)), IN_STORED);
	assert_int_equal(sqlite3_exec(f->db, "UPDATE tls_day SET success = success + 1 WHERE result = -1", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(faults(f), 1);
	f->faults = 0;
	assert_int_equal(store_mend(f->s, &looks, f, &mended, &f->e), 0);
	assert_int_equal(mended, 1);
	assert_int_equal(faults(f), 0);
	assert_int_equal(sqlite3_exec(f->db, "INSERT INTO tls_day SELECT domain, day + 1, reporter, type, mode, 5, 0, 1, 1 FROM tls_day WHERE result = 2",
	    NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(faults(f), 1);
	assert_int_equal(store_mend(f->s, &looks, f, &mended, &f->e), 0);
	assert_int_equal(faults(f), 0);
	assert_int_equal(sqlite3_exec(f->db, "UPDATE tls_report SET failure = 7", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(faults(f), 1);
	assert_int_equal(sqlite3_exec(f->db, "UPDATE tls_report SET failure = 2", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(f->db, "DELETE FROM tls_detail", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(faults(f), 2);	/* the element, and the day */
}

/* What no decoder sends ends it. */
static void
test_order(void **state)
{
	struct fixture	*f = *state;
	struct tls_item	 d = { .kind = TLS_DETAIL, .u.detail = { .result = TLS_RESULT_EXPIRED, .policy = 2, .seq = 1, .count = 1 } };
	struct tls_item	 p = { .kind = TLS_POLICY, .u.policy = { .type = TLS_STS, .domain = STR("example.com"), .seq = 1 } };
	struct tls_header h = { .begin = 1, .end = 2 };

	assert_int_equal(store_begin(f->s, &f->e), 0);
	assert_int_equal(store_tls_item(f->s, &d, &f->e), -1);
	assert_int_equal(store_tls_end(f->s, &h, NULL, &f->stored, &f->e), -1);
	assert_int_equal(store_tls_begin(f->s, 1, 0, &f->e), 0);
	assert_int_equal(store_tls_item(f->s, &d, &f->e), 0);
	assert_int_equal(store_tls_item(f->s, &p, &f->e), -1);	/* of another element */
	p.u.policy.seq = 2;
	assert_int_equal(store_tls_item(f->s, &p, &f->e), -1);	/* details that it does not have */
	assert_int_equal(store_tls_end(f->s, &h, NULL, &f->stored, &f->e), -1);	/* in the middle of it */
	p.u.policy.ndetails = p.u.policy.details = 1;
	assert_int_equal(store_tls_item(f->s, &p, &f->e), 0);
	assert_int_equal(store_tls_item(f->s, &p, &f->e), -1);	/* once more */
	assert_int_equal(store_tls_item(f->s, &d, &f->e), -1);	/* of one that is closed */
	assert_int_equal(store_report_drop(f->s, &f->e), 0);
	store_rollback(f->s);
	assert_int_equal(faults(f), 0);
}

/* --- Answers ------------------------------------------------------------------------- */

static void
filter(struct query_filter *b, const char *key, const char *value)
{
	struct err	 e = { 0 };

	if (query_filter_set(b, str_of(key), str_of(value), &e) == -1)
		fail_msg("%s", e.msg);
}

static void
test_query(void **state)
{
	struct fixture			*f = *state;
	struct query_filter		 b;
	struct query_tls_filter		 t = { .base = &b };
	struct query_range		 r;
	struct query			*q;
	struct query_tls_sum		*sums;
	struct query_tls_failure	*fails;
	struct query_tls_seen		*seen;
	struct query_tls_ready		*ready;
	struct query_reports		 list;
	struct query_page		 page = { .sort = "-day", .limit = 2 };
	size_t				 n;
	char				 id[16];
	const char			*orgs[] = { "a.example", "b.example", "c.example" };

	for (int d = 0; d < 15; d++)
		for (size_t o = 0; o < nitems(orgs); o++) {
			(void)snprintf(id, sizeof(id), "d%d", d);
			(void)put(f, doc(orgs[o], id, d, "example.com", d == 0 ? "enforce" : "testing", 1000, 0));
		}
	(void)put(f, doc("a.example", "bad", 3, "example.org", "enforce", 5, 4));
	(void)put(f, doc("b.example", "bad", 4, "example.org", "enforce", 5, 3));
	query_filter_init(&b);
	filter(&b, "t", "all");
	assert_non_null(q = query_begin(f->s, (DAY0 + 40) * (int64_t)DAY_SECONDS, 0, &f->e));
	assert_int_equal(query_tls_range(q, &b, &r, &f->e), 0);
	assert_int_equal(r.from, DAY0);
	assert_int_equal(r.to, DAY0 + 14);
	assert_int_equal(query_tls_sums(q, &t, &r, &sums, &n, &f->e), 0);
	assert_int_equal(n, 15 + 4);
	assert_true(str_eq(sums[0].domain, STR("example.com")) && sums[0].success == 3000 && sums[0].mode == STS_ENFORCE && sums[0].n == 3);
	assert_true(sums[15].result == -1 && sums[15].failure == 4 && sums[16].result == TLS_RESULT_EXPIRED && sums[16].failure == 4);
	/* failures: one place, two reporters */
	assert_int_equal(query_tls_failures(q, &t, &r, false, 10, &fails, &n, &f->e), 0);
	assert_int_equal(n, 1);
	assert_true(fails[0].count == 7 && fails[0].reporters == 2 && fails[0].first_day == DAY0 + 3 && fails[0].last_day == DAY0 + 4);
	assert_true(str_eq(fails[0].mx, STR("mx2.example.org")) && str_eq(fails[0].receiving, STR("198.51.100.9")) &&
	    str_eq(fails[0].sending, STR("192.0.2.1")) && fails[0].result == TLS_RESULT_EXPIRED);
	assert_int_equal(query_tls_failures(q, &t, &r, true, 10, &fails, &n, &f->e), 0);
	assert_true(n == 1 && fails[0].count == 7);
	assert_int_equal(query_tls_policies(q, &t, &r, 10, &seen, &n, &f->e), 0);
	assert_int_equal(n, 3);
	assert_true(seen[0].policy.mode == STS_TESTING && seen[0].last_day == DAY0 + 14 && seen[0].first_day == DAY0 + 1 && seen[0].reporters == 3 &&
	    str_eq(seen[0].policy.mx, STR("*.example.com")));
	/* lists: by page, by domain, by type, by result */
	assert_int_equal(query_tls_reports(q, &t, &r, false, &page, &list, &f->e), 0);
	assert_true(list.total_n == 47 && list.nids == 2 && list.next != NULL);
	page.cursor = list.next;
	assert_int_equal(query_tls_reports(q, &t, &r, false, &page, &list, &f->e), 0);
	assert_int_equal(list.nids, 2);
	page = (struct query_page){ .limit = 0 };
	t.results = 1u << TLS_RESULT_EXPIRED;
	assert_int_equal(query_tls_reports(q, &t, &r, false, &page, &list, &f->e), 0);
	assert_int_equal(list.nids, 2);
	t.results = 1u << TLS_RESULT_STARTTLS;
	assert_int_equal(query_tls_reports(q, &t, &r, false, &page, &list, &f->e), 0);
	assert_int_equal(list.nids, 0);
	t = (struct query_tls_filter){ .base = &b, .types = 1u << TLS_TLSA };
	assert_int_equal(query_tls_reports(q, &t, &r, false, &page, &list, &f->e), 0);
	assert_int_equal(list.nids, 0);
	t.types = 0;
	/* ready: 14 days in testing, 3 reporters, no failure; the other is at enforce */
	assert_int_equal(query_tls_ready(q, &t, &r, &ready, &n, &f->e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ready[0].ready.state, TLS_READY_YES);
	assert_int_equal(ready[0].ready.testing_since, DAY0 + 1);
	assert_int_equal(ready[0].facts.sessions, 14 * 3000);
	assert_int_equal(ready[1].ready.state, TLS_READY_ENFORCED);
	assert_int_equal(ready[1].facts.own_mx, 7);
	query_end(q);
	query_filter_free(&b);
	query_filter_init(&b);
	filter(&b, "domain", "example.org");
	filter(&b, "reporter", "a.example");
	filter(&b, "t", "all");
	assert_non_null(q = query_begin(f->s, (DAY0 + 40) * (int64_t)DAY_SECONDS, 0, &f->e));
	assert_int_equal(query_tls_sums(q, &t, &r, &sums, &n, &f->e), 0);
	assert_true(n == 2 && sums[1].failure == 4);
	assert_int_equal(query_tls_reports(q, &t, NULL, true, &page, &list, &f->e), 0);
	assert_int_equal(list.nids, 1);
	query_end(q);
	query_filter_free(&b);
}

static uint64_t
reports_shown(struct fixture *f, const char *apart)
{
	struct query_filter	 b;
	struct query_tls_filter	 t = { .base = &b };
	struct query_range	 r = { .from = DAY0 - 10, .to = DAY0 + 10 };
	struct query_page	 page = { .limit = 0 };
	struct query_reports	 list;
	struct query_tls_sum	*sums;
	struct query		*q;
	size_t			 n;

	query_filter_init(&b);
	if (apart != NULL)
		filter(&b, "apart", apart);
	assert_non_null(q = query_begin(f->s, (DAY0 + 40) * (int64_t)DAY_SECONDS, 0, &f->e));
	assert_int_equal(query_tls_reports(q, &t, &r, false, &page, &list, &f->e), 0);
	assert_int_equal(query_tls_sums(q, &t, &r, &sums, &n, &f->e), 0);
	assert_int_equal(n, list.nids);	/* one day of one element each, without a failure */
	n = list.nids;
	query_end(q);
	query_filter_free(&b);
	return (n);
}

/* Reports about domains that are not ours are kept apart; by other settings they come back. */
static void
test_apart(void **state)
{
	char			*ours[] = { (char *)(uintptr_t)"example.com" };
	struct trust_settings	 mine = { .domains = { ours, 1 } }, all = { .apart = 0 };
	struct store_retrusted	 out;
	struct fixture		*f = *state;

	store_trust(f->s, &mine);
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 0)), IN_STORED);
	assert_int_equal(put(f, doc("rep.example", "r2", 0, "example.org", "testing", 40, 0)), IN_STORED);
	assert_int_equal(reports_shown(f, NULL), 1);
	assert_int_equal(reports_shown(f, "yes"), 1);
	assert_int_equal(reports_shown(f, "all"), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM tls_policies"), 1);
	assert_int_equal(number(f, "SELECT apart FROM tls_report WHERE report_id = 'r2'"), APART_FOREIGN);
	/* the same again is the same */
	assert_int_equal(put(f, doc("rep.example", "r2", 0, "example.org", "testing", 40, 0)), IN_DUPLICATE);
	store_trust(f->s, &all);
	assert_int_equal(store_retrust(f->s, &out, &f->e), 0);
	assert_int_equal(out.changed, 1);
	assert_int_equal(faults(f), 0);
	assert_int_equal(reports_shown(f, NULL), 2);
	assert_int_equal(reports_shown(f, "yes"), 0);
	assert_int_equal(number(f, "SELECT sum(apart) FROM tls_report"), 0);
	assert_int_equal(number(f, TOTALS), 80);
	store_trust(f->s, &mine);
	assert_int_equal(store_retrust(f->s, &out, &f->e), 0);
	assert_int_equal(faults(f), 0);
	assert_int_equal(reports_shown(f, NULL), 1);
}

/* Nobody takes the place of a report that is better proved. */
static void
test_proved(void **state)
{
	struct trust_mail	 pass = { .proof = PROOF_PASS, .method = TRUST_BY_DKIM, .from = STR("rep.example"), .id = STR("mx.example.com") };
	struct trust_settings	 all = { .apart = 0 };
	struct fixture		*f = *state;

	store_trust(f->s, &all);
	store_trust_mail(f->s, &pass);
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 40, 0)), IN_STORED);
	assert_int_equal(number(f, "SELECT trust FROM tls_report"), TRUST_AUTHENTICATED);
	store_trust_mail(f->s, NULL);
	assert_int_equal(put(f, doc("rep.example", "r1", 0, "example.com", "testing", 1, 0)), IN_STORED);
	assert_int_equal(number(f, TOTALS), 40);
	/* the same one, proved now */
	store_trust_mail(f->s, NULL);
	assert_int_equal(put(f, doc("rep.example", "r2", 1, "example.com", "testing", 7, 0)), IN_STORED);
	store_trust_mail(f->s, &pass);
	assert_int_equal(put(f, doc("rep.example", "r2", 1, "example.com", "testing", 7, 0)), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT trust FROM tls_report WHERE report_id = 'r2'"), TRUST_AUTHENTICATED);
	assert_int_equal(number(f, TOTALS), 47);
	store_trust_mail(f->s, NULL);
}

int
main(void)
{
	struct err		 e = { 0 };
	struct CMUnitTest	 tests[] = {
		{ "DU the same report counts once", test_once, setup, teardown, NULL },
		{ "DU other contents under the same key", test_versions, setup, teardown, NULL },
		{ "T14 a report without policies", test_empty, setup, teardown, NULL },
		{ "more details than are held", test_large, setup, teardown, NULL },
		{ "sums do not overflow", test_lies, setup, teardown, NULL },
		{ "read again from the original", test_again, setup, teardown, NULL },
		{ "verify finds what differs", test_verify, setup, teardown, NULL },
		{ "domains that are not ours are kept apart", test_apart, setup, teardown, NULL },
		{ "nobody takes the place of one better proved", test_proved, setup, teardown, NULL },
		{ "items that no decoder sends", test_order, setup, teardown, NULL },
		{ "sums, failures, policies, lists, ready", test_query, setup, teardown, NULL },
	};

	if (dmarc_init(&e) == -1)
		return (1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
