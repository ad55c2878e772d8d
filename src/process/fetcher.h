/*
 * fetcher.h - the role that empties one mailbox into the spool.
 * Source:    ours; fetcher_main is declared in process/role.h.
 * Trust:     its configuration comes from the parent; the mail server is hostile.
 * Units:     seconds.
 * Ownership: the object belongs to the caller (json_decref); it holds the
 *            password, so wipe what it is sent with (link_send does).
 * Errors:    NULL without memory.
 *
 * The parent sends one configuration, then may send
 *	{"op":"fetch"}	look now, whatever the clock says
 *	{"op":"stop"}	end tidily; so does closing the link
 * With "once" the role sends {"op":"progress","planned":n,"bytes":b,"done":n,
 * "skipped":n} a few times a second and at the end {"op":"done","new":n,
 * "skipped":n,"error":sentence or null}; it exits with 0, 75 (try again) or 2
 * (configuration).
 */
#ifndef PROCESS_FETCHER_H
#define PROCESS_FETCHER_H

#include <jansson.h>
#include <stdbool.h>

#include "conf/conf.h"

#define FETCHER_TEMPORARY	75	/* EX_TEMPFAIL */
#define FETCHER_CONFIG		2

json_t	*fetcher_config(const struct conf *, const struct conf_mailbox *, const char *password, bool once);

#endif
