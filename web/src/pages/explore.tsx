/* Any cut of the data: days, the rows themselves, and what values they hold. */
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { num, percent, ratio } from "../lib/format";
import { setView, useUrl } from "../lib/router";
import type { Breakdown, Page, Row, Timeseries } from "../lib/types";
import { apiQuery, canFilter, carried, type FilterKey } from "../lib/url";
import { codeTitle } from "../ui/bits";
import { DayChart } from "../ui/chart";
import { FilterBar, valueLabel } from "../ui/filterbar";
import { More, useMore } from "../ui/more";
import { Complete, Head, PeriodText, useStep } from "../ui/page";
import { useGeo } from "../ui/places";
import { RowTable } from "../ui/rows";
import { Empty, Load } from "../ui/states";
import { useSort } from "../ui/table";
import { Name, Value } from "../ui/text";

const PANEL: FilterKey[] = ["ip", "sender", "class", "hfrom", "reporter", "code", "disp", "domain", "efrom", "sigdomain", "selector", "align", "spf", "dkim", "reason", "fwd", "country", "asn"];
const OPEN = 5;
const SPLITS = ["outcome", "reporter", "disposition", "domain", "code"] as const;

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

function Time() {
	const s = useUrl();
	const by = SPLITS.find((x) => x === s.view.group) ?? "outcome";
	const l = useApi<Timeseries>(`timeseries?${apiQuery(s, { by, step: useStep(), top: by === "outcome" ? undefined : 7 })}`);
	return (
		<section class="card">
			<label class="select">{t("explore.split")} <select value={by} onChange={(e) => setView({ group: e.currentTarget.value === "outcome" ? undefined : e.currentTarget.value }, true)}>
				{SPLITS.map((x) => <option value={x}>{t(`split.${x}`)}</option>)}</select></label>
			<Load of={l} h={340}>{(d) => <DayChart key={by} data={d} by={by} title={t("explore.time")} />}</Load>
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
	const chart = s.view.view !== "rows";
	const geo = useGeo();

	return (
		<>
			<Head title={t("nav.explore")} sub={<PeriodText />} side={<Complete />} />
			<FilterBar />
			<div class="explore">
				<div class="explore-main">
					<div class="seg viewseg" role="group" aria-label={t("explore.view")}>
						<button type="button" aria-pressed={chart} onClick={() => setView({ view: undefined }, true)}>{t("explore.timerows")}</button>
						<button type="button" aria-pressed={!chart} onClick={() => setView({ view: "rows" }, true)}>{t("explore.rows")}</button>
					</div>
					{chart && <Time />}
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

