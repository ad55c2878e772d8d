/*
 * What domains say of themselves: SPF records and what they cost, DMARC
 * records compared with what they were, keys.
 */
#include "cases.h"
#include "dmarc/said.h"
#include "dmarc/spf.h"

/* --- SPF: one record ------------------------------------------------------------------ */

static const struct spf_case { const char *name, *text; enum spf_fault fault; unsigned lookups, targets; } spfs[] = {
	{ "SPF: nothing but an end", "v=spf1 -all", SPF_SOUND, 0, 0 },
	{ "SPF: empty", "v=spf1", SPF_SOUND, 0, 0 },
	{ "SPF: in capitals, with blanks", "V=SPF1   IP4:192.0.2.0/24 +A  -ALL ", SPF_SOUND, 1, 0 },
	{ "SPF: another version", "v=spf10 -all", SPF_NO_RECORD, 0, 0 },
	{ "SPF: a semicolon", "v=spf1; -all", SPF_NO_RECORD, 0, 0 },
	{ "SPF: a blank in front", " v=spf1 -all", SPF_NO_RECORD, 0, 0 },
	{ "SPF: every mechanism", "v=spf1 a mx ptr a:h.example.com/24//64 mx:example.com//64 ip4:192.0.2.1 ip6:2001:db8::/32 exists:%{i}.x.example include:s.example ?all",
	    SPF_SOUND, 7, 1 },
	{ "SPF: redirect", "v=spf1 redirect=_spf.example.com", SPF_SOUND, 1, 1 },
	{ "SPF: redirect beside all counts for nothing", "v=spf1 redirect=_spf.example.com -all", SPF_SOUND, 0, 0 },
	{ "SPF: nobody comes behind all", "v=spf1 -all include:s.example a mx", SPF_SOUND, 0, 0 },
	{ "SPF: unknown modifier", "v=spf1 x-y.z=%{d}/a b=", SPF_SOUND, 0, 0 },
	{ "SPF: an equals sign instead of a colon is a modifier", "v=spf1 include=s.example -all", SPF_SOUND, 0, 0 },
	{ "SPF: exp", "v=spf1 -all exp=why.%{d}", SPF_SOUND, 0, 0 },
	{ "SPF: a label of digits above the last", "v=spf1 a:1.example", SPF_SOUND, 1, 0 },
	{ "SPF: macros of all kinds", "v=spf1 exists:%{l1r-}.%{o2}.%{d}.%{h}%%.%_%-x.%{s+_}", SPF_SOUND, 1, 0 },
	{ "SPF: underscores", "v=spf1 include:_a._b.example.com", SPF_SOUND, 1, 1 },
	{ "SPF: a dot at the end", "v=spf1 include:s.example.com.", SPF_SOUND, 1, 1 },
	{ "SPF: unknown mechanism", "v=spf1 ipv4:192.0.2.1 -all", SPF_UNKNOWN, 0, 0 },
	{ "SPF: a bare address", "v=spf1 192.0.2.1 -all", SPF_UNKNOWN, 0, 0 },
	{ "SPF: redirect with a colon", "v=spf1 redirect:example.com", SPF_UNKNOWN, 0, 0 },
	{ "SPF: a tab", "v=spf1\t-all", SPF_NO_RECORD, 0, 0 },
	{ "SPF: a tab between terms", "v=spf1 a\t-all", SPF_UNKNOWN, 0, 0 },
	{ "SPF: no address", "v=spf1 ip4:192.0.2 -all", SPF_SYNTAX, 0, 0 },
	{ "SPF: prefix too long", "v=spf1 ip4:192.0.2.0/33", SPF_SYNTAX, 0, 0 },
	{ "SPF: prefix with a nought in front", "v=spf1 ip4:192.0.2.0/08", SPF_SYNTAX, 0, 0 },
	{ "SPF: the other family", "v=spf1 ip4:2001:db8::1", SPF_SYNTAX, 0, 0 },
	{ "SPF: ip6 prefix", "v=spf1 ip6:2001:db8::/129", SPF_SYNTAX, 0, 0 },
	{ "SPF: include of nothing", "v=spf1 include: -all", SPF_SYNTAX, 0, 0 },
	{ "SPF: include without a name", "v=spf1 include -all", SPF_SYNTAX, 0, 0 },
	{ "SPF: one label", "v=spf1 include:localhost -all", SPF_SYNTAX, 0, 0 },
	{ "SPF: the last label is a number", "v=spf1 a:192.0.2.1", SPF_SYNTAX, 0, 0 },
	{ "SPF: a macro that is none", "v=spf1 exists:%{q}.example", SPF_SYNTAX, 0, 0 },
	{ "SPF: a macro for exp only", "v=spf1 exists:%{c}.example", SPF_SYNTAX, 0, 0 },
	{ "SPF: no part of a macro", "v=spf1 exists:%{d0}.example", SPF_SYNTAX, 0, 0 },
	{ "SPF: a lonely per cent", "v=spf1 exists:%.example", SPF_SYNTAX, 0, 0 },
	{ "SPF: a macro without its end", "v=spf1 exists:%{d", SPF_SYNTAX, 0, 0 },
	{ "SPF: all with something", "v=spf1 all:x.example", SPF_SYNTAX, 0, 0 },
	{ "SPF: a slash and nothing", "v=spf1 a/ -all", SPF_SYNTAX, 0, 0 },
	{ "SPF: a fault behind all is one, too", "v=spf1 -all foo", SPF_UNKNOWN, 0, 0 },
	{ "SPF: redirect twice", "v=spf1 redirect=a.example redirect=b.example", SPF_TWICE, 0, 0 },
	{ "SPF: bytes", "v=spf1 include:\xc3\xbc.example", SPF_SYNTAX, 0, 0 },
};

static void
test_spf(void **state)
{
	const struct spf_case	*c = *state;
	struct spf_record	 r;

	assert_int_equal(spf_read(str_of(c->text), &r), c->fault);
	assert_int_equal(r.fault, c->fault);
	if (c->fault != SPF_SOUND)
		return;
	assert_int_equal(r.lookups, c->lookups);
	assert_int_equal(r.ntargets, c->targets);
}

static void
test_spf_place(void **state)
{
	struct spf_record	 r;
	char			 name[254];

	(void)state;
	(void)spf_read(STR("v=spf1 a  mx:x ~all"), &r);
	assert_int_equal(r.fault, SPF_SYNTAX);
	assert_int_equal(r.at, 10);
	assert_true(str_eq(r.term, STR("mx:x")));
	assert_true(spf_target(STR("_SPF.Example.COM."), name));
	assert_string_equal(name, "_spf.example.com");
	assert_false(spf_target(STR("a..example"), name));
	assert_false(spf_target(STR(""), name));
	assert_false(spf_target(STR("."), name));
}

/* --- SPF: all of it --------------------------------------------------------------------- */

/* "NAME TEXT|NAME TEXT|": texts of a name stand together; "?": not known. */
static enum spf_answer
zone_texts(void *ctx, struct str name, const struct str **out, size_t *n)
{
	static struct str	 texts[16][8];
	static unsigned		 turn;
	struct str		*t = texts[turn++ % 16];
	const char		*p = ctx, *end;

	for (*n = 0; *p != '\0'; p = end + 1) {
		end = strchr(p, '|');
		if ((size_t)(end - p) <= name.len || strncmp(p, name.p, name.len) != 0 || p[name.len] != ' ')
			continue;
		p += name.len + 1;
		if (*p == '?')
			return (SPF_NOT_KNOWN);
		t[(*n)++] = (struct str){ p, (size_t)(end - p) };
	}
	*out = t;
	return (*n == 0 ? SPF_NOTHING : SPF_TEXTS);
}

#define TEN "a mx a:a.example mx:a.example a:b.example a:c.example a:d.example a:e.example a:f.example "
static const struct sum_case { const char *name, *zone; enum spf_fault fault; const char *at; unsigned lookups, unknown; } sums[] = {
	{ "SPF sum: plain", "example.com v=spf1 a -all|", SPF_SOUND, "", 1, 0 },
	{ "SPF sum: two deep", "example.com v=spf1 include:a.example -all|a.example v=spf1 include:b.example mx -all|b.example v=spf1 a ~all|", SPF_SOUND, "", 4, 0 },
	{ "SPF sum: what is included twice counts twice", "example.com v=spf1 include:a.example include:a.example -all|a.example v=spf1 a -all|", SPF_SOUND, "", 4, 0 },
	{ "SPF sum: ten is the most", "example.com v=spf1 " TEN "a:g.example -all|", SPF_SOUND, "", 10, 0 },
	{ "SPF sum: eleven", "example.com v=spf1 " TEN "include:a.example -all|a.example v=spf1 ptr -all|", SPF_TOO_MANY, "example.com", 11, 0 },
	{ "SPF sum: several", "example.com v=spf1 -all|example.com v=spf1 a -all|", SPF_SEVERAL, "example.com", 0, 0 },
	{ "SPF sum: beside other texts", "example.com verification=1|example.com v=spf1 a -all|", SPF_SOUND, "", 1, 0 },
	{ "SPF sum: include of nothing", "example.com v=spf1 include:a.example -all|", SPF_MISSING, "a.example", 1, 0 },
	{ "SPF sum: include of other texts", "example.com v=spf1 include:a.example -all|a.example hello|", SPF_MISSING, "a.example", 1, 0 },
	{ "SPF sum: a fault below", "example.com v=spf1 include:a.example -all|a.example v=spf1 foo:x|", SPF_UNKNOWN, "a.example", 1, 0 },
	{ "SPF sum: itself", "example.com v=spf1 include:example.com -all|", SPF_LOOP, "example.com", 1, 0 },
	{ "SPF sum: round", "example.com v=spf1 include:a.example -all|a.example v=spf1 redirect=example.com|", SPF_LOOP, "a.example", 2, 0 },
	{ "SPF sum: not known", "example.com v=spf1 include:a.example a -all|a.example ?|", SPF_SOUND, "", 2, 1 },
	{ "SPF sum: hangs on the mail", "example.com v=spf1 include:%{i}.a.example a -all|", SPF_SOUND, "", 2, 1 },
};

static void
test_sum(void **state)
{
	const struct sum_case	*c = *state;
	char			 zone[1000];
	struct spf_dns		 dns = { zone_texts, zone };
	struct spf_sum		 s;

	(void)snprintf(zone, sizeof(zone), "%s", c->zone);
	spf_sum(&dns, STR("example.com"), &s);
	assert_int_equal(s.answer, SPF_TEXTS);
	assert_string_equal(spf_fault_names[s.fault], spf_fault_names[c->fault]);
	assert_string_equal(s.at, c->at);
	assert_int_equal(s.lookups, c->lookups);
	assert_int_equal(s.unknown, c->unknown);
	spf_sum(&dns, STR("example.org"), &s);
	assert_int_equal(s.answer, SPF_NOTHING);
	assert_int_equal(s.fault, SPF_SOUND);
}

static void
step_write(void *ctx, const struct spf_step *t)
{
	char	*out = ctx;

	(void)snprintf(out + strlen(out), 1000 - strlen(out), "%u%s %.*s %s %s %u;", t->depth, t->redirect ? "r" : "", (int)t->name.len, t->name.p,
	    t->macro ? "macro" : t->answer == SPF_TEXTS ? "record" : t->answer == SPF_NOTHING ? "none" : "unknown", spf_fault_names[t->fault], t->lookups);
}

static void
test_walk(void **state)
{
	char		 zone[] = "example.com v=spf1 include:a.example include:%{i}.x.example include:n.example redirect=b.example|"
			    "a.example v=spf1 include:u.example mx -all|u.example ?|b.example v=spf1 foo|", out[1000] = "";
	struct spf_dns	 dns = { zone_texts, zone };
	struct spf_seen	 seen = { step_write, out };
	struct spf_sum	 s;

	(void)state;
	spf_walk(&dns, STR("example.com"), &seen, &s);
	assert_string_equal(out, "0 example.com record sound 4;1 a.example record sound 2;2 u.example unknown sound 0;1 %{i}.x.example macro sound 0;"
	    "1 n.example none sound 0;1r b.example record unknown-mechanism 0;");
	assert_string_equal(s.at, "n.example");
	assert_int_equal(s.fault, SPF_MISSING);
}

/* Each record leads to two more, without end. */
static enum spf_answer
endless(void *ctx, struct str name, const struct str **out, size_t *n)
{
	static char		 texts[256][600];
	static struct str	 s;
	static unsigned		 turn;
	char			*t = texts[turn++ % 256];

	(void)ctx;
	s = (struct str){ t, (size_t)snprintf(t, sizeof(texts[0]), "v=spf1 include:l%.*s include:r%.*s -all", (int)name.len, name.p, (int)name.len,
	    name.p) };
	*out = &s;
	*n = 1;
	return (SPF_TEXTS);
}

static void
test_endless(void **state)
{
	struct spf_dns	 dns = { endless, NULL };
	struct spf_sum	 s;

	(void)state;
	spf_sum(&dns, STR("x.example.com"), &s);
	assert_in_range(s.names, 12, 200);
	assert_int_equal(s.fault, SPF_TOO_MANY);
}

/* --- DMARC ------------------------------------------------------------------------------- */

static const struct weaker_case { const char *name, *was, *is; unsigned tags, steps; } weakers[] = {
	{ "weaker: the same", "v=DMARC1; p=reject", "v=DMARC1; p=reject; rua=mailto:a@example.com", 0, 0 },
	{ "weaker: p, and what follows it", "v=DMARC1; p=reject", "v=DMARC1; p=quarantine", WEAKER_P | WEAKER_SP | WEAKER_NP, 3 },
	{ "weaker: sp alone", "v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=none", WEAKER_SP | WEAKER_NP, 4 },
	{ "weaker: np alone", "v=DMARC1; p=reject; np=reject", "v=DMARC1; p=reject; np=quarantine", WEAKER_NP, 1 },
	{ "weaker: np alone stays", "v=DMARC1; p=reject; np=reject", "v=DMARC1; p=reject; np=reject; sp=none", WEAKER_SP, 2 },
	{ "weaker: stronger", "v=DMARC1; p=none", "v=DMARC1; p=reject", 0, 0 },
	{ "weaker: test mode", "v=DMARC1; p=reject; sp=none", "v=DMARC1; p=reject; sp=none; t=y", WEAKER_P, 1 },
	{ "weaker: pct=0 is as test mode", "v=DMARC1; p=reject; sp=none", "v=DMARC1; p=reject; sp=none; pct=0", WEAKER_P, 1 },
	{ "weaker: a typing error in sp takes it all", "v=DMARC1; p=reject; rua=mailto:a@example.com", "v=DMARC1; p=reject; sp=rejct; rua=mailto:a@example.com",
	    WEAKER_P | WEAKER_SP | WEAKER_NP, 6 },
};

static void
test_weaker(void **state)
{
	const struct weaker_case	*c = *state;
	struct str			 was = str_of(c->was), is = str_of(c->is);
	struct dmarc_says		 a, b;
	unsigned			 steps;

	dmarc_says(&was, 1, &a);
	dmarc_says(&is, 1, &b);
	assert_int_equal(a.said, DMARC_ONE);
	assert_int_equal(dmarc_weaker(&a, &b, &steps), c->tags);
	assert_int_equal(steps, c->steps);
}

static void
test_says(void **state)
{
	struct str		 texts[] = { STR("hello"), STR("v=DMARC1; p=none; rua = mailto:a@example.com "), STR("v=DMARC1; p=reject") };
	struct dmarc_says	 d;

	(void)state;
	dmarc_says(texts, 1, &d);
	assert_int_equal(d.said, DMARC_ABSENT);
	dmarc_says(texts, 2, &d);
	assert_int_equal(d.said, DMARC_ONE);
	assert_true(str_eq(d.rua, STR("mailto:a@example.com")));
	dmarc_says(texts, 3, &d);
	assert_int_equal(d.said, DMARC_SEVERAL);
}

static const struct rua_case { const char *name, *rua; int reaches; } ruas[] = {
	{ "rua: alone", "mailto:dmarc@example.com", 1 }, { "rua: in capitals, the second, with a size", "mailto:x@example.net, MAILTO:Dmarc@Example.com!10m", 1 },
	{ "rua: escaped", "mailto:dm%61rc@example.com", 1 }, { "rua: another", "mailto:dmarc@example.org", 0 }, { "rua: none", "", 0 },
	{ "rua: not behind mailto", "https:dmarc@example.com", 0 }, { "rua: longer", "mailto:dmarc@example.com.example", 0 },
	{ "rua: a domain of ours", "mailto:any@reports.example", 1 }, { "rua: below such a domain", "mailto:any@x.reports.example", 0 },
};

static void
test_rua(void **state)
{
	const struct rua_case	*c = *state;
	char			*ours[] = { (char[]){ "dmarc@example.com" }, (char[]){ "@reports.example" } };
	struct str_list		 l = { ours, 2 };

	assert_int_equal(dmarc_rua_reaches(str_of(c->rua), &l), c->reaches);
}

static void
test_rua_same(void **state)
{
	(void)state;
	assert_true(dmarc_rua_same(STR("mailto:a@x.example,mailto:b@x.example"), STR("mailto:B@x.example!5k , mailto:a@x.example")));
	assert_false(dmarc_rua_same(STR("mailto:a@x.example"), STR("mailto:a@x.example,mailto:b@x.example")));
	assert_true(dmarc_rua_same(STR_NONE, STR("https://x.example/")));
}

/* --- Keys --------------------------------------------------------------------------------- */

#define K512 "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANNDj//7/GMufh63uWCAti53BMkr73g/xQG0eGDu17QToV3Brq9vc0OaclO/5+O68Kkw1vz7SoYpjONh3yi//xECAwEAAQ=="
#define K1024 "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXVopC1oIqMcx1+MVTps7hu2DDEr/x4pjUe6ldMs4c5t4aCBsBCQtMZdJym5EKK816LuPTPBHh3LYniPiZeIcyOU2eboLOsqVKn6mw0re9FkW8t29j" \
    "f91wA9Y3qa8tMOFuGVeKJoQJHQKEaReWFJdTXrPHhDBHU+vyCli+EKCwyQIDAQAB"
#define K2048 "MIIBCgKCAQEAj0FMvtgte7pWjyIYZG8bDZBsoIOqU7gpdTfehm3E0AaT9IOOPaTnV4OR7qCPplOdmwYgW+kE2XHUQUwZoVRk4v7AOMRYxb8XNWkxeToHqo4zN1GmBY/cM2CkAjY9xSPptf7siNpN06ZrJN" \
    "TOQDBVx9pKgGrQ198myI4X+jo9tIEKlZYVFF7fTqG7pHwEOSiAa37Oh4+x82rNbiLqn2mcizYBwbXsvgQZMsvVch5kxtpsVBjSe4MuxupVLp5/MdB5cr/1Y4k1ExPdocIg7t7YVSaC99e7vM/F21oUxti1" \
    "xHZdRZd7m5lekwa5DUrU6NQkjDGUKCxI133ff7ftZ01uCQIDAQAB"
#define SPKI2048 "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" K2048
static const struct key_case { const char *name, *text; enum key_use use; unsigned bits; } keys[] = {
	{ "key: 1024", "v=DKIM1; k=rsa; p=" K1024, KEY_SOUND, 1024 },
	{ "key: 512, without a version", "p=" K512, KEY_SOUND, 512 },
	{ "key: 2048, the key alone", "v=DKIM1; p=" K2048 ";", KEY_SOUND, 2048 },
	{ "key: 2048, the usual form", "v=DKIM1; t=s; p=" SPKI2048, KEY_SOUND, 2048 },
	{ "key: in pieces", "v=DKIM1; p=" "MFww DQYJKoZIhvcNAQEBBQADSwAwSAJBANNDj//7/GMufh63uWCA\tti53BMkr73g/xQG0eGDu17QToV3Brq9vc0OaclO/5+O68Kkw1vz7SoYpjONh3yi//xECAwEAAQ==",
	    KEY_SOUND, 512 },
	{ "key: ed25519", "v=DKIM1; k=ed25519; p=FT0Zha7zeCBVzqCilP3SPo5tvxn7HAUY53qw687keO8=", KEY_SOUND, 256 },
	{ "key: ed25519 in another form", "v=DKIM1; k=ed25519; p=" K512, KEY_BROKEN, 0 },
	{ "key: revoked", "v=DKIM1; p=", KEY_REVOKED, 0 },
	{ "key: no p", "v=DKIM1; k=rsa", KEY_BROKEN, 0 },
	{ "key: cut", "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDXVopC1oIqMcx1", KEY_BROKEN, 0 },
	{ "key: no base64", "v=DKIM1; p=-----BEGIN PUBLIC KEY-----", KEY_BROKEN, 0 },
	{ "key: version not first", "k=rsa; v=DKIM1; p=" K512, KEY_BROKEN, 0 },
	{ "key: a tag twice", "v=DKIM1; p=" K512 "; p=" K512, KEY_BROKEN, 0 },
	{ "key: for something else", "v=DKIM1; s=tlsrpt; p=" K512, KEY_FOREIGN, 0 },
	{ "key: of a new kind", "v=DKIM1; k=pqc; p=" K512, KEY_FOREIGN, 0 },
	{ "key: no key", "some text", KEY_NONE, 0 },
};

static void
test_key(void **state)
{
	const struct key_case	*c = *state;
	struct str		 texts[2] = { str_of(c->text), str_of("v=DKIM1; p=" K512) };
	struct key_says		 k;

	key_says(texts, 1, &k);
	assert_string_equal(key_use_names[k.use], key_use_names[c->use]);
	assert_int_equal(k.bits, c->bits);
	key_says(texts, 2, &k);
	assert_int_equal(k.use, c->use == KEY_NONE ? KEY_SOUND : KEY_SEVERAL);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, spfs, test_spf);
	case_add(&c, "SPF: where a fault stands, and names", test_spf_place, NULL);
	CASES_ADD(&c, sums, test_sum);
	case_add(&c, "SPF sum: without end", test_endless, NULL);
	case_add(&c, "SPF walk: each name is told before those below it", test_walk, NULL);
	CASES_ADD(&c, weakers, test_weaker);
	case_add(&c, "DMARC: one, none, several", test_says, NULL);
	CASES_ADD(&c, ruas, test_rua);
	case_add(&c, "rua: the same in another order", test_rua_same, NULL);
	CASES_ADD(&c, keys, test_key);
	return (cases_run(&c, "said"));
}
