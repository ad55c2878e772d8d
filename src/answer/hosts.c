/*
 * hosts.c - host names of addresses, and how the resolver is.
 */
#include "answer/answer_int.h"
#include "store/hosts.h"

json_t *
a_host(const struct query_host *h)
{
	struct a_obj	 o, names;

	if (h == NULL)
		return (json_null());
	o = a_object();
	names = a_array();
	for (unsigned i = 0; i < h->nnames; i++)
		a_add(&names, a_str(h->names[i]));
	a_set(&o, "state", a_text(host_state_names[h->state]));
	a_set(&o, "confirmed", json_boolean(h->state == HOST_CONFIRMED));
	a_set(&o, "name", h->nnames > 0 ? a_str(h->names[0]) : json_null());
	a_set(&o, "names", a_done(&names));
	a_set(&o, "more", a_count(h->more));
	a_set(&o, "refused", a_count(h->refused));
	a_set(&o, "answered", h->answered == 0 ? json_null() : a_time(h->answered));
	a_set(&o, "failure", h->failure == HOST_ANSWERED ? json_null() : a_text(host_failure_names[h->failure]));
	return (a_done(&o));
}

struct json_t *
answer_resolver(struct query *q, const struct answer_intake *in, struct err *e)
{
	struct store_hosts_state	 s;
	struct a_obj			 o;
	json_t				*j;

	if (query_hosts_state(q, &s, e) == -1)
		return (NULL);
	o = a_object();
	a_set(&o, "enabled", in == NULL || !in->resolver_told ? json_null() : json_boolean(in->resolver_on));
	a_set(&o, "known", a_count(s.known));
	a_set(&o, "confirmed", a_count(s.confirmed));
	a_set(&o, "waiting", a_count(s.waiting));
	a_set(&o, "failing", a_count(s.failing));
	a_set(&o, "answered", s.answered == 0 ? json_null() : a_time(s.answered));
	a_set(&o, "failing_since", s.failing_since == 0 ? json_null() : a_time(s.failing_since));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}
