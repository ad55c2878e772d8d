import assert from "node:assert/strict";
import { test } from "node:test";
import * as f from "../src/lib/format";
import { safeParts, safeText, toUnicode } from "../src/lib/safe";

test("shares are never rounded to all or nothing", () => {
	assert.equal(f.percent(1), "100 %");
	assert.equal(f.percent(0), "0 %");
	assert.equal(f.percent(0.99995), "> 99.9 %");
	assert.equal(f.percent(0.00001), "< 0.1 %");
	assert.equal(f.percent(0.991), "99.1 %");
	assert.equal(f.percent(null), "–");
	assert.equal(f.ratio(0, 0), null);
});
test("differences", () => {
	assert.deepEqual(f.points(0.991, 0.987), { text: "+0.4 pp", dir: 1 });
	assert.deepEqual(f.points(0.5, 0.6), { text: "−10.0 pp", dir: -1 });
	assert.equal(f.points(null, 0.5), null);
	assert.equal(f.growth(5, 0), null);
	assert.deepEqual(f.growth(150, 100), { text: "+50 %", dir: 1 });
	assert.deepEqual(f.growth(5000, 100), { text: "×50", dir: 1 });
});
test("days, times, sizes", () => {
	const now = new Date("2026-05-22T12:00:00Z");
	assert.equal(f.day("2026-05-21", now), "21 May");
	assert.equal(f.day("2025-05-21", now), "21 May 2025");
	assert.equal(f.day(null), "–");
	assert.equal(f.day("nonsense"), "nonsense");
	assert.equal(f.time("2026-05-21T09:05:00Z"), "21 May 2026, 09:05 UTC");
	assert.equal(f.ago("2026-05-22T11:57:00Z", now.getTime()), "3 minutes ago");
	assert.equal(f.duration(3 * 3600), "3 h");
	assert.equal(f.bytes(999), "999 B");
	assert.equal(f.bytes(18_350_080), "18.4 MB");
	assert.equal(f.num(1234567), "1,234,567");
});

test("hidden and reordering characters stand as escapes", () => {
	assert.equal(safeText("plain ümlaut 日本"), "plain ümlaut 日本");
	assert.equal(safeText("a\u202eb"), "a\\u{202E}b");
	assert.equal(safeText("\u0000\u001b[31m\n"), "\\u{0000}\\u{001B}[31m\\u{000A}");
	assert.equal(safeText("zero\u200bwidth\ufeff"), "zero\\u{200B}width\\u{FEFF}");
	assert.equal(safeText("\u2066x\u2069"), "\\u{2066}x\\u{2069}");
	assert.equal(safeText("half \ud800"), "half \\u{D800}");
	assert.equal(safeText("\u{e0041}"), "\\u{E0041}");
	assert.deepEqual(safeParts("\ta", "\t"), [{ text: "\ta", esc: false }]);
	assert.equal(safeText("<script>alert(1)</script>"), "<script>alert(1)</script>");
});
test("international names", () => {
	assert.equal(toUnicode("xn--bcher-kva.example"), "bücher.example");
	assert.equal(toUnicode("mail.XN--MLLER-KVA.example"), "mail.müller.example");
	assert.equal(toUnicode("xn--fsqu00a.example"), "例子.example");
	assert.equal(toUnicode("example.org"), null);
	assert.equal(toUnicode("xn--99999999999.example"), null);
	assert.equal(toUnicode("xn--.example"), null);
});
