/*
 * catalogue.c - see catalogue.h.
 *
 * Every domain of every role is one place of an open hash table; a look-up
 * tries the name, then the name without its first label, and so on. The whole
 * list is read in well under a millisecond, by the processes that need it when
 * they need it, so it is kept as the text that people edit.
 */
#include "base/escape.h"
#include "base/hash.h"
#include "enrich/catalogue.h"

#define NAME_BYTES	80
#define SEED		UINT64_C(0x73656e64657273)	/* the list is ours: no need for a secret */

const char *const sender_kind_names[KIND_COUNT] = {
	"unknown", "service", "provider", "forwarder", "list", "gateway", "hosting", "isp"
};
const char *const sender_aligns_names[ALIGNS_COUNT] = { "unknown", "yes", "no", "dedicated" };

#define ROLE_SELECTOR	ROLE_COUNT

struct place {
	const char	*name;		/* NULL: free */
	uint32_t	 len;
	uint32_t	 hash;
	uint16_t	 entry;		/* from 0 */
	uint8_t		 role;
};

struct prefix {
	struct str	 text;
	uint16_t	 entry;
};

struct catalogue {
	struct arena		*a;
	struct catalogue_entry	*entries;
	size_t			 n, room;
	struct place		*places;
	size_t			 nplaces, mask;
	struct prefix		*prefixes;	/* selectors that end in '*' */
	size_t			 nprefixes;
	uint64_t		 stamp;
	/* while reading */
	const char		*file;
	unsigned		 line, faults;
	struct buf		*out;
	struct err		*e;
	bool			 failed;
};

/* --- Words ------------------------------------------------------------------ */

enum sender_kind
sender_kind_parse(struct str s)
{
	for (int i = KIND_SERVICE; i < KIND_COUNT; i++)
		if (str_eq(s, str_of(sender_kind_names[i])))
			return ((enum sender_kind)i);
	return (KIND_UNKNOWN);
}

static bool
label_char(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
}

bool
catalogue_domain_ok(struct str d)
{
	size_t	 label = 0, labels = 1;

	if (d.len == 0 || d.len > 253)
		return (false);
	for (size_t i = 0; i < d.len; i++) {
		if (d.p[i] == '.') {
			if (label == 0 || d.p[i - 1] == '-')
				return (false);
			label = 0;
			labels++;
		} else if (!label_char(d.p[i]) || (d.p[i] == '-' && label == 0) || ++label > 63)
			return (false);
	}
	/* one label would be a whole top level */
	return (label > 0 && d.p[d.len - 1] != '-' && labels > 1);
}

bool
catalogue_selector_ok(struct str s)
{
	size_t	 n = s.len > 0 && s.p[s.len - 1] == '*' ? s.len - 1 : s.len;

	if (n == 0 || n > 120 || (n < s.len && n < 3))
		return (false);
	for (size_t i = 0; i < n; i++)
		if (!label_char(s.p[i]) && s.p[i] != '.')
			return (false);
	return (true);
}

/* The next word of *rest; absent at its end. */
static struct str
word(struct str *rest)
{
	struct str	 w = STR_NONE;

	while (rest->len > 0 && *rest->p == ' ') {
		rest->p++;
		rest->len--;
	}
	if (rest->len == 0)
		return (w);
	w.p = rest->p;
	while (rest->len > 0 && *rest->p != ' ') {
		rest->p++;
		rest->len--;
		w.len++;
	}
	return (w);
}

/* --- The table ----------------------------------------------------------------- */

static uint32_t
place_hash(unsigned role, struct str d)
{
	return ((uint32_t)hash64(SEED + role, d.p, d.len));
}

static struct place *
place_at(const struct catalogue *c, unsigned role, uint32_t hash, struct str d)
{
	size_t	 i = hash & c->mask;

	while (c->places[i].name != NULL && (c->places[i].hash != hash || c->places[i].role != role ||
	    c->places[i].len != d.len || memcmp(c->places[i].name, d.p, d.len) != 0))
		i = (i + 1) & c->mask;
	return (&c->places[i]);
}

static bool
places_grow(struct catalogue *c)
{
	struct place	*old = c->places;
	size_t		 n = c->mask + 1, room = old == NULL ? 4096 : n * 2;

	if (old != NULL && c->nplaces * 2 < n)
		return (true);
	if ((c->places = calloc(room, sizeof(*c->places))) == NULL) {
		c->places = old;
		return (false);
	}
	c->mask = room - 1;
	for (size_t i = 0; old != NULL && i < n; i++)
		if (old[i].name != NULL)
			*place_at(c, old[i].role, old[i].hash, (struct str){ old[i].name, old[i].len }) = old[i];
	free(old);
	return (true);
}

static struct catalogue *
catalogue_new(void)
{
	struct catalogue	*c = calloc(1, sizeof(*c));

	if (c == NULL || (c->a = arena_new((size_t)4 << 20)) == NULL || !places_grow(c)) {
		catalogue_free(c);
		return (NULL);
	}
	return (c);
}

void
catalogue_free(struct catalogue *c)
{
	if (c == NULL)
		return;
	arena_free(c->a);
	free(c->entries);
	free(c->places);
	free(c->prefixes);
	free(c);
}

static void fault(struct catalogue *, const char *, ...) PRINTFLIKE(2, 3);

static void
fault(struct catalogue *c, const char *fmt, ...)
{
	char	 text[200];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (c->faults++ == 0)
		(void)err_set(c->e, ERR_CONFIG, "%s:%u: %s", c->file, c->line, text);
	if (c->out != NULL)
		(void)buf_printf(c->out, "%s:%u: %s\n", c->file, c->line, text);
}

static struct catalogue_entry *
entry_new(struct catalogue *c, struct str name)
{
	struct catalogue_entry	*p;

	if (c->n == c->room) {
		if (c->n >= UINT16_MAX - 512 || (p = realloc(c->entries, (c->room + 512) * sizeof(*p))) == NULL)
			return (NULL);
		c->entries = p;
		c->room += 512;
	}
	p = &c->entries[c->n];
	*p = (struct catalogue_entry){ .name = arena_strndup(c->a, name.p, name.len), .line = c->line };
	if (p->name == NULL)
		return (NULL);
	c->n++;
	c->stamp = hash64(c->stamp, name.p, name.len);
	return (p);
}

static const char *
clean(struct str w, char out[64])
{
	return (esc_short(out, 64, w));
}

/* False: out of memory. What is wrong with it is a fault. */
static bool
place_put(struct catalogue *c, unsigned role, struct str d)
{
	struct catalogue_entry	*mine = &c->entries[c->n - 1];
	struct place		*p;
	uint32_t		 h = place_hash(role, d);
	char			 shown[64];

	if (!places_grow(c))
		return (false);
	p = place_at(c, role, h, d);
	if (p->name != NULL && c->entries[p->entry].user == mine->user) {
		fault(c, "%s stands under %s already (line %u)", clean(d, shown), c->entries[p->entry].name, c->entries[p->entry].line);
		return (true);
	}
	if (p->name == NULL) {
		if ((p->name = arena_strndup(c->a, d.p, d.len)) == NULL)
			return (false);
		c->nplaces++;
	}
	p->len = (uint32_t)d.len;
	p->hash = h;
	p->role = (uint8_t)role;
	p->entry = (uint16_t)(c->n - 1);
	mine->domains++;
	c->stamp = hash64(c->stamp + role, d.p, d.len);
	return (true);
}

static bool
selector_put(struct catalogue *c, struct str s)
{
	struct prefix	*v;

	if (s.p[s.len - 1] != '*')
		return (place_put(c, ROLE_SELECTOR, s));
	if ((v = realloc(c->prefixes, (c->nprefixes + 1) * sizeof(*v))) == NULL)
		return (false);
	c->prefixes = v;
	s.len--;
	v[c->nprefixes] = (struct prefix){ arena_str(c->a, s), (uint16_t)(c->n - 1) };
	c->stamp = hash64(c->stamp + 99, s.p, s.len);
	c->entries[c->n - 1].domains++;
	return (v[c->nprefixes++].text.p != NULL);
}

/* --- Reading ------------------------------------------------------------------------ */

static bool
take_domains(struct catalogue *c, unsigned first, unsigned last, struct str value)
{
	struct str	 w;
	char		 shown[64];
	bool		 ok = true, any = false;

	while (ok && (w = word(&value)).p != NULL) {
		any = true;
		if (!catalogue_domain_ok(w)) {
			fault(c, "\"%s\" is no domain (lower case, A-labels, at least two labels)", clean(w, shown));
			continue;
		}
		for (unsigned r = first; r <= last && ok; r++)
			ok = place_put(c, r, w);
	}
	if (!any)
		fault(c, "a domain is missing here");
	return (ok);
}

static bool
take_selectors(struct catalogue *c, struct str value)
{
	struct str	 w;
	char		 shown[64];
	bool		 ok = true, any = false;

	while (ok && (w = word(&value)).p != NULL) {
		any = true;
		if (catalogue_selector_ok(w))
			ok = selector_put(c, w);
		else
			fault(c, "\"%s\" is no selector", clean(w, shown));
	}
	if (!any)
		fault(c, "a selector is missing here");
	return (ok);
}

static bool
take_text(struct catalogue *c, const char **to, struct str value)
{
	if (*to != NULL)
		fault(c, "this stands a second time");
	if (value.len < 10 || value.p[value.len - 1] != '.')
		fault(c, "a sentence is expected here, with its full stop");
	*to = arena_strndup(c->a, value.p, value.len);
	return (*to != NULL);
}

static bool
take_key(struct catalogue *c, struct str key, struct str value)
{
	static const char *const	 roles[ROLE_COUNT] = { "dkim", "bounce", "ptr", "spf" };
	struct catalogue_entry		*n = &c->entries[c->n - 1];
	char				 shown[64];

	if (str_eq(key, STR("any")))
		return (take_domains(c, 0, ROLE_COUNT - 1, value));
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (str_eq(key, str_of(roles[r])))
			return (take_domains(c, r, r, value));
	if (str_eq(key, STR("selector")))
		return (take_selectors(c, value));
	if (str_eq(key, STR("setup-dkim")))
		return (take_text(c, &n->setup_dkim, value));
	if (str_eq(key, STR("setup-path")))
		return (take_text(c, &n->setup_path, value));
	if (str_eq(key, STR("kind"))) {
		if (n->kind != KIND_UNKNOWN)
			fault(c, "kind stands a second time");
		if ((n->kind = sender_kind_parse(value)) == KIND_UNKNOWN)
			fault(c, "kind \"%s\" is not one of service provider forwarder list gateway hosting isp", clean(value, shown));
		c->stamp += (uint64_t)n->kind;
	} else if (str_eq(key, STR("aligns"))) {
		for (int i = ALIGNS_YES; i < ALIGNS_COUNT; i++)
			if (str_eq(value, str_of(sender_aligns_names[i])))
				n->aligns = (enum sender_aligns)i;
		if (n->aligns == ALIGNS_UNKNOWN)
			fault(c, "aligns \"%s\" is not yes, no or dedicated", clean(value, shown));
	} else
		fault(c, "\"%s\" is not one of kind any dkim bounce ptr spf selector aligns setup-dkim setup-path", clean(key, shown));
	return (true);
}

/* Names in order, upper and lower case alike, bytes else. */
static int
name_order(const char *a, const char *b)
{
	while (*a != '\0' && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return ((int)(unsigned char)ascii_lower(*a) - (int)(unsigned char)ascii_lower(*b));
}

static void
entry_done(struct catalogue *c)
{
	const struct catalogue_entry	*n;
	unsigned			 line = c->line;

	if (c->n == 0)
		return;
	n = &c->entries[c->n - 1];
	c->line = n->line;
	if (n->kind == KIND_UNKNOWN && c->faults == 0)
		fault(c, "%s has no kind", n->name);
	if (n->domains == 0 && c->faults == 0)
		fault(c, "%s has no domain and no selector", n->name);
	c->line = line;
}

static bool
take_name(struct catalogue *c, struct str name)
{
	char	 shown[64];

	entry_done(c);
	if (name.len > NAME_BYTES || name.p[name.len - 1] == ' ' || !str_utf8_ok(name))
		fault(c, "the name \"%s\" is too long, ends in a blank or is not UTF-8", clean(name, shown));
	if (entry_new(c, name) == NULL)
		return (false);
	if (c->n > 1 && name_order(c->entries[c->n - 2].name, c->entries[c->n - 1].name) >= 0)
		fault(c, "%s has to stand before %s (and once)", c->entries[c->n - 1].name, c->entries[c->n - 2].name);
	return (true);
}

static bool
take_line(struct catalogue *c, struct str line)
{
	struct str	 key, value;
	const char	*tab;

	if (line.len == 0 || line.p[0] == '#')
		return (true);
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t') {
			fault(c, "a control character");
			return (true);
		}
	if (line.p[0] != '\t')
		return (take_name(c, line));
	line.p++;
	line.len--;
	if (c->n == 0) {
		fault(c, "a key before the first name");
		return (true);
	}
	if ((tab = memchr(line.p, '\t', line.len)) == NULL) {
		fault(c, "a tab is missing between the key and its value");
		return (true);
	}
	key = (struct str){ line.p, (size_t)(tab - line.p) };
	value = str_trim((struct str){ tab + 1, line.len - key.len - 1 });
	return (take_key(c, key, value));
}

struct catalogue *
catalogue_parse(const char *file, struct str text, struct buf *faults, struct err *e)
{
	struct catalogue	*c = catalogue_new();
	bool			 ok = c != NULL;

	if (ok) {
		c->file = file;
		c->out = faults;
		c->e = e;
	}
	while (ok && text.len > 0) {
		const char	*nl = memchr(text.p, '\n', text.len);
		struct str	 line = { text.p, nl == NULL ? text.len : (size_t)(nl - text.p) };

		c->line++;
		ok = take_line(c, line);
		text.p += line.len + (nl != NULL);
		text.len -= line.len + (nl != NULL);
	}
	if (!ok) {
		catalogue_free(c);
		(void)err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	entry_done(c);
	if (c->faults > 0) {
		catalogue_free(c);
		return (NULL);
	}
	return (c);
}

struct catalogue *
catalogue_builtin(struct err *e)
{
	return (catalogue_parse("senders.txt", str_of(catalogue_text), NULL, e));
}

int
catalogue_add(struct catalogue *c, const struct catalogue_user *u, struct err *e)
{
	const char *const	 lists[ROLE_COUNT] = { u->dkim, u->bounce, u->ptr, u->spf };
	struct catalogue_entry	*n;
	bool			 ok;

	c->file = "sender";
	c->line = 0;
	c->faults = 0;
	c->out = NULL;
	c->e = e;
	if ((n = entry_new(c, str_of(u->name))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	n->user = true;
	n->kind = u->kind == NULL ? KIND_SERVICE : sender_kind_parse(str_of(u->kind));
	c->stamp += 1000 + (uint64_t)n->kind;
	ok = u->any == NULL || take_domains(c, 0, ROLE_COUNT - 1, str_of(u->any));
	for (unsigned r = 0; r < ROLE_COUNT && ok; r++)
		ok = lists[r] == NULL || take_domains(c, r, r, str_of(lists[r]));
	ok = ok && (u->selector == NULL || take_selectors(c, str_of(u->selector)));
	if (!ok)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (c->faults == 0 && n->kind == KIND_UNKNOWN)
		fault(c, "\"%s\" is not one of service provider forwarder list gateway hosting isp", u->kind);
	return (c->faults > 0 ? -1 : 0);
}

/* --- Looking up ------------------------------------------------------------------------- */

size_t
catalogue_size(const struct catalogue *c)
{
	return (c->n);
}

const struct catalogue_entry *
catalogue_at(const struct catalogue *c, size_t i)
{
	return (&c->entries[i]);
}

const struct catalogue_entry *
catalogue_named(const struct catalogue *c, struct str name)
{
	/* the operator's stand last and win */
	for (size_t i = c->n; i-- > 0;)
		if (str_eq(str_of(c->entries[i].name), name))
			return (&c->entries[i]);
	return (NULL);
}

const struct catalogue_entry *
catalogue_find(const struct catalogue *c, enum catalogue_role role, struct str d)
{
	const struct catalogue_entry	*best = NULL, *n;
	const struct place		*p;
	const char			*dot;

	while (d.len > 0 && (dot = memchr(d.p, '.', d.len)) != NULL) {
		p = place_at(c, role, place_hash(role, d), d);
		if (p->name != NULL) {
			n = &c->entries[p->entry];
			if (n->user)
				return (n);
			if (best == NULL)
				best = n;
		}
		d.len -= (size_t)(dot + 1 - d.p);
		d.p = dot + 1;
	}
	return (best);
}

const struct catalogue_entry *
catalogue_selector(const struct catalogue *c, struct str s)
{
	const struct place		*p;
	const struct catalogue_entry	*best = NULL;

	if (s.len == 0 || s.len > 200)
		return (NULL);
	p = place_at(c, ROLE_SELECTOR, place_hash(ROLE_SELECTOR, s), s);
	if (p->name != NULL)
		best = &c->entries[p->entry];
	for (size_t i = 0; i < c->nprefixes && (best == NULL || !best->user); i++)
		if (s.len > c->prefixes[i].text.len && memcmp(s.p, c->prefixes[i].text.p, c->prefixes[i].text.len) == 0 &&
		    (best == NULL || c->entries[c->prefixes[i].entry].user))
			best = &c->entries[c->prefixes[i].entry];
	return (best);
}

uint64_t
catalogue_stamp(const struct catalogue *c)
{
	return (c->stamp & (uint64_t)INT64_MAX);
}
