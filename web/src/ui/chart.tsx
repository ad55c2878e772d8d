/*
 * Mail per day, stacked. Around the canvas: a sentence that sums it up, a
 * legend, a cursor for the keyboard, and the same figures as a table.
 */
import type { ComponentType } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { t, word, type Key } from "../i18n";
import { addDays, pan, withRange } from "../lib/url";
import { day as fmtDay, dayLong, days as fmtDays, list, num, percent, ratio } from "../lib/format";
import { lastComplete, totals } from "../lib/chart";
import { setView, update, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import type { Timeseries } from "../lib/types";
import { daySvg } from "../lib/svg";
import { cssVar, look, Svg } from "./export";
import { Csv } from "./marks";
import { codeTitle, OUTCOMES, type Outcome } from "./bits";
import { useMeta } from "./meta";
import { applyValue, Safe } from "./text";
import type { PlotProps, PlotSeries } from "./outcome-plot";
import type { FilterKey } from "../lib/url";

const HATCH: readonly string[] = ["fail_fwd", "fail_fix", "fail_unk", "untold"];
const ALWAYS: readonly string[] = ["both", "dkim_only", "spf_only", "fail_unk"];
const DISP: Record<string, string> = { none: "--o-spf_only", pass: "--o-both", quarantine: "--o-fail_fix", reject: "--o-fail_unk", other: "--o-fail_fwd" };
const CYCLE = ["--o-both", "--o-dkim_only", "--o-spf_only", "--o-fail_fix", "--o-fail_unk", "--o-untold", "--c7", "--c8"];
const OUTCOME_FILTER: Partial<Record<Outcome, string>> = { both: "both", dkim_only: "dkim", spf_only: "spf", fail_unk: "none", untold: "untold" };

export function seriesOf(d: Timeseries, by: string): PlotSeries[] {
	if (by === "outcome")
		return OUTCOMES.map((k) => d.series.find((s) => s.key === k))
			.filter((s): s is NonNullable<typeof s> => s !== undefined)
			.filter((s) => ALWAYS.includes(s.key) || s.values.some((v) => v > 0))
			.map((s) => ({ key: s.key, label: word("outcome", s.key), values: s.values, color: `--o-${s.key}`, hatch: HATCH.includes(s.key) }));
	return d.series.map((s, i) => ({
		key: s.key, label: by === "disposition" ? word("disp", s.key) : by === "code" && codeTitle(s.key) !== s.key ? `${s.key} ${codeTitle(s.key)}` : safeText(s.label || s.key),
		values: s.values, hatch: i >= 4,
		color: s.key === "other" || s.key === "*" ? "--o-fail_fwd" : by === "disposition" ? DISP[s.key] ?? "--o-fail_fwd" : CYCLE[i % CYCLE.length] as string,
	}));
}

/* A chart of something else than mail: its own series and words. */
export interface Own {
	series: PlotSeries[];
	summary: string;
	empty: string;
	count: string;			/* what is counted, for the switch of units */
	whole: number;			/* what 100 % is in the legend: more may be counted than drawn */
	shares: boolean;		/* can the days be drawn as shares? */
	hint: (key: string) => string;
	pick: (key: string) => void;	/* a click on the legend */
}

interface Props { data: Timeseries; by?: string; height?: number; title: string; own?: Own }

export function DayChart({ data, by = "outcome", height = 280, title, own }: Props) {
	const s = useUrl();
	const [Plot, setPlot] = useState<ComponentType<PlotProps> | null>(null);
	const [cur, setCur] = useState<number | null>(null);
	const [keyed, setKeyed] = useState(false);
	const [anchor, setAnchor] = useState<number | null>(null);	/* where marking by keyboard began */
	const m = useMeta();
	const [table, setTable] = useState(false);
	const share = s.view.unit === "share" && own?.shares !== false;
	const series = useMemo(() => own?.series ?? seriesOf(data, by), [data, by, own?.series]);
	const sums = useMemo(() => totals(series.map((x) => x.values)), [series]);
	const marks = useMemo(() => data.events.map((e) => data.days.findIndex((d, i) => e.day >= d && e.day < (data.days[i + 1] ?? addDays(d, data.step === "week" ? 7 : 1)))).filter((i) => i >= 0), [data]);
	const small = typeof innerWidth === "number" && innerWidth < 700;

	useEffect(() => {
		let live = true;
		void import("./outcome-plot").then((m) => live && setPlot(() => m.default));
		return () => {
			live = false;
		};
	}, []);

	const all = sums.reduce((a, b) => a + b, 0);
	const of = (k: string) => series.find((x) => x.key === k)?.values.reduce((a, b) => a + b, 0) ?? 0;
	const done = lastComplete(data.days, data.complete_through);
	const best = sums.reduce((a, v, i) => v > (sums[a] ?? 0) ? i : a, 0);
	const summary = all === 0 ? own?.empty ?? t("chart.empty") : own !== undefined ? own.summary : by === "outcome" ?
		t("chart.summary", { m: all, from: fmtDay(data.from), to: fmtDay(data.to), rate: percent(ratio(of("both") + of("dkim_only") + of("spf_only"), all)), day: fmtDay(data.days[best]), max: sums[best] ?? 0 }) :
		t("chart.summary.by", { m: all, from: fmtDay(data.from), to: fmtDay(data.to), parts: list(series.slice(0, 3).map((x) => `${x.label} ${percent(ratio(of(x.key), all))}`)) });

	const file = `${own === undefined ? by : "days"}-${data.from}-${data.to}`;
	const dayText = (i: number) => `${dayLong(data.days[i] as string)}: ${num(sums[i])}. ` +
		series.filter((x) => (x.values[i] ?? 0) > 0).map((x) => `${x.label} ${num(x.values[i])}`).join(", ");
	const click = (key: string) => {
		if (own !== undefined)
			own.pick(key);
		else if (by === "outcome") {
			const v = OUTCOME_FILTER[key as Outcome];
			if (key === "fail_fwd")
				applyValue("fwd", "certain", false);
			else if (v !== undefined)
				applyValue("align", v, false);
		} else if (key !== "other" && key !== "*")
			applyValue((by === "disposition" ? "disp" : by) as FilterKey, key, false);
	};
	const onBrush = (from: string, to: string) =>
		update(withRange(s, from, data.step === "week" ? minDay(addDays(to, 6), data.to) : to));
	const reset = () => update({ ...s, preset: "30d", from: null, to: null });
	const unit = data.step === "week" ? 7 : 1;
	const onPan = (slots: number) => update(pan(s, slots * unit, m?.complete_through ?? null, m?.first_day ?? null, m?.last_day ?? null));
	const marked: [number, number] | null = keyed && anchor !== null && cur !== null ? [Math.min(anchor, cur), Math.max(anchor, cur)] : null;
	const move = (e: KeyboardEvent) => {
		const n = data.days.length, i = cur ?? n;
		if (e.altKey || e.ctrlKey || e.metaKey)
			return;
		if (e.key === "PageUp" || e.key === "PageDown") {
			e.preventDefault();
			onPan((e.key === "PageUp" ? -1 : 1) * (e.shiftKey || unit === 7 ? 1 : 7));
			return;
		}
		const to = e.key === "ArrowLeft" ? i - 1 : e.key === "ArrowRight" ? (cur === null ? 0 : i + 1) : e.key === "Home" ? 0 : e.key === "End" ? n - 1 : null;
		if (to !== null && n > 0) {
			e.preventDefault();
			setKeyed(true);
			setAnchor(!e.shiftKey ? null : keyed ? anchor ?? cur : to);
			setCur(Math.max(0, Math.min(n - 1, to)));
		} else if (e.key === "Enter" && cur !== null) {
			e.preventDefault();
			const [a, b] = marked ?? [cur, cur];
			setAnchor(null);
			onBrush(data.days[a] as string, data.days[b] as string);
		} else if (e.key === "Escape" && marked !== null) {
			e.preventDefault();
			setAnchor(null);
		} else if (e.key === "Escape" && s.preset === null) {
			reset();
		}
	};

	return (
		<figure class="chart">
			<figcaption>
				<h2>{title}</h2>
				<div class="tools">
					{own?.shares !== false && <div class="seg" role="group" aria-label={t("chart.unit")}>
						<button type="button" aria-pressed={!share} onClick={() => setView({ unit: undefined }, true)}>{own?.count ?? t("chart.count")}</button>
						<button type="button" aria-pressed={share} onClick={() => setView({ unit: "share" }, true)}>{t("chart.share")}</button>
					</div>}
					<Csv rows={() => [[t("col.day"), ...series.map((x) => x.label), t("chart.total")], ...data.days.map((d, i) => [d, ...series.map((x) => x.values[i] ?? 0), sums[i] ?? 0])]} name={file} />
					<Svg make={() => daySvg({ title, summary, days: data.days, dayLabel: (d) => fmtDay(d), number: num, share, marks, done, look: look(),
						series: series.map((x) => ({ label: x.label, values: x.values, hatch: x.hatch, color: cssVar(x.color) })) })} name={file} />
					<button type="button" class="btn quiet" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t("chart.aschart") : t("chart.astable")}</button>
				</div>
			</figcaption>
			<p class="summary">{summary}{done < data.days.length - 1 && <span class="muted"> {t("chart.incomplete")}</span>}</p>
			{table ? <DayTable data={data} series={series} sums={sums} /> : (
				<div class="plotbox" tabIndex={0} role="group" aria-label={`${title}. ${summary} ${t("chart.keys")}`} onKeyDown={move} onBlur={() => {
					setKeyed(false);
					setAnchor(null);
				}}>
					{Plot === null ? <div style={{ height: `${height}px` }} /> :
						<Plot days={data.days} complete={data.complete_through} series={series} share={share} marks={marks}
							height={small ? 200 : height} cursor={keyed ? cur : null} marked={marked} onPan={onPan}
							onCursor={setCur} onBrush={onBrush} onReset={reset} />}
					{cur !== null && data.days[cur] !== undefined && (
						<div class={`tip ${cur > data.days.length / 2 ? "left" : "right"}`} aria-hidden="true">
							<strong>{data.step === "week" ? t("chart.week", { day: fmtDay(data.days[cur]) }) : dayLong(data.days[cur] as string)}</strong>
							<table><tbody>
								{[...series].reverse().filter((x) => (x.values[cur] ?? 0) > 0).map((x) => (
									<tr><td><i class={`sw ${x.hatch ? "hatch" : ""}`} style={{ backgroundColor: `var(${x.color})` }} /><Safe text={x.label} /></td>
										<td class="num">{num(x.values[cur])}</td><td class="num muted">{percent(ratio(x.values[cur] ?? 0, sums[cur] ?? 0))}</td></tr>
								))}
								<tr class="sum"><td>{t("chart.total")}</td><td class="num">{num(sums[cur])}</td><td /></tr>
							</tbody></table>
							{cur > done && <p class="muted">{t("chart.incomplete.day")}</p>}
							{data.events.filter((e) => data.days[cur] === e.day).map((e) => <p>▾ <EventText e={e} /></p>)}
						</div>
					)}
					<span class="vh" role="status" aria-live="polite">{marked !== null ? `${fmtDays(data.days[marked[0]] as string, data.days[marked[1]] as string)}: ${num(sums.slice(marked[0], marked[1] + 1).reduce((a, b) => a + b, 0))}` : keyed && cur !== null ? dayText(cur) : ""}</span>
				</div>
			)}
			<ul class="legend">
				{series.map((x) => (
					<li><button type="button" onClick={() => click(x.key)} title={own !== undefined ? own.hint(x.key) : by === "outcome" ? t(`outcome.${x.key}.hint` as Key) : t("value.hint", { value: x.label })}>
						<i class={`sw ${x.hatch ? "hatch" : ""}`} style={{ backgroundColor: `var(${x.color})` }} /><span class="clip"><Safe text={x.label} /></span> <span class="muted n">{percent(ratio(of(x.key), own?.whole ?? all))}</span>
					</button></li>
				))}
			</ul>
			{data.events.length > 0 && (
				<ul class="events">
					{[...data.events].sort((a, b) => a.day < b.day ? -1 : a.day > b.day ? 1 : 0).slice(-6).map((e) => <li><span aria-hidden="true">▾</span> {fmtDay(e.day)} <EventText e={e} /></li>)}
				</ul>
			)}
		</figure>
	);
}

const minDay = (a: string, b: string): string => a < b ? a : b;

/* What changed: a policy as receivers saw it, or what the DNS says. */
const EventText = ({ e }: { e: Timeseries["events"][number] }) => (
	<span>{e.kind === "policy" ? <><Safe text={e.domain} />: </> : <>{t("event.dns", { what: `${(e.record ?? "").toUpperCase()} ${safeText(e.name ?? e.domain)}` })} </>}
		{(e.old !== null || e.new !== null || e.kind === "policy") && <><code><Safe text={e.old ?? (e.kind === "dns" ? "–" : "?")} /></code> → <code><Safe text={e.new ?? (e.kind === "dns" ? "–" : "?")} /></code></>}
		{e.reporters > 0 && <> <span class="muted">{t("chart.event", { n: e.reporters })}</span></>}</span>
);

function DayTable({ data, series, sums }: { data: Timeseries; series: PlotSeries[]; sums: number[] }) {
	return (
		<div class="tablewrap daytable" tabIndex={0} role="region" aria-label={t("chart.astable")}>
			<table>
				<thead><tr><th scope="col">{t("col.day")}</th>{series.map((x) => <th scope="col" class="num"><Safe text={x.label} /></th>)}<th scope="col" class="num">{t("chart.total")}</th></tr></thead>
				<tbody>
					{data.days.map((d, i) => (
						<tr><th scope="row">{fmtDay(d)}</th>{series.map((x) => <td class="num">{num(x.values[i] ?? 0)}</td>)}<td class="num">{num(sums[i] ?? 0)}</td></tr>
					))}
				</tbody>
			</table>
		</div>
	);
}
