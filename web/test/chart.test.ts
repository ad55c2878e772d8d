import assert from "node:assert/strict";
import { test } from "node:test";
import { brush, labelEvery, lastComplete, shares, sparkPath, squeeze, stack, ticks, totals } from "../src/lib/chart";
import { lengths, lines, records, shown } from "../src/lib/xml";

test("stacks add up", () => {
	assert.deepEqual(stack([[1, 2], [3, 4]]), [[1, 2], [4, 6]]);
	assert.deepEqual(totals([[1, 2], [3, 4]]), [4, 6]);
	assert.deepEqual(totals([]), []);
});
test("shares; a day without mail stays empty", () => {
	assert.deepEqual(shares([[1, 0], [3, 0]]), [[0.25, 0], [0.75, 0]]);
});
test("axes are round, whole and reach the top", () => {
	for (const [max, want] of [[0, [0, 1]], [1, [0, 1]], [3, [0, 1, 2, 3]], [7, [0, 2, 4, 6, 8]], [1207, [0, 500, 1000, 1500]], [99, [0, 25, 50, 75, 100]]] as [number, number[]][])
		assert.deepEqual(ticks(max), want, String(max));
	for (let max = 1; max < 1e9; max = Math.ceil(max * 1.37)) {
		const t = ticks(max);
		assert.ok((t[t.length - 1] ?? 0) >= max && t.length <= 7 && t.every(Number.isInteger), String(max));
	}
});
test("labels thin out", () => {
	assert.equal(labelEvery(7, 10), 1);
	assert.equal(labelEvery(30, 10), 3);
	assert.equal(labelEvery(365, 12), 56);
});
test("a brush takes whole days", () => {
	assert.deepEqual(brush(2.2, 4.7, 10), [2, 4]);
	assert.deepEqual(brush(4.7, 2.2, 10), [2, 4]);
	assert.deepEqual(brush(-3, 99, 10), [0, 9]);
	assert.deepEqual(brush(3.1, 3.4, 10), [3, 3]);
	assert.equal(brush(0, 1, 0), null);
});
test("complete days", () => {
	const d = ["2026-05-20", "2026-05-21", "2026-05-22"];
	assert.equal(lastComplete(d, "2026-05-21"), 1);
	assert.equal(lastComplete(d, "2026-06-01"), 2);
	assert.equal(lastComplete(d, null), -1);
});
test("sparks", () => {
	assert.equal(sparkPath([0, null, 10], 12, 12), "M1.0 11.0M11.0 1.0");
	assert.deepEqual(squeeze([1, 1, null, null, 2, null], 3), [2, null, 2]);
	assert.deepEqual(squeeze([1, 2], 3), [1, 2]);
});

const doc = "<?xml?>\n<!-- <record> -->\n<feedback>\n<record>\n<row/>\n</record>\n<x:record a=\"1\">\n</x:record>\n<records/><record/>\n</feedback>\n";
test("records are found, comments and other names are not", () => {
	assert.equal(records(doc).length, 3);
	const l = lines(doc);
	assert.deepEqual(l.map((x) => x.record), [0, 0, 0, 1, 1, 1, 2, 2, 3, 0]);
	assert.deepEqual(l.filter((x) => x.first).map((x) => x.no), [4, 7, 9]);
});
test("one long line is broken between tags, numbers stay those of the file", () => {
	const one = "<feedback>" + "<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row></record>".repeat(5) + "</feedback>";
	const l = lines(one + "\nlast");
	assert.equal(l[0]?.no, 1);
	assert.equal(l[l.length - 1]?.no, 2);
	assert.equal(l.filter((x) => x.first).length, 5);
	assert.equal(l.slice(0, -1).map((x) => x.text).join(""), one);
	assert.ok(l.some((x) => x.text === "<source_ip>192.0.2.1</source_ip>"));
});
test("a document that is cut or odd does no harm", () => {
	assert.equal(records("<record><row>").length, 1);
	assert.equal(records("</record></record><!-- open").length, 0);
	assert.deepEqual(lines(""), [{ no: 1, text: "", record: 0, first: false, depth: 0 }]);
	lines("<record>".repeat(200000));
	lines("<record".repeat(200000));
	lines("<!--".repeat(200000));
});

test("xml: records fold to their first line, our notes stand where they belong", () => {
	const all = lines("<f>\n<record>\n<row/>\n</record>\n<record/>\n</f>\n");
	assert.deepEqual([...lengths(all)], [[1, 3], [2, 1]]);
	const text = (folded: (n: number) => boolean, notes: [number, string[]][] = []): string[] => shown(all, folded, new Map(notes)).map((l) => (l.note ? "! " : "") + l.text + (l.hidden > 0 ? ` +${l.hidden}` : ""));
	assert.deepEqual(text(() => false), ["<f>", "<record>", "<row/>", "</record>", "<record/>", "</f>"]);
	assert.deepEqual(text(() => true), ["<f>", "<record> +2", "<record/>", "</f>"]);
	assert.deepEqual(text((n) => n === 1, [[3, ["three"]], [99, ["far"]]]), ["<f>", "<record> +2", "! three", "<record/>", "</f>", "! far"]);
});
