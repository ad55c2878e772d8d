/*
 * policy.h - a look at the MTA-STS policy of a domain and at the certificate
 * of the web server that has it: libcurl.
 * Source:    RFC 8461 3.3: HTTPS, a certificate for mta-sts.DOMAIN, status 200,
 *            no redirect, text/plain.
 * Trust:     the server is anybody's, and whoever writes the zone says where it
 *            is: an address that is not the internet's is not connected to.
 * Units:     seconds since the epoch; seconds.
 * Ownership: the caller's.
 * Errors:    what went wrong is the answer, in words without control bytes.
 */
#ifndef NOTIFY_POLICY_H
#define NOTIFY_POLICY_H

#include "base/base.h"
#include "dmarc/sts.h"

#define POLICY_WHY	256

struct policy_look {
	enum sts_seen	 state;
	int64_t		 not_after;	/* of the certificate; 0: none was seen */
	enum sts_mode	 mode;		/* of a sound policy */
	int64_t		 max_age;	/* -1: unknown */
	char		 why[POLICY_WHY];	/* "" when it is sound */
};

struct policy_way {
	const char	*server;	/* "192.0.2.1@443": connect there, whatever its address; NULL: as the DNS says */
	const char	*ca_file;	/* NULL: the system's */
	int64_t		 timeout;
	bool		(*stop)(void *);	/* asked now and then meanwhile; NULL: never */
	void		*ctx;
};

void	 policy_look(const char *domain, const struct policy_way *, int64_t now, struct policy_look *out);

#endif
