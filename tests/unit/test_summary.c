/*
 * test_summary.c - sentences and their plurals, when a mail is due, what is
 * written down of it, and how a message comes out whatever stands in it.
 */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>
#include <math.h>

#include "base/base.h"
#include "base/when.h"
#include "conf/conf.h"
#include "notify/notify.h"
#include "summary/summary.h"
#include "summary/words.h"

/* --- Words -------------------------------------------------------------------------- */

static unsigned
lang(const char *tag)
{
	int	 l = words_language(str_of(tag));

	assert_true(l >= 0);
	return ((unsigned)l);
}

static void
said(const struct buf *b, const char *want)
{
	assert_false(b->failed);
	assert_string_equal(buf_as_str(b).p, want);
}

static void
test_plurals(void **state)
{
	static const struct { const char *tag; uint64_t n; const char *want; } cases[] = {
		{ "en", 0, "0 more domains" }, { "en", 1, "1 more domain" }, { "en", 2, "2 more domains" },
		{ "en", 12345, "12,345 more domains" }, { "de", 1, "1 weitere Domain" }, { "de", 1234, "1.234 weitere Domains" },
		{ "pt", 0, "mais 0 domínio" }, { "pt", 1, "mais 1 domínio" }, { "pt", 2, "mais 2 domínios" },
		{ "cs", 1, "1 další doména" }, { "cs", 2, "2 další domény" }, { "cs", 4, "4 další domény" }, { "cs", 5, "5 dalších domén" },
		{ "cs", 22, "22 dalších domén" }, { "cs", 1234, "1234 dalších domén" }, { "cs", 12345, "12\xc2\xa0" "345 dalších domén" },
		{ "ru", 1, "ещё 1 домен" }, { "ru", 2, "ещё 2 домена" }, { "ru", 5, "ещё 5 доменов" }, { "ru", 11, "ещё 11 доменов" },
		{ "ru", 12, "ещё 12 доменов" }, { "ru", 21, "ещё 21 домен" }, { "ru", 24, "ещё 24 домена" }, { "ru", 111, "ещё 111 доменов" },
		{ "ru", 0, "ещё 0 доменов" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct word	 w[] = { { .name = "n", .kind = WORD_COUNT, .n = cases[i].n }, WORDS_END };
		struct buf	 b = { 0 };

		assert_true(words_fill(&b, lang(cases[i].tag), "domain.more", w));
		said(&b, cases[i].want);
		buf_free(&b);
	}
}

static void
test_values(void **state)
{
	static const struct { const char *tag; double v; const char *rate, *points; } cases[] = {
		{ "en", 1.0, "100%", "+100.0" }, { "en", 0.0, "0%", "0.0" }, { "en", 0.9999, "99.9%", "+100.0" }, { "en", 0.0001, "0.1%", "0.0" },
		{ "en", 0.9834, "98.3%", "+98.3" }, { "de", 0.9834, "98,3\xc2\xa0%", "+98,3" }, { "pt", 0.5, "50,0%", "+50,0" },
	};
	struct buf	 b = { 0 };

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		buf_clear(&b);
		(void)words_rate(&b, lang(cases[i].tag), cases[i].v);
		said(&b, cases[i].rate);
		buf_clear(&b);
		(void)words_points(&b, lang(cases[i].tag), cases[i].v);
		said(&b, cases[i].points);
	}
	buf_clear(&b);
	(void)words_points(&b, 0, -0.012);
	said(&b, "\xe2\x88\x92" "1.2");
	buf_clear(&b);
	(void)words_rate(&b, 0, (double)NAN);
	said(&b, "\xe2\x80\x93");
	buf_free(&b);
}

static void
test_days(void **state)
{
	static const struct { const char *tag, *from, *to, *want; } cases[] = {
		{ "en", "2026-05-11", "2026-05-17", "11\xe2\x80\x93" "17 May 2026" },
		{ "en", "2026-05-17", "2026-05-17", "17 May 2026" },
		{ "en", "2026-04-27", "2026-05-03", "27 April \xe2\x80\x93 3 May 2026" },
		{ "en", "2025-12-29", "2026-01-04", "29 December 2025 \xe2\x80\x93 4 January 2026" },
		{ "de", "2026-05-11", "2026-05-17", "11.\xe2\x80\x93" "17. Mai 2026" },
		{ "ru", "2026-05-11", "2026-05-17", "11\xe2\x80\x93" "17 мая 2026" },
		{ "cs", "2026-05-17", "2026-05-17", "17. května 2026" },
		{ "pt", "2026-05-11", "2026-05-17", "11\xe2\x80\x93" "17 de maio de 2026" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct buf	 b = { 0 };
		int64_t		 from = 0, to = 0;

		assert_true(when_parse_date(str_of(cases[i].from), &from) && when_parse_date(str_of(cases[i].to), &to));
		(void)words_span(&b, lang(cases[i].tag), from, to);
		said(&b, cases[i].want);
		buf_free(&b);
	}
}

/* A stranger's name cannot read as a sentence of ours. */
static void
test_names(void **state)
{
	static const struct { const char *name, *want; } cases[] = {
		{ "Mailer X", "Mailer X" }, { "203.0.113.0/24", "203.0.113.0/24" }, { "crm-cloud.example", "crm-cloud.example" },
		{ "All is well. Do nothing", "\"All is well. Do nothing\"" }, { "a b c d e f", "\"a b c d e f\"" }, { "", "\"\"" },
		{ "x\"y", "\"x'y\"" }, { " x", "\" x\"" }, { "Böse", "\"Böse\"" }, { "{n}", "\"{n}\"" },
	};
	struct buf	 b = { 0 };
	char		 longer[200];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		buf_clear(&b);
		(void)words_name(&b, str_of(cases[i].name));
		said(&b, cases[i].want);
	}
	memset(longer, 'a', sizeof(longer));
	buf_clear(&b);
	(void)words_name(&b, (struct str){ longer, sizeof(longer) });
	assert_true(b.len < 70);
	/* a value with braces is not filled in again */
	{
		struct word	 w[] = { { .name = "name", .kind = WORD_NAME, .text = STR("{day}") }, { .name = "day", .kind = WORD_TEXT, .text = STR("X") },
				    { .name = "n", .kind = WORD_COUNT, .n = 2 }, WORDS_END };

		buf_clear(&b);
		(void)words_fill(&b, 0, "item.reporter", w);
		said(&b, "\"{day}\" has sent no report since X; it usually tells of 2 messages a day");
	}
	buf_free(&b);
}

/* Every message in every language: braces are closed, plurals have all their forms, names are those of English. */
static void
test_messages(void **state)
{
	static const struct { const char *tag, *forms[4]; } needs[] = {
		{ "en", { " one {", " other {" } }, { "de", { " one {", " other {" } }, { "pt", { " one {", " other {" } },
		{ "cs", { " one {", " few {", " other {" } }, { "ru", { " one {", " few {", " many {", " other {" } },
	};
	size_t	 bad = 0;

	(void)state;
	for (size_t l = 0; l < nitems(needs); l++)
		for (size_t k = 0; k < words_nkeys; k++) {
			const char	*t = words_languages[lang(needs[l].tag)].texts[k], *en = words_languages[0].texts[k];
			int		 depth = 0;

			if (t == NULL) {
				print_message("# %s lacks %s\n", needs[l].tag, words_keys[k]);
				bad++;
				continue;
			}
			for (const char *p = t; *p != '\0'; p++) {
				depth += *p == '{' ? 1 : *p == '}' ? -1 : 0;
				bad += depth < 0;
				if (*p == '{' && depth == 1) {	/* the name, as in English */
					char	 name[24];

					(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, ",}"), p);
					if (strstr(en, name) == NULL && strcmp(words_keys[k], "changed.policy") != 0) {
						print_message("# %s, %s: %s is not in English\n", needs[l].tag, words_keys[k], name);
						bad++;
					}
				}
			}
			bad += depth != 0;
			for (const char *p = t; (p = strstr(p, ", plural,")) != NULL; p++)
				for (size_t f = 0; f < nitems(needs[l].forms) && needs[l].forms[f] != NULL; f++) {
					const char	*next = strstr(p + 1, ", plural,"), *hit = strstr(p, needs[l].forms[f]);

					if (hit == NULL || (next != NULL && hit > next)) {
						print_message("# %s, %s: no form%s\n", needs[l].tag, words_keys[k], needs[l].forms[f]);
						bad++;
					}
				}
		}
	assert_int_equal(bad, 0);
}

/* --- When ------------------------------------------------------------------------------- */

static int64_t
local(int year, int month, int day, int hour, int minute)
{
	struct tm	 tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute, .tm_isdst = -1 };

	return ((int64_t)mktime(&tm));
}

static void
test_slots(void **state)
{
	const struct conf_summary	 day = { .period = CONF_DAY, .when = { -1, 7 * 60 } }, monday = { .period = CONF_WEEK, .when = { 1, 7 * 60 } },
					 month = { .period = CONF_MONTH, .when = { 28, 23 * 60 + 59 } }, gap = { .period = CONF_DAY, .when = { -1, 150 } };
	const struct { const struct conf_summary *s; int64_t now; const char *slot; int64_t next; } cases[] = {
		{ &day, local(2026, 5, 18, 6, 59), "2026-05-17", local(2026, 5, 18, 7, 0) },
		{ &day, local(2026, 5, 18, 7, 0), "2026-05-18", local(2026, 5, 19, 7, 0) },
		{ &monday, local(2026, 5, 18, 6, 59), "2026-05-11", local(2026, 5, 18, 7, 0) },
		{ &monday, local(2026, 5, 18, 7, 0), "2026-05-18", local(2026, 5, 25, 7, 0) },
		{ &monday, local(2026, 5, 24, 23, 0), "2026-05-18", local(2026, 5, 25, 7, 0) },
		{ &month, local(2026, 3, 1, 0, 0), "2026-02-28", local(2026, 3, 28, 23, 59) },
		{ &month, local(2026, 1, 5, 0, 0), "2025-12-28", local(2026, 1, 28, 23, 59) },
		/* the night that lacks an hour, and the one that has one twice: one mail each */
		{ &gap, local(2026, 3, 29, 12, 0), "2026-03-29", local(2026, 3, 30, 2, 30) },
		{ &gap, local(2026, 10, 25, 12, 0), "2026-10-25", local(2026, 10, 26, 2, 30) },
		{ &day, local(2026, 3, 29, 12, 0), "2026-03-29", local(2026, 3, 30, 7, 0) },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		char	 slot[NOTIFY_SLOT];
		int64_t	 due = notify_slot(cases[i].s, cases[i].now, slot);

		assert_string_equal(slot, cases[i].slot);
		assert_true(due <= cases[i].now && due != -1);
		assert_int_equal(notify_next(cases[i].s, cases[i].now), cases[i].next);
	}
	/* hour by hour through two years: each slot appears once, in order, and its day is over when it is due */
	for (size_t k = 0; k < 3; k++) {
		const struct conf_summary	*s = k == 0 ? &day : k == 1 ? &monday : &gap;
		char				 last[NOTIFY_SLOT] = "", slot[NOTIFY_SLOT];
		unsigned			 n = 0;

		for (int64_t t = local(2025, 1, 1, 0, 0); t < local(2027, 1, 1, 0, 0); t += 1800) {
			(void)notify_slot(s, t, slot);
			assert_true(strcmp(slot, last) >= 0);
			n += strcmp(slot, last) != 0;
			memcpy(last, slot, sizeof(last));
		}
		assert_true(s == &monday ? n >= 104 && n <= 106 : n >= 730 && n <= 731);
	}
}

/* --- What was sent ------------------------------------------------------------------------- */

static void
test_record(void **state)
{
	char			 dir[] = "/tmp/dmarcd-test-summary.XXXXXX", path[200];
	struct notify_record	*r = NULL, *other = NULL;
	struct err		 e = { 0 };
	FILE			*f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(notify_record_open(dir, "weekly", 1000, &r, &e), 1);
	assert_int_equal(notify_record_begun(r), 1000);
	assert_int_equal(notify_record_open(dir, "weekly", 2000, &other, &e), 0);	/* one at a time */
	assert_int_equal(notify_record_open(dir, "daily", 2000, &other, &e), 1);
	notify_record_close(other);
	assert_int_equal(notify_record_get(r, "2026-05-18", "a@example.org", ""), NOTIFY_NEW);
	assert_int_equal(notify_record_set(r, "2026-05-18", "a@example.org", "", NOTIFY_COMMITTED, 1001, &e), 0);
	notify_record_close(r);	/* as if killed */
	assert_int_equal(notify_record_open(dir, "weekly", 3000, &r, &e), 1);
	assert_int_equal(notify_record_begun(r), 1000);	/* a clock set back or forward does not begin anew */
	assert_int_equal(notify_record_get(r, "2026-05-18", "a@example.org", ""), NOTIFY_COMMITTED);
	assert_int_equal(notify_record_get(r, "2026-05-18", "a@example.org", "example.org"), NOTIFY_NEW);
	assert_int_equal(notify_record_get(r, "2026-05-25", "a@example.org", ""), NOTIFY_NEW);
	assert_int_equal(notify_record_set(r, "2026-05-18", "a@example.org", "", NOTIFY_SENT, 1001, &e), 0);
	/* the clock was a year ahead for a while: that mail is remembered, the real ones go on */
	assert_int_equal(notify_record_set(r, "2027-05-17", "a@example.org", "", NOTIFY_SENT, 1001, &e), 0);
	assert_int_equal(notify_record_get(r, "2026-05-18", "a@example.org", ""), NOTIFY_SENT);
	assert_int_equal(notify_record_get(r, "2026-05-25", "a@example.org", ""), NOTIFY_NEW);
	for (int i = 0; i < 1000; i++) {
		char	 slot[NOTIFY_SLOT];

		(void)snprintf(slot, sizeof(slot), "x%d", i);
		assert_int_equal(notify_record_set(r, slot, "a@example.org", "", NOTIFY_SENT, 1001, &e), 0);
	}
	notify_record_close(r);
	(void)snprintf(path, sizeof(path), "%s/notify/weekly.json", dir);
	{
		struct stat	 st;

		assert_int_equal(stat(path, &st), 0);
		assert_true(st.st_size < 100000 && (st.st_mode & 0777) == 0600);
	}
	/* garbage: nothing of the past is sent again */
	assert_non_null(f = fopen(path, "w"));
	(void)fputs("{\"begun\": ", f);
	(void)fclose(f);
	assert_int_equal(notify_record_open(dir, "weekly", 5000, &r, &e), 1);
	assert_int_equal(notify_record_begun(r), 5000);
	notify_record_close(r);
	for (int i = 0; i < 4; i++) {
		static const char *const	 names[] = { "weekly.json", "weekly.lock", "daily.json", "daily.lock" };

		(void)snprintf(path, sizeof(path), "%s/notify/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/notify", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

/* --- Messages ---------------------------------------------------------------------------------- */

static void
test_compose(void **state)
{
	static const char *const	 evil[] = {
		"plain", "x\r\nBcc: victim@example.net\r\n\r\nbody", "=?utf-8?B?DQpCY2M6IGE=?=", "\x1b[2Jclear", "\xff\xfe broken", "ünïcödé "
		"ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé", "From here\n.\nFrom there\n \nend \t\n", "\xe2\x80\xae" "rtl", "",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < nitems(evil); i++) {
		struct notify_mail	 m = {
			.from = "d@example.org", .from_name = evil[i], .to = "a@example.org", .message_id = "x@example.org", .unsubscribe = "mailto:d@example.org",
			.lang = "en", .date = 1779087600, .prefix = STR("[dmarcd]"), .subject = str_of(evil[i]), .text = str_of(evil[i]), .html = str_of(evil[i])
		};
		struct buf		 b = { 0 };
		struct err		 e = { 0 };
		size_t			 col = 0, headers = 0;
		bool			 head = true;

		assert_int_equal(notify_compose(&m, &b, &e), 0);
		assert_non_null(strstr(b.p, "\r\nDate: Mon, 18 May 2026 07:00:00 +0000\r\n"));
		assert_true(b.len > 2 && memcmp(b.p + b.len - 2, "\r\n", 2) == 0);
		for (size_t k = 0; k < b.len; k++) {
			unsigned char	 c = (unsigned char)b.p[k];

			assert_true((c >= 0x20 && c < 0x7f) || (c == '\r' && b.p[k + 1] == '\n') || (c == '\n' && k > 0 && b.p[k - 1] == '\r'));
			if (c == '\n') {
				if (head && col == 1)
					head = false;
				col = 0;
				if (head && b.p[k + 1] != ' ' && b.p[k + 1] != '\r')
					headers++;
				/* no line is a lone dot, none begins as another message would */
				assert_false(b.p[k + 1] == '.' && b.p[k + 2] == '\r');
				assert_false(!head && strncmp(b.p + k + 1, "From ", 5) == 0);
			} else
				col++;
			assert_true(col <= (i == nitems(evil) - 1 ? 160u : 79u));
		}
		assert_int_equal(headers, 9);	/* and the first, which no line end stands before */
		buf_free(&b);
	}
}

/* --- Settings --------------------------------------------------------------------------------------- */

static void
test_addresses(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "a@example.org", "a@example.org" }, { "A.b+c@Example.ORG", "A.b+c@example.org" }, { "bob@b\xc3\xbc" "cher.example", "bob@xn--bcher-kva.example" },
		{ "o'brien$x@example.org", "o'brien$x@example.org" }, { "", NULL }, { "a", NULL }, { "@example.org", NULL }, { "a@", NULL },
		{ "a@b@example.org", NULL }, { "<a@example.org>", NULL }, { "Anna <a@example.org>", NULL }, { "a b@example.org", NULL },
		{ "a@example.org\r\nRCPT TO:<x@example.org>", NULL }, { "j\xc3\xbcrgen@example.org", NULL }, { "-f@example.org", NULL },
		{ "\"a\"@example.org", NULL }, { "a@[192.0.2.1]", NULL }, { ".a@example.org", NULL }, { "a.@example.org", NULL }, { "a@example.org,b@example.org", NULL },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		char		 out[CONF_ADDRESS_MAX + 1];
		struct err	 e = { 0 };
		int		 rv = conf_address(cases[i].in, out, &e);

		if (rv != (cases[i].want == NULL ? -1 : 0))
			print_message("# %s\n", cases[i].in);
		assert_int_equal(rv, cases[i].want == NULL ? -1 : 0);
		if (cases[i].want != NULL)
			assert_string_equal(out, cases[i].want);
		else
			assert_true(e.code == ERR_CONFIG && e.msg[0] != '\0');
	}
}

#define SMTP "smtp { host = \"mail.example.org\" from = \"d@example.org\" }\n"

static void
test_settings(void **state)
{
	static const struct { const char *text, *fault; } cases[] = {
		{ SMTP "summary w { to = \"a@example.org\" }", NULL },
		{ SMTP "summary w { to = { \"a@example.org\", \"b@example.org\" } when = \"Fri 17:30\" language = cs }", NULL },
		{ SMTP "summary w { to = \"a@example.org\" period = month when = \"28 00:00\" }", NULL },
		{ "summary w { to = \"a@example.org\" }", "t:1: summary w cannot be sent: there is no section smtp { }" },
		{ SMTP "summary w { }", "t:2: summary w goes to nobody: to = name@example.org" },
		{ SMTP "summary w { to = \"a@example.org\" period = day when = \"Mon 07:00\" }", "t:2: summary w is sent every day: when is a time alone, like 07:00" },
		{ SMTP "summary w { to = \"a@example.org\" when = \"12 07:00\" }",
		    "t:2: summary w is sent every week: when begins with a day of the week, like Mon 07:00" },
		{ SMTP "summary w { to = \"a@example.org\" period = month when = \"Mon 07:00\" }",
		    "t:2: summary w is sent every month: when begins with a day of the month, like 1 07:00" },
		{ SMTP "summary w { to = \"a@example.org\" when = \"7 o'clock\" }", "t:2: when \"7 o'clock\" is not a time like \"Mon 07:00\" (week), "
		    "\"07:00\" (day) or \"1 07:00\" (month, 1 to 28)" },
		{ SMTP "summary w { to = \"a@example.org\" }\nsummary W { to = \"a@example.org\" }", "t:3: there is a summary W already" },
		{ SMTP "summary w { to = \"nobody\" }", "t:2: to: \"nobody\" is no address like name@example.org\nt:2: summary w goes to nobody: to = name@example.org" },
		{ "smtp { from = \"d@example.org\" }", "t:1: smtp has neither host nor sendmail" },
		{ "smtp { host = h }", "t:1: smtp has no from: the address that mail comes from" },
		{ "smtp { host = h sendmail = \"/bin/x\" from = \"d@example.org\" }", "t:1: smtp has host and sendmail; one of them is enough" },
		{ "smtp { sendmail = \"/bin/x; rm y\" from = \"d@example.org\" }", "t:1: sendmail \"/bin/x; rm y\" holds a character that only a shell understands; "
		    "a program and its arguments, parted by blanks, are run without one\nt:1: smtp has neither host nor sendmail" },
		{ "smtp { host = h tls = none from = \"d@example.org\" }", "t:1: tls = none would send mail over the network in the clear; it is for 127.0.0.1, ::1 "
		    "and localhost only" },
		{ "smtp { host = localhost tls = none user = u password_file = \"/x\" from = \"d@example.org\" }",
		    "t:1: smtp has a user, but tls = none: there is no login without TLS" },
		{ "smtp { host = h user = u from = \"d@example.org\" }", "t:1: smtp has a user, but neither password_file nor password_command" },
		{ "smtp { host = h from = \"d@example.org\" unsubscribe = \"javascript:x\" }",
		    "t:1: unsubscribe \"javascript:x\" is no address that begins with mailto: or https://" },
		{ "http { public_url = \"https://example.org/x?y\" }", "t:1: public_url \"https://example.org/x?y\" is no address like https://dmarc.example.org/reports" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct buf	 faults = { 0 }, again = { 0 }, once = { 0 };
		struct err	 e = { 0 };
		struct conf	*c = conf_load_text("t", str_of(cases[i].text), &faults, &e);

		if (cases[i].fault == NULL) {
			if (c == NULL)
				print_message("# %s\n", faults.p);
			assert_non_null(c);
			/* as it is printed it is read again, the same: so the notifier gets it */
			conf_print(c, &once);
			conf_free(c);
			assert_non_null(c = conf_load_text("t", buf_as_str(&once), &faults, &e));
			assert_int_equal(c->nsummaries, 1);
			conf_print(c, &again);
			assert_string_equal(again.p, once.p);
			conf_free(c);
		} else {
			assert_null(c);
			while (faults.len > 0 && faults.p[faults.len - 1] == '\n')
				faults.p[--faults.len] = '\0';
			assert_string_equal(buf_as_str(&faults).p, cases[i].fault);
		}
		buf_free(&faults);
		buf_free(&again);
		buf_free(&once);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_plurals), cmocka_unit_test(test_values), cmocka_unit_test(test_days), cmocka_unit_test(test_names),
		cmocka_unit_test(test_messages), cmocka_unit_test(test_slots), cmocka_unit_test(test_record), cmocka_unit_test(test_compose),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_settings),
	};

	/* a zone with a summer time, by its rule: no file has to be there */
	(void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
