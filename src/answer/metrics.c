/*
 * metrics.c - figures as Prometheus reads them (its text format, 0.0.4): sums
 * over all that is stored. They go up as reports come in, and down only when
 * reports are replaced or judged anew, which a counter's reader takes for a
 * restart.
 */
#include "answer/answer.h"
#include "base/escape.h"
#include "base/when.h"
#include "store/query_tls.h"

#define DOMAINS ((size_t)200)	/* with a label of their own: the largest; the rest is "other" */
#define DOMAINS_CODES ((size_t)50)	/* the same, where each is a question of its own */
#define CODES 100

static const char *const	 outcomes[] = { "both", "dkim_only", "spf_only", "fail_fix", "fail_fwd", "fail_unk", "untold" };

/* A label's value: what strangers wrote, on one line, quoted as the format asks. */
bool
answer_metrics_label(struct buf *b, struct str s)
{
	struct buf	 safe = { 0 };

	(void)esc_text(&safe, s);
	for (size_t i = 0; i < safe.len; i++) {
		if (safe.p[i] == '"' || safe.p[i] == '\\')
			(void)buf_byte(b, '\\');
		(void)buf_byte(b, (unsigned char)safe.p[i]);
	}
	b->failed |= safe.failed;
	buf_free(&safe);
	return (!b->failed);
}

void
answer_metrics_head(struct buf *b, const char *name, const char *type, const char *help)
{
	(void)buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
one(struct buf *b, const char *name, const char *type, const char *help, uint64_t v)
{
	answer_metrics_head(b, name, type, help);
	(void)buf_printf(b, "%s %llu\n", name, (unsigned long long)v);
}

static void
by_domain(struct buf *b, const char *name, struct str domain, const char *label, struct str value, uint64_t v)
{
	(void)buf_printf(b, "%s{domain=\"", name);
	(void)answer_metrics_label(b, domain);
	(void)buf_printf(b, "\",%s=\"", label);
	(void)answer_metrics_label(b, value);
	(void)buf_printf(b, "\"} %llu\n", (unsigned long long)v);
}

static uint64_t
outcome(const struct query_counts *c, size_t i)
{
	const uint64_t	 v[] = { c->both, c->dkim_only, c->spf_only, c->fail_fix, c->fail_fwd, c->fail_unk, c->untold };

	return (v[i]);
}

static int
larger(const void *a, const void *b)
{
	const struct query_domain	*x = a, *y = b;

	if (x->counts.m != y->counts.m)
		return (x->counts.m > y->counts.m ? -1 : 1);
	return (strcmp(x->domain.p, y->domain.p));
}

static int
messages(struct query *q, const struct query_filter *all, const struct query_range *r, struct query_domains *out, struct buf *b, struct err *e)
{
	struct query_domains	 d;
	struct query_domain	 other = { .domain = STR("other") };
	size_t			 n;

	if (query_domains(q, all, r, NULL, &d, e) == -1)
		return (-1);
	if (d.nitems > 1)
		qsort(d.items, d.nitems, sizeof(*d.items), larger);
	*out = d;
	for (n = d.nitems; n > DOMAINS; n--)
		query_counts_add(&other.counts, &d.items[n - 1].counts);
	answer_metrics_head(b, "dmarcd_messages_total", "counter", "Messages that reports tell of, by how they passed or failed DMARC.");
	for (size_t i = 0; i < n + (d.nitems > n); i++)
		for (size_t k = 0; k < nitems(outcomes); k++) {
			const struct query_domain	*x = i < n ? &d.items[i] : &other;

			by_domain(b, "dmarcd_messages_total", x->domain, "outcome", str_of(outcomes[k]), outcome(&x->counts, k));
		}
	answer_metrics_head(b, "dmarcd_dispositions_total", "counter", "The same messages by what receivers did with them.");
	for (size_t i = 0; i < n + (d.nitems > n); i++)
		for (size_t k = 0; k < DISP_COUNT; k++) {
			const struct query_domain	*x = i < n ? &d.items[i] : &other;

			by_domain(b, "dmarcd_dispositions_total", x->domain, "disposition", str_of(disposition_names[k]), x->counts.disp[k]);
		}
	answer_metrics_head(b, "dmarcd_own_messages_total", "counter", "Messages of one's own senders that nobody forwarded: passing, failing, "
	    "and hurt (put aside or refused; forwarded ones among them).");
	for (size_t i = 0; i < n + (d.nitems > n); i++) {
		const struct query_domain	*x = i < n ? &d.items[i] : &other;

		by_domain(b, "dmarcd_own_messages_total", x->domain, "result", STR("pass"), x->counts.yours_pass);
		by_domain(b, "dmarcd_own_messages_total", x->domain, "result", STR("fail"), x->counts.yours - x->counts.yours_pass);
		by_domain(b, "dmarcd_own_messages_total", x->domain, "result", STR("hurt"), x->counts.collateral);
	}
	return (0);
}

/* Failing messages by code, of one domain (absent: of all). */
static int
codes_of(struct query *q, struct str domain, const struct query_range *r, struct query_breakdown *out, struct err *e)
{
	struct query_page	 page = { .limit = CODES };
	struct query_filter	 f;
	int			 rv = -1;

	query_filter_init(&f);
	f.all = true;
	if (query_filter_set(&f, STR("align"), STR("none"), e) == 0 &&
	    (domain.p == NULL || query_filter_set(&f, STR("domain"), domain, e) == 0))
		rv = query_breakdown(q, &f, r, BY_CODE, &page, out, e);
	query_filter_free(&f);
	return (rv);
}

static bool
plain_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(ascii_lower(s.p[i]) >= 'a' && ascii_lower(s.p[i]) <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') && strchr(".-_", s.p[i]) == NULL)
			return (false);
	return (s.len > 0 && s.len < 254);
}

/* Of the largest domains one by one, a question each; the rest together. */
static int
codes(struct query *q, const struct query_domains *d, const struct query_range *r, struct buf *b, struct err *e)
{
	struct query_breakdown	 rest, v;
	size_t			 told = 0;

	if (codes_of(q, STR_NONE, r, &rest, e) == -1)
		return (-1);
	answer_metrics_head(b, "dmarcd_failures_total", "counter", "Failing messages by the code of what explains them, F1 to F12.");
	for (size_t i = 0; i < d->nitems && told < DOMAINS_CODES; i++) {
		if (!plain_name(d->items[i].domain))
			continue;
		if (codes_of(q, d->items[i].domain, r, &v, e) == -1)
			return (-1);
		told++;
		for (size_t k = 0; k < v.nitems; k++) {
			by_domain(b, "dmarcd_failures_total", d->items[i].domain, "code", v.items[k].key, v.items[k].counts.m);
			for (size_t j = 0; j < rest.nitems; j++)
				if (str_eq(rest.items[j].key, v.items[k].key))
					rest.items[j].counts.m -= v.items[k].counts.m;
		}
	}
	for (size_t j = 0; j < rest.nitems && told < d->nitems; j++)
		by_domain(b, "dmarcd_failures_total", STR("other"), "code", rest.items[j].key, rest.items[j].counts.m);
	return (0);
}

static int
tls(struct query *q, const struct query_filter *all, struct buf *b, struct err *e)
{
	struct query_tls_filter	 f = { .base = all };
	struct query_tls_sum	*v;
	struct query_range	 r;
	uint64_t		 by[TLS_TYPES][2] = { { 0 } };
	size_t			 n;

	if (query_tls_range(q, all, &r, e) == -1 || query_tls_sums(q, &f, &r, &v, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++)
		if (v[i].result == -1 && (size_t)v[i].type < nitems(by)) {
			by[v[i].type][0] += v[i].success;
			by[v[i].type][1] += v[i].failure;
		}
	/* one session may stand under two types: adding them up is for nobody */
	answer_metrics_head(b, "dmarcd_tls_sessions_total", "counter", "Sessions of SMTP TLS reports by type of policy; one session may be told of under several.");
	for (size_t t = 0; t < nitems(by); t++)
		(void)buf_printf(b, "dmarcd_tls_sessions_total{policy_type=\"%s\",result=\"successful\"} %llu\n"
		    "dmarcd_tls_sessions_total{policy_type=\"%s\",result=\"failed\"} %llu\n", tls_type_names[t], (unsigned long long)by[t][0],
		    tls_type_names[t], (unsigned long long)by[t][1]);
	return (0);
}

static int
intake(struct query *q, struct buf *b, struct err *e)
{
	struct query_ingest	 in;

	if (query_ingest(q, &in, e) == -1)
		return (-1);
	answer_metrics_head(b, "dmarcd_mails_total", "counter", "Mails and files taken in, by what became of them.");
	for (size_t i = 0; i < IN_COUNT; i++)
		(void)buf_printf(b, "dmarcd_mails_total{result=\"%s\"} %llu\n", intake_result_names[i], (unsigned long long)in.totals[i]);
	one(b, "dmarcd_quarantine_messages", "gauge", "Messages that could not be read and wait in quarantine.", in.quarantined);
	one(b, "dmarcd_quarantine_bytes", "gauge", "Their size.", in.quarantined_bytes);
	one(b, "dmarcd_database_bytes", "gauge", "Size of the database.", in.bytes);
	return (0);
}

static int
all_of(struct query *q, struct query_filter *all, struct buf *b, struct err *e)
{
	struct query_meta	 m;
	struct query_range	 r;
	struct query_domains	 d;

	if (query_meta(q, &m, e) == -1 || query_filter_range(q, all, &r, e) == -1)
		return (-1);
	answer_metrics_head(b, "dmarcd_build_info", "gauge", "The version, as a label.");
	(void)buf_printf(b, "dmarcd_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
	one(b, "dmarcd_reports", "gauge", "Aggregate reports in the store.", m.reports);
	one(b, "dmarcd_records", "gauge", "Their records.", m.records);
	one(b, "dmarcd_domains", "gauge", "Domains that reports are about.", m.domains);
	if (m.complete_through != DAY_NONE)
		one(b, "dmarcd_complete_through_timestamp_seconds", "gauge", "End of the last day that the usual reporters have reported.",
		    (uint64_t)(m.complete_through + 1) * DAY_SECONDS);
	if (m.last_day != DAY_NONE)
		one(b, "dmarcd_last_report_day_timestamp_seconds", "gauge", "Begin of the last day that there is a report of.",
		    (uint64_t)m.last_day * DAY_SECONDS);
	if (messages(q, all, &r, &d, b, e) == -1 || codes(q, &d, &r, b, e) == -1 || tls(q, all, b, e) == -1)
		return (-1);
	return (intake(q, b, e));
}

int
answer_metrics(struct query *q, struct buf *b, struct err *e)
{
	struct query_filter	 all;
	int			 rv;

	query_filter_init(&all);
	all.all = true;
	rv = all_of(q, &all, b, e);
	query_filter_free(&all);
	return (rv == 0 && b->failed ? err_set(e, ERR_TEMP, "out of memory") : rv);
}
