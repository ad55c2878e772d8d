/*
 * failure.h - what a failure report comes to: the facts behind its fields, the
 * results of its Authentication-Results, and which identifiers aligned.
 * Source:    RFC 9991; RFC 6591; RFC 8601; the order of sources for each fact
 *            is that of the tests' table.
 * Trust:     hostile: the reporter's text, and the sample is anybody's.
 * Units:     as report/failure.h.
 * Ownership: what is added lives in the arena that is handed in.
 * Errors:    -1 with *e (ERR_TEMP: no memory). What cannot be read is a quirk.
 */
#ifndef DMARC_FAILURE_H
#define DMARC_FAILURE_H

#include "dmarc/dmarc.h"
#include "report/failure.h"

#define FAILURE_RESULTS 64	/* of all Authentication-Results together */

/* In the decoder: sets results, header_from, ip, arrived and where they are from. Needs no Public Suffix List. */
int	 failure_facts(struct failure_report *, struct arena *, struct err *);

/*
 * The verdict: what the receiver says the DMARC result was, and beside it
 * which identifiers aligned, recomputed. A failure report does not prove that
 * DMARC failed: one may be asked for whenever SPF or DKIM alone failed (fo=1,
 * d, s).
 */
enum failure_said { SAID_NOTHING, SAID_PASS, SAID_FAIL, SAID_NONE, SAID_ERROR, SAIDS };
enum failure_aligned { ALIGNED_UNKNOWN, ALIGNED_YES, ALIGNED_NO, ALIGNEDS };
extern const char *const failure_said_names[SAIDS];
extern const char *const failure_aligned_names[ALIGNEDS];

struct failure_verdict {
	enum failure_said	 said;		/* dmarc= of Authentication-Results */
	enum failure_aligned	 spf, dkim;	/* recomputed, or as Identity-Alignment lists it */
	enum failure_aligned	 pass;		/* either of them is aligned */
	enum failure_aligned	 result;	/* as said; as computed where nothing was said */
	bool			 differs;	/* what was said and what is computed are not the same */
	enum auth_result	 spf_result, dkim_result;
	struct str		 spf_domain, dkim_domain, dkim_selector;	/* behind these; may be absent */
	unsigned		 code;		/* as of a row with such results; 0: there are none to judge */
};

/* The policy is the domain's newest that is known, or all absent: then relaxed. Pure; dmarc_init() was called. */
void	 failure_judge(const struct failure_report *, const struct report_policy *, struct failure_verdict *out);
/* The verdict in a sentence, for people; static. */
const char *failure_sentence(const struct failure_report *, const struct failure_verdict *);

#endif
