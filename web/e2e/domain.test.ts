/*
 * A domain's page: who sends as it and what to do, and what the DNS says, in
 * sentences. Records are the words of whoever runs a zone: they are text.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, open, settle, site, visit, type Site } from "./browser";

const axe = readFileSync(createRequire(join(process.env.DMARCD_WEB ?? ".", "package.json")).resolve("axe-core/axe.min.js"), "utf8");
let s: Site, b: Browser;
before(async () => {
	s = await site();
	b = await launch();
});
after(async () => {
	await b?.close();
	await s?.close();
});
const api = async <T>(path: string): Promise<T> => await (await fetch(`${s.url}/api/v1/${path}`)).json() as T;

test("the senders of a domain: the same as the list of senders says, and a way to each", async () => {
	const { ctx, page, seen } = await open(b, s.url);
	const domain = (await api<{ items: { domain: string }[] }>("domains?t=all")).items[0]?.domain ?? "";
	const want = (await api<{ items: { id: string; counts: { m: number } }[]; total: number }>(`senders?t=all&sort=-m&limit=12&domain=${domain}`)).items;
	await visit(page, `${s.url}/domains/${domain}?t=all`);
	const rows = page.locator("table.ofdomain tbody tr[data-row]");
	assert.equal(await rows.count(), want.length);
	assert.deepEqual(await rows.evaluateAll((list) => list.map((r) => r.querySelector(".c-m .n")?.textContent?.replace(/\D/g, ""))), want.map((x) => String(x.counts.m)));
	for (const cell of await rows.locator(".c-act").allInnerTexts())
		assert.match(cell, /\w{3,}|–/);
	await rows.locator(".sendername a").first().click();
	await settle(page);
	assert.match(new URL(page.url()).pathname, /^\/senders\/\d+$/);
	await page.goBack();
	await settle(page);
	await page.getByRole("link", { name: /All senders of this domain/ }).click();
	await settle(page);
	assert.equal(new URL(page.url()).searchParams.get("domain"), domain);
	assert.deepEqual(seen.errors, []);
	await ctx.close();
});

test("what the DNS says: findings in words, records as text, a way to the mail", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs made-up records");
	for (const colorScheme of ["light", "dark"] as const) {
		const { ctx, page, seen } = await open(b, s.url, { colorScheme });
		await visit(page, `${s.url}/domains/example.net`);
		const dns = page.locator("section.card", { has: page.locator(".dns") });
		await dns.locator("details").evaluateAll((list) => list.forEach((d) => ((d as HTMLDetailsElement).open = true)));
		for (const x of await dns.locator(".expander").all())
			await x.click();
		const text = await dns.innerText();
		for (const part of ["only watches", "saw another policy", "11 of 10 look-ups", "which has no SPF record", "the key has gone", "1,024 bits", "Test mode",
			"<script>alert(11)</script>", "<svg onload=alert(12)>", "<img/src=x/onerror=alert(9)>.example", "p=<b>not a key</b>", "{{constructor}}", "\\226\\128\\174redirect=javascript:alert(10)"])
			assert.ok(text.includes(part), part);
		assert.equal(await dns.locator("img, script, iframe, b b, a[href^='javascript:'], svg[onload]").count(), 0);
		const subs = page.locator("section.card", { has: page.locator("h2", { hasText: "From domains" }) });
		assert.match(await subs.innerText(), /refused\s+own record/);
		assert.match(await subs.innerText(), /<img src=x onerror=alert\(1\)>\.example\.net[\s\S]*not known yet/);
		await page.evaluate(axe);
		const bad = await page.evaluate("axe.run(document.querySelector('main'), { resultTypes: ['violations'] })") as { violations: { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] }[] };
		assert.deepEqual(bad.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id} ${v.nodes[0]?.target.join(" ")} ${v.nodes[0]?.failureSummary}`), []);
		await dns.locator(".dnskeys .findings a").first().click();
		await settle(page);
		const q = new URL(page.url());
		assert.equal(q.pathname, "/explore");
		assert.deepEqual([q.searchParams.get("domain"), q.searchParams.get("selector"), q.searchParams.get("sigdomain"), q.searchParams.get("view")], ["example.net", "s1", "example.net", "rows"]);
		await page.goBack();
		await settle(page);
		await dns.getByRole("link", { name: /See the reports/ }).click();
		await settle(page);
		assert.equal(new URL(page.url()).pathname, "/reports");
		assert.deepEqual(seen.errors, []);
		assert.deepEqual(seen.external, []);
		await ctx.close();
	}
});

test("look-ups are off, not asked yet, nobody answers: each is said", async (ctx_) => {
	if (!s.mock)
		return ctx_.skip("needs made-up records");
	const { ctx, page } = await open(b, s.url);
	const names = (await api<{ items: { domain: string }[] }>("domains?t=all")).items.map((d) => d.domain).sort();
	const last = names[names.length - 1] ?? "";
	const main = (): Promise<string> => page.locator("main").innerText();
	await visit(page, `${s.url}/domains/${last}`);
	assert.match(await main(), /Not asked yet\. The names to ask for/);
	await page.route("**/api/v1/meta", async (r) => {
		const answer = await r.fetch(), meta = await answer.json() as { features: Record<string, boolean> };
		await r.fulfill({ json: { ...meta, features: { ...meta.features, resolver: false } } });
	});
	await visit(page, `${s.url}/domains/${last}`);
	assert.match(await main(), /Look-ups are off: .* Nothing is known of the records/);
	await visit(page, `${s.url}/domains/example.net`);
	assert.match(await main(), /Look-ups are off: .* said before/);
	await page.route("**/api/v1/domains/example.net?*", async (r) => {
		const answer = await r.fetch(), d = await answer.json() as { dns: { dmarc: Record<string, unknown>; spf: Record<string, unknown>; keys: unknown[]; changes: unknown[] } };
		const waiting = { said: { state: "waiting", texts: [], since: null, until: null }, answered: null, failure: "servfail" };
		d.dns = { ...d.dns, dmarc: { ...d.dns.dmarc, ...waiting, found: "none", asks: null }, spf: { ...d.dns.spf, ...waiting, lookups: null, fault: null, tree: [] }, keys: [], changes: [] };
		await r.fulfill({ json: d });
	});
	await visit(page, `${s.url}/domains/example.net?t=7d`);
	assert.match(await main(), /Nobody has answered so far \(the name server failed\)/);
	assert.match(await main(), /No mail of the last seven days had a valid signature[^]*Nothing has changed since/);
	await ctx.close();
});
