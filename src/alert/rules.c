/*
 * rules.c - the table of rules, and those about mail, senders, intake and TLS.
 * Pure: nothing is asked here.
 */
#include <math.h>
#include <stdlib.h>

#include "alert/rules.h"
#include "base/escape.h"
#include "base/when.h"

#define SILENT_DAILY	6	/* of seven days: then a domain or reporter has reports daily */
#define SILENT_MOSTLY	4	/* and so many are most of them: silence takes a week more */
#define SILENT_SAID	30	/* days; who has been silent for longer is known to be */

/* In the order of enum alert_rule_id. */
const struct alert_rule	 alert_rules[ALERT_RULE_COUNT] = {
	[ALERT_A1] = { .id = "A1", .judge = alert_hurt },
	[ALERT_A2] = { .id = "A2", .judge = alert_broke },
	[ALERT_A3] = { .id = "A3", .load = alert_load_dns, .judge = alert_dmarc, .clock = true },
	[ALERT_A4] = { .id = "A4", .load = alert_load_dns, .judge = alert_breaks, .clock = true },
	[ALERT_A5] = { .id = "A5", .judge = alert_new_sender, .event = true },
	[ALERT_A6] = { .id = "A6", .judge = alert_surge },
	[ALERT_A7] = { .id = "A7", .judge = alert_silent, .clock = true },
	[ALERT_A8] = { .id = "A8", .judge = alert_intake, .clock = true },
	[ALERT_A9] = { .id = "A9", .judge = alert_tls, .clock = true },
	[ALERT_A10] = { .id = "A10", .load = alert_load_dns, .judge = alert_limits_near, .clock = true },
	[ALERT_A11] = { .id = "A11", .judge = alert_good, .event = true },
};

/* --- Findings --------------------------------------------------------------------------- */

struct alert_finding *
alert_add(struct alert_findings *l, enum alert_rule_id rule, enum summary_level level, struct str domain, const char *says)
{
	struct alert_finding	*f;

	if (l->n == l->max)
		return (NULL);
	f = &l->v[l->n++];
	*f = (struct alert_finding){ .rule = rule, .level = level, .domain = domain, .says = says };
	if (domain.p != NULL)
		alert_put(f, alert_name("domain", domain));
	return (f);
}

void
alert_put(struct alert_finding *f, struct word w)
{
	for (size_t i = 0; i + 1 < ALERT_VALUES; i++)
		if (f->values[i].name == NULL) {
			f->values[i] = w;
			return;
		}
}

struct word
alert_name(const char *name, struct str v)
{
	return ((struct word){ .name = name, .kind = WORD_NAME, .text = v.p == NULL ? STR("?") : v });
}

struct word
alert_text(const char *name, struct str v)
{
	return ((struct word){ .name = name, .kind = WORD_TEXT, .text = v.p == NULL ? STR("") : v });
}

struct word
alert_count(const char *name, uint64_t v)
{
	return ((struct word){ .name = name, .kind = WORD_COUNT, .n = v });
}

struct word
alert_rate(const char *name, double v)
{
	return ((struct word){ .name = name, .kind = WORD_RATE, .rate = v });
}

struct word
alert_date(const char *name, int64_t day)
{
	return (day == DAY_NONE ? alert_text(name, STR("?")) : (struct word){ .name = name, .kind = WORD_DAY, .day = day });
}

void
alert_link(struct alert_finding *f, const char *page, int64_t from, int64_t to, const char *more)
{
	char	 a[WHEN_TEXT], b[WHEN_TEXT];

	for (size_t i = 0; i < f->domain.len; i++) {
		char	 c = ascii_lower(f->domain.p[i]);

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || strchr(".-_", c) != NULL))
			return;
	}
	if (f->domain.len > 253)
		return;
	(void)snprintf(f->link, sizeof(f->link), "%s?%s%.*s%sfrom=%s&to=%s%s", page, f->domain.p == NULL ? "" : "domain=", (int)f->domain.len,
	    f->domain.p == NULL ? "" : f->domain.p, f->domain.p == NULL ? "" : "&", when_date(from, a), when_date(to, b), more);
}

int
alert_judge(struct alert_model *m, const struct str_list *off, struct alert_findings *out, struct err *e)
{
	if ((out->v = arena_alloc(m->a, ALERT_FINDINGS, sizeof(*out->v))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	out->max = ALERT_FINDINGS;
	out->n = 0;
	for (size_t i = 0; i < ALERT_RULE_COUNT; i++) {
		const struct alert_rule	*r = &alert_rules[i];
		bool			 asked = r->clock || m->through != DAY_NONE;

		for (size_t k = 0; off != NULL && k < off->n; k++)
			asked = asked && !str_ieq(str_of(off->v[k]), r->id);
		if (!asked)
			continue;
		if (r->load != NULL && r->load(m, e) == -1)
			return (err_prefix(e, "rule %s", r->id));
		r->judge(m, m->rq->limits, out);
	}
	return (0);
}

#define ALERT_LIMIT_SET(key, def, min, max, help) .key = (def),
void
alert_limits_default(struct alert_limits *l)
{
	*l = (struct alert_limits){ ALERT_LIMITS(ALERT_LIMIT_SET) };
}

/* --- Figures of days ----------------------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	const uint64_t	*x = a, *y = b;

	return (*x < *y ? -1 : *x > *y);
}

int64_t
alert_median(const struct alert_model *m, const struct alert_domain *d, int64_t day, uint64_t (*value)(const struct alert_day *))
{
	uint64_t	 v[ALERT_BASE];
	size_t		 n = 0;

	for (int64_t i = day - ALERT_BASE; i < day; i++)
		if (i >= m->first && d->days[i - m->first].known)
			v[n++] = value(&d->days[i - m->first]);
	if (n < ALERT_BASE_LEAST)
		return (-1);
	qsort(v, n, sizeof(*v), by_number);
	return ((int64_t)(n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2));
}

static uint64_t
own_of(const struct alert_day *d)
{
	return (d->own);
}

static uint64_t
collateral_of(const struct alert_day *d)
{
	return (d->collateral);
}

static uint64_t
unproven_of(const struct alert_day *d)
{
	return (d->unproven);
}

static bool
times(uint64_t v, uint64_t base, uint64_t factor)
{
	return (base == 0 || v / base > factor || (v / base == factor));
}

/* --- A1: mail of yours was put aside or refused ----------------------------------------------- */

static void
add_hurt(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out, struct alert_domain *d, const char *says, int64_t day,
    uint64_t n, int64_t median)
{
	const struct alert_day	*x = alert_day_of(m, d, day);
	struct alert_finding	*f = alert_add(out, ALERT_A1, LEVEL_URGENT, d->domain, says);

	if (f == NULL)
		return;
	(void)snprintf(f->about, sizeof(f->about), "hurt");
	f->weight = n;
	alert_put(f, alert_count("n", n));
	alert_put(f, alert_count("of", x->m));
	alert_put(f, alert_rate("rate", (double)n / (double)x->m));
	alert_put(f, alert_date("day", day));
	alert_put(f, alert_count("was", median < 0 ? 0 : (uint64_t)median));
	alert_put(f, alert_count("limit", l->a1_messages));
	alert_put(f, alert_rate("limit_rate", (double)l->a1_per_mille / 1000));
	alert_put(f, alert_count("limit_times", l->a1_times));
	alert_put(f, alert_count("limit_more", 2 * l->a1_messages));
	alert_link(f, "/explore", day, day, "&align=none&disp=quarantine,reject");
}

/*
 * What is one's own is told as soon as it is much. Some of what was forwarded
 * is lost day by day, with every strict policy: only much more than usual is
 * news.
 */
void
alert_hurt(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	for (size_t i = 0; i < m->ndomains; i++) {
		struct alert_domain	*d = &m->domains[i];
		uint64_t		 own = 0, all = 0;
		int64_t			 own_at = DAY_NONE, all_at = DAY_NONE;

		for (int64_t day = m->from; day <= m->through; day++) {
			const struct alert_day	*x = alert_day_of(m, d, day);
			int64_t			 before;

			if (x == NULL || !x->known || x->collateral < l->a1_messages)
				continue;
			if (x->own >= l->a1_messages && x->own * 1000 >= x->m * l->a1_per_mille && x->own > own) {
				own = x->own;
				own_at = day;
			}
			before = alert_median(m, d, day, collateral_of);
			if (before >= 0 && x->collateral >= l->a1_times * (uint64_t)before + 2 * l->a1_messages && x->collateral > all) {
				all = x->collateral;
				all_at = day;
			}
		}
		if (own_at != DAY_NONE)
			add_hurt(m, l, out, d, "A1", own_at, own, alert_median(m, d, own_at, own_of));
		else if (all_at != DAY_NONE)
			add_hurt(m, l, out, d, "A1.all", all_at, all, alert_median(m, d, all_at, collateral_of));
	}
}

/* --- A2: a sender of yours broke ---------------------------------------------------------------- */

/* Two shares of passing mail: is the fall more than chance? */
static bool
fell(const struct alert_sender *s, const struct alert_limits *l)
{
	double	 n = (double)s->m, w = (double)s->was_m, now, was, all, dev;

	if (s->m < l->a2_messages || s->was_m == 0)
		return (false);
	now = (double)s->pass / n;
	was = (double)s->was_pass / w;
	if (was - now < (double)l->a2_points / 100 - 1e-9)
		return (false);
	all = (double)(s->pass + s->was_pass) / (n + w);
	dev = sqrt(all * (1 - all) * (1 / n + 1 / w));
	return (dev > 0 && (was - now) / dev >= (double)l->a2_z);
}

void
alert_broke(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	for (size_t i = 0; i < m->ndomains; i++)
		for (size_t k = 0; k < m->domains[i].nsenders; k++) {
			const struct alert_sender	*s = &m->domains[i].senders[k];
			struct alert_finding		*f;
			char				 page[64];

			if (!fell(s, l) || (f = alert_add(out, ALERT_A2, LEVEL_URGENT, m->domains[i].domain, "A2")) == NULL)
				continue;
			(void)snprintf(f->about, sizeof(f->about), "sender %lld", (long long)s->id);
			alert_put(f, alert_name("name", s->label));
			alert_put(f, alert_count("n", s->m - s->pass));
			alert_put(f, alert_count("of", s->m));
			alert_put(f, alert_rate("rate", (double)s->pass / (double)s->m));
			alert_put(f, alert_rate("rate_was", (double)s->was_pass / (double)s->was_m));
			alert_put(f, alert_count("limit", l->a2_messages));
			alert_put(f, alert_rate("limit_rate", (double)l->a2_points / 100));
			(void)snprintf(page, sizeof(page), "/senders/%lld", (long long)s->id);
			alert_link(f, page, m->through - 6, m->through, "");
		}
}

/* --- A5: a new sender ------------------------------------------------------------------------------ */

void
alert_new_sender(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	for (size_t i = 0; i < m->ndomains; i++)
		for (size_t k = 0; k < m->domains[i].nfresh; k++) {
			const struct alert_sender	*s = &m->domains[i].fresh[k];
			struct alert_finding		*f;
			char				 page[64];

			if (s->m < l->a5_messages || s->decided || (s->class != CLASS_CANDIDATE && s->class != CLASS_UNKNOWN) ||
			    (f = alert_add(out, ALERT_A5, LEVEL_WARN, m->domains[i].domain, "A5")) == NULL)
				continue;
			(void)snprintf(f->about, sizeof(f->about), "sender %lld", (long long)s->id);
			alert_put(f, alert_name("name", s->label));
			alert_put(f, alert_count("n", s->m));
			alert_put(f, alert_date("day", s->first_day));
			alert_put(f, alert_count("limit", l->a5_messages));
			(void)snprintf(page, sizeof(page), "/senders/%lld", (long long)s->id);
			alert_link(f, page, m->through - 6, m->through, "");
		}
}

/* --- A6: mail that is not proven yours, and much of it ------------------------------------------------ */

void
alert_surge(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	for (size_t i = 0; i < m->ndomains; i++) {
		struct alert_domain	*d = &m->domains[i];
		struct alert_finding	*f;
		const struct alert_day	*worst = NULL;
		int64_t			 at = DAY_NONE, median = 0;

		for (int64_t day = m->from; day <= m->through; day++) {
			const struct alert_day	*x = alert_day_of(m, d, day);
			int64_t			 before = alert_median(m, d, day, unproven_of);

			if (x == NULL || !x->known || before < 0 || x->unproven < l->a6_messages ||
			    !times(x->unproven, (uint64_t)before, l->a6_times) || (worst != NULL && x->unproven <= worst->unproven))
				continue;
			worst = x;
			at = day;
			median = before;
		}
		if (worst == NULL || (f = alert_add(out, ALERT_A6, worst->leaked * 100 >= worst->unproven * l->a6_leaked ? LEVEL_URGENT :
		    LEVEL_WARN, d->domain, "A6")) == NULL)
			continue;
		(void)snprintf(f->about, sizeof(f->about), "surge");
		f->weight = worst->unproven;
		alert_put(f, alert_count("n", worst->unproven));
		alert_put(f, alert_count("was", (uint64_t)median));
		alert_put(f, alert_count("other", worst->leaked));
		alert_put(f, alert_date("day", at));
		alert_put(f, alert_count("limit", l->a6_messages));
		alert_put(f, alert_count("limit_times", l->a6_times));
		alert_link(f, "/senders", at, at, "&class=!own,service,candidate");
	}
}

/* --- A7: no reports -------------------------------------------------------------------------------------- */

/* Days without a report that are too many for one who had them on so many of seven days; 0: it is no habit. */
static int64_t
patience(uint64_t days, const struct alert_limits *l)
{
	return (days >= SILENT_DAILY ? (int64_t)l->a7_days : days >= SILENT_MOSTLY ? (int64_t)l->a7_days + 7 : 0);
}

static bool
is_silent(const struct alert_model *m, int64_t last, uint64_t days, const struct alert_limits *l)
{
	int64_t	 heard = when_day(m->heard), most = patience(days, l);

	/* that of a day comes on the next */
	return (last != DAY_NONE && most > 0 && heard - last > most && heard - last <= SILENT_SAID);
}

void
alert_silent(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	struct alert_finding	*f;
	size_t			 silent = 0, begin = out->n;
	int64_t			 latest = DAY_NONE;

	for (size_t i = 0; i < m->ndomains; i++) {
		const struct alert_domain	*d = &m->domains[i];
		uint64_t			 days = 0;

		for (int64_t k = d->last_ever == DAY_NONE ? 0 : d->last_ever - 6; d->last_ever != DAY_NONE && k <= d->last_ever; k++)
			days += k >= m->first && k < m->first + ALERT_DAYS && d->days[k - m->first].known;
		if (!is_silent(m, d->last_ever, days, l) || (f = alert_add(out, ALERT_A7, LEVEL_WARN, d->domain, "A7")) == NULL)
			continue;
		silent++;
		latest = d->last_ever > latest ? d->last_ever : latest;
		(void)snprintf(f->about, sizeof(f->about), "silent");
		alert_put(f, alert_date("day", d->last_ever));
		alert_put(f, alert_count("n", (uint64_t)(when_day(m->heard) - d->last_ever - 1)));
		alert_put(f, alert_count("limit", (uint64_t)patience(days, l)));
		alert_link(f, "/health", d->last_ever, m->today, "");
	}
	if (silent > 1 && silent == m->ndomains) {	/* one cause, one message */
		out->n = begin;
		if ((f = alert_add(out, ALERT_A7, LEVEL_WARN, STR_NONE, "A7.all")) != NULL) {
			(void)snprintf(f->about, sizeof(f->about), "silent");
			alert_put(f, alert_date("day", latest));
			alert_put(f, alert_count("n", (uint64_t)(when_day(m->heard) - latest - 1)));
			alert_put(f, alert_count("limit", l->a7_days));
			alert_link(f, "/health", latest, m->today, "");
		}
	}
	for (size_t i = 0; i < m->nreporters && silent < m->ndomains; i++) {
		const struct alert_reporter	*r = &m->reporters[i];

		if (r->usual_m == 0 || r->usual_m * 100 < m->usual_m * l->a7_share || !is_silent(m, r->last_day, r->days, l) ||
		    (f = alert_add(out, ALERT_A7, LEVEL_WARN, STR_NONE, "A7.reporter")) == NULL)
			continue;
		(void)snprintf(f->about, sizeof(f->about), "reporter %.*s", (int)r->name.len, r->name.p);
		alert_put(f, alert_name("name", r->name));
		alert_put(f, alert_date("day", r->last_day));
		alert_put(f, alert_count("n", r->usual_m));
		alert_put(f, alert_rate("rate", (double)r->usual_m / (double)m->usual_m));
		alert_put(f, alert_count("limit", (uint64_t)patience(r->days, l)));
		alert_put(f, alert_rate("limit_rate", (double)l->a7_share / 100));
		alert_link(f, "/reports", r->last_day, m->today, "");
	}
}

/* --- A8: the intake -------------------------------------------------------------------------------------- */

void
alert_intake(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	struct alert_finding	*f;

	for (size_t i = 0; i < m->rq->nmailboxes; i++) {
		const struct summary_mailbox	*b = &m->rq->mailboxes[i];

		/* a clock that was set back makes none of them late: it will be */
		if (b->error == NULL || m->now - b->last_success < (int64_t)l->a8_hours * 3600 ||
		    (f = alert_add(out, ALERT_A8, LEVEL_URGENT, STR_NONE, "A8.mailbox")) == NULL)
			continue;
		(void)snprintf(f->about, sizeof(f->about), "mailbox %s", b->name);
		alert_put(f, alert_name("name", str_of(b->name)));
		alert_put(f, alert_text("text", str_of(b->error)));
		alert_put(f, alert_text("remedy", b->remedy == NULL ? STR("") : str_of(b->remedy)));
		alert_put(f, b->last_success <= 0 ? alert_text("day", STR("?")) : alert_date("day", when_day(b->last_success)));
		alert_put(f, alert_count("limit", l->a8_hours));
		alert_link(f, "/health", m->today - 1, m->today, "");
	}
	for (size_t i = 0; i < m->ingest.ndays; i++) {
		const struct query_intake_day	*d = &m->ingest.days[i];
		uint64_t			 all = 0, bad = d->results[IN_REJECTED];

		if (d->day < m->today - 1 || d->day > m->today)
			continue;
		for (int k = 0; k < IN_COUNT; k++)
			all += d->results[k];
		if (bad < l->a8_messages || bad * 100 <= all * l->a8_percent ||
		    (f = alert_add(out, ALERT_A8, LEVEL_URGENT, STR_NONE, "A8.unreadable")) == NULL)
			continue;
		(void)snprintf(f->about, sizeof(f->about), "unreadable");
		f->weight = bad;
		alert_put(f, alert_count("n", bad));
		alert_put(f, alert_count("of", all));
		alert_put(f, alert_date("day", d->day));
		alert_put(f, alert_rate("limit_rate", (double)l->a8_percent / 100));
		alert_put(f, alert_count("limit", l->a8_messages));
		alert_link(f, "/health", d->day, d->day, "");
	}
}

/* --- A9: TLS --------------------------------------------------------------------------------------------------- */

void
alert_tls(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	for (size_t i = 0; i < m->ndomains; i++) {
		const struct alert_domain	*d = &m->domains[i];
		const struct alert_tls		*worst = NULL;
		struct alert_finding		*f;

		for (size_t k = 0; k < d->ntls; k++) {
			const struct alert_tls	*t = &d->tls[k];
			uint64_t		 all = t->ok + t->failed;

			if (t->failed > 0 && (d->tls_expired || (all >= l->a9_sessions && t->failed * 100 >= all * l->a9_percent)) &&
			    (worst == NULL || t->failed > worst->failed))
				worst = t;
		}
		if (worst == NULL || (f = alert_add(out, ALERT_A9, LEVEL_WARN, d->domain, d->tls_expired ? "A9.expired" : "A9")) == NULL)
			continue;
		(void)snprintf(f->about, sizeof(f->about), "%s", d->tls_expired ? "expired" : "failed");
		f->weight = worst->failed;
		alert_put(f, alert_count("n", worst->failed));
		alert_put(f, alert_count("of", worst->ok + worst->failed));
		alert_put(f, alert_rate("rate", (double)worst->failed / (double)(worst->ok + worst->failed)));
		alert_put(f, alert_date("day", worst->day));
		alert_put(f, alert_text("text", d->tls_result));
		alert_put(f, alert_name("name", d->tls_mx));
		alert_put(f, alert_rate("limit_rate", (double)l->a9_percent / 100));
		alert_put(f, alert_count("limit", l->a9_sessions));
		alert_link(f, "/tls", worst->day, worst->day, "");
	}
}

/* --- A11: good news ---------------------------------------------------------------------------------------------- */

void
alert_good(struct alert_model *m, const struct alert_limits *l, struct alert_findings *out)
{
	struct alert_finding	*f;

	(void)l;
	for (size_t i = 0; i < m->ndomains; i++) {
		const struct alert_domain	*d = &m->domains[i];
		char				 day[WHEN_TEXT];

		if (d->rung_day == DAY_NONE || (f = alert_add(out, ALERT_A11, LEVEL_INFO, d->domain, "A11")) == NULL)
			continue;
		(void)snprintf(f->about, sizeof(f->about), "policy %.*s %s", (int)(d->rung_is.len < 40 ? d->rung_is.len : 40), d->rung_is.p,
		    when_date(d->rung_day, day));
		alert_put(f, alert_text("was", d->rung_was));
		alert_put(f, alert_text("text", d->rung_is));
		alert_put(f, alert_count("n", d->rung_reporters));
		alert_put(f, alert_date("day", d->rung_day));
		alert_link(f, "/explore", d->rung_day, m->through, "");
	}
	for (size_t i = 0; i < m->nwatches; i++) {
		const struct alert_watch	*w = &m->watches[i];

		if ((f = alert_add(out, ALERT_A11, LEVEL_INFO, w->domain, w->domain.p == NULL ? "A11.fixes" : "A11.fix")) == NULL)
			continue;
		(void)snprintf(f->about, sizeof(f->about), "fix %lld", (long long)w->id);
		alert_put(f, alert_name("name", w->name));
		alert_put(f, alert_text("text", w->code));
		alert_put(f, alert_count("n", w->pass));
		alert_put(f, alert_count("of", w->m));
		alert_put(f, alert_date("day", w->since));
		alert_link(f, "/senders", w->since, m->through, "");
	}
}
