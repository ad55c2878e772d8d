/*
 * write_tls.c - TLS reports, taken in item by item.
 *
 * Their head comes last (see report/tls.h), so details are held as ids until
 * then; beyond HELD they go to the database as they come, under a savepoint.
 * Sums by day are made from the rows, once these stand there: such reports are
 * few beside those of DMARC.
 */
#include "base/hash.h"
#include "base/when.h"
#include "dmarc/tls.h"
#include "dmarc/trust.h"
#include "store/write_int.h"

#define REFUSED_SHOWN 100
#define DOMAINS_TEXT 4096	/* longer lists of domains are named by their hash */

/* ?2 is 1 to add the rows of report ?1 to the sums by day, -1 to take them out. */
#define SUMS_OF(result, success, failure) "INSERT INTO tls_day (domain, day, reporter, type, mode, result, success, failure, n) "	\
    "SELECT e.domain, e.day, e.reporter, p.type, p.mode, " result ", ?2 * " success ", ?2 * " failure ", ?2 * count(*) "	\
    "FROM tls_element e JOIN tls_policy p ON p.id = e.policy "
#define ONTO_SUMS "ON CONFLICT DO UPDATE SET success = success + excluded.success, failure = failure + excluded.failure, n = n + excluded.n"

enum tls_stmt {
	TST_NEXT, TST_TOTAL, TST_POLICY_FIND, TST_POLICY_ADD, TST_DETAIL_ADD, TST_DETAIL_FORGET, TST_ELEMENT_ADD, TST_FIND, TST_VERSION_FIND,
	TST_REPORT_ADD, TST_AGAIN, TST_UNREPEAT, TST_SUPERSEDE, TST_VERSIONS_MOVE, TST_SUM_ELEMENTS, TST_SUM_DETAILS, TST_SUM_CLEAN,
	TST_ELEMENTS_GO, TST_DETAILS_GO, TST_MESSAGE, TST_OLD, TST_SAME, TST_CHANGE, TST_TRUST, TST_ELEMENT_MOVE, TST_RENUMBER, TST_SAVEPOINT, TST_SAVEPOINT_BACK,
	TST_SAVEPOINT_DONE, TST_COUNT
};

static const char *const	 tls_sql[TST_COUNT] = {
	[TST_NEXT] = "SELECT max(ifnull((SELECT max(id) FROM tls_report), 0), ifnull((SELECT value FROM meta WHERE key = 'last_tls_report'), 0)) + 1",
	[TST_TOTAL] = "SELECT ifnull(sum(success) + sum(failure), 0) FROM tls_day",
	[TST_POLICY_FIND] = "SELECT id FROM tls_policy WHERE hash = ?1",
	[TST_POLICY_ADD] = "INSERT INTO tls_policy (hash, domain, type, word, mode, max_age, lines, mx) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[TST_DETAIL_ADD] = "INSERT INTO tls_detail (report, element, seq, result, word, sending, receiving, mx, helo, info, reason, count) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[TST_DETAIL_FORGET] = "DELETE FROM tls_detail WHERE report = ?1 AND element = ?2",
	[TST_ELEMENT_ADD] = "INSERT INTO tls_element (report, seq, domain, day, reporter, policy, success, failure, ndetails, details, derived) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[TST_FIND] = "SELECT id, hash, policies, success + failure + details, trust, quirks FROM tls_report WHERE report_id = ?1 AND org = ?2 AND begin = ?3 "
	    "AND end = ?4 AND domains = ?5 AND superseded_by IS NULL",
	[TST_VERSION_FIND] = "SELECT id FROM tls_report WHERE superseded_by = ?1 AND hash = ?2",
	[TST_REPORT_ADD] = "INSERT INTO tls_report (id, reporter, org, domains, report_id, begin, end, day, payload, org_name, contact_info, "
	    "submitter, state, quirks, refused, hash, superseded_by, policies, success, failure, ndetails, details, trust, trust_proof, "
	    "trust_from, trust_id, apart, received, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
	    "?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
	[TST_AGAIN] = "UPDATE tls_report SET duplicates = duplicates + 1 WHERE id = ?1",
	[TST_UNREPEAT] = "UPDATE tls_report SET duplicates = duplicates - 1 WHERE id = ?1 AND duplicates > 0",
	[TST_SUPERSEDE] = "UPDATE tls_report SET superseded_by = ?2 WHERE id = ?1",
	[TST_VERSIONS_MOVE] = "UPDATE tls_report SET superseded_by = ?2 WHERE superseded_by = ?1",
	[TST_SUM_ELEMENTS] = SUMS_OF("-1", "sum(e.success)", "sum(e.failure)") "WHERE e.report = ?1 GROUP BY 1, 2, 3, 4, 5 " ONTO_SUMS,
	[TST_SUM_DETAILS] = SUMS_OF("d.result", "0", "sum(d.count)") "JOIN tls_detail d ON d.report = e.report AND d.element = e.seq "
	    "WHERE e.report = ?1 GROUP BY 1, 2, 3, 4, 5, 6 " ONTO_SUMS,
	[TST_SUM_CLEAN] = "DELETE FROM tls_day WHERE n = 0 AND (domain, day) IN (SELECT domain, day FROM tls_element WHERE report = ?1)",
	[TST_ELEMENTS_GO] = "DELETE FROM tls_element WHERE report = ?1",
	[TST_DETAILS_GO] = "DELETE FROM tls_detail WHERE report = ?1",
	[TST_MESSAGE] = "SELECT message FROM tls_report WHERE id = ?1",
	[TST_OLD] = "SELECT superseded_by, quirks, success + failure + details, report_id = ?2 AND org = ?3 AND begin = ?4 AND end = ?5 AND "
	    "domains = ?6 FROM tls_report WHERE id = ?1",
	/* The parameters of the next two are those of TST_REPORT_ADD. */
	[TST_SAME] = "SELECT reporter = ?2 AND org = ?3 AND domains = ?4 AND report_id = ?5 AND begin = ?6 AND end = ?7 AND day = ?8 AND "
	    "payload = ?9 AND org_name IS ?10 AND contact_info IS ?11 AND submitter IS ?12 AND state = ?13 AND quirks = ?14 AND "
	    "refused IS ?15 AND trust = ?23 AND trust_proof = ?24 AND trust_from IS ?25 AND trust_id IS ?26 AND apart = ?27, hash = ?16 AND policies = ?18 AND success = ?19 AND failure = ?20 AND ndetails = ?21 AND details = ?22, "
	    "superseded_by IS ?17 FROM tls_report WHERE id = ?1",
	[TST_CHANGE] = "UPDATE tls_report SET reporter = ?2, org = ?3, domains = ?4, report_id = ?5, begin = ?6, end = ?7, day = ?8, "
	    "payload = ?9, org_name = ?10, contact_info = ?11, submitter = ?12, state = ?13, quirks = ?14, refused = ?15, hash = ?16, "
	    "superseded_by = ?17, policies = ?18, success = ?19, failure = ?20, ndetails = ?21, details = ?22, trust = ?23, "
	    "trust_proof = ?24, trust_from = ?25, trust_id = ?26, apart = ?27 WHERE id = ?1",
	[TST_TRUST] = "UPDATE tls_report SET trust = ?2, trust_proof = ?3, trust_from = ?4, trust_id = ?5, apart = ?6 WHERE id = ?1",
	[TST_ELEMENT_MOVE] = "UPDATE tls_element SET domain = ?3 WHERE report = ?1 AND seq = ?2",
	[TST_RENUMBER] = "UPDATE tls_detail SET report = ?2 WHERE report = ?1",
	[TST_SAVEPOINT] = "SAVEPOINT tls_report",
	[TST_SAVEPOINT_BACK] = "ROLLBACK TO tls_report",
	[TST_SAVEPOINT_DONE] = "RELEASE tls_report",
};

struct held_detail {
	uint64_t	 element, seq, count;
	int64_t		 word, sending, receiving, mx, helo, info, reason;
	enum tls_result	 result;
};

struct held_element {
	uint64_t	 seq, success, failure, ndetails, details;
	int64_t		 domain, policy;	/* domain: of the side on which it counts, known at the end */
	bool		 derived;
};

struct tls_writer {
	sqlite3_stmt		*st[TST_COUNT];
	bool			 known;		/* next and total are */
	int64_t			 next;
	uint64_t		 total;		/* of all numbers in the sums, so that none of these overflows */

	/* the report under way */
	bool			 open, streaming;
	int64_t			 id, message;
	unsigned		 payload;
	struct held_detail	*held;
	size_t			 nheld;
	struct held_element	*elements;
	size_t			 nelements, room_elements;
	struct buf		 domains;	/* of the elements, a NUL behind each */
	uint64_t		 success, failure, ndetails, details;
	uint64_t		 hash[2];
	/* the element under way: known by its first detail */
	uint64_t		 element, el_ndetails, el_details, el_hash[2], closed;
	struct buf		 refused;
	unsigned		 nrefused;

	/* at the end: what the columns are */
	int64_t			 reporter, org, domains_id, day;
	enum trust		 trust;
	enum trust_apart	 apart;		/* APART_NO when any element counts */
	char			 made[64];
	struct str		 report_id;
};

static sqlite3_stmt *
ts(struct store *s, enum tls_stmt i)
{
	return (s->w->tls->st[i]);
}

static int
run(struct store *s, enum tls_stmt i, struct err *e)
{
	sqlite3_stmt	*st = ts(s, i);
	int		 rc = sqlite3_step(st);

	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : store_fail(s, tls_sql[i], e));
}

static int
run_ids(struct store *s, enum tls_stmt i, int64_t a, int64_t b, struct err *e)
{
	(void)sqlite3_bind_int64(ts(s, i), 1, a);
	if (sqlite3_bind_parameter_count(ts(s, i)) > 1)
		(void)sqlite3_bind_int64(ts(s, i), 2, b);
	return (run(s, i, e));
}

/* At most one number: 1 with it, 0 without, -1. */
static int
find(struct store *s, enum tls_stmt i, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st = ts(s, i);
	int		 rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, tls_sql[i], e));
}

int
writer_tls_new(struct store *s, struct err *e)
{
	struct tls_writer	*t = calloc(1, sizeof(*t));

	if ((s->w->tls = t) == NULL || (t->held = calloc(HELD, sizeof(*t->held))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	t->refused.max = 64 * 1024;
	for (int i = 0; i < TST_COUNT; i++)
		if (store_prepare(s, &t->st[i], tls_sql[i], e) == -1)
			return (-1);
	return (0);
}

void
writer_tls_free(struct tls_writer *t)
{
	if (t == NULL)
		return;
	for (int i = 0; i < TST_COUNT; i++)
		(void)sqlite3_finalize(t->st[i]);
	free(t->held);
	free(t->elements);
	buf_free(&t->domains);
	buf_free(&t->refused);
	free(t);
}

void
writer_tls_forget(struct tls_writer *t)
{
	t->known = t->open = t->streaming = false;
}

void
writer_tls_changed(struct store *s)
{
	s->w->tls->known = false;
}

int64_t
writer_tls_message(struct store *s, int64_t id)
{
	int64_t	 message;

	(void)sqlite3_bind_int64(ts(s, TST_MESSAGE), 1, id);
	return (find(s, TST_MESSAGE, &message, NULL) == 1 ? message : 0);
}

int
writer_tls_unrepeat(struct store *s, int64_t id, struct err *e)
{
	return (run_ids(s, TST_UNREPEAT, id, 0, e));
}

int
writer_tls_drop(struct store *s, struct err *e)
{
	struct tls_writer	*t = s->w->tls;

	t->open = false;
	if (!t->streaming)
		return (0);
	t->streaming = false;
	/* Ids of texts and addresses that the savepoint made go with it. */
	writer_cache_clear(&s->w->names);
	writer_cache_clear(&s->w->sources);
	writer_cache_clear(&s->w->keys);
	return (run(s, TST_SAVEPOINT_BACK, e) == -1 ? -1 : run(s, TST_SAVEPOINT_DONE, e));
}

/* --- Items ---------------------------------------------------------------------------- */

int
store_tls_begin(struct store *s, int64_t message, unsigned payload, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	int64_t			 total;

	if (store_report_drop(s, e) == -1)
		return (-1);
	if (!t->known) {
		if (find(s, TST_NEXT, &t->next, e) == -1 || find(s, TST_TOTAL, &total, e) == -1)
			return (-1);
		t->total = (uint64_t)total;
		t->known = true;
	}
	t->open = true;
	t->id = t->next;
	t->message = message;
	t->payload = payload;
	t->nheld = t->nelements = 0;
	t->success = t->failure = t->ndetails = t->details = 0;
	t->hash[0] = t->hash[1] = 0;
	t->element = t->el_ndetails = t->el_details = t->el_hash[0] = t->el_hash[1] = t->closed = 0;
	t->nrefused = 0;
	buf_clear(&t->refused);
	buf_clear(&t->domains);
	return (0);
}

static int
bad(struct err *e, const char *what)
{
	return (err_set(e, ERR_INPUT, "bad frame from a decoder: %s", what));
}

static int
detail_put(struct store *s, const struct held_detail *d, struct err *e)
{
	sqlite3_stmt	*st = ts(s, TST_DETAIL_ADD);

	(void)sqlite3_bind_int64(st, 1, s->w->tls->id);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)d->element);
	(void)sqlite3_bind_int64(st, 3, (sqlite3_int64)d->seq);
	(void)sqlite3_bind_int(st, 4, (int)d->result);
	bind_id(st, 5, d->word);
	bind_id(st, 6, d->sending);
	bind_id(st, 7, d->receiving);
	bind_id(st, 8, d->mx);
	bind_id(st, 9, d->helo);
	bind_id(st, 10, d->info);
	bind_id(st, 11, d->reason);
	(void)sqlite3_bind_int64(st, 12, (sqlite3_int64)d->count);
	return (run(s, TST_DETAIL_ADD, e));
}

static int
put_held(struct store *s, struct err *e)
{
	struct tls_writer	*t = s->w->tls;

	for (size_t i = 0; i < t->nheld; i++)
		if (detail_put(s, &t->held[i], e) == -1)
			return (-1);
	t->nheld = 0;
	return (0);
}

/* 0: there is none. */
static int64_t
address_id(struct store *s, const struct tls_address *a, struct err *e)
{
	if (a->len == 0 && a->text.len == 0)
		return (0);
	return (writer_source(s, a->ip, a->len, a->text, e));
}

static int
take_detail(struct store *s, const struct tls_detail *d, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	struct held_detail	 h = { .element = d->policy, .seq = d->seq, .count = d->count, .result = d->result };
	uint64_t		 all[10];

	if (d->policy <= t->closed || (t->element != 0 && d->policy != t->element))
		return (bad(e, "a detail of another policy"));
	if (d->count > (uint64_t)INT64_MAX - t->el_details)
		return (bad(e, "details"));
	if ((h.word = writer_name(s, d->word, e)) == -1 || (h.mx = writer_name(s, d->mx, e)) == -1 ||
	    (h.helo = writer_name(s, d->helo, e)) == -1 || (h.info = writer_name(s, d->info, e)) == -1 ||
	    (h.reason = writer_name(s, d->reason, e)) == -1 || (h.sending = address_id(s, &d->sending, e)) == -1 ||
	    (h.receiving = address_id(s, &d->receiving, e)) == -1)
		return (-1);
	t->element = d->policy;
	t->el_ndetails++;
	t->el_details += d->count;
	all[0] = (uint64_t)h.word;
	all[1] = (uint64_t)h.mx;
	all[2] = (uint64_t)h.helo;
	all[3] = (uint64_t)h.info;
	all[4] = (uint64_t)h.reason;
	all[5] = (uint64_t)h.sending;
	all[6] = (uint64_t)h.receiving;
	all[7] = (uint64_t)h.result;
	all[8] = h.count;
	all[9] = 0;
	t->el_hash[0] += hash64(s->secret + 10, all, sizeof(all));
	t->el_hash[1] += hash64(s->secret + 11, all, sizeof(all));
	if (t->nheld == HELD) {
		if (!t->streaming && run(s, TST_SAVEPOINT, e) == -1)
			return (-1);
		t->streaming = true;
		if (put_held(s, e) == -1)
			return (-1);
	}
	t->held[t->nheld++] = h;
	return (0);
}

static void
element_over(struct tls_writer *t)
{
	t->element = t->el_ndetails = t->el_details = t->el_hash[0] = t->el_hash[1] = 0;
}

static int
take_forget(struct store *s, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	uint64_t		 which = t->element;

	element_over(t);
	if (which == 0)
		return (0);
	while (t->nheld > 0 && t->held[t->nheld - 1].element == which)
		t->nheld--;
	return (t->streaming ? run_ids(s, TST_DETAIL_FORGET, t->id, (int64_t)which, e) : 0);
}

static int64_t
lines_id(struct store *s, const struct str *v, size_t n, struct err *e)
{
	struct writer	*w = s->w;

	if (n == 0)
		return (0);
	buf_clear(&w->text);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)buf_byte(&w->text, '\n');
		(void)buf_str(&w->text, v[i]);
	}
	return (w->text.failed ? err_set(e, ERR_TEMP, "out of memory") : writer_name(s, buf_as_str(&w->text), e));
}

/* The names of the policy's own lines, where mx-host does not give them. */
static int64_t
mx_id(struct store *s, const struct tls_policy *p, struct err *e)
{
	struct writer	*w = s->w;
	struct str	 v;
	size_t		 n = 0;

	if (p->nmx > 0)
		return (lines_id(s, p->mx, p->nmx, e));
	buf_clear(&w->text);
	for (size_t i = 0; i < p->nlines && p->type == TLS_STS; i++) {
		if ((v = sts_field(p->lines[i], "mx")).len == 0)
			continue;
		if (n++ > 0)
			(void)buf_byte(&w->text, '\n');
		for (size_t k = 0; k < v.len; k++)
			(void)buf_byte(&w->text, (unsigned char)ascii_lower(v.p[k]));
	}
	if (n == 0)
		return (0);
	return (w->text.failed ? err_set(e, ERR_TEMP, "out of memory") : writer_name(s, buf_as_str(&w->text), e));
}

static int64_t
tls_policy_id(struct store *s, const struct tls_policy *p, int64_t domain, struct err *e)
{
	enum sts_mode	 mode = p->type == TLS_STS ? sts_mode(p->lines, p->nlines) : STS_UNKNOWN;
	int64_t		 max_age = p->type == TLS_STS ? sts_max_age(p->lines, p->nlines) : -1, word, lines, mx, id;
	int64_t		 all[7];
	uint64_t	 hash[2];
	sqlite3_stmt	*st;
	int		 rv;

	if ((word = writer_name(s, p->word, e)) == -1 || (lines = lines_id(s, p->lines, p->nlines, e)) == -1 ||
	    (mx = mx_id(s, p, e)) == -1)
		return (-1);
	all[0] = domain;
	all[1] = p->type;
	all[2] = word;
	all[3] = mode;
	all[4] = max_age;
	all[5] = lines;
	all[6] = mx;
	hash[0] = hash64(s->secret + 12, all, sizeof(all));
	hash[1] = hash64(s->secret + 13, all, sizeof(all));
	(void)sqlite3_bind_blob(ts(s, TST_POLICY_FIND), 1, hash, sizeof(hash), SQLITE_STATIC);
	if ((rv = find(s, TST_POLICY_FIND, &id, e)) != 0)
		return (rv == -1 ? -1 : id);
	st = ts(s, TST_POLICY_ADD);
	(void)sqlite3_bind_blob(st, 1, hash, sizeof(hash), SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, domain);
	(void)sqlite3_bind_int(st, 3, (int)p->type);
	bind_id(st, 4, word);
	(void)sqlite3_bind_int(st, 5, (int)mode);
	if (max_age == -1)
		(void)sqlite3_bind_null(st, 6);
	else
		(void)sqlite3_bind_int64(st, 6, max_age);
	bind_id(st, 7, lines);
	bind_id(st, 8, mx);
	return (run(s, TST_POLICY_ADD, e) == -1 ? -1 : sqlite3_last_insert_rowid(s->db));
}

static bool
elements_room(struct tls_writer *t)
{
	size_t			 room = t->room_elements == 0 ? 16 : 2 * t->room_elements;
	struct held_element	*p;

	if (t->nelements < t->room_elements)
		return (true);
	if ((p = realloc(t->elements, room * sizeof(*p))) == NULL)
		return (false);
	t->elements = p;
	t->room_elements = room;
	return (true);
}

static int
take_policy(struct store *s, const struct tls_policy *p, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	struct held_element	 h = { .seq = p->seq, .success = p->success, .failure = p->failure, .ndetails = p->ndetails,
				    .details = p->details, .derived = p->domain_derived };
	uint64_t		 all[6];

	if (p->seq <= t->closed || (t->element != 0 && p->seq != t->element) || p->ndetails != t->el_ndetails || p->details != t->el_details ||
	    p->success > INT64_MAX - t->success || p->failure > INT64_MAX - t->failure || p->details > INT64_MAX - t->details)
		return (bad(e, "a policy that its details do not fit"));
	if ((h.domain = writer_domain(s, p->domain, false, e)) == -1 || (h.policy = tls_policy_id(s, p, h.domain, e)) == -1)
		return (-1);
	if (!elements_room(t) || !buf_str(&t->domains, p->domain) || !buf_byte(&t->domains, '\0'))
		return (err_set(e, ERR_TEMP, "out of memory"));
	t->elements[t->nelements++] = h;
	all[0] = (uint64_t)h.policy;
	all[1] = h.success;
	all[2] = h.failure;
	all[3] = t->el_hash[0];
	all[4] = t->el_hash[1];
	all[5] = h.derived;
	t->hash[0] += hash64(s->secret + 14, all, sizeof(all));
	t->hash[1] += hash64(s->secret + 15, all, sizeof(all));
	t->success += p->success;
	t->failure += p->failure;
	t->ndetails += p->ndetails;
	t->details += p->details;
	t->closed = p->seq;
	element_over(t);
	return (0);
}

static void
take_refused(struct tls_writer *t, const struct tls_refused *r)
{
	if (t->nrefused++ >= REFUSED_SHOWN)
		return;
	(void)buf_printf(&t->refused, "%s[%llu,%llu,%llu,\"", t->refused.len == 0 ? "[" : ",", (unsigned long long)r->policy,
	    (unsigned long long)r->detail, (unsigned long long)r->line);
	for (size_t i = 0; i < r->reason.len; i++) {
		unsigned char	 c = (unsigned char)r->reason.p[i];

		if (c == '"' || c == '\\')
			(void)buf_byte(&t->refused, '\\');
		(void)buf_byte(&t->refused, c < 0x20 ? ' ' : c);
	}
	(void)buf_cstr(&t->refused, "\"]");
}

int
store_tls_item(struct store *s, const struct tls_item *it, struct err *e)
{
	struct tls_writer	*t = s->w->tls;

	if (!t->open)
		return (bad(e, "an item outside of a TLS report"));
	switch (it->kind) {
	case TLS_DETAIL:
		return (take_detail(s, &it->u.detail, e));
	case TLS_FORGET:
		return (take_forget(s, e));
	case TLS_POLICY:
		return (take_policy(s, &it->u.policy, e));
	case TLS_REFUSED:
		take_refused(t, &it->u.refused);
		return (0);
	default:
		return (bad(e, "an item that has no place there"));
	}
}

/* --- The end: the key, and who else has it ------------------------------------------------- */

static int
by_text(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

/* Each once, sorted, a blank between; a very long list by its hash. */
static int64_t
domains_id(struct store *s, struct str about, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	struct buf		 b = { 0 };
	const char		**v, *p;
	char			 z[64];
	size_t			 n = t->nelements;
	int64_t			 id;

	if (n == 0)
		return (writer_name(s, about.p == NULL ? STR("") : about, e));
	if ((v = calloc(n, sizeof(*v))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	p = t->domains.p;
	for (size_t i = 0; i < n; i++) {
		v[i] = p;
		p += strlen(p) + 1;
	}
	qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(v[i], v[i - 1]) != 0)
			(void)buf_printf(&b, "%s%s", b.len == 0 ? "" : " ", v[i]);
	free(v);
	if (b.len > DOMAINS_TEXT) {
		(void)snprintf(z, sizeof(z), "many:%016llx%016llx", (unsigned long long)hash64(s->secret + 16, b.p, b.len),
		    (unsigned long long)hash64(s->secret + 17, b.p, b.len));
		buf_clear(&b);
		(void)buf_cstr(&b, z);
	}
	id = b.failed ? err_set(e, ERR_TEMP, "out of memory") : writer_name(s, buf_as_str(&b), e);
	buf_free(&b);
	return (id);
}

static int64_t
org_id(struct store *s, struct str org, struct err *e)
{
	struct writer	*w = s->w;

	buf_clear(&w->text);
	for (size_t i = 0; i < org.len; i++)
		(void)buf_byte(&w->text, (unsigned char)ascii_lower(org.p[i]));
	return (w->text.failed ? err_set(e, ERR_TEMP, "out of memory") : writer_name(s, buf_as_str(&w->text), e));
}

/*
 * The one place that says which of its policies count: those about domains of
 * ours, by a reporter that is not disbelieved. The others stand under the row
 * of their domain for what is kept apart, as aggregate reports do.
 */
static int
take_sides(struct store *s, const struct tls_header *h, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	const struct trust_mail	*m = s->w->mail;
	char			 room[DOMAIN_MAX + 1];
	const char		*p = t->domains.p;
	enum trust_apart	 apart;

	t->trust = m == NULL ? TRUST_UNKNOWN : trust_report(s->trust, m->proof, m->from,
	    writer_reporter_key(h->org_name, h->contact_info, room));
	t->apart = APART_NO;
	for (size_t i = 0; i < t->nelements; i++, p += strlen(p) + 1) {
		apart = trust_apart(s->trust, t->trust, str_of(p));
		if (i == 0 || apart == APART_NO)
			t->apart = i == 0 ? apart : APART_NO;
		if ((t->elements[i].domain = writer_domain(s, str_of(p), apart != APART_NO, e)) == -1)
			return (-1);
	}
	return (0);
}

static int
key_of(struct store *s, const struct tls_header *h, struct err *e)
{
	struct tls_writer	*t = s->w->tls;

	t->day = when_day(h->begin + (h->end - h->begin) / 2);
	if ((t->reporter = writer_reporter(s, h->org_name, h->contact_info, e)) == -1 || (t->org = org_id(s, h->org_name, e)) == -1 ||
	    (t->domains_id = domains_id(s, h->domain, e)) == -1)
		return (-1);
	if (take_sides(s, h, e) == -1)
		return (-1);
	t->report_id = h->report_id;
	if (h->report_id.len == 0) {
		(void)snprintf(t->made, sizeof(t->made), "content:%016llx%016llx", (unsigned long long)t->hash[0],
		    (unsigned long long)t->hash[1]);
		t->report_id = str_of(t->made);
	}
	return (0);
}

struct tls_holder {
	int64_t		 id;		/* 0: nobody */
	int64_t		 policies, sum;
	enum trust	 trust;
	bool		 same;		/* its content is that of the report under way */
	bool		 copy;		/* it is another program's copy */
};

static int
holder_find(struct store *s, const struct tls_header *h, struct tls_holder *out, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	sqlite3_stmt		*st = ts(s, TST_FIND);
	int			 rc;

	memset(out, 0, sizeof(*out));
	bind_str(st, 1, t->report_id);
	(void)sqlite3_bind_int64(st, 2, t->org);
	(void)sqlite3_bind_int64(st, 3, h->begin);
	(void)sqlite3_bind_int64(st, 4, h->end);
	(void)sqlite3_bind_int64(st, 5, t->domains_id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		out->id = sqlite3_column_int64(st, 0);
		out->same = sqlite3_column_bytes(st, 1) == (int)sizeof(t->hash) &&
		    memcmp(sqlite3_column_blob(st, 1), t->hash, sizeof(t->hash)) == 0;
		out->policies = sqlite3_column_int64(st, 2);
		out->sum = sqlite3_column_int64(st, 3);
		out->trust = (enum trust)sqlite3_column_int(st, 4);
		out->copy = ((uint64_t)sqlite3_column_int64(st, 5) & TLSQ_COPY) != 0;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "tls_report", e));
}

static uint64_t
sum_of(const struct tls_writer *t)
{
	return (t->success + t->failure + t->details);
}

/* May the report count, in the place of so many sessions? No sum of sums may overflow. */
static int
within(struct store *s, uint64_t less, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	uint64_t		 most = s->max_messages;

	if (t->success > most || t->failure > most - t->success || t->details > most)
		return (err_set(e, ERR_LIMIT, "over the limit messages = %llu: the sessions of the TLS report add up to more",
		    (unsigned long long)most));
	if (most > INT64_MAX / 4 && (t->success > INT64_MAX / 4 || t->failure > INT64_MAX / 4 || t->details > INT64_MAX / 4))
		return (err_set(e, ERR_LIMIT, "the sessions of the TLS report add up to more than can be counted"));
	if (sum_of(t) > (uint64_t)INT64_MAX - (t->total - less))
		return (err_set(e, ERR_LIMIT, "with this report the sum of all sessions would pass 9223372036854775807"));
	return (0);
}

static const struct trust_mail	 no_mail;

/* Five parameters from at: trust and what it follows from. */
static int
bind_trust(struct store *s, sqlite3_stmt *st, int at, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	const struct trust_mail	*m = s->w->mail == NULL ? &no_mail : s->w->mail;
	int64_t			 from, id;

	if ((from = writer_name(s, m->from, e)) == -1 || (id = writer_name(s, m->id, e)) == -1)
		return (-1);
	(void)sqlite3_bind_int(st, at, (int)t->trust);
	(void)sqlite3_bind_int(st, at + 1, (int)m->proof);
	bind_id(st, at + 2, from);
	bind_id(st, at + 3, id);
	(void)sqlite3_bind_int(st, at + 4, (int)t->apart);
	return (0);
}

static int
bind_report(struct store *s, enum tls_stmt which, int64_t id, const struct tls_header *h, uint64_t quirks, int64_t by, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	sqlite3_stmt		*st = ts(s, which);
	const struct str	 texts[] = { h->org_name, h->contact_info, h->submitter };
	const uint64_t		 num[] = { t->nelements, t->success, t->failure, t->ndetails, t->details };
	int64_t			 name;

	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, t->reporter);
	(void)sqlite3_bind_int64(st, 3, t->org);
	(void)sqlite3_bind_int64(st, 4, t->domains_id);
	bind_str(st, 5, t->report_id);
	(void)sqlite3_bind_int64(st, 6, h->begin);
	(void)sqlite3_bind_int64(st, 7, h->end);
	(void)sqlite3_bind_int64(st, 8, t->day);
	(void)sqlite3_bind_int64(st, 9, t->payload);
	for (size_t i = 0; i < nitems(texts); i++) {
		if ((name = writer_name(s, texts[i], e)) == -1)
			return (-1);
		bind_id(st, (int)i + 10, name);
	}
	(void)sqlite3_bind_int(st, 13, (int)h->state);
	(void)sqlite3_bind_int64(st, 14, (sqlite3_int64)quirks);
	if (t->refused.len > 0)
		(void)sqlite3_bind_text(st, 15, t->refused.p, (int)t->refused.len, SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(st, 15);
	(void)sqlite3_bind_blob(st, 16, t->hash, sizeof(t->hash), SQLITE_STATIC);
	bind_id(st, 17, by);
	for (size_t i = 0; i < nitems(num); i++)
		(void)sqlite3_bind_int64(st, 18 + (int)i, (sqlite3_int64)num[i]);
	return (bind_trust(s, st, 23, e));
}

static int
put_report(struct store *s, const struct tls_header *h, uint64_t quirks, int64_t by, struct err *e)
{
	struct tls_writer	*t = s->w->tls;

	if (bind_report(s, TST_REPORT_ADD, t->id, h, quirks, by, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(ts(s, TST_REPORT_ADD), 28, when_now());
	(void)sqlite3_bind_int64(ts(s, TST_REPORT_ADD), 29, t->message);
	if (run(s, TST_REPORT_ADD, e) == -1)
		return (-1);
	t->next = t->id + 1;
	s->w->changed = true;
	return (0);
}

static int
sums(struct store *s, int64_t id, int sign, struct err *e)
{
	return (run_ids(s, TST_SUM_ELEMENTS, id, sign, e) == -1 ? -1 : run_ids(s, TST_SUM_DETAILS, id, sign, e));
}

/* The rows of a report leave the tables and the sums. */
static int
rows_go(struct store *s, int64_t id, struct err *e)
{
	return (sums(s, id, -1, e) == -1 || run_ids(s, TST_SUM_CLEAN, id, 0, e) == -1 || run_ids(s, TST_ELEMENTS_GO, id, 0, e) == -1 ||
	    run_ids(s, TST_DETAILS_GO, id, 0, e) == -1 ? -1 : 0);
}

static int
put_rows(struct store *s, int64_t id, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	sqlite3_stmt		*st = ts(s, TST_ELEMENT_ADD);
	int64_t			 fresh = t->id;

	if (!t->streaming)
		t->id = id;
	if (put_held(s, e) == -1)
		return (-1);
	if (t->streaming) {
		if (fresh != id && run_ids(s, TST_RENUMBER, fresh, id, e) == -1)
			return (-1);
		if (run(s, TST_SAVEPOINT_DONE, e) == -1)
			return (-1);
		t->streaming = false;
		t->id = id;
	}
	for (size_t i = 0; i < t->nelements; i++) {
		const struct held_element	*h = &t->elements[i];

		(void)sqlite3_bind_int64(st, 1, id);
		(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)h->seq);
		(void)sqlite3_bind_int64(st, 3, h->domain);
		(void)sqlite3_bind_int64(st, 4, t->day);
		(void)sqlite3_bind_int64(st, 5, t->reporter);
		(void)sqlite3_bind_int64(st, 6, h->policy);
		(void)sqlite3_bind_int64(st, 7, (sqlite3_int64)h->success);
		(void)sqlite3_bind_int64(st, 8, (sqlite3_int64)h->failure);
		(void)sqlite3_bind_int64(st, 9, (sqlite3_int64)h->ndetails);
		(void)sqlite3_bind_int64(st, 10, (sqlite3_int64)h->details);
		(void)sqlite3_bind_int(st, 11, h->derived);
		if (run(s, TST_ELEMENT_ADD, e) == -1)
			return (-1);
	}
	return (sums(s, id, 1, e));
}

/* Its rows go, its head will stay: the ids of that are found again, some may have gone with the rows. */
static int
drop_rows(struct store *s, const struct tls_header *h, struct err *e)
{
	return (writer_tls_drop(s, e) == -1 ? -1 : key_of(s, h, e));
}

/* Another version counts from now on. */
static int
supersede(struct store *s, int64_t old, int64_t by, struct err *e)
{
	return (rows_go(s, old, e) == -1 || run_ids(s, TST_VERSIONS_MOVE, old, by, e) == -1 ||
	    run_ids(s, TST_SUPERSEDE, old, by, e) == -1 ? -1 : 0);
}

static struct str
column(sqlite3_stmt *st, int i)
{
	const char	*p = (const char *)sqlite3_column_text(st, i);

	return (p == NULL ? STR_NONE : (struct str){ p, (size_t)sqlite3_column_bytes(st, i) });
}

/* Elements of a stored report go to the side on which they count, and their sums with them. */
static int
change_sides(struct store *s, int64_t id, enum trust trust, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	sqlite3_stmt		*st, *move = ts(s, TST_ELEMENT_MOVE);
	enum trust_apart	 apart, whole = APART_NO;
	int64_t			 domain;
	size_t			 n = 0;
	int			 rc, rv = 0;
	char			 sql[128];

	if (sums(s, id, -1, e) == -1 || run_ids(s, TST_SUM_CLEAN, id, 0, e) == -1 ||
	    store_prepare(s, &st, "SELECT e.seq, d.name FROM tls_element e JOIN domain d ON d.id = e.domain WHERE e.report = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		apart = trust_apart(s->trust, trust, column(st, 1));
		whole = n++ == 0 ? apart : apart == APART_NO ? APART_NO : whole;
		if ((domain = writer_domain(s, column(st, 1), apart != APART_NO, e)) == -1) {
			rv = -1;
			break;
		}
		(void)sqlite3_bind_int64(move, 1, id);
		(void)sqlite3_bind_int64(move, 2, sqlite3_column_int64(st, 0));
		(void)sqlite3_bind_int64(move, 3, domain);
		rv = run(s, TST_ELEMENT_MOVE, e);
	}
	(void)sqlite3_finalize(st);
	t->known = false;
	s->w->changed = true;
	(void)snprintf(sql, sizeof(sql), "UPDATE tls_report SET trust = %d, apart = %d WHERE id = ?1", (int)trust, (int)whole);
	return (rv == -1 || store_run_id(s, sql, id, e) == -1 || sums(s, id, 1, e) == -1 ? -1 : 0);
}

static int
again(struct store *s, int64_t id, struct store_stored *out, struct err *e)
{
	if (writer_tls_drop(s, e) == -1 || run_ids(s, TST_AGAIN, id, 0, e) == -1)
		return (-1);
	s->w->changed = true;
	*out = (struct store_stored){ id, IN_DUPLICATE, 0, REPORT_TLS };
	return (0);
}

/* It came again; when that proves it better, it is noted and it may change sides. */
static int
same_again(struct store *s, const struct tls_holder *o, struct store_stored *out, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	sqlite3_stmt		*st = ts(s, TST_TRUST);
	bool			 better = trust_rank(t->trust) > trust_rank(o->trust);

	if (better) {
		(void)sqlite3_bind_int64(st, 1, o->id);
		if (bind_trust(s, st, 2, e) == -1)
			return (-1);
		if (t->streaming) {	/* names that go with the rows must not be named */
			(void)sqlite3_bind_null(st, 4);
			(void)sqlite3_bind_null(st, 5);
		}
	}
	if (again(s, o->id, out, e) == -1)
		return (-1);
	return (!better ? 0 : run(s, TST_TRUST, e) == -1 ? -1 : change_sides(s, o->id, t->trust, e));
}

/* Its error stands in *e already. */
static int
refused(struct store *s, struct err *e)
{
	struct err	 other;

	if (writer_tls_drop(s, &other) == -1)
		*e = other;
	return (-1);
}

static int
fresh_end(struct store *s, const struct tls_header *h, struct store_stored *out, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	struct tls_holder	 o;
	uint64_t		 quirks = h->quirks;
	int64_t			 version;
	int			 rc, rank = 0;
	bool			 copy = (quirks & TLSQ_COPY) != 0;

	if (holder_find(s, h, &o, e) == -1)
		return (-1);
	if (o.id != 0 && o.same && copy == o.copy)
		return (same_again(s, &o, out, e));
	if (o.id != 0 && copy && !o.copy)	/* the original is here */
		return (again(s, o.id, out, e));
	if (o.id != 0) {
		rank = (int)trust_rank(t->trust) - (int)trust_rank(o.trust);
		(void)sqlite3_bind_int64(ts(s, TST_VERSION_FIND), 1, o.id);
		(void)sqlite3_bind_blob(ts(s, TST_VERSION_FIND), 2, t->hash, sizeof(t->hash), SQLITE_STATIC);
		if ((rc = find(s, TST_VERSION_FIND, &version, e)) == -1)
			return (-1);
		if (rc == 1 && rank <= 0)
			return (again(s, version, out, e));
		if (copy == o.copy)
			quirks |= TLSQ_VERSIONS;
		/*
		 * A report without a policy takes nothing from one that has some; but
		 * first of all, nobody takes the place of one that is better proved.
		 */
		if (rank < 0 || (rank == 0 && copy == o.copy && t->nelements == 0 && o.policies > 0)) {
			*out = (struct store_stored){ t->id, rank < 0 ? IN_STORED : IN_DUPLICATE, 0, REPORT_TLS };
			return (drop_rows(s, h, e) == -1 ? -1 : put_report(s, h, quirks, o.id, e));
		}
	}
	if (within(s, (uint64_t)o.sum, e) == -1)
		return (refused(s, e));
	if ((o.id != 0 && supersede(s, o.id, t->id, e) == -1) || put_rows(s, t->id, e) == -1 || put_report(s, h, quirks, 0, e) == -1)
		return (-1);
	t->total = t->total - (uint64_t)o.sum + sum_of(t);
	t->open = false;
	*out = (struct store_stored){ t->id, o.id != 0 ? IN_REPLACED : h->state == STATE_PARTIAL ? IN_PARTIAL : IN_STORED, 0, REPORT_TLS };
	return (0);
}

/* --- A report once more, from its original --------------------------------------------------- */

struct old {
	int64_t		 superseded_by, sum;
	uint64_t	 quirks;
	bool		 same_key;
};

static int
old_find(struct store *s, int64_t id, const struct tls_header *h, struct old *o, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	sqlite3_stmt		*st = ts(s, TST_OLD);
	int			 rc;

	(void)sqlite3_bind_int64(st, 1, id);
	bind_str(st, 2, t->report_id);
	(void)sqlite3_bind_int64(st, 3, t->org);
	(void)sqlite3_bind_int64(st, 4, h->begin);
	(void)sqlite3_bind_int64(st, 5, h->end);
	(void)sqlite3_bind_int64(st, 6, t->domains_id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*o = (struct old){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 2), (uint64_t)sqlite3_column_int64(st, 1),
		    sqlite3_column_int(st, 3) != 0 };
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, "tls_report", e));
}

/* As for aggregate reports: the one in its place with its key, any with its key, the one in its place. */
static int
which_known(struct store *s, struct store_again *a, const struct tls_header *h, struct store_known **out, struct old *o, struct err *e)
{
	struct store_known	*here = NULL;
	struct old		 x, there = { 0 };
	int			 rc;

	*out = NULL;
	for (int round = 0; round < 2 && *out == NULL; round++)
		for (size_t i = 0; i < a->nknown && *out == NULL; i++) {
			struct store_known	*k = &a->known[i];
			bool			 place = k->payload == s->w->tls->payload;

			if (k->used || k->kind != REPORT_TLS || place != (round == 0))
				continue;
			if ((rc = old_find(s, k->id, h, &x, e)) == -1)
				return (-1);
			if (rc == 0)
				continue;
			if (place) {
				here = k;
				there = x;
			}
			if (x.same_key) {
				*out = k;
				*o = x;
			}
		}
	if (*out == NULL && here != NULL) {
		*out = here;
		*o = there;
	}
	return (0);
}

static int
changes(struct store *s, int64_t id, const struct tls_header *h, uint64_t quirks, int64_t by, unsigned *out, struct err *e)
{
	sqlite3_stmt	*st = ts(s, TST_SAME);
	int		 rc;

	if (bind_report(s, TST_SAME, id, h, quirks, by, e) == -1)
		return (-1);
	*out = 0;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = (sqlite3_column_int(st, 0) ? 0 : STORE_CHANGED_DETAILS) | (sqlite3_column_int(st, 1) ? 0 : STORE_CHANGED_FIGURES) |
		    (sqlite3_column_int(st, 2) ? 0 : STORE_CHANGED_ROWS);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW ? 0 : store_fail(s, "tls_report", e));
}

/* The report counts under its key, or the holder does. */
static int
rewrite(struct store *s, int64_t id, const struct tls_header *h, const struct old *o, const struct tls_holder *holder, int64_t by,
    uint64_t quirks, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	bool			 beats = by == 0 && holder->id != 0 && holder->id != id;
	uint64_t		 less = (o->superseded_by == 0 ? (uint64_t)o->sum : 0) + (beats ? (uint64_t)holder->sum : 0);

	if (by == 0 && within(s, less, e) == -1)
		return (refused(s, e));
	if (by != 0 && drop_rows(s, h, e) == -1)
		return (-1);
	if ((o->superseded_by == 0 && rows_go(s, id, e) == -1) || (beats && supersede(s, holder->id, id, e) == -1) ||
	    (by == 0 && put_rows(s, id, e) == -1) || bind_report(s, TST_CHANGE, id, h, quirks, by, e) == -1 || run(s, TST_CHANGE, e) == -1)
		return (-1);
	t->total = t->total - less + (by == 0 ? sum_of(t) : 0);
	t->open = t->streaming = false;
	s->w->changed = true;
	return (0);
}

static int
unknown_again(struct store *s, const struct tls_header *h, struct store_again *a, struct store_stored *out, struct err *e)
{
	if (!a->add) {
		a->left_over++;
		*out = (struct store_stored){ 0, IN_IGNORED, 0, REPORT_TLS };
		return (writer_tls_drop(s, e));
	}
	if (fresh_end(s, h, out, e) == -1)
		return (-1);
	if (out->result == IN_DUPLICATE)
		return (writer_tls_unrepeat(s, out->id, e));
	out->changed = STORE_CHANGED_NEW;
	return (0);
}

static int
replace_end(struct store *s, const struct tls_header *h, struct store_again *a, struct store_stored *out, struct err *e)
{
	struct tls_writer	*t = s->w->tls;
	struct store_known	*k;
	struct old		 o = { 0 };
	struct tls_holder	 holder;
	int64_t			 by = 0;
	uint64_t		 quirks;
	unsigned		 changed;
	bool			 copy = (h->quirks & TLSQ_COPY) != 0;

	if (which_known(s, a, h, &k, &o, e) == -1)
		return (-1);
	if (k == NULL)
		return (unknown_again(s, h, a, out, e));
	k->used = true;
	if (holder_find(s, h, &holder, e) == -1)
		return (-1);
	if (holder.id != 0 && holder.id != k->id && copy != holder.copy)
		by = copy ? holder.id : 0;
	/* another one has the key: equal content is that one's, else the order in which they stand is kept, else the newer counts */
	else if (holder.id != 0 && holder.id != k->id && (holder.same || (o.same_key && o.superseded_by == holder.id) || k->id < holder.id ||
	    (t->nelements == 0 && holder.policies > 0)))
		by = holder.id;
	quirks = h->quirks | (o.quirks & TLSQ_VERSIONS);
	if (changes(s, k->id, h, quirks, by, &changed, e) == -1)
		return (-1);
	if (k->force && by == 0)
		changed |= STORE_CHANGED_ROWS;
	*out = (struct store_stored){ k->id, changed == 0 ? IN_DUPLICATE : IN_REPLACED, changed, REPORT_TLS };
	if (changed == 0)
		return (writer_tls_drop(s, e));
	if (rewrite(s, k->id, h, &o, &holder, by, quirks, e) == 0)
		return (0);
	k->used = false;
	return (-1);
}

int
store_tls_end(struct store *s, const struct tls_header *h, struct store_again *a, struct store_stored *out, struct err *e)
{
	struct tls_writer	*t = s->w->tls;

	if (!t->open || t->element != 0)
		return (bad(e, "an end inside of a policy"));
	if (t->refused.len > 0)
		(void)buf_byte(&t->refused, ']');
	if (key_of(s, h, e) == -1)
		return (-1);
	return (a != NULL ? replace_end(s, h, a, out, e) : fresh_end(s, h, out, e));
}

/* --- All of them, by other settings ----------------------------------------------------------- */

struct found {
	int64_t		 id;
	enum trust	 trust;
};

/* Is any element of it on the wrong side? */
static int
astray(struct store *s, int64_t id, enum trust trust, bool *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(s, &st, "SELECT d.name, d.apart FROM tls_element e JOIN domain d ON d.id = e.domain WHERE e.report = ?1", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	while (!*out && (rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = (trust_apart(s->trust, trust, column(st, 0)) != APART_NO) != (sqlite3_column_int(st, 1) != 0);
	(void)sqlite3_finalize(st);
	return (*out || rc == SQLITE_DONE ? 0 : store_fail(s, "tls_element", e));
}

static int
find_changes(struct store *s, struct found **v, size_t *n, uint64_t *reports, struct err *e)
{
	struct trust_mail	 m;
	struct found		 x, *p;
	sqlite3_stmt		*st;
	size_t			 room = 0;
	bool			 change;
	int			 rc, rv = 0;

	if (store_prepare(s, &st, "SELECT r.id, reporter.key, r.trust_proof, f.text, i.text, r.trust FROM tls_report r "
	    "JOIN reporter ON reporter.id = r.reporter LEFT JOIN name f ON f.id = r.trust_from LEFT JOIN name i ON i.id = r.trust_id "
	    "ORDER BY r.id", e) == -1)
		return (-1);
	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		m = (struct trust_mail){ .proof = (enum trust_proof)sqlite3_column_int(st, 2), .id = column(st, 4) };
		x.id = sqlite3_column_int64(st, 0);
		x.trust = trust_report(s->trust, writer_believed(s, &m), column(st, 3), column(st, 1));
		change = (int)x.trust != sqlite3_column_int(st, 5);
		(*reports)++;
		if (!change && (rv = astray(s, x.id, x.trust, &change, e)) == -1)
			break;
		if (!change)
			continue;
		if (*n == room) {
			room = room == 0 ? 256 : 2 * room;
			if ((p = realloc(*v, room * sizeof(*p))) == NULL) {
				rv = err_set(e, ERR_TEMP, "out of memory");
				break;
			}
			*v = p;
		}
		(*v)[(*n)++] = x;
	}
	(void)sqlite3_finalize(st);
	return (rv == -1 ? -1 : rc == SQLITE_DONE ? 0 : store_fail(s, "tls_report", e));
}

int
writer_tls_retrust(struct store *s, struct store_retrusted *out, struct err *e)
{
	struct found	*v = NULL;
	size_t		 n = 0;
	int		 rv = find_changes(s, &v, &n, &out->reports, e);

	for (size_t i = 0; i < n && rv == 0; i++)
		rv = change_sides(s, v[i].id, v[i].trust, e);
	free(v);
	out->changed += n;
	return (rv);
}
