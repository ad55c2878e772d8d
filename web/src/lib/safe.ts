/*
 * Text out of reports is hostile. It is only ever drawn as text; on top of
 * that, what would hide or reorder letters on the screen is shown as an escape.
 */

/* Controls, bidi controls, zero-width and invisible characters, lone halves. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/u;

export interface Part {
	text: string;
	esc: boolean;
}

export function escapeOf(ch: string): string {
	const c = ch.codePointAt(0) as number;
	return "\\u{" + c.toString(16).toUpperCase().padStart(4, "0") + "}";
}

/* `keep` names characters that stay, such as the tab in a listing. */
export function safeParts(text: string, keep = ""): Part[] {
	const parts: Part[] = [];
	let run = "";

	if (!HIDDEN.test(text))
		return [{ text, esc: false }];
	for (const ch of text) {
		if (!HIDDEN.test(ch) || keep.includes(ch)) {
			run += ch;
			continue;
		}
		if (run !== "")
			parts.push({ text: run, esc: false });
		run = "";
		parts.push({ text: escapeOf(ch), esc: true });
	}
	if (run !== "")
		parts.push({ text: run, esc: false });
	return parts;
}

export const safeText = (text: string): string =>
	safeParts(text).map((p) => p.text).join("");

/* ---- internationalised names: xn--… to Unicode (RFC 3492), or null ---- */

function punycode(input: string): string | null {
	const base = 36, tmin = 1, tmax = 26, skew = 38, damp = 700;
	const out: number[] = [];
	const dash = input.lastIndexOf("-");
	let n = 128, i = 0, bias = 72;

	for (let j = 0; j < dash; j++)
		out.push(input.charCodeAt(j));
	for (let at = dash > 0 ? dash + 1 : 0; at < input.length;) {
		const start = i;
		for (let w = 1, k = base; ; k += base) {
			const c = input.charCodeAt(at++);
			const digit = c >= 48 && c <= 57 ? c - 22 : c >= 97 && c <= 122 ? c - 97 : base;
			if (isNaN(c) || digit >= base || digit > Math.floor((0x7fffffff - i) / w))
				return null;
			i += digit * w;
			const t = k <= bias ? tmin : k >= bias + tmax ? tmax : k - bias;
			if (digit < t)
				break;
			w *= base - t;
		}
		const len = out.length + 1;
		let delta = start === 0 ? Math.floor((i - start) / damp) : (i - start) >> 1;
		let k = 0;
		delta += Math.floor(delta / len);
		for (; delta > ((base - tmin) * tmax) >> 1; k += base)
			delta = Math.floor(delta / (base - tmin));
		bias = k + Math.floor(((base - tmin + 1) * delta) / (delta + skew));
		n += Math.floor(i / len);
		i %= len;
		if (n > 0x10ffff || (n >= 0xd800 && n < 0xe000) || n < 128)
			return null;
		out.splice(i++, 0, n);
	}
	return out.map((c) => String.fromCodePoint(c)).join("");
}

/* The Unicode form of a name with A-labels; null when it has none or they are bad. */
export function toUnicode(name: string): string | null {
	let any = false;

	if (!/(^|\.)xn--/i.test(name))
		return null;
	const labels = name.split(".").map((l) => {
		if (!/^xn--[a-z0-9-]+$/i.test(l))
			return l;
		const u = punycode(l.slice(4).toLowerCase());
		if (u === null || u === "" || HIDDEN.test(u))
			return l;
		any = true;
		return u;
	});
	return any ? labels.join(".") : null;
}
