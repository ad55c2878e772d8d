/*
 * mmdb.c - see mmdb.h. The only file that knows libmaxminddb.
 */
#include <sys/stat.h>

#include <arpa/inet.h>
#include <errno.h>
#include <maxminddb.h>

#include "base/escape.h"
#include "base/hash.h"
#include "enrich/mmdb.h"

#define NODES_LOOKED	20000	/* for one entry with the field that is wanted */

struct mmdb {
	MMDB_s		 db;
	enum ranges_kind kind;
	uint64_t	 stamp;
};

/* --- Fields ------------------------------------------------------------------------ */

static bool
text_at(MMDB_entry_s *at, const char *const path[], struct str *out)
{
	MMDB_entry_data_s	 d;

	if (MMDB_aget_value(at, &d, path) != MMDB_SUCCESS || !d.has_data || d.type != MMDB_DATA_TYPE_UTF8_STRING)
		return (false);
	*out = (struct str){ d.utf8_string, d.data_size };
	return (true);
}

static uint32_t
country_at(MMDB_entry_s *at)
{
	static const char *const	 paths[][3] = {
		{ "country", "iso_code", NULL }, { "country_code", NULL, NULL }, { "registered_country", "iso_code", NULL },
	};
	struct str	 s;

	for (size_t i = 0; i < nitems(paths); i++)
		if (text_at(at, paths[i], &s) && s.len == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z')
			return ((uint32_t)(unsigned char)s.p[0] << 8 | (unsigned char)s.p[1]);
	return (0);
}

static uint32_t
network_at(MMDB_entry_s *at, struct str *name)
{
	static const char *const	 number[] = { "autonomous_system_number", NULL };
	static const char *const	 text[] = { "autonomous_system_organization", NULL };
	MMDB_entry_data_s		 d;

	if (MMDB_aget_value(at, &d, number) != MMDB_SUCCESS || !d.has_data || d.type != MMDB_DATA_TYPE_UINT32 || d.uint32 == 0)
		return (0);
	if (text_at(at, text, name))
		*name = ranges_name(*name);
	return (d.uint32);
}

static uint32_t
entry_value(enum ranges_kind kind, MMDB_entry_s *at, struct str *text)
{
	*text = STR_NONE;
	return (kind == RANGES_COUNTRY ? country_at(at) : network_at(at, text));
}

/* --- Opening ------------------------------------------------------------------------- */

/* Is there an entry that says what is wanted? Depth first, as far as NODES_LOOKED. */
static bool
says_any(const struct mmdb *m)
{
	uint32_t	 stack[130];
	unsigned	 n = 0;
	struct str	 text;
	MMDB_search_node_s node;

	stack[n++] = 0;
	for (unsigned looked = 0; n > 0 && looked < NODES_LOOKED; looked++) {
		if (MMDB_read_node(&m->db, stack[--n], &node) != MMDB_SUCCESS)
			continue;
		for (int side = 0; side < 2; side++) {
			uint8_t		 type = side == 0 ? node.left_record_type : node.right_record_type;
			MMDB_entry_s	 at = side == 0 ? node.left_record_entry : node.right_record_entry;

			if (type == MMDB_RECORD_TYPE_DATA && entry_value(m->kind, &at, &text) != 0)
				return (true);
			if (type == MMDB_RECORD_TYPE_SEARCH_NODE && n < nitems(stack))
				stack[n++] = (uint32_t)(side == 0 ? node.left_record : node.right_record);
		}
	}
	return (false);
}

int
mmdb_open(const char *path, enum ranges_kind kind, struct mmdb **out, struct err *e)
{
	struct mmdb	*m;
	struct stat	 st = { 0 };
	uint64_t	 about[4];
	char		 name[160];
	int		 rc;

	(void)esc_short(name, sizeof(name), str_of(path));
	if (stat(path, &st) == -1)
		return (err_set(e, ERR_CONFIG, "cannot read %s: %s", name, strerror(errno)));
	if (!S_ISREG(st.st_mode))
		return (err_set(e, ERR_CONFIG, "%s is not a file", name));
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	m->kind = kind;
	if ((rc = MMDB_open(path, MMDB_MODE_MMAP, &m->db)) != MMDB_SUCCESS) {
		free(m);
		if (rc == MMDB_FILE_OPEN_ERROR || rc == MMDB_IO_ERROR)
			return (err_set(e, ERR_CONFIG, "cannot read %s: %s", name, strerror(errno)));
		return (err_set(e, ERR_CONFIG, "%s is neither a file of places of dmarcd nor a sound one in MaxMind's form: %s", name,
		    MMDB_strerror(rc)));
	}
	if (!says_any(m)) {
		mmdb_close(m);
		return (err_set(e, ERR_CONFIG, "%s tells nothing of %s", name, kind == RANGES_COUNTRY ? "countries" : "networks"));
	}
	about[0] = m->db.metadata.build_epoch;
	about[1] = (uint64_t)st.st_size;
	about[2] = (uint64_t)st.st_mtime;
	about[3] = (uint64_t)st.st_ino;
	m->stamp = hash64(1, about, sizeof(about));
	*out = m;
	return (0);
}

void
mmdb_close(struct mmdb *m)
{
	if (m == NULL)
		return;
	MMDB_close(&m->db);
	free(m);
}

/* --- Looking up ------------------------------------------------------------------------- */

uint32_t
mmdb_find(const struct mmdb *m, const unsigned char *ip, unsigned len, struct str *text)
{
	struct sockaddr_in	 v4 = { .sin_family = AF_INET };
	struct sockaddr_in6	 v6 = { .sin6_family = AF_INET6 };
	MMDB_lookup_result_s	 found;
	int			 rc = MMDB_SUCCESS;

	*text = STR_NONE;
	if (len != 4 && (len != 16 || m->db.metadata.ip_version != 6))
		return (0);
	if (len == 4)
		memcpy(&v4.sin_addr, ip, 4);
	else
		memcpy(&v6.sin6_addr, ip, 16);
	found = MMDB_lookup_sockaddr(&m->db, len == 4 ? (const struct sockaddr *)(const void *)&v4 :
	    (const struct sockaddr *)(const void *)&v6, &rc);
	return (rc != MMDB_SUCCESS || !found.found_entry ? 0 : entry_value(m->kind, &found.entry, text));
}

int64_t
mmdb_day(const struct mmdb *m)
{
	return ((int64_t)(m->db.metadata.build_epoch / 86400 % 2932896));
}

uint64_t
mmdb_stamp(const struct mmdb *m)
{
	return (m->stamp);
}

const char *
mmdb_type(const struct mmdb *m)
{
	return (m->db.metadata.database_type);
}
