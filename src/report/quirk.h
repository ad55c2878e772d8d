/*
 * quirk.h - deviations that were accepted, each with a name and the sentence
 * shown to people. The bit numbers stand in the store: add at the end only.
 * Source:    what really arrives; each is named in tests by the code of the
 *            rule it follows.
 * Trust:     none needed.
 * Units:     bit numbers below 64.
 * Ownership: static.
 * Errors:    none.
 */
#ifndef REPORT_QUIRK_H
#define REPORT_QUIRK_H

#include <stdint.h>

/* X(NAME, "name", "sentence") */
#define QUIRKS(X)											\
	X(RECOVERED,      "recovered",      "The XML was not well formed; it was repaired where no value was touched.")	\
	X(ENCODING,       "encoding",       "Bytes that do not fit the declared encoding were replaced.")	\
	X(NO_DECLARATION, "no-declaration", "The document has no XML declaration.")			\
	X(LEADING_JUNK,   "leading-junk",   "There was something in front of the document.")		\
	X(TRAILING_JUNK,  "trailing-junk",  "There was something behind the document.")			\
	X(WRAPPED,        "wrapped",        "The report stands inside another element.")		\
	X(UNKNOWN_ELEMENT, "unknown-element", "The report has elements that no standard knows; they were skipped.") \
	X(MIXED_NAMESPACE, "mixed-namespace", "Elements stand in different namespaces.")		\
	X(HEADER_LAST,    "header-last",    "Records stand before the metadata.")			\
	X(SECOND_POLICY,  "second-policy",  "There is more than one policy_published; the first counts.")	\
	X(REPEATED,       "repeated",       "An element stands twice where one is allowed; the first counts.")	\
	X(ORG_DERIVED,    "org-derived",    "org_name is missing; the name was derived.")		\
	X(ID_DERIVED,     "id-derived",     "report_id is missing; it was derived.")			\
	X(FROM_DERIVED,   "header-from-derived", "header_from is missing in a row; the policy domain stands in.") \
	X(DOMAIN_DERIVED, "domain-derived", "The policy domain is missing; it was derived.")		\
	X(TIME_FORM,      "time-form",      "A time is not written in whole seconds.")			\
	X(TIME_MS,        "time-ms",        "A time is in milliseconds.")				\
	X(TIME_SWAPPED,   "time-swapped",   "begin is after end; they were swapped.")			\
	X(TIME_EQUAL,     "time-equal",     "begin and end are the same.")				\
	X(TIME_LONG,      "time-long",      "The report covers more than 36 hours.")			\
	X(TIME_IMPLAUSIBLE, "time-implausible", "The period is before 2012 or in the future.")		\
	X(TIME_MISSING,   "time-missing",   "begin or end is missing; it was derived.")			\
	X(P_UNKNOWN,      "policy-word",    "A policy word is not one of the standard.")		\
	X(PCT_FORM,       "pct-form",       "pct is not a whole number from 0 to 100.")			\
	X(NO_ADDRESS,     "no-address",     "A row has no source_ip.")					\
	X(BAD_ADDRESS,    "bad-address",    "A source_ip is no address; it is kept as text.")		\
	X(ADDRESS_FORM,   "address-form",   "A source_ip is written in an unusual form.")		\
	X(COUNT_FORM,     "count-form",     "A count is written in an unusual form.")			\
	X(COUNT_MISSING,  "count-missing",  "A row has no count and adds nothing.")			\
	X(DISPOSITION_WORD, "disposition-word", "A disposition is missing or not a word of the standard.")	\
	X(EVALUATED_WORD, "evaluated-word", "policy_evaluated has a result that is neither pass nor fail.")	\
	X(RESULT_WORD,    "result-word",    "auth_results has a result that no standard knows.")	\
	X(RESULT_ALIAS,   "result-alias",   "auth_results has an old or unusual word for a result.")	\
	X(REASON_TEXT,    "reason-text",    "A reason is plain text.")					\
	X(IDENTITIES,     "identities",     "identifiers is called identities.")			\
	X(DOMAIN_FORM,    "domain-form",    "A domain is written in an unusual form.")			\
	X(BAD_DOMAIN,     "bad-domain",     "A domain is not a valid name.")				\
	X(NO_RESULTS,     "no-results",     "A row has no auth_results.")				\
	X(EMPTY_REPORT,   "empty-report",   "The report has no rows.")					\
	X(ROW_REFUSED,    "row-refused",    "Rows were refused; the others count.")			\
	X(CASE_FOLDED,    "case-folded",    "Words are written with capitals or blanks.")		\
	X(GZIP_TAIL,      "gzip-tail",      "There are bytes behind the end of the gzip stream.")	\
	X(BASE64_NOISE,   "base64-noise",   "The base64 text has stray characters or lacks padding.")	\
	X(NESTED,         "nested",         "Containers stand inside containers.")			\
	X(OVERLAP,        "overlap",        "Another report of the same reporter covers part of the period.")	\
	X(VERSIONS,       "versions",       "The report came again with other contents; only one version counts.")	\
	X(NO_IDENTIFIERS, "no-identifiers", "A row has no identifiers.")				\
	X(NO_EVALUATED,   "no-evaluated",   "A row has no policy_evaluated.")				\
	X(STRAY_TEXT,     "stray-text",     "There is text between elements.")			\
	X(COPY,           "copy",           "This is another program's copy of the report, which had put defaults in and normalised values; the original would count instead.") \
	X(TIME_ZONE,      "time-zone",      "The copy's times name no zone; they were read as UTC, a whole day as the nearest UTC day.") \
	X(SPLIT_DAYS,     "split-days",     "The copy had divided the counts of a long report among its days.")

#define QUIRK_ENUM(id, name, text) QUIRK_##id##_BIT,
enum quirk_bit { QUIRKS(QUIRK_ENUM) QUIRK_COUNT };
#undef QUIRK_ENUM
#define QUIRK_MASK(id, name, text) static const uint64_t QUIRK_##id __attribute__((unused)) = (uint64_t)1 << QUIRK_##id##_BIT;
QUIRKS(QUIRK_MASK)
#undef QUIRK_MASK

extern const char *const quirk_names[QUIRK_COUNT];
extern const char *const quirk_texts[QUIRK_COUNT];

/* Bits that mean: repaired or derived, beyond a mere note (report_state). */
#define QUIRKS_REPAIRED (QUIRK_RECOVERED | QUIRK_ENCODING | QUIRK_ORG_DERIVED | QUIRK_ID_DERIVED |	\
    QUIRK_DOMAIN_DERIVED | QUIRK_TIME_MISSING)

#endif
