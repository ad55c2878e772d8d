/*
 * mail.c - the mail around a report: container, MIME form, headers as they
 * look in a mailbox (with trace and authentication headers, since those make
 * up most of a small report mail). Line ends are LF; output.c makes CRLF of
 * them where a file is to look as it did on the wire.
 */
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "gen.h"

static const struct {
	const char	*domain, *rua;
} mailboxes[] = {
	{ "example.com", "dmarc-reports@example.com" },
	{ "example.org", "dmarc@example.org" },
	{ "example.net", "dmarc-rua@example.net" },
};

static const char *
rua(const char *domain)
{
	for (size_t i = 0; i < nitems(mailboxes); i++)
		if (strcmp(mailboxes[i].domain, domain) == 0)
			return (mailboxes[i].rua);
	return ("dmarc-reports@example.com");
}

/* --- containers -------------------------------------------------------- */

static void
deflated(struct buf *out, const struct buf *in, int window, const char *name,
    int64_t mtime)
{
	z_stream	 z = { 0 };
	gz_header	 h = { 0 };
	unsigned char	 piece[65536];
	size_t		 done = 0;
	int		 rv;

	if (deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		gen_die("zlib does not start");
	if (name != NULL) {
		h.time = (uLong)mtime;
		h.os = 3;
		h.name = (Bytef *)(uintptr_t)name;
		deflateSetHeader(&z, &h);
	}
	do {
		if (z.avail_in == 0 && done < in->len) {
			size_t	 n = in->len - done > 1 << 20 ? 1 << 20 : in->len - done;

			z.next_in = (Bytef *)in->p + done;
			z.avail_in = (uInt)n;
			done += n;
		}
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rv = deflate(&z, done == in->len ? Z_FINISH : Z_NO_FLUSH);
		if (rv == Z_STREAM_ERROR)
			gen_die("zlib: %s", z.msg != NULL ? z.msg : "stream error");
		buf_add(out, piece, sizeof(piece) - z.avail_out);
	} while (rv != Z_STREAM_END);
	deflateEnd(&z);
}

void
buf_gzip(struct buf *out, const struct buf *in)
{
	deflated(out, in, 15 + 16, NULL, 0);
}

static void
le(struct buf *b, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++) {
		char	 c = (char)(v >> (8 * i) & 0xff);

		buf_add(b, &c, 1);
	}
}

/* One member, sizes known: what most zip libraries write. */
static void
zipped(struct buf *out, const struct buf *in, const char *name, int64_t mtime)
{
	struct buf	 body = { 0 };
	uint64_t	 crc, date, time, start, central = 0, csize;
	int		 y, m, d, s = (int)(mtime % DAY);

	deflated(&body, in, -15, NULL, 0);
	day_civil(mtime, &y, &m, &d);
	date = (uint64_t)((y - 1980) << 9 | m << 5 | d);
	time = (uint64_t)(s / 3600 << 11 | s / 60 % 60 << 5 | s % 60 / 2);
	crc = crc32_z(crc32(0, NULL, 0), (const Bytef *)in->p, in->len);
	start = out->len;
	le(out, 0x04034b50, 4);
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			buf_str(out, name);
			buf_add(out, body.p, body.len);
			central = out->len - start;
			le(out, 0x02014b50, 4);
			le(out, 20, 2);
		}
		le(out, 20, 2);
		le(out, 0, 2);
		le(out, 8, 2);
		le(out, time, 2);
		le(out, date, 2);
		le(out, crc, 4);
		le(out, body.len, 4);
		le(out, in->len, 4);
		le(out, strlen(name), 2);
		le(out, 0, 2);
	}
	le(out, 0, 2);			/* comment, disk, attributes */
	le(out, 0, 2);
	le(out, 0, 2);
	le(out, 0, 4);
	le(out, 0, 4);
	buf_str(out, name);
	csize = out->len - start - central;
	le(out, 0x06054b50, 4);
	le(out, 0, 4);
	le(out, 1, 2);
	le(out, 1, 2);
	le(out, csize, 4);
	le(out, central, 4);
	le(out, 0, 2);
	buf_free(&body);
}

/* --- headers ----------------------------------------------------------- */

static void
noise_base64(struct buf *b, struct rng *rng, size_t bytes, size_t line)
{
	unsigned char	 raw[256];

	for (size_t i = 0; i < bytes; i++)
		raw[i] = (unsigned char)rng_below(rng, 256);
	buf_base64(b, raw, bytes, line);
}

static const char *
domain_of(const char *address)
{
	const char	*at = strchr(address, '@');

	return (at != NULL ? at + 1 : address);
}

/* Trace and authentication, as the owner's own mail server adds them. */
static void
head_trace(struct buf *b, const char *from, const char *to, int64_t date,
    struct rng *rng)
{
	const char	*dom = domain_of(from), *mx = domain_of(to);
	unsigned	 net = rng_between(rng, 1, 254);
	uint64_t	 id = rng_next(rng);

	buf_fmt(b, "Return-Path: <%s>\n", from);
	buf_fmt(b, "Delivered-To: %s\n", to);
	buf_fmt(b, "Received: from out%u.%s (out%u.%s [203.0.113.%u])\n"
	    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n"
	    "\tby mx.%s (Postfix) with ESMTPS id 4%010" PRIX64 "\n\tfor <%s>; ",
	    net % 8 + 1, dom, net % 8 + 1, dom, net, mx, id >> 24, to);
	buf_rfc5322_date(b, date + 3);
	buf_fmt(b, "\nAuthentication-Results: mx.%s;\n"
	    "\tdkim=pass (2048-bit key) header.d=%s header.i=@%s header.s=s%u;\n"
	    "\tspf=pass smtp.mailfrom=%s; dmarc=pass (p=reject) header.from=%s\n",
	    mx, dom, dom, net % 4 + 2024, from, dom);
	buf_fmt(b, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s;\n"
	    "\ts=s%u; t=%" PRId64 "; h=from:to:subject:date:message-id:mime-version\n"
	    "\t :content-type; bh=", dom, net % 4 + 2024, date);
	noise_base64(b, rng, 32, 0);
	buf_str(b, ";\n\tb=");
	for (int i = 0; i < 5; i++) {
		noise_base64(b, rng, 51, 0);
		buf_str(b, i < 4 ? "\n\t " : "");
	}
	buf_str(b, "==\n");
	buf_fmt(b, "Received: from batch-%u.internal.%s (localhost [127.0.0.1])\n"
	    "\tby out%u.%s with ESMTP id r%015" PRIx64 "\n\tfor <%s>; ", net, dom,
	    net % 8 + 1, dom, id & UINT64_C(0xfffffffffffffff), to);
	buf_rfc5322_date(b, date);
	buf_str(b, "\n");
}

static const char *
bare_id(const char *id, size_t *len)
{
	*len = strlen(id);
	if (*len >= 2 && id[0] == '<') {
		*len -= 2;
		return (id + 1);
	}
	return (id);
}

static void
head_subject(struct buf *b, const struct gen_report *rp)
{
	const struct reporter	*who = rp->reporter;
	struct buf		 s = { 0 };
	const char		*id;
	size_t			 n;
	int			 y, m, d;

	id = bare_id(rp->report_id, &n);
	buf_str(b, "Subject: ");
	switch (who->subject) {
	case SUBJ_RFC:
		buf_fmt(b, "Report Domain: %s Submitter: %s Report-ID: <%.*s>",
		    rp->domain, who->host, (int)n, id);
		break;
	case SUBJ_SMALL:
		buf_fmt(b, "Report domain: %s Submitter: %s Report-ID: %.*s",
		    rp->domain, who->host, (int)n, id);
		break;
	case SUBJ_SEMICOLON:
		buf_fmt(b, "Report Domain: %s; Submitter: %s; Report-ID: %.*s",
		    rp->domain, who->org_name, (int)n, id);
		break;
	case SUBJ_BRACES:
		day_civil(rp->begin, &y, &m, &d);
		buf_fmt(b, "Dmarc Aggregate Report Domain: {%s}  Submitter:\n {%s}  "
		    "Date: {%04d-%02d-%02d}  Report-ID:\n {%.*s}", rp->domain,
		    who->org_name, y, m, d, (int)n, id);
		break;
	case SUBJ_FOLDED:
		buf_fmt(b, "Report Domain: %s\n Submitter: %s\n Report-ID: <%.*s>",
		    rp->domain, who->host, (int)n, id);
		break;
	case SUBJ_BASE64:
	case SUBJ_JP:
		/* Words of 45 bytes: at most 75 characters once encoded. */
		buf_fmt(&s, "Report Domain: %s Submitter: %s Report-ID: <%.*s>",
		    rp->domain, who->host, (int)n, id);
		for (size_t i = 0; i < s.len; i += 39) {
			size_t	 len = s.len - i < 39 ? s.len - i : 39;

			buf_fmt(b, "%s=?%s?B?", i > 0 ? "\n " : "",
			    who->subject == SUBJ_JP ? "ISO-2022-JP" : "utf-8");
			buf_base64(b, s.p + i, len, 0);
			buf_str(b, "?=");
		}
		buf_free(&s);
		break;
	}
	buf_str(b, "\n");
}

static void
head_common(struct buf *b, const struct gen_report *rp, struct rng *rng)
{
	const struct reporter	*who = rp->reporter;
	const char		*to = rua(rp->domain);

	head_trace(b, who->email, to, rp->sent, rng);
	buf_str(b, "Date: ");
	buf_rfc5322_date(b, rp->sent);
	buf_fmt(b, "\nFrom: %s%s%s\nTo: %s\n", strchr(who->org_name, ' ') != NULL ?
	    "DMARC reports <" : "", who->email,
	    strchr(who->org_name, ' ') != NULL ? ">" : "", to);
	head_subject(b, rp);
	buf_fmt(b, "Message-ID: <%016" PRIx64 ".%" PRId64 "@%s>\nMIME-Version: 1.0\n",
	    rng_next(rng), rp->sent, who->host);
}

/* --- the report's part ------------------------------------------------- */

static const char *const	 pack_ext[] = { [PACK_GZIP] = ".xml.gz",
    [PACK_ZIP] = ".zip", [PACK_PLAIN] = ".xml" };

static void
file_name(struct buf *b, const struct gen_report *rp)
{
	buf_fmt(b, "%s!%s!%" PRId64 "!%" PRId64, rp->reporter->host, rp->domain,
	    rp->begin, rp->end);
}

/* Content-Type to the end of the part's body. */
static void
part_report(struct buf *b, const struct gen_report *rp, const struct buf *xml,
    enum mail_kind kind)
{
	const struct reporter	*who = rp->reporter;
	struct buf		 name = { 0 }, member = { 0 }, packed = { 0 };
	const struct buf	*body = &packed;

	file_name(&name, rp);
	buf_fmt(&member, "%s.xml", name.p);
	buf_str(&name, pack_ext[who->pack]);
	if (who->pack == PACK_GZIP)
		deflated(&packed, xml, 15 + 16, member.p, rp->sent);
	else if (who->pack == PACK_ZIP)
		zipped(&packed, xml, member.p, rp->sent);
	else
		body = xml;

	if (who->flags & R_SPLIT_NAME) {
		size_t	 half = name.len / 2;

		buf_fmt(b, "Content-Type: %s;\n name*0=\"%.*s\";\n name*1=\"%s\"\n",
		    who->ctype, (int)half, name.p, name.p + half);
		buf_fmt(b, "Content-Disposition: attachment;\n filename*0=\"%.*s\";\n"
		    " filename*1=\"%s\"\n", (int)half, name.p, name.p + half);
	} else {
		buf_fmt(b, "Content-Type: %s;\n name=\"%s\"\n", who->ctype, name.p);
		buf_fmt(b, "Content-Disposition: %s;\n filename=\"%s\"\n",
		    who->silent > 0 ? "inline" : "attachment", name.p);
	}
	if (who->pack == PACK_PLAIN && who->cte == CTE_QP) {
		buf_str(b, "Content-Transfer-Encoding: quoted-printable\n\n");
		buf_qp(b, body->p, body->len);
	} else if (who->pack == PACK_PLAIN && who->cte == CTE_7BIT) {
		buf_str(b, "Content-Transfer-Encoding: 7bit\n\n");
		buf_add(b, body->p, body->len);
	} else {
		size_t	 n = body->len;

		if (kind == MAIL_TRUNCATED)
			n = n * 3 / 5;
		buf_str(b, "Content-Transfer-Encoding: base64\n\n");
		buf_base64(b, body->p, n, 76);
	}
	if (b->p[b->len - 1] != '\n')
		buf_str(b, "\n");
	buf_free(&name);
	buf_free(&member);
	buf_free(&packed);
}

static void
part_text(struct buf *b, const struct gen_report *rp)
{
	buf_fmt(b, "Content-Type: text/plain; charset=\"us-ascii\"\n"
	    "Content-Transfer-Encoding: 7bit\n\n"
	    "This is an aggregate DMARC report from %s about %s.\n"
	    "The report is attached; no answer to this message is read.\n",
	    rp->reporter->org_name, rp->domain);
}

static void
part_html(struct buf *b, const struct gen_report *rp)
{
	buf_fmt(b, "Content-Type: text/html; charset=\"us-ascii\"\n"
	    "Content-Transfer-Encoding: 7bit\n\n"
	    "<html><body><p>This is an aggregate DMARC report from <b>%s</b>"
	    " about %s.</p></body></html>\n", rp->reporter->org_name, rp->domain);
}

static void
boundary(struct buf *b, const char *style, struct rng *rng)
{
	buf_fmt(b, "%s%016" PRIx64, style, rng_next(rng));
}

static void
body_mixed(struct buf *b, const struct gen_report *rp, const struct buf *xml,
    enum mail_kind kind, struct rng *rng)
{
	struct buf	 bd = { 0 };

	boundary(&bd, "----=_Part_", rng);
	buf_fmt(b, "Content-Type: multipart/mixed; boundary=\"%s\"\n\n"
	    "This is a multi-part message in MIME format.\n--%s\n", bd.p, bd.p);
	part_text(b, rp);
	buf_fmt(b, "\n--%s\n", bd.p);
	part_report(b, rp, xml, kind);
	buf_fmt(b, "\n--%s--\n", bd.p);
	buf_free(&bd);
}

/* mixed > related > alternative, the report beside the innermost. */
static void
body_nested(struct buf *b, const struct gen_report *rp, const struct buf *xml,
    enum mail_kind kind, struct rng *rng)
{
	struct buf	 m = { 0 }, r = { 0 }, a = { 0 };

	boundary(&m, "_mpm_", rng);
	boundary(&r, "_mpr_", rng);
	boundary(&a, "_mpa_", rng);
	buf_fmt(b, "Content-Type: multipart/mixed;\n boundary=\"%s\"\n\n--%s\n"
	    "Content-Type: multipart/related;\n boundary=\"%s\"\n\n--%s\n"
	    "Content-Type: multipart/alternative;\n boundary=\"%s\"\n\n--%s\n",
	    m.p, m.p, r.p, r.p, a.p, a.p);
	part_text(b, rp);
	buf_fmt(b, "\n--%s\n", a.p);
	part_html(b, rp);
	buf_fmt(b, "\n--%s--\n\n--%s--\n\n--%s\n", a.p, r.p, m.p);
	part_report(b, rp, xml, kind);
	buf_fmt(b, "\n--%s--\n", m.p);
	buf_free(&m);
	buf_free(&r);
	buf_free(&a);
}

/* A colleague forwarded it as an attachment. */
static void
body_forwarded(struct buf *b, const struct gen_report *rp, const struct buf *xml,
    enum mail_kind kind, struct rng *rng)
{
	struct buf	 bd = { 0 };

	boundary(&bd, "=-", rng);
	buf_fmt(b, "Content-Type: multipart/mixed; boundary=\"%s\"\n\n--%s\n"
	    "Content-Type: text/plain; charset=utf-8\n\nFYI\n\n--%s\n"
	    "Content-Type: message/rfc822\nContent-Disposition: inline\n\n",
	    bd.p, bd.p, bd.p);
	buf_fmt(b, "From: %s\nTo: %s\n", rp->reporter->email, rua(rp->domain));
	head_subject(b, rp);
	buf_str(b, "Date: ");
	buf_rfc5322_date(b, rp->sent - 600);
	buf_str(b, "\nMIME-Version: 1.0\n");
	part_report(b, rp, xml, kind);
	buf_fmt(b, "\n--%s--\n", bd.p);
	buf_free(&bd);
}

void
mail_report(struct buf *b, const struct gen_report *rp, const struct buf *xml,
    enum mail_kind kind, struct rng *rng)
{
	head_common(b, rp, rng);
	switch (rp->reporter->shape) {
	case SHAPE_TOP:
		part_report(b, rp, xml, kind);
		break;
	case SHAPE_MIXED:
		body_mixed(b, rp, xml, kind, rng);
		break;
	case SHAPE_NESTED:
		body_nested(b, rp, xml, kind, rng);
		break;
	case SHAPE_FORWARDED:
		body_forwarded(b, rp, xml, kind, rng);
		break;
	}
}

/* --- mail that is no report -------------------------------------------- */

void
mail_bounce(struct buf *b, int64_t date, struct rng *rng)
{
	struct buf	 bd = { 0 };

	boundary(&bd, "4", rng);
	buf_str(b, "Return-Path: <>\nDelivered-To: dmarc-reports@example.com\n"
	    "Received: by mx.example.com (Postfix)\n\tid 4B81F2A0C3; ");
	buf_rfc5322_date(b, date);
	buf_str(b, "\nDate: ");
	buf_rfc5322_date(b, date);
	buf_fmt(b, "\nFrom: MAILER-DAEMON@mx.example.com (Mail Delivery System)\n"
	    "Subject: Undelivered Mail Returned to Sender\n"
	    "To: dmarc-reports@example.com\nAuto-Submitted: auto-replied\n"
	    "MIME-Version: 1.0\nContent-Type: multipart/report; "
	    "report-type=delivery-status;\n\tboundary=\"%s\"\n"
	    "Message-ID: <%016" PRIx64 "@mx.example.com>\n\n", bd.p, rng_next(rng));
	buf_fmt(b, "--%s\nContent-Description: Notification\n"
	    "Content-Type: text/plain; charset=us-ascii\n\n"
	    "This is the mail system at host mx.example.com.\n\n"
	    "Your message could not be delivered to one or more recipients.\n\n"
	    "<postmaster@gone.test>: host mx.gone.test[192.0.2.99] said: 550 5.1.1\n"
	    "    User unknown (in reply to RCPT TO command)\n\n", bd.p);
	buf_fmt(b, "--%s\nContent-Description: Delivery report\n"
	    "Content-Type: message/delivery-status\n\n"
	    "Reporting-MTA: dns; mx.example.com\n\n"
	    "Final-Recipient: rfc822; postmaster@gone.test\nAction: failed\n"
	    "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n", bd.p);
	buf_fmt(b, "--%s\nContent-Description: Undelivered Message Headers\n"
	    "Content-Type: text/rfc822-headers\n\n"
	    "From: dmarc-reports@example.com\nTo: postmaster@gone.test\n"
	    "Subject: Question about your report\n\n--%s--\n", bd.p, bd.p);
	buf_free(&bd);
}

void
mail_spam(struct buf *b, int64_t date, struct rng *rng)
{
	struct buf	 bd = { 0 };

	boundary(&bd, "=_", rng);
	head_trace(b, "offers@cheap-lists.test", "dmarc@example.org", date, rng);
	buf_str(b, "Date: ");
	buf_rfc5322_date(b, date);
	buf_fmt(b, "\nFrom: \"DMARC experts\" <offers@cheap-lists.test>\n"
	    "To: dmarc@example.org\nSubject: Your DMARC is BROKEN! Act now\n"
	    "Message-ID: <%016" PRIx64 "@cheap-lists.test>\nMIME-Version: 1.0\n"
	    "Content-Type: multipart/alternative; boundary=\"%s\"\n\n",
	    rng_next(rng), bd.p);
	buf_fmt(b, "--%s\nContent-Type: text/plain; charset=utf-8\n\n"
	    "Dear owner, 97 %% of all domains lose mail. Buy 10000 addresses today.\n\n"
	    "--%s\nContent-Type: text/html; charset=utf-8\n\n"
	    "<p>Dear owner, <b>97 %%</b> of all domains lose mail."
	    " <a href=\"https://cheap-lists.test/\">Buy today</a>.</p>\n\n--%s--\n",
	    bd.p, bd.p, bd.p);
	buf_free(&bd);
}

void
mail_autoreply(struct buf *b, int64_t date, struct rng *rng)
{
	head_trace(b, "postmaster@mx.hosting-nord.test", "dmarc-rua@example.net", date, rng);
	buf_str(b, "Date: ");
	buf_rfc5322_date(b, date);
	buf_fmt(b, "\nFrom: postmaster@mx.hosting-nord.test\n"
	    "To: dmarc-rua@example.net\nSubject: Out of office: your question\n"
	    "Message-ID: <%016" PRIx64 "@mx.hosting-nord.test>\n"
	    "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=us-ascii\n\n"
	    "I am away until Monday and read your mail when I am back.\n",
	    rng_next(rng));
}
