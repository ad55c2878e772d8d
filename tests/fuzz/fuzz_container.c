/*
 * fuzz_container.c - any bytes as an attachment: the same documents whole and
 * in pieces, begins and ends in pairs, and never more than the limits allow.
 */
#include <assert.h>

#include "decode/container.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	struct buf	 text;
	bool		 open;
	uint64_t	 bytes;
	unsigned	 docs;
};

static int
on_begin(void *ctx, enum payload_kind kind, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(!s->open);
	s->open = true;
	s->docs++;
	(void)buf_byte(&s->text, kind == PAYLOAD_XML ? 'x' : 'j');
	return (0);
}

static int
on_data(void *ctx, const void *p, size_t n, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(s->open && n > 0);
	s->bytes += n;
	(void)buf_add(&s->text, p, n);
	return (0);
}

static int
on_end(void *ctx, const struct err *broken, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(s->open);
	s->open = false;
	assert(broken == NULL || ((broken->code == ERR_INPUT || broken->code == ERR_LIMIT) && broken->msg[0] != '\0'));
	(void)buf_printf(&s->text, "|%s|", broken == NULL ? "" : broken->msg);
	return (0);
}

static int
on_unreadable(void *ctx, const struct err *why, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(!s->open && (why->code == ERR_INPUT || why->code == ERR_LIMIT) && why->msg[0] != '\0');
	(void)buf_printf(&s->text, "u%s|", why->msg);
	return (0);
}

static void
on_quirk(void *ctx, uint64_t q)
{
	(void)buf_printf(&((struct seen *)ctx)->text, "q%llx|", (unsigned long long)q);
}

static void
on_unused(void *ctx)
{
	(void)buf_cstr(&((struct seen *)ctx)->text, "unused|");
}

static const struct container_sink	 sink = { on_begin, on_data, on_end, on_unreadable, on_quirk, on_unused };

static void
run(const struct limits *l, const uint8_t *data, size_t size, size_t piece, bool text, struct seen *s)
{
	struct container	*c = container_new(l, &sink, s);
	struct err		 e = { 0 };

	assert(c != NULL);
	for (int twice = 0; twice < 2; twice++) {	/* nothing of the one shows in the next */
		struct buf	 t = s->text;

		buf_clear(&t);
		*s = (struct seen){ .text = t };
		container_begin(c, text);
		for (size_t at = 0; at < size; at += piece)
			assert(container_feed(c, data + at, size - at < piece ? size - at : piece, &e) == 0);
		assert(container_finish(c, &e) == 0);
		assert(!s->open);
		assert(s->bytes <= l->unpacked_bytes + size + 65536);
	}
	container_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct limits	 l = limits_default;
	struct seen	 one = { 0 }, two = { 0 };
	bool		 text = size % 5 == 0;

	l.unpacked_bytes = 1u << 20;
	l.packed_bytes = 1u << 18;
	l.entries = 4;
	run(&l, data, size, size == 0 ? 1 : size, text, &one);
	run(&l, data, size, 1 + size % 13, text, &two);
	assert(one.docs == two.docs && one.docs <= 64);
	assert(str_eq(buf_as_str(&one.text), buf_as_str(&two.text)));
	buf_free(&one.text);
	buf_free(&two.text);
	return (0);
}
