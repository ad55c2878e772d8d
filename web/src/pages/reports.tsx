/* What came in, and who sends it. */
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { day, days, duration, num, time } from "../lib/format";
import { at, setView, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import type { Page, Reporter, ReportItem } from "../lib/types";
import { apiQuery, carried } from "../lib/url";
import { Amount, PolicyText, Rate } from "../ui/bits";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { More, useMore } from "../ui/more";
import { Complete, Head, PeriodText } from "../ui/page";
import { ReportState, Trust } from "../ui/report-state";
import { Empty, Load } from "../ui/states";
import { sorted, Table, useSort } from "../ui/table";
import { Name, Value } from "../ui/text";

/* The days a report speaks of: begin to the last second before its end. */
export function spanText(begin: string, end: string): string {
	const last = new Date(Math.max(Date.parse(begin), Date.parse(end) - 1000));
	return isNaN(last.getTime()) ? day(begin.slice(0, 10)) : days(begin.slice(0, 10), last.toISOString().slice(0, 10));
}

function List({ apart = false }: { apart?: boolean }) {
	const s = useUrl();
	const sort = useSort("-received");
	const path = `reports?${apiQuery(s, { sort, limit: 100, total: 1 }, apart ? { apart: "yes" } : {})}`;
	const l = useApi<Page<ReportItem>>(path, { main: true });
	const more = useMore(path, l);
	const q = carried(s);
	const max = Math.max(1, ...more.items.map((r) => r.m));
	return (
		<Load of={l} h={560}>{(d) => d.items.length === 0 ? <Empty what={t(apart ? "reports.apart.none" : "reports.none")} /> : (
			<>
				{apart && <p class="hint">{t("reports.apart.sub")}</p>}
				<Table caption={t(apart ? "reports.tab.apart" : "nav.reports")} rows={more.items} rowKey={(r) => r.id} sort={sort} cls="reports"
					link={(r) => at(`/reports/${encodeURIComponent(r.id)}`, q)}
					columns={[
						{ id: "rep", head: t("key.reporter"), cls: "c-main", cell: (r) => <Name text={r.reporter.label || r.reporter.key} /> },
						{ id: "dom", head: t("col.domain"), cls: "c-names", cell: (r) => <Value k="domain" v={r.domain} /> },
						{ id: "day", head: t("reports.range"), sort: "day", cell: (r) => <span class="nowrap">{spanText(r.begin, r.end)}</span> },
						{ id: "rec", head: t("reports.received"), sort: "received", cell: (r) => <span class="nowrap" title={time(r.received)}>{r.received === null ? "–" : day(r.received.slice(0, 10))}</span> },
						{ id: "m", head: t("col.m"), num: true, sort: "m", cell: (r) => <Amount n={r.m} max={max} /> },
						{ id: "pass", head: t("col.pass"), cell: (r) => <Rate part={r.pass} whole={r.m} /> },
						{ id: "ips", head: t("reports.ips"), num: true, cell: (r) => num(r.source_ips) },
						{ id: "tr", head: t("reports.trust"), cell: (r) => <Trust trust={r.trust} /> },
						...(apart ? [{ id: "why", head: t("reports.apart.why"), cell: (r: ReportItem) => r.apart === "no" ? "–" : t(`reports.apart.${r.apart}`) }] : []),
						{ id: "pol", head: t("reports.policy"), cell: (r) => <PolicyText p={r.policy} /> },
						{ id: "st", head: t("reports.notes"), cls: "c-notes", cell: (r) => <span class="notes"><ReportState state={r.state} quiet />
							{r.quirks.length > 0 && <span class="tag" title={r.quirks.map((x) => safeText(x.text)).join("\n")}>{t("n.notes", { n: r.quirks.length })}</span>}
							{r.duplicates > 0 && <span class="tag">{t("reports.dup", { n: r.duplicates })}</span>}</span> },
					]} />
				<More m={more} total={d.total?.n} />
			</>
		)}</Load>
	);
}

function Reporters() {
	const s = useUrl();
	const sort = useSort("-m");
	const l = useApi<Page<Reporter>>(`reporters?${apiQuery(s)}`, { main: true });
	return (
		<Load of={l} h={420}>{(d) => {
			const max = Math.max(1, ...d.items.map((r) => r.m));
			const rows = sorted(d.items, sort, { name: (r) => r.label, m: (r) => r.m, n: (r) => r.reports, last: (r) => r.last_day, lag: (r) => r.lag_s });
			return d.items.length === 0 ? <Empty what={t("reports.none")} /> : (
				<Table caption={t("reports.tab.reporters")} rows={rows} rowKey={(r) => r.key} sort={sort} columns={[
					{ id: "rep", head: t("key.reporter"), sort: "name", first: "asc", cls: "c-main", cell: (r) => <Value k="reporter" v={r.key}><Name text={r.label || r.key} /></Value> },
					{ id: "m", head: t("col.m"), num: true, sort: "m", cell: (r) => <Amount n={r.m} max={max} /> },
					{ id: "n", head: t("nav.reports"), num: true, sort: "n", cell: (r) => num(r.reports) },
					{ id: "d", head: t("nav.domains"), num: true, cell: (r) => num(r.domains) },
					{ id: "seen", head: t("col.seen"), sort: "last", cell: (r) => <span class="nowrap">{day(r.first_day)} – {day(r.last_day)}</span> },
					{ id: "lag", head: t("reports.lag"), hint: t("reports.lag.hint"), num: true, sort: "lag", cell: (r) => duration(r.lag_s) },
					{ id: "miss", head: t("reports.state"), cell: (r) => r.missing_since === null ? <span class="leg leg-pass"><Icon name="check" size={16} />{t("reports.onTime")}</span> :
						<span class="leg leg-error"><Icon name="warn" size={16} />{t("reports.missing", { day: day(r.missing_since) })}</span> },
				]} />
			);
		}}</Load>
	);
}

export default function ReportsPage() {
	const s = useUrl();
	const tab = s.view.tab === "reporters" || s.view.tab === "apart" ? s.view.tab : "reports";
	return (
		<>
			<Head title={t("nav.reports")} sub={<PeriodText />} side={<Complete />} />
			<FilterBar kind="reports" />
			<div class="seg tabs" role="group" aria-label={t("reports.tabs")}>
				<button type="button" aria-pressed={tab === "reports"} onClick={() => setView({ tab: undefined, sort: undefined })}>{t("nav.reports")}</button>
				<button type="button" aria-pressed={tab === "reporters"} onClick={() => setView({ tab: "reporters", sort: undefined })}>{t("reports.tab.reporters")}</button>
				<button type="button" aria-pressed={tab === "apart"} onClick={() => setView({ tab: "apart", sort: undefined })}>{t("reports.tab.apart")}</button>
			</div>
			<section class="card">{tab === "reporters" ? <Reporters key="r" /> : <List key={tab} apart={tab === "apart"} />}</section>
		</>
	);
}

