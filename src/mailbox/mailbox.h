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

/* Each callback returns 0, or -1 with *e set to end the run. */
struct mailbox_calls {
	/* how many messages will come, and their bytes if known (else 0) */
	int	(*planned)(void *ctx, uint64_t messages, uint64_t bytes, struct err *);
	int	(*begin)(void *ctx, uint64_t size_hint, struct err *);
	int	(*data)(void *ctx, const void *, size_t, struct err *);
	int	(*end)(void *ctx, struct err *);
	/* this message will not come (too large, vanished): say why, go on */
	int	(*skip)(void *ctx, const char *what, const char *why, struct err *);
	/*
	 * A batch is complete: make it durable. Only after 0 are its messages
	 * settled on the server and remembered in the state.
	 */
	int	(*durable)(void *ctx, struct err *);
	/* the state has changed: keep it (atomically) */
	int	(*remember)(void *ctx, const struct mailbox_state *, struct err *);
	bool	(*stop)(void *ctx);	/* asked between batches: true ends the run tidily */
};

struct mailbox	*mailbox_open(const struct conf_mailbox *, const char *password, const struct limits *, struct err *);
/* One look: everything new, in batches. state is read and brought up to date. */
int		 mailbox_fetch(struct mailbox *, struct mailbox_state *state, const struct mailbox_calls *, void *ctx, struct err *);
void		 mailbox_cancel(struct mailbox *);	/* from a signal handler or a thread */
void		 mailbox_close(struct mailbox *);	/* NULL is fine */

#endif
