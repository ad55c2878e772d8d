/*
 * pack.c - see pack.h.
 */
#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <zlib.h>

#include "pack.h"

static void
deflate_to(struct buf *out, struct str data, int bits)
{
	z_stream	 z = { 0 };
	unsigned char	 chunk[4096];
	int		 rc;

	assert(deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)data.p;
	z.avail_in = (unsigned)data.len;
	do {
		z.next_out = chunk;
		z.avail_out = sizeof(chunk);
		rc = deflate(&z, Z_FINISH);
		(void)buf_add(out, chunk, sizeof(chunk) - z.avail_out);
	} while (rc == Z_OK);
	assert(rc == Z_STREAM_END);
	(void)deflateEnd(&z);
}

void
pack_gzip(struct buf *out, struct str data)
{
	deflate_to(out, data, 15 + 16);
}

static void
le(struct buf *out, uint64_t v, unsigned n)
{
	while (n-- > 0) {
		(void)buf_byte(out, (unsigned char)(v & 0xff));
		v >>= 8;
	}
}

void
pack_zip(struct buf *out, const struct pack_entry *en, size_t n, unsigned flags)
{
	struct buf	 dir = { 0 }, body = { 0 };
	size_t		 base = out->len, at;
	unsigned	 method = flags & ZIP_STORED ? 0 : 8, bits = (flags & ZIP_DESCRIPTOR ? 8u : 0) | (flags & ZIP_ENCRYPTED ? 1u : 0);
	uint32_t	 crc;
	uint64_t	 size;

	for (size_t i = 0; i < n; i++) {
		size_t	 nname = strlen(en[i].name);

		buf_clear(&body);
		if (flags & ZIP_ENCRYPTED)
			(void)buf_add(&body, "0123456789ab", 12);
		if (flags & ZIP_STORED)
			(void)buf_str(&body, en[i].data);
		else
			deflate_to(&body, en[i].data, -15);
		crc = (uint32_t)crc32(0, (const unsigned char *)en[i].data.p, (unsigned)en[i].data.len);
		size = flags & ZIP_LYING_SIZE ? 0xfffffff0u : en[i].data.len;
		at = out->len - base;
		(void)buf_add(out, "PK\3\4", 4);
		le(out, 20, 2);
		le(out, bits, 2);
		le(out, method, 2);
		le(out, 0, 4);
		le(out, flags & ZIP_DESCRIPTOR ? 0 : crc, 4);
		le(out, flags & ZIP_DESCRIPTOR ? 0 : body.len, 4);
		le(out, flags & ZIP_DESCRIPTOR ? 0 : size, 4);
		le(out, nname, 2);
		le(out, 0, 2);
		(void)buf_add(out, en[i].name, nname);
		(void)buf_add(out, body.p, body.len);
		if (flags & ZIP_DESCRIPTOR) {
			(void)buf_add(out, "PK\7\10", 4);
			le(out, crc, 4);
			le(out, body.len, 4);
			le(out, size, 4);
		}
		(void)buf_add(&dir, "PK\1\2", 4);
		le(&dir, 20, 2);
		le(&dir, 20, 2);
		le(&dir, bits, 2);
		le(&dir, method, 2);
		le(&dir, 0, 4);
		le(&dir, crc, 4);
		le(&dir, body.len, 4);
		le(&dir, size, 4);
		le(&dir, nname, 2);
		le(&dir, 0, 12);
		le(&dir, at, 4);
		(void)buf_add(&dir, en[i].name, nname);
	}
	if ((flags & ZIP_NO_DIRECTORY) == 0) {
		at = out->len - base;
		(void)buf_add(out, dir.p, dir.len);
		(void)buf_add(out, "PK\5\6", 4);
		le(out, 0, 4);
		le(out, n, 2);
		le(out, n, 2);
		le(out, dir.len, 4);
		le(out, at, 4);
		le(out, 0, 2);
	}
	assert(!out->failed);
	buf_free(&dir);
	buf_free(&body);
}

void
pack_archive(struct buf *out, enum pack_format f, const struct pack_entry *en, size_t n)
{
	struct archive	*a = archive_write_new();
	size_t		 size = (size_t)16 << 20, used = 0;
	char		*mem = malloc(size);

	assert(a != NULL && mem != NULL);
	switch (f) {
	case PACK_7Z:
		assert(archive_write_set_format_7zip(a) == ARCHIVE_OK);
		break;
	case PACK_TAR:
	case PACK_TAR_XZ:
		assert(archive_write_set_format_ustar(a) == ARCHIVE_OK);
		break;
	case PACK_XZ:
	case PACK_BZ2:
		assert(archive_write_set_format_raw(a) == ARCHIVE_OK);
		break;
	}
	if (f == PACK_XZ || f == PACK_TAR_XZ)
		assert(archive_write_add_filter_xz(a) == ARCHIVE_OK);
	if (f == PACK_BZ2)
		assert(archive_write_add_filter_bzip2(a) == ARCHIVE_OK);
	assert(archive_write_open_memory(a, mem, size, &used) == ARCHIVE_OK);
	for (size_t i = 0; i < n; i++) {
		struct archive_entry	*e = archive_entry_new();

		archive_entry_set_pathname(e, en[i].name);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, (la_int64_t)en[i].data.len);
		assert(archive_write_header(a, e) == ARCHIVE_OK);
		assert(archive_write_data(a, en[i].data.p, en[i].data.len) == (la_ssize_t)en[i].data.len);
		archive_entry_free(e);
	}
	assert(archive_write_close(a) == ARCHIVE_OK);
	(void)archive_write_free(a);
	(void)buf_add(out, mem, used);
	free(mem);
}

void
pack_base64(struct buf *out, struct str s, size_t line)
{
	static const char	 alpha[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t			 in_line = 0;

	for (size_t i = 0; i < s.len; i += 3) {
		unsigned char	 b[3] = { (unsigned char)s.p[i], i + 1 < s.len ? (unsigned char)s.p[i + 1] : 0,
				    i + 2 < s.len ? (unsigned char)s.p[i + 2] : 0 };
		char		 q[4] = { alpha[b[0] >> 2], alpha[(b[0] & 3) << 4 | b[1] >> 4],
				    i + 1 < s.len ? alpha[(b[1] & 15) << 2 | b[2] >> 6] : '=', i + 2 < s.len ? alpha[b[2] & 63] : '=' };

		for (int k = 0; k < 4; k++) {
			(void)buf_byte(out, (unsigned char)q[k]);
			if (++in_line == line) {
				(void)buf_cstr(out, "\r\n");
				in_line = 0;
			}
		}
	}
	if (in_line > 0)
		(void)buf_cstr(out, "\r\n");
}
