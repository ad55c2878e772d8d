/* Flow and heat map of the made-up rows. */
import { addDays, daysBetween } from "../src/lib/url";
import { isRate, type Flow, type FlowLink, type FlowNode, type Heatmap, type Stage } from "../src/lib/types-flow";
import { COMPLETE, reports, type MockRow } from "./data";
import { Bad, count, outcomeOf, period, select, valuesOf } from "./query";
import { classOf, senderOf } from "./senders";

const LISTS = ["selector", "sigdomain", "spfdomain", "reason"];

function keyOf(r: MockRow, by: string): string {
	if (LISTS.includes(by))
		throw new Bad("by", `one message can have several values of "${by}"`);
	return valuesOf(r, by)[0] ?? "";
}
function labelOf(r: MockRow, by: string, key: string): string {
	return by === "reporter" ? r.reporter.label : by === "sender" ? senderOf(r).label : key;
}

export function measured(r: MockRow, m: string): boolean {
	const o = outcomeOf(r), d = r.policy_eval.disp, yours = ["own", "service", "candidate"].includes(classOf(senderOf(r), r.domain)) && r.fwd === "no";
	const stopped = d === "quarantine" || d === "reject";
	switch (m) {
	case "m": return true;
	case "pass": case "pass_rate": return ["both", "dkim_only", "spf_only"].includes(o);
	case "fail": return o.startsWith("fail_");
	case "fail_fix": case "fail_fwd": case "fail_unk": return o === m;
	case "quarantine": case "reject": return d === m;
	case "overridden": return r.overridden;
	case "collateral": return o === "fail_fwd" && stopped;
	case "leaked": return o === "fail_unk" && !stopped;
	case "legit_pass": return yours && !o.startsWith("fail_");
	case "dkim_cover": return yours && (o === "both" || o === "dkim_only");
	default: throw new Bad("measure", `"${m}" is no measure`);
	}
}
const inWhole = (r: MockRow, m: string): boolean => m === "pass_rate" || (["own", "service", "candidate"].includes(classOf(senderOf(r), r.domain)) && r.fwd === "no");

function top(list: MockRow[], by: string, n: number): { keys: string[]; labels: Map<string, string>; all: number } {
	const sums = new Map<string, number>(), labels = new Map<string, string>();
	for (const r of list) {
		const k = keyOf(r, by);
		sums.set(k, (sums.get(k) ?? 0) + r.count);
		labels.set(k, labelOf(r, by, k));
	}
	const keys = [...sums].sort((a, b) => b[1] - a[1]).map(([k]) => k);
	return { keys: keys.slice(0, n), labels, all: keys.length };
}

export function flow(p: URLSearchParams): Flow {
	const by = p.get("by") ?? "sender", measure = p.get("measure") ?? "m", range = period(p);
	if (isRate(measure))
		throw new Bad("measure", "a rate does not add up");
	const list = select(p).filter((r) => measured(r, measure));
	const g = top(list, by, Number(p.get("top") ?? 8));
	const AUTH = ["pass_pass", "pass_fail", "pass_none", "fail_pass", "fail_fail", "fail_none"], ALIGN = ["both", "dkim", "spf", "none", "untold"], DISP = ["delivered", "quarantine", "reject", "other"];
	const order: Record<Stage, (string | null)[]> = { group: [...g.keys, null], auth: AUTH, align: ALIGN, disp: DISP };
	const links = new Map<string, FlowLink>(), sums = new Map<string, number>();
	for (const r of list) {
		const spf = valuesOf(r, "spf")[0] === "pass" ? "pass" : "fail", raw = valuesOf(r, "dkim")[0] ?? "";
		const dkim = raw === "pass" ? "pass" : raw === "none" || raw === "absent" ? "none" : "fail";
		const key = keyOf(r, by), d = r.policy_eval.disp;
		const ids = [`group:${g.keys.includes(key) ? key : ""}`, `auth:${spf}_${dkim}`, `align:${valuesOf(r, "align")[0]}`, `disp:${d === "none" || d === "pass" ? "delivered" : d}`];
		for (const [i, id] of ids.entries()) {
			sums.set(id, (sums.get(id) ?? 0) + r.count);
			const to = ids[i + 1];
			if (to === undefined)
				continue;
			const k = `${id}\n${to}\n${outcomeOf(r)}`;
			const l = links.get(k) ?? { from: id, to, outcome: outcomeOf(r), m: 0, overruled: 0 };
			l.m += r.count;
			if (i === 2 && r.overridden)
				l.overruled += r.count;
			links.set(k, l);
		}
	}
	const nodes = (Object.keys(order) as Stage[]).flatMap((stage) => order[stage].flatMap((key): FlowNode[] => {
		const m = sums.get(`${stage}:${key ?? ""}`);
		return m === undefined ? [] : [{ id: `${stage}:${key ?? ""}`, stage, key, label: key === null ? "Others" : g.labels.get(key) ?? key, m, n: key === null ? g.all - g.keys.length : 1 }];
	}));
	return { ...range, by, measure, m: count(list).m, nodes, links: [...links.values()] };
}

export function heatmap(p: URLSearchParams): Heatmap {
	const by = p.get("rows") ?? p.get("by") ?? "sender", measure = p.get("measure") ?? "m", range = period(p), step = p.get("step") === "week" ? "week" : "day";
	const list = select(p), rate = isRate(measure);
	const monday = (d: string) => addDays(d, -((new Date(d + "T00:00:00Z").getUTCDay() + 6) % 7));
	const all = Array.from({ length: daysBetween(range.from, range.to) }, (_, i) => addDays(range.from, i));
	const stepOf = (d: string): string => step === "week" ? (monday(d) < range.from ? range.from : monday(d)) : d;
	const days = [...new Set(all.map(stepOf))];
	const g = top(rate ? list : list.filter((r) => measured(r, measure)), by, Number(p.get("top") ?? 20));
	const keys: (string | null)[] = g.all > g.keys.length ? [...g.keys, null] : g.keys;
	const known = new Set(reports.map((r) => stepOf(r.day)));
	const sum = (rs: MockRow[], whole: boolean): number => count(rs.filter((r) => whole ? inWhole(r, measure) : measured(r, measure))).m;
	const value = (rs: MockRow[]): number | null => !rate ? sum(rs, false) : sum(rs, true) === 0 ? null : sum(rs, false) / sum(rs, true);
	const mine = (key: string | null): MockRow[] => list.filter((r) => key === null ? !g.keys.includes(keyOf(r, by)) : keyOf(r, by) === key);
	return {
		...range, by, measure, step, complete_through: COMPLETE, days,
		rows: keys.map((key) => ({ key, label: key === null ? "Others" : g.labels.get(key) ?? key, m: count(mine(key)).m, value: value(mine(key)), n: key === null ? g.all - g.keys.length : 1 })),
		values: keys.map((key) => {
			const rs = mine(key);
			return days.map((d) => {
				const cell = rs.filter((r) => stepOf(r.day) === d);
				return !known.has(d) || (by === "reporter" && cell.length === 0) ? null : value(cell);
			});
		}),
	};
}
