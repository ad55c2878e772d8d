/*
 * pack_write.c - see pack.h.
 */
#include <arpa/inet.h>

#include <stdlib.h>

#include "base/escape.h"
#include "data/pack.h"

struct range { uint64_t from, to; uint32_t number; };
struct value { uint32_t number, at, len; size_t order; };
struct entry { uint64_t key; uint32_t number; };

struct list { struct range *v; size_t n, cap; };

struct pack {
	enum ranges_kind kind;
	struct list	 family[RANGES_FAMILIES];
	struct value	*values;
	size_t		 nvalues, cap_values;
	struct buf	 texts;
};

struct pack *
pack_new(enum ranges_kind kind)
{
	struct pack	*p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->kind = kind;
	return (p);
}

void
pack_free(struct pack *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < RANGES_FAMILIES; i++)
		free(p->family[i].v);
	free(p->values);
	buf_free(&p->texts);
	free(p);
}

static int
oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

static bool
grow(void **v, size_t *cap, size_t need, size_t size)
{
	size_t	 n = *cap == 0 ? 1024 : *cap * 2;
	void	*p;

	if (need <= *cap)
		return (true);
	if ((p = realloc(*v, n * size)) == NULL)
		return (false);
	*v = p;
	*cap = n;
	return (true);
}

/* --- Taking in ------------------------------------------------------------------- */

/* Whole /64 only, of IPv6; false: there is none. */
static bool
keys(const unsigned char *from, const unsigned char *to, unsigned len, uint64_t *a, uint64_t *b)
{
	bool	 low = false, high = true;

	*a = *b = 0;
	for (unsigned i = 0; i < (len == 4 ? 4u : 8u); i++) {
		*a = *a << 8 | from[i];
		*b = *b << 8 | to[i];
	}
	for (unsigned i = 8; i < len; i++) {
		low |= from[i] != 0;
		high &= to[i] == 0xff;
	}
	if (low && (*a)++ == UINT64_MAX)
		return (false);
	if (!high && (*b)-- == 0)
		return (false);
	return (*a <= *b);
}

int
pack_add(struct pack *p, const unsigned char *from, const unsigned char *to, unsigned len, uint32_t number, struct str text, struct err *e)
{
	struct list	*l = &p->family[len == 4 ? 0 : 1];
	struct range	 r = { .number = number };

	if (memcmp(from, to, len) > 0)
		return (err_set(e, ERR_INPUT, "it ends before it begins"));
	if (!keys(from, to, len, &r.from, &r.to))
		return (0);
	if (!grow((void **)&l->v, &l->cap, l->n + 1, sizeof(*l->v)) ||
	    !grow((void **)&p->values, &p->cap_values, p->nvalues + 1, sizeof(*p->values)))
		return (oom(e));
	l->v[l->n++] = r;
	if (number == 0 || (p->nvalues > 0 && p->values[p->nvalues - 1].number == number))
		return (0);
	text = ranges_name(str_trim(text));
	p->values[p->nvalues] = (struct value){ number, (uint32_t)p->texts.len, (uint32_t)text.len, p->nvalues };
	p->nvalues++;
	return (text.len == 0 || buf_str(&p->texts, text) ? 0 : oom(e));
}

/* The next cell of a line; quotes are doubled within quotes. */
static bool
cell(struct str *line, char *out, size_t size)
{
	size_t	 n = 0;
	bool	 quoted = line->len > 0 && line->p[0] == '"';

	if (line->p == NULL)
		return (false);
	for (size_t i = quoted ? 1 : 0; ; i++) {
		if (i >= line->len || (!quoted && line->p[i] == ',')) {
			out[n] = '\0';
			*line = i >= line->len ? STR_NONE : (struct str){ line->p + i + 1, line->len - i - 1 };
			return (!quoted);
		}
		if (quoted && line->p[i] == '"') {
			if (i + 1 < line->len && line->p[i + 1] == '"')
				i++;
			else {
				quoted = false;
				continue;
			}
		}
		if (n + 1 < size)	/* long names are cut anyway */
			out[n++] = line->p[i];
	}
}

int
pack_line(struct pack *p, struct str line, struct err *e)
{
	unsigned char	 from[16], to[16];
	char		 a[64], b[64], what[64], name[1024] = "", *end;
	unsigned	 len = 0;
	unsigned long	 n;

	line = str_trim(line);
	if (!cell(&line, a, sizeof(a)) || !cell(&line, b, sizeof(b)) || !cell(&line, what, sizeof(what)))
		return (err_set(e, ERR_INPUT, "three cells are wanted at least"));
	if (line.p != NULL && !cell(&line, name, sizeof(name)))
		return (err_set(e, ERR_INPUT, "a quote is not closed"));
	if (inet_pton(AF_INET, a, from) == 1 && inet_pton(AF_INET, b, to) == 1)
		len = 4;
	else if (inet_pton(AF_INET6, a, from) == 1 && inet_pton(AF_INET6, b, to) == 1)
		len = 16;
	if (len == 0)
		return (err_set(e, ERR_INPUT, "\"%s\" and \"%s\" are not two addresses", a, b));
	if (p->kind == RANGES_COUNTRY) {
		if (strlen(what) != 2 || what[0] < 'A' || what[0] > 'Z' || what[1] < 'A' || what[1] > 'Z')
			return (err_set(e, ERR_INPUT, "\"%s\" is not a country", what));
		return (pack_add(p, from, to, len, (uint32_t)what[0] << 8 | (uint32_t)what[1], STR_NONE, e));
	}
	n = strtoul(what, &end, 10);
	if (what[0] < '0' || what[0] > '9' || *end != '\0' || n > UINT32_MAX)
		return (err_set(e, ERR_INPUT, "\"%s\" is not the number of a network", what));
	return (pack_add(p, from, to, len, (uint32_t)n, str_of(name), e));
}

/* --- From ranges to boundaries ----------------------------------------------------------- */

static int
by_from(const void *a, const void *b)
{
	const struct range	*x = a, *y = b;

	if (x->from != y->from)
		return (x->from < y->from ? -1 : 1);
	return (x->to > y->to ? -1 : x->to < y->to);
}

static void
emit(struct entry *v, size_t *n, uint64_t key, uint32_t number)
{
	if (*n > 0 && v[*n - 1].key == key)
		(*n)--;
	if (*n == 0 || v[*n - 1].number != number)
		v[(*n)++] = (struct entry){ key, number };
}

/* Ends the topmost range; what lies below it goes on, as far as it reaches. */
static void
end_top(const struct range **stack, size_t *depth, uint64_t last, struct entry *v, size_t *n)
{
	uint64_t	 at = stack[--*depth]->to;

	if (at == last) {
		*depth = 0;
		return;
	}
	at++;
	while (*depth > 0 && stack[*depth - 1]->to < at)
		(*depth)--;
	emit(v, n, at, *depth > 0 ? stack[*depth - 1]->number : 0);
}

static int
boundaries(struct list *l, uint64_t last, struct entry **out, size_t *n, struct err *e)
{
	const struct range	**stack = calloc(l->n + 1, sizeof(*stack));
	struct entry		 *v = calloc(l->n * 2 + 1, sizeof(*v));
	size_t			  depth = 0;

	*n = 0;
	if (stack == NULL || v == NULL) {
		free(stack);
		free(v);
		return (oom(e));
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_from);
	emit(v, n, 0, 0);
	for (size_t i = 0; i < l->n; i++) {
		while (depth > 0 && stack[depth - 1]->to < l->v[i].from)
			end_top(stack, &depth, last, v, n);
		stack[depth++] = &l->v[i];
		emit(v, n, l->v[i].from, l->v[i].number);
	}
	while (depth > 0)
		end_top(stack, &depth, last, v, n);
	free(stack);
	*out = v;
	return (0);
}

/* --- Writing --------------------------------------------------------------------------------- */

static void
put32(struct buf *b, uint64_t v)
{
	for (int i = 0; i < 4; i++)
		(void)buf_byte(b, (unsigned char)(v >> 8 * i));
}

static void
put64(struct buf *b, uint64_t v)
{
	put32(b, v & UINT32_MAX);
	put32(b, v >> 32);
}

static void
set64(char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (char)(unsigned char)(v >> 8 * i);
}

static void
varint(struct buf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		(void)buf_byte(b, (unsigned char)(v | 0x80));
	(void)buf_byte(b, (unsigned char)v);
}

static int
by_number(const void *a, const void *b)
{
	const struct value	*x = a, *y = b;

	if (x->number != y->number)
		return (x->number < y->number ? -1 : 1);
	return (x->order < y->order ? -1 : 1);
}

/* Sorted, each number once: the first of them that has a text. */
static void
values_sort(struct pack *p)
{
	size_t	 n = 0;

	if (p->nvalues > 1)
		qsort(p->values, p->nvalues, sizeof(*p->values), by_number);
	for (size_t i = 0; i < p->nvalues; i++) {
		if (n == 0 || p->values[n - 1].number != p->values[i].number)
			p->values[n++] = p->values[i];
		else if (p->values[n - 1].len == 0)
			p->values[n - 1] = p->values[i];
	}
	p->nvalues = n;
}

static uint32_t
place_of(const struct pack *p, uint32_t number)
{
	size_t	 lo = 0, hi = p->nvalues, mid;

	if (number == 0)
		return (0);
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (p->values[mid].number <= number)
			lo = mid;
		else
			hi = mid;
	}
	return ((uint32_t)lo + 1);
}

/* A distance as ranges.h says; 0: it has too many digits, and has to begin a block. */
static uint64_t
distance(uint64_t d)
{
	unsigned	 e = 0;

	while (e < 15 && (d & 15) == 0) {
		d >>= 4;
		e++;
	}
	return (d >> 60 != 0 ? 0 : d << 4 | e);
}

static void
family_put(const struct pack *p, const struct entry *v, size_t n, struct buf *blocks, struct buf *entries)
{
	unsigned	 in = 0;
	uint64_t	 d;

	for (size_t i = 0; i < n; i++) {
		d = in == 0 || in == RANGES_BLOCK ? 0 : distance(v[i].key - v[i - 1].key);
		if (d == 0) {
			put64(blocks, v[i].key);
			put32(blocks, entries->len);
			in = 0;
		} else
			varint(entries, d);
		varint(entries, place_of(p, v[i].number));
		in++;
	}
}

int
pack_make(struct pack *p, int64_t day, struct str note, struct buf *out, struct err *e)
{
	struct buf	 blocks[RANGES_FAMILIES] = { { .p = NULL } }, entries[RANGES_FAMILIES] = { { .p = NULL } }, texts = { 0 };
	size_t		 n[RANGES_FAMILIES] = { 0 };
	struct entry	*v = NULL;
	int		 rv = 0;

	values_sort(p);
	for (int i = 0; i < RANGES_FAMILIES && rv == 0; i++)
		if ((rv = boundaries(&p->family[i], i == 0 ? UINT32_MAX : UINT64_MAX, &v, &n[i], e)) == 0) {
			family_put(p, v, n[i], &blocks[i], &entries[i]);
			free(v);
		}
	for (size_t i = 0; i < p->nvalues; i++)
		(void)buf_add(&texts, p->texts.p == NULL ? "" : p->texts.p + p->values[i].at, p->values[i].len);
	buf_clear(out);
	(void)buf_cstr(out, RANGES_MAGIC);
	put32(out, RANGES_VERSION);
	put32(out, (uint64_t)p->kind);
	put64(out, 0);		/* size and sum come last */
	put64(out, 0);
	put64(out, (uint64_t)day);
	put32(out, note.len);
	put32(out, p->nvalues);
	put64(out, texts.len);
	for (int i = 0; i < RANGES_FAMILIES; i++) {
		put32(out, blocks[i].len / 12);
		put32(out, entries[i].len);
		put64(out, n[i]);
	}
	(void)buf_str(out, note);
	for (size_t i = 0, at = 0; i <= p->nvalues; i++) {
		put32(out, i < p->nvalues ? p->values[i].number : 0);
		put32(out, at);
		at += i < p->nvalues ? p->values[i].len : 0;
	}
	(void)buf_str(out, buf_as_str(&texts));
	for (int i = 0; i < RANGES_FAMILIES; i++) {
		(void)buf_str(out, buf_as_str(&blocks[i]));
		(void)buf_str(out, buf_as_str(&entries[i]));
		out->failed |= blocks[i].failed || entries[i].failed;
		buf_free(&blocks[i]);
		buf_free(&entries[i]);
	}
	out->failed |= texts.failed;
	buf_free(&texts);
	if (rv == -1)
		return (-1);
	if (out->failed)
		return (oom(e));
	if (out->len > RANGES_BYTES || note.len > RANGES_NOTE)
		return (err_set(e, ERR_LIMIT, "it is too large: %zu bytes", out->len));
	set64(out->p + 16, out->len);
	set64(out->p + 24, ranges_sum((const unsigned char *)out->p, out->len));
	return (0);
}
