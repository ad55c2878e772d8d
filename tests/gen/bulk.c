/*
 * bulk.c - many reports for benchmarks, spread like real ones: nine in ten
 * have one to five records, a heavy tail has thousands; few reporters send
 * most; few sources send most. Two corpora:
 *   typical   the results repeat: each domain has COMBOS ways in which its
 *             mail looks, and each source shows a few of them
 *   diverse   nearly every record looks like no other (names, selectors,
 *             results and comments drawn from large pools)
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define COMBOS		64	/* per domain; habits of reporters multiply them */
#define COMBOS_SOURCE	8	/* of those, how many one source shows */
#define SOURCES		1500	/* per domain */
#define REPORTERS	60

struct combo {
	const char	*header_from, *envelope_from;
	struct gen_dkim	 dkim[2];
	unsigned	 ndkim;
	struct gen_spf	 spf;
	struct gen_reason reason;
};
struct profile {
	const char		*domain;
	struct gen_policy	 policy;
	struct combo		 combo[COMBOS];
	uint64_t		 salt;
};
struct bulk {
	struct gen_run			*run;
	const struct bulk_options	*opt;
	struct rng			 rng;
	struct arena			*keep;	/* for the whole run */
	struct reporter			 reporter[REPORTERS];
	struct profile			*profile;
	struct zipf			 zreporter, zdomain, zsource, zcombo;
	uint32_t			*seen;	/* (source, combo): report number */
	struct gen_report		 rp;
};

static const char *const	 dkim_results[] = { "pass", "fail", "none", "neutral",
    "policy", "temperror", "permerror" };
static const char *const	 spf_results[] = { "pass", "fail", "softfail", "none",
    "neutral", "temperror", "permerror" };

/* --- who and about whom ------------------------------------------------ */

/* The known kinds first, then small houses with habits of one of them. */
static void
make_reporters(struct bulk *b)
{
	for (uint32_t i = 0; i < REPORTERS; i++) {
		struct reporter	*r = &b->reporter[i];

		*r = gen_reporters[i % gen_nreporters];
		r->flags &= ~(unsigned)R_SPLIT;	/* it would alter the sizes */
		r->silent = r->slow = r->days = 0;
		if (i < gen_nreporters)
			continue;
		r->host = arena_fmt(b->keep, "mx.house%02u.%s", i,
		    i % 2 == 0 ? "example" : "test");
		r->org_name = i % 3 == 0 ? r->host : arena_fmt(b->keep, "House %02u", i);
		r->email = arena_fmt(b->keep, "dmarc@house%02u.%s", i,
		    i % 2 == 0 ? "example" : "test");
		r->extra = NULL;
		if (r->shape == SHAPE_FORWARDED)
			r->shape = SHAPE_MIXED;
	}
}

static const char *
pick(struct rng *g, const char *const *from, size_t n)
{
	return (from[rng_below(g, (uint32_t)n)]);
}

/* One way in which the mail of a domain looks. */
static void
make_combo(struct bulk *b, struct profile *p, struct combo *c, uint32_t i)
{
	static const char *const	 sub[] = { "news", "shop", "mail", "app", "info" };
	struct rng			*g = &b->rng;
	const char			*svc, *sel;
	bool				 good = i < COMBOS / 2 || rng_chance(g, 300);

	svc = arena_fmt(b->keep, "service%02u.example", rng_below(g, 40));
	sel = arena_fmt(b->keep, "s%u", rng_between(g, 1, 9));
	c->header_from = rng_chance(g, 650) ? p->domain :
	    arena_fmt(b->keep, "%s.%s", pick(g, sub, nitems(sub)), p->domain);
	c->envelope_from = rng_chance(g, 450) ? c->header_from :
	    rng_chance(g, 300) ? arena_fmt(b->keep, "bounce.%s", p->domain) :
	    arena_fmt(b->keep, "bounce.%s", svc);
	c->spf = (struct gen_spf){ c->envelope_from, NULL, good && rng_chance(g, 850) ?
	    "pass" : pick(g, spf_results, nitems(spf_results)) };
	if (good || rng_chance(g, 300))
		c->dkim[c->ndkim++] = (struct gen_dkim){ p->domain, sel,
		    good ? "pass" : pick(g, dkim_results, nitems(dkim_results)), NULL };
	if (rng_chance(g, 400))
		c->dkim[c->ndkim++] = (struct gen_dkim){ svc, "mail", "pass", NULL };
	if (!good && rng_chance(g, 250))
		c->reason = rng_chance(g, 600) ?
		    (struct gen_reason){ "local_policy", arena_fmt(b->keep,
			"arc=pass as[1].d=%s as[1].s=arc1", svc) } :
		    (struct gen_reason){ "mailing_list", NULL };
}

static void
make_profiles(struct bulk *b)
{
	static const char *const	 policy[] = { "none", "none", "quarantine", "reject" };

	b->profile = gen_alloc(NULL, b->opt->domains, sizeof(*b->profile));
	for (uint32_t d = 0; d < b->opt->domains; d++) {
		struct profile	*p = &b->profile[d];

		*p = (struct profile){ .domain = arena_fmt(b->keep, "brand%04u.%s", d,
		    d % 3 == 0 ? "test" : "example") };
		rng_seed(&b->rng, b->run->seed, 7, d, 0);
		p->salt = rng_next(&b->rng);
		p->policy = (struct gen_policy){ pick(&b->rng, policy, nitems(policy)),
		    NULL, NULL, "r", rng_chance(&b->rng, 100) ? "s" : "r", false };
		for (uint32_t i = 0; i < COMBOS; i++)
			make_combo(b, p, &p->combo[i], i);
	}
}

/* --- sources ----------------------------------------------------------- */

static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 31) * UINT64_C(0x7fb5d329728ea185);
	x = (x ^ x >> 27) * UINT64_C(0x81dadef4bc2dd44d);
	return (x ^ x >> 33);
}

/* Always the same address for the same number of a domain; a third IPv6. */
static const char *
address(struct bulk *b, uint64_t salt, uint64_t n)
{
	static const char *const	 net[] = { "192.0.2", "198.51.100", "203.0.113" };
	uint64_t			 h = mix(salt + n * UINT64_C(0x9e3779b97f4a7c15));

	if (h % 3 != 0)
		return (arena_fmt(b->run->arena, "%s.%u", net[h / 3 % 3],
		    (unsigned)(h / 9 % 256)));
	return (arena_fmt(b->run->arena, "2001:db8:%x:%x::%x", (unsigned)(h >> 16 & 0x7fff) + 1,
	    (unsigned)(h >> 32 & 0xfff) + 1, (unsigned)(h >> 48 & 0x3fff) + 1));
}

/* --- records ----------------------------------------------------------- */

/* L..H with many small and few large (Pareto, exponent 1, bounded). */
static uint32_t
pareto(struct rng *g, uint64_t lo, uint64_t hi)
{
	uint64_t	 u = rng_next(g) >> 32;

	return ((uint32_t)((lo * hi << 32) / ((hi << 32) - u * (hi - lo))));
}

static uint32_t
record_count(struct rng *g)
{
	static const unsigned char	 few[] = { 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2,
	    3, 3, 3, 4, 4, 5, 5 };
	uint32_t			 x = rng_below(g, 1000);

	if (x < 900)
		return (few[rng_below(g, nitems(few))]);
	return (x < 990 ? pareto(g, 6, 100) : pareto(g, 200, 5000));
}

static void
evaluate(struct bulk *b, struct gen_record *r, const struct gen_reason *reason)
{
	record_judge(r, &b->rp);
	if (reason->type != NULL && !record_passes(r))
		record_override(r, reason->type, reason->comment);
	if (rng_chance(&b->rng, 3))
		record_contradict(r);
}

static void
set_combo(struct bulk *b, struct gen_record *r, const struct combo *c)
{
	r->header_from = c->header_from;
	r->envelope_from = c->envelope_from;
	r->envelope_to = "customer.example";
	r->ndkim = r->nspf = r->nreason = 0;
	for (unsigned i = 0; i < c->ndkim; i++)
		record_dkim(r, c->dkim[i].domain, c->dkim[i].selector, c->dkim[i].result);
	record_spf(r, c->spf.domain, c->spf.scope, c->spf.result);
	evaluate(b, r, &c->reason);
}

/* No two rows of a report are alike: reporters add them up. */
static void
typical_record(struct bulk *b, const struct profile *p, uint32_t report)
{
	struct gen_record	*r = record_add(&b->rp);
	uint32_t		 src, co, tries = 0;

	src = zipf_draw(&b->zsource, &b->rng);
	do {
		uint32_t	 base = (uint32_t)(mix(p->salt ^ src) % COMBOS);

		co = (base + zipf_draw(&b->zcombo, &b->rng)) % COMBOS;
		if (b->seen[src * COMBOS + co] != report)
			break;
		src = (src + 1) % SOURCES;
	} while (++tries < SOURCES * COMBOS_SOURCE);
	b->seen[src * COMBOS + co] = report;
	r->source_ip = address(b, p->salt, src);
	r->count = pareto(&b->rng, 1, 4000);
	set_combo(b, r, &p->combo[co]);
}

static void
diverse_record(struct bulk *b, const struct profile *p)
{
	struct rng		*g = &b->rng;
	struct arena		*a = b->run->arena;
	struct gen_record	*r = record_add(&b->rp);
	struct gen_reason	 why = { NULL, NULL };
	uint32_t		 n = rng_between(g, 1, 3);

	r->source_ip = address(b, p->salt, zipf_draw(&b->zsource, g));
	r->count = pareto(g, 1, 4000);
	r->header_from = rng_chance(g, 700) ? p->domain :
	    arena_fmt(a, "sub%u.%s", rng_below(g, 500), p->domain);
	/*
	 * Each name from a pool of thousands, as mail of a university or a large
	 * list host shows: names come again, combinations hardly ever.
	 */
	r->envelope_from = rng_chance(g, 250) ? arena_fmt(a, "b%04u.%s",
	    rng_below(g, 2000), p->domain) : arena_fmt(a, "bounce%u.sender%04u.%s",
	    rng_below(g, 4), rng_below(g, 3000), "example");
	r->envelope_to = arena_fmt(a, "customer%04u.example", rng_below(g, 2000));
	for (uint32_t i = 0; i < n; i++)
		record_dkim(r, i == 0 && rng_chance(g, 500) ? p->domain :
		    arena_fmt(a, "signer%04u.example", rng_below(g, 4000)),
		    arena_fmt(a, "s%08x", rng_below(g, 2000) * 2654435761u), rng_chance(g, 600) ?
		    "pass" : pick(g, dkim_results, nitems(dkim_results)));
	record_spf(r, r->envelope_from, NULL, rng_chance(g, 500) ? "pass" :
	    pick(g, spf_results, nitems(spf_results)));
	if (rng_chance(g, 300)) {
		uint32_t	 f = rng_below(g, 3000);	/* a forwarder has one key */

		why = (struct gen_reason){ "local_policy", arena_fmt(a,
		    "arc=%s as[1].d=signer%04u.example as[1].s=arc%06x",
		    rng_chance(g, 700) ? "pass" : "fail", f, f * 40503u & 0xffffffu) };
	}
	evaluate(b, r, &why);
}

/* --- reports ----------------------------------------------------------- */

static void
bulk_report(struct bulk *b, uint64_t i)
{
	const struct bulk_options	*o = b->opt;
	const struct profile		*p;
	const struct reporter		*who;
	int64_t				 day;
	uint32_t			 n;

	rng_seed(&b->rng, b->run->seed, 8, i, 0);
	arena_reset(b->run->arena);
	who = &b->reporter[zipf_draw(&b->zreporter, &b->rng)];
	p = &b->profile[zipf_draw(&b->zdomain, &b->rng)];
	day = (int64_t)(i * o->days / o->reports) - (int64_t)o->days + 1;
	report_begin(&b->rp, b->run->arena, who, p->domain, b->run->until + day * DAY,
	    &b->rng);
	b->rp.policy = p->policy;
	if (!(who->flags & R_MODES))	/* nobody could know of a strict mode */
		b->rp.policy.adkim = b->rp.policy.aspf = "r";
	for (n = record_count(&b->rng); n > 0; n--) {
		if (o->diverse)
			diverse_record(b, p);
		else
			typical_record(b, p, (uint32_t)i + 1);
	}
	run_report(b->run, &b->rp, &b->rng);
}

/*
 * One huge report, made record by record until it has `records` of them, or
 * its XML has `bytes`. Every source is another, so that nothing can be merged.
 */
static void
huge_report(struct bulk *b, const struct reporter *who, uint64_t records,
    uint64_t bytes, uint64_t salt)
{
	struct gen_run		*run = b->run;
	struct profile		*p = &b->profile[0];
	struct gen_record	*r;

	rng_seed(&b->rng, run->seed, 9, salt, 0);
	arena_reset(run->arena);
	report_begin(&b->rp, run->arena, who, p->domain, run->until, &b->rng);
	b->rp.policy = p->policy;
	manifest_report(run->mf, &b->rp);
	xml_head(&run->xml, &b->rp);
	r = record_add(&b->rp);
	for (uint64_t i = 0; records > 0 ? i < records : run->xml.len < bytes; i++) {
		char	 ip[64];

		/* Not from the arena: there are hundreds of thousands. */
		struct buf	 text = { 0 };

		buf_fmt(&text, "2001:db8:%x:%x::%x", (unsigned)(i >> 12 & 0xffff) + 1,
		    (unsigned)(i & 0xfff) + 1, (unsigned)(salt & 0xff) + 1);
		memcpy(ip, text.p, text.len + 1);
		buf_free(&text);
		r->source_ip = ip;
		r->count = pareto(&b->rng, 1, 4000);
		r->differs = false;
		set_combo(b, r, &p->combo[rng_below(&b->rng, COMBOS)]);
		manifest_record(run->mf, &b->rp, r);
		xml_record(&run->xml, &b->rp, r);
	}
	xml_foot(&run->xml, &b->rp);
	if (output_wants_mail(run->out)) {
		mail_report(&run->mail, &b->rp, &run->xml, MAIL_REPORT, &b->rng);
		output_mail(run->out, &run->mail, b->rp.sent);
		manifest_mail(run->mf, run->mail.len);
	} else
		output_xml(run->out, &b->rp, &run->xml);
	run->xml.len = run->mail.len = 0;
}

static void
huge_ones(struct bulk *b)
{
	struct reporter	 who = b->reporter[1];

	who.pack = PACK_PLAIN;
	who.shape = SHAPE_MIXED;
	who.cte = CTE_BASE64;
	who.ctype = "application/octet-stream";
	if (b->opt->giant_records > 0)
		huge_report(b, &who, b->opt->giant_records, 0, 1);
	/* base64 in lines of 76: 77 bytes for 57 */
	if (b->opt->big_mail > 0)
		huge_report(b, &who, 0, b->opt->big_mail / 77 * 57, 2);
}

void
bulk_generate(struct gen_run *run, const struct bulk_options *opt)
{
	struct bulk	 b = { .run = run, .opt = opt, .keep = arena_new() };

	make_reporters(&b);
	make_profiles(&b);
	zipf_init(&b.zreporter, REPORTERS);
	zipf_init(&b.zdomain, opt->domains);
	zipf_init(&b.zsource, SOURCES);
	zipf_init(&b.zcombo, COMBOS_SOURCE);
	b.seen = gen_alloc(NULL, (size_t)SOURCES * COMBOS, sizeof(*b.seen));
	memset(b.seen, 0, (size_t)SOURCES * COMBOS * sizeof(*b.seen));
	for (uint64_t i = 0; i < opt->reports; i++)
		bulk_report(&b, i);
	huge_ones(&b);
	free(b.seen);
	free(b.rp.rec);
	free(b.profile);
	zipf_free(&b.zreporter);
	zipf_free(&b.zdomain);
	zipf_free(&b.zsource);
	zipf_free(&b.zcombo);
	arena_free(b.keep);
}
