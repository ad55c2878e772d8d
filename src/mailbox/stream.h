/*
 * stream.h - a connection to a mail server: plain, then under TLS, with an end
 * to its patience. libetpan reads and writes through it; its own streams
 * verify no certificate, and know neither deadlines nor budgets.
 * Source:    RFC 8314 (TLS for mail), RFC 9525 (names in certificates).
 * Trust:     the network is hostile; the server too until stream_tls is done.
 * Units:     bytes, milliseconds on the monotonic clock.
 * Ownership: struct stream by stream_new/stream_free; the mailstream that
 *            stream_mailstream makes is libetpan's to close, before stream_free.
 * Errors:    -1 with *e (ERR_TEMP, ERR_CONFIG). After a failed libetpan call
 *            stream_explain says what happened on the wire, if anything did.
 */
#ifndef MAILBOX_STREAM_H
#define MAILBOX_STREAM_H

#include <libetpan/mailstream.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct stream;

struct stream_conf {
	const char	*host;
	uint16_t	 port;
	const char	*ca_file;	/* NULL: the system's */
	int		 wake;		/* eventfd: readable means give up, for good */
	int64_t		 idle_ms;	/* no progress for that long: give up */
};

struct stream	*stream_new(const struct stream_conf *, struct err *);	/* the strings must outlive it */
void		 stream_free(struct stream *);				/* NULL is fine */
int		 stream_connect(struct stream *, bool loopback_only, struct err *);
int		 stream_tls(struct stream *, struct err *);		/* shakes hands and verifies */
mailstream	*stream_mailstream(struct stream *, struct err *);
/*
 * A command begins: it may read at most budget bytes, of which about expect
 * are likely; the time it may take in all follows from these.
 */
void		 stream_command(struct stream *, uint64_t budget, uint64_t expect);
bool		 stream_broken(const struct stream *);	/* the connection is of no more use */
bool		 stream_over_budget(const struct stream *);
bool		 stream_cancelled(const struct stream *);
/* Sets *e to what broke the connection; false (and *e as it was) when nothing did. */
bool		 stream_explain(const struct stream *, struct err *);

#endif
