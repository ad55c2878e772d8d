/*
 * near.c - see near.h.
 */
#include "base/base.h"
#include "base/near.h"

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t	 m = a < b ? a : b;

	return (m < c ? m : c);
}

/* '_' and '-' are the same to a person who guesses, and so are cases. */
static char
fold(char c)
{
	return (c == '_' ? '-' : ascii_lower(c));
}

static size_t
distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t	 row[3][NEAR_MAX + 1] = { 0 };
	size_t	*two = row[0], *one = row[1], *cur = row[2], *tmp;

	for (size_t j = 0; j <= nb; j++)
		one[j] = j;
	for (size_t i = 1; i <= na; i++) {
		cur[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			char	 x = fold(a[i - 1]), y = fold(b[j - 1]);

			cur[j] = min3(one[j] + 1, cur[j - 1] + 1, one[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == fold(b[j - 2]) && y == fold(a[i - 2]) &&
			    two[j - 2] + 1 < cur[j])
				cur[j] = two[j - 2] + 1;
		}
		tmp = two;
		two = one;
		one = cur;
		cur = tmp;
	}
	return (one[nb]);
}

void
near_try(struct near *n, const char *known)
{
	size_t	 nw = strlen(n->word), nk = strlen(known), d, most;

	if (nw == 0 || nw > NEAR_MAX || nk > NEAR_MAX)
		return;
	/* A third of the word may be wrong; past that a guess confuses. */
	most = (nk > nw ? nk : nw) / 3;
	if (most == 0)
		most = 1;
	d = distance(n->word, nw, known, nk);
	if (nw >= 3 && nk > nw && strncmp(n->word, known, nw) == 0 && d > most)
		d = most;	/* a beginning of the word is near, too */
	if (d <= most && d < nw && (n->best == NULL || d < n->edits)) {
		n->best = known;
		n->edits = d;
	}
}
