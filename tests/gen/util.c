/* util.c - buffers, arena, random numbers, days: see gen.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

void
gen_die(const char *fmt, ...)
{
	va_list	 ap;

	fputs("dmarcd-gen: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *
gen_alloc(void *old, size_t n, size_t size)
{
	void	*p;

	if (size != 0 && n > SIZE_MAX / size)
		gen_die("out of memory");
	if ((p = realloc(old, n * size != 0 ? n * size : 1)) == NULL)
		gen_die("out of memory");
	return (p);
}

/* --- buffers ----------------------------------------------------------- */

/* Room for n more bytes and a NUL behind them. */
static void
buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->len > n)
		return;
	if (b->cap == 0)
		b->cap = 4096;
	while (b->cap - b->len <= n)
		b->cap *= 2;
	b->p = gen_alloc(b->p, b->cap, 1);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	buf_room(b, n);
	if (n > 0)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	buf_room(b, 1024);
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->len, 1024, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= 1024)
		gen_die("internal error: a formatted line is too long");
	b->len += (size_t)n;
}

void
buf_base64(struct buf *b, const void *data, size_t n, size_t line)
{
	static const char	 set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char	*p = data;
	size_t			 col = 0;

	buf_room(b, n / 3 * 4 + n / 32 + 16);
	for (size_t i = 0; i < n; i += 3) {
		uint32_t	 v = (uint32_t)p[i] << 16;
		char		 q[4];

		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		q[0] = set[v >> 18];
		q[1] = set[v >> 12 & 63];
		q[2] = i + 1 < n ? set[v >> 6 & 63] : '=';
		q[3] = i + 2 < n ? set[v & 63] : '=';
		buf_add(b, q, 4);
		col += 4;
		if (line != 0 && col >= line && i + 3 < n) {
			buf_str(b, "\n");
			col = 0;
		}
	}
}

/* Quoted-printable; line ends of the text stay line ends. */
void
buf_qp(struct buf *b, const void *data, size_t n)
{
	const unsigned char	*p = data;
	size_t			 col = 0;

	for (size_t i = 0; i < n; i++) {
		bool	 last = i + 1 == n || p[i + 1] == '\n';

		if (p[i] == '\n') {
			buf_str(b, "\n");
			col = 0;
			continue;
		}
		if (col > 72) {
			buf_str(b, "=\n");
			col = 0;
		}
		if (p[i] == '=' || p[i] < 32 || p[i] > 126 || (p[i] == ' ' && last)) {
			buf_fmt(b, "=%02X", p[i]);
			col += 3;
		} else {
			buf_add(b, &p[i], 1);
			col++;
		}
	}
}

void
buf_free(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
}

/* --- arena ------------------------------------------------------------- */

struct chunk {
	struct chunk	*next;
	size_t		 used, size;
	char		 data[];
};
struct arena {
	struct chunk	*first;
};

struct arena *
arena_new(void)
{
	struct arena	*a = gen_alloc(NULL, 1, sizeof(*a));

	a->first = NULL;
	return (a);
}

char *
arena_fmt(struct arena *a, const char *fmt, ...)
{
	char		 text[512], *out;
	struct chunk	*c = a->first;
	va_list		 ap;
	size_t		 len;
	int		 n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		gen_die("internal error: a string is too long");
	len = (size_t)n + 1;
	if (c == NULL || c->size - c->used < len) {
		c = gen_alloc(NULL, 1, sizeof(*c) + 65536);
		c->next = a->first;
		c->used = 0;
		c->size = 65536;
		a->first = c;
	}
	out = c->data + c->used;
	memcpy(out, text, len);
	c->used += len;
	return (out);
}

/* One chunk is kept: most reports need no more. */
void
arena_reset(struct arena *a)
{
	while (a->first != NULL && a->first->next != NULL) {
		struct chunk	*c = a->first;

		a->first = c->next;
		free(c);
	}
	if (a->first != NULL)
		a->first->used = 0;
}

void
arena_free(struct arena *a)
{
	arena_reset(a);
	free(a->first);
	free(a);
}

/* --- random numbers: splitmix64 seeds xoshiro256** --------------------- */

static uint64_t
splitmix(uint64_t *x)
{
	uint64_t	 z = (*x += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31);
}

void
rng_seed(struct rng *r, uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t	 x = seed;

	x = splitmix(&x) ^ a;
	x = splitmix(&x) ^ b;
	x = splitmix(&x) ^ c;
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&x);
}

static uint64_t
rotl(uint64_t x, int k)
{
	return (x << k | x >> (64 - k));
}

uint64_t
rng_next(struct rng *r)
{
	uint64_t	 out = rotl(r->s[1] * 5, 7) * 9, t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotl(r->s[3], 45);
	return (out);
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return ((uint32_t)((rng_next(r) >> 32) * n >> 32));
}

uint32_t
rng_between(struct rng *r, uint32_t lo, uint32_t hi)
{
	return (lo + rng_below(r, hi - lo + 1));
}

bool
rng_chance(struct rng *r, uint32_t permille)
{
	return (rng_below(r, 1000) < permille);
}

void
zipf_init(struct zipf *z, uint32_t n)
{
	uint64_t	 sum = 0;

	z->n = n;
	z->sum = gen_alloc(NULL, n, sizeof(*z->sum));
	for (uint32_t i = 0; i < n; i++)
		z->sum[i] = sum += UINT64_C(1000000000) / (i + 1);
}

uint32_t
zipf_draw(const struct zipf *z, struct rng *r)
{
	uint64_t	 x = rng_next(r) % z->sum[z->n - 1];
	uint32_t	 lo = 0, hi = z->n - 1;

	while (lo < hi) {
		uint32_t	 mid = lo + (hi - lo) / 2;

		if (z->sum[mid] > x)
			hi = mid;
		else
			lo = mid + 1;
	}
	return (lo);
}

void
zipf_free(struct zipf *z)
{
	free(z->sum);
	z->sum = NULL;
}

/* --- days: proleptic Gregorian calendar, counted in eras of 400 years --- */

static int64_t
days_from_civil(int64_t y, int m, int d)
{
	int64_t	 era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return (era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468);
}

void
day_civil(int64_t t, int *y, int *m, int *d)
{
	int64_t	 z = (t >= 0 ? t : t - (DAY - 1)) / DAY + 719468;
	int64_t	 era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t	 doe = z - era * 146097;
	int64_t	 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t	 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t	 mp = (5 * doy + 2) / 153;

	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

int64_t
day_parse(const char *s, bool *ok)
{
	int	 v[3] = { 0, 0, 0 }, y, m, d;
	int64_t	 t;

	*ok = false;
	if (strlen(s) != 10)
		return (0);
	for (int i = 0; i < 10; i++) {
		if (i == 4 || i == 7) {
			if (s[i] != '-')
				return (0);
			continue;
		}
		if (s[i] < '0' || s[i] > '9')
			return (0);
		v[i < 4 ? 0 : i < 7 ? 1 : 2] = v[i < 4 ? 0 : i < 7 ? 1 : 2] * 10 + s[i] - '0';
	}
	if (v[0] < 1970 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31)
		return (0);
	t = days_from_civil(v[0], v[1], v[2]) * DAY;
	day_civil(t, &y, &m, &d);
	*ok = y == v[0] && m == v[1] && d == v[2];	/* no 30th of February */
	return (t);
}

static const char *const	 weekdays[] = { "Thu", "Fri", "Sat", "Sun", "Mon",
    "Tue", "Wed" };
static const char *const	 months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

void
buf_rfc5322_date(struct buf *b, int64_t t)
{
	int	 y, m, d, s = (int)(t % DAY);

	day_civil(t, &y, &m, &d);
	buf_fmt(b, "%s, %d %s %d %02d:%02d:%02d +0000", weekdays[t / DAY % 7], d,
	    months[m - 1], y, s / 3600, s / 60 % 60, s % 60);
}

/* As in the "From " line of an mbox. */
void
buf_mbox_date(struct buf *b, int64_t t)
{
	int	 y, m, d, s = (int)(t % DAY);

	day_civil(t, &y, &m, &d);
	buf_fmt(b, "%s %s %2d %02d:%02d:%02d %d", weekdays[t / DAY % 7], months[m - 1],
	    d, s / 3600, s / 60 % 60, s % 60, y);
}
