/*
 * months.c - sixty days of five kinds of domain, with the truth about every
 * source: what dmarcd's classes of senders are held against.
 *
 *	healthy.example	p=reject: own servers and services, all set up
 *	half.example	p=none: servers missing in SPF, services without DKIM
 *	spoofed.example	p=quarantine, later reject; imitated in waves
 *	campus.example	a university: hundreds of forwarders, many lists
 *	parked.example	p=reject, no mail of its own
 *
 * What differs from seed to seed: who is there, how it is set up, volumes,
 * keys that break, waves. The truth says of each source what it is (own,
 * service, forwarder, list, impostor) and which classes are right for it by
 * the rules, going by what reports can show.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define DAYS		60
#define FLOWS		24
#define IPS		8
#define RELAYS		400

struct flow {			/* what one system of the owner sends */
	const char	*from, *path, *spf;
	struct gen_dkim	 dkim[2];
	const char	*ip[IPS];
	unsigned	 nip, per_day, forwarded, listed;	/* per thousand */
	bool		 office;	/* little on weekends */
	int		 first, last;
	const char	*is, *right;
};
struct relay {
	const char	*ip, *name;
	bool		 rewrites, breaks, seals, list;
};
struct kind {
	const char	*name;
	struct flow	 flow[FLOWS];
	unsigned	 nflow;
	struct relay	 relay[RELAYS];
	unsigned	 nforward, nlist;	/* lists stand behind the forwarders */
	unsigned	 bots;			/* imitations on an ordinary day */
	unsigned	 waves, servers;	/* of bots; of senders that imitate from one place */
	const char	*policy, *later;
	const char	*abused;	/* service of the owner that an impostor uses, too */
};
struct truth {
	const char	*domain, *ip, *is, *right;
};
struct months {
	struct gen_run	*run;
	struct gen_report rp;
	struct rng	 rng;
	struct arena	*names;		/* lives as long as the run */
	struct kind	 kind[5];
	struct truth	*truth;
	size_t		 ntruth, cap;
	unsigned	 net;		/* the next /48 */
	unsigned	 used;		/* services of the domain that is made up */
};

/* Services by reserved names; those marked known stand in the test's configuration. */
static const struct service {
	const char	*name;
	bool		 known, signs;	/* signs: with its own name beside the customer's */
	const char	*selector;
} services[] = {
	{ "letterpost.example", true, true, "lp1" },
	{ "mailer-x.test", true, true, "mxs" },
	{ "helpdesk.example", true, false, "hdx1" },	/* known by this selector */
	{ "payroll.test", true, true, "pr" },
	{ "agency.example", false, true, "ag1" },
	{ "surveys.test", false, true, "s1" },
	{ "booking.example", false, true, "k1" },
};

static void
truth_add(struct months *m, const char *domain, const char *ip, const char *is, const char *right)
{
	if (m->ntruth == m->cap) {
		m->cap = m->cap == 0 ? 1024 : m->cap * 2;
		m->truth = gen_alloc(m->truth, m->cap, sizeof(*m->truth));
	}
	m->truth[m->ntruth++] = (struct truth){ domain, arena_fmt(m->names, "%s", ip), is, right };
}

static const char *
own_ip(struct months *m)
{
	return (arena_fmt(m->names, "192.0.2.%u", 1 + m->net++ % 250));
}

/* --- Who is there ------------------------------------------------------------ */

static struct flow *
flow_new(struct months *m, struct kind *k, const char *is, const char *right)
{
	struct flow	*f = &k->flow[k->nflow++];

	(void)m;
	*f = (struct flow){ .from = k->name, .path = k->name, .spf = "pass", .last = DAYS - 1, .is = is, .right = right };
	return (f);
}

static void
own_server(struct months *m, struct kind *k, unsigned per_day)
{
	struct flow	*f = flow_new(m, k, "own", "own");
	unsigned	 n = rng_between(&m->rng, 1, 3);

	for (unsigned i = 0; i < n; i++)
		f->ip[f->nip++] = own_ip(m);
	f->per_day = per_day;
	f->office = rng_chance(&m->rng, 600);
	f->dkim[0] = (struct gen_dkim){ k->name, arena_fmt(m->names, "mta%u", rng_between(&m->rng, 1, 99)), "pass", NULL };
	f->forwarded = rng_between(&m->rng, 10, 35);
	f->listed = rng_between(&m->rng, 2, 12);
}

/* SPF only: signs nothing. */
static void
own_unsigned(struct months *m, struct kind *k, unsigned per_day)
{
	struct flow	*f = flow_new(m, k, "own", "own");

	f->path = f->from = arena_fmt(m->names, "www.%s", k->name);
	f->ip[f->nip++] = own_ip(m);
	f->per_day = per_day;
	f->forwarded = 20;
}

/* Signs, and nobody put it into SPF. */
static void
own_unlisted(struct months *m, struct kind *k, unsigned per_day)
{
	struct flow	*f = flow_new(m, k, "own", "candidate");

	f->spf = rng_chance(&m->rng, 500) ? "softfail" : "neutral";
	f->ip[f->nip++] = own_ip(m);
	f->dkim[0] = (struct gen_dkim){ k->name, arena_fmt(m->names, "app%u", rng_between(&m->rng, 1, 99)), "pass", NULL };
	f->per_day = per_day;
	f->forwarded = 10;
}

/* Neither: a printer, a web form. Nobody can tell from reports that it is one's own. */
static void
own_forgotten(struct months *m, struct kind *k, unsigned per_day)
{
	struct flow	*f = flow_new(m, k, "own", "unknown");

	f->spf = k->policy[0] == 'n' ? "softfail" : "fail";
	f->ip[f->nip++] = own_ip(m);
	f->per_day = per_day;
	f->office = rng_chance(&m->rng, 500);
}

enum setup { FULL, DKIM_ONLY, SPF_ONLY, NOTHING };

static void
service(struct months *m, struct kind *k, const struct service *s, enum setup how, unsigned per_day)
{
	bool		 dkim = how == FULL || how == DKIM_ONLY;
	/* without a trace of the service all looks like a server of one's own */
	bool		 bare = !s->known && rng_chance(&m->rng, 250);
	struct flow	*f = flow_new(m, k, "service", s->known && dkim ? "service" : dkim || how == SPF_ONLY ? "candidate" : "unknown");
	unsigned	 n = rng_between(&m->rng, 2, 6), net = m->net++, at = 0;

	for (unsigned i = 0; i < n; i++)
		f->ip[f->nip++] = i % 2 == 0 ? arena_fmt(m->names, "198.51.100.%u", 1 + (net * 7 + i) % 250) :
		    arena_fmt(m->names, "2001:db8:5%03x::%x", net % 4096, 16 + i);
	if (rng_chance(&m->rng, 400))
		f->from = arena_fmt(m->names, "news.%s", k->name);
	f->path = how == FULL || how == SPF_ONLY ? arena_fmt(m->names, "bounce.%s", k->name) : arena_fmt(m->names, "b.%s", s->name);
	if (dkim)
		f->dkim[at++] = (struct gen_dkim){ k->name, s->selector, "pass", NULL };
	if ((s->signs && !bare) || !dkim)
		f->dkim[at++] = (struct gen_dkim){ s->name, "mail", "pass", NULL };
	k->abused = s->name;
	f->per_day = per_day;
	f->office = rng_chance(&m->rng, 300);
	f->forwarded = rng_between(&m->rng, 5, 20);
}

static void
relays(struct months *m, struct kind *k, unsigned forwarders, unsigned lists)
{
	for (unsigned i = 0; i < forwarders + lists && i < RELAYS; i++) {
		struct relay	*r = &k->relay[i];
		unsigned	 net = m->net++;

		r->list = i >= forwarders;
		r->ip = arena_fmt(m->names, "2001:db8:f%03x::%x", net % 4096, rng_between(&m->rng, 1, 200));
		if (r->list) {
			r->name = arena_fmt(m->names, rng_chance(&m->rng, 700) ? "lists.club%u.test" : "club%u.test", net);
			r->rewrites = r->breaks = true;
			r->seals = rng_chance(&m->rng, 400);
		} else {
			r->name = arena_fmt(m->names, "fwd%u.example", net);
			r->rewrites = rng_chance(&m->rng, 500);
			r->breaks = rng_chance(&m->rng, 120);
			r->seals = rng_chance(&m->rng, 250);
		}
		truth_add(m, k->name, r->ip, r->list ? "list" : "forwarder", r->list ? "list" : "forwarder");
	}
	k->nforward = forwarders;
	k->nlist = lists;
}

static const struct service *
any_service(struct months *m, bool known)
{
	const struct service	*s;

	/* each once in a domain: a service is set up there in one way */
	do
		s = &services[rng_below(&m->rng, nitems(services))];
	while (s->known != known || (m->used & 1u << (s - services)) != 0);
	m->used |= 1u << (s - services);
	return (s);
}

static void
break_key(struct months *m, struct kind *k)
{
	for (unsigned i = 0; i < k->nflow; i++) {
		struct flow	*f = &k->flow[i];

		if (strcmp(f->right, "own") != 0 || f->dkim[0].domain == NULL || !rng_chance(&m->rng, 500) || k->nflow == FLOWS)
			continue;
		k->flow[k->nflow] = *f;
		f->last = (int)rng_between(&m->rng, 20, 50);
		k->flow[k->nflow].first = f->last + 1;
		k->flow[k->nflow++].dkim[0].result = "fail";
		return;
	}
}

static void
people(struct months *m)
{
	struct kind	*k = m->kind;
	struct rng	*g = &m->rng;

	k[0] = (struct kind){ .name = "healthy.example", .policy = "reject", .bots = 8, .waves = 1, .servers = 1 };
	for (unsigned n = rng_between(g, 1, 3); n > 0; n--)
		own_server(m, &k[0], rng_between(g, 300, 3000));
	own_unsigned(m, &k[0], rng_between(g, 20, 120));
	service(m, &k[0], any_service(m, true), FULL, rng_between(g, 400, 4000));
	service(m, &k[0], any_service(m, true), DKIM_ONLY, rng_between(g, 100, 900));
	service(m, &k[0], any_service(m, false), rng_chance(g, 500) ? FULL : DKIM_ONLY, rng_between(g, 30, 200));
	relays(m, &k[0], rng_between(g, 20, 60), rng_between(g, 3, 8));

	m->used = 0;
	k[1] = (struct kind){ .name = "half.example", .policy = "none", .bots = 12, .waves = 1, .servers = 3 };
	own_server(m, &k[1], rng_between(g, 300, 1500));
	own_server(m, &k[1], rng_between(g, 30, 300));
	own_unsigned(m, &k[1], rng_between(g, 40, 300));
	own_unlisted(m, &k[1], rng_between(g, 60, 300));
	own_forgotten(m, &k[1], rng_between(g, 20, 150));
	service(m, &k[1], any_service(m, true), NOTHING, rng_between(g, 100, 700));
	service(m, &k[1], any_service(m, true), DKIM_ONLY, rng_between(g, 100, 500));
	service(m, &k[1], any_service(m, true), SPF_ONLY, rng_between(g, 30, 200));
	service(m, &k[1], any_service(m, false), DKIM_ONLY, rng_between(g, 50, 300));
	service(m, &k[1], any_service(m, false), NOTHING, rng_between(g, 50, 300));
	break_key(m, &k[1]);
	relays(m, &k[1], rng_between(g, 15, 50), rng_between(g, 2, 6));

	m->used = 0;
	k[2] = (struct kind){ .name = "spoofed.example", .policy = "quarantine", .later = "reject", .bots = rng_between(g, 40, 150),
	    .waves = rng_between(g, 3, 6), .servers = rng_between(g, 4, 12) };
	own_server(m, &k[2], rng_between(g, 100, 600));
	service(m, &k[2], any_service(m, true), FULL, rng_between(g, 100, 800));
	own_forgotten(m, &k[2], rng_between(g, 5, 25));
	relays(m, &k[2], rng_between(g, 10, 40), rng_between(g, 2, 5));

	m->used = 0;
	k[3] = (struct kind){ .name = "campus.example", .policy = rng_chance(g, 500) ? "none" : "quarantine", .bots = 25, .waves = 1,
	    .servers = 2 };
	for (unsigned n = rng_between(g, 3, 6); n > 0; n--)
		own_server(m, &k[3], rng_between(g, 100, 1500));
	own_unlisted(m, &k[3], rng_between(g, 20, 150));
	own_forgotten(m, &k[3], rng_between(g, 10, 60));
	service(m, &k[3], any_service(m, true), DKIM_ONLY, rng_between(g, 100, 600));
	service(m, &k[3], any_service(m, false), NOTHING, rng_between(g, 20, 100));
	for (unsigned i = 0; i < k[3].nflow; i++) {
		k[3].flow[i].forwarded *= 3;
		k[3].flow[i].listed *= 6;
	}
	relays(m, &k[3], rng_between(g, 120, 250), rng_between(g, 15, 40));

	m->used = 0;
	k[4] = (struct kind){ .name = "parked.example", .policy = "reject", .bots = rng_between(g, 5, 40), .waves = 2, .servers = 1 };
	for (unsigned i = 0; i < nitems(m->kind); i++)
		for (unsigned n = 0; n < k[i].nflow; n++)
			for (unsigned p = 0; p < k[i].flow[n].nip && k[i].flow[n].first == 0; p++)
				truth_add(m, k[i].name, k[i].flow[n].ip[p], k[i].flow[n].is, k[i].flow[n].right);
}

/* --- A day of one reporter ----------------------------------------------------------- */

static uint64_t
draw(struct rng *rng, uint64_t mean)
{
	uint64_t	 m = mean * rng_between(rng, 600, 1400) / 1000;

	return (m / 1000 + (rng_below(rng, 1000) < m % 1000 ? 1 : 0));
}

static void
finish(struct months *m)
{
	static const char *const	 to[] = { "outmail.example", "customer.example", "firm.test" };

	if (m->rp.reporter->flags & R_ETO)
		m->rp.rec[m->rp.nrec - 1].envelope_to = to[rng_below(&m->rng, nitems(to))];
	record_merge_last(&m->rp);
}

static struct gen_record *
message(struct months *m, const struct flow *f, const char *ip, uint64_t count)
{
	struct gen_record	*r = record_add(&m->rp);

	r->source_ip = ip;
	r->count = count;
	r->header_from = f->from;
	r->envelope_from = f->path;
	return (r);
}

static void
direct(struct months *m, const struct flow *f, const char *ip, uint64_t count)
{
	struct gen_record	*r;
	bool			 trouble = count > 3 && rng_chance(&m->rng, 8);

	for (int part = trouble ? 0 : 1; part < 2; part++) {
		/* name servers do not always answer */
		r = message(m, f, ip, part == 0 ? 1 : trouble ? count - 1 : count);
		for (unsigned i = 0; i < nitems(f->dkim) && f->dkim[i].domain != NULL; i++)
			record_dkim(r, f->dkim[i].domain, f->dkim[i].selector, part == 0 ? "temperror" : f->dkim[i].result);
		record_spf(r, f->path, NULL, f->spf);
		record_judge(r, &m->rp);
		finish(m);
	}
}

static void
relayed(struct months *m, const struct flow *f, const struct relay *l)
{
	struct gen_record	*r = message(m, f, l->ip, 1);
	unsigned		 flags = m->rp.reporter->flags;

	if (l->rewrites)
		r->envelope_from = l->name;
	for (unsigned i = 0; i < nitems(f->dkim) && f->dkim[i].domain != NULL; i++)
		record_dkim(r, f->dkim[i].domain, f->dkim[i].selector, l->breaks ? "fail" : f->dkim[i].result);
	if (l->list)
		record_dkim(r, l->name, "list", "pass");
	record_spf(r, r->envelope_from, NULL, l->rewrites ? "pass" : m->rp.policy.p[0] == 'n' ? "softfail" : "fail");
	record_judge(r, &m->rp);
	if (!record_passes(r)) {
		if (l->seals && flags & R_ARC && rng_chance(&m->rng, 800))
			record_override(r, "local_policy", arena_fmt(m->run->arena, "arc=pass as[1].d=%s as[1].s=arc", l->name));
		else if (l->list && flags & R_LISTS && rng_chance(&m->rng, 850))
			record_override(r, "mailing_list", NULL);
		else if (!l->list && flags & R_FORWARD && rng_chance(&m->rng, 600))
			record_override(r, "forwarded", NULL);
	}
	finish(m);
}

static void
flow_day(struct months *m, struct kind *k, const struct flow *f, int day, int weekday, const struct zipf *popular)
{
	uint64_t	 mean = (uint64_t)f->per_day * m->rp.reporter->share, n, part;

	if (day < f->first || day > f->last)
		return;
	if (f->office && weekday >= 5)
		mean /= 8;
	n = draw(&m->rng, mean);
	for (unsigned i = 0; i < f->nip && n > 0; i++) {
		part = i + 1 == f->nip ? n : draw(&m->rng, n * 1000 / (f->nip - i));
		part = part > n ? n : part;
		if (part > 0)
			direct(m, f, f->ip[i], part);
		n -= part;
	}
	for (n = draw(&m->rng, mean * f->forwarded / 1000); n > 0 && k->nforward > 0; n--)
		relayed(m, f, &k->relay[zipf_draw(popular, &m->rng) % k->nforward]);
	for (n = draw(&m->rng, mean * f->listed / 1000); n > 0 && k->nlist > 0; n--)
		relayed(m, f, &k->relay[k->nforward + zipf_draw(popular, &m->rng) % k->nlist]);
}

static void
imitation(struct months *m, const struct kind *k, const char *ip, const char *spam, uint64_t count)
{
	static const char *const	 weak[] = { "none", "neutral", "fail", "softfail", "permerror" };
	struct gen_record		*r = record_add(&m->rp);
	uint32_t			 x = rng_below(&m->rng, 100);

	r->source_ip = ip;
	r->count = count;
	r->header_from = rng_chance(&m->rng, 850) ? k->name : arena_fmt(m->run->arena, "billing.%s", k->name);
	r->envelope_from = x < 45 ? k->name : spam;
	record_spf(r, r->envelope_from, NULL, x < 45 ? "fail" : x < 75 ? weak[rng_below(&m->rng, nitems(weak))] : "pass");
	if (x >= 90 && x < 96)
		record_dkim(r, spam, "default", "pass");
	else if (x >= 96 && k->nflow > 0 && k->flow[0].dkim[0].domain != NULL)	/* an old signature, copied */
		record_dkim(r, k->name, k->flow[0].dkim[0].selector, "fail");
	record_judge(r, &m->rp);
	if (rng_chance(&m->rng, 10))
		record_override(r, "local_policy", "sender is on a list of the recipient");
	finish(m);
}

/* Another customer of a service that the owner uses: nobody can tell the two apart but by the owner's key. */
static void
abuse_day(struct months *m, const struct kind *k, int day)
{
	struct gen_record	*r;
	uint64_t		 n;
	const char		*ip;

	if (k->abused == NULL || day / 10 != (int)(m->run->seed % 6) || (n = draw(&m->rng, UINT64_C(40) * m->rp.reporter->share)) == 0)
		return;
	ip = arena_fmt(m->run->arena, "2001:db8:7%03x::99", (unsigned)(m->run->seed * 7 + (uint64_t)(k - m->kind)) % 4096);
	truth_add(m, k->name, ip, "impostor", "suspect,noise,unknown");
	r = record_add(&m->rp);
	r->source_ip = ip;
	r->count = n;
	r->header_from = k->name;
	r->envelope_from = arena_fmt(m->run->arena, "b.%s", k->abused);
	record_dkim(r, k->abused, "mail", "pass");
	record_spf(r, r->envelope_from, NULL, "pass");
	record_judge(r, &m->rp);
	finish(m);
}

static void
bots_day(struct months *m, struct kind *k, int day)
{
	unsigned	 per_day = k->bots, seed = (unsigned)(m->run->seed % 1000);
	const char	*ip;
	uint64_t	 n;

	for (unsigned w = 0; w < k->waves; w++)
		if (day / 3 == (int)((w * 7 + seed * (w + 3)) % (DAYS / 3)))
			per_day += k->bots * 12;
	for (n = draw(&m->rng, (uint64_t)per_day * m->rp.reporter->share); n > 0; n--) {
		ip = arena_fmt(m->run->arena, "2001:db8:%x:%x::%x", rng_between(&m->rng, 0x1000, 0x4fff), rng_between(&m->rng, 1, 0xffff),
		    rng_between(&m->rng, 1, 0xffff));
		truth_add(m, k->name, ip, "impostor", "suspect,noise,unknown");
		imitation(m, k, ip, arena_fmt(m->run->arena, "mx.bulk%02u.test", rng_below(&m->rng, 40)), 1);
	}
	/* rented machines that send for a week, many from one place */
	for (unsigned i = 0; i < k->servers; i++) {
		if (day / 7 != (int)((i * 5 + seed) % 8))
			continue;
		ip = arena_fmt(m->run->arena, "2001:db8:6%03x::%x", (i * 37 + seed * 11 + (unsigned)(k - m->kind)) % 4096, 1 + day % 7);
		if ((n = draw(&m->rng, UINT64_C(90) * m->rp.reporter->share)) > 0) {
			truth_add(m, k->name, ip, "impostor", "suspect,noise,unknown");
			imitation(m, k, ip, arena_fmt(m->run->arena, "mail.offers%02u.test", i), n);
		}
	}
}

static void
one_report(struct months *m, size_t who, struct kind *k, int day, const struct zipf *popular)
{
	const struct reporter	*r = &gen_reporters[who];
	int64_t			 midnight = m->run->until - (DAYS - 1 - day) * DAY;
	int			 days = r->days > 0 ? r->days : 1;

	if (day % days != 0 || day + days > DAYS)
		return;
	rng_seed(&m->rng, m->run->seed, 1000 + who, (uint64_t)(k - m->kind), (uint64_t)day);
	arena_reset(m->run->arena);
	report_begin(&m->rp, m->run->arena, r, k->name, midnight, &m->rng);
	m->rp.policy.p = k->later != NULL && day >= DAYS / 2 + r->slow ? k->later : k->policy;
	for (int d = day; d < day + days; d++) {
		int64_t	 at = midnight + (d - day) * DAY;

		for (unsigned i = 0; i < k->nflow; i++)
			flow_day(m, k, &k->flow[i], d, (int)((at / DAY + 3) % 7), popular);
		bots_day(m, k, d);
		abuse_day(m, k, d);
	}
	if (m->rp.nrec > 0)
		run_report(m->run, &m->rp, &m->rng);
}

static int
by_ip(const void *a, const void *b)
{
	const struct truth	*x = a, *y = b;
	int			 c = strcmp(x->domain, y->domain);

	return (c != 0 ? c : strcmp(x->ip, y->ip));
}

/* domain, address, what it is, which classes are right; one source a line. */
static void
truth_write(struct months *m, const char *path)
{
	FILE	*f = fopen(path, "w");

	if (f == NULL)
		gen_die("%s cannot be written", path);
	qsort(m->truth, m->ntruth, sizeof(*m->truth), by_ip);
	for (size_t i = 0; i < m->ntruth; i++) {
		const struct truth	*t = &m->truth[i];

		if (i > 0 && by_ip(t, t - 1) == 0) {
			if (strcmp(t->is, t[-1].is) != 0)
				gen_die("%s is %s and %s", t->ip, t->is, t[-1].is);
			continue;
		}
		fprintf(f, "%s\t%s\t%s\t%s\n", t->domain, t->ip, t->is, t->right);
	}
	if (fclose(f) != 0)
		gen_die("%s cannot be written", path);
}

void
months_generate(struct gen_run *run, const char *truth)
{
	struct months	*m = gen_alloc(NULL, 1, sizeof(*m));
	struct zipf	 popular;

	memset(m, 0, sizeof(*m));
	m->run = run;
	m->names = arena_new();
	m->net = (unsigned)(run->seed * 13 % 200);
	rng_seed(&m->rng, run->seed, 7, 7, 7);
	people(m);
	zipf_init(&popular, RELAYS);
	for (int day = 0; day < DAYS; day++)
		for (size_t who = 0; who < gen_nreporters; who++)
			for (unsigned i = 0; i < nitems(m->kind); i++)
				one_report(m, who, &m->kind[i], day, &popular);
	if (truth != NULL)
		truth_write(m, truth);
	zipf_free(&popular);
	arena_free(m->names);
	free(m->truth);
	free(m->rp.rec);
	free(m);
}
