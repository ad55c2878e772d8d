/*
 * derive.h - reports once more, from the originals that were kept.
 * Source:    ours.
 * Trust:     originals are as hostile as they were: decoders read them.
 * Units:     bytes of originals.
 * Ownership: the list of originals stays the caller's; todo and known change.
 * Errors:    -1 with *e: the store cannot go on. What has been committed is
 *            whole: to be killed in between loses nothing.
 */
#ifndef PROCESS_DERIVE_H
#define PROCESS_DERIVE_H

#include "base/base.h"
#include "base/limits.h"
#include "store/store.h"

struct derive_counts {
	uint64_t	 messages, reports;	/* read again */
	uint64_t	 figures, verdicts, details, rows, fresh;	/* reports that changed, each in the first that fits */
	uint64_t	 unread;		/* reports that did not come out of their original any more */
	uint64_t	 gone;			/* reports without an original */
	uint64_t	 bytes;
};

struct derive_calls {
	void	(*changed)(void *, enum report_kind, int64_t report, unsigned how);	/* STORE_CHANGED_... */
	void	(*unread)(void *, enum report_kind, int64_t report, const char *why);
	void	(*progress)(void *, const struct derive_counts *);
};

/*
 * Reads every original that has todo set; it stays set for those in which
 * there was a report that nobody knows, to be read again with add.
 */
int	 derive_originals(struct store *, const struct limits *, unsigned decoders, struct store_originals *, bool add,
	    const struct derive_calls *, void *ctx, struct derive_counts *, struct err *);
/* In words, for people: "figures", "verdicts", ... the first that fits. */
const char *derive_word(unsigned how);
const char *derive_letter(enum report_kind);	/* that stands in front of its id */

#endif
