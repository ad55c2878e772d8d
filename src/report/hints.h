/*
 * hints.h - what the subject and the file name of a report mail tell.
 * Source:    RFC 7489 7.2.1.1; RFC 9990 3.5.2; forms seen in the field.
 * Trust:     hints only: never required, never preferred to the XML.
 * Units:     begin, end in seconds, UTC.
 * Ownership: results point into the argument.
 * Errors:    what is not there stays absent (0 for times).
 */
#ifndef REPORT_HINTS_H
#define REPORT_HINTS_H

#include "base/base.h"

struct hints {
	struct str	 domain, submitter, report_id;
	int64_t		 begin, end;
};

void	 hints_subject(struct str, struct hints *);	/* decoded, unfolded */
void	 hints_filename(struct str, struct hints *);

#endif
