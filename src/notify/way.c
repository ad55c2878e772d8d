/*
 * way.c - out by a mail server, or by a program like sendmail.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"
#include "notify/notify.h"

#define ARGS_MOST 32
#define MORE_MOST 5
#define FIRST_FD 3

extern char	**environ;

/* A program with the words behind it as its arguments, and more; no shell reads them. fderr -1: nobody reads what it says. */
static int
spawn_line(const char *words, const char *const *more, size_t nmore, int fd, int fderr, pid_t *pid)
{
	posix_spawn_file_actions_t	 fa;
	posix_spawnattr_t		 at;
	sigset_t			 none, all;
	char				*line = strdup(words), *argv[ARGS_MOST + MORE_MOST + 1], *p = line;
	size_t				 n = 0, first;
	int				 rv = line == NULL ? ENOMEM : 0;

	while (rv == 0 && n < ARGS_MOST) {
		p += strspn(p, " ");
		if (*p == '\0')
			break;
		argv[n++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	first = n;
	for (size_t i = 0; i < nmore && i < MORE_MOST && rv == 0; i++)
		if ((argv[n] = strdup(more[i])) == NULL)
			rv = ENOMEM;
		else
			n++;
	argv[n] = NULL;
	if (rv == 0) {
		(void)sigemptyset(&none);
		(void)sigfillset(&all);
		(void)posix_spawn_file_actions_init(&fa);
		(void)posix_spawnattr_init(&at);
		(void)posix_spawn_file_actions_adddup2(&fa, fd, STDIN_FILENO);
		(void)posix_spawn_file_actions_addopen(&fa, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
		if (fderr != -1)
			(void)posix_spawn_file_actions_adddup2(&fa, fderr, STDERR_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
		(void)posix_spawn_file_actions_addclosefrom_np(&fa, FIRST_FD);
#endif
		(void)posix_spawnattr_setsigmask(&at, &none);
		(void)posix_spawnattr_setsigdefault(&at, &all);
		(void)posix_spawnattr_setpgroup(&at, 0);
		(void)posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
		rv = posix_spawn(pid, argv[0], &fa, &at, argv, environ);
		(void)posix_spawnattr_destroy(&at);
		(void)posix_spawn_file_actions_destroy(&fa);
	}
	for (size_t i = first; i < n; i++)
		free(argv[i]);
	free(line);
	return (rv);
}

/* sendmail(8) of any kind takes -f and --; addresses begin with no hyphen, as conf saw to. */
int
notify_program_start(const struct conf_smtp *c, const char *to, int fd, pid_t *pid, struct err *e)
{
	const char	*more[] = { "-f", c->from, "--", to };
	int		 rv = spawn_line(c->sendmail, more, nitems(more), fd, -1, pid);

	return (rv == 0 ? 0 : err_set(e, rv == ENOMEM ? ERR_TEMP : ERR_CONFIG, "sendmail \"%s\" cannot be run: %s", c->sendmail, strerror(rv)));
}

int
notify_command_start(const struct conf_alerts *c, int fd, int fderr, pid_t *pid, struct err *e)
{
	int	 rv = spawn_line(c->command, NULL, 0, fd, fderr, pid);

	return (rv == 0 ? 0 : err_set(e, rv == ENOMEM ? ERR_TEMP : ERR_CONFIG, "command \"%s\" cannot be run: %s", c->command, strerror(rv)));
}

int
notify_command_ended(const struct conf_alerts *c, int status, bool late, const char *said, struct err *e)
{
	if (late)
		return (err_set(e, ERR_TEMP, "command \"%s\" did not end within %lld s and was stopped", c->command, (long long)c->command_timeout));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return (0);
	if (!WIFEXITED(status))
		return (err_set(e, ERR_TEMP, "command \"%s\" was ended by signal %d", c->command, WTERMSIG(status)));
	return (err_set(e, ERR_TEMP, "command \"%s\" failed with exit code %d%s%s", c->command, WEXITSTATUS(status), said[0] == '\0' ? "" : ": ",
	    said));
}

/* What it says until its end or the deadline, the first bytes of it; false: it is late. */
static bool
listen_to(int fd, char *to, size_t size, int64_t deadline)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };
	char		 spill[1024];
	size_t		 at = 0;
	ssize_t		 n;

	for (;;) {
		int64_t	 left = deadline - when_mono_ms();

		if (left <= 0)
			break;
		if (poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left) <= 0)
			continue;
		if ((n = read(fd, spill, sizeof(spill))) == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			to[at] = '\0';
			return (true);
		}
		for (ssize_t i = 0; i < n && at + 1 < size; i++)
			to[at++] = spill[i];
	}
	to[at] = '\0';
	return (false);
}

int
notify_command(const struct conf_alerts *c, struct str body, struct err *e)
{
	struct timespec	 nap = { 0, 20000000 };
	int		 fd = memfd_create("alert", MFD_CLOEXEC), err[2] = { -1, -1 }, status = 0;
	int64_t		 deadline = when_mono_ms() + c->command_timeout * 1000;
	char		 raw[400], said[200];
	pid_t		 pid, r;
	bool		 late;

	if (fd == -1 || io_write_full(fd, body.p, body.len) == -1 || lseek(fd, 0, SEEK_SET) == -1 || pipe2(err, O_CLOEXEC) == -1) {
		if (fd != -1)
			(void)close(fd);
		return (err_set(e, ERR_TEMP, "memfd: %s", strerror(errno)));
	}
	if (notify_command_start(c, fd, err[1], &pid, e) == -1) {
		(void)close(fd);
		(void)close(err[0]);
		(void)close(err[1]);
		return (-1);
	}
	(void)close(fd);
	(void)close(err[1]);
	late = !listen_to(err[0], raw, sizeof(raw), deadline);
	(void)close(err[0]);
	/* it may have closed what we listen to and go on */
	while (!late && (r = waitpid(pid, &status, WNOHANG)) != pid) {
		if (r == -1 && errno != EINTR)
			break;
		if (!(late = when_mono_ms() >= deadline))
			(void)nanosleep(&nap, NULL);
	}
	if (late) {
		(void)kill(-pid, SIGKILL);	/* and all that it has started */
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			;
	}
	raw[strcspn(raw, "\r\n")] = '\0';
	return (notify_command_ended(c, status, late, esc_short(said, sizeof(said), str_of(raw)), e));
}

int
notify_program_ended(const struct conf_smtp *c, int status, struct err *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return (0);
	if (!WIFEXITED(status))
		return (err_set(e, ERR_TEMP, "sendmail \"%s\" was ended by signal %d", c->sendmail, WTERMSIG(status)));
	/* sysexits(3): EX_TEMPFAIL and its like pass; EX_NOUSER and EX_NOHOST are about the recipient */
	switch (WEXITSTATUS(status)) {
	case 67:
	case 68:
		return (err_set(e, ERR_INPUT, "sendmail \"%s\" does not know the recipient (exit code %d)", c->sendmail, WEXITSTATUS(status)));
	case 69: case 70: case 71: case 73: case 74: case 75:
		return (err_set(e, ERR_TEMP, "sendmail \"%s\" failed with exit code %d", c->sendmail, WEXITSTATUS(status)));
	default:
		return (err_set(e, ERR_CONFIG, "sendmail \"%s\" failed with exit code %d", c->sendmail, WEXITSTATUS(status)));
	}
}

static int
run_program(const struct conf_smtp *c, const char *to, struct str t, struct err *e)
{
	int	 fd = memfd_create("mail", MFD_CLOEXEC), status = 0;
	pid_t	 pid;

	if (fd == -1)
		return (err_set(e, ERR_TEMP, "memfd: %s", strerror(errno)));
	if (io_write_full(fd, t.p, t.len) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		(void)close(fd);
		return (err_set(e, ERR_TEMP, "memfd: %s", strerror(errno)));
	}
	if (notify_program_start(c, to, fd, &pid, e) == -1) {
		(void)close(fd);
		return (-1);
	}
	(void)close(fd);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return (err_set(e, ERR_TEMP, "waitpid: %s", strerror(errno)));
	return (notify_program_ended(c, status, e));
}

int
notify_send(const struct notify_way *w, const char *to, struct str t, notify_commit *commit, void *ctx, enum smtp_fate *fate, struct err *e)
{
	const struct conf_smtp	*c = w->conf;
	struct buf		 lf = { 0 };
	int			 rv;

	*fate = SMTP_NOT_SENT;
	if (c->from == NULL)
		return (err_set(e, ERR_CONFIG, "no mail can be sent: the configuration has no section smtp { }"));
	if (c->sendmail == NULL) {
		struct smtp_conf	 s = { .host = c->host, .port = c->port, .tls = c->tls, .ca_file = c->tls_ca_file, .user = c->user,
					    .password = w->password, .timeout = c->timeout, .wake = w->wake };

		return (smtp_send(&s, c->from, to, t, commit, ctx, fate, e));
	}
	/* a program on this system takes lines as the system has them */
	for (size_t i = 0; i < t.len; i++)
		if (t.p[i] != '\r')
			(void)buf_byte(&lf, (unsigned char)t.p[i]);
	if (lf.failed)
		rv = err_set(e, ERR_TEMP, "out of memory");
	else if (commit != NULL && commit(ctx, e) == -1)
		rv = -1;
	else {
		*fate = SMTP_UNKNOWN;
		rv = w->program != NULL ? w->program(w->ctx, to, buf_as_str(&lf), e) : run_program(c, to, buf_as_str(&lf), e);
		if (rv == 0)
			*fate = SMTP_SENT;
		else if (e->code != ERR_BUG)	/* that: nobody knows how it ended */
			*fate = SMTP_NOT_SENT;
	}
	buf_free(&lf);
	return (rv);
}
