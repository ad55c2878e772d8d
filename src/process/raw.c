/*
 * raw.c - see raw.h. A decoder of its own for each call: they are rare, and
 * what it reads was read before without harm, or was it.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/when.h"
#include "process/decoders.h"
#include "process/raw.h"
#include "report/wire.h"

struct raw {
	int		 sock;
	struct buf	 in;
	uint64_t	 given;
	bool		 done;
	int		 (*out)(void *, const void *, size_t);
	void		*arg;
};

static int
ask(struct raw *r, int fd, uint64_t offset, uint64_t bytes, unsigned payload, enum raw_kind kind, struct err *e)
{
	struct buf	 b = { 0 };
	size_t		 m = wire_open(&b, WIRE_LIMITS);
	int		 rv;

#define PUT(name, def, min, max, unit, why) wire_uint(&b, limits_default.name);
	LIMITS(PUT)
#undef PUT
	wire_close(&b, m);
	if ((rv = io_send_fd(r->sock, b.p, b.len, -1)) == 0) {
		buf_clear(&b);
		m = wire_open(&b, WIRE_READ);
		wire_uint(&b, payload + 1);
		wire_uint(&b, kind == RAW_CONTAINER);
		wire_uint(&b, offset);
		wire_uint(&b, bytes);
		wire_text(&b, STR_NONE);
		wire_close(&b, m);
		rv = io_send_fd(r->sock, b.p, b.len, fd);
	}
	buf_free(&b);
	return (rv == -1 ? err_set(e, ERR_TEMP, "decoder: %s", strerror(errno)) : 0);
}

static int
frames(struct raw *r, struct err *e)
{
	unsigned char	*p;
	size_t		 n, at = 0;

	while (r->in.len - at >= WIRE_HEAD) {
		p = (unsigned char *)r->in.p + at;
		n = (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		if (n < 1 || n > wire_max[WIRE_RAW] + 1)
			return (err_set(e, ERR_TEMP, "bad frame from a decoder"));
		if (r->in.len - at < n + 4)
			break;
		if (p[4] == WIRE_STARTED) {
			struct wire	 f = { p + WIRE_HEAD, p + n + 4, false };
			struct str	 why = wire_get_text(&f, 1000);

			if (why.len > 0)
				return (err_set(e, ERR_TEMP, "no process that unpacks it can be started: %.*s", (int)why.len, why.p));
		} else if (p[4] == WIRE_RAW) {
			r->given += n - 1;
			if (r->out(r->arg, p + WIRE_HEAD, n - 1) == -1)
				return (err_set(e, ERR_TEMP, "the reader has gone"));
		} else if (p[4] == WIRE_DONE)
			r->done = true;
		at += n + 4;
	}
	buf_drop(&r->in, at);
	return (0);
}

static int
answers(struct raw *r, struct err *e)
{
	int64_t		 until = when_mono_ms() + (int64_t)limits_default.seconds * 1000, left;
	struct pollfd	 pfd = { .fd = r->sock, .events = POLLIN };
	ssize_t		 n;

	while (!r->done) {
		if ((left = until - when_mono_ms()) <= 0)
			return (err_set(e, ERR_LIMIT, "unpacking took longer than %llu seconds",
			    (unsigned long long)limits_default.seconds));
		if (poll(&pfd, 1, (int)left) <= 0)
			continue;
		if (!buf_reserve(&r->in, 65536))
			return (err_set(e, ERR_TEMP, "out of memory"));
		if ((n = read(r->sock, r->in.p + r->in.len, 65536)) == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (err_set(e, ERR_INPUT, "the process that unpacks it crashed"));
		r->in.len += (size_t)n;
		if (frames(r, e) == -1)
			return (-1);
	}
	if (r->given == 0)
		return (err_set(e, ERR_INPUT, "there is no such document in the original"));
	return (0);
}

int
raw_extract(int fd, uint64_t offset, uint64_t bytes, unsigned payload, enum raw_kind kind,
    int (*out)(void *, const void *, size_t), void *arg, struct err *e)
{
	struct decoder_handle	 h;
	struct raw		 r = { .out = out, .arg = arg };
	int			 rv;

	if (decoder_get(&h, e) == -1)
		return (-1);
	r.sock = h.fd;
	if ((rv = ask(&r, fd, offset, bytes, payload, kind, e)) == 0)
		rv = answers(&r, e);
	decoder_end(&h);
	buf_free(&r.in);
	return (rv);
}
