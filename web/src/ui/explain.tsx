/* Explanation cards: sentences of the daemon, drawn as text only. */
import type { ComponentChildren } from "preact";
import { t, word } from "../i18n";
import { useApi } from "../lib/api";
import { num } from "../lib/format";
import { placeText } from "../lib/places";
import { href, at } from "../lib/router";
import type { Causes, Explanation, Row, RowExplanation, Said } from "../lib/types";
import { Code, Disposition, Result } from "./bits";
import { FailureLink } from "./failures";
import { Icon } from "./icons";
import { PlaceFact } from "./places";
import { SenderLink } from "./senders";
import { Load } from "./states";
import { Name, Safe, Value } from "./text";

export function Advice({ e }: { e: Pick<Explanation, "do" | "do_yours" | "do_not_yours"> }) {
	if (e.do_yours === null && e.do_not_yours === null)
		return e.do === null ? null : <p><strong>{t("card.do")}</strong> <Safe text={e.do} /></p>;
	return (
		<div class="yn">
			<p class="yn-q"><strong>{t("card.yours")}</strong></p>
			<dl>
				{e.do_yours !== null && <><dt>{t("card.yes")}</dt><dd><Safe text={e.do_yours} /></dd></>}
				{e.do_not_yours !== null && <><dt>{t("card.no")}</dt><dd><Safe text={e.do_not_yours} /></dd></>}
			</dl>
		</div>
	);
}

/* For how many messages it holds, unless it holds for all. */
const Some = ({ s, of }: { s: Said; of: Explanation }) => s.m === of.m ? null : <span class="muted n">{t("n.messages", { n: s.m })}: </span>;

function Why({ e, head }: { e: Explanation; head?: ComponentChildren }) {
	return (
		<div class="why">
			<h3><Code code={e.code} title={false} /> <Safe text={e.title} /> {head}</h3>
			{e.differs.map((s) => <p class="note"><Icon name="info" size={16} /> <Some s={s} of={e} /><Safe text={s.text} /></p>)}
			{e.why !== null && <p><Safe text={e.why} /></p>}
			<Advice e={e} />
			{e.setup?.map((l) => <p class="note"><Icon name="info" size={16} /> <Safe text={l} /></p>)}
			{e.snippets.length > 0 && <dl class="snippets">{e.snippets.map((x) => <><dt><Safe text={x.text} /></dt><dd><code><Safe text={`${x.name}  ${x.type}  "${x.value}"`} /></code></dd></>)}</dl>}
			{(e.who?.length ?? 0) > 0 && <p><strong>{t("card.who")}</strong> <Safe text={e.who?.join(" ")} /></p>}
			<ul class="legs">{e.legs.map((l) => <li><Safe text={l} /></li>)}</ul>
			{e.treatment.map((s) => <p><Some s={s} of={e} /><Safe text={s.text} /></p>)}
			{e.override.map((s) => (
				<div><p><Some s={s} of={e} /><Safe text={s.text} /></p>
					{s.comment !== null && <blockquote><span class="muted"><Safe text={word("reason", s.type)} />:</span> <Safe text={s.comment} /></blockquote>}</div>
			))}
			{e.forwarding.map((s) => <p class="note"><Icon name="forward" size={16} /> <Some s={s} of={e} /><Safe text={s.text} /></p>)}
			{e.notes.map((l) => <p class="note"><Icon name="info" size={16} /> <Safe text={l} /></p>)}
		</div>
	);
}

export function RowCard({ row, report = true, query = "" }: { row: Row; report?: boolean; query?: string }) {
	const said = useApi<RowExplanation>(`rows/${encodeURIComponent(row.id)}/explain`);
	return (
		<div class="explain">
			<Load of={said} h={220}>{(e) => <Why e={e} />}</Load>
			<div class="facts">
				<h4>{t("row.identifiers")}</h4>
				<dl class="kv">
					<dt>{t("key.hfrom")}</dt><dd>{row.hfrom ? <Value k="hfrom" v={row.hfrom} /> : <Safe text={null} />}</dd>
					<dt>{t("key.efrom")}</dt><dd>{row.efrom ? <Value k="efrom" v={row.efrom} /> : <span class="muted">{row.efrom_null ? t("row.efrom.null") : t("row.nottold")}</span>}</dd>
					{row.eto && <><dt>{t("row.eto")}</dt><dd><Safe text={row.eto} /></dd></>}
					<dt>{t("key.ip")}</dt><dd>{row.ip ? <Value k="ip" v={row.ip} /> : <Safe text={row.ip_text} />}</dd>
					{placeText(row) !== null && <><dt>{t("place.where")}</dt><dd><PlaceFact p={row} /></dd></>}
					<dt>{t("key.domain")}</dt><dd><Value k="domain" v={row.domain} /></dd>
					{row.sender !== undefined && <><dt>{t("key.sender")}</dt><dd>{row.sender === null ? <span class="muted">{t("sender.row.none")}</span> : <SenderLink s={row.sender} />}</dd></>}
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
				<p class="actions">
					{report && <a class="btn" href={href(at(`/reports/${encodeURIComponent(row.report_id)}`, query)) + `#r${row.seq}`}><Icon name="reports" size={16} />{t("row.report", { n: String(row.seq) })}</a>}
					{row.ip !== null && row.failures !== undefined && <FailureLink n={row.failures} q={`from=${row.day}&to=${row.day}&type=auth-failure&ip=${row.ip}&domain=${encodeURIComponent(row.domain)}`} />}
				</p>
			</div>
		</div>
	);
}

/* For a group of rows: what lies behind them, the commonest first. */
export function CauseCards({ query }: { query: string }) {
	const said = useApi<Causes>(`explain?${query}`);
	return (
		<Load of={said} h={220}>{(c) => (
			<div class="cardlist">
				{c.items.map((e) => <Why e={e} head={<span class="muted n">{t("n.messages", { n: e.m })}</span>} />)}
				{c.items.length === 0 && <p class="muted">{num(0)}</p>}
			</div>
		)}</Load>
	);
}
