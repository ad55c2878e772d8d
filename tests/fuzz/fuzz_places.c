/*
 * fuzz_places.c - any bytes as a file of places: refused with a sentence, or
 * every look-up ends within it. The sum is made right first, so that what is
 * behind it is tried as well.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "enrich/ranges.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
look(const struct ranges *r, enum ranges_kind kind, const uint8_t *p, size_t n)
{
	unsigned char	 ip[16];
	struct str	 text;
	uint32_t	 v;

	for (size_t at = 0; at + 16 <= n && at < 4096; at += 3)
		for (unsigned len = 4; len <= 16; len += 12) {
			memcpy(ip, p + at, 16);
			v = ranges_find(r, ip, len, &text);
			assert(v != 0 || text.p == NULL);
			assert(text.p == NULL || (text.len > 0 && text.len <= RANGES_TEXT && text.p >= (const char *)p && text.p + text.len <= (const char *)p + n));
			assert(text.p == NULL || str_utf8_ok(text));
			assert(v == 0 || kind != RANGES_COUNTRY || ((v >> 8) >= 'A' && (v >> 8) <= 'Z' && (v & 0xff) >= 'A' && (v & 0xff) <= 'Z'));
		}
	memset(ip, 0xff, sizeof(ip));
	(void)ranges_find(r, ip, 4, &text);
	(void)ranges_find(r, ip, 16, &text);
	memset(ip, 0, sizeof(ip));
	(void)ranges_find(r, ip, 4, &text);
	(void)ranges_find(r, ip, 16, &text);
	(void)ranges_find(r, ip, 0, &text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ranges_kind	 kinds[] = { RANGES_COUNTRY, RANGES_NETWORK };
	unsigned char			*copy = malloc(size + 1);
	struct ranges			*r;
	struct err			 e;
	uint64_t			 sum;

	if (copy == NULL)
		return (0);
	memcpy(copy, data, size);
	if (size >= 32) {
		for (int i = 0; i < 8; i++)
			copy[16 + i] = (unsigned char)((uint64_t)size >> 8 * i);
		sum = ranges_sum(copy, size);
		for (int i = 0; i < 8; i++)
			copy[24 + i] = (unsigned char)(sum >> 8 * i);
	}
	for (size_t k = 0; k < nitems(kinds); k++) {
		r = NULL;
		e = (struct err){ .code = ERR_NONE };
		if (ranges_of("input", copy, size, kinds[k], &r, &e) == -1) {
			assert(r == NULL && e.msg[0] != '\0' && e.code == ERR_CONFIG);
			continue;
		}
		look(r, kinds[k], copy, size);
		ranges_free(r);
	}
	free(copy);
	return (0);
}
