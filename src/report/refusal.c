/*
 * refusal.c - see refusal.h.
 */
#include <stdarg.h>
#include <stdio.h>

#include "report/refusal.h"

#define REFUSAL_WORD(id, word) word,
const char *const	 refusal_words[REFUSAL_COUNT] = { REFUSALS(REFUSAL_WORD) };
#undef REFUSAL_WORD

int
refusal_set(struct err *e, enum refusal why, unsigned line, const char *fmt, ...)
{
	char	 text[sizeof(e->msg)];
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(e, why == REFUSAL_OVER_LIMIT ? ERR_LIMIT : ERR_INPUT, "%s", text);
	e->detail = (unsigned)why;
	e->line = line;
	return (-1);
}

enum refusal
refusal_of(const struct err *e)
{
	if (e->detail != 0 && e->detail < REFUSAL_COUNT)
		return ((enum refusal)e->detail);
	return (e->code == ERR_LIMIT ? REFUSAL_OVER_LIMIT : e->code == ERR_TEMP ? REFUSAL_READ_ERROR : REFUSAL_UNREADABLE);
}
