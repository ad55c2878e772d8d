// Compares failure reports that dmarcd stored with a table of what a correct
// reader finds.
//   node compare_failures.mjs EXPECTED.TSV IMPORT.NDJSON REVEALED.NDJSON
// REVEALED has one object of 'dmarcd report fN --reveal --format json' a line.
// Lines of type failure and other: accept must be there, either may be; what is
// there agrees in every arf_ column. Prints TAP.
import { readFileSync } from "node:fs";

const [tsv, imports, revealed] = process.argv.slice(2);
const unescape = (s) => s.replace(/\\([tnr\\])/g, (_, c) => ({ t: "\t", n: "\n", r: "\r", "\\": "\\" })[c]);
const lines = readFileSync(tsv, "utf8").split("\n").filter((l) => l !== "");
const head = lines[0].split("\t");
const want = lines.slice(1).map((l) => Object.fromEntries(l.split("\t").map((v, i) => [head[i], unescape(v)])))
	.filter((w) => w.type === "failure" || w.type === "other");
const ndjson = (f) => readFileSync(f, "utf8").split("\n").filter((l) => l !== "").map((l) => JSON.parse(l));
const inputs = ndjson(imports);
const byId = new Map(ndjson(revealed).map((r) => [r.id, r]));

const bare = (s) => s.replace(/^<(.*)>$/, "$1");
const columns = {
	arf_type: (r) => r.fields.feedback_type ?? "", arf_auth_failure: (r) => r.fields.auth_failure ?? "",
	arf_source_ip: (r) => r.fields.source_ip ?? "", arf_reported_domain: (r) => (r.fields.reported_domain ?? []).join(","),
	arf_mail_from: (r) => bare(r.fields.original_mail_from ?? ""), arf_arrival: (r) => r.arrival_epoch ?? "",
};
let n = 0, failed = 0;
const ok = (good, text, why = "") => {
	n++;
	if (!good) failed++;
	console.log(`${good ? "ok" : "not ok"} ${n} - ${text}${why ? `\n# ${why}` : ""}`);
};
const classOf = { failure: "auth-failure", other: "other" };
for (const w of want) {
	const have = inputs.filter((i) => i.path === w.file || i.path.endsWith(`/${w.file}`)).flatMap((i) => i.reports).filter((r) => r.type === "failure");
	const label = `${w.file}: ${w.type}, ${w.expect}`;
	if (have.length === 0) {
		ok(w.expect === "either", label, w.expect === "either" ? "" : "it is not there");
		continue;
	}
	const r = byId.get(have[Number(w.idx) - 1]?.id);
	const why = r === undefined ? ["it cannot be shown"] : Object.entries(columns)
		.filter(([c, f]) => String(f(r)) !== (c === "arf_mail_from" ? bare(w[c]) : w[c])).map(([c, f]) => `${c} is ${f(r)}, should be ${w[c]}`);
	if (r !== undefined && r.class !== classOf[w.type]) why.push(`it is of class ${r.class}`);
	ok(why.length === 0, label, why.join("; "));
}
// nothing else is one
const known = new Set(want.map((w) => w.file));
const extra = inputs.filter((i) => i.reports.some((r) => r.type === "failure") && ![...known].some((f) => i.path.endsWith(f)));
ok(extra.length === 0, "nothing else is a failure report", extra.map((i) => i.path).join(" "));
ok([...byId.values()].every((r) => r.masked === false) && inputs.flatMap((i) => i.reports).filter((r) => r.type === "failure").every((r) => r.masked),
	"masked unless revealed");
console.log(`1..${n}`);
process.exit(failed === 0 ? 0 : 1);
