/*
 * near.h - which known word was meant: for misspelt commands, options, keys.
 * Source:    the optimal string alignment distance.
 * Trust:     any text; words longer than NEAR_MAX are near to nothing.
 * Units:     edits: a letter added, dropped, changed, or two swapped.
 * Ownership: best points at a candidate; nothing is kept or allocated.
 * Errors:    none; best stays NULL when nothing is near enough.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stddef.h>

#define NEAR_MAX 48

struct near {
	const char	*word;
	const char	*best;	/* NULL: nothing near yet */
	size_t		 edits;
};

/* Set word, then offer every known name; best is the nearest of them. */
void	 near_try(struct near *, const char *known);

#endif
