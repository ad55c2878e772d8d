/*
 * bounce.c - knows refusals by their status codes and words. A code says less
 * than it seems (5.7.1 is anything, 5.7.27 has two meanings), so words decide
 * where there are some.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "dmarc/authres.h"
#include "dmarc/dmarc.h"
#include "dmarc/name.h"
#include "explain/bounce.h"

#define CODES_MOST 32
#define QUOTE_BEFORE 100
#define QUOTE_AFTER 160

/* --- The table ------------------------------------------------------------------------- */

/*
 * All words of a rule must stand in the text, and its code, where it has one.
 * The first rule of a key that holds is the one that is quoted.
 */
struct rule {
	const char	*key;
	unsigned	 subject, detail;	/* of X.subject.detail; 0.0: any */
	const char	*words[3];		/* in lower case; at the beginning of a word */
	const char	*without;		/* ... unless this is there, too */
};

static const struct rule rules[] = {
	{ "level", 7, 515, { NULL }, NULL },
	{ "level", 0, 0, { "required authentication level" }, NULL },
	{ "dmarc", 7, 509, { NULL }, NULL },
	{ "dmarc", 0, 0, { "dmarc policy" }, NULL },
	{ "dmarc", 0, 0, { "dmarc verification" }, NULL },
	{ "dmarc", 0, 0, { "dmarc", "reject" }, "dmarc record" },
	{ "dmarc", 0, 0, { "dmarc", "quarantine" }, "dmarc record" },
	{ "dmarc", 0, 0, { "dmarc", "not pass" }, NULL },
	{ "dmarc", 0, 0, { "fail", "dmarc" }, NULL },
	{ "nodmarc", 7, 40, { "dmarc" }, NULL },
	{ "nodmarc", 0, 0, { "no dmarc" }, NULL },
	{ "nodmarc", 0, 0, { "not have a dmarc" }, NULL },
	{ "nodmarc", 0, 0, { "dmarc record", "missing" }, NULL },
	{ "nodmarc", 0, 0, { "dmarc record", "not found" }, NULL },
	{ "unauth", 7, 26, { NULL }, "dmarc" },
	{ "unauth", 0, 0, { "sender is unauthenticated" }, NULL },
	{ "unauth", 0, 0, { "unauthenticated email" }, "dmarc" },
	{ "unauth", 0, 0, { "authenticate with either spf or dkim" }, NULL },
	{ "align", 7, 32, { "align" }, NULL },
	{ "align", 0, 0, { "not aligned" }, NULL },
	{ "align", 0, 0, { "alignment", "from" }, NULL },
	{ "spferror", 7, 24, { NULL }, NULL },
	{ "spferror", 0, 0, { "spf", "permerror" }, NULL },
	{ "spferror", 0, 0, { "spf", "permanent error" }, NULL },
	{ "spferror", 0, 0, { "too many dns" }, NULL },
	{ "spferror", 0, 0, { "multiple spf records" }, NULL },
	{ "spf", 7, 23, { NULL }, NULL },
	{ "spf", 7, 27, { "spf" }, NULL },
	{ "spf", 0, 0, { "spf", "fail" }, NULL },
	{ "spf", 0, 0, { "spf", "not pass" }, NULL },
	{ "spf", 0, 0, { "spf", "not allowed" }, NULL },
	{ "spf", 0, 0, { "spf", "not authorized" }, NULL },
	{ "spf", 0, 0, { "spf", "not permitted" }, NULL },
	{ "spf", 0, 0, { "spf", "reject" }, NULL },
	{ "spf", 0, 0, { "sender policy framework" }, NULL },
	{ "spf", 0, 0, { "openspf" }, NULL },
	{ "spf", 0, 0, { "does not designate" }, NULL },
	{ "spf", 0, 0, { "is not allowed to send mail from" }, NULL },
	{ "dkimkey", 0, 0, { "no key for signature" }, NULL },
	{ "dkimkey", 0, 0, { "dkim", "key", "not found" }, NULL },
	{ "dkimkey", 0, 0, { "dkim", "no key" }, NULL },
	{ "dkimkey", 0, 0, { "dkim", "key", "too short" }, NULL },
	{ "dkimkey", 0, 0, { "dkim", "invalid public key" }, NULL },
	{ "dkim", 7, 20, { NULL }, NULL },
	{ "dkim", 7, 21, { NULL }, NULL },
	{ "dkim", 7, 22, { NULL }, NULL },
	{ "dkim", 7, 30, { "dkim" }, NULL },
	{ "dkim", 0, 0, { "dkim", "fail" }, NULL },
	{ "dkim", 0, 0, { "dkim", "not pass" }, NULL },
	{ "dkim", 0, 0, { "dkim", "invalid" }, NULL },
	{ "dkim", 0, 0, { "dkim", "reject" }, NULL },
	{ "dkim", 0, 0, { "bad signature" }, NULL },
	{ "dkim", 0, 0, { "body hash did not verify" }, NULL },
	{ "dkim", 0, 0, { "signature verification failed" }, NULL },
	{ "ptr", 7, 25, { NULL }, NULL },
	{ "ptr", 0, 0, { "cannot find your reverse hostname" }, NULL },
	{ "ptr", 0, 0, { "cannot find your hostname" }, NULL },
	{ "ptr", 0, 0, { "reverse hostname" }, NULL },
	{ "ptr", 0, 0, { "reverse dns" }, NULL },
	{ "ptr", 0, 0, { "reverse lookup" }, NULL },
	{ "ptr", 0, 0, { "reverse-dns" }, NULL },
	{ "ptr", 0, 0, { "ptr record" }, NULL },
	{ "ptr", 0, 0, { "no ptr" }, NULL },
	{ "ptr", 0, 0, { "rdns" }, NULL },
	{ "helo", 0, 0, { "helo command rejected" }, NULL },
	{ "helo", 0, 0, { "need fully-qualified hostname" }, NULL },
	{ "helo", 0, 0, { "invalid helo" }, NULL },
	{ "helo", 0, 0, { "helo name" }, NULL },
	{ "helo", 0, 0, { "bad helo" }, NULL },
	{ "helo", 0, 0, { "ehlo", "does not match" }, NULL },
	{ "tls", 7, 29, { "tls" }, NULL },
	{ "tls", 7, 10, { NULL }, NULL },
	{ "tls", 7, 30, { NULL }, "dkim" },
	{ "tls", 0, 0, { "must issue a starttls" }, NULL },
	{ "tls", 0, 0, { "tls required" }, NULL },
	{ "tls", 0, 0, { "requires tls" }, NULL },
	{ "tls", 0, 0, { "encryption required" }, NULL },
	{ "sender", 1, 8, { NULL }, NULL },
	{ "sender", 7, 27, { NULL }, "spf" },
	{ "sender", 0, 0, { "sender address rejected", "domain not found" }, NULL },
	{ "sender", 0, 0, { "domain of sender address", "does not exist" }, NULL },
	{ "sender", 0, 0, { "sender domain", "does not" }, NULL },
	{ "sender", 0, 0, { "null mx" }, "recipient" },
	{ "list", 0, 0, { "blocked using" }, NULL },
	{ "list", 0, 0, { "blocklist" }, NULL },
	{ "list", 0, 0, { "block list" }, NULL },
	{ "list", 0, 0, { "blacklist" }, NULL },
	{ "list", 0, 0, { "dnsbl" }, NULL },
	{ "list", 0, 0, { "rbl" }, NULL },
	{ "list", 0, 0, { "spamhaus" }, NULL },
	{ "list", 0, 0, { "listed in" }, NULL },
	{ "list", 0, 0, { "listed at" }, NULL },
	{ "rate", 7, 28, { NULL }, NULL },
	{ "rate", 0, 0, { "unusual rate" }, NULL },
	{ "rate", 0, 0, { "rate limit" }, NULL },
	{ "rate", 0, 0, { "too many messages" }, NULL },
	{ "rate", 0, 0, { "too many connections" }, NULL },
	{ "rate", 0, 0, { "greylist" }, NULL },
	{ "rate", 0, 0, { "greylisted" }, NULL },
	{ "relay", 0, 0, { "relay access denied" }, NULL },
	{ "relay", 0, 0, { "relaying denied" }, NULL },
	{ "relay", 0, 0, { "unable to relay" }, NULL },
	{ "relay", 0, 0, { "relay not permitted" }, NULL },
	{ "full", 2, 2, { NULL }, NULL },
	{ "full", 0, 0, { "mailbox full" }, NULL },
	{ "full", 0, 0, { "mailbox is full" }, NULL },
	{ "full", 0, 0, { "over quota" }, NULL },
	{ "full", 0, 0, { "quota exceeded" }, NULL },
	{ "user", 1, 1, { NULL }, NULL },
	{ "user", 1, 10, { NULL }, NULL },
	{ "user", 0, 0, { "user unknown" }, NULL },
	{ "user", 0, 0, { "no such user" }, NULL },
	{ "user", 0, 0, { "unknown user" }, NULL },
	{ "user", 0, 0, { "no such recipient" }, NULL },
	{ "user", 0, 0, { "mailbox unavailable" }, NULL },
	{ "user", 0, 0, { "mailbox not found" }, NULL },
	{ "spam", 0, 0, { "spam" }, "spamhaus" },
	{ "spam", 0, 0, { "unsolicited" }, NULL },
	{ "spam", 0, 0, { "low reputation" }, NULL },
	{ "spam", 0, 0, { "poor reputation" }, NULL },
	{ "spam", 0, 0, { "policy reasons" }, NULL },
};

/* What a key makes needless: the details are told by its own sentences. */
static const struct { const char *key, *drops[4]; } says_more[] = {
	{ "level", { "dmarc", "spf", "dkim", NULL } },
	{ "dmarc", { "spf", "dkim", "unauth", NULL } },
	{ "unauth", { "spf", "dkim", "align", NULL } },
	{ "dkimkey", { "dkim", NULL } },
	{ "spferror", { "spf", NULL } },
	{ "list", { "spam", NULL } },
	{ "rate", { "spam", NULL } },
};

/* --- One line ----------------------------------------------------------------------------- */

struct code { unsigned class, subject, detail; size_t at; };

struct reading {
	struct arena	*a;
	struct bounce	*b;
	char		*flat, *low;	/* on one line; the same in lower case */
	size_t		 len;
	struct code	 codes[CODES_MOST];
	size_t		 ncodes;
	bool		 temporary, final;
};

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

static bool
is_word(char c)
{
	return (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80);
}

static struct str
next_line(struct str *text)
{
	const char	*end = memchr(text->p, '\n', text->len);
	struct str	 line = { text->p, end == NULL ? text->len : (size_t)(end - text->p) };

	text->p += line.len + (end != NULL);
	text->len -= line.len + (end != NULL);
	return (str_trim(line));
}

/* "550-" and "550 " in front of a line of an answer; 0: none. */
static unsigned
reply_code(struct str line)
{
	if (line.len < 4 || (line.p[0] != '4' && line.p[0] != '5') || !is_digit(line.p[1]) || !is_digit(line.p[2]) ||
	    (line.p[3] != '-' && line.p[3] != ' '))
		return (0);
	return ((unsigned)(line.p[0] - '0') * 100 + (unsigned)(line.p[1] - '0') * 10 + (unsigned)(line.p[2] - '0'));
}

/* An answer of several lines repeats its code on each: within a sentence it would hide words. */
static struct str
without_code(struct str line)
{
	size_t	 i = 4;

	while (i < line.len && (is_digit(line.p[i]) || line.p[i] == '.'))
		i++;
	line = (struct str){ line.p + i, line.len - i };
	return (str_trim(line));
}

/* "Name: value" of a header; the length of the name, 0 when it is none. */
static size_t
field_name(struct str line)
{
	size_t	 n = 0;

	while (n < line.len && n < 60 && (is_word(line.p[n]) || line.p[n] == '-') && (unsigned char)line.p[n] < 0x80)
		n++;
	return (n > 1 && n < line.len && line.p[n] == ':' && (n + 1 == line.len || line.p[n + 1] == ' ' || line.p[n + 1] == '\t') ? n : 0);
}

static bool
is_field(struct str line, const char *name)
{
	size_t	 n = field_name(line);

	return (n > 0 && str_ieq((struct str){ line.p, n }, name));
}

/* The results of checks say "fail" and "reject" of a message that nobody refused. */
static bool
is_results(struct str line)
{
	static const char *const	 names[] = { "Authentication-Results", "ARC-Authentication-Results", "Received-SPF",
	    "DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "X-Google-DKIM-Signature" };

	for (size_t i = 0; i < nitems(names); i++)
		if (is_field(line, names[i]))
			return (true);
	return (false);
}

static void
flatten(struct reading *r, struct str text)
{
	unsigned	 before = 0, code;
	bool		 results = false;

	while (text.len > 0) {
		struct str	 line = next_line(&text);

		while (line.len > 0 && line.p[0] == '>')	/* quoted in a mail */
			line = str_trim((struct str){ line.p + 1, line.len - 1 });
		if (line.len == 0 || field_name(line) > 0)
			results = is_results(line);
		if (results || line.len == 0)
			continue;
		if ((code = reply_code(line)) != 0) {
			*(code < 500 ? &r->temporary : &r->final) = true;
			if (code == before)
				line = without_code(line);
		}
		before = code;
		if (r->len > 0)
			r->flat[r->len++] = ' ';
		for (size_t i = 0; i < line.len; i++) {
			char	 c = (unsigned char)line.p[i] < 0x20 || line.p[i] == 0x7f ? ' ' : line.p[i];

			if (c != ' ' || r->flat[r->len == 0 ? 0 : r->len - 1] != ' ')
				r->flat[r->len++] = c;
		}
	}
	for (size_t i = 0; i < r->len; i++)
		r->low[i] = ascii_lower(r->flat[i]);
}

/* Status codes (RFC 3463: subjects are 0 to 7), not parts of addresses and versions. */
static void
find_codes(struct reading *r)
{
	for (size_t i = 0; i + 4 < r->len && r->ncodes < CODES_MOST; i++) {
		unsigned	 v[2] = { 0, 0 };
		size_t		 at = i + 1, k, n;

		if ((r->low[i] != '4' && r->low[i] != '5') || (i > 0 && (is_word(r->low[i - 1]) || r->low[i - 1] == '.')))
			continue;
		for (k = 0; k < 2 && at < r->len && r->low[at] == '.'; k++) {
			for (n = 0, at++; n < 3 && at < r->len && is_digit(r->low[at]); n++, at++)
				v[k] = v[k] * 10 + (unsigned)(r->low[at] - '0');
			if (n == 0)
				break;
		}
		if (k < 2 || v[0] > 7 || (at < r->len && is_word(r->low[at])) || (at + 1 < r->len && r->low[at] == '.' && is_digit(r->low[at + 1])))
			continue;
		r->codes[r->ncodes++] = (struct code){ (unsigned)(r->low[i] - '0'), v[0], v[1], i };
		*(r->low[i] == '4' ? &r->temporary : &r->final) = true;
	}
}

/* --- Which refusal -------------------------------------------------------------------------- */

/* Where a word, or several, begin; or len. */
static size_t
find_words(const struct reading *r, const char *words)
{
	size_t	 n = strlen(words);

	for (const char *p = r->low, *end = r->low + r->len; (p = memmem(p, (size_t)(end - p), words, n)) != NULL; p++)
		if (p == r->low || !is_word(p[-1]))
			return ((size_t)(p - r->low));
	return (r->len);
}

static bool
holds(const struct reading *r, const struct rule *u, size_t *at)
{
	size_t	 i;

	*at = r->len;
	if (u->subject != 0) {
		for (i = 0; i < r->ncodes && (r->codes[i].subject != u->subject || r->codes[i].detail != u->detail); i++)
			;
		if (i == r->ncodes)
			return (false);
		*at = r->codes[i].at;
	}
	for (i = 0; i < nitems(u->words) && u->words[i] != NULL; i++) {
		size_t	 here = find_words(r, u->words[i]);

		if (here == r->len)
			return (false);
		if (i == 0 && u->subject == 0)
			*at = here;
	}
	return (u->without == NULL || find_words(r, u->without) == r->len);
}

/* The words around a place, whole ones. */
static struct str
quote(const struct reading *r, size_t at)
{
	size_t	 from = at > QUOTE_BEFORE ? at - QUOTE_BEFORE : 0, to = at + QUOTE_AFTER < r->len ? at + QUOTE_AFTER : r->len;

	while (from > 0 && from < at && r->flat[from - 1] != ' ')
		from++;
	while (to < r->len && to > at && r->flat[to] != ' ')
		to--;
	while (to < r->len && ((unsigned char)r->flat[to] & 0xc0) == 0x80)	/* no blank for so long: end between characters */
		to++;
	return (str_trim((struct str){ r->flat + from, to - from }));
}

static bool
dropped(const struct bounce *b, const char *key)
{
	for (size_t i = 0; i < nitems(says_more); i++)
		for (size_t k = 0; k < b->nmatches; k++)
			for (const char *const *d = says_more[i].drops; strcmp(says_more[i].key, b->matches[k].key) == 0 && *d != NULL; d++)
				if (strcmp(*d, key) == 0)
					return (true);
	return (false);
}

static void
find_matches(struct reading *r)
{
	struct bounce	*b = r->b;
	size_t		 at;

	for (size_t i = 0; i < nitems(rules) && b->nmatches < BOUNCE_MATCHES; i++) {
		const struct rule	*u = &rules[i];

		if ((b->nmatches > 0 && strcmp(b->matches[b->nmatches - 1].key, u->key) == 0) || dropped(b, u->key) || !holds(r, u, &at))
			continue;
		b->matches[b->nmatches++] = (struct bounce_match){ u->key, quote(r, at) };
	}
	b->temporary = r->temporary && !r->final;
}

/* --- Who and where ---------------------------------------------------------------------------- */

/* Names and addresses are kept in two lists each: what the words in front point at, and the rest. */
struct found { struct str v[2][BOUNCE_NAMES]; size_t n[2]; };

static int
found_add(struct reading *r, struct found *f, bool pointed, struct str s)
{
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < f->n[k]; i++)
			if (str_eq(f->v[k][i], s)) {
				if (k == 0 || !pointed)
					return (0);
				f->v[1][i] = f->v[1][--f->n[1]];
			}
	if (f->n[!pointed] == BOUNCE_NAMES)
		return (0);
	if ((s = arena_str(r->a, s)).p == NULL)
		return (-1);
	f->v[!pointed][f->n[!pointed]++] = s;
	return (0);
}

static void
found_done(const struct found *f, struct str *out, size_t *n)
{
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < f->n[k] && *n < BOUNCE_NAMES; i++)
			out[(*n)++] = f->v[k][i];
}

static bool
after(struct str text, const char *p, const char *const *words, size_t nwords)
{
	while (p > text.p && (p[-1] == ' ' || p[-1] == '[' || p[-1] == '(' || p[-1] == '<' || p[-1] == '"' || p[-1] == '\''))
		p--;
	for (size_t i = 0; i < nwords; i++) {
		size_t	 n = strlen(words[i]);

		if ((size_t)(p - text.p) >= n && str_ieq_n((struct str){ p - n, n }, words[i], n))
			return (true);
	}
	return (false);
}

/* The address as inet_pton knows it; false: it is none. */
static bool
address(struct str s, char out[INET6_ADDRSTRLEN])
{
	unsigned char	 raw[16];
	char		 text[INET6_ADDRSTRLEN];
	int		 af = memchr(s.p, ':', s.len) != NULL ? AF_INET6 : AF_INET;

	if (s.len < 3 || s.len >= sizeof(text))
		return (false);
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	return (inet_pton(af, text, raw) == 1 && inet_ntop(af, raw, out, INET6_ADDRSTRLEN) != NULL);
}

static bool
name_char(char c)
{
	return (is_word(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '@');
}

/* A name as people have them: letters in its last label, which is more than one; no file, no version. */
static bool
name_like(struct str s)
{
	const char	*dot = memrchr(s.p, '.', s.len);
	size_t		 tail;

	if (dot == NULL || dot == s.p)
		return (false);
	tail = s.len - (size_t)(dot + 1 - s.p);
	if (tail < 2 || is_digit(dot[1]))
		return (false);
	return (true);
}

static int
take_word(struct reading *r, struct str all, struct str w, struct found *ips, struct found *names)
{
	static const char *const	 ip_words[] = { "ip:", "ip=", "client-ip=", "with ip:", "ip", "address", "from", "host", "remote-ip=" },
	    *const name_words[] = { "header.from=", "email from", "domain", "domain of", "sending domain", "mail from", "from:", "from" };
	char				 text[INET6_ADDRSTRLEN], name[DOMAIN_MAX + 1];
	const char			*at;
	size_t				 len;
	bool				 mailbox;

	while (w.len > 0 && (w.p[w.len - 1] == '.' || w.p[w.len - 1] == ':' || w.p[w.len - 1] == '-'))
		w.len--;
	while (w.len > 0 && (w.p[0] == '.' || (w.p[0] == ':' && (w.len < 2 || w.p[1] != ':')) || w.p[0] == '-'))
		w = (struct str){ w.p + 1, w.len - 1 };
	if (str_istarts(w, "ipv6:"))
		w = (struct str){ w.p + 5, w.len - 5 };
	if (w.len == 0)
		return (0);
	if (address(w, text))
		return (found_add(r, ips, after(all, w.p, ip_words, nitems(ip_words)), str_of(text)));
	if ((mailbox = (at = memrchr(w.p, '@', w.len)) != NULL))
		w = (struct str){ at + 1, w.len - (size_t)(at + 1 - w.p) };
	else if (memchr(w.p, ':', w.len) != NULL)
		return (0);
	if (w.len == 0 || w.len > DOMAIN_MAX || !name_like(w) || domain_normal(w, name, &len, NULL) != NAME_DOMAIN)
		return (0);
	return (found_add(r, names, after(all, mailbox ? at : w.p, name_words, nitems(name_words)), (struct str){ name, len }));
}

static int
find_names(struct reading *r, struct str all)
{
	struct found	 ips = { .n = { 0, 0 } }, names = { .n = { 0, 0 } };

	for (size_t i = 0; i < all.len;) {
		size_t	 n = 0;

		while (i + n < all.len && name_char(all.p[i + n]))
			n++;
		if (n > 2 && n < 320 && take_word(r, all, (struct str){ all.p + i, n }, &ips, &names) == -1)
			return (-1);
		i += n + (n == 0);
	}
	found_done(&ips, r->b->ips, &r->b->nips);
	found_done(&names, r->b->names, &r->b->nnames);
	return (0);
}

/* --- Results of checks ---------------------------------------------------------------------------- */

/* The first field of that name, unfolded; absent: there is none. Indentation is often lost when people copy. */
static struct str
field(struct reading *r, struct str text, const char *name, bool *failed)
{
	struct buf	 b = { .max = AUTHRES_BYTES + 1 };
	struct str	 out = STR_NONE;
	bool		 in = false;

	while (text.len > 0) {
		struct str	 line = next_line(&text);

		while (line.len > 0 && line.p[0] == '>')
			line = str_trim((struct str){ line.p + 1, line.len - 1 });
		if (!in && is_field(line, name)) {
			in = true;
			line = (struct str){ line.p + strlen(name) + 1, line.len - strlen(name) - 1 };
		} else if (in && (line.len == 0 || field_name(line) > 0)) {
			break;
		}
		if (in && (!buf_byte(&b, ' ') || !buf_str(&b, line)))
			break;
	}
	if (in && !b.failed && (out = arena_str(r->a, str_trim(buf_as_str(&b)))).p == NULL)
		*failed = true;
	buf_free(&b);
	return (out);
}

/* What is behind "word" up to a separator. */
static struct str
behind(struct str s, const char *word)
{
	const char	*p = s.p == NULL ? NULL : str_ifind(s, word);
	size_t		 n = 0, room;

	if (p == NULL)
		return (STR_NONE);
	p += strlen(word);
	room = s.len - (size_t)(p - s.p);
	while (n < room && p[n] != ' ' && p[n] != ';' && p[n] != ')' && p[n] != ',' && p[n] != '"')
		n++;
	return (n == 0 ? STR_NONE : (struct str){ p, n });
}

static struct str
normal(struct reading *r, struct str s, bool *failed)
{
	char	 name[DOMAIN_MAX + 1];
	size_t	 len;

	if (s.p == NULL || s.len == 0 || s.len > 1000 || domain_normal(s, name, &len, NULL) != NAME_DOMAIN)
		return (STR_NONE);
	if ((s = arena_str(r->a, (struct str){ name, len })).p == NULL)
		*failed = true;
	return (s);
}

static enum auth_result
result_of(struct str word)
{
	if (str_ieq(word, "hardfail"))
		return (RES_FAIL);
	for (unsigned i = RES_NONE; i < RES_UNKNOWN; i++)
		if (str_ieq(word, auth_result_names[i]))
			return ((enum auth_result)i);
	return (RES_UNKNOWN);
}

static void
add_spf(struct bounce *b, struct str domain, const char *scope, enum auth_result result)
{
	if (b->record.nspf < nitems(b->spf))
		b->spf[b->record.nspf++] = (struct report_auth){ .domain = domain, .what = str_of(scope), .result = result };
}

static void
take_results(struct reading *r, const struct authres *ar, struct str *from, bool *failed)
{
	struct bounce	*b = r->b;

	for (size_t i = 0; i < ar->nresults; i++) {
		const struct authres_result	*x = &ar->results[i];
		struct str			 d, word;

		if (str_ieq(x->method, "spf")) {
			d = normal(r, authres_prop(ar, x, "smtp", "mailfrom"), failed);
			if (d.p != NULL)
				add_spf(b, d, "mfrom", result_of(x->result));
			else if ((d = normal(r, authres_prop(ar, x, "smtp", "helo"), failed)).p != NULL)
				add_spf(b, d, "helo", result_of(x->result));
		} else if (str_ieq(x->method, "dkim") && b->record.ndkim < nitems(b->dkim)) {
			if ((d = normal(r, authres_prop(ar, x, "header", "d"), failed)).p == NULL)
				d = normal(r, authres_prop(ar, x, "header", "i"), failed);
			word = arena_str(r->a, authres_prop(ar, x, "header", "s"));
			if (d.p != NULL)
				b->dkim[b->record.ndkim++] = (struct report_auth){ .domain = d, .what = word, .result = result_of(x->result) };
		} else if (str_ieq(x->method, "dmarc")) {
			if (from->p == NULL)
				*from = normal(r, authres_prop(ar, x, "header", "from"), failed);
			b->policy.p = arena_str(r->a, behind(x->comment, "p="));
			b->policy.sp = arena_str(r->a, behind(x->comment, "sp="));
			word = behind(x->comment, "dis=");
			for (unsigned k = 0; k < DISP_OTHER && word.p != NULL; k++)
				if (str_ieq(word, disposition_names[k]))
					b->record.disposition = (enum disposition)k;
		}
	}
}

static void
evaluate(struct bounce *b)
{
	bool	 dkim = false, spf = false;

	for (size_t i = 0; i < b->record.ndkim; i++)
		dkim |= b->dkim[i].result == RES_PASS && domain_aligned(b->dkim[i].domain, b->record.header_from, false);
	for (size_t i = 0; i < b->record.nspf; i++)
		spf |= b->spf[i].result == RES_PASS && str_ieq(b->spf[i].what, "mfrom") &&
		    domain_aligned(b->spf[i].domain, b->record.header_from, false);
	b->record.dkim = dkim ? EVAL_PASS : EVAL_FAIL;
	b->record.spf = spf ? EVAL_PASS : EVAL_FAIL;
}

/* One message as a row of a report: what its headers say was checked. */
static int
take_headers(struct reading *r, struct str text, struct err *e)
{
	static const char *const	 ip_before[] = { "client-ip=", "sender ip is ", "designates ", "does not designate ", "policy.iprev=",
	    "smtp.remote-ip=", "domain of transitioning " };
	struct bounce			*b = r->b;
	struct authres			*ar;
	struct err			 ignored = { 0 };
	struct str			 line, spf, from = STR_NONE, word;
	char				 ip[INET6_ADDRSTRLEN];
	bool				 failed = false;

	line = field(r, text, "Authentication-Results", &failed);
	spf = field(r, text, "Received-SPF", &failed);
	if (failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (line.p == NULL)
		return (0);
	if ((ar = arena_alloc(r->a, 1, sizeof(*ar))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (authres_parse(line, ar, &ignored) == -1)	/* pasted by hand, it may be anything */
		return (0);
	take_results(r, ar, &from, &failed);
	if (from.p == NULL)
		from = normal(r, field(r, text, "From", &failed), &failed);
	if (b->record.nspf == 0 && spf.p != NULL) {
		word = (struct str){ spf.p, 0 };
		while (word.len < spf.len && is_word(spf.p[word.len]))
			word.len++;
		add_spf(b, normal(r, behind(spf, "envelope-from="), &failed), "mfrom", result_of(word));
	}
	for (size_t i = 0; i < 2 * nitems(ip_before) && b->record.ip_len == 0; i++) {
		word = behind(i % 2 == 0 ? spf : line, ip_before[i / 2]);
		if (word.p == NULL || !address(word, ip))
			continue;
		b->record.ip_len = strchr(ip, ':') != NULL ? 16 : 4;
		(void)inet_pton(b->record.ip_len == 16 ? AF_INET6 : AF_INET, ip, b->record.ip);
		if ((b->record.source_ip = arena_str(r->a, str_of(ip))).p == NULL)
			failed = true;
	}
	if (failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (from.p == NULL || (b->record.nspf == 0 && b->record.ndkim == 0))
		return (0);
	b->record.header_from = from;
	b->policy.domain = domain_org(from);
	b->record.count = b->record.seq = 1;
	b->record.dkim_results = b->dkim;
	b->record.spf_results = b->spf;
	evaluate(b);
	b->checked = true;
	return (0);
}

int
bounce_read(struct arena *a, struct str text, struct bounce *out, struct err *e)
{
	struct reading	 r = { .a = a, .b = out };

	memset(out, 0, sizeof(*out));
	if (text.len > BOUNCE_BYTES)
		return (err_set(e, ERR_LIMIT, "the text has more than %zu bytes; the answer of the mail server and the lines around it are enough",
		    BOUNCE_BYTES));
	if (text.len == 0)
		return (0);
	if ((r.flat = arena_alloc(a, text.len + 2, 1)) == NULL || (r.low = arena_alloc(a, text.len + 2, 1)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	flatten(&r, text);
	find_codes(&r);
	find_matches(&r);
	if (find_names(&r, text) == -1)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (take_headers(&r, text, e));
}
