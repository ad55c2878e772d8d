/*
 * floor_import - the yardstick for `dmarcd import`: what reading report mail
 * costs at the least, in one process and one thread, when every record, DKIM
 * and SPF result becomes a row of its own.
 *
 *     floor_import DATABASE MAILDIR-OR-DIRECTORY...
 *
 * A simple MIME splitter, base64, zlib (zip by libarchive), libxml2's push
 * parser, and SQLite with prepared statements, 200 reports to a transaction,
 * five indexes. It is made to be quick and honest, not to be safe: it has no
 * limits, keeps no originals and judges nothing.
 * Prints {"reports","records","duplicates","failed","seconds","bytes_db"}.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libxml/parser.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define nitems(a)	(sizeof(a) / sizeof((a)[0]))
#define BATCH		200	/* reports in a transaction */
#define RESULTS_MAX	100	/* signatures in a record: RFC 9990 */
#define DEPTH_MAX	16
#define MIME_DEPTH	8
#define CHUNK		65536

static void	 die(const char *, const char *) __attribute__((noreturn));

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "floor_import: %s: %s\n", what, why);
	exit(1);
}

struct buf {
	char	*p;
	size_t	 len, cap;
};

static void
buf_room(struct buf *b, size_t n)
{
	if (b->cap - b->len >= n)
		return;
	if (b->cap == 0)
		b->cap = 16384;
	while (b->cap - b->len < n)
		b->cap *= 2;
	if ((b->p = realloc(b->p, b->cap)) == NULL)
		die("memory", "no more");
}

/* --- the store --------------------------------------------------------- */

static const char	 schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
    "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;"
    "CREATE TABLE report (id INTEGER PRIMARY KEY, org_name TEXT, email TEXT,"
    " extra TEXT, report_id TEXT, domain TEXT, begin INTEGER, end INTEGER,"
    " p TEXT, sp TEXT, np TEXT, adkim TEXT, aspf TEXT, pct TEXT,"
    " UNIQUE (org_name, report_id, domain, begin, end));"
    "CREATE TABLE record (id INTEGER PRIMARY KEY, report INTEGER, day INTEGER,"
    " domain TEXT, source_ip TEXT, count INTEGER, disposition TEXT, dkim TEXT,"
    " spf TEXT, reason TEXT, comment TEXT, header_from TEXT, envelope_from TEXT,"
    " envelope_to TEXT);"
    "CREATE TABLE dkim (record INTEGER, domain TEXT, selector TEXT, result TEXT,"
    " human_result TEXT);"
    "CREATE TABLE spf (record INTEGER, domain TEXT, scope TEXT, result TEXT);"
    "CREATE INDEX record_domain_day ON record (domain, day);"
    "CREATE INDEX record_source_ip ON record (source_ip);"
    "CREATE INDEX record_report ON record (report);"
    "CREATE INDEX dkim_record ON dkim (record);"
    "CREATE INDEX spf_record ON spf (record);";

enum { ST_REPORT, ST_RECORD, ST_DKIM, ST_SPF, ST_BEGIN, ST_COMMIT, ST_COUNT };
static const char *const	 stmt_sql[ST_COUNT] = {
	[ST_REPORT] = "INSERT INTO report VALUES (NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,"
	    "?10,?11,?12,?13) ON CONFLICT DO NOTHING",
	[ST_RECORD] = "INSERT INTO record VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,"
	    "?11,?12,?13,?14)",
	[ST_DKIM] = "INSERT INTO dkim VALUES (?1,?2,?3,?4,?5)",
	[ST_SPF] = "INSERT INTO spf VALUES (?1,?2,?3,?4)",
	[ST_BEGIN] = "BEGIN IMMEDIATE",
	[ST_COMMIT] = "COMMIT",
};

/* --- a report as it is read -------------------------------------------- */

enum slot {
	S_ORG, S_EMAIL, S_EXTRA, S_ID, S_BEGIN, S_END, S_PDOMAIN, S_P, S_SP, S_NP,
	S_ADKIM, S_ASPF, S_PCT, S_HEAD_LAST = S_PCT,
	S_IP, S_COUNT, S_DISPOSITION, S_DKIM, S_SPF, S_REASON, S_COMMENT, S_HFROM,
	S_EFROM, S_ETO, S_RECORD_LAST = S_ETO,
	S_DDOMAIN, S_DSELECTOR, S_DRESULT, S_DHUMAN,
	S_SDOMAIN, S_SSCOPE, S_SRESULT,
	S_SLOTS,
	S_NONE
};
enum elem {
	E_SKIP, E_DOCUMENT, E_FEEDBACK, E_META, E_RANGE, E_POLICY, E_RECORD, E_ROW,
	E_EVALUATED, E_REASON, E_IDS, E_AUTH, E_DKIM, E_SPF, E_LEAF
};

static const struct {
	enum elem	 parent;
	const char	*name;
	enum elem	 elem;
	enum slot	 slot;
} elems[] = {
	/* The most frequent come first. */
	{ E_RECORD, "row", E_ROW, S_NONE },
	{ E_RECORD, "identifiers", E_IDS, S_NONE },
	{ E_RECORD, "auth_results", E_AUTH, S_NONE },
	{ E_ROW, "source_ip", E_LEAF, S_IP },
	{ E_ROW, "count", E_LEAF, S_COUNT },
	{ E_ROW, "policy_evaluated", E_EVALUATED, S_NONE },
	{ E_EVALUATED, "disposition", E_LEAF, S_DISPOSITION },
	{ E_EVALUATED, "dkim", E_LEAF, S_DKIM },
	{ E_EVALUATED, "spf", E_LEAF, S_SPF },
	{ E_EVALUATED, "reason", E_REASON, S_NONE },
	{ E_REASON, "type", E_LEAF, S_REASON },
	{ E_REASON, "comment", E_LEAF, S_COMMENT },
	{ E_IDS, "header_from", E_LEAF, S_HFROM },
	{ E_IDS, "envelope_from", E_LEAF, S_EFROM },
	{ E_IDS, "envelope_to", E_LEAF, S_ETO },
	{ E_AUTH, "dkim", E_DKIM, S_NONE },
	{ E_AUTH, "spf", E_SPF, S_NONE },
	{ E_DKIM, "domain", E_LEAF, S_DDOMAIN },
	{ E_DKIM, "selector", E_LEAF, S_DSELECTOR },
	{ E_DKIM, "result", E_LEAF, S_DRESULT },
	{ E_DKIM, "human_result", E_LEAF, S_DHUMAN },
	{ E_SPF, "domain", E_LEAF, S_SDOMAIN },
	{ E_SPF, "scope", E_LEAF, S_SSCOPE },
	{ E_SPF, "result", E_LEAF, S_SRESULT },
	{ E_FEEDBACK, "record", E_RECORD, S_NONE },
	{ E_FEEDBACK, "report_metadata", E_META, S_NONE },
	{ E_FEEDBACK, "policy_published", E_POLICY, S_NONE },
	{ E_DOCUMENT, "feedback", E_FEEDBACK, S_NONE },
	{ E_META, "org_name", E_LEAF, S_ORG },
	{ E_META, "email", E_LEAF, S_EMAIL },
	{ E_META, "extra_contact_info", E_LEAF, S_EXTRA },
	{ E_META, "report_id", E_LEAF, S_ID },
	{ E_META, "date_range", E_RANGE, S_NONE },
	{ E_RANGE, "begin", E_LEAF, S_BEGIN },
	{ E_RANGE, "end", E_LEAF, S_END },
	{ E_POLICY, "domain", E_LEAF, S_PDOMAIN },
	{ E_POLICY, "p", E_LEAF, S_P },
	{ E_POLICY, "sp", E_LEAF, S_SP },
	{ E_POLICY, "np", E_LEAF, S_NP },
	{ E_POLICY, "adkim", E_LEAF, S_ADKIM },
	{ E_POLICY, "aspf", E_LEAF, S_ASPF },
	{ E_POLICY, "pct", E_LEAF, S_PCT },
};

struct text {
	size_t	 off, len;
	bool	 set;
};
struct dkim {
	struct text	 domain, selector, result, human;
};
struct spf {
	struct text	 domain, scope, result;
};

struct floor {
	sqlite3		*db;
	sqlite3_stmt	*st[ST_COUNT];
	z_stream	 z;
	xmlParserCtxtPtr x;			/* one for all documents */
	struct buf	 file, part;
	unsigned char	 chunk[CHUNK];
	unsigned	 in_batch;
	uint64_t	 reports, records, duplicates, failed;
	/* the document */
	enum elem	 stack[DEPTH_MAX];
	unsigned	 depth;
	enum slot	 leaf;
	struct buf	 head, rec, *into;
	struct text	 slot[S_SLOTS];
	struct dkim	 dkim[RESULTS_MAX];
	struct spf	 spf[RESULTS_MAX];
	unsigned	 ndkim, nspf;
	int64_t		 report, day;		/* report 0: not inserted yet */
	bool		 duplicate, bad;
};

static void
run(struct floor *f, int st)
{
	if (sqlite3_step(f->st[st]) != SQLITE_DONE)
		die(stmt_sql[st], sqlite3_errmsg(f->db));
	sqlite3_reset(f->st[st]);
}

static void
bind_text(struct floor *f, int st, int i, const struct buf *b, const struct text *t)
{
	if (t->set)
		sqlite3_bind_text(f->st[st], i, b->p + t->off, (int)t->len, SQLITE_STATIC);
	else
		sqlite3_bind_null(f->st[st], i);
}

static int64_t
number(const struct buf *b, const struct text *t)
{
	int64_t	 v = 0;

	for (size_t i = 0; t->set && i < t->len; i++)
		if (b->p[t->off + i] >= '0' && b->p[t->off + i] <= '9')
			v = v * 10 + (b->p[t->off + i] - '0');
	return (v);
}

/* Before the first record: is it new? */
static void
report_insert(struct floor *f)
{
	int64_t	 begin = number(&f->head, &f->slot[S_BEGIN]);
	int64_t	 end = number(&f->head, &f->slot[S_END]);
	int	 i = 1;

	if (f->in_batch == 0)
		run(f, ST_BEGIN);
	for (enum slot s = S_ORG; s <= S_HEAD_LAST; s++, i++) {
		if (s == S_BEGIN)
			sqlite3_bind_int64(f->st[ST_REPORT], i, begin);
		else if (s == S_END)
			sqlite3_bind_int64(f->st[ST_REPORT], i, end);
		else
			bind_text(f, ST_REPORT, i, &f->head, &f->slot[s]);
	}
	run(f, ST_REPORT);
	f->duplicate = sqlite3_changes(f->db) == 0;
	f->report = sqlite3_last_insert_rowid(f->db);
	f->day = (begin + (end - begin) / 2) / 86400;
	f->in_batch++;
}

static void
record_insert(struct floor *f)
{
	sqlite3_stmt	*st = f->st[ST_RECORD];
	int64_t		 id;
	int		 i = 7;

	if (f->report == 0)
		report_insert(f);
	if (f->duplicate)
		return;
	id = (int64_t)++f->records;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, f->report);
	sqlite3_bind_int64(st, 3, f->day);
	bind_text(f, ST_RECORD, 4, &f->head, &f->slot[S_PDOMAIN]);
	bind_text(f, ST_RECORD, 5, &f->rec, &f->slot[S_IP]);
	sqlite3_bind_int64(st, 6, number(&f->rec, &f->slot[S_COUNT]));
	for (enum slot s = S_DISPOSITION; s <= S_RECORD_LAST; s++, i++)
		bind_text(f, ST_RECORD, i, &f->rec, &f->slot[s]);
	run(f, ST_RECORD);
	for (unsigned k = 0; k < f->ndkim; k++) {
		sqlite3_bind_int64(f->st[ST_DKIM], 1, id);
		bind_text(f, ST_DKIM, 2, &f->rec, &f->dkim[k].domain);
		bind_text(f, ST_DKIM, 3, &f->rec, &f->dkim[k].selector);
		bind_text(f, ST_DKIM, 4, &f->rec, &f->dkim[k].result);
		bind_text(f, ST_DKIM, 5, &f->rec, &f->dkim[k].human);
		run(f, ST_DKIM);
	}
	for (unsigned k = 0; k < f->nspf; k++) {
		sqlite3_bind_int64(f->st[ST_SPF], 1, id);
		bind_text(f, ST_SPF, 2, &f->rec, &f->spf[k].domain);
		bind_text(f, ST_SPF, 3, &f->rec, &f->spf[k].scope);
		bind_text(f, ST_SPF, 4, &f->rec, &f->spf[k].result);
		run(f, ST_SPF);
	}
}

/* --- libxml2's events -------------------------------------------------- */

static void
clear_slots(struct floor *f, enum slot from, enum slot to)
{
	for (enum slot s = from; s <= to; s++)
		f->slot[s].set = false;
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
    int nns, const xmlChar **ns, int natt, int ndef, const xmlChar **att)
{
	struct floor	*f = ctx;
	enum elem	 parent = f->depth < DEPTH_MAX ? f->stack[f->depth] : E_SKIP;
	enum elem	 e = E_SKIP;

	(void)prefix, (void)uri, (void)nns, (void)ns, (void)natt, (void)ndef, (void)att;
	f->leaf = S_NONE;
	for (size_t i = 0; parent != E_SKIP && i < nitems(elems); i++) {
		if (elems[i].parent != parent ||
		    strcmp(elems[i].name, (const char *)name) != 0)
			continue;
		e = elems[i].elem;
		f->leaf = elems[i].slot;
		break;
	}
	if (++f->depth < DEPTH_MAX)
		f->stack[f->depth] = e;
	if (e == E_RECORD) {
		f->rec.len = 0;
		f->ndkim = f->nspf = 0;
		f->into = &f->rec;
		clear_slots(f, S_IP, S_RECORD_LAST);
	} else if (e == E_DKIM)
		clear_slots(f, S_DDOMAIN, S_DHUMAN);
	else if (e == E_SPF)
		clear_slots(f, S_SDOMAIN, S_SRESULT);
	else if (f->leaf != S_NONE)
		f->slot[f->leaf] = (struct text){ f->into->len, 0, true };
}

static void
on_text(void *ctx, const xmlChar *s, int n)
{
	struct floor	*f = ctx;

	if (f->leaf == S_NONE)
		return;
	buf_room(f->into, (size_t)n);
	memcpy(f->into->p + f->into->len, s, (size_t)n);
	f->into->len += (size_t)n;
	f->slot[f->leaf].len += (size_t)n;
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct floor	*f = ctx;
	enum elem	 e = f->depth < DEPTH_MAX ? f->stack[f->depth] : E_SKIP;

	(void)name, (void)prefix, (void)uri;
	f->depth--;
	f->leaf = S_NONE;
	if (e == E_RECORD) {
		record_insert(f);
		f->into = &f->head;
	} else if (e == E_DKIM && f->ndkim < RESULTS_MAX)
		f->dkim[f->ndkim++] = (struct dkim){ f->slot[S_DDOMAIN],
		    f->slot[S_DSELECTOR], f->slot[S_DRESULT], f->slot[S_DHUMAN] };
	else if (e == E_SPF && f->nspf < RESULTS_MAX)
		f->spf[f->nspf++] = (struct spf){ f->slot[S_SDOMAIN],
		    f->slot[S_SSCOPE], f->slot[S_SRESULT] };
}

static void
document_begin(struct floor *f)
{
	static xmlSAXHandler	 sax = { .initialized = XML_SAX2_MAGIC,
	    .startElementNs = on_start, .endElementNs = on_end, .characters = on_text,
	    .ignorableWhitespace = on_text };

	f->depth = 0;
	f->stack[0] = E_DOCUMENT;
	f->leaf = S_NONE;
	f->head.len = 0;
	f->into = &f->head;
	f->report = 0;
	f->duplicate = f->bad = false;
	clear_slots(f, 0, S_HEAD_LAST);
	if (f->x == NULL)
		f->x = xmlCreatePushParserCtxt(&sax, f, NULL, 0, NULL);
	else if (xmlCtxtResetPush(f->x, NULL, 0, NULL, NULL) != 0)
		f->x = NULL;
	if (f->x == NULL)
		die("libxml2", "no parser");
	xmlCtxtUseOptions(f->x, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static void
document_feed(struct floor *f, const void *p, size_t n)
{
	if (!f->bad && xmlParseChunk(f->x, p, (int)n, 0) != 0)
		f->bad = true;
}

/* The rare way: what a broken document has stored goes again. */
static void
report_undo(struct floor *f)
{
	char	 sql[512];
	char	*why = NULL;

	snprintf(sql, sizeof(sql), "DELETE FROM dkim WHERE record IN (SELECT id FROM"
	    " record WHERE report = %" PRId64 ");DELETE FROM spf WHERE record IN (SELECT"
	    " id FROM record WHERE report = %" PRId64 "); DELETE FROM record WHERE report"
	    " = %" PRId64 "; DELETE FROM report WHERE id = %" PRId64, f->report, f->report,
	    f->report, f->report);
	if (sqlite3_exec(f->db, sql, NULL, NULL, &why) != SQLITE_OK)
		die("undo", why);
}

static void
document_end(struct floor *f, bool whole)
{
	if (xmlParseChunk(f->x, "", 0, 1) != 0 || !whole)
		f->bad = true;
	if (!f->bad && f->report == 0 && f->slot[S_PDOMAIN].set)
		report_insert(f);
	if (f->bad || f->report == 0) {
		f->failed++;
		if (f->report != 0 && !f->duplicate)
			report_undo(f);
	} else if (f->duplicate)
		f->duplicates++;
	else
		f->reports++;
	if (f->in_batch >= BATCH) {
		run(f, ST_COMMIT);
		f->in_batch = 0;
	}
}

/* --- containers -------------------------------------------------------- */

static void
read_gzip(struct floor *f, const unsigned char *p, size_t n)
{
	int	 rv = Z_OK;

	document_begin(f);
	inflateReset(&f->z);
	f->z.next_in = (Bytef *)(uintptr_t)p;
	f->z.avail_in = (uInt)n;
	while (rv == Z_OK) {
		f->z.next_out = f->chunk;
		f->z.avail_out = CHUNK;
		rv = inflate(&f->z, Z_NO_FLUSH);
		document_feed(f, f->chunk, CHUNK - f->z.avail_out);
	}
	document_end(f, rv == Z_STREAM_END);
}

static void
read_zip(struct floor *f, const void *p, size_t n)
{
	struct archive		*a = archive_read_new();
	struct archive_entry	*entry;
	la_ssize_t		 got;

	archive_read_support_format_zip(a);
	if (archive_read_open_memory(a, p, n) != ARCHIVE_OK)
		f->failed++;
	else
		while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
			document_begin(f);
			while ((got = archive_read_data(a, f->chunk, CHUNK)) > 0)
				document_feed(f, f->chunk, (size_t)got);
			document_end(f, got == 0);
		}
	archive_read_free(a);
}

static void
read_xml(struct floor *f, const char *p, size_t n)
{
	document_begin(f);
	for (size_t i = 0; i < n; i += CHUNK)
		document_feed(f, p + i, n - i < CHUNK ? n - i : CHUNK);
	document_end(f, true);
}

static void
read_content(struct floor *f, const char *p, size_t n)
{
	const unsigned char	*u = (const unsigned char *)p;

	while (n > 0 && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
		p++;
		n--;
	}
	if (n >= 4 && u[0] == 0x1f && u[1] == 0x8b)
		read_gzip(f, u, n);
	else if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
		read_zip(f, p, n);
	else if ((n >= 5 && memcmp(p, "<?xml", 5) == 0) ||
	    (n >= 9 && memcmp(p, "<feedback", 9) == 0))
		read_xml(f, p, n);
}

/* --- MIME -------------------------------------------------------------- */

static void
decode_base64(struct buf *out, const char *p, size_t n)
{
	static signed char	 value[256];
	uint32_t		 v = 0;
	unsigned		 bits = 0;
	char			*o;

	if (value['B'] == 0) {
		memset(value, -1, sizeof(value));
		for (int i = 0; i < 26; i++) {
			value['A' + i] = (signed char)i;
			value['a' + i] = (signed char)(26 + i);
		}
		for (int i = 0; i < 10; i++)
			value['0' + i] = (signed char)(52 + i);
		value['+'] = 62;
		value['/'] = 63;
	}
	out->len = 0;
	buf_room(out, n);
	o = out->p;
	for (size_t i = 0; i < n; i++) {
		int	 d = value[(unsigned char)p[i]];

		if (d < 0)
			continue;
		v = v << 6 | (uint32_t)d;
		if ((bits += 6) >= 8)
			*o++ = (char)(v >> (bits -= 8) & 0xff);
	}
	out->len = (size_t)(o - out->p);
}

static int
hex(char c)
{
	return (c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

static void
decode_qp(struct buf *out, const char *p, size_t n)
{
	out->len = 0;
	buf_room(out, n);
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '=') {
			out->p[out->len++] = p[i];
		} else if (i + 2 < n && hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0) {
			out->p[out->len++] = (char)(hex(p[i + 1]) << 4 | hex(p[i + 2]));
			i += 2;
		} else {	/* a soft line end */
			while (i + 1 < n && p[i + 1] != '\n')
				i++;
			i++;
		}
	}
}

/* The value of a header field within [p, end), with its folded lines. */
static const char *
field(const char *p, const char *end, const char *name, size_t *len)
{
	size_t	 n = strlen(name);

	while (p < end) {
		const char	*nl = memchr(p, '\n', (size_t)(end - p));

		if (nl == NULL)
			nl = end;
		if ((size_t)(nl - p) > n && strncasecmp(p, name, n) == 0 && p[n] == ':') {
			while (nl + 1 < end && (nl[1] == ' ' || nl[1] == '\t')) {
				const char	*next = memchr(nl + 1, '\n',
						    (size_t)(end - nl - 1));

				nl = next == NULL ? end : next;
			}
			p += n + 1;
			while (p < nl && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
				p++;
			*len = (size_t)(nl - p);
			return (p);
		}
		p = nl + 1;
	}
	return (NULL);
}

/* "--" and the boundary of a multipart type; returns its length or 0. */
static size_t
boundary(const char *type, size_t len, char *out, size_t size)
{
	size_t	 n = 2;

	out[0] = out[1] = '-';
	for (size_t i = 0; i + 9 < len; i++) {
		char	 stop = ';';

		if (strncasecmp(type + i, "boundary=", 9) != 0)
			continue;
		i += 9;
		if (type[i] == '"') {
			stop = '"';
			i++;
		}
		while (i < len && type[i] != stop && type[i] != '\r' && type[i] != '\n' &&
		    n < size)
			out[n++] = type[i++];
		return (n);
	}
	return (0);
}

static void
read_part(struct floor *f, const char *p, const char *end, unsigned depth)
{
	const char	*body = p, *type, *cte;
	char		 bd[128];
	size_t		 tlen = 0, clen = 0, n;

	/* The empty line. */
	for (;;) {
		const char	*nl = memchr(body, '\n', (size_t)(end - body));

		if (nl == NULL)
			return;
		if (nl == body || (nl == body + 1 && *body == '\r')) {
			body = nl + 1;
			break;
		}
		body = nl + 1;
	}
	type = field(p, body, "Content-Type", &tlen);
	cte = field(p, body, "Content-Transfer-Encoding", &clen);
	if (type != NULL && tlen > 10 && strncasecmp(type, "multipart/", 10) == 0 &&
	    (n = boundary(type, tlen, bd, sizeof(bd))) > 0) {
		const char	*at = memmem(body, (size_t)(end - body), bd, n);

		while (at != NULL && depth < MIME_DEPTH) {
			const char	*from = memchr(at, '\n', (size_t)(end - at)), *to;

			if (from == NULL || memcmp(at + n, "--", 2) == 0)
				return;
			from++;
			to = memmem(from, (size_t)(end - from), bd, n);
			read_part(f, from, to != NULL ? to : end, depth + 1);
			at = to;
		}
		return;
	}
	if (type != NULL && tlen >= 14 && strncasecmp(type, "message/rfc822", 14) == 0) {
		if (depth < MIME_DEPTH)
			read_part(f, body, end, depth + 1);
		return;
	}
	if (cte != NULL && clen >= 6 && strncasecmp(cte, "base64", 6) == 0) {
		decode_base64(&f->part, body, (size_t)(end - body));
		read_content(f, f->part.p, f->part.len);
	} else if (cte != NULL && clen >= 16 && strncasecmp(cte, "quoted-printable", 16) == 0) {
		decode_qp(&f->part, body, (size_t)(end - body));
		read_content(f, f->part.p, f->part.len);
	} else
		read_content(f, body, (size_t)(end - body));
}

/* --- files ------------------------------------------------------------- */

static void
read_file(struct floor *f, int dir, const char *name)
{
	struct stat	 st;
	int		 fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &st) == -1)
		die(name, strerror(errno));
	if (S_ISREG(st.st_mode)) {
		f->file.len = 0;
		buf_room(&f->file, (size_t)st.st_size + 1);
		while (f->file.len < (size_t)st.st_size) {
			ssize_t	 n = read(fd, f->file.p + f->file.len,
				    (size_t)st.st_size - f->file.len);

			if (n == -1)
				die(name, strerror(errno));
			if (n == 0)
				break;
			f->file.len += (size_t)n;
		}
		f->file.p[f->file.len] = '\0';
		read_part(f, f->file.p, f->file.p + f->file.len, 0);
	}
	close(fd);
}

static void
read_directory(struct floor *f, const char *path)
{
	DIR		*d = opendir(path);
	struct dirent	*e;

	if (d == NULL)
		die(path, strerror(errno));
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			read_file(f, dirfd(d), e->d_name);
	closedir(d);
}

static void
read_path(struct floor *f, const char *path)
{
	static const char *const	 sub[] = { "new", "cur" };
	struct stat			 st;
	char				 name[4096];
	bool				 maildir = false;

	for (size_t i = 0; i < nitems(sub); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, sub[i]);
		if (stat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
			read_directory(f, name);
			maildir = true;
		}
	}
	if (!maildir)
		read_directory(f, path);
}

int
main(int argc, char **argv)
{
	struct floor	*f = calloc(1, sizeof(*f));
	struct timespec	 t0, t1;
	struct stat	 st;
	char		*why = NULL;

	if (argc < 3) {
		fputs("usage: floor_import DATABASE MAILDIR-OR-DIRECTORY...\n", stderr);
		return (2);
	}
	if (f == NULL || inflateInit2(&f->z, 15 + 32) != Z_OK)
		die("memory", "no more");
	clock_gettime(CLOCK_MONOTONIC, &t0);
	xmlInitParser();
	if (sqlite3_open(argv[1], &f->db) != SQLITE_OK)
		die(argv[1], sqlite3_errmsg(f->db));
	if (sqlite3_exec(f->db, schema, NULL, NULL, &why) != SQLITE_OK)
		die(argv[1], why);
	for (int i = 0; i < ST_COUNT; i++)
		if (sqlite3_prepare_v3(f->db, stmt_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
		    &f->st[i], NULL) != SQLITE_OK)
			die(stmt_sql[i], sqlite3_errmsg(f->db));
	for (int i = 2; i < argc; i++)
		read_path(f, argv[i]);
	if (f->in_batch > 0)
		run(f, ST_COMMIT);
	for (int i = 0; i < ST_COUNT; i++)
		sqlite3_finalize(f->st[i]);
	if (sqlite3_close(f->db) != SQLITE_OK)	/* the WAL goes into the database */
		die(argv[1], sqlite3_errmsg(f->db));
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (stat(argv[1], &st) == -1)
		die(argv[1], strerror(errno));
	printf("{\"reports\": %" PRIu64 ", \"records\": %" PRIu64 ", \"duplicates\": %"
	    PRIu64 ", \"failed\": %" PRIu64 ", \"seconds\": %.3f, \"bytes_db\": %" PRId64
	    "}\n", f->reports, f->records, f->duplicates, f->failed,
	    (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9,
	    (int64_t)st.st_size);
	inflateEnd(&f->z);
	xmlFreeParserCtxt(f->x);
	free(f->file.p);
	free(f->part.p);
	free(f->head.p);
	free(f->rec.p);
	free(f);
	xmlCleanupParser();
	return (0);
}
