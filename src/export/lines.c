/*
 * lines.c - reports, failure reports and TLS reports, each as an object of the
 * API's names. CSV is the same object laid flat.
 */
#include "export/export_int.h"

/* A column and where its value lies in the object: members by dots. */
struct column { const char *name, *path; };

static const struct column	 report_columns[] = {
	{ "id", "id" }, { "org_name", "org_name" }, { "email", "email" }, { "report_id", "report_id" }, { "domain", "domain" },
	{ "begin", "begin" }, { "end", "end" }, { "received", "received" }, { "records", "records" }, { "messages", "messages" },
	{ "none", "disposition.none" }, { "quarantine", "disposition.quarantine" }, { "reject", "disposition.reject" },
	{ "pass", "disposition.pass" }, { "other", "disposition.other" }, { "dkim_pass", "dkim_pass" }, { "spf_pass", "spf_pass" },
	{ "dmarc_pass", "dmarc_pass" }, { "verdict_pass", "verdict.pass" }, { "verdict_differs", "verdict.differs" },
	{ "source_ips", "source_ips" }, { "p", "policy_published.p" }, { "sp", "policy_published.sp" }, { "np", "policy_published.np" },
	{ "adkim", "policy_published.adkim" }, { "aspf", "policy_published.aspf" }, { "pct", "policy_published.pct" },
	{ "fo", "policy_published.fo" }, { "testing", "policy_published.testing" }, { "dialect", "dialect" }, { "state", "state" },
	{ "quirks", "quirks" }, { "duplicates", "duplicates" }, { "trust", "trust" }, { "apart", "apart" },
};
static const struct column	 failure_columns[] = {
	{ "id", "id" }, { "received", "received" }, { "arrived", "arrived" }, { "reporter", "reporter" }, { "domain", "domain" },
	{ "class", "class" }, { "feedback_type", "feedback_type" }, { "auth_failure", "auth_failure" }, { "dialect", "dialect" },
	{ "header_from", "header_from" }, { "from", "from" }, { "subject", "subject" }, { "ip", "ip" }, { "source_ip", "source_ip" },
	{ "original_mail_from", "original_mail_from" }, { "reported_domain", "reported_domain" }, { "delivery", "delivery" },
	{ "incidents", "incidents" }, { "dmarc", "dmarc" }, { "verdict", "verdict.result" }, { "spf_aligned", "verdict.spf_aligned" },
	{ "dkim_aligned", "verdict.dkim_aligned" }, { "differs", "verdict.differs" }, { "code", "verdict.code" }, { "quirks", "quirks" },
	{ "duplicates", "duplicates" }, { "state", "state" }, { "masked", "masked" }, { "trust", "trust" }, { "apart", "apart" },
};
/* A line for each policy with its sessions, and one for each kind of failure: then these are empty, so that sums are right. */
static const struct column	 tls_columns[] = {
	{ "id", "id" }, { "org_name", "org_name" }, { "email", "email" }, { "report_id", "report_id" }, { "begin", "begin" },
	{ "end", "end" }, { "received", "received" }, { "state", "state" }, { "trust", "trust" }, { "apart", "apart" },
};
static const struct column	 element_columns[] = {
	{ "policy", "seq" }, { "domain", "domain" }, { "policy_type", "policy_type" }, { "mode", "mode" },
};
static const struct column	 session_columns[] = { { "successful", "successful" }, { "failed", "failed" } };
static const struct column	 detail_columns[] = {
	{ "result", "result" }, { "detail_failed", "failed" }, { "mx", "mx" }, { "receiving_ip", "receiving_ip" },
	{ "sending_ip", "sending_ip" }, { "helo", "helo" }, { "reason_code", "reason_code" }, { "info", "info" },
};

/* --- CSV ------------------------------------------------------------------------------ */

static const json_t *
at_path(const json_t *j, const char *path)
{
	char	 key[64];
	size_t	 n;

	for (; j != NULL && *path != '\0'; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		(void)snprintf(key, sizeof(key), "%.*s", (int)n, path);
		j = json_object_get(j, key);
	}
	return (j);
}

static void
put_value(struct export *x, struct buf *out, const json_t *v)
{
	const json_t	*one;
	size_t		 i;

	if (json_is_string(v)) {
		(void)esc_csv(out, (struct str){ json_string_value(v), json_string_length(v) });
	} else if (json_is_integer(v)) {
		(void)buf_printf(out, "%lld", (long long)json_integer_value(v));
	} else if (json_is_boolean(v)) {
		(void)buf_cstr(out, json_is_true(v) ? "true" : "false");
	} else if (json_is_array(v)) {		/* of words */
		buf_clear(&x->scratch);
		json_array_foreach(v, i, one)
			if (json_is_string(one)) {
				(void)buf_cstr(&x->scratch, i > 0 ? " " : "");
				(void)buf_add(&x->scratch, json_string_value(one), json_string_length(one));
			}
		(void)esc_csv(out, buf_as_str(&x->scratch));
	}
}

static void
put_cells(struct export *x, struct buf *out, const json_t *j, const struct column *c, size_t n, bool first)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 || !first)
			(void)buf_byte(out, ',');
		put_value(x, out, j == NULL ? NULL : at_path(j, c[i].path));
	}
}

static void
put_names(struct buf *out, const struct column *c, size_t n, bool first)
{
	for (size_t i = 0; i < n; i++)
		(void)buf_printf(out, "%s%s", i > 0 || !first ? "," : "", c[i].name);
}

void
line_head(const struct export *x, struct buf *out)
{
	switch (x->asked.kind) {
	case EXPORT_REPORTS:
		put_names(out, report_columns, nitems(report_columns), true);
		break;
	case EXPORT_FAILURES:
		put_names(out, failure_columns, nitems(failure_columns), true);
		break;
	case EXPORT_TLS:
		put_names(out, tls_columns, nitems(tls_columns), true);
		put_names(out, element_columns, nitems(element_columns), false);
		put_names(out, session_columns, nitems(session_columns), false);
		put_names(out, detail_columns, nitems(detail_columns), false);
		break;
	default:
		(void)buf_cstr(out, ROWS_COLUMNS);
		break;
	}
	(void)buf_byte(out, '\n');
}

static void
put_tls_line(struct export *x, struct buf *out, const json_t *report, const json_t *element, const json_t *detail)
{
	put_cells(x, out, report, tls_columns, nitems(tls_columns), true);
	put_cells(x, out, element, element_columns, nitems(element_columns), false);
	put_cells(x, out, detail == NULL ? element : NULL, session_columns, nitems(session_columns), false);
	put_cells(x, out, detail, detail_columns, nitems(detail_columns), false);
	(void)buf_byte(out, '\n');
	x->lines++;
}

static void
put_tls_lines(struct export *x, struct buf *out, const json_t *report)
{
	const json_t	*element, *detail;
	size_t		 i, k;

	json_array_foreach(json_object_get(report, "elements"), i, element) {
		put_tls_line(x, out, report, element, NULL);
		json_array_foreach(json_object_get(element, "details"), k, detail)
			put_tls_line(x, out, report, element, detail);
	}
}

static void
put_csv(struct export *x, struct buf *out, const json_t *j)
{
	if (x->asked.kind == EXPORT_TLS) {
		put_tls_lines(x, out, j);
		return;
	}
	if (x->asked.kind == EXPORT_REPORTS)
		put_cells(x, out, j, report_columns, nitems(report_columns), true);
	else
		put_cells(x, out, j, failure_columns, nitems(failure_columns), true);
	(void)buf_byte(out, '\n');
	x->lines++;
}

/* --- One report --------------------------------------------------------------------------- */

static int
put_object(struct export *x, json_t *j, struct buf *out, struct err *e)
{
	if (j == NULL)
		return (e->code != ERR_NONE ? -1 : err_set(e, ERR_TEMP, "out of memory"));
	if (x->asked.format == EXPORT_CSV)
		put_csv(x, out, j);
	else {
		(void)answer_line(out, j);
		(void)buf_byte(out, '\n');
		x->lines++;
	}
	answer_free(j);
	return (0);
}

static int
put_failure(struct export *x, struct query *q, int64_t id, struct buf *out, struct err *e)
{
	struct query_failure	 f;

	/* masked: what reveals is written down, and asked for one by one */
	if (query_failure(q, id, false, &f, e) == -1)
		return (-1);
	if (x->asked.format == EXPORT_PARSEDMARC_JSON || x->asked.format == EXPORT_PARSEDMARC_CSV)
		return (pm_failure(x, &f, out));
	return (put_object(x, answer_failure_line(&f), out, e));
}

static int
put_tls(struct export *x, struct query *q, int64_t id, struct buf *out, struct err *e)
{
	struct query_tls_report	 r;

	if (query_tls_report(q, id, &r, e) == -1)
		return (-1);
	if (r.superseded_by != 0)
		return (0);
	if (x->asked.format == EXPORT_PARSEDMARC_JSON)
		return (pm_tls(x, q, &r, out, e));
	return (put_object(x, answer_tls_whole(q, &r, e), out, e));
}

int
line_put(struct export *x, struct query *q, int64_t id, struct buf *out, struct err *e)
{
	struct query_report	 r;
	int64_t			 now;

	if (x->asked.kind == EXPORT_FAILURES)
		return (put_failure(x, q, id, out, e));
	if (x->asked.kind == EXPORT_TLS)
		return (put_tls(x, q, id, out, e));
	if (query_successor(q, id, &now, e) == -1)
		return (-1);
	if (now != 0 && x->asked.series)
		return (0);	/* it comes later, by itself */
	if (query_report(q, now != 0 ? now : id, &r, e) == -1)
		return (-1);
	return (put_object(x, answer_report_line(&r), out, e));
}
