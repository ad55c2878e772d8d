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
#include "report/report.h"

/* Loads the Public Suffix List once; before the sandbox. 0 or -1 with *e. */
int		 dmarc_init(struct err *);
const char	*dmarc_psl_date(void);	/* of the list in use, "" when unknown */
/*
 * The list has a part of registries (ICANN) and a part of companies below
 * whose names strangers stand (PRIVATE). true: only the first counts.
 */
void		 dmarc_suffixes(bool icann_only);
/* Is the published policy in test mode (t=y)? */
bool		 policy_testing(const struct report_policy *);
/* Of a normalised domain; points into the argument. A public suffix is its own. */
struct str	 domain_org(struct str);
/* Both normalised. strict: equal; else the same Organizational Domain. */
bool		 domain_aligned(struct str a, struct str from, bool strict);
/* a equals b or lies below it, on whole labels. */
bool		 domain_below(struct str a, struct str b);

/* SPF and DKIM state of a row (design: the decision table), and its code. */
enum spf_state { S_PASS, S_OTHER, S_FAIL, S_FOREIGN, S_NOTHING, S_PERM, S_TEMP, S_STATES };
enum dkim_state { D_PASS, D_OTHER, D_FAIL, D_FOREIGN, D_NONE, D_PERM, D_TEMP, D_STATES };

/* Codes: 1..11 are P1..P11, 21..32 are F1..F12; the numbers stand in the store. */
const char	*dmarc_code_name(unsigned code, char out[8]);
unsigned	 dmarc_code_parse(struct str);		/* 0: no such code */
const char	*dmarc_code_title(unsigned code);	/* short English sentence */

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
};

/* Pure: the same row and policy give the same verdict. */
void		 dmarc_judge(const struct report_policy *, const struct report_record *, struct verdict *out);

#endif
