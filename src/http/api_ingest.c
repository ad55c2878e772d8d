/*
 * api_ingest.c - how reports arrive: what the store knows, and beside it what
 * stands in the spool's folder: each fetcher keeps spool/state/NAME.status.
 */
#include <dirent.h>
#include <inttypes.h>

#include "answer/answer.h"
#include "http/http.h"
#include "process/mailbox_status.h"
#include "process/request.h"
#include "spool/spool.h"
#include "summary/summary.h"

#define MAILBOXES 256
#define WAITING 200

struct intake {
	struct answer_intake	 answer;
	struct answer_waiting	 waiting[WAITING];
	struct answer_mailbox	 mailbox[MAILBOXES];
	json_t			*keep[MAILBOXES];	/* what the strings above point into */
	size_t			 n;
};

static json_t	*configured;	/* [{name, protocol, host}]; NULL: not told */
static uint64_t	 rule_bytes;	/* of quarantine */
static int64_t	 rule_keep;
static bool	 resolver_told, resolver_on;

void
api_ingest_mailboxes(const json_t *list)
{
	json_decref(configured);
	configured = json_is_array(list) ? json_deep_copy(list) : NULL;
}

void
api_ingest_rules(uint64_t quarantine_bytes, int64_t keep_quarantine)
{
	rule_bytes = quarantine_bytes;
	rule_keep = keep_quarantine;
}

void
api_ingest_resolver(bool on)
{
	resolver_told = true;
	resolver_on = on;
}

bool
api_resolver_on(void)
{
	return (resolver_on || !resolver_told);
}

/* known: what the configuration says of it, may be NULL. */
static void
add_mailbox(struct intake *in, const char *name, const json_t *known)
{
	struct mailbox_status	 s;

	if (in->n == MAILBOXES)
		return;
	mailbox_status_read(work_state_dir(), name, known, &s);
	in->mailbox[in->n] = s.m;
	in->keep[in->n++] = s.keep;
}

/* --- All of them ----------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return (strcmp(((const struct answer_mailbox *)a)->name, ((const struct answer_mailbox *)b)->name));
}

/* Without a list from the parent: whatever has a status. */
static void
scan_mailboxes(struct intake *in)
{
	struct dirent	*d;
	char		 path[4096], name[65];
	size_t		 n;
	DIR		*dir;

	(void)snprintf(path, sizeof(path), "%s/spool/state", work_state_dir());
	if ((dir = opendir(path)) == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		n = strlen(d->d_name);
		if (d->d_name[0] == '.' || n <= 7 || n - 7 >= sizeof(name) || strcmp(d->d_name + n - 7, ".status") != 0)
			continue;
		memcpy(name, d->d_name, n - 7);
		name[n - 7] = '\0';
		if (str_utf8_ok(str_of(name)))
			add_mailbox(in, name, NULL);
	}
	(void)closedir(dir);
	if (in->n > 1)
		qsort(in->mailbox, in->n, sizeof(in->mailbox[0]), by_name);
}

static void
list_mailboxes(struct intake *in)
{
	const json_t	*j;
	size_t		 i;

	if (configured == NULL) {
		scan_mailboxes(in);
		return;
	}
	json_array_foreach(configured, i, j)
		if (json_is_string(json_object_get(j, "name")))
			add_mailbox(in, json_string_value(json_object_get(j, "name")), j);
}

static int
count_spool(struct intake *in, struct err *e)
{
	struct spool	*s = spool_open(work_state_dir(), e);
	int		 rv;

	if (s == NULL)
		return (-1);
	rv = spool_count(s, &in->answer.spool_new, &in->answer.spool_oldest, e);
	spool_close(s);
	return (rv);
}

/* What was asked for and is not done yet; what cannot be seen is not shown. */
static void
list_waiting(struct intake *in)
{
	struct asking	*list;
	struct err	 e = { 0 };
	size_t		 n;

	in->answer.waiting = in->waiting;
	if (request_list(work_state_dir(), &list, &n, REQUESTS_WAITING, &e) == -1)
		return;
	for (size_t i = 0; i < n && in->answer.nwaiting < WAITING; i++) {
		if ((list[i].kind == REQUEST_RETRY || list[i].kind == REQUEST_DISCARD) && request_read(work_state_dir(), &list[i], &e) == 0)
			in->waiting[in->answer.nwaiting++] = (struct answer_waiting){ list[i].item, list[i].at, request_words[list[i].kind] };
		request_clear(&list[i]);
	}
	free(list);
}

void
api_ingest(struct request *rq, struct asked *a)
{
	struct answer_request	 ar;
	struct intake		*in;
	struct err		 e = { 0 };
	json_t			*j;

	if ((in = calloc(1, sizeof(*in))) == NULL || count_spool(in, &e) == -1) {
		problem(rq, 503, "%s", in == NULL ? "out of memory" : e.msg);
		free(in);
		return;
	}
	list_mailboxes(in);
	list_waiting(in);
	in->answer.quarantine_bytes = rule_bytes;
	in->answer.keep_quarantine = rule_keep;
	in->answer.resolver_told = resolver_told;
	in->answer.resolver_on = resolver_on;
	in->answer.mailboxes = in->mailbox;
	in->answer.nmailboxes = in->n;
	answer_request_init(&ar, ANSWER_INGEST);
	ar.intake = &in->answer;
	if (rq->query.n > 0)
		problem_param(rq, 400, rq->query.p[0].key, "invalid_parameter", "this endpoint has no parameters");
	else if ((j = answer_make(a->query, &ar, &e)) != NULL)
		reply_json(rq, 200, j);
	else
		problem(rq, e.code == ERR_TEMP ? 503 : 500, "%s", e.msg);
	answer_request_free(&ar);
	for (size_t i = 0; i < in->n; i++)
		json_decref(in->keep[i]);
	free(in);
}

/* --- For what needs somebody ---------------------------------------------------------- */

struct boxes {
	struct intake		 in;
	struct summary_mailbox	 v[MAILBOXES];
};

struct boxes *
api_boxes(const struct summary_mailbox **out, size_t *n)
{
	struct boxes	*b = calloc(1, sizeof(*b));

	if (b == NULL)
		return (NULL);
	list_mailboxes(&b->in);
	for (size_t i = 0; i < b->in.n; i++)
		b->v[i] = (struct summary_mailbox){ b->in.mailbox[i].name, b->in.mailbox[i].error, b->in.mailbox[i].remedy,
		    b->in.mailbox[i].last_success };
	*out = b->v;
	*n = b->in.n;
	return (b);
}

void
api_boxes_free(struct boxes *b)
{
	for (size_t i = 0; b != NULL && i < b->in.n; i++)
		json_decref(b->in.keep[i]);
	free(b);
}

void
api_boxes_stamp(struct buf *out, int64_t now)
{
	const struct summary_mailbox	*v;
	struct boxes			*b;
	size_t				 n;

	if ((b = api_boxes(&v, &n)) == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		if (summary_mailbox_fails(&v[i], now))
			(void)buf_printf(out, " %s: %s", v[i].name, v[i].error);
	api_boxes_free(b);
}

/* --- For Prometheus ---------------------------------------------------------------- */

static void
by_mailbox(struct buf *b, const struct intake *in, const char *name, const char *type, const char *help, uint64_t (*value)(const struct answer_mailbox *))
{
	answer_metrics_head(b, name, type, help);
	for (size_t i = 0; i < in->n; i++) {
		(void)buf_printf(b, "%s{mailbox=\"", name);
		(void)answer_metrics_label(b, str_of(in->mailbox[i].name));
		(void)buf_printf(b, "\"} %" PRIu64 "\n", value(&in->mailbox[i]));
	}
}

static uint64_t
is_up(const struct answer_mailbox *m)
{
	return (m->error == NULL && m->last_success > 0);
}

static uint64_t
last_success(const struct answer_mailbox *m)
{
	return ((uint64_t)m->last_success);
}

static uint64_t
seen(const struct answer_mailbox *m)
{
	return (m->seen);
}

static void
put_gauge(struct buf *b, const char *name, const char *help, uint64_t v)
{
	answer_metrics_head(b, name, "gauge", help);
	(void)buf_printf(b, "%s %" PRIu64 "\n", name, v);
}

/* What the fetchers and the spool say; the rest is the store's. */
static void
metrics_of_intake(struct buf *b, const struct intake *in)
{
	by_mailbox(b, in, "dmarcd_mailbox_up", "gauge", "1: the last look into the mailbox went well.", is_up);
	by_mailbox(b, in, "dmarcd_mailbox_last_success_timestamp_seconds", "gauge", "When that was; 0: never.", last_success);
	by_mailbox(b, in, "dmarcd_mailbox_messages_total", "counter", "Messages fetched from it.", seen);
	put_gauge(b, "dmarcd_spool_messages", "Messages that wait to be read.", in->answer.spool_new);
	put_gauge(b, "dmarcd_spool_oldest_timestamp_seconds", "When the oldest of them came; 0: none waits.", (uint64_t)in->answer.spool_oldest);
}

void
api_metrics(struct request *rq, struct asked *a)
{
	struct intake	*in;
	struct buf	 b = { 0 };
	struct err	 e = { 0 };

	if ((in = calloc(1, sizeof(*in))) == NULL || count_spool(in, &e) == -1 || answer_metrics(a->query, &b, &e) == -1) {
		problem(rq, in == NULL || e.code == ERR_TEMP ? 503 : 500, "%s", in == NULL ? "out of memory" : e.msg);
	} else {
		list_mailboxes(in);
		metrics_of_intake(&b, in);
		if (b.failed)
			problem(rq, 503, "out of memory");
		else {
			rq->reply.status = 200;
			rq->reply.type = "text/plain; version=0.0.4; charset=utf-8";
			rq->reply.body = b.p;
			rq->reply.len = b.len;
			b = (struct buf){ 0 };
		}
	}
	for (size_t i = 0; in != NULL && i < in->n; i++)
		json_decref(in->keep[i]);
	free(in);
	buf_free(&b);
}
