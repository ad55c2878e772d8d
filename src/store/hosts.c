/*
 * hosts.c - see hosts.h. The pass over senders notes every source that it
 * reads, with the power of two of its messages as its weight; others are taken
 * up by their number when nothing else is to be asked. So the next to ask for
 * are found by one look into an index for each weight, however many wait.
 */
#include "store/hosts.h"
#include "store/hosts_int.h"

#define WEIGHTS		34	/* 0: nothing is known of its mail */
#define OLD_SHARE	4	/* at least one of so many is one that has become old */
#define SEED		5000	/* sources that no pass has read, taken up at a time */
#define SEEDS		20	/* times in one call */
#define QUIET		500
#define KEEP_DAYS	90	/* a source without mail for so long is asked for when it sends again */
#define SAME_DAYS	7	/* a last day is written anew when it is so much later */

void
store_hosts_ceiling(struct store *s, unsigned n)
{
	s->hosts_ceiling = n;
}

static int
number(struct store *s, const char *sql, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	rc = sqlite3_step(st);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "host", e));
}

/* --- The pass --------------------------------------------------------------------- */

enum { P_GET, P_ADD, P_UPDATE, P_DOMAIN, P_LIGHTEST, P_DROP, P_DROP_DOMAINS, P_STMTS };
static const char *const	 pass_sql[P_STMTS] = {
	[P_GET] = "SELECT weight, due, last_day, state, name FROM host WHERE source = ?1",
	[P_ADD] = ("INSERT INTO host (source, weight, due, last_day, state, more, refused, tries, failure)"
	    " SELECT id, ?2, -id, ?3, 0, 0, 0, 0, 0 FROM source WHERE id = ?1 AND kind <> 0"),
	[P_UPDATE] = "UPDATE host SET weight = ?2, last_day = ?3, due = ?4 WHERE source = ?1",
	[P_DOMAIN] = "INSERT OR IGNORE INTO host_domain (source, domain) VALUES (?1, ?2)",
	[P_LIGHTEST] = "SELECT source, weight FROM host ORDER BY weight, due DESC LIMIT 1",
	[P_DROP] = "DELETE FROM host WHERE source = ?1",
	[P_DROP_DOMAINS] = "DELETE FROM host_domain WHERE source = ?1",
};

struct hosts_pass {
	struct store	*s;
	sqlite3_stmt	*st[P_STMTS];
	int64_t		 n;	/* rows */
};

void
hosts_pass_free(struct hosts_pass *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < P_STMTS; i++)
		(void)sqlite3_finalize(p->st[i]);
	free(p);
}

struct hosts_pass *
hosts_pass_new(struct store *s, struct err *e)
{
	struct hosts_pass	*p = calloc(1, sizeof(*p));

	if (p == NULL) {
		(void)err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	p->s = s;
	for (size_t i = 0; i < P_STMTS; i++)
		if (store_prepare(s, &p->st[i], pass_sql[i], e) == -1) {
			hosts_pass_free(p);
			return (NULL);
		}
	if (number(s, "SELECT count(*) FROM host", &p->n, e) == -1) {
		hosts_pass_free(p);
		return (NULL);
	}
	return (p);
}

static int
run(struct hosts_pass *p, unsigned which, int64_t a, int64_t b, int64_t c, int64_t d, struct err *e)
{
	sqlite3_stmt	*st = p->st[which];
	const int64_t	 v[] = { a, b, c, d };
	int		 rc;

	for (int i = 0; i < sqlite3_bind_parameter_count(st); i++)
		(void)sqlite3_bind_int64(st, i + 1, v[i]);
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(p->s, "host", e));
}

static int
weight_of(uint64_t m)
{
	int	 w = 0;

	for (; m > 0 && w < WEIGHTS - 1; m >>= 1)
		w++;
	return (w);
}

/* 1: there is room for one of that weight, if need be that of the lightest. */
static int
make_room(struct hosts_pass *p, int weight, struct err *e)
{
	sqlite3_stmt	*st = p->st[P_LIGHTEST];
	int64_t		 source = 0;
	int		 rc;

	if (p->n < (int64_t)p->s->hosts_ceiling)
		return (1);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW && sqlite3_column_int(st, 1) < weight)
		source = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(p->s, "host", e));
	if (source == 0)
		return (0);
	p->n--;
	return (run(p, P_DROP, source, 0, 0, 0, e) == -1 || run(p, P_DROP_DOMAINS, source, 0, 0, 0, e) == -1 ? -1 : 1);
}

static int
add(struct hosts_pass *p, int64_t source, int weight, int64_t last_day, bool *there, struct err *e)
{
	int	 rc = make_room(p, weight, e);

	*there = false;
	if (rc != 1)
		return (rc);
	if (run(p, P_ADD, source, weight, last_day, 0, e) == -1)
		return (-1);
	*there = sqlite3_changes(p->s->db) > 0;	/* not what is no address */
	p->n += *there;
	return (0);
}

int
hosts_seen(struct hosts_pass *p, int64_t domain, int64_t source, uint64_t m, int64_t last_day, struct err *e)
{
	sqlite3_stmt	*st = p->st[P_GET];
	int		 rc, weight = weight_of(m), was;
	int64_t		 due, last;
	bool		 there = true;

	if (p->s->hosts_ceiling == 0)
		return (0);
	(void)sqlite3_bind_int64(st, 1, source);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		was = sqlite3_column_int(st, 0);
		due = sqlite3_column_int64(st, 1);
		last = sqlite3_column_int64(st, 2);
		(void)sqlite3_reset(st);
		if ((weight > was || last_day >= last + SAME_DAYS || (due == HOST_NEVER && last_day > last)) &&
		    run(p, P_UPDATE, source, weight > was ? weight : was, last_day > last ? last_day : last,
		    due == HOST_NEVER && last_day > last ? 0 : due, e) == -1)
			return (-1);
	} else {
		(void)sqlite3_reset(st);
		if (rc != SQLITE_DONE)
			return (store_fail(p->s, "host", e));
		if (add(p, source, weight, last_day, &there, e) == -1)
			return (-1);
	}
	return (there ? run(p, P_DOMAIN, source, domain, 0, 0, e) : 0);
}

int
hosts_name(struct hosts_pass *p, int64_t source, enum host_state *state, char name[DOMAIN_MAX + 1], struct err *e)
{
	sqlite3_stmt	*st = p->st[P_GET];
	const char	*text;
	int		 rc, v;

	*state = HOST_WAITING;
	name[0] = '\0';
	if (p->n == 0)
		return (0);
	(void)sqlite3_bind_int64(st, 1, source);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		v = sqlite3_column_int(st, 3);
		*state = v < 0 || v >= HOST_STATES ? HOST_WAITING : (enum host_state)v;
		if (*state == HOST_CONFIRMED && (text = (const char *)sqlite3_column_text(st, 4)) != NULL)
			(void)snprintf(name, DOMAIN_MAX + 1, "%s", text);
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(p->s, "host", e));
}

/* --- What is to be asked for ------------------------------------------------------- */

struct due {
	struct store		*s;
	sqlite3_stmt		*st;
	int64_t			 now;
	const int64_t		*except;
	size_t			 nexcept;
	struct store_host_due	*out;
	size_t			 max, n;
	int64_t			 quiet[QUIET];	/* have become old, and send no more */
	size_t			 nquiet;
};

static bool
taken(const struct due *d, int64_t source)
{
	for (size_t i = 0; i < d->nexcept; i++)
		if (d->except[i] == source)
			return (true);
	for (size_t i = 0; i < d->n; i++)
		if (d->out[i].source == source)
			return (true);
	return (false);
}

static void
take_row(struct due *d, bool old)
{
	int64_t			 source = sqlite3_column_int64(d->st, 0);
	struct store_host_due	*o = &d->out[d->n];
	int			 len = sqlite3_column_bytes(d->st, 1);
	const void		*ip = sqlite3_column_blob(d->st, 1);

	if (taken(d, source))
		return;
	if (old && sqlite3_column_int64(d->st, 2) < d->now / 86400 - KEEP_DAYS) {
		if (d->nquiet < nitems(d->quiet))
			d->quiet[d->nquiet++] = source;
		return;
	}
	if (ip == NULL || (len != 4 && len != 16))
		return;
	o->source = source;
	o->len = (unsigned)len;
	memcpy(o->ip, ip, (size_t)len);
	d->n++;
}

/* Of each weight, the heaviest first, until there are upto in all. */
static int
take(struct due *d, bool old, size_t upto, struct err *e)
{
	int	 rc = SQLITE_DONE;

	for (int w = WEIGHTS - 1; w >= 0 && d->n < upto; w--) {
		(void)sqlite3_bind_int(d->st, 1, w);
		(void)sqlite3_bind_int64(d->st, 2, old ? 0 : INT64_MIN);
		(void)sqlite3_bind_int64(d->st, 3, old ? d->now : -1);
		(void)sqlite3_bind_int64(d->st, 4, (sqlite3_int64)(upto + d->nexcept + d->n));
		while (d->n < upto && (rc = sqlite3_step(d->st)) == SQLITE_ROW)
			take_row(d, old);
		(void)sqlite3_reset(d->st);
		if (d->n < upto && rc != SQLITE_DONE)
			return (store_fail(d->s, "host", e));
	}
	return (0);
}

/* Sources of which no pass has told: those of failure reports, or with too little mail. meta 'hosts': up to which they were taken. */
static int
seed(struct store *s, int64_t now, struct err *e)
{
	int64_t	 last, room, top;
	char	 sql[400];

	if (number(s, "SELECT value FROM meta WHERE key = 'hosts'", &last, e) == -1 ||
	    number(s, "SELECT max(id) FROM source", &top, e) == -1 || number(s, "SELECT count(*) FROM host", &room, e) == -1)
		return (-1);
	if (last >= top || room >= (int64_t)s->hosts_ceiling)
		return (0);
	room = (int64_t)s->hosts_ceiling - room > SEED ? SEED : (int64_t)s->hosts_ceiling - room;
	top = last + room < top ? last + room : top;
	if (store_begin(s, e) == -1)
		return (-1);
	(void)snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO host (source, weight, due, last_day, state, more, refused, tries, failure)"
	    " SELECT id, 0, -id, %lld, 0, 0, 0, 0, 0 FROM source WHERE id > %lld AND id <= %lld AND kind <> 0;"
	    "INSERT INTO meta (key, value) VALUES ('hosts', %lld) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
	    (long long)(now / 86400), (long long)last, (long long)top, (long long)top);
	if (store_exec(s, sql, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	return (store_commit(s, e) == -1 ? -1 : 1);
}

static int
forget_quiet(struct due *d, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc = SQLITE_DONE;

	if (d->nquiet == 0)
		return (0);
	if (store_begin(d->s, e) == -1)
		return (-1);
	if (store_prepare(d->s, &st, "UPDATE host SET due = 9223372036854775807 WHERE source = ?1", e) == -1) {
		store_rollback(d->s);
		return (-1);
	}
	for (size_t i = 0; i < d->nquiet && rc == SQLITE_DONE; i++) {
		(void)sqlite3_bind_int64(st, 1, d->quiet[i]);
		rc = sqlite3_step(st);
		(void)sqlite3_reset(st);
	}
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE) {
		(void)store_fail(d->s, "host", e);
		store_rollback(d->s);
		return (-1);
	}
	return (store_commit(d->s, e));
}

int
store_hosts_due(struct store *s, int64_t now, const int64_t *except, size_t nexcept, struct store_host_due *out, size_t max, size_t *n,
    struct err *e)
{
	struct due	 d = { .s = s, .now = now, .except = except, .nexcept = nexcept, .out = out, .max = max };
	int		 rv, seeded = 0;

	*n = 0;
	if (s->hosts_ceiling == 0 || max == 0)
		return (0);
	if (store_prepare(s, &d.st, "SELECT h.source, s.ip, h.last_day FROM host h JOIN source s ON s.id = h.source"
	    " WHERE h.weight = ?1 AND h.due BETWEEN ?2 AND ?3 ORDER BY h.due LIMIT ?4", e) == -1)
		return (-1);
	/* some that have become old, then those that nobody knows, then what is left of the first */
	rv = take(&d, true, (max + OLD_SHARE - 1) / OLD_SHARE, e);
	if (rv == 0)
		rv = take(&d, false, max, e);
	if (rv == 0 && d.n < max)
		rv = take(&d, true, max, e);
	for (int i = 0; i < SEEDS && rv == 0 && d.n < max && (seeded = seed(s, now, e)) == 1; i++)
		rv = take(&d, false, max, e);
	(void)sqlite3_finalize(d.st);
	if (rv == -1 || seeded == -1 || forget_quiet(&d, e) == -1)
		return (-1);
	*n = d.n;
	return (0);
}

/* --- What was said ------------------------------------------------------------------ */

enum { S_GET, S_SET, S_FRESH, S_STMTS };
static const char *const	 said_sql[S_STMTS] = {
	[S_GET] = "SELECT state, name, others, more, refused, tries, answered FROM host WHERE source = ?1",
	[S_SET] = ("UPDATE host SET state = ?2, name = ?3, others = ?4, more = ?5, refused = ?6, answered = ?7, tries = ?8, failure = ?9,"
	    " due = ?10 WHERE source = ?1"),
	[S_FRESH] = ("INSERT OR IGNORE INTO fresh SELECT domain, day FROM (SELECT h.domain, (SELECT max(day) FROM rollup r WHERE"
	    " r.domain = h.domain) AS day FROM host_domain h WHERE h.source = ?1) WHERE day IS NOT NULL"),
};

static void
names_read(struct host *h, const char *name, const char *others)
{
	size_t	 n;

	if (name == NULL || strlen(name) > DOMAIN_MAX)
		return;
	(void)snprintf(h->names[h->nnames++], sizeof(h->names[0]), "%s", name);
	for (; others != NULL && *others != '\0' && h->nnames < HOST_NAMES; others += n + (others[n] == ' ')) {
		n = strcspn(others, " ");
		if (n > 0 && n <= DOMAIN_MAX)
			(void)snprintf(h->names[h->nnames++], sizeof(h->names[0]), "%.*s", (int)n, others);
	}
}

static int
said(struct store *s, sqlite3_stmt *const *st, const struct store_host_said *said, int64_t now, bool *changed, struct err *e)
{
	const struct host	*is = &said->host;
	struct host		 h = { 0 };
	struct buf		 others = { 0 };
	enum host_state		 was;
	char			 name[DOMAIN_MAX + 1];
	int64_t			 tries, answered;
	int			 rc, v;

	*changed = false;
	(void)sqlite3_bind_int64(st[S_GET], 1, said->source);
	if ((rc = sqlite3_step(st[S_GET])) != SQLITE_ROW) {
		(void)sqlite3_reset(st[S_GET]);
		return (rc == SQLITE_DONE ? 0 : store_fail(s, "host", e));
	}
	v = sqlite3_column_int(st[S_GET], 0);
	h.state = was = v < 0 || v >= HOST_STATES ? HOST_WAITING : (enum host_state)v;
	names_read(&h, (const char *)sqlite3_column_text(st[S_GET], 1), (const char *)sqlite3_column_text(st[S_GET], 2));
	h.more = (uint32_t)sqlite3_column_int64(st[S_GET], 3);
	h.refused = (uint32_t)sqlite3_column_int64(st[S_GET], 4);
	tries = sqlite3_column_int64(st[S_GET], 5);
	answered = sqlite3_column_int64(st[S_GET], 6);
	(void)sqlite3_reset(st[S_GET]);
	(void)snprintf(name, sizeof(name), "%s", h.nnames > 0 ? h.names[0] : "");

	*changed = host_merge(&h, is);
	tries = is->failure == HOST_ANSWERED ? 0 : tries < 30 ? tries + 1 : 30;
	if (is->state != HOST_WAITING)
		answered = now;
	for (unsigned i = 1; i < h.nnames; i++)
		(void)buf_printf(&others, "%s%s", i > 1 ? " " : "", h.names[i]);
	(void)sqlite3_bind_int64(st[S_SET], 1, said->source);
	(void)sqlite3_bind_int(st[S_SET], 2, (int)h.state);
	if (h.nnames > 0)
		(void)sqlite3_bind_text(st[S_SET], 3, h.names[0], -1, SQLITE_STATIC);
	if (h.nnames > 1 && !others.failed)
		(void)sqlite3_bind_text(st[S_SET], 4, others.p, (int)others.len, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st[S_SET], 5, h.more);
	(void)sqlite3_bind_int64(st[S_SET], 6, h.refused);
	if (answered > 0)
		(void)sqlite3_bind_int64(st[S_SET], 7, answered);
	(void)sqlite3_bind_int64(st[S_SET], 8, tries);
	(void)sqlite3_bind_int(st[S_SET], 9, (int)is->failure);
	(void)sqlite3_bind_int64(st[S_SET], 10, host_due(is, (unsigned)tries, now));
	rc = sqlite3_step(st[S_SET]);
	(void)sqlite3_reset(st[S_SET]);
	(void)sqlite3_clear_bindings(st[S_SET]);
	buf_free(&others);
	if (rc != SQLITE_DONE)
		return (store_fail(s, "host", e));
	/* Who it is hangs on the state and on the confirmed name alone. */
	if (!*changed || (was == h.state && (h.state != HOST_CONFIRMED || strcmp(name, h.names[0]) == 0)))
		return (0);
	(void)sqlite3_bind_int64(st[S_FRESH], 1, said->source);
	rc = sqlite3_step(st[S_FRESH]);
	(void)sqlite3_reset(st[S_FRESH]);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "fresh", e));
}

int
store_hosts_said(struct store *s, const struct store_host_said *list, size_t n, int64_t now, struct err *e)
{
	sqlite3_stmt	*st[S_STMTS] = { NULL };
	bool		 changed = false, any = false;
	int		 rv = 0;

	if (n == 0)
		return (0);
	if (store_begin(s, e) == -1)
		return (-1);
	for (size_t i = 0; i < S_STMTS && rv == 0; i++)
		rv = store_prepare(s, &st[i], said_sql[i], e);
	for (size_t i = 0; i < n && rv == 0; i++) {
		rv = said(s, st, &list[i], now, &changed, e);
		any |= changed;
	}
	for (size_t i = 0; i < S_STMTS; i++)
		(void)sqlite3_finalize(st[i]);
	if (rv == -1) {
		store_rollback(s);
		return (-1);
	}
	if (any)
		writer_changed(s, false);
	return (store_commit(s, e));
}

int
store_hosts_failing(struct store *s, int64_t since, struct err *e)
{
	return (store_run_id(s, since == 0 ? "DELETE FROM meta WHERE key = 'resolver_failing' AND ?1 = 0" :
	    "INSERT OR IGNORE INTO meta (key, value) VALUES ('resolver_failing', ?1)", since, e));
}

int
store_hosts_state(struct store *s, struct store_hosts_state *out, struct err *e)
{
	int64_t	 known, confirmed, waiting, failing;

	if (number(s, "SELECT count(*) FROM host WHERE state > 0", &known, e) == -1 ||
	    number(s, "SELECT count(*) FROM host WHERE state = 1", &confirmed, e) == -1 ||
	    number(s, "SELECT count(*) FROM host WHERE state = 0", &waiting, e) == -1 ||
	    number(s, "SELECT count(*) FROM host WHERE failure > 0", &failing, e) == -1 ||
	    number(s, "SELECT max(answered) FROM host", &out->answered, e) == -1 ||
	    number(s, "SELECT value FROM meta WHERE key = 'resolver_failing'", &out->failing_since, e) == -1)
		return (-1);
	out->known = (uint64_t)known;
	out->confirmed = (uint64_t)confirmed;
	out->waiting = (uint64_t)waiting;
	out->failing = (uint64_t)failing;
	return (0);
}
