/*
 * model.c - summary_make: asks the store what happened and decides what of it
 * needs somebody. Nothing here knows how it will be said.
 */
#include <math.h>
#include <stdlib.h>

#include "answer/answer.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "dmarc/name.h"
#include "explain/explain.h"
#include "store/query_tls.h"
#include "summary/changed.h"
#include "summary/fixes.h"
#include "summary/summary.h"

/* What needs somebody: the design's rules for alerts, over a period. */
#define LAG_MOST	3	/* days that complete_through may be behind yesterday */
#define HURT_MESSAGES	10	/* of one's own mail, and ... */
#define HURT_PER_MILLE	5
#define BROKE_MESSAGES	50	/* a week, of a sender */
#define BROKE_POINTS	0.10
#define BROKE_Z		3.0
#define FAILING_MESSAGES 10
#define FAILING_PERCENT	5
#define SURGE_TIMES	5
#define SURGE_MESSAGES	500
#define SURGE_LEAKED	50	/* per cent: then it is urgent */
#define NEW_MESSAGES	10
#define REVIEW_MESSAGES	50	/* a week, of a sender that nobody has decided about, and ... */
#define REVIEW_PERCENT	5
#define SILENT_DAYS	3	/* no report about a domain that had them on */
#define SILENT_OF_7	4	/* so many of seven days; and it is said for */
#define SILENT_SAID	30	/* so many days */
#define UNREADABLE_PERCENT 5
#define UNREADABLE_LEAST 3
#define MAILBOX_SECONDS	(6 * 3600)
#define TLS_PERCENT	1
#define TLS_SESSIONS	20
#define TLS_EXPIRED	"certificate-expired"
#define SENDERS_ASKED	200	/* of a domain */
#define SENDERS_HURT	3	/* told by name */
#define SENDERS_NEW	8
#define ITEMS_MOST	60
#define ITEMS_TASKS	400	/* with request.tasks: people put some off */
#define READY_MESSAGES	100	/* a week, of a domain at p=none, of which ... */
#define READY_PERMILLE	980	/* of one's own pass */

const char *const summary_period_names[] = { "day", "week", "month", "days" };
const char *const summary_level_names[] = { "urgent", "warn", "info" };
const char *const summary_kind_names[ITEM_KINDS] = {
	"hurt", "silent", "mailbox", "broke", "unreadable", "failing", "tls", "hurt_forwarded", "surge", "review", "reporter",
	"policy", "quarantine"
};

struct make {
	struct query			*q;
	struct arena			*a;
	const struct summary_request	*rq;
	struct summary			*s;
	struct query_filter		 filter;	/* of the request; its clauses are its owner's */
	struct query_value		*names;		/* of domains below those of the request */
	struct query_range		 r, prev;
	double				 weeks;		/* in the period */
	size_t				 most;		/* items */
	bool				 history;	/* there are reports from before it: else everything would be new */
};

static int
oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

/* --- The period -------------------------------------------------------------------------- */

/* First day of the month that day is in, and of the one before. */
static int64_t
month_begin(int64_t day)
{
	char	 text[WHEN_TEXT];
	int64_t	 out = day;

	(void)when_date(day, text);
	text[8] = '0';
	text[9] = '1';
	(void)when_parse_date(str_of(text), &out);
	return (out);
}

static void
period_set(struct make *k, int64_t complete, int64_t today)
{
	struct summary	*s = k->s;
	int64_t		 days, end = complete;

	s->complete_through = complete;
	if (complete == DAY_NONE || complete < today - 1 - LAG_MOST)
		end = today - 1 - LAG_MOST;	/* what could be complete is */
	switch (k->rq->period) {
	case PERIOD_DAY:
		s->from = s->to = end;
		break;
	case PERIOD_WEEK:
		s->to = end;
		s->from = end - 6;
		break;
	case PERIOD_MONTH:	/* the last one that is whole */
		s->to = month_begin(end + 1) - 1;
		s->from = month_begin(s->to);
		break;
	case PERIOD_DAYS:
		s->from = k->rq->from;
		s->to = k->rq->to == DAY_NONE ? end : k->rq->to;
		break;
	}
	if (k->rq->period != PERIOD_DAYS && k->rq->to != DAY_NONE) {	/* the period that ends there */
		days = s->to - s->from;
		s->to = k->rq->to;
		s->from = k->rq->period == PERIOD_MONTH ? month_begin(s->to) : s->to - days;
	}
	if (s->from == DAY_NONE || s->from > s->to)
		s->from = s->to;
	s->complete = complete != DAY_NONE && s->to <= complete;
	s->prev_to = s->from - 1;
	s->prev_from = k->rq->period == PERIOD_MONTH ? month_begin(s->prev_to) : s->prev_to - (s->to - s->from);
	k->r = (struct query_range){ s->from, s->to, complete };
	k->prev = (struct query_range){ s->prev_from, s->prev_to, complete };
	k->weeks = (double)(s->to - s->from + 1) / 7.0;
}

/* --- Filters -------------------------------------------------------------------------------- */

/* The request's filter and one more clause or two: "key=value" pairs, none of them ours to free but by done(). */
struct narrowed { struct query_filter f; size_t shared; };

static void
narrow_done(struct narrowed *n)
{
	struct query_filter	 own;

	query_filter_init(&own);
	for (size_t i = n->shared; i < n->f.nclauses; i++)
		own.clauses[own.nclauses++] = n->f.clauses[i];
	query_filter_free(&own);
}

static int
narrow(const struct make *k, struct narrowed *n, struct str domain, const char *const *pairs, struct err *e)
{
	query_filter_init(&n->f);
	/* a domain that is asked about meets the request's clauses already; a second value would mean either of them */
	for (size_t i = 0; i < k->filter.nclauses; i++)
		if (domain.p == NULL || k->filter.clauses[i].key != QK_DOMAIN)
			n->f.clauses[n->f.nclauses++] = k->filter.clauses[i];
	n->shared = n->f.nclauses;
	for (; *pairs != NULL; pairs += 2)
		if (query_filter_set(&n->f, str_of(pairs[0]), str_of(pairs[1]), e) == -1)
			goto fail;
	if (domain.p != NULL) {
		char	 text[300];

		/* a name that the grammar would take apart cannot be asked for by it */
		if (domain.len == 0 || domain.len >= sizeof(text) || memchr(domain.p, ',', domain.len) != NULL ||
		    domain.p[0] == '!' || domain.p[0] == '~') {
			(void)err_set(e, ERR_CONFIG, "no name of a domain");
			goto fail;
		}
		if (query_filter_set(&n->f, STR("domain"), domain, e) == -1)
			goto fail;
	}
	return (0);
fail:
	narrow_done(n);
	return (-1);
}

#define YOURS "class", "own,service,candidate", "fwd", "no"
static const char *const	 yours[] = { YOURS, NULL };
static const char *const	 nothing[] = { NULL };

/* Domains of the configuration stand for all below: which of those in the store are meant? */
static int
filter_domains(struct make *k, struct err *e)
{
	const struct str_list	*l = k->rq->domains;
	struct query_range	 r = { k->r.to, k->r.to, k->r.complete_through };
	struct query_domains	 d;
	size_t			 n = 0;

	if (k->rq->filter != NULL)
		k->filter = *k->rq->filter;
	else
		query_filter_init(&k->filter);
	k->filter.days = 0;
	k->filter.all = false;
	k->filter.from = k->filter.to = DAY_NONE;
	if (l == NULL || l->n == 0)
		return (0);
	if (query_domains(k->q, &k->filter, &r, NULL, &d, e) == -1)
		return (-1);
	if ((k->names = arena_alloc(k->a, d.nitems + l->n, sizeof(*k->names))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < d.nitems; i++)
		if (domain_below_any(d.items[i].domain, l) &&
		    (k->names[n++].text = arena_strndup(k->a, d.items[i].domain.p, d.items[i].domain.len)) == NULL)
			return (oom(e));
	for (size_t i = 0; i < l->n && n == 0; i++)	/* none has come yet: then nothing is asked for, not all */
		k->names[n++].text = l->v[i];
	if (k->filter.nclauses == QUERY_CLAUSES)
		return (err_set(e, ERR_CONFIG, "too many filters"));
	k->filter.clauses[k->filter.nclauses++] = (struct query_clause){ .key = QK_DOMAIN, .values = k->names, .nvalues = n };
	return (0);
}

/* --- Domains ----------------------------------------------------------------------------------- */

static int
severity(const struct summary_domain *d)
{
	static const char *const	 order[] = { "lost", "exposed", "watching", "partly", "protected" };

	for (size_t i = 0; i < nitems(order); i++)
		if (strcmp(order[i], d->status) == 0)
			return ((int)i);
	return ((int)nitems(order));
}

static int
by_severity(const void *a, const void *b)
{
	const struct summary_domain	*x = a, *y = b;
	int				 v = severity(x) - severity(y);
	size_t				 n = x->domain.len < y->domain.len ? x->domain.len : y->domain.len;

	if (v != 0)
		return (v);
	if (x->counts.m != y->counts.m)
		return (x->counts.m > y->counts.m ? -1 : 1);
	if ((v = memcmp(x->domain.p, y->domain.p, n)) != 0)
		return (v);
	return (x->domain.len < y->domain.len ? -1 : x->domain.len > y->domain.len);
}

static int
domains_make(struct make *k, struct query_domains *d, struct err *e)
{
	struct summary		*s = k->s;

	if (query_domains(k->q, &k->filter, &k->r, &k->prev, d, e) == -1)
		return (-1);
	if ((s->domains = arena_alloc(k->a, d->nitems + 1, sizeof(*s->domains))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < d->nitems; i++) {
		const struct query_domain	*q = &d->items[i];
		struct summary_domain		*x;

		/* one that has been quiet for long is told of where domains are, not every week */
		if (q->counts.m == 0 && q->prev.m == 0 && q->reports == 0 && q->last_ever < s->from - SILENT_SAID)
			continue;
		x = &s->domains[s->ndomains++];
		*x = (struct summary_domain){ .domain = q->domain, .counts = q->counts, .prev = q->prev, .last_ever = q->last_ever,
		    .reports = q->reports, .policy = STR_NONE };
		x->status = answer_domain_status(q, &x->cause);
		if (q->policy_known) {
			x->policy = q->policy.p;
			x->testing = str_ieq(q->policy.testing, "y");
		}
		query_counts_add(&s->counts, &x->counts);
		query_counts_add(&s->prev, &x->prev);
		s->ndomains_with_mail += x->counts.m > 0;
	}
	if (s->ndomains > 1)
		qsort(s->domains, s->ndomains, sizeof(*s->domains), by_severity);
	s->compared = s->complete && s->counts.m > 0 && s->prev.m > 0;
	return (0);
}

/* --- Items ------------------------------------------------------------------------------------ */

static struct summary_item *
item_add(struct make *k, enum summary_kind kind, enum summary_level level, struct str domain)
{
	struct summary_item	*it;

	if (k->s->nitems == k->most)
		return (NULL);		/* nobody reads more */
	it = &k->s->items[k->s->nitems++];
	*it = (struct summary_item){ .kind = kind, .level = level, .domain = domain, .rate = (double)NAN, .rate_was = (double)NAN,
	    .day = DAY_NONE, .name = STR_NONE, .text = STR_NONE, .remedy = STR_NONE };
	return (it);
}

/* page with the domain and the days of the summary; no link to a name that is none. */
static void
link_set(const struct make *k, struct summary_item *it, const char *page, const char *more)
{
	char	 from[WHEN_TEXT], to[WHEN_TEXT];

	if (k->rq->base_url == NULL || (it->domain.p != NULL && !domain_plain(it->domain)))
		return;
	(void)snprintf(it->link, sizeof(it->link), "%s?%s%.*s%sfrom=%s&to=%s%s", page, it->domain.p == NULL ? "" : "domain=",
	    it->domain.p == NULL ? 0 : (int)it->domain.len, it->domain.p == NULL ? "" : it->domain.p, it->domain.p == NULL ? "" : "&",
	    when_date(k->s->from, from), when_date(k->s->to, to), more);
}

static void
link_sender(const struct make *k, struct summary_item *it)
{
	char	 page[64];

	(void)snprintf(page, sizeof(page), "/senders/%lld", (long long)it->sender);
	if (it->sender > 0)
		link_set(k, it, page, "");
	else
		link_set(k, it, "/senders", "");
}

/* The largest cause of the rows that a filter selects, in words to be chosen later. */
static int
cause_of(struct make *k, const struct query_filter *f, struct summary_item *it, struct err *e)
{
	struct query_causes	 c;
	struct explanation	*x;

	if (query_causes(k->q, f, &k->r, 1, &c, e) == -1)
		return (-1);
	if (c.nitems == 0)
		return (0);
	if (answer_why(k->q, &c.items[0], &x, e) == -1)
		return (-1);
	it->why = x;
	it->code = x->code;
	return (0);
}

struct sums { struct query_group *v; size_t n; };

static int
senders_of(struct make *k, struct str domain, const char *const *pairs, const struct query_range *r, struct sums *out, struct err *e)
{
	struct query_page	 page = { .limit = SENDERS_ASKED };
	struct query_breakdown	 b;
	struct narrowed		 n;
	int			 rv;

	if (narrow(k, &n, domain, pairs, e) == -1)
		return (-1);
	rv = query_breakdown(k->q, &n.f, r, BY_SENDER, &page, &b, e);
	narrow_done(&n);
	*out = rv == -1 ? (struct sums){ NULL, 0 } : (struct sums){ b.items, b.nitems };
	return (rv);
}

static const struct query_group *
group_find(const struct sums *s, struct str key)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->v[i].key, key))
			return (&s->v[i]);
	return (NULL);
}

static int64_t
sender_id(const struct query_group *g)
{
	int64_t	 id = 0;

	return (str_i64(g->key, &id) ? id : 0);
}

static bool
has_item(const struct make *k, struct str domain, int64_t sender)
{
	for (size_t i = 0; i < k->s->nitems; i++)
		if (k->s->items[i].sender == sender && sender != 0 && str_eq(k->s->items[i].domain, domain))
			return (true);
	return (false);
}

/* Why the mail of one sender fails: the same filter once more, for it alone. */
static int
explain_sender(struct make *k, struct summary_item *it, const char *const *pairs, struct err *e)
{
	const char	*with[16];
	char		 id[32];
	struct narrowed	 n;
	size_t		 i = 0;
	int		 rv;

	if (it->sender == 0)
		return (0);
	for (; pairs[i] != NULL && i < nitems(with) - 3; i++)
		with[i] = pairs[i];
	(void)snprintf(id, sizeof(id), "%lld", (long long)it->sender);
	with[i++] = "sender";
	with[i++] = id;
	with[i] = NULL;
	if (narrow(k, &n, it->domain, with, e) == -1)
		return (-1);
	rv = cause_of(k, &n.f, it, e);
	narrow_done(&n);
	return (rv);
}

static const char *const	 hurt_pairs[] = { YOURS, "align", "none", "disp", "quarantine,reject", NULL };
static const char *const	 forwarded_pairs[] = { "class", "forwarder,list", "align", "none", "disp", "quarantine,reject", NULL };
static const char *const	 failing_pairs[] = { YOURS, "align", "none", NULL };

/* Own mail that was put aside or refused: who sent it, and why it failed. */
static int
hurt(struct make *k, const struct summary_domain *d, struct err *e)
{
	struct summary_item	*it;
	struct sums		 now, before;
	struct narrowed		 n;
	uint64_t		 named = 0;
	int			 rv = 0;

	if (d->counts.collateral < HURT_MESSAGES || d->counts.collateral * 1000 < d->counts.m * HURT_PER_MILLE)
		return (0);
	if (senders_of(k, d->domain, hurt_pairs, &k->r, &now, e) == -1 || senders_of(k, d->domain, hurt_pairs, &k->prev, &before, e) == -1)
		return (-1);
	for (size_t i = 0; i < now.n && i < SENDERS_HURT; i++) {
		const struct query_group	*g = &now.v[i], *p = group_find(&before, g->key);

		named += g->counts.m;
		if (g->counts.m < HURT_MESSAGES && i > 0)
			continue;
		if ((it = item_add(k, ITEM_HURT, LEVEL_URGENT, d->domain)) == NULL)
			return (0);
		it->sender = sender_id(g);
		it->name = g->label;
		it->n = g->counts.m;
		it->of = d->counts.collateral;
		it->was = p == NULL ? 0 : p->counts.m;
		link_sender(k, it);
		if (explain_sender(k, it, hurt_pairs, e) == -1)
			return (-1);
	}
	/* the rest was forwarded, or comes from many */
	if (d->counts.collateral >= named + HURT_MESSAGES && (it = item_add(k, ITEM_HURT_FORWARDED, LEVEL_WARN, d->domain)) != NULL) {
		it->n = d->counts.collateral - named;
		it->was = d->prev.collateral;
		link_set(k, it, "/explore", "&align=none&disp=quarantine,reject");
		if (narrow(k, &n, d->domain, forwarded_pairs, e) == -1)
			return (-1);
		rv = cause_of(k, &n.f, it, e);
		narrow_done(&n);
	}
	return (rv);
}

/* Two shares of passing mail: is the fall more than chance? */
static bool
fell(const struct query_counts *now, const struct query_counts *was)
{
	double	 n = (double)now->m, w = (double)was->m, pn = (double)query_passing(now), pw = (double)query_passing(was);
	double	 all, dev;

	if (now->m == 0 || was->m == 0 || pw / w - pn / n < BROKE_POINTS)
		return (false);
	all = (pn + pw) / (n + w);
	dev = sqrt(all * (1 - all) * (1 / n + 1 / w));
	return (dev > 0 && (pw / w - pn / n) / dev >= BROKE_Z);
}

static int
failing(struct make *k, const struct summary_domain *d, struct err *e)
{
	struct summary_item	*it;
	struct sums		 now, before = { NULL, 0 };
	double			 least = BROKE_MESSAGES * (k->weeks < 1 ? k->weeks : 1);

	if (d->counts.yours_pass == d->counts.yours)
		return (0);
	if (senders_of(k, d->domain, yours, &k->r, &now, e) == -1 || (k->s->compared && senders_of(k, d->domain, yours, &k->prev, &before, e) == -1))
		return (-1);
	for (size_t i = 0; i < now.n; i++) {
		const struct query_group	*g = &now.v[i], *p = group_find(&before, g->key);
		uint64_t			 bad = query_failing(&g->counts);
		bool				 broke = p != NULL && (double)g->counts.m >= least && (double)p->counts.m >= least &&
						    fell(&g->counts, &p->counts);

		if (has_item(k, d->domain, sender_id(g)) || (!broke && (bad < FAILING_MESSAGES || bad * 100 < g->counts.m * FAILING_PERCENT)))
			continue;
		if ((it = item_add(k, broke ? ITEM_BROKE : ITEM_FAILING, broke ? LEVEL_URGENT : LEVEL_WARN, d->domain)) == NULL)
			return (0);
		it->sender = sender_id(g);
		it->name = g->label;
		it->n = bad;
		it->of = g->counts.m;
		it->was = p == NULL ? 0 : query_failing(&p->counts);
		it->rate = (double)query_passing(&g->counts) / (double)g->counts.m;
		if (p != NULL && p->counts.m > 0)
			it->rate_was = (double)query_passing(&p->counts) / (double)p->counts.m;
		link_sender(k, it);
		if (explain_sender(k, it, failing_pairs, e) == -1)
			return (-1);
	}
	return (0);
}

static void
surge(struct make *k, const struct summary_domain *d)
{
	struct summary_item	*it;

	if (!k->s->compared || d->counts.fail_unk < SURGE_MESSAGES || d->counts.fail_unk < SURGE_TIMES * d->prev.fail_unk)
		return;
	if ((it = item_add(k, ITEM_SURGE, d->counts.leaked * 100 >= d->counts.fail_unk * SURGE_LEAKED ? LEVEL_URGENT : LEVEL_WARN,
	    d->domain)) == NULL)
		return;
	it->n = d->counts.fail_unk;
	it->was = d->prev.fail_unk;
	it->other = d->counts.leaked;
	link_set(k, it, "/senders", "&class=!own,service,candidate");
}

/* Much failing mail of senders that nobody has said anything about: the largest by name. */
static int
review(struct make *k, const struct summary_domain *d, struct err *e)
{
	static const char *const	 pairs[] = { "class", "unknown,candidate", NULL };
	struct summary_item		*it = NULL;
	struct query_sender		 snd;
	struct sums			 now;
	double				 least = REVIEW_MESSAGES * (k->weeks < 1 ? k->weeks : 1);

	if (d->counts.m < REVIEW_MESSAGES)
		return (0);
	if (senders_of(k, d->domain, pairs, &k->r, &now, e) == -1)
		return (-1);
	for (size_t i = 0; i < now.n; i++) {
		const struct query_group	*g = &now.v[i];
		int64_t				 id = sender_id(g);
		uint64_t			 bad = query_failing(&g->counts);
		bool				 decided = false;

		if (id == 0 || (double)bad < least || bad * 100 < d->counts.m * REVIEW_PERCENT || has_item(k, d->domain, id))
			continue;
		if (query_sender(k->q, id, &k->filter, &snd, e) == -1) {
			if (e->code != ERR_INPUT)
				return (-1);
			memset(e, 0, sizeof(*e));
			continue;
		}
		for (size_t j = 0; j < snd.ndomains; j++)
			decided |= str_eq(snd.domains[j].domain, d->domain) && snd.domains[j].decided;
		if (decided)
			continue;
		if ((it == NULL || k->rq->tasks) && (it = item_add(k, ITEM_REVIEW, LEVEL_WARN, d->domain)) != NULL) {
			it->sender = id;
			it->name = g->label;
			it->n = bad;
			it->of = d->counts.m;
			it->rate = (double)bad / (double)d->counts.m;
			link_sender(k, it);
		} else if (it != NULL)
			it->other++;
	}
	return (0);
}

/* All that is proven passes and nothing else is to be done: it may go further than to look on. */
static void
policy(struct make *k, const struct summary_domain *d)
{
	struct summary_item	*it;
	double			 least = READY_MESSAGES * (k->weeks < 1 ? k->weeks : 1);

	if (!k->rq->tasks || strcmp(d->status, "watching") != 0 || (double)d->counts.yours < least ||
	    d->counts.yours_pass * 1000 < d->counts.yours * READY_PERMILLE)
		return;
	for (size_t i = 0; i < k->s->nitems; i++)
		if (str_eq(k->s->items[i].domain, d->domain))
			return;
	if ((it = item_add(k, ITEM_POLICY, LEVEL_INFO, d->domain)) == NULL)
		return;
	it->n = d->counts.yours;
	it->of = d->counts.m;
	it->other = d->counts.fail_unk;
	it->rate = (double)d->counts.yours_pass / (double)d->counts.yours;
	(void)snprintf(it->link, sizeof(it->link), "/domains/%.*s", (int)d->domain.len, d->domain.p);
}

/* A domain that had reports on most days and has none any more. */
static int
silent(struct make *k, const struct summary_domain *d, int64_t today, struct err *e)
{
	struct query_range	 r = { d->last_ever - 6, d->last_ever, k->r.complete_through };
	struct summary_item	*it;
	struct query_domains	 q;
	struct narrowed		 n;
	unsigned		 days = 0;
	int			 rv;

	if (d->last_ever == DAY_NONE || k->s->to < d->last_ever || today - d->last_ever <= SILENT_DAYS || today - d->last_ever > SILENT_SAID)
		return (0);
	if (narrow(k, &n, d->domain, nothing, e) == -1)
		return (-1);
	rv = query_domains(k->q, &n.f, &r, NULL, &q, e);
	narrow_done(&n);
	if (rv == -1)
		return (-1);
	for (size_t i = 0; i < q.nitems; i++)
		for (size_t j = 0; str_eq(q.items[i].domain, d->domain) && q.items[i].spark_known != NULL && j < q.ndays; j++)
			days += q.items[i].spark_known[j];
	if (days >= SILENT_OF_7 && (it = item_add(k, ITEM_SILENT, LEVEL_URGENT, d->domain)) != NULL) {
		it->day = d->last_ever;
		it->n = (uint64_t)(today - d->last_ever);
		link_set(k, it, "/health", "");
	}
	return (0);
}

/* Nothing about any domain has one cause: it is said once, with the latest day. */
static void
silent_all(struct summary *s)
{
	size_t	 n = 0, at = 0;
	int64_t	 day = DAY_NONE;

	for (size_t i = 0; i < s->nitems; i++)
		if (s->items[i].kind == ITEM_SILENT) {
			n++;
			day = s->items[i].day > day ? s->items[i].day : day;
		}
	if (n < 2 || n < s->ndomains)
		return;
	for (size_t i = 0; i < s->nitems; i++)
		if (s->items[i].kind != ITEM_SILENT || n > 0) {
			s->items[at] = s->items[i];
			if (s->items[at].kind == ITEM_SILENT) {
				s->items[at].domain = STR_NONE;
				s->items[at].day = day;
				s->items[at].link[0] = '\0';
				n = 0;
			}
			at++;
		}
	s->nitems = at;
}

/* --- New, changed ------------------------------------------------------------------------------- */

static int
by_mail(const void *a, const void *b)
{
	const struct summary_sender	*x = a, *y = b;

	if (x->m != y->m)
		return (x->m > y->m ? -1 : 1);
	return (x->id < y->id ? -1 : x->id > y->id);
}

/* Senders whose first mail for a domain is of the period. */
static int
new_senders(struct make *k, struct err *e)
{
	struct summary		*s = k->s;
	struct query_page	 page = { .sort = "-first", .limit = SENDERS_ASKED };
	struct query_breakdown	 b;
	struct query_sender	 snd;
	int64_t			 id;

	if (!k->history)
		return (0);
	if (query_breakdown(k->q, &k->filter, &k->r, BY_SENDER, &page, &b, e) == -1)
		return (-1);
	if ((s->senders = arena_alloc(k->a, SENDERS_ASKED + 1, sizeof(*s->senders))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < b.nitems; i++) {
		if (b.items[i].counts.m < NEW_MESSAGES || (id = sender_id(&b.items[i])) == 0)
			continue;
		if (query_sender(k->q, id, &k->filter, &snd, e) == -1) {
			if (e->code != ERR_INPUT)
				return (-1);
			memset(e, 0, sizeof(*e));
			continue;
		}
		for (size_t j = 0; j < snd.ndomains && s->nsenders < SENDERS_ASKED; j++) {
			const struct query_sender_domain	*d = &snd.domains[j];

			if (d->first_day < s->from || d->first_day > s->to || d->m < NEW_MESSAGES || d->class == CLASS_NOISE)
				continue;
			/* what it is to a domain that mail did not reach in the period is of another time */
			s->senders[s->nsenders++] = (struct summary_sender){ id, d->domain, snd.label, d->class, d->decided,
			    d->m < b.items[i].counts.m ? d->m : b.items[i].counts.m };
		}
	}
	if (s->nsenders > 1)
		qsort(s->senders, s->nsenders, sizeof(*s->senders), by_mail);
	s->nsenders_all = s->nsenders;
	if (s->nsenders > SENDERS_NEW)
		s->nsenders = SENDERS_NEW;
	return (0);
}

/* "p=reject sp=none": what differs between the two, as people know it from the record. */
static struct str
policy_text(struct arena *a, const struct report_policy *p, const struct report_policy *other)
{
	const struct { const char *tag; struct str v, o; } tags[] = {
		{ "p", p->p, other->p }, { "sp", p->sp, other->sp }, { "np", p->np, other->np }, { "adkim", p->adkim, other->adkim },
		{ "aspf", p->aspf, other->aspf }, { "pct", p->pct, other->pct }, { "t", p->testing, other->testing },
	};
	struct buf	 b = { .max = 400 };
	struct str	 out;

	for (size_t i = 0; i < nitems(tags); i++) {
		bool	 same = tags[i].v.len == tags[i].o.len && (tags[i].v.len == 0 || memcmp(tags[i].v.p, tags[i].o.p, tags[i].v.len) == 0);

		if (same || tags[i].v.len == 0)
			continue;
		(void)buf_printf(&b, "%s%s=", b.len > 0 ? " " : "", tags[i].tag);
		(void)buf_add(&b, tags[i].v.p, tags[i].v.len > 20 ? 20 : tags[i].v.len);
	}
	out = arena_str(a, b.len == 0 ? STR("\xe2\x80\x93") : buf_as_str(&b));
	buf_free(&b);
	return (out);
}

static int
changes(struct make *k, struct err *e)
{
	struct query_policy_event	*v;
	struct query_range		 r = k->r;
	size_t				 n;

	r.from--;	/* a change on the first day shows against the day before */
	if (query_policy_events(k->q, &k->filter, &r, &v, &n, e) == -1)
		return (-1);
	if ((k->s->changes = arena_alloc(k->a, n + 1, sizeof(*k->s->changes))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < n; i++) {
		struct summary_change	*c = &k->s->changes[k->s->nchanges];

		if (v[i].day < k->s->from || v[i].day > k->s->to)
			continue;
		*c = (struct summary_change){ v[i].day, v[i].domain, policy_text(k->a, &v[i].was, &v[i].is),
		    policy_text(k->a, &v[i].is, &v[i].was), v[i].reporters };
		if (c->was.p == NULL || c->is.p == NULL)
			return (oom(e));
		k->s->nchanges++;
	}
	return (0);
}

/* --- Intake --------------------------------------------------------------------------------------- */

static int
reporters(struct make *k, struct err *e)
{
	struct query_reporter	*v;
	struct summary_item	*it;
	size_t			 n;
	uint64_t		 all = 0;

	if (query_reporters(k->q, &k->filter, &k->r, true, &v, &n, e) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		k->s->reporters += v[i].reports > 0;
		k->s->reports += v[i].reports;
		all += v[i].usual_m;
	}
	/* one that told of a fifth of all mail, and nothing any more */
	for (size_t i = 0; i < n; i++)
		if (v[i].missing_since != DAY_NONE && v[i].usual_m * 5 >= all && v[i].usual_m > 0 &&
		    (it = item_add(k, ITEM_REPORTER, LEVEL_WARN, STR_NONE)) != NULL) {
			it->name = v[i].label.len > 0 ? v[i].label : v[i].key;
			it->day = v[i].missing_since - 1;
			it->n = v[i].usual_m;
			link_set(k, it, "/reports", "");
		}
	return (0);
}

bool
summary_mailbox_fails(const struct summary_mailbox *m, int64_t now)
{
	return (m->error != NULL && now - m->last_success >= MAILBOX_SECONDS);
}

static int
intake(struct make *k, struct err *e)
{
	struct summary		*s = k->s;
	struct query_ingest	 in;
	struct summary_item	*it;
	int64_t			 last = when_day(query_now(k->q));

	if (query_ingest(k->q, &in, e) == -1)
		return (-1);
	for (size_t i = 0; i < in.ndays; i++) {
		const uint64_t	*r = in.days[i].results;

		if (in.days[i].day < s->from || in.days[i].day > last)
			continue;
		s->intake = true;
		if (in.days[i].day > s->to)	/* reports come a day later; what came since is the next one's */
			continue;
		for (int j = 0; j < IN_COUNT; j++)
			s->messages += r[j];
		s->unreadable += r[IN_REJECTED];
		s->ignored += r[IN_IGNORED];
	}
	if (s->unreadable >= UNREADABLE_LEAST && s->unreadable * 100 >= s->messages * UNREADABLE_PERCENT &&
	    (it = item_add(k, ITEM_UNREADABLE, LEVEL_WARN, STR_NONE)) != NULL) {
		it->n = s->unreadable;
		it->of = s->messages;
		link_set(k, it, "/health", "");
	} else if (k->rq->tasks && in.quarantined > 0 && (it = item_add(k, ITEM_QUARANTINE, LEVEL_INFO, STR_NONE)) != NULL) {
		it->n = in.quarantined;
		link_set(k, it, "/health", "");
	}
	s->mailboxes = k->rq->mailboxes;
	s->nmailboxes = k->rq->nmailboxes;
	for (size_t i = 0; i < s->nmailboxes; i++) {
		const struct summary_mailbox	*m = &s->mailboxes[i];

		if (!summary_mailbox_fails(m, query_now(k->q)) || (it = item_add(k, ITEM_MAILBOX, LEVEL_URGENT, STR_NONE)) == NULL)
			continue;
		it->name = str_of(m->name);
		it->text = str_of(m->error);
		it->remedy = m->remedy == NULL ? STR_NONE : str_of(m->remedy);
		it->day = m->last_success == 0 ? DAY_NONE : when_day(m->last_success);
		link_set(k, it, "/health", "");
	}
	return (0);
}

/*
 * A session may be told of under several policy types, so of each domain the
 * type with most sessions speaks; the rest would count some twice.
 */
static int
tls(struct make *k, struct err *e)
{
	struct query_tls_filter	 f = { .base = &k->filter };
	struct query_tls_sum	*v;
	struct query_tls_failure *bad;
	struct summary_item	*it;
	struct { uint64_t ok, failed; } by[8], best;
	size_t			 n, nbad;

	if (query_tls_sums(k->q, &f, &k->r, &v, &n, e) == -1 || query_tls_failures(k->q, &f, &k->r, true, 50, &bad, &nbad, e) == -1)
		return (-1);
	for (size_t i = 0, to; i < n; i = to) {
		const struct query_tls_failure	*worst = NULL;
		bool				 expired = false;

		memset(by, 0, sizeof(by));
		best.ok = best.failed = 0;
		for (to = i; to < n && str_eq(v[to].domain, v[i].domain); to++)
			if (v[to].result == -1 && (size_t)v[to].type < nitems(by)) {
				by[v[to].type].ok += v[to].success;
				by[v[to].type].failed += v[to].failure;
			}
		for (size_t t = 0; t < nitems(by); t++)
			if (by[t].ok + by[t].failed > best.ok + best.failed) {
				best.ok = by[t].ok;
				best.failed = by[t].failed;
			}
		k->s->tls_ok += best.ok;
		k->s->tls_failed += best.failed;
		for (size_t j = 0; j < nbad; j++)
			if (str_eq(bad[j].domain, v[i].domain)) {
				worst = worst == NULL ? &bad[j] : worst;
				expired |= strcmp(tls_result_names[bad[j].result], TLS_EXPIRED) == 0;
			}
		if (!expired && (best.ok + best.failed < TLS_SESSIONS || best.failed * 100 < (best.ok + best.failed) * TLS_PERCENT))
			continue;
		if ((it = item_add(k, ITEM_TLS, LEVEL_WARN, v[i].domain)) == NULL)
			continue;
		it->n = best.failed;
		it->of = best.ok + best.failed;
		it->name = worst == NULL ? STR_NONE : str_of(expired ? TLS_EXPIRED : tls_result_names[worst->result]);
		if (worst != NULL)
			it->text = worst->mx;
		link_set(k, it, "/tls", "");
	}
	return (0);
}

/* --- All of it -------------------------------------------------------------------------------------- */

static int
by_level(const void *a, const void *b)
{
	const struct summary_item	*x = a, *y = b;
	int				 v;

	if (x->level != y->level)
		return ((int)x->level - (int)y->level);
	if (x->kind != y->kind)
		return ((int)x->kind - (int)y->kind);
	if (x->n != y->n)
		return (x->n > y->n ? -1 : 1);
	if (x->domain.len != y->domain.len)
		return (x->domain.len < y->domain.len ? -1 : 1);
	if (x->domain.len > 0 && (v = memcmp(x->domain.p, y->domain.p, x->domain.len)) != 0)
		return (v);
	return (x->sender < y->sender ? -1 : x->sender > y->sender);
}

static int
findings(struct make *k, struct err *e)
{
	struct summary	*s = k->s;
	int64_t		 today = when_day(s->made);

	if ((s->items = arena_alloc(k->a, k->most, sizeof(*s->items))) == NULL)
		return (oom(e));
	for (size_t i = 0; i < s->ndomains; i++) {
		const struct summary_domain	*d = &s->domains[i];

		if (!domain_plain(d->domain))	/* no name: nobody's domain, and no question can be asked about it */
			continue;
		if (hurt(k, d, e) == -1 || failing(k, d, e) == -1 || silent(k, d, today, e) == -1 || review(k, d, e) == -1)
			return (-1);
		surge(k, d);
		policy(k, d);
	}
	silent_all(s);
	if (new_senders(k, e) == -1 || changes(k, e) == -1 || reporters(k, e) == -1 || intake(k, e) == -1 || tls(k, e) == -1 ||
	    summary_dns_changes(k->q, s, e) == -1 || summary_fixes(k->q, &k->filter, s, e) == -1)
		return (-1);
	if (s->nitems > 1)
		qsort(s->items, s->nitems, sizeof(*s->items), by_level);
	for (size_t i = 0; i < s->nitems; i++)
		s->nneeds += s->items[i].level != LEVEL_INFO;
	return (0);
}

int
summary_make(struct query *q, const struct summary_request *rq, struct summary *s, struct err *e)
{
	struct make		 k = { .q = q, .a = query_arena(q), .rq = rq, .s = s };
	struct query_meta	 meta;
	struct query_domains	 d;

	k.most = rq->tasks ? ITEMS_TASKS : ITEMS_MOST;
	memset(s, 0, sizeof(*s));
	s->period = rq->period;
	s->made = query_now(q);
	s->base_url = rq->base_url;
	if (query_meta(q, &meta, e) == -1)
		return (-1);
	s->empty = meta.reports == 0;
	period_set(&k, meta.complete_through, when_day(s->made));
	if (s->to - s->from >= QUERY_RANGE_DAYS)
		return (err_set(e, ERR_CONFIG, "from, to: more than %d days", QUERY_RANGE_DAYS));
	k.history = meta.first_day != DAY_NONE && meta.first_day < s->from;
	if (filter_domains(&k, e) == -1 || domains_make(&k, &d, e) == -1 || findings(&k, e) == -1 ||
	    (k.history && query_fresh(q, &k.filter, &k.r, &s->fresh, e) == -1))
		return (-1);
	if (s->ndomains == 1)
		s->only = s->domains[0].domain;
	return (0);
}

bool
summary_quiet(const struct summary *s)
{
	return (s->nneeds == 0 && !s->empty && s->counts.m > 0);
}
