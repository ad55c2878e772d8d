/*
 * The catalogue of senders (its parser, its look-ups, our own list), identity,
 * classes and health, as tables.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/when.h"
#include "enrich/class.h"
#include "enrich/identity.h"
#include "enrich/thresholds.h"

/* --- The parser ------------------------------------------------------------------ */

static const struct { const char *label, *text, *fault; } lists[] = {
	{ "a small list", "# one\nA\n\tkind\tservice\n\tany\ta.example\n\nB\n\tkind\tlist\n\tdkim\tb.example c.example\n", NULL },
	{ "a selector alone", "A\n\tkind\tservice\n\tselector\tabc*\n", NULL },
	{ "names out of order", "B\n\tkind\tlist\n\tany\tb.example\nA\n\tkind\tlist\n\tany\ta.example\n", "f:4: A has to stand before B (and once)" },
	{ "a name twice", "a\n\tkind\tlist\n\tany\tb.example\nA\n\tkind\tlist\n\tany\ta.example\n", "f:4: A has to stand before a (and once)" },
	{ "a domain twice", "A\n\tkind\tlist\n\tany\ta.example\nB\n\tkind\tlist\n\tptr\ta.example\n", "f:6: a.example stands under A already (line 1)" },
	{ "the same domain, another key", "A\n\tkind\tlist\n\tdkim\ta.example\nB\n\tkind\tlist\n\tptr\ta.example\n", NULL },
	{ "no kind", "A\n\tany\ta.example\n", "f:1: A has no kind" },
	{ "an unknown kind", "A\n\tkind\tbakery\n\tany\ta.example\n",
	    "f:2: kind \"bakery\" is not one of service provider forwarder list gateway hosting isp" },
	{ "nothing to know it by", "A\n\tkind\tisp\n", "f:1: A has no domain and no selector" },
	{ "an unknown key", "A\n\tkind\tisp\n\tmx\ta.example\n",
	    "f:3: \"mx\" is not one of kind any dkim bounce ptr spf selector aligns setup-dkim setup-path" },
	{ "upper case", "A\n\tkind\tisp\n\tany\tA.example\n", "f:3: \"A.example\" is no domain (lower case, A-labels, at least two labels)" },
	{ "a top level", "A\n\tkind\tisp\n\tany\texample\n", "f:3: \"example\" is no domain (lower case, A-labels, at least two labels)" },
	{ "an empty label", "A\n\tkind\tisp\n\tany\ta..example\n", "f:3: \"a..example\" is no domain (lower case, A-labels, at least two labels)" },
	{ "blanks for a tab", "A\n\tkind isp\n", "f:2: a tab is missing between the key and its value" },
	{ "a key first", "\tkind\tisp\n", "f:1: a key before the first name" },
	{ "no sentence", "A\n\tkind\tisp\n\tany\ta.example\n\tsetup-dkim\tdo it\n", "f:4: a sentence is expected here, with its full stop" },
	{ "a wrong word", "A\n\tkind\tisp\n\tany\ta.example\n\taligns\tmaybe\n", "f:4: aligns \"maybe\" is not yes, no or dedicated" },
	{ "a star alone", "A\n\tkind\tisp\n\tselector\t*\n", "f:3: \"*\" is no selector" },
	{ "a control character", "A\x01\n", "f:1: a control character" },
};

static void
test_parser(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(lists); i++) {
		struct err		 e = { 0 };
		struct buf		 faults = { 0 };
		struct catalogue	*c = catalogue_parse("f", str_of(lists[i].text), &faults, &e);

		if ((c != NULL) != (lists[i].fault == NULL))
			fail_msg("%s: %s", lists[i].label, e.msg);
		if (c == NULL) {
			assert_string_equal(e.msg, lists[i].fault);
			assert_true(str_starts(buf_as_str(&faults), lists[i].fault));
		}
		catalogue_free(c);
		buf_free(&faults);
	}
}

/* --- Our list ----------------------------------------------------------------------- */

static void
test_builtin(void **state)
{
	struct err		 e = { 0 };
	struct catalogue	*c;
	int64_t			 begun = when_mono_ms();
	size_t			 setup = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		if ((c = catalogue_builtin(&e)) == NULL)
			fail_msg("%s", e.msg);
		catalogue_free(c);
	}
	print_message("# reading the list takes %.2f ms\n", (double)(when_mono_ms() - begun) / 100);
	if ((c = catalogue_builtin(&e)) == NULL)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < catalogue_size(c); i++) {
		const struct catalogue_entry	*n = catalogue_at(c, i);

		setup += n->setup_dkim != NULL && n->setup_path != NULL && n->aligns != ALIGNS_UNKNOWN;
		if ((n->setup_dkim != NULL) != (n->setup_path != NULL))
			fail_msg("%s tells half of its set-up", n->name);
	}
	print_message("# %zu senders, the set-up of %zu\n", catalogue_size(c), setup);
	assert_true(catalogue_size(c) >= 270);
	assert_true(setup >= 45);
	catalogue_free(c);
}

static const struct { enum catalogue_role role; const char *domain, *name; } known[] = {
	{ ROLE_BOUNCE, "bounces.amazonses.com", "Amazon SES" },
	{ ROLE_BOUNCE, "eu-west-1.amazonses.com", "Amazon SES" },
	{ ROLE_DKIM, "sendgrid.net", "SendGrid" },
	{ ROLE_PTR, "mail-yw1-f176.google.com", "Google Workspace and Gmail" },
	{ ROLE_BOUNCE, "calendar-server.bounces.google.com", "Google Calendar" },
	{ ROLE_SPF, "spf.protection.outlook.com", "Microsoft 365 and Outlook" },
	{ ROLE_DKIM, "mandrillapp.com", "Mailchimp Transactional (Mandrill)" },
	{ ROLE_SPF, "servers.mcsv.net", "Mailchimp" },
	{ ROLE_BOUNCE, "groups.io", "Groups.io" },
	{ ROLE_BOUNCE, "notamazonses.com", NULL },
	{ ROLE_BOUNCE, "com", NULL },
	{ ROLE_BOUNCE, "", NULL },
	{ ROLE_BOUNCE, "host.example", NULL },
};

static void
test_lookup(void **state)
{
	const struct catalogue_user	 mine = { .name = "Ours", .kind = "list", .bounce = "example.com amazonses.com", .selector = "zz9 qqq*" };
	const struct catalogue_entry	*n;
	struct err			 e = { 0 };
	struct catalogue		*c = catalogue_builtin(&e);
	uint64_t			 stamp;
	int64_t				 begun;
	size_t				 hits = 0;

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < nitems(known); i++) {
		n = catalogue_find(c, known[i].role, str_of(known[i].domain));
		if ((n == NULL) != (known[i].name == NULL) || (n != NULL && strcmp(n->name, known[i].name) != 0))
			fail_msg("%s: %s", known[i].domain, n == NULL ? "nobody" : n->name);
	}
	assert_string_equal(catalogue_selector(c, STR("hs1-12345"))->name, "HubSpot");
	assert_string_equal(catalogue_selector(c, STR("protonmail2"))->name, "Proton Mail");
	assert_null(catalogue_selector(c, STR("hs1-")));
	assert_null(catalogue_selector(c, STR("")));
	begun = when_mono_ms();
	for (int i = 0; i < 1000000; i++)
		hits += catalogue_find(c, ROLE_BOUNCE, STR("a.b.mail.not-listed.example")) != NULL;
	print_message("# a look-up takes %.2f microseconds\n", (double)(when_mono_ms() - begun) / 1000);
	assert_int_equal(hits, 0);
	stamp = catalogue_stamp(c);
	assert_int_equal(catalogue_add(c, &mine, &e), 0);
	assert_int_not_equal(catalogue_stamp(c), stamp);
	/* the operator's win, even over what is longer of ours */
	assert_string_equal(catalogue_find(c, ROLE_BOUNCE, STR("eu-west-1.amazonses.com"))->name, "Ours");
	assert_string_equal(catalogue_find(c, ROLE_DKIM, STR("amazonses.com"))->name, "Amazon SES");
	assert_string_equal(catalogue_selector(c, STR("zz9"))->name, "Ours");
	assert_string_equal(catalogue_selector(c, STR("qqq1"))->name, "Ours");
	assert_int_equal(catalogue_add(c, &(struct catalogue_user){ .name = "X", .any = "Bad" }, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	catalogue_free(c);
}

/* --- Identity -------------------------------------------------------------------------- */

struct row {
	const char	*label;
	const char	*spf_domain;
	enum auth_result spf;
	struct { const char *domain, *selector; enum auth_result result; } dkim[2];
	enum identity_how how;
	const char	*who;		/* entry or name; "" for none */
	bool		 weak;
};
static const struct row rows[] = {
	{ "own server", "example.com", RES_PASS, { { "example.com", "mail", RES_PASS } }, HOW_SELF, "", false },
	{ "own server, unsigned", "www.example.com", RES_PASS, { { 0 } }, HOW_SELF, "", false },
	{ "a selector gives it away", "bounce.example.com", RES_PASS, { { "example.com", "Sel-1", RES_PASS } }, HOW_SELECTOR, "Post", false },
	{ "its own signature beside", "bounce.example.com", RES_PASS, { { "example.com", "a", RES_PASS }, { "post.example", "b", RES_PASS } },
	    HOW_SIGNATURE, "Post", false },
	{ "a signature of somebody unlisted", "bounce.example.com", RES_PASS, { { "m.other.test", "b", RES_PASS } }, HOW_DOMAIN, "other.test", false },
	{ "that does not verify", "bounce.example.com", RES_PASS, { { "post.example", "b", RES_FAIL } }, HOW_SELF, "", false },
	{ "its bounce domain", "b.post.example", RES_PASS, { { "example.com", "a", RES_PASS } }, HOW_BOUNCE, "Post", false },
	{ "a forwarder that rewrites, and the sender's signature", "srs.fwd.test", RES_PASS, { { "example.com", "a", RES_PASS },
	    { "post.example", "b", RES_PASS } }, HOW_DOMAIN, "fwd.test", false },
	{ "a forwarder that does not", "example.com", RES_FAIL, { { "example.com", "a", RES_PASS }, { "post.example", "b", RES_PASS } },
	    HOW_NONE, "", false },
	{ "a service nobody set up", "example.com", RES_SOFTFAIL, { { "post.example", "b", RES_PASS } }, HOW_SIGNATURE, "Post", true },
	{ "nothing", "example.com", RES_FAIL, { { 0 } }, HOW_NONE, "", false },
	{ "nothing of another domain", "spam.test", RES_NONE, { { 0 } }, HOW_NONE, "", false },
};

static struct catalogue *
small(void)
{
	struct err		 e = { 0 };
	struct catalogue	*c = catalogue_parse("small", STR("Host\n\tkind\thosting\n\tptr\thost.test\n"
				    "Post\n\tkind\tservice\n\tany\tpost.example\n\tselector\tsel-*\n"), NULL, &e);

	assert_non_null(c);
	return (c);
}

static void
test_rows(void **state)
{
	struct catalogue	*c = small();
	struct report_policy	 policy = { .domain = STR("example.com"), .p = STR("none") };

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct row	*t = &rows[i];
		struct report_auth	 spf = { .domain = str_of(t->spf_domain), .result = t->spf }, dkim[2] = { { .result = RES_ABSENT } };
		struct report_record	 r = { .header_from = STR("example.com"), .envelope_from = str_of(t->spf_domain), .spf_results = &spf,
					    .nspf = 1, .dkim_results = dkim };
		struct verdict		 v;
		struct identity		 id;

		while (r.ndkim < 2 && t->dkim[r.ndkim].domain != NULL) {
			dkim[r.ndkim] = (struct report_auth){ .domain = str_of(t->dkim[r.ndkim].domain),
			    .what = str_of(t->dkim[r.ndkim].selector), .result = t->dkim[r.ndkim].result };
			r.ndkim++;
		}
		dmarc_judge(&policy, &r, &v);
		identity_of_row(c, &r, &v, &id);
		if (id.how != t->how || id.weak != t->weak ||
		    !str_eq(id.entry != NULL ? str_of(id.entry->name) : id.name.p == NULL ? STR("") : id.name, str_of(t->who)))
			fail_msg("%s: %s %.*s", t->label, identity_how_names[id.how], (int)id.name.len, id.name.p == NULL ? "" : id.name.p);
	}
	catalogue_free(c);
}

static void
test_sources(void **state)
{
	struct catalogue		*c = small();
	const struct catalogue_entry	*post = catalogue_named(c, STR("Post"));
	const unsigned char		 ip4[4] = { 192, 0, 2, 77 }, ip6[16] = { 0x20, 1, 0x0d, 0xb8, 0, 9, 0, 1 };
	struct identity_vote		 v[] = { { { .how = HOW_SELF, .name = STR("example.com") }, 90 },
					    { { .how = HOW_BOUNCE, .entry = post, .shown = STR("b.post.example") }, 10 } };
	struct identity_source		 in = { .votes = v, .nvotes = 2, .ip = ip4, .ip_len = 4 };
	struct identity			 id;
	char				 prefix[64];

	(void)state;
	identity_of_source(c, &in, prefix, &id);
	assert_int_equal(id.how, HOW_SELF);	/* one in ten is too little */
	v[1].m = 40;
	identity_of_source(c, &in, prefix, &id);
	assert_int_equal(id.how, HOW_BOUNCE);
	assert_int_equal(identity_confidence(&id), CONFIDENCE_HIGH);
	in.nvotes = 1;
	in.ptr = STR("mx.host.test");
	identity_of_source(c, &in, prefix, &id);
	assert_int_equal(id.how, HOW_SELF);	/* rented servers say nothing of who rents them */
	in.ptr = STR("out.post.example");
	identity_of_source(c, &in, prefix, &id);
	assert_ptr_equal(id.entry, post);
	assert_int_equal(id.how, HOW_PTR);
	in.nvotes = 0;
	in.ptr = STR_NONE;
	in.include = STR("spf.post.example");
	identity_of_source(c, &in, prefix, &id);
	assert_int_equal(id.how, HOW_INCLUDE);
	in.include = STR_NONE;
	in.network = STR("AS64500 Example");
	identity_of_source(c, &in, prefix, &id);
	assert_int_equal(id.how, HOW_NETWORK);
	in.network = STR_NONE;
	identity_of_source(c, &in, prefix, &id);
	assert_string_equal(prefix, "192.0.2.0/24");
	assert_int_equal(identity_confidence(&id), CONFIDENCE_LOW);
	in.ip = ip6;
	in.ip_len = 16;
	identity_of_source(c, &in, prefix, &id);
	assert_string_equal(prefix, "2001:db8:9::/48");
	in.ip_len = 0;
	identity_of_source(c, &in, prefix, &id);
	assert_int_equal(id.how, HOW_NONE);
	catalogue_free(c);
}

static void
test_names(void **state)
{
	static const struct { const char *name; bool lists, dialup; } t[] = {
		{ "lists.example.org", true, false }, { "bounce.mailman.example.org", true, false }, { "wishlist.example.org", false, false },
		{ "lists", false, false }, { "dyn.isp.test", false, true }, { "p5b0.dip.isp.test", false, true },
		{ "192-0-2-7.isp.test", false, true }, { "mail7.example.com", false, false }, { "a1b2.mail.example.com", false, false },
		{ "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < nitems(t); i++)
		if (name_of_lists(str_of(t[i].name)) != t[i].lists || name_of_dialup(str_of(t[i].name)) != t[i].dialup)
			fail_msg("%s", t[i].name);
}

/* --- Classes ------------------------------------------------------------------------------ */

static const struct catalogue_entry	 entry = { .name = "Post" };
#define STEADY .days = 20, .span = 30
static const struct { const char *label; struct class_facts f; enum sender_class want; } classes[] = {
	{ "own: SPF knows it", { .m = 100, .pass = 95, .spf = 95, .how = HOW_SELF, .days = 5, .span = 9 }, CLASS_OWN },
	{ "own: DNS says so", { .m = 100, .pass = 95, .dkim = 95, .how = HOW_PTR, .direct = KNOWN_YES, .days = 5, .span = 9 }, CLASS_OWN },
	{ "not own: DNS says no", { .m = 100, .pass = 95, .spf = 95, .how = HOW_SELF, .direct = KNOWN_NO, .days = 5, .span = 9 }, CLASS_CANDIDATE },
	{ "not own: 49 messages", { .m = 49, .pass = 49, .spf = 49, .how = HOW_SELF, .days = 5, .span = 9 }, CLASS_CANDIDATE },
	{ "not own: two days", { .m = 100, .pass = 95, .spf = 95, .how = HOW_SELF, .days = 2, .span = 2 }, CLASS_CANDIDATE },
	{ "not own: 89 of 100", { .m = 100, .pass = 89, .spf = 89, .how = HOW_SELF, .days = 5, .span = 9 }, CLASS_CANDIDATE },
	{ "list: the receivers say so", { .m = 100, .certain = 60, .certain_list = 50, .days = 5, .span = 9 }, CLASS_LIST },
	{ "list: broken, and a list host", { .m = 100, .likely = 60, .broken = 60, .list_host = true, .days = 5, .span = 9 }, CLASS_LIST },
	{ "list: broken, and the catalogue knows it", { .m = 100, .likely = 60, .broken = 60, .entry = &entry, .kind = KIND_LIST, .days = 5, .span = 9 },
	    CLASS_LIST },
	{ "list: of those who say anything most say so", { .m = 100, .certain = 30, .certain_list = 20, .certain_plain = 5, .likely = 60,
	    .broken = 90, .days = 5, .span = 9 }, CLASS_LIST },
	{ "list: it signs what it changed", { .m = 100, .likely = 60, .broken = 60, .resigned = 60, .days = 5, .span = 9 }, CLASS_LIST },
	{ "forwarder: broken and not signed", { .m = 100, .likely = 60, .broken = 60, .days = 5, .span = 9 }, CLASS_FORWARDER },
	{ "forwarder: certain", { .m = 10, .pass = 4, .certain = 6, .certain_plain = 6, .days = 5, .span = 9 }, CLASS_FORWARDER },
	{ "forwarder: likely", { .m = 10, .pass = 10, .likely = 5, .days = 5, .span = 9 }, CLASS_FORWARDER },
	{ "service: known and signing", { .m = 100, .pass = 60, .dkim = 60, .entry = &entry, .kind = KIND_SERVICE, .how = HOW_BOUNCE, .days = 5, .span = 9 },
	    CLASS_SERVICE },
	{ "candidate: known, by SPF only", { .m = 100, .pass = 60, .spf = 60, .entry = &entry, .kind = KIND_SERVICE, .how = HOW_SIGNATURE, .days = 5,
	    .span = 9 }, CLASS_CANDIDATE },
	{ "candidate: a single pass", { .m = 100, .pass = 1, .spf = 1, .how = HOW_DOMAIN, .days = 5, .span = 9 }, CLASS_CANDIDATE },
	{ "suspect: no host name", { .m = 10, .ptr = KNOWN_NO, .days = 2, .span = 9 }, CLASS_SUSPECT },
	{ "suspect: an access line", { .m = 10, .ptr = KNOWN_YES, .dialup = true, .days = 2, .span = 9 }, CLASS_SUSPECT },
	{ "suspect: stopped", { .m = 100, .stopped = 90, .days = 2, .span = 9 }, CLASS_SUSPECT },
	{ "suspect: many networks", { .m = 100, .networks = 3, .days = 2, .span = 9 }, CLASS_SUSPECT },
	{ "not suspect: beside own servers", { .m = 100, .stopped = 100, .near_own = true, .days = 2, .span = 9 }, CLASS_UNKNOWN },
	{ "not suspect: there every day", { .m = 100, .stopped = 100, STEADY }, CLASS_UNKNOWN },
	{ "not suspect: a service that is known", { .m = 100, .stopped = 100, .entry = &entry, .kind = KIND_SERVICE, .days = 2, .span = 9 },
	    CLASS_UNKNOWN },
	{ "unknown: nothing known of DNS", { .m = 100, .days = 2, .span = 9 }, CLASS_UNKNOWN },
	{ "noise: nine", { .m = 9, .stopped = 9, .days = 2, .span = 9 }, CLASS_NOISE },
	{ "noise: ten in two months", { .m = 10, .days = 5, .span = 60 }, CLASS_NOISE },
	{ "unknown: nobody", { .m = 0 }, CLASS_NOISE },
};

static void
test_classes(void **state)
{
	enum confidence		 sure;
	enum sender_class	 c;

	(void)state;
	for (size_t i = 0; i < nitems(classes); i++)
		if ((c = class_infer(&classes[i].f, &sure)) != classes[i].want)
			fail_msg("%s: %s", classes[i].label, sender_class_names[c]);
	assert_int_equal(sender_class_parse(STR("Own")), CLASS_OWN);
	assert_int_equal(sender_class_parse(STR("bakery")), -1);
	assert_false(sender_class_decidable(CLASS_NOISE));
	assert_true(sender_class_decidable(CLASS_IMPOSTOR));
	assert_int_equal(sender_class_fate(CLASS_SERVICE), FATE_FIX);
	assert_int_equal(sender_class_fate(CLASS_LIST), FATE_FORWARDED);
	assert_int_equal(sender_class_fate(CLASS_IMPOSTOR), FATE_UNKNOWN);
}

static const struct { uint64_t m, pass, spf, dkim; int64_t since; enum sender_health want; } healths[] = {
	{ 1000, 980, 900, 900, 0, HEALTH_IS_GOOD }, { 1000, 980, 899, 980, 0, HEALTH_ONE_LEG }, { 1000, 979, 979, 979, 0, HEALTH_IS_MIXED },
	{ 1000, 500, 0, 500, 0, HEALTH_IS_MIXED }, { 1000, 499, 499, 499, 0, HEALTH_FAILING }, { 0, 0, 0, 0, 30, HEALTH_QUIET },
	{ 0, 0, 0, 0, 29, HEALTH_OF_NONE }, { 1000, 1000, 1000, 1000, 31, HEALTH_QUIET },
};

static void
test_health(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(healths); i++)
		if (health_of(healths[i].m, healths[i].pass, healths[i].spf, healths[i].dkim, healths[i].since) != healths[i].want)
			fail_msg("case %zu", i);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_parser),
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_health),
	};
	struct err	 e = { 0 };

	if (dmarc_init(&e) == -1)
		return (1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
