// One kind of hostile input.

export type Bytes = Buffer | string | Iterable<Buffer>;

export interface Kind {
	name: string;
	/** what it is, and what it is after */
	says: string;
	form: string;
	/**
	 * What import has to make of it: "stored 7", "partial 7", "rejected dtd", "ignored"; the number is the sum of all
	 * messages that count. "partial over-limit 7": it counts in part, and the code says why not more. The code is one of
	 * src/report/refusal.h. A bar between two of them: either; both are right, and which one it is, is nobody's promise.
	 */
	expect: string;
	/** What the daemon has to make of it, where that is something else: "refused" is deliver's own no. */
	delivered?: string;
	make: (full: boolean) => Bytes;
	/** Only in the full set: it is large, or takes long. */
	full?: true;
	/** The name of its file; what reads it never looks at that. */
	file?: string;
}

/** A list of kinds in one form: name, what it is, what is expected, the bytes. */
export type Line = [name: string, says: string, expect: string, make: (full: boolean) => Bytes, more?: Partial<Kind>];
export const kinds = (form: string, lines: Line[]): Kind[] =>
	lines.map(([name, says, expect, make, more]) => ({ name, says, form, expect, make, ...more }));
