/*
 * expire.c - what has been kept long enough goes: originals pack by pack,
 * quarantined messages one by one. Figures stay for ever.
 */
#include <errno.h>
#include <unistd.h>

#include "base/io.h"
#include "store/store_int.h"

static int
each_file(struct store *s, const char *sql, int64_t before, int (*fn)(struct store *, int64_t, const char *, struct err *),
    unsigned *n, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 ids[64];
	char		 names[64][256];
	size_t		 k;
	int		 rc;

	/* in handfuls: the table changes under the statement */
	do {
		if (store_prepare(s, &st, sql, e) == -1)
			return (-1);
		(void)sqlite3_bind_int64(st, 1, before);
		for (k = 0; k < nitems(ids) && (rc = sqlite3_step(st)) == SQLITE_ROW; k++) {
			const char	*name = (const char *)sqlite3_column_text(st, 1);

			ids[k] = sqlite3_column_int64(st, 0);
			(void)snprintf(names[k], sizeof(names[k]), "%s", name == NULL ? "" : name);
		}
		(void)sqlite3_finalize(st);
		for (size_t i = 0; i < k; i++)
			if (fn(s, ids[i], names[i], e) == -1)
				return (-1);
		*n += (unsigned)k;
	} while (k == nitems(ids));
	return (0);
}

int
store_forget_file(struct store *s, const char *folder, const char *name, struct err *e)
{
	char	 path[4096];

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return (0);
	if (snprintf(path, sizeof(path), "%s/%s/%s", s->dir, folder, name) >= (int)sizeof(path))
		return (0);
	if (unlink(path) == -1 && errno != ENOENT)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	return (0);
}

static int
drop_pack(struct store *s, int64_t id, const char *name, struct err *e)
{
	writer_leave_pack(s, id);	/* should it be the one we write to */
	if (store_begin(s, e) == -1)
		return (-1);
	if (store_run_id(s, "UPDATE message SET pack = NULL, offset = NULL WHERE pack = ?1", id, e) == -1 ||
	    store_run_id(s, "DELETE FROM pack WHERE id = ?1", id, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	if (store_commit(s, e) == -1)
		return (-1);
	return (store_forget_file(s, "originals", name, e));
}

static int
drop_quarantined(struct store *s, int64_t id, const char *name, struct err *e)
{
	(void)name;
	return (store_quarantine_discard(s, id, e) == -1 ? -1 : 0);
}

int
store_expire(struct store *s, int64_t originals_before, int64_t quarantine_before, unsigned *packs, unsigned *messages, struct err *e)
{
	*packs = *messages = 0;
	if (originals_before > 0 && each_file(s, "SELECT pack.id, pack.name FROM pack WHERE pack.kind = 0 AND pack.begun < ?1 AND NOT EXISTS "
	    "(SELECT 1 FROM message WHERE message.pack = pack.id AND message.received >= ?1) LIMIT 64", originals_before, drop_pack,
	    packs, e) == -1)
		return (-1);
	if (quarantine_before > 0 && each_file(s, "SELECT id, file FROM quarantine WHERE received < ?1 LIMIT 64", quarantine_before,
	    drop_quarantined, messages, e) == -1)
		return (-1);
	return (0);
}

/*
 * Rows at once, and what their originals are named by; a file when all of it
 * has had its time. Freed pages are overwritten, and the log with them: people
 * stand in them.
 */
int
store_failures_expire(struct store *s, int64_t before, unsigned *reports, unsigned *packs, struct err *e)
{
	unsigned	 quarantined = 0;
	int		 rv;

	*reports = *packs = 0;
	if (before <= 0)
		return (0);
	if (store_exec(s, "PRAGMA secure_delete = 1", e) == -1 || store_begin(s, e) == -1)
		return (-1);
	if (store_run_id(s, "UPDATE message SET pack = NULL, offset = NULL WHERE received < ?1 AND pack IN "
	    "(SELECT id FROM pack WHERE kind = 1)", before, e) == -1 ||
	    store_run_id(s, "DELETE FROM failure WHERE received < ?1", before, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	*reports = (unsigned)sqlite3_changes(s->db);
	if (*reports > 0)
		writer_changed(s, false);
	if ((rv = store_commit(s, e)) == 0)
		rv = each_file(s, "SELECT pack.id, pack.name FROM pack WHERE pack.kind = 1 AND pack.begun < ?1 AND NOT EXISTS "
		    "(SELECT 1 FROM message WHERE message.pack = pack.id) LIMIT 64", before, drop_pack, packs, e);
	if (rv == 0)
		rv = each_file(s, "SELECT id, file FROM quarantine WHERE received < ?1 AND private = 1 LIMIT 64", before,
		    drop_quarantined, &quarantined, e);
	(void)store_exec(s, "PRAGMA secure_delete = 0", e);
	if (rv == 0 && *reports > 0)
		(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return (rv);
}
