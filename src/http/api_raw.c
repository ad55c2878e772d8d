/*
 * api_raw.c - an original as a file: what came, or the document inside it.
 *
 * What came is streamed from its pack as it is. To find the document in it is
 * a decoder's work, as it means to read hostile bytes; its output goes to
 * memory while it is small, to a file without a name when it is not, so that
 * an error is still a proper answer.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "answer/answer.h"
#include "answer/tls.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "http/access.h"
#include "process/raw.h"
#include "store/query.h"

#define SMALL_BYTES (1u << 20)

/* The document of a TLS report is JSON, and asked for as that. */
enum as { AS_DOCUMENT, AS_ORIGINAL, AS_MAIL };
static const char *const	as_names[2][3] = { { "xml", "original", "mail" }, { "json", "original", "mail" } };

struct wanted {
	enum as	 as;
	bool	 inline_;	/* for the page's own fetch: no attachment header */
};

struct sink {
	struct buf	 b;
	int		 fd;		/* -1 while it is small */
	uint64_t	 bytes;
	const char	*why;		/* it gave up, NULL: it did not */
};

struct original {
	bool		 tls;
	int64_t		 report;
	bool		 private;	/* not to be shown as it came */
	int		 fd;
	uint64_t	 offset, bytes;
};

/* The report that is asked for, of either kind. */
struct found {
	bool		 tls, kept;
	int64_t		 id, message;
	unsigned	 payload;
};

static bool
is_tls(const struct request *rq)
{
	return (rq->route->kind == ANSWER_TLS_REPORT);
}

/* --- Parameters -------------------------------------------------------------- */

static bool
set_as(struct request *rq, struct str value, struct wanted *w)
{
	for (size_t i = 0; i < nitems(as_names[0]); i++) {
		if (!str_eq(value, str_of(as_names[is_tls(rq)][i])))
			continue;
		w->as = (enum as)i;
		return (true);
	}
	problem_param(rq, 400, STR("as"), "invalid_parameter", is_tls(rq) ? "is one of json, original, mail" :
	    "is one of xml, original, mail");
	return (false);
}

static bool
set_all(struct request *rq, struct wanted *w)
{
	const struct query_param	*p;

	for (size_t i = 0; i < rq->query.n; i++) {
		p = &rq->query.p[i];
		if (str_eq(p->key, STR("as"))) {
			if (!set_as(rq, p->value, w))
				return (false);
		} else if (str_eq(p->key, STR("inline"))) {
			w->inline_ = str_eq(p->value, STR("1"));
			if (!w->inline_ && !str_eq(p->value, STR("0"))) {
				problem_param(rq, 400, p->key, "invalid_parameter", "is 0 or 1");
				return (false);
			}
		} else {
			problem_param(rq, 400, p->key, "invalid_parameter", "is no parameter of this file; there are as and inline");
			return (false);
		}
	}
	return (true);
}

/* --- What came ---------------------------------------------------------------- */

const char *
raw_suffix(int fd, uint64_t offset, uint64_t bytes)
{
	static const struct { const char *magic; size_t n; const char *suffix; } known[] = {
		{ "\x1f\x8b", 2, "gz" }, { "PK\x03\x04", 4, "zip" }, { "7z\xbc\xaf", 4, "7z" },
		{ "\xfd" "7zXZ", 5, "xz" }, { "BZh", 3, "bz2" }, { "<", 1, "xml" }, { "{", 1, "json" }, { "\xef\xbb\xbf<", 4, "xml" },
		{ "\xff\xfe<", 3, "xml" }, { "\xfe\xff\0<", 4, "xml" },
	};
	char	 head[16] = { 0 };
	ssize_t	 n = pread(fd, head, sizeof(head) < bytes ? sizeof(head) : (size_t)bytes, (off_t)offset);

	for (size_t i = 0; n > 0 && i < nitems(known); i++)
		if ((size_t)n >= known[i].n && memcmp(head, known[i].magic, known[i].n) == 0)
			return (known[i].suffix);
	return ("eml");
}

static const char *
suffix_of(const struct original *o)
{
	return (raw_suffix(o->fd, o->offset, o->bytes));
}

/* Names are made of our numbers only: a report_id is anybody's text. */
static void
set_file(struct request *rq, const struct wanted *w, const struct original *o, const char *suffix, const char *type)
{
	struct reply	*r = &rq->reply;

	r->status = 200;
	r->type = type;
	r->csp = CSP_RAW;
	if (!w->inline_)
		(void)snprintf(r->disposition, sizeof(r->disposition), "attachment; filename=\"%s-report-%" PRId64 ".%s\"",
		    o->tls ? "tls" : "dmarc", o->report, suffix);
}

static void
reply_original(struct request *rq, const struct wanted *w, struct original *o)
{
	const char	*suffix = suffix_of(o);
	bool		 mail = strcmp(suffix, "eml") == 0;

	if (mail && o->private) {
		problem(rq, 403, "A failure report came in the same mail. What is in it tells of people, so the mail is not shown here.");
		return;
	}
	if (!access_raw(rq, false, mail)) {
		problem(rq, 403, mail ? "Whole mails are for admins; as=%s gives the document." : "The file may hold reports about domains that you do not "
		    "see; as=%s gives the document.", as_names[o->tls][AS_DOCUMENT]);
		return;
	}
	if (w->as == AS_MAIL && !mail) {
		problem(rq, 404, "This report came as a file, not in a mail; as=original gives the file.");
		return;
	}
	set_file(rq, w, o, suffix, mail ? "message/rfc822" : "application/octet-stream");
	rq->reply.fd = o->fd;
	rq->reply.fd_offset = o->offset;
	rq->reply.fd_bytes = o->bytes;
	o->fd = -1;
}

/* --- The document inside -------------------------------------------------------- */

/* The sandbox leaves no other place than the first. Not every file system knows files without a name. */
static int
open_nameless(void)
{
	char	 tmp[4096];
	int	 fd = -1;

	if (snprintf(tmp, sizeof(tmp), "%s/tmp", work_state_dir()) < (int)sizeof(tmp))
		fd = open(tmp, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return (fd != -1 ? fd : memfd_create("dmarcd", MFD_CLOEXEC));
}

static int
give_up(struct sink *k, const char *why)
{
	k->why = why;
	return (-1);
}

static int
sink_add(void *arg, const void *p, size_t n)
{
	struct sink	*k = arg;

	if (k->why != NULL)
		return (-1);
	k->bytes += n;
	if (k->bytes > limits_default.unpacked_bytes)
		return (give_up(k, "the document is larger than what is unpacked at most"));
	if (k->fd == -1 && k->bytes <= SMALL_BYTES)
		return (buf_add(&k->b, p, n) ? 0 : give_up(k, "out of memory"));
	if (k->fd == -1) {
		if ((k->fd = open_nameless()) == -1 || io_write_full(k->fd, k->b.p, k->b.len) == -1)
			return (give_up(k, "a temporary file cannot be written in the state directory"));
		buf_free(&k->b);
	}
	return (io_write_full(k->fd, p, n) == 0 ? 0 : give_up(k, "a temporary file cannot be written: is the disk full?"));
}

static void
refuse_extract(struct request *rq, const struct sink *k, const struct err *e)
{
	if (k->why != NULL)
		problem(rq, 503, "The original cannot be shown: %s.", k->why);
	else if (e->code == ERR_INPUT || e->code == ERR_LIMIT)
		problem(rq, 404, "The document in this original cannot be unpacked: %s", e->msg);
	else {
		log_warn("request %s: %s", rq->id, e->msg);
		problem(rq, 503, "The original cannot be unpacked just now: %s", e->msg);
	}
}

static void
reply_document(struct request *rq, const struct wanted *w, const struct original *o, unsigned payload)
{
	struct sink	 k = { .fd = -1 };
	struct err	 e = { 0 };

	if (raw_extract(o->fd, o->offset, o->bytes, payload, RAW_XML, sink_add, &k, &e) == -1) {
		refuse_extract(rq, &k, &e);
		buf_free(&k.b);
		if (k.fd != -1)
			(void)close(k.fd);
		return;
	}
	set_file(rq, w, o, o->tls ? "json" : "xml", o->tls ? "application/json" : "text/xml; charset=utf-8");
	rq->reply.body = k.b.p;
	rq->reply.len = k.b.len;
	rq->reply.fd = k.fd;
	rq->reply.fd_bytes = k.bytes;
}

static int
look(struct asked *a, bool tls, int64_t id, struct found *f, struct err *e)
{
	struct query_report	 r;
	struct query_tls_report	 t;

	if (tls) {
		if (query_tls_report(a->query, id, &t, e) == -1)
			return (-1);
		*f = (struct found){ true, t.kept, t.id, t.message, t.payload };
		return (0);
	}
	if (query_report(a->query, id, &r, e) == -1)
		return (-1);
	*f = (struct found){ false, r.kept, r.id, r.message, r.payload };
	return (0);
}

static bool
find(struct request *rq, struct asked *a, struct found *f)
{
	struct err	 e = { 0 };
	int64_t		 id;

	if (is_tls(rq) ? !answer_tls_id(rq->args[0], &id) : !str_i64(rq->args[0], &id) || id <= 0) {
		problem(rq, 404, is_tls(rq) ? "A TLS report's id is a t and a number." : "A report's id is a number.");
		return (false);
	}
	if (look(a, is_tls(rq), id, f, &e) == -1) {
		problem(rq, e.code == ERR_INPUT ? 404 : 503, "%s", e.msg);
		return (false);
	}
	if (!f->kept)
		problem(rq, 404, "The original of report %s%" PRId64 " has not been kept (keep_originals in the configuration).",
		    f->tls ? "t" : "", id);
	return (f->kept);
}

/* What answer_report cannot know without a look at the file: is it there, is it a mail? */
void
api_raw_refine(const struct request *rq, struct asked *a, bool tls, int64_t id, json_t *answer)
{
	struct original		 o = { .fd = -1 };
	struct found		 r;
	json_t			*raw = json_object_get(answer, "raw");
	struct err		 e = { 0 };
	bool			 there, mail, private;

	if (look(a, tls, id, &r, &e) == -1)
		return;
	private = store_original_private(a->store, r.message);
	there = r.kept && store_original_open(a->store, r.message, &o.fd, &o.offset, &o.bytes, &e) == 0;
	mail = there && strcmp(suffix_of(&o), "eml") == 0;
	if (o.fd != -1)
		(void)close(o.fd);
	(void)json_object_set_new(raw, as_names[tls][AS_DOCUMENT], json_boolean(there));
	(void)json_object_set_new(raw, "original", json_boolean(there && !(mail && private) && access_raw(rq, false, mail)));
	(void)json_object_set_new(raw, "mail", json_boolean(mail && !private && access_raw(rq, false, true)));
}

void
api_raw(struct request *rq, struct asked *a)
{
	struct wanted		 w = { .as = AS_DOCUMENT };
	struct original		 o = { .fd = -1 };
	struct found		 r;
	struct err		 e = { 0 };
	unsigned		 payload;

	if (!set_all(rq, &w) || !find(rq, a, &r))
		return;
	payload = r.payload;
	o.report = r.id;
	o.tls = r.tls;
	o.private = store_original_private(a->store, r.message);
	if (store_original_open(a->store, r.message, &o.fd, &o.offset, &o.bytes, &e) == -1) {
		problem(rq, 404, "%s", e.msg);
		return;
	}
	/* What follows may take seconds: a snapshot held for that long would make the log grow. */
	query_end(a->query);
	a->query = NULL;
	if (w.as == AS_DOCUMENT)
		reply_document(rq, &w, &o, payload);
	else
		reply_original(rq, &w, &o);
	if (o.fd != -1)
		(void)close(o.fd);
}
