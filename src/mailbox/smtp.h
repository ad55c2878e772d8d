/*
 * smtp.h - one message handed over to a mail server for submission.
 * Source:    RFC 5321, RFC 6409 (submission), RFC 8314 (TLS for it), RFC 3207
 *            (STARTTLS), RFC 4954 (AUTH), RFC 4616 (PLAIN).
 * Trust:     the server is verified by its certificate; its words are shown
 *            escaped. Addresses must have gone through notify_address: what is
 *            none of that form is refused here, too, as it would be a command.
 * Units:     seconds; ports.
 * Ownership: nothing is kept.
 * Errors:    -1 with *e: ERR_TEMP (try later), ERR_CONFIG (a person must act:
 *            certificate, login, settings), ERR_INPUT (the server will never
 *            take this message, or not for this recipient).
 *
 * A message counts as handed over with the answer to its last line. Between
 * the two nobody can know: commit is called right before that line is sent, so
 * that a caller who is killed in between can see later how far it came.
 */
#ifndef MAILBOX_SMTP_H
#define MAILBOX_SMTP_H

#include "base/base.h"
#include "conf/conf.h"

struct smtp_conf {
	const char	*host;
	uint16_t	 port;
	enum conf_tls	 tls;		/* none: this machine only, and then no login */
	const char	*ca_file;	/* NULL: the system's */
	const char	*user, *password;	/* NULL: no login */
	int64_t		 timeout;
	int		 wake;		/* eventfd: readable means give up */
};

enum smtp_fate {
	SMTP_NOT_SENT,
	SMTP_SENT,
	SMTP_UNKNOWN	/* all was said, but the answer did not come */
};

int	 smtp_send(const struct smtp_conf *, const char *from, const char *to, struct str message,
	    int (*commit)(void *, struct err *), void *ctx, enum smtp_fate *, struct err *);

#endif
