/*
 * spf.c - see spf.h.
 */
#include <arpa/inet.h>

#include "dmarc/name.h"
#include "dmarc/spf.h"

#define DEPTH	12	/* of includes: past the limit of look-ups by then */
#define VISITS	200	/* records looked at in all */

const char *const spf_fault_names[SPF_FAULTS] = { "sound", "no-record", "syntax", "unknown-mechanism", "modifier-twice", "several",
	"too-many-lookups", "missing", "loop" };

bool
spf_is(struct str text)
{
	return (str_istarts(text, "v=spf1") && (text.len == 6 || text.p[6] == ' '));
}

static bool
letter(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

static bool
digit(char c)
{
	return (c >= '0' && c <= '9');
}

static bool
one_of(char c, const char *set)
{
	return (c != '\0' && strchr(set, c) != NULL);
}

static struct str
from(struct str s, size_t n)
{
	return ((struct str){ s.p + n, s.len - n });
}

/* --- Macros and names (7.1) ------------------------------------------------------------ */

/* At "%": the length of what it begins; 0: nothing. */
static size_t
macro(struct str s)
{
	size_t	 i = 3;
	bool	 nought = true;

	if (s.len >= 2 && one_of(s.p[1], "%_-"))
		return (2);
	if (s.len < 4 || s.p[1] != '{' || !one_of(ascii_lower(s.p[2]), "slodipvh"))
		return (0);
	if (i < s.len && digit(s.p[i])) {
		for (; i < s.len && digit(s.p[i]); i++)
			nought &= s.p[i] == '0';
		if (nought)
			return (0);
	}
	if (i < s.len && ascii_lower(s.p[i]) == 'r')
		i++;
	while (i < s.len && one_of(s.p[i], ".-+,/_="))
		i++;
	return (i < s.len && s.p[i] == '}' ? i + 1 : 0);
}

/* *end: how much of it stands behind the last macro. */
static bool
macros(struct str s, size_t *end, bool *any)
{
	size_t	 n;

	*end = s.len;
	*any = false;
	for (size_t i = 0; i < s.len; i += n) {
		n = 1;
		if (s.p[i] < '!' || s.p[i] > '~')
			return (false);
		if (s.p[i] != '%')
			continue;
		if ((n = macro(from(s, i))) == 0)
			return (false);
		*any = true;
		*end = s.len - i - n;
	}
	return (true);
}

/* The last label: letters, digits and hyphens, not digits alone. */
static bool
top_label(struct str s)
{
	bool	 digits = true;

	if (s.len == 0 || s.p[0] == '-' || s.p[s.len - 1] == '-')
		return (false);
	for (size_t i = 0; i < s.len; i++) {
		if (!letter(s.p[i]) && !digit(s.p[i]) && s.p[i] != '-')
			return (false);
		digits &= digit(s.p[i]);
	}
	return (!digits);
}

static bool
domain_spec(struct str s, bool *any)
{
	size_t		 end;
	const char	*dot;
	bool		 rv;

	if (s.len == 0 || !macros(s, &end, &rv))
		return (false);
	if (any != NULL)
		*any = rv;
	if (end == 0)
		return (true);	/* ends with a macro */
	s = from(s, s.len - end);
	if (s.p[s.len - 1] == '.')
		s.len--;
	if (s.len == 0 || (dot = memrchr(s.p, '.', s.len)) == NULL)
		return (false);
	return (top_label(from(s, (size_t)(dot + 1 - s.p))));
}

/* --- Prefix lengths -------------------------------------------------------------------- */

/* "/NUMBER" at the end, with so many slashes: cut off. False: what stands there is too long, or begins with a nought. */
static bool
cidr_cut(struct str *s, size_t slashes, unsigned most)
{
	size_t		 n = s->len, digits;
	unsigned	 v = 0;

	while (n > 0 && digit(s->p[n - 1]))
		n--;
	digits = s->len - n;
	if (n < slashes || s->p[n - 1] != '/' || (slashes == 2) != (n >= 2 && s->p[n - 2] == '/'))
		return (true);	/* there is none of that form */
	if (digits == 0 || digits > 3 || (digits > 1 && s->p[n] == '0'))
		return (false);
	for (size_t i = n; i < s->len; i++)
		v = v * 10 + (unsigned)(s->p[i] - '0');
	s->len = n - slashes;
	return (v <= most);
}

static bool
address(struct str s, int family)
{
	unsigned char	 bin[16];
	char		 z[64];

	if (!cidr_cut(&s, 1, family == AF_INET ? 32 : 128) || s.len == 0 || s.len >= sizeof(z))
		return (false);
	memcpy(z, s.p, s.len);
	z[s.len] = '\0';
	return (inet_pton(family, z, bin) == 1);
}

/* --- Terms ---------------------------------------------------------------------------- */

enum form { FORM_NONE, FORM_DOMAIN, FORM_HOST, FORM_PTR, FORM_IP4, FORM_IP6 };
static const struct { const char *name; enum form form; unsigned lookups; } mechanisms[] = {
	{ "all", FORM_NONE, 0 }, { "include", FORM_DOMAIN, 1 }, { "a", FORM_HOST, 1 }, { "mx", FORM_HOST, 1 }, { "ptr", FORM_PTR, 1 },
	{ "ip4", FORM_IP4, 0 }, { "ip6", FORM_IP6, 0 }, { "exists", FORM_DOMAIN, 1 },
};

/* rest: behind the name, with the sign that stands there. */
static bool
form_ok(enum form form, struct str rest, bool *any)
{
	bool	 colon = rest.len > 0 && rest.p[0] == ':';

	switch (form) {
	case FORM_NONE:
		return (rest.len == 0);
	case FORM_DOMAIN:
		return (colon && domain_spec(from(rest, 1), any));
	case FORM_PTR:
		return (rest.len == 0 || (colon && domain_spec(from(rest, 1), NULL)));
	case FORM_HOST:
		if (!cidr_cut(&rest, 2, 128) || !cidr_cut(&rest, 1, 32))
			return (false);
		return (rest.len == 0 || (rest.p[0] == ':' && domain_spec(from(rest, 1), NULL)));
	case FORM_IP4:
		return (colon && address(from(rest, 1), AF_INET));
	case FORM_IP6:
		return (colon && address(from(rest, 1), AF_INET6));
	}
	return (false);
}

static void
target_add(struct spf_record *r, struct str name, bool redirect, bool any)
{
	if (r->ntargets == SPF_TARGETS)
		return;
	r->targets[r->ntargets].name = name;
	r->targets[r->ntargets].redirect = redirect;
	r->targets[r->ntargets++].macro = any;
}

struct seen {
	bool		 all, exp, redirect, macro;
	struct str	 to;
};

static enum spf_fault
modifier(struct str name, struct str value, struct seen *seen)
{
	size_t	 end;
	bool	 any;

	if (str_ieq(name, "redirect")) {
		if (seen->redirect)
			return (SPF_TWICE);
		seen->redirect = true;
		seen->to = value;
		return (domain_spec(value, &seen->macro) ? SPF_SOUND : SPF_SYNTAX);
	}
	if (str_ieq(name, "exp")) {
		if (seen->exp)
			return (SPF_TWICE);
		seen->exp = true;
		return (domain_spec(value, NULL) ? SPF_SOUND : SPF_SYNTAX);
	}
	return (macros(value, &end, &any) ? SPF_SOUND : SPF_SYNTAX);
}

static bool
modifier_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!letter(s.p[i]) && (i == 0 || (!digit(s.p[i]) && !one_of(s.p[i], "-_."))))
			return (false);
	return (s.len > 0);
}

static enum spf_fault
directive(struct str t, struct spf_record *r, struct seen *seen)
{
	size_t	 n = 0;
	bool	 any = false;

	if (one_of(t.p[0], "+-~?"))
		t = from(t, 1);
	while (n < t.len && t.p[n] != ':' && t.p[n] != '/')
		n++;
	for (size_t i = 0; i < nitems(mechanisms); i++) {
		if (!str_ieq((struct str){ t.p, n }, mechanisms[i].name))
			continue;
		if (!form_ok(mechanisms[i].form, from(t, n), &any))
			return (SPF_SYNTAX);
		if (seen->all)
			return (SPF_SOUND);	/* nobody comes so far */
		r->lookups += mechanisms[i].lookups;
		seen->all = mechanisms[i].form == FORM_NONE;
		if (str_ieq((struct str){ t.p, n }, "include"))
			target_add(r, from(t, n + 1), false, any);
		return (SPF_SOUND);
	}
	return (SPF_UNKNOWN);
}

static enum spf_fault
term(struct str t, struct spf_record *r, struct seen *seen)
{
	size_t	 n = 0;

	while (n < t.len && t.p[n] != '=' && t.p[n] != ':' && t.p[n] != '/')
		n++;
	if (n < t.len && t.p[n] == '=' && modifier_name((struct str){ t.p, n }))
		return (modifier((struct str){ t.p, n }, from(t, n + 1), seen));
	return (directive(t, r, seen));
}

enum spf_fault
spf_read(struct str text, struct spf_record *r)
{
	struct seen	 seen = { .all = false };
	struct str	 t;

	*r = (struct spf_record){ .fault = SPF_NO_RECORD };
	if (!spf_is(text))
		return (SPF_NO_RECORD);
	r->fault = SPF_SOUND;
	for (size_t at = 6; at < text.len; at += t.len) {
		t = (struct str){ text.p + at, 0 };
		if (*t.p == ' ') {
			t.len = 1;
			continue;
		}
		while (at + t.len < text.len && t.p[t.len] != ' ')
			t.len++;
		if ((r->fault = term(t, r, &seen)) == SPF_SOUND)
			continue;
		r->term = t;
		r->at = at;
		return (r->fault);
	}
	if (seen.redirect && !seen.all) {
		r->lookups++;
		target_add(r, seen.to, true, seen.macro);
	}
	return (SPF_SOUND);
}

bool
spf_target(struct str name, char out[254])
{
	size_t	 n = 0, label = 0;

	if (name.len > 0 && name.p[name.len - 1] == '.')
		name.len--;
	for (; n < name.len; n++) {
		char	 c = name.p[n];

		if (n == DOMAIN_MAX || (c == '.' ? label == 0 : c <= ' ' || c > '~' || c == '\\' || ++label > 63))
			return (false);
		label = c == '.' ? 0 : label;
		out[n] = ascii_lower(c);
	}
	out[n] = '\0';
	return (label > 0);
}

/* --- All of it ------------------------------------------------------------------------- */

struct sum {
	const struct spf_dns	*dns;
	const struct spf_seen	*seen;	/* NULL: nobody wants to know */
	struct spf_sum		*out;
	struct str		 path[DEPTH];
	unsigned		 depth;
};

static void
fault_at(struct spf_sum *s, enum spf_fault fault, struct str at, struct str t)
{
	size_t	 n = 0;

	if (s->fault != SPF_SOUND)
		return;		/* the first one is told */
	s->fault = fault;
	(void)snprintf(s->at, sizeof(s->at), "%.*s", (int)at.len, at.p);
	for (; n < t.len && n < sizeof(s->term) - 1; n++)
		s->term[n] = t.p[n] > ' ' && t.p[n] <= '~' ? t.p[n] : '?';
	s->term[n] = '\0';
}

static void
tell(const struct sum *s, const struct spf_step *step)
{
	if (s->seen != NULL)
		s->seen->step(s->seen->ctx, step);
}

/* The one record among the texts. */
static enum spf_answer
record_at(struct sum *s, struct str name, struct spf_record *r, struct str *text)
{
	const struct str	*texts, *found = NULL;
	enum spf_answer		 a;
	size_t			 n = 0;

	*r = (struct spf_record){ .fault = SPF_SOUND };
	*text = STR_NONE;
	if ((a = s->dns->texts(s->dns->ctx, name, &texts, &n)) != SPF_TEXTS)
		return (a);
	for (size_t i = 0; i < n; i++) {
		if (!spf_is(texts[i]))
			continue;
		if (found != NULL) {
			*r = (struct spf_record){ .fault = SPF_SEVERAL };
			*text = STR_NONE;
			return (SPF_TEXTS);
		}
		*text = texts[i];
		found = &texts[i];
	}
	if (found == NULL)
		return (SPF_NOTHING);
	(void)spf_read(*found, r);
	return (SPF_TEXTS);
}

static enum spf_answer	 visit(struct sum *, struct str, bool redirect);

static void
follow(struct sum *s, struct str name, const char *to, struct str t, bool redirect)
{
	struct str	 target = str_of(to);

	for (unsigned i = 0; i < s->depth; i++)
		if (str_eq(s->path[i], target)) {
			fault_at(s->out, SPF_LOOP, name, t);
			return;
		}
	if (s->depth == DEPTH || s->out->names >= VISITS) {
		s->out->unknown++;
		return;
	}
	switch (visit(s, target, redirect)) {
	case SPF_NOTHING:
		fault_at(s->out, SPF_MISSING, target, STR_NONE);
		break;
	case SPF_NOT_KNOWN:
		s->out->unknown++;
		break;
	case SPF_TEXTS:
		break;
	}
}

static enum spf_answer
visit(struct sum *s, struct str name, bool redirect)
{
	struct spf_record	 r;
	struct spf_step		 step = { .name = name, .depth = s->depth, .redirect = redirect };
	enum spf_answer		 a;
	char			 to[254];

	s->out->names++;
	a = step.answer = record_at(s, name, &r, &step.text);
	step.fault = r.fault;
	step.lookups = r.lookups;
	tell(s, &step);
	if (a != SPF_TEXTS)
		return (a);
	if (r.fault != SPF_SOUND) {
		fault_at(s->out, r.fault, name, r.term);
		return (a);
	}
	s->out->lookups += r.lookups;
	s->path[s->depth++] = name;
	for (unsigned i = 0; i < r.ntargets; i++)
		if (r.targets[i].macro) {
			s->out->unknown++;
			step = (struct spf_step){ .name = r.targets[i].name, .depth = s->depth, .redirect = r.targets[i].redirect, .macro = true,
			    .answer = SPF_NOT_KNOWN };
			tell(s, &step);
		} else if (spf_target(r.targets[i].name, to))
			follow(s, name, to, r.targets[i].name, r.targets[i].redirect);
		else
			fault_at(s->out, SPF_SYNTAX, name, r.targets[i].name);
	s->depth--;
	return (a);
}

void
spf_walk(const struct spf_dns *dns, struct str name, const struct spf_seen *seen, struct spf_sum *out)
{
	struct sum	 s = { .dns = dns, .seen = seen, .out = out };

	*out = (struct spf_sum){ .fault = SPF_SOUND };
	out->answer = visit(&s, name, false);
	if (out->fault == SPF_SOUND && out->lookups > SPF_LOOKUPS)
		fault_at(out, SPF_TOO_MANY, name, STR_NONE);
}

void
spf_sum(const struct spf_dns *dns, struct str name, struct spf_sum *out)
{
	spf_walk(dns, name, NULL, out);
}
