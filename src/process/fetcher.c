/*
 * fetcher.c - see fetcher.h.
 *
 * Two threads (the intake adds a third while a look goes on): the main one
 * listens to the parent, keeps the clock and writes the status; the other one
 * looks into the mailbox. So a stop is heard in the middle of a command, and
 * if the other thread cannot be stopped (a name server that does not answer),
 * the process goes all the same: what is durable is remembered.
 */
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "mailbox/mailbox.h"
#include "process/fetcher.h"
#include "process/intake.h"
#include "process/link.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "spool/spool.h"

#define STOP_MS		1500		/* the parent gives us two seconds */
#define PROGRESS_MS	200
#define STATUS_MS	1000
#define STATE_MAX	(256u << 20)
#define MEMORY		((uint64_t)1 << 30)	/* mapped, not used: threads reserve much */
#define TEMP_FIRST	5		/* seconds until the next try, doubled each time */
#define TEMP_LAST	900
#define CONFIG_FIRST	300
#define CONFIG_LAST	3600

struct fetcher {
	int			 fd;		/* the parent */
	json_t			*json;		/* strings of mb point into it */
	struct conf_mailbox	 mb;
	struct limits		 limits;
	const char		*password, *state_dir;
	bool			 once;
	char			*state_path, *status_path;
	struct spool		*spool;
	struct mailbox		*box;

	int			 done;		/* eventfd: the look has ended */
	pthread_t		 looker;
	bool			 looking;
	atomic_bool		 stop;
	struct intake_count	 count;
	struct err		 look_err;	/* the other thread's while it looks */
	struct err		 err;		/* of the last look */
	unsigned		 failures;	/* in a row */

	int64_t			 since, last_success, next_run;
	uint64_t		 seen;		/* messages fetched in all */
	const char		*state;
};

/* --- Configuration over the link ------------------------------------------ */

static const char *const protocols[] = { [CONF_IMAP] = "imap", [CONF_POP3] = "pop3" };
static const char *const tlss[] = {
	[CONF_TLS_IMPLICIT] = "implicit", [CONF_TLS_STARTTLS] = "starttls", [CONF_TLS_NONE] = "none"
};
static const char *const afters[] = {
	[CONF_AFTER_KEEP] = "keep", [CONF_AFTER_SEEN] = "seen", [CONF_AFTER_MOVE] = "move",
	[CONF_AFTER_DELETE] = "delete"
};

json_t *
fetcher_config(const struct conf *c, const struct conf_mailbox *m, const char *password, bool once)
{
	json_t	*limits, *o;

	if ((limits = json_object()) == NULL)
		return (NULL);
#define LIMIT_OUT(name, def, min, max, unit, why) \
	(void)json_object_set_new(limits, #name, json_integer((json_int_t)c->limits.name));
	LIMITS(LIMIT_OUT)
#undef LIMIT_OUT
	o = json_pack("{s:{s:s,s:s,s:s,s:i,s:s,s:s?,s:s,s:s?,s:s,s:s?,s:I,s:I},s:s,s:s,s:b,s:i,s:o}",
	    "mailbox",
	    "name", m->name, "protocol", protocols[m->protocol], "host", m->host, "port", (int)m->port,
	    "tls", tlss[m->tls], "tls_ca_file", m->tls_ca_file, "user", m->user, "folder", m->folder,
	    "after", afters[m->after], "after_folder", m->after_folder,
	    "poll", (json_int_t)m->poll, "timeout", (json_int_t)m->timeout,
	    "password", password, "state_dir", c->state_dir, "once", once ? 1 : 0,
	    "log", (int)log_level_get(), "limits", limits);
	return (o);
}

static int
word_of(const char *const *words, size_t n, const char *w)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (strcmp(words[i], w) == 0)
			return ((int)i);
	return (-1);
}

/* The object outlives the struct; jansson's strings are const, conf's are not. */
static char *
text_in(const char *s)
{
	return ((char *)(uintptr_t)s);
}

static int
read_mailbox(struct fetcher *f, json_t *o, struct err *e)
{
	/* These three may be null, which jansson's formats cannot say. */
	const char	*ca = json_string_value(json_object_get(o, "tls_ca_file"));
	const char	*folder = json_string_value(json_object_get(o, "folder"));
	const char	*after_folder = json_string_value(json_object_get(o, "after_folder"));
	const char	*name, *protocol, *host, *tls, *user, *after;
	json_int_t	 poll_s = 300, timeout = 60;
	json_error_t	 je;
	int		 port, p, t, a;

	if (json_unpack_ex(o, &je, 0, "{s:s,s:s,s:s,s:i,s:s,s:s,s:s,s?I,s?I}",
	    "name", &name, "protocol", &protocol, "host", &host, "port", &port, "tls", &tls,
	    "user", &user, "after", &after, "poll", &poll_s, "timeout", &timeout) == -1)
		return (err_set(e, ERR_BUG, "configuration: %s", je.text));
	p = word_of(protocols, nitems(protocols), protocol);
	t = word_of(tlss, nitems(tlss), tls);
	a = word_of(afters, nitems(afters), after);
	if (p == -1 || t == -1 || a == -1 || port < 1 || port > UINT16_MAX || poll_s < 1 || timeout < 1 ||
	    (a == CONF_AFTER_MOVE && after_folder == NULL))
		return (err_set(e, ERR_BUG, "configuration of mailbox %s: a value is out of range", name));
	f->mb = (struct conf_mailbox){
		.name = text_in(name), .protocol = (enum conf_protocol)p, .host = text_in(host),
		.port = (uint16_t)port, .tls = (enum conf_tls)t, .tls_ca_file = text_in(ca), .user = text_in(user),
		.folder = text_in(folder == NULL ? "INBOX" : folder), .after = (enum conf_after)a,
		.after_folder = text_in(after_folder), .poll = poll_s, .timeout = timeout
	};
	return (0);
}

static int
read_config(struct fetcher *f, struct err *e)
{
	json_t		*mb, *limits = NULL, *v;
	json_error_t	 je;
	int		 r, once = 0, level = LOG_INFO;

	if ((r = link_recv(f->fd, &f->json, NULL, e)) != 1)
		return (r == 0 ? err_set(e, ERR_TEMP, "the parent went before it sent a configuration") : -1);
	if (json_unpack_ex(f->json, &je, 0, "{s:o,s:s,s:s,s?b,s?i,s?o}", "mailbox", &mb, "password", &f->password,
	    "state_dir", &f->state_dir, "once", &once, "log", &level, "limits", &limits) == -1)
		return (err_set(e, ERR_BUG, "configuration: %s", je.text));
	f->once = once != 0;
	f->limits = limits_default;
#define LIMIT_IN(name, def, min, max, unit, why) \
	if ((v = json_object_get(limits, #name)) != NULL && json_integer_value(v) > 0) \
		f->limits.name = (uint64_t)json_integer_value(v);
	LIMITS(LIMIT_IN)
#undef LIMIT_IN
	log_open("fetcher", level < LOG_ERROR || level > LOG_DEBUG ? LOG_INFO : (enum log_level)level);
	return (read_mailbox(f, mb, e));
}

/* --- Status for people and the web ---------------------------------------- */

static json_t *
time_or_null(int64_t t)
{
	return (t == 0 ? json_null() : json_integer(t));
}

/* "mailbox NAME: cause; remedy: what to do" in its two halves */
static json_t *
error_object(const struct err *e)
{
	static const char	 mark[] = "; remedy: ";
	const char		*m;

	if (e->msg[0] == '\0')
		return (json_null());
	if ((m = strstr(e->msg, mark)) == NULL)
		return (json_pack("{s:s,s:n}", "text", e->msg, "remedy"));
	return (json_pack("{s:s%,s:s}", "text", e->msg, (size_t)(m - e->msg), "remedy", m + sizeof(mark) - 1));
}

static void
write_status(struct fetcher *f)
{
	struct err	 e = { 0 };
	json_t		*o;
	char		*text;

	o = json_pack("{s:s,s:s,s:I,s:o,s:o,s:I,s:I,s:I,s:I,s:o}", "name", f->mb.name, "state", f->state,
	    "since", (json_int_t)f->since, "last_success", time_or_null(f->last_success),
	    "next_run", time_or_null(f->next_run), "seen", (json_int_t)f->seen,
	    "new", (json_int_t)atomic_load(&f->count.messages),
	    "skipped", (json_int_t)atomic_load(&f->count.skipped),
	    "planned", (json_int_t)atomic_load(&f->count.planned), "error", error_object(&f->err));
	if (o != NULL && (text = json_dumps(o, JSON_COMPACT)) != NULL) {
		if (io_replace_file(f->status_path, text, strlen(text), 0600, &e) == -1)
			log_warn("mailbox %s: %s", f->mb.name, e.msg);
		free(text);
	}
	json_decref(o);
}

static void
set_state(struct fetcher *f, const char *state)
{
	f->state = state;
	f->since = when_now();
	write_status(f);
}

/* What an earlier life wrote: when mail was last fetched, and how many in all. */
static void
read_status(struct fetcher *f)
{
	struct buf	 b = { 0 };
	struct err	 e = { 0 };
	json_t		*o;

	if (io_read_file(f->status_path, 1u << 16, &b, &e) == 0 && (o = json_loadb(b.p, b.len, 0, NULL)) != NULL) {
		f->last_success = json_integer_value(json_object_get(o, "last_success"));
		if (json_integer_value(json_object_get(o, "seen")) > 0)
			f->seen = (uint64_t)json_integer_value(json_object_get(o, "seen"));
		json_decref(o);
	}
	buf_free(&b);
}

/* --- One look -------------------------------------------------------------- */

static int
look(struct fetcher *f, struct err *e)
{
	struct mailbox_state	 st = { { 0 } };
	struct err		 e2 = { 0 };
	struct intake		*in;
	int			 rv;

	if (access(f->state_path, F_OK) == 0 && io_read_file(f->state_path, STATE_MAX, &st.text, e) == -1) {
		buf_free(&st.text);
		return (-1);
	}
	if ((in = intake_begin(f->spool, f->mb.name, f->state_path, &f->count, &f->stop, e)) == NULL) {
		buf_free(&st.text);
		return (-1);
	}
	rv = mailbox_fetch(f->box, &st, &intake_calls, in, e);
	if (intake_end(in, &e2) == -1 && rv == 0) {
		*e = e2;
		rv = err_prefix(e, "mailbox %s", f->mb.name);
	}
	buf_free(&st.text);
	return (rv);
}

static void *
looker_main(void *ctx)
{
	const uint64_t	 one = 1;
	struct fetcher	*f = ctx;

	f->look_err = (struct err){ 0 };
	if (look(f, &f->look_err) == -1 && f->look_err.code == ERR_NONE)
		f->look_err.code = ERR_TEMP;
	if (write(f->done, &one, sizeof(one)) == -1)
		log_error("mailbox %s: eventfd: %s", f->mb.name, strerror(errno));
	return (NULL);
}

static void
start_look(struct fetcher *f)
{
	int	 r;

	atomic_store(&f->count.planned, 0);
	atomic_store(&f->count.planned_bytes, 0);
	atomic_store(&f->count.messages, 0);
	atomic_store(&f->count.bytes, 0);
	atomic_store(&f->count.skipped, 0);
	f->next_run = 0;
	set_state(f, "fetching");
	if ((r = pthread_create(&f->looker, NULL, looker_main, f)) != 0) {
		err_set(&f->err, ERR_TEMP, "mailbox %s: no thread: %s", f->mb.name, strerror(r));
		f->next_run = when_now() + TEMP_FIRST;
		set_state(f, "error");
		return;
	}
	f->looking = true;
}

/* Longer each time, and not for all mailboxes at the same moment. */
static int64_t
back_off(struct fetcher *f)
{
	int64_t		 first = f->err.code == ERR_CONFIG ? CONFIG_FIRST : TEMP_FIRST;
	int64_t		 last = f->err.code == ERR_CONFIG ? CONFIG_LAST : TEMP_LAST, s = first;
	uint32_t	 dice = 0;
	unsigned	 i;

	for (i = 1; i < f->failures && s < last; i++)
		s *= 2;
	if (s > last)
		s = last;
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		dice = (uint32_t)when_mono_ms();
	s += (int64_t)(dice % (uint32_t)(s / 2 + 1)) - s / 4;	/* a quarter less to a quarter more */
	return (s < first ? first : s > last ? last : s);
}

static void
end_look(struct fetcher *f)
{
	uint64_t	 n = atomic_load(&f->count.messages), skipped = atomic_load(&f->count.skipped), sink;
	char		 left[64] = "";

	(void)pthread_join(f->looker, NULL);
	if (read(f->done, &sink, sizeof(sink)) == -1)
		return;
	f->looking = false;
	f->err = f->look_err;
	f->seen += n;
	if (skipped > 0)
		(void)snprintf(left, sizeof(left), ", %llu left out", (unsigned long long)skipped);
	if (f->err.code == ERR_NONE) {
		f->failures = 0;
		f->last_success = when_now();
		f->next_run = f->last_success + f->mb.poll;
		if (n > 0 || skipped > 0)
			log_info("mailbox %s: %llu new%s", f->mb.name, (unsigned long long)n, left);
		else
			log_debug("mailbox %s: nothing new", f->mb.name);
		set_state(f, "idle");
		return;
	}
	f->failures++;
	f->next_run = when_now() + back_off(f);
	if (!atomic_load(&f->stop)) {
		if (f->once)	/* the parent says it */
			log_debug("%s", f->err.msg);
		else
			log_error("%s (%llu new%s; next try in %lld s)", f->err.msg, (unsigned long long)n, left,
			    (long long)(f->next_run - when_now()));
	}
	set_state(f, "error");
}

/* --- The parent ------------------------------------------------------------ */

static void
send_progress(struct fetcher *f)
{
	struct err	 e = { 0 };
	json_t		*o;

	o = json_pack("{s:s,s:I,s:I,s:I,s:I}", "op", "progress", "planned", (json_int_t)atomic_load(&f->count.planned),
	    "bytes", (json_int_t)atomic_load(&f->count.bytes), "done", (json_int_t)atomic_load(&f->count.messages),
	    "skipped", (json_int_t)atomic_load(&f->count.skipped));
	if (o != NULL)
		(void)link_send(f->fd, o, -1, &e);	/* a parent that has gone shows in poll */
	json_decref(o);
}

static void
send_done(struct fetcher *f)
{
	struct err	 e = { 0 };
	json_t		*o;

	o = json_pack("{s:s,s:I,s:I,s:s?}", "op", "done", "new", (json_int_t)atomic_load(&f->count.messages),
	    "skipped", (json_int_t)atomic_load(&f->count.skipped), "error", f->err.msg[0] == '\0' ? NULL : f->err.msg);
	if (o != NULL)
		(void)link_send(f->fd, o, -1, &e);
	json_decref(o);
}

/* False: the parent wants us to end, or has gone. */
static bool
hear(struct fetcher *f)
{
	struct err	 e = { 0 };
	const char	*op;
	json_t		*o;
	bool		 go_on = true;

	if (link_recv(f->fd, &o, NULL, &e) != 1)
		return (false);
	op = json_string_value(json_object_get(o, "op"));
	if (op != NULL && strcmp(op, "stop") == 0)
		go_on = false;
	else if (op != NULL && strcmp(op, "fetch") == 0)
		f->next_run = f->looking ? f->next_run : when_now();
	json_decref(o);
	return (go_on);
}

/* Ends the look if one is going on; false when it cannot be ended in time. */
static bool
stop_look(struct fetcher *f)
{
	struct pollfd	 p = { .fd = f->done, .events = POLLIN };

	atomic_store(&f->stop, true);
	if (!f->looking)
		return (true);
	mailbox_cancel(f->box);
	if (poll(&p, 1, STOP_MS) != 1)
		return (false);
	end_look(f);
	return (true);
}

static int
wait_ms(const struct fetcher *f)
{
	int64_t	 s;

	if (f->looking)
		return (f->once ? PROGRESS_MS : STATUS_MS);
	s = f->next_run - when_now();
	return (s <= 0 ? 0 : s > 3600 ? 3600 * 1000 : (int)s * 1000);
}

static int
exit_code(const struct fetcher *f)
{
	return (f->err.code == ERR_NONE ? 0 : f->err.code == ERR_CONFIG ? FETCHER_CONFIG : FETCHER_TEMPORARY);
}

static int
loop(struct fetcher *f)
{
	struct pollfd	 p[2] = { { .fd = f->fd, .events = POLLIN }, { .fd = f->done, .events = POLLIN } };

	start_look(f);
	for (;;) {
		if (poll(p, 2, wait_ms(f)) == -1 && errno != EINTR)
			break;
		if (p[1].revents != 0) {
			end_look(f);
			if (f->once) {
				send_progress(f);
				send_done(f);
				return (exit_code(f));
			}
		}
		if (p[0].revents != 0 && !hear(f))
			break;
		if (f->looking && f->once)
			send_progress(f);
		else if (f->looking)
			write_status(f);
		else if (f->next_run <= when_now()) {
			if (!f->once && sandbox_outdated()) {
				log_info("mailbox %s: name servers or certificates have changed: starting again", f->mb.name);
				break;
			}
			start_look(f);
		}
		p[0].revents = p[1].revents = 0;
	}
	if (!stop_look(f)) {
		set_state(f, "idle");
		_exit(f->once ? FETCHER_TEMPORARY : 0);	/* the other thread cannot be joined */
	}
	f->next_run = 0;
	set_state(f, "idle");
	return (f->once ? FETCHER_TEMPORARY : 0);
}

/* --- Beginning and end ------------------------------------------------------ */

static char *
path_of(const struct fetcher *f, const char *suffix)
{
	struct buf	 b = { 0 };

	buf_printf(&b, "%s/spool/state/%s%s", f->state_dir, f->mb.name, suffix);
	if (b.failed)
		buf_free(&b);
	return (b.p);
}

/* Several batches of files are open at a time. */
static void
more_files(void)
{
	struct rlimit	 r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < 4096) {
		r.rlim_cur = r.rlim_max < 4096 ? r.rlim_max : 4096;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static int
prepare(struct fetcher *f, struct err *e)
{
	if (read_config(f, e) == -1)
		return (-1);
	if ((f->state_path = path_of(f, "")) == NULL || (f->status_path = path_of(f, ".status")) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if ((f->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		return (err_set(e, ERR_TEMP, "eventfd: %s", strerror(errno)));
	if ((f->spool = spool_open(f->state_dir, e)) == NULL)
		return (-1);
	spool_sweep(f->spool);
	if ((f->box = mailbox_open(&f->mb, f->password, &f->limits, e)) == NULL)
		return (-1);
	read_status(f);
	return (0);
}

/*
 * The mail server is anybody's machine and libetpan its plaything: only the
 * spool can be written, only that server's port be connected to.
 */
static int
lock_in(struct fetcher *f, struct err *e)
{
	struct sandbox_paths	 paths = { .state_dir = f->state_dir, .ca_file = f->mb.tls_ca_file, .port = f->mb.port,
				    .memory = MEMORY + 4 * f->limits.message_bytes };
	struct sandbox_report	 report;

	return (sandbox_enter(SANDBOX_FETCHER, &paths, &report, e));
}

/* The password lives on in the mailbox only. */
static void
wipe_password(struct fetcher *f)
{
	json_t	*o = json_object_get(f->json, "password");

	if (json_is_string(o))
		explicit_bzero(text_in(json_string_value(o)), json_string_length(o));
	f->password = NULL;
}

int
fetcher_main(int fd)
{
	struct fetcher	 f = { .fd = fd, .done = -1, .state = "idle" };
	struct err	 e = { 0 };
	int		 rv;

	log_open("fetcher", LOG_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);	/* Ctrl-C is the parent's affair; we hear of it by the link */
	more_files();
	if ((rv = prepare(&f, &e)) == 0)
		rv = lock_in(&f, &e);
	wipe_password(&f);
	if (rv == 0)
		rv = loop(&f);
	else {
		f.err = e;
		if (f.once)
			send_done(&f);
		else
			log_error("%s", e.msg);
		if (f.status_path != NULL && f.spool != NULL)
			set_state(&f, "error");
		rv = e.code == ERR_CONFIG ? FETCHER_CONFIG : FETCHER_TEMPORARY;
	}
	mailbox_close(f.box);
	spool_close(f.spool);
	free(f.state_path);
	free(f.status_path);
	if (f.done != -1)
		(void)close(f.done);
	json_decref(f.json);
	return (rv);
}
