/*
 * who.c - see who.h.
 *
 * The pass reads the last months of every domain with something new, so it is
 * given a small share of the time: after each one it rests REST times as long
 * as it took. Reports that come meanwhile are counted at once; only who sent
 * them is known a little later.
 */
#include "base/when.h"
#include "conf/conf.h"
#include "process/who.h"
#include "store/hosts.h"

#define WORK_MS		300	/* no further domain is begun after so long */
#define REST		30	/* times as long as it took */
#define REST_MIN_MS	2000
#define REST_MAX_MS	600000

/* Names with blanks between them, as the catalogue takes them. */
static json_t *
names(const struct str_list *l)
{
	struct buf	 b = { 0 };
	json_t		*j;

	for (size_t i = 0; i < l->n; i++)
		(void)buf_printf(&b, "%s%s", i > 0 ? " " : "", l->v[i]);
	j = b.failed ? NULL : l->n == 0 ? json_null() : json_stringn(b.p, b.len);
	buf_free(&b);
	return (j);
}

json_t *
who_to_json(const struct conf *c)
{
	json_t	*list = json_array(), *j;

	for (size_t i = 0; i < c->nsenders && list != NULL; i++) {
		const struct conf_sender	*s = &c->senders[i];

		j = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name", s->name, "kind",
		    sender_kind_names[s->kind + 1], "any", names(&s->any), "dkim", names(&s->dkim),
		    "bounce", names(&s->bounce), "ptr", names(&s->ptr), "spf", names(&s->spf), "selector", names(&s->selector));
		if (json_array_append_new(list, j) == -1) {
			json_decref(list);
			list = NULL;
		}
	}
	return (list);
}

void
who_config(struct who *w, const json_t *config)
{
	w->senders = json_object_get(config, "senders");
}

static struct catalogue *
catalogue_of(const json_t *senders, struct err *e)
{
	struct catalogue	*c = catalogue_builtin(e);
	const json_t		*j;
	size_t			 i;

	json_array_foreach(senders, i, j) {
		struct catalogue_user	 u = { .name = json_string_value(json_object_get(j, "name")),
					    .kind = json_string_value(json_object_get(j, "kind")),
					    .any = json_string_value(json_object_get(j, "any")),
					    .dkim = json_string_value(json_object_get(j, "dkim")),
					    .bounce = json_string_value(json_object_get(j, "bounce")),
					    .ptr = json_string_value(json_object_get(j, "ptr")),
					    .spf = json_string_value(json_object_get(j, "spf")),
					    .selector = json_string_value(json_object_get(j, "selector")) };

		if (c != NULL && u.name != NULL && catalogue_add(c, &u, e) == -1) {
			catalogue_free(c);
			return (NULL);
		}
	}
	return (c);
}

static int
work(const json_t *senders, struct store *s, int64_t ms, bool *more, struct err *e)
{
	struct catalogue	*c = catalogue_of(senders, e);
	int			 rv;

	if (c == NULL)
		return (-1);
	rv = store_senders(s, c, ms, more, e);
	catalogue_free(c);
	return (rv);
}

int
who_work(struct who *w, struct store *s, struct err *e)
{
	int64_t	 begun = when_mono_ms(), took;
	bool	 more = true;

	/* at the start everything: the list of senders may be another one, and much may have been imported */
	if (w->looked && store_senders_due(s, &more, e) == -1)
		return (-1);
	if (!more)
		return (0);
	if (begun < w->next)
		return ((int)(w->next - begun));
	if (work(w->senders, s, WORK_MS, &more, e) == -1) {
		w->next = begun + REST_MAX_MS;
		return (-1);
	}
	if (!w->looked && more)
		return (1);	/* no rest; but mail that waits goes first */
	w->looked = true;
	took = (when_mono_ms() - begun) * REST;
	took = took < REST_MIN_MS ? REST_MIN_MS : took > REST_MAX_MS ? REST_MAX_MS : took;
	w->next = when_mono_ms() + took;
	return (more ? (int)took : 0);
}

int
who_now(const struct conf *c, struct store *s, struct err *e)
{
	json_t	*senders;
	bool	 more = false;
	int	 rv;

	if (store_senders_due(s, &more, e) == -1)
		return (-1);
	if (!more)
		return (0);
	if ((senders = who_to_json(c)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	store_hosts_ceiling(s, c->resolver.enabled ? c->resolver.cache : 0);
	rv = work(senders, s, 0, &more, e);
	json_decref(senders);
	return (rv);
}

int
who_asked(const struct conf *c, const char *state, struct store *reader, struct err *e)
{
	struct store	*s;
	bool		 due;
	int		 rv;

	if (store_senders_due(reader, &due, e) == -1)
		return (-1);
	if (!due)
		return (0);
	if ((s = store_open(state, STORE_WRITE, e)) == NULL)
		return (-1);
	rv = who_now(c, s, e);
	store_close(s);
	return (rv);
}
