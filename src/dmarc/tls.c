/*
 * tls.c - see tls.h.
 */
#include "dmarc/tls.h"

const char *const	 sts_mode_names[STS_MODES] = { "unknown", "enforce", "testing", "none" };
const char *const	 tls_ready_names[TLS_READY_STATES] = { "no-data", "no-policy", "enforced", "wait", "ready" };
const char *const	 tls_ready_texts[TLS_READY_STATES] = {
	[TLS_READY_NO_DATA] = "No report tells of an MTA-STS policy in a known mode.",
	[TLS_READY_NO_POLICY] = "Senders find no MTA-STS policy that asks for anything: publish one with mode: testing first.",
	[TLS_READY_ENFORCED] = "The policy is at mode: enforce.",
	[TLS_READY_WAIT] = "Stay at mode: testing until every check is met.",
	[TLS_READY_YES] = "Every check is met: the policy can go to mode: enforce.",
};

/* --- The policy ------------------------------------------------------------------- */

struct str
sts_field(struct str line, const char *key)
{
	size_t	 n = strlen(key);

	line = str_trim(line);
	if (!str_istarts(line, key))
		return (STR_NONE);
	line.p += n;
	line.len -= n;
	while (line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
		line.p++;
		line.len--;
	}
	if (line.len == 0 || line.p[0] != ':')
		return (STR_NONE);
	return (str_trim((struct str){ line.p + 1, line.len - 1 }));
}

/* The first line with the key; RFC 8461 3.2: of others all but the first is ignored. */
static struct str
first_field(const struct str *lines, size_t n, const char *key)
{
	struct str	 v;

	for (size_t i = 0; i < n; i++)
		if ((v = sts_field(lines[i], key)).p != NULL)
			return (v);
	return (STR_NONE);
}

enum sts_mode
sts_mode(const struct str *lines, size_t n)
{
	struct str	 v = first_field(lines, n, "mode");

	for (unsigned i = STS_ENFORCE; i < STS_MODES; i++)
		if (str_ieq(v, sts_mode_names[i]))
			return ((enum sts_mode)i);
	return (STS_UNKNOWN);
}

int64_t
sts_max_age(const struct str *lines, size_t n)
{
	int64_t	 v;

	return (str_i64(first_field(lines, n, "max_age"), &v) ? v : -1);
}

bool
sts_mx_matches(struct str pattern, struct str host)
{
	const char	*dot;

	if (pattern.len == 0 || host.len == 0)
		return (false);
	if (!str_starts(pattern, "*."))
		return (str_eq(pattern, host));
	if ((dot = memchr(host.p, '.', host.len)) == NULL || dot == host.p)
		return (false);
	return (str_eq((struct str){ pattern.p + 1, pattern.len - 1 },
	    (struct str){ dot, host.len - (size_t)(dot - host.p) }));
}

/* --- What a failure means ------------------------------------------------------------ */

static const struct tls_advice	 advice[TLS_RESULT_COUNT] = {
	[TLS_RESULT_STARTTLS] = { "negotiation", "tls.starttls_not_supported",
	    "The MX did not offer STARTTLS, so the connection could not be encrypted.",
	    "Check that the MX offers STARTTLS to everybody, and that no firewall in front of it filters the word. When only one "
	    "sender sees it, and suddenly, somebody between may be stripping the offer." },
	[TLS_RESULT_HOST_MISMATCH] = { "negotiation", "tls.certificate_host_mismatch",
	    "No name in the certificate is the name of the MX.",
	    "Get a certificate that has the MX host name as subjectAltName, or correct the name in the MX record or in the policy." },
	[TLS_RESULT_EXPIRED] = { "negotiation", "tls.certificate_expired",
	    "The certificate of the MX has expired.",
	    "Renew it, let the mail server load the new one, and see that renewal runs by itself." },
	[TLS_RESULT_NOT_TRUSTED] = { "negotiation", "tls.certificate_not_trusted",
	    "No trusted authority stands behind the certificate of the MX.",
	    "Replace a self-signed certificate by one of a public authority; if it is from one, send the intermediate certificate along." },
	[TLS_RESULT_VALIDATION] = { "negotiation", "tls.validation_failure",
	    "TLS failed for a reason that has no name of its own.",
	    "The reason code says what the sender saw: often no common version or cipher, or a broken chain. Try the MX with a TLS "
	    "checker." },
	[TLS_RESULT_TLSA_INVALID] = { "dane", "tls.tlsa_invalid",
	    "The TLSA records cannot be used, or the certificate of the MX fits none of them.",
	    "Publish the TLSA record of the new key before the key is changed, and keep the old one until caches have let it go." },
	[TLS_RESULT_DNSSEC_INVALID] = { "dane", "tls.dnssec_invalid",
	    "No resolver gave an answer with valid DNSSEC.",
	    "Repair the signatures of the zone, or the DS record at its parent; expired signatures are the usual cause." },
	[TLS_RESULT_DANE_REQUIRED] = { "dane", "tls.dane_required",
	    "The sender insists on DANE, and found no usable TLSA record.",
	    "Publish TLSA records for the MX hosts if such senders shall deliver; otherwise nothing needs doing here." },
	[TLS_RESULT_STS_FETCH] = { "sts", "tls.sts_policy_fetch_error",
	    "The policy file could not be fetched. Senders go on with the copy they have, or without: mail was not refused for it.",
	    "See that https://mta-sts.<domain>/.well-known/mta-sts.txt answers with the file itself: no redirect, no 404, reachable "
	    "from everywhere." },
	[TLS_RESULT_STS_INVALID] = { "sts", "tls.sts_policy_invalid",
	    "The policy file was fetched, but cannot be read.",
	    "Check its lines: version: STSv1, mode, max_age, and an mx for each host; as text/plain, one to a line." },
	[TLS_RESULT_STS_WEBPKI] = { "sts", "tls.sts_webpki_invalid",
	    "The web server of the policy file has no valid certificate.",
	    "Renew the certificate of mta-sts.<domain>, or add that name to it." },
	[TLS_RESULT_OTHER] = { "other", "tls.other",
	    "A kind of failure that the standard does not know.",
	    "The reason code and the link in the report may tell more; the reporter is the one to ask." },
};

const struct tls_advice *
tls_advice(enum tls_result r)
{
	return (&advice[r < TLS_RESULT_COUNT ? r : TLS_RESULT_OTHER]);
}

/* --- Ready for enforce? ----------------------------------------------------------------- */

/* What most reports of the day saw; the stricter one of equals is the newer one. */
static enum sts_mode
mode_of(const struct tls_ready_day *d)
{
	enum sts_mode	 best = STS_UNKNOWN;

	for (unsigned i = STS_ENFORCE; i < STS_MODES; i++)
		if (d->elements[i] > 0 && (best == STS_UNKNOWN || d->elements[i] > d->elements[best]))
			best = (enum sts_mode)i;
	return (best);
}

int64_t
tls_ready_window(int64_t last_day)
{
	return (last_day - TLS_READY_DAYS + 1);
}

void
tls_ready(const struct tls_ready_facts *f, struct tls_ready *out)
{
	enum sts_mode	 m;
	int64_t		 last = 0;

	memset(out, 0, sizeof(*out));
	/* days on which no report showed the file say nothing of its mode */
	for (size_t i = f->ndays; i > 0; i--) {
		if ((m = mode_of(&f->days[i - 1])) == STS_UNKNOWN)
			continue;
		if (out->mode == STS_UNKNOWN) {
			out->mode = m;
			last = f->days[i - 1].day;
		}
		if (m != STS_TESTING || out->mode != STS_TESTING)
			break;
		out->testing_since = f->days[i - 1].day;
	}
	if (out->testing_since != 0)
		out->testing_days = (uint64_t)(last - out->testing_since) + 1;
	out->days_ok = out->testing_days >= TLS_READY_DAYS;
	out->reporters_ok = f->reporters >= TLS_READY_REPORTERS;
	out->rate_ok = f->sessions > 0 && f->failed <= f->sessions / 1000 * TLS_READY_PER_MILLE +
	    f->sessions % 1000 * TLS_READY_PER_MILLE / 1000;
	out->own_mx_ok = f->own_mx == 0;
	if (f->ndays == 0)
		out->state = f->no_policy > 0 ? TLS_READY_NO_POLICY : TLS_READY_NO_DATA;
	else if (out->mode == STS_ENFORCE)
		out->state = TLS_READY_ENFORCED;
	else if (out->mode != STS_TESTING)
		out->state = out->mode == STS_NONE ? TLS_READY_NO_POLICY : TLS_READY_NO_DATA;
	else
		out->state = out->days_ok && out->reporters_ok && out->rate_ok && out->own_mx_ok ? TLS_READY_YES : TLS_READY_WAIT;
}
