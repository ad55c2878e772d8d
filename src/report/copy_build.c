/*
 * copy_build.c - see copy_int.h: a report in the form of its standard again,
 * XML, the fields of ARF, or the JSON of RFC 8460, for the reader of that.
 *
 * Lines are kept: what is handed on has as many of them as the document up to
 * there, so that a refusal names the line of the document.
 */
#include <time.h>

#include "base/escape.h"
#include "base/when.h"
#include "report/copy_int.h"
#include "report/refusal.h"

/* --- XML -------------------------------------------------------------------------- */

/* A byte of its own, three or four of a character that XML has not. */
static size_t
no_character(struct str s, size_t i)
{
	unsigned char	 c = (unsigned char)s.p[i];

	if (c < 0x20)
		return (c == '\t' || c == '\n' ? 0 : 1);
	if (c == 0xef && i + 2 < s.len && (unsigned char)s.p[i + 1] == 0xbf && ((unsigned char)s.p[i + 2] & 0xfe) == 0xbe)
		return (3);
	return (0);
}

static void
xml_text(struct buf *b, struct str s)
{
	size_t	 n;

	for (size_t i = 0; i < s.len; i++) {
		if ((n = no_character(s, i)) > 0) {
			(void)buf_cstr(b, "\xef\xbf\xbd");
			i += n - 1;
			continue;
		}
		if (s.p[i] == '\n')	/* lines are those of the document */
			(void)buf_cstr(b, "&#10;");
		else
			(void)esc_xml(b, (struct str){ s.p + i, 1 });
	}
}

void
copy_element(struct buf *b, const char *name, struct str v)
{
	if (v.p == NULL)
		return;
	(void)buf_printf(b, "<%s>", name);
	xml_text(b, v);
	(void)buf_printf(b, "</%s>", name);
}

/* A value as text; absent for null and what is no text. room is for numbers. */
static struct str
text_of(const json_t *v, char room[32])
{
	if (json_is_string(v))
		return ((struct str){ json_string_value(v), json_string_length(v) });
	if (json_is_integer(v)) {
		(void)snprintf(room, 32, "%lld", (long long)json_integer_value(v));
		return (str_of(room));
	}
	if (json_is_real(v)) {
		(void)snprintf(room, 32, "%.17g", json_real_value(v));
		return (str_of(room));
	}
	return (json_is_true(v) ? STR("true") : json_is_false(v) ? STR("false") : STR_NONE);
}

static void
member(struct buf *b, const char *element, const json_t *o, const char *name)
{
	char	 room[32];

	copy_element(b, element, text_of(json_object_get(o, name), room));
}

/* The same, but a word that stands for "there was none" is none. */
static void
member_but(struct buf *b, const char *element, const json_t *o, const char *name, const char *none)
{
	char		 room[32];
	struct str	 s = text_of(json_object_get(o, name), room);

	if (!str_ieq(s, none))
		copy_element(b, element, s);
}

/* --- Aggregate reports --------------------------------------------------------------- */

void
copy_metadata(struct copy *c, const json_t *o)
{
	char		 room[32];
	size_t		 i;
	const json_t	*v;

	buf_clear(&c->head);
	buf_clear(&c->begin);
	buf_clear(&c->end);
	member(&c->head, "org_name", o, "org_name");
	member(&c->head, "email", o, "org_email");
	member(&c->head, "extra_contact_info", o, "org_extra_contact_info");
	member(&c->head, "report_id", o, "report_id");
	member(&c->head, "generator", o, "generator");
	v = json_object_get(o, "errors");
	for (i = 0; i < json_array_size(v); i++)
		copy_element(&c->head, "error", text_of(json_array_get(v, i), room));
	if (json_is_string(v))
		copy_element(&c->head, "error", text_of(v, room));
	(void)buf_str(&c->begin, text_of(json_object_get(o, "begin_date"), room));
	(void)buf_str(&c->end, text_of(json_object_get(o, "end_date"), room));
	c->one.newer |= json_object_get(o, "timespan_requires_normalization") != NULL;
	if (json_is_true(json_object_get(o, "timespan_requires_normalization")))
		c->one.q |= QUIRK_SPLIT_DAYS;
	c->one.meta = true;
}

void
copy_policy(struct copy *c, const json_t *o)
{
	static const char *const	 names[] = { "domain", "adkim", "aspf", "p", "sp", "np", "pct", "fo", "testing", "discovery_method" };

	buf_clear(&c->rules);
	for (size_t i = 0; i < nitems(names); i++)
		member(&c->rules, names[i], o, names[i]);
	c->one.policy = true;
}

int
copy_xml(struct copy *c, struct str s, struct err *e)
{
	struct err	 why = { 0 };

	if (c->one.bad)
		return (0);
	switch (aggregate_feed(c->agg, s.p, s.len, &why)) {
	case 0:
		return (0);
	case AGGREGATE_AGAIN:
		(void)refusal_set(&why, REFUSAL_UNREADABLE, (unsigned)c->one.line, "what the copy says cannot be put into the form of a report");
		/* FALLTHROUGH */
	default:
		*e = why;
		return (copy_bad(c, e));
	}
}

/* New lines until what is handed on has come to that line of the document. */
int
copy_lines_to(struct copy *c, uint64_t line, struct err *e)
{
	static const char	 lines[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
	size_t			 n;

	for (; c->one.xml_line < line && !c->one.bad; c->one.xml_line += n) {
		n = line - c->one.xml_line < sizeof(lines) - 1 ? (size_t)(line - c->one.xml_line) : sizeof(lines) - 1;
		if (copy_xml(c, (struct str){ lines, n }, e) == -1)
			return (-1);
	}
	return (0);
}

static struct str
interval(const json_t *row, const char *name, char room[32])
{
	if (row == NULL || json_is_true(json_object_get(row, "normalized_timespan")))
		return (STR_NONE);
	return (text_of(json_object_get(row, name), room));
}

static void
put_period(struct copy *c, const json_t *first)
{
	char	 from[32], to[32];
	int64_t	 begin, end;
	bool	 zoned[2];

	if (!copy_time(buf_as_str(&c->begin), &begin, &zoned[0]) || !copy_time(buf_as_str(&c->end), &end, &zoned[1])) {
		/* the reader of originals knows what to do with it */
		copy_element(&c->out, "begin", buf_as_str(&c->begin));
		copy_element(&c->out, "end", buf_as_str(&c->end));
		return;
	}
	copy_period(&begin, &end, interval(first, "interval_begin", from), interval(first, "interval_end", to),
	    (zoned[0] && zoned[1]) || (c->form == COPY_CSV && c->one.newer), &c->one.q);
	(void)buf_printf(&c->out, "<begin>%lld</begin><end>%lld</end>", (long long)begin, (long long)end);
}

int
copy_aggregate_begin(struct copy *c, const json_t *first, struct err *e)
{
	c->one.started = true;
	aggregate_reset(c->agg, NULL);
	aggregate_lines_from(c->agg, c->one.line);
	if (aggregate_start(c->agg, e) == -1)
		return (-1);
	c->one.xml_line = c->one.line;
	buf_clear(&c->out);
	(void)buf_cstr(&c->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><feedback>");
	if (c->schema.len > 0 && !str_ieq(buf_as_str(&c->schema), "draft"))
		copy_element(&c->out, "version", buf_as_str(&c->schema));
	if (c->one.meta) {
		(void)buf_cstr(&c->out, "<report_metadata>");
		(void)buf_str(&c->out, buf_as_str(&c->head));
		(void)buf_cstr(&c->out, "<date_range>");
		put_period(c, first);
		(void)buf_cstr(&c->out, "</date_range></report_metadata>");
	}
	if (c->one.policy) {
		(void)buf_cstr(&c->out, "<policy_published>");
		(void)buf_str(&c->out, buf_as_str(&c->rules));
		(void)buf_cstr(&c->out, "</policy_published>");
	}
	return (c->out.failed ? copy_oom(e) : copy_xml(c, buf_as_str(&c->out), e));
}

static void
put_row(struct buf *b, const json_t *o)
{
	const json_t	*v = json_object_get(o, "policy_evaluated"), *list, *x;
	size_t		 i;

	(void)buf_cstr(b, "<row>");
	member(b, "source_ip", json_object_get(o, "source"), "ip_address");
	member(b, "count", o, "count");
	if (json_is_object(v)) {
		(void)buf_cstr(b, "<policy_evaluated>");
		member(b, "disposition", v, "disposition");
		member(b, "dkim", v, "dkim");
		member(b, "spf", v, "spf");
		list = json_object_get(v, "policy_override_reasons");
		for (i = 0; i < json_array_size(list); i++) {
			if (!json_is_object(x = json_array_get(list, i)))
				continue;
			(void)buf_cstr(b, "<reason>");
			member(b, "type", x, "type");
			member_but(b, "comment", x, "comment", "none");
			(void)buf_cstr(b, "</reason>");
		}
		(void)buf_cstr(b, "</policy_evaluated>");
	}
	(void)buf_cstr(b, "</row>");
}

static void
put_results(struct buf *b, const json_t *list, const char *element, const char *what, const char *none)
{
	const json_t	*x;

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!json_is_object(x = json_array_get(list, i)))
			continue;
		(void)buf_printf(b, "<%s>", element);
		member(b, "domain", x, "domain");
		member_but(b, what, x, what, none);
		member(b, "result", x, "result");
		member(b, "human_result", x, "human_result");
		(void)buf_printf(b, "</%s>", element);
	}
}

/* o: NULL when the row is no object; it adds nothing then, and says so. */
int
copy_record(struct copy *c, const json_t *o, uint64_t line, struct err *e)
{
	static const char *const	 names[] = { "header_from", "envelope_from", "envelope_to" };
	const json_t			*v;
	struct buf			*b = &c->out;

	if (copy_lines_to(c, line, e) == -1)
		return (-1);
	buf_clear(b);
	(void)buf_cstr(b, "<record>");
	put_row(b, o);
	if (json_is_object(v = json_object_get(o, "identifiers"))) {
		(void)buf_cstr(b, "<identifiers>");
		for (size_t i = 0; i < nitems(names); i++)
			member(b, names[i], v, names[i]);
		(void)buf_cstr(b, "</identifiers>");
	}
	if (json_is_object(v = json_object_get(o, "auth_results"))) {
		(void)buf_cstr(b, "<auth_results>");
		put_results(b, json_object_get(v, "dkim"), "dkim", "selector", "none");
		put_results(b, json_object_get(v, "spf"), "spf", "scope", "");
		(void)buf_cstr(b, "</auth_results>");
	}
	(void)buf_cstr(b, "</record>");
	if (json_is_true(json_object_get(o, "normalized_timespan")))
		c->one.q |= QUIRK_SPLIT_DAYS;
	return (b->failed ? copy_oom(e) : copy_xml(c, buf_as_str(b), e));
}

int
copy_aggregate_end(struct copy *c, struct err *e)
{
	struct err	 why = { 0 };

	if (copy_xml(c, STR("</feedback>"), e) == -1)
		return (-1);
	if (c->one.bad)
		return (0);
	aggregate_note(c->agg, c->noted | c->one.q | QUIRK_COPY);
	if (aggregate_finish(c->agg, &why) == 0) {
		c->calls->read(c->ctx);
		return (0);
	}
	if (why.code == ERR_NONE)
		(void)refusal_set(&why, REFUSAL_UNREADABLE, (unsigned)c->one.line, "what the copy says cannot be put into the form of a report");
	*e = why;
	return (copy_bad(c, e));
}

/* --- Failure reports ------------------------------------------------------------------- */

/* "Label: value", on one line. Lists become a list in words. */
void
copy_field(struct copy *c, const char *label, const json_t *v)
{
	char		 room[32];
	struct buf	*b = &c->text;
	struct str	 s;

	buf_clear(b);
	for (size_t i = 0; i < json_array_size(v); i++) {
		s = text_of(json_array_get(v, i), room);
		(void)buf_cstr(b, i > 0 ? ", " : "");
		if (s.len > 0)
			(void)buf_str(b, s);
	}
	if ((s = text_of(v, room)).len > 0)
		(void)buf_str(b, s);
	for (size_t i = 0; i < b->len; i++)
		if ((unsigned char)b->p[i] < ' ')
			b->p[i] = ' ';
	s = str_trim(buf_as_str(b));
	if (s.len == 0)
		return;
	(void)buf_printf(&c->fields, "%s: ", label);
	(void)buf_str(&c->fields, s);
	(void)buf_cstr(&c->fields, "\r\n");
}

/* arrival_date is as the reporter wrote it; where it is missing the time in UTC stands in. */
static void
arrival(struct copy *c)
{
	char		 z[64];
	int64_t		 t;
	time_t		 at;
	struct tm	 tm;
	bool		 zoned;

	if (str_ifind(buf_as_str(&c->fields), "arrival-date:") != NULL || !copy_time(buf_as_str(&c->begin), &t, &zoned))
		return;
	at = (time_t)t;
	if (gmtime_r(&at, &tm) != NULL && strftime(z, sizeof(z), "%a, %d %b %Y %H:%M:%S +0000", &tm) > 0)
		(void)buf_printf(&c->fields, "Arrival-Date: %s\r\n", z);
}

int
copy_failure_end(struct copy *c, struct err *e)
{
	struct failure_report	 r;
	int			 rv;

	arrival(c);
	if (c->fields.failed || c->sample.failed)
		return (copy_oom(e));
	failure_reset(c->failure);
	failure_begin(c->failure, &(struct failure_mail){ STR_NONE, STR_NONE, STR_NONE, STR_NONE });
	failure_fields(c->failure, c->fields.len > 0 ? c->fields.p : "\r\n", c->fields.len > 0 ? c->fields.len : 2);
	if (c->sample.len > 0) {
		failure_sample_begin(c->failure, c->one.headers_only ? SAMPLE_HEADERS : SAMPLE_MESSAGE);
		failure_sample_data(c->failure, c->sample.p, c->sample.len);
		failure_sample_end(c->failure);
	}
	if ((rv = failure_finish(c->failure, &r, e)) == 1) {
		r.quirks |= FQ_COPY;
		rv = c->calls->failure(c->ctx, &r, failure_arena(c->failure), e);
	}
	failure_reset(c->failure);
	return (rv == -1 ? -1 : 0);
}

/* --- TLS reports ---------------------------------------------------------------------- */

/* ,"name":value; nothing for null. */
void
copy_json(struct buf *b, const char *name, const json_t *v)
{
	char	*z;

	if (v == NULL || json_is_null(v))
		return;
	if ((z = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT)) == NULL) {
		b->failed = true;
		return;
	}
	(void)buf_printf(b, "%s\"%s\":", b->len > 0 && b->p[b->len - 1] != '{' ? "," : "", name);
	(void)buf_cstr(b, z);
	free(z);
}

void
copy_detail(struct buf *b, const json_t *o)
{
	static const struct { const char *copy, *name; } names[] = {
		{ "result_type", "result-type" }, { "failed_session_count", "failed-session-count" }, { "sending_mta_ip", "sending-mta-ip" },
		{ "receiving_ip", "receiving-ip" }, { "receiving_mx_hostname", "receiving-mx-hostname" },
		{ "receiving_mx_helo", "receiving-mx-helo" }, { "additional_info_uri", "additional-information" },
		{ "failure_reason_code", "failure-reason-code" },
	};

	(void)buf_byte(b, '{');
	for (size_t i = 0; i < nitems(names); i++)
		copy_json(b, names[i].name, json_object_get(o, names[i].copy));
	(void)buf_byte(b, '}');
}

int
copy_tls_put(struct copy *c, uint64_t line, struct str s, struct err *e)
{
	const struct tls_hints	 hints = { .declared = true };
	struct err		 why = { 0 };
	int			 rv = 0;

	if (c->one.bad)
		return (0);
	if (!c->one.started) {
		c->one.started = true;
		if (tlsrpt_start(c->tls, &hints, e) == -1)
			return (-1);
		tlsrpt_lines_from(c->tls, c->one.line);
		c->one.xml_line = c->one.line;
		rv = tlsrpt_feed(c->tls, "{", 1, &why);
	}
	for (; rv == 0 && c->one.xml_line < line; c->one.xml_line++)
		rv = tlsrpt_feed(c->tls, "\n", 1, &why);
	if (rv == 0 && (rv = tlsrpt_feed(c->tls, s.p, s.len, &why)) == 0)
		return (0);
	*e = why;
	return (copy_bad(c, e));
}

int
copy_tls_end(struct copy *c, struct err *e)
{
	static const struct { uint64_t from, to; } notes[] = {
		{ QUIRK_GZIP_TAIL, TLSQ_GZIP_TAIL }, { QUIRK_BASE64_NOISE, TLSQ_BASE64_NOISE }, { QUIRK_NESTED, TLSQ_NESTED },
	};
	const struct buf	*more[] = { &c->org, &c->contact, &c->id };
	struct buf	*b = &c->out;
	struct err	 why = { 0 };

	buf_clear(b);
	(void)buf_cstr(b, c->one.policies > 0 ? ",\"date-range\":{" : "\"date-range\":{");
	(void)buf_str(b, buf_as_str(&c->begin));
	if (c->begin.len > 0 && c->end.len > 0)
		(void)buf_byte(b, ',');
	(void)buf_str(b, buf_as_str(&c->end));
	(void)buf_byte(b, '}');
	for (size_t i = 0; i < nitems(more); i++) {
		if (more[i]->len == 0)
			continue;
		(void)buf_byte(b, ',');
		(void)buf_str(b, buf_as_str(more[i]));
	}
	(void)buf_byte(b, '}');
	if (b->failed)
		return (copy_oom(e));
	if (copy_tls_put(c, 0, buf_as_str(b), e) == -1)
		return (-1);
	if (c->one.bad)
		return (0);
	tlsrpt_note(c->tls, TLSQ_COPY);
	for (size_t i = 0; i < nitems(notes); i++)
		if ((c->noted & notes[i].from) != 0)
			tlsrpt_note(c->tls, notes[i].to);
	if (tlsrpt_finish(c->tls, &why) == 0) {
		c->calls->read(c->ctx);
		return (0);
	}
	if (why.code == ERR_NONE)
		(void)refusal_set(&why, REFUSAL_NO_POLICY, (unsigned)c->one.line, "the copy of a TLS report has no list of policies");
	*e = why;
	return (copy_bad(c, e));
}
