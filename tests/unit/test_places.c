/*
 * Where addresses are: what data/pack writes and enrich/ranges reads, damage
 * to it, files in MaxMind's form, addresses that are nobody's, and well-known
 * addresses in the files that were built.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/when.h"
#include "data/pack.h"
#include "enrich/mmdb.h"
#include "enrich/places.h"
#include "mmdb_write.h"

static char	 dir[64];

static unsigned
address(const char *text, unsigned char ip[16])
{
	if (inet_pton(AF_INET, text, ip) == 1)
		return (4);
	if (inet_pton(AF_INET6, text, ip) != 1)
		fail_msg("%s is no address", text);
	return (16);
}

static struct buf
packed(enum ranges_kind kind, const char *const *lines)
{
	struct pack	*p = pack_new(kind);
	struct buf	 out = { 0 };
	struct err	 e = { 0 };

	assert_non_null(p);
	for (; *lines != NULL; lines++)
		if (pack_line(p, str_of(*lines), &e) == -1)
			fail_msg("%s: %s", *lines, e.msg);
	assert_int_equal(pack_make(p, 20604, STR("Made up for a test."), &out, &e), 0);
	pack_free(p);
	return (out);
}

static uint32_t
find(const struct ranges *r, const char *text, struct str *name)
{
	unsigned char	 ip[16];
	struct str	 other;
	unsigned	 len = address(text, ip);

	return (ranges_find(r, ip, len, name != NULL ? name : &other));
}

#define CC(a, b) ((uint32_t)(a) << 8 | (uint32_t)(b))

static const char *const countries[] = {
	"192.0.2.0,192.0.2.127,DE",
	"192.0.2.32,192.0.2.63,FR",		/* within */
	"198.51.100.10,198.51.100.20,IT",
	"198.51.100.15,198.51.100.30,ES",	/* overlaps */
	"203.0.113.255,203.0.113.255,PT",
	"0.0.0.0,0.0.0.3,NL",			/* both ends of what there is */
	"255.255.255.252,255.255.255.255,SE",
	"2001:db8::,2001:db8:0:1:ffff:ffff:ffff:ffff,DE",
	"2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,CZ",
	"2001:db8:2::8,2001:db8:2::f,AT",	/* finer than is told */
	"2001:db8:3::1,2001:db8:3:3:ffff:ffff:ffff:ffff,CH",
	"::,::ffff:ffff:ffff:ffff,PL",
	"ffff:ffff:ffff:ffff::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,DK",
	NULL
};
static const struct { const char *ip; uint32_t want; } country_cases[] = {
	{ "192.0.1.255", 0 }, { "192.0.2.0", CC('D', 'E') }, { "192.0.2.31", CC('D', 'E') }, { "192.0.2.32", CC('F', 'R') },
	{ "192.0.2.63", CC('F', 'R') }, { "192.0.2.64", CC('D', 'E') }, { "192.0.2.127", CC('D', 'E') }, { "192.0.2.128", 0 },
	{ "198.51.100.9", 0 }, { "198.51.100.14", CC('I', 'T') }, { "198.51.100.15", CC('E', 'S') }, { "198.51.100.20", CC('E', 'S') },
	{ "198.51.100.30", CC('E', 'S') }, { "198.51.100.31", 0 },
	{ "203.0.113.254", 0 }, { "203.0.113.255", CC('P', 'T') }, { "203.0.114.0", 0 },
	{ "0.0.0.0", CC('N', 'L') }, { "0.0.0.4", 0 }, { "255.255.255.251", 0 }, { "255.255.255.255", CC('S', 'E') },
	{ "2001:db8::1", CC('D', 'E') }, { "2001:db8:0:1::", CC('D', 'E') }, { "2001:db8:0:2::", 0 }, { "2001:db8:1::", CC('C', 'Z') },
	{ "2001:db8:1:ffff::1", CC('C', 'Z') }, { "2001:db8:2::9", 0 }, { "2001:db8:3::5", 0 }, { "2001:db8:3:1::", CC('C', 'H') },
	{ "2001:db8:3:3::1", CC('C', 'H') }, { "2001:db8:3:4::1", 0 }, { "::5", CC('P', 'L') }, { "0:0:0:1::", 0 },
	{ "ffff:ffff:ffff:ffff::1", CC('D', 'K') }, { "ffff:ffff:ffff:fffe::", 0 },
};

static void
test_find(void **state)
{
	struct buf	 b = packed(RANGES_COUNTRY, countries);
	struct ranges	*r;
	struct err	 e = { 0 };

	(void)state;
	assert_int_equal(ranges_of("t", b.p, b.len, RANGES_COUNTRY, &r, &e), 0);
	for (size_t i = 0; i < nitems(country_cases); i++)
		if (find(r, country_cases[i].ip, NULL) != country_cases[i].want)
			fail_msg("%s: %x", country_cases[i].ip, (unsigned)find(r, country_cases[i].ip, NULL));
	assert_int_equal(ranges_day(r), 20604);
	assert_true(str_eq(ranges_note(r), STR("Made up for a test.")));
	ranges_free(r);
	buf_free(&b);
}

static void
test_names(void **state)
{
	static const char *const	 lines[] = {
		"192.0.2.0,192.0.2.255,64496,\"Example, \"\"Inc\"\"\"", "198.51.100.0,198.51.100.255,64497,\"\"",
		"203.0.113.0,203.0.113.127,4294967295,Plain", "203.0.113.128,203.0.113.255,64496,Another name", "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,64496",
		NULL
	};
	static const char *const	 faults[] = {
		"", "192.0.2.0", "192.0.2.0,192.0.2.9", "192.0.2.9,192.0.2.0,1,x", "192.0.2.0,2001:db8::,1,x", "192.0.2.0,192.0.2.9,-1,x",
		"192.0.2.0,192.0.2.9,4294967296,x", "192.0.2.0,192.0.2.9,1,\"x", "192.0.2.0,192.0.2.9,1x,y", "a,b,1,c"
	};
	struct buf	 b = packed(RANGES_NETWORK, lines);
	struct pack	*p = pack_new(RANGES_NETWORK);
	struct ranges	*r;
	struct str	 name;
	struct err	 e = { 0 };

	(void)state;
	assert_int_equal(ranges_of("t", b.p, b.len, RANGES_NETWORK, &r, &e), 0);
	assert_int_equal(find(r, "192.0.2.77", &name), 64496);
	assert_true(str_eq(name, STR("Example, \"Inc\"")));
	assert_int_equal(find(r, "198.51.100.1", &name), 64497);
	assert_true(name.p == NULL);
	assert_int_equal(find(r, "203.0.113.1", &name), UINT32_MAX);
	assert_int_equal(find(r, "203.0.113.128", &name), 64496);
	assert_true(str_eq(name, STR("Example, \"Inc\"")));	/* the first name counts */
	assert_int_equal(find(r, "2001:db8:5::1", &name), 64496);
	ranges_free(r);
	/* a file of networks tells no countries */
	assert_int_equal(ranges_of("t", b.p, b.len, RANGES_COUNTRY, &r, &e), -1);
	assert_non_null(strstr(e.msg, "does not tell countries"));
	buf_free(&b);
	for (size_t i = 0; i < nitems(faults); i++)
		if (pack_line(p, str_of(faults[i]), &e) != -1)
			fail_msg("\"%s\" was taken", faults[i]);
	pack_free(p);
}

/* Many ranges, in blocks: every address of a network, against a plain table. */
static void
test_many(void **state)
{
	static uint32_t	 want[65536];
	struct pack	*p = pack_new(RANGES_NETWORK);
	struct buf	 b = { 0 };
	struct ranges	*r;
	struct err	 e = { 0 };
	struct str	 name;
	char		 text[64];
	unsigned	 x = 1;

	(void)state;
	for (unsigned at = 0, to; at < 65536; at = to + 1) {
		x = x * 1103515245u + 12345u;
		to = at + (x >> 16) % 40;
		to = to > 65535 ? 65535 : to;
		x = x * 1103515245u + 12345u;
		if ((x >> 16) % 5 == 0)
			continue;
		for (unsigned k = at; k <= to; k++)
			want[k] = 1 + (x >> 16) % 3000;
		(void)snprintf(text, sizeof(text), "Network %u", 1 + (x >> 16) % 3000);
		unsigned char	 a[4] = { 10, 0, (unsigned char)(at >> 8), (unsigned char)at }, z[4] = { 10, 0, (unsigned char)(to >> 8), (unsigned char)to };
		unsigned char	 a6[16] = { 0xfd, 0, 0, 0, 0, 0, a[2], a[3] }, z6[16] = { 0xfd, 0, 0, 0, 0, 0, z[2], z[3], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

		assert_int_equal(pack_add(p, a, z, 4, want[at], str_of(text), &e), 0);
		assert_int_equal(pack_add(p, a6, z6, 16, want[at], str_of(text), &e), 0);
	}
	assert_int_equal(pack_make(p, 0, STR(""), &b, &e), 0);
	if (ranges_of("t", b.p, b.len, RANGES_NETWORK, &r, &e) == -1)
		fail_msg("%s", e.msg);
	for (unsigned k = 0; k < 65536; k++) {
		unsigned char	 ip[4] = { 10, 0, (unsigned char)(k >> 8), (unsigned char)k }, ip6[16] = { 0xfd, 0, 0, 0, 0, 0, ip[2], ip[3], 1 };

		if (ranges_find(r, ip, 4, &name) != want[k] || ranges_find(r, ip6, 16, &name) != want[k])
			fail_msg("%u: %u, not %u", k, (unsigned)ranges_find(r, ip, 4, &name), (unsigned)want[k]);
		(void)snprintf(text, sizeof(text), "Network %u", (unsigned)want[k]);
		if (want[k] != 0 && !str_eq(name, str_of(text)))
			fail_msg("%u: %.*s", k, (int)name.len, name.p);
	}
	ranges_free(r);
	buf_free(&b);
	pack_free(p);
}

/* Each byte changed, each length: refused with a sentence, or, when the sum is made right again, answered without harm. */
static void
damage(enum ranges_kind kind, const char *const *lines)
{
	struct buf	 b = packed(kind, lines);
	unsigned char	*copy;
	struct ranges	*r;
	struct str	 name;
	struct err	 e;
	unsigned	 survived = 0;

	for (size_t n = 0; n < b.len; n++) {
		copy = malloc(n + 1);
		assert_non_null(copy);
		memcpy(copy, b.p, n);
		e = (struct err){ 0 };
		if (ranges_of("t", copy, n, kind, &r, &e) != -1 || e.code != ERR_CONFIG || e.msg[0] == '\0')
			fail_msg("%zu bytes of %zu are taken", n, b.len);
		free(copy);
	}
	copy = malloc(b.len);
	assert_non_null(copy);
	for (size_t i = 0; i < b.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(copy, b.p, b.len);
			copy[i] = (unsigned char)(copy[i] ^ 1u << bit);
			e = (struct err){ 0 };
			if (ranges_of("t", copy, b.len, kind, &r, &e) != -1 || e.msg[0] == '\0')
				fail_msg("byte %zu, bit %u", i, bit);
			uint64_t	 sum = ranges_sum(copy, b.len);

			for (int k = 0; k < 8; k++)
				copy[24 + k] = (unsigned char)(sum >> 8 * k);
			e = (struct err){ 0 };
			if (ranges_of("t", copy, b.len, kind, &r, &e) == -1) {
				assert_true(e.msg[0] != '\0');
				continue;
			}
			survived++;
			for (size_t k = 0; k < nitems(country_cases); k++)
				(void)find(r, country_cases[k].ip, &name);
			ranges_free(r);
		}
	free(copy);
	printf("# %zu bytes: %u of %zu changes make another sound file once the sum is right\n", b.len, survived, b.len * 8);
	buf_free(&b);
}

static void
test_damage(void **state)
{
	static const char *const	 networks[] = {
		"192.0.2.0,192.0.2.255,64496,Example", "198.51.100.0,198.51.100.255,64511,Ex\xc3\xa4mple", "2001:db8::,2001:db8::ffff:ffff:ffff:ffff,64497,X", NULL
	};
	static const char *const	 nothing[] = { NULL };

	(void)state;
	damage(RANGES_COUNTRY, countries);
	damage(RANGES_NETWORK, networks);
	damage(RANGES_NETWORK, nothing);
}

static const struct { const char *ip; enum reserved want; } reserved_cases[] = {
	{ "192.0.2.1", RESERVED_DOCUMENTATION }, { "198.51.100.255", RESERVED_DOCUMENTATION }, { "203.0.113.0", RESERVED_DOCUMENTATION },
	{ "203.0.114.0", RESERVED_NO }, { "10.255.0.1", RESERVED_PRIVATE }, { "172.16.0.0", RESERVED_PRIVATE }, { "172.31.255.255", RESERVED_PRIVATE },
	{ "172.32.0.0", RESERVED_NO }, { "172.15.255.255", RESERVED_NO }, { "192.168.1.1", RESERVED_PRIVATE }, { "100.64.0.1", RESERVED_SHARED },
	{ "100.127.255.255", RESERVED_SHARED }, { "100.128.0.0", RESERVED_NO }, { "127.0.0.1", RESERVED_LOOPBACK }, { "169.254.1.1", RESERVED_LINK },
	{ "198.19.255.255", RESERVED_BENCHMARK }, { "198.20.0.0", RESERVED_NO }, { "224.0.0.1", RESERVED_MULTICAST }, { "240.0.0.1", RESERVED_OTHER },
	{ "255.255.255.255", RESERVED_OTHER }, { "0.0.0.0", RESERVED_OTHER }, { "192.0.0.8", RESERVED_OTHER },
	{ "2001:db8::1", RESERVED_DOCUMENTATION }, { "2001:db9::", RESERVED_NO }, { "3fff:fff::1", RESERVED_DOCUMENTATION }, { "3fff:1000::", RESERVED_NO },
	{ "fc00::1", RESERVED_PRIVATE }, { "fdff::1", RESERVED_PRIVATE }, { "fe80::1", RESERVED_LINK }, { "febf::1", RESERVED_LINK },
	{ "fec0::1", RESERVED_NO }, { "ff02::1", RESERVED_MULTICAST }, { "::1", RESERVED_LOOPBACK }, { "::", RESERVED_OTHER }, { "100::1", RESERVED_OTHER },
	{ "2001:2::1", RESERVED_BENCHMARK },
	/* one that stands for an IPv4 address is what that is */
	{ "::ffff:192.0.2.1", RESERVED_DOCUMENTATION }, { "64:ff9b::10.0.0.1", RESERVED_PRIVATE }, { "2002:c0a8:101::1", RESERVED_PRIVATE },
};

static void
test_reserved(void **state)
{
	unsigned char	 ip[16];
	struct place	 p;
	unsigned	 len;

	(void)state;
	for (size_t i = 0; i < nitems(reserved_cases); i++) {
		len = address(reserved_cases[i].ip, ip);
		place_find(NULL, ip, len, &p);
		if (p.reserved != reserved_cases[i].want || p.country[0] != '\0' || p.asn != 0)
			fail_msg("%s: %s", reserved_cases[i].ip, reserved_names[p.reserved]);
	}
	place_find(NULL, ip, 0, &p);
	assert_int_equal(p.reserved, RESERVED_NO);
}

static const char *
written(const char *name, struct str s)
{
	static char	 path[4][160];
	static unsigned	 turn;
	char		*p = path[turn++ % 4];
	struct err	 e;

	(void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	if (io_replace_file(p, s.p, s.len, 0600, &e) == -1)
		fail_msg("%s", e.msg);
	return (p);
}

static struct place
place(const struct places *p, const char *text)
{
	unsigned char	 ip[16];
	struct place	 out;
	unsigned	 len = address(text, ip);

	place_find(p, ip, len, &out);
	return (out);
}

static void
test_open(void **state)
{
	static const char *const	 networks[] = { "192.0.2.0,192.0.2.255,64496,Example", NULL };
	struct buf			 c = packed(RANGES_COUNTRY, countries), n = packed(RANGES_NETWORK, networks);
	const char			*country = written("country.dat", buf_as_str(&c)), *network = written("network.dat", buf_as_str(&n)), *x;
	struct places_about		 about;
	struct places			*p;
	struct place			 at;
	struct err			 e = { 0 };
	uint64_t			 stamp;

	(void)state;
	if (places_open(country, network, &p, &e) == -1)
		fail_msg("%s", e.msg);
	at = place(p, "192.0.2.33");
	assert_string_equal(at.country, "FR");
	assert_int_equal(at.asn, 64496);
	assert_true(str_eq(at.network, STR("Example")));
	assert_int_equal(at.reserved, RESERVED_NO);	/* the files know better */
	at = place(p, "::ffff:192.0.2.33");
	assert_string_equal(at.country, "FR");
	at = place(p, "192.0.2.200");
	assert_true(place_known(&at) && at.country[0] == '\0');
	at = place(p, "192.168.0.1");
	assert_true(!place_known(&at) && at.reserved == RESERVED_PRIVATE);
	places_about(p, PLACES_NETWORK, &about);
	assert_true(about.there && about.why == NULL && about.day == 20604);
	assert_true((stamp = places_stamp(p)) != 0);
	assert_null(places_use(p));
	assert_ptr_equal(places_used(), p);
	places_close(p);
	assert_null(places_used());

	assert_int_equal(places_open(country, PLACES_NONE, &p, &e), 0);
	assert_true(places_stamp(p) != stamp && places_stamp(p) != 0);
	places_about(p, PLACES_NETWORK, &about);
	assert_true(!about.there && strstr(about.why, "switched off") != NULL);
	places_close(p);

	/* a file that was named has to be right */
	x = written("empty", STR(""));
	assert_int_equal(places_open(x, NULL, &p, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	x = written("text", STR("This is no file of places.\n"));
	assert_int_equal(places_open(x, NULL, &p, &e), -1);
	assert_non_null(strstr(e.msg, "nor a sound one in MaxMind's form"));
	assert_int_equal(places_open(PLACES_NONE, country, &p, &e), -1);
	assert_non_null(strstr(e.msg, "does not tell networks"));
	assert_int_equal(places_open("/nonexistent/x.dat", NULL, &p, &e), -1);
	assert_non_null(strstr(e.msg, "/nonexistent/x.dat"));
	assert_int_equal(places_open(dir, NULL, &p, &e), -1);
	x = written("cut", (struct str){ c.p, c.len - 1 });
	assert_int_equal(places_open(x, NULL, &p, &e), -1);
	assert_non_null(strstr(e.msg, "damaged or cut short"));
	buf_free(&c);
	buf_free(&n);
}

static void
test_mmdb(void **state)
{
	struct mmdb_write	*w;
	struct buf		 b = { 0 };
	struct places		*p;
	struct places_about	 about;
	struct place		 at;
	struct err		 e = { 0 };
	const char		*country, *flat, *network, *other;
	char			 name[300];

	(void)state;
	w = mmdb_write_new(MMDB_COUNTRY);
	mmdb_write_add(w, "192.0.2.0", 24, "DE", 0, NULL);
	mmdb_write_add(w, "192.0.2.64", 26, "FR", 0, NULL);
	mmdb_write_add(w, "2001:db8::", 32, "PT", 0, NULL);
	mmdb_write_add(w, "198.51.100.0", 24, "1x", 0, NULL);	/* no country */
	mmdb_write_make(w, 1780000000, &b);
	mmdb_write_free(w);
	country = written("country.mmdb", buf_as_str(&b));
	w = mmdb_write_new(MMDB_FLAT);
	mmdb_write_add(w, "203.0.113.0", 24, "CZ", 0, NULL);
	mmdb_write_make(w, 1780000000, &b);
	mmdb_write_free(w);
	flat = written("flat.mmdb", buf_as_str(&b));
	memset(name, 'x', sizeof(name) - 1);
	name[198] = (char)0xc3;
	name[199] = (char)0xa4;
	name[280] = '\0';
	w = mmdb_write_new(MMDB_ASN);
	mmdb_write_add(w, "192.0.2.0", 24, NULL, 64500, "Example B\xc3\xa4");
	mmdb_write_add(w, "198.51.100.0", 24, NULL, 64501, NULL);
	mmdb_write_add(w, "203.0.113.0", 24, NULL, 64502, "broken \xff");
	mmdb_write_add(w, "2001:db8::", 32, NULL, 64503, name);
	mmdb_write_make(w, 1780000000, &b);
	mmdb_write_free(w);
	network = written("network.mmdb", buf_as_str(&b));
	w = mmdb_write_new(MMDB_OTHER);
	mmdb_write_add(w, "192.0.2.0", 24, NULL, 0, NULL);
	mmdb_write_make(w, 1780000000, &b);
	mmdb_write_free(w);

	if (places_open(country, network, &p, &e) == -1)
		fail_msg("%s", e.msg);
	at = place(p, "192.0.2.1");
	assert_string_equal(at.country, "DE");
	assert_int_equal(at.asn, 64500);
	assert_true(str_eq(at.network, STR("Example B\xc3\xa4")));
	assert_string_equal(place(p, "192.0.2.127").country, "FR");
	assert_string_equal(place(p, "192.0.2.128").country, "DE");
	assert_string_equal(place(p, "2001:db8:5::1").country, "PT");
	at = place(p, "198.51.100.1");
	assert_true(at.country[0] == '\0' && at.asn == 64501 && at.network.p == NULL);
	at = place(p, "203.0.113.1");
	assert_true(at.asn == 64502 && at.network.len == 0);
	at = place(p, "2001:db8::1");
	assert_true(at.asn == 64503 && at.network.len <= RANGES_TEXT && str_utf8_ok(at.network));
	at = place(p, "10.0.0.1");
	assert_true(!place_known(&at) && at.reserved == RESERVED_PRIVATE);
	places_about(p, PLACES_COUNTRY, &about);
	assert_true(about.there && about.day == 1780000000 / 86400 && str_ifind(about.note, "test-country") != NULL);
	assert_true(places_stamp(p) != 0);
	places_close(p);

	assert_int_equal(places_open(flat, PLACES_NONE, &p, &e), 0);
	assert_string_equal(place(p, "203.0.113.5").country, "CZ");
	places_close(p);

	assert_int_equal(places_open(network, NULL, &p, &e), -1);
	assert_non_null(strstr(e.msg, "tells nothing of countries"));
	assert_int_equal(places_open(NULL, country, &p, &e), -1);
	assert_non_null(strstr(e.msg, "tells nothing of networks"));
	other = written("other.mmdb", buf_as_str(&b));
	assert_int_equal(places_open(other, NULL, &p, &e), -1);
	assert_non_null(strstr(e.msg, "other.mmdb"));
	/* cut anywhere: a sentence, or answers */
	for (size_t n = 0; n < b.len; n += 7) {
		other = written("cut.mmdb", (struct str){ b.p, n });
		if (places_open(other, PLACES_NONE, &p, &e) == 0) {
			(void)place(p, "192.0.2.1");
			places_close(p);
		} else
			assert_true(e.msg[0] != '\0');
	}
	buf_free(&b);
}

/* --- Well-known addresses --------------------------------------------------------------- */

static const char *
built(const char *name, char out[512])
{
	const char	*srcdir = getenv("srcdir");

	(void)snprintf(out, 512, "data/%s", name);
	if (access(out, R_OK) == -1 && srcdir != NULL)
		(void)snprintf(out, 512, "%s/data/%s", srcdir, name);
	return (access(out, R_OK) == 0 ? out : NULL);
}

static void
test_known(void **state)
{
	char		 a[512], b[512], list[512], line[512], ip[64], cc[8], net[64];
	const char	*country = built("country.dat", a), *network = built("network.dat", b);
	struct places	*p;
	struct place	 at;
	struct err	 e = { 0 };
	FILE		*f;
	unsigned	 n = 0, wrong = 0;
	bool		 ok;

	(void)state;
	if (country == NULL || network == NULL) {
		printf("# there is no data of countries and networks here: npm was not there, or could not fetch it\n");
		skip();
	}
	if (places_open(country, network, &p, &e) == -1)
		fail_msg("%s", e.msg);
	(void)snprintf(list, sizeof(list), "%s/data/places.txt", getenv("srcdir") == NULL ? "." : getenv("srcdir"));
	if ((f = fopen(list, "r")) == NULL)
		fail_msg("%s: %s", list, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#' || sscanf(line, "%63s %7s %63s", ip, cc, net) != 3)
			continue;
		n++;
		at = place(p, ip);
		ok = net[0] == '~' ? at.network.p != NULL && memmem(at.network.p, at.network.len, net + 1, strlen(net + 1)) != NULL :
		    strtoul(net, NULL, 10) == at.asn;
		if (!ok || strcmp(cc, at.country) != 0) {
			printf("# %s is told to be %s, AS%u %.*s; the list says %s %s\n", ip, at.country, (unsigned)at.asn, (int)at.network.len,
			    at.network.p == NULL ? "" : at.network.p, cc, net);
			wrong++;
		}
	}
	(void)fclose(f);
	printf("# %u well-known addresses, %u told wrongly\n", n, wrong);
	places_close(p);
	assert_true(n >= 200);
	assert_int_equal(wrong, 0);
}

static int
begin(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/dmarcd-places-XXXXXX");
	return (mkdtemp(dir) == NULL ? -1 : 0);
}

static int
end(void **state)
{
	static const char *const	 files[] = { "country.dat", "network.dat", "empty", "text", "cut", "country.mmdb", "flat.mmdb", "network.mmdb",
					    "other.mmdb", "cut.mmdb" };
	char				 path[160];

	(void)state;
	for (size_t i = 0; i < nitems(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)unlink(path);
	}
	return (rmdir(dir));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_mmdb),
		cmocka_unit_test(test_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, begin, end));
}
