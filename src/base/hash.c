/*
 * hash.c - see hash.h.
 */
#include <sys/random.h>

#include <unistd.h>

#include "base/base.h"
#include "base/hash.h"

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	return (h);
}

uint64_t
hash64(uint64_t seed, const void *data, size_t n)
{
	const unsigned char	*p = data;
	uint64_t		 h = seed ^ (n * 0x9e3779b97f4a7c15u), w;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&w, p, 8);
		h = mix(h ^ w) + 0x9e3779b97f4a7c15u;
	}
	w = 0;
	if (n > 0)
		memcpy(&w, p, n);
	return (mix(h ^ w ^ seed));
}

uint64_t
hash_seed(void)
{
	static uint64_t	 seed;

	while (seed == 0)
		if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
			seed = (uint64_t)getpid() * 0x9e3779b97f4a7c15u ^ (uint64_t)time(NULL);
	return (seed);
}

void
hash_sha256(uint8_t out[HASH_SIZE], const void *data, size_t n)
{
	struct sha256_ctx	 c;

	sha256_init(&c);
	sha256_update(&c, n, data);
	sha256_digest(&c, HASH_SIZE, out);
}
