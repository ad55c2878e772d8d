/*
 * visitor.h - the role that looks at what our domains publish over HTTPS: their
 * MTA-STS policies and the certificates of the servers that have them. It knows
 * no secret, sees no file of ours and may connect to web servers only.
 * Source:    notify/policy.h has the look.
 * Trust:     the parent's words; servers are anybody's. Who takes what it says
 *            checks it again: it may be taken over.
 * Units:     seconds since the epoch.
 * Ownership: the caller's.
 * Errors:    the exit code: 0, 75 try again.
 *
 * On the link (process/link.h), passed on by the parent to and from the
 * ingester:
 *   {"op":"who-visits"} it says that it has begun
 *   {"op":"visit","list":["DOMAIN", ...]} at most VISITS
 *   {"op":"visited","list":[{"domain","state","not_after","mode","max_age","why"}]} of each as it ends
 *   {"op":"visitor"} it has begun, and knows of nothing that was asked before
 */
#ifndef PROCESS_VISITOR_H
#define PROCESS_VISITOR_H

#include <jansson.h>

#include "conf/conf.h"
#include "notify/policy.h"
#include "store/policies.h"

#define VISITS	8	/* asked for at a time */

json_t	*visitor_config(const struct conf *);
bool	 visitor_wanted(const struct conf *);
/* What was found in words and back; false: it is no sound answer. */
json_t	*visitor_said(const char *domain, const struct policy_look *);
bool	 visitor_heard(const json_t *, struct store_policy_found *out);

#endif
