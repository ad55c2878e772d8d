/*
 * compose.c - a message of ours as it goes over the wire.
 */
#include "base/escape.h"
#include "base/hash.h"
#include "notify/notify.h"

#define LINE_MOST	76
#define WORD_MOST	45	/* bytes of text in one encoded word: 60 characters of base64, ... */
#define ENVELOPE	12	/* and what stands around them */

static bool
ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return (false);
	return (true);
}

/* Text of any origin as words of a header: no line end and no control character survives esc_text. */
static void
put_words(struct buf *b, size_t col, struct str raw, bool encode)
{
	struct buf	 safe = { 0 };
	size_t		 at = 0, n, room;

	(void)esc_text(&safe, raw);
	if (!encode && ascii(buf_as_str(&safe)) && str_ifind(buf_as_str(&safe), "=?") == NULL) {
		while (at < safe.len) {
			n = strcspn(safe.p + at + 1, " ") + 1;
			if (n > 900) {	/* a line ends somewhere, whatever stands in it */
				n = 900;
			}
			if (col + n > LINE_MOST && at > 0) {
				(void)buf_cstr(b, safe.p[at] == ' ' ? "\r\n" : "\r\n ");
				col = 0;
			}
			(void)buf_add(b, safe.p + at, n);
			col += n;
			at += n;
		}
	} else {
		while (at < safe.len) {
			room = at == 0 ? (LINE_MOST - col - ENVELOPE) / 4 * 3 : WORD_MOST;
			n = safe.len - at < room ? safe.len - at : room;
			while (at + n < safe.len && ((unsigned char)safe.p[at + n] & 0xc0) == 0x80)
				n--;	/* a character stays in one word */
			if (at > 0)
				(void)buf_cstr(b, "\r\n ");
			(void)buf_cstr(b, "=?utf-8?B?");
			(void)buf_base64(b, safe.p + at, n);
			(void)buf_cstr(b, "?=");
			at += n;
		}
	}
	b->failed |= safe.failed;
	buf_free(&safe);
}

/* "Name" <address>, RFC 5322 3.4 */
static void
put_from(struct buf *b, const char *name, const char *address)
{
	struct str	 n = str_of(name);

	(void)buf_cstr(b, "From: ");
	if (n.len > 0 && ascii(n)) {
		(void)buf_byte(b, '"');
		for (size_t i = 0; i < n.len; i++) {
			if (n.p[i] == '"' || n.p[i] == '\\')
				(void)buf_byte(b, '\\');
			(void)buf_byte(b, (unsigned char)n.p[i]);
		}
		(void)buf_cstr(b, "\"\r\n ");
	} else if (n.len > 0) {
		put_words(b, 6, n, true);
		(void)buf_cstr(b, "\r\n ");
	}
	(void)buf_printf(b, "<%s>\r\n", address);
}

static void
put_date(struct buf *b, int64_t t)
{
	static const char *const	 days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const	 months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t				 c = (time_t)t;
	struct tm			 tm = { .tm_mday = 1 };

	if (gmtime_r(&c, &tm) == NULL)
		return;
	/* not strftime: names are the locale's there */
	(void)buf_printf(b, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Quoted-printable of text with LF; RFC 2045 6.7. */
static void
put_quoted(struct buf *b, struct str t)
{
	static const char	 hex[] = "0123456789ABCDEF";
	size_t			 col = 0;

	for (size_t i = 0; i < t.len; i++) {
		unsigned char	 c = (unsigned char)t.p[i];
		bool		 last = i + 1 == t.len || t.p[i + 1] == '\n';
		bool		 plain = (c > 0x20 && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !last);

		if (c == '\n') {
			(void)buf_cstr(b, "\r\n");
			col = 0;
			continue;
		}
		/* "From " at the beginning would be changed on the way, a sole dot ends what it should not */
		if (col == 0 && ((c == 'F' && str_starts((struct str){ t.p + i, t.len - i }, "From ")) || (c == '.' && last)))
			plain = false;
		if (col + (plain ? 1 : 3) > LINE_MOST - 1) {
			(void)buf_cstr(b, "=\r\n");
			col = 0;
		}
		if (plain)
			(void)buf_byte(b, c);
		else {
			(void)buf_byte(b, '=');
			(void)buf_byte(b, (unsigned char)hex[c >> 4]);
			(void)buf_byte(b, (unsigned char)hex[c & 15]);
		}
		col += plain ? 1 : 3;
	}
	if (col > 0)
		(void)buf_cstr(b, "\r\n");
}

static void
put_part(struct buf *b, const char *boundary, const char *type, struct str t)
{
	(void)buf_printf(b, "\r\n--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", boundary, type);
	put_quoted(b, t);
}

int
notify_compose(const struct notify_mail *m, struct buf *b, struct err *e)
{
	char		 boundary[40], shown[256];
	struct buf	 subject = { 0 };
	uint8_t		 hash[HASH_SIZE];

	(void)buf_str(&subject, m->prefix);
	if (m->prefix.len > 0)
		(void)buf_byte(&subject, ' ');
	(void)buf_str(&subject, m->subject);
	put_from(b, m->from_name, m->from);
	(void)buf_printf(b, "To: <%s>\r\nSubject: ", m->to);
	put_words(b, 9, buf_as_str(&subject), false);
	(void)buf_cstr(b, "\r\n");
	put_date(b, m->date);
	(void)buf_printf(b, "Message-ID: <%s>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Language: %s\r\n", m->message_id,
	    m->lang);
	if (m->unsubscribe != NULL) {
		(void)buf_printf(b, "List-Unsubscribe: <%s>\r\n", m->unsubscribe);
		/* a server of the operator's answers the POST of RFC 8058 */
		if (strncmp(m->unsubscribe, "https:", 6) == 0)
			(void)buf_cstr(b, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
	}
	/* an equals sign with an underscore behind it cannot stand in quoted-printable text */
	hash_sha256(hash, m->message_id, strlen(m->message_id));
	(void)snprintf(boundary, sizeof(boundary), "=_dmarcd_%02x%02x%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3], hash[4], hash[5]);
	(void)buf_printf(b, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n", boundary);
	put_part(b, boundary, "text/plain", m->text);
	if (m->html.p != NULL)
		put_part(b, boundary, "text/html", m->html);
	(void)buf_printf(b, "\r\n--%s--\r\n", boundary);
	b->failed |= subject.failed;
	buf_free(&subject);
	if (b->failed)
		return (err_set(e, ERR_TEMP, "the mail to %s: out of memory", esc_short(shown, sizeof(shown), str_of(m->to))));
	return (0);
}

void
notify_message_id(const char *name, const char *slot, const char *to, const char *about, const char *from, struct buf *out)
{
	struct buf	 all = { 0 };
	uint8_t		 hash[HASH_SIZE] = { 0 };
	const char	*at = strrchr(from, '@');

	(void)buf_printf(&all, "%s\n%s\n%s\n%s", name, slot, to, about);
	if (!all.failed)
		hash_sha256(hash, all.p, all.len);
	(void)buf_printf(out, "summary.%s.%s.", name, slot);
	for (size_t i = 0; i < 8; i++)
		(void)buf_printf(out, "%02x", hash[i]);
	(void)buf_printf(out, "@%s", at == NULL ? "dmarcd.invalid" : at + 1);
	buf_free(&all);
}

void
notify_unsubscribe(const struct conf_smtp *c, struct buf *out)
{
	if (c->unsubscribe != NULL)
		(void)buf_cstr(out, c->unsubscribe);
	else
		(void)buf_printf(out, "mailto:%s?subject=unsubscribe", c->from);
}
