/*
 * api_export.c - everything a filter selects as one file, made while it is
 * sent.
 */
#include "answer/answer.h"
#include "base/log.h"
#include "export/export.h"
#include "http/http.h"

struct asking {
	struct query_filter	 filter;
	struct export_asked	 asked;
	struct export		*x;
	char			 type[128];
	struct buf		 first;		/* made before the headers go out: a fault is still an answer */
	bool			 more;
};

static void
asking_free(void *arg)
{
	struct asking	*k = arg;

	if (k == NULL)
		return;
	export_free(k->x);
	query_filter_free(&k->filter);
	buf_free(&k->first);
	free(k);
}

static int
make(void *arg, struct buf *out, struct err *e)
{
	struct asking	*k = arg;
	int		 rc;

	if (k->first.len > 0) {
		(void)buf_str(out, buf_as_str(&k->first));
		buf_free(&k->first);
		if (k->more)
			return (1);
		export_tail(k->x, out);
		return (0);
	}
	if ((rc = export_next(k->x, out, e)) == 0)
		export_tail(k->x, out);
	return (rc);
}

/* --- Parameters ------------------------------------------------------------------- */

static int
word_of(const char *const *names, unsigned n, struct str value)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(value, str_of(names[i])))
			return ((int)i);
	return (-1);
}

static bool
set_one(struct request *rq, struct asking *k, const struct query_param *p)
{
	struct err	 e = { 0 };
	int		 n;

	if (str_eq(p->key, STR("kind"))) {
		if ((n = word_of(export_kind_names, EXPORT_KINDS, p->value)) != -1)
			k->asked.kind = (enum export_kind)n;
		else
			problem_param(rq, 400, p->key, "invalid_parameter", "is one of records, reports, failures, tls");
		return (n != -1);
	}
	if (str_eq(p->key, STR("format"))) {
		if ((n = word_of(export_format_names, EXPORT_FORMATS, p->value)) != -1)
			k->asked.format = (enum export_format)n;
		else
			problem_param(rq, 400, p->key, "invalid_parameter", "is one of csv, ndjson, parsedmarc-json, parsedmarc-csv");
		return (n != -1);
	}
	if (str_eq(p->key, STR("type")) && p->value.len > 0 && p->value.len < sizeof(k->type)) {
		memcpy(k->type, p->value.p, p->value.len);
		k->asked.type = k->type;
		return (true);
	}
	if (!query_filter_knows(p->key)) {
		problem_param(rq, 400, p->key, "invalid_parameter", "is no parameter of an export; there are kind, format, type and the filters");
		return (false);
	}
	if (query_filter_set(&k->filter, p->key, p->value, &e) == 0)
		return (true);
	problem_param(rq, 400, p->key, "invalid_parameter", e.msg);
	return (false);
}

static bool
set_all(struct request *rq, struct asking *k)
{
	for (size_t i = 0; i < rq->query.n; i++)
		if (!set_one(rq, k, &rq->query.p[i]))
			return (false);
	return (true);
}

/* --- The answer ---------------------------------------------------------------------- */

static int
begin(struct asking *k, struct store *s, struct err *e)
{
	int	 rc;

	if ((k->x = export_new(s, &k->asked, e)) == NULL || export_select(k->x, 0, 0, e) == -1)
		return (-1);
	export_head(k->x, &k->first);
	if ((rc = export_next(k->x, &k->first, e)) == -1)
		return (-1);
	k->more = rc == 1;
	return (0);
}

static void
refuse(struct request *rq, const struct err *e)
{
	if (e->code == ERR_CONFIG || e->code == ERR_LIMIT)
		problem(rq, 400, "%s", e->msg);
	else {
		log_warn("request %s: export: %s", rq->id, e->msg);
		problem(rq, 503, "The export cannot be made just now: %s", e->msg);
	}
}

static void
reply(struct request *rq, struct asking *k, struct outflow *s)
{
	struct reply	*r = &rq->reply;

	r->status = 200;
	r->type = export_format_types[k->asked.format];
	r->csp = CSP_RAW;
	r->stream = s;
	(void)snprintf(r->disposition, sizeof(r->disposition), "attachment; filename=\"dmarcd-%s.%s\"", export_kind_names[k->asked.kind],
	    export_format_suffixes[k->asked.format]);
}

void
api_export(struct request *rq, struct asked *a)
{
	struct asking	*k = calloc(1, sizeof(*k));
	struct outflow	*s = NULL;
	struct err	 e = { 0 };

	if (k == NULL) {
		problem(rq, 503, "There is not enough memory.");
		return;
	}
	query_filter_init(&k->filter);
	k->asked = (struct export_asked){ EXPORT_RECORDS, EXPORT_CSV, &k->filter, NULL, false };
	if (!set_all(rq, k)) {
		asking_free(k);
		return;
	}
	/* it has snapshots of its own, and more time than a question */
	query_end(a->query);
	a->query = NULL;
	if (begin(k, a->store, &e) == -1)
		refuse(rq, &e);
	else if ((s = outflow_new(make, asking_free, k)) == NULL)
		problem(rq, 503, "There is not enough memory.");
	else
		reply(rq, k, s);
	if (s == NULL)
		asking_free(k);
}
