/*
 * map.h - from numbers to numbers, in memory: an open hash table.
 * Source:    ours.
 * Trust:     keys are ids of the store, or keyed hashes of texts.
 * Units:     none.
 * Ownership: the table's owner clears or frees it.
 * Errors:    NULL when memory is gone; the table stays as it was.
 */
#ifndef STORE_MAP_H
#define STORE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

struct map {
	uint64_t	*keys;		/* 0: free */
	uint32_t	*at;
	size_t		 n, room;
};

/* What the key stands for; a key that is new stands for MAP_NONE until that is written over. */
uint32_t	*map_at(struct map *, uint64_t key);
uint32_t	 map_get(const struct map *, uint64_t key);	/* MAP_NONE: it is not there */
size_t		 map_slot(const struct map *, uint64_t key);	/* its place, or the one where it would be */
void		 map_clear(struct map *);	/* keeps the memory */
void		 map_free(struct map *);

#endif
