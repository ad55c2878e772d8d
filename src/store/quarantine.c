/*
 * quarantine.c - what could not be read leaves again: because it can be read
 * now, because somebody says so, or because there is too much of it.
 */
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
	return (rv == -1 ? -1 : 0);
}
