/*
 * dmarcd-gen - writes DMARC report mail as real reporters do, and a manifest
 * of the true totals, for tests and benchmarks. The same command line gives
 * the same bytes. See README.md.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

struct options {
	const char		*scenario, *manifest, *truth, *path;
	enum out_kind		 kind;
	uint64_t		 seed;
	int64_t			 until;
	struct bulk_options	 bulk;
	bool			 have_until, have_reports, have_bulk;
};

static const char	 usage_text[] =
"usage: dmarcd-gen demo|months|bulk --until YYYY-MM-DD --out KIND PATH [OPTIONS]\n"
"\n"
"Writes DMARC report mail for tests. The same options give the same bytes.\n"
"\n"
"  demo                    one month of example.com, example.org, example.net\n"
"  months                  sixty days of five kinds of domain, with the truth\n"
"  bulk                    many reports, for benchmarks\n"
"  --until YYYY-MM-DD      the last day reported on\n"
"  --out maildir DIR       mails in DIR/new\n"
"  --out mbox FILE         mails in one file\n"
"  --out files DIR         one .eml for each mail, lines end in CRLF\n"
"  --out xml DIR           the reports alone, one .xml each\n"
"  --manifest FILE         the true totals as JSON (- is standard output)\n"
"  --seed N                another seed, other data (default 1)\n"
"\n"
"months only:\n"
"  --truth FILE            domain, address, what it is, right classes; a line each\n"
"\n"
"bulk only:\n"
"  --reports N             number of reports (default 1000; 0 with the next two)\n"
"  --corpus typical|diverse\n"
"                          results repeat as in life, or nearly never (typical)\n"
"  --domains N             policy domains (default 20)\n"
"  --days N                days up to --until (default 30)\n"
"  --giant-records N       one report with N records (150000 make some 100 MB)\n"
"  --big-mail MB           one valid mail of that size (plain XML in base64)\n"
"\n"
"  --help                  this text\n"
"\n"
"Exit codes: 0 done, 1 cannot write, 2 wrong usage.\n";

static void	 usage_error(const char *, const char *) __attribute__((noreturn));

static void
usage_error(const char *what, const char *about)
{
	fprintf(stderr, "dmarcd-gen: %s%s%s\nTry 'dmarcd-gen --help'.\n", what,
	    about != NULL ? ": " : "", about != NULL ? about : "");
	exit(2);
}

static uint64_t
number(const char *option, const char *text, uint64_t lo, uint64_t hi)
{
	unsigned long long	 v;
	char			*end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
	    v < lo || v > hi) {
		fprintf(stderr, "dmarcd-gen: %s takes a number from %" PRIu64 " to %"
		    PRIu64 ", not \"%s\"\n", option, lo, hi, text);
		exit(2);
	}
	return (v);
}

static enum out_kind
out_kind(const char *word)
{
	static const struct {
		const char	*word;
		enum out_kind	 kind;
	} kinds[] = { { "maildir", OUT_MAILDIR }, { "mbox", OUT_MBOX },
	    { "files", OUT_FILES }, { "xml", OUT_XML } };

	for (size_t i = 0; i < nitems(kinds); i++)
		if (strcmp(word, kinds[i].word) == 0)
			return (kinds[i].kind);
	usage_error("--out takes maildir, mbox, files or xml, and a path", word);
}

/* Returns false for an option that is not one of bulk's. */
static bool
bulk_option(struct options *o, const char *name, const char *value)
{
	if (strcmp(name, "--reports") == 0) {
		o->bulk.reports = number(name, value, 0, 100000000);
		o->have_reports = true;
	} else if (strcmp(name, "--domains") == 0)
		o->bulk.domains = (uint32_t)number(name, value, 1, 9999);
	else if (strcmp(name, "--days") == 0)
		o->bulk.days = (uint32_t)number(name, value, 1, 10000);
	else if (strcmp(name, "--giant-records") == 0)
		o->bulk.giant_records = number(name, value, 1, UINT64_C(1) << 28);
	else if (strcmp(name, "--big-mail") == 0)
		o->bulk.big_mail = number(name, value, 1, 1000) * 1000000;
	else if (strcmp(name, "--corpus") == 0) {
		o->bulk.diverse = strcmp(value, "diverse") == 0;
		if (!o->bulk.diverse && strcmp(value, "typical") != 0)
			usage_error("--corpus takes typical or diverse", value);
	} else
		return (false);
	o->have_bulk = true;
	return (true);
}

static void
option(struct options *o, const char *name, const char *value)
{
	if (strcmp(name, "--seed") == 0)
		o->seed = number(name, value, 0, UINT64_MAX);
	else if (strcmp(name, "--manifest") == 0)
		o->manifest = value;
	else if (strcmp(name, "--truth") == 0)
		o->truth = value;
	else if (strcmp(name, "--until") == 0) {
		o->until = day_parse(value, &o->have_until);
		if (!o->have_until)
			usage_error("--until takes a day as YYYY-MM-DD from 1970 on", value);
	} else if (!bulk_option(o, name, value))
		usage_error("unknown option", name);
}

static void
parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char	*a = argv[i];

		if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			fputs(usage_text, stdout);
			exit(0);
		}
		if (a[0] != '-') {
			if (o->scenario != NULL)
				usage_error("one scenario only", a);
			o->scenario = a;
			continue;
		}
		if (i + 1 >= argc)
			usage_error("a value is missing after", a);
		if (strcmp(a, "--out") == 0) {
			if (o->path != NULL)
				usage_error("--out is given twice", NULL);
			o->kind = out_kind(argv[++i]);
			if (i + 1 >= argc)
				usage_error("a path is missing after --out", argv[i]);
			o->path = argv[++i];
		} else {
			option(o, a, argv[i + 1]);
			i++;
		}
	}
	if (o->scenario == NULL)
		usage_error("say which scenario, demo, months or bulk", NULL);
	if (strcmp(o->scenario, "demo") != 0 && strcmp(o->scenario, "bulk") != 0 && strcmp(o->scenario, "months") != 0)
		usage_error("no such scenario (demo, months or bulk)", o->scenario);
	if (o->truth != NULL && strcmp(o->scenario, "months") != 0)
		usage_error("--truth is of months, but the scenario is", o->scenario);
	if (o->have_bulk && strcmp(o->scenario, "bulk") != 0)
		usage_error("an option of bulk is given, but the scenario is", o->scenario);
	if (!o->have_until)
		usage_error("--until is missing", NULL);
	if (o->path == NULL)
		usage_error("--out is missing", NULL);
	if (!o->have_reports && (o->bulk.giant_records > 0 || o->bulk.big_mail > 0))
		o->bulk.reports = 0;
}

/* Writes a report and counts it. */
void
run_report(struct gen_run *run, const struct gen_report *rp, struct rng *rng)
{
	manifest_report(run->mf, rp);
	for (size_t i = 0; i < rp->nrec; i++)
		manifest_record(run->mf, rp, &rp->rec[i]);
	xml_report(&run->xml, rp);
	if (output_wants_mail(run->out)) {
		mail_report(&run->mail, rp, &run->xml, MAIL_REPORT, rng);
		output_mail(run->out, &run->mail, rp->sent);
		manifest_mail(run->mf, run->mail.len);
	} else
		output_xml(run->out, rp, &run->xml);
	run->xml.len = run->mail.len = 0;
}

/* The same report once more, half an hour later; it counts as a duplicate. */
void
run_repeat(struct gen_run *run, struct gen_report *rp, struct rng *rng)
{
	rp->sent += 1800;
	xml_report(&run->xml, rp);
	if (output_wants_mail(run->out)) {
		mail_report(&run->mail, rp, &run->xml, MAIL_REPEAT, rng);
		output_mail(run->out, &run->mail, rp->sent);
		manifest_mail(run->mf, run->mail.len);
	} else
		output_xml(run->out, rp, &run->xml);
	manifest_duplicate(run->mf);
	run->xml.len = run->mail.len = 0;
}

int
main(int argc, char **argv)
{
	struct options	 o = { .seed = 1, .bulk = { .reports = 1000, .domains = 20,
			    .days = 30 } };
	struct gen_run	 run = { 0 };

	parse(&o, argc, argv);
	run.seed = o.seed;
	run.until = o.until;
	run.out = output_open(o.kind, o.path);
	run.mf = manifest_new();
	run.arena = arena_new();
	if (strcmp(o.scenario, "demo") == 0) {
		demo_generate(&run);
		tls_generate(&run);
	} else if (strcmp(o.scenario, "months") == 0)
		months_generate(&run, o.truth);
	else
		bulk_generate(&run, &o.bulk);
	output_close(run.out);
	if (o.manifest != NULL)
		manifest_write(run.mf, o.scenario, o.seed, o.until, o.manifest);
	manifest_free(run.mf);
	arena_free(run.arena);
	buf_free(&run.xml);
	buf_free(&run.mail);
	return (0);
}
