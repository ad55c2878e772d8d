/*
 * visitor.c - see visitor.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/log.h"
#include "base/when.h"
#include "process/link.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "process/visitor.h"

#define MEMORY		((uint64_t)1 << 30)	/* mapped, not used: libcurl asks for addresses in a thread of its own */
#define LOOK_MS		60000	/* between two looks whether name servers or certificates are others */
#define VISIT_S		15
#define HTTPS		443

struct visitor {
	int			 link;
	struct policy_way	 way;
	char			 domains[VISITS][DOMAIN_MAX + 1];	/* to be looked at, in order */
	size_t			 n;
	bool			 forget;	/* what is looked at is no more asked for */
	bool			 stop;
};

/* --- Words ------------------------------------------------------------------------ */

bool
visitor_wanted(const struct conf *c)
{
	return (c->resolver.enabled && c->resolver.policies);
}

json_t *
visitor_config(const struct conf *c)
{
	return (json_pack("{s:s?, s:s?, s:i}", "server", c->resolver.policy_server.n == 0 ? NULL : c->resolver.policy_server.v[0], "ca_file",
	    c->resolver.policy_ca_file, "log", (int)log_level_get()));
}

json_t *
visitor_said(const char *domain, const struct policy_look *p)
{
	return (json_pack("{s:s, s:i, s:I, s:i, s:I, s:s}", "domain", domain, "state", (int)p->state, "not_after", (json_int_t)p->not_after, "mode",
	    (int)p->mode, "max_age", (json_int_t)p->max_age, "why", p->why));
}

static bool
number(const json_t *j, const char *key, json_int_t least, json_int_t most, json_int_t *out)
{
	const json_t	*v = json_object_get(j, key);

	*out = json_integer_value(v);
	return (json_is_integer(v) && *out >= least && *out <= most);
}

bool
visitor_heard(const json_t *j, struct store_policy_found *out)
{
	const json_t	*domain = json_object_get(j, "domain"), *why = json_object_get(j, "why");
	json_int_t	 state, not_after, mode, max_age;

	if (!number(j, "state", STS_SOUND, STS_SEENS - 1, &state) || !number(j, "not_after", 0, INT64_C(253402300799), &not_after) ||
	    !number(j, "mode", 0, STS_MODES - 1, &mode) || !number(j, "max_age", -1, INT32_MAX, &max_age) || !json_is_string(domain) ||
	    json_string_length(domain) > DOMAIN_MAX || !json_is_string(why) || json_string_length(why) >= sizeof(out->why))
		return (false);
	for (const char *p = json_string_value(why); *p != '\0'; p++)
		if (*p < ' ' || *p > '~')	/* it goes to screens and mails */
			return (false);
	*out = (struct store_policy_found){ .state = (enum sts_seen)state, .not_after = not_after, .mode = (enum sts_mode)mode, .max_age = max_age };
	(void)snprintf(out->domain, sizeof(out->domain), "%s", json_string_value(domain));
	(void)snprintf(out->why, sizeof(out->why), "%s", json_string_value(why));
	return ((state == STS_SOUND) == (out->why[0] == '\0'));
}

/* --- To and from the parent ---------------------------------------------------------- */

static void
tell(struct visitor *v, json_t *m)
{
	struct err	 e = { 0 };

	if (m == NULL || link_send(v->link, m, -1, &e) == -1)
		v->stop = true;		/* the parent has gone, or memory has */
	json_decref(m);
}

/* What can stand in front of a slash without ending the name of the host. */
static bool
is_name(const char *s)
{
	size_t	 n = s == NULL ? 0 : strlen(s);

	return (n > 0 && n <= DOMAIN_MAX && s[0] != '.' && s[0] != '-' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0');
}

static void
take(struct visitor *v, const json_t *list)
{
	const json_t	*one;
	size_t		 i;

	json_array_foreach(list, i, one) {
		const char	*name = json_string_value(one);

		if (v->n < VISITS && is_name(name))
			(void)snprintf(v->domains[v->n++], sizeof(v->domains[0]), "%s", name);
	}
}

static void
hear(struct visitor *v)
{
	struct err	 e = { 0 };
	const char	*op;
	json_t		*m;

	if (link_recv(v->link, &m, NULL, &e) != 1) {
		v->stop = true;
		return;
	}
	op = json_string_value(json_object_get(m, "op"));
	if (op != NULL && strcmp(op, "stop") == 0)
		v->stop = true;
	else if (op != NULL && strcmp(op, "who-visits") == 0) {
		v->n = 0;
		v->forget = true;
		tell(v, json_pack("{s:s}", "op", "visitor"));
	} else if (op != NULL && strcmp(op, "visit") == 0)
		take(v, json_object_get(m, "list"));
	json_decref(m);
}

/* --- The loop ----------------------------------------------------------------------------- */

/* Have we been told to stop meanwhile? */
static bool
on_stop(void *arg)
{
	struct visitor	*v = arg;
	struct pollfd	 p = { .fd = v->link, .events = POLLIN };

	while (!v->stop && poll(&p, 1, 0) == 1)
		hear(v);
	return (v->stop || v->forget);
}

/* The first in line. Nobody else waits for us meanwhile: it takes VISIT_S at most. */
static void
visit(struct visitor *v)
{
	struct policy_look	 found;

	v->forget = false;
	policy_look(v->domains[0], &v->way, when_now(), &found);
	if (v->stop || v->forget)
		return;
	log_debug("policy of %s: %s%s%s", v->domains[0], sts_seen_names[found.state], found.why[0] == '\0' ? "" : ": ", found.why);
	tell(v, json_pack("{s:s, s:[o]}", "op", "visited", "list", visitor_said(v->domains[0], &found)));
	memmove(v->domains, v->domains + 1, --v->n * sizeof(v->domains[0]));
}

static void
loop(struct visitor *v)
{
	struct pollfd	 p = { .fd = v->link, .events = POLLIN };
	int64_t		 looked = when_mono_ms();

	tell(v, json_pack("{s:s}", "op", "visitor"));
	while (!v->stop) {
		p.revents = 0;
		if (poll(&p, 1, v->n > 0 ? 0 : LOOK_MS) == -1 && errno != EINTR)
			break;
		if (p.revents != 0)
			hear(v);
		else if (v->n > 0)
			visit(v);
		if (when_mono_ms() - looked >= LOOK_MS) {
			looked = when_mono_ms();
			if (sandbox_outdated()) {
				log_info("name servers or certificates have changed: starting again");
				break;
			}
		}
	}
}

static int
begin(struct visitor *v, json_t **conf, struct err *e)
{
	uint16_t		 port = HTTPS;
	struct sandbox_paths	 paths = { .memory = MEMORY, .ports = &port, .nports = 1 };
	struct sandbox_report	 report;
	const char		*at;
	int			 level;

	if (link_recv(v->link, conf, NULL, e) != 1)
		return (err_set(e, ERR_BUG, "no configuration came"));
	level = (int)json_integer_value(json_object_get(*conf, "log"));
	log_open("visitor", level < LOG_ERROR || level > LOG_DEBUG ? LOG_INFO : (enum log_level)level);
	v->way = (struct policy_way){ json_string_value(json_object_get(*conf, "server")), json_string_value(json_object_get(*conf, "ca_file")),
	    VISIT_S, on_stop, v };
	if (v->way.server != NULL && (at = strchr(v->way.server, '@')) != NULL)
		port = (uint16_t)strtoul(at + 1, NULL, 10);
	paths.ca_file = v->way.ca_file;
	return (sandbox_enter(SANDBOX_VISITOR, &paths, &report, e));
}

int
visitor_main(int fd)
{
	struct visitor	 v = { .link = fd };
	struct err	 e = { 0 };
	json_t		*conf = NULL;
	int		 rv = 0;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	log_open("visitor", LOG_INFO);
	if (begin(&v, &conf, &e) == -1) {
		log_error("%s", e.msg);
		rv = 75;
	} else
		loop(&v);
	json_decref(conf);
	return (rv);
}
