/* One failure report: what the receiver says of one message. Masked until somebody reveals it, which is logged. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t, tx, word } from "../i18n";
import { ApiError, apiUrl, useApi } from "../lib/api";
import { bytes, day, time } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import { fieldName, reveal, saveBare } from "../lib/failures";
import type { Aligned, FailureDetail } from "../lib/types-failures";
import { carried } from "../lib/url";
import type { PageProps } from "../routes";
import { Code, codeTitle, Result } from "../ui/bits";
import { AlignedMark, Delivery, FailureType } from "../ui/failures";
import { Icon } from "../ui/icons";
import { Head, Section } from "../ui/page";
import { Trust } from "../ui/report-state";
import { ErrorBox, Load } from "../ui/states";
import { Name, Safe, Value } from "../ui/text";

const Fact = ({ k, children }: { k: string; children: ComponentChildren }) => <><dt>{k}</dt><dd>{children}</dd></>;

/* From where a fact was taken, when not from where it belongs. */
const Origin = ({ of, usual }: { of: string; usual: readonly string[] }) =>
	of === "none" || usual.includes(of) ? null : <span class="muted small"> {t("failure.origin", { where: word("origin", of) })}</span>;

function RevealDialog({ id, done, close }: { id: string; done: (d: FailureDetail) => void; close: () => void }) {
	const ref = useRef<HTMLDialogElement>(null);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<ApiError | null>(null);
	const live = useRef(true);
	useEffect(() => {
		const d = ref.current;
		if (d !== null && !d.open)
			d.showModal();
		return () => {
			live.current = false;
		};
	}, []);
	const ask = () => {
		setBusy(true);
		setError(null);
		reveal(id).then(
			/* closed while it was asked: then nothing is shown */
			(d) => live.current && (done(d), ref.current?.close()),
			(e: unknown) => {
				if (!live.current)
					return;
				setError(e instanceof ApiError ? e : new ApiError({ title: String(e), status: 0 }));
				setBusy(false);
			});
	};
	return (
		<dialog ref={ref} class="dialog" aria-labelledby="reveal-title" aria-describedby="reveal-text" onClose={close}>
			<h2 id="reveal-title">{t("reveal.title")}</h2>
			<div id="reveal-text" class="stack"><p>{t("reveal.text")}</p><p><strong>{t("reveal.logged")}</strong></p></div>
			{error !== null && <><p class="reveal-failed">{t("reveal.failed")}</p><ErrorBox error={error} retry={ask} /></>}
			<p class="actions right">
				<button type="button" class="btn" autofocus onClick={() => ref.current?.close()}>{t("reveal.no")}</button>
				<button type="button" class="btn primary" disabled={busy} onClick={ask}><Icon name="eye" size={16} />{busy ? t("reveal.busy") : t("reveal.yes")}</button>
			</p>
		</dialog>
	);
}

/* Masked for everybody; as it came for who has revealed it, which is written down once more. */
function Downloads({ id, bare }: { id: string; bare: boolean }) {
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<ApiError | null>(null);
	const ask = () => {
		setBusy(true);
		setError(null);
		saveBare(id).then(() => setBusy(false), (e: unknown) => {
			setError(e instanceof ApiError ? e : new ApiError({ title: String(e), status: 0 }));
			setBusy(false);
		});
	};
	return (
		<>
			<p class="actions">
				<a class="btn" download href={apiUrl(`failures/${encodeURIComponent(id)}/raw`)}><Icon name="download" size={16} />{t("failure.dl")}</a>
				{bare && <button type="button" class="btn" disabled={busy} onClick={ask}><Icon name="download" size={16} />{busy ? t("reveal.busy") : t("failure.dl.bare")}</button>}
			</p>
			{error !== null && <ErrorBox error={error} retry={ask} />}
		</>
	);
}

/* Whose report it is, and who says so. */
function TrustFact({ d }: { d: FailureDetail }) {
	const b = d.trust_by;
	const id = <Name text={b.authserv_id ?? ""} />;
	return (
		<Fact k={t("report.trust")}><Trust trust={d.trust} /> <span class="muted small">{b.detail === "unknown" ? t("report.trust.unknown") :
			tx(`report.trust.${b.detail}`, { id, from: <Name text={b.from_domain ?? ""} />, how: (b.method ?? "").toUpperCase() })}</span></Fact>
	);
}

interface CheckProps { result: string; domain: string | null; selector?: string | null; aligned: Aligned }

function Check({ result, domain, selector = null, aligned }: CheckProps) {
	return (
		<span class="proof"><Result result={result} />{domain !== null && <Name text={domain} />}
			{selector !== null && <span class="muted">{tx("failure.selector", { selector: <Safe text={selector} /> })}</span>}
			{(result !== "absent" || aligned !== "unknown") && <AlignedMark a={aligned} />}</span>
	);
}

function Proof({ d }: { d: FailureDetail }) {
	const v = d.verdict;
	return (
		<dl class="kv wide">
			<Fact k="SPF"><Check result={v.spf_result} domain={v.spf_domain} aligned={v.spf_aligned} /></Fact>
			<Fact k="DKIM"><Check result={v.dkim_result} domain={v.dkim_domain} selector={v.dkim_selector} aligned={v.dkim_aligned} /></Fact>
			<Fact k="DMARC">{d.dmarc === "unknown" ? t("fresult.unknown") : t("failure.said", { result: t(`fresult.${d.dmarc}`) })}</Fact>
		</dl>
	);
}

/* The aggregate rows about the same source, day and domain: as many as the daemon counts. */
function Rows({ d }: { d: FailureDetail }) {
	const r = d.rows;
	if (d.ip === null || d.domain === null)
		return <p class="muted">{t("failure.rows.cannot")}</p>;
	const days = `from=${d.day}&to=${d.day}`;
	const same = `ip=${encodeURIComponent(d.ip)}&domain=${encodeURIComponent(d.domain)}`;
	return (
		<>
			{r.rows === 0 ? <p class="muted">{t("failure.rows.none")}</p> : <p>{t("failure.rows.text", { m: r.messages })}</p>}
			<p class="actions">
				{r.rows > 0 && <a class="btn primary" href={href(at("/explore", `${days}&${same}&view=rows`))}><Icon name="explore" size={16} />{t("failure.rows.open", { n: r.rows })}</a>}
				<a class="btn" href={href(at("/failures", `t=all&ip=${encodeURIComponent(d.ip)}`))}><Icon name="envelope" size={16} />{t("failure.same")}</a>
			</p>
			{r.reports.length > 0 && <p class="reportlinks">{t("failure.rows.reports")} {r.reports.map((id) => <a href={href(`/reports/${encodeURIComponent(id)}`)}><Safe text={id} /></a>)}
				{r.nreports > r.reports.length && <span class="muted">{t("failure.rows.more", { n: r.nreports - r.reports.length })}</span>}</p>}
		</>
	);
}

function Sample({ d }: { d: FailureDetail }) {
	const s = d.sample;
	const facts: [string, string | null][] = [
		[t("failures.from"), s.from], [t("failures.subject"), s.subject], [t("failure.date"), s.date],
		[t("failure.messageid"), s.message_id], [t("failure.returnpath"), s.return_path],
	];
	return (
		<Section title={t("failure.sample")}>
			{s.kind === "none" && <p class="muted">{t("failure.sample.none")}</p>}
			<dl class="kv wide">
				{facts.filter(([, v]) => v !== null || s.kind !== "none").map(([k, v]) => <Fact k={k}><Safe text={v} /></Fact>)}
				{s.kind === "message" && s.body === null && <Fact k={t("failure.body")}>{s.body_bytes === 0 ? t("failure.body.none") : t("failure.body.hidden", { size: bytes(s.body_bytes) })}</Fact>}
				{s.body_sha256 !== null && <Fact k={t("failure.body.hash")}><code class="wrap"><Safe text={s.body_sha256} /></code></Fact>}
			</dl>
			{s.body !== null && (
				<>
					<h3>{t("failure.body")}</h3>
					<pre class="plaintext" tabIndex={0} role="region" aria-label={t("failure.body.label")}>{s.body.split("\n").map((line) => <>{line.replace(/\r$/, "") === "" ? "" : <Safe text={line.replace(/\r$/, "")} />}{"\n"}</>)}</pre>
				</>
			)}
			{s.headers.length > 0 && (
				<details class="headers">
					<summary>{t("failure.headers")} <span class="muted n">{s.headers.length}</span></summary>
					<table class="policytable">
						<caption class="vh">{t("failure.headers")}</caption>
						<thead><tr><th scope="col">{t("failure.header")}</th><th scope="col">{t("failure.value")}</th></tr></thead>
						<tbody>{s.headers.map(([k, v]) => <tr><th scope="row"><Safe text={k} /></th><td class="wrap"><Safe text={v} /></td></tr>)}</tbody>
					</table>
				</details>
			)}
		</Section>
	);
}

function Fields({ d }: { d: FailureDetail }) {
	const list = Object.entries(d.fields).filter(([, v]) => v !== null && !(Array.isArray(v) && v.length === 0));
	return (
		<Section title={t("failure.fields")}>
			{d.dialect === "text-only" || list.length === 0 ? <p class="muted">{t("failure.fields.none")}</p> : (
				<dl class="kv wide">{list.map(([k, v]) => <Fact k={fieldName(k)}>{Array.isArray(v) ? <ul class="plainlist">{v.map((x) => <li><Safe text={x} /></li>)}</ul> : <Safe text={String(v)} />}</Fact>)}</dl>
			)}
			{d.note !== null && <><h3>{t("failure.note")}</h3><p class="wrap"><Safe text={d.note} /></p></>}
		</Section>
	);
}

function Body({ d }: { d: FailureDetail }) {
	const v = d.verdict;
	const tone = d.class === "other" ? "nodata" : v.result === "fail" ? "warn" : v.result === "pass" ? "ok" : "nodata";
	return (
		<>
			<section class={`verdict v-${tone}`}><Icon name={tone === "ok" ? "check" : tone === "nodata" ? "info" : "warn"} size={24} />
				<div class="grow"><p class="verdict-word">{d.class === "other" ? t("failure.verdict.other") : t(`failure.verdict.${v.result}`)}</p>
					<p class="verdict-text"><Safe text={v.sentence} /></p>
					{v.code !== null && <p class="verdict-code"><a href={href(`/help/${encodeURIComponent(v.code)}`)}><Code code={v.code} title={false} plain /> {codeTitle(v.code)}</a></p>}</div></section>
			{d.apart !== "no" && <p class="notice warn slim"><Icon name="info" size={16} /><span>{t(`failure.apart.${d.apart}`)}</span></p>}
			{v.differs && <p class="notice warn slim"><Icon name="warn" size={16} /><span>{t("failure.differs")}</span></p>}
			<Section title={t("failure.rows")}><Rows d={d} /></Section>
			<div class="two">
				<div class="stack">
					<Section title={t("failure.proof")}><Proof d={d} />
						<h3>{t("failure.results")}<Origin of={d.facts_from.results} usual={["authentication-results", "field"]} /></h3>
						{d.results.length === 0 ? <p class="muted">{t("failure.results.none")}</p> : (
							<ul class="auth">{d.results.map((r) => <li><b>{r.method.toUpperCase()}</b> <Result result={r.result} word={r.word} /> <Name text={r.domain} /> {r.selector !== null && <span class="muted">{tx("failure.selector", { selector: <Safe text={r.selector} /> })}</span>}
								{r.scope !== null && <span class="muted"><Safe text={r.scope} /></span>} {r.derived && <span class="tag" title={t("failure.derived.hint")}>{t("failure.derived")}</span>}</li>)}</ul>
						)}
					</Section>
					<Sample d={d} />
				</div>
				<div class="stack">
					<Section title={t("failure.facts")}>
						<dl class="kv wide">
							<Fact k={t("key.reporter")}><Value k="reporter" v={d.reporter.key}><Name text={d.reporter.label || d.reporter.key} /></Value></Fact>
							<Fact k={t("failures.type")}><FailureType f={d} /></Fact>
							<Fact k={t("key.ip")}>{d.ip === null ? <Safe text={null} /> : <Value k="ip" v={d.ip} />}<Origin of={d.facts_from.ip} usual={["field"]} /></Fact>
							<Fact k={t("key.hfrom")}>{d.header_from === null ? <Safe text={null} /> : <Value k="hfrom" v={d.header_from} />}<Origin of={d.facts_from.header_from} usual={["sample"]} /></Fact>
							<Fact k={t("key.domain")}>{d.domain === null ? <Safe text={null} /> : <a href={href(`/domains/${encodeURIComponent(d.domain)}`)}><Name text={d.domain} /></a>}</Fact>
							<Fact k={t("failure.when")}>{time(d.arrived)}<Origin of={d.facts_from.arrived} usual={["field"]} /></Fact>
							<Fact k={t("failure.arrived")}>{time(d.received)}</Fact>
							<Fact k={t("failure.delivery")}><Delivery d={d.delivery} /></Fact>
							{d.incidents > 1 && <Fact k={t("failure.count")}>{t("failures.incidents", { n: d.incidents })}</Fact>}
							<Fact k={t("failure.dialect")}>{d.dialect === "text-only" ? t("failures.text-only") : t("failure.dialect.arf")}</Fact>
							{d.duplicates > 0 && <Fact k={t("failure.duplicates")}>{t("report.duplicates.text", { n: d.duplicates })}</Fact>}
							<Fact k={t("failure.mail")}><Safe text={d.mail.from} />{d.mail.mailbox !== null && <> · <Safe text={d.mail.mailbox} /></>} · {bytes(d.mail.bytes)}</Fact>
							<TrustFact d={d} />
							<Fact k={t("failure.redact")}>{t(`failure.redact.${d.redact}`)}</Fact>
						</dl>
						<Downloads id={d.id} bare={!d.masked} />
					</Section>
					<Fields d={d} />
					{d.quirks.length > 0 && (
						<Section title={t("report.quirks")} sub={t("failure.quirks.sub")}>
							<ul class="quirks">{d.quirks.map((x) => <li><Icon name="info" size={16} /><span><Safe text={x.text} /> <span class="muted small"><Safe text={x.name} /></span></span></li>)}</ul>
						</Section>
					)}
					<Section title={t("failure.reveals")}>
						{d.reveals.length === 0 ? <p class="muted">{t("failure.reveals.none")}</p> :
							<ul class="plainlist">{d.reveals.map((r) => <li>{time(r.time)} <span class="muted"><Safe text={r.who} /></span></li>)}</ul>}
					</Section>
				</div>
			</div>
		</>
	);
}

export default function FailurePage({ params }: PageProps) {
	const id = params.id ?? "";
	const s = useUrl();
	const l = useApi<FailureDetail>(`failures/${encodeURIComponent(id)}`, { main: true });
	const [bare, setBare] = useState<FailureDetail | null>(null);	/* what was revealed; gone with the page */
	const [ask, setAsk] = useState(false);
	const d = bare ?? l.data;
	const last = useRef<HTMLButtonElement>(null);
	return (
		<>
			<Head crumbs={[{ label: t("nav.failures"), to: at("/failures", carried(s)) }]}
				title={d === null ? t("failure.title") : <>{tx("failure.head", { ip: d.ip === null ? t("failure.noip") : <Safe text={d.ip} /> })} <span class="arrow" aria-hidden="true">→</span> <Name text={d.header_from ?? d.domain} /></>}
				sub={d === null ? undefined : <>{day(d.day)} · <Safe text={d.reporter.label || d.reporter.key} /> · <FailureType f={d} /></>}
				side={l.data === null || l.data.redact === "all" ? undefined : (
					<button type="button" class="btn" ref={last} onClick={() => {
						if (bare === null)
							setAsk(true);
						else {
							setBare(null);
							l.retry();
						}
					}}><Icon name={bare === null ? "eye" : "shield"} size={16} />{t(bare === null ? "reveal.button" : "reveal.hide")}</button>
				)} />
			<div role="status">{bare !== null && <p class="notice warn slim"><Icon name="eye" size={16} /><span>{t("reveal.shown")}</span></p>}</div>
			<Load of={l} h={720}>{(masked) => <Body d={bare ?? masked} />}</Load>
			{ask && <RevealDialog id={id} done={setBare} close={() => {
				setAsk(false);
				last.current?.focus();
			}} />}
		</>
	);
}
