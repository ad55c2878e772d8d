/*
 * message.c - see message.h.
 *
 * One pass over the lines, no recursion: a stack of boundaries says where we
 * are. A line that begins with "--" and one of them ends the parts above it.
 */
#include <iconv.h>

#include "base/charset.h"
#include "decode/message.h"
#include "report/refusal.h"

#define LINE_MAX_HELD ((size_t)64 * 1024)	/* a longer line goes on in pieces */
#define BOUNDARY_MAX 200			/* RFC 2046 allows 70 */
#define HEAD_MAX ((size_t)4096)
#define SUBJECT_MAX 1000
#define OUT_SIZE 16384
#define TRACE_BYTES ((size_t)64 * 1024)

enum where { IN_HEADER, IN_BODY, IN_PREAMBLE };
enum cte { CTE_NONE, CTE_BASE64, CTE_QP };

struct level {
	char	 boundary[BOUNDARY_MAX];
	size_t	 len;
	bool	 digest;	/* parts are mails if they do not say otherwise */
	bool	 feedback;	/* report-type=feedback-report */
	unsigned nested;	/* mails around this multipart */
	unsigned mail;		/* the one that it belongs to */
};

/* Of the outermost mail, and of the one entered last. */
struct mail_header {
	struct buf	 from, to, subject, date;
};

struct message {
	const struct limits	*limits;
	const struct mime_sink	*sink;
	void			*ctx;
	unsigned		 depth0;	/* mails around this one */

	struct buf		 head;		/* the first bytes, until the kind of line end is known */
	struct buf		 line;		/* of which the end has not come yet */
	bool			 mid_line;	/* the next bytes belong to a line already begun */
	bool			 cr_only;	/* old Macintosh line ends */
	bool			 started;

	enum where		 where;
	struct level		 stack[32];
	unsigned		 nlevels, nested;	/* nested: mails attached, not in an encoding */
	unsigned		 parts;
	unsigned		 mail, mails;	/* mails: how many were entered */

	struct buf		 field;		/* header field being unfolded */
	size_t			 header_bytes;
	bool			 header_over;
	struct buf		 type, boundary, filename;
	struct buf		 trace;		/* values of fields that say where the mail came from */
	struct { enum message_field what; size_t at, len; } traced[MESSAGE_TRACE];
	size_t			 ntraced;
	bool			 trace_over;
	struct buf		 tls_domain, tls_submitter;
	bool			 feedback;	/* of the header under way */
	struct mail_header	 mine[2];
	struct mail_header	*header;	/* that this header goes to; NULL: it is a part's */
	bool			 any_header;
	enum cte		 cte;

	bool			 leaf, want;
	bool			 lazy;		/* it may not be encoded as it says: held until that is known */
	struct buf		 held;
	bool			 noise;
	unsigned		 quantum, nquantum;
	bool			 padded;
	unsigned char		 out[OUT_SIZE];
	size_t			 nout;
};

/* --- RFC 2047 -------------------------------------------------------------- */

/* The URL-safe alphabet: read, but noted (rule A13). */
#define URL_62 (-2)
#define URL_63 (-3)
#define SIX_BITS(v) ((unsigned)((v) == URL_62 ? 62 : (v) == URL_63 ? 63 : (v)))

static const signed char *
base64_table(void)
{
	static signed char	 t[256];
	static bool		 ready;
	static const char	 alpha[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (!ready) {
		memset(t, -1, sizeof(t));
		for (int i = 0; i < 64; i++)
			t[(unsigned char)alpha[i]] = (signed char)i;
		t['-'] = URL_62;
		t['_'] = URL_63;
		ready = true;
	}
	return (t);
}

static int
hex(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

static void
latin1(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char	 c = (unsigned char)s.p[i];

		if (c < 0x80)
			(void)buf_byte(out, c);
		else {
			(void)buf_byte(out, (unsigned char)(0xc0 | c >> 6));
			(void)buf_byte(out, (unsigned char)(0x80 | (c & 0x3f)));
		}
	}
}

static void
to_utf8(struct str charset, struct str s, struct buf *out)
{
	const char	*name = charset_find(charset);
	char		*in = (char *)(uintptr_t)s.p, *p, tmp[512];
	size_t		 left = s.len, room;
	iconv_t		 cd;

	if (charset.len == 0 || (name != NULL && strcmp(name, "UTF-8") == 0)) {
		if (str_utf8_ok(s))
			(void)buf_str(out, s);
		else
			latin1(s, out);
		return;
	}
	if (name == NULL || (cd = iconv_open("UTF-8", name)) == (iconv_t)-1) {
		latin1(s, out);
		return;
	}
	while (left > 0 && out->len < 4 * SUBJECT_MAX) {
		p = tmp;
		room = sizeof(tmp);
		if (iconv(cd, &in, &left, &p, &room) == (size_t)-1 && p == tmp) {
			(void)buf_cstr(out, "\xef\xbf\xbd");
			in++;
			left--;
			continue;
		}
		(void)buf_add(out, tmp, (size_t)(p - tmp));
	}
	(void)iconv_close(cd);
}

static void
decode_word(struct str text, bool q, struct buf *raw)
{
	const signed char	*t = base64_table();
	unsigned		 v = 0, n = 0;

	if (q) {
		for (size_t i = 0; i < text.len; i++) {
			if (text.p[i] == '=' && i + 2 < text.len && hex(text.p[i + 1]) >= 0 && hex(text.p[i + 2]) >= 0) {
				(void)buf_byte(raw, (unsigned char)(hex(text.p[i + 1]) << 4 | hex(text.p[i + 2])));
				i += 2;
			} else
				(void)buf_byte(raw, text.p[i] == '_' ? ' ' : (unsigned char)text.p[i]);
		}
		return;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (t[(unsigned char)text.p[i]] == -1)
			continue;
		v = v << 6 | SIX_BITS(t[(unsigned char)text.p[i]]);
		if (++n % 4 == 0) {
			(void)buf_byte(raw, (unsigned char)(v >> 16));
			(void)buf_byte(raw, (unsigned char)(v >> 8));
			(void)buf_byte(raw, (unsigned char)v);
		}
	}
	if (n % 4 == 2)
		(void)buf_byte(raw, (unsigned char)(v >> 4));
	else if (n % 4 == 3) {
		(void)buf_byte(raw, (unsigned char)(v >> 10));
		(void)buf_byte(raw, (unsigned char)(v >> 2));
	}
}

/* "=?charset*lang?B?text?=" at s; the rest behind it in *rest. */
static bool
encoded_word(struct str s, struct buf *out, struct str *rest)
{
	const char	*q1, *q2, *end, *star;
	struct str	 charset, text;
	struct buf	 raw = { 0 };

	if (!str_starts(s, "=?") || (q1 = memchr(s.p + 2, '?', s.len - 2)) == NULL ||
	    (size_t)(q1 - s.p) + 3 > s.len || q1[2] != '?')
		return (false);
	q2 = q1 + 3;
	if ((end = memmem(q2, s.len - (size_t)(q2 - s.p), "?=", 2)) == NULL)
		return (false);
	if (ascii_lower(q1[1]) != 'b' && ascii_lower(q1[1]) != 'q')
		return (false);
	charset = (struct str){ s.p + 2, (size_t)(q1 - s.p) - 2 };
	if ((star = memchr(charset.p, '*', charset.len)) != NULL)
		charset.len = (size_t)(star - charset.p);
	text = (struct str){ q2, (size_t)(end - q2) };
	decode_word(text, ascii_lower(q1[1]) == 'q', &raw);
	to_utf8(charset, buf_as_str(&raw), out);
	buf_free(&raw);
	*rest = (struct str){ end + 2, s.len - (size_t)(end + 2 - s.p) };
	return (true);
}

/* Bytes of the character at s; 0: it is none. */
static size_t
utf8_length(struct str s)
{
	unsigned char	 c = (unsigned char)s.p[0];
	size_t		 n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return (n <= s.len && str_utf8_ok((struct str){ s.p, n }) ? n : 0);
}

void
message_decode_words(struct str s, size_t max, struct buf *out)
{
	struct str	 rest, gap;
	size_t		 n;

	while (s.len > 0 && out->len < max) {
		if (encoded_word(s, out, &rest)) {
			s = rest;
			/* blanks between two encoded words are no text */
			gap = s;
			while (gap.len > 0 && (gap.p[0] == ' ' || gap.p[0] == '\t')) {
				gap.p++;
				gap.len--;
			}
			if (str_starts(gap, "=?"))
				s = gap;
			continue;
		}
		/* raw 8-bit: UTF-8 where it is, else Latin-1 */
		n = utf8_length(s);
		if (n > 0)
			(void)buf_add(out, s.p, n);
		else
			latin1((struct str){ s.p, n = 1 }, out);
		s.p += n;
		s.len -= n;
	}
	if (out->len > max) {
		while (max > 0 && ((unsigned char)out->p[max] & 0xc0) == 0x80)
			max--;
		out->len = max;
		out->p[max] = '\0';
	}
	if (out->p != NULL && !str_utf8_ok(buf_as_str(out)))	/* a word split inside a character */
		for (size_t i = 0; i < out->len; i++)
			if ((unsigned char)out->p[i] >= 0x80)
				out->p[i] = '?';
	for (size_t i = 0; i < out->len; i++)	/* nothing behind us takes one */
		if (out->p[i] == '\0')
			out->p[i] = '?';
}

/* --- Header fields ---------------------------------------------------------- */

/* A parameter of Content-Type or Content-Disposition: name=, name*=, name*0= ... joined. */
static bool
parameter(struct str v, const char *name, struct buf *out)
{
	size_t		 n = strlen(name);
	bool		 found = false, ext;
	const char	*end = v.p + v.len, *p = v.p, *key, *val;

	while (p < end) {
		/* to the next ';' outside quotes */
		for (bool quoted = false; p < end && (*p != ';' || quoted); p++) {
			if (*p == '"')
				quoted = !quoted;
			else if (*p == '\\' && quoted && p + 1 < end)
				p++;
		}
		if (p >= end)
			break;
		for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
			;
		key = p;
		if (!str_istarts((struct str){ key, (size_t)(end - key) }, name))
			continue;
		p += n;
		ext = false;
		if (p < end && *p == '*') {
			for (p++; p < end && *p >= '0' && *p <= '9'; p++)
				;
			ext = p > key + n + 1 ? p < end && *p == '*' : true;
			if (p < end && *p == '*')
				p++;
		}
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (p >= end || *p != '=')
			continue;
		for (p++; p < end && (*p == ' ' || *p == '\t'); p++)
			;
		val = p;
		if (p < end && *p == '"') {
			for (p++; p < end && *p != '"'; p++) {
				if (*p == '\\' && p + 1 < end)
					p++;
				(void)buf_byte(out, (unsigned char)*p);
			}
			if (p < end)
				p++;
		} else {
			for (; p < end && *p != ';' && *p != ' ' && *p != '\t'; p++)
				;
			if (ext) {	/* charset'lang'percent-encoded: only the bytes matter here */
				const char	*q = memchr(val, '\'', (size_t)(p - val));

				if (q != NULL && (q = memchr(q + 1, '\'', (size_t)(p - q) - 1)) != NULL)
					val = q + 1;
				for (; val < p; val++) {
					if (*val == '%' && val + 2 < p && hex(val[1]) >= 0 && hex(val[2]) >= 0) {
						(void)buf_byte(out, (unsigned char)(hex(val[1]) << 4 | hex(val[2])));
						val += 2;
					} else
						(void)buf_byte(out, (unsigned char)*val);
				}
			} else
				(void)buf_add(out, val, (size_t)(p - val));
		}
		found = true;
	}
	return (found);
}

static void
set_lower(struct buf *b, struct str v)
{
	buf_clear(b);
	for (size_t i = 0; i < v.len && i < 128; i++)
		(void)buf_byte(b, (unsigned char)ascii_lower(v.p[i]));
}

static void
content_type(struct message *m, struct str v)
{
	size_t		 n = 0;
	struct buf	 raw = { 0 };

	while (n < v.len && v.p[n] != ';' && v.p[n] != ' ' && v.p[n] != '\t')
		n++;
	set_lower(&m->type, (struct str){ v.p, n });
	buf_clear(&m->boundary);
	(void)parameter(v, "boundary", &m->boundary);
	if (parameter(v, "report-type", &raw))
		m->feedback = str_ieq(str_trim(buf_as_str(&raw)), "feedback-report");
	buf_clear(&raw);
	if (m->filename.len == 0 && parameter(v, "name", &raw))
		message_decode_words(buf_as_str(&raw), 512, &m->filename);
	buf_free(&raw);
}

static bool
field_is(struct str f, const char *name, struct str *value)
{
	size_t	 n = strlen(name);

	if (!str_istarts(f, name))
		return (false);
	*value = (struct str){ f.p + n, f.len - n };
	while (value->len > 0 && (value->p[0] == ' ' || value->p[0] == '\t')) {
		value->p++;
		value->len--;
	}
	if (value->len == 0 || value->p[0] != ':')
		return (false);
	*value = str_trim((struct str){ value->p + 1, value->len - 1 });
	return (true);
}

/* Of a mail, not of a part: the first of each name. */
static void
mail_field(struct mail_header *h, struct str f)
{
	const struct { const char *name; struct buf *to; } wanted[] = {
		{ "subject", &h->subject }, { "from", &h->from }, { "to", &h->to }, { "date", &h->date }
	};
	struct str	 v;

	for (size_t i = 0; i < nitems(wanted); i++)
		if (wanted[i].to->len == 0 && field_is(f, wanted[i].name, &v)) {
			message_decode_words(v, SUBJECT_MAX, wanted[i].to);
			return;
		}
}

static void
header_clear(struct mail_header *h)
{
	buf_clear(&h->from);
	buf_clear(&h->to);
	buf_clear(&h->subject);
	buf_clear(&h->date);
}

/* Beyond the bounds nothing more is kept: what stands first was written last, and is what matters. */
static void
trace(struct message *m, struct str f)
{
	static const struct { const char *name; enum message_field what; }	 names[] = {
		{ "received", FIELD_RECEIVED }, { "authentication-results", FIELD_RESULTS }, { "from", FIELD_FROM },
	};
	struct str	 v;

	for (size_t i = 0; i < nitems(names); i++) {
		if (!field_is(f, names[i].name, &v))
			continue;
		if (m->ntraced == MESSAGE_TRACE || v.len > TRACE_BYTES - m->trace.len || !buf_str(&m->trace, v))
			m->trace_over = true;
		if (m->trace_over)
			return;
		m->traced[m->ntraced].what = names[i].what;
		m->traced[m->ntraced].at = m->trace.len - v.len;
		m->traced[m->ntraced++].len = v.len;
		return;
	}
}

static void
keep_field(struct buf *b, struct str v)
{
	buf_clear(b);
	message_decode_words(v, SUBJECT_MAX, b);
}

static void
end_field(struct message *m)
{
	struct str	 f = buf_as_str(&m->field), v;
	struct buf	 raw = { 0 };

	if (f.len == 0)
		return;
	if (m->header == &m->mine[0])
		trace(m, f);
	/* "ContentType:" is what one gateway writes (rule A5) */
	if (field_is(f, "content-type", &v) || field_is(f, "contenttype", &v))
		content_type(m, v);
	else if (field_is(f, "content-transfer-encoding", &v))
		m->cte = str_istarts(v, "base64") ? CTE_BASE64 : str_istarts(v, "quoted-printable") ? CTE_QP : CTE_NONE;
	else if (field_is(f, "content-disposition", &v)) {
		if (parameter(v, "filename", &raw)) {
			buf_clear(&m->filename);
			message_decode_words(buf_as_str(&raw), 512, &m->filename);
		}
		buf_free(&raw);
	} else if (field_is(f, "tls-report-domain", &v))
		keep_field(&m->tls_domain, v);
	else if (field_is(f, "tls-report-submitter", &v))
		keep_field(&m->tls_submitter, v);
	else if (m->header != NULL)
		mail_field(m->header, f);
	buf_clear(&m->field);
}

static void
begin_header(struct message *m)
{
	m->where = IN_HEADER;
	m->header_bytes = 0;
	m->header_over = false;
	m->cte = CTE_NONE;
	m->any_header = m->feedback = false;
	m->header = NULL;
	buf_clear(&m->field);
	buf_clear(&m->type);
	buf_clear(&m->boundary);
	buf_clear(&m->filename);
}

/* --- Leaves ------------------------------------------------------------------ */

static int
flush(struct message *m, struct err *e)
{
	size_t	 n = m->nout;

	m->nout = 0;
	if (n == 0 || !m->want)
		return (0);
	return (m->sink->data(m->ctx, m->out, n, e));
}

static int
put(struct message *m, const void *data, size_t n, struct err *e)
{
	if (!m->want)
		return (0);
	if (n > OUT_SIZE - m->nout) {
		if (flush(m, e) == -1)
			return (-1);
		if (n >= OUT_SIZE)
			return (m->sink->data(m->ctx, data, n, e));
	}
	memcpy(m->out + m->nout, data, n);
	m->nout += n;
	return (0);
}

static int
base64_line(struct message *m, const char *p, size_t n, struct err *e)
{
	const signed char	*t = base64_table();
	const unsigned char	*s = (const unsigned char *)p, *end = s + n;

	while (s < end) {
		/* four sound characters at a time, as nearly all lines are */
		if (m->nquantum == 0) {
			while (end - s >= 4) {
				int	 a = t[s[0]], b = t[s[1]], c = t[s[2]], d = t[s[3]];

				if ((a | b | c | d) < 0)
					break;
				if (OUT_SIZE - m->nout < 3 && flush(m, e) == -1)
					return (-1);
				m->out[m->nout++] = (unsigned char)(a << 2 | b >> 4);
				m->out[m->nout++] = (unsigned char)(b << 4 | c >> 2);
				m->out[m->nout++] = (unsigned char)(c << 6 | d);
				s += 4;
			}
			if (s == end)
				break;
		}
		if (*s == '=') {
			/* the end of a run; another may follow (concatenated encodings) */
			if (OUT_SIZE - m->nout < 3 && flush(m, e) == -1)
				return (-1);
			if (m->nquantum >= 2) {
				m->out[m->nout++] = (unsigned char)(m->nquantum == 2 ? m->quantum >> 4 : m->quantum >> 10);
				if (m->nquantum == 3)
					m->out[m->nout++] = (unsigned char)(m->quantum >> 2);
			}
			m->nquantum = 0;
			m->quantum = 0;
			m->padded = true;
		} else if (t[*s] != -1) {
			m->noise |= t[*s] < 0;
			m->quantum = m->quantum << 6 | SIX_BITS(t[*s]);
			if (++m->nquantum == 4) {
				if (OUT_SIZE - m->nout < 3 && flush(m, e) == -1)
					return (-1);
				m->out[m->nout++] = (unsigned char)(m->quantum >> 16);
				m->out[m->nout++] = (unsigned char)(m->quantum >> 8);
				m->out[m->nout++] = (unsigned char)m->quantum;
				m->nquantum = 0;
				m->quantum = 0;
			}
		} else if (*s != ' ' && *s != '\t' && *s != '\r')
			m->noise = true;
		s++;
	}
	return (0);
}

static int
qp_line(struct message *m, const char *p, size_t n, bool eol, struct err *e)
{
	size_t	 i = 0, run;
	char	 c;

	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t') && eol)
		n--;	/* blanks at the end were added on the way */
	while (i < n) {
		for (run = i; run < n && p[run] != '='; run++)
			;
		if (run > i && put(m, p + i, run - i, e) == -1)
			return (-1);
		i = run;
		if (i >= n)
			break;
		if (i + 1 == n)		/* soft line break */
			return (0);
		if (i + 2 < n && hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0) {
			c = (char)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
			i += 3;
		} else
			c = p[i++];
		if (put(m, &c, 1, e) == -1)
			return (-1);
	}
	return (eol ? put(m, "\r\n", 2, e) : 0);
}

static int
decode_piece(struct message *m, const char *p, size_t n, const char *eol, size_t neol, struct err *e)
{
	switch (m->cte) {
	case CTE_BASE64:
		return (base64_line(m, p, n, e));
	case CTE_QP:
		return (qp_line(m, p, n, neol > 0, e));
	case CTE_NONE:
		if (put(m, p, n, e) == -1)
			return (-1);
		return (put(m, eol, neol, e));
	}
	return (0);
}

/*
 * Gateways declare an encoding for parts that they leave as they are (rule
 * F2). A line with a colon is no base64; text with "=" that never stands for a
 * byte or a joined line is not quoted-printable.
 */
static bool
held_is_plain(const struct message *m)
{
	struct str	 s = str_trim(buf_as_str(&m->held));
	const char	*nl = s.len == 0 ? NULL : memchr(s.p, '\n', s.len), *p;

	if (s.len == 0)
		return (false);
	if (m->cte == CTE_BASE64)
		return (memchr(s.p, ':', nl == NULL ? s.len : (size_t)(nl - s.p)) != NULL);
	for (p = s.p; (p = memchr(p, '=', (size_t)(s.p + s.len - p))) != NULL; p++) {
		struct str	 rest = { p, (size_t)(s.p + s.len - p) };

		if (str_istarts(rest, "=3d") || str_starts(rest, "=20") || str_starts(rest, "=\n") || str_starts(rest, "=\r"))
			return (false);
	}
	return (true);
}

static int
release(struct message *m, struct err *e)
{
	const char	*p, *end, *nl;
	size_t		 n, neol;

	m->lazy = false;
	if (m->held.len == 0)
		return (0);
	p = m->held.p;
	end = p + m->held.len;
	if (held_is_plain(m))
		m->cte = CTE_NONE;
	for (; p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl == NULL ? end : nl + 1;
		n = (size_t)(nl - p);
		neol = n > 0 && p[n - 1] == '\n' ? n > 1 && p[n - 2] == '\r' ? 2 : 1 : 0;
		if (decode_piece(m, p, n - neol, p + n - neol, neol, e) == -1)
			return (-1);
	}
	buf_clear(&m->held);
	return (0);
}

static int
body_piece(struct message *m, const char *p, size_t n, const char *eol, size_t neol, struct err *e)
{
	if (!m->leaf || !m->want)
		return (0);
	if (!m->lazy)
		return (decode_piece(m, p, n, eol, neol, e));
	if (!buf_add(&m->held, p, n) || !buf_add(&m->held, eol, neol))
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (m->held.len > m->limits->failure_bytes ? release(m, e) : 0);
}

static int
end_leaf(struct message *m, struct err *e)
{
	if (!m->leaf)
		return (0);
	if (m->lazy && release(m, e) == -1)
		return (-1);
	m->leaf = false;
	if (m->cte == CTE_BASE64 && m->nquantum >= 2) {	/* padding is missing */
		if (OUT_SIZE - m->nout < 3 && flush(m, e) == -1)
			return (-1);
		m->out[m->nout++] = (unsigned char)(m->nquantum == 2 ? m->quantum >> 4 : m->quantum >> 10);
		if (m->nquantum == 3)
			m->out[m->nout++] = (unsigned char)(m->quantum >> 2);
		m->noise = true;
	}
	m->nquantum = 0;
	m->quantum = 0;
	if (flush(m, e) == -1)
		return (-1);
	return (m->sink->end(m->ctx, e));
}

static bool
is_mail(const struct message *m)
{
	return (str_starts(buf_as_str(&m->type), "message/rfc822"));
}

static int
enter_mail(struct message *m, struct err *e)
{
	if (m->nlevels + ++m->nested + m->depth0 > m->limits->mime_depth)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, 0, "over the limit mime_depth = %llu",
		    (unsigned long long)m->limits->mime_depth));
	begin_header(m);
	m->mail = ++m->mails;
	m->header = &m->mine[1];
	header_clear(m->header);
	return (0);
}

static int
end_header(struct message *m, struct err *e)
{
	struct mime_part	 part;
	struct level		*lv;
	bool			 in = true;

	end_field(m);
	m->header = NULL;
	m->where = IN_BODY;
	if (str_starts(buf_as_str(&m->type), "multipart/") && m->boundary.len > 0 && m->boundary.len < BOUNDARY_MAX) {
		if (m->nlevels + m->nested + m->depth0 >= m->limits->mime_depth || m->nlevels == nitems(m->stack))
			return (refusal_set(e, REFUSAL_OVER_LIMIT, 0, "over the limit mime_depth = %llu",
			    (unsigned long long)m->limits->mime_depth));
		lv = &m->stack[m->nlevels++];
		memcpy(lv->boundary, m->boundary.p, m->boundary.len);
		lv->len = m->boundary.len;
		lv->nested = m->nested;
		lv->mail = m->mail;
		lv->feedback = m->feedback;
		lv->digest = str_ieq(buf_as_str(&m->type), "multipart/digest");
		m->where = IN_PREAMBLE;
		return (0);
	}
	if (m->type.len == 0 && m->nlevels > 0 && m->stack[m->nlevels - 1].digest &&
	    m->nested == m->stack[m->nlevels - 1].nested)
		(void)buf_cstr(&m->type, "message/rfc822");
	part = (struct mime_part){ .type = buf_as_str(&m->type), .filename = buf_as_str(&m->filename), .encoded = m->cte != CTE_NONE,
	    .feedback = m->nlevels > 0 && m->stack[m->nlevels - 1].feedback && m->stack[m->nlevels - 1].mail == m->mail, .mail = m->mail };
	if (is_mail(m)) {
		if (m->sink->enter != NULL && m->sink->enter(m->ctx, &part, &in, e) == -1)
			return (-1);
		if (in && m->cte == CTE_NONE)
			return (enter_mail(m, e));
		part.attached_mail = in;
	}
	if (++m->parts > m->limits->mime_parts)
		return (refusal_set(e, REFUSAL_OVER_LIMIT, 0, "over the limit mime_parts = %llu", (unsigned long long)m->limits->mime_parts));
	m->leaf = m->want = true;
	m->lazy = m->cte != CTE_NONE && str_starts(part.type, "message/") && !part.attached_mail;
	buf_clear(&m->held);
	m->noise = false;
	m->nout = 0;
	m->nquantum = 0;
	m->quantum = 0;
	m->padded = false;
	return (m->sink->begin(m->ctx, &part, &m->want, e));
}

/* Which boundary is this line? Returns its level from 1, 0 for none; *last: "--" stands behind it. */
static unsigned
boundary_of(struct message *m, struct str line, bool *last)
{
	unsigned	 i;

	if (line.len < 3 || line.p[0] != '-' || line.p[1] != '-')
		return (0);
	for (i = m->nlevels; i > 0; i--) {
		struct level	*lv = &m->stack[i - 1];

		if (line.len >= lv->len + 2 && memcmp(line.p + 2, lv->boundary, lv->len) == 0) {
			struct str	 rest = { line.p + 2 + lv->len, line.len - 2 - lv->len };

			*last = str_starts(rest, "--");
			if (*last || str_trim(rest).len == 0)
				return (i);
		}
	}
	return (0);
}

static int
header_line(struct message *m, struct str line, struct err *e)
{
	m->header_bytes += line.len;
	if (line.len == 0)
		return (end_header(m, e));
	if (m->header_bytes > m->limits->header_bytes) {
		/* What stands behind the limit is not looked at; the body still is. */
		if (!m->header_over)
			end_field(m);
		m->header_over = true;
		return (0);
	}
	if (line.p[0] == ' ' || line.p[0] == '\t') {
		(void)buf_byte(&m->field, ' ');
		(void)buf_str(&m->field, str_trim(line));
		return (0);
	}
	end_field(m);
	/* "From " or ">From ": the envelope line of an mbox */
	if (!m->any_header && (str_starts(line, "From ") || str_starts(line, ">From ")))
		return (0);
	m->any_header = true;
	return (buf_str(&m->field, line) ? 0 : err_set(e, ERR_TEMP, "out of memory"));
}

/* One line, or a piece of a very long one (eol empty). */
static int
on_line(struct message *m, const char *p, size_t n, const char *eol, size_t neol, bool whole, struct err *e)
{
	struct str	 line = { p, n };
	unsigned	 at;
	bool		 last = false;

	if (whole && n > 2 && p[0] == '-' && p[1] == '-' && m->nlevels > 0 && (at = boundary_of(m, line, &last)) > 0) {
		if (m->where == IN_HEADER && end_header(m, e) == -1)	/* a part without a body */
			return (-1);
		if (end_leaf(m, e) == -1)
			return (-1);
		/* end_header may have opened a level of its own: at counts from below */
		m->nlevels = last ? at - 1 : at;
		m->nested = m->stack[at - 1].nested;
		m->mail = m->stack[at - 1].mail;
		if (last)
			m->where = IN_PREAMBLE;	/* the epilogue, up to the next boundary */
		else
			begin_header(m);
		return (0);
	}
	switch (m->where) {
	case IN_HEADER:
		return (whole ? header_line(m, line, e) : 0);
	case IN_BODY:
		return (body_piece(m, p, n, eol, neol, e));
	case IN_PREAMBLE:
		return (0);
	}
	return (0);
}

struct message *
message_new(const struct limits *l, const struct mime_sink *sink, void *ctx, unsigned depth)
{
	struct message	*m = calloc(1, sizeof(*m));

	if (m == NULL)
		return (NULL);
	m->limits = l;
	m->sink = sink;
	m->ctx = ctx;
	m->depth0 = depth;
	message_reset(m);
	return (m);
}

void
message_reset(struct message *m)
{
	buf_clear(&m->head);
	buf_clear(&m->line);
	buf_clear(&m->tls_domain);
	buf_clear(&m->tls_submitter);
	buf_clear(&m->held);
	buf_clear(&m->trace);
	m->ntraced = 0;
	m->trace_over = false;
	header_clear(&m->mine[0]);
	header_clear(&m->mine[1]);
	m->mid_line = m->cr_only = m->started = m->leaf = m->want = m->noise = m->lazy = false;
	m->nlevels = m->nested = m->parts = m->mail = m->mails = 0;
	m->nout = 0;
	begin_header(m);
	m->header = &m->mine[0];
}

void
message_reset_within(struct message *m, const struct message *outer)
{
	message_reset(m);
	m->depth0 = outer->depth0 + outer->nlevels + outer->nested + 1;
}

void
message_free(struct message *m)
{
	if (m == NULL)
		return;
	buf_free(&m->head);
	buf_free(&m->line);
	buf_free(&m->field);
	buf_free(&m->type);
	buf_free(&m->boundary);
	buf_free(&m->filename);
	buf_free(&m->tls_domain);
	buf_free(&m->tls_submitter);
	buf_free(&m->held);
	for (size_t i = 0; i < nitems(m->mine); i++) {
		buf_free(&m->mine[i].from);
		buf_free(&m->mine[i].to);
		buf_free(&m->mine[i].subject);
		buf_free(&m->mine[i].date);
	}
	buf_free(&m->trace);
	free(m);
}

/* A line with its end; sep is the last byte. */
static int
whole_line(struct message *m, const char *p, size_t n, char sep, struct err *e)
{
	size_t	 neol = sep == '\n' && n > 1 && p[n - 2] == '\r' ? 2 : 1;

	return (on_line(m, p, n - neol, p + n - neol, neol, !m->mid_line, e));
}

/*
 * A line that is too long to wait for its end goes on in pieces of one size,
 * however it came in. What only makes sense with what follows stays.
 */
static int
long_line(struct message *m, char sep, struct err *e)
{
	size_t	 n = m->line.len;

	if (m->line.p[n - 1] == '\r' && sep == '\n')
		n--;
	else if (m->cte == CTE_QP && m->line.p[n - 1] == '=')
		n--;
	else if (m->cte == CTE_QP && m->line.p[n - 2] == '=')
		n -= 2;
	if (on_line(m, m->line.p, n, "", 0, !m->mid_line, e) == -1)
		return (-1);
	buf_drop(&m->line, n);
	m->mid_line = true;
	return (0);
}

static int
lines(struct message *m, const char *p, size_t len, struct err *e)
{
	const char	*end = p + len, *nl;
	char		 sep = m->cr_only ? '\r' : '\n';
	size_t		 n;

	for (; p < end; p += n) {
		nl = memchr(p, sep, (size_t)(end - p));
		n = (size_t)((nl == NULL ? end : nl + 1) - p);
		if (nl != NULL && m->line.len == 0 && n <= LINE_MAX_HELD) {
			if (whole_line(m, p, n, sep, e) == -1)
				return (-1);
			m->mid_line = false;
			continue;
		}
		if (n > LINE_MAX_HELD - m->line.len) {
			n = LINE_MAX_HELD - m->line.len;
			nl = NULL;
		}
		if (!buf_add(&m->line, p, n))
			return (err_set(e, ERR_TEMP, "out of memory"));
		if (nl != NULL) {
			if (whole_line(m, m->line.p, m->line.len, sep, e) == -1)
				return (-1);
			buf_clear(&m->line);
			m->mid_line = false;
		} else if (m->line.len == LINE_MAX_HELD && long_line(m, sep, e) == -1)
			return (-1);
	}
	return (0);
}

/* Old Macintosh mail ends its lines with CR alone: the first bytes tell. */
static int
start(struct message *m, struct err *e)
{
	m->started = true;
	m->cr_only = m->head.len > 0 && memchr(m->head.p, '\n', m->head.len) == NULL &&
	    memchr(m->head.p, '\r', m->head.len) != NULL;
	return (lines(m, buf_as_str(&m->head).p, m->head.len, e));
}

int
message_feed(struct message *m, const void *data, size_t n, struct err *e)
{
	const char	*p = data;
	size_t		 k;

	if (!m->started) {
		k = n < HEAD_MAX - m->head.len ? n : HEAD_MAX - m->head.len;
		if (!buf_add(&m->head, p, k))
			return (err_set(e, ERR_TEMP, "out of memory"));
		if (m->head.len < HEAD_MAX)
			return (0);
		if (start(m, e) == -1)
			return (-1);
		p += k;
		n -= k;
	}
	return (lines(m, p, n, e));
}

int
message_finish(struct message *m, struct err *e)
{
	if (!m->started && start(m, e) == -1)
		return (-1);
	if (m->line.len > 0 && on_line(m, m->line.p, m->line.len, "", 0, !m->mid_line, e) == -1)
		return (-1);
	buf_clear(&m->line);
	if (m->where == IN_HEADER && end_header(m, e) == -1)
		return (-1);
	return (end_leaf(m, e));
}

static struct str
text_or_none(const struct buf *b)
{
	return (b->len == 0 ? STR_NONE : buf_as_str(b));
}

struct str
message_from(const struct message *m)
{
	return (text_or_none(&m->mine[0].from));
}

struct str
message_subject(const struct message *m)
{
	return (text_or_none(&m->mine[0].subject));
}

struct mail_fields
message_fields(const struct message *m)
{
	const struct mail_header	*h = &m->mine[m->mail == 0 ? 0 : 1];

	return ((struct mail_fields){ text_or_none(&h->from), text_or_none(&h->to), text_or_none(&h->subject), text_or_none(&h->date) });
}

struct str
message_tls_domain(const struct message *m)
{
	return (m->tls_domain.len == 0 ? STR_NONE : buf_as_str(&m->tls_domain));
}

struct str
message_tls_submitter(const struct message *m)
{
	return (m->tls_submitter.len == 0 ? STR_NONE : buf_as_str(&m->tls_submitter));
}

bool
message_trace(const struct message *m, size_t i, enum message_field *what, struct str *value)
{
	if (i >= m->ntraced)
		return (false);
	*what = m->traced[i].what;
	*value = (struct str){ m->trace.p == NULL ? "" : m->trace.p + m->traced[i].at, m->traced[i].len };
	return (true);
}

bool
message_noise(const struct message *m)
{
	return (m->noise);
}

bool
message_looks_like(struct str s)
{
	size_t	 i = 0;

	if (str_starts(s, "From ") || str_starts(s, ">From "))
		return (true);
	while (s.len > 0 && (s.p[0] == '\r' || s.p[0] == '\n')) {	/* an empty line in front is seen */
		s.p++;
		s.len--;
	}
	/* '{' and '<' may stand in a field's name by the letter, but then it is JSON or XML */
	if (s.len == 0 || !((s.p[0] >= 'A' && s.p[0] <= 'Z') || (s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= '0' && s.p[0] <= '9')))
		return (false);
	while (i < s.len && (unsigned char)s.p[i] > ' ' && (unsigned char)s.p[i] < 0x7f && s.p[i] != ':')
		i++;
	return (i > 0 && i < s.len && s.p[i] == ':');
}
