/*
 * mailbox.h - a mailbox on a server: hands over whole messages, then settles
 * each (keep, seen, move, delete) once the caller says that it is safe.
 * Source:    RFC 3501, 6851 (MOVE), 4315 (UIDPLUS), 1939, 2595, 8314.
 * Trust:     the server is hostile until TLS has shown who it is, and odd
 *            even then: libetpan may crash, so only a fetcher process comes here.
 * Units:     bytes, seconds.
 * Ownership: struct mailbox by mailbox_open/mailbox_close; strings handed to
 *            callbacks live for the call.
 * Errors:    -1 with *e: ERR_TEMP (try again), ERR_CONFIG (a person must act:
 *            wrong password, certificate, folder); the sentence names the
 *            mailbox, the cause and the remedy. No password is sent before
 *            the certificate is verified.
 */
#ifndef MAILBOX_MAILBOX_H
#define MAILBOX_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "conf/conf.h"

struct mailbox;

/* What the fetcher remembers between two looks; opaque text, kept by the caller. */
struct mailbox_state { struct buf text; };

/* Each callback that returns int returns 0, or -1 with *e set to end the run. */
struct mailbox_calls {
	/* how many messages will come, and their bytes if known (else 0) */
	int	(*planned)(void *ctx, uint64_t messages, uint64_t bytes, struct err *);
	int	(*begin)(void *ctx, uint64_t size_hint, struct err *);
	int	(*data)(void *ctx, const void *, size_t, struct err *);
	int	(*end)(void *ctx, struct err *);
	void	(*drop)(void *ctx);	/* what was begun breaks off here: forget it */
	/* this message will not come (too large, vanished): say why, go on */
	int	(*skip)(void *ctx, const char *what, const char *why, struct err *);
	/* something that a person should know: the folder was made anew, ... */
	void	(*notice)(void *ctx, const char *sentence);
	/*
	 * The messages that ended since the last call are a batch: begin to
	 * make it durable, in the background if that is quicker.
	 */
	int	(*batch)(void *ctx, struct err *);
	/*
	 * How many batches of this run are durable by now, in their order;
	 * with wait, not before at least that many are. Only then are their
	 * messages settled on the server and remembered in the state.
	 */
	int	(*durable)(void *ctx, uint64_t wait, uint64_t *batches, struct err *);
	/* the state has changed: keep it (atomically; a moment later will do) */
	int	(*remember)(void *ctx, const struct mailbox_state *, struct err *);
	bool	(*stop)(void *ctx);	/* asked between batches: true ends the run tidily */
};

/*
 * No connection yet. The password is copied (reconnects need it) and wiped by
 * mailbox_close. Sentences in *e read "mailbox NAME: cause; remedy: what to do".
 */
struct mailbox	*mailbox_open(const struct conf_mailbox *, const char *password, const struct limits *, struct err *);
/* One look: connects, hands over everything new in batches, settles, leaves. state is brought up to date. */
int		 mailbox_fetch(struct mailbox *, struct mailbox_state *state, const struct mailbox_calls *, void *ctx, struct err *);
void		 mailbox_cancel(struct mailbox *);	/* from a signal handler or a thread; it stays cancelled */
void		 mailbox_close(struct mailbox *);	/* NULL is fine */

#endif
