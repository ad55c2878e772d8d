/*
 * work.c - threads that may wait for the database, so that the event loop
 * never does.
 *
 * Lanes: questions that take milliseconds, and the unpacking of originals,
 * which may take a second each and must not stand in front of an overview.
 * Each thread has its own handle on the store, opens it when there is work
 * and closes it when there has been none for a while: an idle daemon holds
 * no page cache. The thread that was busy last is asked first, so that one
 * reader warms one cache and the other threads stay small. Who has been
 * answered will ask for more: while nobody does, that thread reads ahead.
 */
#include <sys/stat.h>

#include <malloc.h>
#include <pthread.h>

#include "base/log.h"
#include "base/when.h"
#include "http/http.h"
#include "store/query.h"
#include "store/store.h"

#define QUEUE_MAX 256		/* per lane; connections are bounded as well */
#define IDLE_SECONDS 120	/* somebody reads a page */
#define REOPEN_MS 1000		/* a database that is not there is looked for this often */
#define AHEAD_MS 10		/* for so long at a time does a thread read ahead */
#define AHEAD_LIMIT_MS 5000	/* one day of one domain */
#define THREADS_MAX 8
#define NARROW_MAX 4		/* readers that see some domains, of one thread */
#define EXPORTS_MAX 2		/* one that is under way, and who waits for its end */
#define LOGINS_MAX 32		/* who waits longer than that for a hash has given up */
#define STACK_BYTES (1u << 20)

struct lane_queue {
	struct request	*head;
	struct request	**tail;
	unsigned	 n;
	unsigned	 busy;		/* threads with a request */
	struct worker	*idle;		/* a stack */
};

struct work {
	pthread_mutex_t	 lock;
	pthread_cond_t	 gone;		/* a thread has ended */
	struct lane_queue lane[LANE_COUNT];
	bool		 stopping;
	bool		 ahead;		/* a thread is reading ahead */
	unsigned	 running;	/* threads */
	pthread_t	 thread[THREADS_MAX + LANE_COUNT - 1];
	unsigned	 nthreads;
	void		(*done)(struct request *);
	char		*state_dir;
};

struct worker {
	struct work	*w;
	enum lane	 lane;
	pthread_cond_t	 wake;
	struct worker	*below;		/* in the stack of idle ones */
	struct store	*store;
	struct { char *domains; struct store *store; uint64_t used; } narrow[NARROW_MAX];	/* of the same file */
	uint64_t	 turn;
	struct stat	 st;		/* of the file that store has open */
	int64_t		 failed_ms;	/* when opening failed; 0: it did not */
	struct err	 why;
};

static struct work	 the_work;	/* a process has one */

const char *
work_state_dir(void)
{
	return (the_work.state_dir);
}

static void
store_drop(struct worker *me)
{
	for (size_t i = 0; i < NARROW_MAX; i++) {
		store_close(me->narrow[i].store);
		free(me->narrow[i].domains);
		me->narrow[i].store = NULL;
		me->narrow[i].domains = NULL;
	}
	store_close(me->store);
	me->store = NULL;
}

static int
database_stat(struct work *w, struct stat *st)
{
	char	 path[4096];

	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", w->state_dir);
	return (stat(path, st));
}

/* A handle on the file that has the name now: a restored backup is another file. */
static struct store *
store_get(struct worker *me)
{
	struct stat	 st;
	bool		 there = database_stat(me->w, &st) == 0;

	if (me->store != NULL && there && st.st_ino == me->st.st_ino && st.st_dev == me->st.st_dev)
		return (me->store);
	store_drop(me);
	if (me->failed_ms != 0 && when_mono_ms() - me->failed_ms < REOPEN_MS)
		return (NULL);
	if ((me->store = store_open(me->w->state_dir, STORE_READ, &me->why)) == NULL) {
		if (me->failed_ms == 0)
			log_warn("%s", me->why.msg);
		me->failed_ms = when_mono_ms();
		return (NULL);
	}
	if (me->failed_ms != 0)
		log_info("the database is there now");
	me->failed_ms = 0;
	me->st = st;
	return (me->store);
}

/* One that sees these domains only; kept for the next question, as what it remembers is worth something. */
static struct store *
narrow_get(struct worker *me, const char *domains)
{
	struct store	*s;
	size_t		 at = 0;
	char		*copy;

	for (size_t i = 0; i < NARROW_MAX; i++) {
		if (me->narrow[i].domains != NULL && strcmp(me->narrow[i].domains, domains) == 0) {
			me->narrow[i].used = ++me->turn;
			return (me->narrow[i].store);
		}
		if (me->narrow[i].used < me->narrow[at].used)
			at = i;
	}
	if ((s = store_open(me->w->state_dir, STORE_READ, &me->why)) == NULL)
		return (NULL);
	if ((copy = strdup(domains)) == NULL || store_narrow(s, domains, &me->why) == -1) {
		if (copy == NULL)
			err_set(&me->why, ERR_TEMP, "out of memory");
		free(copy);
		store_close(s);
		return (NULL);
	}
	store_close(me->narrow[at].store);
	free(me->narrow[at].domains);
	me->narrow[at].store = s;
	me->narrow[at].domains = copy;
	me->narrow[at].used = ++me->turn;
	return (s);
}

/* The reader for this request: of all, or of what its asker may see. */
static struct store *
reader(struct worker *me, const struct request *rq)
{
	struct store	*s;

	if (rq->route->kind == KIND_BARE)
		return (NULL);
	s = store_get(me);
	return (s == NULL || rq->who.domains == NULL ? s : narrow_get(me, rq->who.domains));
}

static void
idle_remove(struct lane_queue *q, const struct worker *me)
{
	struct worker	**at = &q->idle;

	while (*at != NULL && *at != me)
		at = &(*at)->below;
	if (*at != NULL)
		*at = me->below;
}

/* False: nothing came for a while. */
static bool
wait_for_work(struct worker *me, struct lane_queue *q)
{
	struct timespec	 until;
	int		 rv = 0;

	me->below = q->idle;
	q->idle = me;
	if (me->store == NULL) {
		(void)pthread_cond_wait(&me->wake, &me->w->lock);
	} else {
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += IDLE_SECONDS;
		rv = pthread_cond_timedwait(&me->wake, &me->w->lock, &until);
	}
	idle_remove(q, me);
	return (rv == 0);
}

/* The next request, or NULL at the end. Waiting long gives memory back. */
static struct request *
take(struct worker *me)
{
	struct lane_queue	*q = &me->w->lane[me->lane];
	struct request		*rq;

	while ((rq = q->head) == NULL) {
		if (me->w->stopping)
			return (NULL);
		if (!wait_for_work(me, q) && q->head == NULL && !me->w->stopping) {
			(void)pthread_mutex_unlock(&me->w->lock);
			store_drop(me);
			cache_clear();
			(void)malloc_trim(0);
			(void)pthread_mutex_lock(&me->w->lock);
		}
	}
	if ((q->head = rq->next) == NULL)
		q->tail = &q->head;
	q->n--;
	q->busy++;
	return (rq);
}

static void
wake_one(struct lane_queue *q)
{
	struct worker	*top = q->idle;

	if (top == NULL)
		return;		/* all are busy; the first to be done takes it */
	q->idle = top->below;
	(void)pthread_cond_signal(&top->wake);
}

/* True: there is more. */
static bool
read_ahead(struct worker *me)
{
	struct err	 e = { 0 };
	struct query	*q = query_begin(me->store, when_now(), AHEAD_LIMIT_MS, &e);
	bool		 more = false;

	if (q != NULL && query_recall(q, AHEAD_MS, &more, &e) == -1)
		more = false;	/* whoever asks for it is told why */
	query_end(q);
	return (more);
}

/* With the lock, which it gives up now and then. */
static void
use_leisure(struct worker *me)
{
	struct work	*w = me->w;
	bool		 more = true;

	if (me->lane != LANE_QUICK || me->store == NULL || w->ahead)
		return;
	w->ahead = true;
	while (more && !w->stopping && w->lane[me->lane].head == NULL) {
		(void)pthread_mutex_unlock(&w->lock);
		more = read_ahead(me);
		(void)pthread_mutex_lock(&w->lock);
	}
	w->ahead = false;
}

static void *
worker_main(void *arg)
{
	struct worker	*me = arg;
	struct work	*w = me->w;
	struct request	*rq;
	struct store	*s;

	(void)pthread_mutex_lock(&w->lock);
	while ((rq = take(me)) != NULL) {
		(void)pthread_mutex_unlock(&w->lock);
		s = reader(me, rq);
		rq->database = (uint64_t)me->st.st_ino;
		/* A handle that has made a mistake may be the mistake: the next request gets a new one. */
		if (!route_run(rq, s, &me->why, w->done))
			store_drop(me);
		(void)pthread_mutex_lock(&w->lock);
		w->lane[me->lane].busy--;
		use_leisure(me);
	}
	w->running--;
	(void)pthread_cond_signal(&w->gone);
	(void)pthread_mutex_unlock(&w->lock);
	store_drop(me);
	(void)pthread_cond_destroy(&me->wake);
	free(me);
	return (NULL);
}

/* Deadlines are of the monotonic clock. */
static void
cond_init(pthread_cond_t *c)
{
	pthread_condattr_t	 attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(c, &attr);
	(void)pthread_condattr_destroy(&attr);
}

static int
thread_start(struct work *w, enum lane lane, struct err *e)
{
	struct worker	*me;
	pthread_attr_t	 attr;
	int		 rv;

	if ((me = calloc(1, sizeof(*me))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	me->w = w;
	me->lane = lane;
	cond_init(&me->wake);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	rv = pthread_create(&w->thread[w->nthreads], &attr, worker_main, me);
	(void)pthread_attr_destroy(&attr);
	if (rv != 0) {
		free(me);
		return (err_set(e, ERR_TEMP, "cannot start a thread: %s", strerror(rv)));
	}
	w->nthreads++;
	w->running++;
	return (0);
}

struct work *
work_start(const char *state_dir, unsigned threads, void (*done)(struct request *), struct err *e)
{
	struct work	*w = &the_work;

	if ((w->state_dir = strdup(state_dir)) == NULL) {
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	w->done = done;
	(void)pthread_mutex_init(&w->lock, NULL);
	cond_init(&w->gone);
	for (int i = 0; i < LANE_COUNT; i++)
		w->lane[i].tail = &w->lane[i].head;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	(void)pthread_mutex_lock(&w->lock);
	while (w->nthreads < threads && thread_start(w, LANE_QUICK, e) == 0)
		;
	if (w->nthreads < threads || thread_start(w, LANE_SLOW, e) == -1 || thread_start(w, LANE_LOGIN, e) == -1 ||
	    thread_start(w, LANE_EXPORT, e) == -1) {
		(void)pthread_mutex_unlock(&w->lock);
		(void)work_stop(w, when_mono_ms() + 1000);
		return (NULL);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return (w);
}

bool
work_submit(struct work *w, struct request *rq)
{
	struct lane_queue	*q = &w->lane[rq->route->lane];
	bool			 room;

	rq->next = NULL;
	(void)pthread_mutex_lock(&w->lock);
	room = rq->route->lane == LANE_EXPORT ? q->n + q->busy < EXPORTS_MAX : q->n < (rq->route->lane == LANE_LOGIN ? LOGINS_MAX : QUEUE_MAX);
	if ((room = room && !w->stopping)) {
		*q->tail = rq;
		q->tail = &rq->next;
		q->n++;
		wake_one(q);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return (room);
}

bool
work_stop(struct work *w, int64_t deadline_ms)
{
	struct timespec	 until = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };
	bool		 ended;

	(void)pthread_mutex_lock(&w->lock);
	w->stopping = true;
	for (int i = 0; i < LANE_COUNT; i++)
		while (w->lane[i].idle != NULL)
			wake_one(&w->lane[i]);
	while (w->running > 0 && pthread_cond_timedwait(&w->gone, &w->lock, &until) == 0)
		;
	ended = w->running == 0;
	(void)pthread_mutex_unlock(&w->lock);
	if (!ended)
		return (false);
	for (unsigned i = 0; i < w->nthreads; i++)
		(void)pthread_join(w->thread[i], NULL);
	cache_clear();
	free(w->state_dir);
	w->state_dir = NULL;
	return (true);
}
