/*
 * dmarc.h - the field's own knowledge, as pure functions: names, alignment,
 * Organizational Domain, verdict, the code that explains a row.
 * Source:    RFC 9989 4.4, 4.10, 5.3; RFC 7489 3.1, 3.2, 6.6; the Public
 *            Suffix List's algorithm.
 * Trust:     names come from reports: anything is possible, nothing is done
 *            but comparing.
 * Units:     none.
 * Ownership: results point into the arguments or into the caller's buffer.
 * Errors:    see each function.
 */
#ifndef DMARC_DMARC_H
#define DMARC_DMARC_H

#include "base/base.h"
#include "dmarc/name.h"
#include "dmarc/record.h"
#include "dmarc/walk.h"
#include "report/report.h"

/*
 * Raised by one whenever a change in this room lets a row come to another
 * verdict than before: stores then judge anew what they hold.
 */
#define DMARC_RULES 2

/* Loads the Public Suffix List once; before the sandbox. 0 or -1 with *e. */
int		 dmarc_init(struct err *);
const char	*dmarc_psl_date(void);	/* of the list in use, "" when unknown */
/*
 * The list has a part of registries (ICANN) and a part of companies below
 * whose names strangers stand (PRIVATE). true: only the first counts. Before
 * threads are started.
 */
void		 dmarc_suffixes(bool icann_only);
/* Is the published policy in test mode (t=y)? */
bool		 policy_testing(const struct report_policy *);
/* Of a normalised domain; points into the argument. A public suffix is its own. */
struct str	 domain_org(struct str);
/* By the list's ICANN section alone, as some receivers read it: github.io is then a domain as any other. */
struct str	 domain_org_icann(struct str);
/* Both normalised. strict: equal; else the same Organizational Domain. */
bool		 domain_aligned(struct str a, struct str from, bool strict);
/* a equals b or lies below it, on whole labels. */
bool		 domain_below(struct str a, struct str b);
bool		 domain_below_any(struct str a, const struct str_list *of);	/* of an empty list: no */

/* SPF and DKIM state of a row (design: the decision table), and its code. */
enum spf_state { S_PASS, S_OTHER, S_FAIL, S_FOREIGN, S_NOTHING, S_PERM, S_TEMP, S_STATES };
enum dkim_state { D_PASS, D_OTHER, D_FAIL, D_FOREIGN, D_NONE, D_PERM, D_TEMP, D_STATES };

/* Codes: 1..11 are P1..P11, 21..32 are F1..F12; the numbers stand in the store. */
const char	*dmarc_code_name(unsigned code, char out[8]);
unsigned	 dmarc_code_parse(struct str);		/* 0: no such code */

/* Which SPF result was read; the RFCs only know that of the MAIL FROM identity. */
enum spf_basis {
	SPF_MAILFROM,
	SPF_NULL_SENDER,	/* a bounce message: the HELO name stands for the sender (RFC 7208 2.4) */
	SPF_ASSUMED,		/* HELO only, and the report does not say whether the sender was empty */
	SPF_HELO_ONLY,		/* HELO only, beside a sender: it does not count */
	SPF_NOT_TOLD		/* no result in the row */
};

enum { ESTIMATE_HELO = 1, ESTIMATE_ORG = 2 };

/* What a snapshot of the DNS had to do with it: it told which names belong together; it could not, and the list stood in. */
enum { WALK_USED = 1, WALK_LACKED = 2 };

struct verdict {
	bool			 dkim_aligned, spf_aligned, pass;
	bool			 estimated;	/* something had to be assumed */
	bool			 differs;	/* from policy_evaluated, where that says pass or fail */
	bool			 forwarded;	/* a reason of the receiver says so */
	bool			 overridden;
	enum spf_state		 spf_state;
	enum dkim_state		 dkim_state;
	unsigned		 code;
	enum auth_result	 spf_raw, dkim_raw;	/* of the row: pass if any passed, else the first counted */
	struct str		 spf_domain, dkim_domain, dkim_selector;	/* that decided; may be absent */
	/* For explaining; not in the store, worked out again from the same row. */
	const struct report_auth *spf, *dkim;	/* that decided, of the record; NULL: none did */
	const struct report_auth *foreign;	/* the first valid signature of another domain; NULL: none */
	enum spf_basis		 spf_basis;
	unsigned		 walked;	/* WALK_*: in the store, of the snapshot of that time */
	unsigned		 estimates;	/* ESTIMATE_*: what had to be assumed */
	bool			 spf_strict, dkim_strict;	/* passed, and would match if the record did not ask for strict */
};

/*
 * Pure: the same row and policy give the same verdict. With a snapshot of the
 * DNS (or NULL) the tree walk settles what the report leaves open.
 */
void		 dmarc_judge_with(const struct report_policy *, const struct report_record *, const struct dmarc_dns *, struct verdict *out);
void		 dmarc_judge(const struct report_policy *, const struct report_record *, struct verdict *out);

/* --- What the receiver did, and why not otherwise: treat.c ---------------------- */

/* What the owner's record asks for, for failing mail of this row's From domain. */
struct policy_asked {
	bool		 told;		/* the report names a policy */
	enum dmarc_request	 published;	/* of the tag that applies; np where that may be meant, if it is weaker */
	enum dmarc_request	 least;		/* what is still as asked, after t=y and pct */
	const char	*tag;		/* "p", "sp" or "np" */
};
void		 dmarc_asked(const struct report_policy *, const struct report_record *, struct policy_asked *out);
enum dmarc_request	 dmarc_did(const struct report_record *);	/* as much as the disposition comes to */

enum treatment {
	TREAT_DELIVERED,	/* none, and it passed */
	TREAT_WATCHED,		/* none, and p=none */
	TREAT_SPARED,		/* none, though it failed and more was asked for */
	TREAT_NONE,		/* none, and the policy is not known */
	TREAT_PASS,		/* RFC 9990's word for passing mail */
	TREAT_QUARANTINE, TREAT_REJECT,
	TREAT_OTHER,		/* a word that nobody knows */
	TREAT_COUNT
};
enum treatment	 dmarc_treatment(const struct report_policy *, const struct report_record *);

/* How the treatment of failing mail without a reason fits the policy. */
enum obedience { OBEY_NOTHING, OBEY_AS_ASKED, OBEY_WEAKER, OBEY_STRICTER, OBEY_COUNT };
enum obedience	 dmarc_obedience(const struct report_policy *, const struct report_record *);

enum override {
	OVERRIDE_FORWARDED, OVERRIDE_TRUSTED_FORWARDER, OVERRIDE_MAILING_LIST, OVERRIDE_LOCAL_POLICY,
	OVERRIDE_ARC,		/* local_policy whose comment says arc=pass */
	OVERRIDE_TEST_MODE, OVERRIDE_SAMPLED_OUT, OVERRIDE_OTHER,
	OVERRIDE_UNKNOWN,	/* a word of no standard */
	OVERRIDE_COUNT
};
enum override	 dmarc_override(const struct report_reason *);

/* Forwarding: certain (W1) is the receiver's word, likely (W2) our own guess from the pattern, no (W3) the rest. */
enum forwarding { FORWARD_NO, FORWARD_LIKELY, FORWARD_CERTAIN };
struct forward_facts {		/* what no row says; zero: not known */
	bool		 counted;	/* sums have said already, from what they know of its sender: */
	enum forwarding	 fwd;		/* words are not to say otherwise */
	bool		 relay;		/* the address is of a mailbox provider or known forwarder, and no sender of yours */
	bool		 forwards;	/* it is known to hand mail on: a forwarder, a list */
	bool		 yours;		/* it is one of your own senders: what breaks there broke before it left */
	uint64_t	 selector_m;	/* messages of that week, from your own senders, signed with dkim_selector ... */
	uint64_t	 selector_ok;	/* ... and how many of them verified */
};
enum forwarding	 dmarc_forwarding(const struct verdict *, const struct forward_facts *);

#endif
