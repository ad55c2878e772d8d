/*
 * decide.h - decisions about senders on their way from who may not write to
 * the store to the ingester: a file for each in requests/, which goes when it
 * has been carried out.
 * Source:    ours: "TOKEN.decide", JSON.
 * Trust:     the web server writes them: what is in a file is checked again,
 *            and one that makes no sense is thrown away with a line in the log.
 * Units:     seconds since the epoch, UTC.
 * Ownership: none.
 * Errors:    -1 with *e: ERR_TEMP (disk, busy database: it stays asked for),
 *            ERR_INPUT, ERR_CONFIG (decide_put: nothing was asked for).
 */
#ifndef PROCESS_DECIDE_H
#define PROCESS_DECIDE_H

#include "store/senders.h"

/* Asks for it; *undo is the name under which it can be taken back, even before it was done. */
int	 decide_put(const char *state_dir, const struct store_decision *, size_t n, const char *who, int64_t now, int64_t *undo,
	    struct err *);
int	 decide_put_undo(const char *state_dir, int64_t undo, struct err *);
/* Carries out all that was asked for, in the order in which it was; how many. */
int	 decide_run(const char *state_dir, struct store *, struct err *);

#endif
