/*
 * test_ingest.c - messages through decoders into the store. Decoders are this
 * program again ("-x decoder"), with a reader that fails where a message asks
 * for it: one message may cost its own process, never another message.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include "cases.h"

#include "base/log.h"
#include "decode/reader.h"
#include "process/ingest.h"
#include "process/role.h"
#include "process/sandbox.h"

#define REPORT_HEAD(id) "<feedback><report_metadata><org_name>rep.example</org_name><report_id>" id "</report_id><date_range>"		\
    "<begin>1722816000</begin><end>1722902399</end></date_range></report_metadata><policy_published><domain>example.com</domain>"	\
    "<p>none</p></policy_published>"
#define ROW "<record><row><source_ip>192.0.2.%u</source_ip><count>1</count></row><identifiers><header_from>s%u.example.com</header_from>" \
    "</identifiers></record>"

/* --- The decoder of this test: --wrap=reader_run ---------------------------------------- */

int	 __real_reader_run(struct reader *, const struct reader_job *, struct reader_result *, struct err *);
int	 __wrap_reader_run(struct reader *, const struct reader_job *, struct reader_result *, struct err *);

/* What a decoder does to itself. */
static const struct death { const char *header; int signal; const char *code, *says; } deaths[] = {
	{ "X-Segv: 1\n", SIGSEGV, "crashed", "SIGSEGV" },
	{ "X-Bus: 1\n", SIGBUS, "crashed", "SIGBUS" },
	{ "X-Abort: 1\n", SIGABRT, "crashed", "SIGABRT" },
	{ "X-Sys: 1\n", SIGSYS, "crashed", "its sandbox forbids" },
	{ "X-Cpu: 1\n", SIGXCPU, "too-slow", "SIGXCPU" },
	{ "X-Code: 1\n", 0, "crashed", "ended with code 3" },
	{ "X-NoMem: 1\n", -1, "over-limit", "memory" },
};

static void
die(const struct death *d)
{
	if (d->signal == SIGSYS)
		(void)socket(AF_INET, SOCK_STREAM, 0);
	if (d->signal > 0) {
		(void)signal(d->signal, SIG_DFL);
		(void)raise(d->signal);
	}
	_exit(d->signal == -1 ? 72 : 3);
}

/* Sandboxes of decoders fail when asked to. */
int	 __real_sandbox_enter(enum sandbox_role, const struct sandbox_paths *, struct sandbox_report *, struct err *);
int	 __wrap_sandbox_enter(enum sandbox_role, const struct sandbox_paths *, struct sandbox_report *, struct err *);

int
__wrap_sandbox_enter(enum sandbox_role role, const struct sandbox_paths *p, struct sandbox_report *r, struct err *e)
{
	const char	*how = getenv("TEST_UNFIT");

	if (how != NULL && strcmp(how, "sandbox") == 0)
		return (err_set(e, ERR_TEMP, "sandbox: seccomp: refused for a test"));
	if (how != NULL && strcmp(how, "crash") == 0)
		_exit(71);
	if (how != NULL && strcmp(how, "kill") == 0)
		(void)raise(SIGKILL);
	return (__real_sandbox_enter(role, p, r, e));
}

int
__wrap_reader_run(struct reader *r, const struct reader_job *job, struct reader_result *res, struct err *e)
{
	char	 head[16] = "";
	int	 rv;

	if (pread(job->fd, head, sizeof(head) - 1, (off_t)job->offset) == -1)
		_exit(70);
	if (strncmp(head, "X-Crash:", 8) == 0)
		_exit(139);
	for (size_t i = 0; i < nitems(deaths); i++)
		if (strncmp(head, deaths[i].header, strlen(deaths[i].header) - 3) == 0)
			die(&deaths[i]);
	if (strncmp(head, "X-Memory:", 9) == 0)
		return (err_set(e, ERR_TEMP, "zip: out of memory"));
	if (strncmp(head, "X-Hang:", 7) == 0) {
		(void)lseek(job->fd, 7, SEEK_SET);	/* the test's, too */
		for (;;)	/* in a way that its sandbox allows */
			(void)poll(NULL, 0, -1);
	}
	if (strncmp(head, "X-Lie:", 6) == 0)
		(void)!write(ROLE_FD, "\xff\xff\xff\xff garbage", 12);
	if (strncmp(head, "X-Type:", 7) == 0)	/* a frame of no known type */
		(void)!write(ROLE_FD, "\1\0\0\0\x7f", 5);
	rv = __real_reader_run(r, job, res, e);
	if (strncmp(head, "X-Late:", 7) == 0)	/* when part of it has gone out */
		_exit(139);
	return (rv);
}

/* Below valgrind /proc/self/exe is valgrind; only readlink is told otherwise. */
int	 __real_execv(const char *, char *const *);
int	 __wrap_execv(const char *, char *const *);

int
__wrap_execv(const char *path, char *const *argv)
{
	char	 real[4096];
	ssize_t	 n;

	if (strcmp(path, "/proc/self/exe") == 0 && (n = readlink(path, real, sizeof(real) - 1)) > 0) {
		real[n] = '\0';
		path = real;
	}
	return (__real_execv(path, argv));
}

/* --- Jobs ---------------------------------------------------------------------------------- */

struct job {
	struct ingest_job	 j;
	bool			 finished, abandoned, put_off;
	enum intake_result	 result;
	char			 code[32], reason[512];
	size_t			 nreports;
};

struct fixture {
	char		 dir[64];
	struct store	*s;
	sqlite3		*db;
	struct ingest	*g;
	struct limits	 limits;
	struct err	 e;
};

static void
on_finished(void *ctx, struct ingest_job *j)
{
	struct job	*t = j->user;

	(void)ctx;
	assert_false(t->finished || t->abandoned);
	t->finished = true;
	t->result = j->result;
	t->nreports = j->nreports;
	(void)snprintf(t->code, sizeof(t->code), "%s", j->reason_code == NULL ? "" : j->reason_code);
	(void)snprintf(t->reason, sizeof(t->reason), "%s", j->reason);
	ingest_job_clear(j);
}

static void
on_abandoned(void *ctx, struct ingest_job *j)
{
	struct job	*t = j->user;

	(void)ctx;
	assert_false(t->finished || t->abandoned);
	t->abandoned = true;
	t->put_off = j->put_off;
	(void)snprintf(t->reason, sizeof(t->reason), "%s", j->reason);
	ingest_job_clear(j);
}

static const struct ingest_calls	 calls = { on_finished, on_abandoned };

static void
submit(struct fixture *f, struct job *t, struct str s)
{
	memset(t, 0, sizeof(*t));
	t->j = (struct ingest_job){ .fd = memfd_create("mail", MFD_CLOEXEC), .bytes = s.len, .origin = "test", .received = 1722900000,
	    .keep_original = true, .user = t };
	assert_int_equal(pwrite(t->j.fd, s.p, s.len, 0), (ssize_t)s.len);
	if (ingest_submit(f->g, &t->j, &f->e) == -1)
		fail_msg("%s", f->e.msg);
}

static void
flush(struct fixture *f)
{
	if (ingest_flush(f->g, &f->e) == -1)
		fail_msg("%s", f->e.msg);
	assert_int_equal(ingest_pending(f->g), 0);
}

static int64_t
number(struct fixture *f, const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 v;

	if (sqlite3_prepare_v2(f->db, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(f->db));
	v = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return (v);
}

static void
consistent(struct fixture *f)
{
	assert_int_equal(number(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(number(f, "SELECT (SELECT ifnull(sum(messages), 0) FROM rollup) - (SELECT ifnull(sum(count), 0) FROM record)"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM report WHERE messages <> (SELECT ifnull(sum(count), 0) FROM record WHERE report = "
	    "report.id)"), 0);
}

/* A mail with one report; header in front of it. */
static void
mail(struct buf *b, const char *header, unsigned id, unsigned rows)
{
	buf_clear(b);
	(void)buf_printf(b, "%sContent-Type: text/xml\n\n" REPORT_HEAD("r%u"), header, id);
	for (unsigned i = 0; i < rows; i++)
		(void)buf_printf(b, ROW, i % 250, i);
	(void)buf_cstr(b, "</feedback>");
}

/* --- The place -------------------------------------------------------------------------------- */

static int
setup(void **state)
{
	struct fixture	*f = calloc(1, sizeof(*f));
	char		 path[128];

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/dmarcd-ingest-XXXXXX");
	if (mkdtemp(f->dir) == NULL || (f->s = store_open(f->dir, STORE_WRITE, &f->e)) == NULL)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", f->dir);
	if (sqlite3_open_v2(path, &f->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		return (-1);
	f->limits = limits_default;
	f->limits.seconds = 1;
	if ((f->g = ingest_new(f->s, &f->limits, 2, &calls, f, &f->e)) == NULL)
		return (-1);
	*state = f;
	return (0);
}

static void
remove_all(const char *dir)
{
	DIR		*d = opendir(dir);
	struct dirent	*en;
	char		 path[512];

	while (d != NULL && (en = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, en->d_name);
		if (strcmp(en->d_name, ".") != 0 && strcmp(en->d_name, "..") != 0 && unlink(path) == -1)
			remove_all(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	ingest_free(f->g);
	(void)sqlite3_close(f->db);
	store_close(f->s);
	remove_all(f->dir);
	free(f);
	return (0);
}

/* --- Tests --------------------------------------------------------------------------------------- */

#define GOOD 60

static void
bad_among_good(struct fixture *f, const char *header, const char *code)
{
	static struct job	 jobs[GOOD];
	struct buf		 b = { 0 };

	for (unsigned i = 0; i < GOOD; i++) {
		mail(&b, i == 20 || i == 41 ? header : "", i, 3);
		submit(f, &jobs[i], buf_as_str(&b));
	}
	flush(f);
	for (unsigned i = 0; i < GOOD; i++) {
		assert_true(jobs[i].finished);
		if (i == 20 || i == 41) {
			assert_int_equal(jobs[i].result, IN_REJECTED);
			assert_string_equal(jobs[i].code, code);
			assert_int_equal(jobs[i].nreports, 0);
		} else {
			if (jobs[i].result != IN_STORED)
				fail_msg("%u: %s", i, intake_result_names[jobs[i].result]);
			assert_int_equal(jobs[i].nreports, 1);
		}
	}
	assert_int_equal(number(f, "SELECT count(*) FROM report"), GOOD - 2);
	assert_int_equal(number(f, "SELECT sum(duplicates) FROM report"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM message"), GOOD);
	assert_int_equal(number(f, "SELECT sum(messages) FROM intake"), GOOD);
	consistent(f);
	/* all of it again: known */
	for (unsigned i = 0; i < GOOD; i++) {
		mail(&b, "", i, 3);
		submit(f, &jobs[i], buf_as_str(&b));
	}
	flush(f);
	for (unsigned i = 0; i < GOOD; i++)
		assert_int_equal(jobs[i].result, i == 20 || i == 41 ? IN_STORED : IN_DUPLICATE);
	consistent(f);
	buf_free(&b);
}

static void
test_crash(void **state)
{
	bad_among_good(*state, "X-Crash: 1\n", "crashed");
}

static void
test_hang(void **state)
{
	bad_among_good(*state, "X-Hang: 1\n", "too-slow");
}

static void
test_lie(void **state)
{
	bad_among_good(*state, "X-Lie: 1\n", "crashed");
}

static void
test_type(void **state)
{
	bad_among_good(*state, "X-Type: 1\n", "crashed");
}

/* A decoder that goes in the middle of a large report: nothing of it stays. */
static void
test_late(void **state)
{
	struct fixture	*f = *state;
	struct job	 jobs[3];
	struct buf	 b = { 0 };

	mail(&b, "", 1, 3);
	submit(f, &jobs[0], buf_as_str(&b));
	mail(&b, "X-Late: 1\n", 2, 20000);
	submit(f, &jobs[1], buf_as_str(&b));
	mail(&b, "", 3, 6000);
	submit(f, &jobs[2], buf_as_str(&b));
	flush(f);
	assert_int_equal(jobs[0].result, IN_STORED);
	assert_int_equal(jobs[1].result, IN_REJECTED);
	assert_int_equal(jobs[2].result, IN_STORED);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 2);
	assert_int_equal(number(f, "SELECT sum(count) FROM record"), 6003);
	consistent(f);
	buf_free(&b);
}

/* The first report of a mail is whole, then the decoder goes: that one counts, its mail is known, the rest is refused. */
static void
test_late_second(void **state)
{
	struct fixture	*f = *state;
	struct job	 j;
	struct buf	 b = { 0 };

	(void)buf_cstr(&b, "X-Late: 1\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/xml\n\n" REPORT_HEAD("small"));
	(void)buf_printf(&b, ROW, 1, 1);
	(void)buf_cstr(&b, "</feedback>\n--b\nContent-Type: text/xml\n\n" REPORT_HEAD("large"));
	for (unsigned i = 0; i < 20000; i++)
		(void)buf_printf(&b, ROW, i % 250, i);
	(void)buf_cstr(&b, "</feedback>\n--b--\n");
	submit(f, &j, buf_as_str(&b));
	flush(f);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), 1);
	assert_int_equal(number(f, "SELECT duplicates FROM report"), 0);
	assert_int_equal(number(f, "SELECT sum(count) FROM record"), 1);
	consistent(f);
	assert_int_equal(j.result, IN_PARTIAL);
	assert_int_equal(j.nreports, 1);
	assert_string_equal(j.code, "crashed");
	assert_int_equal(number(f, "SELECT count(*) FROM message"), 1);
	/* its original is there: the report can be looked at */
	assert_int_equal(number(f, "SELECT count(*) FROM message JOIN report ON report.message = message.id WHERE message.pack IS NOT NULL"), 1);
	buf_free(&b);
}

/* One that is killed from outside, in the midst of work: nobody is to blame, all is read. */
static void
test_killed(void **state)
{
	static struct job	 jobs[GOOD];
	struct fixture		*f = *state;
	struct buf		 b = { 0 };
	char			 path[64], line[64];
	FILE			*fp;
	int			 pid;

	for (unsigned i = 0; i < GOOD; i++) {
		mail(&b, "", i, 50);
		submit(f, &jobs[i], buf_as_str(&b));
		if (i == 30) {
			/* our children: exactly those that this process started */
			(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
			if ((fp = fopen(path, "r")) == NULL)
				skip();
			if (fgets(line, sizeof(line), fp) != NULL && sscanf(line, "%d", &pid) == 1)
				assert_int_equal(kill(pid, SIGKILL), 0);
			(void)fclose(fp);
		}
	}
	flush(f);
	for (unsigned i = 0; i < GOOD; i++)
		assert_int_equal(jobs[i].result, IN_STORED);
	assert_int_equal(number(f, "SELECT count(*) FROM message"), GOOD);
	assert_int_equal(number(f, "SELECT sum(duplicates) FROM report"), 0);
	consistent(f);
	buf_free(&b);
}

/* One that dies by its own doing costs its message at once, and the reason says what it was. */
static void
test_deaths(void **state)
{
	struct fixture		*f = *state;
	struct job		 jobs[3];
	struct buf		 b = { 0 };
	struct sandbox_report	 r;

	sandbox_probe(&r);
	for (size_t i = 0; i < nitems(deaths); i++) {
		if (deaths[i].signal == SIGSYS && !r.filter)
			continue;
		for (unsigned k = 0; k < 3; k++) {
			mail(&b, k == 1 ? deaths[i].header : "", (unsigned)i * 3 + k, 2);
			submit(f, &jobs[k], buf_as_str(&b));
		}
		flush(f);
		assert_int_equal(jobs[0].result, IN_STORED);
		assert_int_equal(jobs[1].result, IN_REJECTED);
		assert_int_equal(jobs[2].result, IN_STORED);
		assert_string_equal(jobs[1].code, deaths[i].code);
		if (strstr(jobs[1].reason, deaths[i].says) == NULL)
			fail_msg("%s: %s", deaths[i].header, jobs[1].reason);
		/* once among others, once alone, never a third time */
		assert_int_equal(jobs[1].j.kills, 0);
		consistent(f);
	}
	mail(&b, "X-Memory: 1\n", 1000, 2);
	submit(f, &jobs[0], buf_as_str(&b));
	flush(f);
	assert_int_equal(jobs[0].result, IN_REJECTED);
	assert_string_equal(jobs[0].code, "over-limit");
	assert_non_null(strstr(jobs[0].reason, "more memory"));
	buf_free(&b);
}

/* All that this process has started: the decoders. */
static unsigned
kill_children(void)
{
	char	 path[64], line[256], *p, *end;
	FILE	*fp;
	unsigned n = 0;
	long	 pid;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if ((fp = fopen(path, "r")) == NULL)
		return (0);
	for (p = fgets(line, sizeof(line), fp); p != NULL && (pid = strtol(p, &end, 10)) > 0; p = end)
		n += kill((pid_t)pid, SIGKILL) == 0;
	(void)fclose(fp);
	return (n);
}

/* Until a decoder has ended; it is left for the one who started it to wait for. */
static void
wait_for_end(void)
{
	siginfo_t	 si;

	assert_int_equal(waitid(P_ALL, 0, &si, WEXITED | WNOWAIT), 0);
}

/* That one has died may show when the next message is sent to it, before its first words were read. */
static void
test_dead_when_sent_to(void **state)
{
	struct fixture	*f = *state;
	struct job	 bad, good;
	struct buf	 b = { 0 };

	ingest_free(f->g);
	f->g = ingest_new(f->s, &f->limits, 1, &calls, f, &f->e);
	assert_non_null(f->g);
	mail(&b, "X-Segv: 1\n", 1, 3);
	submit(f, &bad, buf_as_str(&b));
	wait_for_end();
	mail(&b, "", 2, 3);
	submit(f, &good, buf_as_str(&b));
	flush(f);
	assert_int_equal(bad.result, IN_REJECTED);
	assert_non_null(strstr(bad.reason, "SIGSEGV"));
	assert_int_equal(good.result, IN_STORED);
	consistent(f);
	buf_free(&b);
}

/* However often its decoder is killed from outside: the message is not to blame; it is put off. */
static void
test_killed_alone(void **state)
{
	struct fixture	*f = *state;
	struct job	 hang, good, again;
	struct buf	 b = { 0 };
	unsigned	 kills = 0;
	int		 fd;

	if (kill_children() == 0)
		skip();
	f->limits.seconds = 60;
	ingest_free(f->g);
	f->g = ingest_new(f->s, &f->limits, 1, &calls, f, &f->e);
	assert_non_null(f->g);
	mail(&b, "X-Hang: 1\n", 1, 3);
	submit(f, &hang, buf_as_str(&b));
	fd = fcntl(hang.j.fd, F_DUPFD_CLOEXEC, 0);
	mail(&b, "", 2, 3);
	submit(f, &good, buf_as_str(&b));
	while (!hang.abandoned) {
		if (ingest_work(f->g, 50, &f->e) == -1)
			fail_msg("%s", f->e.msg);
		if (lseek(fd, 0, SEEK_CUR) != 7)
			continue;
		(void)lseek(fd, 0, SEEK_SET);
		assert_int_equal(kill_children(), 1);
		kills++;
	}
	(void)close(fd);
	flush(f);
	assert_int_equal(kills, 4);	/* with the other, then alone */
	assert_true(hang.put_off);
	assert_non_null(strstr(hang.reason, "killed from outside (signal 9) 3 times"));
	assert_int_equal(good.result, IN_STORED);
	mail(&b, "", 1, 3);
	submit(f, &again, buf_as_str(&b));
	flush(f);
	assert_int_equal(again.result, IN_STORED);
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine"), 0);
	consistent(f);
	buf_free(&b);
}

/* Decoders that do not start are nobody's fault: nothing is read, nothing is lost, and afterwards all is. */
static void
test_unfit(void **state)
{
	static const struct { const char *how, *says; } ways[] = {
		{ "sandbox", "seccomp: refused for a test" }, { "crash", "ended with code 71" }, { "kill", "killed from outside (signal 9)" },
	};
	static struct job	 jobs[GOOD];
	struct fixture		*f = *state;
	struct buf		 b = { 0 };
	unsigned		 n;

	for (size_t i = 0; i < nitems(ways); i++) {
		assert_int_equal(setenv("TEST_UNFIT", ways[i].how, 1), 0);
		ingest_free(f->g);
		f->g = ingest_new(f->s, &f->limits, 2, &calls, f, &f->e);
		assert_non_null(f->g);
		if (strcmp(ways[i].how, "sandbox") == 0)
			wait_for_end();
		memset(jobs, 0, sizeof(jobs));
		for (n = 0; n < GOOD; n++) {
			mail(&b, "", n, 3);
			jobs[n].j = (struct ingest_job){ .fd = memfd_create("mail", MFD_CLOEXEC), .bytes = b.len, .origin = "test",
			    .received = 1722900000, .quarantine = "file", .user = &jobs[n] };
			assert_int_equal(pwrite(jobs[n].j.fd, b.p, b.len, 0), (ssize_t)b.len);
			if (ingest_submit(f->g, &jobs[n].j, &f->e) == -1)
				break;
		}
		if (n == GOOD) {
			assert_int_equal(ingest_flush(f->g, &f->e), -1);
			n--;
		}
		assert_int_equal(f->e.code, ERR_TEMP);
		assert_int_equal(f->e.detail, INGEST_UNFIT);
		if (strstr(f->e.msg, ways[i].says) == NULL)
			fail_msg("%s: %s", ways[i].how, f->e.msg);
		for (unsigned k = 0; k <= n; k++)
			assert_true(jobs[k].abandoned && !jobs[k].put_off);
		assert_int_equal(number(f, "SELECT count(*) FROM quarantine"), 0);
		assert_int_equal(number(f, "SELECT count(*) FROM message"), 0);
	}
	/* the same ingest, once they start */
	assert_int_equal(unsetenv("TEST_UNFIT"), 0);
	for (n = 0; n < GOOD; n++) {
		mail(&b, "", n, 3);
		submit(f, &jobs[n], buf_as_str(&b));
	}
	flush(f);
	for (n = 0; n < GOOD; n++)
		assert_int_equal(jobs[n].result, IN_STORED);
	consistent(f);
	buf_free(&b);
}

#define TLS_REPORT(ok, bad) "{\"organization-name\":\"rep.example\",\"date-range\":{\"start-datetime\":\"2026-10-04T00:00:00Z\","	\
    "\"end-datetime\":\"2026-10-04T23:59:59Z\"},\"report-id\":\"x\",\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\","	\
    "\"policy-domain\":\"example.com\"},\"summary\":{\"total-successful-session-count\":" ok ",\"total-failure-session-count\":" bad "}}]}"

static void
test_results(void **state)
{
	static const struct { const char *what, *bytes; enum intake_result result; const char *code; } in[] = {
		{ "report",	"Content-Type: text/xml\n\n" REPORT_HEAD("a") "</feedback>", IN_STORED, "" },
		{ "again",	REPORT_HEAD("a") "</feedback>", IN_DUPLICATE, "" },
		{ "version",	REPORT_HEAD("a") "<record><row><count>1</count></row></record></feedback>", IN_REPLACED, "" },
		{ "partial",	REPORT_HEAD("b") "<record><row><count>1</count></row></record><record><row><count>-1</count></row></record></feedback>",
		    IN_PARTIAL, "" },
		{ "cut",	REPORT_HEAD("c") "<record>", IN_REJECTED, "cut-short" },
		{ "no report",	"Subject: hello\n\nworld\n", IN_IGNORED, "not-a-report" },
		{ "empty",	"", IN_IGNORED, "not-a-report" },
		{ "json",	"{\"organization-name\":\"x\"}", IN_IGNORED, "not-a-report" },
		{ "tls",	TLS_REPORT("3", "0"), IN_STORED, "" },
		{ "tls again",	TLS_REPORT("3", "0"), IN_DUPLICATE, "" },
		{ "tls version", TLS_REPORT("3", "1"), IN_REPLACED, "" },
		{ "tls refused", TLS_REPORT("-3", "1"), IN_REJECTED, "no-sound-row" },
		{ "tls form",	"{\"report-id\":\"x\",}", IN_REJECTED, "not-well-formed" },
		{ "tls cut",	"{\"report-id\":\"x\"", IN_REJECTED, "cut-short" },
		{ "tls dates",	"{\"report-id\":\"x\",\"policies\":[]}", IN_REJECTED, "no-date-range" },
		{ "failure",	"Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n", IN_STORED, "" },
		{ "failure again", "Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n", IN_DUPLICATE, "" },
		{ "no failure",	"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nhello\n--b--\n", IN_REJECTED,
		    "failure-report" },
		{ "count",	REPORT_HEAD("d") "<record><row><count>9223372036854775807</count></row></record></feedback>", IN_REJECTED, "over-limit" },
		{ "dtd",	"<!DOCTYPE feedback [<!ENTITY a \"b\">]><feedback/>", IN_REJECTED, "dtd" },
		{ "web page",	"<!DOCTYPE html><html></html>", IN_IGNORED, "not-a-report" },
		{ "form",	REPORT_HEAD("f") "<record><row><count>1<2</count></row></record></feedback>", IN_REJECTED, "not-well-formed" },
		{ "in a tag",	REPORT_HEAD("f") "<record><row><cou", IN_REJECTED, "cut-short" },
		{ "metadata",	"<feedback><policy_published><domain>example.com</domain></policy_published></feedback>", IN_REJECTED,
		    "no-metadata" },
		{ "policy",	"<feedback><report_metadata><org_name>example.org</org_name><report_id>p</report_id><date_range><begin>1748390400"
		    "</begin><end>1748476799</end></date_range></report_metadata></feedback>", IN_REJECTED, "no-policy" },
		{ "rows",	REPORT_HEAD("g") "<record><row><count>-1</count></row></record></feedback>", IN_REJECTED, "no-sound-row" },
		{ "zip",	"PK\5\6", IN_REJECTED, "empty-archive" },
		{ "outlook",	"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", IN_REJECTED, "outlook-file" },
		{ "converted",	"\x1f\xef\xbf\xbd\x08", IN_REJECTED, "damaged-in-transit" },
		{ "gzip",	"\x1f\x8b\x08", IN_REJECTED, "cut-short" },
		{ "after",	REPORT_HEAD("e") "<record><row><count>5</count></row></record></feedback>", IN_STORED, "" },
	};
	struct fixture	*f = *state;
	struct job	 j;

	for (size_t i = 0; i < nitems(in); i++) {
		submit(f, &j, str_of(in[i].bytes));
		flush(f);
		if (j.result != in[i].result || strcmp(j.code, in[i].code) != 0)
			fail_msg("%s: %s %s", in[i].what, intake_result_names[j.result], j.code);
		consistent(f);
	}
	assert_int_equal(number(f, "SELECT sum(messages) FROM rollup"), 7);
}

/* Jobs that nobody waited for are given back. */
static void
test_abandoned(void **state)
{
	static struct job	 jobs[GOOD];
	struct fixture		*f = *state;
	struct buf		 b = { 0 };
	unsigned		 finished = 0;

	for (unsigned i = 0; i < GOOD; i++) {
		mail(&b, "", i, 3);
		submit(f, &jobs[i], buf_as_str(&b));
	}
	ingest_free(f->g);
	f->g = NULL;
	for (unsigned i = 0; i < GOOD; i++) {
		assert_true(jobs[i].finished != jobs[i].abandoned);
		finished += jobs[i].finished;
	}
	assert_int_equal(number(f, "SELECT count(*) FROM report"), finished);
	consistent(f);
	buf_free(&b);
}

#define NAMED(n, t) { .name = (n), .test_func = (t), .setup_func = setup, .teardown_func = teardown }

int
main(int argc, char **argv)
{
	const struct CMUnitTest	 tests[] = {
		NAMED("each result", test_results),
		NAMED("a decoder crashes", test_crash),
		NAMED("a decoder hangs", test_hang),
		NAMED("a decoder sends garbage", test_lie),
		NAMED("a decoder sends a frame of no type", test_type),
		NAMED("a decoder goes in the middle of a report", test_late),
		NAMED("a decoder goes behind the first report of a mail", test_late_second),
		NAMED("a decoder is killed", test_killed),
		NAMED("each way in which a decoder dies by its own doing", test_deaths),
		NAMED("a decoder has died when it is sent to", test_dead_when_sent_to),
		NAMED("decoders are killed again and again", test_killed_alone),
		NAMED("decoders do not start", test_unfit),
		NAMED("jobs are given back", test_abandoned),
	};

	if (argc == 3 && strcmp(argv[1], "-x") == 0)
		return (decoder_main(ROLE_FD));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
