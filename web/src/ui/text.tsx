/* Text out of reports, and values that filter when clicked. */
import type { ComponentChildren } from "preact";
import { t } from "../i18n";
import { DASH } from "../lib/format";
import { at, go, place, state, update } from "../lib/router";
import { safeParts, safeText, toUnicode } from "../lib/safe";
import { addValue, canFilter, carried, type FilterKey } from "../lib/url";

/* Hostile text: hidden and reordering characters stand as escapes. */
export function Safe({ text }: { text: string | null | undefined }) {
	if (text === null || text === undefined || text === "")
		return <span class="muted">{DASH}</span>;
	const parts = safeParts(text);
	if (parts.length === 1 && !parts[0]?.esc)
		return <bdi class="safe">{text}</bdi>;
	return (
		<bdi class="safe">
			{parts.map((p) => p.esc ? <span class="esc" title={t("text.escape")}>{p.text}</span> : p.text)}
		</bdi>
	);
}

/* A domain name; an international one shows both of its forms. */
export function Name({ text }: { text: string | null | undefined }) {
	const u = text ? toUnicode(text) : null;
	if (u === null)
		return <Safe text={text} />;
	return <span class="idn"><Safe text={u} /> <span class="alabel"><Safe text={text} /></span></span>;
}

/* Pages whose address takes filters; from elsewhere a value leads to Explore. */
export const filtersHere = (path: string): boolean =>
	/^\/(domains|senders|sources|explore|reports|failures|tls)?$/.test(path) || /^\/(domains|senders)\/[^/]+$/.test(path);

export function applyValue(key: FilterKey, value: string, not: boolean): void {
	const path = place.get().path;
	const next = addValue(state(), key, value, not);
	if (filtersHere(path))
		update({ ...next, view: { ...next.view } });
	else
		go(at(key === "type" ? "/failures" : key === "policy_type" || key === "result" ? "/tls" : "/explore", carried(next)));
}

interface ValueProps {
	k: FilterKey;
	v: string;
	children?: ComponentChildren;
	cls?: string;
}

/* Click keeps only this value, Alt-click or the key x leaves it out. */
export function Value({ k, v, children, cls = "" }: ValueProps) {
	const shown = children ?? <Name text={v} />;
	if (!canFilter(v))
		return <span class={`val-text ${cls}`}>{shown}</span>;
	return (
		<button type="button" class={`val ${cls}`} title={t("value.hint", { value: safeText(v) })}
			onClick={(e) => {
				e.stopPropagation();
				applyValue(k, v, e.altKey);
			}}
			onKeyDown={(e) => {
				if (e.key === "x" && !e.ctrlKey && !e.metaKey && !e.altKey) {
					e.preventDefault();
					e.stopPropagation();
					applyValue(k, v, true);
				}
			}}>
			{shown}
		</button>
	);
}

export const VisuallyHidden = ({ children }: { children: ComponentChildren }) => <span class="vh">{children}</span>;
