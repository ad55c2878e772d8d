/*
 * pop3.c - everything new in one POP3 maildrop. See room.h and mailbox.h.
 *
 * libetpan greets, starts TLS, logs in and quits. LIST, UIDL, RETR and DELE go
 * over its stream by our own hand: its LIST trusts the numbers it is told (a
 * gap crashes it, a huge one keeps it busy for ever), and its RETR holds the
 * whole message in memory, where ours streams it to the disk and may have
 * several commands on their way.
 *
 * DELE takes effect at a good QUIT only. A message that was fetched and is
 * listed again next time is simply deleted again.
 */
#include <libetpan/libetpan.h>
#include <limits.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/escape.h"
#include "mailbox/room.h"
#include "mailbox/state.h"

#define LINE		1024		/* RFC 2449 allows 512 */
#define LIST_BYTES	(32u << 20)	/* a listing of two million messages */
#define WINDOW		16		/* RETR on their way at a time */
#define UIDL_MAX	512		/* RFC 1939 says 70; some give more */
#define LONG_LOGIN	200		/* libetpan cuts a command at 512 without a word */

struct item {
	uint32_t		 number;	/* in this session */
	uint64_t		 size;
	bool			 got;		/* in the spool, perhaps not durable yet */
	struct pop3_message	 msg;		/* uidl NULL: the server gave none */
};

struct batch { size_t from, to; };		/* of todo */

struct pop3 {
	struct mailbox	*m;
	mailpop3	*p;
	mailstream	*ms;
	size_t		 off;			/* what of ms's buffer has been read */
	bool		 can_stls, can_user, can_plain, can_pipeline;
	char		 line[LINE];		/* the last one read, without its end */
	struct pop3_state old;
	struct item	*v;			/* ascending by number */
	size_t		 n, cap;
	struct item	**todo;
	size_t		 ntodo;
	struct batch	 batch[BATCH_DEPTH + 1];
	uint64_t	 pushed, settled;	/* over all sessions of this look */
	unsigned	 reconnects;
};

/* --- Lines ---------------------------------------------------------------- */

/* At least one byte to read: 0, or -1 at the end of the connection or of patience. */
static int
fill(struct pop3 *s)
{
	if (s->off < s->ms->read_buffer_len)
		return (0);
	s->ms->read_buffer_len = 0;
	s->off = 0;
	return (mailstream_feed_read_buffer(s->ms) > 0 ? 0 : -1);
}

/* libetpan reads from the beginning of the buffer. */
static void
give_back(struct pop3 *s)
{
	memmove(s->ms->read_buffer, s->ms->read_buffer + s->off, s->ms->read_buffer_len - s->off);
	s->ms->read_buffer_len -= s->off;
	s->off = 0;
}

static int
read_line(struct pop3 *s)
{
	const char	*from, *nl;
	size_t		 n, have = 0;

	do {
		if (fill(s) == -1)
			return (-1);
		from = s->ms->read_buffer + s->off;
		n = s->ms->read_buffer_len - s->off;
		if ((nl = memchr(from, '\n', n)) != NULL)
			n = (size_t)(nl - from) + 1;
		if (have + n >= sizeof(s->line))
			return (-1);	/* nothing that we ask for has such lines */
		memcpy(s->line + have, from, n);
		have += n;
		s->off += n;
	} while (nl == NULL);
	while (have > 0 && (s->line[have - 1] == '\n' || s->line[have - 1] == '\r'))
		have--;
	s->line[have] = '\0';
	return (0);
}

static int
send_text(struct pop3 *s, const char *text)
{
	size_t	 n = strlen(text);

	return (mailstream_write(s->ms, text, n) == (ssize_t)n && mailstream_flush(s->ms) == 0 ? 0 : -1);
}

/* 1: +OK, 0: -ERR, -1: neither, or the connection is gone */
static int
read_status(struct pop3 *s)
{
	if (read_line(s) == -1)
		return (-1);
	if (str_istarts(str_of(s->line), "+OK"))
		return (1);
	return (str_istarts(str_of(s->line), "-ERR") ? 0 : -1);
}

static int
command(struct pop3 *s, const char *text, uint64_t budget)
{
	stream_command(s->m->stream, budget, 0);
	return (send_text(s, text) == -1 ? -1 : read_status(s));
}

/* The next line of a list: 1, 0 at its end, -1 */
static int
list_line(struct pop3 *s)
{
	if (read_line(s) == -1)
		return (-1);
	return (strcmp(s->line, ".") == 0 ? 0 : 1);
}

static int
pop3_failed(struct pop3 *s, const char *doing, struct err *e)
{
	bool	 spoke = str_istarts(str_of(s->line), "-ERR");

	return (mailbox_failed(s->m, ERR_TEMP, doing, spoke ? s->line : NULL,
	    "none needed if it happens once, else look into the server's log", e));
}

/* --- In and out ------------------------------------------------------------ */

static void
leave(struct pop3 *s, bool politely)
{
	if (s->p != NULL) {
		if (politely && !stream_broken(s->m->stream)) {
			give_back(s);
			stream_command(s->m->stream, SLACK_BYTES, 0);
			(void)mailpop3_quit(s->p);	/* closes the stream */
			s->ms = NULL;
		}
		s->p->pop3_stream = NULL;	/* or mailpop3_free would quit */
		free(s->p->pop3_timestamp);
		s->p->pop3_timestamp = NULL;
	}
	if (s->ms != NULL)
		mailstream_close(s->ms);
	if (s->p != NULL)
		mailpop3_free(s->p);
	s->p = NULL;
	s->ms = NULL;
	s->off = 0;
}

static int
ask_capabilities(struct pop3 *s, struct err *e)
{
	struct str	 l;
	int		 r;

	s->can_stls = s->can_plain = s->can_pipeline = false;
	s->can_user = true;
	if ((r = command(s, "CAPA\r\n", SLACK_BYTES)) == 0)
		return (0);	/* older than RFC 2449: USER it is */
	s->can_user = false;
	while (r == 1 && (r = list_line(s)) == 1) {
		l = str_of(s->line);
		if (str_ieq(l, "STLS"))
			s->can_stls = true;
		else if (str_ieq(l, "USER"))
			s->can_user = true;
		else if (str_ieq(l, "PIPELINING"))
			s->can_pipeline = true;
		else if (str_istarts(l, "SASL ") && str_ifind(l, " PLAIN") != NULL)
			s->can_plain = true;
	}
	return (r == -1 ? pop3_failed(s, "asking what the server can do", e) : 0);
}

static int
start_tls(struct pop3 *s, struct err *e)
{
	const struct conf_mailbox	*c = s->m->conf;
	int				 r;

	if (!s->can_stls)
		return (err_set(e, ERR_CONFIG, "%s port %u does not offer STLS, so nothing was sent; remedy: set tls to"
		    " implicit (port 995), or switch TLS on in the server", c->host, c->port));
	give_back(s);
	stream_command(s->m->stream, SLACK_BYTES, 0);
	r = s->ms->read_buffer_len == 0 ? mailpop3_stls(s->p) : MAILPOP3_ERROR_STLS_NOT_SUPPORTED;
	/* Bytes behind the answer would be taken for the server's words under TLS. */
	if (!stream_broken(s->m->stream) && s->ms->read_buffer_len != 0)
		return (err_set(e, ERR_CONFIG, "STLS with %s port %u: something was slipped into the conversation"
		    " before TLS began; remedy: find out who is in between, or set tls to implicit", c->host, c->port));
	if (r != MAILPOP3_NO_ERROR)
		return (mailbox_failed(s->m, ERR_TEMP, "STLS", s->p->pop3_response, "look into the server's log", e));
	if (stream_tls(s->m->stream, e) == -1)
		return (-1);
	return (ask_capabilities(s, e));	/* what was said in the clear does not count */
}

static int
connect_up(struct pop3 *s, struct err *e)
{
	const struct conf_mailbox	*c = s->m->conf;

	leave(s, false);
	if (mailbox_connect(s->m, &s->ms, e) == -1)
		return (-1);
	if ((s->p = mailpop3_new(0, NULL)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (mailpop3_connect(s->p, s->ms) != MAILPOP3_NO_ERROR) {
		if (stream_broken(s->m->stream) || (s->p->pop3_response != NULL && *s->p->pop3_response != '\0'))
			return (mailbox_failed(s->m, ERR_TEMP, "greeting", s->p->pop3_response,
			    "look into the server's log", e));
		return (err_set(e, ERR_CONFIG, "%s port %u does not greet as a POP3 server; remedy: check host, port,"
		    " protocol and tls", c->host, c->port));
	}
	if (ask_capabilities(s, e) == -1)
		return (-1);
	return (c->tls == CONF_TLS_STARTTLS ? start_tls(s, e) : 0);
}

/* RFC 5034, in two steps, as the first line may be too long for some servers. */
static int
auth_plain(struct pop3 *s)
{
	struct buf	 b = { 0 };
	int		 r = -1;

	stream_command(s->m->stream, SLACK_BYTES, 0);
	if (mailbox_sasl_plain(s->m, &b) && buf_cstr(&b, "\r\n") && send_text(s, "AUTH PLAIN\r\n") == 0 &&
	    read_line(s) == 0) {
		r = str_istarts(str_of(s->line), "-ERR") ? 0 : -1;
		if (s->line[0] == '+' && send_text(s, b.p) == 0)
			r = read_status(s);
	}
	mailbox_wipe(&b);
	return (r);
}

static bool
plain_words(const char *t)
{
	size_t	 n = 0;

	for (; *t != '\0'; t++, n++)
		if ((unsigned char)*t >= 0x80 || n > LONG_LOGIN)
			return (false);
	return (true);
}

static int
log_in(struct pop3 *s, struct err *e)
{
	const struct conf_mailbox	*c = s->m->conf;
	char				 doing[160], user[100];
	const char			*said;
	bool				 simple = plain_words(c->user) && plain_words(s->m->password);
	int				 r;

	(void)snprintf(doing, sizeof(doing), "login as %s", esc_short(user, sizeof(user), str_of(c->user)));
	if (!s->can_user && !s->can_plain)
		return (err_set(e, ERR_CONFIG, "%s offers neither USER nor SASL PLAIN; remedy: allow one of them in the"
		    " server (under TLS)", c->host));
	if (s->can_plain && (!s->can_user || !simple)) {
		r = auth_plain(s);
		said = s->line;
	} else if (!plain_words(c->user) || strlen(s->m->password) > LONG_LOGIN) {
		return (err_set(e, ERR_CONFIG, "%s: %s can take such a long or non-ASCII name or password only by SASL"
		    " PLAIN, which it does not offer; remedy: use others, or IMAP", doing, c->host));
	} else {
		give_back(s);
		stream_command(s->m->stream, SLACK_BYTES, 0);
		r = mailpop3_user(s->p, c->user) == MAILPOP3_NO_ERROR &&
		    mailpop3_pass(s->p, s->m->password) == MAILPOP3_NO_ERROR ? 1 : 0;
		said = s->p->pop3_response;
	}
	explicit_bzero(s->ms->write_buffer, s->ms->buffer_max_size);
	if (r == 1)
		return (0);
	if (r == -1 || stream_broken(s->m->stream))
		return (mailbox_failed(s->m, ERR_TEMP, doing, NULL, "look into the server's log", e));
	if (said != NULL && (strstr(said, "[IN-USE]") != NULL || strstr(said, "[LOGIN-DELAY]") != NULL ||
	    strstr(said, "[SYS/TEMP]") != NULL))
		return (mailbox_failed(s->m, ERR_TEMP, doing, said, "none, it is tried again", e));
	return (mailbox_failed(s->m, ERR_CONFIG, doing, said == NULL || *said == '\0' ? "-ERR" : said,
	    "check user and password, and that the account may use POP3", e));
}

/* --- Listing --------------------------------------------------------------- */

static bool
two_words(char *line, uint32_t *number, char **rest)
{
	int64_t	 v;
	char	*sp;

	if ((sp = strchr(line, ' ')) == NULL || !str_i64((struct str){ line, (size_t)(sp - line) }, &v) ||
	    v < 1 || v > INT_MAX)
		return (false);
	*number = (uint32_t)v;
	*rest = sp + strspn(sp, " ");
	return (**rest != '\0');
}

static int
by_number(const void *a, const void *b)
{
	const struct item	*x = a, *y = b;

	return (x->number < y->number ? -1 : x->number > y->number);
}

static bool
item_add(struct pop3 *s, uint32_t number, uint64_t size)
{
	struct item	*more;

	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 256 : s->cap * 2;
		if ((more = realloc(s->v, s->cap * sizeof(*more))) == NULL)
			return (false);
		s->v = more;
	}
	s->v[s->n++] = (struct item){ .number = number, .size = size };
	return (true);
}

static int
list_sizes(struct pop3 *s, struct err *e)
{
	uint32_t	 number;
	int64_t		 size;
	size_t		 k, kept = 0;
	char		*rest;
	int		 r;

	if ((r = command(s, "LIST\r\n", LIST_BYTES)) != 1)
		return (pop3_failed(s, "listing messages", e));
	while ((r = list_line(s)) == 1) {
		if (!two_words(s->line, &number, &rest))
			continue;	/* an odd line costs itself only */
		rest[strcspn(rest, " ")] = '\0';
		if (!str_i64(str_of(rest), &size))
			size = 0;
		if (!item_add(s, number, (uint64_t)size))
			return (err_set(e, ERR_TEMP, "out of memory"));
	}
	if (r == -1)
		return (pop3_failed(s, "listing messages", e));
	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_number);
	for (k = 0; k < s->n; k++)
		if (kept == 0 || s->v[k].number != s->v[kept - 1].number)
			s->v[kept++] = s->v[k];
	s->n = kept;
	return (0);
}

static bool
uidl_ok(const char *t)
{
	size_t	 n = 0;

	for (; *t != '\0'; t++, n++)
		if ((unsigned char)*t < 0x21 || (unsigned char)*t > 0x7e)
			return (false);
	return (n > 0 && n <= UIDL_MAX);
}

static int
list_uidls(struct pop3 *s, struct err *e)
{
	struct item	 key = { 0 }, *it;
	char		*rest;
	int		 r;

	if ((r = command(s, "UIDL\r\n", LIST_BYTES)) == 0) {
		if (s->m->conf->after == CONF_AFTER_DELETE)
			return (0);	/* what is fetched is deleted, so nothing need be known again */
		return (err_set(e, ERR_CONFIG, "%s gives messages no names (UIDL), so a message cannot be told from one"
		    " fetched before; remedy: set after to delete, or use IMAP", s->m->conf->host));
	}
	while (r == 1 && (r = list_line(s)) == 1) {
		if (!two_words(s->line, &key.number, &rest) || s->n == 0 ||
		    (it = bsearch(&key, s->v, s->n, sizeof(*s->v), by_number)) == NULL || it->msg.uidl != NULL)
			continue;
		rest[strcspn(rest, " ")] = '\0';
		if (uidl_ok(rest) && (it->msg.uidl = strdup(rest)) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
	}
	return (r == -1 ? pop3_failed(s, "listing messages", e) : 0);
}

static void
forget_list(struct pop3 *s)
{
	size_t	 k;

	for (k = 0; k < s->n; k++)
		free(s->v[k].msg.uidl);
	s->n = 0;
	free(s->todo);
	s->todo = NULL;
	s->ntodo = 0;
}

/* --- State ------------------------------------------------------------------ */

/* Only what the server still lists is worth remembering. */
static int
remember(struct pop3 *s, struct err *e)
{
	struct buf	*b = &s->m->state->text;
	size_t		 k;

	buf_clear(b);
	pop3_state_begin(b, s->m->account);
	for (k = 0; k < s->n; k++)
		if (s->v[k].msg.uidl != NULL)
			pop3_state_line(b, &s->v[k].msg);
	return (mailbox_remember(s->m, e));
}

static const char *
name_of(const struct item *it, char *out, size_t size)
{
	if (it->msg.uidl == NULL)
		(void)snprintf(out, size, "number %u", it->number);
	else
		(void)snprintf(out, size, "%.80s", it->msg.uidl);
	return (out);
}

static int
leave_large(struct pop3 *s, struct item *it, uint64_t size, struct err *e)
{
	char	 what[100];

	it->msg.fate = POP3_LARGE;
	it->msg.number = size;
	return (mailbox_skip_large(s->m, name_of(it, what, sizeof(what)), size, e));
}

/* words: what happened; tries: when to give up. */
static int
set_aside(struct pop3 *s, struct item *it, const char *words, uint64_t tries, struct err *e)
{
	char	 what[100];

	name_of(it, what, sizeof(what));
	it->msg.number = it->msg.fate == POP3_AGAIN ? it->msg.number + 1 : 1;
	it->msg.fate = POP3_AGAIN;
	if (it->msg.number < tries)
		return (mailbox_skip(s->m, what, e, "%s; it is tried again at the next look", words));
	it->msg.fate = POP3_LARGE;	/* left for good: larger than any limit */
	it->msg.number = INT64_MAX;
	return (mailbox_skip(s->m, what, e, "%s; given up after %llu tries, it stays on the server", words,
	    (unsigned long long)tries));
}

/* The connection went in the middle of a message: its turn comes last from now on. */
static int
broke_off(struct pop3 *s, struct item *it, struct err *e)
{
	struct err	 ignored = { 0 };

	if (stream_broken(s->m->stream) && !stream_cancelled(s->m->stream))
		(void)set_aside(s, it, "the connection broke off in the middle of it", STATE_BREAKS, &ignored);
	return (pop3_failed(s, "fetching messages", e));
}

/* --- Fetching ---------------------------------------------------------------- */

enum where { LINE_START, AFTER_DOT, AFTER_DOT_CR, IN_LINE, AT_END };

/*
 * Undoes the dot-stuffing and finds the end; contents go out in runs as long
 * as they come. 0; 1: over the limit; -1 with *e set; -2: the connection broke.
 */
static int
take_body(struct pop3 *s, struct err *e)
{
	const char	*q, *run, *end, *nl;
	enum where	 w = LINE_START;
	int		 r = 0;

	while (w != AT_END && r == 0) {
		if (fill(s) == -1)
			return (-2);
		q = run = s->ms->read_buffer + s->off;
		end = s->ms->read_buffer + s->ms->read_buffer_len;
		while (q < end && w != AT_END && r == 0) {
			switch (w) {
			case LINE_START:
				w = IN_LINE;
				if (*q != '.')
					break;
				if (q > run)
					r = message_data(s->m, run, (size_t)(q - run), e);
				run = ++q;
				w = AFTER_DOT;
				break;
			case AFTER_DOT:
				w = IN_LINE;
				if (*q == '\n' || *q == '\r') {
					w = *q == '\n' ? AT_END : AFTER_DOT_CR;
					run = ++q;
				}
				break;
			case AFTER_DOT_CR:
				w = IN_LINE;
				if (*q == '\n') {
					w = AT_END;
					run = ++q;
				} else
					r = message_data(s->m, "\r", 1, e);
				break;
			case IN_LINE:
				if ((nl = memchr(q, '\n', (size_t)(end - q))) != NULL)
					w = LINE_START;
				q = nl == NULL ? end : nl + 1;
				break;
			case AT_END:
				break;
			}
		}
		if (r == 0 && q > run)
			r = message_data(s->m, run, (size_t)(q - run), e);
		s->off = (size_t)(q - s->ms->read_buffer);
	}
	return (r);
}

/* The answer to one RETR. 0; 1: dropped as too large, the session is of no more use; -1 */
static int
take_one(struct pop3 *s, struct item *it, struct err *e)
{
	uint64_t	 limit = s->m->limits.message_bytes;
	char		 why[260], said[200];
	int		 r;

	/* One buffer may be read ahead of what belongs to this answer. */
	stream_command(s->m->stream, limit + 3 * SLACK_BYTES, it->size);
	if ((r = read_status(s)) == -1)
		return (broke_off(s, it, e));
	if (r == 0) {
		(void)snprintf(why, sizeof(why), "the server says \"%s\"", esc_short(said, sizeof(said), str_of(s->line)));
		return (set_aside(s, it, why, STATE_TRIES, e));
	}
	if ((r = take_body(s, e)) == 1) {
		message_drop(s->m);
		return (leave_large(s, it, limit + 1, e) == -1 ? -1 : 1);
	}
	if (r != 0) {
		message_drop(s->m);
		return (r == -2 ? broke_off(s, it, e) : -1);
	}
	if (!s->m->open)
		return (set_aside(s, it, "the server gave it without a body", STATE_TRIES, e));
	it->got = true;		/* seen only once it is durable */
	return (message_end(s->m, e));
}

static int
ask_for(struct pop3 *s, size_t from, size_t to)
{
	struct buf	 b = { 0 };
	int		 rv;

	for (; from < to; from++)
		buf_printf(&b, "RETR %u\r\n", s->todo[from]->number);
	rv = b.failed || mailstream_write(s->ms, b.p, b.len) != (ssize_t)b.len || mailstream_flush(s->ms) != 0 ? -1 : 0;
	buf_free(&b);
	return (rv);
}

/* All of one batch; as take_one. */
static int
fetch_batch(struct pop3 *s, size_t from, size_t to, struct err *e)
{
	size_t	 asked = from, window = s->can_pipeline ? WINDOW : 1, next;
	int	 r;

	stream_command(s->m->stream, SLACK_BYTES, 0);
	for (; from < to; from++) {
		/* Asked anew when half of the window is empty, so that the line is never idle. */
		if (asked - from <= window / 2) {
			next = to - from < window ? to : from + window;
			if (ask_for(s, asked, next) == -1)
				return (pop3_failed(s, "fetching messages", e));
			asked = next;
		}
		if ((r = take_one(s, s->todo[from], e)) != 0)
			return (r);
	}
	return (0);
}

static int
delete_items(struct pop3 *s, struct item **v, size_t n, struct err *e)
{
	char	 text[32];
	size_t	 k, asked = 0, window = s->can_pipeline ? WINDOW : 1;

	for (k = 0; k < n; k++) {
		stream_command(s->m->stream, 3 * SLACK_BYTES, 0);
		for (; asked < n && asked - k < window; asked++) {
			(void)snprintf(text, sizeof(text), "DELE %u\r\n", v[asked]->number);
			if (mailstream_write(s->ms, text, strlen(text)) < 0)
				return (pop3_failed(s, "deleting messages", e));
		}
		/* A refusal is no harm: it stays listed and is tried again. */
		if (mailstream_flush(s->ms) == -1 || read_status(s) == -1)
			return (pop3_failed(s, "deleting messages", e));
	}
	return (0);
}

static int
settle_durable(struct pop3 *s, uint64_t open, bool connected, struct err *e)
{
	uint64_t	 done = 0, first = s->settled;
	struct batch	*b;
	struct item	**v;
	size_t		 k, n;
	int		 rv = 0;

	if (s->m->calls->durable(s->m->ctx, s->pushed > open ? s->pushed - open : 0, &done, e) == -1)
		return (-1);
	if (done > s->pushed)
		done = s->pushed;
	for (; rv == 0 && s->settled < done; s->settled++) {
		b = &s->batch[s->settled % nitems(s->batch)];
		if ((v = calloc(b->to - b->from + 1, sizeof(*v))) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		for (k = b->from, n = 0; k < b->to; k++)
			if (s->todo[k]->got) {
				s->todo[k]->msg.fate = POP3_SEEN;
				v[n++] = s->todo[k];
			}
		if (connected && s->m->conf->after == CONF_AFTER_DELETE)
			rv = delete_items(s, v, n, e);
		free(v);
	}
	return (rv == 0 && s->settled > first ? remember(s, e) : rv);
}

static size_t
batch_end(const struct pop3 *s, size_t from)
{
	uint64_t	 sum = 0;
	size_t		 k;

	for (k = from; k < s->ntodo && k - from < BATCH_MESSAGES; k++) {
		if (k > from && sum + s->todo[k]->size > BATCH_BYTES)
			break;
		sum += s->todo[k]->size;
	}
	return (k);
}

/* What is to be fetched: new ones in order, then those that made trouble before. */
static int
make_plan(struct pop3 *s, uint64_t *bytes, struct err *e)
{
	const struct pop3_message	*m;
	struct item			*it;
	bool				 deletes = s->m->conf->after == CONF_AFTER_DELETE;
	size_t				 k, n = 0;
	int				 again;

	if ((s->todo = calloc(s->n + 1, sizeof(struct item *))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (k = 0; k < s->n; k++) {
		it = &s->v[k];
		if (it->msg.uidl != NULL && (m = pop3_state_find(&s->old, it->msg.uidl)) != NULL) {
			it->msg.fate = m->fate;
			it->msg.number = m->number;
		}
		/* One that is over the limit now may have been under it, and the other way round. */
		if (it->msg.fate == POP3_LARGE && it->msg.number <= s->m->limits.message_bytes)
			it->msg.fate = POP3_NEW;
		if (it->msg.fate == POP3_SEEN && deletes)
			s->todo[n++] = it;	/* the last QUIT did not do it */
		if (it->msg.fate == POP3_NEW && it->size > s->m->limits.message_bytes &&
		    leave_large(s, it, it->size, e) == -1)
			return (-1);
	}
	if (n > 0 && delete_items(s, s->todo, n, e) == -1)
		return (-1);
	/* One chance a look: after a reconnect they wait for the next. */
	for (again = 0, n = 0; again < (s->reconnects == 0 ? 2 : 1); again++)
		for (k = 0; k < s->n; k++) {
			it = &s->v[k];
			if (it->msg.fate != (again ? POP3_AGAIN : POP3_NEW) ||
			    (it->msg.uidl == NULL && !deletes))
				continue;
			s->todo[n++] = it;
			*bytes += it->size;
		}
	s->ntodo = n;
	return (0);
}

/* 0: done; 1: the session had to be left, another one goes on; -1 */
static int
fetch_all(struct pop3 *s, struct err *e)
{
	struct err	 ignored = { 0 };
	size_t		 from, to;
	int		 r = 0;

	for (from = 0; r == 0 && from < s->ntodo && !s->m->calls->stop(s->m->ctx); from = to) {
		to = batch_end(s, from);
		r = fetch_batch(s, from, to, e);
		/* Even when it broke off: what came is whole. */
		s->batch[s->pushed % nitems(s->batch)] = (struct batch){ from, to };
		if (s->m->calls->batch(s->m->ctx, r == -1 ? &ignored : e) == -1)
			return (-1);
		s->pushed++;
		if (r == 0)
			r = settle_durable(s, BATCH_DEPTH, true, e);
	}
	if (r == 0)
		return (settle_durable(s, 0, true, e));
	if (settle_durable(s, 0, false, r == -1 ? &ignored : e) == -1 || remember(s, &ignored) == -1)
		return (-1);
	return (r);
}

static int
session(struct pop3 *s, struct err *e)
{
	uint64_t	 bytes = 0;

	pop3_state_free(&s->old);
	if (!pop3_state_parse(&s->old, s->m->account, buf_as_str(&s->m->state->text)) && s->m->state->text.len > 0)
		mailbox_notice(s->m, "what was remembered of this mailbox is for another account or cannot be read:"
		    " everything in it is fetched; nothing is counted twice");
	if (connect_up(s, e) == -1 || log_in(s, e) == -1 || list_sizes(s, e) == -1 || list_uidls(s, e) == -1 ||
	    make_plan(s, &bytes, e) == -1)
		return (-1);
	if (s->reconnects == 0 && s->m->calls->planned(s->m->ctx, s->ntodo, bytes, e) == -1)
		return (-1);
	/* Also to drop from memory what the server no longer lists. */
	return (remember(s, e) == -1 ? -1 : fetch_all(s, e));
}

int
pop3_look(struct mailbox *m, struct err *e)
{
	struct pop3	 s = { .m = m };
	int		 r;

	while ((r = session(&s, e)) == 1) {
		leave(&s, false);
		forget_list(&s);
		if (++s.reconnects > RECONNECTS) {
			r = err_set(e, ERR_TEMP, "%s sends more than it announces, again and again; remedy: look at what"
			    " server this is", m->conf->host);
			break;
		}
	}
	message_drop(m);
	leave(&s, r == 0);
	forget_list(&s);
	free(s.v);
	pop3_state_free(&s.old);
	return (r);
}
