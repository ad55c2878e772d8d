/*
 * query_search.c - who or what is called so. Names of domains, senders and
 * reporters are remembered anyway; addresses are a range of their index;
 * reports are read from the newest backwards as long as there is time.
 *
 * A reader of some domains meets only what a row of these domains names:
 * tables behind views (narrow.c) see to domains, senders and reports; for
 * addresses and reporters, whose tables are open, it is looked up here.
 */
#include <arpa/inet.h>

#include "base/when.h"
#include "dmarc/name.h"
#include "store/query_int.h"
#include "store/query_search.h"

const char *const query_hit_names[HIT_KINDS] = { "domain", "sender", "address", "reporter", "report", "failure", "tls_report" };

struct search {
	struct query		*q;
	struct str		 text;		/* lower case */
	char			 lower[QUERY_SEARCH_BYTES + 1];
	char			 alabel[DOMAIN_MAX + 1];	/* as a domain; "" when it is the same */
	struct query_hit	*items;
	size_t			 n;
	bool			 complete;
};

/* The best few of one kind. */
struct best {
	struct { int rank; struct query_hit hit; } v[QUERY_SEARCH_KIND];
	size_t	 n, passed;
};

static bool
same(struct str a, const char *z)
{
	return (a.len == strlen(z) && str_ieq_n(a, z, a.len));
}

/* 0 the very name, 1 begins so, 2 a part begins so, 3 it is in it; -1 no. */
static int
rank_one(struct str name, const char *z)
{
	const char	*at;

	if (*z == '\0' || name.p == NULL || (at = str_ifind(name, z)) == NULL)
		return (-1);
	if (same(name, z))
		return (0);
	if (at == name.p)
		return (1);
	return (strchr(" .-@_", at[-1]) != NULL ? 2 : 3);
}

static int
rank_of(const struct search *s, struct str name)
{
	int	 a = rank_one(name, s->lower), b = rank_one(name, s->alabel);

	return (a == -1 ? b : b == -1 || a < b ? a : b);
}

static bool
before(int rank, const struct query_hit *h, int rank2, const struct query_hit *h2)
{
	int	 c;

	if (rank != rank2)
		return (rank < rank2);
	if (h->label.len != h2->label.len)
		return (h->label.len < h2->label.len);
	c = memcmp(h->label.p, h2->label.p, h->label.len);
	return (c < 0);
}

static void
best_offer(struct best *b, int rank, const struct query_hit *h)
{
	size_t	 at = b->n;

	while (at > 0 && before(rank, h, b->v[at - 1].rank, &b->v[at - 1].hit))
		at--;
	if (b->n == nitems(b->v))
		b->passed++;
	else
		b->n++;
	if (at >= nitems(b->v))
		return;
	memmove(&b->v[at + 1], &b->v[at], (b->n - 1 - at) * sizeof(b->v[0]));
	b->v[at].rank = rank;
	b->v[at].hit = *h;
}

static void
add(struct search *s, const struct query_hit *h)
{
	if (s->n == QUERY_SEARCH_HITS)
		s->complete = false;
	else
		s->items[s->n++] = *h;
}

static void
best_take(struct search *s, const struct best *b)
{
	for (size_t i = 0; i < b->n; i++)
		add(s, &b->v[i].hit);
	if (b->passed > 0)
		s->complete = false;
}

static struct str
number_text(struct query *q, const char *prefix, int64_t id)
{
	char	 text[32];
	int	 n = snprintf(text, sizeof(text), "%s%lld", prefix, (long long)id);
	char	*p = arena_strndup(q->a, text, (size_t)n);

	return ((struct str){ p, p == NULL ? 0 : (size_t)n });
}

static struct str
kept(struct query *q, struct str t)
{
	char	*p = arena_strndup(q->a, t.p == NULL ? "" : t.p, t.len);

	return ((struct str){ p, p == NULL ? 0 : t.len });
}

/* --- Domains, senders, reporters ----------------------------------------------------- */

static int
search_domains(struct search *s, struct err *e)
{
	struct query_cache	*c = s->q->c;
	struct best		 b = { .n = 0 };
	int			 r;

	for (size_t i = 1; i < c->ndomains; i++) {
		struct query_hit	 h = { .kind = HIT_DOMAIN, .key = str_of(c->domains[i].key), .day = DAY_NONE };

		if (h.key.p == NULL || c->domains[i].apart || !c->domains[i].used || (r = rank_of(s, h.key)) == -1)
			continue;
		h.label = h.key;
		best_offer(&b, r, &h);
		if (i % 4096 == 0 && q_late(s->q, e) == -1)
			return (-1);
	}
	best_take(s, &b);
	return (0);
}

/* The rest of all kinds is called so by us: people look for other names. */
static int
search_senders(struct search *s, struct err *e)
{
	struct query_cache	*c = s->q->c;
	struct best		 b = { .n = 0 };
	int			 r;

	for (size_t i = 1; i < c->nsenders; i++) {
		struct query_hit	 h = { .kind = HIT_SENDER, .label = str_of(c->senders[i].label), .day = DAY_NONE };

		if (c->senders[i].key == NULL || strcmp(c->senders[i].key, "rest") == 0 || (r = rank_of(s, h.label)) == -1)
			continue;
		h.key = number_text(s->q, "", (int64_t)i);
		best_offer(&b, r, &h);
		if (i % 4096 == 0 && q_late(s->q, e) == -1)
			return (-1);
	}
	best_take(s, &b);
	return (0);
}

static int
search_reporters(struct search *s, struct err *e)
{
	struct query_cache	*c = s->q->c;
	struct best		 b = { .n = 0 };
	uint8_t			*met = arena_alloc(s->q->a, c->nreporters + 1, 1);
	int			 r, r2;

	if (met == NULL)
		return (q_oom(e));
	for (size_t i = 1; i < c->nreports; i++)
		if (c->reports[i].reporter != 0 && c->reports[i].reporter < c->nreporters && !c->reports[i].superseded && !q_apart(c, &c->reports[i]))
			met[c->reports[i].reporter] = 1;
	for (size_t i = 1; i < c->nreporters; i++) {
		struct query_hit	 h = { .kind = HIT_REPORTER, .key = str_of(c->reporters[i].key), .label = str_of(c->reporters[i].label), .day = DAY_NONE };

		if (!met[i] || h.key.p == NULL || h.label.p == NULL)
			continue;
		r = rank_of(s, h.key);
		r2 = rank_of(s, h.label);
		if (r == -1 && r2 == -1)
			continue;
		best_offer(&b, r == -1 || (r2 != -1 && r2 < r) ? r2 : r, &h);
	}
	best_take(s, &b);
	return (q_late(s->q, e));
}

/* --- Addresses ------------------------------------------------------------------------- */

/* "203.0.113." and "2001:db8:": the addresses that may begin so; false: none is written so. */
static bool
address_range(const char *z, unsigned char low[16], unsigned char high[16], unsigned *len)
{
	char		 text[64];
	size_t		 n = strlen(z), groups = 0;
	const char	*digits = strchr(z, ':') != NULL ? "0123456789abcdef:" : "0123456789.";

	if (n == 0 || n >= sizeof(text) - 32 || strspn(z, digits) != n || (strchr(z, '.') == NULL && strchr(z, ':') == NULL))
		return (false);
	*len = strchr(z, ':') == NULL ? 4 : 16;
	memset(high, 0xff, 16);
	memset(low, 0, 16);
	if (inet_pton(*len == 4 ? AF_INET : AF_INET6, z, low) == 1) {
		/* "10.0.0.1" may go on as 10.0.0.12; "2001:db8::" as anything */
		memcpy(high, low, 16);
		if (*len == 4)
			high[3] = 0xff;
		else if (n >= 2 && strcmp(z + n - 2, "::") == 0)
			for (unsigned i = 15; i > 0 && high[i] == 0; i--)
				high[i] = 0xff;
		return (true);
	}
	/* what stands before the last sign is whole; what comes behind it is anything */
	memcpy(text, z, n + 1);
	while (n > 0 && text[n - 1] != '.' && text[n - 1] != ':')
		n--;
	if (n == 0 || (n > 1 && text[n - 2] == ':'))	/* "2001:db8::1" was whole */
		return (false);
	text[n - 1] = '\0';
	for (size_t i = 0; i < n; i++)
		groups += text[i] == '\0' || text[i] == '.' || text[i] == ':';
	if (*len == 4) {
		if (groups > 3)
			return (false);
		for (size_t i = groups; i < 4; i++)
			memcpy(text + strlen(text), ".0", 3);
	} else {
		if (groups > 7 || strstr(text, "::") != NULL)
			return (false);
		memcpy(text + strlen(text), "::", 3);
	}
	if (inet_pton(*len == 4 ? AF_INET : AF_INET6, text, low) != 1)
		return (false);
	memcpy(high, low, 16);
	memset(high + (*len == 4 ? groups : 2 * groups), 0xff, 16 - (*len == 4 ? groups : 2 * groups));
	return (true);
}

/* Is there a row with it that this reader may see, and that counts? The newest days first. */
static int
address_met(struct query *q, int64_t source, int64_t first, int64_t last, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (q_stmt(q, Q_SEEK, &st, e) == -1)
		return (-1);
	for (int64_t day = last; day >= first; day--)
		for (size_t d = 1; d < q->c->ndomains; d++) {
			if (q->c->domains[d].key == NULL || q->c->domains[d].apart || !q->c->domains[d].used)
				continue;
			(void)sqlite3_bind_int64(st, 1, (int64_t)d);
			(void)sqlite3_bind_int64(st, 2, day);
			(void)sqlite3_bind_int64(st, 3, source);
			rc = q_step(q, st, e);
			(void)sqlite3_reset(st);
			if (rc != 0 || (rc = q_late(q, e)) != 0)
				return (rc);
		}
	return (0);
}

static int
address_hit(struct search *s, int64_t source, size_t *found, const struct query_meta *m, struct err *e)
{
	struct query_hit		 h = { .kind = HIT_ADDRESS, .day = DAY_NONE };
	const struct query_host		*host;
	unsigned			 family;
	int				 rc;

	if (q_source_text(s->q, (uint32_t)source, &h.key, &family, e) == -1)
		return (-1);
	if (!str_istarts(h.key, s->lower) || (rc = address_met(s->q, source, m->first_day, m->last_day, e)) == 0)
		return (0);
	if (rc == -1 || query_host(s->q, source, &host, e) == -1)
		return (-1);
	h.label = host != NULL && host->state == HOST_CONFIRMED && host->nnames > 0 ? host->names[0] : h.key;
	if ((*found)++ < QUERY_SEARCH_KIND)
		add(s, &h);
	else
		s->complete = false;
	return (0);
}

static int
search_addresses(struct search *s, struct err *e)
{
	struct query_meta	 m;
	sqlite3_stmt		*st;
	unsigned char		 low[16], high[16];
	unsigned		 len;
	size_t			 found = 0;
	int			 rc;

	if (!address_range(s->lower, low, high, &len))
		return (0);
	if (query_meta(s->q, &m, e) == -1)
		return (-1);
	if (m.last_day == DAY_NONE)
		return (0);
	if (m.first_day < m.last_day - QUERY_RANGE_DAYS)
		m.first_day = m.last_day - QUERY_RANGE_DAYS;
	if (q_stmt(s->q, Q_SOURCE_RANGE, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_blob(st, 1, low, (int)len, SQLITE_TRANSIENT);
	(void)sqlite3_bind_blob(st, 2, high, (int)len, SQLITE_TRANSIENT);
	(void)sqlite3_bind_int(st, 3, len == 4 ? 4 : 6);
	while (found <= QUERY_SEARCH_KIND && (rc = q_step(s->q, st, e)) == 1)
		if ((rc = address_hit(s, sqlite3_column_int64(st, 0), &found, &m, e)) == -1)
			break;
	(void)sqlite3_reset(st);
	return (found <= QUERY_SEARCH_KIND && rc == -1 ? -1 : 0);
}

/* --- Reports ------------------------------------------------------------------------------ */

static int
report_hit(struct search *s, int64_t id, struct err *e)
{
	struct query_report	 r;
	struct query_hit	 h = { .kind = HIT_REPORT };

	if (query_report(s->q, id, &r, e) == -1)
		return (-1);
	if (r.apart != APART_NO)
		return (0);
	h.key = number_text(s->q, "", id);
	h.label = kept(s->q, r.report_id);
	h.reporter = kept(s->q, r.reporter_label);
	h.domain = kept(s->q, r.domain);
	h.day = r.day;
	add(s, &h);
	return (0);
}

/* Reports of ours have numbers: 12, f12, t12. */
static int
search_number(struct search *s, struct err *e)
{
	static const struct { const char *prefix; enum query_hit_kind kind; const char *sql; } kinds[] = {
		{ "", HIT_REPORT, "SELECT id FROM report WHERE id = ?1" },
		{ "f", HIT_FAILURE, "SELECT id FROM failure WHERE id = ?1" },
		{ "t", HIT_TLS, "SELECT id FROM tls_report WHERE id = ?1" },
	};
	struct query_hit	 h = { .day = DAY_NONE };
	sqlite3_stmt		*st;
	int64_t			 id;
	int			 rc;

	for (size_t i = 0; i < nitems(kinds); i++) {
		size_t	 n = strlen(kinds[i].prefix);

		if (strncmp(s->lower, kinds[i].prefix, n) != 0 || !str_i64((struct str){ s->lower + n, s->text.len - n }, &id) || id < 1)
			continue;
		if (store_prepare(s->q->s, &st, kinds[i].sql, e) == -1)
			return (-1);
		(void)sqlite3_bind_int64(st, 1, id);
		rc = q_step(s->q, st, e);
		(void)sqlite3_finalize(st);
		if (rc == -1)
			return (-1);
		if (rc == 0)
			continue;
		if (kinds[i].kind == HIT_REPORT) {
			if (report_hit(s, id, e) == -1)
				return (-1);
			continue;
		}
		h.kind = kinds[i].kind;
		h.key = h.label = number_text(s->q, kinds[i].prefix, id);
		add(s, &h);
	}
	return (0);
}

static int
search_reports(struct search *s, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 ids[QUERY_SEARCH_KIND + 1];
	size_t		 n = 0;
	int		 rc;

	if (s->text.len < 3)
		return (0);
	if (store_prepare(s->q->s, &st, "SELECT id FROM report WHERE superseded_by IS NULL AND apart = 0 AND instr(lower(report_id), ?1) > 0"
	    " ORDER BY id DESC LIMIT ?2", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, s->lower, (int)s->text.len, SQLITE_STATIC);
	(void)sqlite3_bind_int(st, 2, (int)nitems(ids));
	while ((rc = q_step(s->q, st, e)) == 1 && n < nitems(ids))
		ids[n++] = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	for (size_t i = 0; i < n && i < QUERY_SEARCH_KIND && rc != -1; i++)
		rc = report_hit(s, ids[i], e);
	if (n == nitems(ids))
		s->complete = false;
	return (rc == -1 ? -1 : 0);
}

/* --- All of it ----------------------------------------------------------------------------- */

static int
search_all(struct search *s, struct err *e)
{
	struct query	*q = s->q;

	/* what is remembered may have to be read first: that is not the search */
	if (q_need(q, TIER_NAMES, e) == -1 || q_need(q, TIER_REPORTS, e) == -1 || q_need(q, TIER_SENDERS, e) == -1)
		return (-1);
	if (q->deadline == 0 || when_mono_ms() + QUERY_SEARCH_MS < q->deadline)
		q->deadline = when_mono_ms() + QUERY_SEARCH_MS;
	if (search_number(s, e) == -1 || search_domains(s, e) == -1 || search_senders(s, e) == -1 || search_addresses(s, e) == -1 ||
	    search_reporters(s, e) == -1 || search_reports(s, e) == -1)
		return (-1);
	return (0);
}

static void
fold(struct search *s, struct str text)
{
	char	 normal[DOMAIN_MAX + 1];
	size_t	 len;

	for (size_t i = 0; i < text.len; i++)
		s->lower[i] = ascii_lower(text.p[i]);
	s->lower[text.len] = '\0';
	s->text = (struct str){ s->lower, text.len };
	if (domain_normal(s->text, normal, &len, NULL) == NAME_DOMAIN && strcmp(normal, s->lower) != 0 && strchr(s->lower, '@') == NULL)
		memcpy(s->alabel, normal, len + 1);
}

int
query_search(struct query *q, struct str text, struct query_hits *out, struct err *e)
{
	struct search	 s = { .q = q, .complete = true };
	int64_t		 deadline = q->deadline;
	int		 rv;

	text = str_trim(text);
	memset(out, 0, sizeof(*out));
	out->complete = true;
	if (text.len == 0 || text.len > QUERY_SEARCH_BYTES || memchr(text.p, '\0', text.len) != NULL)
		return (0);
	if ((s.items = arena_alloc(q->a, QUERY_SEARCH_HITS, sizeof(*s.items))) == NULL)
		return (q_oom(e));
	fold(&s, text);
	rv = search_all(&s, e);
	q->deadline = deadline;
	if (rv == -1 && q->late && (deadline == 0 || when_mono_ms() < deadline)) {
		q->late = false;	/* of the search, not of the question: it says what it has found */
		s.complete = false;
		rv = 0;
	}
	for (size_t i = 0; i < s.n && rv == 0; i++)
		if (s.items[i].key.p == NULL || s.items[i].label.p == NULL)
			rv = q_oom(e);
	*out = (struct query_hits){ s.items, s.n, s.complete };
	return (rv);
}
