/*
 * The app in a browser, against the mock or the daemon at DMARCD_URL. What
 * depends on made-up data runs against the mock only.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launch, open, settle, site, until, visit, type Site } from "./browser";
import { alsoOf, idsOf, pagesOf, type Where } from "./everywhere";

const require_ = createRequire(join(process.env.DMARCD_WEB ?? ".", "package.json"));
const axe = readFileSync(require_.resolve("axe-core/axe.min.js"), "utf8");

let s: Site, b: Browser, pages: Where[];

before(async () => {
	s = await site();
	b = await launch();
	pages = [...pagesOf(await idsOf(s.url)), ...alsoOf];
});
after(async () => {
	await b?.close();
	await s?.close();
});

/* Serious findings as text; "colour": only of what another theme changes. The script comes by the debugger, so the CSP stays as it is. */
async function findings(page: Page, what: "all" | "colour" = "all"): Promise<string[]> {
	if (!await page.evaluate("typeof axe === 'object'"))
		await page.evaluate(axe);
	const only = what === "all" ? "" : ", runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }";
	const r = await page.evaluate(`axe.run(document, { resultTypes: ['violations']${only} })`) as { violations: { id: string; impact: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[] };
	return r.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
		.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(" ")} ${n.failureSummary}`).join(" | ")}`);
}

/* Until what was asked for is drawn. */
async function drawn(page: Page): Promise<void> {
	await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
	await until(() => page.evaluate("document.getAnimations().every((a) => a.playState !== 'running')"), "nothing to move");
}

/* How much wider than the screen the page is. */
async function over(page: Page): Promise<number> {
	await drawn(page);
	return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") as number;
}

/* One visit for all that is looked at, since a visit takes longest: opened in one width, then made narrower. */
for (const [size, width, height, narrow] of [["wide", 1440, 900, 768], ["phone", 375, 812, 320]] as const)
	test(`every page, ${size}: no error, no foreign request, nothing that the CSP forbids; nothing serious for axe in either theme; never wider than the screen`, async () => {
		const { ctx, page, seen } = await open(b, s.url, { colorScheme: "light", viewport: { width, height } });
		const look = async (name: string): Promise<void> => {
			assert.deepEqual(await findings(page), [], name);
			await page.emulateMedia({ colorScheme: "dark" });
			await drawn(page);
			assert.deepEqual(await findings(page, "colour"), [], `${name}, dark`);
			await page.emulateMedia({ colorScheme: "light" });
		};
		for (const [name, path, h1] of pages) {
			await visit(page, s.url + path);
			assert.match(await page.locator("h1").innerText(), h1, name);
			assert.equal(await page.locator(".notice.bad[role=alert]").count(), 0, `${name}: an error is shown`);
			assert.equal(await over(page), 0, `${name} at ${width}`);
			const expander = page.locator(".expander").first();
			if (await expander.count() > 0)
				await expander.click();
			await settle(page);
			await look(name);
			await page.setViewportSize({ width: narrow, height });
			assert.equal(await over(page), 0, `${name} at ${narrow}, a row opened`);
			await page.setViewportSize({ width, height });
			assert.deepEqual(seen.errors, [], name);
		}
		await visit(page, s.url + "/explore");
		await page.locator("#add-filter").click();
		await look("filter");
		assert.deepEqual(seen, { errors: [], external: [] });
		await ctx.close();
	});

test("navigation: links stay in the app, keep the filters, move the focus, and Back works", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	await visit(page, `${s.url}/?t=90d`);
	await page.evaluate("window.sameDocument = true");
	await page.locator(".rail nav a", { hasText: "Sources" }).click();
	await settle(page);
	assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/sources?t=90d");
	await until(() => page.evaluate("document.activeElement?.tagName === 'H1'"), "document.activeElement?.tagName === 'H1'");
	assert.equal(await page.title(), "Sources · dmarcd");
	await page.goBack();
	await settle(page);
	assert.equal(new URL(page.url()).pathname, "/");
	assert.match(await page.locator("h1").innerText(), /Overview/);
	assert.equal(await page.evaluate("window.sameDocument"), true);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("a filter changes the address and the data, Back undoes it, unknown keys stay", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, `${s.url}/sources?t=all&colour=blue`);
	assert.equal(await page.locator(".chip.bad").innerText().then((x) => /colour=blue/.test(x)), true);
	const groups = async (): Promise<number> => Number(/^[\d,]+/.exec(await page.locator(".lede").innerText())?.[0].replace(/,/g, "") ?? -1);
	const before = await groups();
	const value = page.locator("tr[data-row] .c-main .val").first();
	const ip = await value.innerText();
	await value.click();
	await settle(page);
	assert.ok(page.url().includes("colour=blue"), "the unknown key is kept");
	assert.equal(new URL(page.url()).searchParams.get("ip"), ip);
	await until(async () => await groups() === 1 && await page.locator("tr[data-row]").count() === 1, "one source");
	assert.equal(await page.locator(".chip", { hasText: "Source address" }).count(), 1);
	await page.goBack();
	await until(async () => await groups() === before, "all sources again");
	await page.locator("tr[data-row] .c-main .val").first().click({ modifiers: ["Alt"] });
	await until(async () => await groups() === before - 1, "one source less");
	assert.equal(new URL(page.url()).searchParams.get("ip"), "!" + ip);
	await page.locator(".chip.not .chip-x").click();
	await until(async () => await groups() === before, "all sources");
	await ctx.close();
});

test("the filter picker by keyboard", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, `${s.url}/explore?t=all`);
	await page.keyboard.press("/");
	await page.keyboard.type("treat");
	await page.keyboard.press("Enter");
	await page.locator(".editor .options label", { hasText: "Delivered" }).click();
	await page.locator(".editor-foot .primary").click();
	await settle(page);
	assert.equal(new URL(page.url()).searchParams.get("disp"), "none");
	await page.locator(".chip-main", { hasText: "Delivered" }).waitFor();
	await page.keyboard.press("/");
	await page.keyboard.press("Escape");
	await until(async () => await page.locator(".panel").count() === 0, "the panel to close");
	assert.equal(await page.evaluate("document.activeElement?.id"), "add-filter");
	await ctx.close();
});

test("keyboard: pages, rows, help, period", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, s.url + "/");
	await page.keyboard.press("g");
	await page.keyboard.press("a");
	await settle(page);
	assert.equal(new URL(page.url()).pathname, "/sources");
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	await page.locator("tr.detail").first().waitFor();
	await page.keyboard.press("Enter");
	await until(() => page.evaluate("document.querySelector('tr.detail') === null"), "document.querySelector('tr.detail') === null");
	await page.keyboard.press("[");
	await until(() => page.evaluate("location.search.includes('from=')"), "location.search.includes('from=')");
	await page.keyboard.press("?");
	await page.locator("dialog[open]").waitFor();
	await page.keyboard.press("Escape");
	await until(() => page.evaluate("document.querySelector('dialog[open]') === null"), "document.querySelector('dialog[open]') === null");
	await ctx.close();
});

test("from a headline to the line of the XML", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	await visit(page, s.url + "/explore?t=all");
	await page.locator(".rows .expander").first().click();
	await page.locator(".explain a.btn").first().click();
	await settle(page);
	const seq = /#r(\d+)$/.exec(page.url())?.[1];
	assert.ok(seq !== undefined, page.url());
	await page.locator(".xl.hit").first().waitFor();
	assert.equal(await page.locator("tr.current").getAttribute("id"), `r${seq}`);
	const other = page.locator(".c-seq button").first();
	const n = await other.innerText();
	await other.click();
	assert.equal(new URL(page.url()).hash, `#r${n}`);
	await page.locator(".xl.hit").first().waitFor();
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("the chart: figures as a table, days by key, a day by Enter", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, s.url + "/?t=30d");
	await page.locator(".plot canvas").waitFor();
	await page.locator(".plotbox").focus();
	await page.keyboard.press("ArrowLeft");
	await until(() => page.evaluate("document.querySelector('.plotbox [role=status]').textContent.length > 10"), "document.querySelector('.plotbox [role=status]').textContent.length > 10");
	await page.keyboard.press("Enter");
	await until(() => page.evaluate("location.search.includes('from=')"), "location.search.includes('from=')");
	await page.goBack();
	await settle(page);
	await page.locator(".chart .tools > .btn[aria-pressed]").first().click();
	await page.locator(".daytable tbody tr").first().waitFor();
	await ctx.close();
});

test("the theme stays", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	await visit(page, s.url + "/");
	await page.locator(".theme button").nth(2).click();
	await until(() => page.evaluate("document.documentElement.dataset.theme === 'dark'"), "the dark theme");
	await page.reload();
	assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("an error of the API is shown with its request, and Retry works", async () => {
	const { ctx, page } = await open(b, s.url);
	let broken = true;
	await page.route("**/api/v1/breakdown?*by=ip*", (r) => broken ? r.fulfill({
		status: 503, contentType: "application/problem+json",
		body: JSON.stringify({ type: "about:blank", title: "Too slow", status: 503, detail: "The query took more than 2 s. <b>Narrow it.</b>", request_id: "req-77" }),
	}) : r.continue());
	await page.goto(s.url + "/sources");
	const box = page.locator(".notice.bad");
	await box.waitFor();
	const text = await box.innerText();
	for (const part of ["Too slow", "<b>Narrow it.</b>", "req-77"])
		assert.ok(text.includes(part), part);
	broken = false;
	await box.locator("button").click();
	await page.locator("tr[data-row]").first().waitFor();
	assert.equal(await page.locator(".notice.bad").count(), 0);
	await ctx.close();
});

test("hostile content shows as text", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs the made-up reports");
	const { ctx, page, seen } = await open(b, s.url);
	await visit(page, s.url + "/explore?t=all&ip=203.0.113.250");
	await page.locator(".rows .expander").first().click();
	const text = await page.locator("main").innerText();
	for (const part of ["<img src=x onerror=alert(1)>.example.net", "\"><script>alert('efrom')</script>", "\\u{202E}gnp.exe", "hard\\u{0000}fail\\u{200B}", "javascript:alert(1)", "{{constructor}}"])
		assert.ok(text.includes(part), part);
	const odd = (await page.locator("main").evaluate((e) => e.textContent ?? "")).match(/[\u0000-\u0008\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
	assert.equal(odd, null, "a hidden character is drawn");
	assert.equal(await page.locator("main img, main script, main iframe, a[href^='javascript:']").count(), 0);
	await visit(page, s.url + "/health");
	assert.ok((await page.locator("main").innerText()).includes("bomb<script>alert(3)</script>.zip"));
	const list = await (await fetch(`${s.url}/api/v1/reports?t=all&ip=203.0.113.250&limit=500`)).json() as { items: { id: string; org_name: string }[] };
	for (const r of list.items.filter((x) => x.org_name.includes("<script>")).slice(0, 1)) {
		await visit(page, `${s.url}/reports/${r.id}`);
		assert.ok((await page.locator("main").innerText()).includes("<script>alert(\"org\")</script> inv\\u{202E}oice\\u{202C}"));
	}
	await visit(page, `${s.url}/domains/${encodeURIComponent("<svg onload=alert(1)>\u202e")}`);
	await visit(page, `${s.url}/help/${encodeURIComponent("<b>x</b>")}`);
	assert.deepEqual(seen.errors.filter((e) => !/404/.test(e)), []);
	await ctx.close();
});

test("quarantine: what is known, the rows that can be read, and what becomes of a message", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs the made-up messages");
	const { ctx, page, seen } = await open(b, s.url);
	const row = (id: string) => page.locator("table.quarantine tr[data-row]", { hasText: `ID ${id}` });
	const main = () => page.locator("main").innerText();
	await visit(page, s.url + "/health");
	for (const part of ["Cut short", "part 2 of the mail, entry google.com!shop.example!1747180800!1747267199.xml, line 211, byte 14,310", "noreply-dmarc-support@reporter.example",
		"Quarantine holds 3 messages", "12 messages (", "left quarantine on", "That is no failure"])
		assert.ok((await main()).includes(part), part);
	for (const part of ["<script>alert(\"entry\")</script>\\u{202E}.xml", "<img src=x onerror=alert(4)>\\u{202E}@evil.example", "in\\u{0000}voice"])
		assert.ok((await main()).includes(part), part);
	await row("42").locator(".expander").click();
	await page.locator(".readable tr[data-row]").first().waitFor();
	assert.match(await page.locator(".readable").innerText(), /2 rows of a report can be read, with 1,204 messages/);
	const href = await row("42").locator("a.btn").getAttribute("href");
	const file = await page.request.get(new URL(href ?? "", page.url()).href);
	assert.equal(file.headers()["content-disposition"], "attachment; filename=\"dmarc-quarantine-42.eml\"");
	assert.equal(file.headers()["content-security-policy"], "sandbox; default-src 'none'");

	await row("42").getByRole("button", { name: "Read again" }).click();
	await until(async () => /Message 42 is being read again/.test(await main()), "it is under way");
	await until(async () => /Message 42 still cannot be read: line 211/.test(await main()), "it is told that it failed");
	await row("40").getByRole("button", { name: "Read again" }).click();
	await until(async () => /Message 40 read: 1 report stored/.test(await main()), "it is told that it was read");
	assert.equal(await row("40").count(), 0);
	await row("41").getByRole("button", { name: "Discard" }).click();
	await row("41").getByRole("button", { name: "Keep it" }).click();
	assert.equal(await row("41").getByRole("button", { name: "Discard" }).count(), 1);
	await row("41").getByRole("button", { name: "Discard" }).click();
	await row("41").getByRole("button", { name: "Yes, discard" }).click();
	await until(async () => /Message 41 discarded/.test(await main()), "it is told that it went");
	assert.equal(await row("41").count(), 0);
	assert.deepEqual(seen.errors, []);

	/* a refusal is told beside the buttons */
	await page.route("**/ingest/items/42/retry", (r) => r.fulfill({ status: 503, json: { title: "Not available", status: 503, detail: "the disk is full" }, contentType: "application/problem+json" }));
	await row("42").getByRole("button", { name: "Read again" }).click();
	await until(async () => /could not be asked for: the disk is full/.test(await main()), "the refusal");
	await ctx.close();
});

test("Load more goes on where the page ended", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs the made-up reports");
	const { ctx, page } = await open(b, s.url);
	await visit(page, s.url + "/explore?view=rows");
	await until(async () => await page.locator("tr[data-row]").count() === 100, "100 rows");
	await page.locator(".more .btn").click();
	await until(() => page.evaluate("document.querySelectorAll('tr[data-row]').length === 200"), "document.querySelectorAll('tr[data-row]').length === 200");
	await ctx.close();
});

test("with no report yet the first steps are shown", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs an empty store");
	const { ctx, page } = await open(b, s.url);
	await page.route("**/api/v1/meta", (r) => r.fulfill({ json: { version: "0.1.0", generation: 0, complete_through: null, first_day: null, last_day: null, domains: 0, reports: 0, features: {}, limits: {} } }));
	await page.goto(s.url + "/");
	await page.locator(".steps li").first().waitFor();
	assert.equal(await page.locator(".steps li").count(), 3);
	await ctx.close();
});

test("a refusal is read where it is pasted, and goes nowhere else", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	await visit(page, `${s.url}/decode`);
	const go = page.getByRole("button", { name: "What does it mean?" });
	assert.equal(await go.isDisabled(), true);
	await page.getByRole("textbox").fill("550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's\n550 5.7.26 DMARC policy. <img src=x onerror=alert(1)> 192.0.2.7");
	await page.keyboard.press("Control+Enter");
	await until(async () => (await page.locator(".decoded h2").count()) > 0, "an answer");
	assert.match(await page.locator(".decoded").first().innerText(), /DMARC[^]*What to do[^]*DKIM/);
	assert.match(await page.locator(".decoded q").first().innerText(), /<img src=x/);
	assert.deepEqual(await findings(page), []);
	assert.equal(new URL(page.url()).search, "");
	assert.equal(await page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })").then((x) => String(x).includes("5.7.26")), false);
	await page.getByRole("textbox").fill("Authentication-Results: mx.example.net; dmarc=fail header.from=example.com; dkim=none; spf=fail smtp.mailfrom=example.com\n");
	await go.click();
	await until(async () => (await page.locator(".decoded").innerText()).includes("What the header of the message says"), "the checks");
	await page.getByRole("textbox").fill("hello");
	await go.click();
	await until(async () => (await page.locator(".verdict-word").count()) > 0, "nothing is known");
	await page.getByRole("button", { name: "Clear" }).click();
	assert.equal(await page.getByRole("textbox").inputValue(), "");
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});
