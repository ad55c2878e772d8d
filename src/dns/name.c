/*
 * name.c - a name out of a record.
 */
#include "dns/dns.h"
#include "enrich/host.h"

static bool
labels(struct str wire, char out[DOMAIN_MAX + 1], size_t *n)
{
	size_t		 at = 0;
	unsigned char	 len;

	*n = 0;
	while (at < wire.len && (len = (unsigned char)wire.p[at++]) != 0) {
		/* a length above 63 is a pointer into a message that is not here */
		if (len > 63 || len > wire.len - at || *n + (*n > 0) + len > DOMAIN_MAX)
			return (false);
		if (*n > 0)
			out[(*n)++] = '.';
		for (unsigned i = 0; i < len; i++, at++) {
			if (wire.p[at] == '.')	/* within a label it would read as two */
				return (false);
			out[(*n)++] = ascii_lower(wire.p[at]);
		}
	}
	return (wire.len > 0 && at == wire.len && wire.p[at - 1] == '\0');
}

bool
dns_name_text(struct str wire, char out[DOMAIN_MAX + 1])
{
	size_t	 n;
	bool	 ok = labels(wire, out, &n) && host_name_ok((struct str){ out, n });

	out[ok ? n : 0] = '\0';
	return (ok);
}
