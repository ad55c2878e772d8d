/* Explore's flow and heat map: figures, ways with the keyboard, and what a click keeps. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { Flow, Heatmap } from "../src/lib/types-flow";
import { launch, open, settle, site, until, visit, type Site } from "./browser";

let s: Site, b: Browser;
before(async () => {
	s = await site();
	b = await launch();
});
after(async () => {
	await b?.close();
	await s?.close();
});

const api = async <T>(path: string): Promise<T> => await (await fetch(`${s.url}/api/v1/${path}`)).json() as T;
const asked = (page: Page): URLSearchParams => new URL(page.url()).searchParams;
/* "3,936 rows, 28,459 messages" */
const messages = async (page: Page): Promise<number> =>
	Number(/([\d,]+) messages?/.exec(await page.locator(".explore-main .cardhead .lede").innerText())?.[1]?.replace(/,/g, "") ?? -1);
const comes = async (page: Page, m: number, what: string): Promise<void> => {
	await settle(page);
	await until(async () => await messages(page) === m, `${what}: ${m} messages`);
};

test("flow: every mark says what it stands for, and a click keeps exactly that", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const d = await api<Flow>("flow?t=all");
	await visit(page, `${s.url}/explore?view=flow&t=all`);
	assert.equal(await page.locator(".flow .node").count(), d.nodes.length);
	/* a node of each stage, and the largest ways between them */
	for (const stage of ["group", "auth", "align", "disp"]) {
		const n = d.nodes.filter((x) => x.stage === stage && x.key !== null).sort((x, y) => y.m - x.m)[0];
		if (n === undefined)
			continue;
		const at = d.nodes.filter((x) => x.stage === stage).indexOf(n);
		await page.locator(`.flow .node.s-${stage}`).nth(at).click();
		await comes(page, n.m, n.id);
		await page.goBack();
		await comes(page, d.m, "back");
	}
	const labels = await page.locator(".flow .ribbon").evaluateAll((list) => list.map((x) => x.getAttribute("aria-label") ?? ""));
	for (const i of [0, Math.floor(labels.length / 2), labels.length - 1]) {
		const m = Number(/: ([\d,]+) message/.exec(labels[i] ?? "")?.[1]?.replace(/,/g, ""));
		assert.ok(m > 0, labels[i]);
		const r = page.locator(".flow .ribbon").nth(i);
		if (await r.getAttribute("aria-disabled") !== null)
			continue;
		await r.focus();
		await page.keyboard.press("Enter");
		await comes(page, m, labels[i] ?? "");
		await page.goBack();
		await comes(page, d.m, "back");
	}
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("flow: one stop of the Tab key, arrows along and between the ways, a box of words", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, `${s.url}/explore?view=flow&t=all`);
	assert.equal(await page.locator(".flow svg [tabindex='0']").count(), 1);
	await page.locator(".flow svg [tabindex='0']").focus();
	const here = async (): Promise<string> => await page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''") as string;
	const first = await here();
	assert.match(first, /message/);
	assert.equal(await page.locator(".flow .bubble").count(), 1);
	await page.keyboard.press("ArrowRight");
	const way = await here();
	assert.match(way, /→/);
	await page.keyboard.press("ArrowRight");
	assert.doesNotMatch(await here(), /→/);
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Home");
	assert.equal(await here(), first);
	await page.keyboard.press("End");
	assert.notEqual(await here(), first);
	assert.equal(await page.locator(".flow svg [tabindex='0']").count(), 1);
	await page.keyboard.press("Tab");
	assert.equal(await page.locator(".flow .bubble").count(), 0);
	await ctx.close();
});

test("flow: as a table, as a file, split and measured otherwise; the address says so", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, `${s.url}/explore?view=flow&t=all`);
	const [split, measure] = [page.locator(".pick select").nth(0), page.locator(".pick select").nth(1)];
	await split.selectOption("reporter");
	await measure.selectOption("fail");
	await settle(page);
	assert.deepEqual([asked(page).get("by"), asked(page).get("measure")], ["reporter", "fail"]);
	const d = await api<Flow>("flow?t=all&by=reporter&measure=fail");
	await until(async () => await page.locator(".flow .node").count() === d.nodes.length, "other nodes");
	await page.locator(".flow .tools button").first().click();
	assert.equal(await page.locator(".flow tbody tr").count(), d.links.length);
	const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".flow .tools button").nth(1).click()]);
	const text = readFileSync(await file.path(), "utf8").split("\r\n");
	assert.equal(text.length, d.links.length + 2);
	await ctx.close();
});

test("flow: in little room the four stages are lists", async () => {
	const { ctx, page } = await open(b, s.url, { viewport: { width: 375, height: 812 } });
	const d = await api<Flow>("flow?t=all");
	await visit(page, `${s.url}/explore?view=flow&t=all`);
	assert.equal(await page.locator(".flow svg").count(), 0);
	assert.equal(await page.locator(".flowlists > li").count(), 4);
	assert.equal(await page.locator(".flowlists ul li").count(), d.nodes.length);
	const n = d.nodes.filter((x) => x.stage === "disp").sort((x, y) => y.m - x.m)[0];
	await page.locator(".flowlists > li").nth(3).locator("button").first().click();
	await comes(page, d.nodes.filter((x) => x.stage === "disp")[0]?.m ?? n?.m ?? 0, "what became of it");
	await ctx.close();
});

test("heat map: cells say what they hold; Enter keeps line and day, a line keeps itself", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const h = await api<Heatmap>("heatmap?by=domain&step=day");
	await visit(page, `${s.url}/explore?view=heat&by=domain`);
	assert.equal(await page.locator(".heattable tbody tr").count(), h.rows.length);
	assert.equal(await page.locator(".heattable td.h").count(), h.rows.length * h.days.length);
	assert.equal(await page.locator(".heattable [tabindex='0']").count(), 1);
	/* the last day of the first line that has any */
	const i = h.values.findIndex((r) => (r.at(-1) ?? 0) > 0), k = h.days.length - 1, v = h.values[i]?.[k] ?? 0;
	const cell = page.locator(`.heattable td[data-mark="${i * h.days.length + k}"]`);
	assert.ok((await cell.getAttribute("aria-label"))?.endsWith(`: ${v.toLocaleString("en")}`));
	await page.locator(".heattable [tabindex='0']").focus();
	for (let n = 0; n < i; n++)
		await page.keyboard.press("ArrowDown");
	for (let n = 0; n < k; n++)
		await page.keyboard.press("ArrowRight");
	assert.equal(await page.evaluate("document.activeElement.dataset.mark"), String(i * h.days.length + k));
	assert.equal(await page.locator(".heat .bubble").count(), 1);
	await page.keyboard.press("Enter");
	await comes(page, v, "line and day");
	assert.deepEqual([asked(page).get("domain"), asked(page).get("from"), asked(page).get("to")], [h.rows[i]?.key, h.days[k], h.days[k]]);
	await page.goBack();
	await settle(page);
	await page.locator(".heattable tbody th .val").first().click();
	await comes(page, h.rows[0]?.value ?? 0, "a line");
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("heat map: as a table with all figures; unknown is blank there and hatched here", async () => {
	const { ctx, page } = await open(b, s.url);
	const h = await api<Heatmap>("heatmap?by=reporter&step=day");
	await visit(page, `${s.url}/explore?view=heat&by=reporter`);
	assert.equal(await page.locator(".heattable td.h-1").count(), h.values.flat().filter((v) => v === null).length);
	assert.equal(await page.locator(".heattable td.h0").count(), h.values.flat().filter((v) => v === 0).length);
	await page.locator(".heat .tools button").first().click();
	const sum = h.values.flat().reduce<number>((n, v) => n + (v ?? 0), 0);
	const cells = await page.locator(".heat tbody tr td:not(.sum)").allInnerTexts();
	assert.equal(cells.reduce((n, x) => n + Number(x.replace(/,/g, "") || 0), 0), sum);
	await ctx.close();
});

test("names of reports are text in flow and heat map", async (t) => {
	if (process.env.DMARCD_URL !== undefined) {
		t.skip("made-up data only");
		return;
	}
	const { ctx, page, seen } = await open(b, s.url);
	for (const view of ["flow", "heat"]) {
		await visit(page, `${s.url}/explore?view=${view}&by=sender&t=all&sender=12`);
		const words = await page.locator(`figure.${view}`).innerHTML();
		assert.doesNotMatch(words, /<img|\u202e/);
		assert.match(words, /\\u\{202E\}|&lt;img/);
	}
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});
