/*
 * ingest.c - see ingest.h.
 *
 * Each decoder has a window of jobs. Its frames are worked off as they come,
 * but between the begin and the end of a report only that decoder is heard:
 * the store takes one report at a time, and the others wait in their sockets.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "process/decoders.h"
#include "process/ingest.h"
#include "dmarc/failure.h"
#include "report/redact.h"
#include "process/trust.h"
#include "report/refusal.h"
#include "report/wire.h"
#include "report/wire_tls.h"
#include "report/wire_failure.h"

#define WINDOW 24
#define DECODERS_MAX 64
#define COMMIT_JOBS 1000
#define COMMIT_BYTES ((uint64_t)24 << 20)
#define COMMIT_MS 1500
#define KILLS_MAX 3		/* of decoders alone with a message; then it is put off */
#define UNFIT_MAX 8		/* decoders in a row that are lost before they have started */
#define READ_SIZE ((size_t)256 * 1024)
#define LIFE 4000		/* messages; then a fresh decoder takes over, whatever the old one had become */

struct worker {
	int			 fd;		/* -1: not running */
	int64_t			 decoder;	/* its source's number for it */
	unsigned		 given;		/* messages that this decoder was handed */
	struct buf		 in;
	size_t			 at;		/* worked off so far */
	struct ingest_job	*head, *tail;	/* in the order they were given */
	size_t			 njobs;
	int64_t			 waited;	/* ms that we stood waiting for it to read the head */
	bool			 ready;		/* it has said so */
	bool			 started;	/* the head has a message id */
	bool			 in_report, in_tls;	/* in_tls: that report is a TLS report */
	bool			 has_trust;	/* of the head */
	struct trust_kept	 trust;
	struct store_evidence	*evidence;	/* by number */
	unsigned		 nevidence;
};

struct ingest {
	struct store		*store;
	struct limits		 limits;
	const struct ingest_calls *calls;
	void			*ctx;
	struct worker		*w;
	unsigned		 nw;
	struct worker		*active;	/* in the middle of a report */
	struct ingest_job	*done, *done_tail;	/* wait for the commit */
	size_t			 ndone, pending;
	uint64_t		 done_bytes;
	int64_t			 txn_since;
	struct ingest_job	*again;		/* have to go alone, after a crash */
	unsigned		 unfit;		/* decoders in a row that ended before they were ready */
	struct wire_row_room	 room;
	struct wire_tls_room	 tls_room;
	struct failure_result	 failure_room[FAILURE_RESULTS];
};

/* --- Decoders ------------------------------------------------------------------------- */

static int
worker_start(struct ingest *g, struct worker *w, struct err *e)
{
	struct decoder_handle	 h;
	struct buf		 b = { 0 };
	size_t			 m;
	int			 size = 1 << 20, rv;

	if (decoder_get(&h, e) == -1)
		return (-1);
	w->fd = h.fd;
	w->decoder = h.id;
	w->given = 0;
	w->ready = false;
	(void)setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(w->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	m = wire_open(&b, WIRE_LIMITS);
#define PUT(name, def, min, max, unit, why) wire_uint(&b, g->limits.name);
	LIMITS(PUT)
#undef PUT
	wire_close(&b, m);
	rv = b.failed ? -1 : io_send_fd(w->fd, b.p, b.len, -1);
	buf_free(&b);
	if (rv == -1)
		return (err_set(e, ERR_TEMP, "decoder: %s", strerror(errno)));
	return (0);
}

/* gone: it ended by itself, and how is of interest. */
static int
worker_clear(struct worker *w, bool gone)
{
	struct decoder_handle	 h = { w->fd, w->decoder };
	int			 status = DECODER_UNKNOWN;

	if (w->fd == -1)
		return (status);
	if (gone)
		status = decoder_ended(&h);
	else
		decoder_end(&h);
	w->fd = -1;
	buf_clear(&w->in);
	w->at = 0;
	w->in_report = w->in_tls = w->started = w->has_trust = false;
	w->waited = 0;
	w->nevidence = 0;
	return (status);
}

static void
worker_stop(struct worker *w)
{
	(void)worker_clear(w, false);
}

static int
worker_send(struct worker *w, struct ingest_job *j, struct err *e)
{
	struct buf	 b = { 0 };
	size_t		 m = wire_open(&b, WIRE_READ);
	struct str	 name = str_of(j->filename);
	int		 rv;

	if (name.len > 2000 || !str_utf8_ok(name))
		name = STR_NONE;
	wire_uint(&b, 0);	/* no extraction */
	wire_uint(&b, 0);
	wire_uint(&b, j->offset);
	wire_uint(&b, j->bytes);
	wire_text(&b, name);
	wire_close(&b, m);
	rv = b.failed ? -1 : io_send_fd(w->fd, b.p, b.len, j->fd);
	buf_free(&b);
	return (rv == -1 ? err_set(e, ERR_TEMP, "decoder: %s", strerror(errno)) : 0);
}

/* --- Jobs ------------------------------------------------------------------------------- */

void
ingest_job_clear(struct ingest_job *j)
{
	if (j->fd != -1)
		(void)close(j->fd);
	j->fd = -1;
	j->failure = j->private = false;
	free(j->reports);
	free(j->prior);
	free(j->from);
	free(j->subject);
	j->reports = j->prior = NULL;
	j->nprior = 0;
	j->from = j->subject = NULL;
	j->nreports = 0;
	j->refused = 0;
	j->reason[0] = '\0';
	j->reason_code = NULL;
	j->part = j->line = 0;
	j->byte = 0;
	j->entry[0] = '\0';
	for (size_t i = 0; j->derive != NULL && i < j->derive->nknown; i++)
		j->derive->known[i].used = false;
}

/* It is read once more; what it brought to the store is remembered, so that it does not count as having come twice. */
static void
job_retract(struct ingest_job *j)
{
	struct ingest_report	*had = j->nreports >= j->nprior ? j->reports : j->prior;
	size_t			 n = j->nreports >= j->nprior ? j->nreports : j->nprior;
	int			 fd = j->fd;

	j->fd = -1;
	if (had == j->reports)
		j->reports = NULL;
	else
		j->prior = NULL;
	ingest_job_clear(j);
	j->fd = fd;
	j->prior = had;
	j->nprior = n;
}

/* What is redacted before it is stored cannot lie beside it as it came. */
static bool
keeps_original(const struct ingest *g, const struct ingest_job *j)
{
	return (j->keep_original && (!j->failure || store_failure_originals(g->store)));
}

/*
 * Reports of a message are in the store before its end: its row goes there,
 * too, so that its id is nobody else's when the transaction ends.
 */
static int
job_hold(struct ingest *g, struct ingest_job *j, struct err *e)
{
	struct store_message	 m = { j->received, j->origin, j->bytes, j->token, false, j->failure };

	if (j->held || j->again != 0)
		return (0);
	j->held = true;
	return (store_message_hold(g->store, j->message, &m, keeps_original(g, j) ? j->fd : -1, j->offset, e));
}

static int
same_as_before(struct ingest *g, struct ingest_job *j, struct store_stored *s, struct err *e)
{
	if (j->derive != NULL) {
		for (size_t i = 0; i < j->nprior; i++)
			if (j->prior[i].kind == s->kind && j->prior[i].id == s->id)
				s->changed |= j->prior[i].changed;
		return (0);
	}
	if (j->retry && s->result == IN_DUPLICATE && j->again != 0 && store_report_message(g->store, s->kind, s->id) == j->again) {
		s->result = IN_STORED;	/* by the first reading of this very message */
		return (store_report_unrepeat(g->store, s->kind, s->id, e));
	}
	for (size_t i = 0; i < j->nprior && s->result == IN_DUPLICATE; i++)
		if (j->prior[i].kind == s->kind && j->prior[i].id == s->id && j->prior[i].result != IN_DUPLICATE) {
			s->result = j->prior[i].result;
			return (store_report_unrepeat(g->store, s->kind, s->id, e));
		}
	return (0);
}

static void
set_reason(struct ingest_job *j, enum refusal code, const char *text)
{
	if (j->reason[0] != '\0')
		return;
	j->reason_code = refusal_words[code];
	(void)snprintf(j->reason, sizeof(j->reason), "%s", text);
}

static void
decide(struct ingest_job *j, unsigned flags)
{
	bool	 stored = false, replaced = false, partial = false;
	bool	 failure = (flags & 4) != 0;

	for (size_t i = 0; i < j->nreports; i++) {
		stored |= j->reports[i].result == IN_STORED;
		replaced |= j->reports[i].result == IN_REPLACED;
		partial |= j->reports[i].result == IN_PARTIAL;
	}
	if (j->nreports > 0) {
		j->result = j->refused > 0 || partial ? IN_PARTIAL : replaced ? IN_REPLACED : stored ? IN_STORED : IN_DUPLICATE;
		return;
	}
	if (j->refused > 0)
		j->result = IN_REJECTED;
	else if (failure) {
		j->result = IN_REJECTED;
		set_reason(j, REFUSAL_FAILURE_REPORT, "this is a failure report (ruf), but there is no machine-readable part in it; it was kept");
	} else {
		j->result = IN_IGNORED;
		if (flags & 8)
			set_reason(j, REFUSAL_EMPTY_REPORT, "the reporter sent the word 'unused' and no report");
		set_reason(j, REFUSAL_NOT_A_REPORT, j->bytes == 0 ? "the file is empty" : "there is no report in it");
	}
}

static int
settle_quarantine(struct ingest *g, struct ingest_job *j, struct err *e)
{
	struct store_quarantined	 x = { j->received, j->origin, j->quarantine, j->bytes, j->reason_code == NULL ?
					    refusal_words[REFUSAL_UNREADABLE] : j->reason_code, j->reason, str_of(j->from), str_of(j->subject),
					    j->message, j->part, j->line, j->byte, str_of(j->entry), j->retry, j->private };

	/* who asked for a retry decides what becomes of a message without a report */
	if (j->retry && j->result == IN_IGNORED)
		j->result = IN_REJECTED;
	j->quarantined = j->quarantine != NULL && (j->result == IN_REJECTED || (j->result == IN_PARTIAL && j->refused > 0));
	if (j->quarantined)
		return (store_quarantine_add(g->store, &x, e));
	return (j->retry ? store_quarantine_remove(g->store, j->quarantine, e) : 0);
}

static int
job_done(struct ingest *g, struct worker *w, struct ingest_job *j, unsigned flags, struct err *e)
{
	struct store_message	 m = { j->received, j->origin, j->bytes, j->token, j->again != 0, j->failure };
	bool			 keep;

	decide(j, flags);
	if (j->derive == NULL && settle_quarantine(g, j, e) == -1)
		return (-1);
	keep = keeps_original(g, j) && j->nreports > 0 && j->result != IN_DUPLICATE;
	if (j->derive == NULL && (j->held ? store_message_settle(g->store, j->message, &m, j->result, e) :
	    store_message_end(g->store, j->message, &m, j->result, keep ? j->fd : -1, j->offset, e)) == -1)
		return (-1);
	if (j->settling != NULL && j->settling(j, e) == -1)
		return (-1);
	w->head = j->next;
	if (w->head == NULL)
		w->tail = NULL;
	w->njobs--;
	w->started = w->has_trust = false;
	w->waited = 0;
	j->next = NULL;
	if (g->done_tail == NULL)
		g->done = j;
	else
		g->done_tail->next = j;
	g->done_tail = j;
	g->ndone++;
	g->done_bytes += j->bytes;
	(void)close(j->fd);
	j->fd = -1;
	return (0);
}

static int
commit(struct ingest *g, struct err *e)
{
	struct ingest_job	*j;

	if (!store_in_transaction(g->store))
		return (0);
	for (unsigned i = 0; i < g->nw; i++) {
		struct worker	*w = &g->w[i];

		if (!w->started)
			continue;
		if (w->head->nreports == 0 && !w->head->held)
			w->started = false;	/* nothing has its id yet: it gets another */
		else if (job_hold(g, w->head, e) == -1)
			return (-1);
	}
	if (store_commit(g->store, e) == -1)
		return (-1);
	while ((j = g->done) != NULL) {
		g->done = j->next;
		j->next = NULL;
		g->ndone--;
		g->pending--;
		g->calls->finished(g->ctx, j);
	}
	g->done_tail = NULL;
	g->done_bytes = 0;
	return (0);
}

/* --- Frames ----------------------------------------------------------------------------- */

static int
need_transaction(struct ingest *g, struct worker *w, struct err *e)
{
	if (!store_in_transaction(g->store)) {
		if (store_begin(g->store, e) == -1)
			return (-1);
		g->txn_since = when_mono_ms();
	}
	if (!w->started) {
		w->started = true;
		if (w->head->again != 0)
			w->head->message = w->head->again;
		else if (!w->head->held)
			return (store_message_begin(g->store, &w->head->message, e));
	}
	return (0);
}

static int
on_rows(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	struct report_record	 r;
	struct wire		 c;
	struct str		 text;
	const unsigned char	*ip;
	unsigned		 ip_len;
	uint64_t		 n, count, seq;

	while (f->p < f->end && !f->bad) {
		switch (wire_get_uint(f)) {
		case WI_RESTART:
			w->nevidence = 0;
			break;
		case WI_COMBINATION:
			n = wire_get_uint(f);
			if (f->bad || n == 0 || n - 1 > (uint64_t)(f->end - f->p) || w->nevidence >= WIRE_TABLE)
				return (err_set(e, ERR_INPUT, "bad frame from a decoder: combination"));
			c = (struct wire){ f->p, f->p + (n - 1), false };
			text = (struct str){ (const char *)f->p, (size_t)n - 1 };
			f->p = c.end;
			if (wire_get_combination(&c, &g->room, &r, e) == -1)
				return (-1);
			if (c.p != c.end)
				return (err_set(e, ERR_INPUT, "bad frame from a decoder: combination"));
			if (store_evidence(g->store, text, &r, &w->evidence[w->nevidence], e) == -1)
				return (-1);
			w->nevidence++;
			break;
		case WI_ROW:
			n = wire_get_below(f, w->nevidence);
			ip_len = (unsigned)wire_get_below(f, 17);
			ip = NULL;
			text = STR_NONE;
			if (ip_len == 4 || ip_len == 16) {
				if ((size_t)(f->end - f->p) < ip_len)
					return (err_set(e, ERR_INPUT, "bad frame from a decoder: address"));
				ip = f->p;
				f->p += ip_len;
			} else if (ip_len == 0)
				text = wire_get_text(f, 1u << 20);
			else
				f->bad = true;
			count = wire_get_below(f, (uint64_t)1 << 63);
			seq = wire_get_below(f, (uint64_t)1 << 62);
			if (f->bad)
				return (err_set(e, ERR_INPUT, "bad frame from a decoder: row"));
			if (store_row(g->store, &w->evidence[n], ip, ip_len, text, count, seq, e) == -1)
				return (-1);
			break;
		default:
			return (err_set(e, ERR_INPUT, "bad frame from a decoder: item"));
		}
	}
	return (f->bad ? err_set(e, ERR_INPUT, "bad frame from a decoder: rows") : 0);
}

static int
on_trust(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	static struct trust_trace	 trace;
	struct trust_mail		 m;

	if (w->in_report || w->has_trust)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: trust at the wrong place"));
	if (trust_get(f, &trace, e) == -1)
		return (-1);
	trust_mail(store_settings(g->store), &trace, &m);
	trust_keep(&w->trust, &m);
	w->has_trust = true;
	return (0);
}

static int
on_report_begin(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	struct report_header	 h;
	unsigned		 payload;

	if (w->in_report)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: a begin in a report"));
	if (wire_get_header(f, &payload, &h, e) == -1)
		return (-1);
	w->in_report = true;
	w->in_tls = false;
	w->nevidence = 0;
	g->active = w;
	store_trust_mail(g->store, w->has_trust ? &w->trust.mail : NULL);
	return (store_report_begin(g->store, w->head->message, payload, &h, e));
}

/* The report has ended: rv and *s are what the store made of it. */
static int
job_add(struct ingest *g, struct ingest_job *j, struct store_stored *s, struct err *e)
{
	struct ingest_report	*p;

	if (same_as_before(g, j, s, e) == -1)
		return (-1);
	if (s->id == 0)
		return (0);
	if ((p = realloc(j->reports, (j->nreports + 1) * sizeof(*p))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	j->reports = p;
	j->reports[j->nreports++] = (struct ingest_report){ s->id, s->result, s->changed, s->kind };
	return (0);
}

/* The report has ended: rv and *s are what the store made of it. */
static int
stored(struct ingest *g, struct worker *w, int rv, struct store_stored *s, struct err *e)
{
	struct ingest_job	*j = w->head;

	if (rv == -1) {
		if (e->code != ERR_LIMIT)
			return (-1);
		w->in_report = false;
		g->active = NULL;
		set_reason(j, REFUSAL_OVER_LIMIT, e->msg);
		j->refused++;
		return (0);
	}
	w->in_report = false;
	g->active = NULL;
	return (job_add(g, j, s, e));
}

/* A failure report is one frame: nobody has to wait for its end. */
static int
on_failure(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	struct failure_report	 r;
	struct store_stored	 s;
	unsigned		 payload;

	if (w->in_report)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: a failure report in a report"));
	if (wire_get_failure(f, g->failure_room, FAILURE_RESULTS, &payload, &r, e) == -1)
		return (-1);
	w->head->failure = true;
	store_trust_mail(g->store, w->has_trust ? &w->trust.mail : NULL);
	if (store_failure(g->store, w->head->message, payload, &r, w->head->derive, &s, e) == -1)
		return (-1);
	return (job_add(g, w->head, &s, e));
}

static int
on_report_end(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	struct report_trailer	 t;
	struct store_stored	 s;
	struct store_again	*again = w->head->derive;
	int			 rv;

	if (wire_get_trailer(f, &t, e) == -1)
		return (-1);
	rv = again != NULL ? store_report_replace(g->store, &t, again, &s, e) : store_report_end(g->store, &t, &s, e);
	return (stored(g, w, rv, &s, e));
}

/* One item of a TLS report; until its end nobody else is heard, as with any report. */
static int
on_tls(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	struct tls_item		 it;
	struct store_stored	 s;
	int			 rv;

	if (wire_get_tls(f, &g->tls_room, &it, e) == -1)
		return (-1);
	if (it.kind == TLS_BEGIN ? w->in_report : !w->in_report || !w->in_tls)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: an item outside of a TLS report"));
	if (it.kind == TLS_BEGIN) {
		w->in_report = w->in_tls = true;
		g->active = w;
		store_trust_mail(g->store, w->has_trust ? &w->trust.mail : NULL);
		return (store_tls_begin(g->store, w->head->message, it.u.payload, e));
	}
	if (it.kind != TLS_END)
		return (store_tls_item(g->store, &it, e));
	rv = store_tls_end(g->store, &it.u.header, w->head->derive, &s, e);
	return (stored(g, w, rv, &s, e));
}

static int
on_refused(struct worker *w, struct wire *f, struct err *e)
{
	enum refusal	 code = (enum refusal)wire_get_below(f, REFUSAL_COUNT);
	unsigned	 part = (unsigned)wire_get_below(f, 1u << 30), line = (unsigned)wire_get_below(f, 1u << 31);
	uint64_t	 byte = wire_get_below(f, (uint64_t)1 << 62);
	struct str	 entry = wire_get_text(f, sizeof(w->head->entry) - 1), text = wire_get_text(f, 600);
	char		 z[512];

	if (f->bad || f->p != f->end)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: refusal"));
	(void)snprintf(z, sizeof(z), "%.*s", (int)text.len, text.p == NULL ? "" : text.p);
	if (w->head->reason[0] == '\0') {
		w->head->part = part;
		w->head->line = line;
		w->head->byte = byte;
		(void)snprintf(w->head->entry, sizeof(w->head->entry), "%.*s", (int)entry.len, entry.p == NULL ? "" : entry.p);
	}
	set_reason(w->head, code, z);
	w->head->refused++;
	return (0);
}

static char *
dup_str(struct str s)
{
	return (s.p == NULL ? NULL : strndup(s.p, s.len));
}

/*
 * The subject of such a mail is that of the message it is about, most often:
 * it is not told anywhere, nor is who wrote.
 */
static char *
dup_masked(struct str s, bool address)
{
	struct buf	 b = { 0 };

	if (s.p == NULL)
		return (NULL);
	if (address)
		redact_address_field(s, &b);
	else
		(void)buf_cstr(&b, REDACTED);
	if (b.failed)
		buf_free(&b);
	return (b.p);
}

static int
on_done(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	struct ingest_job	*j = w->head;
	struct str		 from, subject;
	unsigned		 flags;

	(void)wire_get_below(f, 2);
	(void)wire_get_uint(f);
	(void)wire_get_uint(f);
	flags = (unsigned)wire_get_below(f, 16);
	j->private = (flags & 4) != 0;
	from = wire_get_text(f, 1024);
	subject = wire_get_text(f, 1024);
	j->from = (flags & 4) != 0 ? dup_masked(from, true) : dup_str(from);
	j->subject = (flags & 4) != 0 ? dup_masked(subject, false) : dup_str(subject);
	if (f->bad || f->p != f->end || w->in_report)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: done"));
	return (job_done(g, w, j, flags, e));
}

static int
unfit(struct err *e, const char *why)
{
	err_set(e, ERR_TEMP, "no process that reads mail can be started, so none is read: %s", why);
	e->detail = INGEST_UNFIT;
	return (-1);
}

/* Only the first: what it read later may not speak for it. */
static int
on_started(struct ingest *g, struct worker *w, struct wire *f, struct err *e)
{
	struct str	 why = wire_get_text(f, 1000);
	char		 z[200];

	if (w->ready || f->bad || f->p != f->end)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: started"));
	if (why.len > 0) {
		(void)snprintf(z, sizeof(z), "%.*s", (int)why.len, why.p);
		return (unfit(e, z));
	}
	w->ready = true;
	g->unfit = 0;
	return (0);
}

static int
on_frame(struct ingest *g, struct worker *w, unsigned type, const unsigned char *p, size_t n, struct err *e)
{
	struct wire		 f = { p, p + n, false };
	struct report_refused	 row;

	if (type == WIRE_STARTED && n <= wire_max[type])
		return (on_started(g, w, &f, e));
	if (w->head == NULL || type >= WIRE_COUNT || n > wire_max[type])
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: type %u", type));
	if (need_transaction(g, w, e) == -1)
		return (-1);
	if ((!w->in_report || w->in_tls) && (type == WIRE_ROWS || type == WIRE_ROW_REFUSED || type == WIRE_REPORT_END))
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: outside of a report"));
	switch (type) {
	case WIRE_TRUST:
		return (on_trust(g, w, &f, e));
	case WIRE_REPORT_BEGIN:
		return (on_report_begin(g, w, &f, e));
	case WIRE_ROWS:
		return (on_rows(g, w, &f, e));
	case WIRE_ROW_REFUSED:
		if (wire_get_refused(&f, &row, e) == -1)
			return (-1);
		return (store_row_refused(g->store, &row, e));
	case WIRE_REPORT_END:
		return (on_report_end(g, w, &f, e));
	case WIRE_REPORT_DROP:
		w->in_report = false;
		g->active = NULL;
		return (store_report_drop(g->store, e));
	case WIRE_TLS:
		return (on_tls(g, w, &f, e));
	case WIRE_FAILURE:
		return (on_failure(g, w, &f, e));
	case WIRE_REFUSED:
		return (on_refused(w, &f, e));
	case WIRE_DONE:
		return (on_done(g, w, &f, e));
	default:
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: type %u", type));
	}
}

/* --- When a decoder fails ------------------------------------------------------------------ */

static void
push_again(struct ingest *g, struct ingest_job *j)
{
	struct ingest_job	**p = &g->again;

	while (*p != NULL)
		p = &(*p)->next;
	j->next = NULL;
	*p = j;
}

/* Its reading is to blame: what was whole before it happened counts, the rest is refused. */
static int
refuse_head(struct ingest *g, struct worker *w, enum refusal code, const char *how, struct err *e)
{
	struct ingest_job	*j = w->head;
	char			 text[256];

	/* message ids are only kept for the head; give it one if it had none */
	if (need_transaction(g, w, e) == -1)
		return (-1);
	job_retract(j);
	(void)snprintf(text, sizeof(text), "the process reading it %s", how);
	set_reason(j, code, text);
	j->refused = 1;
	j->reports = j->prior;
	j->nreports = j->nprior;
	j->prior = NULL;
	j->nprior = 0;
	return (job_done(g, w, j, 0, e));
}

/* Not its fault, as far as anybody knows; but it does not hold up the others for ever. */
static void
put_off_head(struct ingest *g, struct worker *w, const char *how)
{
	struct ingest_job	*j = w->head;

	w->head = j->next;
	g->pending--;
	j->put_off = true;
	j->reason_code = refusal_words[REFUSAL_CRASHED];
	(void)snprintf(j->reason, sizeof(j->reason), "the process reading it %s %u times; it was put off", how, KILLS_MAX);
	g->calls->abandoned(g->ctx, j);
}

/*
 * Who writes to one that has ended learns of its end before its first words
 * have been read: had it started, or why not?
 */
static int
first_words(struct ingest *g, struct worker *w, struct err *e)
{
	const unsigned char	*p;
	struct wire		 f;
	ssize_t			 n;
	size_t			 len;

	if (w->ready || w->fd == -1 || !buf_reserve(&w->in, READ_SIZE))
		return (0);
	if ((n = recv(w->fd, w->in.p + w->in.len, READ_SIZE, MSG_DONTWAIT)) > 0)
		w->in.len += (size_t)n;
	p = (const unsigned char *)w->in.p + w->at;
	if (w->in.len - w->at < WIRE_HEAD || p[4] != WIRE_STARTED)
		return (0);
	len = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
	if (len < 1 || len - 1 > wire_max[WIRE_STARTED] || w->in.len - w->at < len + 4)
		return (0);
	f = (struct wire){ p + WIRE_HEAD, p + len + 4, false };
	return (on_started(g, w, &f, e) == -1 && e->detail == INGEST_UNFIT ? -1 : 0);
}

static void
say_failure(size_t njobs, const char *how, bool to_blame)
{
	if (to_blame)
		log_warn("a decoder %s, at a message that it was alone with: that one is not read again", how);
	else if (njobs == 1)
		log_warn("a decoder %s; its message is read again, by a new one", how);
	else
		log_warn("a decoder %s; its %zu messages are read again, one by one", how, njobs);
}

/*
 * The decoder is gone or no longer to be believed. Whose fault it was shows
 * when each of its messages is read alone; one that was alone is to blame.
 * gone: it ended by itself, and its parent knows how: whoever kills it from
 * outside does not make a message unreadable.
 */
static int
worker_failed(struct ingest *g, struct worker *w, bool gone, enum refusal code, const char *how, struct err *e)
{
	struct ingest_job	*j, *next;
	char			 words[128], unready[160];
	bool			 ready, blame = true;
	int			 status;

	if (gone && first_words(g, w, e) == -1)
		return (-1);
	ready = w->ready;
	if (w->in_report) {
		g->active = NULL;
		if (store_report_drop(g->store, e) == -1)
			return (-1);
	}
	status = worker_clear(w, gone);
	if (gone) {
		blame = decoder_blame(status, &code, words, sizeof(words));
		how = words;
	}
	(void)snprintf(unready, sizeof(unready), "it %s", how);
	if (!ready && ((gone && blame) || ++g->unfit >= UNFIT_MAX))
		return (unfit(e, unready));
	j = w->head;
	say_failure(w->njobs, how, j != NULL && j->alone && ready && blame);
	if (j != NULL && j->nreports > 0 && job_hold(g, j, e) == -1)
		return (-1);
	if (j != NULL && j->alone && ready) {
		if (blame) {
			if (refuse_head(g, w, code, how, e) == -1)
				return (-1);
		} else if (++j->kills >= KILLS_MAX)
			put_off_head(g, w, how);
		j = w->head;
	}
	for (; j != NULL; j = next) {
		next = j->next;
		job_retract(j);
		j->alone = true;
		push_again(g, j);
	}
	w->head = w->tail = NULL;
	w->njobs = 0;
	w->started = false;
	return (worker_start(g, w, e));
}

static int
give(struct ingest *g, struct worker *w, struct ingest_job *j, struct err *e)
{
	j->next = NULL;
	if (w->tail == NULL) {
		w->head = j;
		w->waited = 0;
	} else
		w->tail->next = j;
	w->tail = j;
	w->njobs++;
	w->given++;
	if (worker_send(w, j, e) == -1)
		return (worker_failed(g, w, true, REFUSAL_CRASHED, "went away", e));
	return (0);
}

/* Works off the frames that have come in whole; *stuck when another report is under way. */
static int
frames(struct ingest *g, struct worker *w, struct err *e)
{
	unsigned char	*p;
	size_t		 n;

	while (w->in.len - w->at >= WIRE_HEAD && (g->active == NULL || g->active == w)) {
		p = (unsigned char *)w->in.p + w->at;
		n = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		if (n < 1 || n > (1u << 26))
			return (err_set(e, ERR_INPUT, "bad frame from a decoder: %zu bytes", n));
		if (w->in.len - w->at < n + 4)
			break;
		if (on_frame(g, w, p[4], p + WIRE_HEAD, n - 1, e) == -1)
			return (-1);
		w->at += n + 4;
	}
	if (w->at == w->in.len) {
		buf_clear(&w->in);
		w->at = 0;
		if (w->in.cap > 8 * READ_SIZE)
			buf_free(&w->in);
	}
	return (0);
}

static int
hear(struct ingest *g, struct worker *w, struct err *e)
{
	ssize_t	 n;

	if (w->at > READ_SIZE) {
		buf_drop(&w->in, w->at);
		w->at = 0;
	}
	if (!buf_reserve(&w->in, READ_SIZE))
		return (err_set(e, ERR_TEMP, "out of memory"));
	do
		n = recv(w->fd, w->in.p + w->in.len, READ_SIZE, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return (0);
	if (n <= 0)
		return (worker_failed(g, w, true, REFUSAL_CRASHED, "crashed", e));
	w->in.len += (size_t)n;
	return (0);
}

static int
all_frames(struct ingest *g, struct err *e)
{
	struct worker	*w;
	bool		 moved;

	/* the end of one report may let others speak whose frames are here already */
	do {
		struct worker	*was = g->active;

		moved = false;
		for (unsigned i = 0; i < g->nw; i++) {
			w = &g->w[i];
			if (w->fd == -1 || w->in.len == w->at || (g->active != NULL && g->active != w))
				continue;
			if (frames(g, w, e) == -1) {
				if (e->code != ERR_INPUT)
					return (-1);
				log_warn("%s", e->msg);
				if (worker_failed(g, w, false, REFUSAL_CRASHED, "sent what no decoder sends", e) == -1)
					return (-1);
			}
		}
		moved = was != NULL && g->active == NULL;
	} while (moved);
	return (0);
}

/*
 * Only time in which nothing else held us up counts: a slow disk or a busy
 * database is not the message's fault.
 */
static int
deadlines(struct ingest *g, struct err *e)
{
	char	 how[80];

	for (unsigned i = 0; i < g->nw; i++) {
		struct worker	*w = &g->w[i];

		if (w->head == NULL || w->waited <= (int64_t)g->limits.seconds * 1000)
			continue;
		(void)snprintf(how, sizeof(how), "took longer than %llu seconds (limit seconds)",
		    (unsigned long long)g->limits.seconds);
		if (worker_failed(g, w, false, REFUSAL_TOO_SLOW, how, e) == -1)
			return (-1);
	}
	return (0);
}

static void
give_up(struct ingest *g)
{
	struct ingest_job	*j, *next;

	if (store_in_transaction(g->store))
		store_rollback(g->store);
	g->active = NULL;
	for (unsigned i = 0; i < g->nw; i++) {
		(void)worker_stop(&g->w[i]);
		for (j = g->w[i].head; j != NULL; j = next) {
			next = j->next;
			g->pending--;
			g->calls->abandoned(g->ctx, j);
		}
		g->w[i].head = g->w[i].tail = NULL;
		g->w[i].njobs = 0;
	}
	for (j = g->done; j != NULL; j = next) {
		next = j->next;
		g->pending--;
		g->calls->abandoned(g->ctx, j);
	}
	for (j = g->again; j != NULL; j = next) {
		next = j->next;
		g->pending--;
		g->calls->abandoned(g->ctx, j);
	}
	g->done = g->done_tail = g->again = NULL;
	g->ndone = 0;
	g->done_bytes = 0;
}

static int
resend(struct ingest *g, struct err *e)
{
	while (g->again != NULL) {
		struct ingest_job	*j = g->again;
		struct worker		*w = NULL;

		for (unsigned i = 0; i < g->nw && w == NULL; i++)
			if (g->w[i].fd != -1 && g->w[i].njobs == 0)
				w = &g->w[i];
		if (w == NULL)
			return (0);
		g->again = j->next;
		if (give(g, w, j, e) == -1)
			return (-1);
	}
	return (0);
}

static int
step(struct ingest *g, int ms, struct err *e)
{
	struct pollfd	 pfd[DECODERS_MAX];
	struct worker	*who[DECODERS_MAX];
	nfds_t		 n = 0;
	int64_t		 since;
	int		 got;

	for (unsigned i = 0; i < g->nw; i++) {
		struct worker	*w = &g->w[i];

		if (w->njobs == 0 && w->given >= LIFE)
			worker_stop(w);
		if (w->fd == -1 && worker_start(g, w, e) == -1)
			return (-1);
		/* those who have to wait are not read: their socket holds them back */
		if (w->njobs == 0 || (g->active != NULL && g->active != w))
			continue;
		pfd[n] = (struct pollfd){ .fd = w->fd, .events = POLLIN };
		who[n++] = w;
	}
	if (n > 0) {
		if (ms > 200)
			ms = 200;	/* deadlines are looked at in between */
		since = when_mono_ms();
		if ((got = poll(pfd, n, ms)) == -1 && errno != EINTR)
			return (err_set(e, ERR_TEMP, "poll: %s", strerror(errno)));
		since = when_mono_ms() - since;
		for (nfds_t i = 0; i < n; i++)
			who[i]->waited += since;
		for (nfds_t i = 0; got > 0 && i < n; i++)
			if (pfd[i].revents != 0 && who[i]->fd == pfd[i].fd && hear(g, who[i], e) == -1)
				return (-1);
	}
	if (all_frames(g, e) == -1 || deadlines(g, e) == -1 || resend(g, e) == -1)
		return (-1);
	if (g->active == NULL && store_in_transaction(g->store) && (g->ndone >= COMMIT_JOBS || g->done_bytes >= COMMIT_BYTES ||
	    when_mono_ms() - g->txn_since >= COMMIT_MS || g->ndone == g->pending))
		return (commit(g, e));
	return (0);
}

int
ingest_work(struct ingest *g, int ms, struct err *e)
{
	if (step(g, ms, e) == -1) {
		give_up(g);
		return (-1);
	}
	return (0);
}

int
ingest_submit(struct ingest *g, struct ingest_job *j, struct err *e)
{
	struct worker	*w;

	j->next = NULL;
	j->alone = j->held = j->put_off = false;
	j->kills = 0;
	g->pending++;
	for (;;) {
		w = NULL;
		/* while some must go alone nobody else sets out, so that they get a decoder */
		for (unsigned i = 0; i < g->nw && g->again == NULL; i++) {
			struct worker	*c = &g->w[i];

			if (c->fd != -1 && c->njobs < WINDOW && c->given < LIFE && (c->head == NULL || !c->head->alone) &&
			    (w == NULL || c->njobs < w->njobs))
				w = c;
		}
		if (w != NULL)
			break;
		if (step(g, 1000, e) == -1) {
			/* it stands in no list yet */
			g->pending--;
			g->calls->abandoned(g->ctx, j);
			give_up(g);
			return (-1);
		}
	}
	if (give(g, w, j, e) == 0)
		return (0);
	give_up(g);
	return (-1);
}

int
ingest_flush(struct ingest *g, struct err *e)
{
	while (g->pending > 0)
		if (ingest_work(g, 1000, e) == -1)
			return (-1);
	return (0);
}

size_t
ingest_pending(const struct ingest *g)
{
	return (g->pending);
}

size_t
ingest_fds(const struct ingest *g, int *fds, size_t max)
{
	size_t	 n = 0;

	for (unsigned i = 0; i < g->nw && n < max; i++)
		if (g->w[i].fd != -1 && g->w[i].njobs > 0)
			fds[n++] = g->w[i].fd;
	return (n);
}

struct ingest *
ingest_new(struct store *store, const struct limits *limits, unsigned decoders, const struct ingest_calls *calls, void *ctx,
    struct err *e)
{
	struct ingest	*g = calloc(1, sizeof(*g));
	long		 cores;

	if (decoders == 0) {
		cores = sysconf(_SC_NPROCESSORS_ONLN);
		decoders = cores < 1 ? 1 : cores > DECODERS_MAX ? DECODERS_MAX : (unsigned)cores;
	}
	if (decoders > DECODERS_MAX)
		decoders = DECODERS_MAX;
	if (g == NULL || (g->w = calloc(decoders, sizeof(*g->w))) == NULL) {
		free(g);
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	g->store = store;
	g->limits = *limits;
	store_limit(store, limits);
	g->calls = calls;
	g->ctx = ctx;
	g->nw = decoders;
	g->room.room = (size_t)limits->results;
	g->room.dkim = calloc(g->room.room, sizeof(*g->room.dkim));
	g->room.spf = calloc(g->room.room, sizeof(*g->room.spf));
	g->room.reasons = calloc(g->room.room, sizeof(*g->room.reasons));
	for (unsigned i = 0; i < g->nw; i++)
		g->w[i].fd = -1;
	for (unsigned i = 0; i < g->nw; i++)
		if ((g->w[i].evidence = calloc(WIRE_TABLE, sizeof(struct store_evidence))) == NULL ||
		    worker_start(g, &g->w[i], e) == -1) {
			ingest_free(g);
			return (NULL);
		} else
			g->w[i].given = i * LIFE / g->nw;	/* not all are to be renewed at once */
	if (g->room.dkim == NULL || g->room.spf == NULL || g->room.reasons == NULL) {
		ingest_free(g);
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	return (g);
}

void
ingest_free(struct ingest *g)
{
	if (g == NULL)
		return;
	give_up(g);
	for (unsigned i = 0; i < g->nw; i++) {
		free(g->w[i].evidence);
		buf_free(&g->w[i].in);
	}
	free(g->room.dkim);
	free(g->room.spf);
	free(g->room.reasons);
	wire_tls_room_free(&g->tls_room);
	free(g->w);
	free(g);
}
