/*
 * Failure reports and TLS reports in a browser. What depends on made-up data
 * runs against the mock only; the way from a source to its failure samples
 * and on to the rows of that day is walked against a daemon, too.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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

interface Item { id: string; ip: string | null; domain: string | null; day: string; type?: string; class?: string; failures?: number; key?: string }
const api = async <T = { items: Item[]; total?: { n: number } }>(path: string): Promise<T> => await (await fetch(`${s.url}/api/v1/${path}`)).json() as T;
const here = (page: Page): string => new URL(page.url()).pathname + new URL(page.url()).search;
const rowCount = (page: Page): Promise<number> => page.locator("tr[data-row]").count();
/* What tells of people in the made-up messages; none of it may be seen unless revealed. */
const SECRET = /anna\.secret|Anna Secret|bob\.private|very private|private invoice|mallory|alert\('subject'\)/;

test("failures: the list is masked, its filters are sent, others are kept and shown as unused", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const all = (await api("failures?t=all&limit=500&total=1")).total?.n ?? 0;
	await visit(page, `${s.url}/failures?t=all&align=none&colour=blue`);
	assert.equal(await page.locator(".chip.unused").count(), 1);
	assert.match(await page.locator(".chip.unused").innerText(), /not used here/);
	assert.equal(await page.locator(".chip.bad").count(), 1);
	assert.equal(await page.locator(".cmp").count(), 0, "nothing to compare with");
	assert.ok(all > 0 && await rowCount(page) === Math.min(100, all));
	await page.locator("tr[data-row] td.mono .val").first().click();
	await settle(page);
	const ip = new URL(page.url()).searchParams.get("ip");
	assert.ok(ip !== null && page.url().includes("align=none") && page.url().includes("colour=blue"), page.url());
	const n = (await api(`failures?t=all&limit=500&ip=${encodeURIComponent(ip)}`)).items.length;
	await until(async () => await rowCount(page) === n, "the failures of one source");
	await page.keyboard.press("/");
	await page.keyboard.type("type of");
	await page.keyboard.press("Enter");
	await page.locator(".editor .options label", { hasText: "Authentication failure" }).click();
	await page.locator(".editor-foot .primary").click();
	await settle(page);
	assert.equal(new URL(page.url()).searchParams.get("type"), "auth-failure");
	await page.locator(".rail nav a", { hasText: "Explore" }).click();
	await settle(page);
	assert.equal(await page.locator(".chip.unused", { hasText: "Type of failure report" }).count(), 1);
	assert.equal(await page.locator(".notice.bad").count(), 0);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("failures: by keyboard to a report and back", async () => {
	const { ctx, page } = await open(b, s.url);
	await visit(page, s.url + "/?t=all");
	await page.keyboard.press("g");
	await page.keyboard.press("f");
	await settle(page);
	assert.equal(here(page), "/failures?t=all");
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	await settle(page);
	assert.match(here(page), /^\/failures\/f\d+\?t=all$/);
	await until(() => page.evaluate("document.activeElement?.tagName === 'H1'"), "the heading to have the focus");
	await page.locator(".crumbs a").click();
	await settle(page);
	assert.equal(here(page), "/failures?t=all");
	await page.keyboard.press("g");
	await page.keyboard.press("l");
	await settle(page);
	assert.equal(here(page), "/tls?t=all");
	await ctx.close();
});

test("with defaults no page and no answer tells of people", async () => {
	const { ctx, page } = await open(b, s.url);
	const answers: Promise<string>[] = [];
	page.on("response", (r) => {
		if (r.url().includes("/api/v1/"))
			answers.push(r.text().catch(() => ""));
	});
	const list = await api("failures?t=all&limit=500");
	await visit(page, s.url + "/failures?t=all");
	const texts = [await page.locator("body").innerText()];
	for (const f of list.items.slice(0, s.mock ? 30 : 12)) {
		await visit(page, `${s.url}/failures/${f.id}`);
		if (await page.locator("details.headers").count() > 0)
			await page.locator("details.headers summary").click();
		texts.push(await page.locator("body").innerText());
		assert.equal(await page.locator("pre.plaintext").count(), 0, `${f.id} shows a body`);
	}
	for (const t of [...texts, ...await Promise.all(answers)]) {
		assert.doesNotMatch(t, SECRET);
		if (!s.mock)	/* a local part is its first letter at most */
			for (const a of t.matchAll(/([^\s<>"',;:()=]+)@[a-z0-9-]+\.(?:example|test|org|net|com)\b/g))
				if (!/^.?•••$/.test(a[1] ?? "") && !/^(noreply|postmaster|mailer-daemon|dmarc|ruf|reports?|failures?)/i.test(a[1] ?? ""))
					assert.fail(`an address is not masked: ${a[0]}`);
	}
	await ctx.close();
});

test("reveal asks first, says who asks with its header, and is gone with the page", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const asked: { method: string; header: string | undefined }[] = [];
	page.on("request", (r) => {
		if (r.url().endsWith("/reveal"))
			asked.push({ method: r.method(), header: r.headers()["x-dmarcd-action"] });
	});
	const list = await api("failures?t=all&limit=500&type=auth-failure");
	let id = "";
	for (const f of list.items) {
		const d = await api<{ redact: string; sample: { kind: string } }>(`failures/${f.id}`);
		if (d.redact === "none" && d.sample.kind !== "none") {
			id = f.id;
			break;
		}
	}
	const reveals = async () => (await api<{ reveals: unknown[] }>(`failures/${id}`)).reveals.length;
	const before = await reveals();
	await visit(page, `${s.url}/failures/${id}`);
	const masked = await page.locator("main").innerText();
	await page.locator(".pagehead .side .btn").click();
	const dialog = page.locator("dialog[open]");
	await dialog.waitFor();
	assert.match(await dialog.innerText(), /written down/);
	assert.equal(await page.evaluate("document.activeElement?.closest('dialog') !== null && !document.activeElement.classList.contains('primary')"), true, "the harmless button has the focus");
	await page.keyboard.press("Escape");
	await until(async () => await page.locator("dialog").count() === 0, "the dialog to close");
	assert.equal(asked.length, 0, "Escape asks for nothing");
	assert.equal(await reveals(), before);

	await page.locator(".pagehead .side .btn").click();
	await dialog.locator(".primary").click();
	await page.locator(".notice", { hasText: "Shown unmasked" }).waitFor();
	assert.deepEqual(asked, [{ method: "POST", header: "1" }]);
	const bare = await page.locator("main").innerText();
	assert.notEqual(bare, masked);
	if (s.mock)
		assert.match(bare, SECRET);
	assert.equal(await reveals(), Math.min(20, before + 1), "it is in the log");
	await page.locator(".pagehead .side .btn").click();
	await until(async () => await page.locator(".notice", { hasText: "Shown unmasked" }).count() === 0, "the mask to be back");
	await settle(page);
	assert.doesNotMatch(await page.locator("main").innerText(), SECRET);

	await page.locator(".pagehead .side .btn").click();
	await dialog.locator(".primary").click();
	await page.locator(".notice", { hasText: "Shown unmasked" }).waitFor();
	await page.locator(".crumbs a").click();
	await settle(page);
	await page.goBack();
	await settle(page);
	assert.equal(await page.locator(".notice", { hasText: "Shown unmasked" }).count(), 0);
	assert.doesNotMatch(await page.locator("main").innerText(), SECRET);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("a reveal that is refused shows nothing, and why", async () => {
	const { ctx, page } = await open(b, s.url);
	const id = (await api("failures?t=all&limit=1&type=auth-failure")).items[0]?.id ?? "";
	await page.route("**/reveal", (r) => r.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ title: "Not allowed", status: 403, detail: "Not from this machine. <b>x</b>", request_id: "req-9" }) }));
	await visit(page, `${s.url}/failures/${id}`);
	await page.locator(".pagehead .side .btn").click();
	await page.locator("dialog .primary").click();
	const box = page.locator("dialog .notice.bad");
	await box.waitFor();
	for (const part of ["Not allowed", "Not from this machine. <b>x</b>", "req-9"])
		assert.ok((await box.innerText()).includes(part), part);
	await page.keyboard.press("Escape");
	await until(async () => await page.locator("dialog").count() === 0, "the dialog to close");
	assert.equal(await page.locator(".notice", { hasText: "Shown unmasked" }).count(), 0);
	await ctx.close();
});

test("from a failing source to its failure samples, on to the aggregate rows of that day, and back", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const groups = (await api<{ items: Item[] }>("breakdown?t=90d&by=ip&sort=-fail&limit=100")).items;
	const at = groups.findIndex((g) => (g.failures ?? 0) > 0);
	assert.ok(at >= 0, "no source with failure samples");
	const ip = groups[at]?.key ?? "", n = groups[at]?.failures ?? 0;
	await visit(page, `${s.url}/sources?t=90d&sort=-fail&ip=${encodeURIComponent(ip)}`);
	await page.locator(".sources .expander").first().click();
	await settle(page);
	const link = page.locator(".source-detail .actions a[href*='/failures']");
	assert.match(await link.innerText(), new RegExp(`^${n} failure sample`));
	await link.click();
	await settle(page);
	assert.equal(new URL(page.url()).searchParams.get("ip"), ip);
	assert.equal(await rowCount(page), Math.min(100, n), "the link leads to as many as it says");

	/* one that aggregate rows stand beside */
	const samples = (await api(`failures?${new URL(page.url()).searchParams.toString()}&limit=100`)).items;
	let one = "", rows = 0;
	for (const f of samples) {
		const d = await api<{ rows: { rows: number } }>(`failures/${f.id}`);
		if (d.rows.rows > 0) {
			one = f.id;
			rows = d.rows.rows;
			break;
		}
	}
	assert.notEqual(one, "", "no aggregate rows beside any sample");
	await page.locator(`a.rowlink[href*='/failures/${one}?']`).click();
	await settle(page);
	await page.locator("a.btn.primary", { hasText: "row" }).click();
	await settle(page);
	assert.equal(new URL(page.url()).pathname, "/explore");
	await until(async () => await rowCount(page) === Math.min(100, rows), "the aggregate rows");
	const days = new Set(await page.locator("td.c-day").allInnerTexts());
	assert.equal(days.size, 1, "rows of one day");

	/* and back: the row knows its samples, and so does its report */
	await page.locator(".rows .expander").first().click();
	await page.locator(".explain a[href*='/failures']").waitFor();
	await page.locator(".explain a[href*='/reports/']").click();
	await settle(page);
	await page.locator(".kv a[href*='/failures']").first().click();
	await settle(page);
	assert.ok(await rowCount(page) > 0);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("TLS: figures, a day by key, a result to its failures, the reading for enforce, a report and its JSON", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const sum = await api<{ types: unknown[]; results: { result: string }[]; ready: { state: string }[]; reports: number }>("tls/summary?t=90d");
	await visit(page, s.url + "/tls?t=90d");
	assert.equal(await page.locator(".tile").count(), sum.types.length + 2);
	await page.locator(".plot canvas").waitFor();
	assert.equal(await page.locator("tr[data-row]", { has: page.locator(".c-remedy") }).count(), sum.results.length);
	assert.equal(await page.locator(".readylist > li").count(), sum.ready.length);
	for (const text of await page.locator(".tlsresults td.c-prose").allInnerTexts())
		assert.ok(text.length > 20 && !/^tls\./.test(text), text);
	await page.locator(".charttools .seg button").nth(1).click();
	assert.ok(here(page).includes("view=failed"));
	await page.locator(".chart .tools > .btn[aria-pressed]").click();
	await page.locator(".daytable tbody tr").first().waitFor();
	await page.locator(".tlsresults .val").first().click();
	await settle(page);
	assert.equal(new URL(page.url()).searchParams.get("result"), sum.results[0]?.result);
	await until(async () => await page.locator(".tlsresults tr[data-row]").count() === 1, "one result");
	await page.locator(".tabs button").nth(1).click();
	await settle(page);
	assert.ok(await rowCount(page) > 0);
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	await settle(page);
	assert.match(here(page), /^\/tls\/t\d+\?/);
	assert.ok(await page.locator(".advice li").count() > 0);
	const url = await page.locator(".downloads a").first().getAttribute("href");
	const r = await fetch(s.url + url);
	assert.equal(r.status, 200);
	assert.match(r.headers.get("content-disposition") ?? "", /^attachment/);
	assert.match(r.headers.get("content-security-policy") ?? "", /sandbox/);
	assert.ok(Array.isArray((JSON.parse(await r.text()) as { policies: unknown[] }).policies));
	assert.deepEqual(seen.errors, []);
	assert.deepEqual(seen.external, []);
	await ctx.close();
});

const STATES: [string, string, string, RegExp][] = [
	["failures", "/failures?reporter=nobody.invalid", "**/api/v1/failures?*", /No failure report/],
	["tls", "/tls?domain=nobody.invalid", "**/api/v1/tls/summary?*", /No TLS report/],
	["tls reports", "/tls?tab=reports&domain=nobody.invalid", "**/api/v1/tls/reports?*", /No TLS report/],
];
for (const [name, path, call, words] of STATES)
	test(`${name}: empty because of a filter, an error with Retry, loading`, async () => {
		const { ctx, page } = await open(b, s.url);
		await visit(page, s.url + path);
		assert.match(await page.locator(".empty").innerText(), words);
		await page.locator(".empty .chip").first().click();
		await settle(page);
		assert.ok(!page.url().includes("nobody"), page.url());
		let broken = true;
		await page.route(call, async (r) => {
			if (!broken) {
				await new Promise((go) => setTimeout(go, 500));
				return r.continue();
			}
			return r.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "Too slow", status: 503, detail: "Narrow it.", request_id: "req-5" }) });
		});
		await page.goto(s.url + path.replace(/[?&][a-z]+=nobody\.invalid/, (m) => m.startsWith("?") ? "?t=all" : "&t=all"));
		const box = page.locator(".notice.bad");
		await box.waitFor();
		assert.match(await box.innerText(), /Too slow[^]*Narrow it\.[^]*req-5/);
		broken = false;
		await box.locator("button").click();
		await page.locator(".skeleton").waitFor();
		await settle(page);
		assert.equal(await page.locator(".notice.bad").count(), 0);
		assert.equal(await page.locator(".empty").count(), 0);
		await ctx.close();
	});

test("a report that is not there is an error on its own page", async () => {
	const { ctx, page } = await open(b, s.url);
	for (const path of ["/failures/f999999999", "/tls/t999999999"]) {
		await visit(page, s.url + path);
		assert.match(await page.locator(".notice.bad").innerText(), /404/, path);
		assert.equal(await page.locator(".crumbs a").count(), 1, path);
	}
	await ctx.close();
});

test("a day without any report of the kind says how to get them", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs a period without reports");
	const { ctx, page } = await open(b, s.url);
	await visit(page, s.url + "/tls?from=2025-01-01&to=2025-01-02");
	assert.match(await page.locator(".empty").innerText(), /_smtp\._tls/);
	await visit(page, s.url + "/failures?from=2025-01-01&to=2025-01-02");
	assert.match(await page.locator(".empty").innerText(), /Nothing is wrong/);
	await ctx.close();
});

test("hostile failure and TLS reports show as text", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs the made-up reports");
	const { ctx, page, seen } = await open(b, s.url);
	const failures = (await api("failures?t=all&ip=203.0.113.250&type=!other&limit=50")).items;
	const visits: [string, string[]][] = [
		["/failures?t=all&ip=203.0.113.250", ["<i>dmarc</i>", "\"<img src=x onerror=alert(4)>\\u{202E}\"", "@<img src=x onerror=alert(1)>.example.net"]],
		[`/failures/${failures[0]?.id ?? ""}`, ["Evil/1.0 <script>alert(5)</script>", "javascript:alert(1)", "{{constructor}}", "\\u{202E}"]],
		["/tls?t=all", ["<script>alert('word')</script>", "<img src=x onerror=alert(6)>", "=cmd|' /C calc'!A0"]],
	];
	const odd = (await api<{ items: { id: string; org_name: string }[] }>("tls/reports?t=all&limit=500")).items.find((x) => x.org_name.includes("<b>"));
	visits.push([`/tls/${odd?.id ?? ""}`, ["Freemail <b>Inc.</b>", "\\u{202E}olleh", "javascript:alert(7) \\u{2066}x", "result-type \"<i>\" is no text"]]);
	for (const [path, parts] of visits) {
		await visit(page, s.url + path);
		const text = await page.locator("main").evaluate((e) => e.textContent ?? "");
		for (const part of parts)
			assert.ok(text.includes(part), `${path}: ${part}`);
		assert.equal(text.match(/[\u0000-\u0008\u200b-\u200f\u202a-\u202e\u2066-\u2069]/), null, `${path}: a hidden character is drawn`);
		assert.equal(await page.locator("main img, main script, main iframe, a[href^='javascript:']").count(), 0, path);
	}
	await visit(page, `${s.url}/failures/${failures[0]?.id ?? ""}`);
	await page.locator(".pagehead .side .btn").click();
	await page.locator("dialog .primary").click();
	await page.locator(".notice", { hasText: "Shown unmasked" }).waitFor();
	const bare = await page.locator("main").evaluate((e) => e.textContent ?? "");
	for (const part of ["<script>alert('subject')</script> \\u{2066}https://evil.example/\\u{2069}", "<b>x</b>\\u{0007}"])
		assert.ok(bare.includes(part), part);
	assert.equal(await page.locator("main img, main script, main iframe, main a[href*='evil']").count(), 0);
	assert.deepEqual(seen.errors, []);
	assert.deepEqual(seen.external, []);
	await ctx.close();
});
