/*
 * test_hints.c - what subject and file name tell (SF), and RFC 2047 in front
 * of that.
 */
#include "cases.h"

#include "decode/message.h"
#include "report/hints.h"

static const struct sf_case {
	const char	*name, *subject, *filename, *domain, *submitter, *id;
	int64_t		 begin, end;
} sfs[] = {
	{ "SF1", "Report Domain: example.com Submitter: rep.example Report-ID: <1@rep.example>", NULL,
	    "example.com", "rep.example", "1@rep.example", 0, 0 },
	{ "SF2 M7", "Report domain: example.com Submitter: google.com Report-ID: 5264580628977113351", NULL,
	    "example.com", "google.com", "5264580628977113351", 0, 0 },
	{ "SF3 M8", "Report Domain: example.com; Submitter: Mail.Ru; Report-ID: 2855", NULL, "example.com", "Mail.Ru", "2855", 0, 0 },
	{ "SF4 M9", "Dmarc Aggregate Report Domain: {example.com}  Submitter: {Amazon SES}  Date: {2022-09-19}  Report-ID: {6b06}", NULL,
	    "example.com", "Amazon SES", "6b06", 0, 0 },
	{ "SF5 M10", "=?utf-8?B?UmVwb3J0IERvbWFpbjogZXhhbXBsZS5jb20gU3VibWl0dGVyOiByZXAuZXhhbXBsZQ==?=", NULL,
	    "example.com", "rep.example", NULL, 0, 0 },
	{ "SF6", "FW: hello", NULL, NULL, NULL, NULL, 0, 0 },
	{ "SF7 M6", NULL, "rep.example!example.com!1700000000!1700086399.xml.gz", "example.com", "rep.example", NULL, 1700000000, 1700086399 },
	{ "SF8 M6", NULL, "rep.example!example.com!1700000000!1700086399!abc123.zip", "example.com", "rep.example", "abc123",
	    1700000000, 1700086399 },
	{ "SF9 M6", NULL, "!example.com!1700000000!1700086399.xml", "example.com", NULL, NULL, 1700000000, 1700086399 },
	{ "SF10", NULL, "report.xml", NULL, NULL, NULL, 0, 0 },
	{ "SF11", NULL, "google.com!example.com!1725321600!1725407999!001.json.gz", "example.com", "google.com", "001",
	    1725321600, 1725407999 },
	{ "SF in a folder", NULL, "/var/in/rep.example!example.com!1700000000!1700086399.xml", "example.com", "rep.example", NULL,
	    1700000000, 1700086399 },
	{ "M6 times that are none", NULL, "a!b!c!d.xml", NULL, NULL, NULL, 0, 0 },
	{ "SF no value behind a label", "Report Domain: Submitter: rep.example Report-ID:", NULL, NULL, "rep.example", NULL, 0, 0 },
	{ "SF forwarded", "FW: Report Domain: example.com Submitter: rep.example Report-ID: 7", NULL, "example.com", "rep.example", "7", 0, 0 },
};

static void
same(struct str have, const char *want)
{
	if (want == NULL) {
		assert_int_equal(have.len, 0);
		return;
	}
	assert_int_equal(have.len, strlen(want));
	assert_memory_equal(have.p, want, have.len);
}

static void
test_sf(void **state)
{
	const struct sf_case	*c = *state;
	struct hints		 h = { 0 };
	struct buf		 b = { 0 };

	if (c->subject != NULL) {
		message_decode_words(str_of(c->subject), 1000, &b);
		hints_subject(buf_as_str(&b), &h);
	} else
		hints_filename(str_of(c->filename), &h);
	same(h.domain, c->domain);
	same(h.submitter, c->submitter);
	same(h.report_id, c->id);
	assert_true(h.begin == c->begin && h.end == c->end);
	buf_free(&b);
}

/* --- A18: words in any charset ------------------------------------------------------------ */

static const struct word_case { const char *name, *in, *out; } words[] = {
	{ "A18 plain",			"Report Domain: example.com", "Report Domain: example.com" },
	{ "A18 M10 Q, latin 1",		"=?ISO-8859-1?Q?caf=E9_x?=", "caf\xc3\xa9 x" },
	{ "A18 B, UTF-8",		"=?UTF-8?B?w7xiZXI=?=", "\xc3\xbc" "ber" },
	{ "A18 b in lower case",	"=?utf-8?b?w7xiZXI=?=", "\xc3\xbc" "ber" },
	{ "A18 padding lost",		"=?utf-8?B?w7xiZXI?=", "\xc3\xbc" "ber" },
	{ "A18 language",		"=?utf-8*de?Q?a?=", "a" },
	{ "A18 blanks between words go", "=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab" },
	{ "A18 blanks before text stay", "=?utf-8?Q?a?= b", "a b" },
	{ "A18 M10 ISO-2022-JP",		"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "A18 M10 GB2312",			"=?GB2312?B?1tDOxA==?=", "\xe4\xb8\xad\xe6\x96\x87" },
	{ "A18 unknown charset",	"=?x-no-such?Q?a=E9?=", "a\xc3\xa9" },
	{ "A18 charset is no path",	"=?../../etc/x//IGNORE?Q?a?=", "a" },
	{ "A18 not an end",		"=?utf-8?Q?abc", "=?utf-8?Q?abc" },
	{ "A18 no such encoding",	"=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
	{ "A18 raw latin 1",		"caf\xe9", "caf\xc3\xa9" },
	{ "A18 raw UTF-8",		"caf\xc3\xa9", "caf\xc3\xa9" },
	{ "A18 bare =?",		"a =? b ?= c", "a =? b ?= c" },
};

static void
test_word(void **state)
{
	const struct word_case	*c = *state;
	struct buf		 b = { 0 };

	message_decode_words(str_of(c->in), 1000, &b);
	assert_string_equal(b.p, c->out);
	buf_free(&b);
}

static void
test_word_max(void **state)
{
	struct buf	 in = { 0 }, out = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		(void)buf_cstr(&in, "\xc3\xbc");
	for (size_t max = 1; max < 50; max++) {
		buf_clear(&out);
		message_decode_words(buf_as_str(&in), max, &out);
		assert_true(out.len <= max && str_utf8_ok(buf_as_str(&out)));
	}
	buf_free(&in);
	buf_free(&out);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, sfs, test_sf);
	CASES_ADD(&c, words, test_word);
	case_add(&c, "A18 truncated, never half a character", test_word_max, NULL);
	return (cases_run(&c, "hints"));
}
