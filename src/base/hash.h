/*
 * hash.h - keyed short hashes and SHA-256.
 * Source:    FIPS 180-4 and RFC 2104, through nettle.
 * Trust:     input is hostile; hash64 is for tables whose fill is bounded.
 * Units:     bytes.
 * Ownership: none.
 * Errors:    none.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_SIZE 32

/* seed: random per process, so that nobody outside can aim at one bucket. */
uint64_t	 hash64(uint64_t seed, const void *, size_t);
uint64_t	 hash_seed(void);	/* random, drawn once per process */
void		 hash_sha256(uint8_t out[HASH_SIZE], const void *, size_t);
/* RFC 2104 with SHA-256, over several pieces in a row. */
struct hash_piece { const void *p; size_t n; };
void		 hash_hmac(uint8_t out[HASH_SIZE], const void *key, size_t, const struct hash_piece *, size_t n);

#endif
