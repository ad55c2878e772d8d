/*
 * fuzz_reader.c - any bytes as what a decoder is given: read without a
 * failure of ours, twice the same, and each document that was counted can be
 * had again, unpacked and as it was attached.
 */
#include <sys/mman.h>

#include <assert.h>
#include <unistd.h>

#include "decode/reader.h"
#include "recorder.h"
#include "tls_recorder.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	struct recorder	 r;	/* first: it is the report sink's */
	unsigned	 payloads, json, refused;
	uint64_t	 raw;
};

static int
on_payload(void *ctx, unsigned index, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(index == (index < READER_JSON ? s->payloads : READER_JSON + s->json));
	s->payloads += index < READER_JSON;
	s->json += index >= READER_JSON;
	return (0);
}

static int
on_refused(void *ctx, const struct err *why, struct err *e)
{
	struct seen	*s = ctx;

	(void)e;
	assert(!s->r.open && why->msg[0] != '\0' && (why->code == ERR_INPUT || why->code == ERR_LIMIT));
	s->refused++;
	return (0);
}

static struct tls_recorder	 tls;

static int
on_tls(void *ctx, const struct tls_item *it, struct err *e)
{
	(void)ctx;
	return (tls_record(&tls, it, e));
}

/* Of whichever kind the report under way is. */
static void
on_again(void *ctx)
{
	if (tls.open)
		tls_record_again(&tls);
	else
		recorder_sink.again(ctx);
}

static int
on_raw(void *ctx, const void *p, size_t n, struct err *e)
{
	struct seen	*s = ctx;

	(void)p, (void)e;
	s->raw += n;
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct limits		 l;
	static struct reader_calls	 calls = { .payload = on_payload, .refused = on_refused, .tls = on_tls, .raw = on_raw };
	static struct seen		 s;
	static struct reader		*reader;
	static int			 fd = -1;
	struct reader_job		 job = { .bytes = size, .offset = 3, .extract = -1 };
	struct reader_result		 res;
	struct err			 e = { 0 };
	struct buf			 first = { 0 };
	unsigned			 payloads, json;

	if (reader == NULL) {
		l = limits_default;
		l.unpacked_bytes = 1u << 21;
		l.records = 100;
		l.text_bytes = 2000;
		calls.report = recorder_sink;
		calls.report.again = on_again;
		assert((fd = memfd_create("fuzz", MFD_CLOEXEC)) != -1);
		assert((reader = reader_new(&l, &calls, &s)) != NULL);
	}
	assert(ftruncate(fd, 0) == 0);
	assert(pwrite(fd, data, size, 3) == (ssize_t)size);
	job.fd = fd;
	for (int twice = 0; twice < 2; twice++) {
		recorder_clear(&s.r);
		tls_recorder_clear(&tls);
		s.payloads = s.json = s.refused = 0;
		assert(reader_run(reader, &job, &res, &e) == 0);
		assert(!s.r.open && s.refused == res.refused);
		assert((res.refused > 0) == (res.first.code != ERR_NONE));
		assert(str_utf8_ok(res.subject) && str_utf8_ok(res.from));
		assert(!tls.open);
		(void)buf_str(&s.r.text, buf_as_str(&tls.text));
		if (twice == 0)
			(void)buf_str(&first, buf_as_str(&s.r.text));
		else
			assert(str_eq(buf_as_str(&first), buf_as_str(&s.r.text)));
	}
	payloads = s.payloads;
	json = s.json;
	for (unsigned i = 0; i < 8; i++)
		for (int packed = 0; packed < 2; packed++) {
			if (i % 4 >= (i < 4 ? payloads : json))
				continue;
			job.extract = (int)(i < 4 ? i : READER_JSON + i - 4);
			job.packed = packed != 0;
			s.raw = 0;
			assert(reader_run(reader, &job, &res, &e) == 0);
		}
	buf_free(&first);
	return (0);
}
