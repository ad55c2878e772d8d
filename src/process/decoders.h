/*
 * decoders.h - where decoder processes come from: started by ourselves (the
 * commands), or asked of the parent (a role that may start nothing).
 * Source:    ours.
 * Trust:     a decoder is believed nothing; a parent is.
 * Units:     none.
 * Ownership: a handle's descriptor is the holder's until decoder_end().
 * Errors:    -1 with *e (ERR_TEMP); then fd is -1.
 *
 * Between a role and its parent (process/link.h): {"op":"decoder"} asks for
 * one, and the answer has the same name, its number as "id" and the
 * descriptor with it, or "error" and none. {"op":"kill","id":N} ends it at
 * once, whatever it is doing; closing the descriptor lets it end by itself.
 */
#ifndef PROCESS_DECODERS_H
#define PROCESS_DECODERS_H

#include <jansson.h>

#include "base/base.h"

struct decoder_handle {
	int	 fd;		/* -1: none */
	int64_t	 id;		/* the source's number for it */
};

struct decoder_source {
	int	(*get)(void *, struct decoder_handle *, struct err *);
	void	(*end)(void *, int64_t id);	/* its descriptor has been closed */
};

/* For the whole process, before the first is needed. NULL: we start them ourselves. */
void	 decoder_source_set(const struct decoder_source *, void *ctx);
int	 decoder_get(struct decoder_handle *, struct err *);
void	 decoder_end(struct decoder_handle *);	/* kills it; no handle is fine */

/* For sources that ask a parent. */
int	 decoder_ask(int link, struct err *);
void	 decoder_kill(int link, int64_t id);
/* Is m the answer? Then *out or *e is set, *fd taken, and *rv what get() returns. */
bool	 decoder_answer(const json_t *m, int *fd, struct decoder_handle *out, int *rv, struct err *e);

#endif
