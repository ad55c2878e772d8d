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

/* --- Of a row ----------------------------------------------------------------------- */

/* 1: the statement has a row for these numbers. */
static int
there(struct query *q, enum q_stmt which, int64_t a, int64_t b, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (q_stmt(q, which, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, a);
	(void)sqlite3_bind_int64(st, 2, b);
	rc = q_step(q, st, e);
	(void)sqlite3_reset(st);
	return (rc);
}

int
query_row_who(struct query *q, const struct query_row *row, struct query_row_who *out, struct err *e)
{
	const struct query_cache	*c = q->c;
	const struct q_evidence		*ev;
	struct q_fact			 f = { .domain = (uint32_t)row->domain };
	uint32_t			 of;
	int				 rc = 0;

	memset(out, 0, sizeof(*out));
	if (q_need(q, TIER_SENDERS, e) == -1 || q_need(q, TIER_OF, e) == -1 || q_need(q, TIER_EVIDENCE, e) == -1 ||
	    (ev = q_ev(q, (uint32_t)row->evidence, e)) == NULL)
		return (-1);
	f.outcome = ev->outcome;
	of = map_get(&c->of, (uint64_t)row->domain << 32 | (uint32_t)row->source);
	/* no sender: background noise, unless the day has not been looked at */
	if (of == MAP_NONE && (rc = there(q, Q_FRESH, row->domain, row->day, e)) == -1)
		return (-1);
	f.sender = of != MAP_NONE ? of : rc == 1 ? 0 : SENDER_REST;
	f.class = f.sender == 0 ? CLASS_UNKNOWN : q_class(c, f.domain, f.sender);
	out->fwd = (enum forwarding)q_fwd(c, &f);
	if (f.sender == 0 || f.sender >= c->nsenders || c->senders[f.sender].key == NULL)
		return (0);
	if ((rc = there(q, Q_DECIDED, f.sender, row->domain, e)) == -1)
		return (-1);
	out->id = f.sender;
	out->decided = rc == 1;
	out->key = str_of(c->senders[f.sender].key);
	out->label = str_of(c->senders[f.sender].label);
	out->kind = c->senders[f.sender].kind < KIND_COUNT ? (enum sender_kind)c->senders[f.sender].kind : KIND_UNKNOWN;
	out->class = (enum sender_class)f.class;
	out->relay = sender_relays(out->kind, out->class);
	out->forwards = sender_class_fate(out->class) == FATE_FORWARDED;
	out->yours = sender_class_fate(out->class) == FATE_FIX;
	return (0);
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
	if (store_prepare(q->s, &st, "SELECT class, note, who, at, domain FROM decision WHERE id = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = q_step(q, st, e)) == 1 && sqlite3_column_type(st, 0) != SQLITE_NULL) {
		d->decision = id;
		d->decided = true;
		d->class = (enum sender_class)sqlite3_column_int(st, 0);
		d->note = q_column(q, st, 1);
		d->who = q_column(q, st, 2);
		d->decided_at = sqlite3_column_int64(st, 3);
		d->for_all = sqlite3_column_int64(st, 4) == 0;
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
	    "ORDER BY d.domain DESC, d.id DESC LIMIT 1), 0) FROM sender_class c WHERE c.sender = ?1 ORDER BY c.messages DESC, "
	    "(SELECT d.name FROM domain d WHERE d.id = c.domain), c.domain", e) == -1)
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

static int
last_of(struct query *q, struct query_sender *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(q->s, &st, "SELECT coalesce(max(id), 0) FROM decision WHERE sender = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, out->id);
	if ((rc = q_step(q, st, e)) == 1)
		out->last = sqlite3_column_int64(st, 0);
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
	return (domains_of(q, f, out, e) == -1 ? -1 : last_of(q, out, e));
}

/* --- The log of decisions -------------------------------------------------------------- */

static int
class_or_none(sqlite3_stmt *st, int i)
{
	int	 class = sqlite3_column_int(st, i);

	return (sqlite3_column_type(st, i) == SQLITE_NULL || class < 0 || class >= CLASS_COUNT ? -1 : class);
}

static void
decision_row(struct query *q, sqlite3_stmt *st, struct query_decision *d)
{
	int64_t	 domain = sqlite3_column_int64(st, 4);

	*d = (struct query_decision){ .id = sqlite3_column_int64(st, 0), .undo = sqlite3_column_int64(st, 1),
	    .at = sqlite3_column_int64(st, 2), .sender = sqlite3_column_int64(st, 3), .class = class_or_none(st, 5),
	    .was = class_or_none(st, 6), .was_decided = sqlite3_column_int(st, 7) != 0, .who = q_column(q, st, 8),
	    .note = sqlite3_column_type(st, 9) == SQLITE_NULL ? STR_NONE : q_column(q, st, 9), .undone = sqlite3_column_int64(st, 10),
	    .undone_by = sqlite3_column_type(st, 11) == SQLITE_NULL ? STR_NONE : q_column(q, st, 11), .holds = sqlite3_column_int(st, 12) != 0 };
	if (d->sender > 0 && (size_t)d->sender < q->c->nsenders && q->c->senders[d->sender].key != NULL)
		d->label = str_of(q->c->senders[d->sender].label);
	if (domain > 0 && (size_t)domain < q->c->ndomains)
		d->domain = str_of(q->c->domains[domain].key);
}

int
query_decisions(struct query *q, int64_t sender, int64_t before, size_t limit, struct query_decisions *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	memset(out, 0, sizeof(*out));
	if (q_need(q, TIER_SENDERS, e) == -1)
		return (-1);
	if ((out->items = arena_alloc(q->a, limit + 1, sizeof(*out->items))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT d.id, d.batch, d.at, d.sender, d.domain, d.class, d.was, d.was_decided, d.who, d.note, d.undone, "
	    "d.undone_by, d.undone IS NULL AND NOT EXISTS (SELECT 1 FROM decision l WHERE l.sender = d.sender AND l.domain = d.domain AND "
	    "l.undone IS NULL AND l.id > d.id) FROM decision d WHERE (?1 = 0 OR d.sender = ?1) AND (?2 = 0 OR d.id < ?2) "
	    "ORDER BY d.id DESC LIMIT ?3", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, sender);
	(void)sqlite3_bind_int64(st, 2, before);
	(void)sqlite3_bind_int64(st, 3, (sqlite3_int64)limit + 1);
	while ((rc = q_step(q, st, e)) == 1 && out->nitems < limit)
		decision_row(q, st, &out->items[out->nitems++]);
	if (rc == 1)
		out->next = out->items[out->nitems - 1].id;
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
query_decided_about(struct query *q, int64_t undo, int64_t **ids, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*n = 0;
	if ((*ids = arena_alloc(q->a, DECISIONS_MAX, sizeof(**ids))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT DISTINCT sender FROM decision WHERE batch = ?1 ORDER BY sender", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, undo);
	while ((rc = q_step(q, st, e)) == 1 && *n < DECISIONS_MAX)
		(*ids)[(*n)++] = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

/* --- Whose it is ---------------------------------------------------------------------- */

static void
whose(const struct query *q, int64_t domain, int64_t sender, struct query_whose *out)
{
	uint32_t	 class;

	if (sender <= SENDER_REST || (size_t)sender >= q->c->nsenders || q->c->senders[sender].key == NULL)
		return;
	class = map_get(&q->c->classes, (uint64_t)domain << 32 | (uint64_t)sender);
	*out = (struct query_whose){ sender, str_of(q->c->senders[sender].label), class >= CLASS_COUNT ? CLASS_UNKNOWN : (enum sender_class)class };
}

int
query_source_sender(struct query *q, const struct query_filter *f, struct str ip, struct query_whose *out, struct err *e)
{
	unsigned char	 bin[16];
	sqlite3_stmt	*st;
	int64_t		 domain, most = -1;
	unsigned	 len;
	int		 rc;

	memset(out, 0, sizeof(*out));
	if ((len = q_address(ip, bin)) == 0)
		return (0);
	if (q_need(q, TIER_SENDERS, e) == -1 || q_stmt(q, Q_SENDERS_OF_IP, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_blob(st, 1, bin, (int)len, SQLITE_STATIC);
	(void)sqlite3_bind_int(st, 2, len == 4 ? 4 : 6);
	while ((rc = q_step(q, st, e)) == 1) {
		domain = sqlite3_column_int64(st, 0);
		if (sqlite3_column_int64(st, 2) <= most || domain < 1 || (size_t)domain >= q->c->ndomains ||
		    !domain_wanted(f, str_of(q->c->domains[domain].key)))
			continue;
		most = sqlite3_column_int64(st, 2);
		whose(q, domain, sqlite3_column_int64(st, 1), out);
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}
