/*
 * places.c - see places.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/escape.h"
#include "enrich/mmdb.h"
#include "enrich/places.h"

struct source {
	struct ranges	*ranges;	/* one of the two, or none */
	struct mmdb	*mmdb;
	char		*path;
	char		 why[256];
	char		 note[200];	/* of a file that brings none */
};

struct places { struct source of[PLACES_WHATS]; };

static struct places	*used;

static const enum ranges_kind	 kinds[PLACES_WHATS] = { RANGES_COUNTRY, RANGES_NETWORK };
static const char *const	 files[PLACES_WHATS] = { PLACES_DIR "/country.dat", PLACES_DIR "/network.dat" };
static const char *const	 whats[PLACES_WHATS] = { "countries", "networks" };

/* --- Addresses that are nobody's -------------------------------------------------- */

const char *const reserved_names[RESERVED_COUNT] = {
	"no", "private", "shared", "loopback", "link-local", "documentation", "benchmark", "multicast", "other"
};

/* The narrow ones before the wide ones. */
static const struct { unsigned char net[4]; unsigned bits; enum reserved what; } blocks4[] = {
	{ { 10, 0, 0, 0 }, 8, RESERVED_PRIVATE },
	{ { 172, 16, 0, 0 }, 12, RESERVED_PRIVATE },
	{ { 192, 168, 0, 0 }, 16, RESERVED_PRIVATE },
	{ { 100, 64, 0, 0 }, 10, RESERVED_SHARED },
	{ { 127, 0, 0, 0 }, 8, RESERVED_LOOPBACK },
	{ { 169, 254, 0, 0 }, 16, RESERVED_LINK },
	{ { 192, 0, 2, 0 }, 24, RESERVED_DOCUMENTATION },
	{ { 198, 51, 100, 0 }, 24, RESERVED_DOCUMENTATION },
	{ { 203, 0, 113, 0 }, 24, RESERVED_DOCUMENTATION },
	{ { 198, 18, 0, 0 }, 15, RESERVED_BENCHMARK },
	{ { 224, 0, 0, 0 }, 4, RESERVED_MULTICAST },
	{ { 192, 0, 0, 0 }, 24, RESERVED_OTHER },
	{ { 0, 0, 0, 0 }, 8, RESERVED_OTHER },
	{ { 240, 0, 0, 0 }, 4, RESERVED_OTHER },
};
static const struct { unsigned char net[6]; unsigned bits; enum reserved what; } blocks6[] = {
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, RESERVED_DOCUMENTATION },
	{ { 0x3f, 0xff }, 20, RESERVED_DOCUMENTATION },
	{ { 0x20, 0x01, 0x00, 0x02, 0, 0 }, 48, RESERVED_BENCHMARK },
	{ { 0xfc }, 7, RESERVED_PRIVATE },
	{ { 0xfe, 0x80 }, 10, RESERVED_LINK },
	{ { 0xff }, 8, RESERVED_MULTICAST },
	{ { 0x01, 0x00 }, 8, RESERVED_OTHER },
	{ { 0x00 }, 8, RESERVED_OTHER },
};

static bool
within(const unsigned char *ip, const unsigned char *net, unsigned bits)
{
	unsigned	 whole = bits / 8;

	return (memcmp(ip, net, whole) == 0 && (bits % 8 == 0 || ((ip[whole] ^ net[whole]) & (0xff00u >> bits % 8) & 0xffu) == 0));
}

enum reserved
reserved_find(const unsigned char *ip, unsigned len)
{
	static const unsigned char	 self[16] = { [15] = 1 };

	if (len == 4)
		for (size_t i = 0; i < nitems(blocks4); i++)
			if (within(ip, blocks4[i].net, blocks4[i].bits))
				return (blocks4[i].what);
	if (len == 16 && memcmp(ip, self, 16) == 0)
		return (RESERVED_LOOPBACK);
	if (len == 16)
		for (size_t i = 0; i < nitems(blocks6); i++)
			if (within(ip, blocks6[i].net, blocks6[i].bits))
				return (blocks6[i].what);
	return (RESERVED_NO);
}

/* IPv6 addresses that stand for an IPv4 one: mapped, translated (RFC 6052), 6to4. */
static const unsigned char *
inner(const unsigned char *ip)
{
	static const unsigned char	 mapped[12] = { [10] = 0xff, 0xff }, nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

	if (memcmp(ip, mapped, 12) == 0 || memcmp(ip, nat64, 12) == 0)
		return (ip + 12);
	return (ip[0] == 0x20 && ip[1] == 0x02 ? ip + 2 : NULL);
}

/* --- Files ---------------------------------------------------------------------------- */

/* Does it begin like one of ours? What cannot be read is for the one who opens it. */
static bool
is_ours(const char *path)
{
	char	 head[8];
	int	 fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t	 n;

	if (fd == -1)
		return (true);
	n = read(fd, head, sizeof(head));
	(void)close(fd);
	return (n <= 0 || ranges_is(head, (size_t)n));
}

static int
source_open(struct source *s, enum places_what what, const char *path, struct err *e)
{
	const char	*from = path != NULL ? path : files[what];
	struct err	 why = { .code = ERR_NONE };
	char		 type[80];

	if (strcmp(from, PLACES_NONE) == 0) {
		(void)snprintf(s->why, sizeof(s->why), "%s are switched off in the configuration", whats[what]);
		return (0);
	}
	if ((s->path = strdup(from)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (path == NULL && access(from, F_OK) == -1 && errno == ENOENT) {
		(void)snprintf(s->why, sizeof(s->why), "there is no %s: dmarcd was built without data of %s", from, whats[what]);
		return (0);
	}
	if ((is_ours(from) ? ranges_open(from, kinds[what], &s->ranges, &why) : mmdb_open(from, kinds[what], &s->mmdb, &why)) == 0) {
		if (s->mmdb != NULL)
			(void)snprintf(s->note, sizeof(s->note), "%s, a file of yours", esc_short(type, sizeof(type), str_of(mmdb_type(s->mmdb))));
		return (0);
	}
	if (path != NULL || why.code == ERR_TEMP) {
		*e = why;
		return (-1);
	}
	(void)snprintf(s->why, sizeof(s->why), "%.255s", why.msg);
	return (0);
}

int
places_open(const char *country, const char *network, struct places **out, struct err *e)
{
	struct places	*p = calloc(1, sizeof(*p));

	if (p == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (source_open(&p->of[PLACES_COUNTRY], PLACES_COUNTRY, country, e) == -1 ||
	    source_open(&p->of[PLACES_NETWORK], PLACES_NETWORK, network, e) == -1) {
		places_close(p);
		return (-1);
	}
	*out = p;
	return (0);
}

void
places_close(struct places *p)
{
	if (p == NULL)
		return;
	if (used == p)
		used = NULL;
	for (int i = 0; i < PLACES_WHATS; i++) {
		ranges_free(p->of[i].ranges);
		mmdb_close(p->of[i].mmdb);
		free(p->of[i].path);
	}
	free(p);
}

static uint32_t
source_find(const struct source *s, const unsigned char *ip, unsigned len, struct str *text)
{
	*text = STR_NONE;
	if (s->ranges != NULL)
		return (ranges_find(s->ranges, ip, len, text));
	return (s->mmdb != NULL ? mmdb_find(s->mmdb, ip, len, text) : 0);
}

void
place_find(const struct places *p, const unsigned char *ip, unsigned len, struct place *out)
{
	const unsigned char	*v4;
	struct str		 text;
	uint32_t		 country;

	*out = (struct place){ .asn = 0 };
	if (len == 16 && (v4 = inner(ip)) != NULL) {
		ip = v4;
		len = 4;
	}
	if (p != NULL && (country = source_find(&p->of[PLACES_COUNTRY], ip, len, &text)) != 0) {
		out->country[0] = (char)(country >> 8);
		out->country[1] = (char)(country & 0xff);
	}
	if (p != NULL && (out->asn = source_find(&p->of[PLACES_NETWORK], ip, len, &text)) != 0)
		out->network = text;
	/* the file has the first word: somebody may tell more of his own networks */
	if (out->country[0] == '\0' && out->asn == 0)
		out->reserved = reserved_find(ip, len);
}

bool
place_known(const struct place *p)
{
	return (p->country[0] != '\0' || p->asn != 0);
}

void
places_about(const struct places *p, enum places_what what, struct places_about *out)
{
	const struct source	*s;

	*out = (struct places_about){ .why = "no file of places is open" };
	if (p == NULL)
		return;
	s = &p->of[what];
	out->path = s->path;
	out->there = s->ranges != NULL || s->mmdb != NULL;
	out->why = out->there ? NULL : s->why;
	if (s->ranges != NULL) {
		out->note = ranges_note(s->ranges);
		out->day = ranges_day(s->ranges);
	} else if (s->mmdb != NULL) {
		out->note = str_of(s->note);
		out->day = mmdb_day(s->mmdb);
	}
}

uint64_t
places_stamp(const struct places *p)
{
	uint64_t	 h = 0;

	for (int i = 0; p != NULL && i < PLACES_WHATS; i++) {
		const struct source	*s = &p->of[i];
		uint64_t		 v = s->ranges != NULL ? ranges_stamp(s->ranges) : s->mmdb != NULL ? mmdb_stamp(s->mmdb) : 0;

		if (v != 0)
			h = (h ^ v ^ ((uint64_t)i + 1)) * 0x9e3779b97f4a7c15u;
	}
	return (h);
}

struct places *
places_use(struct places *p)
{
	struct places	*was = used;

	used = p;
	return (was);
}

const struct places *
places_used(void)
{
	return (used);
}
