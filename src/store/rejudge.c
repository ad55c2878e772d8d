/*
 * rejudge.c - judging history anew after a change of rules.
 *
 * The verdict belongs to the combination (evidence), not to the row: so every
 * combination is judged once, from its stored facts, and only where another
 * outcome comes out the rows are gone through, one pass over all of them. All
 * in one transaction: readers see the old verdicts or the new ones.
 */
#include "dmarc/dmarc.h"
#include "store/query_int.h"
#include "store/records.h"

#define AS_IT_WAS 0xff
#define BATCH 2000	/* combinations in one snapshot: its memory grows with them */

struct flags {
	bool	 pass, differs;
};

struct rejudge {
	struct store		*s;
	uint32_t		*was, *is;	/* outcomes by evidence id; is 0: as it was */
	uint8_t			*flags;		/* by evidence id; AS_IT_WAS: the same */
	size_t			 n, room;	/* ids below n have been judged */
	struct flags		*outcomes;
	size_t			 noutcomes;
	struct report {
		uint32_t	 reporter;
		int64_t		 pass, differs;	/* what is to be added */
	}			*reports;
	size_t			 nreports;
	struct store_rejudged	*out;
	uint64_t		 reasons;	/* combinations whose verdict is the same for another reason */
};

static bool
room_for(struct rejudge *j, size_t id)
{
	size_t		 want = j->room == 0 ? 4096 : j->room;
	uint32_t	*a, *b;
	uint8_t		*c;

	if (id < j->room)
		return (true);
	while (want <= id)
		want *= 2;
	if ((a = realloc(j->was, want * sizeof(*a))) == NULL)
		return (false);
	j->was = a;
	if ((b = realloc(j->is, want * sizeof(*b))) == NULL)
		return (false);
	j->is = b;
	if ((c = realloc(j->flags, want)) == NULL)
		return (false);
	j->flags = c;
	memset(c + j->room, AS_IT_WAS, want - j->room);
	memset(a + j->room, 0, (want - j->room) * sizeof(*a));
	memset(b + j->room, 0, (want - j->room) * sizeof(*b));
	j->room = want;
	return (true);
}

/* One combination: the verdict from its facts; another outcome is remembered. */
static int
judge_one(struct rejudge *j, struct query *q, int64_t id, uint32_t outcome, struct err *e)
{
	const struct dmarc_dns	*dns;
	struct query_row_full	 full;
	struct verdict		 v;
	int64_t			 is;

	if (!room_for(j, (size_t)id))
		return (q_oom(e));
	if (q_evidence(q, id, &full, e) == -1 || store_walk(j->s, &dns, e) == -1)
		return (-1);
	dmarc_judge_with(&full.policy, &full.record, dns, &v);
	if ((is = writer_outcome(j->s, &full.record, &v, e)) == -1)
		return (-1);
	j->was[id] = outcome;
	j->is[id] = (uint32_t)is == outcome ? 0 : (uint32_t)is;
	if (v.walked != full.verdict.walked)
		j->flags[id] = (uint8_t)evidence_flags(full.record.header_from_derived, v.walked);
	j->out->changed += j->is[id] != 0;
	j->reasons += j->is[id] == 0 && j->flags[id] != AS_IT_WAS;
	j->out->combinations++;
	return (0);
}

static int
judge_batch(struct rejudge *j, bool *more, struct err *e)
{
	struct query	*q;
	sqlite3_stmt	*st;
	int64_t		 id;
	int		 rc, rv = -1, n = 0;
	bool		 full = false;

	if ((q = query_begin(j->s, 0, 0, e)) == NULL)
		return (-1);
	if (store_prepare(j->s, &st, "SELECT id, outcome FROM evidence WHERE id >= ?1 ORDER BY id LIMIT ?2", e) == -1) {
		query_end(q);
		return (-1);
	}
	(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)j->n);
	(void)sqlite3_bind_int(st, 2, BATCH);
	while (!full && (rc = q_step(q, st, e)) == 1) {
		id = sqlite3_column_int64(st, 0);
		if (judge_one(j, q, id, (uint32_t)sqlite3_column_int64(st, 1), e) == -1)
			goto out;
		j->n = (size_t)id + 1;
		n++;
		full = arena_held(query_arena(q)) > Q_FULL;	/* texts can be long */
	}
	*more = n == BATCH || full;
	rv = full ? 0 : rc;
out:
	(void)sqlite3_finalize(st);
	query_end(q);
	return (rv);
}

static int
outcomes_load(struct rejudge *j, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 id, max = 0;
	int		 rc;

	if (store_prepare(j->s, &st, "SELECT id, verdict_dkim OR verdict_spf, differs, (SELECT max(id) FROM outcome) FROM outcome", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = sqlite3_column_int64(st, 0);
		max = sqlite3_column_int64(st, 3);
		if (j->outcomes == NULL && (j->outcomes = calloc((size_t)max + 1, sizeof(*j->outcomes))) == NULL)
			break;
		j->outcomes[id] = (struct flags){ sqlite3_column_int(st, 1) != 0, sqlite3_column_int(st, 2) != 0 };
	}
	j->noutcomes = (size_t)max + 1;
	if (sqlite3_finalize(st) != SQLITE_OK)
		return (store_fail(j->s, "outcome", e));
	return (rc == SQLITE_DONE ? 0 : q_oom(e));
}

static int
reports_load(struct rejudge *j, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 id;
	int		 rc;

	if (store_prepare(j->s, &st, "SELECT id, reporter FROM report ORDER BY id DESC", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		id = sqlite3_column_int64(st, 0);
		if (j->reports == NULL) {
			j->nreports = (size_t)id + 1;
			if ((j->reports = calloc(j->nreports, sizeof(*j->reports))) == NULL)
				break;
		}
		j->reports[id].reporter = (uint32_t)sqlite3_column_int64(st, 1);
	}
	if (sqlite3_finalize(st) != SQLITE_OK)
		return (store_fail(j->s, "report", e));
	return (rc == SQLITE_DONE ? 0 : q_oom(e));
}

static int
move_row(struct rejudge *j, sqlite3_stmt *st, struct err *e)
{
	int64_t		 evidence = sqlite3_column_int64(st, 3), count = sqlite3_column_int64(st, 4);
	int64_t		 domain = sqlite3_column_int64(st, 0), day = sqlite3_column_int64(st, 1), id = sqlite3_column_int64(st, 2);
	struct report	*r;
	uint32_t	 was, is;

	if (evidence < 1 || (size_t)evidence >= j->n || (is = j->is[evidence]) == 0 || id < 1 || (size_t)id >= j->nreports)
		return (0);
	was = j->was[evidence];
	r = &j->reports[id];
	j->out->rows++;
	if (was < j->noutcomes && is < j->noutcomes) {
		r->pass += ((int)j->outcomes[is].pass - (int)j->outcomes[was].pass) * count;
		r->differs += ((int)j->outcomes[is].differs - (int)j->outcomes[was].differs) * count;
	}
	return (writer_sum(j->s, domain, day, r->reporter, was, -count, -1, e) == -1 ||
	    writer_sum(j->s, domain, day, r->reporter, is, count, 1, e) == -1 ? -1 : 0);
}

static int
move_rows(struct rejudge *j, void (*progress)(void *, uint64_t, uint64_t), void *ctx, struct err *e)
{
	sqlite3_stmt	*st;
	uint64_t	 n = 0, total = 0;
	int		 rc;

	if (store_prepare(j->s, &st, "SELECT count(*) FROM record", e) == -1)
		return (-1);
	if (sqlite3_step(st) == SQLITE_ROW)
		total = (uint64_t)sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	if (store_prepare(j->s, &st, "SELECT domain, day, report, evidence, count FROM record", e) == -1)
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (move_row(j, st, e) == -1) {
			(void)sqlite3_finalize(st);
			return (-1);
		}
		if (++n % 65536 == 0 && progress != NULL)
			progress(ctx, n, total);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(j->s, "record", e));
}

static int
write_evidence(struct rejudge *j, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc = SQLITE_DONE;

	if (store_prepare(j->s, &st, "UPDATE evidence SET outcome = ifnull(?2, outcome), flags = ifnull(?3, flags) WHERE id = ?1", e) == -1)
		return (-1);
	for (size_t i = 1; i < j->n && rc == SQLITE_DONE; i++) {
		if (j->is[i] == 0 && j->flags[i] == AS_IT_WAS)
			continue;
		(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)i);
		if (j->is[i] != 0)
			(void)sqlite3_bind_int64(st, 2, j->is[i]);
		if (j->flags[i] != AS_IT_WAS)
			(void)sqlite3_bind_int(st, 3, j->flags[i]);
		rc = sqlite3_step(st);
		(void)sqlite3_reset(st);
		(void)sqlite3_clear_bindings(st);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(j->s, "evidence", e));
}

static int
write_reports(struct rejudge *j, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc = SQLITE_DONE;

	if (store_prepare(j->s, &st, "UPDATE report SET verdict_pass = verdict_pass + ?2, differs = differs + ?3 WHERE id = ?1", e) == -1)
		return (-1);
	for (size_t i = 1; i < j->nreports && rc == SQLITE_DONE; i++) {
		if (j->reports[i].pass == 0 && j->reports[i].differs == 0)
			continue;
		j->out->reports++;
		(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)i);
		(void)sqlite3_bind_int64(st, 2, j->reports[i].pass);
		(void)sqlite3_bind_int64(st, 3, j->reports[i].differs);
		rc = sqlite3_step(st);
		(void)sqlite3_reset(st);
	}
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : store_fail(j->s, "report", e));
}

static int
rules_set(struct store *s, struct err *e)
{
	char	 sql[160];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO meta (key, value) VALUES ('rules', %d) "
	    "ON CONFLICT DO UPDATE SET value = excluded.value WHERE value < excluded.value", DMARC_RULES);
	return (store_exec(s, sql, e));
}

static int
number(struct store *s, const char *sql, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st;

	*out = 0;
	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	if (sqlite3_step(st) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	return (sqlite3_finalize(st) == SQLITE_OK ? 0 : store_fail(s, sql, e));
}

int
store_rules_old(struct store *s, bool *old, uint64_t *records, struct err *e)
{
	int64_t	 rules, n = 0;

	*old = false;
	*records = 0;
	if (number(s, "SELECT ifnull((SELECT value FROM meta WHERE key = 'rules'), 1)", &rules, e) == -1)
		return (-1);
	if (rules >= DMARC_RULES)
		return (0);
	if (number(s, "SELECT ifnull(sum(rows), 0) FROM rollup", &n, e) == -1)
		return (-1);
	*old = true;
	*records = (uint64_t)n;
	return (0);
}

static int
rejudge(struct rejudge *j, void (*progress)(void *, uint64_t, uint64_t), void *ctx, struct err *e)
{
	bool	 more = true;

	while (more)
		if (judge_batch(j, &more, e) == -1)
			return (-1);
	if (rules_set(j->s, e) == -1)
		return (-1);
	if (j->out->changed == 0) {
		if (j->reasons > 0 && write_evidence(j, e) == -1)
			return (-1);
		return (0);
	}
	if (outcomes_load(j, e) == -1 || reports_load(j, e) == -1 || move_rows(j, progress, ctx, e) == -1 ||
	    write_evidence(j, e) == -1 || write_reports(j, e) == -1 || writer_sums_flush(j->s, e) == -1)
		return (-1);
	writer_changed(j->s, true);
	return (store_exec(j->s, "DELETE FROM rollup WHERE rows = 0", e));
}

int
store_rejudge(struct store *s, void (*progress)(void *, uint64_t done, uint64_t total), void *ctx, struct store_rejudged *out,
    struct err *e)
{
	struct rejudge	 j = { .s = s, .out = out, .n = 1 };
	uint64_t	 n;
	bool		 old;
	int		 rv;

	memset(out, 0, sizeof(*out));
	if (store_begin(s, e) == -1)
		return (-1);
	if ((rv = store_rules_old(s, &old, &n, e)) == -1 || (rv = rejudge(&j, progress, ctx, e)) == -1 ||
	    (out->changed == 0 && j.reasons == 0 && !old && !s->dry))
		store_rollback(s);	/* nothing to write is nothing to commit */
	else
		rv = store_commit(s, e);
	query_cache_free(s->qc);	/* it may remember what was taken back */
	s->qc = NULL;
	free(j.was);
	free(j.is);
	free(j.flags);
	free(j.outcomes);
	free(j.reports);
	return (rv);
}
