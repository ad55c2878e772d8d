/* Where mail comes from: a ranked list, and the same on a map. Outlines are a file of their own, loaded when they are drawn. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { day, list, num, percent, ratio } from "../lib/format";
import { heatLimits, heatStep, STEPS } from "../lib/flow";
import { countryName } from "../lib/places";
import { dayStep, firsts, ranked } from "../lib/map";
import { setView, useUrl } from "../lib/router";
import type { Breakdown } from "../lib/types";
import { Svg, svgOf } from "./export";
import { Bubble, Csv, useRoving, useWidth, type Told } from "./marks";
import { Table } from "./table";
import { applyValue, Value } from "./text";

type World = NonNullable<typeof import("map:world")["default"]>;

interface Line { key: string; value: number; first?: string }
/* Since when each country is known; from and to: the days that are looked at. */
export interface Since { ever: Breakdown; from: string; to: string }

export function WorldMap({ data, measure, since }: { data: Breakdown; measure: string; since?: Since }) {
	const s = useUrl();
	const drawn = s.view.tab === "map";
	const [world, setWorld] = useState<World | null | "none">(null);
	const [told, tell] = useState<Told | null>(null);
	const svg = useRef<SVGSVGElement>(null);
	const rows: Line[] = useMemo(() => since === undefined ? ranked(data.items, measure) : firsts(data.items, since.ever.items), [data, measure, since?.ever]);
	const all = rows.reduce((n, r) => n + r.value, 0);
	const top = rows[0];

	useEffect(() => {
		if (drawn && world === null)
			void import("map:world").then((m) => setWorld(m.default ?? "none"), () => setWorld("none"));
	}, [drawn]);

	const shown = world === null || world === "none" ? [] : rows.filter((r) => r.value > 0 && world.paths[r.key] !== undefined);
	const limits = heatLimits([rows.map((r) => r.value)], false);
	const rove = useRoving(shown.length, (at, dx, dy) => {
		const to = at + dx + dy;
		return to < 0 || to >= shown.length ? null : to;
	});
	const width = useWidth(rove.box as never);
	const step = (r: Line): number => since === undefined ? heatStep(r.value, limits, false) : dayStep(r.first ?? "", since.from, since.to, STEPS);
	const value = (r: Line): string => r.first === undefined ? num(r.value) : day(r.first);
	const lands = rows.filter((r) => r.value > 0 && /^[A-Z]{2}$/.test(r.key));
	const fresh = since === undefined ? [] : lands.filter((r) => (r.first ?? "") >= since.from);
	const title = measure === "m" ? t("map.title") : `${t("map.title")}, ${t(`measure.${measure}` as Key)}`;
	const summary = all === 0 || top === undefined ? t("flow.none") : since !== undefined ?
		t("map.summary.first", { n: fresh.length, countries: lands.length, names: list(fresh.slice(0, 5).map((r) => countryName(r.key))) }) :
		t("map.summary", { n: all, countries: lands.length, top: countryName(top.key), share: percent(ratio(top.value, all)) });
	const at = (e: Event): void => {
		const el = (e.target as Element).closest("[data-mark]"), box = rove.box.current?.getBoundingClientRect();
		const r = el === null ? undefined : shown[Number(el.getAttribute("data-mark"))];
		if (el === null || r === undefined || box === undefined)
			return;
		const b = el.getBoundingClientRect();
		tell({ x: b.left - box.left + b.width / 2, y: b.top - box.top + b.height / 2, words: (
			<><strong>{countryName(r.key)}</strong><p>{t(`measure.${measure}` as Key)}: <b class="n">{value(r)}</b> <span class="muted">{r.first === undefined ? percent(ratio(r.value, all)) : t("n.messages", { n: r.value })}</span></p></>
		) });
	};
	const keep = (e: Event): void => {
		const el = (e.target as Element).closest("[data-mark]"), r = el === null ? undefined : shown[Number(el.getAttribute("data-mark"))];
		if (r !== undefined)
			applyValue("country", r.key, (e as MouseEvent).altKey);
	};
	const name = `countries-${measure}`;

	return (
		<figure class="chart worldmap">
			<figcaption>
				<h2>{title}</h2>
				<div class="tools">
					<div class="seg" role="group" aria-label={t("map.as")}>
						<button type="button" aria-pressed={!drawn} onClick={() => setView({ tab: undefined }, true)}>{t("map.list")}</button>
						<button type="button" aria-pressed={drawn} onClick={() => setView({ tab: "map" }, true)}>{t("map.draw")}</button>
					</div>
					<Csv rows={() => since !== undefined ? [["country", "name", "first_day", "messages"], ...rows.map((r) => [r.key, countryName(r.key), r.first ?? "", r.value])] :
						[["country", "name", measure, "share"], ...rows.map((r) => [r.key, countryName(r.key), r.value, ratio(r.value, all)])]} name={name} />
					{drawn && shown.length > 0 && <Svg make={() => svg.current === null ? null : svgOf(svg.current, title)} name={name} />}
				</div>
			</figcaption>
			<p class="summary">{summary} <span class="muted">{t("map.estimate")}</span></p>
			{drawn && world === "none" && <p class="notice slim">{t("map.nodata")}</p>}
			{drawn && world !== null && world !== "none" && (
				<div class="mapbox" ref={rove.box as never}>
					<svg ref={svg} viewBox={`0 0 ${world.width} ${world.height}`} role="group" aria-label={`${title}. ${t("map.keys")}`}
						onKeyDown={(e) => {
							rove.onKeyDown(e);
							if (e.key === "Enter" || e.key === " ") {
								e.preventDefault();
								keep(e);
							}
						}}
						onMouseOver={at} onMouseLeave={() => tell(null)} onFocusIn={at} onFocusOut={() => tell(null)} onClick={keep}>
						<path class="land" d={world.rest + Object.entries(world.paths).filter(([k]) => !shown.some((r) => r.key === k)).map(([, d]) => d).join("")} />
						{shown.map((r, i) => (
							<path class={`country h${step(r)}`} d={world.paths[r.key]} data-mark={i} tabIndex={rove.tab(i)} role="button"
								aria-label={t("map.country", { country: countryName(r.key), value: value(r) })} onFocus={() => rove.take(i)} />
						))}
					</svg>
					<Bubble at={told} width={width} />
					<ul class="legend heatlegend">
						<li><i class="sw land" />{t("heat.legend.none")}</li>
						{since !== undefined ? <><li><i class="sw h h1" />{t("map.before", { day: day(since.from) })}</li><li><i class="sw h h2" />{t("map.early")}</li><li><i class={`sw h h${STEPS}`} />{t("map.late")}</li></> : Array.from({ length: STEPS }, (_, i) => {
							const lo = i === 0 ? 0 : limits[i - 1] ?? 0, hi = limits[i];
							return hi !== undefined && i > 0 && hi <= lo ? null : <li><i class={`sw h h${i + 1}`} />{hi === undefined ? `> ${num(lo)}` : `≤ ${num(hi)}`}</li>;
						})}
					</ul>
					{rows.length > shown.length && <p class="small muted">{t("map.small", { n: rows.filter((r) => r.value > 0).length - shown.length })}</p>}
				</div>
			)}
			<Table caption={title} rows={rows} rowKey={(r) => r.key} cls="countries" columns={[
				{ id: "c", head: t("split.country"), cls: "c-main", cell: (r) => <Value k="country" v={r.key}>{countryName(r.key)}</Value> },
				...(since !== undefined ? [
					{ id: "f", head: t("measure.first"), cell: (r: Line) => <span class="nowrap">{day(r.first)}{(r.first ?? "") >= since.from && <> <span class="tag">{t("map.new")}</span></>}</span> },
					{ id: "v", head: t("col.m"), num: true, cell: (r: Line) => num(r.value) },
				] : [
				{ id: "v", head: t(`measure.${measure}` as Key), num: true, cell: (r: Line) => num(r.value) },
				{ id: "s", head: t("map.col.share"), cell: (r: Line) => <span class="rate flat"><span class="bar" aria-hidden="true"><span style={{ width: `${(ratio(r.value, top?.value ?? 0) ?? 0) * 100}%` }} /></span><span class="n">{percent(ratio(r.value, all))}</span></span> },
				])]} />
		</figure>
	);
}
