/* One SMTP TLS report: its policies, what failed under each, and what to do. */
import type { ComponentChildren } from "preact";
import { t, tx } from "../i18n";
import { apiUrl, useApi } from "../lib/api";
import { bytes, duration, num, time } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import type { TlsDetail, TlsElement, TlsReport } from "../lib/types-tls";
import { carried } from "../lib/url";
import type { PageProps } from "../routes";
import { Icon } from "../ui/icons";
import { Head, Section } from "../ui/page";
import { ReportState, Trust } from "../ui/report-state";
import { Load } from "../ui/states";
import { Table } from "../ui/table";
import { Name, Safe, Value } from "../ui/text";
import { means, Mode_, MxName, okRate, Ptype, remedy, TlsResultName } from "../ui/tls";
import { spanText } from "./reports";

const rawUrl = (id: string, as: string): string => apiUrl(`tls/reports/${encodeURIComponent(id)}/raw?as=${as}`);
const Fact = ({ k, children }: { k: string; children: ComponentChildren }) => <><dt>{k}</dt><dd>{children}</dd></>;
const Lines = ({ of }: { of: string[] }) => <ul class="plainlist">{of.map((x) => <li><Safe text={x} /></li>)}</ul>;

function Element({ x }: { x: TlsElement }) {
	return (
		<section class="card">
			<div class="cardhead"><h2>{tx("tls.report.element", { n: num(x.seq), type: <Ptype type={x.policy_type} word={x.word} /> })}</h2>
				<p class="lede"><b>{okRate(x.successful, x.failed)}</b> {t("tls.report.sums", { ok: x.successful, bad: x.failed })}</p></div>
			<dl class="kv wide">
				<Fact k={t("tls.report.domain")}><Value k="domain" v={x.domain} />{x.domain_derived && <span class="muted"> {t("tls.report.derived")}</span>}</Fact>
				{x.mode !== null && <Fact k={t("tls.mode")}><Mode_ mode={x.mode} />{x.max_age !== null && <span class="muted"> · {t("tls.maxage")} {duration(x.max_age)}</span>}</Fact>}
				{x.mx.length > 0 && <Fact k={t("tls.report.mx")}><Lines of={x.mx} /></Fact>}
				{x.policy_string.length > 0 && <Fact k={t("tls.report.string")}><div class="mono small"><Lines of={x.policy_string} /></div></Fact>}
			</dl>
			{x.detail_failures !== x.failed && x.details.length > 0 && <p class="notice slim"><Icon name="info" size={16} /><span>{t("tls.report.disagree", { n: x.detail_failures })}</span></p>}
			{x.details.length === 0 ? (x.failed > 0 ? <p class="muted">{t("tls.report.nodetails")}</p> : null) : (
				<Table<TlsDetail> caption={t("tls.where")} rows={x.details} rowKey={(r) => String(r.seq)} cls="tlswhere" columns={[
					{ id: "r", head: t("key.result"), cls: "c-main c-result", cell: (r) => <TlsResultName result={r.result} word={r.word} /> },
					{ id: "n", head: t("tls.sessions"), num: true, cell: (r) => num(r.failed) },
					{ id: "mx", head: t("tls.mx"), cls: "c-mx", cell: (r) => <MxName mx={r.mx} ip={r.receiving_ip} /> },
					{ id: "h", head: t("tls.helo"), cls: "c-names", cell: (r) => <Safe text={r.helo} /> },
					{ id: "si", head: t("tls.sending"), cls: "mono", cell: (r) => <Safe text={r.sending_ip} /> },
					{ id: "rc", head: t("tls.reason"), cls: "c-reason", cell: (r) => <Safe text={r.reason_code?.slice(0, 300)} /> },
					{ id: "i", head: t("tls.info"), cls: "c-reason", cell: (r) => <Safe text={r.info?.slice(0, 500)} /> },
				]} />
			)}
		</section>
	);
}

function Facts({ d }: { d: TlsReport }) {
	const reporter = `reporter=${encodeURIComponent(d.reporter.key)}`;
	return (
		<Section title={t("tls.report.facts")}>
			<dl class="kv wide">
				<Fact k={t("report.org")}><Safe text={d.org_name} /></Fact>
				<Fact k={t("tls.list.contact")}><Safe text={d.contact_info} /></Fact>
				<Fact k={t("report.id")}><code class="wrap"><Safe text={d.report_id} /></code></Fact>
				<Fact k={t("report.range")}>{time(d.begin)} – {time(d.end)}</Fact>
				<Fact k={t("report.received")}>{time(d.received)}{d.message?.mailbox && <> · <Safe text={d.message.mailbox} /></>}{d.message !== null && d.message.bytes !== null && <> · {bytes(d.message.bytes)}</>}</Fact>
				{d.submitter !== null && <Fact k={t("tls.report.submitter")}><Safe text={d.submitter} /></Fact>}
				<Fact k={t("report.trust")}><Trust trust={d.trust} /></Fact>
				<Fact k={t("report.state")}><ReportState state={d.state} /></Fact>
				{d.duplicates > 0 && <Fact k={t("report.duplicates")}>{t("report.duplicates.text", { n: d.duplicates })}</Fact>}
			</dl>
			<p class="actions">
				<a class="btn" href={href(`/tls?tab=reports&t=all&${reporter}`)}><Icon name="lock" size={16} />{t("tls.report.same")}</a>
				<a class="btn" href={href(`/reports?t=all&${reporter}`)}><Icon name="reports" size={16} />{t("tls.report.dmarc")}</a>
			</p>
		</Section>
	);
}

export default function TlsReportPage({ params }: PageProps) {
	const id = params.id ?? "";
	const s = useUrl();
	const l = useApi<TlsReport>(`tls/reports/${encodeURIComponent(id)}`, { main: true });
	const r = l.data;
	return (
		<>
			<Head crumbs={[{ label: t("nav.tls"), to: at("/tls", carried(s)) }]}
				title={r === null ? t("tls.report") : <><Safe text={r.reporter.label || r.reporter.key} /> <span class="arrow" role="img" aria-label={t("tls.report.about")}>→</span> <Name text={r.domains[0]} />{r.domains.length > 1 && ` +${r.domains.length - 1}`}</>}
				sub={r === null ? undefined : `${spanText(r.begin, r.end)} · ${t("tls.report.sums", { ok: r.successful, bad: r.failed })}`}
				side={r === null ? undefined : (
					<div class="downloads">
						{r.raw.json && <a class="btn" download href={rawUrl(id, "json")}><Icon name="download" size={16} />{t("tls.report.json")}</a>}
						{r.raw.original && <a class="btn" download href={rawUrl(id, "original")}><Icon name="download" size={16} />{t("report.dl.original")}</a>}
						{r.raw.mail && <a class="btn" download href={rawUrl(id, "mail")}><Icon name="download" size={16} />{t("report.dl.mail")}</a>}
						{!r.raw.json && <p class="muted small">{t("tls.report.gone")}</p>}
					</div>
				)} />
			<Load of={l} h={560}>{(d) => {
				const newer = d.versions.find((v) => v.state !== "superseded" && v.id !== d.id);
				return (
					<>
						{d.state === "superseded" && <p class="notice warn slim"><Icon name="info" size={16} /><span>{t("report.superseded")}</span>{newer && <a href={href(`/tls/${encodeURIComponent(newer.id)}`)}>{t("report.newer")}</a>}</p>}
						{d.apart !== "no" && <p class="notice warn slim"><Icon name="info" size={16} /><span>{t(`report.apart.${d.apart}`)}</span></p>}
						{(d.state === "partial" || d.state === "repaired") && <p class="notice warn slim"><Icon name="warn" size={16} /><span>{t(`rstate.${d.state}.text`)}</span></p>}
						<div class="two">
							<Facts d={d} />
							<Section title={t("tls.results")}>
								{d.advice.length === 0 ? <p class="quiet-ok"><Icon name="check" /> {t("tls.report.nodetails")}</p> : (
									<ul class="advice">{d.advice.map((a) => <li><TlsResultName result={a.result} plain /><p><Safe text={means(a)} /></p><p><b>{t("tls.remedy")}:</b> <Safe text={remedy(a)} /></p></li>)}</ul>
								)}
							</Section>
						</div>
						{d.elements.map((x) => <Element key={x.seq} x={x} />)}
						{d.details > d.details_shown && <p class="muted">{t("tls.report.cut", { n: d.details_shown, of: d.details })}</p>}
						{(d.quirks.length > 0 || d.refused.length > 0) && (
							<Section title={t("report.quirks")} sub={t("report.quirks.sub")}>
								<ul class="quirks">
									{d.quirks.map((x) => <li><Icon name="info" size={16} /><span><Safe text={x.text} /> <span class="muted small"><Safe text={x.name} /></span></span></li>)}
									{d.refused.map((x) => <li><Icon name="warn" size={16} /><span>{tx("tls.report.refused", { policy: String(x.policy), detail: String(x.detail), line: String(x.line), reason: <Safe text={x.reason} /> })}</span></li>)}
								</ul>
							</Section>
						)}
						{d.versions.length > 1 && (
							<Section title={t("report.versions")} sub={t("report.versions.sub")}>
								<ul class="versions">{d.versions.map((v) => <li>
									{v.id === d.id ? <b>{t("report.this")}</b> : <a href={href(`/tls/${encodeURIComponent(v.id)}`)}>{time(v.received)}</a>}
									<ReportState state={v.state} /><span>{t("tls.report.sums", { ok: v.successful, bad: v.failed })}</span></li>)}</ul>
							</Section>
						)}
					</>
				);
			}}</Load>
		</>
	);
}
