/*
 * hosts.h - the ingester's side of the resolver: which addresses it is told,
 * and what it says, into the store.
 * Source:    process/resolver.h has the words.
 * Trust:     the resolver talks to strangers: only what was asked for is taken,
 *            and only when it is sound.
 * Units:     milliseconds.
 * Ownership: none.
 * Errors:    -1 with *e; what was said is asked for again.
 *
 * At most LOOKUPS addresses are on their way, so neither side's queue grows.
 * A round costs two short questions and one small transaction; it is done
 * between those of the intake.
 */
#ifndef PROCESS_HOSTS_H
#define PROCESS_HOSTS_H

#include <jansson.h>

#include "conf/conf.h"
#include "dns/lookup.h"
#include "store/hosts.h"

struct hosts {
	bool			 on;
	unsigned		 ceiling;
	bool			 there;		/* a resolver has said so */
	bool			 greeted;	/* it was told to forget what an earlier ingester asked */
	bool			 failing, failing_new;	/* as it says; and that is not in the store yet */
	int64_t			 open[LOOKUPS];	/* sources it was told */
	size_t			 nopen;
	struct store_host_said	 said[LOOKUPS];
	size_t			 nsaid;
	int64_t			 first_said, next;
};

json_t	*hosts_to_json(const struct conf *);
void	 hosts_config(struct hosts *, const json_t *config);
/* A message for us? Then it was taken. */
bool	 hosts_heard(struct hosts *, const json_t *);
/* There may be others to ask for. */
void	 hosts_wake(struct hosts *);
/* Stores what was said, asks for more. When to call again: in so many ms; 0: when something is heard. */
int	 hosts_work(struct hosts *, int link, struct store *, struct err *);

#endif
