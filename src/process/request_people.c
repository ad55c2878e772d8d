/*
 * request_people.c - what admins ask for about users, tokens and mutes, on its
 * way to the ingester, as JSON; see request.h. Of a password or a token only
 * the hash is in it.
 */
#include <inttypes.h>
#include <jansson.h>

#include "process/request.h"

static json_t *
text_or_null(struct str s)
{
	return (s.p == NULL ? json_null() : json_stringn(s.p, s.len));
}

json_t *
request_people_json(const struct auth_change *c)
{
	return (json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s?, s:s?, s:s, s:s}", "act", auth_acts[c->act], "by", c->by, "by_stamp",
	    c->by_stamp, "from", c->from, "name", c->name, "rights", (int)c->rights, "role", auth_role_names[c->role], "domains", c->domains,
	    "hash", c->hash, "seen", c->seen, "fresh", c->fresh));
}

/* False: it is no text, is too long, or has a NUL in it. */
static bool
take(const json_t *j, const char *key, char *out, size_t size)
{
	const json_t	*v = json_object_get(j, key);
	size_t		 n = json_string_length(v);

	if (!json_is_string(v) || n >= size || memchr(json_string_value(v), '\0', n) != NULL)
		return (false);
	memcpy(out, json_string_value(v), n);
	out[n] = '\0';
	return (true);
}

/* Its place among the words; n: it is none of them. */
static unsigned
word_of(const json_t *j, const char *key, const char *const *words, unsigned n)
{
	const char	*s = json_string_value(json_object_get(j, key));
	unsigned	 i;

	for (i = 0; i < n && (s == NULL || strcmp(s, words[i]) != 0); i++)
		;
	return (i);
}

static bool
take_domains(const json_t *v, char **out)
{
	const char	*p = json_string_value(v);
	struct err	 e = { 0 };
	char		 one[256];
	size_t		 n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ' ')) {
		if ((n = strcspn(p, " ")) >= sizeof(one))
			return (false);
		memcpy(one, p, n);
		one[n] = '\0';
		if (auth_domains_add(out, one, &e) == -1)
			return (false);
	}
	return (json_is_null(v) || (p != NULL && *out != NULL));
}

bool
request_people_read(const json_t *j, struct auth_change *c)
{
	const json_t	*hash = json_object_get(j, "hash"), *rights = json_object_get(j, "rights");
	struct err	 e = { 0 };

	*c = (struct auth_change){ .act = (enum auth_act)word_of(j, "act", auth_acts, AUTH_ACTS),
	    .role = (enum auth_role)word_of(j, "role", auth_role_names, AUTH_ROLES), .rights = json_is_true(rights) };
	return (json_is_boolean(rights) && take(j, "by", c->by, sizeof(c->by)) && take(j, "by_stamp", c->by_stamp, sizeof(c->by_stamp)) &&
	    take(j, "from", c->from, sizeof(c->from)) && take(j, "name", c->name, sizeof(c->name)) && take(j, "seen", c->seen, sizeof(c->seen)) &&
	    take(j, "fresh", c->fresh, sizeof(c->fresh)) && take_domains(json_object_get(j, "domains"), &c->domains) &&
	    (json_is_null(hash) || (json_is_string(hash) && (c->hash = strdup(json_string_value(hash))) != NULL)) &&
	    auth_change_check(c, &e) == 0);
}

/* --- Mutes ---------------------------------------------------------------------------- */

json_t *
request_mute_json(const struct asking_mute *m)
{
	return (json_pack("{s:b, s:s?, s:o, s:I}", "on", (int)m->on, "rule", m->rule, "domain", text_or_null(m->domain), "until",
	    (json_int_t)m->until));
}

bool
request_mute_read(const json_t *j, struct asking_mute *m)
{
	const json_t	*rule = json_object_get(j, "rule"), *domain = json_object_get(j, "domain"), *on = json_object_get(j, "on");
	const json_t	*until = json_object_get(j, "until");
	unsigned	 i;

	*m = (struct asking_mute){ .on = json_is_true(on), .until = json_integer_value(until) };
	if (!json_is_boolean(on) || !json_is_integer(until) || m->until < 0 || (!json_is_null(rule) && !json_is_string(rule)) ||
	    (!json_is_null(domain) && !json_is_string(domain)))
		return (false);
	if (json_is_string(domain))
		m->domain = (struct str){ json_string_value(domain), json_string_length(domain) };
	if (json_is_string(rule)) {
		for (i = 0; i < ALERT_RULE_COUNT && strcmp(json_string_value(rule), alert_rule_ids[i]) != 0; i++)
			;
		if (i == ALERT_RULE_COUNT)
			return (false);
		m->rule = alert_rule_ids[i];
	}
	return ((m->rule != NULL || m->domain.p != NULL) && m->domain.len <= 253);
}
