/*
 * config.c - dmarcd config check|show.
 */
#include <unistd.h>

#include "base/base.h"
#include "base/when.h"
#include "cli/commands.h"
#include "conf/conf.h"
#include "process/geo.h"
#include "process/sandbox.h"
#include "store/hosts.h"

static void
put_sandbox(struct buf *out)
{
	struct sandbox_report	 r;

	sandbox_probe(&r);
	(void)buf_cstr(out, "sandbox: ");
	(void)sandbox_describe(&r, out);
	(void)buf_byte(out, '\n');
}

/* How far it has come, where there is a store that can be read. */
static void
put_hosts(const char *state_dir, struct buf *out)
{
	struct store_hosts_state	 h;
	struct err			 e = { 0 };
	struct store			*s = store_open(state_dir, STORE_READ, &e);
	char				 text[WHEN_TEXT];

	if (s != NULL && store_hosts_state(s, &h, &e) == 0) {
		(void)buf_printf(out, "host names: of %llu addresses known, %llu of them confirmed; %llu wait",
		    (unsigned long long)h.known, (unsigned long long)h.confirmed, (unsigned long long)h.waiting);
		if (h.answered != 0)
			(void)buf_printf(out, "; latest answer %s", when_rfc3339(h.answered, text));
		(void)buf_byte(out, '\n');
		if (h.failing_since != 0)
			(void)buf_printf(out, "host names: no name server has answered since %s\n", when_rfc3339(h.failing_since, text));
	}
	store_close(s);
}

/* What leaves this machine, and to whom. */
static void
put_resolver(const struct conf_resolver *r, struct buf *out)
{
	if (!r->enabled) {
		(void)buf_cstr(out, "host names: off, the DNS is not asked\n");
		return;
	}
	(void)buf_cstr(out, "host names: asked of ");
	if (r->servers.n == 0)
		(void)buf_cstr(out, "the system's name servers");
	else if (strcmp(r->servers.v[0], "root") == 0)
		(void)buf_cstr(out, "the DNS from its root down");
	for (size_t i = 0; i < r->servers.n && strcmp(r->servers.v[0], "root") != 0; i++)
		(void)buf_printf(out, "%s%s", i > 0 ? ", " : "", r->servers.v[i]);
	(void)buf_printf(out, "; at most %u questions a second, %u addresses\n", r->rate, r->cache);
}

static int
config_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	const char	*verb = cli_operand(args, 0), *path = ctx->config_path;
	struct buf	 out = { 0 };
	struct err	 e = { 0 };
	struct conf	*c;
	int		 rv = CLI_OK;
	bool		 show = strcmp(verb, "show") == 0;

	if (!show && strcmp(verb, "check") != 0)
		return (cli_usage(&cli_cmd_config, "'%s' is neither check nor show", verb));
	if (path == NULL) {
		path = SYSCONFDIR "/dmarcd/dmarcd.conf";
		/* The defaults are worth a look also where there is no file yet. */
		if (show && access(path, F_OK) == -1)
			path = NULL;
	}
	if ((c = conf_load(path, ctx->state, &out, &e)) == NULL) {
		if (out.p != NULL)
			(void)fputs(out.p, stderr);
		cli_say("%s", e.msg);
		rv = e.code == ERR_TEMP ? CLI_TEMP : CLI_USAGE;
	} else {
		(void)fputs(c->warnings, stderr);
		buf_clear(&out);
		/* a file that is looked into by the daemon is looked into here */
		if (!show && geo_open(&c->geo, &e) == -1) {
			cli_say("%s: %s", path, e.msg);
			conf_free(c);
			return (e.code == ERR_TEMP ? CLI_TEMP : CLI_USAGE);
		}
		if (show)
			conf_print(c, &out);
		else if (ctx->verbosity >= 0) {
			(void)buf_printf(&out, "%s: no faults; %zu mailbox%s\n", path, c->nmailboxes,
			    c->nmailboxes == 1 ? "" : "es");
			put_sandbox(&out);
			put_resolver(&c->resolver, &out);
			put_hosts(c->state_dir, &out);
		}
		if (out.len > 0)
			(void)fwrite(out.p, 1, out.len, stdout);
	}
	buf_free(&out);
	conf_free(c);
	return (rv);
}

const struct cli_command cli_cmd_config = {
	.name = "config",
	.group = "Care",
	.help = "all faults of the configuration in one run, or the settings in force",
	.usage = "check|show",
	.text = "check reads the configuration and names every fault with file and line; it exits 0 "
	    "when there is none and 2 otherwise. It also says which parts of the processes' sandbox this "
	    "system has, of whom host names are asked, and how many are known.\n\n"
	    "show prints every setting in force, defaults included, as a configuration that dmarcd "
	    "reads again. Passwords are never printed: only where they come from.",
	.min_args = 1,
	.max_args = 1,
	.words = "check|show",
	.run = config_run,
};
