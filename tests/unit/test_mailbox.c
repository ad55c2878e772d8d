/*
 * test_mailbox.c - folder names, sets of UIDs, what is remembered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/base.h"
#include "mailbox/state.h"
#include "mailbox/uidset.h"
#include "mailbox/utf7.h"

static void
folder_names(void **ctx)
{
	static const struct { const char *utf8, *wire; } cases[] = {
		{ "INBOX", "INBOX" },
		{ "", "" },
		{ "A & B", "A &- B" },
		{ "~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
		{ "B\u00fcro", "B&APw-ro" },
		{ "\u00fc\u00fc", "&APwA,A-" },
		{ "\U0001f44c", "&2D3cTA-" },
		{ "\u20ac&\u20ac", "&IKw-&-&IKw-" },
	};

	(void)ctx;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct buf	 b = { 0 };

		assert_true(utf7_encode(&b, str_of(cases[i].utf8)));
		assert_string_equal(b.p == NULL ? "" : b.p, cases[i].wire);
		buf_clear(&b);
		assert_true(utf7_decode(&b, str_of(cases[i].wire)));
		assert_string_equal(b.len == 0 ? "" : b.p, cases[i].utf8);
		buf_free(&b);
	}
}

static void
folder_names_refused(void **ctx)
{
	static const char *const encode[] = { "a\r\nb", "\xff", "\x7f", "\xc3" };
	static const char *const decode[] = {
		"&", "&AP", "&AP*-", "B\xc3\xbcro", "&2D0-", "&3EA-", "a\nb", "&APx-", "&AAAAA-",
	};
	struct buf	 b = { 0 };

	(void)ctx;
	for (size_t i = 0; i < nitems(encode); i++)
		assert_false(utf7_encode(&b, str_of(encode[i])));
	for (size_t i = 0; i < nitems(decode); i++)
		assert_false(utf7_decode(&b, str_of(decode[i])));
	buf_free(&b);
}

static void
sets_of_uids(void **ctx)
{
	struct uidset	 s = { 0 }, t = { 0 };
	struct buf	 b = { 0 };

	(void)ctx;
	assert_true(uidset_add(&s, 5, 5));
	assert_true(uidset_add(&s, 7, 9));
	assert_true(uidset_add(&s, 1, 2));
	assert_true(uidset_add(&s, UINT32_MAX, UINT32_MAX));
	uidset_print(&s, &b);
	assert_string_equal(b.p, "1:2,5,7:9,4294967295");
	assert_true(uidset_add(&s, 6, 6));
	assert_true(uidset_add(&s, 3, 4));
	assert_true(uidset_add(&s, 8, 20));
	buf_clear(&b);
	uidset_print(&s, &b);
	assert_string_equal(b.p, "1:20,4294967295");
	assert_int_equal(uidset_count(&s), 21);
	assert_true(uidset_has(&s, 20) && uidset_has(&s, 1) && uidset_has(&s, UINT32_MAX));
	assert_false(uidset_has(&s, 21) || uidset_has(&s, UINT32_MAX - 1));
	assert_false(uidset_add(&s, 0, 3));
	assert_false(uidset_add(&s, 9, 3));
	assert_true(uidset_parse(&t, buf_as_str(&b)));
	assert_true(t.n == s.n && memcmp(t.r, s.r, s.n * sizeof(*s.r)) == 0);
	assert_false(uidset_parse(&t, STR("1:")));
	assert_false(uidset_parse(&t, STR("0")));
	assert_false(uidset_parse(&t, STR("4294967296")));
	assert_false(uidset_parse(&t, STR("1,,2")));
	assert_false(uidset_parse(&t, STR("1 2")));
	uidset_free(&s);
	uidset_free(&t);
	buf_free(&b);
}

/* Against a plain array: every way of adding ends in the same members. */
static void
sets_of_uids_at_random(void **ctx)
{
	uint32_t	 seed = 1;

	(void)ctx;
	for (int round = 0; round < 200; round++) {
		struct uidset	 s = { 0 };
		bool		 in[130] = { false };

		for (int i = 0; i < 30; i++) {
			uint32_t	 first, last;

			seed = seed * 1664525 + 1013904223;
			first = 1 + (seed >> 16) % 100;
			last = first + (seed >> 8) % 20;
			assert_true(uidset_add(&s, first, last));
			for (uint32_t k = first; k <= last; k++)
				in[k] = true;
		}
		for (uint32_t k = 1; k < 130; k++)
			assert_int_equal(uidset_has(&s, k), in[k]);
		for (size_t k = 1; k < s.n; k++)
			assert_true(s.r[k].first > s.r[k - 1].last + 1);
		uidset_free(&s);
	}
}

static void
imap_state(void **ctx)
{
	struct imap_state	 st = { .uidvalidity = 7, .uid = 4711 }, back;
	struct buf		 b = { 0 }, c = { 0 };

	(void)ctx;
	assert_true(uidset_add(&st.unsettled, 4700, 4711));
	assert_true(imap_left_set(&st.again, 12, 1));
	assert_true(imap_left_set(&st.again, 12, 2));
	assert_true(imap_left_set(&st.again, 13, 1));
	imap_left_remove(&st.again, 13);
	imap_left_remove(&st.again, 99);
	assert_true(imap_left_set(&st.large, 14, 1u << 30));
	assert_true(imap_state_print(&st, "rua@mail.example.com/IN\nBOX", &b));
	assert_true(imap_state_parse(&back, "rua@mail.example.com/IN\nBOX", buf_as_str(&b)));
	assert_int_equal(back.uidvalidity, 7);
	assert_int_equal(back.uid, 4711);
	assert_int_equal(uidset_count(&back.unsettled), 12);
	assert_int_equal(imap_left_get(&back.again, 12), 2);
	assert_int_equal(imap_left_get(&back.again, 13), 0);
	assert_int_equal(imap_left_get(&back.large, 14), 1u << 30);
	assert_true(imap_state_print(&back, "rua@mail.example.com/IN\nBOX", &c));
	assert_string_equal(b.p, c.p);
	imap_state_free(&back);
	assert_false(imap_state_parse(&back, "other@mail.example.com/INBOX", buf_as_str(&b)));
	/* cut anywhere it is either refused or says less, and never crashes */
	for (size_t n = 0; n < b.len; n++)
		if (imap_state_parse(&back, "rua@mail.example.com/IN\nBOX", (struct str){ b.p, n }))
			imap_state_free(&back);
	assert_false(imap_state_parse(&back, "a", STR("dmarcd-imap 1\naccount a\nuid -4\n")));
	assert_false(imap_state_parse(&back, "a", STR("dmarcd-imap 1\naccount a\nuid 4294967296\n")));
	assert_false(imap_state_parse(&back, "a", STR("dmarcd-imap 1\naccount a\nelephant\n")));
	assert_false(imap_state_parse(&back, "a", STR("")));
	imap_state_free(&st);
	buf_free(&b);
	buf_free(&c);
}

static void
pop3_state(void **ctx)
{
	static char		 uidl[3][16] = { "zz-top", "aa 1", "00000001" };
	struct pop3_message	 in[3] = {
		{ uidl[0], POP3_SEEN, 0 }, { uidl[1], POP3_LARGE, 5000 }, { uidl[2], POP3_AGAIN, 2 },
	};
	const struct pop3_message *m;
	struct pop3_state	 st;
	struct buf		 b = { 0 };

	(void)ctx;
	pop3_state_begin(&b, "rua@mail.example.com");
	for (size_t i = 0; i < nitems(in); i++)
		pop3_state_line(&b, &in[i]);
	assert_true(pop3_state_parse(&st, "rua@mail.example.com", buf_as_str(&b)));
	assert_int_equal(st.n, 3);
	for (size_t i = 0; i < nitems(in); i++) {
		assert_non_null(m = pop3_state_find(&st, in[i].uidl));
		assert_int_equal(m->fate, in[i].fate);
		assert_int_equal(m->number, in[i].number);
	}
	assert_null(pop3_state_find(&st, "zz"));
	pop3_state_free(&st);
	assert_null(pop3_state_find(&st, "zz"));
	assert_false(pop3_state_parse(&st, "rua@mail.example.net", buf_as_str(&b)));
	assert_false(pop3_state_parse(&st, "a", STR("dmarcd-pop3 1\naccount a\nseen \n")));
	assert_false(pop3_state_parse(&st, "a", STR("dmarcd-pop3 1\naccount a\nlarge x y\n")));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(folder_names),
		cmocka_unit_test(folder_names_refused),
		cmocka_unit_test(sets_of_uids),
		cmocka_unit_test(sets_of_uids_at_random),
		cmocka_unit_test(imap_state),
		cmocka_unit_test(pop3_state),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests_name("mailbox", tests, NULL, NULL));
}
