/*
 * request.c - see request.h.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "spool/request.h"

const char *const	 request_words[REQUEST_KINDS] = { "retry", "discard" };

static int
path_of(const char *state_dir, int64_t id, enum request_kind kind, char path[PATH_MAX], struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/requests/%" PRId64 ".%s", state_dir, id, request_words[kind]) >= PATH_MAX)
		return (err_set(e, ERR_CONFIG, "%s: the path is too long", state_dir));
	return (0);
}

int
request_put(const char *state_dir, int64_t id, enum request_kind kind, struct err *e)
{
	char	 path[PATH_MAX];
	int	 fd;

	if (path_of(state_dir, id, kind, path, e) == -1)
		return (-1);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (errno == EEXIST ? 0 : err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	(void)close(fd);
	return (0);
}

/* "12.retry", and nothing else. */
static bool
parse(const char *name, struct request_file *out)
{
	char		*end;
	long long	 id;

	if (name[0] < '1' || name[0] > '9')
		return (false);
	errno = 0;
	id = strtoll(name, &end, 10);
	if (errno != 0 || *end != '.')
		return (false);
	for (size_t i = 0; i < REQUEST_KINDS; i++)
		if (strcmp(end + 1, request_words[i]) == 0) {
			*out = (struct request_file){ .id = id, .kind = (enum request_kind)i };
			return (true);
		}
	return (false);
}

static int
by_id(const void *a, const void *b)
{
	const struct request_file	*x = a, *y = b;

	return (x->id != y->id ? (x->id > y->id) - (x->id < y->id) : (int)x->kind - (int)y->kind);
}

int
request_list(const char *state_dir, struct request_file **out, size_t *n, size_t max, struct err *e)
{
	char			 path[PATH_MAX];
	struct request_file	 r;
	struct dirent		*d;
	struct stat		 st;
	DIR			*dir;

	*out = NULL;
	*n = 0;
	if (snprintf(path, sizeof(path), "%s/requests", state_dir) >= (int)sizeof(path) || (dir = opendir(path)) == NULL)
		return (errno == ENOENT ? 0 : err_set(e, ERR_TEMP, "%s/requests: %s", state_dir, strerror(errno)));
	if ((*out = calloc(max, sizeof(**out))) == NULL) {
		(void)closedir(dir);
		return (err_set(e, ERR_TEMP, "out of memory"));
	}
	while (*n < max && (d = readdir(dir)) != NULL)
		if (parse(d->d_name, &r) && fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
			r.asked = st.st_mtime;
			(*out)[(*n)++] = r;
		}
	(void)closedir(dir);
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), by_id);
	return (0);
}

int
request_remove(const char *state_dir, int64_t id, enum request_kind kind, struct err *e)
{
	char	 path[PATH_MAX];

	if (path_of(state_dir, id, kind, path, e) == -1)
		return (-1);
	return (unlink(path) == 0 || errno == ENOENT ? 0 : err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
}
