/*
 * align.c - Organizational Domain by the Public Suffix List, and alignment.
 */
#include <libpsl.h>
#include <stdatomic.h>

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

/*
 * Names come again and again, and the list is not quick: the last answers are
 * kept, one place for each hash. Threads that answer judge as well: who finds
 * the answers in use asks the list.
 */
#define MEMO 16384
static struct memo {
	unsigned char	 len, org;	/* of the name, of its organisation */
	bool		 suffix;	/* it is a public suffix itself */
	char		 name[61];	/* longer ones are asked each time */
} memos[MEMO];
static atomic_flag	 memos_busy = ATOMIC_FLAG_INIT;
static bool		 icann_only;

void
dmarc_suffixes(bool only)
{
	if (icann_only != only)
		memset(memos, 0, sizeof(memos));
	icann_only = only;
}

static struct memo *
memo_of(const char *p, size_t len)
{
	uint32_t	 h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)p[i]) * 16777619u;
	return (&memos[(h ^ h >> 15) % MEMO]);
}

static size_t
org_len(const char *z, size_t len, bool *suffix)
{
	const char	*r;

	*suffix = false;
	if (icann_only)
		return (domain_org_icann((struct str){ z, len }).len);
	r = psl == NULL ? NULL : psl_registrable_domain(psl, z);
	/* NULL: it is itself a public suffix, and then its own organisation */
	*suffix = r == NULL;
	return (r == NULL ? len : strlen(r));
}

/*
 * For a name that was not asked for lately: its organisation is that of the
 * name above, unless one of the two is a public suffix. Many names below one
 * are one look each instead of one for each label.
 */
static size_t
org_below(const char *z, size_t len, bool *suffix)
{
	const char	*up = strchr(z, '.');
	struct memo	*m;
	size_t		 n = up == NULL ? 0 : len - (size_t)(up + 1 - z);

	if (up == NULL || n == 0 || n > sizeof(m->name) || up[1] == '.' || up == z || icann_only || psl == NULL)
		return (org_len(z, len, suffix));
	up++;
	m = memo_of(up, n);
	if (m->len != n || memcmp(m->name, up, n) != 0) {
		m->org = (unsigned char)org_len(up, n, &m->suffix);
		m->len = (unsigned char)n;
		memcpy(m->name, up, n);
	}
	*suffix = psl_is_public_suffix(psl, z) != 0;
	return (*suffix || m->suffix ? len : m->org);
}

struct str
domain_org(struct str d)
{
	char		 z[DOMAIN_MAX + 1];
	struct memo	*m;
	size_t		 n;
	bool		 mine, suffix;

	if (d.p == NULL || d.len == 0 || d.len > DOMAIN_MAX)
		return (d);
	m = memo_of(d.p, d.len);
	mine = d.len <= sizeof(m->name) && !atomic_flag_test_and_set_explicit(&memos_busy, memory_order_acquire);
	if (mine && m->len == d.len && memcmp(m->name, d.p, d.len) == 0) {
		n = m->org;
	} else {
		memcpy(z, d.p, d.len);
		z[d.len] = '\0';
		if (mine) {
			n = org_below(z, d.len, &suffix);
			m->len = (unsigned char)d.len;
			m->org = (unsigned char)n;
			m->suffix = suffix;
			memcpy(m->name, d.p, d.len);
		} else
			n = org_len(z, d.len, &suffix);
	}
	if (mine)
		atomic_flag_clear_explicit(&memos_busy, memory_order_release);
	return ((struct str){ d.p + (d.len - n), n });
}

struct str
domain_org_icann(struct str d)
{
	char		 z[DOMAIN_MAX + 1];
	struct str	 name = d, below = d;
	const char	*dot;

	if (d.p == NULL || d.len == 0 || d.len > DOMAIN_MAX)
		return (d);
	for (;;) {
		memcpy(z, name.p, name.len);
		z[name.len] = '\0';
		/* without a dot: the rule "*", which every list ends with */
		dot = memchr(name.p, '.', name.len);
		if (dot == NULL || (psl != NULL && psl_is_public_suffix2(psl, z, PSL_TYPE_ICANN)))
			return (below);
		below = name;
		name.len -= (size_t)(dot + 1 - name.p);
		name.p = dot + 1;
	}
}

/* rule P7: what early adopters wrote for y */
bool
policy_testing(const struct report_policy *p)
{
	return (str_ieq(p->testing, "y") || str_ieq(p->testing, "true") || str_eq(p->testing, STR("1")));
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
domain_below_any(struct str a, const struct str_list *of)
{
	for (size_t i = 0; i < of->n; i++)
		if (domain_below(a, str_of(of->v[i])))
			return (true);
	return (false);
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
