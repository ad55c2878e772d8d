/* The arithmetic of charts, without a canvas. */

/* Running sums per day: tops[i][d] is the upper edge of series i. */
export function stack(values: number[][]): number[][] {
	const n = values[0]?.length ?? 0;
	const run = new Array<number>(n).fill(0);
	return values.map((row) => row.map((v, d) => (run[d] = (run[d] as number) + v)));
}

/* Each day as shares of its total; a day without mail stays empty. */
export function shares(values: number[][]): number[][] {
	const n = values[0]?.length ?? 0;
	const sum = new Array<number>(n).fill(0);
	for (const row of values)
		row.forEach((v, d) => (sum[d] = (sum[d] as number) + v));
	return values.map((row) => row.map((v, d) => (sum[d] as number) === 0 ? 0 : v / (sum[d] as number)));
}

export const totals = (values: number[][]): number[] => {
	const tops = stack(values);
	return tops[tops.length - 1] ?? [];
};

/* Round whole numbers from 0 to not below `max`, for an axis of counts. */
export function ticks(max: number, want = 4): number[] {
	if (!(max > 0))
		return [0, 1];
	const raw = Math.max(1, max / want), p = Math.pow(10, Math.floor(Math.log10(raw)));
	const step = ([1, 2, 2.5, 5, 10].find((f) => f * p >= raw && Number.isInteger(f * p)) ?? 10) * p;
	const out: number[] = [];
	for (let v = 0; ; v += step) {
		out.push(v);
		if (v >= max)
			return out;
	}
}

/* Which of n days carry a label, so that about `fit` labels stand on the axis. */
export function labelEvery(n: number, fit: number): number {
	if (n <= fit)
		return 1;
	for (const s of [2, 3, 5, 7, 14, 28, 56, 91, 182, 365])
		if (n / s <= fit)
			return s;
	return Math.ceil(n / fit);
}

/* Two positions of the mouse, in days from the left edge, to a range of days. */
export function brush(a: number, b: number, n: number): [number, number] | null {
	const clamp = (v: number) => Math.max(0, Math.min(n - 1, v));
	if (n === 0)
		return null;
	const lo = clamp(Math.floor(Math.min(a, b))), hi = clamp(Math.ceil(Math.max(a, b)) - 1);
	return [lo, Math.max(lo, hi)];
}

/* The last day that counts as complete within `days`; -1 if none does. */
export function lastComplete(days: string[], complete: string | null): number {
	if (complete === null)
		return -1;
	let last = -1;
	days.forEach((d, i) => {
		if (d <= complete)
			last = i;
	});
	return last;
}

/* An SVG path for a sparkline; null breaks the line. */
export function sparkPath(values: (number | null)[], w: number, h: number, pad = 1): string {
	const max = Math.max(1, ...values.map((v) => v ?? 0));
	const step = values.length > 1 ? (w - 2 * pad) / (values.length - 1) : 0;
	let d = "", pen = false;

	values.forEach((v, i) => {
		if (v === null) {
			pen = false;
			return;
		}
		const x = pad + i * step, y = h - pad - (v / max) * (h - 2 * pad);
		d += `${pen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
		pen = true;
	});
	return d;
}

/* At most n values, by summing neighbours: a year fits into a small spark. */
export function squeeze(values: (number | null)[], n: number): (number | null)[] {
	if (values.length <= n)
		return values;
	const out: (number | null)[] = [];
	for (let i = 0; i < n; i++) {
		const part = values.slice(Math.floor(i * values.length / n), Math.floor((i + 1) * values.length / n));
		const known = part.filter((v): v is number => v !== null);
		out.push(known.length === 0 ? null : known.reduce((a, b) => a + b, 0));
	}
	return out;
}
