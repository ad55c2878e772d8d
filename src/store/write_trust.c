/*
 * write_trust.c - whose report is it, and does it count? For the report under
 * way, and once more for all of them when the settings are others.
 */
#include "dmarc/trust.h"
#include "store/write_int.h"

void
store_trust_mail(struct store *s, const struct trust_mail *m)
{
	s->w->mail = m;
}

int
writer_trust(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	char		 room[DOMAIN_MAX + 1];

	w->proved_by = 0;
	w->trust = w->mail == NULL ? TRUST_UNKNOWN : trust_report(s->trust, w->mail->proof, w->mail->from,
	    writer_reporter_key(w->h.org_name, w->h.email, room));
	w->apart = trust_apart(s->trust, w->trust, w->h.policy.domain);
	w->domain = w->apart == APART_NO ? w->plain : writer_domain(s, w->h.policy.domain, true, e);
	return (w->domain == -1 ? -1 : 0);
}

int
writer_trust_bind(struct store *s, enum stmt which, struct err *e)
{
	static const struct trust_mail	 nothing;
	struct writer			*w = s->w;
	const struct trust_mail		*m = w->mail == NULL ? &nothing : w->mail;
	sqlite3_stmt			*st = stmt(s, which);
	int64_t				 from, id;

	if ((from = writer_name(s, m->from, e)) == -1 || (id = writer_name(s, m->id, e)) == -1)
		return (-1);
	(void)sqlite3_bind_int(st, 40, (int)w->trust);
	(void)sqlite3_bind_int(st, 41, (int)w->apart);
	(void)sqlite3_bind_int(st, 42, (int)m->proof);
	(void)sqlite3_bind_int(st, 43, (int)m->method);
	bind_id(st, 44, from);
	bind_id(st, 45, id);
	bind_str(st, 46, m->field);
	bind_id(st, 47, w->proved_by);
	return (0);
}

/* What is noted of a report; texts live until the statement is reset. */
struct noted {
	struct trust_mail	 mail;
	int64_t			 message;	/* that proved it; 0: its own */
	enum trust		 trust;
};

static struct str
column(sqlite3_stmt *st, int i)
{
	const char	*p = (const char *)sqlite3_column_text(st, i);

	return (p == NULL ? STR_NONE : (struct str){ p, (size_t)sqlite3_column_bytes(st, i) });
}

/* 1 with a row, which has to be reset then; 0: there is no such report. */
static int
noted_find(struct store *s, int64_t report, struct noted *n, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_REPORT_TRUSTED);
	int		 rc;

	(void)sqlite3_bind_int64(st, 1, report);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		n->mail = (struct trust_mail){ (enum trust_proof)sqlite3_column_int(st, 0), (enum trust_method)sqlite3_column_int(st, 1),
		    column(st, 2), column(st, 3), column(st, 4) };
		n->message = sqlite3_column_int64(st, 5);
		n->trust = (enum trust)sqlite3_column_int(st, 6);
		return (1);
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "trust of a report", e));
}

int
writer_trust_again(struct store *s, int64_t id, struct err *e)
{
	struct writer	*w = s->w;
	struct noted	 n;
	bool		 better;
	int		 rv;

	/* what proves nothing, and that is most of what comes twice, needs no look */
	if (w->trust == TRUST_UNKNOWN)
		return (0);
	if ((rv = noted_find(s, id, &n, e)) != 1)
		return (rv);
	better = trust_rank(w->trust) > trust_rank(n.trust);
	(void)sqlite3_reset(stmt(s, ST_REPORT_TRUSTED));
	if (!better)
		return (0);
	w->proved_by = w->message;
	(void)sqlite3_bind_int64(stmt(s, ST_REPORT_TRUST), 1, id);
	if (writer_trust_bind(s, ST_REPORT_TRUST, e) == -1)
		return (-1);
	w->epoch = true;
	return (writer_run(s, ST_REPORT_TRUST, e));
}

enum trust_proof
writer_believed(const struct store *s, const struct trust_mail *m)
{
	const struct str_list	*l = &s->trust->authserv_ids;

	for (size_t i = 0; i < l->n; i++)
		if (m->id.p == NULL ? strcmp(l->v[i], TRUST_NO_ID) == 0 : str_ieq(m->id, l->v[i]))
			return (m->proof);
	return (PROOF_NONE);
}

/* Rows that went out already go along. */
static int
change_side(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_RECORDS_MOVE);
	int64_t		 was = w->domain;

	w->apart = trust_apart(s->trust, w->trust, w->h.policy.domain);
	w->domain = w->apart == APART_NO ? w->plain : writer_domain(s, w->h.policy.domain, true, e);
	if (w->domain == -1)
		return (-1);
	if (w->domain == was || !w->streaming)
		return (0);
	(void)sqlite3_bind_int64(st, 1, was);
	(void)sqlite3_bind_int64(st, 2, w->day);
	(void)sqlite3_bind_int64(st, 3, w->id);
	(void)sqlite3_bind_int64(st, 4, w->domain);
	return (writer_run(s, ST_RECORDS_MOVE, e));
}

int
writer_trust_kept(struct store *s, int64_t id, struct err *e)
{
	struct writer	*w = s->w;
	struct noted	 n;
	char		 room[DOMAIN_MAX + 1];
	enum trust	 is;
	int		 rv;

	if ((rv = noted_find(s, id, &n, e)) != 1)
		return (rv);
	is = n.message == 0 ? TRUST_UNKNOWN : trust_report(s->trust, writer_believed(s, &n.mail), n.mail.from,
	    writer_reporter_key(w->h.org_name, w->h.email, room));
	if (n.message != 0 && trust_rank(is) > trust_rank(w->trust)) {
		w->kept = n.mail;
		w->kept.from = arena_str(w->arena, n.mail.from);
		w->kept.id = arena_str(w->arena, n.mail.id);
		w->kept.field = arena_str(w->arena, n.mail.field);
		w->mail = &w->kept;
		w->trust = is;
		w->proved_by = n.message;
		rv = 2;
	}
	(void)sqlite3_reset(stmt(s, ST_REPORT_TRUSTED));
	return (rv == 2 ? change_side(s, e) : 0);
}

/* --- All of them, by other settings ------------------------------------------------------- */

struct change {
	int64_t			 id;
	enum trust		 trust;
	enum trust_apart	 apart;
	bool			 side;		/* it goes over */
};

struct changes {
	struct change	*v;
	size_t		 n, room;
};

static int
find_changes(struct store *s, struct changes *c, uint64_t *reports, struct err *e)
{
	sqlite3_stmt	*st;
	struct change	 x, *p;
	int		 rc;

	if (store_prepare(s, &st, "SELECT report.id, reporter.key, domain.name, trust_proof, f.text, i.text, trust, report.apart FROM report "
	    "JOIN reporter ON reporter.id = report.reporter JOIN domain ON domain.id = report.domain "
	    "LEFT JOIN name f ON f.id = trust_from LEFT JOIN name i ON i.id = trust_id ORDER BY report.id", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct trust_mail	 m = { .proof = (enum trust_proof)sqlite3_column_int(st, 3), .id = column(st, 5) };

		(*reports)++;
		x.id = sqlite3_column_int64(st, 0);
		x.trust = trust_report(s->trust, writer_believed(s, &m), column(st, 4), column(st, 1));
		x.apart = trust_apart(s->trust, x.trust, column(st, 2));
		x.side = (x.apart != APART_NO) != (sqlite3_column_int(st, 7) != APART_NO);
		if ((int)x.trust == sqlite3_column_int(st, 6) && (int)x.apart == sqlite3_column_int(st, 7))
			continue;
		if (c->n == c->room) {
			c->room = c->room == 0 ? 1024 : 2 * c->room;
			if ((p = realloc(c->v, c->room * sizeof(*p))) == NULL)
				break;
			c->v = p;
		}
		c->v[c->n++] = x;
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : rc == SQLITE_ROW ? err_set(e, ERR_TEMP, "out of memory") : store_fail(s, "trust", e));
}

static int
change_row(struct store *s, const struct change *x, int64_t domain, int64_t by, uint64_t quirks, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_REPORT_MOVE);

	writer_cache_clear(&s->w->periods);
	(void)sqlite3_bind_int64(st, 1, x->id);
	(void)sqlite3_bind_int64(st, 2, domain);
	(void)sqlite3_bind_int(st, 3, (int)x->trust);
	(void)sqlite3_bind_int(st, 4, (int)x->apart);
	bind_id(st, 5, by);
	(void)sqlite3_bind_int64(st, 6, (sqlite3_int64)quirks);
	return (writer_run(s, ST_REPORT_MOVE, e));
}

/* A report as it stands in the table, in the place of the one under way. */
struct standing {
	int64_t	 domain, day, messages, by;
	char	 name[DOMAIN_MAX + 1];
	char	*report_id;
};

static int
standing_load(struct store *s, sqlite3_stmt *st, int64_t id, struct standing *r, struct err *e)
{
	struct writer	*w = s->w;
	struct str	 name;
	int		 rc;

	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		r->domain = sqlite3_column_int64(st, 0);
		w->reporter = sqlite3_column_int64(st, 1);
		r->day = sqlite3_column_int64(st, 2);
		w->h.begin = sqlite3_column_int64(st, 3);
		w->h.end = sqlite3_column_int64(st, 4);
		r->by = sqlite3_column_int64(st, 5);
		r->messages = sqlite3_column_int64(st, 6);
		memset(w->hash, 0, sizeof(w->hash));
		if (sqlite3_column_bytes(st, 7) == (int)sizeof(w->hash))
			memcpy(w->hash, sqlite3_column_blob(st, 7), sizeof(w->hash));
		name = column(st, 8);
		(void)snprintf(r->name, sizeof(r->name), "%.*s", (int)name.len, name.p == NULL ? "" : name.p);
		name = column(st, 9);
		r->report_id = name.p == NULL ? NULL : strndup(name.p, name.len);
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (rc == SQLITE_DONE ? err_set(e, ERR_BUG, "report %lld has gone", (long long)id) : store_fail(s, "report", e));
	return (r->report_id == NULL ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

/* One that counts goes over, with rows and sums; the place may be taken there. */
static int
go_over(struct store *s, const struct change *x, const struct standing *r, int64_t to, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_RECORDS_MOVE);
	struct holder	 h;

	if (writer_holder(s, to, str_of(r->report_id), &h, e) == -1)
		return (-1);
	if (h.id != 0 && (h.same || trust_rank(h.trust) >= trust_rank(x->trust))) {
		w->total -= (uint64_t)r->messages;
		return (writer_rows_go(s, r->domain, w->reporter, r->day, x->id, e) == -1 ? -1 :
		    change_row(s, x, to, h.id, QUIRK_VERSIONS, e));
	}
	if (h.id != 0) {
		w->total -= (uint64_t)h.messages;
		if (writer_supersede(s, to, w->reporter, h.id, h.day, x->id, e) == -1)
			return (-1);
	}
	if (writer_report_sums(s, r->domain, w->reporter, r->day, x->id, -1, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, r->domain);
	(void)sqlite3_bind_int64(st, 2, r->day);
	(void)sqlite3_bind_int64(st, 3, x->id);
	(void)sqlite3_bind_int64(st, 4, to);
	if (writer_run(s, ST_RECORDS_MOVE, e) == -1 || writer_report_sums(s, to, w->reporter, r->day, x->id, 1, e) == -1)
		return (-1);
	return (change_row(s, x, to, 0, h.id != 0 ? QUIRK_VERSIONS : 0, e));
}

static int
change_one(struct store *s, sqlite3_stmt *load, const struct change *x, struct err *e)
{
	struct standing	 r = { .report_id = NULL };
	int64_t		 to;
	int		 rv = standing_load(s, load, x->id, &r, e);

	if (rv == 0 && !x->side)
		rv = change_row(s, x, r.domain, r.by, 0, e);
	else if (rv == 0 && (to = writer_domain(s, str_of(r.name), x->apart != APART_NO, e)) == -1)
		rv = -1;
	else if (rv == 0)	/* one that steps back has no rows */
		rv = r.by != 0 ? change_row(s, x, to, r.by, 0, e) : go_over(s, x, &r, to, e);
	free(r.report_id);
	return (rv);
}

static int
change_all(struct store *s, const struct changes *c, struct store_retrusted *out, struct err *e)
{
	sqlite3_stmt	*load;
	int		 rv = 0;

	if (store_prepare(s, &load, "SELECT report.domain, reporter, day, begin, end, superseded_by, messages, hash, domain.name, report_id "
	    "FROM report JOIN domain ON domain.id = report.domain WHERE report.id = ?1", e) == -1)
		return (-1);
	for (size_t i = 0; i < c->n && rv == 0; i++) {
		rv = change_one(s, load, &c->v[i], e);
		out->moved += c->v[i].side;
	}
	(void)sqlite3_finalize(load);
	out->changed = c->n;
	if (rv == 0 && c->n > 0) {
		writer_changed(s, true);
		rv = writer_sums_flush(s, e) == -1 || store_exec(s, "DELETE FROM rollup WHERE rows = 0", e) == -1 ? -1 : 0;
	}
	return (rv);
}

int
store_retrust(struct store *s, struct store_retrusted *out, struct err *e)
{
	struct changes	 c = { .n = 0 };
	int		 rv;

	memset(out, 0, sizeof(*out));
	if (store_begin(s, e) == -1)
		return (-1);
	if (find_changes(s, &c, &out->reports, e) == -1 || change_all(s, &c, out, e) == -1 || writer_tls_retrust(s, out, e) == -1 ||
	    writer_failure_retrust(s, out, e) == -1) {
		store_rollback(s);
		rv = -1;
	} else
		rv = store_commit(s, e);
	free(c.v);
	return (rv);
}
