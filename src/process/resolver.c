/*
 * resolver.c - see resolver.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/when.h"
#include "dns/lookup.h"
#include "process/link.h"
#include "process/resolver.h"
#include "process/role.h"
#include "process/sandbox.h"

#define MEMORY		((uint64_t)1 << 30)	/* mapped, not used: a thread reserves much, and there are up to three */
#define SAY_MS		500	/* answers are said together, at most so late */
#define SAY_MANY	8
#define LOOK_MS		30000	/* between two looks whether the system's name servers are others */

struct resolver {
	int		 link;
	struct dns	*dns;
	struct lookups	*lookups;
	json_t		*said, *looked;
	int64_t		 first_said;	/* ms; when the first of them came */
	bool		 failing, stop;
	int		 rv;
};

/* --- Words ------------------------------------------------------------------------ */

json_t *
resolver_config(const struct conf *c)
{
	json_t	*servers = json_array();

	for (size_t i = 0; i < c->resolver.servers.n && servers != NULL; i++)
		(void)json_array_append_new(servers, json_string(c->resolver.servers.v[i]));
	return (json_pack("{s:o, s:i, s:I, s:i}", "servers", servers, "rate", (int)c->resolver.rate, "timeout",
	    (json_int_t)c->resolver.timeout, "log", (int)log_level_get()));
}

json_t *
resolver_said(int64_t source, const struct host *h)
{
	json_t	*names = json_array();

	for (unsigned i = 0; i < h->nnames && names != NULL; i++)
		(void)json_array_append_new(names, json_string(h->names[i]));
	return (json_pack("{s:I, s:i, s:i, s:o, s:I, s:I, s:I}", "source", (json_int_t)source, "state", (int)h->state, "failure",
	    (int)h->failure, "names", names, "more", (json_int_t)h->more, "refused", (json_int_t)h->refused, "ttl", (json_int_t)h->ttl));
}

static bool
number(const json_t *j, const char *key, json_int_t most, json_int_t *out)
{
	const json_t	*v = json_object_get(j, key);

	*out = json_integer_value(v);
	return (json_is_integer(v) && *out >= 0 && *out <= most);
}

bool
resolver_heard(const json_t *j, int64_t *source, struct host *out)
{
	const json_t	*names = json_object_get(j, "names"), *v;
	json_int_t	 s, state, failure, more, refused, ttl;
	struct host	 h = { 0 };
	size_t		 i;

	if (!number(j, "source", INT32_MAX, &s) || !number(j, "state", HOST_STATES - 1, &state) ||
	    !number(j, "failure", HOST_FAILURES - 1, &failure) || !number(j, "more", UINT16_MAX, &more) ||
	    !number(j, "refused", UINT16_MAX, &refused) || !number(j, "ttl", UINT32_MAX, &ttl) || json_array_size(names) > HOST_NAMES)
		return (false);
	h = (struct host){ .state = (enum host_state)state, .failure = (enum host_failure)failure, .more = (uint32_t)more,
	    .refused = (uint32_t)refused, .ttl = (uint32_t)ttl };
	json_array_foreach(names, i, v) {
		if (!json_is_string(v) || json_string_length(v) > DOMAIN_MAX)
			return (false);
		memcpy(h.names[h.nnames++], json_string_value(v), json_string_length(v) + 1);
	}
	if (!host_sound(&h))
		return (false);
	*source = s;
	*out = h;
	return (true);
}

json_t *
resolver_looked(int64_t id, const struct lookup_texts *t, const char *server)
{
	static const struct { enum store_dns_state state; enum store_dns_failure failure; } as[] = {
		[DNS_OK] = { STORE_DNS_FOUND, STORE_DNS_ANSWERED }, [DNS_NOTHING] = { STORE_DNS_NODATA, STORE_DNS_ANSWERED },
		[DNS_NO_NAME] = { STORE_DNS_NXDOMAIN, STORE_DNS_ANSWERED }, [DNS_CROWD] = { STORE_DNS_WAITING, STORE_DNS_SERVFAIL },
		[DNS_TIMEOUT] = { STORE_DNS_WAITING, STORE_DNS_TIMEOUT }, [DNS_SERVFAIL] = { STORE_DNS_WAITING, STORE_DNS_SERVFAIL },
		[DNS_REFUSED] = { STORE_DNS_WAITING, STORE_DNS_REFUSED },
	};
	enum store_dns_state	 state = as[t->status].state;
	struct buf		 lines = { 0 };
	json_t			*j;

	if (state == STORE_DNS_FOUND && t->set->n == 0)
		state = STORE_DNS_NODATA;	/* what is there is about something else */
	txt_write(t->set, &lines);
	j = lines.failed ? NULL : json_pack("{s:I, s:i, s:i, s:I, s:i, s:s, s:s%}", "id", (json_int_t)id, "state", (int)state, "failure",
	    (int)as[t->status].failure, "ttl", (json_int_t)t->ttl, "more", (int)t->set->more, "server", server, "texts", lines.len == 0 ? "" : lines.p, lines.len);
	buf_free(&lines);
	return (j);
}

bool
resolver_looked_heard(const json_t *j, struct store_dns_answer *out)
{
	const json_t	*texts = json_object_get(j, "texts");
	const char	*server = json_string_value(json_object_get(j, "server"));
	json_int_t	 id, state, failure, ttl, more;

	if (!number(j, "id", INT64_MAX, &id) || !number(j, "state", STORE_DNS_STATES - 1, &state) ||
	    !number(j, "failure", STORE_DNS_FAILURES - 1, &failure) || !number(j, "ttl", UINT32_MAX, &ttl) ||
	    !number(j, "more", UINT16_MAX, &more) || !json_is_string(texts))
		return (false);
	if (!txt_read((struct str){ json_string_value(texts), json_string_length(texts) }, &out->set))
		return (false);
	/* nothing but what a server can be called by in the configuration */
	if (server != NULL && (strlen(server) >= sizeof(out->server) ||
	    server[strspn(server, "abcdefghijklmnopqrstuvwxyzABCDEF0123456789.:@%-_, ")] != '\0'))
		return (false);
	(void)snprintf(out->server, sizeof(out->server), "%s", server == NULL ? "" : server);
	out->id = id;
	out->state = (enum store_dns_state)state;
	out->failure = (enum store_dns_failure)failure;
	out->ttl = (uint32_t)ttl;
	out->set.more = (unsigned)more;
	return ((state == STORE_DNS_FOUND) == (out->set.n > 0) && (state == STORE_DNS_WAITING) == (failure != STORE_DNS_ANSWERED));
}

/* --- To the parent ------------------------------------------------------------------ */

static void
tell(struct resolver *r, json_t *m)
{
	struct err	 e = { 0 };

	if (m == NULL || link_send(r->link, m, -1, &e) == -1)
		r->stop = true;		/* the parent has gone, or memory has */
	json_decref(m);
}

static void
say(struct resolver *r)
{
	if (json_array_size(r->said) > 0) {
		tell(r, json_pack("{s:s, s:o}", "op", "resolved", "list", r->said));
		r->said = json_array();
	}
	if (json_array_size(r->looked) > 0) {
		tell(r, json_pack("{s:s, s:o}", "op", "looked", "list", r->looked));
		r->looked = json_array();
	}
}

static size_t
to_say(const struct resolver *r)
{
	return (json_array_size(r->said) + json_array_size(r->looked));
}

static void
add(struct resolver *r, json_t *list, json_t *one)
{
	if (to_say(r) == 0)
		r->first_said = when_mono_ms();
	if (json_array_append_new(list, one) == -1)
		r->stop = true;
}

static void
say_state(struct resolver *r, bool began)
{
	r->failing = lookups_trouble(r->lookups);
	tell(r, json_pack("{s:s, s:b, s:b}", "op", "resolver", "began", (int)began, "failing", (int)r->failing));
}

static void
on_done(void *ctx, int64_t id, const struct host *h)
{
	struct resolver	*r = ctx;

	add(r, r->said, resolver_said(id, h));
}

static void
on_told(void *ctx, int64_t id, const struct lookup_texts *t)
{
	struct resolver	*r = ctx;

	add(r, r->looked, resolver_looked(id, t, dns_server(r->dns, t->view)));
}

/* --- To and from the DNS -------------------------------------------------------------- */

static int
on_ask(void *ctx, unsigned token, enum dns_view view, const char *name, enum dns_type type, struct err *e)
{
	return (dns_ask(((struct resolver *)ctx)->dns, token, view, name, type, e));
}

static void
on_cancel(void *ctx, unsigned token)
{
	dns_cancel(((struct resolver *)ctx)->dns, token);
}

static void
on_answered(void *ctx, unsigned token, const struct dns_reply *a)
{
	lookups_answer(((struct resolver *)ctx)->lookups, token, a);
}

static const struct lookup_calls	 calls = { on_ask, on_cancel, on_done, on_told };

/* --- From the parent -------------------------------------------------------------------- */

static unsigned
hex_read(const char *text, unsigned char ip[16])
{
	unsigned	 n = 0, v;

	for (; text != NULL && text[0] != '\0' && text[1] != '\0'; text += 2) {
		if (n == 16 || strspn(text, "0123456789abcdef") < 2 || sscanf(text, "%2x", &v) != 1)
			return (0);
		ip[n++] = (unsigned char)v;
	}
	return (text != NULL && text[0] == '\0' ? n : 0);
}

static void
resolve(struct resolver *r, const json_t *m)
{
	const json_t	*list = json_object_get(m, "list"), *v;
	unsigned char	 ip[16];
	unsigned	 len;
	size_t		 i;

	json_array_foreach(list, i, v) {
		json_int_t	 source = json_integer_value(json_array_get(v, 0));

		len = hex_read(json_string_value(json_array_get(v, 1)), ip);
		if (lookups_add(r->lookups, source, ip, len))
			continue;
		/* who asked does not wait for it */
		if (!lookups_has(r->lookups, source) && json_array_append_new(r->said, json_pack("{s:I}", "source", source)) == -1)
			r->stop = true;
	}
}

static void
look(struct resolver *r, const json_t *m)
{
	const json_t	*list = json_object_get(m, "list"), *v;
	size_t		 i;

	json_array_foreach(list, i, v) {
		json_int_t	 id = json_integer_value(json_array_get(v, 0)), kind = json_integer_value(json_array_get(v, 1));
		const char	*name = json_string_value(json_array_get(v, 2)), *not = json_string_value(json_array_get(v, 3));
		bool		 second = not != NULL && strcmp(not, dns_server(r->dns, DNS_FIRST)) == 0;

		if (name != NULL && kind >= TXT_DMARC && kind <= TXT_LAST && lookups_add_name(r->lookups, id, (enum txt_kind)kind, name, second))
			continue;
		if (!lookups_has_name(r->lookups, id))
			add(r, r->looked, json_pack("{s:I}", "id", id));
	}
}

static void
hear(struct resolver *r)
{
	struct err	 e = { 0 };
	const char	*op;
	json_t		*m;

	if (link_recv(r->link, &m, NULL, &e) != 1) {
		r->stop = true;
		return;
	}
	op = json_string_value(json_object_get(m, "op"));
	if (op != NULL && strcmp(op, "stop") == 0)
		r->stop = true;
	else if (op != NULL && strcmp(op, "hello") == 0) {
		lookups_clear(r->lookups);
		(void)json_array_clear(r->said);
		(void)json_array_clear(r->looked);
		say_state(r, true);
	} else if (op != NULL && strcmp(op, "resolve") == 0)
		resolve(r, m);
	else if (op != NULL && strcmp(op, "look") == 0)
		look(r, m);
	json_decref(m);
}

/* --- The loop ----------------------------------------------------------------------------- */

static void
loop(struct resolver *r)
{
	struct pollfd	 p[1 + DNS_VIEWS] = { { .fd = r->link, .events = POLLIN } };
	struct err	 e = { 0 };
	int64_t		 now, looked = when_mono_ms();
	int		 wait;

	for (int v = 0; v < DNS_VIEWS; v++)
		p[1 + v] = (struct pollfd){ .fd = dns_fd(r->dns, (enum dns_view)v), .events = POLLIN };
	say_state(r, true);
	while (!r->stop) {
		now = when_mono_ms();
		wait = lookups_tick(r->lookups, now);
		if (to_say(r) >= SAY_MANY || (to_say(r) > 0 && (lookups_open(r->lookups) == 0 ||
		    now - r->first_said >= SAY_MS)))
			say(r);
		if (lookups_trouble(r->lookups) != r->failing)
			say_state(r, false);
		if (now - looked >= LOOK_MS) {
			looked = now;
			if (sandbox_outdated()) {
				log_info("the system's name servers have changed: starting again");
				break;
			}
		}
		if (wait == -1 || wait > LOOK_MS)
			wait = LOOK_MS;
		if (to_say(r) > 0 && wait > SAY_MS)
			wait = SAY_MS;
		if (poll(p, nitems(p), wait) == -1 && errno != EINTR)
			break;
		if (p[0].revents != 0)
			hear(r);
		p[0].revents = 0;
		for (int v = 0; v < DNS_VIEWS && r->rv == 0; v++) {
			if (p[1 + v].revents != 0 && dns_work(r->dns, (enum dns_view)v, &e) == -1) {
				log_error("%s", e.msg);
				r->rv = 75;
			}
			p[1 + v].revents = 0;
		}
		if (r->rv != 0)
			break;
	}
}

/* Where TCP may go: to name servers. */
static size_t
ports_of(const char *const *servers, size_t n, uint16_t ports[DNS_SERVERS])
{
	size_t	 k = 0;

	for (size_t i = 0; i < n; i++) {
		const char	*at = strchr(servers[i], '@');

		if (at != NULL)
			ports[k++] = (uint16_t)strtoul(at + 1, NULL, 10);
	}
	return (k);
}

static int
begin(struct resolver *r, json_t **conf, struct err *e)
{
	const char		*servers[DNS_SERVERS];
	uint16_t		 ports[DNS_SERVERS];
	struct sandbox_paths	 paths = { .memory = MEMORY, .ports = ports };
	struct sandbox_report	 report;
	const json_t		*list, *v;
	json_int_t		 rate, timeout;
	size_t			 n = 0, i;
	int			 level;

	if (link_recv(r->link, conf, NULL, e) != 1)
		return (err_set(e, ERR_BUG, "no configuration came"));
	list = json_object_get(*conf, "servers");
	json_array_foreach(list, i, v)
		if (json_is_string(v) && n < DNS_SERVERS)
			servers[n++] = json_string_value(v);
	rate = json_integer_value(json_object_get(*conf, "rate"));
	timeout = json_integer_value(json_object_get(*conf, "timeout"));
	level = (int)json_integer_value(json_object_get(*conf, "log"));
	log_open("resolver", level < LOG_ERROR || level > LOG_DEBUG ? LOG_INFO : (enum log_level)level);
	if (rate < 1 || rate > 1000 || timeout < 1 || timeout > 60)
		return (err_set(e, ERR_BUG, "configuration: rate or timeout is out of range"));
	paths.nports = ports_of(servers, n, ports);
	if ((r->dns = dns_new(servers, n, NULL, e)) == NULL)
		return (-1);
	if ((r->said = json_array()) == NULL || (r->looked = json_array()) == NULL || (r->lookups = lookups_new((unsigned)rate, (int64_t)timeout * 1000,
	    dns_has_second(r->dns), &calls, r, when_mono_ms())) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	dns_listen(r->dns, on_answered, r);
	/* libunbound's thread begins with the first question: it is locked in, too */
	return (sandbox_enter(SANDBOX_RESOLVER, &paths, &report, e));
}

int
resolver_main(int fd)
{
	struct resolver	 r = { .link = fd };
	struct err	 e = { 0 };
	json_t		*conf = NULL;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	log_open("resolver", LOG_INFO);
	if (begin(&r, &conf, &e) == -1) {
		log_error("%s", e.msg);
		r.rv = e.code == ERR_CONFIG ? 2 : 75;
	} else
		loop(&r);
	dns_free(r.dns);
	lookups_free(r.lookups);
	json_decref(r.said);
	json_decref(r.looked);
	json_decref(conf);
	return (r.rv);
}
