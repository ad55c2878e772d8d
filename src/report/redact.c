/*
 * redact.c - see redact.h.
 */
#include "report/fields.h"
#include "report/mail_date.h"
#include "report/redact.h"

const char *const redact_names[] = { "none", "local-parts", "all" };

/* --- Addresses -------------------------------------------------------------------------- */

/* May this byte stand before an "@"? "=" may: "b=c" is one local part of bounces. */
static bool
local_byte(char c)
{
	return ((unsigned char)c > ' ' && (unsigned char)c != 0x7f && strchr("<>()[],;:\"@", c) == NULL);
}

static size_t
first_character(struct str s)
{
	unsigned char	 c = (unsigned char)s.p[0];
	size_t		 n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return (n <= s.len ? n : s.len);
}

/* One or two characters told of a short name would be all of it. */
static void
put_local(struct str local, struct buf *out)
{
	if (local.len >= 3 && local.p[0] != '"')
		(void)buf_add(out, local.p, first_character(local));
	(void)buf_cstr(out, REDACTED);
}

/* Where the local part that ends at `at` begins, not before `from`. */
static size_t
local_begin(struct str s, size_t from, size_t at)
{
	size_t	 i = at;

	if (i > from && s.p[i - 1] == '"') {
		for (i--; i > from && s.p[i - 1] != '"'; i--)
			;
		return (i > from ? i - 1 : i);
	}
	while (i > from && local_byte(s.p[i - 1]))
		i--;
	return (i);
}

void
redact_addresses(struct str s, struct buf *out)
{
	size_t		 done = 0, begin;
	const char	*at;

	while (done < s.len && (at = memchr(s.p + done, '@', s.len - done)) != NULL) {
		size_t	 i = (size_t)(at - s.p);

		begin = local_begin(s, done, i);
		(void)buf_add(out, s.p + done, begin - done);
		if (begin < i)
			put_local((struct str){ s.p + begin, i - begin }, out);
		(void)buf_byte(out, '@');
		done = i + 1;
	}
	if (done < s.len)
		(void)buf_add(out, s.p + done, s.len - done);
}

/* A name as DNS has them, so that no sentence passes for one. */
static bool
is_host(struct str s)
{
	bool	 dot = false;

	for (size_t i = 0; i < s.len; i++) {
		char	 c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
			return (false);
		dot |= c == '.';
	}
	return (dot && s.len <= 255);
}

static void
put_address(struct str one, struct buf *out)
{
	const char	*open, *at, *close;
	struct str	 domain;

	if ((open = memrchr(one.p, '<', one.len)) != NULL) {
		one.len -= (size_t)(open + 1 - one.p);
		one.p = open + 1;
		if ((close = memchr(one.p, '>', one.len)) != NULL)
			one.len = (size_t)(close - one.p);
	}
	one = str_trim(one);
	if (one.len == 0) {
		(void)buf_cstr(out, "<>");
		return;
	}
	if ((at = memrchr(one.p, '@', one.len)) == NULL) {
		(void)buf_cstr(out, REDACTED);
		return;
	}
	domain = (struct str){ at + 1, (size_t)(one.p + one.len - at) - 1 };
	domain.len = field_token(domain).len;
	if (at > one.p)
		put_local((struct str){ one.p, (size_t)(at - one.p) }, out);
	(void)buf_byte(out, '@');
	/* "a b@example.com" is no address: nothing of it is known to be harmless */
	(void)buf_str(out, is_host(domain) || (domain.len > 0 && domain.p[0] == '[') ? domain : STR(REDACTED));
}

/* Up to the comma that ends an address; quotes and brackets hold commas of their own. */
static size_t
address_length(struct str s)
{
	bool	 quoted = false, angle = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.p[i] == '<')
			angle = true;
		else if (!quoted && s.p[i] == '>')
			angle = false;
		else if (!quoted && !angle && (s.p[i] == ',' || s.p[i] == '\n'))
			return (i);
	}
	return (s.len);
}

void
redact_address_field(struct str s, struct buf *out)
{
	bool	 first = true;
	size_t	 n;

	if (s.len == 0)
		return;
	while (s.len > 0) {
		struct str	 one;
		char		 sep;

		n = address_length(s);
		one = str_trim((struct str){ s.p, n });
		sep = n < s.len ? s.p[n] : ',';
		if (one.len > 0) {
			put_address(one, out);
			first = false;
		}
		n += n < s.len;
		s = (struct str){ s.p + n, s.len - n };
		if (s.len > 0 && !first)
			(void)buf_cstr(out, sep == '\n' ? "\n" : ", ");
	}
}

/* --- Fields of the sample --------------------------------------------------------------- */

enum how { HOW_HIDE, HOW_ADDRESSES, HOW_IDS, HOW_DATE, HOW_TYPE, HOW_TAGS, HOW_RECEIVED };
static const struct { const char *name; enum how how; } headers[] = {
	{ "From", HOW_ADDRESSES }, { "To", HOW_ADDRESSES }, { "Cc", HOW_ADDRESSES }, { "Reply-To", HOW_ADDRESSES },
	{ "Sender", HOW_ADDRESSES }, { "Return-Path", HOW_ADDRESSES }, { "Delivered-To", HOW_ADDRESSES },
	{ "X-Original-To", HOW_ADDRESSES }, { "Envelope-To", HOW_ADDRESSES }, { "Errors-To", HOW_ADDRESSES },
	{ "Resent-From", HOW_ADDRESSES }, { "Resent-Sender", HOW_ADDRESSES }, { "Resent-To", HOW_ADDRESSES },
	{ "Message-ID", HOW_IDS }, { "In-Reply-To", HOW_IDS }, { "References", HOW_IDS }, { "Date", HOW_DATE },
	{ "Resent-Date", HOW_DATE }, { "MIME-Version", HOW_TYPE }, { "Content-Type", HOW_TYPE },
	{ "Content-Transfer-Encoding", HOW_TYPE }, { "DKIM-Signature", HOW_TAGS }, { "ARC-Message-Signature", HOW_TAGS },
	{ "ARC-Seal", HOW_TAGS }, { "Received", HOW_RECEIVED },
};

static void
put_ids(struct str v, struct buf *out)
{
	struct str	 t;
	bool		 first = true;

	while (v.len > 0) {
		t = v;
		for (t.len = 0; t.len < v.len && v.p[t.len] != ' ' && v.p[t.len] != '\t'; t.len++)
			;
		v.p += t.len + (t.len < v.len);
		v.len -= t.len + (t.len < v.len);
		if (t.len == 0)
			continue;
		(void)buf_cstr(out, first ? "" : " ");
		first = false;
		if (memchr(t.p, '@', t.len) == NULL)
			(void)buf_cstr(out, REDACTED);
		else
			redact_addresses(t, out);
	}
}

/* "text/plain; name=..." is told without what is behind the semicolon. */
static void
put_type(struct str v, struct buf *out)
{
	v = field_token(v);
	for (size_t i = 0; i < v.len; i++)
		if (!((v.p[i] >= 'a' && v.p[i] <= 'z') || (v.p[i] >= 'A' && v.p[i] <= 'Z') || (v.p[i] >= '0' && v.p[i] <= '9') ||
		    strchr("/-+.", v.p[i]) != NULL) || v.len > 60) {
			(void)buf_cstr(out, REDACTED);
			return;
		}
	(void)buf_str(out, v);
}

/* d= and s= say who signed; i= may name a person, h= and b= say nothing here. */
static void
put_tags(struct str v, struct buf *out)
{
	size_t		 n;
	bool		 any = false;
	struct str	 t, val;

	while (v.len > 0) {
		for (n = 0; n < v.len && v.p[n] != ';'; n++)
			;
		t = str_trim((struct str){ v.p, n });
		n += n < v.len;
		v = (struct str){ v.p + n, v.len - n };
		if (t.len < 3 || t.p[1] != '=' || strchr("dsac", t.p[0]) == NULL || memchr(t.p, '@', t.len) != NULL)
			continue;
		val = str_trim((struct str){ t.p + 2, t.len - 2 });
		if (val.len > 255 || memchr(val.p, ' ', val.len) != NULL)
			continue;
		(void)buf_printf(out, "%s%c=", any ? "; " : "", t.p[0]);
		(void)buf_str(out, val);
		any = true;
	}
	if (!any)
		(void)buf_cstr(out, REDACTED);
}

/* The word behind `key`, when it is a host. */
static void
put_host(struct str v, const char *key, struct buf *out)
{
	const char	*p = str_ifind(v, key);
	struct str	 t;

	if (p == NULL)
		return;
	p += strlen(key);
	t = field_token((struct str){ p, (size_t)(v.p + v.len - p) });
	if (!is_host(t))
		t = STR(REDACTED);
	(void)buf_cstr(out, key);
	(void)buf_str(out, t);
}

/*
 * A date as it stands there, only as far as it is one: whoever reads dates
 * forgives what stands around them, and a comment may be anything.
 */
static void
put_date(struct str v, struct buf *out)
{
	const char	*comment = memchr(v.p, '(', v.len);
	struct str	 d = str_trim((struct str){ v.p, comment == NULL ? v.len : (size_t)(comment - v.p) });
	bool		 good = d.len > 0 && d.len < 60;

	for (size_t i = 0; i < d.len && good; i++)
		good = d.p[i] != '\0' && strchr("0123456789:,+- GMTUC JanFebMarAprMayJunJulAugSepOctNovDec MonTueWedThuFriSatSun", d.p[i]) != NULL;
	(void)buf_str(out, good ? d : STR(REDACTED));
}

static void
put_received(struct str v, struct buf *out)
{
	const char	*open = memchr(v.p, '[', v.len), *close, *semi = memrchr(v.p, ';', v.len);
	struct str	 ip = STR_NONE;
	int64_t		 t;
	bool		 odd, from = str_istarts(v, "from ");

	if (from)
		put_host(v, "from ", out);
	if (open != NULL && (close = memchr(open, ']', (size_t)(v.p + v.len - open))) != NULL)
		ip = (struct str){ open + 1, (size_t)(close - open) - 1 };
	for (size_t i = 0; i < ip.len; i++)
		if (strchr("0123456789abcdefABCDEF.:IPv", ip.p[i]) == NULL)
			ip.len = 0;
	if (ip.len > 0) {
		(void)buf_cstr(out, " [");
		(void)buf_str(out, ip);
		(void)buf_byte(out, ']');
	}
	if (str_istarts(v, "by "))
		put_host(v, "by ", out);
	else
		put_host(v, " by ", out);
	if (semi != NULL && mail_date((struct str){ semi + 1, (size_t)(v.p + v.len - semi) - 1 }, &t, &odd)) {
		(void)buf_cstr(out, "; ");
		put_date((struct str){ semi + 1, (size_t)(v.p + v.len - semi) - 1 }, out);
	}
}

/* A name of a field is harmless when it looks like one. */
static void
put_name(struct str name, struct buf *out)
{
	bool	 good = name.len > 0 && name.len <= 60;

	for (size_t i = 0; i < name.len && good; i++)
		good = (name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= 'A' && name.p[i] <= 'Z') ||
		    (name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '-' || name.p[i] == '_';
	(void)buf_str(out, good ? name : STR(REDACTED));
	(void)buf_cstr(out, ": ");
}

static void
put_header(const struct field *f, struct buf *out)
{
	enum how	 how = HOW_HIDE;
	int64_t		 t;
	bool		 odd = true;

	for (size_t i = 0; i < nitems(headers); i++)
		if (str_ieq(f->name, headers[i].name))
			how = headers[i].how;
	put_name(f->name, out);
	if (f->value.len == 0)
		return;
	switch (how) {
	case HOW_ADDRESSES:
		redact_address_field(f->value, out);
		return;
	case HOW_IDS:
		put_ids(f->value, out);
		return;
	case HOW_DATE:
		if (mail_date(f->value, &t, &odd) && !odd)
			put_date(f->value, out);
		else
			(void)buf_cstr(out, REDACTED);
		return;
	case HOW_TYPE:
		put_type(f->value, out);
		return;
	case HOW_TAGS:
		put_tags(f->value, out);
		return;
	case HOW_RECEIVED:
		put_received(f->value, out);
		return;
	case HOW_HIDE:
		(void)buf_cstr(out, REDACTED);
		return;
	}
}

static bool
is_address_field(struct str name)
{
	for (size_t i = 0; i < nitems(headers); i++)
		if (headers[i].how == HOW_ADDRESSES && str_ieq(name, headers[i].name))
			return (true);
	return (false);
}

/* all: else only addresses, and the names beside them. */
static void
put_headers(struct str s, bool all, struct buf *out)
{
	struct buf	 value = { 0 };
	struct field	 f;

	while (s.len > 0) {
		if (!field_next(&s, &value, &f))
			continue;
		if (f.name.len == 0)
			continue;
		if (all)
			put_header(&f, out);
		else {
			redact_addresses(f.name, out);
			(void)buf_cstr(out, ": ");
			if (is_address_field(f.name))
				redact_address_field(f.value, out);
			else
				redact_addresses(f.value, out);
		}
		(void)buf_byte(out, '\n');
	}
	buf_free(&value);
}

/* --- A report ------------------------------------------------------------------------------ */

/* Scheme and host of each line: paths and queries of complaints name people. */
static void
put_uris(struct str s, struct buf *out)
{
	struct str	 line;
	const char	*p;
	bool		 first = true;

	while (failure_line(&s, &line)) {
		struct str	 host = line;

		(void)buf_cstr(out, first ? "" : "\n");
		first = false;
		if ((p = line.len == 0 ? NULL : memmem(line.p, line.len, "://", 3)) != NULL)
			host = (struct str){ p + 3, (size_t)(line.p + line.len - p) - 3 };
		else if (str_istarts(line, "mailto:"))
			host = (struct str){ line.p + 7, line.len - 7 };
		if (host.len > 0 && (p = memchr(host.p, '@', host.len)) != NULL)
			host = (struct str){ p + 1, (size_t)(host.p + host.len - p) - 1 };
		for (size_t i = 0; i < host.len; i++)
			if (strchr("/?#: \t", host.p[i]) != NULL) {
				host.len = i;
				break;
			}
		(void)buf_str(out, is_host(host) ? host : STR(REDACTED));
	}
}

static void
put_names(struct str s, struct buf *out)
{
	struct str	 line;
	const char	*colon;
	bool		 first = true;

	while (failure_line(&s, &line)) {
		(void)buf_cstr(out, first ? "" : "\n");
		first = false;
		colon = line.len == 0 ? NULL : memchr(line.p, ':', line.len);
		if (colon != NULL)
			put_name((struct str){ line.p, (size_t)(colon - line.p) }, out);
		(void)buf_cstr(out, REDACTED);
	}
}

static void
put_text(enum failure_privacy how, bool all, struct str v, struct buf *out)
{
	switch (how) {
	case FP_PLAIN:
		(void)buf_str(out, v);
		break;
	case FP_MASK:
		redact_addresses(v, out);
		break;
	case FP_ADDRESS:
		redact_address_field(v, out);
		break;
	case FP_DOMAINS:
		put_uris(v, out);
		break;
	case FP_HEADERS:
		put_headers(v, all, out);
		break;
	case FP_NAMES:
		if (all)
			put_names(v, out);
		else
			redact_addresses(v, out);
		break;
	case FP_HIDE:
	case FP_BODY:
		if (all)
			(void)buf_cstr(out, v.len > 0 ? REDACTED : "");
		else
			redact_addresses(v, out);
		break;
	}
}

bool
redact_failure(struct failure_report *r, enum redact how, struct arena *a)
{
	struct buf	 b = { 0 };
	bool		 ok = true;

	if (how == REDACT_NONE)
		return (true);
	for (unsigned i = 0; i < FT_COUNT && ok; i++) {
		if (r->t[i].p == NULL || r->t[i].len == 0)
			continue;
		if (how == REDACT_ALL && failure_texts[i].privacy == FP_BODY) {
			r->t[i] = STR_NONE;
			continue;
		}
		buf_clear(&b);
		put_text(failure_texts[i].privacy, how == REDACT_ALL, r->t[i], &b);
		r->t[i] = arena_str(a, buf_as_str(&b));
		ok = !b.failed && r->t[i].p != NULL;
	}
	buf_free(&b);
	return (ok);
}
