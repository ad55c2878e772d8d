/*
 * check.c - do the sums say what the records say?
 *
 * Records are what everything else is added up from. They lie in the order of
 * domain and day, and a report counts on one day of one domain: so one pass
 * over them, day by day, gives the daily sums and the sums of each report, and
 * memory holds one day at a time.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/when.h"
#include "store/store_int.h"

#define MEND_ROWS 100000	/* of one transaction, about */

const char *const store_fault_names[FAULT_COUNT] = { "database", "reference", "rollup", "report", "intake", "original",
	"tls-report" };

struct place {			/* of a report, by id */
	uint32_t	 domain, reporter;	/* domain 0: there is no such report */
	int32_t		 day;
	bool		 superseded, seen, empty;
};

struct flags {			/* of an outcome, by id */
	unsigned char	 disposition, dkim, spf;
	bool		 pass, differs;
};

enum { S_MESSAGES, S_NONE, S_QUARANTINE, S_REJECT, S_PASS, S_OTHER, S_DKIM, S_SPF, S_DMARC, S_VERDICT, S_DIFFERS, S_IPS, S_COUNT };
static const char *const	 sum_names[S_COUNT] = { "messages", "disp_none", "disp_quarantine", "disp_reject", "disp_pass", "disp_other",
	"dkim_pass", "spf_pass", "dmarc_pass", "verdict_pass", "differs", "source_ips" };

struct report_sum {
	int64_t	 id, last_source;	/* id 0: an empty place */
	int64_t	 v[S_COUNT];
};

struct day_sum {
	int64_t	 reporter, outcome;	/* outcome 0: an empty place */
	int64_t	 messages, rows;
	bool	 met;
};

struct table {			/* open, a power of two */
	size_t	 n, room;
};

struct check {
	struct store			*s;
	const struct store_check_calls	*calls;
	void				*ctx;
	struct place			*places;
	size_t				 nplaces, room_places;
	uint32_t			*outcome_of;	/* by evidence id; 0: no such one */
	size_t				 nevidence, room_evidence;
	struct flags			*outcomes;
	size_t				 noutcomes, room_outcomes;
	unsigned char			*sources;	/* a bit each */
	size_t				 nsources;
	int64_t				 no_address;	/* the source that stands for none */
	struct table			 treports, tdays;
	struct report_sum		*reports;
	struct day_sum			*days;
	sqlite3_stmt			*rows, *rollup, *report, *put, *drop, *fresh;
	uint64_t			 done, total, mended, faults;
	bool				 mend;
	struct buf			 text;
};

static void fault(struct check *, enum store_fault, int64_t, const char *, ...) PRINTFLIKE(4, 5);

static void
fault(struct check *c, enum store_fault what, int64_t id, const char *fmt, ...)
{
	char	 text[512];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->faults++;
	c->calls->fault(c->ctx, what, id, text);
}

static int
oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

static bool
grow(void **p, size_t need, size_t *room, size_t size)
{
	size_t	 want = *room == 0 ? 1024 : *room;
	void	*q;

	if (need <= *room)
		return (true);
	while (want < need)
		want *= 2;
	if ((q = realloc(*p, want * size)) == NULL)
		return (false);
	memset((char *)q + *room * size, 0, (want - *room) * size);
	*p = q;
	*room = want;
	return (true);
}

/* --- What is needed of every row ------------------------------------------------------ */

static int
load_evidence(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 id;
	int		 rc;

	if (store_prepare(c->s, &st, "SELECT id, outcome FROM evidence WHERE id >= ?1 ORDER BY id", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)c->nevidence);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = (size_t)sqlite3_column_int64(st, 0);
		if (!grow((void **)&c->outcome_of, id + 1, &c->room_evidence, sizeof(*c->outcome_of)))
			break;
		c->outcome_of[id] = (uint32_t)sqlite3_column_int64(st, 1);
		c->nevidence = id + 1;
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? oom(e) : store_fail(c->s, "evidence", e));
}

static int
load_outcomes(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 id;
	int		 rc;

	if (store_prepare(c->s, &st, "SELECT id, disposition, dkim, spf, verdict_dkim OR verdict_spf, differs FROM outcome WHERE id >= ?1 "
	    "ORDER BY id", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)c->noutcomes);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = (size_t)sqlite3_column_int64(st, 0);
		if (!grow((void **)&c->outcomes, id + 1, &c->room_outcomes, sizeof(*c->outcomes)))
			break;
		c->outcomes[id] = (struct flags){ (unsigned char)sqlite3_column_int(st, 1), (unsigned char)sqlite3_column_int(st, 2),
		    (unsigned char)sqlite3_column_int(st, 3), sqlite3_column_int(st, 4) != 0, sqlite3_column_int(st, 5) != 0 };
		c->noutcomes = id + 1;
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? oom(e) : store_fail(c->s, "outcome", e));
}

static int
load_reports(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 id;
	int		 rc;

	if (store_prepare(c->s, &st, "SELECT id, domain, reporter, day, superseded_by IS NOT NULL, messages = 0 FROM report WHERE id >= ?1 "
	    "ORDER BY id", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)c->nplaces);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = (size_t)sqlite3_column_int64(st, 0);
		if (!grow((void **)&c->places, id + 1, &c->room_places, sizeof(*c->places)))
			break;
		c->places[id] = (struct place){ (uint32_t)sqlite3_column_int64(st, 1), (uint32_t)sqlite3_column_int64(st, 2),
		    (int32_t)sqlite3_column_int64(st, 3), sqlite3_column_int(st, 4) != 0, false, sqlite3_column_int(st, 5) != 0 };
		c->nplaces = id + 1;
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? oom(e) : store_fail(c->s, "report", e));
}

static int
load_sources(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 id, room = 0;
	int		 rc;

	if (store_prepare(c->s, &st, "SELECT id, kind = 0 AND length(ip) = 0 FROM source", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = (size_t)sqlite3_column_int64(st, 0);
		if (!grow((void **)&c->sources, id / 8 + 1, &room, 1))
			break;
		c->sources[id / 8] |= (unsigned char)(1u << (id % 8));
		if (sqlite3_column_int(st, 1))
			c->no_address = (int64_t)id;
	}
	c->nsources = room * 8;
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? oom(e) : store_fail(c->s, "source", e));
}

/* --- One day of one domain --------------------------------------------------------------- */

static size_t
hash(int64_t a, int64_t b, size_t room)
{
	return ((size_t)(((uint64_t)a * 0x9e3779b97f4a7c15u ^ (uint64_t)b * 0xc2b2ae3d27d4eb4fu) >> 20) & (room - 1));
}

static struct report_sum *
report_at(struct check *c, int64_t id)
{
	struct report_sum	*old = c->reports;
	size_t			 room = c->treports.room, at;

	if (c->treports.n * 2 >= room) {
		size_t	 want = room == 0 ? 1024 : room * 2;

		if ((c->reports = calloc(want, sizeof(*old))) == NULL) {
			c->reports = old;
			return (NULL);
		}
		c->treports.room = want;
		for (size_t i = 0; i < room; i++)
			if (old[i].id != 0) {
				for (at = hash(old[i].id, 0, want); c->reports[at].id != 0; at = (at + 1) & (want - 1))
					;
				c->reports[at] = old[i];
			}
		free(old);
		room = want;
	}
	for (at = hash(id, 0, room); c->reports[at].id != 0 && c->reports[at].id != id; at = (at + 1) & (room - 1))
		;
	if (c->reports[at].id == 0) {
		c->reports[at] = (struct report_sum){ .id = id };
		c->treports.n++;
	}
	return (&c->reports[at]);
}

static struct day_sum *
day_at(struct check *c, int64_t reporter, int64_t outcome, bool make)
{
	struct day_sum	*old = c->days;
	size_t		 room = c->tdays.room, at;

	if (c->tdays.n * 2 >= room && make) {
		size_t	 want = room == 0 ? 1024 : room * 2;

		if ((c->days = calloc(want, sizeof(*old))) == NULL) {
			c->days = old;
			return (NULL);
		}
		c->tdays.room = want;
		for (size_t i = 0; i < room; i++)
			if (old[i].outcome != 0) {
				for (at = hash(old[i].reporter, old[i].outcome, want); c->days[at].outcome != 0; at = (at + 1) & (want - 1))
					;
				c->days[at] = old[i];
			}
		free(old);
		room = want;
	}
	if (room == 0)
		return (NULL);
	for (at = hash(reporter, outcome, room); c->days[at].outcome != 0 && (c->days[at].outcome != outcome ||
	    c->days[at].reporter != reporter); at = (at + 1) & (room - 1))
		;
	if (c->days[at].outcome == 0) {
		if (!make)
			return (NULL);
		c->days[at] = (struct day_sum){ .reporter = reporter, .outcome = outcome };
		c->tdays.n++;
	}
	return (&c->days[at]);
}

static void
report_add(struct report_sum *r, const struct flags *f, int64_t source, int64_t no_address, int64_t count)
{
	r->v[S_MESSAGES] += count;
	if (f->disposition <= S_OTHER - S_NONE)
		r->v[S_NONE + f->disposition] += count;
	r->v[S_DKIM] += f->dkim == EVAL_PASS ? count : 0;
	r->v[S_SPF] += f->spf == EVAL_PASS ? count : 0;
	r->v[S_DMARC] += f->dkim == EVAL_PASS || f->spf == EVAL_PASS ? count : 0;
	r->v[S_VERDICT] += f->pass ? count : 0;
	r->v[S_DIFFERS] += f->differs ? count : 0;
	/* rows come in the order of their sources */
	if (source != no_address && source != r->last_source)
		r->v[S_IPS]++;
	r->last_source = source;
}

static int
row(struct check *c, int64_t domain, int64_t day, struct err *e)
{
	int64_t			 source = sqlite3_column_int64(c->rows, 0), report = sqlite3_column_int64(c->rows, 1);
	int64_t			 evidence = sqlite3_column_int64(c->rows, 2), count = sqlite3_column_int64(c->rows, 3), outcome;
	struct place		*p;
	struct report_sum	*r;
	struct day_sum		*d;

	if (report < 1 || (size_t)report >= c->nplaces || c->places[report].domain == 0) {
		fault(c, FAULT_REFERENCE, report, "a record names report %lld, which is not there", (long long)report);
		return (0);
	}
	outcome = evidence < 1 || (size_t)evidence >= c->nevidence ? 0 : c->outcome_of[evidence];
	if (outcome < 1 || (size_t)outcome >= c->noutcomes) {
		fault(c, FAULT_REFERENCE, report, "a record of report %lld names evidence %lld, which %s", (long long)report,
		    (long long)evidence, outcome == 0 ? "is not there" : "has no outcome");
		return (0);
	}
	if (!c->mend && (source < 1 || (size_t)source >= c->nsources || (c->sources[source / 8] & 1u << (source % 8)) == 0))
		fault(c, FAULT_REFERENCE, report, "a record of report %lld names source %lld, which is not there", (long long)report,
		    (long long)source);
	p = &c->places[report];
	if (!c->mend) {
		if (count < 0)
			fault(c, FAULT_REPORT, report, "report %lld: a record counts %lld messages", (long long)report, (long long)count);
		if (p->superseded && !p->seen)
			fault(c, FAULT_REPORT, report, "report %lld was replaced by another version, and has records all the same",
			    (long long)report);
		if (((int64_t)p->domain != domain || p->day != day) && !p->seen)
			fault(c, FAULT_REPORT, report, "report %lld: records stand under another domain or day than the report",
			    (long long)report);
		p->seen = true;
		if ((r = report_at(c, report)) == NULL)
			return (oom(e));
		report_add(r, &c->outcomes[outcome], source, c->no_address, count);
	}
	if ((d = day_at(c, p->reporter, outcome, true)) == NULL)
		return (oom(e));
	d->messages += count;
	d->rows++;
	return (0);
}

/* "example.com on 2026-05-12" */
static const char *
group_name(struct check *c, int64_t domain, int64_t day)
{
	sqlite3_stmt	*st;
	struct err	 e;
	char		 date[WHEN_TEXT];
	const char	*name = NULL;

	buf_clear(&c->text);
	if (store_prepare(c->s, &st, "SELECT name FROM domain WHERE id = ?1", &e) == 0) {
		(void)sqlite3_bind_int64(st, 1, domain);
		if (sqlite3_step(st) == SQLITE_ROW)
			name = (const char *)sqlite3_column_text(st, 0);
		(void)buf_printf(&c->text, "%s on %s", name == NULL ? "an unknown domain" : name, when_date(day, date));
		(void)sqlite3_finalize(st);
	}
	return (c->text.p == NULL ? "" : c->text.p);
}

static int
put_sum(struct check *c, sqlite3_stmt *st, int64_t domain, int64_t day, int64_t reporter, int64_t outcome, const struct day_sum *d,
    struct err *e)
{
	int	 rc;

	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	if (reporter != 0) {
		(void)sqlite3_bind_int64(st, 3, reporter);
		(void)sqlite3_bind_int64(st, 4, outcome);
	}
	if (d != NULL) {
		(void)sqlite3_bind_int64(st, 5, d->messages);
		(void)sqlite3_bind_int64(st, 6, d->rows);
	}
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "rollup", e));
}

static int
sum_differs(struct check *c, int64_t domain, int64_t day, int64_t reporter, int64_t outcome, int64_t messages, int64_t rows,
    const struct day_sum *d, struct err *e)
{
	fault(c, FAULT_ROLLUP, 0, "the sum of %s (reporter %lld, outcome %lld) is %lld messages in %lld rows; the records say %lld in %lld",
	    group_name(c, domain, day), (long long)reporter, (long long)outcome, (long long)messages, (long long)rows,
	    d == NULL ? 0 : (long long)d->messages, d == NULL ? 0 : (long long)d->rows);
	if (!c->mend)
		return (0);
	/* whatever senders it was told apart by: senders.c looks at that day anew */
	if (put_sum(c, c->drop, domain, day, reporter, outcome, NULL, e) == -1 ||
	    (d != NULL && put_sum(c, c->put, domain, day, reporter, outcome, d, e) == -1) ||
	    put_sum(c, c->fresh, domain, day, 0, 0, NULL, e) == -1)
		return (-1);
	c->mended++;
	writer_changed(c->s, true);
	return (0);
}

struct stored_sum {
	int64_t	 reporter, outcome, messages, rows;
};

static int
compare_day(struct check *c, int64_t domain, int64_t day, struct err *e)
{
	struct stored_sum	*have = NULL, *h;
	struct day_sum		*d;
	size_t			 n = 0, room = 0;
	int			 rc, rv = 0;

	(void)sqlite3_bind_int64(c->rollup, 1, domain);
	(void)sqlite3_bind_int64(c->rollup, 2, day);
	/* first all, then what differs is written: the table must not change under the statement */
	while ((rc = sqlite3_step(c->rollup)) == SQLITE_ROW) {
		if (!grow((void **)&have, n + 1, &room, sizeof(*have)))
			break;
		have[n++] = (struct stored_sum){ sqlite3_column_int64(c->rollup, 0), sqlite3_column_int64(c->rollup, 1),
		    sqlite3_column_int64(c->rollup, 2), sqlite3_column_int64(c->rollup, 3) };
	}
	(void)sqlite3_reset(c->rollup);
	if (rc != SQLITE_DONE)
		rv = rc == SQLITE_ROW ? oom(e) : store_fail(c->s, "rollup", e);
	for (size_t i = 0; i < n && rv == 0; i++) {
		h = &have[i];
		if ((d = day_at(c, h->reporter, h->outcome, false)) != NULL)
			d->met = true;
		if (d == NULL || d->messages != h->messages || d->rows != h->rows)
			rv = sum_differs(c, domain, day, h->reporter, h->outcome, h->messages, h->rows, d, e);
	}
	free(have);
	for (size_t i = 0; i < c->tdays.room && rv == 0; i++)
		if (c->days[i].outcome != 0 && !c->days[i].met)
			rv = sum_differs(c, domain, day, c->days[i].reporter, c->days[i].outcome, 0, 0, &c->days[i], e);
	return (rv);
}

static int
compare_report(struct check *c, const struct report_sum *r, struct err *e)
{
	int64_t	 is;
	int	 rc, rv = 0;

	if (c->places[r->id].superseded)
		return (0);	/* said already */
	(void)sqlite3_bind_int64(c->report, 1, r->id);
	if ((rc = sqlite3_step(c->report)) == SQLITE_ROW)
		for (int i = 0; i < S_COUNT; i++)
			if ((is = sqlite3_column_int64(c->report, i)) != r->v[i]) {
				fault(c, FAULT_REPORT, r->id, "report %lld: %s is %lld; its records say %lld", (long long)r->id,
				    sum_names[i], (long long)is, (long long)r->v[i]);
				break;
			}
	if (rc != SQLITE_ROW)
		rv = store_fail(c->s, "report", e);
	(void)sqlite3_reset(c->report);
	return (rv);
}

static int
group(struct check *c, int64_t domain, int64_t day, struct err *e)
{
	int	 rc, rv = 0;

	if (c->tdays.n > 0)
		memset(c->days, 0, c->tdays.room * sizeof(*c->days));
	if (c->treports.n > 0)
		memset(c->reports, 0, c->treports.room * sizeof(*c->reports));
	c->tdays.n = c->treports.n = 0;
	(void)sqlite3_bind_int64(c->rows, 1, domain);
	(void)sqlite3_bind_int64(c->rows, 2, day);
	while (rv == 0 && (rc = sqlite3_step(c->rows)) == SQLITE_ROW) {
		rv = row(c, domain, day, e);
		if (++c->done % 65536 == 0)
			c->calls->progress(c->ctx, c->done, c->total);
	}
	(void)sqlite3_reset(c->rows);
	if (rv == 0 && rc != SQLITE_DONE)
		rv = store_fail(c->s, "record", e);
	for (size_t i = 0; i < c->treports.room && rv == 0; i++)
		if (c->reports[i].id != 0)
			rv = compare_report(c, &c->reports[i], e);
	return (rv == -1 ? -1 : compare_day(c, domain, day, e));
}

/* --- All days ------------------------------------------------------------------------------ */

/* The next day of a domain that has records or sums, after day; false: there is none. */
static int
next_day(struct check *c, sqlite3_stmt *st, int64_t domain, int64_t *day, struct err *e)
{
	int	 rc;
	bool	 any = false;

	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, *day);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		*day = sqlite3_column_int64(st, 0);
		any = true;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW ? any : store_fail(c->s, "days", e));
}

static int
number(struct store *s, const char *sql, uint64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 0 : store_fail(s, sql, e));
}

static int
load(struct check *c, struct err *e)
{
	if (load_evidence(c, e) == -1 || load_outcomes(c, e) == -1 || load_reports(c, e) == -1)
		return (-1);
	return (0);
}

static int
begin(struct check *c, struct err *e)
{
	/* what came in since the last one is loaded, too */
	if (c->mend && (store_begin(c->s, e) == -1 || load(c, e) == -1))
		return (-1);
	return (0);
}

static int
each_domain(struct check *c, sqlite3_stmt *days, int64_t domain, struct err *e)
{
	int64_t		 day = INT64_MIN;
	uint64_t	 since = c->done;
	int		 rv;

	if (begin(c, e) == -1)
		return (-1);
	while ((rv = next_day(c, days, domain, &day, e)) == 1) {
		if (group(c, domain, day, e) == -1)
			return (-1);
		if (!c->mend || c->done - since < MEND_ROWS)
			continue;
		/* others want to write, too */
		if (store_commit(c->s, e) == -1 || begin(c, e) == -1)
			return (-1);
		since = c->done;
	}
	return (rv == -1 || (c->mend && store_commit(c->s, e) == -1) ? -1 : 0);
}

static int
sums(struct check *c, struct err *e)
{
	sqlite3_stmt	*days;
	uint64_t	 ndomains = 0;
	int		 rv = 0;

	if (number(c->s, "SELECT count(*) FROM record", &c->total, e) == -1 ||
	    number(c->s, "SELECT coalesce(max(id), 0) FROM domain", &ndomains, e) == -1 ||
	    store_prepare(c->s, &days, "SELECT min(d) FROM (SELECT min(day) AS d FROM record WHERE domain = ?1 AND day > ?2 "
	    "UNION ALL SELECT min(day) FROM rollup WHERE domain = ?1 AND day > ?2)", e) == -1)
		return (-1);
	for (int64_t i = 1; i <= (int64_t)ndomains && rv == 0; i++)
		rv = each_domain(c, days, i, e);
	(void)sqlite3_finalize(days);
	for (size_t i = 1; i < c->nplaces && rv == 0 && !c->mend; i++)
		if (c->places[i].domain != 0 && !c->places[i].superseded && !c->places[i].seen && !c->places[i].empty)
			fault(c, FAULT_REPORT, (int64_t)i, "report %zu counts messages and has no records", i);
	c->calls->progress(c->ctx, c->done, c->total);
	return (rv);
}

static int
prepare(struct check *c, struct err *e)
{
	if (store_prepare(c->s, &c->rows, "SELECT source, report, evidence, count FROM record WHERE domain = ?1 AND day = ?2", e) == -1 ||
	    store_prepare(c->s, &c->rollup, "SELECT reporter, outcome, sum(messages), sum(rows) FROM rollup "
	    "WHERE domain = ?1 AND day = ?2 GROUP BY reporter, outcome", e) == -1 ||
	    store_prepare(c->s, &c->report, "SELECT messages, disp_none, disp_quarantine, disp_reject, disp_pass, disp_other, dkim_pass, "
	    "spf_pass, dmarc_pass, verdict_pass, differs, source_ips FROM report WHERE id = ?1", e) == -1)
		return (-1);
	if (!c->mend)
		return (0);
	if (store_prepare(c->s, &c->put, "INSERT INTO rollup (domain, day, reporter, outcome, sender, messages, rows) "
	    "VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)", e) == -1 ||
	    store_prepare(c->s, &c->drop, "DELETE FROM rollup WHERE domain = ?1 AND day = ?2 AND reporter = ?3 AND outcome = ?4", e) == -1 ||
	    store_prepare(c->s, &c->fresh, "INSERT INTO fresh (domain, day) VALUES (?1, ?2) ON CONFLICT DO NOTHING", e) == -1)
		return (-1);
	return (0);
}

static void
clear(struct check *c)
{
	sqlite3_stmt	*st[] = { c->rows, c->rollup, c->report, c->put, c->drop, c->fresh };

	for (size_t i = 0; i < nitems(st); i++)
		(void)sqlite3_finalize(st[i]);
	free(c->places);
	free(c->outcome_of);
	free(c->outcomes);
	free(c->sources);
	free(c->reports);
	free(c->days);
	buf_free(&c->text);
}

static int
intake(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	char		 date[WHEN_TEXT];
	int		 rc, result;

	if (store_prepare(c->s, &st, "WITH m AS (SELECT received / 86400 - (received % 86400 < 0) AS day, origin, result, count(*) AS n, sum(token = 0) AS h "
	    "FROM message GROUP BY 1, 2, 3) "
	    "SELECT day, result, max(a), max(b) FROM (SELECT day, origin, result, messages AS a, 0 AS b, 0 AS h FROM intake "
	    "UNION ALL SELECT day, origin, result, 0, n, h FROM m) GROUP BY day, origin, result HAVING max(a) <> max(b) AND "
	    /* held (store_message_hold): its reports are in, its end has not come or never will, and only that is counted */
	    "NOT (result = 5 AND max(b) > max(a) AND max(b) - max(a) <= max(h))", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		result = sqlite3_column_int(st, 1);
		fault(c, FAULT_INTAKE, 0, "the intake of %s counts %lld messages as %s; there are %lld", when_date(sqlite3_column_int64(st, 0), date),
		    (long long)sqlite3_column_int64(st, 2), result >= 0 && result < IN_COUNT ? intake_result_names[result] : "unknown",
		    (long long)sqlite3_column_int64(st, 3));
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "intake", e));
}

/* The sum of everything, which keeps a count from passing what numbers hold. */
static int
grand_total(struct check *c, uint64_t *is, uint64_t *should, struct err *e)
{
	if (number(c->s, "SELECT ifnull((SELECT value FROM meta WHERE key = 'messages'), (SELECT ifnull(sum(messages), 0) FROM rollup))",
	    is, e) == -1 || number(c->s, "SELECT ifnull(sum(messages), 0) FROM rollup", should, e) == -1)
		return (-1);
	if (*is != *should)
		fault(c, FAULT_ROLLUP, 0, "the sum of all messages is %lld; the sums by day say %lld", (long long)*is, (long long)*should);
	return (0);
}

static int
mend_total(struct check *c, struct err *e)
{
	uint64_t	 is, should;

	if (store_begin(c->s, e) == -1 || grand_total(c, &is, &should, e) == -1)
		return (-1);
	if (is != should) {
		writer_total(c->s, should);
		c->mended++;
	}
	return (store_commit(c->s, e));
}

/* Few rows, so all of them. */
static int
mend_intake(struct check *c, struct err *e)
{
	uint64_t	 before = c->faults;

	if (store_begin(c->s, e) == -1 || intake(c, e) == -1)
		return (-1);
	if (c->faults > before) {
		if (store_exec(c->s, "DELETE FROM intake", e) == -1 ||
		    store_exec(c->s, "INSERT INTO intake (day, origin, result, messages) SELECT received / 86400 - (received % 86400 < 0), "
		    "origin, result, count(*) FROM message GROUP BY 1, 2, 3", e) == -1)
			return (-1);
		c->mended += c->faults - before;
		writer_changed(c->s, false);
	}
	return (store_commit(c->s, e));
}

int
store_mend(struct store *s, const struct store_check_calls *calls, void *ctx, uint64_t *mended, struct err *e)
{
	struct check	 c = { .s = s, .calls = calls, .ctx = ctx, .mend = true };
	int		 rv;

	if ((rv = prepare(&c, e)) == 0 && (rv = sums(&c, e)) == 0 && (rv = mend_total(&c, e)) == 0)
		rv = mend_intake(&c, e);
	if (rv == 0)
		rv = mend_tls(s, calls, ctx, &c.mended, e);
	if (rv == -1 && s->in_txn)
		store_rollback(s);
	*mended = c.mended;
	clear(&c);
	return (rv);
}

/* --- The rest -------------------------------------------------------------------------------- */

static int
file(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	const char	*text;
	int		 rc;

	if (store_prepare(c->s, &st, "PRAGMA integrity_check(100)", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if ((text = (const char *)sqlite3_column_text(st, 0)) != NULL && strcmp(text, "ok") != 0)
			fault(c, FAULT_DATABASE, 0, "%s", text);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "integrity check", e));
}

static int
references(struct check *c, struct err *e)
{
	/* record is gone through row by row with the sums */
	static const char *const tables[] = { "policy", "message", "report", "evidence", "evidence_key", "rollup", "quarantine", "intake",
		"failure", "tls_policy", "tls_report", "tls_element", "tls_detail", "tls_day" };
	sqlite3_stmt		*st;
	char			 sql[64];
	int			 rc = SQLITE_DONE;

	for (size_t i = 0; i < nitems(tables) && rc == SQLITE_DONE; i++) {
		(void)snprintf(sql, sizeof(sql), "PRAGMA foreign_key_check(%s)", tables[i]);
		if (store_prepare(c->s, &st, sql, e) == -1)
			return (-1);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW)
			fault(c, FAULT_REFERENCE, sqlite3_column_int64(st, 1), "a row of %s names one of %s that is not there (row %lld)",
			    tables[i], (const char *)sqlite3_column_text(st, 2), (long long)sqlite3_column_int64(st, 1));
		(void)sqlite3_finalize(st);
	}
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "foreign keys", e));
}

/* What is kept apart stands under a row of domain that says so, and nothing else does. */
static int
sides(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(c->s, &st, "SELECT report.id, domain.name, report.apart FROM report JOIN domain ON domain.id = report.domain "
	    "WHERE (report.apart <> 0) <> domain.apart", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		fault(c, FAULT_REPORT, sqlite3_column_int64(st, 0), "report %lld is %s, but stands with those about %s that are not",
		    (long long)sqlite3_column_int64(st, 0), sqlite3_column_int(st, 2) != 0 ? "kept apart" : "not kept apart",
		    (const char *)sqlite3_column_text(st, 1));
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE || store_prepare(c->s, &st, "SELECT policy.id FROM policy JOIN domain ON domain.id = policy.domain "
	    "WHERE domain.apart <> 0", e) == -1)
		return (rc != SQLITE_DONE ? store_fail(c->s, "sides", e) : -1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		fault(c, FAULT_REFERENCE, sqlite3_column_int64(st, 0), "policy %lld names a domain of reports that are kept apart",
		    (long long)sqlite3_column_int64(st, 0));
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "sides", e));
}

static int
packs(struct check *c, struct err *e)
{
	sqlite3_stmt	*st;
	struct stat	 sb;
	char		 path[4096];
	const char	*name;
	int64_t		 id, bytes, end;
	int		 rc;

	if (store_prepare(c->s, &st, "SELECT pack.id, pack.name, pack.bytes, max(message.offset + message.bytes) FROM pack "
	    "LEFT JOIN message ON message.pack = pack.id GROUP BY pack.id", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = sqlite3_column_int64(st, 0);
		name = (const char *)sqlite3_column_text(st, 1);
		bytes = sqlite3_column_int64(st, 2);
		end = sqlite3_column_int64(st, 3);
		if (name == NULL || name[0] == '.' || strchr(name, '/') != NULL ||
		    snprintf(path, sizeof(path), "%s/originals/%s", c->s->dir, name) >= (int)sizeof(path)) {
			fault(c, FAULT_ORIGINAL, id, "pack %lld has a bad name", (long long)id);
			continue;
		}
		if (lstat(path, &sb) == -1 || !S_ISREG(sb.st_mode))
			fault(c, FAULT_ORIGINAL, id, "originals/%s is missing", name);
		else if ((int64_t)sb.st_size < bytes)
			fault(c, FAULT_ORIGINAL, id, "originals/%s has %lld bytes; %lld are in use", name, (long long)sb.st_size,
			    (long long)bytes);
		if (end > bytes)
			fault(c, FAULT_ORIGINAL, id, "originals/%s: a message ends at byte %lld of %lld", name, (long long)end, (long long)bytes);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(c->s, "packs", e));
}

int
store_check(struct store *s, unsigned what, const struct store_check_calls *calls, void *ctx, struct err *e)
{
	struct check	 c = { .s = s, .calls = calls, .ctx = ctx };
	uint64_t	 is, should;
	int		 rv;

	if (store_exec(s, "BEGIN", e) == -1)
		return (-1);
	rv = (what & CHECK_FILE) != 0 ? file(&c, e) : 0;
	if (rv == 0 && (what & CHECK_REST) != 0 && (references(&c, e) == -1 || sides(&c, e) == -1 || intake(&c, e) == -1 || packs(&c, e) == -1))
		rv = -1;
	if (rv == 0 && (what & CHECK_SUMS) != 0 && (prepare(&c, e) == -1 || load(&c, e) == -1 || load_sources(&c, e) == -1 || sums(&c, e) == -1 ||
	    grand_total(&c, &is, &should, e) == -1 || check_tls(s, calls, ctx, e) == -1))
		rv = -1;
	clear(&c);
	(void)sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return (rv);
}
