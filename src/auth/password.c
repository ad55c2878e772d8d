/*
 * password.c - yescrypt by libxcrypt; the only file that knows of libcrypt.
 *
 * A hash takes about a tenth of a second and 16 MB on purpose. For a name that
 * nobody has, a hash of nobody's is made, so that the answer takes as long.
 */
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>

#include "auth/auth.h"

#define METHOD "$y$"

/* Nobody's: with a salt of its own it is of no use to anybody. */
static const char	 nobody[] = "$y$j9T$fRvND4x/zc1IAMoR6WIjx0$wxdnvJTN0nQ.tC0Z4oWJY.ulgP3imULFzD7ALOy7B38";

int
auth_hash(const char *password, char **hash, struct err *e)
{
	struct crypt_data	*d = calloc(1, sizeof(*d));
	char			 setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char		*p;
	int			 rv = -1;

	*hash = NULL;
	if (d == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	if (crypt_gensalt_rn(METHOD, 0, NULL, 0, setting, (int)sizeof(setting)) == NULL)
		err_set(e, ERR_TEMP, "this system's libcrypt has no yescrypt: %s", strerror(errno));
	else if ((p = crypt_r(password, setting, d)) == NULL || p[0] == '*')
		err_set(e, ERR_TEMP, "the password cannot be hashed: %s", strerror(errno));
	else if ((*hash = strdup(p)) == NULL)
		err_set(e, ERR_TEMP, "out of memory");
	else
		rv = 0;
	explicit_bzero(d, sizeof(*d));
	free(d);
	return (rv);
}

bool
auth_check(const char *password, const char *hash)
{
	struct crypt_data	*d = calloc(1, sizeof(*d));
	const char		*p;
	bool			 same = false;

	if (d == NULL)
		return (false);
	p = crypt_r(password, hash == NULL ? nobody : hash, d);
	if (p != NULL && p[0] != '*')
		same = auth_same(p, hash == NULL ? nobody : hash);
	explicit_bzero(d, sizeof(*d));
	free(d);
	return (same && hash != NULL);
}

int
auth_password_ok(const char *password, const char *user, struct err *e)
{
	size_t	 n = strlen(password), chars = 0;

	if (!str_utf8_ok(str_of(password)))
		return (err_set(e, ERR_INPUT, "the password is not valid UTF-8"));
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)password[i] < 0x20 || password[i] == 0x7f)
			return (err_set(e, ERR_INPUT, "the password has a control character"));
		chars += ((unsigned char)password[i] & 0xc0) != 0x80;
	}
	if (chars < AUTH_PASSWORD_MIN)
		return (err_set(e, ERR_INPUT, "the password has %zu characters; it takes %d at least, and a sentence is a good one", chars,
		    AUTH_PASSWORD_MIN));
	if (n > AUTH_PASSWORD_MAX)
		return (err_set(e, ERR_INPUT, "the password has %zu bytes, %d at most", n, AUTH_PASSWORD_MAX));
	if (user != NULL && str_ieq(str_of(password), user))
		return (err_set(e, ERR_INPUT, "the password is the name of the user"));
	return (0);
}
