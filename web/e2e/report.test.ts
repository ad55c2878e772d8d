/* A report in a browser: rows beside the XML as received, its policy beside the record in the DNS. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, open, site, until, visit, type Site } from "./browser";

let s: Site, b: Browser;
before(async () => {
	s = await site();
	b = await launch();
});
after(async () => {
	await b?.close();
	await s?.close();
});
interface Item { id: string; domain: string; day: string; state: string; records: number }
const reports = async (q: string): Promise<Item[]> => (await (await fetch(`${s.url}/api/v1/reports?t=all&limit=500&${q}`)).json() as { items: Item[] }).items;

test("the rows of the XML fold, the one that is looked at stays open; a click on a line leads to its row", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const r = (await reports("sort=-m"))[0];
	await visit(page, `${s.url}/reports/${r?.id ?? ""}#r1`);
	await page.locator(".xl.hit").first().waitFor();
	const lines = async (): Promise<number> => Number((await page.locator(".xmllines").evaluate((e) => (e as HTMLElement).style.height)).replace("px", "")) / 20;
	const all = await lines(), hit = await page.locator(".xl.hit").count();
	await page.getByRole("button", { name: "Fold all rows" }).click();
	await until(async () => await lines() < all, "fewer lines");
	assert.equal(await page.locator(".xl.hit").count(), hit, "row 1 stays open");
	assert.match(await page.locator(".xl", { has: page.locator("[aria-expanded=false]") }).first().innerText(), /lines/);
	const few = await lines();
	await page.locator(".xf [aria-expanded=false]").first().click();
	await until(async () => await lines() > few, "one is open again");
	await page.getByRole("button", { name: "Unfold all rows" }).click();
	await until(async () => await lines() === all, "all lines");
	const second = page.locator(".xn button").nth(1);
	const n = /\d+/.exec(await second.getAttribute("title") ?? "")?.[0] ?? "?";
	await second.click();
	assert.equal(new URL(page.url()).hash, `#r${n}`);
	await until(async () => await page.locator("tr.current").getAttribute("id") === `r${n}`, "its row");
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("why a receiver overruled the policy stands in the row", async () => {
	const { ctx, page } = await open(b, s.url);
	const row = (await (await fetch(`${s.url}/api/v1/rows?t=all&limit=1&reason=!none`)).json() as { items: { report_id: string; seq: number; policy_eval: { reasons: { type: string }[] } }[] }).items[0];
	if (row !== undefined) {
		await visit(page, `${s.url}/reports/${row.report_id}#r${row.seq}`);
		assert.ok((await page.locator(`#r${row.seq} .reason`).count()) >= row.policy_eval.reasons.length);
	}
	await ctx.close();
});

test("what was not counted stands at its line; the policy stands beside the record", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs made-up reports");
	const { ctx, page, seen } = await open(b, s.url);
	const all = await reports("sort=-day");
	const partial = all.find((r) => r.state === "partial");
	await visit(page, `${s.url}/reports/${partial?.id ?? ""}`);
	assert.match(await page.locator(".xnote").first().innerText(), /was not counted: count "-3" is not a number/);
	const before = await page.locator(".xl").evaluateAll((list) => list.map((l) => l.className.includes("xnote") ? "note" : l.querySelector(".xn")?.textContent?.trim() ?? ""));
	assert.equal(before[before.indexOf("note") - 1], "20");
	const net = all.find((r) => r.domain === "example.net");
	await visit(page, `${s.url}/reports/${net?.id ?? ""}`);
	assert.match(await page.locator(".pagehead").innerText(), /policy then p=reject.*DNS then: other \(/);
	for (const w of [1440, 375]) {
		await page.setViewportSize({ width: w, height: 900 });
		assert.equal(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0, `no page is wider than ${w}`);
	}
	assert.match(await page.locator(".policytable tr.differs").first().innerText(), /p\s+reject\s+none/);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});
