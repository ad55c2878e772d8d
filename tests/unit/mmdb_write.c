/*
 * mmdb_write.c - see mmdb_write.h. One tree of 128 bits, IPv4 below ::/96.
 */
#include <arpa/inet.h>

#include "mmdb_write.h"

struct node { uint32_t kind[2], at[2]; };	/* kind 0: nothing, 1: a node, 2: data */

struct mmdb_write {
	enum mmdb_shape	 shape;
	struct node	*nodes;
	size_t		 n;
	struct buf	 data;
};

enum { T_STRING = 2, T_UINT16 = 5, T_UINT32 = 6, T_MAP = 7, T_UINT64 = 9, T_ARRAY = 11 };

static void
control(struct buf *b, unsigned type, size_t len)
{
	unsigned char	 first = (unsigned char)(type < 8 ? type << 5 : 0);

	if (len < 29)
		(void)buf_byte(b, (unsigned char)(first | len));
	else
		(void)buf_byte(b, (unsigned char)(first | 29));
	if (type >= 8)
		(void)buf_byte(b, (unsigned char)(type - 7));
	if (len >= 29)		/* up to 284 */
		(void)buf_byte(b, (unsigned char)(len - 29));
}

static void
string(struct buf *b, const char *s)
{
	control(b, T_STRING, strlen(s));
	(void)buf_cstr(b, s);
}

static void
integer(struct buf *b, unsigned type, uint64_t v)
{
	unsigned	 n = 0;

	while (n < 8 && v >> 8 * n != 0)
		n++;
	control(b, type, n);
	while (n-- > 0)
		(void)buf_byte(b, (unsigned char)(v >> 8 * n));
}

static uint32_t
node_new(struct mmdb_write *w)
{
	if ((w->nodes = realloc(w->nodes, (w->n + 1) * sizeof(*w->nodes))) == NULL)
		abort();
	w->nodes[w->n] = (struct node){ .kind = { 0 } };
	return ((uint32_t)w->n++);
}

struct mmdb_write *
mmdb_write_new(enum mmdb_shape shape)
{
	struct mmdb_write	*w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->shape = shape;
	(void)node_new(w);
	return (w);
}

void
mmdb_write_free(struct mmdb_write *w)
{
	free(w->nodes);
	buf_free(&w->data);
	free(w);
}

static void
data_add(struct mmdb_write *w, const char *country, uint32_t asn, const char *name)
{
	struct buf	*b = &w->data;

	switch (w->shape) {
	case MMDB_COUNTRY:
		control(b, T_MAP, 1);
		string(b, "country");
		control(b, T_MAP, 1);
		string(b, "iso_code");
		string(b, country);
		break;
	case MMDB_FLAT:
		control(b, T_MAP, 1);
		string(b, "country_code");
		string(b, country);
		break;
	case MMDB_ASN:
		control(b, T_MAP, name != NULL ? 2 : 1);
		string(b, "autonomous_system_number");
		integer(b, T_UINT32, asn);
		if (name != NULL) {
			string(b, "autonomous_system_organization");
			string(b, name);
		}
		break;
	default:
		control(b, T_MAP, 1);
		string(b, "weather");
		string(b, "rain");
		break;
	}
}

void
mmdb_write_add(struct mmdb_write *w, const char *net, unsigned bits, const char *country, uint32_t asn, const char *name)
{
	unsigned char	 ip[16] = { 0 };
	uint32_t	 at = 0, child, data = (uint32_t)w->data.len;
	unsigned	 bit;

	if (inet_pton(AF_INET, net, ip + 12) == 1)
		bits += 96;
	else if (inet_pton(AF_INET6, net, ip) != 1)
		abort();
	data_add(w, country, asn, name);
	for (unsigned i = 0; ; i++) {
		bit = ip[i / 8] >> (7 - i % 8) & 1;
		if (i + 1 == bits)
			break;
		if (w->nodes[at].kind[bit] != 1) {
			child = node_new(w);
			for (int k = 0; k < 2; k++) {	/* what was known above still is */
				w->nodes[child].kind[k] = w->nodes[at].kind[bit];
				w->nodes[child].at[k] = w->nodes[at].at[bit];
			}
			w->nodes[at].kind[bit] = 1;
			w->nodes[at].at[bit] = child;
		}
		at = w->nodes[at].at[bit];
	}
	w->nodes[at].kind[bit] = 2;
	w->nodes[at].at[bit] = data;
}

void
mmdb_write_make(struct mmdb_write *w, uint64_t epoch, struct buf *out)
{
	static const char	*const types[] = { "Test-Country", "Test-Flat", "Test-ASN", "Test-Other" };
	size_t			 v;

	buf_clear(out);
	for (size_t i = 0; i < w->n; i++)
		for (int k = 0; k < 2; k++) {
			v = w->nodes[i].kind[k] == 0 ? w->n : w->nodes[i].kind[k] == 1 ? w->nodes[i].at[k] : w->n + 16 + w->nodes[i].at[k];
			for (int s = 16; s >= 0; s -= 8)
				(void)buf_byte(out, (unsigned char)(v >> s));
		}
	for (int i = 0; i < 16; i++)
		(void)buf_byte(out, 0);
	(void)buf_str(out, buf_as_str(&w->data));
	(void)buf_cstr(out, "\xab\xcd\xefMaxMind.com");
	control(out, T_MAP, 9);
	string(out, "binary_format_major_version");
	integer(out, T_UINT16, 2);
	string(out, "binary_format_minor_version");
	integer(out, T_UINT16, 0);
	string(out, "build_epoch");
	integer(out, T_UINT64, epoch);
	string(out, "database_type");
	string(out, types[w->shape]);
	string(out, "description");
	control(out, T_MAP, 1);
	string(out, "en");
	string(out, "made up for a test");
	string(out, "ip_version");
	integer(out, T_UINT16, 6);
	string(out, "languages");
	control(out, T_ARRAY, 1);
	string(out, "en");
	string(out, "node_count");
	integer(out, T_UINT32, w->n);
	string(out, "record_size");
	integer(out, T_UINT16, 24);
	if (out->failed)
		abort();
}
