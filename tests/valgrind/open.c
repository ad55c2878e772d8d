/*
 * open.c - the program for valgrind: linked with this in the place of
 * process/sandbox.c. Valgrind lives in the process that it watches and makes
 * system calls of its own, which the sandbox would kill. The program that is
 * installed knows no switch for this.
 */
#include <limits.h>
#include <unistd.h>

#include "base/base.h"
#include "process/sandbox.h"

int	 __real_execv(const char *, char *const *);
int	 __wrap_execv(const char *, char *const *);

/* Below valgrind /proc/self/exe is valgrind; only readlink is told otherwise. */
int
__wrap_execv(const char *path, char *const *argv)
{
	char	 real[PATH_MAX];
	ssize_t	 n;

	if (strcmp(path, "/proc/self/exe") == 0 && (n = readlink(path, real, sizeof(real) - 1)) > 0) {
		real[n] = '\0';
		path = real;
	}
	return (__real_execv(path, argv));
}

int
sandbox_enter(enum sandbox_role role, const struct sandbox_paths *p, struct sandbox_report *r, struct err *e)
{
	(void)role, (void)p, (void)e;
	memset(r, 0, sizeof(*r));
	return (0);
}

void
sandbox_probe(struct sandbox_report *r)
{
	memset(r, 0, sizeof(*r));
}

bool
sandbox_describe(const struct sandbox_report *r, struct buf *b)
{
	(void)r;
	(void)buf_cstr(b, "none, as this is the program for valgrind");
	return (false);
}

bool
sandbox_outdated(void)
{
	return (false);
}

void
sandbox_memory(uint64_t more)
{
	(void)more;
}

void
sandbox_cpu(uint64_t seconds)
{
	(void)seconds;
}
