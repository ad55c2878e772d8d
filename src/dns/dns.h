/*
 * dns.h - questions to the DNS, many at a time, without waiting: libunbound.
 * Source:    libunbound(3).
 * Trust:     answers are anybody's bytes; libunbound has matched them with the
 *            questions and taken them apart, what stands in a record it has not
 *            looked at: dns_name_text() reads a name out of one.
 * Units:     ttl in seconds.
 * Ownership: an answer is lent for the call.
 * Errors:    -1 with *e (ERR_TEMP; ERR_CONFIG: a name server that cannot be).
 *
 * libunbound does its work in threads of its own, begun with the first
 * question: a sandbox has to be entered before that.
 *
 * One thing can be asked of two servers that know nothing of each other: that
 * is what views are for.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include "base/base.h"
#include "dmarc/name.h"

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
	DNS_OK,			/* there are records */
	DNS_NOTHING,		/* the name has no such record */
	DNS_NO_NAME,		/* there is no such name */
	DNS_CROWD,		/* more records than fit into a message; some thousands */
	DNS_TIMEOUT,		/* only said by those who wait */
	DNS_SERVFAIL,		/* no sound answer could be had */
	DNS_REFUSED
};

struct dns_reply {
	enum dns_status		 status;
	const struct str	*records;	/* what stands in each, as on the wire */
	size_t			 n;
	uint32_t		 ttl;		/* of the records, or of their absence */
};

#define DNS_RECORDS	8192	/* of one answer; more than fit into a message */
#define DNS_SERVERS	8
#define DNS_SERVER	64	/* bytes of who was asked, in words */

enum dns_view {
	DNS_ALL,	/* whoever is quickest */
	DNS_FIRST,	/* all but the second */
	DNS_SECOND,	/* somebody else, when there is one */
	DNS_VIEWS
};

struct dns;
/*
 * servers: "192.0.2.53" or "192.0.2.53@5353", n of them; none: those of
 * resolv_conf (NULL: /etc/resolv.conf). "root": no server of somebody else's,
 * from the root of the DNS down; beside others it is only the second.
 */
struct dns	*dns_new(const char *const *servers, size_t n, const char *resolv_conf, struct err *);
void		 dns_free(struct dns *);	/* NULL is fine; questions that are open get no answer */
bool		 dns_has_second(const struct dns *);	/* is it another one than the first? */
const char	*dns_server(const struct dns *, enum dns_view);	/* "192.0.2.53", "system", "root" */
/* Readable when there are answers: then dns_work. -1: there is none for that view. */
int		 dns_fd(const struct dns *, enum dns_view);
int		 dns_work(struct dns *, enum dns_view, struct err *);
/* token comes back with the answer, never before dns_ask returns, or is cancelled. */
typedef void	 dns_answered(void *ctx, unsigned token, const struct dns_reply *);
void		 dns_listen(struct dns *, dns_answered *, void *ctx);
int		 dns_ask(struct dns *, unsigned token, enum dns_view, const char *name, enum dns_type, struct err *);
void		 dns_cancel(struct dns *, unsigned token);
const char	*dns_version(void);

/*
 * A name as it stands in a record: uncompressed labels to the end of the
 * bytes. In lower case; false when it is none, or none that a host can have.
 */
bool		 dns_name_text(struct str wire, char out[DOMAIN_MAX + 1]);

#endif
