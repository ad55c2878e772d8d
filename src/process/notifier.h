/*
 * notifier.h - the process that sends mail of ours when it is due, and
 * alerts.
 * Source:    design: the table of processes.
 * Trust:     the mail server and the webhook are strangers, the store holds
 *            strangers' names; it knows the password of that server and the
 *            secret of that webhook and nothing else.
 * Units:     seconds.
 * Ownership: the object belongs to the caller.
 * Errors:    NULL: out of memory. Exit codes: 0, 75.
 */
#ifndef PROCESS_NOTIFIER_H
#define PROCESS_NOTIFIER_H

#include <jansson.h>

#include "base/base.h"
#include "conf/conf.h"

/* password, secret NULL: there is none. */
json_t	*notifier_config(const struct conf *, const char *password, const char *secret);
/* Is there anything for it to do? */
bool	 notifier_wanted(const struct conf *);

#endif
