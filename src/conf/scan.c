/*
 * scan.c - see scan.h.
 */
#include "base/base.h"
#include "base/escape.h"
#include "base/near.h"
#include "conf/scan.h"

#define SECTIONS_MAX	1000
#define SHOWN		80

enum kind { T_END, T_WORD, T_STRING, T_MARK, T_BAD };

struct token {
	enum kind	 kind;
	struct str	 text;		/* as it stands, quotes included */
	unsigned	 line;
};

struct scanner {
	struct str	 in;
	size_t		 pos;
	unsigned	 line;
	unsigned	 written;	/* the line on which the output is */
	struct token	 tok;		/* the one to be looked at */
	unsigned	 last;		/* line of the token before it */
	struct scan	*out;
	struct faults	*faults;
	unsigned	 instance[CONF_SECTIONS];
};

static bool
word_char(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("_-./:@%", c) != NULL));
}

static char
at(const struct scanner *s, size_t pos)
{
	return (pos < s->in.len ? s->in.p[pos] : '\0');
}

static void
line_end(struct scanner *s)
{
	while (s->pos < s->in.len && s->in.p[s->pos] != '\n')
		s->pos++;
}

/* Blanks and the three kinds of comment. */
static void
blanks(struct scanner *s)
{
	while (s->pos < s->in.len) {
		char	 c = s->in.p[s->pos];

		if (c == '\n') {
			s->line++;
			s->pos++;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			s->pos++;
		} else if (c == '#' || (c == '/' && at(s, s->pos + 1) == '/')) {
			line_end(s);
		} else if (c == '/' && at(s, s->pos + 1) == '*') {
			unsigned	 begun = s->line;

			for (s->pos += 2; s->pos < s->in.len; s->pos++) {
				if (s->in.p[s->pos] == '\n')
					s->line++;
				if (s->in.p[s->pos] == '*' && at(s, s->pos + 1) == '/')
					break;
			}
			if (s->pos >= s->in.len)
				faults_add(s->faults, begun, "the comment that begins here does not end");
			s->pos = s->pos + 2 < s->in.len ? s->pos + 2 : s->in.len;
		} else
			return;
	}
}

/* A backslash in double quotes, at s->pos; false when it is none that libconfuse takes. */
static bool
escape(struct scanner *s)
{
	unsigned	 v = 0, n = 0;
	char		 c = at(s, ++s->pos);

	if (c == '\0' || c == '\n')
		return (false);
	if (c == 'x') {
		for (s->pos++; n < 2 && at(s, s->pos) != '\0' &&
		    strchr("0123456789abcdefABCDEF", at(s, s->pos)) != NULL; n++, s->pos++)
			v |= at(s, s->pos) != '0';
		return (n > 0 && v != 0);
	}
	if (c < '0' || c > '9') {
		s->pos++;
		return (true);
	}
	for (; at(s, s->pos) >= '0' && at(s, s->pos) <= '9'; n++, s->pos++) {
		if (at(s, s->pos) > '7' || n == 3)
			return (false);
		v = v * 8 + (unsigned)(at(s, s->pos) - '0');
	}
	return (v > 0 && v <= 0xff);
}

/* "${NAME}" in double quotes, at s->pos. */
static bool
variable(struct scanner *s)
{
	for (s->pos += 2; word_char(at(s, s->pos)); s->pos++)
		;
	return (at(s, s->pos++) == '}');
}

static struct token
string(struct scanner *s)
{
	struct token	 t = { T_STRING, { s->in.p + s->pos, 0 }, s->line };
	size_t		 begun = s->pos;
	char		 quote = s->in.p[s->pos++], c;

	for (;;) {
		c = at(s, s->pos);
		if (s->pos >= s->in.len || c == '\n') {
			faults_add(s->faults, s->line, "the text that begins with %c does not end on its line", quote);
			t.kind = T_BAD;
			break;
		}
		if (c == '\0') {
			faults_add(s->faults, s->line, "there is a NUL byte in a text");
			line_end(s);
			t.kind = T_BAD;
			break;
		}
		if (c == quote) {
			s->pos++;
			break;
		}
		if (c == '\\' && quote == '"') {
			if (escape(s))
				continue;
			faults_add(s->faults, s->line, "a backslash is followed by nothing that it can mean; "
			    "a backslash itself is written \\\\");
		} else if (c == '$' && quote == '"' && at(s, s->pos + 1) == '{') {
			if (variable(s))
				continue;
			faults_add(s->faults, s->line, "\"${\" is not followed by a name and \"}\"; "
			    "a dollar itself is written \\$");
		} else {
			s->pos += c == '\\' && at(s, s->pos + 1) != '\n' && s->pos + 1 < s->in.len ? 2 : 1;
			continue;
		}
		line_end(s);
		t.kind = T_BAD;
		break;
	}
	t.text.len = s->pos - begun;
	return (t);
}

static void
next(struct scanner *s)
{
	size_t	 begun;
	char	 c;

	s->last = s->tok.line;
	blanks(s);
	begun = s->pos;
	s->tok = (struct token){ T_END, { s->in.p + begun, 0 }, s->line };
	if (s->pos >= s->in.len)
		return;
	c = s->in.p[s->pos];
	if (c == '"' || c == '\'') {
		s->tok = string(s);
		return;
	}
	if (word_char(c)) {
		s->tok.kind = T_WORD;
		/* a comment may follow a word without a blank; an address may hold two slashes */
		while (word_char(at(s, s->pos)) && !(at(s, s->pos) == '/' && at(s, s->pos + 1) == '*'))
			s->pos++;
	} else {
		s->tok.kind = c != '\0' && strchr("{}=(),", c) != NULL ? T_MARK : T_BAD;
		s->pos++;
		if (s->tok.kind == T_BAD) {
			char	 shown[SHOWN];

			/* the whole character, for the sentence */
			while (((unsigned char)at(s, s->pos) & 0xc0) == 0x80)
				s->pos++;
			faults_add(s->faults, s->line, "'%s' has no meaning here; a value with such characters "
			    "needs quotes", esc_short(shown, sizeof(shown),
			    (struct str){ s->in.p + begun, s->pos - begun }));
			line_end(s);
		}
	}
	s->tok.text.len = s->pos - begun;
}

static bool
is_mark(const struct scanner *s, char c)
{
	return (s->tok.kind == T_MARK && s->tok.text.p[0] == c);
}

static const char *
show(const struct scanner *s, char out[SHOWN])
{
	if (s->tok.kind == T_END)
		return ("the end of the file");
	return (esc_short(out, SHOWN, s->tok.text));
}

/* ---- output ---- */

/* Brings the output to a line of the input. */
static void
to_line(struct scanner *s, unsigned line)
{
	for (; s->written < line; s->written++)
		(void)buf_byte(&s->out->text, '\n');
}

static void
emit(struct scanner *s, struct token t)
{
	to_line(s, t.line);
	(void)buf_byte(&s->out->text, ' ');
	/* A word goes over in quotes: libconfuse's idea of a word is not ours. */
	if (t.kind == T_WORD)
		(void)buf_printf(&s->out->text, "\"%.*s\"", (int)t.text.len, t.text.p);
	else
		(void)buf_str(&s->out->text, t.text);
}

static void
emit_name(struct scanner *s, const char *name, unsigned line)
{
	to_line(s, line);
	(void)buf_printf(&s->out->text, " %s", name);
}

static bool
add_place(struct scanner *s, const struct conf_item *it, unsigned instance, unsigned line)
{
	struct scan_place	*p;

	if ((p = realloc(s->out->places, (s->out->nplaces + 1) * sizeof(*p))) == NULL) {
		s->out->failed = true;
		return (false);
	}
	s->out->places = p;
	p[s->out->nplaces++] = (struct scan_place){ it, instance, line };
	return (true);
}

/* A key that stands there, but wrongly: then nobody complains that it is missing. */
static void
mention(struct scanner *s, const struct conf_item *it, unsigned instance, unsigned line)
{
	if (it != NULL && scan_find(s->out, it, instance) == NULL)
		(void)add_place(s, it, instance, line);
}

/* ---- statements ---- */

/*
 * After a fault: to the next line. A brace that opens on the way belongs to
 * what is skipped, up to its partner.
 */
static void
skip(struct scanner *s)
{
	unsigned	 line = s->tok.line, depth = 0;

	while (s->tok.kind != T_END) {
		if (depth == 0 && (s->tok.line != line || is_mark(s, '}')))
			return;
		if (is_mark(s, '{'))
			depth++;
		else if (is_mark(s, '}') && --depth == 0) {
			next(s);
			return;
		}
		next(s);
	}
}

static void
unknown_key(struct scanner *s, enum conf_section section, struct token name)
{
	char		 shown[SHOWN];
	struct near	 near = { .word = shown };

	esc_short(shown, sizeof(shown), name.text);
	for (size_t i = 0; i < conf_nitems; i++)
		if (conf_items[i].section == section)
			near_try(&near, conf_items[i].name);
	if (section == CONF_SEC_ROOT)
		for (size_t i = 1; i < CONF_SECTIONS; i++)
			near_try(&near, conf_section_names[i]);
	if (near.best != NULL) {
		faults_add(s->faults, name.line, "unknown key '%s'; is '%s' meant?", shown, near.best);
		return;
	}
	for (size_t i = 0; i < conf_nitems; i++)
		if (str_eq(str_of(conf_items[i].name), name.text)) {
			if (conf_items[i].section == CONF_SEC_ROOT)
				faults_add(s->faults, name.line, "'%s' stands outside of all sections", shown);
			else
				faults_add(s->faults, name.line, "'%s' belongs into a section %s { }", shown,
				    conf_section_names[conf_items[i].section]);
			return;
		}
	if (section == CONF_SEC_ROOT)
		faults_add(s->faults, name.line, "unknown key '%s'", shown);
	else
		faults_add(s->faults, name.line, "unknown key '%s' in %s { }", shown, conf_section_names[section]);
}

/* At "{" of a list: its names go over, one by one, commas between. False after a fault, which is named. */
static bool
list(struct scanner *s, const struct conf_item *it, bool put)
{
	unsigned	 begun = s->tok.line;
	bool		 first = true;
	char		 shown[SHOWN];

	if (put)
		(void)buf_cstr(&s->out->text, " {");
	for (next(s); !is_mark(s, '}'); first = false) {
		if (s->tok.kind != T_WORD && s->tok.kind != T_STRING) {
			if (s->tok.kind == T_END)
				faults_add(s->faults, begun, "the list %s that begins here is not closed by '}'", it->name);
			else if (s->tok.kind != T_BAD)
				faults_add(s->faults, s->tok.line, "a name is expected in the list %s, not %s", it->name,
				    show(s, shown));
			break;
		}
		if (put && !first)
			(void)buf_cstr(&s->out->text, ",");
		if (put)
			emit(s, s->tok);
		next(s);
		if (is_mark(s, ','))
			next(s);
		else if (!is_mark(s, '}')) {
			if (is_mark(s, '=') || s->tok.kind == T_END)
				faults_add(s->faults, begun, "the list %s that begins here is not closed by '}'", it->name);
			else if (s->tok.kind != T_BAD)
				faults_add(s->faults, s->tok.line, "a comma is missing before %s in the list %s", show(s, shown),
				    it->name);
			break;
		}
	}
	if (put)
		(void)buf_cstr(&s->out->text, " }");
	if (is_mark(s, '}')) {
		next(s);
		return (true);
	}
	/* to the end of the list, or of what may be one */
	while (s->tok.kind != T_END && !is_mark(s, '}') && !is_mark(s, '{'))
		next(s);
	if (is_mark(s, '}'))
		next(s);
	return (false);
}

/* The value of a key that takes many: { "a", "b" }. */
static void
names(struct scanner *s, const struct conf_item *it, unsigned instance, struct token name)
{
	const struct scan_place	*old;
	bool			 put = false;

	if ((old = scan_find(s->out, it, instance)) != NULL)
		faults_add(s->faults, name.line, "%s is set a second time; first on line %u", it->name, old->line);
	else if ((put = add_place(s, it, instance, name.line))) {
		emit_name(s, it->name, name.line);
		(void)buf_cstr(&s->out->text, " =");
	}
	if (!list(s, it, put) && s->tok.line == name.line)
		skip(s);
}

/* name "=" has been seen; the value is next. */
static void
assignment(struct scanner *s, enum conf_section section, unsigned instance, struct token name)
{
	const struct conf_item	*it = item_find(section, name.text), *folder;
	const struct scan_place	*old;
	char			 shown[SHOWN];
	struct token		 value;

	if (it == NULL)
		unknown_key(s, section, name);
	next(s);
	if (s->tok.kind == T_BAD) {	/* named already */
		mention(s, it, instance, name.line);
		skip(s);
		return;
	}
	if (it != NULL && it->type == CONF_NAMES && is_mark(s, '{')) {
		names(s, it, instance, name);
		return;
	}
	if ((s->tok.kind != T_WORD && s->tok.kind != T_STRING) || (s->tok.line != name.line && it != NULL &&
	    item_find(section, s->tok.text) != NULL)) {
		if (it != NULL)
			faults_add(s->faults, name.line, "%s has no value", it->name);
		mention(s, it, instance, name.line);
		if (s->tok.line == name.line)
			skip(s);
		return;
	}
	value = s->tok;
	next(s);
	if (it != NULL && (old = scan_find(s->out, it, instance)) != NULL)
		faults_add(s->faults, name.line, "%s is set a second time; first on line %u", it->name, old->line);
	else if (it != NULL && add_place(s, it, instance, name.line)) {
		emit_name(s, it->name, name.line);
		(void)buf_cstr(&s->out->text, it->type == CONF_NAMES ? " = {" : " =");
		emit(s, value);
		if (it->type == CONF_NAMES)
			(void)buf_cstr(&s->out->text, " }");
	}
	if (s->tok.line != value.line || (s->tok.kind != T_WORD && s->tok.kind != T_STRING))
		return;
	/* after = move "Folder": the folder goes over as a key of its own */
	folder = item_find(CONF_SEC_MAILBOX, STR("after_folder"));
	if (it != NULL && section == CONF_SEC_MAILBOX && strcmp(it->name, "after") == 0 &&
	    str_eq(value.text, STR("move"))) {
		struct token	 t = s->tok;

		next(s);
		if (!is_mark(s, '=')) {
			if ((old = scan_find(s->out, folder, instance)) != NULL)
				faults_add(s->faults, t.line, "after_folder was set on line %u already", old->line);
			else if (add_place(s, folder, instance, t.line)) {
				emit_name(s, "after_folder =", t.line);
				emit(s, t);
			}
			return;
		}
		assignment(s, section, instance, t);
		return;
	}
	/* "a = b c": either two statements on a line, or a value that lacks its quotes */
	{
		struct token	 t = s->tok;

		esc_short(shown, sizeof(shown), t.text);
		next(s);
		if (t.kind == T_WORD && is_mark(s, '=')) {
			assignment(s, section, instance, t);
			return;
		}
		faults_add(s->faults, t.line, "'%s' follows the value of %.*s; a value of several words needs quotes",
		    shown, (int)(name.text.len < 40 ? name.text.len : 40), name.text.p);
		if (s->tok.line == t.line)
			skip(s);
	}
}

static bool
good_name(struct str n)
{
	if (n.len < 1 || n.len > 64 || n.p[0] == '.')
		return (false);
	for (size_t i = 0; i < n.len; i++)
		if (!word_char(n.p[i]) || strchr("/:@%", n.p[i]) != NULL)
			return (false);
	return (true);
}

/* A name for people; blanks are welcome. */
static bool
good_sender(struct str n)
{
	if (n.len < 1 || n.len > 80 || !str_utf8_ok(n) || n.p[0] == ' ' || n.p[n.len - 1] == ' ')
		return (false);
	for (size_t i = 0; i < n.len; i++)
		if ((unsigned char)n.p[i] < 0x20 || n.p[i] == '"' || n.p[i] == '\\')
			return (false);
	return (true);
}

/* Notes a section that begins; the title token is checked for mailboxes. */
static bool
open_section(struct scanner *s, enum conf_section kind, struct token name, const struct token *title)
{
	struct scan_section	*v;
	struct str		 t = STR_NONE;
	char			 shown[SHOWN], *copy = NULL;

	if (s->out->nsections >= SECTIONS_MAX) {
		faults_add(s->faults, name.line, "more than %d sections", SECTIONS_MAX);
		return (false);
	}
	if (title != NULL) {
		t = title->text;
		if (title->kind == T_STRING)
			t = (struct str){ t.p + 1, t.len - 2 };
		if (kind == CONF_SEC_SENDER && !good_sender(t)) {
			faults_add(s->faults, name.line, "the sender's name '%s' is not 1 to 80 bytes of text without quotes and backslashes",
			    esc_short(shown, sizeof(shown), t));
			t = STR_NONE;
		} else if ((kind == CONF_SEC_MAILBOX || kind == CONF_SEC_SUMMARY) && !good_name(t)) {
			faults_add(s->faults, name.line, "%s name '%s' is not 1 to 64 of the characters "
			    "A-Z a-z 0-9 . _ - (and no dot first)", conf_section_names[kind], esc_short(shown, sizeof(shown), t));
			t = STR_NONE;
		}
	}
	if (t.p != NULL && (copy = strndup(t.p, t.len)) == NULL)
		s->out->failed = true;
	if ((v = realloc(s->out->sections, (s->out->nsections + 1) * sizeof(*v))) == NULL) {
		s->out->failed = true;
		free(copy);
		return (false);
	}
	s->out->sections = v;
	v[s->out->nsections++] = (struct scan_section){ kind, s->instance[kind]++, name.line, copy };
	emit_name(s, conf_section_names[kind], name.line);
	/* The title libconfuse gets is a number: two of one name would become one. */
	if (conf_titled(kind))
		(void)buf_printf(&s->out->text, " \"%zu\"", s->out->nsections);
	(void)buf_cstr(&s->out->text, " {");
	return (true);
}

static void
close_section(struct scanner *s)
{
	to_line(s, s->tok.line);
	(void)buf_cstr(&s->out->text, " }");
}

/* A name and "=" within a section, or a fault and the next line. */
static void
section_statement(struct scanner *s, enum conf_section kind, unsigned instance)
{
	struct token	 name = s->tok;
	char		 shown[SHOWN];

	if (name.kind == T_BAD) {
		skip(s);
		return;
	}
	if (name.kind != T_WORD) {
		faults_add(s->faults, name.line, "a key is expected here, not %s", show(s, shown));
		skip(s);
		return;
	}
	next(s);
	if (is_mark(s, '=')) {
		assignment(s, kind, instance, name);
		return;
	}
	mention(s, item_find(kind, name.text), instance, name.line);
	if (s->tok.kind != T_BAD) {
		if (item_find(kind, name.text) == NULL)
			unknown_key(s, kind, name);
		else
			faults_add(s->faults, name.line, "'=' is missing after %s", esc_short(shown, sizeof(shown),
			    name.text));
	}
	if (s->tok.line == name.line)
		skip(s);
}

/* Whether a section (or a function) of the root begins here: its closing brace must be missing. */
static bool
at_section(const struct scanner *s)
{
	size_t	 p = s->pos;

	if (s->tok.kind != T_WORD)
		return (false);
	for (size_t i = 1; i < CONF_SECTIONS; i++)
		if (str_eq(s->tok.text, str_of(conf_section_names[i]))) {
			/* "mailbox = 1" is a mere mistake */
			while (at(s, p) == ' ' || at(s, p) == '\t')
				p++;
			return (at(s, p) != '=');
		}
	return (false);
}

static void
section(struct scanner *s, enum conf_section kind, struct token name)
{
	struct token	 title = { 0 };
	bool		 titled = conf_titled(kind), open;
	char		 shown[SHOWN];
	unsigned	 instance = s->instance[kind];

	if (s->tok.kind == T_WORD || s->tok.kind == T_STRING) {
		title = s->tok;
		if (!titled)
			faults_add(s->faults, name.line, "%s takes no name", conf_section_names[kind]);
		next(s);
	} else if (titled && s->tok.kind != T_BAD) {
		faults_add(s->faults, name.line, "a %s needs a name: %s", conf_section_names[kind],
		    kind == CONF_SEC_MAILBOX ? "mailbox \"reports\" { ... }" : kind == CONF_SEC_SENDER ?
		    "sender \"Mailer X\" { ... }" : "summary \"weekly\" { ... }");
	}
	if (!is_mark(s, '{')) {
		if (s->tok.kind != T_BAD)
			faults_add(s->faults, name.line, "'{' is missing after %s", conf_section_names[kind]);
		if (s->tok.line == name.line)
			skip(s);
		return;
	}
	open = open_section(s, kind, name, titled && title.text.p != NULL ? &title : NULL);
	next(s);
	while (s->tok.kind != T_END && !is_mark(s, '}') && !at_section(s))
		section_statement(s, kind, instance);
	if (open)
		close_section(s);
	if (is_mark(s, '}'))
		next(s);
	else
		faults_add(s->faults, name.line, "the section %s that begins here is not closed before %s",
		    conf_section_names[kind], show(s, shown));
}

/* include("path") */
static void
include(struct scanner *s, struct token name)
{
	struct token	 path;

	next(s);
	path = s->tok;
	if (path.kind == T_STRING || path.kind == T_WORD) {
		next(s);
		if (is_mark(s, ')')) {
			emit_name(s, "include(", name.line);
			emit(s, path);
			(void)buf_cstr(&s->out->text, ")");
			next(s);
			return;
		}
	}
	if (s->tok.kind != T_BAD)
		faults_add(s->faults, name.line, "include is written include(\"/path/to/file\")");
	if (s->tok.line == name.line)
		skip(s);
}

static void
root_statement(struct scanner *s)
{
	struct token	 name = s->tok;
	char		 shown[SHOWN];

	if (name.kind == T_BAD) {
		skip(s);
		return;
	}
	if (is_mark(s, '}')) {
		faults_add(s->faults, name.line, "'}' closes nothing");
		next(s);
		return;
	}
	if (name.kind != T_WORD) {
		faults_add(s->faults, name.line, "a key or a section is expected here, not %s", show(s, shown));
		skip(s);
		return;
	}
	next(s);
	if (is_mark(s, '=')) {
		assignment(s, CONF_SEC_ROOT, 0, name);
		return;
	}
	for (size_t i = 1; i < CONF_SECTIONS; i++)
		if (str_eq(name.text, str_of(conf_section_names[i]))) {
			section(s, (enum conf_section)i, name);
			return;
		}
	if (str_eq(name.text, STR("include")) && is_mark(s, '(')) {
		include(s, name);
		return;
	}
	if (item_find(CONF_SEC_ROOT, name.text) != NULL)
		faults_add(s->faults, name.line, "'=' is missing after %s", esc_short(shown, sizeof(shown), name.text));
	else if (s->tok.kind != T_BAD)
		unknown_key(s, CONF_SEC_ROOT, name);
	if (s->tok.line == name.line)
		skip(s);
}

void
scan_file(struct scan *out, struct str text, struct faults *faults)
{
	struct scanner	 s = { .in = text, .line = 1, .written = 1, .out = out, .faults = faults };

	if (str_starts(text, "\xef\xbb\xbf"))	/* an editor's byte order mark */
		s.pos = 3;
	next(&s);
	while (s.tok.kind != T_END)
		root_statement(&s);
	out->failed |= out->text.failed;
}

void
scan_free(struct scan *s)
{
	for (size_t i = 0; i < s->nsections; i++)
		free(s->sections[i].title);
	free(s->sections);
	free(s->places);
	buf_free(&s->text);
	*s = (struct scan){ 0 };
}

const struct scan_place *
scan_find(const struct scan *s, const struct conf_item *it, unsigned instance)
{
	for (size_t i = 0; i < s->nplaces; i++)
		if (s->places[i].item == it && s->places[i].instance == instance)
			return (&s->places[i]);
	return (NULL);
}
