/*
 * test_supervisor.c - from the spool through ingester and decoders into the
 * store, all started by the supervisor: what it knows of a decoder's end
 * reaches the ingester. The roles are this program again ("-x NAME"), with a
 * reader that dies where a message asks for it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include "cases.h"

#include "base/io.h"
#include "base/log.h"
#include "conf/conf.h"
#include "decode/reader.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "process/supervisor.h"
#include "spool/spool.h"
#include "store/store.h"

#define MAILS 40

int	 __real_reader_run(struct reader *, const struct reader_job *, struct reader_result *, struct err *);
int	 __wrap_reader_run(struct reader *, const struct reader_job *, struct reader_result *, struct err *);
int	 __real_sandbox_enter(enum sandbox_role, const struct sandbox_paths *, struct sandbox_report *, struct err *);
int	 __wrap_sandbox_enter(enum sandbox_role, const struct sandbox_paths *, struct sandbox_report *, struct err *);

int
__wrap_reader_run(struct reader *r, const struct reader_job *job, struct reader_result *res, struct err *e)
{
	char	 head[16] = "";

	if (pread(job->fd, head, sizeof(head) - 1, (off_t)job->offset) == -1)
		_exit(70);
	if (strncmp(head, "X-Segv:", 7) == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		(void)raise(SIGSEGV);
	}
	if (strncmp(head, "X-Kill:", 7) == 0)	/* as somebody outside would */
		(void)raise(SIGKILL);
	return (__real_reader_run(r, job, res, e));
}

int
__wrap_sandbox_enter(enum sandbox_role role, const struct sandbox_paths *p, struct sandbox_report *r, struct err *e)
{
	if (role == SANDBOX_DECODER && getenv("TEST_UNFIT") != NULL)
		return (err_set(e, ERR_TEMP, "sandbox: seccomp: refused for a test"));
	return (__real_sandbox_enter(role, p, r, e));
}

/* --- The place -------------------------------------------------------------------------------- */

struct fixture {
	char		 dir[64], state[96], log[96];
	struct conf	*conf;
	struct err	 e;
};

static int
setup(void **state)
{
	struct fixture	*f = calloc(1, sizeof(*f));
	struct buf	 text = { 0 }, faults = { 0 };

	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/dmarcd-supervisor-XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return (-1);
	(void)snprintf(f->state, sizeof(f->state), "%s/state", f->dir);
	(void)snprintf(f->log, sizeof(f->log), "%s/log", f->dir);
	(void)buf_printf(&text, "state = \"%s\"\ndecoders = 2\n", f->state);
	f->conf = conf_load_text("test", buf_as_str(&text), &faults, &f->e);
	buf_free(&text);
	buf_free(&faults);
	*state = f;
	return (f->conf == NULL ? -1 : 0);
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

	conf_free(f->conf);
	remove_all(f->dir);
	free(f);
	return (0);
}

/* Mails in the spool, one bundle; every bad-th has the header in front. */
static void
deliver(struct fixture *f, unsigned n, unsigned bad, const char *header)
{
	struct spool		*sp = spool_open(f->state, &f->e);
	struct spool_file	*file;
	struct buf		 b = { 0 };

	assert_non_null(sp);
	assert_non_null(file = spool_new(sp, "test", &f->e));
	for (unsigned i = 0; i < n; i++) {
		buf_clear(&b);
		(void)buf_printf(&b, "%sContent-Type: text/xml\n\n<feedback><report_metadata><org_name>rep.example</org_name><report_id>r%u"
		    "</report_id><date_range><begin>1722816000</begin><end>1722902399</end></date_range></report_metadata>"
		    "<policy_published><domain>example.com</domain><p>none</p></policy_published><record><row><source_ip>192.0.2.1"
		    "</source_ip><count>1</count></row><identifiers><header_from>example.com</header_from></identifiers></record>"
		    "</feedback>", bad != 0 && i % bad == 1 ? header : "", i);
		assert_int_equal(spool_write(file, b.p, b.len, &f->e), 0);
		assert_int_equal(spool_next(file, &f->e), 0);
	}
	assert_int_equal(spool_commit(sp, &file, 1, &f->e), 0);
	spool_close(sp);
	buf_free(&b);
}

static uint64_t
waiting(struct fixture *f)
{
	struct spool	*sp = spool_open(f->state, &f->e);
	uint64_t	 n = 0;
	int64_t		 oldest;

	assert_non_null(sp);
	assert_int_equal(spool_count(sp, &n, &oldest, &f->e), 0);
	spool_close(sp);
	return (n);
}

/* All that is in the spool, as dmarcd fetch does; its log goes to a file. */
static int
work(struct fixture *f, struct buf *log)
{
	static const struct supervisor_calls	 calls = { 0 };
	int					 err = dup(STDERR_FILENO), fd, rv;

	assert_int_not_equal(fd = open(f->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), -1);
	assert_int_not_equal(dup2(fd, STDERR_FILENO), -1);
	(void)close(fd);
	rv = supervise(&f->conf, SUPERVISE_FETCH, NULL, 0, &calls, NULL);
	assert_int_not_equal(dup2(err, STDERR_FILENO), -1);
	(void)close(err);
	buf_clear(log);
	assert_int_equal(io_read_file(f->log, 1u << 20, log, &f->e), 0);
	(void)buf_byte(log, '\0');
	return (rv);
}

static int64_t
number(struct fixture *f, const char *sql)
{
	sqlite3		*db;
	sqlite3_stmt	*st;
	char		 path[128];
	int64_t		 v;

	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", f->state);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	v = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	return (v);
}

static unsigned
occurrences(const char *text, const char *what)
{
	unsigned	 n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return (n);
}

/* --- Tests --------------------------------------------------------------------------------------- */

static void
test_crash(void **state)
{
	struct fixture	*f = *state;
	struct buf	 log = { 0 };

	deliver(f, MAILS, 20, "X-Segv: 1\n");
	assert_int_equal(work(f, &log), 0);
	assert_int_equal(waiting(f), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), MAILS - 2);
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine WHERE reason = 'crashed' AND text LIKE '%SIGSEGV%'"), 2);
	/* alone with one it crashes once */
	assert_int_equal(occurrences(log.p, "at a message that it was alone with"), 2);
	buf_free(&log);
}

/* Killed from outside each time: it stays in the spool, and nothing is in quarantine. */
static void
test_killed(void **state)
{
	struct fixture	*f = *state;
	struct buf	 log = { 0 };

	deliver(f, MAILS, 0, "");
	deliver(f, 2, 2, "X-Kill: 1\n");
	assert_int_equal(work(f, &log), 75);
	assert_int_equal(waiting(f), 1);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), MAILS);
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM report WHERE duplicates > 1"), 0);
	assert_int_equal(occurrences(log.p, "it stays in the spool"), 1);
	buf_free(&log);
}

static void
test_unfit(void **state)
{
	struct fixture	*f = *state;
	struct buf	 log = { 0 };

	deliver(f, MAILS, 0, "");
	assert_int_equal(setenv("TEST_UNFIT", "1", 1), 0);
	assert_int_equal(work(f, &log), 75);
	assert_int_equal(unsetenv("TEST_UNFIT"), 0);
	assert_int_equal(occurrences(log.p, "seccomp: refused for a test"), 1);
	assert_int_equal(waiting(f), MAILS);
	assert_int_equal(number(f, "SELECT count(*) FROM quarantine"), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM message"), 0);
	assert_int_equal(work(f, &log), 0);
	assert_int_equal(waiting(f), 0);
	assert_int_equal(number(f, "SELECT count(*) FROM report"), MAILS);
	assert_int_equal(number(f, "SELECT sum(duplicates) FROM report"), 0);
	buf_free(&log);
}

#define NAMED(n, t) { .name = (n), .test_func = (t), .setup_func = setup, .teardown_func = teardown }

int
main(int argc, char **argv)
{
	const struct CMUnitTest	 tests[] = {
		NAMED("a crash costs one message, with its reason", test_crash),
		NAMED("a kill from outside costs none", test_killed),
		NAMED("decoders that cannot be locked in read nothing and cost nothing", test_unfit),
	};
	const struct role	*role;

	if (argc == 3 && strcmp(argv[1], "-x") == 0)
		return ((role = role_find(argv[2])) == NULL ? 71 : role->main(ROLE_FD));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	log_open("test", LOG_WARN);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
