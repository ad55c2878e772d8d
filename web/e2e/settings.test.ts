/* Settings in a browser: who may change what there, what is said at which field, and what a hostile name does. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { Access, PASSWORD } from "../mock/access";
import { start } from "../mock/server";
import { EVIL } from "../mock/settings";
import { launch, open, settle, until, visit, type Seen } from "./browser";

const axe = readFileSync(createRequire(join(process.env.DMARCD_WEB ?? ".", "package.json")).resolve("axe-core/axe.min.js"), "utf8");
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

async function as(user: string, password = PASSWORD, opts: Parameters<Browser["newContext"]>[0] = {}): Promise<{ ctx: BrowserContext; page: Page; seen: Seen }> {
	const o = await open(b, url, opts);
	await o.page.goto(`${url}/settings`);
	await o.page.waitForSelector("#si-user");
	await o.page.fill("#si-user", user);
	await o.page.fill("#si-password", password);
	await o.page.keyboard.press("Enter");
	await until(async () => new URL(o.page.url()).pathname === "/settings", "the settings");
	await settle(o.page);
	return o;
}
const noise = (errors: string[]): string[] => errors.filter((e) => !/status of (4\d\d)/.test(e));
const focus = (page: Page): Promise<string> => page.evaluate("document.activeElement.id || document.activeElement.textContent") as Promise<string>;
const gone = (page: Page): Promise<void> => until(async () => await page.locator("dialog").count() === 0, "the dialog to close");
/* What a screen reader says of a field that is wrong. */
async function wrong(page: Page, id: string): Promise<string> {
	await page.waitForSelector(`#${id}-error`);
	assert.equal(await page.locator(`#${id}`).getAttribute("aria-invalid"), "true");
	assert.ok((await page.locator(`#${id}`).getAttribute("aria-describedby") ?? "").split(" ").includes(`${id}-error`));
	await until(async () => await focus(page) === id, `the focus on ${id}`);
	return page.locator(`#${id}-error`).innerText();
}

async function findings(page: Page): Promise<string[]> {
	await page.evaluate(axe);
	const r = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })") as { violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] };
	return r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(" ")} ${n.failureSummary}`).join(" | ")}`);
}

test("a viewer sees none of it", { skip }, async () => {
	const { ctx, page, seen } = await as("bob");
	const asked: string[] = [];
	page.on("request", (r) => asked.push(new URL(r.url()).pathname));
	await visit(page, `${url}/settings`);
	assert.equal(await page.locator("main table, main details, main .cardhead button.primary").count(), 0);
	assert.doesNotMatch(await page.locator("main").innerText(), /grafana|Mailbox|alice/);
	assert.ok(!asked.some((p) => /users|settings$|audit/.test(p.replace(/^\/settings$/, ""))), asked.join());
	assert.deepEqual(noise(seen.errors), []);
	await ctx.close();
});

test("an admin makes a user, by the keyboard alone, who then signs in", { skip }, async () => {
	const { ctx, page, seen } = await as("alice");
	const add = page.locator("button", { hasText: "Add a user" });
	await add.focus();
	await page.keyboard.press("Enter");
	await page.waitForSelector("dialog[open]");
	assert.equal(await focus(page), "name");
	/* nothing yet: the first field that is needed */
	await page.keyboard.press("Enter");
	assert.match(await wrong(page, "name"), /needed/);
	await page.keyboard.type("alice");
	await page.keyboard.press("Tab");
	assert.equal(await focus(page), "role");
	await page.keyboard.press("Tab");
	await page.keyboard.type("example.org, example.net");
	await page.keyboard.press("Tab");
	await page.keyboard.type("carols own words");
	await page.keyboard.press("Tab");
	assert.equal(await focus(page), "own_password");
	await page.keyboard.type("not mine at all");
	await page.keyboard.press("Enter");
	assert.match(await wrong(page, "name"), /already/);
	await page.fill("#name", "car ol");
	await page.keyboard.press("Enter");
	await until(async () => /Letters, digits and . _ - @ only/.test(await wrong(page, "name")), "the other sentence");
	await page.fill("#name", "carol");
	await page.keyboard.press("Enter");
	assert.match(await wrong(page, "own_password"), /not your password/);
	assert.equal(access.people["carol"], undefined);
	await page.fill("#own_password", PASSWORD);
	await page.keyboard.press("Enter");
	await gone(page);
	await until(async () => /carol/.test(await page.locator("main").innerText()), "carol");
	assert.match(await page.locator("main [role=status]").first().innerText(), /Done: carol/);
	assert.match(await page.locator("tr", { hasText: "carol" }).innerText(), /example\.org, example\.net, and all below/);
	await until(async () => /Add a user/.test(await focus(page)), "the focus where it was");
	assert.deepEqual(noise(seen.errors), []);
	await ctx.close();
	const carol = await as("carol", "carols own words");
	assert.match(await carol.page.locator("main").innerText(), /example\.org, example\.net/);
	assert.equal(await carol.page.locator("main table").count(), 0);
	await carol.ctx.close();
});

test("changed, removed; the last admin cannot go", { skip }, async () => {
	const { ctx, page, seen } = await as("alice");
	await page.locator("button[aria-label='Change carol']").click();
	assert.match(await page.locator("dialog h2").innerText(), /Change carol/);
	await page.keyboard.press("Enter");
	await page.locator("dialog button[type=submit]").click();
	await until(async () => /Nothing is different/.test(await page.locator("dialog [role=alert]").innerText()), "that nothing is different");
	await page.selectOption("#role", "admin");
	assert.ok(await page.locator("#domains").isDisabled());
	await page.fill("#own_password", PASSWORD);
	await page.keyboard.press("Enter");
	await gone(page);
	assert.deepEqual(access.people["carol"]?.role, "admin");
	await page.locator("button[aria-label='Remove carol']").click();
	await page.waitForSelector("dialog[open]");
	assert.equal(await focus(page), "own_password");
	await page.keyboard.press("Escape");
	await gone(page);
	assert.ok(access.people["carol"] !== undefined, "Escape does nothing");
	await page.locator("button[aria-label='Remove carol']").click();
	await page.fill("#own_password", PASSWORD);
	await page.keyboard.press("Enter");
	await gone(page);
	await until(async () => !/carol/.test(await page.locator("main table").first().innerText()), "carol to go");
	assert.equal(await focus(page), "Settings", "what had the focus is gone");
	await page.locator("button[aria-label='Remove alice']").click();
	assert.match(await page.locator("dialog").innerText(), /This is you/);
	await page.fill("#own_password", PASSWORD);
	await page.keyboard.press("Enter");
	await until(async () => /only admin left/.test(await page.locator("dialog [role=alert]").innerText()), "that the last one stays");
	await page.keyboard.press("Escape");
	await gone(page);
	await page.locator("button[aria-label='Change alice']").click();
	await page.selectOption("#role", "viewer");
	await page.fill("#own_password", PASSWORD);
	await page.keyboard.press("Enter");
	assert.match(await wrong(page, "role"), /only admin left/);
	assert.equal(access.people["alice"]?.role, "admin");
	assert.deepEqual(noise(seen.errors), []);
	await ctx.close();
});

test("a token is shown once", { skip }, async () => {
	const { ctx, page } = await as("alice");
	await page.locator("button", { hasText: "Add a token" }).click();
	await page.fill("#name", "metrics");
	await page.fill("#own_password", PASSWORD);
	await page.keyboard.press("Enter");
	await page.waitForSelector("pre.token");
	assert.match(await page.locator("pre.token").innerText(), /^dmarcd_[0-9a-f]{64}$/);
	assert.equal(await focus(page), "Close");
	await page.keyboard.press("Escape");
	await gone(page);
	assert.doesNotMatch(await page.content(), /dmarcd_[0-9a-f]{8}/);
	await page.locator("button[aria-label='Revoke metrics']").click();
	for (let i = 0; i < 4; i++) {
		await page.fill("#own_password", `guess number ${i}`);
		await page.keyboard.press("Enter");
		await until(async () => await page.locator("dialog button[type=submit]").isEnabled(), "the answer");
	}
	await until(async () => /Try again in 4 seconds/.test(await wrong(page, "own_password")), "how long to wait");
	access.guesses = 0;
	await page.fill("#own_password", PASSWORD);
	await page.keyboard.press("Enter");
	await gone(page);
	await until(async () => !/metrics/.test(await page.locator("main table").nth(1).innerText()), "the token to go");
	await ctx.close();
});

test("alerts are muted and told again", { skip }, async () => {
	const { ctx, page, seen } = await as("alice");
	const text = await page.locator("main").innerText();
	for (const word of ["A8: The intake fails", "given up", "ops@example.org", "What is over", "/etc/dmarcd/dmarcd.conf:15"]) assert.ok(text.includes(word), word);
	await page.locator("button[aria-label='Mute A5, example.org']").click();
	assert.equal(await page.inputValue("#rule"), "A5");
	assert.equal(await page.inputValue("#domain"), "example.org");
	await page.fill("#domain", "no domain");
	await page.keyboard.press("Enter");
	assert.match(await wrong(page, "domain"), /no name of a domain/);
	await page.selectOption("#rule", "");
	await page.fill("#domain", "");
	await page.keyboard.press("Enter");
	await until(async () => /Name a domain/.test(await wrong(page, "domain")), "the other sentence");
	await page.selectOption("#rule", "A5");
	await page.fill("#until", "2020-01-01");
	await page.keyboard.press("Enter");
	assert.match(await wrong(page, "until"), /past/);
	await page.fill("#until", "2030-01-31");
	await page.keyboard.press("Enter");
	await gone(page);
	await until(async () => /31 Jan 2030/.test(await page.locator("main").innerText()), "the mute");
	await page.locator("button[aria-label^='Unmute A5']").click();
	await page.locator("dialog button[type=submit]").click();
	await gone(page);
	await until(async () => await page.locator("button[aria-label^='Unmute A5']").count() === 0, "the mute to go");
	assert.deepEqual(noise(seen.errors), []);
	await ctx.close();
});

test("what lives in the file: where it stands, no secret, hostile names as text; axe in both themes and on a phone", { skip }, async () => {
	for (const [scheme, width] of [["light", 1440], ["dark", 1440], ["light", 375]] as const) {
		const { ctx, page, seen } = await as("alice", PASSWORD, { colorScheme: scheme, viewport: { width, height: 900 } });
		for (const s of await page.locator("details.conf > summary").all())
			await s.press("Enter");
		const text = await page.locator("main").innerText();
		for (const word of ["/etc/dmarcd/dmarcd.conf:8", "set, from the file", "set, from a command", "the rest is not shown", "not set", "default", "brandnew", "<b>INBOX</b>", "there is more"]) assert.ok(text.includes(word), word);
		assert.ok(!text.includes(EVIL) && text.includes("<img src=x onerror=alert(1)>"), "what turns text round is written out");
		assert.equal(await page.locator("main img").count(), 0);
		assert.deepEqual(await findings(page), [], `${scheme} ${width}`);
		await page.locator("button", { hasText: "Add a user" }).click();
		await page.locator("dialog button[type=submit]").click();
		await wrong(page, "name");
		assert.deepEqual(await findings(page), [], `${scheme} ${width}, the form`);
		assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the screen");
		assert.deepEqual(noise(seen.errors), []);
		await ctx.close();
	}
});
