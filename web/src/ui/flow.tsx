/*
 * Flow: from who sends over what SPF and DKIM gave and what was aligned to what
 * the receiver did. Ribbons and nodes keep, on a click, what they stand for. In
 * little room the four stages are four lists.
 */
import { useMemo, useRef, useState } from "preact/hooks";
import { t, word, type Key } from "../i18n";
import { num, percent, ratio } from "../lib/format";
import { band, labelYs, layout, linkFilters, narrow, nodeFilters, NODE_W, type Ribbon } from "../lib/flow";
import { asnText, countryName, ptrText } from "../lib/places";
import { update, useUrl } from "../lib/router";
import { safeText, toUnicode } from "../lib/safe";
import { STAGES, type Flow, type FlowLink, type FlowNode, type Stage } from "../lib/types-flow";
import type { Filter } from "../lib/url";
import { codeTitle, OUTCOMES } from "./bits";
import { Svg, svgOf } from "./export";
import { Bubble, Csv, useRoving, useWidth, type Told } from "./marks";
import { Safe } from "./text";

const FAILS = ["fail_fwd", "fail_fix", "fail_unk"];
const LABEL_W = 150;		/* of the nodes of the last stage, right of them */
const NARROW = 640;

/* An international name in both of its forms. */
function named(s: string): string {
	const u = toUnicode(s);
	return u === null ? safeText(s) : `${safeText(u)} (${safeText(s)})`;
}

/* What a value of a key is called; texts of reports come out harmless. */
export function groupLabel(by: string, key: string | null, label: string, n: number): string {
	if (key === null)
		return t("flow.others", { n });
	switch (by) {
	case "class": case "health":
		return word(by, key);
	case "country":
		return countryName(key);
	case "asn":
		return safeText(label || asnText(key));
	case "ptr":
		return ptrText(key) === key ? named(key) : ptrText(key);
	case "disposition":
		return word("disp", key);
	case "code":
		return codeTitle(key) === key ? key : `${key} ${codeTitle(key)}`;
	default:
		return named(key === "unknown" ? t("ip.unknown") : label || key);
	}
}

const stageName = (d: Flow, x: Stage): string => x === "group" && d.by !== "sender" ? t(`split.${d.by}` as Key) : t(`stage.${x}`);
const nodeLabel = (d: Flow, n: FlowNode): string =>
	n.stage === "group" ? groupLabel(d.by, n.key, n.label, n.n) : t(`flow.${n.stage}.${n.key}` as Key);

export function FlowChart({ data, height = 460 }: { data: Flow; height?: number }) {
	const s = useUrl();
	const box = useRef<HTMLDivElement>(null);
	const width = useWidth(box);
	const [table, setTable] = useState(false);
	const byId = useMemo(() => new Map(data.nodes.map((n) => [n.id, n] as const)), [data]);
	const label = (id: string): string => {
		const n = byId.get(id);
		return n === undefined ? id : nodeLabel(data, n);
	};
	const keep = (list: Filter[] | null): void => {
		if (list !== null && list.length > 0)
			update(narrow(s, list));
	};
	const best = data.links.filter((l) => byId.get(l.from)?.stage === "group").sort((a, b) => b.m - a.m)[0];
	const args = { m: data.m, from: data.from, to: data.to, measure: t(`measure.${data.measure}` as Key) };
	const summary = data.m === 0 ? t("flow.none") : best === undefined ? t("flow.summary.plain", args) :
		t("flow.summary", { ...args, way: `${label(best.from)} → ${label(best.to)}`, share: ratio(best.m, data.m) });
	const rows = (): (string | number | null)[][] => [
		[t("flow.col.from"), t("flow.col.to"), t("flow.col.outcome"), t("col.m"), t("col.overridden")],
		...data.links.map((l) => [label(l.from), label(l.to), word("outcome", l.outcome), l.m, l.overruled]),
	];

	return (
		<figure class="chart flow">
			<figcaption>
				<h2>{t("flow.title")}</h2>
				<div class="tools">
					<button type="button" class="btn quiet" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t("chart.aschart") : t("chart.astable")}</button>
					<Csv rows={rows} name={`flow-${data.from}-${data.to}`} />
					{data.m > 0 && !table && width >= NARROW && <Svg name={`flow-${data.from}-${data.to}`} make={() => {
						const drawn = box.current?.querySelector<SVGElement>(".flowbox > svg") ?? null;
						return drawn === null ? null : svgOf(drawn, `${t("flow.title")}. ${summary}`);
					}} />}
				</div>
			</figcaption>
			<p class="summary">{summary}</p>
			<div ref={box}>
				{data.m === 0 || width === 0 ? <div style={{ height: data.m === 0 ? "0" : `${height}px` }} /> :
					table ? <FlowTable data={data} label={label} keep={keep} /> :
						width < NARROW ? <FlowLists data={data} keep={keep} /> :
							<FlowPlot data={data} width={width} height={height} summary={summary} label={label} keep={keep} />}
			</div>
		</figure>
	);
}

interface PlotProps { data: Flow; width: number; height: number; summary: string; label: (id: string) => string; keep: (f: Filter[] | null) => void }

function FlowPlot({ data, width, height, summary, label, keep }: PlotProps) {
	const [told, tell] = useState<Told | null>(null);
	const [hot, setHot] = useState<string | null>(null);
	const d = useMemo(() => layout(data, width - LABEL_W, height), [data, width, height]);
	const ribbons = d.ribbons, words = useMemo(() => labelYs(d), [d]);
	/* Nodes first in each stage, then what leaves them: the order in which one reads. */
	const marks = useMemo(() => {
		const out: ({ box: (typeof d.boxes)[number] } | { ribbon: Ribbon })[] = [];
		for (const b of d.boxes)
			out.push({ box: b }, ...ribbons.filter((r) => r.from === b).map((ribbon) => ({ ribbon })));
		return out;
	}, [d]);
	const beside = (i: number, dx: number, dy: number): number | null => {
		const m = marks[i];
		if (m === undefined)
			return null;
		if (dy !== 0 || ("ribbon" in m && dx === 0))
			return Math.max(0, Math.min(marks.length - 1, i + dy));
		/* along a way: from a node to its largest ribbon, from a ribbon to its ends */
		if ("ribbon" in m)
			return marks.findIndex((x) => "box" in x && x.box === (dx > 0 ? m.ribbon.to : m.ribbon.from));
		const at = marks.flatMap((x, k) => "ribbon" in x && (dx > 0 ? x.ribbon.from : x.ribbon.to) === m.box ? [{ k, m: x.ribbon.link.m }] : []).sort((a, b) => b.m - a.m)[0];
		return at?.k ?? null;
	};
	const rove = useRoving(marks.length, beside);
	const nodeText = (n: FlowNode): string => t("flow.node", { label: nodeLabel(data, n), m: n.m, share: ratio(n.m, data.m) });
	const linkText = (l: FlowLink): string => t("flow.link", { from: label(l.from), to: label(l.to), m: l.m, share: ratio(l.m, data.m), outcome: word("outcome", l.outcome) }) +
		(l.overruled > 0 ? `; ${t("flow.overruled", { m: l.overruled })}` : "");
	const show = (x: number, y: number, title: string, m: number, l: FlowLink | null, can: boolean): void => tell({ x, y, words: (
		<>
			<strong><Safe text={title} /></strong>
			<p>{t("n.messages", { n: m })} · {percent(ratio(m, data.m))}</p>
			{l !== null && <p><i class={`sw o-${l.outcome}`} />{word("outcome", l.outcome)}</p>}
			{l !== null && l.overruled > 0 && <p>{t("flow.overruled", { m: l.overruled })}</p>}
			<p class="muted">{can ? t("flow.open") : t("flow.cannot")}</p>
		</>
	) });
	const at = (e: MouseEvent): [number, number] => {
		const r = rove.box.current?.getBoundingClientRect();
		return [e.clientX - (r?.left ?? 0), e.clientY - (r?.top ?? 0)];
	};
	const mark = (i: number, id: string, text: string, list: Filter[] | null, tip: (x: number, y: number) => void, x: number, y: number) => ({
		"data-mark": i, tabIndex: rove.tab(i), role: "button" as const, "aria-label": text, "aria-disabled": list === null || undefined,
		onClick: () => keep(list),
		onKeyDown: (e: KeyboardEvent) => {
			if (e.key === "Enter" || e.key === " ") {
				e.preventDefault();
				keep(list);
			}
		},
		onMouseMove: (e: MouseEvent) => {
			setHot(id);
			tip(...at(e));
		},
		onFocus: () => {
			rove.take(i);
			setHot(id);
			tip(x, y);
		},
		onBlur: () => {
			setHot(null);
			tell(null);
		},
	});
	const chars = Math.max(12, Math.floor(((width - LABEL_W) / 3 - NODE_W - 60) / 7));	/* of a label, before the next stage */
	const over = ribbons.some((r) => r.link.overruled > 0);

	return (
		<div class="flowbox" ref={rove.box as never} role="group" aria-label={`${t("flow.title")}. ${summary} ${t("flow.keys")}`} onKeyDown={rove.onKeyDown}
			onMouseLeave={() => {
				setHot(null);
				tell(null);
			}}>
			<ol class="stages" aria-hidden="true">{STAGES.map((x, i) => <li style={{ left: `${i * (width - LABEL_W - NODE_W) / 3}px` }}>{stageName(data, x)}</li>)}</ol>
			<svg width={width} height={Math.max(d.height, ...words.values()) + 8} class={hot === null ? "" : "lit"}>
				<defs>
					<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" class="hatch-line" /></pattern>
					<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle cx="1.5" cy="1.5" r="1.3" class="hatch-dot" /></pattern>
				</defs>
				{marks.map((m, i) => {
					if ("box" in m)
						return null;
					const r = m.ribbon, l = r.link, id = `${l.from} ${l.to} ${l.outcome}`, list = linkFilters(data, l);
					const lit = hot === null || hot === id || hot === l.from || hot === l.to;
					return (
						<g class={`ribbon ${lit ? "on" : ""}`} {...mark(i, id, linkText(l), list, (x, y) => show(x, y, `${label(l.from)} → ${label(l.to)}`, l.m, l, list !== null),
							(r.from.x + r.to.x) / 2, (r.y0 + r.y1) / 2 + r.h / 2)}>
							<path d={band(r)} class={`o-${l.outcome}`} />
							{FAILS.includes(l.outcome) && r.h > 3 && <path d={band(r)} fill="url(#hatch)" />}
							{r.over > 0.5 && <path d={band(r, r.h - r.over, r.over)} fill="url(#dots)" />}
						</g>
					);
				})}
				{marks.map((m, i) => {
					if (!("box" in m))
						return null;
					const b = m.box, n = b.node, list = nodeFilters(data, n);
					const can = list !== null && list.length > 0;
					return (
						<g class={`node s-${n.stage}`} {...mark(i, n.id, nodeText(n), can ? list : null, (x, y) => show(x, y, nodeLabel(data, n), n.m, null, can), b.x + NODE_W, b.y)}>
							<rect x={b.x} y={b.y} width={NODE_W} height={b.h} rx="2" />
							<rect class="hit" x={b.x} y={b.y + b.h / 2 - 12} width={NODE_W + 90} height="24" />
						</g>
					);
				})}
				{/* beside the marks, which say more than these words */}
				<g class="labels" aria-hidden="true">
					{d.boxes.map(({ node: n, x }) => <text x={x + NODE_W + 6} y={words.get(n.id)} dy="0.32em">{fit(nodeLabel(data, n), n.stage === "disp" ? 17 : chars)} <tspan class="muted">{percent(ratio(n.m, data.m))}</tspan></text>)}
				</g>
			</svg>
			<Bubble at={told} width={width} />
			<ul class="legend">
				{OUTCOMES.filter((o) => data.links.some((l) => l.outcome === o)).map((o) => <li><span><i class={`sw o-${o} ${FAILS.includes(o) ? "hatch" : ""}`} />{t(`outcome.${o}`)}</span></li>)}
				{over && <li><span><i class="sw dotted" />{t("flow.overruled.legend")}</span></li>}
			</ul>
			{d.thin > 0 && <p class="muted small">{t("flow.thin", { n: d.thin, m: d.thinM })}</p>}
		</div>
	);
}

const fit = (s: string, n: number): string => [...s].length > n ? [...s].slice(0, n - 1).join("") + "…" : s;

/* The same as figures. */
function FlowTable({ data, label, keep }: { data: Flow; label: (id: string) => string; keep: (f: Filter[] | null) => void }) {
	return (
		<div class="tablewrap daytable" tabIndex={0} role="region" aria-label={t("flow.table")}>
			<table>
				<caption class="vh">{t("flow.table")}</caption>
				<thead><tr><th scope="col">{t("flow.col.from")}</th><th scope="col">{t("flow.col.to")}</th><th scope="col">{t("flow.col.outcome")}</th>
					<th scope="col" class="num">{t("col.m")}</th><th scope="col" class="num">{t("flow.col.share")}</th></tr></thead>
				<tbody>
					{data.links.map((l) => {
						const list = linkFilters(data, l);
						return (
							<tr><th scope="row"><Safe text={label(l.from)} /></th><td><Safe text={label(l.to)} /></td><td><i class={`sw o-${l.outcome}`} />{word("outcome", l.outcome)}</td>
								<td class="num">{list === null ? num(l.m) : <button type="button" class="val" title={t("flow.open")} onClick={() => keep(list)}>{num(l.m)}</button>}</td>
								<td class="num muted">{percent(ratio(l.m, data.m))}</td></tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

/* Four steps, one below the other. */
function FlowLists({ data, keep }: { data: Flow; keep: (f: Filter[] | null) => void }) {
	return (
		<ol class="flowlists">
			{STAGES.map((stage) => (
				<li><h3>{stageName(data, stage)}</h3>
					<ul>
						{data.nodes.filter((n) => n.stage === stage).map((n) => {
							const list = nodeFilters(data, n), share = ratio(n.m, data.m) ?? 0;
							const inner = <><span class="clip"><Safe text={nodeLabel(data, n)} /></span><span class="n">{num(n.m)} <span class="muted">{percent(share)}</span></span></>;
							return (
								<li><span class="fill" aria-hidden="true" style={{ width: `${Math.min(1, share) * 100}%` }} />
									{list !== null && list.length > 0 ? <button type="button" class="val row" title={t("flow.open")} onClick={() => keep(list)}>{inner}</button> : <span class="val row">{inner}</span>}</li>
							);
						})}
					</ul>
				</li>
			))}
		</ol>
	);
}
