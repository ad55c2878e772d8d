/*
 * render.c - a report as the XML that its reporter would write: the form of
 * the early draft, of RFC 7489 or of RFC 9990, in its habitual layout.
 */
#include <inttypes.h>
#include <string.h>

#include "gen.h"

static void
escaped(struct buf *b, const char *s)
{
	for (;;) {
		size_t	 plain = strcspn(s, "&<>");

		buf_add(b, s, plain);
		s += plain;
		if (*s == '\0')
			return;
		buf_str(b, *s == '&' ? "&amp;" : *s == '<' ? "&lt;" : "&gt;");
		s++;
	}
}

static void
indent(struct buf *b, const struct reporter *who, unsigned depth)
{
	static const char *const	 step[] = { [LAYOUT_2] = "  ",
	    [LAYOUT_3] = "   ", [LAYOUT_TAB] = "\t", [LAYOUT_FLAT] = "",
	    [LAYOUT_LINE] = "" };

	while (depth-- > 0)
		buf_str(b, step[who->layout]);
}

static void
newline(struct buf *b, const struct reporter *who)
{
	if (who->layout != LAYOUT_LINE)
		buf_str(b, "\n");
}

static void
tag(struct buf *b, const struct reporter *who, const char *open, const char *name)
{
	buf_str(b, open);
	if (who->ns == NS_20_PREFIX)
		buf_str(b, "d:");
	buf_str(b, name);
	buf_str(b, ">");
}

static void
begin(struct buf *b, const struct reporter *who, unsigned depth, const char *name)
{
	indent(b, who, depth);
	tag(b, who, "<", name);
	newline(b, who);
}

static void
end(struct buf *b, const struct reporter *who, unsigned depth, const char *name)
{
	indent(b, who, depth);
	tag(b, who, "</", name);
	newline(b, who);
}

/* A leaf with its text; NULL is left out. */
static void
leaf(struct buf *b, const struct reporter *who, unsigned depth, const char *name,
    const char *text)
{
	if (text == NULL)
		return;
	indent(b, who, depth);
	tag(b, who, "<", name);
	escaped(b, text);
	tag(b, who, "</", name);
	newline(b, who);
}

static void
leaf_number(struct buf *b, const struct reporter *who, unsigned depth,
    const char *name, uint64_t value)
{
	indent(b, who, depth);
	tag(b, who, "<", name);
	buf_fmt(b, "%" PRIu64, value);
	tag(b, who, "</", name);
	newline(b, who);
}

static void
xml_metadata(struct buf *b, const struct gen_report *rp)
{
	const struct reporter	*who = rp->reporter;

	begin(b, who, 1, "report_metadata");
	leaf(b, who, 2, "org_name", who->org_name);
	leaf(b, who, 2, "email", who->email);
	leaf(b, who, 2, "extra_contact_info", who->extra);
	leaf(b, who, 2, "report_id", rp->report_id);
	begin(b, who, 2, "date_range");
	leaf_number(b, who, 3, "begin", (uint64_t)rp->begin);
	leaf_number(b, who, 3, "end", (uint64_t)rp->end);
	end(b, who, 2, "date_range");
	if (who->dialect == D_RFC9990)
		leaf(b, who, 2, "generator", who->generator);
	end(b, who, 1, "report_metadata");
}

static void
xml_policy(struct buf *b, const struct gen_report *rp)
{
	const struct reporter		*who = rp->reporter;
	const struct gen_policy		*po = &rp->policy;
	const char			*sp = po->sp != NULL ? po->sp : po->p;

	begin(b, who, 1, "policy_published");
	leaf(b, who, 2, "domain", rp->domain);
	if (who->dialect == D_RFC9990)
		leaf(b, who, 2, "discovery_method", who->discovery);
	if (who->flags & R_MODES) {
		leaf(b, who, 2, "adkim", po->adkim);
		leaf(b, who, 2, "aspf", po->aspf);
	}
	leaf(b, who, 2, "p", po->p);
	if (who->flags & R_SP)
		leaf(b, who, 2, "sp", sp);
	if (who->flags & R_NP)
		leaf(b, who, 2, "np", po->np != NULL ? po->np : sp);
	if (who->dialect == D_RFC9990)
		leaf(b, who, 2, "testing", po->testing ? "y" : "n");
	else
		leaf(b, who, 2, "pct", "100");
	if (who->flags & R_FO)
		leaf(b, who, 2, "fo", "1");
	end(b, who, 1, "policy_published");
}

void
xml_head(struct buf *b, const struct gen_report *rp)
{
	const struct reporter	*who = rp->reporter;

	if (who->layout == LAYOUT_LINE)
		buf_str(b, "<?xml version=\"1.0\"?>");
	else if (who->dialect == D_DRAFT)
		buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n");
	else
		buf_str(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
	switch (who->ns) {
	case NS_NONE:
		buf_str(b, "<feedback>");
		break;
	case NS_XSD:
		buf_str(b, "<feedback xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
		    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
		break;
	case NS_01_ROOT:
		buf_str(b, "<ns1:feedback xmlns:ns1=\"http://dmarc.org/dmarc-xml/0.1\">");
		break;
	case NS_01:
		buf_str(b, "<feedback xmlns=\"http://dmarc.org/dmarc-xml/0.1\">");
		break;
	case NS_20:
		buf_str(b, "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">");
		break;
	case NS_20_PREFIX:
		buf_str(b, "<d:feedback xmlns:d=\"urn:ietf:params:xml:ns:dmarc-2.0\">");
		break;
	}
	newline(b, who);
	leaf(b, who, 1, "version", who->version);
	xml_metadata(b, rp);
	xml_policy(b, rp);
}

static void
xml_row(struct buf *b, const struct reporter *who, const struct gen_record *r,
    uint64_t count)
{
	begin(b, who, 2, "row");
	leaf(b, who, 3, "source_ip", r->source_ip);
	leaf_number(b, who, 3, "count", count);
	begin(b, who, 3, "policy_evaluated");
	leaf(b, who, 4, "disposition", r->disposition);
	leaf(b, who, 4, "dkim", r->dkim_pass ? "pass" : "fail");
	leaf(b, who, 4, "spf", r->spf_pass ? "pass" : "fail");
	for (unsigned i = 0; i < r->nreason; i++) {
		begin(b, who, 4, "reason");
		leaf(b, who, 5, "type", r->reason[i].type);
		leaf(b, who, 5, "comment", r->reason[i].comment != NULL ?
		    r->reason[i].comment : who->dialect == D_RFC9990 ? NULL : "");
		end(b, who, 4, "reason");
	}
	end(b, who, 3, "policy_evaluated");
	end(b, who, 2, "row");
}

static void
xml_auth_results(struct buf *b, const struct reporter *who, const struct gen_record *r)
{
	begin(b, who, 2, "auth_results");
	for (unsigned i = 0; i < r->ndkim; i++) {
		const struct gen_dkim	*d = &r->dkim[i];

		begin(b, who, 3, "dkim");
		leaf(b, who, 4, "domain", d->domain);
		if (who->flags & R_SELECTOR)
			leaf(b, who, 4, "selector", d->selector);
		leaf(b, who, 4, "result", d->result);
		if (who->flags & R_HUMAN)
			leaf(b, who, 4, "human_result", d->human != NULL ? d->human :
			    strcmp(d->result, "pass") == 0 ? "verification succeeded" :
			    "signature did not verify");
		end(b, who, 3, "dkim");
	}
	for (unsigned i = 0; i < r->nspf; i++) {
		const struct gen_spf	*s = &r->spf[i];

		begin(b, who, 3, "spf");
		leaf(b, who, 4, "domain", s->domain);
		if (who->flags & R_SCOPE)
			leaf(b, who, 4, "scope", s->scope != NULL ? s->scope : "mfrom");
		leaf(b, who, 4, "result", s->result);
		end(b, who, 3, "spf");
	}
	end(b, who, 2, "auth_results");
}

static void
xml_one(struct buf *b, const struct reporter *who, const struct gen_record *r,
    uint64_t count)
{
	begin(b, who, 1, "record");
	xml_row(b, who, r, count);
	begin(b, who, 2, "identifiers");
	if (who->flags & R_ETO)
		leaf(b, who, 3, "envelope_to", r->envelope_to);
	if (who->flags & R_EFROM)
		leaf(b, who, 3, "envelope_from", r->envelope_from);
	leaf(b, who, 3, "header_from", r->header_from);
	end(b, who, 2, "identifiers");
	xml_auth_results(b, who, r);
	end(b, who, 1, "record");
}

/* Some write a record for every message instead of counting. */
void
xml_record(struct buf *b, const struct gen_report *rp, const struct gen_record *r)
{
	if (!(rp->reporter->flags & R_SPLIT)) {
		xml_one(b, rp->reporter, r, r->count);
		return;
	}
	for (uint64_t i = 0; i < r->count; i++)
		xml_one(b, rp->reporter, r, 1);
}

void
xml_foot(struct buf *b, const struct gen_report *rp)
{
	if (rp->reporter->ns == NS_01_ROOT)
		buf_str(b, "</ns1:feedback>\n");
	else {
		tag(b, rp->reporter, "</", "feedback");
		buf_str(b, "\n");
	}
}

void
xml_report(struct buf *b, const struct gen_report *rp)
{
	xml_head(b, rp);
	for (size_t i = 0; i < rp->nrec; i++)
		xml_record(b, rp, &rp->rec[i]);
	xml_foot(b, rp);
}
