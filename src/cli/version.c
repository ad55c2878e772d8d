/*
 * version.c - dmarcd version: what this program was built from, and what the
 * kernel offers to lock its processes in.
 */
#include <sys/utsname.h>

#include "base/base.h"
#include "cli/commands.h"
#include "process/sandbox.h"

#ifdef __VERSION__
#define COMPILER __VERSION__
#else
#define COMPILER "unknown"
#endif

static int
version_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct sandbox_report	 r;
	struct utsname		 u;
	struct buf		 b = { 0 };

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
	sandbox_probe(&r);
	(void)sandbox_describe(&r, &b);
	(void)printf("sandbox    %s\n", b.p);
	buf_free(&b);
	return (CLI_OK);
}

const struct cli_command cli_cmd_version = {
	.name = "version",
	.group = "About",
	.help = "version, libraries, and what the kernel offers",
	.usage = "",
	.run = version_run,
};
