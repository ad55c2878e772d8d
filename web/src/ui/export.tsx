/* Charts as files: figures (CSV) by marks.tsx, pictures (SVG) here. */
import { t } from "../i18n";
import type { Look } from "../lib/svg";

export function save(name: string, type: string, parts: string[]): void {
	const url = URL.createObjectURL(new Blob(parts, { type }));
	const a = document.createElement("a");
	a.href = url;
	a.download = name;
	a.click();
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const cssVar = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
export const look = (): Look => ({ text: cssVar("--text"), muted: cssVar("--muted"), line: cssVar("--line"), card: cssVar("--card"), font: cssVar("--font") });

const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "font-size", "font-weight", "font-family", "text-anchor", "paint-order", "stroke-linejoin", "display", "visibility"];

/* What stands on the page as an SVG, with the colours that it has here. */
export function svgOf(from: SVGElement, title: string): string {
	const copy = from.cloneNode(true) as SVGElement;
	const mine = [copy, ...copy.querySelectorAll("*")], theirs = [from, ...from.querySelectorAll("*")];
	mine.forEach((m, i) => {
		const style = getComputedStyle(theirs[i] as Element);
		for (const k of KEPT) {
			const v = style.getPropertyValue(k);
			if (v !== "" && !(k === "display" && v !== "none"))
				m.setAttribute(k, v);
		}
		for (const k of [...m.attributes].map((a) => a.name).filter((n) => /^(class|style|tabindex|role|data-|aria-)/i.test(n)))
			m.removeAttribute(k);
	});
	const name = document.createElementNS("http://www.w3.org/2000/svg", "title");
	name.textContent = title;
	copy.prepend(name);
	copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
	if (!copy.hasAttribute("viewBox"))
		copy.setAttribute("viewBox", `0 0 ${from.clientWidth} ${from.clientHeight}`);
	copy.setAttribute("width", String(from.clientWidth));
	copy.setAttribute("height", String(from.clientHeight));
	return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
}

export const Svg = ({ make, name }: { make: () => string | null; name: string }) => (
	<button type="button" class="btn quiet" title={t("chart.svg.hint")} onClick={() => {
		const s = make();
		if (s !== null)
			save(`${name}.svg`, "image/svg+xml", [s]);
	}}>{t("chart.svg")}</button>
);
