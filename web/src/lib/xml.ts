/*
 * The lines of a report as received, for reading: nothing is parsed into a
 * document. A very long line (many reporters send one) is broken between tags
 * for the eye only; such continued lines carry no line number.
 */

export interface Line {
	no: number | null;	/* line number in the file; null: a continuation */
	text: string;
	record: number;		/* which record the line belongs to, from 1; 0: none */
	first: boolean;		/* the first line of its record */
	depth: number;		/* indent of a continuation, in steps */
}

const LONG = 240;

interface Span { start: number; end: number }

/* Where each <record>…</record> stands; comments and CDATA do not count. */
export function records(xml: string): Span[] {
	const out: Span[] = [];
	const tag = /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<(\/?)(?:[\w.-]+:)?record(?=[\s/>])[^>]*>/g;
	let open = -1, depth = 0;

	for (let m = tag.exec(xml); m !== null; m = tag.exec(xml)) {
		if (m[1] === undefined)
			continue;
		if (m[1] === "/") {
			if (depth > 0 && --depth === 0)
				out.push({ start: open, end: m.index + m[0].length });
		} else if (m[0].endsWith("/>")) {
			if (depth === 0)
				out.push({ start: m.index, end: m.index + m[0].length });
		} else if (depth++ === 0)
			open = m.index;
	}
	if (depth > 0)
		out.push({ start: open, end: xml.length });
	return out;
}

/* Break a long line after each end of an element; the depth gives the indent. */
function pieces(text: string): { text: string; at: number; depth: number }[] {
	const out: { text: string; at: number; depth: number }[] = [];
	let from = 0, depth = 0;

	for (let i = 0; i < text.length; i++) {
		if (text[i] !== ">" || text[i + 1] !== "<")
			continue;
		const next = text.slice(from, i + 1);
		/* <a>text</a> stays on one line: break only where an element begins or a parent ends. */
		if (/^<[^/!?][^>]*[^/]>$/.test(next) && text[i + 2] === "/")
			continue;
		out.push({ text: next, at: from, depth: 0 });
		from = i + 1;
	}
	out.push({ text: text.slice(from), at: from, depth: 0 });
	for (const p of out) {
		const closes = /^<\//.test(p.text);
		if (closes)
			depth = Math.max(0, depth - 1);
		p.depth = depth;
		if (/^<[^/!?][^>]*>$/.test(p.text) && !p.text.endsWith("/>"))
			depth++;
	}
	return out;
}

export function lines(xml: string): Line[] {
	const spans = records(xml);
	const out: Line[] = [];
	let pos = 0, no = 0, span = 0;
	let last = 0;

	for (const raw of xml.split("\n")) {
		no++;
		const text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
		const parts = text.length > LONG ? pieces(text) : [{ text, at: 0, depth: 0 }];
		parts.forEach((p, i) => {
			const a = pos + p.at, b = a + p.text.length;
			while (span < spans.length && (spans[span] as Span).end <= a)
				span++;
			const s = spans[span];
			const record = s !== undefined && s.start < b && s.end > a ? span + 1 : 0;
			out.push({ no: i === 0 ? no : null, text: p.text, record, first: record !== 0 && record !== last, depth: p.depth });
			last = record;
		});
		pos += raw.length + 1;
	}
	if (out.length > 1 && out[out.length - 1]?.text === "")
		out.pop();
	return out;
}

/* A line as it is shown: with what stands below it folded away, or a note of ours. */
export interface Shown extends Line {
	at: number;		/* of the line in all */
	hidden: number;		/* lines of its record that are folded beneath it */
	note: boolean;		/* our words, not of the file */
}

/* How many lines each record has; one line cannot be folded. */
export function lengths(all: Line[]): Map<number, number> {
	const out = new Map<number, number>();
	for (const l of all)
		if (l.record !== 0)
			out.set(l.record, (out.get(l.record) ?? 0) + 1);
	return out;
}

/* notes: by line number of the file. */
export function shown(all: Line[], folded: (record: number) => boolean, notes: ReadonlyMap<number, string[]>): Shown[] {
	const n = lengths(all), out: Shown[] = [], last = all.reduce((m, l) => Math.max(m, l.no ?? 0), 0);
	const note = (text: string, at: number, record: number) => out.push({ no: null, text, record, first: false, depth: 0, at, hidden: 0, note: true });
	all.forEach((l, at) => {
		const shut = l.record !== 0 && folded(l.record) && (n.get(l.record) ?? 1) > 1;
		if (!shut || l.first)
			out.push({ ...l, at, hidden: shut ? (n.get(l.record) ?? 1) - 1 : 0, note: false });
		if (l.no !== null)
			for (const text of notes.get(l.no) ?? [])
				note(text, at, l.record);
	});
	for (const [line, texts] of notes)
		if (line < 1 || line > last)	/* of a line that is not here: not lost */
			for (const text of texts)
				note(text, all.length, 0);
	return out;
}
