/*
 * bounce.h - what a mail server answered, or what it noted about a message,
 * taken apart: which refusal it is, and who and where it speaks of.
 * Source:    RFC 3463, RFC 7372, RFC 7505, RFC 8617, RFC 8689 (status codes),
 *            and the words that mail servers write beside them.
 * Trust:     hostile: people paste what strangers wrote. Time is bounded by
 *            the size of the text times the table; no recursion.
 * Units:     bytes.
 * Ownership: results lie in the arena; keys are constants.
 * Errors:    -1 with *e: ERR_LIMIT (longer than BOUNCE_BYTES), ERR_TEMP.
 *            Text that says nothing known is no error.
 */
#ifndef EXPLAIN_BOUNCE_H
#define EXPLAIN_BOUNCE_H

#include "base/base.h"
#include "report/report.h"

#define BOUNCE_BYTES ((size_t)65536)
#define BOUNCE_MATCHES 6
#define BOUNCE_NAMES 16
#define BOUNCE_SIGNATURES 8

struct bounce_match {
	const char	*key;		/* the messages bounce.KEY.title, .why, .do */
	struct str	 words;		/* hostile: what it was known by, on one line */
};

struct bounce {
	struct bounce_match	 matches[BOUNCE_MATCHES];	/* what says most stands first */
	size_t			 nmatches;
	bool			 temporary;	/* and nothing final beside it */
	/* Best guess first; addresses as text that inet_pton takes, names normalised. */
	struct str		 ips[BOUNCE_NAMES], names[BOUNCE_NAMES];
	size_t			 nips, nnames;
	/* Authentication-Results were among it, and told a From domain: as a row of a report would say it. */
	bool			 checked;
	struct report_policy	 policy;
	struct report_record	 record;
	struct report_auth	 dkim[BOUNCE_SIGNATURES], spf[2];
};

int	 bounce_read(struct arena *, struct str text, struct bounce *out, struct err *);

#endif
