/*
 * fuzz_wire.c - any bytes as a frame of a decoder: refused with a sentence, or
 * sound, and then the same when it is written and read again.
 */
#include <assert.h>

#include "report/wire.h"

#define ROOM 8

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
header(struct wire w)
{
	struct report_header	 h, again;
	struct err		 e = { 0 };
	struct buf		 b = { 0 }, c = { 0 };
	unsigned		 payload;

	if (wire_get_header(&w, &payload, &h, &e) == -1) {
		assert(e.code == ERR_INPUT && e.msg[0] != '\0');
		return;
	}
	assert(h.begin >= 0 && h.begin <= h.end && h.policy.domain.len > 0);
	wire_put_header(&b, payload, &h);
	w = (struct wire){ (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + b.len, false };
	assert(wire_get_header(&w, &payload, &again, &e) == 0);
	wire_put_header(&c, payload, &again);
	assert(str_eq(buf_as_str(&b), buf_as_str(&c)));
	buf_free(&b);
	buf_free(&c);
}

static void
combination(struct wire w)
{
	struct report_auth	 dkim[ROOM], spf[ROOM];
	struct report_reason	 reasons[ROOM];
	const struct wire_row_room room = { dkim, spf, reasons, ROOM };
	struct report_record	 r;
	struct err		 e = { 0 };
	struct buf		 b = { 0 }, c = { 0 };

	if (wire_get_combination(&w, &room, &r, &e) == -1) {
		assert(e.code == ERR_INPUT && e.msg[0] != '\0');
		return;
	}
	assert(r.ndkim <= ROOM && r.nspf <= ROOM && r.nreasons <= ROOM && r.header_from.p != NULL);
	wire_put_combination(&b, &r);
	w = (struct wire){ (unsigned char *)b.p, (unsigned char *)b.p + b.len, false };
	assert(wire_get_combination(&w, &room, &r, &e) == 0 && w.p == w.end);
	wire_put_combination(&c, &r);
	assert(str_eq(buf_as_str(&b), buf_as_str(&c)));
	buf_free(&b);
	buf_free(&c);
}

static void
trailer(struct wire w)
{
	struct report_trailer	 t;
	struct report_refused	 f;
	struct err		 e = { 0 };
	struct wire		 v = w;
	struct buf		 b = { 0 };

	if (wire_get_trailer(&w, &t, &e) == 0) {
		assert(t.refused <= t.records && t.state < STATE_COUNT && t.dialect < DIALECT_COUNT);
		wire_put_trailer(&b, &t);
		w = (struct wire){ (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + b.len, false };
		assert(wire_get_trailer(&w, &t, &e) == 0);
	}
	if (wire_get_refused(&v, &f, &e) == 0) {
		assert(f.reason.len <= 512);
		buf_clear(&b);
		wire_put_refused(&b, &f);
		w = (struct wire){ (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + b.len, false };
		assert(wire_get_refused(&w, &f, &e) == 0);
	}
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire	 w = { data + 1, data + size, false };

	if (size == 0)
		return (0);
	switch (data[0] % 3) {
	case 0:
		header(w);
		break;
	case 1:
		combination(w);
		break;
	default:
		trailer(w);
		break;
	}
	return (0);
}
