/*
 * requests.c - see requests.h. Each retry goes the way of every message, with
 * one decoder for all of them: they are rare, and nobody's mail waits for them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "process/ingest.h"
#include "process/requests.h"
#include "spool/request.h"

#define BATCH 200

struct requests {
	const char	*state_dir;
	struct spool	*spool;
	struct store	*store;
};

struct again {
	struct ingest_job		 job;
	struct request_file		 asked;
	struct store_quarantine_item	 item;
};

/* Told first, then forgotten: a crash in between makes it happen once more, which harms nothing. */
static int
did(struct requests *r, const struct request_file *f, const struct store_action *a, struct err *e)
{
	return (store_quarantine_did(r->store, a, e) == -1 ? -1 : request_remove(r->state_dir, f->id, f->kind, e));
}

static void
on_finished(void *ctx, struct ingest_job *j)
{
	struct requests		*r = ctx;
	struct again		*a = j->user;
	struct store_action	 act = { .item = a->asked.id, .asked = a->asked.asked, .result = j->result, .reports = (unsigned)j->nreports,
				    .text = j->quarantined ? j->reason : "" };
	struct err		 e = { 0 };

	log_info("message %s was read again, as asked: %s%s%s", a->item.file, intake_result_names[j->result],
	    j->quarantined ? ", it stays in quarantine: " : "", j->quarantined ? j->reason : "");
	/* its row went with the transaction; a file that nobody names harms nobody */
	if (!j->quarantined && spool_quarantine_remove(r->spool, a->item.file, &e) == -1)
		log_error("%s", e.msg);
	if (did(r, &a->asked, &act, &e) == -1)
		log_error("%s", e.msg);
	ingest_job_clear(j);
	free(a);
}

static void
on_abandoned(void *ctx, struct ingest_job *j)
{
	(void)ctx;
	ingest_job_clear(j);
	free(j->user);
}

static const struct ingest_calls	 calls = { on_finished, on_abandoned };

static int
discard(struct requests *r, const struct request_file *f, struct err *e)
{
	struct store_action	 act = { .item = f->id, .asked = f->asked, .discard = true };
	int			 rv;

	if ((rv = store_quarantine_discard(r->store, f->id, e)) == -1)
		return (-1);
	if (rv == 1)
		log_info("message %lld in quarantine was discarded, as asked", (long long)f->id);
	return (did(r, f, &act, e));
}

static int
lost(struct requests *r, const struct request_file *f, const char *why, struct err *e)
{
	struct store_action	 act = { .item = f->id, .asked = f->asked, .missing = true, .text = why };

	return (did(r, f, &act, e));
}

static int
retry(struct requests *r, struct ingest *g, const struct request_file *f, struct err *e)
{
	struct again	*a = calloc(1, sizeof(*a));
	struct stat	 st;
	int		 fd = -1, rv;

	if (a == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	a->asked = *f;
	if ((rv = store_quarantine_get(r->store, f->id, &a->item, e)) != 1) {
		free(a);
		return (rv == -1 ? -1 : lost(r, f, "", e));
	}
	if ((fd = spool_quarantine_open(r->spool, a->item.file, e)) == -1 || fstat(fd, &st) == -1) {
		if (fd != -1)
			(void)close(fd);
		free(a);
		return (lost(r, f, "its file is missing", e));
	}
	a->job = (struct ingest_job){ .fd = fd, .bytes = (uint64_t)st.st_size, .origin = a->item.origin, .received = a->item.received,
	    .keep_original = true, .quarantine = a->item.file, .retry = true, .again = a->item.message, .user = a };
	return (ingest_submit(g, &a->job, e));
}

int
requests_run(const char *state_dir, struct spool *spool, struct store *store, const struct limits *limits, struct err *e)
{
	struct requests		 r = { state_dir, spool, store };
	struct request_file	*list;
	struct ingest		*g = NULL;
	size_t			 n;
	int			 rv = 0;

	if (request_list(state_dir, &list, &n, BATCH, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && rv == 0; i++)
		if (list[i].kind == REQUEST_RETRY) {
			if (g == NULL && (g = ingest_new(store, limits, 1, &calls, &r, e)) == NULL)
				rv = -1;
			else
				rv = retry(&r, g, &list[i], e);
		}
	if (rv == 0 && g != NULL)
		rv = ingest_flush(g, e);
	ingest_free(g);
	for (size_t i = 0; i < n && rv == 0; i++)
		if (list[i].kind == REQUEST_DISCARD)
			rv = discard(&r, &list[i], e);
	free(list);
	return (rv == -1 ? -1 : (int)n);
}

int
requests_after_upgrade(const char *state_dir, struct store *store, struct err *e)
{
	int64_t	*ids;
	size_t	 n;
	int	 rv = 0;

	if (store_quarantine_upgrade(store, PACKAGE_VERSION, &ids, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && rv == 0; i++)
		rv = request_put(state_dir, ids[i], REQUEST_RETRY, e);
	free(ids);
	if (rv == 0 && n > 0)
		log_info("this is another version than before: %zu message%s in quarantine will be read again", n, n == 1 ? "" : "s");
	return (rv == -1 ? -1 : store_quarantine_upgraded(store, PACKAGE_VERSION, e));
}
