/*
 * dns.c - see dns.h.
 */
#include <unbound.h>

#include "dns/dns.h"

#define OPEN	64	/* questions at a time */

struct question {
	struct dns	*dns;
	unsigned	 token;
	enum dns_view	 view;
	int		 id;		/* libunbound's */
	bool		 used;
};

struct dns {
	struct ub_ctx	*ctx[DNS_VIEWS];	/* NULL: as another one, see at() */
	char		 names[DNS_VIEWS][DNS_SERVER];
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
option(struct ub_ctx *c, const char *name, const char *value, struct err *e)
{
	/* one that this libunbound does not have changes nothing that matters */
	return (ub_ctx_set_option(c, name, value) == UB_NOMEM ? err_set(e, ERR_TEMP, "DNS: out of memory") : 0);
}

static bool
is_root(const char *server)
{
	return (strcmp(server, "root") == 0);
}

/* "192.0.2.53, 192.0.2.54": as much as there is room for. */
static void
name_add(char name[DNS_SERVER], const char *server)
{
	size_t	 n = strlen(name);

	(void)snprintf(name + n, DNS_SERVER - n, "%s%s", n == 0 ? "" : ", ", server);
}

/* servers NULL: those of the system; else all but skip, of which none is the root. */
static int
servers_set(struct ub_ctx *c, const char *const *servers, size_t n, const char *skip, const char *resolv_conf, char name[DNS_SERVER],
    struct err *e)
{
	int	 rc;

	/* who is asked knows the networks that are only ours; by itself libunbound would say there is nothing in them */
	if (option(c, "unblock-lan-zones:", "yes", e) == -1 || option(c, "target-fetch-policy:", "0 0 0 0 0", e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (servers[i] == skip || is_root(servers[i]))
			continue;
		if ((rc = ub_ctx_set_fwd(c, servers[i])) != 0)
			return (err_set(e, ERR_CONFIG, "DNS: name server %.80s: %s", servers[i], ub_strerror(rc)));
		name_add(name, servers[i]);
	}
	if (n > 0)
		return (0);
	name_add(name, "system");
	/* Without that file, or with an empty one, the C library asks this machine, too. */
	if (ub_ctx_resolvconf(c, resolv_conf == NULL ? "/etc/resolv.conf" : resolv_conf) != 0 &&
	    (rc = ub_ctx_set_fwd(c, "127.0.0.1")) != 0)
		return (err_set(e, ERR_TEMP, "DNS: %s", ub_strerror(rc)));
	return (0);
}

/* root: from the root of the DNS down; else by those servers. */
static int
view_make(struct dns *d, enum dns_view view, bool root, const char *const *servers, size_t n, const char *skip, const char *resolv_conf,
    struct err *e)
{
	struct ub_ctx	*c = ub_ctx_create();
	int		 rc;

	if (c == NULL)
		return (err_set(e, ERR_TEMP, "DNS: out of memory or of descriptors"));
	d->ctx[view] = c;
	(void)ub_ctx_debugout(c, NULL);
	for (size_t i = 0; i < nitems(options); i++)
		if (option(c, options[i].name, options[i].value, e) == -1)
			return (-1);
	if (root)
		name_add(d->names[view], "root");
	else if (servers_set(c, servers, n, skip, resolv_conf, d->names[view], e) == -1)
		return (-1);
	/* 1: a thread, not a process */
	return ((rc = ub_ctx_async(c, 1)) == 0 ? 0 : err_set(e, ERR_TEMP, "DNS: %s", ub_strerror(rc)));
}

/*
 * Who is asked first, and who is asked whether he says the same. Several
 * servers: the last of them is kept for that, or the root when it is named.
 * None: the system's, then from the root down. One is one: who names a server
 * means that nobody else is asked.
 */
static int
views_make(struct dns *d, const char *const *servers, size_t n, const char *resolv_conf, struct err *e)
{
	const char	*second = n > 1 ? servers[n - 1] : NULL;
	size_t		 plain = 0;

	for (size_t i = 0; i < n; i++) {
		plain += !is_root(servers[i]);
		if (n > 1 && is_root(servers[i]))
			second = servers[i];
	}
	if (n > 0 && plain == 0)
		return (view_make(d, DNS_ALL, true, NULL, 0, NULL, NULL, e));
	if (view_make(d, DNS_ALL, false, servers, n, NULL, resolv_conf, e) == -1)
		return (-1);
	if (n == 1)
		return (0);
	/* without the root all are the first already */
	if (n > 1 && !is_root(second) && view_make(d, DNS_FIRST, false, servers, n, second, resolv_conf, e) == -1)
		return (-1);
	return (view_make(d, DNS_SECOND, n == 0 || is_root(second), &second, 1, NULL, resolv_conf, e));
}

struct dns *
dns_new(const char *const *servers, size_t n, const char *resolv_conf, struct err *e)
{
	struct dns	*d = calloc(1, sizeof(*d));

	if (d == NULL || (d->records = calloc(DNS_RECORDS, sizeof(*d->records))) == NULL) {
		dns_free(d);
		(void)err_set(e, ERR_TEMP, "DNS: out of memory");
		return (NULL);
	}
	if (views_make(d, servers, n, resolv_conf, e) == -1) {
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
	for (size_t i = 0; i < DNS_VIEWS; i++)
		if (d->ctx[i] != NULL)
			ub_ctx_delete(d->ctx[i]);
	free(d->records);
	free(d);
}

static enum dns_view
at(const struct dns *d, enum dns_view view)
{
	return (d->ctx[view] == NULL ? DNS_ALL : view);
}

bool
dns_has_second(const struct dns *d)
{
	return (d->ctx[DNS_SECOND] != NULL);
}

const char *
dns_server(const struct dns *d, enum dns_view view)
{
	return (d->names[at(d, view)]);
}

int
dns_fd(const struct dns *d, enum dns_view view)
{
	return (d->ctx[view] == NULL ? -1 : ub_fd(d->ctx[view]));
}

int
dns_work(struct dns *d, enum dns_view view, struct err *e)
{
	int	 rc = d->ctx[view] == NULL ? 0 : ub_process(d->ctx[view]);

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
dns_ask(struct dns *d, unsigned token, enum dns_view view, const char *name, enum dns_type type, struct err *e)
{
	struct question	*q = d->questions;
	int		 rc;

	while (q < d->questions + OPEN && q->used)
		q++;
	if (q == d->questions + OPEN)
		return (err_set(e, ERR_TEMP, "DNS: too many questions at a time"));
	*q = (struct question){ .dns = d, .token = token, .view = at(d, view), .used = true };
	if ((rc = ub_resolve_async(d->ctx[q->view], name, (int)type, 1, q, on_answer, &q->id)) != 0) {
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
			(void)ub_cancel(d->ctx[q->view], q->id);
			q->used = false;
		}
}

const char *
dns_version(void)
{
	return (ub_version());
}
