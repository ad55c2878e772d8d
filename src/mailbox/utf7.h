/*
 * utf7.h - folder names as IMAP writes them.
 * Source:    RFC 3501 5.1.3, modified UTF-7.
 * Trust:     names from the server are hostile; names from the configuration
 *            are checked to be UTF-8.
 * Units:     bytes.
 * Ownership: output is added to the caller's buf.
 * Errors:    false: not UTF-8, not modified UTF-7, a control character, or no memory.
 */
#ifndef MAILBOX_UTF7_H
#define MAILBOX_UTF7_H

#include <stdbool.h>

#include "base/base.h"

bool	 utf7_encode(struct buf *, struct str utf8);
bool	 utf7_decode(struct buf *, struct str name);	/* to UTF-8 */

#endif
