/*
 * Made-up reports, the same on every run: names of documentation only. Rows
 * carry what the API tells; answers are worked out from them in query.ts.
 */
import type { DkimResult, Policy, Row, SpfResult } from "../src/lib/types";

export const LAST = "2026-05-23";
export const COMPLETE = "2026-05-21";
export const FIRST = "2026-02-01";
const DAY = 86400000;

/* xorshift: small, and the same everywhere. */
function random(seed: number): () => number {
	let x = seed | 0;
	return () => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return (x >>> 0) / 4294967296;
	};
}
const rnd = random(20260521);

export interface MockRow extends Row { policy: Policy; group: string }
export interface MockReport {
	id: string; reporter: { key: string; label: string }; org_name: string; email: string; domain: string; report_id: string;
	begin: string; end: string; day: string; received: string; policy: Policy; rows: MockRow[];
	state: "ok" | "ok-with-notes" | "repaired" | "partial" | "empty" | "superseded";
	quirks: { name: string; text: string }[]; duplicates: number; dialect: string; oneLine: boolean;
	refused: { record: number; line: number; reason: string }[]; versions: string[]; extra: string | null;
}

const REPORTERS = [
	{ key: "bigmail.example", label: "bigmail.example", w: 5, lag: 9 },
	{ key: "freemail.example", label: "Freemail Inc.", w: 3, lag: 14 },
	{ key: "corp-gateway.example", label: "Corporate Gateway", w: 1.6, lag: 6 },
	{ key: "isp-north.example", label: "ISP North", w: 1.2, lag: 22 },
	{ key: "university.example", label: "University Mail Service", w: 0.6, lag: 30 },
	{ key: "xn--bcher-kva.example", label: "xn--bcher-kva.example", w: 0.4, lag: 8 },
	{ key: "hosting.test", label: "hosting.test", w: 0.7, lag: 11 },
	{ key: "mailbox.test", label: "mailbox.test", w: 0.5, lag: 7 },
];
export const SILENT = "university.example";	/* nothing since 9 May */

interface Kind {
	name: string; ips: string[]; domain: string; from: string; efrom: string | null;
	spf: SpfResult[]; dkim: DkimResult[]; as: "pass" | "fail"; ad: "pass" | "fail";
	code: string; per: number; reasons?: { type: string; comment: string | null }[]; since?: string; until?: string;
	differs?: boolean; nullFrom?: boolean; vary?: number; only?: string;
}
const spf = (domain: string | null, result: string, human: string | null = null, scope: string | null = "mfrom"): SpfResult => ({ domain, scope, result, word: null, human });
const sig = (domain: string | null, selector: string | null, result: string, human: string | null = null): DkimResult => ({ domain, selector, result, word: null, human });

const BIDI = "inv\u202eoice\u202c";
const KINDS: Kind[] = [
	{ name: "own", ips: ["192.0.2.10", "192.0.2.11", "2001:db8:10::25"], domain: "example.org", from: "example.org", efrom: "example.org", spf: [spf("example.org", "pass")], dkim: [sig("example.org", "s1", "pass")], as: "pass", ad: "pass", code: "P1", per: 420 },
	{ name: "newsletter", ips: ["198.51.100.20", "198.51.100.21", "198.51.100.22"], domain: "example.org", from: "news.example.org", efrom: "bounce.mailer.example", spf: [spf("bounce.mailer.example", "pass")], dkim: [sig("example.org", "mx1", "pass"), sig("mailer.example", "k2", "pass")], as: "fail", ad: "pass", code: "P2", per: 260, vary: 2 },
	{ name: "printer", ips: ["192.0.2.77"], domain: "example.org", from: "example.org", efrom: "example.org", spf: [spf("example.org", "pass")], dkim: [], as: "pass", ad: "fail", code: "P5", per: 24 },
	{ name: "crm", ips: ["203.0.113.40"], domain: "example.org", from: "example.org", efrom: "crm-bounces.example", spf: [spf("crm-bounces.example", "pass")], dkim: [], as: "fail", ad: "fail", code: "F3", per: 14, until: "2026-05-14" },
	{ name: "crm-fixed", ips: ["203.0.113.40"], domain: "example.org", from: "example.org", efrom: "crm-bounces.example", spf: [spf("crm-bounces.example", "pass")], dkim: [sig("example.org", "crm2026", "pass")], as: "fail", ad: "pass", code: "P2", per: 15, since: "2026-05-15" },
	{ name: "list", ips: ["203.0.113.9"], domain: "example.org", from: "example.org", efrom: "lists.example", spf: [spf("lists.example", "pass")], dkim: [sig("example.org", "s1", "fail", "body hash did not verify"), sig("lists.example", "l", "pass")], as: "fail", ad: "fail", code: "F1", per: 18, reasons: [{ type: "mailing_list", comment: "known list" }] },
	{ name: "spoof", ips: ["198.51.100.199", "203.0.113.66", "203.0.113.67", "198.51.100.77"], domain: "example.org", from: "example.org", efrom: "example.org", spf: [spf("example.org", "fail")], dkim: [], as: "fail", ad: "fail", code: "F7", per: 9, vary: 3 },

	{ name: "shop", ips: ["192.0.2.50"], domain: "shop.example", from: "shop.example", efrom: "shop.example", spf: [spf("shop.example", "pass")], dkim: [sig("shop.example", "s2", "pass")], as: "pass", ad: "pass", code: "P1", per: 190 },
	{ name: "orders", ips: ["198.51.100.60", "198.51.100.61"], domain: "shop.example", from: "shop.example", efrom: "mail-x.example", spf: [spf("mail-x.example", "pass")], dkim: [sig("mail-x.example", "mx", "pass")], as: "fail", ad: "fail", code: "F1", per: 38, since: "2026-05-03", vary: 1 },
	{ name: "orders-list", ips: ["198.51.100.61"], domain: "shop.example", from: "shop.example", efrom: "mail-x.example", spf: [spf("mail-x.example", "pass")], dkim: [sig("mail-x.example", "mx", "pass")], as: "fail", ad: "fail", code: "F1", per: 8, reasons: [{ type: "forwarded", comment: null }], since: "2026-04-20" },
	{ name: "permerror", ips: ["192.0.2.51"], domain: "shop.example", from: "shop.example", efrom: "shop.example", spf: [spf("shop.example", "permerror", "too many DNS look-ups (11)")], dkim: [sig("shop.example", "s2", "pass")], as: "fail", ad: "pass", code: "P10", per: 42, since: "2026-05-01" },
	{ name: "wrongkey", ips: ["192.0.2.52"], domain: "shop.example", from: "promo.shop.example", efrom: "promo.shop.example", spf: [spf("promo.shop.example", "pass")], dkim: [sig("shop.example", "old", "permerror", "no key for signature")], as: "pass", ad: "fail", code: "P6", per: 21 },
	{ name: "spoof2", ips: ["203.0.113.120", "203.0.113.121", "198.51.100.210", "198.51.100.211", "2001:db8:bad::1"], domain: "shop.example", from: "shop.example", efrom: "shop.example", spf: [spf("shop.example", "softfail")], dkim: [], as: "fail", ad: "fail", code: "F7", per: 16, vary: 4 },
	{ name: "silent", ips: ["203.0.113.222"], domain: "shop.example", from: "shop.example", efrom: null, nullFrom: true, spf: [spf("mx.host.example", "none", null, "helo")], dkim: [], as: "fail", ad: "fail", code: "F7", per: 1.2 },

	{ name: "quiet", ips: ["192.0.2.90"], domain: "example.net", from: "example.net", efrom: "example.net", spf: [spf("example.net", "pass")], dkim: [sig("example.net", "2026a", "pass")], as: "pass", ad: "pass", code: "P1", per: 33 },
	{ name: "quiet-temp", ips: ["192.0.2.90"], domain: "example.net", from: "example.net", efrom: "example.net", spf: [spf("example.net", "pass")], dkim: [sig("example.net", "2026a", "temperror", "DNS timeout")], as: "pass", ad: "fail", code: "P7", per: 0.6 },
	{ name: "contradiction", ips: ["192.0.2.91"], domain: "example.net", from: "example.net", efrom: "example.net", spf: [spf("example.net", "pass")], dkim: [sig("example.net", "2026a", "pass")], as: "fail", ad: "fail", code: "P1", per: 0.8, differs: true, only: "isp-north.example" },
	{ name: "idn", ips: ["192.0.2.30"], domain: "xn--mller-kva.example", from: "xn--mller-kva.example", efrom: "xn--mller-kva.example", spf: [spf("xn--mller-kva.example", "pass")], dkim: [], as: "pass", ad: "fail", code: "P5", per: 7 },
	{ name: "hostile", ips: ["203.0.113.250"], domain: "example.net", from: "<img src=x onerror=alert(1)>.example.net", efrom: `"><script>alert('efrom')</script>`, spf: [{ domain: `${BIDI}.example`, scope: "mfrom", result: "unknown", word: "hard\u0000fail\u200b", human: "<b>bold</b>\u202Egnp.exe" }], dkim: [sig("javascript:alert(1)", "{{constructor}}", "fail", "=cmd|' /C calc'!A0")], as: "fail", ad: "fail", code: "F7", per: 0.5, reasons: [{ type: "other", comment: "<svg onload=alert(2)> see https://evil.example/?q=\u2066x\u2069" }], only: "hosting.test" },
];

function policyOf(domain: string, day: string): Policy {
	const base = { adkim: "r", aspf: "r", np: null, testing: null, pct: null };
	switch (domain) {
	case "shop.example":
		return day < "2026-05-03" ? { ...base, p: "quarantine", sp: "none" } : { ...base, p: "reject", sp: "none" };
	case "example.net":
		return { ...base, p: "reject", sp: null, np: "reject", adkim: "s" };
	case "example.org":
		return { ...base, p: "none", sp: null, pct: 100 };
	default:
		return { ...base, p: "quarantine", sp: null, testing: "y" };
	}
}

export const reports: MockReport[] = [];
export const rows: MockRow[] = [];

const iso = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

function build(): void {
	let n = 1000;
	for (let at = Date.parse(FIRST + "T00:00:00Z"); at <= Date.parse(LAST + "T00:00:00Z"); at += DAY) {
		const day = iso(at).slice(0, 10);
		const weekday = new Date(at).getUTCDay();
		const week = weekday === 0 || weekday === 6 ? 0.45 : 1;
		for (const rep of REPORTERS) {
			if (rep.key === SILENT && day > "2026-05-09")
				continue;
			if ((day === LAST && !["bigmail.example"].includes(rep.key)) || (day === "2026-05-22" && rep.w < 1.5))
				continue;
			const total = REPORTERS.reduce((s, r) => s + r.w, 0);
			for (const domain of [...new Set(KINDS.map((k) => k.domain))]) {
				const policy = policyOf(domain, day);
				const list: MockRow[] = [];
				const id = String(n);
				for (const k of KINDS) {
					if (k.domain !== domain || (k.since !== undefined && day < k.since) || (k.until !== undefined && day > k.until) || (k.only !== undefined && k.only !== rep.key))
						continue;
					for (const ip of k.ips) {
						const noise = 0.6 + rnd() * 0.8 + (k.vary !== undefined && rnd() < 0.12 ? k.vary * rnd() * 2 : 0);
						const share = k.only !== undefined ? 1 : rep.w / total;
						const count = Math.floor((k.per / k.ips.length) * share * week * noise + rnd());
						if (count > 0)
							list.push(row(k, ip, count, rep, policy, day, id, list.length + 1));
					}
				}
				if (list.length === 0)
					continue;
				n++;
				const hostile = list.some((r) => r.group === "hostile");
				const broken = rep.key === "isp-north.example";
				reports.push({
					id, reporter: { key: rep.key, label: rep.label }, org_name: hostile && day === COMPLETE ? `Hosting <script>alert("org")</script> ${BIDI}` : rep.label,
					email: `noreply-dmarc@${rep.key}`, domain, report_id: rep.key === "bigmail.example" ? String(9000000000000 + n * 7919) : `${domain}:${at / 1000}-${n}`,
					begin: iso(at), end: iso(at + DAY - (rep.key === "freemail.example" ? 1000 : 0)), day, received: iso(at + DAY + rep.lag * 3600e3 + Math.floor(rnd() * 3600) * 1000),
					policy, rows: list, state: broken ? "ok-with-notes" : n % 97 === 0 ? "partial" : "ok",
					quirks: broken ? [{ name: "schema-version", text: "No version is given; read as RFC 7489." }, { name: "unknown-element", text: "Unknown element \"x-note\" was skipped, 3 times." }] : [],
					duplicates: n % 61 === 0 ? 1 : 0, dialect: rep.key === "bigmail.example" ? "rfc9990" : "rfc7489", oneLine: rep.key === "hosting.test" || rep.key === "mailbox.test",
					refused: n % 97 === 0 ? [{ record: list.length + 1, line: 20, reason: "count \"-3\" is not a number from 0 to 4294967295" }] : [], versions: [],
					extra: rep.key === "freemail.example" ? "https://support.freemail.example/dmarc" : null,
				});
				rows.push(...list);
			}
		}
	}
	/* One report came again with other figures. */
	const old = reports.find((r) => r.day === "2026-05-20" && r.reporter.key === "isp-north.example");
	if (old !== undefined) {
		const copy: MockReport = { ...old, id: "900", state: "superseded", received: iso(Date.parse(old.received) - 3600e3), versions: ["900", old.id] };
		old.versions = [old.id, "900"];
		reports.push(copy);
	}
}

function row(k: Kind, ip: string, count: number, rep: (typeof REPORTERS)[number], policy: Policy, day: string, id: string, seq: number): MockRow {
	const pass = k.as === "pass" || k.ad === "pass";
	const ours = k.differs ? !pass : pass;
	const p = k.from === policy.p ? policy.p : policy.p ?? "none";
	const lenient = k.reasons !== undefined && rnd() < 0.7;
	const reasons = pass || !lenient ? [] : k.reasons ?? [];
	const disp = pass ? (rep.key === "bigmail.example" ? "pass" : "none") : k.name === "hostile" ? "other" : reasons.length > 0 ? "none" :
		policy.testing === "y" ? "none" : p === "reject" && rep.key === "isp-north.example" ? "quarantine" : p;
	return {
		id: `${id}#${seq}`, report_id: id, seq, day, reporter: { key: rep.key, label: rep.label }, domain: k.domain, ip: k.name === "silent" && rnd() < 0.2 ? null : ip,
		ip_text: k.name === "silent" ? "unknown" : null, count, hfrom: k.from, efrom: k.nullFrom ? null : k.efrom, efrom_null: k.nullFrom === true, eto: null,
		policy_eval: { disp, disp_word: disp === "other" ? "<i>deliver</i>" : null, dkim: k.ad, dkim_word: null, spf: k.as, spf_word: null, reasons },
		spf: k.spf, dkim: k.dkim,
		verdict: { dkim: k.differs ? true : k.ad === "pass", spf: k.differs ? true : k.as === "pass", pass: ours, estimated: k.nullFrom === true, dkim_domain: k.dkim[0]?.domain ?? null, spf_domain: k.spf[0]?.domain ?? null },
		code: k.code, title: "", fwd: reasons.some((r) => r.type !== "other") ? "certain" : "no", differs: k.differs === true,
		overridden: !pass && policy.p !== "none" && disp !== p, policy, group: k.name,
	};
}
build();

const esc = (s: string | null): string => (s ?? "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/[\u0000]/g, "");

/* The document a reporter would have sent for these rows. */
export function xmlOf(r: MockReport): string {
	const out: string[] = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<!-- made up: <record> in a comment is not a record -->", "<feedback>"];
	const put = (depth: number, s: string) => out.push("  ".repeat(depth) + s);
	put(1, "<report_metadata>");
	put(2, `<org_name>${esc(r.org_name)}</org_name>`);
	put(2, `<email>${esc(r.email)}</email>`);
	put(2, `<report_id>${esc(r.report_id)}</report_id>`);
	put(2, "<date_range>");
	put(3, `<begin>${Date.parse(r.begin) / 1000}</begin>`);
	put(3, `<end>${Date.parse(r.end) / 1000}</end>`);
	put(2, "</date_range>");
	put(1, "</report_metadata>");
	put(1, "<policy_published>");
	put(2, `<domain>${esc(r.domain)}</domain>`);
	for (const k of ["adkim", "aspf", "p", "sp", "np", "testing", "pct"] as const)
		if (r.policy[k] !== null)
			put(2, `<${k}>${esc(String(r.policy[k]))}</${k}>`);
	put(1, "</policy_published>");
	for (const x of r.rows) {
		put(1, "<record>");
		put(2, "<row>");
		put(3, `<source_ip>${esc(x.ip ?? x.ip_text)}</source_ip>`);
		put(3, `<count>${x.count}</count>`);
		put(3, "<policy_evaluated>");
		put(4, `<disposition>${esc(x.policy_eval.disp_word ?? x.policy_eval.disp)}</disposition>`);
		put(4, `<dkim>${x.policy_eval.dkim}</dkim>`);
		put(4, `<spf>${x.policy_eval.spf}</spf>`);
		for (const y of x.policy_eval.reasons)
			put(4, `<reason><type>${esc(y.type)}</type><comment>${esc(y.comment)}</comment></reason>`);
		put(3, "</policy_evaluated>");
		put(2, "</row>");
		put(2, "<identifiers>");
		put(3, `<header_from>${esc(x.hfrom)}</header_from>`);
		put(3, `<envelope_from>${esc(x.efrom)}</envelope_from>`);
		put(2, "</identifiers>");
		put(2, "<auth_results>");
		for (const y of x.dkim)
			put(3, `<dkim><domain>${esc(y.domain)}</domain><selector>${esc(y.selector)}</selector><result>${esc(y.result)}</result></dkim>`);
		for (const y of x.spf)
			put(3, `<spf><domain>${esc(y.domain)}</domain><scope>${esc(y.scope)}</scope><result>${esc(y.word ?? y.result)}</result></spf>`);
		put(2, "</auth_results>");
		put(1, "</record>");
	}
	out.push("</feedback>");
	return r.oneLine ? out.map((l) => l.trim()).join("") + "\n" : out.join("\n") + "\n";
}
