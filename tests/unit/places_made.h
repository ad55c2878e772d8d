/*
 * places_made.h - files of places of a test's own making.
 * Source:    lines as data/pack reads them.
 * Trust:     none needed.
 * Units:     none.
 * Ownership: the places stay in use until places_use(NULL) gives them back.
 * Errors:    aborts.
 */
#ifndef PLACES_MADE_H
#define PLACES_MADE_H

#include <stdlib.h>

#include "base/io.h"
#include "data/pack.h"
#include "enrich/places.h"

static inline void
places_made_file(enum ranges_kind kind, const char *const *lines, const char *path)
{
	struct pack	*p = pack_new(kind);
	struct buf	 out = { 0 };
	struct err	 e = { 0 };

	for (; p != NULL && *lines != NULL; lines++)
		if (pack_line(p, str_of(*lines), &e) == -1)
			abort();
	if (p == NULL || pack_make(p, 20604, STR("Made up for a test."), &out, &e) == -1 || io_replace_file(path, out.p, out.len, 0600, &e) == -1)
		abort();
	buf_free(&out);
	pack_free(p);
}

/* Made in dir, opened, in use, and no names any more. */
static inline void
places_made(const char *dir, const char *const *countries, const char *const *networks)
{
	struct places	*p;
	struct err	 e = { 0 };
	char		 country[4096], network[4096];

	(void)snprintf(country, sizeof(country), "%s/country.dat", dir);
	(void)snprintf(network, sizeof(network), "%s/network.dat", dir);
	places_made_file(RANGES_COUNTRY, countries, country);
	places_made_file(RANGES_NETWORK, networks, network);
	if (places_open(country, network, &p, &e) == -1)
		abort();
	(void)places_use(p);
	(void)remove(country);
	(void)remove(network);
}

#endif
