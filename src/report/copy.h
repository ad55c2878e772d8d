/*
 * copy.h - reports as parsedmarc wrote them down, for those who bring their
 * history along: its JSON (a report, a list of them, one a line, or the object
 * of lists that it prints) and its CSV of aggregate reports.
 * Source:    its public documentation, "Sample outputs".
 * Trust:     hostile input. json_split.h cuts it, jansson reads each piece; a
 *            report is handed to its own reader (aggregate.h, tlsrpt.h,
 *            failure.h) in the form that the standard has for it, so that
 *            limits, refusals and quirks are those of originals. Memory does
 *            not grow with the document.
 * Units:     as report.h. Times without a zone: see copy_times.c.
 * Ownership: the readers are the caller's; hints and texts live for the call.
 * Errors:    -1 with *e: the document cannot be read any further (reports that
 *            ended before count). A report that is refused is a call.
 */
#ifndef REPORT_COPY_H
#define REPORT_COPY_H

#include "report/aggregate.h"
#include "report/failure.h"
#include "report/tlsrpt.h"

struct copy;

struct copy_calls {
	/* a report was read whole; of failure reports it is the call itself */
	void	(*read)(void *);
	int	(*failure)(void *, struct failure_report *, struct arena *, struct err *);
	/* one that could not be read, or what stood in its place; the others go on */
	int	(*refused)(void *, const struct err *why, struct err *);
	/* what came since begin is to be dropped */
	void	(*again)(void *);
};

enum copy_form { COPY_NONE, COPY_JSON, COPY_CSV };

/* By the beginning of a document: the name of its first member or column. */
enum copy_form	 copy_looks_like(struct str head);

struct copy	*copy_new(const struct limits *, struct aggregate *, struct tlsrpt *, void (*words)(struct str, size_t, struct buf *),
		    const struct copy_calls *, void *ctx);
void		 copy_start(struct copy *, enum copy_form);
int		 copy_feed(struct copy *, const void *, size_t, struct err *);
/* quirks of the way here: bits of aggregate reports. 1: there was no report in it. */
int		 copy_finish(struct copy *, struct err *);
void		 copy_note(struct copy *, uint64_t quirks);
bool		 copy_had_begun(const struct copy *);
bool		 copy_is_report(const struct copy *);	/* something in it was one, or began as one */
void		 copy_free(struct copy *);	/* NULL is fine */

#endif
