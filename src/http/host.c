/*
 * host.c - whose name is in the Host header.
 *
 * A page of anybody's can give its own name our address (DNS rebinding); the
 * browser then lets its scripts read us. Such requests carry that page's name,
 * so names that nobody can own are answered: loopback's, and the address that
 * we are bound to.
 */
#include <arpa/inet.h>

#include "http/http.h"

/* "name", "name:port", "[v6]", "[v6]:port": the first part, false on junk. */
static bool
split_host(const char *host, struct str *name)
{
	const char	*end, *p;

	if (host[0] == '[') {
		if ((end = strchr(host, ']')) == NULL)
			return (false);
		*name = (struct str){ host + 1, (size_t)(end - host - 1) };
		end++;
	} else {
		end = host + strcspn(host, ":");
		*name = (struct str){ host, (size_t)(end - host) };
	}
	if (*end == '\0')
		return (true);
	if (*end++ != ':' || strlen(end) > 5)
		return (false);
	for (p = end; *p != '\0'; p++)
		if (*p < '0' || *p > '9')
			return (false);
	return (true);
}

/* Both as addresses, so that 0:0:0:0:0:0:0:1 is ::1. */
static bool
same_address(const char *name, const char *address)
{
	struct in6_addr	 a6, b6;
	struct in_addr	 a4, b4;

	if (inet_pton(AF_INET, name, &a4) == 1)
		return (inet_pton(AF_INET, address, &b4) == 1 && a4.s_addr == b4.s_addr);
	return (inet_pton(AF_INET6, name, &a6) == 1 && inet_pton(AF_INET6, address, &b6) == 1 &&
	    memcmp(&a6, &b6, sizeof(a6)) == 0);
}

static bool
is_loopback(const char *name)
{
	struct in_addr	 a4;

	if (inet_pton(AF_INET, name, &a4) == 1)
		return (ntohl(a4.s_addr) >> 24 == 127);
	return (same_address(name, "::1"));
}

bool
host_allowed(const char *host, const char *address, const struct str_list *names)
{
	struct str	 name;
	char		 text[64];

	if (!split_host(host, &name) || name.len == 0)
		return (false);
	for (size_t i = 0; names != NULL && i < names->n; i++)
		if (str_ieq(name, names->v[i]))
			return (true);
	if (name.len >= sizeof(text))
		return (false);
	memcpy(text, name.p, name.len);
	text[name.len] = '\0';
	return (str_ieq(name, "localhost") || is_loopback(text) || same_address(text, address));
}
