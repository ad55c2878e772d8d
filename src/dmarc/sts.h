/*
 * sts.h - a domain's own MTA-STS policy as it is published: what it says, and
 * what may be wrong with it. Pure functions. (What reports say of policies is
 * in tls.h.)
 * Source:    RFC 8461 3.1, 3.2, 3.3.
 * Trust:     whoever runs the web server writes what he likes.
 * Units:     seconds.
 * Ownership: constants; nothing is kept.
 * Errors:    a sentence in words.
 */
#ifndef DMARC_STS_H
#define DMARC_STS_H

#include "dmarc/tls.h"

/* What a look at a policy found. The numbers stand in the store. */
enum sts_seen {
	STS_UNSEEN,
	STS_SOUND,
	STS_EXPIRED,	/* the certificate has ended */
	STS_OTHER_NAME,	/* it is for another name */
	STS_UNTRUSTED,	/* no authority that is trusted stands behind it */
	STS_MISSING,	/* the server has no such policy */
	STS_FAULTY,	/* it has one that nobody may use */
	STS_UNREACHED,	/* no connection, or no answer */
	STS_SEENS
};
extern const char *const sts_seen_names[STS_SEENS];	/* "" "sound" "expired" "name" "untrusted" "missing" "faulty" "unreached" */

/* What the texts at _mta-sts come to. SEVERAL, FAULTY: to a sender there is no policy. */
enum sts_said { STS_SAYS_NONE, STS_SAYS_RECORD, STS_SAYS_SEVERAL, STS_SAYS_FAULTY, STS_SAYS };
extern const char *const sts_said_names[STS_SAYS];	/* "none" "record" "several" "faulty" */
/* The texts are those that txt_about takes for such a record. */
enum sts_said	 sts_says(const struct str *texts, size_t n);

#define STS_POLICY_MOST	65536	/* bytes; RFC 8461 3.3 suggests a limit like this */

struct sts_policy { enum sts_mode mode; int64_t max_age; unsigned nmx; };
/* NULL: sound. Else what is wrong, as the end of "the policy ...". */
const char	*sts_policy_read(struct str body, struct sts_policy *out);
/* Is it text/plain, whatever stands behind it? */
bool		 sts_media_type(struct str content_type);

#endif
