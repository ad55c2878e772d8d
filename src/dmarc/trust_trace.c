/*
 * trust_trace.c - From, Received and Authentication-Results of a header, taken
 * apart for the decision in trust.c.
 */
#include "dmarc/trust.h"

#define FROM_MAX 2000

void
trust_trace_reset(struct trust_trace *t)
{
	t->nfields = t->nresults = t->nfrom = 0;
	t->from = STR_NONE;
	t->used = 0;
	t->full = false;
}

/* A copy in the pool; absent, and full, when it has no room. */
static struct str
pooled(struct trust_trace *t, struct str s)
{
	char	*at = t->pool + t->used;

	if (s.p == NULL)
		return (STR_NONE);
	if (s.len > sizeof(t->pool) - t->used) {
		t->full = true;
		return (STR_NONE);
	}
	if (s.len > 0)
		memcpy(at, s.p, s.len);
	t->used += s.len;
	return ((struct str){ at, s.len });
}

static struct str
pooled_domain(struct trust_trace *t, struct str s)
{
	char	 name[DOMAIN_MAX + 1];
	size_t	 n;

	if (s.p == NULL || domain_normal(s, name, &n, NULL) != NAME_DOMAIN)
		return (STR_NONE);
	return (pooled(t, (struct str){ name, n }));
}

/* As written, for people: one line, valid UTF-8, cut. */
static struct str
pooled_text(struct trust_trace *t, struct str s)
{
	char	 text[TRUST_TEXT];
	size_t	 n = 0;

	for (size_t i = 0; i < s.len && n < sizeof(text); i++) {
		unsigned char	 c = (unsigned char)s.p[i];

		if (c == '\r' || c == '\n' || c == '\t')
			c = ' ';
		if (c == ' ' && n > 0 && text[n - 1] == ' ')
			continue;
		text[n++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	/* a character may have been cut */
	for (size_t k = 1; k <= 3 && k <= n && n == sizeof(text); k++)
		if (!str_utf8_ok((struct str){ text, n }) && str_utf8_ok((struct str){ text, n - k }))
			n -= k;
	for (size_t i = 0; i < n && !str_utf8_ok((struct str){ text, n }); i++)
		if ((unsigned char)text[i] >= 0x80)
			text[i] = '?';
	return (pooled(t, (struct str){ text, n }));
}

/* --- Skipping what only people read ------------------------------------------------------ */

/* Behind the comment that begins at p; end when it does not end. */
static const char *
skip_comment(const char *p, const char *end)
{
	unsigned	 depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return (p + 1);
	}
	return (end);
}

/* --- From ------------------------------------------------------------------------------------ */

struct mailboxes {
	char		 text[FROM_MAX];	/* of the one at hand, comments and quoted names left out */
	size_t		 n;
	char		 addr[FROM_MAX];	/* what stood in its <> */
	size_t		 naddr;
	bool		 angle, bad;
	unsigned	 count;
	char		 domain[DOMAIN_MAX + 1];	/* of the last one */
	size_t		 ndomain;
};

/* A mailbox has ended. Nothing between two commas is none. */
static void
mailbox_end(struct mailboxes *m)
{
	struct str	 a = m->angle ? (struct str){ m->addr, m->naddr } : str_trim((struct str){ m->text, m->n });

	if (m->angle || a.len > 0) {
		m->count++;
		if (memchr(a.p, '@', a.len) == NULL || domain_normal(a, m->domain, &m->ndomain, NULL) != NAME_DOMAIN)
			m->bad = true;
		for (size_t i = 0; i < a.len; i++)
			if (a.p[i] == ' ' || a.p[i] == '\t')
				m->bad = true;
	}
	m->n = m->naddr = 0;
	m->angle = false;
}

/* Behind the quoted text that begins at p; end when it does not end. */
static const char *
skip_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			return (p + 1);
	}
	return (end);
}

/* "<...>" at p: what is in it goes to addr, without comments and quoted local parts. */
static const char *
angle(struct mailboxes *m, const char *p, const char *end)
{
	m->bad |= m->angle;	/* a second one */
	m->angle = true;
	m->naddr = 0;
	for (p++; p < end && *p != '>';) {
		if (*p == '"')
			p = skip_quoted(p, end);
		else if (*p == '(')
			p = skip_comment(p, end);
		else {
			m->bad |= *p == '<';
			m->addr[m->naddr++] = *p++;
		}
	}
	m->bad |= p == end;
	return (p == end ? end : p + 1);
}

void
trust_trace_from(struct trust_trace *t, struct str v)
{
	struct mailboxes	 m = { .n = 0 };
	const char		*p = v.p, *end = v.p + v.len;

	/* two fields say two things: then nobody is the author */
	if (t->nfrom++ > 0 || v.len >= FROM_MAX) {
		t->from = STR_NONE;
		return;
	}
	while (p < end && !m.bad) {
		switch (*p) {
		case '(':
			p = skip_comment(p, end);
			continue;
		case '"':
			p = skip_quoted(p, end);
			/* "a b"@example.com: which local part it is does not matter */
			if (p < end && *p == '@' && !m.angle)
				m.text[m.n++] = 'q';
			continue;
		case '<':
			p = angle(&m, p, end);
			continue;
		case ',':
			mailbox_end(&m);
			break;
		case ':':
		case ';':
		case '>':
			m.bad = true;	/* a group of addresses, or nothing that is known */
			break;
		default:
			if (m.angle && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n')
				m.bad = true;	/* something behind <> */
			else
				m.text[m.n++] = *p;
		}
		p++;
	}
	mailbox_end(&m);
	if (!m.bad && m.count == 1)
		t->from = pooled(t, (struct str){ m.domain, m.ndomain });
}

/* --- Received --------------------------------------------------------------------------------- */

/* The next word, without comments before it. */
static struct str
next_word(const char **at, const char *end)
{
	const char	*p = *at, *from;

	for (;;) {
		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
			p++;
		if (p == end || *p != '(')
			break;
		p = skip_comment(p, end);
	}
	for (from = p; p < end && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n' && *p != '(' && *p != ';'; p++)
		;
	*at = p;
	return ((struct str){ from, (size_t)(p - from) });
}

/* "from HELO (...) by HOST (...) with ...; date": the word behind "by". */
void
trust_trace_received(struct trust_trace *t, struct str v)
{
	const char		*p = v.p, *end = v.p + v.len;
	char			 name[DOMAIN_MAX + 1];
	struct str		 w, host = STR_NONE;
	size_t			 n;

	if (t->nfields == TRUST_FIELDS || t->full) {
		t->full = true;
		return;
	}
	while ((w = next_word(&p, end)).len > 0) {
		if (str_ieq(w, "from"))
			(void)next_word(&p, end);	/* what the other side called itself may be "by" */
		else if (str_ieq(w, "by")) {
			w = next_word(&p, end);
			if (domain_normal(w, name, &n, NULL) != NAME_EMPTY)
				host = pooled(t, str_utf8_ok((struct str){ name, n }) ? (struct str){ name, n } : STR("?"));
			break;
		}
	}
	if (!t->full)
		t->fields[t->nfields++] = (struct trust_field){ .received = true, .name = host };
}

/* --- Authentication-Results --------------------------------------------------------------------- */

static enum auth_result
result_of(struct str s)
{
	for (int i = RES_NONE; i < RES_UNKNOWN; i++)
		if (str_ieq(s, auth_result_names[i]))
			return ((enum auth_result)i);
	return (str_ieq(s, "hardfail") ? RES_FAIL : RES_UNKNOWN);
}

static struct str
identity(const struct authres *a, const struct authres_result *r, enum trust_method m)
{
	struct str	 s;

	switch (m) {
	case TRUST_BY_DMARC:
		return (authres_prop(a, r, "header", "from"));
	case TRUST_BY_DKIM:
		s = authres_prop(a, r, "header", "d");
		return (s.p != NULL ? s : authres_prop(a, r, "header", "i"));
	default:
		return (authres_prop(a, r, "smtp", "mailfrom"));
	}
}

void
trust_trace_results(struct trust_trace *t, struct str v, struct authres *a)
{
	struct trust_field	 f = { .first = t->nresults };
	struct err		 e = { 0 };

	if (t->nfields == TRUST_FIELDS || t->full) {
		t->full = true;
		return;
	}
	if (authres_parse(v, a, &e) == -1)
		return;
	f.name = str_utf8_ok(a->id) && a->id.len <= DOMAIN_MAX ? pooled(t, a->id) : pooled(t, STR("?"));
	if (a->id.p == NULL)
		f.name = STR_NONE;
	f.text = pooled_text(t, v);
	for (unsigned i = 0; i < a->nresults; i++) {
		struct trust_result	 r = { TRUST_BY_NOTHING, RES_UNKNOWN, STR_NONE };

		for (int m = TRUST_BY_DMARC; m < TRUST_METHODS; m++)
			if (str_ieq(a->results[i].method, trust_method_names[m]))
				r.method = (enum trust_method)m;
		if (r.method == TRUST_BY_NOTHING)
			continue;
		r.result = result_of(a->results[i].result);
		r.domain = pooled_domain(t, identity(a, &a->results[i], r.method));
		if (t->nresults == TRUST_RESULTS)
			t->full = true;
		if (t->full)
			break;
		t->results[t->nresults++] = r;
		f.n++;
	}
	/* half of what a field says may be the wrong half */
	if (t->full)
		t->nresults = f.first;
	else
		t->fields[t->nfields++] = f;
}
