/* One sender: who it is and why we think so, what happens to its mail, what to do, and what people decided. */
import { useEffect, useState } from "preact/hooks";
import { hasKey, t, word, type Key } from "../i18n";
import { get, useApi } from "../lib/api";
import { decide, overlays, shown, undo, type Target } from "../lib/decide";
import { day, num, percent, ratio, time } from "../lib/format";
import { keysOn } from "../lib/keys";
import { at, href, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import { isNobody, senderName, TRIAGE, verdictOf, whyClass, type TriageKey } from "../lib/senders";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import type { BreakdownItem } from "../lib/types";
import type { Decision, Decisions, SenderDetail } from "../lib/types-senders";
import { across, apiQuery, carried, FAILURE_KEYS, range, removeFilter, setFilter, type FilterKey } from "../lib/url";
import type { PageProps } from "../routes";
import { Amount, passed, Rate } from "../ui/bits";
import { CauseCards } from "../ui/explain";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { useMeta } from "../ui/meta";
import { Complete, Head, OutcomeCard, PeriodText, Section, Tile } from "../ui/page";
import { ClassMark, Decide, EvidenceList, HealthMark, SenderName, target, Toast } from "../ui/senders";
import { SourceTable } from "../ui/sources";
import { Load } from "../ui/states";
import { Table } from "../ui/table";
import { Name, Safe, Value } from "../ui/text";
import { Countries, Pairs, ReporterDays, VendorCard } from "../ui/vendor";

/* A short list of names with their mail. */
function Names({ title, k, items }: { title: string; k: FilterKey; items: BreakdownItem[] }) {
	const list = items.filter((i) => i.key !== "" && i.key !== "absent");
	const max = Math.max(1, ...list.map((i) => i.counts.m));
	if (list.length === 0)
		return null;
	return (
		<Section title={title}>
			<Table caption={title} rows={list.slice(0, 12)} rowKey={(i) => i.key} columns={[
				{ id: "k", head: t(`key.${k}`), cls: "c-main", cell: (i) => <Value k={k} v={i.key}><Name text={k === "reporter" ? i.label || i.key : i.key} /></Value> },
				{ id: "m", head: t("col.m"), num: true, cell: (i) => <Amount n={i.counts.m} max={max} /> },
				{ id: "p", head: t("col.pass"), cell: (i) => <Rate part={passed(i.counts)} whole={i.counts.m} /> },
				{ id: "l", head: t("col.seen"), cell: (i) => <span class="nowrap">{day(i.last_day)}</span> },
			]} />
			{list.length > 12 && <p class="muted small">+{num(list.length - 12)}</p>}
		</Section>
	);
}

function LogLine({ d }: { d: Decision }) {
	const was = d.was === null ? t("log.unknown") : word("class", d.was);
	return <span class="change"><span class="muted">{was}{d.was_by === "auto" && d.was !== null && <> ({t("class.by.auto")})</>}</span> → <b>{d.class === null ? t("decide.null") : word("class", d.class)}</b></span>;
}

/* The log: every line stays. */
function Log({ id, about }: { id: string; about: Target | null }) {
	const may = isAdmin(useStore(me));
	const path = `senders/decisions?sender=${encodeURIComponent(id)}&limit=50`;
	const l = useApi<Decisions>(path);
	const [older, setOlder] = useState<{ of: unknown; items: Decision[]; next: string | null } | null>(null);
	return (
		<Section title={t("sender.log")} sub={t("sender.log.all")}>
			<Load of={l} h={120}>{(d) => {
				const more = older?.of === d ? older : null;
				const items = [...d.items, ...(more?.items ?? [])], next = more === null ? d.next : more.next;
				return items.length === 0 ? <p class="muted">{t("sender.log.none")}</p> : (
					<>
						<Table caption={t("sender.log")} rows={items} rowKey={(x) => x.id} cls="decisionlog" rowClass={(x) => x.undone !== null ? "undone" : ""} columns={[
							{ id: "at", head: t("log.when"), cell: (x) => <span class="nowrap">{time(x.at)}</span> },
							{ id: "c", head: t("log.change"), cls: "c-main", cell: (x) => <LogLine d={x} /> },
							{ id: "d", head: t("log.domain"), cell: (x) => x.domain === null ? t("log.alldomains") : <Name text={x.domain} /> },
							{ id: "w", head: t("log.who"), cell: (x) => <Safe text={x.who} /> },
							{ id: "n", head: t("log.note"), cls: "c-text", cell: (x) => x.note === null ? "" : <Safe text={x.note} /> },
							{ id: "s", head: t("log.state"), cell: (x) => x.undone !== null ? <span class="muted">{t("log.undone", { who: safeText(x.undone_by ?? "–"), day: day(x.undone.slice(0, 10)) })}</span> : x.holds ? <span class="status status-protected"><Icon name="check" size={16} />{t("log.holds")}</span> : <span class="muted">{t("log.past")}</span> },
							{ id: "u", head: t("log.undo"), cls: "c-do", cell: (x) => x.undone !== null || !may ? null : <button type="button" class="btn" onClick={() => void undo(x.undo, about === null ? [] : [about])}><Icon name="undo" size={16} />{t("log.undo")}</button> },
						]} />
						{next !== null && <p class="more"><button type="button" class="btn" onClick={() => void get<Decisions>(`${path}&cursor=${encodeURIComponent(next)}`).then((p) => setOlder({ of: d, items: [...(more?.items ?? []), ...p.items], next: p.next }), () => l.retry())}>{t("log.more")}</button></p>}
					</>
				);
			}}</Load>
		</Section>
	);
}

function Body({ x, dataAt }: { x: SenderDetail; dataAt: number }) {
	const s = useUrl(), m = useMeta();
	const map = useStore(overlays);
	const now = shown(x, dataAt, map);
	const own = removeFilter(s, "sender");
	const q = carried(setFilter(own, { key: "sender", not: false, contains: false, values: [x.id] }));
	const days = range(s, m?.complete_through ?? null, m?.first_day ?? null);
	const top = x.domains[0];
	const ips = x.ips.map((i) => i.key).filter((k) => k !== "" && k !== "unknown").slice(0, 30);
	const c = x.counts;
	const tone = now.class === "impostor" ? "nodata" : x.health === "good" ? "ok" : x.health === "failing" || x.health === "mixed" ? "warn" : "nodata";
	return (
		<>
			<section class={`verdict v-${tone} senderhead`}>
				<div class="grow">
					<p class="verdict-word"><ClassMark c={now.class} by={isNobody(x.id) ? undefined : now.by} asking={now.asking} /> {c.m > 0 && <HealthMark h={x.health} />}
						{x.kind !== "unknown" && <span class="tag">{t(`kind.${x.kind}` as Key)}</span>} <span class="tag">{t(`identity.${x.identity}`)}</span></p>
					<p class="verdict-text">{c.m === 0 ? t("sender.quiet") : word("health", `${x.health}.hint`)}</p>
					{top?.note !== null && top?.note !== undefined && <p><q><Safe text={top.note} /></q></p>}
					<p class="actions">
						<a class="btn" href={href(at("/explore", q))}><Icon name="explore" size={16} />{t("sender.link.explore")}</a>
						<a class="btn" href={href(at("/explore", `${q}&view=rows`))}><Icon name="sources" size={16} />{t("sender.link.rows")}</a>
						<a class="btn" href={href(at("/reports", q))}><Icon name="reports" size={16} />{t("sender.link.reports")}</a>
						{ips.length > 0 && <a class="btn" href={href(at("/failures", across(own, FAILURE_KEYS, { ip: ips.join(",") }, days)))}><Icon name="envelope" size={16} />{t("sender.link.failures")}</a>}
					</p>
				</div>
			</section>
			<Section title={t("decide.label")}>
				<Decide key={x.last_decision ?? "-"} s={x} dataAt={dataAt} decide={(v, domains, text) => void decide([target(x, dataAt)], v, domains, v === null ? null : text)} />
			</Section>
			<div class="two">
				<Section title={t("sender.identity")} sub={t("sender.identity.sub")}><EvidenceList list={x.evidence} />
					<dl class="kv wide">
						{x.first_day !== null && <><dt>{t("sender.seen")}</dt><dd>{day(x.first_day)} – {day(x.last_day)}</dd></>}
						{(x.countries?.length ?? 0) > 0 && <><dt>{t("sender.countries")}</dt><dd><Countries s={x} /></dd></>}
					</dl></Section>
				<Section title={t("sender.why")}>
					{now.by === "user" && top?.decided_by && <p>{t("sender.decided.by", { who: safeText(top.decided_by), day: day(top.decided_at?.slice(0, 10)) })} {t("sender.decided.instead", { class: word("class", x.inferred) })}</p>}
					<p>{whyClass(x)} <span class="muted">({t(`confidence.${x.confidence}`)})</span></p>
					<p class="small"><a href={href("/help/sender-class")}>{t("term.sender-class")}</a></p>
				</Section>
			</div>
			{x.setup !== null && (
				<Section title={t("sender.setup", { name: senderName(x) })} sub={t("sender.setup.sub")}>
					<dl class="kv wide">
						<dt>{t("sender.setup.dkim")}</dt><dd><Safe text={x.setup.dkim} /></dd>
						<dt>{t("sender.setup.path")}</dt><dd><Safe text={x.setup.return_path} /></dd>
						<dt>{t("sender.setup.spf")}</dt><dd>{hasKey(`aligns.${x.setup.aligns}`) ? t(`aligns.${x.setup.aligns}`) : <Safe text={x.setup.aligns} />}</dd>
					</dl>
				</Section>
			)}
			{c.m > 0 && (
				<>
					<div class="tiles">
						<Tile label={t("tile.m")} value={num(c.m)} to={at("/explore", q)} note={t("tile.m.note")} />
						<Tile label={t("tile.pass")} value={percent(ratio(passed(c), c.m))} to={at("/explore", `${q}&align=both,dkim,spf`)} note={c.m < 50 ? t("rate.few", { n: c.m }) : t("tile.pass.note", { n: passed(c) })} />
						<Tile label={t("tile.spf")} value={percent(ratio(c.both + c.spf_only, c.m))} to={at("/explore", `${q}&align=both,spf`)} note={t(`legword.${x.legs.spf}`)} />
						<Tile label={t("tile.dkim")} value={percent(ratio(c.both + c.dkim_only, c.m))} to={at("/explore", `${q}&align=both,dkim`)} note={t(`legword.${x.legs.dkim}`)} />
						<Tile label={t("tile.hurt")} value={num(c.collateral)} to={at("/explore", `${q}&align=none&disp=quarantine,reject`)} note={t("tile.hurt.note")} />
					</div>
					<OutcomeCard fixed={{ sender: x.id }} />
					<Section title={t("sender.causes")} sub={t("sender.causes.sub")}>
						<CauseCards query={apiQuery(own, { limit: 4 }, { sender: x.id, ...(own.filters.some((f) => f.key === "align" || f.key === "code") ? {} : { align: "both,dkim,spf,none,untold" }) })} />
					</Section>
					<div class="itsown"><Section title={t("sender.ips")} side={<a href={href(at("/sources", q))}>{t("domain.sources.all")}</a>}>
						<SourceTable by="ip" items={x.ips.slice(0, 20)} sort="-m" fixedSort query={q} />
					</Section></div>
				</>
			)}
			{c.m > 0 && <Pairs x={x} />}
			{x.domains.length > 0 && (
				<Section title={t("sender.domains")} sub={t("sender.domains.sub")}>
					<Table caption={t("sender.domains")} rows={x.domains} rowKey={(d) => d.domain} columns={[
						{ id: "d", head: t("sender.col.domain"), cls: "c-main", cell: (d) => <Value k="domain" v={d.domain} /> },
						{ id: "c", head: t("sender.class"), cell: (d) => <ClassMark c={d.class} by={d.class_by} /> },
						{ id: "b", head: t("sender.col.by"), cell: (d) => d.decided_by === null ? t(`confidence.${d.confidence}`) : <><Safe text={d.decided_by} /> <span class="muted small">{day(d.decided_at?.slice(0, 10))}</span></> },
						{ id: "s", head: t("sender.col.sources"), num: true, cell: (d) => num(d.sources) },
						{ id: "m", head: t("col.m"), num: true, cell: (d) => num(d.m) },
						{ id: "l", head: t("col.seen"), cell: (d) => <span class="nowrap">{day(d.first_day)} – {day(d.last_day)}</span> },
						{ id: "n", head: t("sender.col.note"), cls: "c-text", cell: (d) => d.note === null ? "" : <Safe text={d.note} /> },
					]} />
				</Section>
			)}
			{c.m > 0 && <ReporterDays id={x.id} />}
			{c.m > 0 && !isNobody(x.id) && <VendorCard x={x} />}
			<div class="two">
				<div class="stack"><Names title={t("sender.selectors")} k="selector" items={x.selectors} /><Names title={t("sender.hfrom")} k="hfrom" items={x.header_from} /></div>
				<div class="stack"><Names title={t("sender.sigdomains")} k="sigdomain" items={x.sigdomains} /><Names title={t("sender.efrom")} k="efrom" items={x.envelope_from} /><Names title={t("sender.reporters")} k="reporter" items={x.reporters} /></div>
			</div>
			{!isNobody(x.id) && <Log id={x.id} about={target(x, dataAt)} />}
		</>
	);
}

export default function SenderPage({ params }: PageProps) {
	const id = params.id ?? "";
	const s = useUrl();
	const l = useApi<SenderDetail>(`senders/${encodeURIComponent(id)}?${apiQuery(removeFilter(s, "sender"))}`, { main: true });
	const x = l.data;

	useEffect(() => {
		const key = (e: KeyboardEvent) => {
			const el = e.target as Element;
			if (x === null || isNobody(x.id) || !keysOn.get() || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || !(TRIAGE as readonly string[]).includes(e.key) ||
				el.matches?.("input, textarea, select") || el.closest?.("dialog"))
				return;
			e.preventDefault();
			const v = verdictOf(e.key as TriageKey, x);
			void decide([target(x, l.at)], v, null, v === null ? null : x.note);
		};
		document.addEventListener("keydown", key);
		return () => document.removeEventListener("keydown", key);
	}, [x, l.at]);

	return (
		<>
			<Head crumbs={[{ label: t("nav.senders"), to: at("/senders", carried(s)) }]} title={x === null ? t("sender.title") : <SenderName s={x} />} sub={<PeriodText />} side={<Complete />} />
			<FilterBar />
			<Load of={l} h={720}>{(d) => <Body x={d} dataAt={l.at} />}</Load>
			<Toast />
		</>
	);
}
