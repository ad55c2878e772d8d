/*
 * settings.c - see settings.h.
 */
#include <jansson.h>

#include "base/base.h"
#include "conf/conf.h"
#include "process/settings.h"

#define BYTES_MOST	(400u * 1024)	/* it is a part of one message to the child */

struct made { json_t *sections, *keys; size_t bytes; bool cut; };

static json_t *
line_of(const struct conf_shown *x)
{
	return (x->file == NULL ? json_null() : json_integer(x->line));
}

static int
put(void *ctx, const struct conf_shown *x)
{
	static const char *const	 hows[] = { "plain", "file", "command", "part" };
	struct made			*m = ctx;
	json_t				*j;

	if (m->bytes > BYTES_MOST) {
		m->cut = true;
		return (1);
	}
	m->bytes += 120 + (x->value == NULL ? 0 : strlen(x->value)) + (x->file == NULL ? 0 : strlen(x->file));
	if (x->key == NULL) {
		m->keys = json_array();
		j = json_pack("{s:s, s:s?, s:s?, s:o, s:o}", "section", x->section, "title", x->title, "file", x->file, "line", line_of(x), "keys",
		    m->keys);
		return (j == NULL || json_array_append_new(m->sections, j) == -1 ? -1 : 0);
	}
	j = json_pack("{s:s, s:s?, s:s, s:b, s:b, s:s?, s:o}", "key", x->key, "value", x->value, "how", hows[x->how], "set", (int)x->set, "cut",
	    (int)x->cut, "file", x->file, "line", line_of(x));
	/* a path of a file may be no text: then that key is not shown */
	return (j != NULL && json_array_append_new(m->keys, j) == -1 ? -1 : 0);
}

json_t *
settings_to_json(const struct conf *c)
{
	struct made	 m = { .sections = json_array() };

	if (conf_show(c, put, &m) == -1) {
		json_decref(m.sections);
		return (NULL);
	}
	return (json_pack("{s:s?, s:b, s:o}", "file", c->path, "cut", (int)m.cut, "sections", m.sections));
}
