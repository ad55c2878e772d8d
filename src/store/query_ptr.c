/*
 * query_ptr.c - host names of sources as filters and as groups. Only a
 * confirmed name says anything, and groups are of its organizational domain:
 * that is who runs the host.
 */
#include "base/hash.h"
#include "dmarc/dmarc.h"
#include "store/query_int.h"

#define SOURCES_MOST	((size_t)32 << 20)	/* 128 MB; beyond that nobody asks by host name */
#define TEXTS_MOST	((size_t)64 << 20)

/* The first groups are no names: nobody has answered yet, there is none, none leads back. A name has a dot. */
enum { PTR_UNKNOWN, PTR_NONE, PTR_UNCONFIRMED, PTR_WORDS };
static const char *const	 words[PTR_WORDS] = { "unknown", "none", "unconfirmed" };

struct q_ptrs {
	uint32_t	*of;		/* by source: word, or PTR_WORDS + place in bases */
	struct str	*bases;
	size_t		 n, cap, nbases, cap_bases;
	struct map	 known;		/* hash of a base: its place */
	struct arena	*texts;
};

void
q_ptrs_forget(struct query_cache *c)
{
	if (c->ptrs == NULL)
		return;
	free(c->ptrs->of);
	free(c->ptrs->bases);
	map_free(&c->ptrs->known);
	arena_free(c->ptrs->texts);
	free(c->ptrs);
	c->ptrs = NULL;
}

/* UINT32_MAX: memory is gone. */
static uint32_t
base_id(struct q_ptrs *x, struct str base)
{
	uint64_t	 h = hash64(0, base.p, base.len) | 1;
	uint32_t	*at;

	while ((at = map_at(&x->known, h)) != NULL && *at != MAP_NONE && !str_eq(base, x->bases[*at]))
		h += 2;		/* another name with this hash */
	if (at == NULL || *at != MAP_NONE)
		return (at == NULL ? UINT32_MAX : *at);
	if (!q_grow((void **)&x->bases, &x->cap_bases, x->nbases + 1, sizeof(*x->bases)))
		return (UINT32_MAX);
	x->bases[x->nbases] = arena_str(x->texts, base);
	if (x->bases[x->nbases].p == NULL)
		return (UINT32_MAX);
	return (*at = (uint32_t)x->nbases++);
}

/* What a row of host says: a word, or a name that leads back. */
static unsigned
said(sqlite3_stmt *st, struct str *name)
{
	const char	*p = (const char *)sqlite3_column_text(st, 2);

	*name = (struct str){ p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(st, 2) };
	switch (sqlite3_column_int(st, 1)) {
	case HOST_CONFIRMED:
		return (host_name_ok(*name) ? PTR_WORDS : PTR_NONE);
	case HOST_UNCONFIRMED:
		return (PTR_UNCONFIRMED);
	case HOST_NONE:
		return (PTR_NONE);
	default:
		return (PTR_UNKNOWN);
	}
}

static int
host_row(struct q_ptrs *x, sqlite3_stmt *st, struct err *e)
{
	int64_t		 id = sqlite3_column_int64(st, 0);
	struct str	 name;
	unsigned	 what = said(st, &name);
	uint32_t	 base;

	if (id < 1 || (size_t)id >= SOURCES_MOST)
		return (err_set(e, ERR_TEMP, "there are too many addresses to put them together by host name"));
	if (!q_grow((void **)&x->of, &x->cap, (size_t)id + 1, sizeof(*x->of)))
		return (q_oom(e));
	if (what == PTR_WORDS) {
		if ((base = base_id(x, domain_org(name))) == UINT32_MAX)
			return (q_oom(e));
		what = PTR_WORDS + base;
	}
	x->of[id] = what;
	x->n = (size_t)id + 1;
	return (0);
}

#define HOSTS "SELECT source, state, name FROM host ORDER BY source"

/* Names change: what was read before is of no use. */
int
q_ptrs_fill(struct query *q, struct err *e)
{
	struct q_ptrs	*x;
	sqlite3_stmt	*st;
	int		 rc;

	q_ptrs_forget(q->c);
	if ((x = q->c->ptrs = calloc(1, sizeof(*x))) == NULL || (x->texts = arena_new(TEXTS_MOST)) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, HOSTS, e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1)
		if (host_row(x, st, e) == -1) {
			rc = -1;
			break;
		}
	(void)sqlite3_finalize(st);
	return (rc);
}

uint32_t
q_ptr_group(const struct query_cache *c, uint32_t source)
{
	return (source < c->ptrs->n ? c->ptrs->of[source] : PTR_UNKNOWN);
}

struct str
q_ptr_text(const struct query_cache *c, uint32_t group)
{
	return (group < PTR_WORDS ? str_of(words[group]) : c->ptrs->bases[group - PTR_WORDS]);
}

/* --- As a filter ------------------------------------------------------------------- */

/* A name: its own, that of the domain it belongs to, or a part of it. */
static bool
fits(const struct query_clause *c, unsigned what, struct str name)
{
	for (size_t i = 0; i < c->nvalues; i++) {
		const struct query_value	*v = &c->values[i];

		if (what < PTR_WORDS) {
			if (!v->contains && strcmp(v->text, words[what]) == 0)
				return (true);
		} else if (v->contains ? str_ifind(name, v->text) != NULL : str_ieq(name, v->text) || str_ieq(domain_org(name), v->text))
			return (true);
	}
	return (false);
}

int
q_ptr_clause(struct query *q, const struct query_clause *c, uint8_t *ok, size_t n, struct err *e)
{
	sqlite3_stmt	*st;
	struct str	 name;
	uint8_t		*yes;
	int64_t		 id;
	unsigned	 what;
	int		 rc;

	if ((yes = arena_alloc(q->a, n + 1, 1)) == NULL)
		return (q_oom(e));
	memset(yes, fits(c, PTR_UNKNOWN, STR_NONE), n);
	if (store_prepare(q->s, &st, HOSTS, e) == -1)
		return (-1);
	while ((rc = q_step(q, st, e)) == 1) {
		id = sqlite3_column_int64(st, 0);
		what = said(st, &name);
		if (id > 0 && (size_t)id < n)
			yes[id] = fits(c, what, name);
	}
	(void)sqlite3_finalize(st);
	for (size_t i = 0; i < n; i++)
		ok[i] &= (yes[i] != 0) != c->negated;
	return (rc);
}
