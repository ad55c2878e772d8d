/*
 * lookup.h - from an address to its host names, and from these back, and from
 * a name to its texts: many look-ups side by side, never more than the name
 * servers bear. No I/O here; who owns it asks the DNS and holds the clock.
 * Source:    RFC 8601 (iprev); design: a rate, a few seconds' patience, caps.
 * Trust:     answers are anybody's words.
 * Units:     milliseconds of a clock that never goes back; rate in questions
 *            a second.
 * Ownership: nothing is kept of what is handed over.
 * Errors:    none but memory; what comes to nothing is said in the result.
 *
 * An address costs one question for its names and at most HOST_TRIED more, a
 * name one, or two: who does not answer for a name has the other one asked. A look-up ends when its patience ends. After TROUBLE failures one after
 * another only a few are tried now and then, until one is answered.
 */
#ifndef DNS_LOOKUP_H
#define DNS_LOOKUP_H

#include "dmarc/txt.h"
#include "dns/dns.h"
#include "enrich/host.h"

#define LOOKUPS		48	/* of addresses at a time, those that wait included */
#define LOOKUP_NAMES	16	/* and of names */
#define LOOKUP_FLIGHT	32	/* questions at a time */
#define LOOKUP_TROUBLE	12

/* What stands at a name: DNS_OK with those texts that are of its kind, or why there are none. */
struct lookup_texts {
	enum dns_status		 status;
	const struct txt_set	*set;		/* never NULL */
	uint32_t		 ttl;
	enum dns_view		 view;		/* who said so: FIRST, or SECOND */
};

struct lookup_calls {
	int	(*ask)(void *, unsigned token, enum dns_view, const char *name, enum dns_type, struct err *);
	void	(*cancel)(void *, unsigned token);
	void	(*done)(void *, int64_t id, const struct host *);
	void	(*told)(void *, int64_t id, const struct lookup_texts *);	/* of a name */
};

struct lookups;
/* second: the second that a name can be asked of is another one than the first. */
struct lookups	*lookups_new(unsigned rate, int64_t patience, bool second, const struct lookup_calls *, void *ctx, int64_t now);
void		 lookups_free(struct lookups *);
/* False: there are LOOKUPS already, or it is no address, or that id is among them. */
bool		 lookups_add(struct lookups *, int64_t id, const unsigned char *ip, unsigned len);
/*
 * Texts of that kind at a name, of the second if he is another one; ids are its
 * own. False: there are LOOKUP_NAMES already, or it cannot be asked for, or the
 * id is among them.
 */
bool		 lookups_add_name(struct lookups *, int64_t id, enum txt_kind, const char *name, bool second);
bool		 lookups_has_name(const struct lookups *, int64_t id);
void		 lookups_clear(struct lookups *);	/* all are forgotten */
void		 lookups_answer(struct lookups *, unsigned token, const struct dns_reply *);
/* Asks what may be asked, ends what took too long. When to call again: in so many ms; -1: not by itself. */
int		 lookups_tick(struct lookups *, int64_t now);
size_t		 lookups_open(const struct lookups *);
bool		 lookups_has(const struct lookups *, int64_t id);
bool		 lookups_trouble(const struct lookups *);	/* does nobody answer? */

#endif
