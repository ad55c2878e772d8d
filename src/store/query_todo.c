/*
 * query_todo.c - what people said about tasks, what came of the fixes that
 * they reported, and their views. See todo.h.
 */
#include "base/when.h"
#include "store/query_int.h"
#include "store/todo.h"

#define DAY_S		86400
#define HABIT_DAYS	30	/* over which reporters' habits are looked at */
#define LAG_USUAL	(26 * 3600)	/* where nothing is known: most report once a day */
#define LAG_MOST	(4 * DAY_S)	/* longer: they were imported later, which is no habit */
#define LAG_SHARE	80	/* per cent of the mail has been told of by then */

const char *const	 watch_verdict_names[WATCH_VERDICTS] = { "no_mail", "failing", "looks_fixed", "confirmed" };

/* --- The verdict ------------------------------------------------------------------------ */

enum watch_verdict
watch_verdict(uint64_t m, uint64_t bad)
{
	if (m >= WATCH_SURE && bad * 100 <= m * WATCH_PERCENT)
		return (WATCH_CONFIRMED);
	if (bad > 0)
		return (WATCH_FAILING);
	return (m >= WATCH_FEW ? WATCH_LOOKS_FIXED : WATCH_NO_MAIL);
}

enum watch_verdict
watch_verdict_since(const uint64_t *m, const uint64_t *bad, size_t n, size_t *since)
{
	enum watch_verdict	 is = WATCH_NO_MAIL, was = WATCH_NO_MAIL;
	uint64_t		 sum = 0, sum_bad = 0;

	*since = n;
	for (size_t i = 0; i < n; i++) {
		sum += m[i];
		sum_bad += bad[i];
		is = watch_verdict(sum, sum_bad);
		if (i == 0 || is != was)
			*since = i;
		was = is;
	}
	return (is);
}

/* --- One watch ------------------------------------------------------------------------------ */

/* with: the code, too. */
static int
filter_of(const struct query_watch *w, bool with, struct query_filter *f, struct err *e)
{
	char	 text[32], code[8];

	query_filter_init(f);
	(void)snprintf(text, sizeof(text), "%lld", (long long)w->sender);
	if (query_filter_set(f, STR("sender"), str_of(text), e) == -1 ||
	    (w->domain.p != NULL && query_filter_set(f, STR("domain"), w->domain, e) == -1) ||
	    (with && query_filter_set(f, STR("code"), str_of(dmarc_code_name(w->code, code)), e) == -1)) {
		query_filter_free(f);
		return (-1);
	}
	return (0);
}

/* Messages of each day; pass may be NULL. */
static int
days_of(struct query *q, const struct query_watch *w, bool with, const struct query_range *r, uint64_t **out, uint64_t *pass, struct err *e)
{
	struct query_filter	 f;
	struct query_series	 s;
	int			 rv;

	if (filter_of(w, with, &f, e) == -1)
		return (-1);
	rv = query_series(q, &f, r, BY_OUTCOME, false, 0, MEASURE_M, &s, e);
	query_filter_free(&f);
	if (rv == -1)
		return (-1);
	if ((*out = arena_alloc(q->a, (size_t)(r->to - r->from) + 1, sizeof(**out))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < s.nlines; i++)
		for (size_t d = 0; d < s.ndays && d <= (size_t)(r->to - r->from); d++) {
			(*out)[d] += s.lines[i].values[d];
			if (pass != NULL && (str_eq(s.lines[i].key, str_of(q_outcome_names[OUT_BOTH])) ||
			    str_eq(s.lines[i].key, str_of(q_outcome_names[OUT_DKIM])) || str_eq(s.lines[i].key, str_of(q_outcome_names[OUT_SPF]))))
				*pass += s.lines[i].values[d];
		}
	return (0);
}

static int
by_lag(const void *a, const void *b)
{
	const struct query_reporter	*x = a, *y = b;

	return (x->lag < y->lag ? -1 : x->lag > y->lag);
}

/* How long after a day its mail is told of, by those who report this sender. */
static int
lag_of(struct query *q, const struct query_watch *w, int64_t *out, struct err *e)
{
	struct query_range	 r = { w->day - HABIT_DAYS, w->day, DAY_NONE };
	struct query_filter	 f;
	struct query_reporter	*v;
	uint64_t		 all = 0, sum = 0;
	size_t			 n;
	int			 rv;

	*out = LAG_USUAL;
	if (filter_of(w, false, &f, e) == -1)
		return (-1);
	rv = query_reporters(q, &f, &r, true, &v, &n, e);
	query_filter_free(&f);
	if (rv == -1)
		return (-1);
	for (size_t i = 0; i < n; i++)
		all += v[i].lag >= 0 ? v[i].m : 0;
	if (all == 0)
		return (0);
	qsort(v, n, sizeof(*v), by_lag);
	for (size_t i = 0; i < n; i++) {
		if (v[i].lag < 0)
			continue;
		sum += v[i].m;
		*out = v[i].lag;
		if (sum * 100 >= all * LAG_SHARE)
			break;
	}
	if (*out > LAG_MOST)
		*out = LAG_USUAL;
	return (0);
}

static int
judge(struct query *q, struct query_watch *w, int64_t through, struct err *e)
{
	struct query_range	 r = { w->day + 1, w->day + WATCH_DAYS, through };
	uint64_t		*m, *bad;
	size_t			 n, since;
	int64_t			 lag;

	w->since = w->through = DAY_NONE;
	if (lag_of(q, w, &lag, e) == -1)
		return (-1);
	w->expected = (w->day + 2) * DAY_S + lag;
	if (through == DAY_NONE || through < r.from)
		return (0);
	w->over = through >= r.to;
	if (through < r.to)
		r.to = through;
	if (days_of(q, w, false, &r, &m, &w->pass, e) == -1 || days_of(q, w, true, &r, &bad, NULL, e) == -1)
		return (-1);
	n = (size_t)(r.to - r.from) + 1;
	for (size_t i = 0; i < n; i++) {
		w->m += m[i];
		w->bad += bad[i];
	}
	w->verdict = watch_verdict_since(m, bad, n, &since);
	w->since = r.from + (int64_t)since;
	w->through = r.to;
	return (0);
}

/* --- All of them ------------------------------------------------------------------------------- */

static bool
wanted(const struct query_filter *f, struct str domain)
{
	if (domain.p == NULL || f == NULL)
		return (true);
	for (size_t i = 0; i < f->nclauses; i++)
		if (f->clauses[i].key == QK_DOMAIN && !q_clause_text(&f->clauses[i], domain))
			return (false);
	return (true);
}

static int
read_watches(struct query *q, const struct query_filter *f, struct query_watch *v, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (store_prepare(q->s, &st, "SELECT w.id, w.at, w.day, w.who, w.sender, s.label, w.domain, d.name, w.code FROM watch w "
	    "JOIN sender s ON s.id = w.sender LEFT JOIN domain d ON d.id = w.domain WHERE w.ended IS NULL AND w.day >= ?1 "
	    "AND (w.domain = 0 OR d.id IS NOT NULL) ORDER BY w.at DESC, w.id DESC", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, when_day(q->now) - WATCH_SHOWN);
	while ((rc = q_step(q, st, e)) == 1 && *n < TODO_WATCHES) {
		struct query_watch	*w = &v[*n];

		*w = (struct query_watch){ .id = sqlite3_column_int64(st, 0), .at = sqlite3_column_int64(st, 1), .day = sqlite3_column_int64(st, 2),
		    .who = q_column(q, st, 3), .sender = sqlite3_column_int64(st, 4), .label = q_column(q, st, 5),
		    .domain = q_column(q, st, 7), .code = (unsigned)sqlite3_column_int(st, 8) };
		*n += wanted(f, w->domain);
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
query_watches(struct query *q, const struct query_filter *f, int64_t through, struct query_watch **out, size_t *n, struct err *e)
{
	int64_t	 complete;

	*n = 0;
	if (q_need(q, TIER_SENDERS, e) == -1 || q_need(q, TIER_REPORTS, e) == -1)
		return (-1);
	if ((*out = arena_alloc(q->a, TODO_WATCHES, sizeof(**out))) == NULL)
		return (q_oom(e));
	if (read_watches(q, f, *out, n, e) == -1)
		return (-1);
	complete = q_complete_through(q, e);
	if (through == DAY_NONE || (complete != DAY_NONE && complete < through))
		through = complete;
	for (size_t i = 0; i < *n; i++)
		if (judge(q, &(*out)[i], through, e) == -1)
			return (-1);
	return (0);
}

int
query_tasks_said(struct query *q, struct query_task_said **out, size_t *n, struct err *e)
{
	struct query_task_said	*v;
	sqlite3_stmt		*st;
	size_t			 cap = 0;
	int			 rc;

	*n = 0;
	if (store_prepare(q->s, &st, "SELECT task, who, state, at, until FROM task WHERE id IN (SELECT max(id) FROM task GROUP BY task) "
	    "AND state <> 0 AND (until IS NULL OR until > ?1) ORDER BY task", e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, when_day(q->now));
	for (*out = NULL; (rc = q_step(q, st, e)) == 1;) {
		if (*n == cap) {
			cap = cap == 0 ? 64 : cap * 2;
			if ((v = arena_alloc(q->a, cap, sizeof(*v))) == NULL) {
				rc = q_oom(e);
				break;
			}
			if (*n > 0)
				memcpy(v, *out, *n * sizeof(*v));
			*out = v;
		}
		v = &(*out)[(*n)++];
		*v = (struct query_task_said){ .task = q_column(q, st, 0), .who = q_column(q, st, 1),
		    .state = sqlite3_column_int(st, 2) == TASK_SNOOZED ? TASK_SNOOZED : TASK_DISMISSED, .at = sqlite3_column_int64(st, 3),
		    .until = sqlite3_column_type(st, 4) == SQLITE_NULL ? DAY_NONE : sqlite3_column_int64(st, 4) };
	}
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}

int
query_views(struct query *q, const char *owner, struct query_view **out, size_t *n, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*n = 0;
	if ((*out = arena_alloc(q->a, TODO_VIEWS, sizeof(**out))) == NULL)
		return (q_oom(e));
	if (store_prepare(q->s, &st, "SELECT id, at, name, page, query FROM saved_view WHERE owner = ?1 ORDER BY name, id", e) == -1)
		return (-1);
	(void)sqlite3_bind_text(st, 1, owner, -1, SQLITE_STATIC);
	while ((rc = q_step(q, st, e)) == 1 && *n < TODO_VIEWS)
		(*out)[(*n)++] = (struct query_view){ .id = sqlite3_column_int64(st, 0), .at = sqlite3_column_int64(st, 1),
		    .name = q_column(q, st, 2), .page = q_column(q, st, 3), .query = q_column(q, st, 4) };
	(void)sqlite3_finalize(st);
	return (rc == -1 ? -1 : 0);
}
