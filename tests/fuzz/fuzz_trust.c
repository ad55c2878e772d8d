/*
 * fuzz_trust.c - lines of a header, each with A, R or F in front: texts stay
 * within bounds and valid, a proof names a listed server, and what stands
 * below a Received of a stranger proves nothing, whatever it is.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dmarc/dmarc.h"
#include "dmarc/trust.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct trust_trace	 t;
static struct authres		 scratch;

static void
lines(const char *p, const char *end)
{
	while (p < end) {
		const char	*nl = memchr(p, '\n', (size_t)(end - p));
		struct str	 v = { p + 1, (size_t)((nl == NULL ? end : nl) - p) };
		char		 kind = *p;

		p = nl == NULL ? end : nl + 1;
		if (v.len == 0 || kind == '\n')
			continue;
		v.len--;
		if (kind == 'A')
			trust_trace_results(&t, v, &scratch);
		else if (kind == 'R')
			trust_trace_received(&t, v);
		else if (kind == 'F')
			trust_trace_from(&t, v);
	}
}

static void
text(struct str s, size_t max)
{
	assert(s.p == NULL || (s.p >= t.pool && s.p + s.len <= t.pool + sizeof(t.pool) && s.len <= max && str_utf8_ok(s)));
}

static void
check_trace(void)
{
	unsigned	 results = 0;

	assert(t.nfields <= TRUST_FIELDS && t.nresults <= TRUST_RESULTS && t.used <= sizeof(t.pool));
	text(t.from, DOMAIN_MAX);
	for (unsigned i = 0; i < t.nfields; i++) {
		text(t.fields[i].name, DOMAIN_MAX);
		text(t.fields[i].text, TRUST_TEXT);
		assert(!t.fields[i].received || (t.fields[i].n == 0 && t.fields[i].text.p == NULL));
		assert(t.fields[i].n == 0 || t.fields[i].first == results);
		results += t.fields[i].n;
	}
	assert(results == t.nresults);
	for (unsigned i = 0; i < t.nresults; i++) {
		text(t.results[i].domain, DOMAIN_MAX);
		assert(t.results[i].method > TRUST_BY_NOTHING && t.results[i].method < TRUST_METHODS);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char		 id[] = "mx.example.com", none[] = TRUST_NO_ID, *ids[] = { id, none };
	struct trust_settings	 s = { .authserv_ids = { ids, 1 } };
	const char		*p = (const char *)data, *end = p + size;
	struct trust_mail	 m;
	struct err		 e = { 0 };

	if (dmarc_init(&e) == -1)
		abort();
	for (size_t n = 1; n <= 2; n++) {
		s.authserv_ids.n = n;
		trust_trace_reset(&t);
		lines(p, end);
		check_trace();
		trust_mail(&s, &t, &m);
		assert((m.proof == PROOF_NONE) == (m.method == TRUST_BY_NOTHING) && (m.proof == PROOF_NONE) == (m.field.p == NULL));
		if (m.proof != PROOF_NONE)
			assert(t.nfrom == 1 && m.from.len > 0 && (str_ieq(m.id, id) || (n == 2 && m.id.p == NULL)));
	}
	/* the same below a stranger's Received; the list of ids has names only, or hosts that are said */
	for (int by = 0; by < 2; by++) {
		s.authserv_ids.n = by == 0 ? 1 : 2;
		s.received_by = (struct str_list){ ids, by == 0 ? 0 : 1 };
		trust_trace_reset(&t);
		trust_trace_received(&t, STR("from x by relay.attacker.example with SMTP"));
		lines(p, end);
		trust_mail(&s, &t, &m);
		assert(m.proof == PROOF_NONE && m.id.p == NULL);
	}
	return (0);
}
