/*
 * charset.h - the charsets that are read, by the names that mails and
 * documents call them.
 * Source:    IANA's character sets; what mail systems write.
 * Trust:     names are hostile and never reach iconv, which loads a module for
 *            each that it knows: what is not in the table is not known.
 * Units:     none.
 * Ownership: static.
 * Errors:    none.
 */
#ifndef BASE_CHARSET_H
#define BASE_CHARSET_H

#include "base/str.h"

/* Its name for iconv; NULL: not known. */
const char *charset_find(struct str name);
/* Loads the tables of all of them, once and for good: no file need be opened afterwards. */
void	 charset_load(void);

#endif
