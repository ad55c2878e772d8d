/*
 * print.c - conf_print: the settings in force, as a file that says the same.
 */
#include "base/base.h"
#include "conf/items.h"

static void
section(struct buf *out, enum conf_section kind, const void *base, const char *indent, bool why)
{
	struct buf	 line = { 0 };

	for (size_t i = 0; i < conf_nitems; i++) {
		if (conf_items[i].section != kind)
			continue;
		buf_clear(&line);
		item_print(&conf_items[i], base, &line);
		if (line.len == 0)
			continue;
		if (why)
			(void)buf_printf(out, "%s%-30s # %s\n", indent, line.p, conf_items[i].help);
		else
			(void)buf_printf(out, "%s%s\n", indent, line.p);
	}
	out->failed |= line.failed;
	buf_free(&line);
}

void
conf_print(const struct conf *c, struct buf *out)
{
	if (c->path != NULL) {
		(void)buf_cstr(out, "# the settings in force, from ");
		/* a path may hold a line end: the comment must not end there */
		for (const char *p = c->path; *p != '\0'; p++)
			(void)buf_byte(out, (unsigned char)*p < 0x20 ? '?' : (unsigned char)*p);
		(void)buf_byte(out, '\n');
	} else
		(void)buf_cstr(out, "# the defaults: no configuration was read\n");
	section(out, CONF_SEC_ROOT, c, "", false);
	for (size_t i = 0; i < c->nmailboxes; i++) {
		(void)buf_printf(out, "\nmailbox \"%s\" {\n", c->mailboxes[i].name);
		section(out, CONF_SEC_MAILBOX, &c->mailboxes[i], "\t", false);
		(void)buf_cstr(out, "}\n");
	}
	for (size_t i = 0; i < c->nsenders; i++) {
		(void)buf_cstr(out, "\nsender ");
		item_quote(out, c->senders[i].name);
		(void)buf_cstr(out, " {\n");
		section(out, CONF_SEC_SENDER, &c->senders[i], "\t", false);
		(void)buf_cstr(out, "}\n");
	}
	for (size_t i = 0; i < c->nsummaries; i++) {
		(void)buf_printf(out, "\nsummary \"%s\" {\n", c->summaries[i].name);
		section(out, CONF_SEC_SUMMARY, &c->summaries[i], "\t", false);
		(void)buf_cstr(out, "}\n");
	}
	/* its defaults alone would be a section that lacks what it needs */
	if (c->smtp.from != NULL) {
		(void)buf_cstr(out, "\nsmtp {\n");
		section(out, CONF_SEC_SMTP, &c->smtp, "\t", false);
		(void)buf_cstr(out, "}\n");
	}
	(void)buf_cstr(out, "\nalerts {\n");
	section(out, CONF_SEC_ALERTS, &c->alerts, "\t", false);
	(void)buf_cstr(out, "}\n");
	(void)buf_cstr(out, "\nhttp {\n");
	section(out, CONF_SEC_HTTP, &c->http, "\t", false);
	(void)buf_cstr(out, "}\n\nstore {\n");
	section(out, CONF_SEC_STORE, &c->store, "\t", false);
	(void)buf_cstr(out, "}\n\ntrust {\n");
	section(out, CONF_SEC_TRUST, &c->trust, "\t", false);
	(void)buf_cstr(out, "}\n\nresolver {\n");
	section(out, CONF_SEC_RESOLVER, &c->resolver, "\t", false);
	(void)buf_cstr(out, "}\n\ngeo {\n");
	section(out, CONF_SEC_GEO, &c->geo, "\t", false);
	(void)buf_cstr(out, "}\n\nlimits {\n");
	section(out, CONF_SEC_LIMITS, &c->limits, "\t", true);
	(void)buf_cstr(out, "}\n");
}
