/*
 * names.c - the words of report.h and quirk.h as text.
 */
#include "report/report.h"

const char *const dialect_names[DIALECT_COUNT] = {
	"draft", "rfc7489", "rfc9990", "rfc9990-no-ns", "dmarc-xml-0.1", "dmarc-xml-0.2"
};
const char *const auth_result_names[RES_COUNT] = {
	"absent", "none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror", "unknown"
};
const char *const disposition_names[DISP_COUNT] = { "none", "quarantine", "reject", "pass", "other" };
const char *const evaluated_names[EVAL_COUNT] = { "unknown", "pass", "fail" };
const char *const report_state_names[STATE_COUNT] = { "ok", "ok-with-notes", "repaired", "partial", "empty" };

#define QUIRK_NAME(id, name, text) name,
const char *const quirk_names[QUIRK_COUNT] = { QUIRKS(QUIRK_NAME) };
#undef QUIRK_NAME
#define QUIRK_TEXT(id, name, text) text,
const char *const quirk_texts[QUIRK_COUNT] = { QUIRKS(QUIRK_TEXT) };
