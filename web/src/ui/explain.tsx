/* The explanation card. Its texts are finished strings: drawn as text only. */
import { t, word } from "../i18n";
import { num } from "../lib/format";
import { href, at } from "../lib/router";
import { card, explain, factsOf, type Explanation } from "../lib/explain";
import type { BreakdownItem, Policy, Row } from "../lib/types";
import { Code, Disposition, Result } from "./bits";
import { Icon } from "./icons";
import { Name, Safe, Value } from "./text";

function Advice({ e }: { e: Pick<Explanation, "todo" | "yours" | "notYours"> }) {
	if (e.yours === null && e.notYours === null)
		return e.todo === null ? null : <p><strong>{t("card.do")}</strong> {e.todo}</p>;
	return (
		<div class="yn">
			<p class="yn-q"><strong>{t("card.yours")}</strong></p>
			<dl>
				{e.yours !== null && <><dt>{t("card.yes")}</dt><dd>{e.yours}</dd></>}
				{e.notYours !== null && <><dt>{t("card.no")}</dt><dd>{e.notYours}</dd></>}
			</dl>
		</div>
	);
}

export function RowCard({ row, policy = null, report = true, query = "" }: { row: Row; policy?: Policy | null; report?: boolean; query?: string }) {
	const e = explain(row, policy);
	return (
		<div class="explain">
			<div class="why">
				<h3><Code code={e.code} title={false} /> {e.title}</h3>
				{e.why !== null && <p>{e.why}</p>}
				<Advice e={e} />
				{e.legs.length > 0 && <ul class="legs">{e.legs.map((l) => <li>{l}</li>)}</ul>}
				{e.treatment.map((l) => <p>{l}</p>)}
				{e.quotes.map((q) => <blockquote><span class="muted"><Safe text={word("reason", q.type)} />:</span> <Safe text={q.comment} /></blockquote>)}
				{e.notes.map((l) => <p class="note"><Icon name="info" size={16} /> {l}</p>)}
			</div>
			<div class="facts">
				<h4>{t("row.identifiers")}</h4>
				<dl class="kv">
					<dt>{t("key.hfrom")}</dt><dd>{row.hfrom ? <Value k="hfrom" v={row.hfrom} /> : <Safe text={null} />}</dd>
					<dt>{t("key.efrom")}</dt><dd>{row.efrom ? <Value k="efrom" v={row.efrom} /> : <span class="muted">{row.efrom_null ? t("row.efrom.null") : t("row.nottold")}</span>}</dd>
					{row.eto && <><dt>{t("row.eto")}</dt><dd><Safe text={row.eto} /></dd></>}
					<dt>{t("key.ip")}</dt><dd>{row.ip ? <Value k="ip" v={row.ip} /> : <Safe text={row.ip_text} />}</dd>
					<dt>{t("key.domain")}</dt><dd><Value k="domain" v={row.domain} /></dd>
				</dl>
				<h4>{t("row.evaluated")}</h4>
				<dl class="kv">
					<dt>{t("row.disp")}</dt><dd><Disposition disp={row.policy_eval.disp} />{row.policy_eval.disp_word && <> <span class="muted"><Safe text={row.policy_eval.disp_word} /></span></>}</dd>
					<dt>{t("col.spf_aligned")}</dt><dd><Result result={row.policy_eval.spf} word={row.policy_eval.spf_word} /></dd>
					<dt>{t("col.dkim_aligned")}</dt><dd><Result result={row.policy_eval.dkim} word={row.policy_eval.dkim_word} /></dd>
					{row.policy_eval.reasons.length > 0 && <><dt>{t("key.reason")}</dt><dd>{row.policy_eval.reasons.map((r) => <div><Value k="reason" v={r.type}><Safe text={word("reason", r.type)} /></Value></div>)}</dd></>}
				</dl>
				<h4>{t("row.results")}</h4>
				<ul class="auth">
					{row.spf.map((r) => <li><b>SPF</b> <Result result={r.result} word={r.word} /> <Name text={r.domain} /> {r.scope && <span class="muted"><Safe text={r.scope} /></span>}{r.human && <q><Safe text={r.human} /></q>}</li>)}
					{row.dkim.map((r) => <li><b>DKIM</b> <Result result={r.result} word={r.word} /> {r.domain ? <Value k="sigdomain" v={r.domain} /> : <Safe text={null} />} {r.selector && <span class="muted">{t("key.selector")} <Value k="selector" v={r.selector} /></span>}{r.human && <q><Safe text={r.human} /></q>}</li>)}
					{row.spf.length === 0 && <li class="muted">{t("row.nospf")}</li>}
					{row.dkim.length === 0 && <li class="muted">{t("row.nodkim")}</li>}
				</ul>
				{report && <p><a class="btn" href={href(at(`/reports/${encodeURIComponent(row.report_id)}`, query)) + `#r${row.seq}`}><Icon name="reports" size={16} />{t("row.report", { n: String(row.seq) })}</a></p>}
			</div>
		</div>
	);
}

/* For a group of rows: its commonest codes, each with its share. */
export function SourceCards({ item }: { item: BreakdownItem }) {
	const d = item.detail;
	if (d === undefined)
		return null;
	const f = factsOf({ from: d.hfrom[0]?.key, ip: item.key, spfd: d.spf_domain[0]?.key, sig: d.sigdomain[0]?.key });
	return (
		<div class="cardlist">
			{d.codes.map((c) => {
				const e = card(c.code, f);
				return (
					<div class="why">
						<h3><Code code={c.code} title={false} /> {e.title} <span class="muted n">{t("n.messages", { n: c.m })}</span></h3>
						{e.why !== null && <p>{e.why}</p>}
						<Advice e={e} />
					</div>
				);
			})}
			{d.codes.length === 0 && <p class="muted">{num(0)}</p>}
		</div>
	);
}
