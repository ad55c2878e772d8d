/*
 * test_cli.c - the shared parts of the command line: options by table, rows
 * in three forms, the line of the progress bar, near words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/base.h"
#include "base/near.h"
#include "cli/args.h"
#include "cli/progress.h"
#include "cli/table.h"

static const struct cli_option options[] = {
	{ .name = "format", .letter = 'f', .kind = CLI_WORD, .arg = "table|json|csv", .help = "x" },
	{ .name = "limit", .letter = 'n', .kind = CLI_INT, .arg = "N", .min = 1, .max = 100, .help = "x" },
	{ .name = "domain", .kind = CLI_TEXT, .arg = "NAME", .many = true, .help = "x" },
	{ .name = "from", .kind = CLI_DAY, .arg = "DAY", .help = "x" },
	{ .name = "all", .letter = 'a', .help = "x" },
	CLI_OPTIONS_END
};
static const struct cli_option global[] = {
	{ .name = "state", .kind = CLI_DIR, .arg = "DIR", .help = "x" },
	{ .name = "quiet", .letter = 'q', .many = true, .help = "x" },
	CLI_OPTIONS_END
};

/* argv as one text, words parted by blanks; want: the error, or "" and what came out. */
static const struct { const char *argv, *want; } cases[] = {
	{ "", "" },
	{ "a b", "[a][b]" },
	{ "--limit 5 a", "limit=5 [a]" },
	{ "--limit=5 -a", "limit=5 all " },
	{ "-n5", "limit=5 " },
	{ "-an 7", "limit=7 all " },
	{ "--domain a --domain=b --domain c", "domain=a domain=b domain=c " },
	{ "a --state x b", "state=x [a][b]" },
	{ "-q a -q", "quiet=2 [a]" },
	{ "-- --limit", "[--limit]" },
	{ "- x", "[-][x]" },
	{ "--domain= x", "domain= [x]" },
	{ "--limt 5", "there is no option --limt; is --limit meant?" },
	{ "--xyzzy", "there is no option --xyzzy" },
	{ "-z", "there is no option -z" },
	{ "--limit", "--limit needs a value: N" },
	{ "--limit 0", "--limit \"0\" is not a number from 1 to 100" },
	{ "--limit 5x", "--limit \"5x\" is not a number from 1 to 100" },
	{ "--limit 5 --limit 6", "--limit can be given only once" },
	{ "--format xml", "--format \"xml\" is not one of table|json|csv" },
	{ "--format jso", "--format \"jso\" is not one of table|json|csv" },
	{ "--from 2026-02-30", "--from \"2026-02-30\" is not a day like 2026-05-01" },
	{ "--all=1", "--all takes no value" },
	{ "--state", "--state needs a value: DIR" },
};

static void
describe(struct buf *b, const struct cli_args *a, const struct cli_args *g)
{
	if (cli_given(a, "limit") > 0)
		(void)buf_printf(b, "limit=%lld ", (long long)cli_int(a, "limit", -1));
	for (size_t i = 0; i < cli_given(a, "domain"); i++)
		(void)buf_printf(b, "domain=%s ", cli_text_at(a, "domain", i));
	if (cli_flag(a, "all"))
		(void)buf_cstr(b, "all ");
	if (cli_text(g, "state") != NULL)
		(void)buf_printf(b, "state=%s ", cli_text(g, "state"));
	if (cli_given(g, "quiet") > 0)
		(void)buf_printf(b, "quiet=%zu ", cli_given(g, "quiet"));
	for (size_t i = 0; i < cli_operands(a); i++)
		(void)buf_printf(b, "[%s]", cli_operand(a, i));
}

static void
test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct cli_args	 a, g;
		struct buf	 b = { 0 };
		struct err	 e = { 0 };
		char		 text[128], *argv[16] = { NULL }, *p = text;
		int		 argc = 0, k = 0;

		(void)snprintf(text, sizeof(text), "%s", cases[i].argv);
		while (*p != '\0') {
			argv[argc++] = p;
			p += strcspn(p, " ");
			if (*p != '\0')
				*p++ = '\0';
		}
		assert_int_equal(args_init(&a, options), 0);
		assert_int_equal(args_init(&g, global), 0);
		if (args_read(&a, &g, argc, argv, &k, false, &e) == -1)
			(void)buf_cstr(&b, e.msg);
		else
			describe(&b, &a, &g);
		assert_string_equal(buf_as_str(&b).p, cases[i].want);
		buf_free(&b);
		args_free(&a);
		args_free(&g);
	}
}

static const struct cli_column columns[] = {
	{ "source_ip", "address", CLI_CELL_TEXT, 0 },
	{ "messages", "messages", CLI_CELL_INT, 0 },
	{ "rate", "pass", CLI_CELL_RATE, 0 },
	{ "begin", "begin", CLI_CELL_EPOCH, 0 },
	{ "day", "day", CLI_CELL_DAY, 0 },
	{ "more", "more", CLI_CELL_JSON, CLI_COL_HIDDEN },
};

static char *
render(enum cli_format format, bool empty)
{
	static const struct cli_ctx	 ctx = { .verbosity = 0 };
	struct cli_table		*t = cli_table_new(&ctx, format, columns, nitems(columns));
	struct err			 e = { 0 };
	char				*text = NULL;
	size_t				 size;
	FILE				*fp = open_memstream(&text, &size);

	assert_non_null(t);
	assert_non_null(fp);
	cli_table_output(t, fp);
	if (!empty) {
		cli_cell_cstr(t, "192.0.2.1");
		cli_cell_int(t, 1234567);
		cli_cell_rate(t, 0.99999);
		cli_cell_time(t, 1777593600);
		cli_cell_day(t, 20574);
		cli_cell_json(t, json_pack("{s:s}", "a", "=\"b"));
		cli_row(t);
		cli_cell_text(t, (struct str){ "=x\033[31m,\"\xff\0\xe2\x80\xae", 14 });
		cli_cell_int(t, -5);
		cli_cell_rate(t, NAN);
		cli_row(t);
		assert_int_equal(cli_table_rows(t), 2);
	}
	assert_int_equal(cli_table_end(t, &e), 0);
	assert_int_equal(fclose(fp), 0);
	return (text);
}

/* One value of 60 KB does not cost the other lines as much. */
static void
test_wide(void **state)
{
	static const struct cli_ctx	 ctx = { .verbosity = 0 };
	struct cli_table		*t = cli_table_new(&ctx, CLI_FORMAT_TABLE, columns, 2);
	struct err			 e = { 0 };
	char				*text = NULL, large[60001];
	size_t				 size;
	FILE				*fp = open_memstream(&text, &size);

	(void)state;
	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	cli_table_output(t, fp);
	cli_cell_cstr(t, large);
	cli_row(t);
	for (int i = 0; i < 1000; i++) {
		cli_cell_cstr(t, "192.0.2.1");
		cli_cell_int(t, i);
		cli_row(t);
	}
	assert_int_equal(cli_table_end(t, &e), 0);
	assert_int_equal(fclose(fp), 0);
	assert_true(size > 60000 && size < 60000 + 1000 * 200);
	free(text);
}

static void
check_render(enum cli_format format, bool empty, const char *want, size_t len)
{
	char	*text = render(format, empty);

	assert_memory_equal(text, want, len);
	free(text);
}

static void
test_table(void **state)
{
	static const char	 table[] =
	    "address                        messages    pass  begin             day\n"
	    "192.0.2.1                     1,234,567  99.9 %  2026-05-01 00:00  2026-05-01\n"
	    "=x\\x1b[31m,\"\\xff\\x00\\u{202e}         -5       -  -                 -\n";
	static const char	 json[] =
	    "{\"source_ip\":\"192.0.2.1\",\"messages\":1234567,\"rate\":0.99999,\"begin\":1777593600,"
	    "\"day\":\"2026-05-01\",\"more\":{\"a\":\"=\\\"b\"}}\n"
	    "{\"source_ip\":\"=x\\u001b[31m,\\\"\\ufffd\\u0000\\u202e\",\"messages\":-5,\"rate\":null,\"begin\":null,"
	    "\"day\":null,\"more\":null}\n";
	static const char	 csv[] =
	    "source_ip,messages,rate,begin,day,more\r\n"
	    "192.0.2.1,1234567,0.99999,2026-05-01T00:00:00Z,2026-05-01,\"{\"\"a\"\":\"\"=\\\"\"b\"\"}\"\r\n"
	    "\"'=x\\x1b[31m,\"\"\\xff \\u{202e}\",-5,,,,\r\n";

	(void)state;
	check_render(CLI_FORMAT_TABLE, false, table, sizeof(table));
	check_render(CLI_FORMAT_JSON, false, json, sizeof(json));
	check_render(CLI_FORMAT_CSV, false, csv, sizeof(csv));
	check_render(CLI_FORMAT_TABLE, true, "address  messages  pass  begin  day\n", 37);
	check_render(CLI_FORMAT_JSON, true, "", 1);
	check_render(CLI_FORMAT_CSV, true, "source_ip,messages,rate,begin,day,more\r\n", 41);
}

/* Every JSON line must be JSON, whatever the text. */
static void
test_json(void **state)
{
	struct buf	 b = { 0 };
	char		 all[256 * 2];
	json_t		*j;
	json_error_t	 je;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i % 256);
	assert_true(cli_json_str(&b, (struct str){ all, sizeof(all) }));
	assert_non_null(j = json_loadb(b.p, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je));
	json_decref(j);
	for (size_t i = 0; i < b.len; i++)
		assert_true((unsigned char)b.p[i] >= 0x20 && b.p[i] != 0x7f);
	buf_clear(&b);
	assert_non_null(j = cli_json_text(STR("a\xff" "b")));
	assert_true(cli_json(&b, j));
	json_decref(j);
	assert_string_equal(b.p, "\"a\xef\xbf\xbd" "b\"");
	buf_free(&b);
}

static void
test_numbers(void **state)
{
	char	 t[32];

	(void)state;
	assert_string_equal(cli_thousands(0, t), "0");
	assert_string_equal(cli_thousands(999, t), "999");
	assert_string_equal(cli_thousands(1000, t), "1,000");
	assert_string_equal(cli_thousands(-1234567, t), "-1,234,567");
	assert_string_equal(cli_thousands(INT64_MIN, t), "-9,223,372,036,854,775,808");
	assert_string_equal(cli_bytes(999, t), "999 B");
	assert_string_equal(cli_bytes(1288490, t), "1.3 MB");
	assert_string_equal(cli_bytes(64000000, t), "64 MB");
	assert_string_equal(cli_bytes(999999, t), "1.0 MB");
}

static void
test_progress(void **state)
{
	static const struct { struct progress_view v; unsigned width; const char *want; } lines[] = {
		{ { "import", "messages", 0, 0, 0, -1, -1 }, 80, "import  0 messages" },
		{ { "import", "messages", 0, 0, 1234, 567.4, -1 }, 80, "import  1,234 messages  567/s" },
		{ { "import", "messages", 50, 100, 7, 2.5, 65000 }, 80,
		    "import  [###############---------------]  50 %  7 messages  2.5/s  1:05 left" },
		{ { "import", "messages", 100, 100, 7, 2.5, -1 }, 50, "import  [###############] 100 %  7 messages  2.5/s" },
		{ { "import", "messages", 200, 100, 7, 2.5, 3661000 }, 30, "import  100 %  7 messages  2.5" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(lines); i++) {
		struct buf	 b = { 0 };

		progress_line(&b, &lines[i].v, lines[i].width);
		assert_string_equal(b.p, lines[i].want);
		buf_free(&b);
	}
}

static const char *
nearest(const char *word, const char *const *known, size_t n)
{
	struct near	 near = { .word = word };

	for (size_t i = 0; i < n; i++)
		near_try(&near, known[i]);
	return (near.best == NULL ? "" : near.best);
}

static void
test_near(void **state)
{
	static const char *const	 known[] = { "domains", "records", "report", "reports", "password_file" };

	(void)state;
	assert_string_equal(nearest("domians", known, nitems(known)), "domains");
	assert_string_equal(nearest("reprot", known, nitems(known)), "report");
	assert_string_equal(nearest("Reports", known, nitems(known)), "reports");
	assert_string_equal(nearest("password-file", known, nitems(known)), "password_file");
	assert_string_equal(nearest("passwd_file", known, nitems(known)), "password_file");
	assert_string_equal(nearest("dom", known, nitems(known)), "domains");
	assert_string_equal(nearest("x", known, nitems(known)), "");
	assert_string_equal(nearest("", known, nitems(known)), "");
	assert_string_equal(nearest("elephants", known, nitems(known)), "");
	assert_string_equal(nearest("reportsreportsreportsreportsreportsreportsreportsreports", known, nitems(known)), "");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_near),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
