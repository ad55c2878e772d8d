/*
 * pair.c - see pair.h.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/when.h"
#include "tls/pair.h"

#define CHAIN_MAX 16
#define KEY_BITS_MIN 2048	/* of RSA */

static gnutls_datum_t
datum(struct str s)
{
	return ((gnutls_datum_t){ .data = (unsigned char *)(uintptr_t)s.p, .size = (unsigned)s.len });
}

/* The first of the file, or NULL. */
static gnutls_x509_crt_t
first(struct str certificate)
{
	gnutls_x509_crt_t	 c[CHAIN_MAX];
	gnutls_datum_t		 d = datum(certificate);
	unsigned		 n = CHAIN_MAX;
	int			 rc;

	if (certificate.len == 0 || (rc = gnutls_x509_crt_list_import(c, &n, &d, GNUTLS_X509_FMT_PEM,
	    GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED)) < 0 || n == 0)
		return (NULL);
	for (unsigned i = 1; i < n; i++)
		gnutls_x509_crt_deinit(c[i]);
	return (c[0]);
}

static int
check_key(struct str key, struct err *e)
{
	gnutls_x509_privkey_t	 k;
	gnutls_datum_t		 d = datum(key);
	unsigned		 bits = 0;
	int			 rc, algorithm;

	if (gnutls_x509_privkey_init(&k) < 0)
		return (err_set(e, ERR_TEMP, "out of memory"));
	rc = key.len == 0 ? GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR : gnutls_x509_privkey_import2(k, &d, GNUTLS_X509_FMT_PEM, NULL, 0);
	algorithm = rc < 0 ? 0 : gnutls_x509_privkey_get_pk_algorithm2(k, &bits);
	gnutls_x509_privkey_deinit(k);
	if (rc == GNUTLS_E_DECRYPTION_FAILED)
		return (err_set(e, ERR_CONFIG, "holds a key that is locked with a passphrase; the daemon needs it without"));
	if (rc < 0)
		return (err_set(e, ERR_CONFIG, "holds no private key in PEM form (%s)", gnutls_strerror(rc)));
	if (algorithm == GNUTLS_PK_RSA && bits < KEY_BITS_MIN)
		return (err_set(e, ERR_CONFIG, "holds an RSA key of %u bits; browsers want %d at least", bits, KEY_BITS_MIN));
	return (0);
}

static int
check_fit(struct str certificate, struct str key, struct err *e)
{
	gnutls_certificate_credentials_t	 cred;
	gnutls_datum_t				 c = datum(certificate), k = datum(key);
	int					 rc;

	if (gnutls_certificate_allocate_credentials(&cred) < 0)
		return (err_set(e, ERR_TEMP, "out of memory"));
	rc = gnutls_certificate_set_x509_key_mem2(cred, &c, &k, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_certificate_free_credentials(cred);
	if (rc == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return (err_set(e, ERR_CONFIG, "do not belong together: the key is not that of the certificate that stands first"));
	return (rc < 0 ? err_set(e, ERR_CONFIG, "cannot be used together: %s", gnutls_strerror(rc)) : 0);
}

bool
tls_pair_times(struct str certificate, struct tls_pair *out)
{
	gnutls_x509_crt_t	 c = first(certificate);

	if (c == NULL)
		return (false);
	out->from = (int64_t)gnutls_x509_crt_get_activation_time(c);
	out->until = (int64_t)gnutls_x509_crt_get_expiration_time(c);
	gnutls_x509_crt_deinit(c);
	return (true);
}

int
tls_pair_check(struct str certificate, struct str key, struct tls_pair *out, enum tls_pair_file *which, struct err *e)
{
	*which = TLS_PAIR_CERTIFICATE;
	if (!tls_pair_times(certificate, out))
		return (err_set(e, ERR_CONFIG, "holds no certificate in PEM form"));
	*which = TLS_PAIR_KEY;
	if (check_key(key, e) == -1)
		return (-1);
	*which = TLS_PAIR_BOTH;
	return (check_fit(certificate, key, e));
}

bool
tls_pair_names(struct str certificate, const char *name)
{
	gnutls_x509_crt_t	 c = first(certificate);
	bool			 yes = c != NULL && gnutls_x509_crt_check_hostname(c, name) != 0;

	if (c != NULL)
		gnutls_x509_crt_deinit(c);
	return (yes);
}
