/*
 * said.h - what a domain says of itself in the DNS, compared with what it said
 * before, and read for trouble: DMARC records and DKIM keys. SPF is in spf.h.
 * Source:    RFC 9989 4.7, 4.10.1; RFC 6376 3.6.1, RFC 8301, RFC 8463.
 * Trust:     any bytes from the DNS.
 * Units:     bits of keys.
 * Ownership: results point into the texts.
 * Errors:    what cannot be read says so in the result.
 */
#ifndef DMARC_SAID_H
#define DMARC_SAID_H

#include "base/base.h"
#include "dmarc/record.h"

/* --- DMARC: all texts at one name -------------------------------------------------------- */

enum dmarc_said { DMARC_ABSENT, DMARC_ONE, DMARC_SEVERAL };
struct dmarc_says {
	enum dmarc_said		 said;
	struct dmarc_record	 record;
	struct str		 text, rua;	/* of the record; rua absent: there is none */
	enum dmarc_request	 p, sp, np;	/* asked for in effect: with defaults, faults, t=y and pct=0 */
};
void	 dmarc_says(const struct str *texts, size_t n, struct dmarc_says *out);

enum { WEAKER_P = 1, WEAKER_SP = 2, WEAKER_NP = 4 };
/* In what is asks for less than was; WEAKER_*. Steps down in all go to *steps, which may be NULL. */
unsigned dmarc_weaker(const struct dmarc_says *was, const struct dmarc_says *is, unsigned *steps);

/* Is one of them in rua? An entry is an address, or "@DOMAIN" for all that are there. */
bool	 dmarc_rua_reaches(struct str rua, const struct str_list *ours);
/* The same addresses in any order. */
bool	 dmarc_rua_same(struct str a, struct str b);
/* One address after another: *rest is what is left; what is no mailto: is passed over. False: that was all. */
bool	 dmarc_rua_next(struct str *rest, struct str *address);

/* --- DKIM: all texts at one selector -------------------------------------------------------- */

enum key_use {
	KEY_NONE,	/* nothing that is a key */
	KEY_SOUND,
	KEY_REVOKED,	/* p is empty */
	KEY_SEVERAL,	/* verifiers take any of them, or none */
	KEY_BROKEN,	/* no p, no base64, or no key in it */
	KEY_FOREIGN,	/* of a kind that we do not know, or not for mail */
	KEY_USES
};
extern const char *const key_use_names[KEY_USES];
struct key_says {
	enum key_use	 use;
	bool		 ed25519;
	bool		 testing;	/* t=y */
	unsigned	 bits;		/* of SOUND ones */
};
void	 key_says(const struct str *texts, size_t n, struct key_says *out);

#endif
