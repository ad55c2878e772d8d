/*
 * db.c - opening the database and bringing it up to the newest schema.
 */
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/limits.h"
#include "dmarc/dmarc.h"
#include "dmarc/trust.h"
#include "store/hosts.h"
#include "store/store_int.h"

#define BUSY_MS 30000

const char *const intake_result_names[IN_COUNT] = {
	"stored", "duplicate", "replaced", "ignored", "rejected", "partial"
};

int
store_fail(struct store *s, const char *what, struct err *e)
{
	int	 rc = sqlite3_extended_errcode(s->db);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return (err_set(e, ERR_TEMP, "%s/dmarcd.db: %s: the database is busy", s->dir, what));
	case SQLITE_FULL:
		return (err_set(e, ERR_TEMP, "%s/dmarcd.db: %s: the disk is full", s->dir, what));
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_NOMEM:
	case SQLITE_READONLY:
	case SQLITE_INTERRUPT:
		return (err_set(e, ERR_TEMP, "%s/dmarcd.db: %s: %s", s->dir, what, sqlite3_errmsg(s->db)));
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return (err_set(e, ERR_CONFIG, "%s/dmarcd.db: %s: the file is damaged (%s); restore a backup, or move it away "
		    "and import again", s->dir, what, sqlite3_errmsg(s->db)));
	default:
		return (err_set(e, ERR_BUG, "%s/dmarcd.db: %s: %s", s->dir, what, sqlite3_errmsg(s->db)));
	}
}

int
store_exec(struct store *s, const char *sql, struct err *e)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return (store_fail(s, "statement", e));
	return (0);
}

int
store_prepare(struct store *s, sqlite3_stmt **st, const char *sql, struct err *e)
{
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, st, NULL) != SQLITE_OK)
		return (store_fail(s, sql, e));
	return (0);
}

int
store_run_id(struct store *s, const char *sql, int64_t id, struct err *e)
{
	sqlite3_stmt	*st;

	if (store_prepare(s, &st, sql, e) == -1)
		return (-1);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_step(st);
	return (sqlite3_finalize(st) == SQLITE_OK ? 0 : store_fail(s, sql, e));
}

static int
pragma_int(struct store *s, const char *sql, int64_t *out, struct err *e)
{
	sqlite3_stmt	*st;
	int		 rc;

	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
		return (store_fail(s, sql, e));
	*out = 0;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : store_fail(s, sql, e));
}

/* Each migration is one transaction with its number: done wholly or not at all. */
static int
migrate(struct store *s, struct err *e)
{
	int64_t	 have;
	char	 sql[64];

	if (pragma_int(s, "PRAGMA user_version", &have, e) == -1)
		return (-1);
	if (have > (int64_t)store_nmigrations)
		return (err_set(e, ERR_CONFIG, "%s/dmarcd.db: made by a newer dmarcd (schema %lld, this one knows %u)",
		    s->dir, (long long)have, store_nmigrations));
	if (have == (int64_t)store_nmigrations)
		return (0);
	if (store_exec(s, "BEGIN IMMEDIATE", e) == -1)
		return (-1);
	/* Another process may have been quicker. */
	if (pragma_int(s, "PRAGMA user_version", &have, e) == -1)
		goto fail;
	for (; have < (int64_t)store_nmigrations; have++) {
		if (store_exec(s, store_migrations[have], e) == -1) {
			err_prefix(e, "schema %lld", (long long)have + 1);
			goto fail;
		}
		(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)have + 1);
		if (store_exec(s, sql, e) == -1)
			goto fail;
	}
	if (store_exec(s, "COMMIT", e) == 0)
		return (0);
fail:
	(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return (-1);
}

/* A store in which nothing has been judged yet is by our rules; an older one says nothing, or less. */
static int
rules_begin(struct store *s, struct err *e)
{
	char	 sql[160];

	(void)snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO meta (key, value) SELECT 'rules', %d WHERE NOT EXISTS (SELECT 1 FROM evidence)",
	    DMARC_RULES);
	return (store_exec(s, sql, e));
}

static int
secret_get(struct store *s, struct err *e)
{
	sqlite3_stmt	*st;
	uint64_t	 fresh = hash_seed() ^ 0x9e3779b97f4a7c15u;

	if (s->mode == STORE_WRITE) {
		if (sqlite3_prepare_v2(s->db, "INSERT OR IGNORE INTO meta (key, value) VALUES ('secret', ?1), ('generation', 1)",
		    -1, &st, NULL) != SQLITE_OK)
			return (store_fail(s, "secret", e));
		(void)sqlite3_bind_int64(st, 1, (sqlite3_int64)fresh);
		(void)sqlite3_step(st);
		if (sqlite3_finalize(st) != SQLITE_OK)
			return (store_fail(s, "secret", e));
		if (rules_begin(s, e) == -1)
			return (-1);
	}
	return (pragma_int(s, "SELECT value FROM meta WHERE key = 'secret'", (int64_t *)&s->secret, e));
}

static int
open_db(struct store *s, struct err *e)
{
	char	 path[4096];
	int	 flags = s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	int64_t	 have;

	if (snprintf(path, sizeof(path), "%s/dmarcd.db", s->dir) >= (int)sizeof(path))
		return (err_set(e, ERR_CONFIG, "%s: name too long", s->dir));
	if (s->mode == STORE_READ && access(path, F_OK) == -1)
		return (err_set(e, ERR_CONFIG, "%s: %s; nothing has been stored yet (try 'dmarcd import' or 'dmarcd serve'), "
		    "or --state names another directory", path, strerror(errno)));
	/*
	 * What a long report may take back grows with the database: not in memory,
	 * and in no other place. SQLite looks when it is used for the first time.
	 */
	if (s->mode == STORE_WRITE)
		(void)setenv("SQLITE_TMPDIR", s->dir, 1);
	if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK) {
		if (s->db == NULL)
			return (err_set(e, ERR_TEMP, "%s: out of memory", path));
		return (store_fail(s, "open", e));
	}
	(void)sqlite3_busy_timeout(s->db, BUSY_MS);
	/* A database file that somebody swapped in must not run code of its own. */
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (s->mode == STORE_WRITE) {
		if (store_exec(s, "PRAGMA journal_mode = WAL", e) == -1 ||
		    /* FULL: once a commit is said to have happened the spool file goes */
		    store_exec(s, "PRAGMA synchronous = FULL", e) == -1 ||
		    store_exec(s, STORE_CACHE, e) == -1 ||
		    store_exec(s, "PRAGMA wal_autocheckpoint = 4000", e) == -1 ||
		    store_exec(s, "PRAGMA temp_store = FILE", e) == -1 || migrate(s, e) == -1)
			return (-1);
	} else {
		if (store_exec(s, "PRAGMA query_only = 1", e) == -1 ||
		    store_exec(s, "PRAGMA cache_size = -8192", e) == -1 ||
		    pragma_int(s, "PRAGMA user_version", &have, e) == -1)
			return (-1);
		if (have != (int64_t)store_nmigrations)
			return (err_set(e, have < (int64_t)store_nmigrations ? ERR_TEMP : ERR_CONFIG,
			    "%s/dmarcd.db has schema %lld, this dmarcd wants %u; a writing command brings it up to date",
			    s->dir, (long long)have, store_nmigrations));
	}
	if (secret_get(s, e) == -1)
		return (-1);
	return (store_prepare(s, &s->st_generation, "SELECT value FROM meta WHERE key = 'generation'", e));
}

static const struct trust_settings	 no_trust;

struct store *
store_open(const char *state_dir, enum store_mode mode, struct err *e)
{
	struct store	*s;

	if (mode == STORE_WRITE && io_mkdir_p(state_dir, 0700, e) == -1)
		return (NULL);
	if ((s = calloc(1, sizeof(*s))) == NULL || (s->dir = strdup(state_dir)) == NULL) {
		free(s);
		err_set(e, ERR_TEMP, "out of memory");
		return (NULL);
	}
	s->mode = mode;
	s->max_messages = limits_default.messages;
	s->trust = &no_trust;
	s->hosts_ceiling = HOSTS_CEILING;
	s->care = -1;
	if (open_db(s, e) == -1 || (mode == STORE_WRITE && writer_new(s, e) == -1)) {
		store_close(s);
		return (NULL);
	}
	if (mode == STORE_WRITE)
		pack_sweep(s);
	return (s);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->in_txn)
		store_rollback(s);
	writer_free(s->w);
	query_cache_free(s->qc);
	store_walk_free(s->walk);
	(void)sqlite3_finalize(s->st_generation);
	(void)sqlite3_close(s->db);
	if (s->care != -1)
		(void)close(s->care);
	free(s->dir);
	free(s);
}

uint64_t
store_generation(struct store *s)
{
	uint64_t	 v = 0;

	if (sqlite3_step(s->st_generation) == SQLITE_ROW)
		v = (uint64_t)sqlite3_column_int64(s->st_generation, 0);
	(void)sqlite3_reset(s->st_generation);
	return (v);
}

int
store_frugal(struct store *s, struct err *e)
{
	return (store_exec(s, "PRAGMA cache_size = -2048", e));
}

uint64_t
store_identity(const struct store *s)
{
	return (hash64(s->secret, "identity", 8));
}

bool
store_in_transaction(const struct store *s)
{
	return (s->in_txn);
}

void
store_derive(struct store *s, bool dry)
{
	s->deriving = true;
	s->dry = dry;
}

int
store_care_lock(struct store *s, struct err *e)
{
	char	 path[4096];

	if (snprintf(path, sizeof(path), "%s/care.lock", s->dir) >= (int)sizeof(path))
		return (err_set(e, ERR_CONFIG, "%s: name too long", s->dir));
	if (s->care == -1 && (s->care = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
	if (flock(s->care, LOCK_EX | LOCK_NB) == 0)
		return (0);
	return (errno == EWOULDBLOCK ? 1 : err_set(e, ERR_TEMP, "%s: %s", path, strerror(errno)));
}

void
store_shrink(struct store *s)
{
	(void)sqlite3_db_release_memory(s->db);
	(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

void
store_trust(struct store *s, const struct trust_settings *t)
{
	s->trust = t;
}

const struct trust_settings *
store_settings(const struct store *s)
{
	return (s->trust);
}

void
store_limit(struct store *s, const struct limits *l)
{
	s->max_messages = l->messages;
}
