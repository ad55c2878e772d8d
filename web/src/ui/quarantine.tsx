/* Messages that could not be read: why, what can be seen of them, and what becomes of them. */
import { useEffect, useState } from "preact/hooks";
import { hasKey, t, word } from "../i18n";
import { ApiError, apiUrl, post, useApi } from "../lib/api";
import { bytes, day, num, time } from "../lib/format";
import { safeText } from "../lib/safe";
import type { Action, Ingest, Quarantined, QuarantinedItem } from "../lib/types";
import { Icon } from "./icons";
import { Load } from "./states";
import { Table } from "./table";
import { Name, Safe } from "./text";

const DAY = 86_400_000;
const SHOWN = 5;	/* of what was done */

const pathOf = (id: string): string => `ingest/items/${encodeURIComponent(id)}`;

/* "part 2 of the mail, entry a.xml, line 7, byte 900" */
function Place({ q }: { q: Quarantined }) {
	if (q.part === null)
		return null;
	return (
		<span class="place muted small">{t("intake.place.part", { n: q.part })}
			{q.entry !== null && <>, {t("intake.place.entry")} <Safe text={q.entry} /></>}
			{q.line !== null && <>, {t("intake.place.line", { n: num(q.line) })}</>}
			{q.byte !== null && <>, {q.line === null ? t("intake.place.attachment", { n: num(q.byte) }) : t("intake.place.byte", { n: num(q.byte) })}</>}
		</span>
	);
}

/* What it came to, in words. Text of the daemon may quote a report. */
export function actionText(a: Action, there: boolean): string {
	const text = safeText(a.text);
	if (a.state === "waiting")
		return t(`intake.act.waiting.${a.action}`);
	if (a.result === "partial" && !there)
		return t("intake.act.partial.done", { n: a.reports });
	const key = `intake.act.${a.result ?? "missing"}`;
	return hasKey(key) ? t(key, { n: a.reports, text }) : String(a.result);
}

const toneOf = (a: Action): string => a.state === "waiting" ? "info" : a.result === "rejected" || a.result === "partial" || a.result === "missing" ? "warn" : "ok";

/* The rows that can be read of one message; asked for when it is opened. */
function Readable({ id }: { id: string }) {
	const l = useApi<QuarantinedItem>(pathOf(id));
	return (
		<Load of={l} h={96}>{(d) => (
			<div class="readable">
				{!d.file && <p>{t("intake.rows.nofile")}</p>}
				{d.file && d.documents.every((x) => x.rows === 0) && <p class="muted">{t("intake.rows.none")}</p>}
				{d.documents.filter((x) => x.rows > 0).map((x) => (
					<>
						<p>{t("intake.rows", { rows: x.rows, m: x.m })}</p>
						{(x.org_name !== null || x.domain !== null) && <p class="small">{t("intake.rows.of", { org: safeText(x.org_name ?? "–"), domain: safeText(x.domain ?? "–") })}{x.begin !== null && <> · {time(x.begin)} – {time(x.end)}</>}</p>}
						<Table caption={t("intake.rows", { rows: x.rows, m: x.m })} rows={x.items} rowKey={(r) => String(r.seq)} cls="slim" columns={[
							{ id: "n", head: t("intake.rows.seq"), num: true, cell: (r) => num(r.seq) },
							{ id: "ip", head: t("intake.rows.source"), cls: "c-main", cell: (r) => <Safe text={r.ip} /> },
							{ id: "c", head: t("intake.rows.count"), num: true, cell: (r) => num(r.count) },
							{ id: "h", head: t("intake.rows.hfrom"), cell: (r) => <Name text={r.hfrom} /> },
							{ id: "d", head: t("intake.rows.disp"), cell: (r) => word("disp", r.disp) },
							{ id: "k", head: t("intake.rows.dkim"), cell: (r) => r.dkim },
							{ id: "s", head: t("intake.rows.spf"), cell: (r) => r.spf },
						]} />
						{x.rows > x.items.length && <p class="muted small">{t("intake.rows.more", { n: x.rows - x.items.length })}</p>}
					</>
				))}
			</div>
		)}</Load>
	);
}

interface DoProps { q: Quarantined; last: Action | undefined; asked: (id: string) => void }

function Do({ q, last, asked }: DoProps) {
	const [sure, setSure] = useState(false), [busy, setBusy] = useState(false), [fault, setFault] = useState("");
	const waits = last?.state === "waiting" || busy;
	const ask = (what: Action["action"]): void => {
		setBusy(true);
		setSure(false);
		setFault("");
		post(`${pathOf(q.id)}/${what}`).then(
			() => asked(q.id),
			(e: unknown) => setFault(e instanceof ApiError ? e.problem.detail ?? e.problem.title : String(e)),
		).finally(() => setBusy(false));
	};
	if (sure)
		return (
			<span class="doing" role="group" aria-label={t("intake.discard.sure")}>
				<strong>{t("intake.discard.sure")}</strong>
				<button type="button" class="btn primary" onClick={() => ask("discard")}>{t("intake.discard.yes")}</button>
				<button type="button" class="btn" onClick={() => setSure(false)}>{t("intake.discard.no")}</button>
			</span>
		);
	return (
		<span class="doing">
			<button type="button" class="btn" disabled={waits} onClick={() => ask("retry")}>{t("intake.retry")}</button>
			<button type="button" class="btn" disabled={waits} onClick={() => setSure(true)}>{t("intake.discard")}</button>
			<a class="btn" href={apiUrl(`${pathOf(q.id)}/raw`)} download><Icon name="download" size={16} />{t("intake.download")}</a>
			{fault !== "" && <span class="act t-warn" role="alert">{t("intake.act.failed", { text: safeText(fault) })}</span>}
			{last !== undefined && <span class={`act t-${toneOf(last)}`}>{actionText(last, true)}</span>}
		</span>
	);
}

/* What was asked for of late, whether the message is still there or not. */
function Acts({ d }: { d: Ingest }) {
	const there = new Set(d.quarantine.map((q) => q.id));
	const recent = d.actions.filter((a) => a.state === "waiting" || (a.done !== null && Date.now() - Date.parse(a.done) < DAY)).slice(0, SHOWN);
	return (
		<ul class="acts" aria-label={t("intake.acts")} role="status">
			{recent.map((a) => (
				<li class={`t-${toneOf(a)}`}><Icon name={a.state === "waiting" ? "auto" : toneOf(a) === "ok" ? "check" : "warn"} size={16} />
					<span><b>{t("intake.act.message", { id: a.item })}</b> {actionText(a, there.has(a.item))}</span></li>
			))}
		</ul>
	);
}

/* What rules took away: told for a month, and before it happens. */
function Rules({ d }: { d: Ingest }) {
	const s = d.quarantined;
	return (
		<>
			{d.removed.filter((g) => Date.now() - Date.parse(g.at ?? "") < 30 * DAY).map((g) => (
				<p class="notice warn"><Icon name="warn" /><span>{t(g.rule === "age" ? "intake.gone.age" : "intake.gone.size", {
					n: g.n, size: bytes(g.bytes), from: day(g.oldest?.slice(0, 10)), to: day(g.newest?.slice(0, 10)), at: day(g.at?.slice(0, 10)) })}</span></p>
			))}
			{s.limit !== null && s.bytes > 0.8 * s.limit && <p class="notice warn"><Icon name="warn" /><span>{t("intake.hold.near", { size: bytes(s.bytes), limit: bytes(s.limit) })}</span></p>}
		</>
	);
}

export function Quarantine({ d, reload }: { d: Ingest; reload: () => void }) {
	const s = d.quarantined;
	const last = new Map<string, Action>();
	for (const a of d.actions)
		if (!last.has(a.item))
			last.set(a.item, a);
	return (
		<>
			<Rules d={d} />
			<Acts d={d} />
			{d.quarantine.length === 0 ? <p class="quiet-ok"><Icon name="check" /> {t("intake.quarantine.none")}</p> : (
				<Table caption={t("intake.quarantine")} rows={d.quarantine} rowKey={(x) => x.id} cls="quarantine" name={(x) => t("intake.act.message", { id: x.id })}
					expand={(x) => <Readable id={x.id} />} columns={[
						{ id: "t", head: t("reports.received"), cell: (x) => <span class="nowrap" title={time(x.received)}>{time(x.received)}</span> },
						{ id: "r", head: t("intake.reason"), cls: "c-main c-text", cell: (x) => <><strong>{hasKey(`quarantine.${x.reason}`) ? word("quarantine", x.reason) : <Safe text={x.reason} />}</strong><br /><Safe text={x.text} /><br /><Place q={x} /></> },
						{ id: "f", head: t("intake.from"), cls: "c-text", cell: (x) => <><Safe text={x.sender} /><br /><span class="muted"><Safe text={x.subject} /></span><br /><span class="muted small">{t("intake.mailbox")} <Safe text={x.mailbox} /> · {t("intake.id")} {x.id}</span></> },
						{ id: "b", head: t("intake.size"), num: true, cell: (x) => bytes(x.bytes) },
						{ id: "d", head: t("intake.do"), cls: "c-do", cell: (x) => <Do q={x} last={last.get(x.id)} asked={reload} /> },
					]} />
			)}
			{s.n > 0 && <p class="muted small">{t("intake.hold", { n: s.n, size: bytes(s.bytes) })} {s.limit !== null && t("intake.hold.limit", { limit: bytes(s.limit) })} {s.keep_s !== null && t("intake.hold.age", { days: Math.round(s.keep_s / 86400) })} {s.n > d.quarantine.length && t("intake.hold.newest", { n: d.quarantine.length })}</p>}
		</>
	);
}

/* While something waits to be done the page looks every second, else now and then. */
export function usePace(): [number, (d: Ingest | null) => void] {
	const [fast, setFast] = useState(false);
	const [d, see] = useState<Ingest | null>(null);
	const waits = d !== null && d.actions.some((a) => a.state === "waiting");
	useEffect(() => setFast(waits), [waits]);
	return [fast ? 1000 : 15_000, see];
}
