/*
 * words.c - see words.h.
 */
#include <math.h>
#include <stdlib.h>

#include "base/when.h"
#include "summary/words.h"

#define NAME_SHOWN	60	/* bytes of a name */
#define POINT		0.05	/* less than that is said as 0.0 */

enum plural { PLURAL_ONE, PLURAL_FEW, PLURAL_MANY, PLURAL_OTHER };
static const char *const plural_names[] = { "one", "few", "many", "other" };

/* How a language writes numbers; by tag. */
static const struct style { const char *tag, *thousands, *decimal, *percent; } styles[] = {
	{ "en", ",", ".", "%" },
	{ "ru", "\xc2\xa0", ",", "\xc2\xa0%" },
	{ "pt", ".", ",", "%" },
	{ "cs", "\xc2\xa0", ",", "\xc2\xa0%" },
	{ "de", ".", ",", "\xc2\xa0%" },
};

static const char *
tag_of(unsigned lang)
{
	return (words_languages[lang < words_nlanguages ? lang : 0].tag);
}

static const struct style *
style_of(unsigned lang)
{
	for (size_t i = 0; i < nitems(styles); i++)
		if (strcmp(styles[i].tag, tag_of(lang)) == 0)
			return (&styles[i]);
	return (&styles[0]);
}

static enum plural
plural_of(unsigned lang, uint64_t n)
{
	const char	*tag = tag_of(lang);
	uint64_t	 ten = n % 10, hundred = n % 100;

	if (strcmp(tag, "ru") == 0) {
		if (ten == 1 && hundred != 11)
			return (PLURAL_ONE);
		return (ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14) ? PLURAL_FEW : PLURAL_MANY);
	}
	if (strcmp(tag, "cs") == 0)
		return (n == 1 ? PLURAL_ONE : n >= 2 && n <= 4 ? PLURAL_FEW : PLURAL_OTHER);
	if (strcmp(tag, "pt") == 0)
		return (n <= 1 ? PLURAL_ONE : PLURAL_OTHER);
	return (n == 1 ? PLURAL_ONE : PLURAL_OTHER);
}

/* --- Values --------------------------------------------------------------------------- */

bool
words_count(struct buf *b, unsigned lang, uint64_t n)
{
	const char	*sep = style_of(lang)->thousands;
	char		 digits[24];
	int		 len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		/* four digits stand together where a blank would part them */
		if (i > 0 && (len - i) % 3 == 0 && (len > 4 || sep[0] != '\xc2'))
			(void)buf_cstr(b, sep);
		(void)buf_byte(b, (unsigned char)digits[i]);
	}
	return (!b->failed);
}

static void
put_decimal(struct buf *b, unsigned lang, double v)
{
	char	 text[40];

	(void)snprintf(text, sizeof(text), "%.1f", v);
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '.' || *p == ',')
			(void)buf_cstr(b, style_of(lang)->decimal);
		else
			(void)buf_byte(b, (unsigned char)*p);
}

bool
words_rate(struct buf *b, unsigned lang, double v)
{
	if (isnan(v))
		return (buf_cstr(b, "\xe2\x80\x93"));
	/* 99.97 is not "100.0", nor is 0.02 "0.0": something is left */
	if (v < 1.0 && v > 0.9995)
		v = 0.999;
	if (v > 0.0 && v < 0.0005)
		v = 0.001;
	if (v <= 0.0 || v >= 1.0)	/* exactly none, exactly all */
		(void)buf_cstr(b, v <= 0.0 ? "0" : "100");
	else
		put_decimal(b, lang, v * 100);
	return (buf_cstr(b, style_of(lang)->percent));
}

bool
words_points(struct buf *b, unsigned lang, double v)
{
	v *= 100;
	if (isnan(v))
		return (buf_cstr(b, "\xe2\x80\x93"));
	if (v > -POINT && v < POINT)
		v = 0.0;
	else
		(void)buf_cstr(b, v < 0 ? "\xe2\x88\x92" : "+");
	put_decimal(b, lang, v < 0 ? -v : v);
	return (!b->failed);
}

/* Letters, digits and what names usually hold: a sentence of its own is none. */
static bool
plain(struct str s)
{
	size_t	 blanks = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char	 c = (unsigned char)s.p[i];

		if (c >= 0x80)
			return (false);
		if (!((c >= '0' && c <= '9') || (ascii_lower((char)c) >= 'a' && ascii_lower((char)c) <= 'z')) &&
		    strchr(" .-_&+/:'", (char)c) == NULL)
			return (false);
		blanks += c == ' ';
		if ((c == '.' || c == ':') && i + 1 < s.len && s.p[i + 1] == ' ')
			return (false);
	}
	return (s.len > 0 && s.len <= NAME_SHOWN && blanks <= 4 && s.p[0] != ' ' && s.p[s.len - 1] != ' ');
}

bool
words_name(struct buf *b, struct str s)
{
	size_t	 n = s.len;

	if (plain(s))
		return (buf_str(b, s));
	if (n > NAME_SHOWN)
		for (n = NAME_SHOWN; n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80; n--)
			;
	(void)buf_byte(b, '"');
	for (size_t i = 0; i < n; i++)
		(void)buf_byte(b, s.p[i] == '"' ? '\'' : (unsigned char)s.p[i]);
	return (buf_cstr(b, n < s.len ? "\xe2\x80\xa6\"" : "\""));
}

/* --- Days --------------------------------------------------------------------------------- */

struct date { unsigned year, month, day; };

static struct date
date_of(int64_t day)
{
	char		 text[WHEN_TEXT];
	struct date	 d = { 0, 1, 1 };

	(void)when_date(day, text);
	(void)sscanf(text, "%u-%u-%u", &d.year, &d.month, &d.day);
	return (d);
}

static struct word
number(const char *name, unsigned v, char text[12])
{
	(void)snprintf(text, 12, "%u", v);
	return ((struct word){ .name = name, .kind = WORD_TEXT, .text = str_of(text) });
}

static struct word
month(unsigned lang, unsigned m)
{
	char	 key[16];

	(void)snprintf(key, sizeof(key), "month.%02u", m);
	return ((struct word){ .name = "month", .kind = WORD_TEXT, .text = str_of(words_text(lang, key)) });
}

bool
words_day(struct buf *b, unsigned lang, int64_t day)
{
	struct date	 d = date_of(day);
	char		 text[12];
	struct word	 w[] = { number("d", d.day, text), month(lang, d.month), WORDS_END };

	return (words_fill(b, lang, "date.day", w));
}

static bool
full(struct buf *b, unsigned lang, int64_t day)
{
	struct date	 d = date_of(day);
	char		 text[2][12];
	struct word	 w[] = { number("d", d.day, text[0]), month(lang, d.month), number("year", d.year, text[1]), WORDS_END };

	return (words_fill(b, lang, "date.full", w));
}

bool
words_span(struct buf *b, unsigned lang, int64_t from, int64_t to)
{
	struct date	 f = date_of(from), t = date_of(to);
	char		 text[3][12];
	struct word	 w[] = { number("d", f.day, text[0]), number("e", t.day, text[1]), month(lang, t.month),
			    number("year", t.year, text[2]), WORDS_END };

	if (from == to)
		return (full(b, lang, to));
	if (f.year == t.year && f.month == t.month)
		return (words_fill(b, lang, "date.span", w));
	(void)(f.year == t.year ? words_day(b, lang, from) : full(b, lang, from));
	(void)buf_cstr(b, " \xe2\x80\x93 ");
	return (full(b, lang, to));
}

/* --- Messages ------------------------------------------------------------------------------- */

static int
by_key(const void *a, const void *b)
{
	return (strcmp(a, *(const char *const *)b));
}

const char *
words_text(unsigned lang, const char *key)
{
	const char *const	*hit = bsearch(key, words_keys, words_nkeys, sizeof(words_keys[0]), by_key);
	const char		*text;
	size_t			 i;

	if (hit == NULL)
		return (key);
	i = (size_t)(hit - words_keys);
	text = lang < words_nlanguages ? words_languages[lang].texts[i] : NULL;
	return (text != NULL ? text : words_languages[0].texts[i]);
}

bool
words_has(const char *key)
{
	return (bsearch(key, words_keys, words_nkeys, sizeof(words_keys[0]), by_key) != NULL);
}

int
words_language(struct str tag)
{
	for (size_t i = 0; i < words_nlanguages; i++) {
		const char	*own = words_languages[i].tag;
		size_t		 n = strlen(own);

		if (str_istarts(tag, own) && (tag.len == n || tag.p[n] == '-' || tag.p[n] == '_'))
			return ((int)i);
	}
	return (-1);
}

static const struct word *
value_of(const struct word *w, struct str name)
{
	for (; w != NULL && w->name != NULL; w++)
		if (str_eq(str_of(w->name), name))
			return (w);
	return (NULL);
}

static void
put_value(struct buf *b, unsigned lang, const struct word *w)
{
	switch (w->kind) {
	case WORD_TEXT:
		(void)buf_str(b, w->text);
		break;
	case WORD_NAME:
		(void)words_name(b, w->text);
		break;
	case WORD_COUNT:
		(void)words_count(b, lang, w->n);
		break;
	case WORD_RATE:
		(void)words_rate(b, lang, w->rate);
		break;
	case WORD_POINTS:
		(void)words_points(b, lang, w->rate);
		break;
	case WORD_DAY:
		(void)words_day(b, lang, w->day);
		break;
	}
}

/* The brace that closes the one before p; NULL: none does. */
static const char *
closing(const char *p)
{
	for (unsigned depth = 1; *p != '\0'; p++)
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return (p);
	return (NULL);
}

static void	 fill(struct buf *, unsigned, struct str, const struct word *);

/* "one {# message} other {# messages}": the form that fits, # being the number. */
static void
put_plural(struct buf *b, unsigned lang, const char *p, const struct word *w, const struct word *all)
{
	enum plural	 want = plural_of(lang, w->n);
	struct str	 hit = STR_NONE;
	const char	*open, *end;
	size_t		 at;

	while ((open = strchr(p, '{')) != NULL && (end = closing(open + 1)) != NULL) {
		struct str	 name = str_trim((struct str){ p, (size_t)(open - p) });

		if (w->n == 0 && str_eq(name, STR("=0"))) {
			fill(b, lang, (struct str){ open + 1, (size_t)(end - open) - 1 }, all);
			return;
		}
		if (str_eq(name, str_of(plural_names[want])) || (hit.p == NULL && str_eq(name, STR("other"))))
			hit = (struct str){ open + 1, (size_t)(end - open) - 1 };
		if (str_eq(name, str_of(plural_names[want])))
			break;
		p = end + 1;
		if (*p == '}' || *p == '\0')
			break;
	}
	for (at = 0; hit.p != NULL && at < hit.len;) {
		const char	*hash = memchr(hit.p + at, '#', hit.len - at);
		size_t		 n = hash == NULL ? hit.len - at : (size_t)(hash - hit.p) - at;

		fill(b, lang, (struct str){ hit.p + at, n }, all);
		if (hash != NULL)
			(void)words_count(b, lang, w->n);
		at += n + (hash != NULL);
	}
}

static void
fill(struct buf *b, unsigned lang, struct str text, const struct word *all)
{
	const char	*p = text.p, *last = text.p + text.len, *open, *end, *comma;

	while (p < last && (open = memchr(p, '{', (size_t)(last - p))) != NULL && (end = closing(open + 1)) != NULL && end < last) {
		struct str		 name = { open + 1, (size_t)(end - open) - 1 };
		const struct word	*w;

		(void)buf_add(b, p, (size_t)(open - p));
		comma = memchr(name.p, ',', name.len);
		if (comma != NULL)
			name.len = (size_t)(comma - name.p);
		if ((w = value_of(all, name)) == NULL)
			(void)buf_add(b, open, (size_t)(end - open) + 1);
		else if (comma != NULL && str_starts((struct str){ comma, (size_t)(end - comma) }, ", plural, "))
			put_plural(b, lang, comma + sizeof(", plural, ") - 1, w, all);
		else
			put_value(b, lang, w);
		p = end + 1;
	}
	(void)buf_add(b, p, (size_t)(last - p));
}

bool
words_fill(struct buf *b, unsigned lang, const char *key, const struct word *w)
{
	fill(b, lang, str_of(words_text(lang, key)), w);
	return (!b->failed);
}
