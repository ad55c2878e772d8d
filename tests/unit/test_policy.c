/*
 * MTA-STS policies of our own domains: what one says, where nobody connects
 * to, what of a visitor's words is believed, and what the store makes of it.
 */
#include "fresh.h"

#include "cases.h"

#include "notify/policy.h"
#include "process/visitor.h"
#include "store/policies.h"

#define NOW	1780000000
#define SOUND	"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"

/* --- The policy --------------------------------------------------------------------- */

static const struct text_case { const char *name, *text, *wrong; enum sts_mode mode; int64_t max_age; unsigned nmx; } texts[] = {
	{ "sound", SOUND, NULL, STS_ENFORCE, 604800, 2 },
	{ "with LF alone, blanks, what nobody knows", "version:STSv1\nnew: thing\nmode :  testing\nmx: a.example\nmax_age: 0", NULL, STS_TESTING, 0, 1 },
	{ "none needs no mx", "version: STSv1\nmode: none\nmax_age: 86400\n", NULL, STS_NONE, 86400, 0 },
	{ "the first mode counts", "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\n", NULL, STS_NONE, 1, 0 },
	{ "empty", "", "does not say version: STSv1", STS_UNKNOWN, -1, 0 },
	{ "a page", "<html><body>not found</body></html>", "does not say version: STSv1", STS_UNKNOWN, -1, 0 },
	{ "another version", "version: STSv2\nmode: none\nmax_age: 1\n", "does not say version: STSv1", STS_UNKNOWN, -1, 0 },
	{ "another mode", "version: STSv1\nmode: report\nmx: a.example\nmax_age: 1\n", "has no mode that is one of enforce, testing and none", STS_UNKNOWN, -1, 1 },
	{ "no age", "version: STSv1\nmode: enforce\nmx: a.example\n", "has no max_age from 0 to 31557600", STS_ENFORCE, -1, 1 },
	{ "too old an age", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 31557601\n", "has no max_age from 0 to 31557600", STS_ENFORCE, -1, 1 },
	{ "no mx", "version: STSv1\nmode: testing\nmax_age: 1\nmx:\n", "names no mx", STS_TESTING, 1, 0 },
};

static void
test_text(void **state)
{
	const struct text_case	*c = *state;
	struct sts_policy	 p;
	const char		*why = sts_policy_read(str_of(c->text), &p);

	assert_string_equal(why == NULL ? "-" : why, c->wrong == NULL ? "-" : c->wrong);
	assert_int_equal(p.mode, c->mode);
	assert_int_equal(p.max_age, c->max_age);
	assert_int_equal(p.nmx, c->nmx);
}

static void
test_text_bounds(void **state)
{
	static char		 text[STS_POLICY_MOST + 1];
	struct sts_policy	 p;

	(void)state;
	memset(text, '\n', sizeof(text));
	memcpy(text, SOUND, strlen(SOUND));
	assert_string_equal(sts_policy_read((struct str){ text, sizeof(text) }, &p), "is longer than 64 kB");
	assert_string_equal(sts_policy_read((struct str){ text, sizeof(text) - 1 }, &p), "has too many lines");
	assert_true(sts_media_type(STR("Text/Plain; charset=utf-8")));
	assert_false(sts_media_type(STR("text/plainer")));
	assert_false(sts_media_type(STR_NONE));
}

/* --- The record ----------------------------------------------------------------------- */

static const struct record_case { const char *name, *texts[3]; enum sts_said said; } records[] = {
	{ "record: sound", { "v=STSv1; id=20160831085700Z;" }, STS_SAYS_RECORD },
	{ "record: blanks, what nobody knows", { "v=STSv1 ;new=thing; id=a\t" }, STS_SAYS_RECORD },
	{ "record: none", { NULL }, STS_SAYS_NONE },
	{ "record: several", { "v=STSv1; id=a", "v=STSv1; id=b" }, STS_SAYS_SEVERAL },
	{ "record: several, one of them faulty", { "v=STSv1; id=a", "v=STSv1;" }, STS_SAYS_SEVERAL },
	{ "record: another beside it is put aside", { "v=STSv1; id=a", "v=STSv10; id=b", "V=STSv1; id=c" }, STS_SAYS_RECORD },
	{ "record: quoted", { "\"v=STSv1; id=a\"" }, STS_SAYS_FAULTY },
	{ "record: no id", { "v=STSv1;" }, STS_SAYS_FAULTY },
	{ "record: nothing behind the version", { "v=STSv1" }, STS_SAYS_FAULTY },
	{ "record: empty id", { "v=STSv1; id=" }, STS_SAYS_FAULTY },
	{ "record: an id with other signs", { "v=STSv1; id=2026-01-01" }, STS_SAYS_FAULTY },
	{ "record: an id of 32", { "v=STSv1; id=abcdefghijabcdefghijabcdefghij32" }, STS_SAYS_RECORD },
	{ "record: an id of 33", { "v=STSv1; id=abcdefghijabcdefghijabcdefghij321" }, STS_SAYS_FAULTY },
	{ "record: the first id counts", { "v=STSv1; id=-; id=a" }, STS_SAYS_FAULTY },
};

static void
test_record(void **state)
{
	const struct record_case	*c = *state;
	struct str			 v[3];
	size_t				 n = 0;

	while (n < 3 && c->texts[n] != NULL) {
		v[n] = str_of(c->texts[n]);
		n++;
	}
	assert_string_equal(sts_said_names[sts_says(v, n)], sts_said_names[c->said]);
}

/* --- The look ------------------------------------------------------------------------- */

/* What lies behind a name of this machine is not connected to, whoever listens there. */
static void
test_look(void **state)
{
	struct policy_way	 w = { .timeout = 5 };
	struct policy_look	 p;

	(void)state;
	policy_look("localhost", &w, NOW, &p);
	assert_int_equal(p.state, STS_UNREACHED);
	assert_non_null(strstr(p.why, "mta-sts.localhost is at "));
	assert_non_null(strstr(p.why, ", which is no address of the internet"));
	/* where the configuration says so it is, and nobody listens there */
	w.server = "127.0.0.1@1";
	policy_look("example.com", &w, NOW, &p);
	assert_int_equal(p.state, STS_UNREACHED);
	assert_null(strstr(p.why, "internet"));
	assert_int_equal(p.not_after, 0);
}

#define WORDS(state, not_after, mode, age, why) "{\"domain\":\"example.com\",\"state\":" state ",\"not_after\":" not_after ",\"mode\":" mode \
	",\"max_age\":" age ",\"why\":" why "}"
static const struct words_case { const char *name, *text; bool sound; } words[] = {
	{ "sound", WORDS("1", "1790000000", "1", "86400", "\"\""), true },
	{ "missing", WORDS("5", "0", "0", "-1", "\"the server answered 404\""), true },
	{ "trouble without a word", WORDS("5", "0", "0", "-1", "\"\""), false },
	{ "sound with a word", WORDS("1", "0", "0", "-1", "\"no\""), false },
	{ "no state", WORDS("0", "0", "0", "-1", "\"no\""), false },
	{ "a state too many", WORDS("8", "0", "0", "-1", "\"no\""), false },
	{ "a date far away", WORDS("2", "9999999999999", "0", "-1", "\"no\""), false },
	{ "a mode too many", WORDS("1", "0", "4", "-1", "\"\""), false },
	{ "an age below none", WORDS("1", "0", "1", "-2", "\"\""), false },
	{ "words that act", WORDS("5", "0", "0", "-1", "\"\\u001b[2J\""), false },
	{ "no object", "[1]", false },
};

static void
test_words(void **state)
{
	const struct words_case		*c = *state;
	struct store_policy_found	 f;
	json_t				*j = json_loads(c->text, 0, NULL);

	assert_non_null(j);
	assert_int_equal(visitor_heard(j, &f), c->sound);
	json_decref(j);
}

static void
test_words_back(void **state)
{
	struct policy_look		 p = { .state = STS_OTHER_NAME, .not_after = NOW, .mode = STS_TESTING, .max_age = 7, .why = "it is for www" };
	struct store_policy_found	 f;
	json_t				*j = visitor_said("example.com", &p);

	(void)state;
	assert_true(visitor_heard(j, &f));
	assert_string_equal(f.domain, "example.com");
	assert_string_equal(f.why, p.why);
	assert_true(f.state == p.state && f.not_after == NOW && f.mode == p.mode && f.max_age == 7);
	json_decref(j);
}

/* --- The store ------------------------------------------------------------------------------ */

static const char *
due(int64_t now)
{
	static char		 text[400];
	struct store_policy_due	 v[8];
	size_t			 n, k = 0;

	if (store_policies_due(store, now, v, nitems(v), &n, &e) == -1)
		fail_msg("%s", e.msg);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		k += (size_t)snprintf(text + k, sizeof(text) - k, "%s%s", i == 0 ? "" : " ", v[i].domain);
	return (text);
}

static void
found(const char *domain, enum sts_seen state, int64_t not_after, int64_t now)
{
	struct store_policy_found	 f = { .state = state, .not_after = not_after, .max_age = -1 };

	(void)snprintf(f.domain, sizeof(f.domain), "%s", domain);
	if (state == STS_SOUND) {
		f.mode = STS_ENFORCE;
		f.max_age = 86400;
	} else
		(void)snprintf(f.why, sizeof(f.why), "why not");
	if (store_policy_found(store, &f, now, &e) == -1)
		fail_msg("%s", e.msg);
}

static struct store_policy
get(const char *domain)
{
	const struct store_policy	*p;
	struct store_policy		 copy = { .state = STS_UNSEEN };
	struct query			*q = query_begin(store, NOW, 0, &e);

	assert_non_null(q);
	if (store_policy_get(q, str_of(domain), &p, &e) == -1)
		fail_msg("%s", e.msg);
	if (p != NULL)
		copy = *p;
	copy.domain = copy.why = STR_NONE;	/* they go with the query */
	query_end(q);
	return (copy);
}

static void
test_store(void **state)
{
	const struct store_policy	*v;
	struct store_policy		 p;
	struct query			*q;
	size_t				 n;

	(void)state;
	(void)fresh_setup(NULL);
	exec("INSERT INTO dns (id, kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure, since) VALUES"
	    " (1, 4, '_mta-sts.example.com', 'example.com', 1, 0, 0, 0, 0, 1, '', 0, 0, 0, 1780000000),"
	    " (2, 4, '_mta-sts.example.org', 'example.org', 1, 0, 0, 0, 0, 1, '', 0, 0, 0, 1780000000),"
	    " (3, 4, '_mta-sts.example.net', 'example.net', 1, 0, 0, 0, 0, 3, '', 0, 0, 0, 1780000000),"
	    " (4, 4, '_mta-sts.alien.example', 'alien.example', 0, 0, 0, 0, 0, 1, '', 0, 0, 0, 1780000000)");
	assert_string_equal(due(NOW), "example.com example.org");
	found("example.com", STS_SOUND, NOW + 5000000, NOW);
	found("example.org", STS_EXPIRED, NOW - 5, NOW);
	assert_string_equal(due(NOW + 899), "");
	assert_string_equal(due(NOW + 900), "example.org");
	p = get("example.com");
	assert_true(p.state == STS_SOUND && p.mode == STS_ENFORCE && p.max_age == 86400 && p.not_after == NOW + 5000000 && p.since == NOW && !p.twice);
	/* found again: seen twice; each time it is looked at later */
	found("example.org", STS_EXPIRED, NOW - 5, NOW + 900);
	assert_true(get("example.org").twice);
	assert_string_equal(due(NOW + 900 + 1799), "");
	assert_string_equal(due(NOW + 900 + 1800), "example.org");
	for (int i = 0; i < 12; i++)
		found("example.org", STS_EXPIRED, NOW - 5, NOW + 1000);
	assert_int_equal(number("SELECT due FROM sts WHERE domain = 'example.org'"), NOW + 1000 + 14400);
	/* nothing was seen: what the look before saw stays */
	found("example.com", STS_UNREACHED, 0, NOW + 86400);
	p = get("example.com");
	assert_true(p.state == STS_UNREACHED && p.not_after == NOW + 5000000 && p.seen == NOW && p.mode == STS_ENFORCE && p.since == NOW + 86400 && !p.twice);
	/* the record says that there is another policy */
	exec("UPDATE dns SET since = 1780086401 WHERE id = 1");
	assert_string_equal(due(NOW + 86401), "example.org example.com");
	/* a clock that was wrong */
	exec("UPDATE sts SET due = 1980000000, checked = 1780086402");
	assert_string_equal(due(NOW + 86402), "example.com example.org");
	/* a record that has gone has no policy, and in the end nothing is remembered of it */
	exec("UPDATE dns SET state = 3 WHERE id = 1");
	assert_int_equal(get("example.com").state, STS_UNSEEN);
	q = query_begin(store, NOW, 0, &e);
	assert_non_null(q);
	assert_int_equal(store_policy_list(q, &v, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_true(str_eq(v[0].domain, STR("example.org")) && str_eq(v[0].why, STR("why not")));
	query_end(q);
	exec("DELETE FROM dns WHERE id = 1");
	found("example.org", STS_SOUND, NOW + 5000000, NOW + 90000);
	assert_string_equal(list("SELECT domain FROM sts"), "example.org");
	(void)fresh_teardown(NULL);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, texts, test_text);
	CASES_ADD(&c, records, test_record);
	case_add(&c, "bounds of policies, and their type", test_text_bounds, NULL);
	case_add(&c, "nobody knocks in here", test_look, NULL);
	CASES_ADD(&c, words, test_words);
	case_add(&c, "what was found there and back", test_words_back, NULL);
	case_add(&c, "the store: whose turn it is, and what holds", test_store, NULL);
	return (cases_run(&c, "policy"));
}
