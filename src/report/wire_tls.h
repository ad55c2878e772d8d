/*
 * wire_tls.h - TLS reports on their way from a decoder to the ingester: one
 * item of report/tls.h in each frame of type TLS.
 * Source:    ours.
 * Trust:     as wire.h: every length, enum, text and number is checked again.
 * Units:     as report/tls.h.
 * Ownership: decoded texts point into the frame, lists into the room.
 * Errors:    -1 with *e (ERR_INPUT: the frame is bad).
 */
#ifndef REPORT_WIRE_TLS_H
#define REPORT_WIRE_TLS_H

#include "report/tls.h"
#include "report/wire.h"

/* Lists of a policy; kept between items, so that most need no memory. */
struct wire_tls_room {
	struct str	*v;
	size_t		 n;
};

void	 wire_put_tls(struct buf *, const struct tls_item *);	/* a whole frame */
int	 wire_get_tls(struct wire *, struct wire_tls_room *, struct tls_item *, struct err *);
void	 wire_tls_room_free(struct wire_tls_room *);

#endif
