/*
 * fuzz_aggregate.c - any bytes as a report's document: the same whole, in
 * pieces and as a stream (whose pieces' size is taken from the bytes); the
 * recorder checks what a sink may rely on.
 */
#include <assert.h>

#include "recorder.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
again(const struct limits *l, struct str doc, size_t piece, const struct recorder *want, int want_rv, const struct err *want_e)
{
	struct recorder	 r = { 0 };
	struct err	 e = { 0 };

	assert(recorder_read(&r, l, NULL, doc, piece, &e) == want_rv);
	assert(want_rv == 0 || e.code == want_e->code);
	assert(str_eq(buf_as_str(&r.text), buf_as_str(&want->text)));
	recorder_free(&r);
}

/* Where a comment changes nothing: behind the declaration, or before the first tag. */
static size_t
place(struct str doc)
{
	const char	*at = str_starts(doc, "<?xml") ? memmem(doc.p, doc.len, "?>", 2) : NULL;

	return (at == NULL ? 0 : (size_t)(at - doc.p) + 2);
}

static bool
plain(struct str doc)
{
	/* a comment in front of other bytes would make something else of them */
	return (doc.len > 8 && doc.p[0] == '<' && (place(doc) > 0 || str_starts(doc, "<feedback")) &&
	    str_ifind(doc, "utf-16") == NULL && str_ifind(doc, "ucs") == NULL && str_ifind(doc, "utf-32") == NULL &&
	    memchr(doc.p, '\0', doc.len) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct limits	 l = limits_default;
	struct str	 doc = { (const char *)data, size };
	struct recorder	 r = { 0 };
	struct err	 e = { 0 };
	struct buf	 big = { 0 };
	static char	 blanks[530000];
	size_t		 at;
	int		 rv;

	l.records = 50;
	l.results = 5;
	l.text_bytes = 1000;
	rv = recorder_read(&r, &l, NULL, doc, 0, &e);
	assert(rv == 0 || (e.msg[0] != '\0' && (e.code == ERR_INPUT || e.code == ERR_LIMIT)));
	assert(rv == -1 || r.reports > 0);
	assert(r.rows <= l.records);
	again(&l, doc, 1 + size % 7, &r, rv, &e);
	if (size > 0 && size % 32 == 0 && data[size / 2] % 8 == 0 && plain(doc)) {
		/* seldom as a stream, which takes as long as a hundred others; only what was one report is the same there */
		memset(blanks, ' ', sizeof(blanks));
		at = place(doc);
		(void)buf_add(&big, data, at);
		(void)buf_cstr(&big, "<!--");
		(void)buf_add(&big, blanks, sizeof(blanks));
		(void)buf_cstr(&big, "-->");
		(void)buf_add(&big, data + at, size - at);
		if (rv == 0 && r.reports == 1)
			again(&l, buf_as_str(&big), 1 + size % 4093, &r, rv, &e);
		else {
			struct recorder	 s = { 0 };
			struct err	 f = { 0 };

			(void)recorder_read(&s, &l, NULL, buf_as_str(&big), 65536, &f);
			recorder_free(&s);
		}
		buf_free(&big);
	}
	recorder_free(&r);
	return (0);
}
