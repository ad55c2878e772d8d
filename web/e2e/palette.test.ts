/* The command palette by keyboard and to a screen reader, against the mock or the daemon at DMARCD_URL. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, open, settle, site, until, visit, type Site } from "./browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let s: Site, b: Browser, domain = "", report = { id: "", report_id: "" };

before(async () => {
	s = await site();
	b = await launch();
	const get = async (p: string) => await (await fetch(`${s.url}/api/v1/${p}`)).json() as { items: Record<string, string>[] };
	domain = (await get("domains?t=all")).items[0]?.domain as string;
	report = (await get("reports?t=all")).items[0] as typeof report;
});
after(async () => {
	await b?.close();
	await s?.close();
});

test("palette: by keyboard to a page, a domain, a report, a word", async () => {
	const { page, seen } = await open(b, s.url);
	const field = page.locator(".palette input");
	await visit(page, s.url + "/?t=7d");
	const to = async (text: string, want: RegExp): Promise<void> => {
		await page.keyboard.press("Control+k");
		await field.waitFor();
		assert.equal(await page.evaluate("document.activeElement.getAttribute('role')"), "combobox");
		await field.fill(text);
		await until(async () => await page.locator(".plist").getAttribute("aria-busy") === "false" && await page.locator(".pchoice").count() > 0, `something called ${text}`);
		const chosen = await page.locator(".pchoice[aria-selected=true]").getAttribute("id");
		assert.equal(await field.getAttribute("aria-activedescendant"), chosen);
		await page.keyboard.press("Enter");
		await until(async () => want.test(page.url()), `${text} to lead to ${String(want)}, not ${page.url()}`);
		await settle(page);
		assert.equal(await page.locator("dialog").count(), 0, "it is closed");
		assert.equal(await page.evaluate("document.activeElement.tagName"), "H1", "the new page has the focus");
	};
	await to("senders", /\/senders\?t=7d$/);
	await to(domain, new RegExp(`/domains/${domain}\\?t=7d$`));
	await to(report.report_id, new RegExp(`/reports/${report.id}$`));
	await to("alignment", /\/help\/alignment$/);
	await to("F3", /\/help\/F3$/);
	await page.keyboard.press("Control+k");
	await field.waitFor();
	const ids: (string | null)[] = [];
	for (const k of ["ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp"]) {
		await page.keyboard.press(k);
		await until(async () => await field.getAttribute("aria-activedescendant") !== (ids[ids.length - 1] ?? ""), "another one to be chosen");
		ids.push(await field.getAttribute("aria-activedescendant"));
	}
	assert.equal(ids[0], ids[2], "up is the way back");
	assert.equal(ids[4], await page.locator(".pchoice").last().getAttribute("id"), "before the first comes the last");
	await page.keyboard.press("Escape");
	await until(async () => await page.locator("dialog").count() === 0, "Escape to close it");
	assert.deepEqual(seen.errors, []);
	assert.deepEqual(seen.external, []);
	await page.context().close();
});

for (const theme of ["light", "dark"] as const)
	for (const width of [1440, 375])
		test(`palette: axe, ${theme}, ${width}`, async () => {
			const { page, seen } = await open(b, s.url, { colorScheme: theme, viewport: { width, height: 800 } });
			await visit(page, s.url + "/");
			if (width > 900)
				await page.locator(".findbox").click();
			else {
				await page.locator(".more-btn button").click();
				await page.locator(".findmore").click();
			}
			await page.locator(".palette input").fill("e");
			await page.locator(".palette input").fill(domain.slice(0, 4));
			await until(async () => await page.locator(".plist").getAttribute("aria-busy") === "false", "hits");
			await page.evaluate(axe);
			const r = await page.evaluate("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })") as { violations: { id: string; nodes: { html: string }[] }[] };
			assert.deepEqual(r.violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`), []);
			await page.locator(".palette input").fill("nothing is called so");
			await until(async () => /Nothing is called/.test(await page.locator(".palette [role=status]").innerText()), "a screen reader to be told");
			const box = await page.locator(".palette").boundingBox();
			assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width, "it fits");
			assert.deepEqual(seen.errors, []);
			await page.context().close();
		});

test("palette: what reports say is text in it", async () => {
	const { page, seen } = await open(b, s.url);
	await page.route("**/api/v1/search?*", (r) => r.fulfill({ json: { complete: false, items: [
		{ kind: "sender", key: "1", label: "<img src=x onerror=alert(1)>in\u202evoice", reporter: null, domain: null, day: null },
		{ kind: "report", key: "2", label: "<b>id</b>", reporter: "<i>r</i>", domain: "x.example", day: "2026-05-01" }] } }));
	await visit(page, s.url + "/");
	await page.keyboard.press("Control+k");
	await page.locator(".palette input").fill("zz");
	await until(async () => await page.locator(".pchoice").count() === 2, "two hits");
	assert.equal(await page.locator(".plist img, .plist b, .plist i").count(), 0);
	assert.match(await page.locator(".plist").innerText(), /<img src=x onerror=alert\(1\)>in\\u\{202E\}voice[\s\S]*<b>id<\/b>/);
	assert.match(await page.locator(".palette").innerText(), /There is more/);
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});
