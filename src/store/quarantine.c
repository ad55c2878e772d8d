/*
 * quarantine.c - what could not be read leaves again: because it can be read
 * now, because somebody says so, or because there is too much of it.
 */
#include "base/when.h"
#include "store/store_int.h"

int
store_quarantine_remove(struct store *s, const char *file, struct err *e)
{
	sqlite3_stmt	*st;

	if (store_prepare(s, &st, "DELETE FROM quarantine WHERE file = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, file, -1, SQLITE_STATIC);
	(void)sqlite3_step(st);
	writer_changed(s, false);
	return (sqlite3_finalize(st) == SQLITE_OK ? 0 : store_fail(s, "quarantine", e));
}

static int
file_of(struct store *s, int64_t id, char name[256], struct err *e)
{
	sqlite3_stmt	*st;
	const char	*p;
	int		 rc;

	if (store_prepare(s, &st, "SELECT file FROM quarantine WHERE id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		p = (const char *)sqlite3_column_text(st, 0);
		(void)snprintf(name, 256, "%s", p == NULL ? "" : p);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "quarantine", e));
}

int
store_quarantine_discard(struct store *s, int64_t id, struct err *e)
{
	char	 name[256];
	int	 rv;

	if (store_begin(s, e) == -1)
		return (-1);
	if ((rv = file_of(s, id, name, e)) != 1 || store_run_id(s, "DELETE FROM quarantine WHERE id = ?1", id, e) == -1) {
		store_rollback(s);
		return (rv == 1 ? -1 : rv);
	}
	writer_changed(s, false);
	if (store_commit(s, e) == -1 || store_forget_file(s, "quarantine", name, e) == -1)
		return (-1);
	return (1);
}

static int
oldest(struct store *s, int64_t *id, int64_t *received, uint64_t *bytes, uint64_t *all, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, "SELECT id, received, bytes, (SELECT sum(bytes) FROM quarantine) FROM quarantine "
	    "ORDER BY received, id LIMIT 1", e) == -1)
		return (-1);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		*id = sqlite3_column_int64(st, 0);
		*received = sqlite3_column_int64(st, 1);
		*bytes = (uint64_t)sqlite3_column_int64(st, 2);
		*all = (uint64_t)sqlite3_column_int64(st, 3);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "quarantine", e));
}

int
store_quarantine_trim(struct store *s, uint64_t max, struct store_trimmed *out, struct err *e)
{
	int64_t		 id = 0, received = 0;
	uint64_t	 bytes = 0;
	int		 rv;

	memset(out, 0, sizeof(*out));
	while ((rv = oldest(s, &id, &received, &bytes, &out->left, e)) == 1 && out->left > max) {
		if (store_quarantine_discard(s, id, e) == -1)
			return (-1);
		if (out->n++ == 0)
			out->oldest = received;
		out->newest = received;
		out->bytes += bytes;
		out->left -= bytes;
	}
	if (rv != -1 && out->n > 0)
		rv = store_quarantine_went(s, RULE_SIZE, out, e);
	return (rv == -1 ? -1 : 0);
}

/* --- What is told about it --------------------------------------------------------------- */

int
store_quarantine_get(struct store *s, int64_t id, struct store_quarantine_item *out, struct err *e)
{
	sqlite3_stmt	*st;
	const char	*p;
	int		 rc;

	memset(out, 0, sizeof(*out));
	if (store_prepare(s, &st, "SELECT q.received, q.message, q.file, name.text FROM quarantine q JOIN name ON name.id = q.origin "
	    "WHERE q.id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		out->received = sqlite3_column_int64(st, 0);
		out->message = sqlite3_column_int64(st, 1);
		p = (const char *)sqlite3_column_text(st, 2);
		(void)snprintf(out->file, sizeof(out->file), "%s", p == NULL ? "" : p);
		p = (const char *)sqlite3_column_text(st, 3);
		(void)snprintf(out->origin, sizeof(out->origin), "%s", p == NULL ? "" : p);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "quarantine", e));
}

/* One statement with its values, and another that keeps the table short. */
static int
add_row(struct store *s, const char *insert, const int64_t *v, int n, const char *text, const char *shorten, struct err *e)
{
	sqlite3_stmt	*st;
	bool		 own = !store_in_transaction(s);

	if (own && store_begin(s, e) == -1)
		return (-1);
	if (store_prepare(s, &st, insert, e) == -1)
		goto back;
	for (int i = 0; i < n; i++)
		(void)sqlite3_bind_int64(st, i + 1, v[i]);
	if (text != NULL)
		(void)sqlite3_bind_text(st, n + 1, text, -1, SQLITE_STATIC);
	(void)sqlite3_step(st);
	if (sqlite3_finalize(st) != SQLITE_OK) {
		(void)store_fail(s, "quarantine", e);
		goto back;
	}
	if (store_exec(s, shorten, e) == -1)
		goto back;
	writer_changed(s, false);
	return (own ? store_commit(s, e) : 0);
back:
	if (own)
		store_rollback(s);
	return (-1);
}

int
store_quarantine_did(struct store *s, const struct store_action *a, struct err *e)
{
	const int64_t	 v[] = { a->item, a->discard, a->asked, when_now(), a->discard || a->missing ? -1 : (int64_t)a->result, a->reports };

	return (add_row(s, "INSERT INTO quarantine_action (item, action, asked, done, result, reports, text) VALUES (?1, ?2, ?3, ?4, "
	    "nullif(?5, -1), ?6, ?7)", v, (int)nitems(v), a->text == NULL ? "" : a->text, "DELETE FROM quarantine_action WHERE id <= "
	    "(SELECT max(id) FROM quarantine_action) - 200", e));
}

int
store_quarantine_went(struct store *s, enum store_rule rule, const struct store_trimmed *t, struct err *e)
{
	const int64_t	 v[] = { when_now(), rule, t->n, (int64_t)t->bytes, t->oldest, t->newest };

	return (add_row(s, "INSERT INTO quarantine_gone (at, rule, messages, bytes, oldest, newest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", v,
	    (int)nitems(v), NULL, "DELETE FROM quarantine_gone WHERE id <= (SELECT max(id) FROM quarantine_gone) - 100", e));
}

/* --- After an upgrade ------------------------------------------------------------------------ */

int
store_quarantine_upgrade(struct store *s, const char *version, int64_t **ids, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 room = 0;
	int64_t		*more;
	int		 rc;

	*ids = NULL;
	*n = 0;
	if (store_prepare(s, &st, "SELECT id FROM quarantine WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = 'quarantine_version' "
	    "AND value = ?1) ORDER BY id", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, version, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (*n == room) {
			room = room == 0 ? 64 : 2 * room;
			if ((more = realloc(*ids, room * sizeof(**ids))) == NULL) {
				(void)sqlite3_finalize(st);
				free(*ids);
				*ids = NULL;
				return (err_set(e, ERR_TEMP, "out of memory"));
			}
			*ids = more;
		}
		(*ids)[(*n)++] = sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_finalize(st);
	if (rc == SQLITE_DONE)
		return (0);
	free(*ids);
	*ids = NULL;
	return (store_fail(s, "quarantine", e));
}

int
store_quarantine_upgraded(struct store *s, const char *version, struct err *e)
{
	return (add_row(s, "INSERT INTO meta (key, value) VALUES ('quarantine_version', ?1) ON CONFLICT (key) DO UPDATE "
	    "SET value = excluded.value WHERE value <> excluded.value", NULL, 0, version, "SELECT 1", e));
}
