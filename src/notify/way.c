/*
 * way.c - out by a mail server, or by a program like sendmail.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/io.h"
#include "notify/notify.h"

#define ARGS_MOST 32
#define FIRST_FD 3

extern char	**environ;

/* sendmail(8) of any kind takes -f and --; addresses begin with no hyphen, as conf saw to. */
int
notify_program_start(const struct conf_smtp *c, const char *to, int fd, pid_t *pid, struct err *e)
{
	posix_spawn_file_actions_t	 fa;
	posix_spawnattr_t		 at;
	sigset_t			 none, all;
	char				*line = strdup(c->sendmail), *argv[ARGS_MOST + 5], *p = line, *from = strdup(c->from), *rcpt = strdup(to);
	char				 f[] = "-f", dashes[] = "--";
	size_t				 n = 0;
	int				 rv = line == NULL || from == NULL || rcpt == NULL ? ENOMEM : 0;

	while (rv == 0 && n < ARGS_MOST) {
		p += strspn(p, " ");
		if (*p == '\0')
			break;
		argv[n++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	argv[n++] = f;
	argv[n++] = from;
	argv[n++] = dashes;
	argv[n++] = rcpt;
	argv[n] = NULL;
	if (rv == 0) {
		(void)sigemptyset(&none);
		(void)sigfillset(&all);
		(void)posix_spawn_file_actions_init(&fa);
		(void)posix_spawnattr_init(&at);
		(void)posix_spawn_file_actions_adddup2(&fa, fd, STDIN_FILENO);
		(void)posix_spawn_file_actions_addopen(&fa, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
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
	free(line);
	free(from);
	free(rcpt);
	return (rv == 0 ? 0 : err_set(e, rv == ENOMEM ? ERR_TEMP : ERR_CONFIG, "sendmail \"%s\" cannot be run: %s", c->sendmail, strerror(rv)));
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
