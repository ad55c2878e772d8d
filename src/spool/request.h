/*
 * request.h - what people ask of the ingester, which alone writes to the
 * store: a file for each in requests/, its name says all. Who asks may make
 * files there and nothing else; a request is carried out once it is seen, and
 * then its file goes.
 * Source:    ours: "ID.retry", "ID.discard".
 * Trust:     names are checked; what is in the files is not looked at.
 * Units:     seconds since the epoch, UTC.
 * Ownership: lists by free().
 * Errors:    -1 with *e (ERR_TEMP).
 */
#ifndef SPOOL_REQUEST_H
#define SPOOL_REQUEST_H

#include "base/base.h"

enum request_kind { REQUEST_RETRY, REQUEST_DISCARD, REQUEST_KINDS };

extern const char *const request_words[REQUEST_KINDS];	/* retry, discard */

struct request_file { int64_t id; enum request_kind kind; int64_t asked; };

/* Asked before and not done yet is fine. */
int	 request_put(const char *state_dir, int64_t id, enum request_kind, struct err *);
/* In the order of their ids; at most max. */
int	 request_list(const char *state_dir, struct request_file **out, size_t *n, size_t max, struct err *);
int	 request_remove(const char *state_dir, int64_t id, enum request_kind, struct err *);

#endif
