/*
 * faults.c - see faults.h.
 */
#include <stdarg.h>

#include "base/base.h"
#include "base/escape.h"
#include "conf/faults.h"

#define FAULTS_MAX 200	/* a file that is no configuration at all stays readable */

void
faults_add(struct faults *f, unsigned line, const char *fmt, ...)
{
	struct fault	*v;
	struct buf	 b = { 0 };
	va_list		 ap;

	if (f->n >= FAULTS_MAX)
		return;
	if ((v = realloc(f->v, (f->n + 1) * sizeof(*v))) == NULL) {
		f->failed = true;
		return;
	}
	f->v = v;
	(void)esc_text(&b, str_of(f->name));
	if (line > 0)
		(void)buf_printf(&b, ":%u", line);
	(void)buf_cstr(&b, ": ");
	va_start(ap, fmt);
	(void)buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (b.failed) {
		buf_free(&b);
		f->failed = true;
		return;
	}
	f->v[f->n] = (struct fault){ b.p, f->file, line, (unsigned)f->n };
	f->n++;
}

static int
order(const void *pa, const void *pb)
{
	const struct fault	*a = pa, *b = pb;

	if (a->file != b->file)
		return (a->file < b->file ? -1 : 1);
	if (a->line != b->line)
		return (a->line < b->line ? -1 : 1);
	return (a->seq < b->seq ? -1 : 1);
}

void
faults_print(struct faults *f, struct buf *b)
{
	if (f->n > 0)
		qsort(f->v, f->n, sizeof(*f->v), order);
	for (size_t i = 0; i < f->n; i++)
		(void)buf_printf(b, "%s\n", f->v[i].text);
}

void
faults_free(struct faults *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].text);
	free(f->v);
	*f = (struct faults){ 0 };
}
