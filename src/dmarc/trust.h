/*
 * trust.h - whose report is it? What the operator's own mail servers wrote
 * into the header of a report mail, and what follows from it.
 * Source:    RFC 8601 (5: which fields to believe), RFC 5321 4.4 (Received),
 *            RFC 5322 3.4 (From).
 * Trust:     a header is the sender's but for what our own servers put above
 *            it: only listed ids count, only above the first Received field
 *            of a host that is not ours, and of one id only the uppermost
 *            group of fields between two Received fields.
 * Units:     bytes.
 * Ownership: a trace holds its texts; a struct trust_mail points into it.
 * Errors:    none: what cannot be understood proves nothing.
 *
 * A trace is syntax (a decoder makes it), the decision is policy: it is made
 * by whoever knows the settings.
 */
#ifndef DMARC_TRUST_H
#define DMARC_TRUST_H

#include "base/base.h"
#include "dmarc/authres.h"
#include "dmarc/name.h"
#include "report/report.h"

/* --- The trace: what a header says, from the top --------------------------------- */

#define TRUST_FIELDS 32		/* Received and Authentication-Results together */
#define TRUST_RESULTS 64
#define TRUST_TEXT 1000		/* of a field, kept as written */
#define TRUST_POOL 32768
#define TRUST_NO_ID "(none)"	/* in settings: a field without an authserv-id */

/* The numbers stand in the store. */
enum trust_method { TRUST_BY_NOTHING, TRUST_BY_DMARC, TRUST_BY_DKIM, TRUST_BY_SPF, TRUST_METHODS };
extern const char *const trust_method_names[TRUST_METHODS];	/* "", "dmarc" ... */

struct trust_result {
	enum trust_method	 method;
	enum auth_result	 result;
	struct str		 domain;	/* header.from, header.d, smtp.mailfrom: normalised; absent: not said, or no name */
};

struct trust_field {
	bool		 received;	/* else Authentication-Results */
	struct str	 name;		/* authserv-id, or the host behind "by": lower case; absent: none is said */
	struct str	 text;		/* Authentication-Results as written, valid UTF-8, cut; absent for Received */
	unsigned	 first, n;	/* its results */
};

struct trust_trace {
	struct trust_field	 fields[TRUST_FIELDS];
	unsigned		 nfields;
	struct trust_result	 results[TRUST_RESULTS];
	unsigned		 nresults;
	unsigned		 nfrom;		/* From fields */
	struct str		 from;		/* the domain of the one address; absent: there is not exactly one */
	size_t			 used;
	bool			 full;		/* what stood further down is not here */
	char			 pool[TRUST_POOL];
};

void	 trust_trace_reset(struct trust_trace *);
/* The values of these fields as they come, from the top; folded or not. */
void	 trust_trace_from(struct trust_trace *, struct str value);
void	 trust_trace_received(struct trust_trace *, struct str value);
void	 trust_trace_results(struct trust_trace *, struct str value, struct authres *scratch);

/* --- The decision ------------------------------------------------------------------ */

struct trust_settings {		/* names are lower case */
	struct str_list	 authserv_ids;	/* at most TRUST_IDS */
	struct str_list	 received_by;	/* own hosts and the domains they are in; empty: see trust_mail */
	struct str_list	 services;	/* organisations that may report for others */
	struct str_list	 domains;	/* ours; empty: all are */
	unsigned	 apart;		/* 1: unauthenticated reports do not count */
};
#define TRUST_IDS 32

enum trust_proof { PROOF_NONE, PROOF_PASS, PROOF_FAIL, PROOF_COUNT };	/* the numbers stand in the store */

struct trust_mail {
	enum trust_proof	 proof;
	enum trust_method	 method;	/* what decided */
	struct str		 from;		/* as in the trace */
	struct str		 id;		/* authserv-id that decided; with PROOF_NONE the uppermost seen, listed or not */
	struct str		 field;		/* that decided; absent with PROOF_NONE */
};

/*
 * Without received_by the hosts of the organisations of the ids are ours, and
 * a Received that names no host (an address, "localhost") ends nothing.
 */
void	 trust_mail(const struct trust_settings *, const struct trust_trace *, struct trust_mail *out);

/* The numbers stand in the store. */
enum trust { TRUST_UNKNOWN, TRUST_AUTHENTICATED, TRUST_OTHER, TRUST_FAILED, TRUST_COUNT };
/* authenticated, unauthenticated (OTHER and FAILED) or unknown: what is shown and asked for */
enum trust_state { TS_UNKNOWN, TS_AUTHENTICATED, TS_UNAUTHENTICATED, TS_COUNT };
extern const char *const trust_state_names[TS_COUNT];
extern const char *const trust_names[TRUST_COUNT];	/* "unknown", "authenticated", "authenticated-other", "failed" */
enum trust_state trust_state(enum trust);
/* The larger one wins a key that two reports claim: authenticated, unknown, unauthenticated. */
unsigned	 trust_rank(enum trust);

/*
 * reporter: the organisation a report is listed under, which it names itself.
 * It is authenticated when that is the one the mail is proved to come from, or
 * a service that the operator lists.
 */
enum trust	 trust_report(const struct trust_settings *, enum trust_proof, struct str from, struct str reporter);

/* The numbers stand in the store. */
enum trust_apart { APART_NO, APART_FOREIGN, APART_UNAUTHENTICATED, APART_COUNT };
extern const char *const trust_apart_names[APART_COUNT];	/* "no", "foreign-domain", "unauthenticated" */
bool		 trust_ours(const struct trust_settings *, struct str domain);
enum trust_apart trust_apart(const struct trust_settings *, enum trust, struct str domain);

#endif
