/*
 * hints.c - see hints.h.
 */
#include "report/hints.h"

static bool
is_end(char c)
{
	return (c == ' ' || c == '\t' || c == ';' || c == ',');
}

/* The word behind a label; braces hold a phrase, and the next label ends it. */
static struct str
after(struct str s, const char *label)
{
	static const char *const	 next[] = { "submitter:", "report-id:", "date:", "report domain:" };
	const char			*p = str_ifind(s, label), *end, *q;
	struct str			 v;

	if (p == NULL)
		return (STR_NONE);
	end = s.p + s.len;
	p += strlen(label);
	while (p < end && is_end(*p))
		p++;
	if (p < end && *p == '{' && (q = memchr(p, '}', (size_t)(end - p))) != NULL)
		return (str_trim((struct str){ p + 1, (size_t)(q - p) - 1 }));
	v = (struct str){ p, (size_t)(end - p) };
	for (size_t i = 0; i < nitems(next); i++)
		if ((q = str_ifind(v, next[i])) != NULL)
			v.len = (size_t)(q - v.p);
	/* one word, unless it is a name with a blank in it: those come in braces only */
	for (size_t i = 0; i < v.len; i++)
		if (is_end(v.p[i])) {
			v.len = i;
			break;
		}
	v = str_trim(v);
	if (v.len >= 2 && v.p[0] == '<' && v.p[v.len - 1] == '>')
		v = (struct str){ v.p + 1, v.len - 2 };
	return (v.len == 0 ? STR_NONE : v);
}

void
hints_subject(struct str s, struct hints *h)
{
	if (s.p == NULL || str_ifind(s, "report") == NULL || str_ifind(s, "domain:") == NULL)
		return;
	h->domain = after(s, "domain:");
	h->submitter = after(s, "submitter:");
	h->report_id = after(s, "report-id:");
}

void
hints_filename(struct str s, struct hints *h)
{
	struct str	 f[5];
	size_t		 n = 0;
	const char	*p = s.p, *end, *q, *slash, *dot;

	if (s.p == NULL)
		return;
	end = s.p + s.len;
	if ((slash = memrchr(s.p, '/', s.len)) != NULL)
		p = slash + 1;
	while (n < nitems(f)) {
		q = memchr(p, '!', (size_t)(end - p));
		f[n++] = (struct str){ p, (size_t)((q == NULL ? end : q) - p) };
		if (q == NULL)
			break;
		p = q + 1;
	}
	if (n < 4)
		return;
	/* the last field carries the extensions */
	if ((dot = memchr(f[n - 1].p, '.', f[n - 1].len)) != NULL)
		f[n - 1].len = (size_t)(dot - f[n - 1].p);
	if (!str_i64(f[2], &h->begin) || !str_i64(f[3], &h->end)) {
		h->begin = h->end = 0;
		return;
	}
	if (f[0].len > 0)
		h->submitter = f[0];
	h->domain = f[1];
	if (n == 5 && f[4].len > 0)
		h->report_id = f[4];
}
