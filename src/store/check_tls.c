/*
 * check_tls.c - do the sums of TLS reports say what their rows say? There are
 * few of them beside those of DMARC, so SQL adds everything up at once.
 */
#include <stdarg.h>

#include "base/when.h"
#include "store/store_int.h"

#define SHOWN 1000	/* faults of one sort that are told one by one */

struct tls_check {
	struct store			*s;
	const struct store_check_calls	*calls;
	void				*ctx;
	uint64_t			 faults;
};

#define SHOULD "SELECT e.domain, e.day, e.reporter, p.type, p.mode, -1 AS result, sum(e.success) AS success, sum(e.failure) AS failure, "	\
    "count(*) AS n FROM tls_element e JOIN tls_policy p ON p.id = e.policy GROUP BY 1, 2, 3, 4, 5 UNION ALL "				\
    "SELECT e.domain, e.day, e.reporter, p.type, p.mode, d.result, 0, sum(d.count), count(*) FROM tls_element e "			\
    "JOIN tls_policy p ON p.id = e.policy JOIN tls_detail d ON d.report = e.report AND d.element = e.seq GROUP BY 1, 2, 3, 4, 5, 6"
#define IS "SELECT domain, day, reporter, type, mode, result, success, failure, n FROM tls_day"

static void fault(struct tls_check *, enum store_fault, int64_t, const char *, ...) PRINTFLIKE(4, 5);

static void
fault(struct tls_check *c, enum store_fault what, int64_t id, const char *fmt, ...)
{
	char	 text[512];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->faults++;
	c->calls->fault(c->ctx, what, id, text);
}

/* Days on which one side has a row that the other has not, or not with these numbers. */
static int
days(struct tls_check *c, struct err *e)
{
	sqlite3_stmt	*st;
	char		 day[WHEN_TEXT];
	int		 rc;

	if (store_prepare(c->s, &st, "SELECT DISTINCT x.day, domain.name FROM (SELECT domain, day FROM (" SHOULD " EXCEPT " IS ") UNION "
	    "SELECT domain, day FROM (" IS " EXCEPT SELECT * FROM (" SHOULD "))) x LEFT JOIN domain ON domain.id = x.domain ORDER BY 2, 1", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		fault(c, FAULT_ROLLUP, 0, "the daily sums of TLS reports for %s on %s are not those of its policies and details",
		    sqlite3_column_type(st, 1) == SQLITE_NULL ? "an unknown domain" : (const char *)sqlite3_column_text(st, 1),
		    when_date(sqlite3_column_int64(st, 0), day));
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "tls_day", e));
}

/* Each gives the ids of reports that are wrong in that way. */
static const struct { const char *sql, *what; } report_checks[] = {
	{ "SELECT r.id FROM tls_report r LEFT JOIN (SELECT report, count(*) AS n, sum(success) AS s, sum(failure) AS f, sum(ndetails) AS nd, "
	    "sum(details) AS d FROM tls_element GROUP BY report) x ON x.report = r.id WHERE r.superseded_by IS NULL AND "
	    "(r.policies <> ifnull(x.n, 0) OR r.success <> ifnull(x.s, 0) OR r.failure <> ifnull(x.f, 0) OR r.ndetails <> ifnull(x.nd, 0) OR "
	    "r.details <> ifnull(x.d, 0))", "its sums are not those of its policies" },
	{ "SELECT DISTINCT r.id FROM tls_report r JOIN tls_element x ON x.report = r.id WHERE r.superseded_by IS NOT NULL",
	    "another version counts, and it has policies all the same" },
	{ "SELECT DISTINCT r.id FROM tls_report r JOIN tls_element x ON x.report = r.id WHERE x.day <> r.day OR x.reporter <> r.reporter",
	    "a policy of it counts on another day or for another reporter" },
	{ "SELECT DISTINCT x.report FROM tls_element x LEFT JOIN (SELECT report, element, count(*) AS n, sum(count) AS s FROM tls_detail "
	    "GROUP BY 1, 2) d ON d.report = x.report AND d.element = x.seq WHERE x.ndetails <> ifnull(d.n, 0) OR x.details <> ifnull(d.s, 0)",
	    "the sums of a policy are not those of its failure details" },
	{ "SELECT DISTINCT d.report FROM tls_detail d LEFT JOIN tls_element x ON x.report = d.report AND x.seq = d.element WHERE x.seq IS NULL",
	    "a failure detail belongs to no policy" },
};

static int
reports(struct tls_check *c, struct err *e)
{
	sqlite3_stmt	*st;
	unsigned	 n;
	int		 rc = SQLITE_DONE;

	for (size_t i = 0; i < nitems(report_checks) && rc == SQLITE_DONE; i++) {
		if (store_prepare(c->s, &st, report_checks[i].sql, e) == -1)
			return (-1);
		for (n = 0; (rc = sqlite3_step(st)) == SQLITE_ROW; n++)
			if (n < SHOWN)
				fault(c, FAULT_TLS_REPORT, sqlite3_column_int64(st, 0), "TLS report t%lld: %s",
				    (long long)sqlite3_column_int64(st, 0), report_checks[i].what);
		(void)sqlite3_finalize(st);
	}
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "tls_report", e));
}

int
check_tls(struct store *s, const struct store_check_calls *calls, void *ctx, struct err *e)
{
	struct tls_check	 c = { s, calls, ctx, 0 };

	return (days(&c, e) == -1 ? -1 : reports(&c, e));
}

/* Few rows, so all of them are written anew when any is wrong. */
int
mend_tls(struct store *s, const struct store_check_calls *calls, void *ctx, uint64_t *mended, struct err *e)
{
	struct tls_check	 c = { s, calls, ctx, 0 };

	if (store_begin(s, e) == -1 || days(&c, e) == -1)
		return (-1);
	if (c.faults > 0) {
		if (store_exec(s, "DELETE FROM tls_day", e) == -1 ||
		    store_exec(s, "INSERT INTO tls_day (domain, day, reporter, type, mode, result, success, failure, n) " SHOULD, e) == -1)
			return (-1);
		*mended += c.faults;
		writer_changed(s, false);
		writer_tls_changed(s);
	}
	return (store_commit(s, e));
}
