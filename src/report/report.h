/*
 * report.h - the model of an aggregate report, and the sink it is handed to
 * record by record, so that memory does not grow with the report.
 * Source:    RFC 9990 section 3 and appendix A; RFC 7489 appendix C; the
 *            draft schema 0.1 before it. One model for all three.
 * Trust:     every string is the sender's, made valid UTF-8 and trimmed by
 *            the reader, nothing else; enums are checked.
 * Units:     begin, end in seconds since the epoch, UTC; count in messages.
 * Ownership: strings live for the call of the sink.
 * Errors:    a sink returns 0, or -1 with *e set: the reader stops there.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/base.h"
#include "base/limits.h"
#include "report/quirk.h"

/* Ids of reports count within their kind. */
enum report_kind { REPORT_AGGREGATE, REPORT_FAILURE, REPORT_TLS, REPORT_KINDS };

enum report_dialect {
	DIALECT_DRAFT, DIALECT_RFC7489, DIALECT_RFC9990, DIALECT_RFC9990_NO_NS,
	DIALECT_XML_01, DIALECT_XML_02, DIALECT_COUNT
};

/* Raw results of SPF and DKIM (RFC 8601 2.7); the numbers stand in the store. */
enum auth_result {
	RES_ABSENT,	/* no result in the row, or the element is empty */
	RES_NONE, RES_PASS, RES_FAIL, RES_SOFTFAIL, RES_NEUTRAL, RES_POLICY, RES_TEMPERROR, RES_PERMERROR,
	RES_UNKNOWN,	/* a word that we do not know: kept beside it */
	RES_COUNT
};

enum disposition { DISP_NONE, DISP_QUARANTINE, DISP_REJECT, DISP_PASS, DISP_OTHER, DISP_COUNT };

/* policy_evaluated/dkim and spf: what the receiver says of alignment. */
enum evaluated { EVAL_UNKNOWN, EVAL_PASS, EVAL_FAIL, EVAL_COUNT };

/* How good a report is; the numbers stand in the store. */
enum report_state { STATE_OK, STATE_NOTES, STATE_REPAIRED, STATE_PARTIAL, STATE_EMPTY, STATE_COUNT };

extern const char *const dialect_names[DIALECT_COUNT];
extern const char *const auth_result_names[RES_COUNT];		/* "absent", "none", ... */
extern const char *const disposition_names[DISP_COUNT];
extern const char *const evaluated_names[EVAL_COUNT];		/* "unknown", "pass", "fail" */
extern const char *const report_state_names[STATE_COUNT];	/* "ok", "ok-with-notes", ... */

/* Absent values have p == NULL, empty ones len 0 (RFC 9990: what is absent is not a default). */
struct report_policy {
	struct str	 domain;	/* normalised: lower case, A-labels, no dot at the end */
	struct str	 p, sp, np, adkim, aspf, pct, fo, testing, discovery_method;
};

struct report_header {
	enum report_dialect	 dialect;	/* final in the trailer only */
	struct str		 version;
	struct str		 org_name, email, extra_contact_info, report_id, generator;
	struct str		 errors;	/* the <error> texts, one a line */
	int64_t			 begin, end;
	struct report_policy	 policy;
	uint64_t		 quirks;	/* so far */
};

struct report_auth {		/* one <dkim> or <spf> of auth_results */
	struct str		 domain;	/* normalised; absent when unknown */
	struct str		 what;		/* dkim: selector; spf: scope, folded (mfrom, helo) */
	enum auth_result	 result;
	struct str		 word;		/* as written, only when the class does not say it */
	struct str		 human_result;
};

struct report_reason {
	struct str	 type, comment;
};

struct report_record {
	struct str		 source_ip;	/* as written, trimmed; absent when missing */
	unsigned char		 ip[16];
	unsigned		 ip_len;	/* 4, 16, or 0: source_ip is no address */
	uint64_t		 count;
	uint64_t		 seq;		/* 1 for the first <record> */
	enum disposition	 disposition;
	enum evaluated		 dkim, spf;
	struct str		 disposition_word, dkim_word, spf_word;	/* unknown words only */
	struct str		 header_from;	/* normalised */
	bool			 header_from_derived;	/* it was missing: the policy domain stands in */
	struct str		 envelope_from;	/* absent, empty (null sender) or a domain */
	struct str		 envelope_to;
	struct report_auth	*dkim_results, *spf_results;
	size_t			 ndkim, nspf;
	struct report_reason	*reasons;
	size_t			 nreasons;
};

struct report_refused {		/* a row that did not count */
	uint64_t	 seq;
	uint64_t	 line;
	struct str	 reason;
};

struct report_trailer {
	uint64_t		 records;	/* <record> elements, refused ones too */
	uint64_t		 refused;
	uint64_t		 quirks;	/* all of the report */
	enum report_state	 state;
	enum report_dialect	 dialect;	/* some dialects are known by their rows only */
	struct str		 unknown;	/* paths of unknown elements, one a line, the first few */
};

struct report_sink {
	int	(*begin)(void *, const struct report_header *, struct err *);
	int	(*record)(void *, const struct report_record *, struct err *);
	int	(*refused)(void *, const struct report_refused *, struct err *);
	int	(*end)(void *, const struct report_trailer *, struct err *);
	void	(*again)(void *);	/* drop what came since begin: it is read once more */
};

#endif
