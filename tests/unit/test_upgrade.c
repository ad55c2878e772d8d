/*
 * test_upgrade.c - a database of each older schema, with a report in it, is
 * brought up to date: nothing is lost and the new columns say what is true of
 * what came before them.
 */
#include <stdio.h>
#include <unistd.h>

#include "cases.h"
#include "seed.h"

#include "store/query.h"
#include "store/store_int.h"

#define SIMPLE 2	/* the rows are put in at this one at the latest: they know no later columns */

static char	 dir[64];

static void
make_old(unsigned version)
{
	char	 path[128];
	sqlite3	*db;

	(void)snprintf(dir, sizeof(dir), "/tmp/test_upgrade.XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (unsigned i = 0; i < version && i < SIMPLE; i++)
		assert_int_equal(seed_sql(db, "%s", store_migrations[i]), 0);
	assert_int_equal(seed_sql(db, "PRAGMA user_version = %u;"
	    "INSERT INTO meta VALUES ('secret', 7), ('generation', 1), ('messages', 5);"
	    "INSERT INTO name VALUES (1, 'import'), (2, 'example.com');"
	    "INSERT INTO domain (id, name) VALUES (3, 'example.com');"
	    "INSERT INTO reporter VALUES (1, 'rep.example', 'Rep');"
	    "INSERT INTO source VALUES (1, 4, x'c0000201');"
	    "INSERT INTO policy (id, domain, p, key) VALUES (1, 3, 'none', 'k');"
	    "INSERT INTO message (id, received, origin, result, bytes, token) VALUES (1, 1767312000, 1, 0, 100, 0);"
	    "INSERT INTO intake VALUES (20455, 1, 0, 1);"
	    "INSERT INTO outcome VALUES (1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2);"
	    "INSERT INTO evidence (id, policy, outcome, header_from, flags) VALUES (1, 1, 1, 2, 0);"
	    "INSERT INTO " SEED_REPORT " VALUES (1, 1, 3, 'r1', 1767225600, 1767311999, 20454, 1767312000, 1, 0, 1, NULL, NULL, NULL,"
	    " NULL, NULL, NULL, 1, 0, 0, NULL, x'00', NULL, 0, 1, 5, 5, 0, 0, 0, 0, 5, 5, 5, 5, 0, 1, 0, 0, 0);"
	    "INSERT INTO record VALUES (3, 20454, 1, 1, 1, 5, 1);"
	    "INSERT INTO rollup VALUES (3, 20454, 1, 1, 5, 1);", version), 0);
	for (unsigned i = SIMPLE; i < version; i++)
		assert_int_equal(seed_sql(db, "%s", store_migrations[i]), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
on_fault(void *ctx, enum store_fault what, int64_t id, const char *text)
{
	(void)ctx;
	fail_msg("%s %lld: %s", store_fault_names[what], (long long)id, text);
}

static void
on_progress(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
}

static void
test_from(void **state)
{
	static const struct store_check_calls	 calls = { on_fault, on_progress };
	struct query_filter			 f;
	struct query_range			 range;
	struct query_total			 t;
	struct query_report			 r;
	struct query				*q;
	struct store				*s;
	struct err				 e = { 0 };

	make_old(*(const unsigned *)*state);
	if ((s = store_open(dir, STORE_WRITE, &e)) == NULL)
		fail_msg("%s", e.msg);
	if (store_check(s, CHECK_ALL, &calls, NULL, &e) == -1)
		fail_msg("%s", e.msg);
	query_filter_init(&f);
	f.all = true;
	if ((q = query_begin(s, 1767400000, 0, &e)) == NULL || query_filter_set(&f, STR("domain"), STR("example.com"), &e) == -1 ||
	    query_filter_range(q, &f, &range, &e) == -1 || query_total(q, &f, &range, &t, &e) == -1 || query_report(q, 1, &r, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(t.counts.m, 5);
	assert_true(str_eq(r.domain, STR("example.com")));
	assert_int_equal(r.trust, TRUST_UNKNOWN);
	assert_int_equal(r.apart, APART_NO);
	query_filter_free(&f);
	query_end(q);
	store_close(s);
	seed_remove(dir);
}

int
main(void)
{
	static unsigned	 versions[32];
	static char	 names[32][40];
	struct cases	 c = { 0 };

	for (unsigned i = 1; i <= store_nmigrations && i < nitems(versions); i++) {
		versions[i] = i;
		(void)snprintf(names[i], sizeof(names[i]), "from schema %u to %u", i, store_nmigrations);
		case_add(&c, names[i], test_from, &versions[i]);
	}
	return (cases_run(&c, "upgrade"));
}
