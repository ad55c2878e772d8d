/*
 * intake.h - from a mailbox into the spool: one look's messages, made durable
 * by a thread of their own while the next ones arrive.
 * Source:    spool.h, mailbox.h.
 * Trust:     message contents are not looked at; words of servers in sentences
 *            were escaped by the mailbox room.
 * Units:     bytes, messages.
 * Ownership: intake_begin/intake_end for each look; the spool is the caller's.
 * Errors:    -1 with *e; after a failed write nothing more is called durable.
 */
#ifndef PROCESS_INTAKE_H
#define PROCESS_INTAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "mailbox/mailbox.h"
#include "spool/spool.h"

/* Read by another thread while the look goes on. */
struct intake_count {
	atomic_uint_fast64_t	 planned, planned_bytes;
	atomic_uint_fast64_t	 messages, bytes;	/* arrived */
	atomic_uint_fast64_t	 skipped;
};

struct intake;

extern const struct mailbox_calls intake_calls;	/* ctx is the struct intake */

/* state_path: where mailbox_calls.remember is to go. stop: true ends the look between batches. */
struct intake	*intake_begin(struct spool *, const char *origin, const char *state_path, struct intake_count *,
		    const atomic_bool *stop, struct err *);
/* Waits until all that was handed over is on the disk, the state too, and frees. */
int		 intake_end(struct intake *, struct err *);

#endif
