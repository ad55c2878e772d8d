/*
 * model.c - alert_model_make: what the store knows of the last six weeks, as
 * the rules want it. Nothing is decided here but who is looked at at all.
 */
#include <stdlib.h>

#include "alert/rules.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "dmarc/name.h"
#include "store/query_tls.h"
#include "store/todo.h"

#define LAG_MOST	7	/* days that the last complete one may be back: what is older is no news */
#define LINES		5000	/* domains, and reporters, of one series */
#define SENDERS		200
#define HISTORY		7	/* days that a domain was known before who is new there is said */
#define TLS_DAYS	3

static int
oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

bool
alert_wanted(const struct alert_model *m, struct str domain)
{
	const struct str_list	*l = m->rq->domains;

	return (l == NULL || l->n == 0 || domain_below_any(domain, l));
}

static int
by_name(const void *a, const void *b)
{
	return (str_order(((const struct alert_domain *)a)->domain, ((const struct alert_domain *)b)->domain));
}

static struct alert_domain *
domain_find(struct alert_model *m, struct str name)
{
	struct alert_domain	 key = { .domain = name };

	return (m->ndomains == 0 ? NULL : bsearch(&key, m->domains, m->ndomains, sizeof(key), by_name));
}

struct alert_day *
alert_day_of(const struct alert_model *m, struct alert_domain *d, int64_t day)
{
	return (day < m->first || day >= m->first + ALERT_DAYS ? NULL : &d->days[day - m->first]);
}

/* --- Days ------------------------------------------------------------------------------- */

/* own: only what was sent by oneself or for one, and not forwarded. */
static int
series(struct alert_model *m, bool own, enum query_measure measure, struct err *e)
{
	struct query_filter	 f;
	struct query_range	 r = { m->first, m->today, m->through };
	struct query_series	 s;
	int			 rv = 0;

	query_filter_init(&f);
	if (own && (query_filter_set(&f, STR("class"), STR("own,service,candidate"), e) == -1 ||
	    query_filter_set(&f, STR("fwd"), STR("no"), e) == -1))
		rv = -1;
	if (rv == 0)
		rv = query_series(m->q, &f, &r, BY_DOMAIN, false, LINES, measure, &s, e);
	query_filter_free(&f);
	if (rv == -1)
		return (-1);
	for (size_t i = 0; i < s.nlines; i++) {
		struct alert_domain	*d = s.lines[i].key.p == NULL ? NULL : domain_find(m, s.lines[i].key);

		for (size_t k = 0; d != NULL && k < s.ndays; k++) {
			struct alert_day	*x = alert_day_of(m, d, s.days[k]);
			uint64_t		 v = s.lines[i].values[k];

			if (x == NULL)
				continue;
			switch (measure) {
			case MEASURE_COLLATERAL:
				*(own ? &x->own : &x->collateral) = v;
				break;
			case MEASURE_FAIL_UNK:
				x->unproven = v;
				break;
			case MEASURE_LEAKED:
				x->leaked = v;
				break;
			default:
				x->m = v;
				break;
			}
		}
	}
	return (0);
}

static int
domains(struct alert_model *m, struct err *e)
{
	static const enum query_measure	 measures[] = { MEASURE_M, MEASURE_COLLATERAL, MEASURE_FAIL_UNK, MEASURE_LEAKED };
	struct query_filter		 all;
	struct query_range		 r = { m->first, m->today, m->through };
	struct query_domains		 q;

	query_filter_init(&all);
	if (query_domains(m->q, &all, &r, NULL, &q, e) == -1)
		return (-1);
	if ((m->domains = arena_alloc(m->a, q.nitems + 1, sizeof(*m->domains))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < q.nitems; i++) {
		const struct query_domain	*x = &q.items[i];
		struct alert_domain		*d;

		/* what is no name is nobody's domain, and no question can be asked about it */
		if (x->last_ever == DAY_NONE || x->last_ever < m->first || !domain_plain(x->domain) || !alert_wanted(m, x->domain))
			continue;
		d = &m->domains[m->ndomains++];
		*d = (struct alert_domain){ .domain = x->domain, .first_ever = DAY_NONE, .last_ever = x->last_ever, .rung_day = DAY_NONE,
		    .tls_result = STR_NONE, .tls_mx = STR_NONE, .rung_was = STR_NONE, .rung_is = STR_NONE };
		for (size_t k = 0; x->spark_known != NULL && k < q.ndays && k < ALERT_DAYS; k++) {
			d->days[k].known = x->spark_known[k];
			if (x->spark_known[k] && d->first_ever == DAY_NONE)
				d->first_ever = m->first + (int64_t)k;
		}
	}
	if (m->ndomains > 1)
		qsort(m->domains, m->ndomains, sizeof(*m->domains), by_name);
	for (size_t i = 0; i < nitems(measures) && m->ndomains > 0; i++)
		if (series(m, false, measures[i], e) == -1)
			return (-1);
	return (m->ndomains > 0 ? series(m, true, MEASURE_COLLATERAL, e) : 0);
}

/* --- Reporters ------------------------------------------------------------------------------ */

static int
reporters(struct alert_model *m, struct err *e)
{
	struct query_filter	 all;
	struct query_range	 r = { m->first, m->today, m->through };
	struct query_series	 s;

	query_filter_init(&all);
	if (query_series(m->q, &all, &r, BY_REPORTER, false, LINES, MEASURE_M, &s, e) == -1)
		return (-1);
	if ((m->reporters = arena_alloc(m->a, s.nlines + 1, sizeof(*m->reporters))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < s.nlines; i++) {
		struct alert_reporter	*x;
		uint64_t		 sum = 0;
		size_t			 last = s.ndays;

		for (size_t k = s.ndays; k > 0 && last == s.ndays; k--)
			if (s.lines[i].values[k - 1] > 0)
				last = k - 1;
		if (last == s.ndays || s.lines[i].key.p == NULL)
			continue;
		x = &m->reporters[m->nreporters++];
		*x = (struct alert_reporter){ .name = s.lines[i].label.len > 0 ? s.lines[i].label : s.lines[i].key, .last_day = s.days[last] };
		for (size_t k = last + 1; k > 0 && k + 6 > last; k--) {
			x->days += s.lines[i].values[k - 1] > 0;
			sum += s.lines[i].values[k - 1];
		}
		x->usual_m = (sum + 3) / 7;
		m->usual_m += x->usual_m;
	}
	return (0);
}

/* --- Senders ----------------------------------------------------------------------------------- */

static int64_t
sender_id(struct str key)
{
	int64_t	 id = 0;

	return (str_i64(key, &id) ? id : 0);
}

static int
senders_of(struct alert_model *m, struct alert_domain *d, const struct query_range *week, const struct query_range *base, struct err *e)
{
	struct query_filter	 f;
	struct query_page	 page = { .limit = SENDERS };
	struct query_breakdown	 now, was;
	int			 rv = -1;

	query_filter_init(&f);
	if (query_filter_set(&f, STR("domain"), d->domain, e) == 0 && query_filter_set(&f, STR("class"), STR("own,service"), e) == 0 &&
	    query_filter_set(&f, STR("fwd"), STR("no"), e) == 0 && query_breakdown(m->q, &f, week, BY_SENDER, &page, &now, e) == 0 &&
	    query_breakdown(m->q, &f, base, BY_SENDER, &page, &was, e) == 0)
		rv = 0;
	query_filter_free(&f);
	if (rv == -1)
		return (-1);
	if ((d->senders = arena_alloc(m->a, now.nitems + 1, sizeof(*d->senders))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < now.nitems; i++) {
		const struct query_group	*g = &now.items[i];
		struct alert_sender		*s;

		if (sender_id(g->key) == 0 || query_passing(&g->counts) == g->counts.m)
			continue;
		s = &d->senders[d->nsenders++];
		*s = (struct alert_sender){ .id = sender_id(g->key), .label = g->label, .m = g->counts.m, .pass = query_passing(&g->counts) };
		for (size_t k = 0; k < was.nitems; k++)
			if (str_eq(was.items[k].key, g->key)) {
				s->was_m = was.items[k].counts.m;
				s->was_pass = query_passing(&was.items[k].counts);
			}
	}
	return (0);
}

static int
senders(struct alert_model *m, struct err *e)
{
	struct query_filter	 all;
	struct query_range	 week = { m->through - 6, m->through, m->through };
	struct query_range	 base = { week.from - ALERT_BASE, week.from - 1, m->through };
	struct query_domains	 q;

	query_filter_init(&all);
	if (query_domains(m->q, &all, &week, NULL, &q, e) == -1)
		return (-1);
	for (size_t i = 0; i < q.nitems; i++) {
		struct alert_domain	*d = domain_find(m, q.items[i].domain);

		if (d != NULL && q.items[i].counts.yours_pass < q.items[i].counts.yours && senders_of(m, d, &week, &base, e) == -1)
			return (-1);
	}
	return (0);
}

/* Those whose first mail for a domain is of the week, where the domain itself is not new. */
static int
fresh(struct alert_model *m, struct err *e)
{
	struct query_filter	 all;
	struct query_range	 week = { m->through - 6, m->through, m->through };
	struct query_page	 page = { .sort = "-first", .limit = SENDERS };
	struct query_breakdown	 b;
	struct query_sender	 snd;

	query_filter_init(&all);
	if (query_breakdown(m->q, &all, &week, BY_SENDER, &page, &b, e) == -1)
		return (-1);
	for (size_t i = 0; i < b.nitems; i++) {
		int64_t	 id = sender_id(b.items[i].key);

		if (id == 0)
			continue;
		if (query_sender(m->q, id, &all, &snd, e) == -1) {
			if (e->code != ERR_INPUT)
				return (-1);
			memset(e, 0, sizeof(*e));
			continue;
		}
		for (size_t k = 0; k < snd.ndomains; k++) {
			const struct query_sender_domain	*x = &snd.domains[k];
			struct alert_domain			*d = domain_find(m, x->domain);

			if (d == NULL || x->first_day < week.from || x->first_day > week.to || d->first_ever == DAY_NONE ||
			    d->first_ever > week.from - HISTORY || d->nfresh == SENDERS)
				continue;
			if (d->fresh == NULL && (d->fresh = arena_alloc(m->a, SENDERS, sizeof(*d->fresh))) == NULL)
				return (oom(e));
			/* both: what it is to a domain that the week's mail did not reach is of another time */
			d->fresh[d->nfresh++] = (struct alert_sender){ .id = id, .first_day = x->first_day, .label = snd.label,
			    .class = x->class, .decided = x->decided, .m = x->m < b.items[i].counts.m ? x->m : b.items[i].counts.m };
		}
	}
	return (0);
}

/* --- Policies ------------------------------------------------------------------------------------ */

static int
rung(const struct report_policy *p)
{
	int	 at = str_ieq(p->p, "none") ? 0 : str_ieq(p->p, "quarantine") ? 2 : str_ieq(p->p, "reject") ? 4 : -1;

	return (at > 0 && str_ieq(p->testing, "y") ? at - 1 : at);
}

static struct str
rung_name(int at)
{
	static const char *const	 names[] = { "p=none", "p=quarantine t=y", "p=quarantine", "p=reject t=y", "p=reject" };

	return (str_of(names[at]));
}

static int
policies(struct alert_model *m, struct err *e)
{
	struct query_filter		 all;
	struct query_range		 r = { m->through - 7, m->through, m->through };
	struct query_policy_event	*v;
	size_t				 n;

	query_filter_init(&all);
	if (query_policy_events(m->q, &all, &r, &v, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		struct alert_domain	*d = domain_find(m, v[i].domain);
		int			 was = rung(&v[i].was), is = rung(&v[i].is);

		if (d == NULL || was < 0 || is <= was || v[i].day <= r.from || (d->rung_day != DAY_NONE && d->rung_day >= v[i].day))
			continue;
		d->rung_day = v[i].day;
		d->rung_was = rung_name(was);
		d->rung_is = rung_name(is);
		d->rung_reporters = v[i].reporters;
	}
	return (0);
}

/* --- Fixes that somebody reported ------------------------------------------------------------------- */

static int
watches(struct alert_model *m, struct err *e)
{
	struct query_watch	*v;
	size_t			 n;
	char			 code[8];

	if (query_watches(m->q, NULL, m->through, &v, &n, e) == -1)
		return (-1);
	if ((m->watches = arena_alloc(m->a, n + 1, sizeof(*m->watches))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < n; i++) {
		struct alert_watch	*w = &m->watches[m->nwatches];

		/* one that was confirmed long ago is no news to who begins to listen today */
		if (v[i].verdict != WATCH_CONFIRMED || v[i].since == DAY_NONE || v[i].since < m->through - LAG_MOST ||
		    (v[i].domain.p != NULL && !alert_wanted(m, v[i].domain)))
			continue;
		*w = (struct alert_watch){ .id = v[i].id, .domain = v[i].domain, .name = v[i].label, .m = v[i].m, .pass = v[i].pass, .since = v[i].day + 1 };
		(void)dmarc_code_name(v[i].code, code);
		if ((w->code = arena_str(m->a, str_of(code))).p == NULL)
			return (oom(e));
		m->nwatches++;
	}
	return (0);
}

/* --- TLS --------------------------------------------------------------------------------------------- */

/*
 * A session may be told of under several policy types, so of each day the type
 * with most sessions speaks; the rest would count some twice.
 */
static int
tls(struct alert_model *m, struct err *e)
{
	struct query_filter		 all;
	struct query_range		 r = { m->today - TLS_DAYS, m->today - 1, m->through };
	struct query_tls_filter		 f = { .base = &all };
	struct query_tls_sum		*v;
	struct query_tls_failure	*bad;
	size_t				 n, nbad;

	query_filter_init(&all);
	if (query_tls_sums(m->q, &f, &r, &v, &n, e) == -1 || query_tls_failures(m->q, &f, &r, true, 200, &bad, &nbad, e) == -1)
		return (-1);
	for (size_t i = 0, to; i < n; i = to) {
		struct alert_domain	*d = domain_find(m, v[i].domain);
		struct alert_tls	 by[8] = { { 0 } }, best = { .day = v[i].day };

		for (to = i; to < n && v[to].day == v[i].day && str_eq(v[to].domain, v[i].domain); to++)
			if (v[to].result == -1 && (size_t)v[to].type < nitems(by)) {
				by[v[to].type].ok += v[to].success;
				by[v[to].type].failed += v[to].failure;
			}
		if (d == NULL)
			continue;
		for (size_t t = 0; t < nitems(by); t++)
			if (by[t].ok + by[t].failed > best.ok + best.failed) {
				best.ok = by[t].ok;
				best.failed = by[t].failed;
			}
		if (d->tls == NULL && (d->tls = arena_alloc(m->a, TLS_DAYS + 1, sizeof(*d->tls))) == NULL)
			return (oom(e));
		if (d->ntls <= TLS_DAYS)
			d->tls[d->ntls++] = best;
	}
	for (size_t i = 0; i < nbad; i++) {	/* the largest first */
		struct alert_domain	*d = domain_find(m, bad[i].domain);
		bool			 expired = strcmp(tls_result_names[bad[i].result], "certificate-expired") == 0;

		if (d == NULL || (d->tls_result.p != NULL && (!expired || d->tls_expired)))
			continue;
		d->tls_result = str_of(tls_result_names[bad[i].result]);
		d->tls_mx = bad[i].mx;
		d->tls_expired |= expired;
	}
	return (0);
}

/* --- All of it ------------------------------------------------------------------------------------------- */

int
alert_model_make(struct query *q, const struct alert_request *rq, struct alert_model *m, struct err *e)
{
	struct query_meta	 meta;
	int64_t			 read = 0;

	*m = (struct alert_model){ .q = q, .a = query_arena(q), .rq = rq, .now = query_now(q), .through = DAY_NONE, .from = DAY_NONE };
	m->today = when_day(m->now);
	m->first = m->today - ALERT_DAYS + 1;
	if (query_meta(q, &meta, e) == -1)
		return (-1);
	if (meta.complete_through != DAY_NONE && meta.complete_through >= m->today - LAG_MOST && meta.complete_through < m->today) {
		m->through = m->from = meta.complete_through;
		/* what nobody looked at when it was the last day: not before it was looked at for the first time */
		if (rq->judged != DAY_NONE && rq->judged < m->through)
			m->from = rq->judged + 1 > m->through - ALERT_CATCH_UP + 1 ? rq->judged + 1 : m->through - ALERT_CATCH_UP + 1;
	}
	for (size_t i = 0; i < rq->nmailboxes; i++)
		read = rq->mailboxes[i].last_success > read ? rq->mailboxes[i].last_success : read;
	m->heard = rq->nmailboxes == 0 || read > m->now ? m->now : read;
	if (domains(m, e) == -1 || reporters(m, e) == -1 || tls(m, e) == -1 || query_ingest(q, &m->ingest, e) == -1)
		return (-1);
	if (m->through == DAY_NONE)
		return (0);
	return (senders(m, e) == -1 || fresh(m, e) == -1 || policies(m, e) == -1 || watches(m, e) == -1 ? -1 : 0);
}
