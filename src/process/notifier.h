/*
 * notifier.h - the process that sends mail of ours when it is due.
 * Source:    design: the table of processes.
 * Trust:     the mail server is a stranger, the store holds strangers' names;
 *            it knows the password of that server and nothing else.
 * Units:     seconds.
 * Ownership: the object belongs to the caller.
 * Errors:    NULL: out of memory. Exit codes: 0, 75.
 */
#ifndef PROCESS_NOTIFIER_H
#define PROCESS_NOTIFIER_H

#include <jansson.h>

#include "base/base.h"
#include "conf/conf.h"

/* password NULL: there is none. */
json_t	*notifier_config(const struct conf *, const char *password);
/* Is there anything for it to do? */
bool	 notifier_wanted(const struct conf *);

#endif
