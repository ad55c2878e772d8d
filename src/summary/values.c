/*
 * values.c - see values.h.
 */
#include <math.h>

#include "base/escape.h"
#include "base/when.h"
#include "store/query.h"
#include "summary/values.h"

void
values_set(json_t *o, const char *key, json_t *v, bool *ok)
{
	if (v == NULL || json_object_set_new(o, key, v) == -1)
		*ok = false;
}

void
values_add(json_t *list, json_t *v, bool *ok)
{
	if (v == NULL || json_array_append_new(list, v) == -1)
		*ok = false;
}

json_t *
values_str(struct str s)
{
	struct buf	 safe = { 0 };
	json_t		*j;

	if (s.p == NULL)
		return (json_null());
	if (str_utf8_ok(s) && memchr(s.p, '\0', s.len) == NULL)
		return (json_stringn(s.p, s.len));
	(void)esc_text(&safe, s);
	j = safe.failed ? NULL : json_stringn(safe.len == 0 ? "" : safe.p, safe.len);
	buf_free(&safe);
	return (j);
}

json_t *
values_rate(double v)
{
	return (isnan(v) ? json_null() : json_real(v));
}

json_t *
values_day(int64_t day)
{
	char	 text[WHEN_TEXT];

	return (day == DAY_NONE ? json_null() : json_string(when_date(day, text)));
}

json_t *
values_count(uint64_t n)
{
	return (json_integer((json_int_t)n));
}
