/*
 * supervisor.c - see supervisor.h.
 *
 * One loop over the links of the children and the signals. A child that ends
 * is started again after a delay that doubles from a quarter of a second to a
 * minute and is forgotten once it has lived for a while.
 */
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/when.h"
#include "process/fetcher.h"
#include "process/geo.h"
#include "process/ingester.h"
#include "notify/notify.h"
#include "process/link.h"
#include "process/resolver.h"
#include "process/visitor.h"
#include "process/notifier.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "process/settings.h"
#include "process/supervisor.h"
#include "tls/pair.h"

#define BACKOFF_MIN 250
#define BACKOFF_MAX 60000
#define LIVED_MS 30000		/* after this long an end is no longer blamed on the start */
#define STOP_MS 4000		/* then those who still run are killed */
#define CHILDREN_MAX 256
#define LENT_MAX 160
#define LOOK_MS 60000		/* whether certificate and key are other ones */
#define PEM_MAX (256u << 10)

enum kind { INGESTER, HTTP, FETCHER, NOTIFIER, RESOLVER, VISITOR };
static const char *const	 roles[] = { "ingester", "http", "fetcher", "notifier", "resolver", "visitor" };
/* Decoders that one may have at a time; twice what it uses, as those it is done with take a moment to go. */
static const unsigned		 decoders_max[] = { 128, 8, 0, 0, 0, 0 };

struct child {
	enum kind	 kind;
	char		 name[80];	/* for people: "fetcher reports" */
	char		 mailbox[65];
	pid_t		 pid;		/* 0: not running */
	int		 fd;
	int64_t		 started, next;	/* ms */
	int		 backoff;
	bool		 over;		/* not to be started again */
	bool		 said_done;
	uint64_t	 planned, done, skipped;
};

/* A decoder that we started for a child, which may start nothing itself. */
struct lent {
	pid_t			 pid;
	int64_t			 id;
	const struct child	*to;		/* NULL: that one has ended */
	bool			 ending;	/* we killed it */
	bool			 tell;		/* that one wants to know how it ends */
};

/* A program, sendmail or the command of alerts, that the notifier waits for; it has one at a time. */
struct program { pid_t pid; const struct child *to; int64_t deadline; /* ms; 0: none */ bool late; };

/* How those ended who were not asked after yet. */
struct past { int64_t id; int status; };

struct supervisor {
	struct conf		**conf;
	bool			 once, stopping, draining;
	const char *const	*names;
	size_t			 nnames;
	const struct supervisor_calls *calls;
	void			*ctx;
	struct child		*c[CHILDREN_MAX];
	size_t			 n;
	struct lent		 lent[LENT_MAX];
	size_t			 nlent;
	struct past		 past[LENT_MAX];	/* a ring */
	size_t			 npast;
	int64_t			 last_id;
	struct program		 program;
	int			 signals;
	int64_t			 stop_at;
	int			 port;		/* that http found when the configuration says 0 */
	int			 rv;
	bool			 notified;
	struct stat		 pem[2];	/* as http was given them, or as they were found no good */
	int64_t			 looked;
};

/* --- Children ----------------------------------------------------------------------- */

static void	 say(struct child *, const char *op);

static const struct conf_mailbox *
mailbox_of(const struct supervisor *s, const struct child *c)
{
	const struct conf	*f = *s->conf;

	for (size_t i = 0; i < f->nmailboxes; i++)
		if (strcmp(f->mailboxes[i].name, c->mailbox) == 0)
			return (&f->mailboxes[i]);
	return (NULL);
}

/* --- Certificate and key of the web server ------------------------------------------ */

/* Both, found good together; wiped and given back by the caller. */
static int
read_pair(const struct conf_http *h, struct buf pem[2], struct stat st[2], struct err *e)
{
	const char		*paths[] = { h->tls_certificate, h->tls_key };
	struct tls_pair		 pair;
	enum tls_pair_file	 which;

	memset(st, 0, 2 * sizeof(*st));
	for (size_t i = 0; i < 2; i++)
		(void)stat(paths[i], &st[i]);
	for (size_t i = 0; i < 2; i++)
		if (io_read_file(paths[i], PEM_MAX, &pem[i], e) == -1)
			return (-1);
	if (tls_pair_check(buf_as_str(&pem[0]), buf_as_str(&pem[1]), &pair, &which, e) == -1)
		return (err_prefix(e, "%s%s%s", paths[which == TLS_PAIR_KEY], which == TLS_PAIR_BOTH ? " and " : "",
		    which == TLS_PAIR_BOTH ? paths[1] : ""));
	return (0);
}

static void
forget_pair(struct buf pem[2])
{
	for (size_t i = 0; i < 2; i++) {
		if (pem[i].p != NULL)
			explicit_bzero(pem[i].p, pem[i].cap);
		buf_free(&pem[i]);
	}
}

static int
put_pair(struct supervisor *s, json_t *j, struct err *e)
{
	const struct conf_http	*h = &(*s->conf)->http;
	struct buf		 pem[2] = { { .p = NULL }, { .p = NULL } };
	int			 rv = 0;

	if (h->tls_certificate == NULL)
		return (0);
	if ((rv = read_pair(h, pem, s->pem, e)) == 0 && (json_object_set_new(j, "tls_certificate", json_stringn(pem[0].p, pem[0].len)) == -1 ||
	    json_object_set_new(j, "tls_key", json_stringn(pem[1].p, pem[1].len)) == -1))
		rv = err_set(e, ERR_CONFIG, "%s, %s: there is something in them that is no text", h->tls_certificate, h->tls_key);
	forget_pair(pem);
	return (rv);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec);
}

/* The web server starts anew with files that have changed, once they are good; that takes a moment. */
static void
look_at_pair(struct supervisor *s)
{
	const struct conf_http	*h = &(*s->conf)->http;
	struct buf		 pem[2] = { { .p = NULL }, { .p = NULL } };
	struct stat		 st[2];
	struct err		 e = { 0 };
	int64_t			 now = when_mono_ms();

	if (h->tls_certificate == NULL || s->once || s->stopping || now - s->looked < LOOK_MS)
		return;
	s->looked = now;
	if (stat(h->tls_certificate, &st[0]) == 0 && stat(h->tls_key, &st[1]) == 0 && same_file(&st[0], &s->pem[0]) &&
	    same_file(&st[1], &s->pem[1]))
		return;
	if (read_pair(h, pem, st, &e) == -1) {
		if (!same_file(&st[0], &s->pem[0]) || !same_file(&st[1], &s->pem[1]))
			log_error("%s; what was there before stays in use", e.msg);
		memcpy(s->pem, st, sizeof(st));
	} else {
		log_info("%s, %s: read again", h->tls_certificate, h->tls_key);
		for (size_t i = 0; i < s->n; i++)
			if (s->c[i]->kind == HTTP) {
				s->c[i]->backoff = 0;
				s->c[i]->next = 0;
				say(s->c[i], "stop");
			}
	}
	forget_pair(pem);
}

static json_t *
name_list(const struct str_list *l)
{
	json_t	*a = json_array();

	for (size_t i = 0; i < l->n; i++)
		(void)json_array_append_new(a, json_string(l->v[i]));
	return (a);
}

/* A port of the system's choice stays the same when the process is started again. */
static json_t *
http_config(struct supervisor *s, struct err *e)
{
	const struct conf	*f = *s->conf;
	json_t			*l = json_object(), *boxes = json_array(), *j;

	for (size_t i = 0; i < f->nmailboxes; i++)
		(void)json_array_append_new(boxes, json_pack("{s:s, s:s, s:s}", "name", f->mailboxes[i].name, "protocol",
		    f->mailboxes[i].protocol == CONF_IMAP ? "imap" : "pop3", "host", f->mailboxes[i].host));
#define PUT(name, def, min, max, unit, why) (void)json_object_set_new(l, #name, json_integer((json_int_t)f->limits.name));
	LIMITS(PUT)
#undef PUT
	j = json_pack("{s:s, s:i, s:s, s:s, s:i, s:o, s:o, s:b, s:I, s:o, s:o, s:s, s:s*, s:I, s:I, s:o, s:b}", "address", f->http.address, "port",
	    f->http.port == 0 ? s->port : (int)f->http.port, "base_path", f->http.base_path, "state_dir", f->state_dir, "log",
	    (int)log_level_get(), "limits", l, "mailboxes", boxes, "icann_suffixes", f->suffixes == CONF_SUFFIXES_ICANN, "keep_quarantine",
	    (json_int_t)f->store.keep_quarantine, "names", name_list(&f->http.names), "proxies", name_list(&f->http.proxies),
	    "proxy_address_header", f->http.proxy_address_header, "proxy_user_header", f->http.proxy_user_header, "session_idle",
	    (json_int_t)f->http.session_idle, "session_length", (json_int_t)f->http.session_length, "geo", geo_to_json(&f->geo),
	    "resolver", (int)f->resolver.enabled);
	if (j != NULL) {
		(void)json_object_set_new(j, "metrics", json_boolean(f->http.metrics));
		(void)json_object_set_new(j, "settings", settings_to_json(f));
	}
	if (j == NULL)
		err_set(e, ERR_TEMP, "out of memory");
	else if (put_pair(s, j, e) == -1) {
		json_decref(j);
		j = NULL;
	}
	return (j);
}

static json_t *
notifier_settings(const struct conf *f, struct err *e)
{
	struct buf	 password = { 0 }, secret = { 0 };
	json_t		*j = NULL;
	bool		 signs = f->alerts.webhook_secret_file != NULL || f->alerts.webhook_secret_command != NULL;

	if ((f->smtp.user == NULL || conf_smtp_password(&f->smtp, &password, e) == 0) &&
	    (!signs || conf_webhook_secret(&f->alerts, &secret, e) == 0)) {
		if ((j = notifier_config(f, password.p, secret.p)) == NULL)
			err_set(e, ERR_TEMP, "out of memory");
	}
	if (password.p != NULL)
		explicit_bzero(password.p, password.cap);
	if (secret.p != NULL)
		explicit_bzero(secret.p, secret.cap);
	buf_free(&password);
	buf_free(&secret);
	return (j);
}

/* What the child is told; a password goes to the one that needs it and nowhere else. */
static json_t *
config_of(struct supervisor *s, struct child *c, struct err *e)
{
	const struct conf_mailbox	*m;
	struct buf			 password = { 0 };
	json_t				*j;

	switch (c->kind) {
	case INGESTER:
		return (ingester_config(*s->conf));
	case HTTP:
		return (http_config(s, e));
	case NOTIFIER:
		return (notifier_settings(*s->conf, e));
	case RESOLVER:
		return (resolver_config(*s->conf));
	case VISITOR:
		return (visitor_config(*s->conf));
	case FETCHER:
		break;
	}
	if ((m = mailbox_of(s, c)) == NULL) {
		err_set(e, ERR_CONFIG, "mailbox %s: is no longer in the configuration", c->mailbox);
		return (NULL);
	}
	if (conf_password(m, &password, e) == -1)
		return (NULL);
	if ((j = fetcher_config(*s->conf, m, password.p, s->once)) == NULL)
		err_set(e, ERR_TEMP, "out of memory");
	explicit_bzero(password.p, password.cap);
	buf_free(&password);
	return (j);
}

static void
child_kill(const struct child *c)
{
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
}

static void
later(struct child *c)
{
	int64_t	 now = when_mono_ms();

	if (c->backoff == 0 || now - c->started > LIVED_MS)
		c->backoff = BACKOFF_MIN;
	else
		c->backoff = c->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : c->backoff * 2;
	c->next = now + c->backoff;
}

static void
mailbox_done(struct supervisor *s, struct child *c, uint64_t fresh, const char *error, int code)
{
	if (c->said_done)
		return;
	c->said_done = true;
	if (s->calls->mailbox_done != NULL)
		s->calls->mailbox_done(s->ctx, c->mailbox, fresh, c->skipped, error, code);
}

static void
say(struct child *c, const char *op)
{
	struct err	 e = { 0 };
	json_t		*m;

	if (c->pid == 0 || c->fd == -1 || (m = json_pack("{s:s}", "op", op)) == NULL)
		return;
	(void)link_send(c->fd, m, -1, &e);	/* one that has gone is seen elsewhere */
	json_decref(m);
}

static void
start(struct supervisor *s, struct child *c)
{
	struct err	 e = { 0 };
	json_t		*j;

	c->started = when_mono_ms();
	if ((j = config_of(s, c, &e)) == NULL || role_start(roles[c->kind], &c->pid, &c->fd, &e) == -1) {
		json_decref(j);
		c->pid = 0;
		if (s->once && c->kind == FETCHER) {
			c->over = true;
			mailbox_done(s, c, 0, e.msg, e.code == ERR_CONFIG ? 2 : 75);
			return;
		}
		log_error("%s: %s", c->name, e.msg);
		later(c);
		return;
	}
	if (link_send(c->fd, j, -1, &e) == -1)
		log_error("%s: %s", c->name, e.msg);
	json_decref(j);
	if (s->draining && c->kind == INGESTER)
		say(c, "drain");	/* it was not there when it was said */
	log_debug("%s: started, process %ld", c->name, (long)c->pid);
}

static struct child *
add(struct supervisor *s, enum kind kind, const char *mailbox)
{
	struct child	*c;

	if (s->n == CHILDREN_MAX || (c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->kind = kind;
	c->fd = -1;
	(void)snprintf(c->mailbox, sizeof(c->mailbox), "%s", mailbox == NULL ? "" : mailbox);
	(void)snprintf(c->name, sizeof(c->name), "%s%s%s", roles[kind], mailbox == NULL ? "" : " ", c->mailbox);
	s->c[s->n++] = c;
	return (c);
}

static void
drop(struct supervisor *s, size_t i)
{
	free(s->c[i]);
	s->c[i] = s->c[--s->n];
}

/* --- Decoders for those who may start none ------------------------------------------- */

static int
lend_one(struct supervisor *s, const struct child *c, int *fd, struct err *e)
{
	struct lent	*l = &s->lent[s->nlent];
	unsigned	 has = 0;

	for (size_t i = 0; i < s->nlent; i++)
		has += s->lent[i].to == c;
	if (has >= decoders_max[c->kind] || s->nlent == LENT_MAX)
		return (err_set(e, ERR_TEMP, "%s has %u decoders, that is the most", c->name, has));
	if (role_start("decoder", &l->pid, fd, e) == -1)
		return (-1);
	l->id = ++s->last_id;
	l->to = c;
	l->ending = l->tell = false;
	s->nlent++;
	log_debug("decoder %lld for %s: started, process %ld", (long long)l->id, c->name, (long)l->pid);
	return (0);
}

static void
lend(struct supervisor *s, struct child *c)
{
	struct err	 e = { 0 };
	json_t		*m;
	int		 fd = -1;

	if (lend_one(s, c, &fd, &e) == 0)
		m = json_pack("{s:s, s:I}", "op", "decoder", "id", (json_int_t)s->last_id);
	else
		m = json_pack("{s:s, s:s}", "op", "decoder", "error", e.msg);
	if (m == NULL || link_send(c->fd, m, fd, &e) == -1)
		child_kill(c);	/* it waits for an answer that cannot be given */
	json_decref(m);
	if (fd != -1)
		(void)close(fd);
}

static void
lent_kill(struct lent *l)
{
	if (!l->ending)
		(void)kill(l->pid, SIGKILL);
	l->ending = true;
}

static void
tell_end(const struct child *c, int64_t id, int status)
{
	struct err	 e = { 0 };
	json_t		*m;

	if (c->pid == 0 || c->fd == -1)
		return;
	m = json_pack("{s:s, s:I, s:i}", "op", "ended", "id", (json_int_t)id, "status", status);
	if (m == NULL || link_send(c->fd, m, -1, &e) == -1)
		child_kill(c);	/* it waits for an answer that cannot be given */
	json_decref(m);
}

static void
take_back(struct supervisor *s, const struct child *c, int64_t id, bool tell)
{
	for (size_t i = 0; i < s->nlent; i++)
		if (s->lent[i].to == c && s->lent[i].id == id) {
			lent_kill(&s->lent[i]);
			s->lent[i].tell = tell;
			return;
		}
	for (size_t i = 0; i < nitems(s->past) && tell; i++)
		if (s->past[i].id == id) {
			tell_end(c, id, s->past[i].status);
			return;
		}
	if (tell)
		tell_end(c, id, -1);
}

static void
take_back_all(struct supervisor *s, const struct child *c)
{
	for (size_t i = 0; i < s->nlent; i++)
		if (s->lent[i].to == c) {
			lent_kill(&s->lent[i]);
			s->lent[i].to = NULL;
		}
}

static void
lent_ended(struct supervisor *s, pid_t pid, int status)
{
	size_t	 i = 0;

	while (i < s->nlent && s->lent[i].pid != pid)
		i++;
	if (i == s->nlent)
		return;
	/* the ingester says how it ended, and what it was reading */
	if (s->lent[i].to != NULL && s->lent[i].tell)
		tell_end(s->lent[i].to, s->lent[i].id, status);
	else {
		s->past[s->npast++ % nitems(s->past)] = (struct past){ s->lent[i].id, status };
		if (s->lent[i].to != NULL && s->lent[i].to->kind != INGESTER && !s->lent[i].ending && !s->stopping &&
		    WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
			log_warn("a decoder was killed by signal %d%s", WTERMSIG(status),
			    WTERMSIG(status) == SIGSYS ? ": it did what its sandbox forbids" : "");
	}
	s->lent[i] = s->lent[--s->nlent];
}

static void
lent_end_all(struct supervisor *s)
{
	for (size_t i = 0; i < s->nlent; i++) {
		lent_kill(&s->lent[i]);
		while (waitpid(s->lent[i].pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	s->nlent = 0;
}

/* --- Mail by a program ----------------------------------------------------------------- */

static void
program_answer(struct child *c, json_t *m)
{
	struct err	 e = { 0 };

	if (c->fd != -1 && (m == NULL || link_send(c->fd, m, -1, &e) == -1))
		child_kill(c);	/* it waits for an answer that cannot be given */
	json_decref(m);
}

/* Only to those whom the settings name: that is all that a notifier in strange hands can have done. */
static bool
may_mail(const struct conf *f, const char *to)
{
	for (size_t i = 0; i < f->nsummaries; i++)
		for (size_t k = 0; k < f->summaries[i].to.n; k++)
			if (strcmp(f->summaries[i].to.v[k], to) == 0)
				return (true);
	for (size_t i = 0; i < f->alerts.to.n; i++)
		if (strcmp(f->alerts.to.v[i], to) == 0)
			return (true);
	return (false);
}

static void
program_not(struct child *c, const struct err *e)
{
	program_answer(c, json_pack("{s:s, s:s, s:i}", "op", "program", "error", e->msg, "code", (int)e->code));
}

static void
program_start(struct supervisor *s, struct child *c, const char *to, int fd)
{
	const struct conf	*f = *s->conf;
	struct err		 e = { 0 };
	pid_t			 pid;

	if (fd == -1 || to == NULL || f->smtp.sendmail == NULL || s->program.pid != 0 || !may_mail(f, to))
		(void)err_set(&e, ERR_TEMP, "the program cannot be started for that");
	else if (notify_program_start(&f->smtp, to, fd, &pid, &e) == 0) {
		s->program = (struct program){ .pid = pid, .to = c };
		return;
	}
	program_not(c, &e);
}

/* Always the program of the settings; all that the notifier has a say in is what it reads. */
static void
command_start(struct supervisor *s, struct child *c, int fd)
{
	const struct conf_alerts	*a = &(*s->conf)->alerts;
	struct err			 e = { 0 };
	pid_t				 pid;

	if (fd == -1 || a->command == NULL || s->program.pid != 0)
		(void)err_set(&e, ERR_TEMP, "the program cannot be started for that");
	else if (notify_command_start(a, fd, -1, &pid, &e) == 0) {
		s->program = (struct program){ .pid = pid, .to = c, .deadline = when_mono_ms() + a->command_timeout * 1000 };
		return;
	}
	program_not(c, &e);
}

static void
program_ended(struct supervisor *s, int status)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->c[i] == s->program.to && s->c[i]->pid != 0)
			program_answer(s->c[i], json_pack("{s:s, s:i, s:b}", "op", "program", "status", status, "late", (int)s->program.late));
	s->program = (struct program){ 0, NULL, 0, false };
}

/* --- What they say -------------------------------------------------------------------- */

static void
notify(const char *text)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	const char		*path = getenv("NOTIFY_SOCKET");
	size_t			 n;
	int			 fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') || (n = strlen(path)) >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, n);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)close(fd);
}

static uint64_t
number(const json_t *m, const char *key)
{
	json_int_t	 v = json_integer_value(json_object_get(m, key));

	return (v < 0 ? 0 : (uint64_t)v);
}

static void
show_progress(struct supervisor *s)
{
	uint64_t	 planned = 0, done = 0, skipped = 0;

	for (size_t i = 0; i < s->n; i++) {
		planned += s->c[i]->planned;
		done += s->c[i]->done;
		skipped += s->c[i]->skipped;
	}
	if (s->calls->progress != NULL)
		s->calls->progress(s->ctx, planned, done, skipped);
}

/* What one child wants of another; should there be none, the first one sees that nothing happened. */
static void
pass_on(struct supervisor *s, enum kind to, const json_t *m)
{
	struct err	 e = { 0 };

	for (size_t i = 0; i < s->n; i++)
		if (s->c[i]->kind == to && s->c[i]->pid != 0 && s->c[i]->fd != -1) {
			if (link_send(s->c[i]->fd, m, -1, &e) == -1)
				log_error("%s: %s", s->c[i]->name, e.msg);
			return;
		}
}

static void
heard(struct supervisor *s, struct child *c, const json_t *m, int fd)
{
	static const char *const	 names[] = { "stored", "duplicate", "replaced", "ignored", "rejected", "partial" };
	const char			*op = json_string_value(json_object_get(m, "op"));
	uint64_t			 by[6];

	if (op == NULL)
		return;
	if (decoders_max[c->kind] > 0 && strcmp(op, "decoder") == 0) {
		if (c->pid != 0)
			lend(s, c);
	} else if (decoders_max[c->kind] > 0 && strcmp(op, "kill") == 0) {
		if (number(m, "id") > 0)
			take_back(s, c, (int64_t)number(m, "id"), json_is_true(json_object_get(m, "tell")));
	} else if (c->kind == HTTP && strcmp(op, "listening") == 0) {
		s->port = (int)number(m, "port");
		if (s->calls->listening != NULL)
			s->calls->listening(s->ctx, &(*s->conf)->http, (int)number(m, "port"));
		if (!s->notified)
			notify("READY=1\nSTATUS=serving");
		s->notified = true;
	} else if (c->kind == HTTP && strcmp(op, "failed") == 0) {
		s->port = 0;	/* somebody else may have it now */
		log_error("%s: %s", c->name, json_string_value(json_object_get(m, "error")) == NULL ? "cannot start" :
		    json_string_value(json_object_get(m, "error")));
	} else if (c->kind == HTTP && strcmp(op, "reveal") == 0) {
		pass_on(s, INGESTER, m);
	} else if (c->kind == RESOLVER && (strcmp(op, "resolver") == 0 || strcmp(op, "resolved") == 0 ||
	    strcmp(op, "looked") == 0)) {
		pass_on(s, INGESTER, m);
	} else if (c->kind == VISITOR && (strcmp(op, "visitor") == 0 || strcmp(op, "visited") == 0)) {
		pass_on(s, INGESTER, m);
	} else if (c->kind == INGESTER && (strcmp(op, "visit") == 0 || strcmp(op, "who-visits") == 0)) {
		pass_on(s, VISITOR, m);
	} else if (c->kind == INGESTER && (strcmp(op, "hello") == 0 || strcmp(op, "resolve") == 0 || strcmp(op, "look") == 0)) {
		pass_on(s, RESOLVER, m);
	} else if (c->kind == FETCHER && strcmp(op, "progress") == 0) {
		c->planned = number(m, "planned");
		c->done = number(m, "done");
		c->skipped = number(m, "skipped");
		show_progress(s);
	} else if (c->kind == FETCHER && strcmp(op, "done") == 0) {
		const char	*error = json_string_value(json_object_get(m, "error"));

		c->done = number(m, "new");
		c->skipped = number(m, "skipped");
		show_progress(s);
		if (error != NULL)	/* the exit code tells the kind */
			(void)snprintf(c->name, sizeof(c->name), "%s", c->mailbox);
		mailbox_done(s, c, c->done, error, error == NULL ? 0 : 75);
	} else if (c->kind == NOTIFIER) {
		if (strcmp(op, "sendmail") == 0 && c->pid != 0)
			program_start(s, c, json_string_value(json_object_get(m, "to")), fd);
		else if (strcmp(op, "command") == 0 && c->pid != 0)
			command_start(s, c, fd);
	} else if (c->kind == INGESTER && strcmp(op, "locked") == 0) {
		if (s->calls->locked != NULL)
			s->calls->locked(s->ctx);
	} else if (c->kind == INGESTER) {
		for (size_t i = 0; i < nitems(by); i++)
			by[i] = number(m, names[i]);
		if (s->calls->ingested != NULL)
			s->calls->ingested(s->ctx, number(m, "messages"), by);
	}
}

static void
hear(struct supervisor *s, struct child *c)
{
	struct err	 e = { 0 };
	json_t		*m = NULL;
	int		 fd = -1, rv;

	if ((rv = link_recv(c->fd, &m, &fd, &e)) == 1) {
		heard(s, c, m, fd);
		json_decref(m);
	} else {
		/* it closed its end or talks nonsense: its exit is seen next */
		if (rv == -1) {
			log_error("%s: %s", c->name, e.msg);
			child_kill(c);
		}
		(void)close(c->fd);
		c->fd = -1;
	}
	if (fd != -1)
		(void)close(fd);
}

/* --- Ends ------------------------------------------------------------------------------- */

static void
ended(struct supervisor *s, struct child *c, int status)
{
	int	 code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

	c->pid = 0;	/* the number may be another's from now on */
	/* what it said last may still be in the link */
	while (c->fd != -1) {
		struct pollfd	 pfd = { .fd = c->fd, .events = POLLIN };

		if (poll(&pfd, 1, 0) <= 0)
			break;
		hear(s, c);
	}
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	take_back_all(s, c);
	if (s->program.to == c)
		s->program.to = NULL;	/* the program goes on; nobody is told how it ends */
	if (s->once && c->kind == FETCHER) {
		c->over = true;
		mailbox_done(s, c, c->done, "its process ended unexpectedly", 75);
		if (code != 0 && (s->rv == 0 || code == 2))
			s->rv = code == 2 ? 2 : 75;
		return;
	}
	if (s->stopping || (s->once && c->kind == INGESTER && s->draining)) {
		c->over = true;
		if (s->once && code != 0 && s->rv == 0)
			s->rv = 75;
		return;
	}
	if (s->once && c->kind == INGESTER && code == 0) {	/* another process empties the spool */
		c->over = true;
		return;
	}
	if (code != 0)
		log_error("%s: %s %d%s; it is started again", c->name, WIFSIGNALED(status) ? "killed by signal" : "ended with code",
		    WIFSIGNALED(status) ? WTERMSIG(status) : code, WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ?
		    " (it did what its sandbox forbids)" : "");
	later(c);
}

static void
reap(struct supervisor *s)
{
	int	 status;
	pid_t	 pid;
	size_t	 i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < s->n && s->c[i]->pid != pid; i++)
			;
		if (i < s->n)
			ended(s, s->c[i], status);
		else if (pid == s->program.pid)
			program_ended(s, status);
		else
			lent_ended(s, pid, status);
	}
}

static void
stop_all(struct supervisor *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->stop_at = when_mono_ms() + STOP_MS;
	notify("STOPPING=1");
	for (size_t i = 0; i < s->n; i++)
		say(s->c[i], "stop");
}

static void
reload(struct supervisor *s)
{
	struct conf	*f = s->calls->reload == NULL ? NULL : s->calls->reload(s->ctx);
	bool		 http = false, notifier = false, resolver = false, visitor = false;

	if (f == NULL)
		return;
	conf_free(*s->conf);
	*s->conf = f;
	s->looked = when_mono_ms();
	/* Everything that reads settings starts anew with the new ones; the spool keeps what is on its way. */
	for (size_t i = 0; i < s->n; i++) {
		struct child	*c = s->c[i];

		c->over = (c->kind == FETCHER && mailbox_of(s, c) == NULL) || (c->kind == HTTP && !f->http.enabled) ||
		    (c->kind == NOTIFIER && !notifier_wanted(f)) || (c->kind == RESOLVER && !f->resolver.enabled) ||
		    (c->kind == VISITOR && !visitor_wanted(f));
		http |= c->kind == HTTP;
		notifier |= c->kind == NOTIFIER;
		resolver |= c->kind == RESOLVER;
		visitor |= c->kind == VISITOR;
		c->backoff = 0;
		c->next = 0;
		say(c, "stop");
	}
	if (f->http.enabled && !http)
		(void)add(s, HTTP, NULL);
	if (f->resolver.enabled && !resolver)
		(void)add(s, RESOLVER, NULL);
	if (visitor_wanted(f) && !visitor)
		(void)add(s, VISITOR, NULL);
	if (notifier_wanted(f) && !notifier)
		(void)add(s, NOTIFIER, NULL);
	for (size_t k = 0; k < f->nmailboxes; k++) {
		bool	 have = false;

		for (size_t i = 0; i < s->n; i++)
			have |= s->c[i]->kind == FETCHER && strcmp(s->c[i]->mailbox, f->mailboxes[k].name) == 0;
		if (!have)
			(void)add(s, FETCHER, f->mailboxes[k].name);
	}
	log_info("the configuration was read again");
}

static void
signalled(struct supervisor *s)
{
	struct signalfd_siginfo	 si;

	while (read(s->signals, &si, sizeof(si)) == (ssize_t)sizeof(si))
		switch (si.ssi_signo) {
		case SIGCHLD:
			reap(s);
			break;
		case SIGHUP:
			if (!s->once)
				reload(s);
			break;
		default:
			if (s->once && s->rv == 0)
				s->rv = 75;
			stop_all(s);
			break;
		}
}

/* --- The loop ------------------------------------------------------------------------------ */

/* once: when every mailbox is done the ingester is told to empty the spool and end. */
static bool
finished(struct supervisor *s)
{
	bool	 fetching = false, running = false;

	for (size_t i = 0; i < s->n; i++) {
		running |= s->c[i]->pid != 0;
		fetching |= s->c[i]->kind == FETCHER && !s->c[i]->over;
	}
	if (s->stopping)
		return (!running);
	if (!s->once || fetching)
		return (false);
	if (!s->draining) {
		s->draining = true;
		for (size_t i = 0; i < s->n; i++)
			if (s->c[i]->kind == INGESTER)
				say(s->c[i], "drain");
	}
	for (size_t i = 0; i < s->n; i++)
		if (!s->c[i]->over)
			return (false);
	return (true);
}

static int
timing(struct supervisor *s)
{
	int64_t	 now = when_mono_ms(), wait = 60000;

	for (size_t i = 0; i < s->n; i++) {
		struct child	*c = s->c[i];

		if (c->over && c->pid == 0 && !s->once) {
			drop(s, i--);
			continue;
		}
		if (c->pid != 0 || c->over || s->stopping)
			continue;
		if (c->next <= now)
			start(s, c);
		if (c->pid == 0 && !c->over && c->next - now < wait)
			wait = c->next - now;
	}
	if (s->program.pid != 0 && s->program.deadline != 0) {
		if (now >= s->program.deadline && !s->program.late) {
			s->program.late = true;
			(void)kill(-s->program.pid, SIGKILL);	/* it leads a group of its own */
		} else if (!s->program.late && s->program.deadline - now < wait)
			wait = s->program.deadline - now;
	}
	if (s->stopping) {
		if (now >= s->stop_at)
			for (size_t i = 0; i < s->n; i++)
				child_kill(s->c[i]);
		wait = now >= s->stop_at ? 100 : s->stop_at - now;
	}
	return (wait < 0 ? 0 : (int)wait);
}

static void
loop(struct supervisor *s)
{
	struct pollfd	 pfd[CHILDREN_MAX + 1];
	struct child	*who[CHILDREN_MAX + 1];
	nfds_t		 n;
	int		 wait;

	while (!finished(s)) {
		look_at_pair(s);
		wait = timing(s);
		if (finished(s))
			break;
		pfd[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
		n = 1;
		for (size_t i = 0; i < s->n; i++)
			if (s->c[i]->fd != -1) {
				pfd[n] = (struct pollfd){ .fd = s->c[i]->fd, .events = POLLIN };
				who[n++] = s->c[i];
			}
		if (poll(pfd, n, wait) == -1 && errno != EINTR)
			break;
		for (nfds_t i = 1; i < n; i++)
			if (pfd[i].revents != 0 && who[i]->fd == pfd[i].fd)
				hear(s, who[i]);
		if (pfd[0].revents != 0)
			signalled(s);
	}
}

/* Once, by the one who starts the others: each of them has the same kernel. */
static void
tell_sandbox(bool serving)
{
	struct sandbox_report	 r;
	struct buf		 b = { 0 };
	bool			 whole;

	sandbox_probe(&r);
	whole = sandbox_describe(&r, &b);
	if (!serving)
		log_debug("sandbox: %s", b.p);
	else if (whole)
		log_info("sandbox: %s", b.p);
	else
		log_warn("sandbox: %s", b.p);
	buf_free(&b);
}

static bool
named(const struct supervisor *s, const char *mailbox)
{
	if (s->names == NULL || s->nnames == 0)
		return (true);
	for (size_t i = 0; i < s->nnames; i++)
		if (strcmp(s->names[i], mailbox) == 0)
			return (true);
	return (false);
}

int
supervise(struct conf **conf, enum supervise_mode mode, const char *const *names, size_t nnames, const struct supervisor_calls *calls, void *ctx)
{
	struct supervisor	 s = {
	    .conf = conf, .once = mode != SUPERVISE_SERVE, .names = names, .nnames = nnames, .calls = calls, .ctx = ctx,
	    .looked = when_mono_ms() };
	sigset_t		 set, old;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	if ((s.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1) {
		log_error("signalfd: %s", strerror(errno));
		return (75);
	}
	tell_sandbox(!s.once);
	if (mode != SUPERVISE_SPOOL)
		(void)add(&s, INGESTER, NULL);
	if (mode == SUPERVISE_SERVE && (*conf)->http.enabled)
		(void)add(&s, HTTP, NULL);
	if (mode == SUPERVISE_SERVE && (*conf)->resolver.enabled)
		(void)add(&s, RESOLVER, NULL);
	if (mode == SUPERVISE_SERVE && visitor_wanted(*conf))
		(void)add(&s, VISITOR, NULL);
	if (mode == SUPERVISE_SERVE && notifier_wanted(*conf))
		(void)add(&s, NOTIFIER, NULL);
	for (size_t i = 0; i < (*conf)->nmailboxes; i++)
		if (named(&s, (*conf)->mailboxes[i].name))
			(void)add(&s, FETCHER, (*conf)->mailboxes[i].name);
	loop(&s);
	lent_end_all(&s);
	while (s.n > 0) {
		if (s.c[0]->fd != -1)
			(void)close(s.c[0]->fd);
		drop(&s, 0);
	}
	(void)close(s.signals);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return (s.rv);
}
