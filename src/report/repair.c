/*
 * repair.c - see repair.h.
 */
#include "base/near.h"
#include "report/elements.h"
#include "report/repair.h"

#define TAG_MAX 4096		/* a longer one is none */
#define ENTITY_MAX 12

void
repair_begin(struct repair *r, const struct limits *l)
{
	r->text_bytes = (size_t)l->text_bytes;
	r->where = REPAIR_TEXT;
	buf_clear(&r->in);
	buf_clear(&r->value);
	r->depth = 0;
	r->done = r->damaged = r->more = r->junk = false;
}

void
repair_free(struct repair *r)
{
	buf_free(&r->in);
	buf_free(&r->value);
}

/* --- Text ---------------------------------------------------------------------- */

/* Length of the reference at s, which begins with '&'; 0: it is none. */
static size_t
reference(struct str s)
{
	static const char *const	 named[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };
	size_t				 i = 2, first;
	bool				 hex;
	unsigned long			 v = 0;

	for (size_t k = 0; k < nitems(named); k++)
		if (str_starts(s, named[k]))
			return (strlen(named[k]));
	if (s.len < 4 || s.p[1] != '#')
		return (0);
	hex = s.p[2] == 'x';
	for (first = i += hex; i < s.len && i < ENTITY_MAX; i++) {
		char	 c = s.p[i];
		int	 d = c >= '0' && c <= '9' ? c - '0' : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    hex && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (d == -1)
			break;
		v = v * (hex ? 16 : 10) + (unsigned long)d;
	}
	if (i == first || i >= s.len || s.p[i] != ';')
		return (0);
	if ((v < 0x20 && v != 9 && v != 10 && v != 13) || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff) || (v & 0xfffe) == 0xfffe)
		return (0);	/* no character: it is shown as it was written */
	return (i + 1);
}

static void
put_text(struct str s, struct buf *out)
{
	size_t	 run = 0, n;

	while (run < s.len) {
		char	 c = s.p[run];

		if (c != '&' && c != '<' && c != '>') {
			run++;
			continue;
		}
		(void)buf_add(out, s.p, run);
		s.p += run;
		s.len -= run;
		run = 0;
		if (c == '&' && (n = reference(s)) > 0)
			(void)buf_add(out, s.p, n);
		else {
			(void)buf_cstr(out, c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;");
			n = 1;
		}
		s.p += n;
		s.len -= n;
	}
	(void)buf_add(out, s.p, s.len);
}

static unsigned
top(const struct repair *r)
{
	return (r->depth == 0 ? E_OUTSIDE : r->stack[r->depth - 1].id);
}

/* An element whose text is a value; a reason may be one, but has children. */
static bool
in_leaf(const struct repair *r)
{
	return (r->depth > 0 && top(r) != E_UNKNOWN && elements[top(r)].kind == ELEMENT_L);
}

/* Values in which a stray '<' can only be text: nothing that counts hangs on them. */
static bool
is_free(unsigned id)
{
	switch (id) {
	case E_ORG_NAME:
	case E_EMAIL:
	case E_EXTRA:
	case E_ERROR:
	case E_GENERATOR:
	case E_R_COMMENT:
	case E_DKIM_HUMAN:
	case E_SPF_HUMAN:
	case E_HEADER_FROM:
	case E_ENVELOPE_FROM:
	case E_ENVELOPE_TO:
		return (true);
	default:
		return (false);
	}
}

static void
blank(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\n')
			(void)buf_byte(out, '\n');
}

static void
text(struct repair *r, struct str s, struct buf *out)
{
	if (r->depth == 0) {
		if (r->done && str_trim(s).len > 0)
			r->junk = true;
		blank(s, out);
	} else if (in_leaf(r)) {
		(void)buf_str(&r->value, s);
		if (r->value.len > 2 * r->text_bytes + TAG_MAX) {	/* the reader of values says so */
			put_text(buf_as_str(&r->value), out);
			buf_clear(&r->value);
		}
	} else
		put_text(s, out);
}

/* Something with a '<' that is no tag. */
static void
literal(struct repair *r, struct str s, struct buf *out)
{
	if (r->depth > 0 && (top(r) != E_UNKNOWN && !is_free(top(r))))
		r->damaged = true;
	text(r, s, out);
}

/* --- Tags ------------------------------------------------------------------------ */

static const char *
local(const char *name)
{
	const char	*colon = strchr(name, ':');

	return (colon == NULL ? name : colon + 1);
}

/* The element of this name in this parent, with the name that some use for one. */
static unsigned
find(unsigned parent, const char *name)
{
	if (parent == E_RECORD && strcmp(name, "identities") == 0)
		return (E_IDENTIFIERS);
	return (element_of(parent, name));
}

/* "id1/report_id>": the end tag is in the value. */
static void
cut_end_tag(struct repair *r, const char *name)
{
	size_t	 n = strlen(name);
	char	*end;

	while (r->value.len > 0 && str_trim((struct str){ r->value.p + r->value.len - 1, 1 }).len == 0)
		r->value.p[--r->value.len] = '\0';
	if (r->value.len < n + 2)
		return;
	end = r->value.p + r->value.len - n - 2;
	if (end[0] == '/' && memcmp(end + 1, name, n) == 0 && end[n + 1] == '>') {
		r->value.len -= n + 2;
		r->value.p[r->value.len] = '\0';
	}
}

static void
close_top(struct repair *r, struct buf *out)
{
	const char	*name = r->stack[r->depth - 1].name;

	if (in_leaf(r)) {
		put_text(buf_as_str(&r->value), out);
		buf_clear(&r->value);
	}
	(void)buf_printf(out, "</%s>", name);
	if (top(r) == E_FEEDBACK)
		r->done = true;
	r->depth--;
}

/* Its end tag is missing. */
static void
close_missing(struct repair *r, struct buf *out)
{
	if (in_leaf(r))
		cut_end_tag(r, local(r->stack[r->depth - 1].name));
	else if (top(r) == E_UNKNOWN)
		r->damaged = true;	/* what stands in it may belong to the report */
	close_top(r, out);
}

static void
close_to(struct repair *r, unsigned depth, struct buf *out)
{
	while (r->depth > depth)
		close_missing(r, out);
}

/* xmlns="..." and xmlns:p="..." stay, all other attributes say nothing to us. */
static void
put_namespaces(struct str a, struct buf *out)
{
	const char	*p = a.p, *end = a.p + a.len, *name, *value, *q;
	size_t		 mark = out->len, nname;

	while ((p = memmem(p, (size_t)(end - p), "xmlns", 5)) != NULL) {
		name = p;
		for (p += 5; p < end && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == ':'); p++)
			;
		nname = (size_t)(p - name);
		while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r' || *p == '='))
			p++;
		if (name == a.p || (name[-1] != ' ' && name[-1] != '\n' && name[-1] != '\t' && name[-1] != '\r') || p >= end ||
		    (*p != '"' && *p != '\''))
			continue;
		value = p + 1;
		if ((q = memchr(value, *p, (size_t)(end - value))) == NULL)
			return;
		p = q + 1;
		if (memchr(value, '&', (size_t)(q - value)) != NULL || memchr(value, '"', (size_t)(q - value)) != NULL || q == value ||
		    (nname > 5 && (name[5] != ':' || nname == 6 || (name[6] >= '0' && name[6] <= '9') ||
		    memchr(name + 6, ':', nname - 6) != NULL || strncmp(name + 6, "xml", 3) == 0)))
			continue;
		/* the same one twice would be an error again */
		if (out->p != NULL && out->len > mark && memmem(out->p + mark, out->len - mark, name, nname) != NULL)
			continue;
		(void)buf_byte(out, ' ');
		(void)buf_add(out, name, nname);
		(void)buf_printf(out, "=\"%.*s\"", (int)(q - value), value);
	}
}

static void
push(struct repair *r, const char *name, unsigned id, struct str attributes, struct buf *out)
{
	if (r->depth == REPAIR_DEPTH) {
		r->damaged = true;
		return;
	}
	(void)buf_printf(out, "<%s", name);
	put_namespaces(attributes, out);
	(void)buf_byte(out, '>');
	memcpy(r->stack[r->depth].name, name, strlen(name) + 1);
	r->stack[r->depth++].id = (unsigned char)id;
	buf_clear(&r->value);
}

/* The depth at which this element fits; 0: nowhere. Leaves do not close what is around them. */
static unsigned
fits(const struct repair *r, const char *name, unsigned *id)
{
	unsigned	 from = in_leaf(r) ? r->depth - 1 : r->depth;

	for (unsigned d = from; d > 0; d--) {
		if (r->stack[d - 1].id == E_UNKNOWN)
			return (0);
		if ((*id = find(r->stack[d - 1].id, name)) != E_UNKNOWN && (d == from || elements[*id].kind != ELEMENT_L))
			return (d);
	}
	return (0);
}

static void
start_tag(struct repair *r, const char *name, struct str attributes, bool empty, struct str whole, struct buf *out)
{
	const char	*l = local(name);
	unsigned	 id = E_UNKNOWN, depth;

	if (r->depth == 0) {
		/* what stands around feedback says nothing: wrappers, xs:schema */
		if (strcmp(l, "feedback") != 0)
			return;
		if (r->done) {
			r->more = true;
			r->rest = r->in.len - (size_t)(whole.p - r->in.p);
		} else
			push(r, name, E_FEEDBACK, attributes, out);
	} else if (top(r) == E_UNKNOWN)
		push(r, name, E_UNKNOWN, attributes, out);
	else if ((depth = fits(r, l, &id)) > 0) {
		close_to(r, depth, out);
		push(r, name, id, attributes, out);
	} else if (in_leaf(r)) {
		literal(r, whole, out);
		return;
	} else if (strcmp(l, "schema") == 0)
		return;
	else
		push(r, name, E_UNKNOWN, attributes, out);
	if (empty && r->depth > 0)
		close_top(r, out);
}

static bool
is_near(const char *name, const char *to)
{
	struct near	 n = { .word = name };

	near_try(&n, to);
	return (n.best != NULL);
}

static void
end_tag(struct repair *r, const char *name, struct str whole, struct buf *out)
{
	const char	*l = local(name), *open;
	unsigned	 d, parent;

	if (r->depth == 0)
		return;
	open = local(r->stack[r->depth - 1].name);
	for (d = r->depth; d > 0 && strcmp(local(r->stack[d - 1].name), l) != 0; d--)
		;
	if (d == r->depth)
		close_top(r, out);
	else if (d > 0) {
		close_to(r, d, out);
		close_top(r, out);
	} else {
		/* the end of something that is not open */
		parent = in_leaf(r) || top(r) == E_UNKNOWN ? (r->depth > 1 ? r->stack[r->depth - 2].id : E_OUTSIDE) : top(r);
		if (parent != E_UNKNOWN && find(parent, l) != E_UNKNOWN)
			r->damaged = true;	/* of a value whose start is lost */
		else if (!element_name_known(l) && is_near(l, open))
			close_top(r, out);
		else if (in_leaf(r))
			literal(r, whole, out);
	}
}

static bool
name_char(char c, bool first)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':')));
}

/* "<...>" or "</...>", or what stands before another '<' instead of its '>'. */
static void
tag(struct repair *r, struct str whole, struct buf *out)
{
	bool		 end = whole.len > 1 && whole.p[1] == '/', closed = whole.p[whole.len - 1] == '>', empty;
	size_t		 i = end ? 2 : 1, first = i;
	char		 name[REPAIR_NAME];
	const char	*colon;
	struct str	 rest;

	while (i < whole.len && i - first < sizeof(name) - 1 && name_char(whole.p[i], i == first))
		i++;
	memcpy(name, whole.p + first, i - first);
	name[i - first] = '\0';
	rest = (struct str){ whole.p + i, whole.len - i - closed };
	empty = !end && closed && rest.len > 0 && rest.p[rest.len - 1] == '/';
	if (empty)
		rest.len--;
	colon = strchr(name, ':');
	if (i == first || (rest.len > 0 && str_trim((struct str){ rest.p, 1 }).len != 0) || (!closed && !(end && str_trim(rest).len == 0)) ||
	    (colon != NULL && (!name_char(colon[1], true) || strchr(colon + 1, ':') != NULL))) {
		literal(r, whole, out);
		return;
	}
	if (end)
		end_tag(r, name, whole, out);
	else
		start_tag(r, name, rest, empty, whole, out);
	/* what went with the tag keeps the count of lines right */
	if (r->depth == 0 || !in_leaf(r))
		blank(rest, out);
}

/* --- The stream -------------------------------------------------------------------- */

/* Skips to behind mark; false: it has not come yet. What may be the first part of it is kept. */
static bool
skip_to(struct repair *r, const char *mark, bool last, struct str *s, struct buf *out)
{
	size_t		 n = strlen(mark), len;
	const char	*at = memmem(s->p, s->len, mark, n);
	struct str	 gone;

	len = at != NULL ? (size_t)(at - s->p) : last ? s->len : s->len < n ? 0 : s->len - (n - 1);
	gone = (struct str){ s->p, len };
	if (r->where == REPAIR_CDATA) {
		/* text in which '&' is one */
		for (size_t i = 0; i < gone.len; i++)
			if (gone.p[i] == '&')
				text(r, STR("&amp;"), out);
			else
				text(r, (struct str){ gone.p + i, 1 }, out);
	} else
		blank(gone, out);
	s->p += len;
	s->len -= len;
	if (at == NULL)
		return (false);
	s->p += n;
	s->len -= n;
	r->where = REPAIR_TEXT;
	return (true);
}

/* At a '<'. Bytes taken; 0: more have to come. */
static size_t
markup(struct repair *r, struct str s, bool last, struct buf *out)
{
	static const struct { const char *mark; enum repair_where where; } special[] = {
		{ "<!--", REPAIR_COMMENT }, { "<![CDATA[", REPAIR_CDATA }, { "<?", REPAIR_PI },
	};
	size_t	 i;

	for (size_t k = 0; k < nitems(special); k++) {
		size_t	 n = strlen(special[k].mark);

		if (str_starts(s, special[k].mark)) {
			r->where = special[k].where;
			return (n);
		}
		if (!last && s.len < n && memcmp(s.p, special[k].mark, s.len) == 0)
			return (0);
	}
	for (i = 1; i < s.len && i < TAG_MAX && s.p[i] != '<' && s.p[i] != '>'; i++)
		;
	if (str_starts(s, "<!DOCTYPE") || str_starts(s, "<!ENTITY"))
		r->damaged = true;
	if (i == s.len && !last && i < TAG_MAX)
		return (0);
	if (i < s.len && s.p[i] == '>')
		i++;
	else if (i == TAG_MAX || i == s.len) {
		literal(r, (struct str){ s.p, 1 }, out);
		return (1);
	}
	tag(r, (struct str){ s.p, i }, out);
	return (i);
}

int
repair_feed(struct repair *r, struct str more, bool last, struct buf *out, struct err *e)
{
	struct str	 s;
	const char	*lt;
	size_t		 n;

	if (r->more)
		return (0);
	(void)buf_str(&r->in, more);
	s = buf_as_str(&r->in);
	while (s.len > 0 && !r->more) {
		if (r->where != REPAIR_TEXT) {
			if (!skip_to(r, r->where == REPAIR_COMMENT ? "-->" : r->where == REPAIR_CDATA ? "]]>" : "?>", last, &s, out))
				break;
			continue;
		}
		if (s.p[0] == '<') {
			if ((n = markup(r, s, last, out)) == 0)
				break;
		} else {
			lt = memchr(s.p, '<', s.len);
			n = lt == NULL ? s.len : (size_t)(lt - s.p);
			/* '&' may begin a reference that is not whole yet: values wait for their end, other text is nobody's */
			text(r, (struct str){ s.p, n }, out);
		}
		s.p += n;
		s.len -= n;
	}
	if (r->more)
		buf_drop(&r->in, r->in.len - r->rest);
	else
		buf_drop(&r->in, r->in.len - s.len);
	if (r->in.failed || r->value.failed || out->failed)
		return (err_set(e, ERR_TEMP, "out of memory"));
	return (0);
}
