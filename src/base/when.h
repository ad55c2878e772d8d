/*
 * when.h - time: seconds since the epoch, UTC, int64_t; days since the epoch.
 * Source:    RFC 3339 (text form), POSIX (the day count).
 * Trust:     text may be hostile; out-of-range dates are refused, never wrapped.
 * Units:     seconds, or whole UTC days (floor, also before 1970).
 * Ownership: callers give the buffers.
 * Errors:    false when the text is no such time.
 */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define WHEN_TEXT 32	/* enough for any form below */
#define DAY_SECONDS 86400

int64_t		 when_now(void);
int64_t		 when_mono_ms(void);		/* for deadlines */
int64_t		 when_cpu_ms(void);		/* what this process has computed so far */
int64_t		 when_day(int64_t t);
const char	*when_rfc3339(int64_t t, char out[WHEN_TEXT]);	/* 2026-05-01T00:00:00Z */
const char	*when_date(int64_t day, char out[WHEN_TEXT]);	/* 2026-05-01 */
bool		 when_parse_date(struct str, int64_t *day);
bool		 when_parse_rfc3339(struct str, int64_t *t);	/* date alone: midnight; no zone: UTC */

#endif
