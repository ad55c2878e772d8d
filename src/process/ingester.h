/*
 * ingester.h - what the ingester role is told.
 * Source:    ours; ingester_main is declared in process/role.h.
 * Trust:     from the parent.
 * Units:     none.
 * Ownership: the object is the caller's (json_decref).
 * Errors:    NULL without memory.
 *
 * It may be sent {"op":"stop"} and {"op":"drain"} (end when the spool is
 * empty); it sends {"op":"ready"}, {"op":"stored","messages":n,...},
 * {"op":"trouble"} and {"op":"locked"} (another process empties the spool),
 * and asks for decoders (process/decoders.h).
 */
#ifndef PROCESS_INGESTER_H
#define PROCESS_INGESTER_H

#include <jansson.h>

#include "conf/conf.h"

json_t	*ingester_config(const struct conf *);

#endif
