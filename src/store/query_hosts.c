/*
 * query_hosts.c - host names of sources, for the faces.
 */
#include "enrich/host.h"
#include "store/hosts.h"
#include "store/query_int.h"

static struct str
word(struct str *rest)
{
	const char	*blank = rest->len == 0 ? NULL : memchr(rest->p, ' ', rest->len);
	struct str	 w = { rest->p, blank == NULL ? rest->len : (size_t)(blank - rest->p) };

	rest->p = blank == NULL ? NULL : blank + 1;
	rest->len -= w.len + (blank != NULL);
	return (w);
}

/* A name that no host can have is in nobody's database of ours: it was put there by somebody else, and is not shown. */
static void
name_add(struct query_host *h, struct str name)
{
	if (h->nnames < QUERY_HOST_NAMES && host_name_ok(name))
		h->names[h->nnames++] = name;
}

static int
read_row(struct query *q, sqlite3_stmt *st, const struct query_host **out, struct err *e)
{
	struct query_host	*h;
	struct str		 rest;
	int			 v;

	*out = NULL;
	if ((h = arena_alloc(q->a, 1, sizeof(*h))) == NULL)
		return (q_oom(e));
	v = sqlite3_column_int(st, 0);
	h->state = v < 0 || v >= HOST_STATES ? HOST_WAITING : (enum host_state)v;
	name_add(h, q_column(q, st, 1));
	rest = q_column(q, st, 2);
	while (h->nnames > 0 && rest.len > 0)
		name_add(h, word(&rest));
	if (h->nnames == 0 && h->state != HOST_WAITING)
		h->state = HOST_NONE;
	h->more = (uint64_t)sqlite3_column_int64(st, 3);
	h->refused = (uint64_t)sqlite3_column_int64(st, 4);
	h->answered = sqlite3_column_int64(st, 5);
	v = sqlite3_column_int(st, 6);
	h->failure = v < 0 || v >= HOST_FAILURES ? HOST_ANSWERED : (enum host_failure)v;
	*out = h;
	return (0);
}

int
query_host(struct query *q, int64_t source, const struct query_host **out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	*out = NULL;
	if (q_stmt(q, Q_HOST, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, source);
	if ((rc = q_step(q, st, e)) == 1)
		rc = read_row(q, st, out, e);
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

static int
host_of(struct query *q, struct str ip, const struct query_host **out, struct err *e)
{
	unsigned char	 bin[16];
	unsigned	 len;
	sqlite3_stmt	*st;
	int		 rc;

	*out = NULL;
	if ((len = q_address(ip, bin)) == 0)
		return (0);
	if (q_stmt(q, Q_HOST_IP, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_blob(st, 1, bin, (int)len, SQLITE_STATIC);
	(void)sqlite3_bind_int(st, 2, len == 4 ? 4 : 6);
	if ((rc = q_step(q, st, e)) == 1)
		rc = read_row(q, st, out, e);
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

int
query_groups_hosts(struct query *q, struct query_group *groups, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (host_of(q, groups[i].key, &groups[i].host, e) == -1)
			return (-1);
	return (0);
}

int
query_hosts_state(struct query *q, struct store_hosts_state *out, struct err *e)
{
	return (store_hosts_state(q->s, out, e));
}
