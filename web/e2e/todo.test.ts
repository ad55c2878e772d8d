/* To do and saved views in a browser, with the mock's tasks. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { Access, PASSWORD } from "../mock/access";
import { sendersReset } from "../mock/senders";
import { start } from "../mock/server";
import { todoReset } from "../mock/todo";
import type { Task, Tasks, View } from "../src/lib/types-todo";
import { launch, open, settle, until, visit } from "./browser";

const skip = process.env.DMARCD_URL ? "the mock's tasks only" : false;
const axe = readFileSync(createRequire(join(process.env.DMARCD_WEB ?? ".", "package.json")).resolve("axe-core/axe.min.js"), "utf8");
let b: Browser, url: string, close: () => void;

before(async () => {
	const s = await start();
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
beforeEach(() => {
	todoReset();
	sendersReset();
});

const tasks = async (state = "all"): Promise<Task[]> => (await (await fetch(`${url}/api/v1/tasks?state=${state}`)).json() as Tasks).items;
const views = async (): Promise<View[]> => (await (await fetch(`${url}/api/v1/views`)).json() as { items: View[] }).items;
const row = (page: Page, id: string) => page.locator(`#task-${id}`);
const here = (page: Page): string => new URL(page.url()).pathname + new URL(page.url()).search;
const focused = (page: Page) => page.evaluate("document.activeElement.id") as Promise<string>;
const HURT = "00000000000000a1", FAILING = "00000000000000a3", REVIEW = "00000000000000a4", POLICY = "00000000000000a7";

async function findings(page: Page): Promise<string[]> {
	await page.evaluate(axe);
	const r = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })") as { violations: { id: string; impact: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[] };
	return r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 2).map((n) => n.target.join(" ") + " " + n.failureSummary).join(" | ")}`);
}

test("to do: the list is in groups, in order, an ordered list; the count stands in the navigation", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await visit(page, url + "/");
	await page.keyboard.press("g");
	await page.keyboard.press("t");
	await settle(page);
	assert.equal(here(page), "/todo");
	assert.match(await page.title(), /^To do/);
	assert.deepEqual(await page.locator(".tgroup h2").evaluateAll((l) => l.map((x) => x.textContent?.replace(/\d+$/, "").trim())), ["Urgent", "This week", "When you can", "Watching", "Done"]);
	assert.equal(await page.locator("ol.tasks > li").count(), (await tasks()).filter((x) => x.state !== "done").length, "done is closed");
	assert.equal(await row(page, HURT).locator(".tasktext").innerText(), "shop.example: Mailer X fails DMARC; 212 messages of yours were put aside or refused, 0 the week before (F3).");
	assert.match(await row(page, HURT).innerText(), /212 messages a week/);
	await until(async () => await page.locator(".rail .taskcount").count() === 1, "the count");
	assert.equal((await page.locator(".rail .taskcount").innerText()).replace(/\s+/g, " "), `${(await tasks("open")).length} open`);
	await page.locator(".tg-done .groupbtn").click();
	assert.match(await page.locator(".tg-done li").first().innerText(), /Confirmed/);
	assert.deepEqual(seen.errors, []);
	assert.deepEqual(seen.external, []);
	await ctx.close();
});

test("to do: j, k, Enter and s: walk, open, put off; the focus goes on and Undo brings it back", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await visit(page, url + "/todo");
	await page.keyboard.press("j");
	assert.equal(await focused(page), `task-${HURT}`);
	await page.keyboard.press("j");
	await page.keyboard.press("k");
	assert.equal(await focused(page), `task-${HURT}`);
	await page.keyboard.press("s");
	await until(async () => (await tasks("snoozed")).some((x) => x.id === HURT), "the daemon to know");
	assert.notEqual(await focused(page), `task-${HURT}`, "the next one has the focus");
	const until30 = (await tasks("snoozed"))[0]?.until ?? "";
	assert.equal((Date.parse(until30) - Date.parse(new Date().toISOString().slice(0, 10))) / 86400000, 30);
	await page.locator(".toast", { hasText: "Put off until" }).waitFor();
	await until(async () => await page.locator(".tg-urgent li").count() === 1, "it to leave its group");
	await page.locator(".toast .btn", { hasText: "Undo" }).click();
	await until(async () => (await tasks("open")).some((x) => x.id === HURT), "it to be open again");
	await until(async () => await page.locator(".tg-urgent li").count() === 2, "it to be back");
	await row(page, HURT).focus();
	await page.keyboard.press("Enter");
	await settle(page);
	assert.match(here(page), /^\/senders\/3\?domain=shop\.example&from=/);
	assert.match(await page.locator("h1").innerText(), /Mailer X/);
	await page.goBack();
	await settle(page);
	assert.equal(here(page), "/todo");
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("to do: I have fixed it: it is watched, with when to expect an answer, and can be opened again", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await visit(page, url + "/todo");
	await row(page, FAILING).locator("button", { hasText: "I have fixed it" }).click();
	await until(async () => (await tasks("watching")).some((x) => x.id === FAILING), "the daemon to watch");
	await settle(page);
	const x = page.locator(".tg-watching li", { hasText: "crm-bounces.example" });
	await x.waitFor();
	assert.match(await x.innerText(), /No mail yet/);
	assert.match(await x.innerText(), /answer can be expected from/);
	assert.match(await page.locator(".tg-watching li", { hasText: "shop.example servers" }).innerText(), /Looks fixed[\s\S]*40 of 41 messages since then passing; none shows F4/);
	await x.locator("button", { hasText: "Reopen" }).click();
	await until(async () => (await tasks("open")).some((y) => y.id === FAILING), "it to be open again");
	await until(async () => await page.locator(".tg-week li", { hasText: "crm-bounces.example" }).count() === 1, "it to be back");
	/* not for what has no code */
	assert.equal(await row(page, REVIEW).locator("button", { hasText: "I have fixed it" }).count(), 0);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("to do: Not mine is the decision of the page Senders, and z takes it back; Not needed goes to Done", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await visit(page, url + "/todo");
	await row(page, REVIEW).locator("button", { hasText: "Not mine" }).click();
	await page.locator(".toast", { hasText: "Not ours" }).waitFor();
	await until(async () => !(await tasks()).some((x) => x.id === REVIEW), "the task to go");
	await until(async () => await row(page, REVIEW).count() === 0, "it to leave the page");
	const log = await (await fetch(`${url}/api/v1/senders/decisions?sender=7`)).json() as { items: { class: string; domain: string | null }[] };
	assert.deepEqual([log.items[0]?.class, log.items[0]?.domain], ["impostor", "shop.example"]);
	await page.keyboard.press("z");
	await until(async () => (await tasks()).some((x) => x.id === REVIEW), "it to be taken back");
	await until(async () => await row(page, REVIEW).count() === 1, "it to be back");
	await row(page, POLICY).locator("button", { hasText: "Not needed" }).click();
	await until(async () => (await tasks("dismissed")).some((x) => x.id === POLICY), "it to be dismissed");
	await until(async () => /2/.test(await page.locator(".tg-done h2").innerText()), "two are done");
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("to do: a refusal is said, and nothing is lost", { skip }, async () => {
	const { ctx, page } = await open(b, url);
	await visit(page, url + "/todo");
	await page.route("**/api/v1/tasks/*", (r) => r.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "Not now", status: 503, detail: "The disk is full." }) }));
	await row(page, HURT).locator("[data-snooze]").click();
	await page.locator(".toast.to-failed", { hasText: "The disk is full." }).waitFor();
	assert.equal(await row(page, HURT).count(), 1);
	await ctx.close();
});

test("to do: nothing to do: said, with the last check", { skip }, async () => {
	const { ctx, page } = await open(b, url);
	await page.route("**/api/v1/tasks?*", async (r) => {
		const a = await (await fetch(r.request().url())).json() as Tasks;
		await r.fulfill({ json: { ...a, items: [], counts: Object.fromEntries(Object.keys(a.counts).map((k) => [k, 0])) } });
	});
	await visit(page, url + "/todo");
	assert.match(await page.locator(".verdict").innerText(), /Nothing needs you\.\s+Last check .+\. Complete through/);
	assert.equal(await page.locator(".rail .taskcount").count(), 0);
	await visit(page, url + "/");
	assert.match(await page.locator("section", { has: page.getByRole("heading", { name: "To do" }) }).first().innerText(), /Nothing needs you/);
	await ctx.close();
});

test("to do: the Overview has the first five; the domain goes along", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await visit(page, url + "/?domain=shop.example");
	assert.equal(await page.locator(".toptasks li").count(), 2);
	await visit(page, url + "/");
	assert.equal(await page.locator(".toptasks li").count(), 5);
	assert.match(await page.locator(".toptasks li").first().innerText(), /Urgent[\s\S]*Mailer X/);
	await page.getByText("All 7 tasks").click();
	await settle(page);
	assert.equal(here(page), "/todo");
	await visit(page, url + "/todo?domain=shop.example");
	assert.equal(await page.locator(".tasks li").count(), 3);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("to do: views: a page is saved under a name, opened again, replaced and removed", { skip }, async () => {
	const { ctx, page, seen } = await open(b, url);
	await visit(page, url + "/senders?t=90d&domain=shop.example&tab=review");
	const button = page.locator(".share button", { hasText: "Views" }), panel = page.locator(".panel .views");
	await button.click();
	await panel.waitFor();
	await settle(page);
	assert.match(await panel.innerText(), /No view is saved yet/);
	await panel.locator("input").fill("Monday <b>review</b>");
	await page.keyboard.press("Enter");
	await until(async () => (await views()).length === 1, "the view");
	assert.deepEqual((await views()).map((v) => [v.name, v.page, v.query]), [["Monday <b>review</b>", "/senders", "t=90d&domain=shop.example&tab=review"]]);
	await visit(page, url + "/explore");
	await button.click();
	await panel.locator("a", { hasText: "Monday <b>review</b>" }).click();
	await settle(page);
	assert.equal(here(page), "/senders?t=90d&domain=shop.example&tab=review");
	assert.equal(await page.locator(".panel").count(), 0);
	await button.click();
	assert.deepEqual(await findings(page), []);
	await panel.getByRole("button", { name: "Remove Monday" }).click();
	await until(async () => (await views()).length === 0, "it to be gone");
	await panel.getByText("No view is saved yet").waitFor();
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("to do: a viewer sees the tasks of his domains, and cannot change any; his views are his own", { skip }, async () => {
	const s = await start(0, false, new Access(false));
	const { ctx, page, seen } = await open(b, s.url);
	try {
		await page.goto(`${s.url}/todo`);
		await page.waitForSelector("#si-user");
		await page.fill("#si-user", "bob");
		await page.fill("#si-password", PASSWORD);
		await page.keyboard.press("Enter");
		await until(async () => here(page) === "/todo", "the way back");
		await settle(page);
		assert.ok(await page.locator(".tasks li").count() > 0);
		assert.doesNotMatch(await page.locator("main").innerText(), /shop\.example|Mailbox/);
		assert.equal(await page.locator(".taskactions button").count(), 0);
		assert.match(await page.locator("main").innerText(), /Admins put tasks off/);
		await page.keyboard.press("j");
		await page.keyboard.press("s");
		await page.waitForTimeout(200);
		assert.equal((await tasks("snoozed")).length, 0);
		await page.locator(".share button", { hasText: "Views" }).click();
		await page.locator(".panel input").fill("mine");
		await page.keyboard.press("Enter");
		await page.locator(".viewlist a", { hasText: "mine" }).waitFor();
		assert.match(await page.locator(".panel").innerText(), /Only you see them/);
		assert.equal((await views()).length, 0, "nobody else's");
		assert.deepEqual(seen.errors.filter((e) => !/status of (401|403)/.test(e)), []);
	} finally {
		await ctx.close();
		s.server.close();
		s.server.closeAllConnections();
	}
});

for (const [name, opts] of [["light", { colorScheme: "light" }], ["dark", { colorScheme: "dark" }], ["forced colours", { forcedColors: "active" }], ["phone", { viewport: { width: 320, height: 700 } }]] as const)
	test(`to do: nothing for axe, ${name}`, { skip }, async () => {
		const { ctx, page, seen } = await open(b, url, opts);
		await visit(page, url + "/todo");
		await page.locator(".tg-done .groupbtn").click();
		await row(page, HURT).locator("[data-snooze]").click();
		await page.locator(".toast").waitFor();
		await settle(page);
		assert.deepEqual(await findings(page), []);
		assert.equal(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
		assert.deepEqual(seen.errors, []);
		await ctx.close();
	});
