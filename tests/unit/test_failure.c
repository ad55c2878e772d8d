/*
 * test_failure.c - failure reports, from the mail to the verdict. Each rule of
 * what really arrives has a case under its number; "notes" are the field notes
 * part F, "rule" the table of deviations.
 */
#include <arpa/inet.h>
#include <sys/mman.h>

#include <unistd.h>

#include "cases.h"
#include "recorder.h"

#include "base/when.h"
#include "decode/message.h"
#include "decode/reader.h"
#include "dmarc/failure.h"
#include "report/fields.h"
#include "report/mail_date.h"
#include "report/redact.h"
#include "report/wire_failure.h"

#define L "\r\n"
#define TOP "From: DMARC reporter <dmarc-noreply@receiver.example>" L "To: ruf@example.com" L "Subject: FW: Invoice 4711" L	\
    "Date: Mon, 05 Oct 2026 10:02:11 +0000" L "MIME-Version: 1.0" L
#define REPORT_TYPE "Content-Type: multipart/report; report-type=feedback-report; boundary=\"b1\"" L L
#define MIXED "Content-Type: multipart/mixed; boundary=\"b1\"" L L
#define TEXT "--b1" L "Content-Type: text/plain" L L "A message did not pass." L
#define PART2 "--b1" L "Content-Type: message/feedback-report" L L
#define HEAD TOP REPORT_TYPE TEXT PART2
#define FIELDS "Feedback-Type: auth-failure" L "User-Agent: ExampleFilter/2.1" L "Version: 1" L "Auth-Failure: dmarc" L	\
    "Authentication-Results: mx.receiver.example; dmarc=fail header.from=example.com" L "Identity-Alignment: dkim, spf" L		\
    "Original-Mail-From: <bounce@bulk.example.net>" L "Source-IP: 203.0.113.9" L "Arrival-Date: Mon, 05 Oct 2026 10:02:08 +0000" L	\
    "Reported-Domain: example.com" L "Delivery-Result: reject" L "Incidents: 3" L						\
    "SPF-DNS: txt : bulk.example.net : \"v=spf1 -all\"" L
#define PART3 L "--b1" L "Content-Type: text/rfc822-headers" L L
#define SAMPLE "Received: from bulk.example.net ([203.0.113.9]) by mx.receiver.example; Mon, 05 Oct 2026 10:02:07 +0000" L	\
    "From: \"Example billing\" <billing@example.com>" L "To: <tQ3b1x@receiver.example>" L "Subject: Invoice 4711" L		\
    "Message-ID: <zz9@bulk.example.net>" L
#define END L "--b1--" L
#define SHORT "Feedback-Type: auth-failure" L "User-Agent: x" L "Version: 1" L
#define NOTICE "A message claiming to be from you has failed the published DMARC policy for your domain." L L			\
    "Sender Domain: example.com" L "Sender IP Address: 198.51.100.23" L "Received Date: Thu, 21 Feb 2019 20:10:57 -0600" L	\
    "SPF Alignment: no" L "DKIM Alignment: no" L "DMARC Results: None, Accept" L L						\
    "------ This is a copy of the headers that were received before the error was detected." L L				\
    "Received: from a.example.net ([198.51.100.23])" L "From: boss@example.com" L "Subject: hi" L "Message-ID: <1@a.example.net>" L
#define XML "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>rep.example</org_name><report_id>1</report_id><date_range>"	\
    "<begin>1722816000</begin><end>1722902399</end></date_range></report_metadata><policy_published><domain>example.com</domain>"	\
    "<p>none</p></policy_published><record><row><source_ip>192.0.2.1</source_ip><count>1</count></row><identifiers><header_from>"	\
    "example.com</header_from></identifiers></record></feedback>"

struct test {
	struct recorder	 r;		/* first: the report sink's */
	struct buf	 text;		/* what came, a line for each thing that is known */
	struct limits	 limits;
	struct reader	*reader;
	struct reader_result res;
	unsigned	 failures, refused;
	enum redact	 redact;
};

/* --- A report as text ----------------------------------------------------------------- */

static void
put_text(struct buf *b, const char *key, struct str v)
{
	if (v.p == NULL)
		return;
	(void)buf_printf(b, "%s=", key);
	(void)buf_str(b, v);
	(void)buf_byte(b, '\n');
}

static void
put_results(struct buf *b, const struct failure_report *r)
{
	for (size_t i = 0; i < r->nresults; i++) {
		const struct failure_result	*f = &r->results[i];

		(void)buf_printf(b, "result %s=%s", failure_method_names[f->method], auth_result_names[f->result]);
		if (f->domain.p != NULL)
			(void)buf_printf(b, " %.*s", (int)f->domain.len, f->domain.p);
		if (f->what.p != NULL)
			(void)buf_printf(b, " %.*s", (int)f->what.len, f->what.p);
		(void)buf_cstr(b, f->derived ? " derived\n" : "\n");
	}
}

static void
put_verdict(struct buf *b, const struct failure_report *r)
{
	static const struct report_policy	 none;
	struct failure_verdict			 v;

	failure_judge(r, &none, &v);
	(void)buf_printf(b, "said=%s\nspf_aligned=%s\ndkim_aligned=%s\npass=%s\nverdict=%s\n%s\n", failure_said_names[v.said],
	    failure_aligned_names[v.spf], failure_aligned_names[v.dkim], failure_aligned_names[v.pass], failure_aligned_names[v.result],
	    failure_sentence(r, &v));
}

static void
put_report(struct buf *b, const struct failure_report *r)
{
	char	 ip[64] = "-", t[WHEN_TEXT];

	if (r->ip_len != 0)
		(void)inet_ntop(r->ip_len == 4 ? AF_INET : AF_INET6, r->ip, ip, sizeof(ip));
	(void)buf_printf(b, "dialect=%s\nclass=%s\ndelivery=%s\nsample=%s\n", failure_dialect_names[r->dialect], failure_class_names[r->class],
	    failure_delivery_names[r->delivery], failure_sample_names[r->sample]);
	(void)buf_printf(b, "ip=%s %s\narrived=%s %s\narrival=%lld\nincidents=%llu\nport=%u\nbody=%llu%s\nfrom=%s\n", ip,
	    failure_origin_names[r->ip_from], when_rfc3339(r->arrived, t), failure_origin_names[r->arrived_from],
	    r->has_arrival ? (long long)r->arrival : -1, (unsigned long long)r->incidents, r->source_port,
	    (unsigned long long)r->body_bytes, r->has_hash ? " hashed" : "", failure_origin_names[r->header_from_from]);
	for (unsigned i = 0; i < FT_COUNT; i++)
		put_text(b, failure_texts[i].column, r->t[i]);
	put_results(b, r);
	put_verdict(b, r);
	for (int i = 0; i < FQ_COUNT; i++)
		if ((r->quirks >> i & 1) != 0)
			(void)buf_printf(b, "quirk %s\n", failure_quirk_names[i]);
	(void)buf_cstr(b, "--\n");
}

/* What goes into the frame comes out of it. */
static void
over_the_wire(struct failure_report *r, struct buf *frame, struct failure_result *room)
{
	struct wire	 w;
	struct err	 e = { 0 };
	unsigned	 payload;

	wire_put_failure(frame, 7, r);
	assert_true(frame->len <= wire_max[WIRE_FAILURE] + WIRE_HEAD);
	w = (struct wire){ (unsigned char *)frame->p + WIRE_HEAD, (unsigned char *)frame->p + frame->len, false };
	if (wire_get_failure(&w, room, FAILURE_RESULTS, &payload, r, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(payload, 7);
}

static int
on_failure(void *ctx, unsigned index, struct failure_report *r, struct arena *a, struct err *e)
{
	struct test		*t = ctx;
	struct buf		 frame = { 0 };
	struct failure_result	 room[FAILURE_RESULTS];

	(void)index;
	t->failures++;
	assert_int_equal(failure_facts(r, a, e), 0);
	over_the_wire(r, &frame, room);
	assert_true(redact_failure(r, t->redact, a));
	put_report(&t->text, r);
	buf_free(&frame);
	return (0);
}

static int
on_payload(void *ctx, unsigned index, struct err *e)
{
	(void)ctx;
	(void)index;
	(void)e;
	return (0);
}

static int
on_refused(void *ctx, const struct err *why, struct err *e)
{
	struct test	*t = ctx;

	(void)e;
	t->refused++;
	return (buf_printf(&t->text, "refused: %s\n", why->msg) ? 0 : -1);
}

static int
on_raw(void *ctx, const void *p, size_t n, struct err *e)
{
	struct test	*t = ctx;

	(void)e;
	return (buf_add(&t->text, p, n) ? 0 : -1);
}

static struct reader_calls	 calls = { .payload = on_payload, .refused = on_refused, .failure = on_failure, .raw = on_raw };

static void
begin(struct test *t)
{
	struct err	 e = { 0 };

	memset(t, 0, sizeof(*t));
	assert_int_equal(dmarc_init(&e), 0);
	calls.report = recorder_sink;
	t->limits = limits_default;
	t->reader = reader_new(&t->limits, &calls, t);
	assert_non_null(t->reader);
}

static void
end(struct test *t)
{
	reader_free(t->reader);
	recorder_free(&t->r);
	buf_free(&t->text);
}

static void
read_mail(struct test *t, const void *p, size_t n)
{
	struct reader_job	 job = { .extract = -1, .bytes = n };
	struct err		 e = { 0 };

	job.fd = memfd_create("mail", MFD_CLOEXEC);
	assert_true(job.fd != -1);
	assert_int_equal(write(job.fd, p, n), (ssize_t)n);
	buf_clear(&t->text);
	(void)buf_cstr(&t->text, "");
	recorder_clear(&t->r);
	t->failures = t->refused = 0;
	if (reader_run(t->reader, &job, &t->res, &e) == -1)
		fail_msg("%s", e.msg);
	(void)close(job.fd);
	assert_int_equal(t->res.failures, t->failures);
}

/* Lines that have to be there; "!" in front: that must not. */
static void
expect(const struct test *t, const char *lines)
{
	struct str	 rest = str_of(lines), line;
	char		 z[512];

	while (failure_line(&rest, &line)) {
		bool	 not = line.len > 0 && line.p[0] == '!';

		(void)snprintf(z, sizeof(z), "%.*s", (int)line.len - not, line.p + not);
		if ((strstr(t->text.p, z) != NULL) == not)
			print_error("%s\"%s\" in\n%s", not ? "there is " : "there is no ", z, t->text.p);
	}
}

/* --- The rules ---------------------------------------------------------------------------- */

static const struct rule {
	const char	*name, *mail, *want;
} rules[] = {
	{ "standard 10: the minimal example", HEAD FIELDS PART3 SAMPLE END,
	    "dialect=arf\nclass=auth-failure\nip=203.0.113.9 field\nincidents=3\ndelivery=reject\nheader_from=example.com\nfrom=sample\n"
	    "auth_failure=dmarc\nidentity_alignment=dkim, spf\noriginal_mail_from=<bounce@bulk.example.net>\n"
	    "spf_dns=txt : bulk.example.net : \"v=spf1 -all\"\nsample=headers\nsample_subject=Invoice 4711\narrival=1791194528\n"
	    "result dmarc=fail example.com\nsaid=fail\nspf_aligned=no\ndkim_aligned=no\nverdict=no\n!quirk" },
	{ "standard 2: every field of the standards", HEAD FIELDS "Original-Envelope-Id: abc123" L "Original-Rcpt-To: <a@receiver.example>" L
	    "Reporting-MTA: dns; mail.receiver.example" L "Source-Port: 40321" L "Reported-URI: http://bad.example.net/x" L
	    "Reported-URI: mailto:b@bad.example.net" L "DKIM-Domain: example.com" L "DKIM-Identity: a@example.com" L "DKIM-Selector: s1" L
	    "DKIM-Canonicalized-Header: RnJvbTogYUBleGFtcGxl" L " LmNvbQ0K" L "DKIM-Canonicalized-Body: SGVsbG8K" L
	    "DKIM-Selector-DNS: \"v=DKIM1; p=abc\"" L "DKIM-ADSP-DNS: \"dkim=all\"" L "SPF-DNS: txt : other.example : \"v=spf1\"" L
	    "Removal-Recipient: x@example.com" L PART3 SAMPLE END,
	    "original_envelope_id=abc123\noriginal_rcpt_to=<a@receiver.example>\nreporting_mta=dns; mail.receiver.example\nport=40321\n"
	    "reported_uri=http://bad.example.net/x\nmailto:b@bad.example.net\ndkim_domain=example.com\ndkim_identity=a@example.com\n"
	    "dkim_selector=s1\ndkim_canonicalized_header=From: a@example.com\ndkim_canonicalized_body=Hello\n"
	    "dkim_selector_dns=\"v=DKIM1; p=abc\"\ndkim_adsp_dns=\"dkim=all\"\ntxt : other.example : \"v=spf1\"\n"
	    "extras=Removal-Recipient: x@example.com\nquirk unknown-field" },
	{ "standard 3: Auth-Failure is missing", HEAD SHORT "Authentication-Results: mx.example; dmarc=fail header.from=example.com" L PART3 SAMPLE END,
	    "class=auth-failure\n!auth_failure=\nquirk auth-failure-derived\nsaid=fail" },
	{ "standard 3: a list with comments", HEAD SHORT "Auth-Failure: SPF (softfail), Signature (it did)" L PART3 SAMPLE END,
	    "auth_failure=spf , signature" },
	{ "standard 4: Identity-Alignment none beside dmarc=fail", HEAD SHORT "Identity-Alignment: none" L
	    "Authentication-Results: mx.example; dmarc=fail header.from=example.com" L PART3 SAMPLE END,
	    "quirk contradiction\nverdict=no\nspf_aligned=unknown" },
	{ "standard 4: what the list names gave no aligned pass", HEAD SHORT "Identity-Alignment: DKIM (bad)" L PART3 SAMPLE END,
	    "identity_alignment=dkim\ndkim_aligned=no\nspf_aligned=unknown\nverdict=unknown" },
	{ "standard 5: words of Delivery-Result in any case", HEAD SHORT "Delivery-Result: Delivered" L PART3 SAMPLE END,
	    "delivery=delivered\n!quirk delivery-word" },
	{ "standard 6: fo=1, DMARC passed by DKIM", HEAD SHORT "Auth-Failure: spf" L "Authentication-Results: mx.example; spf=fail smtp.mailfrom=a@bulk.example.net;"
	    " dkim=pass header.d=example.com header.s=s1; dmarc=pass header.from=example.com" L PART3 SAMPLE END,
	    "result spf=fail bulk.example.net mfrom\nresult dkim=pass example.com s1\nsaid=pass\ndkim_aligned=yes\nspf_aligned=no\nverdict=yes\n"
	    "DMARC passed. A report like this is sent when SPF or DKIM alone failed" },
	{ "standard 6: fo=d without a DMARC result", HEAD SHORT "Auth-Failure: bodyhash" L "DKIM-Domain: example.com" L "DKIM-Selector: s1" L PART3 SAMPLE END,
	    "result dkim=fail example.com s1 derived\nsaid=unknown\ndkim_aligned=no\nverdict=unknown\nThis report does not tell the DMARC result." },
	{ "standard 8: the last From address, if there is one only", HEAD SHORT PART3 "From: a@one.example, b@two.example" L END,
	    "!header_from=\nquirk from-derived" },
	{ "standard 8: From domain by Authentication-Results", HEAD SHORT "Authentication-Results: mx.example; dmarc=fail header.from=sub.example.com" L
	    "Reported-Domain: example.com" L PART3 "Subject: x" L END, "header_from=sub.example.com\nfrom=authentication-results" },
	{ "standard 8: address by Authentication-Results", HEAD SHORT "Authentication-Results: mx.example; iprev=pass policy.iprev=192.0.2.77" L PART3 SAMPLE END,
	    "ip=192.0.2.77 authentication-results\nquirk source-derived" },
	{ "standard 8: address by Received-SPF", HEAD SHORT PART3 "Received-SPF: fail (x) client-ip=192.0.2.78; helo=x" L "From: a@example.com" L END,
	    "ip=192.0.2.78 received-spf" },
	{ "standard 8: address by the text", TOP REPORT_TYPE "--b1" L "Content-Type: text/plain" L L "This is about a mail received from IP address 192.0.2.79." L
	    PART2 SHORT PART3 "From: a@example.com" L END, "ip=192.0.2.79 text" },
	{ "standard 8: address and time by the topmost Received", HEAD SHORT PART3 SAMPLE END,
	    "ip=203.0.113.9 received\narrived=2026-10-05T10:02:07Z received\nquirk no-arrival-date" },
	{ "standard 8: results of the reporter's own field in the sample", HEAD SHORT "Reporting-MTA: dns; mx.receiver.example" L PART3
	    "Authentication-Results: mx.receiver.example; spf=pass smtp.mailfrom=example.com; dmarc=pass header.from=example.com" L
	    "From: a@example.com" L END, "result spf=pass example.com mfrom\nsaid=pass\nspf_aligned=yes" },
	{ "standard 8: not those that anybody wrote into the sample", HEAD SHORT PART3
	    "Authentication-Results: mx.attacker.example; dmarc=pass header.from=example.com" L "From: a@example.com" L END, "!result dmarc\nsaid=unknown" },

	{ "FR1 multipart/mixed instead of report", TOP MIXED TEXT PART2 FIELDS PART3 SAMPLE END, "class=auth-failure\nquirk container\nincidents=3" },
	{ "FR1 report-type is missing", TOP "Content-Type: multipart/report; boundary=b1" L L TEXT PART2 FIELDS PART3 SAMPLE END,
	    "class=auth-failure\nquirk container" },
	{ "FR2 part 2 in base64 with a file name", TOP MIXED TEXT "--b1" L "Content-Type: message/feedback-report; name=ATT00001" L
	    "Content-Transfer-Encoding: base64" L L "RmVlZGJhY2stVHlwZTogYXV0aC1mYWlsdXJlDQpTb3VyY2UtSVA6IDE5Mi4wLjIuNw0K" L PART3 SAMPLE END,
	    "class=auth-failure\nip=192.0.2.7 field\nquirk part-encoded" },
	{ "FR2 part 2 in quoted-printable", TOP MIXED TEXT "--b1" L "Content-Type: message/feedback-report" L
	    "Content-Transfer-Encoding: quoted-printable" L L "Feedback-Type: auth-failure" L "Authentication-Results: x.example; dmarc=3Dfail header.fr=" L
	    "om=3Dexample.com" L PART3 SAMPLE END, "result dmarc=fail example.com" },
	{ "FR2 said to be base64, and is not", TOP MIXED TEXT "--b1" L "Content-Type: message/feedback-report" L
	    "Content-Transfer-Encoding: base64" L L FIELDS PART3 SAMPLE END, "class=auth-failure\nresult dmarc=fail example.com" },
	{ "FR2 said to be quoted-printable, and is not", TOP MIXED TEXT "--b1" L "Content-Type: message/feedback-report" L
	    "Content-Transfer-Encoding: quoted-printable" L L FIELDS PART3 SAMPLE END, "result dmarc=fail example.com" },
	{ "FR3 bare line feeds and trailing garbage", HEAD "Feedback-Type: auth-failure\nSource-IP: 192.0.2.7\n\n%%% rest %%%\n" PART3 SAMPLE END,
	    "ip=192.0.2.7 field\nquirk trailing-junk" },
	{ "FR3 escaped line ends", HEAD "Feedback-Type: auth-failure\\r\\nSource-IP: 192.0.2.7\\r\\nVersion: 1\\r\\n" L PART3 SAMPLE END,
	    "class=auth-failure\nip=192.0.2.7 field\nversion=1\nquirk encoding" },
	{ "FR4 Version 1.0", HEAD "Feedback-Type: auth-failure" L "Version: 1.0" L PART3 SAMPLE END, "version=1.0\n!quirk no-version" },
	{ "FR4 no Version", HEAD "Feedback-Type: auth-failure" L PART3 SAMPLE END, "!version=\nquirk no-version" },
	{ "FR5 a host behind Source-IP", HEAD SHORT "Source-IP: 192.0.2.7 (host.example)" L PART3 SAMPLE END,
	    "source_ip=192.0.2.7\nip=192.0.2.7 field\nquirk source-form" },
	{ "FR6 Source-IP is unknown", HEAD SHORT "Source-IP: unknown" L PART3 "From: a@example.com" L END, "ip=- none\nquirk no-source-ip" },
	{ "FR6 a private address, and a better one in the sample", HEAD SHORT "Source-IP: 10.1.2.3" L PART3 SAMPLE END,
	    "source_ip=10.1.2.3\nip=203.0.113.9 received\nquirk source-derived" },
	{ "FR6 a private address alone", HEAD SHORT "Source-IP: 10.1.2.3" L PART3 "From: a@example.com" L END, "ip=10.1.2.3 field" },
	{ "FR7 no authserv-id", HEAD SHORT "Authentication-Results: dmarc=fail (p=none; dis=none) header.from=example.com" L PART3 SAMPLE END,
	    "result dmarc=fail example.com\nsaid=fail" },
	{ "FR8 no Identity-Alignment is unknown, not none", HEAD SHORT PART3 SAMPLE END,
	    "!identity_alignment=\nquirk no-identity-alignment\nspf_aligned=unknown\ndkim_aligned=unknown" },
	{ "FR9 no Auth-Failure", HEAD SHORT PART3 SAMPLE END, "class=auth-failure\n!auth_failure=\nquirk auth-failure-derived" },
	{ "FR10 the null sender", HEAD SHORT "Original-Mail-From: <>" L PART3 SAMPLE END, "original_mail_from=<>" },
	{ "FR10 an empty sender", HEAD SHORT "Original-Mail-From:" L PART3 SAMPLE END, "original_mail_from=\n" },
	{ "FR11 several recipients in one line", HEAD SHORT "Original-Rcpt-To: <a@x.example>, \"b, c\"@x.example,d@x.example" L PART3 SAMPLE END,
	    "original_rcpt_to=<a@x.example>\n\"b, c\"@x.example\nd@x.example\nquirk rcpt-list" },
	{ "FR12 ISO 8601", HEAD SHORT "Arrival-Date: 2026-10-05T10:02:08+02:00" L PART3 SAMPLE END, "arrival=1791187328\nquirk arrival-form" },
	{ "FR12 a month of another language, a zone in words", HEAD SHORT "Arrival-Date: Mo, 5. Okt 2026 10:02:08 (CEST)" L PART3 SAMPLE END,
	    "arrival=1791187328\nquirk arrival-form" },
	{ "FR12 no date at all: that of the report mail", HEAD SHORT "Arrival-Date: yesterday" L PART3 "From: a@example.com" L END,
	    "arrival=-1\narrived=2026-10-05T10:02:11Z report-mail\nquirk arrival-form" },
	{ "FR13 text/rfc822", TOP MIXED TEXT PART2 FIELDS L "--b1" L "Content-Type: text/rfc822" L L SAMPLE L "body" END,
	    "sample=message\nquirk sample-type\nsample_message_id=<zz9@bulk.example.net>" },
	{ "FR13 text/rfc-822-headers", TOP MIXED TEXT PART2 FIELDS L "--b1" L "Content-Type: text/rfc-822-headers" L L SAMPLE END,
	    "sample=headers\nquirk sample-type" },
	{ "FR13 message/rfc822-headers", TOP MIXED TEXT PART2 FIELDS L "--b1" L "Content-Type: message/rfc822-headers" L L SAMPLE END, "sample=headers" },
	{ "FR13 message/rfc-822", TOP MIXED TEXT PART2 FIELDS L "--b1" L "Content-Type: message/rfc-822" L L SAMPLE END, "sample=message" },
	{ "FR13 text/plain", TOP MIXED TEXT PART2 FIELDS L "--b1" L "Content-Type: text/plain" L L SAMPLE L "body" END, "sample=message\nquirk sample-type" },
	{ "FR13 application/octet-stream", TOP MIXED TEXT PART2 FIELDS L "--b1" L "Content-Type: application/octet-stream" L L SAMPLE END,
	    "sample=message" },
	{ "FR13 a footer of a list is no sample", TOP MIXED TEXT PART2 FIELDS L "--b1" L "Content-Type: text/plain" L L "_____ list footer" END,
	    "sample=none\nquirk no-sample" },
	{ "FR14 no sample", HEAD FIELDS END, "sample=none\nquirk no-sample\nheader_from=example.com\nfrom=authentication-results" },
	{ "FR15 an empty line in front of the sample", HEAD FIELDS PART3 L L SAMPLE END, "sample_subject=Invoice 4711\nquirk sample-form" },
	{ "FR15 headers and body joined, bare line feeds", HEAD FIELDS PART3 "From: a@example.com\nSubject: x\nHello you\nall: of you\n" END,
	    "sample_subject=x\nquirk sample-form\nsample_body=Hello you\nall: of you" },
	{ "FR15 bytes that are no text", HEAD FIELDS PART3 "From: a@example.com" L "X-Odd: \xff\xfe" L END, "quirk encoding\nX-Odd: \xef\xbf\xbd\xef\xbf\xbd" },
	{ "FR16 a notice in words", TOP "Content-Type: text/plain" L L NOTICE,
	    "dialect=text-only\nclass=auth-failure\nfeedback_type=auth-failure\nip=198.51.100.23 field\nheader_from=example.com\nidentity_alignment=dkim, spf\n"
	    "arrival=1550801457\ndelivery=delivered\ndelivery_result=None, Accept\nsample=headers\nsample_subject=hi\nquirk text-only\nsaid=fail\n"
	    "spf_aligned=no\ndkim_aligned=no" },
	{ "FR16 in a multipart/report, labels in other case", TOP REPORT_TYPE "--b1" L "Content-Type: text/plain" L L
	    "A MESSAGE claiming to be from you has failed the published DMARC policy for your domain." L "sender domain: example.com" L
	    "Received date: Thu, 21 Feb 2019 20:10:57 -0600" L "SPF alignment: yes" L "DKIM alignment: no" L "DMARC results: Quarantine" L END,
	    "dialect=text-only\narrival=1550801457\nidentity_alignment=dkim\nspf_aligned=yes\ndkim_aligned=no\ndelivery=policy" },
	{ "FR17 wrapped by a list", TOP "Content-Type: text/plain" L L "A message claiming to be from you" L "has failed the published DMARC policy" L
	    "Sender" L "Domain: example.com Sender IP" L "Address:" L "198.51.100.23" L "SPF Alignment: no DKIM Alignment:" L "no" L,
	    "ip=198.51.100.23 field\nreported_domain=example.com\nidentity_alignment=dkim, spf" },
	{ "FR17 nothing can be read", TOP "Content-Type: text/plain" L L "A message claiming to be from you has failed. Ask us." L,
	    "dialect=text-only\nquirk unparsed" },
	{ "FR18 From and To of the report are one address", "From: fbl@x.example" L "To: fbl@x.example" L "Subject: s" L REPORT_TYPE TEXT PART2 SHORT PART3
	    "From: fbl@x.example" L END, "!quirk loop\nreport_from=fbl@x.example" },
	{ "FR19 the subject is a hint", "From: a@r.example" L "Subject: DMARC Forensic Report for sub.example.org from IP 192.0.2.4" L REPORT_TYPE TEXT PART2
	    SHORT END, "header_from=sub.example.org\nfrom=subject\nip=192.0.2.4 subject" },
	{ "FR19 DMARC Failure report for domain Mail-From IP", "From: a@r.example" L
	    "Subject: DMARC Failure report for example.org Mail-From:<x@y.example> IP:192.0.2.5" L REPORT_TYPE TEXT PART2 SHORT END,
	    "header_from=example.org\nip=192.0.2.5 subject" },
	{ "FR20 bodyhash by fo=d", HEAD SHORT "Auth-Failure: bodyhash" L PART3 SAMPLE END, "class=auth-failure\nauth_failure=bodyhash" },
	{ "FR20 a complaint is of another class", HEAD "Feedback-Type: abuse" L "User-Agent: fbl" L "Version: 0.1" L PART3 SAMPLE END,
	    "class=other\nfeedback_type=abuse\nsaid=unknown\nverdict=unknown\nA complaint or another kind of feedback" },
	{ "FR21 two Authentication-Results", HEAD SHORT "Authentication-Results: mx.example; spf=fail smtp.mailfrom=b.example" L
	    "Authentication-Results: mx.example; dkim=fail header.d=example.com" L PART3 SAMPLE END,
	    "result spf=fail b.example mfrom\nresult dkim=fail example.com\nspf_aligned=no\ndkim_aligned=no\nverdict=no" },
	{ "FR22 From is a subdomain of Reported-Domain", HEAD SHORT "Reported-Domain: example.com" L PART3 "From: a@news.example.com" L END,
	    "header_from=news.example.com\nreported_domain=example.com\nfrom=sample" },
	{ "FR23 an mbox line before the headers", "From a@b.example Mon Oct 05 10:02:11 2026\n" HEAD FIELDS PART3 "From b@c.example Mon Oct 05 10:02:11 2026" L
	    SAMPLE END, "incidents=3\nsample_subject=Invoice 4711\nquirk sample-form" },
	{ "FR24 a report about a report", HEAD SHORT PART3 SAMPLE "Content-Type: multipart/report; report-type=feedback-report; boundary=x" L END,
	    "quirk loop" },
	{ "FR24 a report about our own ruf address", HEAD SHORT PART3 "From: ruf@example.com" L END, "quirk loop" },

	{ "F1 base64 with the name ATT00001 and no type", TOP MIXED TEXT "--b1" L "Content-Type: application/octet-stream; name=ATT00001" L
	    "Content-Transfer-Encoding: base64" L L "RmVlZGJhY2stVHlwZTogYXV0aC1mYWlsdXJlDQpTb3VyY2UtSVA6IDE5Mi4wLjIuNw0K" L PART3 SAMPLE END,
	    "class=auth-failure\nip=192.0.2.7 field\nquirk part-sniffed" },
	{ "F2 leaves count, not the container", TOP MIXED "--b1" L "Content-Type: multipart/alternative; boundary=b2" L L "--b2" L
	    "Content-Type: text/html" L L "<p>x" L "--b2--" L PART2 FIELDS L "--b1" L "Content-Type: message/rfc822" L L SAMPLE L "body" END,
	    "class=auth-failure\nsample=message\nsample_subject=Invoice 4711" },
	{ "F3 text only", TOP "Content-Type: text/plain" L "Content-Transfer-Encoding: quoted-printable" L L
	    "A message claiming to be from you has failed the published DMARC policy for=" L " your domain." L "Sender IP Address: 192.0.2.9" L,
	    "dialect=text-only\nip=192.0.2.9 field" },
	{ "F4 hardly a field there", HEAD "Authentication-Results: mx.example; dmarc=fail header.from=example.com" L PART3 "From: a@example.com" L END,
	    "class=auth-failure\n!feedback_type=\nquirk type-derived\nquirk auth-failure-derived\nquirk no-version\nquirk no-user-agent\n"
	    "quirk no-identity-alignment\nquirk no-reported-domain\nquirk no-arrival-date\nverdict=no" },
	{ "F4 no Feedback-Type and nothing about authentication", HEAD "User-Agent: x" L PART3 SAMPLE END, "class=other\nquirk type-derived" },
	{ "F5 names in any case", HEAD "feedback-TYPE: Auth-Failure" L "Source-Ip: 192.0.2.61 (a)" L "VERSION: 1" L PART3 SAMPLE END,
	    "class=auth-failure\nip=192.0.2.61 field\nversion=1" },
	{ "F6 a vendor's word for the delivery", HEAD SHORT "Delivery-Result: smg-policy-action" L PART3 SAMPLE END,
	    "delivery=other\ndelivery_result=smg-policy-action\nquirk delivery-word" },
	{ "F7 a sample with attachments, without Date, with an odd From", HEAD FIELDS L "--b1" L "Content-Type: message/rfc822" L L "From: nobody" L
	    "Content-Type: multipart/mixed; boundary=in" L L "--in" L "Content-Type: text/html" L L "<script>" L "--in--" L END,
	    "sample=message\nheader_from=example.com\nhashed\nsample_body=--in" },
	{ "F8 ATT00001.file without useful types", TOP MIXED "--b1" L L "words" L "--b1" L "Content-Disposition: attachment; filename=ATT00001.file" L L
	    "User-Agent: x" L "Feedback-Type: auth-failure" L "Source-IP: 192.0.2.7" L "--b1" L "Content-Disposition: attachment; filename=ATT00002.file" L L SAMPLE END,
	    "class=auth-failure\nip=192.0.2.7 field\nsample_subject=Invoice 4711\nquirk part-sniffed" },
	{ "F9 opt-out is of another class", HEAD "Feedback-Type: opt-out" L PART3 SAMPLE END, "class=other\nfeedback_type=opt-out" },

	{ "the sample stands before the machine-readable part", TOP MIXED "--b1" L "Content-Type: message/rfc822" L L SAMPLE "Content-Type: text/xml" L L XML L
	    "--b1" L "Content-Type: message/feedback-report" L L FIELDS END, "sample_subject=Invoice 4711\nincidents=3" },
	{ "a failure report that was forwarded as an attachment", "From: me@example.com" L "Subject: Fwd" L "Content-Type: multipart/mixed; boundary=out" L L
	    "--out" L "Content-Type: text/plain" L L "see" L "--out" L "Content-Type: message/rfc822" L L HEAD FIELDS PART3 SAMPLE END L "--out--" L,
	    "incidents=3\nreport_from=DMARC reporter <dmarc-noreply@receiver.example>" },
	{ "two failure reports in one mail", "From: me@example.com" L "Subject: Fwd" L "Content-Type: multipart/mixed; boundary=out" L L "--out" L
	    "Content-Type: message/rfc822" L L HEAD FIELDS PART3 SAMPLE END L "--out" L "Content-Type: message/rfc822" L L HEAD SHORT "Incidents: 9" L PART3 SAMPLE END
	    L "--out--" L, "incidents=3\nincidents=9" },
	{ "both names of the arrival", HEAD SHORT "Received-Date: Mon, 05 Oct 2026 10:00:00 +0000" L "Arrival-Date: Mon, 05 Oct 2026 10:02:08 +0000" L PART3 SAMPLE END,
	    "arrival=1791194528\nquirk arrival-twice" },
	{ "Incidents is no number", HEAD SHORT "Incidents: -5" L PART3 SAMPLE END, "incidents=1\nquirk incidents-form" },
	{ "a field that stands twice", HEAD SHORT "Source-IP: 192.0.2.1" L "Source-IP: 192.0.2.2" L PART3 SAMPLE END, "ip=192.0.2.1 field\nquirk repeated" },
	{ "folded fields and comments", HEAD "Feedback-Type:" L " auth-failure (yes)" L "Identity-Alignment: spf" L "\t, dkim" L PART3 SAMPLE END,
	    "class=auth-failure\nidentity_alignment=spf , dkim\nspf_aligned=no\ndkim_aligned=no" },
};

static void
rule(void **state)
{
	const struct rule	*r = *state;
	struct test		 t;

	begin(&t);
	read_mail(&t, r->mail, strlen(r->mail));
	expect(&t, r->want);
	assert_true(t.failures >= 1);
	assert_true(t.res.failure);
	/* one byte after another comes to the same */
	assert_int_equal(t.refused, 0);
	assert_true(t.r.text.len == 0);
	end(&t);
}

/* --- What is no failure report --------------------------------------------------------------- */

static const struct none {
	const char	*name, *mail;
	bool		 seen;
} nones[] = {
	{ "a bounce with headers of a mail", TOP "Content-Type: multipart/report; report-type=delivery-status; boundary=b1" L L TEXT
	    "--b1" L "Content-Type: message/delivery-status" L L "Reporting-MTA: dns; x" L "--b1" L "Content-Type: text/rfc822-headers" L L SAMPLE END, false },
	{ "a mail that quotes a notice", TOP "Content-Type: text/plain" L L "What is this?" L "> A message claiming" L "> to be from you has failed" L, false },
	{ "a multipart of that type without the part", TOP REPORT_TYPE TEXT END, true },
};

static void
none(void **state)
{
	const struct none	*n = *state;
	struct test		 t;

	begin(&t);
	read_mail(&t, n->mail, strlen(n->mail));
	assert_int_equal(t.failures, 0);
	assert_int_equal(t.res.failure, n->seen);
	end(&t);
}

/* --- Hostile ------------------------------------------------------------------------------------- */

static void
hidden_report(void **state)
{
	static const char *const	 mails[] = {
		HEAD FIELDS L "--b1" L "Content-Type: message/rfc822" L L "From: a@example.com" L "Content-Type: text/xml" L L XML END,
		HEAD FIELDS L "--b1" L "Content-Type: message/rfc822" L "Content-Transfer-Encoding: base64" L L "RnJvbTogYUBleGFtcGxlLmNvbQpDb250ZW50LVR5cGU6IHRleHQveG1sCgo8P3htbD8+Cg==" END,
		HEAD FIELDS L "--b1" L "Content-Type: text/xml" L L XML END,
		HEAD FIELDS L "--b1" L "Content-Type: message/rfc822" L L "From: a@example.com" L "Content-Type: multipart/mixed; boundary=in" L L
		    "--in" L "Content-Type: application/xml" L L XML L "--in--" L END,
		TOP MIXED "--b1" L "Content-Type: message/rfc822" L L "From: a@example.com" L "Content-Type: text/xml" L L XML L PART2 FIELDS END,
		TOP REPORT_TYPE "--b1" L "Content-Type: message/rfc822" L L "From: a@example.com" L "Content-Type: text/xml" L L XML L END,
	};
	struct test	 t;

	(void)state;
	begin(&t);
	for (size_t i = 0; i < nitems(mails); i++) {
		read_mail(&t, mails[i], strlen(mails[i]));
		if (t.r.text.len != 0)
			fail_msg("mail %zu: a report was found in the sample:\n%s", i, t.r.text.p);
		assert_int_equal(t.res.reports, t.failures);
	}
	end(&t);
}

static void
huge_header(void **state)
{
	struct test	 t;
	struct buf	 b = { 0 };

	(void)state;
	begin(&t);
	(void)buf_cstr(&b, HEAD FIELDS PART3 "From: a@example.com" L "X-Long: ");
	for (int i = 0; i < 10 * 1024; i++) {
		char	 kb[1025];

		memset(kb, 'a', 1024);
		if (i % 64 == 63)
			memcpy(kb + 1000, "\r\nX-Long: ", 10);
		kb[1024] = '\0';
		(void)buf_cstr(&b, kb);
	}
	(void)buf_cstr(&b, END);
	read_mail(&t, b.p, b.len);
	assert_int_equal(t.failures, 1);
	expect(&t, "quirk sample-cut\nheader_from=example.com");
	assert_true(t.text.len < 2 * limits_default.sample_headers + 8192);
	/* the same in the machine-readable part */
	buf_clear(&b);
	(void)buf_cstr(&b, HEAD FIELDS);
	for (int i = 0; i < 10 * 1024; i++)
		(void)buf_printf(&b, "X-%d: %01000d\r\n", i, i);
	(void)buf_cstr(&b, PART3 SAMPLE END);
	read_mail(&t, b.p, b.len);
	assert_int_equal(t.failures, 1);
	expect(&t, "quirk cut\nincidents=3\nsample_subject=Invoice 4711");
	buf_free(&b);
	end(&t);
}

static void
nested_parts(void **state)
{
	struct test	 t;
	struct buf	 b = { 0 };

	(void)state;
	begin(&t);
	(void)buf_cstr(&b, HEAD FIELDS L "--b1" L "Content-Type: message/rfc822" L L "From: a@example.com" L);
	for (int i = 0; i < 5000; i++)
		(void)buf_printf(&b, "Content-Type: multipart/mixed; boundary=n%d" L L "--n%d" L, i, i);
	(void)buf_cstr(&b, "Content-Type: text/xml" L L XML END);
	read_mail(&t, b.p, b.len);
	assert_int_equal(t.failures, 1);
	assert_true(t.r.text.len == 0);
	assert_int_equal(t.refused, 0);
	/* nested around the report itself: over the limit, and nothing counts */
	buf_clear(&b);
	(void)buf_cstr(&b, TOP);
	for (int i = 0; i < 5000; i++)
		(void)buf_printf(&b, "Content-Type: multipart/mixed; boundary=n%d" L L "--n%d" L, i, i);
	(void)buf_cstr(&b, "Content-Type: message/feedback-report" L L FIELDS);
	read_mail(&t, b.p, b.len);
	assert_int_equal(t.failures, 0);
	assert_int_equal(t.refused, 1);
	buf_free(&b);
	end(&t);
}

/* The same report whatever the pieces it comes in. */
static void
feeding(void **state)
{
	static const char	 sample[] = "\r\nFrom: a@example.com\r\nSubject: one\r\n two\r\n\r\nbody\rmore\n";
	struct failure_report	 r;
	struct err		 e = { 0 };

	(void)state;
	for (size_t step = 1; step < sizeof(sample); step++) {
		struct failure	*f = failure_new(&limits_default, message_decode_words);

		failure_fields(f, "Feedback-Type: abuse\n", 21);
		failure_sample_begin(f, SAMPLE_MESSAGE);
		for (size_t at = 0; at < sizeof(sample) - 1; at += step)
			failure_sample_data(f, sample + at, sizeof(sample) - 1 - at < step ? sizeof(sample) - 1 - at : step);
		failure_sample_end(f);
		assert_int_equal(failure_finish(f, &r, &e), 1);
		assert_true(str_eq(r.t[FT_SUBJECT], STR("one two")));
		assert_int_equal(r.body_bytes, 10);
		assert_true(str_eq(r.t[FT_BODY], STR("body\nmore\n")));
		failure_free(f);
	}
}

/* --- Privacy --------------------------------------------------------------------------------------- */

#define SECRET_MAIL TOP REPORT_TYPE TEXT PART2 "Feedback-Type: auth-failure" L "User-Agent: F (by plantedlocal@example.com)" L		\
    "Authentication-Results: mx.receiver.example; spf=fail smtp.mailfrom=plantedlocal@bulk.example.net; dmarc=fail header.from=example.com" L	\
    "Original-Mail-From: <bounce+plantedlocal=example.com@bulk.example.net>" L "Original-Rcpt-To: plantedlocal@receiver.example" L	\
    "Original-Envelope-Id: plantedlocal" L "Reported-URI: http://x.example/unsub?plantedlocal" L "DKIM-Identity: plantedlocal@example.com" L	\
    "DKIM-Canonicalized-Header: cGxhbnRlZHN1YmplY3Q=" L "X-Extra: plantedlocal" L PART3 "Return-Path: <plantedlocal@example.com>" L	\
    "Received: from [192.0.2.4] (plantedlocal [192.0.2.4]) by x.example (authenticated as plantedlocal) for <plantedlocal@example.com>; "	\
    "Mon, 05 Oct 2026 10:02:07 +0000" L "From: \"plantedname P\" <plantedlocal@example.com>" L "To: plantedname <plantedlocal@example.com>," L	\
    " \"planted@local\"@example.com" L "Subject: plantedsubject" L "Thread-Topic: plantedsubject" L "X-Auth: plantedlocal" L			\
    "Message-ID: <plantedlocal@example.com>" L "DKIM-Signature: v=1; d=example.com; s=s1; i=plantedlocal@example.com; b=x" L			\
    "Content-Type: text/plain; name=\"plantedsubject\"" L L "plantedbody" L END

static void
redact_all(void **state)
{
	struct test	 t;
	char		*from;

	(void)state;
	begin(&t);
	t.redact = REDACT_ALL;
	read_mail(&t, SECRET_MAIL, strlen(SECRET_MAIL));
	assert_int_equal(t.failures, 1);
	from = strstr(t.text.p, "planted");
	if (from != NULL)
		fail_msg("not redacted: %s\nin\n%s", from, t.text.p);
	expect(&t, "sample_from=p\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2@example.com\nsample_subject=\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\n"
	    "reported_uri=x.example\nheader_from=example.com\n!sample_body\nDKIM-Signature: d=example.com; s=s1\n"
	    "[192.0.2.4] by x.example; Mon, 05 Oct 2026 10:02:07 +0000\nContent-Type: text/plain\n!Invoice");
	end(&t);
}

static void
redact_local_parts(void **state)
{
	struct test	 t;

	(void)state;
	begin(&t);
	t.redact = REDACT_LOCAL_PARTS;
	read_mail(&t, SECRET_MAIL, strlen(SECRET_MAIL));
	expect(&t, "!plantedlocal@\n!plantedname\nsample_subject=plantedsubject\nsample_body=plantedbody");
	end(&t);
}

static const struct address { const char *name, *in, *want; } addresses[] = {
	{ "one address", "alice@example.com", "a...@example.com" },
	{ "a short local part is not told at all", "al@example.com", "...@example.com" },
	{ "in a sentence", "to alice@example.com, bob <carol@b.example>", "to a...@example.com, bob <c...@b.example>" },
	{ "of a bounce", "x=bounce+alice=example.com@list.example", "x...@list.example" },
	{ "quoted", "\"a b\"@example.com", "...@example.com" },
	{ "no local part", "@example.com", "@example.com" },
	{ "letters of more than one byte", "\xc3\xa9lise@example.com", "\xc3\xa9...@example.com" },
	{ "several signs", "a@b@c.example", "...@...@c.example" },
};

static void
address(void **state)
{
	const struct address	*a = *state;
	struct buf		 b = { 0 }, want = { 0 };

	for (const char *p = a->want; *p != '\0'; p++)
		if (strncmp(p, "...", 3) == 0) {
			(void)buf_cstr(&want, REDACTED);
			p += 2;
		} else
			(void)buf_byte(&want, (unsigned char)*p);
	redact_addresses(str_of(a->in), &b);
	assert_string_equal(b.p, want.p);
	buf_free(&b);
	buf_free(&want);
}

/* --- Dates ------------------------------------------------------------------------------------------- */

static const struct date { const char *name, *text; int64_t want; bool odd; } dates[] = {
	{ "date: RFC 5322", "Mon, 05 Oct 2026 10:02:08 +0000", 1791194528, false },
	{ "date: without a weekday and seconds", "5 Oct 2026 10:02 +0200", 1791187320, false },
	{ "date: a named zone", "Thu, 29 Apr 2013 23:45:50 PST", 1367307950, false },
	{ "date: a numeric zone wins over a comment", "Thu, 29 Apr 2009 00:00:00 -0000 (EST)", 1240963200, false },
	{ "date: no zone", "Thu, 29 Apr 2009 00:00:00", 1240963200, true },
	{ "date: asctime", "Wed Apr 29 00:00:00 2009", 1240963200, true },
	{ "date: two digits of a year", "29 Apr 09 00:00:00 +0000", 1240963200, true },
	{ "date: ISO with blank and fraction", "2009-04-29 00:00:00.250", 1240963200, true },
	{ "date: noon and midnight in words", "29 Apr 2009 12:30 AM +0000", 1240965000, true },
	{ "date: hyphens", "29-Apr-2009 00:00:00 +0000", 1240963200, true },
	{ "date: French", "mer. 29 avril 2009 00:00:00 +0000", 1240963200, true },
	{ "date: nothing", "", -1, false }, { "date: words", "last week", -1, false }, { "date: year 99999", "29 Apr 99999 00:00", -1, false },
	{ "date: day 45", "45 Apr 2009 00:00:00 +0000", -1, false },
};

static void
date(void **state)
{
	const struct date	*d = *state;
	int64_t			 t = -1;
	bool			 odd = false;

	assert_int_equal(mail_date(str_of(d->text), &t, &odd), d->want != -1);
	if (d->want == -1)
		return;
	assert_int_equal(t, d->want);
	assert_int_equal(odd, d->odd);
}

/* --- The wire ------------------------------------------------------------------------------------------ */

static void
bad_frames(void **state)
{
	struct failure_result	 room[FAILURE_RESULTS];
	struct failure_report	 r = { .incidents = 1 }, back;
	struct buf		 b = { 0 };
	unsigned		 payload;

	(void)state;
	r.t[FT_USER_AGENT] = STR("x");
	wire_put_failure(&b, 0, &r);
	/* cut anywhere, or with a byte more: refused */
	for (size_t n = WIRE_HEAD; n < b.len; n++) {
		struct wire	 w = { (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + n, false };
		struct err	 e = { 0 };

		assert_int_equal(wire_get_failure(&w, room, FAILURE_RESULTS, &payload, &back, &e), -1);
	}
	(void)buf_byte(&b, 0);
	{
		struct wire	 w = { (unsigned char *)b.p + WIRE_HEAD, (unsigned char *)b.p + b.len, false };
		struct err	 e = { 0 };

		assert_int_equal(wire_get_failure(&w, room, FAILURE_RESULTS, &payload, &back, &e), -1);
	}
	buf_free(&b);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, rules, rule);
	CASES_ADD(&c, nones, none);
	CASES_ADD(&c, addresses, address);
	CASES_ADD(&c, dates, date);
	case_add(&c, "an aggregate report in the sample is not read", hidden_report, NULL);
	case_add(&c, "10 MB of headers", huge_header, NULL);
	case_add(&c, "5,000 nested parts", nested_parts, NULL);
	case_add(&c, "a sample in pieces of any size", feeding, NULL);
	case_add(&c, "redact all: nothing of a person is left", redact_all, NULL);
	case_add(&c, "redact local-parts: subject and body stay", redact_local_parts, NULL);
	case_add(&c, "bad frames are refused", bad_frames, NULL);
	return (cases_run(&c, "failure"));
}
