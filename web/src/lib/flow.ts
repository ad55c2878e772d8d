/*
 * The arithmetic of flow and heat map, without a page: where nodes and ribbons
 * stand, which filters a mark stands for, which step of colour a value has.
 */
import { canFilter, setFilter, type Filter, type FilterKey, type State } from "./url";
import { groupFilter, STAGES, type Flow, type FlowLink, type FlowNode, type Group, type HeatRow } from "./types-flow";

/* ---- Layout ---- */

export interface Box { node: FlowNode; x: number; y: number; h: number }
export interface Ribbon { link: FlowLink; from: Box; to: Box; y0: number; y1: number; h: number; over: number }
export interface Layout { boxes: Box[]; ribbons: Ribbon[]; thin: number; thinM: number; height: number }

export const NODE_W = 12;
const GAP = 24;		/* between two nodes: a label stands beside each */
const THIN = 0.01;	/* ribbons of less are not drawn, but told */

/*
 * Each node is as high as its messages, in the same scale everywhere, and
 * stands in the order of the answer. Ribbons leave and arrive in the order of
 * where they go to and come from, so that few of them cross.
 */
export function layout(f: Flow, width: number, height: number): Layout {
	const columns = STAGES.map((s) => f.nodes.filter((n) => n.stage === s));
	const most = Math.max(1, ...columns.map((c) => c.length));
	const scale = f.m > 0 ? Math.max(20, height - (most - 1) * GAP) / f.m : 0;
	const boxes = new Map<string, Box>();
	let bottom = 0;

	columns.forEach((c, i) => {
		const x = i * (width - NODE_W) / (STAGES.length - 1);
		const high = c.reduce((n, node) => n + Math.max(1, node.m * scale), 0) + (c.length - 1) * GAP;
		let y = Math.max(0, (height - high) / 2);
		for (const node of c) {
			const h = Math.max(1, node.m * scale);
			boxes.set(node.id, { node, x, y, h });
			y += h + GAP;
		}
		bottom = Math.max(bottom, y - GAP);
	});

	const ribbons: Ribbon[] = [];
	let thin = 0, thinM = 0;
	const out = new Map<string, number>(), into = new Map<string, number>();
	const known = f.links.flatMap((link) => {
		const from = boxes.get(link.from), to = boxes.get(link.to);
		return from === undefined || to === undefined ? [] : [{ link, from, to }];
	});
	const rank = (a: { from: Box; to: Box }): number => a.from.y * 1e5 + a.to.y;
	known.sort((a, b) => rank(a) - rank(b));
	for (const k of known) {
		const h = k.link.m * scale, at = out.get(k.link.from) ?? 0;
		out.set(k.link.from, at + h);
		ribbons.push({ ...k, y0: k.from.y + at, y1: 0, h, over: k.link.overruled * scale });
	}
	for (const r of [...ribbons].sort((a, b) => a.to.y - b.to.y || a.from.y - b.from.y)) {
		const at = into.get(r.link.to) ?? 0;
		into.set(r.link.to, at + r.h);
		r.y1 = r.to.y + at;
	}
	const drawn = ribbons.filter((r) => {
		if (r.link.m >= f.m * THIN)
			return true;
		thin++;
		thinM += r.link.m;
		return false;
	});
	return { boxes: [...boxes.values()], ribbons: drawn, thin, thinM, height: Math.max(height, bottom) };
}

const SLIM = 18;		/* a ribbon that is thinner would run along the letters of its node's label */
const LINE = 14;		/* how high a label is */

/*
 * The middle of each node's label. Beside a node that is high enough; else
 * above the ribbons that leave it, or beneath them where they rise, unless the
 * label of the node above is there already.
 */
export function labelYs(d: Pick<Layout, "boxes" | "ribbons">): Map<string, number> {
	const out = new Map<string, number>();
	let x = NaN, taken = -Infinity;
	for (const b of d.boxes) {
		if (b.x !== x)
			taken = -Infinity;
		x = b.x;
		const away = d.ribbons.filter((r) => r.from === b).sort((p, q) => q.h - p.h)[0];
		let y = b.y + b.h / 2;
		if (away !== undefined && b.h < SLIM)
			y = away.y1 < away.y0 - 2 ? b.y + b.h + LINE / 2 + 1 : b.y - LINE / 2;
		y = Math.max(y, taken + LINE, LINE / 2);
		out.set(b.node.id, y);
		taken = y;
	}
	return out;
}

const px = (v: number): string => v.toFixed(1);

/* The outline of a band from one node to another: skip and h are parts of its height. */
export function band(r: Ribbon, skip = 0, h = r.h): string {
	const x0 = r.from.x + NODE_W, x1 = r.to.x, mid = (x0 + x1) / 2, a = r.y0 + skip, b = r.y1 + skip;
	return `M${px(x0)} ${px(a)}C${px(mid)} ${px(a)} ${px(mid)} ${px(b)} ${px(x1)} ${px(b)}V${px(b + h)}C${px(mid)} ${px(b + h)} ${px(mid)} ${px(a + h)} ${px(x0)} ${px(a + h)}Z`;
}

/* ---- Filters ---- */

const f = (key: FilterKey, values: string[], not = false): Filter => ({ key, not, contains: false, values });
const RESULT: Record<string, Filter> = {
	"spf pass": f("spf", ["pass"]), "spf fail": f("spf", ["pass"], true),
	"dkim pass": f("dkim", ["pass"]), "dkim fail": f("dkim", ["pass", "none", "absent"], true), "dkim none": f("dkim", ["none", "absent"]),
};
const DISP: Record<string, string[]> = { delivered: ["none", "pass"], quarantine: ["quarantine"], reject: ["reject"], other: ["other"] };
const OUTCOME: Record<string, Filter[]> = {
	both: [f("align", ["both"])], dkim_only: [f("align", ["dkim"])], spf_only: [f("align", ["spf"])], untold: [f("align", ["untold"])],
	fail_fwd: [f("align", ["none"]), f("fwd", ["certain", "likely"])],
	fail_fix: [f("align", ["none"]), f("fwd", ["no"]), f("class", ["own", "service", "candidate"])],
	fail_unk: [f("align", ["none"]), f("fwd", ["no"]), f("class", ["own", "service", "candidate"], true)],
};

/* One group, or all but those that have a node of their own; null: the grammar cannot say it. */
export function groupFilters(by: Group, key: string | null, others: (string | null)[]): Filter[] | null {
	const keys = key !== null ? [key] : others.filter((k): k is string => k !== null);
	if (keys.length === 0 || keys.some((k) => !canFilter(k)))
		return keys.length === 0 ? [] : null;
	return [f(groupFilter(by), keys, key === null)];
}

/* The filters that select what a node stands for. */
export function nodeFilters(d: Flow, n: FlowNode): Filter[] | null {
	const [spf, dkim] = (n.key ?? "").split("_");
	switch (n.stage) {
	case "group":
		return groupFilters(d.by as Group, n.key, d.nodes.filter((x) => x.stage === "group").map((x) => x.key));
	case "auth":
		return [RESULT[`spf ${spf}`], RESULT[`dkim ${dkim}`]].filter((x): x is Filter => x !== undefined);
	case "align":
		return [f("align", [n.key ?? ""])];
	default:
		return [f("disp", DISP[n.key ?? ""] ?? [n.key ?? ""])];
	}
}

export function linkFilters(d: Flow, l: FlowLink): Filter[] | null {
	const ends = [l.from, l.to].map((id) => d.nodes.find((n) => n.id === id));
	const out: Filter[] = [];
	for (const n of ends) {
		const one = n === undefined ? null : nodeFilters(d, n);
		if (one === null)
			return null;
		out.push(...one);
	}
	return [...out, ...(OUTCOME[l.outcome] ?? [])];
}

/* Both filters at once, as far as one clause can say it: what holds stays. */
function both(a: Filter, b: Filter): Filter {
	if (a.contains || b.contains || (a.key === "ip" && !a.not && !b.not))
		return b.contains ? a : b;
	const has = (x: Filter, v: string) => x.values.includes(v);
	const values = a.not && b.not ? [...new Set([...a.values, ...b.values])] :
		a.not ? b.values.filter((v) => !has(a, v)) : b.not ? a.values.filter((v) => !has(b, v)) : a.values.filter((v) => has(b, v));
	return values.length === 0 ? b : { ...b, not: a.not && b.not, values };
}

export function narrow(s: State, list: Filter[]): State {
	return list.reduce((n, x) => {
		const old = n.filters.find((o) => o.key === x.key);
		return setFilter(n, old === undefined ? x : both(old, x));
	}, s);
}

/* ---- Heat ---- */

export const STEPS = 7;
const SHARES = [0.5, 0.8, 0.9, 0.95, 0.98, 0.995];

/* Upper ends of all steps but the last; counts grow by squares, since most are small. */
export function heatLimits(values: (number | null)[][], rate: boolean): number[] {
	if (rate)
		return SHARES;
	const max = Math.max(0, ...values.map((r) => Math.max(0, ...r.map((v) => v ?? 0))));
	return Array.from({ length: STEPS - 1 }, (_, i) => Math.max(i + 1, Math.round(max * ((i + 1) / STEPS) ** 2)));
}

/* -1: not known; 0: none; then 1 to STEPS. */
export function heatStep(v: number | null, limits: number[], rate: boolean): number {
	if (v === null)
		return -1;
	if (v === 0 && !rate)
		return 0;
	const i = limits.findIndex((x) => rate ? v < x : v <= x);
	return i === -1 ? STEPS : i + 1;
}

export const heatKeys = (rows: HeatRow[]): (string | null)[] => rows.map((r) => r.key);

/* ---- A table as a file ---- */

/* What a spreadsheet would take for a formula stands behind an apostrophe. */
export const csvCell = (v: string | number | null): string => {
	const s = v === null ? "" : String(v);
	const safe = typeof v === "string" && /^[=+\-@\t\r]/.test(s) ? `'${s}` : s;
	return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};
export const csv = (rows: (string | number | null)[][]): string => rows.map((r) => r.map(csvCell).join(",") + "\r\n").join("");
