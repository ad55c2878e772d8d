/*
 * records.h - what the DNS says of our own domains: DMARC and SPF records and
 * keys of DKIM, with what was said before. The resolver process asks
 * (process/names.c); here is what is to be asked for, what came of it, and how
 * others read it.
 * Source:    schema/0011-dns.sql; dmarc/txt.h has the form of texts.
 * Trust:     texts are the words of whoever runs the zone, names those of
 *            reports: any bytes in the first, A-labels and underscores in the
 *            second.
 * Units:     seconds since the epoch, UTC.
 * Ownership: store_dns_get, _included, _list and _changes: the struct query's until
 *            query_end; else the caller's buffers.
 * Errors:    -1 with *e as in store.h.
 */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include "dmarc/name.h"
#include "dmarc/txt.h"
#include "dmarc/walk.h"
#include "store/store.h"

struct query;

/* The numbers stand in the store. */
enum store_dns_state {
	STORE_DNS_WAITING,	/* nobody has answered yet */
	STORE_DNS_FOUND,	/* there are texts of that kind */
	STORE_DNS_NODATA,	/* the name has none */
	STORE_DNS_NXDOMAIN,	/* there is no such name */
	STORE_DNS_STATES
};
extern const char *const store_dns_state_names[STORE_DNS_STATES];	/* "waiting" "found" "nodata" "nxdomain" */
extern const char *const store_dns_kind_names[TXT_LAST + 1];		/* by enum txt_kind: "" "dmarc" "spf" "dkim" "sts" */

enum store_dns_failure { STORE_DNS_ANSWERED, STORE_DNS_TIMEOUT, STORE_DNS_SERVFAIL, STORE_DNS_REFUSED, STORE_DNS_FAILURES };
extern const char *const store_dns_failure_names[STORE_DNS_FAILURES];	/* "" "timeout" "servfail" "refused" */

/* An answer holds as seen twice when another server gave it again after so long, or the same one where there is no other. */
#define STORE_DNS_TWICE	900
#define STORE_DNS_SERVER 64	/* bytes of who said it: "192.0.2.53", "system", "root" */

struct store_dns_said {
	enum store_dns_state	 state;
	const struct str	*texts;		/* as they came, joined; of that kind only; order says nothing */
	size_t			 n;
	int64_t			 since;		/* of the first answer that said so */
	int64_t			 until;		/* since then another one; 0: it still holds */
};

struct store_dns {
	int64_t			 id;
	enum txt_kind		 kind;
	struct str		 name;		/* as asked for: _dmarc.example.com, example.com, s1._domainkey.example.com */
	struct str		 domain;	/* that it is about */
	struct str		 selector;	/* of a key; else absent */
	bool			 own;		/* of a domain of ours, not of one above, or named by our SPF records */
	uint64_t		 mail;		/* of a key: messages of 7 days that verified by it; else of 30 days with that name */
	struct store_dns_said	 said;
	unsigned		 more;		/* texts that were cut or left out: what stands here is not all */
	uint32_t		 ttl;
	int64_t			 checked;	/* the latest question that came to an end; 0: none */
	int64_t			 answered;	/* the latest that was answered; 0: none */
	bool			 twice;		/* seen twice */
	struct str		 server;	/* who said so first; absent: not known */
	struct str		 second;	/* who was asked whether it is so; absent: nobody yet */
	bool			 disputed;	/* he says something else */
	unsigned		 tries;		/* that have failed since the latest answer: what is said is old */
	enum store_dns_failure	 failure;	/* the latest */
	const struct store_dns_said *before;	/* what was said before this; NULL: nothing else is known */
};

/* *out NULL: nobody asks for that name. */
int	 store_dns_get(struct query *, enum txt_kind, struct str name, const struct store_dns **out, struct err *);
/*
 * An SPF record of nobody's own, named by one that the reader may see: anybody
 * may ask the DNS for it, and a reader of some domains sees it, too. Only for
 * names that such a record leads to: whether others are asked for is not
 * everybody's to know.
 */
int	 store_dns_included(struct query *, struct str name, const struct store_dns **out, struct err *);
/* kind 0: all; domain: it and all below, absent: all. In order of domain, kind, name. */
int	 store_dns_list(struct query *, unsigned kind, struct str domain, bool own_only, const struct store_dns **out, size_t *n,
	    struct err *);

/* One answer that took the place of another between from and to (inclusive); the latest first, most at most. */
struct store_dns_change {
	enum txt_kind		 kind;
	struct str		 name, domain;
	struct store_dns_said	 was, is;	/* is: what was said next, be it over or not */
};
int	 store_dns_changes(struct query *, unsigned kind, struct str domain, int64_t from, int64_t to, size_t most,
	    const struct store_dns_change **out, size_t *n, struct err *);

/*
 * DMARC records as a tree walk asks for them; *out NULL: nobody has asked for
 * any. Answers from memory; good until the next call.
 */
int	 store_walk(struct store *, const struct dmarc_dns **out, struct err *);

/* --- Writing: the ingester ------------------------------------------------------------ */

#define STORE_DNS_NAMES	10000	/* asked for in all; what comes later waits until others go */
#define STORE_DNS_EACH	50	/* of one domain: names in From, other names in its mail, and keys, each */

/*
 * Looks for names in the mail of the last 30 days, of a few domains at a call.
 * at: 0 at the start, then as it was left; 0 again when all were gone through
 * (what has not been met for a week is forgotten then). One transaction.
 */
struct store_dns_look {
	int64_t	 at;		/* the domain to go on with */
	int64_t	 begun;		/* seconds, of this look */
	int64_t	 newest;	/* the latest domain that a look has met */
	bool	 full;		/* there is no room for more names */
};
int	 store_dns_look(struct store *, int64_t now, struct store_dns_look *, struct err *);
/* The same of domains behind at only, and nothing is forgotten at the end. */
int	 store_dns_look_more(struct store *, int64_t now, struct store_dns_look *, struct err *);
/* Is there a domain that no look has met? */
int	 store_dns_unmet(struct store *, const struct store_dns_look *, bool *out, struct err *);
/* Names that our SPF records lead to are asked for as well. */
int	 store_dns_follow(struct store *, int64_t now, struct err *);

struct store_dns_due {
	int64_t		 id;
	enum txt_kind	 kind;
	char		 name[DOMAIN_MAX + 1];
	char		 not[STORE_DNS_SERVER];	/* not of this one, if there is another; "": of any */
};
/* Those in except are being asked for. */
int	 store_dns_due(struct store *, int64_t now, const int64_t *except, size_t nexcept, struct store_dns_due *out, size_t max, size_t *n,
	    struct err *);

/*
 * Somebody says that records of this domain have been mended: they are due
 * now, with those below it, those above that may hold for it, and what its SPF
 * records lead to. What was asked for just now is due when an answer can be
 * another one. In a transaction of the caller's.
 */
int	 store_dns_due_now(struct store *, struct str domain, int64_t now, struct err *);

struct store_dns_answer {
	int64_t			 id;
	enum store_dns_state	 state;		/* WAITING: nobody answered, failure says why */
	enum store_dns_failure	 failure;
	uint32_t		 ttl;
	char			 server[STORE_DNS_SERVER];	/* who said so; "": not known */
	struct txt_set		 set;
};
/* One transaction. spf: a record that may lead elsewhere has become another one. */
int	 store_dns_said(struct store *, const struct store_dns_answer *, size_t n, int64_t now, bool *spf, struct err *);

struct store_dns_figures {
	uint64_t	 names, waiting, failing;	/* failing: the latest question came to nothing */
	int64_t		 answered;			/* the latest answer; 0: none */
};
int	 store_dns_figures(struct query *, struct store_dns_figures *, struct err *);

#endif
