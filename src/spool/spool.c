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
#include "spool/bundle.h"
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
	struct bundle		 bundle;	/* the one last read from */
	char			 bundle_name[NAME_MAX + 1];
};

struct spool_file {
	struct spool	*s;
	int		 fd;
	uint64_t	 size;		/* of the file so far */
	struct bundle	 ended;		/* the messages that spool_next closed */
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
	int	 sp = -1, requests = -1, rv = -1;

	if (io_mkdir_p(s->dir, 0700, e) == -1)
		return (-1);
	if ((s->root = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (err_set(e, ERR_CONFIG, "%s: %s", s->dir, strerror(errno)));
	if ((sp = open_dir(s->root, "spool", s->dir, e)) != -1 &&
	    (s->tmp = open_dir(sp, "tmp", s->dir, e)) != -1 &&
	    (s->new = open_dir(sp, "new", s->dir, e)) != -1 &&
	    (s->state = open_dir(sp, "state", s->dir, e)) != -1 &&
	    (s->quarantine = open_dir(s->root, "quarantine", s->dir, e)) != -1 &&
	    (requests = open_dir(s->root, "requests", s->dir, e)) != -1)
		rv = 0;
	if (requests != -1)
		(void)close(requests);
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
	s->bundle.fd = -1;
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
	bundle_close(&s->bundle);
	free(s->dir);
	free(s);
}

/* --- Writing ------------------------------------------------------------ */

/* How many messages a bundle holds is known only when it is done. */
static void
add_count(struct spool_file *f)
{
	size_t	 n = strlen(f->name);

	if (f->ended.n > 1)
		(void)snprintf(f->name + n, sizeof(f->name) - n, ",%zu", f->ended.n);
}

static void
next_name(struct spool_file *f)
{
	uint64_t	 seq = (uint64_t)atomic_fetch_add(&f->s->seq, 1);

	/* Digits in front, so that the order of names is the order of arrival. */
	(void)snprintf(f->name, sizeof(f->name), "%010lld.%010llu.%ld.%s", (long long)when_now(),
	    (unsigned long long)seq, (long)getpid(), f->origin);
	add_count(f);
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
	f->ended.fd = -1;
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

static uint64_t
begun_at(const struct spool_file *f)
{
	return (f->ended.n == 0 ? 0 : f->ended.v[f->ended.n - 1].offset + f->ended.v[f->ended.n - 1].bytes);
}

uint64_t
spool_size(const struct spool_file *f)
{
	return (f->size - begun_at(f));
}

int
spool_next(struct spool_file *f, struct err *e)
{
	uint64_t	 from = begun_at(f);

	if (!bundle_add(&f->ended, from, f->size - from))
		return (err_set(e, ERR_TEMP, "%s: out of memory", f->s->dir));
	return (0);
}

void
spool_undo(struct spool_file *f)
{
	uint64_t	 from = begun_at(f);

	if (ftruncate(f->fd, (off_t)from) == -1 || lseek(f->fd, (off_t)from, SEEK_SET) == -1)
		f->failed = true;
	f->size = from;
}

size_t
spool_messages(const struct spool_file *f)
{
	return (f->ended.n);
}

void
spool_abort(struct spool_file *f)
{
	if (f == NULL)
		return;
	close_fd(f->fd);
	if (!f->in_new)
		(void)unlinkat(f->s->tmp, f->name, 0);
	bundle_close(&f->ended);
	free(f);
}

/* To new/ without ever covering a file that is there already. */
static int
publish(struct spool_file *f)
{
	char	 old[NAME_MAX + 1];
	int	 try;

	memcpy(old, f->name, sizeof(old));
	add_count(f);
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

/* What was begun after the last spool_next is no message; one alone needs no table. */
static int
finish(struct spool_file *f, struct err *e)
{
	if (f->ended.n > 0 && spool_size(f) > 0)
		spool_undo(f);
	if (f->failed)
		return (err_set(e, ERR_TEMP, "%s/spool/tmp: an earlier write failed", f->s->dir));
	if (f->ended.n > 1 && bundle_write_table(&f->ended, f->fd) == -1)
		return (system_error(e, f->s, "spool/tmp"));
	return (0);
}

static int
commit(struct spool *s, struct spool_file **f, size_t n, struct err *e)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (finish(f[i], e) == -1)
			return (-1);
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

/*
 * The time in front and the origin at the end, up to the "," of a bundle; a
 * foreign file has neither.
 */
static bool
split_name(const char *name, int64_t *when, long *pid, char origin[ORIGIN_MAX + 1])
{
	size_t		 n;
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
	if ((n = strcspn(p, ",")) > ORIGIN_MAX)
		return (false);
	memcpy(origin, p, n);
	origin[n] = '\0';
	return (origin_ok(origin));
}

/* --- Files that others hand over whole ------------------------------------ */

/* Where a writer's process stands in other names stands 0: nobody sweeps it. */
int64_t
spool_number(const char *name, const char *origin)
{
	const char	*p = strchr(name, '.');
	size_t		 digits;
	int64_t		 v;

	if (p == NULL || (digits = strspn(p + 1, "0123456789")) == 0 || strncmp(p + 1 + digits, ".0.", 3) != 0 ||
	    strcmp(p + 1 + digits + 3, origin) != 0 || !str_i64((struct str){ p + 1, digits }, &v))
		return (0);
	return (v);
}

int
spool_take(struct spool *s, int dir, const char *from, int64_t received, int64_t number, const char *origin, struct err *e)
{
	char		 name[NAME_MAX + 1];
	struct stat	 st;
	int		 rv;

	if (!origin_ok(origin) || number < 1)
		return (err_set(e, ERR_BUG, "spool: \"%.80s\" cannot be an origin", origin));
	if (fstatat(dir, from, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (err_set(e, errno == ENOENT ? ERR_INPUT : ERR_TEMP, "%s: %s", from, strerror(errno)));
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return (err_set(e, ERR_INPUT, "%s: this is no file of ours", from));
	(void)snprintf(name, sizeof(name), "%010lld.%010lld.0.%s", (long long)received, (long long)number, origin);
	rv = renameat2(dir, from, s->new, name, RENAME_NOREPLACE);
	if (rv == -1 && (errno == EINVAL || errno == ENOSYS))	/* file system without it; the name is this file's alone */
		rv = renameat(dir, from, s->new, name);
	if (rv == -1 && errno == EEXIST)
		return (err_set(e, ERR_INPUT, "%s: there is one with this number already", from));
	if (rv == -1 || fsync(s->new) == -1)
		return (system_error(e, s, "spool/new"));
	return (0);
}

bool
spool_waits(const char *state_dir, int64_t number, const char *origin)
{
	char		 path[PATH_MAX];
	struct dirent	*d;
	DIR		*dir;
	bool		 found = false;

	if (snprintf(path, sizeof(path), "%s/spool/new", state_dir) >= (int)sizeof(path) || (dir = opendir(path)) == NULL)
		return (false);
	while (!found && (d = readdir(dir)) != NULL)
		found = spool_number(d->d_name, origin) == number;
	(void)closedir(dir);
	return (found);
}

/* How many messages a file holds by its name: 1 unless it is a bundle. */
static size_t
count_in_name(const char *name)
{
	const char	*comma = strrchr(name, ',');
	int64_t		 v;

	if (comma == NULL || strchr(name, ':') != NULL || !str_i64(str_of(comma + 1), &v) || v < 2 ||
	    v > BUNDLE_MAX)
		return (1);
	return ((size_t)v);
}

/* Keeps the last bundle open: readers go through one after the other. */
static int
use_bundle(struct spool *s, const char *name, struct err *e)
{
	if (s->bundle.fd != -1 && strcmp(s->bundle_name, name) == 0)
		return (0);
	bundle_close(&s->bundle);
	if (bundle_open(&s->bundle, s->new, name) == -1) {
		if (errno == EBADMSG)
			return (err_set(e, ERR_INPUT, "%s/spool/new: a bundle is damaged", s->dir));
		return (system_error(e, s, "spool/new"));
	}
	(void)snprintf(s->bundle_name, sizeof(s->bundle_name), "%s", name);
	return (0);
}

/* "NAME,N:K" to the bundle's name and K; false when it is a file of its own. */
static bool
split_member(struct spool *s, const char *name, char bundle[NAME_MAX + 1], size_t *k)
{
	const char	*colon = strrchr(name, ':');
	struct stat	 st;
	int64_t		 v;

	if (colon == NULL || (size_t)(colon - name) > NAME_MAX || !str_i64(str_of(colon + 1), &v))
		return (false);
	memcpy(bundle, name, (size_t)(colon - name));
	bundle[colon - name] = '\0';
	*k = (size_t)v;
	if (count_in_name(bundle) <= (size_t)v)
		return (false);
	/* Taken out of quarantine it is a file again, under the same name. */
	return (fstatat(s->new, name, &st, AT_SYMLINK_NOFOLLOW) == -1);
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

struct entries { struct spool_entry *v; size_t n, cap; };

static bool
entries_add(struct entries *l, const struct spool_entry *x, char *name)
{
	struct spool_entry	*more;

	if (name == NULL)
		return (false);
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		if ((more = realloc(l->v, l->cap * sizeof(*more))) == NULL) {
			free(name);
			return (false);
		}
		l->v = more;
	}
	l->v[l->n] = *x;
	l->v[l->n++].name = name;
	return (true);
}

static bool
add_members(struct spool *s, struct entries *out, struct spool_entry *x, size_t max)
{
	char		 name[NAME_MAX + 32];
	struct err	 e = { 0 };
	size_t		 k;

	/* A damaged one is handed over as it is: it ends in quarantine, where people see it. */
	if (use_bundle(s, x->name, &e) == -1)
		return (entries_add(out, x, strdup(x->name)));
	for (k = 0; k < s->bundle.n && out->n < max; k++) {
		if (s->bundle.v[k].gone)
			continue;
		(void)snprintf(name, sizeof(name), "%s:%zu", x->name, k);
		x->bytes = s->bundle.v[k].bytes;
		if (!entries_add(out, x, strdup(name)))
			return (false);
	}
	return (true);
}

/* Files become messages; one that went away meanwhile is left out. */
static bool
look_at_files(struct spool *s, const struct entries *files, struct entries *out, size_t max)
{
	struct stat	 st;
	size_t		 i;
	long		 pid;

	for (i = 0; i < files->n && out->n < max; i++) {
		struct spool_entry	 x = files->v[i];

		if (fstatat(s->new, x.name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode))
			continue;
		x.bytes = (uint64_t)st.st_size;
		if (!split_name(x.name, &x.received, &pid, x.origin)) {
			x.received = st.st_mtime;	/* some other program delivered it here */
			(void)snprintf(x.origin, sizeof(x.origin), "maildir");
		}
		if (count_in_name(x.name) > 1 ? !add_members(s, out, &x, max) :
		    !entries_add(out, &x, strdup(x.name)))
			return (false);
	}
	return (true);
}

/* The first files by name, at most keep; a full spool is read with memory for twice that. */
static bool
first_files(DIR *dir, struct entries *l, size_t keep)
{
	static const struct spool_entry	 none;
	struct dirent			*d;

	while ((d = readdir(dir)) != NULL) {
		if (!name_ok(d->d_name) || (d->d_type != DT_REG && d->d_type != DT_UNKNOWN))
			continue;
		if (l->n >= 2 * keep && l->n > keep)
			cut_entries(l->v, &l->n, keep);
		if (!entries_add(l, &none, strdup(d->d_name)))
			return (false);
	}
	if (l->n > 0)
		cut_entries(l->v, &l->n, keep);
	return (true);
}

int
spool_list(struct spool *s, struct spool_entry **out, size_t *nout, size_t max, struct err *e)
{
	struct entries	 files = { 0 }, l = { 0 };
	size_t		 keep = max > SIZE_MAX / 4 / sizeof(*files.v) ? SIZE_MAX / 4 / sizeof(*files.v) : max;
	DIR		*dir;
	bool		 ok;

	if ((dir = read_dir(s->new)) == NULL)
		return (system_error(e, s, "spool/new"));
	ok = first_files(dir, &files, keep) && look_at_files(s, &files, &l, keep);
	(void)closedir(dir);
	spool_list_free(files.v, files.n);
	if (!ok) {
		spool_list_free(l.v, l.n);
		return (err_set(e, ERR_TEMP, "%s: out of memory", s->dir));
	}
	*out = l.v;
	*nout = l.n;
	return (0);
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
	char		 bundle[NAME_MAX + 1];
	struct stat	 st;
	size_t		 k;
	int		 fd;

	if (!name_ok(name))
		return (bad_name(e, name));
	if (split_member(s, name, bundle, &k)) {
		if (use_bundle(s, bundle, e) == -1)
			return (-1);
		if ((fd = bundle_read(&s->bundle, k)) == -1)
			return (system_error(e, s, "spool/new"));
		return (fd);
	}
	/* O_NONBLOCK: a pipe that somebody put there holds nobody up. */
	if ((fd = openat(s->new, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)) == -1)
		return (system_error(e, s, "spool/new"));
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return (err_set(e, ERR_INPUT, "%s/spool/new: not a file", s->dir));
	}
	return (fd);
}

/* The file goes with its last message. */
static int
remove_member(struct spool *s, const char *bundle, size_t k, struct err *e)
{
	struct err	 gone = { 0 };

	if (use_bundle(s, bundle, &gone) == -1) {
		if (faccessat(s->new, bundle, F_OK, AT_SYMLINK_NOFOLLOW) == -1 && errno == ENOENT)
			return (0);
		*e = gone;
		return (-1);
	}
	if (bundle_mark_gone(&s->bundle, k) == -1)
		return (system_error(e, s, "spool/new"));
	if (s->bundle.left > 0)
		return (0);
	bundle_close(&s->bundle);
	if (unlinkat(s->new, bundle, 0) == -1 && errno != ENOENT)
		return (system_error(e, s, "spool/new"));
	return (0);
}

int
spool_remove(struct spool *s, const char *name, struct err *e)
{
	char	 bundle[NAME_MAX + 1];
	size_t	 k;

	if (!name_ok(name))
		return (bad_name(e, name));
	if (split_member(s, name, bundle, &k))
		return (remove_member(s, bundle, k, e));
	if (unlinkat(s->new, name, 0) == -1 && errno != ENOENT)
		return (system_error(e, s, "spool/new"));
	return (0);
}

/* Out of the bundle into a file of its own, then out of the bundle. */
static int
quarantine_member(struct spool *s, const char *name, const char *bundle, size_t k, struct err *e)
{
	int	 fd;

	if (use_bundle(s, bundle, e) == -1)
		return (-1);
	fd = openat(s->tmp, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return (system_error(e, s, "spool/tmp"));
	if (bundle_copy(&s->bundle, k, fd) == -1 || fsync(fd) == -1 ||
	    renameat(s->tmp, name, s->quarantine, name) == -1 || fsync(s->quarantine) == -1) {
		system_error(e, s, "quarantine");
		(void)close(fd);
		(void)unlinkat(s->tmp, name, 0);
		return (-1);
	}
	(void)close(fd);
	return (remove_member(s, bundle, k, e));
}

int
spool_quarantine(struct spool *s, const char *name, struct err *e)
{
	char	 bundle[NAME_MAX + 1];
	size_t	 k;

	if (!name_ok(name))
		return (bad_name(e, name));
	if (split_member(s, name, bundle, &k))
		return (quarantine_member(s, name, bundle, k, e));
	if (renameat(s->new, name, s->quarantine, name) == -1)
		return (system_error(e, s, "quarantine"));
	if (fsync(s->quarantine) == -1 || fsync(s->new) == -1)
		return (system_error(e, s, "quarantine"));
	return (0);
}

int
spool_quarantine_open(struct spool *s, const char *name, struct err *e)
{
	int	 fd;

	if (!name_ok(name))
		return (bad_name(e, name));
	if ((fd = openat(s->quarantine, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY)) != -1)
		return (fd);
	if (errno == ENOENT)
		return (spool_open_entry(s, name, e));
	return (system_error(e, s, "quarantine"));
}

int
spool_quarantine_remove(struct spool *s, const char *name, struct err *e)
{
	if (!name_ok(name))
		return (bad_name(e, name));
	if (unlinkat(s->quarantine, name, 0) == -1 && errno != ENOENT)
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
	char		 origin[ORIGIN_MAX + 1];
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
		} else if (!split_name(d->d_name, &when, &pid, origin))
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
		return (-1);
	}
	if (snprintf(path, sizeof(path), "%s/requests", s->dir) < (int)sizeof(path))
		(void)inotify_add_watch(s->watch, path, IN_MOVED_TO | IN_CREATE | IN_ONLYDIR);
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

bool
spool_served(const char *state_dir)
{
	char	 path[PATH_MAX];
	bool	 served;
	int	 fd;

	if (snprintf(path, sizeof(path), "%s/spool/lock", state_dir) >= (int)sizeof(path) ||
	    (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return (false);
	served = flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	(void)close(fd);
	return (served);
}

int
spool_count(struct spool *s, uint64_t *n, int64_t *oldest, struct err *e)
{
	struct dirent	*d;
	struct stat	 st;
	char		 origin[ORIGIN_MAX + 1];
	struct err	 damaged = { 0 };
	uint64_t	 count = 0;
	int64_t		 when, first = 0;
	long		 pid;
	DIR		*dir;

	if ((dir = read_dir(s->new)) == NULL)
		return (system_error(e, s, "spool/new"));
	while ((d = readdir(dir)) != NULL) {
		if (!name_ok(d->d_name) || (d->d_type != DT_REG && d->d_type != DT_UNKNOWN))
			continue;
		if (!split_name(d->d_name, &when, &pid, origin)) {
			if (fstatat(s->new, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
				continue;
			when = st.st_mtime;
		}
		if (count == 0 || when < first)
			first = when;
		if (count_in_name(d->d_name) > 1 && use_bundle(s, d->d_name, &damaged) == 0)
			count += s->bundle.left;
		else
			count++;
	}
	(void)closedir(dir);
	*n = count;
	*oldest = first;
	return (0);
}
