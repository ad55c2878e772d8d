/*
 * raw.h - the originals of a report on standard output; cli/ only.
 * Source:    design: dmarcd report ID --raw xml|original|mail.
 * Trust:     what comes out is what came in, byte for byte.
 * Units:     none.
 * Ownership: none kept.
 * Errors:    says what is wrong; an exit code.
 */
#ifndef CLI_RAW_H
#define CLI_RAW_H

#include "store/query.h"

struct cli_ctx;

/* JSON is the document of a TLS report, as XML is that of an aggregate report. */
enum cli_raw { CLI_RAW_XML, CLI_RAW_JSON, CLI_RAW_ORIGINAL, CLI_RAW_MAIL };

int	 cli_report_raw(struct cli_ctx *, struct store *, const struct query_report *, enum cli_raw);
/* Of any report: what stands at payload in that message; revealed: somebody has asked for what tells of people. */
int	 cli_message_raw(struct store *, const char *id, bool kept, int64_t message, unsigned payload, enum cli_raw,
	    bool revealed);

#endif
