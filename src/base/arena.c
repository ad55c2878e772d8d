/*
 * arena.c - see arena.h. Blocks are kept over a reset, so that a stream of
 * mails of the usual size allocates nothing.
 */
#include "base/base.h"

#define ARENA_BLOCK	((size_t)32 * 1024)
#define ARENA_KEEP	((size_t)1024 * 1024)	/* a bigger one goes back at reset */

struct block {
	_Alignas(max_align_t)
	struct block	*next;
	size_t		 size, used;
	/* the bytes follow, aligned for anything */
};

struct arena {
	struct block	*first, *cur;
	size_t		 ceiling, total;
};

struct arena *
arena_new(size_t ceiling)
{
	struct arena	*a = calloc(1, sizeof(*a));

	if (a != NULL)
		a->ceiling = ceiling;
	return (a);
}

static struct block *
block_add(struct arena *a, size_t need)
{
	size_t		 size = need > ARENA_BLOCK ? need : ARENA_BLOCK;
	struct block	*b;

	if (size > a->ceiling || a->total > a->ceiling - size)
		return (NULL);
	if ((b = malloc(sizeof(*b) + size)) == NULL)
		return (NULL);
	b->next = NULL;
	b->size = size;
	b->used = 0;
	a->total += size;
	if (a->cur == NULL)
		a->first = b;
	else {
		b->next = a->cur->next;
		a->cur->next = b;
	}
	a->cur = b;
	return (b);
}

void *
arena_alloc(struct arena *a, size_t n, size_t size)
{
	struct block	*b;
	size_t		 need;
	char		*p;

	if (size != 0 && n > SIZE_MAX / 2 / size)
		return (NULL);
	need = (n * size + 15) & ~(size_t)15;
	if (need == 0)
		need = 16;
	for (b = a->cur; b != NULL && b->size - b->used < need; b = b->next)
		a->cur = b->next == NULL ? b : b->next;
	if (b == NULL && (b = block_add(a, need)) == NULL)
		return (NULL);
	a->cur = b;
	p = (char *)(b + 1) + b->used;
	b->used += need;
	memset(p, 0, need);
	return (p);
}

void *
arena_grow(struct arena *a, void *list, size_t n, size_t *cap, size_t size)
{
	size_t	 wider = *cap == 0 ? 16 : *cap * 2;
	void	*v;

	if (n < *cap)
		return (list);
	if (*cap > SIZE_MAX / 2 || (v = arena_alloc(a, wider, size)) == NULL)
		return (NULL);
	if (n > 0)
		memcpy(v, list, n * size);
	*cap = wider;
	return (v);
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char	*p;

	if (n == SIZE_MAX || (p = arena_alloc(a, n + 1, 1)) == NULL)
		return (NULL);
	if (n > 0)
		memcpy(p, s, n);
	return (p);
}

struct str
arena_str(struct arena *a, struct str s)
{
	if (s.p == NULL)
		return (s);
	return ((struct str){ arena_strndup(a, s.p, s.len), s.len });
}

size_t
arena_held(const struct arena *a)
{
	return (a->total);
}

void
arena_reset(struct arena *a)
{
	struct block	*b, *next, **link = &a->first;

	for (b = a->first; b != NULL; b = next) {
		next = b->next;
		if (a->total > ARENA_KEEP) {
			a->total -= b->size;
			*link = next;
			free(b);
		} else {
			b->used = 0;
			link = &b->next;
		}
	}
	a->cur = a->first;
}

void
arena_free(struct arena *a)
{
	struct block	*b, *next;

	if (a == NULL)
		return;
	for (b = a->first; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}
