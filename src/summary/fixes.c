/*
 * fixes.c - what became of the fixes that people reported: which of those that
 * are watched belong into a summary, and how they are said.
 */
#include "answer/answer.h"
#include "dmarc/dmarc.h"
#include "store/todo.h"
#include "summary/fixes.h"
#include "summary/say.h"

#define FIXES_TOLD 10	/* one by one */

int
summary_fixes(struct query *q, const struct query_filter *f, struct summary *s, struct err *e)
{
	struct query_watch	*v;
	size_t			 n;

	if (query_watches(q, f, s->to, &v, &n, e) == -1)
		return (-1);
	if ((s->fixes = arena_alloc(query_arena(q), n + 1, sizeof(*s->fixes))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	for (size_t i = 0; i < n; i++) {
		/* what was changed later is told of later; what was looked at for long enough has been told of */
		if (v[i].day > s->to || v[i].day + WATCH_DAYS < s->from)
			continue;
		s->fixes[s->nfixes++] = (struct summary_fix){ v[i].sender, v[i].label, v[i].domain, v[i].code, v[i].verdict, v[i].day,
		    v[i].through, v[i].m, v[i].bad, v[i].pass };
	}
	return (0);
}

bool
say_fix(struct buf *b, const struct summary *s, unsigned lang, unsigned n)
{
	char	 key[40], code[8];

	if (n > FIXES_TOLD || n >= s->nfixes)
		return (false);
	if (n == FIXES_TOLD) {
		struct word	 more[] = { { .name = "n", .kind = WORD_COUNT, .n = s->nfixes - n }, WORDS_END };

		return (words_fill(b, lang, "more", more) || true);
	}
	{
		const struct summary_fix	*x = &s->fixes[n];
		struct word			 w[] = {
			{ .name = "domain", .kind = x->domain.len > 0 ? WORD_NAME : WORD_TEXT,
			    .text = x->domain.len > 0 ? x->domain : str_of(words_text(lang, "fix.all")) },
			{ .name = "name", .kind = WORD_NAME, .text = x->name },
			{ .name = "code", .kind = WORD_TEXT, .text = str_of(dmarc_code_name(x->code, code)) },
			{ .name = "m", .kind = WORD_COUNT, .n = x->m }, { .name = "bad", .kind = WORD_COUNT, .n = x->bad },
			{ .name = "pass", .kind = WORD_COUNT, .n = x->pass }, { .name = "day", .kind = WORD_DAY, .day = x->day }, WORDS_END
		};

		(void)snprintf(key, sizeof(key), "fix.%s", watch_verdict_names[x->verdict]);
		return (words_fill(b, lang, key, w) || true);
	}
}
