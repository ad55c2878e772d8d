/*
 * parsedmarc.c - the layouts of parsedmarc, so that what people have built
 * behind it goes on working.
 * Source:    its public documentation, "Sample outputs": the names and their
 *            order are from there, every one of them stands in each object or
 *            line, and none besides.
 *
 * What we do not know is null. It puts defaults in where a policy does not
 * tell a tag, and so do we here (RFC 9989: adkim and aspf r, sp as p); a
 * report longer than a day is not cut into days. Times are UTC.
 */
#include "export/export_int.h"
#include "report/fields.h"

#define SOURCE_REST ",\"reverse_dns\":null,\"base_domain\":null,\"name\":null,\"type\":null,\"asn\":null,\"as_name\":null,\"as_domain\":null}"

static bool
is_csv(const struct export *x)
{
	return (x->asked.format == EXPORT_PARSEDMARC_CSV);
}

/* 2026-05-01 00:00:00 */
static const char *
stamp(int64_t t, char out[WHEN_TEXT])
{
	(void)when_rfc3339(t, out);
	if (strlen(out) == 20) {
		out[10] = ' ';
		out[19] = '\0';
	}
	return (out);
}

static const char *
True(bool yes)
{
	return (yes ? "True" : "False");
}

static const char *
truth(bool yes)
{
	return (yes ? "true" : "false");
}

void
pm_head(const struct export *x, struct buf *out)
{
	if (x->asked.kind == EXPORT_FAILURES)
		(void)buf_cstr(out, "feedback_type,user_agent,version,original_envelope_id,original_mail_from,original_rcpt_to,arrival_date,"
		    "arrival_date_utc,subject,message_id,authentication_results,dkim_domain,source_ip_address,source_country,source_reverse_dns,"
		    "source_base_domain,source_name,source_type,source_asn,source_as_name,source_as_domain,delivery_result,auth_failure,"
		    "reported_domain,authentication_mechanisms,sample_headers_only\n");
	else
		(void)buf_cstr(out, "xml_schema,org_name,org_email,org_extra_contact_info,report_id,begin_date,end_date,normalized_timespan,errors,"
		    "domain,adkim,aspf,p,sp,pct,fo,source_ip_address,source_country,source_reverse_dns,source_base_domain,source_name,source_type,"
		    "source_asn,source_as_name,source_as_domain,count,spf_aligned,dkim_aligned,dmarc_aligned,disposition,policy_override_reasons,"
		    "policy_override_comments,envelope_from,header_from,envelope_to,dkim_domains,dkim_selectors,dkim_results,spf_domains,"
		    "spf_scopes,spf_results\n");
}

/* A member of a list: a comma in front of all but the first, in JSON a line for each report. */
static void
next_element(struct export *x, struct buf *out)
{
	if (!is_csv(x) && !x->asked.series && x->lines > 0)
		(void)buf_cstr(out, ",\n");
	x->lines++;
}

/* --- Aggregate reports ---------------------------------------------------------------- */

static struct str
or_else(struct str s, const char *otherwise)
{
	return (s.len > 0 ? s : str_of(otherwise));
}

static struct str
schema_of(const struct query_report *r)
{
	return (r->dialect == DIALECT_DRAFT ? STR("draft") : or_else(r->version, "1.0"));
}

static void
csv_report(struct export *x, const struct query_report *r)
{
	const struct report_policy	*p = &r->policy;
	struct buf			*b = &x->before;
	char				 t[WHEN_TEXT];

	(void)esc_csv(b, schema_of(r));
	put_cell(b, r->org_name);
	put_cell(b, r->email);
	put_cell(b, r->extra_contact_info);
	put_cell(b, r->report_id);
	(void)buf_printf(b, ",%s", stamp(r->begin, t));
	(void)buf_printf(b, ",%s,False", stamp(r->end, t));
	put_cell(b, r->errors);
	put_cell(b, r->domain);
	put_cell(b, or_else(p->adkim, "r"));
	put_cell(b, or_else(p->aspf, "r"));
	put_cell(b, p->p);
	put_cell(b, p->sp.len > 0 ? p->sp : p->p);
	put_cell(b, or_else(p->pct, "100"));
	put_cell(b, or_else(p->fo, "0"));
	(void)buf_byte(&x->after, '\n');
}

static void
put_lines(struct buf *b, struct str s)
{
	struct str	 one;
	const char	*sep = "";

	(void)buf_byte(b, '[');
	while (s.p != NULL && failure_line(&s, &one)) {
		(void)buf_cstr(b, sep);
		(void)esc_json(b, one);
		sep = ",";
	}
	(void)buf_byte(b, ']');
}

static void
json_report(struct export *x, const struct query_report *r, struct buf *out)
{
	const struct report_policy	*p = &r->policy;
	char				 from[WHEN_TEXT], to[WHEN_TEXT];

	next_element(x, out);
	put_member(out, "{\"xml_schema\":", schema_of(r));
	put_member(out, ",\"report_metadata\":{\"org_name\":", r->org_name);
	put_member(out, ",\"org_email\":", r->email);
	put_member(out, ",\"org_extra_contact_info\":", r->extra_contact_info);
	put_member(out, ",\"report_id\":", r->report_id);
	(void)buf_printf(out, ",\"begin_date\":\"%s\",\"end_date\":\"%s\",\"timespan_requires_normalization\":%s,\"original_timespan_seconds\":%lld,"
	    "\"errors\":", stamp(r->begin, from), stamp(r->end, to), truth(r->end - r->begin > DAY_SECONDS), (long long)(r->end - r->begin));
	put_lines(out, r->errors);
	put_member(out, "},\"policy_published\":{\"domain\":", r->domain);
	put_member(out, ",\"adkim\":", or_else(p->adkim, "r"));
	put_member(out, ",\"aspf\":", or_else(p->aspf, "r"));
	put_member(out, ",\"p\":", p->p);
	put_member(out, ",\"sp\":", p->sp.len > 0 ? p->sp : p->p);
	put_member(out, ",\"pct\":", or_else(p->pct, "100"));
	put_member(out, ",\"fo\":", or_else(p->fo, "0"));
	(void)buf_cstr(out, "},\"records\":[");
	(void)buf_printf(&x->after, ",\"normalized_timespan\":false,\"interval_begin\":\"%s\",\"interval_end\":\"%s\"}", from, to);
}

void
pm_report(struct export *x, const struct query_report *r, struct buf *out)
{
	if (is_csv(x))
		csv_report(x, r);
	else
		json_report(x, r, out);
}

/* reverse_dns is the host name that leads back to the address. name and type are of that program's own list: not known here. */
void
pm_source(const struct export *x, struct str ip, const struct place *p, const struct query_host *host, struct buf *out)
{
	struct str	 name = host != NULL && host->state == HOST_CONFIRMED && host->nnames > 0 ? host->names[0] : STR_NONE;
	struct str	 base = name.p == NULL ? STR_NONE : domain_org(name);
	struct str	 country = p->country[0] == '\0' ? STR_NONE : str_of(p->country);
	struct str	 network = p->network.len == 0 ? STR_NONE : p->network;
	char		 asn[16] = "";

	if (p->asn != 0)
		(void)snprintf(asn, sizeof(asn), "%u", (unsigned)p->asn);
	if (is_csv(x)) {
		put_cell(out, ip);
		put_cell(out, country);
		put_cell(out, name);
		put_cell(out, base);
		(void)buf_printf(out, ",,,%s", asn);
		put_cell(out, network);
		(void)buf_byte(out, ',');
		return;
	}
	put_member(out, "{\"source\":{\"ip_address\":", ip);
	put_member(out, ",\"country\":", country);
	put_member(out, ",\"reverse_dns\":", name);
	put_member(out, ",\"base_domain\":", base);
	(void)buf_printf(out, ",\"name\":null,\"type\":null,\"asn\":%s", asn[0] == '\0' ? "null" : asn);
	put_member(out, ",\"as_name\":", network);
	(void)buf_cstr(out, ",\"as_domain\":null}");
}

/* What a result, an override, a signature says, one after another in one cell. */
enum part { PART_DOMAIN, PART_WHAT, PART_RESULT };

static struct str
result_of(const struct report_auth *a)
{
	return (a->result == RES_UNKNOWN && a->word.len > 0 ? a->word : str_of(a->result == RES_ABSENT ? "none" : auth_result_names[a->result]));
}

static void
auths_cell(struct export *x, const struct report_auth *v, size_t n, enum part part, const char *otherwise, struct buf *out)
{
	buf_clear(&x->scratch);
	for (size_t i = 0; i < n; i++) {
		struct str	 s = part == PART_DOMAIN ? v[i].domain : part == PART_WHAT ? or_else(v[i].what, otherwise) : result_of(&v[i]);

		(void)buf_cstr(&x->scratch, i > 0 ? "," : "");
		if (s.len > 0)
			(void)buf_str(&x->scratch, s);
	}
	put_cell(out, buf_as_str(&x->scratch));
}

static void
reasons_cell(struct export *x, const struct report_record *r, bool comments, struct buf *out)
{
	buf_clear(&x->scratch);
	for (size_t i = 0; i < r->nreasons; i++) {
		struct str	 s = comments ? r->reasons[i].comment : r->reasons[i].type;

		(void)buf_cstr(&x->scratch, i > 0 ? "," : "");
		(void)buf_str(&x->scratch, or_else(s, "none"));
	}
	put_cell(out, buf_as_str(&x->scratch));
}

static struct str
disposition_of(const struct report_record *r)
{
	return (r->disposition_word.len > 0 ? r->disposition_word : str_of(disposition_names[r->disposition]));
}

static void
csv_says(struct export *x, const struct report_record *r, struct buf *out)
{
	bool	 spf = r->spf == EVAL_PASS, dkim = r->dkim == EVAL_PASS;

	(void)buf_printf(out, ",%s,%s,%s", True(spf), True(dkim), True(spf || dkim));
	put_cell(out, disposition_of(r));
	reasons_cell(x, r, false, out);
	reasons_cell(x, r, true, out);
	put_cell(out, r->envelope_from);
	put_cell(out, r->header_from);
	put_cell(out, r->envelope_to);
	auths_cell(x, r->dkim_results, r->ndkim, PART_DOMAIN, "", out);
	auths_cell(x, r->dkim_results, r->ndkim, PART_WHAT, "none", out);
	auths_cell(x, r->dkim_results, r->ndkim, PART_RESULT, "", out);
	auths_cell(x, r->spf_results, r->nspf, PART_DOMAIN, "", out);
	auths_cell(x, r->spf_results, r->nspf, PART_WHAT, "mfrom", out);
	auths_cell(x, r->spf_results, r->nspf, PART_RESULT, "", out);
}

static void
json_auths(const struct report_auth *v, size_t n, const char *what, const char *otherwise, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		put_member(out, i > 0 ? ",{\"domain\":" : "{\"domain\":", v[i].domain);
		put_member(out, what, or_else(v[i].what, otherwise));
		put_member(out, ",\"result\":", result_of(&v[i]));
		(void)buf_byte(out, '}');
	}
}

static void
json_says(const struct report_record *r, struct buf *out)
{
	bool	 spf = r->spf == EVAL_PASS, dkim = r->dkim == EVAL_PASS;

	(void)buf_printf(out, ",\"alignment\":{\"spf\":%s,\"dkim\":%s,\"dmarc\":%s}", truth(spf), truth(dkim), truth(spf || dkim));
	put_member(out, ",\"policy_evaluated\":{\"disposition\":", disposition_of(r));
	put_member(out, ",\"dkim\":", r->dkim_word.len > 0 ? r->dkim_word : str_of(evaluated_names[r->dkim]));
	put_member(out, ",\"spf\":", r->spf_word.len > 0 ? r->spf_word : str_of(evaluated_names[r->spf]));
	(void)buf_cstr(out, ",\"policy_override_reasons\":[");
	for (size_t i = 0; i < r->nreasons; i++) {
		put_member(out, i > 0 ? ",{\"type\":" : "{\"type\":", r->reasons[i].type);
		put_member(out, ",\"comment\":", r->reasons[i].comment);
		(void)buf_byte(out, '}');
	}
	put_member(out, "]},\"identifiers\":{\"header_from\":", r->header_from);
	put_member(out, ",\"envelope_from\":", r->envelope_from);
	put_member(out, ",\"envelope_to\":", r->envelope_to);
	(void)buf_cstr(out, "},\"auth_results\":{\"dkim\":[");
	json_auths(r->dkim_results, r->ndkim, ",\"selector\":", "none", out);
	(void)buf_cstr(out, "],\"spf\":[");
	json_auths(r->spf_results, r->nspf, ",\"scope\":", "mfrom", out);
	(void)buf_cstr(out, "]}");
}

void
pm_says(struct export *x, const struct query_row_full *f, struct buf *out)
{
	if (is_csv(x))
		csv_says(x, &f->record, out);
	else
		json_says(&f->record, out);
}

/* --- Failure reports: all of it masked ---------------------------------------------------- */

/* The field itself may tell of people; what was understood of it does not. */
static void
results_text(const struct failure_report *r, struct buf *b)
{
	static const char *const	 of[] = { [METHOD_SPF] = " smtp.mailfrom=", [METHOD_DKIM] = " header.d=", [METHOD_DMARC] = " header.from=" };

	buf_clear(b);
	for (size_t i = 0; i < r->nresults; i++) {
		const struct failure_result	*f = &r->results[i];

		(void)buf_printf(b, "%s%s=%s", i > 0 ? "; " : "", failure_method_names[f->method], auth_result_names[f->result]);
		if (f->domain.len > 0 && (size_t)f->method < nitems(of) && of[f->method] != NULL) {
			(void)buf_cstr(b, of[f->method]);
			(void)buf_str(b, f->domain);
		}
	}
}

static struct str
first_line(struct str s)
{
	struct str	 one;

	return (s.p != NULL && failure_line(&s, &one) ? one : STR_NONE);
}

static struct str
delivery_of(const struct failure_report *r)
{
	return (r->t[FT_DELIVERY].len > 0 ? r->t[FT_DELIVERY] : STR_NONE);
}

static bool
headers_only(const struct failure_report *r)
{
	return (r->sample == SAMPLE_HEADERS);
}

static void
csv_failure(struct export *x, const struct query_failure *f, struct buf *out)
{
	const struct failure_report	*r = &f->report;
	char				 t[WHEN_TEXT];

	(void)esc_csv(out, r->t[FT_FEEDBACK_TYPE].p == NULL ? STR("") : r->t[FT_FEEDBACK_TYPE]);
	put_cell(out, r->t[FT_USER_AGENT]);
	put_cell(out, r->t[FT_VERSION]);
	put_cell(out, r->t[FT_ENVELOPE_ID]);
	put_cell(out, r->t[FT_MAIL_FROM]);
	put_cell(out, first_line(r->t[FT_RCPT_TO]));
	put_cell(out, r->t[FT_ARRIVAL]);
	put_cell(out, str_of(stamp(r->arrived, t)));
	put_cell(out, r->t[FT_SUBJECT]);
	put_cell(out, r->t[FT_MESSAGE_ID]);
	results_text(r, &x->scratch);
	put_cell(out, buf_as_str(&x->scratch));
	put_cell(out, r->t[FT_DKIM_DOMAIN]);
	put_cell(out, f->ip);
	(void)buf_cstr(out, ",,,,,,,,");
	put_cell(out, delivery_of(r));
	put_cell(out, r->t[FT_AUTH_FAILURE]);
	put_cell(out, first_line(r->t[FT_REPORTED_DOMAIN]));
	(void)buf_printf(out, ",,%s\n", True(headers_only(r)));
}

/* "dmarc, spf" as a list of words. */
static void
put_words(struct buf *out, struct str s)
{
	const char	*sep = "";
	struct str	 one;
	size_t		 n;

	(void)buf_byte(out, '[');
	while (s.len > 0) {
		for (n = 0; n < s.len && s.p[n] != ','; n++)
			;
		one = str_trim((struct str){ s.p, n });
		n += n < s.len;
		s = (struct str){ s.p + n, s.len - n };
		if (one.len == 0)
			continue;
		(void)buf_cstr(out, sep);
		(void)esc_json(out, one);
		sep = ",";
	}
	(void)buf_byte(out, ']');
}

/* "•••@example.com" in four pieces. */
static void
put_address(struct buf *out, struct str s)
{
	struct str	 local = STR_NONE, domain = STR_NONE;

	if (s.len == 0 || !failure_address(s, &local, &domain)) {
		(void)buf_cstr(out, "null");
		return;
	}
	put_member(out, "{\"display_name\":null,\"address\":", s);
	put_member(out, ",\"local\":", STR(REDACTED));
	put_member(out, ",\"domain\":", domain);
	(void)buf_byte(out, '}');
}

static void
put_headers(struct buf *out, struct str s)
{
	struct buf	 value = { 0 };
	struct field	 f;
	const char	*sep = "";

	(void)buf_byte(out, '{');
	while (s.p != NULL && field_next(&s, &value, &f)) {
		if (f.name.len == 0)
			continue;
		(void)buf_cstr(out, sep);
		(void)esc_json(out, f.name);
		put_member(out, ":", f.value.len == 0 ? STR("") : f.value);
		sep = ",";
	}
	(void)buf_byte(out, '}');
	buf_free(&value);
}

static void
put_sample(const struct failure_report *r, struct buf *out)
{
	put_member(out, ",\"sample\":", r->t[FT_HEADERS]);
	(void)buf_cstr(out, ",\"parsed_sample\":{\"from\":");
	put_address(out, r->t[FT_FROM]);
	(void)buf_cstr(out, ",\"to_domains\":[],\"to\":[]");
	put_member(out, ",\"subject\":", r->t[FT_SUBJECT]);
	put_member(out, ",\"timezone\":null,\"date\":", r->t[FT_DATE]);
	put_member(out, ",\"body\":null,\"received\":[],\"message-id\":", r->t[FT_MESSAGE_ID]);
	(void)buf_cstr(out, ",\"has_defects\":false,\"headers\":");
	put_headers(out, r->t[FT_HEADERS]);
	(void)buf_cstr(out, ",\"reply_to\":[],\"cc\":[],\"bcc\":[],\"attachments\":[],\"filename_safe_subject\":null}}");
}

static void
json_failure(struct export *x, const struct query_failure *f, struct buf *out)
{
	const struct failure_report	*r = &f->report;
	char				 t[WHEN_TEXT];

	put_member(out, "{\"feedback_type\":", r->t[FT_FEEDBACK_TYPE]);
	put_member(out, ",\"user_agent\":", r->t[FT_USER_AGENT]);
	put_member(out, ",\"version\":", r->t[FT_VERSION]);
	put_member(out, ",\"original_mail_from\":", r->t[FT_MAIL_FROM]);
	put_member(out, ",\"original_rcpt_to\":", first_line(r->t[FT_RCPT_TO]));
	put_member(out, ",\"arrival_date\":", r->t[FT_ARRIVAL]);
	put_member(out, ",\"message_id\":", r->t[FT_MESSAGE_ID]);
	results_text(r, &x->scratch);
	put_member(out, ",\"authentication_results\":", x->scratch.len > 0 ? buf_as_str(&x->scratch) : STR_NONE);
	put_member(out, ",\"delivery_result\":", delivery_of(r));
	(void)buf_cstr(out, ",\"auth_failure\":");
	put_words(out, r->t[FT_AUTH_FAILURE]);
	put_member(out, ",\"reported_domain\":", first_line(r->t[FT_REPORTED_DOMAIN]));
	(void)buf_printf(out, ",\"arrival_date_utc\":\"%s\"", stamp(r->arrived, t));
	put_member(out, ",\"source\":{\"ip_address\":", f->ip);
	(void)buf_cstr(out, ",\"country\":null" SOURCE_REST ",\"authentication_mechanisms\":[]");
	put_member(out, ",\"original_envelope_id\":", r->t[FT_ENVELOPE_ID]);
	put_member(out, ",\"dkim_domain\":", r->t[FT_DKIM_DOMAIN]);
	(void)buf_printf(out, ",\"sample_headers_only\":%s", truth(headers_only(r)));
	put_sample(r, out);
}

int
pm_failure(struct export *x, const struct query_failure *f, struct buf *out)
{
	next_element(x, out);
	if (is_csv(x))
		csv_failure(x, f, out);
	else
		json_failure(x, f, out);
	if (!is_csv(x) && x->asked.series)
		(void)buf_byte(out, '\n');
	return (0);
}

/* --- TLS reports ----------------------------------------------------------------------------- */

static void
put_detail(const struct query_tls_detail *d, bool first, struct buf *out)
{
	put_member(out, first ? "{\"result_type\":" : ",{\"result_type\":", d->word.len > 0 ? d->word : str_of(tls_result_names[d->result]));
	(void)buf_cstr(out, ",\"failed_session_count\":");
	put_u64(out, d->count);
	put_member(out, ",\"sending_mta_ip\":", d->sending);
	put_member(out, ",\"receiving_ip\":", d->receiving);
	put_member(out, ",\"receiving_mx_hostname\":", d->mx);
	(void)buf_byte(out, '}');
}

int
pm_tls(struct export *x, struct query *q, const struct query_tls_report *r, struct buf *out, struct err *e)
{
	struct query_tls_element	*v;
	struct query_tls_detail		*d;
	size_t				 n, nd, at = 0;
	bool				 first;
	char				 t[WHEN_TEXT];

	if (query_tls_elements(q, r->id, &v, &n, e) == -1 || query_tls_details(q, r->id, 0, &d, &nd, e) == -1)
		return (-1);
	next_element(x, out);
	put_member(out, "{\"organization_name\":", r->org_name);
	(void)buf_printf(out, ",\"begin_date\":\"%s\"", when_rfc3339(r->begin, t));
	(void)buf_printf(out, ",\"end_date\":\"%s\"", when_rfc3339(r->end, t));
	put_member(out, ",\"report_id\":", r->report_id);
	(void)buf_cstr(out, ",\"policies\":[");
	for (size_t i = 0; i < n; i++) {
		const struct query_tls_policy	*p = &v[i].policy;

		put_member(out, i > 0 ? ",{\"policy_domain\":" : "{\"policy_domain\":", p->domain);
		put_member(out, ",\"policy_type\":", p->word.len > 0 ? p->word : str_of(tls_type_names[p->type]));
		(void)buf_cstr(out, ",\"policy_strings\":");
		put_lines(out, p->lines);
		(void)buf_cstr(out, ",\"successful_session_count\":");
		put_u64(out, v[i].success);
		(void)buf_cstr(out, ",\"failed_session_count\":");
		put_u64(out, v[i].failure);
		(void)buf_cstr(out, ",\"failure_details\":[");
		for (first = true; at < nd && d[at].element <= v[i].seq; at++)
			if (d[at].element == v[i].seq) {
				put_detail(&d[at], first, out);
				first = false;
			}
		(void)buf_cstr(out, "]}");
	}
	(void)buf_cstr(out, x->asked.series ? "]}\n" : "]}");
	return (0);
}
