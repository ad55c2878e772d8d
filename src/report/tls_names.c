/*
 * tls_names.c - the words of tls.h as text.
 */
#include "report/tls.h"

const char *const tls_type_names[TLS_TYPES] = { "no-policy-found", "sts", "tlsa", "other" };

#define NAME(id, word) word,
const char *const tls_result_names[TLS_RESULT_COUNT] = { TLS_RESULTS(NAME) };
#undef NAME

#define NAME(id, name, text) name,
const char *const tls_quirk_names[TLS_QUIRK_COUNT] = { TLS_QUIRKS(NAME) };
#undef NAME
#define TEXT(id, name, text) text,
const char *const tls_quirk_texts[TLS_QUIRK_COUNT] = { TLS_QUIRKS(TEXT) };
#undef TEXT
