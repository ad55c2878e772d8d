/*
 * value.h - the values of a report, each from text, with what was odd noted.
 * Source:    RFC 9990 section 3; the forms seen in the field by rule.
 * Trust:     hostile text, valid UTF-8.
 * Units:     as report.h.
 * Ownership: results point into the argument.
 * Errors:    see each; quirks are added to *q.
 */
#ifndef REPORT_VALUE_H
#define REPORT_VALUE_H

#include "report/report.h"

/* Seconds; fractions cut, milliseconds seen by size, ISO dates read. False: no time at all. */
bool		 value_time(struct str, int64_t *out, uint64_t *q);
/* 0; 1 when missing (*out 0); -1 when this is no count and the row must be refused. */
int		 value_count(struct str, uint64_t *out, uint64_t *q);
/* Length 4 or 16 in *len, or 0: it is no address and stays text. Mapped IPv4 becomes IPv4. */
void		 value_ip(struct str, unsigned char ip[16], unsigned *len, uint64_t *q);
enum disposition value_disposition(struct str, bool *known, uint64_t *q);
enum evaluated	 value_evaluated(struct str, bool *known, uint64_t *q);
/* *exact: the class says all that the text says. */
enum auth_result value_dkim_result(struct str, bool *exact, uint64_t *q);
enum auth_result value_spf_result(struct str, bool *exact, uint64_t *q);

#endif
