/*
 * backup.c - a copy of the database while others write to it; less room on
 * the disk.
 *
 * The copy is of one snapshot: a transaction held open for reading keeps it,
 * so writers go on and the copy neither sees them nor begins anew.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/when.h"
#include "store/store_int.h"

#define PAGES 2000	/* a step */

struct backup {
	struct store	*s;
	const char	*path;
	sqlite3		*to;
	void		(*progress)(void *, uint64_t, uint64_t);
	void		*ctx;
};

static int
fail(struct backup *b, struct err *e)
{
	int	 rc = sqlite3_errcode(b->to) & 0xff;

	return (err_set(e, ERR_TEMP, "%s: %s", b->path, rc == SQLITE_FULL ? "the disk is full" : sqlite3_errmsg(b->to)));
}

static int
copy(struct backup *b, struct err *e)
{
	sqlite3_backup	*k = sqlite3_backup_init(b->to, "main", b->s->db, "main");
	int		 rc, total;

	if (k == NULL)
		return (fail(b, e));
	while ((rc = sqlite3_backup_step(k, PAGES)) == SQLITE_OK) {
		total = sqlite3_backup_pagecount(k);
		b->progress(b->ctx, (uint64_t)(total - sqlite3_backup_remaining(k)), (uint64_t)total);
	}
	/* sqlite3_backup_finish leaves the error, if there was one, with the copy's connection */
	if (sqlite3_backup_finish(k) != SQLITE_OK || rc != SQLITE_DONE)
		return (fail(b, e));
	return (0);
}

static int
copy_durable(struct backup *b, struct err *e)
{
	int	 fd, rv;

	if ((fd = open(b->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", b->path, strerror(errno)));
	if (sqlite3_open_v2(b->path, &b->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		rv = b->to == NULL ? err_set(e, ERR_TEMP, "out of memory") : fail(b, e);
	else if (sqlite3_exec(b->to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL) != SQLITE_OK)
		rv = fail(b, e);	/* nobody else has it yet, and a cut one is thrown away */
	else
		rv = copy(b, e);
	(void)sqlite3_close(b->to);
	if (rv == 0 && fsync(fd) == -1)
		rv = err_set(e, ERR_TEMP, "%s: %s", b->path, strerror(errno));
	(void)close(fd);
	if (rv == -1)
		(void)unlink(b->path);
	return (rv);
}

/* Calls for each file that the snapshot names. */
static int
files(struct store *s, const char *sql, int (*pack)(void *, const char *, uint64_t, struct err *),
    int (*quarantined)(void *, const char *, struct err *), void *ctx, struct err *e)
{
	sqlite3_stmt	*st;
	const char	*name;
	int		 rc, rv = 0;

	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		name = (const char *)sqlite3_column_text(st, 0);
		if (name == NULL || name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
			continue;
		rv = pack != NULL ? pack(ctx, name, (uint64_t)sqlite3_column_int64(st, 1), e) : quarantined(ctx, name, e);
	}
	(void)sqlite3_finalize(st);
	return (rv == 0 && rc != SQLITE_DONE ? store_fail(s, "backup", e) : rv);
}

int
store_backup(struct store *s, const char *path, void (*progress)(void *, uint64_t done, uint64_t total),
    int (*pack)(void *, const char *name, uint64_t bytes, struct err *), int (*quarantined)(void *, const char *file, struct err *),
    void *ctx, struct err *e)
{
	struct backup	 b = { .s = s, .path = path, .progress = progress, .ctx = ctx };
	int		 rv;

	if (store_exec(s, "BEGIN", e) == -1)
		return (-1);
	/* the snapshot begins with the first read */
	(void)store_generation(s);
	/* files first: the sooner, the fewer of them have gone since */
	rv = pack == NULL ? 0 : files(s, "SELECT name, bytes FROM pack ORDER BY id", pack, NULL, ctx, e);
	if (rv == 0 && quarantined != NULL)
		rv = files(s, "SELECT file FROM quarantine ORDER BY id", NULL, quarantined, ctx, e);
	if (rv == 0)
		rv = copy_durable(&b, e);
	(void)sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return (rv);
}

static uint64_t
size_of(struct store *s)
{
	char		 path[4096];
	struct stat	 st;
	uint64_t	 n = 0;

	for (int i = 0; i < 2; i++)
		if (snprintf(path, sizeof(path), "%s/dmarcd.db%s", s->dir, i == 0 ? "" : "-wal") < (int)sizeof(path) && stat(path, &st) == 0)
			n += (uint64_t)st.st_size;
	return (n);
}

int
store_vacuum(struct store *s, uint64_t *before, uint64_t *after, struct err *e)
{
	*before = size_of(s);
	/* the copy is made on the disk, not in memory */
	if (store_exec(s, "PRAGMA temp_store = FILE", e) == -1 || store_exec(s, "VACUUM", e) == -1)
		return (-1);
	if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK &&
	    (sqlite3_errcode(s->db) & 0xff) != SQLITE_BUSY)
		return (store_fail(s, "checkpoint", e));
	*after = size_of(s);
	return (0);
}
