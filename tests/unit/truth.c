/*
 * truth.c - holds the classes of senders against the truth of generated
 * months: truth STATE TRUTH-FILE [matrix]. Prints the confusion matrix, by
 * messages, and the figures that count; exit code 1 when they are too low.
 * test_truth.sh runs it.
 *
 * Domains and addresses are all that comes from the truth file; what a source
 * is called comes from its mail, with the services that an operator would
 * have put into the configuration.
 */
#include <arpa/inet.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/places.h"
#include "store/senders.h"

#define RIGHT_PERCENT	95.0
#define MEAN_PERCENT	85.0

/* As in dmarcd.conf: sender "..." { ... } */
static const struct catalogue_user	 ours[] = {
	{ .name = "Letterpost", .any = "letterpost.example" },
	{ .name = "Mailer X", .any = "mailer-x.test" },
	{ .name = "Helpdesk", .any = "helpdesk.example", .selector = "hdx1" },
	{ .name = "Payroll", .any = "payroll.test" },
};

/* Rows of the matrix: what a source is, and what can be known of it. */
static const char *const	 rows[] = { "own", "candidate", "service", "list", "forwarder", "unknown", "impostor" };
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static uint64_t	 matrix[ROWS][CLASS_COUNT], right_of[ROWS], all_of[ROWS], slandered;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "truth: %s: %s\n", what, why);
	exit(2);
}

static void
identify(const char *dir)
{
	struct err		 e = { 0 };
	struct catalogue	*c = catalogue_builtin(&e);
	struct store		*s = store_open(dir, STORE_WRITE, &e);
	bool			 more = false;

	if (c == NULL || s == NULL)
		die(dir, e.msg);
	for (size_t i = 0; i < nitems(ours); i++)
		if (catalogue_add(c, &ours[i], &e) == -1)
			die(ours[i].name, e.msg);
	if (store_senders(s, c, 0, &more, &e) == -1)
		die(dir, e.msg);
	store_close(s);
	catalogue_free(c);
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt	*st;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		die(sql, sqlite3_errmsg(db));
	return (st);
}

static bool
among(const char *list, const char *word)
{
	size_t	 n = strlen(word);

	for (const char *p = list; p != NULL && *p != '\0'; p = strchr(p, ',') == NULL ? NULL : strchr(p, ',') + 1)
		if (strncmp(p, word, n) == 0 && (p[n] == '\0' || p[n] == ','))
			return (true);
	return (false);
}

static void
count(const char *is, const char *want, enum sender_class class, uint64_t m)
{
	const char	*row = strcmp(is, "impostor") == 0 ? is : want;
	unsigned	 r = 0;

	while (r < ROWS && strcmp(rows[r], row) != 0)
		r++;
	if (r == ROWS)
		die(row, "is no row");
	matrix[r][class] += m;
	all_of[r] += m;
	if (among(want, sender_class_names[class]))
		right_of[r] += m;
	if (strcmp(is, "impostor") != 0 && (class == CLASS_SUSPECT || class == CLASS_IMPOSTOR))
		slandered += strcmp(is, "own") == 0 || strcmp(is, "service") == 0 ? m : 0;
}

static void
compare(const char *dir, const char *truth)
{
	char		 path[4096], line[512], *domain, *ip, *is, *want, *save;
	unsigned char	 addr[16];
	sqlite3		*db = NULL;
	sqlite3_stmt	*mail, *class;
	FILE		*f = fopen(truth, "r");
	bool		 v6;

	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", dir);
	if (f == NULL || sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		die(dir, "cannot be opened");
	if (sqlite3_exec(db, "CREATE TEMP TABLE by_source AS SELECT domain, source, sum(count) AS m FROM record GROUP BY 1, 2;"
	    "CREATE INDEX temp.bs ON by_source (domain, source)", NULL, NULL, NULL) != SQLITE_OK)
		die(dir, sqlite3_errmsg(db));
	mail = prepare(db, "SELECT b.m, b.domain, b.source FROM by_source b JOIN domain d ON d.id = b.domain WHERE d.name = ?1 AND "
	    "b.source = (SELECT id FROM source WHERE ip = ?2 AND kind = ?3)");
	class = prepare(db, "SELECT coalesce((SELECT c.class FROM sender_of o JOIN sender_class c ON c.sender = o.sender AND "
	    "c.domain = o.domain WHERE o.domain = ?1 AND o.source = ?2), 8)");
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		domain = strtok_r(line, "\t", &save);
		ip = strtok_r(NULL, "\t", &save);
		is = strtok_r(NULL, "\t", &save);
		want = strtok_r(NULL, "\t", &save);
		if (want == NULL)
			die(truth, "has a short line");
		v6 = strchr(ip, ':') != NULL;
		if (inet_pton(v6 ? AF_INET6 : AF_INET, ip, addr) != 1)
			die(ip, "is no address");
		sqlite3_bind_text(mail, 1, domain, -1, SQLITE_STATIC);
		sqlite3_bind_blob(mail, 2, addr, v6 ? 16 : 4, SQLITE_STATIC);
		sqlite3_bind_int(mail, 3, v6 ? 6 : 4);
		if (sqlite3_step(mail) == SQLITE_ROW) {
			sqlite3_bind_int64(class, 1, sqlite3_column_int64(mail, 1));
			sqlite3_bind_int64(class, 2, sqlite3_column_int64(mail, 2));
			if (sqlite3_step(class) != SQLITE_ROW)
				die(ip, sqlite3_errmsg(db));
			if (getenv("TRUTH_WRONG") != NULL && !among(want, sender_class_names[sqlite3_column_int(class, 0)]))
				printf("# %s %s is %s, want %s, said %s: %lld\n", domain, ip, is, want,
				    sender_class_names[sqlite3_column_int(class, 0)], (long long)sqlite3_column_int64(mail, 0));
			count(is, want, (enum sender_class)sqlite3_column_int(class, 0), (uint64_t)sqlite3_column_int64(mail, 0));
			sqlite3_reset(class);
		}
		sqlite3_reset(mail);
	}
	sqlite3_finalize(mail);
	sqlite3_finalize(class);
	sqlite3_close(db);
	(void)fclose(f);
}

static bool
print(const char *label)
{
	uint64_t	 all = 0, right = 0;
	double		 mean = 0;
	unsigned	 n = 0;

	printf("# %s: messages, down what it is, across what it was called\n# %-10s", label, "");
	for (int c = 0; c < CLASS_COUNT; c++)
		printf(" %9s", sender_class_names[c]);
	printf("     right\n");
	for (unsigned r = 0; r < ROWS; r++) {
		printf("# %-10s", rows[r]);
		for (int c = 0; c < CLASS_COUNT; c++)
			printf(" %9llu", (unsigned long long)matrix[r][c]);
		printf(" %8.2f%%\n", all_of[r] == 0 ? 0.0 : 100.0 * (double)right_of[r] / (double)all_of[r]);
		all += all_of[r];
		right += right_of[r];
		if (all_of[r] > 0) {
			mean += (double)right_of[r] / (double)all_of[r];
			n++;
		}
	}
	mean = n == 0 ? 0 : mean * 100 / n;
	printf("# right: %.2f %% of %llu messages; mean over %u classes: %.2f %%; of the owner's called suspect or impostor: %llu\n",
	    all == 0 ? 0.0 : 100.0 * (double)right / (double)all, (unsigned long long)all, n, mean, (unsigned long long)slandered);
	return (all > 0 && (double)right * 100 >= (double)all * RIGHT_PERCENT && mean >= MEAN_PERCENT && slandered == 0);
}

int
main(int argc, char **argv)
{
	struct err	 e = { 0 };
	struct places	*p;

	if (argc != 4 && argc != 5)
		die("usage", "truth STATE TRUTH-FILE LABEL [FILE-OF-NETWORKS]");
	if (argc == 5) {
		if (places_open(PLACES_NONE, argv[4], &p, &e) == -1)
			die(argv[4], e.msg);
		(void)places_use(p);
	}
	identify(argv[1]);
	compare(argv[1], argv[2]);
	return (print(argv[3]) ? 0 : 1);
}
