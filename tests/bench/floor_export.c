/*
 * floor_export - the yardstick for `dmarcd export`: what it costs at the least
 * to write every record of a database of floor_import as a line of CSV, with
 * the head of its report and its DKIM and SPF results.
 *
 *     floor_export DATABASE FILE
 *
 * Three prepared statements in the order of the primary keys, a quoting
 * function, stdio with a large buffer. It escapes nothing but quotes.
 * Prints {"records","messages"}.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void	 die(const char *, const char *) __attribute__((noreturn));

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "floor_export: %s: %s\n", what, why);
	exit(1);
}

static void
cell(FILE *f, const char *s)
{
	if (s == NULL)
		return;
	if (strpbrk(s, ",\"\n\r") == NULL) {
		fputs(s, f);
		return;
	}
	putc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			putc('"', f);
		putc(*s, f);
	}
	putc('"', f);
}

static const char *
text(sqlite3_stmt *st, int i)
{
	return ((const char *)sqlite3_column_text(st, i));
}

/* domain=result one after another, in one cell */
static void
results(FILE *f, sqlite3_stmt *st, sqlite3_int64 record)
{
	char	 line[4096];
	size_t	 n = 0;

	sqlite3_bind_int64(st, 1, record);
	while (sqlite3_step(st) == SQLITE_ROW && n < sizeof(line) - 1) {
		int	 k = snprintf(line + n, sizeof(line) - n, "%s%s/%s=%s", n > 0 ? " " : "", text(st, 1) == NULL ? "" : text(st, 1),
			    text(st, 0) == NULL ? "" : text(st, 0), text(st, 2) == NULL ? "" : text(st, 2));

		n += k < 0 ? 0 : (size_t)k;
	}
	sqlite3_reset(st);
	putc(',', f);
	line[n < sizeof(line) ? n : sizeof(line) - 1] = '\0';
	cell(f, line);
}

int
main(int argc, char **argv)
{
	static char	 room[1 << 18];
	sqlite3		*db;
	sqlite3_stmt	*st, *dkim, *spf;
	int64_t		 n = 0, m = 0;
	FILE		*f;

	if (argc != 3)
		die("usage", "floor_export DATABASE FILE");
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		die(argv[1], sqlite3_errmsg(db));
	if (sqlite3_prepare_v2(db, "SELECT record.id, report.id, org_name, report_id, report.domain, record.day, source_ip, count, disposition, dkim, spf,"
	    " reason, comment, header_from, envelope_from, envelope_to FROM record JOIN report ON report.id = record.report ORDER BY record.id",
	    -1, &st, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT domain, selector, result FROM dkim WHERE record = ?1", -1, &dkim, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT domain, scope, result FROM spf WHERE record = ?1", -1, &spf, NULL) != SQLITE_OK)
		die(argv[1], sqlite3_errmsg(db));
	if ((f = fopen(argv[2], "w")) == NULL)
		die(argv[2], "cannot be written");
	setvbuf(f, room, _IOFBF, sizeof(room));
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < 16; i++) {
			if (i > 0)
				putc(',', f);
			cell(f, text(st, i));
		}
		results(f, dkim, sqlite3_column_int64(st, 0));
		results(f, spf, sqlite3_column_int64(st, 0));
		putc('\n', f);
		n++;
		m += sqlite3_column_int64(st, 7);
	}
	if (fclose(f) != 0)
		die(argv[2], "cannot be written");
	printf("{\"records\": %" PRId64 ", \"messages\": %" PRId64 "}\n", n, m);
	return (0);
}
