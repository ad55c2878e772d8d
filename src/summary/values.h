/*
 * values.h - values as JSON, for all that programs are told of a summary.
 * Source:    the API has the same forms.
 * Trust:     text is anybody's bytes; what is no UTF-8, or would end a string,
 *            is written as \xNN.
 * Units:     days since the epoch, UTC.
 * Ownership: a new reference each; values_set and values_add take theirs.
 * Errors:    NULL without memory; ok turns false then, and stays so.
 */
#ifndef SUMMARY_VALUES_H
#define SUMMARY_VALUES_H

#include <jansson.h>

#include "base/base.h"

void	 values_set(json_t *o, const char *key, json_t *, bool *ok);
void	 values_add(json_t *list, json_t *, bool *ok);
json_t	*values_str(struct str);		/* absent: null */
json_t	*values_rate(double);		/* none: null */
json_t	*values_day(int64_t day);	/* DAY_NONE: null */
json_t	*values_count(uint64_t);

#endif
