/*
 * explain.h - a row in words: why it passed or failed, what to do about it,
 * what the receiver did. Which sentences hold is decided here, from the
 * verdict; what they say is in en.txt and its translations.
 * Source:    design: the decision table, leg texts, overrides, treatment,
 *            forwarding; RFC 9989, RFC 9990.
 * Trust:     the row is hostile: its words come out as values of messages
 *            only, and in a snippet only where they are plain names.
 * Units:     days since the epoch.
 * Ownership: an explanation points into itself, the row, the facts and the
 *            arena: it is not copied.
 * Errors:    -1 with *e: out of memory.
 */
#ifndef EXPLAIN_EXPLAIN_H
#define EXPLAIN_EXPLAIN_H

#include "dmarc/dmarc.h"
#include "explain/texts.h"

enum explain_owner {
	OWNER_UNKNOWN,	/* both answers to "is this your mail?" are said */
	OWNER_YOU,	/* own, service, candidate */
	OWNER_OTHER,	/* impostor, suspect */
	OWNER_RELAY	/* forwarder, list: somebody else wrote it */
};

#define EXPLAIN_NO_DAY INT64_MIN

/* What the name of a sender is. */
enum explain_named {
	NAMED_NOT,	/* a few messages, or nobody has looked */
	NAMED_LABEL,	/* of the catalogue or the operator, or a network's */
	NAMED_DOMAIN, NAMED_PREFIX,
	NAMED_SELF,	/* servers that SPF lists for the domain */
	NAMED_SIGNED	/* signs as the domain, and SPF does not list it */
};

struct explain_sender {
	const char		*class;		/* a word of enrich/class.h; NULL: not known */
	const char		*kind;		/* of enrich/catalogue.h; NULL: it is not in the catalogue */
	bool			 decided;	/* somebody said what it is */
	enum explain_named	 named;
	struct str		 label;
	const char		*setup_dkim, *setup_path;	/* how its own settings call these; NULL: not known */
};

struct explain_facts {		/* what no row says; zero (and EXPLAIN_NO_DAY) is unknown */
	enum explain_owner	 owner;
	struct explain_sender	 sender;
	struct forward_facts	 forward;
	int64_t			 forward_from, forward_to;	/* days that selector_m is of */
	struct str		 reporter;	/* its label */
	bool			 reporters;	/* there are several */
	bool			 several_spf, several_sig;	/* of a group of rows: not all for one domain */
	int64_t			 day;
	const struct str	*ips;		/* of a group of rows; NULL: the row's own */
	size_t			 nips;		/* some of them ... */
	uint64_t		 nall;		/* ... and how many there are */
	const struct dmarc_dns	*dns;
	unsigned		 walked;	/* WALK_*, of the verdict that is held */
	bool			 walk_old;	/* by dns as it is now it would be another one */
};

enum explain_part {
	EXPLAIN_TITLE, EXPLAIN_WHY,
	EXPLAIN_DO, EXPLAIN_YOURS, EXPLAIN_NOT_YOURS,	/* do, or the answers for yes and no */
	EXPLAIN_WHO,		/* who sent it */
	EXPLAIN_SETUP,		/* what the service's own settings call it */
	EXPLAIN_LEG,		/* SPF, DKIM, and what strict mode does to them */
	EXPLAIN_TREATMENT, EXPLAIN_OVERRIDE, EXPLAIN_FORWARD, EXPLAIN_DIFFERS, EXPLAIN_NOTE,
	EXPLAIN_PARTS
};

struct explain_line {
	enum explain_part	 part;
	char			 key[32];	/* of its message */
	struct str		 word;		/* EXPLAIN_OVERRIDE: the type; else absent */
	struct str		 comment;	/* EXPLAIN_OVERRIDE: the receiver's, hostile */
};

/* A record, or a part of one, to be published. */
struct explain_snippet {
	const char	*key;		/* message that introduces it; {name} is the name below */
	struct str	 name, value;	/* plain names and our own words only */
};

#define EXPLAIN_LINES 40
#define EXPLAIN_SNIPPETS 6
#define EXPLAIN_OVERRIDES 16	/* more reasons than these are not explained */

struct explanation {
	unsigned		 code;
	struct verdict		 verdict;
	enum forwarding		 forwarding;
	struct explain_values	 values;
	struct explain_line	 lines[EXPLAIN_LINES];
	size_t			 nlines;
	struct explain_snippet	 snippets[EXPLAIN_SNIPPETS];
	size_t			 nsnippets;
};

int	 explain_row(struct arena *, const struct report_policy *, const struct report_record *, const struct explain_facts *,
	    struct explanation *out, struct err *);
/* The title of a code in English, "" when there is no such code. */
const char	*explain_title(unsigned code);
/* One line, or the words before a snippet. */
bool	 explain_say(struct buf *, unsigned lang, const struct explanation *, const struct explain_line *);
bool	 explain_say_snippet(struct buf *, unsigned lang, const struct explanation *, const struct explain_snippet *);
/*
 * What the mail came from, as far as the row tells: the domain that somebody
 * else's valid signature or SPF names, else absent.
 */
struct str	 explain_source(const struct verdict *);

#endif
