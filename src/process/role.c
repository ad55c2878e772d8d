/*
 * role.c - see role.h.
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/io.h"
#include "process/role.h"

static const struct role	 roles[] = {
	{ "decoder", decoder_main },
	{ "ingester", ingester_main },
	{ "fetcher", fetcher_main },
	{ "http", http_main },
	{ "resolver", resolver_main },
	{ "visitor", visitor_main },
	{ "notifier", notifier_main },
};

const struct role *
role_find(const char *name)
{
	for (size_t i = 0; i < nitems(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return (&roles[i]);
	return (NULL);
}

static void
child(const char *name, int fd)
{
	char	*argv[] = { (char *)(uintptr_t)"dmarcd", (char *)(uintptr_t)"-x", (char *)(uintptr_t)name, NULL };
	sigset_t none;

	if (fd == ROLE_FD)
		(void)io_cloexec(fd, 0);
	else if (dup2(fd, ROLE_FD) == -1)
		_exit(71);
	/* Everything of ours is close-on-exec; what a parent left open is not ours to hand on. */
#ifdef SYS_close_range
	(void)syscall(SYS_close_range, (unsigned)ROLE_FD + 1, ~0u, 0u);
#endif
	(void)signal(SIGINT, SIG_IGN);	/* of the terminal: the parent tells its children what to do */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execv("/proc/self/exe", argv);
	_exit(71);
}

int
role_start(const char *name, pid_t *pid, int *fd, struct err *e)
{
	int	 sp[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) == -1)
		return (err_set(e, ERR_TEMP, "%s: socketpair: %s", name, strerror(errno)));
	switch (*pid = fork()) {
	case -1:
		(void)close(sp[0]);
		(void)close(sp[1]);
		return (err_set(e, ERR_TEMP, "%s: fork: %s", name, strerror(errno)));
	case 0:
		child(name, sp[1]);
		_exit(71);
	default:
		(void)close(sp[1]);
		*fd = sp[0];
		return (0);
	}
}
