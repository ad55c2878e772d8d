/*
 * query_tally.c - sums by two ids, the best few of many, and the cursors that
 * lead from one page to the next.
 */
#include "store/query_int.h"

#define CELLS_MAX	((size_t)1 << 18)	/* 12 MB: more than anybody reads */
#define RANKS_MAX	((size_t)16 << 20)

static size_t
slot_of(uint64_t key, size_t nslots)
{
	key ^= key >> 33;
	key *= 0x9e3779b97f4a7c15u;
	return ((size_t)(key >> 29 ^ key >> 47) & (nslots - 1));
}

static bool
rehash(struct q_tally *t)
{
	size_t		 n = t->nslots == 0 ? 1024 : t->nslots * 4, i;
	uint32_t	*v = calloc(n, sizeof(*v));

	if (v == NULL)
		return (false);
	for (size_t k = 0; k < t->n; k++) {
		for (i = slot_of(t->cells[k].key, n); v[i] != 0; i = (i + 1) & (n - 1))
			;
		v[i] = (uint32_t)k + 1;
	}
	free(t->slots);
	t->slots = v;
	t->nslots = n;
	return (true);
}

struct q_cell *
q_tally_cell(struct q_tally *t, uint32_t group, uint32_t sub)
{
	uint64_t	 key = (uint64_t)group << 32 | sub;
	struct q_cell	*c;
	size_t		 i;

	if (t->recent < t->n && t->cells[t->recent].key == key)
		return (&t->cells[t->recent]);
	if (t->failed || (t->n * 2 >= t->nslots && !rehash(t))) {
		t->failed = true;
		return (NULL);
	}
	for (i = slot_of(key, t->nslots); t->slots[i] != 0; i = (i + 1) & (t->nslots - 1))
		if (t->cells[t->slots[i] - 1].key == key) {
			t->recent = t->slots[i] - 1;
			return (&t->cells[t->recent]);
		}
	if (t->n >= (t->most == 0 ? CELLS_MAX : t->most) || !q_grow((void **)&t->cells, &t->cap, t->n + 1, sizeof(*t->cells))) {
		t->failed = true;
		return (NULL);
	}
	t->recent = (uint32_t)t->n;
	c = &t->cells[t->n++];
	*c = (struct q_cell){ .key = key, .first = INT32_MAX, .last = INT32_MIN };
	t->slots[i] = (uint32_t)t->n;
	return (c);
}

void
q_tally_add(struct q_tally *t, uint32_t group, uint32_t sub, const struct q_fact *f)
{
	struct q_cell	*c = q_tally_cell(t, group, sub);

	if (c == NULL)
		return;
	c->m += f->m;
	c->rows += f->rows;
	if (f->day < c->first)
		c->first = (int32_t)f->day;
	if (f->day > c->last)
		c->last = (int32_t)f->day;
}

void
q_tally_below(struct q_tally *t, uint32_t group)
{
	size_t	 n = 0, i;

	for (size_t k = 0; k < t->n; k++)
		if (t->cells[k].key >> 32 < group)
			t->cells[n++] = t->cells[k];
	t->n = n;
	t->recent = 0;
	if (t->nslots == 0)
		return;
	memset(t->slots, 0, t->nslots * sizeof(*t->slots));
	for (size_t k = 0; k < n; k++) {
		for (i = slot_of(t->cells[k].key, t->nslots); t->slots[i] != 0; i = (i + 1) & (t->nslots - 1))
			;
		t->slots[i] = (uint32_t)k + 1;
	}
}

int
q_tally_check(const struct q_tally *t, struct err *e)
{
	if (!t->failed)
		return (0);
	return (err_set(e, ERR_TEMP, "the answer is too large: ask for fewer days or add a filter"));
}

void
q_tally_free(struct q_tally *t)
{
	free(t->cells);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

/* --- The first few ------------------------------------------------------------------- */

static int
order(const int64_t a[4], const int64_t b[4])
{
	for (int i = 0; i < 4; i++)
		if (a[i] != b[i])
			return (a[i] < b[i] ? -1 : 1);
	return (0);
}

int
q_top_init(struct q_top *t, size_t limit)
{
	memset(t, 0, sizeof(*t));
	t->limit = limit;
	return (0);
}

/* A heap with the worst on top, so that a better one knows whom to put out. */
static void
sift_down(struct q_top *t, size_t i)
{
	struct q_rank	 x;
	size_t		 k;

	for (; (k = 2 * i + 1) < t->n; i = k) {
		if (k + 1 < t->n && order(t->v[k + 1].k, t->v[k].k) > 0)
			k++;
		if (order(t->v[i].k, t->v[k].k) >= 0)
			return;
		x = t->v[i];
		t->v[i] = t->v[k];
		t->v[k] = x;
	}
}

static void
sift_up(struct q_top *t, size_t i)
{
	struct q_rank	 x;
	size_t		 up;

	for (; i > 0 && order(t->v[i].k, t->v[up = (i - 1) / 2].k) > 0; i = up) {
		x = t->v[i];
		t->v[i] = t->v[up];
		t->v[up] = x;
	}
}

bool
q_top_offer(struct q_top *t, const int64_t k[4], uint32_t *slot)
{
	if (t->has_after && order(k, t->after) <= 0)
		return (false);
	t->passed++;
	if (t->limit != 0 && t->n == t->limit) {
		if (order(k, t->v[0].k) >= 0)
			return (false);
		memcpy(t->v[0].k, k, sizeof(t->v[0].k));
		*slot = t->v[0].at;
		sift_down(t, 0);
		return (true);
	}
	if (t->n >= RANKS_MAX || !q_grow((void **)&t->v, &t->cap, t->n + 1, sizeof(*t->v))) {
		t->failed = true;
		return (false);
	}
	memcpy(t->v[t->n].k, k, sizeof(t->v[t->n].k));
	*slot = t->v[t->n].at = (uint32_t)t->n;
	t->n++;
	if (t->limit != 0)
		sift_up(t, t->n - 1);
	return (true);
}

static int
by_order(const void *a, const void *b)
{
	return (order(((const struct q_rank *)a)->k, ((const struct q_rank *)b)->k));
}

void
q_top_sort(struct q_top *t)
{
	if (t->n > 1)
		qsort(t->v, t->n, sizeof(*t->v), by_order);
}

void
q_top_free(struct q_top *t)
{
	free(t->v);
	memset(t, 0, sizeof(*t));
}

/* --- Sorts and cursors ------------------------------------------------------------------- */

int
q_sort(const char *text, const char *otherwise, const char *const *names, struct q_sort *out, struct err *e)
{
	char	 word[64];
	size_t	 len = 0;

	if (text == NULL || text[0] == '\0')
		text = otherwise;
	out->desc = text[0] == '-';
	(void)snprintf(out->name, sizeof(out->name), "%s", text + out->desc);
	for (const char *const *n = names; *n != NULL; n++)
		if (strcmp(*n, text + out->desc) == 0)
			return (0);
	/* Said in one line with what there is. */
	word[0] = '\0';
	for (const char *const *n = names; *n != NULL && len + 12 < sizeof(word); n++)
		len += (size_t)snprintf(word + len, sizeof(word) - len, "%s%s", len == 0 ? "" : " ", *n);
	return (err_set(e, ERR_CONFIG, "sort: \"%.20s\" is not one of %s (\"-\" in front: the largest first)", text, word));
}

int
q_cursor_parse(const struct query_page *p, const struct q_sort *s, int64_t k[4], bool *given, struct err *e)
{
	char		*end;
	const char	*c = p->cursor;
	size_t		 n = strlen(s->name);

	*given = false;
	if (c == NULL || c[0] == '\0')
		return (0);
	if (s->desc == (c[0] == '-') && strncmp(c + s->desc, s->name, n) == 0) {
		c += s->desc + n;
		for (int i = 0; i < 4; i++) {
			if (*c != '_')
				return (err_set(e, ERR_CONFIG, "cursor: it is damaged"));
			k[i] = strtoll(c + 1, &end, 10);
			if (end == c + 1)
				return (err_set(e, ERR_CONFIG, "cursor: it is damaged"));
			c = end;
		}
		if (*c == '\0') {
			*given = true;
			return (0);
		}
	}
	return (err_set(e, ERR_CONFIG, "cursor: it does not belong to this sort"));
}

char *
q_cursor(struct query *q, const struct q_sort *s, const int64_t k[4])
{
	char	 text[128];
	int	 n;

	n = snprintf(text, sizeof(text), "%s%s_%lld_%lld_%lld_%lld", s->desc ? "-" : "", s->name, (long long)k[0],
	    (long long)k[1], (long long)k[2], (long long)k[3]);
	return (arena_strndup(q->a, text, (size_t)n));
}

int
q_top_ids(struct query *q, struct q_top *top, size_t limit, const struct q_sort *sort, struct query_reports *out, struct err *e)
{
	q_top_sort(top);
	out->nids = limit != 0 && top->n == limit ? top->n - 1 : top->n;
	if (top->failed || (out->ids = arena_alloc(q->a, out->nids + 1, sizeof(*out->ids))) == NULL)
		return (q_oom(e));
	for (size_t i = 0; i < out->nids; i++)
		out->ids[i] = sort->desc ? -top->v[i].k[1] : top->v[i].k[1];
	if (out->nids < top->n && (out->next = q_cursor(q, sort, top->v[out->nids - 1].k)) == NULL)
		return (q_oom(e));
	return (0);
}
