/*
 * requests.h - what became of what people asked for (process/request.h).
 * Source:    schema/0009-requests.sql.
 * Trust:     as store.h.
 * Units:     seconds since the epoch, UTC.
 * Ownership: none.
 * Errors:    -1 with *e as in store.h.
 */
#ifndef STORE_REQUESTS_H
#define STORE_REQUESTS_H

#include "base/base.h"

struct store;

/* The numbers stand in the store. */
enum request_kind { REQUEST_RETRY, REQUEST_DISCARD, REQUEST_DECIDE, REQUEST_UNDO, REQUEST_TODO /* store/todo.h */, REQUEST_UPLOAD,
	REQUEST_PEOPLE /* auth/auth.h */, REQUEST_MUTE, REQUEST_KINDS };
extern const char *const request_words[REQUEST_KINDS];	/* retry, discard, decide, undo, todo, upload, people, mute */
enum request_result { REQUEST_DONE, REQUEST_REFUSED, REQUEST_STALE, REQUEST_RESULTS };
extern const char *const request_results[REQUEST_RESULTS];	/* done, refused, stale */

struct store_outcome {
	int64_t			 token;
	enum request_kind	 kind;
	const char		*who;		/* of store_outcome_put; not read back */
	int64_t			 asked, done;
	enum request_result	 result;
	unsigned		 n;		/* decisions taken, or taken back; reports that a file gave */
	char			 text[600];	/* why not; of an upload "RESULT REPORT WHY", REPORT - when there is none */
};

/* In the transaction that does it, or in one of its own. */
int	 store_outcome_put(struct store *, const struct store_outcome *, struct err *);
/* Readers may ask, too. 1; 0: it is not carried out, or that was long ago. */
int	 store_outcome_get(struct store *, int64_t token, struct store_outcome *, struct err *);

#endif
