/*
 * webhook.c - an alert to a web server.
 */
#include <strings.h>

#include "base/escape.h"
#include "base/hash.h"
#include "notify/https.h"
#include "notify/notify.h"

#define ANSWER_MOST	(64u << 10)	/* bytes of an answer; nobody reads them */

struct answer { size_t n; bool more; };

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct answer	*a = arg;

	(void)p;
	a->n += size * n;
	a->more = a->n > ANSWER_MOST;
	return (a->more ? 0 : size * n);	/* fewer: the rest is not waited for */
}

static bool
set_headers(struct curl_slist **list, struct str secret, const char *id, struct str body, int64_t now)
{
	uint8_t			 mac[HASH_SIZE];
	char			 stamp[24], line[200];
	struct hash_piece	 v[] = { { stamp, 0 }, { ".", 1 }, { body.p, body.len } };
	struct curl_slist	*l;
	size_t			 n;

	(void)snprintf(stamp, sizeof(stamp), "%lld", (long long)now);
	v[0].n = strlen(stamp);
	for (int i = 0; i < 5; i++) {
		switch (i) {
		case 0:
			(void)snprintf(line, sizeof(line), "Content-Type: application/json");
			break;
		case 1:
			(void)snprintf(line, sizeof(line), "Expect:");	/* an answer in between helps nobody */
			break;
		case 2:
			(void)snprintf(line, sizeof(line), "Dmarcd-Id: %s", id);
			break;
		case 3:
			(void)snprintf(line, sizeof(line), "Dmarcd-Timestamp: %s", stamp);
			break;
		default:
			if (secret.p == NULL)
				continue;
			hash_hmac(mac, secret.p, secret.len, v, nitems(v));
			n = (size_t)snprintf(line, sizeof(line), "Dmarcd-Signature: sha256=");
			for (size_t k = 0; k < HASH_SIZE; k++)
				(void)snprintf(line + n + 2 * k, 3, "%02x", mac[k]);
			break;
		}
		if ((l = curl_slist_append(*list, line)) == NULL)
			return (false);
		*list = l;
	}
	return (true);
}

/* What the server said, as our kinds of errors: is it worth another try? */
static int
status(const char *host, long code, struct err *e)
{
	if (code >= 200 && code < 300)
		return (0);
	if (code >= 300 && code < 400)
		return (err_set(e, ERR_CONFIG, "webhook at %s answered %ld: it is elsewhere, and redirects are not followed; write the new address "
		    "into the configuration", host, code));
	if (code == 400 || code == 410 || code == 413 || code == 422)
		return (err_set(e, ERR_INPUT, "webhook at %s refused the message with %ld", host, code));
	if (code == 401 || code == 403)
		return (err_set(e, ERR_CONFIG, "webhook at %s answered %ld: it does not let us in; is the secret the same on both sides?", host, code));
	return (err_set(e, code == 404 || code == 405 ? ERR_CONFIG : ERR_TEMP, "webhook at %s answered %ld", host, code));
}

static void
tell_steps(CURL *c, const struct conf_url *u, CURLcode rc, long code, struct buf *steps)
{
	char	*address = NULL;
	double	 tls = 0, all = 0;
	long	 port = 0;

	(void)curl_easy_getinfo(c, CURLINFO_PRIMARY_IP, &address);
	(void)curl_easy_getinfo(c, CURLINFO_PRIMARY_PORT, &port);
	(void)curl_easy_getinfo(c, CURLINFO_APPCONNECT_TIME, &tls);
	(void)curl_easy_getinfo(c, CURLINFO_TOTAL_TIME, &all);
	if (address != NULL && address[0] != '\0')
		(void)buf_printf(steps, "%s is %s, port %ld: connected\n", u->host, address, port);
	else if (rc != CURLE_OK)
		(void)buf_printf(steps, "%s, port %u: no connection\n", u->host, u->port);
	if (u->tls && tls > 0)
		(void)buf_cstr(steps, "its certificate is right\n");
	if (code > 0)
		(void)buf_printf(steps, "it answered %ld after %.1f s\n", code, all);
}

static int
perform(CURL *c, const struct conf_alerts *a, const struct conf_url *u, struct curl_slist *headers, struct str body, struct buf *steps,
    struct err *e)
{
	char		 why[CURL_ERROR_SIZE] = "", shown[200];
	struct answer	 answer = { 0, false };
	CURLcode	 rc;
	long		 code = 0;

	if (!https_url(c, a->webhook, u->tls, a->webhook_ca_file, a->webhook_timeout) || curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.p) != CURLE_OK || curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, &answer) != CURLE_OK || curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why) != CURLE_OK)
		return (err_set(e, ERR_TEMP, "webhook: libcurl cannot do what is asked of it"));
	rc = curl_easy_perform(c);
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	if (steps != NULL)
		tell_steps(c, u, rc, code, steps);
	/* an answer that has no end: what it began with counts */
	if (rc == CURLE_OK || (rc == CURLE_WRITE_ERROR && answer.more && code > 0))
		return (status(u->host, code, e));
	esc_short(shown, sizeof(shown), str_of(why[0] == '\0' ? curl_easy_strerror(rc) : why));
	return (err_set(e, rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE ? ERR_CONFIG : ERR_TEMP, "webhook at %s: %s",
	    u->host, shown));
}

int
notify_webhook(const struct conf_alerts *a, struct str secret, const char *id, struct str body, int64_t now, struct buf *steps, struct err *e)
{
	struct curl_slist	*headers = NULL;
	struct conf_url		 u;
	CURL			*c;
	int			 rv;

	if (a->webhook == NULL || !conf_webhook_parts(a->webhook, &u))
		return (err_set(e, ERR_CONFIG, "the configuration has no webhook"));
	if ((c = https_new()) == NULL)
		return (err_set(e, ERR_TEMP, "webhook: libcurl cannot be used"));
	if (!set_headers(&headers, secret, id, body, now))
		rv = err_set(e, ERR_TEMP, "out of memory");
	else
		rv = perform(c, a, &u, headers, body, steps, e);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return (rv);
}
