/*
 * session.c - who has signed in. In memory, and in a file that only the http
 * process writes, so that a restart signs nobody out.
 *
 * A session is known by a secret that its browser has; we have the hash. A
 * signed cookie would need no table, but could not be ended before its time.
 */
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/io.h"

#define SESSIONS_MAX	4096
#define OF_ONE_USER	32		/* the one that was used least lately makes room */
#define FILE_BYTES	(2u << 20)
#define LAZY_SECONDS	60		/* times of use alone are not worth a write each */

struct session {
	char		 hash[AUTH_SECRET_TEXT];
	struct auth_session s;
};

struct auth_sessions {
	pthread_mutex_t	 lock;
	char		 path[PATH_MAX];
	int64_t		 idle, longest, saved;
	struct session	*v;
	size_t		 n;
	bool		 changed, used;		/* since it was written */
};

static bool
over(const struct auth_sessions *t, const struct auth_session *s, int64_t now)
{
	return (now - s->used > t->idle || now - s->made > t->longest || s->made > now + t->idle);
}

static void
drop(struct auth_sessions *t, size_t i)
{
	t->v[i] = t->v[--t->n];
	t->changed = true;
}

static struct session *
find(struct auth_sessions *t, const char *hash)
{
	for (size_t i = 0; i < t->n; i++)
		if (auth_same(t->v[i].hash, hash))
			return (&t->v[i]);
	return (NULL);
}

/* --- The file -------------------------------------------------------------------- */

/* "HASH USER STAMP MADE USED" */
static bool
take_line(struct auth_sessions *t, char *line)
{
	struct session	 x = { .hash = "" };
	char		*f[5], *p = line;
	size_t		 n = 0;

	for (; p != NULL && n < nitems(f); n++) {
		f[n] = p;
		if ((p = strchr(p, ' ')) != NULL)
			*p++ = '\0';
	}
	if (p != NULL || n != nitems(f) || strlen(f[0]) != AUTH_SECRET_TEXT - 1 || strspn(f[0], "0123456789abcdef") != AUTH_SECRET_TEXT - 1 ||
	    !auth_name_ok(f[1]) || strlen(f[2]) != sizeof(x.s.stamp) - 1 || !str_i64(str_of(f[3]), &x.s.made) || !str_i64(str_of(f[4]), &x.s.used))
		return (false);
	memcpy(x.hash, f[0], sizeof(x.hash));
	(void)snprintf(x.s.user, sizeof(x.s.user), "%s", f[1]);
	memcpy(x.s.stamp, f[2], sizeof(x.s.stamp));
	if (t->n < SESSIONS_MAX)
		t->v[t->n++] = x;
	return (true);
}

struct auth_sessions *
auth_sessions_open(const char *path, int64_t idle, int64_t longest, struct err *e)
{
	struct auth_sessions	*t = calloc(1, sizeof(*t));
	struct buf		 text = { 0 };
	char			*p, *next;

	if (t == NULL || (t->v = calloc(SESSIONS_MAX, sizeof(*t->v))) == NULL ||
	    snprintf(t->path, sizeof(t->path), "%s", path) >= (int)sizeof(t->path)) {
		if (t != NULL)
			free(t->v);
		free(t);
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	(void)pthread_mutex_init(&t->lock, NULL);
	t->idle = idle;
	t->longest = longest;
	/* what cannot be read signs people out, which is no fault to stop for */
	if (access(path, R_OK) == 0 && io_read_file(path, FILE_BYTES, &text, e) == 0 && buf_byte(&text, '\0'))
		for (p = text.p; *p != '\0'; p = next) {
			if ((next = strchr(p, '\n')) == NULL)
				break;
			*next++ = '\0';
			(void)take_line(t, p);
		}
	buf_free(&text);
	return (t);
}

void
auth_sessions_close(struct auth_sessions *t)
{
	if (t == NULL)
		return;
	(void)pthread_mutex_destroy(&t->lock);
	free(t->v);
	free(t);
}

int
auth_sessions_save(struct auth_sessions *t, int64_t now, struct err *e)
{
	struct buf	 b = { 0 };
	int		 rv = 0;

	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n;)
		if (over(t, &t->v[i].s, now))
			drop(t, i);
		else
			i++;
	if (t->changed || (t->used && now - t->saved >= LAZY_SECONDS)) {
		for (const struct session *x = t->v; x < t->v + t->n; x++)
			(void)buf_printf(&b, "%s %s %s %" PRId64 " %" PRId64 "\n", x->hash, x->s.user, x->s.stamp, x->s.made, x->s.used);
		rv = b.failed ? err_set(e, ERR_TEMP, "out of memory") : io_replace_file(t->path, b.p == NULL ? "" : b.p, b.len, 0600, e);
		if (rv == 0)
			t->changed = t->used = false;
		t->saved = now;
	}
	(void)pthread_mutex_unlock(&t->lock);
	buf_free(&b);
	return (rv);
}

/* --- Sessions ---------------------------------------------------------------------- */

/* The least lately used, of this user when he has too many. */
static void
make_room(struct auth_sessions *t, const char *user, int64_t now)
{
	size_t	 mine = 0, oldest = 0, oldest_mine = 0;

	for (size_t i = 0; i < t->n;)
		if (over(t, &t->v[i].s, now))
			drop(t, i);
		else
			i++;
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].s.used < t->v[oldest].s.used)
			oldest = i;
		if (strcmp(t->v[i].s.user, user) != 0)
			continue;
		if (mine++ == 0 || t->v[i].s.used < t->v[oldest_mine].s.used)
			oldest_mine = i;
	}
	if (mine >= OF_ONE_USER)
		drop(t, oldest_mine);
	else if (t->n == SESSIONS_MAX)
		drop(t, oldest);
}

int
auth_session_begin(struct auth_sessions *t, const char *user, const char *stamp, int64_t now, char secret[AUTH_SECRET_TEXT], struct err *e)
{
	struct session	*x;

	if (auth_secret(secret, e) == -1)
		return (-1);
	(void)pthread_mutex_lock(&t->lock);
	make_room(t, user, now);
	x = &t->v[t->n++];
	memset(x, 0, sizeof(*x));
	auth_digest(x->hash, str_of(secret));
	(void)snprintf(x->s.user, sizeof(x->s.user), "%s", user);
	(void)snprintf(x->s.stamp, sizeof(x->s.stamp), "%s", stamp);
	x->s.made = x->s.used = now;
	t->changed = true;
	(void)pthread_mutex_unlock(&t->lock);
	return (0);
}

bool
auth_session_find(struct auth_sessions *t, struct str secret, int64_t now, struct auth_session *out)
{
	struct session	*x;
	char		 hash[AUTH_SECRET_TEXT];

	auth_digest(hash, secret);
	(void)pthread_mutex_lock(&t->lock);
	if ((x = find(t, hash)) != NULL && over(t, &x->s, now)) {
		drop(t, (size_t)(x - t->v));
		x = NULL;
	}
	if (x != NULL) {
		if (x->s.used != now) {
			x->s.used = now;
			t->used = true;
		}
		*out = x->s;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return (x != NULL);
}

bool
auth_session_end(struct auth_sessions *t, struct str secret)
{
	struct session	*x;
	char		 hash[AUTH_SECRET_TEXT];

	auth_digest(hash, secret);
	(void)pthread_mutex_lock(&t->lock);
	if ((x = find(t, hash)) != NULL)
		drop(t, (size_t)(x - t->v));
	(void)pthread_mutex_unlock(&t->lock);
	return (x != NULL);
}

size_t
auth_sessions_of(struct auth_sessions *t, const char *user, const char *stamp, int64_t now)
{
	size_t	 n = 0;

	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n; i++)
		n += strcmp(t->v[i].s.user, user) == 0 && strcmp(t->v[i].s.stamp, stamp) == 0 && !over(t, &t->v[i].s, now);
	(void)pthread_mutex_unlock(&t->lock);
	return (n);
}
