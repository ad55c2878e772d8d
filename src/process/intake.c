/*
 * intake.c - see intake.h.
 *
 * Two threads: the look fills files and hands over batches; the writer makes
 * durable all batches that wait, in one go, and the state after them. The
 * state may lag behind (at most a second): after a crash a few messages come
 * again, which the store does not count twice; none is missed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "process/intake.h"

#define STATE_MS	1000	/* between two writings of the state while batches keep coming */

struct files { struct spool_file **v; size_t n, cap; };

struct intake {
	struct spool		*spool;
	const char		*origin, *state_path;
	struct intake_count	*count;
	const atomic_bool	*stop;

	struct spool_file	*file;		/* the look's own, no lock: a batch goes into one file */

	pthread_t		 writer;
	pthread_mutex_t		 lock;		/* for all below */
	pthread_cond_t		 work, progress;
	struct files		 waiting;
	uint64_t		 handed, durable;
	struct buf		 state;
	bool			 state_new, ending, failed;
	int64_t			 state_ms;
	struct err		 err;
};

static bool
files_add(struct files *f, struct spool_file *file)
{
	struct spool_file	**more;

	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 128 : f->cap * 2;
		if ((more = realloc(f->v, f->cap * sizeof(*more))) == NULL)
			return (false);
		f->v = more;
	}
	f->v[f->n++] = file;
	return (true);
}

static void
files_drop(struct files *f)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		spool_abort(f->v[i]);
	free(f->v);
	*f = (struct files){ 0 };
}

/* --- The writer ----------------------------------------------------------- */

static void
fail(struct intake *in, const struct err *e)
{
	if (!in->failed)
		in->err = *e;
	in->failed = true;
	in->state_new = false;
}

/* Called and left with the lock held. */
static void
write_batches(struct intake *in)
{
	struct files	 mine = in->waiting;
	uint64_t	 upto = in->handed;
	bool		 failed = in->failed;
	struct err	 e = { 0 };
	int		 rv = -1;

	in->waiting = (struct files){ 0 };
	pthread_mutex_unlock(&in->lock);
	if (failed)
		files_drop(&mine);
	else {
		rv = spool_commit(in->spool, mine.v, mine.n, &e);
		free(mine.v);
	}
	pthread_mutex_lock(&in->lock);
	if (rv == 0)
		in->durable = upto;
	else if (!failed)
		fail(in, &e);
	pthread_cond_broadcast(&in->progress);
}

static void
write_state(struct intake *in)
{
	struct buf	 mine = in->state;
	struct err	 e = { 0 };
	int		 rv;

	in->state = (struct buf){ 0 };
	in->state_new = false;
	pthread_mutex_unlock(&in->lock);
	rv = io_replace_file(in->state_path, mine.p, mine.len, 0600, &e);
	buf_free(&mine);
	pthread_mutex_lock(&in->lock);
	in->state_ms = when_mono_ms();
	if (rv == -1)
		fail(in, &e);
}

static void *
writer_main(void *ctx)
{
	struct intake	*in = ctx;

	pthread_mutex_lock(&in->lock);
	for (;;) {
		if (in->durable < in->handed && !in->failed)
			write_batches(in);
		else if (in->state_new && (in->ending || when_mono_ms() - in->state_ms >= STATE_MS))
			write_state(in);
		else if (in->ending)
			break;
		else
			pthread_cond_wait(&in->work, &in->lock);
	}
	pthread_mutex_unlock(&in->lock);
	return (NULL);
}

struct intake *
intake_begin(struct spool *s, const char *origin, const char *state_path, struct intake_count *c,
    const atomic_bool *stop, struct err *e)
{
	struct intake	*in;
	int		 r;

	if ((in = calloc(1, sizeof(*in))) == NULL) {
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	in->spool = s;
	in->origin = origin;
	in->state_path = state_path;
	in->count = c;
	in->stop = stop;
	in->state_ms = when_mono_ms();
	(void)pthread_mutex_init(&in->lock, NULL);
	(void)pthread_cond_init(&in->work, NULL);
	(void)pthread_cond_init(&in->progress, NULL);
	if ((r = pthread_create(&in->writer, NULL, writer_main, in)) != 0) {
		err_set(e, ERR_TEMP, "no thread: %s", strerror(r));
		free(in);
		return (NULL);
	}
	return (in);
}

int
intake_end(struct intake *in, struct err *e)
{
	int	 rv;

	pthread_mutex_lock(&in->lock);
	in->ending = true;
	pthread_cond_signal(&in->work);
	pthread_mutex_unlock(&in->lock);
	(void)pthread_join(in->writer, NULL);
	spool_abort(in->file);
	files_drop(&in->waiting);
	if ((rv = in->failed ? -1 : 0) == -1)
		*e = in->err;
	buf_free(&in->state);
	(void)pthread_cond_destroy(&in->work);
	(void)pthread_cond_destroy(&in->progress);
	(void)pthread_mutex_destroy(&in->lock);
	free(in);
	return (rv);
}

/* --- What the mailbox calls ------------------------------------------------ */

static int
on_planned(void *ctx, uint64_t messages, uint64_t bytes, struct err *e)
{
	struct intake	*in = ctx;

	(void)e;
	atomic_store(&in->count->planned, messages);
	atomic_store(&in->count->planned_bytes, bytes);
	return (0);
}

static int
on_begin(void *ctx, uint64_t size_hint, struct err *e)
{
	struct intake	*in = ctx;

	(void)size_hint;
	if (in->file == NULL)
		in->file = spool_new(in->spool, in->origin, e);
	return (in->file == NULL ? -1 : 0);
}

static int
on_data(void *ctx, const void *p, size_t n, struct err *e)
{
	struct intake	*in = ctx;

	atomic_fetch_add(&in->count->bytes, n);
	return (spool_write(in->file, p, n, e));
}

static int
on_end(void *ctx, struct err *e)
{
	struct intake	*in = ctx;

	if (spool_next(in->file, e) == -1)
		return (-1);
	atomic_fetch_add(&in->count->messages, 1);
	return (0);
}

static void
on_drop(void *ctx)
{
	struct intake	*in = ctx;

	atomic_fetch_sub(&in->count->bytes, spool_size(in->file));
	spool_undo(in->file);
}

static int
on_skip(void *ctx, const char *what, const char *why, struct err *e)
{
	struct intake	*in = ctx;

	(void)e;
	atomic_fetch_add(&in->count->skipped, 1);
	log_warn("mailbox %s: message %s was left out: %s", in->origin, what, why);
	return (0);
}

static void
on_notice(void *ctx, const char *sentence)
{
	(void)ctx;
	log_warn("%s", sentence);
}

static int
on_batch(void *ctx, struct err *e)
{
	struct intake	*in = ctx;
	int		 rv = 0;

	pthread_mutex_lock(&in->lock);
	if (in->file != NULL && spool_messages(in->file) > 0) {
		if (files_add(&in->waiting, in->file))
			in->file = NULL;
		else
			rv = err_set(e, ERR_TEMP, "out of memory");
	}
	if (rv == 0)
		in->handed++;
	pthread_cond_signal(&in->work);
	pthread_mutex_unlock(&in->lock);
	return (rv);
}

static int
on_durable(void *ctx, uint64_t wait, uint64_t *batches, struct err *e)
{
	struct intake	*in = ctx;
	int		 rv = 0;

	pthread_mutex_lock(&in->lock);
	while (in->durable < wait && !in->failed)
		pthread_cond_wait(&in->progress, &in->lock);
	*batches = in->durable;
	if (in->failed) {
		*e = in->err;
		rv = -1;
	}
	pthread_mutex_unlock(&in->lock);
	return (rv);
}

static int
on_remember(void *ctx, const struct mailbox_state *st, struct err *e)
{
	struct intake	*in = ctx;
	int		 rv = 0;

	pthread_mutex_lock(&in->lock);
	buf_clear(&in->state);
	if (!buf_add(&in->state, st->text.p, st->text.len))
		rv = err_set(e, ERR_TEMP, "out of memory");
	else
		in->state_new = !in->failed;
	pthread_cond_signal(&in->work);
	pthread_mutex_unlock(&in->lock);
	return (rv);
}

static bool
on_stop(void *ctx)
{
	struct intake	*in = ctx;

	return (atomic_load(in->stop));
}

const struct mailbox_calls intake_calls = {
	.planned = on_planned,
	.begin = on_begin,
	.data = on_data,
	.end = on_end,
	.drop = on_drop,
	.skip = on_skip,
	.notice = on_notice,
	.batch = on_batch,
	.durable = on_durable,
	.remember = on_remember,
	.stop = on_stop,
};
