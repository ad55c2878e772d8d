/*
 * senders.h - senders in the store: the pass that finds out who sources are,
 * and what people decide about them. Reading is in query.h.
 * Source:    schema/0006-senders.sql; design, part 4.
 * Trust:     as store.h; notes are the operator's text.
 * Units:     times in seconds since the epoch, UTC; ms in milliseconds.
 * Ownership: the catalogue is the caller's and only read.
 * Errors:    -1 with *e as in store.h; ERR_INPUT: no such sender, domain or decision;
 *            ERR_CONFIG: what was asked for cannot be.
 */
#ifndef STORE_SENDERS_H
#define STORE_SENDERS_H

#include "enrich/catalogue.h"
#include "enrich/class.h"
#include "store/store.h"

#define SENDER_REST	1	/* id of background noise */

/*
 * Looks at everything that came in since the last time. Not within a
 * transaction: each domain is one. ms 0: until it is done, else no further
 * domain is begun after so long, and *more says that there are.
 */
int	 store_senders(struct store *, const struct catalogue *, int64_t ms, bool *more, struct err *);
int	 store_senders_due(struct store *, bool *due, struct err *);

/* What people decide. class -1: nothing any more, what is inferred holds again. */
struct store_decision {
	int64_t		 sender;
	struct str	 domain;	/* absent: every domain */
	int		 class;		/* enum sender_class */
	struct str	 note;		/* may be absent */
	int64_t		 seen;		/* the latest decision about it that who decides knows of; 0: none, DECISION_ANY: whatever was decided */
};
#define DECISIONS_MAX	500
#define DECISION_NOTE	500	/* bytes */
#define DECISION_ANY	(-1)
#define DECISION_STALE	1	/* err.detail with ERR_INPUT: there is a later decision than was seen */
/*
 * All of them or none; *undo names them together. In a transaction, which is
 * to be given up when this fails, or else one of its own. What is decided for
 * every domain is so for those, too, of which something else was said before.
 * One who has to say the name before it is done puts a large random number
 * there, else 0; what was done under that name already is not done again.
 */
int	 store_decide(struct store *, const struct store_decision *, size_t n, const char *who, int64_t now, int64_t *undo, struct err *);
/* Takes back what was decided under that name; what held before holds again. *n: how many. Transactions as above. */
int	 store_decision_undo(struct store *, int64_t undo, const char *who, int64_t now, unsigned *n, struct err *);

#endif
