/* Alerts: what holds, who was told, and what is not to be told. */
import { useState } from "preact/hooks";
import { t, word } from "../i18n";
import { changes, send, useApi, waitFor } from "../lib/api";
import { day, num, time } from "../lib/format";
import { safeText } from "../lib/safe";
import type { Settings } from "./conf";
import { Field, FormDialog, Pick, type Wrong } from "./form";
import { Section } from "./page";
import { Load } from "./states";
import { Table } from "./table";
import { Name, Safe } from "./text";

const RULES = ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11"];

interface Alert { id: string; rule: string; domain: string | null; level: string; since: string | null; ended: string | null; said: string | null; findings: { text: string | null }[] }
interface Mute { rule: string | null; domain: string | null; until: string | null; since: string | null; by: string | null }
interface Letter { id: string; channel: string; to: string | null; subject: string; made: string | null; tries: number; next: string | null; dead: boolean; error: string | null }
interface Alerts { open: Alert[]; past: Alert[]; mutes: Mute[]; letters?: Letter[] }
interface Asked { state: "done" | "waiting"; request: string }
interface Wish { rule: string; domain: string }

const ruleName = (rule: string | null): string => rule === null ? t("alerts.all.rules") : `${rule}: ${word("rule", rule)}`;
const about = (rule: string | null, domain: string | null): string => `${rule ?? t("alerts.all.rules")}, ${domain === null ? t("alerts.all.domains") : safeText(domain)}`;
/* The last day of it: the daemon says when the next one begins. */
const lastDay = (until: string): string => new Date(Date.parse(until) - 1000).toISOString().slice(0, 10);

async function done(path: string, body: object): Promise<boolean> {
	const late = await waitFor(await send<Asked>("POST", path, body)) === "late";
	changes.set(changes.get() + 1);
	return late;
}

function NewMute({ from, close, say }: { from: Wish; close: () => void; say: (text: string) => void }) {
	const [rule, setRule] = useState(from.rule), [domain, setDomain] = useState(from.domain), [until, setUntil] = useState("");
	const today = new Date().toISOString().slice(0, 10);
	const check = (): Wrong | null => rule === "" && domain.trim() === "" ? { field: "domain", text: t("alerts.err.all") } :
		until !== "" && until < today ? { field: "until", text: t("alerts.err.until") } : null;
	return (
		<FormDialog title={t("alerts.mute.title")} text={<p>{t("alerts.mute.text")}</p>} save={t("alerts.mute")} close={close} check={check}
			ask={async () => {
				const late = await done("alerts/mute", { rule: rule === "" ? null : rule, domain: domain.trim() === "" ? null : domain.trim(), until: until === "" ? null : until });
				say(late ? t("people.late") : t("people.done", { name: about(rule === "" ? null : rule, domain.trim() === "" ? null : domain.trim()) }));
			}}
			fields={(wrong) => <>
				<Pick id="rule" label={t("alerts.rule")} wrong={wrong} value={rule} set={setRule} first options={[...RULES.map((r): [string, string] => [r, ruleName(r)]), ["", ruleName(null)]]} />
				<Field id="domain" label={t("alerts.of")} hint={t("alerts.of.hint")} wrong={wrong} value={domain} set={setDomain} />
				<Field id="until" type="date" min={today} label={t("alerts.until")} hint={t("alerts.until.hint")} wrong={wrong} value={until} set={setUntil} />
			</>} />
	);
}

function EndMute({ mute, close, say }: { mute: Mute; close: () => void; say: (text: string) => void }) {
	const what = about(mute.rule, mute.domain);
	return (
		<FormDialog title={t("alerts.unmute.title", { what })} save={t("alerts.unmute")} leaves close={close} fields={() => null}
			ask={async () => say(await done("alerts/unmute", { rule: mute.rule, domain: mute.domain }) ? t("people.late") : t("people.done", { name: what }))} />
	);
}

/* Those of the configuration, as they stand there; and where. */
function fromFile(s: Settings | null): { value: string; where: string } | null {
	const k = s?.sections.find((x) => x.section === "alerts")?.keys.find((x) => x.key === "mute");
	return k?.value == null || !k.set ? null : { value: k.value, where: `${k.file ?? ""}:${k.line ?? ""}` };
}

function List({ caption, rows, over, mute }: { caption: string; rows: Alert[]; over: boolean; mute: (w: Wish) => void }) {
	return (
		<Table caption={caption} rows={rows} rowKey={(a) => a.id} columns={[
			{ id: "rule", head: t("alerts.rule"), cell: (a) => <strong>{ruleName(a.rule)}</strong> },
			{ id: "level", head: t("alerts.level"), cell: (a) => word("alerts.level", a.level) },
			{ id: "domain", head: t("alerts.domain"), cell: (a) => a.domain === null ? t("alerts.all.domains") : <Name text={a.domain} /> },
			{ id: "what", head: t("alerts.what"), cell: (a) => <Safe text={a.findings[0]?.text} /> },
			{ id: "since", head: t("alerts.since"), cell: (a) => time(a.since) },
			...(over ? [{ id: "ended", head: t("alerts.ended"), cell: (a: Alert) => time(a.ended) }] : []),
			{ id: "said", head: t("alerts.said"), cell: (a) => a.said === null ? <span class="muted">{t("alerts.notsaid")}</span> : time(a.said) },
			...(over ? [] : [{ id: "acts", head: t("people.acts"), cls: "c-acts", cell: (a: Alert) => <button type="button" class="btn small quiet" aria-label={t("alerts.mute.of", { what: about(a.rule, a.domain) })}
				onClick={() => mute({ rule: a.rule, domain: a.domain ?? "" })}>{t("alerts.mute")}</button> }]),
		]} />
	);
}

export function AlertsCard() {
	const l = useApi<Alerts>("alerts"), conf = useApi<Settings>("settings");
	const [wish, setWish] = useState<Wish | null>(null);
	const [end, setEnd] = useState<Mute | null>(null);
	const [note, setNote] = useState("");
	const file = fromFile(conf.data);
	return (
		<Section title={t("alerts.title")} sub={t("alerts.sub")} side={<button type="button" class="btn" onClick={() => setWish({ rule: "A5", domain: "" })}>{t("alerts.mute.title")}</button>}>
			<p class="vh" role="status">{note}</p>
			<Load of={l} h={240}>{(d) => (
				<>
					<h3>{t("alerts.open")}</h3>
					{d.open.length === 0 ? <p class="muted">{t("alerts.none")}</p> : <List caption={t("alerts.open")} rows={d.open} over={false} mute={setWish} />}
					{d.past.length > 0 && <details class="conf"><summary>{t("alerts.past")} <span class="muted">{num(d.past.length)}</span></summary>
						<List caption={t("alerts.past")} rows={d.past.slice(0, 50)} over mute={setWish} /></details>}
					{(d.letters ?? []).length > 0 && <>
						<h3>{t("alerts.letters")}</h3>
						<Table caption={t("alerts.letters")} rows={d.letters ?? []} rowKey={(x) => `${x.id} ${x.channel} ${x.to ?? ""}`} columns={[
							{ id: "to", head: t("alerts.to"), cell: (x) => x.to === null ? word("alerts.channel", x.channel) : <Safe text={x.to} /> },
							{ id: "subject", head: t("alerts.subject"), cell: (x) => <Safe text={x.subject} /> },
							{ id: "tries", head: t("alerts.tries"), num: true, cell: (x) => num(x.tries) },
							{ id: "next", head: t("alerts.next"), cell: (x) => x.dead ? t("alerts.dead") : time(x.next) },
							{ id: "why", head: t("alerts.why"), cell: (x) => <Safe text={x.error} /> },
						]} />
					</>}
					<h3>{t("alerts.mutes")}</h3>
					{d.mutes.length === 0 && file === null && <p class="muted">{t("alerts.mutes.none")}</p>}
					{d.mutes.length > 0 && <Table caption={t("alerts.mutes")} rows={d.mutes} rowKey={(x) => `${x.rule ?? ""} ${x.domain ?? ""}`} columns={[
						{ id: "rule", head: t("alerts.rule"), cell: (x) => <strong>{ruleName(x.rule)}</strong> },
						{ id: "domain", head: t("alerts.domain"), cell: (x) => x.domain === null ? t("alerts.all.domains") : <Name text={x.domain} /> },
						{ id: "until", head: t("alerts.until"), cell: (x) => x.until === null ? t("alerts.forever") : day(lastDay(x.until)) },
						{ id: "since", head: t("alerts.since"), cell: (x) => <>{time(x.since)}{x.by !== null && <> · <Safe text={x.by} /></>}</> },
						{ id: "acts", head: t("people.acts"), cls: "c-acts", cell: (x) => <button type="button" class="btn small quiet" aria-label={t("alerts.unmute.of", { what: about(x.rule, x.domain) })} onClick={() => setEnd(x)}>{t("alerts.unmute")}</button> },
					]} />}
					{file !== null && <p>{t("alerts.mutes.file")} (<code class="wrap"><Safe text={file.where} /></code>): <code class="wrap"><Safe text={file.value} /></code></p>}
				</>
			)}</Load>
			{wish !== null && <NewMute from={wish} close={() => setWish(null)} say={setNote} />}
			{end !== null && <EndMute mute={end} close={() => setEnd(null)} say={setNote} />}
		</Section>
	);
}
