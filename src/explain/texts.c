/*
 * texts.c - see texts.h.
 */
#include <stdlib.h>

#include "explain/texts.h"

#define DEPTH 4		/* messages within messages */
#define NAME_SHOWN 100	/* bytes of a name that is none */
#define QUOTE_SHOWN 200

#define NAME_TEXT(name) #name,
static const char *const	 names[NAME_COUNT] = { EXPLAIN_NAMES(NAME_TEXT) };

static int
by_key(const void *a, const void *b)
{
	return (strcmp(a, *(const char *const *)b));
}

const char *
explain_text(unsigned lang, const char *key)
{
	const char *const	*hit = bsearch(key, explain_keys, explain_nkeys, sizeof(explain_keys[0]), by_key);
	const char		*text;
	size_t			 i;

	if (hit == NULL)
		return (NULL);
	i = (size_t)(hit - explain_keys);
	text = lang < explain_nlanguages ? explain_languages[lang].texts[i] : NULL;
	return (text != NULL ? text : explain_languages[0].texts[i]);
}

bool
explain_plain_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char	 c = s.p[i];

		if (!(c >= '0' && c <= '9') && !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') && c != '.' && c != '-' && c != '_')
			return (false);
	}
	return (s.len > 0);
}

/* Words of people: what could end a sentence of ours and begin another is missing. */
static bool
plain_label(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char	 c = (unsigned char)s.p[i];

		if (c < 0x80 && !(c >= '0' && c <= '9') && !(ascii_lower((char)c) >= 'a' && ascii_lower((char)c) <= 'z') &&
		    strchr(" .-_&+/'", (char)c) == NULL)
			return (false);
		if (c == '.' && i + 1 < s.len && s.p[i + 1] == ' ' && s.len > 40)
			return (false);
	}
	return (s.len > 0 && s.len <= 60);
}

/* Cut at a character's border; quotes become single ones. */
static void
put_cut(struct buf *b, struct str s, size_t most)
{
	size_t	 n = s.len;

	if (n > most)
		for (n = most; n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80; n--)
			;
	for (size_t i = 0; i < n; i++)
		(void)buf_byte(b, s.p[i] == '"' ? '\'' : (unsigned char)s.p[i]);
	if (n < s.len)
		(void)buf_cstr(b, "\xe2\x80\xa6");
}

static void
put_quoted(struct buf *b, struct str s)
{
	(void)buf_byte(b, '"');
	put_cut(b, s, NAME_SHOWN);
	(void)buf_byte(b, '"');
}

static bool
is_address(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != ':' && s.p[i] != '/' && !(s.p[i] >= '0' && s.p[i] <= '9') && !(ascii_lower(s.p[i]) >= 'a' && ascii_lower(s.p[i]) <= 'f') && s.p[i] != '.')
			return (false);
	return (s.len > 0);
}

static void	 fill(struct buf *, unsigned, const char *, const struct explain_values *, unsigned);

/* "DKIM: not signed." inside another sentence. */
static void
put_leg(struct buf *b, unsigned lang, const char *key, const struct explain_values *v, unsigned depth)
{
	size_t		 at = b->len;
	const char	*colon;

	fill(b, lang, key, v, depth);
	if (!b->failed && (colon = memmem(b->p + at, b->len - at, ": ", 2)) != NULL) {
		size_t	 skip = (size_t)(colon + 2 - (b->p + at));

		memmove(b->p + at, b->p + at + skip, b->len - at - skip + 1);
		b->len -= skip;
	}
}

static void
put_value(struct buf *b, unsigned lang, unsigned name, const struct explain_values *v, unsigned depth)
{
	const struct explain_value	*x = &v->v[name];
	char				 key[64];

	switch (x->kind) {
	case VALUE_NAME:
		if (explain_plain_name(x->text) || is_address(x->text))
			(void)buf_str(b, x->text);
		else
			put_quoted(b, x->text);
		break;
	case VALUE_LABEL:
		if (plain_label(x->text))
			(void)buf_str(b, x->text);
		else
			put_quoted(b, x->text);
		break;
	case VALUE_QUOTED:
		put_cut(b, x->text, QUOTE_SHOWN);
		break;
	case VALUE_TEXT:
		(void)buf_str(b, x->text);
		break;
	case VALUE_MESSAGE:
		fill(b, lang, x->text.p, v, depth + 1);
		break;
	case VALUE_LEG:
		put_leg(b, lang, x->text.p, v, depth + 1);
		break;
	default:
		(void)snprintf(key, sizeof(key), "fact.%s", names[name]);
		fill(b, lang, key, v, depth + 1);
		break;
	}
}

/* Which name stands in the braces; NAME_COUNT: none of ours. */
static unsigned
name_of(const char *p, size_t n)
{
	for (unsigned i = 0; i < NAME_COUNT; i++)
		if (strlen(names[i]) == n && memcmp(names[i], p, n) == 0)
			return (i);
	return (NAME_COUNT);
}

static void
fill(struct buf *b, unsigned lang, const char *key, const struct explain_values *v, unsigned depth)
{
	const char	*p = depth > DEPTH ? NULL : explain_text(lang, key), *open, *end;
	unsigned	 name;

	if (p == NULL) {
		(void)buf_cstr(b, key);
		return;
	}
	while ((open = strchr(p, '{')) != NULL && (end = strchr(open, '}')) != NULL) {
		(void)buf_add(b, p, (size_t)(open - p));
		if ((name = name_of(open + 1, (size_t)(end - open) - 1)) == NAME_COUNT)
			(void)buf_add(b, open, (size_t)(end - open) + 1);
		else
			put_value(b, lang, name, v, depth);
		p = end + 1;
	}
	(void)buf_cstr(b, p);
}

bool
explain_fill(struct buf *b, unsigned lang, const char *key, const struct explain_values *v)
{
	fill(b, lang, key, v, 0);
	return (!b->failed);
}

int
explain_language(struct str tag)
{
	for (size_t i = 0; i < explain_nlanguages; i++) {
		const char	*own = explain_languages[i].tag;
		size_t		 n = strlen(own);

		if (str_istarts(tag, own) && (tag.len == n || tag.p[n] == '-' || tag.p[n] == '_'))
			return ((int)i);
	}
	return (-1);
}

/* "q=0.8" in thousandths; 1000 when there is none or it is none. */
static unsigned
quality(struct str params)
{
	const char	*q = str_ifind(params, "q=");
	unsigned	 v = 0, scale = 1000;

	if (q == NULL)
		return (1000);
	q += 2;
	if (q < params.p + params.len && *q == '1')
		return (1000);
	for (; q < params.p + params.len && ((*q >= '0' && *q <= '9') || *q == '.') && scale > 1; q++)
		if (*q != '.' && !(scale == 1000 && *q == '0' && v == 0 && q[1] == '.'))
			v += (unsigned)(*q - '0') * (scale /= 10);
	return (v);
}

unsigned
explain_accept(const char *header)
{
	unsigned	 best = 0, best_q = 0;

	while (header != NULL && *header != '\0') {
		const char	*end = header + strcspn(header, ","), *semi = memchr(header, ';', (size_t)(end - header));
		struct str	 tag = str_trim((struct str){ header, (size_t)((semi == NULL ? end : semi) - header) });
		unsigned	 q = semi == NULL ? 1000 : quality((struct str){ semi, (size_t)(end - semi) });
		int		 lang = explain_language(tag);

		if (lang >= 0 && q > best_q) {
			best = (unsigned)lang;
			best_q = q;
		}
		header = *end == ',' ? end + 1 : end;
	}
	return (best);
}
