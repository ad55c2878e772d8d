/*
 * map.c - see map.h.
 */
#include "base/base.h"
#include "store/map.h"

void
map_clear(struct map *m)
{
	if (m->n > 0)
		memset(m->keys, 0, m->room * sizeof(*m->keys));
	m->n = 0;
}

void
map_free(struct map *m)
{
	free(m->keys);
	free(m->at);
	memset(m, 0, sizeof(*m));
}

size_t
map_slot(const struct map *m, uint64_t key)
{
	size_t	 i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (m->room - 1);

	while (m->keys[i] != 0 && m->keys[i] != key)
		i = (i + 1) & (m->room - 1);
	return (i);
}

uint32_t *
map_at(struct map *m, uint64_t key)
{
	struct map	 old = *m;
	size_t		 i;

	key += key == 0;
	if (m->n * 2 >= m->room) {
		m->room = old.room == 0 ? 1024 : old.room * 2;
		m->keys = calloc(m->room, sizeof(*m->keys));
		m->at = calloc(m->room, sizeof(*m->at));
		if (m->keys == NULL || m->at == NULL) {
			free(m->keys);
			free(m->at);
			*m = old;
			return (NULL);
		}
		for (i = 0; i < old.room; i++)
			if (old.keys[i] != 0) {
				size_t	 k = map_slot(m, old.keys[i]);

				m->keys[k] = old.keys[i];
				m->at[k] = old.at[i];
			}
		free(old.keys);
		free(old.at);
	}
	i = map_slot(m, key);
	if (m->keys[i] == 0) {
		m->keys[i] = key;
		m->at[i] = MAP_NONE;
		m->n++;
	}
	return (&m->at[i]);
}

uint32_t
map_get(const struct map *m, uint64_t key)
{
	size_t	 i;

	key += key == 0;
	if (m->room == 0)
		return (MAP_NONE);
	i = map_slot(m, key);
	return (m->keys[i] == 0 ? MAP_NONE : m->at[i]);
}
