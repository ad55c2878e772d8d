/* What the page To do and the Overview share: one task, the first few, the toast. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t, tx } from "../i18n";
import type { Loaded } from "../lib/api";
import { note as decided } from "../lib/decide";
import { day } from "../lib/format";
import { href, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import { deniable, dismiss, fixable, fixed, groupOf, notMine, openAgain, reopen, snooze, taskNote, tasksPath, type Group, type TaskNote } from "../lib/todo";
import type { Severity, Task, Tasks, Watch, WatchVerdict } from "../lib/types-todo";
import { Code } from "./bits";
import { Icon, type IconName } from "./icons";
import { Load } from "./states";
import { Section } from "./page";
import { Name, Safe } from "./text";

export const rowId = (x: Task): string => `task-${x.id}`;

export const GROUP_ICON: Record<Group, IconName> = { urgent: "warn", week: "calendar", later: "clock", watching: "eye", snoozed: "clock", done: "check" };
export const SeverityMark = ({ s }: { s: Severity }) =>
	<span class={`sev sev-${s}`}><Icon name={GROUP_ICON[s]} size={16} /><span>{t(`todo.${s}`)}</span></span>;

const VERDICT_ICON: Record<WatchVerdict, IconName> = { no_mail: "clock", failing: "cross", looks_fixed: "check", confirmed: "check" };

/* What later mail says of a fix that was reported. */
export function WatchLine({ w }: { w: Watch }) {
	const due = new Date(w.expected).getTime() > Date.now();
	const word = w.verdict === "no_mail" && w.m > 0 ? "few" : w.verdict;
	const args = { code: w.code, who: <Name text={w.label} />, day: day(w.day), domain: <Name text={w.domain ?? ""} /> };
	return (
		<div class={`watch w-${w.verdict}`}>
			<p><b class="verdictword"><Icon name={VERDICT_ICON[w.verdict]} size={16} />{t(`watch.${word}`)}</b> <span>{tx(w.domain === null ? "watch.reported" : "watch.reported.domain", args)}</span></p>
			<p class="muted small">
				{w.m > 0 ? t("watch.figures", { pass: w.pass, m: w.m, bad: w.bad, code: w.code }) :
					w.over ? t("watch.over") : due ? t("watch.expected", { day: day(w.expected.slice(0, 10)) }) : t("watch.late")}
				{w.m > 0 && w.through !== null && <> · {t("watch.through", { day: day(w.through) })}</>}
				{w.domain !== null && <> · <a href={href(`/domains/${encodeURIComponent(w.domain)}`)}>{t("watch.dns")}</a></>}
			</p>
		</div>
	);
}

/* The sentence, with its numbers. */
function Words({ x }: { x: Task }) {
	return x.text === null ? null : <p class="tasktext"><Safe text={x.text} /></p>;
}

function Facts({ x }: { x: Task }) {
	const list: ComponentChildren[] = [];
	if (x.code !== null)
		list.push(<Code code={x.code} />);
	if (x.m_week !== null)
		list.push(<span>{t("todo.perweek", { n: x.m_week })}</span>);
	if (x.effort_min !== null)
		list.push(<span>{t("todo.effort", { n: x.effort_min })}</span>);
	if (x.state === "snoozed" && x.until !== null)
		list.push(<span>{t("todo.until", { day: day(x.until) })}</span>);
	if (x.state === "dismissed")
		list.push(<span>{t("todo.dismissed")}</span>);
	if (x.by !== null)
		list.push(<span class="by"><Safe text={x.by} /></span>);
	return list.length === 0 ? null : <p class="taskfacts muted small">{list.map((f, i) => <>{i > 0 && <span aria-hidden="true"> · </span>}{f}</>)}</p>;
}

function Buttons({ x }: { x: Task }) {
	const may = isAdmin(useStore(me));
	const [busy, set] = useState(false);
	const run = (f: () => Promise<unknown>) => () => {
		set(true);
		void f().finally(() => set(false));
	};
	return (
		<p class="actions taskactions">
			{x.evidence_url !== null && <a class={`btn ${x.state === "open" ? "primary" : ""}`} data-open href={href(x.evidence_url)}>{t(x.code !== null && x.state === "open" ? "todo.show" : "todo.look")}</a>}
			{may && deniable(x) && <button type="button" class="btn" disabled={busy} onClick={run(() => notMine(x))}>{t("todo.notmine")}</button>}
			{may && x.state === "open" && <button type="button" class="btn" disabled={busy} data-snooze onClick={run(() => snooze(x))}>{t("todo.snooze")}</button>}
			{may && fixable(x) && <button type="button" class="btn" disabled={busy} onClick={run(() => fixed(x))}>{t("todo.fixed")}</button>}
			{may && x.state === "open" && x.severity === "later" && <button type="button" class="btn quiet" disabled={busy} onClick={run(() => dismiss(x))}>{t("todo.dismiss")}</button>}
			{may && (x.state === "snoozed" || x.state === "dismissed") && <button type="button" class="btn" disabled={busy} onClick={run(() => openAgain(x))}>{t("todo.open")}</button>}
			{may && x.watch !== null && x.state !== "open" && x.state !== "snoozed" && x.state !== "dismissed" && <button type="button" class="btn" disabled={busy} onClick={run(() => reopen(x.watch as Watch))}>{t("todo.reopen")}</button>}
		</p>
	);
}

export function TaskItem({ x }: { x: Task }) {
	const g = groupOf(x);
	return (
		<li class={`task t-${g}`} id={rowId(x)} data-row tabIndex={-1}>
			<span class="taskicon"><Icon name={GROUP_ICON[g]} size={20} /></span>
			<div class="taskbody">
				{(x.state === "open" || x.watch === null) && <Words x={x} />}
				{x.watch !== null && <WatchLine w={x.watch} />}
				<Facts x={x} />
				{x.do !== null && x.state === "open" && <p class="taskdo"><strong>{t("todo.do")}</strong> <Safe text={x.do} /></p>}
				<Buttons x={x} />
			</div>
		</li>
	);
}

/* The first few, on the Overview. */
const TOP = 5;
export function TopTasks({ l }: { l: Loaded<Tasks> }) {
	const s = useUrl();
	const d = s.filters.find((f) => f.key === "domain");
	return (
		<Section title={t("nav.todo")} side={l.data !== null && l.data.items.length > 0 ?
			<a href={href(d === undefined ? "/todo" : `/todo${tasksPath(s, "open").replace(/^.*&/, "?")}`)}>{t("todo.all", { n: l.data.items.length })}</a> : undefined}>
			<Load of={l} h={120}>{(v) => v.items.length === 0 ? <p class="quiet-ok"><Icon name="check" /> {t("todo.none")}</p> : (
				<ol class="toptasks">
					{v.items.slice(0, TOP).map((x) => (
						<li>
							<SeverityMark s={x.severity} />
							<span class="grow">{x.evidence_url === null ? <Safe text={x.text ?? ""} /> : <a href={href(x.evidence_url)}><Safe text={x.text ?? ""} /></a>}</span>
							{x.m_week !== null && <span class="muted small n nowrap">{t("todo.perweek.short", { n: x.m_week })}</span>}
						</li>
					))}
				</ol>
			)}</Load>
		</Section>
	);
}

/* --- the toast ------------------------------------------------------------------ */

const TOAST_MS = 10_000;

function toastText(x: TaskNote): string {
	return t(`todo.said.${x.what}`, { day: x.until === null ? "" : day(x.until), text: safeText(x.text) });
}

export function TaskToast() {
	const x = useStore(taskNote), other = useStore(decided);
	const [held, hold] = useState(false);
	useEffect(() => {
		if (other !== null)
			taskNote.set(null);
	}, [other]);
	useEffect(() => {
		if (x === null || held || x.what === "failed")
			return;
		const id = setTimeout(() => taskNote.get()?.n === x.n && taskNote.set(null), TOAST_MS);
		return () => clearTimeout(id);
	}, [x, held]);
	return (
		<div class="toasts" role="status" aria-live="polite" aria-label={t("todo.toast")}>
			{x !== null && (
				<div class={`toast to-${x.what === "failed" ? "failed" : "decided"}`} onMouseEnter={() => hold(true)} onMouseLeave={() => hold(false)} onFocusCapture={() => hold(true)} onBlurCapture={() => hold(false)}>
					<Icon name={x.what === "failed" ? "warn" : x.what === "late" ? "info" : "check"} size={16} />
					<span class="grow">{toastText(x)}</span>
					{x.undo !== null && <button type="button" class="btn" onClick={() => {
						const undo = x.undo;
						taskNote.set(null);
						undo?.();
					}}>{t("toast.undo")}</button>}
					<button type="button" class="btn quiet" aria-label={t("toast.close")} onClick={() => taskNote.set(null)}><Icon name="cross" size={16} /></button>
				</div>
			)}
		</div>
	);
}
