/*
 * failure.c - see failure.h.
 *
 * What a mail has is collected part by part and put together at its end: the
 * fields of the machine-readable part, else the labels of a notice in words;
 * of the sample the header lines, a hash of its body and the body's beginning.
 */
#include "report/failure.h"
#include "report/fields.h"
#include "report/mail_date.h"

#define WORDS_MAX ((size_t)64 * 1024)	/* of the text for people */
#define LINE_HELD ((size_t)8 * 1024)	/* of a sample's header line, until it is known to be one */
#define TEXT_SHORT 1000			/* what is read of a subject or an address */
#define LIST_MAX 100			/* values of one list */
#define LIST_BYTES ((size_t)32 * 1024)	/* of them together: each is added to a copy of those before */

#define NAME(id, name, text) name,
#define TEXT(id, name, text) text,
const char *const failure_quirk_names[FQ_COUNT] = { FAILURE_QUIRKS(NAME) };
const char *const failure_quirk_texts[FQ_COUNT] = { FAILURE_QUIRKS(TEXT) };
#undef NAME
#undef TEXT
#define INFO(id, column, label, privacy, list) { #column, label, privacy, list },
const struct failure_text_info failure_texts[FT_COUNT] = { FAILURE_TEXTS(INFO) };
#undef INFO
const char *const failure_dialect_names[FAILURE_DIALECTS] = { "arf", "text-only" };
const char *const failure_class_names[FAILURE_CLASSES] = { "auth-failure", "other" };
const char *const failure_delivery_names[DELIVERIES] = { "unknown", "delivered", "spam", "policy", "reject", "other" };
const char *const failure_sample_names[SAMPLES] = { "none", "headers", "message" };
const char *const failure_origin_names[FROM_ORIGINS] = { "none", "field", "sample", "authentication-results", "received-spf", "text",
	"received", "reported-domain", "subject", "report-mail" };
const char *const failure_method_names[METHODS] = { "dmarc", "spf", "dkim", "arc", "iprev" };

enum sample_state { ST_BEFORE, ST_HEADER, ST_BODY };

struct failure {
	const struct limits	*limits;
	void			(*words)(struct str, size_t, struct buf *);
	struct arena		*arena;
	struct buf		 fields, notice;	/* raw */
	bool			 has_fields, fields_cut;
	/* the sample */
	enum failure_sample	 sample;
	bool			 sample_open, header_cut, mid_line, hashing;
	enum sample_state	 state;
	struct buf		 line, headers, body;
	uint64_t		 body_bytes;
	bool			 body_cut;
	struct sha256_ctx	 hash;
	uint64_t		 quirks;
	struct failure_mail	 mail;
	struct buf		 value, tmp, text;	/* scratch */
};

struct failure *
failure_new(const struct limits *l, void (*words)(struct str, size_t, struct buf *))
{
	struct failure	*f = calloc(1, sizeof(*f));

	if (f == NULL)
		return (NULL);
	f->limits = l;
	f->words = words;
	if ((f->arena = arena_new(8 * (size_t)(l->failure_bytes + l->sample_headers + l->sample_body) + ((size_t)32 << 20))) == NULL) {
		free(f);
		return (NULL);
	}
	return (f);
}

void
failure_free(struct failure *f)
{
	if (f == NULL)
		return;
	arena_free(f->arena);
	buf_free(&f->fields);
	buf_free(&f->notice);
	buf_free(&f->line);
	buf_free(&f->headers);
	buf_free(&f->body);
	buf_free(&f->value);
	buf_free(&f->tmp);
	buf_free(&f->text);
	free(f);
}

void
failure_reset(struct failure *f)
{
	arena_reset(f->arena);
	buf_clear(&f->fields);
	buf_clear(&f->notice);
	buf_clear(&f->line);
	buf_clear(&f->headers);
	buf_clear(&f->body);
	f->has_fields = f->fields_cut = f->sample_open = f->header_cut = f->mid_line = f->hashing = f->body_cut = false;
	f->sample = SAMPLE_NONE;
	f->state = ST_BEFORE;
	f->body_bytes = f->quirks = 0;
	memset(&f->mail, 0, sizeof(f->mail));
}

void
failure_begin(struct failure *f, const struct failure_mail *m)
{
	f->mail.from = arena_str(f->arena, m->from);
	f->mail.to = arena_str(f->arena, m->to);
	f->mail.subject = arena_str(f->arena, m->subject);
	f->mail.date = arena_str(f->arena, m->date);
}

struct arena *
failure_arena(struct failure *f)
{
	return (f->arena);
}

void
failure_quirk(struct failure *f, uint64_t q)
{
	f->quirks |= q;
}

bool
failure_has_fields(const struct failure *f)
{
	return (f->has_fields);
}

bool
failure_has_sample(const struct failure *f)
{
	return (f->sample != SAMPLE_NONE);
}

static bool
add_bounded(struct buf *b, const void *p, size_t n, size_t max)
{
	size_t	 room = max > b->len ? max - b->len : 0;

	(void)buf_add(b, p, n < room ? n : room);
	return (n <= room);
}

void
failure_fields(struct failure *f, const void *p, size_t n)
{
	f->has_fields = true;
	if (!add_bounded(&f->fields, p, n, (size_t)f->limits->failure_bytes))
		f->fields_cut = true;
}

void
failure_words(struct failure *f, const void *p, size_t n)
{
	(void)add_bounded(&f->notice, p, n, WORDS_MAX);
}

/* --- The sample ---------------------------------------------------------------------- */

void
failure_sample_begin(struct failure *f, enum failure_sample kind)
{
	f->sample_open = f->sample == SAMPLE_NONE;
	if (f->sample_open)
		f->sample = kind;
}

static void
body_add(struct failure *f, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (!f->hashing) {
		sha256_init(&f->hash);
		f->hashing = true;
	}
	sha256_update(&f->hash, n, (const uint8_t *)p);
	f->body_bytes += n;
	if (!add_bounded(&f->body, p, n, (size_t)f->limits->sample_body))
		f->body_cut = true;
}

static void
header_add(struct failure *f, const char *p, size_t n)
{
	if (!add_bounded(&f->headers, p, n, (size_t)f->limits->sample_headers))
		f->header_cut = true;
}

/* One line with its end, or the beginning of a very long one. */
static void
header_line(struct failure *f, struct str raw)
{
	struct str	 line = raw;

	while (line.len > 0 && (line.p[line.len - 1] == '\n' || line.p[line.len - 1] == '\r'))
		line.len--;
	if (f->state == ST_BEFORE) {
		/* rule F15: an empty line in front; F23: the envelope line of an mbox */
		if (str_trim(line).len == 0 || str_starts(line, "From ") || str_starts(line, ">From ")) {
			f->quirks |= FQ_SAMPLE_FORM;
			return;
		}
		f->state = ST_HEADER;
		if (field_begins(line)) {
			header_add(f, raw.p, raw.len);
			return;
		}
	} else if (line.len == 0) {
		f->state = ST_BODY;
		return;
	} else if (line.p[0] == ' ' || line.p[0] == '\t' || field_begins(line)) {
		header_add(f, raw.p, raw.len);
		return;
	}
	/* rule F15: what is no field is the body, though no empty line parts them */
	f->quirks |= FQ_SAMPLE_FORM;
	f->state = ST_BODY;
	body_add(f, raw.p, raw.len);
}

/* Bytes of the header up to the end of a line; returns how many were taken. */
static size_t
header_bytes(struct failure *f, const char *p, size_t n)
{
	size_t	 k = 0;
	bool	 end = false;

	/* LF, or a CR that no LF follows: that shows with the next byte */
	if (f->line.len > 0 && f->line.p[f->line.len - 1] == '\r') {
		end = true;
		k = p[0] == '\n' ? 1 : 0;
	}
	while (!end && k < n) {
		char	 c = p[k++];

		if (c == '\n')
			end = true;
		else if (c == '\r' && k < n) {
			end = true;
			k += p[k] == '\n';
		}
	}
	if (f->mid_line) {
		if (f->state == ST_BODY)
			body_add(f, p, k);
		else
			header_add(f, p, k);
		f->mid_line = !end;
		return (k);
	}
	(void)buf_add(&f->line, p, k);
	if (end || f->line.len >= LINE_HELD) {
		f->mid_line = !end;
		header_line(f, buf_as_str(&f->line));
		buf_clear(&f->line);
	}
	return (k);
}

void
failure_sample_data(struct failure *f, const void *data, size_t n)
{
	const char	*p = data;
	size_t		 k;

	if (!f->sample_open)
		return;
	while (n > 0 && (f->state != ST_BODY || f->mid_line)) {
		k = header_bytes(f, p, n);
		p += k;
		n -= k;
	}
	body_add(f, p, n);
}

void
failure_sample_end(struct failure *f)
{
	if (!f->sample_open)
		return;
	if (f->line.len > 0)
		header_line(f, buf_as_str(&f->line));
	buf_clear(&f->line);
	f->sample_open = false;
}

/* --- What a part is --------------------------------------------------------------------- */

static struct str
first_line(struct str s)
{
	const char	*nl;

	while (s.len > 0 && (s.p[0] == '\r' || s.p[0] == '\n' || s.p[0] == ' ')) {
		s.p++;
		s.len--;
	}
	if (s.len > 0 && (nl = memchr(s.p, '\n', s.len)) != NULL)
		s.len = (size_t)(nl - s.p);
	return (s);
}

bool
failure_begins_with_field(struct str head)
{
	struct str	 s = first_line(head);

	return (s.len > 0 && (field_begins(s) || str_starts(s, "From ")));
}

bool
failure_looks_like_fields(struct str head)
{
	struct str	 s = first_line(head);
	const char	*p = s.p, *end = head.p + head.len;

	if (s.len == 0 || !field_begins(s))
		return (false);
	while (p != NULL && p < end) {
		struct str	 rest = { p, (size_t)(end - p) };

		if (str_istarts(rest, "feedback-type"))
			return (field_begins(rest));
		/* an escaped line end, too: rule F3 */
		const char	*nl = memchr(p, '\n', rest.len), *esc = memmem(p, rest.len, "\\r\\n", 4);

		p = nl != NULL ? nl + 1 : esc != NULL ? esc + 4 : NULL;
	}
	return (false);
}

/* Blanks and line ends run together into one blank: a list may have wrapped it (rule F17). */
static void
flatten(struct str s, struct buf *out)
{
	bool	 gap = false;

	buf_clear(out);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char	 c = (unsigned char)s.p[i];

		if (c <= ' ') {
			gap = out->len > 0;
			continue;
		}
		if (gap)
			(void)buf_byte(out, ' ');
		gap = false;
		(void)buf_byte(out, c);
	}
}

#define NOTICE "a message claiming to be from you has failed"

bool
failure_looks_like_notice(struct str head)
{
	struct buf	 b = { 0 };
	bool		 is;

	if (head.len > 2048)
		head.len = 2048;
	flatten(head, &b);
	is = str_ifind(buf_as_str(&b), NOTICE) != NULL;
	buf_free(&b);
	return (is);
}

bool
failure_is_notice(const struct failure *f)
{
	return (f->notice.len > 0 && failure_looks_like_notice(buf_as_str(&f->notice)));
}

bool
failure_type_of_sample(struct str type, enum failure_sample *kind)
{
	/* rfc822, rfc-822, -headers, below message, text or nothing: rules F7, F13 */
	if (str_ifind(type, "rfc822") == NULL && str_ifind(type, "rfc-822") == NULL)
		return (false);
	*kind = str_ifind(type, "headers") != NULL ? SAMPLE_HEADERS : SAMPLE_MESSAGE;
	return (true);
}

enum failure_delivery
failure_delivery_of(struct str w)
{
	w = str_trim(w);
	if (w.len == 0)
		return (DELIVERY_UNKNOWN);
	for (unsigned i = DELIVERY_DELIVERED; i < DELIVERY_OTHER; i++)
		if (str_ieq(w, failure_delivery_names[i]))
			return ((enum failure_delivery)i);
	return (DELIVERY_OTHER);
}

bool
failure_line(struct str *rest, struct str *line)
{
	const char	*nl;

	if (rest->len == 0)
		return (false);
	nl = memchr(rest->p, '\n', rest->len);
	*line = (struct str){ rest->p, nl == NULL ? rest->len : (size_t)(nl - rest->p) };
	*rest = nl == NULL ? (struct str){ rest->p + rest->len, 0 } : (struct str){ nl + 1, rest->len - line->len - 1 };
	return (true);
}

/* Commas and semicolons part addresses where they stand outside of quotes, comments and brackets. */
static size_t
address_end(struct str s)
{
	bool		 quoted = false, angle = false;
	unsigned	 depth = 0;

	for (size_t i = 0; i < s.len; i++)
		switch (s.p[i]) {
		case '\\':
			i++;
			break;
		case '"':
			quoted = depth == 0 && !quoted;
			break;
		case '(':
			depth += !quoted;
			break;
		case ')':
			depth -= !quoted && depth > 0;
			break;
		case '<':
			angle |= !quoted && depth == 0;
			break;
		case '>':
			angle &= quoted || depth > 0;
			break;
		case ',':
		case ';':
			if (!quoted && !angle && depth == 0)
				return (i);
			break;
		default:
			break;
		}
	return (s.len);
}

bool
failure_address(struct str field, struct str *local, struct str *domain)
{
	struct str	 one, found = STR_NONE;
	const char	*open, *at;
	size_t		 n;
	unsigned	 count = 0;

	*local = *domain = STR("");
	while (field.len > 0) {
		n = address_end(field);
		one = str_trim((struct str){ field.p, n });
		n += n < field.len;
		field = (struct str){ field.p + n, field.len - n };
		if (one.len == 0)
			continue;
		if ((open = memrchr(one.p, '<', one.len)) != NULL) {
			one.len -= (size_t)(open + 1 - one.p);
			one.p = open + 1;
			if ((at = memchr(one.p, '>', one.len)) != NULL)
				one.len = (size_t)(at - one.p);
		} else
			while (one.len > 0 && one.p[one.len - 1] == ')' && (open = memrchr(one.p, '(', one.len)) != NULL)
				one = str_trim((struct str){ one.p, (size_t)(open - one.p) });
		if (one.len > 0 && memchr(one.p, '@', one.len) != NULL) {
			found = str_trim(one);
			count++;
		}
	}
	if (count != 1 || (at = memrchr(found.p, '@', found.len)) == NULL)
		return (false);
	*local = (struct str){ found.p, (size_t)(at - found.p) };
	*domain = (struct str){ at + 1, (size_t)(found.p + found.len - at) - 1 };
	return (domain->len > 0);
}

/* --- The machine-readable part --------------------------------------------------------- */

static void
set(struct failure *f, struct failure_report *r, enum failure_text i, struct str v)
{
	r->t[i] = arena_str(f->arena, v);
}

static void
append(struct failure *f, struct failure_report *r, enum failure_text i, struct str v)
{
	struct str	 had = r->t[i];
	unsigned	 lines = 1;
	char		*p;

	if (had.p == NULL) {
		set(f, r, i, v);
		return;
	}
	for (size_t k = 0; k < had.len; k++)
		lines += had.p[k] == '\n';
	/* each step copies what there is: bounded by lines and bytes */
	if (lines >= LIST_MAX || had.len + v.len >= LIST_BYTES || (p = arena_alloc(f->arena, had.len + v.len + 2, 1)) == NULL)
		return;
	memcpy(p, had.p, had.len);
	p[had.len] = '\n';
	if (v.len > 0)
		memcpy(p + had.len + 1, v.p, v.len);
	r->t[i] = (struct str){ p, had.len + v.len + 1 };
}

static struct str
lower(struct failure *f, struct str v)
{
	buf_clear(&f->text);
	for (size_t i = 0; i < v.len; i++)
		(void)buf_byte(&f->text, (unsigned char)ascii_lower(v.p[i]));
	return (buf_as_str(&f->text));
}

static struct str
uncommented(struct failure *f, struct str v)
{
	field_uncomment(v, &f->tmp);
	return (buf_as_str(&f->tmp));
}

/* Base64 to text: blanks go, bad bytes are replaced. */
static struct str
from_base64(struct failure *f, struct str v)
{
	static const char	 alpha[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned		 bits = 0, n = 0;
	bool			 mended = false;
	const char		*at;

	buf_clear(&f->tmp);
	for (size_t i = 0; i < v.len && v.p[i] != '='; i++) {
		if (v.p[i] == '\0' || (at = strchr(alpha, v.p[i])) == NULL)
			continue;
		bits = (bits << 6 | (unsigned)(at - alpha)) & 0xffffff;
		if (++n % 4 != 1)
			(void)buf_byte(&f->tmp, (unsigned char)(bits >> (n % 4 == 2 ? 4 : n % 4 == 3 ? 2 : 0)));
	}
	field_clean(buf_as_str(&f->tmp), &f->text, &mended);
	return (buf_as_str(&f->text));
}

static void
rcpt_to(struct failure *f, struct failure_report *r, struct str v)
{
	size_t	 n;

	while (v.len > 0) {
		n = address_end(v);
		if (n < v.len)
			r->quirks |= FQ_RCPT_LIST;
		append(f, r, FT_RCPT_TO, str_trim((struct str){ v.p, n }));
		n += n < v.len;
		v = (struct str){ v.p + n, v.len - n };
	}
}

static void
source_ip(struct failure *f, struct failure_report *r, struct str v)
{
	struct str	 t = field_token(v);

	if (t.len < v.len)
		r->quirks |= FQ_SOURCE_FORM;
	set(f, r, FT_SOURCE_IP, t);
}

static void
number(struct failure_report *r, struct str v, int64_t max, int64_t otherwise, int64_t *out)
{
	if (!str_i64(field_token(v), out) || *out < 0 || *out > max) {
		*out = otherwise;
		r->quirks |= FQ_COUNT_FORM;
	}
}

static void
arrival(struct failure *f, struct failure_report *r, struct str v)
{
	bool	 odd = false;

	set(f, r, FT_ARRIVAL, v);
	r->has_arrival = mail_date(v, &r->arrival, &odd);
	if (!r->has_arrival || odd)
		r->quirks |= FQ_ARRIVAL_FORM;
}

/* A field that is not simply kept as it is. False: it is. */
static bool
special(struct failure *f, struct failure_report *r, enum failure_text i, struct str v)
{
	switch (i) {
	case FT_FEEDBACK_TYPE:
		set(f, r, i, lower(f, field_token(uncommented(f, v))));
		return (true);
	case FT_AUTH_FAILURE:
	case FT_ALIGNMENT:
		set(f, r, i, lower(f, uncommented(f, v)));
		return (true);
	case FT_REPORTED_DOMAIN:
		v = lower(f, field_token(uncommented(f, v)));
		while (v.len > 0 && v.p[v.len - 1] == '.')
			v.len--;
		append(f, r, i, v);
		return (true);
	case FT_RCPT_TO:
		rcpt_to(f, r, v);
		return (true);
	case FT_SOURCE_IP:
		source_ip(f, r, v);
		return (true);
	case FT_CANONICAL_HEADER:
	case FT_CANONICAL_BODY:
		set(f, r, i, from_base64(f, v));
		return (true);
	case FT_ARRIVAL:
		arrival(f, r, v);
		return (true);
	case FT_DELIVERY:
		set(f, r, i, uncommented(f, v));
		return (true);
	default:
		return (false);
	}
}

static void
known(struct failure *f, struct failure_report *r, enum failure_text i, struct str v)
{
	if (r->t[i].p != NULL && !failure_texts[i].list) {
		r->quirks |= FQ_REPEATED;
		return;
	}
	if (special(f, r, i, v))
		return;
	if (failure_texts[i].list)
		append(f, r, i, v);
	else
		set(f, r, i, v);
}

static void
unknown(struct failure *f, struct failure_report *r, struct str name, struct str v)
{
	r->quirks |= FQ_UNKNOWN_FIELD;
	buf_clear(&f->text);
	(void)buf_str(&f->text, name);
	(void)buf_cstr(&f->text, ": ");
	(void)buf_str(&f->text, v);
	append(f, r, FT_EXTRAS, buf_as_str(&f->text));
}

static void
field(struct failure *f, struct failure_report *r, struct str name, struct str v, struct str *received)
{
	int64_t	 n;

	for (unsigned i = 0; i < FT_COUNT; i++)
		if (failure_texts[i].label[0] != '\0' && str_ieq(name, failure_texts[i].label)) {
			known(f, r, (enum failure_text)i, v);
			return;
		}
	if (str_ieq(name, "Received-Date"))	/* the historic name */
		*received = received->p == NULL ? arena_str(f->arena, v) : *received;
	else if (str_ieq(name, "Source-Port")) {
		number(r, v, 65535, 0, &n);
		r->source_port = (unsigned)n;
	} else if (str_ieq(name, "Incidents")) {
		number(r, v, UINT32_MAX, 1, &n);
		r->incidents = (uint64_t)n;
	} else
		unknown(f, r, name, v);
}

static void
fields(struct failure *f, struct failure_report *r)
{
	struct buf	 clean = { 0 };
	struct str	 rest, received = STR_NONE;
	struct field	 one;
	bool		 mended = false;

	field_clean(buf_as_str(&f->fields), &clean, &mended);
	if (mended)
		r->quirks |= FQ_ENCODING;
	rest = buf_as_str(&clean);
	while (rest.len > 0) {
		/* an empty line is no end here: some have one in between (rule F3) */
		if (!field_next(&rest, &f->value, &one))
			continue;
		if (one.name.len > 0)
			field(f, r, one.name, one.value, &received);
		else if (one.value.len > 0)
			r->quirks |= FQ_TRAILING_JUNK;
	}
	if (received.p != NULL && r->t[FT_ARRIVAL].p != NULL)
		r->quirks |= FQ_ARRIVAL_TWICE;
	else if (received.p != NULL)
		arrival(f, r, received);
	buf_free(&clean);
}

static bool
has_word(struct str list, const char *word)
{
	size_t	 n = strlen(word);

	for (size_t i = 0; i + n <= list.len; i++) {
		bool	 begins = i == 0 || strchr(" \t,;=:", list.p[i - 1]) != NULL;
		bool	 ends = i + n == list.len || strchr(" \t,;=:", list.p[i + n]) != NULL;

		if (begins && ends && str_ieq_n((struct str){ list.p + i, n }, word, n))
			return (true);
	}
	return (false);
}

/* What kind it is, where the report does not say so itself (rule F4, standard 3). */
static void
derive_type(struct failure_report *r)
{
	bool	 dmarc = r->t[FT_AUTH_RESULTS].len > 0 && str_ifind(r->t[FT_AUTH_RESULTS], "dmarc") != NULL;

	if (r->t[FT_FEEDBACK_TYPE].len == 0) {
		r->quirks |= FQ_TYPE_DERIVED;
		r->class = r->t[FT_AUTH_FAILURE].len > 0 || dmarc ? FAILURE_AUTH : FAILURE_OTHER;
	} else
		r->class = str_eq(r->t[FT_FEEDBACK_TYPE], STR("auth-failure")) ? FAILURE_AUTH : FAILURE_OTHER;
	if (r->class == FAILURE_OTHER)
		return;
	if (r->t[FT_AUTH_FAILURE].len == 0)
		r->quirks |= FQ_FAILURE_DERIVED;
	if (r->t[FT_ALIGNMENT].p == NULL)
		r->quirks |= FQ_NO_ALIGNMENT;
	if (r->t[FT_AUTH_RESULTS].len == 0)
		r->quirks |= FQ_NO_RESULTS;
}

static void
missing(struct failure_report *r)
{
	if (r->t[FT_VERSION].len == 0)
		r->quirks |= FQ_NO_VERSION;
	if (r->t[FT_USER_AGENT].len == 0)
		r->quirks |= FQ_NO_USER_AGENT;
	if (r->t[FT_REPORTED_DOMAIN].len == 0)
		r->quirks |= FQ_NO_REPORTED_DOMAIN;
	if (!r->has_arrival)
		r->quirks |= FQ_NO_ARRIVAL;
	r->delivery = failure_delivery_of(r->t[FT_DELIVERY]);
	if (r->delivery == DELIVERY_OTHER && !str_ieq(str_trim(r->t[FT_DELIVERY]), "other"))
		r->quirks |= FQ_DELIVERY_WORD;
}

/* --- A notice in words (rules F16, F17) --------------------------------------------------- */

enum { L_DOMAIN, L_IP, L_DATE, L_SPF, L_DKIM, L_RESULTS, LABELS };
static const char *const labels[LABELS] = {
	"Sender Domain:", "Sender IP Address:", "Received Date:", "SPF Alignment:", "DKIM Alignment:", "DMARC Results:",
};

/* A line of dashes parts the words from the copy of the headers. */
static const char *
dashes(struct str s)
{
	struct str	 rest = s, line;

	while (failure_line(&rest, &line))
		if (str_starts(line, "------"))
			return (line.p);
	return (NULL);
}

static void
notice_labels(struct str flat, struct str v[LABELS])
{
	const char	*at[LABELS], *end = flat.p + flat.len;

	for (int i = 0; i < LABELS; i++)
		at[i] = str_ifind(flat, labels[i]);
	for (int i = 0; i < LABELS; i++) {
		const char	*from, *to = end;

		v[i] = STR_NONE;
		if (at[i] == NULL)
			continue;
		from = at[i] + strlen(labels[i]);
		for (int k = 0; k < LABELS; k++)
			if (at[k] != NULL && at[k] >= from && at[k] < to)
				to = at[k];
		v[i] = str_trim((struct str){ from, (size_t)(to - from) });
	}
}

static void
notice_alignment(struct failure *f, struct failure_report *r, const struct str v[LABELS])
{
	bool	 spf_no = str_istarts(v[L_SPF], "no"), dkim_no = str_istarts(v[L_DKIM], "no");

	if (v[L_SPF].len == 0 && v[L_DKIM].len == 0)
		return;
	/* in the words of the field: what gave no aligned pass */
	set(f, r, FT_ALIGNMENT, dkim_no && spf_no ? STR("dkim, spf") : dkim_no ? STR("dkim") : spf_no ? STR("spf") : STR("none"));
}

/* Not in the middle of a character. */
static struct str
at_most(struct str s, size_t max)
{
	if (s.len > max) {
		s.len = max;
		while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
			s.len--;
	}
	return (s);
}

static void
notice_delivery(struct failure *f, struct failure_report *r, struct str v)
{
	if (v.len == 0)
		return;
	v = at_most(v, 60);	/* the words go on in prose behind the list */
	set(f, r, FT_DELIVERY, v);
	r->delivery = has_word(v, "reject") ? DELIVERY_REJECT : has_word(v, "quarantine") ? DELIVERY_POLICY :
	    has_word(v, "accept") ? DELIVERY_DELIVERED : DELIVERY_OTHER;
}

static void
notice(struct failure *f, struct failure_report *r)
{
	struct buf	 clean = { 0 };
	struct str	 words, v[LABELS], line, rest;
	const char	*cut;
	bool		 mended = false;

	r->dialect = FAILURE_NOTICE;
	r->class = FAILURE_AUTH;
	r->quirks |= FQ_TEXT_ONLY | FQ_TYPE_DERIVED;
	field_clean(buf_as_str(&f->notice), &clean, &mended);
	words = buf_as_str(&clean);
	if ((cut = dashes(words)) != NULL) {
		rest = (struct str){ cut, (size_t)(words.p + words.len - cut) };
		words.len = (size_t)(cut - words.p);
		(void)failure_line(&rest, &line);
		if (str_trim(rest).len > 0 && f->sample == SAMPLE_NONE) {
			failure_sample_begin(f, SAMPLE_HEADERS);
			failure_sample_data(f, rest.p, rest.len);
			failure_sample_end(f);
		}
	}
	flatten(words, &f->value);
	notice_labels(buf_as_str(&f->value), v);
	set(f, r, FT_FEEDBACK_TYPE, STR("auth-failure"));
	if (v[L_DOMAIN].len > 0)
		set(f, r, FT_REPORTED_DOMAIN, lower(f, field_token(v[L_DOMAIN])));
	if (v[L_IP].len > 0)
		source_ip(f, r, field_token(v[L_IP]));
	if (v[L_DATE].len > 0)
		arrival(f, r, at_most(v[L_DATE], 64));
	notice_alignment(f, r, v);
	notice_delivery(f, r, v[L_RESULTS]);
	if (v[L_DOMAIN].len + v[L_IP].len + v[L_DATE].len + v[L_SPF].len + v[L_DKIM].len + v[L_RESULTS].len == 0)
		r->quirks |= FQ_UNPARSED;
	buf_free(&clean);
}

/* --- Together ----------------------------------------------------------------------------- */

/* On one line. */
static struct str
cleaned(struct failure *f, struct str v)
{
	bool	 mended = false;

	if (v.p == NULL)
		return (STR_NONE);
	field_clean(v, &f->text, &mended);
	for (size_t i = 0; i < f->text.len; i++)
		if (f->text.p[i] == '\n')
			f->text.p[i] = ' ';
	return (arena_str(f->arena, buf_as_str(&f->text)));
}

static struct str
decoded(struct failure *f, struct str v)
{
	buf_clear(&f->tmp);
	f->words(v, TEXT_SHORT, &f->tmp);
	return (cleaned(f, buf_as_str(&f->tmp)));
}

static bool
looks_redacted(struct str s)
{
	return (s.p != NULL && (str_ifind(s, "redacted") != NULL || str_ifind(s, "xxx@") != NULL || str_ifind(s, "<@") != NULL));
}

static void
sample_field(struct failure *f, struct failure_report *r, const struct field *one)
{
	static const struct { const char *name; enum failure_text i; } wanted[] = {
		{ "From", FT_FROM }, { "Subject", FT_SUBJECT }, { "Message-ID", FT_MESSAGE_ID }, { "Date", FT_DATE },
		{ "Return-Path", FT_RETURN_PATH },
	};

	for (size_t i = 0; i < nitems(wanted); i++)
		if (str_ieq(one->name, wanted[i].name)) {
			if (r->t[wanted[i].i].p == NULL)
				r->t[wanted[i].i] = decoded(f, one->value);
			return;
		}
	if (str_ieq(one->name, "Content-Type") && str_istarts(one->value, "multipart/report"))
		r->quirks |= FQ_LOOP;
	else if (str_ieq(one->name, "To") && looks_redacted(one->value))
		r->redacted = true;
}

static bool
same_address(struct str a, struct str b)
{
	struct str	 la, da, lb, db;

	return (a.p != NULL && b.p != NULL && failure_address(a, &la, &da) && failure_address(b, &lb, &db) && la.len == lb.len &&
	    str_ieq_n(la, lb.p, lb.len) && da.len == db.len && str_ieq_n(da, db.p, db.len));
}

static void
sample(struct failure *f, struct failure_report *r)
{
	struct buf	 clean = { 0 };
	struct str	 rest;
	struct field	 one;
	bool		 mended = false;

	r->sample = f->sample;
	if (f->sample == SAMPLE_NONE) {
		r->quirks |= FQ_NO_SAMPLE;
		return;
	}
	if (f->header_cut)
		r->quirks |= FQ_SAMPLE_CUT;
	field_clean(buf_as_str(&f->headers), &clean, &mended);
	rest = buf_as_str(&clean);
	r->t[FT_HEADERS] = arena_str(f->arena, rest);
	hash_sha256(r->headers_hash, rest.p, rest.len);
	while (field_next(&rest, &f->value, &one))
		if (one.name.len > 0)
			sample_field(f, r, &one);
	buf_clear(&clean);
	field_clean(buf_as_str(&f->body), &clean, &mended);
	if (f->body_bytes > 0)
		r->t[FT_BODY] = arena_str(f->arena, buf_as_str(&clean));
	r->body_bytes = f->body_bytes;
	r->body_cut = f->body_cut;
	if ((r->has_hash = f->hashing))
		sha256_digest(&f->hash, HASH_SIZE, r->body_hash);
	f->hashing = false;
	if (mended)
		r->quirks |= FQ_ENCODING;
	/* rule F24; some send from and to one address (F18): that says nothing */
	if (same_address(r->t[FT_FROM], f->mail.to) && !same_address(f->mail.from, f->mail.to))
		r->quirks |= FQ_LOOP;
	r->redacted |= looks_redacted(r->t[FT_FROM]) || looks_redacted(r->t[FT_SUBJECT]);
	if (r->redacted && (r->t[FT_CANONICAL_HEADER].p != NULL || r->t[FT_CANONICAL_BODY].p != NULL))
		r->quirks |= FQ_REDACTED_CANONICAL;
	buf_free(&clean);
}

int
failure_finish(struct failure *f, struct failure_report *r, struct err *e)
{
	bool	 odd;

	memset(r, 0, sizeof(*r));
	r->incidents = 1;
	if (f->has_fields) {
		fields(f, r);
		derive_type(r);
		missing(r);
		if (f->fields_cut)
			r->quirks |= FQ_CUT;
	} else if (failure_is_notice(f)) {
		notice(f, r);
		if (!r->has_arrival)
			r->quirks |= FQ_NO_ARRIVAL;
	} else
		return (0);
	/* what people were told may name an address that nothing else does */
	if (r->dialect == FAILURE_ARF && f->notice.len > 0) {
		struct buf	 clean = { 0 };
		bool		 mended = false;

		field_clean((struct str){ f->notice.p, f->notice.len > 4096 ? 4096 : f->notice.len }, &clean, &mended);
		set(f, r, FT_NOTE, buf_as_str(&clean));
		buf_free(&clean);
	}
	sample(f, r);
	r->t[FT_REPORT_FROM] = cleaned(f, f->mail.from);
	r->t[FT_REPORT_SUBJECT] = cleaned(f, f->mail.subject);
	if (r->has_arrival) {
		r->arrived = r->arrival;
		r->arrived_from = FROM_FIELD;
	} else if (f->mail.date.p != NULL && mail_date(f->mail.date, &r->arrived, &odd))
		r->arrived_from = FROM_REPORT_MAIL;	/* dmarc/failure.h finds a better one where there is one */
	r->quirks |= f->quirks;
	for (unsigned i = 0; i < FT_COUNT; i++)
		if (r->t[i].p == NULL && r->t[i].len > 0)
			return (err_set(e, ERR_TEMP, "out of memory"));
	if (f->fields.failed || f->headers.failed || f->value.failed || f->tmp.failed || f->text.failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (1);
}
