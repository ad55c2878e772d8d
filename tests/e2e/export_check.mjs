// What an export says, compared with what the listings of the same store say.
// TAP on standard output, without a plan; numbers go on from the first argument.
//
//   export_check.mjs FIRST FOLDER      FOLDER holds what export.sh has put there
import { readFileSync, existsSync } from "node:fs";

const dir = process.argv[3];
let n = Number(process.argv[2]);
const read = (name) => readFileSync(`${dir}/${name}`, "utf8");
const lines = (name) => read(name).split("\n").filter((l) => l !== "").map((l) => JSON.parse(l));

function ok(good, what) {
	console.log(`${good ? "ok" : "not ok"} ${n++} - ${what}`);
}

// RFC 4180, strictly: a quote within a cell only doubled, each row as long as the first.
function csv(name) {
	const text = read(name);
	const rows = [];
	let row = [], i = 0;
	while (i < text.length) {
		let cell = "";
		if (text[i] === '"') {
			for (i++; ; i++) {
				if (text[i] === '"' && text[i + 1] === '"')
					i++;
				else if (text[i] === '"')
					break;
				if (i >= text.length)
					throw new Error(`${name}: a quote is left open`);
				cell += text[i];
			}
			i++;
		} else
			for (; i < text.length && text[i] !== "," && text[i] !== "\n"; i++) {
				if (text[i] === '"' || text[i] === "\r")
					throw new Error(`${name}: a bare ${JSON.stringify(text[i])} at ${i}`);
				cell += text[i];
			}
		row.push(cell);
		if (text[i] !== "," && text[i] !== "\n")
			throw new Error(`${name}: junk behind a cell at ${i}`);
		if (text[i++] === "\n") {
			rows.push(row);
			row = [];
		}
	}
	if (row.length > 0)
		throw new Error(`${name}: the last line has no end`);
	const names = rows.shift();
	return { names, text, rows: rows.map((r) => {
		if (r.length !== names.length)
			throw new Error(`${name}: a row of ${r.length} cells, not ${names.length}`);
		return Object.fromEntries(names.map((k, j) => [k, r[j]]));
	}), cells: rows.flat() };
}

const sum = (v, f) => v.reduce((a, x) => a + Number(f(x)), 0);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const sorted = (o) => o === null || typeof o !== "object" ? o : Array.isArray(o) ? o.map(sorted) :
	Object.fromEntries(Object.keys(o).sort().map((k) => [k, sorted(o[k])]));
const by = (v, key) => new Map(v.map((x) => [x[key], x]));

// --- records ---------------------------------------------------------------------
const records = lines("records.ndjson"), told = lines("records.told");
const table = csv("records.csv");
ok(records.length > 0 && records.length === told.length, `records: ${records.length} rows, as many as 'dmarcd records' lists`);
const toldById = by(told, "id");
ok(records.every((r) => {
	const t = toldById.get(r.id) ?? {};
	return same(sorted(r), sorted(Object.fromEntries(Object.keys(r).map((k) => [k, t[k]])))) &&
	    Object.keys(t).every((k) => k in r || k === "failures");
}), "records: each is the API's row, but for its failure reports");
ok(sum(records, (r) => r.count) === sum(lines("reports.told"), (r) => r.messages), "records: counts add up to the messages of all reports");
ok(new Set(records.map((r) => r.id)).size === records.length, "records: each once");
ok(table.rows.length === records.length && sum(table.rows, (r) => r.count) === sum(records, (r) => r.count), "records: CSV has the same rows and sum");
const byId = by(records, "id");
ok(table.rows.every((r) => {
	const j = byId.get(r.id);
	return j && r.domain === j.domain && r.code === j.code && (r.ip === (j.ip ?? j.ip_text ?? "") || !j.ip) &&
	    r.sender_id === (j.sender?.id ?? "") && r.class === (j.sender?.class ?? "") && r.ptr === (j.ptr?.confirmed ? j.ptr.name : "") &&
	    r.country === (j.country ?? "") && r.asn === String(j.asn ?? "") && r.pass === String(j.policy_eval.dkim === "pass" || j.policy_eval.spf === "pass");
}), "records: CSV says the same");
ok(table.names.join() === "id,report_id,seq,day,reporter,domain,ip,count,hfrom,efrom,eto,disp,policy_eval_dkim,policy_eval_spf,reasons,dkim,spf," +
	"verdict_dkim,verdict_spf,pass,code,fwd,differs,overridden,sender_id,sender,class,ptr,country,asn", "records: the columns of CSV");
const days = records.map((r) => r.day);
ok(same(days, [...days].sort()), "records: in the order of days");

// --- reports, failures, TLS ----------------------------------------------------------
for (const kind of ["reports", "failures", "tls"]) {
	const out = lines(`${kind}.ndjson`), want = lines(`${kind}.told`);
	const wantById = by(want, "id");
	ok(out.length > 0 && out.length === want.length && out.every((r) => {
		const { elements, ...rest } = r;
		return same(sorted(rest), sorted(wantById.get(r.id)));
	}), `${kind}: ${out.length} objects, those of 'dmarcd reports'`);
}
const reports = lines("reports.ndjson"), reportTable = csv("reports.csv");
ok(sum(reportTable.rows, (r) => r.messages) === sum(reports, (r) => r.messages) &&
    sum(reportTable.rows, (r) => r.reject) === sum(reports, (r) => r.disposition.reject) &&
    sum(reportTable.rows, (r) => r.verdict_pass) === sum(reports, (r) => r.verdict.pass), "reports: CSV has the same sums");
const failures = lines("failures.ndjson");
ok(csv("failures.csv").rows.length === failures.length && failures.every((f) => f.masked === true), "failures: as many in CSV, all masked");
const tls = lines("tls.ndjson"), tlsTable = csv("tls.csv");
ok(sum(tlsTable.rows, (r) => r.successful) === sum(tls, (r) => r.successful_sessions) &&
    sum(tlsTable.rows, (r) => r.failed) === sum(tls, (r) => r.failed_sessions) &&
    sum(tlsTable.rows, (r) => r.detail_failed) === sum(tls, (r) => r.detail_failures), "tls: CSV has the same sums");
ok(tls.every((r) => sum(r.elements, (x) => x.successful) === r.successful_sessions &&
    sum(r.elements.flatMap((x) => x.details), (d) => d.failed) === r.detail_failures), "tls: policies and failures of a report add up to its sums");

// --- the layouts of parsedmarc: its documentation, "Sample outputs" ------------------------
const keys = (o) => Object.keys(o).join();
const SOURCE = "ip_address,country,reverse_dns,base_domain,name,type,asn,as_name,as_domain";
const pm = JSON.parse(read("pm.json"));
ok(pm.length === reports.length && sum(pm.flatMap((r) => r.records), (r) => r.count) === sum(records, (r) => r.count) &&
    sum(pm, (r) => r.records.length) === records.length, "parsedmarc-json: all reports and records, the same sum");
ok(pm.every((r) => keys(r) === "xml_schema,report_metadata,policy_published,records" &&
    keys(r.report_metadata) === "org_name,org_email,org_extra_contact_info,report_id,begin_date,end_date,timespan_requires_normalization," +
	"original_timespan_seconds,errors" && keys(r.policy_published) === "domain,adkim,aspf,p,sp,pct,fo"), "parsedmarc-json: the names of a report");
ok(pm.flatMap((r) => r.records).every((r) => keys(r) === "source,count,alignment,policy_evaluated,identifiers,auth_results,normalized_timespan," +
	"interval_begin,interval_end" && keys(r.source) === SOURCE && keys(r.alignment) === "spf,dkim,dmarc" &&
	keys(r.policy_evaluated) === "disposition,dkim,spf,policy_override_reasons" && keys(r.identifiers) === "header_from,envelope_from,envelope_to" &&
	keys(r.auth_results) === "dkim,spf" && r.auth_results.dkim.every((d) => keys(d) === "domain,selector,result") &&
	r.auth_results.spf.every((d) => keys(d) === "domain,scope,result")), "parsedmarc-json: the names of a record");
ok(pm.every((r) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(r.report_metadata.begin_date)), "parsedmarc-json: its form of times");
ok(sum(pm.flatMap((r) => r.records), (r) => r.alignment.dmarc ? r.count : 0) === sum(reports, (r) => r.dmarc_pass), "parsedmarc-json: as many pass");
const pmTable = csv("pm.csv");
ok(pmTable.names.join() === "xml_schema,org_name,org_email,org_extra_contact_info,report_id,begin_date,end_date,normalized_timespan,errors,domain,adkim," +
	"aspf,p,sp,pct,fo,source_ip_address,source_country,source_reverse_dns,source_base_domain,source_name,source_type,source_asn,source_as_name," +
	"source_as_domain,count,spf_aligned,dkim_aligned,dmarc_aligned,disposition,policy_override_reasons,policy_override_comments,envelope_from," +
	"header_from,envelope_to,dkim_domains,dkim_selectors,dkim_results,spf_domains,spf_scopes,spf_results", "parsedmarc-csv: its columns");
ok(sum(pmTable.rows, (r) => r.count) === sum(records, (r) => r.count) &&
    sum(pmTable.rows, (r) => r.dmarc_aligned === "True" ? r.count : 0) === sum(reports, (r) => r.dmarc_pass), "parsedmarc-csv: the same sums");
const pmf = JSON.parse(read("pmf.json")), pmfTable = csv("pmf.csv");
ok(pmf.length === failures.length && pmf.every((f) => keys(f) === "feedback_type,user_agent,version,original_mail_from,original_rcpt_to,arrival_date," +
	"message_id,authentication_results,delivery_result,auth_failure,reported_domain,arrival_date_utc,source,authentication_mechanisms," +
	"original_envelope_id,dkim_domain,sample_headers_only,sample,parsed_sample" && keys(f.source) === SOURCE && Array.isArray(f.auth_failure)),
    "parsedmarc-json: the names of a failure report");
ok(pmfTable.rows.length === failures.length && pmfTable.names.join() === "feedback_type,user_agent,version,original_envelope_id,original_mail_from," +
	"original_rcpt_to,arrival_date,arrival_date_utc,subject,message_id,authentication_results,dkim_domain,source_ip_address,source_country," +
	"source_reverse_dns,source_base_domain,source_name,source_type,source_asn,source_as_name,source_as_domain,delivery_result,auth_failure," +
	"reported_domain,authentication_mechanisms,sample_headers_only", "parsedmarc-csv: the columns of a failure report");
const pmt = JSON.parse(read("pmt.json"));
ok(pmt.length === tls.length && pmt.every((r) => keys(r) === "organization_name,begin_date,end_date,report_id,policies" &&
    r.policies.every((p) => keys(p) === "policy_domain,policy_type,policy_strings,successful_session_count,failed_session_count,failure_details" &&
	p.failure_details.every((d) => keys(d) === "result_type,failed_session_count,sending_mta_ip,receiving_ip,receiving_mx_hostname"))) &&
    sum(pmt.flatMap((r) => r.policies), (p) => p.failed_session_count) === sum(tls, (r) => r.failed_sessions), "parsedmarc-json: names and sums of TLS reports");

// --- hostile texts --------------------------------------------------------------------------
const tables = ["records.csv", "reports.csv", "failures.csv", "tls.csv", "pm.csv", "pmf.csv"];
const formula = (c) => /^[=+\-@\t\r]/.test(c) && !/^-?\d+$/.test(c);
for (const t of tables)
	ok(!csv(t).cells.some(formula), `${t}: no cell begins a formula`);
const evil = reportTable.rows.find((r) => r.report_id.includes("HYPERLINK"));
ok(evil !== undefined && evil.report_id.startsWith("'="), "a formula in a report_id has a ' in front");
const texts = ["records.ndjson", "reports.ndjson", "failures.ndjson", "tls.ndjson", "pm.json", "pmf.json", "pmt.json", ...tables];
ok(texts.every((t) => !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b-\u200f]/.test(read(t))),
    "no control or bidi character comes out as it is");
ok(records.some((r) => r.policy_eval.reasons.some((x) => x.comment?.includes("\u202e"))), "though JSON says them all the same");
