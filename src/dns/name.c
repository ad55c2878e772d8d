/*
 * name.c - a name out of a record.
 */
#include "dns/dns.h"
#include "enrich/host.h"

bool
dns_name_text(struct str wire, char out[DOMAIN_MAX + 1])
{
	size_t		 at = 0, n = 0;
	unsigned char	 len;

	out[0] = '\0';
	while (at < wire.len && (len = (unsigned char)wire.p[at++]) != 0) {
		/* a length above 63 is a pointer into a message that is not here */
		if (len > 63 || len > wire.len - at || n + (n > 0) + len > DOMAIN_MAX)
			return (false);
		if (n > 0)
			out[n++] = '.';
		for (unsigned i = 0; i < len; i++, at++) {
			if (wire.p[at] == '.') {	/* a dot within a label would read as two */
				out[0] = '\0';
				return (false);
			}
			out[n++] = ascii_lower(wire.p[at]);
		}
	}
	out[n] = '\0';
	if (at != wire.len || wire.len == 0 || wire.p[wire.len - 1] != '\0' || !host_name_ok((struct str){ out, n })) {
		out[0] = '\0';
		return (false);
	}
	return (true);
}
