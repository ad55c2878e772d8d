/*
 * records.c - reading what the DNS said, see records.h.
 */
#include "store/query_int.h"
#include "store/records.h"

#define COLUMNS "d.id, d.kind, d.name, d.domain, d.own, d.mail, d.state, d.texts, d.more, d.ttl, d.checked, d.answered, d.since," \
	" d.tries, d.failure, w.since, w.until, w.state, w.texts, d.seconded, d.server, d.second, d.doubts"
#define WITH_BEFORE " FROM dns d LEFT JOIN dns_was w ON w.dns = d.id AND w.until = (SELECT max(until) FROM dns_was x WHERE x.dns = d.id)"
/* Whatever store_narrow() hides. */
#define WITH_BEFORE_OF_ALL " FROM main.dns d LEFT JOIN main.dns_was w ON w.dns = d.id AND w.until = (SELECT max(until) FROM main.dns_was x WHERE x.dns = d.id)"
#define AT_OR_BELOW "(?2 IS NULL OR d.domain = ?2 OR substr(d.domain, -length(?2) - 1) = '.' || ?2)"

const char *const store_dns_state_names[STORE_DNS_STATES] = { "waiting", "found", "nodata", "nxdomain" };
const char *const store_dns_kind_names[TXT_LAST + 1] = { "", "dmarc", "spf", "dkim", "sts" };
const char *const store_dns_failure_names[STORE_DNS_FAILURES] = { "", "timeout", "servfail", "refused" };

/* What is not as we wrote it was put there by somebody else: as if it had no texts. */
static int
texts_read(struct query *q, struct str lines, struct store_dns_said *out, struct err *e)
{
	struct txt_set	 set = { .n = 0 };
	struct str	*v;
	char		*bytes;

	if (lines.len == 0 || !txt_read(lines, &set) || set.n == 0)
		return (0);
	if ((v = arena_alloc(q->a, set.n, sizeof(*v))) == NULL || (bytes = arena_alloc(q->a, set.used + 1, 1)) == NULL)
		return (q_oom(e));
	memcpy(bytes, set.bytes, set.used);
	for (size_t i = 0; i < set.n; i++)
		v[i] = (struct str){ bytes + (set.v[i].p - set.bytes), set.v[i].len };
	out->texts = v;
	out->n = set.n;
	return (0);
}

static int
said_read(struct query *q, sqlite3_stmt *st, int state, int texts, struct store_dns_said *out, struct err *e)
{
	int		 v = sqlite3_column_int(st, state);
	struct str	 lines = { (const char *)sqlite3_column_text(st, texts), (size_t)sqlite3_column_bytes(st, texts) };

	out->state = v < 0 || v >= STORE_DNS_STATES ? STORE_DNS_WAITING : (enum store_dns_state)v;
	return (out->state == STORE_DNS_FOUND ? texts_read(q, lines, out, e) : 0);
}

static struct str
selector_of(const struct store_dns *d)
{
	size_t	 tail = d->domain.len + strlen("._domainkey.");

	return (d->kind != TXT_KEY || d->name.len <= tail ? STR_NONE : (struct str){ d->name.p, d->name.len - tail });
}

static enum txt_kind
kind_of(int v)
{
	return (v < TXT_DMARC || v > TXT_LAST ? TXT_DMARC : (enum txt_kind)v);
}

static int
row_read(struct query *q, sqlite3_stmt *st, struct store_dns *d, struct err *e)
{
	struct store_dns_said	*was;
	int			 v = sqlite3_column_int(st, 14);

	*d = (struct store_dns){ .id = sqlite3_column_int64(st, 0), .kind = kind_of(sqlite3_column_int(st, 1)), .name = q_column(q, st, 2),
	    .domain = q_column(q, st, 3), .own = sqlite3_column_int(st, 4) != 0, .mail = (uint64_t)sqlite3_column_int64(st, 5),
	    .more = (unsigned)sqlite3_column_int(st, 8), .ttl = (uint32_t)sqlite3_column_int64(st, 9), .checked = sqlite3_column_int64(st, 10),
	    .answered = sqlite3_column_int64(st, 11), .tries = (unsigned)sqlite3_column_int(st, 13),
	    .failure = v < 0 || v >= STORE_DNS_FAILURES ? STORE_DNS_ANSWERED : (enum store_dns_failure)v };
	if (d->name.p == NULL || d->domain.p == NULL)
		return (q_oom(e));
	d->selector = selector_of(d);
	d->said.since = sqlite3_column_int64(st, 12);
	d->twice = d->said.since > 0 && d->answered - d->said.since >= STORE_DNS_TWICE && sqlite3_column_type(st, 19) != SQLITE_NULL;
	d->server = q_column(q, st, 20);
	d->second = q_column(q, st, 21);
	d->disputed = sqlite3_column_int(st, 22) > 0;
	if (said_read(q, st, 6, 7, &d->said, e) == -1)
		return (-1);
	if (sqlite3_column_type(st, 16) == SQLITE_NULL)
		return (0);
	if ((was = arena_alloc(q->a, 1, sizeof(*was))) == NULL)
		return (q_oom(e));
	was->since = sqlite3_column_int64(st, 15);
	was->until = sqlite3_column_int64(st, 16);
	d->before = was;
	return (said_read(q, st, 17, 18, was, e));
}

static void
bind_str(sqlite3_stmt *st, int at, struct str s)
{
	if (s.p != NULL)
		(void)sqlite3_bind_text(st, at, s.p, (int)s.len, SQLITE_STATIC);
}

static int
one(struct query *q, const char *sql, enum txt_kind kind, struct str name, const struct store_dns **out, struct err *e)
{
	struct store_dns	*d;
	sqlite3_stmt		*st;
	int			 rc;

	*out = NULL;
	if (store_prepare(q->s, &st, sql, e) == -1)
		return (-1);
	(void)sqlite3_bind_int(st, 1, (int)kind);
	bind_str(st, 2, name);
	if ((rc = q_step(q, st, e)) == 1) {
		if ((d = arena_alloc(q->a, 1, sizeof(*d))) == NULL)
			rc = q_oom(e);
		else if ((rc = row_read(q, st, d, e)) == 0)
			*out = d;
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
store_dns_get(struct query *q, enum txt_kind kind, struct str name, const struct store_dns **out, struct err *e)
{
	return (one(q, "SELECT " COLUMNS WITH_BEFORE " WHERE d.kind = ?1 AND d.name = ?2", kind, name, out, e));
}

int
store_dns_included(struct query *q, struct str name, const struct store_dns **out, struct err *e)
{
	return (one(q, "SELECT " COLUMNS WITH_BEFORE_OF_ALL " WHERE d.kind = ?1 AND d.name = ?2 AND d.own = 0", TXT_SPF, name, out, e));
}

int
store_dns_list(struct query *q, unsigned kind, struct str domain, bool own_only, const struct store_dns **out, size_t *n, struct err *e)
{
	struct store_dns	*v = NULL, *grown;
	sqlite3_stmt		*st;
	size_t			 cap = 0;
	int			 rc;

	*out = NULL;
	*n = 0;
	if (store_prepare(q->s, &st, "SELECT " COLUMNS WITH_BEFORE " WHERE (?1 = 0 OR d.kind = ?1) AND " AT_OR_BELOW
	    " AND d.own >= ?3 ORDER BY d.domain, d.kind, d.name", e) == -1)
		return (-1);
	(void)sqlite3_bind_int(st, 1, (int)kind);
	bind_str(st, 2, domain);
	(void)sqlite3_bind_int(st, 3, own_only);
	while ((rc = q_step(q, st, e)) == 1) {
		if ((grown = arena_grow(q->a, v, *n, &cap, sizeof(*v))) == NULL) {
			rc = q_oom(e);
			break;
		}
		v = grown;
		if ((rc = row_read(q, st, &v[*n], e)) == -1)
			break;
		(*n)++;
	}
	(void)sqlite3_finalize(st);
	*out = v;
	return (rc);
}

int
store_dns_changes(struct query *q, unsigned kind, struct str domain, int64_t from, int64_t to, size_t most,
    const struct store_dns_change **out, size_t *n, struct err *e)
{
	struct store_dns_change	*v;
	sqlite3_stmt		*st;
	int			 rc;

	*out = NULL;
	*n = 0;
	if ((v = arena_alloc(q->a, most + 1, sizeof(*v))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT d.kind, d.name, d.domain, w.since, w.until, w.state, w.texts, ifnull(x.until, 0),"
	    " ifnull(x.state, d.state), ifnull(x.texts, d.texts) FROM dns_was w JOIN dns d ON d.id = w.dns LEFT JOIN dns_was x ON x.dns = d.id"
	    " AND x.until = (SELECT min(until) FROM dns_was y WHERE y.dns = d.id AND y.until > w.until)"
	    " WHERE (?1 = 0 OR d.kind = ?1) AND " AT_OR_BELOW " AND w.until BETWEEN ?3 AND ?4 ORDER BY w.until DESC, d.name LIMIT ?5", e) == -1)
		return (-1);
	(void)sqlite3_bind_int(st, 1, (int)kind);
	bind_str(st, 2, domain);
	(void)sqlite3_bind_int64(st, 3, from);
	(void)sqlite3_bind_int64(st, 4, to);
	(void)sqlite3_bind_int64(st, 5, (sqlite3_int64)most);
	while ((rc = q_step(q, st, e)) == 1) {
		struct store_dns_change	*c = &v[*n];

		*c = (struct store_dns_change){ .kind = kind_of(sqlite3_column_int(st, 0)), .name = q_column(q, st, 1), .domain = q_column(q, st, 2) };
		c->was.since = sqlite3_column_int64(st, 3);
		c->was.until = c->is.since = sqlite3_column_int64(st, 4);
		c->is.until = sqlite3_column_int64(st, 7);
		if (c->name.p == NULL || c->domain.p == NULL) {
			rc = q_oom(e);
			break;
		}
		if ((rc = said_read(q, st, 5, 6, &c->was, e)) == -1 || (rc = said_read(q, st, 8, 9, &c->is, e)) == -1)
			break;
		(*n)++;
	}
	(void)sqlite3_finalize(st);
	*out = v;
	return (rc);
}

int
store_dns_figures(struct query *q, struct store_dns_figures *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*out = (struct store_dns_figures){ 0 };
	if (store_prepare(q->s, &st, "SELECT count(*), ifnull(sum(state = 0), 0), ifnull(sum(failure > 0), 0), ifnull(max(answered), 0) FROM dns", e) == -1)
		return (-1);
	if ((rc = q_step(q, st, e)) == 1) {
		out->names = (uint64_t)sqlite3_column_int64(st, 0);
		out->waiting = (uint64_t)sqlite3_column_int64(st, 1);
		out->failing = (uint64_t)sqlite3_column_int64(st, 2);
		out->answered = sqlite3_column_int64(st, 3);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}
