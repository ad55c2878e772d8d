/*
 * identity.c - see identity.h.
 */
#include <arpa/inet.h>

#include "enrich/identity.h"
#include "enrich/thresholds.h"

const char *const identity_how_names[HOW_COUNT] = {
	"none", "selector", "signature", "bounce", "self", "domain", "signed", "ptr", "include", "network", "prefix"
};
const char *const confidence_names[CONFIDENCE_COUNT] = { "none", "low", "medium", "high" };

enum confidence
identity_confidence(const struct identity *id)
{
	switch (id->how) {
	case HOW_SELECTOR:
	case HOW_SIGNATURE:
	case HOW_BOUNCE:
		return (CONFIDENCE_HIGH);
	case HOW_SELF:
	case HOW_DOMAIN:
	case HOW_SIGNED:
	case HOW_PTR:
	case HOW_INCLUDE:
		return (CONFIDENCE_MEDIUM);
	case HOW_NETWORK:
	case HOW_PREFIX:
		return (CONFIDENCE_LOW);
	default:
		return (CONFIDENCE_NONE);
	}
}

/* --- One row ------------------------------------------------------------------ */

static const struct catalogue_entry *
by_selector(const struct catalogue *c, struct str selector)
{
	char	 low[200];

	if (selector.len == 0 || selector.len > sizeof(low))
		return (NULL);
	for (size_t i = 0; i < selector.len; i++)
		low[i] = ascii_lower(selector.p[i]);
	return (catalogue_selector(c, (struct str){ low, selector.len }));
}

static void
set(struct identity *id, enum identity_how how, const struct catalogue_entry *n, struct str name, struct str shown)
{
	*id = (struct identity){ how, n, name, shown, false };
}

/* A valid signature of somebody in the catalogue; else the first valid one that is not the From domain's own. */
static bool
foreign_signature(const struct catalogue *c, const struct report_record *r, const struct verdict *v, struct identity *out, struct str *other)
{
	const struct catalogue_entry	*n;
	struct str			 d, own = domain_org(r->header_from);

	(void)v;
	*other = STR_NONE;
	for (size_t i = 0; i < r->ndkim; i++) {
		d = r->dkim_results[i].domain;
		if (r->dkim_results[i].result != RES_PASS || d.len == 0 || str_eq(domain_org(d), own))
			continue;
		if ((n = catalogue_find(c, ROLE_DKIM, d)) != NULL) {
			set(out, HOW_SIGNATURE, n, STR_NONE, d);
			return (true);
		}
		if (other->p == NULL)
			*other = d;
	}
	return (false);
}

/* SPF vouches for the address under the From domain's own name: it sends for the domain, the question is which service it is. */
static void
own_path(const struct catalogue *c, const struct report_record *r, const struct verdict *v, struct identity *out)
{
	const struct catalogue_entry	*n;
	struct str			 other;

	for (size_t i = 0; i < r->ndkim; i++)
		if (r->dkim_results[i].result == RES_PASS && str_eq(domain_org(r->dkim_results[i].domain), domain_org(r->header_from)) &&
		    (n = by_selector(c, r->dkim_results[i].what)) != NULL) {
			set(out, HOW_SELECTOR, n, STR_NONE, r->dkim_results[i].what);
			return;
		}
	if (foreign_signature(c, r, v, out, &other))
		return;
	if (other.p != NULL)
		set(out, HOW_DOMAIN, NULL, domain_org(other), other);
	else
		set(out, HOW_SELF, NULL, STR_NONE, v->spf_domain);
}

void
identity_of_row(const struct catalogue *c, const struct report_record *r, const struct verdict *v, struct identity *out)
{
	const struct catalogue_entry	*n;
	struct str			 other;

	set(out, HOW_NONE, NULL, STR_NONE, STR_NONE);
	if (v->spf_state == S_PASS) {
		own_path(c, r, v, out);
		return;
	}
	/* SPF vouches for the address under another name: whoever wrote the message, this one delivered it. */
	if (v->spf_state == S_OTHER && v->spf_domain.len > 0) {
		if ((n = catalogue_find(c, ROLE_BOUNCE, v->spf_domain)) != NULL)
			set(out, HOW_BOUNCE, n, STR_NONE, v->spf_domain);
		else if (foreign_signature(c, r, v, out, &other) && str_eq(domain_org(out->shown), domain_org(v->spf_domain)))
			return;
		else
			set(out, HOW_DOMAIN, NULL, domain_org(v->spf_domain), v->spf_domain);
		return;
	}
	/*
	 * SPF vouches for nobody. A message with a valid signature of the From
	 * domain may have been carried on by anybody: its signatures say who
	 * wrote it, not who delivered it. Without one, who signed sent it.
	 */
	if (v->dkim_state == D_PASS)
		return;
	if (!foreign_signature(c, r, v, out, &other) && other.p != NULL)
		set(out, HOW_DOMAIN, NULL, domain_org(other), other);
	out->weak = out->how != HOW_NONE;
}

/* --- A source ----------------------------------------------------------------------- */

const char *
identity_prefix(const unsigned char *ip, unsigned len, char out[64])
{
	unsigned char	 net[16] = { 0 };
	char		 text[INET6_ADDRSTRLEN];

	out[0] = '\0';
	if (len != 4 && len != 16)
		return (out);
	memcpy(net, ip, len == 4 ? 3 : 6);
	if (inet_ntop(len == 4 ? AF_INET : AF_INET6, net, text, sizeof(text)) != NULL)
		(void)snprintf(out, 64, "%s/%d", text, len == 4 ? 24 : 48);
	return (out);
}

static unsigned
strength(const struct identity *id)
{
	if (id->how != HOW_NONE && id->weak)
		return (1);
	return (id->how == HOW_SELECTOR || id->how == HOW_SIGNATURE || id->how == HOW_BOUNCE ? 2 : id->how == HOW_NONE ? 0 : 1);
}

static int
name_order(const struct identity *a, const struct identity *b)
{
	struct str	 x = a->entry != NULL ? str_of(a->entry->name) : a->name, y = b->entry != NULL ? str_of(b->entry->name) : b->name;

	return (str_order(x, y));
}

/* Strong before weak, often before rarely; names decide what is left, so that the same mail always gives the same. */
static bool
better(const struct identity_vote *a, const struct identity_vote *b)
{
	if (strength(&a->id) != strength(&b->id))
		return (strength(&a->id) > strength(&b->id));
	if (a->m != b->m)
		return (a->m > b->m);
	if (a->id.how != b->id.how)
		return (a->id.how < b->id.how);
	return (name_order(&a->id, &b->id) < 0);
}

/* Servers and lines that anybody can rent say little of who uses them. */
static bool
rented(const struct catalogue_entry *n)
{
	return (n->kind == KIND_HOSTING || n->kind == KIND_ISP);
}

void
identity_of_source(const struct catalogue *c, const struct identity_source *in, char prefix_out[64], struct identity *out)
{
	const struct identity_vote	*best = NULL, *v;
	const struct catalogue_entry	*n;
	uint64_t			 told = 0;

	prefix_out[0] = '\0';
	for (v = in->votes; v < in->votes + in->nvotes; v++)
		told += v->id.how == HOW_NONE ? 0 : v->m;
	for (v = in->votes; v < in->votes + in->nvotes; v++)
		if (v->id.how != HOW_NONE && v->m >= told / 100 * IDENTITY_SHARE + told % 100 * IDENTITY_SHARE / 100 &&
		    (best == NULL || better(v, best)))
			best = v;
	if (best != NULL && strength(&best->id) == 2) {
		*out = best->id;
		return;
	}
	if (in->ptr.len > 0) {
		n = catalogue_find(c, ROLE_PTR, in->ptr);
		if (n == NULL || best == NULL || !rented(n)) {
			set(out, HOW_PTR, n, domain_org(in->ptr), in->ptr);
			if (best == NULL || best->id.how != HOW_SELF || n != NULL)
				return;
		}
	}
	if (best != NULL) {
		*out = best->id;
		return;
	}
	if (in->include.len > 0 && (n = catalogue_find(c, ROLE_SPF, in->include)) != NULL)
		set(out, HOW_INCLUDE, n, STR_NONE, in->include);
	else if (in->include.len > 0)
		set(out, HOW_INCLUDE, NULL, domain_org(in->include), in->include);
	else if (in->network.len > 0)
		set(out, HOW_NETWORK, NULL, in->network, in->network);
	else if (identity_prefix(in->ip, in->ip_len, prefix_out)[0] != '\0')
		set(out, HOW_PREFIX, NULL, str_of(prefix_out), str_of(prefix_out));
	else
		set(out, HOW_NONE, NULL, STR_NONE, STR_NONE);
}

/* --- Senders ---------------------------------------------------------------------------- */

void
identity_key(const struct identity *id, struct str org, struct buf *out)
{
	const char	*blank;

	if (id->entry != NULL) {
		(void)buf_cstr(out, id->entry->user ? "user:" : "known:");
		(void)buf_cstr(out, id->entry->name);
		return;
	}
	(void)buf_cstr(out, id->how == HOW_SELF ? "self:" : id->how == HOW_SIGNED ? "signed:" : id->how == HOW_NETWORK ? "as:" : id->how == HOW_PREFIX ? "net:" : "domain:");
	/* of a network its number alone: names change */
	if (id->how == HOW_NETWORK && (blank = memchr(id->name.p, ' ', id->name.len)) != NULL)
		(void)buf_add(out, id->name.p, (size_t)(blank - id->name.p));
	else
		(void)buf_str(out, id->how == HOW_SELF || id->how == HOW_SIGNED ? org : id->name);
}

void
identity_label(const struct identity *id, struct str org, struct buf *out)
{
	if (id->entry != NULL)
		(void)buf_cstr(out, id->entry->name);
	else if (id->how == HOW_SELF) {
		(void)buf_cstr(out, "Servers of ");
		(void)buf_str(out, org);
	} else if (id->how == HOW_SIGNED) {
		(void)buf_cstr(out, "Signing as ");
		(void)buf_str(out, org);
		(void)buf_cstr(out, ", not in SPF");
	} else
		(void)buf_str(out, id->name);
}

static struct str
first_label(struct str d)
{
	const char	*dot = d.len == 0 ? NULL : memchr(d.p, '.', d.len);

	return (dot == NULL ? d : (struct str){ d.p, (size_t)(dot - d.p) });
}

bool
name_of_lists(struct str d)
{
	static const char *const	 words[] = { "list", "lists", "listserv", "listserver", "groups", "mailman", "sympa", "majordomo", "liste",
					    "listes", "listas" };
	struct str			 l;

	while (d.len > 0 && (l = first_label(d)).len < d.len) {
		for (size_t i = 0; i < nitems(words); i++)
			if (str_ieq(l, words[i]))
				return (true);
		d.p += l.len + 1;
		d.len -= l.len + 1;
	}
	return (false);
}

bool
name_of_dialup(struct str host)
{
	static const char *const	 words[] = { "dyn", "dynamic", "dsl", "adsl", "vdsl", "dial", "dialup", "pool", "ppp", "pppoe", "cable",
					    "dhcp", "dip", "broadband", "ftth", "client", "customer", "cust", "home", "residential" };
	unsigned			 numbers = 0;
	bool				 digit = false;
	size_t				 from = 0;

	/* an address written into the name: at least three numbers before the registered domain */
	for (size_t i = 0; i <= host.len; i++) {
		char	 c = i == host.len ? '.' : ascii_lower(host.p[i]);

		if (c >= '0' && c <= '9') {
			numbers += !digit;
			digit = true;
			continue;
		}
		digit = false;
		if (c == '.' || c == '-') {
			for (size_t k = 0; k < nitems(words); k++)
				if (str_ieq((struct str){ host.p + from, i - from }, words[k]))
					return (true);
			from = i + 1;
		}
	}
	return (numbers >= 3);
}
