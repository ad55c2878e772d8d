/*
 * manifest.c - the true totals of what was written, by the store's rules:
 * a report counts once however often it was mailed, on the UTC day of its
 * midpoint; dmarc_pass is what the reporter says (dkim or spf of
 * policy_evaluated); `records` counts <record> elements.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

/* Names to numbers, in order of first sight; open addressing. */
struct names {
	char		**name;
	uint32_t	 *slot;		/* number + 1; 0 is free */
	size_t		  n, nslot;
};

struct totals {
	uint64_t	 reports, records, messages;
	uint64_t	 none, quarantine, reject, pass, other;
	uint64_t	 dkim_pass, spf_pass, dmarc_pass;
	uint64_t	 differs_records, differs_messages;
};
struct domain_totals {
	struct totals	 t;
	struct names	 ips;
};
struct day_totals {
	uint64_t	 messages, dmarc_pass;
};
/* TLS reports stand beside all other figures: they count sessions. */
#define TLS_DOMAINS 8
struct tls_totals {
	const char	*domain;
	uint64_t	 reports;
	struct gen_tls	 t;
};
struct manifest {
	struct totals		 t;
	struct tls_totals	 tls[TLS_DOMAINS];
	size_t			 ntls;
	uint64_t		 mails, bytes, duplicates, ignored, rejected, failures, complaints;
	struct names		 domain_names, reporter_names, day_names, ips;
	struct domain_totals	*domain;
	struct totals		*reporter;
	char			(*key)[128];	/* of the reporters */
	struct day_totals	*day;		/* by "YYYY-MM-DD domain" */
	size_t			 d, r, day_i;
};

static uint64_t
hash(const char *s)
{
	uint64_t	 h = UINT64_C(1469598103934665603);

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return (h ^ h >> 29);
}

static size_t
names_slot(const struct names *n, const char *s)
{
	size_t	 i = hash(s) & (n->nslot - 1);

	while (n->slot[i] != 0 && strcmp(n->name[n->slot[i] - 1], s) != 0)
		i = (i + 1) & (n->nslot - 1);
	return (i);
}

static size_t
names_add(struct names *n, const char *s, bool *fresh)
{
	size_t	 i, len = strlen(s) + 1;

	if (n->n * 2 >= n->nslot) {
		n->nslot = n->nslot == 0 ? 64 : n->nslot * 2;
		n->slot = gen_alloc(n->slot, n->nslot, sizeof(*n->slot));
		n->name = gen_alloc(n->name, n->nslot / 2 + 1, sizeof(*n->name));
		memset(n->slot, 0, n->nslot * sizeof(*n->slot));
		for (size_t k = 0; k < n->n; k++)
			n->slot[names_slot(n, n->name[k])] = (uint32_t)k + 1;
	}
	i = names_slot(n, s);
	*fresh = n->slot[i] == 0;
	if (*fresh) {
		n->name[n->n] = gen_alloc(NULL, len, 1);
		memcpy(n->name[n->n], s, len);
		n->slot[i] = (uint32_t)++n->n;
	}
	return (n->slot[i] - 1);
}

static void
names_free(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->name[i]);
	free(n->name);
	free(n->slot);
}

struct manifest *
manifest_new(void)
{
	struct manifest	*m = gen_alloc(NULL, 1, sizeof(*m));

	*m = (struct manifest){ .d = 0 };
	return (m);
}

static void
set_domain(struct manifest *m, const char *domain)
{
	bool	 fresh;

	m->d = names_add(&m->domain_names, domain, &fresh);
	if (!fresh)
		return;
	m->domain = gen_alloc(m->domain, m->d + 1, sizeof(*m->domain));
	m->domain[m->d] = (struct domain_totals){ .t = { 0 } };
}

static void
set_reporter(struct manifest *m, const struct reporter *who)
{
	bool	 fresh;

	m->r = names_add(&m->reporter_names, who->org_name, &fresh);
	if (!fresh)
		return;
	m->reporter = gen_alloc(m->reporter, m->r + 1, sizeof(*m->reporter));
	m->key = gen_alloc(m->key, m->r + 1, sizeof(*m->key));
	m->reporter[m->r] = (struct totals){ 0 };
	reporter_key(who, m->key[m->r], sizeof(m->key[m->r]));
}

static void
set_day(struct manifest *m, const struct gen_report *rp)
{
	struct buf	 b = { 0 };
	int		 y, mo, d;
	bool		 fresh;

	day_civil(rp->begin + (rp->end - rp->begin) / 2, &y, &mo, &d);
	buf_fmt(&b, "%04d-%02d-%02d %s", y, mo, d, rp->domain);
	m->day_i = names_add(&m->day_names, b.p, &fresh);
	if (fresh) {
		m->day = gen_alloc(m->day, m->day_i + 1, sizeof(*m->day));
		m->day[m->day_i] = (struct day_totals){ 0 };
	}
	buf_free(&b);
}

/* A report begins; its records follow by manifest_record(). */
void
manifest_report(struct manifest *m, const struct gen_report *rp)
{
	set_domain(m, rp->domain);
	set_reporter(m, rp->reporter);
	set_day(m, rp);
	m->t.reports++;
	m->domain[m->d].t.reports++;
	m->reporter[m->r].reports++;
}

static void
totals_add(struct totals *t, const struct gen_record *r, uint64_t records)
{
	const char	*d = r->disposition;

	t->records += records;
	t->messages += r->count;
	if (strcmp(d, "none") == 0)
		t->none += r->count;
	else if (strcmp(d, "quarantine") == 0)
		t->quarantine += r->count;
	else if (strcmp(d, "reject") == 0)
		t->reject += r->count;
	else if (strcmp(d, "pass") == 0)
		t->pass += r->count;
	else
		t->other += r->count;
	if (r->dkim_pass)
		t->dkim_pass += r->count;
	if (r->spf_pass)
		t->spf_pass += r->count;
	if (r->dkim_pass || r->spf_pass)
		t->dmarc_pass += r->count;
	if (r->differs) {
		t->differs_records += records;
		t->differs_messages += r->count;
	}
}

void
manifest_record(struct manifest *m, const struct gen_report *rp,
    const struct gen_record *r)
{
	uint64_t	 records = rp->reporter->flags & R_SPLIT ? r->count : 1;
	bool		 fresh;

	totals_add(&m->t, r, records);
	totals_add(&m->domain[m->d].t, r, records);
	totals_add(&m->reporter[m->r], r, records);
	names_add(&m->ips, r->source_ip, &fresh);
	names_add(&m->domain[m->d].ips, r->source_ip, &fresh);
	m->day[m->day_i].messages += r->count;
	if (record_passes(r))
		m->day[m->day_i].dmarc_pass += r->count;
}

void
manifest_tls(struct manifest *m, const char *domain, const struct gen_tls *t)
{
	size_t	 i = 0;

	while (i < m->ntls && strcmp(m->tls[i].domain, domain) != 0)
		i++;
	if (i == TLS_DOMAINS)
		gen_die("internal error: too many domains with TLS reports");
	if (i == m->ntls)
		m->tls[m->ntls++] = (struct tls_totals){ .domain = domain };
	m->tls[i].reports++;
	m->tls[i].t.policies += t->policies;
	m->tls[i].t.successful += t->successful;
	m->tls[i].t.failed += t->failed;
	m->tls[i].t.details += t->details;
}

void
manifest_duplicate(struct manifest *m)
{
	m->duplicates++;
}

void
manifest_failure(struct manifest *m, bool auth)
{
	m->failures++;
	m->complaints += !auth;
}

void
manifest_ignored(struct manifest *m)
{
	m->ignored++;
}

void
manifest_rejected(struct manifest *m)
{
	m->rejected++;
}

void
manifest_mail(struct manifest *m, size_t bytes)
{
	m->mails++;
	m->bytes += bytes;
}

uint64_t
manifest_reports(const struct manifest *m)
{
	return (m->t.reports);
}

/* --- JSON -------------------------------------------------------------- */

static const char *const	*sort_base;

static int
by_name(const void *a, const void *b)
{
	return (strcmp(sort_base[*(const size_t *)a], sort_base[*(const size_t *)b]));
}

/* The numbers of the names in order of the alphabet. */
static size_t *
sorted(const struct names *n)
{
	size_t	*order = gen_alloc(NULL, n->n, sizeof(*order));

	for (size_t i = 0; i < n->n; i++)
		order[i] = i;
	sort_base = (const char *const *)n->name;
	if (n->n > 1)
		qsort(order, n->n, sizeof(*order), by_name);
	return (order);
}

static void
json_totals(struct buf *b, const struct totals *t)
{
	buf_fmt(b, "\"reports\": %" PRIu64 ", \"records\": %" PRIu64
	    ", \"messages\": %" PRIu64 ",\n      \"disposition\": {\"none\": %" PRIu64
	    ", \"quarantine\": %" PRIu64 ", \"reject\": %" PRIu64 ", \"pass\": %" PRIu64
	    ", \"other\": %" PRIu64 "},\n", t->reports, t->records, t->messages,
	    t->none, t->quarantine, t->reject, t->pass, t->other);
	buf_fmt(b, "      \"dkim_pass\": %" PRIu64 ", \"spf_pass\": %" PRIu64
	    ", \"dmarc_pass\": %" PRIu64 ",\n      \"differs\": {\"records\": %" PRIu64
	    ", \"messages\": %" PRIu64 "}", t->dkim_pass, t->spf_pass, t->dmarc_pass,
	    t->differs_records, t->differs_messages);
}

static void
json_domains(struct buf *b, const struct manifest *m)
{
	size_t	*order = sorted(&m->domain_names);

	buf_str(b, "  \"domains\": {");
	for (size_t i = 0; i < m->domain_names.n; i++) {
		const struct domain_totals	*d = &m->domain[order[i]];

		buf_fmt(b, "%s\n    \"%s\": {", i > 0 ? "," : "",
		    m->domain_names.name[order[i]]);
		json_totals(b, &d->t);
		buf_fmt(b, ", \"source_ips\": %zu}", d->ips.n);
	}
	buf_str(b, "\n  },\n");
	free(order);
}

/* {"2026-05-01": {"example.com": {...}, ...}, ...} */
static void
json_days(struct buf *b, const struct manifest *m)
{
	size_t		*order = sorted(&m->day_names);
	const char	*last = NULL;

	buf_str(b, "  \"days\": {");
	for (size_t i = 0; i < m->day_names.n; i++) {
		const char			*name = m->day_names.name[order[i]];
		const struct day_totals		*d = &m->day[order[i]];

		if (last != NULL && memcmp(last, name, 10) == 0)
			buf_str(b, ", ");
		else
			buf_fmt(b, "%s\n    \"%.10s\": {", last != NULL ? "}," : "", name);
		buf_fmt(b, "\"%s\": {\"messages\": %" PRIu64 ", \"dmarc_pass\": %" PRIu64
		    "}", name + 11, d->messages, d->dmarc_pass);
		last = name;
	}
	buf_str(b, last != NULL ? "}\n  },\n" : "},\n");
	free(order);
}

static void
json_reporters(struct buf *b, const struct manifest *m)
{
	size_t	*order = sorted(&m->reporter_names);

	buf_str(b, "  \"reporters\": {");
	for (size_t i = 0; i < m->reporter_names.n; i++) {
		const struct totals	*t = &m->reporter[order[i]];

		buf_fmt(b, "%s\n    \"%s\": {\"key\": \"%s\", \"reports\": %" PRIu64
		    ", \"records\": %" PRIu64 ", \"messages\": %" PRIu64 "}",
		    i > 0 ? "," : "", m->reporter_names.name[order[i]], m->key[order[i]],
		    t->reports, t->records, t->messages);
	}
	buf_str(b, "\n  }\n");
	free(order);
}

void
manifest_write(struct manifest *m, const char *scenario, uint64_t seed,
    int64_t until, const char *path)
{
	struct buf	 b = { 0 };
	FILE		*f = stdout;
	int		 y, mo, d;

	day_civil(until, &y, &mo, &d);
	buf_fmt(&b, "{\n  \"scenario\": \"%s\", \"seed\": %" PRIu64
	    ", \"until\": \"%04d-%02d-%02d\",\n", scenario, seed, y, mo, d);
	buf_fmt(&b, "  \"mails\": %" PRIu64 ", \"bytes\": %" PRIu64
	    ", \"duplicates\": %" PRIu64 ", \"ignored\": %" PRIu64
	    ", \"rejected\": %" PRIu64 ", \"failures\": %" PRIu64
	    ", \"complaints\": %" PRIu64 ", \"tls\": {", m->mails, m->bytes, m->duplicates,
	    m->ignored, m->rejected, m->failures, m->complaints);
	for (size_t i = 0; i < m->ntls; i++)
		buf_fmt(&b, "%s\"%s\": {\"tls_reports\": %" PRIu64 ", \"policies\": %" PRIu64
		    ", \"successful\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"detail_failures\": %" PRIu64 "}",
		    i > 0 ? ", " : "", m->tls[i].domain, m->tls[i].reports, m->tls[i].t.policies,
		    m->tls[i].t.successful, m->tls[i].t.failed, m->tls[i].t.details);
	buf_str(&b, "},\n");
	buf_str(&b, "  \"totals\": {");
	json_totals(&b, &m->t);
	buf_fmt(&b, ", \"source_ips\": %zu},\n", m->ips.n);
	json_domains(&b, m);
	json_days(&b, m);
	json_reporters(&b, m);
	buf_str(&b, "}\n");
	if (strcmp(path, "-") != 0 && (f = fopen(path, "wb")) == NULL)
		gen_die("cannot write %s: %s", path, strerror(errno));
	if (fwrite(b.p, 1, b.len, f) != b.len ||
	    (f == stdout ? fflush(f) : fclose(f)) != 0)
		gen_die("cannot write %s: %s", path, strerror(errno));
	buf_free(&b);
}

void
manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < m->domain_names.n; i++)
		names_free(&m->domain[i].ips);
	names_free(&m->domain_names);
	names_free(&m->reporter_names);
	names_free(&m->day_names);
	names_free(&m->ips);
	free(m->domain);
	free(m->reporter);
	free(m->key);
	free(m->day);
	free(m);
}
