/* Files dropped or chosen on Intake, against the mock: what became of each stands beside it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { start } from "../mock/server";
import { Access, PASSWORD } from "../mock/access";
import { launch, open, site, until, visit, type Site } from "./browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const file = (name: string, text = "x") => ({ name, mimeType: "text/xml", buffer: Buffer.from(text) });
let s: Site, b: Browser;

before(async () => {
	s = await site();
	b = await launch();
});
after(async () => {
	await b?.close();
	await s?.close();
});

test("upload: chosen and dropped files, each with its result in words", async (ctx) => {
	if (!s.mock)
		return ctx.skip("what becomes of these files is the mock's");
	const { page, seen } = await open(b, s.url);
	await visit(page, s.url + "/health");
	await page.setInputFiles(".dropzone input", [file("good.xml"), file("bad<b>\u202e.xml"), file("note.txt"), file("empty.xml", "")]);
	const said = async (i: number): Promise<string> => await page.locator(".uploads li").nth(i).innerText();
	await until(async () => /is empty/.test(await said(3)), "the last of them");
	assert.match(await said(0), /good\.xml[\s\S]*read, one report in it[\s\S]*Show the report/);
	assert.match(await said(1), /bad<b>\\u\{202E\}\.xml[\s\S]*could not be read: line 3: <count> is \\u\{202E\}"-3"/);
	assert.match(await said(2), /no report in it/);
	assert.equal(await page.locator(".uploads b").count(), 0, "a file's name is text");
	await until(async () => /4 of 4 files done/.test(await page.locator("main [role=status]").allInnerTexts().then((x) => x.join())), "a screen reader to be told");
	await page.evaluate(`(() => {
		const d = new DataTransfer();
		d.items.add(new File(["x"], "dropped.xml"));
		document.querySelector(".dropzone").dispatchEvent(new DragEvent("drop", { dataTransfer: d, bubbles: true, cancelable: true }));
	})()`);
	await until(async () => /dropped\.xml[\s\S]*one report/.test(await said(0)), "what was dropped");
	await page.evaluate(axe);
	const r = await page.evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })") as { violations: { id: string; nodes: { html: string }[] }[] };
	assert.deepEqual(r.violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`), []);
	await page.locator(".uploads a").first().click();
	await until(async () => /\/reports\/1$/.test(page.url()), "the report");
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});

test("upload: who only looks has no place to drop files", async (ctx) => {
	if (!s.mock)
		return ctx.skip("users of the mock");
	const own = await start(0, false, new Access(false));
	try {
		const { page } = await open(b, own.url);
		await page.goto(own.url + "/signin");
		await page.fill("#si-user", "bob");
		await page.fill("#si-password", PASSWORD);
		await page.keyboard.press("Enter");
		await until(async () => new URL(page.url()).pathname === "/", "the sign-in");
		await visit(page, own.url + "/health");
		assert.equal(await page.locator(".dropzone").count(), 0);
		await page.context().close();
	} finally {
		own.server.close();
		own.server.closeAllConnections();
	}
});
