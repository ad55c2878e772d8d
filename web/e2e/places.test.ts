/* Countries and networks of addresses, in the browser, against the mock or the daemon at DMARCD_URL. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, open, site, until, visit, type Site } from "./browser";

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

test("sources name country and network, and whose data it is", async (ctx) => {
	if (!geo)
		return ctx.skip("this daemon has no data of countries and networks");
	const { page, seen } = await open(b, s.url);
	await visit(page, s.url + "/sources?t=all");
	assert.ok(await page.locator("table.sources .place-country").count() > 0, "countries");
	await page.locator("table.sources tbody tr button[aria-expanded]").first().click();
	await until(async () => /AS\d+/.test(await page.locator(".sd-place").first().innerText()), "the network of a source");
	assert.match(await page.locator(".placenote").innerText(), /estimates/);
	assert.equal(await page.locator("table.sources img").count(), 0, "a network's name is text");
	assert.deepEqual(seen.errors, []);
	assert.deepEqual(seen.external, []);
	await page.context().close();
});

test("a country that is clicked becomes a filter, and groups can be countries", async (ctx) => {
	if (!geo)
		return ctx.skip("this daemon has no data of countries and networks");
	const { page, seen } = await open(b, s.url);
	await visit(page, s.url + "/sources?t=all");
	await page.locator("table.sources .place-country").first().click();
	await until(async () => /country=[A-Z]{2}/.test(page.url()), "the filter in the address");
	await visit(page, s.url + "/sources?t=all&by=country");
	await until(async () => await page.locator("table.by-country tbody tr").count() > 0, "countries as groups");
	assert.match(await page.locator("table.by-country").innerText(), /Germany/);
	await visit(page, s.url + "/sources?t=all&by=asn&asn=~e");
	await until(async () => await page.locator("table.by-asn tbody tr").count() > 0, "networks as groups");
	assert.match(await page.locator("table.by-asn").innerText(), /AS\d+/);
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});

test("a row tells where it came from", async (ctx) => {
	if (!geo)
		return ctx.skip("this daemon has no data of countries and networks");
	const { page, seen } = await open(b, s.url);
	await visit(page, s.url + "/explore?t=all&view=rows&country=DE");
	assert.ok(await page.locator("table.rows .place-country").count() > 0);
	await page.locator("table.rows tbody tr button[aria-expanded]").first().click();
	await until(async () => /Germany · AS\d+/.test(await page.locator(".facts").first().innerText()), "country and network of the row");
	assert.deepEqual(seen.errors, []);
	await page.context().close();
});
