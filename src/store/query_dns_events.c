/*
 * query_dns_events.c - days on which what the DNS says of our own domains
 * became something else: markers on charts.
 */
#include "base/when.h"
#include "store/query_int.h"

#define EVENTS_MOST	200	/* the latest */
#define DAYS_SANE	((int64_t)1 << 30)

static bool
wanted(const struct query_filter *f, struct str domain)
{
	for (const struct query_clause *c = f->clauses; c < f->clauses + f->nclauses; c++)
		if (c->key == QK_DOMAIN && q_clause_text(c, domain) == c->negated)
			return (false);
	return (true);
}

int
query_dns_events(struct query *q, const struct query_filter *f, const struct query_range *r, struct query_dns_event **out, size_t *n,
    struct err *e)
{
	/* what took its place: the next one that is over, too, or what holds now; of what mail that is sent is judged by */
	static const char	 sql[] = "SELECT w.until, CASE d.kind WHEN 1 THEN 'dmarc' WHEN 2 THEN 'spf' ELSE 'dkim' END, d.name, d.domain, w.texts,"
	    " coalesce((SELECT x.texts FROM dns_was x WHERE x.dns = w.dns AND x.until > w.until ORDER BY x.until LIMIT 1), d.texts)"
	    " FROM dns_was w JOIN dns d ON d.id = w.dns WHERE d.own = 1 AND d.kind < 4 AND w.until BETWEEN ?1 AND ?2 ORDER BY w.until DESC LIMIT ?3";
	struct query_dns_event	*v;
	sqlite3_stmt		*st;
	int			 rc;

	*out = NULL;
	*n = 0;
	/* all times are all numbers */
	if (r->to < r->from || (v = arena_alloc(q->a, EVENTS_MOST, sizeof(*v))) == NULL)
		return (r->to < r->from ? 0 : q_oom(e));
	if (store_prepare(q->s, &st, sql, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, r->from < -DAYS_SANE ? INT64_MIN : r->from * 86400);
	(void)sqlite3_bind_int64(st, 2, r->to > DAYS_SANE ? INT64_MAX : r->to * 86400 + 86399);
	(void)sqlite3_bind_int(st, 3, EVENTS_MOST);
	while ((rc = q_step(q, st, e)) == 1 && *n < EVENTS_MOST) {
		struct query_dns_event	 x = { .day = when_day(sqlite3_column_int64(st, 0)), .kind = q_column(q, st, 1), .name = q_column(q, st, 2),
					    .domain = q_column(q, st, 3), .was = q_column(q, st, 4), .is = q_column(q, st, 5) };

		if (x.domain.p != NULL && wanted(f, x.domain))
			v[(*n)++] = x;
	}
	(void)sqlite3_finalize(st);
	*out = v;
	return (rc == -1 ? -1 : 0);
}
