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

static int
decide(struct store *s, const struct store_decision *d, const char *who, int64_t now, int64_t *batch, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 domain, id;
	int		 rc;

	if (check(s, d, &domain, e) == -1 ||
	    find(s, "SELECT coalesce(max(id), 0) + ?1 FROM decision", 1, STR_NONE, &id, e) == -1)
		return (-1);
	if (*batch == 0)
		*batch = id;
	if (store_prepare(s, &st, "INSERT INTO decision (id, at, who, sender, domain, class, note, batch) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", e) == -1)
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

/* Readers remember classes; this tells them to look again. */
int
writer_senders_changed(struct store *s, struct err *e)
{
	writer_changed(s, false);
	return (store_exec(s, "INSERT INTO meta (key, value) VALUES ('senders', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1", e));
}

int
store_decide(struct store *s, const struct store_decision *d, size_t n, const char *who, int64_t now, int64_t *undo, struct err *e)
{
	*undo = 0;
	if (n == 0 || n > DECISIONS_MAX)
		return (err_set(e, ERR_CONFIG, "1 to %d decisions can be taken at once", DECISIONS_MAX));
	if (store_begin(s, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++)
		if (decide(s, &d[i], who, now, undo, e) == -1) {
			store_rollback(s);
			return (-1);
		}
	if (writer_senders_changed(s, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	return (store_commit(s, e));
}

int
store_decision_undo(struct store *s, int64_t undo, int64_t now, unsigned *n, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*n = 0;
	if (store_begin(s, e) == -1)
		return (-1);
	if (store_prepare(s, &st, "UPDATE decision SET undone = ?2 WHERE batch = ?1 AND undone IS NULL", e) == -1) {
		store_rollback(s);
		return (-1);
	}
	(void)sqlite3_bind_int64(st, 1, undo);
	(void)sqlite3_bind_int64(st, 2, now);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE) {
		(void)store_fail(s, "decision", e);
		store_rollback(s);
		return (-1);
	}
	*n = (unsigned)sqlite3_changes(s->db);
	if (*n == 0) {
		store_rollback(s);
		return (err_set(e, ERR_INPUT, "there is no decision %lld that could be undone", (long long)undo));
	}
	if (writer_senders_changed(s, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	return (store_commit(s, e));
}
