/*
 * host.c - see host.h.
 */
#include "enrich/host.h"

#define HOUR		3600
#define DAY		(24 * HOUR)
/* Reports are a day old when they come: names need not be younger than that. */
#define TTL_LEAST	DAY
#define TTL_MOST	(7 * DAY)
#define NEGATIVE_MOST	(3 * DAY)
#define AGAIN_FIRST	(10 * 60)
#define AGAIN_LAST	DAY

const char *const host_state_names[HOST_STATES] = { "waiting", "confirmed", "unconfirmed", "none" };
const char *const host_failure_names[HOST_FAILURES] = { "answered", "timeout", "servfail", "refused", "forward" };

bool
host_name_ok(struct str s)
{
	size_t	 label = 0, labels = 1;
	bool	 digits = true;

	if (s.len == 0 || s.len > DOMAIN_MAX)
		return (false);
	for (size_t i = 0; i < s.len; i++) {
		char	 c = s.p[i];
		bool	 letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), digit = c >= '0' && c <= '9';

		if (c == '.') {
			if (label == 0 || s.p[i - 1] == '-')
				return (false);
			label = 0;
			labels++;
			digits = true;
			continue;
		}
		if (!(letter || digit || (c == '-' && label > 0)) || ++label > 63)
			return (false);
		digits &= digit;
	}
	return (label > 0 && s.p[s.len - 1] != '-' && labels > 1 && !digits);
}

bool
host_sound(const struct host *h)
{
	if (h->state < HOST_WAITING || h->state >= HOST_STATES || h->failure < HOST_ANSWERED || h->failure >= HOST_FAILURES ||
	    h->nnames > HOST_NAMES || h->more > UINT16_MAX || h->refused > UINT16_MAX)
		return (false);
	if ((h->nnames > 0) != (h->state == HOST_CONFIRMED || h->state == HOST_UNCONFIRMED))
		return (false);
	if ((h->failure != HOST_ANSWERED && h->failure != HOST_FORWARD) != (h->state == HOST_WAITING) ||
	    (h->failure == HOST_FORWARD && h->state != HOST_UNCONFIRMED))
		return (false);
	for (unsigned i = 0; i < h->nnames; i++)
		if (memchr(h->names[i], '\0', sizeof(h->names[i])) == NULL || !host_name_ok(str_of(h->names[i])))
			return (false);
	return (true);
}

static bool
names_same(const struct host *a, const struct host *b)
{
	if (a->nnames != b->nnames || a->more != b->more || a->refused != b->refused)
		return (false);
	for (unsigned i = 0; i < a->nnames; i++)
		if (strcmp(a->names[i], b->names[i]) != 0)
			return (false);
	return (true);
}

/* It had led back to the address, and the name is still there: that nobody answers now takes nothing from it. */
static bool
still_named(const struct host *was, const struct host *is)
{
	for (unsigned i = 0; i < is->nnames && was->state == HOST_CONFIRMED; i++)
		if (strcmp(was->names[0], is->names[i]) == 0)
			return (true);
	return (false);
}

bool
host_merge(struct host *was, const struct host *is)
{
	bool	 differs;

	if (is->state == HOST_WAITING || (is->failure == HOST_FORWARD && still_named(was, is))) {
		was->failure = is->failure;
		return (false);
	}
	differs = was->state != is->state || !names_same(was, is);
	*was = *is;
	return (differs);
}

int64_t
host_due(const struct host *h, unsigned tries, int64_t now)
{
	int64_t	 ttl = h->ttl, again = AGAIN_FIRST;

	if (h->failure != HOST_ANSWERED) {
		for (unsigned i = 1; i < tries && again < AGAIN_LAST; i++)
			again *= 2;
		return (now + (again > AGAIN_LAST ? AGAIN_LAST : again));
	}
	if (ttl < TTL_LEAST)
		ttl = TTL_LEAST;
	if (ttl > (h->state == HOST_NONE ? NEGATIVE_MOST : TTL_MOST))
		ttl = h->state == HOST_NONE ? NEGATIVE_MOST : TTL_MOST;
	return (now + ttl);
}

const char *
host_reverse(const unsigned char *ip, unsigned len, char out[HOST_REVERSE])
{
	size_t	 n = 0;

	out[0] = '\0';
	if (len == 4)
		(void)snprintf(out, HOST_REVERSE, "%u.%u.%u.%u.in-addr.arpa", ip[3], ip[2], ip[1], ip[0]);
	else if (len == 16) {
		for (unsigned i = 16; i-- > 0;) {
			out[n++] = "0123456789abcdef"[ip[i] & 15];
			out[n++] = '.';
			out[n++] = "0123456789abcdef"[ip[i] >> 4];
			out[n++] = '.';
		}
		(void)snprintf(out + n, HOST_REVERSE - n, "ip6.arpa");
	}
	return (out);
}
