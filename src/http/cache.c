/*
 * cache.c - answers of this generation, kept for whoever asks the same.
 *
 * A question over a million rows takes a core for a tenth of a second, and
 * pages ask the same ones again and again, often several at once. So the
 * first one computes, those that come meanwhile wait without a thread, and
 * later ones get the same bytes. A key says all that an answer depends on.
 */
#include <pthread.h>

#include "base/hash.h"
#include "http/http.h"

#define ENTRIES 64
#define ENTRY_BYTES (1u << 20)
#define ALL_BYTES (8u << 20)

struct cached {
	char		*key;
	size_t		 keylen;
	uint64_t	 hash;
	uint64_t	 used;		/* tick of the last use; 0: the entry is free */
	bool		 ready;		/* else somebody computes it */
	struct request	*waiting;
	char		*body;
	size_t		 len;
	const char	*type;
	char		 etag[48];
};

static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;
static struct cached	 entries[ENTRIES];
static uint64_t		 tick;
static size_t		 bytes;

static void
drop(struct cached *c)
{
	bytes -= c->len;
	free(c->key);
	free(c->body);
	memset(c, 0, sizeof(*c));
}

static struct cached *
find(struct str key, uint64_t hash)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].used != 0 && entries[i].hash == hash && entries[i].keylen == key.len &&
		    memcmp(entries[i].key, key.p, key.len) == 0)
			return (&entries[i]);
	return (NULL);
}

/* The least used of those that are ready; NULL when there is none. */
static struct cached *
oldest(void)
{
	struct cached	*c = NULL;

	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].ready && (c == NULL || entries[i].used < c->used))
			c = &entries[i];
	return (c);
}

static struct cached *
claim(struct str key, uint64_t hash)
{
	struct cached	*c = NULL;

	for (size_t i = 0; i < ENTRIES && c == NULL; i++)
		if (entries[i].used == 0)
			c = &entries[i];
	if (c == NULL && (c = oldest()) == NULL)
		return (NULL);		/* all are being computed */
	if (c->used != 0)
		drop(c);
	if ((c->key = malloc(key.len)) == NULL)
		return (NULL);
	memcpy(c->key, key.p, key.len);
	c->keylen = key.len;
	c->hash = hash;
	c->used = ++tick;
	return (c);
}

static bool
copy_reply(struct reply *to, const char *body, size_t len, const char *type, const char *etag)
{
	if ((to->body = malloc(len == 0 ? 1 : len)) == NULL)
		return (false);
	memcpy(to->body, body, len);
	to->len = len;
	to->status = 200;
	to->type = type;
	(void)snprintf(to->etag, sizeof(to->etag), "%s", etag);
	return (true);
}

enum cache_found
cache_find(struct request *rq, struct str key, struct cached **mine)
{
	uint64_t		 hash = hash64(hash_seed(), key.p, key.len);
	struct cached		*c;
	enum cache_found	 found;

	*mine = NULL;
	(void)pthread_mutex_lock(&lock);
	if ((c = find(key, hash)) == NULL) {
		*mine = claim(key, hash);
		found = CACHE_COMPUTE;
	} else if (!c->ready) {
		rq->next = c->waiting;
		c->waiting = rq;
		found = CACHE_WAITS;
	} else {
		c->used = ++tick;
		found = copy_reply(&rq->reply, c->body, c->len, c->type, c->etag) ? CACHE_FOUND : CACHE_COMPUTE;
	}
	(void)pthread_mutex_unlock(&lock);
	return (found);
}

/* Room for one more; what is being computed has no size yet. */
static void
make_room(size_t len)
{
	struct cached	*c;

	while (bytes + len > ALL_BYTES && (c = oldest()) != NULL)
		drop(c);
}

static void
keep(struct cached *c, const struct reply *r)
{
	make_room(r->len);
	if ((c->body = malloc(r->len == 0 ? 1 : r->len)) == NULL) {
		drop(c);
		return;
	}
	memcpy(c->body, r->body, r->len);
	c->len = r->len;
	bytes += r->len;
	c->type = r->type;
	(void)snprintf(c->etag, sizeof(c->etag), "%s", r->etag);
	c->ready = true;
}

/* Those who waited get what the first one got, an error too: asking again would fail again. */
static void
share(struct request *rq, const struct reply *r)
{
	if (r->body == NULL || !copy_reply(&rq->reply, r->body, r->len, r->type, r->etag)) {
		problem(rq, 503, "out of memory");
		return;
	}
	rq->reply.status = r->status;
	rq->reply.retry_after = r->retry_after;
	rq->reply.cache = r->cache;
}

struct request *
cache_done(struct cached *c, const struct reply *r)
{
	struct request	*waiting;

	if (c == NULL)
		return (NULL);
	(void)pthread_mutex_lock(&lock);
	waiting = c->waiting;
	c->waiting = NULL;
	if (r->status == 200 && r->etag[0] != '\0' && r->body != NULL && r->len <= ENTRY_BYTES)
		keep(c, r);
	else
		drop(c);
	(void)pthread_mutex_unlock(&lock);
	for (struct request *rq = waiting; rq != NULL; rq = rq->next)
		share(rq, r);
	return (waiting);
}

void
cache_clear(void)
{
	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].ready)
			drop(&entries[i]);
	(void)pthread_mutex_unlock(&lock);
}
