/*
 * ranges.c - see ranges.h. Blocks are found by halving, within one the entries
 * are gone through: some twenty bytes on average.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/str.h"
#include "enrich/ranges.h"

#define BLOCK_BYTES	12u
#define VALUE_BYTES	8u
#define DAY_MAX		2932896		/* 9999-12-31 */

struct family {
	const unsigned char	*blocks, *entries;
	uint32_t		 nblocks, nbytes, nentries;
	uint64_t		 last;		/* the largest key */
};

struct ranges {
	const unsigned char	*p;
	size_t			 len;
	bool			 mapped;
	const unsigned char	*values;
	const char		*note, *texts;
	uint32_t		 nnote, nvalues, ntexts;
	uint64_t		 stamp;
	int64_t			 day;
	struct family		 family[RANGES_FAMILIES];
};

static uint32_t
u32(const unsigned char *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static uint64_t
u64(const unsigned char *p)
{
	return (u32(p) | (uint64_t)u32(p + 4) << 32);
}

/* Every step can be undone, so that no change of one word is lost. */
uint64_t
ranges_sum(const unsigned char *p, size_t n)
{
	unsigned char	 rest[8] = { 0 };
	uint64_t	 h = 0x9e3779b97f4a7c15u ^ n, w;

	for (size_t i = 0; i + 8 <= n; i += 8) {
		w = i == 24 ? 0 : u64(p + i);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	if (n % 8 != 0) {
		memcpy(rest, p + n - n % 8, n % 8);
		h = (h ^ u64(rest)) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	return (h);
}

struct str
ranges_name(struct str s)
{
	size_t	 n = RANGES_TEXT;

	if (s.p == NULL || !str_utf8_ok(s))
		return (STR(""));
	if (s.len <= n)
		return (s);
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return ((struct str){ s.p, n });
}

/* --- Entries ------------------------------------------------------------------ */

/* False: it does not end before end, or is more than fits. */
static bool
varint(const unsigned char **p, const unsigned char *end, uint64_t *out)
{
	uint64_t	 v = 0;

	for (unsigned shift = 0; *p < end && shift < 64; shift += 7) {
		unsigned char	 c = *(*p)++;

		if (shift == 63 && c > 1)
			return (false);
		v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*out = v;
			return (true);
		}
	}
	return (false);
}

/* The same of what has been checked. */
static inline uint64_t
number(const unsigned char **p)
{
	uint64_t	 v = **p & 0x7f;

	for (unsigned shift = 7; *(*p)++ >= 0x80; shift += 7)
		v |= (uint64_t)(**p & 0x7f) << shift;
	return (v);
}

static bool
distance(uint64_t v, uint64_t *out)
{
	unsigned	 shift = (unsigned)(v & 15) * 4;

	v >>= 4;
	if (v == 0 || v << shift >> shift != v)
		return (false);
	*out = v << shift;
	return (true);
}

/* --- Checking ------------------------------------------------------------------ */

static int
bad(const char *name, struct err *e, const char *what)
{
	char	 text[160];

	return (err_set(e, ERR_CONFIG, "%s is no sound file of places: %s", esc_short(text, sizeof(text), str_of(name)), what));
}

static const char *
block_check(const struct family *f, uint32_t i, uint32_t nvalues, uint64_t *key, uint32_t *n)
{
	const unsigned char	*p = f->entries + u32(f->blocks + i * BLOCK_BYTES + 8), *end = f->entries + f->nbytes;
	uint64_t		 v, d;

	if (i + 1 < f->nblocks)
		end = f->entries + u32(f->blocks + (i + 1) * BLOCK_BYTES + 8);
	*n = 0;
	while (*n == 0 || p < end) {
		if (*n > 0) {
			if (!varint(&p, end, &v) || !distance(v, &d) || d > f->last - *key)
				return ("a distance is wrong");
			*key += d;
		}
		if (!varint(&p, end, &v) || v > nvalues)
			return ("a value is wrong");
		if (++*n > RANGES_BLOCK)
			return ("a block is too long");
	}
	return (NULL);
}

static const char *
family_check(struct family *f, uint32_t nvalues)
{
	uint64_t	 key, before = 0;
	uint32_t	 n, total = 0, at, was = 0;
	const char	*why;

	if (f->nblocks == 0)
		return ("a family has no blocks");
	for (uint32_t i = 0; i < f->nblocks; i++) {
		key = u64(f->blocks + i * BLOCK_BYTES);
		at = u32(f->blocks + i * BLOCK_BYTES + 8);
		if (i == 0 ? key != 0 || at != 0 : key <= before || key > f->last || at <= was || at >= f->nbytes)
			return ("blocks are out of order");
		was = at;
		/* where the next one begins is needed to know where this one ends */
		if (i + 1 < f->nblocks && u32(f->blocks + (i + 1) * BLOCK_BYTES + 8) > f->nbytes)
			return ("blocks are out of order");
		if ((why = block_check(f, i, nvalues, &key, &n)) != NULL)
			return (why);
		before = key;
		total += n;
	}
	return (total == f->nentries ? NULL : "the number of entries is wrong");
}

static const char *
values_check(const struct ranges *r, enum ranges_kind kind)
{
	const unsigned char	*v = r->values;
	uint32_t		 from, to;

	for (uint32_t i = 0; i < r->nvalues; i++, v += VALUE_BYTES) {
		from = u32(v + 4);
		to = u32(v + VALUE_BYTES + 4);
		if (from > to || to > r->ntexts || to - from > RANGES_TEXT)
			return ("a text lies outside");
		if (i == 0 ? from != 0 || u32(v) == 0 : u32(v) <= u32(v - VALUE_BYTES))
			return ("values are out of order");
		if (kind == RANGES_COUNTRY && (u32(v) > 0xffff || v[0] < 'A' || v[0] > 'Z' || v[1] < 'A' || v[1] > 'Z'))
			return ("a country is not two letters");
		if (!str_utf8_ok((struct str){ r->texts + from, to - from }))
			return ("a text is not UTF-8");
	}
	return (u32(v) == 0 && u32(v + 4) == r->ntexts && (r->nvalues > 0 || r->ntexts == 0) ? NULL : "the values do not end");
}

/* Takes so many bytes; a sum that does not fit is found by the length at the end. */
static const unsigned char *
take(const struct ranges *r, uint64_t *at, uint64_t n)
{
	uint64_t	 from = *at;

	*at += n;
	return (*at <= r->len ? r->p + from : NULL);
}

static const char *
check(struct ranges *r, enum ranges_kind kind)
{
	const unsigned char	*h = r->p;
	const char		*why;
	uint64_t		 at = RANGES_HEADER;

	if (r->len < RANGES_HEADER || !ranges_is(h, r->len))
		return ("it does not begin like one");
	if (u32(h + 8) != RANGES_VERSION)
		return ("it is of another version of dmarcd");
	if (u64(h + 16) != r->len || u64(h + 24) != ranges_sum(h, r->len))
		return ("it is damaged or cut short");
	if (u32(h + 12) != (uint32_t)kind)
		return (kind == RANGES_COUNTRY ? "it does not tell countries" : "it does not tell networks");
	r->stamp = u64(h + 24);
	r->day = (int64_t)u64(h + 32);
	r->nnote = u32(h + 40);
	r->nvalues = u32(h + 44);
	r->ntexts = u32(h + 48);
	if (r->day < 0 || r->day > DAY_MAX || r->nnote > RANGES_NOTE || u32(h + 52) != 0)
		return ("a number of the header is wrong");
	r->note = (const char *)take(r, &at, r->nnote);
	r->values = take(r, &at, ((uint64_t)r->nvalues + 1) * VALUE_BYTES);
	r->texts = (const char *)take(r, &at, r->ntexts);
	for (int i = 0; i < RANGES_FAMILIES; i++) {
		struct family	*f = &r->family[i];

		f->nblocks = u32(h + 56 + i * 16);
		f->nbytes = u32(h + 60 + i * 16);
		f->nentries = u32(h + 64 + i * 16);
		f->last = i == 0 ? UINT32_MAX : UINT64_MAX;
		if (u32(h + 68 + i * 16) != 0)
			return ("a number of the header is wrong");
		f->blocks = take(r, &at, (uint64_t)f->nblocks * BLOCK_BYTES);
		f->entries = take(r, &at, f->nbytes);
	}
	if (at != r->len)
		return ("its parts are not as long as it says");
	if (!str_utf8_ok((struct str){ r->note, r->nnote }))
		return ("its note is not UTF-8");
	if ((why = values_check(r, kind)) != NULL)
		return (why);
	for (int i = 0; i < RANGES_FAMILIES; i++)
		if ((why = family_check(&r->family[i], r->nvalues)) != NULL)
			return (why);
	return (NULL);
}

bool
ranges_is(const void *p, size_t n)
{
	return (n >= 8 && memcmp(p, RANGES_MAGIC, 8) == 0);
}

static int
made(struct ranges *r, const char *name, enum ranges_kind kind, struct ranges **out, struct err *e)
{
	const char	*why = check(r, kind);

	if (why == NULL) {
		*out = r;
		return (0);
	}
	ranges_free(r);
	return (bad(name, e, why));
}

int
ranges_of(const char *name, const void *p, size_t n, enum ranges_kind kind, struct ranges **out, struct err *e)
{
	struct ranges	*r = calloc(1, sizeof(*r));

	if (r == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	r->p = p;
	r->len = n;
	return (made(r, name, kind, out, e));
}

int
ranges_open(const char *path, enum ranges_kind kind, struct ranges **out, struct err *e)
{
	struct ranges	*r = calloc(1, sizeof(*r));
	struct stat	 st;
	void		*p = MAP_FAILED;
	int		 fd = -1, why = 0;

	if (r == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1 || fstat(fd, &st) == -1)
		why = errno;
	else if (!S_ISREG(st.st_mode) || st.st_size < 1 || (uint64_t)st.st_size > RANGES_BYTES)
		why = -1;
	else if ((p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED)
		why = errno;
	if (fd != -1)
		(void)close(fd);
	if (why != 0) {
		free(r);
		if (why == -1)
			return (bad(path, e, "it is empty, too large, or no file"));
		return (err_set(e, ERR_CONFIG, "cannot read %s: %s", path, strerror(why)));
	}
	r->p = p;
	r->len = (size_t)st.st_size;
	r->mapped = true;
	return (made(r, path, kind, out, e));
}

void
ranges_free(struct ranges *r)
{
	if (r == NULL)
		return;
	if (r->mapped)
		(void)munmap((void *)(uintptr_t)r->p, r->len);
	free(r);
}

/* --- Looking up -------------------------------------------------------------------- */

static uint64_t
family_find(const struct family *f, uint64_t key)
{
	const unsigned char	*p, *end;
	uint32_t		 lo = 0, hi = f->nblocks, mid;
	uint64_t		 at, v, d;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (u64(f->blocks + mid * BLOCK_BYTES) <= key)
			lo = mid;
		else
			hi = mid;
	}
	at = u64(f->blocks + lo * BLOCK_BYTES);
	p = f->entries + u32(f->blocks + lo * BLOCK_BYTES + 8);
	end = f->entries + (lo + 1 < f->nblocks ? u32(f->blocks + (lo + 1) * BLOCK_BYTES + 8) : f->nbytes);
	v = number(&p);
	while (p < end) {
		d = number(&p);
		d = d >> 4 << (d & 15) * 4;
		if (d > key - at)
			break;
		at += d;
		v = number(&p);
	}
	return (v);
}

uint32_t
ranges_find(const struct ranges *r, const unsigned char *ip, unsigned len, struct str *text)
{
	const unsigned char	*v;
	uint64_t		 key = 0, i;

	*text = STR_NONE;
	if (len != 4 && len != 16)
		return (0);
	for (unsigned k = 0; k < (len == 4 ? 4u : 8u); k++)
		key = key << 8 | ip[k];
	if ((i = family_find(&r->family[len == 4 ? 0 : 1], key)) == 0)
		return (0);
	v = r->values + (i - 1) * VALUE_BYTES;
	if (u32(v + VALUE_BYTES + 4) > u32(v + 4))
		*text = (struct str){ r->texts + u32(v + 4), u32(v + VALUE_BYTES + 4) - u32(v + 4) };
	return (u32(v));
}

struct str
ranges_note(const struct ranges *r)
{
	return ((struct str){ r->note, r->nnote });
}

int64_t
ranges_day(const struct ranges *r)
{
	return (r->day);
}

uint64_t
ranges_stamp(const struct ranges *r)
{
	return (r->stamp);
}

size_t
ranges_entries(const struct ranges *r)
{
	return ((size_t)r->family[0].nentries + r->family[1].nentries);
}
