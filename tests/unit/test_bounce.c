/*
 * test_bounce.c - answers of mail servers, and headers that people paste:
 * which refusal it is, whom it names, what was checked.
 */
#include "cases.h"

#include "dmarc/dmarc.h"
#include "explain/bounce.h"
#include "explain/texts.h"

/* keys: in their order, parted by blanks; ip, name: the best guess, "-" for none. */
static const struct answer { const char *name, *text, *keys, *ip, *domain; bool temporary; } answers[] = {
	{ "DMARC, on three lines", "550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's\r\n"
	    "550-5.7.26 DMARC policy. Please contact the administrator of example.com domain if\r\n"
	    "550 5.7.26 this was a legitimate mail. 192.0.2.7 - gsmtp\r\n", "dmarc", "192.0.2.7", "example.com", false },
	{ "DMARC, by number", "550 5.7.509: Access denied, sending domain example.com does not pass DMARC verification", "dmarc", "-", "example.com", false },
	{ "neither, with the checks told", "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n"
	    "550-5.7.26 Authentication results:\n550-5.7.26  DKIM = did not pass\n550-5.7.26  SPF [news.example.org] with ip: [198.51.100.4] = did not\n"
	    "550 5.7.26  pass", "unauth", "198.51.100.4", "news.example.org", false },
	{ "all three", "550 5.7.515 Access denied, sending domain EXAMPLE.ORG does not meet the required authentication level.", "level", "-",
	    "example.org", false },
	{ "SPF, for a time", "421-4.7.27 Your email has been rate limited because SPF authentication didn't pass\n421 4.7.27 for this message.", "spf rate", "-",
	    "-", true },
	{ "SPF, in words", "550 SPF check failed for bounce@example.net from [2001:db8::25]", "spf", "2001:db8::25", "example.net", false },
	{ "SPF record", "550 5.7.24 SPF PermError: too many DNS lookups, example.com", "spferror", "-", "example.com", false },
	{ "null MX is not SPF", "550 5.7.27 Sender address has null MX", "sender", "-", "-", false },
	{ "reverse name", "450 4.7.1 Client host rejected: cannot find your reverse hostname, [198.51.100.4]", "ptr", "198.51.100.4", "-", true },
	{ "reverse name by number", "550 5.7.25 The IP address sending this message does not have a PTR record", "ptr", "-", "-", false },
	{ "key", "550 DKIM: no key for signature of example.com", "dkimkey", "-", "example.com", false },
	{ "signature", "554 5.7.20 No passing DKIM signature found", "dkim", "-", "-", false },
	{ "block list", "554 5.7.1 Service unavailable; Client host [192.0.2.99] blocked using zen.spamhaus.example", "list", "192.0.2.99",
	    "zen.spamhaus.example", false },
	{ "no such user", "550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown", "user", "-", "example.com", false },
	{ "full", "452 4.2.2 The email account that you tried to reach is over quota", "full", "-", "-", true },
	{ "relay", "554 5.7.1 <a@example.net>: Relay access denied", "relay", "-", "example.net", false },
	{ "greeting", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", "helo", "-", "-", false },
	{ "encryption", "530 5.7.0 Must issue a STARTTLS command first", "tls", "-", "-", false },
	{ "no record", "550 5.7.40 This message was blocked: sending domain example.com has no DMARC record", "nodmarc", "-", "example.com", false },
	{ "a version is no code", "Exim 4.96.2 says hello", "", "-", "-", false },
	{ "an address is no code", "from 5.7.26.1 it came", "", "5.7.26.1", "-", false },
	{ "words within words", "the antispamfilter of example.com thinks", "", "-", "example.com", false },
	{ "quoted", "> 550 5.7.23 The message was rejected because of\n> Sender Policy Framework violation", "spf", "-", "-", false },
	{ "nothing", "", "", "-", "-", false },
	{ "control characters", "550 5.7.23 \033[31mred\007", "spf", "-", "-", false },
};

static void
test_answer(void **state)
{
	const struct answer	*c = *state;
	struct arena		*a = arena_new(8 << 20);
	static struct bounce	 b;
	struct err		 e = { 0 };
	struct buf		 keys = { 0 };

	assert_non_null(a);
	assert_int_equal(bounce_read(a, str_of(c->text), &b, &e), 0);
	for (size_t i = 0; i < b.nmatches; i++) {
		(void)buf_printf(&keys, "%s%s", i == 0 ? "" : " ", b.matches[i].key);
		assert_true(b.matches[i].words.len > 0);
		for (size_t k = 0; k < b.matches[i].words.len; k++)
			assert_true((unsigned char)b.matches[i].words.p[k] >= 0x20);
	}
	(void)buf_byte(&keys, 0);
	assert_string_equal(keys.p, c->keys);
	assert_string_equal(b.nips == 0 ? "-" : b.ips[0].p, c->ip);
	assert_string_equal(b.nnames == 0 ? "-" : b.names[0].p, c->domain);
	assert_int_equal(b.temporary, c->temporary);
	assert_false(b.checked);
	buf_free(&keys);
	arena_free(a);
}

/* Every key that can come out has its three sentences in every language. */
static void
test_sentences(void **state)
{
	static const char *const	 keys[] = { "dmarc", "level", "nodmarc", "unauth", "align", "spferror", "spf", "dkimkey", "dkim", "ptr",
	    "helo", "tls", "sender", "list", "rate", "spam", "relay", "full", "user" };
	static const char *const	 parts[] = { "title", "why", "do" };
	char				 key[48];

	(void)state;
	for (unsigned lang = 0; lang < explain_nlanguages; lang++)
		for (size_t i = 0; i < nitems(keys); i++)
			for (size_t p = 0; p < nitems(parts); p++) {
				(void)snprintf(key, sizeof(key), "bounce.%s.%s", keys[i], parts[p]);
				assert_non_null(explain_text(lang, key));
				if (lang > 0)
					assert_string_not_equal(explain_text(lang, key), explain_text(0, key));
			}
}

#define AR "Authentication-Results: mx.example.net;\r\n  dkim=pass header.i=@mailer.example header.s=k1;\r\n" \
	"  spf=fail (domain of bounce@example.com does not designate 192.0.2.9 as permitted sender) smtp.mailfrom=bounce@example.com;\r\n" \
	"  dmarc=fail (p=REJECT sp=NONE dis=QUARANTINE) header.from=news.example.com\r\n"

static void
check_header(const char *text, const char *from, const char *ip, unsigned code)
{
	struct arena		*a = arena_new(8 << 20);
	static struct bounce	 b;
	struct verdict		 v;
	struct err		 e = { 0 };
	char			 got[8], want[8];

	assert_non_null(a);
	assert_int_equal(bounce_read(a, str_of(text), &b, &e), 0);
	assert_int_equal(b.nmatches, 0);	/* nobody refused anything */
	assert_true(b.checked);
	assert_string_equal(b.record.header_from.p, from);
	if (ip != NULL)
		assert_string_equal(b.record.source_ip.p, ip);
	dmarc_judge(&b.policy, &b.record, &v);
	assert_string_equal(dmarc_code_name(v.code, got), dmarc_code_name(code, want));
	arena_free(a);
}

static void
test_header(void **state)
{
	(void)state;
	check_header(AR "From: Anna <anna@news.example.com>\r\n", "news.example.com", "192.0.2.9", dmarc_code_parse(STR("F5")));
	/* copied without its indentation, from a mail that quotes it */
	check_header("> Authentication-Results: mx.example.net;\n> dkim=pass header.d=example.com header.s=s1;\n> spf=softfail smtp.mailfrom=other.example\n"
	    "> From: b@example.com\n", "example.com", NULL, dmarc_code_parse(STR("P2")));
	/* SPF stands in a field of its own */
	check_header("Received-SPF: pass (mx.example.net: ok) client-ip=2001:db8::7; envelope-from=\"x@bounce.example.org\";\n"
	    "Authentication-Results: mx.example.net; dmarc=fail header.from=example.com\n", "example.com", "2001:db8::7", dmarc_code_parse(STR("F3")));
}

static void
test_header_policy(void **state)
{
	struct arena		*a = arena_new(8 << 20);
	static struct bounce	 b;
	struct err		 e = { 0 };

	(void)state;
	assert_int_equal(bounce_read(a, STR(AR), &b, &e), 0);
	assert_true(str_ieq(b.policy.p, "reject") && str_ieq(b.policy.sp, "none"));
	assert_int_equal(b.record.disposition, DISP_QUARANTINE);
	assert_true(str_ieq(b.policy.domain, "example.com"));
	arena_free(a);
}

static void
test_limits(void **state)
{
	struct arena		*a = arena_new(8 << 20);
	static struct bounce	 b;
	struct err		 e = { 0 };
	char			*text = malloc(BOUNCE_BYTES + 1);
	struct buf		 many = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, 'a', BOUNCE_BYTES + 1);
	assert_int_equal(bounce_read(a, (struct str){ text, BOUNCE_BYTES + 1 }, &b, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(bounce_read(a, (struct str){ text, BOUNCE_BYTES }, &b, &e), 0);
	free(text);
	for (unsigned i = 0; i < 1500; i++)
		(void)buf_printf(&many, "192.0.2.%u name%u.example 5.7.%u ", i % 256, i, i % 100);
	assert_int_equal(bounce_read(a, buf_as_str(&many), &b, &e), 0);
	assert_int_equal(b.nips, BOUNCE_NAMES);
	assert_int_equal(b.nnames, BOUNCE_NAMES);
	buf_free(&many);
	arena_free(a);
}

int
main(void)
{
	struct cases	 c = { 0 };
	struct err	 e = { 0 };

	if (dmarc_init(&e) == -1)
		return (99);
	CASES_ADD(&c, answers, test_answer);
	case_add(&c, "every refusal has its sentences in every language", test_sentences, NULL);
	case_add(&c, "a header is read as a row of a report", test_header, NULL);
	case_add(&c, "policy and disposition of a header", test_header_policy, NULL);
	case_add(&c, "limits", test_limits, NULL);
	return (cases_run(&c, "bounce"));
}
