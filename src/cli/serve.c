/*
 * serve.c - dmarcd serve: the daemon, in the foreground.
 */
#include <sys/statvfs.h>

#include "base/base.h"
#include "base/io.h"
#include "base/log.h"
#include "cli/commands.h"
#include "conf/conf.h"
#include "process/geo.h"
#include "process/supervisor.h"
#include "store/store.h"

struct serve {
	struct cli_ctx	*ctx;
	char		 told[1024];	/* where it listened when it was said last */
};

static struct conf *
on_reload(void *arg)
{
	struct serve	*s = arg;
	struct buf	 faults = { 0 };
	struct err	 e = { 0 };
	struct conf	*c = conf_load(s->ctx->config_path, s->ctx->state, &faults, &e);

	if (c == NULL) {
		log_error("the configuration has faults, the old one goes on: %s", e.msg);
		if (faults.len > 0)
			log_error("%s", faults.p);
	} else
		s->ctx->state = c->state_dir;
	buf_free(&faults);
	return (c);
}

static void
on_listening(void *arg, const struct conf_http *h, int port)
{
	struct serve	*s = arg;
	char		 url[sizeof(s->told)];
	bool		 v6 = strchr(h->address, ':') != NULL;

	/* the one line that a person who starts it by hand looks for; again only when it has moved */
	(void)snprintf(url, sizeof(url), "http%s://%s%s%s:%d%s/", h->tls_certificate != NULL ? "s" : "", v6 ? "[" : "", h->address,
	    v6 ? "]" : "", port, h->base_path);
	if (strcmp(url, s->told) != 0)
		(void)printf("dmarcd is ready: %s\n", url);
	(void)fflush(stdout);
	memcpy(s->told, url, sizeof(url));
}

static const struct supervisor_calls	 calls = { .reload = on_reload, .listening = on_listening };

static bool
no_room(const char *dir)
{
	struct statvfs	 v;

	return (statvfs(dir, &v) == 0 && v.f_bavail < ((uint64_t)1 << 20) / (v.f_frsize == 0 ? 1 : v.f_frsize));
}

static int
serve_run(struct cli_ctx *ctx, const struct cli_args *args)
{
	struct serve	 s = { .ctx = ctx };
	struct err	 e = { 0 };
	struct store	*st;

	(void)args;
	/* faults of the state directory are said at once, before anything is started; a full disk may have room again */
	if ((st = store_open(ctx->state, STORE_WRITE, &e)) != NULL)
		store_close(st);
	else if (e.code == ERR_TEMP && no_room(ctx->state))
		cli_note(ctx, "the disk is full, and what needs it waits until there is room (%s)", e.msg);
	else
		return (cli_fail(&e));
	if (geo_open(&ctx->conf->geo, &e) == -1)
		return (cli_fail(&e));
	geo_close();	/* the processes that look into it open it themselves */
	log_open("dmarcd", ctx->verbosity < 0 ? LOG_WARN : ctx->verbosity > 0 ? LOG_DEBUG : LOG_INFO);
	if (ctx->conf->nmailboxes == 0)
		cli_note(ctx, "no mailbox is configured: reports come in by 'dmarcd deliver' and 'dmarcd import' only");
	return (supervise(&ctx->conf, SUPERVISE_SERVE, NULL, 0, &calls, &s));
}

const struct cli_command cli_cmd_serve = {
	.name = "serve",
	.group = "The daemon",
	.help = "fetch, store and show reports until told to stop",
	.usage = "",
	.text = "Runs in the foreground: a process for each mailbox, one that stores, one that serves the web app and the API, and "
	    "the decoders, which read what strangers sent and may do nothing else.\n\n"
	    "SIGTERM and SIGINT end it within five seconds; what is under way stays in the spool. SIGHUP reads the configuration "
	    "again.",
	.needs = CLI_NEEDS_STATE,
	.run = serve_run,
};
