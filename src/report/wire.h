/*
 * wire.h - reports on their way from a decoder to the ingester: frames of
 * fields with fixed forms, never structs or pointers.
 * Source:    ours.
 * Trust:     a decoder may have been taken over by what it read. The receiver
 *            checks every length, enum, text and number again, and a bad
 *            frame ends that decoder, not the daemon.
 * Units:     as report.h.
 * Ownership: decoded texts point into the frame.
 * Errors:    -1 with *e (ERR_INPUT: the frame is bad).
 *
 * A frame is u32 length (of what follows, little endian), u8 type, body.
 * Integers are LEB128 varints, signed ones zigzag; a text is its length plus
 * one, then the bytes; 0 says absent.
 *
 * ROWS carries items: a combination (all of a row but address and count; its
 * bytes are its identity in the store) the first time it is met, numbered
 * from 0 in each report, and rows that name it by number. After WIRE_TABLE of
 * them the numbers begin anew.
 *
 * STARTED comes first, once: its text is empty when the decoder is locked in
 * and reads, else the sentence why it cannot be.
 */
#ifndef REPORT_WIRE_H
#define REPORT_WIRE_H

#include "report/report.h"

#define WIRE_MESSAGES(X)						\
	/* name          from      to        body at most   fd */	\
	X(LIMITS,        INGESTER, DECODER,  1024,          0)		\
	X(READ,          INGESTER, DECODER,  8192,          1)		\
	X(TRUST,         DECODER,  INGESTER, 1u << 16,      0)		\
	X(REPORT_BEGIN,  DECODER,  INGESTER, 1u << 21,      0)		\
	X(ROWS,          DECODER,  INGESTER, 1u << 25,      0)		\
	X(ROW_REFUSED,   DECODER,  INGESTER, 1024,          0)		\
	X(REPORT_END,    DECODER,  INGESTER, 1u << 15,      0)		\
	X(REPORT_DROP,   DECODER,  INGESTER, 0,             0)		\
	X(REFUSED,       DECODER,  INGESTER, 1024,          0)		\
	X(RAW,           DECODER,  INGESTER, 1u << 17,      0)		\
	X(DONE,          DECODER,  INGESTER, 8192,          0)		\
	X(STARTED,       DECODER,  INGESTER, 1024,          0)		\
	X(FAILURE,       DECODER,  INGESTER, 1u << 24,      0)		\
	X(TLS,           DECODER,  INGESTER, 1u << 25,      0)	/* report/wire_tls.h */

#define WIRE_ENUM(name, from, to, max, fd) WIRE_##name,
enum wire_type { WIRE_MESSAGES(WIRE_ENUM) WIRE_COUNT };
#undef WIRE_ENUM

#define WIRE_HEAD 5
#define WIRE_TABLE 4096		/* combinations of a report that are numbered at a time */

extern const uint32_t wire_max[WIRE_COUNT];

/* --- Writing --- */
size_t	 wire_open(struct buf *, enum wire_type);	/* returns the mark for wire_close */
void	 wire_close(struct buf *, size_t mark);
void	 wire_uint(struct buf *, uint64_t);
void	 wire_int(struct buf *, int64_t);
void	 wire_text(struct buf *, struct str);

void	 wire_put_header(struct buf *, unsigned payload, const struct report_header *);
void	 wire_put_combination(struct buf *, const struct report_record *);
void	 wire_put_refused(struct buf *, const struct report_refused *);
void	 wire_put_trailer(struct buf *, const struct report_trailer *);

/* --- Reading: a cursor whose error sticks, so one check at the end is enough --- */
struct wire {
	const unsigned char	*p, *end;
	bool			 bad;
};

uint64_t	 wire_get_uint(struct wire *);
int64_t		 wire_get_int(struct wire *);
uint64_t	 wire_get_below(struct wire *, uint64_t limit);	/* enums and counts: bad when not below */
struct str	 wire_get_text(struct wire *, size_t max);	/* valid UTF-8, no NUL, or bad */

int	 wire_get_header(struct wire *, unsigned *payload, struct report_header *, struct err *);
/* auths and reasons are the caller's arrays; *n in: their room. */
struct wire_row_room {
	struct report_auth	*dkim, *spf;
	struct report_reason	*reasons;
	size_t			 room;
};
int	 wire_get_combination(struct wire *, const struct wire_row_room *, struct report_record *, struct err *);
int	 wire_get_refused(struct wire *, struct report_refused *, struct err *);
int	 wire_get_trailer(struct wire *, struct report_trailer *, struct err *);

/* ROWS items. */
enum wire_item { WI_COMBINATION = 1, WI_ROW = 2, WI_RESTART = 3 };

#endif
