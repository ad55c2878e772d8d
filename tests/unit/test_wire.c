/*
 * test_wire.c - reports between processes: what is written comes back, and
 * what was cut or changed on the way is refused or sound.
 */
#include "cases.h"

#include "report/wire.h"

#define ROOM 4

static void
sound(struct str s)
{
	if (s.p != NULL)
		assert_true(str_utf8_ok(s) && memchr(s.p, '\0', s.len) == NULL);
}

static void
same(struct str a, struct str b)
{
	sound(a);
	if (!str_eq(a, b))
		fail_msg("[%.*s] is not [%.*s]", (int)a.len, a.p == NULL ? "" : a.p, (int)b.len, b.p == NULL ? "" : b.p);
}

/* --- Numbers and texts ----------------------------------------------------------------- */

static void
test_numbers(void **state)
{
	static const uint64_t	 u[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, INT64_MAX, UINT64_MAX };
	static const int64_t	 i[] = { 0, 1, -1, 63, -64, 64, INT64_MAX, INT64_MIN };
	struct buf		 b = { 0 };
	struct wire		 w;

	(void)state;
	for (size_t k = 0; k < nitems(u); k++)
		wire_uint(&b, u[k]);
	for (size_t k = 0; k < nitems(i); k++)
		wire_int(&b, i[k]);
	w = (struct wire){ (unsigned char *)b.p, (unsigned char *)b.p + b.len, false };
	for (size_t k = 0; k < nitems(u); k++)
		assert_true(wire_get_uint(&w) == u[k]);
	for (size_t k = 0; k < nitems(i); k++)
		assert_true(wire_get_int(&w) == i[k]);
	assert_true(!w.bad && w.p == w.end);
	assert_true(wire_get_uint(&w) == 0 && w.bad);	/* past the end, and it stays bad */
	w.p = (unsigned char *)b.p;
	assert_true(wire_get_uint(&w) == 0 && w.bad);
	/* more than 64 bits; no end */
	w = (struct wire){ (const unsigned char *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", NULL, false };
	w.end = w.p + 10;
	assert_true(wire_get_uint(&w) == 0 && w.bad);
	w = (struct wire){ (const unsigned char *)"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", NULL, false };
	w.end = w.p + 11;
	assert_true(wire_get_uint(&w) == 0 && w.bad);
	w = (struct wire){ (const unsigned char *)"\x05", NULL, false };
	w.end = w.p + 1;
	assert_true(wire_get_below(&w, 5) == 0 && w.bad);
	buf_free(&b);
}

static void
test_texts(void **state)
{
	static const struct { struct str s; int ok; } texts[] = {
		{ { NULL, 0 }, 1 }, { STR(""), 1 }, { STR("a"), 1 }, { STR("\xc3\xa9"), 1 },
		{ STR("a\0b"), 0 }, { STR("\xc3"), 0 }, { STR("12345678901"), 0 },
	};

	(void)state;
	for (size_t k = 0; k < nitems(texts); k++) {
		struct buf	 b = { 0 };
		struct wire	 w;
		struct str	 s;

		wire_text(&b, texts[k].s);
		w = (struct wire){ (unsigned char *)b.p, (unsigned char *)b.p + b.len, false };
		s = wire_get_text(&w, 10);
		assert_int_equal(w.bad, !texts[k].ok);
		if (texts[k].ok)
			same(s, texts[k].s);
		else
			assert_null(s.p);
		buf_free(&b);
	}
	/* a length that is a lie */
	{
		const unsigned char	 lie[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 'a' };
		struct wire		 w = { lie, lie + sizeof(lie), false };

		assert_null(wire_get_text(&w, SIZE_MAX).p);
		assert_true(w.bad);
	}
}

/* --- Whole frames -------------------------------------------------------------------------- */

static const struct report_header	 header = {
	.version = STR("1.0"), .org_name = STR("rep.example"), .email = STR("a@rep.example"), .report_id = STR("x\xc3\xa9"),
	.errors = STR("one\ntwo"), .begin = 1722816000, .end = 1722902399,
	.policy = { .domain = STR("example.com"), .p = STR("none"), .sp = STR(""), .pct = STR("100") },
};

static struct report_auth	 dkims[2] = {
	{ .domain = STR("example.com"), .what = STR("s"), .result = RES_PASS },
	{ .result = RES_UNKNOWN, .word = STR("odd"), .human_result = STR("h") },
};
static struct report_auth	 spfs[1] = { { .domain = STR("example.net"), .what = STR("mfrom"), .result = RES_FAIL } };
static struct report_reason	 reasons[1] = { { .type = STR("other"), .comment = STR("c") } };
static const struct report_record	 row = {
	.disposition = DISP_OTHER, .dkim = EVAL_PASS, .spf = EVAL_UNKNOWN, .disposition_word = STR("softfail"), .spf_word = STR("neutral"),
	.header_from = STR("example.com"), .header_from_derived = true, .envelope_from = STR(""),
	.dkim_results = dkims, .ndkim = 2, .spf_results = spfs, .nspf = 1, .reasons = reasons, .nreasons = 1,
};
static const struct report_trailer	 trailer = { .records = 5, .refused = 1, .quirks = QUIRK_ROW_REFUSED | QUIRK_STRAY_TEXT,
	.state = STATE_PARTIAL, .dialect = DIALECT_RFC7489, .unknown = STR("feedback/foo\n") };
static const struct report_refused	 refused = { .seq = 3, .line = 77, .reason = STR("count \"x\" is none") };

static void
auths_same(const struct report_auth *a, const struct report_auth *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		same(a[i].domain, b[i].domain);
		same(a[i].what, b[i].what);
		same(a[i].word, b[i].word);
		same(a[i].human_result, b[i].human_result);
		assert_int_equal(a[i].result, b[i].result);
	}
}

enum frame { F_HEADER, F_COMBINATION, F_TRAILER, F_REFUSED, F_COUNT };
static const char *const	 frame_names[F_COUNT] = { "header", "combination", "trailer", "refused row" };

static void
put(enum frame f, struct buf *b)
{
	switch (f) {
	case F_HEADER:
		wire_put_header(b, 7, &header);
		break;
	case F_COMBINATION:
		wire_put_combination(b, &row);
		return;
	case F_TRAILER:
		wire_put_trailer(b, &trailer);
		break;
	default:
		wire_put_refused(b, &refused);
		break;
	}
	/* the head: length of what follows, type */
	assert_true(b->len - 4 == (size_t)((unsigned char)b->p[0] | (unsigned char)b->p[1] << 8));
	assert_true(b->len - WIRE_HEAD <= wire_max[(unsigned char)b->p[4]]);
	buf_drop(b, WIRE_HEAD);
}

/* Reads, and checks all that the other side may rely on. */
static int
get(enum frame f, const unsigned char *p, size_t n, bool compare)
{
	struct wire		 w;
	struct report_header	 h;
	struct report_record	 r;
	struct report_trailer	 t;
	struct report_refused	 q;
	struct report_auth	 dkim[ROOM], spf[ROOM];
	struct report_reason	 reason[ROOM];
	struct wire_row_room	 room = { dkim, spf, reason, ROOM };
	struct err		 e = { 0 };
	unsigned		 payload;
	unsigned char		*copy = malloc(n + (n == 0));
	int			 rv;

	memcpy(copy, p, n);
	w = (struct wire){ copy, copy + n, false };
	switch (f) {
	case F_HEADER:
		if ((rv = wire_get_header(&w, &payload, &h, &e)) == -1)
			break;
		assert_true(h.begin >= 0 && h.begin <= h.end && h.policy.domain.len > 0);
		sound(h.org_name);
		sound(h.email);
		sound(h.policy.pct);
		if (compare) {
			assert_int_equal(payload, 7);
			same(h.version, header.version);
			same(h.org_name, header.org_name);
			same(h.email, header.email);
			same(h.extra_contact_info, header.extra_contact_info);
			same(h.report_id, header.report_id);
			same(h.errors, header.errors);
			assert_true(h.begin == header.begin && h.end == header.end);
			same(h.policy.domain, header.policy.domain);
			same(h.policy.sp, header.policy.sp);
			same(h.policy.np, header.policy.np);
			same(h.policy.pct, header.policy.pct);
		}
		break;
	case F_COMBINATION:
		if ((rv = wire_get_combination(&w, &room, &r, &e)) == -1)
			break;
		assert_true(r.ndkim <= ROOM && r.nspf <= ROOM && r.nreasons <= ROOM);
		assert_true(r.disposition < DISP_COUNT && r.dkim < EVAL_COUNT && r.spf < EVAL_COUNT && r.header_from.p != NULL);
		for (size_t i = 0; i < r.ndkim; i++) {
			assert_true(r.dkim_results[i].result < RES_COUNT);
			sound(r.dkim_results[i].domain);
		}
		if (compare) {
			assert_true(r.disposition == row.disposition && r.dkim == row.dkim && r.spf == row.spf &&
			    r.header_from_derived == row.header_from_derived);
			same(r.disposition_word, row.disposition_word);
			same(r.dkim_word, row.dkim_word);
			same(r.spf_word, row.spf_word);
			same(r.header_from, row.header_from);
			same(r.envelope_from, row.envelope_from);
			same(r.envelope_to, row.envelope_to);
			assert_true(r.ndkim == row.ndkim && r.nspf == row.nspf && r.nreasons == row.nreasons);
			auths_same(r.dkim_results, row.dkim_results, r.ndkim);
			auths_same(r.spf_results, row.spf_results, r.nspf);
			same(r.reasons[0].type, row.reasons[0].type);
			same(r.reasons[0].comment, row.reasons[0].comment);
			assert_true(w.p == w.end);
		}
		break;
	case F_TRAILER:
		if ((rv = wire_get_trailer(&w, &t, &e)) == -1)
			break;
		assert_true(t.refused <= t.records && t.state < STATE_COUNT && t.dialect < DIALECT_COUNT &&
		    t.quirks < (uint64_t)1 << QUIRK_COUNT);
		sound(t.unknown);
		if (compare) {
			assert_true(t.records == trailer.records && t.refused == trailer.refused && t.quirks == trailer.quirks &&
			    t.state == trailer.state && t.dialect == trailer.dialect);
			same(t.unknown, trailer.unknown);
		}
		break;
	default:
		if ((rv = wire_get_refused(&w, &q, &e)) == -1)
			break;
		assert_true(q.seq <= INT64_MAX && q.line <= INT64_MAX && q.reason.len <= 512);
		sound(q.reason);
		if (compare) {
			assert_true(q.seq == refused.seq && q.line == refused.line);
			same(q.reason, refused.reason);
		}
		break;
	}
	if (rv == -1)
		assert_true(e.code == ERR_INPUT && e.msg[0] != '\0');
	free(copy);
	return (rv);
}

static void
test_frame(void **state)
{
	enum frame	 f = (enum frame)((const char *const *)*state - frame_names);
	struct buf	 b = { 0 };

	put(f, &b);
	assert_int_equal(get(f, (unsigned char *)b.p, b.len, true), 0);
	/* cut at every byte; and one too many, where the frame says how long it is */
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(get(f, (unsigned char *)b.p, n, false), -1);
	(void)buf_byte(&b, 0);
	if (f != F_COMBINATION)
		assert_int_equal(get(f, (unsigned char *)b.p, b.len, false), -1);
	b.len--;
	/* every bit, every byte to a few others */
	for (size_t i = 0; i < b.len; i++) {
		char	 was = b.p[i];

		for (int bit = 0; bit < 8; bit++) {
			b.p[i] = (char)(was ^ 1 << bit);
			(void)get(f, (unsigned char *)b.p, b.len, false);
		}
		b.p[i] = (char)0xff;
		(void)get(f, (unsigned char *)b.p, b.len, false);
		b.p[i] = 0;
		(void)get(f, (unsigned char *)b.p, b.len, false);
		b.p[i] = was;
	}
	assert_int_equal(get(f, (unsigned char *)b.p, b.len, true), 0);
	buf_free(&b);
}

/* What a decoder that was taken over might claim. */
static void
test_lies(void **state)
{
	struct report_header	 h = header;
	struct report_trailer	 t = trailer;
	struct report_record	 r = row;
	struct report_auth	 many[ROOM + 1] = { { .result = RES_PASS } };
	struct buf		 b = { 0 };

#define REFUSED(what, frame) do {						\
	buf_clear(&b);								\
	what;									\
	if ((frame) != F_COMBINATION)						\
		buf_drop(&b, WIRE_HEAD);					\
	assert_int_equal(get((frame), (unsigned char *)b.p, b.len, false), -1);	\
} while (0)
	(void)state;
	h.begin = header.end + 1;
	REFUSED(wire_put_header(&b, 0, &h), F_HEADER);
	h = header;
	h.begin = -1;
	REFUSED(wire_put_header(&b, 0, &h), F_HEADER);
	h = header;
	h.end = INT64_MAX;
	REFUSED(wire_put_header(&b, 0, &h), F_HEADER);
	h = header;
	h.policy.domain = STR_NONE;
	REFUSED(wire_put_header(&b, 0, &h), F_HEADER);
	REFUSED(wire_put_header(&b, 1u << 20, &header), F_HEADER);
	h = header;
	h.org_name = STR("a\xff");
	REFUSED(wire_put_header(&b, 0, &h), F_HEADER);
	t.refused = 6;
	REFUSED(wire_put_trailer(&b, &t), F_TRAILER);
	t = trailer;
	t.quirks = (uint64_t)1 << QUIRK_COUNT;
	REFUSED(wire_put_trailer(&b, &t), F_TRAILER);
	t = trailer;
	t.state = STATE_COUNT;
	REFUSED(wire_put_trailer(&b, &t), F_TRAILER);
	r.header_from = STR_NONE;
	REFUSED(wire_put_combination(&b, &r), F_COMBINATION);
	r = row;
	r.dkim_results = many;
	r.ndkim = ROOM + 1;
	REFUSED(wire_put_combination(&b, &r), F_COMBINATION);
	r = row;
	r.disposition = DISP_COUNT;
	REFUSED(wire_put_combination(&b, &r), F_COMBINATION);
	buf_free(&b);
}

int
main(void)
{
	struct cases	 c = { 0 };

	case_add(&c, "numbers", test_numbers, NULL);
	case_add(&c, "texts", test_texts, NULL);
	for (unsigned i = 0; i < F_COUNT; i++)
		case_add(&c, frame_names[i], test_frame, &frame_names[i]);
	case_add(&c, "claims that cannot be", test_lies, NULL);
	return (cases_run(&c, "wire"));
}
