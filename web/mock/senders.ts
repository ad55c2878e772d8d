/* Made-up senders, and the decisions that people take while the mock runs. */
import type { Counts } from "../src/lib/types";
import type { Confidence, Decidable, Decided, Decision, Decisions, Evidence, Health, LegWord, SenderClass, SenderDetail, SenderDomain, SenderItem, SenderPair, Senders, SenderShort, VendorText, Whose } from "../src/lib/types-senders";
import { rows, type MockRow } from "./data";
import { countryOf } from "./places";
import { Bad, breakdown, count, Gone, legs, order, page, period, select } from "./query";

interface Made {
	id: string; label: string; key: string; kind: string; class: SenderClass; confidence: Confidence; identity: Confidence; groups: string[];
	evidence: Evidence[]; setup?: SenderDetail["setup"];
}

const ev = (by: string, what: string, m: number): Evidence => ({ by, what, m });
const SENDERS: Made[] = [
	{ id: "1", label: "Background noise", key: "rest", kind: "unknown", class: "noise", confidence: "none", identity: "none", groups: ["silent"], evidence: [] },
	{ id: "2", label: "example.org servers", key: "self:example.org", kind: "unknown", class: "own", confidence: "high", identity: "high", groups: ["own", "printer"], evidence: [ev("self", "example.org", 39120), ev("prefix", "192.0.2.0/24", 31010)] },
	{ id: "3", label: "Mailer X", key: "known:Mailer X", kind: "service", class: "service", confidence: "high", identity: "high", groups: ["newsletter"], evidence: [ev("selector", "mx1", 23800), ev("bounce", "bounce.mailer.example", 23800)],
		setup: { aligns: "no", dkim: "Settings, Domains, Authenticate: two CNAME records", return_path: "Custom bounce domain (paid plans)" } },
	{ id: "4", label: "crm-bounces.example", key: "domain:crm-bounces.example", kind: "unknown", class: "candidate", confidence: "medium", identity: "medium", groups: ["crm", "crm-fixed"], evidence: [ev("domain", "crm-bounces.example", 1210)] },
	{ id: "5", label: "lists.example", key: "domain:lists.example", kind: "list", class: "list", confidence: "high", identity: "medium", groups: ["list"], evidence: [ev("domain", "lists.example", 1420)] },
	{ id: "6", label: "shop.example servers", key: "self:shop.example", kind: "unknown", class: "own", confidence: "high", identity: "high", groups: ["shop", "permerror", "wrongkey"], evidence: [ev("self", "shop.example", 21000)] },
	{ id: "7", label: "Mail Y", key: "known:Mail Y", kind: "service", class: "unknown", confidence: "low", identity: "high", groups: ["orders", "orders-list"], evidence: [ev("signature", "mail-x.example", 900), ev("bounce", "mail-x.example", 900)],
		setup: { aligns: "yes", dkim: "Sender domains: \"Verify with DKIM\"", return_path: "\"Bounce domain\" in the same place" } },
	{ id: "8", label: "example.net servers", key: "self:example.net", kind: "unknown", class: "own", confidence: "high", identity: "high", groups: ["quiet", "quiet-temp", "contradiction"], evidence: [ev("self", "example.net", 3010)] },
	{ id: "9", label: "xn--mller-kva.example", key: "self:xn--mller-kva.example", kind: "unknown", class: "own", confidence: "medium", identity: "high", groups: ["idn"], evidence: [ev("self", "xn--mller-kva.example", 600)] },
	{ id: "10", label: "203.0.113.0/24", key: "net:203.0.113.0/24", kind: "unknown", class: "suspect", confidence: "medium", identity: "low", groups: ["spoof"], evidence: [ev("prefix", "203.0.113.0/24", 700)] },
	{ id: "11", label: "198.51.100.0/24", key: "net:198.51.100.0/24", kind: "unknown", class: "suspect", confidence: "low", identity: "low", groups: ["spoof2"], evidence: [ev("prefix", "198.51.100.0/24", 1300)] },
	{ id: "12", label: "<img src=x onerror=alert(9)>\u202eevil", key: "domain:<b>", kind: "unknown", class: "unknown", confidence: "low", identity: "low", groups: ["hostile"], evidence: [ev("ptr", "<script>alert('ptr')</script>\u2066", 3), ev("<i>how</i>", "{{constructor}}", 1)] },
];
const byGroup = new Map(SENDERS.flatMap((s) => s.groups.map((g) => [g, s] as const)));
export const senderOf = (r: MockRow): Made => byGroup.get(r.group) as Made;

/* Decisions as the daemon keeps them: lines that stay. */
interface Line extends Decision { batch: string }
let log: Line[] = [], serial = 100;
export function sendersReset(): void {
	log = [];
	serial = 100;
}

function holding(id: string, domain: string): Line | undefined {
	const mine = log.filter((d) => d.sender === id && d.undone === null && (d.domain === domain || d.domain === null));
	return mine.filter((d) => d.domain === domain).at(-1) ?? mine.at(-1);
}
export const classOf = (s: Made, domain: string): SenderClass => holding(s.id, domain)?.class ?? s.class;
export const classIn = (id: string, domain: string): SenderClass | null => {
	const s = SENDERS.find((x) => x.id === id);
	return s === undefined ? null : classOf(s, domain);
};
export const whose = (r: MockRow): Whose | null => {
	const s = senderOf(r);
	return s.id === "1" ? null : { id: s.id, label: s.label, class: classOf(s, r.domain) };
};

function domainsOf(s: Made): SenderDomain[] {
	const mine = rows.filter((r) => senderOf(r) === s);
	return [...new Set(mine.map((r) => r.domain))].map((domain): SenderDomain => {
		const list = mine.filter((r) => r.domain === domain), d = holding(s.id, domain);
		const decided = d !== undefined && d.class !== null;
		return {
			domain, class: d?.class ?? s.class, class_by: decided ? "user" : "auto", inferred: s.class, confidence: s.confidence, evidence: s.evidence,
			sources: new Set(list.map((r) => r.ip)).size, m: count(list).m, first_day: list.reduce((a, b) => b.day < a.day ? b : a).day, last_day: list.reduce((a, b) => b.day > a.day ? b : a).day,
			note: decided ? d.note : null, decided_by: decided ? d.who : null, decided_at: decided ? d.at : null, decision: decided ? d.id : null, decided_for: !decided ? null : d.domain === null ? "all" : "domain",
		};
	}).sort((a, b) => b.m - a.m);
}

function short(s: Made): SenderShort {
	const domains = domainsOf(s), top = domains[0] as SenderDomain;
	return {
		id: s.id, label: s.label, key: s.key, kind: s.kind, class: top.class, class_label: top.class, class_by: top.class_by, inferred: s.class, confidence: s.confidence, identity: s.identity,
		evidence: s.evidence, note: top.note, last_decision: log.filter((d) => d.sender === s.id).at(-1)?.id ?? null, domains,
	};
}

const word = (l: { aligned: number; pass: number; fail: number; none: number; error: number; absent: number }, m: number): LegWord =>
	m === 0 ? "none" : l.aligned >= m * 0.9 ? "aligned" : l.aligned > 0 ? "partly" : l.pass * 2 > m ? "other_domain" : l.fail * 2 > m ? "fail" : (l.none + l.absent) * 2 > m ? "none" : l.error * 2 > m ? "error" : "mixed";
const passing = (c: Counts): number => c.both + c.dkim_only + c.spf_only;
const health = (c: Counts): Health => c.m === 0 ? "none" : passing(c) < c.m * 0.5 ? "failing" : passing(c) < c.m * 0.98 ? "mixed" : c.both >= c.m * 0.9 ? "good" : "one_leg";

function item(s: Made, mine: MockRow[]): SenderItem {
	const c = count(mine), l = legs(mine), codes = new Map<string, number>();
	for (const r of mine)
		codes.set(r.code, (codes.get(r.code) ?? 0) + r.count);
	return {
		...short(s), ...countriesOf(mine), health: health(c), counts: c, pass_rate: c.m === 0 ? null : passing(c) / c.m, legs: { spf: word(l.spf, c.m), dkim: word(l.dkim, c.m) },
		codes: [...codes].map(([code, m]) => ({ code, m })).sort((a, b) => b.m - a.m).slice(0, 3),
		first_day: mine.length === 0 ? null : mine.reduce((a, b) => b.day < a.day ? b : a).day, last_day: mine.length === 0 ? null : mine.reduce((a, b) => b.day > a.day ? b : a).day,
	};
}

export function senders(p: URLSearchParams): Senders {
	const r = period(p), list = select(p, r);
	const all = [...new Set(list.map(senderOf))].map((s) => item(s, list.filter((x) => senderOf(x) === s)));
	const sorted = order(all, p.get("sort") ?? "-m", { m: (s) => s.counts.m, key: (s) => s.label, pass: (s) => s.pass_rate ?? -1, fail: (s) => s.counts.m - passing(s.counts), first: (s) => s.first_day ?? "", last: (s) => s.last_day ?? "" });
	const pg = page(sorted, p, 50);
	return { from: r.from, to: r.to, items: pg.items, total: all.length, next: pg.next };
}

function find(id: string): Made {
	const s = SENDERS.find((x) => x.id === id);
	if (s === undefined)
		throw new Gone(`There is no sender ${id.slice(0, 40)}.`);
	return s;
}

export function sender(id: string, p: URLSearchParams): SenderDetail {
	const s = find(id), q = new URLSearchParams(p), r = period(p);
	q.set("sender", id);
	const by = (key: string, limit: number) => {
		const b = new URLSearchParams(q);
		b.set("by", key);
		b.set("limit", String(limit));
		return breakdown(b).items;
	};
	return {
		...item(s, select(q, r)), from: r.from, to: r.to, setup: s.setup ?? null, ips: by("ip", 100), selectors: by("selector", 50), header_from: by("hfrom", 50), envelope_from: by("efrom", 50),
		sigdomains: by("sigdomain", 50), reporters: by("reporter", 50), codes_all: by("code", 50), pairs: pairs(select(q, r)),
	};
}

/* The pairs of domain in From and bounce domain. */
function pairs(list: MockRow[]): SenderDetail["pairs"] {
	const by = new Map<string, MockRow[]>();
	for (const r of list) {
		const key = `${r.hfrom ?? ""}\n${r.spf[0]?.domain ?? r.efrom ?? ""}`;
		by.set(key, [...by.get(key) ?? [], r]);
	}
	const org = (d: string) => d.split(".").slice(-2).join(".");
	const items = [...by].map(([key, g]): SenderPair => {
		const [from = "", bounce = ""] = key.split("\n"), days = g.map((r) => r.day).sort();
		return {
			from: from || null, bounce: bounce || null, relation: from === "" || bounce === "" ? null : from === bounce ? "same" : org(from) === org(bounce) ? "related" : "other",
			counts: count(g), legs: legs(g), first_day: days[0] ?? null, last_day: days.at(-1) ?? null,
		};
	}).sort((a, b) => b.counts.m - a.counts.m);
	return { items: items.slice(0, 50), other: { n: Math.max(0, items.length - 50), m: items.slice(50).reduce((n, x) => n + x.counts.m, 0) } };
}

export function vendor(id: string, p: URLSearchParams): VendorText {
	const q = new URLSearchParams(p), lang = p.get("lang") ?? "en";
	q.delete("lang");
	const d = sender(id, q);
	return {
		sender: id, label: d.label, from: d.from, to: d.to, lang, domain: d.pairs.items[0]?.from ?? "", subject: `[${lang}] ${d.pairs.items[0]?.from ?? ""}: please set up DKIM`,
		text: `Hello,\n\n${d.counts.m} messages came through you.\n\n1. Sign with DKIM.\n`,
	};
}

function countriesOf(list: MockRow[]): { countries: NonNullable<SenderItem["countries"]>; countries_n: number } {
	const ips = [...new Set(list.map((r) => r.ip))], by = new Map<string, number>();
	for (const ip of ips)
		by.set(countryOf(ip), (by.get(countryOf(ip)) ?? 0) + 1);
	const all = [...by].filter(([c]) => /^[A-Z]{2}$/.test(c)).sort((a, b) => b[1] - a[1]);
	return { countries: all.slice(0, 5).map(([country, addresses]) => ({ country, addresses, share: addresses / ips.length })), countries_n: all.length };
}

export function decisions(p: URLSearchParams): Decisions {
	const id = p.get("sender"), before = Number(p.get("cursor") ?? Infinity), limit = Number(p.get("limit") ?? 50);
	const list = [...log].reverse().filter((d) => (id === null || d.sender === id) && Number(d.id) < before);
	const items = list.slice(0, limit).map(({ batch: _b, ...d }) => ({ ...d, holds: d.undone === null && !log.some((l) => l.sender === d.sender && l.domain === d.domain && l.undone === null && Number(l.id) > Number(d.id)) }));
	return { items, next: list.length > limit ? items.at(-1)?.id ?? null : null };
}

export class Stale extends Error {}

interface Wish { sender?: string; class: Decidable | "undecided" | null; note?: string | null; domains?: string[] | null; seen?: string | null }

export function decideAll(wishes: Wish[]): Decided {
	const batch = String(++serial * 1_000_000_007), now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
	const ids = [...new Set(wishes.map((w) => w.sender ?? ""))];
	for (const w of wishes) {
		const s = find(w.sender ?? "");
		if (s.id === "1")
			throw new Bad("sender", "Background noise is nobody.");
		const last = log.filter((d) => d.sender === s.id).at(-1)?.id ?? null;
		if (w.seen !== undefined && Number(last ?? 0) > Number(w.seen ?? 0))
			throw new Stale(`somebody has decided about sender ${s.id} meanwhile`);
	}
	const lines = wishes.flatMap((w) => (w.domains ?? [null]).map((domain): Line => {
		const s = find(w.sender ?? ""), d = domainsOf(s).find((x) => domain === null || x.domain === domain);
		return {
			id: String(++serial), batch, undo: batch, at: now, who: "web, 127.0.0.1", sender: s.id, label: s.label, domain, class: w.class === "undecided" ? null : w.class,
			was: d?.class ?? s.class, was_by: d?.class_by ?? "auto", note: w.note ?? null, holds: true, undone: null, undone_by: null,
		};
	}));
	log.push(...lines);
	return { state: "done", request: batch, undo: batch, n: lines.length, items: ids.map((id) => short(find(id))) };
}

export function undoDecisions(token: string): Decided {
	const mine = log.filter((d) => d.batch === token && d.undone === null), now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
	if (mine.length === 0)
		throw new Bad("undo", `there is no decision ${token} that could be undone`);
	for (const d of mine) {
		d.undone = now;
		d.undone_by = "web, 127.0.0.1";
	}
	return { state: "done", request: token + "1", undo: null, n: mine.length, items: [...new Set(mine.map((d) => d.sender))].map((id) => short(find(id))) };
}
