/*
 * records_said.c - which names are due, and what came of asking for them.
 */
#include "dmarc/spf.h"
#include "store/query_int.h"
#include "store/records.h"
#include "store/write_int.h"

#define TTL_LEAST	3600
#define TTL_MOST	86400
#define AGAIN_FIRST	600
#define AGAIN_LAST	(4 * 3600)
#define FAR		"172800"	/* nothing is put off for so long: the clock has been wrong */
#define CACHED		600	/* seconds: the resolver's own cache answers for so long (dns/dns.c) */
#define DOUBTS		8	/* then two servers disagree for good: they are asked no more often than others */
#define KEPT		20	/* answers of a name that others took the place of */

static bool
taken(const int64_t *v, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == id)
			return (true);
	return (false);
}

int
store_dns_due(struct store *s, int64_t now, const int64_t *except, size_t nexcept, struct store_dns_due *out, size_t max, size_t *n,
    struct err *e)
{
	struct store_dns_due	*d;
	sqlite3_stmt		*st;
	const char		*name, *not;
	int			 rc = SQLITE_DONE, kind;

	*n = 0;
	if (max == 0)
		return (0);
	if (store_prepare(s, &st, "SELECT id, kind, name, CASE WHEN seconded IS NULL AND doubts % 2 = 0 AND since <= ?1 - ?3 THEN server END"
	    " FROM dns WHERE due <= ?1 OR due > ?1 + " FAR " ORDER BY due LIMIT ?2", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, now);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)(max + nexcept));
	(void)sqlite3_bind_int64(st, 3, STORE_DNS_TWICE);
	while (*n < max && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		kind = sqlite3_column_int(st, 1);
		name = (const char *)sqlite3_column_text(st, 2);
		if (name == NULL || kind < TXT_DMARC || kind > TXT_LAST || taken(except, nexcept, sqlite3_column_int64(st, 0)))
			continue;
		d = &out[(*n)++];
		d->id = sqlite3_column_int64(st, 0);
		d->kind = (enum txt_kind)kind;
		(void)snprintf(d->name, sizeof(d->name), "%s", name);
		not = (const char *)sqlite3_column_text(st, 3);
		(void)snprintf(d->not, sizeof(d->not), "%s", not == NULL ? "" : not);
	}
	(void)sqlite3_finalize(st);
	return (*n == max || rc == SQLITE_DONE ? 0 : store_fail(s, "dns", e));
}

/* --- Due now -------------------------------------------------------------------------- */

/* ?2: now. Never later than it is due already. */
#define SOON "CASE WHEN checked BETWEEN ?2 - 600 AND ?2 THEN checked + 601 ELSE 0 END"
_Static_assert(CACHED == 600, "SOON says so, too");

struct mended {
	struct query	*q;
	sqlite3_stmt	*st;		/* one SPF record by its name */
	int64_t		 now;
	struct err	*e;
	bool		 failed;
};

static enum spf_answer
mended_texts(void *ctx, struct str name, const struct str **out, size_t *n)
{
	struct mended		*m = ctx;
	const struct store_dns	*d;

	if (m->failed || store_dns_get(m->q, TXT_SPF, name, &d, m->e) == -1) {
		m->failed = true;
		return (SPF_NOT_KNOWN);
	}
	if (d == NULL || d->said.state == STORE_DNS_WAITING)
		return (SPF_NOT_KNOWN);
	*out = d->said.texts;
	*n = d->said.n;
	return (*n == 0 ? SPF_NOTHING : SPF_TEXTS);
}

static void
mended_step(void *ctx, const struct spf_step *step)
{
	struct mended	*m = ctx;

	if (m->failed || step->macro)
		return;
	(void)sqlite3_bind_text(m->st, 1, step->name.p, (int)step->name.len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(m->st, 2, m->now);
	if (sqlite3_step(m->st) != SQLITE_DONE) {
		m->failed = true;
		(void)store_fail(m->q->s, "dns", m->e);
	}
	(void)sqlite3_reset(m->st);
}

/* All that SPF records of the domain, and of those below it, lead to. */
static int
due_includes(struct mended *m, struct str domain)
{
	struct spf_dns			 dns = { mended_texts, m };
	struct spf_seen			 seen = { mended_step, m };
	const struct store_dns		*list;
	struct spf_sum			 sum;
	size_t				 n;

	if (store_dns_list(m->q, TXT_SPF, domain, true, &list, &n, m->e) == -1)
		return (-1);
	for (size_t i = 0; i < n && !m->failed; i++)
		spf_walk(&dns, list[i].name, &seen, &sum);
	return (m->failed ? -1 : 0);
}

int
store_dns_due_now(struct store *s, struct str domain, int64_t now, struct err *e)
{
	struct mended	 m = { .now = now, .e = e };
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, "UPDATE dns SET due = " SOON " WHERE due > " SOON " AND (domain = ?1 OR substr(domain, -length(?1) - 1) = '.' || ?1"
	    " OR (kind = 1 AND substr(?1, -length(domain) - 1) = '.' || domain))", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, domain.p, (int)domain.len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, now);
	rc = sqlite3_step(st);
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return (store_fail(s, "dns", e));
	if (store_prepare(s, &m.st, "UPDATE dns SET due = " SOON " WHERE kind = 2 AND name = ?1 AND due > " SOON, e) == -1)
		return (-1);
	rc = (m.q = query_begin(s, now, 0, e)) == NULL ? -1 : due_includes(&m, domain);
	query_end(m.q);
	(void)sqlite3_finalize(m.st);
	return (rc);
}

/* --- What was said ----------------------------------------------------------------------- */

enum { S_GET, S_FAILED, S_SAME, S_SECOND, S_SET, S_WAS, S_TRIM, S_STMTS };
static const char *const	 said_sql[S_STMTS] = {
	[S_GET] = "SELECT kind, state, texts, since, tries, seconded, doubts, ifnull(server, '') FROM dns WHERE id = ?1",
	[S_FAILED] = "UPDATE dns SET checked = ?2, tries = ?3, failure = ?4, due = ?5 WHERE id = ?1",
	[S_SAME] = "UPDATE dns SET checked = ?2, answered = ?2, tries = 0, failure = 0, due = ?3, ttl = ?4, more = ?5 WHERE id = ?1",
	[S_SECOND] = "UPDATE dns SET seconded = ?2, doubts = ?3, second = ifnull(?4, second) WHERE id = ?1",
	[S_SET] = "UPDATE dns SET since = ?2, state = ?3, texts = ?4, server = nullif(?5, ''), seconded = NULL, second = NULL, doubts = 0 WHERE id = ?1",
	[S_WAS] = ("INSERT OR REPLACE INTO dns_was (dns, until, since, state, texts) SELECT id, ?2, since, state, texts FROM dns"
	    " WHERE id = ?1"),
	[S_TRIM] = "DELETE FROM dns_was WHERE dns = ?1 AND until <= (SELECT until FROM dns_was WHERE dns = ?1 ORDER BY until DESC LIMIT 1 OFFSET ?2)",
};

struct saying {
	struct store	*s;
	sqlite3_stmt	*st[S_STMTS];
	int64_t		 now;
	bool		 changed, dmarc, spf;
};

static int
run(struct saying *k, unsigned which, struct err *e)
{
	int	 rc = sqlite3_step(k->st[which]);

	(void)sqlite3_reset(k->st[which]);
	return (rc == SQLITE_DONE ? 0 : store_fail(k->s, "dns", e));
}

static int
failed(struct saying *k, const struct store_dns_answer *a, int64_t tries, struct err *e)
{
	sqlite3_stmt	*st = k->st[S_FAILED];
	int64_t		 again = AGAIN_FIRST;

	for (int64_t i = 0; i < tries && again < AGAIN_LAST; i++)
		again *= 2;
	(void)sqlite3_bind_int64(st, 1, a->id);
	(void)sqlite3_bind_int64(st, 2, k->now);
	(void)sqlite3_bind_int64(st, 3, tries < 1000 ? tries + 1 : tries);
	(void)sqlite3_bind_int(st, 4, (int)a->failure);
	(void)sqlite3_bind_int64(st, 5, k->now + (again > AGAIN_LAST ? AGAIN_LAST : again));
	return (run(k, S_FAILED, e));
}

/* What was held until now. */
struct before {
	enum txt_kind	 kind;
	int		 state;
	bool		 same;		/* it is what is said now */
	int64_t		 since, tries, seconded, doubts;	/* seconded 0: not yet */
	char		 server[STORE_DNS_SERVER];
};

/* When to ask again: soon after a change, to see it twice; else as long as it holds. */
static int64_t
due(const struct saying *k, const struct store_dns_answer *a, const struct before *h)
{
	int64_t	 ttl = a->ttl < TTL_LEAST ? TTL_LEAST : a->ttl > TTL_MOST ? TTL_MOST : a->ttl, since = h->since > k->now ? k->now : h->since;

	if (k->now - since < STORE_DNS_TWICE)
		return (since + STORE_DNS_TWICE);
	return (h->seconded == 0 && h->doubts > 0 && h->doubts < DOUBTS ? k->now + STORE_DNS_TWICE : k->now + ttl);
}

static int
changed(struct saying *k, const struct store_dns_answer *a, const struct before *h, const struct buf *texts, struct err *e)
{
	sqlite3_stmt	*st = k->st[S_WAS];
	bool		 first = h->state == STORE_DNS_WAITING;

	k->changed = true;
	k->dmarc |= h->kind == TXT_DMARC;
	k->spf |= h->kind == TXT_SPF;
	(void)sqlite3_bind_int64(st, 1, a->id);
	(void)sqlite3_bind_int64(st, 2, k->now);
	if (!first && run(k, S_WAS, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(k->st[S_TRIM], 1, a->id);
	(void)sqlite3_bind_int(k->st[S_TRIM], 2, KEPT);
	if (!first && run(k, S_TRIM, e) == -1)
		return (-1);
	st = k->st[S_SET];
	(void)sqlite3_bind_int64(st, 1, a->id);
	(void)sqlite3_bind_int64(st, 2, k->now);
	(void)sqlite3_bind_int(st, 3, (int)a->state);
	(void)sqlite3_bind_text(st, 4, texts->len == 0 ? "" : texts->p, (int)texts->len, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 5, a->server, -1, SQLITE_STATIC);
	return (run(k, S_SET, e));
}

/* What was said before, said again or disputed. */
static int
seconded(struct saying *k, const struct store_dns_answer *a, struct before *h, bool other, struct err *e)
{
	sqlite3_stmt	*st = k->st[S_SECOND];

	if (h->same && (other || h->doubts == 0)) {
		h->seconded = k->now;
		h->doubts = 0;
	} else	/* the first after the second or the second after the first: it goes to and fro */
		h->doubts = h->doubts > DOUBTS ? DOUBTS : h->doubts + 1;
	(void)sqlite3_bind_int64(st, 1, a->id);
	if (h->seconded != 0)
		(void)sqlite3_bind_int64(st, 2, h->seconded);
	else
		(void)sqlite3_bind_null(st, 2);
	(void)sqlite3_bind_int64(st, 3, h->doubts);
	if ((other || h->seconded != 0) && a->server[0] != '\0')
		(void)sqlite3_bind_text(st, 4, a->server, -1, SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(st, 4);
	return (run(k, S_SECOND, e));
}

/*
 * One server says what holds, another one is asked a quarter of an hour later
 * whether he says the same. When he says something else, as his memory may be
 * longer or he sees another part of the world, nothing changes but that it has
 * not been seen twice.
 */
static int
answered(struct saying *k, const struct store_dns_answer *a, struct before *h, const struct buf *texts, struct err *e)
{
	bool		 waits = h->state != STORE_DNS_WAITING && h->seconded == 0 && k->now - h->since >= STORE_DNS_TWICE;
	bool		 other = a->server[0] != '\0' && h->server[0] != '\0' && strcmp(a->server, h->server) != 0;
	sqlite3_stmt	*st = k->st[S_SAME];

	if (waits && (h->same || other)) {
		if (seconded(k, a, h, other, e) == -1)
			return (-1);
	} else if (!h->same) {
		if (changed(k, a, h, texts, e) == -1)
			return (-1);
		h->since = k->now;
		h->seconded = h->doubts = 0;
	}
	(void)sqlite3_bind_int64(st, 1, a->id);
	(void)sqlite3_bind_int64(st, 2, k->now);
	(void)sqlite3_bind_int64(st, 3, due(k, a, h));
	(void)sqlite3_bind_int64(st, 4, a->ttl);
	(void)sqlite3_bind_int64(st, 5, a->set.more);
	return (run(k, S_SAME, e));
}

static int
said(struct saying *k, const struct store_dns_answer *a, struct err *e)
{
	sqlite3_stmt	*st = k->st[S_GET];
	struct before	 h = { .same = false };
	struct buf	 texts = { 0 };
	const char	*was;
	int		 rc;

	(void)sqlite3_bind_int64(st, 1, a->id);
	if ((rc = sqlite3_step(st)) != SQLITE_ROW) {
		(void)sqlite3_reset(st);
		return (rc == SQLITE_DONE ? 0 : store_fail(k->s, "dns", e));	/* nobody wants it any more */
	}
	h.kind = (enum txt_kind)sqlite3_column_int(st, 0);
	h.state = sqlite3_column_int(st, 1);
	h.since = sqlite3_column_int64(st, 3);
	h.tries = sqlite3_column_int64(st, 4);
	h.seconded = sqlite3_column_int64(st, 5);
	h.doubts = sqlite3_column_int64(st, 6);
	(void)snprintf(h.server, sizeof(h.server), "%s", (const char *)sqlite3_column_text(st, 7));
	txt_write(&a->set, &texts);
	was = (const char *)sqlite3_column_text(st, 2);
	h.same = h.state == (int)a->state && was != NULL && strlen(was) == texts.len && (texts.len == 0 || memcmp(was, texts.p, texts.len) == 0);
	(void)sqlite3_reset(st);
	if (texts.failed)
		rc = err_set(e, ERR_TEMP, "out of memory");
	else if (a->state == STORE_DNS_WAITING)
		rc = failed(k, a, h.tries, e);
	else
		rc = answered(k, a, &h, &texts, e);
	buf_free(&texts);
	return (rc);
}

int
store_dns_said(struct store *s, const struct store_dns_answer *list, size_t n, int64_t now, bool *spf, struct err *e)
{
	struct saying	 k = { .s = s, .now = now };
	int		 rv = 0;

	*spf = false;
	if (n == 0)
		return (0);
	if (store_begin(s, e) == -1)
		return (-1);
	for (size_t i = 0; i < S_STMTS && rv == 0; i++)
		rv = store_prepare(s, &k.st[i], said_sql[i], e);
	for (size_t i = 0; i < n && rv == 0; i++)
		rv = said(&k, &list[i], e);
	for (size_t i = 0; i < S_STMTS; i++)
		(void)sqlite3_finalize(k.st[i]);
	if (rv == 0 && k.dmarc)
		rv = store_exec(s, "INSERT INTO meta (key, value) VALUES ('dns', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1", e);
	if (rv == -1) {
		store_rollback(s);
		return (-1);
	}
	if (k.changed)
		writer_changed(s, false);
	*spf = k.spf;
	return (store_commit(s, e));
}
