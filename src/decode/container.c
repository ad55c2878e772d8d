/*
 * container.c - see container.h.
 *
 * A stack of layers: each gets bytes, makes others of them and gives those to
 * the next. gzip and plain text stream through; a zip is held in memory (its
 * directory stands at the end) up to the limit packed_bytes.
 */
#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "base/when.h"
#include "decode/container.h"
#include "report/copy.h"
#include "report/quirk.h"
#include "report/refusal.h"

#define HEAD_SIZE 512		/* enough to know any format */
#define RATIO_FROM ((uint64_t)10 << 20)
#define LAYERS 10

enum layer_kind { L_SNIFF, L_GZIP, L_HOLD, L_BASE64, L_PASS, L_DROP };

struct layer {
	enum layer_kind	 kind;
	unsigned char	 head[HEAD_SIZE];
	size_t		 nhead;
	z_stream	 z;
	bool		 z_ready;
	bool		 z_ended;	/* the last member is complete */
	bool		 tail;
	struct buf	 held;
	int		 format;	/* of L_HOLD, see hold_format */
	unsigned	 bits, nbits;	/* of L_BASE64: read and not yet given on */
};

struct container {
	const struct limits		*limits;
	const struct container_sink	*sink;
	void				*ctx;
	struct layer			 layers[LAYERS];
	bool				 text;
	uint64_t			 packed, unpacked;	/* of the whole part */
	int64_t				 cpu_until;		/* ms, as when_cpu_ms counts */
	uint64_t			 others;		/* unpacked from other parts of the same mail */
	struct err			 broken;		/* why the layer above is not sound */
	bool				 enough;		/* given up in the middle of an entry: nothing more is unpacked from this archive */
	unsigned char			*out;			/* of inflate, one per layer */
	char				 entry[128];
};

/* F_ZIP_STREAM: by its local headers, where the directory is bad. */
enum hold_format { F_ZIP, F_7Z, F_XZ, F_BZ2, F_TAR, F_ZIP_STREAM };
static const char *const	 format_names[] = { "zip", "7z", "xz", "bzip2", "tar", "zip" };

#define OUT_SIZE ((size_t)64 * 1024)

struct container *
container_new(const struct limits *l, const struct container_sink *sink, void *ctx)
{
	struct container	*c = calloc(1, sizeof(*c));

	if (c == NULL || (c->out = malloc(OUT_SIZE * LAYERS)) == NULL) {
		free(c);
		return (NULL);
	}
	c->limits = l;
	c->cpu_until = INT64_MAX;
	c->sink = sink;
	c->ctx = ctx;
	return (c);
}

void
container_free(struct container *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < LAYERS; i++) {
		if (c->layers[i].z_ready)
			(void)inflateEnd(&c->layers[i].z);
		buf_free(&c->layers[i].held);
	}
	free(c->out);
	free(c);
}

static void
layer_clear(struct layer *l)
{
	l->kind = L_SNIFF;
	l->nhead = 0;
	l->z_ended = l->tail = false;
	buf_clear(&l->held);
	if (l->held.cap > (1u << 20))
		buf_free(&l->held);
}

void
container_mail(struct container *c)
{
	c->others = c->packed = c->unpacked = 0;
}

void
container_begin(struct container *c, bool text)
{
	c->text = text;
	c->others += c->unpacked;
	c->packed = c->unpacked = 0;
	c->broken.code = ERR_NONE;
	c->entry[0] = '\0';
	layer_clear(&c->layers[0]);
}

void
container_deadline(struct container *c, int64_t cpu_ms)
{
	c->cpu_until = cpu_ms;
}

static int
unreadable(struct container *c, struct layer *l, enum refusal code, const char *text, struct err *e)
{
	struct err	 why;

	refusal_set(&why, code, 0, "%s", text);
	l->kind = L_DROP;
	return (c->sink->unreadable(c->ctx, &why, e));
}

static int layer_feed(struct container *, unsigned, const unsigned char *, size_t, struct err *);
static int layer_finish(struct container *, unsigned, struct err *);

/* Counts what comes out of a container; over a limit it is broken from here on. */
static bool
count_out(struct container *c, uint64_t n)
{
	c->unpacked += n;
	if (c->unpacked + c->others > c->limits->unpacked_bytes) {
		refusal_set(&c->broken, REFUSAL_OVER_LIMIT, 0, "over the limit unpacked_bytes = %llu%s",
		    (unsigned long long)c->limits->unpacked_bytes, c->others > 0 ? ", all parts of the mail together" : "");
		return (false);
	}
	if (c->unpacked > RATIO_FROM && c->unpacked / c->limits->ratio > c->packed) {
		refusal_set(&c->broken, REFUSAL_OVER_LIMIT, 0, "over the limit ratio = %llu: %llu bytes came out of %llu",
		    (unsigned long long)c->limits->ratio, (unsigned long long)c->unpacked, (unsigned long long)c->packed);
		return (false);
	}
	if (when_cpu_ms() > c->cpu_until) {
		refusal_set(&c->broken, REFUSAL_TOO_SLOW, 0, "unpacking it takes more computing time than a quarter of the limit seconds = %llu",
		    (unsigned long long)c->limits->seconds);
		return (false);
	}
	return (true);
}

/* --- gzip ------------------------------------------------------------------------ */

static int
gzip_begin(struct container *c, unsigned i, struct err *e)
{
	struct layer	*l = &c->layers[i];

	if (i + 1 > c->limits->nesting || i + 1 >= LAYERS)
		return (unreadable(c, l, REFUSAL_OVER_LIMIT, "containers stand inside each other too deep (limit nesting)", e));
	if (i > 0)
		c->sink->quirk(c->ctx, QUIRK_NESTED);
	if (l->z_ready ? inflateReset(&l->z) != Z_OK : inflateInit2(&l->z, 15 + 16) != Z_OK)
		return (err_set(e, ERR_TEMP, "out of memory"));
	l->z_ready = true;
	l->kind = L_GZIP;
	l->z_ended = false;
	layer_clear(&c->layers[i + 1]);
	return (0);
}

const char *
container_entry(const struct container *c)
{
	return (c->entry);
}

static int
gzip_broken(struct container *c, unsigned i, enum refusal code, const char *text, struct err *e)
{
	if (c->broken.code == ERR_NONE) {
		refusal_set(&c->broken, code, 0, "%s", text);
		if (i == 0)	/* what is inside of something has its place there */
			c->broken.byte = c->packed - c->layers[i].z.avail_in + 1;
	}
	c->layers[i].kind = L_DROP;
	return (layer_finish(c, i + 1, e));
}

static int
gzip_feed(struct container *c, unsigned i, const unsigned char *p, size_t n, struct err *e)
{
	struct layer	*l = &c->layers[i];
	unsigned char	*out = c->out + OUT_SIZE * i;
	size_t		 got;
	int		 rc;

	l->z.next_in = (unsigned char *)(uintptr_t)p;
	l->z.avail_in = (unsigned)n;
	while (l->z.avail_in > 0 && !l->tail) {
		if (l->z_ended) {
			/* another member, or a tail that some gateways leave behind */
			if (*l->z.next_in != 0x1f) {
				l->tail = true;
				c->sink->quirk(c->ctx, QUIRK_GZIP_TAIL);
				break;
			}
			if (inflateReset(&l->z) != Z_OK)
				return (err_set(e, ERR_TEMP, "out of memory"));
			l->z_ended = false;
		}
		l->z.next_out = out;
		l->z.avail_out = OUT_SIZE;
		rc = inflate(&l->z, Z_NO_FLUSH);
		got = OUT_SIZE - l->z.avail_out;
		if (got > 0) {
			if (!count_out(c, got)) {
				l->kind = L_DROP;
				return (layer_finish(c, i + 1, e));
			}
			if (layer_feed(c, i + 1, out, got, e) == -1)
				return (-1);
		}
		if (rc == Z_STREAM_END)
			l->z_ended = true;
		else if (rc != Z_OK && rc != Z_BUF_ERROR) {
			if (l->z.total_out == 0 && got == 0 && c->unpacked > 0 && l->z.total_in < 10) {
				l->tail = true;	/* 1f by chance: a tail after all */
				l->z_ended = true;
				c->sink->quirk(c->ctx, QUIRK_GZIP_TAIL);
				break;
			}
			if (l->z.msg != NULL && strstr(l->z.msg, "check") != NULL)
				return (gzip_broken(c, i, REFUSAL_CHECKSUM, "the gzip data is damaged: its checksum or length does not fit", e));
			return (gzip_broken(c, i, REFUSAL_DAMAGED, "the gzip data is damaged", e));
		}
	}
	return (0);
}

/* --- base64 that no header declares -------------------------------------------------- */

static int
sextet(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return (c - 'A');
	if (c >= 'a' && c <= 'z')
		return (c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (c - '0' + 52);
	return (c == '+' ? 62 : c == '/' ? 63 : -1);
}

/* Nothing but base64, and what it says begins as JSON or gzip do (rule T2). */
static bool
is_base64(const struct layer *l)
{
	unsigned char	 first[3] = { 0 };
	unsigned	 bits = 0, n = 0;
	int		 v;

	for (size_t i = 0; i < l->nhead; i++) {
		unsigned char	 c = l->head[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || (c == '=' && n > 16))
			continue;
		if ((v = sextet(c)) == -1)
			return (false);
		if (n < 4)
			bits = bits << 6 | (unsigned)v;
		if (++n == 4) {
			first[0] = (unsigned char)(bits >> 16);
			first[1] = (unsigned char)(bits >> 8);
			first[2] = (unsigned char)bits;
		}
	}
	return (n >= 16 && (first[0] == '{' || (first[0] == 0x1f && first[1] == 0x8b) || memcmp(first, "\xef\xbb\xbf", 3) == 0));
}

static int
base64_begin(struct container *c, unsigned i, struct err *e)
{
	struct layer	*l = &c->layers[i];

	if (i + 1 > c->limits->nesting || i + 1 >= LAYERS)
		return (unreadable(c, l, REFUSAL_OVER_LIMIT, "containers stand inside each other too deep (limit nesting)", e));
	c->sink->quirk(c->ctx, CONTAINER_BASE64);
	l->kind = L_BASE64;
	l->bits = l->nbits = 0;
	layer_clear(&c->layers[i + 1]);
	return (0);
}

/* What is no base64 is passed over: lines may have any length, and signs of any sort between them. */
static int
base64_feed(struct container *c, unsigned i, const unsigned char *p, size_t n, struct err *e)
{
	struct layer	*l = &c->layers[i];
	unsigned char	*out = c->out + OUT_SIZE * i;
	size_t		 got = 0;
	int		 v;

	for (size_t k = 0; k < n; k++) {
		if ((v = sextet(p[k])) == -1)
			continue;
		l->bits = (l->bits << 6 | (unsigned)v) & 0xffffff;
		l->nbits += 6;
		if (l->nbits >= 8) {
			l->nbits -= 8;
			out[got++] = (unsigned char)(l->bits >> l->nbits);
		}
		if (got == OUT_SIZE || (k + 1 == n && got > 0)) {
			if (layer_feed(c, i + 1, out, got, e) == -1)
				return (-1);
			got = 0;
		}
	}
	return (got == 0 ? 0 : layer_feed(c, i + 1, out, got, e));
}

/* --- zip and other archives, from memory -------------------------------------------- */

static struct archive *
archive_for(int format)
{
	struct archive	*ar = archive_read_new();
	int		 rc = ARCHIVE_OK;

	if (ar == NULL)
		return (NULL);
	switch (format) {
	case F_ZIP:
		rc = archive_read_support_format_zip(ar);
		break;
	case F_ZIP_STREAM:
		rc = archive_read_support_format_zip_streamable(ar);
		break;
	case F_7Z:
		rc = archive_read_support_format_7zip(ar);
		break;
	case F_TAR:
		rc = archive_read_support_format_tar(ar);
		break;
	case F_XZ:
		rc = archive_read_support_filter_xz(ar);
		break;
	case F_BZ2:
		rc = archive_read_support_filter_bzip2(ar);
		break;
	}
	if (format == F_XZ || format == F_BZ2) {
		(void)archive_read_support_format_tar(ar);
		(void)archive_read_support_format_raw(ar);
	}
	if (rc < ARCHIVE_WARN) {
		(void)archive_read_free(ar);
		return (NULL);
	}
	return (ar);
}

static bool
skip_entry(struct archive_entry *en)
{
	const char	*name = archive_entry_pathname(en), *base;

	if (archive_entry_filetype(en) != AE_IFREG && archive_entry_filetype(en) != 0)
		return (true);
	if (name == NULL || name[0] == '\0')
		return (false);
	base = strrchr(name, '/');
	base = base == NULL ? name : base + 1;
	/* what a Macintosh adds; a report without a receiver in its name may well begin with a dot */
	return (strncmp(name, "__MACOSX/", 9) == 0 || strstr(name, "/__MACOSX/") != NULL || strncmp(base, "._", 2) == 0);
}

/* libarchive tells its reasons in words only. */
static enum refusal
archive_refusal(struct archive *ar)
{
	const char	*s = archive_error_string(ar);

	if (s == NULL || strcasestr(s, "truncated") != NULL || strcasestr(s, "end of file") != NULL)
		return (REFUSAL_CUT_SHORT);
	if (strcasestr(s, "crc") != NULL || strcasestr(s, "checksum") != NULL)
		return (REFUSAL_CHECKSUM);
	if (strcasestr(s, "encrypt") != NULL || strcasestr(s, "passphrase") != NULL)
		return (REFUSAL_ENCRYPTED);
	return (REFUSAL_DAMAGED);
}

/* Gives one entry to the next layer; -1 is an error of ours, damage goes to broken. */
static int
entry_read(struct container *c, struct archive *ar, unsigned i, struct err *e)
{
	const void	*p;
	size_t		 n;
	la_int64_t	 off, expect = 0;
	int		 rc;

	layer_clear(&c->layers[i + 1]);
	c->broken.code = ERR_NONE;
	while ((rc = archive_read_data_block(ar, &p, &n, &off)) == ARCHIVE_OK) {
		if (off != expect) {	/* holes have no place in a report */
			refusal_set(&c->broken, REFUSAL_DAMAGED, 0, "the archive entry has holes");
			c->enough = true;
			break;
		}
		expect += (la_int64_t)n;
		if (!count_out(c, n)) {
			c->enough = true;
			break;
		}
		if (n > 0 && layer_feed(c, i + 1, p, n, e) == -1)	/* an empty block has no place */
			return (-1);
	}
	if (rc != ARCHIVE_EOF && c->broken.code == ERR_NONE)
		refusal_set(&c->broken, archive_refusal(ar), 0, "the archive is damaged: %s",
		    archive_error_string(ar) == NULL ? "cut short" : archive_error_string(ar));
	rc = layer_finish(c, i + 1, e);
	c->broken.code = ERR_NONE;
	return (rc);
}

/* Names are anybody's text: what is no plain name is told by its number. */
static void
name_entry(struct container *c, struct archive_entry *en, unsigned number)
{
	const char	*name = archive_entry_pathname(en), *base = name == NULL ? NULL : strrchr(name, '/');
	struct str	 s = str_of(base == NULL ? name : base + 1);

	(void)snprintf(c->entry, sizeof(c->entry), "#%u", number);
	if (s.len == 0 || s.len >= sizeof(c->entry) || !str_utf8_ok(s))
		return;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return;
	memcpy(c->entry, s.p, s.len + 1);
}

/*
 * What is passed over counts all the same: behind a filter, or with a size that
 * is not known beforehand, libarchive unpacks it to get past it.
 */
static bool
pass_over(struct container *c, struct archive *ar)
{
	const void	*p;
	size_t		 n;
	la_int64_t	 off;

	while (archive_read_data_block(ar, &p, &n, &off) == ARCHIVE_OK)
		if (!count_out(c, n))
			return (false);
	return (true);
}

/* Headers and what stands between them: bytes that came through the filter, without an entry of ours. */
static bool
few_headers(struct container *c, struct archive *ar)
{
	if (archive_filter_bytes(ar, 0) <= (la_int64_t)c->limits->unpacked_bytes)
		return (true);
	refusal_set(&c->broken, REFUSAL_OVER_LIMIT, 0, "over the limit unpacked_bytes = %llu",
	    (unsigned long long)c->limits->unpacked_bytes);
	return (false);
}

/* Its entries, one after another; *seen counts them. What libarchive said last is in *rc. */
static int
entries(struct container *c, struct archive *ar, unsigned i, unsigned *seen, int *rc, struct err *e)
{
	struct layer		*l = &c->layers[i];
	struct archive_entry	*en;
	int			 rv = 0;
	char			 text[64];

	*rc = archive_read_open_memory(ar, l->held.p, l->held.len);
	while (*rc >= ARCHIVE_WARN && rv == 0) {
		if ((*rc = archive_read_next_header(ar, &en)) < ARCHIVE_WARN || *rc == ARCHIVE_EOF)
			break;
		if (!few_headers(c, ar) || (skip_entry(en) && !pass_over(c, ar))) {
			struct err	 why = c->broken;

			c->broken.code = ERR_NONE;
			++*seen;
			return (unreadable(c, l, refusal_of(&why), why.msg, e));
		}
		if (skip_entry(en))
			continue;
		name_entry(c, en, ++*seen);
		if (archive_entry_is_encrypted(en))
			return (unreadable(c, l, REFUSAL_ENCRYPTED, "the archive is encrypted", e));
		if (*seen > c->limits->entries) {
			(void)snprintf(text, sizeof(text), "over the limit entries = %llu", (unsigned long long)c->limits->entries);
			return (unreadable(c, l, REFUSAL_OVER_LIMIT, text, e));
		}
		c->enough = false;
		rv = entry_read(c, ar, i, e);
		/* to get to the next one libarchive would unpack the rest, however much it is */
		if (c->enough)
			break;
	}
	return (rv);
}

static int
hold_finish(struct container *c, unsigned i, struct err *e)
{
	struct layer	*l = &c->layers[i];
	struct archive	*ar = NULL;
	unsigned	 seen = 0;
	int		 rc, rv;
	char		 text[256];

	for (;;) {
		if ((ar = archive_for(l->format)) == NULL)
			return (err_set(e, ERR_TEMP, "archive: out of memory, or libarchive lacks %s", format_names[l->format]));
		rv = entries(c, ar, i, &seen, &rc, e);
		if (rv == -1 || seen > 0 || l->format != F_ZIP)
			break;
		/* nothing by its directory: by its local headers then */
		(void)archive_read_free(ar);
		l->format = F_ZIP_STREAM;
	}
	/* An archive without a directory still gave its entries: then its end is no matter. */
	if (rv == 0 && seen == 0) {
		(void)snprintf(text, sizeof(text), "the %s archive %s%s", format_names[l->format],
		    rc == ARCHIVE_EOF ? "has no files in it" : "is damaged: ",
		    rc == ARCHIVE_EOF || archive_error_string(ar) == NULL ? "" : archive_error_string(ar));
		rv = unreadable(c, l, rc == ARCHIVE_EOF ? REFUSAL_EMPTY_ARCHIVE : archive_refusal(ar), text, e);
	}
	(void)archive_read_free(ar);
	return (rv);
}

/* --- Which format is it? -------------------------------------------------------------- */

static bool
begins(const struct layer *l, const char *magic, size_t n)
{
	return (l->nhead >= n && memcmp(l->head, magic, n) == 0);
}

static int
hold_begin(struct container *c, unsigned i, int format, struct err *e)
{
	struct layer	*l = &c->layers[i];

	if (i + 1 > c->limits->nesting || i + 1 >= LAYERS)
		return (unreadable(c, l, REFUSAL_OVER_LIMIT, "containers stand inside each other too deep (limit nesting)", e));
	if (i > 0)
		c->sink->quirk(c->ctx, QUIRK_NESTED);
	l->kind = L_HOLD;
	l->format = format;
	return (0);
}

/* A tag of that name, with a prefix or without, among the first bytes. */
static bool
names_feedback(struct str s)
{
	struct str	 name;
	const char	*colon;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '<')
			continue;
		name = (struct str){ s.p + i + 1, 0 };
		while (i + 1 + name.len < s.len && (unsigned char)name.p[name.len] > ' ' && strchr("<>/", name.p[name.len]) == NULL)
			name.len++;
		if (name.len > 0 && (colon = memchr(name.p, ':', name.len)) != NULL)
			name = (struct str){ colon + 1, name.len - (size_t)(colon + 1 - name.p) };
		if (str_ieq(name, "feedback"))
			return (true);
	}
	return (false);
}

static int
sniff(struct container *c, unsigned i, struct err *e)
{
	struct layer	*l = &c->layers[i];
	struct str	 s = { (const char *)l->head, l->nhead }, t;

	if (begins(l, "\x1f\x8b", 2))
		return (gzip_begin(c, i, e));
	if (begins(l, "PK\3\4", 4))
		return (hold_begin(c, i, F_ZIP, e));
	if (begins(l, "PK\5\6", 4))
		return (unreadable(c, l, REFUSAL_EMPTY_ARCHIVE, "the zip archive has no files in it", e));
	if (begins(l, "7z\xbc\xaf\x27\x1c", 6))
		return (hold_begin(c, i, F_7Z, e));
	if (begins(l, "\xfd" "7zXZ\0", 6))
		return (hold_begin(c, i, F_XZ, e));
	if (begins(l, "BZh", 3) && l->nhead > 4 && l->head[3] >= '1' && l->head[3] <= '9')
		return (hold_begin(c, i, F_BZ2, e));
	if (l->nhead > 262 && memcmp(l->head + 257, "ustar", 5) == 0)
		return (hold_begin(c, i, F_TAR, e));
	if (begins(l, "\x1f\xef\xbf\xbd", 4))
		return (unreadable(c, l, REFUSAL_DAMAGED_IN_TRANSIT, "the attachment was damaged on its way: binary data was converted as if it were "
		    "text; the sender or a gateway has to be repaired", e));
	if (begins(l, "\xd0\xcf\x11\xe0", 4))
		return (unreadable(c, l, REFUSAL_OUTLOOK_FILE, "an Outlook .msg file; save the mail as .eml, or the report itself", e));
	t = s;
	while (str_starts(t, "\xef\xbb\xbf")) {	/* each program on the way may add one */
		t.p += 3;
		t.len -= 3;
	}
	t = str_trim(t);
	l->kind = L_PASS;
	if (str_starts(s, "\xff\xfe") || str_starts(s, "\xfe\xff") || (s.len > 3 && (memcmp(s.p, "\0<", 2) == 0 || memcmp(s.p, "<\0", 2) == 0)))
		return (c->sink->begin(c->ctx, PAYLOAD_XML, e));
	if (t.len > 0 && t.p[0] == '<' && (!c->text || i > 0 || str_starts(t, "<?xml") || names_feedback(t)))
		return (c->sink->begin(c->ctx, PAYLOAD_XML, e));
	if (t.len > 0 && t.p[0] == '{')
		return (c->sink->begin(c->ctx, PAYLOAD_JSON, e));
	/* a list, or a table, of another program: no original begins so */
	if (copy_looks_like(t) != COPY_NONE)
		return (c->sink->begin(c->ctx, PAYLOAD_JSON, e));
	if (is_base64(l))
		return (base64_begin(c, i, e));
	l->kind = L_DROP;
	if (i > 0 && str_ieq(t, "unused") && c->sink->unused != NULL)
		c->sink->unused(c->ctx);
	return (0);
}

/* --- The stack ------------------------------------------------------------------------- */

static int
layer_feed(struct container *c, unsigned i, const unsigned char *p, size_t n, struct err *e)
{
	struct layer	*l = &c->layers[i];
	size_t		 room;

	if (n == 0)
		return (0);
	if (l->kind == L_SNIFF) {
		room = HEAD_SIZE - l->nhead;
		if (room > n)
			room = n;
		memcpy(l->head + l->nhead, p, room);
		l->nhead += room;
		p += room;
		n -= room;
		if (l->nhead < HEAD_SIZE)
			return (0);
		if (sniff(c, i, e) == -1 || layer_feed(c, i, l->head, l->nhead, e) == -1)
			return (-1);
	}
	if (n == 0)
		return (0);
	switch (l->kind) {
	case L_GZIP:
		return (gzip_feed(c, i, p, n, e));
	case L_BASE64:
		return (base64_feed(c, i, p, n, e));
	case L_PASS:
		return (c->sink->data(c->ctx, p, n, e));
	case L_HOLD:
		if (l->held.len + n > c->limits->packed_bytes)
			return (unreadable(c, l, REFUSAL_OVER_LIMIT, "over the limit packed_bytes", e));
		return (buf_add(&l->held, p, n) ? 0 : err_set(e, ERR_TEMP, "out of memory"));
	case L_SNIFF:
	case L_DROP:
		break;
	}
	return (0);
}

static int
layer_finish(struct container *c, unsigned i, struct err *e)
{
	struct layer	*l = &c->layers[i];
	struct err	 why;

	if (l->kind == L_SNIFF && (sniff(c, i, e) == -1 || layer_feed(c, i, l->head, l->nhead, e) == -1))
		return (-1);
	switch (l->kind) {
	case L_GZIP:
		if (!l->z_ended && c->broken.code == ERR_NONE) {
			refusal_set(&c->broken, REFUSAL_CUT_SHORT, 0, "the gzip data is cut short");
			if (i == 0)
				c->broken.byte = c->packed + 1;
		}
		return (layer_finish(c, i + 1, e));
	case L_BASE64:
		l->kind = L_DROP;
		return (layer_finish(c, i + 1, e));
	case L_PASS:
		l->kind = L_DROP;
		return (c->sink->end(c->ctx, c->broken.code == ERR_NONE ? NULL : &c->broken, e));
	case L_HOLD:
		l->kind = L_DROP;
		if (c->broken.code != ERR_NONE)
			return (c->sink->unreadable(c->ctx, &c->broken, e));
		return (hold_finish(c, i, e));
	case L_SNIFF:
	case L_DROP:
		/* broken before anything came out of it: say so all the same */
		if (i > 0 && c->broken.code != ERR_NONE) {
			why = c->broken;
			c->broken.code = ERR_NONE;
			return (c->sink->unreadable(c->ctx, &why, e));
		}
		break;
	}
	return (0);
}

int
container_feed(struct container *c, const void *data, size_t n, struct err *e)
{
	c->packed += n;
	return (layer_feed(c, 0, data, n, e));
}

int
container_finish(struct container *c, struct err *e)
{
	return (layer_finish(c, 0, e));
}
