/*
 * tls.h - the model of an SMTP TLS report, and the stream of items it is
 * handed on as, so that memory does not grow with the report.
 * Source:    RFC 8460 section 4; RFC 8461 (the policy lines), RFC 6698 (TLSA).
 * Trust:     every string is the sender's, made valid UTF-8 without control
 *            bytes and trimmed by the reader, nothing else; enums are checked.
 * Units:     begin, end in seconds since the epoch, UTC; counts in sessions.
 * Ownership: strings live for the call.
 * Errors:    a taker of items returns 0, or -1 with *e set.
 *
 * The members of a report come in any order, so what belongs to the whole
 * comes last: BEGIN, then for each element of "policies" its DETAILs (and
 * REFUSED ones) and its POLICY, then END. FORGET takes back the details of
 * the element under way: the member stood there twice, and the last one counts.
 */
#ifndef REPORT_TLS_H
#define REPORT_TLS_H

#include "base/base.h"
#include "report/report.h"

/* The numbers of all enums here stand in the store: add at the end only. */
enum tls_policy_type { TLS_NO_POLICY, TLS_STS, TLS_TLSA, TLS_TYPE_OTHER, TLS_TYPES };

/* X(NAME, "result-type") in the order of RFC 8460 4.3. */
#define TLS_RESULTS(X)						\
	X(STARTTLS,       "starttls-not-supported")		\
	X(HOST_MISMATCH,  "certificate-host-mismatch")		\
	X(EXPIRED,        "certificate-expired")		\
	X(NOT_TRUSTED,    "certificate-not-trusted")		\
	X(VALIDATION,     "validation-failure")			\
	X(TLSA_INVALID,   "tlsa-invalid")			\
	X(DNSSEC_INVALID, "dnssec-invalid")			\
	X(DANE_REQUIRED,  "dane-required")			\
	X(STS_FETCH,      "sts-policy-fetch-error")		\
	X(STS_INVALID,    "sts-policy-invalid")			\
	X(STS_WEBPKI,     "sts-webpki-invalid")			\
	X(OTHER,          "other")
#define TLS_RESULT_ENUM(id, word) TLS_RESULT_##id,
enum tls_result { TLS_RESULTS(TLS_RESULT_ENUM) TLS_RESULT_COUNT };
#undef TLS_RESULT_ENUM

extern const char *const tls_type_names[TLS_TYPES];		/* "no-policy-found", "sts", "tlsa", "other" */
extern const char *const tls_result_names[TLS_RESULT_COUNT];

/*
 * Deviations that were accepted, with the sentence shown to people. A set of
 * its own: the bits stand in the store beside TLS reports only.
 */
#define TLS_QUIRKS(X)											\
	X(BOM,            "byte-order-mark",    "There is a byte order mark in front of the document.")	\
	X(TRAILING,       "trailing-junk",      "There are NUL bytes behind the document.")		\
	X(ENCODING,       "encoding",           "Bytes that are no UTF-8, or that no text holds, were replaced.")	\
	X(TWICE,          "repeated-member",    "A member stands twice in one object; the last one counts.")	\
	X(UNKNOWN_MEMBER, "unknown-member",     "The report has members that the standard does not know; they were skipped.") \
	X(ALIAS,          "old-name",           "A member goes by the name of an old draft.")		\
	X(ORG_DERIVED,    "org-derived",        "organization-name is missing; the name was derived.")	\
	X(ID_DERIVED,     "id-derived",         "report-id is missing; it was derived.")		\
	X(NO_CONTACT,     "no-contact",         "contact-info is missing.")				\
	X(TIME_FORM,      "time-form",          "A time is not written as UTC with whole seconds.")	\
	X(TIME_MS,        "time-ms",            "A time is in milliseconds.")				\
	X(TIME_SWAPPED,   "time-swapped",       "The start is after the end; they were swapped.")	\
	X(TIME_MIDNIGHT,  "time-midnight",      "The end is the next midnight and not the last second of the day.")	\
	X(TIME_LONG,      "time-long",          "The report covers more than 36 hours.")		\
	X(TIME_IMPLAUSIBLE, "time-implausible", "The period is before 2012 or in the future.")		\
	X(TIME_MISSING,   "time-missing",       "The date-range is missing or incomplete; it was derived.")	\
	X(NO_POLICIES,    "no-policies",        "The list of policies is empty: there is nothing to count.")	\
	X(POLICIES_FORM,  "policies-form",      "policies is not a list of objects.")			\
	X(TYPE_UNKNOWN,   "policy-type-word",   "A policy-type is missing or no word of the standard.")	\
	X(DOMAIN_DERIVED, "domain-derived",     "A policy-domain is missing; it was derived.")		\
	X(DOMAIN_FORM,    "domain-form",        "A policy-domain is written in an unusual form.")	\
	X(BAD_DOMAIN,     "bad-domain",         "A policy-domain is not a valid name.")			\
	X(STRING_FORM,    "policy-string-form", "policy-string is not a list with one line in each string.")	\
	X(NO_STRING,      "no-policy-string",   "A policy of type sts or tlsa has no policy-string.")	\
	X(MX_FORM,        "mx-host-form",       "mx-host is not a plain list of names.")		\
	X(COUNT_FORM,     "count-form",         "A count is not written as a plain number.")		\
	X(NO_SUCCESS,     "no-success-total",   "total-successful-session-count is missing and counts as 0.")	\
	X(NO_FAILURE,     "no-failure-total",   "total-failure-session-count is missing; the sum of the details stands in.")	\
	X(NO_COUNT,       "no-failed-count",    "A failure detail has no failed-session-count and adds nothing.")	\
	X(DISAGREE,       "totals-disagree",    "The details do not add up to total-failure-session-count; both are kept.")	\
	X(NO_DETAILS,     "no-details",         "Failures were counted, but no detail tells of them.")	\
	X(DETAILS_FORM,   "details-form",       "failure-details is not a list of objects.")		\
	X(RESULT_WORD,    "result-type-word",   "A result-type is missing or no word of the standard.")	\
	X(NO_ADDRESS,     "no-address",         "A failure detail has no sending-mta-ip.")		\
	X(BAD_ADDRESS,    "bad-address",        "An address is no IP address; it is kept as text.")	\
	X(ADDRESS_FORM,   "address-form",       "An address is written in an unusual form.")		\
	X(NO_PLACE,       "no-place",           "A failure detail names neither an MX nor an address.")	\
	X(CASE_FOLDED,    "case-folded",        "Words are written with capitals or blanks.")		\
	X(VALUE_TYPE,     "value-type",         "A value is of another type than the standard says.")	\
	X(REFUSED,        "refused",            "Policies or details were refused; the others count.")	\
	X(GZIP_TAIL,      "gzip-tail",          "There are bytes behind the end of the gzip stream.")	\
	X(BASE64_NOISE,   "base64-noise",       "The base64 text has stray characters or lacks padding.")	\
	X(BASE64_TWICE,   "base64-undeclared",  "The document is base64 that nothing in the mail declares.")	\
	X(NESTED,         "nested",             "Containers stand inside containers.")			\
	X(VERSIONS,       "versions",           "The report came again with other contents; the newest counts.") \
	X(COPY,           "copy",               "This is another program's copy of the report; the original would count instead.")

#define TLS_QUIRK_ENUM(id, name, text) TLSQ_##id##_BIT,
enum tls_quirk_bit { TLS_QUIRKS(TLS_QUIRK_ENUM) TLS_QUIRK_COUNT };
#undef TLS_QUIRK_ENUM
#define TLS_QUIRK_MASK(id, name, text) static const uint64_t TLSQ_##id __attribute__((unused)) = (uint64_t)1 << TLSQ_##id##_BIT;
TLS_QUIRKS(TLS_QUIRK_MASK)
#undef TLS_QUIRK_MASK

extern const char *const tls_quirk_names[TLS_QUIRK_COUNT];
extern const char *const tls_quirk_texts[TLS_QUIRK_COUNT];

/* Bits that mean: repaired or derived, beyond a mere note (report_state). */
#define TLSQ_REPAIRED (TLSQ_ENCODING | TLSQ_ORG_DERIVED | TLSQ_ID_DERIVED | TLSQ_TIME_MISSING | TLSQ_DOMAIN_DERIVED)

/* An address as written, and as an address where it is one. */
struct tls_address {
	struct str	 text;		/* absent or empty: there is none */
	unsigned char	 ip[16];
	unsigned	 len;		/* 4, 16, or 0: text is no address */
};

struct tls_detail {
	enum tls_result		 result;
	struct str		 word;		/* unknown results only */
	struct tls_address	 sending, receiving;
	struct str		 mx;		/* receiving-mx-hostname: lower case, no dot at the end */
	struct str		 helo;
	struct str		 info;		/* additional-information */
	struct str		 reason;	/* failure-reason-code */
	uint64_t		 count;
	uint64_t		 policy;	/* the place of its element in the report, from 1 */
	uint64_t		 seq;		/* its place in that element, from 1 */
};

struct tls_policy {
	enum tls_policy_type	 type;
	struct str		 word;		/* unknown types only */
	struct str		 domain;	/* normalised */
	bool			 domain_derived;
	const struct str	*lines;		/* policy-string, a line or record each */
	size_t			 nlines;
	const struct str	*mx;		/* mx-host, lower case, without "mx:" */
	size_t			 nmx;
	uint64_t		 success, failure;
	uint64_t		 ndetails, details;	/* how many count, and the sum of them */
	uint64_t		 seq;		/* its place in the report, from 1 */
};

struct tls_refused {		/* an element (detail 0) or a detail that did not count */
	uint64_t	 policy, detail, line;
	struct str	 reason;
};

struct tls_header {		/* at the end: all that belongs to the whole */
	struct str		 org_name, contact_info, report_id;
	struct str		 submitter;	/* who sent it, by the mail around it; may be absent */
	struct str		 domain;	/* what it is about when no element says so; may be absent */
	int64_t			 begin, end;
	uint64_t		 policies;	/* elements, refused ones too */
	uint64_t		 refused;
	uint64_t		 quirks;
	enum report_state	 state;
};

enum tls_item_kind { TLS_BEGIN, TLS_DETAIL, TLS_FORGET, TLS_POLICY, TLS_REFUSED, TLS_END, TLS_ITEM_KINDS };
struct tls_item {
	enum tls_item_kind	 kind;
	union {
		unsigned		 payload;	/* BEGIN: which document of the message; set on the wire */
		struct tls_detail	 detail;
		struct tls_policy	 policy;
		struct tls_refused	 refused;
		struct tls_header	 header;
	} u;
};
typedef int tls_take_fn(void *, const struct tls_item *, struct err *);

#endif
