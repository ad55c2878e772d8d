/*
 * api_ask.c - what this process may not do itself: it leaves a request where
 * the ingester finds it (process/request.h), and looks for a moment what
 * becomes of it. When that takes longer the answer is 202, and GET
 * /requests/{token} says how it went.
 */
#include <time.h>

#include "base/log.h"
#include "base/when.h"
#include "http/access.h"
#include "process/request.h"

#define WAIT_MS 1500	/* the thread serves others, too */
#define LOOK_MS 15

static int
wait_for(struct asked *a, int64_t token, struct store_outcome *out, struct err *e)
{
	const struct timespec	 pause = { .tv_nsec = LOOK_MS * 1000000L };
	int64_t			 until = when_mono_ms() + WAIT_MS;
	int			 rv;

	while ((rv = store_outcome_get(a->store, token, out, e)) == 0 && when_mono_ms() < until)
		(void)nanosleep(&pause, NULL);
	return (rv);
}

int
api_ask(struct request *rq, struct asked *a, struct asking *w, struct store_outcome *o)
{
	struct err	 e = { 0 };
	int		 rv;

	query_end(a->query);
	a->query = NULL;
	rq->reply.cache = "no-store";
	w->at = when_now();
	access_name(rq, w->who, sizeof(w->who));
	if (request_put(work_state_dir(), w, &e) == -1) {
		log_warn("request %s: %s", rq->id, e.msg);
		problem(rq, e.code == ERR_INPUT ? 400 : 503, "This cannot be asked for just now: %s", e.msg);
		return (-1);
	}
	if ((rv = wait_for(a, w->token, o, &e)) == -1)
		log_warn("request %s: %s", rq->id, e.msg);
	if (rv == 1 && o->result != REQUEST_DONE) {
		problem(rq, o->result == REQUEST_STALE ? 409 : 422, "%s", o->text);
		return (-1);
	}
	return (rv == 1);
}
