/* Groups of mail: by sending address or by any other key. */
import type { ComponentChildren } from "preact";
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { day, num } from "../lib/format";
import { at, go, href, useUrl } from "../lib/router";
import { placeText } from "../lib/places";
import { safeText } from "../lib/safe";
import type { BreakdownItem, Leg, Timeseries } from "../lib/types";
import { across, apiQuery, canFilter, carried, FAILURE_KEYS, range, setFilter, type FilterKey } from "../lib/url";
import { Amount, Code, codeTitle, LegAligned, LegResult, OutcomeBar, OUTCOMES, passed, Rate, SparkLine, Treatment } from "./bits";
import { CauseCards } from "./explain";
import { valueLabel } from "./filterbar";
import { FailureLink } from "./failures";
import { HostFacts, HostLine } from "./host";
import { Icon } from "./icons";
import { useMeta } from "./meta";
import { PlaceFact, PlaceNote, PlaceTag } from "./places";
import { SenderLink } from "./senders";
import { Table, type Column } from "./table";
import { applyValue, Name, Safe, Value } from "./text";

interface Props { by: FilterKey; items: BreakdownItem[]; sort: string; fixedSort?: boolean; query?: string }

const keyLabel = (by: FilterKey, r: BreakdownItem): ComponentChildren =>
	!r.key ? <span class="muted">{t("row.nottold")}</span> :
	by === "ip" ? <Safe text={r.key === "unknown" ? t("ip.unknown") : r.label} /> :
	r.key === "absent" && by !== "spf" && by !== "dkim" ? <span class="muted">{t("row.nottold")}</span> :
	by === "reporter" || by === "sender" || (by === "asn" && r.key !== "unknown") ? <Name text={r.label} /> : by === "code" ? <Code code={r.key} plain /> :
	valueLabel(by, r.key) !== r.key ? valueLabel(by, r.key) : <Name text={r.label || r.key} />;

/* "first – last", or one day. */
const Seen = ({ r }: { r: BreakdownItem }) => (
	<span class="seen"><span>{day(r.first_day)}{r.last_day !== r.first_day && " –"}</span>{r.last_day !== r.first_day && <span>{day(r.last_day)}</span>}</span>
);

function TopOf({ k, list }: { k: FilterKey | null; list: { key: string; m: number }[] | undefined }) {
	const first = list?.[0];
	if (first === undefined)
		return <span class="muted">–</span>;
	const rest = (list?.length ?? 0) - 1;
	return (
		<span class="topof">{k === null ? <Name text={first.key} /> : <Value k={k} v={first.key} />}
			{rest > 0 && <span class="muted" title={list?.map((x) => `${safeText(x.key)} ${num(x.m)}`).join("\n")}> +{rest}</span>}</span>
	);
}

export function SourceTable({ by, items, sort, fixedSort = false, query }: Props) {
	const max = Math.max(1, ...items.map((i) => i.counts.m));
	const s = (name: string) => fixedSort ? undefined : name;
	const cols: Column<BreakdownItem>[] = [
		{ id: "key", head: t(`key.${by}`), sort: s("key"), first: "asc", cls: `c-main ${by === "ip" ? "mono" : ""}`, cell: (r) => {
			const value = r.key && canFilter(r.key) ? <Value k={by} v={r.key}>{keyLabel(by, r)}</Value> : keyLabel(by, r);
			const here = by === "ip" ? <span class="addr">{value}<PlaceTag p={r.detail ?? {}} /></span> : value;
			return by === "ip" && (r.sender || r.ptr) ? <span class="under">{here}<HostLine h={r.ptr} />{r.sender && <SenderLink s={r.sender} small />}</span> : here;
		} },
		{ id: "m", head: t("col.m"), num: true, sort: s("m"), cell: (r) => <Amount n={r.counts.m} max={max} /> },
		{ id: "pass", head: t("col.pass"), sort: s("pass"), first: "asc", hint: t("col.pass.hint"), cell: (r) => <Rate part={passed(r.counts)} whole={r.counts.m} /> },
		{ id: "spf", head: t("col.spf_result"), cls: "c-sep", hint: t("col.spf_result.hint"), cell: (r) => <LegResult leg={r.legs.spf} m={r.counts.m} /> },
		{ id: "spfa", head: t("col.spf_aligned"), cls: "c-al", hint: t("col.spf_aligned.hint"), cell: (r) => <LegAligned leg={r.legs.spf} m={r.counts.m} /> },
		{ id: "dkim", head: t("col.dkim_result"), cls: "c-sep", hint: t("col.dkim_result.hint"), cell: (r) => <LegResult leg={r.legs.dkim} m={r.counts.m} /> },
		{ id: "dkima", head: t("col.dkim_aligned"), cls: "c-al", hint: t("col.dkim_aligned.hint"), cell: (r) => <LegAligned leg={r.legs.dkim} m={r.counts.m} /> },
		{ id: "disp", head: t("col.disp"), cls: "c-sep c-dispg", hint: t("col.disp.hint"), cell: (r) => <Treatment c={r.counts} /> },
	];
	if (by === "ip")
		cols.push(
			{ id: "from", head: t("key.hfrom"), cls: "c-names c-from", cell: (r) => <TopOf k="hfrom" list={r.detail?.hfrom} /> },
			{ id: "sig", head: t("col.sig"), cls: "c-names c-sig", cell: (r) => <TopOf k="sigdomain" list={r.detail?.sigdomain} /> },
		);
	cols.push({ id: "seen", head: t("col.seen"), sort: s("last"), cls: by === "ip" ? "c-seen" : "", cell: (r) => <Seen r={r} /> });
	if (by === "ip")
		cols.push({ id: "code", head: t("col.code"), cell: (r) => {
			const c = r.detail?.codes[0];
			return c === undefined ? null : <span class="codes" title={(r.detail?.codes ?? []).map((x) => `${x.code} ${codeTitle(x.code)}: ${num(x.m)}`).join("\n")}><Code code={c.code} title={false} />{(r.detail?.codes.length ?? 0) > 1 && <span class="muted small">+{(r.detail?.codes.length ?? 1) - 1}</span>}</span>;
		} });
	return (<>
		<Table caption={t("sources.caption", { key: t(`key.${by}`) })} rows={items} rowKey={(r) => r.key} columns={cols} sort={fixedSort ? undefined : sort}
			cls={`sources by-${by}`} name={(r) => r.label || r.key} expand={(r) => <Detail by={by} r={r} query={query} />} />
		{(by === "ip" || by === "country" || by === "asn") && <PlaceNote />}
	</>);
}

function LegTable({ name, leg, m }: { name: string; leg: Leg; m: number }) {
	return (
		<dl class="legtable">
			<dt>{name}</dt>
			<dd><span>{t("leg.aligned")}</span><b>{num(leg.aligned)}</b></dd>
			{(["pass", "fail", "none", "error", "absent"] as const).map((k) => leg[k] > 0 && <dd><span>{t(`result.${k}`)}</span><b>{num(leg[k])}</b></dd>)}
			<dd class="sum"><span>{t("col.m")}</span><b>{num(m)}</b></dd>
		</dl>
	);
}

function Detail({ by, r, query }: { by: FilterKey; r: BreakdownItem; query?: string }) {
	const s = useUrl();
	const m = useMeta();
	/* failure reports count up to today: the days of these figures are named */
	const days = range(s, m?.complete_through ?? null, m?.first_day ?? null);
	const filterable = Boolean(r.key) && canFilter(r.key);
	const one = setFilter(s, { key: by, values: [r.key], not: false, contains: false });
	const q = filterable ? carried(one) : query ?? carried(s);
	const fixed = new URLSearchParams(query ?? "").get("domain");
	const link = fixed !== null ? carried(setFilter(one, { key: "domain", values: [fixed], not: false, contains: false })) : q;
	const ts = useApi<Timeseries>(filterable ? `timeseries?${apiQuery(one, { by: "outcome", step: "day" }, fixed !== null ? { domain: fixed } : {})}` : null);
	return (
		<div class="source-detail">
			<div class="sd-top">
				<div class="sd-bar">
					<OutcomeBar c={r.counts} />
					<ul class="legend small">{OUTCOMES.filter((k) => r.counts[k] > 0).map((k) => <li><i class={`sw o-${k}`} />{t(`outcome.${k}`)} <b class="n">{num(r.counts[k])}</b></li>)}</ul>
				</div>
				<LegTable name="SPF" leg={r.legs.spf} m={r.counts.m} />
				<LegTable name="DKIM" leg={r.legs.dkim} m={r.counts.m} />
				<dl class="legtable"><dt>{t("col.disp")}</dt>
					{(["none", "pass", "quarantine", "reject", "other"] as const).map((k) => r.counts[k] > 0 && <dd><span>{t(`disp.${k}`)}</span><b>{num(r.counts[k])}</b></dd>)}
					{r.counts.overridden > 0 && <dd><span>{t("col.overridden")}</span><b>{num(r.counts.overridden)}</b></dd>}
				</dl>
				{ts.data !== null && <div class="sd-spark"><span class="muted small">{t("source.course")} · {day(r.first_day)} – {day(r.last_day)}</span>
					<SparkLine w={200} h={40} label={t("source.course")} values={ts.data.days.map((_, i) => ts.data?.series.reduce((n, x) => n + (x.values[i] ?? 0), 0) ?? 0)} /></div>}
			</div>
			{by === "ip" && r.detail && placeText(r.detail) !== null && <p class="sd-place"><span class="muted">{t("place.where")}:</span> <PlaceFact p={r.detail} /></p>}
			{r.detail && (
				<div class="sd-names">
					<NameList head={t("key.hfrom")} k="hfrom" list={r.detail.hfrom} />
					<NameList head={t("col.spf_domain")} k={null} list={r.detail.spf_domain} />
					<NameList head={t("key.sigdomain")} k="sigdomain" list={r.detail.sigdomain} />
					<HostFacts h={r.ptr} />
				</div>
			)}
			{filterable && by === "ip" && <CauseCards query={apiQuery(one, { limit: 5 }, { ...(fixed !== null ? { domain: fixed } : {}), ...(one.filters.some((f) => f.key === "align" || f.key === "code") ? {} : { align: "both,dkim,spf,none,untold" }) })} />}
			{filterable && (
				<p class="actions">
					<a class="btn primary" href={href(at("/explore", link))}><Icon name="explore" size={16} />{t("source.rows", { n: r.n })}</a>
					<button type="button" class="btn" onClick={() => applyValue(by, r.key, false)}><Icon name="filter" size={16} />{t("source.only")}</button>
					<button type="button" class="btn" onClick={() => applyValue(by, r.key, true)}>{t("source.exclude")}</button>
					<button type="button" class="btn" onClick={() => go(at("/reports", link))}>{t("source.reports")}</button>
					{by === "ip" && r.failures !== undefined && <FailureLink n={r.failures} q={across(s, FAILURE_KEYS, { ip: r.key, type: "auth-failure", ...(fixed !== null ? { domain: fixed } : {}) }, days)} />}
				</p>
			)}
		</div>
	);
}

const NameList = ({ head, k, list }: { head: string; k: FilterKey | null; list: { key: string; m: number }[] }) => (
	<dl class="legtable"><dt>{head}</dt>
		{list.length === 0 && <dd class="muted">–</dd>}
		{list.map((x) => <dd><span class="clip">{k === null ? <Name text={x.key} /> : <Value k={k} v={x.key} />}</span><b>{num(x.m)}</b></dd>)}
	</dl>
);
