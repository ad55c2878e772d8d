/*
 * recorder.h - a report sink that writes down all that it is told, as text: so
 * that two readings can be compared and a test can look for a piece.
 * Source:    report/report.h.
 * Trust:     checks what a sink may rely on: order of calls, valid UTF-8,
 *            trimmed values, enums and numbers in range. Aborts otherwise.
 * Units:     as report.h.
 * Ownership: recorder_free gives the text back.
 * Errors:    with fail_at, that call (from 1) returns -1 with ERR_TEMP.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include "report/aggregate.h"
#include "report/report.h"

struct recorder {
	struct buf	 text;
	size_t		 mark;		/* begin of the report under way */
	bool		 open;
	unsigned	 reports, begun, dropped;
	uint64_t	 rows, refused, sum;
	uint64_t	 quirks;	/* of the last whole report */
	unsigned	 calls, fail_at;
	bool		 quiet;		/* checks only, no text */
};

extern const struct report_sink	 recorder_sink;

void	 recorder_clear(struct recorder *);
void	 recorder_free(struct recorder *);
/*
 * One document through a reader, in pieces of so many bytes (0: at once), read
 * again as often as it asks for. As aggregate_finish.
 */
int	 recorder_read(struct recorder *, const struct limits *, const struct report_hints *, struct str doc, size_t piece,
	    struct err *);

#endif
