/*
 * write_failure.c - failure reports into the store: one row each, once.
 */
#include <unistd.h>

#include "base/when.h"
#include "dmarc/failure.h"
#include "dmarc/trust.h"
#include "store/write_int.h"

/* The columns that are no text of the report, in the order they are bound in. */
#define VERDICT_COLUMNS "said", "spf_aligned", "dkim_aligned", "verdict", "differs", "spf_result", "dkim_result", "spf_domain",	\
	"dkim_domain_used", "dkim_selector_used", "code"
static const char *const	 columns[] = {
	"message", "payload", "key", "received", "reporter", "domain", "source", "day", "dialect", "class", "redact", "arrival",
	"arrived", "arrived_from", "ip_from", "header_from_from", "results_from", "source_port", "incidents", "delivery", "quirks",
	"results", "sample", "body_bytes", "body_hash", VERDICT_COLUMNS
};
enum { C_MESSAGE = 1, C_PAYLOAD, C_KEY, C_RECEIVED, C_REPORTER, C_DOMAIN, C_SOURCE, C_DAY, C_DIALECT, C_CLASS, C_REDACT, C_ARRIVAL,
	C_ARRIVED, C_ARRIVED_FROM, C_IP_FROM, C_HEADER_FROM_FROM, C_RESULTS_FROM, C_SOURCE_PORT, C_INCIDENTS, C_DELIVERY, C_QUIRKS,
	C_RESULTS, C_SAMPLE, C_BODY_BYTES, C_BODY_HASH, C_SAID, C_SPF_ALIGNED, C_DKIM_ALIGNED, C_VERDICT, C_DIFFERS, C_SPF_RESULT,
	C_DKIM_RESULT, C_SPF_DOMAIN, C_DKIM_DOMAIN, C_DKIM_SELECTOR, C_CODE, C_TEXTS };
_Static_assert(nitems(columns) == C_TEXTS - 1, "each column has its number");
#define C_ID (C_TEXTS + FT_COUNT)	/* of the one that is changed */

enum { F_ADD, F_CHANGE_VERDICT, F_CHANGE, F_FIND, F_OTHER_FIND, F_GO, F_AGAIN, F_UNREPEAT, F_MESSAGE, F_DOMAIN, F_POLICY, F_REVEAL, F_EXISTS, F_MOVE,
	F_TRUST, F_TRUSTED, F_SIDE, F_STMTS };

struct failure_writer {
	sqlite3_stmt	*st[F_STMTS];
	struct arena	*arena;
	struct buf	 results, key;
};

/* What a row holds besides the report itself. */
struct row {
	int64_t				 message, received, reporter, domain, source;
	unsigned			 payload;
	uint8_t				 key[HASH_SIZE];
	const struct failure_report	*r;
	struct failure_verdict		 v;
	enum redact			 redact;
	enum trust			 trust;
	enum trust_apart		 apart;
};

static const char *
column(int c)
{
	return (c < C_TEXTS ? columns[c - 1] : failure_texts[c - C_TEXTS].column);
}

static bool
is_verdict(int c)
{
	return (c >= C_SAID && c <= C_CODE);
}

/* When it came and from which message is not read again. */
static bool
is_fixed(int c)
{
	return (c == C_MESSAGE || c == C_PAYLOAD || c == C_RECEIVED || c == C_KEY);
}

static void
sql_add(struct buf *b)
{
	(void)buf_cstr(b, "INSERT INTO failure (");
	for (int c = 1; c < C_ID; c++)
		(void)buf_printf(b, "%s%s", c > 1 ? ", " : "", column(c));
	(void)buf_cstr(b, ") VALUES (");
	for (int c = 1; c < C_ID; c++)
		(void)buf_printf(b, "%s?%d", c > 1 ? ", " : "", c);
	(void)buf_byte(b, ')');
}

/*
 * Only where something differs, so that the number of changed rows tells.
 * Which domain it belongs to follows from what was taken in meanwhile: another
 * one is no difference in the report.
 */
static void
sql_change(struct buf *b, bool verdict)
{
	const char	*sep = "UPDATE failure SET ";

	for (int c = 1; c < C_ID; c++)
		if (is_verdict(c) == verdict && !is_fixed(c)) {
			(void)buf_printf(b, "%s%s = ?%d", sep, column(c), c);
			sep = ", ";
		}
	(void)buf_printf(b, " WHERE id = ?%d AND (", C_ID);
	sep = "";
	for (int c = 1; c < C_ID; c++)
		if (is_verdict(c) == verdict && !is_fixed(c) && c != C_DOMAIN) {
			(void)buf_printf(b, "%s%s IS NOT ?%d", sep, column(c), c);
			sep = " OR ";
		}
	(void)buf_byte(b, ')');
}

static int
prepare_built(struct store *s, int which, void (*build)(struct buf *, bool), bool arg, struct err *e)
{
	struct buf	 b = { 0 };
	int		 rv;

	if (build == NULL)
		sql_add(&b);
	else
		build(&b, arg);
	rv = b.failed ? err_set(e, ERR_TEMP, "out of memory") : store_prepare(s, &s->w->failure->st[which], b.p, e);
	buf_free(&b);
	return (rv);
}

int
writer_failure_new(struct store *s, struct err *e)
{
	static const char *const	 sql[F_STMTS] = {
		[F_FIND] = "SELECT id FROM failure WHERE key = ?1",
		/* a copy does not know the reporter, which is part of the key */
		[F_OTHER_FIND] = "SELECT id, sample_message_id, original_mail_from FROM failure WHERE source = ?1 AND day = ?2 AND "
		    "arrived = ?3 AND class = ?4 AND (quirks & ?5 <> 0) = ?6 LIMIT 1000",
		[F_GO] = "DELETE FROM failure WHERE id = ?1",
		[F_AGAIN] = "UPDATE failure SET duplicates = duplicates + 1 WHERE id = ?1",
		[F_UNREPEAT] = "UPDATE failure SET duplicates = duplicates - 1 WHERE id = ?1 AND duplicates > 0",
		[F_MESSAGE] = "SELECT message FROM failure WHERE id = ?1",
		[F_DOMAIN] = "SELECT id FROM domain WHERE name = ?1 AND apart = 0",
		[F_POLICY] = "SELECT adkim, aspf FROM policy WHERE domain = ?1 ORDER BY id DESC LIMIT 1",
		[F_REVEAL] = "INSERT INTO reveal (time, failure, who, nonce) VALUES (?1, ?2, ?3, ?4)",
		[F_MOVE] = "UPDATE failure SET domain = ?2 WHERE id = ?1",
		[F_EXISTS] = "SELECT 1 FROM failure WHERE id = ?1",
		[F_TRUST] = "UPDATE failure SET trust = ?2, apart = ?3, trust_proof = ?4, trust_method = ?5, trust_from = ?6, trust_id = ?7, "
		    "trust_message = ?8, domain = coalesce(?9, domain) WHERE id = ?1",
		[F_TRUSTED] = "SELECT trust_proof, trust_id, trust_from, trust_message, trust FROM failure WHERE id = ?1",
		[F_SIDE] = "UPDATE failure SET trust = ?2, apart = ?3, domain = coalesce(?4, domain) WHERE id = ?1",
	};
	struct failure_writer		*f;

	if ((f = s->w->failure = calloc(1, sizeof(*f))) == NULL || (f->arena = arena_new((size_t)64 << 20)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (prepare_built(s, F_ADD, NULL, false, e) == -1 || prepare_built(s, F_CHANGE_VERDICT, sql_change, true, e) == -1 ||
	    prepare_built(s, F_CHANGE, sql_change, false, e) == -1)
		return (-1);
	for (int i = 0; i < F_STMTS; i++)
		if (sql[i] != NULL && store_prepare(s, &f->st[i], sql[i], e) == -1)
			return (-1);
	return (0);
}

void
writer_failure_free(struct failure_writer *f)
{
	if (f == NULL)
		return;
	for (int i = 0; i < F_STMTS; i++)
		(void)sqlite3_finalize(f->st[i]);
	arena_free(f->arena);
	buf_free(&f->results);
	buf_free(&f->key);
	free(f);
}

void
store_failure_options(struct store *s, const struct store_failure_options *o)
{
	s->failures = *o;
}

bool
store_failure_originals(const struct store *s)
{
	return (s->failures.redact == REDACT_NONE);
}

/* 1 with the number, 0 without one, -1. */
static int
find(struct store *s, int which, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st = s->w->failure->st[which];
	int		 rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "failure", e));
}

static int
run_id(struct store *s, int which, int64_t id, struct err *e)
{
	sqlite3_stmt	*st = s->w->failure->st[which];
	int		 rc;

	(void)sqlite3_bind_int64(st, 1, id);
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "failure", e));
}

/* --- What it belongs to --------------------------------------------------------------- */

/* Also says whose report it is, as far as the mail that is under way proves it. */
static int64_t
reporter_of(struct store *s, const struct failure_report *r, enum trust *trust, struct err *e)
{
	const struct trust_mail	*m = s->w->mail;
	struct str		 mta = r->t[FT_REPORTING_MTA], local, domain;
	const char		*semi;
	char			 email[DOMAIN_MAX + 3], room[DOMAIN_MAX + 1];

	*trust = m != NULL && m->proof == PROOF_FAIL ? TRUST_FAILED : TRUST_UNKNOWN;
	if (r->t[FT_REPORT_FROM].len > 0 && failure_address(r->t[FT_REPORT_FROM], &local, &domain) && domain.len <= DOMAIN_MAX) {
		/* its domain alone: reporters are kept, whoever's local part it was is not */
		(void)snprintf(email, sizeof(email), "@%.*s", (int)domain.len, domain.p);
		if (m != NULL)
			*trust = trust_report(s->trust, m->proof, m->from, writer_reporter_key(STR_NONE, str_of(email), room));
		return (writer_reporter(s, STR_NONE, str_of(email), e));
	}
	if (mta.len > 0 && (semi = memchr(mta.p, ';', mta.len)) != NULL)
		mta = str_trim((struct str){ semi + 1, (size_t)(mta.p + mta.len - semi) - 1 });
	if (mta.len == 0 || memchr(mta.p, '@', mta.len) != NULL)
		mta = STR_NONE;
	if (m != NULL)
		*trust = trust_report(s->trust, m->proof, m->from, writer_reporter_key(mta, STR_NONE, room));
	return (writer_reporter(s, mta, STR_NONE, e));
}

static bool
any_ours(const struct trust_settings *t, struct str lines)
{
	struct str	 one;
	char		 name[DOMAIN_MAX + 1];
	size_t		 n;

	while (lines.p != NULL && failure_line(&lines, &one))
		if (domain_normal(str_trim(one), name, &n, NULL) == NAME_DOMAIN && trust_ours(t, (struct str){ name, n }))
			return (true);
	return (false);
}

/*
 * About us is what is about our domain in From:, or about a signature of ours
 * below somebody else's; what names no domain at all is nobody's else.
 */
static enum trust_apart
side_of(const struct trust_settings *t, enum trust trust, struct str header_from, struct str reported, struct str dkim)
{
	bool	 named = header_from.len > 0 || reported.len > 0 || dkim.len > 0;

	if (named && t->domains.n > 0 && !any_ours(t, header_from) && !any_ours(t, reported) && !any_ours(t, dkim))
		return (APART_FOREIGN);
	return (t->apart && trust_state(trust) == TS_UNAUTHENTICATED ? APART_UNAUTHENTICATED : APART_NO);
}

/* The domain that is reported on and that header_from is part of; an authentication failure that is not kept apart makes one of ours. */
static int
domain_id(struct store *s, struct str header_from, enum failure_class class, enum trust_apart apart, int64_t *out, struct err *e)
{
	struct str	 d = header_from, org;
	const char	*dot;
	int		 rv;

	*out = 0;
	if (d.len == 0)
		return (0);
	org = domain_org(d);
	while (d.len >= org.len) {
		bind_str(s->w->failure->st[F_DOMAIN], 1, d);
		if ((rv = find(s, F_DOMAIN, out, e)) != 0)
			return (rv == -1 ? -1 : 0);
		if ((dot = memchr(d.p, '.', d.len)) == NULL)
			break;
		d = (struct str){ dot + 1, (size_t)(d.p + d.len - dot) - 1 };
	}
	/* a report about anybody's domain puts no new one beside ours */
	if (class == FAILURE_AUTH && apart == APART_NO && trust_ours(s->trust, org) && (*out = writer_domain(s, org, false, e)) == -1)
		return (-1);
	return (0);
}

/* adkim and aspf as last published, as far as any report told. */
static int
judge(struct store *s, const struct failure_report *r, int64_t domain, struct failure_verdict *v, struct err *e)
{
	sqlite3_stmt		*st = s->w->failure->st[F_POLICY];
	struct report_policy	 p = { .domain = r->t[FT_HEADER_FROM] };
	int			 rc;

	(void)sqlite3_bind_int64(st, 1, domain);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		p.adkim = str_of((const char *)sqlite3_column_text(st, 0));
		p.aspf = str_of((const char *)sqlite3_column_text(st, 1));
	}
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		failure_judge(r, &p, v);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "policy", e));
}

static void
key_part(struct buf *b, struct str v)
{
	(void)buf_printf(b, "%zu:", v.len);
	if (v.len > 0)
		(void)buf_str(b, v);
}

/* Reporter, Message-ID of the sample (or its headers, or all fields), address, envelope sender, arrival. */
static void
make_key(struct failure_writer *f, const struct failure_report *r, int64_t reporter, uint8_t key[HASH_SIZE])
{
	struct buf	*b = &f->key;
	struct str	 from = r->t[FT_MAIL_FROM];

	buf_clear(b);
	(void)buf_printf(b, "%lld %u ", (long long)reporter, (unsigned)r->class);
	if (r->t[FT_MESSAGE_ID].len > 0)
		key_part(b, r->t[FT_MESSAGE_ID]);
	else if (r->sample != SAMPLE_NONE)
		(void)buf_add(b, r->headers_hash, sizeof(r->headers_hash));
	else
		for (unsigned i = 0; i < FT_NOTE; i++)
			key_part(b, r->t[i]);
	key_part(b, r->t[FT_SOURCE_IP]);
	if (from.len >= 2 && from.p[0] == '<' && from.p[from.len - 1] == '>')
		from = (struct str){ from.p + 1, from.len - 2 };
	key_part(b, from);
	(void)buf_printf(b, " %lld", r->has_arrival ? (long long)r->arrival : -1);
	hash_sha256(key, b->p, b->len);
}

/* --- The row --------------------------------------------------------------------------- */

static void
put_result(struct buf *b, const struct failure_result *f)
{
	(void)buf_printf(b, "%s%s\t%s\t", b->len > 0 ? "\n" : "", failure_method_names[f->method], auth_result_names[f->result]);
	(void)buf_str(b, f->word.p == NULL ? STR("") : f->word);
	(void)buf_byte(b, '\t');
	(void)buf_str(b, f->domain.p == NULL ? STR("") : f->domain);
	(void)buf_byte(b, '\t');
	(void)buf_str(b, f->what.p == NULL ? STR("") : f->what);
	(void)buf_cstr(b, f->derived ? "\tderived" : "\t");
}

static void
bind_numbers(sqlite3_stmt *st, const struct row *x)
{
	const struct failure_report	*r = x->r;
	const struct { int c; int64_t v; } numbers[] = {
		{ C_MESSAGE, x->message }, { C_PAYLOAD, x->payload }, { C_RECEIVED, x->received }, { C_REPORTER, x->reporter },
		{ C_DAY, when_day(r->arrived) }, { C_DIALECT, r->dialect }, { C_CLASS, r->class }, { C_REDACT, x->redact },
		{ C_ARRIVED, r->arrived }, { C_ARRIVED_FROM, r->arrived_from }, { C_IP_FROM, r->ip_from },
		{ C_HEADER_FROM_FROM, r->header_from_from }, { C_RESULTS_FROM, r->results_from }, { C_INCIDENTS, (int64_t)r->incidents },
		{ C_DELIVERY, r->delivery }, { C_QUIRKS, (int64_t)r->quirks }, { C_SAMPLE, r->sample },
		{ C_BODY_BYTES, (int64_t)r->body_bytes }, { C_SAID, x->v.said }, { C_SPF_ALIGNED, x->v.spf }, { C_DKIM_ALIGNED, x->v.dkim },
		{ C_VERDICT, x->v.result }, { C_DIFFERS, x->v.differs }, { C_SPF_RESULT, x->v.spf_result },
		{ C_DKIM_RESULT, x->v.dkim_result }, { C_CODE, x->v.code },
	};

	for (size_t i = 0; i < nitems(numbers); i++)
		(void)sqlite3_bind_int64(st, numbers[i].c, numbers[i].v);
	bind_id(st, C_DOMAIN, x->domain);
	bind_id(st, C_SOURCE, x->source);
	bind_id(st, C_SOURCE_PORT, r->source_port);
	if (r->has_arrival)
		(void)sqlite3_bind_int64(st, C_ARRIVAL, r->arrival);
	else
		(void)sqlite3_bind_null(st, C_ARRIVAL);
}

static void
bind_row(struct failure_writer *f, sqlite3_stmt *st, const struct row *x, int64_t id)
{
	const struct failure_report	*r = x->r;

	(void)sqlite3_clear_bindings(st);
	bind_numbers(st, x);
	(void)sqlite3_bind_blob(st, C_KEY, x->key, sizeof(x->key), SQLITE_STATIC);
	if (r->has_hash)
		(void)sqlite3_bind_blob(st, C_BODY_HASH, r->body_hash, sizeof(r->body_hash), SQLITE_STATIC);
	bind_str(st, C_SPF_DOMAIN, x->v.spf_domain);
	bind_str(st, C_DKIM_DOMAIN, x->v.dkim_domain);
	bind_str(st, C_DKIM_SELECTOR, x->v.dkim_selector);
	if (f->results.len > 0)
		bind_str(st, C_RESULTS, buf_as_str(&f->results));
	for (int i = 0; i < FT_COUNT; i++)
		bind_str(st, C_TEXTS + i, r->t[i]);
	(void)sqlite3_bind_int64(st, C_ID, id);
}

static int
run_row(struct store *s, int which, const struct row *x, int64_t id, int *changed, struct err *e)
{
	struct failure_writer	*f = s->w->failure;
	sqlite3_stmt		*st = f->st[which];
	int			 rc;

	bind_row(f, st, x, id);
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	(void)sqlite3_clear_bindings(st);
	if (rc != SQLITE_DONE)
		return (store_fail(s, "failure", e));
	*changed = sqlite3_changes(s->db);
	return (0);
}

/* by: the message that proves it, when that is not its own. */
static int
put_trust(struct store *s, const struct row *x, int64_t id, int64_t by, struct err *e)
{
	static const struct trust_mail	 nothing;
	const struct trust_mail		*m = s->w->mail == NULL ? &nothing : s->w->mail;
	sqlite3_stmt			*st = s->w->failure->st[F_TRUST];

	(void)sqlite3_bind_int(st, 2, (int)x->trust);
	(void)sqlite3_bind_int(st, 3, (int)x->apart);
	(void)sqlite3_bind_int(st, 4, (int)m->proof);
	(void)sqlite3_bind_int(st, 5, (int)m->method);
	bind_str(st, 6, m->from);
	bind_str(st, 7, m->id);
	bind_id(st, 8, by);
	bind_id(st, 9, x->domain);
	return (run_id(s, F_TRUST, id, e));
}

static int
add(struct store *s, const struct row *x, unsigned changed, struct store_stored *out, struct err *e)
{
	int	 n;

	if (run_row(s, F_ADD, x, 0, &n, e) == -1)
		return (-1);
	s->w->changed = true;
	*out = (struct store_stored){ sqlite3_last_insert_rowid(s->db), IN_STORED, changed, REPORT_FAILURE };
	return (s->w->mail == NULL && x->apart == APART_NO ? 0 : put_trust(s, x, out->id, 0, e));
}

/* What is noted with the one that is there: whose it is by the settings of now, and whether another message proved it. */
static int
noted(struct store *s, const struct failure_report *r, int64_t id, enum trust *is, int64_t *by, struct err *e)
{
	struct failure_writer	*f = s->w->failure;
	sqlite3_stmt		*st = f->st[F_TRUSTED];
	struct trust_mail	 m = { .proof = PROOF_NONE };
	const struct trust_mail	*under_way = s->w->mail;
	int64_t			 reporter = 0;
	int			 rc;

	*by = 0;
	*is = TRUST_UNKNOWN;
	(void)sqlite3_bind_int64(st, 1, id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		m.proof = (enum trust_proof)sqlite3_column_int(st, 0);
		m.id = arena_str(f->arena, str_of((const char *)sqlite3_column_text(st, 1)));
		m.from = arena_str(f->arena, str_of((const char *)sqlite3_column_text(st, 2)));
		*by = sqlite3_column_int64(st, 3);
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return (store_fail(s, "failure", e));
	m.proof = writer_believed(s, &m);
	s->w->mail = &m;
	reporter = reporter_of(s, r, is, e);
	s->w->mail = under_way;
	return (reporter == -1 ? -1 : 0);
}

/* It came again; when that proves it better, it is noted, and it may change sides. */
static int
trust_again(struct store *s, const struct row *x, int64_t id, struct err *e)
{
	enum trust	 is;
	int64_t		 by;

	if (s->w->mail == NULL || noted(s, x->r, id, &is, &by, e) == -1)
		return (s->w->mail == NULL ? 0 : -1);
	return (trust_rank(x->trust) > trust_rank(is) ? put_trust(s, x, id, x->message, e) : 0);
}

/* Read again: its own mail decides, unless another one proved it better and is still believed. */
static int
trust_anew(struct store *s, const struct row *x, int64_t id, struct err *e)
{
	enum trust	 is;
	int64_t		 by;

	if (noted(s, x->r, id, &is, &by, e) == -1)
		return (-1);
	return (by != 0 && trust_rank(is) > trust_rank(x->trust) ? 0 : put_trust(s, x, id, 0, e));
}

/* --- Once, or once more -------------------------------------------------------------------- */

static int
come_again(struct store *s, const struct row *x, int64_t id, struct store_stored *out, struct err *e)
{
	*out = (struct store_stored){ id, IN_DUPLICATE, 0, REPORT_FAILURE };
	s->w->changed = true;
	return (run_id(s, F_AGAIN, id, e) == -1 ? -1 : trust_again(s, x, id, e));
}

static int
change(struct store *s, const struct row *x, int64_t id, struct store_stored *out, struct err *e)
{
	int	 verdicts = 0, rest = 0;

	bind_id(s->w->failure->st[F_MOVE], 2, x->domain);
	if (run_row(s, F_CHANGE_VERDICT, x, id, &verdicts, e) == -1 || run_row(s, F_CHANGE, x, id, &rest, e) == -1 ||
	    run_id(s, F_MOVE, id, e) == -1 || trust_anew(s, x, id, e) == -1)
		return (-1);
	/* a policy that became known meanwhile lets it be judged otherwise: nothing to find fault with */
	if (s->dry)
		verdicts = 0;
	if (verdicts + rest > 0)
		s->w->changed = true;
	*out = (struct store_stored){ id, verdicts + rest > 0 ? IN_REPLACED : IN_DUPLICATE,
	    (verdicts > 0 ? STORE_CHANGED_VERDICTS : 0) | (rest > 0 ? STORE_CHANGED_DETAILS : 0), REPORT_FAILURE };
	return (0);
}

/* had: the row with its key, 0: there is none. */
static int
derive(struct store *s, const struct row *x, int64_t had, struct store_again *a, struct store_stored *out, struct err *e)
{
	for (size_t i = 0; i < a->nknown; i++)
		if (a->known[i].kind == REPORT_FAILURE && !a->known[i].used && a->known[i].payload == x->payload) {
			a->known[i].used = true;
			return (change(s, x, a->known[i].id, out, e));
		}
	*out = (struct store_stored){ 0, IN_IGNORED, 0, REPORT_FAILURE };
	if (had != 0)		/* a duplicate then, and now */
		return (0);
	if (a->add)
		return (add(s, x, STORE_CHANGED_NEW, out, e));
	a->left_over++;
	return (0);
}

static void
private_parts(struct store *s, struct failure_report *r)
{
	if (s->failures.bodies && s->failures.redact != REDACT_ALL)
		return;
	r->t[FT_BODY] = STR_NONE;
	r->t[FT_CANONICAL_BODY] = STR_NONE;
}

static struct str
bare(struct str s)
{
	s = str_trim(s);
	if (s.len >= 2 && s.p[0] == '<' && s.p[s.len - 1] == '>')
		s = (struct str){ s.p + 1, s.len - 2 };
	return (s);
}

/* Two addresses or ids, of which one may have been masked: "b...@example.org" is "bounce-12@example.org". */
static bool
same_address(struct str a, struct str b)
{
	const char	*at_a, *at_b;

	a = bare(a);
	b = bare(b);
	if (a.len == 0 || b.len == 0)
		return (a.len == b.len);
	if (a.len == b.len && memcmp(a.p, b.p, a.len) == 0)
		return (true);
	at_a = memrchr(a.p, '@', a.len);
	at_b = memrchr(b.p, '@', b.len);
	if (memmem(a.p, a.len, REDACTED, strlen(REDACTED)) == NULL && memmem(b.p, b.len, REDACTED, strlen(REDACTED)) == NULL)
		return (false);
	return (at_a != NULL && at_b != NULL && (a.p[0] == b.p[0] || str_starts(a, REDACTED) || str_starts(b, REDACTED)) &&
	    str_eq((struct str){ at_a, a.len - (size_t)(at_a - a.p) }, (struct str){ at_b, b.len - (size_t)(at_b - b.p) }));
}

static struct str
cell(sqlite3_stmt *st, int i)
{
	return ((struct str){ (const char *)sqlite3_column_text(st, i), (size_t)sqlite3_column_bytes(st, i) });
}

/* The original of a copy, or the copy of an original; 0: there is none. */
static int
find_other(struct store *s, const struct row *x, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st = s->w->failure->st[F_OTHER_FIND];
	bool		 copy = (x->r->quirks & FQ_COPY) != 0;
	int		 rc = SQLITE_DONE;

	*out = 0;
	if (x->source == 0 || !x->r->has_arrival)	/* they could be any */
		return (0);
	(void)sqlite3_bind_int64(st, 1, x->source);
	(void)sqlite3_bind_int64(st, 2, when_day(x->r->arrived));
	(void)sqlite3_bind_int64(st, 3, x->r->arrived);
	(void)sqlite3_bind_int64(st, 4, x->r->class);
	(void)sqlite3_bind_int64(st, 5, (sqlite3_int64)FQ_COPY);
	(void)sqlite3_bind_int(st, 6, !copy);
	while (*out == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		if (same_address(cell(st, 1), x->r->t[FT_MESSAGE_ID]) && same_address(cell(st, 2), x->r->t[FT_MAIL_FROM]))
			*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "failure", e));
}

/* An original takes the place of the copy. */
static int
replace_copy(struct store *s, const struct row *x, int64_t copy, struct store_stored *out, struct err *e)
{
	if (run_id(s, F_GO, copy, e) == -1 || add(s, x, 0, out, e) == -1)
		return (-1);
	out->result = IN_REPLACED;
	return (0);
}

int
store_failure(struct store *s, int64_t message, unsigned payload, struct failure_report *r, struct store_again *again,
    struct store_stored *out, struct err *e)
{
	struct failure_writer	*f = s->w->failure;
	struct row		 x = { .message = message, .payload = payload, .received = when_now(), .r = r, .redact = s->failures.redact };
	int64_t			 had = 0, other = 0;

	arena_reset(f->arena);
	if (r->arrived_from == FROM_NOWHERE)
		r->arrived = x.received;
	if ((x.reporter = reporter_of(s, r, &x.trust, e)) == -1)
		return (-1);
	x.apart = side_of(s->trust, x.trust, r->t[FT_HEADER_FROM], r->t[FT_REPORTED_DOMAIN], r->t[FT_DKIM_DOMAIN]);
	if (domain_id(s, r->t[FT_HEADER_FROM], r->class, x.apart, &x.domain, e) == -1 ||
	    (r->ip_len != 0 && (x.source = writer_source(s, r->ip, r->ip_len, STR_NONE, e)) == -1) || judge(s, r, x.domain, &x.v, e) == -1)
		return (-1);
	make_key(f, r, x.reporter, x.key);
	buf_clear(&f->results);
	for (size_t i = 0; i < r->nresults; i++)
		put_result(&f->results, &r->results[i]);
	private_parts(s, r);
	if (!redact_failure(r, x.redact, f->arena) || f->results.failed || f->key.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	(void)sqlite3_bind_blob(f->st[F_FIND], 1, x.key, sizeof(x.key), SQLITE_STATIC);
	if (find(s, F_FIND, &had, e) == -1)
		return (-1);
	if (had == 0 && find_other(s, &x, &other, e) == -1)
		return (-1);
	if (other != 0 && (r->quirks & FQ_COPY) != 0)
		had = other;
	if (again != NULL)
		return (derive(s, &x, had, again, out, e));
	if (had != 0)
		return (come_again(s, &x, had, out, e));
	return (other != 0 ? replace_copy(s, &x, other, out, e) : add(s, &x, 0, out, e));
}

int64_t
writer_failure_message(struct store *s, int64_t id)
{
	struct err	 e = { 0 };
	int64_t		 message;

	(void)sqlite3_bind_int64(s->w->failure->st[F_MESSAGE], 1, id);
	return (find(s, F_MESSAGE, &message, &e) == 1 ? message : 0);
}

int
writer_failure_unrepeat(struct store *s, int64_t id, struct err *e)
{
	s->w->changed = true;
	return (run_id(s, F_UNREPEAT, id, e));
}

/* --- All of them, by other settings ----------------------------------------------------------- */

struct moved {
	int64_t			 id, domain;
	enum trust		 trust;
	enum trust_apart	 apart;
};

static struct str
text_of(sqlite3_stmt *st, int i)
{
	return (str_of((const char *)sqlite3_column_text(st, i)));
}

/* 1: its row says something else. */
static int
decide_again(struct store *s, sqlite3_stmt *st, struct moved *x, struct err *e)
{
	struct trust_mail	 m = { .proof = (enum trust_proof)sqlite3_column_int(st, 2), .id = text_of(st, 4) };
	struct str		 header_from = text_of(st, 7);

	x->id = sqlite3_column_int64(st, 0);
	x->trust = trust_report(s->trust, writer_believed(s, &m), text_of(st, 3), text_of(st, 1));
	x->apart = side_of(s->trust, x->trust, header_from, text_of(st, 8), text_of(st, 9));
	x->domain = 0;
	if ((int)x->trust == sqlite3_column_int(st, 5) && (int)x->apart == sqlite3_column_int(st, 6))
		return (0);
	if (x->apart == APART_NO && domain_id(s, header_from, sqlite3_column_int(st, 10) == FAILURE_AUTH ? FAILURE_AUTH : FAILURE_OTHER,
	    x->apart, &x->domain, e) == -1)
		return (-1);
	return (1);
}

int
writer_failure_retrust(struct store *s, struct store_retrusted *out, struct err *e)
{
	sqlite3_stmt	*st, *side = s->w->failure->st[F_SIDE];
	struct moved	*v = NULL, *p, x;
	size_t		 n = 0, room = 0;
	int		 rc, rv = 0;

	if (store_prepare(s, &st, "SELECT failure.id, reporter.key, trust_proof, trust_from, trust_id, trust, apart, header_from, reported_domain, "
	    "dkim_domain, class FROM failure JOIN reporter ON reporter.id = failure.reporter ORDER BY failure.id", e) == -1)
		return (-1);
	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		out->reports++;
		if ((rv = decide_again(s, st, &x, e)) != 1)
			continue;
		rv = 0;
		if (n == room) {
			room = room == 0 ? 256 : 2 * room;
			if ((p = realloc(v, room * sizeof(*p))) == NULL) {
				rv = err_set(e, ERR_TEMP, "out of memory");
				break;
			}
			v = p;
		}
		v[n++] = x;
	}
	if (rv == 0 && rc != SQLITE_DONE)
		rv = store_fail(s, "failure", e);
	(void)sqlite3_finalize(st);
	for (size_t i = 0; i < n && rv == 0; i++) {
		(void)sqlite3_bind_int(side, 2, (int)v[i].trust);
		(void)sqlite3_bind_int(side, 3, (int)v[i].apart);
		bind_id(side, 4, v[i].domain);
		rv = run_id(s, F_SIDE, v[i].id, e);
	}
	if (rv == 0 && n > 0)
		s->w->changed = true;
	free(v);
	out->changed += n;
	return (rv);
}

/* --- Who looked ------------------------------------------------------------------------------ */

static int
reveal(struct store *s, int64_t failure, const char *who, const char *nonce, struct err *e)
{
	sqlite3_stmt	*st = s->w->failure->st[F_REVEAL];
	int64_t		 one;
	int		 rc;

	(void)sqlite3_bind_int64(s->w->failure->st[F_EXISTS], 1, failure);
	if ((rc = find(s, F_EXISTS, &one, e)) != 1)
		return (rc == 0 ? err_set(e, ERR_INPUT, "there is no failure report f%lld", (long long)failure) : -1);
	(void)sqlite3_bind_int64(st, 1, when_now());
	(void)sqlite3_bind_int64(st, 2, failure);
	(void)sqlite3_bind_text(st, 3, who, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, 4, nonce, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	(void)sqlite3_reset(st);
	if (rc != SQLITE_DONE)
		return (store_fail(s, "reveal", e));
	/* who looked is part of what is told of the report: answers made before are old now */
	return (writer_run(s, ST_GENERATION, e));
}

int
store_reveal(struct store *s, int64_t failure, const char *who, const char *nonce, struct err *e)
{
	if (s->in_txn)
		return (reveal(s, failure, who, nonce, e));
	if (store_begin(s, e) == -1)
		return (-1);
	if (reveal(s, failure, who, nonce, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	return (store_commit(s, e));
}
