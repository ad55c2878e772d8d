/*
 * decoder.c - the process that reads what strangers sent.
 *
 * It is handed descriptors and orders, and hands back frames; it opens
 * nothing, connects to nothing and knows no secret: process/sandbox.h sees to
 * that. When it dies by its own doing, one message is to blame, and a new one
 * is started.
 */
#include <sys/mman.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/charset.h"
#include "base/hash.h"
#include "base/io.h"
#include "decode/message.h"
#include "decode/reader.h"
#include "dmarc/failure.h"
#include "dmarc/name.h"
#include "process/decoders.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "process/trust.h"
#include "report/refusal.h"
#include "report/wire.h"
#include "report/wire_tls.h"
#include "report/wire_failure.h"

#define FLUSH_AT ((size_t)128 * 1024)
#define ROWS_AT ((size_t)32 * 1024)
#define FDS 64
#define SLOTS (2 * WIRE_TABLE)
/*
 * Mapped beyond what is there at the start. A zip file is held once, in a
 * buffer that grows by halves; all else is streamed; a dictionary of xz is as
 * large as the sender likes. In all less than 128 MB.
 */
#define MEMORY(packed) (((uint64_t)56 << 20) + (packed) / 2 * 3)

struct combination {
	uint64_t	 hash;
	size_t		 at, len;	/* in known */
	unsigned	 number;
	unsigned	 stamp;		/* of the table it belongs to; older ones are empty places */
};

struct decoder {
	int			 sock;
	struct limits		 limits;
	bool			 configured;
	struct reader		*reader;
	struct buf		 in, out;
	int			 fds[FDS];
	size_t			 nfds;

	unsigned		 payload;
	bool			 told;		/* what its header says has been sent */
	bool			 in_report, flushed;	/* flushed: part of this report has left already */
	bool			 salvage;		/* what is refused is shown to a person */
	size_t			 report_mark, rows_mark;
	bool			 in_rows;
	struct combination	*slots;
	struct buf		 known, scratch;
	unsigned		 nknown, stamp;
};

static int
flush(struct decoder *d, struct err *e)
{
	if (d->out.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (io_write_full(d->sock, d->out.p, d->out.len) == -1)
		return (err_set(e, ERR_BUG, "the ingester has gone"));
	buf_clear(&d->out);
	if (d->out.cap > 8 * FLUSH_AT)
		buf_free(&d->out);
	if (d->in_report)
		d->flushed = true;
	return (0);
}

static void
end_rows(struct decoder *d)
{
	if (d->in_rows)
		wire_close(&d->out, d->rows_mark);
	d->in_rows = false;
}

static void
forget_combinations(struct decoder *d)
{
	d->stamp++;
	d->nknown = 0;
	buf_clear(&d->known);
}

static void
decoder_clear(struct decoder *d)
{
	reader_free(d->reader);
	free(d->slots);
	buf_free(&d->in);
	buf_free(&d->out);
	buf_free(&d->known);
	buf_free(&d->scratch);
}

/* --- What the reader calls ------------------------------------------------------- */

static int
on_payload(void *ctx, unsigned index, struct err *e)
{
	struct decoder	*d = ctx;

	(void)e;
	d->payload = index;
	return (0);
}

/* Before the first report of any kind: whose it is has to be known when it is stored. */
static void
tell_trust(struct decoder *d)
{
	if (!d->told && reader_mail(d->reader) != NULL)
		trust_put(&d->out, reader_mail(d->reader));
	d->told = true;
}

static int
on_begin(void *ctx, const struct report_header *h, struct err *e)
{
	struct decoder	*d = ctx;

	tell_trust(d);
	d->in_report = true;
	d->flushed = false;
	d->report_mark = d->out.len;
	forget_combinations(d);
	wire_put_header(&d->out, d->payload, h);
	return (d->out.failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

/* The number of the row's combination; put out as an item when it is new. */
static unsigned
number_of(struct decoder *d)
{
	uint64_t		 h = hash64(hash_seed(), d->scratch.p, d->scratch.len);
	struct combination	*c;
	size_t			 at = h & (SLOTS - 1);

	for (c = &d->slots[at]; c->stamp == d->stamp; c = &d->slots[at]) {
		if (c->hash == h && c->len == d->scratch.len && memcmp(d->known.p + c->at, d->scratch.p, c->len) == 0)
			return (c->number);
		at = (at + 1) & (SLOTS - 1);
	}
	if (d->nknown == WIRE_TABLE || d->known.len > ((size_t)4 << 20)) {
		forget_combinations(d);
		wire_uint(&d->out, WI_RESTART);
		c = &d->slots[h & (SLOTS - 1)];
	}
	*c = (struct combination){ h, d->known.len, d->scratch.len, d->nknown++, d->stamp };
	(void)buf_add(&d->known, d->scratch.p, d->scratch.len);
	wire_uint(&d->out, WI_COMBINATION);
	wire_text(&d->out, buf_as_str(&d->scratch));
	return (c->number);
}

static int
on_record(void *ctx, const struct report_record *r, struct err *e)
{
	struct decoder	*d = ctx;
	unsigned	 n;

	if (!d->in_rows) {
		d->rows_mark = wire_open(&d->out, WIRE_ROWS);
		d->in_rows = true;
	}
	buf_clear(&d->scratch);
	wire_put_combination(&d->scratch, r);
	if (d->scratch.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	n = number_of(d);
	wire_uint(&d->out, WI_ROW);
	wire_uint(&d->out, n);
	wire_uint(&d->out, r->ip_len);
	if (r->ip_len > 0)
		(void)buf_add(&d->out, r->ip, r->ip_len);
	else
		wire_text(&d->out, r->source_ip);
	wire_uint(&d->out, r->count);
	wire_uint(&d->out, r->seq);
	if (d->out.len - d->rows_mark >= ROWS_AT) {
		end_rows(d);
		if (d->out.len >= FLUSH_AT)
			return (flush(d, e));
	}
	return (0);
}

static int
on_refused_row(void *ctx, const struct report_refused *f, struct err *e)
{
	struct decoder	*d = ctx;

	end_rows(d);
	wire_put_refused(&d->out, f);
	/* a million of them must not be held */
	return (d->out.len >= FLUSH_AT ? flush(d, e) : 0);
}

static int
on_end(void *ctx, const struct report_trailer *t, struct err *e)
{
	struct decoder	*d = ctx;

	end_rows(d);
	wire_put_trailer(&d->out, t);
	d->in_report = false;
	return (d->out.failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static void
on_again(void *ctx)
{
	struct decoder	*d = ctx;
	size_t		 m;

	if (!d->in_report)
		return;
	end_rows(d);
	d->in_report = false;
	if (!d->flushed && !d->salvage) {
		d->out.len = d->report_mark;	/* as if it had never been */
		return;
	}
	m = wire_open(&d->out, WIRE_REPORT_DROP);
	wire_close(&d->out, m);
}

static int
on_refused(void *ctx, const struct err *why, struct err *e)
{
	struct decoder	*d = ctx;
	size_t		 m = wire_open(&d->out, WIRE_REFUSED);

	(void)e;
	wire_uint(&d->out, refusal_of(why));
	wire_uint(&d->out, reader_part(d->reader));
	wire_uint(&d->out, why->line);
	wire_uint(&d->out, why->byte);
	wire_text(&d->out, str_of(reader_entry(d->reader)));
	/* the sentence may have been cut inside a character */
	wire_text(&d->out, str_utf8_ok(str_of(why->msg)) ? str_of(why->msg) : STR("not readable"));
	wire_close(&d->out, m);
	return (0);
}

/* One item of a TLS report. */
static int
on_tls(void *ctx, const struct tls_item *it, struct err *e)
{
	struct decoder	*d = ctx;
	struct tls_item	 begin = *it;

	if (it->kind == TLS_BEGIN) {
		tell_trust(d);
		on_again(d);	/* a second list of policies takes the place of the first */
		d->in_report = true;
		d->flushed = false;
		d->report_mark = d->out.len;
		begin.u.payload = d->payload;
		it = &begin;
	}
	wire_put_tls(&d->out, it);
	if (it->kind == TLS_END)
		d->in_report = false;
	if (d->out.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (d->out.len >= FLUSH_AT ? flush(d, e) : 0);
}

static int
on_failure(void *ctx, unsigned index, struct failure_report *r, struct arena *a, struct err *e)
{
	struct decoder	*d = ctx;

	if (failure_facts(r, a, e) == -1)
		return (-1);
	tell_trust(d);
	wire_put_failure(&d->out, index, r);
	if (d->out.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (d->out.len >= FLUSH_AT ? flush(d, e) : 0);
}

static int
on_raw(void *ctx, const void *p, size_t n, struct err *e)
{
	struct decoder	*d = ctx;
	size_t		 m, k;

	for (; n > 0; p = (const char *)p + k, n -= k) {
		k = n > 65536 ? 65536 : n;
		m = wire_open(&d->out, WIRE_RAW);
		(void)buf_add(&d->out, p, k);
		wire_close(&d->out, m);
		if (d->out.len >= FLUSH_AT && flush(d, e) == -1)
			return (-1);
	}
	return (0);
}

static const struct reader_calls	 calls = {
	.report = { on_begin, on_record, on_refused_row, on_end, on_again },
	.payload = on_payload, .refused = on_refused, .failure = on_failure, .tls = on_tls, .raw = on_raw,
};

/* --- Orders ------------------------------------------------------------------------ */

static uint64_t
memory_limit(const struct decoder *d)
{
	return (MEMORY(d->limits.packed_bytes));
}

static int
configure(struct decoder *d, struct wire *w, struct err *e)
{
#define GET(name, def, min, max, unit, why) d->limits.name = wire_get_uint(w);
	LIMITS(GET)
#undef GET
	if (w->bad || d->configured)
		return (err_set(e, ERR_BUG, "bad limits"));
	d->configured = true;
	sandbox_memory(memory_limit(d));
	if ((d->reader = reader_new(&d->limits, &calls, d)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (0);
}

static struct str
cut(struct str s, size_t max)
{
	if (s.len > max) {
		s.len = max;
		while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	return (s);
}

static int
read_one(struct decoder *d, struct wire *w, struct err *e)
{
	struct reader_job	 job = { 0 };
	struct reader_result	 res;
	size_t			 m;
	int			 rv;

	job.extract = (int)wire_get_below(w, 1u << 20) - 1;
	job.packed = wire_get_below(w, 2) != 0;
	d->salvage = job.salvage = job.extract < 0 && job.packed;
	job.offset = wire_get_below(w, (uint64_t)1 << 62);
	job.bytes = wire_get_below(w, (uint64_t)1 << 62);
	job.filename = wire_get_text(w, 4096);
	if (w->bad || !d->configured || d->nfds == 0)
		return (err_set(e, ERR_BUG, "bad order"));
	job.fd = d->fds[0];
	d->nfds--;
	memmove(d->fds, d->fds + 1, d->nfds * sizeof(d->fds[0]));
	d->in_report = d->in_rows = d->told = false;
	/* The reader looks at its own clock, the parent at another; this one ends what is stuck inside of a library. */
	sandbox_cpu(d->limits.seconds / 4 + 3);
	rv = reader_run(d->reader, &job, &res, e);
	(void)close(job.fd);
	if (rv == -1) {
		if (e->code == ERR_BUG)
			return (-1);
		if (e->code == ERR_TEMP && strstr(e->msg, "out of memory") != NULL)
			err_set(e, ERR_LIMIT, "reading it takes more memory than the process for it may have, %llu MB",
			    (unsigned long long)(memory_limit(d) >> 20));
		on_again(d);	/* a read error in the middle: nothing of it stays */
		if (on_refused(d, e, e) == -1)
			return (-1);
		*e = (struct err){ 0 };	/* it has been said */
		res.refused++;
	}
	m = wire_open(&d->out, WIRE_DONE);
	wire_uint(&d->out, rv == -1);
	wire_uint(&d->out, res.reports);
	wire_uint(&d->out, res.refused);
	wire_uint(&d->out, (res.mail ? 1u : 0) | (res.failure ? 4u : 0) | (res.unused ? 8u : 0));
	wire_text(&d->out, cut(res.from, 1000));
	wire_text(&d->out, cut(res.subject, 1000));
	wire_close(&d->out, m);
	return (0);
}

static int
order(struct decoder *d, unsigned type, const unsigned char *p, size_t n, struct err *e)
{
	struct wire	 w = { p, p + n, false };

	switch (type) {
	case WIRE_LIMITS:
		return (configure(d, &w, e));
	case WIRE_READ:
		return (read_one(d, &w, e));
	default:
		return (err_set(e, ERR_BUG, "an order of type %u", type));
	}
}

/* Works off the orders that have come in whole. */
static int
orders(struct decoder *d, struct err *e)
{
	size_t		 at = 0, n;
	unsigned char	*p;

	while (d->in.len - at >= WIRE_HEAD) {
		p = (unsigned char *)d->in.p + at;
		n = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		if (n < 1 || n > wire_max[WIRE_READ])
			return (err_set(e, ERR_BUG, "an order of %zu bytes", n));
		if (d->in.len - at < n + 4)
			break;
		if (order(d, p[4], p + WIRE_HEAD, n - 1, e) == -1)
			return (-1);
		at += n + 4;
		if (d->out.len >= FLUSH_AT && flush(d, e) == -1)
			return (-1);
	}
	buf_drop(&d->in, at);
	return (0);
}

/*
 * Reads a report of our own, so that whatever a library loads or opens at its
 * first use is there before nothing can be opened any more.
 */
static void
warm_up(void)
{
	static const char	 mail[] =
	    "From: =?koi8-r?Q?=D0?= <a@example.com>\nSubject: =?gb18030?B?1tDOxA==?= report\nMIME-Version: 1.0\n"
	    "Content-Type: text/xml\n\n"
	    "<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<feedback><report_metadata><org_name>caf\xe9</org_name>"
	    "<email>a@example.com</email><report_id>1</report_id><date_range><begin>1767225600</begin><end>1767311999</end>"
	    "</date_range></report_metadata><policy_published><domain>b\xfc" "cher.example</domain><p>none</p></policy_published>"
	    "<record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated><disposition>none</disposition>"
	    "<dkim>pass</dkim><spf>pass</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from>"
	    "</identifiers><auth_results><spf><domain>example.com</domain><result>pass</result></spf></auth_results></record>"
	    "</feedback>\n";
	struct decoder		 d = { .sock = -1 };
	struct reader_job	 job = { .fd = memfd_create("dmarcd", MFD_CLOEXEC), .bytes = sizeof(mail) - 1, .extract = -1 };
	struct reader_result	 res;
	struct err		 e = { 0 };

	charset_load();
	/* The dates in zip files mean nothing to us, but libarchive asks for the local time zone. */
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	if (job.fd != -1 && io_write_full(job.fd, mail, sizeof(mail) - 1) == 0 &&
	    (d.slots = calloc(SLOTS, sizeof(*d.slots))) != NULL && (d.reader = reader_new(&limits_default, &calls, &d)) != NULL)
		(void)reader_run(d.reader, &job, &res, &e);
	if (job.fd != -1)
		(void)close(job.fd);
	decoder_clear(&d);
}

/* The first frame: we are locked in, or why not. */
static int
announce(struct decoder *d, const char *why, struct err *e)
{
	size_t	 m = wire_open(&d->out, WIRE_STARTED);

	wire_text(&d->out, str_utf8_ok(str_of(why)) ? str_of(why) : STR("its process cannot be locked in"));
	wire_close(&d->out, m);
	return (flush(d, e));
}

int
decoder_main(int fd)
{
	struct sandbox_paths	 paths = { .link = fd, .memory = (uint64_t)2 << 30 };	/* less when the limits are known */
	struct sandbox_report	 report;
	struct decoder		 d = { .sock = fd };
	struct err		 e = { 0 };
	struct pollfd		 pfd = { .fd = fd, .events = POLLIN };
	char			 chunk[16384];
	ssize_t			 n;
	int			 got;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);	/* the terminal's: the parent decides when we stop */
	warm_up();
	if (sandbox_enter(SANDBOX_DECODER, &paths, &report, &e) == -1) {
		(void)announce(&d, e.msg, &e);
		return (DECODER_UNFIT);
	}
	if ((d.slots = calloc(SLOTS, sizeof(*d.slots))) == NULL) {
		(void)announce(&d, "out of memory", &e);
		return (DECODER_UNFIT);
	}
	(void)announce(&d, "", &e);
	while (e.code != ERR_BUG) {
		/* what is done goes out before we wait */
		if (d.out.len > 0 && poll(&pfd, 1, 0) == 0 && flush(&d, &e) == -1)
			break;
		if ((n = io_recv_fd(fd, chunk, sizeof(chunk), &got)) <= 0)
			break;
		if (got != -1) {
			if (d.nfds == FDS)
				break;
			d.fds[d.nfds++] = got;
		}
		if (!buf_add(&d.in, chunk, (size_t)n) || orders(&d, &e) == -1)
			break;
	}
	if (d.out.len > 0)
		(void)flush(&d, &e);
	decoder_clear(&d);
	return (e.code == ERR_NONE ? 0 : e.code == ERR_TEMP ? DECODER_NO_MEMORY : 70);
}
