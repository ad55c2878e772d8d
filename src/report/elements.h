/*
 * elements.h - the elements of an aggregate report by parent and name, since
 * domain, dkim and result mean different things in different places.
 * Source:    RFC 9990 appendix A, RFC 7489 appendix C; aliases from the field.
 * Trust:     static.
 * Units:     none.
 * Ownership: static.
 * Errors:    none.
 */
#ifndef REPORT_ELEMENTS_H
#define REPORT_ELEMENTS_H

/*
 * X(ID, parent, "name", kind): C container, L leaf (text is a value),
 * B both (a container whose text may stand for a value).
 */
#define ELEMENTS(X)							\
	X(FEEDBACK,     OUTSIDE,  "feedback",           C)		\
	X(VERSION,      FEEDBACK, "version",            L)		\
	X(METADATA,     FEEDBACK, "report_metadata",    C)		\
	X(ORG_NAME,     METADATA, "org_name",           L)		\
	X(EMAIL,        METADATA, "email",              L)		\
	X(EXTRA,        METADATA, "extra_contact_info", L)		\
	X(REPORT_ID,    METADATA, "report_id",          L)		\
	X(DATE_RANGE,   METADATA, "date_range",         C)		\
	X(BEGIN,        DATE_RANGE, "begin",            L)		\
	X(END,          DATE_RANGE, "end",              L)		\
	X(ERROR,        METADATA, "error",              L)		\
	X(GENERATOR,    METADATA, "generator",          L)		\
	X(META_VERSION, METADATA, "version",            L)		\
	X(POLICY,       FEEDBACK, "policy_published",   C)		\
	X(P_DOMAIN,     POLICY,   "domain",             L)		\
	X(P_ADKIM,      POLICY,   "adkim",              L)		\
	X(P_ASPF,       POLICY,   "aspf",               L)		\
	X(P_P,          POLICY,   "p",                  L)		\
	X(P_SP,         POLICY,   "sp",                 L)		\
	X(P_NP,         POLICY,   "np",                 L)		\
	X(P_PCT,        POLICY,   "pct",                L)		\
	X(P_FO,         POLICY,   "fo",                 L)		\
	X(P_TESTING,    POLICY,   "testing",            L)		\
	X(P_DISCOVERY,  POLICY,   "discovery_method",   L)		\
	X(EXTENSION,    FEEDBACK, "extension",          C)		\
	X(RECORD,       FEEDBACK, "record",             C)		\
	X(ROW,          RECORD,   "row",                C)		\
	X(SOURCE_IP,    ROW,      "source_ip",          L)		\
	X(COUNT,        ROW,      "count",              L)		\
	X(EVALUATED,    ROW,      "policy_evaluated",   C)		\
	X(DISPOSITION,  EVALUATED, "disposition",       L)		\
	X(EV_DKIM,      EVALUATED, "dkim",              L)		\
	X(EV_SPF,       EVALUATED, "spf",               L)		\
	X(REASON,       EVALUATED, "reason",            B)		\
	X(R_TYPE,       REASON,   "type",               L)		\
	X(R_COMMENT,    REASON,   "comment",            L)		\
	X(IDENTIFIERS,  RECORD,   "identifiers",        C)		\
	X(HEADER_FROM,  IDENTIFIERS, "header_from",     L)		\
	X(ENVELOPE_FROM, IDENTIFIERS, "envelope_from",  L)		\
	X(ENVELOPE_TO,  IDENTIFIERS, "envelope_to",     L)		\
	X(AUTH_RESULTS, RECORD,   "auth_results",       C)		\
	X(DKIM,         AUTH_RESULTS, "dkim",           C)		\
	X(DKIM_DOMAIN,  DKIM,     "domain",             L)		\
	X(DKIM_SELECTOR, DKIM,    "selector",           L)		\
	X(DKIM_RESULT,  DKIM,     "result",             L)		\
	X(DKIM_HUMAN,   DKIM,     "human_result",       L)		\
	X(SPF,          AUTH_RESULTS, "spf",            C)		\
	X(SPF_DOMAIN,   SPF,      "domain",             L)		\
	X(SPF_SCOPE,    SPF,      "scope",              L)		\
	X(SPF_RESULT,   SPF,      "result",             L)		\
	X(SPF_HUMAN,    SPF,      "human_result",       L)

#define ELEMENT_ENUM(id, parent, name, kind) E_##id,
enum element { E_OUTSIDE, ELEMENTS(ELEMENT_ENUM) E_TABLE, E_UNKNOWN = E_TABLE };
#undef ELEMENT_ENUM

enum element_kind { ELEMENT_C, ELEMENT_L, ELEMENT_B };

struct element_row {
	const char	*name;
	unsigned char	 parent, kind;
};
extern const struct element_row elements[E_TABLE];

void		 elements_init(void);	/* once, before the others */
/* The element of this name in this parent, E_UNKNOWN when there is none. */
unsigned	 element_of(unsigned parent, const char *name);
/* Is it the name of any element? */
int		 element_name_known(const char *name);

#endif
