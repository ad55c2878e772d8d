/* One report: what this receiver told us, row by row, beside the XML as received. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { t, tx, word } from "../i18n";
import { ApiError, apiUrl, getText, useApi } from "../lib/api";
import { recordOf, tagDiffers, tags } from "../lib/dns";
import { bytes, days, duration, num, percent, ratio, time } from "../lib/format";
import { at, go, href, place, usePlace, useUrl } from "../lib/router";
import { safeText, toUnicode } from "../lib/safe";
import type { DomainDetail, Page, Policy, ReportDetail, Row } from "../lib/types";
import { carried } from "../lib/url";
import type { PageProps } from "../routes";
import { OutcomeBar, OUTCOMES, PolicyText } from "../ui/bits";
import { FailureLink } from "../ui/failures";
import { Icon } from "../ui/icons";
import { More, useMore } from "../ui/more";
import { Head, Section } from "../ui/page";
import { ReportState, Trust } from "../ui/report-state";
import { RowTable } from "../ui/rows";
import { ErrorBox, Load, Skeleton } from "../ui/states";
import { Name, Safe } from "../ui/text";
import { XmlView } from "../ui/xmlview";

const rawPath = (id: string, as: string): string => `reports/${encodeURIComponent(id)}/raw?as=${as}`;

function Fact({ k, children }: { k: string; children: ComponentChildren }) {
	return <><dt>{k}</dt><dd>{children}</dd></>;
}

interface Record_ { text: string; when: "then" | "now" }
const reported = (p: Policy): [string, string | null][] => [
	["p", p.p], ["sp", p.sp], ["np", p.np], ["adkim", p.adkim], ["aspf", p.aspf],
	["t", p.testing === null ? null : p.testing === true ? "y" : p.testing === false ? "n" : p.testing], ["pct", p.pct === null ? null : String(p.pct)],
];
const others = (p: Policy, dns: Record_): string[] => {
	const record = tags(dns.text);
	return reported(p).filter(([tag, v]) => tagDiffers(tag, v, record)).map(([tag]) => tag);
};

/* "DNS then: the same": the record of the days of the report, if it is known. */
function Against({ p, dns }: { p: Policy | null; dns: Record_ | null }) {
	if (p === null || dns === null)
		return null;
	const list = others(p, dns);
	return <span class={`tag ${list.length > 0 ? "warn" : ""}`}>{t(`report.dns.${dns.when}`, { what: list.length === 0 ? t("report.dns.same") : t("report.dns.other", { tags: list.join(", ") }) })}</span>;
}

function PolicyTable({ p, domain, dns }: { p: Policy | null; domain: string; dns: Record_ | null }) {
	if (p === null)
		return <p class="muted">{t("policy.unknown")}</p>;
	const record = dns === null ? null : tags(dns.text), odd = dns === null ? [] : others(p, dns);
	const values = new Map(reported(p));
	const rows: [string, string][] = [
		["p", t("policy.p")], ["sp", t("policy.sp")], ["np", t("policy.np")], ["adkim", t("policy.adkim")], ["aspf", t("policy.aspf")], ["t", t("policy.t")], ["pct", t("policy.pct")],
	];
	return (
		<table class={`policytable ${dns === null ? "" : "beside"}`}>
			<caption class="vh">{t("report.policy")}</caption>
			<thead><tr><th scope="col">{t("policy.tag")}</th><th scope="col">{t("policy.value")}</th>{dns !== null && <th scope="col">{t(`policy.dns.${dns.when}`)}</th>}<th scope="col" class="c-means">{t("policy.means")}</th></tr></thead>
			<tbody>
				<tr><th scope="row"><code>domain</code></th><td><Name text={domain} /></td>{dns !== null && <td />}<td class="c-means">{t("policy.domain")}</td></tr>
				{rows.filter(([tag]) => values.get(tag) !== null || record?.has(tag) || tag === "p").map(([tag, text]) => (
					<tr class={odd.includes(tag) ? "differs" : ""}><th scope="row"><code>{tag}</code></th><td><Safe text={values.get(tag)} /></td>
						{record !== null && <td>{odd.includes(tag) && <Icon name="warn" size={16} cls="l-warn" />} <Safe text={record.get(tag)} /></td>}<td class="c-means">{text}</td></tr>
				))}
			</tbody>
		</table>
	);
}

function Xml({ id, kept, record, onRecord, refused }: { id: string; kept: boolean; record: number | null; onRecord: (n: number) => void; refused: ReportDetail["refused"] }) {
	const notes = useMemo(() => {
		const out = new Map<number, string[]>();
		for (const x of refused)
			out.set(x.line, [...(out.get(x.line) ?? []), t("xml.refused", { n: String(x.record), reason: x.reason })]);
		return out;
	}, [refused]);
	const [xml, setXml] = useState<string | null>(null);
	const [error, setError] = useState<ApiError | null>(null);
	const [tick, setTick] = useState(0);
	useEffect(() => {
		if (!kept)
			return;
		const ctl = new AbortController();
		setError(null);
		getText(rawPath(id, "xml") + "&inline=1", ctl.signal).then(setXml, (e: unknown) => {
			if (!ctl.signal.aborted)
				setError(e instanceof ApiError ? e : new ApiError({ title: String(e), status: 0 }));
		});
		return () => ctl.abort();
	}, [id, kept, tick]);
	if (!kept)
		return <p class="muted">{t("xml.gone")}</p>;
	if (error !== null)
		return <ErrorBox error={error} retry={() => setTick(tick + 1)} />;
	return xml === null ? <Skeleton h={480} /> : <XmlView xml={xml} record={record} onRecord={onRecord} notes={notes} />;
}

/* By whom it is known, in a sentence. */
function TrustText({ d }: { d: ReportDetail }) {
	const b = d.trust_by;
	const id = <Safe text={b.authserv_id ?? ""} />;
	if (b.detail === "unknown")
		return <>{t("report.trust.unknown")}{b.authserv_id !== null && <> {tx("report.trust.seen", { id })}</>}</>;
	return <span title={b.field === null ? undefined : `${t("report.trust.field")}: ${safeText(b.field)}`}>
		{tx(`report.trust.${b.detail}`, { id, from: <Name text={b.from_domain ?? ""} />, how: (b.method ?? "").toUpperCase() })}</span>;
}

export default function ReportPage({ params }: PageProps) {
	const id = params.id ?? "";
	const s = useUrl();
	const hash = /^#r(\d+)$/.exec(usePlace().hash);
	const record = hash === null ? null : Number(hash[1]);
	const l = useApi<ReportDetail>(`reports/${encodeURIComponent(id)}`, { main: true });
	const rowsPath = `rows?report=${encodeURIComponent(id)}&t=all&sort=-m&limit=500`;
	const rl = useApi<Page<Row>>(rowsPath);
	const more = useMore(rowsPath, rl);
	const jump = (n: number, toRow = false) => {
		const p = place.get();
		go(p.path + p.search + `#r${n}`, true);
		if (toRow)
			document.getElementById(`r${n}`)?.scrollIntoView({ block: "center" });
	};
	useEffect(() => {
		if (record !== null && rl.data !== null)
			document.getElementById(`r${record}`)?.scrollIntoView({ block: "center" });
	}, [rl.data === null]);

	const r = l.data;
	/* its record in the DNS, if somebody asks for it; a report that is kept apart has no domain page */
	const dl = useApi<DomainDetail>(r === null || r.apart !== "no" ? null : `domains/${encodeURIComponent(r.domain)}?from=${r.day}&to=${r.day}&cmp=none`);
	const dns = r === null || !dl.data?.dns ? null : recordOf(dl.data.dns, r.begin, r.end);
	const u = r === null ? null : toUnicode(r.domain);
	return (
		<>
			<Head crumbs={[{ label: t("nav.reports"), to: at("/reports", carried(s)) }]}
				title={r === null ? t("report.title") : <><Safe text={r.reporter.label || r.reporter.key} /> <span class="arrow" aria-label={t("report.about")}>→</span> <Safe text={u ?? r.domain} /></>}
				sub={r === null ? undefined : <>{days(r.begin.slice(0, 10), r.day)} · {t("n.messages", { n: r.m })} · {t("n.rows", { n: r.records })}
					{r.policy !== null && <> · {t("report.policy.then")} <PolicyText p={r.policy} /> <Against p={r.policy} dns={dns} /></>}</>}
				side={r === null ? undefined : (
					<div class="downloads">
						{r.raw.xml && <a class="btn" download href={apiUrl(rawPath(id, "xml"))}><Icon name="download" size={16} />{t("report.dl.xml")}</a>}
						{r.raw.original && <a class="btn" download href={apiUrl(rawPath(id, "original"))}><Icon name="download" size={16} />{t("report.dl.original")}</a>}
						{r.raw.mail && <a class="btn" download href={apiUrl(rawPath(id, "mail"))}><Icon name="download" size={16} />{t("report.dl.mail")}</a>}
					</div>
				)} />
			<Load of={l} h={420}>{(d) => (
				<>
					{d.state === "superseded" && <p class="notice warn slim"><Icon name="info" size={16} /><span>{t("report.superseded")}</span>
						{d.versions.find((v) => v.state !== "superseded" && v.id !== d.id) && <a href={href(`/reports/${encodeURIComponent(d.versions.find((v) => v.state !== "superseded" && v.id !== d.id)?.id ?? "")}`)}>{t("report.newer")}</a>}</p>}
					{d.apart !== "no" && <p class="notice warn slim"><Icon name="info" size={16} /><span>{t(`report.apart.${d.apart}`)}</span></p>}
					{(d.state === "partial" || d.state === "repaired") && <p class="notice warn slim"><Icon name="warn" size={16} /><span>{t(`rstate.${d.state}.text`)}</span></p>}
					<div class="two">
						<Section title={t("report.facts")}>
							<dl class="kv wide">
								<Fact k={t("report.org")}><Safe text={d.org_name} /></Fact>
								<Fact k={t("report.email")}><Safe text={d.email} /></Fact>
								{d.extra_contact_info && <Fact k={t("report.extra")}><Safe text={d.extra_contact_info} /></Fact>}
								<Fact k={t("report.id")}><code class="wrap"><Safe text={d.report_id} /></code></Fact>
								<Fact k={t("report.range")}>{time(d.begin)} – {time(d.end)}
									{Date.parse(d.end) - Date.parse(d.begin) > 36 * 3600e3 && <span class="muted"> {t("report.long", { span: duration((Date.parse(d.end) - Date.parse(d.begin)) / 1000), day: d.day })}</span>}</Fact>
								<Fact k={t("report.received")}>{time(d.received)}{d.message?.mailbox && <> · <Safe text={d.message.mailbox} /></>}{d.message && d.message.bytes !== null && <> · {bytes(d.message.bytes)}</>}</Fact>
								<Fact k={t("report.trust")}><Trust trust={d.trust} /> <span class="muted small"><TrustText d={d} /></span></Fact>
								<Fact k={t("report.state")}><ReportState state={d.state} /></Fact>
								{d.failures > 0 && <Fact k={t("nav.failures")}><FailureLink plain n={d.failures} text="failures.link.report" q={`from=${d.day}&to=${d.day}&type=auth-failure&domain=${encodeURIComponent(d.domain)}`} /></Fact>}
								{d.duplicates > 0 && <Fact k={t("report.duplicates")}>{t("report.duplicates.text", { n: d.duplicates })}</Fact>}
								{d.generator && <Fact k={t("report.generator")}><Safe text={d.generator} /></Fact>}
								{d.dialect && <Fact k={t("report.dialect")}>{word("dialect", d.dialect)}{d.version && <span class="muted"> <Safe text={d.version} /></span>}</Fact>}
								{d.errors.length > 0 && <Fact k={t("report.errors")}><ul class="plainlist">{d.errors.map((e) => <li><Safe text={e} /></li>)}</ul></Fact>}
							</dl>
						</Section>
						<Section title={t("report.result")}>
							{d.m > 0 ? <>
								<p class="big"><b>{percent(ratio(d.pass, d.m))}</b> {t("report.passed", { n: d.pass, m: d.m })}</p>
								<OutcomeBar c={d.counts} />
								<ul class="legend small">{OUTCOMES.filter((k) => d.counts[k] > 0).map((k) => <li><i class={`sw o-${k}`} />{t(`outcome.${k}`)} <b class="n">{num(d.counts[k])}</b></li>)}</ul>
							</> : <p class="muted">{t("rstate.empty")}</p>}
							<h3>{t("report.policy")} <PolicyText p={d.policy} /></h3>
							<PolicyTable p={d.policy} domain={d.domain} dns={dns} />
						</Section>
					</div>
					{(d.quirks.length > 0 || d.refused.length > 0) && (
						<Section title={t("report.quirks")} sub={t("report.quirks.sub")}>
							<ul class="quirks">
								{d.quirks.map((x) => <li><Icon name="info" size={16} /><span><Safe text={x.text} /> <span class="muted small"><Safe text={x.name} /></span></span></li>)}
								{d.refused.map((x) => <li><Icon name="warn" size={16} /><span>{tx("report.refused", { n: String(x.record), line: String(x.line), reason: <Safe text={x.reason} /> })}</span></li>)}
							</ul>
						</Section>
					)}
					{d.versions.length > 1 && (
						<Section title={t("report.versions")} sub={t("report.versions.sub")}>
							<ul class="versions">{d.versions.map((v) => <li>
								{v.id === d.id ? <b>{t("report.this")}</b> : <a href={href(`/reports/${encodeURIComponent(v.id)}`)}>{time(v.received)}</a>}
								<ReportState state={v.state} /><span>{t("n.messages", { n: v.m })}</span></li>)}</ul>
						</Section>
					)}
				</>
			)}</Load>
			<div class="rowsxml">
				<Section title={t("report.rows")}>
					<Load of={rl} h={400}>{(d) => d.items.length === 0 ? <p class="muted">{t("rstate.empty")}</p> : (
						<>
							<RowTable rows={more.items} inReport onJump={r?.raw.xml ? (n) => jump(n) : undefined} current={record} />
							<More m={more} />
						</>
					)}</Load>
				</Section>
				<Section title={t("report.xml")} side={record !== null && <span class="muted small">{t("xml.row", { n: String(record) })}</span>}>
					{r === null ? <Skeleton h={400} /> : <Xml id={id} kept={r.raw.xml} record={record} onRecord={(n) => jump(n, true)} refused={r.refused} />}
				</Section>
			</div>
		</>
	);
}

