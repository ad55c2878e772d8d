/*
 * The command palette: one field for pages, names and words. A combobox that
 * owns a list: the focus stays in the field, the arrows move what is chosen.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { ApiError, get } from "../lib/api";
import { day } from "../lib/format";
import { go, state } from "../lib/router";
import { choiceOf, pages, terms, type Choice, type Group, type Hit, type Hits } from "../lib/palette";
import { carried } from "../lib/url";
import { Icon } from "./icons";
import { filtersHere } from "./text";

const WAIT_MS = 120;	/* after the last key */
const KINDS = ["domain", "sender", "address", "reporter", "report", "failure", "tls_report"] as const;

interface Found { text: string; items: Hit[]; complete: boolean; wrong: string | null }

function useFound(text: string): { found: Found | null; busy: boolean } {
	const [found, set] = useState<Found | null>(null);
	useEffect(() => {
		if (text.length < 2)
			return;
		const ctl = new AbortController();
		const timer = setTimeout(() => {
			get<Hits>(`search?q=${encodeURIComponent(text)}`, ctl.signal).then(
				(d) => set({ text, items: d.items, complete: d.complete, wrong: null }),
				(e: unknown) => {
					if (!ctl.signal.aborted)
						set({ text, items: [], complete: true, wrong: e instanceof ApiError ? (e.problem.detail ?? e.problem.title) || t("error.offline") : String(e) });
				});
		}, WAIT_MS);
		return () => {
			clearTimeout(timer);
			ctl.abort();
		};
	}, [text]);
	return { found: text.length < 2 ? null : found, busy: text.length >= 2 && found?.text !== text };
}

export default function Palette({ nav, close }: { nav: Choice[]; close: () => void }) {
	const ref = useRef<HTMLDialogElement>(null);
	const list = useRef<HTMLDivElement>(null);
	const [typed, setTyped] = useState("");
	const [at, setAt] = useState(0);
	const text = typed.trim();
	const { found, busy } = useFound(text);
	/* The days go along to another page, what is filtered by does not: a name is looked for everywhere. */
	const time = useMemo(() => filtersHere(location.pathname) ? carried({ ...state(), filters: [], unknown: [] }) : "", []);

	const groups = useMemo((): Group[] => {
		const g: Group[] = [{ key: "pages", title: t("palette.pages"), choices: pages(nav, text) }];
		for (const k of KINDS)
			g.push({ key: k, title: t(`palette.${k}` as Key), choices: (found?.items ?? []).filter((h) => h.kind === k).map((h) => choiceOf(h, time))
				.map((c, i) => ({ ...c, detail: c.detail === null ? null : c.detail, id: `p-${k}-${i}` })) });
		g.push({ key: "terms", title: t("palette.terms"), choices: terms(text) });
		return g.filter((x) => x.choices.length > 0);
	}, [nav, text, found]);
	const flat = groups.flatMap((g) => g.choices);
	const chosen = flat[Math.min(at, flat.length - 1)];
	const days = new Map((found?.items ?? []).filter((h) => h.day !== null).map((h) => [`/reports/${encodeURIComponent(h.key)}`, h.day as string]));

	useEffect(() => {
		if (ref.current !== null && !ref.current.open)
			ref.current.showModal();
	}, []);
	useEffect(() => setAt(0), [text]);
	useEffect(() => {
		list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
	}, [chosen?.id]);

	const open = (c: Choice): void => {
		ref.current?.close();
		go(c.to);
		scrollTo(0, 0);
	};
	const key = (e: KeyboardEvent): void => {
		const n = flat.length;
		if (e.isComposing)
			return;
		if (e.key === "ArrowDown" && n > 0)
			setAt((Math.min(at, n - 1) + 1) % n);
		else if (e.key === "ArrowUp" && n > 0)
			setAt((Math.min(at, n - 1) + n - 1) % n);
		else if (e.key === "Enter" && chosen !== undefined)
			open(chosen);
		else
			return;
		e.preventDefault();
	};
	const said = found?.wrong != null && !busy ? t("palette.failed", { text: found.wrong }) :
		busy ? "" : text !== "" && flat.length === 0 ? t("palette.none", { text }) : text === "" ? "" : t("palette.found", { n: flat.length });

	return (
		<dialog ref={ref} class="dialog palette" aria-label={t("palette.title")} onClose={close}
			onClick={(e) => e.target === ref.current && ref.current?.close()}>
			<div class="pfield">
				<Icon name="explore" />
				<input type="text" role="combobox" aria-label={t("palette.title")} aria-autocomplete="list" aria-expanded={flat.length > 0} aria-controls="palette-list"
					aria-activedescendant={chosen?.id} placeholder={t("palette.hint")} autocomplete="off" autocapitalize="off" spellcheck={false} maxLength={253} autofocus
					value={typed} onInput={(e) => setTyped(e.currentTarget.value)} onKeyDown={key} />
				<button type="button" class="btn link" onClick={() => ref.current?.close()} aria-label={t("close")}><Icon name="cross" size={16} /></button>
			</div>
			<div class="plist" id="palette-list" role="listbox" aria-label={t("palette.title")} aria-busy={busy} ref={list}>
				{groups.map((g) => (
					<div role="group" aria-labelledby={`pg-${g.key}`}>
						<div class="pgroup" id={`pg-${g.key}`} role="presentation">{g.title}</div>
						{g.choices.map((c) => (
							<div role="option" id={c.id} class="pchoice" aria-selected={c === chosen}
								onPointerMove={() => c !== chosen && setAt(flat.indexOf(c))} onClick={() => open(c)}>
								<span class="plabel">{c.label}</span>
								{c.detail !== null && <span class="pdetail">{c.detail}</span>}
								{days.has(c.to) && <span class="pdetail n nowrap">{day(days.get(c.to) as string)}</span>}
							</div>
						))}
					</div>
				))}
			</div>
			{text !== "" && flat.length === 0 && <p class="pnote">{busy ? t("palette.busy") : said}</p>}
			{found?.wrong != null && !busy && flat.length > 0 && <p class="pnote bad">{said}</p>}
			{found !== null && !found.complete && !busy && <p class="pnote">{t("palette.more")}</p>}
			<p class="pkeys" aria-hidden="true"><kbd>↑</kbd> <kbd>↓</kbd> {t("palette.moves")} · <kbd>Enter</kbd> {t("palette.enters")} · <kbd>Esc</kbd> {t("palette.closes")}</p>
			<div class="vh" role="status" aria-live="polite">{said}</div>
		</dialog>
	);
}
