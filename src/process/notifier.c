/*
 * notifier.c - see notifier.h.
 *
 * It looks at the clock once a minute, so that a clock that is set, forward or
 * back, is noticed: what is due follows from the time of day and from what is
 * written down as sent. A mail that could not be sent is tried again with
 * longer and longer pauses until the next one is due.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "dmarc/dmarc.h"
#include "notify/notify.h"
#include "process/link.h"
#include "process/notifier.h"
#include "process/role.h"
#include "process/sandbox.h"

#define LOOK_S		60
#define BUSY_S		5		/* another process sends: it may have been our predecessor */
#define TEMP_FIRST	60		/* seconds until the next try, doubled each time */
#define TEMP_LAST	3600
#define CONFIG_FIRST	600
#define CONFIG_LAST	7200
#define GAP_S		3600		/* and two intervals without a look at alerts: the machine may have been off */
#define MEMORY		((uint64_t)2 << 30)	/* mapped, not used: as for the reader of a large store */

struct retry { int64_t not_before; unsigned failures; };	/* on the monotonic clock, in ms */

struct notifier {
	int		 fd;
	json_t		*json;
	struct conf	*conf;
	char		*password, *secret;
	struct retry	*retry;
	struct notify_way way;
	struct notify_ways ways;	/* of alerts */
	int64_t		 judge_at;	/* ms, on the monotonic clock */
	unsigned	 in_vain;	/* looks at alerts that failed in a row */
	bool		 stop, busy;
};

json_t *
notifier_config(const struct conf *c, const char *password, const char *secret)
{
	struct buf	 text = { 0 };
	json_t		*j = NULL;

	/* the settings as a file: nothing has to be named twice */
	conf_print(c, &text);
	if (!text.failed)
		j = json_pack("{s:s%, s:s?, s:s?, s:i}", "conf", text.p, text.len, "password", password, "secret", secret, "log",
		    (int)log_level_get());
	buf_free(&text);
	return (j);
}

bool
notifier_wanted(const struct conf *c)
{
	return ((c->nsummaries > 0 && c->smtp.from != NULL) || notify_alerts_wanted(c));
}

/* --- The parent ---------------------------------------------------------------------------- */

/* Takes one message, which is kept when it is the answer that is waited for; false: nothing more will come. */
static bool
hear(struct notifier *n, const char *want, json_t **answer)
{
	struct err	 e = { 0 };
	const char	*op;
	json_t		*o;

	if (link_recv(n->fd, &o, NULL, &e) != 1) {
		n->stop = true;
		return (false);
	}
	op = json_string_value(json_object_get(o, "op"));
	if (op != NULL && strcmp(op, "stop") == 0)
		n->stop = true;
	else if (op != NULL && want != NULL && strcmp(op, want) == 0) {
		*answer = o;
		return (true);
	}
	json_decref(o);
	return (true);
}

/* Have we been told to stop meanwhile? */
static bool
on_stop(void *arg)
{
	struct notifier	*n = arg;
	struct pollfd	 p = { .fd = n->fd, .events = POLLIN };

	while (!n->stop && poll(&p, 1, 0) == 1)
		(void)hear(n, NULL, NULL);
	return (n->stop);
}

/*
 * Programs (sendmail = and command =) are started by the parent: a process of
 * ours that reads strangers' names may start none, and what such programs need
 * (groups, other folders) is not for this one. What is for their standard
 * input travels as a file; answer gets how it ended.
 */
static int
run_by_parent(struct notifier *n, json_t *ask, struct str input, json_t **answer, struct err *e)
{
	int	 fd = memfd_create("input", MFD_CLOEXEC);

	if (fd == -1 || io_write_full(fd, input.p, input.len) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		if (fd != -1)
			(void)close(fd);
		json_decref(ask);
		return (err_set(e, ERR_TEMP, "memfd: %s", strerror(errno)));
	}
	if (ask == NULL || link_send(n->fd, ask, fd, e) == -1) {
		json_decref(ask);
		(void)close(fd);
		return (e->code == ERR_NONE ? err_set(e, ERR_TEMP, "out of memory") : -1);
	}
	json_decref(ask);
	(void)close(fd);
	while (*answer == NULL)
		if (!hear(n, "program", answer))
			return (err_set(e, ERR_BUG, "the program was started, but how it ended was not told"));
	return (0);
}

/* What it told when it could not be started; else its status. */
static int
answered(json_t *answer, int *status, struct err *e)
{
	const char	*error = json_string_value(json_object_get(answer, "error"));

	*status = (int)json_integer_value(json_object_get(answer, "status"));
	if (error == NULL)
		return (0);
	return (err_set(e, json_integer_value(json_object_get(answer, "code")) == ERR_CONFIG ? ERR_CONFIG : ERR_TEMP, "%s", error));
}

static int
on_program(void *arg, const char *to, struct str message, struct err *e)
{
	struct notifier	*n = arg;
	json_t		*answer = NULL;
	int		 status = -1, rv;

	if (run_by_parent(n, json_pack("{s:s, s:s}", "op", "sendmail", "to", to), message, &answer, e) == -1)
		return (-1);
	rv = answered(answer, &status, e);
	json_decref(answer);
	return (rv == -1 ? -1 : notify_program_ended(n->way.conf, status, e));
}

static int
on_command(void *arg, struct str body, struct err *e)
{
	struct notifier	*n = arg;
	json_t		*answer = NULL;
	int		 status = -1, rv;
	bool		 late;

	if (run_by_parent(n, json_pack("{s:s}", "op", "command"), body, &answer, e) == -1)
		return (-1);
	rv = answered(answer, &status, e);
	late = json_is_true(json_object_get(answer, "late"));
	json_decref(answer);
	return (rv == -1 ? -1 : notify_command_ended(&n->conf->alerts, status, late, "", e));
}

/* --- One look --------------------------------------------------------------------------------- */

static void
on_mail(void *arg, const struct conf_summary *s, const char *slot, const char *to, enum notify_state state, const struct err *e)
{
	(void)arg;
	switch (state) {
	case NOTIFY_SENT:
		log_info("summary %s of %s: sent to %s", s->name, slot, to);
		break;
	case NOTIFY_SKIPPED:
		log_debug("summary %s of %s: all is well, nothing is sent to %s", s->name, slot, to);
		break;
	case NOTIFY_NEW:
		log_error("summary %s of %s to %s: %s; it is tried again", s->name, slot, to, e->msg);
		break;
	default:
		log_error("summary %s of %s to %s: %s", s->name, slot, to, e->msg);
		break;
	}
}

static const struct notify_due_calls	 calls = { .mail = on_mail, .stop = on_stop };

static void
later(struct retry *r, enum err_code why)
{
	int64_t	 s = why == ERR_CONFIG ? CONFIG_FIRST : TEMP_FIRST, last = why == ERR_CONFIG ? CONFIG_LAST : TEMP_LAST;

	for (unsigned i = 0; i < r->failures && s < last; i++)
		s *= 2;
	r->failures++;
	r->not_before = when_mono_ms() + (s > last ? last : s) * 1000;
}

static void
on_alert(void *arg, const struct alert_delivery *d, const struct err *e, bool dead)
{
	const char	*to = d->channel == ALERT_MAIL ? d->to : alert_channel_names[d->channel];

	(void)arg;
	if (e == NULL)
		log_info("alert %s: sent to %s", d->id, to);
	else
		log_error("alert %s to %s: %s; %s", d->id, to, e->msg, dead ? "it is a dead letter now: dmarcd alert list --dead" :
		    "it is tried again");
}

static const struct notify_alerts_calls	 alert_calls = { .delivered = on_alert, .stop = on_stop };

static void
look_alerts(struct notifier *n)
{
	struct notify_alerts	 out;
	struct err		 e = { 0 };
	int64_t			 interval = n->conf->alerts.interval;
	bool			 judge = when_mono_ms() >= n->judge_at;

	if (!notify_alerts_wanted(n->conf) || on_stop(n))
		return;
	if (notify_alerts_run(n->conf, &n->ways, judge, GAP_S + 2 * interval, when_now(), 0, &alert_calls, n, &out, &e) == -1) {
		/* the ingester, which begins with us, may not have opened the store yet */
		if (n->in_vain++ > 0)
			log_error("%s; it is tried again", e.msg);
		else
			n->busy = true;
		n->judge_at = 0;
		return;
	}
	n->in_vain = 0;
	n->busy |= out.busy;
	if (judge && !out.busy)
		n->judge_at = when_mono_ms() + interval * 1000;
}

static void
look(struct notifier *n)
{
	n->busy = false;
	look_alerts(n);
	for (size_t i = 0; i < n->conf->nsummaries && !on_stop(n); i++) {
		const struct conf_summary	*s = &n->conf->summaries[i];
		struct retry			*r = &n->retry[i];
		struct notify_due		 out;
		struct err			 e = { 0 };

		if (when_mono_ms() < r->not_before)
			continue;
		if (notify_summary_due(n->conf, s, &n->way, when_now(), &calls, n, &out, &e) == -1) {
			log_error("%s; it is tried again", e.msg);
			later(r, e.code);
		} else if (out.busy)
			n->busy = true;
		else if (out.waiting > 0)
			later(r, out.worst);
		else
			*r = (struct retry){ 0, 0 };
	}
}

/* --- Beginning and end ---------------------------------------------------------------------------- */

static int
prepare(struct notifier *n, struct err *e)
{
	struct buf	 faults = { 0 };
	const char	*text, *password, *secret;
	char		 path[4096];
	int		 level, r;

	if ((r = link_recv(n->fd, &n->json, NULL, e)) != 1)
		return (r == 0 ? err_set(e, ERR_TEMP, "the parent went before it sent a configuration") : -1);
	text = json_string_value(json_object_get(n->json, "conf"));
	password = json_string_value(json_object_get(n->json, "password"));
	secret = json_string_value(json_object_get(n->json, "secret"));
	level = (int)json_integer_value(json_object_get(n->json, "log"));
	log_open("notifier", level < LOG_ERROR || level > LOG_DEBUG ? LOG_INFO : (enum log_level)level);
	n->conf = conf_load_text("settings", str_of(text == NULL ? "" : text), &faults, e);
	if (n->conf == NULL && faults.p != NULL)
		(void)err_set(e, ERR_BUG, "%.*s", (int)strcspn(faults.p, "\n"), faults.p);
	buf_free(&faults);
	if (n->conf == NULL)
		return (-1);
	if (password != NULL) {
		if ((n->password = strdup(password)) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		explicit_bzero((char *)(uintptr_t)password, strlen(password));
	}
	if (secret != NULL) {
		if ((n->secret = strdup(secret)) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
	}
	n->way = (struct notify_way){ .conf = &n->conf->smtp, .password = n->password, .wake = -1, .program = on_program, .ctx = n };
	n->ways = (struct notify_ways){ .mail = n->way, .secret = n->secret == NULL ? STR_NONE : str_of(n->secret), .command = on_command,
	    .ctx = n };
	if ((n->retry = calloc(n->conf->nsummaries + 1, sizeof(*n->retry))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	(void)snprintf(path, sizeof(path), "%s/notify", n->conf->state_dir);
	if (io_mkdir_p(path, 0700, e) == -1)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/tmp", n->conf->state_dir);
	if (io_mkdir_p(path, 0700, e) == -1)
		return (-1);
	dmarc_suffixes(n->conf->suffixes == CONF_SUFFIXES_ICANN);
	return (dmarc_init(e));
}

static int
lock_in(struct notifier *n, struct err *e)
{
	struct sandbox_paths	 paths = { .state_dir = n->conf->state_dir, .ca_file = n->conf->smtp.tls_ca_file,
				    .port = n->conf->smtp.host == NULL ? 0 : n->conf->smtp.port, .memory = MEMORY };
	struct sandbox_report	 report;
	struct conf_url		 hook;

	if (n->conf->alerts.webhook != NULL && conf_webhook_parts(n->conf->alerts.webhook, &hook)) {
		paths.ports = &hook.port;
		paths.nports = 1;
		paths.hook_ca_file = n->conf->alerts.webhook_ca_file;
	}
	return (sandbox_enter(SANDBOX_NOTIFIER, &paths, &report, e));
}

static void
loop(struct notifier *n)
{
	struct pollfd	 p = { .fd = n->fd, .events = POLLIN };

	while (!n->stop) {
		look(n);
		if (n->stop)
			break;
		if (sandbox_outdated()) {
			log_info("name servers or certificates have changed: starting again");
			break;
		}
		p.revents = 0;
		if (poll(&p, 1, (n->busy ? BUSY_S : LOOK_S) * 1000) == -1 && errno != EINTR)
			break;
		if (p.revents != 0)
			(void)hear(n, NULL, NULL);
	}
}

int
notifier_main(int fd)
{
	struct notifier	 n = { .fd = fd };
	struct err	 e = { 0 };
	int		 rv = 0;

	log_open("notifier", LOG_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);	/* Ctrl-C is the parent's affair; we hear of it by the link */
	if (prepare(&n, &e) == -1 || lock_in(&n, &e) == -1) {
		log_error("%s", e.msg);
		rv = 75;
	} else
		loop(&n);
	if (n.password != NULL)
		explicit_bzero(n.password, strlen(n.password));
	free(n.password);
	if (n.secret != NULL)
		explicit_bzero(n.secret, strlen(n.secret));
	free(n.secret);
	free(n.retry);
	conf_free(n.conf);
	json_decref(n.json);
	return (rv);
}
