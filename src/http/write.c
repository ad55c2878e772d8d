/*
 * write.c - may this request change anything?
 *
 * There are no users yet: who reaches the loopback address may do what the
 * page does. What must not happen is that a page of somebody else has the
 * browser of such a person do it. So a header of our own is wanted, which
 * other sites cannot send without asking first (CORS), and we grant that to
 * nobody; and browsers say themselves where a request comes from.
 */
#include "http/http.h"

/* "http://localhost:8377" of "localhost:8377". */
static bool
same_origin(const char *origin, const char *host)
{
	struct str	 o = str_of(origin);

	if (str_istarts(o, "http://"))
		o = (struct str){ o.p + 7, o.len - 7 };
	else if (str_istarts(o, "https://"))
		o = (struct str){ o.p + 8, o.len - 8 };
	else
		return (false);
	return (str_ieq(o, host));
}

const char *
write_refused(const char *own, const char *site, const char *origin, const char *host)
{
	if (own == NULL || strcmp(own, "1") != 0)
		return ("A request that changes something carries the header " WRITE_HEADER ": 1, so that no other web page can make it.");
	/* Said by the browser itself; it knows the address that a proxy in front shows. */
	if (site != NULL)
		return (strcmp(site, "same-origin") == 0 ? NULL : "This request comes from another web page.");
	if (origin != NULL && (host == NULL || !same_origin(origin, host)))
		return ("This request comes from another web page, or through a proxy that hides our address (Origin and Host differ).");
	return (NULL);
}
