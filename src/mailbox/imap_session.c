/*
 * imap_session.c - into the folder: connection, TLS, login, selection. See imap.h.
 */
#include <stdlib.h>

#include "base/base.h"
#include "base/escape.h"
#include "mailbox/imap.h"
#include "mailbox/utf7.h"

#define SUGGESTIONS	8	/* folder names shown when the one asked for is not there */

/* --- Answers ------------------------------------------------------------ */

const char *
imap_answer(const struct imap *i)
{
	return (i->im == NULL ? NULL : i->im->imap_response);
}

bool
imap_refused(int r)
{
	switch (r) {
	case MAILIMAP_ERROR_UID_COPY:
	case MAILIMAP_ERROR_UID_MOVE:
	case MAILIMAP_ERROR_CREATE:
	case MAILIMAP_ERROR_EXAMINE:
	case MAILIMAP_ERROR_UID_FETCH:
	case MAILIMAP_ERROR_LIST:
	case MAILIMAP_ERROR_LOGIN:
	case MAILIMAP_ERROR_UID_SEARCH:
	case MAILIMAP_ERROR_SELECT:
	case MAILIMAP_ERROR_UID_STORE:
	case MAILIMAP_ERROR_EXPUNGE:
	case MAILIMAP_ERROR_STARTTLS:
	case MAILIMAP_ERROR_CUSTOM_COMMAND:
	case MAILIMAP_ERROR_EXTENSION:
	case MAILIMAP_ERROR_MOVE:
		return (true);
	default:
		return (false);
	}
}

int
imap_failed(struct imap *i, int r, const char *doing, struct err *e)
{
	const char	*answer = imap_refused(r) || r == MAILIMAP_ERROR_PROTOCOL ||
			    r == MAILIMAP_ERROR_FATAL || r == MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION ?
			    imap_answer(i) : NULL;

	return (mailbox_failed(i->m, ERR_TEMP, doing, answer,
	    "none needed if it happens once, else look into the server's log", e));
}

/* The word in brackets that RFC 5530 puts before the text of a refusal. */
static bool
answer_code(const struct imap *i, const char *code)
{
	const char	*a = i->im->imap_response_info == NULL ? NULL : i->im->imap_response_info->rsp_atom;

	return (a != NULL && str_ieq(str_of(a), code));
}

/* --- Capabilities ------------------------------------------------------- */

bool
imap_can(const struct imap *i, const char *name)
{
	struct mailimap_capability_data	*d = i->im->imap_connection_info == NULL ? NULL :
					    i->im->imap_connection_info->imap_capability;
	bool				 auth = strncmp(name, "AUTH=", 5) == 0;
	struct mailimap_capability	*c;
	clistiter			*it;
	const char			*have;

	if (d == NULL || d->cap_list == NULL)
		return (false);
	for (it = clist_begin(d->cap_list); it != NULL; it = clist_next(it)) {
		if ((c = clist_content(it)) == NULL)
			continue;
		if (auth != (c->cap_type == MAILIMAP_CAPABILITY_AUTH_TYPE))
			continue;
		have = auth ? c->cap_data.cap_auth_type : c->cap_data.cap_name;
		if (have != NULL && str_ieq(str_of(have), auth ? name + 5 : name))
			return (true);
	}
	return (false);
}

static void
forget_capabilities(struct imap *i)
{
	if (i->im->imap_connection_info != NULL && i->im->imap_connection_info->imap_capability != NULL) {
		mailimap_capability_data_free(i->im->imap_connection_info->imap_capability);
		i->im->imap_connection_info->imap_capability = NULL;
	}
}

/* Not mailimap_capability(): it trusts that an answer comes. */
static int
ask_capabilities(struct imap *i, struct err *e)
{
	int	 r;

	forget_capabilities(i);
	stream_command(i->m->stream, SLACK_BYTES, 0);
	if ((r = mailimap_custom_command(i->im, "CAPABILITY")) != MAILIMAP_NO_ERROR)
		return (imap_failed(i, r, "asking what the server can do", e));
	if (i->im->imap_connection_info == NULL || i->im->imap_connection_info->imap_capability == NULL)
		return (err_set(e, ERR_TEMP, "asking what the server can do: %s sent no CAPABILITY; remedy: check that"
		    " this is an IMAP server", i->m->conf->host));
	return (0);
}

/* --- Connection and login ------------------------------------------------ */

void
imap_leave(struct imap *i, bool politely)
{
	if (i->im != NULL) {
		if (politely && !stream_broken(i->m->stream)) {
			stream_command(i->m->stream, SLACK_BYTES, 0);
			(void)mailimap_logout(i->im);
			if (i->im->imap_stream == NULL)
				i->ms = NULL;	/* logout closed it */
		}
		i->im->imap_stream = NULL;	/* or mailimap_free would log out */
	}
	if (i->ms != NULL)
		mailstream_close(i->ms);
	if (i->im != NULL)
		mailimap_free(i->im);
	i->im = NULL;
	i->ms = NULL;
}

static int
start_tls(struct imap *i, struct err *e)
{
	const struct conf_mailbox	*c = i->m->conf;
	int				 r;

	if (!imap_can(i, "STARTTLS"))
		return (err_set(e, ERR_CONFIG, "%s port %u does not offer STARTTLS, so nothing was sent; remedy: set"
		    " tls to implicit (port 993), or switch TLS on in the server", c->host, c->port));
	stream_command(i->m->stream, SLACK_BYTES, 0);
	r = mailimap_starttls(i->im);
	/* Bytes behind the answer would be taken for the server's words under TLS. */
	if (!stream_broken(i->m->stream) && i->ms->read_buffer_len != 0)
		return (err_set(e, ERR_CONFIG, "STARTTLS with %s port %u: something was slipped into the conversation"
		    " before TLS began; remedy: find out who is in between, or set tls to implicit", c->host, c->port));
	if (r != MAILIMAP_NO_ERROR)
		return (imap_failed(i, r, "STARTTLS", e));
	if (stream_tls(i->m->stream, e) == -1)
		return (-1);
	return (ask_capabilities(i, e));	/* what was said in the clear does not count */
}

static int
connect_up(struct imap *i, bool *in, struct err *e)
{
	const struct conf_mailbox	*c = i->m->conf;
	int				 r;

	if (mailbox_connect(i->m, &i->ms, e) == -1)
		return (-1);
	if ((i->im = mailimap_new(0, NULL)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	r = mailimap_connect(i->im, i->ms);
	if (r == MAILIMAP_ERROR_PARSE)
		return (err_set(e, ERR_CONFIG, "%s port %u does not greet as an IMAP server; remedy: check host, port,"
		    " protocol and tls", c->host, c->port));
	if (r != MAILIMAP_NO_ERROR && r != MAILIMAP_NO_ERROR_AUTHENTICATED &&
	    r != MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		return (imap_failed(i, r, "greeting", e));
	*in = r == MAILIMAP_NO_ERROR_AUTHENTICATED;
	/* PREAUTH leaves no room for STARTTLS: a man in the middle would like that. */
	if (*in && c->tls == CONF_TLS_STARTTLS)
		return (err_set(e, ERR_CONFIG, "%s port %u greets as logged in already, so TLS cannot begin; remedy:"
		    " set tls to implicit", c->host, c->port));
	if (ask_capabilities(i, e) == -1)
		return (-1);
	return (c->tls == CONF_TLS_STARTTLS ? start_tls(i, e) : 0);
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return (false);
	return (true);
}

/* By hand: libetpan's way needs SASL plug-ins that may not be installed. */
static int
auth_plain(struct imap *i)
{
	struct buf			 b = { 0 };
	struct mailimap_response	*resp;
	int				 r = MAILIMAP_ERROR_STREAM, type;
	const char			*line;

	if (!mailbox_sasl_plain(i->m, &b)) {
		mailbox_wipe(&b);
		return (MAILIMAP_ERROR_MEMORY);
	}
	buf_cstr(&b, "\r\n");
	if ((r = mailimap_send_current_tag(i->im)) != MAILIMAP_NO_ERROR)
		goto out;
	r = MAILIMAP_ERROR_STREAM;
	if (mailstream_write(i->ms, "AUTHENTICATE PLAIN\r\n", 20) != 20 || mailstream_flush(i->ms) == -1 ||
	    (line = mailstream_read_line(i->ms, i->im->imap_stream_buffer)) == NULL)
		goto out;
	if (line[0] == '+') {
		if (mailstream_write(i->ms, b.p, b.len) != (ssize_t)b.len || mailstream_flush(i->ms) == -1 ||
		    mailstream_read_line(i->ms, i->im->imap_stream_buffer) == NULL)
			goto out;
	}
	if ((r = mailimap_parse_response(i->im, &resp)) != MAILIMAP_NO_ERROR)
		goto out;
	type = resp->rsp_resp_done->rsp_data.rsp_tagged->rsp_cond_state->rsp_type;
	mailimap_response_free(resp);
	if (type != MAILIMAP_RESP_COND_STATE_OK)
		r = MAILIMAP_ERROR_LOGIN;
	else
		i->im->imap_state = MAILIMAP_STATE_AUTHENTICATED;
out:
	mailbox_wipe(&b);
	return (r);
}

static int
login_refused(struct imap *i, int r, struct err *e)
{
	const struct conf_mailbox	*c = i->m->conf;
	char				 doing[160], user[100];

	(void)snprintf(doing, sizeof(doing), "login as %s", esc_short(user, sizeof(user), str_of(c->user)));
	if (!imap_refused(r) && r != MAILIMAP_ERROR_PROTOCOL)
		return (imap_failed(i, r, doing, e));
	if (answer_code(i, "UNAVAILABLE") || answer_code(i, "INUSE") || answer_code(i, "LIMIT") ||
	    answer_code(i, "SERVERBUG"))
		return (imap_failed(i, r, doing, e));
	return (mailbox_failed(i->m, ERR_CONFIG, doing, imap_answer(i) == NULL ? "NO" : imap_answer(i),
	    "check user and password, and that the account may use IMAP", e));
}

static int
log_in(struct imap *i, struct err *e)
{
	bool	 plain = imap_can(i, "AUTH=PLAIN"), login = !imap_can(i, "LOGINDISABLED");
	int	 r;

	if (!plain && !login)
		return (err_set(e, ERR_CONFIG, "%s offers neither LOGIN nor AUTH=PLAIN; remedy: allow one of them in"
		    " the server (under TLS)", i->m->conf->host));
	forget_capabilities(i);
	stream_command(i->m->stream, SLACK_BYTES, 0);
	/* LOGIN knows ASCII only; PLAIN is UTF-8. */
	if (login && (!plain || (is_ascii(i->m->conf->user) && is_ascii(i->m->password))))
		r = mailimap_login(i->im, i->m->conf->user, i->m->password);
	else
		r = auth_plain(i);
	if (i->ms->write_buffer_len < i->ms->buffer_max_size)
		explicit_bzero(i->ms->write_buffer + i->ms->write_buffer_len,
		    i->ms->buffer_max_size - i->ms->write_buffer_len);
	if (r != MAILIMAP_NO_ERROR)
		return (login_refused(i, r, e));
	if (i->im->imap_connection_info != NULL && i->im->imap_connection_info->imap_capability != NULL)
		return (0);	/* it came with the answer */
	return (ask_capabilities(i, e));
}

/* --- The folder --------------------------------------------------------- */

/* Letters only, whatever stands between the levels: "Reports/DMARC" is near "INBOX.reports.dmarc". */
static void
plain_name(const char *in, char *out, size_t size)
{
	size_t	 n = 0;

	for (; *in != '\0' && n < size - 1; in++)
		if (*in != '/' && *in != '.' && *in != ' ')
			out[n++] = ascii_lower(*in);
	out[n] = '\0';
}

/* Edits from one short word to the other, counted up to 9. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned	 row[65], up, left, n = (unsigned)strnlen(b, 64), i, j;

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0' && i <= 64; i++) {
		left = i;
		up = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			unsigned	 diag = up + (a[i - 1] != b[j - 1]);

			up = row[j];
			left = diag < left + 1 ? diag : left + 1;
			if (up + 1 < left)
				left = up + 1;
			row[j] = left;
		}
	}
	return (row[n] > 9 ? 9 : row[n]);
}

static bool
is_near(const char *name, const char *wanted)
{
	char	 a[65], b[65];
	size_t	 na, nb;

	plain_name(name, a, sizeof(a));
	plain_name(wanted, b, sizeof(b));
	na = strlen(a);
	nb = strlen(b);
	if (nb >= 3 && na > nb && strcmp(a + na - nb, b) == 0)
		return (true);	/* the same below another root */
	if (na >= 3 && nb > na && strcmp(b + nb - na, a) == 0)
		return (true);
	return (distance(a, b) <= (nb > 6 ? 2u : 1u));
}

/* "DMARC, Reports": those near the name asked for, or else the first few. */
static void
list_folders(struct imap *i, struct buf *out)
{
	struct mailimap_mailbox_list	*l;
	struct buf			 name;
	char				 shown[80];
	clist				*list = NULL;
	clistiter			*it;
	unsigned			 n = 0, near_only;

	stream_command(i->m->stream, 1u << 20, 0);
	if (mailimap_list(i->im, "", "*", &list) != MAILIMAP_NO_ERROR || list == NULL)
		return;
	for (near_only = 1; n == 0 && near_only < 2; near_only--) {
		for (it = clist_begin(list); it != NULL && n < SUGGESTIONS; it = clist_next(it)) {
			if ((l = clist_content(it)) == NULL || l->mb_name == NULL)
				continue;
			name = (struct buf){ .max = 1024 };
			if (utf7_decode(&name, str_of(l->mb_name)) && name.len > 0 &&
			    (!near_only || is_near(name.p, i->m->conf->folder))) {
				buf_printf(out, "%s%s", n++ == 0 ? "" : ", ",
				    esc_short(shown, sizeof(shown), buf_as_str(&name)));
			}
			buf_free(&name);
		}
	}
	mailimap_list_result_free(list);
}

static int
select_failed(struct imap *i, int r, struct err *e)
{
	const char	*answer = imap_answer(i);
	struct buf	 names = { .max = 600 };
	char		 folder[100], said[120] = "";

	esc_short(folder, sizeof(folder), str_of(i->m->conf->folder));
	if (!imap_refused(r)) {
		char	 doing[160];

		(void)snprintf(doing, sizeof(doing), "opening folder %s", folder);
		return (imap_failed(i, r, doing, e));
	}
	if (answer != NULL)
		esc_short(said, sizeof(said), str_trim(str_of(answer)));
	if (answer_code(i, "UNAVAILABLE") || answer_code(i, "INUSE") || answer_code(i, "LIMIT") ||
	    answer_code(i, "SERVERBUG"))
		return (imap_failed(i, r, "opening the folder", e));
	list_folders(i, &names);
	if (names.len > 0 && !names.failed)
		err_set(e, ERR_CONFIG, "there is no folder \"%s\" (%s says \"%s\"); remedy: set folder to one of: %.200s",
		    folder, i->m->conf->host, said, names.p);
	else
		err_set(e, ERR_CONFIG, "there is no folder \"%s\" (%s says \"%s\"); remedy: correct folder, or make it"
		    " in the mailbox", folder, i->m->conf->host, said);
	buf_free(&names);
	return (-1);
}

int
imap_select(struct imap *i, struct err *e)
{
	bool	 keep = i->m->conf->after == CONF_AFTER_KEEP;
	int	 r;

	stream_command(i->m->stream, SLACK_BYTES, 0);
	r = keep ? mailimap_examine(i->im, i->folder) : mailimap_select(i->im, i->folder);
	if (r != MAILIMAP_NO_ERROR)
		return (select_failed(i, r, e));
	if (i->im->imap_selection_info == NULL)
		return (err_set(e, ERR_TEMP, "opening the folder: %s said nothing about it; remedy: look into the"
		    " server's log", i->m->conf->host));
	i->has_move = imap_can(i, "MOVE");
	i->has_uidplus = imap_can(i, "UIDPLUS");
	i->read_only = i->im->imap_selection_info->sel_perm == MAILIMAP_MAILBOX_READONLY;
	return (0);
}

int
imap_enter(struct imap *i, struct err *e)
{
	bool	 in = false;

	imap_leave(i, false);
	if (connect_up(i, &in, e) == -1 || (!in && log_in(i, e) == -1))
		return (-1);
	return (imap_select(i, e));
}
