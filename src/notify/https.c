/*
 * https.c - see https.h.
 */
#include "notify/https.h"

#define CONNECT_MOST	10	/* seconds */

CURL *
https_new(void)
{
	static bool	 ready;
	CURL		*c;

	if (!ready && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return (NULL);
	ready = true;
	if ((c = curl_easy_init()) == NULL)
		return (NULL);
	if (curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK && curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&	/* no variable of the environment decides where this goes */
	    curl_easy_setopt(c, CURLOPT_USERAGENT, "dmarcd/" PACKAGE_VERSION) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK)
		return (c);
	curl_easy_cleanup(c);
	return (NULL);
}

bool
https_url(CURL *c, const char *url, bool tls, const char *ca_file, int64_t timeout)
{
	bool	 ok = true;

#if LIBCURL_VERSION_NUM >= 0x075500
	ok &= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http") == CURLE_OK;
#else
	ok &= curl_easy_setopt(c, CURLOPT_PROTOCOLS, tls ? (long)CURLPROTO_HTTPS : (long)CURLPROTO_HTTP) == CURLE_OK;
#endif
	ok &= curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK;
	ok &= curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)timeout) == CURLE_OK;
	ok &= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)(timeout < CONNECT_MOST ? timeout : CONNECT_MOST)) == CURLE_OK;
	if (!tls)
		return (ok);
	ok &= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	ok &= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	if (ca_file != NULL)
		ok &= curl_easy_setopt(c, CURLOPT_CAINFO, ca_file) == CURLE_OK && curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK;
	return (ok);
}
