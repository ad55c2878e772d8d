/*
 * align.c - Organizational Domain by the Public Suffix List, and alignment.
 */
#include <libpsl.h>

#include "dmarc/dmarc.h"

static const psl_ctx_t	*psl;

int
dmarc_init(struct err *e)
{
	psl_ctx_t	*p;

	if (psl != NULL)
		return (0);
	/* The newest of the distribution's file and the list built into the library. */
	if ((p = psl_latest(NULL)) != NULL)
		psl = p;
	else if ((psl = psl_builtin()) == NULL)
		return (err_set(e, ERR_CONFIG, "no Public Suffix List: libpsl has none built in (Debian: publicsuffix)"));
	return (0);
}

const char *
dmarc_psl_date(void)
{
	static char	 text[32];
	time_t		 t = psl_builtin_file_time();
	struct tm	 tm;

	if (t <= 0 || gmtime_r(&t, &tm) == NULL)
		return ("");
	(void)strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	return (text);
}

struct str
domain_org(struct str d)
{
	char		 z[DOMAIN_MAX + 1];
	const char	*r;
	size_t		 n;

	if (d.p == NULL || d.len == 0 || d.len > DOMAIN_MAX)
		return (d);
	memcpy(z, d.p, d.len);
	z[d.len] = '\0';
	/* NULL: d is itself a public suffix, and then its own organisation. */
	if (psl == NULL || (r = psl_registrable_domain(psl, z)) == NULL)
		return (d);
	n = strlen(r);
	return ((struct str){ d.p + (d.len - n), n });
}

bool
domain_below(struct str a, struct str b)
{
	if (a.p == NULL || b.p == NULL || a.len < b.len || b.len == 0 ||
	    memcmp(a.p + (a.len - b.len), b.p, b.len) != 0)
		return (false);
	return (a.len == b.len || a.p[a.len - b.len - 1] == '.');
}

bool
domain_aligned(struct str a, struct str from, bool strict)
{
	if (a.p == NULL || from.p == NULL || a.len == 0 || from.len == 0 || a.p[0] == '[' || from.p[0] == '[')
		return (false);
	if (str_eq(a, from))
		return (true);
	if (strict)
		return (false);
	return (str_eq(domain_org(a), domain_org(from)));
}
