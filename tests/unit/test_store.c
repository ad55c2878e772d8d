/*
 * test_store.c - taking reports in: duplicates and versions (DU), streams,
 * rollback, a full disk, originals. After each step sums, records and keys of
 * the whole database must agree.
 */
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include "cases.h"

#include "base/when.h"
#include "report/quirk.h"
#include "report/wire.h"
#include "base/limits.h"
#include "dmarc/trust.h"
#include "store/query.h"
#include "store/store.h"

#define DAY0 1722816000		/* 2024-08-05 */

struct fixture {
	char		 dir[64];
	struct store	*s;
	sqlite3		*db;	/* for looking */
	struct store	*reader;	/* that remembers rows from one look to the next */
	struct err	 e;
};

/* --- Looking -------------------------------------------------------------------- */

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

/* What must hold at any time; each question counts what is wrong. */
static struct query *
all_of(struct fixture *f, struct store *s, unsigned limit_ms, struct query_filter *filter, struct query_range *r)
{
	struct query	*q = query_begin(s, DAY0 + 200000, limit_ms, &f->e);

	query_filter_init(filter);
	filter->all = true;
	if (q == NULL || query_filter_set(filter, STR("apart"), STR("all"), &f->e) == -1 || query_filter_range(q, filter, r, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	return (q);
}

/* What a reader remembers of rows is what a new one finds, whatever has happened in between. */
static void
remembered(struct fixture *f)
{
	static const enum query_by	 by[] = { BY_REPORTER, BY_DOMAIN, BY_SENDER, BY_CODE, BY_DISP, BY_IP, BY_HFROM, BY_TRUST };
	const struct query_page		 page = { .sort = "key" };
	struct query_filter		 fa, fb;
	struct query_range		 ra, rb;
	struct query_breakdown		 a, b;
	struct store			*s = store_open(f->dir, STORE_READ, &f->e);
	struct query			*qa, *qb;

	if (s == NULL || (f->reader == NULL && (f->reader = store_open(f->dir, STORE_READ, &f->e)) == NULL))
		fail_msg("%s", f->e.msg);
	qa = all_of(f, f->reader, 60000, &fa, &ra);
	qb = all_of(f, s, 0, &fb, &rb);
	for (size_t i = 0; i < nitems(by); i++) {
		if (query_breakdown(qa, &fa, &ra, by[i], &page, &a, &f->e) == -1 || query_breakdown(qb, &fb, &rb, by[i], &page, &b, &f->e) == -1)
			fail_msg("%s", f->e.msg);
		assert_int_equal(a.nitems, b.nitems);
		for (size_t k = 0; k < a.nitems; k++) {
			assert_true(str_eq(a.items[k].key, b.items[k].key));
			assert_memory_equal(&a.items[k].counts, &b.items[k].counts, sizeof(a.items[k].counts));
		}
	}
	assert_true((query_columns_held() > 0) == (number(f, "SELECT count(*) FROM edition") > 0));
	query_end(qa);
	query_end(qb);
	query_filter_free(&fa);
	query_filter_free(&fb);
	store_close(s);
}

static void
consistent(struct fixture *f)
{
	static const char *const	 wrong[] = {
#define SUMS "SELECT record.domain, record.day, report.reporter, evidence.outcome, sum(record.count), count(*) FROM record "	\
    "JOIN report ON report.id = record.report JOIN evidence ON evidence.id = record.evidence GROUP BY 1, 2, 3, 4"
#define ROLLUP "SELECT domain, day, reporter, outcome, messages, rows FROM rollup"
		"SELECT count(*) FROM (" SUMS " EXCEPT " ROLLUP ")",
		"SELECT count(*) FROM (" ROLLUP " EXCEPT " SUMS ")",
		"SELECT count(*) FROM report WHERE superseded_by IS NULL AND messages <> (SELECT ifnull(sum(count), 0) FROM record "
		    "WHERE report = report.id)",
		"SELECT count(*) FROM report WHERE superseded_by IS NOT NULL AND id IN (SELECT report FROM record)",
		"SELECT count(*) FROM report a JOIN report b ON b.id = a.superseded_by WHERE b.superseded_by IS NOT NULL",
		"SELECT count(*) FROM record JOIN report ON report.id = record.report WHERE record.domain <> report.domain OR record.day <> report.day",
		"SELECT count(*) FROM report WHERE disp_none + disp_quarantine + disp_reject + disp_pass + disp_other <> messages",
		"SELECT count(*) FROM report WHERE superseded_by IS NULL AND dmarc_pass <> (SELECT ifnull(sum(record.count), 0) FROM record "
		    "JOIN evidence ON evidence.id = record.evidence JOIN outcome ON outcome.id = evidence.outcome "
		    "WHERE record.report = report.id AND (outcome.dkim = 1 OR outcome.spf = 1))",
		"SELECT count(*) FROM report WHERE superseded_by IS NULL AND source_ips <> (SELECT count(DISTINCT source) FROM record JOIN source "
		    "ON source.id = record.source WHERE record.report = report.id AND length(source.ip) > 0)",
		"SELECT count(*) FROM pragma_foreign_key_check",
		"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
	};

	for (size_t i = 0; i < nitems(wrong); i++)
		if (number(f, wrong[i]) != 0)
			fail_msg("%" PRId64 " of: %s", number(f, wrong[i]), wrong[i]);
	remembered(f);
}

static int64_t
messages(struct fixture *f)
{
	consistent(f);
	return (number(f, "SELECT ifnull(sum(messages), 0) FROM rollup"));
}

/* --- The place --------------------------------------------------------------------- */

static void
reopen(struct fixture *f)
{
	store_close(f->s);
	if ((f->s = store_open(f->dir, STORE_WRITE, &f->e)) == NULL)
		fail_msg("%s", f->e.msg);
}

static int
setup(void **state)
{
	struct fixture	*f = calloc(1, sizeof(*f));
	char		 path[128];

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/dmarcd-store-XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return (-1);
	reopen(f);
	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", f->dir);
	if (sqlite3_open_v2(path, &f->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return (-1);
	*state = f;
	return (0);
}

static void
remove_all(const char *dir)
{
	DIR		*d = opendir(dir);
	struct dirent	*en;
	char		 path[512];

	while (d != NULL && (en = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, en->d_name);
		if (strcmp(en->d_name, ".") != 0 && strcmp(en->d_name, "..") != 0 && unlink(path) == -1)
			remove_all(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	(void)sqlite3_close(f->db);
	store_close(f->reader);
	store_close(f->s);
	remove_all(f->dir);
	free(f);
	return (0);
}

/* --- Reports ------------------------------------------------------------------------ */

struct rep {
	const char	*org, *id, *domain;
	int64_t		 begin, end;
	unsigned	 rows;		/* from 192.0.2.0 on */
	uint64_t	 count;		/* of each row */
	unsigned	 kinds;		/* different combinations, 0: 1 */
	bool		 fails;		/* all fail, quarantined */
	unsigned	 refused;
	bool		 same_rows;	/* all from one address */
	const struct trust_mail *mail;	/* that it came in */
};

#define BASIC .org = "rep.example", .id = "1@rep.example", .domain = "example.com", .begin = DAY0, .end = DAY0 + 86399, .rows = 2, .count = 3

static const struct rep	 basic = { BASIC };

#define OK(f, call) do {								\
	if ((call) == -1)								\
		fail_msg("%s: %s", #call, (f)->e.msg);					\
} while (0)

/* One message with one report, all but its end: 0, or -1 with f->e. */
static int
rows_of(struct fixture *f, const struct rep *r, int64_t message)
{
	struct report_header	 h = { .org_name = str_of(r->org), .report_id = str_of(r->id), .begin = r->begin, .end = r->end,
				    .policy = { .domain = str_of(r->domain), .p = STR("quarantine"), .sp = STR("") } };
	struct report_auth	 dkim = { .domain = str_of(r->domain), .result = r->fails ? RES_FAIL : RES_PASS };
	struct report_record	 c = { .disposition = r->fails ? DISP_QUARANTINE : DISP_NONE, .dkim = r->fails ? EVAL_FAIL : EVAL_PASS,
				    .spf = EVAL_FAIL, .header_from = str_of(r->domain), .dkim_results = &dkim, .ndkim = 1 };
	struct report_refused	 q = { .line = 7, .reason = STR("count \"x\"") };
	struct store_evidence	 ev;
	struct buf		 b = { 0 };
	char			 selector[32];
	int			 rv;

	store_trust_mail(f->s, r->mail);
	rv = store_report_begin(f->s, message, 0, &h, &f->e);

	for (unsigned i = 0; i < r->rows && rv == 0; i++) {
		const unsigned		 n = r->same_rows ? 0 : i;
		const unsigned char	 ip[4] = { 192, (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n };

		(void)snprintf(selector, sizeof(selector), "s%u", i % (r->kinds == 0 ? 1 : r->kinds));
		dkim.what = str_of(selector);
		buf_clear(&b);
		wire_put_combination(&b, &c);
		rv = store_evidence(f->s, buf_as_str(&b), &c, &ev, &f->e);
		if (rv == 0)
			rv = store_row(f->s, &ev, ip, 4, STR_NONE, r->count, i + 1, &f->e);
	}
	for (unsigned i = 0; i < r->refused && rv == 0; i++) {
		q.seq = r->rows + i + 1;
		rv = store_row_refused(f->s, &q, &f->e);
	}
	buf_free(&b);
	return (rv);
}

static int
report_of(struct fixture *f, const struct rep *r, int64_t message, struct store_stored *out)
{
	struct report_trailer	 t = { .records = r->rows + r->refused, .refused = r->refused, .dialect = DIALECT_RFC7489,
				    .state = r->refused > 0 ? STATE_PARTIAL : r->rows == 0 ? STATE_EMPTY : STATE_OK };

	if (rows_of(f, r, message) == -1)
		return (-1);
	return (store_report_end(f->s, &t, out, &f->e));
}

static int
message_of(struct fixture *f, const struct rep *r, struct store_stored *out)
{
	struct store_message	 m = { DAY0 + 90000, "test", 100, 0, false, false };
	int64_t			 id;

	if (store_message_begin(f->s, &id, &f->e) == -1 || report_of(f, r, id, out) == -1)
		return (-1);
	return (store_message_end(f->s, id, &m, out->result, -1, 0, &f->e));
}

static enum intake_result
take(struct fixture *f, const struct rep *r)
{
	struct store_stored	 out;

	OK(f, store_begin(f->s, &f->e));
	OK(f, message_of(f, r, &out));
	OK(f, store_commit(f->s, &f->e));
	consistent(f);
	return (out.result);
}

/* --- Whose report it is ------------------------------------------------------------------ */

#define MX "mx.example.com"
#define MAIL(proof, from) ((struct trust_mail){ proof, TRUST_BY_DMARC, STR(from), STR(MX), STR(MX "; dmarc") })

/* What counts, by trust and by domain. */
static uint64_t
asked(struct fixture *f, const char *key, const char *value)
{
	struct query_filter	 q;
	struct query_range	 r;
	struct query_total	 t;
	struct query		*x;

	query_filter_init(&q);
	q.all = true;
	if ((x = query_begin(f->s, DAY0 + 200000, 0, &f->e)) == NULL ||
	    (key != NULL && query_filter_set(&q, str_of(key), str_of(value), &f->e) == -1) ||
	    query_filter_range(x, &q, &r, &f->e) == -1 || query_total(x, &q, &r, &t, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	query_filter_free(&q);
	query_end(x);
	return (t.counts.m);
}

static struct trust_settings	 believing;
static char			 mx[] = MX, *mxs[] = { mx };
static char			 ours[] = "example.com", *our_domains[] = { ours };

static void
trust_as(struct fixture *f, bool apart, bool domains)
{
	believing = (struct trust_settings){ .authserv_ids = { mxs, 1 }, .apart = apart, .domains = { our_domains, domains ? 1 : 0 } };
	store_trust(f->s, &believing);
}

/* Of two reports under one key the one that is better proved counts, in whatever order they come. */
static void
test_tr_key(void **state)
{
	struct fixture		*f = *state;
	struct trust_mail	 good = MAIL(PROOF_PASS, "rep.example"), other = MAIL(PROOF_PASS, "esp.example"),
				 bad = MAIL(PROOF_FAIL, "rep.example");
	struct rep		 a = basic, b = basic;

	trust_as(f, false, false);
	a.mail = &good;
	b.mail = &bad;
	b.count = 100;
	/* a lie after the truth changes nothing, and is kept; again it is known */
	assert_int_equal(take(f, &a), IN_STORED);
	assert_int_equal(take(f, &b), IN_STORED);
	assert_int_equal(messages(f), 6);
	assert_int_equal(number(f, "SELECT superseded_by FROM report WHERE trust = 3"), 1);
	assert_int_equal(take(f, &b), IN_DUPLICATE);
	b.mail = NULL;
	b.count = 101;
	assert_int_equal(take(f, &b), IN_STORED);
	b.mail = &other;
	b.count = 102;
	assert_int_equal(take(f, &b), IN_STORED);
	assert_int_equal(messages(f), 6);
	/* a lie before the truth gives way */
	a.id = b.id = "2";
	b.mail = &bad;
	assert_int_equal(take(f, &b), IN_STORED);
	b.mail = NULL;
	b.count = 7;
	assert_int_equal(take(f, &b), IN_REPLACED);	/* unknown is better than failed */
	assert_int_equal(take(f, &a), IN_REPLACED);
	assert_int_equal(messages(f), 12);
	/* also the truth without a row */
	a.id = b.id = "3";
	a.rows = 0;
	assert_int_equal(take(f, &b), IN_STORED);
	assert_int_equal(take(f, &a), IN_REPLACED);
	assert_int_equal(messages(f), 12);
	/* the truth of two versions of one reporter is the newer, as ever */
	a.rows = 1;
	assert_int_equal(take(f, &a), IN_REPLACED);
	assert_int_equal(messages(f), 15);
}

/* What came first by a way that proves nothing is proved when it comes again. */
static void
test_tr_again(void **state)
{
	struct fixture		*f = *state;
	struct trust_mail	 good = MAIL(PROOF_PASS, "rep.example"), bad = MAIL(PROOF_FAIL, "rep.example");
	struct rep		 r = basic;

	trust_as(f, false, false);
	assert_int_equal(take(f, &r), IN_STORED);
	r.mail = &bad;
	assert_int_equal(take(f, &r), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT trust FROM report"), TRUST_UNKNOWN);
	r.mail = &good;
	assert_int_equal(take(f, &r), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT trust FROM report"), TRUST_AUTHENTICATED);
	assert_int_equal(number(f, "SELECT trust_message FROM report"), 3);
	r.mail = NULL;
	assert_int_equal(take(f, &r), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT trust FROM report"), TRUST_AUTHENTICATED);
	/* a version that stepped back, now proved, counts */
	r.mail = NULL;
	r.count = 50;
	assert_int_equal(take(f, &r), IN_STORED);
	r.id = "2";
	assert_int_equal(take(f, &r), IN_STORED);
	r.count = 60;
	assert_int_equal(take(f, &r), IN_REPLACED);
	r.count = 50;
	r.mail = &good;
	assert_int_equal(take(f, &r), IN_REPLACED);
	assert_int_equal(messages(f), 6 + 100);
}

static void
test_tr_apart(void **state)
{
	struct fixture		*f = *state;
	struct trust_mail	 good = MAIL(PROOF_PASS, "rep.example"), bad = MAIL(PROOF_FAIL, "rep.example");
	struct rep		 a = basic, b = basic, c = basic;

	trust_as(f, true, true);
	a.mail = &good;
	b.mail = &bad;
	b.count = 100;
	c.domain = "example.net";
	c.count = 1000;
	assert_int_equal(take(f, &a), IN_STORED);
	assert_int_equal(take(f, &b), IN_STORED);	/* beside it, not instead of it */
	assert_int_equal(take(f, &c), IN_STORED);
	assert_int_equal(messages(f), 6 + 200 + 2000);
	assert_int_equal(asked(f, NULL, NULL), 6);
	assert_int_equal(asked(f, "apart", "no"), 6);
	assert_int_equal(asked(f, "apart", "yes"), 2200);
	assert_int_equal(asked(f, "apart", "all"), 2206);
	assert_int_equal(asked(f, "apart", "!no"), 2200);
	assert_int_equal(asked(f, "domain", "example.net"), 0);
	assert_int_equal(asked(f, "report", "2"), 200);
	assert_int_equal(asked(f, "trust", "authenticated"), 6);
	assert_int_equal(asked(f, "trust", "unauthenticated"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM records"), 2);
	/* the same once more, forwarded by a colleague: it is here already */
	a.mail = &bad;
	assert_int_equal(take(f, &a), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 3);
	/* streamed */
	b.id = "2";
	b.rows = 6000;
	b.count = 1;
	assert_int_equal(take(f, &b), IN_STORED);
	assert_int_equal(asked(f, NULL, NULL), 6);
	assert_int_equal(asked(f, "apart", "yes"), 8200);
}

static void
check_fault(void *ctx, enum store_fault what, int64_t id, const char *text)
{
	(void)ctx;
	fail_msg("%s %lld: %s", store_fault_names[what], (long long)id, text);
}

static void
check_progress(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
}

/* Other settings: everything goes to where it would have gone with them. */
static void
test_tr_settings(void **state)
{
	static const struct store_check_calls	 calls = { check_fault, check_progress };
	struct fixture				*f = *state;
	struct trust_mail			 good = MAIL(PROOF_PASS, "rep.example"), bad = MAIL(PROOF_FAIL, "rep.example");
	struct rep				 a = basic, b = basic, c = basic, d = basic;
	struct store_retrusted			 n;
	static const struct { bool believe, apart, domains; uint64_t m, apart_m; } steps[] = {
		{ true, false, false, 6 + 12 + 2000 + 200, 0 },
		{ true, true, false, 6 + 12 + 2000, 200 },
		{ true, true, true, 6 + 12, 2000 + 200 },
		{ false, true, true, 6 + 12 + 200, 2000 },
		{ false, false, false, 6 + 12 + 200 + 2000, 0 },
		{ true, true, true, 6 + 12, 2000 + 200 },
		{ true, false, false, 6 + 12 + 2000 + 200, 0 },
	};

	trust_as(f, false, false);
	a.mail = &good;
	b.mail = &bad;
	b.id = "b";
	b.count = 100;
	c.domain = "example.net";
	c.count = 1000;
	d.id = "d";
	d.count = 6;
	assert_int_equal(take(f, &a), IN_STORED);
	assert_int_equal(take(f, &b), IN_STORED);
	assert_int_equal(take(f, &c), IN_STORED);
	assert_int_equal(take(f, &d), IN_STORED);
	for (size_t i = 0; i < nitems(steps); i++) {
		trust_as(f, steps[i].apart, steps[i].domains);
		if (!steps[i].believe)
			believing.authserv_ids.n = 0;
		OK(f, store_retrust(f->s, &n, &f->e));
		assert_int_equal(n.reports, 4);
		consistent(f);
		assert_int_equal(asked(f, NULL, NULL), steps[i].m);
		assert_int_equal(asked(f, "apart", "yes"), steps[i].apart_m);
		OK(f, store_check(f->s, CHECK_ALL, &calls, NULL, &f->e));
		/* and nothing is left to do */
		OK(f, store_retrust(f->s, &n, &f->e));
		assert_int_equal(n.changed, 0);
	}
	assert_int_equal(number(f, "SELECT trust FROM report WHERE report_id = 'b'"), TRUST_FAILED);
	/* what comes back finds its place taken by one that is better proved */
	trust_as(f, true, false);
	OK(f, store_retrust(f->s, &n, &f->e));
	b.mail = &good;
	b.count = 1;
	assert_int_equal(take(f, &b), IN_STORED);
	assert_int_equal(asked(f, NULL, NULL), 6 + 12 + 2000 + 2);
	trust_as(f, false, false);
	OK(f, store_retrust(f->s, &n, &f->e));
	assert_int_equal(n.moved, 1);
	consistent(f);
	assert_int_equal(asked(f, "apart", "all"), 6 + 12 + 2000 + 2);
	OK(f, store_check(f->s, CHECK_ALL, &calls, NULL, &f->e));
}

/* --- DU ------------------------------------------------------------------------------------ */

static void
test_du1(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(take(f, &basic), IN_STORED);
	assert_int_equal(take(f, &basic), IN_DUPLICATE);
	reopen(f);
	assert_int_equal(take(f, &basic), IN_DUPLICATE);
	assert_int_equal(messages(f), 6);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 1);
	assert_int_equal(number(f, "SELECT duplicates FROM report"), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM message"), 3);
}

static void
test_du2(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	assert_int_equal(take(f, &basic), IN_STORED);
	r.count = 5;
	assert_int_equal(take(f, &r), IN_REPLACED);	/* more */
	assert_int_equal(messages(f), 10);
	r.count = 1;
	assert_int_equal(take(f, &r), IN_REPLACED);	/* fewer */
	assert_int_equal(messages(f), 2);
	r.count = 1;
	r.fails = true;
	assert_int_equal(take(f, &r), IN_REPLACED);	/* as many, others */
	assert_int_equal(messages(f), 2);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 4);
	assert_int_equal(number(f, "SELECT count(*) FROM report WHERE superseded_by IS NULL"), 1);
	assert_int_equal(number(f, "SELECT count(DISTINCT superseded_by) FROM report"), 1);
	assert_true(((uint64_t)number(f, "SELECT quirks FROM report WHERE superseded_by IS NULL") & QUIRK_VERSIONS) != 0);
}

static void
test_du3456(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	assert_int_equal(take(f, &basic), IN_STORED);
	r.org = "other.example";
	assert_int_equal(take(f, &r), IN_STORED);	/* DU3 */
	r = basic;
	r.end += 1;
	assert_int_equal(take(f, &r), IN_STORED);	/* DU4 */
	r = basic;
	r.domain = "example.net";
	assert_int_equal(take(f, &r), IN_STORED);	/* DU6 */
	r = basic;
	r.id = "2";
	assert_int_equal(take(f, &r), IN_STORED);
	/* the organisation is who reports, however it is spelt */
	r = basic;
	r.org = "Mail.Rep.Example";
	assert_int_equal(take(f, &r), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 5);
	assert_int_equal(messages(f), 30);
}

#define OVERLAPPING(f) number((f), "SELECT count(*) FROM report WHERE superseded_by IS NULL AND quirks >> 44 & 1")

/* Periods of one reporter that overlap: both count, both are marked. */
static void
test_overlap(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	assert_int_equal(QUIRK_OVERLAP_BIT, 44);
	assert_int_equal(take(f, &basic), IN_STORED);
	/* the next day, with an end that is the begin of the one after; and the day before likewise */
	r.id = "next";
	r.begin = basic.end;
	r.end = r.begin + 86400;
	assert_int_equal(take(f, &r), IN_STORED);
	r.id = "before";
	r.begin = DAY0 - 86400;
	r.end = DAY0;
	assert_int_equal(take(f, &r), IN_STORED);
	/* other reporters, other domains */
	r = basic;
	r.org = "other.example";
	assert_int_equal(take(f, &r), IN_STORED);
	r = basic;
	r.domain = "example.net";
	assert_int_equal(take(f, &r), IN_STORED);
	/* the same again, and another version of it */
	assert_int_equal(take(f, &basic), IN_DUPLICATE);
	r = basic;
	r.count = 9;
	assert_int_equal(take(f, &r), IN_REPLACED);
	assert_int_equal(OVERLAPPING(f), 0);
	/* an hour of that day: it, and the day */
	r = basic;
	r.id = "hour";
	r.begin += 7200;
	r.end = r.begin + 3600;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(OVERLAPPING(f), 2);
	/* the same id and a period that begins a second later (DU4) */
	r = basic;
	r.domain = "example.net";
	r.begin += 1;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(OVERLAPPING(f), 4);
	/* four weeks around all of them */
	r = basic;
	r.id = "weeks";
	r.begin -= 14 * 86400;
	r.end += 14 * 86400;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(OVERLAPPING(f), 7);
	/* all of them count */
	assert_int_equal(number(f, "SELECT count(*) FROM report WHERE superseded_by IS NULL"), 8);
	assert_int_equal(messages(f), 7 * 6 + 18);
}

static void
test_du7(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	assert_int_equal(take(f, &basic), IN_STORED);
	r.count = 5;
	assert_int_equal(take(f, &r), IN_REPLACED);
	assert_int_equal(take(f, &basic), IN_DUPLICATE);	/* the first one, again */
	assert_int_equal(messages(f), 10);
	assert_int_equal(take(f, &r), IN_DUPLICATE);
	assert_int_equal(messages(f), 10);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 2);
}

/* All of it within one transaction, where sums are still in memory. */
static void
test_du_together(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;

	OK(f, store_begin(f->s, &f->e));
	OK(f, message_of(f, &basic, &out));
	OK(f, message_of(f, &basic, &out));
	assert_int_equal(out.result, IN_DUPLICATE);
	r.count = 7;
	OK(f, message_of(f, &r, &out));
	assert_int_equal(out.result, IN_REPLACED);
	OK(f, message_of(f, &basic, &out));
	assert_int_equal(out.result, IN_DUPLICATE);
	r.fails = true;
	OK(f, message_of(f, &r, &out));
	assert_int_equal(out.result, IN_REPLACED);
	OK(f, store_commit(f->s, &f->e));
	assert_int_equal(messages(f), 14);
}

static void
test_empty_version(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	assert_int_equal(take(f, &basic), IN_STORED);
	r.rows = 0;
	assert_int_equal(take(f, &r), IN_DUPLICATE);	/* an empty one takes nothing away */
	assert_int_equal(messages(f), 6);
	assert_int_equal(take(f, &r), IN_DUPLICATE);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 2);
	/* the other way round the full one counts */
	r.id = "empty first";
	assert_int_equal(take(f, &r), IN_STORED);
	r.rows = 1;
	assert_int_equal(take(f, &r), IN_REPLACED);
	assert_int_equal(messages(f), 9);
}

static void
test_no_id(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	/* without an id the contents are one */
	r.id = NULL;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(take(f, &r), IN_DUPLICATE);
	r.count = 4;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(messages(f), 14);
}

static void
test_partial(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	r.refused = 150;
	assert_int_equal(take(f, &r), IN_PARTIAL);
	assert_int_equal(messages(f), 6);
	assert_int_equal(number(f, "SELECT json_array_length(refused) FROM report"), 100);
	assert_int_equal(number(f, "SELECT json_extract(refused, '$[0][0]') FROM report"), 3);
	assert_int_equal(number(f, "SELECT records FROM report"), 152);
	/* and the whole one replaces it */
	r.rows = 4;
	r.refused = 0;
	assert_int_equal(take(f, &r), IN_REPLACED);
	assert_int_equal(messages(f), 12);
}

/* D21, W12: equal rows are one */
static void
test_merge(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;

	r.rows = 1000;
	r.same_rows = true;
	r.kinds = 3;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(number(f, "SELECT count(*) FROM record"), 3);
	assert_int_equal(number(f, "SELECT records FROM report"), 1000);
	assert_int_equal(number(f, "SELECT source_ips FROM report"), 1);
	assert_int_equal(number(f, "SELECT min(seq) FROM record"), 1);
	assert_int_equal(messages(f), 3000);
}

/* --- DY: the day of a report ------------------------------------------------------------------ */

static const struct { const char *label; int64_t begin, end; const char *day; } days[] = {
	{ "DY1", 1790812800, 1790899199, "2026-10-01" }, { "DY2", 1790812800, 1790899200, "2026-10-01" },
	{ "DY3", 1790856000, 1790985600, "2026-10-02" }, { "DY4", 1790856000, 1790985601, "2026-10-02" },
	{ "DY5", 1790812800, 1790985600, "2026-10-02" }, { "DY6", 1790812800, 1790985599, "2026-10-01" },
	{ "DY7", 1790830800, 1790830800, "2026-10-01" }, { "DY8", 1790553600, 1791158399, "2026-10-01" },
};

static void
test_days(void **state)
{
	struct fixture	*f = *state;
	struct rep	 r = basic;
	int64_t		 day;

	for (size_t i = 0; i < nitems(days); i++) {
		r.id = days[i].label;
		r.begin = days[i].begin;
		r.end = days[i].end;
		assert_int_equal(take(f, &r), IN_STORED);
		assert_true(when_parse_date(str_of(days[i].day), &day));
		if (number(f, "SELECT day FROM report ORDER BY id DESC LIMIT 1") != day)
			fail_msg("%s: not %s", days[i].label, days[i].day);
	}
	assert_int_equal(messages(f), 48);
}

/* --- Streams: more rows than are held -------------------------------------------------------------- */

static void
test_stream(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;
	int64_t			 id;

	r.rows = 10000;
	r.kinds = 300;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(messages(f), 30000);
	assert_int_equal(number(f, "SELECT source_ips FROM report"), 10000);
	assert_int_equal(take(f, &r), IN_DUPLICATE);	/* found out at its end */
	assert_int_equal(messages(f), 30000);
	r.fails = true;
	assert_int_equal(take(f, &r), IN_REPLACED);
	assert_int_equal(messages(f), 30000);
	/* equal rows far apart are one */
	r.id = "merged";
	r.same_rows = true;
	r.kinds = 3;
	r.rows = 9000;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(number(f, "SELECT count(*) FROM record JOIN report ON report.id = record.report WHERE report_id = 'merged'"), 3);
	assert_int_equal(messages(f), 57000);
	/* one that is dropped in the middle leaves nothing, and what follows in the same transaction is right */
	r = basic;
	r.id = "dropped";
	r.rows = 10000;
	r.kinds = 1000;
	r.domain = "example.org";
	OK(f, store_begin(f->s, &f->e));
	OK(f, store_message_begin(f->s, &id, &f->e));
	OK(f, rows_of(f, &r, id));
	OK(f, store_report_drop(f->s, &f->e));
	r.id = "kept";
	r.rows = 5000;
	OK(f, message_of(f, &r, &out));
	assert_int_equal(out.result, IN_STORED);
	OK(f, store_message_begin(f->s, &id, &f->e));
	r.id = "dropped again";
	r.rows = 10;
	OK(f, rows_of(f, &r, id));
	OK(f, store_report_drop(f->s, &f->e));
	OK(f, store_commit(f->s, &f->e));
	assert_int_equal(messages(f), 72000);
	assert_int_equal(number(f, "SELECT count(*) FROM report WHERE report_id LIKE 'dropped%'"), 0);
}

/* A begin without the end of the one before: that one goes. */
static void
test_begin_twice(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;
	int64_t			 id;

	for (int big = 0; big < 2; big++) {
		r.rows = big ? 6000 : 2;
		r.id = "lost";
		OK(f, store_begin(f->s, &f->e));
		OK(f, store_message_begin(f->s, &id, &f->e));
		OK(f, rows_of(f, &r, id));
		r.id = big ? "kept 2" : "kept 1";
		r.rows = 3;
		OK(f, message_of(f, &r, &out));
		OK(f, store_commit(f->s, &f->e));
		consistent(f);
	}
	assert_int_equal(messages(f), 18);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 2);
}

/* --- Rollback ---------------------------------------------------------------------------------------- */

static void
test_rollback(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;
	int64_t			 id, generation;

	assert_int_equal(take(f, &basic), IN_STORED);
	generation = (int64_t)store_generation(f->s);
	for (int rows = 10; rows <= 10000; rows *= 1000) {
		r.id = "gone";
		r.rows = (unsigned)rows;
		r.kinds = 50;
		r.domain = "gone.example";
		OK(f, store_begin(f->s, &f->e));
		assert_true(store_in_transaction(f->s));
		OK(f, message_of(f, &r, &out));
		r.id = "gone, and under way";
		OK(f, store_message_begin(f->s, &id, &f->e));
		OK(f, rows_of(f, &r, id));
		store_rollback(f->s);
		assert_false(store_in_transaction(f->s));
		assert_int_equal(messages(f), 6);
		assert_int_equal(number(f, "SELECT count(*) FROM domain WHERE name = 'gone.example'"), 0);
	}
	assert_int_equal(store_generation(f->s), generation);
	/* ids that were remembered are gone, too */
	r.id = "gone";
	r.rows = 10;
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(messages(f), 36);
	assert_true((int64_t)store_generation(f->s) > generation);
}

/* --- Two writers: what is remembered of ids is dropped when another wrote ---------------------------------- */

static void
test_two(void **state)
{
	struct fixture	*f = *state;
	struct store	*one = f->s, *two = store_open(f->dir, STORE_WRITE, &f->e);
	struct rep	 r = basic;
	char		 id[16];

	assert_non_null(two);
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(id, sizeof(id), "n%u", i);
		r.id = id;
		r.kinds = i + 1;
		r.rows = 2 * i + 1;
		f->s = i % 2 == 0 ? one : two;
		assert_int_equal(take(f, &r), IN_STORED);
		assert_int_equal(take(f, &r), IN_DUPLICATE);
	}
	f->s = one;
	store_close(two);
	assert_int_equal(messages(f), 3 * 400);
	assert_int_equal(number(f, "SELECT count(*) - count(DISTINCT id) FROM message"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM message"), 40);
}

/* --- Tokens --------------------------------------------------------------------------------------------------- */

static void
test_tokens(void **state)
{
	struct fixture		*f = *state;
	struct store_message	 m = { DAY0, "test", 10, 0, false, false };
	int64_t			 id;

	OK(f, store_begin(f->s, &f->e));
	for (uint64_t t = 1; t <= 5000; t++) {
		OK(f, store_message_begin(f->s, &id, &f->e));
		m.token = t * 0x9e3779b97f4a7c15u;
		assert_false(store_token_seen(f->s, m.token));
		OK(f, store_message_end(f->s, id, &m, IN_IGNORED, -1, 0, &f->e));
	}
	OK(f, store_commit(f->s, &f->e));
	assert_false(store_token_seen(f->s, 0));
	for (int again = 0; again < 2; again++) {
		unsigned	 missing = 0;

		for (uint64_t t = 5000; t > 4000; t--)
			missing += !store_token_seen(f->s, t * 0x9e3779b97f4a7c15u);
		assert_int_equal(missing, 0);
		assert_false(store_token_seen(f->s, 12345));
		reopen(f);
	}
	/* what was rolled back was not taken */
	OK(f, store_begin(f->s, &f->e));
	OK(f, store_message_begin(f->s, &id, &f->e));
	m.token = 77;
	OK(f, store_message_end(f->s, id, &m, IN_IGNORED, -1, 0, &f->e));
	store_rollback(f->s);
	assert_false(store_token_seen(f->s, 77));
	reopen(f);
	assert_false(store_token_seen(f->s, 77));
}

/* --- Originals ---------------------------------------------------------------------------------------------------- */

static int
file_with(struct str s, uint64_t offset)
{
	int	 fd = memfd_create("original", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(pwrite(fd, s.p, s.len, (off_t)offset), (ssize_t)s.len);
	return (fd);
}

static int
keep_file(struct fixture *f, int fd, uint64_t bytes, uint64_t offset, int64_t *id)
{
	struct store_message	 m = { DAY0, "test", bytes, 0, false, false };

	if (store_message_begin(f->s, id, &f->e) == -1)
		return (-1);
	return (store_message_end(f->s, *id, &m, IN_STORED, fd, offset, &f->e));
}

static int
keep(struct fixture *f, struct str s, uint64_t offset, int64_t *id)
{
	int	 fd = file_with(s, offset), rv;

	rv = keep_file(f, fd, s.len, offset, id);
	(void)close(fd);
	return (rv);
}

static void
comes_back(struct fixture *f, int64_t id, struct str want)
{
	uint64_t	 offset, bytes;
	char		*b = malloc(want.len + 1);
	int		 fd;

	OK(f, store_original_open(f->s, id, &fd, &offset, &bytes, &f->e));
	assert_int_equal(bytes, want.len);
	assert_int_equal(pread(fd, b, want.len + 1, (off_t)offset) >= (ssize_t)want.len, 1);
	assert_memory_equal(b, want.p, want.len);
	OK(f, store_original_sound(f->s, id, fd, offset, bytes, &f->e));
	(void)close(fd);
	free(b);
}

/* Another bit at one place of the pack; 1: the original that is asked for is not as it was kept. */
static int
damaged_at(struct fixture *f, int64_t id, uint64_t place)
{
	char		 path[300];
	uint64_t	 offset, bytes;
	unsigned char	 c;
	int		 fd, rw, rv;
	struct err	 e = { 0 };

	OK(f, store_original_open(f->s, id, &fd, &offset, &bytes, &f->e));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_not_equal(rw = open(path, O_RDWR | O_CLOEXEC), -1);
	assert_int_equal(pread(rw, &c, 1, (off_t)(offset + place)), 1);
	c ^= 1;
	assert_int_equal(pwrite(rw, &c, 1, (off_t)(offset + place)), 1);
	rv = store_original_sound(f->s, id, fd, offset, bytes, &e);
	assert_int_equal(rv == -1 ? ERR_INPUT : ERR_NONE, e.code);
	c ^= 1;
	assert_int_equal(pwrite(rw, &c, 1, (off_t)(offset + place)), 1);
	OK(f, store_original_sound(f->s, id, fd, offset, bytes, &f->e));
	(void)close(rw);
	(void)close(fd);
	return (rv == -1);
}

static void
test_originals(void **state)
{
	struct fixture	*f = *state;
	struct buf	 big = { 0 };
	struct str	 s[4];
	int64_t		 id[4], none;
	int		 fd;
	uint64_t	 o, n;

	for (size_t i = 0; i < 3000000; i++)
		(void)buf_byte(&big, (unsigned char)(i * i >> 7));
	s[0] = STR("From: a\r\n\r\n\0binary\xff");
	s[1] = buf_as_str(&big);
	s[2] = STR("");
	s[3] = STR("x");
	OK(f, store_begin(f->s, &f->e));
	OK(f, keep(f, s[0], 0, &id[0]));
	OK(f, keep(f, s[1], 12345, &id[1]));
	OK(f, store_commit(f->s, &f->e));
	/* bytes of a transaction that was rolled back are nobody's */
	OK(f, store_begin(f->s, &f->e));
	OK(f, keep(f, s[1], 0, &none));
	store_rollback(f->s);
	OK(f, store_begin(f->s, &f->e));
	OK(f, keep(f, s[2], 0, &id[2]));
	OK(f, keep(f, s[3], 3, &id[3]));
	OK(f, store_commit(f->s, &f->e));
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < 4; i++)
			comes_back(f, id[i], s[i]);
		assert_int_equal(store_original_open(f->s, 999, &fd, &o, &n, &f->e), -1);
		assert_true(damaged_at(f, id[0], 0));
		assert_false(damaged_at(f, id[0], s[0].len + 8));	/* the next one's */
		assert_true(damaged_at(f, id[1], 0) && damaged_at(f, id[1], 65535) && damaged_at(f, id[1], 65536) &&
		    damaged_at(f, id[1], s[1].len - 1) && damaged_at(f, id[1], s[1].len) && damaged_at(f, id[1], s[1].len + 7));
		assert_true(damaged_at(f, id[2], 0));	/* its seal */
		consistent(f);
		reopen(f);
	}
	buf_free(&big);
}

/* Files in originals/, and how many of them no transaction has committed yet. */
static unsigned
packs(struct fixture *f, unsigned *uncommitted)
{
	char		 path[128];
	struct dirent	*d;
	struct stat	 st;
	unsigned	 n = 0;
	DIR		*dir;

	(void)snprintf(path, sizeof(path), "%s/originals", f->dir);
	*uncommitted = 0;
	if ((dir = opendir(path)) == NULL)
		return (0);
	while ((d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.' && fstatat(dirfd(dir), d->d_name, &st, 0) == 0) {
			n++;
			*uncommitted += (st.st_mode & S_ISVTX) != 0;
		}
	(void)closedir(dir);
	return (n);
}

/* A writer that is killed leaves a pack that no row names: the next one that opens the store removes it, and no other. */
static void
test_orphan(void **state)
{
	struct fixture	*f = *state;
	char		 path[128];
	unsigned	 marked;
	int64_t		 id, kept;
	int		 status, fd;
	pid_t		 pid;

	OK(f, store_begin(f->s, &f->e));
	OK(f, keep(f, STR("committed"), 0, &kept));
	assert_int_equal(packs(f, &marked), 1);
	assert_int_equal(marked, 1);
	OK(f, store_commit(f->s, &f->e));
	assert_int_equal(packs(f, &marked), 1);
	assert_int_equal(marked, 0);
	store_close(f->s);
	if ((pid = fork()) == 0) {
		if ((f->s = store_open(f->dir, STORE_WRITE, &f->e)) == NULL || store_begin(f->s, &f->e) == -1 ||
		    keep(f, STR("never committed"), 0, &id) == -1)
			_exit(1);
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(packs(f, &marked), 2);
	assert_int_equal(marked, 1);
	/* one whose writer lives is locked, and nobody else removes it */
	(void)snprintf(path, sizeof(path), "%s/originals/1-1-1.pack", f->dir);
	assert_int_not_equal(fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), -1);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(fchmod(fd, S_ISVTX | 0600), 0);
	assert_non_null(f->s = store_open(f->dir, STORE_WRITE, &f->e));
	assert_int_equal(packs(f, &marked), 2);
	assert_int_equal(marked, 1);
	(void)close(fd);
	store_close(f->s);
	assert_non_null(f->s = store_open(f->dir, STORE_WRITE, &f->e));
	assert_int_equal(packs(f, &marked), 1);
	assert_int_equal(marked, 0);
	comes_back(f, kept, STR("committed"));
	consistent(f);
}

/* --- A full disk ------------------------------------------------------------------------------------------------------ */

/*
 * No file may grow beyond what the largest has and a bit: the log of the
 * database, or the pack, meets that at some point. Then the limit goes.
 */
static void
test_full(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;
	struct rlimit		 was, now;
	struct buf		 mail = { 0 };
	int64_t			 id, had;
	unsigned		 failed = 0;
	char			 name[32];
	int			 fd;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	for (size_t i = 0; i < 200000; i++)
		(void)buf_byte(&mail, 'm');
	fd = file_with(buf_as_str(&mail), 0);	/* before it is too large itself */
	assert_int_equal(take(f, &basic), IN_STORED);
	for (unsigned kb = 64; kb < 4000; kb *= getenv("DMARCD_TEST_FEW") == NULL ? 2 : 16) {
		int	 rv;

		had = messages(f);
		now = was;
		now.rlim_cur = (rlim_t)kb * 1024;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
		(void)snprintf(name, sizeof(name), "full %u", kb);
		r.id = name;
		r.domain = "full.example";
		r.rows = getenv("DMARCD_TEST_FEW") == NULL ? 20000 : 5000;
		r.kinds = 5000;
		memset(&f->e, 0, sizeof(f->e));
		if ((rv = store_begin(f->s, &f->e)) == 0 && (rv = message_of(f, &r, &out)) == 0 &&
		    (rv = keep_file(f, fd, mail.len, 0, &id)) == 0)
			rv = store_commit(f->s, &f->e);
		if (rv == -1) {
			assert_int_equal(f->e.code, ERR_TEMP);
			assert_true(f->e.msg[0] != '\0');
			if (store_in_transaction(f->s))
				store_rollback(f->s);
			failed++;
		}
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
		assert_int_equal(messages(f), rv == -1 ? had : had + 3 * (int64_t)r.rows);
		/* with room again all goes on, with the same store */
		assert_int_equal(take(f, &r), rv == -1 ? IN_STORED : IN_DUPLICATE);
		OK(f, store_begin(f->s, &f->e));
		OK(f, keep(f, buf_as_str(&mail), 0, &id));
		OK(f, store_commit(f->s, &f->e));
		comes_back(f, id, buf_as_str(&mail));
	}
	assert_true(failed >= 2);
	(void)close(fd);
	buf_free(&mail);
}

/* --- Numbers at the edge ------------------------------------------------------------------------------------------------ */

/* As an operator may: no ceiling on the counts of one report. */
static void
wide_open(struct fixture *f)
{
	struct limits	 l = limits_default;

	l.messages = INT64_MAX;
	store_limit(f->s, &l);
}

static void
test_edge(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;
	int64_t			 id;

	r.rows = 1;
	r.count = INT64_MAX;
	wide_open(f);
	assert_int_equal(take(f, &r), IN_STORED);
	assert_true(number(f, "SELECT messages FROM report") == INT64_MAX);
	/* two of them pass the sum: refused, nothing breaks */
	r.id = "two";
	r.rows = 2;
	OK(f, store_begin(f->s, &f->e));
	OK(f, store_message_begin(f->s, &id, &f->e));
	assert_int_equal(rows_of(f, &r, id), -1);
	assert_int_equal(f->e.code, ERR_INPUT);
	OK(f, store_report_drop(f->s, &f->e));
	r.count = 1;
	r.rows = 1;
	r.id = basic.id;	/* it takes the place of the large one */
	OK(f, message_of(f, &r, &out));
	OK(f, store_commit(f->s, &f->e));
	assert_int_equal(out.result, IN_REPLACED);
}

/* Two sound reports whose sum no number holds: the second is refused, and what is there can still be replaced. */
static void
test_edge_sum(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;

	r.rows = 1;
	r.count = INT64_MAX;
	wide_open(f);
	assert_int_equal(take(f, &r), IN_STORED);
	r.id = "second";
	for (unsigned rows = 1; rows < 10000; rows += 9998) {
		r.rows = rows;
		r.count = (uint64_t)INT64_MAX / rows;
		OK(f, store_begin(f->s, &f->e));
		assert_int_equal(message_of(f, &r, &out), -1);
		assert_int_equal(f->e.code, ERR_LIMIT);
		OK(f, store_commit(f->s, &f->e));	/* the others of the transaction are not touched */
		consistent(f);
		reopen(f);
		wide_open(f);
	}
	r = basic;
	assert_int_equal(take(f, &r), IN_REPLACED);
	r.id = "third";
	assert_int_equal(take(f, &r), IN_STORED);
	assert_int_equal(messages(f), 12);
	assert_int_equal(number(f, "SELECT value FROM meta WHERE key = 'messages'"), 12);
}

/* By default one report cannot take more than its share. */
static void
test_edge_limit(void **state)
{
	struct fixture		*f = *state;
	struct rep		 r = basic;
	struct store_stored	 out;

	r.rows = 1;
	r.count = limits_default.messages + 1;
	OK(f, store_begin(f->s, &f->e));
	assert_int_equal(message_of(f, &r, &out), -1);
	assert_int_equal(f->e.code, ERR_LIMIT);
	OK(f, store_commit(f->s, &f->e));
	r.count = limits_default.messages;
	assert_int_equal(take(f, &r), IN_STORED);
}

/* --- Quarantine ----------------------------------------------------------------------------------------------------------- */

static void
test_quarantine(void **state)
{
	struct fixture			*f = *state;
	struct store_quarantined	 x = { DAY0, "test", "a.eml", 10, "cut-short", "cut", STR("x@example.com"), STR_NONE, 7, 2, 30, 1234,
				    STR("a.xml"), false, false };
	struct store_trimmed		 t;

	OK(f, store_begin(f->s, &f->e));
	OK(f, store_quarantine_add(f->s, &x, &f->e));
	x.reason = "over-limit";
	x.sender = STR_NONE;
	x.part = 1;
	OK(f, store_quarantine_add(f->s, &x, &f->e));
	OK(f, store_commit(f->s, &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine WHERE reason = 'over-limit' AND part = 1 AND line = 30 AND message = 7 "
	    "AND sender = 'x@example.com'"), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine"), 1);
	assert_true(store_quarantine_has(f->s, "a.eml"));
	assert_false(store_quarantine_has(f->s, "b.eml"));

	/* the oldest go until the rest is small enough */
	OK(f, store_begin(f->s, &f->e));
	for (int i = 0; i < 3; i++) {
		x.received = DAY0 + 100 - i;
		x.file = i == 0 ? "b.eml" : i == 1 ? "c.eml" : "d.eml";
		OK(f, store_quarantine_add(f->s, &x, &f->e));
	}
	OK(f, store_commit(f->s, &f->e));
	OK(f, store_quarantine_trim(f->s, 40, &t, &f->e));
	assert_int_equal(t.n, 0);
	OK(f, store_quarantine_trim(f->s, 29, &t, &f->e));
	assert_int_equal(t.n, 2);
	assert_int_equal(t.oldest, DAY0);
	assert_int_equal(t.newest, DAY0 + 98);
	assert_int_equal(t.left, 20);
	assert_true(store_quarantine_has(f->s, "b.eml"));
	assert_false(store_quarantine_has(f->s, "d.eml"));

	/* taken back with the transaction that was to read it */
	OK(f, store_begin(f->s, &f->e));
	OK(f, store_quarantine_remove(f->s, "b.eml", &f->e));
	store_rollback(f->s);
	assert_true(store_quarantine_has(f->s, "b.eml"));
	assert_int_equal(store_quarantine_discard(f->s, number(f, "SELECT id FROM quarantine WHERE file = 'b.eml'"), &f->e), 1);
	assert_int_equal(store_quarantine_discard(f->s, 4711, &f->e), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine"), 1);
}

/* The place, what was asked for, what rules removed, and who is to be read again after an upgrade. */
static void
test_quarantine_told(void **state)
{
	struct fixture			*f = *state;
	struct store_quarantined	 x = { DAY0, "test", "a.eml", 10, "cut-short", "cut", STR("x@example.com"), STR("s"), 7, 2, 30, 1234,
					    STR("a.xml"), false, false };
	struct store_action		 did = { .item = 1, .asked = DAY0, .result = IN_PARTIAL, .reports = 2, .text = "half" };
	struct store_quarantine_item	 item;
	struct store_trimmed		 t;
	struct query			*q;
	struct query_ingest		 in;
	struct query_quarantined	*list;
	int64_t				*ids;
	unsigned			 packs, gone;
	size_t				 n;

	OK(f, store_begin(f->s, &f->e));
	OK(f, store_quarantine_add(f->s, &x, &f->e));
	OK(f, store_commit(f->s, &f->e));
	assert_int_equal(store_quarantine_get(f->s, 1, &item, &f->e), 1);
	assert_string_equal(item.file, "a.eml");
	assert_string_equal(item.origin, "test");
	assert_true(item.received == DAY0 && item.message == 7);
	assert_int_equal(store_quarantine_get(f->s, 2, &item, &f->e), 0);
	/* read again in vain: another place, and when */
	x.again = true;
	x.byte = 0;
	x.entry = STR_NONE;
	OK(f, store_begin(f->s, &f->e));
	OK(f, store_quarantine_add(f->s, &x, &f->e));
	OK(f, store_commit(f->s, &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine WHERE byte IS NULL AND entry IS NULL AND tried IS NOT NULL"), 1);

	for (int i = 0; i < 250; i++)
		OK(f, store_quarantine_did(f->s, &did, &f->e));
	did.discard = true;
	OK(f, store_quarantine_did(f->s, &did, &f->e));
	did.discard = false;
	did.missing = true;
	OK(f, store_quarantine_did(f->s, &did, &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine_action"), 200);

	/* after an upgrade all of them, once */
	OK(f, store_quarantine_upgrade(f->s, "1.0", &ids, &n, &f->e));
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], 1);
	free(ids);
	OK(f, store_quarantine_upgraded(f->s, "1.0", &f->e));
	OK(f, store_quarantine_upgrade(f->s, "1.0", &ids, &n, &f->e));
	assert_int_equal(n, 0);
	free(ids);
	OK(f, store_quarantine_upgrade(f->s, "1.1", &ids, &n, &f->e));
	assert_int_equal(n, 1);
	free(ids);

	/* by size, and by age */
	OK(f, store_begin(f->s, &f->e));
	x.file = "b.eml";
	x.received = DAY0 + 1;
	OK(f, store_quarantine_add(f->s, &x, &f->e));
	OK(f, store_commit(f->s, &f->e));
	OK(f, store_quarantine_trim(f->s, 15, &t, &f->e));
	assert_int_equal(t.n, 1);
	OK(f, store_expire(f->s, 0, DAY0 + 1, &packs, &gone, &f->e));
	assert_int_equal(gone, 0);
	OK(f, store_expire(f->s, 0, DAY0 + 2, &packs, &gone, &f->e));
	assert_int_equal(gone, 1);

	if ((q = query_begin(f->s, DAY0, 0, &f->e)) == NULL)
		fail_msg("%s", f->e.msg);
	OK(f, query_ingest(q, &in, &f->e));
	assert_int_equal(in.quarantined, 0);
	assert_int_equal(in.nactions, 50);
	assert_true(in.actions[0].missing && !in.actions[0].discard && in.actions[1].discard && !in.actions[2].missing);
	assert_int_equal(in.actions[2].result, IN_PARTIAL);
	assert_int_equal(in.actions[2].reports, 2);
	assert_true(str_eq(in.actions[2].text, STR("half")));
	assert_int_equal(in.ngone, 2);
	assert_true(in.gone[0].by_age && in.gone[0].messages == 1 && in.gone[0].bytes == 10 && in.gone[0].oldest == DAY0 + 1);
	assert_true(!in.gone[1].by_age && in.gone[1].messages == 1 && in.gone[1].newest == DAY0);
	OK(f, query_quarantine(q, 0, &list, &n, &f->e));
	assert_int_equal(n, 0);
	query_end(q);
}

#define NAMED(n, t) { .name = (n), .test_func = (t), .setup_func = setup, .teardown_func = teardown }

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		NAMED("DU1 the same again", test_du1),
		NAMED("DU2 other contents replace", test_du2),
		NAMED("DU3 DU4 DU6 another reporter, period, domain", test_du3456),
		NAMED("DU4 periods that overlap", test_overlap),
		NAMED("DU7 the first version comes again", test_du7),
		NAMED("DU all in one transaction", test_du_together),
		NAMED("whose report it is: one key, two reports", test_tr_key),
		NAMED("whose report it is: proved when it comes again", test_tr_again),
		NAMED("whose report it is: kept apart", test_tr_apart),
		NAMED("whose report it is: other settings", test_tr_settings),
		NAMED("an empty version takes nothing away", test_empty_version),
		NAMED("D4 no report_id", test_no_id),
		NAMED("AX37 partial", test_partial),
		NAMED("D21 W12 equal rows are one", test_merge),
		NAMED("DY1-DY8 E9 R7 R8 the day of a report", test_days),
		NAMED("more rows than are held, kept and dropped", test_stream),
		NAMED("a begin in a report", test_begin_twice),
		NAMED("rollback", test_rollback),
		NAMED("two writers", test_two),
		NAMED("tokens of spool files", test_tokens),
		NAMED("originals come back as they were", test_originals),
		NAMED("a pack that nobody committed", test_orphan),
		NAMED("a full disk", test_full),
		NAMED("the largest count", test_edge),
		NAMED("sums over reports that no number holds", test_edge_sum),
		NAMED("a report's share of the totals", test_edge_limit),
		NAMED("quarantine", test_quarantine),
		NAMED("quarantine: nothing happens unseen", test_quarantine_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
