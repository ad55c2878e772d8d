/*
 * api_failures.c - a failure report unmasked, or as a file: who looks at what
 * is not masked is written down first.
 *
 * This process may not write to the database. It asks the parent, which asks
 * the ingester; that the line is in the log shows in the database, and only
 * then the report is read. Until there are users, whoever may reach us from
 * this machine may look: a page of another site cannot make a browser ask, as
 * it cannot set our header.
 */
#include <sys/random.h>

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/when.h"
#include "http/access.h"

#define LOG_WAIT_MS 8000
#define LOOK_MS 40

static bool
make_nonce(char out[33])
{
	unsigned char	 r[16];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return (false);
	for (size_t i = 0; i < sizeof(r); i++)
		(void)snprintf(out + 2 * i, 3, "%02x", r[i]);
	return (true);
}

static bool
tell(int64_t id, const char *who, const char *nonce, struct err *e)
{
	json_t	*m = json_pack("{s:s, s:I, s:s, s:s}", "op", "reveal", "failure", (json_int_t)id, "who", who, "nonce", nonce);
	int	 rv = m == NULL ? err_set(e, ERR_TEMP, "out of memory") : server_tell_parent(m, e);

	json_decref(m);
	return (rv == 0);
}

static bool
written_down(struct asked *a, int64_t id, const char *nonce)
{
	int64_t			 until = when_mono_ms() + LOG_WAIT_MS;
	const struct timespec	 pause = { .tv_nsec = LOOK_MS * 1000000L };

	while (!store_revealed(a->store, id, nonce)) {
		if (when_mono_ms() > until)
			return (false);
		(void)nanosleep(&pause, NULL);
	}
	return (true);
}

/* The report that the path names; its texts are masked. */
static bool
find(struct request *rq, struct asked *a, struct query_failure *f)
{
	struct err	 e = { 0 };
	int64_t		 id;

	if (!answer_failure_id(rq->args[0], &id)) {
		problem(rq, 404, "The id of a failure report is a number with an f in front.");
		return (false);
	}
	if (query_failure(a->query, id, false, f, &e) == -1) {
		problem(rq, e.code == ERR_INPUT ? 404 : 503, "%s", e.msg);
		return (false);
	}
	return (true);
}

/* Who looks is in the log now. */
static bool
seen_to(struct request *rq, struct asked *a, int64_t id)
{
	struct err	 e = { 0 };
	char		 nonce[33], who[160];

	/* the snapshot would not show what is written now */
	query_end(a->query);
	a->query = NULL;
	access_name(rq, who, sizeof(who));
	if (!make_nonce(nonce) || !tell(id, who, nonce, &e)) {
		problem(rq, 503, "It cannot be written down who looks, so nothing is shown: %s", e.msg);
		return (false);
	}
	if (!written_down(a, id, nonce)) {
		problem(rq, 503, "Nobody wrote down in time who looks, so nothing is shown. Perhaps an import is under way; try again.");
		rq->reply.retry_after = 5;
		return (false);
	}
	return (true);
}

void
api_reveal(struct request *rq, struct asked *a)
{
	struct query_failure	 f;
	struct answer_request	 ar;
	struct err		 e = { 0 };
	json_t			*j = NULL;

	rq->reply.cache = "no-store";
	if (!find(rq, a, &f) || !seen_to(rq, a, f.id))
		return;
	answer_request_init(&ar, ANSWER_FAILURE);
	ar.id = f.id;
	ar.reveal = true;
	if ((a->query = query_begin(a->store, when_now(), QUERY_LIMIT_MS, &e)) != NULL)
		j = answer_make(a->query, &ar, &e);
	answer_request_free(&ar);
	if (j == NULL)
		problem(rq, e.code == ERR_INPUT ? 404 : 503, "%s", e.msg);
	else
		reply_json(rq, 200, j);
}

/* --- As a file ------------------------------------------------------------------------ */

/* The name is made of our numbers; a browser saves it and shows nothing of it. */
static void
set_file(struct request *rq, int64_t id, const char *how)
{
	rq->reply.status = 200;
	rq->reply.type = "message/rfc822";
	rq->reply.csp = CSP_RAW;
	(void)snprintf(rq->reply.disposition, sizeof(rq->reply.disposition), "attachment; filename=\"failure-f%" PRId64 "%s.eml\"", id, how);
}

static void
reply_mail(struct request *rq, const struct query_failure *f)
{
	struct buf	 b = { .max = JSON_BYTES };

	if (!answer_failure_mail(f, &b)) {
		buf_free(&b);
		problem(rq, 503, "There is not enough memory for this mail.");
		return;
	}
	set_file(rq, f->id, f->masked ? "-masked" : "");
	rq->reply.body = b.p;
	rq->reply.len = b.len;
}

/* The mail as it came, where that is kept as it came. */
static bool
reply_original(struct request *rq, struct asked *a, int64_t id, int64_t message)
{
	struct reply	*r = &rq->reply;
	struct err	 e = { 0 };
	uint64_t	 offset, bytes;
	int		 fd;

	if (store_original_open(a->store, message, &fd, &offset, &bytes, &e) == -1)
		return (false);
	if (strcmp(raw_suffix(fd, offset, bytes), "eml") != 0) {	/* an archive that somebody imported */
		(void)close(fd);
		return (false);
	}
	set_file(rq, id, "");
	r->fd = fd;
	r->fd_offset = offset;
	r->fd_bytes = bytes;
	return (true);
}

void
api_failure_raw(struct request *rq, struct asked *a)
{
	struct query_failure	 f;

	if (rq->query.n > 0)
		problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "is no parameter of this file; there is none");
	else if (find(rq, a, &f))
		reply_mail(rq, &f);
}

void
api_failure_mail(struct request *rq, struct asked *a)
{
	struct query_failure	 f;
	struct err		 e = { 0 };
	int64_t			 id, message;
	bool			 kept;

	rq->reply.cache = "no-store";
	if (!find(rq, a, &f))
		return;
	id = f.id;
	message = f.message;
	kept = f.kept;
	if (!seen_to(rq, a, id) || (kept && reply_original(rq, a, id, message)))
		return;
	if ((a->query = query_begin(a->store, when_now(), QUERY_LIMIT_MS, &e)) == NULL || query_failure(a->query, id, true, &f, &e) == -1)
		problem(rq, e.code == ERR_INPUT ? 404 : 503, "%s", e.msg);
	else
		reply_mail(rq, &f);
}
