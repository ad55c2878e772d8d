/*
 * fuzz_authres.c - any bytes as the value of an Authentication-Results field:
 * refused with a sentence and nothing else, or results whose texts lie within
 * bounds, in the caller's struct, and hold no blank where a word is.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dmarc/authres.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct authres	 a;

static void
inside(struct str s)
{
	assert(s.p == NULL || (s.p >= a.text && s.p + s.len <= a.text + sizeof(a.text)));
}

static void
check_word(struct str s)
{
	inside(s);
	assert(s.p != NULL && s.len > 0);
	for (size_t i = 0; i < s.len; i++)
		assert(s.p[i] != ' ' && s.p[i] != ';' && s.p[i] != '(' && s.p[i] != '"' && !(s.p[i] >= 'A' && s.p[i] <= 'Z'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err	 e = { 0 };
	char		*copy;
	unsigned	 props = 0;

	/* of its own length, so that a read past the end is seen; and it is not kept */
	if ((copy = malloc(size + 1)) == NULL)
		return (0);
	memcpy(copy, data, size);
	if (authres_parse((struct str){ copy, size }, &a, &e) == -1) {
		free(copy);
		assert(e.msg[0] != '\0' && (e.code == ERR_INPUT || e.code == ERR_LIMIT));
		assert(a.id.p == NULL && a.nresults == 0 && a.nprops == 0 && !a.none);
		return (0);
	}
	memset(copy, 'x', size);
	free(copy);
	assert(size <= AUTHRES_BYTES && a.nresults <= AUTHRES_RESULTS && a.nprops <= AUTHRES_PROPS);
	assert(!a.none || a.nresults == 0);
	assert(a.id.p != NULL || a.nresults > 0);
	inside(a.id);
	for (unsigned i = 0; i < a.nresults; i++) {
		const struct authres_result	*r = &a.results[i];

		check_word(r->method);
		check_word(r->result);
		inside(r->reason);
		inside(r->comment);
		assert(r->first_prop == props);
		props += r->nprops;
		(void)authres_prop(&a, r, "header", "from");
	}
	assert(props == a.nprops);
	for (unsigned i = 0; i < a.nprops; i++) {
		if (a.props[i].ptype.p != NULL)
			check_word(a.props[i].ptype);
		check_word(a.props[i].property);
		inside(a.props[i].value);
	}
	return (0);
}
