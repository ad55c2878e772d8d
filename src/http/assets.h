/*
 * assets.h - the files of the web app, compiled in.
 * Source:    web/dist, or web/plain without it; web/embed.c makes the table.
 * Trust:     our own files.
 * Units:     lengths in bytes.
 * Ownership: constant data.
 * Errors:    none.
 *
 * The table is sorted by path (strcmp). "/index.html" is always in it and is
 * the answer to every GET that is neither an asset nor the API.
 */
#ifndef HTTP_ASSETS_H
#define HTTP_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

struct http_asset {
	const char		*path;		/* "/assets/app-X.js" */
	const char		*content_type;
	const unsigned char	*bytes;
	size_t			 length;
	const unsigned char	*gz;		/* NULL: there is no compressed form */
	size_t			 gz_length;
	const char		*etag;		/* strong, quotes included */
	bool			 immutable;	/* the name carries a hash */
};

extern const struct http_asset	http_assets[];
extern const size_t		http_assets_count;

#endif
