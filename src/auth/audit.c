/*
 * audit.c - what was done, by whom, from where: STATE/http/audit, a line each,
 * parted by tabs: time, event, who, from, what. Lines are only ever appended;
 * a file that has grown is kept as audit.1, and the one before it goes.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"

#define GROWN (2u << 20)
#define READ_BYTES (4u << 20)

const char *const	 auth_event_names[AUTH_EVENTS] = {
	"login", "login_failed", "login_braked", "logout", "session_refused", "token_refused", "reveal", "retry", "discard", "decision", "upload",
	"user_added", "user_password", "user_role", "user_removed", "token_added", "token_revoked", "task", "watch",
	"check_failed", "alert_muted", "alert_unmuted",
};

static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;

static int
path_of(const char *state_dir, const char *name, char path[PATH_MAX], struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s/" AUTH_DIR "%s%s", state_dir, name[0] == '\0' ? "" : "/", name) >= PATH_MAX)
		return (err_set(e, ERR_CONFIG, "%s: the path is too long", state_dir));
	return (0);
}

static int
append(const char *state_dir, const struct buf *b, struct err *e)
{
	char		 path[PATH_MAX], old[PATH_MAX];
	struct stat	 st;
	int		 fd, rv = 0;

	if (path_of(state_dir, "", path, e) == -1 || io_mkdir_p(path, 0700, e) == -1)
		return (-1);
	auth_give(state_dir, path);
	if (path_of(state_dir, "audit", path, e) == -1 || path_of(state_dir, "audit.1", old, e) == -1)
		return (-1);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	auth_give(state_dir, path);
	/* one write: two processes do not mix their lines */
	if (io_write_full(fd, b->p, b->len) == -1)
		rv = err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno));
	if (rv == 0 && fstat(fd, &st) == 0 && st.st_size > (off_t)GROWN)
		(void)rename(path, old);
	(void)close(fd);
	return (rv);
}

/* No tab, no end of a line: esc_text sees to it. */
static void
put(struct buf *b, const char *text)
{
	(void)buf_byte(b, '\t');
	(void)esc_text(b, str_of(text));
}

int
auth_audit(const char *state_dir, const struct auth_entry *x, struct err *e)
{
	struct buf	 b = { 0 };
	int		 rv;

	(void)buf_printf(&b, "%" PRId64 "\t%s", x->time != 0 ? x->time : when_now(), auth_event_names[x->event]);
	put(&b, x->who);
	put(&b, x->from);
	put(&b, x->what);
	(void)buf_byte(&b, '\n');
	(void)pthread_mutex_lock(&lock);
	rv = b.failed ? err_set(e, ERR_TEMP, "out of memory") : append(state_dir, &b, e);
	(void)pthread_mutex_unlock(&lock);
	buf_free(&b);
	return (rv);
}

/* --- Reading ----------------------------------------------------------------------- */

static void
take_text(char *out, size_t size, const char *from, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(out, from, n);
	out[n] = '\0';
}

static bool
take_line(struct str line, struct auth_entry *out)
{
	struct str	 f[5] = { { NULL, 0 } };
	const char	*tab;
	size_t		 n = 0;

	for (;;) {
		tab = line.len == 0 ? NULL : memchr(line.p, '\t', line.len);
		f[n++] = (struct str){ line.p, tab == NULL ? line.len : (size_t)(tab - line.p) };
		if (tab == NULL || n == nitems(f))
			break;
		line = (struct str){ tab + 1, line.len - (size_t)(tab + 1 - line.p) };
	}
	memset(out, 0, sizeof(*out));
	if (n != nitems(f) || !str_i64(f[0], &out->time))
		return (false);
	for (out->event = 0; out->event < AUTH_EVENTS; out->event++)
		if (str_eq(f[1], str_of(auth_event_names[out->event])))
			break;
	if (out->event == AUTH_EVENTS)
		return (false);
	take_text(out->who, sizeof(out->who), f[2].p, f[2].len);
	take_text(out->from, sizeof(out->from), f[3].p, f[3].len);
	take_text(out->what, sizeof(out->what), f[4].p, f[4].len);
	return (true);
}

/* From the end of the file backwards. */
static void
take_file(const char *path, size_t max, struct auth_entry *out, size_t *n)
{
	struct buf	 b = { 0 };
	struct err	 e = { 0 };
	const char	*end, *p;

	if (access(path, R_OK) == 0 && io_read_file(path, READ_BYTES, &b, &e) == 0 && b.len > 0) {
		end = b.p + b.len;
		if (end[-1] == '\n')
			end--;
		for (; *n < max && end > b.p; end = p) {
			for (p = end; p > b.p && p[-1] != '\n'; p--)
				;
			if (take_line((struct str){ p, (size_t)(end - p) }, &out[*n]))
				(*n)++;
			if (p > b.p)
				p--;
			else
				break;
		}
	}
	buf_free(&b);
}

int
auth_audit_read(const char *state_dir, size_t max, struct auth_entry **out, size_t *n, struct err *e)
{
	static const char *const	 names[] = { "audit", "audit.1" };
	char				 path[PATH_MAX];

	*n = 0;
	if ((*out = calloc(max + 1, sizeof(**out))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (size_t i = 0; i < nitems(names) && *n < max; i++)
		if (path_of(state_dir, names[i], path, e) == 0)
			take_file(path, max, *out, n);
	return (0);
}
