/*
 * walk.h - the DNS tree walk: Organizational Domain and applying policy from
 * DMARC records, where a snapshot of them is at hand.
 * Source:    RFC 9989 4.10; RFC 7489 6.6.3 for receivers of the older rules.
 * Trust:     names are normalised; texts are any bytes from the DNS.
 * Units:     none.
 * Ownership: names point into the argument; nothing is kept.
 * Errors:    what cannot be known is DNS_UNKNOWN, never a guess.
 */
#ifndef DMARC_WALK_H
#define DMARC_WALK_H

#include "base/base.h"
#include "dmarc/record.h"

#define WALK_QUERIES 8
#define WALK_TEXTS 8		/* TXT records looked at beneath one name */

enum dns_answer { DNS_NONE, DNS_RECORD, DNS_UNKNOWN };

/* Where a name stands: its Organizational Domain, and where its record is; absent: it has none. */
struct walk_place { struct str org, at; };

/* A snapshot of the DNS; the functions answer at once and from memory. */
struct dmarc_dns {
	/*
	 * What _dmarc.NAME holds: the TXT records, *n of them. DNS_NONE: there
	 * is none; DNS_UNKNOWN: nobody asked, or the DNS did not answer.
	 */
	enum dns_answer	(*dmarc)(void *ctx, struct str name, struct str texts[WALK_TEXTS], size_t *n);
	/* DNS_NONE: NXDOMAIN, the name does not exist. DNS_RECORD: it does. May be NULL. */
	enum dns_answer	(*exists)(void *ctx, struct str name);
	/* As dmarc_place() without it, but remembered. May be NULL. */
	bool		(*place)(void *ctx, struct str name, struct walk_place *out);
	void		*ctx;
	bool		 of_the_day;	/* it shows the DNS as it was on the day of the report: nothing is estimated */
};

struct walk {
	struct str		 start;
	struct str		 asked[WALK_QUERIES];
	unsigned		 nasked;
	struct {
		struct str		 name;
		struct dmarc_record	 record;
	}			 found[WALK_QUERIES];
	unsigned		 nfound;
	bool			 unknown;	/* an answer is missing: nothing follows from it */
};

void		 dmarc_walk(const struct dmarc_dns *, struct str start, struct walk *out);
/* Of a walk; absent when it is unknown. */
struct str	 walk_org(const struct walk *);
/* The Organizational Domain by records, absent when unknown. */
struct str	 dmarc_walk_org(const struct dmarc_dns *, struct str name);
/* False: an answer is missing. */
bool		 dmarc_place(const struct dmarc_dns *, struct str name, struct walk_place *out);

enum policy_method { BY_WALK, BY_LIST };	/* RFC 9989; RFC 7489 with the Public Suffix List */

struct policy_found {
	enum dns_answer		 answer;	/* DNS_NONE: no DMARC */
	struct str		 at;		/* name of the record */
	struct dmarc_record	 record;
	struct str		 tag;		/* "p", "sp", "np"; absent when the record acts as p=none as a whole */
	enum dmarc_request		 published;	/* of that tag */
	enum dmarc_request		 requested;	/* for failing mail, after t=y or pct=0 */
	bool			 sampled;	/* by pct=0: shows as sampled_out */
	bool			 either;	/* pct of 1 to 99: requested, or one step below */
	struct str		 org;		/* Organizational Domain of from */
};
/* The policy that applies to mail with this domain in From:. */
void		 dmarc_discover(const struct dmarc_dns *, struct str from, enum policy_method, struct policy_found *out);

#endif
