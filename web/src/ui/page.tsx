/* The head of a page, and blocks that several pages share. */
import type { ComponentChildren } from "preact";
import { t, tx } from "../i18n";
import { useApi } from "../lib/api";
import { day, days as fmtDays, growth, num, percent, points, ratio } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import type { Counts, Timeseries } from "../lib/types";
import { apiQuery, carried, daysBetween, range, setFilter, type FilterKey } from "../lib/url";
import { failing, passed, passRate } from "./bits";
import { DayChart } from "./chart";
import { Load } from "./states";
import { useMeta } from "./meta";

interface HeadProps { title: ComponentChildren; sub?: ComponentChildren; crumbs?: { label: ComponentChildren; to: string }[]; side?: ComponentChildren }

export function Head({ title, sub, crumbs, side }: HeadProps) {
	return (
		<header class="pagehead">
			<div class="grow">
				{crumbs && <nav class="crumbs" aria-label={t("crumbs")}><ol>{crumbs.map((c) => <li><a href={href(c.to)}>{c.label}</a></li>)}</ol></nav>}
				<h1 tabIndex={-1}>{title}</h1>
				{sub && <p class="sub">{sub}</p>}
			</div>
			{side && <div class="side">{side}</div>}
		</header>
	);
}

/* "Complete through 21 May": up to when the figures can be trusted. */
export function Complete({ reporters }: { reporters?: number }) {
	const m = useMeta();
	if (m === null || m.complete_through === null)
		return null;
	return (
		<p class="complete">
			<a href={href("/help/complete-through")}>{t("complete", { day: day(m.complete_through) })}</a>
			{reporters !== undefined && <> · {t("n.reporters", { n: reporters })}</>}
		</p>
	);
}

/* The days that the address names, spelled out. */
export function PeriodText() {
	const s = useUrl(), m = useMeta();
	const r = range(s, m?.complete_through ?? null, m?.first_day ?? null);
	return r === null ? null : <>{fmtDays(r.from, r.to)}</>;
}

function Delta({ d, good, vs }: { d: { text: string; dir: -1 | 0 | 1 } | null; good: 1 | -1 | 0; vs: string }) {
	if (d === null)
		return null;
	const cls = d.dir === 0 || good === 0 ? "" : d.dir === good ? "up" : "downn";
	return <span class={`delta ${cls}`} title={vs}>{d.dir > 0 ? "▲" : d.dir < 0 ? "▼" : ""} {d.text.replace(/^[+−±]/, "")}<span class="vh"> {d.dir > 0 ? t("delta.more") : d.dir < 0 ? t("delta.less") : t("delta.same")}</span></span>;
}

interface TileProps { label: string; value: string; to?: string; help?: string; delta?: ComponentChildren; note?: ComponentChildren; tone?: string }

export function Tile({ label, value, to, delta, note, tone = "" }: TileProps) {
	const body = <><span class="tile-label">{label}</span><span class="tile-value">{value} {delta}</span>{note && <span class="tile-note">{note}</span>}</>;
	return to === undefined ? <div class={`tile ${tone}`}>{body}</div> : <a class={`tile ${tone}`} href={href(to)}>{body}</a>;
}

/* The figures of a set of mail, each one a way to the rows behind it. */
/* Of one's own mail, what a DKIM signature proves: it survives forwarding. */
const cover = (c: Counts): number | null => c.yours === undefined ? ratio(c.both + c.dkim_only, c.m) : ratio(c.yours_dkim ?? 0, c.yours);

export function Tiles({ c, prev, fixed }: { c: Counts; prev: Counts | null; fixed?: [FilterKey, string] }) {
	const s = useUrl();
	const base = fixed ? setFilter(s, { key: fixed[0], values: [fixed[1]], not: false, contains: false }) : s;
	const link = (key?: FilterKey, values?: string[]) =>
		at("/explore", carried(key && values ? setFilter(base, { key, values, not: false, contains: false }) : base));
	const vs = t(s.cmp === "year" ? "delta.vs.year" : "delta.vs");
	const stopped = c.quarantine + c.reject;
	const rate = passRate(c);
	return (
		<div class="tiles">
			<Tile label={t("tile.m")} value={num(c.m)} to={link()} note={c.differs > 0 ? t("tile.m.differs", { n: c.differs }) : t("tile.m.note")}
				delta={prev && <Delta d={growth(c.m, prev.m)} good={0} vs={vs} />} />
			<Tile label={t("tile.pass")} value={percent(rate)} to={link("align", ["both", "dkim", "spf"])}
				note={c.m > 0 && c.m < 50 ? t("rate.few", { n: c.m }) : t("tile.pass.note", { n: passed(c) })}
				delta={prev && <Delta d={points(rate, passRate(prev))} good={1} vs={vs} />} />
			<Tile label={t("tile.fail")} value={num(failing(c) + c.fail_fwd)} to={link("align", ["none"])}
				note={c.fail_fwd > 0 ? t("tile.fail.fwd", { n: c.fail_fwd }) : t("tile.fail.note")}
				delta={prev && <Delta d={growth(failing(c) + c.fail_fwd, failing(prev) + prev.fail_fwd)} good={-1} vs={vs} />} />
			<Tile label={t("tile.stopped")} value={num(stopped)} to={link("disp", ["quarantine", "reject"])}
				note={t("tile.stopped.note", { q: c.quarantine, r: c.reject })}
				delta={prev && <Delta d={growth(stopped, prev.quarantine + prev.reject)} good={0} vs={vs} />} />
			<Tile label={t("tile.cover")} value={percent(cover(c))} to={link("align", ["both", "dkim"])} note={t("tile.cover.note")}
				delta={prev && <Delta d={points(cover(c), cover(prev))} good={1} vs={vs} />} />
		</div>
	);
}

/* Long periods are drawn by week. */
export function useStep(): "day" | "week" {
	const s = useUrl(), m = useMeta();
	const r = range(s, m?.complete_through ?? null, m?.first_day ?? null);
	return r !== null && daysBetween(r.from, r.to) > 120 ? "week" : "day";
}

export function OutcomeCard({ fixed = {}, height }: { fixed?: Partial<Record<FilterKey, string>>; height?: number }) {
	const s = useUrl();
	const l = useApi<Timeseries>(`timeseries?${apiQuery(s, { by: "outcome", step: useStep() }, fixed)}`);
	return <section class="card"><Load of={l} h={360}>{(d) => <DayChart data={d} height={height} title={t("chart.outcome")} />}</Load></section>;
}

export const Section = ({ title, children, side, sub }: { title: string; children: ComponentChildren; side?: ComponentChildren; sub?: string }) => (
	<section class="card"><div class="cardhead"><h2>{title}</h2>{side}</div>{sub && <p class="sub">{sub}</p>}{children}</section>
);

export { tx };
