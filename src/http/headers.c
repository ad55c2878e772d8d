/*
 * headers.c - the headers that every answer carries.
 */
#include <microhttpd.h>

#include "http/http.h"

/*
 * Nothing runs, loads, frames or is sent anywhere but to ourselves: what
 * reports say is from anybody, and is shown by this page.
 */
#define CSP "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " \
	"manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; " \
	"require-trusted-types-for 'script'"

static const struct { const char *name, *value; } always[] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
};

bool
header_add(struct MHD_Response *r, const char *name, const char *value)
{
	return (MHD_add_response_header(r, name, value) == MHD_YES);
}

bool
headers_secure(struct MHD_Response *r, const char *csp)
{
	bool	 ok = header_add(r, "Content-Security-Policy", csp == NULL ? CSP : csp);

	for (size_t i = 0; i < nitems(always); i++)
		ok = header_add(r, always[i].name, always[i].value) && ok;
	return (ok);
}

/* RFC 9110 12.5.3, as far as it matters to us: is gzip named, and not with q=0? */
bool
accepts_gzip(const char *list)
{
	const char	*p = list, *q;
	size_t		 n;

	while (*p != '\0') {
		p += strspn(p, " \t,");
		n = strcspn(p, ",; \t");
		q = p + n;
		q += strspn(q, " \t");
		if ((n == 4 && str_ieq((struct str){ p, n }, "gzip")) || (n == 1 && *p == '*')) {
			if (*q != ';')
				return (true);
			q += 1 + strspn(q + 1, " \t");
			/* q=0, q=0.0, q=0.00: not acceptable */
			return (!((*q == 'q' || *q == 'Q') && q[1] == '=' && q[2] == '0' &&
			    strspn(q + 2, "0.") == strcspn(q + 2, ", \t")));
		}
		p += strcspn(p, ",");
	}
	return (false);
}
