/*
 * policies.c - see policies.h.
 */
#include "base/when.h"
#include "process/link.h"
#include "process/policies.h"

#define IDLE_MS		30000	/* a look whether one is due */
#define TROUBLE_MS	60000

static void
take(struct policies *p, const json_t *list)
{
	struct store_policy_found	 f;
	const json_t			*v;
	size_t				 i, at;

	json_array_foreach(list, i, v) {
		const char	*domain = json_string_value(json_object_get(v, "domain"));

		for (at = 0; domain != NULL && at < p->nopen && strcmp(p->open[at].domain, domain) != 0; at++)
			;
		if (domain == NULL || at == p->nopen)
			continue;
		p->open[at] = p->open[--p->nopen];
		if (visitor_heard(v, &f))	/* open and found together are never more than VISITS */
			p->found[p->nfound++] = f;
	}
}

bool
policies_heard(struct policies *p, const json_t *m)
{
	const char	*op = json_string_value(json_object_get(m, "op"));

	if (op == NULL || !p->on)
		return (false);
	if (strcmp(op, "visited") == 0)
		take(p, json_object_get(m, "list"));
	else if (strcmp(op, "visitor") == 0) {
		p->nopen = 0;	/* one that has just begun knows nothing of what was asked */
		p->next = 0;
		p->there = true;
	} else
		return (false);
	return (true);
}

void
policies_wake(struct policies *p)
{
	p->next = 0;
}

static int
send(int link, json_t *m, struct err *e)
{
	int	 rv = m == NULL ? err_set(e, ERR_TEMP, "out of memory") : link_send(link, m, -1, e);

	json_decref(m);
	return (rv);
}

static int
ask(struct policies *p, int link, struct store *s, int64_t now, struct err *e)
{
	json_t	*list;

	if (store_policies_due(s, when_now(), p->open, VISITS, &p->nopen, e) == -1) {
		p->nopen = 0;
		return (-1);
	}
	p->next = now + IDLE_MS;
	if (p->nopen == 0)
		return (0);
	list = json_array();
	for (size_t i = 0; i < p->nopen && list != NULL; i++)
		(void)json_array_append_new(list, json_string(p->open[i].domain));
	return (send(link, json_pack("{s:s, s:o}", "op", "visit", "list", list), e));
}

int
policies_work(struct policies *p, int link, struct store *s, struct err *e)
{
	int64_t	 now = when_mono_ms();

	if (!p->on)
		return (0);
	/* there may be one since before we were */
	if (!p->greeted && send(link, json_pack("{s:s}", "op", "who-visits"), e) == -1)
		return (-1);
	p->greeted = true;
	for (; p->nfound > 0; p->nfound--)
		if (store_policy_found(s, &p->found[p->nfound - 1], when_now(), e) == -1) {
			p->nfound = 0;	/* they are still due */
			return (-1);
		}
	if (!p->there || p->nopen > 0)
		return (0);
	if (now >= p->next && ask(p, link, s, now, e) == -1) {
		p->next = now + TROUBLE_MS;
		return (-1);
	}
	return (p->nopen > 0 ? 0 : p->next > now ? (int)(p->next - now) : 1);
}
