/*
 * places.h - where an address is: its country and its network, by files; and
 * which addresses are nobody's.
 * Source:    src/enrich/ranges.h for our files, made at build time from open
 *            data (data/README.md); libmaxminddb for those that an operator
 *            names; RFC 6890 and the registries of special-purpose addresses.
 * Trust:     names are the data's: they are escaped where they are shown. A
 *            country is where an address is registered, an estimate.
 * Units:     none.
 * Ownership: struct places by places_open/places_close. A process has one in
 *            use (places_use), which stays until nobody looks any more; texts
 *            point into it. Looking up changes nothing: threads may.
 * Errors:    -1 with *e (ERR_CONFIG): a file that was named is not what it
 *            should be. Our own file may be missing: then nothing is known.
 */
#ifndef ENRICH_PLACES_H
#define ENRICH_PLACES_H

#include "base/base.h"

/* Addresses that are nobody's, by what they are for. */
enum reserved {
	RESERVED_NO, RESERVED_PRIVATE, RESERVED_SHARED, RESERVED_LOOPBACK, RESERVED_LINK, RESERVED_DOCUMENTATION, RESERVED_BENCHMARK,
	RESERVED_MULTICAST, RESERVED_OTHER, RESERVED_COUNT
};
extern const char *const reserved_names[RESERVED_COUNT];
enum reserved	 reserved_find(const unsigned char *ip, unsigned ip_len);

struct place {
	char		 country[3];	/* two letters; "": unknown */
	enum reserved	 reserved;
	uint32_t	 asn;		/* 0: unknown */
	struct str	 network;	/* its name; absent: unknown */
};

#define PLACES_DIR	PKGDATADIR
#define PLACES_NONE	"none"		/* instead of a path */

struct places;
/*
 * NULL: our own file, when it is there; "none": nothing. A path: that file, in
 * our form or MaxMind's.
 */
int		 places_open(const char *country, const char *network, struct places **out, struct err *e);
void		 places_close(struct places *);		/* NULL is fine */
/* What is known; all of it may be nothing. places NULL: which addresses are reserved. */
void		 place_find(const struct places *, const unsigned char *ip, unsigned ip_len, struct place *out);
bool		 place_known(const struct place *);

enum places_what { PLACES_COUNTRY, PLACES_NETWORK, PLACES_WHATS };
struct places_about {
	bool		 there;
	const char	*path;		/* that was looked at; NULL: none */
	struct str	 note;		/* whose data it is, for people; absent: not told */
	int64_t		 day;		/* of the data, since the epoch */
	const char	*why;		/* that it is not there; one sentence */
};
void		 places_about(const struct places *, enum places_what, struct places_about *out);
/* Changes with the data; 0: there is none. */
uint64_t	 places_stamp(const struct places *);

/* The one that this process looks into; NULL at first. To be set before threads begin; gives back the one before. */
struct places		*places_use(struct places *);
const struct places	*places_used(void);

#endif
