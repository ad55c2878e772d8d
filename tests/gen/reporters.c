/*
 * reporters.c - fourteen reporters, each with the habits of a kind that is
 * met in the field. Names are reserved ones (RFC 2606); the shares are per
 * thousand of all mail and make the picture as lopsided as it really is.
 */
#include <stdio.h>
#include <string.h>

#include "gen.h"

#define R_USUAL	(R_SP | R_MODES | R_SELECTOR | R_SCOPE | R_EFROM)

const struct reporter gen_reporters[] = {
	/* A giant: zip as the whole mail, numbers as ids, np beside pct. */
	{ .org_name = "bigbox.example", .email = "noreply-dmarc-support@bigbox.example",
	  .host = "bigbox.example", .extra = "https://support.bigbox.example/a/answer/2466580",
	  .dialect = D_DRAFT, .ns = NS_NONE, .pack = PACK_ZIP, .shape = SHAPE_TOP,
	  .ctype = "application/zip", .subject = SUBJ_SMALL, .id_style = ID_NUMBER,
	  .layout = LAYOUT_2, .lag_min = 385, .share = 370, .slow = 0,
	  .flags = R_SP | R_NP | R_MODES | R_SELECTOR | R_ARC | R_FORWARD },
	/* A giant with office customers: recipients named, end at midnight. */
	{ .org_name = "Enterprise Outmail", .email = "dmarcreport@outmail.example",
	  .host = "enterprise.outmail.example", .version = "1.0",
	  .dialect = D_RFC7489, .ns = NS_XSD, .pack = PACK_GZIP, .shape = SHAPE_NESTED,
	  .ctype = "application/gzip", .subject = SUBJ_BASE64, .id_style = ID_HEX,
	  .layout = LAYOUT_2, .lag_min = 1130, .share = 260, .slow = 0,
	  .flags = R_USUAL | R_ETO | R_FO | R_ARC | R_SOFT | R_MIDNIGHT },
	/* An old hand: the draft's form, tabs, no sp, no scope. */
	{ .org_name = "Yippee", .email = "dmarchelp@yippee.example",
	  .host = "yippee.example",
	  .dialect = D_DRAFT, .ns = NS_NONE, .pack = PACK_GZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/gzip", .subject = SUBJ_RFC, .id_style = ID_DOTATOM,
	  .layout = LAYOUT_TAB, .lag_min = 510, .share = 90, .slow = 0,
	  .flags = R_MODES | R_SELECTOR | R_LISTS },
	/* Two early movers to the form of RFC 9990. */
	{ .org_name = "GMZ", .email = "noreply-dmarc@gmz.example",
	  .host = "gmz.example", .extra = "https://postmaster.gmz.example/en/case?c=r2002",
	  .version = "1.0", .discovery = "psl",
	  .dialect = D_RFC9990, .ns = NS_20, .pack = PACK_GZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/gzip", .subject = SUBJ_RFC, .id_style = ID_HEX,
	  .layout = LAYOUT_3, .lag_min = 240, .share = 60, .slow = 0,
	  .flags = R_USUAL | R_LISTS },
	{ .org_name = "mx.webpost.test", .email = "dmarc@webpost.test",
	  .host = "mx.webpost.test", .generator = "postd 3.2", .discovery = "treewalk",
	  .dialect = D_RFC9990, .ns = NS_20_PREFIX, .pack = PACK_GZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/gzip", .subject = SUBJ_FOLDED, .id_style = ID_ANGLE,
	  .layout = LAYOUT_2, .lag_min = 95, .share = 40, .slow = 0,
	  .flags = R_USUAL | R_NP | R_FO | R_PASS | R_ARC },
	/* Semicolons in the subject, everything in one line. */
	{ .org_name = "Poshta.Example", .email = "dmarc_support@poshta.example",
	  .host = "poshta.example", .extra = "https://help.poshta.example/mail-help",
	  .dialect = D_RFC7489, .ns = NS_NONE, .pack = PACK_GZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/gzip", .subject = SUBJ_SEMICOLON, .id_style = ID_NUMBER,
	  .layout = LAYOUT_LINE, .lag_min = 190, .share = 30, .slow = 1,
	  .flags = R_SP | R_MODES | R_SELECTOR | R_SCOPE | R_MIDNIGHT },
	/* A cloud: octet-stream, file name in pieces, braces. */
	{ .org_name = "CLOUDPOST", .email = "postmaster@cloudpost.example",
	  .host = "cloudpost.example", .version = "1.0",
	  .dialect = D_RFC7489, .ns = NS_NONE, .pack = PACK_GZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/octet-stream", .subject = SUBJ_BRACES, .id_style = ID_UUID,
	  .layout = LAYOUT_LINE, .lag_min = 310, .share = 35, .slow = 0,
	  .flags = R_USUAL | R_FO | R_MIDNIGHT | R_SPLIT_NAME },
	/* A mail house that goes by the book of 2015; falls silent. */
	{ .org_name = "Swiftmail Pty Ltd", .email = "reports@swiftmail.example",
	  .host = "swiftmail.example", .version = "1.0",
	  .dialect = D_RFC7489, .ns = NS_NONE, .pack = PACK_GZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/gzip", .subject = SUBJ_RFC, .id_style = ID_RANGE,
	  .layout = LAYOUT_FLAT, .lag_min = 60, .share = 45, .silent = 7,
	  .flags = R_SP | R_SELECTOR | R_SCOPE | R_EFROM | R_ARC | R_FORWARD },
	/* No selectors at all. */
	{ .org_name = "eastpost.example", .email = "dmarc@eastpost.example",
	  .host = "eastpost.example",
	  .dialect = D_DRAFT, .ns = NS_NONE, .pack = PACK_ZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/x-zip-compressed", .subject = SUBJ_RFC, .id_style = ID_RANGE,
	  .layout = LAYOUT_TAB, .offset_h = -8, .lag_min = 420, .share = 25,
	  .flags = R_SP | R_MODES },
	/* A filtering gateway: the gzip is the whole mail. */
	{ .org_name = "dmarc.mailgate.example", .email = "no-reply@dmarc.mailgate.example",
	  .host = "dmarc.mailgate.example", .extra = "https://community.mailgate.example/docs/DOC-0001",
	  .version = "1.0",
	  .dialect = D_RFC7489, .ns = NS_NONE, .pack = PACK_GZIP, .shape = SHAPE_TOP,
	  .ctype = "application/gzip", .subject = SUBJ_SMALL, .id_style = ID_HEX,
	  .layout = LAYOUT_2, .lag_min = 700, .share = 20,
	  .flags = R_USUAL | R_FO },
	/* A small hoster: plain XML, quoted-printable. */
	{ .org_name = "Hosting Nord", .email = "postmaster@mx.hosting-nord.test",
	  .host = "mx.hosting-nord.test", .version = "1.0",
	  .dialect = D_RFC7489, .ns = NS_NONE, .pack = PACK_PLAIN, .shape = SHAPE_MIXED,
	  .cte = CTE_QP, .ctype = "text/xml", .subject = SUBJ_RFC, .id_style = ID_RANGE,
	  .layout = LAYOUT_3, .lag_min = 20, .share = 8,
	  .flags = R_USUAL | R_FORWARD },
	/* A university: a record for each message, with words for people. */
	{ .org_name = "mail.university.test", .email = "postmaster@mail.university.test",
	  .host = "mail.university.test",
	  .dialect = D_RFC7489, .ns = NS_01, .pack = PACK_ZIP, .shape = SHAPE_MIXED,
	  .version = "1.0", .ctype = "application/zip", .subject = SUBJ_RFC, .id_style = ID_RANGE,
	  .layout = LAYOUT_2, .lag_min = 15, .share = 6,
	  .flags = R_USUAL | R_HUMAN | R_SPLIT | R_LISTS },
	/* A gateway in an office: two days in one report, plain text. */
	{ .org_name = "Acme gateway", .email = "admin@gateway.acme.example",
	  .host = "gateway.acme.example", .version = "1.0",
	  .dialect = D_RFC7489, .ns = NS_NONE, .pack = PACK_PLAIN, .shape = SHAPE_FORWARDED,
	  .cte = CTE_7BIT, .ctype = "application/xml", .subject = SUBJ_RFC, .id_style = ID_DOTATOM,
	  .layout = LAYOUT_FLAT, .offset_h = 15, .days = 2, .lag_min = 5, .share = 5,
	  .flags = R_SP | R_MODES | R_SELECTOR | R_SCOPE | R_EFROM },
	/* A provider whose day ends at 15:00 UTC and whose root has a prefix. */
	{ .org_name = "Nippost", .email = "dmarc-report@nippost.test",
	  .host = "nippost.test", .version = "1.0",
	  .dialect = D_RFC7489, .ns = NS_01_ROOT, .pack = PACK_ZIP, .shape = SHAPE_MIXED,
	  .ctype = "application/zip", .subject = SUBJ_JP, .id_style = ID_NUMBER,
	  .layout = LAYOUT_2, .offset_h = -9, .lag_min = 150, .share = 6,
	  .flags = R_USUAL | R_FO },
};
const size_t gen_nreporters = nitems(gen_reporters);

/* The last two labels: right for all the names above, which is all we need. */
void
reporter_key(const struct reporter *r, char *out, size_t size)
{
	const char	*name = r->org_name, *p;
	size_t		 i = 0;
	int		 dots = 0;

	if (strchr(name, '.') == NULL || strchr(name, ' ') != NULL)
		name = strchr(r->email, '@') + 1;
	for (p = name + strlen(name); p > name; p--)
		if (p[-1] == '.' && ++dots == 2)
			break;
	for (; *p != '\0' && i + 1 < size; p++)
		out[i++] = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	out[i] = '\0';
}
