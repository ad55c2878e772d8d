/*
 * fresh.h - a store of its own for each test, and SQL into it and out of it.
 * Source:    none.
 * Trust:     none needed.
 * Units:     none.
 * Ownership: store, e and fresh_dir are the test file's.
 * Errors:    fail the test.
 */
#ifndef FRESH_H
#define FRESH_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dmarc/dmarc.h"
#include "store/query.h"
#include "store/store_int.h"

static char		 fresh_dir[64];
static struct store	*store;
static struct err	 e;

static inline void
exec(const char *sql)
{
	if (store_exec(store, sql, &e) == -1)
		fail_msg("%s", e.msg);
}

static inline int
fresh_setup(void **state)
{
	(void)state;
	(void)snprintf(fresh_dir, sizeof(fresh_dir), "/tmp/test_fresh.XXXXXX");
	assert_non_null(mkdtemp(fresh_dir));
	if (dmarc_init(&e) == -1 || (store = store_open(fresh_dir, STORE_WRITE, &e)) == NULL)
		fail_msg("%s", e.msg);
	return (0);
}

static inline int
fresh_teardown(void **state)
{
	char	 cmd[128];

	(void)state;
	store_close(store);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", fresh_dir);
	return (system(cmd));
}

/* The first column of all rows, with blanks between; good until the next call. */
static inline char *
list(const char *sql)
{
	static char	 text[4000];
	sqlite3_stmt	*st;
	size_t		 n = 0;

	if (sqlite3_prepare_v2(store->db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(store->db));
	text[0] = '\0';
	while (sqlite3_step(st) == SQLITE_ROW && n < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n == 0 ? "" : " ", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return (text);
}

static inline int64_t
number(const char *sql)
{
	return (strtoll(list(sql), NULL, 10));
}

#endif
