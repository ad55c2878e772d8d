/*
 * fuzz_message.c - any bytes as a mail: the same parts in whatever pieces it
 * comes, begins and ends in pairs, headers as text of bounded length.
 */
#include <assert.h>

#include "decode/message.h"
#include "report/hints.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	struct buf	 text;
	bool		 open;
	unsigned	 parts;
};

static int
on_begin(void *ctx, const struct mime_part *p, bool *want, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(!s->open);
	assert(p->type.len <= 128 && p->filename.len <= 512);
	s->open = true;
	*want = s->parts++ % 5 != 4;
	(void)buf_printf(&s->text, "{%d", p->attached_mail);
	(void)buf_str(&s->text, p->type);
	(void)buf_byte(&s->text, '|');
	(void)buf_str(&s->text, p->filename);
	(void)buf_byte(&s->text, '|');
	return (0);
}

static int
on_data(void *ctx, const void *p, size_t n, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(s->open && n > 0);
	(void)buf_add(&s->text, p, n);
	return (0);
}

static int
on_end(void *ctx, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(s->open);
	s->open = false;
	(void)buf_byte(&s->text, '}');
	return (0);
}

static const struct mime_sink	 sink = { on_begin, on_data, on_end, NULL };

static void
header(struct buf *b, struct str s)
{
	struct hints	 h = { 0 };

	assert(s.len <= 1000 && str_utf8_ok(s));
	(void)buf_str(b, s);
	(void)buf_byte(b, '\n');
	hints_subject(s, &h);
	hints_filename(s, &h);
	assert(h.begin >= 0 && h.end >= 0);
	assert(h.domain.len <= s.len && h.submitter.len <= s.len && h.report_id.len <= s.len);
}

static int
run(const struct limits *l, const uint8_t *data, size_t size, size_t piece, struct seen *s)
{
	struct message	*m = message_new(l, &sink, s, 0);
	struct err	 e = { 0 };
	int		 rv = 0;

	assert(m != NULL);
	for (size_t at = 0; at < size && rv == 0; at += piece)
		rv = message_feed(m, data + at, size - at < piece ? size - at : piece, &e);
	if (rv == 0)
		rv = message_finish(m, &e);
	assert(rv == -1 || !s->open);
	assert(rv == 0 || (e.code == ERR_LIMIT && e.msg[0] != '\0'));
	assert(s->parts <= l->mime_parts);
	header(&s->text, message_from(m));
	header(&s->text, message_subject(m));
	(void)buf_byte(&s->text, message_noise(m) ? 'n' : '-');
	message_free(m);
	return (rv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct limits	 l = limits_default;
	struct seen	 one = { 0 }, two = { 0 };

	l.mime_parts = 20;
	l.mime_depth = 4;
	l.header_bytes = 4096;
	if (run(&l, data, size, size == 0 ? 1 : size, &one) == run(&l, data, size, 1 + size % 11, &two) && !one.open)
		assert(str_eq(buf_as_str(&one.text), buf_as_str(&two.text)));
	else
		assert(one.open && two.open);
	buf_free(&one.text);
	buf_free(&two.text);
	return (0);
}
