/*
 * query_bench.c - how long the questions of the pages take: a look at speed,
 * not a test. query_bench [RECORDS [DAYS [DOMAINS]]], or query_bench -s STATE
 * [WORD] for a store that is there, with the questions that have a word in their names.
 */
#include <jansson.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/base.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "seed.h"

static const struct { enum answer_kind kind; const char *name, *query; } questions[] = {
	{ ANSWER_META, "meta", "" },
	{ ANSWER_OVERVIEW, "overview, 30 days", "t=30d" },
	{ ANSWER_OVERVIEW, "overview, all", "t=all" },
	{ ANSWER_OVERVIEW, "overview, one domain", "domain=example.com" },
	{ ANSWER_TIMESERIES, "series by outcome, all", "t=all&by=outcome" },
	{ ANSWER_TIMESERIES, "series by reporter, all", "t=all&by=reporter" },
	{ ANSWER_TIMESERIES, "series of one header_from, all", "t=all&hfrom=news.example.com" },
	{ ANSWER_BREAKDOWN, "sources of a domain's month", "by=ip&domain=example.com&limit=100" },
	{ ANSWER_BREAKDOWN, "sources, 30 days", "by=ip&limit=100" },
	{ ANSWER_BREAKDOWN, "sources, all", "by=ip&t=all&limit=100" },
	{ ANSWER_BREAKDOWN, "header_from, all", "by=hfrom&t=all" },
	{ ANSWER_BREAKDOWN, "selectors of a domain's month", "by=selector&domain=example.com" },
	{ ANSWER_BREAKDOWN, "host names, all", "by=ptr&t=all" },
	{ ANSWER_BREAKDOWN, "senders of a host name, all", "by=sender&t=all&ptr=~net7" },
	{ ANSWER_BREAKDOWN, "networks, all", "by=prefix&t=all" },
	{ ANSWER_BREAKDOWN, "health, all", "by=health&t=all" },
	{ ANSWER_FLOW, "flow, 30 days", "" },
	{ ANSWER_FLOW, "flow, all", "t=all" },
	{ ANSWER_FLOW, "flow by address, all", "t=all&by=ip" },
	{ ANSWER_HEATMAP, "heat map, all", "t=all&step=week" },
	{ ANSWER_HEATMAP, "heat map by header_from, all", "t=all&step=week&by=hfrom" },
	{ ANSWER_EXPLAIN, "causes, 30 days", "" },
	{ ANSWER_ROWS, "rows of a domain's month", "domain=example.com&limit=100" },
	{ ANSWER_ROWS, "rows of a domain's month, newest", "domain=example.com&sort=-day&limit=100" },
	{ ANSWER_ROWS, "rows, all, largest", "t=all&limit=1000" },
	{ ANSWER_ROWS, "rows, all, newest", "t=all&sort=-day&limit=100" },
	{ ANSWER_ROWS, "rows of an address, all", "t=all&ip=10.0.0.7&limit=100" },
	{ ANSWER_ROWS, "rows of a report", "report=77&limit=1000&sort=seq" },
	{ ANSWER_DOMAINS, "domains", "" },
	{ ANSWER_REPORTS, "reports", "t=all&limit=100" },
	{ ANSWER_REPORTS, "reports with failing rows", "align=none&limit=100" },
	{ ANSWER_REPORTERS, "reporters, all", "t=all" },
};

static double
once(struct store *s, size_t i, int64_t now)
{
	struct answer_request	 rq;
	struct err		 e = { 0 };
	struct query		*q;
	struct timespec		 a, b;
	struct buf		 out = { 0 };
	char			 pairs[256], *p, *save, *eq;
	json_t			*j;

	answer_request_init(&rq, questions[i].kind);
	(void)snprintf(pairs, sizeof(pairs), "%s", questions[i].query);
	for (p = strtok_r(pairs, "&", &save); p != NULL; p = strtok_r(NULL, "&", &save)) {
		eq = strchr(p, '=');
		if (answer_request_set(&rq, (struct str){ p, (size_t)(eq - p) }, str_of(eq + 1), &e) == -1)
			(void)printf("%s\n", e.msg);
	}
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	if ((q = query_begin(s, now, 60000, &e)) == NULL || (j = answer_make(q, &rq, &e)) == NULL) {
		(void)printf("%s: %s\n", questions[i].name, e.msg);
		exit(1);
	}
	(void)answer_write(&out, j);
	json_decref(j);
	query_end(q);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	answer_request_free(&rq);
	buf_free(&out);
	return ((double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
}

static void
questions_ask(struct store *s, int64_t now, const char *word)
{
	(void)printf("%-36s %10s %10s\n", "ms of processor time", "first", "again");
	for (size_t i = 0; i < nitems(questions); i++) {
		double	 first, best = 1e9;

		if (strstr(questions[i].name, word) == NULL)
			continue;
		first = once(s, i, now);
		for (int k = 0; k < (word[0] == '\0' ? 3 : 30); k++) {
			double	 t = once(s, i, now);

			best = t < best ? t : best;
		}
		(void)printf("%-36s %10.1f %10.1f\n", questions[i].name, first, best);
	}
}

int
main(int argc, char **argv)
{
	struct seed	 seed = { .rng = 5, .domains = 5, .reporters = 40, .sources = 60000, .evidence = 600, .first_day = 20500, .fast = true };
	unsigned long	 records = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	struct err	 e = { 0 };
	struct store	*s;
	sqlite3		*db;
	char		 dir[] = "/tmp/query_bench.XXXXXX";
	int64_t		 now;

	if (argc >= 3 && strcmp(argv[1], "-s") == 0) {
		if (dmarc_init(&e) == -1 || (s = store_open(argv[2], STORE_READ, &e)) == NULL) {
			(void)printf("%s\n", e.msg);
			return (1);
		}
		questions_ask(s, when_now(), argc == 4 ? argv[3] : "");
		store_close(s);
		return (0);
	}
	seed.days = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 90;
	seed.domains = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 5;
	seed.rows = 20;
	seed.reports = (unsigned)(records / 20 + 1);
	if (dmarc_init(&e) == -1 || mkdtemp(dir) == NULL || (db = seed_make(dir, &seed)) == NULL)
		return (1);
	now = (seed.first_day + seed.days + 1) * 86400;
	(void)seed_sql(db, "INSERT INTO host (source, weight, due, last_day, state, name, more, refused, tries, failure) SELECT id, 1, 0, 0, 1,"
	    " 'h' || id || '.net' || id %% 1000 || '.example', 0, 0, 0, 0 FROM source WHERE id %% 5 > 0");
	(void)printf("%lld records, %u reports, %u days, %u domains, %lld rollup rows\n", (long long)seed_int(db, "SELECT count(*) FROM record"),
	    seed.reports, seed.days, seed.domains, (long long)seed_int(db, "SELECT count(*) FROM rollup"));
	if ((s = store_open(dir, STORE_READ, &e)) == NULL) {
		(void)printf("%s\n", e.msg);
		return (1);
	}
	questions_ask(s, now, "");
	store_close(s);
	(void)sqlite3_close(db);
	seed_remove(dir);
	return (0);
}
