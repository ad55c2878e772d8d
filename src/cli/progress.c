/*
 * progress.c - see progress.h. The rate is that of the last seconds, not of
 * the whole run: when a slow server wakes up, the time left follows soon.
 */
#include <sys/ioctl.h>

#include <stdarg.h>
#include <unistd.h>

#include "base/base.h"
#include "base/when.h"
#include "cli/progress.h"
#include "cli/table.h"

#define DRAW_MS		100	/* ten times a second at most */
#define PLAIN_MS	5000	/* without a terminal */
#define SETTLE_MS	3000.0	/* the time over which a rate is smoothed */
#define BAR_MAX		30

struct progress {
	const char	*what, *items;
	bool		 bar;		/* on a terminal: redraw in place */
	bool		 lines;		/* asked for without a terminal */
	uint64_t	 done, total, n;
	int64_t		 begun, drawn;
	uint64_t	 last_done, last_n;	/* when it was drawn last */
	double		 rate, speed;	/* items and done, per second; below 0: not known */
};

struct progress *
progress_new(const struct cli_ctx *ctx, enum progress_when when, const char *what, const char *items)
{
	struct progress	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (NULL);
	p->what = what;
	p->items = items;
	p->bar = ctx->tty_err && when != PROGRESS_NEVER && (ctx->verbosity >= 0 || when == PROGRESS_ALWAYS);
	p->lines = !ctx->tty_err && when == PROGRESS_ALWAYS;
	p->begun = p->drawn = when_mono_ms();
	p->rate = p->speed = -1;
	return (p);
}

void
progress_total(struct progress *p, uint64_t total)
{
	if (p != NULL)
		p->total = total;
}

bool
progress_shown(const struct progress *p)
{
	return (p != NULL && (p->bar || p->lines));
}

static void
put_duration(struct buf *b, int64_t ms)
{
	int64_t	 s = (ms + 999) / 1000;

	if (s >= 3600)
		(void)buf_printf(b, "%lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s / 60 % 60),
		    (long long)(s % 60));
	else
		(void)buf_printf(b, "%lld:%02lld", (long long)(s / 60), (long long)(s % 60));
}

static void
put_rate(struct buf *b, double rate)
{
	char	 t[32];

	if (rate >= 10)
		(void)buf_printf(b, "%s/s", cli_thousands((int64_t)(rate + 0.5), t));
	else
		(void)buf_printf(b, "%.1f/s", rate);
}

void
progress_line(struct buf *out, const struct progress_view *v, unsigned width)
{
	struct buf	 tail = { 0 };
	char		 t[32];
	size_t		 used;
	double		 part = v->total == 0 ? 0 : v->done >= v->total ? 1 : (double)v->done / (double)v->total;

	(void)buf_printf(&tail, "%s %s", cli_thousands((int64_t)v->n, t), v->items);
	if (v->rate >= 0) {
		(void)buf_cstr(&tail, "  ");
		put_rate(&tail, v->rate);
	}
	if (v->left_ms >= 0) {
		(void)buf_cstr(&tail, "  ");
		put_duration(&tail, v->left_ms);
		(void)buf_cstr(&tail, " left");
	}
	(void)buf_printf(out, "%s  ", v->what);
	if (v->total > 0) {
		/* "[####----]  45 %  " takes ten places beside the bar itself */
		used = out->len + tail.len + 10;
		if (used + 5 <= width) {
			size_t	 bar = width - used < BAR_MAX ? width - used : BAR_MAX, full;

			full = (size_t)(part * (double)bar);
			(void)buf_byte(out, '[');
			for (size_t i = 0; i < bar; i++)
				(void)buf_byte(out, i < full ? '#' : '-');
			(void)buf_cstr(out, "] ");
		}
		(void)buf_printf(out, "%3d %%  ", (int)(part * 100));
	}
	(void)buf_str(out, buf_as_str(&tail));
	if (out->len > width && width > 0) {
		out->len = width;	/* our own ASCII: a place is a byte */
		out->p[width] = '\0';
	}
	buf_free(&tail);
}

static unsigned
width(void)
{
	struct winsize	 w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1)
		return (w.ws_col - 1u);
	return (79);
}

static void
smooth(double *rate, double now, double part)
{
	*rate = *rate < 0 ? now : *rate + (now - *rate) * part;
}

static void
draw(struct progress *p, int64_t now)
{
	struct progress_view	 v = { p->what, p->items, p->done, p->total, p->n, -1, -1 };
	struct buf		 b = { 0 };
	double			 ms = (double)(now - p->drawn), part;

	if (ms > 0) {
		part = ms / (SETTLE_MS + ms);
		smooth(&p->rate, (double)(p->n - p->last_n) * 1000 / ms, part);
		smooth(&p->speed, (double)(p->done - p->last_done) * 1000 / ms, part);
	}
	p->drawn = now;
	p->last_n = p->n;
	p->last_done = p->done;
	if (now - p->begun >= 1000) {
		v.rate = p->rate;
		if (p->total > p->done && p->speed > 0) {
			double	 left = (double)(p->total - p->done) * 1000 / p->speed;

			v.left_ms = left < 360000000.0 ? (int64_t)left : -1;	/* 100 hours mean nothing */
		}
	}
	if (p->bar)
		(void)buf_cstr(&b, "\r\033[K");
	progress_line(&b, &v, p->bar ? width() + 4 : 200);
	/* The cursor goes back to the left, so that a log line writes over the bar. */
	(void)buf_cstr(&b, p->bar ? "\r" : "\n");
	if (!b.failed)
		(void)fwrite(b.p, 1, b.len, stderr);
	(void)fflush(stderr);
	buf_free(&b);
}

void
progress_set(struct progress *p, uint64_t done, uint64_t items)
{
	int64_t	 now;

	if (p == NULL)
		return;
	/* Neither goes back, whatever the caller counts. */
	p->done = done > p->done ? done : p->done;
	p->n = items > p->n ? items : p->n;
	if (!p->bar && !p->lines)
		return;
	now = when_mono_ms();
	if (now - p->drawn >= (p->bar ? DRAW_MS : PLAIN_MS))
		draw(p, now);
}

void
progress_note(struct progress *p, const char *fmt, ...)
{
	struct buf	 b = { 0 };
	va_list		 ap;

	if (p != NULL && p->bar)
		(void)fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	if (buf_vprintf(&b, fmt, ap))
		(void)fprintf(stderr, "%s\n", b.p);
	va_end(ap);
	buf_free(&b);
	if (p != NULL && p->bar)
		draw(p, when_mono_ms());
}

void
progress_done(struct progress *p)
{
	double	 s;
	char	 t[32];

	if (p == NULL)
		return;
	s = (double)(when_mono_ms() - p->begun) / 1000;
	if (p->bar || p->lines) {
		(void)fprintf(stderr, "%s%s: %s %s in %.1f s", p->bar ? "\r\033[K" : "", p->what,
		    cli_thousands((int64_t)p->n, t), p->items, s);
		if (s >= 0.1)
			(void)fprintf(stderr, " (%s/s)", cli_thousands((int64_t)((double)p->n / s + 0.5), t));
		(void)fputc('\n', stderr);
	}
	free(p);
}
