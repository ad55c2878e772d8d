/*
 * policies.h - the ingester's side of the visitor: whose MTA-STS policy it is
 * told to look at, and what it found, into the store.
 * Source:    process/visitor.h has the words, store/policies.h the rules.
 * Trust:     the visitor talks to strangers: only what was asked for is taken,
 *            and only when it is sound.
 * Units:     milliseconds.
 * Ownership: none.
 * Errors:    -1 with *e; what was found is looked for again.
 */
#ifndef PROCESS_POLICIES_H
#define PROCESS_POLICIES_H

#include <jansson.h>

#include "process/visitor.h"

struct policies {
	bool				 on, there, greeted;
	struct store_policy_due		 open[VISITS];	/* told to the visitor */
	size_t				 nopen;
	struct store_policy_found	 found[VISITS];	/* not in the store yet */
	size_t				 nfound;
	int64_t				 next;
};

/* A message for us? Then it was taken. */
bool	 policies_heard(struct policies *, const json_t *);
/* There may be others to look at. */
void	 policies_wake(struct policies *);
/* Stores what was found, asks for more. When to call again: in so many ms; 0: when something is heard. */
int	 policies_work(struct policies *, int link, struct store *, struct err *);

#endif
