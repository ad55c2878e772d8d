/* Any cut of the data: days, the rows themselves, and what values they hold. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { useApi } from "../lib/api";
import { num, percent, ratio } from "../lib/format";
import { setView, useUrl } from "../lib/router";
import type { Breakdown, Page, Row, Timeseries } from "../lib/types";
import { COUNTS, GROUPS, RATES, type Flow, type Heatmap } from "../lib/types-flow";
import { apiQuery, canFilter, carried, range, type FilterKey } from "../lib/url";
import { codeTitle } from "../ui/bits";
import { DayChart } from "../ui/chart";
import { FilterBar, valueLabel } from "../ui/filterbar";
import { FlowChart } from "../ui/flow";
import { HeatChart } from "../ui/heatmap";
import { Pick } from "../ui/marks";
import { useMeta } from "../ui/meta";
import { More, useMore } from "../ui/more";
import { Complete, Head, PeriodText, useStep } from "../ui/page";
import { useGeo } from "../ui/places";
import { MAP_MEASURES } from "../lib/map";
import { WorldMap } from "../ui/worldmap";
import { RowTable } from "../ui/rows";
import { Empty, Load } from "../ui/states";
import { useSort } from "../ui/table";
import { Name, Value } from "../ui/text";

const PANEL: FilterKey[] = ["ip", "sender", "class", "health", "hfrom", "reporter", "code", "disp", "domain", "efrom", "sigdomain", "selector", "spfdomain", "align", "spf", "dkim", "reason", "fwd", "country", "asn", "ptr"];
const OPEN = 5;
const VIEWS = ["flow", "time", "heat", "map", "rows"] as const;
const NAMES = { flow: "explore.flow", time: "explore.timeview", heat: "explore.heat", map: "explore.map", rows: "explore.rows" } as const;
/* What each view can be split by and what it can measure, the usual one first. */
const SPLITS = {
	time: ["outcome", "reporter", "disposition", "domain", "sender", "class", "code"], flow: GROUPS, heat: GROUPS,
} as const;
const MEASURES = { time: COUNTS, flow: COUNTS, heat: [...COUNTS, ...RATES] } as const;
type Chart = keyof typeof SPLITS;

function Values({ k, start }: { k: FilterKey; start: boolean }) {
	const s = useUrl();
	const [open, setOpen] = useState(start);
	const [all, setAll] = useState(false);
	const l = useApi<Breakdown>(open ? `breakdown?${apiQuery(s, { by: k, sort: "-m", limit: all ? 50 : 6 })}` : null);
	const b = l.data;
	const list = b?.items ?? [];
	return (
		<details class="values" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
			<summary>{t(`key.${k}`)}{b !== null && <span class="muted n">{num(b.total.n)}</span>}</summary>
			{open && <Load of={l} h={120}>{(d) => d.items.length === 0 ? <p class="muted small">{t("values.none")}</p> : (
				<ul>
					{list.map((i) => {
						const share = ratio(i.counts.m, d.total.m) ?? 0;
						const label = !i.key ? t("row.nottold") : k === "reporter" || k === "ip" || k === "sender" || (k === "asn" && i.key !== "unknown") ? i.label || i.key : valueLabel(k, i.key);
						const inner = <><span class="clip">{k === "code" ? <span title={codeTitle(i.key)}><b class="mono">{i.key}</b> {codeTitle(i.key)}</span> : <Name text={label} />}</span><span class="n">{num(i.counts.m)}</span></>;
						return (
							<li title={`${percent(share)}`}>
								<span class="fill" aria-hidden="true" style={{ width: `${Math.min(1, share) * 100}%` }} />
								{i.key && canFilter(i.key) ? <Value k={k} v={i.key} cls="row">{inner}</Value> : <span class="val row">{inner}</span>}
							</li>
						);
					})}
					{!all && d.next !== null && <li><button type="button" class="btn link small" onClick={() => setAll(true)}>{t("values.more", { n: d.other.n })}</button></li>}
				</ul>
			)}</Load>}
		</details>
	);
}

/* Split and measure of a chart are in the address; "group" is how older addresses called the split. */
function useCut(chart: Chart): { by: string; measure: string; picks: ComponentChildren } {
	const s = useUrl();
	const geo = useGeo();
	const bys = (SPLITS[chart] as readonly string[]).filter((x) => geo || (x !== "country" && x !== "asn"));
	const measures: readonly string[] = MEASURES[chart];
	const pick = (of: readonly string[], v: string | undefined): string => v !== undefined && of.includes(v) ? v : of[0] ?? "";
	const by = pick(bys, s.view.by ?? s.view.group), measure = pick(measures, s.view.measure);
	return { by, measure, picks: (
		<div class="charttools">
			<Pick label={t("explore.by")} value={by} of={bys} name={(x) => t(`split.${x}` as Key)} onPick={(x) => setView({ by: x === bys[0] ? undefined : x, group: undefined }, true)} />
			<Pick label={t("explore.measure")} value={measure} of={measures} name={(x) => t(`measure.${x}` as Key)} onPick={(x) => setView({ measure: x === "m" ? undefined : x }, true)} />
		</div>
	) };
}
const told = (measure: string): string | undefined => measure === "m" ? undefined : measure;

function Time() {
	const s = useUrl();
	const { by, measure, picks } = useCut("time");
	const l = useApi<Timeseries>(`timeseries?${apiQuery(s, { by, step: useStep(), top: by === "outcome" ? undefined : 7, measure: told(measure) })}`);
	return (
		<section class="card">
			{picks}
			<Load of={l} h={340}>{(d) => <DayChart key={by} data={d} by={by} title={measure === "m" ? t("explore.time") : `${t("explore.time")}, ${t(`measure.${measure}` as Key)}`} />}</Load>
		</section>
	);
}

function FlowView() {
	const s = useUrl();
	const { by, measure, picks } = useCut("flow");
	const l = useApi<Flow>(`flow?${apiQuery(s, { by, measure: told(measure) })}`);
	return <section class="card">{picks}<Load of={l} h={560}>{(d) => <FlowChart data={d} />}</Load></section>;
}

function Heat() {
	const s = useUrl();
	const { by, measure, picks } = useCut("heat");
	const l = useApi<Heatmap>(`heatmap?${apiQuery(s, { by, step: useStep(), measure: told(measure) })}`);
	return <section class="card">{picks}<Load of={l} h={560}>{(d) => <HeatChart key={`${d.by} ${d.step}`} data={d} />}</Load></section>;
}

/* By country: all that the daemon knows, at once; there are not many. */
function Countries() {
	const s = useUrl();
	const measure = MAP_MEASURES.find((x) => x === s.view.measure) ?? "m";
	const l = useApi<Breakdown>(`breakdown?${apiQuery(s, { by: "country", sort: "-m", limit: 500 })}`);
	const ever = useApi<Breakdown>(measure === "first" ? `breakdown?${apiQuery({ ...s, preset: "all", from: null, to: null }, { by: "country", sort: "-m", limit: 500 })}` : null);
	const m = useMeta(), days = range(s, m?.complete_through ?? null, m?.first_day ?? null);
	return (
		<section class="card">
			<div class="charttools"><Pick label={t("explore.measure")} value={measure} of={MAP_MEASURES} name={(x) => t(`measure.${x}` as Key)} onPick={(x) => setView({ measure: x === "m" ? undefined : x }, true)} /></div>
			<Load of={l} h={560}>{(d) => measure !== "first" || days === null ? <WorldMap data={d} measure={measure === "first" ? "m" : measure} /> :
				<Load of={ever} h={560}>{(x) => <WorldMap data={d} measure={measure} since={{ ever: x, ...days }} />}</Load>}</Load>
		</section>
	);
}

export default function ExplorePage() {
	const s = useUrl();
	const sort = useSort("-m");
	const path = `rows?${apiQuery(s, { sort, limit: 100 })}`;
	const l = useApi<Page<Row>>(path, { main: true });
	const total = useApi<Page<Row>>(`rows?${apiQuery(s, { sort: "-m", limit: 1, total: 1 })}`);
	const more = useMore(path, l);
	const view = VIEWS.find((x) => x === s.view.view) ?? "time";
	const geo = useGeo();

	return (
		<>
			<Head title={t("nav.explore")} sub={<PeriodText />} side={<Complete />} />
			<FilterBar kind="records" />
			<div class="explore">
				<div class="explore-main">
					<div class="seg viewseg" role="group" aria-label={t("explore.view")}>
						{VIEWS.filter((v) => geo || v !== "map").map((v) => <button type="button" aria-pressed={v === view} onClick={() => setView({ view: v === "time" ? undefined : v }, true)}>{t(NAMES[v])}</button>)}
					</div>
					{view === "flow" ? <FlowView /> : view === "time" ? <Time /> : view === "heat" ? <Heat /> : view === "map" ? (geo ? <Countries /> : <p class="notice slim">{t("map.nogeo")}</p>) : null}
					<section class="card">
						<div class="cardhead"><h2>{t("explore.rows")}</h2>
							<p class="lede">{total.data?.total && t("explore.total", { n: total.data.total.n, m: total.data.total.m })}</p></div>
						<Load of={l} h={520}>{(d) => d.items.length === 0 ? <Empty /> : (
							<>
								<RowTable rows={more.items} sort={sort} query={carried(s)} />
								<More m={more} total={total.data?.total?.n} />
							</>
						)}</Load>
					</section>
				</div>
				<details class="card panelvalues" open={innerWidth >= 1400}>
					<summary>{t("explore.values")}</summary>
					<p class="hint">{t("explore.values.hint")}</p>
					<div class="valuegrid">{PANEL.filter((k) => geo || (k !== "country" && k !== "asn")).map((k, i) => <Values key={k} k={k} start={i < OPEN && innerWidth >= 1400} />)}</div>
				</details>
			</div>
		</>
	);
}

