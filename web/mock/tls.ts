/* Made-up TLS reports: a domain ready for enforce, one that is not, DANE, one without a policy, hostile words. */
import { addDays, daysBetween, parseFilter, type Filter } from "../src/lib/url";
import type { PolicyType, TlsAdvice, TlsDetail, TlsElement, TlsItem, TlsReport, TlsReports, TlsSummary } from "../src/lib/types-tls";
import { en } from "../src/i18n/en";
import { BadFilter } from "./failures";

const END = "2026-05-22", START = "2026-03-01";
const RESULTS: [string, string, string][] = [
	["starttls-not-supported", "starttls_not_supported", "negotiation"], ["certificate-host-mismatch", "certificate_host_mismatch", "negotiation"], ["certificate-expired", "certificate_expired", "negotiation"],
	["certificate-not-trusted", "certificate_not_trusted", "negotiation"], ["validation-failure", "validation_failure", "negotiation"], ["tlsa-invalid", "tlsa_invalid", "dane"], ["dnssec-invalid", "dnssec_invalid", "dane"],
	["dane-required", "dane_required", "dane"], ["sts-policy-fetch-error", "sts_policy_fetch_error", "sts"], ["sts-policy-invalid", "sts_policy_invalid", "sts"], ["sts-webpki-invalid", "sts_webpki_invalid", "sts"], ["other", "other", "other"],
];
const texts = en as Record<string, string>;
function advice(result: string): TlsAdvice {
	const [r, k, group] = RESULTS.find((x) => x[0] === result) ?? ["other", "other", "other"];
	return { result: r as string, group: group as string, key: `tls.${k}`, means: texts[`tls.${k}.means`] ?? "", remedy: texts[`tls.${k}.remedy`] ?? "" };
}

const REPORTERS = [{ key: "bigmail.example", label: "bigmail.example" }, { key: "freemail.example", label: "Freemail Inc." }, { key: "corp-gateway.example", label: "Corporate Gateway" }];
const detail = (seq: number, result: string, failed: number, more: Partial<TlsDetail> = {}): TlsDetail => ({
	seq, result, word: null, failed, mx: "mx1.example.org", helo: null, receiving_ip: "192.0.2.25", sending_ip: "198.51.100.5", reason_code: null, info: null, ...more });
function element(seq: number, domain: string, type: PolicyType, ok: number, bad: number, details: TlsDetail[], mode: TlsElement["mode"] = null): TlsElement {
	const lines = type === "sts" ? ["version: STSv1", `mode: ${mode ?? "testing"}`, `mx: *.${domain}`, "max_age: 604800"] : type === "tlsa" ? ["3 1 1 9f86d081884c7d659a2feaa0c55ad015"] : [];
	return { seq, domain, policy_type: type, word: null, mode: type === "sts" ? mode : null, max_age: type === "sts" ? 604800 : null, mx: type === "sts" ? [`*.${domain}`] : [], policy_string: lines,
		domain_derived: false, successful: ok, failed: bad, detail_failures: details.reduce((n, d) => n + d.failed, 0), details };
}

const all: TlsReport[] = [];
let seq = 100;
for (let day = START; day <= END; day = addDays(day, 1)) {
	const n = daysBetween(START, day);
	REPORTERS.forEach((rep, k) => {
		const busy = 300 - k * 90 + (n * 37 + k * 11) % 80;
		const elements = [element(1, "example.org", "sts", busy, 0, [], "testing")];
		if (k < 2)
			elements.push(element(2, "shop.example", "sts", 120 + n % 17, n % 6 === k ? 3 + k : 0, n % 6 === k ? [
				detail(1, "certificate-expired", 2 + k, { mx: "mx2.shop.example", receiving_ip: "192.0.2.50", sending_ip: "203.0.113.88" }),
				detail(2, "validation-failure", 1, { mx: "mx2.shop.example", receiving_ip: "2001:db8:50::25", sending_ip: "2001:db8:ffff:ffff:ffff:ffff:ffff:88", reason_code: "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY" })] : [], n > 80 ? "testing" : n > 40 ? "enforce" : "testing"));
		if (k === 0)
			elements.push(element(3, "example.net", "tlsa", 40, n % 20 === 7 ? 2 : 0, n % 20 === 7 ? [detail(1, "tlsa-invalid", 2, { mx: "mx.example.net" })] : []));
		if (k === 2 && n % 3 === 0)
			elements.push(element(2, "xn--mller-kva.example", "no-policy-found", 12, n % 9 === 0 ? 1 : 0, n % 9 === 0 ? [detail(1, "starttls-not-supported", 1, { mx: "mx.xn--mller-kva.example" })] : []));
		const hostile = k === 1 && n % 25 === 4;
		if (hostile)
			elements.push(element(3, "example.net", "sts", 5, 4, [detail(1, "other", 4, { word: "<script>alert('word')</script>", mx: "<img src=x onerror=alert(6)>", helo: "\u202eolleh", reason_code: "=cmd|' /C calc'!A0", info: "javascript:alert(7) \u2066x" })], "none"));
		const ok = elements.reduce((s, e) => s + e.successful, 0), bad = elements.reduce((s, e) => s + e.failed, 0);
		const types = [...new Set(elements.map((e) => e.policy_type))].map((t) => ({ policy_type: t, successful: elements.filter((e) => e.policy_type === t).reduce((s, e) => s + e.successful, 0), failed: elements.filter((e) => e.policy_type === t).reduce((s, e) => s + e.failed, 0) }));
		const met = [...new Set(elements.flatMap((e) => e.details.map((d) => d.result)))];
		all.push({
			id: `t${++seq}`, reporter: rep, org_name: hostile ? "Freemail <b>Inc.</b>" : rep.label, contact_info: `tls-reports@${rep.key}`, report_id: `${day}T00:00:00Z_${rep.key}`, domains: [...new Set(elements.map((e) => e.domain))],
			begin: `${day}T00:00:00Z`, end: `${day}T23:59:59Z`, day, received: `${addDays(day, 1)}T0${2 + k}:15:00Z`, policies: elements.length, successful: ok, failed: bad,
			detail_failures: elements.reduce((s, e) => s + e.detail_failures, 0), details: elements.reduce((s, e) => s + e.details.length, 0), state: k === 2 ? "ok-with-notes" : "ok",
			quirks: k === 2 ? [{ name: "counts-text", text: "Counts are written as text." }] : [], duplicates: n % 31 === 0 ? 1 : 0, trust: k === 2 ? "unknown" : "authenticated", apart: "no", types,
			elements, details_shown: elements.reduce((s, e) => s + e.details.length, 0), advice: met.map(advice), versions: [], submitter: rep.key, refused: hostile ? [{ policy: 3, detail: 2, line: 41, reason: "result-type \"<i>\" is no text" }] : [],
			message: { received: `${addDays(day, 1)}T0${2 + k}:15:00Z`, mailbox: "reports", bytes: 3210, token: "00aa" }, raw: { json: true, original: true, mail: true },
		});
	});
}

const KEYS = ["domain", "reporter", "apart", "policy_type", "result"];
function select(p: URLSearchParams): { from: string; to: string; list: TlsReport[]; filters: Filter[] } {
	const t = /^(\d+)d$/.exec(p.get("t") ?? "30d");
	const to = p.get("to") ?? END, from = p.get("from") ?? (t === null ? START : addDays(END, 1 - Number(t[1])));
	const filters: Filter[] = [];
	for (const [k, v] of p)
		if (KEYS.includes(k))
			filters.push(parseFilter(k as "domain", v));
		else if (!["t", "from", "to", "sort", "limit", "cursor", "total"].includes(k))
			throw new BadFilter(k, `"${k}" is not a key of this endpoint`);
	const fits = (f: Filter, vs: string[]) => vs.some((v) => f.contains ? v.includes(f.values[0] ?? "") : f.values.includes(v)) !== f.not;
	const list: TlsReport[] = [];
	for (const r of all) {
		if (r.day < from || r.day > to)
			continue;
		const elements = r.elements.filter((e) => filters.every((f) => f.key === "domain" ? fits(f, [e.domain]) : f.key === "policy_type" ? fits(f, [e.policy_type]) :
			f.key === "result" ? fits(f, e.details.map((d) => d.result)) : f.key === "reporter" ? fits(f, [r.reporter.key]) : true));
		if (elements.length > 0)
			list.push({ ...r, elements: elements.map((e) => ({ ...e, details: e.details.filter((d) => filters.every((f) => f.key !== "result" || fits(f, [d.result]))) })) });
	}
	return { from, to, list, filters };
}

export function tlsSummary(p: URLSearchParams): TlsSummary {
	const { from, to, list } = select(p);
	const days = Array.from({ length: daysBetween(from, to) }, (_, i) => addDays(from, i));
	const es = list.flatMap((r) => r.elements.map((e) => ({ ...e, day: r.day, reporter: r.reporter.key })));
	const order: PolicyType[] = ["sts", "tlsa", "no-policy-found", "other"];
	const sum = <T,>(v: T[], f: (x: T) => number) => v.reduce((n, x) => n + f(x), 0);
	const types = order.map((t) => es.filter((e) => e.policy_type === t)).filter((v) => v.length > 0).map((v) => {
		const ok = sum(v, (e) => e.successful), bad = sum(v, (e) => e.failed);
		return { policy_type: v[0]?.policy_type ?? "other" as const, successful: ok, failed: bad, detail_failures: sum(v, (e) => e.detail_failures), tls_ok: ok + bad === 0 ? null : ok / (ok + bad), policies: v.length };
	});
	const details = es.flatMap((e) => e.details.map((d) => ({ ...d, e })));
	const results = [...new Set(details.map((d) => d.result))].map((r) => ({ ...advice(r), failed: sum(details.filter((d) => d.result === r), (d) => d.failed), details: details.filter((d) => d.result === r).length })).sort((a, b) => b.failed - a.failed);
	const groups = new Map<string, typeof details>();
	for (const d of details) {
		const k = JSON.stringify([d.e.domain, d.e.policy_type, d.result, d.word, d.mx, d.receiving_ip, d.sending_ip, d.reason_code]);
		groups.set(k, [...(groups.get(k) ?? []), d]);
	}
	const failures = [...groups.values()].map((g) => {
		const d = g[0] as (typeof details)[number];
		return { domain: d.e.domain, policy_type: d.e.policy_type, result: d.result, word: d.word, mx: d.mx, receiving_ip: d.receiving_ip, sending_ip: d.sending_ip, reason_code: d.reason_code,
			failed: sum(g, (x) => x.failed), details: g.length, reports: g.length, reporters: new Set(g.map((x) => x.e.reporter)).size, first_day: g[0]?.e.day ?? from, last_day: g[g.length - 1]?.e.day ?? to };
	}).sort((a, b) => b.failed - a.failed);
	const seen = new Map<string, typeof es>();
	for (const e of es) {
		const k = JSON.stringify([e.domain, e.policy_type, e.policy_string]);
		seen.set(k, [...(seen.get(k) ?? []), e]);
	}
	const policies = [...seen.values()].map((g) => {
		const e = g[0] as (typeof es)[number];
		return { domain: e.domain, policy_type: e.policy_type, word: e.word, mode: e.mode, max_age: e.max_age, mx: e.mx, policy_string: e.policy_string, first_day: e.day, last_day: g[g.length - 1]?.day ?? e.day,
			reporters: new Set(g.map((x) => x.reporter)).size, reports: g.length, successful: sum(g, (x) => x.successful), failed: sum(g, (x) => x.failed) };
	});
	const domains = [...new Set(es.map((e) => e.domain))];
	const ready = domains.map((domain): TlsSummary["ready"][number] => {
		const mine = es.filter((e) => e.domain === domain && e.policy_type === "sts" && e.day > addDays(to, -14));
		const ok = sum(mine, (e) => e.successful), bad = sum(mine, (e) => e.failed), mode = mine[mine.length - 1]?.mode ?? null;
		const since = domain === "shop.example" ? "2026-05-20" : START;
		const have = daysBetween(since, to), reps = new Set(mine.map((e) => e.reporter)).size;
		const checks: TlsSummary["ready"][number]["checks"] = [{ key: "days", ok: have >= 14, have, need: 14 }, { key: "reporters", ok: reps >= 3, have: reps, need: 3 },
			{ key: "rate", ok: ok + bad > 0 && bad / (ok + bad) <= 0.001, have: ok + bad === 0 ? null : bad / (ok + bad), need: 0.001 }, { key: "own_mx", ok: bad === 0, have: bad, need: 0 }];
		const state = mine.length === 0 ? (es.some((e) => e.domain === domain && e.policy_type === "no-policy-found") ? "no-policy" : "no-data") : mode === "enforce" ? "enforced" : mode === "none" ? "no-policy" : checks.every((c) => c.ok) ? "ready" : "wait";
		return { domain, state, key: `tls.ready.${state}`, text: texts[`tls.ready.${state}`] ?? "", mode, testing_since: mode === "testing" ? since : null, from: addDays(to, -13), to, sessions: ok + bad, failed: bad, checks };
	});
	return { from, to, reports: list.length, reporters: new Set(list.map((r) => r.reporter.key)).size, types, days,
		series: types.map((t) => ({ policy_type: t.policy_type, successful: days.map((d) => sum(es.filter((e) => e.policy_type === t.policy_type && e.day === d), (e) => e.successful)), failed: days.map((d) => sum(es.filter((e) => e.policy_type === t.policy_type && e.day === d), (e) => e.failed)) })),
		results, failures, policies, ready, mx: [], modes: [] };
}

export function tlsList(p: URLSearchParams): TlsReports {
	const { from, to, list } = select(p);
	const sort = p.get("sort") ?? "-received", desc = sort.startsWith("-");
	const key = (r: TlsReport): string | number => sort.endsWith("failure") ? r.failed : sort.endsWith("day") ? r.day : r.received;
	const sorted = [...list].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (desc ? -1 : 1));
	const at = Number(p.get("cursor") ?? 0), limit = Number(p.get("limit") ?? 100);
	const items = sorted.slice(at, at + limit).map((r): TlsItem => ({
		id: r.id, reporter: r.reporter, org_name: r.org_name, contact_info: r.contact_info, report_id: r.report_id, domains: r.domains, begin: r.begin, end: r.end, day: r.day, received: r.received, policies: r.policies,
		successful: r.successful, failed: r.failed, detail_failures: r.detail_failures, details: r.details, state: r.state, quirks: r.quirks, duplicates: r.duplicates, trust: r.trust, apart: r.apart, types: r.types,
	}));
	return { from, to, items, next: at + limit < sorted.length ? String(at + limit) : null, ...(p.get("total") === "1" ? { total: { n: sorted.length } } : {}) };
}
export const tlsReport = (id: string): TlsReport | null => all.find((r) => r.id === id) ?? null;

/* The document that a reporter would have sent. */
export const tlsJson = (r: TlsReport): string => JSON.stringify({
	"organization-name": r.org_name, "date-range": { "start-datetime": r.begin, "end-datetime": r.end }, "contact-info": r.contact_info, "report-id": r.report_id,
	policies: r.elements.map((e) => ({
		policy: { "policy-type": e.policy_type, "policy-string": e.policy_string, "policy-domain": e.domain, "mx-host": e.mx },
		summary: { "total-successful-session-count": e.successful, "total-failure-session-count": e.failed },
		"failure-details": e.details.map((d) => ({ "result-type": d.word ?? d.result, "failed-session-count": d.failed, "receiving-mx-hostname": d.mx, "sending-mta-ip": d.sending_ip, "receiving-ip": d.receiving_ip })),
	})),
}, null, 1) + "\n";
