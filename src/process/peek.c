/*
 * peek.c - see peek.h. A document may be read several times, each in another
 * mode; the reading with the most rows is the one that is shown.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/io.h"
#include "base/when.h"
#include "process/decoders.h"
#include "process/peek.h"
#include "report/wire.h"


struct peeker {
	struct peek		*out;
	struct buf		 in;
	bool			 done, in_report;
	struct peek_doc		 now;		/* the reading under way */
	struct peek_row		*known;		/* combinations, by number */
	unsigned		 nknown;
	struct wire_row_room	 room;
};

void
peek_free(struct peek *p)
{
	for (size_t i = 0; i < p->ndocs; i++)
		free(p->doc[i].row);
	memset(p, 0, sizeof(*p));
}

static void
copy(char *to, size_t size, struct str s)
{
	if (s.len >= size) {
		s.len = size - 1;
		while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	if (s.len > 0)
		memcpy(to, s.p, s.len);
	to[s.len] = '\0';
}

/* --- One reading ------------------------------------------------------------------------- */

/* It ended without being whole: shown, unless another reading of the same gave more. */
static void
keep(struct peeker *k)
{
	struct peek	*o = k->out;
	size_t		 i;

	k->in_report = false;
	for (i = 0; i < o->ndocs && o->doc[i].payload != k->now.payload; i++)
		;
	if (i == PEEK_DOCS || (i < o->ndocs && o->doc[i].rows >= k->now.rows)) {
		free(k->now.row);
		k->now.row = NULL;
		return;
	}
	if (i == o->ndocs)
		o->ndocs++;
	else
		free(o->doc[i].row);
	o->doc[i] = k->now;
	k->now.row = NULL;
}

/* It was whole: it is in the store. */
static void
forget(struct peeker *k)
{
	struct peek	*o = k->out;

	k->in_report = false;
	free(k->now.row);
	k->now.row = NULL;
	for (size_t i = 0; i < o->ndocs; i++)
		if (o->doc[i].payload == k->now.payload) {
			free(o->doc[i].row);
			o->doc[i] = o->doc[--o->ndocs];
			return;
		}
}

static int
begin(struct peeker *k, struct wire *w, struct err *e)
{
	struct report_header	 h;

	if (k->in_report || wire_get_header(w, &k->now.payload, &h, e) == -1)
		return (-1);
	k->in_report = true;
	k->nknown = 0;
	k->now.rows = k->now.messages = 0;
	k->now.nrow = 0;
	if ((k->now.row = calloc(PEEK_ROWS, sizeof(*k->now.row))) == NULL)
		return (-1);
	copy(k->now.org_name, sizeof(k->now.org_name), h.org_name);
	copy(k->now.report_id, sizeof(k->now.report_id), h.report_id);
	/* what stands for a domain that could not be read: report/aggregate.h */
	copy(k->now.domain, sizeof(k->now.domain), str_eq(h.policy.domain, STR("invalid")) ? STR_NONE : h.policy.domain);
	k->now.begin = h.begin;
	k->now.end = h.end;
	return (0);
}

static int
combination(struct peeker *k, struct wire *w, struct err *e)
{
	struct report_record	 r;
	struct peek_row		*p;
	struct wire		 c;
	uint64_t		 n = wire_get_uint(w);

	if (w->bad || n == 0 || n - 1 > (uint64_t)(w->end - w->p) || k->nknown >= WIRE_TABLE)
		return (-1);
	c = (struct wire){ w->p, w->p + (n - 1), false };
	w->p = c.end;
	if (wire_get_combination(&c, &k->room, &r, e) == -1)
		return (-1);
	p = &k->known[k->nknown++];
	*p = (struct peek_row){ .disposition = r.disposition, .dkim = r.dkim, .spf = r.spf };
	copy(p->header_from, sizeof(p->header_from), r.header_from_derived ? STR_NONE : r.header_from);
	return (0);
}

static int
row(struct peeker *k, struct wire *w)
{
	struct peek_row		 p;
	uint64_t		 n = wire_get_below(w, k->nknown), len = wire_get_below(w, 17);

	if (w->bad)
		return (-1);
	p = k->known[n];
	if (len == 4 || len == 16) {
		if ((size_t)(w->end - w->p) < len || inet_ntop(len == 4 ? AF_INET : AF_INET6, w->p, p.ip, sizeof(p.ip)) == NULL)
			return (-1);
		w->p += len;
	} else if (len == 0)
		copy(p.ip, sizeof(p.ip), wire_get_text(w, 1u << 20));
	else
		return (-1);
	p.count = wire_get_below(w, (uint64_t)1 << 63);
	p.seq = wire_get_uint(w);
	if (w->bad)
		return (-1);
	k->now.rows++;
	k->now.messages = p.count > (uint64_t)INT64_MAX - k->now.messages ? (uint64_t)INT64_MAX : k->now.messages + p.count;
	if (k->now.nrow < PEEK_ROWS)
		k->now.row[k->now.nrow++] = p;
	return (0);
}

static int
rows(struct peeker *k, struct wire *w, struct err *e)
{
	while (w->p < w->end)
		switch (wire_get_uint(w)) {
		case WI_RESTART:
			k->nknown = 0;
			break;
		case WI_COMBINATION:
			if (combination(k, w, e) == -1)
				return (-1);
			break;
		case WI_ROW:
			if (row(k, w) == -1)
				return (-1);
			break;
		default:
			return (-1);
		}
	return (0);
}

static int
frame(struct peeker *k, unsigned type, struct wire *w, struct err *e)
{
	switch (type) {
	case WIRE_REPORT_BEGIN:
		return (begin(k, w, e));
	case WIRE_ROWS:
		return (k->in_report ? rows(k, w, e) : -1);
	case WIRE_REPORT_DROP:
		if (k->in_report)
			keep(k);
		return (0);
	case WIRE_REPORT_END:
		if (k->in_report)
			forget(k);
		return (0);
	case WIRE_DONE:
		k->done = true;
		return (0);
	default:
		return (0);
	}
}

/* --- The decoder --------------------------------------------------------------------------- */

static int
ask(int sock, int fd, uint64_t bytes, const struct limits *l, struct err *e)
{
	struct buf	 b = { 0 };
	size_t		 m = wire_open(&b, WIRE_LIMITS);
	int		 rv;

#define PUT(name, def, min, max, unit, why) wire_uint(&b, l->name);
	LIMITS(PUT)
#undef PUT
	wire_close(&b, m);
	if ((rv = io_send_fd(sock, b.p, b.len, -1)) == 0) {
		buf_clear(&b);
		m = wire_open(&b, WIRE_READ);
		wire_uint(&b, 0);
		wire_uint(&b, 1);	/* with 0 in front: rows of what is refused, too */
		wire_uint(&b, 0);
		wire_uint(&b, bytes);
		wire_text(&b, STR_NONE);
		wire_close(&b, m);
		rv = io_send_fd(sock, b.p, b.len, fd);
	}
	buf_free(&b);
	return (rv == -1 ? err_set(e, ERR_TEMP, "decoder: %s", strerror(errno)) : 0);
}

static int
frames(struct peeker *k, struct err *e)
{
	unsigned char	*p;
	struct wire	 w;
	size_t		 n, at = 0;

	while (k->in.len - at >= WIRE_HEAD && !k->done) {
		p = (unsigned char *)k->in.p + at;
		n = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		if (n < 1 || p[4] >= WIRE_COUNT || n > (size_t)wire_max[p[4]] + 1)
			return (-1);
		if (k->in.len - at < n + 4)
			break;
		w = (struct wire){ p + WIRE_HEAD, p + WIRE_HEAD + n - 1, false };
		if (frame(k, p[4], &w, e) == -1)
			return (-1);
		at += n + 4;
	}
	buf_drop(&k->in, at);
	return (0);
}

/* Until it is done, says what no decoder says, crashes or takes too long: what came by then is shown. */
static void
answers(struct peeker *k, int sock, const struct limits *l)
{
	int64_t		 until = when_mono_ms() + (int64_t)l->seconds * 1000, left;
	struct pollfd	 pfd = { .fd = sock, .events = POLLIN };
	struct err	 e;
	ssize_t		 n;

	while (!k->done && (left = until - when_mono_ms()) > 0) {
		if (poll(&pfd, 1, (int)left) <= 0)
			continue;
		if (!buf_reserve(&k->in, 65536))
			return;
		if ((n = read(sock, k->in.p + k->in.len, 65536)) == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		k->in.len += (size_t)n;
		if (frames(k, &e) == -1)
			return;
	}
}

int
peek_read(int fd, uint64_t bytes, const struct limits *l, struct peek *out, struct err *e)
{
	struct decoder_handle	 h;
	struct peeker		 k = { .out = out };
	int			 rv;

	memset(out, 0, sizeof(*out));
	if (decoder_get(&h, e) == -1)
		return (-1);
	k.room.room = (size_t)l->results;
	k.room.dkim = calloc(k.room.room, sizeof(*k.room.dkim));
	k.room.spf = calloc(k.room.room, sizeof(*k.room.spf));
	k.room.reasons = calloc(k.room.room, sizeof(*k.room.reasons));
	k.known = calloc(WIRE_TABLE, sizeof(*k.known));
	if (k.room.dkim == NULL || k.room.spf == NULL || k.room.reasons == NULL || k.known == NULL)
		rv = err_set(e, ERR_TEMP, "out of memory");
	else if ((rv = ask(h.fd, fd, bytes, l, e)) == 0) {
		answers(&k, h.fd, l);
		if (k.in_report)
			keep(&k);
	}
	decoder_end(&h);
	free(k.now.row);
	free(k.room.dkim);
	free(k.room.spf);
	free(k.room.reasons);
	free(k.known);
	buf_free(&k.in);
	return (rv);
}
