/*
 * conf.c - see conf.h. A file goes through three hands: scan.c looks at its
 * shape and names, libconfuse reads what is sound, items.c checks values.
 * Included files are further files of the same kind, one after another.
 */
#include <sys/stat.h>

#include <arpa/inet.h>
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "base/base.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/when.h"
#include "conf/items.h"
#include "conf/scan.h"
#include "tls/pair.h"

#define FILE_MAX	(1u << 20)
#define FILES_MAX	100
#define SHOWN		160

struct source {
	char	*path;
	unsigned from, line;	/* the file and the line that included it */
};

/* Where a key was set, over all files: a mailbox may stand in one only. */
struct load {
	struct conf		*conf;
	struct faults		 faults, warnings;
	struct source		*files;
	size_t			 nfiles;
	const struct scan	*scan;
	const char		*state;		/* wins over the file */
	bool			 text_only;	/* no files are opened: conf_load_text */
	unsigned		 file;		/* the one at hand */
	/* the first place of what may stand only once */
	struct { unsigned file, line; } once[CONF_SECTIONS];
	const struct conf_item	*root_set[8];
	size_t			 nroot_set;
	unsigned		*mailbox_file;	/* the file of each mailbox */
	bool			 failed;	/* out of memory */
};

/* libconfuse hands no context to its callbacks; it is not reentrant either. */
static struct load	*loading;

static void
warn(struct load *l, unsigned line, const char *sentence)
{
	l->warnings.name = l->faults.name;
	l->warnings.file = l->faults.file;
	faults_add(&l->warnings, line, "warning: %s", sentence);
}

/* ---- defaults ---- */

static void *
base_of(struct conf *c, enum conf_section section)
{
	return ((char *)c + conf_section_off[section]);
}

static int
set_defaults(enum conf_section section, void *base, struct err *e)
{
	for (size_t i = 0; i < conf_nitems; i++)
		if (conf_items[i].section == section && conf_items[i].def != NULL &&
		    item_set(&conf_items[i], base, conf_items[i].def, e) == -1)
			return (-1);
	return (0);
}

static struct conf *
conf_new(struct err *e)
{
	struct conf	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	c->limits = limits_default;
	for (size_t s = 0; s < CONF_SECTIONS; s++)
		if (!conf_titled((enum conf_section)s) && set_defaults((enum conf_section)s, base_of(c, (enum conf_section)s), e) == -1) {
			conf_free(c);
			return (NULL);
		}
	return (c);
}

static void
mailbox_clear(struct conf_mailbox *m)
{
	free(m->name);
	free(m->host);
	free(m->tls_ca_file);
	free(m->user);
	free(m->password_file);
	free(m->password_command);
	free(m->folder);
	free(m->after_folder);
}

static void
names_clear(struct str_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static void
sender_clear(struct conf_sender *s)
{
	struct str_list	*lists[] = { &s->any, &s->dkim, &s->bounce, &s->ptr, &s->spf, &s->selector };

	for (size_t i = 0; i < nitems(lists); i++)
		names_clear(lists[i]);
	free(s->name);
}

static void
summary_clear(struct conf_summary *s)
{
	names_clear(&s->to);
	names_clear(&s->domains);
	free(s->name);
}

static void
smtp_clear(struct conf_smtp *s)
{
	char	*all[] = { s->host, s->tls_ca_file, s->user, s->password_file, s->password_command, s->sendmail, s->from, s->from_name,
		    s->subject_prefix, s->unsubscribe };

	for (size_t i = 0; i < nitems(all); i++)
		free(all[i]);
}

static void
alerts_clear(struct conf_alerts *a)
{
	names_clear(&a->to);
	names_clear(&a->domains);
	names_clear(&a->report_addresses);
	names_clear(&a->off);
	names_clear(&a->mute);
	free(a->webhook);
	free(a->webhook_secret_file);
	free(a->webhook_secret_command);
	free(a->webhook_ca_file);
	free(a->command);
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->nmailboxes; i++)
		mailbox_clear(&c->mailboxes[i]);
	free(c->mailboxes);
	for (size_t i = 0; i < c->nsenders; i++)
		sender_clear(&c->senders[i]);
	free(c->senders);
	for (size_t i = 0; i < c->nsummaries; i++)
		summary_clear(&c->summaries[i]);
	free(c->summaries);
	smtp_clear(&c->smtp);
	alerts_clear(&c->alerts);
	free(c->http.public_url);
	free(c->path);
	for (size_t i = 0; i < c->nfiles; i++)
		free(c->files[i]);
	free(c->files);
	free(c->places);
	free(c->state_dir);
	free(c->http.address);
	free(c->http.base_path);
	free(c->geo.country);
	free(c->geo.network);
	names_clear(&c->http.names);
	free(c->http.tls_certificate);
	free(c->http.tls_key);
	names_clear(&c->http.proxies);
	free(c->http.proxy_address_header);
	free(c->http.proxy_user_header);
	free(c->warnings);
	names_clear(&c->trust.authserv_ids);
	names_clear(&c->trust.received_by);
	names_clear(&c->trust.services);
	names_clear(&c->trust.domains);
	names_clear(&c->resolver.servers);
	names_clear(&c->resolver.policy_server);
	free(c->resolver.policy_ca_file);
	free(c);
}

/* ---- one mailbox: what its keys mean together ---- */

static bool
is_loopback(const char *host)
{
	unsigned char	 bin[16];

	if (strcmp(host, "localhost") == 0)
		return (true);
	if (inet_pton(AF_INET, host, bin) == 1)
		return (bin[0] == 127);
	return (inet_pton(AF_INET6, host, bin) == 1 && memcmp(bin, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16) == 0);
}

static bool
host_ok(const char *host)
{
	for (const char *p = host; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		    strchr("-._:", *p) != NULL))
			return (false);
	return (host[0] != '-' && host[0] != '.');
}

static unsigned
line_of(const struct load *l, const char *key, unsigned instance, unsigned otherwise)
{
	const struct scan_place	*p = scan_find(l->scan, item_find(CONF_SEC_MAILBOX, str_of(key)), instance);

	return (p == NULL ? otherwise : p->line);
}

static unsigned
smtp_line(const struct load *l, const char *key)
{
	const struct scan_place	*p = scan_find(l->scan, item_find(CONF_SEC_SMTP, str_of(key)), 0);

	return (p == NULL ? 0 : p->line);
}

/* What can be said about a file that must be there later: only a warning, as
 * this may run as another user, or before the service has its credentials. */
static void
look_at_file(struct load *l, const char *key, const char *path, bool secret, unsigned line)
{
	struct stat	 st;
	char		 shown[SHOWN], sentence[400];

	if (path == NULL || l->text_only)
		return;
	esc_short(shown, sizeof(shown), str_of(path));
	if (stat(path, &st) == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			return;
		(void)snprintf(sentence, sizeof(sentence), "%s \"%s\" is not there", key, shown);
	} else if (S_ISDIR(st.st_mode)) {
		(void)snprintf(sentence, sizeof(sentence), "%s \"%s\" is a directory", key, shown);
	} else if (secret && (st.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
		(void)snprintf(sentence, sizeof(sentence), "%s \"%s\" is open to others (mode %04o); chmod 0600 closes it",
		    key, shown, (unsigned)st.st_mode & 07777);
	} else
		return;
	warn(l, line, sentence);
}

static void
check_login(struct load *l, struct conf_mailbox *m, unsigned instance)
{
	struct faults	*f = &l->faults;

	if (m->user == NULL && line_of(l, "user", instance, 0) == 0)
		faults_add(f, m->line, "mailbox %s has no user", m->name);
	if (m->password_file != NULL && m->password_command != NULL)
		faults_add(f, line_of(l, "password_command", instance, m->line),
		    "mailbox %s has password_file and password_command; one of them is enough", m->name);
	else if (m->password_file == NULL && m->password_command == NULL &&
	    line_of(l, "password_file", instance, 0) == 0 && line_of(l, "password_command", instance, 0) == 0)
		faults_add(f, m->line, "mailbox %s has neither password_file nor password_command", m->name);
	look_at_file(l, "password_file", m->password_file, true, line_of(l, "password_file", instance, m->line));
	look_at_file(l, "tls_ca_file", m->tls_ca_file, false, line_of(l, "tls_ca_file", instance, m->line));
}

static void
check_server(struct load *l, struct conf_mailbox *m, unsigned instance)
{
	static const uint16_t	 ports[2][3] = { { 993, 143, 143 }, { 995, 110, 110 } };
	struct faults		*f = &l->faults;
	char			 shown[SHOWN];

	if (m->port == 0)
		m->port = ports[m->protocol][m->tls];
	if (m->host == NULL) {
		if (line_of(l, "host", instance, 0) == 0)
			faults_add(f, m->line, "mailbox %s has no host", m->name);
		return;
	}
	esc_short(shown, sizeof(shown), str_of(m->host));
	if (!host_ok(m->host))
		faults_add(f, line_of(l, "host", instance, m->line), "host \"%s\" is no name of a host; names outside "
		    "of ASCII are written in their xn-- form", shown);
	else if (m->tls == CONF_TLS_NONE && !is_loopback(m->host))
		faults_add(f, line_of(l, "tls", instance, m->line), "tls = none would send the password of mailbox %s "
		    "over the network in the clear; it is for 127.0.0.1, ::1 and localhost only", m->name);
}

static void
check_after(struct load *l, struct conf_mailbox *m, unsigned instance)
{
	static const char *const	 word[] = { "keep", "seen", "move", "delete" };
	struct faults			*f = &l->faults;

	if (m->after == CONF_AFTER_MOVE && m->after_folder == NULL && line_of(l, "after_folder", instance, 0) == 0)
		faults_add(f, line_of(l, "after", instance, m->line),
		    "after = move needs a folder: after = move \"Reports/Done\"");
	if (m->after != CONF_AFTER_MOVE && m->after_folder != NULL)
		faults_add(f, line_of(l, "after_folder", instance, m->line),
		    "after_folder is set, but after is %s and moves nothing", word[m->after]);
	if (m->after == CONF_AFTER_MOVE && m->after_folder != NULL && strcmp(m->after_folder, m->folder) == 0)
		faults_add(f, line_of(l, "after_folder", instance, m->line),
		    "mailbox %s would move its messages to the folder they are in", m->name);
	if (m->protocol != CONF_POP3)
		return;
	if (m->after == CONF_AFTER_SEEN || m->after == CONF_AFTER_MOVE)
		faults_add(f, line_of(l, "after", instance, m->line),
		    "after = %s is not possible with POP3, which knows neither flags nor folders; keep and delete are",
		    word[m->after]);
	if (strcmp(m->folder, "INBOX") != 0)
		faults_add(f, line_of(l, "folder", instance, m->line), "folder is not possible with POP3, which has one "
		    "folder only");
}

/* The same mail twice is no harm to the figures, but rarely meant. */
static void
check_twins(struct load *l, const struct conf_mailbox *m)
{
	char	 sentence[300];

	if (m->host == NULL || m->user == NULL)
		return;
	for (size_t i = 0; i + 1 < l->conf->nmailboxes; i++) {
		const struct conf_mailbox	*o = &l->conf->mailboxes[i];

		if (o->host != NULL && o->user != NULL && strcasecmp(o->host, m->host) == 0 && o->port == m->port &&
		    strcmp(o->user, m->user) == 0 && strcmp(o->folder, m->folder) == 0) {
			(void)snprintf(sentence, sizeof(sentence), "mailboxes %s and %s are one and the same folder",
			    o->name, m->name);
			warn(l, m->line, sentence);
			return;
		}
	}
}

/* ---- the web server ---- */

#define PEM_MAX		(1u << 20)
#define SOON_DAYS	14

bool
conf_http_loopback(const struct conf_http *h)
{
	return (is_loopback(h->address));
}

static unsigned
http_line(const struct load *l, const struct scan_section *s, const char *key)
{
	const struct scan_place	*p = scan_find(l->scan, item_find(CONF_SEC_HTTP, str_of(key)), s->instance);

	return (p == NULL ? s->line : p->line);
}

/* A file that we may not read may be another user's to read. */
static int
read_pem(struct load *l, const char *key, const char *path, unsigned line, struct buf *out)
{
	struct err	 e = { 0 };
	char		 shown[SHOWN];

	if (access(path, R_OK) == -1 && errno == EACCES)
		return (-1);
	if (io_read_file(path, PEM_MAX, out, &e) == 0)
		return (0);
	esc_short(shown, sizeof(shown), str_of(path));
	if (access(path, F_OK) == -1)
		faults_add(&l->faults, line, "%s \"%s\" is not there", key, shown);
	else
		faults_add(&l->faults, line, "%s cannot be read: %s", key, e.msg);
	return (-1);
}

static void
check_dates(struct load *l, const struct tls_pair *p, const char *shown, unsigned line)
{
	char	 sentence[400], when[WHEN_TEXT];
	int64_t	 now = when_now();

	if (p->until < now)
		(void)snprintf(sentence, sizeof(sentence), "tls_certificate \"%s\" expired on %s; browsers refuse it", shown,
		    when_rfc3339(p->until, when));
	else if (p->from > now)
		(void)snprintf(sentence, sizeof(sentence), "tls_certificate \"%s\" is not valid before %s; browsers refuse it", shown,
		    when_rfc3339(p->from, when));
	else if (p->until - now < SOON_DAYS * DAY_SECONDS)
		(void)snprintf(sentence, sizeof(sentence), "tls_certificate \"%s\" expires on %s", shown, when_rfc3339(p->until, when));
	else
		return;
	warn(l, line, sentence);
}

static void
check_pair(struct load *l, const struct conf_http *h, const struct scan_section *s)
{
	static const char *const	 keys[] = { "tls_certificate", "tls_key" };
	const char			*paths[] = { h->tls_certificate, h->tls_key };
	struct buf			 pem[2] = { { .p = NULL }, { .p = NULL } };
	struct tls_pair			 pair;
	enum tls_pair_file		 which;
	struct err			 e = { 0 };
	char				 shown[2][SHOWN], sentence[600];
	bool				 there = true;

	for (size_t i = 0; i < 2; i++) {
		esc_short(shown[i], sizeof(shown[i]), str_of(paths[i]));
		there = read_pem(l, keys[i], paths[i], http_line(l, s, keys[i]), &pem[i]) == 0 && there;
	}
	if (there && tls_pair_check(buf_as_str(&pem[0]), buf_as_str(&pem[1]), &pair, &which, &e) == -1) {
		if (which == TLS_PAIR_BOTH)
			faults_add(&l->faults, http_line(l, s, "tls_key"), "tls_certificate \"%s\" and tls_key \"%s\" %s", shown[0], shown[1], e.msg);
		else
			faults_add(&l->faults, http_line(l, s, keys[which]), "%s \"%s\" %s", keys[which], shown[which], e.msg);
	} else if (there) {
		check_dates(l, &pair, shown[0], http_line(l, s, "tls_certificate"));
		for (size_t i = 0; i < h->names.n; i++)
			if (!tls_pair_names(buf_as_str(&pem[0]), h->names.v[i])) {
				(void)snprintf(sentence, sizeof(sentence), "tls_certificate \"%s\" is not for %s; browsers refuse it there", shown[0],
				    h->names.v[i]);
				warn(l, http_line(l, s, "tls_certificate"), sentence);
			}
		look_at_file(l, "tls_key", h->tls_key, true, http_line(l, s, "tls_key"));
	}
	for (size_t i = 0; i < 2; i++) {
		if (pem[i].p != NULL)
			explicit_bzero(pem[i].p, pem[i].cap);
		buf_free(&pem[i]);
	}
}

/* RFC 9110 5.1: a token. */
static bool
header_ok(const char *name)
{
	return (name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")] == '\0');
}

static void
check_http(struct load *l, const struct scan_section *s)
{
	const struct conf_http	*h = &l->conf->http;
	struct faults		*f = &l->faults;
	const char		*headers[] = { h->proxy_address_header, h->proxy_user_header };
	static const char *const keys[] = { "proxy_address_header", "proxy_user_header" };
	char			 shown[SHOWN];

	if ((h->tls_certificate == NULL) != (h->tls_key == NULL))
		faults_add(f, http_line(l, s, h->tls_key == NULL ? "tls_certificate" : "tls_key"), "tls_certificate and tls_key go together; %s is missing",
		    h->tls_key == NULL ? "tls_key" : "tls_certificate");
	else if (h->tls_certificate != NULL && !l->text_only)
		check_pair(l, h, s);
	for (size_t i = 0; i < 2; i++)
		if (headers[i] != NULL && !header_ok(headers[i]))
			faults_add(f, http_line(l, s, keys[i]), "%s \"%s\" is no name of a header", keys[i], esc_short(shown, sizeof(shown),
			    str_of(headers[i])));
	if (h->proxy_user_header != NULL && h->proxies.n == 0)
		faults_add(f, http_line(l, s, "proxy_user_header"), "proxy_user_header is set, but proxies says nobody who may send it");
	if (h->session_idle > h->session_length)
		faults_add(f, http_line(l, s, "session_idle"), "session_idle is longer than session_length, which ends every session");
	if (!conf_http_loopback(h) && h->tls_certificate == NULL && h->tls_key == NULL && h->proxies.n == 0)
		faults_add(f, http_line(l, s, "listen"), "listen \"%s\" is not a loopback address: passwords and reports would go over the network "
		    "in the clear; set tls_certificate and tls_key, or proxies when a web server in front speaks TLS", h->address);
}

/* ---- from libconfuse's tree to struct conf ---- */

static void
take_value(struct load *l, cfg_t *sec, const struct conf_item *it, void *base, const struct scan_place *p)
{
	unsigned	 n = it->type == CONF_NAMES ? cfg_size(sec, it->name) : 1;

	for (unsigned i = 0; i < n; i++) {
		const char	*value = cfg_getnstr(sec, it->name, i);
		struct err	 e = { 0 };

		/* NULL: libconfuse has complained about it already */
		if (value == NULL || item_set(it, base, value, &e) == 0)
			continue;
		if (e.code != ERR_CONFIG)
			l->failed = true;
		faults_add(&l->faults, p->line, "%s", e.msg);
	}
}

static size_t
count_of(const struct conf *c, enum conf_section kind)
{
	return (kind == CONF_SEC_MAILBOX ? c->nmailboxes : kind == CONF_SEC_SENDER ? c->nsenders : kind == CONF_SEC_SUMMARY ? c->nsummaries : 1);
}

static void
remember(struct load *l, enum conf_section kind, const struct conf_item *item, unsigned line)
{
	struct conf		*c = l->conf;
	struct conf_place	*v;

	if ((c->nplaces & (c->nplaces - 1)) == 0) {	/* a power of two: it is full */
		if ((v = realloc(c->places, (c->nplaces == 0 ? 1 : 2 * c->nplaces) * sizeof(*v))) == NULL) {
			l->failed = true;
			return;
		}
		c->places = v;
	}
	c->places[c->nplaces++] = (struct conf_place){ kind, (unsigned)count_of(c, kind) - 1, l->file, line, item };
}

/* Of a section that has several, the one that was added last. */
static void
take_keys(struct load *l, cfg_t *sec, enum conf_section kind, unsigned instance, void *base)
{
	for (size_t i = 0; i < l->scan->nplaces; i++) {
		const struct scan_place	*p = &l->scan->places[i];

		if (p->item->section != kind || p->instance != instance)
			continue;
		take_value(l, sec, p->item, base, p);
		remember(l, kind, p->item, p->line);
	}
}

static void
take_mailbox(struct load *l, cfg_t *sec, const struct scan_section *s)
{
	struct conf		*c = l->conf;
	struct conf_mailbox	*m;
	struct err		 e = { 0 };
	unsigned		*files;

	if ((m = realloc(c->mailboxes, (c->nmailboxes + 1) * sizeof(*m))) == NULL) {
		l->failed = true;
		return;
	}
	c->mailboxes = m;
	if ((files = realloc(l->mailbox_file, (c->nmailboxes + 1) * sizeof(*files))) == NULL) {
		l->failed = true;
		return;
	}
	l->mailbox_file = files;
	files[c->nmailboxes] = l->file;
	m += c->nmailboxes++;
	*m = (struct conf_mailbox){ .line = s->line };
	if ((m->name = strdup(s->title == NULL ? "?" : s->title)) == NULL ||
	    set_defaults(CONF_SEC_MAILBOX, m, &e) == -1) {
		l->failed = true;
		c->nmailboxes--;
		mailbox_clear(m);
		return;
	}
	for (size_t i = 0; s->title != NULL && i + 1 < c->nmailboxes; i++)
		/* case folded: the name is that of files, too */
		if (strcasecmp(c->mailboxes[i].name, s->title) == 0) {
			faults_add(&l->faults, s->line, "there is a mailbox %s already, at %s:%u", s->title,
			    l->files[files[i]].path, c->mailboxes[i].line);
			break;
		}
	take_keys(l, sec, CONF_SEC_MAILBOX, s->instance, m);
	check_server(l, m, s->instance);
	check_login(l, m, s->instance);
	check_after(l, m, s->instance);
	check_twins(l, m);
}

/* A name that stands under two senders, or twice under one, would name either. */
static void
check_names(struct load *l, const struct conf_sender *v)
{
	struct catalogue	*c;
	struct err		 e = { 0 };
	struct buf		 lists[6] = { { 0 } };
	bool			 failed = false;

	if ((c = catalogue_parse("", STR(""), NULL, &e)) == NULL) {
		l->failed = true;
		return;
	}
	for (const struct conf_sender *s = l->conf->senders; s <= v && !failed; s++) {
		const struct str_list	*names[] = { &s->any, &s->dkim, &s->bounce, &s->ptr, &s->spf, &s->selector };
		struct catalogue_user	 u = { .name = s->name, .kind = sender_kind_names[s->kind + 1] };
		const char		**to[] = { &u.any, &u.dkim, &u.bounce, &u.ptr, &u.spf, &u.selector };

		for (size_t i = 0; i < nitems(names); i++) {
			buf_clear(&lists[i]);
			for (size_t k = 0; k < names[i]->n; k++)
				(void)buf_printf(&lists[i], "%s%s", k > 0 ? " " : "", names[i]->v[k]);
			*to[i] = names[i]->n == 0 || lists[i].failed ? NULL : lists[i].p;
		}
		if (catalogue_add(c, &u, &e) == -1) {
			/* "sender:0: a.example stands under X already (line 0)" */
			const char	*text = strstr(e.msg, ": "), *end = strstr(e.msg, " (line");

			failed = true;
			if (e.code != ERR_CONFIG)
				l->failed = true;
			else if (s == v && text != NULL)
				faults_add(&l->faults, v->line, "sender \"%s\": %.*s", v->name,
				    end == NULL ? (int)strlen(text + 2) : (int)(end - text - 2), text + 2);
		}
	}
	for (size_t i = 0; i < nitems(lists); i++)
		buf_free(&lists[i]);
	catalogue_free(c);
}

static void
take_sender(struct load *l, cfg_t *sec, const struct scan_section *s)
{
	struct conf		*c = l->conf;
	struct conf_sender	*v;
	struct err		 e = { 0 };

	if ((v = realloc(c->senders, (c->nsenders + 1) * sizeof(*v))) == NULL) {
		l->failed = true;
		return;
	}
	c->senders = v;
	v += c->nsenders;
	*v = (struct conf_sender){ .line = s->line };
	if ((v->name = strdup(s->title == NULL ? "?" : s->title)) == NULL || set_defaults(CONF_SEC_SENDER, v, &e) == -1) {
		l->failed = true;
		sender_clear(v);
		return;
	}
	c->nsenders++;
	for (size_t i = 0; s->title != NULL && i + 1 < c->nsenders; i++)
		if (strcasecmp(c->senders[i].name, s->title) == 0) {
			faults_add(&l->faults, s->line, "there is a sender \"%s\" already", s->title);
			break;
		}
	take_keys(l, sec, CONF_SEC_SENDER, s->instance, v);
	if (v->any.n + v->dkim.n + v->bounce.n + v->ptr.n + v->spf.n + v->selector.n == 0)
		faults_add(&l->faults, s->line, "sender \"%s\" has no domain and no selector to be known by", v->name);
	check_names(l, v);
}

/* What the keys of smtp { } mean together. */
static void
check_smtp(struct load *l, unsigned line)
{
	static const uint16_t	 ports[] = { 465, 587, 25 };
	struct conf_smtp	*m = &l->conf->smtp;
	struct faults		*f = &l->faults;
	char			 shown[SHOWN];

	if (m->port == 0)
		m->port = ports[m->tls];
	if (m->host == NULL && m->sendmail == NULL)
		faults_add(f, line, "smtp has neither host nor sendmail");
	if (m->host != NULL && m->sendmail != NULL)
		faults_add(f, line, "smtp has host and sendmail; one of them is enough");
	if (m->from == NULL && smtp_line(l, "from") == 0)
		faults_add(f, line, "smtp has no from: the address that mail comes from");
	if (m->host != NULL && !host_ok(m->host))
		faults_add(f, line, "host \"%s\" is no name of a host; names outside of ASCII are written in their xn-- form",
		    esc_short(shown, sizeof(shown), str_of(m->host)));
	else if (m->host != NULL && m->tls == CONF_TLS_NONE && !is_loopback(m->host))
		faults_add(f, line, "tls = none would send mail over the network in the clear; it is for 127.0.0.1, ::1 and localhost only");
	if (m->user != NULL && m->tls == CONF_TLS_NONE)
		faults_add(f, line, "smtp has a user, but tls = none: there is no login without TLS");
	if (m->password_file != NULL && m->password_command != NULL)
		faults_add(f, line, "smtp has password_file and password_command; one of them is enough");
	if (m->user != NULL && m->password_file == NULL && m->password_command == NULL)
		faults_add(f, line, "smtp has a user, but neither password_file nor password_command");
	if (m->user == NULL && (m->password_file != NULL || m->password_command != NULL))
		faults_add(f, line, "smtp has a password, but no user");
	look_at_file(l, "password_file", m->password_file, true, line);
	look_at_file(l, "tls_ca_file", m->tls_ca_file, false, line);
}

/* ---- alerts ---- */

bool
conf_webhook_parts(const char *url, struct conf_url *out)
{
	bool		 tls = strncmp(url, "https://", 8) == 0;
	const char	*host = url + (tls ? 8 : 7);
	size_t		 n = strcspn(host, "/?"), k;
	int64_t		 port = tls ? 443 : 80;

	if ((!tls && strncmp(url, "http://", 7) != 0) || memchr(host, '@', n) != NULL)
		return (false);
	if (host[0] == '[') {
		k = strcspn(++host, "]");
		if (k + 1 >= n || (host[k + 1] != ':' && k + 2 != n))
			return (false);
		n -= k + 2;		/* what follows the bracket */
		if (n > 0 && !str_i64((struct str){ host + k + 2, n - 1 }, &port))
			return (false);
	} else {
		k = strcspn(host, ":/?");
		if (k < n && !str_i64((struct str){ host + k + 1, n - k - 1 }, &port))
			return (false);
	}
	if (k == 0 || k >= sizeof(out->host) || port < 1 || port > 65535)
		return (false);
	memcpy(out->host, host, k);
	out->host[k] = '\0';
	out->port = (uint16_t)port;
	out->tls = tls;
	out->loopback = is_loopback(out->host);
	return (host_ok(out->host));
}

bool
conf_mute_parts(const char *text, struct conf_mute *out)
{
	struct conf_mute	 m = { .rule = NULL, .domain = STR_NONE };
	size_t			 n = strcspn(text, " ");
	int64_t			 day;
	bool			 known = n == 1 && text[0] == '*';

	for (size_t i = 0; i < ALERT_RULE_COUNT && !known; i++)
		if (str_eq((struct str){ text, n }, str_of(alert_rule_ids[i])) || (ascii_lower(text[0]) == 'a' && n == strlen(alert_rule_ids[i]) &&
		    memcmp(text + 1, alert_rule_ids[i] + 1, n - 1) == 0)) {
			m.rule = alert_rule_ids[i];
			known = true;
		}
	if (!known)
		return (false);
	text += n + strspn(text + n, " ");
	n = strcspn(text, " ");
	if (n > 0 && !when_parse_date((struct str){ text, n }, &day)) {
		char	 name[DOMAIN_MAX + 1], copy[DOMAIN_MAX + 1];
		size_t	 len;

		if (n > DOMAIN_MAX)
			return (false);
		memcpy(copy, text, n);
		copy[n] = '\0';
		if (strpbrk(copy, "@<>/,;*") != NULL || domain_normal(str_of(copy), name, &len, NULL) != NAME_DOMAIN)
			return (false);
		m.domain = (struct str){ text, n };
		text += n + strspn(text + n, " ");
		n = strcspn(text, " ");
	}
	if (n > 0) {
		if (!when_parse_date((struct str){ text, n }, &day) || text[n] != '\0')
			return (false);
		m.until = (day + 1) * DAY_SECONDS;
	}
	if (m.rule == NULL && m.domain.p == NULL)
		return (false);		/* that is alerts without a receiver */
	*out = m;
	return (true);
}

static void
check_alerts(struct load *l, unsigned line)
{
	const struct conf_alerts	*a = &l->conf->alerts;
	struct faults			*f = &l->faults;
	struct conf_url			 u;

	if (a->webhook != NULL && conf_webhook_parts(a->webhook, &u) && !u.tls && !u.loopback && !a->webhook_plain)
		faults_add(f, line, "webhook begins with http:, so alerts would go over the network in the clear; with webhook_plain = yes they do");
	if (a->webhook_secret_file != NULL && a->webhook_secret_command != NULL)
		faults_add(f, line, "alerts has webhook_secret_file and webhook_secret_command; one of them is enough");
	if (a->webhook == NULL && (a->webhook_secret_file != NULL || a->webhook_secret_command != NULL))
		faults_add(f, line, "alerts has a secret, but no webhook");
	look_at_file(l, "webhook_secret_file", a->webhook_secret_file, true, line);
	look_at_file(l, "webhook_ca_file", a->webhook_ca_file, false, line);
}

static void
check_summary(struct load *l, struct conf_summary *s)
{
	struct faults	*f = &l->faults;
	int		 day = s->when.day;

	if (s->to.n == 0)
		faults_add(f, s->line, "summary %s goes to nobody: to = name@example.org", s->name);
	if (day >= 0 && s->period == CONF_DAY)
		faults_add(f, s->line, "summary %s is sent every day: when is a time alone, like 07:00", s->name);
	else if (day > 100 && s->period == CONF_WEEK)
		faults_add(f, s->line, "summary %s is sent every week: when begins with a day of the week, like Mon 07:00", s->name);
	else if (day >= 0 && day < 7 && s->period == CONF_MONTH)
		faults_add(f, s->line, "summary %s is sent every month: when begins with a day of the month, like 1 07:00", s->name);
	s->when.day = s->period == CONF_DAY ? -1 : s->period == CONF_WEEK ? (day >= 0 && day < 7 ? day : 1) : day > 100 ? day - 100 : 1;
}

static void
take_summary(struct load *l, cfg_t *sec, const struct scan_section *s)
{
	struct conf		*c = l->conf;
	struct conf_summary	*v;
	struct err		 e = { 0 };

	if ((v = realloc(c->summaries, (c->nsummaries + 1) * sizeof(*v))) == NULL) {
		l->failed = true;
		return;
	}
	c->summaries = v;
	v += c->nsummaries;
	*v = (struct conf_summary){ .line = s->line };
	if ((v->name = strdup(s->title == NULL ? "?" : s->title)) == NULL || set_defaults(CONF_SEC_SUMMARY, v, &e) == -1) {
		l->failed = true;
		summary_clear(v);
		return;
	}
	c->nsummaries++;
	for (size_t i = 0; s->title != NULL && i + 1 < c->nsummaries; i++)
		if (strcasecmp(c->summaries[i].name, s->title) == 0) {
			faults_add(&l->faults, s->line, "there is a summary %s already", s->title);
			break;
		}
	take_keys(l, sec, CONF_SEC_SUMMARY, s->instance, v);
	check_summary(l, v);
}

static void
take_section(struct load *l, cfg_t *sec, const struct scan_section *s)
{
	if (conf_titled(s->kind)) {
		(s->kind == CONF_SEC_MAILBOX ? take_mailbox : s->kind == CONF_SEC_SENDER ? take_sender : take_summary)(l, sec, s);
		return;
	}
	if (l->once[s->kind].line != 0)
		faults_add(&l->faults, s->line, "%s { } stands a second time; first at %s:%u",
		    conf_section_names[s->kind], l->files[l->once[s->kind].file].path, l->once[s->kind].line);
	else {
		l->once[s->kind].file = l->file;
		l->once[s->kind].line = s->line;
	}
	take_keys(l, sec, s->kind, s->instance, base_of(l->conf, s->kind));
	if (s->kind == CONF_SEC_HTTP)
		check_http(l, s);
	if (s->kind == CONF_SEC_SMTP)
		check_smtp(l, s->line);
	if (s->kind == CONF_SEC_ALERTS)
		check_alerts(l, s->line);
}

static void
take_root(struct load *l, cfg_t *root)
{
	/* The scanner sees doubles in one file; these are over all files. */
	for (size_t i = 0; i < l->scan->nplaces; i++) {
		const struct scan_place	*p = &l->scan->places[i];

		if (p->item->section != CONF_SEC_ROOT)
			continue;
		for (size_t k = 0; k < l->nroot_set; k++)
			if (l->root_set[k] == p->item)
				faults_add(&l->faults, p->line, "%s was set in another file already", p->item->name);
		if (l->nroot_set < nitems(l->root_set))
			l->root_set[l->nroot_set++] = p->item;
	}
	take_keys(l, root, CONF_SEC_ROOT, 0, l->conf);
}

/* ---- libconfuse ---- */

static void	 on_error(cfg_t *, const char *, va_list) PRINTFLIKE(2, 0);

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct buf	 b = { 0 }, shown = { 0 };

	(void)buf_vprintf(&b, fmt, ap);
	(void)esc_text(&shown, buf_as_str(&b));
	faults_add(&loading->faults, cfg != NULL && cfg->line > 0 ? (unsigned)cfg->line : 0, "%s",
	    buf_as_str(&shown).p);
	buf_free(&b);
	buf_free(&shown);
}

static void
add_file(struct load *l, const char *path, unsigned line)
{
	struct source	*v;
	char		 shown[SHOWN];

	esc_short(shown, sizeof(shown), str_of(path));
	for (size_t i = 0; i < l->nfiles; i++)
		if (strcmp(l->files[i].path, path) == 0) {
			faults_add(&l->faults, line, "%s is included already", shown);
			return;
		}
	if (l->nfiles >= FILES_MAX) {
		faults_add(&l->faults, line, "more than %d files", FILES_MAX);
		return;
	}
	if ((v = realloc(l->files, (l->nfiles + 1) * sizeof(*v))) == NULL) {
		l->failed = true;
		return;
	}
	l->files = v;
	v[l->nfiles] = (struct source){ strdup(path), l->file, line };
	if (v[l->nfiles].path == NULL)
		l->failed = true;
	else
		l->nfiles++;
}

/* include("conf.d/one.conf"): a pattern, seen from the directory of the file that says it. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct load	*l = loading;
	struct buf	 path = { 0 };
	char		 shown[SHOWN];
	const char	*here = l->files[l->file].path, *slash = strrchr(here, '/');
	unsigned	 line = (unsigned)cfg->line;
	glob_t		 g;

	(void)opt;
	if (argc != 1)
		return (0);
	esc_short(shown, sizeof(shown), str_of(argv[0]));
	if (l->text_only) {
		faults_add(&l->faults, line, "include(\"%s\") is possible in a file only", shown);
		return (0);
	}
	if (argv[0][0] != '/' && slash != NULL)
		(void)buf_add(&path, here, (size_t)(slash - here) + 1);
	(void)buf_cstr(&path, argv[0]);
	if (path.failed) {
		l->failed = true;
	} else if (glob(path.p, 0, NULL, &g) != 0) {
		/* an empty conf.d is no fault, a file that was named and is not there is one */
		if (strpbrk(argv[0], "*?[") == NULL)
			faults_add(&l->faults, line, "include: %s is not there", shown);
	} else {
		for (size_t i = 0; i < g.gl_pathc; i++)
			add_file(l, g.gl_pathv[i], line);
		globfree(&g);
	}
	buf_free(&path);
	return (0);
}

static void
read_tree(struct load *l, cfg_opt_t *opts)
{
	cfg_t		*cfg;
	FILE		*fp;
	struct buf	*text = &((struct scan *)(uintptr_t)l->scan)->text;
	int		 rv;

	(void)buf_byte(text, '\n');	/* also: never empty, which fmemopen may refuse */
	if (text->failed || (cfg = cfg_init(opts, CFGF_NONE)) == NULL) {
		l->failed = true;
		return;
	}
	(void)cfg_set_error_function(cfg, on_error);
	if ((cfg->filename = strdup(l->files[l->file].path)) == NULL ||
	    (fp = fmemopen(text->p, text->len, "r")) == NULL) {
		l->failed = true;
		(void)cfg_free(cfg);
		return;
	}
	loading = l;
	rv = cfg_parse_fp(cfg, fp);
	(void)fclose(fp);
	if (rv != CFG_SUCCESS && l->faults.n == 0)
		faults_add(&l->faults, 0, "the file cannot be read as a configuration");
	take_root(l, cfg);
	for (size_t i = 0; i < l->scan->nsections; i++) {
		const struct scan_section	*s = &l->scan->sections[i];
		cfg_t				*sec = cfg_getnsec(cfg, conf_section_names[s->kind], s->instance);

		if (sec != NULL) {
			take_section(l, sec, s);
			remember(l, s->kind, NULL, s->line);
		}
	}
	loading = NULL;
	(void)cfg_free(cfg);
}

/* The tables of libconfuse, made from ours: every value is text to it. */
static void
read_with_tables(struct load *l)
{
	cfg_opt_t	 opts[CONF_SECTIONS][96], end[] = { CFG_END() };
	size_t		 n[CONF_SECTIONS] = { 0 };

	for (size_t i = 0; i < conf_nitems; i++) {
		cfg_opt_t	 one[] = { CFG_STR(conf_items[i].name, NULL, CFGF_NODEFAULT) };
		cfg_opt_t	 many[] = { CFG_STR_LIST(conf_items[i].name, NULL, CFGF_NODEFAULT) };
		cfg_opt_t	*o = conf_items[i].type == CONF_NAMES ? many : one;

		/* the last place is for the end, two more of the root for what follows */
		if (n[conf_items[i].section] < nitems(opts[0]) - CONF_SECTIONS - 2)
			opts[conf_items[i].section][n[conf_items[i].section]++] = o[0];
	}
	for (size_t s = 1; s < CONF_SECTIONS; s++) {
		cfg_opt_t	 o[] = { CFG_SEC(conf_section_names[s], opts[s],
				    conf_titled((enum conf_section)s) ? CFGF_MULTI | CFGF_TITLE : CFGF_MULTI) };

		opts[s][n[s]] = end[0];
		opts[CONF_SEC_ROOT][n[CONF_SEC_ROOT]++] = o[0];
	}
	{
		cfg_opt_t	 o[] = { CFG_FUNC("include", on_include) };

		opts[CONF_SEC_ROOT][n[CONF_SEC_ROOT]++] = o[0];
	}
	opts[CONF_SEC_ROOT][n[CONF_SEC_ROOT]] = end[0];
	read_tree(l, opts[CONF_SEC_ROOT]);
}

static void
read_text(struct load *l, struct str text)
{
	struct scan	 scan = { 0 };

	scan_file(&scan, text, &l->faults);
	l->scan = &scan;
	if (scan.failed)
		l->failed = true;
	else
		read_with_tables(l);
	l->scan = NULL;
	scan_free(&scan);
}

/* Reads one file; -1 with *e when it cannot be had at all. */
static int
read_path(struct load *l, const char *path, struct err *e)
{
	struct buf	 text = { 0 };
	struct stat	 st;
	int		 rv;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return (err_set(e, ERR_CONFIG, "%s: is not a file", path));
	if ((rv = io_read_file(path, FILE_MAX, &text, e)) == 0)
		read_text(l, buf_as_str(&text));
	buf_free(&text);
	return (rv);
}

static void
read_includes(struct load *l)
{
	/* The list grows while it is worked off: included files may include. */
	for (size_t i = 1; i < l->nfiles; i++) {
		struct err	 e = { 0 };
		unsigned	 from = l->files[i].from, line = l->files[i].line;

		l->file = l->faults.file = (unsigned)i;
		l->faults.name = l->files[i].path;
		if (read_path(l, l->files[i].path, &e) == -1) {
			l->faults.file = from;
			l->faults.name = l->files[from].path;
			faults_add(&l->faults, line, "include: %s", e.msg);
		}
	}
}

static void
load_free(struct load *l)
{
	for (size_t i = 0; i < l->nfiles; i++)
		free(l->files[i].path);
	free(l->files);
	free(l->mailbox_file);
	faults_free(&l->faults);
	faults_free(&l->warnings);
}

/* What all files gave together; NULL with *e when it may not be used. */
static struct conf *
finish(struct load *l, const char *path, struct buf *faults, struct err *e)
{
	struct conf	*c = l->conf;
	struct buf	 w = { 0 };

	if (c->nsummaries > 0 && c->smtp.from == NULL && l->once[CONF_SEC_SMTP].line == 0) {
		l->faults.file = 0;
		l->faults.name = l->nfiles > 0 ? l->files[0].path : NULL;
		faults_add(&l->faults, c->summaries[0].line, "summary %s cannot be sent: there is no section smtp { }", c->summaries[0].name);
	}
	if (c->alerts.to.n > 0 && c->smtp.from == NULL && l->once[CONF_SEC_SMTP].line == 0) {
		l->faults.file = l->once[CONF_SEC_ALERTS].file;
		l->faults.name = l->nfiles > l->faults.file ? l->files[l->faults.file].path : NULL;
		faults_add(&l->faults, l->once[CONF_SEC_ALERTS].line, "alerts cannot be mailed: there is no section smtp { }");
	}
	faults_print(&l->faults, faults);
	faults_print(&l->warnings, &w);
	(void)buf_cstr(&w, "");
	if (l->state != NULL) {
		free(c->state_dir);
		c->state_dir = strdup(l->state);
		c->state_given = true;
	}
	c->warnings = strdup(w.p == NULL ? "" : w.p);
	if ((c->files = calloc(l->nfiles + 1, sizeof(*c->files))) == NULL)
		l->failed = true;
	for (; c->files != NULL && c->nfiles < l->nfiles; c->nfiles++)
		if ((c->files[c->nfiles] = strdup(l->files[c->nfiles].path)) == NULL) {
			l->failed = true;
			break;
		}
	c->path = path == NULL ? NULL : strdup(path);
	buf_free(&w);
	if (l->failed || l->faults.failed || faults->failed || c->state_dir == NULL || c->warnings == NULL ||
	    (path != NULL && c->path == NULL))
		err_set(e, ERR_TEMP, "out of memory");
	else if (l->faults.n > 0)
		err_set(e, ERR_CONFIG, "%s: %zu fault%s", path == NULL ? "configuration" : path, l->faults.n,
		    l->faults.n == 1 ? "" : "s");
	else
		return (c);
	conf_free(c);
	return (NULL);
}

struct conf *
conf_load(const char *path, const char *state, struct buf *faults, struct err *e)
{
	struct load	 l = { .state = state };
	struct conf	*c = NULL;

	if ((l.conf = conf_new(e)) == NULL)
		return (NULL);
	if (path != NULL) {
		add_file(&l, path, 0);
		l.faults.name = path;
		if (l.failed || read_path(&l, path, e) == -1) {
			if (l.failed)
				err_set(e, ERR_TEMP, "out of memory");
			conf_free(l.conf);
			load_free(&l);
			return (NULL);
		}
		read_includes(&l);
	}
	c = finish(&l, path, faults, e);
	load_free(&l);
	return (c);
}

struct conf *
conf_load_text(const char *name, struct str text, struct buf *faults, struct err *e)
{
	struct load	 l = { .text_only = true };
	struct conf	*c;

	if ((l.conf = conf_new(e)) == NULL)
		return (NULL);
	add_file(&l, name, 0);
	l.faults.name = name;
	if (!l.failed)
		read_text(&l, text);
	c = finish(&l, name, faults, e);
	load_free(&l);
	return (c);
}
