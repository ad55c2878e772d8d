/*
 * mail_date.h - the date of a mail header, as mail systems write it.
 * Source:    RFC 5322 3.3 and 4.3; ISO 8601; asctime(3); names of months in
 *            the languages that servers have been seen to write.
 * Trust:     hostile text; out-of-range values are refused, never wrapped.
 * Units:     seconds since the epoch, UTC.
 * Ownership: none.
 * Errors:    false: there is no date in it. *odd: read, but not of RFC 5322.
 */
#ifndef REPORT_MAIL_DATE_H
#define REPORT_MAIL_DATE_H

#include "base/base.h"

bool	 mail_date(struct str, int64_t *out, bool *odd);

#endif
