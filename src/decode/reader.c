/*
 * reader.c - see reader.h.
 *
 * bytes -> [message] -> container -> document -> report/aggregate. A large
 * document that has to be read twice (see aggregate.h) is reached again by
 * walking the whole message once more: memory does not grow with it.
 */
#include <errno.h>
#include <unistd.h>

#include "base/when.h"
#include "decode/container.h"
#include "decode/message.h"
#include "decode/reader.h"
#include "report/aggregate.h"
#include "report/copy.h"
#include "report/refusal.h"
#include "report/tlsrpt.h"

#define CHUNK ((size_t)64 * 1024)
#define HEAD 4096
#define PASSES 40	/* readings of one document, with all reports in it: aggregate.c allows fewer */
#define MAIL_BITS 16	/* mails entered within one layer; those of another count from there */
#define SNIFF 2048	/* of a part, until it shows whether it is the machine-readable part of a failure report */
#define MAILS 8		/* attached to each other in a transfer encoding; limits.mime_depth comes first */

/* A mail, or one attached to it in a transfer encoding, which is no part of the mail's own structure. */
struct layer {
	struct reader	*r;
	struct message	*m;		/* made when it is needed */
	unsigned	 n;		/* mails around it */
	bool		 deeper;	/* the part under way is a mail: the next layer's */
};

/* Where the bytes of the part under way go. */
enum part_to { TO_CONTAINER, TO_SNIFF, TO_FIELDS, TO_SNIFF_SAMPLE, TO_SAMPLE, TO_NOWHERE };

struct reader {
	const struct limits		*limits;
	const struct reader_calls	*calls;
	void				*ctx;
	unsigned char			*chunk;

	struct layer			 mails[MAILS];
	struct container		*box;
	struct aggregate		*agg;
	struct tlsrpt			*tls;
	struct copy			*copy;
	bool				 in_copy, sniffed;	/* the open JSON is one of another program; that is known */
	bool				 in_part;

	struct failure			*failure;	/* of the mail failure_mail, as far as it has come */
	unsigned			 failure_mail;
	bool				 failure_open, failure_named;	/* something of it was collected; its mail's fields are known */
	bool				 scanning, scanned, rescan;	/* a walk before: is there a machine-readable part at all? */
	bool				 is_failure;	/* what that walk found */
	enum part_to			 to;
	bool				 words;		/* this part is text for people */
	bool				 encoded, plain;	/* of it: see mime_part, encoded and feedback */
	struct buf			 sniff;

	const struct reader_job		*job;
	struct reader_result		*res;
	unsigned			 index, skip;	/* of the document; those below skip are done */
	unsigned			 json, json_skip;	/* the same for JSON */
	bool				 in_json;	/* the open document is one */
	bool				 declared;	/* the part's type says TLS report */
	unsigned			 nfailures, failures_told;	/* failure reports are counted apart */
	unsigned			 unreadable, told;	/* containers of this walk; those below told were refused before */
	bool				 open, refused, rerun;
	unsigned			 part, part_wanted;	/* parts count from 1; of an extraction as attached */
	int64_t				 cpu_until;	/* ms of this process's computing time */
	uint64_t			 quirks;
	struct buf			 filename, from, subject;
};

/*
 * Looked at for each piece that comes in (and by the container for each that
 * comes out), so that what would take too long ends here, with what was read
 * until then, and not by a signal.
 */
static int
in_time(struct reader *r, struct err *e)
{
	if (when_cpu_ms() <= r->cpu_until)
		return (0);
	return (refusal_set(e, REFUSAL_TOO_SLOW, 0, "reading it takes more computing time than a quarter of the limit seconds = %llu",
	    (unsigned long long)r->limits->seconds));
}

static int
refuse(struct reader *r, const struct err *why, struct err *e)
{
	if (r->res->refused++ == 0)
		r->res->first = *why;
	return (r->job->extract >= 0 ? 0 : r->calls->refused(r->ctx, why, e));
}

/* --- From the container: documents --------------------------------------------- */

static bool
wanted(const struct reader *r)
{
	return (r->job->extract >= 0 ? r->index - 1 == (unsigned)r->job->extract : r->index > r->skip);
}

/* "Name <a@b>" to "b". */
static struct str
from_domain(struct str from)
{
	const char	*at;
	size_t		 n = 0;

	if (from.p == NULL || (at = memrchr(from.p, '@', from.len)) == NULL)
		return (STR_NONE);
	at++;
	while (at + n < from.p + from.len && at[n] != '>' && (unsigned char)at[n] > ' ')
		n++;
	return ((struct str){ at, n });
}

/* --- JSON of another program (and its CSV): reports of all kinds, one after another. */

static void
copy_read(void *ctx)
{
	struct reader	*r = ctx;

	r->res->reports++;
}

/* As failure_done(): one that came in an earlier walk is not told again. */
static int
copy_failure(void *ctx, struct failure_report *f, struct arena *a, struct err *e)
{
	struct reader	*r = ctx;

	r->res->failure = true;
	if (r->nfailures++ != r->failures_told || r->calls->failure == NULL)
		return (0);
	r->failures_told++;
	if (r->calls->failure(r->ctx, r->nfailures - 1, f, a, e) == -1)
		return (-1);
	r->res->reports++;
	r->res->failures++;
	return (0);
}

static int
copy_refused(void *ctx, const struct err *why, struct err *e)
{
	return (refuse(ctx, why, e));
}

static void
copy_again(void *ctx)
{
	struct reader	*r = ctx;

	r->calls->report.again(r->ctx);
}

static const struct copy_calls	 copies = { copy_read, copy_failure, copy_refused, copy_again };

/* --- A JSON document: a TLS report, a copy, or none of ours. It is read in one pass. */

static struct str
tls_field(const struct reader *r, struct str (*get)(const struct message *))
{
	struct str	 s = STR_NONE, v;

	/* the mail that the part stands in says it best, then those around it */
	for (unsigned i = 0; i == 0 || (i < MAILS && r->mails[i - 1].deeper); i++)
		if ((v = get(r->mails[i].m)).p != NULL)
			s = v;
	return (s);
}

static int
json_begin(struct reader *r, struct err *e)
{
	struct tls_hints	 h;
	bool			 asked = r->job->extract >= 0;

	r->json++;
	r->in_copy = r->sniffed = false;
	if (asked ? READER_JSON + r->json - 1 != (unsigned)r->job->extract : r->json <= r->json_skip)
		return (0);
	if (asked && r->job->packed) {
		r->part_wanted = r->part;
		return (0);
	}
	r->open = true;
	if (asked)
		return (0);
	h = (struct tls_hints){
		r->filename.len > 0 ? buf_as_str(&r->filename) : r->job->filename, message_subject(r->mails[0].m),
		from_domain(message_from(r->mails[0].m)), tls_field(r, message_tls_domain), tls_field(r, message_tls_submitter), r->declared
	};
	if (tlsrpt_start(r->tls, &h, e) == -1)
		return (-1);
	return (r->calls->payload(r->ctx, READER_JSON + r->json - 1, e));
}

static bool
json_had_begun(const struct reader *r)
{
	return (r->in_copy ? copy_had_begun(r->copy) : tlsrpt_had_begun(r->tls));
}

static int
json_failed(struct reader *r, const struct err *why, struct err *e)
{
	r->open = false;
	if (json_had_begun(r))
		r->calls->report.again(r->ctx);
	if (why->code == ERR_TEMP || why->code == ERR_BUG) {
		*e = *why;
		return (-1);
	}
	return ((r->in_copy ? copy_is_report(r->copy) : tlsrpt_is_report(r->tls)) ? refuse(r, why, e) : 0);
}

static int
json_data(struct reader *r, const void *p, size_t n, struct err *e)
{
	struct err	 why = { 0 };
	enum copy_form	 form;

	if (!r->sniffed) {	/* the first bytes are enough to know it: container.h gives as many as it looked at */
		r->sniffed = true;
		if (!r->declared && (form = copy_looks_like((struct str){ p, n })) != COPY_NONE) {
			r->in_copy = true;
			copy_start(r->copy, form);
		}
	}
	return ((r->in_copy ? copy_feed(r->copy, p, n, &why) : tlsrpt_feed(r->tls, p, n, &why)) == 0 ? 0 : json_failed(r, &why, e));
}

static int
copy_end(struct reader *r, struct err *e)
{
	struct err	 why = { 0 };

	copy_note(r->copy, r->quirks & ~CONTAINER_BASE64);
	if (copy_finish(r->copy, &why) == -1)
		return (json_failed(r, &why, e));
	r->open = false;
	return (0);
}

static int
json_end(struct reader *r, struct err *e)
{
	static const struct { uint64_t from, to; } notes[] = {
		{ QUIRK_GZIP_TAIL, TLSQ_GZIP_TAIL }, { QUIRK_BASE64_NOISE, TLSQ_BASE64_NOISE }, { QUIRK_NESTED, TLSQ_NESTED },
		{ CONTAINER_BASE64, TLSQ_BASE64_TWICE },
	};
	struct err	 why = { 0 };

	if (r->in_copy)
		return (copy_end(r, e));
	for (size_t i = 0; i < nitems(notes); i++)
		if ((r->quirks & notes[i].from) != 0)
			tlsrpt_note(r->tls, notes[i].to);
	switch (tlsrpt_finish(r->tls, &why)) {
	case 0:
		r->open = false;
		r->res->reports++;
		return (0);
	case 1:
		r->open = false;
		if (tlsrpt_had_begun(r->tls))
			r->calls->report.again(r->ctx);
		return (0);
	default:
		return (json_failed(r, &why, e));
	}
}

/* --- Any document ----------------------------------------------------------------- */

static bool
had_begun(const struct reader *r)
{
	return (r->in_json ? json_had_begun(r) : aggregate_had_begun(r->agg));
}

static int
doc_begin(void *ctx, enum payload_kind kind, struct err *e)
{
	struct reader		*r = ctx;
	struct report_hints	 hints;

	r->open = r->refused = false;
	r->in_json = kind == PAYLOAD_JSON;
	if (r->in_json)
		return (json_begin(r, e));
	r->index++;
	if (!wanted(r))
		return (0);
	if (r->job->extract >= 0 && r->job->packed) {
		r->part_wanted = r->part;	/* the next walk gives it */
		return (0);
	}
	r->open = true;
	if (r->job->extract >= 0)
		return (0);
	if (r->rerun) {
		r->rerun = false;	/* the one that asked for it: its mode is kept */
		return (aggregate_start(r->agg, e));
	}
	hints = (struct report_hints){
		r->filename.len > 0 ? buf_as_str(&r->filename) : r->job->filename,
		message_subject(r->mails[0].m), from_domain(message_from(r->mails[0].m))
	};
	aggregate_reset(r->agg, &hints);
	return (r->calls->payload(r->ctx, r->index - 1, e));
}

/* The document asks to be read again from its start. */
static int
again(struct reader *r, struct err *e)
{
	if (aggregate_had_begun(r->agg))
		r->calls->report.again(r->ctx);
	r->rerun = true;
	r->skip = r->index - 1;
	r->json_skip = r->json;
	return (err_set(e, ERR_NONE, "once more"));
}

static int
doc_failed(struct reader *r, struct err *why, struct err *e)
{
	r->open = false;
	r->refused = true;
	if (aggregate_had_begun(r->agg))
		r->calls->report.again(r->ctx);
	if (why->code == ERR_TEMP || why->code == ERR_BUG) {
		*e = *why;
		return (-1);
	}
	if (!aggregate_is_report(r->agg) && why->code == ERR_INPUT)
		return (0);	/* XML, but no report: nothing was lost */
	return (refuse(r, why, e));
}

static int
doc_data(void *ctx, const void *p, size_t n, struct err *e)
{
	struct reader	*r = ctx;
	struct err	 why = { 0 };

	if (!r->open)
		return (0);
	if (r->job->extract >= 0)
		return (r->calls->raw(r->ctx, p, n, e));
	if (r->in_json)
		return (json_data(r, p, n, e));
	switch (aggregate_feed(r->agg, p, n, &why)) {
	case 0:
		return (0);
	case AGGREGATE_AGAIN:
		return (again(r, e));
	default:
		return (doc_failed(r, &why, e));
	}
}

static int
doc_end(void *ctx, const struct err *broken, struct err *e)
{
	struct reader	*r = ctx;
	struct err	 why = { 0 };

	if (!r->open)
		return (0);
	if (r->job->extract >= 0) {
		r->open = false;
		return (0);
	}
	if (broken != NULL) {
		/* What is missing cannot be known: nothing of it counts. It may be looked at. */
		if (r->job->salvage)
			(void)aggregate_finish(r->agg, &why);
		why = *broken;
		r->open = false;
		if (had_begun(r))
			r->calls->report.again(r->ctx);
		return (refuse(r, &why, e));
	}
	for (unsigned i = 0; i == 0 || (i < MAILS && r->mails[i - 1].deeper); i++)
		if (message_noise(r->mails[i].m))
			r->quirks |= QUIRK_BASE64_NOISE;
	if (r->in_json)
		return (json_end(r, e));
	if ((r->quirks & CONTAINER_BASE64) != 0)
		r->quirks = (r->quirks & ~CONTAINER_BASE64) | QUIRK_BASE64_NOISE;
	aggregate_note(r->agg, r->quirks);
	switch (aggregate_finish(r->agg, &why)) {
	case 0:
		r->open = false;
		r->res->reports++;
		return (0);
	case AGGREGATE_AGAIN:
		return (again(r, e));
	default:
		return (doc_failed(r, &why, e));
	}
}

static int
doc_unreadable(void *ctx, const struct err *why, struct err *e)
{
	struct reader	*r = ctx;

	/* a second walk must not tell again */
	if (r->unreadable++ < r->told)
		return (0);
	r->told = r->unreadable;
	return (refuse(r, why, e));
}

static void
doc_quirk(void *ctx, uint64_t q)
{
	struct reader	*r = ctx;

	r->quirks |= q;
}

static void
doc_unused(void *ctx)
{
	struct reader	*r = ctx;

	r->res->unused = true;
}

static const struct container_sink	 docs = { doc_begin, doc_data, doc_end, doc_unreadable, doc_quirk, doc_unused };

/* --- From the message: failure reports ------------------------------------------------------------ */

/*
 * The parts of one mail make one failure report: text for people, the machine-
 * readable part, the sample. Behind the machine-readable part nothing is
 * searched for reports any more: it is the sample, in one shape or another.
 */
static unsigned
mail_of(const struct layer *l, const struct mime_part *part)
{
	return (part->mail | l->n << MAIL_BITS);
}

static void
failure_restart(struct reader *r)
{
	failure_reset(r->failure);
	r->failure_open = r->failure_named = false;
}

/* All parts of its mail have been seen. */
static int
failure_done(struct reader *r, struct err *e)
{
	struct failure_report	 f;
	int			 rv;

	if (!r->failure_open)
		return (0);
	if ((rv = failure_finish(r->failure, &f, e)) == 1) {
		r->res->failure = true;
		/* one that came in an earlier walk is not told again */
		if (r->job->extract < 0 && r->nfailures++ == r->failures_told && r->calls->failure != NULL) {
			r->failures_told++;
			rv = r->calls->failure(r->ctx, r->nfailures - 1, &f, failure_arena(r->failure), e);
			r->res->reports++;
			r->res->failures++;
		}
	}
	failure_restart(r);
	return (rv == -1 ? -1 : 0);
}

/* A part of another mail than the one before begins. */
static int
failure_mail_changes(struct layer *l, const struct mime_part *part, struct err *e)
{
	struct reader		*r = l->r;
	unsigned		 mail = mail_of(l, part);
	struct mail_fields	 m;

	if (r->failure_named && mail == r->failure_mail)
		return (0);
	if (failure_done(r, e) == -1)
		return (-1);
	failure_restart(r);
	m = message_fields(l->m);
	r->failure_mail = mail;
	r->failure_named = true;
	failure_begin(r->failure, &(struct failure_mail){ m.from, m.to, m.subject, m.date });
	return (0);
}

static void
to_fields(struct reader *r, const struct mime_part *part, bool sniffed)
{
	r->failure_open = true;
	r->to = TO_FIELDS;
	failure_quirk(r->failure, (sniffed ? FQ_PART_SNIFFED : 0) | (part != NULL && part->encoded ? FQ_PART_ENCODED : 0) |
	    (part != NULL && !part->feedback ? FQ_CONTAINER : 0));
}

static void
to_sample(struct reader *r, struct str type, enum failure_sample kind)
{
	r->failure_open = true;
	r->to = TO_SAMPLE;
	failure_sample_begin(r->failure, kind);
	if (!str_ieq(type, "message/rfc822") && !str_ieq(type, "text/rfc822-headers"))
		failure_quirk(r->failure, FQ_SAMPLE_TYPE);
}

/* Is an attached mail to be entered, or the sample of a failure report? */
static int
mail_enter(void *ctx, const struct mime_part *part, bool *in, struct err *e)
{
	struct layer	*l = ctx;
	struct reader	*r = l->r;
	unsigned	 mail = mail_of(l, part);

	*in = false;
	if (r->scanning || part->feedback || (failure_has_fields(r->failure) && r->failure_mail == mail))
		return (0);
	if (mail == 0 && !r->scanned) {
		/* the machine-readable part may stand behind its sample */
		r->rescan = true;
		return (err_set(e, ERR_NONE, "once more"));
	}
	*in = !(mail == 0 && r->is_failure);
	return (0);
}

/* --- From the message: parts ------------------------------------------------------ */

static bool
is_media(struct str type)
{
	return (str_starts(type, "image/") || str_starts(type, "video/") || str_starts(type, "audio/"));
}

static bool
is_text(struct str type)
{
	return (str_ieq(type, "text/plain") || type.len == 0);
}

/* Where a part goes; what it says of itself is believed only as far as it does no harm. */
static enum part_to
choose(struct reader *r, const struct mime_part *part)
{
	enum failure_sample	 kind;

	if (str_ieq(part->type, "message/feedback-report")) {
		r->res->failure = true;
		if (failure_has_fields(r->failure))
			return (TO_NOWHERE);
		to_fields(r, part, false);
		return (TO_FIELDS);
	}
	if (part->feedback)
		r->res->failure = true;
	if (is_media(part->type))
		return (TO_NOWHERE);
	if (failure_type_of_sample(part->type, &kind)) {
		to_sample(r, part->type, kind);
		return (TO_SAMPLE);
	}
	if (failure_has_fields(r->failure))
		return (failure_has_sample(r->failure) ? TO_NOWHERE : TO_SNIFF_SAMPLE);
	return (TO_SNIFF);
}

static int part_begin(void *, const struct mime_part *, bool *, struct err *);
static int part_data(void *, const void *, size_t, struct err *);
static int part_end(void *, struct err *);

static const struct mime_sink	 parts = { part_begin, part_data, part_end, mail_enter };

static int
mail_begin(struct reader *r, unsigned n, struct err *e)
{
	struct layer	*l;

	if (n >= MAILS)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, 0, "more than %u mails are attached to each other", MAILS - 1));
	l = &r->mails[n];
	l->r = r;
	l->n = n;
	l->deeper = false;
	if (l->m == NULL && (l->m = message_new(r->limits, &parts, l, 0)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (n > 0)
		message_reset_within(l->m, r->mails[n - 1].m);
	return (0);
}

static int
part_begin(void *ctx, const struct mime_part *part, bool *want, struct err *e)
{
	struct layer	*l = ctx;
	struct reader	*r = l->r;

	r->part++;
	buf_clear(&r->filename);
	(void)buf_str(&r->filename, part->filename);
	buf_clear(&r->sniff);
	r->in_part = true;
	r->quirks = 0;
	if (part->attached_mail) {
		l->deeper = *want = true;
		return (mail_begin(r, l->n + 1, e));
	}
	r->declared = str_istarts(part->type, "application/tlsrpt");
	if (failure_mail_changes(l, part, e) == -1)
		return (-1);
	r->words = is_text(part->type) && !failure_has_fields(r->failure);
	r->encoded = part->encoded;
	r->plain = part->feedback;
	r->to = choose(r, part);
	if (r->scanning)
		r->is_failure |= r->to == TO_FIELDS;
	*want = r->to != TO_NOWHERE;
	container_begin(r->box, str_ieq(part->type, "text/plain") || str_ieq(part->type, "text/html"));
	return (0);
}

static int
to_container(struct reader *r, const void *p, size_t n, struct err *e)
{
	r->to = TO_CONTAINER;
	return (n == 0 || r->scanning ? 0 : container_feed(r->box, p, n, e));
}

/* Enough of it is there to say what it is. */
static int
decide(struct reader *r, struct err *e)
{
	struct str		 head = buf_as_str(&r->sniff);
	struct mime_part	 part = { .encoded = r->encoded, .feedback = r->plain };
	bool			 fields = failure_looks_like_fields(head);

	if (r->to == TO_SNIFF && fields) {	/* rule F8 */
		r->is_failure |= r->scanning;
		to_fields(r, &part, true);
		failure_fields(r->failure, head.p, head.len);
		r->words = false;
		return (0);
	}
	if (r->to == TO_SNIFF) {
		if (r->words && head.len > 0) {
			failure_words(r->failure, head.p, head.len);
			r->failure_open = true;
		}
		return (to_container(r, head.p, head.len, e));
	}
	/* rule F13: behind the machine-readable part, and it begins as headers do */
	if (!failure_begins_with_field(head)) {
		r->to = TO_NOWHERE;
		return (0);
	}
	to_sample(r, STR(""), SAMPLE_MESSAGE);
	failure_sample_data(r->failure, head.p, head.len);
	return (0);
}

static int
sniffing(struct reader *r, const void *p, size_t n, struct err *e)
{
	if (!buf_add(&r->sniff, p, n))
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (r->sniff.len < SNIFF ? 0 : decide(r, e));
}

static int
leaf_data(struct reader *r, const void *p, size_t n, struct err *e)
{
	if (r->part_wanted != 0)
		return (r->part == r->part_wanted ? r->calls->raw(r->ctx, p, n, e) : 0);
	switch (r->to) {
	case TO_SNIFF:
	case TO_SNIFF_SAMPLE:
		return (sniffing(r, p, n, e));
	case TO_FIELDS:
		failure_fields(r->failure, p, n);
		return (0);
	case TO_SAMPLE:
		failure_sample_data(r->failure, p, n);
		return (0);
	case TO_NOWHERE:
		return (0);
	case TO_CONTAINER:
		break;
	}
	if (r->words)
		failure_words(r->failure, p, n);
	return (r->scanning ? 0 : container_feed(r->box, p, n, e));
}

static int
leaf_end(struct reader *r, struct err *e)
{
	r->in_part = false;
	if (r->part_wanted != 0)
		return (0);
	if ((r->to == TO_SNIFF || r->to == TO_SNIFF_SAMPLE) && decide(r, e) == -1)
		return (-1);
	if (r->to == TO_SAMPLE)
		failure_sample_end(r->failure);
	return (r->to == TO_CONTAINER && !r->scanning ? container_finish(r->box, e) : 0);
}

static int
part_data(void *ctx, const void *p, size_t n, struct err *e)
{
	struct layer	*l = ctx;

	return (l->deeper ? message_feed(l->r->mails[l->n + 1].m, p, n, e) : leaf_data(l->r, p, n, e));
}

static int
part_end(void *ctx, struct err *e)
{
	struct layer	*l = ctx;

	if (!l->deeper)
		return (leaf_end(l->r, e));
	l->deeper = false;
	if (message_finish(l->r->mails[l->n + 1].m, e) == -1)
		return (-1);
	return (l->r->failure_mail >> MAIL_BITS == l->n + 1 ? failure_done(l->r, e) : 0);
}

/* --- One walk ------------------------------------------------------------------------ */

struct reader *
reader_new(const struct limits *l, const struct reader_calls *calls, void *ctx)
{
	struct reader	*r = calloc(1, sizeof(*r));
	struct err	 e;

	if (r == NULL)
		return (NULL);
	r->limits = l;
	r->calls = calls;
	r->ctx = ctx;
	if ((r->chunk = malloc(CHUNK)) == NULL || mail_begin(r, 0, &e) == -1 || (r->box = container_new(l, &docs, r)) == NULL ||
	    (r->agg = aggregate_new(l, NULL, &calls->report, ctx)) == NULL ||
	    (r->tls = tlsrpt_new(l, calls->tls, ctx)) == NULL || (r->failure = failure_new(l, message_decode_words)) == NULL ||
	    (r->copy = copy_new(l, r->agg, r->tls, message_decode_words, &copies, r)) == NULL) {
		reader_free(r);
		return (NULL);
	}
	return (r);
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	free(r->chunk);
	for (unsigned i = 0; i < MAILS; i++)
		message_free(r->mails[i].m);
	container_free(r->box);
	aggregate_free(r->agg);
	tlsrpt_free(r->tls);
	copy_free(r->copy);
	failure_free(r->failure);
	buf_free(&r->sniff);
	buf_free(&r->filename);
	buf_free(&r->from);
	buf_free(&r->subject);
	free(r);
}

unsigned
reader_part(const struct reader *r)
{
	return (r->part);
}

const char *
reader_entry(const struct reader *r)
{
	return (container_entry(r->box));
}

const struct message *
reader_mail(const struct reader *r)
{
	return (r->res != NULL && r->res->mail ? r->mails[0].m : NULL);
}

static ssize_t
next_chunk(struct reader *r, uint64_t at, struct err *e)
{
	size_t	 want = CHUNK;
	ssize_t	 n;

	if (in_time(r, e) == -1)
		return (-1);
	if (r->job->bytes - at < want)
		want = (size_t)(r->job->bytes - at);
	do
		n = pread(r->job->fd, r->chunk, want, (off_t)(r->job->offset + at));
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return (err_set(e, ERR_TEMP, "read: %s", strerror(errno)));
	return (n);
}

static int
walk(struct reader *r, struct err *e)
{
	uint64_t	 at = 0;
	ssize_t		 n;
	bool		 mail = false, first = true;
	struct str	 head;

	r->index = r->json = r->part = r->unreadable = r->nfailures = 0;
	r->declared = r->in_json = r->in_copy = false;
	r->quirks = 0;
	r->in_part = r->open = r->words = false;
	r->to = TO_CONTAINER;
	failure_restart(r);
	for (unsigned i = 0; i < MAILS && r->mails[i].m != NULL; i++) {	/* noise of the last message is not this one's */
		message_reset(r->mails[i].m);
		r->mails[i].deeper = false;
	}
	buf_clear(&r->filename);
	container_mail(r->box);
	while (at < r->job->bytes) {
		if ((n = next_chunk(r, at, e)) == -1)
			return (-1);
		if (n == 0)
			break;
		if (first) {
			head = (struct str){ (char *)r->chunk, (size_t)n };
			mail = message_looks_like(head);
			first = false;
			r->res->mail = mail;
			if (!mail) {
				r->part = 1;
				container_begin(r->box, false);
			}
		}
		if ((mail ? message_feed(r->mails[0].m, r->chunk, (size_t)n, e) : leaf_data(r, r->chunk, (size_t)n, e)) == -1)
			return (-1);
		at += (uint64_t)n;
	}
	if (first)
		return (0);
	if (!mail)
		return (leaf_end(r, e));
	if (message_finish(r->mails[0].m, e) == -1)
		return (-1);
	return (r->scanning || r->part_wanted != 0 ? 0 : failure_done(r, e));
}

/* Nothing but the types and first bytes of parts; what is wrong with the mail shows in the walk after it. */
static void
scan(struct reader *r)
{
	struct err	 e = { 0 };

	/* what came before it is done already */
	if (r->index > r->skip)
		r->skip = r->index;
	if (r->json > r->json_skip)
		r->json_skip = r->json;
	r->rescan = false;
	r->scanning = true;
	(void)walk(r, &e);
	r->scanning = false;
	r->scanned = true;
}

static int
walk_known(struct reader *r, struct err *e)
{
	int	 rv = walk(r, e);

	if (rv == -1 && r->rescan) {
		scan(r);
		memset(e, 0, sizeof(*e));
		rv = walk(r, e);
	}
	return (rv);
}

int
reader_run(struct reader *r, const struct reader_job *job, struct reader_result *res, struct err *e)
{
	int		 rv, passes = 0;
	unsigned	 which = 0;

	*res = (struct reader_result){ 0 };
	r->job = job;
	r->res = res;
	r->skip = r->json_skip = r->told = r->failures_told = 0;
	r->part_wanted = 0;
	r->rerun = r->scanned = r->scanning = r->rescan = r->is_failure = false;
	aggregate_salvage(r->agg, job->salvage);
	r->cpu_until = when_cpu_ms() + (int64_t)r->limits->seconds * 1000 / 4;
	container_deadline(r->box, r->cpu_until);
	if (job->extract >= 0)
		scan(r);	/* nothing may be given twice */
	while ((rv = walk_known(r, e)) == -1 && r->rerun && e->code == ERR_NONE) {
		if (which != r->index)
			passes = 0;
		which = r->index;
		if (++passes > PASSES)
			return (err_set(e, ERR_BUG, "a document asks to be read again and again"));
	}
	/* as attached: now that its part is known, that one is given */
	if (rv == 0 && job->extract >= 0 && job->packed && r->part_wanted != 0)
		rv = walk_known(r, e);
	if (rv == -1) {
		r->rerun = false;
		if (e->code != ERR_INPUT && e->code != ERR_LIMIT)
			return (-1);
		/* the mail itself passed a limit */
		if (r->open && had_begun(r))
			r->calls->report.again(r->ctx);
		if (refuse(r, e, e) == -1)
			return (-1);
	}
	if (res->mail) {
		res->from = message_from(r->mails[0].m);
		res->subject = message_subject(r->mails[0].m);
	}
	return (0);
}
