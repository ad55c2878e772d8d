/* Small marks: bars, rates, states, codes. Always a word or a number beside a colour. */
import { hasKey, t, word, type Key } from "../i18n";
import { DASH, num, percent, ratio } from "../lib/format";
import { sparkPath, squeeze } from "../lib/chart";
import type { Counts, DomainStatus, Leg, Policy } from "../lib/types";
import { Icon, type IconName } from "./icons";
import { safeText } from "../lib/safe";
import { Safe, Value } from "./text";

export const OUTCOMES = ["both", "dkim_only", "spf_only", "fail_fwd", "fail_fix", "fail_unk", "untold"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const passed = (c: Counts): number => c.both + c.dkim_only + c.spf_only;
export const failing = (c: Counts): number => c.fail_fix + c.fail_unk;
export const passRate = (c: Counts): number | null => ratio(passed(c), c.m);
const FEW = 50;

/* A rate as bar and number; few messages make it grey. */
export function Rate({ part, whole, level = true }: { part: number; whole: number; level?: boolean }) {
	const r = ratio(part, whole);
	if (r === null)
		return <span class="rate muted">{DASH}</span>;
	const few = whole < FEW;
	const cls = few ? "few" : !level ? "flat" : r >= 0.98 ? "good" : r >= 0.5 ? "mid" : "low";
	return (
		<span class={`rate ${cls}`} title={few ? t("rate.few", { n: whole }) : undefined}>
			<span class="bar" aria-hidden="true"><span style={{ width: `${r * 100}%` }} /></span>
			<span class="n">{percent(r)}</span>
		</span>
	);
}

/* A count with its share of the largest one as a quiet bar. */
export function Amount({ n, max }: { n: number; max: number }) {
	return (
		<span class="amount">
			<span class="n">{num(n)}</span>
			<span class="bar" aria-hidden="true"><span style={{ width: `${max > 0 ? (n / max) * 100 : 0}%` }} /></span>
		</span>
	);
}

const LEG_KEYS = ["pass", "fail", "none", "error", "absent"] as const;

/* What a check gave, raw: the commonest result and its share; the rest in the title. */
export function LegResult({ leg, m }: { leg: Leg; m: number }) {
	const top = LEG_KEYS.reduce((a, b) => leg[b] > leg[a] ? b : a);
	const all = LEG_KEYS.filter((k) => leg[k] > 0).map((k) => `${t(`result.${k}`)} ${num(leg[k])}`).join(" · ");
	if (m === 0)
		return <span class="muted">{DASH}</span>;
	return (
		<span class={`leg leg-${top}`} title={all}>
			<Icon name={top === "pass" ? "check" : top === "fail" ? "cross" : top === "error" ? "warn" : "off"} size={16} />
			<span>{t(`result.${top}`)}</span>
			{leg[top] < m && <span class="muted n">{percent(leg[top] / m)}</span>}
		</span>
	);
}

/* How much of the mail a check covered for the visible From. */
export function LegAligned({ leg, m }: { leg: Leg; m: number }) {
	return <Rate part={leg.aligned} whole={m} />;
}

const RESULT_ICON: Record<string, IconName> = {
	pass: "check", fail: "cross", softfail: "cross", policy: "cross", neutral: "off", none: "off",
	temperror: "warn", permerror: "warn", unknown: "help",
};

/* One result as one receiver wrote it. */
export function Result({ result, word: raw }: { result: string; word?: string | null }) {
	const cls = result === "pass" ? "pass" : /^(fail|softfail|policy)$/.test(result) ? "fail" : /error/.test(result) ? "error" : "none";
	return (
		<span class={`leg leg-${cls}`}>
			<Icon name={RESULT_ICON[result] ?? "off"} size={16} />
			<span>{word("result", result)}{raw && raw !== result ? <span class="muted rawword" title={safeText(raw)}> (<Safe text={raw.slice(0, 200)} />)</span> : null}</span>
		</span>
	);
}

export function Disposition({ disp }: { disp: string }) {
	return <span class={`disp disp-${disp}`}>{word("disp", disp)}</span>;
}

/* The commonest treatment in a group, with the others in the title. */
export function Treatment({ c }: { c: Counts }) {
	const keys = ["none", "pass", "quarantine", "reject", "other"] as const;
	const parts = keys.filter((k) => c[k] > 0);
	if (parts.length === 0)
		return <span class="muted">{DASH}</span>;
	const delivered = c.none + c.pass, stopped = c.quarantine + c.reject;
	const top = delivered >= stopped && delivered > 0 ? (c.none > 0 ? "none" : "pass") : c.reject >= c.quarantine && c.reject > 0 ? "reject" : c.quarantine > 0 ? "quarantine" : "other";
	const n = top === "none" || top === "pass" ? delivered : c[top];
	return (
		<span class="treat" title={parts.map((k) => `${t(`disp.${k}`)} ${num(c[k])}`).join(" · ")}>
			<Disposition disp={top} />
			{n < c.m && <span class="sub n">{percent(n / c.m)}</span>}
		</span>
	);
}

export const codeTitle = (code: string): string =>
	hasKey(`code.${code}.title`) ? t(`code.${code}.title` as Key) : code;

export function Code({ code, title = true, plain = false }: { code: string; title?: boolean; plain?: boolean }) {
	const inner = <span class={`code code-${code.startsWith("P") ? "p" : "f"}`}>{code}</span>;
	return (
		<span class="codewrap">
			{plain ? inner : <Value k="code" v={code} cls="bare">{inner}</Value>}
			{title && <span class="codetitle">{codeTitle(code)}</span>}
		</span>
	);
}

const STATUS_ICON: Record<DomainStatus, IconName> = {
	lost: "cross", exposed: "warn", watching: "eye", partly: "shield", protected: "check", nodata: "off",
};
export function Status({ status }: { status: DomainStatus }) {
	return (
		<span class={`status status-${status}`}>
			<Icon name={STATUS_ICON[status] ?? "info"} size={16} />
			{word("status", status)}
		</span>
	);
}

/* What a domain asks for, in the record's own words. */
export function PolicyText({ p }: { p: Policy | null }) {
	if (p === null || p.p === null)
		return <span class="muted">{t("policy.unknown")}</span>;
	const extra: string[] = [];
	if (p.sp !== null && p.sp !== p.p)
		extra.push(`sp=${p.sp}`);
	if (p.np !== null && p.np !== p.p)
		extra.push(`np=${p.np}`);
	if (p.testing === true || /^(y|true|1)$/i.test(p.testing || ""))
		extra.push("t=y");
	if (p.pct !== null && String(p.pct) !== "100")
		extra.push(`pct=${p.pct}`);
	if (p.adkim === "s")
		extra.push("adkim=s");
	if (p.aspf === "s")
		extra.push("aspf=s");
	return <span class="policy"><code>p={safeText(p.p.slice(0, 40))}</code>{extra.map((e) => <> <code class="minor">{safeText(e.slice(0, 40))}</code></>)}</span>;
}

/* Mail per day, and beneath it how much of it passed. */
export function Spark({ all, pass, label, w = 132, h = 32 }: {
	all: (number | null)[]; pass: (number | null)[]; label: string; w?: number; h?: number;
}) {
	const a = squeeze(all, 60), p = squeeze(pass, 60);
	const max = Math.max(1, ...a.map((v) => v ?? 0));
	const bw = (w - 2) / Math.max(1, a.length);
	const gap = bw > 3 ? 1 : 0;
	return (
		<svg class="spark" width={w} height={h} viewBox={`0 0 ${w} ${h}`} role="img" aria-label={label}>
			{a.map((v, i) => {
				if (v === null || v === 0)
					return null;
				const ok = Math.min(v, p[i] ?? 0);
				const hp = (ok / max) * (h - 3), hf = ((v - ok) / max) * (h - 3);
				return (
					<>
						{hp > 0 && <rect class="s-pass" x={1 + i * bw} y={h - 1 - hp} width={Math.max(1, bw - gap)} height={hp} />}
						{hf > 0 && <rect class="s-fail" x={1 + i * bw} y={h - 1 - hp - hf} width={Math.max(1, bw - gap)} height={Math.max(0.8, hf)} />}
					</>
				);
			})}
			<path class="s-base" d={`M1 ${h - 0.5}H${w - 1}`} />
		</svg>
	);
}

export function SparkLine({ values, label, w = 100, h = 28 }: { values: (number | null)[]; label: string; w?: number; h?: number }) {
	return (
		<svg class="spark" width={w} height={h} viewBox={`0 0 ${w} ${h}`} role="img" aria-label={label}>
			<path class="s-line" d={sparkPath(squeeze(values, 60), w, h, 2)} />
		</svg>
	);
}

/* Outcomes of one group as one stacked bar. */
export function OutcomeBar({ c }: { c: Counts }) {
	const parts = OUTCOMES.filter((k) => c[k] > 0);
	return (
		<span class="obar" role="img" aria-label={parts.map((k) => `${t(`outcome.${k}`)} ${num(c[k])}`).join(", ")}>
			{parts.map((k) => <span class={`o-${k}`} style={{ flexGrow: c[k] }} title={`${t(`outcome.${k}`)}: ${num(c[k])} (${percent(ratio(c[k], c.m))})`} />)}
		</span>
	);
}
