/* What the pages about senders share: marks, decisions, the toast that takes one back. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { hasKey, t, tx, word, type Key } from "../i18n";
import { useApi } from "../lib/api";
import { note, overlays, shown, undo, type Note, type Target, type Verdict } from "../lib/decide";
import { num } from "../lib/format";
import { keysOn } from "../lib/keys";
import { at, href, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import { isNobody, senderName, TRIAGE, type TriageKey } from "../lib/senders";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import type { Evidence, Health, LegWord, SenderClass, SenderItem, Senders, SenderShort, Whose } from "../lib/types-senders";
import { carried, removeFilter } from "../lib/url";
import { codeTitle } from "./bits";
import { Icon, type IconName } from "./icons";
import { Name, Safe } from "./text";

const CLASS_ICON: Record<SenderClass, IconName> = {
	own: "check", service: "check", candidate: "help", unknown: "help", suspect: "warn", impostor: "cross", forwarder: "forward", list: "forward", noise: "dot",
};

export const SenderName = ({ s }: { s: { id: string; label: string } }) => isNobody(s.id) ? <>{senderName(s)}</> : <Name text={s.label} />;

export function ClassMark({ c, by, asking = false }: { c: SenderClass; by?: "user" | "auto"; asking?: boolean }) {
	return (
		<span class={`cls cls-${c} ${asking ? "asking" : ""}`}><Icon name={CLASS_ICON[c]} size={16} /><span>{word("class", c)}</span>
			{(by !== undefined || asking) && <span class="by">{asking ? t("class.asking") : t(by === "user" ? "class.by.user" : "class.by.auto")}</span>}</span>
	);
}

const HEALTH_ICON: Record<Health, IconName> = { good: "check", one_leg: "info", mixed: "warn", failing: "cross", quiet: "off", none: "off" };
export const HealthMark = ({ h }: { h: Health }) =>
	<span class={`health h-${h}`} title={word("health", `${h}.hint`)}><Icon name={HEALTH_ICON[h]} size={16} />{word("health", h)}</span>;

const LEG_CLASS: Record<LegWord, string> = { aligned: "pass", partly: "error", other_domain: "fail", fail: "fail", none: "none", error: "error", mixed: "error" };
const LEG_ICON: Record<LegWord, IconName> = { aligned: "check", partly: "warn", other_domain: "cross", fail: "cross", none: "off", error: "warn", mixed: "warn" };
export const LegMark = ({ leg }: { leg: LegWord }) =>
	<span class={`leg leg-${LEG_CLASS[leg]}`}><Icon name={LEG_ICON[leg]} size={16} /><span>{word("legword", leg)}</span></span>;

/* A way to a sender from where its mail is shown. */
export function SenderLink({ s, small = false }: { s: Whose | null | undefined; small?: boolean }) {
	const q = carried(removeFilter(useUrl(), "sender"));
	if (!s)
		return null;
	return (
		<a class={`senderlink ${small ? "small" : ""}`} href={href(at(`/senders/${encodeURIComponent(s.id)}`, q))}
			title={`${t("sender.of")}: ${senderName(s)} · ${word("class", s.class)}`}>
			<Icon name={CLASS_ICON[s.class]} size={16} cls={`cls-${s.class}`} /><span class="clip"><SenderName s={s} /></span><span class="vh"> · {word("class", s.class)}</span></a>
	);
}

/* The name behind the number in a filter. */
export function SenderValue({ id }: { id: string }) {
	const l = useApi<Senders>(/^\d+$/.test(id) ? `senders?sender=${id}&t=all&limit=1` : null);
	const s = l.data?.items[0];
	return s === undefined ? <Safe text={id} /> : <SenderName s={s} />;
}

export function EvidenceList({ list }: { list: Evidence[] }) {
	if (list.length === 0)
		return <p class="muted">{t("evidence.none")}</p>;
	return (
		<ul class="evidence">{list.map((e) => (
			<li><span>{hasKey(`evidence.${e.by}`) ? tx(`evidence.${e.by}` as "evidence.ptr", { what: <b><Name text={e.what} /></b> }) : <Safe text={`${e.by} ${e.what}`} />}</span>
				<span class="muted n">{t("n.messages", { n: e.m })}</span></li>
		))}</ul>
	);
}

/* --- deciding ------------------------------------------------------------------ */

export const target = (s: SenderShort, dataAt: number): Target => {
	const now = shown(s, dataAt);
	return { id: s.id, label: senderName(s), class: now.class, by: now.by, inferred: s.inferred, seen: s.last_decision };
};

const TRIAGE_TEXT: Record<TriageKey, { text: Key; hint: Key; icon: IconName }> = {
	y: { text: "decide.mine", hint: "decide.hint.mine", icon: "check" }, n: { text: "decide.notmine", hint: "decide.hint.notmine", icon: "cross" },
	f: { text: "decide.forwarder", hint: "decide.hint.forwarder", icon: "forward" }, u: { text: "decide.undecided", hint: "decide.hint.undecided", icon: "undo" },
};

/* The twins of the four keys. */
export function Triage({ on, undecided, about, busy = false, labels = false }: { on: (k: TriageKey) => void; undecided: boolean; about: string; busy?: boolean; labels?: boolean }) {
	const single = useStore(keysOn);
	if (!isAdmin(useStore(me)))
		return null;
	return (
		<span class={`triage ${labels ? "labels" : ""}`} role="group" aria-label={`${t("decide.label")} ${about}`}>
			{TRIAGE.filter((k) => k !== "u" || undecided).map((k) => {
				const x = TRIAGE_TEXT[k];
				return (
					<button type="button" class={`btn tri tri-${k}`} disabled={busy} title={t(x.hint)} aria-keyshortcuts={single ? k : undefined} onClick={(e) => {
						e.stopPropagation();
						on(k);
					}}><Icon name={x.icon} size={16} /><span class="tri-text">{t(x.text)}</span><span class="vh">: {about}</span></button>
				);
			})}
		</span>
	);
}

const CHOICES: (Exclude<Verdict, null> | null)[] = ["own", "service", "forwarder", "list", "impostor", "unknown", null];

/* All that can be said of one sender: the class, for which domain, and a note. */
export function Decide({ s, dataAt, decide }: { s: SenderItem; dataAt: number; decide: (c: Verdict, domains: string[] | null, text: string | null) => void }) {
	const url = useUrl();
	const picked = url.filters.find((f) => f.key === "domain" && !f.not && !f.contains && f.values.length === 1)?.values[0] ?? "";
	const names = s.domains.map((d) => d.domain);
	const [domain, setDomain] = useState(names.includes(picked) ? picked : "");
	const [text, setText] = useState<string | null>(null);
	const map = useStore(overlays);
	const of = s.domains.find((d) => d.domain === domain);
	const now = shown(s, dataAt, map);
	const current = domain === "" ? now : of === undefined || map.has(s.id) ? now : { class: of.class, by: of.class_by, asking: false };
	const kept = (domain === "" ? s.note : of?.note) ?? "";
	const may = isAdmin(useStore(me));
	if (isNobody(s.id))
		return <p class="muted">{s.id === "1" ? t("decide.noise") : t("senders.new.text")}</p>;
	if (!may)
		return <p class="muted">{t("decide.forbidden")}</p>;
	const say = (c: Verdict) => decide(c, domain === "" ? null : [domain], text ?? (kept === "" ? null : kept));
	return (
		<div class="decide">
			<div class="choices" role="group" aria-label={`${t("decide.label")} ${senderName(s)}`}>
				{CHOICES.map((c) => {
					const on = c === null ? current.by === "auto" : current.by === "user" && current.class === c;
					return <button type="button" class="btn" aria-pressed={on} disabled={now.asking} onClick={() => say(c)}>{on && <Icon name="check" size={16} />}{t(`decide.${c ?? "null"}` as Key)}</button>;
				})}
			</div>
			<form class="decide-more" onSubmit={(e) => {
				e.preventDefault();
				if (current.by === "user")
					say(current.class as Exclude<Verdict, null>);
			}}>
				{names.length > 0 && <label class="select">{t("decide.scope")} <select value={domain} onChange={(e) => setDomain(e.currentTarget.value)}>
					<option value="">{t("decide.scope.all")}</option>{names.map((d) => <option value={d}>{safeText(d)}</option>)}</select></label>}
				<label class="select notefield">{t("decide.note")} <input type="text" maxLength={200} value={text ?? kept} placeholder={t("decide.note.hint")} onInput={(e) => setText(e.currentTarget.value)} /></label>
				{current.by === "user" && text !== null && text !== kept && <button type="submit" class="btn">{t("decide.save")}</button>}
			</form>
		</div>
	);
}

/* --- the toast ------------------------------------------------------------------ */

const TOAST_MS = 10_000;

function toastText(x: Note): string {
	const args = { n: x.senders.length, who: safeText(x.senders[0] ?? ""), class: x.class === null ? t("toast.asinferred") : word("class", x.class), text: safeText(x.text) };
	return t(`toast.${x.what}`, args);
}

/* What was decided, with the way back; z does the same, also when it has gone. */
export function Toast() {
	const x = useStore(note);
	const [held, hold] = useState(false);
	useEffect(() => {
		if (x === null || held || x.what === "failed" || x.what === "stale")
			return;
		const id = setTimeout(() => note.get()?.n === x.n && note.set(null), TOAST_MS);
		return () => clearTimeout(id);
	}, [x, held]);
	useEffect(() => {
		const key = (e: KeyboardEvent) => {
			if (e.key !== "z" || !keysOn.get() || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || (e.target as Element).matches?.("input, textarea, select") || (e.target as Element).closest?.("dialog"))
				return;
			e.preventDefault();
			void undo();
		};
		document.addEventListener("keydown", key);
		return () => document.removeEventListener("keydown", key);
	}, []);
	return (
		<div class="toasts" role="status" aria-live="polite" aria-label={t("toast.region")}>
			{x !== null && (
				<div class={`toast to-${x.what}`} onMouseEnter={() => hold(true)} onMouseLeave={() => hold(false)} onFocusCapture={() => hold(true)} onBlurCapture={() => hold(false)}>
					<Icon name={x.what === "decided" || x.what === "undone" ? "check" : x.what === "late" ? "info" : "warn"} size={16} />
					<span class="grow">{toastText(x)}</span>
					{x.undo !== null && <button type="button" class="btn" onClick={() => void undo(x.undo ?? undefined)}>{t("toast.undo")} <kbd aria-hidden="true">z</kbd></button>}
					<button type="button" class="btn quiet" aria-label={t("toast.close")} onClick={() => note.set(null)}><Icon name="cross" size={16} /></button>
				</div>
			)}
		</div>
	);
}

/* The code most of its mail has, and what that is. */
export const CodeLine = ({ s }: { s: SenderItem }): ComponentChildren => {
	const c = s.codes[0];
	return c === undefined ? <span class="muted">–</span> : (
		<span class="codeline" title={s.codes.map((x) => `${x.code} ${codeTitle(x.code)}: ${num(x.m)}`).join("\n")}>
			<span class={`code code-${c.code.startsWith("P") ? "p" : "f"}`}>{safeText(c.code)}</span> <span>{codeTitle(c.code)}</span></span>
	);
};
