/*
 * show.c - conf_show: the settings in force and where they stand, for people
 * on a page. conf_print() is for the operator, who may read the file anyway.
 */
#include "base/base.h"
#include "conf/items.h"

#define VALUE_BYTES 2000

/* What holds a secret, names it, or may hold one; all others are plain. */
static const struct { enum conf_section section; const char *key; enum conf_how how; } guarded[] = {
	{ CONF_SEC_MAILBOX, "password_file", CONF_FROM_FILE },
	{ CONF_SEC_MAILBOX, "password_command", CONF_FROM_COMMAND },
	{ CONF_SEC_SMTP, "password_file", CONF_FROM_FILE },
	{ CONF_SEC_SMTP, "password_command", CONF_FROM_COMMAND },
	{ CONF_SEC_SMTP, "sendmail", CONF_PART },
	{ CONF_SEC_ALERTS, "webhook", CONF_PART },	/* for many services the path is the secret */
	{ CONF_SEC_ALERTS, "webhook_secret_file", CONF_FROM_FILE },
	{ CONF_SEC_ALERTS, "webhook_secret_command", CONF_FROM_COMMAND },
	{ CONF_SEC_ALERTS, "command", CONF_PART },
	{ CONF_SEC_HTTP, "tls_key", CONF_FROM_FILE },
};

static enum conf_how
how_of(const struct conf_item *it)
{
	for (size_t i = 0; i < nitems(guarded); i++)
		if (guarded[i].section == it->section && strcmp(guarded[i].key, it->name) == 0)
			return (guarded[i].how);
	return (CONF_PLAIN);
}

static const void *
base_of(const struct conf *c, enum conf_section s, unsigned i)
{
	switch (s) {
	case CONF_SEC_MAILBOX:
		return (&c->mailboxes[i]);
	case CONF_SEC_SENDER:
		return (&c->senders[i]);
	case CONF_SEC_SUMMARY:
		return (&c->summaries[i]);
	default:
		return ((const char *)c + conf_section_off[s]);
	}
}

static void
find_place(const struct conf *c, enum conf_section s, unsigned index, const struct conf_item *it, struct conf_shown *out)
{
	out->file = NULL;
	out->line = 0;
	out->set = false;
	for (size_t i = 0; i < c->nplaces && !out->set; i++) {
		const struct conf_place	*p = &c->places[i];

		if (p->section != s || p->index != index || p->item != it)
			continue;
		out->set = true;
		out->file = p->file < c->nfiles ? c->files[p->file] : NULL;
		out->line = p->line;
	}
	if (it != NULL && s == CONF_SEC_ROOT && strcmp(it->name, "state") == 0 && c->state_given) {
		out->set = true;
		out->file = NULL;
	}
}

/* "https://host:8443/..." of an address, "/usr/bin/x ..." of a command. */
static void
shorten(const struct conf_item *it, const void *base, struct buf *b)
{
	struct conf_url	 u;
	char		*text;

	memcpy(&text, (const char *)base + it->off, sizeof(text));
	buf_clear(b);
	if (text == NULL)
		return;
	if (it->section == CONF_SEC_ALERTS && strcmp(it->name, "webhook") == 0) {
		if (conf_webhook_parts(text, &u))
			(void)buf_printf(b, "%s://%s%s%s:%u/...", u.tls ? "https" : "http", strchr(u.host, ':') != NULL ? "[" : "", u.host,
			    strchr(u.host, ':') != NULL ? "]" : "", (unsigned)u.port);
	} else
		(void)buf_printf(b, "%.*s%s", (int)strcspn(text, " "), text, strchr(text, ' ') != NULL ? " ..." : "");
}

static void
put_value(const struct conf_item *it, const void *base, struct buf *b, struct conf_shown *out)
{
	size_t	 n = strlen(it->name) + 3;

	struct str_list	 l = { NULL, 0 };

	buf_clear(b);
	if (it->type == CONF_NAMES)
		memcpy(&l, (const char *)base + it->off, sizeof(l));
	out->how = how_of(it);
	out->cut = false;
	out->value = NULL;
	item_print(it, base, b);	/* "key = value", or nothing */
	if (b->failed || b->len <= n || (it->type == CONF_NAMES && l.n == 0 && !out->set) || out->how == CONF_FROM_COMMAND)
		return;
	if (out->how == CONF_PART) {
		shorten(it, base, b);
		out->value = b->len == 0 || b->failed ? NULL : b->p;
		return;
	}
	out->value = b->p + n;
	if (b->len <= n + VALUE_BYTES)
		return;
	out->cut = true;
	for (n += VALUE_BYTES; n > 0 && ((unsigned char)b->p[n] & 0xc0) == 0x80; n--)
		;
	b->p[n] = '\0';
}

static int
show_section(const struct conf *c, enum conf_section s, unsigned index, const char *title, struct buf *b,
    int (*f)(void *, const struct conf_shown *), void *ctx)
{
	struct conf_shown	 x = { .section = conf_section_names[s], .title = title };
	const void		*base = base_of(c, s, index);
	int			 rv;

	find_place(c, s, index, NULL, &x);
	if ((rv = f(ctx, &x)) != 0)
		return (rv);
	for (size_t i = 0; i < conf_nitems && rv == 0; i++) {
		if (conf_items[i].section != s)
			continue;
		x.key = conf_items[i].name;
		find_place(c, s, index, &conf_items[i], &x);
		put_value(&conf_items[i], base, b, &x);
		rv = b->failed ? -1 : f(ctx, &x);
	}
	return (rv);
}

int
conf_show(const struct conf *c, int (*f)(void *, const struct conf_shown *), void *ctx)
{
	static const enum conf_section	 order[] = { CONF_SEC_ROOT, CONF_SEC_MAILBOX, CONF_SEC_HTTP, CONF_SEC_STORE, CONF_SEC_RESOLVER, CONF_SEC_GEO,
		CONF_SEC_TRUST, CONF_SEC_SENDER, CONF_SEC_SMTP, CONF_SEC_SUMMARY, CONF_SEC_ALERTS, CONF_SEC_LIMITS };
	struct buf			 b = { 0 };
	int				 rv = 0;

	for (size_t i = 0; i < nitems(order) && rv == 0; i++) {
		size_t	 n = order[i] == CONF_SEC_MAILBOX ? c->nmailboxes : order[i] == CONF_SEC_SENDER ? c->nsenders :
			    order[i] == CONF_SEC_SUMMARY ? c->nsummaries : 1;

		for (unsigned k = 0; k < n && rv == 0; k++)
			rv = show_section(c, order[i], k, order[i] == CONF_SEC_MAILBOX ? c->mailboxes[k].name : order[i] == CONF_SEC_SENDER ?
			    c->senders[k].name : order[i] == CONF_SEC_SUMMARY ? c->summaries[k].name : NULL, &b, f, ctx);
	}
	buf_free(&b);
	return (rv);
}
