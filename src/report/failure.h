/*
 * failure.h - one failure report: a mail about a single message that did not
 * pass, or that somebody complained about.
 * Source:    RFC 9991, RFC 6591 and RFC 5965; RFC 6692 (Source-Port); what
 *            arrives instead, by the rules named in the tests.
 * Trust:     hostile: the reporter's text, and within it that of whoever sent
 *            the message reported. Texts are valid UTF-8 without NUL; nothing
 *            else is promised. The sample is never searched for reports.
 * Units:     seconds since the epoch, UTC; bytes.
 * Ownership: texts of a report live until the next failure_reset.
 * Errors:    failure_finish: 1 there is a report, 0 there is none, -1 with *e
 *            (ERR_TEMP). What is odd is a quirk, never an error.
 */
#ifndef REPORT_FAILURE_H
#define REPORT_FAILURE_H

#include "base/base.h"
#include "base/hash.h"
#include "base/limits.h"
#include "report/report.h"

/* X(NAME, "name", "sentence"): bits in failure_report.quirks; they stand in the store, add at the end only. */
#define FAILURE_QUIRKS(X)											\
	X(CONTAINER,      "container",      "The mail is not a multipart/report of type feedback-report.")	\
	X(PART_ENCODED,   "part-encoded",   "The machine-readable part came in a transfer encoding.")		\
	X(PART_SNIFFED,   "part-sniffed",   "The machine-readable part was known by its text, not by its type.")	\
	X(TEXT_ONLY,      "text-only",      "There is no machine-readable part; a notice in words was read.")	\
	X(UNPARSED,       "unparsed",       "Nothing in the notice could be read.")				\
	X(ENCODING,       "encoding",       "Bytes that are no text, or escaped line ends, were replaced.")	\
	X(TRAILING_JUNK,  "trailing-junk",  "There are lines that are no field.")				\
	X(REPEATED,       "repeated",       "A field stands twice where one is allowed; the first counts.")	\
	X(UNKNOWN_FIELD,  "unknown-field",  "There are fields that no standard knows; they were kept.")		\
	X(CUT,            "cut",            "The machine-readable part is larger than what is read of it.")	\
	X(SAMPLE_CUT,     "sample-cut",     "The headers of the sample are larger than what is kept of them.")	\
	X(NO_SAMPLE,      "no-sample",      "There is no sample of the message.")				\
	X(SAMPLE_TYPE,    "sample-type",    "The sample has a type that no standard names.")			\
	X(SAMPLE_FORM,    "sample-form",    "The sample does not begin with its headers.")			\
	X(TYPE_DERIVED,   "type-derived",   "Feedback-Type is missing; it was derived.")			\
	X(FAILURE_DERIVED, "auth-failure-derived", "Auth-Failure is missing; it was derived.")			\
	X(NO_VERSION,     "no-version",     "Version is missing.")						\
	X(NO_USER_AGENT,  "no-user-agent",  "User-Agent is missing.")						\
	X(NO_ALIGNMENT,   "no-identity-alignment", "Identity-Alignment is missing: that says nothing.")		\
	X(NO_RESULTS,     "no-results",     "Authentication-Results is missing.")				\
	X(NO_REPORTED_DOMAIN, "no-reported-domain", "Reported-Domain is missing.")				\
	X(NO_ARRIVAL,     "no-arrival-date", "Arrival-Date is missing; another time stands in.")		\
	X(ARRIVAL_FORM,   "arrival-form",   "Arrival-Date is not written as RFC 5322 wants it.")		\
	X(ARRIVAL_TWICE,  "arrival-twice",  "Arrival-Date and Received-Date stand side by side; the first counts.")	\
	X(NO_SOURCE,      "no-source-ip",   "Source-IP is missing or no public address.")			\
	X(SOURCE_FORM,    "source-form",    "Source-IP holds more than an address.")				\
	X(SOURCE_DERIVED, "source-derived", "The address of the sender was taken from another place.")		\
	X(FROM_DERIVED,   "from-derived",   "The From domain was not taken from the sample.")			\
	X(RCPT_LIST,      "rcpt-list",      "Several recipients stand in one field.")				\
	X(DELIVERY_WORD,  "delivery-word",  "Delivery-Result is not a word of the standard.")			\
	X(CONTRADICTION,  "contradiction",  "Identity-Alignment and the DMARC result contradict each other; the result counts.") \
	X(RESULT_GRAMMAR, "result-grammar", "Authentication-Results could only be read in part.")		\
	X(LOOP,           "loop",           "The sample is itself a report, or was sent by the address that this report came to.")	\
	X(REDACTED_CANONICAL, "redacted-canonical", "DKIM-Canonicalized fields stand beside a redacted sample: they are not reliable.") \
	X(COUNT_FORM,     "incidents-form", "Incidents is no number; it was read as 1.") \
	X(COPY,           "copy",           "This is another program's copy of the report; the original would take its place.")

#define FAILURE_QUIRK_ENUM(id, name, text) FQ_##id##_BIT,
enum failure_quirk_bit { FAILURE_QUIRKS(FAILURE_QUIRK_ENUM) FQ_COUNT };
#undef FAILURE_QUIRK_ENUM
#define FAILURE_QUIRK_MASK(id, name, text) static const uint64_t FQ_##id __attribute__((unused)) = (uint64_t)1 << FQ_##id##_BIT;
FAILURE_QUIRKS(FAILURE_QUIRK_MASK)
#undef FAILURE_QUIRK_MASK

extern const char *const failure_quirk_names[FQ_COUNT];
extern const char *const failure_quirk_texts[FQ_COUNT];

/*
 * How a text is shown or stored when privacy asks for it (report/redact.h):
 * PLAIN is no personal matter; MASK loses local parts;
 * ADDRESS is addresses and nothing else; DOMAINS keeps host names
 * only; HIDE goes; NAMES is a list of fields that keeps its names; HEADERS is
 * the sample's; BODY goes and is not stored unless bodies are kept.
 */
enum failure_privacy { FP_PLAIN, FP_MASK, FP_ADDRESS, FP_DOMAINS, FP_HIDE, FP_NAMES, FP_HEADERS, FP_BODY };

/*
 * X(NAME, column, label in the report, privacy, list). A list has one value a
 * line. The names are columns of the store and keys of the API.
 */
#define FAILURE_TEXTS(X)									\
	X(FEEDBACK_TYPE,  feedback_type,  "Feedback-Type",  FP_MASK, false)			\
	X(USER_AGENT,     user_agent,     "User-Agent",     FP_MASK, false)			\
	X(VERSION,        version,        "Version",        FP_MASK, false)			\
	X(AUTH_FAILURE,   auth_failure,   "Auth-Failure",   FP_MASK, false)			\
	X(AUTH_RESULTS,   authentication_results, "Authentication-Results", FP_HIDE, true)	\
	X(ALIGNMENT,      identity_alignment, "Identity-Alignment", FP_MASK, false)		\
	X(ENVELOPE_ID,    original_envelope_id, "Original-Envelope-Id", FP_HIDE, false)		\
	X(MAIL_FROM,      original_mail_from, "Original-Mail-From", FP_ADDRESS, false)		\
	X(RCPT_TO,        original_rcpt_to, "Original-Rcpt-To", FP_ADDRESS, true)			\
	X(ARRIVAL,        arrival_date,   "Arrival-Date",   FP_MASK, false)			\
	X(REPORTING_MTA,  reporting_mta,  "Reporting-MTA",  FP_MASK, false)			\
	X(SOURCE_IP,      source_ip,      "Source-IP",      FP_MASK, false)			\
	X(REPORTED_DOMAIN, reported_domain, "Reported-Domain", FP_MASK, true)			\
	X(REPORTED_URI,   reported_uri,   "Reported-URI",   FP_DOMAINS, true)			\
	X(DELIVERY,       delivery_result, "Delivery-Result", FP_MASK, false)			\
	X(DKIM_DOMAIN,    dkim_domain,    "DKIM-Domain",    FP_MASK, false)			\
	X(DKIM_IDENTITY,  dkim_identity,  "DKIM-Identity",  FP_ADDRESS, false)			\
	X(DKIM_SELECTOR,  dkim_selector,  "DKIM-Selector",  FP_MASK, false)			\
	X(CANONICAL_HEADER, dkim_canonicalized_header, "DKIM-Canonicalized-Header", FP_HIDE, false)	\
	X(CANONICAL_BODY, dkim_canonicalized_body, "DKIM-Canonicalized-Body", FP_BODY, false)	\
	X(SELECTOR_DNS,   dkim_selector_dns, "DKIM-Selector-DNS", FP_MASK, false)		\
	X(ADSP_DNS,       dkim_adsp_dns,  "DKIM-ADSP-DNS",  FP_MASK, false)			\
	X(SPF_DNS,        spf_dns,        "SPF-DNS",        FP_MASK, true)			\
	X(EXTRAS,         extras,         "",               FP_NAMES, true)			\
	X(NOTE,           note,           "",               FP_HIDE, false)			\
	X(HEADER_FROM,    header_from,    "",               FP_PLAIN, false)			\
	X(FROM,           sample_from,    "",               FP_ADDRESS, false)			\
	X(SUBJECT,        sample_subject, "",               FP_HIDE, false)			\
	X(MESSAGE_ID,     sample_message_id, "",            FP_MASK, false)			\
	X(DATE,           sample_date,    "",               FP_MASK, false)			\
	X(RETURN_PATH,    sample_return_path, "",           FP_ADDRESS, false)			\
	X(HEADERS,        sample_headers, "",               FP_HEADERS, false)			\
	X(BODY,           sample_body,    "",               FP_BODY, false)			\
	X(REPORT_FROM,    report_from,    "",               FP_ADDRESS, false)			\
	X(REPORT_SUBJECT, report_subject, "",               FP_HIDE, false)

#define FAILURE_TEXT_ENUM(id, column, label, privacy, list) FT_##id,
enum failure_text { FAILURE_TEXTS(FAILURE_TEXT_ENUM) FT_COUNT };
#undef FAILURE_TEXT_ENUM

struct failure_text_info {
	const char		*column, *label;
	enum failure_privacy	 privacy;
	bool			 list;
};
extern const struct failure_text_info failure_texts[FT_COUNT];

/* The numbers below stand in the store. */
enum failure_dialect { FAILURE_ARF, FAILURE_NOTICE, FAILURE_DIALECTS };
enum failure_class {
	FAILURE_AUTH,		/* Feedback-Type: auth-failure */
	FAILURE_OTHER,		/* a complaint or another kind: never counted as authentication failure */
	FAILURE_CLASSES
};
enum failure_delivery { DELIVERY_UNKNOWN, DELIVERY_DELIVERED, DELIVERY_SPAM, DELIVERY_POLICY, DELIVERY_REJECT, DELIVERY_OTHER, DELIVERIES };
enum failure_sample { SAMPLE_NONE, SAMPLE_HEADERS, SAMPLE_MESSAGE, SAMPLES };
/* Where a fact was taken from. */
enum failure_origin {
	FROM_NOWHERE, FROM_FIELD, FROM_SAMPLE, FROM_RESULTS, FROM_RECEIVED_SPF, FROM_TEXT, FROM_RECEIVED, FROM_REPORTED_DOMAIN,
	FROM_SUBJECT, FROM_REPORT_MAIL, FROM_ORIGINS
};
extern const char *const failure_dialect_names[FAILURE_DIALECTS];
extern const char *const failure_class_names[FAILURE_CLASSES];
extern const char *const failure_delivery_names[DELIVERIES];
extern const char *const failure_sample_names[SAMPLES];
extern const char *const failure_origin_names[FROM_ORIGINS];

/* One method's result, from Authentication-Results or from the fields that say the same. */
enum failure_method { METHOD_DMARC, METHOD_SPF, METHOD_DKIM, METHOD_ARC, METHOD_IPREV, METHODS };
extern const char *const failure_method_names[METHODS];
struct failure_result {
	enum failure_method	 method;
	enum auth_result	 result;
	struct str		 word;		/* as written, when the class does not say it */
	struct str		 domain;	/* normalised; dmarc: header.from, spf: smtp.mailfrom or helo, dkim: header.d */
	struct str		 what;		/* dkim: selector; spf: mfrom or helo */
	bool			 derived;	/* not from Authentication-Results */
};

struct failure_report {
	enum failure_dialect	 dialect;
	enum failure_class	 class;
	enum failure_delivery	 delivery;
	enum failure_sample	 sample;
	struct str		 t[FT_COUNT];	/* absent: p NULL */
	bool			 has_arrival;	/* Arrival-Date or Received-Date could be read */
	int64_t			 arrival;
	int64_t			 arrived;	/* the fact: arrival, or what stands in for it; 0: unknown */
	enum failure_origin	 arrived_from, ip_from, header_from_from, results_from;
	unsigned char		 ip[16];	/* the fact */
	unsigned		 ip_len;	/* 4, 16, or 0: unknown */
	unsigned		 source_port;	/* 0: unknown */
	uint64_t		 incidents;
	uint64_t		 body_bytes;	/* of the sample, all of it */
	bool			 has_hash, body_cut, redacted;
	uint8_t			 body_hash[HASH_SIZE], headers_hash[HASH_SIZE];	/* SHA-256 */
	const struct failure_result *results;
	size_t			 nresults;
	uint64_t		 quirks;
};

/* --- Collecting what a mail has ------------------------------------------------- */

struct failure;

/* words: RFC 2047 words of a header to UTF-8, at most max bytes. */
struct failure	*failure_new(const struct limits *, void (*words)(struct str, size_t max, struct buf *out));
void		 failure_free(struct failure *);	/* NULL is fine */
void		 failure_reset(struct failure *);
/* The report mail itself; any field may be absent; copied. */
struct failure_mail { struct str from, to, subject, date; };
void		 failure_begin(struct failure *, const struct failure_mail *);
void		 failure_quirk(struct failure *, uint64_t);
/* Bytes of the machine-readable part; past limits.failure_bytes they are dropped. */
void		 failure_fields(struct failure *, const void *, size_t);
/* Bytes of the text for people, of which only the beginning is looked at. */
void		 failure_words(struct failure *, const void *, size_t);
/* The sample; a second one is not looked at. */
void		 failure_sample_begin(struct failure *, enum failure_sample);
void		 failure_sample_data(struct failure *, const void *, size_t);
void		 failure_sample_end(struct failure *);
bool		 failure_has_fields(const struct failure *);
bool		 failure_has_sample(const struct failure *);
/* The words so far are a notice that stands for the machine-readable part. */
bool		 failure_is_notice(const struct failure *);

int		 failure_finish(struct failure *, struct failure_report *out, struct err *);
/* Memory for what is added to that report, which lives as long. */
struct arena	*failure_arena(struct failure *);

/* What a part is, by its first bytes. */
bool		 failure_looks_like_fields(struct str head);	/* "Feedback-Type:" begins a line of a header */
bool		 failure_begins_with_field(struct str head);	/* of any name; empty lines in front do not count */
bool		 failure_looks_like_notice(struct str head);
bool		 failure_type_of_sample(struct str type, enum failure_sample *);	/* any spelling of rfc822 */
/* Its words mean that sort of Delivery-Result. */
enum failure_delivery failure_delivery_of(struct str word);

/* One line of a list, from *rest; false at the end. */
bool		 failure_line(struct str *rest, struct str *line);
/* The last address of a From field with its local part: "" parts when there is none; false unless exactly one. */
bool		 failure_address(struct str field, struct str *local, struct str *domain);

#endif
