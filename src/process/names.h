/*
 * names.h - the ingester's side of the resolver for records of our own
 * domains: which names it is told, and what it says, into the store.
 * Source:    process/resolver.h has the words, store/records.h the rules.
 * Trust:     the resolver talks to strangers: only what was asked for is taken,
 *            and only when it is sound.
 * Units:     milliseconds.
 * Ownership: names_free() at the end.
 * Errors:    -1 with *e; what was said is asked for again.
 *
 * At most LOOKUP_NAMES are on their way. Which there are is found by a look at
 * all mail, at the start and every six hours, while nothing else waits; a
 * domain that nobody has met is looked at soon.
 */
#ifndef PROCESS_NAMES_H
#define PROCESS_NAMES_H

#include <jansson.h>

#include "dns/lookup.h"
#include "store/records.h"

struct names {
	bool			 on, there;
	int64_t			 open[LOOKUP_NAMES];	/* told to the resolver */
	size_t			 nopen;
	struct store_dns_answer	*said;			/* LOOKUP_NAMES */
	size_t			 nsaid;
	int64_t			 first_said, next;
	struct store_dns_look	 look;
	int64_t			 next_look, next_follow;
	bool			 looking, follow, woken, full;
	bool			 kept;		/* something was stored since whoever wants to know has set it false */
};

void	 names_free(struct names *);
/* Takes what is for us; true when nobody else has to hear it. */
bool	 names_heard(struct names *, const json_t *);
/* There may be domains that nobody has met. */
void	 names_wake(struct names *);
/* Something may be due before its time. */
void	 names_now(struct names *);
/*
 * Stores what was said, asks for more; idle: there is time to look for names.
 * When to call again: in so many ms; 0: when something is heard.
 */
int	 names_work(struct names *, bool idle, int link, struct store *, struct err *);

#endif
