/*
 * reader.h - one message or file to the reports in it: the whole way from
 * bytes to records, as a decoder process walks it.
 * Source:    see message.h, container.h, report/aggregate.h.
 * Trust:     hostile input, bounded by struct limits. No file is opened and
 *            nothing is written here: a descriptor comes in, calls go out.
 * Units:     bytes.
 * Ownership: struct reader is kept between messages; texts of a result live
 *            until the next run.
 * Errors:    what is wrong with the input comes as calls and in the result;
 *            -1 with *e is ERR_TEMP (read error, memory) or a call's own.
 */
#ifndef DECODE_READER_H
#define DECODE_READER_H

#include "base/base.h"
#include "base/limits.h"
#include "report/failure.h"
#include "report/report.h"
#include "report/tls.h"

/* Payloads are counted by kind, so that an old number keeps its meaning: XML from 0, JSON from here. */
#define READER_JSON (1u << 19)

struct reader;

struct reader_calls {
	struct report_sink	 report;	/* its ctx is the one below */
	/* a document that may be a report begins; index counts from 0 in the message */
	int	(*payload)(void *, unsigned index, struct err *);
	/* that document, or a container, could not be read: why says it */
	int	(*refused)(void *, const struct err *why, struct err *);
	/* TLS reports; what came since BEGIN is taken back by report.again */
	tls_take_fn		*tls;
	/* a failure report, whole; index counts them alone, from 0. Its arena takes what is added to it. */
	int	(*failure)(void *, unsigned index, struct failure_report *, struct arena *, struct err *);
	/* extraction: the text of the one document that was asked for */
	int	(*raw)(void *, const void *, size_t, struct err *);
};

struct reader_job {
	int		 fd;		/* regular file, read with pread */
	uint64_t	 offset, bytes;
	int		 extract;	/* index of the document that raw wants; -1: read reports */
	bool		 packed;	/* extract it as it was attached, not unpacked */
	bool		 salvage;	/* not extracting: rows of what is refused are given, too, before it is dropped */
	struct str	 filename;	/* a hint, when the file is the report itself */
};

struct reader_result {
	unsigned	 reports;	/* read whole, of any kind */
	unsigned	 failures;	/* failure reports among them */
	unsigned	 refused;	/* documents or containers that could not be */
	bool		 mail;
	bool		 failure;	/* a failure report was seen */
	bool		 unused;	/* a container held the word "unused": the reporter had nothing to tell */
	struct str	 from, subject;	/* of the mail */
	struct err	 first;		/* why the first refused one was */
};

struct reader	*reader_new(const struct limits *, const struct reader_calls *, void *ctx);
int		 reader_run(struct reader *, const struct reader_job *, struct reader_result *, struct err *);
struct message;
/* While a call is made: the mail that is read; NULL: it is none. */
const struct message *reader_mail(const struct reader *);
/* While refused() is called: the part of the mail that it is about, from 1, and the entry of an archive in it ("": none). */
unsigned	 reader_part(const struct reader *);
const char	*reader_entry(const struct reader *);
void		 reader_free(struct reader *);	/* NULL is fine */

#endif
