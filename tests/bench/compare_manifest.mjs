#!/usr/bin/env node
// Compares what dmarcd says with the manifest of dmarcd-gen.
//
//   compare_manifest.mjs MANIFEST http://127.0.0.1:8080     the JSON API: /overview, /reporters, /ingest
//   compare_manifest.mjs MANIFEST FILE|-                    output of `dmarcd domains --format json`,
//                                                           of `dmarcd reports --format json`, or an /overview answer
//
// Every difference is one line. Exit codes: 0 all equal, 1 differences, 2 wrong usage or unreadable input.
import { readFileSync } from "node:fs";

const usage = "usage: compare_manifest.mjs MANIFEST FILE|-|URL";
const dispositions = ["none", "quarantine", "reject", "pass", "other"];
const differences = [];
let compared = 0;

function stop(message) {
	console.error(`compare_manifest: ${message}`);
	process.exit(2);
}

function same(what, got, want) {
	compared++;
	if (got !== want)
		differences.push(`${what}: dmarcd says ${got}, the manifest ${want}`);
}

// Present and a number: what a face does not tell is not compared.
function known(what, got, want) {
	if (typeof got === "number")
		same(what, got, want);
}

// The item of one domain, in the API's form (counts) or in that of reports --format json.
function compareDomain(name, item, want) {
	const c = item.counts ?? item;

	known(`${name} reports`, item.reports, want.reports);
	known(`${name} records`, item.records, want.records);
	same(`${name} messages`, c.m ?? c.messages, want.messages);
	const disposition = c.disposition ?? c;
	for (const d of dispositions)
		known(`${name} disposition ${d}`, disposition[d], want.disposition[d]);
	if (typeof c.both === "number") {
		same(`${name} dkim_pass`, c.both + c.dkim_only, want.dkim_pass);
		same(`${name} spf_pass`, c.both + c.spf_only, want.spf_pass);
		same(`${name} dmarc_pass`, c.both + c.dkim_only + c.spf_only, want.dmarc_pass);
		known(`${name} untold`, c.untold, 0);
	} else
		for (const key of ["dkim_pass", "spf_pass", "dmarc_pass"])
			known(`${name} ${key}`, c[key], want[key]);
	known(`${name} differs`, c.differs, want.differs.messages);
	known(`${name} source_ips`, item.distinct_source_ips, want.source_ips);
}

function compareDomains(items, manifest) {
	const seen = new Map(items.map((i) => [i.domain, i]));

	for (const [name, want] of Object.entries(manifest.domains)) {
		const item = seen.get(name);
		if (item === undefined)
			same(`${name}`, "nothing", `${want.messages} messages`);
		else
			compareDomain(name, item, want);
		seen.delete(name);
	}
	for (const name of seen.keys())
		same(name, "a domain", "none of that name");
}

// The sparks of an overview that runs over the manifest's days.
function compareDays(overview, manifest) {
	const days = dayList(overview.from, overview.to);

	for (const item of overview.domains) {
		if (!Array.isArray(item.spark) || item.spark.length !== days.length)
			continue;
		days.forEach((day, i) => {
			const want = manifest.days[day]?.[item.domain];
			same(`${item.domain} ${day} messages`, item.spark[i] ?? 0, want?.messages ?? 0);
			if (Array.isArray(item.spark_pass))
				same(`${item.domain} ${day} passing`, item.spark_pass[i] ?? 0,
				    want?.dmarc_pass ?? 0);
		});
	}
}

function dayList(from, to) {
	const days = [];

	for (let t = Date.parse(from); t <= Date.parse(to) && days.length < 5000; t += 86400000)
		days.push(new Date(t).toISOString().slice(0, 10));
	return days;
}

function compareOverview(o, manifest) {
	compareDomains(o.domains, manifest);
	if (o.counts)
		compareDomain("all domains", { counts: o.counts, reports: o.reports }, manifest.totals);
	compareDays(o, manifest);
}

// One object per report, summed up by domain.
function sumReports(reports) {
	const sums = new Map();

	for (const r of reports) {
		const s = sums.get(r.domain) ?? { domain: r.domain, reports: 0, records: 0, messages: 0,
		    disposition: Object.fromEntries(dispositions.map((d) => [d, 0])),
		    dkim_pass: 0, spf_pass: 0, dmarc_pass: 0 };
		s.reports++;
		for (const key of ["records", "messages", "dkim_pass", "spf_pass", "dmarc_pass"])
			s[key] += r[key];
		for (const d of dispositions)
			s.disposition[d] += r.disposition[d] ?? 0;
		sums.set(r.domain, s);
	}
	return [...sums.values()];
}

async function get(base, path) {
	const answer = await fetch(new URL(`${base.replace(/\/$/, "")}/api/v1/${path}`));

	if (!answer.ok)
		stop(`${path}: HTTP ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
	return answer.json();
}

async function compareApi(base, manifest) {
	const days = Object.keys(manifest.days).sort();

	const range = `from=${days[0]}&to=${days.at(-1)}`;
	compareOverview(await get(base, `overview?${range}&cmp=none`), manifest);
	const reporters = new Map((await get(base, `reporters?${range}`)).items.map((r) => [r.key, r]));
	for (const [name, want] of Object.entries(manifest.reporters)) {
		const got = reporters.get(want.key);
		same(`reporter ${name} reports`, got?.reports, want.reports);
		same(`reporter ${name} messages`, got?.m, want.messages);
	}
	for (const [domain, want] of Object.entries(manifest.tls ?? {})) {
		const s = await get(base, `tls/summary?${range}&domain=${domain}`);
		const sum = (key) => s.types.reduce((n, t) => n + t[key], 0);
		same(`TLS reports ${domain}`, s.reports, want.tls_reports);
		for (const key of ["policies", "successful", "failed", "detail_failures"])
			same(`TLS ${domain} ${key}`, sum(key), want[key]);
	}
	const ingest = await get(base, "ingest");
	for (const [key, want] of [["ignored", manifest.ignored], ["rejected", manifest.rejected],
	    ["duplicate", manifest.duplicates]])
		same(`mails ${key}`, ingest.days.reduce((n, d) => n + d[key], 0), want);
	known("stored reports", ingest.database?.reports, manifest.totals.reports);
	known("stored records", ingest.database?.records, manifest.totals.records);
}

function compareFile(path, manifest) {
	const text = readFileSync(path === "-" ? 0 : path, "utf8").trim();
	let items;

	try {
		items = [JSON.parse(text)].flat();
	} catch {
		items = text.split("\n").filter((l) => l.trim() !== "").map((l) => JSON.parse(l));
	}
	if (items.length === 1 && Array.isArray(items[0].domains))
		compareOverview(items[0], manifest);
	else if (items.length === 1 && Array.isArray(items[0].items))
		compareDomains(items[0].items, manifest);
	else if (items.some((i) => i.report_id !== undefined))
		compareDomains(sumReports(items.filter((i) => (i.type ?? "aggregate") === "aggregate" &&
		    i.state !== "superseded")), manifest);
	else
		compareDomains(items, manifest);
}

const [manifestPath, source, extra] = process.argv.slice(2);
if (source === undefined || extra !== undefined)
	stop(usage);
try {
	const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));
	if (/^https?:\/\//.test(source))
		await compareApi(source, manifest);
	else
		compareFile(source, manifest);
} catch (e) {
	stop(e.cause ? `${e.message}: ${e.cause.message ?? e.cause.code}` : e.message);
}
for (const line of differences)
	console.log(line);
if (differences.length === 0)
	console.log(`${compared} figures agree with the manifest`);
process.exit(differences.length === 0 ? 0 : 1);
