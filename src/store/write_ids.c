/*
 * write_ids.c - ids of texts, addresses, domains, reporters and policies,
 * remembered: one place per hash, the newest wins.
 */
#include "base/hash.h"
#include "dmarc/dmarc.h"
#include "store/write_int.h"

bool
writer_cache_new(struct cache *c, size_t n)
{
	c->slots = calloc(n, sizeof(*c->slots));
	c->mask = n - 1;
	return (c->slots != NULL);
}

void
writer_cache_clear(struct cache *c)
{
	memset(c->slots, 0, (c->mask + 1) * sizeof(*c->slots));
}

/*
 * New is what most are that nobody remembers: so it is put first (a statement
 * with ON CONFLICT DO NOTHING), and looked up only if it is there.
 */
static int
put_or_find(struct store *s, enum stmt add, enum stmt look, int64_t *id, struct err *e)
{
	if (writer_run(s, add, e) == -1)
		return (-1);
	if (sqlite3_changes(s->db) == 1) {
		*id = sqlite3_last_insert_rowid(s->db);
		return (0);
	}
	switch (writer_find(s, look, id, e)) {
	case 1:
		return (0);
	case 0:
		return (err_set(e, ERR_BUG, "a row that is there is not found"));
	default:
		return (-1);
	}
}

static int64_t
text_id(struct store *s, struct cache *c, unsigned space, enum stmt look, enum stmt add, struct str t, struct err *e)
{
	uint64_t	 h = hash64(s->secret + space, t.p, t.len);
	struct slot	*slot = writer_cache_at(c, h);
	int64_t		 id;

	if (slot->id != 0 && slot->hash == h)
		return (slot->id);
	bind_str(stmt(s, look), 1, t);
	bind_str(stmt(s, add), 1, t);
	if (put_or_find(s, add, look, &id, e) == -1)
		return (-1);
	*slot = (struct slot){ h, id, 0 };
	return (id);
}

/* 0 for an absent text. */
int64_t
writer_name(struct store *s, struct str t, struct err *e)
{
	if (t.p == NULL)
		return (0);
	return (text_id(s, &s->w->names, 1, ST_NAME_FIND, ST_NAME_ADD, t, e));
}

int64_t
writer_source(struct store *s, const unsigned char *ip, unsigned len, struct str text, struct err *e)
{
	unsigned char	 key[17];
	unsigned	 kind = len == 4 ? 4 : len == 16 ? 6 : 0;
	const void	*p = kind != 0 ? (const void *)ip : text.p == NULL ? "" : text.p;
	size_t		 n = kind != 0 ? len : text.len;
	uint64_t	 h;
	struct slot	*slot;
	int64_t		 id;

	if (kind != 0) {
		key[0] = (unsigned char)kind;
		memcpy(key + 1, ip, len);
		h = hash64(s->secret + 2, key, len + 1);
	} else
		h = hash64(s->secret + 3, p, n);
	slot = writer_cache_at(&s->w->sources, h);
	if (slot->id != 0 && slot->hash == h)
		return (slot->id);
	(void)sqlite3_bind_blob(stmt(s, ST_SOURCE_FIND), 1, p, (int)n, SQLITE_STATIC);
	(void)sqlite3_bind_int(stmt(s, ST_SOURCE_FIND), 2, (int)kind);
	(void)sqlite3_bind_blob(stmt(s, ST_SOURCE_ADD), 1, p, (int)n, SQLITE_STATIC);
	(void)sqlite3_bind_int(stmt(s, ST_SOURCE_ADD), 2, (int)kind);
	if (put_or_find(s, ST_SOURCE_ADD, ST_SOURCE_FIND, &id, e) == -1)
		return (-1);
	*slot = (struct slot){ h, id, 0 };
	return (id);
}

int64_t
writer_policy(struct store *s, const struct report_policy *p, int64_t domain, struct err *e)
{
	struct writer		*w = s->w;
	const struct str	 v[] = { p->p, p->sp, p->np, p->adkim, p->aspf, p->pct, p->fo, p->testing, p->discovery_method };
	struct str		 key;
	sqlite3_stmt		*st;
	struct slot		*slot;
	uint64_t		 h;
	int64_t			 id;
	int			 rv;

	buf_clear(&w->text);
	(void)buf_printf(&w->text, "%lld", (long long)domain);
	for (size_t i = 0; i < nitems(v); i++) {
		/* '-' for absent; a length in front keeps two policies apart whatever they say */
		if (v[i].p == NULL)
			(void)buf_cstr(&w->text, " -");
		else {
			(void)buf_printf(&w->text, " %zu:", v[i].len);
			(void)buf_str(&w->text, v[i]);
		}
	}
	if (w->text.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	key = buf_as_str(&w->text);
	h = hash64(s->secret + 4, key.p, key.len);
	slot = writer_cache_at(&w->keys, h);
	if (slot->id != 0 && slot->hash == h)
		return (slot->id);
	bind_str(stmt(s, ST_POLICY_FIND), 1, key);
	if ((rv = writer_find(s, ST_POLICY_FIND, &id, e)) == -1)
		return (-1);
	if (rv == 0) {
		st = stmt(s, ST_POLICY_ADD);
		bind_str(st, 1, key);
		(void)sqlite3_bind_int64(st, 2, domain);
		for (size_t i = 0; i < nitems(v); i++)
			bind_str(st, (int)i + 3, v[i]);
		if (writer_run(s, ST_POLICY_ADD, e) == -1)
			return (-1);
		id = sqlite3_last_insert_rowid(s->db);
	}
	*slot = (struct slot){ h, id, 0 };
	return (id);
}

int64_t
writer_domain(struct store *s, struct str name, bool apart, struct err *e)
{
	if (apart)
		return (text_id(s, &s->w->keys, 9, ST_DOMAIN_APART_FIND, ST_DOMAIN_APART_ADD, name, e));
	return (text_id(s, &s->w->keys, 6, ST_DOMAIN_FIND, ST_DOMAIN_ADD, name, e));
}

/* Who reports: the organisation behind org_name, or behind the address. */
struct str
writer_reporter_key(struct str org_name, struct str email, char out[DOMAIN_MAX + 1])
{
	size_t		 n;
	const char	*at;
	struct str	 o;

	if (org_name.p != NULL && memchr(org_name.p, ' ', org_name.len) == NULL &&
	    memchr(org_name.p, '.', org_name.len) != NULL &&
	    domain_normal(org_name, out, &n, NULL) == NAME_DOMAIN)
		return (domain_org((struct str){ out, n }));
	if (email.p != NULL && (at = memrchr(email.p, '@', email.len)) != NULL &&
	    domain_normal((struct str){ at + 1, (size_t)(email.p + email.len - at) - 1 }, out, &n, NULL) == NAME_DOMAIN)
		return (domain_org((struct str){ out, n }));
	o = org_name.p == NULL ? STR("unknown") : org_name;
	for (n = 0; n < o.len && n < DOMAIN_MAX; n++)
		out[n] = ascii_lower(o.p[n]);
	while (n > 0 && n < o.len && ((unsigned char)o.p[n] & 0xc0) == 0x80)
		n--;	/* not in the middle of a character */
	return ((struct str){ out, n });
}

int64_t
writer_reporter(struct store *s, struct str org_name, struct str email, struct err *e)
{
	char		 key[DOMAIN_MAX + 1];
	struct str	 k = writer_reporter_key(org_name, email, key);

	bind_str(stmt(s, ST_REPORTER_ADD), 2, org_name.p == NULL ? k : org_name);
	return (text_id(s, &s->w->keys, 5, ST_REPORTER_FIND, ST_REPORTER_ADD, k, e));
}
