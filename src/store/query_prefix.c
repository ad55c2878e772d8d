/*
 * query_prefix.c - networks of /24 (IPv4) and /48 (IPv6) as groups: a number
 * for each, and four bytes for each source that say which one it is in.
 */
#include <arpa/inet.h>

#include "store/query_int.h"

#define SOURCES_MOST	((size_t)32 << 20)	/* 128 MB; beyond that nobody groups by network */
#define V6		((uint32_t)1 << 24 | 1)	/* below: 1 + the 24 bits; from here on: places in v6 */

struct q_prefixes {
	uint32_t	*of;		/* by source; 0: no address */
	size_t		 n, cap;
	uint64_t	*v6;		/* the 48 bits of each that is known */
	size_t		 nv6, cap_v6;
	struct map	 places;	/* the bits + 1: place in v6 */
};

void
q_prefixes_forget(struct query_cache *c)
{
	if (c->prefixes == NULL)
		return;
	free(c->prefixes->of);
	free(c->prefixes->v6);
	map_free(&c->prefixes->places);
	free(c->prefixes);
	c->prefixes = NULL;
}

static uint64_t
bits(const unsigned char *ip, unsigned n)
{
	uint64_t	 v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | ip[i];
	return (v);
}

/* 0: memory is gone. */
static uint32_t
v6_group(struct q_prefixes *p, uint64_t v)
{
	uint32_t	*at = map_at(&p->places, v + 1);

	if (at == NULL)
		return (0);
	if (*at == MAP_NONE) {
		if (!q_grow((void **)&p->v6, &p->cap_v6, p->nv6 + 1, sizeof(*p->v6)))
			return (0);
		p->v6[p->nv6] = v;
		*at = (uint32_t)p->nv6++;
	}
	return (V6 + *at);
}

static int
source_row(struct q_prefixes *p, sqlite3_stmt *st, struct err *e)
{
	int64_t			 id = sqlite3_column_int64(st, 0);
	int			 kind = sqlite3_column_int(st, 1), len = sqlite3_column_bytes(st, 2);
	const unsigned char	*ip = sqlite3_column_blob(st, 2);
	uint32_t		 group = 0;

	if (id < 1 || (size_t)id >= SOURCES_MOST)
		return (err_set(e, ERR_TEMP, "there are too many addresses to put them together by network"));
	if (!q_grow((void **)&p->of, &p->cap, (size_t)id + 1, sizeof(*p->of)))
		return (q_oom(e));
	if (kind == 4 && len == 4)
		group = 1 + (uint32_t)bits(ip, 3);
	else if (kind == 6 && len == 16 && (group = v6_group(p, bits(ip, 6))) == 0)
		return (q_oom(e));
	p->of[id] = group;
	p->n = (size_t)id + 1;
	return (0);
}

int
q_prefixes_fill(struct query *q, struct err *e)
{
	struct q_prefixes	*p = q->c->prefixes;
	sqlite3_stmt		*st;
	int			 rc;

	if (p == NULL && (p = q->c->prefixes = calloc(1, sizeof(*p))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT id, kind, ip FROM source WHERE id > ?1 ORDER BY id", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, p->n == 0 ? 0 : (sqlite3_int64)p->n - 1);
	while ((rc = q_step(q, st, e)) == 1)
		if (source_row(p, st, e) == -1) {
			rc = -1;
			break;
		}
	(void)sqlite3_finalize(st);
	return (rc);
}

uint32_t
q_prefix(const struct query_cache *c, uint32_t source)
{
	return (source < c->prefixes->n ? c->prefixes->of[source] : 0);
}

bool
q_prefix_bytes(const struct query_cache *c, uint32_t group, unsigned char ip[16], unsigned *family)
{
	unsigned	 n = group < V6 ? 3 : 6;
	uint64_t	 v;

	if (group == 0 || (group >= V6 && group - V6 >= c->prefixes->nv6))
		return (false);
	v = group < V6 ? group - 1 : c->prefixes->v6[group - V6];
	memset(ip, 0, 16);
	for (unsigned i = 0; i < n; i++)
		ip[i] = (unsigned char)(v >> (n - 1 - i) * 8);
	*family = n == 3 ? 4 : 6;
	return (true);
}

/* In the words of the filter ip=. */
struct str
q_prefix_text(struct query *q, uint32_t group)
{
	unsigned char	 ip[16];
	unsigned	 family;
	char		 text[64], full[80];

	if (!q_prefix_bytes(q->c, group, ip, &family) || inet_ntop(family == 4 ? AF_INET : AF_INET6, ip, text, sizeof(text)) == NULL)
		return (STR("unknown"));
	(void)snprintf(full, sizeof(full), "%s/%d", text, family == 4 ? 24 : 48);
	return (arena_str(q->a, str_of(full)));
}
