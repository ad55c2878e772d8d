/*
 * gen.h - what the parts of the test-data generator share.
 * Source:    RFC 7489 section 7.2, RFC 9990 section 3, and the habits of
 *            reporters as they are seen in the field.
 * Trust:     none needed: all input is the command line.
 * Units:     times in seconds since the epoch, UTC; count in messages;
 *            shares in parts per thousand. Integers only, no floating
 *            point: the same seed gives the same bytes on every machine
 *            (compressed parts: with the same zlib).
 * Ownership: strings of a report live in its arena, or are constants.
 * Errors:    this is a tool, not a daemon: what cannot go on ends the
 *            program with one sentence (gen_die), exit code 1.
 */
#ifndef GEN_H
#define GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define nitems(a)	(sizeof(a) / sizeof((a)[0]))
#define PRINTFLIKE(f, a) __attribute__((format(printf, f, a)))
#define DAY		INT64_C(86400)
#define DKIM_MAX	4
#define SPF_MAX		2
#define REASON_MAX	2

/* util.c */
struct buf {
	char	*p;
	size_t	 len, cap;
};
struct arena;
struct rng {
	uint64_t	s[4];
};

void	 gen_die(const char *, ...) PRINTFLIKE(1, 2) __attribute__((noreturn));
void	*gen_alloc(void *, size_t, size_t);	/* reallocarray that never fails */
void	 buf_add(struct buf *, const void *, size_t);
void	 buf_str(struct buf *, const char *);
void	 buf_fmt(struct buf *, const char *, ...) PRINTFLIKE(2, 3);
void	 buf_base64(struct buf *, const void *, size_t, size_t line);
void	 buf_qp(struct buf *, const void *, size_t);
void	 buf_free(struct buf *);
struct arena	*arena_new(void);
char	*arena_fmt(struct arena *, const char *, ...) PRINTFLIKE(2, 3);
void	 arena_reset(struct arena *);
void	 arena_free(struct arena *);
/* One generator per subject, so that a change in one leaves the others. */
void	 rng_seed(struct rng *, uint64_t, uint64_t, uint64_t, uint64_t);
uint64_t rng_next(struct rng *);
uint32_t rng_below(struct rng *, uint32_t);
uint32_t rng_between(struct rng *, uint32_t, uint32_t);	/* both included */
bool	 rng_chance(struct rng *, uint32_t permille);
/* 0..n-1, the k-th with a weight of 1/(k+1); cumulated weights are kept. */
struct zipf {
	uint64_t	*sum;
	uint32_t	 n;
};
void	 zipf_init(struct zipf *, uint32_t);
uint32_t zipf_draw(const struct zipf *, struct rng *);
void	 zipf_free(struct zipf *);
int64_t	 day_parse(const char *, bool *ok);	/* YYYY-MM-DD to midnight */
void	 day_civil(int64_t, int *y, int *m, int *d);
void	 buf_rfc5322_date(struct buf *, int64_t);
void	 buf_mbox_date(struct buf *, int64_t);

/* The model of a report: only as rich as the generator needs. */
struct gen_policy {
	const char	*p, *sp, *np;
	const char	*adkim, *aspf;
	bool		 testing;
};
struct gen_dkim {
	const char	*domain, *selector, *result, *human;
};
struct gen_spf {
	const char	*domain, *scope, *result;
};
struct gen_reason {
	const char	*type, *comment;
};
struct gen_record {
	const char		*source_ip;
	uint64_t		 count;
	const char		*header_from;
	const char		*envelope_from;	/* "" is the null reverse-path */
	const char		*envelope_to;	/* NULL: not told */
	struct gen_dkim		 dkim[DKIM_MAX];
	struct gen_spf		 spf[SPF_MAX];
	struct gen_reason	 reason[REASON_MAX];
	unsigned		 ndkim, nspf, nreason;
	/* policy_evaluated, set by record_judge() */
	const char		*disposition;
	bool			 dkim_pass, spf_pass;
	bool			 differs;	/* a deliberate contradiction */
};
struct gen_report {
	const struct reporter	*reporter;
	const char		*domain, *report_id;
	int64_t			 begin, end;	/* end as it is written */
	int64_t			 sent;		/* Date: of the mail */
	struct gen_policy	 policy;
	struct gen_record	*rec;
	size_t			 nrec, cap;
};

/* A reporter and its habits. */
enum dialect { D_DRAFT, D_RFC7489, D_RFC9990 };
enum ns { NS_NONE, NS_XSD, NS_01_ROOT, NS_01, NS_20, NS_20_PREFIX };
enum pack { PACK_GZIP, PACK_ZIP, PACK_PLAIN };
enum shape { SHAPE_TOP, SHAPE_MIXED, SHAPE_NESTED, SHAPE_FORWARDED };
enum cte { CTE_BASE64, CTE_QP, CTE_7BIT };
enum subject { SUBJ_RFC, SUBJ_SMALL, SUBJ_SEMICOLON, SUBJ_BRACES, SUBJ_BASE64,
    SUBJ_JP, SUBJ_FOLDED };
enum id_style { ID_NUMBER, ID_HEX, ID_UUID, ID_RANGE, ID_ANGLE, ID_DOTATOM };
enum layout { LAYOUT_2, LAYOUT_3, LAYOUT_TAB, LAYOUT_FLAT, LAYOUT_LINE };
enum {
	R_SP		= 1 << 0,	/* writes sp */
	R_NP		= 1 << 1,	/* writes np, beside pct too */
	R_MODES		= 1 << 2,	/* writes adkim and aspf */
	R_SELECTOR	= 1 << 3,
	R_SCOPE		= 1 << 4,
	R_EFROM		= 1 << 5,
	R_ETO		= 1 << 6,
	R_HUMAN		= 1 << 7,	/* writes human_result */
	R_PASS		= 1 << 8,	/* disposition pass (RFC 9990) */
	R_SPLIT		= 1 << 9,	/* a row for every message */
	R_ARC		= 1 << 10,	/* trusts ARC: local_policy */
	R_LISTS		= 1 << 11,	/* knows mailing lists */
	R_FORWARD	= 1 << 12,	/* knows forwarders */
	R_SOFT		= 1 << 13,	/* quarantines what it should reject */
	R_MIDNIGHT	= 1 << 14,	/* end is the next midnight */
	R_FO		= 1 << 15,
	R_SPLIT_NAME	= 1 << 16	/* file name in RFC 2231 pieces */
};
struct reporter {
	const char	*org_name, *email, *host, *extra;
	const char	*version, *generator, *discovery, *ctype;
	enum dialect	 dialect;
	enum ns		 ns;
	enum pack	 pack;
	enum shape	 shape;
	enum cte	 cte;
	enum subject	 subject;
	enum id_style	 id_style;
	enum layout	 layout;
	unsigned	 flags;
	int		 offset_h;	/* when its day begins, UTC */
	int		 days;		/* days in one report */
	int		 lag_min;	/* from the end to the mail */
	unsigned	 share;		/* of all mail, per thousand */
	int		 silent;	/* says nothing in the last N days */
	int		 slow;		/* days until it sees a new policy */
};

/* reporters.c */
extern const struct reporter gen_reporters[];
extern const size_t gen_nreporters;
/* The name under which dmarcd keys it: the organizational domain. */
void	 reporter_key(const struct reporter *, char *, size_t);

/* record.c */
struct gen_record *record_add(struct gen_report *);
void	 record_merge_last(struct gen_report *);
bool	 record_same(const struct gen_record *, const struct gen_record *);
void	 record_judge(struct gen_record *, const struct gen_report *);
void	 record_contradict(struct gen_record *);
void	 record_dkim(struct gen_record *, const char *, const char *, const char *);
void	 record_spf(struct gen_record *, const char *, const char *, const char *);
void	 record_override(struct gen_record *, const char *, const char *);
bool	 record_passes(const struct gen_record *);
const char *record_policy(const struct gen_record *, const struct gen_report *);
void	 report_begin(struct gen_report *, struct arena *, const struct reporter *,
	    const char *domain, int64_t day, struct rng *);

/* render.c */
void	 xml_head(struct buf *, const struct gen_report *);
void	 xml_record(struct buf *, const struct gen_report *, const struct gen_record *);
void	 xml_foot(struct buf *, const struct gen_report *);
void	 xml_report(struct buf *, const struct gen_report *);

/* mail.c */
enum mail_kind { MAIL_REPORT, MAIL_REPEAT, MAIL_TRUNCATED };
void	 mail_report(struct buf *, const struct gen_report *, const struct buf *xml,
	    enum mail_kind, struct rng *);
void	 buf_gzip(struct buf *, const struct buf *);
void	 mail_bounce(struct buf *, int64_t, struct rng *);
void	 mail_spam(struct buf *, int64_t, struct rng *);
/* failure.c: how % 4 is the habit of its reporter. */
void	 mail_failure(struct buf *, const struct gen_report *, const struct gen_record *, unsigned how, struct rng *);
void	 mail_complaint(struct buf *, int64_t, struct rng *);
void	 mail_autoreply(struct buf *, int64_t, struct rng *);

/* output.c */
enum out_kind { OUT_NONE, OUT_MAILDIR, OUT_MBOX, OUT_FILES, OUT_XML };
struct output;
struct output	*output_open(enum out_kind, const char *path);
bool	 output_wants_mail(const struct output *);
void	 output_mail(struct output *, const struct buf *, int64_t);
void	 output_xml(struct output *, const struct gen_report *, const struct buf *);
void	 output_close(struct output *);

/* manifest.c */
struct gen_tls {		/* what one TLS report adds up to */
	uint64_t	 policies, successful, failed, details;
};
struct manifest;
struct manifest	*manifest_new(void);
void	 manifest_report(struct manifest *, const struct gen_report *);
void	 manifest_record(struct manifest *, const struct gen_report *,
	    const struct gen_record *);
void	 manifest_tls(struct manifest *, const char *domain, const struct gen_tls *);
void	 manifest_duplicate(struct manifest *);
void	 manifest_ignored(struct manifest *);
void	 manifest_failure(struct manifest *, bool auth);	/* false: a complaint */
void	 manifest_rejected(struct manifest *);
void	 manifest_mail(struct manifest *, size_t bytes);
uint64_t manifest_reports(const struct manifest *);
void	 manifest_write(struct manifest *, const char *scenario, uint64_t seed,
	    int64_t until, const char *path);
void	 manifest_free(struct manifest *);

/* A run: what every scenario is given. */
struct gen_run {
	struct output	*out;
	struct manifest	*mf;
	struct arena	*arena;
	struct buf	 xml, mail;
	uint64_t	 seed;
	int64_t		 until;		/* midnight that begins the last day */
};
struct bulk_options {
	uint64_t	 reports;
	uint32_t	 domains, days;
	bool		 diverse;
	uint64_t	 giant_records;	/* 0: no giant report */
	uint64_t	 big_mail;	/* bytes; 0: no big mail */
};
void	 run_report(struct gen_run *, const struct gen_report *, struct rng *);
void	 run_repeat(struct gen_run *, struct gen_report *, struct rng *);
void	 demo_generate(struct gen_run *);
void	 months_generate(struct gen_run *, const char *truth);
void	 tls_generate(struct gen_run *);	/* the TLS reports of the demo */
void	 bulk_generate(struct gen_run *, const struct bulk_options *);

#endif
