/* What flow and heat map share: one tab stop for many marks, a box of words at a mark, a table as a file. */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { csv } from "../lib/flow";

/* The width of an element as it is now; 0 before the first look. */
export function useWidth(ref: RefObject<HTMLElement>): number {
	const [w, set] = useState(0);
	useLayoutEffect(() => {
		const el = ref.current;
		if (el === null)
			return;
		set(el.clientWidth);
		const ro = new ResizeObserver(() => set(el.clientWidth));
		ro.observe(el);
		return () => ro.disconnect();
	}, [ref.current]);
	return w;
}

/*
 * Many marks, one of them in the order of Tab: arrows move to others. move says
 * which mark stands beside one, in two directions; null: none.
 */
export function useRoving(count: number, move: (at: number, dx: number, dy: number) => number | null) {
	const [at, set] = useState(0);
	const box = useRef<HTMLElement>(null);
	const here = Math.min(at, Math.max(0, count - 1));
	const go = (n: number): void => {
		set(n);
		(box.current?.querySelector(`[data-mark="${n}"]`) as HTMLElement | SVGElement | null)?.focus();
	};
	const onKeyDown = (e: KeyboardEvent): void => {
		const dir: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
		const d = dir[e.key];
		const to = e.key === "Home" ? 0 : e.key === "End" ? count - 1 : d === undefined ? null : move(here, d[0], d[1]);
		if (to !== null && to !== undefined && count > 0 && !e.altKey && !e.ctrlKey && !e.metaKey) {
			e.preventDefault();
			go(to);
		}
	};
	return { box, onKeyDown, tab: (i: number): number => i === here ? 0 : -1, take: set };
}

export interface Told { x: number; y: number; words: ComponentChildren }

/* Beside the pointer or the mark, within the box. */
export function Bubble({ at, width }: { at: Told | null; width: number }) {
	const el = useRef<HTMLDivElement>(null);
	const [own, set] = useState(0);
	useEffect(() => set(el.current?.offsetWidth ?? 0));
	if (at === null)
		return null;
	const left = Math.max(0, Math.min(at.x + 14, width - own));
	return <div ref={el} class="tip bubble" aria-hidden="true" style={{ left: `${left}px`, top: `${at.y + 14}px` }}>{at.words}</div>;
}

export function Csv({ rows, name }: { rows: () => (string | number | null)[][]; name: string }) {
	return (
		<button type="button" class="btn quiet" title={t("explore.csv.hint")} onClick={() => {
			const url = URL.createObjectURL(new Blob(["\ufeff", csv(rows())], { type: "text/csv" }));
			const a = document.createElement("a");
			a.href = url;
			a.download = `${name}.csv`;
			a.click();
			setTimeout(() => URL.revokeObjectURL(url), 10_000);
		}}>{t("explore.csv")}</button>
	);
}

/* A pick of a few words, kept in the address. */
export function Pick({ label, value, of, name, onPick }: { label: string; value: string; of: readonly string[]; name: (v: string) => string; onPick: (v: string) => void }) {
	return (
		<label class="pick">{label} <select value={value} onChange={(e) => onPick(e.currentTarget.value)}>
			{of.map((x) => <option value={x}>{name(x)}</option>)}</select></label>
	);
}
