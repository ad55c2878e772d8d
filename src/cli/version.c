/*
 * version.c - dmarcd version: what this program was built from, and what the
 * kernel offers to lock its processes in.
 */
#include <sys/utsname.h>

#include "base/base.h"
#include "base/escape.h"
#include "base/when.h"
#include "cli/commands.h"
#include "conf/conf.h"
#include "enrich/places.h"
#include "process/geo.h"
#include "process/sandbox.h"

#ifdef __VERSION__
#define COMPILER __VERSION__
#else
#define COMPILER "unknown"
#endif

/* Whose data of countries and networks it is has to be said where it is used. */
static void
put_places(const struct cli_ctx *ctx)
{
	static const char *const	 names[PLACES_WHATS] = { "countries", "networks" };
	struct places_about		 about;
	struct conf_geo			 own = { .country = NULL };
	struct err			 e = { 0 };
	struct buf			 b = { 0 };
	char				 day[WHEN_TEXT];

	if (geo_open(ctx->conf != NULL ? &ctx->conf->geo : &own, &e) == -1)
		return;
	for (int i = 0; i < PLACES_WHATS; i++) {
		places_about(places_used(), (enum places_what)i, &about);
		buf_clear(&b);
		if (about.there) {
			(void)when_date(about.day, day);
			(void)esc_text(&b, about.note);
			(void)printf("%-10s %s, %s\n", names[i], day, buf_as_str(&b).p);
		} else
			(void)printf("%-10s none: %s\n", names[i], about.why);
	}
	buf_free(&b);
	geo_close();
}

static int
version_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct sandbox_report	 r;
	struct utsname		 u;
	struct buf		 b = { 0 };

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
	put_places(ctx);
	return (CLI_OK);
}

const struct cli_command cli_cmd_version = {
	.name = "version",
	.group = "About",
	.help = "version, libraries, and what the kernel offers",
	.usage = "",
	.run = version_run,
};
