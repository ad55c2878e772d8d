/* Countries by one measure, the largest first. */
import type { Breakdown, Counts } from "./types";

const OF: Record<string, (c: Counts) => number> = {
	m: (c) => c.m, pass: (c) => c.both + c.dkim_only + c.spf_only, fail: (c) => c.fail_fix + c.fail_fwd + c.fail_unk,
	fail_fix: (c) => c.fail_fix, fail_fwd: (c) => c.fail_fwd, fail_unk: (c) => c.fail_unk, quarantine: (c) => c.quarantine, reject: (c) => c.reject,
	overridden: (c) => c.overridden, collateral: (c) => c.collateral, leaked: (c) => c.leaked,
};
export const MAP_MEASURES = Object.keys(OF);

export const ranked = (items: Breakdown["items"], measure: string): { key: string; value: number }[] =>
	items.map((i) => ({ key: i.key, value: (OF[measure] ?? OF.m as (c: Counts) => number)(i.counts) })).filter((r) => r.value > 0)
		.sort((a, b) => b.value - a.value || (a.key < b.key ? -1 : 1));
