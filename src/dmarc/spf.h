/*
 * spf.h - an SPF record as far as it can be judged without mail: is it sound,
 * and how many look-ups does it cost?
 * Source:    RFC 7208 4.5, 4.6, 5, 6, 7, 12.
 * Trust:     any bytes from the DNS.
 * Units:     look-ups as 4.6.4 counts them: terms that ask the DNS.
 * Ownership: names and terms point into the texts.
 * Errors:    the fault says what is wrong with a record.
 */
#ifndef DMARC_SPF_H
#define DMARC_SPF_H

#include "base/base.h"

#define SPF_LOOKUPS	10	/* more are a permanent error */
#define SPF_TARGETS	64	/* of one record; each has at least 10 bytes */

enum spf_fault {
	SPF_SOUND,
	SPF_NO_RECORD,		/* it is no SPF record at all */
	SPF_SYNTAX,		/* this term is none */
	SPF_UNKNOWN,		/* no mechanism of that name */
	SPF_TWICE,		/* redirect or exp for the second time */
	SPF_SEVERAL,		/* more than one record at a name */
	SPF_TOO_MANY,		/* more than SPF_LOOKUPS look-ups */
	SPF_MISSING,		/* include or redirect leads to a name without a record */
	SPF_LOOP,		/* ... or back to where it came from */
	SPF_FAULTS
};
extern const char *const spf_fault_names[SPF_FAULTS];

struct spf_record {
	enum spf_fault	 fault;
	struct str	 term;		/* with the fault; else absent */
	size_t		 at;		/* its place, in bytes from the start */
	unsigned	 lookups;	/* of this record alone, each include and redirect one of them */
	struct {
		struct str	 name;		/* as written */
		bool		 redirect;
		bool		 macro;		/* where it leads hangs on the mail */
	}		 targets[SPF_TARGETS];
	unsigned	 ntargets;
};
/* text: the strings of one TXT record, joined. */
enum spf_fault	 spf_read(struct str text, struct spf_record *out);
bool		 spf_is(struct str text);	/* one that receivers take for an SPF record */
/* The name as it is asked for: lower case, no dot at the end. False: it cannot be. */
bool		 spf_target(struct str name, char out[254]);

/* What stands at a name. */
enum spf_answer { SPF_TEXTS, SPF_NOTHING, SPF_NOT_KNOWN };
struct spf_dns {
	/* The texts, *n of them; at most max are looked at. NOT_KNOWN: nobody asked, or nobody answered. */
	enum spf_answer	(*texts)(void *ctx, struct str name, const struct str **out, size_t *n);
	void		*ctx;
};
struct spf_sum {
	enum spf_answer	 answer;	/* of the record itself; SPF_NOTHING: there is none */
	enum spf_fault	 fault;		/* a permanent error for at least some mail */
	char		 at[254];	/* where: the name with the faulty record, or the one that is missing; "" when SOUND */
	char		 term[80];	/* cut; plain letters only */
	unsigned	 lookups;	/* at most, all terms visited; as far as is known */
	unsigned	 unknown;	/* names that nobody has answered for, or that hang on the mail */
	unsigned	 names;		/* records looked at */
};
/* Follows includes and redirects from name; ends whatever they say. */
void		 spf_sum(const struct spf_dns *, struct str name, struct spf_sum *out);

/* One name on that way, told before those that it leads to. */
struct spf_step {
	struct str	 name;		/* as written where it hangs on the mail */
	unsigned	 depth;		/* 0: where it began */
	bool		 redirect;	/* how it was come to; else an include */
	bool		 macro;		/* it hangs on the mail: nothing is known */
	enum spf_answer	 answer;
	enum spf_fault	 fault;		/* of this record alone */
	struct str	 text;		/* the record; absent: none, or several */
	unsigned	 lookups;	/* of this record alone */
};
struct spf_seen { void (*step)(void *ctx, const struct spf_step *); void *ctx; };
void		 spf_walk(const struct spf_dns *, struct str name, const struct spf_seen *, struct spf_sum *out);

#endif
