/*
 * version.c - dmarcd version: what this program was built from, and what the
 * kernel offers to lock its processes in.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <unistd.h>

#include "base/base.h"
#include "cli/commands.h"

#ifdef __VERSION__
#define COMPILER __VERSION__
#else
#define COMPILER "unknown"
#endif

/* The kernel's Landlock version, 0 when it has none. */
static long
landlock_abi(void)
{
#ifdef SYS_landlock_create_ruleset
	long	 v = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1u /* ask for the version */);

	return (v < 0 ? 0 : v);
#else
	return (0);
#endif
}

static int
version_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct utsname	 u;
	long		 abi = landlock_abi();

	(void)ctx;
	(void)args;
	(void)printf("dmarcd %s\n", PACKAGE_VERSION);
	(void)printf("compiler   %s%s\n",
#ifdef __clang__
	    "",
#else
	    "GCC ",
#endif
	    COMPILER);
	(void)printf("libraries  %s\n", BUILT_WITH);
	if (uname(&u) == 0)
		(void)printf("system     %s %s %s\n", u.sysname, u.release, u.machine);
	(void)printf("kernel     seccomp: %s; ", prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 ? "yes" : "no");
	if (abi > 0)
		(void)printf("Landlock: version %ld\n", abi);
	else
		(void)printf("Landlock: no\n");
	return (CLI_OK);
}

const struct cli_command cli_cmd_version = {
	.name = "version",
	.group = "About",
	.help = "version, libraries, and what the kernel offers",
	.usage = "",
	.run = version_run,
};
