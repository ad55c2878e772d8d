/*
 * search.c - what is called so, for a box that people type into.
 */
#include "answer/answer_int.h"
#include "store/query_search.h"

static json_t *
text_or_null(struct str s)
{
	return (s.p == NULL ? json_null() : a_str(s));
}

struct json_t *
answer_search(struct query *q, struct str text, struct err *e)
{
	struct query_hits	 h;
	struct a_obj		 o, items;
	json_t			*j;

	if (query_search(q, text, &h, e) == -1)
		return (NULL);
	items = a_array();
	for (size_t i = 0; i < h.nitems; i++) {
		const struct query_hit	*x = &h.items[i];

		o = a_object();
		a_set(&o, "kind", a_text(query_hit_names[x->kind]));
		a_set(&o, "key", a_str(x->key));
		a_set(&o, "label", a_str(x->label));
		a_set(&o, "reporter", text_or_null(x->reporter));
		a_set(&o, "domain", text_or_null(x->domain));
		a_set(&o, "day", a_day(x->day));
		a_add(&items, a_done(&o));
	}
	o = a_object();
	a_set(&o, "items", a_done(&items));
	a_set(&o, "complete", json_boolean(h.complete));
	return ((j = a_done(&o)) == NULL ? answer_oom(e) : j);
}
