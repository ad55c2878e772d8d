/*
 * fuzz_dns.c - any bytes as a record of the DNS, and as all answers to a
 * look-up: what comes out is a sound name, or none, or texts that can be kept,
 * and every look-up ends.
 */
#include <assert.h>

#include "dns/lookup.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned	 last, open_questions, ended;

static int
on_ask(void *ctx, unsigned token, enum dns_view view, const char *name, enum dns_type type, struct err *e)
{
	(void)ctx;
	(void)e;
	assert(name[0] != '\0' && strlen(name) <= DOMAIN_MAX && (type == DNS_PTR || type == DNS_TXT || host_name_ok(str_of(name))));
	(void)view;
	last = token;
	open_questions++;
	return (0);
}

static void
on_cancel(void *ctx, unsigned token)
{
	(void)ctx;
	(void)token;
}

static void
on_done(void *ctx, int64_t id, const struct host *h)
{
	(void)ctx;
	assert(id == 1 && host_sound(h));
	ended++;
}

/* Texts come out as they are kept, and are read again as the same. */
static void
on_told(void *ctx, int64_t id, const struct lookup_texts *t)
{
	static struct txt_set	 again;
	struct buf		 lines = { 0 };

	(void)ctx;
	assert(id == 2 && t->set->n <= TXT_TEXTS && t->set->used <= TXT_ALL && (t->status == DNS_OK || t->set->n == 0));
	txt_write(t->set, &lines);
	assert(!lines.failed && txt_read(buf_as_str(&lines), &again) && again.n == t->set->n && again.used == t->set->used);
	for (size_t i = 0; i < again.n; i++)
		assert(str_eq(again.v[i], t->set->v[i]));
	buf_free(&lines);
	ended++;
}

/* Records, each with its length in front, a byte of status before them: one answer after another. */
static void
look_up(const uint8_t *data, size_t size, enum txt_kind kind)
{
	static const struct lookup_calls	 calls = { on_ask, on_cancel, on_done, on_told };
	static const unsigned char		 ip[4] = { 192, 0, 2, 1 };
	struct lookups				*l = lookups_new(1000, 5000, size % 2 == 1, &calls, NULL, 0);
	struct str				 records[64];
	size_t					 at = 0;

	if (l == NULL)
		return;
	open_questions = ended = 0;
	if (kind == 0)
		assert(lookups_add(l, 1, ip, sizeof(ip)));
	else
		assert(lookups_add_name(l, 2, kind, "_dmarc.example.com", size % 4 == 3));
	for (int64_t t = 10; at < size && ended == 0; t += 10) {
		struct dns_reply	 r = { .status = (enum dns_status)(data[at] % 7), .records = records, .ttl = data[at] };
		size_t			 want = data[at++] / 7 % nitems(records), before = open_questions;

		(void)lookups_tick(l, t);
		assert(open_questions <= before + 1);
		while (r.n < want && at < size) {
			size_t	 len = data[at++];

			len = len > size - at ? size - at : len;
			records[r.n++] = (struct str){ (const char *)data + at, len };
			at += len;
		}
		lookups_answer(l, last, &r);
	}
	(void)lookups_tick(l, 1000000);		/* the first question, if none was asked */
	(void)lookups_tick(l, 2000000);
	(void)lookups_tick(l, 3000000);		/* and of whoever is asked instead */
	assert(ended == 1 && open_questions <= 1 + HOST_TRIED && lookups_open(l) == 0);
	lookups_free(l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	 out[DOMAIN_MAX + 1];

	if (dns_name_text((struct str){ (const char *)data, size }, out))
		assert(host_name_ok(str_of(out)) && strlen(out) == size - 2);
	else
		assert(out[0] == '\0');
	for (unsigned kind = 0; kind <= TXT_LAST; kind++)
		look_up(data, size, (enum txt_kind)kind);
	return (0);
}
