/*
 * names.c - see names.h.
 */
#include "base/log.h"
#include "base/when.h"
#include "process/link.h"
#include "process/names.h"
#include "process/resolver.h"

#define STORE_MS	3000	/* what was said is stored together, at most so late */
#define IDLE_MS		30000	/* a look whether something is due */
#define TROUBLE_MS	60000
#define LOOK_MS		(6 * 3600 * 1000)
#define FOLLOW_MS	2000	/* records that lead elsewhere come in one after another */

void
names_free(struct names *n)
{
	free(n->said);
	n->said = NULL;
}

static void
take(struct names *n, const json_t *list)
{
	const json_t	*v;
	size_t		 i, at;

	json_array_foreach(list, i, v) {
		json_int_t	 id = json_integer_value(json_object_get(v, "id"));

		for (at = 0; at < n->nopen && n->open[at] != id; at++)
			;
		if (at == n->nopen)
			continue;
		n->open[at] = n->open[--n->nopen];
		if (n->said == NULL && (n->said = calloc(LOOKUP_NAMES, sizeof(*n->said))) == NULL)
			continue;
		if (!resolver_looked_heard(v, &n->said[n->nsaid]))
			continue;	/* it is asked for again */
		if (n->nsaid++ == 0)	/* open and said together are never more than LOOKUP_NAMES */
			n->first_said = when_mono_ms();
	}
}

bool
names_heard(struct names *n, const json_t *m)
{
	const char	*op = json_string_value(json_object_get(m, "op"));

	if (op == NULL || !n->on)
		return (false);
	if (strcmp(op, "looked") == 0) {
		take(n, json_object_get(m, "list"));
		return (true);
	}
	if (strcmp(op, "resolver") == 0) {
		if (json_is_true(json_object_get(m, "began"))) {
			n->nopen = 0;
			n->next = 0;
		}
		n->there = true;
	}
	return (false);
}

void
names_wake(struct names *n)
{
	n->woken = true;
}

void
names_now(struct names *n)
{
	n->next = 0;
}

static int
ask(struct names *n, int link, struct store *s, int64_t now, struct err *e)
{
	struct store_dns_due	 due[LOOKUP_NAMES];
	json_t			*list, *m;
	size_t			 k, room = LOOKUP_NAMES - n->nopen;
	int			 rv;

	if (store_dns_due(s, when_now(), n->open, n->nopen, due, room, &k, e) == -1)
		return (-1);
	n->next = k < room ? now + IDLE_MS : 0;
	if (k == 0)
		return (0);
	list = json_array();
	for (size_t i = 0; i < k && list != NULL; i++)
		(void)json_array_append_new(list, json_pack("[I, i, s, s]", (json_int_t)due[i].id, (int)due[i].kind, due[i].name, due[i].not));
	if ((m = json_pack("{s:s, s:o}", "op", "look", "list", list)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	rv = link_send(link, m, -1, e);
	json_decref(m);
	for (size_t i = 0; i < k && rv == 0; i++)
		n->open[n->nopen++] = due[i].id;
	return (rv);
}

static int
keep(struct names *n, struct store *s, struct err *e)
{
	bool	 spf;

	if (store_dns_said(s, n->said, n->nsaid, when_now(), &spf, e) == -1)
		return (-1);
	n->nsaid = 0;
	n->kept = true;
	if (spf && !n->follow) {
		n->follow = true;
		n->next_follow = when_mono_ms() + FOLLOW_MS;
	}
	return (0);
}

/* A piece of a look at mail. 1: there is more of it. */
static int
look(struct names *n, struct store *s, int64_t now, struct err *e)
{
	struct store_dns_look	 only = n->look;
	bool			 unmet = false;

	if (n->woken && !n->looking && now < n->next_look) {
		if (store_dns_unmet(s, &n->look, &unmet, e) == -1)
			return (-1);
		only.at = n->look.newest;
		/* a look of its own, that forgets nothing: as if the others had been gone through */
		if (unmet && store_dns_look_more(s, when_now(), &only, e) == -1)
			return (-1);
		n->look.newest = only.newest;
		n->woken = unmet && only.at != 0;
		n->next = unmet ? 0 : n->next;
		return (n->woken);
	}
	if (!n->looking && now < n->next_look)
		return (0);
	if (store_dns_look(s, when_now(), &n->look, e) == -1)
		return (-1);
	n->next = 0;
	n->looking = n->look.at != 0;
	if (n->looking)
		return (1);
	n->next_look = now + LOOK_MS;
	if (n->look.full && !n->full)
		log_warn("more than %d names are to be asked of the DNS: the rest waits", STORE_DNS_NAMES);
	n->full = n->look.full;
	n->follow = true;
	n->next_follow = now;
	return (0);
}

static int
look_and_follow(struct names *n, struct store *s, int64_t now, struct err *e)
{
	int	 rv = look(n, s, now, e);

	if (rv != 0)
		return (rv);
	if (n->follow && now >= n->next_follow) {
		n->follow = false;
		if (store_dns_follow(s, when_now(), e) == -1)
			return (-1);
		n->next = 0;
	}
	return (0);
}

static int
sooner(int a, int64_t b)
{
	if (b < 1)
		b = 1;
	return (a == 0 || b < a ? (int)b : a);
}

int
names_work(struct names *n, bool idle, int link, struct store *s, struct err *e)
{
	int64_t	 now = when_mono_ms();
	int	 wait = 0, more = 0;

	if (!n->on)
		return (0);
	if (idle && (more = look_and_follow(n, s, now, e)) == -1) {
		n->next_look = n->next_follow = now + TROUBLE_MS;
		return (-1);
	}
	if (more > 0)
		wait = 1;
	if (n->nsaid > 0 && (n->nsaid >= LOOKUP_NAMES / 2 || n->nopen == 0 || now - n->first_said >= STORE_MS) && keep(n, s, e) == -1) {
		n->first_said = now + TROUBLE_MS;
		return (-1);
	}
	if (n->there && n->nopen <= LOOKUP_NAMES / 2 && n->nsaid == 0 && now >= n->next && ask(n, link, s, now, e) == -1) {
		n->next = now + TROUBLE_MS;
		return (-1);
	}
	if (n->nsaid > 0)
		wait = sooner(wait, n->first_said + STORE_MS - now);
	else if (n->there && n->nopen <= LOOKUP_NAMES / 2)
		wait = sooner(wait, n->next - now);
	if (idle && n->follow)
		wait = sooner(wait, n->next_follow - now);
	return (wait);
}
