/*
 * query_search.h - what is called so: domains, senders, addresses, reporters
 * and reports, for a box in which people type a part of a name.
 * Source:    design: command palette.
 * Trust:     text is the asker's; what comes out is as in query.h.
 * Units:     days as in query.h.
 * Ownership: as query.h: results live in the struct query.
 * Errors:    as query.h. Being too slow is none: complete is false then.
 */
#ifndef STORE_QUERY_SEARCH_H
#define STORE_QUERY_SEARCH_H

#include "store/query.h"

#define QUERY_SEARCH_BYTES	253	/* of what is typed; more is no name of anything here */
#define QUERY_SEARCH_KIND	6	/* hits of one kind at most */
#define QUERY_SEARCH_HITS	20	/* of all kinds */
#define QUERY_SEARCH_MS		400	/* it is answered while people type */

enum query_hit_kind { HIT_DOMAIN, HIT_SENDER, HIT_ADDRESS, HIT_REPORTER, HIT_REPORT, HIT_FAILURE, HIT_TLS, HIT_KINDS };
extern const char *const query_hit_names[HIT_KINDS];

struct query_hit {
	enum query_hit_kind	 kind;
	struct str		 key;		/* what the app's pages and filters call it */
	struct str		 label;		/* what people call it */
	struct str		 reporter, domain;	/* of reports; else absent */
	int64_t			 day;		/* of reports; else DAY_NONE */
};
struct query_hits {
	struct query_hit	*items;
	size_t			 nitems;
	bool			 complete;	/* false: there was no time to look at everything, or there are more */
};
/* Upper and lower case are the same. Exact names first, then those that begin so, then the rest. */
int	 query_search(struct query *, struct str text, struct query_hits *, struct err *);

#endif
