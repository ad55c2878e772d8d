/*
 * query_place.c - countries and networks of sources: as filters, as groups,
 * and of one source. Nothing of it is stored: a look-up takes less than
 * reading it back would, and newer data is true of all that came before.
 */
#include <stdio.h>

#include "store/query_int.h"

#define SOURCES_MOST	((size_t)32 << 20)	/* 128 MB; beyond that nobody asks by country */
#define RESERVED_GROUP	1u			/* of countries; 0: unknown */

/* What is known of a source is one of these; there are some 100,000 at most. */
struct where { struct place p; uint32_t country; };

struct q_places {
	uint32_t	*of;		/* by source: place in where; 0: nothing is known */
	size_t		 n, cap;
	struct where	*where;
	size_t		 nwhere, cap_where;
	struct map	 found;		/* country, network and reserved in one: place in where */
	struct map	 asn;		/* AS number: place in where */
};

void
q_places_forget(struct query_cache *c)
{
	if (c->places == NULL)
		return;
	free(c->places->of);
	free(c->places->where);
	map_free(&c->places->found);
	map_free(&c->places->asn);
	free(c->places);
	c->places = NULL;
}

static uint32_t
country_group(const struct place *p)
{
	if (p->country[0] != '\0')
		return ((uint32_t)(unsigned char)p->country[0] << 8 | (unsigned char)p->country[1]);
	return (p->reserved != RESERVED_NO ? RESERVED_GROUP : 0);
}

/* Its place among those that are known; MAP_NONE: memory is gone. */
static uint32_t
place_id(struct q_places *x, const struct place *p)
{
	uint32_t	 country = country_group(p), *name;
	uint32_t	*at = map_at(&x->found, ((uint64_t)p->asn << 20 | (uint64_t)country << 4 | (uint64_t)p->reserved) + 1);

	if (at == NULL || *at != MAP_NONE)
		return (at == NULL ? MAP_NONE : *at);
	if (!q_grow((void **)&x->where, &x->cap_where, x->nwhere + 1, sizeof(*x->where)) ||
	    (name = map_at(&x->asn, (uint64_t)p->asn + 1)) == NULL)
		return (MAP_NONE);
	x->where[x->nwhere] = (struct where){ *p, country };
	if (*name == MAP_NONE || x->where[*name].p.network.len == 0)
		*name = (uint32_t)x->nwhere;
	return (*at = (uint32_t)x->nwhere++);
}

static int
source_row(struct q_places *x, sqlite3_stmt *st, struct err *e)
{
	int64_t		 id = sqlite3_column_int64(st, 0);
	int		 kind = sqlite3_column_int(st, 1), len = sqlite3_column_bytes(st, 2);
	const void	*ip = sqlite3_column_blob(st, 2);
	struct place	 p = { .asn = 0 };

	if (id < 1 || (size_t)id >= SOURCES_MOST)
		return (err_set(e, ERR_TEMP, "there are too many addresses to put them together by country or network"));
	if (!q_grow((void **)&x->of, &x->cap, (size_t)id + 1, sizeof(*x->of)))
		return (q_oom(e));
	if ((kind == 4 && len == 4) || (kind == 6 && len == 16))
		place_find(places_used(), ip, (unsigned)len, &p);
	if ((x->of[id] = place_id(x, &p)) == MAP_NONE)
		return (q_oom(e));
	x->n = (size_t)id + 1;
	return (0);
}

int
q_places_fill(struct query *q, struct err *e)
{
	struct q_places		*x = q->c->places;
	const struct place	 nowhere = { .asn = 0 };
	sqlite3_stmt		*st;
	int			 rc;

	if (x == NULL && (x = q->c->places = calloc(1, sizeof(*x))) == NULL)
		return (q_oom(e));
	if (x->nwhere == 0 && place_id(x, &nowhere) == MAP_NONE)	/* the first: 0 */
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT id, kind, ip FROM source WHERE id > ?1 ORDER BY id", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, x->n == 0 ? 0 : (sqlite3_int64)x->n - 1);
	while ((rc = q_step(q, st, e)) == 1)
		if (source_row(x, st, e) == -1) {
			rc = -1;
			break;
		}
	(void)sqlite3_finalize(st);
	return (rc);
}

/* Is there anything that tells? What is not known of anything is no answer. */
int
q_places_need(struct query *q, bool network, struct err *e)
{
	struct places_about	 about;

	places_about(places_used(), network ? PLACES_NETWORK : PLACES_COUNTRY, &about);
	if (!about.there)
		return (err_set(e, ERR_CONFIG, "%s of addresses are not known here: %s", network ? "networks" : "countries", about.why));
	return (q_need(q, TIER_PLACES, e));
}

static const struct where *
where_of(const struct query_cache *c, uint32_t source)
{
	return (&c->places->where[source < c->places->n ? c->places->of[source] : 0]);
}

uint32_t
q_place_group(const struct query_cache *c, uint32_t source, bool network)
{
	const struct where	*w = where_of(c, source);

	return (network ? w->p.asn : w->country);
}

int
q_place_text(struct query *q, uint32_t group, bool network, struct str *key, struct str *label, struct err *e)
{
	const struct q_places	*x = q->c->places;
	char			 text[RANGES_TEXT + 32];
	struct str		 name = STR_NONE;
	uint32_t		 at;

	if (group == 0 || (!network && group == RESERVED_GROUP)) {
		*key = group == 0 ? STR("unknown") : STR("reserved");
		return (0);
	}
	if (!network) {
		text[0] = (char)(group >> 8);
		text[1] = (char)(group & 0xff);
		*key = arena_str(q->a, (struct str){ text, 2 });
		return (key->p == NULL ? q_oom(e) : 0);
	}
	if ((at = map_get(&x->asn, (uint64_t)group + 1)) != MAP_NONE)
		name = x->where[at].p.network;
	(void)snprintf(text, sizeof(text), "%u", (unsigned)group);
	*key = arena_str(q->a, str_of(text));
	(void)snprintf(text, sizeof(text), "AS%u%s%.*s", (unsigned)group, name.len > 0 ? " " : "", (int)name.len, name.p == NULL ? "" : name.p);
	*label = arena_str(q->a, str_of(text));
	return (key->p == NULL || label->p == NULL ? q_oom(e) : 0);
}

/* --- Filters ------------------------------------------------------------------------- */

static bool
fits(const struct query_clause *c, const struct where *w)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (c->values[i].contains ? w->p.network.p != NULL && str_ifind(w->p.network, c->values[i].text) != NULL :
		    c->values[i].number == (c->key == QK_ASN ? w->p.asn : w->country))
			return (true);
	return (false);
}

/* ok: by source, n of them; out goes what the clause does not fit. */
int
q_place_clause(struct query *q, const struct query_clause *c, uint8_t *ok, size_t n, struct err *e)
{
	const struct q_places	*x;
	uint8_t			*yes;

	if (q_places_need(q, c->key == QK_ASN, e) == -1)
		return (-1);
	x = q->c->places;
	if ((yes = arena_alloc(q->a, x->nwhere + 1, 1)) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < x->nwhere; i++)
		yes[i] = fits(c, &x->where[i]) != c->negated;
	for (size_t i = 0; i < n; i++)
		ok[i] &= yes[i < x->n ? x->of[i] : 0];
	return (0);
}

/* "DE", "unknown", "reserved"; "15169", "AS15169", "unknown". */
bool
query_place_value(enum query_key key, struct str s, uint64_t *out)
{
	int64_t	 n;

	*out = 0;
	if (str_ieq(s, "unknown"))
		return (true);
	if (key == QK_COUNTRY) {
		*out = RESERVED_GROUP;
		if (str_ieq(s, "reserved"))
			return (true);
		if (s.len != 2 || ascii_lower(s.p[0]) < 'a' || ascii_lower(s.p[0]) > 'z' || ascii_lower(s.p[1]) < 'a' || ascii_lower(s.p[1]) > 'z')
			return (false);
		*out = (uint64_t)(ascii_lower(s.p[0]) - 32) << 8 | (uint64_t)(ascii_lower(s.p[1]) - 32);
		return (true);
	}
	if (str_istarts(s, "as")) {
		s.p += 2;
		s.len -= 2;
	}
	if (!str_i64(s, &n) || n < 1 || n > UINT32_MAX)
		return (false);
	*out = (uint64_t)n;
	return (true);
}

/* --- One source ------------------------------------------------------------------------ */

int
query_place(struct query *q, int64_t source, struct place *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc, kind, len;

	*out = (struct place){ .asn = 0 };
	if (q_stmt(q, Q_SOURCE, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, source);
	if ((rc = q_step(q, st, e)) == 1) {
		kind = sqlite3_column_int(st, 0);
		len = sqlite3_column_bytes(st, 1);
		if ((kind == 4 && len == 4) || (kind == 6 && len == 16))
			place_find(places_used(), sqlite3_column_blob(st, 1), (unsigned)len, out);
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

/* --- Senders ------------------------------------------------------------------------- */

struct count { uint32_t sender, country; uint64_t n; };

static int
by_count(const void *a, const void *b)
{
	const struct count	*x = a, *y = b;

	if (x->sender != y->sender)
		return (x->sender < y->sender ? -1 : 1);
	if (x->n != y->n)
		return (x->n > y->n ? -1 : 1);
	return (x->country < y->country ? -1 : x->country > y->country);
}

/* Adds up the addresses of these senders by country; item: sender to place + 1. */
static int
countries_count(struct query *q, const struct q_plan *p, const struct map *item, struct q_tally *t)
{
	const struct query_cache	*c = q->c;
	uint32_t			 domain, country, at;
	struct q_cell			*cell;

	for (size_t i = 0; i < c->of.room; i++) {
		if (c->of.keys[i] == 0)
			continue;
		domain = (uint32_t)(c->of.keys[i] >> 32);
		if (domain >= c->ndomains || !p->domain_ok[domain] || (at = map_get(item, c->of.at[i])) == MAP_NONE)
			continue;
		country = q_place_group(c, (uint32_t)c->of.keys[i], false);
		/* what has no country counts among all */
		if ((cell = q_tally_cell(t, at, country > RESERVED_GROUP ? country : 0)) != NULL)
			cell->m++;
	}
	return (t->failed ? -1 : 0);
}

static int
countries_take(const struct q_tally *t, struct query_group *g)
{
	struct count	*v = calloc(t->n + 1, sizeof(*v));

	if (v == NULL)
		return (-1);
	for (size_t i = 0; i < t->n; i++)
		v[i] = (struct count){ (uint32_t)(t->cells[i].key >> 32), (uint32_t)t->cells[i].key, t->cells[i].m };
	if (t->n > 1)
		qsort(v, t->n, sizeof(*v), by_count);
	for (size_t i = 0; i < t->n; i++) {
		struct query_countries	*o = &g[v[i].sender].countries;

		o->total += v[i].n;
		if (v[i].country == 0)
			continue;
		o->all++;
		if (o->n < QUERY_COUNTRIES) {
			o->addresses[o->n] = v[i].n;
			o->code[o->n][0] = (char)(v[i].country >> 8);
			o->code[o->n++][1] = (char)(v[i].country & 0xff);
		}
	}
	free(v);
	return (0);
}

int
query_groups_countries(struct query *q, const struct query_filter *f, const struct query_range *r, struct query_group *g, size_t n, struct err *e)
{
	struct places_about	 about;
	struct q_plan		 p;
	struct q_tally		 t = { .n = 0 };
	struct map		 item = { .n = 0 };
	uint32_t		*at;
	int64_t			 id;
	int			 rv = 0;

	places_about(places_used(), PLACES_COUNTRY, &about);
	if (!about.there || n == 0)
		return (0);
	if (q_need(q, TIER_PLACES, e) == -1 || q_need(q, TIER_OF, e) == -1 || q_plan(q, f, r, &p, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && rv == 0; i++) {
		if (!str_i64(g[i].key, &id) || id < 1 || id > UINT32_MAX)
			continue;
		if ((at = map_at(&item, (uint64_t)id)) == NULL)
			rv = -1;
		else
			*at = (uint32_t)i;
	}
	if (rv == -1 || countries_count(q, &p, &item, &t) == -1 || countries_take(&t, g) == -1)
		rv = q_oom(e);
	map_free(&item);
	q_tally_free(&t);
	return (rv);
}
