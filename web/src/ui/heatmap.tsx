/* Heat map: groups by day. A table all along, its cells in seven steps of one colour; blank is not zero. */
import { useMemo, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { day as fmtDay, dayLong, num, percent } from "../lib/format";
import { groupFilters, heatKeys, heatLimits, heatStep, narrow, STEPS } from "../lib/flow";
import { labelEvery } from "../lib/chart";
import { update, useUrl } from "../lib/router";
import { isRate, type Group, type Heatmap } from "../lib/types-flow";
import { addDays, withRange, type Filter } from "../lib/url";
import { Bubble, Csv, useRoving, useWidth, type Told } from "./marks";
import { heatSvg } from "../lib/svg";
import { cssVar, look, Svg } from "./export";
import { groupLabel } from "./flow";
import { Safe } from "./text";

export function HeatChart({ data }: { data: Heatmap }) {
	const s = useUrl();
	const [table, setTable] = useState(false);
	const [told, tell] = useState<Told | null>(null);
	const rate = isRate(data.measure);
	const limits = useMemo(() => heatLimits(data.values, rate), [data]);
	const width = data.days.length;
	const shown = (v: number | null): string => v === null ? t(rate ? "heat.unknown.rate" : "heat.unknown") : rate ? percent(v) : num(v);
	const label = (i: number): string => {
		const r = data.rows[i];
		return r === undefined ? "" : groupLabel(data.by, r.key, r.label, r.n);
	};
	const when = (k: number): string => data.step === "week" ? t("chart.week", { day: fmtDay(data.days[k] ?? null) }) : dayLong(data.days[k] ?? "1970-01-01");
	const rowFilter = (i: number): Filter[] | null => groupFilters(data.by as Group, data.rows[i]?.key ?? null, heatKeys(data.rows));
	const keepRow = (i: number): void => {
		const f = rowFilter(i);
		if (f !== null && f.length > 0)
			update(narrow(s, f));
	};
	const keep = (i: number, k: number): void => {
		const f = rowFilter(i), from = data.days[k];
		if (f === null || from === undefined)
			return;
		const end = addDays(from, 6), to = data.step === "day" ? from : end < data.to ? end : data.to;
		update(withRange(narrow(s, f), from, to));
	};
	const rove = useRoving(data.rows.length * width, (at, dx, dy) => {
		const x = at % width + dx, y = Math.floor(at / width) + dy;
		return x < 0 || x >= width || y < 0 || y >= data.rows.length ? null : y * width + x;
	});
	const room = useWidth(rove.box as never);
	const every = labelEvery(width, Math.max(2, Math.floor(Math.max(200, room - 200) / 64)));
	let best: [number, number] | null = null;
	data.values.forEach((r, i) => r.forEach((v, k) => {
		if (v !== null && v > 0 && (best === null || v > (data.values[best[0]]?.[best[1]] ?? 0)))
			best = [i, k];
	}));
	const args = { rows: data.rows.length, from: data.from, to: data.to, measure: t(`measure.${data.measure}` as Key) };
	const summary = data.rows.length === 0 ? t("flow.none") : best === null || rate ? t("heat.summary.plain", args) :
		t("heat.summary", { ...args, max: num(data.values[best[0]]?.[best[1]] ?? 0), label: label(best[0]), day: data.days[best[1]] ?? "" });
	const title = t("heat.title", { by: t(`split.${data.by}` as Key), step: t(`heat.${data.step}`) });
	const rows = (): (string | number | null)[][] => [["", ...data.days, t("heat.total")],
		...data.values.map((r, i) => [label(i), ...r, data.rows[i]?.value ?? null])];
	const show = (i: number, k: number, x: number, y: number): void => tell({ x, y, words: (
		<><strong><Safe text={label(i)} /></strong><p>{when(k)}</p><p>{t(`measure.${data.measure}` as Key)}: <b class="n">{shown(data.values[i]?.[k] ?? null)}</b></p></>
	) });
	const colors = (v: number | null): string => {
		const n = heatStep(v, limits, rate);
		return n < 1 ? "none" : cssVar(`--h${n}`);
	};
	const picture = (): string => heatSvg({ title, summary, days: data.days, dayLabel: (d) => fmtDay(d), look: look(),
		rows: data.rows.map((_, i) => ({ label: label(i), cells: (data.values[i] ?? []).map((v, k) => ({ color: colors(v), said: `${label(i)}, ${when(k)}: ${shown(v)}` })) })) });
	const place = (el: Element): [number, number] => {
		const a = el.getBoundingClientRect(), b = rove.box.current?.getBoundingClientRect();
		return [a.left - (b?.left ?? 0) + a.width / 2, a.top - (b?.top ?? 0) + a.height / 2];
	};
	const cellOf = (e: Event): number | null => {
		const el = (e.target as Element).closest("[data-mark]");
		return el === null ? null : Number(el.getAttribute("data-mark"));
	};
	const tip = (e: Event): void => {
		const n = cellOf(e);
		if (n !== null)
			show(Math.floor(n / width), n % width, ...place((e.target as Element).closest("[data-mark]") as Element));
	};

	return (
		<figure class="chart heat">
			<figcaption>
				<h2>{title}</h2>
				<div class="tools">
					<button type="button" class="btn quiet" aria-pressed={table} onClick={() => setTable(!table)}>{table ? t("chart.aschart") : t("chart.astable")}</button>
					<Csv rows={rows} name={`heatmap-${data.from}-${data.to}`} />
					{data.rows.length > 0 && <Svg make={picture} name={`heatmap-${data.from}-${data.to}`} />}
				</div>
			</figcaption>
			<p class="summary">{summary}</p>
			{data.rows.length > 0 && (
				<div class="heatbox" ref={rove.box as never}>
					<div class="tablewrap" onKeyDown={table ? undefined : rove.onKeyDown} onMouseLeave={() => tell(null)}
						{...(table ? { tabIndex: 0, role: "region", "aria-label": title } : {})}>
						<table class={table ? "daytable" : "heattable"} {...(table ? {} : { role: "grid", "aria-label": `${title}. ${t("heat.keys")}` })}>
							<thead><tr><th scope="col"><span class="vh">{t(`split.${data.by}` as Key)}</span></th>
								{data.days.map((d, k) => <th scope="col" aria-label={when(k)} class={table ? "num" : "hday"}>{table || (width - 1 - k) % every === 0 ? <span>{fmtDay(d)}</span> : null}</th>)}
								<th scope="col" class="num">{t(rate ? "flow.col.share" : "heat.total")}</th></tr></thead>
							<tbody onMouseOver={table ? undefined : tip} onFocusIn={table ? undefined : (e: FocusEvent) => {
								const n = cellOf(e);
								if (n !== null)
									rove.take(n);
								tip(e);
							}} onFocusOut={() => tell(null)} onClick={table ? undefined : (e: MouseEvent) => {
								const n = cellOf(e);
								if (n !== null)
									keep(Math.floor(n / width), n % width);
							}} onKeyDown={table ? undefined : (e: KeyboardEvent) => {
								const n = cellOf(e);
								if (n !== null && (e.key === "Enter" || e.key === " ")) {
									e.preventDefault();
									keep(Math.floor(n / width), n % width);
								}
							}}>
								{data.rows.map((r, i) => (
									<tr><th scope="row">{rowFilter(i)?.length ? <button type="button" class="val" title={t("value.hint", { value: label(i) })} onClick={() => keepRow(i)}><span class="clip"><Safe text={label(i)} /></span></button> :
										<span class="clip"><Safe text={label(i)} /></span>}</th>
										{(data.values[i] ?? []).map((v, k) => table ? <td class="num">{v === null ? "" : shown(v)}</td> :
											<td class={`h h${heatStep(v, limits, rate)}`} data-mark={i * width + k} tabIndex={rove.tab(i * width + k)} aria-label={t("heat.cell", { label: label(i), day: when(k), value: shown(v) })} />)}
										<td class="num sum">{r.value === null ? "" : shown(r.value)}</td></tr>
								))}
							</tbody>
						</table>
					</div>
					{!table && <Bubble at={told} width={room} />}
					<ul class="legend heatlegend">
						<li><i class="sw h h-1" />{t(rate ? "heat.unknown.rate" : "heat.legend.unknown")}</li>
						{!rate && <li><i class="sw h h0" />{t("heat.legend.none")}</li>}
						{Array.from({ length: STEPS }, (_, i) => {
							const lo = i === 0 ? 0 : limits[i - 1] ?? 0, hi = limits[i];
							if (!rate && hi !== undefined && i > 0 && hi <= lo)
								return null;
							return <li><i class={`sw h h${i + 1}`} />{rate ? (hi === undefined ? `≥ ${percent(lo)}` : `< ${percent(hi)}`) : hi === undefined ? `> ${num(lo)}` : `≤ ${num(hi)}`}</li>;
						})}
					</ul>
				</div>
			)}
		</figure>
	);
}
