/*
 * brake.c - who guesses waits.
 *
 * Two fixed tables of counters, by address and by the name that was tried,
 * whether anybody has it or not. A counter stands for all whose keyed hash is
 * the same: nobody outside can tell which, and however many addresses and
 * names are tried, no more memory is used. Some failures are free; then the
 * wait doubles with each. A name is held up for a minute at most, so that
 * nobody can be kept out for long; an address for a quarter of an hour.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "base/hash.h"

#define SLOTS		4096
#define FORGET_MS	(15 * 60 * 1000)	/* half of the failures are forgotten after so long */

static const struct { unsigned free; int64_t longest; } rules[] = {
	{ 10, 15 * 60 * 1000 },		/* an address: several people may be behind it */
	{ 5, 60 * 1000 },		/* a name */
};
enum { BY_ADDRESS, BY_NAME, KINDS };

struct slot { unsigned failures; int64_t last; };	/* ms */

struct auth_brake {
	pthread_mutex_t	 lock;
	uint64_t	 seed;
	struct slot	 v[KINDS][SLOTS];
};

struct auth_brake *
auth_brake_new(void)
{
	struct auth_brake	*b = calloc(1, sizeof(*b));

	if (b == NULL)
		return (NULL);
	(void)pthread_mutex_init(&b->lock, NULL);
	b->seed = hash_seed();
	return (b);
}

void
auth_brake_free(struct auth_brake *b)
{
	if (b == NULL)
		return;
	(void)pthread_mutex_destroy(&b->lock);
	free(b);
}

/* A /64 is one customer's, who may use any address of it. */
static struct slot *
slot_of(struct auth_brake *b, unsigned kind, const char *key)
{
	unsigned char	 bin[16];
	uint64_t	 h;

	if (kind == BY_ADDRESS && inet_pton(AF_INET6, key, bin) == 1)
		h = hash64(b->seed + kind, bin, memcmp(bin, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0 ? 16 : 8);
	else
		h = hash64(b->seed + kind, key, strlen(key));
	return (&b->v[kind][h % SLOTS]);
}

static void
forget(struct slot *s, int64_t now)
{
	while (s->failures > 0 && now - s->last >= FORGET_MS) {
		s->failures /= 2;
		s->last += FORGET_MS;
	}
}

static int64_t
wait_of(struct slot *s, unsigned kind, int64_t now)
{
	int64_t	 pause;

	forget(s, now);
	if (s->failures < rules[kind].free)
		return (0);
	pause = s->failures - rules[kind].free >= 20 ? rules[kind].longest : (int64_t)1000 << (s->failures - rules[kind].free);
	if (pause > rules[kind].longest)
		pause = rules[kind].longest;
	return (s->last + pause > now ? s->last + pause - now : 0);
}

int64_t
auth_brake_wait(struct auth_brake *b, const char *address, const char *user, int64_t now)
{
	int64_t	 one, two;

	(void)pthread_mutex_lock(&b->lock);
	one = wait_of(slot_of(b, BY_ADDRESS, address), BY_ADDRESS, now);
	two = wait_of(slot_of(b, BY_NAME, user), BY_NAME, now);
	(void)pthread_mutex_unlock(&b->lock);
	return (one > two ? one : two);
}

static void
failed(struct slot *s, int64_t now)
{
	forget(s, now);
	if (s->failures < 64)
		s->failures++;
	s->last = now;
}

void
auth_brake_failed(struct auth_brake *b, const char *address, const char *user, int64_t now)
{
	(void)pthread_mutex_lock(&b->lock);
	failed(slot_of(b, BY_ADDRESS, address), now);
	failed(slot_of(b, BY_NAME, user), now);
	(void)pthread_mutex_unlock(&b->lock);
}

/* The address keeps its failures: one good account must not make room for guessing at others. */
void
auth_brake_passed(struct auth_brake *b, const char *address, const char *user)
{
	(void)address;
	(void)pthread_mutex_lock(&b->lock);
	slot_of(b, BY_NAME, user)->failures = 0;
	(void)pthread_mutex_unlock(&b->lock);
}
