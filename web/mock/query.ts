/* The answers of /api/v1, worked out from the made-up rows. */
import { parseFilter, isFilterKey, isDay, addDays, daysBetween, type Filter } from "../src/lib/url";
import type {
	Action, Breakdown, BreakdownItem, Causes, Counts, DomainItem, Ingest, Leg, Legs, Meta, Overview, Page, Quarantined, QuarantinedItem, Reporter, ReportDetail, ReportItem, Row, RowExplanation, Timeseries,
} from "../src/lib/types";
import { cause, explain } from "./explain";
import { countFailures } from "./failures";
import { measured } from "./flow";
import { appliesOf, dnsOf } from "./dns";
import { hostOf } from "./hosts";
import { countryOf, geo, networkLabel, networkOf, placeOf } from "./places";
import { classOf, senderOf, whose } from "./senders";
import { COMPLETE, FIRST, LAST, reports, rows, SILENT, type MockReport, type MockRow } from "./data";

export class Bad extends Error {
	constructor(readonly key: string, message: string) {
		super(message);
	}
}
export class Gone extends Error {}

export interface Query { params: URLSearchParams }

const OTHER_KEYS = ["from", "to", "t", "cmp", "by", "step", "top", "sort", "limit", "cursor", "total", "report", "as", "inline", "measure", "rows"];

export const outcomeOf = (r: Row): "both" | "dkim_only" | "spf_only" | "fail_fwd" | "fail_unk" | "untold" => {
	const { dkim, spf } = r.policy_eval;
	if (dkim === "unknown" && spf === "unknown")
		return "untold";
	if (dkim === "pass")
		return spf === "pass" ? "both" : "dkim_only";
	return spf === "pass" ? "spf_only" : r.fwd === "certain" ? "fail_fwd" : "fail_unk";
};

export const noCounts = (): Counts => ({
	m: 0, both: 0, dkim_only: 0, spf_only: 0, fail_fix: 0, fail_fwd: 0, fail_unk: 0, untold: 0,
	none: 0, quarantine: 0, reject: 0, pass: 0, other: 0, overridden: 0, collateral: 0, leaked: 0, differs: 0,
});
export function count(list: Row[]): Counts {
	const c = noCounts();
	for (const r of list) {
		const o = outcomeOf(r), d = r.policy_eval.disp as "none" | "quarantine" | "reject" | "pass" | "other";
		c.m += r.count;
		c[o] += r.count;
		c[d] += r.count;
		if (r.overridden)
			c.overridden += r.count;
		if (r.differs)
			c.differs += r.count;
		if (o === "fail_fwd" && (d === "quarantine" || d === "reject"))
			c.collateral += r.count;
		if (o === "fail_unk" && (d === "none" || d === "pass"))
			c.leaked += r.count;
	}
	return c;
}
const rawSpf = (r: Row): string => r.spf[0]?.result ?? "absent";
const rawDkim = (r: Row): string => r.dkim.some((x) => x.result === "pass") ? "pass" : r.dkim[0]?.result ?? "absent";
export function legs(list: Row[]): Legs {
	const no = (): Leg => ({ aligned: 0, pass: 0, fail: 0, none: 0, error: 0, absent: 0 });
	const l: Legs = { spf: no(), dkim: no() };
	const cls = (w: string): Exclude<keyof Leg, "aligned"> => w === "pass" ? "pass" : /^(fail|softfail|policy|neutral)$/.test(w) ? "fail" : w === "none" ? "none" : w === "absent" ? "absent" : "error";
	for (const r of list) {
		l.spf[cls(rawSpf(r))] += r.count;
		l.dkim[cls(rawDkim(r))] += r.count;
		if (r.policy_eval.spf === "pass")
			l.spf.aligned += r.count;
		if (r.policy_eval.dkim === "pass")
			l.dkim.aligned += r.count;
	}
	return l;
}

/* The values a row has under a key; several for signatures and reasons. */
export function valuesOf(r: MockRow, key: string): string[] {
	switch (key) {
	case "domain": return [r.domain];
	case "hfrom": return [r.hfrom ?? ""];
	case "efrom": return [r.efrom ?? ""];
	case "ip": return [r.ip ?? "unknown"];
	case "reporter": return [r.reporter.key];
	case "spf": return [rawSpf(r)];
	case "dkim": return [rawDkim(r)];
	case "align": {
		const o = outcomeOf(r);
		return [o === "both" ? "both" : o === "dkim_only" ? "dkim" : o === "spf_only" ? "spf" : o === "untold" ? "untold" : "none"];
	}
	case "disp": case "disposition": return [r.policy_eval.disp];
	case "reason": return r.policy_eval.reasons.length === 0 ? ["none"] : r.policy_eval.reasons.map((x) => x.type);
	case "spfdomain": return r.spf.length === 0 ? ["absent"] : [...new Set(r.spf.map((x) => x.domain ?? "absent"))];
	case "prefix": return [r.ip === null ? "unknown" : r.ip.includes(":") ? r.ip.split(":").slice(0, 3).join(":") + "::/48" : r.ip.replace(/[0-9]+$/, "0/24")];
	case "health": return [healthOf(senderOf(r).id)];
	case "selector": return [...new Set(r.dkim.map((x) => x.selector ?? ""))];
	case "sigdomain": return [...new Set(r.dkim.map((x) => x.domain ?? ""))];
	case "code": return [r.code];
	case "fwd": return [r.fwd];
	case "differs": return [r.differs ? "yes" : "no"];
	case "outcome": return [outcomeOf(r)];
	case "sender": return [senderOf(r).id];
	case "class": return [classOf(senderOf(r), r.domain)];
	case "country": return [countryOf(r.ip)];
	case "asn": return [networkOf(r.ip)];
	case "ptr": {
		const h = hostOf(r.ip);
		return [h === null || h.state === "waiting" ? "unknown" : h.state === "confirmed" ? (h.name ?? "").split(".").slice(-2).join(".") : h.state];
	}
	default: throw new Bad("by", `cannot group by "${key}"`);
	}
}

/* Over all the rows, which is near enough for a page that is looked at. */
const healths = new Map<string, string>();
function healthOf(id: string): string {
	const old = healths.get(id);
	if (old !== undefined)
		return old;
	const list = rows.filter((r) => senderOf(r).id === id), c = count(list), pass = c.both + c.dkim_only + c.spf_only;
	const health = pass >= c.m * 0.98 ? (c.both >= c.m * 0.9 ? "good" : "one_leg") : pass >= c.m * 0.5 ? "mixed" : "failing";
	healths.set(id, health);
	return health;
}

function inNet(ip: string, net: string): boolean {
	const [addr, bits] = net.split("/");
	if (bits === undefined)
		return ip === addr;
	if (ip.includes(":") || addr === undefined || addr.includes(":"))
		return ip.startsWith((addr ?? "").replace(/::$/, ":"));
	const n = (a: string) => a.split(".").reduce((s, x) => s * 256 + Number(x), 0);
	const size = 2 ** (32 - Number(bits));
	return Math.floor(n(ip) / size) === Math.floor(n(addr) / size);
}

function matches(r: MockRow, f: Filter): boolean {
	const vs = valuesOf(r, f.key).map((v) => (f.key === "asn" && f.contains ? networkLabel(v) : v).toLowerCase());
	const want = f.values.map((v) => v.toLowerCase());
	const hit = f.contains ? vs.some((v) => v.includes(want[0] ?? "")) :
		f.key === "ip" ? vs.some((v) => want.some((w) => inNet(v, w))) :
		f.key === "hfrom" || f.key === "domain" ? vs.some((v) => want.includes(v)) : vs.some((v) => want.includes(v));
	return hit !== f.not;
}

export function filters(p: URLSearchParams): Filter[] {
	const out: Filter[] = [];
	for (const [k, v] of p) {
		if (k === "org")
			out.push(parseFilter("reporter", v));
		else if (isFilterKey(k))
			out.push(parseFilter(k, v));
		else if (!OTHER_KEYS.includes(k))
			throw new Bad(k, `"${k}" is not a key of this endpoint`);
	}
	return out;
}

export function period(p: URLSearchParams): { from: string; to: string } {
	const from = p.get("from"), to = p.get("to"), t = p.get("t") ?? "30d";
	if (from !== null || to !== null) {
		if (!isDay(from) || !isDay(to))
			throw new Bad("from", "from and to are days, YYYY-MM-DD");
		if (daysBetween(from, to) > 800)
			throw new Bad("to", "the range is longer than 800 days");
		return { from, to };
	}
	if (t === "all")
		return { from: FIRST, to: LAST };
	const n = /^(7|30|90|365)d$/.exec(t);
	if (n === null)
		throw new Bad("t", `t is 7d, 30d, 90d, 365d or all, not "${t}"`);
	return { from: addDays(COMPLETE, 1 - Number(n[1])), to: COMPLETE };
}

export function select(p: URLSearchParams, r = period(p)): MockRow[] {
	const fs = filters(p);
	const report = p.get("report");
	return rows.filter((x) => (report !== null ? x.report_id === report : x.day >= r.from && x.day <= r.to) && fs.every((f) => matches(x, f)));
}
const before = (r: { from: string; to: string }): { from: string; to: string } => {
	const n = daysBetween(r.from, r.to);
	return { from: addDays(r.from, -n), to: addDays(r.from, -1) };
};
const daysOf = (r: { from: string; to: string }): string[] => Array.from({ length: daysBetween(r.from, r.to) }, (_, i) => addDays(r.from, i));
const rate = (c: Counts): number | null => c.m === 0 ? null : (c.both + c.dkim_only + c.spf_only) / c.m;

export const meta = (): Meta => ({
	version: "0.1.0", generation: 4711, complete_through: COMPLETE, first_day: FIRST, last_day: LAST,
	domains: new Set(rows.map((r) => r.domain)).size, reports: reports.length,
	features: { geo: true, forensic: false, upload: true, resolver: true }, limits: { upload_bytes: 67108864, rows: 1000, breakdown: 500, range_days: 800 }, geo,
});

export function domains(p: URLSearchParams): DomainItem[] {
	const r = period(p);
	const now = select(p, r), old = p.get("cmp") === "none" ? [] : select(p, before(r));
	const names = [...new Set(now.map((x) => x.domain))];
	return names.map((domain): DomainItem => {
		const mine = now.filter((x) => x.domain === domain), was = old.filter((x) => x.domain === domain);
		const c = count(mine);
		const last = mine.reduce((a, b) => b.day > a.day ? b : a);
		const pol = last.policy;
		const lost = c.collateral >= 10 && c.collateral / c.m >= 0.005;
		const status = lost ? "lost" : pol.p === "none" ? "watching" : pol.p === "quarantine" || pol.sp === "none" || pol.testing === "y" ? "partly" : "protected";
		const ds = daysOf(r);
		const by = new Map<string, MockRow[]>();
		for (const x of mine)
			by.set(x.day, [...(by.get(x.day) ?? []), x]);
		const per = ds.map((d) => by.has(d) ? count(by.get(d) ?? []) : null);
		return {
			domain, status, cause: lost ? "collateral" : pol.p === "none" ? "p_none" : pol.testing === "y" ? "testing" : pol.sp === "none" ? "sp_weaker" : pol.p === "quarantine" ? "p_quarantine" : "p_reject",
			policy: pol, counts: c, prev: p.get("cmp") === "none" ? null : count(was), first_day: mine.reduce((a, b) => b.day < a ? b.day : a, LAST), last_day: last.day,
			reporters: new Set(mine.map((x) => x.reporter.key)).size, reports: new Set(mine.map((x) => x.report_id)).size,
			spark: per.map((x) => x?.m ?? null), spark_pass: per.map((x) => x === null ? null : x.both + x.dkim_only + x.spf_only),
		};
	});
}

export function domain(name: string, p: URLSearchParams): unknown {
	const q = new URLSearchParams(p);
	q.set("domain", name);
	const item = domains(q)[0];
	const all = rows.filter((r) => r.domain === name);
	if (all.length === 0)
		throw new Gone(`No report has named the domain ${name}.`);
	const seen = new Map<string, MockRow[]>();
	for (const r of all) {
		const k = JSON.stringify(r.policy);
		seen.set(k, [...(seen.get(k) ?? []), r]);
	}
	const mine = select(q);
	const froms = [...new Set(mine.map((r) => r.hfrom ?? ""))];
	return {
		...(item ?? { domain: name, status: "nodata", cause: "no_reports", policy: all[0]?.policy ?? null, counts: noCounts(), prev: null, first_day: null, last_day: null, reporters: 0, reports: 0, spark: [], spark_pass: [] }),
		policy_seen: [...seen.values()].map((list) => ({
			policy: list[0]?.policy, first_day: list.reduce((a, b) => b.day < a ? b.day : a, LAST), last_day: list.reduce((a, b) => b.day > a ? b.day : a, FIRST),
			reporters: new Set(list.map((x) => x.reporter.key)).size, reports: new Set(list.map((x) => x.report_id)).size,
		})).sort((a, b) => a.first_day < b.first_day ? 1 : -1),
		subdomains: froms.map((hfrom) => ({ hfrom, applies: appliesOf(name, hfrom), counts: count(mine.filter((r) => (r.hfrom ?? "") === hfrom)) })).sort((a, b) => b.counts.m - a.counts.m),
		dns: dnsOf(name),
	};
}

export function overview(p: URLSearchParams): Overview {
	const r = period(p);
	const now = select(p, r), c = count(now);
	const prev = p.get("cmp") === "none" ? null : count(select(p, before(r)));
	const list = domains(p);
	const worst = [...list].sort((a, b) => b.counts.fail_unk - a.counts.fail_unk)[0];
	const lost = list.find((d) => d.status === "lost");
	const verdict: Overview["verdict"] = c.m === 0 ? { level: "nodata", key: "empty", args: {} } :
		lost !== undefined ? { level: "bad", key: "hurt", args: { domain: lost.domain, m: lost.counts.collateral } } :
		worst !== undefined && worst.counts.fail_unk / worst.counts.m > 0.05 ? { level: "warn", key: "failing", args: { domain: worst.domain, m: worst.counts.fail_unk, rate: worst.counts.fail_unk / worst.counts.m } } :
		{ level: "ok", key: "all_well", args: { domains: list.length, m: c.m, pass_rate: rate(c) } };
	const first = (key: string): string[] => {
		const seen = new Set(rows.filter((x) => x.day < r.from).flatMap((x) => valuesOf(x, key)));
		return [...new Set(now.flatMap((x) => valuesOf(x, key)))].filter((v) => v !== "" && !seen.has(v));
	};
	const old = rows.some((x) => x.day < r.from);
	const yours = (x: MockRow): boolean => ["own", "service", "candidate"].includes(classOf(senderOf(x), x.domain)) && x.fwd === "no";
	const y = count(now.filter(yours)), open = count(now.filter((x) => ["candidate", "unknown", "suspect"].includes(classOf(senderOf(x), x.domain))));
	return {
		from: r.from, to: r.to, complete_through: COMPLETE, counts: c, prev,
		rates: { legit_pass: rate(y), legit_low: rate(y) === null ? null : (rate(y) ?? 0) * 0.999, prev_legit_pass: null, legit_share: c.m === 0 ? null : y.m / c.m, unreviewed: c.m === 0 ? null : open.m / c.m, stopped: c.fail_unk === 0 ? null : 1 - c.leaked / c.fail_unk, pass_rate: rate(c), prev_pass_rate: prev === null ? null : rate(prev), dkim_cover: c.m === 0 ? null : (c.both + c.dkim_only) / c.m },
		verdict, domains: list, new: { sources: old ? first("ip").length : 0, selectors: old ? first("selector") : [], subdomains: old ? first("hfrom") : [] },
		reporters: new Set(now.map((x) => x.reporter.key)).size, reports: new Set(now.map((x) => x.report_id)).size,
		silent_reporters: r.to >= "2026-05-13" && now.length > 0 ? [{ key: SILENT, label: "University Mail Service", last_day: "2026-05-09", usual_m: 61 }] : [],
	};
}

export function timeseries(p: URLSearchParams): Timeseries {
	const by = p.get("by") ?? "outcome", step = p.get("step") === "week" ? "week" : "day", top = Number(p.get("top") ?? 8);
	const r = period(p), list = select(p, r).filter((x) => measured(x, p.get("measure") ?? "m"));
	const monday = (d: string) => addDays(d, -((new Date(d + "T00:00:00Z").getUTCDay() + 6) % 7));
	const days = step === "week" ? [...new Set(daysOf(r).map(monday))] : daysOf(r);
	const at = new Map(days.map((d, i) => [d, i]));
	const sums = new Map<string, number[]>();
	const labels = new Map<string, string>();
	if (by === "outcome")
		for (const k of ["both", "dkim_only", "spf_only", "fail_fwd", "fail_fix", "fail_unk", "untold"])
			sums.set(k, days.map(() => 0));
	for (const x of list)
		for (const k of valuesOf(x, by)) {
			const line = sums.get(k) ?? days.map(() => 0);
			const i = at.get(step === "week" ? monday(x.day) : x.day) ?? 0;
			line[i] = (line[i] ?? 0) + x.count;
			sums.set(k, line);
			labels.set(k, by === "reporter" ? x.reporter.label : k);
		}
	let series = [...sums].map(([key, values]) => ({ key, label: labels.get(key) ?? key, values }));
	const total = (v: number[]) => v.reduce((a, b) => a + b, 0);
	if (by !== "outcome") {
		series.sort((a, b) => total(b.values) - total(a.values));
		if (series.length > top) {
			const rest = series.slice(top);
			series = [...series.slice(0, top), { key: "other", label: "Other", values: days.map((_, i) => rest.reduce((n, s) => n + (s.values[i] ?? 0), 0)) }];
		}
	}
	const events = list.some((x) => x.domain === "shop.example") && r.from <= "2026-05-03" && r.to >= "2026-05-03" ?
		[{ day: "2026-05-03", kind: "policy", domain: "shop.example", old: "p=quarantine; sp=none", new: "p=reject; sp=none", reporters: 8 }] : [];
	return { from: r.from, to: r.to, step, days, complete_through: COMPLETE, series, events };
}

export function page<T>(list: T[], p: URLSearchParams, fallback: number): { items: T[]; next: string | null; at: number } {
	const at = Number(p.get("cursor") ?? 0), limit = Math.min(1000, Number(p.get("limit") ?? fallback));
	if (!(at >= 0) || !(limit > 0))
		throw new Bad("cursor", "the cursor is not one of ours");
	const items = list.slice(at, at + limit);
	return { items, next: at + limit < list.length ? String(at + limit) : null, at };
}

export function order<T>(list: T[], sort: string, keys: Record<string, (x: T) => string | number>): T[] {
	const desc = sort.startsWith("-"), key = keys[desc ? sort.slice(1) : sort];
	if (key === undefined)
		throw new Bad("sort", `cannot sort by "${sort}"`);
	return [...list].sort((a, b) => {
		const x = key(a), y = key(b);
		return (x < y ? -1 : x > y ? 1 : 0) * (desc ? -1 : 1);
	});
}

const topOf = (list: MockRow[], get: (r: MockRow) => string[]): { key: string; m: number }[] => {
	const sums = new Map<string, number>();
	for (const r of list)
		for (const k of get(r))
			if (k !== "")
				sums.set(k, (sums.get(k) ?? 0) + r.count);
	return [...sums].map(([key, m]) => ({ key, m })).sort((a, b) => b.m - a.m).slice(0, 3);
};

export function breakdown(p: URLSearchParams): Breakdown {
	const by = p.get("by") ?? "ip";
	const groups = new Map<string, MockRow[]>();
	const list = select(p);
	for (const r of list)
		for (const k of valuesOf(r, by)) {
			const g = groups.get(k);
			if (g === undefined)
				groups.set(k, [r]);
			else
				g.push(r);
		}
	const all = [...groups].map(([key, g]): BreakdownItem => ({
		key, label: by === "reporter" ? g[0]?.reporter.label ?? key : by === "sender" && g[0] !== undefined ? senderOf(g[0]).label : by === "asn" ? networkLabel(key) : key, counts: count(g), legs: legs(g),
		first_day: g.reduce((a, b) => b.day < a ? b.day : a, LAST), last_day: g.reduce((a, b) => b.day > a ? b.day : a, FIRST), n: g.length,
		...(by === "ip" ? { ptr: hostOf(key), sender: g[0] === undefined ? null : whose(g[0]), failures: countFailures({ ip: key, ...period(p), ...(p.has("domain") ? { domain: p.get("domain") ?? "" } : {}) }), detail: { ...placeOf(key),
			hfrom: topOf(g, (r) => [r.hfrom ?? ""]), sigdomain: topOf(g, (r) => valuesOf(r, "sigdomain")), spf_domain: topOf(g, (r) => [r.spf[0]?.domain ?? ""]),
			reporters: new Set(g.map((r) => r.reporter.key)).size, codes: topOf(g, (r) => [r.code]).map((x) => ({ code: x.key, m: x.m })), family: key === "unknown" ? null : key.includes(":") ? 6 as const : 4 as const,
		} } : {}),
	}));
	const sorted = order(all, p.get("sort") ?? "-m", {
		m: (i) => i.counts.m, fail: (i) => i.counts.fail_unk + i.counts.fail_fwd, pass: (i) => rate(i.counts) ?? -1, key: (i) => i.key, first: (i) => i.first_day ?? "", last: (i) => i.last_day ?? "",
	});
	const pg = page(sorted, p, 100);
	const rest = sorted.slice(pg.at + pg.items.length);
	return { items: pg.items, other: { n: rest.length, m: rest.reduce((n, i) => n + i.counts.m, 0) }, total: { n: all.length, m: count(list).m }, next: pg.next };
}

const strip = ({ policy: _p, group: _g, ...r }: MockRow): Row => ({ ...r, ptr: hostOf(r.ip), ...placeOf(r.ip), sender: whose({ ...r, policy: _p, group: _g }), failures: countFailures({ ip: r.ip, from: r.day, to: r.day, domain: r.domain }) });
export function rowList(p: URLSearchParams): Page<Row> {
	const list = select(p);
	const pg = page(order(list, p.get("sort") ?? "-m", { m: (r) => r.count, day: (r) => r.day, seq: (r) => r.seq }), p, 100);
	return { items: pg.items.map(strip), next: pg.next, ...(p.get("total") === "1" ? { total: { n: list.length, m: count(list).m } } : {}) };
}

export function explainRow(id: string): RowExplanation {
	const r = reports.flatMap((x) => x.rows).find((x) => x.id === id);
	if (r === undefined)
		throw new Gone(`There is no row ${id.slice(0, 60)}.`);
	return { ...explain(r, r.policy, r.count), id, day: r.day, reporter: r.reporter, domain: r.domain };
}
export function causes(p: URLSearchParams): Causes {
	const groups = new Map<string, MockRow[]>(), r = period(p);
	for (const x of select(p))
		if (p.has("align") || p.has("code") || (x.policy_eval.dkim !== "pass" && x.policy_eval.spf !== "pass"))
			groups.set(`${x.code} ${x.group}`, [...groups.get(`${x.code} ${x.group}`) ?? [], x]);
	const items = [...groups.values()].map((g) => cause(g, (g[0] as MockRow).policy)).sort((a, b) => b.m - a.m);
	const shown = items.slice(0, Number(p.get("limit") ?? 20)), sum = (l: { m: number }[]) => l.reduce((n, x) => n + x.m, 0);
	return { from: r.from, to: r.to, lang: "en", items: shown, n: items.length, m: sum(items), other_m: sum(items) - sum(shown) };
}

function item(r: MockReport): ReportItem {
	const c = count(r.rows);
	return {
		id: r.id, reporter: r.reporter, org_name: r.org_name, email: r.email, domain: r.domain, report_id: r.report_id, begin: r.begin, end: r.end, day: r.day,
		received: r.received, records: r.rows.length, m: c.m, pass: c.both + c.dkim_only + c.spf_only, source_ips: new Set(r.rows.map((x) => x.ip)).size,
		policy: r.policy, dialect: r.dialect, state: r.state, quirks: r.quirks, duplicates: r.duplicates,
		trust: r.duplicates > 0 ? "unknown" : "authenticated", apart: "no",
	};
}
export function reportList(p: URLSearchParams): Page<ReportItem> {
	const r = period(p), fs = filters(p);
	const list = reports.filter((x) => x.state !== "superseded" && x.day >= r.from && x.day <= r.to && x.rows.some((y) => fs.every((f) => matches(y, f)))).map(item);
	const pg = page(order(list, p.get("sort") ?? "-received", { received: (x) => x.received ?? "", m: (x) => x.m, day: (x) => x.day }), p, 100);
	return { items: pg.items, next: pg.next, ...(p.get("total") === "1" ? { total: { n: list.length, m: list.reduce((n, x) => n + x.m, 0) } } : {}) };
}
export function find(id: string): MockReport {
	const r = reports.find((x) => x.id === id);
	if (r === undefined)
		throw new Gone(`There is no report ${id.slice(0, 60)}.`);
	return r;
}
export function report(id: string): ReportDetail & { rows_next: null } {
	const r = find(id);
	return {
		...item(r), trust_by: { detail: r.duplicates > 0 ? "unknown" : "authenticated", method: r.duplicates > 0 ? null : "dmarc", from_domain: r.reporter.key, authserv_id: "mx.example.com",
			field: r.duplicates > 0 ? null : `mx.example.com; dmarc=pass header.from=${r.reporter.key}` },
		extra_contact_info: r.extra, generator: r.dialect === "rfc9990" ? "BigMail Reporter 3.2" : null, version: r.dialect === "rfc9990" ? "1.0" : null, errors: [],
		counts: count(r.rows), legs: legs(r.rows), rows_next: null, failures: [...new Set(r.rows.map((x) => x.ip))].reduce((n, ip) => n + countFailures({ ip, from: r.day, to: r.day, domain: r.domain }), 0), refused: r.refused, message: { received: r.received, mailbox: "reports", bytes: 2400 + r.rows.length * 90, token: `m${r.id}` },
		versions: r.versions.map((v) => find(v)).map((v) => ({ id: v.id, state: v.state, received: v.received, m: count(v.rows).m })),
		raw: { xml: true, original: true, mail: r.reporter.key !== "mailbox.test" },
	};
}
export function reporters(p: URLSearchParams): { items: Reporter[] } {
	const list = select(p);
	const keys = [...new Set(list.map((r) => r.reporter.key))];
	return { items: keys.map((key): Reporter => {
		const g = list.filter((r) => r.reporter.key === key);
		const mine = reports.filter((r) => r.reporter.key === key);
		return {
			key, label: g[0]?.reporter.label ?? key, reports: new Set(g.map((r) => r.report_id)).size, m: count(g).m, first_day: g.reduce((a, b) => b.day < a ? b.day : a, LAST),
			last_day: g.reduce((a, b) => b.day > a ? b.day : a, FIRST), lag_s: mine[0] === undefined ? null : Math.round((Date.parse(mine[0].received) - Date.parse(mine[0].end)) / 1000),
			domains: new Set(g.map((r) => r.domain)).size, missing_since: key === SILENT ? "2026-05-10" : null,
		};
	}).sort((a, b) => b.m - a.m) };
}
/* Quarantine: three messages. The first can be read when it is tried again, the others cannot. */
const QUARANTINE: { item: Quarantined; readable: boolean }[] = [
	{ readable: false, item: { id: "42", received: "2026-05-15T08:21:07Z", mailbox: "reports", bytes: 1892, reason: "cut-short", text: "line 211: the document ends within <auth_results>", part: 2, entry: "google.com!shop.example!1747180800!1747267199.xml", line: 211, byte: 14310, sender: "noreply-dmarc-support@reporter.example", subject: "Report domain: shop.example Submitter: reporter.example Report-ID: 17472", tried: null } },
	{ readable: false, item: { id: "41", received: "2026-05-15T08:20:11Z", mailbox: "reports", bytes: 48211, reason: "over-limit", text: "bomb<script>alert(3)</script>.zip: over the limit ratio = 1000", part: 1, entry: "<script>alert(\"entry\")</script>\u202e.xml", line: null, byte: null, sender: "<img src=x onerror=alert(4)>\u202e@evil.example", subject: "in\u0000voice \u202egnp.exe {{constructor}}", tried: "2026-05-16T08:20:11Z" } },
	{ readable: true, item: { id: "40", received: "2026-05-14T02:02:02Z", mailbox: "old-reports", bytes: 5120, reason: "too-slow", text: "the process reading it took longer than 60 seconds (limit seconds)", part: null, entry: null, line: null, byte: null, sender: "dmarc@isp.example", subject: null, tried: null } },
];
let held = [...QUARANTINE], acts: Action[] = [];
export const quarantineReset = (): void => { held = [...QUARANTINE]; acts = []; };

function heldOf(id: string): { item: Quarantined; readable: boolean } {
	const h = held.find((x) => x.item.id === id);
	if (h === undefined)
		throw new Gone(`There is no message ${id} in quarantine; it may have been read by now, or discarded.`);
	return h;
}
export function quarantined(id: string): QuarantinedItem {
	const h = heldOf(id);
	return { ...h.item, file: true, documents: id !== "42" ? [] : [{
		org_name: "reporter.example", domain: "shop.example", report_id: "17472", begin: "2026-05-14T00:00:00Z", end: "2026-05-14T23:59:59Z", rows: 2, m: 1204,
		items: [{ seq: 1, ip: "192.0.2.10", count: 1200, hfrom: "shop.example", disp: "none", dkim: "pass", spf: "pass" }, { seq: 2, ip: "2001:db8::7", count: 4, hfrom: "xn--bcher-kva.example", disp: "reject", dkim: "fail", spf: "fail" }],
	}] };
}
/* As the daemon: it waits for a moment, then it is done. */
export function act(id: string, action: Action["action"]): { item: string; action: string; state: string } {
	const h = heldOf(id), now = (): string => new Date().toISOString();
	const a: Action = { item: id, action, state: "waiting", asked: now(), done: null, result: null, reports: 0, text: "" };
	acts = [a, ...acts];
	setTimeout(() => {
		const gone = action === "discard" || h.readable;
		const done: Action = { ...a, state: "done", done: now(), result: action === "discard" ? "discarded" : h.readable ? "stored" : "rejected", reports: h.readable && action === "retry" ? 1 : 0, text: gone ? "" : h.item.text };
		acts = acts.map((x) => x === a ? done : x);
		if (gone)
			held = held.filter((x) => x !== h);
	}, 600);
	return { item: id, action, state: "waiting" };
}
export function ingest(now = Date.now()): Ingest {
	const ago = (s: number) => new Date(now - s * 1000).toISOString();
	return {
		mailboxes: [
			{ name: "reports", protocol: "imap", host: "mail.example.org", state: "idle", since: ago(180), last_success: ago(180), next_run: ago(-120), messages: { seen: 6812, new: 0 }, error: null },
			{ name: "old-reports", protocol: "pop3", host: "pop.example.net", state: "error", since: ago(5 * 3600), last_success: ago(29 * 3600), next_run: ago(-600), messages: { seen: 214, new: 0 }, error: { text: "pop.example.net:995: the certificate is for mx.example.net, not for pop.example.net", remedy: "Set host to mx.example.net, or have a certificate issued that names pop.example.net." } },
		],
		days: Array.from({ length: 42 }, (_, i) => {
			const day = addDays(LAST, i - 41), n = reports.filter((r) => r.received.slice(0, 10) === day).length;
			return { day, stored: n, duplicate: i % 6 === 0 ? 2 : 0, ignored: i % 9 === 0 ? 1 : 0, rejected: i === 30 ? 2 : 0 };
		}),
		spool: { new: 0, oldest: null },
		quarantine: [
			...held.map((h) => h.item),
		],
		quarantined: { n: held.length, bytes: held.reduce((n, h) => n + (h.item.bytes ?? 0), 0), limit: 1 << 30, keep_s: 90 * 86400 },
		actions: [...acts],
		removed: [{ at: ago(2 * 86400), rule: "size", n: 12, bytes: 31_457_280, oldest: ago(80 * 86400), newest: ago(75 * 86400) }],
		database: { bytes: 18_350_080, reports: reports.length, records: rows.length, generation: 4711 }, duplicates: 17,
		resolver: { enabled: true, known: 214, confirmed: 187, waiting: 31, failing: 3, answered: ago(90), failing_since: null },
	};
}
