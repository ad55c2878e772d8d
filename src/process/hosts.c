/*
 * hosts.c - see hosts.h.
 */
#include "base/log.h"
#include "base/when.h"
#include "process/hosts.h"
#include "process/link.h"
#include "process/resolver.h"

#define STORE_MS	5000	/* what was said is stored together, at most so late */
#define STORE_MANY	(LOOKUPS / 2)
#define IDLE_MS		30000	/* a look without being told that there are others: names become old */
#define TROUBLE_MS	60000

json_t *
hosts_to_json(const struct conf *c)
{
	return (json_pack("{s:b, s:i}", "enabled", (int)c->resolver.enabled, "cache", (int)c->resolver.cache));
}

void
hosts_config(struct hosts *h, const json_t *config)
{
	const json_t	*j = json_object_get(config, "resolver");

	h->on = json_is_true(json_object_get(j, "enabled"));
	h->ceiling = h->on ? (unsigned)json_integer_value(json_object_get(j, "cache")) : 0;
}

static size_t
place(const struct hosts *h, int64_t source)
{
	size_t	 i = 0;

	while (i < h->nopen && h->open[i] != source)
		i++;
	return (i);
}

static void
take(struct hosts *h, const json_t *list)
{
	struct store_host_said	 s;
	const json_t		*v;
	size_t			 i, at;

	json_array_foreach(list, i, v) {
		if ((at = place(h, json_integer_value(json_object_get(v, "source")))) == h->nopen)
			continue;
		h->open[at] = h->open[--h->nopen];
		if (!resolver_heard(v, &s.source, &s.host))
			continue;	/* it is asked for again */
		if (h->nsaid == 0)
			h->first_said = when_mono_ms();
		h->said[h->nsaid++] = s;	/* open and said together are never more than LOOKUPS */
	}
}

bool
hosts_heard(struct hosts *h, const json_t *m)
{
	const char	*op = json_string_value(json_object_get(m, "op"));
	bool		 failing;

	if (op == NULL || !h->on)
		return (false);
	if (strcmp(op, "resolved") == 0) {
		take(h, json_object_get(m, "list"));
		return (true);
	}
	if (strcmp(op, "resolver") != 0)
		return (false);
	failing = json_is_true(json_object_get(m, "failing"));
	h->failing_new |= failing != h->failing || !h->there;
	h->failing = failing;
	if (json_is_true(json_object_get(m, "began"))) {
		h->nopen = 0;	/* one that has just begun knows nothing of what was asked */
		h->next = 0;
	}
	h->there = true;
	return (true);
}

void
hosts_wake(struct hosts *h)
{
	h->next = 0;
}

static json_t *
question(const struct store_host_due *d, size_t n)
{
	json_t	*list = json_array();
	char	 hex[33];

	for (size_t i = 0; i < n && list != NULL; i++) {
		for (unsigned k = 0; k < d[i].len; k++)
			(void)snprintf(hex + 2 * k, 3, "%02x", d[i].ip[k]);
		(void)json_array_append_new(list, json_pack("[I, s]", (json_int_t)d[i].source, hex));
	}
	return (json_pack("{s:s, s:o}", "op", "resolve", "list", list));
}

static int
ask(struct hosts *h, int link, struct store *s, int64_t now, struct err *e)
{
	struct store_host_due	 due[LOOKUPS];
	size_t			 n, room = LOOKUPS - h->nopen - h->nsaid;
	json_t			*m;
	int			 rv;

	if (store_hosts_due(s, when_now(), h->open, h->nopen, due, room, &n, e) == -1)
		return (-1);
	h->next = n < room ? now + IDLE_MS : 0;
	if (n == 0)
		return (0);
	if ((m = question(due, n)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	rv = link_send(link, m, -1, e);
	json_decref(m);
	if (rv == -1)
		return (-1);
	for (size_t i = 0; i < n; i++)
		h->open[h->nopen++] = due[i].source;
	return (0);
}

static int
keep(struct hosts *h, struct store *s, struct err *e)
{
	if (store_hosts_said(s, h->said, h->nsaid, when_now(), e) == -1)
		return (-1);
	h->nsaid = 0;
	return (0);
}

/* There may be one since before we were. */
static int
greet(struct hosts *h, int link, struct err *e)
{
	json_t	*m = json_pack("{s:s}", "op", "hello");
	int	 rv = m == NULL ? err_set(e, ERR_TEMP, "out of memory") : link_send(link, m, -1, e);

	json_decref(m);
	h->greeted = rv == 0;
	return (rv);
}

int
hosts_work(struct hosts *h, int link, struct store *s, struct err *e)
{
	int64_t	 now = when_mono_ms(), wait;

	if (!h->on || (!h->greeted && greet(h, link, e) == -1))
		return (h->on ? -1 : 0);
	if (!h->there)
		return (0);
	if (h->failing_new && store_hosts_failing(s, h->failing ? when_now() : 0, e) == -1)
		return (-1);
	if (h->failing_new && h->failing)
		log_warn("no name server answers: host names wait until one does");
	h->failing_new = false;
	if (h->nsaid > 0 && (h->nsaid >= STORE_MANY || h->nopen == 0 || now - h->first_said >= STORE_MS) && keep(h, s, e) == -1) {
		h->first_said = now + TROUBLE_MS;
		return (-1);
	}
	if (h->nopen <= LOOKUPS / 2 && h->nsaid == 0 && now >= h->next && ask(h, link, s, now, e) == -1) {
		h->next = now + TROUBLE_MS;
		return (-1);
	}
	wait = h->nsaid > 0 ? h->first_said + STORE_MS - now : h->nopen <= LOOKUPS / 2 && h->next > now ? h->next - now : 0;
	return (wait < 0 ? 1 : (int)wait);
}
