/*
 * say.c - alerts as people and programs read them; the sentences are those of
 * summary/XX.txt that begin with "alert.".
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "alert/state.h"
#include "base/escape.h"
#include "base/when.h"
#include "summary/values.h"

#define TOLD_MOST	5	/* findings of one alert in a text */
#define SUBJECT_MOST	150

static const char *const	 kind_names[] = { "text", "name", "count", "rate", "points", "day" };

/* --- Findings to JSON and back ------------------------------------------------------------ */

static json_t *
word_json(const struct word *w)
{
	json_t	*v;

	switch (w->kind) {
	case WORD_COUNT:
		v = json_integer((json_int_t)w->n);
		break;
	case WORD_DAY:
		v = json_integer((json_int_t)w->day);
		break;
	case WORD_RATE:
	case WORD_POINTS:
		v = isfinite(w->rate) ? json_real(w->rate) : json_null();
		break;
	default:
		v = values_str(w->text.p == NULL ? STR("") : w->text);
		break;
	}
	return (json_pack("[s, s, o]", w->name, kind_names[w->kind], v));
}

json_t *
alert_finding_json(const struct alert_finding *f)
{
	json_t	*values = json_array(), *about = values_str(str_of(f->about));

	for (const struct word *w = f->values; w->name != NULL; w++)
		(void)json_array_append_new(values, word_json(w));
	return (json_pack("{s:o, s:I, s:s, s:s, s:s, s:o}", "about", about, "weight", (json_int_t)f->weight, "says", f->says, "level",
	    summary_level_names[f->level], "link", f->link, "values", values));
}

/* The values of a remembered finding; they point into it. */
static void
words_of(const json_t *finding, struct word out[ALERT_VALUES])
{
	const json_t	*list = json_object_get(finding, "values"), *x;
	size_t		 i, n = 0;

	json_array_foreach(list, i, x) {
		const char	*name = json_string_value(json_array_get(x, 0)), *kind = json_string_value(json_array_get(x, 1));
		const json_t	*v = json_array_get(x, 2);
		struct word	*w = &out[n];

		if (name == NULL || kind == NULL || n + 1 == ALERT_VALUES)
			continue;
		*w = (struct word){ .name = name, .text = STR("") };
		for (size_t k = 0; k < nitems(kind_names); k++)
			if (strcmp(kind, kind_names[k]) == 0)
				w->kind = (enum word_kind)k;
		if (w->kind == WORD_COUNT)
			w->n = (uint64_t)json_integer_value(v);
		else if (w->kind == WORD_DAY)
			w->day = json_integer_value(v);
		else if (w->kind == WORD_RATE || w->kind == WORD_POINTS)
			w->rate = json_is_number(v) ? json_number_value(v) : (double)NAN;
		else if (json_is_string(v))
			w->text = (struct str){ json_string_value(v), json_string_length(v) };
		n++;
	}
	out[n] = (struct word)WORDS_END;
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char	*s = json_string_value(json_object_get(o, key));

	return (s == NULL ? "" : s);
}

/* A message of ours with the values of a finding; names of strangers in it cannot do anything to a terminal. */
static bool
fill(struct buf *b, unsigned lang, const char *key, const json_t *finding)
{
	struct word	 w[ALERT_VALUES];
	struct buf	 raw = { 0 };
	bool		 ok;

	words_of(finding, w);
	ok = words_fill(&raw, lang, key, w) && esc_text(b, buf_as_str(&raw));
	buf_free(&raw);
	return (ok);
}

bool
alert_say(struct buf *b, unsigned lang, const json_t *finding)
{
	char	 key[64];

	(void)snprintf(key, sizeof(key), "alert.%s", text_of(finding, "says"));
	return (fill(b, lang, key, finding));
}

bool
alert_say_do(struct buf *b, unsigned lang, const json_t *finding)
{
	char	 key[64];
	size_t	 was = b->len;

	(void)snprintf(key, sizeof(key), "alert.%s.do", text_of(finding, "says"));
	if (!words_has(key))
		return (false);
	(void)fill(b, lang, key, finding);
	return (b->len > was);
}

bool
alert_say_limit(struct buf *b, unsigned lang, const char *rule, const json_t *finding)
{
	char	 key[64];

	(void)snprintf(key, sizeof(key), "alert.%s.limit", text_of(finding, "says"));
	if (!words_has(key))
		(void)snprintf(key, sizeof(key), "alert.%s.limit", rule);
	if (!words_has(key))
		return (false);
	return (fill(b, lang, key, finding));
}

bool
alert_say_mute(struct buf *b, const char *rule, const char *domain)
{
	return (buf_printf(b, "dmarcd alert mute %s%s%s", rule, domain[0] == '\0' ? "" : " --domain ", domain));
}

/* --- As the API has it ------------------------------------------------------------------------ */

static json_t *
time_json(int64_t t)
{
	char	 text[WHEN_TEXT];

	return (t == 0 ? json_null() : json_string(when_rfc3339(t, text)));
}

static json_t *
said_json(bool ok, struct buf *b)
{
	json_t	*j = ok && b->p != NULL ? json_stringn(b->p, b->len) : NULL;

	buf_free(b);
	*b = (struct buf){ 0 };
	return (j == NULL ? json_null() : j);
}

static json_t *
finding_public(const json_t *f, const char *rule, unsigned lang, const char *base_url)
{
	struct word	 w[ALERT_VALUES];
	struct buf	 b = { 0 };
	char		 date[WHEN_TEXT];
	json_t		*o = json_object(), *values = json_object();

	words_of(f, w);
	for (size_t i = 0; w[i].name != NULL; i++)
		(void)json_object_set_new(values, w[i].name, w[i].kind == WORD_COUNT ? json_integer((json_int_t)w[i].n) :
		    w[i].kind == WORD_DAY ? json_string(when_date(w[i].day, date)) :
		    w[i].kind == WORD_RATE || w[i].kind == WORD_POINTS ? (isfinite(w[i].rate) ? json_real(w[i].rate) : json_null()) :
		    values_str(w[i].text.p == NULL ? STR("") : w[i].text));
	(void)json_object_set_new(o, "kind", json_string(text_of(f, "says")));
	(void)json_object_set_new(o, "level", json_string(text_of(f, "level")));
	(void)json_object_set_new(o, "text", said_json(alert_say(&b, lang, f), &b));
	(void)json_object_set_new(o, "do", said_json(alert_say_do(&b, lang, f), &b));
	(void)json_object_set_new(o, "threshold", said_json(alert_say_limit(&b, lang, rule, f), &b));
	(void)json_object_set_new(o, "values", values);
	(void)json_object_set_new(o, "link", said_json(base_url != NULL && text_of(f, "link")[0] != '\0' &&
	    buf_printf(&b, "%s%s", base_url, text_of(f, "link")), &b));
	return (o);
}

json_t *
alert_public(const json_t *record, const json_t *alert, unsigned lang, const char *base_url)
{
	const char	*rule = text_of(record, "rule"), *domain = text_of(record, "domain");
	json_t		*o = json_object(), *list = json_array(), *f;
	struct buf	 b = { 0 };
	size_t		 i;

	json_array_foreach(json_object_get(alert, "findings"), i, f)
		(void)json_array_append_new(list, finding_public(f, rule, lang, base_url));
	(void)json_object_set_new(o, "id", json_string(text_of(alert, "id")));
	(void)json_object_set_new(o, "rule", json_string(rule));
	(void)json_object_set_new(o, "domain", domain[0] == '\0' ? json_null() : json_string(domain));
	(void)json_object_set_new(o, "level", json_string(text_of(alert, "level")));
	(void)json_object_set_new(o, "since", time_json(json_integer_value(json_object_get(alert, "since"))));
	(void)json_object_set_new(o, "ended", time_json(json_integer_value(json_object_get(alert, "ended"))));
	(void)json_object_set_new(o, "said", time_json(json_integer_value(json_object_get(alert, "said"))));
	(void)json_object_set_new(o, "findings", list);
	(void)json_object_set_new(o, "mute", said_json(alert_say_mute(&b, rule, domain), &b));
	return (o);
}

/* --- A message -------------------------------------------------------------------------------- */

static void
time_text(struct buf *b, int64_t t)
{
	char	 text[WHEN_TEXT];

	(void)when_rfc3339(t, text);
	text[10] = ' ';
	text[16] = '\0';
	(void)buf_printf(b, "%s UTC", text);
}

static const char *
level_text(unsigned lang, const char *level)
{
	char	 key[40];

	(void)snprintf(key, sizeof(key), "alert.level.%s", level);
	return (words_text(lang, key));
}

static void
line(struct buf *b, unsigned lang, const char *label, struct buf *what)
{
	if (what->len > 0)
		(void)buf_printf(b, "  %s %.*s\n", words_text(lang, label), (int)what->len, what->p);
	buf_clear(what);
}

static void
item_text(struct buf *b, const struct alert_item *it, bool over, unsigned lang, const char *base_url)
{
	const char	*rule = text_of(it->record, "rule"), *domain = text_of(it->record, "domain");
	const json_t	*list = json_object_get(it->alert, "findings"), *f;
	struct buf	 t = { 0 };
	size_t		 i, n = json_array_size(list);

	(void)buf_printf(b, "%s  %s%s%s\n", over ? words_text(lang, "alert.over") : level_text(lang, text_of(it->alert, "level")), rule,
	    domain[0] == '\0' ? "" : "  ", domain);
	json_array_foreach(list, i, f) {
		if (i == TOLD_MOST) {
			struct word	 w[] = { alert_count("n", n - i), WORDS_END };

			(void)words_fill(b, lang, "more", w);
			(void)buf_cstr(b, "\n");
			break;
		}
		(void)alert_say(b, lang, f);
		(void)buf_cstr(b, "\n");
		if (!over && alert_say_do(&t, lang, f))
			line(b, lang, "do", &t);
		if (base_url != NULL && text_of(f, "link")[0] != '\0' && buf_printf(&t, "%s%s", base_url, text_of(f, "link")))
			line(b, lang, "see", &t);
	}
	if (!over && n > 0 && alert_say_limit(&t, lang, rule, json_array_get(list, 0)))
		line(b, lang, "alert.threshold", &t);
	time_text(&t, json_integer_value(json_object_get(it->alert, "since")));
	line(b, lang, "alert.since", &t);
	if (over) {
		time_text(&t, json_integer_value(json_object_get(it->alert, "ended")));
		line(b, lang, "alert.ended", &t);
	}
	(void)alert_say_mute(&t, rule, domain);
	line(b, lang, "alert.mute", &t);
	b->failed |= t.failed;
	buf_free(&t);
}

static void
subject_text(struct buf *b, const struct alert_item *it, size_t n, bool over, unsigned lang)
{
	struct buf	 text = { 0 };
	struct word	 w[] = { alert_count("n", n), alert_text("level", STR("")), alert_text("text", STR("")), WORDS_END };
	char		 cut[SUBJECT_MOST + 8];

	(void)alert_say(&text, lang, json_array_get(json_object_get(it->alert, "findings"), 0));
	w[1].text = str_of(level_text(lang, text_of(it->alert, "level")));
	w[2].text = str_of(esc_short(cut, sizeof(cut), buf_as_str(&text)));
	(void)words_fill(b, lang, n > 1 ? (over ? "alert.subject.overs" : "alert.subject.digest") : over ? "alert.subject.over" : "alert.subject", w);
	b->failed |= text.failed;
	buf_free(&text);
}

static json_t *
message_json(const char *id, const char *kind, int64_t now, const struct buf *subject, const struct buf *text, json_t *alerts)
{
	char	 at[WHEN_TEXT];

	return (json_pack("{s:s, s:s, s:s, s:s, s:s%, s:s%, s:o}", "id", id, "kind", kind, "made", when_rfc3339(now, at), "program",
	    "dmarcd " PACKAGE_VERSION, "subject", subject->p, subject->len, "text", text->p, text->len, "alerts", alerts));
}

int
alert_message(struct buf *subject, struct buf *text, json_t **json, const struct alert_item *it, size_t n, bool over, unsigned lang,
    const char *base_url, const char *id, int64_t now)
{
	json_t	*list = json_array();

	subject_text(subject, &it[0], n, over, lang);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			(void)buf_cstr(text, "\n");
		item_text(text, &it[i], over, lang, base_url);
		(void)json_array_append_new(list, alert_public(it[i].record, it[i].alert, lang, base_url));
	}
	*json = subject->failed || text->failed ? NULL : message_json(id, over ? "over" : n > 1 ? "digest" : "alert", now, subject, text, list);
	if (*json == NULL && (subject->failed || text->failed))
		json_decref(list);
	return (*json == NULL ? -1 : 0);
}

int
alert_test_message(struct buf *subject, struct buf *text, json_t **json, unsigned lang, const char *id, int64_t now)
{
	(void)buf_cstr(subject, words_text(lang, "alert.test.subject"));
	(void)buf_printf(text, "%s\n", words_text(lang, "alert.test.text"));
	*json = subject->failed || text->failed ? NULL : message_json(id, "test", now, subject, text, json_array());
	return (*json == NULL ? -1 : 0);
}
