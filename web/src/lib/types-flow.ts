/* Answers of /flow and /heatmap. */
import type { FilterKey } from "./url";

export type Stage = "group" | "auth" | "align" | "disp";
export const STAGES: readonly Stage[] = ["group", "auth", "align", "disp"];

export interface FlowNode { id: string; stage: Stage; key: string | null; label: string; m: number; n: number }
export interface FlowLink { from: string; to: string; outcome: string; m: number; overruled: number }
export interface Flow { from: string; to: string; by: string; measure: string; m: number; nodes: FlowNode[]; links: FlowLink[] }

export interface HeatRow { key: string | null; label: string; m: number; value: number | null; n: number }
export interface Heatmap {
	from: string; to: string; by: string; measure: string; step: "day" | "week"; complete_through: string | null;
	days: string[]; rows: HeatRow[]; values: (number | null)[][];
}

/* What the daemon groups by (country and asn where it knows places), and the filter that keeps one of its values. */
export const GROUPS = ["sender", "reporter", "domain", "class", "ip", "prefix", "hfrom", "code", "disposition", "health", "country", "asn", "ptr"] as const;
export type Group = (typeof GROUPS)[number];
export const groupFilter = (g: Group): FilterKey => g === "prefix" ? "ip" : g === "disposition" ? "disp" : g;

export const COUNTS = ["m", "pass", "fail", "fail_fix", "fail_fwd", "fail_unk", "quarantine", "reject", "overridden", "collateral", "leaked"] as const;
export const RATES = ["pass_rate", "legit_pass", "dkim_cover"] as const;
export const isRate = (m: string): boolean => (RATES as readonly string[]).includes(m);
