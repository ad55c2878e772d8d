/*
 * Host names without a DNS: which names are taken, how long they hold, and
 * how a look-up goes: rate, patience, trouble, what comes out. The clock and
 * the name servers are the tests' own.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "dns/lookup.h"
#include "process/resolver.h"

/* --- Names ------------------------------------------------------------------------- */

static const struct { const char *name; bool ok; } names[] = {
	{ "mail.example.com", true }, { "a.b", true }, { "MAIL.Example.COM", true }, { "xn--bcher-kva.example", true },
	{ "1and1.example", true }, { "203-0-113-9.dyn.isp.example", true }, { "a--b.example", true },
	{ "", false }, { "single", false }, { ".example", false }, { "example.", false }, { "a..b", false }, { "-a.example", false },
	{ "a-.example", false }, { "a.example-", false }, { "under_score.example", false }, { "a b.example", false },
	{ "<script>.example", false }, { "b\xc3\xbc" "cher.example", false }, { "a.example\n", false }, { "192.0.2.1", false }, { "a.123", false },
	{ "\"; rm -rf /.example", false }, { "=cmd.example", false }, { "a\x1b[2J.example", false },
	{ "1234567890123456789012345678901234567890123456789012345678901234.example", false },
	{ "123456789012345678901234567890123456789012345678901234567890123.example", true },
};

static void
test_names(void **state)
{
	char	 text[300];

	(void)state;
	for (size_t i = 0; i < nitems(names); i++)
		if (host_name_ok(str_of(names[i].name)) != names[i].ok)
			fail_msg("%s", names[i].name);
	memset(text, 'a', sizeof(text));
	for (size_t i = 50; i < sizeof(text); i += 50)
		text[i] = '.';
	assert_true(host_name_ok((struct str){ text, 253 }));
	assert_false(host_name_ok((struct str){ text, 254 }));
	assert_false(host_name_ok((struct str){ "a\0b.example", 11 }));
}

#define WIRE(lit) (struct str){ (lit), sizeof(lit) - 1 }

static const struct { const char *label; struct str wire; const char *text; } wires[] = {
	{ "a host", WIRE("\4mail\7example\3com\0"), "mail.example.com" },
	{ "capitals", WIRE("\4MaIl\7EXAMPLE\0"), "mail.example" },
	{ "nothing", WIRE(""), NULL },
	{ "the root", WIRE("\0"), NULL },
	{ "no end", WIRE("\4mail\7example"), NULL },
	{ "a label that is longer than the record", WIRE("\4mail\77example\0"), NULL },
	{ "a pointer", WIRE("\4mail\300\14"), NULL },
	{ "bytes behind the end", WIRE("\4mail\7example\0x"), NULL },
	{ "a NUL within", WIRE("\4ma\0l\7example\0"), NULL },
	{ "a dot within a label", WIRE("\4ma.l\7example\0"), NULL },
	{ "a script", WIRE("\10<script>\7example\0"), NULL },
	{ "one label", WIRE("\4mail\0"), NULL },
};

static void
test_wire(void **state)
{
	char	 out[DOMAIN_MAX + 1], big[320];
	size_t	 n = 0;

	(void)state;
	for (size_t i = 0; i < nitems(wires); i++) {
		if (dns_name_text(wires[i].wire, out) != (wires[i].text != NULL))
			fail_msg("%s", wires[i].label);
		assert_string_equal(out, wires[i].text == NULL ? "" : wires[i].text);
	}
	/* 253 bytes of text are 255 on the wire; one more is none */
	for (int i = 0; i < 4; i++) {
		unsigned	 len = i < 3 ? 63 : 61;

		big[n++] = (char)len;
		memset(big + n, 'a', len);
		n += len;
	}
	big[n++] = '\0';
	assert_true(dns_name_text((struct str){ big, n }, out));
	assert_int_equal(strlen(out), 253);
	n--;
	big[n++] = 1;
	big[n++] = 'b';
	big[n++] = '\0';
	assert_false(dns_name_text((struct str){ big, n }, out));
}

static void
test_reverse(void **state)
{
	static const unsigned char	 v4[] = { 192, 0, 2, 129 }, v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	char				 out[HOST_REVERSE];

	(void)state;
	assert_string_equal(host_reverse(v4, 4, out), "129.2.0.192.in-addr.arpa");
	assert_string_equal(host_reverse(v6, 16, out), "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");	/* PT6 */
	assert_string_equal(host_reverse(v4, 0, out), "");
}

/* --- What holds, and how long --------------------------------------------------------- */

static struct host
host_with(enum host_state state, enum host_failure failure, const char *name, uint32_t ttl)
{
	struct host	 h = { .state = state, .failure = failure, .ttl = ttl };

	if (name != NULL)
		(void)snprintf(h.names[h.nnames++], sizeof(h.names[0]), "%s", name);
	return (h);
}

static void
test_merge(void **state)
{
	struct host	 was = { 0 }, is;

	(void)state;
	is = host_with(HOST_WAITING, HOST_TIMEOUT, NULL, 0);
	assert_false(host_merge(&was, &is));
	assert_int_equal(was.failure, HOST_TIMEOUT);
	is = host_with(HOST_CONFIRMED, HOST_ANSWERED, "a.example.com", 60);
	assert_true(host_merge(&was, &is));
	assert_false(host_merge(&was, &is));
	/* that nobody answers takes nothing away, nor that nobody says where the same name leads */
	is = host_with(HOST_WAITING, HOST_SERVFAIL, NULL, 0);
	assert_false(host_merge(&was, &is));
	assert_int_equal(was.state, HOST_CONFIRMED);
	assert_int_equal(was.failure, HOST_SERVFAIL);
	is = host_with(HOST_UNCONFIRMED, HOST_FORWARD, "a.example.com", 60);
	assert_false(host_merge(&was, &is));
	assert_int_equal(was.state, HOST_CONFIRMED);
	/* another name that leads who knows where: the old one is no longer true */
	is = host_with(HOST_UNCONFIRMED, HOST_FORWARD, "b.example.com", 60);
	assert_true(host_merge(&was, &is));
	assert_int_equal(was.state, HOST_UNCONFIRMED);
	is = host_with(HOST_NONE, HOST_ANSWERED, NULL, 60);
	assert_true(host_merge(&was, &is));
	assert_int_equal(was.nnames, 0);
}

static void
test_due(void **state)
{
	struct host	 h = host_with(HOST_CONFIRMED, HOST_ANSWERED, "a.example.com", 60);

	(void)state;
	assert_int_equal(host_due(&h, 0, 1000), 1000 + 86400);		/* not sooner than in a day */
	h.ttl = 2 * 86400;
	assert_int_equal(host_due(&h, 0, 1000), 1000 + 2 * 86400);
	h.ttl = UINT32_MAX;
	assert_int_equal(host_due(&h, 0, 1000), 1000 + 7 * 86400);
	h = host_with(HOST_NONE, HOST_ANSWERED, NULL, UINT32_MAX);
	assert_int_equal(host_due(&h, 0, 1000), 1000 + 3 * 86400);
	h.state = HOST_WAITING;
	h.failure = HOST_TIMEOUT;
	assert_int_equal(host_due(&h, 1, 1000), 1000 + 600);
	assert_int_equal(host_due(&h, 2, 1000), 1000 + 1200);
	assert_int_equal(host_due(&h, 3, 1000), 1000 + 2400);
	assert_int_equal(host_due(&h, 1000000, 1000), 1000 + 86400);
}

/* --- Between the processes ---------------------------------------------------------------- */

static const struct { const char *label, *text; bool ok; } words[] = {
	{ "confirmed", "{\"source\":7,\"state\":1,\"failure\":0,\"names\":[\"a.example\",\"b.example\"],\"more\":3,\"refused\":1,\"ttl\":60}", true },
	{ "none", "{\"source\":7,\"state\":3,\"failure\":0,\"names\":[],\"more\":65535,\"refused\":0,\"ttl\":60}", true },
	{ "time out", "{\"source\":7,\"state\":0,\"failure\":1,\"names\":[],\"more\":0,\"refused\":0,\"ttl\":0}", true },
	{ "confirmed without a name", "{\"source\":7,\"state\":1,\"failure\":0,\"names\":[],\"more\":0,\"refused\":0,\"ttl\":60}", false },
	{ "none with a name", "{\"source\":7,\"state\":3,\"failure\":0,\"names\":[\"a.example\"],\"more\":0,\"refused\":0,\"ttl\":60}", false },
	{ "four names", "{\"source\":7,\"state\":1,\"failure\":0,\"names\":[\"a.b\",\"b.b\",\"c.b\",\"d.b\"],\"more\":0,\"refused\":0,\"ttl\":60}", false },
	{ "a name that is none", "{\"source\":7,\"state\":1,\"failure\":0,\"names\":[\"<b>.example\"],\"more\":0,\"refused\":0,\"ttl\":60}", false },
	{ "a NUL", "{\"source\":7,\"state\":1,\"failure\":0,\"names\":[\"a.example\\u0000.b\"],\"more\":0,\"refused\":0,\"ttl\":60}", true },
	{ "a state beyond", "{\"source\":7,\"state\":4,\"failure\":0,\"names\":[],\"more\":0,\"refused\":0,\"ttl\":60}", false },
	{ "answered and waiting", "{\"source\":7,\"state\":0,\"failure\":0,\"names\":[],\"more\":0,\"refused\":0,\"ttl\":60}", false },
	{ "below nothing", "{\"source\":7,\"state\":3,\"failure\":0,\"names\":[],\"more\":-1,\"refused\":0,\"ttl\":60}", false },
	{ "a number as a text", "{\"source\":\"7\",\"state\":3,\"failure\":0,\"names\":[],\"more\":0,\"refused\":0,\"ttl\":60}", false },
	{ "something missing", "{\"source\":7,\"state\":3,\"failure\":0,\"more\":0,\"refused\":0}", false },
};

static void
test_words(void **state)
{
	struct host	 h;
	int64_t		 source;
	json_t		*j, *again;

	(void)state;
	for (size_t i = 0; i < nitems(words); i++) {
		j = json_loads(words[i].text, JSON_ALLOW_NUL, NULL);
		assert_non_null(j);
		if (resolver_heard(j, &source, &h) != words[i].ok)
			fail_msg("%s", words[i].label);
		if (words[i].ok) {
			assert_int_equal(source, 7);
			again = resolver_said(source, &h);
			if (i != 7)	/* what stands behind a NUL is not there */
				assert_true(json_equal(j, again));
			json_decref(again);
		}
		json_decref(j);
	}
}

/* --- Look-ups -------------------------------------------------------------------------------- */

static struct { unsigned token; char name[DOMAIN_MAX + 1]; enum dns_type type; enum dns_view view; bool open; } asked[2000];
static size_t		 nasked, ncancelled;
static struct host	 came[2000];
static int64_t		 came_id[2000];
static size_t		 ncame;
static bool		 refuse_to_ask, second;

static int
on_ask(void *ctx, unsigned token, enum dns_view view, const char *name, enum dns_type type, struct err *e)
{
	(void)ctx;
	if (refuse_to_ask)
		return (err_set(e, ERR_TEMP, "no"));
	assert_true(nasked < nitems(asked));
	asked[nasked].token = token;
	asked[nasked].type = type;
	asked[nasked].view = view;
	asked[nasked].open = true;
	(void)snprintf(asked[nasked++].name, sizeof(asked[0].name), "%s", name);
	return (0);
}

static void
on_cancel(void *ctx, unsigned token)
{
	(void)ctx;
	for (size_t i = 0; i < nasked; i++)
		if (asked[i].token == token && asked[i].open)
			asked[i].open = false;
	ncancelled++;
}

static void
on_done(void *ctx, int64_t id, const struct host *h)
{
	(void)ctx;
	assert_true(ncame < nitems(came));
	assert_true(host_sound(h));
	came[ncame] = *h;
	came_id[ncame++] = id;
}

static struct store_dns_answer	 told;		/* as the ingester hears it */
static size_t			 ntold;
static bool			 told_sound;

static void
on_told(void *ctx, int64_t id, const struct lookup_texts *t)
{
	json_t	*j = resolver_looked(id, t, t->view == DNS_SECOND ? "second" : "first");

	(void)ctx;
	ntold++;
	told_sound = resolver_looked_heard(j, &told);
	json_decref(j);
}

static const struct lookup_calls	 calls = { on_ask, on_cancel, on_done, on_told };

static struct lookups *
fresh(unsigned rate)
{
	nasked = ncame = ncancelled = ntold = 0;
	refuse_to_ask = false;
	return (lookups_new(rate, 5000, second, &calls, NULL, 1000));
}

static unsigned char *
ip_of(unsigned n)
{
	static unsigned char	 ip[4];

	ip[0] = 192;
	ip[1] = 0;
	ip[2] = (unsigned char)(n >> 8);
	ip[3] = (unsigned char)n;
	return (ip);
}

/* A name as it stands in a record. */
static struct str
wire(const char *name)
{
	static char	 store[20000];
	static size_t	 used;
	char		*p;
	size_t		 n = 0, len;

	if (used + 300 > sizeof(store))
		used = 0;
	p = store + used;
	while (*name != '\0') {
		len = strcspn(name, ".");
		p[n++] = (char)len;
		memcpy(p + n, name, len);
		n += len;
		name += len + (name[len] == '.');
	}
	p[n++] = '\0';
	used += n;
	return ((struct str){ p, n });
}

static void
answer(struct lookups *l, size_t which, enum dns_status status, const struct str *records, size_t n, uint32_t ttl)
{
	assert_true(asked[which].open);
	asked[which].open = false;
	lookups_answer(l, asked[which].token, &(struct dns_reply){ status, records, n, ttl });
}

static void
test_confirmed(void **state)
{
	struct lookups	*l = fresh(1000);
	struct str	 two[2] = { wire("b.example"), wire("a.example") }, ip = { (char *)ip_of(1), 4 };
	unsigned char	 other[4] = { 203, 0, 113, 9 };

	(void)state;
	assert_true(lookups_add(l, 7, ip_of(1), 4));
	assert_false(lookups_add(l, 7, ip_of(1), 4));
	assert_false(lookups_add(l, 8, ip_of(1), 5));
	(void)lookups_tick(l, 1000);
	assert_int_equal(nasked, 1);
	assert_string_equal(asked[0].name, "1.0.0.192.in-addr.arpa");
	assert_int_equal(asked[0].type, DNS_PTR);
	answer(l, 0, DNS_OK, two, 2, 500);
	(void)lookups_tick(l, 1010);
	assert_string_equal(asked[1].name, "a.example");
	answer(l, 1, DNS_OK, &(struct str){ (char *)other, 4 }, 1, 10);
	(void)lookups_tick(l, 1020);
	assert_string_equal(asked[2].name, "b.example");
	answer(l, 2, DNS_OK, &ip, 1, 100);
	assert_int_equal(ncame, 1);
	assert_int_equal(came_id[0], 7);
	assert_int_equal(came[0].state, HOST_CONFIRMED);
	assert_string_equal(came[0].names[0], "b.example");
	assert_string_equal(came[0].names[1], "a.example");
	assert_int_equal(came[0].more, 0);
	assert_int_equal(came[0].ttl, 100);
	assert_int_equal(lookups_open(l), 0);
	/* the same answer once more is nobody's */
	asked[2].open = true;
	answer(l, 2, DNS_OK, &ip, 1, 100);
	assert_int_equal(ncame, 1);
	lookups_free(l);
}

/* The same bytes of IPv6 are asked for as AAAA, and an address of the other kind confirms nothing. */
static void
test_ipv6(void **state)
{
	static const unsigned char	 v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	struct lookups			*l = fresh(1000);
	struct str			 name = wire("six.example"), short_ip = { (const char *)v6, 4 };

	(void)state;
	assert_true(lookups_add(l, 1, v6, 16));
	(void)lookups_tick(l, 1000);
	answer(l, 0, DNS_OK, &name, 1, 60);
	(void)lookups_tick(l, 1010);
	assert_int_equal(asked[1].type, DNS_AAAA);
	answer(l, 1, DNS_OK, &short_ip, 1, 60);
	assert_int_equal(came[0].state, HOST_UNCONFIRMED);
	lookups_free(l);
}

/* 4,000 names: ten are asked for, three are kept, all are counted; twice the same is one. */
static void
test_crowd(void **state)
{
	struct lookups	*l = fresh(1000);
	struct str	*all = calloc(4000, sizeof(*all));
	char		 name[32], (*texts)[64] = calloc(4000, sizeof(*texts));

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct str	 w;

		(void)snprintf(name, sizeof(name), "h%04u.example", 3999 - i);
		w = wire(name);
		memcpy(texts[i], w.p, w.len);
		all[i] = (struct str){ texts[i], w.len };
	}
	assert_true(lookups_add(l, 1, ip_of(1), 4));
	(void)lookups_tick(l, 1000);
	answer(l, 0, DNS_OK, all, 4000, 60);
	for (size_t i = 1; i <= 10; i++) {
		(void)lookups_tick(l, 1000 + (int64_t)i);
		assert_int_equal(nasked, i + 1);
		answer(l, i, DNS_NOTHING, NULL, 0, 60);
	}
	assert_int_equal(ncame, 1);
	assert_int_equal(came[0].state, HOST_UNCONFIRMED);
	assert_int_equal(came[0].nnames, 3);
	assert_string_equal(came[0].names[2], "h0002.example");
	assert_int_equal(came[0].more, 3997);
	free(all);
	free(texts);
	lookups_free(l);
}

static const struct { const char *label; enum dns_status status; enum host_state state; enum host_failure failure; uint32_t more; } ends[] = {
	{ "no name", DNS_NOTHING, HOST_NONE, HOST_ANSWERED, 0 }, { "too many", DNS_CROWD, HOST_NONE, HOST_ANSWERED, HOST_CROWD },
	{ "server failure", DNS_SERVFAIL, HOST_WAITING, HOST_SERVFAIL, 0 }, { "refused", DNS_REFUSED, HOST_WAITING, HOST_REFUSED, 0 },
	{ "time out", DNS_TIMEOUT, HOST_WAITING, HOST_TIMEOUT, 0 },
};

static void
test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(ends); i++) {
		struct lookups	*l = fresh(1000);

		assert_true(lookups_add(l, 1, ip_of(1), 4));
		(void)lookups_tick(l, 1000);
		answer(l, 0, ends[i].status, NULL, 0, 60);
		if (ncame != 1 || came[0].state != ends[i].state || came[0].failure != ends[i].failure || came[0].more != ends[i].more)
			fail_msg("%s", ends[i].label);
		lookups_free(l);
	}
}

/* Patience ends: without any name it is a time out, with names it is one that could not be confirmed. */
static void
test_patience(void **state)
{
	struct lookups	*l = fresh(1000);
	struct str	 name = wire("slow.example");
	int		 wait;

	(void)state;
	assert_true(lookups_add(l, 1, ip_of(1), 4));
	assert_true(lookups_add(l, 2, ip_of(2), 4));
	(void)lookups_tick(l, 1000);
	(void)lookups_tick(l, 1001);
	answer(l, 1, DNS_OK, &name, 1, 60);
	wait = lookups_tick(l, 3000);
	assert_int_equal(nasked, 3);
	assert_int_equal(wait, 3000);	/* the first has begun at 1000 */
	(void)lookups_tick(l, 5999);
	assert_int_equal(ncame, 0);
	(void)lookups_tick(l, 6000);
	assert_int_equal(ncame, 1);
	(void)lookups_tick(l, 6001);
	assert_int_equal(ncame, 2);
	assert_int_equal(ncancelled, 2);
	assert_int_equal(came[0].failure, HOST_TIMEOUT);
	assert_int_equal(came[1].state, HOST_UNCONFIRMED);
	assert_int_equal(came[1].failure, HOST_FORWARD);
	assert_string_equal(came[1].names[0], "slow.example");
	assert_int_equal(lookups_tick(l, 6001), -1);
	lookups_free(l);
}

/* 20 a second, whatever waits; and never more than so many at a time. */
static void
test_rate(void **state)
{
	struct lookups	*l = fresh(20);
	size_t		 n;

	(void)state;
	for (unsigned i = 0; i < LOOKUPS; i++)
		assert_true(lookups_add(l, i, ip_of(i), 4));
	assert_false(lookups_add(l, 1000, ip_of(1000), 4));
	for (int64_t t = 1000; t < 2000; t += 10)
		(void)lookups_tick(l, t);
	assert_in_range(nasked, 18, 21);
	n = nasked;
	for (int64_t t = 2000; t < 5000; t += 10)
		(void)lookups_tick(l, t);
	assert_in_range(nasked, n, LOOKUP_FLIGHT);	/* nobody has answered */
	assert_int_equal(nasked, LOOKUP_FLIGHT);
	lookups_clear(l);
	assert_int_equal(ncancelled, LOOKUP_FLIGHT);
	assert_int_equal(lookups_open(l), 0);
	/* a long sleep is no leave to ask all at once */
	nasked = 0;
	for (unsigned i = 0; i < LOOKUPS; i++)
		assert_true(lookups_add(l, i, ip_of(i), 4));
	(void)lookups_tick(l, 1000000);
	assert_in_range(nasked, 1, 5);
	lookups_free(l);
}

/* Nobody answers: soon only a few are tried, further and further apart; the first answer ends that. */
static void
test_trouble(void **state)
{
	struct lookups	*l = fresh(1000);
	unsigned	 id = 0;
	size_t		 before;
	int64_t		 t = 1000;

	(void)state;
	for (; t < 1000 + 600000; t += 100) {
		while (lookups_add(l, id, ip_of(id), 4))
			id++;
		(void)lookups_tick(l, t);
	}
	assert_true(lookups_trouble(l));
	/* the first flight, then four at a time: after 5, 10, 20, 40, 60, 60, ... seconds */
	assert_in_range(nasked, LOOKUP_FLIGHT + 4, LOOKUP_FLIGHT + 4 * 18);
	before = nasked;
	while (nasked == before || !asked[nasked - 1].open) {
		t += 100;
		while (lookups_add(l, id, ip_of(id), 4))
			id++;
		(void)lookups_tick(l, t);
	}
	answer(l, nasked - 1, DNS_NOTHING, NULL, 0, 60);
	assert_false(lookups_trouble(l));
	(void)lookups_tick(l, t + 100);
	assert_true(nasked > before + 8);
	lookups_free(l);
}

/* The question cannot even be put. */
static void
test_mute(void **state)
{
	struct lookups	*l = fresh(1000);

	(void)state;
	refuse_to_ask = true;
	assert_true(lookups_add(l, 1, ip_of(1), 4));
	(void)lookups_tick(l, 1000);
	assert_int_equal(ncame, 1);
	assert_int_equal(came[0].failure, HOST_SERVFAIL);
	lookups_free(l);
}

/* Any order of answers, late ones, foreign ones: everything that was added ends once. */
static void
test_any_order(void **state)
{
	struct lookups	*l = fresh(1000);
	uint64_t	 s = 88172645463325252u;
	unsigned	 id = 0;

	(void)state;
	for (int64_t t = 1000; t < 40000 && nasked < nitems(asked) - 50; t += 7) {
		while (id < 300 && lookups_add(l, id, ip_of(id), 4))
			id++;
		(void)lookups_tick(l, t);
		for (int k = 0; k < 3 && nasked > 0; k++) {
			size_t		 i;
			struct str	 r[2] = { wire("x.example"), wire("bad_.example") };

			s ^= s << 13;
			s ^= s >> 7;
			s ^= s << 17;
			i = s % nasked;
			/* open or not: what is late or was never asked must change nothing */
			lookups_answer(l, asked[i].token + (s >> 40) % 2, &(struct dns_reply){ (enum dns_status)(s >> 20) % 7, r, (s >> 30) % 3, 5 });
		}
	}
	for (int64_t t = 100000; lookups_open(l) > 0 && t < 10000000; t += 1000)
		(void)lookups_tick(l, t);
	assert_int_equal(lookups_open(l), 0);
	assert_int_equal(ncame, id);
	for (size_t i = 0; i < ncame; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(came_id[i], came_id[k]);
	lookups_free(l);
}

/* --- Texts ----------------------------------------------------------------------------------- */

static const struct { const char *label; enum dns_status status; enum store_dns_state state; enum store_dns_failure failure; } text_ends[] = {
	{ "nothing", DNS_NOTHING, STORE_DNS_NODATA, STORE_DNS_ANSWERED }, { "no name", DNS_NO_NAME, STORE_DNS_NXDOMAIN, STORE_DNS_ANSWERED },
	{ "crowd", DNS_CROWD, STORE_DNS_WAITING, STORE_DNS_SERVFAIL }, { "servfail", DNS_SERVFAIL, STORE_DNS_WAITING, STORE_DNS_SERVFAIL },
	{ "refused", DNS_REFUSED, STORE_DNS_WAITING, STORE_DNS_REFUSED },
};

static void
test_texts(void **state)
{
	struct lookups	*l = fresh(1000);
	struct str	 r[4] = { WIRE("\6v=spf1\5 -all"), WIRE("\13some-thing=1"), WIRE("\177broken"), WIRE("\14v=spf1 \xff\0\\ a") };
	int64_t		 t = 1000;

	(void)state;
	assert_false(lookups_add_name(l, 1, TXT_SPF, "", false));
	assert_false(lookups_add_name(l, 1, TXT_SPF, "a..b", false));
	assert_false(lookups_add_name(l, 1, TXT_SPF, "a b.example", false));
	assert_false(lookups_add_name(l, 1, TXT_SPF, "1234567890123456789012345678901234567890123456789012345678901234.example", false));
	assert_true(lookups_add(l, 1, ip_of(1), 4));	/* another matter */
	assert_true(lookups_add_name(l, 1, TXT_SPF, "example.com", false));
	assert_false(lookups_add_name(l, 1, TXT_SPF, "example.org", false));
	assert_true(lookups_has_name(l, 1));
	assert_false(lookups_has_name(l, 2));
	(void)lookups_tick(l, t);
	(void)lookups_tick(l, t += 10);
	assert_int_equal(nasked, 2);
	assert_string_equal(asked[1].name, "example.com");
	assert_int_equal(asked[1].type, DNS_TXT);
	answer(l, 1, DNS_OK, r, 4, 300);
	assert_int_equal(ntold, 1);
	assert_true(told_sound);
	assert_int_equal(told.state, STORE_DNS_FOUND);
	assert_int_equal(told.ttl, 300);
	assert_int_equal(told.set.n, 2);
	assert_true(str_eq(told.set.v[0], STR("v=spf1 -all")));
	assert_true(str_eq(told.set.v[1], (struct str){ "v=spf1 \xff\0\\ a", 12 }));
	/* what is there is about something else */
	assert_true(lookups_add_name(l, 1, TXT_SPF, "example.com", false));
	(void)lookups_tick(l, t += 10);
	answer(l, 2, DNS_OK, &r[1], 1, 300);
	assert_int_equal(told.state, STORE_DNS_NODATA);
	for (size_t i = 0; i < nitems(text_ends); i++) {
		assert_true(lookups_add_name(l, 5, TXT_DMARC, "_dmarc.example.com", false));
		(void)lookups_tick(l, t += 10);
		answer(l, nasked - 1, text_ends[i].status, NULL, 0, 60);
		if (!told_sound || told.id != 5 || told.state != text_ends[i].state || told.failure != text_ends[i].failure)
			fail_msg("%s", text_ends[i].label);
	}
	assert_true(lookups_add_name(l, 5, TXT_DMARC, "_dmarc.example.com", false));
	(void)lookups_tick(l, t += 10);
	(void)lookups_tick(l, t += 6000);
	assert_int_equal(told.failure, STORE_DNS_TIMEOUT);
	assert_int_equal(ntold, 8);
	lookups_clear(l);
	lookups_free(l);
}

/* Names have places of their own, so a crowd of addresses does not keep them out; and they share the rate. */
static void
test_share(void **state)
{
	struct lookups	*l = fresh(20);
	size_t		 n = 0;

	(void)state;
	for (unsigned i = 0; i < LOOKUPS; i++)
		assert_true(lookups_add(l, i, ip_of(i), 4));
	for (unsigned i = 0; i < LOOKUP_NAMES; i++)
		assert_true(lookups_add_name(l, i, TXT_KEY, "s1._domainkey.example.com", false));
	assert_false(lookups_add_name(l, 1000, TXT_KEY, "s1._domainkey.example.com", false));
	for (int64_t t = 1000; t < 3600; t += 10) {
		(void)lookups_tick(l, t);
		for (; n < nasked; n++)
			answer(l, n, DNS_NOTHING, NULL, 0, 60);
	}
	assert_in_range(nasked, 45, 60);
	for (int64_t t = 3600; t < 6000; t += 10) {
		(void)lookups_tick(l, t);
		for (; n < nasked; n++)
			answer(l, n, DNS_NOTHING, NULL, 0, 60);
	}
	assert_int_equal(ntold, LOOKUP_NAMES);
	assert_int_equal(ncame, LOOKUPS);
	/* that servers of some names are ill is not said of ours */
	for (unsigned i = 0; i < 40; i++) {
		assert_true(lookups_add_name(l, i, TXT_KEY, "s1._domainkey.example.com", false));
		(void)lookups_tick(l, 10000 + i * 100);
		answer(l, nasked - 1, DNS_SERVFAIL, NULL, 0, 60);
	}
	assert_false(lookups_trouble(l));
	lookups_free(l);
}

/* Two that can be asked: whoever is meant, and the other one when that one does not answer; who never does is left out. */
static void
test_second(void **state)
{
	static const struct str	 r[] = { { "\13v=spf1 -all", 12 } };
	struct lookups		*l;
	int64_t			 t = 1000;

	(void)state;
	second = true;
	l = fresh(1000);
	second = false;
	assert_true(lookups_add(l, 1, ip_of(1), 4));
	assert_true(lookups_add_name(l, 1, TXT_SPF, "example.com", false));
	assert_true(lookups_add_name(l, 2, TXT_SPF, "example.com", true));
	(void)lookups_tick(l, t += 10);
	assert_int_equal(nasked, 3);
	assert_int_equal(asked[0].view, DNS_ALL);
	assert_int_equal(asked[1].view, DNS_FIRST);
	assert_int_equal(asked[2].view, DNS_SECOND);
	answer(l, 2, DNS_OK, r, 1, 300);
	assert_string_equal(told.server, "second");
	answer(l, 1, DNS_REFUSED, NULL, 0, 0);
	assert_int_equal(ntold, 1);
	(void)lookups_tick(l, t += 10);
	assert_int_equal(asked[3].view, DNS_SECOND);
	answer(l, 3, DNS_REFUSED, NULL, 0, 0);	/* both: that is that */
	assert_int_equal(ntold, 2);
	assert_int_equal(told.failure, STORE_DNS_REFUSED);
	answer(l, 0, DNS_NO_NAME, NULL, 0, 60);
	/* the second is out of reach: some questions take longer, then it is not waited for */
	for (int i = 0; i < 4; i++) {
		size_t	 n = nasked;

		assert_true(lookups_add_name(l, 10, TXT_SPF, "example.com", true));
		(void)lookups_tick(l, t += 10);
		assert_int_equal(asked[n].view, i < 3 ? DNS_SECOND : DNS_FIRST);
		if (i < 3) {
			(void)lookups_tick(l, t += 5000);
			assert_int_equal(nasked, ++n + 1);
			assert_int_equal(asked[n].view, DNS_FIRST);
		}
		answer(l, n, DNS_OK, r, 1, 300);
		assert_string_equal(told.server, "first");
		assert_int_equal(told.state, STORE_DNS_FOUND);
	}
	assert_true(lookups_add_name(l, 11, TXT_SPF, "example.com", true));
	(void)lookups_tick(l, t += 700000);
	assert_int_equal(asked[nasked - 1].view, DNS_SECOND);
	assert_false(lookups_trouble(l));
	lookups_free(l);
}

static const char *const	 unsound_words[] = {
	"{\"id\":1,\"state\":1,\"failure\":0,\"ttl\":1,\"more\":0,\"texts\":\"\"}", "{\"id\":1,\"state\":0,\"failure\":0,\"ttl\":1,\"more\":0,\"texts\":\"\"}",
	"{\"id\":1,\"state\":2,\"failure\":0,\"ttl\":1,\"more\":0,\"texts\":\"a\\n\"}", "{\"id\":1,\"state\":1,\"failure\":0,\"ttl\":1,\"more\":0,\"texts\":\"b\\na\\n\"}",
	"{\"id\":1,\"state\":4,\"failure\":0,\"ttl\":1,\"more\":0,\"texts\":\"\"}", "{\"id\":1,\"state\":2,\"failure\":0,\"ttl\":-1,\"more\":0,\"texts\":\"\"}",
	"{\"id\":1,\"state\":2,\"failure\":1,\"ttl\":1,\"more\":0,\"texts\":\"\"}", "{\"id\":1}", "{}", "[]",
	"{\"id\":1,\"state\":2,\"failure\":0,\"ttl\":1,\"more\":0,\"server\":\"a\\nb\",\"texts\":\"\"}",
};

static void
test_texts_unsound(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(unsound_words); i++) {
		json_t	*j = json_loads(unsound_words[i], 0, NULL);

		assert_non_null(j);
		if (resolver_looked_heard(j, &told))
			fail_msg("%s", unsound_words[i]);
		json_decref(j);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_wire), cmocka_unit_test(test_reverse), cmocka_unit_test(test_merge),
		cmocka_unit_test(test_due), cmocka_unit_test(test_words), cmocka_unit_test(test_confirmed), cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_crowd), cmocka_unit_test(test_ends), cmocka_unit_test(test_patience), cmocka_unit_test(test_rate),
		cmocka_unit_test(test_trouble), cmocka_unit_test(test_mute), cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_share), cmocka_unit_test(test_second), cmocka_unit_test(test_texts_unsound)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
