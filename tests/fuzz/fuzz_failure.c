/*
 * fuzz_failure.c - a mail to failure reports, to their facts, over the wire,
 * and masked.
 *
 * What is asserted: texts are UTF-8 without NUL and bounded, the frame says
 * the same on the other side, the verdict never claims what it was not told,
 * and behind redaction no "@" has a local part left in front of it.
 */
#include <sys/mman.h>

#include <assert.h>
#include <unistd.h>

#include "decode/reader.h"
#include "dmarc/failure.h"
#include "report/redact.h"
#include "report/wire_failure.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_texts(const struct failure_report *r)
{
	size_t	 all = 0;

	for (int i = 0; i < FT_COUNT; i++) {
		if (r->t[i].p == NULL) {
			assert(r->t[i].len == 0);
			continue;
		}
		assert(str_utf8_ok(r->t[i]));
		assert(r->t[i].len == 0 || memchr(r->t[i].p, '\0', r->t[i].len) == NULL);
		all += r->t[i].len;
	}
	assert(all < (size_t)8 << 20);
	assert(r->nresults <= FAILURE_RESULTS && (r->ip_len == 0 || r->ip_len == 4 || r->ip_len == 16));
	assert(r->quirks >> FQ_COUNT == 0 && r->incidents <= UINT32_MAX && r->source_port <= 65535);
}

static void
check_masked(const struct failure_report *r)
{
	static const char	 dots[] = REDACTED;

	for (int i = 0; i < FT_COUNT; i++) {
		struct str	 t = r->t[i];

		assert(failure_texts[i].privacy != FP_BODY || t.p == NULL || t.len == 0);
		if (t.p == NULL || failure_texts[i].privacy == FP_PLAIN)
			continue;
		assert(str_utf8_ok(t));
		for (size_t k = 1; k < t.len; k++)
			if (t.p[k] == '@' && (unsigned char)t.p[k - 1] > ' ' && strchr("<>()[],;:\"@\x7f", t.p[k - 1]) == NULL)
				assert(k >= sizeof(dots) - 1 && memcmp(t.p + k - (sizeof(dots) - 1), dots, sizeof(dots) - 1) == 0);
	}
}

static bool
same(struct str a, struct str b)
{
	return (a.p == NULL ? b.p == NULL : b.p != NULL && a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0));
}

static void
check_wire(const struct failure_report *r, struct buf *frame)
{
	static struct failure_result	 room[FAILURE_RESULTS];
	struct failure_report		 back;
	struct err			 e = { 0 };
	struct wire			 w;
	unsigned			 payload;

	wire_put_failure(frame, 3, r);
	assert(!frame->failed && frame->len - 4 <= wire_max[WIRE_FAILURE]);
	w = (struct wire){ (unsigned char *)frame->p + WIRE_HEAD, (unsigned char *)frame->p + frame->len, false };
	assert(wire_get_failure(&w, room, FAILURE_RESULTS, &payload, &back, &e) == 0);
	for (int i = 0; i < FT_COUNT; i++)
		assert(same(r->t[i], back.t[i]));
	assert(payload == 3 && back.nresults == r->nresults && back.quirks == r->quirks && back.arrived == r->arrived);
}

static int
on_failure(void *ctx, unsigned index, struct failure_report *r, struct arena *a, struct err *e)
{
	static const struct report_policy	 none;
	struct failure_verdict			 v;
	struct buf				 frame = { 0 };

	(void)ctx;
	(void)index;
	assert(failure_facts(r, a, e) == 0);
	check_texts(r);
	check_wire(r, &frame);
	buf_free(&frame);
	failure_judge(r, &none, &v);
	assert(r->class == FAILURE_AUTH || (v.result == ALIGNED_UNKNOWN && v.said == SAID_NOTHING));
	assert(v.said != SAID_FAIL || v.result == ALIGNED_NO);
	assert(failure_sentence(r, &v) != NULL);
	assert(redact_failure(r, REDACT_ALL, a));
	check_masked(r);
	return (0);
}

static int
on_begin(void *ctx, const struct report_header *h, struct err *e)
{
	(void)ctx;
	(void)h;
	(void)e;
	return (0);
}

static int
on_record(void *ctx, const struct report_record *r, struct err *e)
{
	(void)ctx;
	(void)r;
	(void)e;
	return (0);
}

static int
on_row(void *ctx, const struct report_refused *f, struct err *e)
{
	(void)ctx;
	(void)f;
	(void)e;
	return (0);
}

static int
on_end(void *ctx, const struct report_trailer *t, struct err *e)
{
	(void)ctx;
	(void)t;
	(void)e;
	return (0);
}

static void
on_again(void *ctx)
{
	(void)ctx;
}

static int
on_payload(void *ctx, unsigned index, struct err *e)
{
	(void)ctx;
	(void)index;
	(void)e;
	return (0);
}

static int
on_refused(void *ctx, const struct err *why, struct err *e)
{
	(void)ctx;
	(void)e;
	assert(why->msg[0] != '\0');
	return (0);
}

static int
on_raw(void *ctx, const void *p, size_t n, struct err *e)
{
	(void)ctx;
	(void)p;
	(void)n;
	(void)e;
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct reader_calls	 calls = { .report = { on_begin, on_record, on_row, on_end, on_again }, .payload = on_payload,
						    .refused = on_refused, .failure = on_failure, .raw = on_raw };
	static struct reader			*r;
	static struct limits			 l;
	struct reader_job			 job = { .bytes = size, .extract = -1 };
	struct reader_result			 res;
	struct err				 e = { 0 };

	if (r == NULL) {
		assert(dmarc_init(&e) == 0);
		l = limits_default;
		l.failure_bytes = 4096;
		l.sample_headers = 4096;
		l.sample_body = 512;
		r = reader_new(&l, &calls, NULL);
		assert(r != NULL);
	}
	job.fd = memfd_create("mail", MFD_CLOEXEC);
	assert(job.fd != -1 && write(job.fd, data, size) == (ssize_t)size);
	assert(reader_run(r, &job, &res, &e) == 0);
	(void)close(job.fd);
	return (0);
}
