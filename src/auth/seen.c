/*
 * seen.c - when each token was used last. Written by the http process, at most
 * once a minute; read by the commands.
 */
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/io.h"

#define FILE_BYTES (1u << 20)
#define LAZY_SECONDS 60

struct one { char id[13]; int64_t at; };

struct auth_seen {
	pthread_mutex_t	 lock;
	char		 path[PATH_MAX];
	struct one	 v[AUTH_USERS_MAX];
	size_t		 n, next;	/* next: whose place is taken when all are */
	bool		 changed;
	int64_t		 saved;
};

static struct one *
find(struct auth_seen *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].id, id) == 0)
			return (&s->v[i]);
	return (NULL);
}

static void
set(struct auth_seen *s, const char *id, int64_t at)
{
	struct one	*x = find(s, id);

	if (x == NULL && s->n < AUTH_USERS_MAX)
		x = &s->v[s->n++];
	else if (x == NULL)
		x = &s->v[s->next++ % AUTH_USERS_MAX];
	(void)snprintf(x->id, sizeof(x->id), "%s", id);
	x->at = at;
}

struct auth_seen *
auth_seen_open(const char *state_dir, struct err *e)
{
	struct auth_seen	*s = calloc(1, sizeof(*s));
	struct buf		 text = { 0 };
	char			*p, *next, *blank;
	int64_t			 at;

	if (s == NULL || snprintf(s->path, sizeof(s->path), "%s/" AUTH_DIR "/seen", state_dir) >= (int)sizeof(s->path)) {
		free(s);
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	(void)pthread_mutex_init(&s->lock, NULL);
	if (access(s->path, R_OK) == 0 && io_read_file(s->path, FILE_BYTES, &text, e) == 0 && buf_byte(&text, '\0'))
		for (p = text.p; *p != '\0'; p = next) {
			if ((next = strchr(p, '\n')) == NULL)
				break;
			*next++ = '\0';
			if ((blank = strchr(p, ' ')) == NULL || blank - p != 12 || !str_i64(str_of(blank + 1), &at))
				continue;
			*blank = '\0';
			set(s, p, at);
		}
	buf_free(&text);
	return (s);
}

void
auth_seen_close(struct auth_seen *s)
{
	if (s == NULL)
		return;
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

void
auth_seen_mark(struct auth_seen *s, const char *id, int64_t now)
{
	struct one	*x;

	(void)pthread_mutex_lock(&s->lock);
	if ((x = find(s, id)) == NULL || x->at != now) {
		set(s, id, now);
		s->changed = true;
	}
	(void)pthread_mutex_unlock(&s->lock);
}

int64_t
auth_seen_at(struct auth_seen *s, const char *id)
{
	struct one	*x;
	int64_t		 at;

	(void)pthread_mutex_lock(&s->lock);
	x = find(s, id);
	at = x == NULL ? 0 : x->at;
	(void)pthread_mutex_unlock(&s->lock);
	return (at);
}

int
auth_seen_save(struct auth_seen *s, int64_t now, bool at_once, struct err *e)
{
	struct buf	 b = { 0 };
	int		 rv = 0;

	(void)pthread_mutex_lock(&s->lock);
	if (s->changed && (at_once || now - s->saved >= LAZY_SECONDS)) {
		for (const struct one *x = s->v; x < s->v + s->n; x++)
			(void)buf_printf(&b, "%s %" PRId64 "\n", x->id, x->at);
		rv = b.failed ? err_set(e, ERR_TEMP, "out of memory") : io_replace_file(s->path, b.p, b.len, 0600, e);
		s->changed = rv != 0;
		s->saved = now;
	}
	(void)pthread_mutex_unlock(&s->lock);
	buf_free(&b);
	return (rv);
}
