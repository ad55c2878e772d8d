/*
 * write_report.c - one report, taken in.
 *
 * A report is held until its end when it is small, so that a duplicate costs
 * one look at the key and no row is ever written in vain; beyond HELD rows it
 * goes to the database as it comes, under a savepoint.
 */
#include "base/hash.h"
#include "base/when.h"
#include "store/write_int.h"

#define PERIOD_MAX 3024000	/* seconds, 35 days */

#define REFUSED_SHOWN 100

static bool
copy_header(struct writer *w, const struct report_header *h)
{
	struct str	*v[] = { &w->h.version, &w->h.org_name, &w->h.email, &w->h.extra_contact_info, &w->h.report_id,
			    &w->h.generator, &w->h.errors, &w->h.policy.domain, &w->h.policy.p, &w->h.policy.sp, &w->h.policy.np,
			    &w->h.policy.adkim, &w->h.policy.aspf, &w->h.policy.pct, &w->h.policy.fo, &w->h.policy.testing,
			    &w->h.policy.discovery_method };

	arena_reset(w->arena);
	w->h = *h;
	for (size_t i = 0; i < nitems(v); i++) {
		bool	 there = v[i]->p != NULL;

		*v[i] = arena_str(w->arena, *v[i]);
		if (there && v[i]->p == NULL)
			return (false);
	}
	return (true);
}

int
store_report_begin(struct store *s, int64_t message, unsigned payload, const struct report_header *h, struct err *e)
{
	struct writer	*w = s->w;
	char		 policy_key[24];

	if (w->open && store_report_drop(s, e) == -1)
		return (-1);
	if (!copy_header(w, h))
		return (err_set(e, ERR_TEMP, "out of memory"));
	if ((w->plain = writer_domain(s, w->h.policy.domain, false, e)) == -1 ||
	    (w->reporter = writer_reporter(s, w->h.org_name, w->h.email, e)) == -1 ||
	    (w->policy = writer_policy(s, &w->h.policy, w->plain, e)) == -1 || writer_trust(s, e) == -1)
		return (-1);
	w->open = true;
	w->streaming = false;
	w->message = message;
	w->payload = payload;
	w->id = w->next_report;
	w->day = when_day(h->begin + (h->end - h->begin) / 2);
	w->nheld = w->nips = 0;
	w->stamp++;
	(void)snprintf(policy_key, sizeof(policy_key), "%lld", (long long)w->policy);
	w->hash[0] = hash64(s->secret + 7, policy_key, strlen(policy_key));
	w->hash[1] = hash64(s->secret + 8, policy_key, strlen(policy_key));
	w->messages = w->dkim_pass = w->spf_pass = w->dmarc_pass = w->verdict_pass = w->differs = 0;
	w->ndkim = w->nspf = w->nreasons = 0;
	memset(w->disp, 0, sizeof(w->disp));
	buf_clear(&w->refused);
	w->nrefused = 0;
	w->refused_whole = false;
	return (0);
}

static bool
ips_add(struct writer *w, uint64_t id)
{
	struct ip	*old = w->ips;
	size_t		 at, n = w->room_ips;

	if (w->nips * 2 >= w->room_ips) {
		size_t		 room = n == 0 ? 1024 : n * 2;
		struct ip	*p = calloc(room, sizeof(*p));

		if (p == NULL)
			return (false);
		w->ips = p;
		w->room_ips = room;
		w->nips = 0;
		for (size_t i = 0; i < n; i++)
			if (old[i].stamp == w->stamp)
				(void)ips_add(w, old[i].id);
		free(old);
	}
	at = (size_t)(id * 0x9e3779b97f4a7c15u >> 20) & (w->room_ips - 1);
	while (w->ips[at].stamp == w->stamp && w->ips[at].id != id)
		at = (at + 1) & (w->room_ips - 1);
	if (w->ips[at].stamp != w->stamp) {
		w->ips[at] = (struct ip){ id, w->stamp };
		w->nips++;
	}
	return (true);
}

static int
record_put(struct store *s, enum stmt how, int64_t source, int64_t evidence, uint64_t count, uint64_t seq, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, how);

	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->day);
	(void)sqlite3_bind_int64(st, 3, source);
	(void)sqlite3_bind_int64(st, 4, w->id);
	(void)sqlite3_bind_int64(st, 5, evidence);
	(void)sqlite3_bind_int64(st, 6, (sqlite3_int64)count);
	(void)sqlite3_bind_int64(st, 7, (sqlite3_int64)seq);
	return (writer_run(s, how, e));
}

static int
by_key(const void *a, const void *b)
{
	const struct held	*x = a, *y = b;

	if (x->source != y->source)
		return (x->source < y->source ? -1 : 1);
	if (x->evidence != y->evidence)
		return (x->evidence < y->evidence ? -1 : 1);
	return (x->seq < y->seq ? -1 : 1);
}

/* Sorts what is held and adds up equal rows; in the order of the tree they go in faster, too. */
void
writer_merge_held(struct writer *w)
{
	size_t	 n = 0;

	if (w->nheld < 2)
		return;
	qsort(w->held, w->nheld, sizeof(*w->held), by_key);
	for (size_t i = 1; i < w->nheld; i++) {
		if (w->held[i].source == w->held[n].source && w->held[i].evidence == w->held[n].evidence)
			w->held[n].count += w->held[i].count;
		else
			w->held[++n] = w->held[i];
	}
	w->nheld = n + 1;
}

static int
put_held(struct store *s, enum stmt how, struct err *e)
{
	struct writer	*w = s->w;

	writer_merge_held(w);
	for (size_t i = 0; i < w->nheld; i++)
		if (record_put(s, how, w->held[i].source, w->held[i].evidence, w->held[i].count, w->held[i].seq, e) == -1)
			return (-1);
	return (0);
}

int
writer_stream_end(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_SOURCES_OF_REPORT);
	int64_t		 n;

	if (!w->streaming)
		return (0);
	if (put_held(s, ST_RECORD_MERGE, e) == -1)
		return (-1);
	w->nheld = 0;
	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->day);
	(void)sqlite3_bind_int64(st, 3, w->id);
	if (writer_find(s, ST_SOURCES_OF_REPORT, &n, e) == -1)
		return (-1);
	w->nips = (size_t)n;
	return (0);
}

int
store_row(struct store *s, const struct store_evidence *ev, const unsigned char *ip, unsigned ip_len, struct str ip_text,
    uint64_t count, uint64_t seq, struct err *e)
{
	struct writer	*w = s->w;
	uint64_t	 id[4];
	int64_t		 source;
	bool		 pass = ev->dkim == EVAL_PASS || ev->spf == EVAL_PASS;

	if (count > (uint64_t)INT64_MAX - w->messages)
		return (err_set(e, ERR_INPUT, "the sum of the counts passes 9223372036854775807"));
	if ((source = writer_source(s, ip, ip_len, ip_text, e)) == -1)
		return (-1);
	/* an absent address is no distinct one; those of a long report are counted in the tree */
	if (!w->streaming && (ip_len != 0 || ip_text.len > 0) && !ips_add(w, (uint64_t)source))
		return (err_set(e, ERR_TEMP, "out of memory"));
	id[0] = ev->hash;
	id[1] = (uint64_t)source;
	id[2] = count;
	w->hash[0] += hash64(s->secret + 7, id, 24);
	w->hash[1] += hash64(s->secret + 8, id, 24);
	w->messages += count;
	w->disp[ev->disposition] += count;
	w->dkim_pass += ev->dkim == EVAL_PASS ? count : 0;
	w->spf_pass += ev->spf == EVAL_PASS ? count : 0;
	w->dmarc_pass += pass ? count : 0;
	w->verdict_pass += ev->verdict_pass ? count : 0;
	w->differs += ev->differs ? count : 0;
	w->ndkim += ev->ndkim;
	w->nspf += ev->nspf;
	w->nreasons += ev->nreasons;
	if (w->nheld == HELD) {
		if (!w->streaming) {
			if (writer_run(s, ST_SAVEPOINT, e) == -1)
				return (-1);
			w->streaming = true;
		}
		if (put_held(s, ST_RECORD_MERGE, e) == -1)
			return (-1);
		w->nheld = 0;
	}
	w->held[w->nheld++] = (struct held){ source, ev->id, count, seq, ev->outcome };
	return (0);
}

int
store_row_refused(struct store *s, const struct report_refused *f, struct err *e)
{
	struct writer	*w = s->w;

	(void)e;
	if (w->nrefused++ >= REFUSED_SHOWN)
		return (0);
	(void)buf_printf(&w->refused, "%s[%llu,%llu,\"", w->refused.len == 0 ? "[" : ",", (unsigned long long)f->seq,
	    (unsigned long long)f->line);
	for (size_t i = 0; i < f->reason.len; i++) {
		unsigned char	 c = (unsigned char)f->reason.p[i];

		if (c == '"' || c == '\\')
			(void)buf_byte(&w->refused, '\\');
		(void)buf_byte(&w->refused, c < 0x20 ? ' ' : c);
	}
	(void)buf_cstr(&w->refused, "\"]");
	return (0);
}

int
store_report_drop(struct store *s, struct err *e)
{
	struct writer	*w = s->w;

	if (writer_tls_drop(s, e) == -1)
		return (-1);
	w->open = false;
	if (!w->streaming)
		return (0);
	w->streaming = false;
	/* Ids of names and evidence that the savepoint made go with it. */
	writer_cache_clear(&w->names);
	writer_cache_clear(&w->sources);
	writer_cache_clear(&w->evidence);
	if (writer_run(s, ST_SAVEPOINT_BACK, e) == -1 || writer_run(s, ST_SAVEPOINT_DONE, e) == -1)
		return (-1);
	return (writer_outcomes_load(s, e));
}

int
writer_report_sums(struct store *s, int64_t domain, int64_t reporter, int64_t day, int64_t id, int sign, struct err *e)
{
	sqlite3_stmt	*st = stmt(s, ST_REPORT_SUMS);
	int		 rc = SQLITE_DONE, rv = 0;

	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	(void)sqlite3_bind_int64(st, 3, id);
	while (rv == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		rv = writer_sum(s, domain, day, reporter, (unsigned)sqlite3_column_int64(st, 0),
		    sign * sqlite3_column_int64(st, 1), sign * sqlite3_column_int64(st, 2), e);
	(void)sqlite3_reset(st);
	if (rv == 0 && rc != SQLITE_DONE)
		return (store_fail(s, "sums of a report", e));
	return (rv);
}

/* The rows of a report leave the tree and the sums. */
int
writer_rows_go(struct store *s, int64_t domain, int64_t reporter, int64_t day, int64_t id, struct err *e)
{
	sqlite3_stmt	*st;

	if (writer_report_sums(s, domain, reporter, day, id, -1, e) == -1 || writer_sums_flush(s, e) == -1)
		return (-1);
	st = stmt(s, ST_RECORDS_GO);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	(void)sqlite3_bind_int64(st, 3, id);
	if (writer_run(s, ST_RECORDS_GO, e) == -1)
		return (-1);
	st = stmt(s, ST_ROLLUP_CLEAN);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	(void)sqlite3_bind_int64(st, 3, reporter);
	return (writer_run(s, ST_ROLLUP_CLEAN, e));
}

/* Another version counts from now on. */
int
writer_supersede(struct store *s, int64_t domain, int64_t reporter, int64_t old, int64_t day, int64_t by, struct err *e)
{
	sqlite3_stmt	*st;

	if (writer_rows_go(s, domain, reporter, day, old, e) == -1)
		return (-1);
	for (int i = 0; i < 2; i++) {
		enum stmt	 which = i == 0 ? ST_VERSIONS_MOVE : ST_REPORT_SUPERSEDE;

		st = stmt(s, which);
		(void)sqlite3_bind_int64(st, 1, old);
		(void)sqlite3_bind_int64(st, 2, by);
		/* one that no longer counts covers no other's period */
		if (which == ST_REPORT_SUPERSEDE)
			(void)sqlite3_bind_int64(st, 3, (sqlite3_int64)QUIRK_OVERLAP);
		if (writer_run(s, which, e) == -1)
			return (-1);
	}
	return (0);
}

/* All columns of a report, for ST_REPORT_ADD and its like. */
int
writer_report_bind(struct store *s, enum stmt which, const struct report_trailer *t, struct str report_id, uint64_t quirks,
    int64_t superseded_by, int64_t received, struct err *e)
{
	struct writer		*w = s->w;
	sqlite3_stmt		*st = stmt(s, which);
	const struct str	 texts[] = { w->h.org_name, w->h.email, w->h.extra_contact_info, w->h.generator, w->h.version, w->h.errors };
	uint64_t		 num[16];
	int64_t			 id;

	(void)sqlite3_bind_int64(st, 1, w->id);
	(void)sqlite3_bind_int64(st, 2, w->reporter);
	(void)sqlite3_bind_int64(st, 3, w->domain);
	bind_str(st, 4, report_id);
	(void)sqlite3_bind_int64(st, 5, w->h.begin);
	(void)sqlite3_bind_int64(st, 6, w->h.end);
	(void)sqlite3_bind_int64(st, 7, w->day);
	(void)sqlite3_bind_int64(st, 8, received);
	(void)sqlite3_bind_int64(st, 9, w->message);
	(void)sqlite3_bind_int64(st, 10, w->payload);
	(void)sqlite3_bind_int64(st, 11, w->policy);
	for (size_t i = 0; i < nitems(texts); i++) {
		if ((id = writer_name(s, texts[i], e)) == -1)
			return (-1);
		bind_id(st, (int)i + 12, id);
	}
	(void)sqlite3_bind_int(st, 18, (int)t->dialect);
	(void)sqlite3_bind_int(st, 19, (int)t->state);
	(void)sqlite3_bind_int64(st, 20, (sqlite3_int64)quirks);
	if (w->refused.len > 0) {
		if (!w->refused_whole)
			(void)buf_byte(&w->refused, ']');
		w->refused_whole = true;
		(void)sqlite3_bind_text(st, 21, w->refused.p, (int)w->refused.len, SQLITE_STATIC);
	} else
		(void)sqlite3_bind_null(st, 21);
	(void)sqlite3_bind_blob(st, 22, w->hash, sizeof(w->hash), SQLITE_STATIC);
	bind_id(st, 23, superseded_by);
	num[0] = t->records;
	num[1] = w->messages;
	for (int i = 0; i < DISP_COUNT; i++)
		num[2 + i] = w->disp[i];
	num[7] = w->dkim_pass;
	num[8] = w->spf_pass;
	num[9] = w->dmarc_pass;
	num[10] = w->verdict_pass;
	num[11] = w->differs;
	num[12] = w->nips;
	num[13] = w->ndkim;
	num[14] = w->nspf;
	num[15] = w->nreasons;
	for (int i = 0; i < 16; i++)
		(void)sqlite3_bind_int64(st, 24 + i, (sqlite3_int64)num[i]);
	return (writer_trust_bind(s, which, e));
}

static int
report_put(struct store *s, const struct report_trailer *t, struct str report_id, uint64_t quirks, int64_t superseded_by,
    int64_t received, struct err *e)
{
	struct writer	*w = s->w;

	if (writer_report_bind(s, ST_REPORT_ADD, t, report_id, quirks, superseded_by, received, e) == -1 ||
	    writer_run(s, ST_REPORT_ADD, e) == -1)
		return (-1);
	w->next_report = w->id + 1;
	w->changed = true;
	return (0);
}

static int
again(struct store *s, int64_t id, struct store_stored *out, struct err *e)
{
	(void)sqlite3_bind_int64(stmt(s, ST_REPORT_AGAIN), 1, id);
	if (writer_run(s, ST_REPORT_AGAIN, e) == -1 || writer_trust_again(s, id, e) == -1 || store_report_drop(s, e) == -1)
		return (-1);
	s->w->changed = true;
	*out = (struct store_stored){ id, IN_DUPLICATE, 0, REPORT_AGGREGATE };
	return (0);
}

int
store_report_unrepeat(struct store *s, enum report_kind kind, int64_t id, struct err *e)
{
	if (kind == REPORT_TLS)
		return (writer_tls_unrepeat(s, id, e));
	if (kind == REPORT_FAILURE)
		return (writer_failure_unrepeat(s, id, e));
	(void)sqlite3_bind_int64(stmt(s, ST_REPORT_UNREPEAT), 1, id);
	return (writer_run(s, ST_REPORT_UNREPEAT, e));
}

int
writer_put_rows(struct store *s, struct err *e)
{
	struct writer	*w = s->w;

	if (w->streaming) {
		if (put_held(s, ST_RECORD_MERGE, e) == -1 ||
		    writer_report_sums(s, w->domain, w->reporter, w->day, w->id, 1, e) == -1)
			return (-1);
		return (writer_run(s, ST_SAVEPOINT_DONE, e));
	}
	if (put_held(s, ST_RECORD_ADD, e) == -1)
		return (-1);
	for (size_t i = 0; i < w->nheld; i++)
		if (writer_sum(s, w->domain, w->day, w->reporter, w->held[i].outcome, (int64_t)w->held[i].count, 1, e) == -1)
			return (-1);
	return (0);
}

/* The id by which it is known, made from its content when the reporter gave none. */
struct str
writer_report_id(const struct writer *w, char made[64])
{
	if (w->h.report_id.len > 0)
		return (w->h.report_id);
	(void)snprintf(made, 64, "content:%016llx%016llx", (unsigned long long)w->hash[0], (unsigned long long)w->hash[1]);
	return (str_of(made));
}

int
writer_holder(struct store *s, int64_t domain, struct str report_id, struct holder *h, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_REPORT_FIND);
	int		 rc;

	memset(h, 0, sizeof(*h));
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, w->reporter);
	(void)sqlite3_bind_int64(st, 3, w->h.begin);
	(void)sqlite3_bind_int64(st, 4, w->h.end);
	bind_str(st, 5, report_id);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		h->id = sqlite3_column_int64(st, 0);
		h->same = sqlite3_column_bytes(st, 1) == (int)sizeof(w->hash) &&
		    memcmp(sqlite3_column_blob(st, 1), w->hash, sizeof(w->hash)) == 0;
		h->messages = sqlite3_column_int64(st, 2);
		h->day = sqlite3_column_int64(st, 3);
		h->trust = (enum trust)sqlite3_column_int(st, 4);
		h->copy = ((uint64_t)sqlite3_column_int64(st, 5) & QUIRK_COPY) != 0;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, "report", e));
}

/* May the report under way count, in the place of so many messages? */
int
writer_within(struct store *s, int64_t less, struct err *e)
{
	struct writer	*w = s->w;

	if (w->messages > s->max_messages)
		return (err_set(e, ERR_LIMIT, "over the limit messages = %llu: the counts of the report add up to %llu",
		    (unsigned long long)s->max_messages, (unsigned long long)w->messages));
	/* a sum that no number holds would stop everything that adds up: nobody may cause that with one count */
	if (w->messages > (uint64_t)INT64_MAX - (w->total - (uint64_t)less))
		return (err_set(e, ERR_LIMIT, "with this report the sum of all counts would pass 9223372036854775807"));
	return (0);
}

/*
 * When the last of all reports that this reporter sent about the domain ends,
 * and how long the longest of them is: most begin when all others have ended,
 * and for the rest it is known how far back those can begin that overlap. Of
 * those that began more than 35 days earlier nobody looks at the end.
 */
static int
periods(struct store *s, struct slot **out, struct err *e)
{
	struct writer	*w = s->w;
	const int64_t	 pair[] = { w->domain, w->reporter };
	uint64_t	 h = hash64(s->secret + 18, pair, sizeof(pair));
	struct slot	*slot = writer_cache_at(&w->periods, h);
	sqlite3_stmt	*st = stmt(s, ST_PERIODS);
	int64_t		 last = 1, longest = 0;
	int		 rc;

	*out = slot;
	if (slot->id != 0 && slot->hash == h)
		return (0);
	(void)sqlite3_bind_int64(st, 1, w->domain);
	(void)sqlite3_bind_int64(st, 2, w->reporter);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		last = sqlite3_column_int64(st, 0);
		longest = sqlite3_column_int64(st, 1);
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(s, "report", e));
	*slot = (struct slot){ h, last < 1 ? 1 : last, longest < 0 ? 0 : longest > PERIOD_MAX ? PERIOD_MAX : (unsigned)longest };
	return (0);
}

/* Does another report cover part of its period? Then both are marked: here the others, and *quirks. */
int
writer_overlap(struct store *s, int64_t id, uint64_t *quirks, struct err *e)
{
	static const enum stmt	 which[] = { ST_OVERLAP_FIND, ST_OVERLAP_SET };
	struct writer		*w = s->w;
	sqlite3_stmt		*st;
	struct slot		*slot;
	int64_t			 found, length = w->h.end - w->h.begin;
	unsigned		 longest;
	int			 rc;
	bool			 after;

	if (periods(s, &slot, e) == -1)
		return (-1);
	after = w->h.begin >= slot->id;
	longest = slot->more;
	if (slot->id < w->h.end)
		slot->id = w->h.end;
	if (length > (int64_t)slot->more)
		slot->more = length > PERIOD_MAX ? PERIOD_MAX : (unsigned)length;
	for (size_t i = 0; i < nitems(which) && !after; i++) {
		st = stmt(s, which[i]);
		(void)sqlite3_bind_int64(st, 1, w->domain);
		(void)sqlite3_bind_int64(st, 2, w->reporter);
		(void)sqlite3_bind_int64(st, 3, w->h.begin);
		(void)sqlite3_bind_int64(st, 4, w->h.end);
		(void)sqlite3_bind_int64(st, 5, id);
		(void)sqlite3_bind_int64(st, 6, longest);
		if (which[i] == ST_OVERLAP_FIND) {
			if ((rc = writer_find(s, which[i], &found, e)) != 1)
				return (rc);
			*quirks |= QUIRK_OVERLAP;
			continue;
		}
		(void)sqlite3_bind_int64(st, 7, (sqlite3_int64)QUIRK_OVERLAP);
		if (writer_run(s, which[i], e) == -1)
			return (-1);
	}
	return (0);
}

int
store_overlaps(struct store *s, struct err *e)
{
#define OTHERS "EXISTS (SELECT 1 FROM report o WHERE o.domain = report.domain AND o.reporter = report.reporter AND "	\
    "o.begin > report.begin - 3024000 AND o.begin < report.end AND o.end > report.begin AND o.id <> report.id AND "	\
    "o.superseded_by IS NULL)"
	char	 set[640], clear[640];
	int	 before;

	/* a long report is marked by shorter ones that begin in it, and marks them */
	(void)snprintf(set, sizeof(set), "UPDATE report SET quirks = quirks | %llu WHERE superseded_by IS NULL AND quirks & %llu = 0 AND "
	    OTHERS, (unsigned long long)QUIRK_OVERLAP, (unsigned long long)QUIRK_OVERLAP);
	(void)snprintf(clear, sizeof(clear), "UPDATE report SET quirks = quirks & ~%llu WHERE superseded_by IS NULL AND quirks & %llu <> 0 "
	    "AND NOT " OTHERS, (unsigned long long)QUIRK_OVERLAP, (unsigned long long)QUIRK_OVERLAP);
#undef OTHERS
	if (store_begin(s, e) == -1)
		return (-1);
	before = sqlite3_total_changes(s->db);
	if (store_exec(s, clear, e) == -1 || store_exec(s, set, e) == -1) {
		store_rollback(s);
		return (-1);
	}
	if (sqlite3_total_changes(s->db) != before)
		writer_changed(s, false);
	return (store_commit(s, e));
}

int
store_report_end(struct store *s, const struct report_trailer *t, struct store_stored *out, struct err *e)
{
	struct writer	*w = s->w;
	char		 made[64];
	struct str	 report_id;
	struct holder	 h;
	int64_t		 version;
	uint64_t	 quirks = t->quirks;
	int		 rc, rank;
	bool		 copy = (quirks & QUIRK_COPY) != 0;

	if (!w->open)
		return (err_set(e, ERR_INPUT, "bad frame from a decoder: an end without a begin"));
	if (writer_stream_end(s, e) == -1)
		return (-1);
	report_id = writer_report_id(w, made);
	if (w->apart == APART_UNAUTHENTICATED) {
		/* what counts already may come a second time by a way that proves nothing: forwarded by a colleague */
		if (writer_holder(s, w->plain, report_id, &h, e) == -1)
			return (-1);
		if (h.id != 0 && h.same)
			return (again(s, h.id, out, e));
	}
	if (writer_holder(s, w->domain, report_id, &h, e) == -1 ||
	    (h.id == 0 && writer_copy_holder(s, w->domain, report_id, copy, &h, e) == -1) ||
	    (copy && writer_copies_begin(s, e) == -1))
		return (-1);
	/* what is here, or a copy of it; an original takes the place of its copy even if that says the same */
	if (h.id != 0 && (copy == h.copy ? h.same : copy))
		return (again(s, h.id, out, e));
	if (h.id != 0) {
		rank = (int)trust_rank(w->trust) - (int)trust_rank(h.trust);
		(void)sqlite3_bind_int64(stmt(s, ST_VERSION_FIND), 1, h.id);
		(void)sqlite3_bind_blob(stmt(s, ST_VERSION_FIND), 2, w->hash, sizeof(w->hash), SQLITE_STATIC);
		if ((rc = writer_find(s, ST_VERSION_FIND, &version, e)) == -1)
			return (-1);
		/* unless it is known better now than when it stepped back whose it is */
		if (rc == 1 && rank <= 0)
			return (again(s, version, out, e));
		if (copy == h.copy)
			quirks |= QUIRK_VERSIONS;
		/*
		 * A report without a row takes nothing from one that has some; but
		 * first of all, nobody takes the place of one that is better proved.
		 */
		if (rank < 0 || (rank == 0 && copy == h.copy && w->messages == 0 && h.messages > 0)) {
			if (store_report_drop(s, e) == -1 || report_put(s, t, report_id, quirks, h.id, when_now(), e) == -1)
				return (-1);
			/* what is only worse proved may be believed one day: its original is kept */
			*out = (struct store_stored){ w->id, rank < 0 ? IN_STORED : IN_DUPLICATE, 0,
			    REPORT_AGGREGATE };
			return (0);
		}
	}
	if (writer_within(s, h.messages, e) == -1)
		return (store_report_drop(s, NULL) == -1 ? store_fail(s, "report", e) : -1);
	if (h.id != 0) {
		/* the key is unique among versions that count: the old one steps back first */
		if (writer_supersede(s, w->domain, w->reporter, h.id, h.day, w->id, e) == -1)
			return (-1);
	}
	if (writer_overlap(s, w->id, &quirks, e) == -1 || writer_put_rows(s, e) == -1 ||
	    report_put(s, t, report_id, quirks, 0, when_now(), e) == -1)
		return (-1);
	w->total = w->total - (uint64_t)h.messages + w->messages;
	w->open = w->streaming = false;
	*out = (struct store_stored){ w->id, h.id != 0 ? IN_REPLACED : t->state == STATE_PARTIAL ? IN_PARTIAL : IN_STORED, 0,
	    REPORT_AGGREGATE };
	return (0);
}
