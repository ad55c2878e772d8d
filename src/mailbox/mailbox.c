/*
 * mailbox.c - see mailbox.h: what IMAP and POP3 have in common.
 */
#include <sys/eventfd.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/escape.h"
#include "mailbox/room.h"

/* A CR or LF here would be a command of its own; libetpan does not look. */
static bool
one_line(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return (false);
	return (true);
}

static int
check(const struct conf_mailbox *c, const char *password, struct err *e)
{
	if (c->user[0] == '\0' || !one_line(c->user))
		return (err_set(e, ERR_CONFIG, "mailbox %s: user is empty or holds control characters; remedy: set"
		    " user to the login name", c->name));
	if (password[0] == '\0' || !one_line(password))
		return (err_set(e, ERR_CONFIG, "mailbox %s: the password is empty or holds control characters; remedy:"
		    " put it alone in the first line of password_file", c->name));
	if (!one_line(c->host) || c->host[0] == '\0' || !one_line(c->folder == NULL ? "" : c->folder) ||
	    !one_line(c->after_folder == NULL ? "" : c->after_folder))
		return (err_set(e, ERR_CONFIG, "mailbox %s: host and folders are names without control characters;"
		    " remedy: correct them", c->name));
	return (0);
}

static char *
account_of(const struct conf_mailbox *c)
{
	struct buf	 b = { 0 };

	buf_printf(&b, "%s@%s", c->user, c->host);
	if (c->protocol == CONF_IMAP)
		buf_printf(&b, "/%s", c->folder == NULL ? "INBOX" : c->folder);
	if (b.failed)
		buf_free(&b);
	return (b.p);
}

struct mailbox *
mailbox_open(const struct conf_mailbox *c, const char *password, const struct limits *l, struct err *e)
{
	struct mailbox	*m;

	if (check(c, password, e) == -1)
		return (NULL);
	if ((m = calloc(1, sizeof(*m))) == NULL) {
		err_set(e, ERR_TEMP, "mailbox %s: out of memory", c->name);
		return (NULL);
	}
	m->conf = c;
	m->limits = *l;
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->password = strdup(password);
	m->account = account_of(c);
	if (m->wake == -1 || m->password == NULL || m->account == NULL) {
		mailbox_close(m);
		err_set(e, ERR_TEMP, "mailbox %s: out of memory", c->name);
		return (NULL);
	}
	return (m);
}

int
mailbox_fetch(struct mailbox *m, struct mailbox_state *state, const struct mailbox_calls *calls, void *ctx,
    struct err *e)
{
	int	 rv;

	m->calls = calls;
	m->ctx = ctx;
	m->state = state;
	m->open = false;
	rv = m->conf->protocol == CONF_IMAP ? imap_look(m, e) : pop3_look(m, e);
	message_drop(m);
	stream_free(m->stream);
	m->stream = NULL;
	return (rv == -1 ? err_prefix(e, "mailbox %s", m->conf->name) : rv);
}

void
mailbox_cancel(struct mailbox *m)
{
	const uint64_t	 one = 1;

	if (write(m->wake, &one, sizeof(one)) == -1)
		return;		/* it is full, so it is readable already */
}

void
mailbox_close(struct mailbox *m)
{
	if (m == NULL)
		return;
	stream_free(m->stream);
	if (m->password != NULL)
		explicit_bzero(m->password, strlen(m->password));
	free(m->password);
	free(m->account);
	if (m->wake != -1)
		(void)close(m->wake);
	free(m);
}

/* --- For imap.c and pop3.c ----------------------------------------------- */

int
mailbox_connect(struct mailbox *m, mailstream **out, struct err *e)
{
	const struct conf_mailbox	*c = m->conf;
	struct stream_conf		 sc = {
		.host = c->host, .port = c->port, .ca_file = c->tls_ca_file, .wake = m->wake,
		.idle_ms = (c->timeout < 1 ? 60 : c->timeout > 3600 ? 3600 : c->timeout) * 1000
	};

	stream_free(m->stream);
	if ((m->stream = stream_new(&sc, e)) == NULL ||
	    stream_connect(m->stream, c->tls == CONF_TLS_NONE, e) == -1 ||
	    (c->tls == CONF_TLS_IMPLICIT && stream_tls(m->stream, e) == -1) ||
	    (*out = stream_mailstream(m->stream, e)) == NULL)
		return (-1);
	stream_command(m->stream, SLACK_BYTES, 0);
	return (0);
}

int
mailbox_failed(struct mailbox *m, enum err_code code, const char *doing, const char *answer, const char *remedy,
    struct err *e)
{
	char	 shown[200];

	if (stream_broken(m->stream)) {
		(void)stream_explain(m->stream, e);
		return (stream_cancelled(m->stream) ? -1 : err_prefix(e, "%s", doing));
	}
	if (answer == NULL || *answer == '\0')
		return (err_set(e, code, "%s: the answer of %s cannot be understood; remedy: %s", doing, m->conf->host,
		    remedy));
	return (err_set(e, code, "%s: %s says \"%s\"; remedy: %s", doing, m->conf->host,
	    esc_short(shown, sizeof(shown), str_trim(str_of(answer))), remedy));
}

int
message_data(struct mailbox *m, const void *p, size_t n, struct err *e)
{
	if (!m->open) {
		if (m->calls->begin(m->ctx, 0, e) == -1)
			return (-1);
		m->open = true;
		m->bytes = 0;
	}
	m->bytes += n;
	if (m->bytes > m->limits.message_bytes)
		return (1);
	return (m->calls->data(m->ctx, p, n, e));
}

int
message_end(struct mailbox *m, struct err *e)
{
	m->open = false;
	return (m->calls->end(m->ctx, e));
}

void
message_drop(struct mailbox *m)
{
	if (m->open)
		m->calls->drop(m->ctx);
	m->open = false;
}

void
mailbox_notice(struct mailbox *m, const char *fmt, ...)
{
	struct buf	 b = { .max = 1024 };
	va_list		 ap;

	buf_printf(&b, "mailbox %s: ", m->conf->name);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (b.p != NULL)
		m->calls->notice(m->ctx, b.p);
	buf_free(&b);
}

int
mailbox_skip(struct mailbox *m, const char *what, struct err *e, const char *fmt, ...)
{
	char	 why[400];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return (m->calls->skip(m->ctx, what, why, e));
}

int
mailbox_skip_large(struct mailbox *m, const char *what, uint64_t size, struct err *e)
{
	return (mailbox_skip(m, what, e, "it has %llu bytes, more than message_bytes = %llu allows; it stays on the"
	    " server and comes when the limit is raised", (unsigned long long)size,
	    (unsigned long long)m->limits.message_bytes));
}

int
mailbox_remember(struct mailbox *m, struct err *e)
{
	if (m->state->text.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (m->calls->remember(m->ctx, m->state, e));
}

bool
mailbox_sasl_plain(const struct mailbox *m, struct buf *out)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf		 b = { 0 };
	uint32_t		 v;
	size_t			 i, left;

	/* Room first: a buffer that grows leaves copies behind. */
	if (!buf_reserve(&b, strlen(m->conf->user) + strlen(m->password) + 4) ||
	    !buf_reserve(out, 2 * (strlen(m->conf->user) + strlen(m->password)) + 16))
		return (false);
	buf_byte(&b, 0);
	buf_cstr(&b, m->conf->user);
	buf_byte(&b, 0);
	buf_cstr(&b, m->password);
	for (i = 0; i < b.len; i += 3) {
		left = b.len - i;
		v = (uint32_t)(unsigned char)b.p[i] << 16;
		v |= left > 1 ? (uint32_t)(unsigned char)b.p[i + 1] << 8 : 0;
		v |= left > 2 ? (unsigned char)b.p[i + 2] : 0;
		buf_byte(out, (unsigned char)digits[v >> 18]);
		buf_byte(out, (unsigned char)digits[(v >> 12) & 63]);
		buf_byte(out, left > 1 ? (unsigned char)digits[(v >> 6) & 63] : '=');
		buf_byte(out, left > 2 ? (unsigned char)digits[v & 63] : '=');
	}
	mailbox_wipe(&b);
	return (!out->failed);
}

void
mailbox_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}
