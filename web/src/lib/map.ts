/* Countries by one measure, the largest first. */
import type { Breakdown, Counts } from "./types";
import { daysBetween } from "./url";

const OF: Record<string, (c: Counts) => number> = {
	m: (c) => c.m, pass: (c) => c.both + c.dkim_only + c.spf_only, fail: (c) => c.fail_fix + c.fail_fwd + c.fail_unk,
	fail_fix: (c) => c.fail_fix, fail_fwd: (c) => c.fail_fwd, fail_unk: (c) => c.fail_unk, quarantine: (c) => c.quarantine, reject: (c) => c.reject,
	overridden: (c) => c.overridden, collateral: (c) => c.collateral, leaked: (c) => c.leaked,
};
/* "first": not how much, but since when; the ones that came last stand out. */
export const MAP_MEASURES = [...Object.keys(OF), "first"];

export const ranked = (items: Breakdown["items"], measure: string): { key: string; value: number }[] =>
	items.map((i) => ({ key: i.key, value: (OF[measure] ?? OF.m as (c: Counts) => number)(i.counts) })).filter((r) => r.value > 0)
		.sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1));

export interface Met { key: string; value: number; first: string }
/* Those with mail now by the first day that is known of them, the latest first. */
export const firsts = (now: Breakdown["items"], ever: Breakdown["items"]): Met[] => {
	const days = new Map(ever.map((i) => [i.key, i.first_day] as const));
	return now.flatMap((i) => {
		const first = days.get(i.key) ?? i.first_day;
		return i.counts.m === 0 || first === null ? [] : [{ key: i.key, value: i.counts.m, first }];
	}).sort((a, b) => a.first < b.first ? 1 : a.first > b.first ? -1 : b.value - a.value || (a.key < b.key ? -1 : 1));
};

/* The step of colour of a first day: 1 what was there before the range, then the later the darker. */
export function dayStep(first: string, from: string, to: string, steps: number): number {
	if (first < from)
		return 1;
	const n = daysBetween(from, to), at = Math.min(n, daysBetween(from, first)) - 1;
	return Math.min(steps, 2 + Math.floor(at * (steps - 1) / Math.max(1, n)));
}
