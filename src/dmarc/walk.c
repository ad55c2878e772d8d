/*
 * walk.c - see walk.h.
 */
#include "dmarc/dmarc.h"

#define LABELS_KEPT 7	/* of longer names, after the first query */

static struct str
parent(struct str name)
{
	const char	*dot = name.len == 0 ? NULL : memchr(name.p, '.', name.len);

	if (dot == NULL)
		return (STR_NONE);
	return ((struct str){ dot + 1, name.len - (size_t)(dot + 1 - name.p) });
}

static unsigned
labels(struct str name)
{
	unsigned	 n = name.len > 0;

	for (size_t i = 0; i < name.len; i++)
		n += name.p[i] == '.';
	return (n);
}

/* Exactly one record that begins with v=DMARC1; several are as none (4.10). */
static enum dns_answer
ask(const struct dmarc_dns *dns, struct str name, struct dmarc_record *out, bool *several)
{
	struct str		 texts[WALK_TEXTS];
	struct dmarc_record	 r;
	enum dns_answer		 a;
	size_t			 n = 0, hits = 0;

	*several = false;
	if ((a = dns->dmarc(dns->ctx, name, texts, &n)) != DNS_RECORD)
		return (a);
	for (size_t i = 0; i < n && i < WALK_TEXTS; i++)
		if (dmarc_record_read(texts[i], &r) != RECORD_NO) {
			*out = r;
			hits++;
		}
	*several = hits > 1;
	return (hits == 1 ? DNS_RECORD : DNS_NONE);
}

void
dmarc_walk(const struct dmarc_dns *dns, struct str start, struct walk *w)
{
	struct str		 name = start;
	struct dmarc_record	 r;
	enum dns_answer		 a;
	bool			 several;

	*w = (struct walk){ .start = start };
	while (name.p != NULL && name.len > 0 && w->nasked < WALK_QUERIES) {
		w->asked[w->nasked++] = name;
		if ((a = ask(dns, name, &r, &several)) == DNS_UNKNOWN) {
			w->unknown = true;
			return;
		}
		if (a == DNS_RECORD) {
			w->found[w->nfound].name = name;
			w->found[w->nfound++].record = r;
			if (r.psd != 'u')
				return;
		}
		name = parent(name);
		if (w->nasked == 1)
			while (labels(name) > LABELS_KEPT)
				name = parent(name);
	}
}

/* The name one label below top, on the way to name. */
static struct str
one_below(struct str name, struct str top)
{
	struct str	 up;

	while ((up = parent(name)).p != NULL && up.len > top.len)
		name = up;
	return (name);
}

struct str
walk_org(const struct walk *w)
{
	if (w->unknown)
		return (STR_NONE);
	/* found goes from the longest name to the shortest */
	for (unsigned i = 0; i < w->nfound; i++) {
		if (w->found[i].record.psd == 'n')
			return (w->found[i].name);
		if (w->found[i].record.psd == 'y' && !str_eq(w->found[i].name, w->start))
			return (one_below(w->start, w->found[i].name));
	}
	return (w->nfound > 0 ? w->found[w->nfound - 1].name : w->start);
}


/* --- Which record applies, and what it asks for (4.10.1, 4.7) --------------------------- */

static const struct dmarc_record *
found_at(const struct walk *w, struct str name)
{
	for (unsigned i = 0; i < w->nfound; i++)
		if (str_eq(w->found[i].name, name))
			return (&w->found[i].record);
	return (NULL);
}

/* RFC 9989: the record at from; else that of the Organizational Domain; else that of a public suffix. */
static const struct dmarc_record *
applying(const struct walk *w, struct str org, struct str *at)
{
	const struct dmarc_record	*r;

	*at = w->start;
	if ((r = found_at(w, w->start)) == NULL) {
		*at = org;
		r = found_at(w, org);
	}
	for (unsigned i = 0; r == NULL && i < w->nfound; i++)
		if (w->found[i].record.psd == 'y') {
			*at = w->found[i].name;
			r = &w->found[i].record;
		}
	return (r);
}

bool
dmarc_place(const struct dmarc_dns *dns, struct str name, struct walk_place *out)
{
	const struct dmarc_record	*r;
	struct walk			 w;

	if (dns->place != NULL)
		return (dns->place(dns->ctx, name, out));
	dmarc_walk(dns, name, &w);
	out->org = walk_org(&w);
	out->at = STR_NONE;
	if (w.unknown)
		return (false);
	if ((r = applying(&w, out->org, &out->at)) == NULL || r->use == RECORD_OFF)
		out->at = STR_NONE;
	return (true);
}

struct str
dmarc_walk_org(const struct dmarc_dns *dns, struct str name)
{
	struct walk_place	 p;

	return (dmarc_place(dns, name, &p) ? p.org : STR_NONE);
}

static void
by_walk(const struct dmarc_dns *dns, struct str from, struct policy_found *f)
{
	const struct dmarc_record	*r;
	struct walk			 w;

	dmarc_walk(dns, from, &w);
	f->org = walk_org(&w);
	f->answer = w.unknown ? DNS_UNKNOWN : DNS_NONE;
	if (!w.unknown && (r = applying(&w, f->org, &f->at)) != NULL) {
		f->answer = DNS_RECORD;
		f->record = *r;
	}
}

/* RFC 7489: from and the registered domain, nothing in between; several records end it. */
static void
by_list(const struct dmarc_dns *dns, struct str from, struct policy_found *f)
{
	bool	 several;

	f->org = domain_org(from);
	f->at = from;
	f->answer = ask(dns, from, &f->record, &several);
	if (f->answer == DNS_NONE && !several && !str_eq(f->org, from)) {
		f->at = f->org;
		f->answer = ask(dns, f->org, &f->record, &several);
	}
}

static void
select_tag(const struct dmarc_dns *dns, struct str from, enum policy_method m, struct policy_found *f)
{
	const struct dmarc_record	*r = &f->record;
	enum dns_answer			 exists = DNS_RECORD;

	f->tag = STR("p");
	f->published = r->p;
	if (str_eq(from, f->at))
		return;
	if (r->sp != REQUEST_ABSENT) {
		f->tag = STR("sp");
		f->published = r->sp;
	}
	if (m != BY_WALK || r->np == REQUEST_ABSENT)
		return;
	if (dns->exists != NULL)
		exists = dns->exists(dns->ctx, from);
	if (exists == DNS_UNKNOWN && r->np != f->published)
		f->answer = DNS_UNKNOWN;
	if (exists == DNS_NONE) {
		f->tag = STR("np");
		f->published = r->np;
	}
}

void
dmarc_discover(const struct dmarc_dns *dns, struct str from, enum policy_method m, struct policy_found *f)
{
	*f = (struct policy_found){ .answer = DNS_NONE };
	if (m == BY_WALK)
		by_walk(dns, from, f);
	else
		by_list(dns, from, f);
	if (f->answer == DNS_RECORD && f->record.use == RECORD_OFF)
		f->answer = DNS_NONE;
	if (f->answer != DNS_RECORD) {
		f->at = STR_NONE;
		return;
	}
	if (f->record.use == RECORD_NONE)
		return;		/* as p=none: published and requested are none already */
	select_tag(dns, from, m, f);
	f->requested = f->published;
	if (m == BY_WALK && f->record.testing)
		f->requested = dmarc_request_lower(f->published);
	if (m == BY_LIST && f->record.pct == 0) {
		f->requested = dmarc_request_lower(f->published);
		f->sampled = true;
	}
	f->either = m == BY_LIST && f->record.pct > 0 && f->record.pct < 100;
}
