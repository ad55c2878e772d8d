/*
 * who.h - when it is found out who the sources are: beside the intake, never
 * on its way. The daemon does it when nothing waits, and first of all at its
 * start; without one, the first command that is asked. store/senders.h does
 * the work.
 * Source:    ours.
 * Trust:     the configuration is the operator's.
 * Units:     milliseconds.
 * Ownership: struct who is the caller's; the configuration is only pointed to.
 * Errors:    -1 with *e as in store.h.
 */
#ifndef PROCESS_WHO_H
#define PROCESS_WHO_H

#include <jansson.h>

#include "store/senders.h"

struct conf;

struct who {
	const json_t	*senders;	/* the operator's own; NULL: none */
	bool		 looked;	/* at what an earlier run left */
	int64_t		 next;		/* not before, by the clock of when_mono_ms */
};

/* The operator's senders on their way to a role, and out of its configuration. */
json_t	*who_to_json(const struct conf *);	/* NULL without memory */
void	 who_config(struct who *, const json_t *config);
/*
 * To be called when there is nothing else to do: works for a moment. Returns
 * after how many ms it wants to be called again, 0: no need.
 */
int	 who_work(struct who *, struct store *, struct err *);
/* For a command that has stored reports beside the daemon, which is asked at any time: all of it. */
int	 who_now(const struct conf *, struct store *, struct err *);
/*
 * For a command that is asked about senders: what came since somebody looked.
 * The reader has no transaction; the store is opened once more to write.
 */
int	 who_asked(const struct conf *, const char *state, struct store *reader, struct err *);

#endif
