/* The canvas of the chart of days (uPlot); loaded when a page has a chart. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { brush, labelEvery, lastComplete, shares, stack, ticks, totals } from "../lib/chart";
import { day as fmtDay, num, short } from "../lib/format";

export interface PlotSeries { key: string; label: string; values: number[]; color: string; hatch: boolean }
export interface PlotProps {
	days: string[];
	complete: string | null;
	series: PlotSeries[];
	share: boolean;
	marks: number[];		/* days with an event, by index */
	height: number;
	cursor: number | null;
	marked: [number, number] | null;	/* days that the keyboard has marked */
	onCursor: (i: number | null) => void;
	onBrush: (from: string, to: string) => void;
	onReset: () => void;
	onPan: (slots: number) => void;		/* to later ones: more than 0 */
}

const css = (name: string): string =>
	getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* Diagonal lines in the colour of the page over a colour: tells apart without hue. */
function hatched(ctx: CanvasRenderingContext2D, color: string, line: string, px: number): CanvasPattern | string {
	const n = Math.round(6 * px);
	const c = document.createElement("canvas");
	c.width = c.height = n;
	const g = c.getContext("2d");
	if (g === null)
		return color;
	g.fillStyle = color;
	g.fillRect(0, 0, n, n);
	g.strokeStyle = line;
	g.lineWidth = Math.max(1, px);
	g.beginPath();
	for (let o = -n; o <= n; o += n) {
		g.moveTo(o, n);
		g.lineTo(o + n, 0);
	}
	g.stroke();
	return ctx.createPattern(c, "repeat") ?? color;
}

function draw(u: uPlot, p: PlotProps): void {
	const { ctx } = u;
	const px = devicePixelRatio || 1;
	const values = p.series.map((s) => s.values);
	const tops = stack(p.share ? shares(values) : values);
	const done = lastComplete(p.days, p.complete);
	const page = css("--card");
	const fills = p.series.map((s) => {
		const c = css(s.color);
		return s.hatch ? hatched(ctx, c, page, px * 0.9) : c;
	});
	const slot = u.valToPos(1, "x", true) - u.valToPos(0, "x", true);
	const gap = slot > 10 * px ? Math.round(Math.min(slot * 0.22, 10 * px)) : slot > 3 * px ? Math.round(px) : 0;
	const y0 = u.valToPos(0, "y", true);

	ctx.save();
	ctx.beginPath();
	ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
	ctx.clip();
	for (let d = 0; d < p.days.length; d++) {
		const x = Math.round(u.valToPos(d - 0.5, "x", true) + gap / 2);
		const w = Math.max(1, Math.round(slot - gap));
		let below = y0;
		p.series.forEach((s, i) => {
			if ((s.values[d] ?? 0) === 0)
				return;
			const top = Math.round(u.valToPos(tops[i]?.[d] ?? 0, "y", true));
			const h = below - top;
			if (h <= 0)
				return;
			ctx.fillStyle = fills[i] as string | CanvasPattern;
			/* A thin line between the parts, where there is room for one. */
			ctx.fillRect(x, top, w, h > 3 * px && below !== y0 ? h - Math.round(px) : h);
			below = top;
		});
		if (d > done) {	/* not all reporters have spoken yet */
			ctx.fillStyle = hatched(ctx, "transparent", page, px * 2.2);
			ctx.fillRect(x, below, w, y0 - below);
		}
	}
	ctx.restore();
	ctx.save();
	ctx.fillStyle = css("--text");
	ctx.strokeStyle = css("--muted");
	ctx.setLineDash([3 * px, 3 * px]);
	for (const d of p.marks) {
		const x = Math.round(u.valToPos(d - 0.5, "x", true));
		ctx.beginPath();
		ctx.moveTo(x, u.bbox.top);
		ctx.lineTo(x, u.bbox.top + u.bbox.height);
		ctx.stroke();
		ctx.beginPath();
		ctx.moveTo(x - 5 * px, u.bbox.top - 7 * px);
		ctx.lineTo(x + 5 * px, u.bbox.top - 7 * px);
		ctx.lineTo(x, u.bbox.top);
		ctx.fill();
	}
	ctx.restore();
}

/*
 * Dragged with Shift, the days go along with the mouse, whole ones, and are
 * asked for when it lets go; Escape leaves them where they were.
 */
function dragged(u: uPlot, down: MouseEvent, done: (slots: number) => void): void {
	const slot = u.valToPos(1, "x") - u.valToPos(0, "x");
	const canvas = u.ctx.canvas;
	let slots = 0;
	const end = (keep: boolean): void => {
		removeEventListener("mousemove", move);
		removeEventListener("mouseup", up);
		removeEventListener("keydown", key, true);
		canvas.style.transform = "";
		u.root.classList.remove("panning");
		if (keep && slots !== 0)
			done(-slots);
	};
	const move = (e: MouseEvent): void => {
		slots = Math.round((e.clientX - down.clientX) / slot);
		canvas.style.transform = `translateX(${slots * slot}px)`;
	};
	const up = (): void => end(true);
	const key = (e: KeyboardEvent): void => {
		if (e.key === "Escape") {
			e.preventDefault();
			e.stopPropagation();
			end(false);
		}
	};
	u.root.classList.add("panning");
	addEventListener("mousemove", move);
	addEventListener("mouseup", up);
	addEventListener("keydown", key, true);
}

export default function Plot(p: PlotProps) {
	const box = useRef<HTMLDivElement>(null);
	const plot = useRef<uPlot | null>(null);
	const now = useRef(p);
	now.current = p;

	useEffect(() => {
		const el = box.current;
		if (el === null)
			return;
		const n = p.days.length;
		const sums = totals(p.series.map((s) => s.values));
		const marks = p.share ? [0, 0.25, 0.5, 0.75, 1] : ticks(Math.max(0, ...sums));
		const top = marks[marks.length - 1] as number;
		const axis = {
			stroke: () => css("--muted"), font: `12px ${css("--font")}`, ticks: { show: false },
		};
		const u = new uPlot({
			width: el.clientWidth, height: p.height, padding: [14, 22, 0, 0],
			legend: { show: false },
			scales: { x: { time: false, range: () => [-0.5, Math.max(0, n - 1) + 0.5] }, y: { range: () => [0, top] } },
			series: [{}, { paths: () => null, points: { show: false } }],
			axes: [
				{
					...axis, size: 28, gap: 6, grid: { show: false },
					splits: (self) => {
						const every = labelEvery(n, Math.max(2, Math.floor(self.bbox.width / (devicePixelRatio || 1) / 72)));
						const out: number[] = [];
						for (let i = n - 1; i >= 0; i -= every)
							out.unshift(i);
						return out;
					},
					values: (_u, v) => v.map((i) => fmtDay(now.current.days[i] ?? null)),
				},
				{
					...axis, gap: 6, size: 52, grid: { stroke: () => css("--line"), width: 1 },
					splits: () => marks,
					values: (_u, v) => v.map((y) => p.share ? `${Math.round(y * 100)} %` : top >= 10000 ? short(y) : num(y)),
				},
			],
			cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false }, bind: {
				mousedown: (self, _target, usual) => (e) => {
					if (e.shiftKey && e.button === 0)
						dragged(self, e, (slots) => now.current.onPan(slots));
					else
						usual(e);
					return null;
				},
				dblclick: () => () => {
					now.current.onReset();
					return null;
				},
			} },
			hooks: {
				draw: [(self) => draw(self, now.current)],
				setCursor: [(self) => now.current.onCursor(self.cursor.idx ?? null)],
				setSelect: [(self) => {
					const { left, width } = self.select;
					if (width < 4)
						return;
					const r = brush(self.posToVal(left, "x") + 0.5, self.posToVal(left + width, "x") + 0.5, n);
					self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
					if (r !== null)
						now.current.onBrush(now.current.days[r[0]] as string, now.current.days[r[1]] as string);
				}],
			},
		}, [p.days.map((_, i) => i), sums], el);
		plot.current = u;

		const ro = new ResizeObserver(() => {
			if (el.clientWidth > 0 && Math.abs(el.clientWidth - u.width) >= 1)
				u.setSize({ width: el.clientWidth, height: now.current.height });
		});
		ro.observe(el);
		const mo = new MutationObserver(() => u.redraw(false, true));
		mo.observe(document.documentElement, { attributeFilter: ["data-theme"] });
		return () => {
			ro.disconnect();
			mo.disconnect();
			u.destroy();
			plot.current = null;
		};
	}, [p.days, p.series, p.share, p.height, p.complete, p.marks]);

	/* The data cursor of the keyboard moves the line of the chart. */
	useEffect(() => {
		const u = plot.current;
		if (u === null || p.cursor === null || u.cursor.idx === p.cursor)
			return;
		u.setCursor({ left: u.valToPos(p.cursor, "x"), top: 10 }, false);
	}, [p.cursor]);

	/* What the keyboard has marked looks as if it had been dragged over. */
	useEffect(() => {
		const u = plot.current;
		if (u === null)
			return;
		const [a, b] = p.marked ?? [0, -1], left = u.valToPos(a - 0.5, "x"), right = u.valToPos(b + 0.5, "x");
		u.setSelect(p.marked === null ? { left: 0, top: 0, width: 0, height: 0 } : { left, top: 0, width: right - left, height: u.bbox.height / (devicePixelRatio || 1) }, false);
	}, [p.marked?.[0], p.marked?.[1]]);

	return <div class="plot" ref={box} style={{ height: `${p.height}px` }} />;
}
