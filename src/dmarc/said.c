/*
 * said.c - see said.h.
 */
#include "dmarc/said.h"

#define KEY_BYTES	3072	/* of a key; those of 16384 bits have 2100 */

const char *const key_use_names[KEY_USES] = { "none", "sound", "revoked", "several", "broken", "foreign" };

/* --- DMARC ----------------------------------------------------------------------------------- */

static enum dmarc_request
in_effect(const struct dmarc_record *r, enum dmarc_request asked)
{
	return (r->testing || r->pct == 0 ? dmarc_request_lower(asked) : asked);
}

void
dmarc_says(const struct str *texts, size_t n, struct dmarc_says *out)
{
	struct dmarc_record	 r;

	*out = (struct dmarc_says){ .said = DMARC_ABSENT, .p = REQUEST_NONE, .sp = REQUEST_NONE, .np = REQUEST_NONE };
	for (size_t i = 0; i < n; i++) {
		if (dmarc_record_read(texts[i], &r) == RECORD_NO)
			continue;
		if (out->said != DMARC_ABSENT) {
			*out = (struct dmarc_says){ .said = DMARC_SEVERAL, .p = REQUEST_NONE, .sp = REQUEST_NONE, .np = REQUEST_NONE };
			return;
		}
		out->said = DMARC_ONE;
		out->record = r;
		out->text = texts[i];
		out->rua = dmarc_record_rua(texts[i]);
		out->p = in_effect(&r, r.p);
		out->sp = r.sp == REQUEST_ABSENT ? out->p : in_effect(&r, r.sp);
		out->np = r.np == REQUEST_ABSENT ? out->sp : in_effect(&r, r.np);
	}
}

unsigned
dmarc_weaker(const struct dmarc_says *was, const struct dmarc_says *is, unsigned *steps)
{
	unsigned	 tags = 0, n = 0;

	if (is->p < was->p) {
		tags |= WEAKER_P;
		n += (unsigned)(was->p - is->p);
	}
	if (is->sp < was->sp) {
		tags |= WEAKER_SP;
		n += (unsigned)(was->sp - is->sp);
	}
	if (is->np < was->np) {
		tags |= WEAKER_NP;
		n += (unsigned)(was->np - is->np);
	}
	if (steps != NULL)
		*steps = n;
	return (tags);
}

bool
dmarc_rua_next(struct str *rest, struct str *address)
{
	while (rest->len > 0) {
		const char	*comma = memchr(rest->p, ',', rest->len), *mark;
		struct str	 one = { rest->p, comma == NULL ? rest->len : (size_t)(comma - rest->p) };

		*rest = comma == NULL ? STR_NONE : (struct str){ comma + 1, rest->len - one.len - 1 };
		one = str_trim(one);
		if (!str_istarts(one, "mailto:"))
			continue;
		one = str_trim((struct str){ one.p + 7, one.len - 7 });
		/* a size of old, and what a mailto: may have behind the address */
		if (one.len > 0 && ((mark = memchr(one.p, '!', one.len)) != NULL || (mark = memchr(one.p, '?', one.len)) != NULL))
			one.len = (size_t)(mark - one.p);
		if (one.len > 0 && memchr(one.p, '@', one.len) != NULL) {
			*address = one;
			return (true);
		}
	}
	return (false);
}

static int
hex(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

/* The next character of an address in a URI, small; *n: how many bytes it takes. */
static char
uri_char(struct str s, size_t at, size_t *n)
{
	*n = 1;
	if (s.p[at] == '%' && at + 2 < s.len && hex(s.p[at + 1]) >= 0 && hex(s.p[at + 2]) >= 0) {
		*n = 3;
		return (ascii_lower((char)(unsigned char)(hex(s.p[at + 1]) * 16 + hex(s.p[at + 2]))));
	}
	return (ascii_lower(s.p[at]));
}

static bool
address_same(struct str a, struct str b)
{
	size_t	 i = 0, k = 0, n, m;

	for (; i < a.len && k < b.len; i += n, k += m)
		if (uri_char(a, i, &n) != uri_char(b, k, &m))
			return (false);
	return (i == a.len && k == b.len);
}

bool
dmarc_rua_reaches(struct str rua, const struct str_list *ours)
{
	struct str	 one, want;
	const char	*at;

	while (dmarc_rua_next(&rua, &one))
		for (size_t i = 0; i < ours->n; i++) {
			want = str_of(ours->v[i]);
			at = memrchr(one.p, '@', one.len);
			if (address_same(one, want) ||
			    (want.p[0] == '@' && at != NULL && address_same((struct str){ at, (size_t)(one.p + one.len - at) }, want)))
				return (true);
		}
	return (false);
}

static bool
all_in(struct str a, struct str b)
{
	struct str	 one, other, rest;
	bool		 found;

	while (dmarc_rua_next(&a, &one)) {
		found = false;
		for (rest = b; !found && dmarc_rua_next(&rest, &other);)
			found = address_same(one, other);
		if (!found)
			return (false);
	}
	return (true);
}

bool
dmarc_rua_same(struct str a, struct str b)
{
	return (all_in(a, b) && all_in(b, a));
}

/* --- DKIM ------------------------------------------------------------------------------------- */

enum { TAG_V, TAG_P, TAG_K, TAG_S, TAG_T, TAGS };
static const char	 tag_letters[TAGS] = { 'v', 'p', 'k', 's', 't' };

/* False: a tag twice, or v that is not the first or another version: then it is none at all. */
static bool
tags_read(struct str rest, struct str tags[TAGS])
{
	bool	 first = true;

	while (rest.len > 0) {
		const char	*semi = memchr(rest.p, ';', rest.len), *eq;
		struct str	 part = { rest.p, semi == NULL ? rest.len : (size_t)(semi - rest.p) }, name;

		rest = semi == NULL ? STR_NONE : (struct str){ semi + 1, rest.len - part.len - 1 };
		eq = part.len == 0 ? NULL : memchr(part.p, '=', part.len);
		if (eq == NULL)
			continue;
		name = str_trim((struct str){ part.p, (size_t)(eq - part.p) });
		for (int i = 0; i < TAGS; i++)
			if (name.len == 1 && name.p[0] == tag_letters[i]) {
				if (tags[i].p != NULL || (i == TAG_V && !first))
					return (false);
				tags[i] = str_trim((struct str){ eq + 1, (size_t)(part.p + part.len - (eq + 1)) });
			}
		first = false;
	}
	return (tags[TAG_V].p == NULL || str_eq(tags[TAG_V], STR("DKIM1")));
}

/* One of a list with ':' between. */
static bool
listed(struct str list, const char *word)
{
	while (list.len > 0) {
		const char	*colon = memchr(list.p, ':', list.len);
		size_t		 n = colon == NULL ? list.len : (size_t)(colon - list.p);

		if (str_ieq(str_trim((struct str){ list.p, n }), word))
			return (true);
		list = colon == NULL ? STR_NONE : (struct str){ colon + 1, list.len - n - 1 };
	}
	return (false);
}

static int
base64_value(char c)
{
	return (c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 :
	    c == '/' ? 63 : -1);
}

/* Blanks may stand anywhere. */
static bool
base64_read(struct str s, unsigned char out[KEY_BYTES], size_t *n)
{
	uint32_t	 bits = 0;
	unsigned	 have = 0, pad = 0, all = 0;
	int		 v;

	*n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		all++;
		if (s.p[i] == '=' && ++pad <= 2)
			continue;
		if (pad > 0 || (v = base64_value(s.p[i])) == -1)
			return (false);
		bits = (bits << 6 | (unsigned)v) & 0xffff;
		if ((have += 6) < 8)
			continue;
		have -= 8;
		if (*n == KEY_BYTES)
			return (false);
		out[(*n)++] = (unsigned char)(bits >> have);
	}
	return (all % 4 == 0 || pad == 0);
}

struct der { const unsigned char *p; size_t n; };

/* What a tag of that kind holds; d goes behind it. */
static bool
der_take(struct der *d, unsigned char tag, struct der *in)
{
	size_t	 len, at = 2;

	if (d->n < 2 || d->p[0] != tag)
		return (false);
	len = d->p[1];
	if (len == 0x81 || len == 0x82) {
		at += len & 3;
		if (d->n < at)
			return (false);
		len = at == 3 ? d->p[2] : (size_t)d->p[2] << 8 | d->p[3];
	} else if (len >= 0x80)
		return (false);
	if (len > d->n - at)
		return (false);
	*in = (struct der){ d->p + at, len };
	*d = (struct der){ d->p + at + len, d->n - at - len };
	return (true);
}

/* The bits of the modulus; 0: it is no key. Both forms that are met: SubjectPublicKeyInfo, and the key alone. */
static unsigned
rsa_bits(struct der d)
{
	struct der	 seq, in, n, e;
	unsigned	 bits;

	if (!der_take(&d, 0x30, &seq) || d.n > 0)
		return (0);
	if (seq.n > 0 && seq.p[0] == 0x30) {
		if (!der_take(&seq, 0x30, &in) || !der_take(&seq, 0x03, &in) || seq.n > 0 || in.n < 1 || in.p[0] != 0)
			return (0);
		in = (struct der){ in.p + 1, in.n - 1 };
		if (!der_take(&in, 0x30, &seq) || in.n > 0)
			return (0);
	}
	if (!der_take(&seq, 0x02, &n) || !der_take(&seq, 0x02, &e) || seq.n > 0 || e.n == 0)
		return (0);
	while (n.n > 0 && n.p[0] == 0)
		n = (struct der){ n.p + 1, n.n - 1 };
	if (n.n == 0)
		return (0);
	bits = (unsigned)(n.n - 1) * 8;
	for (unsigned top = n.p[0]; top > 0; top >>= 1)
		bits++;
	return (bits);
}

static void
key_read(struct str text, struct key_says *k)
{
	unsigned char	 der[KEY_BYTES];
	struct str	 tags[TAGS] = { { NULL, 0 } };
	size_t		 n;

	*k = (struct key_says){ .use = KEY_BROKEN };
	if (!tags_read(text, tags) || tags[TAG_P].p == NULL) {
		/* nothing in it is of a key */
		k->use = tags[TAG_P].p == NULL && tags[TAG_V].p == NULL && tags[TAG_K].p == NULL ? KEY_NONE : KEY_BROKEN;
		return;
	}
	k->testing = listed(tags[TAG_T], "y");
	k->ed25519 = str_ieq(tags[TAG_K], "ed25519");
	if (tags[TAG_P].len == 0) {
		k->use = KEY_REVOKED;
		return;
	}
	if ((tags[TAG_K].p != NULL && !k->ed25519 && !str_ieq(tags[TAG_K], "rsa")) ||
	    (tags[TAG_S].p != NULL && !listed(tags[TAG_S], "*") && !listed(tags[TAG_S], "email"))) {
		k->use = KEY_FOREIGN;
		return;
	}
	if (!base64_read(tags[TAG_P], der, &n))
		return;
	k->bits = !k->ed25519 ? rsa_bits((struct der){ der, n }) : n == 32 ? 256 : 0;
	if (k->bits > 0)
		k->use = KEY_SOUND;
}

void
key_says(const struct str *texts, size_t n, struct key_says *out)
{
	struct key_says	 k;

	*out = (struct key_says){ .use = KEY_NONE };
	for (size_t i = 0; i < n; i++) {
		key_read(texts[i], &k);
		if (k.use == KEY_NONE)
			continue;
		if (out->use != KEY_NONE) {
			*out = (struct key_says){ .use = KEY_SEVERAL };
			return;
		}
		*out = k;
	}
}
