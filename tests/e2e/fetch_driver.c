/*
 * fetch_driver.c - runs the fetcher role alone, for tests: the configuration
 * is one JSON object in the file named; what the role says goes to standard
 * output, a line each, after {"op":"pid"}; lines of standard input go to the
 * role. Ends with the role's exit code, or 128 and the signal.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/base.h"
#include "process/link.h"
#include "process/role.h"

#ifdef WITH_SANITIZERS
/* libetpan forgets a greeting that says BYE; it is not ours to mend. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return ("leak:libetpan\n");
}
#endif

static int
fail(const char *what)
{
	(void)fprintf(stderr, "fetch_driver: %s\n", what);
	return (2);
}

static void
say(const json_t *o)
{
	char	*t = json_dumps(o, JSON_COMPACT);

	(void)printf("%s\n", t == NULL ? "" : t);
	(void)fflush(stdout);
	free(t);
}

static int
ended(pid_t pid)
{
	int	 status;

	if (waitpid(pid, &status, 0) == -1)
		return (2);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int
main(int argc, char **argv)
{
	struct pollfd	 p[2];
	struct err	 e = { 0 };
	json_t		*conf, *o;
	char		 line[4096];
	pid_t		 pid;
	int		 sv[2];

	if (argc != 2 || (conf = json_load_file(argv[1], 0, NULL)) == NULL)
		return (fail("usage: fetch_driver CONFIG.json"));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1 || (pid = fork()) == -1)
		return (fail("no process"));
	if (pid == 0) {
		(void)close(sv[0]);
		(void)close(STDIN_FILENO);
		(void)open("/dev/null", O_RDONLY);
		json_decref(conf);
		exit(fetcher_main(sv[1]));	/* not _exit: leaks are looked for at exit */
	}
	(void)close(sv[1]);
	(void)signal(SIGPIPE, SIG_IGN);
	o = json_pack("{s:s,s:i}", "op", "pid", "pid", (int)pid);
	say(o);
	json_decref(o);
	if (link_send(sv[0], conf, -1, &e) == -1)
		return (fail(e.msg));
	json_decref(conf);
	p[0] = (struct pollfd){ .fd = sv[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	while (poll(p, 2, -1) != -1) {
		if (p[0].revents != 0) {
			if (link_recv(sv[0], &o, NULL, &e) != 1)
				break;
			say(o);
			json_decref(o);
		}
		if (p[1].revents != 0) {
			if (fgets(line, sizeof(line), stdin) == NULL) {
				/* as when the parent dies */
				(void)close(sv[0]);
				break;
			}
			if ((o = json_loads(line, 0, NULL)) != NULL)
				(void)link_send(sv[0], o, -1, &e);
			json_decref(o);
		}
	}
	return (ended(pid));
}
