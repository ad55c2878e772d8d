/*
 * records_look.c - which names are to be asked for: those of our domains, those
 * that stand in their mail, and those above them that a tree walk asks.
 *
 * A look goes through the domains a few at a time, between other things; of
 * each it reads the mail of the last days, the newest first, and takes what
 * occurs most.
 */
#include "dmarc/dmarc.h"
#include "dmarc/spf.h"
#include "dmarc/trust.h"
#include "store/query_int.h"
#include "store/records.h"
#include "store/write_int.h"

#define DAYS		30
#define LATE		7	/* a key with which nothing came for so long is in use no more */
#define ROWS_EACH	200000	/* of one domain's mail; the rest is as the rest */
#define ROWS_CALL	50000	/* after so many a call ends */
#define DOMAINS_CALL	200
#define TEXTS_EACH	5000	/* names that are read to find those that are ours */
#define FORGET		(7 * 86400)
#define NAMES_MAX	0x3fffffffu	/* of table name: more are in no store */
#define INCLUDES_EACH	60	/* names that one SPF record may lead to */

/* --- A tally of small numbers ------------------------------------------------------------ */

enum { T_FROM, T_SIGNED, T_SENT, T_KEY };	/* name; d= of a signature; domain of SPF; d= and selector */

struct cell { uint64_t key; uint64_t all, pass, late; };	/* key 0: free; late: of pass, in the last days */
struct tally { struct cell *v; size_t n, cap; bool failed; };

static uint64_t
key_of(unsigned kind, uint32_t a, uint32_t b)
{
	return ((uint64_t)(kind + 1) << 60 | (uint64_t)(a & NAMES_MAX) << 30 | (b & NAMES_MAX));
}

static unsigned
kind_of(const struct cell *c)
{
	return ((unsigned)(c->key >> 60) - 1);
}

static struct cell *
cell(const struct tally *t, uint64_t key)
{
	size_t	 i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (t->cap - 1);

	while (t->v[i].key != 0 && t->v[i].key != key)
		i = (i + 1) & (t->cap - 1);
	return (&t->v[i]);
}

static void
tally_add(struct tally *t, uint64_t key, uint64_t all, uint64_t pass, uint64_t late)
{
	struct tally	 grown = { .cap = t->cap == 0 ? 256 : t->cap * 2 };
	struct cell	*c;

	if (t->failed)
		return;
	if (t->n * 2 >= t->cap) {
		if ((grown.v = calloc(grown.cap, sizeof(*grown.v))) == NULL) {
			t->failed = true;
			return;
		}
		for (size_t i = 0; i < t->cap; i++)
			if (t->v[i].key != 0)
				*cell(&grown, t->v[i].key) = t->v[i];
		free(t->v);
		t->v = grown.v;
		t->cap = grown.cap;
	}
	c = cell(t, key);
	t->n += c->key == 0;
	c->key = key;
	c->all += all;
	c->pass += pass;
	c->late += late;
}

static int
by_mail(const void *x, const void *y)
{
	const struct cell	*a = x, *b = y;

	if (a->pass != b->pass)
		return (a->pass > b->pass ? -1 : 1);
	if (a->all != b->all)
		return (a->all > b->all ? -1 : 1);
	return (a->key < b->key ? -1 : a->key > b->key);
}

/* --- What is wanted -------------------------------------------------------------------- */

enum { W_UPDATE, W_ADD, W_LEAD, W_DAY, W_EVIDENCE, W_NAME, W_TLS, W_STMTS };
static const char *const	 look_sql[W_STMTS] = {
	[W_UPDATE] = ("UPDATE dns SET own = max(own, ?4), met = CASE WHEN ?4 THEN ?6 ELSE met END,"
	    " mail = CASE WHEN wanted >= ?6 THEN max(mail, ?5) ELSE ?5 END, wanted = ?7 WHERE kind = ?1 AND name = ?2 AND domain = ?3"),
	[W_ADD] = ("INSERT OR IGNORE INTO dns (kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?7, CASE WHEN ?4 THEN ?6 ELSE 0 END, 0, 0, '', 0, 0, 0)"),
	[W_LEAD] = "UPDATE dns SET wanted = ?2 WHERE kind = 2 AND name = ?1",
	[W_DAY] = "SELECT evidence, sum(count), count(*) FROM record WHERE domain = ?1 AND day = ?2 GROUP BY evidence",
	[W_EVIDENCE] = "SELECT header_from, spf, dkim FROM evidence WHERE id = ?1",
	[W_NAME] = "SELECT text FROM name WHERE id = ?1",
	[W_TLS] = "SELECT 1 FROM tls_day WHERE domain = ?1 AND day > ?2 LIMIT 1",
};

struct look {
	struct store		*s;
	sqlite3_stmt		*st[W_STMTS];
	struct store_dns_look	*l;
	int64_t			 now, begun, names;	/* names: in the table */
	uint64_t		 rows;
	bool			 more;		/* of new domains only */
	struct str		 org;		/* of the domain that is looked at */
};

static bool
sound(struct str name)
{
	size_t	 label = 0;

	for (size_t i = 0; i < name.len; i++) {
		char	 c = name.p[i];
		bool	 ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';

		if (c == '.' ? label == 0 : !ok || ++label > 63)
			return (false);
		label = c == '.' ? 0 : label;
	}
	return (label > 0 && name.len <= DOMAIN_MAX);
}

static int
put(struct look *k, unsigned which, enum txt_kind kind, struct str name, struct str domain, bool own, uint64_t mail, struct err *e)
{
	sqlite3_stmt	*st = k->st[which];
	int		 rc;

	(void)sqlite3_bind_int(st, 1, (int)kind);
	bind_str(st, 2, name);
	bind_str(st, 3, domain);
	(void)sqlite3_bind_int(st, 4, own);
	(void)sqlite3_bind_int64(st, 5, mail > INT64_MAX ? INT64_MAX : (int64_t)mail);
	(void)sqlite3_bind_int64(st, 6, k->begun);
	(void)sqlite3_bind_int64(st, 7, k->now);
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? sqlite3_changes(k->s->db) : store_fail(k->s, "dns", e));
}

/* prefix and domain make the name; one that is too long or no name is passed over. */
static int
want(struct look *k, enum txt_kind kind, struct str prefix, struct str domain, bool own, uint64_t mail, struct err *e)
{
	char		 text[2 * DOMAIN_MAX + 2];
	struct str	 name = { text, prefix.len + domain.len };
	int		 n;

	if (prefix.len > DOMAIN_MAX || !sound(domain))
		return (0);
	if (prefix.len > 0)
		memcpy(text, prefix.p, prefix.len);
	memcpy(text + prefix.len, domain.p, domain.len);
	if (!sound(name))
		return (0);
	if ((n = put(k, W_UPDATE, kind, name, domain, own, mail, e)) != 0)
		return (n == -1 ? -1 : 0);
	if (k->names >= STORE_DNS_NAMES) {
		if (k->l != NULL)
			k->l->full = true;
		return (0);
	}
	if ((n = put(k, W_ADD, kind, name, domain, own, mail, e)) == -1)
		return (-1);
	k->names += n;
	return (0);
}

static enum dns_answer
no_record(void *ctx, struct str name, struct str texts[WALK_TEXTS], size_t *n)
{
	(void)ctx;
	(void)name;
	(void)texts;
	*n = 0;
	return (DNS_NONE);
}

/* The DMARC record of a name and of all above it that a walk asks for. */
static int
want_walk(struct look *k, struct str name, bool own, uint64_t mail, struct err *e)
{
	static const struct dmarc_dns	 nothing = { .dmarc = no_record };
	struct walk			 w;

	dmarc_walk(&nothing, name, &w);
	for (unsigned i = 0; i < w.nasked; i++)
		if (want(k, TXT_DMARC, STR("_dmarc."), w.asked[i], own && i == 0, i == 0 ? mail : 0, e) == -1)
			return (-1);
	return (0);
}

/* --- In the mail of a domain -------------------------------------------------------------- */

struct adding { struct tally *t; uint64_t m, late; bool keys; };

static void
add_signature(void *ctx, const uint32_t v[5], unsigned n)
{
	struct adding	*a = ctx;
	uint64_t	 pass = v[2] == RES_PASS ? a->m : 0, late = v[2] == RES_PASS ? a->late : 0;

	(void)n;
	if (v[0] == 0)
		return;
	tally_add(a->t, key_of(a->keys ? T_SIGNED : T_SENT, v[0], 0), a->m, pass, late);
	if (a->keys && v[1] != 0)
		tally_add(a->t, key_of(T_KEY, v[0], v[1]), a->m, pass, late);
}

static int
evidence_add(struct look *k, struct tally *t, const struct cell *c, struct err *e)
{
	sqlite3_stmt	*st = k->st[W_EVIDENCE];
	struct adding	 a = { .t = t, .m = c->all, .late = c->late };
	int		 rc;

	(void)sqlite3_bind_int64(st, 1, (int64_t)c->key);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		tally_add(t, key_of(T_FROM, (uint32_t)sqlite3_column_int64(st, 0), 0), a.m, a.m, a.late);
		for (a.keys = false;; a.keys = true) {
			int	 i = a.keys ? 2 : 1;

			if (sqlite3_column_type(st, i) != SQLITE_NULL)
				q_numbers((struct str){ (const char *)sqlite3_column_text(st, i), (size_t)sqlite3_column_bytes(st, i) },
				    add_signature, &a);
			if (a.keys)
				break;
		}
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(k->s, "evidence", e));
	return (t->failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

/* Evidence with its messages, of the latest days, until there were enough rows. */
static int
mail_read(struct look *k, int64_t domain, struct tally *evidence, struct err *e)
{
	sqlite3_stmt	*st = k->st[W_DAY];
	int64_t		 today = k->now / 86400;
	uint64_t	 rows = 0;
	int		 rc;

	for (int64_t day = today; day > today - DAYS && rows < ROWS_EACH; day--) {
		(void)sqlite3_bind_int64(st, 1, domain);
		(void)sqlite3_bind_int64(st, 2, day);
		while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
			tally_add(evidence, (uint64_t)sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1), 0,
			    day > today - LATE ? (uint64_t)sqlite3_column_int64(st, 1) : 0);
			rows += (uint64_t)sqlite3_column_int64(st, 2);
		}
		(void)sqlite3_reset(st);
		if (rc != SQLITE_DONE)
			return (store_fail(k->s, "record", e));
	}
	k->rows += rows;
	return (evidence->failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

/* 1: text is the name, and it is ours. */
static int
name_read(struct look *k, uint32_t id, bool ours, char text[DOMAIN_MAX + 1], struct err *e)
{
	sqlite3_stmt	*st = k->st[W_NAME];
	const char	*p;
	int		 rc, n;

	text[0] = '\0';
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW && (p = (const char *)sqlite3_column_text(st, 0)) != NULL &&
	    (n = sqlite3_column_bytes(st, 0)) > 0 && n <= DOMAIN_MAX)
		(void)snprintf(text, DOMAIN_MAX + 1, "%.*s", n, p);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(k->s, "name", e));
	if (text[0] == '\0' || !sound(str_of(text)))
		return (0);
	return (!ours || domain_below(str_of(text), k->org));
}

/* One of the tally: wanted unless it is somebody else's. 1: it was. */
static int
want_cell(struct look *k, const struct cell *c, struct err *e)
{
	uint32_t	 a = (uint32_t)(c->key >> 30) & NAMES_MAX, b = (uint32_t)c->key & NAMES_MAX;
	char		 name[DOMAIN_MAX + 1], selector[DOMAIN_MAX + 1], prefix[DOMAIN_MAX + 16];
	int		 rv;

	if ((rv = name_read(k, a, true, name, e)) != 1)
		return (rv);
	switch (kind_of(c)) {
	case T_FROM:
		return (want_walk(k, str_of(name), true, c->all, e) == -1 ? -1 : 1);
	case T_SIGNED:
		return (want_walk(k, str_of(name), false, c->all, e) == -1 ? -1 : 1);
	case T_SENT:
		return (want_walk(k, str_of(name), false, c->all, e) == -1 ||
		    want(k, TXT_SPF, STR(""), str_of(name), true, c->pass, e) == -1 ? -1 : 1);
	default:
		if ((rv = name_read(k, b, false, selector, e)) != 1)
			return (rv);
		(void)snprintf(prefix, sizeof(prefix), "%s._domainkey.", selector);
		return (want(k, TXT_KEY, str_of(prefix), str_of(name), true, c->late, e) == -1 ? -1 : 1);
	}
}

static int
want_mail(struct look *k, struct tally *t, struct err *e)
{
	unsigned	 took[T_KEY + 1] = { 0 }, read[T_KEY + 1] = { 0 }, kind;
	size_t		 n = 0;
	int		 rv;

	for (size_t i = 0; i < t->cap; i++)
		if (t->v[i].key != 0)
			t->v[n++] = t->v[i];
	if (n > 0)
		qsort(t->v, n, sizeof(*t->v), by_mail);
	for (size_t i = 0; i < n; i++) {
		kind = kind_of(&t->v[i]);
		if (took[kind] >= STORE_DNS_EACH || read[kind]++ >= TEXTS_EACH)
			continue;
		if ((rv = want_cell(k, &t->v[i], e)) == -1)
			return (-1);
		took[kind] += rv == 1;
	}
	return (0);
}

/* Where mail to a domain goes: is there an MTA-STS policy to be looked at? Its mail or reports of its TLS sessions make it ours. */
static int
want_policy(struct look *k, int64_t id, struct str name, bool mail, struct err *e)
{
	sqlite3_stmt	*st = k->st[W_TLS];
	int		 rc = SQLITE_ROW;

	if (!mail) {
		(void)sqlite3_bind_int64(st, 1, id);
		(void)sqlite3_bind_int64(st, 2, k->now / 86400 - DAYS);
		rc = sqlite3_step(st);
		(void)sqlite3_reset(st);
		if (rc != SQLITE_ROW)
			return (rc == SQLITE_DONE ? 0 : store_fail(k->s, "tls_day", e));
	}
	return (want(k, TXT_STS, STR("_mta-sts."), name, true, 0, e));
}

static int
look_domain(struct look *k, int64_t id, struct str name, struct err *e)
{
	struct tally	 evidence = { 0 }, t = { 0 };
	int		 rv;

	k->org = domain_org(name);
	if ((rv = mail_read(k, id, &evidence, e)) == 0)
		rv = want_policy(k, id, name, evidence.n > 0, e);
	if (rv == 0 && evidence.n > 0) {
		rv = want_walk(k, name, true, 0, e);
		if (rv == 0)
			rv = want(k, TXT_SPF, STR(""), name, true, 0, e);
		for (size_t i = 0; i < evidence.cap && rv == 0; i++)
			if (evidence.v[i].key != 0)
				rv = evidence_add(k, &t, &evidence.v[i], e);
		if (rv == 0)
			rv = want_mail(k, &t, e);
	}
	free(evidence.v);
	free(t.v);
	return (rv);
}

/* --- All domains ---------------------------------------------------------------------------- */

/* Those of the configuration, whether they have mail or not. */
static int
look_settings(struct look *k, struct err *e)
{
	const struct str_list	*l = &k->s->trust->domains;

	for (size_t i = 0; i < l->n; i++)
		if (want_walk(k, str_of(l->v[i]), true, 0, e) == -1 || want(k, TXT_SPF, STR(""), str_of(l->v[i]), true, 0, e) == -1 ||
		    want(k, TXT_STS, STR("_mta-sts."), str_of(l->v[i]), true, 0, e) == -1)
			return (-1);
	return (0);
}

static int
forget(struct look *k, struct err *e)
{
	char	 sql[300];

	(void)snprintf(sql, sizeof(sql), "UPDATE dns SET own = 0 WHERE own > 0 AND met < %lld;DELETE FROM dns_was WHERE dns IN (SELECT id FROM dns WHERE wanted < %lld);"
	    "DELETE FROM dns WHERE wanted < %lld", (long long)k->begun, (long long)k->begun - FORGET, (long long)k->begun - FORGET);
	return (store_exec(k->s, sql, e));
}

static int
look(struct look *k, struct err *e)
{
	sqlite3_stmt	*st;
	char		 name[DOMAIN_MAX + 1];
	unsigned	 n = 0;
	int		 rc, rv = 0;

	if (!k->more && k->l->at == 0 && look_settings(k, e) == -1)
		return (-1);
	if (store_prepare(k->s, &st, "SELECT id, name FROM domain WHERE id > ?1 AND apart = 0 ORDER BY id LIMIT ?2", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, k->l->at);
	(void)sqlite3_bind_int(st, 2, DOMAINS_CALL);
	while (rv == 0 && k->rows < ROWS_CALL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		k->l->at = sqlite3_column_int64(st, 0);
		(void)snprintf(name, sizeof(name), "%s", (const char *)sqlite3_column_text(st, 1));
		n++;
		if (k->l->at > k->l->newest)
			k->l->newest = k->l->at;
		if (trust_ours(k->s->trust, str_of(name)))
			rv = look_domain(k, k->l->at, str_of(name), e);
	}
	if (rv == 0 && k->rows < ROWS_CALL && rc != SQLITE_DONE)
		rv = store_fail(k->s, "domain", e);
	(void)sqlite3_finalize(st);
	if (rv == -1 || k->rows >= ROWS_CALL || n == DOMAINS_CALL)
		return (rv);
	k->l->at = 0;	/* all were gone through */
	return (k->more ? 0 : forget(k, e));
}

static int
begin(struct look *k, struct err *e)
{
	sqlite3_stmt	*st;

	for (size_t i = 0; i < W_STMTS; i++)
		if (store_prepare(k->s, &k->st[i], look_sql[i], e) == -1)
			return (-1);
	if (store_prepare(k->s, &st, "SELECT count(*) FROM dns", e) == -1)
		return (-1);
	if (sqlite3_step(st) == SQLITE_ROW)
		k->names = sqlite3_column_int64(st, 0);
	return (sqlite3_finalize(st) == SQLITE_OK ? 0 : store_fail(k->s, "dns", e));
}

/* One transaction around fn. */
static int
within(struct look *k, int (*fn)(struct look *, struct err *), struct err *e)
{
	int	 rv;

	if (store_begin(k->s, e) == -1)
		return (-1);
	if ((rv = begin(k, e)) == 0)
		rv = fn(k, e);
	for (size_t i = 0; i < W_STMTS; i++)
		(void)sqlite3_finalize(k->st[i]);
	if (rv == 0)
		return (store_commit(k->s, e));
	store_rollback(k->s);
	return (-1);
}

int
store_dns_look(struct store *s, int64_t now, struct store_dns_look *l, struct err *e)
{
	struct store_dns_look	 was = *l;
	struct look		 k = { .s = s, .l = l, .now = now };

	if (l->at == 0) {
		l->begun = now;
		l->full = false;
	}
	k.begun = l->begun;
	if (within(&k, look, e) == 0)
		return (0);
	*l = was;
	return (-1);
}

int
store_dns_look_more(struct store *s, int64_t now, struct store_dns_look *l, struct err *e)
{
	struct store_dns_look	 was = *l;
	struct look		 k = { .s = s, .l = l, .now = now, .begun = l->begun, .more = true };

	if (within(&k, look, e) == 0)
		return (0);
	*l = was;
	return (-1);
}

int
store_dns_unmet(struct store *s, const struct store_dns_look *l, bool *out, struct err *e)
{
	sqlite3_stmt	*st;

	*out = false;
	if (store_prepare(s, &st, "SELECT max(id) FROM domain", e) == -1)
		return (-1);
	if (sqlite3_step(st) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0) > l->newest;
	return (sqlite3_finalize(st) == SQLITE_OK ? 0 : store_fail(s, "domain", e));
}

/* --- Where SPF records lead ------------------------------------------------------------------ */

struct follow {
	struct look		*k;
	const struct store_dns	*rows;		/* in order of their names */
	size_t			 n;
	uint32_t		*root;		/* by row: the last record that led to it */
	uint32_t		 now;
	unsigned		 left;		/* that this record may still lead to */
	const struct store_dns	*line[INCLUDES_EACH + 1];
	unsigned		 nline;
};

static int
by_domain(const void *key, const void *row)
{
	return (str_order(*(const struct str *)key, ((const struct store_dns *)row)->domain));
}

static int
lead(struct follow *f, const char *name, struct err *e)
{
	sqlite3_stmt	*st = f->k->st[W_LEAD];
	int		 rc;

	bind_str(st, 1, str_of(name));
	(void)sqlite3_bind_int64(st, 2, f->k->now);
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(f->k->s, "dns", e));
}

/* A name that a record leads to: asked for, or if it is already in line for its own. */
static int
follow_to(struct follow *f, const char *to, struct err *e)
{
	struct str		 name = str_of(to);
	const struct store_dns	*next = bsearch(&name, f->rows, f->n, sizeof(*f->rows), by_domain);

	if (next != NULL && f->root[next - f->rows] == f->now)
		return (0);
	f->left--;
	if (next == NULL)
		return (want(f->k, TXT_SPF, STR(""), name, false, 0, e));
	f->root[next - f->rows] = f->now;
	f->line[f->nline++] = next;
	return (lead(f, to, e));
}

/* In order of distance: so the same ones come first each time, however much a stranger's records lead to. */
static int
follow_from(struct follow *f, const struct store_dns *d, struct err *e)
{
	struct spf_record	 r;
	char			 to[254];

	f->line[0] = d;
	f->nline = 1;
	f->left = INCLUDES_EACH;
	f->root[d - f->rows] = f->now;
	for (unsigned at = 0; at < f->nline; at++)
		for (size_t t = 0; t < f->line[at]->said.n; t++) {
			(void)spf_read(f->line[at]->said.texts[t], &r);
			for (unsigned i = 0; i < r.ntargets && f->left > 0; i++)
				if (!r.targets[i].macro && spf_target(r.targets[i].name, to) && follow_to(f, to, e) == -1)
					return (-1);
		}
	return (0);
}

static int
follow(struct look *k, struct err *e)
{
	struct follow	 f = { .k = k };
	struct query	*q = query_begin(k->s, k->now, 0, e);
	int		 rv;

	if (q == NULL)
		return (-1);
	rv = store_dns_list(q, TXT_SPF, STR_NONE, false, &f.rows, &f.n, e);
	if (rv == 0 && (f.root = calloc(f.n + 1, sizeof(*f.root))) == NULL)
		rv = err_set(e, ERR_TEMP, "out of memory");
	for (size_t i = 0; i < f.n && rv == 0; i++)
		if (f.rows[i].own) {
			f.now = (uint32_t)i + 1;
			rv = follow_from(&f, &f.rows[i], e);
		}
	free(f.root);
	query_end(q);
	return (rv);
}

int
store_dns_follow(struct store *s, int64_t now, struct err *e)
{
	struct look	 k = { .s = s, .now = now };

	return (within(&k, follow, e));
}
