/*
 * escape.h - one escaping function for each surface, used where text leaves us.
 * Source:    RFC 4180 (CSV); Unicode bidi controls (UAX 9).
 * Trust:     input is hostile: reports come from anybody.
 * Units:     bytes.
 * Ownership: output is added to the caller's buf.
 * Errors:    as buf.h: failed stays set.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"
#include "base/str.h"

/*
 * For terminals and log lines: control bytes, broken UTF-8, bidi controls and
 * line ends come out as \xNN or \u{NNNN}; everything else as it is.
 */
bool	 esc_text(struct buf *, struct str);
/*
 * One CSV cell: quoted when needed; a leading = + - @ TAB CR gets a ' first;
 * as for terminals, but tabs and line ends stay.
 */
bool	 esc_csv(struct buf *, struct str);
/*
 * A JSON string with its quotes: valid whatever the bytes, and safe on a
 * terminal: control and bidi characters as \uNNNN, broken UTF-8 as U+FFFD.
 */
bool	 esc_json(struct buf *, struct str);
/* Between tags and within quotes of XML and HTML: what means something there. Bytes that no document may hold are the caller's business. */
bool	 esc_xml(struct buf *, struct str);
/* As esc_text, into a fixed array, cut with "..." when too long; returns out. */
const char *esc_short(char *out, size_t size, struct str);

#endif
