/*
 * senders_decide.c - what people decide about senders: a log to which lines
 * are added, and in which a line may be taken back. The last line that was not
 * is what holds.
 */
#include "store/senders.h"
#include "store/store_int.h"

static int
find(struct store *s, const char *sql, int64_t id, struct str t, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	if (t.p != NULL)
		(void)sqlite3_bind_text(st, 1, t.p, (int)t.len, SQLITE_STATIC);
	else
		(void)sqlite3_bind_int64(st, 1, id);
	rc = sqlite3_step(st);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "decision", e));
}

static int
check(struct store *s, const struct store_decision *d, int64_t *domain, struct err *e)
{
	int64_t	 there;

	*domain = 0;
	if (d->class != -1 && (d->class < 0 || d->class >= CLASS_COUNT || !sender_class_decidable((enum sender_class)d->class)))
		return (err_set(e, ERR_CONFIG, "class: that cannot be decided; it is one of own service candidate forwarder list impostor unknown"));
	if (d->note.len > DECISION_NOTE || (d->note.p != NULL && !str_utf8_ok(d->note)))
		return (err_set(e, ERR_CONFIG, "note: longer than %d bytes, or not UTF-8", DECISION_NOTE));
	if (d->sender == SENDER_REST)
		return (err_set(e, ERR_CONFIG, "background noise is nobody: decide about a sender"));
	if (find(s, "SELECT id FROM sender WHERE id = ?1", d->sender, STR_NONE, &there, e) == -1)
		return (-1);
	if (there == 0)
		return (err_set(e, ERR_INPUT, "there is no sender %lld", (long long)d->sender));
	if (d->domain.p == NULL)
		return (0);
	if (find(s, "SELECT id FROM domain WHERE name = ?1 AND apart = 0", 0, d->domain, domain, e) == -1)
		return (-1);
	return (*domain == 0 ? err_set(e, ERR_INPUT, "no reports are about the domain %.*s", (int)(d->domain.len > 100 ? 100 : d->domain.len),
	    d->domain.p) : 0);
}

/* One line of the log, for one domain, or 0 for all. */
static int
add(struct store *s, const struct store_decision *d, int64_t domain, const char *who, int64_t now, int64_t *batch, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 id;
	int		 rc;

	if (find(s, "SELECT coalesce(max(id), 0) + ?1 FROM decision", 1, STR_NONE, &id, e) == -1)
		return (-1);
	if (*batch == 0)
		*batch = id;
	if (store_prepare(s, &st, "INSERT INTO decision (id, at, who, sender, domain, class, note, batch, was, was_decided) "
	    "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, coalesce(o.class, c.class), o.class IS NOT NULL "
	    "FROM (SELECT 1) LEFT JOIN (SELECT domain, class FROM sender_class WHERE sender = ?4 AND (?5 = 0 OR domain = ?5) "
	    "ORDER BY messages DESC, domain LIMIT 1) c LEFT JOIN decision o ON o.id = (SELECT id FROM decision WHERE sender = ?4 "
	    "AND domain IN (c.domain, ?5, 0) AND undone IS NULL ORDER BY domain DESC, id DESC LIMIT 1)", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, now);
	(void)sqlite3_bind_text(st, 3, who, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 4, d->sender);
	(void)sqlite3_bind_int64(st, 5, domain);
	if (d->class >= 0)
		(void)sqlite3_bind_int(st, 6, d->class);
	if (d->note.len > 0)
		(void)sqlite3_bind_text(st, 7, d->note.p, (int)d->note.len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 8, *batch);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "decision", e));
}

/* Has nobody said anything of it since who decides has looked? */
static int
still(struct store *s, const struct store_decision *d, struct err *e)
{
	int64_t	 last;

	if (d->seen == DECISION_ANY)
		return (0);
	if (find(s, "SELECT coalesce(max(id), 0) FROM decision WHERE sender = ?1", d->sender, STR_NONE, &last, e) == -1)
		return (-1);
	if (last <= d->seen)
		return (0);
	(void)err_set(e, ERR_INPUT, "somebody has decided about sender %lld meanwhile", (long long)d->sender);
	e->detail = DECISION_STALE;
	return (-1);
}

/* Domains of which something of their own was said, at most max. */
static int
exceptions(struct store *s, int64_t sender, int64_t *out, size_t *n, size_t max, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*n = 0;
	if (store_prepare(s, &st, "SELECT DISTINCT domain FROM decision WHERE sender = ?1 AND domain <> 0 AND undone IS NULL ORDER BY domain", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, sender);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && *n < max)
		out[(*n)++] = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "decision", e));
}

static int
decide(struct store *s, const struct store_decision *d, const char *who, int64_t now, int64_t *batch, struct err *e)
{
	int64_t	 domain, others[DECISIONS_MAX];
	size_t	 n = 0;

	if (check(s, d, &domain, e) == -1 || still(s, d, e) == -1 ||
	    (domain == 0 && exceptions(s, d->sender, others, &n, nitems(others), e) == -1) ||
	    add(s, d, domain, who, now, batch, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++)
		if (add(s, d, others[i], who, now, batch, e) == -1)
			return (-1);
	return (0);
}

/* Readers remember classes; this tells them to look again. */
int
writer_senders_changed(struct store *s, struct err *e)
{
	writer_changed(s, false);
	return (store_exec(s, "INSERT INTO meta (key, value) VALUES ('senders', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1", e));
}

static int
decide_all(struct store *s, const struct store_decision *d, size_t n, const char *who, int64_t now, int64_t *undo, struct err *e)
{
	int64_t	 done = 0;

	if (*undo != 0 && find(s, "SELECT 1 FROM decision WHERE batch = ?1 LIMIT 1", *undo, STR_NONE, &done, e) == -1)
		return (-1);
	if (done != 0)
		return (0);
	for (size_t i = 0; i < n; i++)
		if (decide(s, &d[i], who, now, undo, e) == -1)
			return (-1);
	return (writer_senders_changed(s, e));
}

/* Ends a transaction that this room began by itself. */
static int
end(struct store *s, bool own, int rv, struct err *e)
{
	if (!own)
		return (rv);
	if (rv == 0)
		return (store_commit(s, e));
	store_rollback(s);
	return (rv);
}

int
store_decide(struct store *s, const struct store_decision *d, size_t n, const char *who, int64_t now, int64_t *undo, struct err *e)
{
	bool	 own = !store_in_transaction(s);

	if (n == 0 || n > DECISIONS_MAX)
		return (err_set(e, ERR_CONFIG, "1 to %d decisions can be taken at once", DECISIONS_MAX));
	if (own && store_begin(s, e) == -1)
		return (-1);
	return (end(s, own, decide_all(s, d, n, who, now, undo, e), e));
}

static int
take_back(struct store *s, int64_t undo, const char *who, int64_t now, unsigned *n, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, "UPDATE decision SET undone = ?2, undone_by = ?3 WHERE batch = ?1 AND undone IS NULL", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, undo);
	(void)sqlite3_bind_int64(st, 2, now);
	(void)sqlite3_bind_text(st, 3, who, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return (store_fail(s, "decision", e));
	*n = (unsigned)sqlite3_changes(s->db);
	if (*n == 0)
		return (err_set(e, ERR_INPUT, "there is no decision %lld that could be undone", (long long)undo));
	return (writer_senders_changed(s, e));
}

int
store_decision_undo(struct store *s, int64_t undo, const char *who, int64_t now, unsigned *n, struct err *e)
{
	bool	 own = !store_in_transaction(s);

	*n = 0;
	if (own && store_begin(s, e) == -1)
		return (-1);
	return (end(s, own, take_back(s, undo, who, now, n, e), e));
}
