/*
 * log.c - see log.h. On a terminal or in a file a line begins with the time;
 * under systemd (JOURNAL_STREAM) with the level mark, as the journal has its own.
 */
#include <stdarg.h>
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"
#include "base/when.h"

static struct {
	char		 name[64];
	enum log_level	 level;
	bool		 journal;
} lg = { "dmarcd", LOG_INFO, false };

void
log_open(const char *name, enum log_level level)
{
	(void)snprintf(lg.name, sizeof(lg.name), "%s", name);
	lg.level = level;
	lg.journal = getenv("JOURNAL_STREAM") != NULL;
}

enum log_level
log_level_get(void)
{
	return (lg.level);
}

static void	 put(enum log_level, const char *, va_list) PRINTFLIKE(2, 0);

static void
put(enum log_level level, const char *fmt, va_list ap)
{
	static const char *const	 mark[] = { "<3>", "<4>", "<6>", "<7>" };
	static const char *const	 word[] = { "error: ", "warning: ", "", "debug: " };
	char				 line[2048], t[WHEN_TEXT];
	int				 n;

	if (level > lg.level)
		return;
	if (lg.journal)
		n = snprintf(line, sizeof(line), "%s%s: ", mark[level], lg.name);
	else
		n = snprintf(line, sizeof(line), "%s %s: %s", when_rfc3339(when_now(), t), lg.name, word[level]);
	if (n < 0)
		return;
	n += vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20)
			line[i] = ' ';
	line[n++] = '\n';
	/* One write: lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, (size_t)n) == -1)
		return;
}

#define LOG_FN(fn, level)			\
void						\
fn(const char *fmt, ...)			\
{						\
	va_list	 ap;				\
						\
	va_start(ap, fmt);			\
	put(level, fmt, ap);			\
	va_end(ap);				\
}
LOG_FN(log_error, LOG_ERROR)
LOG_FN(log_warn, LOG_WARN)
LOG_FN(log_info, LOG_INFO)
LOG_FN(log_debug, LOG_DEBUG)
