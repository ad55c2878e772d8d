/*
 * test_value.c - single values of a report from their text; the codes are
 * those of the rules.
 */
#include "cases.h"

#include "report/value.h"

/* --- Times (E8, R5) ---------------------------------------------------------------- */

static const struct time_case { const char *name, *in; int ok; int64_t t; uint64_t q; } times[] = {
	{ "AX6 E8 R5 decimals are cut",	"1337270400.0", 1, 1337270400, QUIRK_TIME_FORM },
	{ "AX8 E8 R5 milliseconds",		"1722816000000", 1, 1722816000, QUIRK_TIME_MS },
	{ "E8 whole seconds",		"1524268799", 1, 1524268799, 0 },
	{ "E8 ISO",			"2026-10-01T00:00:00Z", 1, 1790812800, QUIRK_TIME_FORM },
	{ "E8 ISO, date alone",		"2026-10-01", 1, 1790812800, QUIRK_TIME_FORM },
	{ "E8 ISO with fraction",	"2026-10-01T00:00:00.5Z", 1, 1790812800, QUIRK_TIME_FORM },
	{ "E8 zero",			"0", 1, 0, 0 },
	{ "E8 largest that is seconds",	"99999999999", 1, 99999999999, 0 },
	{ "E8 smallest milliseconds",	"100000000000", 1, 100000000, QUIRK_TIME_MS },
	{ "E8 beyond milliseconds",	"100000000000000000", 0, 0, 0 },
	{ "E8 negative",		"-5", 0, 0, 0 },
	{ "E8 before 1970",		"1969-12-31T23:59:59Z", 0, 0, 0 },
	{ "E8 words",			"yesterday", 0, 0, 0 },
	{ "E8 nothing",			"", 0, 0, 0 },
	{ "E8 only a dot",		".5", 0, 0, 0 },
	{ "E8 junk behind",		"1524268799x", 0, 0, 0 },
};

static void
test_time(void **state)
{
	const struct time_case	*c = *state;
	int64_t			 t = 0;
	uint64_t		 q = 0;

	assert_int_equal(value_time(str_of(c->in), &t, &q), c->ok);
	if (c->ok) {
		assert_true(t == c->t);
		assert_true(q == c->q);
	}
}

/* --- Counts (D20, AX35-AX37, W3) ------------------------------------------------------ */

static const struct count_case { const char *name, *in; int rv; uint64_t v, q; } counts[] = {
	{ "AX35 W3 D20 12.0",			"12.0", 0, 12, QUIRK_COUNT_FORM },
	{ "AX35 leading zeros",		"007", 0, 7, QUIRK_COUNT_FORM },
	{ "AX35 largest",		"9223372036854775807", 0, 9223372036854775807u, 0 },
	{ "AX35 zero",			"0", 0, 0, 0 },
	{ "AX36 empty",			"", 1, 0, QUIRK_COUNT_MISSING },
	{ "AX37 W3 D20 minus",			"-1", -1, 0, 0 },
	{ "AX37 exponent",		"1e3", -1, 0, 0 },
	{ "AX37 hex",			"0x10", -1, 0, 0 },
	{ "AX37 junk behind",		"12abc", -1, 0, 0 },
	{ "AX37 thousands",		"1,000", -1, 0, 0 },
	{ "AX37 half",			"12.5", -1, 0, 0 },
	{ "AX37 one past largest",	"9223372036854775808", -1, 0, 0 },
	{ "D20 plus",			"+1", -1, 0, 0 },
	{ "D20 a point at the end",	"12.", -1, 0, 0 },
	{ "D20 only a point",		".", -1, 0, 0 },
	{ "D20 two points",		"1.0.0", -1, 0, 0 },
	{ "D20 blank inside",		"1 2", -1, 0, 0 },
	{ "D20 beyond 2^31",		"4294967296", 0, 4294967296u, 0 },
};

static void
test_count(void **state)
{
	const struct count_case	*c = *state;
	uint64_t		 v = 99, q = 0;

	assert_int_equal(value_count(str_of(c->in), &v, &q), c->rv);
	if (c->rv != -1) {
		assert_true(v == c->v);
		assert_true(q == c->q);
	}
}

/* --- Addresses (D18, AX26, AX27, W2) ----------------------------------------------------- */

static const struct ip_case { const char *name, *in; unsigned len; const char *ip; uint64_t q; } ips[] = {
	{ "AX26 D18 mapped",		"::ffff:192.0.2.1", 4, "\xc0\0\2\1", QUIRK_ADDRESS_FORM },
	{ "AX26 brackets",		"[2001:db8::1]", 16, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", QUIRK_ADDRESS_FORM },
	{ "AX26 upper case",		"2001:DB8::1", 16, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 0 },
	{ "W2 plain",			"192.0.2.1", 4, "\xc0\0\2\1", 0 },
	{ "W2 D18 brackets around IPv4",	"[192.0.2.1]", 4, "\xc0\0\2\1", QUIRK_ADDRESS_FORM },
	{ "W2 D18 prefix IPv6:",		"IPv6:2001:db8::1", 16, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", QUIRK_ADDRESS_FORM },
	{ "W2 literal",			"[IPv6:2001:db8::1]", 16, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", QUIRK_ADDRESS_FORM },
	{ "W2 D18 zone",			"2001:db8::1%eth0", 16, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", QUIRK_ADDRESS_FORM },
	{ "W2 mapped, written in hex",	"::ffff:c000:0201", 4, "\xc0\0\2\1", QUIRK_ADDRESS_FORM },
	{ "AX27 anonymised",		"X.X.X.X", 0, NULL, QUIRK_BAD_ADDRESS },
	{ "W2 letter in a number",	"108r.166.27.220", 0, NULL, QUIRK_BAD_ADDRESS },
	{ "W2 host name",		"mail.example.com", 0, NULL, QUIRK_BAD_ADDRESS },
	{ "W2 octal is no address",	"192.0.02.1", 0, NULL, QUIRK_BAD_ADDRESS },
	{ "W2 short form is none",	"192.0.2", 0, NULL, QUIRK_BAD_ADDRESS },
	{ "W2 prefix length",		"192.0.2.0/24", 0, NULL, QUIRK_BAD_ADDRESS },
	{ "D17 nothing",		"", 0, NULL, QUIRK_NO_ADDRESS },
	{ "W2 only brackets",		"[]", 0, NULL, QUIRK_BAD_ADDRESS },
	{ "W2 very long",		"2001:db8:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, NULL, QUIRK_BAD_ADDRESS },
};

static void
test_ip(void **state)
{
	const struct ip_case	*c = *state;
	unsigned char		 ip[16];
	unsigned		 len = 99;
	uint64_t		 q = 0;

	value_ip(str_of(c->in), ip, &len, &q);
	assert_int_equal(len, c->len);
	if (len > 0)
		assert_memory_equal(ip, c->ip, len);
	assert_true(q == c->q);
}

static void
test_ip_nul(void **state)
{
	unsigned char	 ip[16];
	unsigned	 len;
	uint64_t	 q = 0;

	(void)state;
	value_ip((struct str){ "192.0.2.1\0.evil", 15 }, ip, &len, &q);
	assert_int_equal(len, 0);
}

/* --- Words (E1-E6, AX14, AX15, AX20, AX21, W5, W6, I11-I13) ----------------------------------- */

static const struct word_case { const char *name, *in; char what; unsigned v; int exact; uint64_t q; } words[] = {
	{ "AX14 E1 W5 Pass",			"Pass", 'd', DISP_PASS, 1, QUIRK_CASE_FOLDED },
	{ "AX15 E4 W5 softfail",		"softfail", 'd', DISP_OTHER, 0, QUIRK_DISPOSITION_WORD },
	{ "AX15 E4 W5 empty",			"", 'd', DISP_OTHER, 0, QUIRK_DISPOSITION_WORD },
	{ "E4 E1 W5 None",			"None", 'd', DISP_NONE, 1, QUIRK_CASE_FOLDED },
	{ "E4 quarantine",		"quarantine", 'd', DISP_QUARANTINE, 1, 0 },
	{ "E4 reject",			"reject", 'd', DISP_REJECT, 1, 0 },
	{ "E4 W5 other is no word",	"other", 'd', DISP_OTHER, 0, QUIRK_DISPOSITION_WORD },
	{ "E5 pass",			"pass", 'e', EVAL_PASS, 1, 0 },
	{ "E5 E1 FAIL",			"FAIL", 'e', EVAL_FAIL, 1, QUIRK_CASE_FOLDED },
	{ "AX38 E5 W6 neutral",		"neutral", 'e', EVAL_UNKNOWN, 0, QUIRK_EVALUATED_WORD },
	{ "W6 E5 unknown is a word",	"unknown", 'e', EVAL_UNKNOWN, 0, QUIRK_EVALUATED_WORD },
	{ "W4 D19 empty",			"", 'e', EVAL_UNKNOWN, 1, QUIRK_EVALUATED_WORD },
	{ "AX20 E2 I11 hardfail",		"hardfail", 's', RES_FAIL, 0, QUIRK_RESULT_ALIAS },
	{ "AX21 E2 I12 unknown",		"unknown", 's', RES_TEMPERROR, 0, QUIRK_RESULT_ALIAS },
	{ "AX21 E2 I12 error",			"error", 's', RES_PERMERROR, 0, QUIRK_RESULT_ALIAS },
	{ "I12 E1 SoftFail",		"SoftFail", 's', RES_SOFTFAIL, 1, QUIRK_CASE_FOLDED },
	{ "I12 temp_error",		"temp_error", 's', RES_TEMPERROR, 0, QUIRK_RESULT_ALIAS },
	{ "I12 E1 PermError",		"PermError", 's', RES_PERMERROR, 1, QUIRK_CASE_FOLDED },
	{ "I12 perm_error",		"perm_error", 's', RES_PERMERROR, 0, QUIRK_RESULT_ALIAS },
	{ "E2 absent is no word",	"absent", 's', RES_UNKNOWN, 0, QUIRK_RESULT_WORD },
	{ "E2 empty",			"", 's', RES_ABSENT, 1, 0 },
	{ "I13 E3 invalid",		"invalid", 'k', RES_PERMERROR, 0, QUIRK_RESULT_ALIAS },
	{ "I13 E3 invalid with a text",	"invalid (public key: DNS error)", 'k', RES_PERMERROR, 0, QUIRK_RESULT_ALIAS },
	{ "I13 hardfail",		"hardfail", 'k', RES_FAIL, 0, QUIRK_RESULT_ALIAS },
	{ "I13 timeout",		"timeout", 'k', RES_TEMPERROR, 0, QUIRK_RESULT_ALIAS },
	{ "I13 bodyhash",		"bodyhash", 'k', RES_UNKNOWN, 0, QUIRK_RESULT_WORD },
	{ "I13 softfail is SPF's",	"softfail", 'k', RES_UNKNOWN, 0, QUIRK_RESULT_WORD },
	{ "E3 I13 unknown",			"unknown", 'k', RES_UNKNOWN, 0, QUIRK_RESULT_WORD },
	{ "E3 policy",			"policy", 'k', RES_POLICY, 1, 0 },
	{ "E3 passed is not pass",	"passed", 'k', RES_UNKNOWN, 0, QUIRK_RESULT_WORD },
	{ "E3 pass and more is not pass", "pass (2048-bit key)", 'k', RES_UNKNOWN, 0, QUIRK_RESULT_WORD },
};

static void
test_word(void **state)
{
	const struct word_case	*c = *state;
	uint64_t		 q = 0;
	bool			 exact = false;
	unsigned		 v = 0;

	switch (c->what) {
	case 'd':
		v = value_disposition(str_of(c->in), &exact, &q);
		break;
	case 'e':
		v = value_evaluated(str_of(c->in), &exact, &q);
		break;
	case 'k':
		v = value_dkim_result(str_of(c->in), &exact, &q);
		break;
	case 's':
		v = value_spf_result(str_of(c->in), &exact, &q);
		break;
	default:
		fail();
	}
	assert_int_equal(v, c->v);
	assert_int_equal(exact, c->exact);
	assert_true(q == c->q);
}

static void
test_names(void **state)
{
	(void)state;
	/* a word, and a sentence, for each quirk; no word twice */
	for (unsigned i = 0; i < QUIRK_COUNT; i++) {
		assert_true(quirk_names[i][0] != '\0');
		assert_int_equal(quirk_texts[i][strlen(quirk_texts[i]) - 1], '.');
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(quirk_names[i], quirk_names[k]);
	}
	/* bits stand in the store: they do not move */
	assert_int_equal(QUIRK_RECOVERED_BIT, 0);
	assert_int_equal(QUIRK_GZIP_TAIL_BIT, 41);
	assert_int_equal(QUIRK_STRAY_TEXT_BIT, 48);
	assert_true(QUIRK_COUNT <= 62);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, times, test_time);
	CASES_ADD(&c, counts, test_count);
	CASES_ADD(&c, ips, test_ip);
	case_add(&c, "W2 a NUL is no end", test_ip_nul, NULL);
	CASES_ADD(&c, words, test_word);
	case_add(&c, "quirks have names and sentences", test_names, NULL);
	return (cases_run(&c, "value"));
}
