/*
 * What people ask of the ingester: files that wait, carried out once whenever
 * the process is killed, refused with a reason, and waited for.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "process/requests.h"

#define SENDERS 20

static char		 dir[64];
static struct store	*store;
static struct spool	*spool;
static sqlite3		*db;

static void
sql(const char *text)
{
	char	*why = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

static int64_t
number(const char *text)
{
	sqlite3_stmt	*st;
	int64_t		 v;

	if (sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return (v);
}

static unsigned
files(void)
{
	char		 path[128];
	unsigned	 n = 0;
	DIR		*d;

	(void)snprintf(path, sizeof(path), "%s/requests", dir);
	assert_non_null(d = opendir(path));
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += e->d_name[0] != '.';
	(void)closedir(d);
	return (n);
}

static int
open_database(void)
{
	struct err	 e = { 0 };
	char		 path[128];

	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", dir);
	return ((store = store_open(dir, STORE_WRITE, &e)) == NULL || sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_busy_timeout(db, 10000) != SQLITE_OK ? -1 : 0);
}

/* Before a fork: SQLite in the child would take the locks of this process for its own. */
static void
close_database(void)
{
	sqlite3_close(db);
	store_close(store);
}

static int
set_up(void **state)
{
	struct err	 e = { 0 };

	(void)state;
	log_open("test", LOG_ERROR);
	(void)snprintf(dir, sizeof(dir), "/tmp/test_requests.XXXXXX");
	if (mkdtemp(dir) == NULL || open_database() == -1 || (spool = spool_open(dir, &e)) == NULL)
		return (-1);
	sql("INSERT INTO domain (id, name) VALUES (1, 'example.com'), (2, 'example.org')");
	sql("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 21) "
	    "INSERT INTO sender SELECT i, 'domain:s' || i || '.test', 's' || i || '.test', 1 FROM n");
	sql("INSERT INTO sender_class SELECT 1, id, 6, 2, 2, '[]', 20000, 20010, 100 FROM sender");
	return (0);
}

static int
tear_down(void **state)
{
	char	 command[96];

	(void)state;
	spool_close(spool);
	close_database();
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return (system(command));
}

static int64_t
ask(enum request_kind kind, int64_t item, const struct store_decision *d, size_t n, const char *who)
{
	struct store_decision	 copy[DECISIONS_MAX];
	struct asking		 a = { .kind = kind, .at = 7, .item = item, .decisions = copy, .n = n };
	struct err		 e = { 0 };

	if (n > 0)
		memcpy(copy, d, n * sizeof(*d));
	(void)snprintf(a.who, sizeof(a.who), "%s", who);
	if (request_put(dir, &a, &e) == -1)
		fail_msg("%s", e.msg);
	assert_true(a.token > 0);
	return (a.token);
}

static int
run(void)
{
	struct err	 e = { 0 };
	int		 rv = requests_run(dir, spool, store, &limits_default, &e);

	if (rv == -1)
		fail_msg("%s", e.msg);
	return (rv);
}

static struct store_outcome
outcome(int64_t token)
{
	struct store_outcome	 o;
	struct err		 e = { 0 };

	assert_int_equal(store_outcome_get(store, token, &o, &e), 1);
	return (o);
}

static void
test_files(void **state)
{
	static const char *const junk[] = { "1.retry", "0000000000000000001-0.retry", "0000000000000000001-1.other", "0000000000000000001-1",
	    "000000000000000001-1.retry", "0000000000000000001-01.retry", "0000000000000000001-99999999999999999999.retry", ".1.part",
	    "0000000000000000001-1.retry.x", "x" };
	struct store_decision	 d = { .sender = 3, .domain = STR("example.com"), .class = CLASS_OWN, .note = STR("\xc3\xa4 \"note\""), .seen = 4 };
	struct asking		*list, a = { .kind = REQUEST_DECIDE, .who = "x" };
	struct err		 e = { 0 };
	char			 path[256];
	int64_t			 token[4];
	size_t			 n;
	int			 fd;

	(void)state;
	for (size_t i = 0; i < nitems(junk); i++) {
		(void)snprintf(path, sizeof(path), "%s/requests/%s", dir, junk[i]);
		assert_true((fd = open(path, O_CREAT | O_WRONLY, 0600)) != -1);
		(void)close(fd);
	}
	assert_int_equal(request_list(dir, &list, &n, 100, &e), 0);
	assert_int_equal(n, 0);
	free(list);
	token[0] = ask(REQUEST_DISCARD, 12, NULL, 0, "anna");
	token[1] = ask(REQUEST_RETRY, 3, NULL, 0, "anna");
	token[2] = ask(REQUEST_DECIDE, 0, &d, 1, "anna");
	token[3] = ask(REQUEST_UNDO, token[2], NULL, 0, "bert");
	/* the same of the same message waits once */
	assert_int_equal(ask(REQUEST_RETRY, 3, NULL, 0, "bert"), token[1]);
	assert_int_equal(request_list(dir, &list, &n, 100, &e), 0);
	assert_int_equal(n, 4);
	/* what takes a moment first, else as it was asked */
	assert_true(list[0].token == token[2] && list[1].token == token[3] && list[2].token == token[0] && list[3].token == token[1]);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(request_read(dir, &list[i], &e), 0);
	assert_true(list[0].kind == REQUEST_DECIDE && list[0].n == 1 && list[0].at == 7);
	assert_string_equal(list[0].who, "anna");
	assert_true(list[0].decisions[0].sender == 3 && list[0].decisions[0].class == CLASS_OWN && list[0].decisions[0].seen == 4);
	assert_true(str_eq(list[0].decisions[0].domain, d.domain) && str_eq(list[0].decisions[0].note, d.note));
	assert_true(list[1].kind == REQUEST_UNDO && list[1].item == token[2]);
	assert_true(list[3].kind == REQUEST_RETRY && list[3].item == 3);
	for (size_t i = 0; i < n; i++) {
		request_clear(&list[i]);
		assert_int_equal(request_remove(dir, &list[i], &e), 0);
		assert_int_equal(request_remove(dir, &list[i], &e), 0);
	}
	free(list);
	assert_int_equal(request_put(dir, &a, &e), -1);	/* no decision at all */
	assert_int_equal(e.code, ERR_LIMIT);
	a = (struct asking){ .kind = REQUEST_DECIDE, .who = "x", .decisions = &d, .n = 1 };
	d.note = STR("\xff");
	assert_int_equal(request_put(dir, &a, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	for (size_t i = 0; i < nitems(junk); i++) {
		(void)snprintf(path, sizeof(path), "%s/requests/%s", dir, junk[i]);
		(void)unlink(path);
	}
}

static void
test_too_many(void **state)
{
	struct asking	 a = { .kind = REQUEST_UNDO, .who = "x", .item = 1 };
	struct err	 e = { 0 };
	char		 path[256];
	int		 fd;

	(void)state;
	for (unsigned i = 1; i <= REQUESTS_WAITING; i++) {
		(void)snprintf(path, sizeof(path), "%s/requests/%019u-%u.undo", dir, i, i);
		assert_true((fd = open(path, O_CREAT | O_WRONLY, 0600)) != -1);
		(void)close(fd);
	}
	assert_int_equal(request_put(dir, &a, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	/* empty files: each is refused, and who waits is told so */
	while (run() > 0)
		;
	assert_int_equal(files(), 0);
	assert_int_equal(outcome(1).result, REQUEST_REFUSED);
	assert_int_equal(number("SELECT count(*) FROM request"), REQUESTS_WAITING);
	assert_int_equal(request_put(dir, &a, &e), 0);
	assert_int_equal(run(), 1);
	sql("DELETE FROM request");
}

static void
test_decisions(void **state)
{
	struct store_decision	 d[] = { { .sender = 2, .class = CLASS_OWN, .seen = 0 }, { .sender = 3, .domain = STR("example.com"), .class = -1,
				    .seen = DECISION_ANY } }, bad = { .sender = 9999, .class = CLASS_OWN, .seen = DECISION_ANY };
	int64_t			 both, wrong, late, undo, again;

	(void)state;
	both = ask(REQUEST_DECIDE, 0, d, 2, "anna");
	wrong = ask(REQUEST_DECIDE, 0, &bad, 1, "anna");
	late = ask(REQUEST_DECIDE, 0, d, 1, "bert");	/* who has not seen what anna said */
	undo = ask(REQUEST_UNDO, both, NULL, 0, "bert");
	again = ask(REQUEST_UNDO, both, NULL, 0, "anna");
	assert_int_equal(run(), 5);
	assert_int_equal(files(), 0);
	assert_true(outcome(both).result == REQUEST_DONE && outcome(both).n == 2);
	assert_int_equal(outcome(wrong).result, REQUEST_REFUSED);
	assert_non_null(strstr(outcome(wrong).text, "no sender 9999"));
	assert_int_equal(outcome(late).result, REQUEST_STALE);
	assert_true(outcome(undo).result == REQUEST_DONE && outcome(undo).n == 2 && outcome(undo).kind == REQUEST_UNDO);
	assert_int_equal(outcome(again).result, REQUEST_REFUSED);
	assert_int_equal(number("SELECT count(*) FROM decision WHERE who = 'anna' AND at = 7 AND undone_by = 'bert'"), 2);
	assert_int_equal(number("SELECT count(*) FROM decision"), 2);
	assert_int_equal(number("SELECT count(*) FROM decision WHERE was = 6 AND was_decided = 0"), 2);
	assert_int_equal(run(), 0);
}

/* Killed between the commit and the end of the file: the file is there again. */
static void
test_once(void **state)
{
	struct store_decision	 d = { .sender = 4, .class = CLASS_SERVICE, .seen = DECISION_ANY };
	struct asking		*list;
	struct err		 e = { 0 };
	char			 path[256];
	size_t			 n;
	int64_t			 token = ask(REQUEST_DECIDE, 0, &d, 1, "anna"), before = number("SELECT count(*) FROM decision");
	struct buf		 b = { 0 };

	(void)state;
	assert_int_equal(request_list(dir, &list, &n, 10, &e), 0);
	assert_int_equal(n, 1);
	(void)snprintf(path, sizeof(path), "%s/requests/%s", dir, list[0].name);
	free(list);
	assert_int_equal(io_read_file(path, 4096, &b, &e), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(run(), 1);
		assert_int_equal(files(), 0);
		assert_int_equal(number("SELECT count(*) FROM decision"), before + 1);
		assert_int_equal(outcome(token).result, REQUEST_DONE);
		assert_int_equal(io_replace_file(path, b.p, b.len, 0600, &e), 0);
	}
	assert_int_equal(run(), 1);
	buf_free(&b);
}

static void
quarantined(int64_t id, bool there)
{
	char	 text[512], path[256];
	int	 fd;

	(void)snprintf(text, sizeof(text), "INSERT OR IGNORE INTO name VALUES (900, 'import'); "
	    "INSERT INTO message (id, received, origin, result, bytes, token) VALUES (%d, 1, 900, 4, 5, 0); "
	    "INSERT INTO quarantine (id, received, origin, file, bytes, reason, text, message) "
	    "VALUES (%d, 1, 900, '1.M%dP1Q1.test,S=5', 5, 'unreadable', 'x', %d)", (int)id, (int)id, (int)id, (int)id);
	sql(text);
	if (!there)
		return;
	(void)snprintf(path, sizeof(path), "%s/quarantine/1.M%dP1Q1.test,S=5", dir, (int)id);
	assert_true((fd = open(path, O_CREAT | O_WRONLY, 0600)) != -1);
	assert_int_equal(write(fd, "hello", 5), 5);
	(void)close(fd);
}

static void
test_quarantine(void **state)
{
	char	 path[256];
	int64_t	 gone, missing, none;

	(void)state;
	quarantined(50, true);
	quarantined(51, false);
	gone = ask(REQUEST_DISCARD, 50, NULL, 0, "anna");
	missing = ask(REQUEST_DISCARD, 51, NULL, 0, "anna");
	none = ask(REQUEST_DISCARD, 52, NULL, 0, "anna");
	assert_int_equal(run(), 3);
	assert_int_equal(files(), 0);
	assert_true(outcome(gone).result == REQUEST_DONE && outcome(missing).result == REQUEST_DONE && outcome(none).result == REQUEST_DONE);
	assert_int_equal(number("SELECT count(*) FROM quarantine"), 0);
	assert_int_equal(number("SELECT count(*) FROM quarantine_action WHERE action = 1 AND asked = 7"), 3);
	(void)snprintf(path, sizeof(path), "%s/quarantine/1.M50P1Q1.test,S=5", dir);
	assert_int_equal(access(path, F_OK), -1);
}

/* A child that is killed at any time; the next goes on. Everything is done, and once. */
static void
test_kills(void **state)
{
	static int64_t	 token[4 * SENDERS];
	int64_t		 before = number("SELECT count(*) FROM decision");
	unsigned	 kills = 0, seed = 1, n = 0;
	/* as much of the work done between kills where all is that much slower */
	long		 slow = getenv("DMARCD_TEST_FEW") == NULL ? 1 : 15, wait_ns;
	struct err	 e = { 0 };

	(void)state;
	sql("DELETE FROM decision; DELETE FROM request");
	before = 0;
	for (unsigned i = 0; i < 3 * SENDERS; i++) {
		struct store_decision	 d = { .sender = 2 + i % SENDERS, .domain = STR("example.com"), .class = CLASS_OWN, .seen = DECISION_ANY };

		token[n++] = ask(REQUEST_DECIDE, 0, &d, 1, "anna");
		if (i % 3 == 0) {
			token[n] = ask(REQUEST_UNDO, token[n - 1], NULL, 0, "bert");
			n++;
		}
	}
	close_database();
	while (files() > 0) {
		pid_t	 pid = fork();
		int	 status;

		assert_true(pid != -1);
		if (pid == 0) {
			struct store	*s = store_open(dir, STORE_WRITE, &e);
			struct spool	*sp = spool_open(dir, &e);

			bool		 bad = s == NULL || sp == NULL || requests_run(dir, sp, s, &limits_default, &e) == -1;

			/* who is not killed has lost nothing: below valgrind that is looked at, too */
			store_close(s);
			spool_close(sp);
			_exit(bad);
		}
		seed = seed * 1103515245 + 12345;
		wait_ns = ((long)(seed >> 16) % 12 * 1000000 + 500000 + (long)kills * 200000) * slow;
		(void)nanosleep(&(struct timespec){ .tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000 }, NULL);
		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			assert_int_equal(WEXITSTATUS(status), 0);
		kills += WIFSIGNALED(status) != 0;
	}
	assert_int_equal(open_database(), 0);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(outcome(token[i]).result, REQUEST_DONE);
	assert_int_equal(number("SELECT count(*) FROM decision"), before + 3 * SENDERS);
	assert_int_equal(number("SELECT count(*) FROM decision WHERE undone IS NOT NULL"), SENDERS);
	assert_int_equal(number("SELECT count(DISTINCT batch) FROM decision"), 3 * SENDERS);
	print_message("# %u of the processes were killed\n", kills);
}

/* A command: done here when nobody empties the spool, else by who does. */
static void
test_command(void **state)
{
	struct store_decision	 d = { .sender = 5, .domain = STR("example.com"), .class = CLASS_LIST, .seen = DECISION_ANY };
	struct asking		 a = { .kind = REQUEST_DECIDE, .who = "cli", .at = 9, .decisions = &d, .n = 1 };
	struct store_outcome	 o;
	struct err		 e = { 0 };
	int			 status;
	pid_t			 pid;

	(void)state;
	assert_int_equal(requests_ask(dir, &a, &o, &e), 1);
	assert_true(o.result == REQUEST_DONE && o.n == 1);
	assert_int_equal(spool_lock(spool, &e), 0);
	close_database();
	if ((pid = fork()) == 0) {
		int	 rv;

		a.token = 0;
		if ((rv = requests_ask(dir, &a, &o, &e)) == 1 && o.result == REQUEST_DONE)
			_exit(0);
		print_message("# %d, %d: %s\n", rv, rv == 1 ? (int)o.result : -1, e.msg);
		fflush(stdout);
		_exit(1);
	}
	assert_int_equal(open_database(), 0);
	while (run() == 0)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(number("SELECT count(*) FROM decision WHERE who = 'cli' AND class = 3"), 2);
}

/* Tasks, fixes and views go the same way; what makes no sense is refused. */
static void
test_todo(void **state)
{
	struct asking		 a = { .kind = REQUEST_TODO, .at = 1767312000, .who = "web, alice", .todo = { .act = TODO_WATCH, .sender = 2,
				    .domain = STR("example.com"), .code = 23, .until = DAY_NONE } };
	struct asking		 v = { .kind = REQUEST_TODO, .at = 9, .who = "web, bob", .todo = { .act = TODO_VIEW, .until = DAY_NONE, .owner = STR("bob"),
				    .name = STR("\"quoted\" \xc3\xa4"), .page = STR("/senders"), .query = STR("t=7d") } };
	struct asking		 bad = { .kind = REQUEST_TODO, .at = 9, .who = "x", .todo = { .act = TODO_UNWATCH, .id = 4711, .until = DAY_NONE } };
	struct asking		 broken = { .kind = REQUEST_TODO, .at = 9, .who = "x", .todo = { .act = TODO_VIEW, .until = DAY_NONE, .name = STR("\xff") } };
	struct err		 e = { 0 };

	(void)state;
	assert_int_equal(request_put(dir, &a, &e), 0);
	assert_int_equal(request_put(dir, &v, &e), 0);
	assert_int_equal(request_put(dir, &bad, &e), 0);
	assert_int_equal(request_put(dir, &broken, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_int_equal(run(), 3);
	assert_int_equal(files(), 0);
	assert_int_equal(outcome(a.token).result, REQUEST_DONE);
	assert_int_equal(outcome(v.token).result, REQUEST_DONE);
	assert_int_equal(outcome(bad.token).result, REQUEST_REFUSED);
	assert_int_equal(number("SELECT id FROM watch WHERE who = 'web, alice' AND domain = 1 AND code = 23 AND day = 20455"), a.token);
	assert_int_equal(number("SELECT count(*) FROM saved_view WHERE owner = 'bob' AND name = '\"quoted\" \xc3\xa4' AND query = 't=7d'"), 1);
	/* a file that says the same again is not carried out again */
	assert_int_equal(request_put(dir, &a, &e), 0);
	assert_int_equal(run(), 1);
	assert_int_equal(number("SELECT count(*) FROM watch"), 1);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_todo),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_quarantine),
		cmocka_unit_test(test_kills),
		cmocka_unit_test(test_command),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, set_up, tear_down));
}
