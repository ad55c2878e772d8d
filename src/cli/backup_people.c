/*
 * backup_people.c - see backup_people.h.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/io.h"
#include "cli/backup_people.h"

#define FILE_BYTES ((size_t)64 << 20)

static int
join(char out[PATH_MAX], const char *dir, const char *name, struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		return (err_set(e, ERR_CONFIG, "%s: name too long", dir));
	return (0);
}

/* 1: copied; 0: it is not there. */
static int
keep(const char *state, const char *dir, const char *name, struct err *e)
{
	char		 from[PATH_MAX], to[PATH_MAX];
	struct buf	 b = { .max = FILE_BYTES };
	struct stat	 st;
	ssize_t		 n = -1;
	int		 fd, rv = -1;

	if (join(from, state, name, e) == -1 || join(to, dir, name, e) == -1)
		return (-1);
	if ((fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return (errno == ENOENT ? 0 : err_set(e, ERR_TEMP, "%s: %s", from, strerror(errno)));
	/* the size of now: the log may grow meanwhile, by whole lines */
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		err_set(e, ERR_TEMP, "%s: this is no file", from);
	else if ((size_t)st.st_size > FILE_BYTES || !buf_reserve(&b, (size_t)st.st_size + 1))
		err_set(e, ERR_LIMIT, "%s: %lld bytes are more than such a file may have", from, (long long)st.st_size);
	else if ((n = io_read_full(fd, b.p, (size_t)st.st_size)) == -1)
		err_set(e, ERR_TEMP, "%s: %s", from, strerror(errno));
	else if ((rv = io_replace_file(to, b.p, (size_t)n, st.st_mode & 0777, e)) == 0 && geteuid() == 0) {
		/* it belongs to whom it belonged to; where that cannot be, to us */
		if (chown(to, st.st_uid, st.st_gid) == -1)
			errno = 0;
	}
	(void)close(fd);
	buf_free(&b);
	return (rv == 0 ? 1 : -1);
}

static int
folder(const char *state, const char *dir, const char *name, struct err *e)
{
	char		 from[PATH_MAX], to[PATH_MAX];
	struct stat	 st;

	if (join(from, state, name, e) == -1 || join(to, dir, name, e) == -1)
		return (-1);
	if (stat(from, &st) == -1 || !S_ISDIR(st.st_mode))
		return (0);
	if (io_mkdir_p(to, st.st_mode & 0777, e) == -1)
		return (-1);
	if (geteuid() == 0 && chown(to, st.st_uid, st.st_gid) == -1)
		errno = 0;
	return (1);
}

static bool
ends_in(const char *name, const char *with)
{
	size_t	 n = strlen(name), k = strlen(with);

	return (n > k && strcmp(name + n - k, with) == 0);
}

static int
keep_folder(const char *state, const char *dir, const char *name, unsigned *files, struct err *e)
{
	char		 path[PATH_MAX], one[PATH_MAX];
	struct dirent	*d;
	DIR		*f;
	int		 rv = 0;

	if ((rv = folder(state, dir, name, e)) != 1)
		return (rv);
	if (join(path, state, name, e) == -1)
		return (-1);
	if ((f = opendir(path)) == NULL)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	while (rv >= 0 && (d = readdir(f)) != NULL)
		if (d->d_name[0] != '.' && ends_in(d->d_name, ".json") && (rv = join(one, name, d->d_name, e)) == 0 &&
		    (rv = keep(state, dir, one, e)) == 1)
			++*files;
	(void)closedir(f);
	return (rv < 0 ? -1 : 0);
}

int
backup_people(const char *state, const char *dir, unsigned *files, struct err *e)
{
	static const char *const	 names[] = { AUTH_FILE, AUTH_DIR "/audit", AUTH_DIR "/audit.1", AUTH_DIR "/seen" };
	int				 rv;

	if (io_mkdir_p(dir, 0700, e) == -1 || folder(state, dir, AUTH_DIR, e) == -1)
		return (-1);
	for (size_t i = 0; i < nitems(names); i++) {
		if ((rv = keep(state, dir, names[i], e)) == -1)
			return (-1);
		*files += (unsigned)rv;
	}
	return (keep_folder(state, dir, "notify", files, e) == -1 ? -1 : io_fsync_dir(dir, e));
}
