/*
 * smtp.c - see smtp.h. libetpan greets, says EHLO, starts TLS, names sender
 * and recipient and quits. Login and the message itself go over its stream by
 * our own hand: its login loads modules of another library, and it sends the
 * last line together with the message, so that nobody can note in between that
 * now it counts.
 */
#include <libetpan/libetpan.h>
#include <stdlib.h>

#include "base/escape.h"
#include "mailbox/smtp.h"
#include "mailbox/stream.h"

#define SLACK	(64u << 10)	/* what the answer to one command may hold */
#define LINE	2048
#define PIECE	(32u << 10)	/* of a message, between two looks at the clock */

struct smtp {
	const struct smtp_conf	*c;
	struct stream		*stream;
	mailstream		*ms;
	mailsmtp		*s;
	int			 code;		/* of the last answer; 0: none */
	char			 said[300];	/* its first line, escaped */
};

/* --- Answers ---------------------------------------------------------------------------- */

static int
read_byte(struct smtp *m)
{
	char	 c;

	return (mailstream_read(m->ms, &c, 1) == 1 ? (unsigned char)c : -1);
}

/* An answer of one line or more: its code, or -1 when the connection is of no more use. */
static int
answer(struct smtp *m)
{
	char	 line[LINE];
	size_t	 n;
	bool	 first = true;
	int	 c;

	m->code = 0;
	m->said[0] = '\0';
	do {
		for (n = 0; (c = read_byte(m)) != '\n';) {
			if (c == -1)
				return (-1);
			if (n < sizeof(line) - 1 && c != '\0')
				line[n++] = (char)c;
		}
		while (n > 0 && line[n - 1] == '\r')
			n--;
		line[n] = '\0';
		if (n < 3 || strspn(line, "0123456789") != 3 || (line[3] != '\0' && line[3] != ' ' && line[3] != '-'))
			return (-1);
		if (first) {
			m->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
			(void)esc_short(m->said, sizeof(m->said), str_of(line));
		}
		first = false;
	} while (line[3] == '-');
	return (m->code);
}

static int
send_text(struct smtp *m, const char *text, size_t n)
{
	return (mailstream_write(m->ms, text, n) == (ssize_t)n && mailstream_flush(m->ms) == 0 ? 0 : -1);
}

/* What libetpan has read as an answer. */
static void
take_answer(struct smtp *m)
{
	struct str	 t = str_trim(str_of(m->s->response == NULL ? "" : m->s->response));
	char		 shown[sizeof(m->said) - 8];

	t.len = t.len == 0 ? 0 : strcspn(t.p, "\r\n") < t.len ? strcspn(t.p, "\r\n") : t.len;
	m->code = m->s->response_code;
	(void)snprintf(m->said, sizeof(m->said), "%d %s", m->code, esc_short(shown, sizeof(shown), t));
}

/*
 * The wire says what happened, or the server: 4xx passes, 5xx does not. doing
 * is for people; permanent is what a refusal for good means here.
 */
static int
failed(struct smtp *m, const char *doing, enum err_code permanent, const char *remedy, struct err *e)
{
	if (stream_broken(m->stream)) {
		(void)stream_explain(m->stream, e);
		return (stream_cancelled(m->stream) ? -1 : err_prefix(e, "%s", doing));
	}
	if (m->code == 0)
		return (err_set(e, ERR_TEMP, "%s: the answer of %s cannot be understood; remedy: check host, port and tls",
		    doing, m->c->host));
	return (err_set(e, m->code >= 500 ? permanent : ERR_TEMP, "%s: %s says \"%s\"; remedy: %s", doing, m->c->host, m->said,
	    m->code >= 500 ? remedy : "none, it is tried again"));
}

/* --- Connecting --------------------------------------------------------------------------- */

static int
hello(struct smtp *m, struct err *e)
{
	stream_command(m->stream, SLACK, 0);
	m->s->esmtp = 0;
	m->s->auth = 0;
	if (mailesmtp_ehlo(m->s) == MAILSMTP_NO_ERROR)
		return (0);
	take_answer(m);
	return (failed(m, "EHLO", ERR_CONFIG, "check that this is a mail server for submission (ports 465 and 587)", e));
}

static int
start_tls(struct smtp *m, struct err *e)
{
	if ((m->s->esmtp & MAILSMTP_ESMTP_STARTTLS) == 0)
		return (err_set(e, ERR_CONFIG, "%s port %u does not offer STARTTLS, so nothing was sent; remedy: set tls to implicit "
		    "(port 465), or switch TLS on in the server", m->c->host, m->c->port));
	stream_command(m->stream, SLACK, 0);
	if (mailesmtp_starttls(m->s) != MAILSMTP_NO_ERROR) {
		/* bytes behind the answer count as a failure, too */
		if (!stream_broken(m->stream) && m->ms->read_buffer_len != 0)
			return (err_set(e, ERR_CONFIG, "STARTTLS with %s port %u: something was slipped into the conversation before TLS "
			    "began; remedy: find out who is in between, or set tls to implicit", m->c->host, m->c->port));
		take_answer(m);
		return (failed(m, "STARTTLS", ERR_CONFIG, "look into the server's log", e));
	}
	if (m->ms->read_buffer_len != 0)
		return (err_set(e, ERR_CONFIG, "STARTTLS with %s port %u: something was slipped into the conversation before TLS began; "
		    "remedy: find out who is in between, or set tls to implicit", m->c->host, m->c->port));
	if (stream_tls(m->stream, e) == -1)
		return (-1);
	return (hello(m, e));	/* what was said in the clear does not count */
}

static int
connect_up(struct smtp *m, struct err *e)
{
	const struct smtp_conf	*c = m->c;
	struct stream_conf	 sc = { .host = c->host, .port = c->port, .ca_file = c->ca_file, .wake = c->wake,
				    .idle_ms = (c->timeout < 1 ? 60 : c->timeout) * 1000 };

	if ((m->stream = stream_new(&sc, e)) == NULL || stream_connect(m->stream, c->tls == CONF_TLS_NONE, e) == -1 ||
	    (c->tls == CONF_TLS_IMPLICIT && stream_tls(m->stream, e) == -1) || (m->ms = stream_mailstream(m->stream, e)) == NULL)
		return (-1);
	if ((m->s = mailsmtp_new(0, NULL)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	stream_command(m->stream, SLACK, 0);
	if (mailsmtp_connect(m->s, m->ms) != MAILSMTP_NO_ERROR) {
		m->ms = NULL;	/* it has closed it */
		take_answer(m);
		return (failed(m, "greeting", ERR_CONFIG, "check host and port", e));
	}
	if (hello(m, e) == -1)
		return (-1);
	return (c->tls == CONF_TLS_STARTTLS ? start_tls(m, e) : 0);
}

/* --- Login ------------------------------------------------------------------------------------ */

static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}

/* A line of a login. Room is made first: a buffer that grows leaves copies behind. */
static bool
put_base64(struct buf *out, const char *p, size_t n)
{
	return (buf_reserve(out, (n + 2) / 3 * 4 + 8) && buf_base64(out, p, n) && buf_cstr(out, "\r\n"));
}

/* One step of a login: what we say, and the code that has to follow. */
static bool
step(struct smtp *m, const struct buf *b, int want)
{
	return (!b->failed && send_text(m, b->p, b->len) == 0 && answer(m) == want);
}

static bool
auth_plain(struct smtp *m)
{
	struct buf	 raw = { 0 }, b = { 0 }, cmd = { 0 };
	size_t		 n = strlen(m->c->user) + strlen(m->c->password) + 2;
	bool		 ok = false;

	if (buf_reserve(&raw, n + 1) && buf_byte(&raw, 0) && buf_cstr(&raw, m->c->user) && buf_byte(&raw, 0) &&
	    buf_cstr(&raw, m->c->password) && put_base64(&b, raw.p, raw.len) && buf_cstr(&cmd, "AUTH PLAIN\r\n"))
		ok = step(m, &cmd, 334) && step(m, &b, 235);
	wipe(&raw);
	wipe(&b);
	buf_free(&cmd);
	return (ok);
}

static bool
auth_login(struct smtp *m)
{
	struct buf	 user = { 0 }, pass = { 0 }, cmd = { 0 };
	bool		 ok = false;

	if (put_base64(&user, m->c->user, strlen(m->c->user)) && put_base64(&pass, m->c->password, strlen(m->c->password)) &&
	    buf_cstr(&cmd, "AUTH LOGIN\r\n"))
		ok = step(m, &cmd, 334) && step(m, &user, 334) && step(m, &pass, 235);
	wipe(&user);
	wipe(&pass);
	buf_free(&cmd);
	return (ok);
}

static int
log_in(struct smtp *m, struct err *e)
{
	char	 doing[160], shown[100];
	bool	 ok;

	if (m->c->user == NULL)
		return (0);
	(void)snprintf(doing, sizeof(doing), "login as %s", esc_short(shown, sizeof(shown), str_of(m->c->user)));
	if (m->c->tls == CONF_TLS_NONE)
		return (err_set(e, ERR_CONFIG, "%s: not without TLS; remedy: set tls to implicit or starttls", doing));
	if ((m->s->auth & (MAILSMTP_AUTH_PLAIN | MAILSMTP_AUTH_LOGIN)) == 0)
		return (err_set(e, ERR_CONFIG, "%s: %s offers neither AUTH PLAIN nor LOGIN under TLS; remedy: allow one of them in the server, "
		    "or leave user away if it asks for no login", doing, m->c->host));
	stream_command(m->stream, SLACK, 0);
	ok = m->s->auth & MAILSMTP_AUTH_PLAIN ? auth_plain(m) : auth_login(m);
	explicit_bzero(m->ms->write_buffer, m->ms->buffer_max_size);
	return (ok ? 0 : failed(m, doing, ERR_CONFIG, "check user and password, and that the account may send", e));
}

/* --- The message ---------------------------------------------------------------------------------- */

/* Printable ASCII without blanks and angles, so that it is one argument and no command. */
static bool
address_ok(const char *a)
{
	const char	*at = strrchr(a, '@');

	for (const char *p = a; *p != '\0'; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || *p == '<' || *p == '>')
			return (false);
	return (at != NULL && at > a && at[1] != '\0' && strlen(a) <= 254);
}

static int
envelope(struct smtp *m, const char *from, const char *to, struct err *e)
{
	char	 doing[320];

	stream_command(m->stream, SLACK, 0);
	if (mailsmtp_mail(m->s, from) != MAILSMTP_NO_ERROR) {
		take_answer(m);
		(void)snprintf(doing, sizeof(doing), "sender %s", from);
		return (failed(m, doing, ERR_CONFIG, "set from to an address that this account may send from", e));
	}
	stream_command(m->stream, SLACK, 0);
	if (mailsmtp_rcpt(m->s, to) != MAILSMTP_NO_ERROR) {
		take_answer(m);
		(void)snprintf(doing, sizeof(doing), "recipient %s", to);
		return (failed(m, doing, ERR_INPUT, "check the address", e));
	}
	stream_command(m->stream, SLACK, 0);
	if (mailsmtp_data(m->s) != MAILSMTP_NO_ERROR) {
		take_answer(m);
		return (failed(m, "DATA", ERR_INPUT, "look into the server's log", e));
	}
	return (0);
}

/* Lines end with CR LF already; one that begins with a dot gets another. */
static int
body(struct smtp *m, struct str t)
{
	struct buf	 b = { 0 };
	size_t		 at = 0, n;
	int		 rv = 0;

	while (at < t.len && rv == 0) {
		const char	*nl = memchr(t.p + at, '\n', t.len - at);

		n = nl == NULL ? t.len - at : (size_t)(nl - (t.p + at)) + 1;
		if (t.p[at] == '.')
			(void)buf_byte(&b, '.');
		(void)buf_add(&b, t.p + at, n);
		at += n;
		if (b.len >= PIECE || at == t.len) {
			stream_command(m->stream, SLACK, b.len);
			rv = b.failed ? -1 : send_text(m, b.p, b.len);
			buf_clear(&b);
		}
	}
	buf_free(&b);
	return (rv);
}

static int
message(struct smtp *m, struct str t, int (*commit)(void *, struct err *), void *ctx, enum smtp_fate *fate, struct err *e)
{
	int	 code;

	m->code = 0;
	if (body(m, t) == -1)
		return (failed(m, "sending the message", ERR_INPUT, "look into the server's log", e));
	if (commit != NULL && commit(ctx, e) == -1)
		return (-1);	/* without its last line the server drops it */
	*fate = SMTP_UNKNOWN;
	stream_command(m->stream, SLACK, 0);
	if (send_text(m, ".\r\n", 3) == -1 || (code = answer(m)) == -1)
		return (failed(m, "the message was handed over, but not confirmed", ERR_TEMP, "look into the server's log", e));
	if (code / 100 == 2) {
		*fate = SMTP_SENT;
		return (0);
	}
	*fate = SMTP_NOT_SENT;
	return (failed(m, "the message", ERR_INPUT, "look into the server's log", e));
}

static void
leave(struct smtp *m, bool politely)
{
	if (m->s != NULL) {
		if (politely && !stream_broken(m->stream)) {
			stream_command(m->stream, SLACK, 0);
			(void)mailsmtp_quit(m->s);	/* closes the stream */
			m->ms = NULL;
		}
		m->s->stream = NULL;	/* or mailsmtp_free would quit */
	}
	if (m->ms != NULL)
		(void)mailstream_close(m->ms);
	if (m->s != NULL)
		mailsmtp_free(m->s);
	stream_free(m->stream);
}

int
smtp_send(const struct smtp_conf *c, const char *from, const char *to, struct str t, int (*commit)(void *, struct err *), void *ctx,
    enum smtp_fate *fate, struct err *e)
{
	struct smtp	 m = { .c = c };
	int		 rv = -1;

	*fate = SMTP_NOT_SENT;
	if (!address_ok(from) || !address_ok(to))
		return (err_set(e, ERR_INPUT, "an address is not of the form name@domain"));
	if (t.len < 2 || memcmp(t.p + t.len - 2, "\r\n", 2) != 0)
		return (err_set(e, ERR_BUG, "the message does not end with a line end"));
	if (connect_up(&m, e) == 0 && log_in(&m, e) == 0 && envelope(&m, from, to, e) == 0)
		rv = message(&m, t, commit, ctx, fate, e);
	leave(&m, *fate != SMTP_UNKNOWN);
	return (rv);
}
