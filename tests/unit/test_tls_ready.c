/*
 * test_tls_ready.c - what TLS reports mean: policies, MX names, advice, and
 * whether a domain may go to enforce.
 */
#include "cases.h"

#include "dmarc/tls.h"

static const struct mx_case {
	const char	*name, *pattern, *host;
	bool		 matches;
} mxs[] = {
	{ "RFC 8461 4.1 equal",			"mx.example.com", "mx.example.com", true },
	{ "RFC 8461 4.1 another",		"mx.example.com", "mx2.example.com", false },
	{ "RFC 8461 4.1 one label",		"*.example.com", "mx.example.com", true },
	{ "RFC 8461 4.1 not two labels",	"*.example.com", "a.b.example.com", false },
	{ "RFC 8461 4.1 not none",		"*.example.com", "example.com", false },
	{ "RFC 8461 4.1 not an empty label",	"*.example.com", ".example.com", false },
	{ "RFC 8461 4.1 an end is no match",	"*.example.com", "mx.notexample.com", false },
	{ "nothing",				"", "", false },
	{ "a star alone",			"*", "mx.example.com", false },
};

static void
test_mx(void **state)
{
	const struct mx_case	*c = *state;

	assert_int_equal(sts_mx_matches(str_of(c->pattern), str_of(c->host)), c->matches);
}

static void
test_policy(void **state)
{
	const struct str	 a[] = { STR("version: STSv1"), STR("Mode : testing"), STR("mode: enforce"), STR("max_age: 604800"), STR("mx: *.example.com") };
	const struct str	 b[] = { STR("mode: strict"), STR("max_age: soon"), STR("max_agent: 5") };

	(void)state;
	assert_int_equal(sts_mode(a, nitems(a)), STS_TESTING);	/* of several the first */
	assert_int_equal(sts_mode(a + 2, 3), STS_ENFORCE);
	assert_int_equal(sts_max_age(a, nitems(a)), 604800);
	assert_true(str_eq(sts_field(a[4], "mx"), STR("*.example.com")));
	assert_int_equal(sts_mode(b, nitems(b)), STS_UNKNOWN);
	assert_int_equal(sts_max_age(b, nitems(b)), -1);
	assert_int_equal(sts_mode(NULL, 0), STS_UNKNOWN);
}

static void
test_advice(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TLS_RESULT_COUNT; i++) {
		const struct tls_advice	*v = tls_advice((enum tls_result)i);

		assert_non_null(v);
		assert_true(strlen(v->means) > 20 && strlen(v->remedy) > 20);
		assert_true(strncmp(v->key, "tls.", 4) == 0);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(v->key, tls_advice((enum tls_result)k)->key);
	}
}

#define DAY0 20000
static struct tls_ready_day	 days[40];

/* n days, one element each, all in that mode, from DAY0 + at. */
static size_t
in_mode(size_t at, size_t n, enum sts_mode m)
{
	for (size_t i = at; i < at + n; i++) {
		memset(&days[i], 0, sizeof(days[i]));
		days[i].day = DAY0 + (int64_t)i;
		days[i].elements[m] = 1;
	}
	return (at + n);
}

static struct tls_ready
ready(size_t n, uint64_t reporters, uint64_t sessions, uint64_t failed, uint64_t own_mx)
{
	struct tls_ready_facts	 f = { .days = days, .ndays = n, .reporters = reporters, .sessions = sessions, .failed = failed, .own_mx = own_mx };
	struct tls_ready	 r;

	tls_ready(&f, &r);
	return (r);
}

static void
test_ready(void **state)
{
	struct tls_ready	 r;
	struct tls_ready_facts	 f = { .no_policy = 3 };
	size_t			 n;

	(void)state;
	n = in_mode(0, 14, STS_TESTING);
	r = ready(n, 3, 10000, 10, 0);
	assert_int_equal(r.state, TLS_READY_YES);
	assert_int_equal(r.testing_days, 14);
	assert_int_equal(r.testing_since, DAY0);
	assert_int_equal(r.mode, STS_TESTING);
	/* each check by itself, on the edge */
	r = ready(13, 3, 10000, 10, 0);
	assert_true(r.state == TLS_READY_WAIT && !r.days_ok && r.reporters_ok && r.rate_ok && r.own_mx_ok);
	r = ready(14, 2, 10000, 10, 0);
	assert_true(r.state == TLS_READY_WAIT && r.days_ok && !r.reporters_ok && r.rate_ok && r.own_mx_ok);
	r = ready(14, 3, 10000, 11, 0);
	assert_true(r.state == TLS_READY_WAIT && r.days_ok && r.reporters_ok && !r.rate_ok && r.own_mx_ok);
	r = ready(14, 3, 10000, 10, 1);
	assert_true(r.state == TLS_READY_WAIT && r.days_ok && r.reporters_ok && r.rate_ok && !r.own_mx_ok);
	/* few sessions: one failure is more than one in a thousand; none at all proves nothing */
	assert_false(ready(14, 3, 999, 1, 0).rate_ok);
	assert_true(ready(14, 3, 1000, 1, 0).rate_ok);
	assert_true(ready(14, 3, 1, 0, 0).rate_ok);
	assert_false(ready(14, 3, 0, 0, 0).rate_ok);
	assert_true(ready(14, 3, UINT64_MAX / 2, UINT64_MAX / 2000, 0).rate_ok);
	/* days without a report do not break a run, another mode does */
	n = in_mode(0, 14, STS_TESTING);
	days[13].day += 10;
	assert_int_equal(ready(14, 3, 10, 0, 0).testing_days, 24);
	n = in_mode(0, 10, STS_ENFORCE);
	n = in_mode(n, 6, STS_TESTING);
	r = ready(n, 3, 10, 0, 0);
	assert_int_equal(r.testing_days, 6);
	assert_int_equal(r.testing_since, DAY0 + 10);
	/* what most reports of a day say is its mode; a day that says nothing is passed over */
	n = in_mode(0, 14, STS_TESTING);
	days[7].elements[STS_ENFORCE] = 1;
	assert_int_equal(ready(n, 3, 10, 0, 0).testing_days, 6);
	days[7].elements[STS_TESTING] = 2;
	assert_int_equal(ready(n, 3, 10, 0, 0).testing_days, 14);
	(void)in_mode(7, 1, STS_UNKNOWN);
	assert_int_equal(ready(n, 3, 10, 0, 0).testing_days, 14);
	/* other states */
	n = in_mode(0, 14, STS_TESTING);
	n = in_mode(n, 1, STS_ENFORCE);
	assert_int_equal(ready(n, 3, 10, 0, 0).state, TLS_READY_ENFORCED);
	assert_int_equal(ready(n, 3, 10, 0, 0).testing_since, 0);
	n = in_mode(n, 1, STS_NONE);
	assert_int_equal(ready(n, 3, 10, 0, 0).state, TLS_READY_NO_POLICY);
	assert_int_equal(ready(0, 0, 0, 0, 0).state, TLS_READY_NO_DATA);
	n = in_mode(0, 3, STS_UNKNOWN);
	assert_int_equal(ready(n, 3, 10, 0, 0).state, TLS_READY_NO_DATA);
	tls_ready(&f, &r);
	assert_int_equal(r.state, TLS_READY_NO_POLICY);
	assert_int_equal(tls_ready_window(DAY0 + 13), DAY0);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, mxs, test_mx);
	case_add(&c, "lines of a policy", test_policy, NULL);
	case_add(&c, "advice for every result type", test_advice, NULL);
	case_add(&c, "ready for mode: enforce?", test_ready, NULL);
	return (cases_run(&c, "tls_ready"));
}
