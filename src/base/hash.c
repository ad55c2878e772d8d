/*
 * hash.c - see hash.h.
 */
#include <sys/random.h>

#include <nettle/hmac.h>
#include <unistd.h>

#include "base/base.h"
#include "base/hash.h"

/* SipHash-1-3 (Aumasson and Bernstein): quick, and without the key nobody can aim. */
#define ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))
#define SIPROUND do {						\
	v0 += v1; v1 = ROTL(v1, 13); v1 ^= v0; v0 = ROTL(v0, 32);	\
	v2 += v3; v3 = ROTL(v3, 16); v3 ^= v2;				\
	v0 += v3; v3 = ROTL(v3, 21); v3 ^= v0;				\
	v2 += v1; v1 = ROTL(v1, 17); v1 ^= v2; v2 = ROTL(v2, 32);	\
} while (0)

uint64_t
hash64(uint64_t seed, const void *data, size_t n)
{
	const unsigned char	*p = data;
	uint64_t		 k1 = seed * 0x9e3779b97f4a7c15u + 0x6a09e667f3bcc909u, w = 0;
	uint64_t		 v0 = seed ^ 0x736f6d6570736575u, v1 = k1 ^ 0x646f72616e646f6du;
	uint64_t		 v2 = seed ^ 0x6c7967656e657261u, v3 = k1 ^ 0x7465646279746573u;
	size_t			 left = n;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&w, p, 8);
		v3 ^= w;
		SIPROUND;
		v0 ^= w;
	}
	w = 0;
	if (left > 0)
		memcpy(&w, p, left);
	w |= (uint64_t)n << 56;
	v3 ^= w;
	SIPROUND;
	v0 ^= w;
	v2 ^= 0xff;
	SIPROUND;
	SIPROUND;
	SIPROUND;
	return (v0 ^ v1 ^ v2 ^ v3);
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

void
hash_hmac(uint8_t out[HASH_SIZE], const void *key, size_t nkey, const struct hash_piece *v, size_t n)
{
	struct hmac_sha256_ctx	 c;

	hmac_sha256_set_key(&c, nkey, key);
	for (size_t i = 0; i < n; i++)
		hmac_sha256_update(&c, v[i].n, v[i].p);
	hmac_sha256_digest(&c, HASH_SIZE, out);
	explicit_bzero(&c, sizeof(c));
}
