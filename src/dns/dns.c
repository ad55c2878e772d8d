/*
 * dns.c - see dns.h.
 */
#include <unbound.h>

#include "dns/dns.h"

#define OPEN	64	/* questions at a time */

struct question {
	struct dns	*dns;
	unsigned	 token;
	int		 id;		/* libunbound's */
	bool		 used;
};

struct dns {
	struct ub_ctx	*ctx;
	dns_answered	*fn;
	void		*fn_ctx;
	struct question	 questions[OPEN];
	struct str	*records;	/* DNS_RECORDS */
};

/*
 * Small caches: what is known is kept in the store. Short ones, too: who asks
 * again after a quarter of an hour wants to know. No word to the log: who asks
 * says what went wrong.
 */
static const struct { const char *name, *value; } options[] = {
	{ "module-config:", "iterator" }, { "do-not-query-localhost:", "no" }, { "use-syslog:", "no" }, { "verbosity:", "0" },
	{ "msg-cache-size:", "1m" }, { "rrset-cache-size:", "2m" }, { "msg-cache-slabs:", "1" }, { "rrset-cache-slabs:", "1" },
	{ "infra-cache-slabs:", "1" }, { "infra-cache-numhosts:", "2000" }, { "infra-host-ttl:", "60" }, { "neg-cache-size:", "256k" },
	{ "num-queries-per-thread:", "256" }, { "outgoing-range:", "256" }, { "edns-buffer-size:", "1232" }, { "cache-max-ttl:", "600" },
	{ "cache-max-negative-ttl:", "600" }, { "rrset-roundrobin:", "no" },
};

static int
option(struct dns *d, const char *name, const char *value, struct err *e)
{
	/* one that this libunbound does not have changes nothing that matters */
	return (ub_ctx_set_option(d->ctx, name, value) == UB_NOMEM ? err_set(e, ERR_TEMP, "DNS: out of memory") : 0);
}

static int
servers_set(struct dns *d, const char *const *servers, size_t n, const char *resolv_conf, struct err *e)
{
	int	 rc;

	if (n == 1 && strcmp(servers[0], "root") == 0)
		return (0);
	/* who is asked knows the networks that are only ours; by itself libunbound would say there is nothing in them */
	if (option(d, "unblock-lan-zones:", "yes", e) == -1 || option(d, "target-fetch-policy:", "0 0 0 0 0", e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++)
		if ((rc = ub_ctx_set_fwd(d->ctx, servers[i])) != 0)
			return (err_set(e, ERR_CONFIG, "DNS: name server %.80s: %s", servers[i], ub_strerror(rc)));
	if (n > 0)
		return (0);
	/* Without that file, or with an empty one, the C library asks this machine, too. */
	if (ub_ctx_resolvconf(d->ctx, resolv_conf == NULL ? "/etc/resolv.conf" : resolv_conf) != 0 &&
	    (rc = ub_ctx_set_fwd(d->ctx, "127.0.0.1")) != 0)
		return (err_set(e, ERR_TEMP, "DNS: %s", ub_strerror(rc)));
	return (0);
}

struct dns *
dns_new(const char *const *servers, size_t n, const char *resolv_conf, struct err *e)
{
	struct dns	*d = calloc(1, sizeof(*d));
	int		 rc;

	if (d == NULL || (d->records = calloc(DNS_RECORDS, sizeof(*d->records))) == NULL || (d->ctx = ub_ctx_create()) == NULL) {
		dns_free(d);
		(void)err_set(e, ERR_TEMP, "DNS: out of memory or of descriptors");
		return (NULL);
	}
	(void)ub_ctx_debugout(d->ctx, NULL);
	for (size_t i = 0; i < nitems(options); i++)
		if (option(d, options[i].name, options[i].value, e) == -1) {
			dns_free(d);
			return (NULL);
		}
	if (servers_set(d, servers, n, resolv_conf, e) == -1) {
		dns_free(d);
		return (NULL);
	}
	/* 1: a thread, not a process */
	if ((rc = ub_ctx_async(d->ctx, 1)) != 0) {
		(void)err_set(e, ERR_TEMP, "DNS: %s", ub_strerror(rc));
		dns_free(d);
		return (NULL);
	}
	return (d);
}

void
dns_free(struct dns *d)
{
	if (d == NULL)
		return;
	if (d->ctx != NULL)
		ub_ctx_delete(d->ctx);
	free(d->records);
	free(d);
}

int
dns_fd(const struct dns *d)
{
	return (ub_fd(d->ctx));
}

int
dns_work(struct dns *d, struct err *e)
{
	int	 rc = ub_process(d->ctx);

	return (rc == 0 ? 0 : err_set(e, ERR_TEMP, "DNS: %s", ub_strerror(rc)));
}

void
dns_listen(struct dns *d, dns_answered *fn, void *ctx)
{
	d->fn = fn;
	d->fn_ctx = ctx;
}

static enum dns_status
status_of(int rc, const struct ub_result *r)
{
	if (rc != 0 || r == NULL)
		return (DNS_SERVFAIL);
	if (r->havedata && r->data != NULL && r->data[0] != NULL)
		return (DNS_OK);
	/* libunbound hands answers over as a message, in which names are hardly compressed */
	if (r->rcode == 0 && r->answer_packet != NULL && r->answer_len > 2 && (((const unsigned char *)r->answer_packet)[2] & 2) != 0)
		return (DNS_CROWD);
	if (r->nxdomain || r->rcode == 3)
		return (DNS_NO_NAME);
	if (r->rcode == 0)
		return (DNS_NOTHING);
	return (r->rcode == 5 ? DNS_REFUSED : DNS_SERVFAIL);
}

static void
on_answer(void *arg, int rc, struct ub_result *r)
{
	struct question		*q = arg;
	struct dns		*d = q->dns;
	struct dns_reply	 a = { .status = status_of(rc, r), .records = d->records };

	q->used = false;
	if (a.status == DNS_OK)
		for (; a.n < DNS_RECORDS && r->data[a.n] != NULL; a.n++)
			d->records[a.n] = (struct str){ r->data[a.n], r->len[a.n] < 0 ? 0 : (size_t)r->len[a.n] };
	if (r != NULL)
		a.ttl = r->ttl < 0 ? 0 : (uint32_t)r->ttl;
	if (d->fn != NULL)
		d->fn(d->fn_ctx, q->token, &a);
	ub_resolve_free(r);
}

int
dns_ask(struct dns *d, unsigned token, const char *name, enum dns_type type, struct err *e)
{
	struct question	*q = d->questions;
	int		 rc;

	while (q < d->questions + OPEN && q->used)
		q++;
	if (q == d->questions + OPEN)
		return (err_set(e, ERR_TEMP, "DNS: too many questions at a time"));
	*q = (struct question){ .dns = d, .token = token, .used = true };
	if ((rc = ub_resolve_async(d->ctx, name, (int)type, 1, q, on_answer, &q->id)) != 0) {
		q->used = false;
		return (err_set(e, ERR_TEMP, "DNS: %s", ub_strerror(rc)));
	}
	return (0);
}

void
dns_cancel(struct dns *d, unsigned token)
{
	for (struct question *q = d->questions; q < d->questions + OPEN; q++)
		if (q->used && q->token == token) {
			(void)ub_cancel(d->ctx, q->id);
			q->used = false;
		}
}

const char *
dns_version(void)
{
	return (ub_version());
}
