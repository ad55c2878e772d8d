/*
 * test_alert.c - each rule on a story made for it, silence on a healthy domain
 * over ninety days, and what is remembered: once each, whatever is killed,
 * whoever does not answer, wherever the clock jumps. The clock is an argument.
 */
#include <sys/stat.h>

#include <jansson.h>
#include <unistd.h>

#include "cases.h"

#include "alert/state.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/when.h"
#include "conf/conf.h"
#include "dmarc/dmarc.h"
#include "notify/notify.h"
#include "report/tlsrpt.h"
#include "store/senders.h"
#include "store/store.h"
#include "store/todo.h"

#define DAY0	20500
#define HOUR	3600
#define MORNING	(8 * HOUR)
#define SAID	400

struct world {
	char			 dir[64];
	struct store		*s;
	struct catalogue	*catalogue;
	int			 day;		/* the next one that is told of */
	unsigned		 reports;
	const char		*p;		/* policy */
	struct alert_limits	 limits;
	struct summary_mailbox	 box;
	bool			 boxes;
	int64_t			 gap;
	char			*to[1];
	struct str_list		 tos, off;
	struct alert_voice	 voice;
	char			*said[SAID];	/* subjects, as they were delivered */
	char			*ids[SAID];
	size_t			 nsaid;
	bool			 down;		/* nobody takes anything */
};

static int
setup(void **state)
{
	struct world	*w = calloc(1, sizeof(*w));
	struct err	 e = { 0 };
	static char	 to[] = "anna@example.com";

	/* thousands of commits: no disk has to see them */
	(void)snprintf(w->dir, sizeof(w->dir), "%s/test_alert.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	if ((w->s = store_open(w->dir, STORE_WRITE, &e)) == NULL || dmarc_init(&e) == -1 || (w->catalogue = catalogue_builtin(&e)) == NULL)
		fail_msg("%s", e.msg);
	w->p = "reject";
	alert_limits_default(&w->limits);
	w->to[0] = to;
	w->tos = (struct str_list){ w->to, 1 };
	w->voice = (struct alert_voice){ .to = &w->tos, .digest = 5, .base_url = "https://dmarc.example.org" };
	*state = w;
	return (0);
}

static void
forget(struct world *w)
{
	for (size_t i = 0; i < w->nsaid; i++) {
		free(w->said[i]);
		free(w->ids[i]);
	}
	w->nsaid = 0;
}

static int
teardown(void **state)
{
	struct world	*w = *state;
	char		 cmd[128];

	forget(w);
	catalogue_free(w->catalogue);
	store_close(w->s);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", w->dir);
	assert_int_equal(system(cmd), 0);
	free(w);
	return (0);
}

/* --- Mail ------------------------------------------------------------------------------ */

struct mail {
	unsigned	 host;		/* 192.0.2.host; from 200 on 198.51.100.host, another network */
	uint64_t	 count;
	const char	*spf, *dkim;	/* spf "-x": fails; dkim NULL: none */
	bool		 dkim_fails;
};

static const struct { const char *org; unsigned percent; } reporters[] = { { "big.example", 60 }, { "mid.example", 30 }, { "small.example", 10 } };

static void
rows(struct world *w, const char *domain, unsigned percent, const struct report_header *h, const struct mail *mail, size_t n, struct err *e)
{
	uint64_t	 seq = 0;

	for (size_t i = 0; i < n; i++) {
		const char		*spf = mail[i].spf;
		bool			 fails = spf[0] == '-';
		struct report_auth	 s = { .domain = str_of(spf + fails), .result = fails ? RES_FAIL : RES_PASS };
		struct report_auth	 k = { .domain = str_of(mail[i].dkim), .what = STR("s1"), .result = mail[i].dkim_fails ? RES_FAIL : RES_PASS };
		struct report_record	 r = { .count = mail[i].count * percent / 100, .ip_len = 4, .header_from = str_of(domain),
					    .envelope_from = str_of(spf + fails), .spf_results = &s, .nspf = 1, .dkim_results = &k,
					    .ndkim = mail[i].dkim != NULL };
		struct store_evidence	 ev;
		struct verdict		 v;
		struct buf		 wire = { 0 };
		char			 ip[32];

		if (r.count == 0)
			continue;
		r.seq = ++seq;
		memcpy(r.ip, mail[i].host < 200 ? "\300\0\2" : "\306\63\144", 3);
		r.ip[3] = (unsigned char)mail[i].host;
		(void)snprintf(ip, sizeof(ip), "%s.%u", mail[i].host < 200 ? "192.0.2" : "198.51.100", mail[i].host);
		r.source_ip = str_of(ip);
		dmarc_judge(&h->policy, &r, &v);
		r.dkim = v.dkim_aligned ? EVAL_PASS : EVAL_FAIL;
		r.spf = v.spf_aligned ? EVAL_PASS : EVAL_FAIL;
		r.disposition = v.pass || strcmp(w->p, "none") == 0 ? DISP_NONE : DISP_REJECT;
		(void)buf_printf(&wire, "%s|%s|%s|%d|%d|%s", domain, spf, mail[i].dkim == NULL ? "" : mail[i].dkim, (int)v.pass,
		    (int)mail[i].dkim_fails, w->p);
		if (store_evidence(w->s, buf_as_str(&wire), &r, &ev, e) == -1 || store_row(w->s, &ev, r.ip, 4, r.source_ip, r.count, r.seq, e) == -1)
			fail_msg("%s", e->msg);
		buf_free(&wire);
	}
}

/* A day of a domain, told of by all reporters but those that are silent (bits). */
static void
tell_day(struct world *w, const char *domain, const struct mail *mail, size_t n, unsigned silent)
{
	struct err		 e = { 0 };
	int64_t			 message, begin = (int64_t)(DAY0 + w->day) * 86400;

	assert_int_equal(store_begin(w->s, &e), 0);
	for (size_t i = 0; i < nitems(reporters); i++) {
		struct report_header	 h = { .dialect = DIALECT_RFC7489, .org_name = str_of(reporters[i].org), .begin = begin, .end = begin + 86399,
					    .policy = { .domain = str_of(domain), .p = str_of(w->p) } };
		struct store_message	 m = { .received = begin + 86400 + 4 * HOUR, .origin = "test", .bytes = 100 };
		struct report_trailer	 t = { .records = n, .state = STATE_OK, .dialect = DIALECT_RFC7489 };
		struct store_stored	 done;
		char			 id[32];

		if (silent & (1u << i))
			continue;
		(void)snprintf(id, sizeof(id), "r%u", w->reports++);
		h.report_id = str_of(id);
		assert_int_equal(store_message_begin(w->s, &message, &e), 0);
		assert_int_equal(store_report_begin(w->s, message, 0, &h, &e), 0);
		rows(w, domain, reporters[i].percent, &h, mail, n, &e);
		assert_int_equal(store_report_end(w->s, &t, &done, &e), 0);
		assert_int_equal(store_message_end(w->s, message, &m, IN_STORED, -1, 0, &e), 0);
	}
	if (store_commit(w->s, &e) == -1)
		fail_msg("%s", e.msg);
}

static void
pass_on(struct world *w)
{
	struct err	 e = { 0 };
	bool		 more = true;

	if (store_senders(w->s, w->catalogue, 0, &more, &e) == -1)
		fail_msg("%s", e.msg);
	w->day++;
}

/* Own server, a service that is set up, some that was carried on, and what nothing proves; no two days are alike. */
static void
healthy_day(struct world *w, const char *domain, const struct mail *more, size_t nmore, unsigned silent)
{
	uint64_t	 k = (uint64_t)w->day * 2654435761u % 97, weekend = w->day % 7 >= 5 ? 4 : 1;
	struct mail	 m[12] = {
		{ 1, (1800 + 7 * k) / weekend, domain, domain, false }, { 20, (400 + 3 * k) / weekend, domain, domain, false },
		{ 50, 4 + k % 5, "-fwd.test", domain, false }, { 51, 2 + k % 3, "srs.fwd.test", domain, true },
		{ 200, 20 + k % 40, "-nobody.test", NULL, false },
	};
	size_t		 n = 5;

	for (size_t i = 0; i < nmore; i++)
		m[n++] = more[i];
	tell_day(w, domain, m, n, silent);
}

static void
days(struct world *w, int n)
{
	for (int i = 0; i < n; i++) {
		healthy_day(w, "example.com", NULL, 0, 0);
		pass_on(w);
	}
}

/* --- One look ------------------------------------------------------------------------------ */

/* As notify_alerts_run, with a receiver that says yes to all, or to nothing. */
static void
look_at(struct world *w, int64_t now)
{
	struct alert_request	 rq = { .limits = &w->limits, .mailboxes = &w->box, .nmailboxes = w->boxes };
	struct alert_state	*st;
	struct alert_findings	 found;
	struct alert_model	 m;
	struct query		*q;
	struct err		 e = { 0 };

	assert_int_equal(alert_state_open(w->dir, now, 0, &st, &e), 1);
	rq.judged = alert_state_judged(st);
	q = query_begin(w->s, now, 0, &e);
	assert_non_null(q);
	if (alert_model_make(q, &rq, &m, &e) == -1 || alert_judge(&m, &w->off, &found, &e) == -1 ||
	    alert_state_take(st, &m, &w->off, &found, w->gap, &e) == -1 || alert_state_tell(st, &w->voice, now, &e) == -1 ||
	    alert_state_save(st, &e) == -1)
		fail_msg("%s", e.msg);
	query_end(q);
	for (size_t i = 0; i < alert_state_deliveries(st);) {
		struct alert_delivery	 d;

		alert_state_delivery(st, i, &d);
		if (!alert_state_due(st, i, now)) {
			i++;
		} else if (w->down) {
			assert_int_equal(alert_state_failed(st, i++, now, false, 5, "nobody answers"), 0);
		} else {
			assert_true(w->nsaid < SAID);
			w->said[w->nsaid] = strdup(d.subject);
			w->ids[w->nsaid++] = strdup(d.id);
			assert_int_equal(alert_state_sent(st, i), 0);
		}
		assert_int_equal(alert_state_save(st, &e), 0);
	}
	alert_state_close(st);
}

/* The morning after the last day that was told of. */
static int64_t
morning(const struct world *w)
{
	return ((int64_t)(DAY0 + w->day) * 86400 + MORNING);
}

static void
look(struct world *w)
{
	look_at(w, morning(w));
}

static size_t
said(const struct world *w, const char *part)
{
	size_t	 n = 0;

	for (size_t i = 0; i < w->nsaid; i++)
		n += strstr(w->said[i], part) != NULL;
	return (n);
}

static void
expect(struct world *w, size_t n, const char *part)
{
	if (w->nsaid != n || (part != NULL && said(w, part) == 0)) {
		for (size_t i = 0; i < w->nsaid; i++)
			print_message("# said: %s\n", w->said[i]);
		fail_msg("%zu messages, not %zu with \"%s\"", w->nsaid, n, part == NULL ? "" : part);
	}
	forget(w);
}

static json_t *
listed(struct world *w, const char *what)
{
	struct alert_state	*st;
	struct err		 e = { 0 };
	json_t			*all, *list;

	assert_int_equal(alert_state_read(w->dir, &st, &e), 0);
	all = alert_state_json(st, 0, w->voice.base_url, NULL, NULL);
	alert_state_close(st);
	list = json_incref(json_object_get(all, what));
	json_decref(all);
	return (list);
}

static size_t
count(struct world *w, const char *what)
{
	json_t	*list = listed(w, what);
	size_t	 n = json_array_size(list);

	json_decref(list);
	return (n);
}

/* --- Silence ------------------------------------------------------------------------------- */

/* Ninety days, each judged in the night before its reports came, in the morning after, and in the afternoon. */
static void
test_healthy(void **state)
{
	struct world	*w = *state;

	for (int i = 0; i < 90; i++) {
		look_at(w, (int64_t)(DAY0 + w->day) * 86400 + HOUR);
		healthy_day(w, "example.com", NULL, 0, i % 11 == 3 ? 4 : 0);	/* the small one is late now and then */
		healthy_day(w, "example.net", NULL, 0, 0);
		pass_on(w);
		look(w);
		look_at(w, morning(w) + 7 * HOUR);
		expect(w, 0, NULL);
	}
	assert_int_equal(count(w, "open"), 0);
	assert_int_equal(count(w, "past"), 0);
}

/* --- Stories ---------------------------------------------------------------------------------- */

static void
test_a1(void **state)
{
	const struct mail	 lost[] = { { 1, 60, "-example.com", NULL, false } };
	struct world		*w = *state;
	json_t			*list;

	days(w, 40);
	look(w);
	expect(w, 0, NULL);
	healthy_day(w, "example.com", lost, 1, 0);
	pass_on(w);
	look(w);
	expect(w, 1, "Urgent: example.com: ");
	list = listed(w, "open");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "rule")), "A1");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "mute")), "dmarcd alert mute A1 --domain example.com");
	{
		const json_t	*f = json_array_get(json_object_get(json_array_get(list, 0), "findings"), 0), *v = json_object_get(f, "values");

		assert_true(json_integer_value(json_object_get(v, "n")) >= 60);
		assert_int_equal(json_integer_value(json_object_get(v, "limit")), 10);
		assert_non_null(strstr(json_string_value(json_object_get(f, "link")), "https://dmarc.example.org/explore?domain=example.com&from="));
		assert_non_null(strstr(json_string_value(json_object_get(f, "threshold")), "10 messages"));
	}
	json_decref(list);
	/* again and again on that day: nothing more; a day without: it is over, once */
	for (int i = 1; i < 8; i++)
		look_at(w, morning(w) + i * HOUR);
	expect(w, 0, NULL);
	days(w, 1);
	look(w);
	expect(w, 1, "Over: example.com: ");
	look_at(w, morning(w) + HOUR);
	expect(w, 0, NULL);
	assert_int_equal(count(w, "past"), 1);
	/* within 24 hours of what was said nothing is said again */
	assert_int_equal(count(w, "open"), 0);
}

static void
test_a2(void **state)
{
	struct world	*w = *state;

	w->p = "none";
	days(w, 40);
	/* its key is wrong from now on: some three in ten fail */
	for (int i = 0; i < 7; i++) {
		healthy_day(w, "example.com", (const struct mail[]){ { 1, 900, "-example.com", "example.com", true } }, 1, 0);
		pass_on(w);
		look(w);
	}
	expect(w, 1, "of the mail of Servers of example.com passes, 100% before");
}

static void
test_a5(void **state)
{
	const struct mail	 new[] = { { 77, 40, "bounce.crm.example", "crm.example", false } };
	struct world		*w = *state;

	days(w, 40);
	healthy_day(w, "example.com", new, 1, 0);
	pass_on(w);
	look(w);
	expect(w, 1, "Warning: example.com: crm.example has sent for it since");
	/* it goes on, and stops: it was told once, and is no alert that is over */
	for (int i = 0; i < 12; i++) {
		healthy_day(w, "example.com", i < 5 ? new : NULL, i < 5, 0);
		pass_on(w);
		look(w);
	}
	expect(w, 0, NULL);
	/* in a domain that is new itself everything is */
	for (int i = 0; i < 5; i++) {
		healthy_day(w, "example.com", NULL, 0, 0);
		healthy_day(w, "example.net", new, 1, 0);
		pass_on(w);
		look(w);
	}
	expect(w, 0, NULL);
}

static void
test_a6(void **state)
{
	struct world	*w = *state;

	days(w, 40);
	healthy_day(w, "example.com", (const struct mail[]){ { 200, 900, "-nobody.test", NULL, false } }, 1, 0);
	pass_on(w);
	look(w);
	expect(w, 1, "Warning: example.com: ");	/* refused, so no more than a warning */
	/* ten times as many: worse is told again, a day later */
	healthy_day(w, "example.com", (const struct mail[]){ { 200, 9000, "-nobody.test", NULL, false } }, 1, 0);
	pass_on(w);
	look(w);
	expect(w, 1, "Warning: example.com: 9,");
	days(w, 1);
	look(w);
	expect(w, 1, "Over: ");
}

static void
test_a6_leaked(void **state)
{
	struct world	*w = *state;

	w->p = "none";
	days(w, 40);
	healthy_day(w, "example.com", (const struct mail[]){ { 200, 900, "-nobody.test", NULL, false } }, 1, 0);
	pass_on(w);
	look(w);
	expect(w, 1, "Urgent: example.com: ");
}

static void
test_a7(void **state)
{
	struct world	*w = *state;

	for (int i = 0; i < 40; i++) {
		healthy_day(w, "example.com", NULL, 0, 0);
		healthy_day(w, "example.net", NULL, 0, 0);
		pass_on(w);
	}
	look(w);
	expect(w, 0, NULL);
	/* nothing about one of them any more */
	for (int i = 0; i < 3; i++) {
		days(w, 1);
		look(w);
		assert_int_equal(said(w, "no report"), i == 2);
	}
	expect(w, 1, "Warning: example.net: no report since");
	healthy_day(w, "example.com", NULL, 0, 0);
	healthy_day(w, "example.net", NULL, 0, 0);
	pass_on(w);
	look(w);
	expect(w, 1, "Over: example.net");
}

static void
test_a7_all(void **state)
{
	struct world	*w = *state;
	int64_t		 at;

	for (int i = 0; i < 40; i++) {
		healthy_day(w, "example.com", NULL, 0, 0);
		healthy_day(w, "example.net", NULL, 0, 0);
		pass_on(w);
	}
	at = morning(w);
	/* as long as the mailbox was not read nobody knows whether there are any */
	w->boxes = true;
	w->box = (struct summary_mailbox){ .name = "reports", .last_success = at - HOUR };
	look_at(w, at + 5 * 86400);
	expect(w, 0, NULL);
	w->box.last_success = at + 5 * 86400;
	look_at(w, at + 5 * 86400);
	expect(w, 1, "Warning: No report about any domain since");
}

/* The largest reporter falls silent; one that tells of a tenth is no news. */
static void
test_a7_reporter(void **state)
{
	struct world	*w = *state;

	days(w, 40);
	for (int i = 0; i < 3; i++) {
		healthy_day(w, "example.com", NULL, 0, 5);
		pass_on(w);
		look(w);
	}
	expect(w, 1, "Warning: big.example has sent no report since");
}

static void
test_a8(void **state)
{
	struct world	*w = *state;
	int64_t		 at;

	days(w, 10);
	at = morning(w);
	w->boxes = true;
	w->box = (struct summary_mailbox){ .name = "reports", .error = "the server does not accept the password", .remedy = "Set it anew.",
	    .last_success = at - 5 * HOUR };
	look_at(w, at);
	expect(w, 0, NULL);
	look_at(w, at + HOUR);
	expect(w, 1, "Urgent: Mailbox reports cannot be read: the server does not accept the password");
	w->box = (struct summary_mailbox){ .name = "reports", .last_success = at + 2 * HOUR };
	look_at(w, at + 2 * HOUR);
	expect(w, 1, "Over: Mailbox reports");
}

static void
test_a8_unreadable(void **state)
{
	struct world	*w = *state;
	struct err	 e = { 0 };
	int64_t		 id;

	days(w, 10);
	assert_int_equal(store_begin(w->s, &e), 0);
	for (int i = 0; i < 8; i++) {
		struct store_message	 m = { .received = morning(w), .origin = "test", .bytes = 100 };

		assert_int_equal(store_message_begin(w->s, &id, &e), 0);
		assert_int_equal(store_message_end(w->s, id, &m, i < 5 ? IN_STORED : IN_REJECTED, -1, 0, &e), 0);
	}
	assert_int_equal(store_commit(w->s, &e), 0);
	look(w);
	expect(w, 1, "Urgent: 3 of 1");
}

struct tls_ctx { struct world *w; int64_t message; struct store_stored stored; };

static int
take_tls(void *arg, const struct tls_item *it, struct err *e)
{
	struct tls_ctx	*c = arg;

	if (it->kind == TLS_BEGIN)
		return (store_tls_begin(c->w->s, c->message, 1, e));
	if (it->kind == TLS_END)
		return (store_tls_end(c->w->s, &it->u.header, NULL, &c->stored, e));
	return (store_tls_item(c->w->s, it, e));
}

static void
tls_day(struct world *w, const char *domain, const char *result, unsigned ok, unsigned bad)
{
	struct tls_ctx	 c = { .w = w };
	struct tlsrpt	*t = tlsrpt_new(&limits_default, take_tls, &c);
	struct buf	 b = { 0 };
	struct err	 e = { 0 };
	char		 date[WHEN_TEXT];

	(void)when_date(DAY0 + w->day, date);
	(void)buf_printf(&b, "{\"organization-name\":\"big.example\",\"date-range\":{\"start-datetime\":\"%sT00:00:00Z\",\"end-datetime\":"
	    "\"%sT23:59:59Z\"},\"contact-info\":\"tls@big.example\",\"report-id\":\"t%u\",\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
	    "\"policy-domain\":\"%s\",\"policy-string\":[\"version: STSv1\",\"mode: enforce\",\"mx: *.%s\",\"max_age: 86400\"]},\"summary\":"
	    "{\"total-successful-session-count\":%u,\"total-failure-session-count\":%u},\"failure-details\":[", date, date, w->reports++, domain,
	    domain, ok, bad);
	if (bad > 0)
		(void)buf_printf(&b, "{\"result-type\":\"%s\",\"sending-mta-ip\":\"192.0.2.1\",\"receiving-mx-hostname\":\"mx2.%s\","
		    "\"receiving-ip\":\"198.51.100.9\",\"failed-session-count\":%u}", result, domain, bad);
	(void)buf_cstr(&b, "]}]}");
	{
		struct store_message	 m = { .received = morning(w) + 86400 - 4 * HOUR, .origin = "test", .bytes = b.len };

		if (store_begin(w->s, &e) == -1 || store_message_begin(w->s, &c.message, &e) == -1 || tlsrpt_start(t, NULL, &e) == -1 ||
		    tlsrpt_feed(t, b.p, b.len, &e) == -1 || tlsrpt_finish(t, &e) == -1 ||
		    store_message_end(w->s, c.message, &m, c.stored.result, -1, 0, &e) == -1 || store_commit(w->s, &e) == -1)
			fail_msg("%s", e.msg);
	}
	tlsrpt_free(t);
	buf_free(&b);
}

static void
test_a9(void **state)
{
	struct world	*w = *state;

	for (int i = 0; i < 20; i++) {	/* a stray failure is no news */
		tls_day(w, "example.com", "validation-failure", 900, i % 5 == 0 ? 2 : 0);
		days(w, 1);
		look(w);
	}
	expect(w, 0, NULL);
	tls_day(w, "example.com", "starttls-not-supported", 900, 60);
	days(w, 1);
	look(w);
	expect(w, 1, "Warning: example.com: 60 of 960 TLS sessions");
	for (int i = 0; i < 5; i++) {
		tls_day(w, "example.com", "", 900, 0);
		days(w, 1);
		look(w);
	}
	expect(w, 1, "Over: example.com: 60");
	/* one session is enough when a certificate has expired */
	tls_day(w, "example.com", "certificate-expired", 900, 1);
	days(w, 1);
	look(w);
	expect(w, 1, "the certificate of mx2.example.com has expired");
}

static void
test_a11(void **state)
{
	struct world	*w = *state;

	w->p = "none";
	days(w, 40);
	look(w);
	w->p = "quarantine";
	for (int i = 0; i < 12; i++) {
		days(w, 1);
		look(w);
	}
	expect(w, 1, "Good to know: example.com: receivers see p=quarantine since");
	/* a step back is no good news, and that it is no more is none at all */
	w->p = "none";
	for (int i = 0; i < 12; i++) {
		days(w, 1);
		look(w);
	}
	expect(w, 0, NULL);
}

/* A sender fails, somebody says that it is mended, and later mail proves it. */
static void
test_a11_fix(void **state)
{
	const struct mail	 broken[] = { { 30, 200, "-example.com", "example.com", true } }, mended[] = { { 30, 200, "example.com", "example.com", false } };
	struct world		*w = *state;
	struct store_todo	 watch = { .act = TODO_WATCH, .domain = STR("example.com") };
	struct query_filter	 f;
	struct query_range	 r;
	struct query_causes	 c;
	struct query_row_full	 row;
	struct query_row_who	 who;
	struct query		*q;
	struct err		 e = { 0 };

	w->p = "none";
	for (int i = 0; i < 40; i++) {
		healthy_day(w, "example.com", i < 30 ? mended : broken, 1, 0);
		pass_on(w);
	}
	query_filter_init(&f);
	q = query_begin(w->s, morning(w), 0, &e);
	r = (struct query_range){ DAY0 + 38, DAY0 + 39, DAY0 + 39 };
	assert_int_equal(query_filter_set(&f, STR("ip"), STR("192.0.2.30"), &e), 0);
	assert_int_equal(query_causes(q, &f, &r, 1, &c, &e), 0);
	assert_int_equal(query_row_full(q, &c.items[0].example, &row, &e), 0);
	assert_int_equal(query_row_who(q, &c.items[0].example, &who, &e), 0);
	watch.sender = who.id;
	watch.code = row.verdict.code;
	query_end(q);
	query_filter_free(&f);
	if (store_begin(w->s, &e) == -1 || store_todo(w->s, &watch, 77, "anna", morning(w), &e) == -1 || store_commit(w->s, &e) == -1)
		fail_msg("%s", e.msg);
	w->off = (struct str_list){ (char *[]){ (char[]){ "a2" } }, 1 };
	for (int i = 0; i < 6; i++) {
		healthy_day(w, "example.com", mended, 1, 0);
		pass_on(w);
		look(w);
	}
	expect(w, 1, "Good to know: example.com: the fix for ");
}

/* --- Once each --------------------------------------------------------------------------------- */

static const struct mail	 lost[] = { { 1, 60, "-example.com", NULL, false } };

static void
lose(struct world *w)
{
	healthy_day(w, "example.com", lost, 1, 0);
	pass_on(w);
}

/* Nobody takes it for two days: it waits, is tried with longer pauses, is a dead letter, and goes out when it is asked for. */
static void
test_outage(void **state)
{
	struct world		*w = *state;
	struct alert_state	*st;
	struct alert_delivery	 d;
	struct err		 e = { 0 };
	int64_t			 at;
	char			 id[64];

	days(w, 40);
	lose(w);
	w->down = true;
	at = morning(w);
	look_at(w, at);
	assert_int_equal(count(w, "letters"), 1);
	assert_int_equal(alert_state_read(w->dir, &st, &e), 0);
	alert_state_delivery(st, 0, &d);
	assert_int_equal(d.tries, 1);
	assert_true(d.next == at + 60 && !d.dead);
	(void)snprintf(id, sizeof(id), "%s", d.id);
	alert_state_close(st);
	look_at(w, at + 30);	/* not yet */
	look_at(w, at + 60);
	look_at(w, at + 60 + 119);
	assert_int_equal(alert_state_read(w->dir, &st, &e), 0);
	alert_state_delivery(st, 0, &d);
	assert_int_equal(d.tries, 2);
	alert_state_close(st);
	/* it is there again: out once, with the id it had */
	w->down = false;
	look_at(w, at + 60 + 120);
	assert_int_equal(w->nsaid, 1);
	assert_string_equal(w->ids[0], id);
	expect(w, 1, "Urgent: ");
	look_at(w, at + HOUR);
	expect(w, 0, NULL);
	/* over, and nobody there for five tries */
	w->down = true;
	days(w, 1);
	for (int i = 0; i < 40; i++)
		look_at(w, morning(w) + i * 600);
	assert_int_equal(alert_state_read(w->dir, &st, &e), 0);
	assert_int_equal(alert_state_deliveries(st), 1);
	alert_state_delivery(st, 0, &d);
	assert_true(d.dead);
	assert_int_equal(d.tries, 5);
	assert_string_equal(d.error, "nobody answers");
	alert_state_close(st);
	w->down = false;
	look_at(w, morning(w) + 8 * HOUR);
	expect(w, 0, NULL);
	assert_int_equal(alert_state_open(w->dir, 0, 0, &st, &e), 1);
	assert_int_equal(alert_state_retry(st, morning(w) + 8 * HOUR), 1);
	assert_int_equal(alert_state_save(st, &e), 0);
	alert_state_close(st);
	look_at(w, morning(w) + 9 * HOUR);
	expect(w, 1, "Over: ");
}

/* Killed between the receiver's yes and our note of it: the same message with the same id, and no second message. */
static void
test_killed(void **state)
{
	struct world	*w = *state;
	struct buf	 before = { 0 };
	struct err	 e = { 0 };
	char		 path[128], id[64];

	days(w, 40);
	lose(w);
	w->down = true;
	look(w);	/* in the file now, and not out */
	w->down = false;
	(void)snprintf(path, sizeof(path), "%s/notify/alerts.json", w->dir);
	assert_int_equal(io_read_file(path, 1 << 20, &before, &e), 0);
	look_at(w, morning(w) + 120);
	assert_int_equal(w->nsaid, 1);
	(void)snprintf(id, sizeof(id), "%s", w->ids[0]);
	forget(w);
	assert_int_equal(io_replace_file(path, before.p, before.len, 0600, &e), 0);
	look_at(w, morning(w) + 180);
	assert_int_equal(w->nsaid, 1);
	assert_string_equal(w->ids[0], id);
	forget(w);
	look_at(w, morning(w) + 240);
	expect(w, 0, NULL);
	/* a file that is none of ours is put aside, and what holds is told */
	assert_int_equal(io_replace_file(path, "{", 1, 0600, &e), 0);
	look_at(w, morning(w) + 300);
	expect(w, 1, "Urgent: ");
	(void)snprintf(path, sizeof(path), "%s/notify/alerts.json.bad", w->dir);
	assert_int_equal(access(path, R_OK), 0);
	buf_free(&before);
}

static void
test_clock(void **state)
{
	struct world	*w = *state;
	int64_t		 at;

	days(w, 40);
	lose(w);
	at = morning(w);
	look_at(w, at);
	expect(w, 1, "Urgent: ");
	/* forward by a year, and by a hundred: nothing is known of those days, nothing is over */
	look_at(w, at + (int64_t)365 * 86400);
	look_at(w, at + (int64_t)36500 * 86400);
	look_at(w, at + 60);
	expect(w, 0, NULL);
	/* back by ten days: those days were judged; nothing opens, nothing is over, nothing is said twice when it is right again */
	look_at(w, at - 10 * 86400);
	look_at(w, at - 9 * 86400);
	look_at(w, at + 120);
	look_at(w, at + 3 * HOUR);
	expect(w, 0, NULL);
	/* right, and the next day is worse: that is told */
	healthy_day(w, "example.com", (const struct mail[]){ { 1, 400, "-example.com", NULL, false } }, 1, 0);
	pass_on(w);
	look_at(w, at + 86400);
	expect(w, 1, "Urgent: ");
}

/* What was said lies ahead of a clock that was set right: it silences for a day at most. */
static void
test_clock_ahead(void **state)
{
	struct world	*w = *state;
	int64_t		 at;

	days(w, 10);
	at = morning(w);
	w->boxes = true;
	w->box = (struct summary_mailbox){ .name = "reports", .error = "no", .last_success = at };
	look_at(w, at + 30 * 86400);	/* a clock that is wrong by a month */
	assert_int_equal(said(w, "Mailbox reports cannot be read"), 1);
	forget(w);
	/* set right: it is not believed at once that it is over */
	look_at(w, at + HOUR);
	expect(w, 0, NULL);
	look_at(w, at + 2 * HOUR);
	expect(w, 1, "Over: ");
	/* it fails for real: told when a day has passed since the clock was set right, not in a month */
	look_at(w, at + 7 * HOUR);
	expect(w, 0, NULL);
	look_at(w, at + 26 * HOUR);
	expect(w, 1, "Urgent: Mailbox reports");
}

/* The machine was off for days: mail that waited is read before silence is believed. */
static void
test_off(void **state)
{
	struct world	*w = *state;
	int64_t		 at;

	days(w, 40);
	w->gap = 2 * HOUR;
	look(w);
	at = morning(w) + 6 * 86400;
	look_at(w, at);
	look_at(w, at + 900);
	expect(w, 0, NULL);
	days(w, 6);	/* and there it is */
	look_at(w, at + 1700);
	look_at(w, at + 2 * HOUR);
	expect(w, 0, NULL);
	/* but not for ever */
	at += 5 * 86400;
	look_at(w, at);
	look_at(w, at + 1900);
	expect(w, 1, "no report since");
}

/* --- How much is said ------------------------------------------------------------------------------ */

static void
test_quiet(void **state)
{
	struct world	*w = *state;

	days(w, 40);
	healthy_day(w, "example.com", (const struct mail[]){ { 77, 40, "bounce.crm.example", "crm.example", false } }, 1, 0);
	pass_on(w);
	w->voice.quiet = true;
	look(w);
	expect(w, 0, NULL);
	w->voice.quiet = false;
	look_at(w, morning(w) + HOUR);
	expect(w, 1, "crm.example");
	/* what is urgent does not wait, unless it is to */
	w->voice.quiet = true;
	w->voice.quiet_urgent = true;
	lose(w);
	look(w);
	expect(w, 0, NULL);
	w->voice.quiet_urgent = false;
	look_at(w, morning(w) + HOUR);
	expect(w, 1, "Urgent: ");
	/* that it is over waits; when it begins again meanwhile it is not over */
	days(w, 1);
	look(w);
	expect(w, 0, NULL);
	lose(w);
	look(w);
	w->voice.quiet = false;
	look_at(w, morning(w) + HOUR);
	expect(w, 0, NULL);
	days(w, 1);
	look(w);
	expect(w, 1, "Over: ");
}

static bool
only_b(void *arg, const char *domain)
{
	return (arg == NULL && strcmp(domain, "b.example") == 0);
}

static void
test_digest(void **state)
{
	static const char *const	 names[] = { "a.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example" };
	struct world			*w = *state;

	for (int i = 0; i < 20; i++) {
		for (size_t k = 0; k < nitems(names); k++)
			healthy_day(w, names[k], NULL, 0, 0);
		pass_on(w);
	}
	for (size_t k = 0; k < nitems(names); k++) {
		struct mail	 m[] = { { 1, 60, NULL, NULL, false } };
		char		 spf[32];

		(void)snprintf(spf, sizeof(spf), "-%s", names[k]);
		m[0].spf = spf;
		healthy_day(w, names[k], m, 1, 0);
	}
	pass_on(w);
	look(w);
	expect(w, 1, "7 alerts, among them: ");
	{	/* who sees some domains only has these, and nobody's addresses */
		struct alert_state	*st;
		struct err		 e = { 0 };
		json_t			*all;

		assert_int_equal(alert_state_read(w->dir, &st, &e), 0);
		all = alert_state_json(st, 0, NULL, only_b, NULL);
		alert_state_close(st);
		assert_int_equal(json_array_size(json_object_get(all, "open")), 1);
		assert_int_equal(json_array_size(json_object_get(all, "letters")), 0);
		json_decref(all);
	}
	for (size_t k = 0; k < nitems(names); k++)
		healthy_day(w, names[k], NULL, 0, 0);
	pass_on(w);
	look(w);
	expect(w, 1, "7 alerts are over");
}

static void
test_mute(void **state)
{
	struct world		*w = *state;
	struct alert_mute	 m = { .rule = "A1", .domain = STR("example.com") };
	struct alert_state	*st;
	struct err		 e = { 0 };

	days(w, 40);
	lose(w);
	m.until = morning(w) + 2 * HOUR;
	assert_int_equal(alert_state_open(w->dir, morning(w), 0, &st, &e), 1);
	assert_int_equal(alert_state_mute(st, &m, "erin", morning(w), &e), 0);
	assert_int_equal(alert_state_save(st, &e), 0);
	alert_state_close(st);
	look(w);
	expect(w, 0, NULL);
	assert_int_equal(count(w, "open"), 1);	/* it is listed */
	assert_int_equal(count(w, "mutes"), 1);
	look_at(w, morning(w) + 3 * HOUR);	/* and told when the time is up */
	expect(w, 1, "Urgent: ");
	/* by the configuration; for another domain it means nothing */
	w->voice.mutes = &(struct alert_mute){ .rule = NULL, .domain = STR("example.org") };
	w->voice.nmutes = 1;
	days(w, 1);
	look(w);
	expect(w, 1, "Over: ");
	/* a rule that is off is not asked, and what held of it ends without a word */
	lose(w);
	look_at(w, morning(w) + HOUR);
	expect(w, 1, "Urgent: ");
	{
		char	 off[] = "a1", *list[] = { off };

		w->off = (struct str_list){ list, 1 };
		look_at(w, morning(w) + 2 * HOUR);
		assert_int_equal(count(w, "open"), 0);
		expect(w, 0, NULL);
	}
}

/* Names of strangers: what they write acts in no text, and is a string in JSON. */
static void
test_hostile(void **state)
{
	struct world	*w = *state;
	struct alert_state	*st;
	struct err	 e = { 0 };
	struct alert_delivery	 d;

	days(w, 10);
	w->boxes = true;
	w->box = (struct summary_mailbox){ .name = "reports", .error = "\x1b[2J\r\nBcc: x@example.com\xe2\x80\xae {n} \"' \xff", .last_success = 1 };
	w->down = true;
	look(w);
	assert_int_equal(alert_state_read(w->dir, &st, &e), 0);
	assert_int_equal(alert_state_deliveries(st), 1);
	alert_state_delivery(st, 0, &d);
	assert_null(strpbrk(d.subject, "\x1b\r\n"));
	assert_null(strchr(d.text, '\x1b'));
	assert_null(strchr(d.text, '\r'));
	assert_null(strstr(d.text, "\nBcc"));
	assert_null(strstr(d.text, "\xe2\x80\xae"));
	assert_non_null(strstr(d.text, "{n}"));
	alert_state_close(st);
}

/* --- Signature, times, settings --------------------------------------------------------------------- */

/* RFC 4231, cases 1, 2 and 6. */
static void
test_hmac(void **state)
{
	static const struct { const char *key, *data; size_t nkey; const char *want; } cases[] = {
		{ "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There", 20,
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "Jefe", "what do ya want for nothing?", 4, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct hash_piece	 v[] = { { cases[i].data, 3 }, { cases[i].data + 3, strlen(cases[i].data) - 3 } };
		uint8_t			 out[HASH_SIZE];
		char			 hex[2 * HASH_SIZE + 1];

		hash_hmac(out, cases[i].key, cases[i].nkey, v, 2);
		for (size_t k = 0; k < HASH_SIZE; k++)
			(void)snprintf(hex + 2 * k, 3, "%02x", out[k]);
		assert_string_equal(hex, cases[i].want);
	}
}

static void
test_settings(void **state)
{
	static const struct { const char *text, *fault; } cases[] = {
		{ "alerts { webhook = \"https://hooks.example.org/x\" }", NULL },
		{ "alerts { webhook = \"http://127.0.0.1:8080/x\" }", NULL }, { "alerts { webhook = \"http://[::1]:8080/x\" }", NULL },
		{ "alerts { webhook = \"http://hooks.example.org/x\" }", "in the clear" },
		{ "alerts { webhook = \"http://hooks.example.org/x\"\nwebhook_plain = yes }", NULL },
		{ "alerts { webhook = \"https://u:p@hooks.example.org/x\" }", "no address" },
		{ "alerts { webhook = \"ftp://hooks.example.org/x\" }", "no address" }, { "alerts { webhook = \"https://\" }", "no address" },
		{ "alerts { webhook = \"https://h:0/\" }", "no address" }, { "alerts { webhook = \"https://h:70000/\" }", "no address" },
		{ "alerts { webhook_secret_file = \"/x\" }", "no webhook" },
		{ "alerts { to = { \"a@example.org\" } }", "no section smtp" }, { "alerts { quiet = \"22:00-07:00\" }", NULL },
		{ "alerts { quiet = \"22-7\" }", "two times" }, { "alerts { quiet = \"22:00-22:00\" }", "two times" },
		{ "alerts { quiet = \"24:00-07:00\" }", "two times" }, { "alerts { off = { \"A5\", \"a11\" } }", NULL },
		{ "alerts { off = { \"A99\" } }", "no rule" }, { "alerts { mute = { \"A6 example.org 2026-12-31\", \"* example.net\", \"a1\" } }", NULL },
		{ "alerts { mute = { \"*\" } }", "not a rule" }, { "alerts { mute = { \"A6 exa/mple\" } }", "not a rule" },
		{ "alerts { mute = { \"A6 example.org 2026-13-31\" } }", "not a rule" }, { "alerts { command = \"/bin/x | y\" }", "shell" },
		{ "alerts { command = \"x\" }", "slash" }, { "alerts { a1_messages = 0 }", "from 1" }, { "alerts { a1_messages = 25 }", NULL },
		{ "alerts { a6_leaked = 101 }", "from 0" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct buf	 faults = { 0 }, again = { 0 }, none = { 0 };
		struct err	 e = { 0 };
		struct conf	*c = conf_load_text("x", str_of(cases[i].text), &faults, &e), *d;

		if ((c == NULL) != (cases[i].fault != NULL) || (c == NULL && strstr(buf_as_str(&faults).p, cases[i].fault) == NULL))
			fail_msg("%s: %s", cases[i].text, buf_as_str(&faults).p);
		if (c != NULL) {	/* as the notifier gets them */
			conf_print(c, &again);
			d = conf_load_text("x", buf_as_str(&again), &none, &e);
			if (d == NULL)
				fail_msg("%s: %s", cases[i].text, buf_as_str(&none).p);
			assert_int_equal(c->alerts.limits.a1_messages, d->alerts.limits.a1_messages);
			assert_int_equal(c->alerts.mute.n, d->alerts.mute.n);
			assert_int_equal(c->alerts.quiet.from, d->alerts.quiet.from);
			conf_free(d);
		}
		conf_free(c);
		buf_free(&faults);
		buf_free(&again);
		buf_free(&none);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(test_healthy), TEST(test_a1), TEST(test_a2), TEST(test_a5), TEST(test_a6), TEST(test_a6_leaked), TEST(test_a7), TEST(test_a7_all),
		TEST(test_a7_reporter), TEST(test_a8), TEST(test_a8_unreadable), TEST(test_a9), TEST(test_a11), TEST(test_a11_fix),
		TEST(test_outage), TEST(test_killed), TEST(test_clock), TEST(test_clock_ahead), TEST(test_off), TEST(test_quiet), TEST(test_digest),
		TEST(test_mute), TEST(test_hostile), cmocka_unit_test(test_hmac), cmocka_unit_test(test_settings),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
