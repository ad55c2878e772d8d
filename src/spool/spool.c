/*
 * spool.c - see spool.h.
 *
 * A batch is made durable in four strokes: write-back of every file is
 * started, then each is waited for (one journal commit serves nearly all of
 * them), then all are moved to new/, then that directory is synced once.
 * Measured per mail of 4 KB in batches of 100 on ext4: fsync one after the
 * other 41 us, this way 18 us. syncfs() takes 6 us but waits for whatever
 * else is being written on that disk, and before Linux 5.8 hides errors.
 */
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"
#include "spool/spool.h"

#define SWEEP_AGE	86400
#define ORIGIN_MAX	64

struct spool {
	char			*dir;		/* for the words of errors */
	int			 root, tmp, new, quarantine, state;	/* directories */
	int			 lock;
	int			 watch;
	int64_t			 opened;
	atomic_uint_fast64_t	 seq;		/* files come from more than one thread */
};

struct spool_file {
	struct spool	*s;
	int		 fd;
	uint64_t	 size;
	bool		 failed;
	bool		 in_new;
	char		 origin[ORIGIN_MAX + 1];
	char		 name[NAME_MAX + 1];
};

static int
system_error(struct err *e, const struct spool *s, const char *what)
{
	int	 no = errno;

	return (err_set(e, ERR_TEMP, "%s/%s: %s%s", s->dir, what, strerror(no),
	    no == ENOSPC || no == EDQUOT ? "; remedy: free space on that disk" : ""));
}

static bool
origin_ok(const char *o)
{
	size_t	 n = strspn(o, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return (n > 0 && n <= ORIGIN_MAX && o[n] == '\0');
}

/* A name that somebody hands us must stay inside its folder. */
static bool
name_ok(const char *name)
{
	return (name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) <= NAME_MAX);
}

static int
open_dir(int at, const char *name, const char *base, struct err *e)
{
	struct stat	 st;
	int		 fd;

	if (mkdirat(at, name, 0700) == -1 && errno != EEXIST)
		return (err_set(e, ERR_TEMP, "%s/%s: %s", base, name, strerror(errno)));
	if ((fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (err_set(e, ERR_CONFIG, "%s/%s: %s", base, name, strerror(errno)));
	if (fstat(fd, &st) == 0 && (st.st_mode & 07) != 0)
		(void)fchmod(fd, st.st_mode & 0770);
	return (fd);
}

static int
open_folders(struct spool *s, struct err *e)
{
	int	 sp = -1, rv = -1;

	if (io_mkdir_p(s->dir, 0700, e) == -1)
		return (-1);
	if ((s->root = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (err_set(e, ERR_CONFIG, "%s: %s", s->dir, strerror(errno)));
	if ((sp = open_dir(s->root, "spool", s->dir, e)) != -1 &&
	    (s->tmp = open_dir(sp, "tmp", s->dir, e)) != -1 &&
	    (s->new = open_dir(sp, "new", s->dir, e)) != -1 &&
	    (s->state = open_dir(sp, "state", s->dir, e)) != -1 &&
	    (s->quarantine = open_dir(s->root, "quarantine", s->dir, e)) != -1)
		rv = 0;
	if (sp != -1)
		(void)close(sp);
	return (rv);
}

struct spool *
spool_open(const char *state_dir, struct err *e)
{
	struct spool	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL || (s->dir = strdup(state_dir)) == NULL) {
		free(s);
		err_set(e, ERR_TEMP, "%s: out of memory", state_dir);
		return (NULL);
	}
	s->root = s->tmp = s->new = s->quarantine = s->state = s->lock = s->watch = -1;
	s->opened = when_now();
	if (open_folders(s, e) == -1) {
		spool_close(s);
		return (NULL);
	}
	return (s);
}

static void
close_fd(int fd)
{
	if (fd != -1)
		(void)close(fd);
}

void
spool_close(struct spool *s)
{
	if (s == NULL)
		return;
	close_fd(s->root);
	close_fd(s->tmp);
	close_fd(s->new);
	close_fd(s->quarantine);
	close_fd(s->state);
	close_fd(s->lock);
	close_fd(s->watch);
	free(s->dir);
	free(s);
}

/* --- Writing ------------------------------------------------------------ */

static void
next_name(struct spool_file *f)
{
	uint64_t	 seq = (uint64_t)atomic_fetch_add(&f->s->seq, 1);

	/* Digits in front, so that the order of names is the order of arrival. */
	(void)snprintf(f->name, sizeof(f->name), "%010lld.%010llu.%ld.%s", (long long)when_now(),
	    (unsigned long long)seq, (long)getpid(), f->origin);
}

struct spool_file *
spool_new(struct spool *s, const char *origin, struct err *e)
{
	struct spool_file	*f;
	int			 try;

	if (!origin_ok(origin)) {
		err_set(e, ERR_BUG, "spool: \"%.80s\" cannot be an origin", origin);
		return (NULL);
	}
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		err_set(e, ERR_TEMP, "%s: out of memory", s->dir);
		return (NULL);
	}
	f->s = s;
	(void)snprintf(f->origin, sizeof(f->origin), "%s", origin);
	for (try = 0; try < 100; try++) {
		next_name(f);
		f->fd = openat(s->tmp, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (f->fd != -1)
			return (f);
		if (errno != EEXIST)
			break;
	}
	system_error(e, s, "spool/tmp");
	free(f);
	return (NULL);
}

int
spool_write(struct spool_file *f, const void *p, size_t n, struct err *e)
{
	if (f->failed)
		return (err_set(e, ERR_TEMP, "%s/spool/tmp: an earlier write failed", f->s->dir));
	if (io_write_full(f->fd, p, n) == -1) {
		f->failed = true;
		return (system_error(e, f->s, "spool/tmp"));
	}
	f->size += n;
	return (0);
}

uint64_t
spool_size(const struct spool_file *f)
{
	return (f->size);
}

void
spool_abort(struct spool_file *f)
{
	if (f == NULL)
		return;
	close_fd(f->fd);
	if (!f->in_new)
		(void)unlinkat(f->s->tmp, f->name, 0);
	free(f);
}

/* To new/ without ever covering a file that is there already. */
static int
publish(struct spool_file *f)
{
	char	 old[NAME_MAX + 1];
	int	 try;

	memcpy(old, f->name, sizeof(old));
	for (try = 0; try < 100; try++) {
		if (renameat2(f->s->tmp, old, f->s->new, f->name, RENAME_NOREPLACE) == 0) {
			f->in_new = true;
			return (0);
		}
		if (errno == EINVAL || errno == ENOSYS) {	/* file system without it */
			if (linkat(f->s->tmp, old, f->s->new, f->name, 0) == 0) {
				(void)unlinkat(f->s->tmp, old, 0);
				f->in_new = true;
				return (0);
			}
		}
		if (errno != EEXIST)
			break;
		next_name(f);
	}
	memcpy(f->name, old, sizeof(old));	/* for spool_abort */
	return (-1);
}

static int
commit(struct spool *s, struct spool_file **f, size_t n, struct err *e)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (f[i]->failed)
			return (err_set(e, ERR_TEMP, "%s/spool/tmp: an earlier write failed", s->dir));
#ifdef SYNC_FILE_RANGE_WRITE
		/* Only a hint to begin: errors show in fsync. */
		(void)sync_file_range(f[i]->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
	}
	for (i = 0; i < n; i++) {
		if (fsync(f[i]->fd) == -1)
			return (system_error(e, s, "spool/tmp"));
		(void)close(f[i]->fd);
		f[i]->fd = -1;
	}
	for (i = 0; i < n; i++)
		if (publish(f[i]) == -1)
			return (system_error(e, s, "spool/new"));
	if (n > 0 && fsync(s->new) == -1)
		return (system_error(e, s, "spool/new"));
	return (0);
}

int
spool_commit(struct spool *s, struct spool_file **f, size_t n, struct err *e)
{
	size_t	 i;
	int	 rv;

	rv = commit(s, f, n, e);
	for (i = 0; i < n; i++)
		spool_abort(f[i]);	/* removes only what did not get into new/ */
	return (rv);
}

/* --- Reading ------------------------------------------------------------ */

static DIR *
read_dir(int fd)
{
	DIR	*d;
	int	 own;

	if ((own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (NULL);
	if ((d = fdopendir(own)) == NULL)
		(void)close(own);
	return (d);
}

/* The time in front and the origin at the end; a foreign file has neither. */
static bool
split_name(const char *name, int64_t *when, long *pid, const char **origin)
{
	char		*end;
	const char	*p = name;
	int		 i;

	for (i = 0; i < 3; i++) {
		long long	 v;

		if (*p < '0' || *p > '9')
			return (false);
		errno = 0;
		v = strtoll(p, &end, 10);
		if (errno != 0 || *end != '.')
			return (false);
		if (i == 0)
			*when = v;
		else if (i == 2)
			*pid = (long)v;
		p = end + 1;
	}
	*origin = p;
	return (origin_ok(p));
}

static int
by_name(const void *a, const void *b)
{
	const struct spool_entry	*x = a, *y = b;

	return (strcmp(x->name, y->name));
}

static void
cut_entries(struct spool_entry *v, size_t *n, size_t max)
{
	size_t	 i;

	qsort(v, *n, sizeof(*v), by_name);
	for (i = max; i < *n; i++)
		free(v[i].name);
	if (*n > max)
		*n = max;
}

/* What is needed of each; an entry that went away meanwhile is left out. */
static void
look_at_entries(struct spool *s, struct spool_entry *v, size_t *n)
{
	struct stat	 st;
	const char	*origin;
	size_t		 i, kept = 0;
	long		 pid;

	for (i = 0; i < *n; i++) {
		if (fstatat(s->new, v[i].name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode)) {
			free(v[i].name);
			continue;
		}
		v[i].bytes = (uint64_t)st.st_size;
		if (!split_name(v[i].name, &v[i].received, &pid, &origin)) {
			v[i].received = st.st_mtime;
			origin = "maildir";	/* some other program delivered it here */
		}
		(void)snprintf(v[i].origin, sizeof(v[i].origin), "%s", origin);
		v[kept++] = v[i];
	}
	*n = kept;
}

int
spool_list(struct spool *s, struct spool_entry **out, size_t *nout, size_t max, struct err *e)
{
	struct spool_entry	*v = NULL, *more;
	struct dirent		*d;
	size_t			 n = 0, cap = 0, keep;
	DIR			*dir;

	if ((dir = read_dir(s->new)) == NULL)
		return (system_error(e, s, "spool/new"));
	keep = max > SIZE_MAX / 4 / sizeof(*v) ? SIZE_MAX / 4 / sizeof(*v) : max;
	while ((d = readdir(dir)) != NULL) {
		if (!name_ok(d->d_name) || (d->d_type != DT_REG && d->d_type != DT_UNKNOWN))
			continue;
		/* A full spool is read with memory for twice what is asked for. */
		if (n >= 2 * keep && n > keep)
			cut_entries(v, &n, keep);
		if (n == cap) {
			cap = cap == 0 ? 64 : cap * 2;
			if ((more = realloc(v, cap * sizeof(*v))) == NULL)
				goto memory;
			v = more;
		}
		memset(&v[n], 0, sizeof(v[n]));
		if ((v[n].name = strdup(d->d_name)) == NULL)
			goto memory;
		n++;
	}
	(void)closedir(dir);
	if (v != NULL)
		cut_entries(v, &n, keep);
	look_at_entries(s, v, &n);
	*out = v;
	*nout = n;
	return (0);
memory:
	(void)closedir(dir);
	spool_list_free(v, n);
	return (err_set(e, ERR_TEMP, "%s: out of memory", s->dir));
}

void
spool_list_free(struct spool_entry *v, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		free(v[i].name);
	free(v);
}

static int
bad_name(struct err *e, const char *name)
{
	char	 shown[128];

	return (err_set(e, ERR_BUG, "spool: \"%s\" is not a name in it",
	    esc_short(shown, sizeof(shown), str_of(name))));
}

int
spool_open_entry(struct spool *s, const char *name, struct err *e)
{
	struct stat	 st;
	int		 fd;

	if (!name_ok(name))
		return (bad_name(e, name));
	/* O_NONBLOCK: a pipe that somebody put there holds nobody up. */
	if ((fd = openat(s->new, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) == -1)
		return (system_error(e, s, "spool/new"));
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return (err_set(e, ERR_INPUT, "%s/spool/new: not a file", s->dir));
	}
	return (fd);
}

int
spool_remove(struct spool *s, const char *name, struct err *e)
{
	if (!name_ok(name))
		return (bad_name(e, name));
	if (unlinkat(s->new, name, 0) == -1 && errno != ENOENT)
		return (system_error(e, s, "spool/new"));
	return (0);
}

int
spool_quarantine(struct spool *s, const char *name, struct err *e)
{
	if (!name_ok(name))
		return (bad_name(e, name));
	if (renameat(s->new, name, s->quarantine, name) == -1)
		return (system_error(e, s, "quarantine"));
	if (fsync(s->quarantine) == -1 || fsync(s->new) == -1)
		return (system_error(e, s, "quarantine"));
	return (0);
}

/* --- Upkeep ------------------------------------------------------------- */

static bool
pid_gone(long pid)
{
	return (pid <= 0 || pid > INT_MAX || (kill((pid_t)pid, 0) == -1 && errno == ESRCH));
}

static bool
is_leftover(const struct spool *s, const struct stat *st, long pid)
{
	if (st->st_mtime < when_now() - SWEEP_AGE)
		return (true);
	if (pid == -1)
		return (false);
	/* Our own number may have been another's before us (containers). */
	return (pid == (long)getpid() ? st->st_mtime < s->opened : pid_gone(pid));
}

/* "NAME.PID.tmp", what io_replace_file leaves when it is killed; -1: not such a name */
static long
pid_of_replacement(const char *name)
{
	size_t	 n = strlen(name);
	int64_t	 pid;
	size_t	 i;

	if (n < 6 || strcmp(name + n - 4, ".tmp") != 0)
		return (-1);
	for (i = n - 4; i > 0 && name[i - 1] >= '0' && name[i - 1] <= '9'; i--)
		;
	if (i == 0 || name[i - 1] != '.' || !str_i64((struct str){ name + i, n - 4 - i }, &pid))
		return (-1);
	return (pid > INT_MAX ? -1 : (long)pid);
}

static void
sweep(struct spool *s, int at, bool replacements)
{
	struct dirent	*d;
	struct stat	 st;
	const char	*origin;
	int64_t		 when;
	long		 pid;
	DIR		*dir;

	if ((dir = read_dir(at)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		if (fstatat(at, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 || S_ISDIR(st.st_mode))
			continue;
		if (replacements) {
			if ((pid = pid_of_replacement(d->d_name)) == -1)
				continue;
		} else if (!split_name(d->d_name, &when, &pid, &origin))
			pid = -1;
		if (is_leftover(s, &st, pid))
			(void)unlinkat(at, d->d_name, 0);
	}
	(void)closedir(dir);
}

void
spool_sweep(struct spool *s)
{
	sweep(s, s->tmp, false);
	sweep(s, s->state, true);
}

int
spool_watch(struct spool *s)
{
	char	 path[PATH_MAX];

	if (s->watch != -1)
		return (s->watch);
	if (snprintf(path, sizeof(path), "%s/spool/new", s->dir) >= (int)sizeof(path) ||
	    (s->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) == -1)
		return (-1);
	/* link() shows as create, rename() as moved; a writer that writes in place, as closed. */
	if (inotify_add_watch(s->watch, path, IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR) == -1) {
		(void)close(s->watch);
		s->watch = -1;
	}
	return (s->watch);
}

void
spool_watch_drain(struct spool *s)
{
	char	 sink[4096];

	if (s->watch != -1)
		while (read(s->watch, sink, sizeof(sink)) > 0)
			;
}

int
spool_lock(struct spool *s, struct err *e)
{
	if (s->lock == -1 &&
	    (s->lock = openat(s->root, "spool/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (system_error(e, s, "spool/lock"));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return (0);
	return (errno == EWOULDBLOCK ? 1 : system_error(e, s, "spool/lock"));
}

int
spool_count(struct spool *s, uint64_t *n, int64_t *oldest, struct err *e)
{
	struct dirent	*d;
	struct stat	 st;
	const char	*origin;
	uint64_t	 count = 0;
	int64_t		 when, first = 0;
	long		 pid;
	DIR		*dir;

	if ((dir = read_dir(s->new)) == NULL)
		return (system_error(e, s, "spool/new"));
	while ((d = readdir(dir)) != NULL) {
		if (!name_ok(d->d_name) || (d->d_type != DT_REG && d->d_type != DT_UNKNOWN))
			continue;
		if (!split_name(d->d_name, &when, &pid, &origin)) {
			if (fstatat(s->new, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
				continue;
			when = st.st_mtime;
		}
		if (count++ == 0 || when < first)
			first = when;
	}
	(void)closedir(dir);
	*n = count;
	*oldest = first;
	return (0);
}
