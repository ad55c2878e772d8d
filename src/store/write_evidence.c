/*
 * write_evidence.c - combinations of what a row says but address and count,
 * each judged once, and the outcomes they come to.
 */
#include "base/hash.h"
#include "dmarc/dmarc.h"
#include "store/records.h"
#include "store/write_int.h"

static uint64_t
outcome_key(const int v[12])
{
	uint64_t	 k = 1;

	for (int i = 0; i < 12; i++)
		k = k * 37 + (uint64_t)v[i];
	return (k);
}

static bool
outcome_room(struct writer *w, size_t id)
{
	struct outcome	*p;

	if (id < w->room_outcomes)
		return (true);
	if ((p = realloc(w->outcomes, (id + 64) * sizeof(*p))) == NULL)
		return (false);
	memset(p + w->room_outcomes, 0, (id + 64 - w->room_outcomes) * sizeof(*p));
	w->outcomes = p;
	w->room_outcomes = id + 64;
	return (true);
}

int
writer_outcomes_load(struct store *s, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_OUTCOMES);
	int		 rc, v[12];
	size_t		 id;

	w->noutcomes = 0;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = (size_t)sqlite3_column_int64(st, 0);
		for (int i = 0; i < 12; i++)
			v[i] = sqlite3_column_int(st, i + 1);
		if (id > 100000 || !outcome_room(w, id)) {
			(void)sqlite3_reset(st);
			return (err_set(e, ERR_TEMP, "out of memory"));
		}
		w->outcomes[id] = (struct outcome){ outcome_key(v), v[4] || v[5], v[7] != 0 };
		w->noutcomes = id;
	}
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(s, "outcome", e));
}

int64_t
writer_outcome(struct store *s, const struct report_record *r, const struct verdict *v, struct err *e)
{
	struct writer	*w = s->w;
	const int	 col[12] = { (int)v->code, (int)r->disposition, (int)r->dkim, (int)r->spf, v->dkim_aligned, v->spf_aligned,
			    v->estimated, v->differs, v->forwarded, v->overridden, (int)v->spf_raw, (int)v->dkim_raw };
	uint64_t	 key = outcome_key(col);
	sqlite3_stmt	*st = stmt(s, ST_OUTCOME_ADD);

	for (size_t i = 1; i <= w->noutcomes; i++)
		if (w->outcomes[i].key == key)
			return ((int64_t)i);
	if (!outcome_room(w, w->noutcomes + 1))
		return (err_set(e, ERR_TEMP, "out of memory"));
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)w->noutcomes + 1);
	for (int i = 0; i < 12; i++)
		(void)sqlite3_bind_int(st, i + 2, col[i]);
	if (writer_run(s, ST_OUTCOME_ADD, e) == -1)
		return (-1);
	w->noutcomes++;
	w->outcomes[w->noutcomes] = (struct outcome){ key, v->pass, v->differs };
	return ((int64_t)w->noutcomes);
}

/* A number of ours, not negative: this is done millions of times. */
static void
put_number(struct buf *b, int64_t v)
{
	char	 t[20];
	size_t	 n = sizeof(t);

	do
		t[--n] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	(void)buf_add(b, t + n, sizeof(t) - n);
}

/* domain,what,result,word,human;...: zeros at the end left out. */
static int
auths_list(struct store *s, const struct report_auth *a, size_t n, struct buf *b, struct err *e)
{
	int64_t	 id[5];
	int	 last;

	buf_clear(b);
	for (size_t i = 0; i < n; i++) {
		id[0] = writer_name(s, a[i].domain, e);
		id[1] = writer_name(s, a[i].what, e);
		id[2] = a[i].result;
		id[3] = writer_name(s, a[i].word, e);
		id[4] = writer_name(s, a[i].human_result, e);
		if (i > 0)
			(void)buf_byte(b, ';');
		for (last = 4; last > 2 && id[last] == 0; last--)
			;
		for (int k = 0; k <= last; k++) {
			if (id[k] == -1)
				return (-1);
			if (k > 0)
				(void)buf_byte(b, ',');
			put_number(b, id[k]);
		}
	}
	return (b->failed ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static void
bind_text_or_null(sqlite3_stmt *st, int i, const struct buf *b)
{
	if (b->len == 0)
		(void)sqlite3_bind_null(st, i);
	else
		(void)sqlite3_bind_text(st, i, b->p, (int)b->len, SQLITE_STATIC);
}

static int
evidence_add(struct store *s, int64_t id, const struct report_record *r, int64_t outcome, unsigned walked, struct err *e)
{
	struct writer	*w = s->w;
	sqlite3_stmt	*st = stmt(s, ST_EVIDENCE_ADD);
	int64_t		 hf, ef, et, a, b, c;

	if ((hf = writer_name(s, r->header_from, e)) == -1 || (ef = writer_name(s, r->envelope_from, e)) == -1 ||
	    (et = writer_name(s, r->envelope_to, e)) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_int64(st, 2, w->policy);
	(void)sqlite3_bind_int64(st, 3, outcome);
	(void)sqlite3_bind_int64(st, 4, hf);
	bind_id(st, 5, ef);
	bind_id(st, 6, et);
	(void)sqlite3_bind_int(st, 7, evidence_flags(r->header_from_derived, walked));
	if (auths_list(s, r->spf_results, r->nspf, &w->lists[0], e) == -1 ||
	    auths_list(s, r->dkim_results, r->ndkim, &w->lists[1], e) == -1)
		return (-1);
	buf_clear(&w->lists[2]);
	for (size_t i = 0; i < r->nreasons; i++) {
		if ((a = writer_name(s, r->reasons[i].type, e)) == -1 || (b = writer_name(s, r->reasons[i].comment, e)) == -1)
			return (-1);
		(void)buf_printf(&w->lists[2], "%s%lld,%lld", i == 0 ? "" : ";", (long long)a, (long long)b);
	}
	buf_clear(&w->lists[3]);
	if (r->disposition_word.p != NULL || r->dkim_word.p != NULL || r->spf_word.p != NULL) {
		if ((a = writer_name(s, r->disposition_word, e)) == -1 || (b = writer_name(s, r->dkim_word, e)) == -1 ||
		    (c = writer_name(s, r->spf_word, e)) == -1)
			return (-1);
		(void)buf_printf(&w->lists[3], "%lld,%lld,%lld", (long long)a, (long long)b, (long long)c);
	}
	for (int i = 0; i < 4; i++) {
		if (w->lists[i].failed)
			return (err_set(e, ERR_TEMP, "out of memory"));
		bind_text_or_null(st, 8 + i, &w->lists[i]);
	}
	return (writer_run(s, ST_EVIDENCE_ADD, e));
}

/*
 * Re-judging trusts what the receiver evaluated as the outcome has it; here is
 * the original again, and it is the one to trust. Sums follow in store_mend.
 */
static int
evidence_mend(struct store *s, int64_t id, const struct report_record *r, int64_t *outcome, struct err *e)
{
	const struct dmarc_dns	*dns;
	struct verdict		 v;
	int64_t			 is;

	if (store_walk(s, &dns, e) == -1)
		return (-1);
	dmarc_judge_with(&s->w->h.policy, r, dns, &v);
	if ((is = writer_outcome(s, r, &v, e)) == -1)
		return (-1);
	if (is == *outcome)
		return (0);
	*outcome = is;
	(void)sqlite3_bind_int64(stmt(s, ST_EVIDENCE_OUTCOME), 1, id);
	(void)sqlite3_bind_int64(stmt(s, ST_EVIDENCE_OUTCOME), 2, is);
	(void)sqlite3_bind_int(stmt(s, ST_EVIDENCE_OUTCOME), 3, evidence_flags(r->header_from_derived, v.walked));
	writer_changed(s, true);
	return (writer_run(s, ST_EVIDENCE_OUTCOME, e));
}

/* The combination under this hash: found, or judged and stored. */
static int
evidence_id(struct store *s, uint64_t hash, const struct report_record *r, int64_t *id, int64_t *outcome, struct err *e)
{
	struct writer	*w = s->w;
	const struct dmarc_dns	*dns;
	struct verdict	 v;
	sqlite3_stmt	*st = stmt(s, ST_EVIDENCE_KEY);
	int		 rc;

	/* new is what most are that nobody remembers: so the key is put first, and looked up only if it is there */
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)hash);
	(void)sqlite3_bind_int64(st, 2, w->next_evidence);
	if (writer_run(s, ST_EVIDENCE_KEY, e) == -1)
		return (-1);
	if (sqlite3_changes(s->db) == 1) {
		*id = w->next_evidence++;
		if (store_walk(s, &dns, e) == -1)
			return (-1);
		dmarc_judge_with(&w->h.policy, r, dns, &v);
		if ((*outcome = writer_outcome(s, r, &v, e)) == -1)
			return (-1);
		return (evidence_add(s, *id, r, *outcome, v.walked, e));
	}
	st = stmt(s, ST_EVIDENCE_FIND);
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)hash);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		*id = sqlite3_column_int64(st, 0);
		*outcome = sqlite3_column_int64(st, 1);
	}
	(void)sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return (store_fail(s, "evidence", e));
	return (s->deriving ? evidence_mend(s, *id, r, outcome, e) : 0);
}

int
store_evidence(struct store *s, struct str wire, const struct report_record *r, struct store_evidence *out, struct err *e)
{
	struct writer	*w = s->w;
	uint64_t	 h = hash64(s->secret ^ ((uint64_t)w->policy << 20), wire.p, wire.len);
	struct slot	*slot = writer_cache_at(&w->evidence, h);
	int64_t		 outcome = 0;

	*out = (struct store_evidence){ .hash = h, .disposition = (unsigned char)r->disposition, .dkim = (unsigned char)r->dkim,
	    .spf = (unsigned char)r->spf, .ndkim = (unsigned)r->ndkim, .nspf = (unsigned)r->nspf, .nreasons = (unsigned)r->nreasons };
	if (slot->id != 0 && slot->hash == h) {
		out->id = slot->id;
		out->outcome = slot->more;
	} else {
		if (evidence_id(s, h, r, &out->id, &outcome, e) == -1)
			return (-1);
		out->outcome = (unsigned)outcome;
		*slot = (struct slot){ h, out->id, out->outcome };
	}
	if (out->outcome == 0 || out->outcome > w->noutcomes)
		return (err_set(e, ERR_BUG, "evidence %lld has no outcome", (long long)out->id));
	out->verdict_pass = w->outcomes[out->outcome].verdict_pass;
	out->differs = w->outcomes[out->outcome].differs;
	return (0);
}
