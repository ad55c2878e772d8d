/*
 * limits.h - every ceiling on input, with its reason; the configuration's
 * limits {} can move them.
 * Source:    RFC 9990, "Report Contents as an Attack"; RFC 7489 7.2.2 (sizes).
 * Trust:     these are what stands between a mailbox that anybody can write
 *            to and our memory, disk and time.
 * Units:     in the comments.
 * Ownership: plain values.
 * Errors:    over a limit is ERR_LIMIT, naming the limit and its value.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* X(field, default, smallest, largest, unit, why) */
#define LIMITS(X)									\
	X(message_bytes,  64u << 20,  1u << 16, 1u << 30, BYTES,			\
	    "one mail; providers deliver 25 to 50 MB at most")				\
	X(file_bytes,     1u << 30,   1u << 16, 0x7fffffffu, BYTES,			\
	    "one file given to import; exports of years are large")			\
	X(packed_bytes,   32u << 20,  1u << 12, 1u << 30, BYTES,			\
	    "one compressed attachment; zip is held in memory")			\
	X(unpacked_bytes, 512u << 20, 1u << 16, 0x7fffffffu, BYTES,			\
	    "what one mail or file unpacks to; 100 MB is the largest seen")		\
	X(ratio,          1000,       10,       1000000, COUNT,			\
	    "unpacked to packed size, past 10 MB; real reports reach 100")		\
	X(entries,        20,         1,        1000, COUNT,				\
	    "members of one archive that are looked at")				\
	X(nesting,        3,          1,        8, COUNT,				\
	    "containers inside containers")						\
	X(mime_depth,     16,         1,        32, COUNT,				\
	    "multiparts and attached mails inside each other; forwarding adds two")		\
	X(mime_parts,     200,        1,        100000, COUNT,				\
	    "parts of one mail; bounces and lists have a dozen")			\
	X(header_bytes,   256u << 10, 1u << 12, 16u << 20, BYTES,			\
	    "one part's header lines that are looked at")				\
	X(failure_bytes,  256u << 10, 1u << 12, 1u << 20, BYTES,			\
	    "machine-readable part of a failure report; real ones have 2 kB")		\
	X(sample_headers, 64u << 10,  1u << 10, 1u << 20, BYTES,			\
	    "header lines of a failure report's sample that are kept")			\
	X(sample_body,    64u << 10,  256,      1u << 20, BYTES,			\
	    "a sample's body, of the beginning, where bodies are kept")			\
	X(xml_depth,      32,         8,        256, COUNT,				\
	    "elements inside each other; the standard needs 5")			\
	X(text_bytes,     64u << 10,  256,      1u << 20, BYTES,			\
	    "one value of a report; ids of 5,000 bytes exist")				\
	X(records,        2000000,    1,        100000000, COUNT,			\
	    "rows of one report")							\
	X(messages,       1000000000000000, 1000, INT64_MAX, COUNT,			\
	    "sum of the counts of one report; one lie must not fill the totals")	\
	X(results,        100,        1,        1000, COUNT,				\
	    "DKIM or SPF results of one row; RFC 9990 says at most 100 signatures")	\
	X(tls_depth,      16,         8,        256, COUNT,				\
	    "brackets inside each other in a TLS report; RFC 8460 needs 6")		\
	X(tls_value,      1u << 20,   1u << 12, 16u << 20, BYTES,			\
	    "one value of a TLS report that is held as a tree; lists are streamed")	\
	X(tls_text,       16u << 10,  256,      1u << 20, BYTES,			\
	    "one text of a TLS report; lines of a policy are far shorter")		\
	X(tls_bytes,      64u << 20,  1u << 16, 0x7fffffffu, BYTES,			\
	    "one TLS report after unpacking; a day of a large domain has 1 MB")		\
	X(tls_policies,   10000,      1,        1000000, COUNT,				\
	    "elements of policies in one TLS report; real ones have up to a dozen")	\
	X(tls_details,    100000,     1,        10000000, COUNT,			\
	    "failure details of one TLS report")					\
	X(seconds,        60,         1,        3600, SECONDS,				\
	    "wall clock for one message in the decoder; a quarter of it computing")				\
	X(quarantine_bytes, 1u << 30, 1u << 20, 0x7fffffffu, BYTES,			\
	    "all that could not be read, kept for a look")

#define LIMITS_FIELD(name, def, min, max, unit, why) uint64_t name;
struct limits { LIMITS(LIMITS_FIELD) };
#undef LIMITS_FIELD

extern const struct limits limits_default;

#endif
