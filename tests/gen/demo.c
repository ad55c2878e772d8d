/*
 * demo.c - one month of three domains, as fourteen reporters saw it.
 *
 * example.com  p=reject and in good order: own servers, a newsletter service
 *              that signs and bounces under the domain, some forwarding.
 * example.org  p=none with work to do: a CRM that signs and bounces under
 *              its own name, a forgotten server outside SPF, and a selector
 *              (web) whose key is wrong from SELECTOR_BROKEN on.
 * example.net  little mail of its own, imitated a lot; p=quarantine becomes
 *              p=reject with a few days of t=y in between.
 */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define DAYS		30
#define SELECTOR_BROKEN	18	/* day on which the key went wrong */
#define POLICY_TEST	14	/* example.net: p=reject; t=y */
#define POLICY_REJECT	17	/* example.net: t=y is gone */

struct signature {
	const char	*domain, *selector;
};
struct stream {
	const char	*header_from, *envelope_from, *spf_domain, *spf;
	struct signature dkim[2];
	const char	*dkim_result;		/* of all signatures */
	const char	*ip[8];
	unsigned	 per_day;		/* messages, on a full day */
	unsigned	 week[7];		/* per cent, from Monday on */
	unsigned	 forwarded, listed;	/* per thousand, besides */
	int		 first, last;		/* days, last 0: to the end */
};

#define EVERY_DAY	{ 100, 100, 100, 100, 100, 100, 100 }
#define OFFICE		{ 100, 105, 110, 100, 85, 15, 12 }
#define SHOP		{ 90, 85, 90, 100, 120, 140, 120 }

static const struct stream com[] = {
	{ .header_from = "example.com", .envelope_from = "example.com", .spf = "pass",
	  .dkim = { { "example.com", "mta2025b" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.10", "192.0.2.11", "2001:db8:10::25" },
	  .per_day = 1600, .week = OFFICE, .forwarded = 25, .listed = 8, .last = 11 },
	/* The yearly change of keys, done well. */
	{ .header_from = "example.com", .envelope_from = "example.com", .spf = "pass",
	  .dkim = { { "example.com", "mta2026a" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.10", "192.0.2.11", "2001:db8:10::25" },
	  .per_day = 1600, .week = OFFICE, .forwarded = 25, .listed = 8, .first = 12 },
	{ .header_from = "news.example.com", .envelope_from = "bounce.news.example.com",
	  .spf = "pass", .dkim = { { "example.com", "lp1" }, { "letterpost.example", "mail" } },
	  .dkim_result = "pass",
	  .ip = { "198.51.100.20", "198.51.100.21", "198.51.100.22", "198.51.100.23",
	  "198.51.100.24" },
	  .per_day = 6000, .week = { 0, 100, 0, 70, 0, 0, 0 }, .forwarded = 12 },
	{ .header_from = "shop.example.com", .envelope_from = "shop.example.com",
	  .spf = "pass", .dkim = { { "shop.example.com", "app1" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.40", "192.0.2.41" },
	  .per_day = 520, .week = SHOP, .forwarded = 30 },
	/* Notices of non-delivery: null reverse-path, the HELO name counts. */
	{ .header_from = "example.com", .envelope_from = "", .spf_domain = "mx1.example.com",
	  .spf = "pass", .dkim = { { "example.com", "mta2025b" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.10" }, .per_day = 20, .week = EVERY_DAY, .last = 11 },
	{ .header_from = "example.com", .envelope_from = "", .spf_domain = "mx1.example.com",
	  .spf = "pass", .dkim = { { "example.com", "mta2026a" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.10" }, .per_day = 20, .week = EVERY_DAY, .first = 12 },
};

static const struct stream org[] = {
	{ .header_from = "example.org", .envelope_from = "example.org", .spf = "pass",
	  .dkim = { { "example.org", "office" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.130" },
	  .per_day = 700, .week = OFFICE, .forwarded = 30, .listed = 15 },
	{ .header_from = "example.org", .envelope_from = "www.example.org", .spf = "pass",
	  .dkim = { { "example.org", "web" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.131" }, .per_day = 260, .week = SHOP, .forwarded = 25,
	  .last = SELECTOR_BROKEN - 1 },
	{ .header_from = "example.org", .envelope_from = "www.example.org", .spf = "pass",
	  .dkim = { { "example.org", "web" } }, .dkim_result = "fail",
	  .ip = { "192.0.2.131" }, .per_day = 260, .week = SHOP, .forwarded = 25,
	  .first = SELECTOR_BROKEN },
	{ .header_from = "example.org", .envelope_from = "bounce.crm-cloud.example",
	  .spf = "pass", .dkim = { { "crm-cloud.example", "s1" } }, .dkim_result = "pass",
	  .ip = { "198.51.100.130", "198.51.100.131", "198.51.100.132", "198.51.100.133",
	  "198.51.100.134", "198.51.100.135" },
	  .per_day = 620, .week = OFFICE },
	/* The server nobody thought of. */
	{ .header_from = "example.org", .envelope_from = "example.org", .spf = "softfail",
	  .ip = { "192.0.2.177" }, .per_day = 140, .week = EVERY_DAY },
	{ .header_from = "events.example.org", .envelope_from = "events.example.org",
	  .spf = "none", .ip = { "2001:db8:20::80" }, .per_day = 45, .week = OFFICE },
};

static const struct stream net[] = {
	{ .header_from = "example.net", .envelope_from = "example.net", .spf = "pass",
	  .dkim = { { "example.net", "k1" } }, .dkim_result = "pass",
	  .ip = { "192.0.2.200", "2001:db8:30::25" },
	  .per_day = 190, .week = OFFICE, .forwarded = 30, .listed = 10 },
	{ .header_from = "example.net", .envelope_from = "mail.hosting.example",
	  .spf = "pass", .dkim = { { "example.net", "shop" }, { "hosting.example", "h2" } },
	  .dkim_result = "pass", .ip = { "198.51.100.200" },
	  .per_day = 90, .week = SHOP, .forwarded = 20 },
};

/* Waves of imitation; the first two never end. */
static const struct wave {
	const char	*domain;
	int		 first, last;
	unsigned	 per_day;
} waves[] = {
	{ "example.com", 0, DAYS - 1, 6 },
	{ "example.org", 0, DAYS - 1, 9 },
	{ "example.net", 0, DAYS - 1, 40 },
	{ "example.net", 3, 7, 900 },
	{ "example.net", 12, 15, 2600 },
	{ "example.net", 22, 28, 450 },
};

static const struct forwarder {
	const char	*ip, *domain;
	bool		 rewrites;	/* the envelope (SRS) */
	bool		 breaks;	/* the signature */
	bool		 seals;		/* with ARC */
} forwarders[] = {
	{ "203.0.113.5",      "alumni.university.test",  false, false, false },
	{ "203.0.113.6",      "alumni.university.test",  false, false, false },
	{ "203.0.113.9",      "forward.bigbox.example",  true,  false, true },
	{ "2001:db8:f0::9",   "forward.bigbox.example",  true,  false, true },
	{ "203.0.113.12",     "mx.hosting-nord.test",    false, false, false },
	{ "203.0.113.14",     "gateway.acme.example",    true,  true,  false },
	{ "203.0.113.16",     "club.example",            false, true,  false },
	{ "2001:db8:f1::1:4", "fwd.webpost.test",        true,  true,  true },
};
static const struct forwarder lists[] = {
	{ "203.0.113.20",   "lists.community.example", true, true, true },
	{ "2001:db8:f2::7", "lists.community.example", true, true, true },
	{ "203.0.113.23",   "groups.club.example",     true, true, false },
};

static const struct {
	const char		*name;
	const struct stream	*stream;
	size_t			 n;
} domains[] = {
	{ "example.com", com, nitems(com) },
	{ "example.org", org, nitems(org) },
	{ "example.net", net, nitems(net) },
};

struct demo {
	struct gen_run		*run;
	struct gen_report	 rp;
	struct rng		 rng;
};

static void
set_policy(struct gen_report *rp, int day)
{
	struct gen_policy	*p = &rp->policy;

	if (strcmp(rp->domain, "example.com") == 0)
		*p = (struct gen_policy){ "reject", "reject", NULL, "r", "r", false };
	else if (strcmp(rp->domain, "example.org") == 0)
		*p = (struct gen_policy){ "none", NULL, NULL, "r", "r", false };
	else if (day < POLICY_TEST + rp->reporter->slow)
		*p = (struct gen_policy){ "quarantine", NULL, NULL, "r", "r", false };
	else
		*p = (struct gen_policy){ "reject", NULL, NULL, "r", "r",
		    day < POLICY_REJECT + rp->reporter->slow };
}

/* About mean/1000 messages, give or take a third. */
static uint64_t
draw(struct rng *rng, uint64_t mean)
{
	uint64_t	 m = mean * rng_between(rng, 700, 1300) / 1000;

	return (m / 1000 + (rng_below(rng, 1000) < m % 1000 ? 1 : 0));
}

/* Judges the last record and folds it into an equal one. */
static void
finish(struct demo *d)
{
	struct gen_record		*r = &d->rp.rec[d->rp.nrec - 1];
	static const char *const	 to[] = { "outmail.example", "customer.example",
	    "office.customer.example", "firm.test" };

	if (d->rp.reporter->flags & R_ETO)
		r->envelope_to = to[rng_below(&d->rng, nitems(to))];
	record_merge_last(&d->rp);
}

static struct gen_record *
stream_record(struct demo *d, const struct stream *s, const char *ip, uint64_t count)
{
	struct gen_record	*r = record_add(&d->rp);

	r->source_ip = ip;
	r->count = count;
	r->header_from = s->header_from;
	r->envelope_from = s->envelope_from;
	return (r);
}

static void
sign(struct gen_record *r, const struct stream *s, const char *result)
{
	for (size_t i = 0; i < nitems(s->dkim); i++)
		if (s->dkim[i].domain != NULL)
			record_dkim(r, s->dkim[i].domain, s->dkim[i].selector, result);
}

/* The name servers do not always answer: a few rows say so. */
static void
direct(struct demo *d, const struct stream *s, const char *ip, uint64_t count)
{
	struct gen_record	*r;
	const char		*scope = s->envelope_from[0] == '\0' ? "helo" : NULL;
	const char		*dom = s->spf_domain != NULL ? s->spf_domain :
				    s->envelope_from;
	uint64_t		 odd;

	if (count > 3 && rng_chance(&d->rng, 12)) {
		odd = 1 + rng_below(&d->rng, (uint32_t)(count / 4));
		count -= odd;
		r = stream_record(d, s, ip, odd);
		if (rng_chance(&d->rng, 500)) {
			sign(r, s, "temperror");
			record_spf(r, dom, scope, s->spf);
		} else {
			sign(r, s, s->dkim_result);
			record_spf(r, dom, scope, "temperror");
		}
		record_judge(r, &d->rp);
		finish(d);
	}
	r = stream_record(d, s, ip, count);
	sign(r, s, s->dkim_result);
	record_spf(r, dom, scope, s->spf);
	record_judge(r, &d->rp);
	finish(d);
}

static void
spread(struct demo *d, const struct stream *s, uint64_t count)
{
	uint32_t	 n = 0;

	while (n < nitems(s->ip) && s->ip[n] != NULL)
		n++;
	for (uint32_t i = 0; i < n && count > 0; i++) {
		uint64_t	 part = count;

		if (i + 1 < n)
			part = draw(&d->rng, count * 1000 / (n - i));
		if (part > count)
			part = count;
		if (part > 0)
			direct(d, s, s->ip[i], part);
		count -= part;
	}
}

/* What a receiver makes of failing mail that came over others. */
static void
override(struct demo *d, struct gen_record *r, const struct forwarder *f, bool list)
{
	unsigned	 flags = d->rp.reporter->flags;

	if (record_passes(r))
		return;
	if (f->seals && flags & R_ARC && rng_chance(&d->rng, 800))
		record_override(r, "local_policy", arena_fmt(d->run->arena,
		    "arc=pass as[1].d=%s as[1].s=arc-2026", f->domain));
	else if (list && flags & R_LISTS && rng_chance(&d->rng, 850))
		record_override(r, "mailing_list", "message came through a mailing list");
	else if (!list && flags & R_FORWARD && rng_chance(&d->rng, 700))
		record_override(r, "forwarded", NULL);
}

static void
relayed(struct demo *d, const struct stream *s, const struct forwarder *f, bool list)
{
	struct gen_record	*r = stream_record(d, s, f->ip, 1);

	if (f->rewrites)
		r->envelope_from = f->domain;
	sign(r, s, f->breaks ? "fail" : s->dkim_result != NULL ? s->dkim_result : "pass");
	if (list)
		record_dkim(r, f->domain, "list1", "pass");
	if (f->rewrites)
		record_spf(r, f->domain, NULL, "pass");
	else
		record_spf(r, s->envelope_from, NULL,
		    strcmp(d->rp.domain, "example.org") == 0 ? "softfail" : "fail");
	record_judge(r, &d->rp);
	override(d, r, f, list);
	finish(d);
}

static const char *
bot_address(struct demo *d)
{
	static const struct {
		unsigned char	 net, first, last;
	} v4[] = { { 203, 100, 254 }, { 198, 32, 127 }, { 198, 144, 199 },
	    { 198, 210, 254 } };
	struct rng	*g = &d->rng;

	if (rng_chance(g, 550)) {
		uint32_t	 k = rng_below(g, nitems(v4));

		return (arena_fmt(d->run->arena, "%s.%u", v4[k].net == 203 ? "203.0.113" :
		    "198.51.100", rng_between(g, v4[k].first, v4[k].last)));
	}
	return (arena_fmt(d->run->arena, "2001:db8:%x:%x:%x:%x:%x:%x",
	    rng_between(g, 0x1000, 0xffff), rng_between(g, 1, 0xffff),
	    rng_between(g, 1, 0xffff), rng_between(g, 1, 0xffff),
	    rng_between(g, 1, 0xffff), rng_between(g, 1, 0xffff)));
}

static const char *
bot_from(struct demo *d)
{
	static const char *const	 sub[] = { "mail", "billing", "secure", "hr" };
	uint32_t			 x = rng_below(&d->rng, 100);

	if (x < 80)
		return (d->rp.domain);
	if (x < 95)
		return (arena_fmt(d->run->arena, "%s.%s",
		    sub[rng_below(&d->rng, nitems(sub))], d->rp.domain));
	return (arena_fmt(d->run->arena, "x%04x.%s", rng_below(&d->rng, 65536),
	    d->rp.domain));
}

static void
imitation(struct demo *d)
{
	static const char *const	 weak[] = { "none", "neutral", "fail", "softfail",
	    "permerror" };
	struct gen_record		*r = record_add(&d->rp);
	const char			*spam;
	uint32_t			 x = rng_below(&d->rng, 100);

	spam = arena_fmt(d->run->arena, "mx%u.bulk%02u.test", rng_below(&d->rng, 4),
	    rng_below(&d->rng, 40));
	r->source_ip = bot_address(d);
	r->count = rng_chance(&d->rng, 150) ? rng_between(&d->rng, 2, 4) : 1;
	r->header_from = bot_from(d);
	r->envelope_from = x < 45 ? r->header_from : spam;
	if (x < 45)
		record_spf(r, r->envelope_from, NULL,
		    strcmp(r->envelope_from, d->rp.domain) == 0 ? "fail" : "none");
	else if (x < 75)
		record_spf(r, spam, NULL, weak[rng_below(&d->rng, nitems(weak))]);
	else
		record_spf(r, spam, NULL, "pass");
	if (x >= 90 && x < 97)
		record_dkim(r, spam, "default", "pass");
	else if (x >= 97)	/* an old signature, copied */
		record_dkim(r, d->rp.domain, "k1", "fail");
	record_judge(r, &d->rp);
	if (rng_chance(&d->rng, 12))
		record_override(r, "local_policy", "sender is on a list of the recipient");
	finish(d);
}

static void
stream_day(struct demo *d, const struct stream *s, int day, int weekday)
{
	uint64_t	 mean, n;

	if (day < s->first || day > (s->last > 0 ? s->last : DAYS - 1))
		return;
	mean = (uint64_t)s->per_day * s->week[weekday] / 100 * d->rp.reporter->share;
	spread(d, s, draw(&d->rng, mean));
	for (n = draw(&d->rng, mean * s->forwarded / 1000); n > 0; n--)
		relayed(d, s, &forwarders[rng_below(&d->rng, nitems(forwarders))], false);
	for (n = draw(&d->rng, mean * s->listed / 1000); n > 0; n--)
		relayed(d, s, &lists[rng_below(&d->rng, nitems(lists))], true);
}

static void
fill(struct demo *d, size_t domain, int day)
{
	int64_t		 midnight = d->run->until - (DAYS - 1 - day) * DAY;
	int		 weekday = (int)((midnight / DAY + 3) % 7);	/* 0: Monday */
	uint64_t	 n;

	for (size_t i = 0; i < domains[domain].n; i++)
		stream_day(d, &domains[domain].stream[i], day, weekday);
	for (size_t i = 0; i < nitems(waves); i++) {
		if (strcmp(waves[i].domain, domains[domain].name) != 0 ||
		    day < waves[i].first || day > waves[i].last)
			continue;
		n = draw(&d->rng, (uint64_t)waves[i].per_day * d->rp.reporter->share);
		while (n-- > 0)
			imitation(d);
	}
}

static void
send_failure(struct demo *d, const struct gen_record *r, unsigned how, struct rng *rng)
{
	mail_failure(&d->run->mail, &d->rp, r, how, rng);
	output_mail(d->run->out, &d->run->mail, d->rp.begin + DAY);
	manifest_mail(d->run->mf, d->run->mail.len);
	manifest_failure(d->run->mf, true);
	d->run->mail.len = 0;
}

/*
 * Few reporters send any. Each in its habit, about some rows of the day; the
 * third also when only one of the two failed (fo=1).
 */
static void
failures(struct demo *d, size_t who, size_t domain, int day)
{
	static const size_t	 senders[] = { 2, 5, 8, 10 };
	struct rng		 rng;
	unsigned		 n = 0;

	if (!output_wants_mail(d->run->out))
		return;
	for (size_t k = 0; k < nitems(senders); k++) {
		if (senders[k] != who)
			continue;
		rng_seed(&rng, d->run->seed, 700 + who, 100 + domain, (uint64_t)day);
		for (size_t i = 0; i < d->rp.nrec && n < 3; i++) {
			const struct gen_record	*r = &d->rp.rec[i];
			bool			 fails = !record_passes(r), half = !fails && r->dkim_pass != r->spf_pass;

			if (r->differs || !(fails || (k == 2 && half)) || !rng_chance(&rng, fails ? 250 : 60))
				continue;
			send_failure(d, r, k == 0 ? 2 : k == 2 ? 0 : (unsigned)k, &rng);
			n++;
		}
	}
}

/* One reporter's report of one domain that begins on this day, if any. */
static void
one_report(struct demo *d, size_t who, size_t domain, int day)
{
	const struct reporter	*r = &gen_reporters[who];
	int			 days = r->days > 0 ? r->days : 1;

	rng_seed(&d->rng, d->run->seed, 1 + who, 100 + domain, (uint64_t)day);
	arena_reset(d->run->arena);
	report_begin(&d->rp, d->run->arena, r, domains[domain].name,
	    d->run->until - (DAYS - 1 - day) * DAY, &d->rng);
	set_policy(&d->rp, day);
	for (int k = 0; k < days; k++)
		fill(d, domain, day + k);
	if (d->rp.nrec == 0)
		return;
	for (size_t i = 0; i < d->rp.nrec; i++)
		if (rng_chance(&d->rng, 3))
			record_contradict(&d->rp.rec[i]);

	/* GMZ's mail of one day arrives cut: nothing of it may count. */
	if (day == 17 && domain == 1 && strcmp(r->host, "gmz.example") == 0) {
		xml_report(&d->run->xml, &d->rp);
		if (output_wants_mail(d->run->out)) {
			mail_report(&d->run->mail, &d->rp, &d->run->xml, MAIL_TRUNCATED,
			    &d->rng);
			output_mail(d->run->out, &d->run->mail, d->rp.sent);
			manifest_mail(d->run->mf, d->run->mail.len);
			manifest_rejected(d->run->mf);
		}
		d->run->mail.len = d->run->xml.len = 0;
		return;
	}
	run_report(d->run, &d->rp, &d->rng);
	failures(d, who, domain, day);
	/* Some are mailed twice: a relay repeats, or a second address leads here. */
	if ((who == 2 && domain == 0 && day % 9 == 4) || (who == 6 && day == 21))
		run_repeat(d->run, &d->rp, &d->rng);
}

static void
other_mail(struct demo *d, int day)
{
	static const struct {
		int	 day;
		void	(*write)(struct buf *, int64_t, struct rng *);
	} others[] = {
		{ 4, mail_bounce }, { 11, mail_spam }, { 19, mail_autoreply },
		{ 23, mail_spam },
	};
	static const int complaints[] = { 12, 25 };
	int64_t	 date = d->run->until - (DAYS - 1 - day) * DAY + 34567;

	if (!output_wants_mail(d->run->out))
		return;
	for (size_t i = 0; i < nitems(others); i++) {
		if (others[i].day != day)
			continue;
		rng_seed(&d->rng, d->run->seed, 900, i, (uint64_t)day);
		others[i].write(&d->run->mail, date, &d->rng);
		output_mail(d->run->out, &d->run->mail, date);
		manifest_mail(d->run->mf, d->run->mail.len);
		manifest_ignored(d->run->mf);
		d->run->mail.len = 0;
	}
	for (size_t i = 0; i < nitems(complaints); i++) {
		if (complaints[i] != day)
			continue;
		rng_seed(&d->rng, d->run->seed, 901, i, (uint64_t)day);
		mail_complaint(&d->run->mail, date, &d->rng);
		output_mail(d->run->out, &d->run->mail, date);
		manifest_mail(d->run->mf, d->run->mail.len);
		manifest_failure(d->run->mf, false);
		d->run->mail.len = 0;
	}
}

void
demo_generate(struct gen_run *run)
{
	struct demo	 d = { .run = run };

	for (int day = 0; day < DAYS; day++) {
		for (size_t who = 0; who < gen_nreporters; who++) {
			const struct reporter	*r = &gen_reporters[who];
			int			 n = r->days > 0 ? r->days : 1;

			if (day % n != 0 || day + n > DAYS || day >= DAYS - r->silent)
				continue;
			for (size_t dom = 0; dom < nitems(domains); dom++)
				one_report(&d, who, dom, day);
		}
		other_mail(&d, day);
	}
	free(d.rp.rec);
}
