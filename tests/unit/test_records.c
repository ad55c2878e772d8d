/*
 * What the DNS says of our own domains: texts as they are kept, and the store.
 */
#include "fresh.h"

#include "store/records.h"

#define NOW	1780000000

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
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, ttl, checked, answered, since, tries, failure)"
	    " VALUES (1, 1, '_dmarc.example.com', 'example.com', 1, 0, 1, 1, 1, 3, '', 0, 300, 5000, 4000, 3000, 2, 1),"
	    "(2, 2, 'example.com', 'example.com', 1, 7, 1, 1, 1, 1, 'v=spf1 -all' || char(10), 0, 300, 4000, 4000, 3900, 0, 0),"
	    "(3, 3, 's1._domainkey.mail.example.com', 'mail.example.com', 1, 7, 1, 1, 1, 0, '', 0, NULL, NULL, NULL, NULL, 0, 0),"
	    "(4, 1, '_dmarc.com', 'com', 0, 7, 1, 1, 1, 1, 'not ' || char(10) || 'ours', 0, NULL, NULL, NULL, NULL, 0, 0)");
	exec("UPDATE dns SET seconded = answered WHERE answered - since >= 900");
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

/* --- What is asked for ------------------------------------------------------------------ */

/* Mail of a domain: From, lists of SPF and DKIM by ids of names. */
static void
mail(int domain, int evidence, int64_t day, int count, const char *spf, const char *dkim, int from)
{
	char	 sql[600];

	(void)snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO evidence (id, policy, outcome, header_from, flags, spf, dkim) VALUES (%d, 1, 1, %d, 0,"
	    " %s, %s); INSERT INTO record (domain, day, source, report, evidence, count, seq) VALUES (%d, %lld, 1, 1, %d, %d, 1)",
	    evidence, from, spf, dkim, domain, (long long)day, evidence, count);
	exec(sql);
}

static void
look(struct store_dns_look *l, int64_t now)
{
	do {
		if (store_dns_look(store, now, l, &e) == -1)
			fail_msg("%s", e.msg);
	} while (l->at != 0);
}

static void
test_look(void **state)
{
	struct store_dns_look	 l = { 0 };
	bool			 unmet;

	(void)state;
	exec("PRAGMA foreign_keys = 0");
	exec("INSERT INTO domain (id, name, apart) VALUES (1, 'shop.example.com', 0), (2, 'example.org', 0), (3, 'example.net', 1), (4, 'old.example', 0)");
	exec("INSERT INTO name (id, text) VALUES (1, 'shop.example.com'), (2, 'news.shop.example.com'), (3, 's1'), (4, 'mailer.example'),"
	    " (5, 's2'), (6, 'example.org'), (7, 'bounce.example.com'), (8, 'old.example'), (9, 'no name.example.org'), (10, 's1.eu')");
	mail(1, 1, NOW / 86400 - 1, 10, "'7,0,2'", "'1,3,2;4,5,2'", 1);
	mail(1, 2, NOW / 86400 - 2, 500, "'4,0,2'", "'1,5,99;2,10,2'", 2);
	mail(2, 3, NOW / 86400 - 29, 7, "NULL", "NULL", 9);
	mail(4, 4, NOW / 86400 - 31, 7, "NULL", "'8,3,2'", 8);
	look(&l, NOW);
	assert_string_equal(list("SELECT name FROM dns WHERE kind = 1 AND own = 1 ORDER BY name"),
	    "_dmarc.example.org _dmarc.news.shop.example.com _dmarc.shop.example.com");
	/* those above them, and the domain of a bounce address that may be of the same organisation */
	assert_string_equal(list("SELECT name FROM dns WHERE kind = 1 AND own = 0 ORDER BY name"),
	    "_dmarc.bounce.example.com _dmarc.com _dmarc.example.com _dmarc.org");
	assert_string_equal(list("SELECT name FROM dns WHERE kind = 2 ORDER BY name"), "bounce.example.com example.org shop.example.com");
	/* messages that verified by it; one that never did is asked for as well; nothing of a stranger's */
	assert_string_equal(list("SELECT name || '=' || mail FROM dns WHERE kind = 3 ORDER BY name"),
	    "s1._domainkey.shop.example.com=10 s1.eu._domainkey.news.shop.example.com=500 s2._domainkey.shop.example.com=0");
	assert_int_equal(store_dns_unmet(store, &l, &unmet, &e), 0);
	assert_false(unmet);
	exec("INSERT INTO domain (id, name, apart) VALUES (5, 'new.example', 0)");
	assert_int_equal(store_dns_unmet(store, &l, &unmet, &e), 0);
	assert_true(unmet);
	mail(5, 3, NOW / 86400, 1, "NULL", "NULL", 9);
	l.at = 4;
	if (store_dns_look_more(store, NOW, &l, &e) == -1)
		fail_msg("%s", e.msg);
	assert_int_equal(l.newest, 5);
	assert_string_equal(list("SELECT name FROM dns WHERE own = 1 AND name LIKE '%new.example' ORDER BY name"), "_dmarc.new.example _mta-sts.new.example new.example");
	assert_string_equal(list("SELECT name FROM dns WHERE kind = 4 ORDER BY name"), "_mta-sts.example.org _mta-sts.new.example _mta-sts.shop.example.com");
	/* a week after its last mail it goes, with all that was said; what is above another stays */
	exec("DELETE FROM record WHERE domain = 1");
	exec("INSERT INTO dns_was SELECT id, 1, 1, 1, '' FROM dns WHERE name = 'shop.example.com'");
	l.at = 0;
	look(&l, NOW + 86400);
	assert_string_equal(list("SELECT count(*) FROM dns WHERE name LIKE '%example.com'"), "10");
	assert_string_equal(list("SELECT count(*) FROM dns WHERE own = 1 AND name LIKE '%example.com'"), "0");
	look(&l, NOW + 8 * 86400);
	assert_string_equal(list("SELECT name FROM dns ORDER BY name"), "_dmarc.example _dmarc.new.example _mta-sts.new.example new.example");
	assert_string_equal(list("SELECT count(*) FROM dns_was"), "0");
}

static int64_t
due_at(const char *name)
{
	char	 sql[200];

	(void)snprintf(sql, sizeof(sql), "SELECT due FROM dns WHERE name = '%s'", name);
	return (number(sql));
}

static const char	*server = "";	/* that gives the next answers */

static bool
said(int64_t id, enum store_dns_state state, const char *text, uint32_t ttl, int64_t now)
{
	struct store_dns_answer	*a = calloc(1, sizeof(*a));
	bool			 spf;

	a->id = id;
	a->state = state;
	a->failure = state == STORE_DNS_WAITING ? STORE_DNS_SERVFAIL : STORE_DNS_ANSWERED;
	a->ttl = ttl;
	(void)snprintf(a->server, sizeof(a->server), "%s", server);
	if (text != NULL)
		txt_add(&a->set, TXT_DMARC, str_of(text));
	if (store_dns_said(store, a, 1, now, &spf, &e) == -1)
		fail_msg("%s", e.msg);
	free(a);
	return (spf);
}

static void
test_said(void **state)
{
	const struct store_dns	*d;
	struct store_dns_due	 due[8];
	struct query		*q;
	size_t			 n;

	(void)state;
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure) VALUES"
	    " (1, 1, '_dmarc.example.com', 'example.com', 1, 0, 0, 0, 0, 0, '', 0, 0, 0), (2, 2, 'example.com', 'example.com', 1, 0, 0, 0, 0, 0, '', 0, 0, 0)");
	assert_int_equal(store_dns_due(store, NOW, (int64_t []){ 2 }, 1, due, 8, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(due[0].name, "_dmarc.example.com");
	/* failures put it off, further and further, and change nothing */
	assert_false(said(1, STORE_DNS_WAITING, NULL, 0, NOW));
	assert_int_equal(due_at("_dmarc.example.com"), NOW + 600);
	said(1, STORE_DNS_WAITING, NULL, 0, NOW);
	assert_int_equal(due_at("_dmarc.example.com"), NOW + 1200);
	for (int i = 0; i < 40; i++)
		said(1, STORE_DNS_WAITING, NULL, 0, NOW);
	assert_int_equal(due_at("_dmarc.example.com"), NOW + 4 * 3600);
	/* an answer is asked for twice, then as long as it holds: between an hour and a day */
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW);
	assert_int_equal(due_at("_dmarc.example.com"), NOW + 900);
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW + 900);
	assert_int_equal(due_at("_dmarc.example.com"), NOW + 900 + 3600);
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 7200, NOW + 4500);
	assert_int_equal(due_at("_dmarc.example.com"), NOW + 4500 + 7200);
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 1000000, NOW + 12000);
	assert_int_equal(due_at("_dmarc.example.com"), NOW + 12000 + 86400);
	/* another one: the first is remembered, and it is not yet seen twice */
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=none", 300, NOW + 100000);
	assert_non_null(q = query_begin(store, NOW, 0, &e));
	d = get(q, TXT_DMARC, "_dmarc.example.com");
	assert_false(d->twice);
	assert_true(str_eq(d->before->texts[0], STR("v=DMARC1; p=reject")));
	assert_int_equal(d->before->since, NOW);
	assert_int_equal(d->before->until, NOW + 100000);
	query_end(q);
	said(1, STORE_DNS_WAITING, NULL, 0, NOW + 100900);
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=none", 300, NOW + 101500);
	assert_non_null(q = query_begin(store, NOW, 0, &e));
	d = get(q, TXT_DMARC, "_dmarc.example.com");
	assert_true(d->twice);
	assert_int_equal(d->tries, 0);
	query_end(q);
	assert_string_equal(list("SELECT value FROM meta WHERE key = 'dns'"), "2");
	/* of those that come and go the latest are kept */
	for (int i = 0; i < 60; i++)
		said(1, i % 2 == 0 ? STORE_DNS_NODATA : STORE_DNS_NXDOMAIN, NULL, 300, NOW + 200000 + i);
	assert_string_equal(list("SELECT count(*) || '/' || min(until - 1780000000) FROM dns_was"), "20/200040");
	assert_true(said(2, STORE_DNS_FOUND, "v=spf1 include:spf.mailer.example -all", 300, NOW));
	assert_false(said(2, STORE_DNS_FOUND, "v=spf1 include:spf.mailer.example -all", 300, NOW + 900));
	said(77, STORE_DNS_NODATA, NULL, 300, NOW);	/* nobody asked */
	/* a clock that was wrong */
	exec("UPDATE dns SET due = 1980000000, since = 1980000000 WHERE id = 2");
	assert_int_equal(store_dns_due(store, NOW, (int64_t []){ 1 }, 1, due, 8, &n, &e), 0);
	assert_int_equal(n, 1);
	said(2, STORE_DNS_FOUND, "v=spf1 include:spf.mailer.example -all", 300, NOW + 901);
	assert_int_equal(due_at("example.com"), NOW + 901 + 900);
}

/* A reader of some domains sees what their SPF records lead to, and nothing that only others lead to or that is another's own. */
static void
test_included(void **state)
{
	static const struct { const char *name; bool listed, included; } seen[] = { { "example.com", true, false }, { "spf.mailer.example", false, true },
		{ "example.org", false, false }, { "nobody.example", false, false } };
	struct query			*q;
	const struct store_dns		*d;

	(void)state;
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure) VALUES"
	    " (1, 2, 'example.com', 'example.com', 1, 0, 0, 0, 0, 1, 'v=spf1 include:spf.mailer.example -all' || char(10), 0, 0, 0),"
	    " (2, 2, 'spf.mailer.example', 'spf.mailer.example', 0, 0, 0, 0, 0, 1, 'v=spf1 -all' || char(10), 0, 0, 0),"
	    " (3, 2, 'example.org', 'example.org', 1, 0, 0, 0, 0, 1, 'v=spf1 -all' || char(10), 0, 0, 0),"
	    " (4, 1, '_dmarc.spf.mailer.example', 'spf.mailer.example', 0, 0, 0, 0, 0, 1, 'v=DMARC1; p=none' || char(10), 0, 0, 0)");
	store_close(store);
	assert_non_null(store = store_open(fresh_dir, STORE_READ, &e));
	assert_int_equal(store_narrow(store, "example.com", &e), 0);
	assert_non_null(q = query_begin(store, NOW, 0, &e));
	for (size_t i = 0; i < nitems(seen); i++) {
		assert_int_equal(store_dns_get(q, TXT_SPF, str_of(seen[i].name), &d, &e), 0);
		assert_int_equal(d != NULL, seen[i].listed);
		assert_int_equal(store_dns_included(q, str_of(seen[i].name), &d, &e), 0);
		assert_int_equal(d != NULL, seen[i].included);
		assert_true(d == NULL || str_eq(d->said.texts[0], STR("v=spf1 -all")));
	}
	assert_int_equal(store_dns_included(q, STR("_dmarc.spf.mailer.example"), &d, &e), 0);
	assert_null(d);
	query_end(q);
}

/* Who reports a fix wants to know now: of the domain, of what is below and above it, and of what its SPF records lead to. */
static void
test_due_now(void **state)
{
	(void)state;
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure, checked) VALUES"
	    " (1, 1, '_dmarc.a.example.com', 'a.example.com', 1, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779990000),"
	    " (2, 1, '_dmarc.example.com', 'example.com', 1, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779990000),"
	    " (3, 1, '_dmarc.com', 'com', 0, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779990000),"
	    " (4, 1, '_dmarc.ample.com', 'ample.com', 1, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779990000),"
	    " (5, 2, 'a.example.com', 'a.example.com', 1, 0, 0, 0, 1780003000, 1, 'v=spf1 include:spf.mailer.example -all' || char(10), 0, 0, 0, 1779990000),"
	    " (6, 2, 'example.com', 'example.com', 1, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779990000),"
	    " (7, 2, 'spf.mailer.example', 'spf.mailer.example', 0, 0, 0, 0, 1780003000, 1, 'v=spf1 include:two.example -all' || char(10), 0, 0, 0, 1779990000),"
	    " (8, 2, 'two.example', 'two.example', 0, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779990000),"
	    " (9, 2, 'other.example', 'other.example', 0, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779990000),"
	    " (10, 3, 's._domainkey.b.a.example.com', 'b.a.example.com', 1, 0, 0, 0, 1780003000, 3, '', 0, 0, 0, 1779999900),"
	    " (11, 3, 't._domainkey.a.example.com', 'a.example.com', 1, 0, 0, 0, 1780000050, 0, '', 0, 1, 1, 1779999900),"
	    " (12, 3, 'u._domainkey.a.example.com', 'a.example.com', 1, 0, 0, 0, 0, 0, '', 0, 0, 0, NULL)");
	assert_int_equal(store_begin(store, &e), 0);
	assert_int_equal(store_dns_due_now(store, STR("a.example.com"), NOW, &e), 0);
	assert_int_equal(store_commit(store, &e), 0);
	assert_string_equal(list("SELECT id FROM dns WHERE due = 0 ORDER BY id"), "1 2 3 5 7 8 12");
	/* asked a moment ago: when an answer can be another one, and never later than before */
	assert_string_equal(list("SELECT id || ':' || (due - 1780000000) FROM dns WHERE due <> 0 ORDER BY id"), "4:3000 6:3000 9:3000 10:501 11:50");
}

static bool
twice(void)
{
	const struct store_dns	*d;
	struct query		*q;
	bool			 yes;

	assert_non_null(q = query_begin(store, NOW, 0, &e));
	d = get(q, TXT_DMARC, "_dmarc.example.com");
	yes = d->twice;
	query_end(q);
	return (yes);
}

/* Whom the next question is for. */
static const char *
not_of(int64_t now)
{
	static struct store_dns_due	 due[1];
	size_t				 n;

	assert_int_equal(store_dns_due(store, now, NULL, 0, due, 1, &n, &e), 0);
	assert_int_equal(n, 1);
	return (due[0].not);
}

/* One says it, another one is asked whether it is so. */
static void
test_second(void **state)
{
	static const char	*rows = "SELECT texts || ifnull(server, '-') || ' ' || ifnull(second, '-') || ' ' || doubts FROM dns";

	(void)state;
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure) VALUES"
	    " (1, 1, '_dmarc.example.com', 'example.com', 1, 0, 0, 0, 0, 0, '', 0, 0, 0)");
	server = "192.0.2.53";
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW);
	assert_string_equal(not_of(NOW + 900), "192.0.2.53");
	/* the other one agrees */
	server = "root";
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW + 900);
	assert_true(twice());
	assert_string_equal(not_of(NOW + 90000), "");
	assert_string_equal(list(rows), "v=DMARC1; p=reject\n192.0.2.53 root 0");
	/* it disappears for one of them only: nothing is seen twice, however often he is asked, and then he is not asked more often than usual */
	server = "192.0.2.53";
	said(1, STORE_DNS_NXDOMAIN, NULL, 300, NOW + 90000);
	for (int64_t i = 1, at = NOW + 90000; i <= 12; i++) {
		at = due_at("_dmarc.example.com");
		assert_int_equal(at, NOW + 90000 + (i < 9 ? i * 900 : 7200 + (i - 8) * 3600));
		assert_string_equal(not_of(at), i % 2 == 1 ? "192.0.2.53" : "");
		server = i % 2 == 1 ? "root" : "192.0.2.53";
		if (i % 2 == 1)
			said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, at);
		else
			said(1, STORE_DNS_NXDOMAIN, NULL, 300, at);
		assert_false(twice());
	}
	assert_string_equal(list(rows), "192.0.2.53 root 8");
	/* at last he sees it, too */
	server = "root";
	said(1, STORE_DNS_NXDOMAIN, NULL, 300, NOW + 190000);
	assert_true(twice());
	/* it comes back, and the other one cannot be reached: the same one speaks for both, unless there was doubt */
	server = "192.0.2.53";
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=none", 300, NOW + 200000);
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=none", 300, NOW + 200900);
	assert_true(twice());
	assert_string_equal(list(rows), "v=DMARC1; p=none\n192.0.2.53 192.0.2.53 0");
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW + 300000);
	server = "root";
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=none", 300, NOW + 300900);
	server = "192.0.2.53";
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW + 301800);
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW + 302700);
	assert_false(twice());
	server = "";
}

/* Where SPF records lead is asked for, in steps, without end neither in circles nor for a stranger's inventions. */
static void
test_follow(void **state)
{
	char	 sql[400];

	(void)state;
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure) VALUES"
	    " (1, 2, 'example.com', 'example.com', 1, 0, 0, 0, 0, 1, 'v=spf1 include:A.example.net. include:%{d}.x.example redirect=b.example.net' || char(10), 0, 0, 0),"
	    " (2, 2, 'alien.example', 'alien.example', 0, 0, 0, 0, 0, 1, 'v=spf1 include:nobody.example -all' || char(10), 0, 0, 0)");
	assert_int_equal(store_dns_follow(store, NOW, &e), 0);
	assert_string_equal(list("SELECT name FROM dns WHERE own = 0 ORDER BY name"), "a.example.net alien.example b.example.net");
	exec("UPDATE dns SET state = 1, wanted = 0, texts = 'v=spf1 include:example.com include:c.example.net -all' || char(10) WHERE name = 'a.example.net'");
	assert_int_equal(store_dns_follow(store, NOW, &e), 0);
	assert_string_equal(list("SELECT name FROM dns WHERE wanted = 1780000000 ORDER BY name"), "a.example.net b.example.net c.example.net");
	assert_string_equal(list("SELECT own FROM dns WHERE name = 'example.com'"), "1");
	/* each leads to two more: for ever */
	for (int i = 0; i < 200; i++) {
		(void)snprintf(sql, sizeof(sql), "UPDATE dns SET state = 1, texts = 'v=spf1 include:l.' || name || ' include:r.' || name || char(10)"
		    " WHERE state = 0");
		exec(sql);
		assert_int_equal(store_dns_follow(store, NOW, &e), 0);
	}
	assert_in_range(strtoll(list("SELECT count(*) FROM dns"), NULL, 10), 20, 70);
}

/* What a walk sees, and that it follows a change; what is not known is not guessed. */
static void
test_walk(void **state)
{
	const struct dmarc_dns	*dns;
	struct walk_place	 p;

	(void)state;
	assert_int_equal(store_walk(store, &dns, &e), 0);
	assert_null(dns);
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure) VALUES"
	    " (1, 1, '_dmarc.example.com', 'example.com', 1, 0, 0, 0, 0, 0, '', 0, 0, 0), (2, 1, '_dmarc.com', 'com', 0, 0, 0, 0, 0, 3, '', 0, 0, 0),"
	    " (3, 1, '_dmarc.mail.example.com', 'mail.example.com', 0, 0, 0, 0, 0, 2, '', 0, 0, 0)");
	exec("UPDATE dns SET since = 1, answered = 1 WHERE state > 0");
	said(1, STORE_DNS_WAITING, NULL, 0, NOW);
	assert_int_equal(store_walk(store, &dns, &e), 0);
	assert_null(dns);	/* nobody has answered yet */
	said(1, STORE_DNS_FOUND, "v=DMARC1; p=reject", 300, NOW);
	for (int i = 0; i < 2; i++) {	/* once more from memory */
		assert_int_equal(store_walk(store, &dns, &e), 0);
		assert_non_null(dns);
		assert_true(dmarc_place(dns, STR("mail.example.com"), &p));
		assert_true(str_eq(p.org, STR("example.com")));
		assert_true(str_eq(p.at, STR("example.com")));
		assert_false(dmarc_place(dns, STR("other.example.com"), &p));
	}
	said(3, STORE_DNS_FOUND, "v=DMARC1; p=none; psd=n", 300, NOW);
	assert_int_equal(store_walk(store, &dns, &e), 0);
	assert_true(dmarc_place(dns, STR("mail.example.com"), &p));
	assert_true(str_eq(p.org, STR("mail.example.com")));
	/* that nobody answers now takes nothing away */
	said(3, STORE_DNS_WAITING, NULL, 0, NOW + 1000);
	assert_int_equal(store_walk(store, &dns, &e), 0);
	assert_true(dmarc_place(dns, STR("mail.example.com"), &p));
	assert_true(str_eq(p.org, STR("mail.example.com")));
	said(3, STORE_DNS_NODATA, NULL, 300, NOW + 1000);
	said(1, STORE_DNS_NODATA, NULL, 300, NOW + 1000);
	assert_int_equal(store_begin(store, &e), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_walk(store, &dns, &e), 0);
		assert_true(dmarc_place(dns, STR("mail.example.com"), &p));
		assert_true(str_eq(p.org, STR("mail.example.com")));
		assert_null(p.at.p);
	}
	store_rollback(store);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_room),
		cmocka_unit_test_setup_teardown(test_reading, fresh_setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_look, fresh_setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_said, fresh_setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_included, fresh_setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_second, fresh_setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_due_now, fresh_setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_follow, fresh_setup, fresh_teardown),
		cmocka_unit_test_setup_teardown(test_walk, fresh_setup, fresh_teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests_name("records", tests, NULL, NULL));
}
