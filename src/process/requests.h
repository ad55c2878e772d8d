/*
 * requests.h - what people asked for on the Intake page, carried out by the
 * ingester: messages in quarantine are read once more, or thrown away.
 * Source:    files of spool/request.h.
 * Trust:     a request names a number; everything else is looked up.
 * Units:     none.
 * Ownership: everything is the caller's; not while it has a transaction open.
 * Errors:    -1 with *e: the store cannot go on. What is not done stays asked.
 */
#ifndef PROCESS_REQUESTS_H
#define PROCESS_REQUESTS_H

#include "base/base.h"
#include "base/limits.h"
#include "spool/spool.h"
#include "store/store.h"

/* The number of requests that were there, or -1. */
int	 requests_run(const char *state_dir, struct spool *, struct store *, const struct limits *, struct err *);
/* At the start: another version may be able to read what the last one could not. */
int	 requests_after_upgrade(const char *state_dir, struct store *, struct err *);

#endif
