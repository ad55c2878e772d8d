/*
 * What the DNS says of our own domains: texts as they are kept, and the store.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/query.h"
#include "store/records.h"
#include "store/store_int.h"

#define NOW	1780000000

static char		 dir[64];
static struct store	*store;
static struct err	 e;

static void
exec(const char *sql)
{
	if (store_exec(store, sql, &e) == -1)
		fail_msg("%s", e.msg);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_records.XXXXXX");
	assert_non_null(mkdtemp(dir));
	if ((store = store_open(dir, STORE_WRITE, &e)) == NULL)
		fail_msg("%s", e.msg);
	return (0);
}

static int
teardown(void **state)
{
	char	 cmd[128];

	(void)state;
	store_close(store);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return (system(cmd));
}

/* --- Texts -------------------------------------------------------------------------- */

static void
test_join(void **state)
{
	char	 out[64];
	size_t	 n;

	(void)state;
	assert_true(txt_join((struct str){ "\3v=s\4pf1 \4-all", 14 }, out, &n));
	assert_int_equal(n, 11);
	assert_memory_equal(out, "v=spf1 -all", 11);
	assert_true(txt_join((struct str){ "\0", 1 }, out, &n));
	assert_int_equal(n, 0);
	assert_false(txt_join((struct str){ "\5abc", 4 }, out, &n));
	assert_false(txt_join(STR(""), out, &n));
}

static void
test_form(void **state)
{
	struct txt_set	*a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	struct buf	 out = { 0 };

	(void)state;
	txt_add(a, TXT_DMARC, STR("v=DMARC1; p=none"));
	txt_add(a, TXT_DMARC, (struct str){ "a\n\\\xff", 4 });
	txt_add(a, TXT_DMARC, STR(""));
	txt_add(a, TXT_DMARC, STR("v=DMARC1; p=none"));
	txt_write(a, &out);
	assert_true(str_eq(buf_as_str(&out), STR("\na\\010\\\\\\255\nv=DMARC1; p=none\n")));
	assert_true(txt_read(buf_as_str(&out), b));
	assert_int_equal(b->n, 3);
	assert_true(str_eq(b->v[1], (struct str){ "a\n\\\xff", 4 }));
	/* what we did not write */
	assert_false(txt_read(STR("b\na\n"), b));
	assert_false(txt_read(STR("a\na\n"), b));
	assert_false(txt_read(STR("a"), b));
	assert_false(txt_read(STR("\\065\n"), b));
	assert_false(txt_read(STR("\\999\n"), b));
	assert_false(txt_read(STR("\\1\n"), b));
	assert_false(txt_read(STR("\x01\n"), b));
	assert_int_equal(b->n, 0);
	assert_true(txt_read(STR(""), b));
	buf_free(&out);
	free(a);
	free(b);
}

/* Only what is about it is kept, and of that what begins with a version before the rest. */
static void
test_room(void **state)
{
	struct txt_set	*a = calloc(1, sizeof(*a));
	char		 text[TXT_BYTES + 8];

	(void)state;
	txt_add(a, TXT_SPF, STR("site-verification=1234"));
	assert_int_equal(a->n, 0);
	txt_add(a, TXT_SPF, STR(" \"V=SPF1 -all\""));
	txt_add(a, TXT_SPF, STR("v=spf10 -all"));	/* told by who reads it */
	assert_int_equal(a->n, 2);
	assert_int_equal(a->more, 0);
	*a = (struct txt_set){ 0 };
	for (int i = 0; i < 12; i++) {
		(void)snprintf(text, sizeof(text), "junk %02d", i);
		txt_add(a, TXT_DMARC, str_of(text));
	}
	txt_add(a, TXT_DMARC, STR("v=DMARC1; p=reject"));
	assert_int_equal(a->n, TXT_TEXTS);
	assert_int_equal(a->more, 5);
	assert_true(str_eq(a->v[0], STR("junk 00")));
	assert_true(str_eq(a->v[TXT_TEXTS - 1], STR("v=DMARC1; p=reject")));
	*a = (struct txt_set){ 0 };
	memset(text, 'x', sizeof(text));
	txt_add(a, TXT_DMARC, (struct str){ text, sizeof(text) });
	text[0] = 'y';
	txt_add(a, TXT_DMARC, (struct str){ text, sizeof(text) });
	assert_int_equal(a->n, 2);
	assert_int_equal(a->more, 2);
	assert_int_equal(a->v[0].len, TXT_BYTES);
	txt_add(a, TXT_DMARC, STR("v=DMARC1; p=none"));
	assert_int_equal(a->n, 2);
	assert_true(str_eq(a->v[0], STR("v=DMARC1; p=none")));
	assert_int_equal(a->v[1].p[0], 'x');
	free(a);
}

/* --- Reading ------------------------------------------------------------------------- */

static const struct store_dns *
get(struct query *q, enum txt_kind kind, const char *name)
{
	const struct store_dns	*d;

	if (store_dns_get(q, kind, str_of(name), &d, &e) == -1)
		fail_msg("%s", e.msg);
	return (d);
}

static void
test_reading(void **state)
{
	const struct store_dns		*d;
	const struct store_dns_change	*c;
	struct store_dns_figures	 f;
	struct query			*q;
	size_t				 n;

	(void)state;
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, due, state, texts, more, ttl, checked, answered, since, tries, failure)"
	    " VALUES (1, 1, '_dmarc.example.com', 'example.com', 1, 0, 1, 1, 3, '', 0, 300, 5000, 4000, 3000, 2, 1),"
	    "(2, 2, 'example.com', 'example.com', 1, 7, 1, 1, 1, 'v=spf1 -all' || char(10), 0, 300, 4000, 4000, 3900, 0, 0),"
	    "(3, 3, 's1._domainkey.mail.example.com', 'mail.example.com', 1, 7, 1, 1, 0, '', 0, NULL, NULL, NULL, NULL, 0, 0),"
	    "(4, 1, '_dmarc.com', 'com', 0, 7, 1, 1, 1, 'not ' || char(10) || 'ours', 0, NULL, NULL, NULL, NULL, 0, 0)");
	exec("INSERT INTO dns_was VALUES (1, 2000, 1000, 2, ''), (1, 3000, 2000, 1, 'v=DMARC1; p=none' || char(10))");
	assert_non_null(q = query_begin(store, NOW, 0, &e));
	d = get(q, TXT_DMARC, "_dmarc.example.com");
	assert_non_null(d);
	assert_int_equal(d->said.state, STORE_DNS_NXDOMAIN);
	assert_true(d->twice);
	assert_int_equal(d->tries, 2);
	assert_int_equal(d->failure, STORE_DNS_TIMEOUT);
	assert_non_null(d->before);
	assert_int_equal(d->before->n, 1);
	assert_true(str_eq(d->before->texts[0], STR("v=DMARC1; p=none")));
	assert_int_equal(d->before->until, 3000);
	d = get(q, TXT_SPF, "example.com");
	assert_false(d->twice);
	assert_null(d->before);
	assert_int_equal(d->said.n, 1);
	assert_null(get(q, TXT_KEY, "example.com"));
	assert_true(str_eq(get(q, TXT_KEY, "s1._domainkey.mail.example.com")->selector, STR("s1")));
	assert_int_equal(get(q, TXT_DMARC, "_dmarc.com")->said.n, 0);
	assert_int_equal(store_dns_list(q, 0, STR("example.com"), true, &d, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_int_equal(d[0].id, 1);
	assert_int_equal(d[2].id, 3);
	assert_int_equal(store_dns_list(q, TXT_DMARC, STR_NONE, false, &d, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(store_dns_list(q, 0, STR("ample.com"), false, &d, &n, &e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(store_dns_changes(q, 0, STR_NONE, 0, NOW, 10, &c, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(c[0].is.state, STORE_DNS_NXDOMAIN);
	assert_int_equal(c[0].was.state, STORE_DNS_FOUND);
	assert_int_equal(c[1].was.state, STORE_DNS_NODATA);
	assert_int_equal(c[1].is.n, 1);
	assert_int_equal(c[1].is.until, 3000);
	assert_int_equal(store_dns_figures(q, &f, &e), 0);
	assert_int_equal(f.names, 4);
	assert_int_equal(f.waiting, 1);
	assert_int_equal(f.failing, 1);
	assert_int_equal(f.answered, 4000);
	query_end(q);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_room),
		cmocka_unit_test_setup_teardown(test_reading, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests_name("records", tests, NULL, NULL));
}
