/*
 * query_pieces.c - what evidence says, by id, in pieces.
 *
 * A row of evidence never changes, so a piece that is full is read once for
 * all handles of a process that read the same file. There is a ceiling on
 * them, however much evidence there is: beyond it a handle keeps a few pieces
 * of its own and reads them again and again. That is slow, and the clock of
 * the question says so.
 */
#include <sys/stat.h>

#include <pthread.h>
#include <stdatomic.h>

#include "store/query_int.h"

#define PIECE		128u
#define TOPS		4096u		/* of TOPS pieces each: all ids */
#define OWN		256u		/* pieces of each sort that a handle has for itself: 1 MB, mostly */
#define RECENT		8u

enum sort { SORT_EVIDENCE, SORT_LISTS, SORTS };

struct piece {
	uint32_t		 first, n;	/* ids first to first + n - 1 are in it */
	size_t			 bytes;
	struct q_evidence	*evidence;
	uint32_t		*at, *lists;	/* at 0: none */
};

typedef _Atomic(struct piece *) slot;

struct q_pieces {
	struct q_pieces		*next;
	unsigned		 users;
	bool			 alone;
	uint64_t		 secret, epoch;
	dev_t			 dev;
	ino_t			 ino;
	_Atomic(slot *)		 top[SORTS][TOPS];
	struct q_columns	*columns;
};

struct q_own { struct piece *p[SORTS][OWN]; };

static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;	/* of the list and its users */
static struct q_pieces	*sets;
static atomic_size_t	 bytes;					/* of all sets */

static void
piece_free(struct piece *p)
{
	if (p == NULL)
		return;
	free(p->evidence);
	free(p->at);
	free(p->lists);
	free(p);
}

static void
set_free(struct q_pieces *s)
{
	slot	*v;

	q_columns_free(s->columns);
	for (unsigned sort = 0; sort < SORTS; sort++)
		for (unsigned i = 0; i < TOPS; i++) {
			if ((v = atomic_load(&s->top[sort][i])) == NULL)
				continue;
			for (unsigned k = 0; k < TOPS; k++) {
				if (atomic_load(&v[k]) != NULL)
					(void)atomic_fetch_sub(&bytes, atomic_load(&v[k])->bytes);
				piece_free(atomic_load(&v[k]));
			}
			free(v);
		}
	free(s);
}

void
q_pieces_leave(struct query_cache *c)
{
	struct q_pieces	*s = c->pieces, **at;
	bool		 last;

	for (unsigned sort = 0; c->own != NULL && sort < SORTS; sort++)
		for (unsigned i = 0; i < OWN; i++)
			piece_free(c->own->p[sort][i]);
	free(c->own);
	c->own = NULL;
	c->pieces = NULL;
	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&lock);
	last = --s->users == 0;
	if (last && !s->alone) {
		for (at = &sets; *at != s; at = &(*at)->next)
			;
		*at = s->next;
	}
	(void)pthread_mutex_unlock(&lock);
	if (last)
		set_free(s);
}

/* One who writes may take back what he has written: he shares with nobody. */
static int
join(struct query *q, struct err *e)
{
	struct query_cache	*c = q->c;
	struct q_pieces		*s = NULL;
	struct stat		 st = { 0 };
	char			 path[4096];
	bool			 alone = q->s->mode != STORE_READ;

	if (c->pieces != NULL)
		return (0);
	if (c->own == NULL && (c->own = calloc(1, sizeof(*c->own))) == NULL)
		return (q_oom(e));
	if (snprintf(path, sizeof(path), "%s/dmarcd.db", q->s->dir) >= (int)sizeof(path) || stat(path, &st) == -1)
		alone = true;
	(void)pthread_mutex_lock(&lock);
	for (s = sets; s != NULL; s = s->next)
		if (!alone && s->secret == q->s->secret && s->epoch == c->epoch && s->dev == st.st_dev && s->ino == st.st_ino)
			break;
	if (s == NULL && (s = calloc(1, sizeof(*s))) != NULL && (s->columns = q_columns_new()) == NULL) {
		free(s);
		s = NULL;
	} else if (s != NULL && s->users == 0) {
		s->alone = alone;
		s->secret = q->s->secret;
		s->epoch = c->epoch;
		s->dev = st.st_dev;
		s->ino = st.st_ino;
		if (!alone) {
			s->next = sets;
			sets = s;
		}
	}
	if (s != NULL)
		s->users++;
	(void)pthread_mutex_unlock(&lock);
	c->pieces = s;
	return (s == NULL ? q_oom(e) : 0);
}

/* --- Reading --------------------------------------------------------------------------- */

static int
bad(struct err *e, const char *what, int64_t id)
{
	return (err_set(e, ERR_BUG, "%s %lld is out of range", what, (long long)id));
}

static int
evidence_row(struct query *q, sqlite3_stmt *st, struct q_evidence *out, struct err *e)
{
	struct query_cache	*c = q->c;
	int64_t			 v[4];

	for (int i = 0; i < 4; i++)
		if ((v[i] = sqlite3_column_int64(st, i + 1)) < 0 || v[i] > INT32_MAX)
			return (bad(e, "a column of evidence", v[i]));
	if ((size_t)v[0] >= c->noutcomes || !c->outcomes[v[0]].known)
		return (bad(e, "outcome", v[0]));
	*out = (struct q_evidence){ (uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2], (uint32_t)v[3] };
	return (0);
}

struct building {
	uint32_t	*v;
	size_t		 n, cap;
	size_t		 count;		/* place of the number of entries */
	unsigned	 width;		/* how many of the numbers are kept */
	bool		 failed;
	struct { size_t at, len; } recent[RECENT];
	unsigned	 next;
};

static bool
put(struct building *b, uint32_t v)
{
	if (!q_grow((void **)&b->v, &b->cap, b->n + 1, sizeof(*b->v)))
		return (false);
	b->v[b->n++] = v;
	return (true);
}

static void
list_add(void *ctx, const uint32_t v[5], unsigned n)
{
	struct building	*b = ctx;

	(void)n;
	for (unsigned i = 0; i < b->width; i++)
		if (b->failed || !put(b, v[i])) {
			b->failed = true;
			return;
		}
	b->v[b->count]++;
}

/* Number of signatures, (domain, selector)...; number of SPF results, domain...; reasons likewise. */
static int
list_row(sqlite3_stmt *st, struct building *b, uint32_t *at, struct err *e)
{
	static const unsigned	 width[] = { 2, 1, 1 };
	size_t			 begin = b->n, len;

	for (int i = 0; i < 3; i++) {
		b->count = b->n;
		b->width = width[i];
		if (!put(b, 0))
			return (q_oom(e));
		if (sqlite3_column_type(st, i + 1) == SQLITE_TEXT)
			q_numbers((struct str){ (const char *)sqlite3_column_text(st, i + 1),
			    (size_t)sqlite3_column_bytes(st, i + 1) }, list_add, b);
		if (b->failed)
			return (q_oom(e));
	}
	/* Neighbours say the same more often than not. */
	len = b->n - begin;
	for (unsigned i = 0; i < RECENT; i++)
		if (b->recent[i].len == len && memcmp(b->v + b->recent[i].at, b->v + begin, len * sizeof(*b->v)) == 0) {
			b->n = begin;
			*at = (uint32_t)b->recent[i].at;
			return (0);
		}
	b->recent[b->next].at = begin;
	b->recent[b->next].len = len;
	b->next = (b->next + 1) % RECENT;
	*at = (uint32_t)begin;
	return (0);
}

static int
rows(struct query *q, enum sort sort, struct piece *p, struct building *b, struct err *e)
{
	sqlite3_stmt	*st;
	int64_t		 id;
	int		 rc;

	if (q_stmt(q, sort == SORT_EVIDENCE ? Q_EVIDENCES : Q_LISTS, &st, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, p->first);
	(void)sqlite3_bind_int64(st, 2, (sqlite3_int64)p->first + p->n - 1);
	while ((rc = q_step(q, st, e)) == 1) {
		id = sqlite3_column_int64(st, 0) - p->first;
		if (id < 0 || id >= p->n)
			rc = bad(e, "evidence", id);
		else if (sort == SORT_EVIDENCE)
			rc = evidence_row(q, st, &p->evidence[id], e);
		else
			rc = list_row(st, b, &p->at[id], e);
		if (rc == -1)
			break;
	}
	(void)sqlite3_reset(st);
	return (rc);
}

static struct piece *
piece_read(struct query *q, enum sort sort, uint32_t number, struct err *e)
{
	struct building	 b = { .v = NULL };
	struct piece	*p = calloc(1, sizeof(*p));
	uint64_t	 end = (uint64_t)(number + 1) * PIECE;
	int		 rv;

	if (p == NULL) {
		(void)q_oom(e);
		return (NULL);
	}
	p->first = number * PIECE;
	p->n = end <= q->c->nevidence ? PIECE : (uint32_t)(q->c->nevidence - p->first);
	if (sort == SORT_EVIDENCE)
		rv = (p->evidence = calloc(PIECE, sizeof(*p->evidence))) == NULL ? q_oom(e) : 0;
	else
		rv = (p->at = calloc(PIECE, sizeof(*p->at))) == NULL || !put(&b, 0) ? q_oom(e) : 0;	/* 0 says: none */
	if (rv == 0)
		rv = rows(q, sort, p, &b, e);
	if (rv == 0 && sort == SORT_LISTS && (p->lists = malloc(b.n * sizeof(*p->lists))) == NULL)
		rv = q_oom(e);
	if (rv == 0 && sort == SORT_LISTS)
		memcpy(p->lists, b.v, b.n * sizeof(*p->lists));
	p->bytes = sizeof(*p) + (sort == SORT_EVIDENCE ? PIECE * sizeof(*p->evidence) : PIECE * sizeof(*p->at) + b.n * sizeof(*b.v));
	free(b.v);
	if (rv == -1) {
		piece_free(p);
		return (NULL);
	}
	return (p);
}

/* True: it belongs to all now, or somebody else was quicker; *p is theirs. */
static bool
give(struct query *q, enum sort sort, uint32_t number, struct piece **p)
{
	_Atomic(slot *)	*top = &q->c->pieces->top[sort][number / TOPS];
	slot		*v = atomic_load(top), *none = NULL, *mine;
	struct piece	*there = NULL;

	if ((*p)->n < PIECE)	/* there is more to come */
		return (false);
	if (v == NULL) {
		if ((mine = calloc(TOPS, sizeof(*mine))) == NULL)
			return (false);
		if (atomic_compare_exchange_strong(top, &none, mine))
			v = mine;
		else {
			free(mine);
			v = none;
		}
	}
	if (atomic_fetch_add(&bytes, (*p)->bytes) + (*p)->bytes > q->most_pieces) {
		(void)atomic_fetch_sub(&bytes, (*p)->bytes);
		return (false);
	}
	if (atomic_compare_exchange_strong(&v[number % TOPS], &there, *p))
		return (true);
	(void)atomic_fetch_sub(&bytes, (*p)->bytes);
	piece_free(*p);
	*p = there;
	return (true);
}

/* The piece with this id; it stays until the next one is asked for. */
static const struct piece *
piece(struct query *q, enum sort sort, uint32_t id, struct err *e)
{
	uint32_t	 number = id / PIECE;
	struct piece	*p, **own;
	slot		*v;

	if (q->c->pieces == NULL && join(q, e) == -1)
		return (NULL);
	if ((v = atomic_load_explicit(&q->c->pieces->top[sort][number / TOPS], memory_order_acquire)) != NULL &&
	    (p = atomic_load_explicit(&v[number % TOPS], memory_order_acquire)) != NULL)
		return (p);
	own = &q->c->own->p[sort][number % OWN];
	if (*own != NULL && (*own)->first == number * PIECE && id - (*own)->first < (*own)->n)
		return (*own);
	if ((p = piece_read(q, sort, number, e)) == NULL)
		return (NULL);
	if (!give(q, sort, number, &p)) {
		piece_free(*own);
		*own = p;
	}
	return (p);
}

struct q_columns *
q_pieces_columns(struct query *q, struct err *e)
{
	return (join(q, e) == -1 ? NULL : q->c->pieces->columns);
}

const struct q_evidence *
q_ev(struct query *q, uint32_t id, struct err *e)
{
	static const struct q_evidence	 none;
	const struct piece		*p;

	if (id >= q->c->nevidence)
		return (&none);
	if ((p = piece(q, SORT_EVIDENCE, id, e)) == NULL)
		return (NULL);
	return (&p->evidence[id - p->first]);
}

int
q_lists(struct query *q, uint32_t id, struct q_lists *out, struct err *e)
{
	static const uint32_t	 none[2];
	const struct piece	*p;
	const uint32_t		*v;

	*out = (struct q_lists){ .dkim = none, .spf = none, .reasons = none };
	if (id >= q->c->nevidence)
		return (0);
	if ((p = piece(q, SORT_LISTS, id, e)) == NULL)
		return (-1);
	if (p->at[id - p->first] == 0)
		return (0);
	v = p->lists + p->at[id - p->first];
	out->ndkim = *v++;
	out->dkim = v;
	v += (size_t)out->ndkim * 2;
	out->nspf = *v++;
	out->spf = v;
	v += out->nspf;
	out->nreasons = *v++;
	out->reasons = v;
	return (0);
}

size_t
query_held(void)
{
	return (atomic_load(&bytes));
}
