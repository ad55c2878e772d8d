/*
 * seed.h - a database filled by plain SQL, not by our writer: what the reading
 * side is tested against. The same seed gives the same rows.
 * Source:    schema/.
 * Trust:     none needed.
 * Units:     days since the epoch.
 * Ownership: the directory is the caller's, made and removed here.
 * Errors:    prints what failed and returns -1.
 */
#ifndef SEED_H
#define SEED_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seed {
	uint64_t	 rng;
	unsigned	 domains, reporters, sources, evidence, reports, rows;	/* rows: of a report, at most twice that */
	int64_t		 first_day;
	unsigned	 days;
	bool		 fast;		/* no fsync, no hostile texts: for measuring */
};

extern const struct seed seed_small;

uint64_t seed_random(uint64_t *state);
/* Makes DIR/dmarcd.db; the database stays open for questions in SQL. */
sqlite3	*seed_make(const char *dir, const struct seed *);
int	 seed_sql(sqlite3 *, const char *fmt, ...);
/* First column of the first row. */
int64_t	 seed_int(sqlite3 *, const char *fmt, ...);
void	 seed_remove(const char *dir);

/* What the first schema gave a report; later columns have defaults. */
#define SEED_REPORT "report (" \
    "id, reporter, domain, report_id, begin, end, day, received, message, payload, policy, org_name, " \
    "email, extra_contact_info, generator, version, errors, dialect, state, quirks, refused, hash, " \
    "superseded_by, duplicates, records, messages, disp_none, disp_quarantine, disp_reject, " \
    "disp_pass, disp_other, dkim_pass, spf_pass, dmarc_pass, verdict_pass, differs, source_ips, " \
    "dkim_results, spf_results, reasons" \
    ")"

#endif
