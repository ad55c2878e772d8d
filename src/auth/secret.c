/*
 * secret.c - random secrets, and what is kept of them.
 *
 * Sessions and tokens are 256 random bits: a plain hash of such a secret tells
 * nothing, and nobody can try them all. (A password is another matter: see
 * password.c.)
 */
#include <sys/random.h>

#include <stdio.h>

#include "auth/auth.h"
#include "base/hash.h"

#define TOKEN_PREFIX "dmarcd_"

static void
hex(char *out, const uint8_t *p, size_t n)
{
	static const char	 digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

int
auth_secret(char out[AUTH_SECRET_TEXT], struct err *e)
{
	uint8_t	 r[32];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return (err_set(e, ERR_TEMP, "the system has no random numbers"));
	hex(out, r, sizeof(r));
	explicit_bzero(r, sizeof(r));
	return (0);
}

void
auth_digest(char out[AUTH_SECRET_TEXT], struct str s)
{
	uint8_t	 h[HASH_SIZE];

	hash_sha256(h, s.p == NULL ? "" : s.p, s.len);
	hex(out, h, sizeof(h));
}

bool
auth_same(const char *a, const char *b)
{
	size_t			 n = strlen(a);
	volatile unsigned char	 diff = 0;

	if (n != strlen(b))
		return (false);
	for (size_t i = 0; i < n; i++)
		diff |= (unsigned char)(a[i] ^ b[i]);
	return (diff == 0);
}

int
auth_token_make(struct auth_token *t, char out[80], struct err *e)
{
	char	 secret[AUTH_SECRET_TEXT];

	if (auth_secret(secret, e) == -1)
		return (-1);
	(void)snprintf(out, 80, TOKEN_PREFIX "%s", secret);
	auth_digest(t->hash, str_of(out));
	(void)snprintf(t->id, sizeof(t->id), "%.12s", t->hash);
	explicit_bzero(secret, sizeof(secret));
	return (0);
}

/* By its hash: how long it takes to compare says nothing about the token. */
const struct auth_token *
auth_token_find(const struct auth *a, struct str text)
{
	char	 hash[AUTH_SECRET_TEXT];

	if (!str_starts(text, TOKEN_PREFIX))
		return (NULL);
	auth_digest(hash, text);
	for (size_t i = 0; i < a->ntokens; i++)
		if (auth_same(a->tokens[i].hash, hash))
			return (&a->tokens[i]);
	return (NULL);
}
