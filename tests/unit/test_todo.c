/*
 * What people do about what needs them: when a fix counts as one, what is
 * remembered of tasks and views, and what a store makes of days of mail.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "store/todo.h"
#include "summary/tasks.h"
#include "tests/unit/seed.h"

#define DAY	20454		/* of the change */
#define NOW	((int64_t)(DAY + 13) * 86400 + 3600)
#define MAILER	2
#define WATCH	4711

/* --- The verdict ------------------------------------------------------------------------ */

static void
test_verdict(void **state)
{
	static const struct { uint64_t m, bad; enum watch_verdict want; } cases[] = {
		{ 0, 0, WATCH_NO_MAIL }, { 1, 0, WATCH_NO_MAIL }, { 4, 0, WATCH_NO_MAIL }, { 5, 0, WATCH_LOOKS_FIXED },
		{ 49, 0, WATCH_LOOKS_FIXED }, { 50, 0, WATCH_CONFIRMED }, { 1, 1, WATCH_FAILING }, { 5, 1, WATCH_FAILING },
		{ 49, 1, WATCH_FAILING }, { 50, 1, WATCH_CONFIRMED }, { 50, 2, WATCH_FAILING }, { 99, 2, WATCH_FAILING }, { 100, 2, WATCH_CONFIRMED },
		{ 149, 3, WATCH_FAILING }, { 150, 3, WATCH_CONFIRMED }, { 1000, 21, WATCH_FAILING }, { 1000000, 20000, WATCH_CONFIRMED },
		{ 50, 50, WATCH_FAILING },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		if (watch_verdict(cases[i].m, cases[i].bad) != cases[i].want)
			fail_msg("%llu of %llu: %s", (unsigned long long)cases[i].bad, (unsigned long long)cases[i].m,
			    watch_verdict_names[watch_verdict(cases[i].m, cases[i].bad)]);
}

static void
test_since(void **state)
{
	static const struct { size_t n; uint64_t m[6], bad[6]; enum watch_verdict want; size_t since; } cases[] = {
		{ 0, { 0 }, { 0 }, WATCH_NO_MAIL, 0 },
		{ 2, { 0, 0 }, { 0 }, WATCH_NO_MAIL, 0 },
		{ 4, { 3, 3, 3, 50 }, { 0 }, WATCH_CONFIRMED, 3 },
		{ 3, { 3, 3, 3 }, { 0 }, WATCH_LOOKS_FIXED, 1 },
		/* the last of what was on its way, and then none */
		{ 4, { 1, 40, 40, 40 }, { 1 }, WATCH_CONFIRMED, 2 },
		/* it comes back */
		{ 4, { 30, 30, 30, 30 }, { 0, 0, 0, 9 }, WATCH_FAILING, 3 },
		{ 5, { 0, 10, 10, 40, 40 }, { 0 }, WATCH_CONFIRMED, 3 },
	};
	size_t	 since;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_int_equal(watch_verdict_since(cases[i].m, cases[i].bad, cases[i].n, &since), cases[i].want);
		assert_int_equal(since, cases[i].since);
	}
}

/* --- What can be asked for ---------------------------------------------------------------- */

static void
test_check(void **state)
{
	static char		 long_name[400], long_query[5000];
	const struct store_todo	 good[] = {
		{ .act = TODO_TASK, .task = STR("0123456789abcdef"), .state = TASK_SNOOZED, .until = DAY },
		{ .act = TODO_TASK, .task = STR("0123456789abcdef"), .state = TASK_OPEN, .until = DAY_NONE },
		{ .act = TODO_WATCH, .sender = 2, .code = 23 }, { .act = TODO_UNWATCH, .id = 1 },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("Monday"), .page = STR("/senders"), .query = STR("t=7d") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("M\xc3\xa4rz"), .page = STR("/"), .query = STR("") },
	};
	const struct store_todo	 wrong[] = {
		{ .act = TODO_TASK, .task = STR("0123456789ABCDEF"), .state = TASK_OPEN, .until = DAY_NONE },
		{ .act = TODO_TASK, .task = STR("0123"), .state = TASK_OPEN, .until = DAY_NONE },
		{ .act = TODO_TASK, .task = STR("0123456789abcdef"), .state = TASK_OPEN, .until = DAY },
		{ .act = TODO_TASK, .task = STR("0123456789abcdef"), .state = TASK_SNOOZED, .until = DAY_NONE },
		{ .act = TODO_TASK, .task = STR("0123456789abcdef"), .state = TASK_SAID, .until = DAY_NONE },
		{ .act = TODO_WATCH, .sender = 1, .code = 23 }, { .act = TODO_WATCH, .sender = 2, .code = 0 },
		{ .act = TODO_WATCH, .sender = 2, .code = 12 }, { .act = TODO_WATCH, .sender = 0, .code = 23 }, { .act = TODO_UNWATCH, .id = 0 },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("  "), .page = STR("/"), .query = STR("") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("a\nb"), .page = STR("/"), .query = STR("") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("\xff"), .page = STR("/"), .query = STR("") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("a"), .page = STR("//evil.example"), .query = STR("") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("a"), .page = STR("/\\evil.example"), .query = STR("") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("a"), .page = STR("https://evil.example"), .query = STR("") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("a"), .page = STR("/"), .query = STR("a#b") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = { long_name, 81 }, .page = STR("/"), .query = STR("") },
		{ .act = TODO_VIEW, .owner = STR(""), .name = STR("a"), .page = STR("/"), .query = { long_query, TODO_VIEW_QUERY + 1 } },
		{ .act = TODO_ACTS },
	};
	struct store_todo	 eighty = good[5];
	struct err		 e = { 0 };

	(void)state;
	memset(long_name, 'a', sizeof(long_name));
	memset(long_query, 'a', sizeof(long_query));
	for (size_t i = 0; i < nitems(good); i++)
		if (store_todo_check(&good[i], &e) == -1)
			fail_msg("%zu: %s", i, e.msg);
	for (size_t i = 0; i < nitems(wrong); i++)
		if (store_todo_check(&wrong[i], &e) == 0)
			fail_msg("%zu is taken", i);
	/* characters count, not bytes */
	for (size_t i = 0; i < 80; i++)
		memcpy(long_name + 2 * i, "\xc3\xa4", 2);
	eighty.name = (struct str){ long_name, 160 };
	assert_int_equal(store_todo_check(&eighty, &e), 0);
}

/* --- Ids and order ---------------------------------------------------------------------------- */

static void
test_id(void **state)
{
	char	 a[TASK_ID_TEXT], b[TASK_ID_TEXT];

	(void)state;
	/* written down: it has to be the same in every version */
	task_id("failing", STR("example.com"), 41, STR("Mailer X"), a);
	assert_string_equal(a, "7c9b7efe5e8d11bb");
	task_id("failing", STR("example.com"), 41, STR("another label"), b);
	assert_string_equal(a, b);
	task_id("hurt", STR("example.com"), 41, STR_NONE, b);
	assert_string_not_equal(a, b);
	task_id("failing", STR("example.org"), 41, STR_NONE, b);
	assert_string_not_equal(a, b);
	task_id("mailbox", STR_NONE, 0, STR("one"), a);
	task_id("mailbox", STR_NONE, 0, STR("two"), b);
	assert_string_not_equal(a, b);
	/* a name cannot pretend to be a domain */
	task_id("x", STR("a 0 b"), 0, STR_NONE, a);
	task_id("x", STR("a"), 0, STR("b"), b);
	assert_string_not_equal(a, b);
}

static void
test_order(void **state)
{
	/* as it is to come out */
	struct task		 want[] = {
		{ .id = "0", .severity = TASK_URGENT, .m_week = 0, .effort = 10 },	/* without eyes nothing is seen */
		{ .id = "1", .severity = TASK_URGENT, .m_week = 100, .effort = 20 },
		{ .id = "2", .severity = TASK_URGENT, .m_week = 90, .effort = 20 },
		{ .id = "3", .severity = TASK_WEEK, .m_week = 300, .effort = 5 },
		{ .id = "4", .severity = TASK_WEEK, .m_week = 1000, .effort = 20 },
		{ .id = "5", .severity = TASK_WEEK, .m_week = 1000, .effort = 20 },
		{ .id = "6", .severity = TASK_WEEK, .m_week = 0, .effort = 5 },
		{ .id = "7", .severity = TASK_LATER, .m_week = 9000, .effort = 30 },
		{ .id = "8", .severity = TASK_URGENT, .state = TASK_IS_WATCHING, .m_week = 9000, .effort = 1 },
		{ .id = "9", .severity = TASK_URGENT, .state = TASK_IS_SNOOZED, .m_week = 9000, .effort = 1 },
		{ .id = "a", .severity = TASK_URGENT, .state = TASK_IS_DONE, .m_week = 9000, .effort = 1 },
	}, t[nitems(want)];

	(void)state;
	for (size_t turn = 0; turn < nitems(t); turn++) {
		for (size_t i = 0; i < nitems(t); i++)
			t[i] = want[(i * 7 + turn) % nitems(t)];
		qsort(t, nitems(t), sizeof(*t), task_order);
		for (size_t i = 0; i < nitems(t); i++)
			assert_string_equal(t[i].id, want[i].id);
	}
}

static void
test_states(void **state)
{
	(void)state;
	assert_int_equal(tasks_states(STR("open")), 1 << TASK_IS_OPEN);
	assert_int_equal(tasks_states(STR("done")), 1 << TASK_IS_DONE | 1 << TASK_IS_DISMISSED);
	assert_int_equal(tasks_states(STR("all")), (1 << TASK_STATES) - 1);
	assert_int_equal(tasks_states(STR("")), 0);
	assert_int_equal(tasks_states(STR("opened")), 0);
}

/* --- A store with days of mail ------------------------------------------------------------------ */

static char		 dir[64];
static sqlite3		*db;
static struct store	*store;

static int
set_up(void **state)
{
	struct err	 e = { 0 };
	char		 path[96];
	int		 rc = 0;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_todo.XXXXXX");
	if (mkdtemp(dir) == NULL || (store = store_open(dir, STORE_WRITE, &e)) == NULL)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_busy_timeout(db, 10000) != SQLITE_OK)
		return (-1);
	/* 1 fails as F3, 2 passes */
	rc |= seed_sql(db, "INSERT INTO name VALUES (1, 'import');"
	    "INSERT INTO domain (id, name) VALUES (3, 'example.com'), (4, 'example.org');"
	    "INSERT INTO reporter VALUES (1, 'rep.example', 'Rep');"
	    "INSERT INTO policy (id, domain, p, key) VALUES (1, 3, 'none', 'k');"
	    "INSERT INTO message (id, received, origin, result, bytes, token) VALUES (1, 1767312000, 1, 0, 100, 0);"
	    "INSERT INTO outcome VALUES (1, 23, 2, 2, 2, 0, 0, 0, 0, 0, 0, 2, 2), (2, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2);"
	    "INSERT INTO sender VALUES (2, 'domain:mailer.example', 'mailer.example', 1), (3, 'domain:other.example', 'other.example', 1);"
	    "INSERT INTO sender_class VALUES (3, 2, 5, 2, 2, '[]', 20440, 20470, 100)");
	for (int d = DAY - 10; d <= DAY + 12; d++)
		rc |= seed_sql(db, "INSERT INTO " SEED_REPORT " VALUES (%d, 1, 3, 'r%d', %d, %d, %d, %d, 1, %d, 1, NULL, NULL, NULL,"
		    " NULL, NULL, NULL, 1, 0, 0, NULL, x'00', NULL, 0, 1, 40, 40, 0, 0, 0, 0, 5, 5, 5, 5, 0, 1, 0, 0, 0);"
		    "INSERT INTO rollup VALUES (3, %d, 1, %d, 2, 40, 1)", d, d, d * 86400, d * 86400 + 86399, d, d * 86400 + 86399 + 7200, d, d,
		    d <= DAY ? 1 : 2);
	return (rc);
}

static int
tear_down(void **state)
{
	(void)state;
	sqlite3_close(db);
	store_close(store);
	seed_remove(dir);
	return (0);
}

static int
try(const struct store_todo *t, int64_t token, struct err *e)
{
	int	 rv;

	*e = (struct err){ 0 };
	assert_int_equal(store_begin(store, e), 0);
	rv = store_todo(store, t, token, "test", (int64_t)DAY * 86400 + 40000, e);
	if (rv == -1)
		store_rollback(store);
	else if (store_commit(store, e) == -1)
		fail_msg("%s", e->msg);
	return (rv);
}

static void
must(const struct store_todo *t, int64_t token)
{
	struct err	 e;

	if (try(t, token, &e) == -1)
		fail_msg("%s", e.msg);
}

static struct query *
begin(int64_t now)
{
	struct err	 e = { 0 };
	struct query	*q = query_begin(store, now, 0, &e);

	if (q == NULL)
		fail_msg("%s", e.msg);
	return (q);
}

static struct query_watch
the_watch(struct query *q, int64_t through)
{
	struct query_watch	*v;
	struct err		 e = { 0 };
	size_t			 n;

	if (query_watches(q, NULL, through, &v, &n, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(n, 1);
	return (v[0]);
}

static void
test_watch(void **state)
{
	const struct store_todo	 fixed = { .act = TODO_WATCH, .sender = MAILER, .domain = STR("example.com"), .code = 23 };
	struct query_watch	 w;
	struct query		*q;

	(void)state;
	must(&fixed, WATCH);
	q = begin(NOW);
	w = the_watch(q, DAY_NONE);
	assert_int_equal(w.verdict, WATCH_CONFIRMED);
	assert_int_equal(w.m, 40 * 12);
	assert_int_equal(w.bad, 0);
	assert_int_equal(w.pass, 40 * 12);
	assert_int_equal(w.through, DAY + 12);
	assert_int_equal(w.since, DAY + 2);	/* 40 are not enough */
	assert_false(w.over);
	assert_true(str_eq(w.label, STR("mailer.example")));
	assert_int_equal(w.expected, (int64_t)(DAY + 2) * 86400 + 7200);
	w = the_watch(q, DAY + 1);
	assert_int_equal(w.verdict, WATCH_LOOKS_FIXED);
	w = the_watch(q, DAY);
	assert_int_equal(w.verdict, WATCH_NO_MAIL);
	assert_int_equal(w.through, DAY_NONE);
	query_end(q);
}

static void
test_again(void **state)
{
	const struct store_todo	 fixed = { .act = TODO_WATCH, .sender = MAILER, .code = 23 }, end = { .act = TODO_UNWATCH, .id = WATCH + 1 };
	struct store_todo	 other = { .act = TODO_WATCH, .sender = MAILER, .domain = STR("nobody.example"), .code = 23 };
	struct query_watch	*v;
	struct query_filter	 f;
	struct query		*q;
	struct err		 e = { 0 };
	size_t			 n;

	(void)state;
	must(&fixed, WATCH);
	must(&fixed, WATCH + 1);	/* instead of the first */
	q = begin(NOW);
	assert_int_equal(the_watch(q, DAY_NONE).id, WATCH + 1);
	query_end(q);
	assert_int_equal(try(&other, 9, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	other.domain = STR_NONE;
	other.sender = 77;
	assert_int_equal(try(&other, 9, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	other.sender = MAILER;
	other.domain = STR("example.org");
	must(&other, 10);		/* of another domain: beside it */
	q = begin(NOW);
	query_filter_init(&f);
	assert_int_equal(query_filter_set(&f, STR("domain"), STR("example.com"), &e), 0);
	assert_int_equal(query_watches(q, &f, DAY_NONE, &v, &n, &e), 0);
	assert_int_equal(n, 1);		/* the one for all domains */
	query_filter_free(&f);
	query_end(q);
	must(&end, 11);
	assert_int_equal(try(&end, 12, &e), -1);
	q = begin(NOW);
	assert_int_equal(the_watch(q, DAY_NONE).id, 10);
	query_end(q);
	/* nobody wants to hear of it for ever */
	q = begin(NOW + (int64_t)200 * 86400);
	assert_int_equal(query_watches(q, NULL, DAY_NONE, &v, &n, &e), 0);
	assert_int_equal(n, 0);
	query_end(q);
}

static void
test_tasks(void **state)
{
	struct store_todo	 t = { .act = TODO_TASK, .task = STR("0123456789abcdef"), .state = TASK_SNOOZED, .until = DAY + 13, .domain = STR("example.com") };
	struct query_task_said	*v;
	struct query		*q;
	struct err		 e = { 0 };
	size_t			 n;

	(void)state;
	must(&t, 1);
	t.until = DAY + 15;
	must(&t, 2);
	q = begin(NOW);
	assert_int_equal(query_tasks_said(q, &v, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(v[0].state, TASK_SNOOZED);
	assert_int_equal(v[0].until, DAY + 15);
	assert_true(str_eq(v[0].who, STR("test")));
	query_end(q);
	q = begin(NOW + (int64_t)2 * 86400);	/* its day has come */
	assert_int_equal(query_tasks_said(q, &v, &n, &e), 0);
	assert_int_equal(n, 0);
	query_end(q);
	t.state = TASK_OPEN;
	t.until = DAY_NONE;
	must(&t, 3);
	q = begin(NOW);
	assert_int_equal(query_tasks_said(q, &v, &n, &e), 0);
	assert_int_equal(n, 0);
	query_end(q);
	assert_int_equal(seed_int(db, "SELECT count(*) FROM task"), 3);	/* the log has it all */
}

static void
test_views(void **state)
{
	struct store_todo	 t = { .act = TODO_VIEW, .owner = STR("anna"), .name = STR("Monday"), .page = STR("/senders"), .query = STR("t=7d") };
	struct store_todo	 gone = { .act = TODO_UNVIEW, .owner = STR("eve"), .id = 1 };
	struct query_view	*v;
	struct query		*q;
	struct err		 e = { 0 };
	char			 name[32];
	size_t			 n;

	(void)state;
	must(&t, 1);
	t.query = STR("t=90d");
	must(&t, 2);		/* the same name: instead of it */
	q = begin(NOW);
	assert_int_equal(query_views(q, "anna", &v, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_true(str_eq(v[0].query, STR("t=90d")));
	assert_int_equal(query_views(q, "eve", &v, &n, &e), 0);
	assert_int_equal(n, 0);
	query_end(q);
	gone.id = 2;
	assert_int_equal(try(&gone, 3, &e), -1);	/* somebody else's */
	gone.owner = STR("anna");
	must(&gone, 3);
	for (int i = 0; i < TODO_VIEWS; i++) {
		(void)snprintf(name, sizeof(name), "view %d", i);
		t.name = str_of(name);
		must(&t, 100 + i);
	}
	t.name = STR("one more");
	assert_int_equal(try(&t, 200, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	t.owner = STR("eve");
	must(&t, 201);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_id),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_states),
		cmocka_unit_test_setup_teardown(test_watch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tasks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_views, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
