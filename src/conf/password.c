/*
 * password.c - conf_password: a secret from its place, and nowhere else: it
 * is in no argument, no environment and no log line, and our copies are wiped.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "base/base.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"
#include "conf/conf.h"

#define PASSWORD_MAX	1024	/* OAuth tokens are longer, and come another way */
#define FIRST_FD	3

extern char	**environ;

/* Whose password it is, for people, and where it stands: one of the two. */
struct place { const char *who, *what, *file, *command; };

/* The first line of raw goes to out; sentence parts: who, where. */
static int
first_line(const char *who, const char *where, const char *raw, size_t len, struct buf *out, struct err *e)
{
	size_t	 n = 0;

	while (n < len && raw[n] != '\n')
		n++;
	while (n > 0 && raw[n - 1] == '\r')
		n--;
	if (n == 0)
		return (err_set(e, ERR_CONFIG, "%s: the first line of %s is empty; it must be the password",
		    who, where));
	if (n > PASSWORD_MAX || memchr(raw, '\0', n) != NULL)
		return (err_set(e, ERR_CONFIG, "%s: the first line of %s is no password: it is %s", who, where,
		    n > PASSWORD_MAX ? "too long" : "binary"));
	if (!buf_reserve(out, n + 1) || !buf_add(out, raw, n))
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (0);
}

static int
from_file(const struct place *m, struct buf *out, struct err *e)
{
	char	 raw[PASSWORD_MAX + 3], shown[200], where[64];
	ssize_t	 n;
	int	 fd, rv;

	(void)snprintf(where, sizeof(where), "%s_file", m->what);
	esc_short(shown, sizeof(shown), str_of(m->file));
	if ((fd = open(m->file, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return (err_set(e, ERR_CONFIG, "%s: %s_file \"%s\": %s", m->who, m->what, shown, strerror(errno)));
	if ((n = io_read_full(fd, raw, sizeof(raw))) == -1)
		rv = err_set(e, ERR_CONFIG, "%s: %s_file \"%s\": %s", m->who, m->what, shown, strerror(errno));
	else
		rv = first_line(m->who, where, raw, (size_t)n, out, e);
	explicit_bzero(raw, sizeof(raw));
	(void)close(fd);
	return (rv);
}

/* What a command says on its two pipes, each up to the size of its array. */
struct said {
	char	 out[PASSWORD_MAX + 3], err[256];
	size_t	 nout, nerr;
};

/* Reads what there is; false at the end. What does not fit is read and dropped. */
static bool
drain(int fd, char *to, size_t size, size_t *n)
{
	char	 spill[512];
	ssize_t	 r;

	do
		r = *n < size ? read(fd, to + *n, size - *n) : read(fd, spill, sizeof(spill));
	while (r == -1 && errno == EINTR);
	if (r > 0 && *n < size)
		*n += (size_t)r;
	explicit_bzero(spill, sizeof(spill));
	return (r > 0);
}

/* Both pipes until their end; false when the deadline came first. */
static bool
listen_to(int out, int err, struct said *s, int64_t deadline)
{
	struct pollfd	 p[2] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
	int64_t		 left;

	while (p[0].fd != -1 || p[1].fd != -1) {
		if ((left = deadline - when_mono_ms()) <= 0)
			return (false);
		if (poll(p, 2, (int)left) == -1 && errno != EINTR)
			return (false);
		if (p[0].fd != -1 && p[0].revents != 0 && !drain(out, s->out, sizeof(s->out), &s->nout))
			p[0].fd = -1;
		if (p[1].fd != -1 && p[1].revents != 0 && !drain(err, s->err, sizeof(s->err), &s->nerr))
			p[1].fd = -1;
	}
	return (true);
}

/* Waits for pid until the deadline, then ends it and all that it has started. */
static bool
reap(pid_t pid, int64_t deadline, int *status)
{
	struct timespec	 nap = { 0, 20000000 };
	pid_t		 r;

	for (;;) {
		if ((r = waitpid(pid, status, WNOHANG)) == pid)
			return (true);
		if (r == -1 && errno != EINTR) {
			*status = 0;	/* somebody else (SIGCHLD ignored) has reaped it */
			return (true);
		}
		if (when_mono_ms() >= deadline)
			break;
		(void)nanosleep(&nap, NULL);
	}
	(void)kill(-pid, SIGKILL);
	while (waitpid(pid, status, 0) == -1 && errno == EINTR)
		;
	return (false);
}

static int
spawn(const char *command, int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t	 fa;
	posix_spawnattr_t		 at;
	sigset_t			 none, all;
	char				 sh[] = "sh", c[] = "-c", *cmd = strdup(command);
	char				*argv[] = { sh, c, cmd, NULL };
	int				 rv;

	if (cmd == NULL)
		return (ENOMEM);
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawnattr_init(&at);
	(void)posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&fa, err, STDERR_FILENO);
	/* nothing else of ours is its business: not the link to our parent, not the spool */
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	(void)posix_spawn_file_actions_addclosefrom_np(&fa, FIRST_FD);
#else
	for (int fd = FIRST_FD; fd < 64; fd++)
		(void)posix_spawn_file_actions_addclose(&fa, fd);
#endif
	(void)posix_spawnattr_setsigmask(&at, &none);
	(void)posix_spawnattr_setsigdefault(&at, &all);
	(void)posix_spawnattr_setpgroup(&at, 0);
	(void)posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	rv = posix_spawn(pid, "/bin/sh", &fa, &at, argv, environ);
	(void)posix_spawnattr_destroy(&at);
	(void)posix_spawn_file_actions_destroy(&fa);
	free(cmd);
	return (rv);
}

/* The command has failed: says how, and the first line of its complaint. */
static int
command_failed(const struct place *m, const struct said *s, int status, struct err *e)
{
	char		 shown[160];
	struct str	 line = { s->err, s->nerr };
	const char	*nl = memchr(s->err, '\n', s->nerr);

	if (nl != NULL)
		line.len = (size_t)(nl - s->err);
	esc_short(shown, sizeof(shown), line);
	if (WIFSIGNALED(status))
		return (err_set(e, ERR_TEMP, "%s: %s_command was ended by signal %d", m->who, m->what,
		    WTERMSIG(status)));
	return (err_set(e, ERR_CONFIG, "%s: %s_command failed with exit code %d%s%s", m->who, m->what,
	    WEXITSTATUS(status), line.len > 0 ? ": " : "", shown));
}

static int
run_command(const struct place *m, int out[2], int err[2], int64_t ms, struct buf *result, struct err *e)
{
	struct said	 s = { .nout = 0 };
	char		 where[64];
	int64_t		 deadline = when_mono_ms() + ms;
	pid_t		 pid;
	int		 rv, status = 0;
	bool		 done;

	(void)snprintf(where, sizeof(where), "what %s_command prints", m->what);
	rv = spawn(m->command, out[1], err[1], &pid);
	(void)close(out[1]);
	(void)close(err[1]);
	out[1] = err[1] = -1;
	if (rv != 0)
		return (err_set(e, ERR_TEMP, "%s: /bin/sh for %s_command: %s", m->who, m->what, strerror(rv)));
	done = listen_to(out[0], err[0], &s, deadline);
	/* The shell is not reaped yet, so its number, and its group's, is still its own. */
	if (!done)
		(void)kill(-pid, SIGKILL);
	done = reap(pid, deadline, &status) && done;
	if (!done)
		rv = err_set(e, ERR_TEMP, "%s: %s_command did not end within %lld s", m->who, m->what,
		    (long long)(ms / 1000));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		rv = command_failed(m, &s, status, e);
	else
		rv = first_line(m->who, where, s.out, s.nout, result, e);
	explicit_bzero(&s, sizeof(s));
	return (rv);
}

static int
from_command(const struct place *m, struct buf *result, struct err *e)
{
	int	 out[2] = { -1, -1 }, err[2] = { -1, -1 }, rv;

	if (pipe2(out, O_CLOEXEC) == -1 || pipe2(err, O_CLOEXEC) == -1)
		rv = err_set(e, ERR_TEMP, "%s: a pipe for %s_command: %s", m->who, m->what, strerror(errno));
	else
		rv = run_command(m, out, err, CONF_COMMAND_MS, result, e);
	for (int i = 0; i < 2; i++) {
		if (out[i] != -1)
			(void)close(out[i]);
		if (err[i] != -1)
			(void)close(err[i]);
	}
	return (rv);
}

static int
from_place(const struct place *m, struct buf *out, struct err *e)
{
	return (m->file != NULL ? from_file(m, out, e) : from_command(m, out, e));
}

int
conf_password(const struct conf_mailbox *m, struct buf *out, struct err *e)
{
	char		 who[80];
	struct place	 p = { who, "password", m->password_file, m->password_command };

	(void)snprintf(who, sizeof(who), "mailbox %s", m->name);
	return (from_place(&p, out, e));
}

int
conf_smtp_password(const struct conf_smtp *m, struct buf *out, struct err *e)
{
	struct place	 p = { "smtp", "password", m->password_file, m->password_command };

	return (from_place(&p, out, e));
}

int
conf_webhook_secret(const struct conf_alerts *a, struct buf *out, struct err *e)
{
	struct place	 p = { "alerts", "webhook_secret", a->webhook_secret_file, a->webhook_secret_command };

	return (from_place(&p, out, e));
}
