/* What the command palette offers: what is written so, ours first sorted by how well it fits. */
import { t } from "../i18n";
import { card } from "./explain";
import { safeText } from "./safe";
import { CODES, TERMS } from "./terms";

export type HitKind = "domain" | "sender" | "address" | "reporter" | "report" | "failure" | "tls_report";
export interface Hit { kind: HitKind; key: string; label: string; reporter: string | null; domain: string | null; day: string | null }
export interface Hits { items: Hit[]; complete: boolean }

export interface Choice { id: string; label: string; detail: string | null; to: string }
export interface Group { key: string; title: string; choices: Choice[] }

/* 0 the whole name, 1 it begins so, 2 a word of it does, 3 it is in it; -1: no. Marks over letters do not matter. */
export function fit(name: string, text: string): number {
	const flat = (s: string) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
	const n = flat(name), w = flat(text), at = n.indexOf(w);
	if (w === "" || at < 0)
		return -1;
	if (n === w)
		return 0;
	if (at === 0)
		return 1;
	return new RegExp(`[\\s(/.,:_-]${w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "u").test(n) ? 2 : 3;
}

function best(all: Choice[], text: string, most: number): Choice[] {
	return all.map((c, i) => ({ c, i, f: Math.min(...[c.label, c.detail ?? ""].map((s) => fit(s, text)).map((f, j) => f < 0 ? 9 : f + 4 * j)) }))
		.filter((x) => x.f < 9).sort((a, b) => a.f - b.f || a.i - b.i).slice(0, most).map((x) => x.c);
}

/* The glossary and the codes. */
export function terms(text: string): Choice[] {
	if (text === "")
		return [];
	return best([
		...TERMS.map((x): Choice => ({ id: `term-${x}`, label: t(`term.${x}`), detail: null, to: `/help/${x}` })),
		...CODES.map((c): Choice => ({ id: `code-${c}`, label: c, detail: card(c).title, to: `/help/${c}` })),
	], text, 6);
}

export const pages = (all: Choice[], text: string): Choice[] => text === "" ? all : best(all, text, 8);

/* time: what of the address goes along. */
export function choiceOf(h: Hit, time: string): Choice {
	const seg = encodeURIComponent(h.key), with_ = (path: string, q: string) => q === "" ? path : `${path}?${q}`;
	const same = h.label === h.key ? null : safeText(h.key);
	const id = `hit-${h.kind}-${h.key}`, label = safeText(h.label);
	switch (h.kind) {
	case "domain":
		return { id, label, detail: same, to: with_(`/domains/${seg}`, time) };
	case "sender":
		return { id, label, detail: null, to: with_(`/senders/${seg}`, time) };
	case "address":
		/* when it was seen is not said: all days */
		return { id, label: safeText(h.key), detail: h.label === h.key ? null : label, to: `/sources?t=all&ip=${seg}` };
	case "reporter":
		return { id, label, detail: same, to: with_("/reports", [time, `reporter=${seg}`].filter((x) => x !== "").join("&")) };
	case "report":
		return { id, label: label === "" ? `#${h.key}` : label, detail: [h.reporter, h.domain].filter((x): x is string => x !== null).map(safeText).join(" → "), to: `/reports/${seg}` };
	case "failure":
		return { id, label, detail: null, to: `/failures/${seg}` };
	case "tls_report":
		return { id, label, detail: null, to: `/tls/${seg}` };
	}
}
