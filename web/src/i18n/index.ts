/*
 * t("key", args) gives the text of a message; tx() lets arguments be parts of
 * a page (links, values) and gives a list to put between two tags.
 */
import type { ComponentChild } from "preact";
import { day as fmtDay, num, percent } from "../lib/format";
import type codes from "texts:en";
import type { en } from "./en";
import type { settings } from "./en-settings";
import { parseMessage, type Node } from "./icu";
import { LOCALE, texts } from "./lang";

export type Key = keyof typeof en | keyof typeof settings | keyof typeof codes;	/* a spread forgets keys that are patterns */
export type Args = Record<string, ComponentChild>;

const parsed = new Map<string, Node[]>();
const plural = new Intl.PluralRules(LOCALE);

function nodesOf(key: string): Node[] {
	let n = parsed.get(key);
	if (n === undefined) {
		n = parseMessage(texts[key] ?? key);
		parsed.set(key, n);
	}
	return n;
}

function value(style: string, v: ComponentChild): ComponentChild {
	if (typeof v === "number")
		return style === "percent" ? percent(v) : num(v);
	if (style === "day" && typeof v === "string")
		return fmtDay(v);
	return v;
}

function render(nodes: Node[], args: Args, hash: number): ComponentChild[] {
	return nodes.flatMap((n): ComponentChild[] => {
		switch (n.k) {
		case "text":
			return [n.text];
		case "hash":
			return [num(hash)];
		case "arg":
			return [value(n.style, args[n.name] ?? "")];
		case "plural": {
			const count = Number(args[n.name] ?? 0);
			const form = n.forms["=" + count] ?? n.forms[plural.select(count)] ?? n.forms.other;
			return render(form as Node[], args, count);
		}
		}
	});
}

export const tx = (key: Key, args: Args = {}): ComponentChild[] => render(nodesOf(key), args, 0);

export const t = (key: Key, args: Record<string, string | number | null | undefined> = {}): string =>
	render(nodesOf(key), args, 0).join("");

export const hasKey = (key: string): key is Key => Object.prototype.hasOwnProperty.call(texts, key);

/* For keys that come from the daemon: the message, or the word itself. */
export const word = (prefix: string, key: string): string =>
	hasKey(`${prefix}.${key}`) ? t(`${prefix}.${key}` as Key) : key;
