/*
 * authres.h - the value of one Authentication-Results field, taken apart.
 * Source:    RFC 8601 2.2, and the variants that mail servers write: no
 *            authserv-id, "action=none" without a ptype, unquoted addresses,
 *            empty values, a trailing ";".
 * Trust:     hostile: who wrote the field is not known here (see trust.h).
 *            Comments and quoted strings are taken out before anything is
 *            split. No recursion, no heap, bounds on everything.
 * Units:     bytes.
 * Ownership: the caller's struct holds the texts; the input is not kept.
 * Errors:    0, or -1 with *e (ERR_INPUT: not the grammar; ERR_LIMIT) and
 *            nothing in *out: half a field proves nothing.
 */
#ifndef DMARC_AUTHRES_H
#define DMARC_AUTHRES_H

#include "base/base.h"

#define AUTHRES_BYTES 16384	/* a field of this length is not written by any mail server */
#define AUTHRES_RESULTS 64
#define AUTHRES_PROPS 256	/* of all results together */

struct authres_prop {
	struct str	 ptype;		/* "header", "smtp" ...; absent: written without one */
	struct str	 property;	/* "from", "mailfrom" ... */
	struct str	 value;		/* unquoted, without <>; may be empty */
};

/* Words that the RFC calls keywords are in lower case here. */
struct authres_result {
	struct str	 method, result;
	struct str	 reason, comment;	/* absent unless written; the first comment behind the result */
	unsigned	 first_prop, nprops;
};

struct authres {
	struct str		 id;		/* authserv-id, lower case; absent: the field begins with a method */
	bool			 none;		/* it says "none": nothing was checked */
	struct authres_result	 results[AUTHRES_RESULTS];
	unsigned		 nresults;
	struct authres_prop	 props[AUTHRES_PROPS];
	unsigned		 nprops;
	char			 text[AUTHRES_BYTES];
};

/* value: behind the colon, folded or not. */
int		 authres_parse(struct str value, struct authres *out, struct err *);
/* The first such property, or absent. */
struct str	 authres_prop(const struct authres *, const struct authres_result *, const char *ptype, const char *property);

#endif
