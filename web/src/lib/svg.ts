/* Charts as pictures: text of an SVG file, from figures. Everything that is said in it is escaped here. */
import { labelEvery, shares, stack, ticks, totals } from "./chart";
import { safeText } from "./safe";

type Attrs = Record<string, string | number | undefined>;

const escape = (s: string): string => safeText(s).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const el = (name: string, attrs: Attrs, ...inside: string[]): string =>
	`<${name}${Object.entries(attrs).filter(([, v]) => v !== undefined).map(([k, v]) => ` ${k}="${typeof v === "number" ? Math.round(v * 10) / 10 : escape(v as string)}"`).join("")}` +
	(inside.length === 0 ? "/>" : `>${inside.join("")}</${name}>`);
const text = (x: number, y: number, s: string, attrs: Attrs = {}): string => el("text", { x, y, ...attrs }, escape(s));

export interface Look { text: string; muted: string; line: string; card: string; font: string }

function file(width: number, height: number, look: Look, title: string, inside: string[]): string {
	return `<?xml version="1.0" encoding="UTF-8"?>\n` + el("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": look.font, "font-size": 12 },
		el("title", {}, escape(title)), el("rect", { width, height, fill: look.card }), ...inside) + "\n";
}

const hatch = (id: string, color: string, line: string): string =>
	el("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, el("rect", { width: 6, height: 6, fill: color }), el("path", { d: "M-1,7L7,-1M-1,1L1,-1M5,7L7,5", stroke: line, "stroke-width": 1 }));

export interface DaySvg {
	title: string; summary: string; days: string[]; dayLabel: (d: string) => string; number: (n: number) => string;
	series: { label: string; values: number[]; color: string; hatch: boolean }[];
	share: boolean; marks: number[]; done: number; look: Look;
}

/* Stacked bars by day, with a legend below. */
export function daySvg(c: DaySvg): string {
	const W = 960, left = 64, top = 64, high = 300, wide = W - left - 16, n = c.days.length;
	const rows = c.series.map((s) => s.values), tops = stack(c.share ? shares(rows) : rows);
	const scale = c.share ? [0, 0.25, 0.5, 0.75, 1] : ticks(Math.max(0, ...totals(rows)));
	const most = scale[scale.length - 1] as number, slot = n > 0 ? wide / n : wide, gap = slot > 6 ? slot * 0.2 : 0;
	const y = (v: number): number => top + high - (v / most) * high, out: string[] = [];

	out.push(el("defs", {}, ...c.series.map((s, i) => s.hatch ? hatch(`s${i}`, s.color, c.look.card) : "")));
	out.push(text(16, 26, c.title, { fill: c.look.text, "font-size": 16, "font-weight": 600 }), text(16, 46, c.summary, { fill: c.look.muted }));
	for (const v of scale)
		out.push(el("path", { d: `M${left},${y(v).toFixed(1)}h${wide}`, stroke: c.look.line }), text(left - 8, y(v) + 4, c.share ? `${Math.round(v * 100)} %` : c.number(v), { fill: c.look.muted, "text-anchor": "end" }));
	for (let d = 0; d < n; d++)
		c.series.forEach((s, i) => {
			const above = tops[i]?.[d] ?? 0, below = i === 0 ? 0 : tops[i - 1]?.[d] ?? 0;
			if (above > below)
				out.push(el("rect", { x: left + d * slot + gap / 2, y: y(above), width: Math.max(0.5, slot - gap), height: y(below) - y(above), fill: s.hatch ? `url(#s${i})` : s.color, opacity: d > c.done ? 0.5 : undefined },
					el("title", {}, escape(`${c.dayLabel(c.days[d] as string)}: ${s.label} ${c.number(s.values[d] ?? 0)}`))));
		});
	for (const d of c.marks)
		out.push(el("path", { d: `M${(left + d * slot).toFixed(1)},${top}v${high}`, stroke: c.look.muted, "stroke-dasharray": "3 3" }));
	const every = labelEvery(n, 12);
	for (let d = n - 1; d >= 0; d -= every)
		out.push(text(left + (d + 0.5) * slot, top + high + 18, c.dayLabel(c.days[d] as string), { fill: c.look.muted, "text-anchor": "middle" }));
	let x = left, line = top + high + 44;
	c.series.forEach((s, i) => {
		const w = 40 + s.label.length * 7;
		if (x + w > W && x > left) {
			x = left;
			line += 20;
		}
		out.push(el("rect", { x, y: line - 10, width: 12, height: 12, fill: s.hatch ? `url(#s${i})` : s.color }), text(x + 18, line, s.label, { fill: c.look.text }));
		x += w;
	});
	return file(W, line + 20, c.look, c.title, out);
}

export interface HeatSvg {
	title: string; summary: string; days: string[]; dayLabel: (d: string) => string; rows: { label: string; cells: { color: string; said: string }[] }[]; look: Look;
}

/* Cells by row and day. */
export function heatSvg(c: HeatSvg): string {
	const left = 220, top = 84, cell = Math.max(8, Math.min(26, 720 / Math.max(1, c.days.length))), W = Math.max(640, left + c.days.length * cell + 16), out: string[] = [];
	out.push(text(16, 26, c.title, { fill: c.look.text, "font-size": 16, "font-weight": 600 }), text(16, 46, c.summary, { fill: c.look.muted }));
	const every = labelEvery(c.days.length, Math.max(2, Math.floor(c.days.length * cell / 60)));
	for (let d = c.days.length - 1; d >= 0; d -= every)
		out.push(text(left + (d + 1) * cell, top - 8, c.dayLabel(c.days[d] as string), { fill: c.look.muted, "text-anchor": "end" }));
	c.rows.forEach((r, i) => {
		out.push(text(left - 8, top + i * 22 + 15, r.label.length > 30 ? r.label.slice(0, 29) + "…" : r.label, { fill: c.look.text, "text-anchor": "end" }));
		r.cells.forEach((x, d) => out.push(el("rect", { x: left + d * cell, y: top + i * 22, width: cell - 1, height: 21, fill: x.color, stroke: x.color === "none" ? c.look.line : undefined }, el("title", {}, escape(x.said)))));
	});
	return file(W, top + c.rows.length * 22 + 20, c.look, c.title, out);
}
