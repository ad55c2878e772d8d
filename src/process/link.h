/*
 * link.h - messages between a role and its parent: a small JSON object each,
 * with a length in front; for what is rare (configuration, status, orders).
 * Report data travels in the wire form (report/wire.h), never here.
 * Source:    ours.
 * Trust:     both sides check; at most LINK_MAX bytes.
 * Units:     bytes.
 * Ownership: link_recv's object belongs to the caller (json_decref).
 * Errors:    -1 with *e; 0 from link_recv means the other side has gone.
 */
#ifndef PROCESS_LINK_H
#define PROCESS_LINK_H

#include <jansson.h>

#include "base/base.h"

#define LINK_MAX (1u << 20)

int	 link_send(int sock, const json_t *, int fd, struct err *);	/* fd -1: none */
int	 link_recv(int sock, json_t **out, int *fd, struct err *);	/* 1, 0 at the end, -1 */

#endif
