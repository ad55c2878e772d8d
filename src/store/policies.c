/*
 * policies.c - see policies.h.
 */
#include "store/policies.h"
#include "store/query_int.h"
#include "store/write_int.h"

#define AGAIN		86400	/* what is sound is looked at once a day */
#define AGAIN_FIRST	900	/* what is not soon again, then twice as late each time */
#define AGAIN_LAST	14400
#define FAR		"172800"	/* nothing is put off for so long: the clock has been wrong */

#define COLUMNS "s.domain, s.state, s.error, s.checked, s.since, ifnull(s.seen, 0), ifnull(s.not_after, 0), s.mode, ifnull(s.max_age, -1)"
/* Whose record has gone has no policy, whatever its server says. */
#define PUBLISHED " FROM sts s JOIN dns d ON d.kind = 4 AND d.name = '_mta-sts.' || s.domain AND d.own = 1 AND d.state = 1"

static int
row_read(struct query *q, sqlite3_stmt *st, struct store_policy *p, struct err *e)
{
	int	 state = sqlite3_column_int(st, 1), mode = sqlite3_column_int(st, 7);

	*p = (struct store_policy){ .domain = q_column(q, st, 0), .why = q_column(q, st, 2), .checked = sqlite3_column_int64(st, 3),
	    .since = sqlite3_column_int64(st, 4), .seen = sqlite3_column_int64(st, 5), .not_after = sqlite3_column_int64(st, 6),
	    .state = state < 0 || state >= STS_SEENS ? STS_UNSEEN : (enum sts_seen)state,
	    .mode = mode < 0 || mode >= STS_MODES ? STS_UNKNOWN : (enum sts_mode)mode, .max_age = sqlite3_column_int64(st, 8) };
	p->twice = p->checked - p->since >= STORE_POLICY_TWICE;
	return (p->domain.p == NULL || p->why.p == NULL ? q_oom(e) : 0);
}

int
store_policy_list(struct query *q, const struct store_policy **out, size_t *n, struct err *e)
{
	struct store_policy	*v = NULL, *grown;
	sqlite3_stmt		*st;
	size_t			 cap = 0;
	int			 rc;

	*out = NULL;
	*n = 0;
	if (store_prepare(q->s, &st, "SELECT " COLUMNS PUBLISHED " ORDER BY s.domain", e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((grown = arena_grow(q->a, v, *n, &cap, sizeof(*v))) == NULL) {
			rc = q_oom(e);
			break;
		}
		v = grown;
		if ((rc = row_read(q, st, &v[*n], e)) == -1)
			break;
		(*n)++;
	}
	(void)sqlite3_finalize(st);
	*out = v;
	return (rc);
}

int
store_policy_get(struct query *q, struct str domain, const struct store_policy **out, struct err *e)
{
	struct store_policy	*p;
	sqlite3_stmt		*st;
	int			 rc;

	*out = NULL;
	if (store_prepare(q->s, &st, "SELECT " COLUMNS PUBLISHED " WHERE s.domain = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, domain.p, (int)domain.len, SQLITE_STATIC);
	if ((rc = q_step(q, st, e)) == 1) {
		if ((p = arena_alloc(q->a, 1, sizeof(*p))) == NULL)
			rc = q_oom(e);
		else if ((rc = row_read(q, st, p, e)) == 0)
			*out = p;
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

/* --- Writing --------------------------------------------------------------------------- */

int
store_policies_due(struct store *s, int64_t now, struct store_policy_due *out, size_t max, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	const char	*name;
	int		 rc = SQLITE_DONE;

	*n = 0;
	/* at once, too, when the record says that the policy is another one */
	if (store_prepare(s, &st, "SELECT d.domain FROM dns d LEFT JOIN sts s ON s.domain = d.domain WHERE d.kind = 4 AND d.own = 1 AND d.state = 1"
	    " AND (s.domain IS NULL OR s.due <= ?1 OR s.due > ?1 + " FAR " OR (d.since > s.checked AND d.since <= ?1))"
	    " ORDER BY ifnull(s.due, 0), d.domain LIMIT ?2", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, now);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)max);
	while (*n < max && (rc = sqlite3_step(st)) == SQLITE_ROW)
		if ((name = (const char *)sqlite3_column_text(st, 0)) != NULL)
			(void)snprintf(out[(*n)++].domain, sizeof(out[0].domain), "%s", name);
	(void)sqlite3_finalize(st);
	return (*n == max || rc == SQLITE_DONE ? 0 : store_fail(s, "sts", e));
}

struct was { int state; int64_t since, tries; };

static int
was_read(struct store *s, const char *domain, struct was *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*out = (struct was){ .state = STS_UNSEEN };
	if (store_prepare(s, &st, "SELECT state, since, tries FROM sts WHERE domain = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, domain, -1, SQLITE_STATIC);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = (struct was){ sqlite3_column_int(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2) };
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "sts", e));
}

static int64_t
due(bool sound, int64_t tries, int64_t now)
{
	int64_t	 again = AGAIN_FIRST;

	for (int64_t i = 1; i < tries && again < AGAIN_LAST; i++)
		again *= 2;
	return (now + (sound ? AGAIN : again > AGAIN_LAST ? AGAIN_LAST : again));
}

static int
write_found(struct store *s, const struct store_policy_found *f, int64_t now, struct err *e)
{
	/* what a look did not see is as the one before it saw it */
	static const char	 sql[] = "INSERT INTO sts (domain, due, checked, since, tries, state, error, seen, not_after, mode, max_age)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (domain) DO UPDATE SET due = ?2, checked = ?3, since = ?4, tries = ?5,"
	    " state = ?6, error = ?7, seen = ifnull(?8, seen), not_after = ifnull(?9, not_after),"
	    " mode = CASE WHEN ?6 = 1 THEN ?10 ELSE mode END, max_age = CASE WHEN ?6 = 1 THEN ?11 ELSE max_age END";
	sqlite3_stmt		*st;
	struct was		 was;
	bool			 same;
	int64_t			 tries;
	int			 rc;

	if (was_read(s, f->domain, &was, e) == -1 || store_prepare(s, &st, sql, e) == -1)
		return (-1);
	same = was.state == (int)f->state && was.since <= now;
	tries = f->state == STS_SOUND ? 0 : was.tries < 1000 ? was.tries + 1 : was.tries;
	(void)sqlite3_bind_text(st, 1, f->domain, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, due(f->state == STS_SOUND, tries, now));
	(void)sqlite3_bind_int64(st, 3, now);
	(void)sqlite3_bind_int64(st, 4, same ? was.since : now);
	(void)sqlite3_bind_int64(st, 5, tries);
	(void)sqlite3_bind_int(st, 6, (int)f->state);
	(void)sqlite3_bind_text(st, 7, f->why, -1, SQLITE_STATIC);
	if (f->not_after != 0) {
		(void)sqlite3_bind_int64(st, 8, now);
		(void)sqlite3_bind_int64(st, 9, f->not_after);
	}
	(void)sqlite3_bind_int(st, 10, (int)f->mode);
	if (f->max_age >= 0)
		(void)sqlite3_bind_int64(st, 11, f->max_age);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "sts", e));
}

int
store_policy_found(struct store *s, const struct store_policy_found *f, int64_t now, struct err *e)
{
	static const char	*const forget = "DELETE FROM sts WHERE domain NOT IN (SELECT domain FROM dns WHERE kind = 4)";

	if (store_begin(s, e) == -1)
		return (-1);
	if (write_found(s, f, now, e) == -1 || store_exec(s, forget, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	writer_changed(s, false);
	return (store_commit(s, e));
}
