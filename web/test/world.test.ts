import assert from "node:assert/strict";
import { test } from "node:test";
import world from "map:world";
import { dayStep, firsts, ranked } from "../src/lib/map";
import { daySvg, heatSvg } from "../src/lib/svg";

test("outlines: of nearly every country, within the picture, with one decimal, and no line across it", (ctx) => {
	if (world === null)
		return ctx.skip("the data is not there");
	assert.ok(Object.keys(world.paths).length > 165, String(Object.keys(world.paths).length));
	for (const code of ["DE", "CZ", "BR", "RU", "PT", "US", "FJ", "NZ", "IN"])
		assert.ok(world.paths[code] !== undefined, code);
	for (const [code, d] of [...Object.entries(world.paths), ["rest", world.rest]] as [string, string][]) {
		assert.match(d, /^(M-?[\d.]+[,-][\d.]+l[-\d., ]+z)+$/, code);
		assert.doesNotMatch(d, /\d\.\d\d/, code);
		for (const ring of d.split("z").filter((r) => r !== "")) {
			const [x0, y0] = (ring.slice(1).split("l")[0] as string).match(/-?[\d.]+/g)?.map(Number) as [number, number];
			const steps = ((ring.split("l")[1] as string).match(/-?[\d.]+/g) ?? []).map(Number);
			let x = x0, y = y0;
			assert.equal(steps.length % 2, 0, code);
			for (let i = 0; i < steps.length; i += 2) {
				assert.ok(Math.abs(steps[i] as number) < world.width / 5, `${code}: a line across the map`);
				x += steps[i] as number;
				y += steps[i + 1] as number;
				assert.ok(x > -1 && x < world.width + 1 && y > -1 && y < world.height + 1, `${code}: ${x},${y}`);
			}
		}
	}
});
test("countries by a measure, the largest first", () => {
	const c = (m: number, fail: number) => ({ m, fail_fix: fail, fail_fwd: 0, fail_unk: 0, both: m - fail, dkim_only: 0, spf_only: 0 });
	const items = [{ key: "DE", counts: c(5, 0) }, { key: "BR", counts: c(3, 3) }, { key: "unknown", counts: c(9, 1) }] as never;
	assert.deepEqual(ranked(items, "m").map((r) => r.key), ["unknown", "DE", "BR"]);
	assert.deepEqual(ranked(items, "fail"), [{ key: "BR", value: 3 }, { key: "unknown", value: 1 }]);
	assert.deepEqual(ranked(items, "pass").map((r) => r.value), [8, 5]);
});
test("charts as pictures: nothing that a report says is markup in them", () => {
	const look = { text: "#000", muted: "#666", line: "#ddd", card: "#fff", font: "\"A\", sans" };
	const s = daySvg({ title: "<script>", summary: "a & b", days: ["2026-05-01", "2026-05-02"], dayLabel: (d) => d, number: String, share: false, marks: [1], done: 0, look,
		series: [{ label: "\"><img src=x>\u202e", values: [3, 0], color: "#123", hatch: true }] });
	assert.doesNotMatch(s, /<script|<img|\u202e/);
	assert.match(s, /&#60;script&#62;[\s\S]*a &#38; b/);
	assert.equal((s.match(/<rect [^>]*fill="url\(#s0\)"/g) ?? []).length, 2, "one day and the legend");
	const h = heatSvg({ title: "t", summary: "s", days: ["2026-05-01"], dayLabel: (d) => d, look, rows: [{ label: "<i>", cells: [{ color: "none", said: "x" }] }] });
	assert.match(h, /&#60;i&#62;/);
	assert.match(h, /^<\?xml[\s\S]*<\/svg>\n$/);
});

test("first seen: what came last stands first; what was there before the days is the lightest", () => {
	const item = (key: string, first_day: string | null, m = 1) => ({ key, first_day, counts: { m } }) as never;
	assert.deepEqual(firsts([item("DE", "2026-05-10"), item("FR", "2026-05-12"), item("XX", null), item("US", "2026-05-12", 5), item("IT", "2026-05-01", 0)],
		[item("DE", "2026-01-02"), item("FR", "2026-05-12"), item("US", "2026-05-12")]).map((r) => `${r.key} ${r.first}`), ["US 2026-05-12", "FR 2026-05-12", "DE 2026-01-02"]);
	assert.equal(dayStep("2026-01-02", "2026-05-01", "2026-05-30", 7), 1);
	assert.equal(dayStep("2026-05-01", "2026-05-01", "2026-05-30", 7), 2);
	assert.equal(dayStep("2026-05-30", "2026-05-01", "2026-05-30", 7), 7);
	assert.equal(dayStep("2026-05-01", "2026-05-01", "2026-05-01", 7), 2);
});
