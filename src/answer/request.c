/*
 * request.c - the parameters of each endpoint, checked.
 */
#include "answer/answer_int.h"
#include "answer/tls.h"
#include "base/escape.h"
#include "explain/texts.h"

/* What an endpoint takes besides filters; limit 0: it has no pages. */
static const struct {
	bool		 filters, by, step, measure, sort, total, cmp, tls, lang;
	size_t		 top;		/* 0: 50 where there are steps */
	size_t		 limit, most;
	const char	*sorts;
} takes[ANSWER_KINDS] = {
	[ANSWER_META] = { 0 },
	[ANSWER_OVERVIEW] = { .filters = true, .cmp = true },
	[ANSWER_TIMESERIES] = { .filters = true, .by = true, .step = true, .measure = true },
	[ANSWER_BREAKDOWN] = { .filters = true, .by = true, .sort = true, .limit = 50, .most = 500,
	    .sorts = "m pass fail key first last" },
	[ANSWER_FLOW] = { .filters = true, .by = true, .top = QUERY_FLOW_TOP, .measure = true },
	[ANSWER_HEATMAP] = { .filters = true, .by = true, .step = true, .top = QUERY_HEAT_ROWS, .measure = true },
	[ANSWER_ROWS] = { .filters = true, .sort = true, .total = true, .limit = 100, .most = 1000, .sorts = "m day seq" },
	[ANSWER_DOMAINS] = { .filters = true, .cmp = true },
	[ANSWER_DOMAIN] = { .filters = true, .cmp = true },
	[ANSWER_REPORTS] = { .filters = true, .sort = true, .total = true, .limit = 50, .most = 500, .sorts = "received m day" },
	[ANSWER_REPORT] = { 0 },
	[ANSWER_FAILURES] = { .filters = true, .sort = true, .total = true, .limit = 50, .most = 500, .sorts = "arrived" },
	[ANSWER_FAILURE] = { 0 },
	[ANSWER_REPORTERS] = { .filters = true },
	[ANSWER_INGEST] = { 0 },
	[ANSWER_SENDERS] = { .filters = true, .sort = true, .limit = 50, .most = 500, .sorts = "m pass fail key first last" },
	[ANSWER_SENDER] = { .filters = true },
	[ANSWER_VENDOR] = { .filters = true, .lang = true },
	[ANSWER_TLS_SUMMARY] = { .tls = true },
	[ANSWER_TLS_REPORTS] = { .tls = true, .sort = true, .total = true, .limit = 50, .most = 500, .sorts = "received day failure" },
	[ANSWER_TLS_REPORT] = { 0 },
	[ANSWER_ROW_EXPLAIN] = { 0 },
	[ANSWER_EXPLAIN] = { .filters = true, .limit = 20, .most = 200 },
};

bool
answer_row_id(struct str text, int64_t *report, uint64_t *seq)
{
	const char	*hash = text.len == 0 ? NULL : memchr(text.p, '#', text.len);
	int64_t		 n;

	if (hash == NULL || !str_i64((struct str){ text.p, (size_t)(hash - text.p) }, report) || *report <= 0 ||
	    !str_i64((struct str){ hash + 1, text.len - (size_t)(hash + 1 - text.p) }, &n) || n <= 0)
		return (false);
	*seq = (uint64_t)n;
	return (true);
}

void
answer_request_init(struct answer_request *r, enum answer_kind kind)
{
	memset(r, 0, sizeof(*r));
	r->kind = kind;
	query_filter_init(&r->filter);
	r->cmp = ANSWER_CMP_PREV;
	r->top = 8;
	r->limit = takes[kind].limit;
	r->by = kind == ANSWER_FLOW || kind == ANSWER_HEATMAP ? BY_SENDER : BY_OUTCOME;
	if (kind == ANSWER_HEATMAP)
		r->top = 20;
}

void
answer_request_free(struct answer_request *r)
{
	query_filter_free(&r->filter);
}

static int
wrong(struct err *e, const char *key, struct str value, const char *want)
{
	char	 v[128];

	return (err_set(e, ERR_CONFIG, "%s: \"%s\" is not %s", key, esc_short(v, sizeof(v), value), want));
}

static int
set_by(struct answer_request *r, struct str value, struct err *e)
{
	bool	 series = r->kind == ANSWER_TIMESERIES, parts = r->kind == ANSWER_FLOW || r->kind == ANSWER_HEATMAP;

	if (str_eq(value, STR("disp")))
		value = str_of(query_by_names[BY_DISP]);
	for (unsigned i = 0; i < BY_COUNT; i++)
		if (str_eq(value, str_of(query_by_names[i])) && (!series || i <= BY_CODE) &&
		    (!parts || !query_by_lists((enum query_by)i))) {
			r->by = (enum query_by)i;
			r->by_given = true;
			return (0);
		}
	return (wrong(e, "by", value, series ? "one of outcome reporter disposition domain sender class code" : parts ?
	    "one of ip prefix domain hfrom efrom reporter spf dkim align disp sender class health code fwd differs trust country asn ptr" :
	    "one of ip prefix domain hfrom efrom reporter spf dkim align disp reason selector sigdomain spfdomain sender class health code fwd "
	    "differs trust country asn ptr"));
}

static int
set_measure(struct answer_request *r, struct str value, struct err *e)
{
	unsigned	 n = r->kind == ANSWER_HEATMAP ? MEASURE_COUNT : MEASURE_RATES;	/* rates do not add up */

	for (unsigned i = 0; i < n; i++)
		if (str_eq(value, str_of(query_measure_names[i]))) {
			r->measure = (enum query_measure)i;
			return (0);
		}
	return (wrong(e, "measure", value, n == MEASURE_COUNT ? "one of m pass fail fail_fix fail_fwd fail_unk quarantine reject overridden "
	    "collateral leaked differs pass_rate legit_pass dkim_cover" : "one of m pass fail fail_fix fail_fwd fail_unk quarantine reject "
	    "overridden collateral leaked differs"));
}

static int
set_sort(struct answer_request *r, struct str value, struct err *e)
{
	const char	*names = takes[r->kind].sorts, *p = names;
	struct str	 word = value;
	char		 want[128];

	if (word.len > 0 && word.p[0] == '-') {
		word.p++;
		word.len--;
	}
	while (*p != '\0') {
		size_t	 n = strcspn(p, " ");

		if (n == word.len && memcmp(p, word.p, n) == 0 && value.len < sizeof(r->sort)) {
			memcpy(r->sort, value.p, value.len);
			r->sort[value.len] = '\0';
			return (0);
		}
		p += n + (p[n] == ' ');
	}
	(void)snprintf(want, sizeof(want), "one of %s (\"-\" in front: the largest first)", names);
	return (wrong(e, "sort", value, want));
}

static int
set_number(const char *key, struct str value, size_t most, size_t *out, struct err *e)
{
	int64_t	 n;
	char	 want[64];

	if (str_i64(value, &n) && n >= 1 && (uint64_t)n <= most) {
		*out = (size_t)n;
		return (0);
	}
	(void)snprintf(want, sizeof(want), "a number from 1 to %zu", most);
	return (wrong(e, key, value, want));
}

static int
set_word(const char *key, struct str value, const char *no, const char *yes, bool *out, struct err *e)
{
	char	 want[64];

	if (!str_eq(value, str_of(no)) && !str_eq(value, str_of(yes))) {
		(void)snprintf(want, sizeof(want), "%s or %s", no, yes);
		return (wrong(e, key, value, want));
	}
	*out = str_eq(value, str_of(yes));
	return (0);
}

static int
set_lang(struct answer_request *r, struct str value, struct err *e)
{
	int	 lang = explain_language(value);

	if (lang == -1)
		return (wrong(e, "lang", value, "a language that we have sentences in"));
	r->lang = (unsigned)lang;
	r->lang_given = true;
	return (0);
}

static int
set_cmp(struct answer_request *r, struct str value, struct err *e)
{
	static const char *const	 words[] = { "none", "prev", "year" };

	for (unsigned i = 0; i < nitems(words); i++)
		if (str_eq(value, str_of(words[i]))) {
			r->cmp = (enum answer_cmp)i;
			return (0);
		}
	return (wrong(e, "cmp", value, "one of prev year none"));
}

int
answer_request_set(struct answer_request *r, struct str key, struct str value, struct err *e)
{
	size_t	 n;
	char	 k[64];

	if (takes[r->kind].tls && answer_tls_knows(key))
		return (answer_tls_set(r, key, value, e));
	if (takes[r->kind].tls && (str_eq(key, STR("domain")) || str_eq(key, STR("reporter")) || str_eq(key, STR("apart")) || str_eq(key, STR("t")) ||
	    str_eq(key, STR("from")) || str_eq(key, STR("to"))))
		return (query_filter_set(&r->filter, key, value, e));
	if (r->kind == ANSWER_TLS_REPORTS && str_eq(key, STR("trust")))
		return (query_filter_set(&r->filter, key, value, e));
	if (takes[r->kind].filters && query_filter_knows(key))
		return (query_filter_set(&r->filter, key, value, e));
	if (takes[r->kind].lang && str_eq(key, STR("lang")))
		return (set_lang(r, value, e));
	if (r->kind == ANSWER_FAILURES && str_eq(key, STR("type"))) {
		if (value.len == 0 || value.len >= sizeof(r->type) || memchr(value.p, '\0', value.len) != NULL)
			return (wrong(e, "type", value, "a list of words"));
		memcpy(r->type, value.p, value.len);
		r->type[value.len] = '\0';
		return (0);
	}
	if (takes[r->kind].by && (str_eq(key, STR("by")) || (r->kind == ANSWER_HEATMAP && str_eq(key, STR("rows")))))
		return (set_by(r, value, e));
	if (takes[r->kind].step && str_eq(key, STR("step"))) {
		r->step_given = true;
		return (set_word("step", value, "day", "week", &r->week, e));
	}
	if ((takes[r->kind].step || takes[r->kind].top != 0) && str_eq(key, STR("top"))) {
		if (set_number("top", value, takes[r->kind].top != 0 ? takes[r->kind].top : 50, &n, e) == -1)
			return (-1);
		r->top = (unsigned)n;
		return (0);
	}
	if (takes[r->kind].measure && str_eq(key, STR("measure")))
		return (set_measure(r, value, e));
	if (takes[r->kind].cmp && str_eq(key, STR("cmp")))
		return (set_cmp(r, value, e));
	if (takes[r->kind].sort && str_eq(key, STR("sort")))
		return (set_sort(r, value, e));
	if (takes[r->kind].limit != 0 && str_eq(key, STR("limit")))
		return (set_number("limit", value, takes[r->kind].most, &r->limit, e));
	if (takes[r->kind].sort && str_eq(key, STR("cursor"))) {
		if (value.len >= sizeof(r->cursor) || memchr(value.p, '\0', value.len) != NULL)
			return (wrong(e, "cursor", value, "a cursor of ours"));
		memcpy(r->cursor, value.p, value.len);
		r->cursor[value.len] = '\0';
		return (0);
	}
	if (takes[r->kind].total && str_eq(key, STR("total")))
		return (set_word("total", value, "0", "1", &r->total, e));
	return (err_set(e, ERR_CONFIG, "there is no parameter \"%s\" here", esc_short(k, sizeof(k), key)));
}
