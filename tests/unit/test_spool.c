/*
 * test_spool.c - what is committed is there, what is not leaves nothing behind.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base.h"
#include "base/io.h"
#include "spool/spool.h"

static char	 dir[] = "/tmp/dmarcd-spool-XXXXXX";

static int
begin(void **ctx)
{
	(void)ctx;
	return (mkdtemp(dir) == NULL ? -1 : 0);
}

/* Empties the spool and everything beside it. */
static int
clean_up(void **ctx)
{
	static const char *const sub[] = { "spool/tmp", "spool/new", "spool/state", "quarantine", "requests" };

	(void)ctx;
	for (size_t i = 0; i < nitems(sub); i++) {
		char		 path[512];
		struct dirent	*d;
		DIR		*at;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, sub[i]);
		if ((at = opendir(path)) == NULL)
			continue;
		while ((d = readdir(at)) != NULL)
			(void)unlinkat(dirfd(at), d->d_name, 0);	/* not . and .. */
		(void)closedir(at);
	}
	return (0);
}

static int
end(void **ctx)
{
	static const char *const sub[] = { "spool/lock", "spool/tmp", "spool/new", "spool/state", "spool", "quarantine", "requests" };
	char	 path[512];

	(void)clean_up(ctx);
	for (size_t i = 0; i < nitems(sub); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, sub[i]);
		(void)remove(path);
	}
	return (rmdir(dir));
}

static unsigned
files_in(const char *sub)
{
	struct dirent	*d;
	unsigned	 n = 0;
	char		 path[512];
	DIR		*at;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, sub);
	assert_non_null(at = opendir(path));
	while ((d = readdir(at)) != NULL)
		n += d->d_name[0] != '.';
	(void)closedir(at);
	return (n);
}

static struct spool *
opened(void)
{
	struct err	 e = { 0 };
	struct spool	*s = spool_open(dir, &e);

	assert_non_null(s);
	return (s);
}

static struct spool_file *
with_text(struct spool *s, const char *origin, const char *text)
{
	struct err		 e = { 0 };
	struct spool_file	*f = spool_new(s, origin, &e);

	assert_non_null(f);
	assert_int_equal(spool_write(f, text, strlen(text), &e), 0);
	return (f);
}

static void
holds(struct spool *s, const char *name, const char *text)
{
	struct err	 e = { 0 };
	char		 got[128] = "";
	int		 fd = spool_open_entry(s, name, &e);

	assert_true(fd != -1);
	assert_int_equal(io_read_full(fd, got, sizeof(got) - 1), (ssize_t)strlen(text));
	assert_string_equal(got, text);
	assert_int_equal(write(fd, "x", 1), -1);
	(void)close(fd);
}

static void
one_message(void **ctx)
{
	struct spool		*s = opened();
	struct spool_file	*f = with_text(s, "rua", "hello");
	struct spool_entry	*v;
	struct err		 e = { 0 };
	uint64_t		 count;
	int64_t			 oldest;
	size_t			 n;

	(void)ctx;
	assert_int_equal(files_in("spool/new"), 0);
	assert_int_equal(spool_size(f), 5);
	assert_int_equal(spool_commit(s, &f, 1, &e), 0);
	assert_int_equal(files_in("spool/tmp"), 0);
	assert_int_equal(spool_list(s, &v, &n, 10, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].origin, "rua");
	assert_int_equal(v[0].bytes, 5);
	assert_true(v[0].received > 1700000000);
	holds(s, v[0].name, "hello");
	assert_int_equal(spool_count(s, &count, &oldest, &e), 0);
	assert_true(count == 1 && oldest == v[0].received);
	assert_int_equal(spool_quarantine(s, v[0].name, &e), 0);
	assert_int_equal(files_in("quarantine"), 1);
	assert_int_equal(files_in("spool/new"), 0);
	assert_int_equal(spool_remove(s, v[0].name, &e), 0);	/* gone already is gone */
	spool_list_free(v, n);
	spool_close(s);
}

static void
aborted(void **ctx)
{
	struct spool	*s = opened();

	(void)ctx;
	spool_abort(with_text(s, "rua", "hello"));
	spool_abort(NULL);
	assert_int_equal(files_in("spool/tmp"), 0);
	assert_int_equal(files_in("spool/new"), 0);
	spool_close(s);
}

static void
a_bundle(void **ctx)
{
	static const char *const text[] = { "first", "second, a little longer", "x" };
	struct spool		*s = opened();
	struct spool_file	*f = with_text(s, "rua", text[0]);
	struct spool_entry	*v, *w;
	struct err		 e = { 0 };
	uint64_t		 count;
	int64_t			 oldest;
	size_t			 n, m;
	char			 path[600];

	(void)ctx;
	assert_int_equal(spool_next(f, &e), 0);
	assert_int_equal(spool_write(f, "to be forgotten", 15, &e), 0);
	spool_undo(f);
	assert_int_equal(spool_write(f, text[1], strlen(text[1]), &e), 0);
	assert_int_equal(spool_size(f), strlen(text[1]));
	assert_int_equal(spool_next(f, &e), 0);
	assert_int_equal(spool_write(f, text[2], 1, &e), 0);
	assert_int_equal(spool_next(f, &e), 0);
	assert_int_equal(spool_write(f, "half", 4, &e), 0);	/* not ended: no message */
	assert_int_equal(spool_messages(f), 3);
	assert_int_equal(spool_commit(s, &f, 1, &e), 0);
	assert_int_equal(files_in("spool/new"), 1);
	assert_int_equal(spool_list(s, &v, &n, 10, &e), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(v[i].origin, "rua");
		assert_int_equal(v[i].bytes, strlen(text[i]));
		holds(s, v[i].name, text[i]);
	}
	assert_int_equal(spool_remove(s, v[1].name, &e), 0);
	assert_int_equal(spool_remove(s, v[1].name, &e), 0);
	assert_int_equal(spool_open_entry(s, v[1].name, &e), -1);
	/* another reader sees the same */
	spool_close(s);
	s = opened();
	assert_int_equal(spool_count(s, &count, &oldest, &e), 0);
	assert_int_equal(count, 2);
	assert_int_equal(spool_list(s, &w, &m, 1, &e), 0);
	assert_int_equal(m, 1);
	assert_string_equal(w[0].name, v[0].name);
	spool_list_free(w, m);
	assert_int_equal(spool_quarantine(s, v[2].name, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/quarantine/%s", dir, v[2].name);
	struct buf	 b = { 0 };
	assert_int_equal(io_read_file(path, 100, &b, &e), 0);
	assert_string_equal(b.p, "x");
	buf_free(&b);
	assert_int_equal(spool_remove(s, v[0].name, &e), 0);
	assert_int_equal(files_in("spool/new"), 0);
	/* brought back from quarantine it is an ordinary file of that name */
	char	 back[600];
	(void)snprintf(back, sizeof(back), "%s/spool/new/%s", dir, v[2].name);
	assert_int_equal(rename(path, back), 0);
	assert_int_equal(spool_list(s, &w, &m, 10, &e), 0);
	assert_int_equal(m, 1);
	holds(s, w[0].name, "x");
	assert_int_equal(spool_remove(s, w[0].name, &e), 0);
	assert_int_equal(files_in("spool/new"), 0);
	spool_list_free(w, m);
	spool_list_free(v, n);
	spool_close(s);
}

static void
put_file(const char *path, const void *p, size_t n)
{
	char	 full[600];
	int	 fd;

	(void)snprintf(full, sizeof(full), "%s/%s", dir, path);
	assert_true((fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600)) != -1);
	assert_int_equal(io_write_full(fd, p, n), 0);
	(void)close(fd);
}

static void
damaged_bundles(void **ctx)
{
	static const struct { const char *name; unsigned char b[48]; size_t n; } cases[] = {
		{ "0000000001.0000000000.1.rua,2", "", 0 },
		{ "0000000001.0000000001.1.rua,2", "no table at all, but long enough to hold one", 44 },
		{ "0000000001.0000000002.1.rua,2", "\xff\xff\xff\xff\xff\xff\xff\xff" "dmarcd-bundle 1\n", 24 },
		{ "0000000001.0000000003.1.rua,2",
		    "\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xffn\x01\0\0\0\0\0\0\0" "dmarcd-bundle 1\n", 41 },
	};
	struct spool		*s = opened();
	struct spool_entry	*v;
	struct err		 e = { 0 };
	size_t			 n;

	(void)ctx;
	for (size_t i = 0; i < nitems(cases); i++) {
		char	 path[200];

		(void)snprintf(path, sizeof(path), "spool/new/%s", cases[i].name);
		put_file(path, cases[i].b, cases[i].n);
	}
	/* each is handed over as one message, so that it ends in quarantine and people see it */
	assert_int_equal(spool_list(s, &v, &n, 10, &e), 0);
	assert_int_equal(n, nitems(cases));
	for (size_t i = 0; i < n; i++) {
		char	 member[300];

		assert_string_equal(v[i].name, cases[i].name);
		(void)snprintf(member, sizeof(member), "%s:0", v[i].name);
		assert_int_equal(spool_open_entry(s, member, &e), -1);
		assert_int_equal(spool_quarantine(s, v[i].name, &e), 0);
	}
	spool_list_free(v, n);
	spool_close(s);
}

static void
order_and_limit(void **ctx)
{
	struct spool		*s = opened();
	struct spool_file	*f[300];
	struct spool_entry	*v;
	struct err		 e = { 0 };
	size_t			 n;
	char			 text[32];

	(void)ctx;
	for (size_t i = 0; i < nitems(f); i++) {
		(void)snprintf(text, sizeof(text), "%zu", i);
		f[i] = with_text(s, "deliver", text);
	}
	assert_int_equal(spool_commit(s, f, nitems(f), &e), 0);
	put_file("spool/new/1700000000.M1P1.host", "foreign", 7);
	put_file("spool/new/.hidden", "no", 2);
	assert_int_equal(spool_list(s, &v, &n, 5, &e), 0);
	assert_int_equal(n, 5);
	assert_string_equal(v[0].origin, "maildir");
	for (size_t i = 1; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%zu", i - 1);
		holds(s, v[i].name, text);
	}
	spool_list_free(v, n);
	assert_int_equal(spool_list(s, &v, &n, SIZE_MAX, &e), 0);
	assert_int_equal(n, 301);
	spool_list_free(v, n);
	spool_close(s);
}

static void
bad_names(void **ctx)
{
	static const char *const origins[] = { "", "a/b", "a b", "..\n",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const names[] = { "", ".", "..", "../state/x", "/etc/passwd", ".hidden" };
	struct spool	*s = opened();
	struct err	 e = { 0 };
	char		 path[600];

	(void)ctx;
	for (size_t i = 0; i < nitems(origins); i++)
		assert_null(spool_new(s, origins[i], &e));
	for (size_t i = 0; i < nitems(names); i++) {
		assert_int_equal(spool_open_entry(s, names[i], &e), -1);
		assert_int_equal(spool_remove(s, names[i], &e), -1);
		assert_int_equal(spool_quarantine(s, names[i], &e), -1);
	}
	/* nothing but files: no link out of the spool, no pipe to wait on */
	(void)snprintf(path, sizeof(path), "%s/spool/new/link", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(spool_open_entry(s, "link", &e), -1);
	(void)snprintf(path, sizeof(path), "%s/spool/new/pipe", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(spool_open_entry(s, "pipe", &e), -1);
	spool_close(s);
}

static void
leftovers(void **ctx)
{
	struct spool	*s;
	pid_t		 pid;
	char		 name[200];

	(void)ctx;
	if ((pid = fork()) == 0) {
		struct err		 e = { 0 };
		struct spool_file	*f;

		s = spool_open(dir, &e);
		f = spool_new(s, "rua", &e);
		(void)spool_write(f, "cut off", 7, &e);
		(void)kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	s = opened();
	assert_int_equal(files_in("spool/tmp"), 1);
	(void)snprintf(name, sizeof(name), "spool/state/rua.%ld.tmp", (long)pid);
	put_file(name, "x", 1);
	put_file("spool/state/rua", "x", 1);
	struct spool_file	*mine = with_text(s, "rua", "still being written");
	spool_sweep(s);
	assert_int_equal(files_in("spool/tmp"), 1);
	assert_int_equal(files_in("spool/state"), 1);
	spool_abort(mine);
	spool_close(s);
}

/* A disk that is full, or nearly: the writer is told, nothing half is left. */
static void
full_disk(void **ctx)
{
	struct rlimit	 r = { 4096, 4096 };
	pid_t		 pid;
	int		 status;

	(void)ctx;
	if ((pid = fork()) == 0) {
		static char		 much[8192];
		struct err		 e = { 0 };
		struct spool		*s = spool_open(dir, &e);
		struct spool_file	*f[2];

		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &r);
		f[0] = spool_new(s, "rua", &e);
		f[1] = spool_new(s, "rua", &e);
		if (spool_write(f[0], "fits", 4, &e) != 0)
			_exit(1);
		if (spool_write(f[1], much, sizeof(much), &e) != -1 || e.code != ERR_TEMP)
			_exit(2);
		if (spool_write(f[1], "more", 4, &e) != -1)
			_exit(3);
		if (spool_commit(s, f, 2, &e) != -1 || e.code != ERR_TEMP)
			_exit(4);
		spool_close(s);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(files_in("spool/tmp"), 0);
	assert_int_equal(files_in("spool/new"), 0);
}

static void
one_ingester_and_a_watch(void **ctx)
{
	struct spool		*s = opened(), *t = opened();
	struct spool_file	*f;
	struct pollfd		 p = { .events = POLLIN };
	struct err		 e = { 0 };

	(void)ctx;
	assert_int_equal(spool_lock(s, &e), 0);
	assert_int_equal(spool_lock(s, &e), 0);
	assert_int_equal(spool_lock(t, &e), 1);
	spool_close(s);
	assert_int_equal(spool_lock(t, &e), 0);
	assert_true((p.fd = spool_watch(t)) != -1);
	assert_int_equal(spool_watch(t), p.fd);
	assert_int_equal(poll(&p, 1, 0), 0);
	f = with_text(t, "rua", "hello");
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(spool_commit(t, &f, 1, &e), 0);
	assert_int_equal(poll(&p, 1, 10000), 1);
	spool_watch_drain(t);
	assert_int_equal(poll(&p, 1, 0), 0);
	spool_close(t);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_teardown(one_message, clean_up),
		cmocka_unit_test_teardown(aborted, clean_up),
		cmocka_unit_test_teardown(a_bundle, clean_up),
		cmocka_unit_test_teardown(damaged_bundles, clean_up),
		cmocka_unit_test_teardown(order_and_limit, clean_up),
		cmocka_unit_test_teardown(bad_names, clean_up),
		cmocka_unit_test_teardown(leftovers, clean_up),
		cmocka_unit_test_teardown(full_disk, clean_up),
		cmocka_unit_test_teardown(one_ingester_and_a_watch, clean_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests_name("spool", tests, begin, end));
}
