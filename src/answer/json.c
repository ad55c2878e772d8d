/*
 * json.c - values as the API writes them.
 */
#include "answer/answer_int.h"
#include "base/escape.h"
#include "base/when.h"

/*
 * Bytes that are no UTF-8 become U+FFFD, one for each; a NUL, which JSON can
 * say and C programs behind us cannot, too.
 */
static json_t *
str_mended(struct str s)
{
	struct buf	 b = { 0 };
	json_t		*j;

	for (size_t i = 0, n; i < s.len; i += n) {
		unsigned char	 c = (unsigned char)s.p[i];

		n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		if (c == '\0' || n > s.len - i || !str_utf8_ok((struct str){ s.p + i, n })) {
			(void)buf_cstr(&b, "\xef\xbf\xbd");
			n = 1;
		} else
			(void)buf_add(&b, s.p + i, n);
	}
	j = b.failed ? NULL : json_stringn_nocheck(b.p, b.len);
	buf_free(&b);
	return (j);
}

json_t *
a_str(struct str s)
{
	if (s.p == NULL)
		return (json_null());
	if (s.len == 0)
		return (json_string_nocheck(""));
	if (!str_utf8_ok(s) || memchr(s.p, '\0', s.len) != NULL)
		return (str_mended(s));
	return (json_stringn_nocheck(s.p, s.len));
}

json_t *
a_text(const char *s)
{
	return (a_str(str_of(s)));
}

json_t *
a_count(uint64_t n)
{
	return (json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n));
}

/* Six places are more than any page shows, and read better than seventeen. */
json_t *
a_rate(uint64_t part, uint64_t whole)
{
	double	 r;

	if (whole == 0)
		return (json_null());
	r = (double)part / (double)whole;
	return (json_real((double)(int64_t)(r * 1e6 + 0.5) / 1e6));
}

json_t *
a_day(int64_t day)
{
	char	 text[WHEN_TEXT];

	return (day == DAY_NONE ? json_null() : a_text(when_date(day, text)));
}

json_t *
a_time(int64_t t)
{
	char	 text[WHEN_TEXT];

	return (a_text(when_rfc3339(t, text)));
}

json_t *
a_id(int64_t id)
{
	char	 text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)id);
	return (a_text(text));
}

json_t *
a_reporter(struct str key, struct str label)
{
	struct a_obj	 o = a_object();

	a_set(&o, "key", a_str(key));
	a_set(&o, "label", a_str(label.len == 0 ? key : label));
	return (a_done(&o));
}

json_t *
a_message(int64_t received, struct str mailbox, uint64_t bytes, uint64_t token)
{
	struct a_obj	 o = a_object();
	char		 text[32];

	a_set(&o, "received", a_time(received));
	a_set(&o, "mailbox", a_str(mailbox));
	a_set(&o, "bytes", a_count(bytes));
	(void)snprintf(text, sizeof(text), "%016llx", (unsigned long long)token);
	a_set(&o, "token", token == 0 ? json_null() : a_text(text));
	return (a_done(&o));
}

json_t *
a_row_who(const struct query_row_who *s)
{
	struct a_obj	 o;

	if (s->id == 0)
		return (json_null());
	o = a_object();
	a_set(&o, "id", a_id(s->id));
	a_set(&o, "label", a_str(s->label));
	a_set(&o, "kind", a_text(sender_kind_names[s->kind]));
	a_set(&o, "class", a_text(sender_class_names[s->class]));
	a_set(&o, "class_label", a_text(sender_class_labels[s->class]));
	a_set(&o, "class_by", a_text(s->decided ? "user" : "auto"));
	return (a_done(&o));
}

json_t *
a_counts(const struct query_counts *c)
{
	struct a_obj	 o = a_object();

	a_set(&o, "m", a_count(c->m));
	a_set(&o, "both", a_count(c->both));
	a_set(&o, "dkim_only", a_count(c->dkim_only));
	a_set(&o, "spf_only", a_count(c->spf_only));
	a_set(&o, "fail_fix", a_count(c->fail_fix));
	a_set(&o, "fail_fwd", a_count(c->fail_fwd));
	a_set(&o, "fail_unk", a_count(c->fail_unk));
	a_set(&o, "untold", a_count(c->untold));
	for (int i = 0; i < DISP_COUNT; i++)
		a_set(&o, disposition_names[i], a_count(c->disp[i]));
	a_set(&o, "overridden", a_count(c->overridden));
	a_set(&o, "collateral", a_count(c->collateral));
	a_set(&o, "leaked", a_count(c->leaked));
	a_set(&o, "differs", a_count(c->differs));
	a_set(&o, "stopped", a_count(c->stopped));
	a_set(&o, "forwarded", a_count(c->forwarded));
	a_set(&o, "yours", a_count(c->yours));
	a_set(&o, "yours_pass", a_count(c->yours_pass));
	a_set(&o, "yours_dkim", a_count(c->yours_dkim));
	return (a_done(&o));
}

static json_t *
leg(const struct query_leg *l)
{
	struct a_obj	 o = a_object();

	a_set(&o, "aligned", a_count(l->aligned));
	a_set(&o, "pass", a_count(l->pass));
	a_set(&o, "fail", a_count(l->fail));
	a_set(&o, "none", a_count(l->none));
	a_set(&o, "error", a_count(l->error));
	a_set(&o, "absent", a_count(l->absent));
	return (a_done(&o));
}

json_t *
a_legs(const struct query_legs *l)
{
	struct a_obj	 o = a_object();

	a_set(&o, "spf", leg(&l->spf));
	a_set(&o, "dkim", leg(&l->dkim));
	return (a_done(&o));
}

json_t *
a_policy(const struct report_policy *p)
{
	struct a_obj	 o = a_object();

	a_set(&o, "p", a_str(p->p));
	a_set(&o, "sp", a_str(p->sp));
	a_set(&o, "np", a_str(p->np));
	a_set(&o, "adkim", a_str(p->adkim));
	a_set(&o, "aspf", a_str(p->aspf));
	a_set(&o, "testing", a_str(p->testing));
	a_set(&o, "pct", a_str(p->pct));
	return (a_done(&o));
}

struct a_obj
a_object(void)
{
	json_t	*j = json_object();

	return ((struct a_obj){ j, j == NULL });
}

struct a_obj
a_array(void)
{
	json_t	*j = json_array();

	return ((struct a_obj){ j, j == NULL });
}

void
a_set(struct a_obj *o, const char *key, json_t *v)
{
	/* jansson takes v also when it fails, and refuses NULL */
	if (o->failed || json_object_set_new_nocheck(o->j, key, v) == -1) {
		if (o->failed)
			json_decref(v);
		o->failed = true;
	}
}

void
a_add(struct a_obj *o, json_t *v)
{
	if (o->failed || json_array_append_new(o->j, v) == -1) {
		if (o->failed)
			json_decref(v);
		o->failed = true;
	}
}

json_t *
a_done(struct a_obj *o)
{
	json_t	*j = o->j;

	if (o->failed) {
		json_decref(j);
		j = NULL;
	}
	o->j = NULL;
	return (j);
}

json_t *
answer_oom(struct err *e)
{
	(void)err_set(e, ERR_TEMP, "out of memory");
	return (NULL);
}

static int
dump(const char *p, size_t n, void *ctx)
{
	return (buf_add(ctx, p, n) ? 0 : -1);
}

bool
answer_write(struct buf *b, const struct json_t *j)
{
	return (j != NULL && json_dump_callback(j, dump, b, JSON_COMPACT | JSON_REAL_PRECISION(6)) == 0 && !b->failed);
}

bool
answer_line(struct buf *b, const struct json_t *j)
{
	json_t	*v;
	size_t	 i = 0;
	void	*it;

	switch (j == NULL ? JSON_NULL : json_typeof(j)) {
	case JSON_OBJECT:
		(void)buf_byte(b, '{');
		/* The iterator is not changed through; jansson has no const form. */
		it = json_object_iter((json_t *)(uintptr_t)j);
		for (; it != NULL; it = json_object_iter_next((json_t *)(uintptr_t)j, it), i++) {
			if (i > 0)
				(void)buf_byte(b, ',');
			(void)esc_json(b, str_of(json_object_iter_key(it)));
			(void)buf_byte(b, ':');
			(void)answer_line(b, json_object_iter_value(it));
		}
		(void)buf_byte(b, '}');
		break;
	case JSON_ARRAY:
		(void)buf_byte(b, '[');
		json_array_foreach(j, i, v) {
			if (i > 0)
				(void)buf_byte(b, ',');
			(void)answer_line(b, v);
		}
		(void)buf_byte(b, ']');
		break;
	case JSON_STRING:
		(void)esc_json(b, (struct str){ json_string_value(j), json_string_length(j) });
		break;
	case JSON_INTEGER:
		(void)buf_printf(b, "%lld", (long long)json_integer_value(j));
		break;
	case JSON_REAL:
		(void)buf_printf(b, "%.6g", json_real_value(j));
		break;
	case JSON_TRUE:
		(void)buf_cstr(b, "true");
		break;
	case JSON_FALSE:
		(void)buf_cstr(b, "false");
		break;
	default:
		(void)buf_cstr(b, "null");
	}
	return (!b->failed);
}

void
answer_free(struct json_t *j)
{
	json_decref(j);
}

struct json_t *
answer_counts(const struct query_counts *c)
{
	return (a_counts(c));
}
