/* A report as received, as text with line numbers; only the lines in sight are drawn. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { lines } from "../lib/xml";
import { safeParts } from "../lib/safe";

const ROW = 20;		/* px per line; the style sheet says the same */
const AROUND = 30;
const WIDE = 4000;	/* a longer line is cut for the eye */

interface Props { xml: string; record: number | null; onRecord: (n: number) => void }

export function XmlView({ xml, record, onRecord }: Props) {
	const all = useMemo(() => lines(xml), [xml]);
	const box = useRef<HTMLDivElement>(null);
	const [top, setTop] = useState(0);
	const [h, setH] = useState(600);
	const digits = String(all.reduce((n, l) => Math.max(n, l.no ?? 0), 0)).length;
	const broken = all.some((l) => l.no === null);
	const width = useMemo(() => Math.min(WIDE, all.reduce((n, l) => Math.max(n, l.text.length + l.depth * 2), 0)), [all]);

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
		const i = all.findIndex((l) => l.record === record);
		if (i >= 0)
			el.scrollTop = Math.max(0, i * ROW - ROW * 3);
	}, [record, all]);

	const from = Math.max(0, Math.floor(top / ROW) - AROUND);
	const to = Math.min(all.length, Math.ceil((top + h) / ROW) + AROUND);
	return (
		<div class="xmlview">
			{broken && <p class="hint">{t("xml.broken")}</p>}
			{/* Scrolls in both directions, so the keyboard must be able to enter it. */}
			<div class="xmlbox" ref={box} tabIndex={0} role="region" aria-label={t("xml.label")} onScroll={(e) => setTop(e.currentTarget.scrollTop)}>
				<div class="xmllines" style={{ height: `${all.length * ROW}px`, minWidth: `${width + digits + 4}ch` }}>
					<div style={{ transform: `translateY(${from * ROW}px)` }}>
						{all.slice(from, to).map((l, i) => (
							<div key={from + i} class={`xl ${l.record !== 0 && l.record === record ? "hit" : ""}`}>
								<span class="xn" style={{ width: `${digits + 1}ch` }}>
									{l.first ? <button type="button" title={t("xml.row", { n: String(l.record) })} onClick={() => onRecord(l.record)}>{l.no ?? "▸"}</button> : l.no ?? ""}
								</span>
								<code style={l.depth > 0 ? { paddingLeft: `${l.depth * 2}ch` } : undefined}>
									{safeParts(l.text.slice(0, WIDE), "\t").map((p) => p.esc ? <span class="esc">{p.text}</span> : markup(p.text))}
									{l.text.length > WIDE && <span class="muted"> … {t("xml.cut", { n: l.text.length - WIDE })}</span>}
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
