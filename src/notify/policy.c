/*
 * policy.c - see policy.h.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/escape.h"
#include "enrich/places.h"
#include "notify/https.h"
#include "notify/policy.h"
#include "tls/pair.h"

struct looking {
	const struct policy_way	*way;
	struct buf		 body;
	bool			 more;		/* than anybody would read */
	char			 refused[INET6_ADDRSTRLEN];	/* an address that is not connected to */
	bool			 tried;		/* another one: then what came of that is told */
};

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct looking	*l = arg;

	if (l->body.len + size * n > STS_POLICY_MOST) {
		l->more = true;
		return (0);
	}
	return (buf_add(&l->body, p, size * n) ? size * n : 0);
}

/* Only addresses of the internet: who writes the zone of a domain is not to have us knock at doors in here. */
static bool
is_public(const struct sockaddr *sa, char text[INET6_ADDRSTRLEN])
{
	unsigned char	 ip[16];
	unsigned	 len = sa->sa_family == AF_INET ? 4 : sa->sa_family == AF_INET6 ? 16 : 0;
	struct place	 place;

	text[0] = '\0';
	if (len == 0)
		return (false);
	memcpy(ip, len == 4 ? (const void *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr :
	    (const void *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, len);
	(void)inet_ntop(sa->sa_family, ip, text, INET6_ADDRSTRLEN);
	place_find(NULL, ip, len, &place);
	/* of IPv6 what is given out, and what stands for IPv4 addresses */
	return (place.reserved == RESERVED_NO && (len == 4 || (ip[0] & 0xe0) == 0x20 || ip[0] == 0));
}

/* Not 0: that is enough. */
static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct looking	*l = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return (l->way->stop != NULL && l->way->stop(l->way->ctx));
}

static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct looking	*l = arg;
	char		 text[INET6_ADDRSTRLEN];

	(void)purpose;
	if (l->way->server == NULL && !is_public(&a->addr, text)) {
		memcpy(l->refused, text, sizeof(text));
		return (CURL_SOCKET_BAD);
	}
	l->tried = true;
	return (socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol));
}

/* "mta-sts.example.com:443:192.0.2.1:8443", with brackets around IPv6. */
static struct curl_slist *
elsewhere(const char *domain, const char *server)
{
	char		 line[500];
	const char	*at = strchr(server, '@');
	int		 n = at == NULL ? (int)strlen(server) : (int)(at - server);
	bool		 v6 = memchr(server, ':', (size_t)n) != NULL;

	(void)snprintf(line, sizeof(line), "mta-sts.%s:443:%s%.*s%s:%s", domain, v6 ? "[" : "", n, server, v6 ? "]" : "", at == NULL ? "443" : at + 1);
	return (curl_slist_append(NULL, line));
}

/* The server's own certificate in PEM form; absent: none was shown. */
static struct str
certificate_of(CURL *c)
{
	struct curl_certinfo	*info = NULL;

	if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL || info->num_of_certs < 1)
		return (STR_NONE);
	for (const struct curl_slist *l = info->certinfo[0]; l != NULL; l = l->next)
		if (strncmp(l->data, "Cert:", 5) == 0)
			return (str_of(l->data + 5));
	return (STR_NONE);
}

static void
judge_answer(CURL *c, struct looking *l, struct policy_look *out)
{
	struct sts_policy	 p;
	const char		*type = NULL, *why;
	long			 code = 0;

	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	(void)curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
	if (code != 200) {
		out->state = STS_MISSING;
		(void)snprintf(out->why, sizeof(out->why), code >= 300 && code < 400 ? "the server answered %ld, and senders follow no redirect" :
		    "the server answered %ld", code);
		return;
	}
	out->state = STS_FAULTY;
	if (!sts_media_type(str_of(type)))
		why = "is not marked as text/plain";
	else if ((why = sts_policy_read(buf_as_str(&l->body), &p)) == NULL) {
		out->state = STS_SOUND;
		out->mode = p.mode;
		out->max_age = p.max_age;
		return;
	}
	(void)snprintf(out->why, sizeof(out->why), "the policy %s", why);
}

static void
judge(CURL *c, CURLcode rc, const char *why, const char *host, struct looking *l, int64_t now, struct policy_look *out)
{
	struct str	 pem = certificate_of(c);
	struct tls_pair	 times;
	bool		 seen = pem.p != NULL && tls_pair_times(pem, &times);

	out->not_after = seen ? times.until : 0;
	if (rc == CURLE_OK) {
		judge_answer(c, l, out);
		return;
	}
	if (rc == CURLE_WRITE_ERROR && l->more) {
		out->state = STS_FAULTY;
		(void)snprintf(out->why, sizeof(out->why), "the policy is longer than 64 kB");
		return;
	}
	if (l->refused[0] != '\0' && !l->tried) {
		out->state = STS_UNREACHED;
		(void)snprintf(out->why, sizeof(out->why), "%.150s is at %s, which is no address of the internet", host, l->refused);
		return;
	}
	esc_short(out->why, sizeof(out->why), str_of(why[0] == '\0' ? curl_easy_strerror(rc) : why));
	if (rc != CURLE_PEER_FAILED_VERIFICATION)
		out->state = STS_UNREACHED;
	else if (seen && times.until < now)
		out->state = STS_EXPIRED;
	else if (seen && !tls_pair_names(pem, host))
		out->state = STS_OTHER_NAME;
	else
		out->state = STS_UNTRUSTED;
}

void
policy_look(const char *domain, const struct policy_way *w, int64_t now, struct policy_look *out)
{
	struct looking		 l = { .way = w };
	struct curl_slist	*to = NULL;
	char			 url[400], host[300], why[CURL_ERROR_SIZE] = "";
	CURL			*c = https_new();

	*out = (struct policy_look){ .state = STS_UNREACHED, .max_age = -1, .why = "out of memory" };
	(void)snprintf(host, sizeof(host), "mta-sts.%s", domain);
	(void)snprintf(url, sizeof(url), "https://%s/.well-known/mta-sts.txt", host);
	if (c != NULL && (w->server == NULL || ((to = elsewhere(domain, w->server)) != NULL &&
	    curl_easy_setopt(c, CURLOPT_CONNECT_TO, to) == CURLE_OK)) && https_url(c, url, true, w->ca_file, w->timeout) &&
	    curl_easy_setopt(c, CURLOPT_CERTINFO, 1L) == CURLE_OK && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, &l) == CURLE_OK && curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &l) == CURLE_OK && curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK && curl_easy_setopt(c, CURLOPT_XFERINFODATA, &l) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why) == CURLE_OK) {
		out->why[0] = '\0';
		judge(c, curl_easy_perform(c), why, host, &l, now, out);
	}
	for (char *p = out->why; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	curl_easy_cleanup(c);
	curl_slist_free_all(to);
	buf_free(&l.body);
}
