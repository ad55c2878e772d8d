/*
 * tls.h - what TLS reports mean for the one who reads them: MTA-STS policies,
 * what to do about each kind of failure, and whether a domain in testing may
 * go on to enforce. Pure functions.
 * Source:    RFC 8461 3.2, 4.1 (policy, MX matching), RFC 8460 4.3; design:
 *            the web dashboard, page TLS.
 * Trust:     policy lines and names come from reports: anything is possible.
 * Units:     seconds, days since the epoch, sessions.
 * Ownership: results point into the arguments or are constants.
 * Errors:    what is not there is zero or absent.
 */
#ifndef DMARC_TLS_H
#define DMARC_TLS_H

#include "base/base.h"
#include "report/tls.h"

/* The numbers stand in the store. */
enum sts_mode { STS_UNKNOWN, STS_ENFORCE, STS_TESTING, STS_NONE, STS_MODES };
extern const char *const sts_mode_names[STS_MODES];	/* "unknown", "enforce", "testing", "none" */

/* The value behind "key:" of a policy line, trimmed; absent when the line is another one. */
struct str	 sts_field(struct str line, const char *key);
enum sts_mode	 sts_mode(const struct str *lines, size_t n);
int64_t		 sts_max_age(const struct str *lines, size_t n);	/* -1: not told */
/* Host and pattern in lower case; "*." stands for exactly one label. */
bool		 sts_mx_matches(struct str pattern, struct str host);

/* What a failure of that kind means and asks for. key is for translations. */
struct tls_advice { const char *group, *key, *means, *remedy; };
const struct tls_advice *tls_advice(enum tls_result);

/* May the domain go from testing to enforce? */
enum { TLS_READY_DAYS = 14, TLS_READY_REPORTERS = 3, TLS_READY_PER_MILLE = 1 };
enum tls_ready_state {
	TLS_READY_NO_DATA,	/* no report names an sts policy */
	TLS_READY_NO_POLICY,	/* the newest reports found none, or one of mode none */
	TLS_READY_ENFORCED,	/* it is at enforce already */
	TLS_READY_WAIT,		/* something below is not met */
	TLS_READY_YES,
	TLS_READY_STATES
};
extern const char *const tls_ready_names[TLS_READY_STATES];	/* "no-data", "no-policy", "enforced", "wait", "ready" */
extern const char *const tls_ready_texts[TLS_READY_STATES];	/* what to do */

/* Of one domain: its days with sts policies in order, oldest first, and figures of its last 14 days. */
struct tls_ready_day { int64_t day; uint64_t elements[STS_MODES]; };
struct tls_ready_facts {
	const struct tls_ready_day	*days;
	size_t				 ndays;
	uint64_t			 reporters;	/* that saw an sts policy in the window */
	uint64_t			 sessions, failed;	/* of sts policies in the window */
	uint64_t			 own_mx;	/* failed sessions at hosts that the policy names */
	uint64_t			 no_policy;	/* elements of the window that found no policy at all */
};
struct tls_ready {
	enum tls_ready_state	 state;
	enum sts_mode		 mode;		/* as most of the newest reports say */
	int64_t			 testing_since;	/* first day of the run of days in testing; 0: not in testing */
	uint64_t		 testing_days;	/* from there to the last day */
	bool			 days_ok, reporters_ok, rate_ok, own_mx_ok;
};
/* First day of the window: what tls_ready_facts adds up from there to the last day. */
int64_t	 tls_ready_window(int64_t last_day);
void	 tls_ready(const struct tls_ready_facts *, struct tls_ready *);

#endif
