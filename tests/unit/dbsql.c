/*
 * dbsql.c - runs SQL on a database, for tests that damage one on purpose or
 * look behind the scenes; rows come out with '|' between their columns.
 * Usage: dbsql FILE SQL
 */
#include <sqlite3.h>
#include <stdio.h>

static int
row(void *arg, int n, char **v, char **names)
{
	(void)arg;
	(void)names;
	for (int i = 0; i < n; i++)
		(void)printf("%s%s", i == 0 ? "" : "|", v[i] == NULL ? "" : v[i]);
	(void)putchar('\n');
	return (0);
}

int
main(int argc, char **argv)
{
	sqlite3	*db = NULL;
	char	*why = NULL;

	if (argc != 3) {
		(void)fputs("usage: dbsql FILE SQL\n", stderr);
		return (2);
	}
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(db, 10000) != SQLITE_OK || sqlite3_exec(db, argv[2], row, NULL, &why) != SQLITE_OK) {
		(void)fprintf(stderr, "dbsql: %s\n", why != NULL ? why : sqlite3_errmsg(db));
		(void)sqlite3_close(db);
		return (1);
	}
	return (sqlite3_close(db) == SQLITE_OK ? 0 : 1);
}
