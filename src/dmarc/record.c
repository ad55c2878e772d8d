/*
 * record.c - see record.h.
 */
#include "dmarc/record.h"

const char *const dmarc_request_names[REQUEST_ABSENT] = { "none", "quarantine", "reject" };

enum dmarc_request
dmarc_request_read(struct str word)
{
	for (unsigned i = 0; i < REQUEST_ABSENT; i++)
		if (str_ieq(word, dmarc_request_names[i]))
			return ((enum dmarc_request)i);
	return (REQUEST_ABSENT);
}

enum dmarc_request
dmarc_request_lower(enum dmarc_request r)
{
	return (r == REQUEST_REJECT ? REQUEST_QUARANTINE : REQUEST_NONE);
}

/* One part between semicolons: "name = value". A part without "=" has no name. */
static bool
tag_next(struct str *rest, struct str *name, struct str *value)
{
	struct str	 part;
	const char	*semi, *eq;

	if (rest->p == NULL)
		return (false);
	semi = memchr(rest->p, ';', rest->len);
	part = (struct str){ rest->p, semi == NULL ? rest->len : (size_t)(semi - rest->p) };
	*rest = semi == NULL ? STR_NONE : (struct str){ semi + 1, rest->len - part.len - 1 };
	*name = *value = STR("");
	if (part.len > 0 && (eq = memchr(part.p, '=', part.len)) != NULL) {
		*name = str_trim((struct str){ part.p, (size_t)(eq - part.p) });
		*value = str_trim((struct str){ eq + 1, (size_t)(part.p + part.len - (eq + 1)) });
	}
	return (true);
}

/* Is one of the addresses syntactically a URI with something behind its scheme? */
static bool
has_uri(struct str list)
{
	while (list.len > 0) {
		const char	*comma = memchr(list.p, ',', list.len), *colon;
		size_t		 n = comma == NULL ? list.len : (size_t)(comma - list.p);
		struct str	 one = str_trim((struct str){ list.p, n });
		bool		 ok;

		list = comma == NULL ? STR_NONE : (struct str){ comma + 1, list.len - n - 1 };
		colon = one.len == 0 ? NULL : memchr(one.p, ':', one.len);
		ok = colon != NULL && colon > one.p && colon + 1 < one.p + one.len && memchr(one.p, ' ', one.len) == NULL;
		for (const char *c = one.p; ok && c < colon; c++)
			ok = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (c > one.p && ((*c >= '0' && *c <= '9') || strchr("+-.", *c) != NULL));
		if (ok && (!str_istarts(one, "mailto:") || memchr(one.p, '@', one.len) != NULL))
			return (true);
	}
	return (false);
}

enum { TAG_P, TAG_SP, TAG_NP, TAG_ADKIM, TAG_ASPF, TAG_T, TAG_PSD, TAG_PCT, TAG_RUA, TAGS };
static const char *const tag_names[TAGS] = { "p", "sp", "np", "adkim", "aspf", "t", "psd", "pct", "rua" };

/* The first of each name counts; names are taken in any case, as receivers do. */
static void
tags_read(struct str rest, struct str tags[TAGS])
{
	struct str	 name, value;

	while (tag_next(&rest, &name, &value))
		for (int i = 0; i < TAGS; i++)
			if (str_ieq(name, tag_names[i]) && tags[i].p == NULL)
				tags[i] = value;
}

/* Absent stays REQUEST_ABSENT; what is there and no request is a fault. */
static enum dmarc_request
request_of(struct str value, bool *fault)
{
	enum dmarc_request	 r = dmarc_request_read(value);

	*fault |= value.p != NULL && r == REQUEST_ABSENT;
	return (r);
}

enum record_use
dmarc_record_read(struct str text, struct dmarc_record *out)
{
	struct str	 tags[TAGS] = { { NULL, 0 } }, rest = text, name, value;
	bool		 fault = false;
	int64_t		 pct;

	*out = (struct dmarc_record){ .use = RECORD_NO, .p = REQUEST_NONE, .sp = REQUEST_ABSENT, .np = REQUEST_ABSENT, .psd = 'u', .pct = 100 };
	if (text.len == 0 || text.p[0] != 'v' || !tag_next(&rest, &name, &value) || !str_eq(name, STR("v")) || !str_eq(value, STR("DMARC1")))
		return (RECORD_NO);
	tags_read(rest, tags);
	out->use = RECORD_YES;
	out->p = request_of(tags[TAG_P], &fault);
	out->sp = request_of(tags[TAG_SP], &fault);
	out->np = request_of(tags[TAG_NP], &fault);
	out->strict_dkim = str_ieq(tags[TAG_ADKIM], "s");
	out->strict_spf = str_ieq(tags[TAG_ASPF], "s");
	out->testing = str_ieq(tags[TAG_T], "y");
	out->psd = str_ieq(tags[TAG_PSD], "y") ? 'y' : str_ieq(tags[TAG_PSD], "n") ? 'n' : 'u';
	if (str_i64(tags[TAG_PCT], &pct) && pct <= 100)
		out->pct = (unsigned)pct;
	if (fault || out->p == REQUEST_ABSENT) {
		out->use = has_uri(tags[TAG_RUA]) ? RECORD_NONE : RECORD_OFF;
		out->p = REQUEST_NONE;
		out->sp = out->np = REQUEST_ABSENT;
	}
	return (out->use);
}

struct str
dmarc_record_rua(struct str text)
{
	struct str	 tags[TAGS] = { { NULL, 0 } };

	tags_read(text, tags);
	return (tags[TAG_RUA]);
}
