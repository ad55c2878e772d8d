/*
 * outflow.c - an answer that is made while it is sent: nobody holds all of it.
 *
 * A worker makes pieces and waits while the client has enough of them; the
 * event loop takes them and, when there are none, puts the connection to sleep
 * until the worker wakes it. Both hold it; whoever lets go last frees it.
 */
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "base/when.h"
#include "http/http.h"

#define AHEAD	((size_t)256 << 10)	/* bytes that wait for the client, before the worker does */
#define STOP_MS	200			/* how often a waiting worker looks whether it is the end of the daemon */

struct outflow {
	pthread_mutex_t		 lock;
	pthread_cond_t		 taken;
	struct buf		 b;
	size_t			 at;		/* taken so far */
	struct MHD_Connection	*mhd;
	bool			 asleep;	/* it waits for more */
	struct conn		*conn;
	unsigned		 holders;
	bool			 ended, failed, gone;	/* gone: the client */
	int			(*make)(void *, struct buf *, struct err *);
	void			(*done)(void *);
	void			*ctx;
};

static atomic_bool	stopped;

void
outflow_stop(void)
{
	atomic_store(&stopped, true);
}

struct outflow *
outflow_new(int (*make)(void *, struct buf *, struct err *), void (*done)(void *), void *ctx)
{
	struct outflow		*s = calloc(1, sizeof(*s));
	pthread_condattr_t	 attr;

	if (s == NULL)
		return (NULL);
	s->make = make;
	s->done = done;
	s->ctx = ctx;
	s->holders = 2;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->taken, &attr);
	(void)pthread_condattr_destroy(&attr);
	return (s);
}

static void
let_go(struct outflow *s)
{
	unsigned	 left;

	(void)pthread_mutex_lock(&s->lock);
	left = --s->holders;
	(void)pthread_mutex_unlock(&s->lock);
	if (left > 0)
		return;
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_cond_destroy(&s->taken);
	buf_free(&s->b);
	free(s);
}

/* --- The worker's side --------------------------------------------------------------- */

static void
wake(struct outflow *s)
{
	if (s->asleep)
		MHD_resume_connection(s->mhd);
	s->asleep = false;
}

/* With the lock. False: nobody wants more. */
static bool
wait_for_room(struct outflow *s)
{
	struct timespec	 until;
	int64_t		 ms;

	while (!s->gone && s->b.len - s->at >= AHEAD) {
		ms = when_mono_ms() + STOP_MS;
		until = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
		(void)pthread_cond_timedwait(&s->taken, &s->lock, &until);
		if (atomic_load(&stopped))
			return (false);
	}
	return (!s->gone && !atomic_load(&stopped));
}

static int
add(struct outflow *s, const struct buf *piece)
{
	buf_drop(&s->b, s->at);
	s->at = 0;
	if (piece->failed || !buf_str(&s->b, buf_as_str(piece)))
		return (-1);
	wake(s);
	return (0);
}

void
outflow_run(struct outflow *s)
{
	struct buf	 piece = { 0 };
	struct err	 e = { 0 };
	int		 rc = 1;

	(void)pthread_mutex_lock(&s->lock);
	while (rc == 1 && wait_for_room(s)) {
		(void)pthread_mutex_unlock(&s->lock);
		buf_clear(&piece);
		if ((rc = s->make(s->ctx, &piece, &e)) == -1)
			log_warn("an export ended before its time: %s", e.msg);
		(void)pthread_mutex_lock(&s->lock);
		if (rc != -1 && add(s, &piece) == -1)
			rc = -1;
	}
	s->ended = rc == 0;
	s->failed = rc != 0;
	wake(s);
	(void)pthread_mutex_unlock(&s->lock);
	buf_free(&piece);
	s->done(s->ctx);
	let_go(s);
}

/* --- The event loop's side -------------------------------------------------------------- */

static ssize_t
take(void *arg, uint64_t pos, char *out, size_t max)
{
	struct outflow	*s = arg;
	size_t		 n;
	ssize_t		 rv;

	(void)pos;
	(void)pthread_mutex_lock(&s->lock);
	if ((n = s->b.len - s->at) > 0) {
		n = n < max ? n : max;
		memcpy(out, s->b.p + s->at, n);
		s->at += n;
		(void)pthread_cond_signal(&s->taken);
		server_goes_on(s->conn);
		rv = (ssize_t)n;
	} else if (s->failed)
		rv = MHD_CONTENT_READER_END_WITH_ERROR;
	else if (s->ended)
		rv = MHD_CONTENT_READER_END_OF_STREAM;
	else {
		MHD_suspend_connection(s->mhd);
		s->asleep = true;
		rv = 0;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return (rv);
}

/* The response goes: all was sent, or the client is no more. */
static void
over(void *arg)
{
	struct outflow	*s = arg;

	(void)pthread_mutex_lock(&s->lock);
	s->gone = true;
	s->asleep = false;
	(void)pthread_cond_signal(&s->taken);
	(void)pthread_mutex_unlock(&s->lock);
	let_go(s);
}

struct MHD_Response *
outflow_response(struct outflow *s, struct MHD_Connection *mhd, struct conn *conn)
{
	s->mhd = mhd;
	s->conn = conn;
	return (MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, (size_t)64 << 10, take, s, over));
}

void
outflow_drop(struct outflow *s)
{
	if (s != NULL)
		over(s);
}
