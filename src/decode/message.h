/*
 * message.h - a mail to its leaves, as a stream: headers that matter, then
 * the decoded bytes of each part, one after another.
 * Source:    RFC 5322, 2045, 2046, 2047, 2231, and what mail systems send.
 * Trust:     hostile. Iterative, bounded by struct limits (header_bytes,
 *            mime_depth, mime_parts); no header is required.
 * Units:     bytes.
 * Ownership: what a sink is given lives for the call; headers of the message
 *            itself until message_free.
 * Errors:    -1 with *e: ERR_LIMIT with the limit's name, or the sink's own.
 */
#ifndef DECODE_MESSAGE_H
#define DECODE_MESSAGE_H

#include "base/base.h"
#include "base/limits.h"

struct mime_part {
	struct str	 type;		/* lower case "application/gzip", "" when missing */
	struct str	 filename;	/* decoded, for display and hints only */
	bool		 attached_mail;	/* message/rfc822 in a transfer encoding: the leaf is a mail itself */
	bool		 encoded;	/* it has a transfer encoding that changes bytes */
	bool		 feedback;	/* directly in a multipart/report of report-type feedback-report */
	unsigned	 mail;		/* which mail it belongs to: 0 the outermost, else one that was entered */
};

struct mime_sink {
	/* *want false: the bytes of this part are not needed */
	int	(*begin)(void *, const struct mime_part *, bool *want, struct err *);
	int	(*data)(void *, const void *, size_t, struct err *);
	int	(*end)(void *, struct err *);
	/*
	 * A message/rfc822 begins: *in false makes it a leaf, of which nothing is
	 * looked at. NULL: all are entered.
	 */
	int	(*enter)(void *, const struct mime_part *, bool *in, struct err *);
};

/* Header fields of one mail, decoded to UTF-8; absent when missing. */
struct mail_fields { struct str from, to, subject, date; };

struct message;

struct message	*message_new(const struct limits *, const struct mime_sink *, void *ctx, unsigned depth);
int		 message_feed(struct message *, const void *, size_t, struct err *);
int		 message_finish(struct message *, struct err *);
void		 message_free(struct message *);		/* NULL is fine */
void		 message_reset(struct message *);
/* The same for a mail that is the leaf which outer is giving out: its depth counts on. */
void		 message_reset_within(struct message *, const struct message *outer);
/* Of the outermost message; decoded to UTF-8; absent when missing. */
struct str	 message_from(const struct message *);
struct str	 message_subject(const struct message *);
/* Of the mail that the part under way belongs to. */
struct mail_fields message_fields(const struct message *);
/*
 * From, Received and Authentication-Results of the outermost header, from the
 * top, as they stand there but unfolded: values, undecoded. The first
 * MESSAGE_TRACE of them; false: there is no such one.
 */
enum message_field { FIELD_FROM, FIELD_RECEIVED, FIELD_RESULTS };
#define MESSAGE_TRACE 64
bool		 message_trace(const struct message *, size_t i, enum message_field *, struct str *value);
/* TLS-Report-Domain and TLS-Report-Submitter, of whatever header had them last. */
struct str	 message_tls_domain(const struct message *);
struct str	 message_tls_submitter(const struct message *);
bool		 message_noise(const struct message *);	/* base64 had stray characters */
/* True when the first bytes look like a mail: a header field, or "From " of an mbox. */
bool		 message_looks_like(struct str head);
/* RFC 2047 words to UTF-8; never fails, never longer than max. */
void		 message_decode_words(struct str, size_t max, struct buf *out);

#endif
