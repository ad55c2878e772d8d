/* A report as received, as text with line numbers; only the lines in sight are drawn. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { lengths, lines, shown } from "../lib/xml";
import { safeParts, safeText } from "../lib/safe";
import { Icon } from "./icons";

const ROW = 20;		/* px per line; the style sheet says the same */
const AROUND = 30;
const WIDE = 4000;	/* a longer line is cut for the eye */

interface Props { xml: string; record: number | null; onRecord: (n: number) => void; notes?: ReadonlyMap<number, string[]> }
const NO_NOTES: ReadonlyMap<number, string[]> = new Map();

export function XmlView({ xml, record, onRecord, notes = NO_NOTES }: Props) {
	const all = useMemo(() => lines(xml), [xml]);
	const sizes = useMemo(() => lengths(all), [all]);
	const [shut, setShut] = useState(false);	/* all records but those in odd; else those in odd */
	const [odd, setOdd] = useState<ReadonlySet<number>>(new Set());
	const list = useMemo(() => shown(all, (r) => r !== record && shut !== odd.has(r), notes), [all, shut, odd, record, notes]);
	const box = useRef<HTMLDivElement>(null);
	const [top, setTop] = useState(0);
	const [h, setH] = useState(600);
	const digits = String(all.reduce((n, l) => Math.max(n, l.no ?? 0), 0)).length;
	const broken = all.some((l) => l.no === null);
	const width = useMemo(() => Math.min(WIDE, list.reduce((n, l) => Math.max(n, l.text.length + l.depth * 2), 0)), [list]);
	const can = [...sizes.values()].some((n) => n > 1);
	const fold = (r: number): void => {
		const next = new Set(odd);
		if (!next.delete(r))
			next.add(r);
		setOdd(next);
	};
	const foldAll = (to: boolean): void => {
		setShut(to);
		setOdd(new Set());
	};

	useEffect(() => {
		const el = box.current;
		if (el === null)
			return;
		const ro = new ResizeObserver(() => setH(el.clientHeight));
		ro.observe(el);
		return () => ro.disconnect();
	}, []);
	useEffect(() => {
		const el = box.current;
		if (el === null || record === null)
			return;
		const i = list.findIndex((l) => l.record === record);
		if (i >= 0)
			el.scrollTop = Math.max(0, i * ROW - ROW * 3);
	}, [record, all]);

	const from = Math.max(0, Math.floor(top / ROW) - AROUND);
	const to = Math.min(list.length, Math.ceil((top + h) / ROW) + AROUND);
	return (
		<div class="xmlview">
			{broken && <p class="hint">{t("xml.broken")}</p>}
			{can && <p class="xmltools"><button type="button" class="btn quiet" aria-pressed={shut} onClick={() => foldAll(!shut)}>{t(shut ? "xml.unfold" : "xml.fold")}</button></p>}
			{/* Scrolls in both directions, so the keyboard must be able to enter it. */}
			<div class="xmlbox" ref={box} tabIndex={0} role="region" aria-label={t("xml.label")} onScroll={(e) => setTop(e.currentTarget.scrollTop)}>
				<div class="xmllines" style={{ height: `${list.length * ROW}px`, minWidth: `${width + digits + 6}ch` }}>
					<div style={{ transform: `translateY(${from * ROW}px)` }}>
						{list.slice(from, to).map((l) => l.note ? (
							<div key={`n${l.at} ${l.text}`} class="xl xnote"><span class="xn" style={{ width: `${digits + 1}ch` }} /><span class="xf" /><span class="xw"><Icon name="warn" size={16} />{safeText(l.text)}</span></div>
						) : (
							<div key={l.at} class={`xl ${l.record !== 0 && l.record === record ? "hit" : ""}`}>
								<span class="xn" style={{ width: `${digits + 1}ch` }}>
									{l.first ? <button type="button" title={t("xml.row", { n: String(l.record) })} onClick={() => onRecord(l.record)}>{l.no ?? "▸"}</button> : l.no ?? ""}
								</span>
								<span class="xf">{l.first && l.record !== record && (sizes.get(l.record) ?? 1) > 1 && (
									<button type="button" aria-expanded={l.hidden === 0} aria-label={t("xml.fold.row", { n: String(l.record) })} title={t("xml.fold.row", { n: String(l.record) })} onClick={() => fold(l.record)}>{l.hidden === 0 ? "−" : "+"}</button>
								)}</span>
								<code style={l.depth > 0 ? { paddingLeft: `${l.depth * 2}ch` } : undefined}>
									{safeParts(l.text.slice(0, WIDE), "\t").map((p) => p.esc ? <span class="esc">{p.text}</span> : markup(p.text))}
									{l.text.length > WIDE && <span class="muted"> … {t("xml.cut", { n: l.text.length - WIDE })}</span>}
									{l.hidden > 0 && <span class="muted"> … {t("xml.hidden", { n: l.hidden })}</span>}
								</code>
							</div>
						))}
					</div>
				</div>
			</div>
		</div>
	);
}

/* Tags a little quieter than their text. Still text, every piece of it. */
function markup(text: string) {
	const parts = text.split(/(<[^>]*>)/);
	return parts.map((p) => p.startsWith("<") ? <span class="xt">{p}</span> : p);
}
