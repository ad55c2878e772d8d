/*
 * items.c - see items.h.
 */
#include <arpa/inet.h>

#include "base/base.h"
#include "base/escape.h"
#include "base/near.h"
#include "conf/items.h"
#include "dmarc/name.h"
#include "enrich/catalogue.h"

#define FIELD(s, f) offsetof(struct s, f), sizeof(((struct s *)0)->f)
#define MINUTE	60u
#define HOUR	(60u * MINUTE)
#define DAY	(24u * HOUR)
#define YEAR	(365u * DAY)
#define DECADE	(10u * YEAR)

static int	 set_listen(void *, const char *, struct err *);
static void	 get_listen(const void *, struct buf *);
static int	 set_base_path(void *, const char *, struct err *);
static int	 set_after(void *, const char *, struct err *);
static int	 set_geo_country(void *, const char *, struct err *);
static int	 set_geo_network(void *, const char *, struct err *);
static int	 set_public_url(void *, const char *, struct err *);
static int	 set_sendmail(void *, const char *, struct err *);
static int	 set_from(void *, const char *, struct err *);
static int	 set_unsubscribe(void *, const char *, struct err *);
static int	 set_when(void *, const char *, struct err *);
static void	 get_when(const void *, struct buf *);
static int	 set_quiet(void *, const char *, struct err *);
static void	 get_quiet(const void *, struct buf *);
static int	 set_webhook(void *, const char *, struct err *);
static int	 set_command(void *, const char *, struct err *);

#define LIMIT_BYTES	CONF_SIZE
#define LIMIT_COUNT	CONF_COUNT
#define LIMIT_SECONDS	CONF_TIME
#define LIMITS_ITEM(name, def, min, max, unit, why)						\
	{ CONF_SEC_LIMITS, #name, LIMIT_##unit, FIELD(limits, name), (min), (max), NULL, NULL, why, NULL, NULL },

#define ALERT_ITEM(name, def, min, max, why)							\
	{ CONF_SEC_ALERTS, #name, CONF_COUNT, FIELD(conf_alerts, limits.name), (min), (max), #def, NULL, why, NULL, NULL },

const struct conf_item conf_items[] = {
	{ CONF_SEC_ROOT, "state", CONF_PATH, FIELD(conf, state_dir), 1, 1024, LOCALSTATEDIR "/lib/dmarcd", NULL,
	    "the state directory: database, spool, quarantine", NULL, NULL },
	{ CONF_SEC_ROOT, "decoders", CONF_COUNT, FIELD(conf, decoders), 0, 256, "0", NULL,
	    "processes that read reports; 0 starts one per core", NULL, NULL },
	{ CONF_SEC_ROOT, "public_suffixes", CONF_WORD, FIELD(conf, suffixes), 0, 0, "all", "all|icann",
	    "which part of the Public Suffix List counts", NULL, NULL },
	{ CONF_SEC_ROOT, "domains", CONF_NAMES, FIELD(conf, trust.domains), 0, 10000, NULL, "domain",
	    "our domains and all below them; without it every domain is ours", NULL, NULL },

	{ CONF_SEC_MAILBOX, "protocol", CONF_WORD, FIELD(conf_mailbox, protocol), 0, 0, "imap", "imap|pop3",
	    "how the server is spoken to", NULL, NULL },
	{ CONF_SEC_MAILBOX, "host", CONF_TEXT, FIELD(conf_mailbox, host), 1, 253, NULL, NULL,
	    "name of the server, as in its certificate", NULL, NULL },
	{ CONF_SEC_MAILBOX, "port", CONF_COUNT, FIELD(conf_mailbox, port), 1, 65535, NULL, NULL,
	    "993 and 143 for IMAP, 995 and 110 for POP3, by tls", NULL, NULL },
	{ CONF_SEC_MAILBOX, "tls", CONF_WORD, FIELD(conf_mailbox, tls), 0, 0, "implicit", "implicit|starttls|none",
	    "none is for servers on this machine only", NULL, NULL },
	{ CONF_SEC_MAILBOX, "tls_ca_file", CONF_PATH, FIELD(conf_mailbox, tls_ca_file), 1, 1024, NULL, NULL,
	    "certificates to trust instead of the system's", NULL, NULL },
	{ CONF_SEC_MAILBOX, "user", CONF_TEXT, FIELD(conf_mailbox, user), 1, 255, NULL, NULL,
	    "the login name", NULL, NULL },
	{ CONF_SEC_MAILBOX, "password_file", CONF_PATH, FIELD(conf_mailbox, password_file), 1, 1024, NULL, NULL,
	    "its first line is the password", NULL, NULL },
	{ CONF_SEC_MAILBOX, "password_command", CONF_TEXT, FIELD(conf_mailbox, password_command), 1, 4096, NULL, NULL,
	    "what it prints first is the password", NULL, NULL },
	{ CONF_SEC_MAILBOX, "folder", CONF_TEXT, FIELD(conf_mailbox, folder), 1, 1000, "INBOX", NULL,
	    "the IMAP folder that is read", NULL, NULL },
	{ CONF_SEC_MAILBOX, "interval", CONF_TIME, FIELD(conf_mailbox, poll), 30, 7 * DAY, "5m", NULL,
	    "time between two looks", NULL, NULL },
	{ CONF_SEC_MAILBOX, "timeout", CONF_TIME, FIELD(conf_mailbox, timeout), 5, HOUR, "60s", NULL,
	    "time a server may be silent", NULL, NULL },
	{ CONF_SEC_MAILBOX, "after", CONF_WORD, FIELD(conf_mailbox, after), 0, 0, "keep", "keep|seen|move|delete",
	    "what becomes of a message that is safe here", set_after, NULL },
	{ CONF_SEC_MAILBOX, "after_folder", CONF_TEXT, FIELD(conf_mailbox, after_folder), 1, 1000, NULL, NULL,
	    "the IMAP folder to move to", NULL, NULL },

	{ CONF_SEC_HTTP, "enabled", CONF_BOOL, FIELD(conf_http, enabled), 0, 0, "yes", NULL,
	    "whether the web app and the API are served", NULL, NULL },
	{ CONF_SEC_HTTP, "listen", CONF_TEXT, FIELD(conf_http, address), 1, 64, "127.0.0.1:8377", NULL,
	    "address and port; other than loopback with TLS or a proxy only", set_listen, get_listen },
	{ CONF_SEC_HTTP, "base_path", CONF_TEXT, FIELD(conf_http, base_path), 0, 200, "", NULL,
	    "path below which a proxy shows the web app", set_base_path, NULL },
	{ CONF_SEC_HTTP, "names", CONF_NAMES, FIELD(conf_http, names), 0, 100, NULL, "host",
	    "names under which browsers reach it", NULL, NULL },
	{ CONF_SEC_HTTP, "tls_certificate", CONF_PATH, FIELD(conf_http, tls_certificate), 1, 1024, NULL, NULL,
	    "PEM file: our certificate, then those above it; HTTPS is spoken then", NULL, NULL },
	{ CONF_SEC_HTTP, "tls_key", CONF_PATH, FIELD(conf_http, tls_key), 1, 1024, NULL, NULL,
	    "PEM file: the key of the certificate", NULL, NULL },
	{ CONF_SEC_HTTP, "proxies", CONF_NAMES, FIELD(conf_http, proxies), 0, 100, NULL, "network",
	    "addresses of web servers in front that are believed", NULL, NULL },
	{ CONF_SEC_HTTP, "proxy_address_header", CONF_TEXT, FIELD(conf_http, proxy_address_header), 1, 64, "X-Forwarded-For", NULL,
	    "where a proxy says who asks", NULL, NULL },
	{ CONF_SEC_HTTP, "proxy_user_header", CONF_TEXT, FIELD(conf_http, proxy_user_header), 1, 64, NULL, NULL,
	    "where a proxy says which user it has let in", NULL, NULL },
	{ CONF_SEC_HTTP, "session_idle", CONF_TIME, FIELD(conf_http, session_idle), 5 * MINUTE, 90 * DAY, "12h", NULL,
	    "a sign-in ends after so long without use", NULL, NULL },
	{ CONF_SEC_HTTP, "session_length", CONF_TIME, FIELD(conf_http, session_length), HOUR, YEAR, "7d", NULL,
	    "and after so long in any case", NULL, NULL },

	{ CONF_SEC_HTTP, "metrics", CONF_BOOL, FIELD(conf_http, metrics), 0, 0, "no", NULL,
	    "whether /metrics tells figures to Prometheus", NULL, NULL },
	{ CONF_SEC_HTTP, "public_url", CONF_TEXT, FIELD(conf_http, public_url), 1, 200, NULL, NULL,
	    "address of the web app for people, for links in mails", set_public_url, NULL },

	{ CONF_SEC_SMTP, "host", CONF_TEXT, FIELD(conf_smtp, host), 1, 253, NULL, NULL,
	    "name of the server that takes our mail, as in its certificate", NULL, NULL },
	{ CONF_SEC_SMTP, "port", CONF_COUNT, FIELD(conf_smtp, port), 1, 65535, NULL, NULL,
	    "465, 587 or 25, by tls", NULL, NULL },
	{ CONF_SEC_SMTP, "tls", CONF_WORD, FIELD(conf_smtp, tls), 0, 0, "implicit", "implicit|starttls|none",
	    "none is for servers on this machine only, without login", NULL, NULL },
	{ CONF_SEC_SMTP, "tls_ca_file", CONF_PATH, FIELD(conf_smtp, tls_ca_file), 1, 1024, NULL, NULL,
	    "certificates to trust instead of the system's", NULL, NULL },
	{ CONF_SEC_SMTP, "user", CONF_TEXT, FIELD(conf_smtp, user), 1, 255, NULL, NULL,
	    "the login name; without it there is no login", NULL, NULL },
	{ CONF_SEC_SMTP, "password_file", CONF_PATH, FIELD(conf_smtp, password_file), 1, 1024, NULL, NULL,
	    "its first line is the password", NULL, NULL },
	{ CONF_SEC_SMTP, "password_command", CONF_TEXT, FIELD(conf_smtp, password_command), 1, 4096, NULL, NULL,
	    "what it prints first is the password", NULL, NULL },
	{ CONF_SEC_SMTP, "timeout", CONF_TIME, FIELD(conf_smtp, timeout), 5, HOUR, "60s", NULL,
	    "time the server may be silent", NULL, NULL },
	{ CONF_SEC_SMTP, "sendmail", CONF_TEXT, FIELD(conf_smtp, sendmail), 1, 1000, NULL, NULL,
	    "instead of host: a program and its arguments", set_sendmail, NULL },
	{ CONF_SEC_SMTP, "from", CONF_TEXT, FIELD(conf_smtp, from), 3, CONF_ADDRESS_MAX, NULL, NULL,
	    "the address that our mail comes from", set_from, NULL },
	{ CONF_SEC_SMTP, "from_name", CONF_TEXT, FIELD(conf_smtp, from_name), 1, 100, "dmarcd", NULL,
	    "the name beside it", NULL, NULL },
	{ CONF_SEC_SMTP, "subject_prefix", CONF_TEXT, FIELD(conf_smtp, subject_prefix), 0, 60, "[dmarcd]", NULL,
	    "what subjects begin with", NULL, NULL },
	{ CONF_SEC_SMTP, "unsubscribe", CONF_TEXT, FIELD(conf_smtp, unsubscribe), 1, 500, NULL, NULL,
	    "mailto: or https: address that ends these mails", set_unsubscribe, NULL },

	{ CONF_SEC_SUMMARY, "to", CONF_NAMES, FIELD(conf_summary, to), 0, 100, NULL, "mail",
	    "who gets it, a mail each", NULL, NULL },
	{ CONF_SEC_SUMMARY, "domains", CONF_NAMES, FIELD(conf_summary, domains), 0, 1000, NULL, "domain",
	    "what it is about, and all below; without it all domains", NULL, NULL },
	{ CONF_SEC_SUMMARY, "language", CONF_WORD, FIELD(conf_summary, language), 0, 0, "en", CONF_LANGUAGES,
	    "what it is written in", NULL, NULL },
	{ CONF_SEC_SUMMARY, "period", CONF_WORD, FIELD(conf_summary, period), 0, 0, "week", "day|week|month",
	    "how many complete days it tells of", NULL, NULL },
	{ CONF_SEC_SUMMARY, "when", CONF_TEXT, FIELD(conf_summary, when), 1, 32, "07:00", NULL,
	    "when it is sent, local time: Mon 07:00, 07:00, or 1 07:00", set_when, get_when },
	{ CONF_SEC_SUMMARY, "heartbeat", CONF_BOOL, FIELD(conf_summary, heartbeat), 0, 0, "yes", NULL,
	    "whether it is sent when all is well, too", NULL, NULL },
	{ CONF_SEC_SUMMARY, "per_domain", CONF_BOOL, FIELD(conf_summary, per_domain), 0, 0, "no", NULL,
	    "whether each domain is a mail of its own", NULL, NULL },

	{ CONF_SEC_ALERTS, "to", CONF_NAMES, FIELD(conf_alerts, to), 0, 100, NULL, "mail",
	    "who gets them by mail", NULL, NULL },
	{ CONF_SEC_ALERTS, "domains", CONF_NAMES, FIELD(conf_alerts, domains), 0, 1000, NULL, "domain",
	    "what they are about, and all below; without it all domains", NULL, NULL },
	{ CONF_SEC_ALERTS, "language", CONF_WORD, FIELD(conf_alerts, language), 0, 0, "en", CONF_LANGUAGES,
	    "what they are written in", NULL, NULL },
	{ CONF_SEC_ALERTS, "off", CONF_NAMES, FIELD(conf_alerts, off), 0, 100, NULL, "rule",
	    "rules that are not asked: A5", NULL, NULL },
	{ CONF_SEC_ALERTS, "report_addresses", CONF_NAMES, FIELD(conf_alerts, report_addresses), 0, 100, NULL, "mail",
	    "A3: addresses that reports are to reach; without it users of mailboxes", NULL, NULL },
	{ CONF_SEC_ALERTS, "mute", CONF_NAMES, FIELD(conf_alerts, mute), 0, 1000, NULL, "mute",
	    "what is not told: a rule or *, a domain, a last day", NULL, NULL },
	{ CONF_SEC_ALERTS, "quiet", CONF_TEXT, FIELD(conf_alerts, quiet), 0, 11, "", NULL,
	    "hours in which only what is urgent is told, local time: 22:00-07:00", set_quiet, get_quiet },
	{ CONF_SEC_ALERTS, "quiet_urgent", CONF_BOOL, FIELD(conf_alerts, quiet_urgent), 0, 0, "no", NULL,
	    "whether in these hours what is urgent waits, too", NULL, NULL },
	{ CONF_SEC_ALERTS, "digest", CONF_COUNT, FIELD(conf_alerts, digest), 1, 1000, "5", NULL,
	    "more than so many at once become one message", NULL, NULL },
	{ CONF_SEC_ALERTS, "interval", CONF_TIME, FIELD(conf_alerts, interval), MINUTE, DAY, "15m", NULL,
	    "time between two looks", NULL, NULL },
	{ CONF_SEC_ALERTS, "attempts", CONF_COUNT, FIELD(conf_alerts, attempts), 1, 1000, "30", NULL,
	    "times that a message is sent before it is a dead letter", NULL, NULL },
	{ CONF_SEC_ALERTS, "webhook", CONF_TEXT, FIELD(conf_alerts, webhook), 1, 1000, NULL, NULL,
	    "https: address that gets them as JSON", set_webhook, NULL },
	{ CONF_SEC_ALERTS, "webhook_secret_file", CONF_PATH, FIELD(conf_alerts, webhook_secret_file), 1, 1024, NULL, NULL,
	    "its first line is the secret that they are signed with", NULL, NULL },
	{ CONF_SEC_ALERTS, "webhook_secret_command", CONF_TEXT, FIELD(conf_alerts, webhook_secret_command), 1, 4096, NULL, NULL,
	    "what it prints first is the secret", NULL, NULL },
	{ CONF_SEC_ALERTS, "webhook_ca_file", CONF_PATH, FIELD(conf_alerts, webhook_ca_file), 1, 1024, NULL, NULL,
	    "certificates to trust instead of the system's", NULL, NULL },
	{ CONF_SEC_ALERTS, "webhook_plain", CONF_BOOL, FIELD(conf_alerts, webhook_plain), 0, 0, "no", NULL,
	    "whether http: is meant, in the clear over the network", NULL, NULL },
	{ CONF_SEC_ALERTS, "webhook_timeout", CONF_TIME, FIELD(conf_alerts, webhook_timeout), 1, 300, "20s", NULL,
	    "time for one request", NULL, NULL },
	{ CONF_SEC_ALERTS, "command", CONF_TEXT, FIELD(conf_alerts, command), 1, 1000, NULL, NULL,
	    "a program and its arguments that get them as JSON", set_command, NULL },
	{ CONF_SEC_ALERTS, "command_timeout", CONF_TIME, FIELD(conf_alerts, command_timeout), 1, 300, "30s", NULL,
	    "then it is ended", NULL, NULL },
	ALERT_LIMITS(ALERT_ITEM)

	{ CONF_SEC_STORE, "keep_originals", CONF_TIME, FIELD(conf_store, keep_originals), 0, DECADE, "0", NULL,
	    "age at which originals of reports go; 0 keeps them", NULL, NULL },
	{ CONF_SEC_STORE, "keep_reports", CONF_TIME, FIELD(conf_store, keep_reports), 0, DECADE, "0", NULL,
	    "age at which aggregate and TLS reports and all figures of them go; 0 keeps them", NULL, NULL },
	{ CONF_SEC_STORE, "keep_quarantine", CONF_TIME, FIELD(conf_store, keep_quarantine), 0, DECADE, "90d", NULL,
	    "age at which unreadable messages go; 0 keeps them", NULL, NULL },
	{ CONF_SEC_STORE, "keep_failures", CONF_TIME, FIELD(conf_store, keep_failures), 0, DECADE, "30d", NULL,
	    "age at which failure reports and their mails go; 0 keeps them", NULL, NULL },
	{ CONF_SEC_STORE, "keep_failure_bodies", CONF_BOOL, FIELD(conf_store, keep_failure_bodies), 0, 0, "no", NULL,
	    "whether bodies of sample messages are stored", NULL, NULL },
	{ CONF_SEC_STORE, "redact", CONF_WORD, FIELD(conf_store, redact), 0, 0, "none", "none|local-parts|all",
	    "what is taken out of failure reports before they are stored", NULL, NULL },

	{ CONF_SEC_TRUST, "authserv_ids", CONF_NAMES, FIELD(trust_settings, authserv_ids), 0, TRUST_IDS, NULL, "authserv-id",
	    "servers whose Authentication-Results are believed", NULL, NULL },
	{ CONF_SEC_TRUST, "received_by", CONF_NAMES, FIELD(trust_settings, received_by), 0, 1000, NULL, "host",
	    "own mail servers, or domains they are in", NULL, NULL },
	{ CONF_SEC_TRUST, "services", CONF_NAMES, FIELD(trust_settings, services), 0, 1000, NULL, "domain",
	    "domains of services that may report for others", NULL, NULL },
	{ CONF_SEC_TRUST, "unauthenticated", CONF_WORD, FIELD(trust_settings, apart), 0, 0, "count", "count|apart",
	    "whether reports that are not their reporter's count", NULL, NULL },

	{ CONF_SEC_SENDER, "kind", CONF_WORD, FIELD(conf_sender, kind), 0, 0, "service",
	    "service|provider|forwarder|list|gateway|hosting|isp", "what it is", NULL, NULL },
	{ CONF_SEC_SENDER, "any", CONF_NAMES, FIELD(conf_sender, any), 0, 100, NULL, "domain",
	    "domains that stand for the next four keys", NULL, NULL },
	{ CONF_SEC_SENDER, "dkim", CONF_NAMES, FIELD(conf_sender, dkim), 0, 100, NULL, "domain",
	    "domains it signs with", NULL, NULL },
	{ CONF_SEC_SENDER, "bounce", CONF_NAMES, FIELD(conf_sender, bounce), 0, 100, NULL, "domain",
	    "domains of its envelope senders", NULL, NULL },
	{ CONF_SEC_SENDER, "ptr", CONF_NAMES, FIELD(conf_sender, ptr), 0, 100, NULL, "domain",
	    "domains of its host names", NULL, NULL },
	{ CONF_SEC_SENDER, "spf", CONF_NAMES, FIELD(conf_sender, spf), 0, 100, NULL, "domain",
	    "domains that are included in SPF for it", NULL, NULL },
	{ CONF_SEC_SENDER, "selector", CONF_NAMES, FIELD(conf_sender, selector), 0, 100, NULL, "selector",
	    "selectors that only it uses; a star at the end: any ending", NULL, NULL },

	{ CONF_SEC_RESOLVER, "enabled", CONF_BOOL, FIELD(conf_resolver, enabled), 0, 0, "yes", NULL,
	    "whether host names of addresses are looked up", NULL, NULL },
	{ CONF_SEC_RESOLVER, "servers", CONF_NAMES, FIELD(conf_resolver, servers), 0, 8, NULL, "server",
	    "name servers that are asked, the last of several whether a change is so; without it the system's; root asks nobody else's", NULL, NULL },
	{ CONF_SEC_RESOLVER, "rate", CONF_COUNT, FIELD(conf_resolver, rate), 1, 1000, "20", NULL,
	    "questions a second at most", NULL, NULL },
	{ CONF_SEC_RESOLVER, "timeout", CONF_TIME, FIELD(conf_resolver, timeout), 1, 60, "5s", NULL,
	    "time for all that is asked of one address", NULL, NULL },
	{ CONF_SEC_RESOLVER, "cache", CONF_COUNT, FIELD(conf_resolver, cache), 100, 10000000, "200000", NULL,
	    "addresses of which names are kept; those with most mail stay", NULL, NULL },
	{ CONF_SEC_RESOLVER, "policies", CONF_BOOL, FIELD(conf_resolver, policies), 0, 0, "yes", NULL,
	    "whether MTA-STS policies of own domains, and their certificates, are looked at over HTTPS", NULL, NULL },
	{ CONF_SEC_RESOLVER, "policy_ca_file", CONF_PATH, FIELD(conf_resolver, policy_ca_file), 1, 1024, NULL, NULL,
	    "certificates to trust for that instead of the system's", NULL, NULL },
	{ CONF_SEC_RESOLVER, "policy_server", CONF_NAMES, FIELD(conf_resolver, policy_server), 0, 1, NULL, "server",
	    "an address that all policies are had from, whatever the DNS says; for a gateway, or a test", NULL, NULL },

	{ CONF_SEC_GEO, "country", CONF_TEXT, FIELD(conf_geo, country), 1, 1024, NULL, NULL,
	    "a file that tells countries of addresses, or none", set_geo_country, NULL },
	{ CONF_SEC_GEO, "network", CONF_TEXT, FIELD(conf_geo, network), 1, 1024, NULL, NULL,
	    "a file that tells networks of addresses, or none", set_geo_network, NULL },

	LIMITS(LIMITS_ITEM)
};
const size_t conf_nitems = nitems(conf_items);

const size_t	 conf_section_off[CONF_SECTIONS] = {
	[CONF_SEC_HTTP] = offsetof(struct conf, http), [CONF_SEC_STORE] = offsetof(struct conf, store), [CONF_SEC_TRUST] = offsetof(struct conf, trust),
	[CONF_SEC_GEO] = offsetof(struct conf, geo), [CONF_SEC_RESOLVER] = offsetof(struct conf, resolver), [CONF_SEC_LIMITS] = offsetof(struct conf, limits),
	[CONF_SEC_SMTP] = offsetof(struct conf, smtp), [CONF_SEC_ALERTS] = offsetof(struct conf, alerts)
};
const char *const conf_section_names[CONF_SECTIONS] = { "", "mailbox", "http", "store", "trust", "sender", "geo", "resolver", "limits",
    "smtp", "summary", "alerts" };

const struct conf_item *
item_find(enum conf_section section, struct str name)
{
	for (size_t i = 0; i < conf_nitems; i++)
		if (conf_items[i].section == section && str_eq(str_of(conf_items[i].name), name))
			return (&conf_items[i]);
	return (NULL);
}

/* ---- numbers with units ---- */

static const struct unit {
	enum conf_type	 type;
	char		 letter;
	uint64_t	 times;
} units[] = {	/* the largest first: item_number takes the first that fits */
	{ CONF_TIME, 'y', YEAR }, { CONF_TIME, 'w', 7 * DAY }, { CONF_TIME, 'd', DAY }, { CONF_TIME, 'h', HOUR },
	{ CONF_TIME, 'm', MINUTE }, { CONF_TIME, 's', 1 },
	{ CONF_SIZE, 'G', 1u << 30 }, { CONF_SIZE, 'M', 1u << 20 }, { CONF_SIZE, 'k', 1u << 10 },
};

void
item_number(const struct conf_item *it, uint64_t v, struct buf *b)
{
	for (size_t i = 0; v > 0 && i < nitems(units); i++)
		/* 14d stays days: only a sole week or whole years read better */
		if (units[i].type == it->type && v % units[i].times == 0 &&
		    (units[i].letter != 'w' || v == units[i].times)) {
			(void)buf_printf(b, "%llu%c", (unsigned long long)(v / units[i].times), units[i].letter);
			return;
		}
	(void)buf_printf(b, "%llu", (unsigned long long)v);
}

static int
out_of_range(const struct conf_item *it, const char *value, struct err *e)
{
	struct buf	 lo = { 0 }, hi = { 0 };
	char		 shown[80];

	item_number(it, it->min, &lo);
	item_number(it, it->max, &hi);
	err_set(e, ERR_CONFIG, "%s \"%s\" is not %s from %s to %s", it->name,
	    esc_short(shown, sizeof(shown), str_of(value)), it->type == CONF_TIME ? "a time" :
	    it->type == CONF_SIZE ? "a size" : "a number", buf_as_str(&lo).p, buf_as_str(&hi).p);
	buf_free(&lo);
	buf_free(&hi);
	return (-1);
}

static int
parse_number(const struct conf_item *it, const char *value, uint64_t *out, struct err *e)
{
	size_t		 n = strspn(value, "0123456789");
	uint64_t	 times = 1;
	int64_t		 v;
	bool		 known = value[n] == '\0';

	for (size_t i = 0; !known && i < nitems(units); i++)
		/* K and g are what people also write; a time's unit has one form */
		if (units[i].type == it->type && value[n + 1] == '\0' &&
		    (value[n] == units[i].letter || (it->type == CONF_SIZE &&
		    ascii_lower(value[n]) == ascii_lower(units[i].letter)))) {
			times = units[i].times;
			known = true;
		}
	if (!known || !str_i64((struct str){ value, n }, &v) || (uint64_t)v > UINT64_MAX / times ||
	    (uint64_t)v * times < it->min || (uint64_t)v * times > it->max)
		return (out_of_range(it, value, e));
	*out = (uint64_t)v * times;
	return (0);
}

/* ---- fields ---- */

static void
store(const struct conf_item *it, void *base, uint64_t v)
{
	char		*at = (char *)base + it->off;
	uint16_t	 v16 = (uint16_t)v;
	uint32_t	 v32 = (uint32_t)v;

	if (it->size == sizeof(v16))
		memcpy(at, &v16, sizeof(v16));
	else if (it->size == sizeof(v32))
		memcpy(at, &v32, sizeof(v32));
	else
		memcpy(at, &v, sizeof(v));
}

static uint64_t
fetch(const struct conf_item *it, const void *base)
{
	const char	*at = (const char *)base + it->off;
	uint16_t	 v16;
	uint32_t	 v32;
	uint64_t	 v;

	if (it->size == sizeof(v16)) {
		memcpy(&v16, at, sizeof(v16));
		return (v16);
	}
	if (it->size == sizeof(v32)) {
		memcpy(&v32, at, sizeof(v32));
		return (v32);
	}
	memcpy(&v, at, sizeof(v));
	return (v);
}

static int
set_text(const struct conf_item *it, void *base, const char *value, struct err *e)
{
	char	*copy, *old;

	if ((copy = strdup(value)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	memcpy(&old, (char *)base + it->off, sizeof(old));
	free(old);
	memcpy((char *)base + it->off, &copy, sizeof(copy));
	return (0);
}

static int
check_text(const struct conf_item *it, const char *value, struct err *e)
{
	char	 shown[80];
	size_t	 len = strlen(value);

	if (len < it->min)
		return (err_set(e, ERR_CONFIG, "%s is empty", it->name));
	if (len > it->max)
		return (err_set(e, ERR_CONFIG, "%s is longer than %llu bytes", it->name, (unsigned long long)it->max));
	esc_short(shown, sizeof(shown), str_of(value));
	if (!str_utf8_ok(str_of(value)))
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is not UTF-8 text", it->name, shown));
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f ||
		    ((unsigned char)value[i] == 0xc2 && (unsigned char)value[i + 1] < 0xa0))
			return (err_set(e, ERR_CONFIG, "%s \"%s\" holds a control character", it->name, shown));
	if (it->type == CONF_PATH && value[0] != '/')
		return (err_set(e, ERR_CONFIG, "%s \"%s\" does not begin with a slash: a daemon needs whole paths",
		    it->name, shown));
	return (0);
}

/* Place of value among the words "a|b|c", or an error that names the nearest. */
static int
word_at(const struct conf_item *it, const char *value, struct err *e)
{
	char		 shown[80], word[32];
	const char	*w = it->words;
	struct near	 near = { .word = value };
	char		 best[32] = "";

	for (int k = 0;; k++) {
		(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(w, "|"), w);
		if (strcmp(word, value) == 0)
			return (k);
		near.best = NULL;
		near_try(&near, word);
		if (near.best != NULL)
			memcpy(best, word, sizeof(best));
		w += strcspn(w, "|");
		if (*w++ == '\0')
			break;
	}
	esc_short(shown, sizeof(shown), str_of(value));
	if (best[0] != '\0')
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is not one of %s; is %s meant?", it->name, shown,
		    it->words, best));
	return (err_set(e, ERR_CONFIG, "%s \"%s\" is not one of %s", it->name, shown, it->words));
}

static int
set_bool(const struct conf_item *it, void *base, const char *value, struct err *e)
{
	static const char *const	 yes[] = { "yes", "true", "on" }, *const no[] = { "no", "false", "off" };
	char				 shown[80];

	for (size_t i = 0; i < nitems(yes); i++) {
		bool	 y = strcmp(value, yes[i]) == 0;

		if (y || strcmp(value, no[i]) == 0) {
			memcpy((char *)base + it->off, &y, sizeof(y));
			return (0);
		}
	}
	return (err_set(e, ERR_CONFIG, "%s \"%s\" is neither yes nor no", it->name,
	    esc_short(shown, sizeof(shown), str_of(value))));
}

/* ---- lists of names ---- */

/* "192.0.2.53", "192.0.2.53:5353", "[2001:db8::53]:5353", "2001:db8::53"; out is "address@port". */
static int
check_server(const struct conf_item *it, const char *value, char out[DOMAIN_MAX + 1], struct err *e)
{
	const char	*colon = strrchr(value, ':'), *port = NULL;
	char		 addr[64], text[64], shown[80];
	unsigned char	 bin[16];
	int64_t		 n = 53;
	int		 family;

	if (strcmp(value, "root") == 0) {
		memcpy(out, "root", sizeof("root"));
		return (0);
	}
	esc_short(shown, sizeof(shown), str_of(value));
	if (value[0] == '[' && strchr(value, ']') != NULL) {
		(void)snprintf(addr, sizeof(addr), "%.*s", (int)strcspn(value + 1, "]"), value + 1);
		port = strchr(value, ']')[1] == ':' ? strchr(value, ']') + 2 : strchr(value, ']')[1] == '\0' ? NULL : "";
	} else if (colon != NULL && strchr(value, ':') == colon) {
		(void)snprintf(addr, sizeof(addr), "%.*s", (int)(colon - value), value);
		port = colon + 1;
	} else
		(void)snprintf(addr, sizeof(addr), "%s", value);
	family = inet_pton(AF_INET, addr, bin) == 1 ? AF_INET : inet_pton(AF_INET6, addr, bin) == 1 ? AF_INET6 : 0;
	if (family == 0 || strlen(value) > 60 || (port != NULL && (!str_i64(str_of(port), &n) || n < 1 || n > 65535)))
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is no address of a name server, with its port or without, like 192.0.2.53 or "
		    "[2001:db8::53]:5353", it->name, shown));
	(void)inet_ntop(family, bin, text, sizeof(text));
	(void)snprintf(out, DOMAIN_MAX + 1, "%s@%d", text, (int)n);
	return (0);
}

/* How check_server reads it. */
static void
server_print(struct buf *b, const char *v)
{
	char		 text[80];
	const char	*at = strchr(v, '@');

	if (at == NULL)
		(void)snprintf(text, sizeof(text), "%s", v);
	else
		(void)snprintf(text, sizeof(text), "%s%.*s%s:%s", strchr(v, ':') != NULL ? "[" : "", (int)(at - v), v,
		    strchr(v, ':') != NULL ? "]" : "", at + 1);
	item_quote(b, text);
}

/* 192.0.2.1, 2001:db8::/32. */
static int
check_network(const struct conf_item *it, const char *value, const char *shown, char out[DOMAIN_MAX + 1], struct err *e)
{
	const char	*slash = strchr(value, '/');
	char		 address[64];
	unsigned char	 bin[16];
	int64_t		 bits = 0;
	size_t		 n = slash == NULL ? strlen(value) : (size_t)(slash - value);
	int		 family;

	if (n >= sizeof(address))
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is neither an address nor a network like 192.0.2.0/24", it->name, shown));
	(void)snprintf(address, sizeof(address), "%.*s", (int)n, value);
	family = inet_pton(AF_INET, address, bin) == 1 ? 32 : inet_pton(AF_INET6, address, bin) == 1 ? 128 : 0;
	if (family == 0 || (slash != NULL && (!str_i64(str_of(slash + 1), &bits) || bits > family)))
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is neither an address nor a network like 192.0.2.0/24", it->name, shown));
	if (slash != NULL && bits == 0)
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is everybody: whoever asks could say who he is", it->name, shown));
	(void)snprintf(out, DOMAIN_MAX + 1, "%s", value);
	return (0);
}

/* A rule, or what is to be mute: its words with one blank between, in lower case. */
static int
check_rule(const struct conf_item *it, const char *value, const char *shown, char out[DOMAIN_MAX + 1], struct err *e)
{
	struct conf_mute	 m;
	size_t			 n = 0;

	for (; *value != '\0' && n < DOMAIN_MAX; value++)
		if (*value != ' ' || (n > 0 && out[n - 1] != ' '))
			out[n++] = ascii_lower(*value);
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	if (strcmp(it->words, "rule") == 0) {
		for (size_t i = 0; i < ALERT_RULE_COUNT; i++)
			if (str_ieq(str_of(alert_rule_ids[i]), out))
				return (0);
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is no rule; rules are A1 to A11", it->name, shown));
	}
	return (*value == '\0' && conf_mute_parts(out, &m) ? 0 : err_set(e, ERR_CONFIG, "%s \"%s\" is not a rule or *, then a domain, then the last "
	    "day, like \"A6 example.org 2026-12-31\" (domain and day may be missing)", it->name, shown));
}

/* Normalised into out; what people are likely to mean instead is said. */
static int
check_name(const struct conf_item *it, const char *value, char out[DOMAIN_MAX + 1], struct err *e)
{
	char	 shown[80];
	size_t	 n;
	bool	 id = strcmp(it->words, "authserv-id") == 0;

	esc_short(shown, sizeof(shown), str_of(value));
	if (strcmp(it->words, "mail") == 0)
		return (conf_address(value, out, e) == -1 ? err_prefix(e, "%s", it->name) : 0);
	if (value[0] == '\0')
		return (err_set(e, ERR_CONFIG, "%s: the name is empty", it->name));
	/* an id may be any word; a server's name is what it usually is */
	if (id && strlen(value) <= DOMAIN_MAX && (strcmp(value, TRUST_NO_ID) == 0 || strpbrk(value, " \t;()\"=") == NULL)) {
		n = 0;
		do
			out[n] = ascii_lower(value[n]);
		while (value[n++] != '\0');
		return (0);
	}
	if (strcmp(it->words, "server") == 0)
		return (check_server(it, value, out, e));
	if (strcmp(it->words, "selector") == 0) {
		n = strlen(value);
		if (n > DOMAIN_MAX)
			return (err_set(e, ERR_CONFIG, "%s \"%s\" is no selector", it->name, shown));
		for (size_t i = 0; i <= n; i++)
			out[i] = ascii_lower(value[i]);
		return (catalogue_selector_ok((struct str){ out, n }) ? 0 :
		    err_set(e, ERR_CONFIG, "%s \"%s\" is no selector", it->name, shown));
	}
	if (strcmp(it->words, "rule") == 0 || strcmp(it->words, "mute") == 0)
		return (check_rule(it, value, shown, out, e));
	if (strcmp(it->words, "network") == 0)
		return (check_network(it, value, shown, out, e));
	if (value[0] == '*')
		return (err_set(e, ERR_CONFIG, "%s \"%s\": a name stands for all below it, without a star", it->name, shown));
	if (strpbrk(value, "@<>/ \t,;") != NULL || domain_normal(str_of(value), out, &n, NULL) != NAME_DOMAIN)
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is no name of a %s", it->name, shown, id ? "server" : it->words));
	return (0);
}

static int
add_name(const struct conf_item *it, void *base, const char *value, struct err *e)
{
	struct str_list	 l;
	char		 name[DOMAIN_MAX + 1], shown[80], **v, *copy;

	if (check_name(it, value, name, e) == -1)
		return (-1);
	memcpy(&l, (char *)base + it->off, sizeof(l));
	esc_short(shown, sizeof(shown), str_of(value));
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.v[i], name) == 0)
			return (err_set(e, ERR_CONFIG, "%s names \"%s\" twice", it->name, shown));
	if (l.n >= it->max)
		return (err_set(e, ERR_CONFIG, "%s has more than %llu names", it->name, (unsigned long long)it->max));
	if ((v = realloc(l.v, (l.n + 1) * sizeof(*v))) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	l.v = v;
	copy = strdup(name);
	if (copy != NULL)
		v[l.n++] = copy;
	memcpy((char *)base + it->off, &l, sizeof(l));	/* it may have moved */
	return (copy == NULL ? err_set(e, ERR_TEMP, "out of memory") : 0);
}

static void
print_names(const struct conf_item *it, const void *base, struct buf *b)
{
	struct str_list	 l;

	memcpy(&l, (const char *)base + it->off, sizeof(l));
	if (l.n == 0 && conf_titled(it->section))
		return;
	(void)buf_printf(b, "%s = {", it->name);
	for (size_t i = 0; i < l.n; i++) {
		(void)buf_cstr(b, i == 0 ? " " : ", ");
		if (strcmp(it->words, "server") == 0)
			server_print(b, l.v[i]);
		else
			item_quote(b, l.v[i]);
	}
	(void)buf_cstr(b, " }");
}

int
item_set(const struct conf_item *it, void *base, const char *value, struct err *e)
{
	uint64_t	 v;
	int		 k;

	switch (it->type) {
	case CONF_TEXT:
	case CONF_PATH:
		if (check_text(it, value, e) == -1)
			return (-1);
		return (it->set != NULL ? it->set(base, value, e) : set_text(it, base, value, e));
	case CONF_WORD:
		if (it->set != NULL)
			return (it->set(base, value, e));
		if ((k = word_at(it, value, e)) == -1)
			return (-1);
		store(it, base, (uint64_t)k);
		return (0);
	case CONF_BOOL:
		return (set_bool(it, base, value, e));
	case CONF_NAMES:
		return (add_name(it, base, value, e));
	default:
		if (parse_number(it, value, &v, e) == -1)
			return (-1);
		store(it, base, v);
		return (0);
	}
}

void
item_quote(struct buf *b, const char *s)
{
	(void)buf_byte(b, '"');
	for (; *s != '\0'; s++) {
		/* a dollar and a brace would be a variable of the environment */
		if (*s == '"' || *s == '\\' || *s == '$')
			(void)buf_byte(b, '\\');
		(void)buf_byte(b, (unsigned char)*s);
	}
	(void)buf_byte(b, '"');
}

void
item_print(const struct conf_item *it, const void *base, struct buf *b)
{
	char		*text = NULL;
	const char	*w;
	bool		 yes;

	if (it->type == CONF_NAMES) {
		print_names(it, base, b);
		return;
	}
	if (it->get != NULL || it->type == CONF_TEXT || it->type == CONF_PATH) {
		if (it->get == NULL) {
			memcpy(&text, (const char *)base + it->off, sizeof(text));
			if (text == NULL)
				return;
		}
		(void)buf_printf(b, "%s = ", it->name);
		if (it->get != NULL)
			it->get(base, b);
		else
			item_quote(b, text);
		return;
	}
	(void)buf_printf(b, "%s = ", it->name);
	if (it->type == CONF_BOOL) {
		memcpy(&yes, (const char *)base + it->off, sizeof(yes));
		(void)buf_cstr(b, yes ? "yes" : "no");
	} else if (it->type == CONF_WORD) {
		w = it->words;
		for (uint64_t k = fetch(it, base); k > 0; k--)
			w = strchr(w, '|') + 1;
		(void)buf_add(b, w, strcspn(w, "|"));
	} else
		item_number(it, fetch(it, base), b);
}

/* ---- what is not a field of its own ---- */

/* "127.0.0.1:8377", "[::1]:8377", "localhost:8377". */
static int
set_listen(void *base, const char *value, struct err *e)
{
	struct conf_http	*h = base;
	const char		*colon = strrchr(value, ':');
	char			 addr[64], shown[80], *copy;
	unsigned char		 bin[16];
	int64_t			 port;
	size_t			 n;
	esc_short(shown, sizeof(shown), str_of(value));
	if (colon == NULL || !str_i64(str_of(colon + 1), &port) || port > 65535)
		return (err_set(e, ERR_CONFIG, "listen \"%s\" is not an address and a port like 127.0.0.1:8377", shown));
	n = (size_t)(colon - value);
	if (n >= 2 && value[0] == '[' && value[n - 1] == ']') {
		value++;
		n -= 2;
	}
	(void)snprintf(addr, sizeof(addr), "%.*s", (int)n, value);
	if (strcmp(addr, "localhost") == 0)
		(void)snprintf(addr, sizeof(addr), "127.0.0.1");
	if (inet_pton(AF_INET, addr, bin) != 1 && inet_pton(AF_INET6, addr, bin) != 1)
		return (err_set(e, ERR_CONFIG, "listen \"%s\" is not a numeric address and a port like 127.0.0.1:8377", shown));
	if ((copy = strdup(addr)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	free(h->address);
	h->address = copy;
	h->port = (uint16_t)port;
	return (0);
}

static void
get_listen(const void *base, struct buf *b)
{
	const struct conf_http	*h = base;

	(void)buf_printf(b, strchr(h->address, ':') != NULL ? "\"[%s]:%u\"" : "\"%s:%u\"", h->address, h->port);
}

static int
set_base_path(void *base, const char *value, struct err *e)
{
	struct conf_http	*h = base;
	size_t			 n = strlen(value);
	char			*copy, shown[80];

	esc_short(shown, sizeof(shown), str_of(value));
	if (n > 0 && value[0] != '/')
		return (err_set(e, ERR_CONFIG, "base_path \"%s\" does not begin with a slash", shown));
	for (size_t i = 0; i < n; i++)
		if (!((value[i] >= 'a' && value[i] <= 'z') || (value[i] >= 'A' && value[i] <= 'Z') ||
		    (value[i] >= '0' && value[i] <= '9') || strchr("/._~-", value[i]) != NULL) ||
		    (value[i] == '/' && value[i + 1] == '/') ||
		    (value[i] == '.' && i > 0 && value[i - 1] == '/'))
			return (err_set(e, ERR_CONFIG, "base_path \"%s\" is not a plain path like /dmarc", shown));
	while (n > 0 && value[n - 1] == '/')
		n--;
	if ((copy = strndup(value, n)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	free(h->base_path);
	h->base_path = copy;
	return (0);
}

static int
set_geo(char **to, const char *key, const char *value, struct err *e)
{
	char	*copy, shown[80];

	if (value[0] != '/' && strcmp(value, "none") != 0)
		return (err_set(e, ERR_CONFIG, "%s \"%s\" is neither a path that begins with a slash nor none", key,
		    esc_short(shown, sizeof(shown), str_of(value))));
	if ((copy = strdup(value)) == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	free(*to);
	*to = copy;
	return (0);
}

static int
set_geo_country(void *base, const char *value, struct err *e)
{
	return (set_geo(&((struct conf_geo *)base)->country, "country", value, e));
}

static int
set_geo_network(void *base, const char *value, struct err *e)
{
	return (set_geo(&((struct conf_geo *)base)->network, "network", value, e));
}

/* A word, or "move Folder" in one. */
static int
set_after(void *base, const char *value, struct err *e)
{
	struct conf_mailbox	*m = base;
	const struct conf_item	*word = item_find(CONF_SEC_MAILBOX, STR("after"));
	const struct conf_item	*folder = item_find(CONF_SEC_MAILBOX, STR("after_folder"));
	int			 k;

	if (strncmp(value, "move ", 5) == 0) {
		if (check_text(folder, value + 5, e) == -1 || set_text(folder, base, value + 5, e) == -1)
			return (-1);
		value = "move";
	}
	if ((k = word_at(word, value, e)) == -1)
		return (-1);
	m->after = (enum conf_after)k;
	return (0);
}

/* ---- mail of ours ---- */

int
conf_address(const char *value, char out[CONF_ADDRESS_MAX + 1], struct err *e)
{
	static const char	 specials[] = "()<>[]:;@\\,\"";
	const char		*at = strrchr(value, '@');
	char			 shown[100], name[DOMAIN_MAX + 1];
	size_t			 n, local = at == NULL ? 0 : (size_t)(at - value);

	esc_short(shown, sizeof(shown), str_of(value));
	if (local == 0 || at[1] == '\0')
		return (err_set(e, ERR_CONFIG, "\"%s\" is no address like name@example.org", shown));
	for (size_t i = 0; i < local; i++) {
		if ((unsigned char)value[i] >= 0x80)
			return (err_set(e, ERR_CONFIG, "\"%s\" has letters outside of ASCII before the @, to which many servers cannot "
			    "deliver; use another address of that person", shown));
		if ((unsigned char)value[i] <= 0x20 || value[i] == 0x7f || strchr(specials, value[i]) != NULL)
			return (err_set(e, ERR_CONFIG, "\"%s\" is no plain address like name@example.org (without a name, quotes and "
			    "brackets)", shown));
	}
	if (value[0] == '.' || value[0] == '-' || value[local - 1] == '.' || local > 64)
		return (err_set(e, ERR_CONFIG, "\"%s\" is no plain address like name@example.org", shown));
	if (strpbrk(at + 1, "<>/ \t,;:[]()\"\\") != NULL || domain_normal(str_of(at + 1), name, &n, NULL) != NAME_DOMAIN)
		return (err_set(e, ERR_CONFIG, "\"%s\": what follows the @ is no name of a domain", shown));
	if (local + 1 + n > CONF_ADDRESS_MAX)
		return (err_set(e, ERR_CONFIG, "\"%s\" is longer than %d bytes", shown, CONF_ADDRESS_MAX));
	memcpy(out, value, local + 1);
	memcpy(out + local + 1, name, n + 1);
	return (0);
}

static int
replace(char **to, const char *value, struct err *e)
{
	char	*copy = strdup(value);

	if (copy == NULL)
		return (err_set(e, ERR_TEMP, "out of memory"));
	free(*to);
	*to = copy;
	return (0);
}

static int
set_from(void *base, const char *value, struct err *e)
{
	char	 out[CONF_ADDRESS_MAX + 1];

	if (conf_address(value, out, e) == -1)
		return (err_prefix(e, "from"));
	return (replace(&((struct conf_smtp *)base)->from, out, e));
}

/* As it stands in a header between angles, or in a page as a link. */
static bool
url_ok(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || strchr("<>\"\\^`{|},", *p) != NULL)
			return (false);
	return (true);
}

static int
set_public_url(void *base, const char *value, struct err *e)
{
	struct conf_http	*h = base;
	char			 shown[120], *end;
	size_t			 n = strlen(value);

	esc_short(shown, sizeof(shown), str_of(value));
	if (!url_ok(value) || strpbrk(value, "?#") != NULL || (strncmp(value, "https://", 8) != 0 && strncmp(value, "http://", 7) != 0) ||
	    strcmp(strchr(value, ':') + 3, "") == 0)
		return (err_set(e, ERR_CONFIG, "public_url \"%s\" is no address like https://dmarc.example.org/reports", shown));
	if (replace(&h->public_url, value, e) == -1)
		return (-1);
	for (end = h->public_url + n; n > 9 && end[-1] == '/'; n--)
		*--end = '\0';
	return (0);
}

static int
set_unsubscribe(void *base, const char *value, struct err *e)
{
	char	 shown[120];

	if (!url_ok(value) || (strncmp(value, "https://", 8) != 0 && strncmp(value, "mailto:", 7) != 0))
		return (err_set(e, ERR_CONFIG, "unsubscribe \"%s\" is no address that begins with mailto: or https://",
		    esc_short(shown, sizeof(shown), str_of(value))));
	return (replace(&((struct conf_smtp *)base)->unsubscribe, value, e));
}

/* No shell reads it: what only a shell would understand is named. */
static int
set_program(char **to, const char *key, const char *value, struct err *e)
{
	char	 shown[120];

	esc_short(shown, sizeof(shown), str_of(value));
	if (value[0] != '/')
		return (err_set(e, ERR_CONFIG, "%s \"%s\" does not begin with a slash: a daemon needs whole paths", key, shown));
	if (strpbrk(value, "|&;<>$`\"'\\(){}*?[]~") != NULL)
		return (err_set(e, ERR_CONFIG, "%s \"%s\" holds a character that only a shell understands; a program and its arguments, "
		    "parted by blanks, are run without one", key, shown));
	return (replace(to, value, e));
}

static int
set_sendmail(void *base, const char *value, struct err *e)
{
	return (set_program(&((struct conf_smtp *)base)->sendmail, "sendmail", value, e));
}

/* ---- alerts ---- */

static int
set_command(void *base, const char *value, struct err *e)
{
	return (set_program(&((struct conf_alerts *)base)->command, "command", value, e));
}

static int
set_webhook(void *base, const char *value, struct err *e)
{
	struct conf_url	 u;

	/* not shown: what stands in it may be all that keeps strangers out */
	if (!url_ok(value) || strchr(value, '#') != NULL || !conf_webhook_parts(value, &u))
		return (err_set(e, ERR_CONFIG, "webhook is no address like https://hooks.example.org/dmarcd (without user and password)"));
	return (replace(&((struct conf_alerts *)base)->webhook, value, e));
}

static bool
time_of_day(struct str s, int *minutes)
{
	int64_t	 h, m;

	if (s.len != 5 || s.p[2] != ':' || !str_i64((struct str){ s.p, 2 }, &h) || !str_i64((struct str){ s.p + 3, 2 }, &m) || h < 0 || h > 23 ||
	    m < 0 || m > 59)
		return (false);
	*minutes = (int)(h * 60 + m);
	return (true);
}

static int
set_quiet(void *base, const char *value, struct err *e)
{
	struct conf_alerts	*a = base;
	struct conf_quiet	 q = { -1, -1 };
	char			 shown[80];

	if (value[0] != '\0' && (strlen(value) != 11 || value[5] != '-' || !time_of_day((struct str){ value, 5 }, &q.from) ||
	    !time_of_day((struct str){ value + 6, 5 }, &q.to) || q.from == q.to))
		return (err_set(e, ERR_CONFIG, "quiet \"%s\" is not two times like 22:00-07:00", esc_short(shown, sizeof(shown), str_of(value))));
	a->quiet = q;
	return (0);
}

static void
get_quiet(const void *base, struct buf *b)
{
	const struct conf_quiet	*q = &((const struct conf_alerts *)base)->quiet;

	if (q->from < 0)
		(void)buf_cstr(b, "\"\"");
	else
		(void)buf_printf(b, "\"%02d:%02d-%02d:%02d\"", q->from / 60, q->from % 60, q->to / 60, q->to % 60);
}

static const char *const	 weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static int
set_when(void *base, const char *value, struct err *e)
{
	struct conf_summary	*s = base;
	struct conf_when	 w = { .day = -1 };
	char			 shown[80];
	const char		*time = strrchr(value, ' ');
	int64_t			 hour, minute, day;
	struct str		 first = time == NULL ? STR_NONE : str_trim((struct str){ value, (size_t)(time - value) });

	esc_short(shown, sizeof(shown), str_of(value));
	time = time == NULL ? value : time + 1;
	for (size_t i = 0; i < nitems(weekdays) && first.len > 0; i++)
		if (str_ieq(first, weekdays[i]))
			w.day = (int)i;
	if (first.len > 0 && w.day == -1 && str_i64(first, &day) && day >= 1 && day <= 28)
		w.day = (int)day + 100;		/* told apart by check_summary */
	if ((first.len > 0 && w.day == -1) || strlen(time) != 5 || time[2] != ':' || !str_i64((struct str){ time, 2 }, &hour) ||
	    !str_i64((struct str){ time + 3, 2 }, &minute) || hour > 23 || minute > 59)
		return (err_set(e, ERR_CONFIG, "when \"%s\" is not a time like \"Mon 07:00\" (week), \"07:00\" (day) or \"1 07:00\" (month, "
		    "1 to 28)", shown));
	w.minutes = (int)(hour * 60 + minute);
	s->when = w;
	return (0);
}

static void
get_when(const void *base, struct buf *b)
{
	const struct conf_summary	*s = base;

	(void)buf_byte(b, '"');
	if (s->period == CONF_WEEK && s->when.day >= 0 && s->when.day < 7)
		(void)buf_printf(b, "%s ", weekdays[s->when.day]);
	else if (s->period == CONF_MONTH && s->when.day > 0)
		(void)buf_printf(b, "%d ", s->when.day);
	(void)buf_printf(b, "%02d:%02d\"", s->when.minutes / 60, s->when.minutes % 60);
}
