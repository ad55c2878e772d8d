/*
 * wire_failure.h - one failure report in one frame of the wire (wire.h).
 * Source:    ours.
 * Trust:     as wire.h: the receiver checks everything again.
 * Units:     as failure.h.
 * Ownership: decoded texts point into the frame; results are the caller's array.
 * Errors:    -1 with *e (ERR_INPUT: the frame is bad).
 */
#ifndef REPORT_WIRE_FAILURE_H
#define REPORT_WIRE_FAILURE_H

#include "report/failure.h"
#include "report/wire.h"

void	 wire_put_failure(struct buf *, unsigned payload, const struct failure_report *);
/* room: how many results the array takes. */
int	 wire_get_failure(struct wire *, struct failure_result *, size_t room, unsigned *payload, struct failure_report *,
	    struct err *);

#endif
