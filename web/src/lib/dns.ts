/*
 * What is to be said of a domain's records: findings, each with the rows that
 * it concerns. Nothing is asked here; what is not known is not judged.
 */
import type { Dns, DnsDmarc, DnsKey, DnsRecord, DnsSpf, DnsSts } from "./types-dns";
import type { FilterKey } from "./url";

export type Level = "bad" | "warn" | "info" | "ok";
export type Args = Record<string, string | number>;
export interface Finding {
	level: Level;
	key: string;			/* dns.KEY in i18n/en-dns.ts */
	args: Args;
	rows?: Partial<Record<FilterKey, string>>;	/* the mail it concerns, besides the domain */
	reports?: true;			/* rather its reports */
}

export const SPF_LOOKUPS = 10;
const RANK: Level[] = ["bad", "warn", "info", "ok"];
/* The gravest level among findings: the word over a block. */
export const worst = (list: Finding[]): Level => RANK.find((l) => list.some((f) => f.level === l)) ?? "info";
export const byLevel = (list: Finding[]): Finding[] => [...list].sort((a, b) => RANK.indexOf(a.level) - RANK.indexOf(b.level));

/* What holds for any record: nobody answered, or what stands here is old or not all. */
function state(r: DnsRecord): Finding[] {
	const out: Finding[] = [];
	if (r.failure !== null)
		out.push({ level: "info", key: r.answered === null ? "failure.never" : "failure", args: { why: r.failure } });
	else if (r.said.state === "waiting")
		out.push({ level: "info", key: "waiting", args: {} });
	if (r.cut)
		out.push({ level: "info", key: "cut", args: {} });
	return out;
}

/* --- DMARC ----------------------------------------------------------------------- */

const STRENGTH = { none: 0, quarantine: 1, reject: 2 };

function own(d: DnsDmarc, domain: string): Finding[] {
	const a = d.asks, out: Finding[] = [];
	if (a === null)
		return out;
	if (a.testing)
		out.push({ level: "warn", key: "dmarc.testing", args: {}, rows: { align: "none" } });
	else if (a.pct < 100)
		out.push({ level: "info", key: "dmarc.pct", args: { pct: a.pct }, rows: { align: "none" } });
	if (a.p === "none" && !a.testing)
		out.push({ level: "warn", key: "dmarc.watching", args: {}, rows: { align: "none" } });
	for (const tag of ["sp", "np"] as const)
		if (STRENGTH[a[tag]] < STRENGTH[a.p] && (tag === "sp" || a.np !== a.sp))
			out.push({ level: "warn", key: `dmarc.${tag}`, args: { asked: a[tag] }, rows: { hfrom: `!${domain}` } });
	if (a.rua === null)
		out.push({ level: "bad", key: "dmarc.norua", args: {} });
	if (d.differs === true)
		out.push({ level: "warn", key: "dmarc.differs", args: {}, reports: true });
	if (a.p !== "none" && !out.some((f) => f.level === "bad" || f.level === "warn"))
		out.push({ level: "ok", key: "dmarc.ok", args: {} });
	return out;
}

export function dmarcFindings(x: Dns, domain: string): Finding[] {
	const d = x.dmarc;
	if (d === null)
		return [{ level: "info", key: "notasked", args: {} }];
	const out = state(d);
	if (d.said.state === "waiting")
		return out;
	if (d.found === "several")
		return [...out, { level: "bad", key: "dmarc.several", args: {}, rows: {} }];
	if (d.found === "record")
		return [...out, ...own(d, domain)];
	if (x.walk.some((w) => w.found === null))
		return [...out, { level: "info", key: "dmarc.perhaps", args: {} }];
	if (x.applies === null)
		return [...out, { level: "bad", key: "dmarc.none", args: {}, rows: { align: "none" } }];
	return [...out, { level: x.applies.requested === "none" ? "warn" : "info", key: "dmarc.above", args: { domain: x.applies.domain, asked: x.applies.requested }, rows: {} }];
}

/* --- SPF ------------------------------------------------------------------------- */

/* How the record ends: the sign before "all"; null: it ends elsewhere, or not at all. */
export function ending(text: string): "+" | "-" | "~" | "?" | "redirect" | null {
	let to = false;
	for (const term of text.split(/ +/).slice(1)) {
		const all = /^([-+~?]?)all$/i.exec(term);
		if (all !== null)
			return (all[1] || "+") as "+";
		to ||= /^redirect=/i.test(term);
	}
	return to ? "redirect" : null;
}

export function spfFindings(d: DnsSpf | null): Finding[] {
	if (d === null)
		return [{ level: "info", key: "notasked", args: {} }];
	const out = state(d), text = d.tree[0]?.text ?? null;
	if (d.said.state === "waiting")
		return out;
	if (d.tree[0]?.found === "none")
		return [...out, { level: "warn", key: "spf.none", args: {}, rows: { spfdomain: d.name } }];
	if (d.fault !== null)
		out.push({ level: "bad", key: `spf.${d.fault}`, args: { at: d.fault_at ?? d.name, term: d.fault_term ?? "", n: d.lookups ?? 0 }, rows: { spf: "permerror" } });
	else if ((d.lookups ?? 0) > SPF_LOOKUPS - 2)
		out.push({ level: "warn", key: "spf.near", args: { n: d.lookups ?? 0 } });
	if (d.unknown > 0)
		out.push({ level: "info", key: "spf.unknown", args: { n: d.unknown } });
	if (text !== null && d.fault === null) {
		const end = ending(text);
		if (end === "+")
			out.push({ level: "bad", key: "spf.everybody", args: {}, rows: { spf: "pass" } });
		else if (end === "?" || end === null)
			out.push({ level: "warn", key: end === null ? "spf.open" : "spf.neutral", args: {}, rows: { spf: "neutral" } });
		if (!out.some((f) => f.level === "bad" || f.level === "warn"))
			out.push({ level: "ok", key: "spf.ok", args: { n: d.lookups ?? 0 } });
	}
	return out;
}

/* --- MTA-STS ------------------------------------------------------------------------ */

const SOON = 14, DAY_MS = 86_400_000;

/* now: when the page is drawn. */
export function stsFindings(d: DnsSts, domain: string, now: number): Finding[] {
	const out = state(d), p = d.policy;
	if (d.said.state !== "found")
		return out;
	if (d.found === "several" || d.found === "faulty")
		return [...out, { level: "bad", key: `sts.record.${d.found}`, args: { domain } }];
	if (p === null || p.state === "")
		return [...out, { level: "info", key: "sts.notlooked", args: {} }];
	if (p.state !== "sound")
		return [...out, { level: p.state === "unreached" ? "warn" : "bad", key: `sts.${p.state}`, args: { domain } }];
	const until = p.certificate_until, left = until === null ? null : Math.floor((Date.parse(until) - now) / DAY_MS);
	if (until !== null && left !== null && left < SOON)
		out.push({ level: "warn", key: "sts.soon", args: { domain, day: until, n: Math.max(0, left) } });
	else
		out.push({ level: "ok", key: "sts.ok", args: { mode: p.mode ?? "unknown", day: until ?? "" } });
	return out;
}

/* --- Keys ------------------------------------------------------------------------ */

export const inUse = (k: DnsKey): boolean => k.m > 0;

export function keyFindings(k: DnsKey): Finding[] {
	const out = state(k), rows = { selector: k.selector, sigdomain: k.domain };
	if (k.said.state === "waiting")
		return out;
	if (k.key !== "sound")
		out.push({ level: !inUse(k) ? "info" : k.key === "foreign" ? "warn" : "bad", key: `key.${k.key}${inUse(k) || k.key !== "none" ? "" : ".idle"}`, args: {}, rows });
	else if (k.type === "rsa" && k.bits !== null && k.bits < 1024)
		out.push({ level: "bad", key: "key.tiny", args: { bits: k.bits }, rows });
	else if (k.type === "rsa" && k.bits !== null && k.bits < 2048)
		out.push({ level: "warn", key: "key.short", args: { bits: k.bits }, rows });
	if (k.testing)
		out.push({ level: "warn", key: "key.testing", args: {}, rows });
	if (out.every((f) => f.level === "info") && k.key === "sound")
		out.push({ level: "ok", key: "key.ok", args: {} });
	return out;
}

/* The latest moment that somebody answered; null: nobody has. */
export function answered(x: Dns): string | null {
	const all = [x.dmarc, x.spf, ...x.keys].map((r) => r?.answered ?? null).filter((v): v is string => v !== null).sort();
	return all[all.length - 1] ?? null;
}

/* --- A report beside the record ---------------------------------------------------- */

/* The tags of a record; the first of a name counts. */
export function tags(text: string): Map<string, string> {
	const out = new Map<string, string>();
	for (const part of text.split(";")) {
		const at = part.indexOf("="), name = part.slice(0, at).trim().toLowerCase();
		if (at > 0 && name !== "" && !out.has(name))
			out.set(name, part.slice(at + 1).trim());
	}
	return out;
}

const isDmarc = (text: string): boolean => /^v\s*=\s*DMARC1\s*(;|$)/.test(text);
/* The one record among texts; several count as none. */
const oneOf = (texts: string[]): string | null => {
	const all = texts.filter(isDmarc);
	return all.length === 1 ? all[0] as string : null;
};

/*
 * The DMARC record at the domain itself on the days of a report, as far as is
 * known, else as it is now. null: nothing is known, or it has none of its own.
 */
export function recordOf(x: Dns, begin: string, end: string): { text: string; when: "then" | "now" } | null {
	const d = x.dmarc;
	if (d === null || d.said.state === "waiting" || d.cut)
		return null;
	const now = oneOf(d.said.texts);
	if (d.said.since !== null && d.said.since <= begin)
		return now === null ? null : { text: now, when: "then" };
	const next = x.changes.filter((c) => c.kind === "dmarc" && c.name === d.name && c.at >= end).sort((a, b) => a.at < b.at ? -1 : 1)[0];
	const then = next === undefined || next.was.since === null || next.was.since > begin ? null : oneOf(next.was.texts);
	return then !== null ? { text: then, when: "then" } : now !== null ? { text: now, when: "now" } : null;
}

/* What a tag means when it is not there; a report may write it out all the same. */
const USUAL: Record<string, (t: Map<string, string>) => string | undefined> = {
	sp: (t) => t.get("p"), np: (t) => t.get("sp") ?? t.get("p"), adkim: () => "r", aspf: () => "r", t: () => "n", pct: () => "100",
};

/* Do a tag as reported and as in the record mean another thing? What a report leaves out says nothing. */
export function tagDiffers(tag: string, reported: string | null, record: Map<string, string>): boolean {
	const is = record.get(tag) ?? USUAL[tag]?.(record);
	return reported !== null && is !== undefined && reported.trim().toLowerCase() !== is.toLowerCase();
}
