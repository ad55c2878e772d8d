/*
 * Alerts about what the DNS says: each on a story of answers, silence when all
 * is well, and nothing that was seen only once.
 */
#include "fresh.h"

#include "cases.h"

#include "alert/alert.h"
#include "store/policies.h"
#include "store/records.h"

#define NOW	1780000000
#define K1024	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXVopC1oIqMcx1+MVTps7hu2DDEr/x4pjUe6ldMs4c5t4aCBsBCQtMZdJym5EKK816LuPTPBHh3LYniPiZeIcyOU2eboLOsqVKn6mw0re9FkW8t29j" \
    "f91wA9Y3qa8tMOFuGVeKJoQJHQKEaReWFJdTXrPHhDBHU+vyCli+EKCwyQIDAQAB"
#define K256	"v=DKIM1; k=ed25519; p=FT0Zha7zeCBVzqCilP3SPo5tvxn7HAUY53qw687keO8="
#define DMARC	"1 _dmarc.example.com "
#define SPF	"2 example.com "
#define KEY	"3 s1._domainkey.example.com "
#define NINE	"a mx a:a.example mx:a.example a:b.example a:c.example a:d.example a:e.example "

/* "KIND NAME TEXT"; texts of one answer with '^' between; "-": no such name. Given at that time, and again twice later. */
static void
answer(const char *line, int64_t at, bool twice)
{
	static struct store_dns_answer	 a;
	char				 name[300], sql[900];
	const char			*text = strchr(line + 2, ' ') + 1, *domain, *plus;
	bool				 spf;

	(void)snprintf(name, sizeof(name), "%.*s", (int)(text - line - 3), line + 2);
	domain = strncmp(name, "_dmarc.", 7) == 0 ? name + 7 : strstr(name, "._domainkey.") != NULL ? strstr(name, "._domainkey.") + 12 : name;
	(void)snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO dns (kind, name, domain, own, mail, wanted, met, due, state, texts, more, tries, failure)"
	    " VALUES (%c, '%s', '%s', %d, 7, 0, 0, 0, 0, '', 0, 0, 0)", line[0], name, domain, strstr(name, "example.com") != NULL);
	exec(sql);
	(void)snprintf(sql, sizeof(sql), "SELECT id FROM dns WHERE kind = %c AND name = '%s'", line[0], name);
	memset(&a, 0, sizeof(a));
	a.id = number(sql);
	a.state = *text == '-' ? STORE_DNS_NXDOMAIN : STORE_DNS_FOUND;
	for (; a.state == STORE_DNS_FOUND; text = plus + 1) {
		plus = strchrnul(text, '^');
		txt_add(&a.set, (enum txt_kind)(line[0] - '0'), (struct str){ text, (size_t)(plus - text) });
		if (*plus == '\0')
			break;
	}
	for (int i = 0; i < (twice ? 2 : 1); i++)
		assert_int_equal(store_dns_said(store, &a, 1, at + i * STORE_DNS_TWICE, &spf, &e), 0);
}

static const struct story { const char *name, *was[4], *is[4], *says; } stories[] = {
	{ "all is well", { DMARC "v=DMARC1; p=reject; rua=mailto:d@example.com", SPF "v=spf1 a -all", KEY K256 },
	    { DMARC "v=DMARC1; p=reject; sp=reject; rua=mailto:d@example.com", SPF "v=spf1 a mx -all" }, "" },
	{ "A3: gone", { DMARC "v=DMARC1; p=none" }, { DMARC "-" }, "urgent A3.gone" },
	{ "A3: there was none before", { DMARC "-" }, { DMARC "some text" }, "" },
	{ "A3: several", { DMARC "v=DMARC1; p=none" }, { DMARC "v=DMARC1; p=none^v=DMARC1; p=reject" }, "urgent A3.several" },
	{ "A3: weaker", { DMARC "v=DMARC1; p=reject" }, { DMARC "v=DMARC1; p=reject; sp=none" }, "urgent A3.weaker" },
	{ "A3: stronger", { DMARC "v=DMARC1; p=none" }, { DMARC "v=DMARC1; p=reject" }, "" },
	{ "A3: gone for a while, then weaker", { DMARC "v=DMARC1; p=reject", DMARC "-" }, { DMARC "v=DMARC1; p=none" }, "urgent A3.weaker" },
	{ "A3: reports go to others", { DMARC "v=DMARC1; p=none; rua=mailto:d@example.com" }, { DMARC "v=DMARC1; p=none; rua=mailto:x@example.net" },
	    "urgent A3.rua" },
	{ "A3: reports never came here", { DMARC "v=DMARC1; p=none; rua=mailto:x@example.net" }, { DMARC "v=DMARC1; p=none; rua=mailto:y@example.net" }, "" },
	{ "A4: several", { SPF "v=spf1 -all" }, { SPF "v=spf1 -all^v=spf1 a -all" }, "urgent A4.several" },
	{ "A4: syntax, whatever was before", { NULL }, { SPF "v=spf1 ipv4:192.0.2.1 -all" }, "urgent A4.syntax" },
	{ "A4: gone", { SPF "v=spf1 -all" }, { SPF "-" }, "urgent A4.gone" },
	{ "A4: never there", { NULL }, { SPF "-" }, "" },
	{ "A4: too many, with what is included", { "2 a.example v=spf1 a mx ptr -all" }, { SPF "v=spf1 " NINE "include:a.example -all" }, "urgent A4.lookups" },
	{ "A4: includes nothing", { "2 a.example -" }, { SPF "v=spf1 include:a.example -all" }, "urgent A4.missing" },
	{ "A4: includes what nobody knows", { NULL }, { SPF "v=spf1 include:a.example -all" }, "" },
	{ "A4: a fault in what is included", { "2 a.example v=spf1 foo:bar -all" }, { SPF "v=spf1 include:a.example -all" }, "urgent A4.syntax" },
	{ "A4: a stranger's own trouble", { NULL }, { "2 a.example v=spf1 foo:bar -all" }, "" },
	{ "A4: round", { "2 a.example v=spf1 include:example.com -all" }, { SPF "v=spf1 include:a.example -all" }, "urgent A4.loop" },
	{ "A4: key gone", { KEY K256 }, { KEY "-" }, "urgent A4.key" },
	{ "A4: key revoked", { KEY K256 }, { KEY "v=DKIM1; p=" }, "urgent A4.key.bad" },
	{ "A4: key replaced", { KEY K256 }, { KEY "v=DKIM1; k=ed25519; p=AT0Zha7zeCBVzqCilP3SPo5tvxn7HAUY53qw687keO8=" }, "" },
	{ "A10: nine", { NULL }, { SPF "v=spf1 " NINE "ptr -all" }, "info A10.lookups" },
	{ "A10: eight", { NULL }, { SPF "v=spf1 " NINE "-all" }, "" },
	{ "A10: short key", { NULL }, { KEY "v=DKIM1; p=" K1024 }, "info A10.key" },
};

static void
judged(const char *want, char **ours, size_t nours)
{
	static const char *const	 levels[] = { "urgent", "warn", "info" };
	struct str_list			 addresses = { ours, nours };
	struct alert_limits		 limits;
	struct alert_request		 rq = { .limits = &limits, .judged = DAY_NONE, .addresses = &addresses };
	struct alert_findings		 found;
	struct alert_model		 m;
	struct query			*q;
	char				 says[400] = "";
	size_t				 n = 0;

	alert_limits_default(&limits);
	if ((q = query_begin(store, NOW, 0, &e)) == NULL || alert_model_make(q, &rq, &m, &e) == -1 || alert_judge(&m, NULL, &found, &e) == -1)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < found.n; i++) {
		n += (size_t)snprintf(says + n, sizeof(says) - n, "%s%s %s", i == 0 ? "" : ", ", levels[found.v[i].level], found.v[i].says);
		assert_true(str_eq(found.v[i].domain, STR("example.com")));
		assert_true(strncmp(found.v[i].link, "/domains?domain=example.com", 27) == 0);
	}
	assert_string_equal(says, want);
	query_end(q);
}

static void
test_story(void **state)
{
	const struct story	*s = *state;
	char			*ours[] = { (char[]){ "d@example.com" } };

	(void)fresh_setup(NULL);
	for (size_t i = 0; i < nitems(s->was) && s->was[i] != NULL; i++)
		answer(s->was[i], NOW - 10 * 86400 + (int64_t)i * 7200, true);
	/* the last of several may be a reason of its own */
	if (s->was[1] == NULL || s->says[0] == '\0')
		judged("", ours, 1);
	/* seen once it is nothing */
	for (size_t i = 0; i < nitems(s->is) && s->is[i] != NULL; i++)
		answer(s->is[i], NOW - 86400, false);
	judged("", ours, 1);
	for (size_t i = 0; i < nitems(s->is) && s->is[i] != NULL; i++)
		answer(s->is[i], NOW - 86400, true);
	judged(s->says, ours, 1);
	(void)fresh_teardown(NULL);
}

/* Which addresses are ours is not known: then every change of rua is told, less urgently. */
static void
test_rua_unknown(void **state)
{
	(void)state;
	(void)fresh_setup(NULL);
	answer(DMARC "v=DMARC1; p=none; rua=mailto:a@example.net,mailto:b@example.net", NOW - 86400, true);
	answer(DMARC "v=DMARC1; p=none; rua=mailto:B@example.net,mailto:a@example.net; fo=1", NOW - 40000, true);
	judged("", NULL, 0);
	answer(DMARC "v=DMARC1; p=none; rua=mailto:b@example.net", NOW - 20000, true);
	judged("warn A3.rua.other", NULL, 0);
	(void)fresh_teardown(NULL);
}

/* A key with which nothing came any more may go. */
static void
test_key_unused(void **state)
{
	(void)state;
	(void)fresh_setup(NULL);
	answer(KEY K256, NOW - 86400, true);
	answer(KEY "-", NOW - 40000, true);
	exec("UPDATE dns SET mail = 0");
	judged("", NULL, 0);
	(void)fresh_teardown(NULL);
}

/* What a look at the policy of example.com found, so many days before its certificate ends (0: none was seen). */
static void
looked(enum sts_seen state, int days, int64_t at)
{
	struct store_policy_found	 f = { .domain = "example.com", .state = state, .not_after = days == 0 ? 0 : NOW + days * 86400 + 60, .max_age = -1 };

	if (state != STS_SOUND)
		(void)snprintf(f.why, sizeof(f.why), "some reason");
	assert_int_equal(store_policy_found(store, &f, at, &e), 0);
}

static const struct policy_story { const char *name; enum sts_seen state; int days; const char *once, *twice; } policies[] = {
	{ "A10: a sound policy", STS_SOUND, 14, "", "" },
	{ "A10: a certificate that ends soon", STS_SOUND, 13, "info A10.sts", "info A10.sts" },
	{ "A10: a certificate that has ended", STS_EXPIRED, -1, "warn A10.sts.ended", "warn A10.sts.ended" },
	{ "A10: one that has ended since it was looked at", STS_SOUND, -1, "warn A10.sts.ended", "warn A10.sts.ended" },
	{ "A10: a certificate of another", STS_OTHER_NAME, 90, "", "warn A10.sts.name" },
	{ "A10: a certificate of nobody's", STS_UNTRUSTED, 90, "", "warn A10.sts.trust" },
	{ "A10: no policy", STS_MISSING, 90, "", "warn A10.sts.policy" },
	{ "A10: a policy that says nothing", STS_FAULTY, 90, "", "warn A10.sts.policy" },
	{ "A10: nobody there", STS_UNREACHED, 0, "", "warn A10.sts.policy" },
};

static void
test_policy(void **state)
{
	const struct policy_story	*s = *state;

	(void)fresh_setup(NULL);
	answer("4 _mta-sts.example.com v=STSv1; id=1", NOW - 86400, true);
	exec("UPDATE dns SET domain = 'example.com'");
	looked(s->state, s->days, NOW - 4000);
	judged(s->once, NULL, 0);
	looked(s->state, s->days, NOW - 4000 + STORE_POLICY_TWICE);
	judged(s->twice, NULL, 0);
	/* the record has gone, and so has what it spoke of */
	answer("4 _mta-sts.example.com -", NOW - 60, false);
	judged("", NULL, 0);
	(void)fresh_teardown(NULL);
}

/* Records that to senders are none: whatever is wrong with the policy, it is not asked for. */
static const struct record_story { const char *name, *text, *says; } records[] = {
	{ "A10: several records of MTA-STS", "v=STSv1; id=1^v=STSv1; id=2", "warn A10.sts.several" },
	{ "A10: a record of MTA-STS without an id", "v=STSv1;", "warn A10.sts.record" },
	{ "A10: a record of MTA-STS and another text", "v=STSv1; id=1^some text", "warn A10.sts.policy" },
};

static void
test_record(void **state)
{
	const struct record_story	*s = *state;
	char				 line[200];

	(void)fresh_setup(NULL);
	(void)snprintf(line, sizeof(line), "4 _mta-sts.example.com %s", s->text);
	answer("4 _mta-sts.example.com v=STSv1; id=1", NOW - 86400, true);
	exec("UPDATE dns SET domain = 'example.com'");
	looked(STS_MISSING, 0, NOW - 8000);
	looked(STS_MISSING, 0, NOW - 8000 + STORE_POLICY_TWICE);
	judged("warn A10.sts.policy", NULL, 0);
	answer(line, NOW - 3600, false);
	answer(line, NOW - 3600 + STORE_DNS_TWICE, false);
	judged(s->says, NULL, 0);
	(void)fresh_teardown(NULL);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, stories, test_story);
	CASES_ADD(&c, policies, test_policy);
	CASES_ADD(&c, records, test_record);
	case_add(&c, "A3: nobody knows which addresses are ours", test_rua_unknown, NULL);
	case_add(&c, "A4: a key that is in use no more", test_key_unused, NULL);
	return (cases_run(&c, "alert_dns"));
}
