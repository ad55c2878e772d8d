/* Signing in and out in a browser, with the mock's users. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { Access, PASSWORD } from "../mock/access";
import { start } from "../mock/server";
import { launch, open, settle, until, visit } from "./browser";

const skip = process.env.DMARCD_URL ? "the mock's users only" : false;
const access = new Access(false);
let b: Browser, url: string, close: () => void;

before(async () => {
	const s = await start(0, false, access);
	url = s.url;
	close = () => {
		s.server.close();
		s.server.closeAllConnections();
	};
	b = await launch();
});
after(async () => {
	await b?.close();
	close?.();
});

const here = (page: Page): string => new URL(page.url()).pathname + new URL(page.url()).search;
async function signIn(page: Page, user: string, password = PASSWORD): Promise<void> {
	await page.fill("#si-user", user);
	await page.fill("#si-password", password);
	await page.keyboard.press("Enter");
}
/* A refused sign-in is a 401, which browsers write to the console. */
const noise = (errors: string[]): string[] => errors.filter((e) => !/status of (401|403|429)/.test(e));

test("a page asked for leads to the sign-in and, signed in, back to it", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await page.goto(`${url}/reports?t=all&domain=example.org`);
	await page.waitForSelector("#si-user");
	assert.equal(new URL(page.url()).pathname, "/signin");
	assert.equal(await page.evaluate("document.activeElement.id"), "si-user");
	assert.equal(await page.locator(".rail").count(), 0, "nothing of the app is around it");
	assert.equal(await page.title(), "Sign in · dmarcd");
	await signIn(page, "alice", "not this one");
	await page.waitForSelector("#si-error");
	assert.match(await page.locator("#si-error").innerText(), /wrong/);
	assert.equal(await page.inputValue("#si-password"), "");
	assert.equal(await page.inputValue("#si-user"), "alice");
	assert.equal(await page.evaluate("document.activeElement.id"), "si-password");
	await page.fill("#si-password", PASSWORD);
	await page.keyboard.press("Enter");
	await until(async () => here(page) === "/reports?t=all&domain=example.org", "the way back");
	await settle(page);
	assert.match(await page.locator(".mebox").innerText(), /alice/);
	assert.ok(await page.locator("tr[data-row]").count() > 0);
	/* the back button does not lead into the form again */
	await page.goto(`${url}/signin`);
	await until(async () => here(page) === "/", "one who is signed in needs no sign-in");
	assert.deepEqual(noise(seen.errors), []);
	assert.deepEqual(seen.external, []);
	await ctx.close();
});

test("who guesses is told how long to wait", { skip }, async () => {
	const { ctx, page } = await open(b, url);
	await page.goto(`${url}/signin`);
	for (let i = 0; i < 4; i++) {
		await page.waitForSelector("#si-user");
		await page.fill("#si-user", "mallory");
		await page.fill("#si-password", `guess ${i}`);
		await page.locator(".signin button[type=submit]").click();
		await page.waitForSelector("#si-error");
		await until(async () => await page.locator(".signin button[type=submit]").isEnabled(), "the answer");
	}
	assert.match(await page.locator("#si-error").innerText(), /Try again in 7 seconds/);
	await ctx.close();
});

test("a session that ends leads to the sign-in and back to the page", { skip }, async () => {
	const { ctx, page } = await open(b, url);
	await page.goto(`${url}/senders?t=all`);
	await page.waitForSelector("#si-user");
	await signIn(page, "alice");
	await until(async () => here(page) === "/senders?t=all", "the page");
	await settle(page);
	access.endAll();
	await page.locator(".rail nav a", { hasText: "Reports" }).click();
	await page.waitForSelector("#si-user");
	assert.match(here(page), /^\/signin\?back=%2Freports/);
	assert.equal(await page.locator("tr").count(), 0, "nothing is left on the page");
	await signIn(page, "alice");
	await until(async () => new URL(page.url()).pathname === "/reports", "the way back");
	await ctx.close();
});

test("an address that leads away leads to the overview", { skip }, async () => {
	const { ctx, page } = await open(b, url);
	for (const back of ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/signin?back=/x", ""]) {
		await ctx.clearCookies();
		await page.goto(`${url}/signin?back=${encodeURIComponent(back)}`);
		await page.waitForSelector("#si-user");
		await signIn(page, "alice");
		await until(async () => here(page) === "/", `the overview, not ${back}`);
		await settle(page);	/* what it still asks for would be refused without the cookie, and lead away */
	}
	await ctx.close();
});

test("what changes something carries its proof; signing out ends it", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await page.goto(`${url}/settings`);
	await page.waitForSelector("#si-user");
	await signIn(page, "alice");
	await until(async () => here(page) === "/settings", "the settings");
	await settle(page);
	const text = await page.locator("main").innerText();
	for (const word of ["alice", "bob", "grafana", "Wrong name or password", "<img src=x onerror=alert(1)>"]) assert.ok(text.includes(word), word);
	const sent: (string | undefined)[] = [];
	page.on("request", (r) => r.method() !== "GET" && sent.push(r.headers()["x-csrf-token"]));
	await visit(page, `${url}/health`);
	await page.locator("button", { hasText: "Read again" }).first().click();
	await until(async () => sent.length > 0, "the request");
	assert.equal(sent[0], access.csrf("alice"));
	await page.locator(".rail-foot button", { hasText: "Sign out" }).click();
	await page.waitForSelector("#si-user");
	assert.equal(here(page), "/signin");
	await page.goto(`${url}/settings`);
	await page.waitForSelector("#si-user");
	assert.deepEqual(noise(seen.errors), []);
	await ctx.close();
});

test("a viewer is told what is not for him, and by whom that can be changed", { skip }, async () => {
	const { ctx, page } = await open(b, url);
	await page.goto(`${url}/health`);
	await page.waitForSelector("#si-user");
	await signIn(page, "bob");
	await until(async () => here(page) === "/health", "the page");
	await settle(page);
	assert.match(await page.locator(".notice").first().innerText(), /Not for you[\s\S]*dmarcd user role/);
	assert.equal(await page.locator(".notice button").count(), 0, "asking again is of no use");
	await visit(page, `${url}/settings`);
	assert.match(await page.locator("main").innerText(), /example\.org, and all below/);
	assert.equal(await page.locator("table").count(), 0);
	await ctx.close();
});
