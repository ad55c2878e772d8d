/*
 * test_tls_wire.c - items of TLS reports over the wire: the same comes out,
 * and nothing that a decoder would not send gets through.
 */
#include "cases.h"

#include "report/wire_tls.h"

static const struct str	 lines[] = { STR("version: STSv1"), STR("mode: testing") }, mx[] = { STR("*.example.com") };

/* Reads the frame in b; -1 with *e. */
static int
get(const struct buf *b, size_t n, struct wire_tls_room *room, struct tls_item *it, struct err *e)
{
	struct wire	 w = { (const unsigned char *)b->p + WIRE_HEAD, (const unsigned char *)b->p + n, false };

	memset(e, 0, sizeof(*e));
	return (wire_get_tls(&w, room, it, e));
}

static const struct tls_item	 items[] = {
	{ .kind = TLS_BEGIN, .u.payload = 524288 },
	{ .kind = TLS_DETAIL, .u.detail = { .result = TLS_RESULT_OTHER, .word = STR("new-thing"), .sending = { STR_NONE, { 192, 0, 2, 1 }, 4 },
	    .receiving = { STR("mx.example.com"), { 0 }, 0 }, .mx = STR("mx.example.com"), .helo = STR(""), .info = STR("https://x.example"),
	    .reason = STR("X509"), .count = INT64_MAX, .policy = 1, .seq = 7 } },
	{ .kind = TLS_FORGET },
	{ .kind = TLS_POLICY, .u.policy = { .type = TLS_STS, .domain = STR("example.com"), .domain_derived = true, .lines = lines, .nlines = 2,
	    .mx = mx, .nmx = 1, .success = 40, .failure = 2, .ndetails = 1, .details = 2, .seq = 1 } },
	{ .kind = TLS_REFUSED, .u.refused = { 1, 2, 3, STR("no number") } },
	{ .kind = TLS_END, .u.header = { .org_name = STR("Rep"), .report_id = STR("r1"), .submitter = STR("s.example"), .begin = 1791072000,
	    .end = 1791158399, .policies = 1, .refused = 1, .quirks = TLSQ_VERSIONS | 1, .state = STATE_PARTIAL } },
};

static void
same(const struct tls_item *a, const struct tls_item *b)
{
	assert_int_equal(a->kind, b->kind);
	switch (a->kind) {
	case TLS_BEGIN:
		assert_int_equal(a->u.payload, b->u.payload);
		break;
	case TLS_DETAIL:
		assert_true(str_eq(a->u.detail.word, b->u.detail.word) && str_eq(a->u.detail.mx, b->u.detail.mx) &&
		    str_eq(a->u.detail.helo, b->u.detail.helo) && str_eq(a->u.detail.info, b->u.detail.info) &&
		    str_eq(a->u.detail.reason, b->u.detail.reason));
		assert_true(a->u.detail.result == b->u.detail.result && a->u.detail.count == b->u.detail.count &&
		    a->u.detail.policy == b->u.detail.policy && a->u.detail.seq == b->u.detail.seq);
		assert_true(b->u.detail.sending.len == 4 && memcmp(b->u.detail.sending.ip, a->u.detail.sending.ip, 4) == 0);
		assert_true(b->u.detail.receiving.len == 0 && str_eq(a->u.detail.receiving.text, b->u.detail.receiving.text));
		break;
	case TLS_POLICY:
		assert_true(a->u.policy.type == b->u.policy.type && str_eq(a->u.policy.domain, b->u.policy.domain) &&
		    a->u.policy.domain_derived == b->u.policy.domain_derived && a->u.policy.nlines == b->u.policy.nlines &&
		    a->u.policy.nmx == b->u.policy.nmx && a->u.policy.success == b->u.policy.success &&
		    a->u.policy.failure == b->u.policy.failure && a->u.policy.details == b->u.policy.details);
		assert_true(str_eq(b->u.policy.lines[1], lines[1]) && str_eq(b->u.policy.mx[0], mx[0]));
		break;
	case TLS_REFUSED:
		assert_true(a->u.refused.policy == b->u.refused.policy && a->u.refused.detail == b->u.refused.detail &&
		    a->u.refused.line == b->u.refused.line && str_eq(a->u.refused.reason, b->u.refused.reason));
		break;
	case TLS_END:
		assert_true(str_eq(a->u.header.org_name, b->u.header.org_name) && b->u.header.contact_info.p == NULL &&
		    a->u.header.begin == b->u.header.begin && a->u.header.end == b->u.header.end &&
		    a->u.header.quirks == b->u.header.quirks && a->u.header.state == b->u.header.state);
		break;
	default:
		break;
	}
}

/* Each comes back as it was; cut anywhere, or with more behind it, it is refused. */
static void
test_round(void **state)
{
	struct wire_tls_room	 room = { NULL, 0 };
	struct tls_item		 it;
	struct buf		 b = { 0 };
	struct err		 e;

	(void)state;
	for (size_t i = 0; i < nitems(items); i++) {
		buf_clear(&b);
		wire_put_tls(&b, &items[i]);
		assert_int_equal(b.p[4], WIRE_TLS);
		if (get(&b, b.len, &room, &it, &e) == -1)
			fail_msg("item %zu: %s", i, e.msg);
		same(&items[i], &it);
		for (size_t n = WIRE_HEAD; n < b.len; n++) {
			assert_int_equal(get(&b, n, &room, &it, &e), -1);
			assert_int_equal(e.code, ERR_INPUT);
		}
		(void)buf_byte(&b, 0);
		assert_int_equal(get(&b, b.len, &room, &it, &e), -1);
	}
	wire_tls_room_free(&room);
	buf_free(&b);
}

static void
refuse(struct tls_item it)
{
	struct wire_tls_room	 room = { NULL, 0 };
	struct tls_item		 out;
	struct buf		 b = { 0 };
	struct err		 e;

	wire_put_tls(&b, &it);
	assert_int_equal(get(&b, b.len, &room, &out, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	wire_tls_room_free(&room);
	buf_free(&b);
}

static void
test_bad(void **state)
{
	static const struct str	 two[] = { STR("a\nb") };
	struct tls_item		 it;

	(void)state;
	it = items[0];
	it.u.payload = 1u << 20;
	refuse(it);
	it = items[0];
	it.kind = TLS_ITEM_KINDS;
	refuse(it);
	it = items[1];
	it.u.detail.result = TLS_RESULT_COUNT;
	refuse(it);
	it = items[1];
	it.u.detail.result = TLS_RESULT_EXPIRED;	/* with a word of its own */
	refuse(it);
	it = items[1];
	it.u.detail.count = (uint64_t)INT64_MAX + 1;
	refuse(it);
	it = items[1];
	it.u.detail.mx = STR("\xff");
	refuse(it);
	it = items[1];
	it.u.detail.sending.len = 5;
	refuse(it);
	it = items[3];
	it.u.policy.domain = STR("");
	refuse(it);
	it = items[3];
	it.u.policy.type = TLS_TYPES;
	refuse(it);
	it = items[3];
	it.u.policy.lines = two;
	it.u.policy.nlines = 1;
	refuse(it);
	it = items[3];
	it.u.policy.word = STR("x");
	refuse(it);
	it = items[5];
	it.u.header.quirks = (uint64_t)1 << TLS_QUIRK_COUNT;
	refuse(it);
	it = items[5];
	it.u.header.end = it.u.header.begin - 1;
	refuse(it);
	it = items[5];
	it.u.header.begin = -1;
	refuse(it);
	it = items[5];
	it.u.header.state = STATE_COUNT;
	refuse(it);
}

int
main(void)
{
	struct cases	 c = { 0 };

	case_add(&c, "every item comes back as it was", test_round, NULL);
	case_add(&c, "what no decoder sends is refused", test_bad, NULL);
	return (cases_run(&c, "tls_wire"));
}
