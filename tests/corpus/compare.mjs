// Compares what dmarcd stored with a table of what a correct reader finds.
//   node compare.mjs EXPECTED.TSV IMPORT.NDJSON REPORTS.NDJSON
// REPORTS holds the reports of all types. Lines of type aggregate and tls:
// accept must be there with equal figures, either may be there with equal
// figures, reject and ignore must not count.
// Prints TAP; the exit code is 1 when something differs.
import { readFileSync } from "node:fs";

const [tsv, imports, reports] = process.argv.slice(2);
const unescape = (s) => s.replace(/\\([tnr\\])/g, (_, c) => ({ t: "\t", n: "\n", r: "\r", "\\": "\\" })[c]);
const lines = readFileSync(tsv, "utf8").split("\n").filter((l) => l !== "");
const head = lines[0].split("\t");
const want = lines.slice(1).map((l) => Object.fromEntries(l.split("\t").map((v, i) => [head[i], unescape(v)])));
const ndjson = (f) => readFileSync(f, "utf8").split("\n").filter((l) => l !== "").map((l) => JSON.parse(l));
const all = ndjson(reports);
const stored = all.filter((r) => r.type === "aggregate");
const inputs = ndjson(imports);

const columns = {
	dialect: (r) => r.dialect, org: (r) => r.org_name ?? "", begin: (r) => r.begin, end: (r) => r.end,
	records: (r) => r.records, messages: (r) => r.messages,
	disp_none: (r) => r.disposition.none, disp_quarantine: (r) => r.disposition.quarantine,
	disp_reject: (r) => r.disposition.reject, disp_pass: (r) => r.disposition.pass, disp_other: (r) => r.disposition.other,
	dkim_pass: (r) => r.dkim_pass, spf_pass: (r) => r.spf_pass, dmarc_pass: (r) => r.dmarc_pass,
	ips: (r) => r.source_ips, dkim_results: (r) => r.dkim_results, spf_results: (r) => r.spf_results, reasons: (r) => r.reasons,
};
const bare = (id) => id.trim().replace(/^<(.*)>$/, "$1");
const key = (id, domain, begin, end) => JSON.stringify([bare(id), domain, Number(begin), Number(end)]);
const byKey = new Map();
for (const r of stored) {
	const k = key(r.report_id, r.domain, r.begin, r.end);
	byKey.set(k, [...(byKey.get(k) ?? []), r]);
}
let n = 0, failed = 0;
const ok = (good, text, why = "") => {
	n++;
	if (!good) failed++;
	console.log(`${good ? "ok" : "not ok"} ${n} - ${text}${why ? `\n# ${why}` : ""}`);
};
const differs = (w, r) => Object.entries(columns).filter(([c, f]) => String(f(r)) !== w[c])
	.map(([c, f]) => `${c} is ${f(r)}, should be ${w[c]}`);

const seen = new Set();
for (const w of want) {
	if (w.type !== "aggregate" && !(w.type === "damaged" && w.expect === "reject")) continue;
	// of several expected files with one key an empty one counts nothing beside a full one
	const k = key(w.report_id, w.domains, w.begin, w.end);
	const have = byKey.get(k) ?? [];
	const label = `${w.file} #${w.idx}: ${w.expect}`;
	if (w.expect === "accept") {
		seen.add(k);
		const why = have.length === 0 ? ["it is not there"] : have.length > 1 ? ["it is there more than once"] : differs(w, have[0]);
		ok(why.length === 0, label, why.join("; "));
	} else if (w.expect === "either") {
		const full = want.some((o) => o !== w && o.expect === "accept" && key(o.report_id, o.domains, o.begin, o.end) === k);
		if (have.length > 0) seen.add(k);
		const why = have.length === 0 || full ? [] : differs(w, have[0]);
		ok(why.length === 0, label, why.join("; "));
	} else
		ok(have.length === 0, label, have.length > 0 ? "it counts, but must not" : "");
}
for (const w of want.filter((x) => x.expect === "ignore")) {
	const of = inputs.filter((i) => i.path.endsWith(w.file));
	ok(of.length > 0 && of.every((i) => i.reports.length === 0), `${w.file}: ignored`, of.length === 0 ? "it was not read" : "");
}
// TLS reports: every column that the table has for them.
const tls = all.filter((r) => r.type === "tls" && r.state !== "superseded");
const tlsColumns = {
	dialect: (r) => r.dialect, org: (r) => r.org_name ?? "", begin: (r) => r.begin, end: (r) => r.end,
	tls_policies: (r) => r.policies, tls_success: (r) => r.successful_sessions, tls_failure: (r) => r.failed_sessions,
	tls_detail_failures: (r) => r.detail_failures,
};
const tlsKey = (id, domains, begin, end) => JSON.stringify([id.trim(), domains.split(/[ ,]/).sort(), Number(begin), Number(end)]);
const tlsSeen = new Set();
for (const w of want.filter((x) => x.type === "tls")) {
	const k = tlsKey(w.report_id, w.domains, w.begin, w.end);
	const have = tls.filter((r) => tlsKey(r.report_id, r.domain, r.begin, r.end) === k);
	tlsSeen.add(k);
	const why = have.length !== 1 ? [`it is there ${have.length} times`] :
		Object.entries(tlsColumns).filter(([c, f]) => String(f(have[0])) !== w[c])
			.map(([c, f]) => `${c} is ${f(have[0])}, should be ${w[c]}`);
	ok(why.length === 0, `${w.file} #${w.idx}: tls, ${w.expect}`, why.join("; "));
}
for (const w of want.filter((x) => x.type === "damaged" && x.expect === "reject" && "tls_policies" in x && !("messages" in x))) {
	const there = tls.some((r) => r.report_id === w.report_id);
	ok(!there, `${w.file}: not as a TLS report either`, there ? "it counts, but must not" : "");
}
const tlsExtra = tls.filter((r) => !tlsSeen.has(tlsKey(r.report_id, r.domain, r.begin, r.end)));
ok(tlsExtra.length === 0, "no other TLS report counts", tlsExtra.map((r) => r.report_id).join(" "));
const extra = [...byKey.keys()].filter((k) => !seen.has(k));
ok(extra.length === 0, "nothing else counts", extra.join(" "));
const sum = stored.filter((r) => r.state !== "superseded").reduce((a, r) => a + r.messages, 0);
console.log(`# ${stored.length} reports, ${sum} messages, ${tls.length} TLS reports`);
console.log(`1..${n}`);
process.exit(failed === 0 ? 0 : 1);
