/*
 * request.c - see request.h.
 */
#include <sys/random.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/when.h"
#include "process/request.h"

#define FILE_BYTES	((size_t)512 * 1024)
#define NAMES_MAX	((size_t)200 * 1000)
#define LEFTOVER_S	3600	/* half-written files older than that had a writer that was killed */
#define NANO_DIGITS	19

static int
folder(const char *state_dir, char path[PATH_MAX], struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/requests", state_dir) >= PATH_MAX - 128)
		return (err_set(e, ERR_CONFIG, "%s: the path is too long", state_dir));
	return (0);
}

/* --- Names --------------------------------------------------------------------------- */

/* "NANOSECONDS-TOKEN.KIND", and nothing else. */
static bool
name_parse(const char *name, int64_t *token, enum request_kind *kind)
{
	size_t	 digits = strspn(name, "0123456789"), n;

	if (digits != NANO_DIGITS || name[digits] != '-')
		return (false);
	name += digits + 1;
	n = strspn(name, "0123456789");
	if (n == 0 || name[0] == '0' || name[n] != '.' || !str_i64((struct str){ name, n }, token))
		return (false);
	for (int k = 0; k < REQUEST_KINDS; k++)
		if (strcmp(name + n + 1, request_words[k]) == 0) {
			*kind = (enum request_kind)k;
			return (true);
		}
	return (false);
}

bool
request_quick(enum request_kind k)
{
	return (k == REQUEST_DECIDE || k == REQUEST_UNDO || k == REQUEST_TODO || k == REQUEST_PEOPLE || k == REQUEST_MUTE);
}

/* What takes a moment comes before what takes longer; else as it was asked. */
static int
by_turn(const void *a, const void *b)
{
	const struct asking	*x = a, *y = b;

	if (request_quick(x->kind) != request_quick(y->kind))
		return (request_quick(x->kind) ? -1 : 1);
	return (strcmp(x->name, y->name));
}

static bool
grow(struct asking **list, size_t *cap, size_t n)
{
	struct asking	*more;

	if (n < *cap)
		return (true);
	if ((more = realloc(*list, (*cap == 0 ? 64 : *cap * 2) * sizeof(*more))) == NULL)
		return (false);
	*list = more;
	*cap = *cap == 0 ? 64 : *cap * 2;
	return (true);
}

static void
sweep(int dir, const char *name)
{
	struct stat	 st;

	if (name[0] == '.' && strstr(name, ".part") != NULL && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_mtime < when_now() - LEFTOVER_S)
		(void)unlinkat(dir, name, 0);
}

int
request_list(const char *state_dir, struct asking **out, size_t *n, size_t max, struct err *e)
{
	char		 path[PATH_MAX];
	struct dirent	*d;
	size_t		 cap = 0;
	enum request_kind kind;
	int64_t		 token;
	DIR		*dir;

	*out = NULL;
	*n = 0;
	if (folder(state_dir, path, e) == -1)
		return (-1);
	if ((dir = opendir(path)) == NULL)
		return (errno == ENOENT ? 0 : err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	while (*n < NAMES_MAX && (d = readdir(dir)) != NULL) {
		if (!name_parse(d->d_name, &token, &kind)) {
			sweep(dirfd(dir), d->d_name);
			continue;
		}
		if (!grow(out, &cap, *n)) {
			(void)closedir(dir);
			free(*out);
			*out = NULL;
			return (err_set(e, ERR_TEMP, "out of memory"));
		}
		(*out)[*n] = (struct asking){ .token = token, .kind = kind };
		(void)snprintf((*out)[*n].name, sizeof((*out)[*n].name), "%.63s", d->d_name);
		(*n)++;
	}
	(void)closedir(dir);
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), by_turn);
	if (*n > max)
		*n = max;
	return (0);
}

/* --- Asking -------------------------------------------------------------------------- */

static int
draw(int64_t *out, struct err *e)
{
	uint64_t	 v;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		return (err_set(e, ERR_TEMP, "no random number: %s", strerror(errno)));
	/* above the ids that the store gives; a text in JSON, where it would lose digits as a number */
	*out = (int64_t)((v & (uint64_t)INT64_MAX) | UINT64_C(1) << 60);
	return (0);
}

static json_t *
text_or_null(struct str s)
{
	return (s.p == NULL ? json_null() : json_stringn(s.p, s.len));
}

static json_t *
decisions_json(const struct asking *a)
{
	json_t	*list = json_array();

	for (size_t i = 0; i < a->n; i++) {
		const struct store_decision	*d = &a->decisions[i];
		json_t				*j;

		j = json_pack("{s:I, s:o, s:o, s:o}", "sender", (json_int_t)d->sender, "domain", text_or_null(d->domain), "class",
		    d->class == -1 ? json_null() : json_string(sender_class_names[d->class]), "note", text_or_null(d->note));
		if (d->seen != DECISION_ANY)
			(void)json_object_set_new(j, "seen", json_integer(d->seen));
		if (json_array_append_new(list, j) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static char *
contents(const struct asking *a)
{
	json_t	*j = json_pack("{s:s, s:I}", "who", a->who, "at", (json_int_t)a->at);
	char	*text = NULL, item[32];
	int	 rv;

	(void)snprintf(item, sizeof(item), "%" PRId64, a->item);
	rv = a->kind == REQUEST_DECIDE ? json_object_set_new(j, "decisions", decisions_json(a)) :
	    a->kind == REQUEST_TODO ? json_object_set_new(j, "todo", request_todo_json(&a->todo)) :
	    a->kind == REQUEST_PEOPLE ? json_object_set_new(j, "people", request_people_json(&a->people)) :
	    a->kind == REQUEST_MUTE ? json_object_set_new(j, "mute", request_mute_json(&a->mute)) :
	    json_object_set_new(j, "item", json_string(item));
	if (rv == 0)
		text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return (text);
}

/* Somebody else's folder stays theirs: root asks on the command line, the daemon is another user. */
static void
give(int fd, const char *path)
{
	struct stat	 st;

	if (geteuid() == 0 && stat(path, &st) == 0 && st.st_uid != 0 && fchown(fd, st.st_uid, st.st_gid) == -1)
		return;		/* then it cannot be read, and the one who reads it says so */
}

/* Written under another name first: nobody ever sees half a file. */
static int
write_down(const char *path, const char *text, struct asking *a, struct err *e)
{
	char		 temp[PATH_MAX], final[PATH_MAX];
	struct timespec	 now;
	int		 fd, rv;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(a->name, sizeof(a->name), "%010lld%09ld-%" PRId64 ".%s", (long long)now.tv_sec, now.tv_nsec, a->token,
	    request_words[a->kind]);
	if (snprintf(temp, sizeof(temp), "%s/.%" PRId64 ".part", path, a->token) >= (int)sizeof(temp) ||
	    snprintf(final, sizeof(final), "%s/%s", path, a->name) >= (int)sizeof(final))
		return (err_set(e, ERR_CONFIG, "%s: the path is too long", path));
	if ((fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", temp, strerror(errno)));
	give(fd, path);
	rv = io_write_full(fd, text, strlen(text)) == -1 || fsync(fd) == -1 ? -1 : 0;
	(void)close(fd);
	if (rv == -1 || rename(temp, final) == -1) {
		rv = err_set(e, ERR_TEMP, "%s: %s", final, strerror(errno));
		(void)unlink(temp);
		return (rv);
	}
	return (io_fsync_dir(path, e));
}

/* 1: the same waits already, a->token is its. */
static int
room(const char *state_dir, struct asking *a, struct err *e)
{
	struct asking	*list;
	struct err	 why = { 0 };
	size_t		 n;
	int		 rv = 0;

	if (request_list(state_dir, &list, &n, NAMES_MAX, e) == -1)
		return (-1);
	if (a->kind == REQUEST_RETRY || a->kind == REQUEST_DISCARD)
		for (size_t i = 0; i < n && i < REQUESTS_WAITING && rv == 0; i++) {
			if (list[i].kind == a->kind && request_read(state_dir, &list[i], &why) == 0 && list[i].item == a->item) {
				a->token = list[i].token;
				rv = 1;
			}
			request_clear(&list[i]);
		}
	free(list);
	if (rv == 0 && n >= REQUESTS_WAITING)
		rv = err_set(e, ERR_LIMIT, "%zu requests wait to be carried out already; no more are taken until some are done", n);
	return (rv);
}

int
request_put(const char *state_dir, struct asking *a, struct err *e)
{
	char	 path[PATH_MAX], *text;
	int	 rv;

	if (a->kind == REQUEST_UPLOAD)
		return (err_set(e, ERR_BUG, "an upload is asked for with its file"));
	if (a->kind == REQUEST_DECIDE && (a->n == 0 || a->n > DECISIONS_MAX))
		return (err_set(e, ERR_LIMIT, "1 to %d decisions can be taken at once", DECISIONS_MAX));
	if (folder(state_dir, path, e) == -1 || (rv = room(state_dir, a, e)) == -1)
		return (-1);
	if (rv == 1)
		return (0);
	if (a->token == 0 && draw(&a->token, e) == -1)
		return (-1);
	if ((text = contents(a)) == NULL)
		return (err_set(e, ERR_INPUT, "a text of the request is not UTF-8"));
	rv = strlen(text) > FILE_BYTES ? err_set(e, ERR_LIMIT, "the texts of the request are too long") : write_down(path, text, a, e);
	free(text);
	return (rv);
}

/* --- Files ----------------------------------------------------------------------------- */

int
request_folder(const char *state_dir, struct err *e)
{
	char	 path[PATH_MAX];
	int	 fd;

	if (folder(state_dir, path, e) == -1)
		return (-1);
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	return (fd);
}

int64_t
request_time(const struct asking *a)
{
	int64_t	 v;

	return (strlen(a->name) > NANO_DIGITS && str_i64((struct str){ a->name, NANO_DIGITS - 9 }, &v) ? v : 0);
}

/* Too many, or too much: people look at what became of the first ones before. */
static int
room_for(const char *state_dir, int dir, uint64_t bytes, struct err *e)
{
	struct asking	*list;
	struct stat	 st;
	size_t		 n;
	int		 rv = 0;

	if (request_list(state_dir, &list, &n, NAMES_MAX, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++)
		if (list[i].kind == REQUEST_UPLOAD && fstatat(dir, list[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			bytes += (uint64_t)st.st_size;
	free(list);
	if (n >= REQUESTS_WAITING || bytes > UPLOADS_BYTES)
		rv = err_set(e, ERR_LIMIT, "too much that was uploaded or asked for waits already; try again when it has been read");
	return (rv);
}

static int
copy_bytes(int to, int from, uint64_t offset, uint64_t bytes)
{
	char	 data[65536];
	ssize_t	 n;

	for (; bytes > 0; offset += (uint64_t)n, bytes -= (uint64_t)n) {
		n = pread(from, data, bytes < sizeof(data) ? (size_t)bytes : sizeof(data), (off_t)offset);
		if (n <= 0 || io_write_full(to, data, (size_t)n) == -1)
			return (-1);
	}
	return (0);
}

int
request_upload(const char *state_dir, int fd, uint64_t offset, uint64_t bytes, int64_t *token, struct err *e)
{
	char		 temp[64], name[64];
	struct timespec	 now;
	int		 dir, out = -1, rv = -1;

	if (draw(token, e) == -1 || (dir = request_folder(state_dir, e)) == -1)
		return (-1);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(temp, sizeof(temp), ".%" PRId64 ".part", *token);
	(void)snprintf(name, sizeof(name), "%010lld%09ld-%" PRId64 ".%s", (long long)now.tv_sec, now.tv_nsec, *token,
	    request_words[REQUEST_UPLOAD]);
	if (room_for(state_dir, dir, bytes, e) == 0) {
		out = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (out == -1 || copy_bytes(out, fd, offset, bytes) == -1 || fsync(out) == -1 || renameat(dir, temp, dir, name) == -1 ||
		    fsync(dir) == -1) {
			err_set(e, ERR_TEMP, "%s/requests: %s", state_dir, strerror(errno));
			(void)unlinkat(dir, temp, 0);
		} else
			rv = 0;
	}
	if (out != -1)
		(void)close(out);
	(void)close(dir);
	return (rv);
}

/* --- Reading ------------------------------------------------------------------------- */

static struct str
text_of(const json_t *j, const char *key)
{
	const json_t	*v = json_object_get(j, key);

	return (json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) } : STR_NONE);
}

static bool
decision_read(const json_t *v, struct store_decision *d)
{
	struct str	 class = text_of(v, "class");
	const json_t	*seen = json_object_get(v, "seen");

	*d = (struct store_decision){ .sender = json_integer_value(json_object_get(v, "sender")), .domain = text_of(v, "domain"),
	    .class = class.p == NULL ? -1 : sender_class_parse(class), .note = text_of(v, "note"),
	    .seen = json_is_integer(seen) ? json_integer_value(seen) : DECISION_ANY };
	return (d->sender > 0 && (class.p == NULL ? json_is_null(json_object_get(v, "class")) : d->class != -1));
}

static bool
decisions_read(const json_t *list, struct asking *a)
{
	size_t	 n = json_array_size(list), i;
	json_t	*v;

	if (n == 0 || n > DECISIONS_MAX || (a->decisions = calloc(n, sizeof(*a->decisions))) == NULL)
		return (false);
	a->n = n;
	json_array_foreach(list, i, v)
		if (!decision_read(v, &a->decisions[i]))
			return (false);
	return (true);
}

static bool
understand(struct asking *a)
{
	struct str	 who = text_of(a->json, "who");
	const json_t	*at = json_object_get(a->json, "at");

	if (who.p == NULL || who.len > REQUEST_WHO || memchr(who.p, '\0', who.len) != NULL || !json_is_integer(at))
		return (false);
	memcpy(a->who, who.p, who.len);
	a->who[who.len] = '\0';
	a->at = json_integer_value(at);
	if (a->kind == REQUEST_DECIDE)
		return (decisions_read(json_object_get(a->json, "decisions"), a));
	if (a->kind == REQUEST_TODO)
		return (request_todo_read(json_object_get(a->json, "todo"), &a->todo));
	if (a->kind == REQUEST_PEOPLE)
		return (request_people_read(json_object_get(a->json, "people"), &a->people));
	if (a->kind == REQUEST_MUTE)
		return (request_mute_read(json_object_get(a->json, "mute"), &a->mute));
	return (str_i64(text_of(a->json, "item"), &a->item) && a->item > 0);
}

static int
open_file(const char *path, struct stat *st, struct err *e)
{
	int	 fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1)
		return (err_set(e, errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO ? ERR_TEMP : ERR_INPUT, "%s: %s", path,
		    strerror(errno)));
	if (fstat(fd, st) == -1 || !S_ISREG(st->st_mode) || (uint64_t)st->st_size > FILE_BYTES) {
		(void)close(fd);
		return (err_set(e, ERR_INPUT, "%s: no file of ours, or too large", path));
	}
	return (fd);
}

int
request_read(const char *state_dir, struct asking *a, struct err *e)
{
	char		 path[PATH_MAX], *text;
	struct stat	 st;
	ssize_t		 got;
	size_t		 n;
	int		 fd;

	if (folder(state_dir, path, e) == -1)
		return (-1);
	n = strlen(path);
	(void)snprintf(path + n, sizeof(path) - n, "/%s", a->name);
	if ((fd = open_file(path, &st, e)) == -1)
		return (-1);
	text = malloc((size_t)st.st_size + 1);
	got = text == NULL ? -1 : io_read_full(fd, text, (size_t)st.st_size);
	(void)close(fd);
	if (got >= 0)
		a->json = json_loadb(text, (size_t)got, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	if (got == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", path, "cannot be read"));
	return (a->json != NULL && understand(a) ? 0 : err_set(e, ERR_INPUT, "what stands in requests/%s is no request", a->name));
}

void
request_clear(struct asking *a)
{
	free(a->decisions);
	auth_change_clear(&a->people);
	json_decref(a->json);
	a->decisions = NULL;
	a->json = NULL;
	a->n = 0;
}

int
request_remove(const char *state_dir, const struct asking *a, struct err *e)
{
	char	 path[PATH_MAX];
	size_t	 n;

	if (folder(state_dir, path, e) == -1)
		return (-1);
	n = strlen(path);
	(void)snprintf(path + n, sizeof(path) - n, "/%s", a->name);
	return (unlink(path) == 0 || errno == ENOENT ? 0 : err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
}
