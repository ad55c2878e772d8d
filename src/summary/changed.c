/*
 * changed.c - see changed.h.
 */
#include <jansson.h>

#include "base/when.h"
#include "store/records.h"
#include "summary/changed.h"
#include "summary/say.h"

#define ASKED	500
#define TOLD	15	/* one by one */

static const char *const	 change_names[] = { "changed", "new", "gone" };

static bool
at_or_below(struct str name, struct str domain)
{
	if (domain.len == 0 || name.len < domain.len || memcmp(name.p + name.len - domain.len, domain.p, domain.len) != 0)
		return (false);
	return (name.len == domain.len || name.p[name.len - domain.len - 1] == '.');
}

static bool
told_of(const struct summary *s, struct str domain)
{
	for (size_t i = 0; i < s->ndomains; i++)
		if (at_or_below(domain, s->domains[i].domain))
			return (true);
	return (false);
}

/* "s1" of s1._domainkey.example.com */
static struct str
selector_of(const struct store_dns_change *c)
{
	const char	*at = c->kind == TXT_KEY ? memmem(c->name.p, c->name.len, "._domainkey", 11) : NULL;

	return (at == NULL ? STR_NONE : (struct str){ c->name.p, (size_t)(at - c->name.p) });
}

int
summary_dns_changes(struct query *q, struct summary *s, struct err *e)
{
	const struct store_dns_change	*v;
	size_t				 n;

	if (store_dns_changes(q, 0, STR_NONE, s->from * DAY_SECONDS, (s->to + 1) * DAY_SECONDS - 1, ASKED, &v, &n, e) == -1)
		return (-1);
	if ((s->dns = arena_alloc(query_arena(q), n + 1, sizeof(*s->dns))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (size_t i = 0; i < n; i++) {
		bool	 was = v[i].was.state == STORE_DNS_FOUND, is = v[i].is.state == STORE_DNS_FOUND;

		/* that there is no name where there was no record says nothing */
		if ((!was && !is) || !told_of(s, v[i].domain))
			continue;
		s->dns[s->ndns++] = (struct summary_dns){ when_day(v[i].was.until), v[i].domain, v[i].name, selector_of(&v[i]), v[i].kind,
		    !was ? SUMMARY_DNS_NEW : !is ? SUMMARY_DNS_GONE : SUMMARY_DNS_OTHER };
	}
	return (0);
}

/* Names of records are never translated. */
static void
record_name(struct buf *b, const struct summary_dns *x)
{
	(void)buf_cstr(b, x->kind == TXT_DMARC ? "DMARC" : x->kind == TXT_SPF ? "SPF" : x->kind == TXT_STS ? "MTA-STS" : "DKIM ");
	if (x->selector.len > 0)
		(void)words_name(b, x->selector);
}

bool
say_changed(struct buf *b, const struct summary *s, unsigned lang, unsigned n)
{
	size_t	 all = s->ndns + s->nchanges;
	char	 key[40];

	if (n > TOLD || n >= all)
		return (false);
	if (n == TOLD) {
		struct word	 w[] = { { .name = "n", .kind = WORD_COUNT, .n = all - n }, WORDS_END };

		return (words_fill(b, lang, "more", w) || true);
	}
	if (n < s->ndns) {
		const struct summary_dns	*x = &s->dns[n];
		struct buf			 record = { 0 };

		record_name(&record, x);
		{
			struct word	 w[] = {
				{ .name = "day", .kind = WORD_DAY, .day = x->day }, { .name = "domain", .kind = WORD_NAME, .text = x->domain },
				{ .name = "record", .kind = WORD_TEXT, .text = buf_as_str(&record) }, WORDS_END
			};

			(void)snprintf(key, sizeof(key), "changed.dns.%s", change_names[x->change]);
			(void)words_fill(b, lang, key, w);
		}
		b->failed |= record.failed;
		buf_free(&record);
		return (true);
	}
	{
		const struct summary_change	*c = &s->changes[n - s->ndns];
		struct word			 w[] = {
			{ .name = "day", .kind = WORD_DAY, .day = c->day }, { .name = "domain", .kind = WORD_NAME, .text = c->domain },
			{ .name = "was", .kind = WORD_TEXT, .text = c->was }, { .name = "is", .kind = WORD_TEXT, .text = c->is },
			{ .name = "n", .kind = WORD_COUNT, .n = c->reporters }, WORDS_END
		};

		return (words_fill(b, lang, "changed.policy", w) || true);
	}
}

json_t *
summary_dns_json(const struct summary *s)
{
	json_t	*list = json_array();
	char	 day[WHEN_TEXT];

	for (size_t i = 0; i < s->ndns && list != NULL; i++) {
		const struct summary_dns	*x = &s->dns[i];

		/* names are A-labels and underscores */
		if (json_array_append_new(list, json_pack("{s:s, s:s%, s:s%, s:s, s:s}", "day", when_date(x->day, day), "domain", x->domain.p,
		    x->domain.len, "name", x->name.p, x->name.len, "record", store_dns_kind_names[x->kind], "change",
		    change_names[x->change])) == -1) {
			json_decref(list);
			list = NULL;
		}
	}
	return (list);
}
