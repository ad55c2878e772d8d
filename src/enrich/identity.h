/*
 * identity.h - who stands behind an address, by what its mail shows: pure
 * functions over rows of reports, and over what DNS says where that is known.
 * Source:    design, part 4: aligned signature, foreign signature, bounce
 *            domain, confirmed host name, SPF include, network, prefix.
 * Trust:     all names are the reports': they are compared and shown, no more.
 *            A valid signature says who wrote, a valid SPF result who delivered:
 *            the second names the address, the first only where nothing says
 *            that the message was carried on by somebody else.
 * Units:     counts in messages.
 * Ownership: results point into the arguments and the catalogue.
 * Errors:    none; HOW_NONE when nothing names it.
 */
#ifndef ENRICH_IDENTITY_H
#define ENRICH_IDENTITY_H

#include "base/base.h"
#include "dmarc/dmarc.h"
#include "enrich/catalogue.h"

/* What names it. The numbers stand in the store; the order is that of the design. */
enum identity_how {
	HOW_NONE,
	HOW_SELECTOR,	/* aligned signature with a selector of the catalogue */
	HOW_SIGNATURE,	/* signature of a domain of the catalogue */
	HOW_BOUNCE,	/* SPF passed for a domain of the catalogue */
	HOW_SELF,	/* SPF passed for the From domain itself */
	HOW_DOMAIN,	/* SPF or a signature passed for a domain that nobody lists */
	HOW_SIGNED,	/* it signs as the From domain, and SPF does not list it */
	HOW_PTR, HOW_INCLUDE, HOW_NETWORK,
	HOW_PREFIX,
	HOW_COUNT
};
extern const char *const identity_how_names[HOW_COUNT];

enum confidence { CONFIDENCE_NONE, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH, CONFIDENCE_COUNT };
extern const char *const confidence_names[CONFIDENCE_COUNT];

struct identity {
	enum identity_how		 how;
	const struct catalogue_entry	*entry;		/* NULL: not of the catalogue */
	struct str			 name;		/* without entry: an Organizational Domain, a network, a prefix */
	struct str			 shown;		/* the domain, selector or host name that says so */
	bool				 weak;		/* a signature alone: it may have been carried on by somebody else */
};

enum confidence	 identity_confidence(const struct identity *);
/* What one kind of rows says of the address it came from. */
void		 identity_of_row(const struct catalogue *, const struct report_record *, const struct verdict *, struct identity *out);

struct identity_vote { struct identity id; uint64_t m; };	/* as identity_of_row says, with its messages */
struct identity_source {
	const struct identity_vote	*votes;
	size_t				 nvotes;
	const unsigned char		*ip;		/* 4 or 16 bytes; ip_len 0: no address */
	unsigned			 ip_len;
	/* from the resolver; absent: not known, or not there */
	struct str			 ptr;		/* host name, confirmed */
	struct str			 include;	/* of the domain's SPF record, that covers the address */
	struct str			 network;	/* "AS64500 Example" */
};
/* The best of all of them. prefix_out takes the text of a prefix. */
void		 identity_of_source(const struct catalogue *, const struct identity_source *, char prefix_out[64], struct identity *out);
/* "192.0.2.0/24", "2001:db8:1::/48"; "" for what is no address. */
const char	*identity_prefix(const unsigned char *ip, unsigned ip_len, char out[64]);

/*
 * One sender's key: sources with the same one belong together. org: the
 * Organizational Domain of the policy, for HOW_SELF and HOW_SIGNED.
 */
void		 identity_key(const struct identity *, struct str org, struct buf *out);
/* How the sender is called; for people. */
void		 identity_label(const struct identity *, struct str org, struct buf *out);

/* Do the labels of this name speak of mailing lists? */
bool		 name_of_lists(struct str domain);
/* A name that access providers give to addresses of their customers? */
bool		 name_of_dialup(struct str host);

#endif
