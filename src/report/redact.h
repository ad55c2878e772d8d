/*
 * redact.h - what a failure report tells about people, taken out of it.
 * Source:    RFC 6590 (why, and that what is left must not look real); RFC
 *            9991, "Privacy Considerations".
 * Trust:     hostile text; where it is not understood it is hidden.
 * Units:     bytes.
 * Ownership: new texts live in the arena.
 * Errors:    false: no memory; the report is then not to be used.
 *
 * The same function serves twice: before storing, as the setting redact says,
 * and with REDACT_ALL whenever a report is shown that nobody has revealed.
 */
#ifndef REPORT_REDACT_H
#define REPORT_REDACT_H

#include "report/failure.h"

enum redact {
	REDACT_NONE,
	REDACT_LOCAL_PARTS,	/* local parts and names beside addresses, wherever they stand */
	REDACT_ALL		/* also subjects, bodies, and all headers but harmless ones */
};
extern const char *const redact_names[];

#define REDACTED "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"	/* three dots in the middle of the line */

bool	 redact_failure(struct failure_report *, enum redact, struct arena *);
/* "alice@example.com" to "a•••@example.com", wherever one stands in the text. */
void	 redact_addresses(struct str, struct buf *out);
/* The value of an address field: its addresses, without names, parted by ", ". */
void	 redact_address_field(struct str, struct buf *out);

#endif
