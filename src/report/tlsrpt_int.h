/*
 * tlsrpt_int.h - what the files that read TLS reports share; nobody else
 * includes it. tlsrpt.c walks the report, tlsrpt_policy.c reads one element of
 * "policies" with its details, tlsrpt_value.c the values in them.
 * Source:    as tlsrpt.h.
 * Trust:     as tlsrpt.h: hostile.
 * Units:     as tlsrpt.h.
 * Ownership: struct tlsrpt; texts live in the arena they are asked into.
 * Errors:    as tlsrpt.h.
 */
#ifndef REPORT_TLSRPT_INT_H
#define REPORT_TLSRPT_INT_H

#include <jansson.h>

#include "base/limits.h"
#include "report/json_split.h"
#include "report/tlsrpt.h"

enum where { AT_DOCUMENT, AT_REPORT, AT_POLICIES, AT_POLICY, AT_DETAILS };
enum slot { SLOT_SKIP, SLOT_ORG, SLOT_DATES, SLOT_CONTACT, SLOT_ID, SLOT_POLICIES, SLOT_ELEMENT, SLOT_POLICY, SLOT_SUMMARY,
	    SLOT_DETAILS, SLOT_DETAIL };
enum { SEEN_ORG = 1, SEEN_DATES = 2, SEEN_CONTACT = 4, SEEN_ID = 8, SEEN_POLICIES = 16 };
enum { HAS_POLICY = 1, HAS_SUMMARY = 2, HAS_DETAILS = 4 };

struct tlsrpt {
	const struct limits	*limits;
	tls_take_fn		*take;
	void			*ctx;
	struct json_split	*split;
	struct arena		*piece, *hold;	/* of the value at hand; of the policy under way */

	enum where		 where, up[4];
	unsigned		 nup;
	enum slot		 slot;
	unsigned		 seen;
	uint64_t		 q;
	bool			 begun, foreign;	/* foreign: not even an object */
	struct buf		 mended, name;

	/* what the mail told */
	struct buf		 filename, subject, from_domain, domain, submitter;
	bool			 declared;

	/* of the whole */
	struct buf		 org, contact, id;
	bool			 has_org, has_contact, has_id, has_start, has_end;
	int64_t			 start, end;
	struct buf		 first_domain;
	uint64_t		 nelements, nsound, nrefused, ndetails, sessions, failed;
	struct err		 first;		/* why the first refused one was */

	/* the element under way */
	struct tls_policy	 p;
	unsigned		 has;
	uint64_t		 place;		/* of the last detail in it: refused ones have one, too */
	bool			 has_success, has_failure;
	char			 unsound[160];	/* why it does not count */
	uint64_t		 unsound_line;
	struct buf		 p_domain;
};

/* --- tlsrpt.c --------------------------------------------------------------------- */

int	 tlsrpt_oom(struct err *e);
int	 tlsrpt_give(struct tlsrpt *t, const struct tls_item *it, struct err *e);

/* --- tlsrpt_value.c ---------------------------------------------------------------- */

json_t *tlsrpt_parse(struct tlsrpt *t, struct str s, struct json_place at, const char **odd, struct err *e);
int	 tlsrpt_clean(struct tlsrpt *t, struct arena *a, struct str s, struct str *out, struct err *e);
int	 tlsrpt_text(struct tlsrpt *t, struct arena *a, const json_t *v, struct str *out, struct err *e);
int	 tlsrpt_count(struct tlsrpt *t, const json_t *v, uint64_t *out);
bool	 tlsrpt_time(struct tlsrpt *t, struct str s, int64_t *out);
bool	 tlsrpt_word(struct tlsrpt *t, struct str s, const char *word);
const json_t *tlsrpt_member(struct tlsrpt *t, const json_t *o, const char *name, const char *old);
void	 tlsrpt_unknown(struct tlsrpt *t, const json_t *o, const char *const *known, size_t n);

/* --- tlsrpt_policy.c --------------------------------------------------------------- */

int	 tlsrpt_element_begin(struct tlsrpt *t, struct err *e);
int	 tlsrpt_policy(struct tlsrpt *t, struct str s, struct json_place at, struct err *e);
int	 tlsrpt_summary(struct tlsrpt *t, struct str s, struct json_place at, struct err *e);
int	 tlsrpt_detail(struct tlsrpt *t, struct str s, struct json_place at, struct err *e);
void	 tlsrpt_unsound(struct tlsrpt *t, uint64_t line, const char *why);
int	 tlsrpt_element_refuse(struct tlsrpt *t, struct err *e);
int	 tlsrpt_element_end(struct tlsrpt *t, struct err *e);
bool	 tlsrpt_domain_elsewhere(struct tlsrpt *t, struct buf *out);

#endif
