/*
 * query_failures.c - failure reports: which there are, one of them, and how
 * they hang together with the rows of aggregate reports.
 *
 * There are few, and they go after a month: plain SQL over one table will do.
 */
#include <arpa/inet.h>

#include "base/escape.h"
#include "base/when.h"
#include "store/query_int.h"

#define ROWS_MAX 100000		/* of one question */

/* --- Conditions --------------------------------------------------------------------- */

struct where {
	struct buf		 sql;
	struct { const void *p; size_t n; bool blob, number; int64_t v; } bound[512];
	int			 n;
};

static int
bind_text(struct where *w, const char *p)
{
	if (w->n == (int)nitems(w->bound))
		return (0);
	w->bound[w->n].p = p;
	w->bound[w->n].n = strlen(p);
	return (++w->n);
}

static int
bind_blob(struct where *w, const void *p, size_t n)
{
	if (w->n == (int)nitems(w->bound))
		return (0);
	w->bound[w->n].p = p;
	w->bound[w->n].n = n;
	w->bound[w->n].blob = true;
	return (++w->n);
}

static int
bind_number(struct where *w, int64_t v)
{
	if (w->n == (int)nitems(w->bound))
		return (0);
	w->bound[w->n].v = v;
	w->bound[w->n].number = true;
	return (++w->n);
}

static void
bind_all(const struct where *w, sqlite3_stmt *st)
{
	for (int i = 0; i < w->n; i++)
		if (w->bound[i].number)
			(void)sqlite3_bind_int64(st, i + 1, w->bound[i].v);
		else if (w->bound[i].blob)
			(void)sqlite3_bind_blob(st, i + 1, w->bound[i].p, (int)w->bound[i].n, SQLITE_STATIC);
		else
			(void)sqlite3_bind_text(st, i + 1, w->bound[i].p, (int)w->bound[i].n, SQLITE_STATIC);
}

/* The last address of the network; the first is in the value itself. Memory of the query. */
static const unsigned char *
network_end(struct query *q, const struct query_value *v)
{
	unsigned char	*last = arena_alloc(q->a, 16, 1);

	for (unsigned i = 0; last != NULL && i < v->ip_len; i++) {
		unsigned	 keep = v->prefix > i * 8 ? v->prefix - i * 8 : 0;

		last[i] = (unsigned char)(v->ip[i] | (keep < 8 ? 0xffu >> keep : 0));
	}
	return (last);
}

static int
value_where(struct query *q, struct where *w, enum query_key key, const struct query_value *v, struct err *e)
{
	static const char *const	 names[QK_COUNT] = { [QK_DOMAIN] = "domain.name", [QK_HFROM] = "failure.header_from",
						[QK_REPORTER] = "reporter.key" };
	const unsigned char		*last;
	int				 i, k;

	if (key == QK_TRUST)
		return (buf_printf(&w->sql, "(%u >> failure.trust & 1)", (unsigned)(v->number & 0xff)) ? 0 : q_oom(e));
	if (key == QK_IP) {
		if (v->ip_len == 0)
			return (buf_cstr(&w->sql, "failure.source IS NULL") ? 0 : q_oom(e));
		if ((last = network_end(q, v)) == NULL)
			return (q_oom(e));
		i = bind_blob(w, v->ip, v->ip_len);
		k = bind_blob(w, last, v->ip_len);
		(void)buf_printf(&w->sql, "(source.kind = %d AND source.ip BETWEEN ?%d AND ?%d)", v->ip_len == 4 ? 4 : 6, i, k);
		return (k == 0 ? err_set(e, ERR_CONFIG, "too many values") : 0);
	}
	if ((i = bind_text(w, v->text)) == 0)
		return (err_set(e, ERR_CONFIG, "too many values"));
	if (v->contains)
		(void)buf_printf(&w->sql, "instr(lower(%s), ?%d) > 0", names[key], i);
	else if (key == QK_DOMAIN)
		(void)buf_printf(&w->sql, "(domain.name = ?%d OR failure.header_from = ?%d)", i, i);
	else if (key == QK_REPORTER)
		(void)buf_printf(&w->sql, "(lower(reporter.key) = ?%d OR lower(reporter.label) = ?%d)", i, i);
	else
		(void)buf_printf(&w->sql, "%s = ?%d", names[key], i);
	return (0);
}

static bool
key_known(enum query_key k)
{
	return (k == QK_DOMAIN || k == QK_HFROM || k == QK_IP || k == QK_REPORTER || k == QK_TRUST);
}

/* Those that are kept apart are met by nobody who does not ask for them. */
static void
side_where(struct where *w, const struct query_filter *f)
{
	(void)buf_printf(&w->sql, " AND (%u >> (failure.apart <> 0) & 1)", (unsigned)q_sides(f));
}

/* only: keys of another kind are no fault but say nothing here. */
static int
filter_where(struct query *q, struct where *w, const struct query_filter *f, bool only, struct err *e)
{
	side_where(w, f);
	for (size_t i = 0; i < f->nclauses; i++) {
		const struct query_clause	*c = &f->clauses[i];

		if (c->key == QK_APART || (only && (c->key == QK_TRUST || !key_known(c->key))))
			continue;
		if (!key_known(c->key))
			return (err_set(e, ERR_CONFIG, "%s: failure reports are not filtered by it; by domain, hfrom, ip, reporter, trust, apart and type "
			    "they are", query_key_names[c->key]));
		(void)buf_printf(&w->sql, " AND %sifnull(", c->negated ? "NOT " : "");
		for (size_t k = 0; k < c->nvalues; k++) {
			(void)buf_cstr(&w->sql, k > 0 ? " OR " : "");
			if (value_where(q, w, c->key, &c->values[k], e) == -1)
				return (-1);
		}
		(void)buf_cstr(&w->sql, ", 0)");
	}
	return (0);
}

/* "dmarc,spf", "!other": words of the class, the type or of Auth-Failure. */
static int
type_where(struct query *q, struct where *w, const char *type, struct err *e)
{
	const char	*sep = "";
	struct str	 rest, word;
	char		*z;
	bool		 not = type[0] == '!';
	size_t		 n;

	rest = str_of(type + not);
	(void)buf_printf(&w->sql, " AND %sifnull(", not ? "NOT " : "");
	while (rest.len > 0) {
		for (n = 0; n < rest.len && rest.p[n] != ','; n++)
			;
		word = str_trim((struct str){ rest.p, n });
		n += n < rest.len;
		rest = (struct str){ rest.p + n, rest.len - n };
		if (word.len == 0)
			return (err_set(e, ERR_CONFIG, "type: the value is empty"));
		if ((z = arena_strndup(q->a, word.p, word.len)) == NULL)
			return (q_oom(e));
		for (char *p = z; *p != '\0'; p++)
			*p = ascii_lower(*p);
		(void)buf_cstr(&w->sql, sep);
		sep = " OR ";
		if (strcmp(z, "auth-failure") == 0)
			(void)buf_cstr(&w->sql, "failure.class = 0");
		else if (strcmp(z, "other") == 0)
			(void)buf_cstr(&w->sql, "failure.class = 1");
		else if (strcmp(z, "dkim") == 0)	/* what can go wrong with a signature */
			(void)buf_cstr(&w->sql, "failure.auth_failure GLOB '*signature*' OR failure.auth_failure GLOB '*bodyhash*' OR "
			    "failure.auth_failure GLOB '*revoked*'");
		else {
			int	 i = bind_text(w, z);

			if (i == 0)
				return (err_set(e, ERR_CONFIG, "type: too many values"));
			(void)buf_printf(&w->sql, "failure.feedback_type = ?%d OR instr(ifnull(failure.auth_failure, ''), ?%d) > 0", i, i);
		}
	}
	if (sep[0] == '\0')
		return (err_set(e, ERR_CONFIG, "type: the value is empty"));
	(void)buf_cstr(&w->sql, ", 0)");
	return (0);
}

static void
days_where(struct query *q, struct where *w, const struct query_filter *f)
{
	int64_t	 from = f->from, to = f->to, today = when_day(q->now);

	/* it need not wait for a day to be complete, as the sums of aggregate reports do */
	if (from == DAY_NONE && to == DAY_NONE && f->days > 0)
		from = today - f->days + 1;
	if (from != DAY_NONE)
		(void)buf_printf(&w->sql, " AND failure.day >= ?%d", bind_number(w, from));
	if (to != DAY_NONE)
		(void)buf_printf(&w->sql, " AND failure.day <= ?%d", bind_number(w, to));
}

#define FROM_ALL "FROM failure JOIN reporter ON reporter.id = failure.reporter LEFT JOIN domain ON domain.id = failure.domain " \
    "LEFT JOIN source ON source.id = failure.source WHERE 1"

static int
run_count(struct query *q, const struct where *w, const char *head, uint64_t *out, struct err *e)
{
	struct buf	 sql = { 0 };
	sqlite3_stmt	*st = NULL;
	int		 rc = -1;

	(void)buf_cstr(&sql, head);
	(void)buf_str(&sql, buf_as_str(&w->sql));
	*out = 0;
	if (sql.failed || w->sql.failed)
		(void)q_oom(e);
	else if (store_prepare(q->s, &st, sql.p, e) == 0) {
		bind_all(w, st);
		if ((rc = q_step(q, st, e)) == 1)
			*out = (uint64_t)sqlite3_column_int64(st, 0);
	}
	(void)sqlite3_finalize(st);
	buf_free(&sql);
	return (rc == -1 ? -1 : 0);
}

/* --- The list ---------------------------------------------------------------------------- */

static int
cursor_where(struct where *w, const char *cursor, const char *by, bool desc, struct err *e)
{
	const char	*dot = strchr(cursor, '.');
	int64_t		 t, id;
	char		 shown[64];

	if (dot == NULL || !str_i64((struct str){ cursor, (size_t)(dot - cursor) }, &t) || !str_i64(str_of(dot + 1), &id))
		return (err_set(e, ERR_CONFIG, "cursor: \"%s\" is not a cursor of ours", esc_short(shown, sizeof(shown), str_of(cursor))));
	(void)buf_printf(&w->sql, " AND (%s, failure.id) %s (?%d, ", by, desc ? "<" : ">", bind_number(w, t));
	(void)buf_printf(&w->sql, "?%d)", bind_number(w, id));
	return (0);
}

static int
list(struct query *q, struct where *w, const char *by, bool desc, size_t limit, struct query_failures *out, struct err *e)
{
	struct buf	 sql = { 0 };
	sqlite3_stmt	*st = NULL;
	size_t		 cap = 0, most = limit == 0 ? ROWS_MAX : limit;
	int64_t		*ids = NULL, t = 0;
	int		 rc = -1;

	(void)buf_printf(&sql, "SELECT failure.id, %s " FROM_ALL, by);
	(void)buf_str(&sql, buf_as_str(&w->sql));
	(void)buf_printf(&sql, " ORDER BY %s %s, failure.id %s LIMIT %zu", by, desc ? "DESC" : "", desc ? "DESC" : "", most + 1);
	if (sql.failed || w->sql.failed)
		(void)q_oom(e);
	else if (store_prepare(q->s, &st, sql.p, e) == 0) {
		bind_all(w, st);
		while ((rc = q_step(q, st, e)) == 1 && out->nids < most) {
			if (!q_grow((void **)&ids, &cap, out->nids + 1, sizeof(*ids))) {
				rc = q_oom(e);
				break;
			}
			ids[out->nids++] = sqlite3_column_int64(st, 0);
			t = sqlite3_column_int64(st, 1);
		}
	}
	(void)sqlite3_finalize(st);
	buf_free(&sql);
	if (rc == 1 && limit != 0) {	/* one more than asked for is there */
		char	 next[64];

		(void)snprintf(next, sizeof(next), "%lld.%lld", (long long)t, (long long)ids[out->nids - 1]);
		out->next = arena_strndup(q->a, next, strlen(next));
	}
	if (rc != -1 && (out->ids = arena_alloc(q->a, out->nids + 1, sizeof(*ids))) == NULL)
		rc = q_oom(e);
	if (rc != -1 && out->nids > 0)
		memcpy(out->ids, ids, out->nids * sizeof(*ids));
	free(ids);
	return (rc == -1 ? -1 : 0);
}

int
query_failures(struct query *q, const struct query_filter *f, const char *type, const struct query_page *page, struct query_failures *out,
    struct err *e)
{
	const char	*sort = page->sort == NULL || page->sort[0] == '\0' ? "-arrived" : page->sort;
	bool		 desc = sort[0] == '-', by_id = strcmp(sort + desc, "id") == 0;
	const char	*by = by_id ? "failure.id" : "failure.arrived";
	struct where	 w = { .n = 0 };
	int		 rv = 0;

	memset(out, 0, sizeof(*out));
	if (!by_id && strcmp(sort + desc, "arrived") != 0)
		return (err_set(e, ERR_CONFIG, "sort: failure reports are sorted by arrived or -arrived"));
	if (filter_where(q, &w, f, false, e) == -1 || (type != NULL && type[0] != '\0' && type_where(q, &w, type, e) == -1))
		rv = -1;
	if (rv == 0) {
		days_where(q, &w, f);
		if (page->total)
			rv = run_count(q, &w, "SELECT count(*) " FROM_ALL, &out->total_n, e);
	}
	if (rv == 0 && page->cursor != NULL && page->cursor[0] != '\0')
		rv = cursor_where(&w, page->cursor, by, desc, e);
	if (rv == 0)
		rv = list(q, &w, by, desc, page->limit, out, e);
	buf_free(&w.sql);
	return (rv);
}

/* --- One ------------------------------------------------------------------------------------ */

static const char *const	 one_columns = "failure.id, failure.message, failure.payload, failure.duplicates, failure.received, "
    "failure.domain, failure.source, failure.day, failure.dialect, failure.class, failure.redact, failure.arrival, failure.arrived, "
    "failure.arrived_from, failure.ip_from, failure.header_from_from, failure.results_from, failure.source_port, failure.incidents, "
    "failure.delivery, failure.quirks, failure.results, failure.sample, failure.body_bytes, failure.body_hash, failure.said, "
    "failure.spf_aligned, failure.dkim_aligned, failure.verdict, failure.differs, failure.spf_result, failure.dkim_result, "
    "failure.spf_domain, failure.dkim_domain_used, failure.dkim_selector_used, failure.code, reporter.key, reporter.label, domain.name, "
    "source.ip, name.text, message.received, message.bytes, message.pack IS NOT NULL, failure.trust, failure.apart, failure.trust_proof, "
    "failure.trust_method, failure.trust_from, failure.trust_id";
enum { O_ID, O_MESSAGE, O_PAYLOAD, O_DUPLICATES, O_RECEIVED, O_DOMAIN, O_SOURCE, O_DAY, O_DIALECT, O_CLASS, O_REDACT, O_ARRIVAL, O_ARRIVED,
	O_ARRIVED_FROM, O_IP_FROM, O_HEADER_FROM_FROM, O_RESULTS_FROM, O_SOURCE_PORT, O_INCIDENTS, O_DELIVERY, O_QUIRKS, O_RESULTS,
	O_SAMPLE, O_BODY_BYTES, O_BODY_HASH, O_SAID, O_SPF_ALIGNED, O_DKIM_ALIGNED, O_VERDICT, O_DIFFERS, O_SPF_RESULT, O_DKIM_RESULT,
	O_SPF_DOMAIN, O_DKIM_DOMAIN, O_DKIM_SELECTOR, O_CODE, O_REPORTER, O_LABEL, O_DOMAIN_NAME, O_IP, O_ORIGIN, O_MESSAGE_RECEIVED,
	O_BYTES, O_KEPT, O_TRUST, O_APART, O_PROOF, O_METHOD, O_TRUST_FROM, O_TRUST_ID, O_TEXTS };

/* Below n, whatever a damaged database says. */
static unsigned
small(sqlite3_stmt *st, int c, unsigned n)
{
	int64_t	 v = sqlite3_column_int64(st, c);

	return (v >= 0 && v < (int64_t)n ? (unsigned)v : 0);
}

static bool
tab(struct str *rest, struct str *out)
{
	const char	*t = rest->len == 0 ? NULL : memchr(rest->p, '\t', rest->len);

	*out = (struct str){ rest->p, t == NULL ? rest->len : (size_t)(t - rest->p) };
	*rest = t == NULL ? (struct str){ rest->p + rest->len, 0 } : (struct str){ t + 1, rest->len - out->len - 1 };
	return (t != NULL);
}

static unsigned
name_at(const char *const *names, unsigned n, struct str s)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(s, str_of(names[i])))
			return (i);
	return (n);
}

static struct str
or_none(struct str s)
{
	return (s.len == 0 ? STR_NONE : s);
}

static int
read_results(struct query *q, struct str text, struct failure_report *r, struct err *e)
{
	struct failure_result	*v;
	struct str		 line, s[6] = { { NULL, 0 } };
	unsigned		 m, class;

	if (text.p == NULL)
		return (0);
	if ((v = arena_alloc(q->a, FAILURE_RESULTS, sizeof(*v))) == NULL)
		return (q_oom(e));
	while (r->nresults < FAILURE_RESULTS && failure_line(&text, &line)) {
		for (size_t i = 0; i < nitems(s); i++)
			(void)tab(&line, &s[i]);
		m = name_at(failure_method_names, METHODS, s[0]);
		class = name_at(auth_result_names, RES_COUNT, s[1]);
		if (m == METHODS || class == RES_COUNT)
			continue;
		v[r->nresults++] = (struct failure_result){ (enum failure_method)m, (enum auth_result)class, or_none(s[2]), or_none(s[3]),
		    or_none(s[4]), s[5].len > 0 };
	}
	r->results = v;
	return (0);
}

static void
read_report(struct query *q, sqlite3_stmt *st, struct failure_report *r)
{
	r->dialect = (enum failure_dialect)small(st, O_DIALECT, FAILURE_DIALECTS);
	r->class = (enum failure_class)small(st, O_CLASS, FAILURE_CLASSES);
	r->delivery = (enum failure_delivery)small(st, O_DELIVERY, DELIVERIES);
	r->sample = (enum failure_sample)small(st, O_SAMPLE, SAMPLES);
	r->has_arrival = sqlite3_column_type(st, O_ARRIVAL) != SQLITE_NULL;
	r->arrival = sqlite3_column_int64(st, O_ARRIVAL);
	r->arrived = sqlite3_column_int64(st, O_ARRIVED);
	r->arrived_from = (enum failure_origin)small(st, O_ARRIVED_FROM, FROM_ORIGINS);
	r->ip_from = (enum failure_origin)small(st, O_IP_FROM, FROM_ORIGINS);
	r->header_from_from = (enum failure_origin)small(st, O_HEADER_FROM_FROM, FROM_ORIGINS);
	r->results_from = (enum failure_origin)small(st, O_RESULTS_FROM, FROM_ORIGINS);
	r->source_port = small(st, O_SOURCE_PORT, 65536);
	r->incidents = (uint64_t)sqlite3_column_int64(st, O_INCIDENTS);
	r->quirks = (uint64_t)sqlite3_column_int64(st, O_QUIRKS);
	r->body_bytes = (uint64_t)sqlite3_column_int64(st, O_BODY_BYTES);
	if ((r->has_hash = sqlite3_column_bytes(st, O_BODY_HASH) == HASH_SIZE))
		memcpy(r->body_hash, sqlite3_column_blob(st, O_BODY_HASH), HASH_SIZE);
	r->ip_len = (unsigned)sqlite3_column_bytes(st, O_IP);
	if (r->ip_len == 4 || r->ip_len == 16)
		memcpy(r->ip, sqlite3_column_blob(st, O_IP), r->ip_len);
	else
		r->ip_len = 0;
	for (int i = 0; i < FT_COUNT; i++)
		r->t[i] = q_column(q, st, O_TEXTS + i);
}

static void
read_verdict(struct query *q, sqlite3_stmt *st, struct failure_verdict *v)
{
	v->said = (enum failure_said)small(st, O_SAID, SAIDS);
	v->spf = (enum failure_aligned)small(st, O_SPF_ALIGNED, ALIGNEDS);
	v->dkim = (enum failure_aligned)small(st, O_DKIM_ALIGNED, ALIGNEDS);
	v->result = (enum failure_aligned)small(st, O_VERDICT, ALIGNEDS);
	v->pass = v->spf == ALIGNED_YES || v->dkim == ALIGNED_YES ? ALIGNED_YES :
	    v->spf == ALIGNED_NO && v->dkim == ALIGNED_NO ? ALIGNED_NO : ALIGNED_UNKNOWN;
	v->differs = sqlite3_column_int(st, O_DIFFERS) != 0;
	v->spf_result = (enum auth_result)small(st, O_SPF_RESULT, RES_COUNT);
	v->dkim_result = (enum auth_result)small(st, O_DKIM_RESULT, RES_COUNT);
	v->spf_domain = q_column(q, st, O_SPF_DOMAIN);
	v->dkim_domain = q_column(q, st, O_DKIM_DOMAIN);
	v->dkim_selector = q_column(q, st, O_DKIM_SELECTOR);
	v->code = small(st, O_CODE, 100);
}

static int
read_one(struct query *q, sqlite3_stmt *st, bool reveal, struct query_failure *f, struct err *e)
{
	char	 ip[INET6_ADDRSTRLEN];

	f->id = sqlite3_column_int64(st, O_ID);
	f->message = sqlite3_column_int64(st, O_MESSAGE);
	f->payload = (unsigned)sqlite3_column_int64(st, O_PAYLOAD);
	f->duplicates = (uint64_t)sqlite3_column_int64(st, O_DUPLICATES);
	f->received = sqlite3_column_int64(st, O_RECEIVED);
	f->domain_id = sqlite3_column_int64(st, O_DOMAIN);
	f->source = sqlite3_column_int64(st, O_SOURCE);
	f->day = sqlite3_column_int64(st, O_DAY);
	f->redact = (enum redact)small(st, O_REDACT, REDACT_ALL + 1);
	f->reporter = q_column(q, st, O_REPORTER);
	f->reporter_label = q_column(q, st, O_LABEL);
	f->domain = q_column(q, st, O_DOMAIN_NAME);
	f->origin = q_column(q, st, O_ORIGIN);
	f->message_received = sqlite3_column_int64(st, O_MESSAGE_RECEIVED);
	f->message_bytes = (uint64_t)sqlite3_column_int64(st, O_BYTES);
	f->kept = sqlite3_column_int(st, O_KEPT) != 0;
	f->trust = (enum trust)small(st, O_TRUST, TRUST_COUNT);
	f->apart = (enum trust_apart)small(st, O_APART, APART_COUNT);
	f->mail = (struct trust_mail){ (enum trust_proof)small(st, O_PROOF, PROOF_COUNT), (enum trust_method)small(st, O_METHOD, TRUST_METHODS),
	    q_column(q, st, O_TRUST_FROM), q_column(q, st, O_TRUST_ID), STR_NONE };
	read_report(q, st, &f->report);
	read_verdict(q, st, &f->verdict);
	if (read_results(q, q_column(q, st, O_RESULTS), &f->report, e) == -1)
		return (-1);
	if (f->report.ip_len != 0 && inet_ntop(f->report.ip_len == 4 ? AF_INET : AF_INET6, f->report.ip, ip, sizeof(ip)) != NULL)
		f->ip = arena_str(q->a, str_of(ip));
	f->masked = !reveal;
	return (reveal || redact_failure(&f->report, REDACT_ALL, q->a) ? 0 : q_oom(e));
}

int
query_failure(struct query *q, int64_t id, bool reveal, struct query_failure *f, struct err *e)
{
	struct buf	 sql = { 0 };
	sqlite3_stmt	*st = NULL;
	int		 rc = -1;

	memset(f, 0, sizeof(*f));
	(void)buf_printf(&sql, "SELECT %s", one_columns);
	for (int i = 0; i < FT_COUNT; i++)
		(void)buf_printf(&sql, ", failure.%s", failure_texts[i].column);
	(void)buf_cstr(&sql, " FROM failure JOIN reporter ON reporter.id = failure.reporter LEFT JOIN domain ON domain.id = failure.domain "
	    "LEFT JOIN source ON source.id = failure.source LEFT JOIN message ON message.id = failure.message "
	    "LEFT JOIN name ON name.id = message.origin WHERE failure.id = ?1");
	if (sql.failed)
		(void)q_oom(e);
	else if (store_prepare(q->s, &st, sql.p, e) == 0) {
		(void)sqlite3_bind_int64(st, 1, id);
		if ((rc = q_step(q, st, e)) == 1)
			rc = read_one(q, st, reveal, f, e) == -1 ? -1 : 1;
	}
	(void)sqlite3_finalize(st);
	buf_free(&sql);
	if (rc == 0)
		return (err_set(e, ERR_INPUT, "there is no failure report f%lld; they are kept for a while only", (long long)id));
	return (rc == -1 ? -1 : 0);
}

/* --- To the rows, and back ---------------------------------------------------------------------- */

int
query_failure_rows(struct query *q, const struct query_failure *f, struct query_failure_rows *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	memset(out, 0, sizeof(*out));
	if (f->domain_id == 0 || f->source == 0)
		return (0);
	if (store_prepare(q->s, &st, "SELECT report, count(*), sum(count) FROM record WHERE domain = ?1 AND day = ?2 AND source = ?3 "
	    "GROUP BY report ORDER BY report", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, f->domain_id);
	(void)sqlite3_bind_int64(st, 2, f->day);
	(void)sqlite3_bind_int64(st, 3, f->source);
	while ((rc = q_step(q, st, e)) == 1) {
		if (out->nreports < nitems(out->reports))
			out->reports[out->nreports] = sqlite3_column_int64(st, 0);
		out->nreports++;
		out->rows += (uint64_t)sqlite3_column_int64(st, 1);
		out->messages += (uint64_t)sqlite3_column_int64(st, 2);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

static int
count_by(struct query *q, const char *sql, const int64_t *v, int n, uint64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*out = 0;
	if (store_prepare(q->s, &st, sql, e) == -1)
		return (-1);
	for (int i = 0; i < n; i++)
		(void)sqlite3_bind_int64(st, i + 1, v[i]);
	if ((rc = q_step(q, st, e)) == 1)
		*out = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
query_row_failures(struct query *q, const struct query_row *row, uint64_t *n, struct err *e)
{
	const int64_t	 v[] = { row->source, row->day, row->domain };

	return (count_by(q, "SELECT count(*) FROM failure WHERE source = ?1 AND day = ?2 AND domain = ?3 AND class = 0 AND apart = 0", v, 3, n, e));
}

int
query_report_failures(struct query *q, const struct query_report *r, uint64_t *n, struct err *e)
{
	const int64_t	 v[] = { r->id, r->day };

	return (count_by(q, "SELECT count(*) FROM failure WHERE domain = (SELECT domain FROM report WHERE id = ?1) AND day = ?2 AND class = 0 AND apart = 0 "
	    "AND EXISTS (SELECT 1 FROM record WHERE record.domain = failure.domain AND record.day = ?2 AND record.source = failure.source "
	    "AND record.report = ?1)", v, 2, n, e));
}

static int
source_failures(struct query *q, const struct query_filter *f, const struct query_range *r, struct str ip, uint64_t *n, struct err *e)
{
	struct where	 w = { .n = 0 };
	unsigned char	 bin[16];
	unsigned	 len;
	int		 rv;

	*n = 0;
	if ((len = q_address(ip, bin)) == 0)
		return (0);
	(void)buf_printf(&w.sql, " AND failure.class = 0 AND failure.source = (SELECT id FROM source WHERE ip = ?%d AND kind = %d)",
	    bind_blob(&w, bin, len), len == 4 ? 4 : 6);
	(void)buf_printf(&w.sql, " AND failure.day >= ?%d", bind_number(&w, r->from));
	(void)buf_printf(&w.sql, " AND failure.day <= ?%d", bind_number(&w, r->to));
	if ((rv = filter_where(q, &w, f, true, e)) == 0)
		rv = run_count(q, &w, "SELECT count(*) " FROM_ALL, n, e);
	buf_free(&w.sql);
	return (rv);
}

int
query_groups_failures(struct query *q, const struct query_filter *f, const struct query_range *r, struct query_group *groups, size_t n,
    struct err *e)
{
	const int64_t	 days[] = { r->from, r->to };
	uint64_t	 any;

	if (count_by(q, "SELECT EXISTS (SELECT 1 FROM failure WHERE day BETWEEN ?1 AND ?2)", days, 2, &any, e) == -1)
		return (-1);
	for (size_t i = 0; i < n && any != 0; i++)
		if (source_failures(q, f, r, groups[i].key, &groups[i].failures, e) == -1)
			return (-1);
	return (0);
}

int
query_reveals(struct query *q, int64_t failure, struct query_reveal **out, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*n = 0;
	if ((*out = arena_alloc(q->a, 20, sizeof(**out))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT time, who FROM reveal WHERE failure = ?1 ORDER BY id DESC LIMIT 20", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, failure);
	while ((rc = q_step(q, st, e)) == 1 && *n < 20)
		(*out)[(*n)++] = (struct query_reveal){ sqlite3_column_int64(st, 0), q_column(q, st, 1) };
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

bool
store_revealed(struct store *s, int64_t failure, const char *nonce)
{
	sqlite3_stmt	*st;
	struct err	 e = { 0 };
	bool		 there;

	if (store_prepare(s, &st, "SELECT 1 FROM reveal WHERE failure = ?1 AND nonce = ?2", &e) == -1)
		return (false);
	(void)sqlite3_bind_int64(st, 1, failure);
	(void)sqlite3_bind_text(st, 2, nonce, -1, SQLITE_STATIC);
	there = sqlite3_step(st) == SQLITE_ROW;
	(void)sqlite3_finalize(st);
	return (there);
}
