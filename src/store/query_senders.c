/*
 * query_senders.c - who is who, for the reading side: what is remembered of
 * senders and classes, and one sender in full.
 */
#include "store/query_int.h"
#include "store/senders.h"

#define ARENA_CEILING	((size_t)256 << 20)

void
q_senders_forget(struct query_cache *c)
{
	free(c->senders);
	map_free(&c->classes);
	map_free(&c->of);
	arena_free(c->sender_texts);
}

static int
each(struct query *q, const char *sql, int (*row)(struct query *, sqlite3_stmt *), struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(q->s, &st, sql, e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1)
		if (row(q, st) == -1) {
			rc = q_oom(e);
			break;
		}
	(void)sqlite3_finalize(st);
	return (rc);
}

static char *
keep(struct query *q, sqlite3_stmt *st, int i)
{
	const void	*p = sqlite3_column_blob(st, i);

	return (arena_strndup(q->c->sender_texts, p == NULL ? "" : p, (size_t)sqlite3_column_bytes(st, i)));
}

static int
sender_row(struct query *q, sqlite3_stmt *st)
{
	struct query_cache	*c = q->c;
	int64_t			 id = sqlite3_column_int64(st, 0);

	if (id < 1 || id > INT32_MAX)
		return (0);
	if (!q_grow((void **)&c->senders, &c->cap_senders, (size_t)id + 1, sizeof(*c->senders)))
		return (-1);
	c->senders[id] = (struct q_sender){ keep(q, st, 1), keep(q, st, 2), (uint8_t)sqlite3_column_int(st, 3) };
	if (c->nsenders <= (size_t)id)
		c->nsenders = (size_t)id + 1;
	return (c->senders[id].key == NULL || c->senders[id].label == NULL ? -1 : 0);
}

static int
class_row(struct query *q, sqlite3_stmt *st)
{
	uint32_t	*at = map_at(&q->c->classes, (uint64_t)sqlite3_column_int64(st, 0) << 32 | (uint64_t)sqlite3_column_int64(st, 1));
	int		 class = sqlite3_column_int(st, 2);

	if (at == NULL)
		return (-1);
	*at = class < 0 || class >= CLASS_COUNT ? CLASS_UNKNOWN : (uint32_t)class;
	return (0);
}

static int
of_row(struct query *q, sqlite3_stmt *st)
{
	uint32_t	*at = map_at(&q->c->of, (uint64_t)sqlite3_column_int64(st, 0) << 32 | (uint64_t)sqlite3_column_int64(st, 1));

	if (at == NULL)
		return (-1);
	*at = (uint32_t)sqlite3_column_int64(st, 2);
	return (0);
}

/*
 * The latest decision that was not undone holds: one for this domain before one
 * for all; one without a class gives back to what is inferred.
 */
static int
senders_read(struct query *q, struct err *e)
{
	struct query_cache	*c = q->c;

	map_clear(&c->classes);
	if (c->senders != NULL)
		memset(c->senders, 0, c->cap_senders * sizeof(*c->senders));
	c->nsenders = 0;
	if (c->sender_texts != NULL)
		arena_reset(c->sender_texts);
	else if ((c->sender_texts = arena_new(ARENA_CEILING)) == NULL)
		return (q_oom(e));
	if (each(q, "SELECT id, key, label, kind FROM sender", sender_row, e) == -1)
		return (-1);
	return (each(q, "SELECT c.domain, c.sender, coalesce((SELECT d.class FROM decision d WHERE d.sender = c.sender AND "
	    "d.domain IN (c.domain, 0) AND d.undone IS NULL ORDER BY d.domain DESC, d.id DESC LIMIT 1), c.class) FROM sender_class c",
	    class_row, e));
}

int
q_senders_fill(struct query *q, bool of, struct err *e)
{
	struct query_cache	*c = q->c;
	sqlite3_stmt		*st;
	uint64_t		 at;
	int			 rc;

	if (q_stmt(q, Q_SENDERS, &st, e) == -1)
		return (-1);
	rc = q_step(q, st, e);
	at = 1 + (rc == 1 ? (uint64_t)sqlite3_column_int64(st, 0) : 0);
	(void)sqlite3_reset(st);
	if (rc == -1 || at == (of ? c->of_at : c->senders_at))
		return (rc == -1 ? -1 : 0);
	/* half read is not read: the next question begins again */
	*(of ? &c->of_at : &c->senders_at) = 0;
	if (of) {
		map_clear(&c->of);
		rc = each(q, "SELECT domain, source, sender FROM sender_of", of_row, e);
	} else
		rc = senders_read(q, e);
	if (rc != -1)
		*(of ? &c->of_at : &c->senders_at) = at;
	return (rc);
}

/* --- One sender --------------------------------------------------------------------- */

static bool
domain_wanted(const struct query_filter *f, struct str domain)
{
	for (size_t i = 0; f != NULL && i < f->nclauses; i++) {
		const struct query_clause	*c = &f->clauses[i];
		bool				 hit = false;

		if (c->key != QK_DOMAIN)
			continue;
		for (size_t k = 0; k < c->nvalues; k++)
			hit |= c->values[k].contains ? str_ifind(domain, c->values[k].text) != NULL : str_ieq(domain, c->values[k].text);
		if (hit == c->negated)
			return (false);
	}
	return (true);
}

static int
decided(struct query *q, int64_t id, struct query_sender_domain *d, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (id == 0)
		return (0);
	if (store_prepare(q->s, &st, "SELECT class, note, who, at FROM decision WHERE id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = q_step(q, st, e)) == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		d->decision = id;
		d->decided = true;
		d->class = (enum sender_class)sqlite3_column_int(st, 0);
		d->note = q_column(q, st, 1);
		d->who = q_column(q, st, 2);
		d->decided_at = sqlite3_column_int64(st, 3);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

static enum confidence
confidence_of(int v)
{
	return (v < 0 || v >= CONFIDENCE_COUNT ? CONFIDENCE_NONE : (enum confidence)v);
}

static int
domains_of(struct query *q, const struct query_filter *f, struct query_sender *out, struct err *e)
{
	struct query_sender_domain	*d;
	sqlite3_stmt			*st;
	size_t				 cap = q->c->ndomains;
	int64_t				 domain;
	int				 rc;

	if ((out->domains = arena_alloc(q->a, cap + 1, sizeof(*out->domains))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT c.domain, c.class, c.confidence, c.identity, c.evidence, c.first_day, c.last_day, c.messages, "
	    "(SELECT count(*) FROM sender_of o WHERE o.sender = c.sender AND o.domain = c.domain), "
	    "coalesce((SELECT d.id FROM decision d WHERE d.sender = c.sender AND d.domain IN (c.domain, 0) AND d.undone IS NULL "
	    "ORDER BY d.domain DESC, d.id DESC LIMIT 1), 0) FROM sender_class c WHERE c.sender = ?1 ORDER BY c.messages DESC, c.domain", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, out->id);
	while ((rc = q_step(q, st, e)) == 1 && out->ndomains < cap) {
		domain = sqlite3_column_int64(st, 0);
		if (domain < 1 || (size_t)domain >= q->c->ndomains || q->c->domains[domain].apart || !domain_wanted(f, str_of(q->c->domains[domain].key)))
			continue;
		d = &out->domains[out->ndomains++];
		d->domain = str_of(q->c->domains[domain].key);
		d->inferred = d->class = sqlite3_column_int(st, 1) < 0 || sqlite3_column_int(st, 1) >= CLASS_COUNT ? CLASS_UNKNOWN :
		    (enum sender_class)sqlite3_column_int(st, 1);
		d->confidence = confidence_of(sqlite3_column_int(st, 2));
		d->identity = confidence_of(sqlite3_column_int(st, 3));
		d->evidence = q_column(q, st, 4);
		d->first_day = sqlite3_column_int64(st, 5);
		d->last_day = sqlite3_column_int64(st, 6);
		d->m = (uint64_t)sqlite3_column_int64(st, 7);
		d->sources = (uint64_t)sqlite3_column_int64(st, 8);
		if (decided(q, sqlite3_column_int64(st, 9), d, e) == -1) {
			rc = -1;
			break;
		}
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
query_sender(struct query *q, int64_t id, const struct query_filter *f, struct query_sender *out, struct err *e)
{
	const struct q_sender	*s;

	memset(out, 0, sizeof(*out));
	if (q_need(q, TIER_SENDERS, e) == -1)
		return (-1);
	if (id < 1 || (size_t)id >= q->c->nsenders || (s = &q->c->senders[id])->key == NULL)
		return (err_set(e, ERR_INPUT, "there is no sender %lld", (long long)id));
	out->id = id;
	out->key = str_of(s->key);
	out->label = str_of(s->label);
	out->kind = s->kind >= KIND_COUNT ? KIND_UNKNOWN : (enum sender_kind)s->kind;
	return (domains_of(q, f, out, e));
}
