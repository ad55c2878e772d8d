import assert from "node:assert/strict";
import { test } from "node:test";
import { band, csv, groupFilters, heatLimits, heatStep, layout, linkFilters, narrow, nodeFilters, STEPS, labelYs } from "../src/lib/flow";
import { STAGES, type Flow, type FlowLink, type FlowNode, type Stage } from "../src/lib/types-flow";
import { format, parse } from "../src/lib/url";

const node = (stage: Stage, key: string | null, m: number): FlowNode => ({ id: `${stage}:${key ?? ""}`, stage, key, label: key ?? "Others", m, n: key === null ? 3 : 1 });
const link = (from: string, to: string, outcome: string, m: number, overruled = 0): FlowLink => ({ from, to, outcome, m, overruled });
const flow: Flow = {
	from: "2026-05-01", to: "2026-05-30", by: "sender", measure: "m", m: 1000,
	nodes: [node("group", "7", 600), node("group", null, 400), node("auth", "pass_pass", 700), node("auth", "fail_none", 300), node("align", "both", 700), node("align", "none", 300), node("disp", "delivered", 800), node("disp", "reject", 200)],
	links: [
		link("group:7", "auth:pass_pass", "both", 595), link("group:7", "auth:fail_none", "fail_fix", 5), link("group:", "auth:pass_pass", "both", 105), link("group:", "auth:fail_none", "fail_unk", 295),
		link("auth:pass_pass", "align:both", "both", 700), link("auth:fail_none", "align:none", "fail_unk", 295), link("auth:fail_none", "align:none", "fail_fix", 5),
		link("align:both", "disp:delivered", "both", 700), link("align:none", "disp:delivered", "fail_unk", 100, 40), link("align:none", "disp:reject", "fail_unk", 195), link("align:none", "disp:reject", "fail_fix", 5),
	],
};

test("nodes of a stage stand below each other in one scale; ribbons begin and end within them", () => {
	const d = layout(flow, 800, 400);
	assert.equal(d.boxes.length, flow.nodes.length);
	const scale = (d.boxes[0]?.h ?? 0) / 600;
	for (const s of STAGES) {
		const c = d.boxes.filter((b) => b.node.stage === s);
		c.forEach((b, i) => {
			assert.ok(Math.abs(b.h - b.node.m * scale) < 1e-6);
			assert.ok(b.y >= -1e-9 && b.y + b.h <= d.height + 1e-9);
			const above = c[i - 1];
			assert.ok(above === undefined || b.y >= above.y + above.h + 20);
		});
	}
	for (const r of d.ribbons) {
		assert.ok(r.y0 >= r.from.y - 1e-6 && r.y0 + r.h <= r.from.y + r.from.h + 1e-6);
		assert.ok(r.y1 >= r.to.y - 1e-6 && r.y1 + r.h <= r.to.y + r.to.h + 1e-6);
		assert.match(band(r), /^M[\d. ]+C[\d. ]+V[\d.]+C[\d. ]+Z$/);
	}
	/* three ways of 5 in 1000 are told, not drawn */
	assert.deepEqual([d.thin, d.thinM, d.ribbons.length], [3, 15, flow.links.length - 3]);
});
test("nothing at all is no fault", () => {
	const d = layout({ ...flow, m: 0, nodes: [], links: [] }, 800, 400);
	assert.deepEqual([d.boxes, d.ribbons, d.thin], [[], [], 0]);
});
test("what a mark stands for", () => {
	const said = (list: ReturnType<typeof linkFilters>): string => list === null ? "-" : format(narrow(parse(""), list));
	assert.equal(said(nodeFilters(flow, flow.nodes[0] as FlowNode)), "sender=7");
	assert.equal(said(nodeFilters(flow, flow.nodes[1] as FlowNode)), "sender=!7");
	assert.equal(said(nodeFilters(flow, flow.nodes[3] as FlowNode)), "spf=!pass&dkim=none,absent");
	assert.equal(said(nodeFilters(flow, flow.nodes[6] as FlowNode)), "disp=none,pass");
	assert.equal(said(linkFilters(flow, flow.links[3] as FlowLink)), "sender=!7&spf=!pass&dkim=none,absent&align=none&fwd=no&class=!own,service,candidate");
	assert.equal(said(linkFilters(flow, flow.links[7] as FlowLink)), "align=both&disp=none,pass");
	assert.equal(groupFilters("prefix", "192.0.2.0/24", [])?.[0]?.key, "ip");
	assert.equal(groupFilters("disposition", "reject", [])?.[0]?.key, "disp");
	/* a comma cannot be said */
	assert.equal(groupFilters("reporter", "a,b", []), null);
	assert.equal(groupFilters("reporter", null, ["a,b", "c"]), null);
	/* no others are known: everything */
	assert.deepEqual(groupFilters("reporter", null, []), []);
});
test("filters in force stay in force", () => {
	const go = (have: string, add: Parameters<typeof narrow>[1]): string => format(narrow(parse(have), add));
	const f = (key: "spf" | "disp", values: string[], not = false) => ({ key, values, not, contains: false });
	assert.equal(go("spf=fail,none", [f("spf", ["pass"], true)]), "spf=fail,none");
	assert.equal(go("spf=!none", [f("spf", ["pass"], true)]), "spf=!none,pass");
	assert.equal(go("spf=!none", [f("spf", ["none", "fail"])]), "spf=fail");
	assert.equal(go("disp=none", [f("disp", ["none", "pass"])]), "disp=none");
	assert.equal(go("ip=192.0.2.0/24", [{ key: "ip", values: ["192.0.2.7"], not: false, contains: false }]), "ip=192.0.2.7");
	assert.equal(go("hfrom=~shop", [{ key: "hfrom", values: ["shop.example"], not: false, contains: false }]), "hfrom=shop.example");
	/* what cannot be both is what was clicked */
	assert.equal(go("disp=none", [f("disp", ["reject"])]), "disp=reject");
});
test("steps of colour", () => {
	const limits = heatLimits([[0, 1, 490], [null, 40, 3]], false);
	assert.equal(limits.length, STEPS - 1);
	assert.ok(limits.every((v, i) => i === 0 || v > (limits[i - 1] ?? 0)));
	assert.equal(heatStep(null, limits, false), -1);
	assert.equal(heatStep(0, limits, false), 0);
	assert.equal(heatStep(1, limits, false), 1);
	assert.equal(heatStep(490, limits, false), STEPS);
	const small = heatLimits([[1, 2]], false);
	assert.deepEqual([heatStep(1, small, false), heatStep(2, small, false)], [1, 2]);
	const rates = heatLimits([], true);
	assert.deepEqual([0, 0.5, 0.97, 0.99, 1].map((v) => heatStep(v, rates, true)), [1, 2, 5, 6, 7]);
});
test("a file that no spreadsheet takes for formulas", () => {
	assert.equal(csv([["=1+1", "a,b", 'say "x"', -3, null]]), `'=1+1,"a,b","say ""x""",-3,\r\n`);
	assert.equal(csv([["@x\n=y"]]), `"'@x\n=y"\r\n`);
});

test("labels keep off thin ribbons and off each other", () => {
	const box = (id: string, x: number, y: number, h: number) => ({ node: { id }, x, y, h }) as never;
	const boxes = [box("a", 0, 0, 100), box("b", 0, 124, 4), box("c", 0, 152, 4), box("d", 300, 40, 3)] as { node: { id: string } }[];
	const ribbon = (from: number, y0: number, y1: number) => ({ from: boxes[from], h: 4, y0, y1 }) as never;
	const y = labelYs({ boxes: boxes as never, ribbons: [ribbon(0, 0, 0), ribbon(1, 124, 20), ribbon(2, 152, 200)] });
	assert.equal(y.get("a"), 50, "a high one has it beside");
	assert.ok((y.get("b") ?? 0) > 128, "beneath what rises");
	assert.ok((y.get("c") ?? 0) - (y.get("b") ?? 0) >= 14, "not on the one above");
	assert.equal(y.get("d"), 41.5, "nothing leaves it");
});
