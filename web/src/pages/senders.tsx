/* Who sends as me? One line a sender; what nobody has looked at comes first, and is decided with one key. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { useApi } from "../lib/api";
import { decide, overlays, shown, type Target, type Verdict } from "../lib/decide";
import { day, num } from "../lib/format";
import { keysOn } from "../lib/keys";
import { at, href, setView, useUrl } from "../lib/router";
import { isNobody, REVIEW, senderName, TRIAGE, verdictOf, type TriageKey } from "../lib/senders";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import type { SenderClass, SenderItem, Senders } from "../lib/types-senders";
import { apiQuery, carried, removeFilter, setFilter } from "../lib/url";
import { Amount, passed, Rate } from "../ui/bits";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { More, useMore } from "../ui/more";
import { Complete, Head, PeriodText } from "../ui/page";
import { ClassMark, CodeLine, Decide, EvidenceList, HealthMark, LegMark, SenderName, target, Toast, Triage } from "../ui/senders";
import { Empty, Load } from "../ui/states";
import { Table, useSort, type Column } from "../ui/table";
import { Safe } from "../ui/text";
import { Countries } from "../ui/vendor";

export const TABS: { id: string; classes: SenderClass[] | null }[] = [
	{ id: "all", classes: null },
	{ id: "review", classes: [...REVIEW] },
	{ id: "yours", classes: ["own"] },
	{ id: "services", classes: ["service"] },
	{ id: "forwarders", classes: ["forwarder", "list"] },
	{ id: "unknown", classes: ["unknown", "suspect", "noise"] },
	{ id: "notours", classes: ["impostor"] },
];
const GROUPS: { id: string; classes: SenderClass[] }[] = [
	{ id: "review", classes: [...REVIEW] }, { id: "yours", classes: ["own"] }, { id: "services", classes: ["service"] },
	{ id: "forwarders", classes: ["forwarder", "list"] }, { id: "notours", classes: ["impostor"] }, { id: "noise", classes: ["noise"] },
];
const GROUP_NAME: Record<string, Key> = {
	review: "senders.group.review", yours: "senders.group.yours", services: "senders.group.services", forwarders: "senders.group.forwarders",
	notours: "senders.group.notours", noise: "senders.group.noise", unknown: "senders.tab.unknown",
};
const PAGE = 100;

const rowId = (s: SenderItem): string => `sender-${s.id}`;

/* How many stand behind a tab. */
function Count({ classes }: { classes: SenderClass[] | null }) {
	const s = useUrl();
	const fixed = classes === null ? {} : { class: classes.join(",") };
	const l = useApi<Senders>(`senders?${apiQuery(s, { limit: 1 }, fixed)}`);
	return l.data === null ? null : <span class="count n">{num(l.data.total)}</span>;
}

function Detail({ s, dataAt, on }: { s: SenderItem; dataAt: number; on: (c: Verdict, domains: string[] | null, text: string | null) => void }) {
	const url = useUrl();
	const q = carried(setFilter(url, { key: "sender", not: false, contains: false, values: [s.id] }));
	return (
		<div class="sender-detail">
			<div class="sdt-cols">
				<div><h4>{t("sender.identity")}</h4><EvidenceList list={s.evidence} /></div>
				<div><h4>{t("sender.domains")}</h4>
					<ul class="plainlist">{s.domains.slice(0, 6).map((d) => <li><Safe text={d.domain} /> <ClassMark c={d.class} by={d.class_by} /> <span class="muted small">{t("sender.sources", { n: d.sources })}</span>{d.note !== null && <q class="small"><Safe text={d.note} /></q>}</li>)}
						{s.domains.length > 6 && <li class="muted">+{num(s.domains.length - 6)}</li>}</ul></div>
			</div>
			<Decide key={s.last_decision ?? "-"} s={s} dataAt={dataAt} decide={on} />
			{!isNobody(s.id) && (
				<p class="actions">
					<a class="btn primary" href={href(at(`/senders/${encodeURIComponent(s.id)}`, carried(url)))}><Icon name="senders" size={16} />{t("sender.open")}</a>
					<a class="btn" href={href(at("/explore", `${q}&view=rows`))}><Icon name="explore" size={16} />{t("sender.link.rows")}</a>
					<a class="btn" href={href(at("/sources", q))}><Icon name="sources" size={16} />{t("sender.link.addresses")}</a>
				</p>
			)}
		</div>
	);
}

interface ListProps {
	rows: SenderItem[]; group: string; sort: string; dataAt: number; max: number;
	picked: ReadonlySet<string>; pick: (ids: string[], on: boolean) => void;
	on: (s: SenderItem, k: TriageKey) => void; say: (s: SenderItem, c: Verdict, domains: string[] | null, text: string | null) => void;
}

function List({ rows, group, sort, dataAt, max, picked, pick, on, say }: ListProps) {
	const map = useStore(overlays);
	const url = useUrl();
	const can = rows.filter((s) => !isNobody(s.id));
	const may = isAdmin(useStore(me));
	const all = can.length > 0 && can.every((s) => picked.has(s.id));
	const cols: Column<SenderItem>[] = [
		{ id: "pick", head: "", cls: "c-pick", cell: (s) => isNobody(s.id) || !may ? null : <input type="checkbox" checked={picked.has(s.id)} aria-label={t("sender.pick", { name: senderName(s) })} onChange={(e) => pick([s.id], e.currentTarget.checked)} /> },
		{ id: "name", head: t("sender.name"), sort: "key", first: "asc", cls: "c-main c-sender", cell: (s) => (
			<span class="sendername">{isNobody(s.id) ? <span><SenderName s={s} /></span> : <a href={href(at(`/senders/${encodeURIComponent(s.id)}`, carried(url)))}><SenderName s={s} /></a>}
				<span class="muted small">{isNobody(s.id) ? t("senders.noise.what") : [s.kind === "unknown" ? "" : t(`kind.${s.kind}` as Key), t(`identity.${s.identity}`)].filter(Boolean).join(" · ")}</span>
				<span class="small muted"><Countries s={s} /></span>
				{s.note !== null && <q class="small muted"><Safe text={s.note} /></q>}</span>
		) },
		{ id: "class", head: t("sender.class"), cls: "c-class", cell: (s) => {
			const x = shown(s, dataAt, map);
			return <ClassMark c={x.class} by={isNobody(s.id) ? undefined : x.by} asking={x.asking} />;
		} },
		{ id: "health", head: t("sender.health"), cls: "c-health", cell: (s) => <HealthMark h={s.health} /> },
		{ id: "m", head: t("col.m"), num: true, cls: "c-m", sort: "m", cell: (s) => <Amount n={s.counts.m} max={max} /> },
		{ id: "pass", head: t("col.pass"), cls: "c-pass", sort: "pass", first: "asc", hint: t("col.pass.hint"), cell: (s) => <Rate part={passed(s.counts)} whole={s.counts.m} /> },
		{ id: "legs", head: t("sender.legs"), cls: "c-legs", cell: (s) => <span class="twolegs"><span class="muted small">SPF</span><LegMark leg={s.legs.spf} /><span class="muted small">DKIM</span><LegMark leg={s.legs.dkim} /></span> },
		{ id: "hurt", head: t("sender.hurt"), num: true, hint: t("sender.hurt.hint"), cls: "c-hurt", cell: (s) => <span class={s.counts.collateral > 0 ? "t-bad" : "muted"}>{num(s.counts.collateral)}</span> },
		{ id: "seen", head: t("col.seen"), sort: "last", cls: "c-seen", cell: (s) => <span class="seen"><span>{day(s.first_day)}{s.last_day !== s.first_day && " –"}</span>{s.last_day !== s.first_day && <span>{day(s.last_day)}</span>}</span> },
		{ id: "code", head: t("col.code"), cls: "c-codeline", cell: (s) => <CodeLine s={s} /> },
		{ id: "do", head: t("sender.decide"), cls: "c-triage", cell: (s) => isNobody(s.id) ? null :
			<Triage on={(k) => on(s, k)} undecided={shown(s, dataAt, map).by === "user"} about={senderName(s)} busy={shown(s, dataAt, map).asking} /> },
	];
	return (
		<>
			{can.length > 1 && may && <label class="check pickall"><input type="checkbox" checked={all} onChange={(e) => pick(can.map((s) => s.id), e.currentTarget.checked)} /> {t("sender.pickall")}</label>}
			<Table caption={t("senders.caption", { group: group === "all" ? t("senders.tab.all") : t(GROUP_NAME[group] ?? "senders.tab.all") })} rows={rows} rowKey={(s) => s.id} rowId={rowId} columns={cols} sort={sort} cls="senders"
				rowClass={(s) => picked.has(s.id) ? "picked" : ""} name={senderName} expand={(s) => <Detail s={s} dataAt={dataAt} on={(c, domains, text) => say(s, c, domains, text)} />} />
		</>
	);
}

export default function SendersPage() {
	const s = useUrl();
	const tab = TABS.find((x) => x.id === s.view.tab) ?? (TABS[0] as (typeof TABS)[number]);
	const sort = useSort("-m");
	const fixed = tab.classes === null ? {} : { class: tab.classes.join(",") };
	const path = `senders?${apiQuery(s, { sort, limit: PAGE }, fixed)}`;
	const l = useApi<Senders>(path, { main: true });
	const more = useMore(path, l);
	const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
	const wrap = useRef<HTMLDivElement>(null);
	const domain = s.filters.find((f) => f.key === "domain" && !f.not && !f.contains && f.values.length === 1)?.values[0];
	const scope = domain === undefined ? null : [domain];
	const rows = more.items;
	const noted = (x: SenderItem): string | null => x.note;

	useEffect(() => setPicked(new Set()), [tab.id]);
	const pick = (ids: string[], on: boolean) => {
		const next = new Set(picked);
		for (const id of ids)
			if (on)
				next.add(id);
			else
				next.delete(id);
		setPicked(next);
	};

	/* One key for the focused one, or for all that are selected: each becomes what the key means for it. */
	const act = (k: TriageKey, focused: SenderItem | null) => {
		const list = picked.size > 0 ? rows.filter((x) => picked.has(x.id)) : focused === null ? [] : [focused];
		const by = new Map<string, { verdict: Verdict; targets: Target[]; note: string | null }>();
		for (const x of list.filter((y) => !isNobody(y.id) && !shown(y, l.at).asking)) {
			const verdict = verdictOf(k, x), key = `${verdict ?? ""} ${picked.size > 0 ? "" : noted(x) ?? ""}`;
			const g = by.get(key) ?? { verdict, targets: [], note: picked.size > 0 ? null : noted(x) };
			g.targets.push(target(x, l.at));
			by.set(key, g);
		}
		for (const g of by.values())
			void decide(g.targets, g.verdict, scope, g.verdict === null ? null : g.note);
		setPicked(new Set());
	};
	const step = (from: HTMLElement) => {
		const list = [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((r) => r.offsetParent !== null);
		const i = list.indexOf(from);
		(list[i + 1] ?? list[i - 1])?.focus();
	};
	const onKey = (e: KeyboardEvent) => {
		const el = e.target as HTMLElement;
		if (!keysOn.get() || e.ctrlKey || e.metaKey || e.altKey || el.matches("input:not([type=checkbox]), select, textarea") || el.closest(".detail") !== null)
			return;
		const row = el.closest<HTMLElement>("[data-row]");
		const item = row === null ? undefined : rows.find((x) => rowId(x) === row.id);
		if (e.key === "x" && item !== undefined && row !== null && !isNobody(item.id)) {
			pick([item.id], !picked.has(item.id));
		} else if ((TRIAGE as readonly string[]).includes(e.key) && (item !== undefined || picked.size > 0)) {
			const one = picked.size === 0;
			act(e.key as TriageKey, item ?? null);
			if (row !== null && one)
				step(row);
		} else
			return;
		e.preventDefault();
	};

	const one = (x: SenderItem, k: TriageKey) => void decide([target(x, l.at)], verdictOf(k, x), scope, k === "u" ? null : x.note);
	const say = (x: SenderItem, c: Verdict, domains: string[] | null, text: string | null) => void decide([target(x, l.at)], c, domains, c === null ? null : text);
	const list = (part: SenderItem[], group: string) =>
		<List rows={part} group={group} sort={sort} dataAt={l.at} max={Math.max(1, ...rows.map((x) => x.counts.m))} picked={picked} pick={pick} on={one} say={say} />;
	const may = isAdmin(useStore(me));
	const selected = rows.filter((x) => picked.has(x.id));
	const grouped = tab.id === "all" && sort === "-m";

	return (
		<>
			<Head title={t("nav.senders")} sub={<>{t("senders.sub")} · <PeriodText /></>} side={<Complete />} />
			<FilterBar />
			<div class="sendertabs">
				<div class="seg tabs" role="group" aria-label={t("senders.tabs")}>
					{TABS.map((x) => <button type="button" aria-pressed={x.id === tab.id} onClick={() => setView({ tab: x.id === "all" ? undefined : x.id }, false)}>{t(`senders.tab.${x.id}` as Key)} <Count classes={x.classes} /></button>)}
				</div>
				<a class="btn quiet" href={href(at("/sources", carried(removeFilter(s, "class"))))}><Icon name="sources" size={16} />{t("senders.addresses")}</a>
			</div>
			{may && <p class="muted small triagehint"><span class="only-keys">{t("senders.triage")}</span><span class="only-touch">{t("senders.triage.touch")}</span></p>}
			<div ref={wrap} class="stack" onKeyDown={onKey}>
				<Load of={l} h={560}>{(d) => d.items.length === 0 ? (
					tab.id === "review" && s.filters.length === 0 ? <div class="empty"><p class="quiet-ok"><Icon name="check" /> {t("senders.reviewed")}</p><button type="button" class="btn" onClick={() => setView({ tab: undefined })}>{t("senders.reviewed.all")}</button></div> :
						<Empty what={t("senders.none")} />
				) : (
					<>
						{grouped ? GROUPS.map((g) => {
							const part = rows.filter((x) => g.classes.includes(x.class) || (g.id === "noise" && x.id === "0"));
							const mail = part.reduce((n, x) => n + x.counts.m, 0);
							return part.length === 0 ? null : (
								<section class={`card sgroup g-${g.id}`} aria-label={t(GROUP_NAME[g.id] as Key)}>
									<div class="cardhead"><h2>{t(GROUP_NAME[g.id] as Key)}</h2><p class="lede">{t("senders.total", { n: part.length })} · {t("n.messages", { n: mail })}</p></div>
									{(g.id === "review" || g.id === "noise") && <p class="sub small">{t(g.id === "review" ? "senders.group.review.sub" : "senders.group.noise.sub")}</p>}
									{list(part, g.id)}
								</section>
							);
						}) : <section class="card">{list(rows, tab.id)}</section>}
						<More m={more} total={d.total} />
					</>
				)}</Load>
			</div>
			{selected.length > 0 && (
				<div class="bulk" role="region" aria-label={t("decide.bulk")}>
					<span><b>{t("sender.picked", { n: selected.length })}</b></span>
					<Triage labels on={(k) => act(k, null)} undecided about={t("sender.picked", { n: selected.length })} />
					<button type="button" class="btn quiet" onClick={() => setPicked(new Set())}>{t("sender.unpick")}</button>
				</div>
			)}
			<Toast />
		</>
	);
}


