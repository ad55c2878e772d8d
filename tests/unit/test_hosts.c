/*
 * Host names in the store: who is asked for first, what holds how long, what
 * a ceiling does, and that a name tells who a source is.
 */
#include "fresh.h"

#include "store/hosts.h"
#include "store/hosts_int.h"

#define NOW	1780000000
#define TODAY	(NOW / 86400)

static int
setup(void **state)
{
	(void)fresh_setup(state);
	exec("INSERT INTO domain (id, name) VALUES (1, 'example.com'), (2, 'example.org')");
	return (0);
}

/* Sources from..to-1 are 192.0.0.N. */
static void
sources(int from, int to)
{
	char	 sql[300];

	for (int i = from; i < to; i++) {
		(void)snprintf(sql, sizeof(sql), "INSERT INTO source (id, kind, ip) VALUES (%d, 4, x'c000%04x')", i, (unsigned)i);
		exec(sql);
	}
}

/* What the pass over senders tells. */
static void
seen(int64_t domain, int64_t source, uint64_t m, int64_t last_day)
{
	struct hosts_pass	*p;

	assert_int_equal(store_begin(store, &e), 0);
	assert_non_null(p = hosts_pass_new(store, &e));
	assert_int_equal(hosts_seen(p, domain, source, m, last_day, &e), 0);
	hosts_pass_free(p);
	assert_int_equal(store_commit(store, &e), 0);
}

static struct store_host_due	 due[64];
static size_t			 ndue;

static void
ask(int64_t now, const int64_t *except, size_t nexcept, size_t max)
{
	if (store_hosts_due(store, now, except, nexcept, due, max, &ndue, &e) == -1)
		fail_msg("%s", e.msg);
}

static void
said(int64_t now, int64_t source, enum host_state state, enum host_failure failure, const char *name, uint32_t ttl)
{
	struct store_host_said	 s = { .source = source, .host = { .state = state, .failure = failure, .ttl = ttl } };

	if (name != NULL)
		(void)snprintf(s.host.names[s.host.nnames++], sizeof(s.host.names[0]), "%s", name);
	if (store_hosts_said(store, &s, 1, now, &e) == -1)
		fail_msg("%s", e.msg);
}

static void
test_order(void **state)
{
	static const int64_t	 open[] = { 3 };

	(void)state;
	sources(1, 11);
	exec("INSERT INTO source (id, kind, ip) VALUES (50, 0, x'756e6b6e6f776e')");
	seen(1, 3, 5000, TODAY);
	seen(1, 4, 70, TODAY);
	seen(1, 5, 80, TODAY);
	seen(1, 50, 90000, TODAY);	/* no address */
	ask(NOW, NULL, 0, 3);
	assert_int_equal(ndue, 3);
	assert_int_equal(due[0].source, 3);
	assert_int_equal(due[1].source, 5);	/* the same power of two: the newest first */
	assert_int_equal(due[2].source, 4);
	assert_int_equal(due[0].len, 4);
	assert_memory_equal(due[0].ip, "\300\0\0\3", 4);
	ask(NOW, open, 1, 2);
	assert_int_equal(due[0].source, 5);
	/* then all others that there are, though no pass has told of them */
	ask(NOW, NULL, 0, 64);
	assert_int_equal(ndue, 10);
	assert_int_equal(due[3].source, 10);
	assert_int_equal(number("SELECT count(*) FROM host WHERE source = 50"), 0);
	/* more mail makes it heavier, of whichever domain */
	seen(2, 4, 100000, TODAY);
	ask(NOW, NULL, 0, 1);
	assert_int_equal(due[0].source, 4);
	assert_int_equal(number("SELECT count(*) FROM host_domain WHERE source = 4"), 2);
}

static void
test_time(void **state)
{
	(void)state;
	sources(1, 3);
	seen(1, 1, 10, TODAY);
	seen(1, 2, 10, TODAY);
	said(NOW, 1, HOST_CONFIRMED, HOST_ANSWERED, "a.example", 10);
	said(NOW, 2, HOST_WAITING, HOST_TIMEOUT, NULL, 0);
	ask(NOW, NULL, 0, 64);
	assert_int_equal(ndue, 0);
	ask(NOW + 599, NULL, 0, 64);
	assert_int_equal(ndue, 0);
	ask(NOW + 600, NULL, 0, 64);
	assert_int_equal(ndue, 1);
	assert_int_equal(due[0].source, 2);
	/* again and again in vain: further and further apart */
	said(NOW + 600, 2, HOST_WAITING, HOST_SERVFAIL, NULL, 0);
	ask(NOW + 600 + 1199, NULL, 0, 64);
	assert_int_equal(ndue, 0);
	ask(NOW + 600 + 1200, NULL, 0, 64);
	assert_int_equal(ndue, 1);
	/* a name becomes old after a day; that nobody answers then leaves it */
	ask(NOW + 86400, NULL, 0, 64);
	assert_int_equal(ndue, 2);
	said(NOW + 86400, 1, HOST_WAITING, HOST_TIMEOUT, NULL, 0);
	assert_int_equal(number("SELECT state * 100 + failure * 10 + tries FROM host WHERE source = 1"), 111);
	assert_int_equal(number("SELECT answered FROM host WHERE source = 1"), NOW);
	said(NOW + 90000, 1, HOST_NONE, HOST_ANSWERED, NULL, 100);
	assert_int_equal(number("SELECT state FROM host WHERE source = 1 AND name IS NULL AND failure = 0 AND tries = 0"), HOST_NONE);
	/* without mail for three months nobody asks any more, until there is some */
	ask(NOW + 200 * INT64_C(86400), NULL, 0, 64);
	assert_int_equal(ndue, 0);
	assert_int_equal(number("SELECT count(*) FROM host WHERE due = 9223372036854775807"), 2);
	seen(1, 1, 10, TODAY + 201);
	ask(NOW + 202 * INT64_C(86400), NULL, 0, 64);
	assert_int_equal(ndue, 1);
	assert_int_equal(due[0].source, 1);
}

/* Neither those that become old nor those that nobody knows keep the others waiting for ever. */
static void
test_fair(void **state)
{
	unsigned	 old = 0;

	(void)state;
	sources(1, 101);
	for (int i = 1; i <= 50; i++) {
		seen(1, i, 1000000, TODAY);
		said(NOW - 100000, i, HOST_CONFIRMED, HOST_ANSWERED, "a.example", 10);
	}
	for (int i = 51; i <= 100; i++)
		seen(1, i, 1, TODAY);
	ask(NOW, NULL, 0, 20);
	assert_int_equal(ndue, 20);
	for (size_t i = 0; i < ndue; i++)
		old += due[i].source <= 50;
	assert_int_equal(old, 5);
	ask(NOW, NULL, 0, 64);
	assert_int_equal(ndue, 64);
}

static void
test_ceiling(void **state)
{
	(void)state;
	store_hosts_ceiling(store, 10);
	sources(1, 101);
	for (int i = 1; i <= 100; i++)
		seen(1, i, (uint64_t)1 << (i % 20), TODAY);
	assert_int_equal(number("SELECT count(*) FROM host"), 10);
	assert_int_equal(number("SELECT min(weight) FROM host"), 19);	/* 2^18 and 2^19: five of each */
	assert_int_equal(number("SELECT count(*) FROM host_domain"), 10);
	ask(NOW, NULL, 0, 64);
	assert_int_equal(ndue, 10);
	assert_int_equal(number("SELECT count(*) FROM host"), 10);
	/* off: none */
	store_hosts_ceiling(store, 0);
	exec("DELETE FROM host");
	seen(1, 1, 5, TODAY);
	ask(NOW, NULL, 0, 64);
	assert_int_equal(ndue, 0);
	assert_int_equal(number("SELECT count(*) FROM host"), 0);
	/* what was said of a source that has no row any more is nothing */
	said(NOW, 1, HOST_CONFIRMED, HOST_ANSWERED, "a.example", 10);
	assert_int_equal(number("SELECT count(*) FROM host"), 0);
}

/* Only what changes who somebody is makes its domains be looked at again; only what people see, raises the generation. */
static void
test_changes(void **state)
{
	uint64_t	 before;

	(void)state;
	sources(1, 2);
	exec("INSERT INTO reporter (id, key, label) VALUES (1, 'r.example', 'R');"
	    "INSERT INTO rollup (domain, day, reporter, outcome, sender, messages, rows) VALUES (1, 20500, 1, 1, 0, 1, 1), (1, 20510, 1, 1, 0, 1, 1)");
	seen(1, 1, 10, TODAY);
	seen(2, 1, 10, TODAY);		/* a domain without sums: not looked at */
	said(NOW, 1, HOST_CONFIRMED, HOST_ANSWERED, "a.example", 10);
	assert_int_equal(number("SELECT count(*) FROM fresh WHERE domain = 1 AND day = 20510"), 1);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 1);
	exec("DELETE FROM fresh");
	before = store_generation(store);
	said(NOW + 1, 1, HOST_CONFIRMED, HOST_ANSWERED, "a.example", 10);
	said(NOW + 2, 1, HOST_WAITING, HOST_TIMEOUT, NULL, 0);
	assert_int_equal(store_generation(store), before);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 0);
	said(NOW + 3, 1, HOST_CONFIRMED, HOST_ANSWERED, "b.example", 10);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 1);
	assert_true(store_generation(store) > before);
	exec("DELETE FROM fresh");
	said(NOW + 4, 1, HOST_UNCONFIRMED, HOST_ANSWERED, "b.example", 10);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 1);
	exec("DELETE FROM fresh");
	/* another lie is another lie */
	before = store_generation(store);
	said(NOW + 5, 1, HOST_UNCONFIRMED, HOST_ANSWERED, "c.example", 10);
	assert_int_equal(number("SELECT count(*) FROM fresh"), 0);
	assert_true(store_generation(store) > before);
}

static void
test_state(void **state)
{
	struct store_hosts_state	 s;

	(void)state;
	sources(1, 5);
	for (int i = 1; i < 5; i++)
		seen(1, i, 10, TODAY);
	said(NOW, 1, HOST_CONFIRMED, HOST_ANSWERED, "a.example", 10);
	said(NOW + 5, 2, HOST_NONE, HOST_ANSWERED, NULL, 10);
	said(NOW + 6, 3, HOST_WAITING, HOST_REFUSED, NULL, 0);
	assert_int_equal(store_hosts_failing(store, NOW + 7, &e), 0);
	assert_int_equal(store_hosts_failing(store, NOW + 9, &e), 0);	/* since when, not that it goes on */
	assert_int_equal(store_hosts_state(store, &s, &e), 0);
	assert_int_equal(s.known, 2);
	assert_int_equal(s.confirmed, 1);
	assert_int_equal(s.waiting, 2);
	assert_int_equal(s.failing, 1);
	assert_int_equal(s.answered, NOW + 5);
	assert_int_equal(s.failing_since, NOW + 7);
	assert_int_equal(store_hosts_failing(store, 0, &e), 0);
	assert_int_equal(store_hosts_state(store, &s, &e), 0);
	assert_int_equal(s.failing_since, 0);
}

/* What faces are given, also when somebody has put something else into the database. */
static void
test_query(void **state)
{
	struct store_host_said	 s = { .source = 1, .host = { .state = HOST_CONFIRMED, .nnames = 3, .more = 7, .refused = 2, .ttl = 5 } };
	const struct query_host	*h;
	struct query		*q;

	(void)state;
	sources(1, 3);
	seen(1, 1, 10, TODAY);
	seen(1, 2, 10, TODAY);
	(void)snprintf(s.host.names[0], sizeof(s.host.names[0]), "z.example");
	(void)snprintf(s.host.names[1], sizeof(s.host.names[1]), "a.example");
	(void)snprintf(s.host.names[2], sizeof(s.host.names[2]), "b.example");
	assert_int_equal(store_hosts_said(store, &s, 1, NOW, &e), 0);
	exec("UPDATE host SET state = 1, name = '<script>', others = 'x y' WHERE source = 2");
	assert_non_null(q = query_begin(store, NOW, 0, &e));
	assert_int_equal(query_host(q, 1, &h, &e), 0);
	assert_int_equal(h->state, HOST_CONFIRMED);
	assert_int_equal(h->nnames, 3);
	assert_true(str_eq(h->names[0], STR("z.example")) && str_eq(h->names[1], STR("a.example")) && str_eq(h->names[2], STR("b.example")));
	assert_int_equal(h->more, 7);
	assert_int_equal(h->refused, 2);
	assert_int_equal(query_host(q, 2, &h, &e), 0);
	assert_int_equal(h->nnames, 0);
	assert_int_equal(h->state, HOST_NONE);
	assert_int_equal(query_host(q, 99, &h, &e), 0);
	assert_null(h);
	query_end(q);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, fresh_teardown), cmocka_unit_test_setup_teardown(test_time, setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_fair, setup, fresh_teardown), cmocka_unit_test_setup_teardown(test_ceiling, setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, fresh_teardown), cmocka_unit_test_setup_teardown(test_state, setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_query, setup, fresh_teardown)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
