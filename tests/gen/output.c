/*
 * output.c - where the mails go: Maildir, mbox, single files or bare XML.
 * Nothing is synced: it is test data.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen.h"

struct output {
	enum out_kind	 kind;
	char		*path;
	FILE		*mbox;
	uint64_t	 n;
};

static void
folder(const char *path)
{
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		gen_die("cannot make the directory %s: %s", path, strerror(errno));
}

struct output *
output_open(enum out_kind kind, const char *path)
{
	static const char *const	 sub[] = { "cur", "new", "tmp" };
	struct output			*o = gen_alloc(NULL, 1, sizeof(*o));
	struct buf			 b = { 0 };

	*o = (struct output){ .kind = kind };
	if (path != NULL) {
		buf_str(&b, path);
		o->path = b.p;
	}
	switch (kind) {
	case OUT_NONE:
		break;
	case OUT_MBOX:
		if ((o->mbox = fopen(path, "wb")) == NULL)
			gen_die("cannot write %s: %s", path, strerror(errno));
		break;
	case OUT_MAILDIR:
		folder(path);
		for (size_t i = 0; i < nitems(sub); i++) {
			struct buf	 s = { 0 };

			buf_fmt(&s, "%s/%s", path, sub[i]);
			folder(s.p);
			buf_free(&s);
		}
		break;
	case OUT_FILES:
	case OUT_XML:
		folder(path);
		break;
	}
	return (o);
}

bool
output_wants_mail(const struct output *o)
{
	return (o->kind != OUT_XML && o->kind != OUT_NONE);
}

static void
put(FILE *f, const char *name, const void *p, size_t n)
{
	if (n > 0 && fwrite(p, 1, n, f) != n)
		gen_die("cannot write %s: %s", name, strerror(errno));
}

/* Writes the text with CRLF where the source has LF. */
static void
put_crlf(FILE *f, const char *name, const struct buf *m)
{
	const char	*p = m->p, *end = m->p + m->len;

	while (p < end) {
		const char	*nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL)
			nl = end;
		put(f, name, p, (size_t)(nl - p));
		put(f, name, "\r\n", 2);
		p = nl + 1;
	}
}

/* mboxrd: a line of ">From " gets one more ">", so that it can be undone. */
static void
put_mbox(struct output *o, const struct buf *m, int64_t date)
{
	struct buf	 from = { 0 };
	const char	*p = m->p, *end = m->p + m->len;

	buf_str(&from, "From MAILER-DAEMON ");
	buf_mbox_date(&from, date);
	put(o->mbox, o->path, from.p, from.len);
	put(o->mbox, o->path, "\n", 1);
	while (p < end) {
		const char	*nl = memchr(p, '\n', (size_t)(end - p)), *q = p;

		nl = nl == NULL ? end : nl + 1;
		while (q < nl && *q == '>')
			q++;
		if (nl - q >= 5 && memcmp(q, "From ", 5) == 0)
			put(o->mbox, o->path, ">", 1);
		put(o->mbox, o->path, p, (size_t)(nl - p));
		p = nl;
	}
	put(o->mbox, o->path, "\n", 1);
	buf_free(&from);
}

static void
file_write(const char *name, const struct buf *m, bool crlf)
{
	FILE	*f = fopen(name, "wb");

	if (f == NULL)
		gen_die("cannot write %s: %s", name, strerror(errno));
	if (crlf)
		put_crlf(f, name, m);
	else
		put(f, name, m->p, m->len);
	if (fclose(f) != 0)
		gen_die("cannot write %s: %s", name, strerror(errno));
}

void
output_mail(struct output *o, const struct buf *m, int64_t date)
{
	struct buf	 name = { 0 };

	o->n++;
	switch (o->kind) {
	case OUT_MAILDIR:
		buf_fmt(&name, "%s/new/%" PRId64 ".M%06" PRIu64 "P1.mx.example.com",
		    o->path, date, o->n);
		file_write(name.p, m, false);
		break;
	case OUT_FILES:
		buf_fmt(&name, "%s/%06" PRIu64 ".eml", o->path, o->n);
		file_write(name.p, m, true);
		break;
	case OUT_MBOX:
		put_mbox(o, m, date);
		break;
	case OUT_NONE:
	case OUT_XML:
		break;
	}
	buf_free(&name);
}

void
output_xml(struct output *o, const struct gen_report *rp, const struct buf *xml)
{
	struct buf	 name = { 0 };

	o->n++;
	buf_fmt(&name, "%s/%06" PRIu64 "-%s!%s!%" PRId64 "!%" PRId64 ".xml", o->path,
	    o->n, rp->reporter->host, rp->domain, rp->begin, rp->end);
	file_write(name.p, xml, false);
	buf_free(&name);
}

void
output_close(struct output *o)
{
	if (o->mbox != NULL && fclose(o->mbox) != 0)
		gen_die("cannot write %s: %s", o->path, strerror(errno));
	free(o->path);
	free(o);
}
