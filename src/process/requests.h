/*
 * requests.h - what people asked for (request.h), carried out by the ingester:
 * decisions about senders; messages in quarantine are read once more, or
 * thrown away; users, tokens and mutes are changed, which are files of ours
 * and not in the store.
 * Source:    files of request.h.
 * Trust:     what is asked is checked again; one that makes no sense is
 *            refused, which stands in the store as what became of it.
 * Units:     none.
 * Ownership: everything is the caller's; not while it has a transaction open.
 * Errors:    -1 with *e: the store cannot go on. What is not done stays asked.
 */
#ifndef PROCESS_REQUESTS_H
#define PROCESS_REQUESTS_H

#include "base/base.h"
#include "base/limits.h"
#include "process/request.h"
#include "spool/spool.h"
#include "store/store.h"

/*
 * Each is carried out in the transaction that writes down what became of it:
 * once, whenever the process is killed. Decisions come before what takes
 * longer. The number of requests that were there, or -1.
 */
int	 requests_run(const char *state_dir, struct spool *, struct store *, const struct limits *, struct err *);
/* At the start: another version may be able to read what the last one could not. */
int	 requests_after_upgrade(const char *state_dir, struct store *, struct err *);
/*
 * For a command that decides: asks, and sees to it that it is done, by the
 * daemon or, when none empties the spool, here. 1: *out is what became of it;
 * 0: the daemon has not come to it in time, it stays asked for.
 */
int	 requests_ask(const char *state_dir, struct asking *, struct store_outcome *out, struct err *);

#endif
