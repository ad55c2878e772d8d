/* One domain: how much of its mail passes, from where, and what receivers did. */
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { day, num } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import { toUnicode, safeText } from "../lib/safe";
import type { Breakdown, DomainDetail } from "../lib/types";
import type { DnsApplies } from "../lib/types-dns";
import type { Flow } from "../lib/types-flow";
import { across, apiQuery, carried, FAILURE_KEYS, removeFilter, setFilter, TLS_KEYS } from "../lib/url";
import type { PageProps } from "../routes";
import { Amount, failing, passed, PolicyText, Rate, Status } from "../ui/bits";
import { causeText } from "../ui/domains";
import { Applies, DnsSection } from "../ui/dns";
import { DomainSenders } from "../ui/domainsenders";
import { FilterBar } from "../ui/filterbar";
import { FlowChart } from "../ui/flow";
import { Icon } from "../ui/icons";
import { Complete, Head, OutcomeCard, PeriodText, Section, Tiles } from "../ui/page";
import { SourceTable } from "../ui/sources";
import { Empty, Load } from "../ui/states";
import { Table } from "../ui/table";
import { Name, Value } from "../ui/text";

export default function DomainPage({ params }: PageProps) {
	const d = params.d ?? "";
	const s = useUrl();
	const fixed = { domain: d };
	const l = useApi<DomainDetail>(`domains/${encodeURIComponent(d)}?${apiQuery(removeFilter(s, "domain"))}`, { main: true });
	const srcs = useApi<Breakdown>(`breakdown?${apiQuery(s, { by: "ip", sort: "-m", limit: 8 }, fixed)}`);
	const flow = useApi<Flow>(`flow?${apiQuery(s, {}, fixed)}`);
	const rep = useApi<Breakdown>(`breakdown?${apiQuery(s, { by: "reporter", sort: "-m", limit: 8 }, fixed)}`);
	const here = carried(setFilter(s, { key: "domain", values: [d], not: false, contains: false }));
	const u = toUnicode(d);

	return (
		<>
			<Head crumbs={[{ label: t("nav.domains"), to: at("/domains", carried(s)) }]}
				title={u === null ? safeText(d) : <>{safeText(u)} <span class="alabel">{safeText(d)}</span></>}
				sub={<PeriodText />} side={<Complete reporters={l.data?.reporters} />} />
			<FilterBar />
			<Load of={l} h={240}>{(x) => (
				<>
					<section class={`verdict v-${x.status === "protected" ? "ok" : x.status === "lost" || x.status === "exposed" ? "bad" : x.status === "nodata" ? "nodata" : "warn"}`}>
						<div class="grow"><p class="verdict-word"><Status status={x.status} /> <PolicyText p={x.policy} /></p><p class="verdict-text">{causeText(x)}</p></div>
						<a class="btn" href={href(at("/reports", here))}><Icon name="reports" size={16} />{t("n.reports", { n: x.reports })}</a>
						<a class="btn" href={href(at("/failures", across(s, FAILURE_KEYS, { domain: d })))}><Icon name="envelope" size={16} />{t("failures.link.domain")}</a>
						<a class="btn" href={href(at("/tls", across(s, TLS_KEYS, { domain: d })))}><Icon name="lock" size={16} />{t("tls.link.domain")}</a>
					</section>
					{x.counts.m === 0 ? <Empty /> :
						<Tiles c={x.counts} prev={s.cmp !== "none" ? x.prev : null} fixed={["domain", d]} />}
				</>
			)}</Load>
			<OutcomeCard fixed={fixed} />
			<section class="card"><Load of={flow} h={480}>{(f) => <FlowChart data={f} />}</Load></section>
			<DomainSenders domain={d} query={here} />
			<Load of={l} h={320}>{(x) => <DnsSection x={x.dns} domain={x.domain} />}</Load>
			<Section title={t("domain.sources")} side={<a href={href(at("/sources", here))}>{t("domain.sources.all")}</a>}>
				<Load of={srcs} h={320}>{(b) => b.items.length === 0 ? <p class="muted">{t("empty.period")}</p> : <SourceTable by="ip" items={b.items} sort="-m" fixedSort query={here} />}</Load>
			</Section>
			<div class="two">
				<Section title={t("domain.subdomains")} sub={t("domain.subdomains.sub")}>
					<Load of={l} h={160}>{(x) => x.subdomains === null ? <p class="muted">{t("domain.subdomains.many")}</p> : (
						<Table caption={t("domain.subdomains")} rows={x.subdomains} rowKey={(r) => r.hfrom} columns={[
							{ id: "n", head: t("key.hfrom"), cls: "c-main", cell: (r) => <Value k="hfrom" v={r.hfrom}><Name text={r.hfrom} /></Value> },
							{ id: "m", head: t("col.m"), num: true, cell: (r) => <Amount n={r.counts.m} max={Math.max(1, ...(x.subdomains ?? []).map((y) => y.counts.m))} /> },
							{ id: "p", head: t("col.pass"), cell: (r) => <Rate part={passed(r.counts)} whole={r.counts.m} /> },
							...(x.dns ? [{ id: "a", head: t("domain.sub.policy"), hint: t("domain.sub.policy.hint"), cell: (r: { hfrom: string; applies?: DnsApplies | null }) => <Applies name={r.hfrom} a={r.applies} /> }] : []),
						]} />
					)}</Load>
				</Section>
				<Section title={t("domain.policy")} sub={t("domain.policy.sub")}>
					<Load of={l} h={160}>{(x) => (
						<Table caption={t("domain.policy")} rows={x.policy_seen} rowKey={(r) => JSON.stringify(r)} columns={[
							{ id: "p", head: t("col.policy"), cls: "c-main", cell: (r) => <PolicyText p={r.policy} /> },
							{ id: "f", head: t("col.seen"), cell: (r) => <span class="nowrap">{day(r.first_day)} – {day(r.last_day)}</span> },
							{ id: "r", head: t("col.reporters"), num: true, cell: (r) => num(r.reporters) },
							{ id: "n", head: t("nav.reports"), num: true, cell: (r) => num(r.reports) },
						]} />
					)}</Load>
				</Section>
			</div>
			<Section title={t("domain.receivers")} sub={t("domain.receivers.sub")}>
				<Load of={rep} h={200}>{(b) => b.items.length === 0 ? <p class="muted">{t("empty.period")}</p> : (
					<Table caption={t("domain.receivers")} rows={b.items} rowKey={(r) => r.key} columns={[
						{ id: "k", head: t("key.reporter"), cls: "c-main", cell: (r) => <Value k="reporter" v={r.key}><Name text={r.label} /></Value> },
						{ id: "m", head: t("col.m"), num: true, cell: (r) => <Amount n={r.counts.m} max={Math.max(1, ...b.items.map((y) => y.counts.m))} /> },
						{ id: "p", head: t("col.pass"), cell: (r) => <Rate part={passed(r.counts)} whole={r.counts.m} /> },
						{ id: "f", head: t("col.fail"), num: true, cell: (r) => num(failing(r.counts) + r.counts.fail_fwd) },
						{ id: "dn", head: t("disp.none"), num: true, cell: (r) => num(r.counts.none + r.counts.pass + r.counts.other) },
						{ id: "dq", head: t("disp.quarantine"), num: true, cell: (r) => num(r.counts.quarantine) },
						{ id: "dr", head: t("disp.reject"), num: true, cell: (r) => num(r.counts.reject) },
						{ id: "o", head: t("col.overridden"), num: true, hint: t("col.overridden.hint"), cell: (r) => num(r.counts.overridden) },
					]} />
				)}</Load>
			</Section>
		</>
	);
}
