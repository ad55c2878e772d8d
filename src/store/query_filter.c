/*
 * query_filter.c - the grammar of filters, one for the API and the commands.
 */
#include <arpa/inet.h>

#include "base/escape.h"
#include "base/when.h"
#include "store/query.h"

#define VALUE_MAX 1024

const char *const query_key_names[QK_COUNT] = {
	"domain", "hfrom", "efrom", "ip", "reporter", "spf", "dkim", "align", "disp", "reason",
	"selector", "sigdomain", "code", "fwd", "differs", "report", "trust", "apart", "sender", "class",
	"spfdomain", "health", "country", "asn", "ptr"
};
const char *const query_align_names[ALIGN_COUNT] = { "both", "dkim", "spf", "none", "untold" };
const char *const query_by_names[BY_COUNT] = {
	"outcome", "reporter", "disposition", "domain", "sender", "class", "code",
	"ip", "hfrom", "efrom", "spf", "dkim", "align", "reason", "selector", "sigdomain", "fwd",
	"prefix", "spfdomain", "health", "differs", "trust", "country", "asn", "ptr"
};

/* in the order of enum forwarding */
const char *const query_fwd_names[FORWARD_CERTAIN + 1] = { "no", "likely", "certain" };
const char *const query_differs_names[2] = { "no", "yes" };
static const struct { const char *word; uint64_t set; } trust_words[] = {
	{ "authenticated", 1u << TRUST_AUTHENTICATED }, { "unauthenticated", 1u << TRUST_OTHER | 1u << TRUST_FAILED },
	{ "unknown", 1u << TRUST_UNKNOWN }, { "authenticated-other", 1u << TRUST_OTHER }, { "failed", 1u << TRUST_FAILED },
};
static const char *const apart_names[] = { "no", "yes", "all" };

void
query_filter_init(struct query_filter *f)
{
	memset(f, 0, sizeof(*f));
	f->from = f->to = DAY_NONE;
}

void
query_filter_free(struct query_filter *f)
{
	for (size_t i = 0; i < f->nclauses; i++) {
		for (size_t k = 0; k < f->clauses[i].nvalues; k++)
			free(f->clauses[i].values[k].text);
		free(f->clauses[i].values);
	}
	query_filter_init(f);
}

static bool
key_find(struct str key, enum query_key *out)
{
	if (str_eq(key, STR("org"))) {
		*out = QK_REPORTER;
		return (true);
	}
	for (unsigned i = 0; i < QK_COUNT; i++)
		if (str_eq(key, str_of(query_key_names[i]))) {
			*out = (enum query_key)i;
			return (true);
		}
	return (false);
}

bool
query_filter_knows(struct str key)
{
	enum query_key	 k;

	return (str_eq(key, STR("t")) || str_eq(key, STR("from")) || str_eq(key, STR("to")) || key_find(key, &k));
}

static int
bad_value(struct err *e, struct str key, struct str value, const char *want)
{
	char	 k[64], v[128];

	return (err_set(e, ERR_CONFIG, "%s: \"%s\" is not %s", esc_short(k, sizeof(k), key), esc_short(v, sizeof(v), value), want));
}

static bool
word_find(const char *const *names, unsigned n, struct str s, uint64_t *out)
{
	for (unsigned i = 0; i < n; i++)
		if (str_ieq(s, names[i])) {
			*out = i;
			return (true);
		}
	return (false);
}

/* 192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or "unknown"; bits behind the prefix go. */
static bool
ip_value(struct query_value *v, struct str s)
{
	char		 text[64];
	const char	*slash;
	int64_t		 bits;
	size_t		 n = s.len;

	if (str_ieq(s, "unknown"))
		return (true);
	slash = memchr(s.p, '/', s.len);
	if (slash != NULL)
		n = (size_t)(slash - s.p);
	if (n == 0 || n >= sizeof(text))
		return (false);
	memcpy(text, s.p, n);
	text[n] = '\0';
	if (inet_pton(AF_INET, text, v->ip) == 1)
		v->ip_len = 4;
	else if (inet_pton(AF_INET6, text, v->ip) == 1)
		v->ip_len = 16;
	else
		return (false);
	v->prefix = v->ip_len * 8;
	if (slash != NULL) {
		if (!str_i64((struct str){ slash + 1, s.len - n - 1 }, &bits) || bits > (int64_t)v->prefix)
			return (false);
		v->prefix = (unsigned)bits;
	}
	for (unsigned i = 0; i < v->ip_len; i++) {
		unsigned	 keep = v->prefix > i * 8 ? v->prefix - i * 8 : 0;

		if (keep < 8)
			v->ip[i] = (unsigned char)(v->ip[i] & (0xff00u >> keep));
	}
	return (true);
}

static int
value_parse(struct query_value *v, enum query_key key, struct str name, struct str s, struct err *e)
{
	static const char	*results = "one of pass fail softfail neutral none policy temperror permerror unknown absent";
	char			 buf[DOMAIN_MAX + 1];
	size_t			 len;
	int64_t			 n;

	switch (key) {
	case QK_IP:
		return (ip_value(v, s) ? 0 : bad_value(e, name, s, "an address, a range like 192.0.2.0/24, or unknown"));
	case QK_COUNTRY:
		return (query_place_value(key, s, &v->number) ? 0 : bad_value(e, name, s, "a country like DE, unknown or reserved"));
	case QK_ASN:
		return (v->contains || query_place_value(key, s, &v->number) ? 0 :
		    bad_value(e, name, s, "the number of a network like 64500, ~ and a part of its name, or unknown"));
	case QK_SPF:
	case QK_DKIM:
		return (word_find(auth_result_names, RES_COUNT, s, &v->number) ? 0 : bad_value(e, name, s, results));
	case QK_ALIGN:
		return (word_find(query_align_names, ALIGN_COUNT, s, &v->number) ? 0 :
		    bad_value(e, name, s, "one of both dkim spf none untold"));
	case QK_DISP:
		return (word_find(disposition_names, DISP_COUNT, s, &v->number) ? 0 :
		    bad_value(e, name, s, "one of none quarantine reject pass other"));
	case QK_FWD:
		return (word_find(query_fwd_names, FORWARD_CERTAIN + 1, s, &v->number) ? 0 :
		    bad_value(e, name, s, "certain, likely or no"));
	case QK_DIFFERS:
		return (word_find(query_differs_names, 2, s, &v->number) ? 0 : bad_value(e, name, s, "yes or no"));
	case QK_CODE:
		v->number = dmarc_code_parse(s);
		return (v->number != 0 ? 0 : bad_value(e, name, s, "a code from P1 to P11 or F1 to F12"));
	case QK_TRUST:
		for (size_t i = 0; i < nitems(trust_words); i++)
			if (str_ieq(s, trust_words[i].word)) {
				v->number = trust_words[i].set;
				return (0);
			}
		return (bad_value(e, name, s, "one of authenticated unauthenticated unknown authenticated-other failed"));
	case QK_APART:
		if (!word_find(apart_names, 3, s, &v->number))
			return (bad_value(e, name, s, "no, yes or all"));
		v->number++;	/* sets of 1: what counts, 2: what does not */
		return (0);
	case QK_REPORT:
		if (!str_i64(s, &n))
			return (bad_value(e, name, s, "the number of a report"));
		v->number = (uint64_t)n;
		return (0);
	case QK_SENDER:
		if (!str_i64(s, &n) || n > UINT32_MAX)
			return (bad_value(e, name, s, "the number of a sender"));
		v->number = (uint64_t)n;
		return (0);
	case QK_CLASS:
		return (word_find(sender_class_names, CLASS_COUNT, s, &v->number) ? 0 :
		    bad_value(e, name, s, "one of own service candidate forwarder list impostor suspect noise unknown"));
	case QK_HEALTH:
		return (word_find(sender_health_names, HEALTH_COUNT, s, &v->number) ? 0 :
		    bad_value(e, name, s, "one of good one_leg mixed failing quiet none"));
	case QK_DOMAIN:
	case QK_HFROM:
	case QK_EFROM:
	case QK_SIGDOMAIN:
	case QK_SPFDOMAIN:
	case QK_PTR:
		if (v->contains || str_eq(s, STR("<>")))
			break;
		(void)domain_normal(s, buf, &len, NULL);
		if (len == 0)		/* nothing that fits: no name will be the same */
			break;
		free(v->text);
		if ((v->text = strndup(buf, len)) == NULL)
			return (err_set(e, ERR_TEMP, "out of memory"));
		break;
	default:
		break;
	}
	return (0);
}

static bool
is_text(enum query_key key)
{
	return (key == QK_DOMAIN || key == QK_ASN || key == QK_HFROM || key == QK_EFROM || key == QK_REPORTER || key == QK_REASON ||
	    key == QK_SELECTOR || key == QK_SIGDOMAIN || key == QK_SPFDOMAIN || key == QK_PTR);
}

static int
clause_add(struct query_clause *c, struct str name, struct str s, struct err *e)
{
	struct query_value	*v;
	char			 k[64];

	s = str_trim(s);
	if (c->nvalues == QUERY_VALUES)
		return (err_set(e, ERR_CONFIG, "%s: more than %d values", query_key_names[c->key], QUERY_VALUES));
	if ((v = realloc(c->values, (c->nvalues + 1) * sizeof(*v))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	c->values = v;
	v += c->nvalues;
	memset(v, 0, sizeof(*v));
	if (s.len > 0 && s.p[0] == '~') {
		if (!is_text(c->key))
			return (bad_value(e, name, s, "possible: \"~\" (contains) is for names only"));
		v->contains = true;
		s.p++;
		s.len--;
	}
	if (s.len == 0)
		return (err_set(e, ERR_CONFIG, "%s: the value is empty", esc_short(k, sizeof(k), name)));
	if (s.len > VALUE_MAX || memchr(s.p, '\0', s.len) != NULL)
		return (bad_value(e, name, s, "a value of at most 1024 characters"));
	if ((v->text = strndup(s.p, s.len)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (char *p = v->text; *p != '\0'; p++)
		*p = ascii_lower(*p);
	c->nvalues++;		/* from here on query_filter_free knows of it */
	return (value_parse(v, c->key, name, s, e));
}

static int
set_time(struct query_filter *f, struct str key, struct str value, struct err *e)
{
	int64_t	 n;

	if (!str_eq(key, STR("t"))) {
		if (!when_parse_date(value, &n))
			return (bad_value(e, key, value, "a day like 2026-05-31"));
		*(key.p[0] == 'f' ? &f->from : &f->to) = n;
		return (0);
	}
	f->all = str_ieq(value, "all");
	f->days = 0;
	if (f->all)
		return (0);
	if (value.len < 2 || ascii_lower(value.p[value.len - 1]) != 'd' ||
	    !str_i64((struct str){ value.p, value.len - 1 }, &n) || n < 1 || n > QUERY_RANGE_DAYS)
		return (bad_value(e, key, value, "a time like 7d, 30d, 90d, 365d (800d at most) or all"));
	f->days = n;
	return (0);
}

int
query_filter_set(struct query_filter *f, struct str key, struct str value, struct err *e)
{
	struct query_clause	*c;
	enum query_key		 k;
	bool			 negated = false;
	const char		*comma;
	char			 name[64];

	value = str_trim(value);
	if (value.p == NULL || value.len == 0)
		return (err_set(e, ERR_CONFIG, "%s: the value is empty", esc_short(name, sizeof(name), key)));
	if (str_eq(key, STR("t")) || str_eq(key, STR("from")) || str_eq(key, STR("to")))
		return (set_time(f, key, value, e));
	if (!key_find(key, &k))
		return (err_set(e, ERR_CONFIG, "there is no filter \"%s\"", esc_short(name, sizeof(name), key)));
	if (value.p[0] == '!') {
		negated = true;
		value.p++;
		value.len--;
	}
	/* A key that comes again adds values, unless one of the two says not. */
	for (c = f->clauses; c < f->clauses + f->nclauses; c++)
		if (c->key == k && c->negated == negated)
			break;
	if (c == f->clauses + f->nclauses) {
		if (f->nclauses == QUERY_CLAUSES)
			return (err_set(e, ERR_CONFIG, "more than %d filters", QUERY_CLAUSES));
		memset(c, 0, sizeof(*c));
		c->key = k;
		c->negated = negated;
		f->nclauses++;
	}
	while ((comma = memchr(value.p, ',', value.len)) != NULL) {
		if (clause_add(c, key, (struct str){ value.p, (size_t)(comma - value.p) }, e) == -1)
			return (-1);
		value.len -= (size_t)(comma + 1 - value.p);
		value.p = comma + 1;
	}
	return (clause_add(c, key, value, e));
}
