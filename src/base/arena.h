/*
 * arena.h - memory for one mail or one report, given back in one stroke.
 * Source:    none.
 * Trust:     the ceiling holds whatever the sender asks for.
 * Units:     bytes.
 * Ownership: everything allocated lives until arena_reset or arena_free.
 * Errors:    NULL past the ceiling or without memory.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena;

struct arena	*arena_new(size_t ceiling);
void		*arena_alloc(struct arena *, size_t n, size_t size);	/* zeroed; checks n*size */
/* A list of n elements with room for one more: itself, or a copy twice as large; *cap is 0 at first. NULL: the list stays as it was. */
void		*arena_grow(struct arena *, void *list, size_t n, size_t *cap, size_t size);
char		*arena_strndup(struct arena *, const char *, size_t);
struct str	 arena_str(struct arena *, struct str);		/* STR_NONE stays; p NULL on failure */
size_t		 arena_held(const struct arena *);	/* bytes, its own included */
void		 arena_reset(struct arena *);
void		 arena_free(struct arena *);			/* NULL is fine */

#endif
