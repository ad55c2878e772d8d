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
	char		 name[62];	/* longer ones are asked each time */
} memos[MEMO];
static atomic_flag	 memos_busy = ATOMIC_FLAG_INIT;

static size_t
org_len(const char *z, size_t len)
{
	const char	*r = psl == NULL ? NULL : psl_registrable_domain(psl, z);

	/* NULL: it is itself a public suffix, and then its own organisation */
	return (r == NULL ? len : strlen(r));
}

struct str
domain_org(struct str d)
{
	char		 z[DOMAIN_MAX + 1];
	struct memo	*m;
	uint32_t	 h = 2166136261u;
	size_t		 n;
	bool		 mine;

	if (d.p == NULL || d.len == 0 || d.len > DOMAIN_MAX)
		return (d);
	for (size_t i = 0; i < d.len; i++)
		h = (h ^ (unsigned char)d.p[i]) * 16777619u;
	m = &memos[(h ^ h >> 15) % MEMO];
	mine = d.len <= sizeof(m->name) && !atomic_flag_test_and_set_explicit(&memos_busy, memory_order_acquire);
	if (mine && m->len == d.len && memcmp(m->name, d.p, d.len) == 0) {
		n = m->org;
	} else {
		memcpy(z, d.p, d.len);
		z[d.len] = '\0';
		n = org_len(z, d.len);
		if (mine) {
			m->len = (unsigned char)d.len;
			m->org = (unsigned char)n;
			memcpy(m->name, d.p, d.len);
		}
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
