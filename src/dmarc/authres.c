/*
 * authres.c - see authres.h.
 *
 * A cursor walks the value once. What is kept is copied into the struct's own
 * text, unquoted, so that no later reader meets a quote or a comment again;
 * the copy is never longer than the value, and so always has room.
 */
#include "dmarc/authres.h"

struct scan {
	const char	*p, *end;
	struct authres	*out;
	size_t		 used;		/* of out->text */
	struct str	*comment;	/* where the first comment that is met goes; NULL: nowhere */
	const char	*fault;
};

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static bool
is_word(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
}

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

static bool
fault(struct scan *s, const char *what)
{
	if (s->fault == NULL)
		s->fault = what;
	return (false);
}

static void
keep(struct scan *s, char c)
{
	s->out->text[s->used++] = c;
}

static struct str
kept(const struct scan *s, size_t from)
{
	return ((struct str){ s->out->text + from, s->used - from });
}

/* At "(": behind its ")". The text of the first one wanted is kept as written. */
static bool
comment(struct scan *s)
{
	const char	*begin = ++s->p;
	unsigned	 depth = 1;

	for (; s->p < s->end; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		else if (*s->p == '(')
			depth++;
		else if (*s->p == ')' && --depth == 0)
			break;
	}
	if (depth > 0)
		return (fault(s, "a comment without an end"));
	if (s->comment != NULL && s->comment->p == NULL) {
		size_t	 from = s->used;

		for (const char *c = begin; c < s->p; c++)
			keep(s, *c == '\r' || *c == '\n' || *c == '\t' ? ' ' : *c);
		*s->comment = kept(s, from);
	}
	s->p++;
	return (true);
}

/* Blanks and comments. */
static bool
cfws(struct scan *s)
{
	while (s->p < s->end) {
		if (is_blank(*s->p))
			s->p++;
		else if (*s->p != '(')
			break;
		else if (!comment(s))
			return (false);
	}
	return (true);
}

static bool
at(const struct scan *s, char c)
{
	return (s->p < s->end && *s->p == c);
}

/* At a quote: its text is kept, without quotes and backslashes. */
static bool
quoted(struct scan *s)
{
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		if (*s->p != '\r' && *s->p != '\n')
			keep(s, *s->p);
	}
	if (s->p == s->end)
		return (fault(s, "a quoted text without an end"));
	s->p++;
	return (true);
}

static bool
word(struct scan *s, bool dots, struct str *out)
{
	size_t	 from = s->used;

	while (s->p < s->end && (is_word(*s->p) || (dots && *s->p == '.' && s->used > from)))
		keep(s, ascii_lower(*s->p++));
	*out = kept(s, from);
	return (out->len > 0);
}

/*
 * The value of a property: up to a blank, ";" or a comment, where quoted texts
 * may stand for some of it ("a b"@example.com). Without <> around it.
 */
static bool
value(struct scan *s, struct str *out)
{
	size_t	 from = s->used;

	while (s->p < s->end && !is_blank(*s->p) && *s->p != ';' && *s->p != '(') {
		if (*s->p == '"') {
			if (!quoted(s))
				return (false);
		} else
			keep(s, *s->p++);
	}
	*out = kept(s, from);
	if (out->len >= 2 && out->p[0] == '<' && out->p[out->len - 1] == '>')
		*out = (struct str){ out->p + 1, out->len - 2 };
	return (true);
}

/* Does "name =" or "ptype . name =" begin here? Looks, and moves nothing. */
static bool
looks_like_property(const struct scan *s)
{
	const char	*p = s->p;
	bool		 dot = false;

	for (; p < s->end && (is_word(*p) || (*p == '.' && p > s->p)); p++)
		dot |= *p == '.';
	return (dot && p < s->end && *p == '=');
}

/* Behind the "=" of a property. */
static bool
property_value(struct scan *s, struct str *out)
{
	bool	 blank = s->p < s->end && is_blank(*s->p);

	if (!cfws(s))
		return (false);
	/* "smtp.mailfrom= header.from=example.com": the first has no value */
	if (blank && looks_like_property(s)) {
		*out = kept(s, s->used);
		return (true);
	}
	return (value(s, out));
}

/* One of "reason=...", "ptype.property=...", and "action=..." as one vendor has it. */
static bool
property(struct scan *s, struct authres_result *r)
{
	struct authres_prop	 p = { .ptype = STR_NONE };

	if (!word(s, false, &p.property))
		return (fault(s, "something that is no property"));
	if (!cfws(s))
		return (false);
	if (at(s, '.')) {
		s->p++;
		p.ptype = p.property;
		if (!cfws(s))
			return (false);
		if (!word(s, true, &p.property))
			return (fault(s, "a property without a name"));
		if (!cfws(s))
			return (false);
	}
	if (!at(s, '='))
		return (fault(s, "a property without \"=\""));
	s->p++;
	if (!property_value(s, &p.value))
		return (false);
	if (p.ptype.p == NULL && str_ieq(p.property, "reason")) {
		if (r->reason.p == NULL)
			r->reason = p.value;
		return (true);
	}
	if (s->out->nprops == AUTHRES_PROPS)
		return (fault(s, NULL));
	s->out->props[s->out->nprops++] = p;
	r->nprops++;
	return (true);
}

/* "method=", "method/1 =": looks only. */
static bool
looks_like_method(const struct scan *is)
{
	struct scan	 s = *is;

	s.comment = NULL;
	while (s.p < s.end && is_word(*s.p))
		s.p++;
	if (s.p == is->p || !cfws(&s))
		return (false);
	if (at(&s, '/')) {
		s.p++;
		if (!cfws(&s))
			return (false);
		while (s.p < s.end && is_digit(*s.p))
			s.p++;
		if (!cfws(&s))
			return (false);
	}
	return (at(&s, '='));
}

static bool
version(struct scan *s)
{
	const char	*from = s->p;

	while (s->p < s->end && is_digit(*s->p))
		s->p++;
	if (s->p != from + 1 || *from != '1')
		return (fault(s, "a version that is not 1"));
	return (true);
}

static bool
method(struct scan *s)
{
	struct authres_result	*r;
	size_t			 from;

	if (s->out->nresults == AUTHRES_RESULTS) {
		s->fault = NULL;
		return (false);
	}
	r = &s->out->results[s->out->nresults];
	*r = (struct authres_result){ .first_prop = s->out->nprops };
	if (!word(s, false, &r->method))
		return (fault(s, "something that is no method"));
	if (!cfws(s))
		return (false);
	if (at(s, '/')) {
		s->p++;
		if (!cfws(s) || !version(s) || !cfws(s))
			return (false);
	}
	if (!at(s, '='))
		return (fault(s, "a method without \"=\""));
	s->p++;
	if (!cfws(s))
		return (false);
	/* "x-spam=very:high": what we do not know may be more than a keyword */
	from = s->used;
	while (s->p < s->end && !is_blank(*s->p) && *s->p != ';' && *s->p != '(' && *s->p != '"')
		keep(s, ascii_lower(*s->p++));
	r->result = kept(s, from);
	if (r->result.len == 0)
		return (fault(s, "a method without a result"));
	s->comment = &r->comment;
	while (cfws(s) && s->p < s->end && *s->p != ';')
		if (!property(s, r))
			return (false);
	s->comment = NULL;
	s->out->nresults++;
	return (s->p == s->end || *s->p == ';');
}

/* "none", and nothing behind it. */
static bool
no_result(struct scan *s)
{
	struct scan	 look = *s;

	if (!str_istarts((struct str){ s->p, (size_t)(s->end - s->p) }, "none"))
		return (false);
	look.p += 4;
	if (!cfws(&look) || (look.p < look.end && *look.p != ';'))
		return (false);
	s->p = look.p;
	return (true);
}

static bool
authserv_id(struct scan *s)
{
	size_t	 from = s->used;

	if (!cfws(s))
		return (false);
	if (s->p == s->end || *s->p == ';')
		return (fault(s, "no authserv-id"));
	if (looks_like_method(s))
		return (true);
	if (*s->p == '"') {
		if (!quoted(s))
			return (false);
	} else
		while (s->p < s->end && !is_blank(*s->p) && *s->p != ';' && *s->p != '(' && *s->p != '=' && *s->p != '"')
			keep(s, *s->p++);
	for (size_t i = from; i < s->used; i++)
		s->out->text[i] = ascii_lower(s->out->text[i]);
	s->out->id = kept(s, from);
	if (!cfws(s))
		return (false);
	if (s->p < s->end && is_digit(*s->p) && (!version(s) || !cfws(s)))
		return (false);
	if (s->p < s->end && *s->p != ';')
		return (fault(s, "something behind the authserv-id that is no version"));
	return (true);
}

static bool
walk(struct scan *s)
{
	bool	 first = true;

	for (const char *p = s->p; p < s->end; p++)
		if (((unsigned char)*p < 0x20 && !is_blank(*p)) || *p == 0x7f)
			return (fault(s, "a control character"));
	if (!authserv_id(s))
		return (false);
	while (s->p < s->end) {
		if (*s->p == ';')
			s->p++;
		else if (!first || s->out->id.p != NULL)
			return (fault(s, "something that is no result"));
		first = false;
		if (!cfws(s))
			return (false);
		if (s->p == s->end || *s->p == ';')
			continue;	/* a ";" too many */
		if (s->out->nresults == 0 && !s->out->none && no_result(s))
			s->out->none = true;
		else if (s->out->none)
			return (fault(s, "a result behind \"none\""));
		else if (!method(s))
			return (false);
	}
	return (s->fault == NULL);
}

int
authres_parse(struct str v, struct authres *out, struct err *e)
{
	struct scan	 s = { .p = v.p, .end = v.p == NULL ? NULL : v.p + v.len, .out = out };

	out->id = STR_NONE;
	out->none = false;
	out->nresults = out->nprops = 0;
	if (v.len > AUTHRES_BYTES)
		return (err_set(e, ERR_LIMIT, "Authentication-Results: %zu bytes, more than %d", v.len, AUTHRES_BYTES));
	if (v.p != NULL && walk(&s))
		return (0);
	out->id = STR_NONE;
	out->none = false;
	out->nresults = out->nprops = 0;
	if (v.p != NULL && s.fault == NULL)
		return (err_set(e, ERR_LIMIT, "Authentication-Results: more than %d results or %d properties", AUTHRES_RESULTS,
		    AUTHRES_PROPS));
	return (err_set(e, ERR_INPUT, "Authentication-Results: %s at byte %zu", s.fault == NULL ? "nothing" : s.fault,
	    v.p == NULL ? (size_t)0 : (size_t)(s.p - v.p)));
}

struct str
authres_prop(const struct authres *a, const struct authres_result *r, const char *ptype, const char *name)
{
	for (unsigned i = r->first_prop; i < r->first_prop + r->nprops; i++)
		if (a->props[i].ptype.p != NULL && str_ieq(a->props[i].ptype, ptype) && str_ieq(a->props[i].property, name))
			return (a->props[i].value);
	return (STR_NONE);
}
