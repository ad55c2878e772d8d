/*
 * http_driver.c - the http role alone, for tests: with a store made by seed.c
 * (or one that is there), without fetchers and decoders.
 *
 *	http_driver [--state DIR [--seed]] [--empty] [--base-path PATH] [--address A] [--port N]
 *
 * Prints "listening URL" and serves until standard input ends. A line on
 * standard input is SQL for the database; "done" is printed behind it.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <ftw.h>
#include <unistd.h>

#include "base/io.h"
#include "process/link.h"
#include "process/raw.h"
#include "process/role.h"
#include "seed.h"

#define KEPT 12		/* messages whose original is kept */
#define MAIL "From: noreply@receiver.test\r\nSubject: Report domain: example.com\r\n\r\n<feedback>of %d</feedback>\r\n"
#define FILE_TEXT "<?xml version=\"1.0\"?><feedback>of %d</feedback>\n"

/*
 * The daemon has this done by a decoder. What the test keeps is a mail with a
 * document in its text, or the document: from the first "<" on.
 */
int
raw_extract(int fd, uint64_t offset, uint64_t bytes, unsigned payload, enum raw_kind kind,
    int (*out)(void *, const void *, size_t), void *arg, struct err *e)
{
	char	 text[4096], *p;
	ssize_t	 n = pread(fd, text, bytes < sizeof(text) ? (size_t)bytes : sizeof(text), (off_t)offset);

	(void)kind;
	if (n <= 0 || payload != 0 || (p = memchr(text, '<', (size_t)n)) == NULL)
		return (err_set(e, ERR_INPUT, "there is no document in it"));
	return (out(arg, p, (size_t)(text + n - p)));
}

struct options {
	const char	*state, *base_path, *address;
	int		 port;
	bool		 empty, seed, ours;
	char		 made[256];
};

static int
parse(struct options *o, int argc, char **argv)
{
	char	*end;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--empty") == 0)
			o->empty = true;
		else if (strcmp(argv[i], "--seed") == 0)
			o->seed = true;
		else if (i + 1 == argc)
			return (-1);
		else if (strcmp(argv[i], "--state") == 0)
			o->state = argv[++i];
		else if (strcmp(argv[i], "--base-path") == 0)
			o->base_path = argv[++i];
		else if (strcmp(argv[i], "--address") == 0)
			o->address = argv[++i];
		else if (strcmp(argv[i], "--port") == 0)
			o->port = (int)strtol(argv[++i], &end, 10);
		else
			return (-1);
	}
	return (0);
}

/* Originals as the writer keeps them: in one pack, message after message. */
static int
keep_originals(const char *dir, sqlite3 *db)
{
	struct buf	 b = { 0 };
	struct err	 e = { 0 };
	char		 path[512];
	size_t		 at;
	int		 rv = seed_sql(db, "INSERT INTO pack (id, name, bytes, begun) VALUES (1, 'pack-1', 0, 0)");

	for (int i = 1; i <= KEPT; i++) {
		at = b.len;
		if (i % 2 == 0)
			buf_printf(&b, MAIL, i);
		else
			buf_printf(&b, FILE_TEXT, i);
		rv |= seed_sql(db, "UPDATE message SET pack = 1, offset = %lld, bytes = %lld WHERE id = %d", (long long)at,
		    (long long)(b.len - at), i);
	}
	/* one points at nothing */
	rv |= seed_sql(db, "INSERT INTO pack (id, name, bytes, begun) VALUES (2, 'pack-lost', 0, 0)");
	rv |= seed_sql(db, "UPDATE message SET pack = 2, offset = 0, bytes = 10 WHERE id = %d", KEPT + 1);
	(void)snprintf(path, sizeof(path), "%s/originals", dir);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/originals/pack-1", dir);
	if (io_replace_file(path, b.p, b.len, 0600, &e) == -1) {
		(void)fprintf(stderr, "%s\n", e.msg);
		rv = -1;
	}
	buf_free(&b);
	return (rv);
}

static int
seed(const char *dir)
{
	sqlite3	*db = seed_make(dir, &seed_small);
	int	 rv;

	if (db == NULL)
		return (-1);
	rv = keep_originals(dir, db);
	rv |= seed_sql(db, "INSERT INTO failure (message, payload, key, received, reporter, domain, source, day, dialect, class, redact, arrival, "
	    "arrived, arrived_from, ip_from, header_from_from, results_from, incidents, delivery, quirks, said, spf_aligned, dkim_aligned, "
	    "verdict, differs, spf_result, dkim_result, code, results, feedback_type, auth_failure, source_ip, reported_domain, "
	    "original_mail_from, header_from, sample, sample_from, sample_subject, sample_headers, body_bytes, body_hash) "
	    "SELECT report.message, 0, x'00', report.received, report.reporter, report.domain, record.source, record.day, 0, 0, 0, "
	    "record.day * 86400, record.day * 86400, 1, 1, 2, 1, 1, 4, 5, 2, 2, 2, 2, 0, 3, 1, 21, 'spf' || char(9) || 'fail' || char(9) || char(9) "
	    "|| 'example.com' || char(9) || 'mfrom' || char(9), 'auth-failure', 'dmarc', '192.0.2.1', 'example.com', '<alice@example.com>', "
	    "'example.com', 1, 'alice@example.com', 'hello', 'From: alice@example.com', 3, zeroblob(32) "
	    "FROM record JOIN report ON report.id = record.report WHERE report.superseded_by IS NULL LIMIT 1");
	/* The seed draws outcomes at random; only failing mail can have been overruled. */
	rv |= seed_sql(db, "UPDATE OR IGNORE outcome SET overridden = 0 WHERE dkim <> 2 OR spf <> 2");
	(void)sqlite3_close(db);
	return (rv);
}

static int
make_state(struct options *o)
{
	const char	*tmp = getenv("TMPDIR");

	if (o->state != NULL)
		return (o->seed ? seed(o->state) : 0);
	(void)snprintf(o->made, sizeof(o->made), "%s/dmarcd-http-XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(o->made) == NULL)
		return (-1);
	o->state = o->made;
	o->ours = true;
	return (o->empty ? 0 : seed(o->made));
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return (remove(path));
}

static void
remove_state(const struct options *o)
{
	if (o->ours)
		(void)nftw(o->made, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static pid_t
start(int *fd)
{
	int	 pair[2];
	pid_t	 pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 || (pid = fork()) == -1)
		return (-1);
	if (pid == 0) {
		(void)close(pair[0]);
		(void)close(STDIN_FILENO);
		exit(http_main(pair[1]));
	}
	(void)close(pair[1]);
	*fd = pair[0];
	return (pid);
}

/* Configuration over, address back. */
static int
talk(int fd, const struct options *o, struct err *e)
{
	json_t		*j = json_pack("{s:s, s:i, s:s, s:s, s:s, s:[{s:s, s:s, s:s}]}", "address", o->address, "port", o->port,
			    "base_path", o->base_path, "state_dir", o->state, "log", "warn", "mailboxes",
			    "name", "reports", "protocol", "imap", "host", "mail.example.com");
	const char	*op;
	int		 passed, rv = j == NULL ? -1 : link_send(fd, j, -1, e);

	json_decref(j);
	j = NULL;
	if (rv == -1 || link_recv(fd, &j, &passed, e) != 1)
		return (-1);
	op = json_string_value(json_object_get(j, "op"));
	rv = op != NULL && strcmp(op, "listening") == 0 ? 0 : -1;
	if (rv == 0)
		(void)printf(strchr(o->address, ':') == NULL ? "listening http://%s:%d%s/\n" : "listening http://[%s]:%d%s/\n",
		    o->address, (int)json_integer_value(json_object_get(j, "port")), o->base_path);
	(void)fflush(stdout);
	json_decref(j);
	return (rv);
}

static void
obey(const char *state)
{
	char	 line[1024], path[4096];
	sqlite3	*db;

	(void)snprintf(path, sizeof(path), "%s/dmarcd.db", state);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (sqlite3_open(path, &db) == SQLITE_OK)
			(void)seed_sql(db, "%s", line);
		(void)sqlite3_close(db);
		(void)printf("done\n");
		(void)fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	struct options	 o = { .base_path = "", .address = "127.0.0.1" };
	struct err	 e = { 0 };
	pid_t		 pid;
	int		 fd, status = 0, rv;

	if (parse(&o, argc, argv) == -1) {
		(void)fprintf(stderr, "usage: http_driver [--state DIR [--seed]] [--empty] [--base-path PATH] [--address A] [--port N]\n");
		return (2);
	}
	if ((rv = make_state(&o)) == -1 || (pid = start(&fd)) == -1) {
		(void)fprintf(stderr, "http_driver: %s\n", rv == -1 ? "the test's database cannot be made" : strerror(errno));
		remove_state(&o);
		return (1);
	}
	if ((rv = talk(fd, &o, &e)) == 0)
		obey(o.state);
	else
		(void)fprintf(stderr, "http_driver: %s\n", e.msg);
	(void)close(fd);
	(void)waitpid(pid, &status, 0);
	remove_state(&o);
	return (rv == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
