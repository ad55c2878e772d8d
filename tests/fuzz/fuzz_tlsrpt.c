/*
 * fuzz_tlsrpt.c - any bytes as the text of a TLS report. What must hold: the
 * same items whether the bytes come in one piece or in many, items in their
 * order with sums that fit (tls_recorder.c), a sentence with every refusal,
 * and each item the same behind the wire.
 */
#include <assert.h>

#include "base/limits.h"
#include "report/tlsrpt.h"
#include "report/wire_tls.h"
#include "tls_recorder.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct both {
	struct tls_recorder	 r;		/* what came */
	struct tls_recorder	 w;		/* the same behind the wire */
	struct wire_tls_room	 room;
	struct buf		 frame;
};

static int
take(void *ctx, const struct tls_item *it, struct err *e)
{
	struct both	*b = ctx;
	struct tls_item	 back;
	struct wire	 w;

	buf_clear(&b->frame);
	wire_put_tls(&b->frame, it);
	assert(!b->frame.failed && b->frame.len - 4 <= wire_max[WIRE_TLS]);
	w = (struct wire){ (unsigned char *)b->frame.p + WIRE_HEAD, (unsigned char *)b->frame.p + b->frame.len, false };
	assert(wire_get_tls(&w, &b->room, &back, e) == 0);
	/* addresses come back without their text */
	assert(back.kind == it->kind);
	if (it->kind == TLS_DETAIL) {
		back.u.detail.sending.text = it->u.detail.sending.text;
		back.u.detail.receiving.text = it->u.detail.receiving.text;
	}
	assert(tls_record(&b->w, &back, e) == 0);
	return (tls_record(&b->r, it, e));
}

static int
run(struct both *b, struct tlsrpt *t, const uint8_t *data, size_t size, size_t step, struct err *e)
{
	static const struct tls_hints	 h = { .subject = { "Report Domain: example.com Submitter: rep.example", 49 } };
	size_t				 n;
	int				 rv = 0;

	memset(e, 0, sizeof(*e));
	tls_recorder_clear(&b->r);
	tls_recorder_clear(&b->w);
	assert(tlsrpt_start(t, &h, e) == 0);
	for (size_t i = 0; i < size && rv == 0; i += n) {
		n = size - i < step ? size - i : step;
		rv = tlsrpt_feed(t, data + i, n, e);
	}
	if (rv == 0)
		rv = tlsrpt_finish(t, e);
	assert(rv == 0 || rv == 1 || e->msg[0] != '\0');
	assert(rv != -1 || e->code == ERR_INPUT || e->code == ERR_LIMIT);
	assert((rv == 0) == (b->r.done == 1) && tlsrpt_had_begun(t) == (rv != 0 && b->r.open));
	if (b->r.open) {
		tls_record_again(&b->r);
		tls_record_again(&b->w);
	}
	assert(str_eq(buf_as_str(&b->r.text), buf_as_str(&b->w.text)));
	return (rv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct limits	 l;
	static struct tlsrpt	*t;
	static struct both	 b;
	struct err		 e, e2;
	struct buf		 first = { 0 };
	int			 rv;

	if (t == NULL) {
		l = limits_default;
		l.tls_text = 2000;
		l.tls_value = 1u << 14;
		l.tls_details = 200;
		l.tls_policies = 50;
		assert((t = tlsrpt_new(&l, take, &b)) != NULL);
	}
	rv = run(&b, t, data, size, SIZE_MAX, &e);
	(void)buf_str(&first, buf_as_str(&b.r.text));
	assert(run(&b, t, data, size, 7, &e2) == rv);
	assert(str_eq(buf_as_str(&first), buf_as_str(&b.r.text)));
	assert(strcmp(e.msg, e2.msg) == 0 && e.code == e2.code && e.line == e2.line);
	buf_free(&first);
	return (0);
}
