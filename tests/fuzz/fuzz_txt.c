/*
 * fuzz_txt.c - any bytes as TXT records, a line each, read as everything that
 * may stand in one: SPF and all that it leads to, DMARC, keys; and all of them
 * as an MTA-STS policy. Nothing is read beyond an end, places lie within, and
 * following ends.
 */
#include <assert.h>

#include "dmarc/said.h"
#include "dmarc/spf.h"
#include "dmarc/sts.h"
#include "dmarc/txt.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct page { const struct str *texts; size_t n; };

/* Every name has the same texts, so that records lead to each other. */
static enum spf_answer
everywhere(void *ctx, struct str name, const struct str **out, size_t *n)
{
	const struct page	*p = ctx;

	*out = p->texts;
	*n = p->n;
	return (name.len % 7 == 0 ? SPF_NOT_KNOWN : p->n == 0 ? SPF_NOTHING : SPF_TEXTS);
}

static void
one(struct str t)
{
	struct spf_record	 r;
	char			 name[254];

	(void)spf_read(t, &r);
	assert(r.ntargets <= SPF_TARGETS && (r.fault == SPF_SOUND || r.fault == SPF_NO_RECORD ||
	    (r.term.len > 0 && r.term.p == t.p + r.at && r.at + r.term.len <= t.len)));
	for (unsigned i = 0; i < r.ntargets; i++) {
		assert(r.targets[i].name.p >= t.p && r.targets[i].name.p + r.targets[i].name.len <= t.p + t.len);
		if (spf_target(r.targets[i].name, name))
			assert(strlen(name) > 0 && strlen(name) <= 253);
	}
}

static void
policy(struct str body)
{
	struct sts_policy	 p;
	const char		*why = sts_policy_read(body, &p);

	(void)sts_media_type(body);
	assert(p.max_age >= -1 && p.max_age <= 31557600);
	assert(why != NULL || (p.mode != STS_UNKNOWN && p.max_age >= 0 && (p.nmx > 0 || p.mode == STS_NONE)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str		 texts[16], rest, address;
	struct page		 page = { texts, 0 };
	struct spf_dns		 dns = { everywhere, &page };
	struct dmarc_says	 d, plain;
	struct key_says		 k;
	struct spf_sum		 s;
	const char		*p = (const char *)data, *end = p + size, *nl;
	unsigned		 steps;

	policy((struct str){ p, size });
	for (; p < end && page.n < 16; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		texts[page.n] = (struct str){ p, (size_t)(nl - p) };
		one(texts[page.n++]);
		if (nl == end)
			break;
	}
	spf_sum(&dns, STR("example.com"), &s);
	assert(s.names <= 201 && strlen(s.at) < sizeof(s.at) && (s.fault == SPF_SOUND) == (s.at[0] == '\0'));
	dmarc_says(texts, page.n, &d);
	rest = STR("v=DMARC1; p=quarantine");
	dmarc_says(&rest, 1, &plain);
	assert((dmarc_weaker(&plain, &d, &steps) == 0) == (steps == 0) && steps <= 6);
	rest = d.rua;
	while (dmarc_rua_next(&rest, &address))
		assert(address.len > 0 && address.p >= d.rua.p && address.p + address.len <= d.rua.p + d.rua.len);
	assert(dmarc_rua_same(d.rua, d.rua));
	key_says(texts, page.n, &k);
	assert((k.use == KEY_SOUND) == (k.bits > 0));
	return (0);
}
