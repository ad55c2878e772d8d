/*
 * aggregate.h - the text of an aggregate report to a stream of records.
 * Source:    RFC 9990 section 3 and appendix A; RFC 7489 appendix C; draft
 *            schema 0.1. One tolerant reader for all three: elements go by
 *            local name and parent, order and namespaces do not matter.
 * Trust:     hostile input. No DTD, no entity but the five of XML, no I/O;
 *            depth, text, rows and results are bounded by struct limits.
 * Units:     begin, end in seconds since the epoch, UTC; count in messages.
 * Ownership: the reader owns what it hands to the sink, for the call.
 * Errors:    -1 with *e: ERR_INPUT with line, ERR_LIMIT with the limit's name.
 *            AGGREGATE_AGAIN: read the document again from its start in the
 *            mode given by aggregate_next_mode(); what the sink got of this
 *            report must be dropped.
 */
#ifndef REPORT_AGGREGATE_H
#define REPORT_AGGREGATE_H

#include "report/report.h"

#define AGGREGATE_AGAIN 1

struct aggregate;

/* What the mail around the report tells; used where the report itself is silent, with a quirk. */
struct report_hints {
	struct str	 filename, subject, from_domain;
};

enum aggregate_mode {
	AGG_PLAIN,	/* as it stands */
	AGG_RECODE,	/* bytes made UTF-8 first, what does not fit becomes U+FFFD; control bytes go */
	AGG_LATIN,	/* the same, but bytes that are no UTF-8 are read as windows-1252 */
	AGG_RECOVER	/* RECODE, and libxml2 may repair; accepted only where no value is touched */
};

struct aggregate *aggregate_new(const struct limits *, const struct report_hints *, const struct report_sink *, void *ctx);
/* Before each reading of the document; header_first: only collect the header in this pass. */
int	 aggregate_start(struct aggregate *, struct err *);
int	 aggregate_feed(struct aggregate *, const void *, size_t, struct err *);	/* 0, -1, AGGREGATE_AGAIN */
int	 aggregate_finish(struct aggregate *, struct err *);				/* the same */
/*
 * For people to look at rows that cannot count: a header that is missing is no
 * reason to give none. The domain is "invalid" then, and times are 0.
 */
void	 aggregate_salvage(struct aggregate *, bool on);
/* After AGGREGATE_AGAIN: true when begin was already given to the sink (drop that report). */
bool	 aggregate_had_begun(const struct aggregate *);
/* Was there a feedback element at all? If not, a document that failed was no report. */
bool	 aggregate_is_report(const struct aggregate *);
/* What is fed begins at that line of its document; until the next reset. */
void	 aggregate_lines_from(struct aggregate *, uint64_t line);
void	 aggregate_note(struct aggregate *, uint64_t quirks);	/* what was odd on the way here */
/* Another document: everything remembered of the last one goes. */
void	 aggregate_reset(struct aggregate *, const struct report_hints *);
void	 aggregate_free(struct aggregate *);	/* NULL is fine */
/* True when the first bytes may be a report at all: '<' after blanks or a BOM, or UTF-16. */
bool	 aggregate_looks_like(struct str head);

#endif
