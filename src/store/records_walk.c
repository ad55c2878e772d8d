/*
 * records_walk.c - DMARC records as a tree walk asks for them: all that are
 * known, in memory, read again when one of them has become another. Where a
 * name stands is remembered: thousands of rows speak of a few.
 */
#include "base/hash.h"
#include "dmarc/dmarc.h"
#include "store/records.h"
#include "store/store_int.h"

#define MEMO	4096
#define LONG	61	/* names above are walked each time */

struct page {
	const char	*name;		/* NULL: a free place */
	size_t		 len;
	enum dns_answer	 answer;
	const struct str *texts;
	size_t		 n;
};

struct memo {
	unsigned char	 len, org, at;	/* of the name; how much of its end they are; at 0: absent */
	bool		 known;
	char		 name[LONG];
};

struct store_walk {
	struct dmarc_dns dns;
	sqlite3_stmt	*version_st;
	int64_t		 version;	/* of meta 'dns' when it was read */
	bool		 sure;		/* nobody else can have written since it was looked at */
	struct arena	*a;
	struct page	*pages;		/* open table */
	size_t		 cap;
	struct memo	 memo[MEMO];
};

static struct page *
page_at(const struct store_walk *w, struct str name)
{
	size_t	 i = (size_t)hash64(0, name.p, name.len) & (w->cap - 1);

	while (w->pages[i].name != NULL && (w->pages[i].len != name.len || memcmp(w->pages[i].name, name.p, name.len) != 0))
		i = (i + 1) & (w->cap - 1);
	return (&w->pages[i]);
}

static enum dns_answer
answer_of(void *ctx, struct str name, struct str texts[WALK_TEXTS], size_t *n)
{
	const struct page	*p = page_at(ctx, name);

	*n = 0;
	if (p->name == NULL)
		return (DNS_UNKNOWN);
	for (; *n < p->n; (*n)++)
		texts[*n] = p->texts[*n];
	return (p->answer);
}

static struct str
tail(struct str name, size_t n)
{
	return (n == 0 ? STR_NONE : (struct str){ name.p + (name.len - n), n });
}

static bool
place_of(void *ctx, struct str name, struct walk_place *out)
{
	struct store_walk	*w = ctx;
	struct dmarc_dns	 plain = { .dmarc = answer_of, .ctx = w };
	struct memo		*m = &w->memo[hash64(0, name.p, name.len) % MEMO];
	bool			 known;

	if (name.len > LONG || name.len == 0)
		return (dmarc_place(&plain, name, out));
	if (m->len == name.len && memcmp(m->name, name.p, name.len) == 0) {
		out->org = tail(name, m->org);
		out->at = tail(name, m->at);
		return (m->known);
	}
	known = dmarc_place(&plain, name, out);
	*m = (struct memo){ .len = (unsigned char)name.len, .org = (unsigned char)out->org.len, .at = (unsigned char)out->at.len, .known = known };
	memcpy(m->name, name.p, name.len);
	return (known);
}

/* --- Reading ------------------------------------------------------------------------------ */

static bool
page_read(struct store_walk *w, struct page *p, struct str lines)
{
	struct txt_set	 set = { .n = 0 };
	struct str	*v;
	char		*bytes;

	if (lines.len == 0 || !txt_read(lines, &set) || set.n == 0)
		return (true);
	if ((bytes = arena_alloc(w->a, set.used + 1, 1)) == NULL || (v = arena_alloc(w->a, set.n, sizeof(*v))) == NULL)
		return (false);
	memcpy(bytes, set.bytes, set.used);
	p->texts = v;
	for (size_t i = 0; i < set.n && p->n < WALK_TEXTS; i++)
		v[p->n++] = (struct str){ bytes + (set.v[i].p - set.bytes), set.v[i].len };
	return (true);
}

static bool
page_add(struct store_walk *w, struct str domain, int state, struct str lines)
{
	struct page	*p = page_at(w, domain);
	char		*name;

	if (p->name != NULL || (name = arena_strndup(w->a, domain.p, domain.len)) == NULL)
		return (p->name != NULL);
	*p = (struct page){ .name = name, .len = domain.len, .answer = DNS_NONE };
	if (state == STORE_DNS_FOUND && !page_read(w, p, lines))
		return (false);
	if (p->n > 0)
		p->answer = DNS_RECORD;
	return (true);
}

static struct str
column(sqlite3_stmt *st, int i)
{
	const char	*p = (const char *)sqlite3_column_text(st, i);

	return (p == NULL ? STR("") : (struct str){ p, (size_t)sqlite3_column_bytes(st, i) });
}

/* Twice as many places as there are names. */
static int
room_make(struct store *s, struct store_walk *w, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 want = 0;

	arena_reset(w->a);
	memset(w->memo, 0, sizeof(w->memo));
	free(w->pages);
	w->pages = NULL;
	if (store_prepare(s, &st, "SELECT count(*) FROM dns WHERE kind = 1 AND state > 0", e) == -1)
		return (-1);
	if (sqlite3_step(st) == SQLITE_ROW)
		want = 2 * (size_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	for (w->cap = 64; w->cap < want; w->cap *= 2)
		;
	if ((w->pages = calloc(w->cap, sizeof(*w->pages))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (0);
}

static int
pages_read(struct store *s, struct store_walk *w, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;
	bool		 ok = true;

	if (room_make(s, w, e) == -1)
		return (-1);
	if (store_prepare(s, &st, "SELECT domain, state, texts FROM dns WHERE kind = 1 AND state > 0 LIMIT ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)w->cap / 2);
	while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW)
		ok = page_add(w, column(st, 0), sqlite3_column_int(st, 1), column(st, 2));
	(void)sqlite3_finalize(st);
	if (!ok)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "dns", e));
}

static struct store_walk *
walk_new(struct store *s, struct err *e)
{
	struct store_walk	*w = calloc(1, sizeof(*w));

	if (w == NULL)
		goto oom;
	w->dns = (struct dmarc_dns){ .dmarc = answer_of, .place = place_of, .ctx = w };
	if ((w->a = arena_new((size_t)64 << 20)) == NULL)
		goto oom;
	if (store_prepare(s, &w->version_st, "SELECT value FROM meta WHERE key = 'dns'", e) == 0)
		return (w);
	store_walk_free(w);
	return (NULL);
oom:
	store_walk_free(w);
	(void)err_set(e, ERR_TEMP, "out of memory");
	return (NULL);
}

void
store_walk_free(struct store_walk *w)
{
	if (w == NULL)
		return;
	(void)sqlite3_finalize(w->version_st);
	arena_free(w->a);
	free(w->pages);
	free(w);
}

void
store_walk_unsure(struct store *s)
{
	if (s->walk != NULL)
		s->walk->sure = false;
	s->walk_none = false;
}

/* 0: no DMARC record has ever been asked for. */
static int
version_get(struct store *s, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st = s->walk->version_st;
	int		 rc = sqlite3_step(st);

	*out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "meta", e));
}

int
store_walk(struct store *s, const struct dmarc_dns **out, struct err *e)
{
	int64_t	 version;

	*out = NULL;
	if (s->walk_none)
		return (0);
	if (s->walk == NULL && (s->walk = walk_new(s, e)) == NULL)
		return (-1);
	if (!s->walk->sure) {
		if (version_get(s, &version, e) == -1)
			return (-1);
		if (version != s->walk->version) {
			s->walk->version = 0;	/* until it is there */
			if (version != 0 && pages_read(s, s->walk, e) == -1)
				return (-1);
			s->walk->version = version;
		}
		s->walk->sure = s->in_txn;
		s->walk_none = s->in_txn && version == 0;
	}
	if (s->walk->version != 0)
		*out = &s->walk->dns;
	return (0);
}
