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
 * With "tell":true in it {"op":"ended","id":N,"status":S} comes back when it
 * has ended: S as of waitpid(2), or -1 when the parent does not know.
 */
#ifndef PROCESS_DECODERS_H
#define PROCESS_DECODERS_H

#include <jansson.h>

#include "base/base.h"
#include "report/refusal.h"

#define DECODER_UNKNOWN (-1)		/* a status that nobody knows */
#define DECODER_NO_MEMORY 72		/* exit code: the memory that it may have is used up */
#define DECODER_UNFIT 75		/* exit code: it cannot be locked in, and read nothing */

struct decoder_handle {
	int	 fd;		/* -1: none */
	int64_t	 id;		/* the source's number for it */
};

struct decoder_source {
	int	(*get)(void *, struct decoder_handle *, struct err *);
	/* Its descriptor has been closed. tell: it ended by itself, and its status is asked for. */
	int	(*end)(void *, int64_t id, bool tell);
};

/* For the whole process, before the first is needed. NULL: we start them ourselves. */
void	 decoder_source_set(const struct decoder_source *, void *ctx);
int	 decoder_get(struct decoder_handle *, struct err *);
void	 decoder_end(struct decoder_handle *);	/* kills it; no handle is fine */
int	 decoder_ended(struct decoder_handle *);	/* for one whose end of the connection has closed: its status */
/*
 * Was it the decoder's own doing, a signal that it brought upon itself or an
 * exit? Then what it was reading is to blame, *code says how; false when it
 * was ended from outside, or nobody knows. how goes on after "the process
 * reading it".
 */
bool	 decoder_blame(int status, enum refusal *code, char *how, size_t size);

/* For sources that ask a parent. */
int	 decoder_ask(int link, struct err *);
void	 decoder_kill(int link, int64_t id, bool tell);
/* Is m what was to be told of this one? Then *status is set. */
bool	 decoder_told(const json_t *m, int64_t id, int *status);
/* Is m the answer? Then *out or *e is set, *fd taken, and *rv what get() returns. */
bool	 decoder_answer(const json_t *m, int *fd, struct decoder_handle *out, int *rv, struct err *e);

#endif
