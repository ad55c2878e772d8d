/*
 * test_auth.c - users, tokens, sessions, brakes and the log, without a socket.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "auth/auth.h"
#include "base/io.h"

static char	 dir[] = "/tmp/dmarcd-auth-XXXXXX";

static void
path_in(char out[256], const char *name)
{
	(void)snprintf(out, 256, "%s/%s", dir, name);
}

static int
make_dir(void **state)
{
	char	 path[256];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return (-1);
	path_in(path, "http");
	return (mkdir(path, 0700));
}

static int
remove_dir(void **state)
{
	static const char *const	 names[] = { "users", "users.lock", "http/audit", "http/audit.1", "http/sessions", "http/seen" };
	char				 path[256];

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		path_in(path, names[i]);
		(void)unlink(path);
	}
	path_in(path, "http");
	(void)rmdir(path);
	return (rmdir(dir));
}

/* --- Passwords ------------------------------------------------------------------ */

static void
test_password(void **state)
{
	struct err	 e = { 0 };
	char		*one, *two;

	(void)state;
	assert_int_equal(auth_hash("correct horse battery", &one, &e), 0);
	assert_int_equal(auth_hash("correct horse battery", &two, &e), 0);
	assert_memory_equal(one, "$y$", 3);
	assert_string_not_equal(one, two);	/* a salt each */
	assert_true(auth_check("correct horse battery", one));
	assert_true(auth_check("correct horse battery", two));
	assert_false(auth_check("correct horse batter", one));
	assert_false(auth_check("", one));
	assert_false(auth_check("correct horse battery", NULL));
	assert_false(auth_check("x", "*0"));
	assert_false(auth_check("*0", "*0"));
	assert_false(auth_check("x", ""));
	free(one);
	free(two);
}

static void
test_password_rules(void **state)
{
	static const struct { const char *password; int want; } cases[] = {
		{ "short", -1 }, { "123456789", -1 }, { "1234567890", 0 }, { "ten\xc3\xa4\xc3\xb6\xc3\xbc" "abcd", 0 }, { "with a \x01 in it", -1 },
		{ "bad utf-8 \xff here", -1 }, { "Alice.Example", -1 }, { "", -1 },
	};
	char		 longest[AUTH_PASSWORD_MAX + 2];

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct err	 e = { 0 };

		assert_int_equal(auth_password_ok(cases[i].password, "alice.example", &e), cases[i].want);
		assert_int_equal(e.msg[0] != '\0', cases[i].want == -1);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(auth_password_ok(longest, "b", &(struct err){ 0 }), -1);
	longest[AUTH_PASSWORD_MAX] = '\0';
	assert_int_equal(auth_password_ok(longest, "b", &(struct err){ 0 }), 0);
}

/* --- The file --------------------------------------------------------------------- */

static int
fill(struct auth *a, void *ctx, struct err *e)
{
	struct auth_user	*u = auth_user_add(a, "alice", e);
	struct auth_token	*t;

	assert_non_null(u);
	u->role = AUTH_ADMIN;
	u->made = 5;
	u->hash = strdup("$y$j9T$a$b");
	assert_int_equal(auth_user_stamp(u, e), 0);
	u = auth_user_add(a, "bob@example.org", e);
	assert_non_null(u);
	u->hash = strdup("$y$j9T$c$d");
	assert_int_equal(auth_user_stamp(u, e), 0);
	assert_int_equal(auth_domains_add(&u->domains, "shop.example", e), 0);
	assert_int_equal(auth_domains_add(&u->domains, "Example.ORG.", e), 0);
	assert_int_equal(auth_domains_add(&u->domains, "shop.example", e), 0);
	assert_int_equal(auth_domains_add(&u->domains, "a.shop.example", e), 0);
	assert_string_equal(u->domains, "a.shop.example example.org shop.example");
	t = auth_token_add(a, "grafana", e);
	assert_non_null(t);
	assert_int_equal(auth_token_make(t, ctx, e), 0);
	return (0);
}

static void
test_file(void **state)
{
	struct err		 e = { 0 };
	struct auth		*a;
	struct stat		 st;
	char			 token[80], path[256];
	const struct auth_token	*t;

	(void)state;
	a = auth_load(dir, &e);
	assert_non_null(a);
	assert_int_equal(a->nusers + a->ntokens, 0);
	auth_free(a);
	assert_int_equal(auth_edit(dir, fill, token, &e), 0);
	path_in(path, "users");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	a = auth_load(dir, &e);
	assert_non_null(a);
	assert_int_equal(a->nusers, 2);
	assert_int_equal(auth_user(a, "alice")->role, AUTH_ADMIN);
	assert_null(auth_user(a, "alice")->domains);
	assert_string_equal(auth_user(a, "bob@example.org")->domains, "a.shop.example example.org shop.example");
	assert_null(auth_user(a, "Alice"));
	assert_int_equal(strlen(auth_user(a, "alice")->stamp), 16);
	t = auth_token_find(a, str_of(token));
	assert_non_null(t);
	assert_string_equal(t->name, "grafana");
	assert_null(strstr(token, t->hash));
	token[20] = token[20] == '0' ? '1' : '0';
	assert_null(auth_token_find(a, str_of(token)));
	assert_null(auth_token_find(a, STR("")));
	assert_null(auth_token_find(a, str_of(t->hash)));
	auth_free(a);
}

static void
test_damaged(void **state)
{
	static const struct { const char *text; const char *where; } cases[] = {
		{ "user alice admin 0123456789abcdef 1 1 *\n", ":1: " },
		{ "# ok\nuser alice root 0123456789abcdef 1 1 * $y$x\n", ":2: " },
		{ "user alice admin 0123456789abcdef 1 1 * x\n", ":1: " },
		{ "user alice admin 0123456789abcdef 1 1 * $y$x\nuser alice admin 0123456789abcdef 1 1 * $y$x\n", ":2: " },
		{ "user al:ce admin 0123456789abcdef 1 1 * $y$x\n", ":1: " },
		{ "user alice viewer 0123456789abcdef 1 1 a.example,,b.example $y$x\n", ":1: " },
		{ "user alice viewer 0123456789abcdef 1 1  $y$x\n", ":1: " },
		{ "user alice viewer 0123456789abcdef 1 1 * $y$x more\n", ":1: " },
		{ "token t read 0123456789ab 1 * 00\n", ":1: " },
		{ "nonsense\n", ":1: " },
	};
	char		 path[256];
	struct err	 e = { 0 };

	(void)state;
	path_in(path, "users");
	for (size_t i = 0; i < nitems(cases); i++) {
		e = (struct err){ 0 };
		assert_int_equal(io_replace_file(path, cases[i].text, strlen(cases[i].text), 0600, &e), 0);
		assert_null(auth_load(dir, &e));
		assert_int_equal(e.code, ERR_CONFIG);
		assert_non_null(strstr(e.msg, cases[i].where));
	}
	assert_int_equal(io_replace_file(path, "user a\0b", 8, 0600, &e), 0);
	assert_null(auth_load(dir, &e));
	(void)unlink(path);
}

static void
test_names(void **state)
{
	static const char *const	 good[] = { "a", "alice", "Alice.B_c-d@example.org" };
	static const char *const	 bad[] = { "", "-a", "a b", "a:b", "a/b", "a\n", "\xc3\xa4", "a*" };
	char				 longest[AUTH_NAME_MAX + 2], *domains = NULL;

	(void)state;
	for (size_t i = 0; i < nitems(good); i++)
		assert_true(auth_name_ok(good[i]));
	for (size_t i = 0; i < nitems(bad); i++)
		assert_false(auth_name_ok(bad[i]));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(auth_name_ok(longest));
	assert_true(auth_name_ok(longest + 1));
	assert_int_equal(auth_domains_add(&domains, "*.example", &(struct err){ 0 }), -1);
	assert_int_equal(auth_domains_add(&domains, "a b", &(struct err){ 0 }), -1);
	assert_int_equal(auth_domains_add(&domains, "", &(struct err){ 0 }), -1);
	assert_null(domains);
}

/* --- Sessions ------------------------------------------------------------------------ */

#define STAMP "0123456789abcdef"

static void
test_sessions(void **state)
{
	struct auth_sessions	*t;
	struct auth_session	 s;
	struct err		 e = { 0 };
	char			 path[256], one[AUTH_SECRET_TEXT], two[AUTH_SECRET_TEXT];
	struct buf		 b = { 0 };

	(void)state;
	path_in(path, "http/sessions");
	t = auth_sessions_open(path, 100, 1000, &e);
	assert_non_null(t);
	assert_int_equal(auth_session_begin(t, "alice", STAMP, 5000, one, &e), 0);
	assert_int_equal(auth_session_begin(t, "alice", STAMP, 5000, two, &e), 0);
	assert_string_not_equal(one, two);
	assert_true(auth_session_find(t, str_of(one), 5050, &s));
	assert_string_equal(s.user, "alice");
	assert_string_equal(s.stamp, STAMP);
	assert_false(auth_session_find(t, STR("0000"), 5050, &s));
	assert_false(auth_session_find(t, STR(""), 5050, &s));
	assert_int_equal(auth_sessions_save(t, 5050, &e), 0);
	auth_sessions_close(t);

	/* only hashes are kept, and they outlive a restart */
	assert_int_equal(io_read_file(path, 10000, &b, &e), 0);
	assert_true(buf_byte(&b, 0));
	assert_null(strstr(b.p, one));
	assert_null(strstr(b.p, two));
	buf_free(&b);
	t = auth_sessions_open(path, 100, 1000, &e);
	assert_non_null(t);
	assert_true(auth_session_find(t, str_of(one), 5060, &s));
	assert_int_equal(auth_sessions_of(t, "alice", STAMP, 5060), 2);
	/* idle */
	assert_false(auth_session_find(t, str_of(two), 5101, &s));
	/* the longest, however busy */
	for (int64_t now = 5060; now <= 6000; now += 90)
		assert_true(auth_session_find(t, str_of(one), now, &s));
	assert_false(auth_session_find(t, str_of(one), 6001, &s));
	/* an end is an end, also after a restart */
	assert_int_equal(auth_session_begin(t, "alice", STAMP, 6001, one, &e), 0);
	assert_int_equal(auth_sessions_save(t, 6001, &e), 0);
	assert_true(auth_session_end(t, str_of(one)));
	assert_false(auth_session_end(t, str_of(one)));
	assert_int_equal(auth_sessions_save(t, 6001, &e), 0);
	auth_sessions_close(t);
	t = auth_sessions_open(path, 100, 1000, &e);
	assert_false(auth_session_find(t, str_of(one), 6001, &s));
	/* one user cannot fill the table */
	for (int i = 0; i < 100; i++)
		assert_int_equal(auth_session_begin(t, "alice", STAMP, 6001 + i / 10, i == 99 ? one : two, &e), 0);
	assert_int_equal(auth_sessions_of(t, "alice", STAMP, 6011), 32);
	assert_true(auth_session_find(t, str_of(one), 6011, &s));
	auth_sessions_close(t);
	/* nonsense in the file is nobody's session */
	assert_int_equal(io_replace_file(path, "x\n\n1 2 3 4 5\n", 13, 0600, &e), 0);
	t = auth_sessions_open(path, 100, 1000, &e);
	assert_non_null(t);
	assert_false(auth_session_find(t, STR("x"), 6001, &s));
	auth_sessions_close(t);
}

/* --- Brakes ------------------------------------------------------------------------- */

static void
test_brake(void **state)
{
	struct auth_brake	*b = auth_brake_new();
	char			 name[32], from[32];

	(void)state;
	assert_non_null(b);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(auth_brake_wait(b, "192.0.2.1", "alice", 1000), 0);
		auth_brake_failed(b, "192.0.2.1", "alice", 1000);
	}
	assert_int_equal(auth_brake_wait(b, "192.0.2.1", "alice", 1000), 1000);
	assert_int_equal(auth_brake_wait(b, "198.51.100.1", "alice", 1000), 1000);	/* from anywhere */
	assert_int_equal(auth_brake_wait(b, "192.0.2.1", "bob", 1000), 0);
	assert_int_equal(auth_brake_wait(b, "192.0.2.1", "alice", 2000), 0);
	for (int i = 0; i < 30; i++)
		auth_brake_failed(b, "192.0.2.1", "alice", 2000);
	assert_int_equal(auth_brake_wait(b, "198.51.100.1", "alice", 2000), 60000);	/* and no longer */
	assert_int_equal(auth_brake_wait(b, "192.0.2.1", "carol", 2000), 15 * 60000);
	auth_brake_passed(b, "198.51.100.1", "alice");
	assert_int_equal(auth_brake_wait(b, "198.51.100.1", "alice", 2000), 0);
	assert_true(auth_brake_wait(b, "192.0.2.1", "alice", 2000) > 0);
	/* it is forgotten in time */
	assert_int_equal(auth_brake_wait(b, "192.0.2.1", "alice", 2000 + 8 * 15 * 60000), 0);
	/* a whole /64 is one */
	for (int i = 0; i < 20; i++) {
		(void)snprintf(from, sizeof(from), "2001:db8::%x", i + 1);
		(void)snprintf(name, sizeof(name), "user%d", i);
		auth_brake_failed(b, from, name, 1000);
	}
	assert_true(auth_brake_wait(b, "2001:db8::ffff", "somebody", 1000) > 0);
	assert_int_equal(auth_brake_wait(b, "2001:db8:0:1::1", "somebody", 1000), 0);
	auth_brake_free(b);
}

/* --- The log -------------------------------------------------------------------------- */

static void
test_audit(void **state)
{
	struct auth_entry	 x = { .time = 100, .event = AUTH_LOGIN, .who = "alice", .from = "192.0.2.1" }, *got;
	struct err		 e = { 0 };
	size_t			 n;

	(void)state;
	assert_int_equal(auth_audit(dir, &x, &e), 0);
	x = (struct auth_entry){ .time = 101, .event = AUTH_LOGIN_FAILED, .who = "a\tb\nc", .from = "2001:db8::1", .what = "\x1b[31m" };
	assert_int_equal(auth_audit(dir, &x, &e), 0);
	assert_int_equal(auth_audit_read(dir, 10, &got, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(got[0].time, 101);
	assert_int_equal(got[0].event, AUTH_LOGIN_FAILED);
	assert_null(strpbrk(got[0].who, "\t\n"));
	assert_null(strchr(got[0].what, 0x1b));
	assert_string_equal(got[1].who, "alice");
	free(got);
	for (int i = 0; i < 40000; i++) {
		x = (struct auth_entry){ .time = 200 + i, .event = AUTH_LOGIN, .who = "alice", .from = "2001:db8:1111:2222:3333:4444:5555:6666" };
		assert_int_equal(auth_audit(dir, &x, &e), 0);
	}
	assert_int_equal(auth_audit_read(dir, 500, &got, &n, &e), 0);
	assert_int_equal(n, 500);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(got[i].time, 200 + 39999 - (int64_t)i);
	free(got);
}

/* --- Changes that were asked for --------------------------------------------------------- */

#define CRYPTED "$y$j9T$fRvND4x/zc1IAMoR6WIjx0$wxdnvJTN0nQ.tC0Z4oWJY.ulgP3imULFzD7ALOy7B38"
#define A16 "aaaaaaaaaaaaaaaa"
#define B16 "bbbbbbbbbbbbbbbb"
#define C16 "cccccccccccccccc"

static int
begin_with(struct auth *a, void *ctx, struct err *e)
{
	struct auth_user	*u;

	(void)ctx;
	while (a->nusers > 0)
		auth_user_remove(a, a->users);
	while (a->ntokens > 0)
		auth_token_remove(a, a->tokens);
	if ((u = auth_user_add(a, "root", e)) == NULL)
		return (-1);
	u->role = AUTH_ADMIN;
	u->hash = strdup(CRYPTED);
	memcpy(u->stamp, A16, 17);
	return (0);
}

static struct auth_change
wanted(enum auth_act act, const char *name)
{
	struct auth_change	 c = { .act = act, .by = "root", .by_stamp = A16, .from = "2001:db8::1", .role = AUTH_VIEWER };

	(void)snprintf(c.name, sizeof(c.name), "%s", name);
	return (c);
}

static size_t
logged(const char *what)
{
	struct auth_entry	*v;
	struct err		 e = { 0 };
	size_t			 n, found = 0;

	assert_int_equal(auth_audit_read(dir, 500, &v, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		found += strcmp(v[i].what, what) == 0;
	free(v);
	return (found);
}

static void
test_change(void **state)
{
	static char		 crypted[] = CRYPTED, domains[] = "example.org", hex[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct auth_change	 c, again;
	struct auth		*a;
	struct err		 e = { 0 };

	(void)state;
	assert_int_equal(auth_edit(dir, begin_with, NULL, &e), 0);
	/* one is made, and made again: once */
	c = wanted(AUTH_ACT_USER_ADD, "bob");
	c.rights = true;
	c.domains = domains;
	c.hash = crypted;
	memcpy(c.fresh, B16, 17);
	again = c;
	for (int i = 0; i < 3; i++)
		assert_int_equal(auth_change_do(dir, &c, 1000, &e), 0);
	assert_int_equal(logged("bob viewer example.org"), 1);
	/* killed before the line was written: it is written then */
	{
		char	 path[256];

		path_in(path, "http/audit");
		assert_int_equal(unlink(path), 0);
		path_in(path, "http/audit.1");
		(void)unlink(path);
		assert_int_equal(auth_change_do(dir, &c, 1000, &e), 0);
		assert_int_equal(logged("bob viewer example.org"), 1);
	}
	/* the same name by somebody else is taken */
	memcpy(c.fresh, C16, 17);
	assert_int_equal(auth_change_do(dir, &c, 1000, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	/* another role; then the request before comes once more, after a kill: its user is there, but not as it made him */
	c = wanted(AUTH_ACT_USER_CHANGE, "bob");
	c.rights = true;
	memcpy(c.seen, B16, 17);
	memcpy(c.fresh, C16, 17);
	assert_int_equal(auth_change_do(dir, &c, 1001, &e), 0);
	assert_int_equal(auth_change_do(dir, &c, 1001, &e), 0);
	assert_int_equal(logged("bob viewer"), 1);
	assert_int_equal(auth_change_do(dir, &again, 1000, &e), -1);
	memcpy(c.fresh, B16, 17);
	e = (struct err){ 0 };
	assert_int_equal(auth_change_do(dir, &c, 1002, &e), -1);
	assert_int_equal(e.detail, AUTH_STALE);
	/* nobody but an admin, as he was when he asked */
	c = wanted(AUTH_ACT_USER_REMOVE, "bob");
	memcpy(c.seen, C16, 17);
	memcpy(c.by_stamp, B16, 17);
	assert_int_equal(auth_change_do(dir, &c, 1003, &e), -1);
	(void)snprintf(c.by, sizeof(c.by), "bob");
	memcpy(c.by_stamp, C16, 17);
	assert_int_equal(auth_change_do(dir, &c, 1003, &e), -1);
	c = wanted(AUTH_ACT_USER_REMOVE, "root");
	memcpy(c.seen, A16, 17);
	assert_int_equal(auth_change_do(dir, &c, 1003, &e), -1);
	assert_non_null(strstr(e.msg, "only admin"));
	(void)snprintf(c.name, sizeof(c.name), "bob");
	memcpy(c.seen, C16, 17);
	assert_int_equal(auth_change_do(dir, &c, 1003, &e), 0);
	assert_int_equal(auth_change_do(dir, &c, 1003, &e), 0);
	assert_int_equal(logged("bob"), 1);
	/* tokens */
	c = wanted(AUTH_ACT_TOKEN_ADD, "graf");
	c.rights = true;
	c.hash = hex;
	memcpy(c.fresh, "0123456789ab", 13);
	assert_int_equal(auth_change_do(dir, &c, 1004, &e), 0);
	assert_int_equal(auth_change_do(dir, &c, 1004, &e), 0);
	assert_int_equal(logged("graf read"), 1);
	c = wanted(AUTH_ACT_TOKEN_REVOKE, "graf");
	memcpy(c.seen, "0123456789ac", 13);
	e = (struct err){ 0 };
	assert_int_equal(auth_change_do(dir, &c, 1005, &e), -1);
	assert_int_equal(e.detail, AUTH_STALE);
	memcpy(c.seen, "0123456789ab", 13);
	assert_int_equal(auth_change_do(dir, &c, 1005, &e), 0);
	a = auth_load(dir, &e);
	assert_non_null(a);
	assert_int_equal(a->nusers, 1);
	assert_int_equal(a->ntokens, 0);
	auth_free(a);
	/* no shape that another process made up comes into the file */
	c = again;
	for (int i = 0; i < 6; i++) {
		struct auth_change	 odd = again;
		static char		 bad[] = "$y$j9T$line\nuser eve admin", clear[] = "a password in the clear";

		odd.hash = i == 0 ? bad : i == 1 ? clear : crypted;
		if (i == 2)
			(void)snprintf(odd.name, sizeof(odd.name), "a b");
		if (i == 3)
			(void)snprintf(odd.from, sizeof(odd.from), "x\ny");
		if (i == 4)
			memcpy(odd.fresh, "short", 6);
		if (i == 5)
			odd.role = AUTH_ADMIN;	/* with domains */
		assert_int_equal(auth_change_check(&odd, &e), -1);
	}
	assert_int_equal(auth_change_check(&again, &e), 0);
}

static void
test_seen(void **state)
{
	struct auth_seen	*s;
	struct err		 e = { 0 };

	(void)state;
	s = auth_seen_open(dir, &e);
	assert_non_null(s);
	assert_int_equal(auth_seen_at(s, "0123456789ab"), 0);
	auth_seen_mark(s, "0123456789ab", 77);
	assert_int_equal(auth_seen_save(s, 1000, true, &e), 0);
	auth_seen_close(s);
	s = auth_seen_open(dir, &e);
	assert_int_equal(auth_seen_at(s, "0123456789ab"), 77);
	auth_seen_close(s);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_password), cmocka_unit_test(test_password_rules), cmocka_unit_test(test_file),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_names), cmocka_unit_test(test_sessions), cmocka_unit_test(test_brake),
		cmocka_unit_test(test_audit), cmocka_unit_test(test_seen), cmocka_unit_test(test_change),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, make_dir, remove_dir));
}
