/*
 * derive.c - see derive.h. The way is that of import: the same decoders, and
 * the store takes each report under the id that it has.
 */
#include <unistd.h>

#include "process/derive.h"
#include "process/ingest.h"

struct derive {
	const struct derive_calls	*calls;
	void				*ctx;
	struct derive_counts		*n;
};

struct item {
	struct ingest_job	 job;
	struct store_again	 again;
	struct store_original	*original;
};

const char *
derive_word(unsigned how)
{
	return (how & STORE_CHANGED_NEW ? "is new" : how & STORE_CHANGED_FIGURES ? "other figures" :
	    how & STORE_CHANGED_VERDICTS ? "other verdicts" : how & STORE_CHANGED_ROWS ? "other rows" : "other details");
}

const char *
derive_letter(enum report_kind kind)
{
	return (kind == REPORT_FAILURE ? "f" : kind == REPORT_TLS ? "t" : "");
}

static void
count(struct derive_counts *n, unsigned how)
{
	if (how & STORE_CHANGED_NEW)
		n->fresh++;
	else if (how & STORE_CHANGED_FIGURES)
		n->figures++;
	else if (how & STORE_CHANGED_VERDICTS)
		n->verdicts++;
	else if (how & STORE_CHANGED_ROWS)
		n->rows++;
	else if (how != 0)
		n->details++;
}

/* It may have come out before the decoder was lost. */
static bool
found(const struct ingest_job *j, const struct store_known *k)
{
	for (size_t i = 0; i < j->nreports; i++)
		if (j->reports[i].kind == k->kind && j->reports[i].id == k->id)
			return (true);
	return (false);
}

static void
on_finished(void *ctx, struct ingest_job *j)
{
	struct derive	*d = ctx;
	struct item	*it = j->user;

	d->n->messages++;
	d->n->bytes += j->bytes;
	d->n->reports += j->nreports;
	for (size_t i = 0; i < j->nreports; i++) {
		count(d->n, j->reports[i].changed);
		if (j->reports[i].changed != 0)
			d->calls->changed(d->ctx, j->reports[i].kind, j->reports[i].id, j->reports[i].changed);
	}
	for (size_t i = 0; i < it->again.nknown; i++)
		if (!it->again.known[i].used && !found(j, &it->again.known[i])) {
			d->n->unread++;
			d->calls->unread(d->ctx, it->again.known[i].kind, it->again.known[i].id, j->refused > 0 ? j->reason : "there is no such report in its original");
		}
	it->original->todo = it->again.left_over > 0;
	d->calls->progress(d->ctx, d->n);
	ingest_job_clear(j);
	free(it);
}

/* Its reports stay as they are. */
static void
on_abandoned(void *ctx, struct ingest_job *j)
{
	struct derive	*d = ctx;
	struct item	*it = j->user;

	for (size_t i = 0; i < it->again.nknown && j->put_off; i++) {
		d->n->unread++;
		d->calls->unread(d->ctx, it->again.known[i].kind, it->again.known[i].id, j->reason);
	}
	if (j->put_off)
		it->original->todo = false;
	ingest_job_clear(j);
	free(it);
}

static const struct ingest_calls	 calls = { on_finished, on_abandoned };

/* A digit may be another one, and the report would be read all the same. */
static int
damaged(struct derive *d, struct store_original *o, int fd, const struct err *why)
{
	(void)close(fd);
	if (why->code != ERR_INPUT)
		return (-1);
	for (size_t i = 0; i < o->nknown; i++) {
		d->n->unread++;
		d->calls->unread(d->ctx, o->known[i].kind, o->known[i].id, why->msg);
	}
	o->todo = false;
	return (0);
}

static int
submit(struct store *s, struct ingest *g, struct derive *d, struct store_original *o, bool add, struct err *e)
{
	struct item	*it;
	uint64_t	 offset, bytes;
	int		 fd;

	if (!o->kept || store_original_open(s, o->message, &fd, &offset, &bytes, e) == -1) {
		/* its pack may have expired since the list was made: then the figures stay as they are */
		if (o->kept && e->code != ERR_INPUT)
			return (-1);
		d->n->gone += o->nknown;
		o->todo = false;
		return (0);
	}
	if (store_original_sound(s, o->message, fd, offset, bytes, e) == -1)
		return (damaged(d, o, fd, e));
	if ((it = calloc(1, sizeof(*it))) == NULL) {
		(void)close(fd);
		return (err_set(e, ERR_TEMP, "out of memory"));
	}
	for (size_t i = 0; i < o->nknown; i++)
		o->known[i].used = false;
	it->original = o;
	it->again = (struct store_again){ .known = o->known, .nknown = o->nknown, .add = add };
	it->job = (struct ingest_job){ .fd = fd, .offset = offset, .bytes = bytes, .origin = "reprocess", .again = o->message,
	    .derive = &it->again, .user = it };
	return (ingest_submit(g, &it->job, e));
}

int
derive_originals(struct store *s, const struct limits *limits, unsigned decoders, struct store_originals *list, bool add,
    const struct derive_calls *dcalls, void *ctx, struct derive_counts *n, struct err *e)
{
	struct derive	 d = { dcalls, ctx, n };
	struct ingest	*g = NULL;
	int		 rv = 0;

	for (size_t i = 0; i < list->n && rv == 0; i++) {
		if (!list->items[i].todo)
			continue;
		if (g == NULL && (g = ingest_new(s, limits, decoders, &calls, &d, e)) == NULL)
			return (-1);
		rv = submit(s, g, &d, &list->items[i], add, e);
	}
	if (rv == 0 && g != NULL)
		rv = ingest_flush(g, e);
	ingest_free(g);
	return (rv == 0 && g != NULL ? store_overlaps(s, e) : rv);
}
