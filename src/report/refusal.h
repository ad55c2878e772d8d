/*
 * refusal.h - why something could not be read, as a word for programs; the
 * sentence for people stands beside it in struct err.
 * Source:    ours; the words stand in the store and in the API: never rename.
 * Trust:     none needed.
 * Units:     line from 1 in the document, 0: unknown; e->byte, set behind it
 *            where it is known, counts from 1, too.
 * Ownership: static.
 * Errors:    refusal_set returns -1, as err_set does.
 */
#ifndef REPORT_REFUSAL_H
#define REPORT_REFUSAL_H

#include "base/base.h"

/* X(NAME, "word"): what a reader finds, then what only the ingester knows. */
#define REFUSALS(X)						\
	X(UNREADABLE,      "unreadable")			\
	X(OVER_LIMIT,      "over-limit")			\
	X(CUT_SHORT,       "cut-short")				\
	X(CHECKSUM,        "checksum")				\
	X(DAMAGED,         "damaged")				\
	X(DAMAGED_IN_TRANSIT, "damaged-in-transit")		\
	X(ENCRYPTED,       "encrypted")				\
	X(EMPTY_ARCHIVE,   "empty-archive")			\
	X(OUTLOOK_FILE,    "outlook-file")			\
	X(DTD,             "dtd")				\
	X(NOT_WELL_FORMED, "not-well-formed")			\
	X(NO_METADATA,     "no-metadata")			\
	X(NO_POLICY,       "no-policy")				\
	X(NO_DOMAIN,       "no-policy-domain")			\
	X(NO_DATES,        "no-date-range")			\
	X(NO_SOUND_ROW,    "no-sound-row")			\
	X(READ_ERROR,      "read-error")			\
	X(CRASHED,         "crashed")				\
	X(TOO_SLOW,        "too-slow")				\
	X(TLS_REPORT,      "tls-report")			\
	X(FAILURE_REPORT,  "failure-report")			\
	X(NOT_A_REPORT,    "not-a-report")			\
	X(EMPTY_REPORT,    "empty-report")

#define REFUSAL_ENUM(id, word) REFUSAL_##id,
enum refusal { REFUSALS(REFUSAL_ENUM) REFUSAL_COUNT };
#undef REFUSAL_ENUM

extern const char *const refusal_words[REFUSAL_COUNT];

/* err_set with a finer class: ERR_LIMIT for REFUSAL_OVER_LIMIT, else ERR_INPUT. */
int	 refusal_set(struct err *, enum refusal, unsigned line, const char *, ...) PRINTFLIKE(4, 5);
/* Of an error that may have been set without one. */
enum refusal refusal_of(const struct err *);

#endif
