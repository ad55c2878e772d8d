/*
 * decide.c - see decide.h.
 */
#include <sys/random.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "process/decide.h"

#define FILES		500	/* at a time */
#define FILE_BYTES	((size_t)512 * 1024)

/* --- Asking ---------------------------------------------------------------------- */

static int
draw(int64_t *out, struct err *e)
{
	uint64_t	 v;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		return (err_set(e, ERR_TEMP, "no random number: %s", strerror(errno)));
	/* above the ids that the store gives, and sound in JSON as a text */
	*out = (int64_t)((v & (uint64_t)INT64_MAX) | UINT64_C(1) << 60);
	return (0);
}

/* Written under another name first: the ingester never sees half a file. */
static int
put(const char *state_dir, json_t *j, struct err *e)
{
	char	 temp[PATH_MAX], path[PATH_MAX], *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
	int64_t	 name;
	int	 fd, rv = -1;

	json_decref(j);
	if (text == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (strlen(text) > FILE_BYTES)
		(void)err_set(e, ERR_CONFIG, "too many decisions at once");
	else if (draw(&name, e) == -1)
		;
	else if (snprintf(temp, sizeof(temp), "%s/requests/%" PRId64 ".part", state_dir, name) >= (int)sizeof(temp) ||
	    snprintf(path, sizeof(path), "%s/requests/%" PRId64 ".decide", state_dir, name) >= (int)sizeof(path))
		(void)err_set(e, ERR_CONFIG, "%s: the path is too long", state_dir);
	else if ((fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		(void)err_set(e, ERR_TEMP, "%s: %s", temp, strerror(errno));
	else {
		rv = io_write_full(fd, text, strlen(text)) == -1 || fsync(fd) == -1 ? -1 : 0;
		(void)close(fd);
		if (rv == -1 || rename(temp, path) == -1) {
			rv = err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
			(void)unlink(temp);
		}
	}
	free(text);
	return (rv);
}

static json_t *
text_or_null(struct str s)
{
	return (s.p == NULL ? json_null() : json_stringn(s.p, s.len));
}

int
decide_put(const char *state_dir, const struct store_decision *d, size_t n, const char *who, int64_t now, int64_t *undo, struct err *e)
{
	json_t	*list = json_array(), *j;
	char	 token[32];

	if (n == 0 || n > DECISIONS_MAX) {
		json_decref(list);
		return (err_set(e, ERR_CONFIG, "1 to %d decisions can be taken at once", DECISIONS_MAX));
	}
	if (draw(undo, e) == -1) {
		json_decref(list);
		return (-1);
	}
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list, json_pack("{s:I, s:o, s:i, s:o}", "sender", (json_int_t)d[i].sender, "domain",
		    text_or_null(d[i].domain), "class", d[i].class, "note", text_or_null(d[i].note))) == -1) {
			json_decref(list);
			return (err_set(e, ERR_INPUT, "a text of the decision is not UTF-8"));
		}
	(void)snprintf(token, sizeof(token), "%" PRId64, *undo);
	j = json_pack("{s:s, s:s, s:I, s:o}", "token", token, "who", who, "at", (json_int_t)now, "decisions", list);
	return (put(state_dir, j, e));
}

int
decide_put_undo(const char *state_dir, int64_t undo, struct err *e)
{
	char	 token[32];

	(void)snprintf(token, sizeof(token), "%" PRId64, undo);
	return (put(state_dir, json_pack("{s:s}", "undo", token), e));
}

/* --- Carrying out ------------------------------------------------------------------ */

static bool
token_of(const json_t *j, const char *key, int64_t *out)
{
	const char	*text = json_string_value(json_object_get(j, key));

	return (text != NULL && str_i64(str_of(text), out) && *out > 0);
}

static struct str
text_of(const json_t *j, const char *key)
{
	const json_t	*v = json_object_get(j, key);

	return (json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) } : STR_NONE);
}

static int
decisions(struct store *s, const json_t *j, int64_t token, struct err *e)
{
	const json_t		*list = json_object_get(j, "decisions"), *v;
	const char		*who = json_string_value(json_object_get(j, "who"));
	struct store_decision	*d;
	size_t			 n = json_array_size(list), i;
	int			 rv;

	if (n == 0 || n > DECISIONS_MAX || who == NULL || strlen(who) > 100 || !json_is_integer(json_object_get(j, "at")))
		return (err_set(e, ERR_INPUT, "it lacks what a decision has"));
	if ((d = calloc(n, sizeof(*d))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	json_array_foreach(list, i, v) {
		json_int_t	 class = json_integer_value(json_object_get(v, "class"));

		d[i] = (struct store_decision){ json_integer_value(json_object_get(v, "sender")), text_of(v, "domain"),
		    class < -1 || class >= CLASS_COUNT ? CLASS_COUNT : (int)class, text_of(v, "note") };
	}
	rv = store_decide(s, d, n, who, json_integer_value(json_object_get(j, "at")), &token, e);
	free(d);
	return (rv);
}

static int
carry_out(struct store *s, const char *path, struct err *e)
{
	struct buf	 b = { 0 };
	json_t		*j;
	int64_t		 token;
	unsigned	 n;
	int		 rv;

	if (io_read_file(path, FILE_BYTES, &b, e) == -1) {
		buf_free(&b);
		return (-1);
	}
	j = json_loadb(b.p == NULL ? "" : b.p, b.len, JSON_REJECT_DUPLICATES, NULL);
	if (token_of(j, "undo", &token))
		rv = store_decision_undo(s, token, when_now(), &n, e);
	else if (token_of(j, "token", &token))
		rv = decisions(s, j, token, e);
	else
		rv = err_set(e, ERR_INPUT, "it is no decision");
	json_decref(j);
	buf_free(&b);
	return (rv);
}

struct asked {
	char	 name[64];
	int64_t	 at, nanos;
};

static int
by_time(const void *a, const void *b)
{
	const struct asked	*x = a, *y = b;

	if (x->at != y->at)
		return (x->at < y->at ? -1 : 1);
	return (x->nanos < y->nanos ? -1 : x->nanos > y->nanos);
}

static bool
is_ours(const char *name)
{
	size_t	 n = strspn(name, "0123456789");

	return (n > 0 && n < 20 && strcmp(name + n, ".decide") == 0);
}

static int
list(const char *folder, struct asked **out, size_t *n, struct err *e)
{
	struct dirent	*d;
	struct stat	 st;
	DIR		*dir = opendir(folder);

	*out = NULL;
	*n = 0;
	if (dir == NULL)
		return (errno == ENOENT ? 0 : err_set(e, ERR_TEMP, "%s: %s", folder, strerror(errno)));
	if ((*out = calloc(FILES, sizeof(**out))) == NULL) {
		(void)closedir(dir);
		return (err_set(e, ERR_TEMP, "out of memory"));
	}
	while (*n < FILES && (d = readdir(dir)) != NULL)
		if (is_ours(d->d_name) && fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
			(void)snprintf((*out)[*n].name, sizeof((*out)[*n].name), "%.40s", d->d_name);
			(*out)[*n].at = st.st_mtim.tv_sec;
			(*out)[(*n)++].nanos = st.st_mtim.tv_nsec;
		}
	(void)closedir(dir);
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), by_time);
	return (0);
}

int
decide_run(const char *state_dir, struct store *s, struct err *e)
{
	char		 folder[PATH_MAX], path[PATH_MAX + 64];
	struct asked	*asked;
	struct err	 why;
	size_t		 n;
	int		 rv = 0;

	if (snprintf(folder, sizeof(folder), "%s/requests", state_dir) >= (int)sizeof(folder))
		return (err_set(e, ERR_CONFIG, "%s: the path is too long", state_dir));
	if (list(folder, &asked, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && rv == 0; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, asked[i].name);
		why = (struct err){ 0 };
		if (carry_out(s, path, &why) == -1) {
			if (why.code == ERR_TEMP || why.code == ERR_BUG) {	/* it stays asked for */
				*e = why;
				rv = -1;
				break;
			}
			log_warn("a decision about senders that was asked for cannot be carried out: %s", why.msg);
		}
		if (unlink(path) == -1 && errno != ENOENT)
			rv = err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
	}
	free(asked);
	return (rv == -1 ? -1 : (int)n);
}
