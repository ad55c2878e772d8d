/*
 * reply.c - see http.h.
 */
#include <unistd.h>

#include "http/http.h"

void
reply_init(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = -1;
	r->cache = "no-store";
}

void
reply_free(struct reply *r)
{
	free(r->body);
	if (r->fd != -1)
		(void)close(r->fd);
	outflow_drop(r->stream);
	reply_init(r);
}

static int
add_chunk(const char *p, size_t len, void *arg)
{
	return (buf_add(arg, p, len) ? 0 : -1);
}

void
reply_json(struct request *rq, unsigned status, json_t *j)
{
	struct buf	 b = { .max = JSON_BYTES };
	int		 rv;

	if (j == NULL) {
		problem(rq, 503, "There is not enough memory for this answer. Ask for less, or again later.");
		return;
	}
	rv = json_dump_callback(j, add_chunk, &b, JSON_COMPACT);
	json_decref(j);
	if (rv == -1 || b.failed) {
		buf_free(&b);
		problem(rq, 503, "The answer would be larger than %u MB. Narrow the time range or ask for fewer rows.",
		    JSON_BYTES >> 20);
		return;
	}
	rq->reply.status = status;
	rq->reply.type = "application/json";
	rq->reply.body = b.p;
	rq->reply.len = b.len;
}
