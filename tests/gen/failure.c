/*
 * failure.c - failure reports about single messages of a report's rows, mailed
 * as the reporters that send them do: complete, in base64 in multipart/mixed,
 * without an authserv-id, or a notice in words.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gen.h"

enum style { STYLE_FULL, STYLE_ENCODED, STYLE_GATEWAY, STYLE_NOTICE };

/* When the message arrived: on the day on which the row counts. */
static int64_t
arrival(const struct gen_report *rp, struct rng *rng)
{
	int64_t	 middle = rp->begin + (rp->end - rp->begin) / 2, day = middle - middle % DAY;

	return (day + 600 + (int64_t)rng_below(rng, 80000));
}

static const char *
domain_of(const struct gen_record *r)
{
	return (r->envelope_from != NULL && r->envelope_from[0] != '\0' ? r->envelope_from : r->header_from);
}

static void
results(struct buf *b, const struct gen_record *r)
{
	for (unsigned i = 0; i < r->nspf; i++)
		buf_fmt(b, "spf=%s smtp.mailfrom=%s; ", r->spf[i].result, r->spf[i].domain);
	for (unsigned i = 0; i < r->ndkim; i++)
		buf_fmt(b, "dkim=%s header.d=%s header.s=%s; ", r->dkim[i].result, r->dkim[i].domain,
		    r->dkim[i].selector == NULL ? "default" : r->dkim[i].selector);
	buf_fmt(b, "dmarc=%s header.from=%s", record_passes(r) ? "pass" : "fail", r->header_from);
}

static void
fields(struct buf *b, const struct gen_report *rp, const struct gen_record *r, enum style style, int64_t when, struct rng *rng)
{
	buf_fmt(b, "Feedback-Type: auth-failure\nUser-Agent: %s\nVersion: %s\n",
	    style == STYLE_FULL ? "ExampleFilter/2.1" : style == STYLE_ENCODED ? "PostReporter/1.0" : "Lua/1.0",
	    style == STYLE_GATEWAY ? "1.0" : "1");
	if (style != STYLE_ENCODED)
		buf_str(b, "Auth-Failure: dmarc\n");
	buf_str(b, "Authentication-Results: ");
	if (style == STYLE_GATEWAY)
		buf_fmt(b, "dmarc=%s (p=%s; dis=%s) header.from=%s\n", record_passes(r) ? "pass" : "fail", rp->policy.p, r->disposition,
		    r->header_from);
	else {
		buf_fmt(b, "%s; ", rp->reporter->host);
		results(b, r);
		buf_str(b, "\n");
	}
	if (style == STYLE_FULL)
		buf_fmt(b, "Identity-Alignment: %s\n", r->dkim_pass && r->spf_pass ? "none" : r->dkim_pass ? "spf" : r->spf_pass ? "dkim" :
		    "dkim, spf");
	buf_fmt(b, "Original-Mail-From: <bounce-%u@%s>\nOriginal-Rcpt-To: <%08" PRIx64 "@%s>\nSource-IP: %s%s\nArrival-Date: ",
	    rng_below(rng, 9000) + 1000, domain_of(r), rng_next(rng) & 0xffffffff, rp->reporter->host, r->source_ip,
	    style == STYLE_GATEWAY ? " (unknown)" : "");
	buf_rfc5322_date(b, when);
	buf_fmt(b, "\nReported-Domain: %s\nDelivery-Result: %s\n", rp->domain, strcmp(r->disposition, "reject") == 0 ? "reject" :
	    strcmp(r->disposition, "quarantine") == 0 ? "spam" : "delivered");
}

static void
sample(struct buf *b, const struct gen_report *rp, const struct gen_record *r, int64_t when, bool body, struct rng *rng)
{
	static const char *const	 subjects[] = { "Invoice 4711", "Your account will be closed", "Meeting on Thursday",
					    "Delivery of your parcel", "Payroll update" };
	static const char *const	 people[] = { "billing", "office", "hr", "anna.berg", "support" };
	const char			*who = people[rng_below(rng, nitems(people))];

	buf_fmt(b, "Received: from %s ([%s]) by %s; ", domain_of(r), r->source_ip, rp->reporter->host);
	buf_rfc5322_date(b, when);
	buf_fmt(b, "\nFrom: \"Team %s\" <%s@%s>\nTo: <user%u@%s>\nSubject: %s\nDate: ", who, who, r->header_from, rng_below(rng, 500),
	    rp->reporter->host, subjects[rng_below(rng, nitems(subjects))]);
	buf_rfc5322_date(b, when - 4);
	buf_fmt(b, "\nMessage-ID: <%016" PRIx64 "@%s>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n", rng_next(rng),
	    domain_of(r));
	if (body)
		buf_str(b, "\nPlease find the details attached.\n\nKind regards\n");
}

static void
notice(struct buf *b, const struct gen_report *rp, const struct gen_record *r, int64_t when, struct rng *rng)
{
	buf_fmt(b, "Content-Type: text/plain; charset=utf-8\n\nA message claiming to be from you has failed the published DMARC\n"
	    "policy for your domain.\n\n  Sender Domain: %s\n  Sender IP Address: %s\n  Received Date: ", r->header_from, r->source_ip);
	buf_rfc5322_date(b, when);
	buf_fmt(b, "\n  SPF Alignment: %s\n  DKIM Alignment: %s\n  DMARC Results: %s\n\n"
	    "------ This is a copy of the headers that were received before the error\nwas detected.\n\n", r->spf_pass ? "yes" : "no",
	    r->dkim_pass ? "yes" : "no", strcmp(r->disposition, "reject") == 0 ? "Reject" : strcmp(r->disposition, "quarantine") == 0 ?
	    "Quarantine" : "None, Accept");
	sample(b, rp, r, when, false, rng);
}

static void
parts(struct buf *b, const struct gen_report *rp, const struct gen_record *r, enum style style, int64_t when, struct rng *rng)
{
	struct buf	 f = { 0 };
	char		 bd[32];

	(void)snprintf(bd, sizeof(bd), "=_%016" PRIx64, rng_next(rng));
	buf_fmt(b, "Content-Type: %s; boundary=\"%s\"\n\n--%s\nContent-Type: text/plain; charset=utf-8\n\n"
	    "This is a report about a message received from IP %s.\n\n--%s\nContent-Type: message/feedback-report\n",
	    style == STYLE_ENCODED ? "multipart/mixed" : "multipart/report; report-type=feedback-report", bd, bd, r->source_ip, bd);
	fields(&f, rp, r, style, when, rng);
	if (style == STYLE_ENCODED) {
		buf_str(b, "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"ATT00001\"\n\n");
		buf_base64(b, f.p, f.len, 76);
		buf_str(b, "\n");
	} else {
		buf_str(b, "\n");
		buf_add(b, f.p, f.len);
	}
	buf_fmt(b, "\n--%s\nContent-Type: %s\n\n", bd, style == STYLE_FULL ? "message/rfc822" : style == STYLE_ENCODED ? "text/rfc822" :
	    "text/rfc822-headers");
	sample(b, rp, r, when, style == STYLE_FULL, rng);
	buf_fmt(b, "\n--%s--\n", bd);
	buf_free(&f);
}

void
mail_failure(struct buf *b, const struct gen_report *rp, const struct gen_record *r, unsigned how, struct rng *rng)
{
	enum style	 style = (enum style)(how % 4);
	int64_t		 when = arrival(rp, rng);

	buf_fmt(b, "From: DMARC <dmarc-noreply@%s>\nTo: ruf@%s\nSubject: ", rp->reporter->host, rp->domain);
	if (style == STYLE_FULL)
		buf_str(b, "FW: a message of yours\n");
	else
		buf_fmt(b, "DMARC Failure report for %s\n", rp->domain);
	buf_str(b, "Date: ");
	buf_rfc5322_date(b, when + 90);
	buf_fmt(b, "\nMessage-ID: <%016" PRIx64 "@%s>\nMIME-Version: 1.0\n", rng_next(rng), rp->reporter->host);
	if (style == STYLE_NOTICE)
		notice(b, rp, r, when, rng);
	else
		parts(b, rp, r, style, when, rng);
}

/* A complaint of a user, which comes to the same address and says nothing about authentication. */
void
mail_complaint(struct buf *b, int64_t date, struct rng *rng)
{
	buf_str(b, "From: feedback loop <fbl@yippee.example>\nTo: ruf@example.com\nSubject: FW: Spring offers\nDate: ");
	buf_rfc5322_date(b, date);
	buf_fmt(b, "\nMessage-ID: <%016" PRIx64 "@yippee.example>\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=feedback-report; boundary=\"fbl\"\n\n--fbl\nContent-Type: text/plain\n\n"
	    "A user says that this is spam.\n--fbl\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
	    "User-Agent: Yippee-Feedback/1.0\nVersion: 0.1\nOriginal-Mail-From: <news@example.com>\nSource-IP: 192.0.2.40\n"
	    "Arrival-Date: ", rng_next(rng));
	buf_rfc5322_date(b, date - 7200);
	buf_str(b, "\nReported-Domain: example.com\n\n--fbl\nContent-Type: message/rfc822\n\nFrom: news@example.com\n"
	    "To: redacted@yippee.example\nSubject: Spring offers\nMessage-ID: <spring@example.com>\n\nBuy one, get one.\n--fbl--\n");
}
