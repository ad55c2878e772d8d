/*
 * test_base.c - texts with a length, buffers, arenas, time, escaping, errors.
 */
#include "cases.h"

#include "base/charset.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/near.h"
#include "base/when.h"

/* --- str -------------------------------------------------------------------- */

static const struct trim_case { const char *name, *in; size_t n; const char *want; } trims[] = {
	{ "str_trim: nothing to do",		"a b", 3, "a b" },
	{ "str_trim: blanks, tabs, line ends",	" \t\r\n a \v\f", 8, "a" },
	{ "str_trim: NULs at the ends",		"\0a\0b\0", 5, "a\0b" },
	{ "str_trim: only blanks",		"  \n", 3, "" },
};

static void
test_trim(void **state)
{
	const struct trim_case	*c = *state;
	struct str		 s = str_trim((struct str){ c->in, c->n });

	assert_int_equal(s.len, c->want[0] == 'a' && c->n == 5 ? 3 : strlen(c->want));
	assert_memory_equal(s.p, c->want, s.len);
}

static void
test_absent(void **state)
{
	(void)state;
	assert_null(str_trim(STR_NONE).p);
	assert_true(str_eq(STR_NONE, STR_NONE));
	assert_false(str_eq(STR_NONE, STR("")));
	assert_true(str_eq(STR(""), STR("")));
	assert_true(str_order(STR("a"), STR("b")) < 0 && str_order(STR("b"), STR("a")) > 0);
	assert_true(str_order(STR("a"), STR("ab")) < 0 && str_order(STR("ab"), STR("a")) > 0);
	assert_true(str_order(STR_NONE, STR("a")) < 0);
	assert_int_equal(str_order(STR("a\0b"), STR("a\0b")), 0);
	assert_int_equal(str_order(STR_NONE, STR("")), 0);
	assert_false(str_ieq(STR_NONE, ""));
	assert_true(str_ieq(STR(""), ""));
	assert_true(str_ieq(STR("PaSs"), "pass"));
	assert_false(str_ieq(STR("passed"), "pass"));
	assert_null(str_ifind(STR_NONE, "x"));
	assert_true(str_istarts(STR("Content-Type"), "content-"));
	assert_false(str_istarts(STR("Con"), "content-"));
	assert_non_null(str_ifind(STR("Report DOMAIN: x"), "domain:"));
	assert_null(str_ifind(STR("domai"), "domain:"));
	assert_int_equal(str_of(NULL).len, 0);
}

static const struct utf8_case { const char *name, *in; size_t n; int ok; } utf8s[] = {
	{ "utf8: empty",			"", 0, 1 },
	{ "utf8: ASCII and NUL",		"a\0b", 3, 1 },
	{ "utf8: two, three, four bytes",	"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 1 },
	{ "utf8: cut character",		"a\xe2\x82", 3, 0 },
	{ "utf8: overlong slash",		"\xc0\xaf", 2, 0 },
	{ "utf8: overlong of three",		"\xe0\x80\x80", 3, 0 },
	{ "utf8: surrogate",			"\xed\xa0\x80", 3, 0 },
	{ "utf8: beyond U+10FFFF",		"\xf4\x90\x80\x80", 4, 0 },
	{ "utf8: stray continuation",		"\x80", 1, 0 },
	{ "utf8: last code point",		"\xf4\x8f\xbf\xbf", 4, 1 },
};

static void
test_utf8(void **state)
{
	const struct utf8_case	*c = *state;

	assert_int_equal(str_utf8_ok((struct str){ c->in, c->n }), c->ok);
}

static const struct i64_case { const char *name, *in; int ok; int64_t v; } i64s[] = {
	{ "i64: zero",			"0", 1, 0 },
	{ "i64: leading zeros",		"007", 1, 7 },
	{ "i64: largest",		"9223372036854775807", 1, INT64_MAX },
	{ "i64: one past largest",	"9223372036854775808", 0, 0 },
	{ "i64: far past",		"99999999999999999999999999", 0, 0 },
	{ "i64: minus",			"-1", 0, 0 },
	{ "i64: plus",			"+1", 0, 0 },
	{ "i64: blank",			" 1", 0, 0 },
	{ "i64: hex",			"0x1", 0, 0 },
	{ "i64: empty",			"", 0, 0 },
};

static void
test_i64(void **state)
{
	const struct i64_case	*c = *state;
	int64_t			 v = 0;

	assert_int_equal(str_i64(str_of(c->in), &v), c->ok);
	if (c->ok)
		assert_true(v == c->v);
}

/* --- buf, arena ------------------------------------------------------------------ */

static void
test_buf(void **state)
{
	struct buf	 b = { .max = 10 };

	(void)state;
	assert_true(buf_cstr(&b, "01234"));
	assert_true(buf_byte(&b, '5'));
	assert_true(buf_printf(&b, "%d", 6789));
	assert_string_equal(b.p, "0123456789");
	assert_false(buf_byte(&b, 'x'));	/* the ceiling */
	assert_true(b.failed);
	assert_false(buf_cstr(&b, ""));		/* and it stays so */
	assert_int_equal(b.len, 10);
	buf_clear(&b);
	assert_false(b.failed);
	b.max = 8;
	assert_true(buf_base64(&b, "f", 1) && buf_base64(&b, "fo", 2));
	assert_string_equal(b.p, "Zg==Zm8=");
	assert_false(buf_base64(&b, "foo", 3));
	b.max = 10;
	buf_clear(&b);
	assert_string_equal(b.p, "");
	assert_true(buf_add(&b, "a\0b", 3));
	assert_int_equal(b.len, 3);
	buf_drop(&b, 1);
	assert_memory_equal(b.p, "\0b", 3);	/* with the NUL behind */
	buf_drop(&b, 99);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	assert_int_equal(b.max, 10);
	b = (struct buf){ 0 };
	assert_false(buf_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_free(&b);
	assert_string_equal(buf_as_str(&b).p, "");
}

static void
test_arena_grow(void **state)
{
	struct arena	*a = arena_new(200000);
	uint64_t	*v = NULL, *grown;
	size_t		 n = 0, cap = 0;

	(void)state;
	while ((grown = arena_grow(a, v, n, &cap, sizeof(*v))) != NULL) {
		assert_true(cap > n);
		v = grown;
		v[n] = n * 3;
		n++;
	}
	assert_true(n >= 1024 && n == cap);	/* the ceiling; what there is stays as it is */
	for (size_t i = 0; i < n; i++)
		assert_true(v[i] == i * 3);
	arena_free(a);
}

static void
test_utf8_first(void **state)
{
	static const struct { const char *text; size_t n; uint32_t v; } all[] = { { "a", 1, 'a' }, { "\xc3\xa9x", 2, 0xe9 }, { "\xe2\x82\xac", 3, 0x20ac },
	    { "\xf0\x9f\x98\x80", 4, 0x1f600 }, { "\xc3", 0, 0 }, { "\xc0\x80", 0, 0 }, { "\xed\xa0\x80", 0, 0 }, { "\x80", 0, 0 }, { "\xff", 0, 0 } };
	uint32_t	 v;

	(void)state;
	for (size_t i = 0; i < nitems(all); i++) {
		assert_int_equal(str_utf8_first(str_of(all[i].text), &v), all[i].n);
		assert_true(all[i].n == 0 || v == all[i].v);
	}
}

static void
test_arena(void **state)
{
	struct arena	*a = arena_new(200000);
	char		*p, *q;

	(void)state;
	assert_non_null(a);
	assert_non_null(p = arena_alloc(a, 100, 7));
	for (int i = 0; i < 700; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal((uintptr_t)p % 16, 0);
	assert_null(arena_alloc(a, SIZE_MAX / 2, 3));	/* n * size wraps */
	assert_null(arena_alloc(a, 200001, 1));
	assert_non_null(arena_alloc(a, 100000, 1));
	assert_null(arena_alloc(a, 100000, 1));		/* the ceiling counts all blocks */
	q = arena_strndup(a, "ab", 2);
	assert_string_equal(q, "ab");
	assert_null(arena_str(a, STR_NONE).p);
	assert_non_null(arena_str(a, STR("")).p);
	for (int i = 0; i < 1000; i++) {	/* a reset gives all of it back */
		arena_reset(a);
		assert_non_null(p = arena_alloc(a, 1, 60000));
		assert_int_equal(p[0], 0);
		p[0] = 1;
	}
	arena_free(a);
	arena_free(NULL);
}

/* --- when ------------------------------------------------------------------------ */

static const struct when_case { const char *name, *in; int ok; int64_t t; } whens[] = {
	{ "when: the epoch",		"1970-01-01T00:00:00Z", 1, 0 },
	{ "when: leap day",		"2024-02-29T12:00:00Z", 1, 1709208000 },
	{ "when: no leap day",		"2023-02-29T12:00:00Z", 0, 0 },
	{ "when: 1900 had none",	"1900-02-29", 0, 0 },
	{ "when: 2000 had one",		"2000-02-29", 1, 951782400 },
	{ "when: date alone",		"2026-10-01", 1, 1790812800 },
	{ "when: blank for T",		"2026-10-01 00:00:01", 1, 1790812801 },
	{ "when: offset east",		"2026-10-01T02:00:00+02:00", 1, 1790812800 },
	{ "when: offset west",		"2026-09-30T19:00:00-05:00", 1, 1790812800 },
	{ "when: fraction",		"2026-10-01T00:00:00.999Z", 1, 1790812800 },
	{ "when: before 1970",		"1969-12-31T23:59:59Z", 1, -1 },
	{ "when: month 13",		"2026-13-01", 0, 0 },
	{ "when: hour 24",		"2026-10-01T24:00:00Z", 0, 0 },
	{ "when: junk behind",		"2026-10-01T00:00:00Zx", 0, 0 },
	{ "when: half an offset",	"2026-10-01T00:00:00+02", 0, 0 },
	{ "when: year 0",		"0000-01-01", 0, 0 },
	{ "when: words",		"Thu, 1 Oct 2026", 0, 0 },
};

static void
test_when(void **state)
{
	const struct when_case	*c = *state;
	int64_t			 t = 0;

	assert_int_equal(when_parse_rfc3339(str_of(c->in), &t), c->ok);
	if (c->ok)
		assert_true(t == c->t);
}

static void
test_when_there_and_back(void **state)
{
	char	 z[WHEN_TEXT];
	int64_t	 t, d;

	(void)state;
	/* every day from 1 to 9999, in steps that hit all of a leap cycle */
	for (d = -719000; d < 2932896; d += 97) {
		assert_true(when_parse_date(str_of(when_date(d, z)), &t));
		assert_true(t == d);
		assert_true(when_parse_rfc3339(str_of(when_rfc3339(d * DAY_SECONDS + 86399, z)), &t));
		assert_true(t == d * DAY_SECONDS + 86399);
		assert_true(when_day(t) == d);
	}
	assert_string_equal(when_date(INT64_MAX, z), "day 9223372036854775807");
	assert_int_equal(when_day(-1), -1);
	assert_int_equal(when_day(-86400), -1);
	assert_int_equal(when_day(-86401), -2);
	assert_true(when_day(INT64_MIN) < 0);
}

/* --- escape ------------------------------------------------------------------------ */

static const struct esc_case { const char *name, *in; size_t n; const char *text, *csv; } escs[] = {
	{ "escape: plain",		"a b", 3, "a b", "a b" },
	{ "escape: formula =",		"=1+1", 4, "=1+1", "'=1+1" },
	{ "escape: formula +",		"+1", 2, "+1", "'+1" },
	{ "escape: formula -",		"-1", 2, "-1", "'-1" },
	{ "escape: formula @",		"@SUM(A1)", 8, "@SUM(A1)", "'@SUM(A1)" },
	{ "escape: quotes and commas",	"a,\"b\"", 5, "a,\"b\"", "\"a,\"\"b\"\"\"" },
	{ "escape: formula in quotes",	"=\"x\"", 4, "=\"x\"", "\"'=\"\"x\"\"\"" },
	{ "escape: terminal colours",	"\x1b[31m", 5, "\\x1b[31m", "\\x1b[31m" },
	{ "escape: OSC in a formula",	"=1\x1b]0;x\a", 8, "=1\\x1b]0;x\\x07", "\"'=1\\x1b]0;x\\x07\"" },
	{ "escape: line ends",		"a\r\nb", 4, "a\\x0d\\x0ab", "\"a\r\nb\"" },
	{ "escape: NUL",		"a\0b", 3, "a\\x00b", "a b" },
	{ "escape: broken UTF-8",	"a\xff", 2, "a\\xff", "a\\xff" },
	{ "escape: bidi override",	"a\xe2\x80\xae" "b", 5, "a\\u{202e}b", "a\\u{202e}b" },
	{ "escape: C1 control",		"\xc2\x9b", 2, "\\u{9b}", "\\u{9b}" },
	{ "escape: zero width",		"\xe2\x80\x8b", 3, "\\u{200b}", "\\u{200b}" },
	{ "escape: umlaut stays",	"\xc3\xbc", 2, "\xc3\xbc", "\xc3\xbc" },
};

static void
test_escape(void **state)
{
	const struct esc_case	*c = *state;
	struct buf		 b = { 0 };

	assert_true(esc_text(&b, (struct str){ c->in, c->n }));
	assert_string_equal(b.p, c->text);
	buf_clear(&b);
	assert_true(esc_csv(&b, (struct str){ c->in, c->n }));
	assert_string_equal(b.p, c->csv);
	buf_free(&b);
}

static void
test_escape_short(void **state)
{
	struct buf	 b = { 0 };
	char		 out[8];

	(void)state;
	assert_true(esc_xml(&b, STR("a & <b c=\"d\" e='f'>\n")));
	assert_string_equal(b.p, "a &amp; &lt;b c=&quot;d&quot; e=&#39;f&#39;&gt;\n");
	buf_free(&b);
	assert_string_equal(esc_short(out, sizeof(out), STR("abcdefg")), "abcdefg");
	assert_string_equal(esc_short(out, sizeof(out), STR("abcdefgh")), "abcd...");
	assert_string_equal(esc_short(out, sizeof(out), STR("")), "");
	/* never half a character */
	(void)esc_short(out, sizeof(out), STR("\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"));
	assert_true(strlen(out) < sizeof(out));
}

/* --- err, hash, near, limits ------------------------------------------------------------ */

static void
test_err(void **state)
{
	struct err	 e = { 0 };
	char		 big[2000];

	(void)state;
	assert_int_equal(err_set(&e, ERR_INPUT, "a\nb\x1b[1m%d", 7), -1);
	assert_string_equal(e.msg, "a b [1m7");
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(err_prefix(&e, "uid %d", 812), -1);
	assert_string_equal(e.msg, "uid 812: a b [1m7");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(err_set(&e, ERR_LIMIT, "%s", big), -1);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_int_equal(err_prefix(&e, "%s", big), -1);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_int_equal(err_set(NULL, ERR_BUG, "nobody asks"), -1);
}

static void
test_hash(void **state)
{
	uint8_t	 h[HASH_SIZE];

	(void)state;
	hash_sha256(h, "abc", 3);	/* FIPS 180-4 */
	assert_memory_equal(h, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23"
	    "\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad", 32);
	assert_true(hash64(1, "abc", 3) == hash64(1, "abc", 3));
	assert_true(hash64(1, "abc", 3) != hash64(2, "abc", 3));
	assert_true(hash64(1, "abc", 3) != hash64(1, "abcd", 4));
	assert_true(hash64(1, "abc\0", 4) != hash64(1, "abc", 3));
	assert_true(hash_seed() == hash_seed());
}

static void
test_near(void **state)
{
	struct near	 n = { .word = "improt" };

	(void)state;
	near_try(&n, "report");
	near_try(&n, "import");
	near_try(&n, "serve");
	assert_string_equal(n.best, "import");
	n = (struct near){ .word = "xyzzy" };
	near_try(&n, "import");
	assert_null(n.best);
}

static void
test_limits(void **state)
{
	(void)state;
#define CHECK(name, def, lo, hi, unit, why)						\
	assert_true(limits_default.name == (uint64_t)(def));				\
	assert_true((uint64_t)(def) >= (uint64_t)(lo) && (uint64_t)(def) <= (uint64_t)(hi));
	LIMITS(CHECK)
#undef CHECK
}

static void
test_charset(void **state)
{
	(void)state;
	assert_string_equal(charset_find(STR("Windows-1252")), "CP1252");
	assert_string_equal(charset_find(STR("us-ascii")), "UTF-8");
	assert_string_equal(charset_find(STR("KS_C_5601-1987")), "EUC-KR");
	assert_string_equal(charset_find(STR("x-mac-roman")), "MACINTOSH");
	assert_null(charset_find(STR("")));
	assert_null(charset_find(STR_NONE));
	assert_null(charset_find(STR("utf")));
	assert_null(charset_find(STR("utf-8 utf8")));
	assert_null(charset_find(STR("UTF-8//TRANSLIT")));
	assert_null(charset_find(STR("../../../tmp/evil")));
	assert_null(charset_find(STR("IBM1047")));
	charset_load();
	charset_load();
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, trims, test_trim);
	case_add(&c, "str: absent is not empty", test_absent, NULL);
	CASES_ADD(&c, utf8s, test_utf8);
	CASES_ADD(&c, i64s, test_i64);
	case_add(&c, "buf: ceiling, NULs, dropping", test_buf, NULL);
	case_add(&c, "utf-8: the first character", test_utf8_first, NULL);
	case_add(&c, "arena: zeroed, bounded, reset", test_arena, NULL);
	case_add(&c, "arena: a list grows up to the ceiling and keeps what it holds", test_arena_grow, NULL);
	CASES_ADD(&c, whens, test_when);
	case_add(&c, "when: there and back over all years", test_when_there_and_back, NULL);
	CASES_ADD(&c, escs, test_escape);
	case_add(&c, "escape: cut short", test_escape_short, NULL);
	case_add(&c, "err: one line, bounded", test_err, NULL);
	case_add(&c, "hash: known digest, keyed", test_hash, NULL);
	case_add(&c, "near: what was meant", test_near, NULL);
	case_add(&c, "charset: known names only", test_charset, NULL);
	case_add(&c, "limits: defaults within their ranges", test_limits, NULL);
	return (cases_run(&c, "base"));
}
