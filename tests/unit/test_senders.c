/*
 * Senders in the store: the pass over what came in, sums that know senders,
 * sources that turn out to be somebody else, decisions and their undoing.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dmarc/dmarc.h"
#include "store/query.h"
#include "store/senders.h"

#define DAY0 20500

static char		 dir[] = "/tmp/test_senders.XXXXXX";
static struct store	*store, *reader;	/* reader: it remembers from one question to the next */
static sqlite3		*db;

static int64_t
number(const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 v;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return (v);
}

struct mail {
	unsigned	 host;		/* 192.0.2.host */
	uint64_t	 count;
	const char	*spf, *dkim, *selector;	/* NULL: none; spf "-x": fails */
	bool		 dkim_fails;
};

static unsigned	 reports;

/* One report about example.com of that day, with these rows. */
static void
report(int day, const struct mail *mail, size_t n)
{
	struct report_header	 h = { .dialect = DIALECT_RFC7489, .org_name = STR("reporter.example"), .begin = (int64_t)(DAY0 + day) * 86400,
				    .end = (int64_t)(DAY0 + day) * 86400 + 86399, .policy = { .domain = STR("example.com"), .p = STR("reject") } };
	struct store_message	 m = { .received = 1780000000, .origin = "test", .bytes = 100 };
	struct report_trailer	 t = { .records = n, .state = STATE_OK, .dialect = DIALECT_RFC7489 };
	struct store_stored	 done;
	struct err		 e = { 0 };
	char			 id[32], ip[32];
	int64_t			 message;

	(void)snprintf(id, sizeof(id), "r%u", reports++);
	h.report_id = str_of(id);
	assert_int_equal(store_begin(store, &e), 0);
	assert_int_equal(store_message_begin(store, &message, &e), 0);
	assert_int_equal(store_report_begin(store, message, 0, &h, &e), 0);
	for (size_t i = 0; i < n; i++) {
		const char		*spf = mail[i].spf;
		bool			 fails = spf[0] == '-';
		struct report_auth	 s = { .domain = str_of(spf + fails), .result = fails ? RES_FAIL : RES_PASS };
		struct report_auth	 k = { .domain = str_of(mail[i].dkim), .what = str_of(mail[i].selector),
					    .result = mail[i].dkim_fails ? RES_FAIL : RES_PASS };
		struct report_record	 r = { .count = mail[i].count, .seq = i + 1, .ip_len = 4, .header_from = STR("example.com"),
					    .envelope_from = str_of(spf + fails), .spf_results = &s, .nspf = 1, .dkim_results = &k,
					    .ndkim = mail[i].dkim != NULL };
		struct store_evidence	 ev;
		struct verdict		 v;
		struct buf		 wire = { 0 };

		r.ip[0] = 192; r.ip[1] = 0; r.ip[2] = 2; r.ip[3] = (unsigned char)mail[i].host;
		(void)snprintf(ip, sizeof(ip), "192.0.2.%u", mail[i].host);
		r.source_ip = str_of(ip);
		dmarc_judge(&h.policy, &r, &v);
		r.dkim = v.dkim_aligned ? EVAL_PASS : EVAL_FAIL;
		r.spf = v.spf_aligned ? EVAL_PASS : EVAL_FAIL;
		r.disposition = v.pass ? DISP_NONE : DISP_REJECT;
		(void)buf_printf(&wire, "%s|%s|%s|%d|%d", spf, mail[i].dkim == NULL ? "" : mail[i].dkim,
		    mail[i].selector == NULL ? "" : mail[i].selector, (int)v.pass, (int)mail[i].dkim_fails);
		assert_int_equal(store_evidence(store, buf_as_str(&wire), &r, &ev, &e), 0);
		assert_int_equal(store_row(store, &ev, r.ip, 4, r.source_ip, r.count, r.seq, &e), 0);
		buf_free(&wire);
	}
	assert_int_equal(store_report_end(store, &t, &done, &e), 0);
	assert_int_equal(store_message_end(store, message, &m, IN_STORED, -1, 0, &e), 0);
	if (store_commit(store, &e) == -1)
		fail_msg("%s", e.msg);
}

static void
pass(const struct catalogue_user *mine)
{
	struct err		 e = { 0 };
	struct catalogue	*c = catalogue_builtin(&e);
	bool			 more = true;

	assert_non_null(c);
	if (mine != NULL)
		assert_int_equal(catalogue_add(c, mine, &e), 0);
	if (store_senders(store, c, 0, &more, &e) == -1)
		fail_msg("%s", e.msg);
	assert_false(more);
	catalogue_free(c);
}

static struct query_counts
counts_of(struct store *s, unsigned limit_ms)
{
	struct query_filter	 f;
	struct query_range	 r = { DAY0, DAY0 + 100, DAY_NONE };
	struct query_total	 t;
	struct err		 e = { 0 };
	struct query		*q = query_begin(s, 1780000000, limit_ms, &e);

	query_filter_init(&f);
	assert_non_null(q);
	assert_int_equal(query_total(q, &f, &r, &t, &e), 0);
	query_end(q);
	return (t.counts);
}

static struct query_counts
counts(void)
{
	struct query_counts	 n = counts_of(store, 0), remembered;
	struct err		 e = { 0 };

	if (reader == NULL)
		assert_non_null(reader = store_open(dir, STORE_READ, &e));
	remembered = counts_of(reader, 60000);
	assert_memory_equal(&n, &remembered, sizeof(n));
	assert_true(query_columns_held() > 0);
	return (n);
}

/* Sums by sender are those of the records, whoever is who by now. */
static void
sums_are_right(void)
{
	assert_int_equal(number("SELECT count(*) FROM (SELECT domain, day, sender, sum(messages) AS m, sum(rows) AS n FROM rollup GROUP BY 1, 2, 3) a "
	    "LEFT JOIN (SELECT r.domain, r.day, coalesce(o.sender, 1) AS sender, sum(r.count) AS m, count(*) AS n FROM record r "
	    "LEFT JOIN sender_of o ON o.domain = r.domain AND o.source = r.source GROUP BY 1, 2, 3) b ON a.domain = b.domain AND a.day = b.day "
	    "AND a.sender = b.sender WHERE a.m IS NOT b.m OR a.n IS NOT b.n"), 0);
	assert_int_equal(number("SELECT count(*) FROM rollup WHERE sender = 0"), 0);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 0);
}

static const struct mail	 usual[] = {
	{ 1, 100, "example.com", "example.com", "mta", false },		/* own */
	{ 20, 40, "b.post.example", "post.example", "s", false },	/* somebody's service, not set up */
	{ 50, 5, "-example.com", "example.com", "mta", false },		/* carried on, unchanged */
	{ 51, 4, "srs.fwd.test", "example.com", "mta", true },		/* carried on, broken */
	{ 200, 3, "-example.com", NULL, NULL, false },			/* nothing proves it */
};

static void
test_pass(void **state)
{
	struct query_counts	 n;

	(void)state;
	for (int d = 0; d < 10; d++)
		report(d, usual, nitems(usual));
	n = counts();	/* nobody looked yet: all that fails is not proven */
	assert_int_equal(n.m, 1520);
	assert_int_equal(n.fail_unk, 470);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 10);
	pass(NULL);
	sums_are_right();
	assert_int_equal(number("SELECT class FROM sender_class c JOIN sender s ON s.id = c.sender WHERE s.key = 'self:example.com'"), CLASS_OWN);
	assert_int_equal(number("SELECT class FROM sender_class c JOIN sender s ON s.id = c.sender WHERE s.key = 'domain:fwd.test'"),
	    CLASS_FORWARDER);
	assert_int_equal(number("SELECT class FROM sender_class c JOIN sender s ON s.id = c.sender WHERE s.key = 'domain:post.example'"),
	    CLASS_UNKNOWN);
	n = counts();
	assert_int_equal(n.m, 1520);
	/* .50 and .200 are one network as long as nothing else names them, and most of its mail was carried on */
	assert_int_equal(n.fail_fwd, 40 + 30);
	assert_int_equal(n.fail_unk, 400);
	/* again: nothing is due, nothing changes */
	pass(NULL);
	sums_are_right();
}

static void
test_other_list(void **state)
{
	const struct catalogue_user	 mine = { .name = "Post", .any = "post.example" };

	(void)state;
	/* the operator names it: every source and every day follows */
	pass(&mine);
	sums_are_right();
	assert_int_equal(number("SELECT count(*) FROM sender_of o JOIN sender s ON s.id = o.sender WHERE s.key = 'user:Post'"), 1);
	assert_int_equal(number("SELECT sum(messages) FROM rollup r JOIN sender s ON s.id = r.sender WHERE s.key = 'user:Post'"), 400);
	assert_int_equal(number("SELECT count(*) FROM sender_class c JOIN sender s ON s.id = c.sender WHERE s.key = 'domain:post.example'"), 0);
	/* set up at last: an aligned signature makes it a service, the past of its failures is now yours to repair */
	report(10, (const struct mail[]){ { 20, 40, "b.post.example", "example.com", "post1", false } }, 1);
	pass(&mine);
	sums_are_right();
	assert_int_equal(number("SELECT class FROM sender_class c JOIN sender s ON s.id = c.sender WHERE s.key = 'user:Post'"), CLASS_SERVICE);
	assert_int_equal(counts().fail_fix, 400);
}

static void
test_moves(void **state)
{
	int64_t	 before;

	(void)state;
	/* 192.0.2.200 proves what it is on a later day: its old sums go with it */
	before = number("SELECT sum(r.messages) FROM rollup r JOIN sender s ON s.id = r.sender WHERE s.key = 'self:example.com'");
	report(11, (const struct mail[]){ { 200, 60, "www.example.com", NULL, NULL, false } }, 1);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 1);
	pass(&(struct catalogue_user){ .name = "Post", .any = "post.example" });
	sums_are_right();
	assert_int_equal(number("SELECT sum(r.messages) FROM rollup r JOIN sender s ON s.id = r.sender WHERE s.key = 'self:example.com'"),
	    before + 60 + 30);
}

static void
test_decisions(void **state)
{
	int64_t			 post = number("SELECT id FROM sender WHERE key = 'user:Post'"), undo, second;
	struct store_decision	 d = { .sender = post, .class = CLASS_IMPOSTOR, .note = STR("Anna says no"), .seen = DECISION_ANY };
	struct err		 e = { 0 };
	unsigned		 n;

	(void)state;
	assert_int_equal(counts().fail_fix, 400 + 30);	/* and those of 192.0.2.200 before it was listed */
	undo = 0;
	assert_int_equal(store_decide(store, &d, 1, "cli", 1, &undo, &e), 0);
	assert_int_equal(counts().fail_fix, 30);
	/* for the one domain, something else; it wins over what is said for all */
	d = (struct store_decision){ .sender = post, .domain = STR("example.com"), .class = CLASS_FORWARDER, .seen = (int64_t)undo };
	second = 4000000000000000001;
	assert_int_equal(store_decide(store, &d, 1, "cli", 2, &second, &e), 0);
	assert_int_equal(store_decide(store, &d, 1, "cli", 2, &second, &e), 0);	/* once is enough */
	assert_int_equal(counts().fail_fwd, 40 + 400);
	assert_int_equal(store_decision_undo(store, second, "cli", 3, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(counts().fail_fwd, 40);
	assert_int_equal(store_decision_undo(store, undo, "anna", 4, &n, &e), 0);
	assert_int_equal(counts().fail_fix, 430);
	assert_int_equal(store_decision_undo(store, undo, "cli", 5, &n, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(number("SELECT count(*) FROM decision"), 2);	/* the log forgets nothing */
	assert_int_equal(number("SELECT count(*) FROM decision WHERE id = 1 AND was = 5 AND was_decided = 0 AND undone = 4 AND undone_by = 'anna'"), 1);
	assert_int_equal(number("SELECT count(*) FROM decision WHERE id = 2 AND was = 1 AND was_decided = 1"), 1);
	/* who has not seen those does not decide over them, */
	d.seen = 1;
	undo = 0;
	assert_int_equal(store_decide(store, &d, 1, "cli", 5, &undo, &e), -1);
	assert_int_equal(e.detail, DECISION_STALE);
	d.seen = 2;
	/* a pass does not touch what people said */
	undo = 0;
	assert_int_equal(store_decide(store, &d, 1, "cli", 6, &undo, &e), 0);
	report(12, usual, nitems(usual));
	pass(&(struct catalogue_user){ .name = "Post", .any = "post.example" });
	sums_are_right();
	assert_int_equal(number("SELECT class FROM decision WHERE undone IS NULL"), CLASS_FORWARDER);
}

/* What is said for all is said for a domain of which something else was said before; and taken back together. */
static void
test_for_all(void **state)
{
	struct store_decision	 d = { .sender = number("SELECT id FROM sender WHERE key = 'user:Post'"), .class = CLASS_IMPOSTOR,
				    .seen = DECISION_ANY };
	struct err		 e = { 0 };
	int64_t			 undo = 0, before = number("SELECT count(*) FROM decision");
	uint64_t		 fwd = counts().fail_fwd;
	unsigned		 n;

	(void)state;
	assert_int_equal(store_decide(store, &d, 1, "cli", 7, &undo, &e), 0);
	assert_int_equal(number("SELECT count(*) FROM decision"), before + 2);
	assert_true(counts().fail_fwd < fwd);
	assert_int_equal(store_decision_undo(store, undo, "cli", 8, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(counts().fail_fwd, fwd);
}

static void
test_refused(void **state)
{
	struct store_decision	 bad[] = {
		{ .sender = 9999, .class = CLASS_OWN },
		{ .sender = SENDER_REST, .class = CLASS_OWN },
		{ .sender = 2, .class = CLASS_NOISE },
		{ .sender = 2, .class = 99 },
		{ .sender = 2, .class = CLASS_OWN, .domain = STR("nobody.test") },
		{ .sender = 2, .class = CLASS_OWN, .note = STR("\xff") },
	};
	struct store_decision	 both[] = { { .sender = 2, .class = CLASS_OWN }, { .sender = 9999, .class = CLASS_OWN } };
	struct err		 e = { 0 };
	int64_t			 undo = 0, n = number("SELECT count(*) FROM decision");

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++) {
		undo = 0;
		assert_int_equal(store_decide(store, &bad[i], 1, "cli", 1, &undo, &e), -1);
	}
	undo = 0;
	assert_int_equal(store_decide(store, both, 2, "cli", 1, &undo, &e), -1);	/* all of them or none */
	assert_int_equal(store_decide(store, both, 0, "cli", 1, &undo, &e), -1);
	assert_int_equal(number("SELECT count(*) FROM decision"), n);
}

static int
set_up(void **state)
{
	struct err	 e = { 0 };
	char		 path[64];

	(void)state;
	if (mkdtemp(dir) == NULL || (store = store_open(dir, STORE_WRITE, &e)) == NULL)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", dir);
	return (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK ? 0 : -1);
}

static int
tear_down(void **state)
{
	char	 command[64];

	(void)state;
	sqlite3_close(db);
	store_close(reader);
	store_close(store);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return (system(command));
}

/* One report with more addresses than anybody has: the few that matter are told apart, and no message is lost. */
static void
test_many(void **state)
{
	enum { MANY = 70000 };
	struct report_header	 h = { .dialect = DIALECT_RFC7489, .org_name = STR("reporter.example"), .report_id = STR("many"),
				    .begin = (int64_t)(DAY0 + 5) * 86400, .end = (int64_t)(DAY0 + 5) * 86400 + 86399,
				    .policy = { .domain = STR("many.example.org"), .p = STR("none") } };
	struct report_auth	 k = { .domain = STR("example.org"), .what = STR("s"), .result = RES_PASS };
	struct report_record	 r = { .ip_len = 16, .dkim = EVAL_PASS, .spf = EVAL_FAIL, .header_from = STR("many.example.org"), .dkim_results = &k, .ndkim = 1 };
	struct store_message	 m = { .received = 1780000000, .origin = "test", .bytes = 100 };
	struct report_trailer	 t = { .records = MANY, .state = STATE_OK, .dialect = DIALECT_RFC7489 };
	struct store_evidence	 ev;
	struct store_stored	 done;
	struct err		 e = { 0 };
	char			 ip[64];
	int64_t			 message, all = 0;

	(void)state;
	assert_int_equal(store_begin(store, &e), 0);
	assert_int_equal(store_message_begin(store, &message, &e), 0);
	assert_int_equal(store_report_begin(store, message, 0, &h, &e), 0);
	assert_int_equal(store_evidence(store, STR("many"), &r, &ev, &e), 0);
	for (unsigned i = 0; i < MANY; i++) {
		/* a network each, and the ones with most messages come last */
		memcpy(r.ip, (unsigned char[16]){ 0x20, 1, 0x0d, 0xb8, (unsigned char)(i >> 8), (unsigned char)i, (unsigned char)(i >> 16), 1 }, 16);
		(void)snprintf(ip, sizeof(ip), "2001:db8:%x:%x01::", i & 0xffff, i >> 16);
		r.count = i < MANY - 10 ? 1 + i % 2 : 5000;
		all += (int64_t)r.count;
		assert_int_equal(store_row(store, &ev, r.ip, 16, str_of(ip), r.count, i + 1, &e), 0);
	}
	assert_int_equal(store_report_end(store, &t, &done, &e), 0);
	assert_int_equal(store_message_end(store, message, &m, IN_STORED, -1, 0, &e), 0);
	assert_int_equal(store_commit(store, &e), 0);
	pass(NULL);
#define OURS "domain = (SELECT id FROM domain WHERE name = 'many.example.org')"
	assert_in_range(number("SELECT count(*) FROM sender_class WHERE " OURS), 10, 4001);
	assert_in_range(number("SELECT count(*) FROM sender_of WHERE " OURS), 10, 70000);
	assert_in_range(number("SELECT count(*) FROM rollup WHERE " OURS), 10, 4002);
	assert_int_equal(number("SELECT sum(messages) FROM rollup WHERE " OURS), all);
	assert_int_equal(number("SELECT sum(rows) FROM rollup WHERE " OURS), MANY);
	assert_int_equal(number("SELECT count(*) FROM rollup WHERE sender > 1 AND messages >= 5000 AND " OURS), 10);
	/* once more changes nothing */
	pass(NULL);
	assert_int_equal(number("SELECT sum(messages) FROM rollup WHERE " OURS), all);
#undef OURS
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_other_list),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_for_all),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many),	/* last: whatever comes after it goes through all of that, too */
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, set_up, tear_down));
}
