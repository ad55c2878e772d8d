/*
 * api_quarantine.c - one message that could not be read: what is known of it,
 * the rows of it that can be looked at, the message as it came; and to ask
 * that it is read once more or thrown away.
 *
 * This process may not write to the store: it leaves a request where the
 * ingester finds it (process/request.h). Its outcome stands in GET /ingest.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "answer/answer.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/when.h"
#include "http/access.h"
#include "process/peek.h"
#include "process/request.h"
#include "spool/spool.h"
#include "store/query.h"

/* What we keep of it when the snapshot is given up. */
struct item {
	int64_t	 id;
	char	 file[256];
	bool	 private;	/* about somebody's message */
	json_t	*answer;
};

/* False: rq has its reply. The query is ended: what follows may take seconds. */
static bool
find(struct request *rq, struct asked *a, struct item *out)
{
	struct query_quarantined	*x;
	struct err			 e = { 0 };
	size_t				 n;

	if (!no_parameters(rq))
		return (false);
	if (!str_i64(rq->args[0], &out->id) || out->id <= 0) {
		problem(rq, 404, "An id is a number.");
		return (false);
	}
	if (query_quarantine(a->query, out->id, &x, &n, &e) == -1) {
		problem(rq, 503, "%s", e.msg);
		return (false);
	}
	if (n == 0) {
		problem(rq, 404, "There is no message %" PRId64 " in quarantine; it may have been read by now, or discarded.", out->id);
		return (false);
	}
	(void)snprintf(out->file, sizeof(out->file), "%.*s", (int)x->file.len, x->file.p == NULL ? "" : x->file.p);
	out->private = x->private;
	out->answer = answer_quarantined(x);
	query_end(a->query);
	a->query = NULL;
	return (true);
}

/* -1 with *e: it is lost. */
static int
open_file(const struct item *it, struct stat *st, struct err *e)
{
	struct spool	*s = spool_open(work_state_dir(), e);
	int		 fd;

	if (s == NULL)
		return (-1);
	if ((fd = spool_quarantine_open(s, it->file, e)) != -1 && fstat(fd, st) == -1) {
		(void)close(fd);
		fd = err_set(e, ERR_TEMP, "%s", strerror(errno));
	}
	spool_close(s);
	return (fd);
}

/* --- What can be read of it ------------------------------------------------------------ */

static json_t *
text_or_null(const char *s)
{
	return (*s == '\0' ? json_null() : json_string(s));
}

static json_t *
time_or_null(int64_t t)
{
	char	 text[WHEN_TEXT];

	return (t == 0 ? json_null() : json_string(when_rfc3339(t, text)));
}

static json_t *
rows_of(const struct peek_doc *d)
{
	json_t	*a = json_array();

	for (size_t i = 0; i < d->nrow; i++)
		(void)json_array_append_new(a, json_pack("{s:I, s:o, s:I, s:o, s:s, s:s, s:s}", "seq", (json_int_t)d->row[i].seq,
		    "ip", text_or_null(d->row[i].ip), "count", (json_int_t)d->row[i].count, "hfrom",
		    text_or_null(d->row[i].header_from), "disp", disposition_names[d->row[i].disposition], "dkim",
		    evaluated_names[d->row[i].dkim], "spf", evaluated_names[d->row[i].spf]));
	return (a);
}

static json_t *
documents_of(const struct peek *p)
{
	json_t	*a = json_array();

	for (size_t i = 0; i < p->ndocs; i++) {
		const struct peek_doc	*d = &p->doc[i];

		(void)json_array_append_new(a, json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "org_name",
		    text_or_null(d->org_name), "domain", text_or_null(d->domain), "report_id", text_or_null(d->report_id), "begin",
		    time_or_null(d->begin), "end", time_or_null(d->end), "rows", (json_int_t)d->rows, "m", (json_int_t)d->messages,
		    "items", rows_of(d)));
	}
	return (a);
}

void
api_quarantined(struct request *rq, struct asked *a)
{
	struct item	 it;
	struct stat	 st;
	struct peek	 p = { 0 };
	struct err	 e = { 0 };
	int		 fd;

	if (!find(rq, a, &it))
		return;
	if ((fd = open_file(&it, &st, &e)) != -1) {
		if (!it.private && peek_read(fd, (uint64_t)st.st_size, &limits_default, &p, &e) == -1)
			log_warn("request %s: %s", rq->id, e.msg);
		(void)close(fd);
	}
	(void)json_object_set_new(it.answer, "file", json_boolean(fd != -1));
	(void)json_object_set_new(it.answer, "documents", documents_of(&p));
	peek_free(&p);
	reply_json(rq, 200, it.answer);
}

/* --- As it came ---------------------------------------------------------------------------- */

void
api_quarantined_raw(struct request *rq, struct asked *a)
{
	struct item	 it;
	struct stat	 st;
	struct err	 e = { 0 };
	int		 fd;

	if (!find(rq, a, &it))
		return;
	json_decref(it.answer);
	if (it.private) {
		problem(rq, 403, "This message looks like a failure report. What is in it tells of people, so it is not shown here.");
		return;
	}
	if ((fd = open_file(&it, &st, &e)) == -1) {
		problem(rq, 404, "The file of message %" PRId64 " is missing: %s", it.id, e.msg);
		return;
	}
	rq->reply.status = 200;
	rq->reply.type = "application/octet-stream";
	rq->reply.csp = CSP_RAW;
	rq->reply.fd = fd;
	rq->reply.fd_bytes = (uint64_t)st.st_size;
	(void)snprintf(rq->reply.disposition, sizeof(rq->reply.disposition), "attachment; filename=\"dmarc-quarantine-%" PRId64 ".eml\"",
	    it.id);
}

/* --- To be read again, or thrown away ------------------------------------------------------- */

static void
ask(struct request *rq, struct asked *a, enum request_kind kind)
{
	struct asking	 w = { .kind = kind, .at = when_now() };
	struct item	 it;
	struct err	 e = { 0 };
	json_t		*j;

	if (!find(rq, a, &it))
		return;
	json_decref(it.answer);
	w.item = it.id;
	access_name(rq, w.who, sizeof(w.who));
	if (request_put(work_state_dir(), &w, &e) == -1) {
		log_warn("request %s: %s", rq->id, e.msg);
		problem(rq, 503, "This cannot be asked for just now: %s", e.msg);
		return;
	}
	j = json_pack("{s:o, s:s, s:s, s:o}", "item", json_sprintf("%" PRId64, it.id), "action", request_words[kind], "state", "waiting",
	    "request", json_sprintf("%" PRId64, w.token));
	reply_json(rq, 202, j);
}

void
api_quarantined_retry(struct request *rq, struct asked *a)
{
	ask(rq, a, REQUEST_RETRY);
}

void
api_quarantined_discard(struct request *rq, struct asked *a)
{
	ask(rq, a, REQUEST_DISCARD);
}
