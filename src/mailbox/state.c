/*
 * state.c - see state.h.
 */
#include <stdlib.h>

#include "base/base.h"
#include "base/escape.h"
#include "mailbox/state.h"

static struct str
take_line(struct str *s)
{
	const char	*nl = s->len == 0 ? NULL : memchr(s->p, '\n', s->len);
	size_t		 n = nl == NULL ? s->len : (size_t)(nl - s->p);
	struct str	 line = { s->p, n };

	n += nl != NULL;
	s->p += n;
	s->len -= n;
	return (line);
}

static struct str
take_word(struct str *s)
{
	const char	*sp = s->len == 0 ? NULL : memchr(s->p, ' ', s->len);
	size_t		 n = sp == NULL ? s->len : (size_t)(sp - s->p);
	struct str	 word = { s->p, n };

	n += sp != NULL;
	s->p += n;
	s->len -= n;
	return (word);
}

/* The account in one line, whatever stands in it. */
static void
print_head(struct buf *out, const char *kind, const char *account)
{
	buf_printf(out, "%s\naccount ", kind);
	esc_text(out, str_of(account));
	buf_byte(out, '\n');
}

static bool
head_fits(struct str *text, const char *kind, const char *account)
{
	struct buf	 want = { 0 };
	bool		 ok;

	print_head(&want, kind, account);
	ok = !want.failed && text->len >= want.len && memcmp(text->p, want.p, want.len) == 0;
	if (ok) {
		text->p += want.len;
		text->len -= want.len;
	}
	buf_free(&want);
	return (ok);
}

static bool
u32(struct str s, uint32_t *out)
{
	int64_t	 v;

	if (!str_i64(s, &v) || v > UINT32_MAX)
		return (false);
	*out = (uint32_t)v;
	return (true);
}

/* --- IMAP --------------------------------------------------------------- */

static size_t
left_find(const struct imap_lefts *l, uint32_t uid)
{
	size_t	 i;

	for (i = 0; i < l->n && l->v[i].uid != uid; i++)
		;
	return (i);
}

bool
imap_left_set(struct imap_lefts *l, uint32_t uid, uint64_t number)
{
	struct imap_left	*more;
	size_t			 i = left_find(l, uid);

	if (i == l->n) {
		if (l->n == l->cap) {
			l->cap = l->cap == 0 ? 8 : l->cap * 2;
			if ((more = realloc(l->v, l->cap * sizeof(*more))) == NULL)
				return (false);
			l->v = more;
		}
		l->v[l->n++].uid = uid;
	}
	l->v[i].number = number;
	return (true);
}

uint64_t
imap_left_get(const struct imap_lefts *l, uint32_t uid)
{
	size_t	 i = left_find(l, uid);

	return (i == l->n ? 0 : l->v[i].number);
}

void
imap_left_remove(struct imap_lefts *l, uint32_t uid)
{
	size_t	 i = left_find(l, uid);

	if (i < l->n) {
		memmove(l->v + i, l->v + i + 1, (l->n - i - 1) * sizeof(*l->v));
		l->n--;
	}
}

static bool
imap_line(struct imap_state *st, struct str line)
{
	struct str	 word = take_word(&line);
	uint32_t	 uid;
	int64_t		 v;

	if (str_eq(word, STR("uidvalidity")))
		return (u32(line, &st->uidvalidity));
	if (str_eq(word, STR("uid")))
		return (u32(line, &st->uid));
	if (str_eq(word, STR("unsettled")))
		return (uidset_parse(&st->unsettled, line));
	if (str_eq(word, STR("again")) || str_eq(word, STR("large")))
		return (u32(take_word(&line), &uid) && str_i64(line, &v) && v > 0 &&
		    imap_left_set(word.p[0] == 'a' ? &st->again : &st->large, uid, (uint64_t)v));
	return (false);
}

bool
imap_state_parse(struct imap_state *st, const char *account, struct str text)
{
	bool	 ok;

	memset(st, 0, sizeof(*st));
	ok = head_fits(&text, "dmarcd-imap 1", account);
	while (ok && text.len > 0)
		ok = imap_line(st, take_line(&text));
	if (!ok)
		imap_state_free(st);
	return (ok);
}

bool
imap_state_print(const struct imap_state *st, const char *account, struct buf *out)
{
	size_t	 i;

	print_head(out, "dmarcd-imap 1", account);
	buf_printf(out, "uidvalidity %u\nuid %u\n", st->uidvalidity, st->uid);
	if (st->unsettled.n > 0) {
		buf_cstr(out, "unsettled ");
		uidset_print(&st->unsettled, out);
		buf_byte(out, '\n');
	}
	for (i = 0; i < st->again.n; i++)
		buf_printf(out, "again %u %llu\n", st->again.v[i].uid, (unsigned long long)st->again.v[i].number);
	for (i = 0; i < st->large.n; i++)
		buf_printf(out, "large %u %llu\n", st->large.v[i].uid, (unsigned long long)st->large.v[i].number);
	return (!out->failed);
}

void
imap_state_free(struct imap_state *st)
{
	uidset_free(&st->unsettled);
	free(st->again.v);
	free(st->large.v);
	memset(st, 0, sizeof(*st));
}

/* --- POP3 --------------------------------------------------------------- */

static int
by_uidl(const void *a, const void *b)
{
	const struct pop3_message	*x = a, *y = b;

	return (strcmp(x->uidl, y->uidl));
}

static bool
pop3_line(struct pop3_state *st, struct str line)
{
	struct str		 word = take_word(&line);
	struct pop3_message	 m = { .fate = POP3_SEEN }, *more;
	int64_t			 v;

	if (!str_eq(word, STR("seen"))) {
		if (str_eq(word, STR("large")))
			m.fate = POP3_LARGE;
		else if (str_eq(word, STR("again")))
			m.fate = POP3_AGAIN;
		else
			return (false);
		if (!str_i64(take_word(&line), &v) || v < 1)
			return (false);
		m.number = (uint64_t)v;
	}
	if (line.len == 0 || memchr(line.p, '\0', line.len) != NULL)
		return (false);
	if (st->n == st->cap) {
		st->cap = st->cap == 0 ? 64 : st->cap * 2;
		if ((more = realloc(st->v, st->cap * sizeof(*more))) == NULL)
			return (false);
		st->v = more;
	}
	if ((m.uidl = strndup(line.p, line.len)) == NULL)
		return (false);
	st->v[st->n++] = m;
	return (true);
}

bool
pop3_state_parse(struct pop3_state *st, const char *account, struct str text)
{
	bool	 ok;

	memset(st, 0, sizeof(*st));
	ok = head_fits(&text, "dmarcd-pop3 1", account);
	while (ok && text.len > 0)
		ok = pop3_line(st, take_line(&text));
	if (!ok)
		pop3_state_free(st);
	else if (st->n > 0)
		qsort(st->v, st->n, sizeof(*st->v), by_uidl);
	return (ok);
}

const struct pop3_message *
pop3_state_find(const struct pop3_state *st, const char *uidl)
{
	struct pop3_message	 key = { .uidl = (char *)(uintptr_t)uidl };

	return (st->n == 0 ? NULL : bsearch(&key, st->v, st->n, sizeof(*st->v), by_uidl));
}

void
pop3_state_begin(struct buf *out, const char *account)
{
	print_head(out, "dmarcd-pop3 1", account);
}

void
pop3_state_line(struct buf *out, const struct pop3_message *m)
{
	switch (m->fate) {
	case POP3_NEW:
		break;
	case POP3_SEEN:
		buf_printf(out, "seen %s\n", m->uidl);
		break;
	case POP3_LARGE:
		buf_printf(out, "large %llu %s\n", (unsigned long long)m->number, m->uidl);
		break;
	case POP3_AGAIN:
		buf_printf(out, "again %llu %s\n", (unsigned long long)m->number, m->uidl);
		break;
	}
}

void
pop3_state_free(struct pop3_state *st)
{
	size_t	 i;

	for (i = 0; i < st->n; i++)
		free(st->v[i].uidl);
	free(st->v);
	memset(st, 0, sizeof(*st));
}
