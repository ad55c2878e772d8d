/* Explore: the map, charts as files, comparing with a year before, the brush. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, open, settle, site, until, visit, type Site } from "./browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let s: Site, b: Browser, geo = false;

before(async () => {
	s = await site();
	b = await launch();
	geo = ((await (await fetch(`${s.url}/api/v1/meta`)).json()) as { features: Record<string, boolean> }).features.geo === true;
});
after(async () => {
	await b?.close();
	await s?.close();
});

for (const theme of ["light", "dark"] as const)
	test(`explore map: a list first, then the map; by key and by click, ${theme}`, async (ctx) => {
		if (!geo)
			return ctx.skip("this daemon has no data of countries");
		const { page, seen } = await open(b, s.url, { colorScheme: theme });
		const asked: string[] = [];
		page.on("request", (r) => asked.push(new URL(r.url()).pathname));
		await visit(page, s.url + "/explore?t=all&view=map");
		assert.ok(await page.locator("table.countries tbody tr").count() > 0);
		assert.match(await page.locator(".worldmap .summary").innerText(), /estimate/);
		assert.ok(!asked.some((p) => /\/world-/.test(p)), "outlines are not loaded for the list");
		await page.locator(".worldmap .seg button").nth(1).click();
		await until(async () => await page.locator(".worldmap path.country").count() > 0 || await page.locator(".worldmap .notice").count() > 0, "the map");
		if (await page.locator(".worldmap path.country").count() === 0)
			return ctx.skip("built without outlines");
		assert.match(page.url(), /tab=map/);
		const first = page.locator(".worldmap [data-mark='0']");
		const most = (await page.locator("table.countries tbody tr").first().innerText()).split("\t")[0]?.trim() ?? "?";
		assert.ok((await first.getAttribute("aria-label"))?.startsWith(most) || most === "Not known", most);
		await page.evaluate(axe);
		const r = await page.evaluate("axe.run(document.querySelector('main'), { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })") as { violations: { id: string; nodes: { html: string }[] }[] };
		assert.deepEqual(r.violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`), []);
		const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".worldmap .tools button", { hasText: "SVG" }).click()]);
		const svg = readFileSync(await file.path() as string, "utf8");
		assert.match(svg, /^<\?xml[\s\S]*<svg[\s\S]*<title>/);
		assert.doesNotMatch(svg, /class=|var\(--/);
		await first.focus();
		await page.keyboard.press("ArrowRight");
		await until(async () => await page.evaluate("document.activeElement.getAttribute('data-mark')") === "1", "the next country");
		await page.keyboard.press("Enter");
		await until(async () => /country=[A-Z]{2}/.test(page.url()), "the filter");
		await settle(page);
		assert.deepEqual(seen.errors, []);
		assert.deepEqual(seen.external, []);
		await page.context().close();
	});

test("explore: every chart gives its figures and its picture", async () => {
	const { page, seen } = await open(b, s.url);
	for (const view of ["time", "heat", "flow"]) {
		await visit(page, `${s.url}/explore?t=all&view=${view}`);
		await until(async () => await page.locator("figure.chart .tools button", { hasText: "SVG" }).count() > 0, `${view}`);
		for (const what of ["CSV", "SVG"] as const) {
			const [file] = await Promise.all([page.waitForEvent("download"), page.locator("figure.chart .tools button", { hasText: what }).click()]);
			const text = readFileSync(await file.path() as string, "utf8");
			assert.match(text, what === "SVG" ? /^<\?xml[\s\S]*<svg [\s\S]*<\/svg>\n$/ : /^\ufeff[^\r\n]+,[^\r\n]+\r\n[\s\S]*\d/, `${view} ${what}`);
			assert.doesNotMatch(text, /undefined|NaN|var\(--/, `${view} ${what}`);
		}
	}
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});

test("explore: compared with before, with a year before, with nothing; Back undoes it", async () => {
	const { page, seen } = await open(b, s.url);
	const calls: string[] = [];
	page.on("request", (r) => {
		if (r.url().includes("/overview?"))
			calls.push(r.url());
	});
	await visit(page, s.url + "/?t=7d");
	await page.locator(".cmp").click();
	await page.locator(".menu button", { hasText: "vs year before" }).click();
	await until(async () => /cmp=year/.test(page.url()) && calls.some((c) => /cmp=year/.test(c)), "the year before");
	await settle(page);
	await page.locator(".cmp").click();
	await page.locator(".menu button", { hasText: "no comparison" }).click();
	await until(async () => /cmp=none/.test(page.url()), "no comparison");
	await settle(page);
	assert.equal(await page.locator(".delta").count(), 0);
	await page.goBack();
	await until(async () => /cmp=year/.test(page.url()), "Back");
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});

test("explore: dragging over days keeps them, double click gives all back", async () => {
	const { page, seen } = await open(b, s.url);
	await visit(page, s.url + "/explore");
	const box = await page.locator(".u-over").boundingBox();
	assert.ok(box !== null);
	await page.mouse.move(box.x + box.width * 0.3, box.y + 50);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 8 });
	await page.mouse.up();
	await until(async () => /from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d/.test(page.url()), "the days in the address");
	await settle(page);
	await page.locator(".u-over").dblclick({ position: { x: 60, y: 60 } });
	await until(async () => !/from=/.test(page.url()), "all days");
	await settle(page);
	await page.locator(".plotbox").focus();
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("Enter");
	await until(async () => /from=/.test(page.url()), "one day by key");
	await settle(page);
	await page.locator(".plotbox").focus();
	await page.keyboard.press("Escape");
	await until(async () => !/from=/.test(page.url()), "all days by Escape");
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});

test("explore: dragging with Shift moves the days; keys mark several days, and move the period", async () => {
	const { page, seen } = await open(b, s.url);
	const days = (): [string, string] => {
		const q = new URL(page.url()).searchParams;
		return [q.get("from") ?? "", q.get("to") ?? ""];
	};
	const apart = (x: string, y: string): number => Math.round((Date.parse(y) - Date.parse(x)) / 86400000);
	const meta = await (await fetch(`${s.url}/api/v1/meta`)).json() as { complete_through: string };
	const to = meta.complete_through, before = (n: number): string => new Date(Date.parse(to) - n * 86400000).toISOString().slice(0, 10);
	await visit(page, `${s.url}/explore?from=${before(9)}&to=${to}`);
	const box = await page.locator(".u-over").boundingBox();
	assert.ok(box !== null);
	const slot = box.width / 10;
	await page.keyboard.down("Shift");
	await page.mouse.move(box.x + slot * 3, box.y + 50);
	await page.mouse.down();
	await page.mouse.move(box.x + slot * 5.1, box.y + 60, { steps: 6 });
	await until(async () => await page.locator(".plot .panning").count() === 1, "days that move along");
	await page.mouse.up();
	await page.keyboard.up("Shift");
	await until(async () => days()[1] === before(2), "two days earlier");
	assert.equal(days()[0], before(11));
	await settle(page);
	/* Escape leaves them */
	await page.keyboard.down("Shift");
	await page.mouse.move(box.x + slot * 3, box.y + 50);
	await page.mouse.down();
	await page.mouse.move(box.x + slot * 5, box.y + 60, { steps: 6 });
	await page.keyboard.press("Escape");
	await page.mouse.up();
	await page.keyboard.up("Shift");
	assert.equal(days()[1], before(2));
	/* no further than there are days */
	const plot = page.locator(".plotbox");
	await plot.focus();
	await page.keyboard.press("PageUp");
	await until(async () => days()[1] === before(9), "a week earlier");
	await settle(page);
	await plot.focus();
	await page.keyboard.press("Shift+PageDown");
	await until(async () => days()[1] === before(8), "a day later");
	await settle(page);
	await plot.focus();
	await page.keyboard.press("Home");
	for (let i = 0; i < 3; i++)
		await page.keyboard.press("Shift+ArrowRight");
	await until(async () => ((await page.locator(".u-select").first().boundingBox())?.width ?? 0) > slot * 3, "marked days");	/* drawn with the next frame */
	await page.keyboard.press("Enter");
	await until(async () => days()[0] === before(17) && days()[1] === before(14), "four days");
	assert.equal(apart(...days()), 3);
	await page.goBack();
	await until(async () => days()[1] === before(8), "Back");
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});

test("explore map: since when each country is known", async (ctx) => {
	if (!geo)
		return ctx.skip("this daemon has no data of countries");
	const { page, seen } = await open(b, s.url);
	await visit(page, `${s.url}/explore?t=7d&view=map&measure=first&tab=map`);
	const rows = page.locator("table.countries tbody tr");
	await until(async () => await rows.count() > 0, "countries");
	assert.match(await page.locator(".worldmap .summary").innerText(), /new in these days/);
	const items = (await (await fetch(`${s.url}/api/v1/breakdown?by=country&t=all&limit=500`)).json() as { items: { key: string; first_day: string }[] }).items;
	const now = (await (await fetch(`${s.url}/api/v1/breakdown?by=country&t=7d&limit=500`)).json() as { items: { key: string }[] }).items.map((i) => i.key);
	assert.equal(await rows.count(), now.length);
	const latest = items.filter((i) => now.includes(i.key)).map((i) => i.first_day).sort().pop() ?? "";
	assert.match((await rows.first().innerText()), new RegExp(`\\b${Number(latest.slice(8))}\\b`));
	const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".worldmap .tools button", { hasText: "CSV" }).click()]);
	assert.match(readFileSync(await file.path() as string, "utf8"), /^\ufeffcountry,name,first_day,messages\r\n/);
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});
