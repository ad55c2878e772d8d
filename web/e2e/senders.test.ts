/*
 * Senders in a browser: what nobody has looked at is decided by keyboard, in
 * bulk and with buttons, shown at once, and taken back. The way is walked
 * against a daemon, too, which then holds no more than before.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Browser, Page } from "playwright-core";
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

interface Sender { id: string; label: string; key: string; kind: string; class: string; class_by: string; inferred: string; note: string | null; domains: { domain: string; class: string }[] }
interface Decision { id: string; undo: string; sender: string; class: string | null; was: string | null; undone: string | null; note: string | null; domain: string | null }
const api = async <T = { items: Sender[]; total: number }>(path: string): Promise<T> => await (await fetch(`${s.url}/api/v1/${path}`)).json() as T;
const REVIEW = "class=candidate,unknown,suspect";
const review = async (): Promise<Sender[]> => (await api(`senders?t=all&limit=500&${REVIEW}`)).items.filter((x) => Number(x.id) > 1);
const one = async (id: string): Promise<Sender> => (await api<Sender>(`senders/${id}?t=all`));
const log = async (id: string): Promise<Decision[]> => (await api<{ items: Decision[] }>(`senders/decisions?sender=${id}`)).items;
const row = (page: Page, id: string) => page.locator(`#sender-${id}`);
const toast = (page: Page) => page.locator(".toast");
const here = (page: Page): string => new URL(page.url()).pathname + new URL(page.url()).search;

/* Whatever a test decided is taken back. */
beforeEach(async () => {
	for (let i = 0; i < 60; i++) {
		const mine = (await api<{ items: (Decision & { holds: boolean })[] }>("senders/decisions?limit=500")).items.find((d) => d.undone === null);
		if (mine === undefined)
			return;
		await fetch(`${s.url}/api/v1/senders/decisions/${mine.undo}/undo`, { method: "POST", headers: { "X-Dmarcd-Action": "1" } });
	}
});

test("triage by keyboard: y, n, f walk on, u and z take back; the daemon says the same", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const list = await review();
	assert.ok(list.length >= 3, "there is something to review");
	await visit(page, s.url + "/?t=all");
	await page.keyboard.press("g");
	await page.keyboard.press("s");
	await settle(page);
	assert.equal(here(page), "/senders?t=all");
	await page.locator(".sendertabs button", { hasText: "Review" }).click();
	await settle(page);
	assert.equal(here(page), "/senders?t=all&tab=review");
	const ids = await page.locator("tr[data-row]").evaluateAll((rows) => rows.map((r) => r.id.replace("sender-", "")).filter((id) => Number(id) > 1));
	assert.equal(ids.length, list.length);
	const focused = () => page.evaluate(() => document.activeElement?.id ?? "");
	await page.keyboard.press("j");
	assert.equal(await focused(), `sender-${ids[0]}`);
	await page.keyboard.press("n");
	assert.equal(await focused(), `sender-${ids[1]}`, "the next one has the focus");
	await until(async () => (await one(ids[0] as string)).class === "impostor", "the daemon to know");
	await toast(page).getByText("Not ours").waitFor();
	await settle(page);
	await until(async () => await row(page, ids[0] as string).count() === 0, "what is decided to leave the list");
	assert.equal(await focused(), `sender-${ids[1]}`, "the focus stays");
	await page.keyboard.press("y");
	await until(async () => ["own", "service"].includes((await one(ids[1] as string)).class), "mine");
	await until(async () => await focused() === `sender-${ids[2]}`, "the third");
	await page.keyboard.press("f");
	await until(async () => ["forwarder", "list"].includes((await one(ids[2] as string)).class), "forwarder");
	await toast(page).locator(".btn", { hasText: "Undo" }).waitFor();
	/* three times z, the latest first */
	for (const id of [ids[2], ids[1], ids[0]] as string[]) {
		await page.keyboard.press("z");
		await until(async () => (await one(id)).class_by === "auto", `sender ${id} to be as before`);
	}
	await settle(page);
	await until(async () => await page.locator("tr[data-row]").count() >= list.length, "all of them to be back");
	const lines = await log(ids[0] as string);
	assert.ok(lines[0] !== undefined && lines[0].class === "impostor" && lines[0].undone !== null && lines[0].was !== null, "the log keeps it");
	assert.deepEqual(seen.errors, []);
	assert.deepEqual(seen.external, []);
	await ctx.close();
});

test("letters are letters in a field, and nothing when single keys are off", async () => {
	const { ctx, page } = await open(b, s.url);
	const id = (await review())[0]?.id ?? "";
	await visit(page, `${s.url}/senders?t=all&tab=review`);
	await row(page, id).locator(".expander").click();
	await settle(page);
	const field = page.locator(".notefield input").first();
	await field.click();
	await page.keyboard.type("funny z");
	assert.equal(await field.inputValue(), "funny z");
	await page.evaluate("localStorage.setItem('dmarcd.keys', 'off')");
	await page.reload();
	await settle(page);
	await row(page, id).focus();
	await page.keyboard.press("n");
	await page.waitForTimeout(200);
	assert.equal(await toast(page).count(), 0);
	assert.equal((await one(id)).class_by, "auto");
	await ctx.close();
});

test("bulk: select, decide once, undo with the button of the toast", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const asked: { method: string; url: string; header: string | undefined; body: string | null }[] = [];
	page.on("request", (r) => {
		if (r.method() !== "GET")
			asked.push({ method: r.method(), url: r.url(), header: r.headers()["x-dmarcd-action"], body: r.postData() });
	});
	const ids = (await review()).slice(0, 3).map((x) => x.id);
	await visit(page, `${s.url}/senders?t=all&tab=review`);
	for (const id of ids.slice(0, 2))
		await row(page, id).locator("input[type=checkbox]").check();
	await row(page, ids[2] as string).focus();
	await page.keyboard.press("x");
	const bar = page.locator(".bulk");
	assert.match(await bar.innerText(), /3 selected/);
	await bar.locator(".tri-n").click();
	for (const id of ids)
		await until(async () => (await one(id)).class === "impostor", `sender ${id}`);
	assert.equal(asked.length, 1, "one request for all of them");
	assert.equal(asked[0]?.header, "1");
	assert.deepEqual((JSON.parse(asked[0]?.body ?? "{}") as { decisions: { sender: string }[] }).decisions.map((d) => d.sender).sort(), [...ids].sort());
	await toast(page).getByText("3 senders").waitFor();
	await until(async () => await bar.count() === 0, "the selection to be gone");
	await toast(page).locator(".btn", { hasText: "Undo" }).click();
	for (const id of ids)
		await until(async () => (await one(id)).class_by === "auto", `sender ${id} to be as before`);
	await toast(page).getByText("taken back").waitFor();
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("it is shown at once, and what the daemon refuses is taken off again", async () => {
	const { ctx, page } = await open(b, s.url);
	const x = (await review())[0] as Sender;
	await visit(page, `${s.url}/senders?t=all&tab=review`);
	const was = await row(page, x.id).locator(".c-class").innerText();
	let go: (() => void) | undefined;
	const held = new Promise<void>((r) => {
		go = r;
	});
	await page.route("**/decision", async (r) => {
		await held;
		await r.fulfill({ status: 422, contentType: "application/problem+json", body: JSON.stringify({ title: "Cannot be done", status: 422, detail: "No <b>such</b> \u202ething", request_id: "r-1" }) });
	});
	await row(page, x.id).locator(".tri-n").click();
	await until(async () => /Not ours/.test(await row(page, x.id).locator(".c-class").innerText()), "it to be shown before the daemon has answered");
	assert.match(await row(page, x.id).locator(".c-class").innerText(), /being decided/);
	assert.equal(await row(page, x.id).locator(".tri-n").isDisabled(), true);
	go?.();
	await toast(page).getByText("not decided").waitFor();
	assert.ok((await toast(page).innerText()).includes("No <b>such</b> \\u{202E}thing"));
	await until(async () => await row(page, x.id).locator(".c-class").innerText() === was, "what it was");
	await page.unroute("**/decision");

	/* somebody else was faster */
	await page.route("**/decision", (r) => r.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify({ title: "Changed meanwhile", status: 409, detail: "meanwhile" }) }));
	await row(page, x.id).locator(".tri-y").click();
	await toast(page).getByText("somebody else has decided meanwhile").waitFor();
	await page.unroute("**/decision");

	/* a daemon that is busy: it waits, then it is done */
	let looks = 0;
	await page.route("**/decision", (r) => r.fulfill({ status: 202, contentType: "application/json", body: JSON.stringify({ state: "waiting", request: "77", undo: "77", n: 0, items: [] }) }));
	await page.route("**/requests/77", (r) => r.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify({ request: "77", action: "decide", state: looks++ === 0 ? "waiting" : "done", done: null, n: 1, text: "" }) }));
	await row(page, x.id).locator(".tri-n").click();
	await toast(page).getByText("Not ours").waitFor();
	assert.ok(looks >= 2);
	await ctx.close();
});

test("the sender: evidence, why, a decision with a note for one domain, its log, and links that carry the filter", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const all = await review();
	const x = (all.find((y) => y.domains.length > 0) ?? all[0]) as Sender;
	await visit(page, `${s.url}/senders?t=all&tab=review`);
	await row(page, x.id).locator(".c-main a").click();
	await settle(page);
	assert.equal(new URL(page.url()).pathname, `/senders/${x.id}`);
	await until(() => page.evaluate("document.activeElement?.tagName === 'H1'"), "the heading to have the focus");
	assert.ok(await page.locator(".evidence li").count() > 0);
	assert.match(await page.locator("main").innerText(), /Why this class/);
	const d = x.domains[0]?.domain ?? "";
	await page.locator(".decide select").selectOption(d);
	await page.locator(".notefield input").fill("Marketing, <i>Anna</i>");
	await page.locator(".choices button", { hasText: "Service you use" }).click();
	await until(async () => (await log(x.id))[0]?.class === "service", "the decision");
	const line = (await log(x.id))[0] as Decision;
	assert.equal(line.domain, d);
	assert.equal(line.note, "Marketing, <i>Anna</i>");
	assert.equal((await one(x.id)).domains.find((y) => y.domain === d)?.class, "service");
	await page.locator(".decisionlog tr[data-row]").first().waitFor();
	await until(async () => (await page.locator(".decisionlog tr[data-row]").first().innerText()).includes("Marketing, <i>Anna</i>"), "the line in the log");
	await page.locator(".decisionlog .c-do button").first().click();
	await until(async () => (await log(x.id))[0]?.undone !== null, "it to be taken back");
	await until(async () => await page.locator(".decisionlog tr.undone").count() > 0, "the log to say so");

	for (const [name, want] of [["Its rows", "/explore"], ["Explore its mail", "/explore"], ["Reports with it", "/reports"]] as const) {
		await page.locator(".senderhead a", { hasText: name }).click();
		await settle(page);
		assert.equal(new URL(page.url()).pathname, want);
		assert.equal(new URL(page.url()).searchParams.get("sender"), x.id);
		assert.equal(await page.locator(".notice.bad").count(), 0);
		assert.match(await page.locator(".chip", { hasText: "Sender" }).innerText(), /\S/);
		await page.goBack();
		await settle(page);
	}
	/* and from rows and addresses to their sender */
	await visit(page, `${s.url}/explore?t=all&view=rows&sender=${x.id}`);
	await page.locator("tr[data-row] .senderlink").first().click();
	await settle(page);
	assert.equal(new URL(page.url()).pathname, `/senders/${x.id}`);
	await visit(page, `${s.url}/sources?t=all&sender=${x.id}`);
	await page.locator("tr[data-row] .senderlink").first().click();
	await settle(page);
	assert.equal(new URL(page.url()).pathname, `/senders/${x.id}`);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("class and sender are filters with names", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, `${s.url}/explore?t=all&class=!own,service`);
	assert.match(await page.locator(".chip", { hasText: "Class of sender" }).innerText(), /Your servers, Service you use/);
	const x = (await review())[0] as Sender;
	await visit(page, `${s.url}/senders?t=all&sender=${x.id}`);
	await until(async () => await page.locator("tr[data-row]").count() === 1, "one sender");
	await page.locator(".chip", { hasText: "Sender" }).locator(".chip-main").click();
	await page.locator(".editor .options label").first().waitFor();
	assert.equal((await page.locator(".editor .options label").first().innerText()).match(/^\d+$/), null, "options have names");
	await ctx.close();
});

test("senders: empty because of a filter, nothing to review, an error with Retry, loading", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, `${s.url}/senders?hfrom=nobody.invalid`);
	assert.match(await page.locator(".empty").innerText(), /No sender/);
	await page.locator(".empty .chip").first().click();
	await settle(page);
	assert.ok(!page.url().includes("nobody"));
	await page.route("**/api/v1/senders?*", (r) => r.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify({ from: null, to: null, items: [], total: 0, next: null }) }));
	await visit(page, `${s.url}/senders?t=7d&tab=review`);
	assert.match(await page.locator(".empty").innerText(), /Nothing is left to review/);
	await page.unroute("**/api/v1/senders?*");
	let broken = true;
	await page.route("**/api/v1/senders?*", async (r) => {
		if (!broken) {
			await new Promise((go) => setTimeout(go, 500));
			return r.continue();
		}
		return r.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "Too slow", status: 503, detail: "Narrow it.", request_id: "req-5" }) });
	});
	await page.goto(`${s.url}/senders?t=90d`);
	const box = page.locator(".notice.bad");
	await box.waitFor();
	assert.match(await box.innerText(), /Too slow[^]*Narrow it\.[^]*req-5/);
	broken = false;
	await box.locator("button").click();
	await page.locator(".skeleton").waitFor();
	await settle(page);
	assert.equal(await page.locator(".notice.bad").count(), 0);
	await page.unroute("**/api/v1/senders?*");
	await visit(page, `${s.url}/senders/99999999`);
	assert.match(await page.locator(".notice.bad").innerText(), /404/);
	await ctx.close();
});

test("hostile senders show as text", async (t) => {
	if (!s.mock)
		return t.skip("needs the made-up reports");
	const { ctx, page, seen } = await open(b, s.url);
	await visit(page, `${s.url}/senders?t=all&tab=review`);
	await row(page, "12").locator(".expander").click();
	await settle(page);
	const list = await page.locator("main").evaluate((e) => e.textContent ?? "");
	await visit(page, `${s.url}/senders/12?t=all`);
	const text = list + await page.locator("main").evaluate((e) => e.textContent ?? "");
	for (const part of ["<img src=x onerror=alert(9)>\\u{202E}evil", "<script>alert('ptr')</script>\\u{2066}", "<i>how</i> {{constructor}}"])
		assert.ok(text.includes(part), part);
	assert.equal(text.match(/[\u0000-\u0008\u200b-\u200f\u202a-\u202e\u2066-\u2069]/), null, "a hidden character is drawn");
	assert.equal(await page.locator("main img, main script, main iframe, a[href^='javascript:']").count(), 0);
	await page.locator(".choices button", { hasText: "Not ours" }).click();
	await toast(page).waitFor();
	assert.ok((await toast(page).innerText()).includes("<img src=x onerror=alert(9)>\\u{202E}evil"));
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("on a phone: cards with buttons that say what they do, nothing wider than the screen", async () => {
	const { ctx, page } = await open(b, s.url, { viewport: { width: 375, height: 812 } });
	await visit(page, `${s.url}/senders?t=all&tab=review`);
	const id = (await review())[0]?.id ?? "";
	assert.match(await row(page, id).locator(".triage").innerText(), /Mine[^]*Not mine[^]*Forwarder/);
	const box = await row(page, id).locator(".tri-y").boundingBox();
	assert.ok(box !== null && box.height >= 24 && box.width >= 24);
	await row(page, id).locator(".tri-y").click();
	await toast(page).locator(".btn", { hasText: "Undo" }).waitFor();
	assert.equal(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
	const shown = await toast(page).boundingBox(), nav = await page.locator(".rail").boundingBox();
	assert.ok(shown !== null && nav !== null && (shown.y + shown.height <= nav.y + 1 || nav.y + nav.height <= shown.y), "the toast covers no navigation");
	await page.keyboard.press("z");
	await until(async () => (await one(id)).class_by === "auto", "it to be taken back");
	await ctx.close();
});

test("who only looks has no buttons, and keys do nothing", async () => {
	const { ctx, page } = await open(b, s.url);
	const asked: string[] = [];
	page.on("request", (r) => {
		if (r.method() !== "GET")
			asked.push(r.url());
	});
	await page.route("**/api/v1/me", (r) => r.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify({ user: "vera", role: "viewer", domains: null, csrf: "x", how: "session" }) }));
	const id = (await review())[0]?.id ?? "";
	await visit(page, `${s.url}/senders?t=all&tab=review`);
	await until(async () => await page.locator(".triage .btn").count() === 0, "no buttons");
	assert.equal(await page.locator(".c-pick input").count(), 0);
	await row(page, id).focus();
	await page.keyboard.press("n");
	await visit(page, `${s.url}/senders/${id}?t=all`);
	await page.getByText("Admins decide").waitFor();
	await page.keyboard.press("y");
	await page.waitForTimeout(200);
	assert.deepEqual(asked, []);
	await ctx.close();
});

test("one sender: pairs and days of receivers keep what is clicked, the text for the vendor speaks each language", async () => {
	const { ctx, page, seen } = await open(b, s.url, { permissions: ["clipboard-read", "clipboard-write"] });
	const id = (await api("senders?t=all&sort=-m&limit=5")).items.find((x) => Number(x.id) > 1)?.id ?? "";
	const full = await api<{ pairs: { items: { from: string | null; counts: { m: number } }[]; other: { m: number } }; counts: { m: number } }>(`senders/${id}?t=all`);
	assert.equal(full.pairs.items.reduce((n, p) => n + p.counts.m, full.pairs.other.m), full.counts.m, "every message is in one pair");
	await visit(page, `${s.url}/senders/${id}?t=all`);
	const first = page.locator("table.pairs tbody tr").first();
	await first.locator("button.val").first().click();
	await settle(page);
	assert.equal(new URL(page.url()).searchParams.get("hfrom"), full.pairs.items[0]?.from);
	await page.goBack();
	await settle(page);
	await page.locator("figure.heat .h[data-mark]").first().click();
	await settle(page);
	assert.match(here(page), /[?&]reporter=.*/);
	await page.goBack();
	await settle(page);
	await page.locator("button", { hasText: "Write the text" }).click();
	const box = page.locator(".vendortext textarea");
	for (const lang of ["en", "cs", "de", "pt", "ru"]) {
		const want = await api<{ subject: string; text: string }>(`senders/${id}/vendor?t=all&lang=${lang}`);
		await page.locator(".vendortext select").selectOption(lang);
		await until(async () => await page.locator(".vendortext textarea").getAttribute("lang") === lang, lang);
		assert.equal(await box.inputValue(), want.text);
	}
	await page.locator(".vendortext button").click();
	await until(async () => (await page.evaluate("navigator.clipboard.readText()") as string).includes("1."), "the text in the clipboard");
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});
