/*
 * Host names in a browser: one that does not lead back never looks like one
 * that does, and even a name that the daemon would not let through is text.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type { Breakdown } from "../src/lib/types";
import { launch, open, site, visit, type Site } from "./browser";

let s: Site, b: Browser;

before(async () => {
	s = await site();
	b = await launch();
});
after(async () => {
	await b?.close();
	await s?.close();
});

test("host names: confirmed, unconfirmed, none, a crowd, hostile", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs the made-up reports");
	const list = (await (await fetch(`${s.url}/api/v1/breakdown?by=ip&t=all&limit=500`)).json() as Breakdown).items;
	const one = (state: string) => list.find((x) => x.ptr?.state === state)?.key ?? assert.fail(`the mock has none that is ${state}`);
	const { ctx, page, seen } = await open(b, s.url);
	const evil = "<img src=x onerror=alert(1)>.example\u202e";

	await visit(page, `${s.url}/sources?t=all&ip=${one("confirmed")}`);
	const row = page.locator(".sources .hostline");
	assert.equal(await row.count(), 1);
	assert.match(await row.innerText(), /\.example/);
	assert.equal(await row.locator(".hostmark").count(), 0);
	await page.locator(".sources .expander").first().click();
	assert.match(await page.locator(".legtable.host").innerText(), /Host name[^]*confirmed[^]*Answered/);

	await visit(page, `${s.url}/sources?t=all&ip=${one("unconfirmed")}`);
	assert.match(await row.innerText(), /unconfirmed[^]*www\.bank\.example/);
	assert.match(await row.getAttribute("title") ?? "", /proves nothing/);
	await visit(page, `${s.url}/explore?view=rows&t=all&ip=${one("unconfirmed")}`);
	assert.match(await page.locator(".rows .hostline").first().innerText(), /unconfirmed/);

	await visit(page, `${s.url}/sources?t=all&ip=${one("none")}`);
	assert.equal(await row.count(), 0);

	await page.route("**/api/v1/breakdown?*", async (r) => {
		const a = await r.fetch(), d = await a.json() as Breakdown;
		for (const x of d.items)
			x.ptr = { state: "unconfirmed", confirmed: false, name: evil, names: [evil], more: 65535, refused: 2, answered: null, failure: "timeout" };
		await r.fulfill({ response: a, json: d });
	});
	await visit(page, `${s.url}/sources?t=all&limit=7`);
	assert.ok((await row.first().innerText()).includes("<img src=x onerror=alert(1)>.example\\u{202E}"));
	assert.equal(await page.locator("main img").count(), 0);

	await visit(page, `${s.url}/health`);
	assert.match(await page.locator("main").innerText(), /Host names[^]*Addresses answered[^]*214[^]*Waiting[^]*31/);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});
