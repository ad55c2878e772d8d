/*
 * test_container.c - packed bytes to documents; the codes are those of the
 * rules for containers (B). Each is read in pieces of several sizes.
 */
#include "cases.h"
#include "pack.h"

#include "decode/container.h"
#include "report/quirk.h"

#define XML "<feedback>one</feedback>"
#define XML2 "<feedback>two</feedback>"

struct docs {
	struct buf	 text;
	bool		 open;
	uint64_t	 quirks;
	unsigned	 n, broken, unreadable;
};

static int
on_begin(void *ctx, enum payload_kind kind, struct err *e)
{
	struct docs	*d = ctx;

	(void)e;
	assert_false(d->open);
	d->open = true;
	d->n++;
	return (buf_cstr(&d->text, kind == PAYLOAD_XML ? "{xml:" : "{json:") ? 0 : -1);
}

static int
on_data(void *ctx, const void *p, size_t n, struct err *e)
{
	struct docs	*d = ctx;

	(void)e;
	assert_true(d->open && n > 0);
	return (buf_add(&d->text, p, n) ? 0 : -1);
}

static int
on_end(void *ctx, const struct err *broken, struct err *e)
{
	struct docs	*d = ctx;

	(void)e;
	assert_true(d->open);
	d->open = false;
	if (broken != NULL) {
		d->broken++;
		assert_true(broken->code == ERR_INPUT || broken->code == ERR_LIMIT);
	}
	return (buf_printf(&d->text, "|%s}", broken == NULL ? "" : broken->msg) ? 0 : -1);
}

static int
on_unreadable(void *ctx, const struct err *why, struct err *e)
{
	struct docs	*d = ctx;

	(void)e;
	assert_false(d->open);
	d->unreadable++;
	assert_true(why->code == ERR_INPUT || why->code == ERR_LIMIT);
	return (buf_printf(&d->text, "{unreadable %s}", why->msg) ? 0 : -1);
}

static void
on_quirk(void *ctx, uint64_t q)
{
	((struct docs *)ctx)->quirks |= q;
}

static void
on_unused(void *ctx)
{
	(void)buf_cstr(&((struct docs *)ctx)->text, "{unused}");
}

static const struct container_sink	 sink = { on_begin, on_data, on_end, on_unreadable, on_quirk, on_unused };

static void
clear(struct docs *d)
{
	struct buf	 text = d->text;

	buf_clear(&text);
	*d = (struct docs){ .text = text };
	(void)buf_cstr(&d->text, "");
}

static void
read_box(struct container *c, struct docs *d, struct str s, size_t piece, bool text)
{
	struct err	 e = { 0 };

	clear(d);
	container_begin(c, text);
	for (size_t at = 0; at < s.len; at += piece) {
		size_t	 n = s.len - at < piece ? s.len - at : piece;
		char	*copy = malloc(n);

		memcpy(copy, s.p + at, n);
		if (container_feed(c, copy, n, &e) == -1)
			fail_msg("%s", e.msg);
		free(copy);
	}
	if (container_finish(c, &e) == -1)
		fail_msg("%s", e.msg);
	assert_false(d->open);
}

/* --- What is packed, by name of the rule --------------------------------------------------------- */

static const struct pack_entry	 one[] = { { "a.xml", STR(XML) } };
static const struct pack_entry	 two[] = { { "d/a.xml", STR(XML) }, { "__MACOSX/d/._a.xml", STR("<x/>") }, { "b.xml", STR(XML2) },
				    { "readme.txt", STR("hello") } };
static const struct pack_entry	 hidden[] = { { "d/__MACOSX/a.xml", STR("<x/>") }, { "._a.xml", STR("<x/>") }, { "d/", STR("") },
				    { ".xml", STR(XML) }, { "../../b.xml", STR(XML2) } };
static const struct pack_entry	 nameless[] = { { "", STR(XML) } };

static void
nest(struct buf *b, int depth)
{
	struct buf	 in = { 0 };

	(void)buf_cstr(b, XML);
	for (int i = 0; i < depth; i++) {
		buf_clear(&in);
		(void)buf_str(&in, buf_as_str(b));
		buf_clear(b);
		pack_gzip(b, buf_as_str(&in));
	}
	buf_free(&in);
}

static void
build(const char *name, struct buf *b)
{
	struct buf	 in = { 0 };
	struct pack_entry en[1];

	if (strstr(name, "plain") != NULL)
		(void)buf_cstr(b, XML);
	else if (strstr(name, "one gzip") != NULL)
		pack_gzip(b, STR(XML));
	else if (strstr(name, "bytes behind") != NULL) {
		pack_gzip(b, STR(XML));
		(void)buf_add(b, "\xec\4\0\0\r\n", 6);
	} else if (strstr(name, "line end behind") != NULL) {
		pack_gzip(b, STR(XML));
		(void)buf_cstr(b, "\r\n");
	} else if (strstr(name, "magic by chance") != NULL) {
		pack_gzip(b, STR(XML));
		(void)buf_add(b, "\x1f\x20garbage", 9);
	} else if (strstr(name, "members") != NULL) {
		pack_gzip(b, STR("<feedback>"));
		pack_gzip(b, STR("one</feed"));
		pack_gzip(b, STR("back>"));
	} else if (strstr(name, "gz in gz") != NULL)
		nest(b, 2);
	else if (strstr(name, "four deep") != NULL)
		nest(b, 4);
	else if (strstr(name, "wrong CRC") != NULL) {
		pack_gzip(b, STR(XML));
		b->p[b->len - 5] ^= 1;
	} else if (strstr(name, "wrong length") != NULL) {
		pack_gzip(b, STR(XML));
		b->p[b->len - 1] ^= 1;
	} else if (strstr(name, "zip, stored") != NULL)
		pack_zip(b, one, 1, ZIP_STORED);
	else if (strstr(name, "zip, deflated") != NULL)
		pack_zip(b, one, 1, 0);
	else if (strstr(name, "descriptor") != NULL)
		pack_zip(b, one, 1, ZIP_DESCRIPTOR);
	else if (strstr(name, "bad directory") != NULL) {
		pack_zip(b, one, 1, 0);
		memcpy(memmem(b->p, b->len, "PK\1\2", 4), "XX\1\2", 4);
	} else if (strstr(name, "hidden names") != NULL)
		pack_zip(b, hidden, nitems(hidden), 0);
	else if (strstr(name, "empty name") != NULL)
		pack_zip(b, nameless, 1, ZIP_DESCRIPTOR);
	else if (strstr(name, "several entries") != NULL)
		pack_zip(b, two, 4, 0);
	else if (strstr(name, "no directory") != NULL)
		pack_zip(b, one, 1, ZIP_NO_DIRECTORY);
	else if (strstr(name, "encrypted") != NULL)
		pack_zip(b, one, 1, ZIP_ENCRYPTED);
	else if (strstr(name, "zip of gz") != NULL) {
		pack_gzip(&in, STR(XML));
		en[0] = (struct pack_entry){ "a.xml.gz", buf_as_str(&in) };
		pack_zip(b, en, 1, ZIP_STORED);
	} else if (strstr(name, "zip in zip") != NULL) {
		pack_zip(&in, one, 1, 0);
		en[0] = (struct pack_entry){ "a.zip", buf_as_str(&in) };
		pack_zip(b, en, 1, 0);
	} else if (strstr(name, "gz of zip") != NULL) {
		pack_zip(&in, one, 1, 0);
		pack_gzip(b, buf_as_str(&in));
	} else if (strstr(name, "empty zip") != NULL)
		pack_zip(b, NULL, 0, 0);
	else if (strstr(name, "bad data in a zip") != NULL) {
		pack_zip(b, one, 1, ZIP_STORED);
		memcpy(strstr(b->p + 30, "one"), "ONE", 3);
	} else if (strstr(name, "7z") != NULL)
		pack_archive(b, PACK_7Z, one, 1);
	else if (strstr(name, "tar.xz") != NULL)
		pack_archive(b, PACK_TAR_XZ, two, 4);
	else if (strstr(name, "tar") != NULL)
		pack_archive(b, PACK_TAR, two, 4);
	else if (strstr(name, "xz") != NULL)
		pack_archive(b, PACK_XZ, one, 1);
	else if (strstr(name, "bzip2") != NULL)
		pack_archive(b, PACK_BZ2, one, 1);
	else if (strstr(name, "unused") != NULL)
		pack_gzip(b, STR("unused"));
	else if (strstr(name, "nothing in it") != NULL)
		pack_gzip(b, STR(""));
	else if (strstr(name, "no bytes") != NULL)
		;
	else if (strstr(name, "charset") != NULL)
		(void)buf_cstr(b, "\x1f\xef\xbf\xbd\x08\x01");
	else if (strstr(name, "msg") != NULL)
		(void)buf_add(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
	else if (strstr(name, "JSON") != NULL)
		(void)buf_cstr(b, " {\"organization-name\":1}");
	else if (strstr(name, "UTF-16") != NULL)
		(void)buf_add(b, "\xff\xfe<\0f\0", 6);
	else if (strcmp(name, "C2 more than one BOM") == 0)
		(void)buf_cstr(b, "\xef\xbb\xbf\xef\xbb\xbf" XML);
	else if (strstr(name, "BOM") != NULL)
		(void)buf_cstr(b, "\xef\xbb\xbf\r\n" XML);
	else
		fail_msg("what is %s?", name);
	buf_free(&in);
}

static const struct box_case { const char *name, *want; uint64_t quirks; } boxes[] = {
	{ "A6 M4 plain XML",			"{xml:" XML "|}", 0 },
	{ "A2 one gzip",			"{xml:" XML "|}", 0 },
	{ "B1 A16 M11 bytes behind the gzip trailer",	"{xml:" XML "|}", QUIRK_GZIP_TAIL },
	{ "AX39 M11 a line end behind it",		"{xml:" XML "|}", QUIRK_GZIP_TAIL },
	{ "B1 a magic by chance behind it",	"{xml:" XML "|}", QUIRK_GZIP_TAIL },
	{ "B2 gzip of several members",		"{xml:" XML "|}", 0 },
	{ "B2 gz in gz",			"{xml:" XML "|}", QUIRK_NESTED },
	{ "B2 gz four deep",			"{unreadable containers stand inside each other too deep (limit nesting)}", QUIRK_NESTED },
	{ "AX28 X11 wrong CRC",			"{xml:" XML "|the gzip data is damaged: its checksum or length does not fit}", 0 },
	{ "AX28 X11 wrong length",			"{xml:" XML "|the gzip data is damaged: its checksum or length does not fit}", 0 },
	{ "B3 zip, stored",			"{xml:" XML "|}", 0 },
	{ "B3 zip, deflated",			"{xml:" XML "|}", 0 },
	{ "B4 zip with a data descriptor",	"{xml:" XML "|}", 0 },
	{ "B4 B3 zip, empty name",			"{xml:" XML "|}", 0 },
	{ "B3 M13 zip with several entries",	"{xml:" XML "|}{xml:" XML2 "|}", 0 },
	{ "B3 zip, hidden names and folders",	"{xml:" XML "|}{xml:" XML2 "|}", 0 },
	{ "B5 zip with a bad directory",	"{xml:" XML "|}", 0 },
	{ "B5 zip with no directory",		"{xml:" XML "|}", 0 },
	{ "B9 encrypted zip",			"{unreadable the archive is encrypted}", 0 },
	{ "B3 zip of gz",			"{xml:" XML "|}", QUIRK_NESTED },
	{ "B3 zip in zip",			"{xml:" XML "|}", QUIRK_NESTED },
	{ "B2 gz of zip",			"{xml:" XML "|}", QUIRK_NESTED },
	{ "B3 empty zip",			"{unreadable the zip archive has no files in it}", 0 },
	{ "AX28 X11 bad data in a zip",		"{xml:<feedback>ONE</feedback>|the archive is damaged: ZIP bad CRC", 0 },
	{ "B9 7z",				"{xml:" XML "|}", 0 },
	{ "B9 tar.xz",				"{xml:" XML "|}{xml:" XML2 "|}", 0 },
	{ "B9 tar",				"{xml:" XML "|}{xml:" XML2 "|}", 0 },
	{ "B9 xz",				"{xml:" XML "|}", 0 },
	{ "B9 bzip2",				"{xml:" XML "|}", 0 },
	{ "B8 AX32 M12 the word unused",			"{unused}", 0 },
	{ "B8 gzip with nothing in it",		"", 0 },
	{ "B8 no bytes",			"", 0 },
	{ "A4 M18 damaged by charset conversion",	"{unreadable the attachment was damaged on its way: binary data was converted", 0 },
	{ "A11 M17 Outlook msg",			"{unreadable an Outlook .msg file; save the mail as .eml", 0 },
	{ "G1 JSON",				"{json: {\"organization-name\":1}|}", 0 },
	{ "C3 UTF-16",				"{xml:\xff\xfe<", 0 },
	{ "C2 BOM",				"{xml:\xef\xbb\xbf\r\n" XML "|}", 0 },
	{ "C2 more than one BOM",			"{xml:\xef\xbb\xbf\xef\xbb\xbf" XML "|}", 0 },
};

static void
test_box(void **state)
{
	const struct box_case	*k = *state;
	struct docs		 d = { 0 };
	struct container	*c = container_new(&limits_default, &sink, &d);
	struct buf		 b = { 0 };

	build(k->name, &b);
	for (size_t piece = 1; piece < 3000; piece = piece < 10 ? piece + 1 : piece * 3) {
		read_box(c, &d, buf_as_str(&b), piece, false);
		if (d.text.len < strlen(k->want) || memcmp(d.text.p, k->want, strlen(k->want)) != 0 || (k->want[0] == '\0' && d.text.len > 0))
			fail_msg("in pieces of %zu: %s", piece, d.text.p);
		if (k->want[0] != '\0' && k->want[strlen(k->want) - 1] == '}' && d.text.len != strlen(k->want))
			fail_msg("in pieces of %zu there is more: %s", piece, d.text.p);
		assert_true(d.quirks == k->quirks);
	}
	container_free(c);
	buf_free(&b);
	buf_free(&d.text);
}

/* --- Cut at every byte (B7): never whole, never silent ------------------------------------------------- */

static const char *const	 cut_names[] = { "B7 one gzip", "B7 gzip of several members", "B7 gz in gz", "B7 zip, stored", "B7 zip, deflated",
				    "B7 zip with a data descriptor", "B7 7z", "B7 xz", "B7 bzip2" };

static void
test_cut(void **state)
{
	const char		*name = *(const char *const *)*state;
	struct docs		 d = { 0 };
	struct container	*c = container_new(&limits_default, &sink, &d);
	struct buf		 b = { 0 };

	build(name, &b);
	for (size_t n = 0; n < b.len; n++) {
		read_box(c, &d, (struct str){ b.p, n }, 7, false);
		/* what came out whole is all of it: a member that ended, or a zip without its directory */
		for (const char *p = d.text.p; p != NULL && (p = strstr(p, "|}")) != NULL; p += 2)
			if (strstr(d.text.p, "{xml:" XML "|}") == NULL && strstr(name, "members") == NULL)
				fail_msg("cut at %zu: %s", n, d.text.p);
		if (n > 8 && d.n == 0 && d.unreadable == 0)
			fail_msg("cut at %zu nobody is told", n);
	}
	read_box(c, &d, buf_as_str(&b), 7, false);
	assert_string_equal(d.text.p, "{xml:" XML "|}");
	container_free(c);
	buf_free(&b);
	buf_free(&d.text);
}

/* --- Limits (B6) ------------------------------------------------------------------------------------------ */

static void
test_bombs(void **state)
{
	struct limits		 l = limits_default;
	struct docs		 d = { 0 };
	struct container	*c;
	struct buf		 b = { 0 }, big = { 0 };
	struct pack_entry	 many[30];

	(void)state;
	(void)buf_cstr(&big, "<feedback>");
	for (size_t i = 0; i < (size_t)12 << 20; i++)
		(void)buf_byte(&big, ' ');
	l.ratio = 100;
	c = container_new(&l, &sink, &d);
	pack_gzip(&b, buf_as_str(&big));
	read_box(c, &d, buf_as_str(&b), 65536, false);
	assert_int_equal(d.broken, 1);
	assert_non_null(strstr(d.text.p, "over the limit ratio = 100"));
	buf_clear(&b);
	pack_zip(&b, &(struct pack_entry){ "a.xml", buf_as_str(&big) }, 1, 0);
	read_box(c, &d, buf_as_str(&b), 65536, false);
	assert_int_equal(d.broken, 1);
	assert_non_null(strstr(d.text.p, "over the limit ratio = 100"));
	container_free(c);

	l = limits_default;
	l.unpacked_bytes = 1u << 20;
	c = container_new(&l, &sink, &d);
	read_box(c, &d, buf_as_str(&b), 65536, false);
	assert_int_equal(d.broken, 1);
	assert_non_null(strstr(d.text.p, "over the limit unpacked_bytes = 1048576"));
	assert_true(d.text.len < (2u << 20));
	container_free(c);

	/* the parts of a mail together; the next mail begins anew */
	l.unpacked_bytes = 8u << 20;
	big.len = 5u << 20;
	c = container_new(&l, &sink, &d);
	buf_clear(&b);
	pack_gzip(&b, buf_as_str(&big));
	for (int i = 0; i < 4; i++) {
		if (i % 2 == 0)
			container_mail(c);
		read_box(c, &d, buf_as_str(&b), 65536, false);
		assert_int_equal(d.broken, i % 2);
	}
	assert_non_null(strstr(d.text.p, "over the limit unpacked_bytes = 8388608, all parts of the mail together"));
	container_free(c);

	/* entries, all of them together */
	l = limits_default;
	for (size_t i = 0; i < nitems(many); i++)
		many[i] = one[0];
	c = container_new(&l, &sink, &d);
	buf_clear(&b);
	pack_zip(&b, many, nitems(many), 0);
	read_box(c, &d, buf_as_str(&b), 100, false);
	assert_int_equal(d.n, 20);
	assert_int_equal(d.unreadable, 1);
	assert_non_null(strstr(d.text.p, "over the limit entries = 20"));
	container_free(c);

	/* a zip that says it is huge is believed nothing */
	c = container_new(&l, &sink, &d);
	buf_clear(&b);
	pack_zip(&b, one, 1, ZIP_LYING_SIZE | ZIP_DESCRIPTOR);
	read_box(c, &d, buf_as_str(&b), 100, false);
	assert_true(d.text.len < 1000);
	container_free(c);

	l.packed_bytes = 4096;
	c = container_new(&l, &sink, &d);
	buf_clear(&b);
	pack_zip(&b, many, nitems(many), ZIP_STORED);
	while (b.len < 5000)
		(void)buf_byte(&b, 0);
	read_box(c, &d, buf_as_str(&b), 100, false);
	assert_int_equal(d.unreadable, 1);
	assert_non_null(strstr(d.text.p, "over the limit packed_bytes"));
	container_free(c);
	buf_free(&b);
	buf_free(&big);
	buf_free(&d.text);
}

/* What is passed over has to be unpacked all the same: it counts. */
static void
test_hidden(void **state)
{
	struct limits		 l = limits_default;
	struct docs		 d = { 0 };
	struct container	*c;
	struct buf		 b = { 0 }, big = { 0 };
	struct pack_entry	 pair[2];

	(void)state;
	for (size_t i = 0; i < (size_t)4 << 20; i++)
		(void)buf_byte(&big, 0);
	pair[0] = (struct pack_entry){ "._hidden", buf_as_str(&big) };
	pair[1] = one[0];
	for (int f = PACK_7Z; f <= PACK_TAR_XZ; f++) {
		buf_clear(&b);
		pack_archive(&b, (enum pack_format)f, pair, 2);
		l.unpacked_bytes = (5u << 20);
		c = container_new(&l, &sink, &d);
		read_box(c, &d, buf_as_str(&b), 65536, false);
		assert_string_equal(d.text.p, "{xml:" XML "|}");
		container_free(c);
		l.unpacked_bytes = (3u << 20);
		c = container_new(&l, &sink, &d);
		read_box(c, &d, buf_as_str(&b), 65536, false);
		assert_string_equal(d.text.p, "{unreadable over the limit unpacked_bytes = 3145728}");
		/* one that is looked at: what stands behind it is not gone to */
		buf_clear(&b);
		pair[0].name = "large.bin";
		pack_archive(&b, (enum pack_format)f, pair, 2);
		container_mail(c);
		read_box(c, &d, buf_as_str(&b), 65536, false);
		assert_string_equal(d.text.p, "{unreadable over the limit unpacked_bytes = 3145728}");
		pair[0].name = "._hidden";
		container_free(c);
	}
	buf_free(&b);
	buf_free(&big);
	buf_free(&d.text);
}

static void
test_deadline(void **state)
{
	struct docs		 d = { 0 };
	struct container	*c = container_new(&limits_default, &sink, &d);
	struct buf		 b = { 0 };

	(void)state;
	container_deadline(c, -1);	/* long ago */
	pack_gzip(&b, STR(XML));
	read_box(c, &d, buf_as_str(&b), 100, false);
	assert_int_equal(d.n, 0);
	assert_int_equal(d.unreadable, 1);
	assert_non_null(strstr(d.text.p, "{unreadable unpacking it takes more computing time"));
	container_free(c);
	buf_free(&b);
	buf_free(&d.text);
}

/* --- Text parts (A6, M15): only what begins as a report does ------------------------------------------------- */

static void
test_text(void **state)
{
	static const struct { const char *text; unsigned n; } cases[] = {
		{ "<?xml version=\"1.0\"?>", 1 }, { "\r\n <FEEDBACK>", 1 }, { "<feedback xmlns=''>", 1 }, { "<html>", 0 },
		{ "<a@b.example> wrote:", 0 }, { "<ns1:feedback xmlns:ns1='x'>", 1 },
		{ "<!-- made by us -->\n<feedback>", 1 }, { "<x><feedback/></x>", 1 }, { "<p>your feedback</p>", 0 }, { "< feedback", 0 }, { "hello", 0 }, { "", 0 },
	};
	struct docs		 d = { 0 };
	struct container	*c = container_new(&limits_default, &sink, &d);

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		read_box(c, &d, str_of(cases[i].text), 3, true);
		if (d.n != cases[i].n)
			fail_msg("%s: %u", cases[i].text, d.n);
	}
	container_free(c);
	buf_free(&d.text);
}

/* A sink that fails stops the reading with its own error. */
static int
fail_data(void *ctx, const void *p, size_t n, struct err *e)
{
	(void)ctx, (void)p, (void)n;
	return (err_set(e, ERR_TEMP, "asked to fail"));
}

static void
test_sink_fails(void **state)
{
	static const struct container_sink	 bad = { on_begin, fail_data, on_end, on_unreadable, on_quirk, on_unused };
	struct docs				 d = { 0 };
	struct container			*c;
	struct buf				 b = { 0 };
	struct err				 e = { 0 };

	(void)state;
	for (size_t i = 0; i < nitems(cut_names); i++) {
		buf_clear(&b);
		clear(&d);
		c = container_new(&limits_default, &bad, &d);
		build(cut_names[i], &b);
		container_begin(c, false);
		if (container_feed(c, b.p, b.len, &e) == 0)
			assert_int_equal(container_finish(c, &e), -1);
		assert_string_equal(e.msg, "asked to fail");
		container_free(c);
	}
	buf_free(&b);
	buf_free(&d.text);
}

int
main(void)
{
	struct cases	 c = { 0 };

	CASES_ADD(&c, boxes, test_box);
	CASES_ADD(&c, cut_names, test_cut);
	case_add(&c, "B6 ratio, unpacked_bytes, entries, packed_bytes, sizes that lie", test_bombs, NULL);
	case_add(&c, "B6 what is passed over in an archive counts", test_hidden, NULL);
	case_add(&c, "B6 what takes too long to unpack", test_deadline, NULL);
	case_add(&c, "A6 M15 text parts", test_text, NULL);
	case_add(&c, "a sink that fails", test_sink_fails, NULL);
	return (cases_run(&c, "container"));
}
