/*
 * failure_mail.c - a failure report as a mail, put together from what is
 * stored: masked or not, as it was asked for.
 * Source: RFC 5965 (the parts), RFC 6590 (what stands for a local part).
 */
#include <time.h>

#include "answer/answer_int.h"
#include "base/when.h"
#include "report/fields.h"

/* One line: no line end of a text may begin a field, and what masks is said in ASCII. */
static void
put_text(struct buf *b, struct str s)
{
	size_t	 n = strlen(REDACTED);

	for (size_t i = 0; i < s.len; ) {
		if (s.len - i >= n && memcmp(s.p + i, REDACTED, n) == 0) {
			(void)buf_cstr(b, "redacted");
			i += n;
			continue;
		}
		if ((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f)
			(void)buf_byte(b, (unsigned char)s.p[i]);
		else
			(void)buf_byte(b, ' ');
		i++;
	}
}

static void
put_field(struct buf *b, const char *label, struct str value)
{
	if (value.p == NULL)
		return;
	(void)buf_printf(b, "%s: ", label);
	put_text(b, value);
	(void)buf_cstr(b, "\r\n");
}

static void
put_date(struct buf *b, int64_t t)
{
	static const char	 days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t			 at = (time_t)t;
	struct tm		 tm;

	if (gmtime_r(&at, &tm) != NULL)
		(void)buf_printf(b, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\r\n", days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put_fields(struct buf *b, const struct failure_report *r)
{
	struct str	 rest, one;
	char		 number[24];

	for (int i = 0; i < FT_EXTRAS; i++) {
		if (!failure_texts[i].list) {
			put_field(b, failure_texts[i].label, r->t[i]);
			continue;
		}
		for (rest = r->t[i]; rest.p != NULL && failure_line(&rest, &one); )
			put_field(b, failure_texts[i].label, one);
	}
	if (r->source_port != 0) {
		(void)snprintf(number, sizeof(number), "%u", r->source_port);
		put_field(b, "Source-Port", str_of(number));
	}
	if (r->incidents != 1) {
		(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)r->incidents);
		put_field(b, "Incidents", str_of(number));
	}
}

static void
put_headers(struct buf *b, struct str s)
{
	struct buf	 value = { 0 };
	struct field	 f;

	while (s.p != NULL && field_next(&s, &value, &f)) {
		if (f.name.len == 0)
			continue;
		put_text(b, f.name);
		(void)buf_cstr(b, ": ");
		put_text(b, f.value.len == 0 ? STR("") : f.value);
		(void)buf_cstr(b, "\r\n");
	}
	buf_free(&value);
}

static void
put_body(struct buf *b, struct str s)
{
	const char	*nl;

	for (; s.len > 0; s.len -= (size_t)(nl + 1 - s.p), s.p = nl + 1) {
		nl = memchr(s.p, '\n', s.len);
		put_text(b, (struct str){ s.p, nl == NULL ? s.len : (size_t)(nl - s.p) });
		(void)buf_cstr(b, "\r\n");
		if (nl == NULL)
			return;
	}
}

/* One that nothing in the mail contains. */
static void
boundary_for(const struct buf *parts, int64_t id, char out[48])
{
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(out, 48, "dmarcd-f%lld-%u-%x", (long long)id, i, i * 2654435761u);
		if (str_ifind(buf_as_str(parts), out) == NULL)
			return;
	}
}

bool
answer_failure_mail(const struct query_failure *f, struct buf *out)
{
	const struct failure_report	*r = &f->report;
	bool				 body = r->t[FT_BODY].len > 0 && !f->masked;
	struct buf			 fields = { 0 }, sample = { 0 };
	char				 boundary[48];
	bool				 ok;

	put_fields(&fields, r);
	put_headers(&sample, r->t[FT_HEADERS]);
	if (body) {
		(void)buf_cstr(&sample, "\r\n");
		put_body(&sample, r->t[FT_BODY]);
	}
	(void)buf_str(&fields, STR("\r\n"));
	ok = buf_str(&fields, buf_as_str(&sample));
	boundary_for(&fields, f->id, boundary);
	fields.len -= ok ? sample.len : 0;
	put_field(out, "From", r->t[FT_REPORT_FROM].p == NULL ? f->reporter : r->t[FT_REPORT_FROM]);
	put_field(out, "Subject", r->t[FT_REPORT_SUBJECT].p == NULL ? STR("failure report") : r->t[FT_REPORT_SUBJECT]);
	put_date(out, f->received);
	(void)buf_printf(out, "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report;\r\n\tboundary=\"%s\"\r\n\r\n--%s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\nFailure report f%lld, put together by dmarcd from what it keeps of it.%s\r\n\r\n--%s\r\n"
	    "Content-Type: message/feedback-report\r\n\r\n", boundary, boundary, (long long)f->id,
	    f->masked ? "\r\nAddresses, subjects and all else that tells of people are masked." : "", boundary);
	(void)buf_str(out, buf_as_str(&fields));
	if (sample.len > 0)
		(void)buf_printf(out, "--%s\r\nContent-Type: %s\r\n\r\n", boundary, body ? "message/rfc822" : "text/rfc822-headers");
	(void)buf_str(out, buf_as_str(&sample));
	(void)buf_printf(out, "\r\n--%s--\r\n", boundary);
	ok = ok && !sample.failed && !fields.failed && !out->failed;
	buf_free(&fields);
	buf_free(&sample);
	return (ok);
}
