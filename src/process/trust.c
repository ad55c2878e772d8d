/*
 * trust.c - see trust.h.
 */
#include <stdlib.h>

#include "process/trust.h"

/* --- The decoder's side --------------------------------------------------------------- */

static bool
read_header(const struct message *m, struct trust_trace *t)
{
	static struct authres	 scratch;
	enum message_field	 what;
	struct str		 v;
	bool			 any = false;

	for (size_t i = 0; message_trace(m, i, &what, &v); i++)
		any |= what == FIELD_RESULTS;
	if (!any)
		return (false);
	trust_trace_reset(t);
	for (size_t i = 0; message_trace(m, i, &what, &v); i++) {
		if (what == FIELD_FROM)
			trust_trace_from(t, v);
		else if (what == FIELD_RECEIVED)
			trust_trace_received(t, v);
		else
			trust_trace_results(t, v, &scratch);
	}
	return (true);
}

void
trust_put(struct buf *b, const struct message *m)
{
	static struct trust_trace	 t;
	size_t				 mark;

	if (!read_header(m, &t))
		return;
	mark = wire_open(b, WIRE_TRUST);
	wire_text(b, t.from);
	wire_uint(b, t.nfields);
	for (unsigned i = 0; i < t.nfields; i++) {
		const struct trust_field	*f = &t.fields[i];

		wire_uint(b, f->received);
		wire_text(b, f->name);
		if (f->received)
			continue;
		wire_text(b, f->text);
		wire_uint(b, f->n);
		for (unsigned r = f->first; r < f->first + f->n; r++) {
			wire_uint(b, t.results[r].method);
			wire_uint(b, t.results[r].result);
			wire_text(b, t.results[r].domain);
		}
	}
	wire_close(b, mark);
}

/* --- The ingester's side ------------------------------------------------------------------ */

static struct str
get_domain(struct wire *w)
{
	struct str	 s = wire_get_text(w, DOMAIN_MAX);
	char		 name[DOMAIN_MAX + 1];
	size_t		 n;

	if (s.p != NULL && (domain_normal(s, name, &n, NULL) != NAME_DOMAIN || !str_eq(s, (struct str){ name, n })))
		w->bad = true;
	return (s);
}

int
trust_get(struct wire *w, struct trust_trace *t, struct err *e)
{
	trust_trace_reset(t);
	t->from = get_domain(w);
	t->nfields = (unsigned)wire_get_below(w, TRUST_FIELDS + 1);
	for (unsigned i = 0; i < t->nfields && !w->bad; i++) {
		struct trust_field	*f = &t->fields[i];

		*f = (struct trust_field){ .received = wire_get_below(w, 2) != 0, .name = wire_get_text(w, DOMAIN_MAX),
		    .first = t->nresults };
		if (f->received)
			continue;
		f->text = wire_get_text(w, TRUST_TEXT);
		f->n = (unsigned)wire_get_below(w, TRUST_RESULTS + 1 - t->nresults);
		w->bad |= f->text.p == NULL;
		for (unsigned r = 0; r < f->n && !w->bad; r++) {
			struct trust_result	*x = &t->results[t->nresults++];

			x->method = (enum trust_method)wire_get_below(w, TRUST_METHODS);
			x->result = (enum auth_result)wire_get_below(w, RES_COUNT);
			x->domain = get_domain(w);
			w->bad |= x->method == TRUST_BY_NOTHING;
		}
	}
	if (!w->bad && w->p == w->end)
		return (0);
	trust_trace_reset(t);
	return (err_set(e, ERR_INPUT, "bad frame from a decoder: trust"));
}

static struct str
kept(char **at, struct str s, size_t max)
{
	char	*p = *at;

	if (s.p == NULL || s.len > max)
		return (STR_NONE);
	memcpy(p, s.p, s.len);
	*at += s.len;
	return ((struct str){ p, s.len });
}

void
trust_keep(struct trust_kept *k, const struct trust_mail *m)
{
	char	*at = k->text;

	k->mail = *m;
	k->mail.from = kept(&at, m->from, DOMAIN_MAX);
	k->mail.id = kept(&at, m->id, DOMAIN_MAX);
	k->mail.field = kept(&at, m->field, TRUST_TEXT);
}

/* --- Settings ----------------------------------------------------------------------------- */

#define LISTS(X) X(authserv_ids) X(received_by) X(services) X(domains)

json_t *
trust_to_json(const struct trust_settings *t)
{
	json_t	*o = json_object(), *a;

#define PUT(list)									\
	if ((a = json_array()) != NULL) {						\
		for (size_t i = 0; i < t->list.n; i++)					\
			(void)json_array_append_new(a, json_string(t->list.v[i]));	\
		(void)json_object_set_new(o, #list, a);					\
	}
	LISTS(PUT)
#undef PUT
	(void)json_object_set_new(o, "apart", json_integer((json_int_t)t->apart));
	return (o);
}

static void
names_from(const json_t *a, struct str_list *l)
{
	size_t	 n = json_array_size(a);

	*l = (struct str_list){ NULL, 0 };
	if (n == 0 || (l->v = calloc(n, sizeof(*l->v))) == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		const char	*s = json_string_value(json_array_get(a, i));

		if (s != NULL && (l->v[l->n] = strdup(s)) != NULL)
			l->n++;
	}
}

void
trust_from_json(const json_t *o, struct trust_settings *t)
{
#define GET(list) names_from(json_object_get(o, #list), &t->list);
	LISTS(GET)
#undef GET
	t->apart = json_integer_value(json_object_get(o, "apart")) != 0;
}

void
trust_settings_clear(struct trust_settings *t)
{
#define CLEAR(list)						\
	for (size_t i = 0; i < t->list.n; i++)			\
		free(t->list.v[i]);				\
	free(t->list.v);					\
	t->list = (struct str_list){ NULL, 0 };
	LISTS(CLEAR)
#undef CLEAR
}
