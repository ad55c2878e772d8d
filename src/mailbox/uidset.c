/*
 * uidset.c - see uidset.h.
 */
#include <stdlib.h>

#include "base/base.h"
#include "mailbox/uidset.h"

/* The first range that ends at or after uid. */
static size_t
find(const struct uidset *s, uint32_t uid)
{
	size_t	 lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->r[mid].last < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

static bool
make_room(struct uidset *s)
{
	struct uidrange	*more;
	size_t		 cap = s->cap == 0 ? 8 : s->cap * 2;

	if (s->n < s->cap)
		return (true);
	if (cap > SIZE_MAX / sizeof(*more) || (more = realloc(s->r, cap * sizeof(*more))) == NULL)
		return (false);
	s->r = more;
	s->cap = cap;
	return (true);
}

bool
uidset_add(struct uidset *s, uint32_t first, uint32_t last)
{
	size_t	 i, j;

	if (first == 0 || last < first)
		return (false);
	i = find(s, first - 1);		/* touches on the left count as well */
	for (j = i; j < s->n && (last == UINT32_MAX || s->r[j].first <= last + 1); j++) {
		if (s->r[j].first < first)
			first = s->r[j].first;
		if (s->r[j].last > last)
			last = s->r[j].last;
	}
	if (j == i) {
		if (!make_room(s))
			return (false);
		memmove(s->r + i + 1, s->r + i, (s->n - i) * sizeof(*s->r));
		s->n++;
	} else if (j > i + 1) {
		memmove(s->r + i + 1, s->r + j, (s->n - j) * sizeof(*s->r));
		s->n -= j - i - 1;
	}
	s->r[i] = (struct uidrange){ first, last };
	return (true);
}

bool
uidset_add_all(struct uidset *s, const struct uidset *from)
{
	size_t	 i;

	for (i = 0; i < from->n; i++)
		if (!uidset_add(s, from->r[i].first, from->r[i].last))
			return (false);
	return (true);
}

bool
uidset_has(const struct uidset *s, uint32_t uid)
{
	size_t	 i = find(s, uid);

	return (i < s->n && s->r[i].first <= uid);
}

uint64_t
uidset_count(const struct uidset *s)
{
	uint64_t	 n = 0;
	size_t		 i;

	for (i = 0; i < s->n; i++)
		n += (uint64_t)s->r[i].last - s->r[i].first + 1;
	return (n);
}

void
uidset_print(const struct uidset *s, struct buf *out)
{
	size_t	 i;

	for (i = 0; i < s->n; i++) {
		buf_printf(out, "%s%u", i == 0 ? "" : ",", s->r[i].first);
		if (s->r[i].last != s->r[i].first)
			buf_printf(out, ":%u", s->r[i].last);
	}
}

static bool
number(struct str s, uint32_t *out)
{
	int64_t	 v;

	if (!str_i64(s, &v) || v < 1 || v > UINT32_MAX)
		return (false);
	*out = (uint32_t)v;
	return (true);
}

bool
uidset_parse(struct uidset *s, struct str text)
{
	const char	*end = text.p + text.len, *p = text.p, *comma, *colon;
	uint32_t	 first, last;

	while (p < end) {
		if ((comma = memchr(p, ',', (size_t)(end - p))) == NULL)
			comma = end;
		if ((colon = memchr(p, ':', (size_t)(comma - p))) == NULL) {
			if (!number((struct str){ p, (size_t)(comma - p) }, &first))
				return (false);
			last = first;
		} else if (!number((struct str){ p, (size_t)(colon - p) }, &first) ||
		    !number((struct str){ colon + 1, (size_t)(comma - colon - 1) }, &last))
			return (false);
		if (!uidset_add(s, first, last))
			return (false);
		p = comma == end ? end : comma + 1;
	}
	return (true);
}

void
uidset_clear(struct uidset *s)
{
	s->n = 0;
}

void
uidset_free(struct uidset *s)
{
	free(s->r);
	*s = (struct uidset){ 0 };
}
