/*
 * Messages in a small part of ICU MessageFormat: {name}, {n, number},
 * {r, percent}, {d, day}, and {n, plural, =0 {…} one {…} other {# …}}.
 * Parsed once; plural forms, numbers and dates come from Intl.
 */

export type Node =
	| { k: "text"; text: string }
	| { k: "arg"; name: string; style: string }
	| { k: "plural"; name: string; forms: Record<string, Node[]> }
	| { k: "hash" };

export function parseMessage(src: string): Node[] {
	let i = 0;

	function fail(): never {
		throw new Error(`message: bad syntax at ${i} in "${src}"`);
	}
	function word(): string {
		const m = /^\s*([=\w]+)\s*/.exec(src.slice(i));
		if (m === null)
			fail();
		i += m[0].length;
		return m[1] as string;
	}
	function nodes(inPlural: boolean, depth: number): Node[] {
		const out: Node[] = [];
		let text = "";
		const flush = () => {
			if (text !== "")
				out.push({ k: "text", text });
			text = "";
		};
		while (i < src.length) {
			const c = src[i] as string;
			if (c === "}") {
				if (depth === 0)
					fail();
				break;
			}
			if (c === "#" && inPlural) {
				flush();
				out.push({ k: "hash" });
				i++;
			} else if (c === "{") {
				flush();
				i++;
				out.push(argument(depth));
			} else {
				text += c;
				i++;
			}
		}
		flush();
		return out;
	}
	function argument(depth: number): Node {
		const name = word();
		let style = "";
		if (src[i] === ",") {
			i++;
			style = word();
		}
		if (style === "plural") {
			const forms: Record<string, Node[]> = {};
			if (src[i] !== ",")
				fail();
			i++;
			while (src[i] !== "}") {
				const form = word();
				if (src[i] !== "{")
					fail();
				i++;
				forms[form] = nodes(true, depth + 1);
				if (src[i] !== "}")
					fail();
				i++;
				while (/\s/.test(src[i] ?? ""))
					i++;
				if (i >= src.length)
					fail();
			}
			i++;
			if (forms.other === undefined)
				fail();
			return { k: "plural", name, forms };
		}
		if (src[i] !== "}")
			fail();
		i++;
		return { k: "arg", name, style };
	}
	return nodes(false, 0);
}
