/*
 * fuzz_bounce.c - any bytes as what people paste: nothing is read outside of
 * it, and what comes out is within bounds and can be said.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dmarc/dmarc.h"
#include "explain/bounce.h"
#include "explain/explain.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool		 ready;
	static struct bounce	 b;
	static struct explanation x;
	struct explain_facts	 f = { .day = EXPLAIN_NO_DAY, .forward_from = EXPLAIN_NO_DAY, .forward_to = EXPLAIN_NO_DAY };
	struct arena		*a;
	struct err		 e = { 0 };
	char			*copy;

	if (!ready && dmarc_init(&e) == -1)
		return (0);
	ready = true;
	if ((a = arena_new(8 << 20)) == NULL)
		return (0);
	if ((copy = malloc(size + 1)) != NULL) {	/* of its own length, so that a read past the end is seen */
		memcpy(copy, data, size);
		if (bounce_read(a, (struct str){ copy, size }, &b, &e) == -1) {
			assert(size > BOUNCE_BYTES && e.code == ERR_LIMIT);
			b.checked = false;
		}
		assert(b.nmatches <= BOUNCE_MATCHES && b.nips <= BOUNCE_NAMES && b.nnames <= BOUNCE_NAMES);
		for (size_t i = 0; i < b.nmatches; i++)
			assert(b.matches[i].words.p != NULL && b.matches[i].words.len <= size);
		if (b.checked)
			assert(b.record.header_from.len > 0 && explain_row(a, &b.policy, &b.record, &f, &x, &e) == 0);
		free(copy);
	}
	arena_free(a);
	return (0);
}
