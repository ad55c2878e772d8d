/*
 * room.h - what imap.c, pop3.c and mailbox.c share; nobody else includes it.
 * Source:    none.
 * Trust:     see mailbox.h.
 * Units:     bytes, seconds.
 * Ownership: the struct is mailbox.c's; stream lives for one connection.
 * Errors:    -1 with *e, without the mailbox's name: mailbox_fetch puts it in front.
 */
#ifndef MAILBOX_ROOM_H
#define MAILBOX_ROOM_H

#include "base/base.h"
#include "conf/conf.h"
#include "mailbox/mailbox.h"
#include "mailbox/stream.h"

#define BATCH_MESSAGES	100		/* round trips stop mattering; more only takes memory */
#define BATCH_BYTES	(4u << 20)
#define LARGE_MESSAGE	(1u << 20)	/* one per command, so that a hiccup costs one */
#define SLACK_BYTES	(64u << 10)	/* what an answer may hold beside the messages */
#define BATCH_DEPTH	4		/* batches on their way to the disk at most */
#define RECONNECTS	20		/* in one look; after that the back-off decides */

struct mailbox {
	const struct conf_mailbox	*conf;
	struct limits			 limits;
	char				*password;
	char				*account;	/* in the state: whose UIDs these are */
	int				 wake;		/* eventfd: cancelled */
	struct stream			*stream;
	const struct mailbox_calls	*calls;
	void				*ctx;
	bool				 open;		/* between begin and end */
	uint64_t			 bytes;		/* of that message so far */
	struct mailbox_state		*state;
};

int	 imap_look(struct mailbox *, struct err *);
int	 pop3_look(struct mailbox *, struct err *);

int	 mailbox_connect(struct mailbox *, mailstream **, struct err *);	/* TLS too, if implicit */
/* What the wire, or failing that the server, says went wrong with a command. */
int	 mailbox_failed(struct mailbox *, enum err_code, const char *doing, const char *answer,
	    const char *remedy, struct err *);
int	 message_data(struct mailbox *, const void *, size_t, struct err *);	/* 1: over the limit */
int	 message_end(struct mailbox *, struct err *);
void	 message_drop(struct mailbox *);
void	 mailbox_notice(struct mailbox *, const char *, ...) PRINTFLIKE(2, 3);
int	 mailbox_skip(struct mailbox *, const char *what, struct err *, const char *, ...) PRINTFLIKE(4, 5);
int	 mailbox_skip_large(struct mailbox *, const char *what, uint64_t size, struct err *);
int	 mailbox_remember(struct mailbox *, struct err *);
/* base64 of NUL user NUL password (RFC 4616); wipe it after use. */
bool	 mailbox_sasl_plain(const struct mailbox *, struct buf *);
void	 mailbox_wipe(struct buf *);

#endif
