/*
 * copy.c - see copy.h.
 *
 * What is walked into: the list (or the object of lists), each report, "records"
 * of an aggregate report, "policies" of a TLS report and "failure_details" of
 * each of those. All else is small, and becomes a tree of jansson at a time.
 */
#include "report/copy_int.h"
#include "report/refusal.h"

#define LISTS 8		/* lists and objects of lists inside each other, as far as json_split.h opens them */

enum slot {
	SLOT_SKIP, SLOT_SCHEMA, SLOT_META, SLOT_POLICY, SLOT_RECORDS, SLOT_RECORD,
	SLOT_FIELD, SLOT_SOURCE, SLOT_ARRIVAL, SLOT_HEADERS_ONLY, SLOT_SAMPLE,
	SLOT_ORG, SLOT_BEGIN, SLOT_END, SLOT_CONTACT, SLOT_ID, SLOT_POLICIES,
	SLOT_ELEMENT, SLOT_DETAILS, SLOT_DETAIL, SLOT_ALIEN, SLOT_LIST
};

/* Members of a report; label: the field or member that the standard has for it. */
static const struct member { const char *name; enum copy_kind kind; enum slot slot; const char *label; } members[] = {
	{ "xml_schema",            COPY_AGGREGATE, SLOT_SCHEMA,       NULL },
	{ "report_metadata",       COPY_AGGREGATE, SLOT_META,         NULL },
	{ "policy_published",      COPY_AGGREGATE, SLOT_POLICY,       NULL },
	{ "records",               COPY_AGGREGATE, SLOT_RECORDS,      NULL },
	{ "feedback_type",         COPY_FAILURE,   SLOT_FIELD,        "Feedback-Type" },
	{ "user_agent",            COPY_FAILURE,   SLOT_FIELD,        "User-Agent" },
	{ "version",               COPY_FAILURE,   SLOT_FIELD,        "Version" },
	{ "original_envelope_id",  COPY_FAILURE,   SLOT_FIELD,        "Original-Envelope-Id" },
	{ "original_mail_from",    COPY_FAILURE,   SLOT_FIELD,        "Original-Mail-From" },
	{ "original_rcpt_to",      COPY_FAILURE,   SLOT_FIELD,        "Original-Rcpt-To" },
	{ "arrival_date",          COPY_FAILURE,   SLOT_FIELD,        "Arrival-Date" },
	{ "arrival_date_utc",      COPY_FAILURE,   SLOT_ARRIVAL,      NULL },
	{ "authentication_results", COPY_FAILURE,  SLOT_FIELD,        "Authentication-Results" },
	{ "delivery_result",       COPY_FAILURE,   SLOT_FIELD,        "Delivery-Result" },
	{ "auth_failure",          COPY_FAILURE,   SLOT_FIELD,        "Auth-Failure" },
	{ "reported_domain",       COPY_FAILURE,   SLOT_FIELD,        "Reported-Domain" },
	{ "identity_alignment",    COPY_FAILURE,   SLOT_FIELD,        "Identity-Alignment" },
	{ "dkim_domain",           COPY_FAILURE,   SLOT_FIELD,        "DKIM-Domain" },
	{ "source",                COPY_FAILURE,   SLOT_SOURCE,       NULL },
	{ "sample_headers_only",   COPY_FAILURE,   SLOT_HEADERS_ONLY, NULL },
	{ "sample",                COPY_FAILURE,   SLOT_SAMPLE,       NULL },
	/* these are worked out from the sample, which is there */
	{ "subject",               COPY_FAILURE,   SLOT_SKIP,         NULL },
	{ "message_id",            COPY_FAILURE,   SLOT_SKIP,         NULL },
	{ "authentication_mechanisms", COPY_FAILURE, SLOT_SKIP,       NULL },
	{ "parsed_sample",         COPY_FAILURE,   SLOT_SKIP,         NULL },
	{ "organization_name",     COPY_TLS,       SLOT_ORG,          "organization-name" },
	{ "begin_date",            COPY_TLS,       SLOT_BEGIN,        "start-datetime" },
	{ "end_date",              COPY_TLS,       SLOT_END,          "end-datetime" },
	{ "contact_info",          COPY_TLS,       SLOT_CONTACT,      "contact-info" },
	{ "report_id",             COPY_TLS,       SLOT_ID,           "report-id" },
	{ "policies",              COPY_TLS,       SLOT_POLICIES,     NULL },
};

/* What the program prints when it writes no files. */
static const char *const lists[] = { "aggregate_reports", "forensic_reports", "failure_reports", "smtp_tls_reports" };

/* Of a policy in a TLS report. */
static const struct { const char *name, *label; bool summary; } policy_members[] = {
	{ "policy_type", "policy-type", false }, { "policy_strings", "policy-string", false }, { "policy_domain", "policy-domain", false },
	{ "mx_host_patterns", "mx-host", false }, { "successful_session_count", "total-successful-session-count", true },
	{ "failed_session_count", "total-failure-session-count", true },
};

static int	 on_value(void *, struct str, char, bool *, struct err *);
static int	 on_whole(void *, struct str, struct json_place, struct err *);
static int	 on_close(void *, struct err *);
static const struct json_split_calls	 split_calls = { on_value, on_whole, on_close };

/* --- What it is ------------------------------------------------------------------- */

static struct str
without_blanks(struct str s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n')) {
		s.p++;
		s.len--;
	}
	return (s);
}

static const struct member *
member_of(struct str name)
{
	for (size_t i = 0; i < nitems(members); i++)
		if (str_eq(name, str_of(members[i].name)))
			return (&members[i]);
	return (NULL);
}

static bool
list_name(struct str name)
{
	for (size_t i = 0; i < nitems(lists); i++)
		if (str_eq(name, str_of(lists[i])))
			return (true);
	return (false);
}

enum copy_form
copy_looks_like(struct str s)
{
	const struct member	*m;
	size_t			 n = 0;

	while (str_starts(s, "\xef\xbb\xbf"))
		s = (struct str){ s.p + 3, s.len - 3 };
	s = without_blanks(s);
	if (str_starts(s, "xml_schema,"))
		return (COPY_CSV);
	if (str_starts(s, "["))
		s = without_blanks((struct str){ s.p + 1, s.len - 1 });
	if (!str_starts(s, "{"))
		return (COPY_NONE);
	s = without_blanks((struct str){ s.p + 1, s.len - 1 });
	if (!str_starts(s, "\""))
		return (COPY_NONE);
	s = (struct str){ s.p + 1, s.len - 1 };
	while (n < s.len && s.p[n] != '"')
		n++;
	s.len = n;
	/* originals of TLS reports have "policies", too */
	m = member_of(s);
	return (list_name(s) || (m != NULL && m->slot != SLOT_POLICIES) ? COPY_JSON : COPY_NONE);
}

/* --- Beginning and end --------------------------------------------------------------- */

struct copy *
copy_new(const struct limits *l, struct aggregate *agg, struct tlsrpt *tls, void (*words)(struct str, size_t, struct buf *),
    const struct copy_calls *calls, void *ctx)
{
	struct copy	*c = calloc(1, sizeof(*c));

	if (c == NULL)
		return (NULL);
	c->limits = l;
	c->agg = agg;
	c->tls = tls;
	c->calls = calls;
	c->ctx = ctx;
	json_object_seed(0);	/* reads /dev/urandom once: while that can be opened */
	if ((c->split = json_split_new(&split_calls, c)) == NULL || (c->failure = failure_new(l, words)) == NULL) {
		copy_free(c);
		return (NULL);
	}
	return (c);
}

static void
bufs_clear(struct copy *c)
{
	struct buf	*all[] = { &c->name, &c->schema, &c->head, &c->rules, &c->begin, &c->end, &c->held, &c->fields, &c->sample,
			    &c->org, &c->contact, &c->id, &c->element, &c->summary, &c->out, &c->text, &c->line, &c->row, &c->cells,
			    &c->key, &c->last };

	for (size_t i = 0; i < nitems(all); i++)
		if (all[i]->cap > 65536)
			buf_free(all[i]);
		else
			buf_clear(all[i]);
}

void
copy_free(struct copy *c)
{
	struct buf	*all[] = { &c->name, &c->schema, &c->head, &c->rules, &c->begin, &c->end, &c->held, &c->fields, &c->sample,
			    &c->org, &c->contact, &c->id, &c->element, &c->summary, &c->out, &c->text, &c->line, &c->row, &c->cells,
			    &c->key, &c->last };

	if (c == NULL)
		return;
	for (size_t i = 0; i < nitems(all); i++)
		buf_free(all[i]);
	json_split_free(c->split);
	failure_free(c->failure);
	free(c);
}

int
copy_oom(struct err *e)
{
	return (err_set(e, ERR_TEMP, "out of memory"));
}

void
copy_one_clear(struct copy *c, uint64_t line)
{
	bufs_clear(c);
	c->one = (struct copy_one){ .line = line };
}

void
copy_start(struct copy *c, enum copy_form form)
{
	copy_one_clear(c, 1);
	c->form = form;
	c->noted = 0;
	c->seen = c->header = c->quoted = c->quote_seen = false;
	c->aliens = c->alien_line = 0;
	c->at = AT_TOP;
	c->nup = 0;
	c->line_no = c->row_line = 1;
	failure_reset(c->failure);
	json_split_start(c->split, (size_t)c->limits->tls_value, (unsigned)c->limits->tls_depth);
	json_split_sequence(c->split);
}

void
copy_note(struct copy *c, uint64_t quirks)
{
	c->noted |= quirks;
}

static bool
begun(const struct copy *c)
{
	return (c->one.started && (c->one.kind == COPY_TLS ? tlsrpt_had_begun(c->tls) : aggregate_had_begun(c->agg)));
}

bool
copy_had_begun(const struct copy *c)
{
	return (begun(c));
}

bool
copy_is_report(const struct copy *c)
{
	return (c->seen || c->one.kind != COPY_UNKNOWN);
}

int
copy_bad(struct copy *c, struct err *e)
{
	if (begun(c))
		c->calls->again(c->ctx);
	c->one.started = false;
	if (e->code != ERR_INPUT && e->code != ERR_LIMIT)
		return (-1);
	if (!c->one.bad) {
		c->one.bad = true;
		c->one.why = *e;
		if (c->one.why.line == 0)
			c->one.why.line = (unsigned)c->one.line;
	}
	memset(e, 0, sizeof(*e));
	return (0);
}

int
copy_feed(struct copy *c, const void *p, size_t n, struct err *e)
{
	return (c->form == COPY_CSV ? copy_csv_feed(c, (struct str){ p, n }, e) : json_split_feed(c->split, p, n, e));
}

int
copy_finish(struct copy *c, struct err *e)
{
	if (c->form == COPY_CSV ? copy_csv_finish(c, e) == -1 : json_split_finish(c->split, e) == -1)
		return (-1);
	if (!c->seen)
		return (1);
	if (c->aliens == 0)
		return (0);
	(void)refusal_set(e, REFUSAL_NOT_A_REPORT, (unsigned)c->alien_line, "line %llu: %s no report of a kind that is known%s",
	    (unsigned long long)c->alien_line, c->aliens == 1 ? "this is" : "here begins what is", c->aliens == 1 ? "" : ", and there is more of it");
	return (c->calls->refused(c->ctx, e, e) == -1 ? -1 : 0);
}

/* --- A report ends ------------------------------------------------------------------- */

/* Rows that stood before what they belong to: line, length, text. */
static int
hold(struct copy *c, struct str s, uint64_t line, struct err *e)
{
	uint64_t	 head[2] = { line, s.len };

	if (c->held.len + s.len + sizeof(head) > COPY_HELD) {
		(void)refusal_set(e, REFUSAL_OVER_LIMIT, (unsigned)line, "line %llu: more than %zu bytes of records stand before the metadata "
		    "and the policy of their report", (unsigned long long)line, COPY_HELD);
		return (copy_bad(c, e));
	}
	return (buf_add(&c->held, head, sizeof(head)) && buf_str(&c->held, s) ? 0 : copy_oom(e));
}

/* A value as a tree; NULL: the report is refused (or *e is worse, then -1 in *rv). */
static json_t *
tree(struct copy *c, struct str s, struct json_place at, int *rv, struct err *e)
{
	json_error_t	 je;
	json_t		*j = json_loadb(s.p, s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);

	*rv = 0;
	if (j != NULL)
		return (j);
	if (json_error_code(&je) == json_error_out_of_memory) {
		*rv = copy_oom(e);
		return (NULL);
	}
	at.line += (uint64_t)(je.line > 0 ? je.line - 1 : 0);
	(void)refusal_set(e, REFUSAL_NOT_WELL_FORMED, (unsigned)at.line, "not valid JSON at line %llu: %s", (unsigned long long)at.line,
	    str_utf8_ok(str_of(je.text)) ? je.text : "bytes that are no UTF-8");
	*rv = copy_bad(c, e);
	return (NULL);
}

static int
record(struct copy *c, struct str s, uint64_t line, struct err *e)
{
	json_t	*j;
	int	 rv;

	if ((j = tree(c, s, (struct json_place){ line, 1 }, &rv, e)) == NULL)
		return (rv);
	if (!c->one.started)
		rv = copy_aggregate_begin(c, json_is_object(j) ? j : NULL, e);
	if (rv == 0)
		rv = copy_record(c, json_is_object(j) ? j : NULL, line, e);
	json_decref(j);
	return (rv);
}

static int
aggregate_ends(struct copy *c, struct err *e)
{
	uint64_t	 head[2];

	for (size_t at = 0; at < c->held.len && !c->one.bad; at += head[1]) {
		memcpy(head, c->held.p + at, sizeof(head));
		at += sizeof(head);
		if (record(c, (struct str){ c->held.p + at, (size_t)head[1] }, head[0], e) == -1)
			return (-1);
	}
	if (!c->one.started && !c->one.bad && copy_aggregate_begin(c, NULL, e) == -1)
		return (-1);
	return (copy_aggregate_end(c, e));
}

static int
report_ends(struct copy *c, struct err *e)
{
	int	 rv = 0;

	if (!c->one.bad)
		switch (c->one.kind) {
		case COPY_AGGREGATE:
			rv = aggregate_ends(c, e);
			break;
		case COPY_FAILURE:
			rv = copy_failure_end(c, e);
			break;
		case COPY_TLS:
			rv = copy_tls_end(c, e);
			break;
		case COPY_UNKNOWN:
			if (c->aliens++ == 0)
				c->alien_line = c->one.line;
			break;
		}
	c->seen |= c->one.kind != COPY_UNKNOWN;
	if (rv == 0 && c->one.bad)
		rv = c->calls->refused(c->ctx, &c->one.why, e);
	copy_one_clear(c, json_split_place(c->split).line);
	return (rv);
}

/* --- The walk ------------------------------------------------------------------------ */

static int
text_member(struct copy *c, struct buf *b, const struct member *m, struct str s, struct json_place at, struct err *e)
{
	json_t	*j;
	int	 rv;

	if ((j = tree(c, s, at, &rv, e)) == NULL)
		return (rv);
	buf_clear(b);
	copy_json(b, m->label, j);
	json_decref(j);
	return (b->failed ? copy_oom(e) : 0);
}

static void
source(struct copy *c, const json_t *j)
{
	copy_field(c, "Source-IP", json_object_get(j, "ip_address"));
}

static void
string_into(struct buf *b, const json_t *j)
{
	buf_clear(b);
	if (json_is_string(j))
		(void)buf_add(b, json_string_value(j), json_string_length(j));
}

/* The bytes of a string, as written, that are whole characters and escapes. */
static size_t
whole_characters(struct str s)
{
	size_t	 i = 0, n;

	for (; i < s.len; i += n) {
		unsigned char	 b = (unsigned char)s.p[i];

		n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
		if (b == '\\')
			n = i + 1 < s.len && s.p[i + 1] == 'u' ? 6 : 2;
		if (n == 6 && i + 3 < s.len && (s.p[i + 2] | 0x20) == 'd' && strchr("89abAB", s.p[i + 3]) != NULL)
			n = 12;	/* two escapes are one character */
		if (n > s.len - i)
			break;
	}
	return (i);
}

static int
sample(struct copy *c, struct str s, struct json_place at, struct err *e)
{
	json_t	*j;
	int	 rv;

	if (json_split_cut(c->split)) {
		buf_clear(&c->text);
		if (!buf_add(&c->text, s.p, whole_characters(s)) || !buf_byte(&c->text, '"'))
			return (copy_oom(e));
		s = buf_as_str(&c->text);
	}
	if ((j = tree(c, s, at, &rv, e)) == NULL)
		return (rv);
	string_into(&c->sample, j);
	json_decref(j);
	return (c->sample.failed ? copy_oom(e) : 0);
}

static int
of_report(struct copy *c, const struct member *m, struct str s, struct json_place at, struct err *e)
{
	json_t	*j;
	int	 rv;

	switch (m->slot) {
	case SLOT_ORG:
		return (text_member(c, &c->org, m, s, at, e));
	case SLOT_CONTACT:
		return (text_member(c, &c->contact, m, s, at, e));
	case SLOT_ID:
		return (text_member(c, &c->id, m, s, at, e));
	case SLOT_BEGIN:
		return (text_member(c, &c->begin, m, s, at, e));
	case SLOT_END:
		return (text_member(c, &c->end, m, s, at, e));
	case SLOT_SAMPLE:
		return (sample(c, s, at, e));
	default:
		break;
	}
	if ((j = tree(c, s, at, &rv, e)) == NULL)
		return (rv);
	switch (m->slot) {
	case SLOT_SCHEMA:
		string_into(&c->schema, j);
		break;
	case SLOT_META:
		copy_metadata(c, j);
		break;
	case SLOT_POLICY:
		copy_policy(c, j);
		break;
	case SLOT_FIELD:
		copy_field(c, m->label, j);
		break;
	case SLOT_SOURCE:
		source(c, j);
		break;
	case SLOT_ARRIVAL:
		string_into(&c->begin, j);
		break;
	case SLOT_HEADERS_ONLY:
		c->one.headers_only = json_is_true(j);
		break;
	default:
		break;
	}
	json_decref(j);
	return (0);
}

/* A member of a policy, or one of its details. */
static int
of_policy(struct copy *c, struct str s, struct json_place at, struct err *e)
{
	json_t	*j;
	int	 rv;

	if ((j = tree(c, s, at, &rv, e)) == NULL)
		return (rv);
	if (c->at == AT_DETAILS) {
		buf_clear(&c->out);
		(void)buf_cstr(&c->out, c->one.details++ > 0 ? "," : "");
		copy_detail(&c->out, j);
		rv = c->out.failed ? copy_oom(e) : copy_tls_put(c, at.line, buf_as_str(&c->out), e);
	} else
		copy_json(policy_members[c->slot].summary ? &c->summary : &c->element, policy_members[c->slot].label, j);
	json_decref(j);
	return (rv);
}

static int
on_whole(void *ctx, struct str s, struct json_place at, struct err *e)
{
	struct copy	*c = ctx;

	switch (c->at) {
	case AT_TOP:
	case AT_LIST:
		if (c->aliens++ == 0)
			c->alien_line = at.line;
		return (0);
	case AT_REPORT:
		return (c->one.bad ? 0 : of_report(c, &members[c->slot], s, at, e));
	case AT_RECORDS:
		if (c->one.bad)
			return (0);
		if (!c->one.started && !(c->one.meta && c->one.policy))
			return (hold(c, s, at.line, e));
		return (record(c, s, at.line, e));
	case AT_POLICIES:	/* no object: its reader refuses it */
		return (copy_tls_put(c, at.line, c->one.policies++ > 1 ? STR(",null") : STR("null"), e));
	case AT_POLICY:
	case AT_DETAILS:
		return (c->one.bad ? 0 : of_policy(c, s, at, e));
	case AT_LISTS:
		break;
	}
	return (0);
}

static void
go_into(struct copy *c, enum copy_at at, bool *open)
{
	c->up[c->nup++] = c->at;
	c->at = at;
	*open = true;
}

/* json_split.h opens that many; a value that it would not open must not be waited for. */
static bool
may_open(const struct copy *c)
{
	return (c->nup < nitems(c->up));
}

static void
skip(struct copy *c)
{
	json_split_want(c->split, JSON_SKIP);
}

static int
report_member(struct copy *c, struct str name, char first, bool *open, struct err *e)
{
	const struct member	*m = member_of(name);

	if (c->one.kind == COPY_UNKNOWN && list_name(name)) {
		c->at = AT_LISTS;	/* it is no report, but holds them */
		c->seen = true;
		if (first == '[' && may_open(c))
			go_into(c, AT_LIST, open);
		else
			skip(c);
		return (0);
	}
	if (m == NULL || c->one.bad || (c->one.kind != COPY_UNKNOWN && c->one.kind != m->kind)) {
		skip(c);
		return (0);
	}
	c->one.kind = m->kind;
	c->slot = (int)(m - members);
	switch (m->slot) {
	case SLOT_SKIP:
		skip(c);
		return (0);
	case SLOT_SAMPLE:
		if (first == '"')
			json_split_want(c->split, JSON_HEAD);
		return (0);
	case SLOT_RECORDS:
		if (first == '[' && may_open(c))
			go_into(c, AT_RECORDS, open);
		else
			skip(c);
		return (0);
	case SLOT_POLICIES:
		if (first != '[' || !may_open(c) || c->one.policies > 0) {
			skip(c);
			return (0);
		}
		go_into(c, AT_POLICIES, open);
		c->one.policies = 1;
		return (copy_tls_put(c, json_split_place(c->split).line, STR("\"policies\":["), e));
	default:
		return (0);
	}
}

static int
policy_member(struct copy *c, struct str name, char first, bool *open, struct err *e)
{
	if (str_eq(name, STR("failure_details"))) {
		if (first != '[' || !may_open(c) || c->one.bad) {
			skip(c);
			return (0);
		}
		go_into(c, AT_DETAILS, open);
		c->one.details = 0;
		return (copy_tls_put(c, 0, STR("\"failure-details\":["), e));
	}
	for (size_t i = 0; i < nitems(policy_members); i++)
		if (str_eq(name, str_of(policy_members[i].name))) {
			c->slot = (int)i;
			if (c->one.bad)
				skip(c);
			return (0);
		}
	skip(c);
	return (0);
}

static int
on_value(void *ctx, struct str name, char first, bool *open, struct err *e)
{
	struct copy	*c = ctx;

	switch (c->at) {
	case AT_TOP:
	case AT_LIST:
		if (first == '[' && c->at == AT_TOP)
			go_into(c, AT_LIST, open);
		else if (first == '{' && may_open(c)) {
			copy_one_clear(c, json_split_place(c->split).line);
			go_into(c, AT_REPORT, open);
		}
		return (0);
	case AT_LISTS:
		if (list_name(name) && first == '[' && may_open(c))
			go_into(c, AT_LIST, open);
		else
			skip(c);
		return (0);
	case AT_REPORT:
		return (report_member(c, name, first, open, e));
	case AT_RECORDS:
		if (c->one.bad)
			skip(c);
		return (0);
	case AT_POLICIES:
		if (first != '{' || !may_open(c))
			return (0);
		go_into(c, AT_POLICY, open);
		buf_clear(&c->element);
		buf_clear(&c->summary);
		c->one.details = 0;
		return (copy_tls_put(c, json_split_place(c->split).line, c->one.policies++ > 1 ? STR(",{") : STR("{"), e));
	case AT_POLICY:
		return (policy_member(c, name, first, open, e));
	case AT_DETAILS:
		if (c->one.bad)
			skip(c);
		return (0);
	}
	return (0);
}

static int
policy_ends(struct copy *c, struct err *e)
{
	struct buf	*b = &c->out;

	buf_clear(b);
	(void)buf_cstr(b, "\"policy\":{");
	(void)buf_str(b, buf_as_str(&c->element));
	(void)buf_cstr(b, "},\"summary\":{");
	(void)buf_str(b, buf_as_str(&c->summary));
	(void)buf_cstr(b, "}}");
	return (b->failed ? copy_oom(e) : copy_tls_put(c, 0, buf_as_str(b), e));
}

static int
on_close(void *ctx, struct err *e)
{
	struct copy	*c = ctx;
	enum copy_at	 was = c->at;

	c->at = c->up[--c->nup];
	switch (was) {
	case AT_REPORT:
		return (report_ends(c, e));
	case AT_POLICIES:
		return (copy_tls_put(c, 0, STR("]"), e));
	case AT_POLICY:
		return (policy_ends(c, e));
	case AT_DETAILS:
		return (copy_tls_put(c, 0, STR("],"), e));
	default:
		return (0);
	}
}
