/*
 * trust.h - what the header of a mail says of its origin, on its way from a
 * decoder to the ingester.
 * Source:    ours; dmarc/trust.h says what it is.
 * Trust:     the receiver checks every number, length and name again.
 * Units:     bytes.
 * Ownership: decoded texts point into the frame.
 * Errors:    trust_get: -1 with *e (ERR_INPUT: the frame is bad).
 */
#ifndef PROCESS_TRUST_H
#define PROCESS_TRUST_H

#include <jansson.h>

#include "decode/message.h"
#include "dmarc/trust.h"
#include "report/wire.h"

/* A frame TRUST; none where the header holds no Authentication-Results. */
void	 trust_put(struct buf *, const struct message *);
int	 trust_get(struct wire *, struct trust_trace *, struct err *);

/* The settings on their way to the ingester. */
json_t	*trust_to_json(const struct trust_settings *);	/* NULL without memory */
void	 trust_from_json(const json_t *, struct trust_settings *);
void	 trust_settings_clear(struct trust_settings *);

/* A decision that outlives its frame. */
struct trust_kept {
	struct trust_mail	 mail;
	char			 text[2 * DOMAIN_MAX + TRUST_TEXT];
};
void	 trust_keep(struct trust_kept *, const struct trust_mail *);

#endif
