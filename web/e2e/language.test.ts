/* The app in each of its languages, against the mock or the daemon at DMARCD_URL. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, open, site, until, visit, type Site } from "./browser";
import { idsOf, pagesOf, type Where } from "./everywhere";

let s: Site, b: Browser, pages: Where[];

before(async () => {
	s = await site();
	b = await launch();
	pages = pagesOf(await idsOf(s.url));
});
after(async () => {
	await b?.close();
	await s?.close();
});

test("in other languages: what the browser asks for, what is chosen, no text left over, no page too wide", async () => {
	const wide: string[] = [];
	for (const [locale, heading, messages] of [["de-AT", "Übersicht", /Nachrichten/], ["ru", "Обзор", /./], ["cs-CZ", "Přehled", /./], ["pt-BR", "Visão geral", /./]] as const) {
		const { ctx, page, seen } = await open(b, s.url, { locale, viewport: { width: 375, height: 900 } });
		for (const [name, path] of pages) {
			await visit(page, s.url + path);
			assert.equal(await page.evaluate("document.documentElement.lang"), locale.slice(0, 2), name);
			const over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
			if (over !== 0)
				wide.push(`${name} in ${locale}: ${over}`);
			assert.doesNotMatch(await page.locator("main").innerText(), /\{(n|m|r|name|domain|who|rate|day|from|to)[,}]/, `${name} in ${locale}`);
		}
		await visit(page, `${s.url}/`);
		assert.equal(await page.locator("h1").innerText(), heading);
		assert.match(await page.locator("main").innerText(), messages);
		await page.locator(".language select").selectOption("en");
		await until(async () => (await page.locator("h1").innerText()) === "Overview", "English");
		assert.deepEqual(seen.errors, [], locale);
		await ctx.close();
	}
	assert.deepEqual(wide, []);
});
