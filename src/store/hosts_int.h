/*
 * hosts_int.h - what the pass over senders tells of sources and wants to know
 * of their names; store/ only.
 * Source:    schema/0008-hosts.sql.
 * Trust:     as store.h.
 * Units:     days since the epoch; counts in messages.
 * Ownership: hosts_pass_free gives all back.
 * Errors:    -1 with *e as in store.h.
 */
#ifndef STORE_HOSTS_INT_H
#define STORE_HOSTS_INT_H

#include "enrich/host.h"
#include "store/store_int.h"

#define HOST_NEVER	INT64_MAX	/* due: when it sends again */

struct hosts_pass;
struct hosts_pass	*hosts_pass_new(struct store *, struct err *);
void			 hosts_pass_free(struct hosts_pass *);
/* Within a transaction: a source of that domain, its messages and its last day with mail. */
int	 hosts_seen(struct hosts_pass *, int64_t domain, int64_t source, uint64_t m, int64_t last_day, struct err *);
/* What is known of it; name is its confirmed one, else "". HOST_WAITING: nothing. */
int	 hosts_name(struct hosts_pass *, int64_t source, enum host_state *, char name[DOMAIN_MAX + 1], struct err *);

#endif
