/*
 * Made-up failure reports about the made-up rows. What is kept is bare; a face
 * gets it masked unless it was revealed, which is written down.
 */
import { parseFilter, type Filter } from "../src/lib/url";
import type { FailureDetail, FailureItem, Failures } from "../src/lib/types-failures";
import { addDays } from "../src/lib/url";
import { FIRST, LAST, rows, type MockRow } from "./data";

interface Kept { bare: FailureDetail; masked: FailureDetail }
const DOTS = "•••";
const mask = (a: string | null): string | null => a === null ? null : a.replace(/([^\s<>@])[^\s<>@]*@/g, `$1${DOTS}@`);
const hide = (a: string | null): string | null => a === null ? null : DOTS;
const base64 = "c29tZSBib2R5IGhhc2ggb2YgYSBib2R5";

function kept(r: MockRow, i: number): Kept {
	const id = `f${i + 1}`;
	const hostile = r.group === "hostile", passes = r.group === "newsletter", complaint = i % 13 === 7, words = i % 17 === 9, all = i % 19 === 11;
	const from = hostile ? `"<img src=x onerror=alert(4)>\u202e" <mallory@${r.hfrom ?? ""}>` : `"Anna Secret" <anna.secret@${r.hfrom ?? r.domain}>`;
	const subject = hostile ? "<script>alert('subject')</script> \u2066https://evil.example/\u2069" : `Your very private invoice ${1000 + i}`;
	const arrived = `${r.day}T${String(8 + i % 9).padStart(2, "0")}:${String(10 + i % 40)}:00Z`;
	const dmarc = complaint || words ? "unknown" as const : passes ? "pass" as const : "fail" as const;
	const headers: [string, string][] = [["From", from], ["To", `bob.private@bigmail.example`], ["Subject", subject], ["Date", "Wed, 20 May 2026 10:00:00 +0000"], ["X-Mailer", hostile ? "<b>x</b>\u0007" : "PHPMailer 5.2"]];
	const bare: FailureDetail = {
		id, type: "failure", received: arrived.replace(":00Z", ":41Z"), arrived, day: r.day, class: complaint ? "other" : "auth-failure",
		feedback_type: complaint ? "abuse" : "auth-failure", auth_failure: complaint ? null : hostile ? "<i>dmarc</i>" : passes ? "spf" : i % 5 === 3 ? "bodyhash" : "dmarc",
		dialect: words ? "text-only" : "arf", reporter: r.reporter, domain: r.domain, header_from: r.hfrom, from, subject, ip: r.ip, original_mail_from: r.efrom === null ? null : `bounce-77@${r.efrom}`,
		delivery: { class: passes ? "delivered" : i % 3 === 0 ? "reject" : "spam", word: passes ? "delivered" : i % 3 === 0 ? "reject" : "smg-policy-action" },
		incidents: i % 11 === 4 ? 3 : 1, duplicates: i % 10 === 6 ? 1 : 0, dmarc, masked: false, trust: i % 9 === 2 ? "unauthenticated" : i % 4 === 1 ? "unknown" : "authenticated", apart: "no",
		trust_by: i % 9 === 2 ? { detail: "failed", method: "dmarc", from_domain: r.reporter.key, authserv_id: "mx.shop.example" } : i % 4 === 1 ?
			{ detail: "unknown", method: null, from_domain: null, authserv_id: null } : { detail: "authenticated", method: "dmarc", from_domain: r.reporter.key, authserv_id: "mx.shop.example" },
		verdict: {
			result: dmarc, spf_aligned: passes ? "no" : "no", dkim_aligned: passes ? "yes" : r.dkim.length === 0 ? "unknown" : "no", differs: i % 23 === 5, code: complaint || words ? null : r.code,
			title: null, sentence: complaint ? "A complaint or another kind of feedback: it says nothing about authentication and counts as no failure." :
				dmarc === "pass" ? "DMARC passed. A report like this is sent when SPF or DKIM alone failed (fo=1, d or s): it proves no failure." :
				dmarc === "fail" ? "The receiver says that DMARC failed: neither SPF nor DKIM gave an aligned pass." : "This report does not tell the DMARC result. It may have been sent because SPF or DKIM alone failed (fo=1, d or s).",
			spf_result: r.spf[0]?.result ?? "absent", spf_domain: r.spf[0]?.domain ?? null, dkim_result: r.dkim[0]?.result ?? "absent", dkim_domain: r.dkim[0]?.domain ?? null, dkim_selector: r.dkim[0]?.selector ?? null,
		},
		quirks: words ? [{ name: "text-only", text: "There is no machine-readable part; a notice in words was read." }] : i % 4 === 1 ? [{ name: "no-identity-alignment", text: "Identity-Alignment is missing: that says nothing." }] : [],
		arrival: arrived, arrival_epoch: Date.parse(arrived) / 1000,
		facts_from: { arrived: words ? "report-mail" : "field", ip: words ? "text" : "field", header_from: words ? "text" : "sample", results: words ? "none" : "authentication-results" },
		fields: words ? {} : {
			feedback_type: complaint ? "abuse" : "auth-failure", user_agent: hostile ? "Evil/1.0 <script>alert(5)</script>" : "BigMail-Failure/2.1", version: "1", auth_failure: complaint ? null : "dmarc",
			authentication_results: [`mx.${r.reporter.key}; dmarc=${dmarc} header.from=${r.hfrom ?? ""}`], original_mail_from: `bounce-77@${r.efrom ?? "example.org"}`, original_rcpt_to: ["bob.private@bigmail.example"],
			arrival_date: "Wed, 20 May 2026 10:00:00 +0000", source_ip: r.ip, source_port: i % 2 === 0 ? 53112 : null, incidents: 1, reported_domain: [r.domain], dkim_selector_dns: null, spf_dns: [],
		},
		results: words ? [] : [
			{ method: "dmarc", result: dmarc === "unknown" ? "none" : dmarc, word: null, domain: r.hfrom, selector: null, scope: null, derived: false },
			...r.spf.map((x) => ({ method: "spf", result: x.result, word: x.word, domain: x.domain, selector: null, scope: "mfrom", derived: true })),
			...r.dkim.map((x) => ({ method: "dkim", result: x.result, word: x.word, domain: x.domain, selector: x.selector, scope: null, derived: false })),
		],
		sample: words ? { kind: "none", from: null, subject: null, message_id: null, date: null, return_path: null, headers: [], body: null, body_bytes: 0, body_sha256: null } : {
			kind: i % 3 === 1 ? "headers" : "message", from, subject, message_id: `<${1000 + i}.anna.secret@${r.domain}>`, date: "Wed, 20 May 2026 10:00:00 +0000", return_path: `bounce-77@${r.efrom ?? ""}`, headers,
			body: i % 3 === 2 ? `Dear Bob,\n\n<b>here</b> is the private invoice.\n${base64}\n` : null, body_bytes: i % 3 === 1 ? 0 : 1834, body_sha256: i % 3 === 1 ? null : "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		},
		note: words ? "A message claiming to be from anna.secret@example.org was refused." : null,
		mail: { from: `noreply@${r.reporter.key}`, subject: `Report: ${subject}`, received: arrived, mailbox: "reports", bytes: 5120 + i, kept: true },
		redact: all ? "all" : "none", rows: { messages: 0, rows: 0, reports: [], nreports: 0 }, reveals: [],
	};
	const s = bare.sample;
	const masked: FailureDetail = {
		...bare, masked: true, from: mask(from)?.replace("Anna Secret", DOTS) ?? null, subject: hide(subject), original_mail_from: mask(bare.original_mail_from), note: hide(bare.note),
		fields: { ...bare.fields, original_mail_from: mask(String(bare.fields.original_mail_from ?? "")) || null, original_rcpt_to: [`b${DOTS}@bigmail.example`], authentication_results: [DOTS] },
		sample: { ...s, from: s.from === null ? null : mask(from)?.replace("Anna Secret", DOTS) ?? null, subject: hide(s.subject), message_id: mask(s.message_id), return_path: mask(s.return_path), body: null,
			headers: s.headers.map(([k, v]) => [k, k === "Date" || k === "X-Mailer" ? v : k === "Subject" ? DOTS : mask(v)?.replace("Anna Secret", DOTS) ?? ""]) },
		mail: { ...bare.mail, subject: DOTS },
	};
	if (hostile) {	/* what the daemon passes on as it came: words and names */
		masked.from = masked.sample.from = `"<img src=x onerror=alert(4)>\u202e" <m${DOTS}@${r.hfrom ?? ""}>`;
	}
	if (words)
		masked.fields = {};
	return { bare, masked };
}

const told: Kept[] = rows.filter((r, i) => r.day >= "2026-04-25" && r.ip !== null && (
	(["spoof", "spoof2", "crm", "orders"].includes(r.group) && i % 17 === 0) || (r.group === "newsletter" && i % 61 === 0) || (r.group === "hostile" && r.day >= "2026-05-10"))).map(kept);
for (const k of told) {
	const mine = rows.filter((r) => r.ip === k.bare.ip && r.day === k.bare.day && r.domain === k.bare.domain);
	const reports = [...new Set(mine.map((r) => r.report_id))];
	k.bare.rows = k.masked.rows = { messages: mine.reduce((n, r) => n + r.count, 0), rows: mine.length, reports: reports.slice(0, 20), nreports: reports.length };
}

export class BadFilter extends Error {
	constructor(readonly key: string, message: string) {
		super(message);
	}
}

const KEYS: Record<string, (f: FailureDetail) => string[]> = {
	domain: (f) => [f.domain ?? "", f.header_from ?? ""], hfrom: (f) => [f.header_from ?? ""], ip: (f) => [f.ip ?? "unknown"], reporter: (f) => [f.reporter.key],
	trust: (f) => [f.trust], apart: (f) => [f.apart === "no" ? "no" : "yes", "all"],
	type: (f) => [f.class, f.auth_failure ?? "", f.feedback_type ?? ""],
};
const hit = (f: FailureDetail, x: Filter): boolean => {
	const vs = (KEYS[x.key] as (f: FailureDetail) => string[])(f).map((v) => v.toLowerCase());
	return vs.some((v) => x.contains ? v.includes((x.values[0] ?? "").toLowerCase()) : x.values.some((w) => w.toLowerCase() === v)) !== x.not;
};

/* How many authentication failures are told of a source, for the links of other pages. */
export const countFailures = (of: { ip: string | null; from: string; to: string; domain?: string }): number =>
	told.filter(({ bare: f }) => f.class === "auth-failure" && f.ip === of.ip && f.day >= of.from && f.day <= of.to && (of.domain === undefined || f.domain === of.domain)).length;

export function failureList(p: URLSearchParams): Failures {
	const days = /^(\d+)d$/.exec(p.get("t") ?? "");
	const from = p.get("from") ?? (days === null ? FIRST : addDays(LAST, 1 - Number(days[1]))), to = p.get("to") ?? "9999-12-31";
	const filters: Filter[] = [];
	for (const [k, v] of p)
		if (k in KEYS)
			filters.push(parseFilter(k as "ip", v));
		else if (!["t", "from", "to", "sort", "limit", "cursor", "total"].includes(k))
			throw new BadFilter(k, `"${k}": failure reports are not filtered by it`);
	const desc = (p.get("sort") ?? "-arrived").startsWith("-");
	const list = told.map((k) => k.masked).filter((f) => f.day >= from && f.day <= to && filters.every((x) => hit(f, x))).sort((a, b) => (a.arrived < b.arrived ? -1 : 1) * (desc ? -1 : 1));
	const at = Number(p.get("cursor") ?? 0), limit = Number(p.get("limit") ?? 50);
	const items = list.slice(at, at + limit).map((f): FailureItem => ({
		id: f.id, type: f.type, received: f.received, arrived: f.arrived, day: f.day, class: f.class, feedback_type: f.feedback_type, auth_failure: f.auth_failure, dialect: f.dialect,
		reporter: f.reporter, domain: f.domain, header_from: f.header_from, from: f.from, subject: f.subject, ip: f.ip, original_mail_from: f.original_mail_from, delivery: f.delivery,
		incidents: f.incidents, duplicates: f.duplicates, dmarc: f.dmarc, quirks: f.quirks.map((x) => x.name), masked: true, trust: f.trust, apart: f.apart,
		verdict: { result: f.verdict.result, spf_aligned: f.verdict.spf_aligned, dkim_aligned: f.verdict.dkim_aligned, differs: f.verdict.differs, code: f.verdict.code },
	}));
	return { items, next: at + limit < list.length ? String(at + limit) : null, ...(p.get("total") === "1" ? { total: { n: list.length } } : {}) };
}

/* null: there is none. Revealed: written down first. */
export function failure(id: string, bare = false): FailureDetail | null {
	const k = told.find((x) => x.bare.id === id);
	if (k === undefined)
		return null;
	if (bare)
		k.bare.reveals = k.masked.reveals = [{ time: new Date().toISOString(), who: "web, 127.0.0.1" }, ...k.masked.reveals];
	return bare ? k.bare : k.masked;
}
