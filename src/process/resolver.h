/*
 * resolver.h - the role that asks the DNS: it is told addresses and names and
 * says what came of them. It may open sockets to name servers and nothing
 * else; it sees no file and no report.
 * Source:    dns/lookup.h has the rules.
 * Trust:     the parent's words; answers of the DNS are anybody's. Who takes
 *            what it says checks it again: it may be taken over.
 * Units:     seconds in the configuration.
 * Ownership: the caller's.
 * Errors:    the exit code: 0, 2 configuration, 75 try again.
 *
 * On the link (process/link.h), passed on by the parent to and from the
 * ingester:
 *   {"op":"hello"} forget all that was asked for; it says that it has begun
 *   {"op":"resolve","list":[[SOURCE,"HEX OF THE ADDRESS"], ...]}
 *   {"op":"resolved","list":[{"source","state","failure","names","more","refused","ttl"}, ...]};
 *	only {"source"}: there was no room for that one
 *   {"op":"look","list":[[ID,KIND,"NAME","NOT"], ...]} for TXT records;
 *	not of the server NOT, if there is another one
 *   {"op":"looked","list":[{"id","state","failure","ttl","more","server","texts"}, ...]}; only {"id"}: as above
 *   {"op":"resolver","began":BOOL,"failing":BOOL}
 */
#ifndef PROCESS_RESOLVER_H
#define PROCESS_RESOLVER_H

#include <jansson.h>

#include "conf/conf.h"
#include "dns/lookup.h"
#include "enrich/host.h"
#include "store/records.h"

json_t	*resolver_config(const struct conf *);
/* One answer in words and back; false: it is no sound one. */
json_t	*resolver_said(int64_t source, const struct host *);
bool	 resolver_heard(const json_t *, int64_t *source, struct host *out);
json_t	*resolver_looked(int64_t id, const struct lookup_texts *, const char *server);
bool	 resolver_looked_heard(const json_t *, struct store_dns_answer *out);

#endif
