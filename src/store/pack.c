/*
 * pack.c - originals, appended to files of their own beside the database.
 *
 * A writer makes its own pack and appends; the database remembers where each
 * original lies. The file is flushed before the commit that names its bytes,
 * so what the database says is there. After a crash bytes behind the last
 * committed one are simply not named by anybody.
 *
 * Behind each original stand eight bytes by which damage is found: a disk may
 * give back another digit than it was given, and that would be a report all
 * the same. Packs of versions that did not do so have names of another kind.
 *
 * A pack whose row has not been committed yet has the sticky bit, which means
 * nothing for files; its writer holds a lock on it. So one that is marked, not
 * locked and not in the database is what a killed writer left, and goes when
 * the next one opens the store. One without the mark never goes by itself: an
 * older copy of the database may be in place for a while.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/when.h"
#include "store/store_int.h"

#define COMMITTED 0600
#define UNCOMMITTED (S_ISVTX | 0600)
#define SEALED ".sealed.pack"
#define SEAL 8
#define CHUNK ((size_t)64 * 1024)	/* is part of the format: the seal is made of the seals of such pieces */
#define PACK_MAX ((uint64_t)64 << 20)
#define PACK_AGE (7 * DAY_SECONDS)	/* originals expire by packs: so none may span too long a time */
#define PACK_AGE_FAILURES DAY_SECONDS	/* people stand in these: they go on the day after their time */

static int
pack_error(const struct pack *p, const char *what, struct err *e)
{
	return (err_set(e, ERR_TEMP, "originals/%s: %s: %s", p->name, what,
	    errno == ENOSPC ? "the disk is full" : strerror(errno)));
}

static int
pack_new(struct store *s, struct pack *p, struct err *e)
{
	char		 path[4096];
	sqlite3_stmt	*st;
	static unsigned	 n;

	if (snprintf(path, sizeof(path), "%s/originals", s->dir) >= (int)sizeof(path) - 64)
		return (err_set(e, ERR_CONFIG, "%s: name too long", s->dir));
	if (io_mkdir_p(path, 0700, e) == -1)
		return (-1);
	if (p->fd != -1)
		(void)close(p->fd);
	(void)snprintf(p->name, sizeof(p->name), "%lld-%ld-%u" SEALED, (long long)when_now(), (long)getpid(), n++);
	(void)snprintf(path, sizeof(path), "%s/originals/%s", s->dir, p->name);
	if ((p->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) == -1)
		return (pack_error(p, "create", e));
	/* in this order: marked and not locked is what a sweep looks for */
	(void)flock(p->fd, LOCK_EX);
	(void)fchmod(p->fd, UNCOMMITTED);
	(void)snprintf(path, sizeof(path), "%s/originals", s->dir);
	if (io_fsync_dir(path, e) == -1)
		return (-1);
	p->used = p->committed = 0;
	p->begun = when_now();
	if (store_prepare(s, &st, "INSERT INTO pack (name, bytes, begun, kind) VALUES (?1, 0, ?2, ?3)", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, p->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, p->begun);
	(void)sqlite3_bind_int(st, 3, (int)p->kind);
	(void)sqlite3_step(st);
	if (sqlite3_finalize(st) != SQLITE_OK)
		return (store_fail(s, "pack", e));
	p->id = sqlite3_last_insert_rowid(s->db);
	p->fresh = true;
	return (0);
}

/* As much as there is, which is all that is wanted unless the file ends: -1, errno. */
static ssize_t
read_at(int fd, void *to, size_t want, uint64_t offset)
{
	size_t	 have = 0;
	ssize_t	 n;

	while (have < want) {
		n = pread(fd, (char *)to + have, want - have, (off_t)(offset + have));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return ((ssize_t)have);
}

static void
seal_put(unsigned char out[SEAL], uint64_t v)
{
	for (int i = 0; i < SEAL; i++)
		out[i] = (unsigned char)(v >> 8 * i);
}

static int
copy(struct pack *p, int fd, uint64_t offset, uint64_t bytes, struct err *e)
{
	char		 chunk[CHUNK + SEAL];	/* a small one is written with its seal */
	size_t		 want, len;
	uint64_t	 seal = 0;
	ssize_t		 n;
	bool		 last;

	do {
		want = bytes < CHUNK ? (size_t)bytes : CHUNK;
		if ((n = read_at(fd, chunk, want, offset)) == -1)
			return (pack_error(p, "read of the original", e));
		len = (size_t)n;
		seal = hash64(seal, chunk, len);
		offset += len;
		bytes -= len;
		/* the file became shorter: keep what there is */
		if ((last = bytes == 0 || len < want)) {
			seal_put((unsigned char *)chunk + len, seal);
			len += SEAL;
		}
		if (io_write_full(p->fd, chunk, len) == -1)
			return (pack_error(p, "write", e));
		p->used += len;
	} while (!last);
	return (0);
}

int
pack_append(struct store *s, struct pack *p, int fd, uint64_t offset, uint64_t bytes, uint64_t *at, struct err *e)
{
	int64_t	 age = p->kind == PACK_FAILURES ? PACK_AGE_FAILURES : PACK_AGE;

	if ((p->fd == -1 || p->used >= PACK_MAX || when_now() - p->begun > age) && (pack_commit(s, p, e) == -1 || pack_new(s, p, e) == -1))
		return (-1);
	*at = p->used;
	p->dirty = true;
	return (copy(p, fd, offset, bytes, e));
}

int
pack_commit(struct store *s, struct pack *p, struct err *e)
{
	sqlite3_stmt	*st;

	if (!p->dirty)
		return (0);
	if (fdatasync(p->fd) == -1)
		return (pack_error(p, "flush", e));
	if (store_prepare(s, &st, "UPDATE pack SET bytes = ?2 WHERE id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, p->id);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)p->used);
	(void)sqlite3_step(st);
	if (sqlite3_finalize(st) != SQLITE_OK)
		return (store_fail(s, "pack", e));
	p->dirty = false;
	return (0);
}

/* The transaction stands: what was appended is there to stay. */
void
pack_committed(struct pack *p)
{
	if (p->fresh && p->fd != -1)
		(void)fchmod(p->fd, COMMITTED);
	p->committed = p->used;
	p->fresh = false;
}

/* The transaction is gone: back to where the file stood. */
void
pack_rollback(struct store *s, struct pack *p)
{
	char	 path[4096];

	p->dirty = false;
	if (p->fd == -1)
		return;
	if (p->fresh) {		/* its row went with the transaction */
		(void)close(p->fd);
		p->fd = -1;
		(void)snprintf(path, sizeof(path), "%s/originals/%s", s->dir, p->name);
		(void)unlink(path);
		return;
	}
	if (p->used != p->committed && (ftruncate(p->fd, (off_t)p->committed) == -1 ||
	    lseek(p->fd, (off_t)p->committed, SEEK_SET) == -1)) {
		(void)close(p->fd);
		p->fd = -1;	/* a new one next time */
	}
	p->used = p->committed;
}

static int
known(struct store *s, const char *name)
{
	sqlite3_stmt	*st;
	struct err	 e;
	int		 rc;

	if (store_prepare(s, &st, "SELECT 1 FROM pack WHERE name = ?1", &e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1);
}

void
pack_sweep(struct store *s)
{
	char		 path[4096];
	struct dirent	*d;
	struct stat	 st;
	DIR		*dir;
	int		 fd, is;

	if (snprintf(path, sizeof(path), "%s/originals", s->dir) >= (int)sizeof(path) || (dir = opendir(path)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.' || fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode) ||
		    (st.st_mode & S_ISVTX) == 0 ||
		    (fd = openat(dirfd(dir), d->d_name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
			continue;
		/* the lock first: its writer may commit it just now */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && (is = known(s, d->d_name)) != -1) {
			if (is == 1)	/* killed right behind the commit */
				(void)fchmod(fd, COMMITTED);
			else
				(void)unlinkat(dirfd(dir), d->d_name, 0);
		}
		(void)close(fd);
	}
	(void)closedir(dir);
}

void
pack_close(struct pack *p)
{
	if (p->fd != -1)
		(void)close(p->fd);
	p->fd = -1;
}

int
store_original_open(struct store *s, int64_t message, int *fd, uint64_t *offset, uint64_t *bytes, struct err *e)
{
	sqlite3_stmt	*st;
	char		 path[4096];
	const char	*name;
	int		 rc, rv = -1;

	*fd = -1;
	if (store_prepare(s, &st, "SELECT pack.name, message.offset, message.bytes FROM message JOIN pack ON pack.id = message.pack "
	    "WHERE message.id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, message);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		name = (const char *)sqlite3_column_text(st, 0);
		*offset = (uint64_t)sqlite3_column_int64(st, 1);
		*bytes = (uint64_t)sqlite3_column_int64(st, 2);
		if (name == NULL || strchr(name, '/') != NULL || name[0] == '.')
			err_set(e, ERR_BUG, "message %lld: bad pack name", (long long)message);
		else if (snprintf(path, sizeof(path), "%s/originals/%s", s->dir, name) >= (int)sizeof(path))
			err_set(e, ERR_CONFIG, "%s: name too long", s->dir);
		else if ((*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
			err_set(e, errno == ENOENT ? ERR_INPUT : ERR_TEMP, "%s: %s", path, strerror(errno));
		else
			rv = 0;
	} else if (rc == SQLITE_DONE)
		err_set(e, ERR_INPUT, "the original of message %lld was not kept", (long long)message);
	else
		store_fail(s, "original", e);
	(void)sqlite3_finalize(st);
	return (rv);
}

/* Was it sealed when it was kept? */
static int
is_sealed(struct store *s, int64_t message, bool *sealed, struct err *e)
{
	sqlite3_stmt	*st;
	struct str	 name;
	int		 rc;

	*sealed = false;
	if (store_prepare(s, &st, "SELECT pack.name FROM message JOIN pack ON pack.id = message.pack WHERE message.id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, message);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		name = str_of((const char *)sqlite3_column_text(st, 0));
		*sealed = name.len > sizeof(SEALED) && strcmp(name.p + name.len - (sizeof(SEALED) - 1), SEALED) == 0;
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "original", e));
}

int
store_original_sound(struct store *s, int64_t message, int fd, uint64_t offset, uint64_t bytes, struct err *e)
{
	char		 chunk[CHUNK];
	unsigned char	 seal[SEAL];
	uint64_t	 v = 0;
	size_t		 want;
	ssize_t		 n;
	bool		 sealed;

	if (is_sealed(s, message, &sealed, e) == -1)
		return (-1);
	if (!sealed)
		return (0);
	do {
		want = bytes < CHUNK ? (size_t)bytes : CHUNK;
		if ((n = read_at(fd, chunk, want, offset)) == -1)
			return (err_set(e, ERR_TEMP, "the original of message %lld: %s", (long long)message, strerror(errno)));
		v = hash64(v, chunk, (size_t)n);
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
	} while (bytes > 0 && (size_t)n == want);
	seal_put(seal, v);
	if (bytes > 0 || read_at(fd, chunk, SEAL, offset) != SEAL || memcmp(chunk, seal, SEAL) != 0)
		return (err_set(e, ERR_INPUT, "its original is damaged: the bytes are others than those that were kept"));
	return (0);
}

bool
store_original_private(struct store *s, int64_t message)
{
	sqlite3_stmt	*st;
	struct err	 e = { 0 };
	bool		 private = true;

	if (store_prepare(s, &st, "SELECT pack.kind FROM message JOIN pack ON pack.id = message.pack WHERE message.id = ?1", &e) == -1)
		return (true);
	(void)sqlite3_bind_int64(st, 1, message);
	if (sqlite3_step(st) == SQLITE_ROW)
		private = sqlite3_column_int(st, 0) != PACK_REPORTS;
	(void)sqlite3_finalize(st);
	return (private);
}
