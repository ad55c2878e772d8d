/*
 * name.h - domain names as DMARC compares them.
 * Source:    RFC 9989 4.4; RFC 5891 (A-labels); RFC 1035 (lengths).
 * Trust:     anything may come in; out is valid UTF-8 if the input was.
 * Units:     bytes.
 * Ownership: the caller's buffer.
 * Errors:    the kind says what came in.
 */
#ifndef DMARC_NAME_H
#define DMARC_NAME_H

#include "base/base.h"

#define DOMAIN_MAX 253

enum name_kind {
	NAME_EMPTY,	/* nothing, or "<>" */
	NAME_DOMAIN,
	NAME_LITERAL,	/* [192.0.2.1]: never aligns */
	NAME_INVALID	/* kept as trimmed, lower-cased text; out holds it if it fits, else "" */
};

/*
 * White space, <>, the local part and one trailing dot go; U-labels become
 * A-labels; ASCII letters lower case. Returns the kind; out ends with a NUL,
 * *len is its length. *changed (may be NULL) tells whether more than white
 * space was changed.
 */
enum name_kind	 domain_normal(struct str in, char out[DOMAIN_MAX + 1], size_t *len, bool *changed);

/*
 * Can it stand in an address, a link or a question as it is? Letters in lower
 * or upper case, digits, dots, hyphens and underscores.
 */
bool		 domain_plain(struct str);

#endif
