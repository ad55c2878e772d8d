/*
 * hosts.h - host names of sources in the store: which are to be asked for,
 * and what came of it. Reading is in query.h.
 * Source:    schema/0008-hosts.sql; enrich/host.h has the rules.
 * Trust:     as store.h; answers are checked by host_sound() before.
 * Units:     seconds since the epoch, UTC.
 * Ownership: the caller's buffers.
 * Errors:    -1 with *e as in store.h.
 */
#ifndef STORE_HOSTS_H
#define STORE_HOSTS_H

#include "enrich/host.h"
#include "store/store.h"

#define HOSTS_CEILING	200000	/* sources with a row, when nothing else was said */

/* 0: no new rows, as nobody asks. */
void	 store_hosts_ceiling(struct store *, unsigned);

struct store_host_due { int64_t source; unsigned char ip[16]; unsigned len; };
/*
 * The next ones to ask for, never asked ones and those that have become old
 * among them, the heaviest first; those in except are being asked for.
 * Not within a transaction: it may be one.
 */
int	 store_hosts_due(struct store *, int64_t now, const int64_t *except, size_t nexcept, struct store_host_due *out, size_t max,
	    size_t *n, struct err *);

struct store_host_said { int64_t source; struct host host; };
/* One transaction. What nobody has a row for any more is passed over. */
int	 store_hosts_said(struct store *, const struct store_host_said *, size_t n, int64_t now, struct err *);
/* No name server has answered since then; 0: they do. */
int	 store_hosts_failing(struct store *, int64_t since, struct err *);

struct store_hosts_state {
	uint64_t	 known, confirmed, waiting, failing;	/* sources; failing: the latest question came to nothing */
	int64_t		 answered;				/* the latest answer; 0: none */
	int64_t		 failing_since;				/* 0: name servers answer */
};
int	 store_hosts_state(struct store *, struct store_hosts_state *, struct err *);

#endif
