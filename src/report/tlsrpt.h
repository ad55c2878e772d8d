/*
 * tlsrpt.h - the text of an SMTP TLS report to a stream of items.
 * Source:    RFC 8460 section 4, its drafts, and what is seen in the field:
 *            one tolerant reader for all.
 * Trust:     hostile input. json_split.h cuts it, jansson reads each piece;
 *            depth, sizes, details and texts are bounded by struct limits, so
 *            that memory does not grow with the document.
 * Units:     begin, end in seconds since the epoch, UTC.
 * Ownership: the reader owns what it hands on, for the call.
 * Errors:    -1 with *e: ERR_INPUT with line and byte, ERR_LIMIT with the
 *            limit's name, or the taker's own. What was handed on since BEGIN
 *            must be dropped then.
 */
#ifndef REPORT_TLSRPT_H
#define REPORT_TLSRPT_H

#include "report/tls.h"

struct tlsrpt;

/* What the mail around the report tells; used where the report itself is silent, with a quirk. */
struct tls_hints {
	struct str	 filename, subject, from_domain;
	struct str	 domain, submitter;	/* the fields TLS-Report-Domain, TLS-Report-Submitter */
	bool		 declared;		/* its media type says that it is a TLS report */
};

struct tlsrpt	*tlsrpt_new(const struct limits *, tls_take_fn *, void *ctx);
int		 tlsrpt_start(struct tlsrpt *, const struct tls_hints *, struct err *);	/* the hints are copied */
/* What is fed begins at that line of its document. */
void		 tlsrpt_lines_from(struct tlsrpt *, uint64_t line);
int		 tlsrpt_feed(struct tlsrpt *, const void *, size_t, struct err *);
/* 1: it is sound JSON and no TLS report. */
int		 tlsrpt_finish(struct tlsrpt *, struct err *);
void		 tlsrpt_note(struct tlsrpt *, uint64_t quirks);	/* what was odd on the way here */
bool		 tlsrpt_had_begun(const struct tlsrpt *);	/* BEGIN was handed on */
/* After a failure: does it look like one? If not, nothing was lost. */
bool		 tlsrpt_is_report(const struct tlsrpt *);
void		 tlsrpt_free(struct tlsrpt *);	/* NULL is fine */

#endif
