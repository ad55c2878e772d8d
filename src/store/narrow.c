/*
 * narrow.c - a reader that sees some domains and nothing of others.
 *
 * In this one place, below all questions: each table is hidden behind a view
 * of the same name that shows what is about the domains, and SQLite takes the
 * view wherever a question names the table. So there is no question that could
 * forget to look, and what readers remember (query_cache.c) is of these
 * domains only. A table that is not named here is empty: a new one shows
 * nothing until somebody has thought about it.
 */
#include "base/base.h"
#include "store/store_int.h"

#define OURS " IN (SELECT id FROM temp.narrow_domain)"
/* What stands at a domain of theirs or below. */
#define DNS_SEEN_AT "EXISTS (SELECT 1 FROM temp.narrow_name l WHERE domain = l.name OR substr(domain, -length(l.name) - 1) = '.' || l.name)"
/* And above it as far as their policy may hang on it; not which others are watched. */
#define DNS_SEEN "EXISTS (SELECT 1 FROM temp.narrow_name l WHERE domain = l.name OR substr(domain, -length(l.name) - 1) = '.' || l.name " \
	"OR (kind = 1 AND substr(l.name, -length(domain) - 1) = '.' || domain))"

/*
 * What stands in an open table is met only by way of a row that is shown, or
 * is what anybody may know of an address or a name.
 */
static const struct { const char *table; const char *where; } tables[] = {
	{ "meta", "" }, { "name", "" }, { "reporter", "" }, { "source", "" }, { "outcome", "" }, { "evidence", "" }, { "message", "" },
	{ "pack", "" }, { "host", "" }, { "source_text", "" }, { "outcome_text", "" },
	{ "domain", "id" OURS },
	{ "dns", DNS_SEEN },
	{ "dns_was", "dns IN (SELECT id FROM main.dns WHERE " DNS_SEEN ")" },
	{ "sts", DNS_SEEN_AT },
	{ "policy", "domain" OURS },
	{ "report", "domain" OURS },
	{ "record", "domain" OURS },
	{ "rollup", "domain" OURS },
	{ "edition", "domain" OURS },
	{ "failure", "domain" OURS },
	{ "host_domain", "domain" OURS },
	{ "reveal", "failure IN (SELECT id FROM main.failure WHERE domain" OURS ")" },
	{ "sender", "key = 'rest' OR id IN (SELECT sender FROM main.sender_class WHERE domain" OURS ")" },
	{ "sender_of", "domain" OURS },
	{ "sender_class", "domain" OURS },
	{ "decision", "(domain = 0 AND sender IN (SELECT sender FROM main.sender_class WHERE domain" OURS ")) OR domain" OURS },
	{ "task", "domain" OURS },
	{ "watch", "(domain = 0 AND sender IN (SELECT sender FROM main.sender_class WHERE domain" OURS ")) OR domain" OURS },
	{ "request", "" },	/* found by a number that only who asked knows */
	{ "saved_view", "" },	/* each is asked for by its owner's name */
	{ "tls_day", "domain" OURS },
	{ "tls_element", "domain" OURS },
	{ "tls_policy", "domain" OURS },
	{ "tls_detail", "EXISTS (SELECT 1 FROM main.tls_element e WHERE e.report = tls_detail.report AND e.seq = tls_detail.element AND e.domain"
	    OURS ")" },
	/* one that is about others as well has their names and sums in it */
	{ "tls_report", "EXISTS (SELECT 1 FROM main.tls_element e WHERE e.report = tls_report.id AND e.domain" OURS ") AND "
	    "NOT EXISTS (SELECT 1 FROM main.tls_element e WHERE e.report = tls_report.id AND e.domain NOT" OURS ")" },
};

/* The domains themselves and all below them; a name is letters, digits, hyphens and dots. */
static int
make_names(struct store *s, const char *domains, struct err *e)
{
	sqlite3_stmt	*st;
	size_t		 n;
	int		 rc = SQLITE_DONE;

	if (store_exec(s, "CREATE TEMP TABLE narrow_name (name TEXT PRIMARY KEY) WITHOUT ROWID", e) == -1 ||
	    store_prepare(s, &st, "INSERT OR IGNORE INTO temp.narrow_name (name) VALUES (?1)", e) == -1)
		return (-1);
	for (; *domains != '\0' && rc == SQLITE_DONE; domains += n + (domains[n] == ' ')) {
		n = strcspn(domains, " ");
		(void)sqlite3_bind_text(st, 1, domains, (int)n, SQLITE_STATIC);
		rc = sqlite3_step(st);
		(void)sqlite3_reset(st);
	}
	if (sqlite3_finalize(st) != SQLITE_OK || rc != SQLITE_DONE)
		return (store_fail(s, "narrow", e));
	return (store_exec(s, "CREATE TEMP VIEW narrow_domain AS SELECT d.id FROM main.domain d WHERE EXISTS (SELECT 1 FROM temp.narrow_name l "
	    "WHERE d.name = l.name OR substr(d.name, -length(l.name) - 1) = '.' || l.name)", e));
}

/* NULL: it is shown as it is. */
static const char *
condition(const char *table)
{
	for (size_t i = 0; i < nitems(tables); i++)
		if (strcmp(tables[i].table, table) == 0)
			return (tables[i].where[0] == '\0' ? NULL : tables[i].where);
	return ("0");
}

static int
hide(struct store *s, const char *table, struct err *e)
{
	const char	*where = condition(table);
	char		*sql;
	int		 rv;

	if (where == NULL)
		return (0);
	if ((sql = sqlite3_mprintf("CREATE TEMP VIEW \"%w\" AS SELECT * FROM main.\"%w\" WHERE %s", table, table, where)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	rv = store_exec(s, sql, e);
	sqlite3_free(sql);
	return (rv);
}

/* The list is read before the first view is made. */
static int
hide_all(struct store *s, struct err *e)
{
	sqlite3_stmt	*st;
	struct buf	 names = { 0 };
	const char	*p;
	int		 rc, rv = 0;

	if (store_prepare(s, &st, "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
	    e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		(void)buf_add(&names, sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));
		(void)buf_byte(&names, '\0');
	}
	(void)buf_byte(&names, '\0');
	if (sqlite3_finalize(st) != SQLITE_OK || rc != SQLITE_DONE)
		rv = store_fail(s, "narrow", e);
	else if (names.failed)
		rv = err_set(e, ERR_TEMP, "out of memory");
	for (p = names.p; rv == 0 && *p != '\0'; p += strlen(p) + 1)
		rv = hide(s, p, e);
	buf_free(&names);
	return (rv);
}

int
store_narrow(struct store *s, const char *domains, struct err *e)
{
	/* in memory: small, and this process may have no place for files */
	if (store_exec(s, "PRAGMA temp_store = MEMORY", e) == -1 || store_exec(s, "PRAGMA query_only = 0", e) == -1 ||
	    make_names(s, domains, e) == -1 || hide_all(s, e) == -1)
		return (-1);
	return (store_exec(s, "PRAGMA query_only = 1", e));
}
