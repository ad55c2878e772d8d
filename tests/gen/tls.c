/*
 * tls.c - a month of SMTP TLS reports (RFC 8460) about the three domains of
 * the demo, mailed by those reporters of it that send any.
 *
 * example.com  MTA-STS at testing all month, nothing fails: ready for enforce.
 * example.org  at enforce; from EXPIRED on the certificate of mx2 has expired,
 *              until it is renewed on RENEWED. It has TLSA records, too, and
 *              one reporter tells of the same sessions under both.
 * example.net  at testing; on FETCH its policy file cannot be had, and one
 *              reporter finds no policy at all.
 */
#include <inttypes.h>
#include <string.h>

#include "gen.h"

#define DAYS	30
#define EXPIRED	20
#define RENEWED	25
#define FETCH	9

/* Habits of four reporters, by their host in reporters.c. */
static const struct tls_reporter {
	const char	*host, *type;	/* of the attachment */
	bool		 gzip, wrapped;	/* wrapped: multipart/report, else the whole mail */
	bool		 no_contact, strings, tlsa;
	unsigned	 share;		/* of the sessions, per thousand */
	const char	*out[2];	/* where it sends from */
} reporters[] = {
	{ "bigbox.example", "application/tlsrpt+gzip", true, true, false, false, false, 500, { "203.0.113.60", "2001:db8:60::25" } },
	{ "enterprise.outmail.example", "application/octet-stream", true, true, false, false, true, 300, { "203.0.113.70", "203.0.113.71" } },
	{ "yippee.example", "application/tlsrpt+json", false, true, false, true, false, 120, { "203.0.113.80", NULL } },
	{ "gmz.example", "application/gzip", true, false, true, false, false, 80, { "2001:db8:90::25", NULL } },
};

static const struct tls_domain {
	const char	*name, *mode, *mx[2], *ip[2];
	unsigned	 per_day;
} domains[] = {
	{ "example.com", "testing", { "mx1.example.com", "mx2.example.com" }, { "192.0.2.25", "192.0.2.26" }, 2400 },
	{ "example.org", "enforce", { "mx1.example.org", "mx2.example.org" }, { "192.0.2.125", "192.0.2.126" }, 1100 },
	{ "example.net", "testing", { "mail.example.net", NULL }, { "192.0.2.225", NULL }, 260 },
};

struct tls_run {
	struct gen_run			*run;
	struct rng			 rng;
	const struct tls_reporter	*r;
	const struct reporter		*who;
	const struct tls_domain		*d;
	int				 day;
	int64_t				 midnight;
	struct gen_tls			 sum;	/* of this report */
	unsigned			 elements;
};

static const struct reporter *
reporter_of(const char *host)
{
	for (size_t i = 0; i < gen_nreporters; i++)
		if (strcmp(gen_reporters[i].host, host) == 0)
			return (&gen_reporters[i]);
	gen_die("there is no reporter %s", host);
}

static void
date(struct buf *b, int64_t t)
{
	int	 y, m, d;

	day_civil(t, &y, &m, &d);
	buf_fmt(b, "%04d-%02d-%02d", y, m, d);
}

static void
number(struct tls_run *t, const char *name, uint64_t v)
{
	buf_fmt(&t->run->xml, t->r->strings ? "\"%s\":\"%" PRIu64 "\"" : "\"%s\":%" PRIu64, name, v);
}

static void
detail(struct tls_run *t, const char *result, int mx, const char *reason, uint64_t n)
{
	struct buf	*b = &t->run->xml;

	buf_fmt(b, "%s{\"result-type\":\"%s\",", b->p[b->len - 1] == '[' ? "" : ",", result);
	if (mx >= 0)
		buf_fmt(b, "\"sending-mta-ip\":\"%s\",\"receiving-mx-hostname\":\"%s\",\"receiving-ip\":\"%s\",",
		    t->r->out[t->r->out[1] != NULL && rng_chance(&t->rng, 400)], t->d->mx[mx], t->d->ip[mx]);
	if (reason != NULL)
		buf_fmt(b, "\"failure-reason-code\":\"%s\",", reason);
	number(t, "failed-session-count", n);
	buf_str(b, "}");
	t->sum.details += n;
}

static void
policy(struct tls_run *t, const char *type)
{
	struct buf	*b = &t->run->xml;

	buf_fmt(b, "%s{\"policy\":{\"policy-type\":\"%s\",", t->elements++ == 0 ? "" : ",", type);
	if (strcmp(type, "sts") == 0) {
		buf_fmt(b, "\"policy-string\":[\"version: STSv1\",\"mode: %s\"", t->d->mode);
		for (size_t i = 0; i < nitems(t->d->mx) && t->d->mx[i] != NULL; i++)
			buf_fmt(b, ",\"mx: %s\"", t->d->mx[i]);
		buf_fmt(b, ",\"max_age: %d\"],", strcmp(t->d->mode, "enforce") == 0 ? 2592000 : 86400);
	} else if (strcmp(type, "tlsa") == 0)
		buf_str(b, "\"policy-string\":[\"[\\\"3 1 1 8D02536C887482BC34FF54E41D2BA659BF85B341A0A20AFADB5813DCFBCF286D\\\"]\"],");
	buf_fmt(b, "\"policy-domain\":\"%s\"},", t->d->name);
}

static void
summary(struct tls_run *t, uint64_t ok, uint64_t bad)
{
	struct buf	*b = &t->run->xml;

	buf_str(b, "\"summary\":{");
	number(t, "total-successful-session-count", ok);
	buf_str(b, ",");
	number(t, "total-failure-session-count", bad);
	buf_str(b, "}");
	t->sum.successful += ok;
	t->sum.failed += bad;
	t->sum.policies++;
}

static void
elements(struct tls_run *t)
{
	struct buf	*b = &t->run->xml;
	uint64_t	 n = (uint64_t)t->d->per_day * t->r->share / 1000, bad = 0;
	bool		 org = strcmp(t->d->name, "example.org") == 0, net = strcmp(t->d->name, "example.net") == 0;
	bool		 fetch = net && t->day == FETCH && t->r == &reporters[0];

	n = n * rng_between(&t->rng, 700, 1300) / 1000 + 1;
	if (org && t->day >= EXPIRED && t->day < RENEWED)
		bad = n * 3 / 10 + 1;
	if (net && t->r == &reporters[2]) {
		policy(t, "no-policy-found");
		summary(t, n, 0);
		buf_str(b, "}");
		return;
	}
	policy(t, "sts");
	summary(t, n - bad, fetch ? 4 : bad);
	if (fetch || bad > 0) {
		buf_str(b, ",\"failure-details\":[");
		if (fetch)
			detail(t, "sts-policy-fetch-error", -1, "HTTP 503", 4);
		if (bad > 1)
			detail(t, "certificate-expired", 1, NULL, bad - bad / 2);
		if (bad > 0)
			detail(t, "certificate-expired", 1, NULL, bad > 1 ? bad / 2 : 1);
		buf_str(b, "]");
	}
	buf_str(b, "}");
	if (org && t->r->tlsa) {
		policy(t, "tlsa");
		summary(t, n - bad, bad);
		buf_str(b, "}");
	}
}

static void
document(struct tls_run *t)
{
	struct buf	*b = &t->run->xml;

	buf_fmt(b, "{\"organization-name\":\"%s\",\"date-range\":{\"start-datetime\":\"", t->who->org_name);
	date(b, t->midnight);
	buf_str(b, "T00:00:00Z\",\"end-datetime\":\"");
	date(b, t->midnight);
	buf_fmt(b, "T23:59:59Z\"},%s%s%s\"report-id\":\"", t->r->no_contact ? "" : "\"contact-info\":\"smtp-tls-reporting@",
	    t->r->no_contact ? "" : t->who->host, t->r->no_contact ? "" : "\",");
	date(b, t->midnight);
	buf_fmt(b, "T00:00:00Z_%s\",\"policies\":[", t->d->name);
	elements(t);
	buf_str(b, "]}");
}

static void
part(struct buf *m, const struct tls_run *t)
{
	struct buf	 gz = { 0 };

	buf_fmt(m, "Content-Type: %s\nContent-Disposition: attachment;\n filename=\"%s!%s!%" PRId64 "!%" PRId64 "!001.json%s\"\n"
	    "Content-Transfer-Encoding: base64\n\n", t->r->type, t->who->host, t->d->name, t->midnight, t->midnight + DAY - 1,
	    t->r->gzip ? ".gz" : "");
	if (t->r->gzip)
		buf_gzip(&gz, &t->run->xml);
	else
		buf_add(&gz, t->run->xml.p, t->run->xml.len);
	buf_base64(m, gz.p, gz.len, 76);
	buf_str(m, "\n");
	buf_free(&gz);
}

static void
mail(struct tls_run *t, int64_t sent)
{
	struct buf	*m = &t->run->mail, id = { 0 };

	buf_fmt(&id, "%016" PRIx64 "@%s", rng_next(&t->rng), t->who->host);
	buf_fmt(m, "Return-Path: <noreply-smtp-tls-reporting@%s>\nDelivered-To: tls-reports@%s\nReceived: by mx.%s (Postfix)\n\tid 4B81F2A0C3; ",
	    t->who->host, t->d->name, t->d->name);
	buf_rfc5322_date(m, sent);
	buf_fmt(m, "\nFrom: noreply-smtp-tls-reporting@%s\nTo: tls-reports@%s\nTLS-Report-Domain: %s\nTLS-Report-Submitter: %s\n"
	    "Subject: Report Domain: %s Submitter: %s\n Report-ID: <%s>\nDate: ", t->who->host, t->d->name, t->d->name, t->who->host,
	    t->d->name, t->who->host, id.p);
	buf_rfc5322_date(m, sent);
	buf_fmt(m, "\nMessage-ID: <%s>\nMIME-Version: 1.0\n", id.p);
	if (t->r->wrapped)
		buf_fmt(m, "Content-Type: multipart/report; report-type=\"tlsrpt\";\n boundary=\"_tls_%.16s\"\n\n--_tls_%.16s\n"
		    "Content-Type: text/plain; charset=\"us-ascii\"\n\nThis is an SMTP TLS report from %s about %s.\n\n--_tls_%.16s\n",
		    id.p, id.p, t->who->org_name, t->d->name, id.p);
	part(m, t);
	if (t->r->wrapped)
		buf_fmt(m, "--_tls_%.16s--\n", id.p);
	output_mail(t->run->out, m, sent);
	manifest_mail(t->run->mf, m->len);
	m->len = 0;
	buf_free(&id);
}

static void
report(struct tls_run *t, size_t domain, size_t who)
{
	int64_t	 sent;

	rng_seed(&t->rng, t->run->seed, 700 + who, domain, (uint64_t)t->day);
	t->r = &reporters[who];
	t->who = reporter_of(t->r->host);
	t->d = &domains[domain];
	t->sum = (struct gen_tls){ 0 };
	t->elements = 0;
	document(t);
	sent = t->midnight + DAY + rng_between(&t->rng, 600, 14400);
	mail(t, sent);
	manifest_tls(t->run->mf, t->d->name, &t->sum);
	/* one that goes through two relays */
	if (domain == 0 && who == 0 && t->day == 12) {
		mail(t, sent + 900);
		manifest_duplicate(t->run->mf);
	}
	t->run->xml.len = 0;
}

void
tls_generate(struct gen_run *run)
{
	struct tls_run	 t = { .run = run };

	if (!output_wants_mail(run->out))
		return;
	for (t.day = 0; t.day < DAYS; t.day++) {
		t.midnight = run->until - (DAYS - 1 - t.day) * DAY;
		for (size_t d = 0; d < nitems(domains); d++)
			for (size_t who = 0; who < nitems(reporters); who++)
				report(&t, d, who);
	}
}
