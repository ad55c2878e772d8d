/*
 * err.c - see err.h.
 */
#include <stdarg.h>

#include "base/base.h"

/* Remote text may reach a message; a log line must stay one line. */
static void
strip_controls(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list	 ap;

	if (e == NULL)
		return (-1);
	e->code = code;
	e->detail = e->line = 0;
	e->byte = 0;
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	strip_controls(e->msg);
	return (-1);
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char	 old[sizeof(e->msg)];
	va_list	 ap;
	size_t	 n;

	if (e == NULL)
		return (-1);
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	if (n + 2 < sizeof(e->msg))
		(void)snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", old);
	strip_controls(e->msg);
	return (-1);
}
