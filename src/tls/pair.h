/*
 * pair.h - a certificate and its key: do they fit, and until when?
 * Source:    X.509 in PEM, the server's own first, then those above it.
 * Trust:     the operator's files; a certificate alone may be anybody's.
 * Units:     seconds since the epoch.
 * Ownership: the caller's; nothing is kept.
 * Errors:    -1 with *e (ERR_CONFIG): a sentence without the names of files.
 *
 * (What speaks TLS to mail servers is mailbox/stream.c; what serves it is
 * libmicrohttpd. Both are GnuTLS, too.)
 */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include "base/base.h"

enum tls_pair_file { TLS_PAIR_CERTIFICATE, TLS_PAIR_KEY, TLS_PAIR_BOTH };

struct tls_pair {
	int64_t	 from, until;	/* of the server's own certificate */
};

/* which: the file that *e is about. */
int	 tls_pair_check(struct str certificate, struct str key, struct tls_pair *out, enum tls_pair_file *which, struct err *e);
/* From when until when the first certificate holds; false: there is none. */
bool	 tls_pair_times(struct str certificate, struct tls_pair *out);
/* Is it for this name? */
bool	 tls_pair_names(struct str certificate, const char *name);

#endif
