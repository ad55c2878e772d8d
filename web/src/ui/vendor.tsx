/* Of one sender: which pairs of domains it uses, who reports on it day by day, and a text for those who run it. */
import { useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { LANGS, lang as spoken, type Lang } from "../i18n/lang";
import { useApi } from "../lib/api";
import { day, num } from "../lib/format";
import { countryName } from "../lib/places";
import { useUrl } from "../lib/router";
import type { Heatmap } from "../lib/types-flow";
import type { SenderDetail, SenderItem, SenderPair, VendorText } from "../lib/types-senders";
import { apiQuery, removeFilter } from "../lib/url";
import { Amount, passed, Rate } from "./bits";
import { Copy } from "./filterbar";
import { HeatChart } from "./heatmap";
import { Pick } from "./marks";
import { Section, useStep } from "./page";
import { Load } from "./states";
import { Table } from "./table";
import { Name, Safe, Value } from "./text";

const SHOWN = 3;

/* "Germany 60 %, France 30 % +2": of its addresses. */
export function Countries({ s }: { s: SenderItem }) {
	const list = (s.countries ?? []).slice(0, SHOWN), more = (s.countries_n ?? 0) - list.length;
	if (list.length === 0)
		return null;
	return (
		<span class="countries" title={t("sender.countries.hint")}>
			{list.map((c, i) => <>{i > 0 && ", "}<Value k="country" v={c.country}><Safe text={countryName(c.country)} /></Value> {num(Math.round((c.share ?? 0) * 100))} %</>)}
			{more > 0 && ` +${num(more)}`}
		</span>
	);
}

const Told = ({ k, v }: { k: "hfrom" | "spfdomain"; v: string | null }) =>
	v === null || v === "" ? <span class="muted">{t("row.nottold")}</span> : <Value k={k} v={v}><Name text={v} /></Value>;

const relation = (p: SenderPair) => `pairs.${p.relation === "other" ? "foreign" : p.relation ?? "untold"}` as "pairs.same";

export function Pairs({ x }: { x: SenderDetail }) {
	const { items, other } = x.pairs;
	const max = Math.max(1, ...items.map((p) => p.counts.m));
	if (items.length === 0)
		return null;
	return (
		<Section title={t("pairs.title")} sub={t("pairs.sub")}>
			<Table caption={t("pairs.title")} rows={items.slice(0, 20)} rowKey={(p) => `${p.from} ${p.bounce}`} cls="pairs" columns={[
				{ id: "f", head: t("key.hfrom"), cls: "c-main", cell: (p) => <Told k="hfrom" v={p.from} /> },
				{ id: "b", head: t("pairs.bounce"), cls: "c-main", cell: (p) => <Told k="spfdomain" v={p.bounce} /> },
				{ id: "r", head: t("pairs.relation"), cell: (p) => <span title={t(`${relation(p)}.hint` as Key)}>{t(relation(p))}</span> },
				{ id: "m", head: t("col.m"), num: true, cell: (p) => <Amount n={p.counts.m} max={max} /> },
				{ id: "p", head: t("col.pass"), cell: (p) => <Rate part={passed(p.counts)} whole={p.counts.m} /> },
				{ id: "s", head: "SPF", hint: t("pairs.aligned"), cell: (p) => <Rate part={p.legs.spf.aligned} whole={p.counts.m} /> },
				{ id: "d", head: "DKIM", hint: t("pairs.aligned"), cell: (p) => <Rate part={p.legs.dkim.aligned} whole={p.counts.m} /> },
				{ id: "l", head: t("col.seen"), cell: (p) => <span class="nowrap">{day(p.first_day)} – {day(p.last_day)}</span> },
			]} />
			{(items.length > 20 || other.n > 0) && <p class="muted small">{t("pairs.other", { n: items.length - Math.min(20, items.length) + other.n, m: num(items.slice(20).reduce((a, p) => a + p.counts.m, other.m)) })}</p>}
		</Section>
	);
}

const MEASURES = ["m", "fail", "pass_rate"];

/* Who stopped reporting, and since when does it fail? */
export function ReporterDays({ id }: { id: string }) {
	const s = useUrl();
	const [measure, setMeasure] = useState("m");
	const step = useStep();
	const l = useApi<Heatmap>(`heatmap?${apiQuery(removeFilter(s, "sender"), { by: "reporter", step, top: 15, measure: measure === "m" ? undefined : measure }, { sender: id })}`);
	return (
		<section class="card">
			<div class="charttools"><Pick label={t("explore.measure")} value={measure} of={MEASURES} name={(m) => t(`measure.${m}` as Key)} onPick={setMeasure} /></div>
			<Load of={l} h={320}>{(d) => <HeatChart key={`${d.step} ${d.measure}`} data={d} />}</Load>
		</section>
	);
}

/* Made by the daemon, so that the command line says the same. */
export function VendorCard({ x }: { x: SenderDetail }) {
	const s = useUrl();
	const [open, setOpen] = useState(false);
	const [lang, setLang] = useState<Lang>(spoken);
	const l = useApi<VendorText>(open ? `senders/${encodeURIComponent(x.id)}/vendor?${apiQuery(removeFilter(s, "sender"), { lang })}` : null);
	return (
		<Section title={t("vendor.title")} sub={t("vendor.sub")}>
			{!open ? <p><button type="button" class="btn" onClick={() => setOpen(true)}>{t("vendor.write")}</button></p> : (
				<Load of={l} h={360}>{(d) => (
					<div class="vendortext">
						<div class="charttools">
							<label class="select">{t("vendor.lang")} <select value={lang} onChange={(e) => setLang(e.currentTarget.value as Lang)}>
								{Object.entries(LANGS).map(([k, name]) => <option value={k} lang={k}>{name}</option>)}</select></label>
							<Copy text={() => `${d.subject}\n\n${d.text}`} label={t("vendor.copy")} icon="copy" hint={t("vendor.copy")} />
						</div>
						<p><b>{t("vendor.subject")}</b> <Safe text={d.subject} /></p>
						<textarea readOnly rows={24} lang={d.lang} spellcheck={false} aria-label={t("vendor.title")} value={d.text} />
					</div>
				)}</Load>
			)}
		</Section>
	);
}
