/*
 * settings.h - the settings in force as JSON, for the web server to show:
 * {file, cut, sections: [{section, title, file, line, keys: [{key, value, how,
 * set, cut, file, line}]}]}, as GET /settings has it.
 * Source:    conf_show().
 * Trust:     ours; no secret is in it.
 * Units:     none.
 * Ownership: the caller's, to json_decref().
 * Errors:    NULL: no memory.
 */
#ifndef PROCESS_SETTINGS_H
#define PROCESS_SETTINGS_H

struct conf;
struct json_t;

struct json_t *settings_to_json(const struct conf *);

#endif
