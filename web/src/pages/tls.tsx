/* Does mail reach me encrypted? What senders told by SMTP TLS reports (RFC 8460). */
import { useMemo } from "preact/hooks";
import { hasKey, t, word } from "../i18n";
import { useApi } from "../lib/api";
import { day, days, duration, num, percent, time } from "../lib/format";
import { at, href, setView, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import { ready, shownType, steps } from "../lib/tls";
import type { Timeseries } from "../lib/types";
import type { TlsCheck, TlsFailure, TlsItem, TlsPolicySeen, TlsReady, TlsReports, TlsResultSums, TlsSummary } from "../lib/types-tls";
import { apiQuery, carried, TLS_KEYS } from "../lib/url";
import { Amount } from "../ui/bits";
import { DayChart, type Own } from "../ui/chart";
import { FilterBar } from "../ui/filterbar";
import { Icon, type IconName } from "../ui/icons";
import { usePageEnd } from "../ui/meta";
import { More, useMore } from "../ui/more";
import { Head, Section, Tile } from "../ui/page";
import { ReportState, Trust } from "../ui/report-state";
import { Empty, Load } from "../ui/states";
import { Table, useSort } from "../ui/table";
import { Name, Safe, Value } from "../ui/text";
import { means, Mode_, MxName, okRate, Ptype, remedy, TlsRate, TlsResultName } from "../ui/tls";
import { spanText } from "./reports";

function Tiles({ d }: { d: TlsSummary }) {
	const failed = d.types.reduce((n, x) => n + x.failed, 0);
	/* a domain has one of a type, however often its text was changed */
	const of = (type: string) => new Set(d.policies.filter((x) => x.policy_type === type).map((x) => x.domain)).size;
	const kinds = d.types.map((x) => t("tls.failed.part", { type: word("ptype", x.policy_type), n: of(x.policy_type) }));
	const parts = d.types.filter((x) => x.failed > 0).map((x) => t("tls.failed.part", { type: word("ptype", x.policy_type), n: x.failed })).join(", ");
	return (
		<div class="tiles">
			{d.types.map((x) => (
				<Tile label={t("tls.encrypted", { type: word("ptype", x.policy_type) })} value={percent(x.tls_ok)}
					note={t("tls.encrypted.note", { ok: x.successful, n: x.successful + x.failed })} />
			))}
			<Tile label={t("tls.failed")} value={num(failed)} note={failed === 0 ? t("tls.failed.none") : d.types.length > 1 ? `${parts}; ${t("tls.failed.twice")}` : parts} />
			<Tile label={t("tls.policies")} value={num(of("sts") + of("tlsa") + of("other"))} note={kinds.join(", ")} />
		</div>
	);
}

function Chart({ d }: { d: TlsSummary }) {
	const s = useUrl();
	const type = shownType(d.types, s.view.group);
	const failedOnly = s.view.view === "failed";
	const line = d.series.find((x) => x.policy_type === type);
	const { data, series, ok, bad } = useMemo(() => {
		const all = steps(d.days, [line?.successful ?? [], line?.failed ?? []]);
		const [good, wrong] = all.values as [number[], number[]];
		const series: Own["series"] = [{ key: "failed", label: t("tls.bad"), values: wrong, color: "--o-fail_unk", hatch: true }];
		if (!failedOnly)
			series.unshift({ key: "ok", label: t("tls.ok"), values: good, color: "--o-both", hatch: false });
		const data: Timeseries = { from: d.from, to: d.to, step: all.step, days: all.days, complete_through: d.to, series: [], events: [] };
		const sum = (v: number[]) => v.reduce((a, b) => a + b, 0);
		return { data, series, ok: sum(good), bad: sum(wrong) };
	}, [d, type, failedOnly]);
	const own: Own = {
		series, empty: t("tls.chart.empty"), count: t("tls.sessions"),
		summary: t("tls.chart.summary", { type: word("ptype", type ?? "other"), m: ok + bad, from: day(d.from), to: day(d.to), rate: okRate(ok, bad), bad }),
		hint: (k) => t(k === "ok" ? "tls.ok.hint" : "tls.bad.hint"),
		whole: ok + bad, shares: !failedOnly,
		pick: (k) => setView({ view: k === "failed" && !failedOnly ? "failed" : undefined }, true),
	};
	return (
		<section class="card">
			<div class="charttools">
				{d.types.length > 1 && <label class="select">{t("tls.chart.type")} <select value={type ?? ""} onChange={(e) => setView({ group: e.currentTarget.value }, true)}>
					{d.types.map((x) => <option value={x.policy_type}>{word("ptype", x.policy_type)}</option>)}</select></label>}
				<div class="seg" role="group" aria-label={t("tls.chart.what")}>
					<button type="button" aria-pressed={!failedOnly} onClick={() => setView({ view: undefined }, true)}>{t("tls.chart.all")}</button>
					<button type="button" aria-pressed={failedOnly} onClick={() => setView({ view: "failed" }, true)}>{t("tls.chart.failed")}</button>
				</div>
			</div>
			<DayChart key={`${type} ${failedOnly}`} data={data} title={t("tls.chart")} own={own} height={220} />
		</section>
	);
}

const STATE: Record<TlsReady["state"], [IconName, string]> = {
	ready: ["check", "good"], enforced: ["shield", "good"], wait: ["warn", "warn"], "no-policy": ["off", "none"], "no-data": ["help", "none"],
};

/* What a check found, and what it wants. */
function checkText(c: TlsCheck): string {
	const show = (v: number | null) => c.key === "rate" ? percent(v) : num(v);
	return t(`tls.check.${c.key}.text`, { have: show(c.have), need: show(c.need) });
}

function Ready({ d }: { d: TlsSummary }) {
	const list = ready(d);
	return (
		<Section title={t("tls.ready")} sub={t("tls.ready.sub")} side={<a href={href("/help/mta-sts")}>{t("tls.more")}</a>}>
			{list.length === 0 && <p class="muted">{t("tls.ready.none")}</p>}
			<ul class="readylist">
				{list.map((r) => (
					<li class={`ready r-${STATE[r.state][1]}`}>
						<div class="ready-head"><span class="status"><Icon name={STATE[r.state][0]} size={16} />{t(`tls.state.${r.state}`)}</span>
							<a href={href(`/domains/${encodeURIComponent(r.domain)}`)}><Name text={r.domain} /></a>
							{r.mode !== null && <span class="muted">mode: <Mode_ mode={r.mode} /></span>}
							{r.testing_since !== null && <span class="muted small">{t("tls.ready.since", { day: day(r.testing_since) })}</span>}</div>
						<p>{hasKey(r.key) ? t(r.key) : <Safe text={r.text} />}</p>
						{(r.state === "wait" || r.state === "ready") && (
							<ul class="checks">
								{r.checks.map((c) => <li class={c.ok ? "ok" : "no"}><Icon name={c.ok ? "check" : "cross"} size={16} /><span><b>{t(`tls.check.${c.key}`)}</b> <span class="muted">{checkText(c)}</span></span>
									<span class="checkword">{t(c.ok ? "tls.check.ok" : "tls.check.no")}</span></li>)}
							</ul>
						)}
					</li>
				))}
			</ul>
		</Section>
	);
}

function Results({ d }: { d: TlsSummary }) {
	const max = Math.max(1, ...d.results.map((r) => r.failed));
	if (d.results.length === 0)
		return <Section title={t("tls.results")}><p class="quiet-ok"><Icon name="check" /> {t("tls.results.none")}</p></Section>;
	return (
		<>
			<Section title={t("tls.results")} sub={t("tls.results.sub")}>
				<Table<TlsResultSums> caption={t("tls.results")} rows={d.results} rowKey={(r) => r.result} cls="tlsresults" columns={[
					{ id: "r", head: t("key.result"), cls: "c-main c-result", cell: (r) => <TlsResultName result={r.result} /> },
					{ id: "n", head: t("tls.sessions"), num: true, cell: (r) => <Amount n={r.failed} max={max} /> },
					{ id: "m", head: t("tls.means"), cls: "c-text c-prose", cell: (r) => <Safe text={means(r)} /> },
					{ id: "d", head: t("tls.remedy"), cls: "c-text c-prose c-remedy", cell: (r) => <><b class="only-card">{t("tls.remedy")}: </b><Safe text={remedy(r)} /></> },
				]} />
			</Section>
			<Section title={t("tls.where")} sub={t("tls.where.sub")}>
				<Table<TlsFailure> caption={t("tls.where")} rows={d.failures} cls="tlswhere"
					rowKey={(r) => JSON.stringify([r.domain, r.policy_type, r.result, r.word, r.mx, r.receiving_ip, r.sending_ip, r.reason_code])} columns={[
						{ id: "r", head: t("key.result"), cls: "c-main c-result", cell: (r) => <TlsResultName result={r.result} word={r.word} /> },
						{ id: "n", head: t("tls.sessions"), num: true, cell: (r) => num(r.failed) },
						{ id: "d", head: t("key.domain"), cls: "c-names", cell: (r) => <Value k="domain" v={r.domain} /> },
						{ id: "p", head: t("key.policy_type"), cell: (r) => <Value k="policy_type" v={r.policy_type}><Ptype type={r.policy_type} /></Value> },
						{ id: "mx", head: t("tls.mx"), cls: "c-mx", cell: (r) => <MxName mx={r.mx} ip={r.receiving_ip} /> },
						{ id: "si", head: t("tls.sending"), cls: "mono", cell: (r) => <Safe text={r.sending_ip} /> },
						{ id: "rc", head: t("tls.reason"), cls: "c-reason", cell: (r) => <Safe text={r.reason_code?.slice(0, 300)} /> },
						{ id: "s", head: t("col.seen"), cls: "c-seen", cell: (r) => <span class="nowrap">{day(r.first_day)}{r.last_day !== r.first_day && ` – ${day(r.last_day)}`}</span> },
						{ id: "rp", head: t("col.reporters"), num: true, cls: "c-reps", cell: (r) => num(r.reporters) },
					]} />
				{d.failures.length >= 200 && <p class="muted small">{t("tls.where.cut", { n: d.failures.length })}</p>}
			</Section>
		</>
	);
}

function Seen({ d }: { d: TlsSummary }) {
	return (
		<Section title={t("tls.seen")}>
			<Table<TlsPolicySeen> caption={t("tls.seen")} rows={d.policies} rowKey={(r) => JSON.stringify([r.domain, r.policy_type, r.word, r.policy_string, r.mx])} cls="tlsseen" columns={[
				{ id: "d", head: t("key.domain"), cls: "c-main", cell: (r) => <Value k="domain" v={r.domain} /> },
				{ id: "p", head: t("key.policy_type"), cell: (r) => <Value k="policy_type" v={r.policy_type}><Ptype type={r.policy_type} word={r.word} /></Value> },
				{ id: "m", head: t("tls.mode"), cell: (r) => <Mode_ mode={r.mode} /> },
				{ id: "a", head: t("tls.maxage"), hint: t("tls.maxage.hint"), num: true, cell: (r) => duration(r.max_age) },
				{ id: "mx", head: t("tls.mx.short"), cls: "c-names", cell: (r) => r.mx.length === 0 ? <span class="muted">–</span> : <span title={r.mx.map((x) => safeText(x)).join("\n")}><Name text={r.mx[0]} />{r.mx.length > 1 && <span class="muted"> +{r.mx.length - 1}</span>}</span> },
				{ id: "s", head: t("col.seen"), cell: (r) => <span class="nowrap">{day(r.first_day)}{r.last_day !== r.first_day && ` – ${day(r.last_day)}`}</span> },
				{ id: "rp", head: t("col.reporters"), num: true, cell: (r) => num(r.reporters) },
				{ id: "n", head: t("tls.sessions"), num: true, cell: (r) => num(r.successful + r.failed) },
				{ id: "ok", head: t("tls.ok"), cell: (r) => <TlsRate ok={r.successful} bad={r.failed} /> },
			]} />
		</Section>
	);
}

const NoReports = () => (
	<div class="how"><p class="muted">{t("tls.none.text")}</p><pre class="record"><code>_smtp._tls.example.org.  TXT  "v=TLSRPTv1; rua=mailto:tls@example.org"</code></pre></div>
);

function Summary() {
	const s = useUrl();
	const l = useApi<TlsSummary>(`tls/summary?${apiQuery(s, {}, {}, false, TLS_KEYS)}`, { main: true });
	usePageEnd(l.data?.to ?? null);
	return (
		<Load of={l} h={720}>{(d) => d.reports === 0 ? <section class="card"><Empty what={t("tls.none")} why={<NoReports />} keys={TLS_KEYS} /></section> : (
			<>
				<p class="lede">{days(d.from, d.to)} · {t("tls.period", { n: d.reports, r: d.reporters })}</p>
				<Tiles d={d} />
				<Chart d={d} />
				<Ready d={d} />
				<Results d={d} />
				{d.policies.length > 0 && <Seen d={d} />}
			</>
		)}</Load>
	);
}

function List() {
	const s = useUrl();
	const sort = useSort("-received");
	const path = `tls/reports?${apiQuery(s, { sort, limit: 100, total: 1 }, {}, false, TLS_KEYS)}`;
	const l = useApi<TlsReports>(path, { main: true });
	const more = useMore<TlsItem>(path, l);
	usePageEnd(l.data?.to ?? null);
	const q = carried(s);
	return (
		<section class="card">
			<Load of={l} h={560}>{(d) => d.items.length === 0 ? <Empty what={t("tls.none")} why={<NoReports />} keys={TLS_KEYS} /> : (
				<>
					<Table caption={t("tls.list")} rows={more.items} rowKey={(r) => r.id} sort={sort} cls="tlsreports" link={(r) => at(`/tls/${encodeURIComponent(r.id)}`, q)} columns={[
						{ id: "rep", head: t("key.reporter"), cls: "c-main", cell: (r) => <Name text={r.reporter.label || r.reporter.key} /> },
						{ id: "dom", head: t("col.domain"), cls: "c-names", cell: (r) => r.domains[0] === undefined ? <Safe text={null} /> :
							<><Value k="domain" v={r.domains[0]} />{r.domains.length > 1 && <span class="muted" title={r.domains.map((x) => safeText(x)).join("\n")}> +{r.domains.length - 1}</span>}</> },
						{ id: "day", head: t("reports.range"), sort: "day", cell: (r) => <span class="nowrap">{spanText(r.begin, r.end)}</span> },
						{ id: "rec", head: t("reports.received"), sort: "received", cell: (r) => <span class="nowrap" title={time(r.received)}>{day(r.received.slice(0, 10))}</span> },
						{ id: "pt", head: t("key.policy_type"), cell: (r) => r.types.map((x, i) => <>{i > 0 && ", "}<Ptype type={x.policy_type} /></>) },
						{ id: "n", head: t("tls.sessions"), num: true, cell: (r) => num(r.successful + r.failed) },
						{ id: "f", head: t("tls.list.failed"), num: true, sort: "failure", cell: (r) => num(r.failed) },
						{ id: "ok", head: t("tls.ok"), cell: (r) => <TlsRate ok={r.successful} bad={r.failed} /> },
						{ id: "tr", head: t("reports.trust"), cell: (r) => <Trust trust={r.trust} /> },
						{ id: "st", head: t("reports.notes"), cls: "c-notes", cell: (r) => <span class="notes"><ReportState state={r.state} quiet />
							{r.apart !== "no" && <span class="tag">{t("tls.apart")}: {t(`reports.apart.${r.apart}`)}</span>}
							{r.quirks.length > 0 && <span class="tag" title={r.quirks.map((x) => safeText(x.text)).join("\n")}>{t("n.notes", { n: r.quirks.length })}</span>}
							{r.duplicates > 0 && <span class="tag">{t("reports.dup", { n: r.duplicates })}</span>}</span> },
					]} />
					<More m={more} total={d.total?.n} />
				</>
			)}</Load>
		</section>
	);
}

export default function TlsPage() {
	const s = useUrl();
	const list = s.view.tab === "reports";
	return (
		<>
			<Head title={t("nav.tls")} sub={t("tls.sub")} />
			<FilterBar keys={TLS_KEYS} kind="tls" />
			<div class="seg tabs" role="group" aria-label={t("tls.tabs")}>
				<button type="button" aria-pressed={!list} onClick={() => setView({ tab: undefined, sort: undefined })}>{t("tls.tab.summary")}</button>
				<button type="button" aria-pressed={list} onClick={() => setView({ tab: "reports", sort: undefined })}>{t("tls.tab.reports")}</button>
			</div>
			{list ? <List /> : <Summary />}
		</>
	);
}
