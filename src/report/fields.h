/*
 * fields.h - header fields out of a block of text.
 * Source:    RFC 5322 2.2 (folding), 3.2.2 (comments); what is seen instead.
 * Trust:     hostile. Linear in the text; nothing is decoded.
 * Units:     bytes.
 * Ownership: names point into the text; a value is built in the caller's buf
 *            and lives until the next call.
 * Errors:    none: a line that is no field is told as one without a name.
 */
#ifndef REPORT_FIELDS_H
#define REPORT_FIELDS_H

#include "base/base.h"

struct field {
	struct str	 name;		/* without the colon; len 0: the line is no field */
	struct str	 value;		/* unfolded: blanks where lines were joined; trimmed */
};

/*
 * The next field of *rest, which moves on; false at the end or at the empty
 * line before a body (*rest then stands behind it).
 */
bool	 field_next(struct str *rest, struct buf *value, struct field *out);
/* "(...)" goes, also nested; quoted strings stay whole. Into out, trimmed. */
void	 field_uncomment(struct str, struct buf *out);
/* Up to the first blank, comma, semicolon or parenthesis. */
struct str field_token(struct str);
/* Does this look like the beginning of a field: "Name:"? */
bool	 field_begins(struct str line);
/*
 * Into out: valid UTF-8 without NUL; line ends as LF, also where they stand as
 * the four characters \r\n. *mended: something was replaced.
 */
void	 field_clean(struct str, struct buf *out, bool *mended);

#endif
