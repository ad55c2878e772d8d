/*
 * fuzz_query.c - any bytes behind "?": either a sentence, or parameters that
 * are text and come out the same when they are written and read again; and
 * each of them is offered to the filters.
 */
#include <assert.h>
#include <stdlib.h>

#include "http/query_string.h"
#include "store/query.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
add_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_printf(b, "%%%02x", (unsigned)(unsigned char)s.p[i]);
}

static void
check_text(struct str s)
{
	assert(s.p != NULL && str_utf8_ok(s));
	for (size_t i = 0; i < s.len; i++)
		assert((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
}

/* What was understood, escaped to the last byte: three times as long at most. */
static void
check_again(const struct query_string *q)
{
	struct query_string	 again;
	struct buf		 raw = { 0 }, one = { 0 }, two = { 0 };
	struct str		 param;
	struct err		 e = { 0 };

	for (size_t i = 0; i < q->n; i++) {
		add_escaped(&raw, q->p[i].key);
		buf_byte(&raw, '=');
		add_escaped(&raw, q->p[i].value);
		buf_byte(&raw, '&');
	}
	if (raw.len <= QUERY_BYTES) {
		assert(query_string_parse(&again, buf_as_str(&raw), &param, &e) == 0);
		query_string_canonical(q, &one);
		query_string_canonical(&again, &two);
		assert(str_eq(buf_as_str(&one), buf_as_str(&two)));
	}
	buf_free(&raw);
	buf_free(&one);
	buf_free(&two);
}

static void
check_filter(const struct query_string *q)
{
	struct query_filter	 f;
	struct err		 e;

	query_filter_init(&f);
	for (size_t i = 0; i < q->n; i++) {
		memset(&e, 0, sizeof(e));
		if (query_filter_set(&f, q->p[i].key, q->p[i].value, &e) == -1)
			assert(e.code == ERR_CONFIG && e.msg[0] != '\0');
		else
			assert(query_filter_knows(q->p[i].key));
	}
	assert(f.nclauses <= QUERY_CLAUSES);
	query_filter_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query_string	 q;
	struct str		 param, segment;
	struct err		 e = { 0 };
	char			*out;

	if (query_string_parse(&q, (struct str){ (const char *)data, size }, &param, &e) == 0) {
		assert(q.n <= QUERY_PARAMS);
		for (size_t i = 0; i < q.n; i++) {
			assert(q.p[i].key.len > 0);
			check_text(q.p[i].key);
			check_text(q.p[i].value);
		}
		check_again(&q);
		check_filter(&q);
	} else
		assert(e.msg[0] != '\0' && param.p != NULL && str_utf8_ok(param));
	if ((out = malloc(size + 1)) != NULL &&
	    path_segment_decode((struct str){ (const char *)data, size }, out, &segment, &e) == 0) {
		check_text(segment);
		assert(segment.len <= size && !str_eq(segment, STR("..")));
	}
	free(out);
	return (0);
}
