/*
 * query_columns.c - what record and rollup say of a day, packed, in memory.
 *
 * SQLite takes ten times as long to give a row as it takes to add it up. So
 * the rows of a domain's day are kept, once for all handles of a process that
 * read the same file, as varints that differ little from row to row: some nine
 * bytes for a record. Table edition says which version of a day a snapshot
 * sees; what is remembered is used only when it is that one. There is a
 * ceiling; beyond it days are read from the file, as if nobody remembered
 * anything, until others have not been asked for for a while.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/when.h"
#include "store/query_int.h"

#define BUCKETS		4096u
#define DAY_MOST	((size_t)4 << 20)	/* bytes of one day; a larger one is not kept */
#define IDLE		30000			/* ms that nobody has asked for a day: it may go for others */

struct q_sheet {
	struct q_sheet	*next;
	uint64_t	 key, number;
	int64_t		 used;		/* when_mono_ms */
	unsigned	 users;
	bool		 left;		/* no longer in the table: the last user frees it */
	size_t		 n, len;
	unsigned char	 bytes[];
};

struct q_columns {
	pthread_mutex_t	 lock;
	struct q_sheet	*bucket[BUCKETS];
	int64_t		 swept;
};

static atomic_size_t	 held;		/* bytes, of all sets */

size_t
query_columns_held(void)
{
	return (atomic_load(&held));
}

struct q_columns *
q_columns_new(void)
{
	struct q_columns	*c = calloc(1, sizeof(*c));

	if (c != NULL && pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c);
		return (NULL);
	}
	return (c);
}

void
q_columns_free(struct q_columns *c)
{
	struct q_sheet	*s;

	if (c == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++)
		while ((s = c->bucket[i]) != NULL) {
			c->bucket[i] = s->next;
			(void)atomic_fetch_sub(&held, sizeof(*s) + s->len);
			free(s);
		}
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

/* --- The table; all of it under the lock ---------------------------------------------- */

static struct q_sheet **
place(struct q_columns *c, uint64_t key)
{
	struct q_sheet	**at = &c->bucket[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 52];

	while (*at != NULL && (*at)->key != key)
		at = &(*at)->next;
	return (at);
}

static void
leave(struct q_sheet **at)
{
	struct q_sheet	*s = *at;

	*at = s->next;
	s->left = true;
	(void)atomic_fetch_sub(&held, sizeof(*s) + s->len);
	if (s->users == 0)
		free(s);
}

/* Makes room, at most once a second: it goes through everything. */
static void
sweep(struct q_columns *c, int64_t now)
{
	struct q_sheet	**at;

	if (now - c->swept < 1000)
		return;
	c->swept = now;
	for (unsigned i = 0; i < BUCKETS; i++)
		for (at = &c->bucket[i]; *at != NULL;)
			if (now - (*at)->used > IDLE)
				leave(at);
			else
				at = &(*at)->next;
}

static struct q_sheet *
take(struct q_columns *c, uint64_t key, uint64_t number)
{
	struct q_sheet	*s;

	(void)pthread_mutex_lock(&c->lock);
	s = *place(c, key);
	if (s != NULL && s->number == number) {
		s->users++;
		s->used = when_mono_ms();
	} else
		s = NULL;
	(void)pthread_mutex_unlock(&c->lock);
	return (s);
}

/* Into the table, if there is room and nobody knows a later version; the caller is a user of it in any case. */
static void
give(struct query *q, struct q_columns *c, struct q_sheet *s)
{
	size_t		 size = sizeof(*s) + s->len;
	struct q_sheet	**at;

	s->used = when_mono_ms();
	s->users = 1;
	s->left = true;
	(void)pthread_mutex_lock(&c->lock);
	if (atomic_load(&held) + size > q->most_columns)
		sweep(c, s->used);
	at = place(c, s->key);
	if ((*at == NULL || (*at)->number < s->number) && atomic_load(&held) + size <= q->most_columns) {
		if (*at != NULL)
			leave(at);
		at = place(c, s->key);
		s->next = *at;
		*at = s;
		s->left = false;
		(void)atomic_fetch_add(&held, size);
	}
	(void)pthread_mutex_unlock(&c->lock);
}

static void
done(struct q_columns *c, struct q_sheet *s)
{
	(void)pthread_mutex_lock(&c->lock);
	if (--s->users == 0 && s->left)
		free(s);
	(void)pthread_mutex_unlock(&c->lock);
}

/* --- Packing ------------------------------------------------------------------------------ */

#define NUMBER	10	/* bytes that a number takes at most */

/* There is room for it. */
static inline void
put(struct buf *b, uint64_t v)
{
	for (; v > 127; v >>= 7)
		b->p[b->len++] = (char)(unsigned char)(v | 128);
	b->p[b->len++] = (char)v;
}

static inline uint64_t
zigzag(int64_t v)
{
	return (v < 0 ? (uint64_t)-(v + 1) * 2 + 1 : (uint64_t)v * 2);
}

/* Which columns of the statement are packed, and which of them as the difference to the row before. */
static const struct { enum q_stmt stmt; int first; unsigned delta; } sheets[] = {
	[SHEET_RECORDS] = { Q_SCAN_SEQ, 1, 1 | 2 },	/* source, report, evidence, count, seq */
	[SHEET_SUMS] = { Q_ROLLUP, 1, 1 },		/* reporter, outcome, messages, rows, sender */
};

/* *out NULL and no error: there is more than is kept of a day. */
static int
sheet_read(struct query *q, enum q_sheet_kind kind, uint32_t domain, int64_t day, struct q_sheet **out, struct err *e)
{
	struct buf	 b = { .max = DAY_MOST };
	sqlite3_stmt	*st;
	int64_t		 v, before[Q_SHEET_COLUMNS] = { 0 };
	size_t		 n = 0;
	int		 rc;

	*out = NULL;
	if (q_stmt(q, sheets[kind].stmt, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, day);
	(void)sqlite3_bind_int64(st, 3, day);
	while ((rc = q_step(q, st, e)) == 1 && buf_reserve(&b, NUMBER * Q_SHEET_COLUMNS)) {
		for (int i = 0; i < Q_SHEET_COLUMNS; i++) {
			v = sqlite3_column_int64(st, sheets[kind].first + i);
			put(&b, zigzag((sheets[kind].delta & 1u << i) != 0 ? (int64_t)((uint64_t)v - (uint64_t)before[i]) : v));
			before[i] = v;
		}
		n++;
	}
	(void)sqlite3_reset(st);
	if (!b.failed && rc == 0 && (*out = malloc(sizeof(**out) + b.len)) != NULL) {
		**out = (struct q_sheet){ .n = n, .len = b.len };
		if (b.len > 0)
			memcpy((*out)->bytes, b.p, b.len);
	}
	rc = b.failed ? 0 : rc;
	buf_free(&b);
	return (rc);
}

int
q_sheet(struct query *q, enum q_sheet_kind kind, uint32_t domain, int64_t day, uint64_t number, struct q_reading *r, struct err *e)
{
	struct q_columns	*c = q_pieces_columns(q, e);
	uint64_t		 key = (uint64_t)kind << 63 | (uint64_t)domain << 32 | (uint32_t)day;
	struct q_sheet		*s;

	memset(r, 0, sizeof(*r));
	if (c == NULL)
		return (-1);
	if ((s = take(c, key, number)) == NULL) {
		if (sheet_read(q, kind, domain, day, &s, e) == -1)
			return (-1);
		if (s == NULL)
			return (0);
		s->key = key;
		s->number = number;
		give(q, c, s);
	}
	*r = (struct q_reading){ .columns = c, .sheet = s, .p = s->bytes, .left = s->n, .delta = sheets[kind].delta };
	return (1);
}

void
q_sheet_done(struct q_reading *r)
{
	if (r->sheet != NULL)
		done(r->columns, r->sheet);
	r->sheet = NULL;
}

/* --- Ahead of the questions ---------------------------------------------------------------- */

static int
recall_domain(struct query *q, uint32_t domain, const struct query_range *r, int64_t until, bool *more, struct err *e)
{
	struct q_reading	 is;
	sqlite3_stmt		*st;
	int			 rc;

	if (q_stmt(q, Q_EDITIONS, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, domain);
	(void)sqlite3_bind_int64(st, 2, r->from);
	(void)sqlite3_bind_int64(st, 3, r->to);
	while ((rc = q_step(q, st, e)) == 1) {
		for (unsigned kind = SHEET_RECORDS; kind <= SHEET_SUMS && rc == 1; kind++) {
			rc = q_sheet(q, (enum q_sheet_kind)kind, domain, sqlite3_column_int64(st, 0),
			    (uint64_t)sqlite3_column_int64(st, 1), &is, e);
			if (rc == 1)
				q_sheet_done(&is);
			else if (rc == 0)	/* too large: not this one */
				rc = 1;
		}
		if (rc == -1 || (*more = when_mono_ms() >= until) || atomic_load(&held) > q->most_columns / 8 * 7)
			break;
	}
	(void)sqlite3_reset(st);
	return (rc == -1 ? -1 : 0);
}

int
query_recall(struct query *q, unsigned ms, bool *more, struct err *e)
{
	struct query_cache	*c = q->c;
	struct query_filter	 f;
	struct query_range	 r;
	int64_t			 until = when_mono_ms() + ms;
	int			 rv;

	*more = false;
	if (q->most_columns == 0 || c->recalled == c->generation + 1)
		return (0);
	query_filter_init(&f);
	rv = query_filter_range(q, &f, &r, e);
	query_filter_free(&f);
	if (rv == -1 || q_need(q, TIER_EVIDENCE, e) == -1 || q_need(q, TIER_KINDS, e) == -1 || q_need(q, TIER_OF, e) == -1)
		return (-1);
	for (size_t i = 0; i < c->ndomains && !*more && atomic_load(&held) <= q->most_columns / 8 * 7; i++)
		if (c->domains[i].used && recall_domain(q, (uint32_t)i, &r, until, more, e) == -1)
			return (-1);
	if (!*more)
		c->recalled = c->generation + 1;
	return (0);
}
