/*
 * words.c - see words.h.
 */
#include <stdarg.h>

#include "base/escape.h"
#include "cli/words.h"
#include "dmarc/trust.h"

void
cli_line(const char *what, struct str v)
{
	struct buf	 b = { 0 };

	if (v.len == 0)
		return;
	(void)buf_printf(&b, "%-11s ", what);
	(void)esc_text(&b, v);
	(void)buf_byte(&b, '\n');
	(void)fwrite(b.p, 1, b.failed ? 0 : b.len, stdout);
	buf_free(&b);
}

void
cli_line_text(const char *what, const char *fmt, ...)
{
	struct buf	 b = { 0 };
	va_list		 ap;

	va_start(ap, fmt);
	(void)buf_vprintf(&b, fmt, ap);
	va_end(ap);
	cli_line(what, buf_as_str(&b));
	buf_free(&b);
}

void
cli_lines(const char *what, struct str s)
{
	const char	*nl;

	for (; s.len > 0; what = "") {
		nl = memchr(s.p, '\n', s.len);
		cli_line(what, nl == s.p ? STR(" ") : (struct str){ s.p, nl == NULL ? s.len : (size_t)(nl - s.p) });
		if (nl == NULL)
			return;
		s.len -= (size_t)(nl + 1 - s.p);
		s.p = nl + 1;
	}
}

void
cli_line_apart(unsigned apart)
{
	if (apart != APART_NO)
		cli_line_text("apart", "it counts in no figure: %s", apart == APART_FOREIGN ? "the domain is not ours" : "it is unauthenticated");
}
