/*
 * host.h - what DNS says of an address: its host names, whether one of them
 * leads back to it, and how long that holds. Pure rules.
 * Source:    RFC 8601 (iprev), RFC 2308 (negative answers); design: host names
 *            come from DNS and are anybody's words until they are confirmed.
 * Trust:     names are those of whoever runs the reverse zone: only host names
 *            are kept, in lower case; the numbers come from a process that may
 *            be taken over, so host_sound() looks at all of it.
 * Units:     seconds; ttl as DNS gave it.
 * Ownership: plain structs.
 * Errors:    none.
 */
#ifndef ENRICH_HOST_H
#define ENRICH_HOST_H

#include "base/base.h"
#include "dmarc/name.h"

#define HOST_NAMES	3	/* kept of an address, however many it has */
#define HOST_TRIED	10	/* looked up forward, as RFC 8601 advises */

/* The numbers stand in the store. */
enum host_state {
	HOST_WAITING,		/* nobody has answered yet */
	HOST_CONFIRMED,		/* names[0] leads back to the address */
	HOST_UNCONFIRMED,	/* there are names, none of them does */
	HOST_NONE,		/* no name, or none that is a host name, or a crowd of them */
	HOST_STATES
};
extern const char *const host_state_names[HOST_STATES];

/* Why the latest look-up came to nothing. */
enum host_failure {
	HOST_ANSWERED, HOST_TIMEOUT, HOST_SERVFAIL, HOST_REFUSED,
	HOST_FORWARD,		/* there are names, but nobody said where they lead */
	HOST_FAILURES
};
extern const char *const host_failure_names[HOST_FAILURES];

struct host {
	enum host_state		 state;
	enum host_failure	 failure;
	char			 names[HOST_NAMES][DOMAIN_MAX + 1];
	unsigned		 nnames;
#define HOST_CROWD	UINT16_MAX
	uint32_t		 more;		/* host names beyond these; HOST_CROWD: more than a message holds */
	uint32_t		 refused;	/* names that no host can have */
	uint32_t		 ttl;
};

/* A name that a host can have: letters, digits and hyphens, two labels at least, no number at its end. */
bool	 host_name_ok(struct str);
/* Is it what a look-up can come to? For what another process says. */
bool	 host_sound(const struct host *);
/*
 * What is known after a look-up, was being what was known before: an answer
 * replaces it, a failure leaves it. True: people would see a difference.
 */
bool	 host_merge(struct host *was, const struct host *is);
/* When to look again; tries: failures one after another, this one included. */
int64_t	 host_due(const struct host *, unsigned tries, int64_t now);

/* The name to ask for, without a dot at its end: "1.2.0.192.in-addr.arpa"; "" for what is no address. */
#define HOST_REVERSE	80
const char *host_reverse(const unsigned char *ip, unsigned len, char out[HOST_REVERSE]);

#endif
