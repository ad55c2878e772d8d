/*
 * fuzz_copy.c - any bytes as the JSON or CSV of another program. What must
 * hold: the same reports whether the bytes come in one piece or in many, each
 * begun and ended as a sink may rely on (the recorders), a sentence with every
 * refusal, and nothing of a document that is none of these.
 */
#include <assert.h>

#include "copy_read.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct copy_all	 a, b;
	struct limits		 l = limits_default;
	struct str		 doc = { (const char *)data, size };
	struct err		 e = { 0 }, f = { 0 };
	int			 rv;

	l.records = 50;
	l.results = 5;
	l.text_bytes = 1000;
	l.tls_text = 2000;
	l.tls_value = 1u << 14;
	l.tls_details = 200;
	l.tls_policies = 50;
	l.failure_bytes = 4096;
	l.sample_headers = 4096;
	rv = copy_read(&a, &l, doc, 0, &e);
	assert(rv >= 0 || (e.msg[0] != '\0' && (e.code == ERR_INPUT || e.code == ERR_LIMIT)));
	assert(a.r.reports + a.t.done == a.read);
	assert(copy_read(&b, &l, doc, 1 + size % 7, &f) == rv);
	assert(rv >= 0 || (e.code == f.code && strcmp(e.msg, f.msg) == 0));
	assert(str_eq(buf_as_str(&a.r.text), buf_as_str(&b.r.text)) && str_eq(buf_as_str(&a.t.text), buf_as_str(&b.t.text)));
	assert(str_eq(buf_as_str(&a.failures), buf_as_str(&b.failures)) && str_eq(buf_as_str(&a.refused), buf_as_str(&b.refused)));
	return (0);
}
