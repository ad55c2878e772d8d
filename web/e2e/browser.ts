/* A browser and the address to test: DMARCD_URL, or the mock. */
import { chromium, type Browser, type BrowserContext, type Page, type Request } from "playwright-core";
import { start } from "../mock/server";

export interface Site { url: string; mock: boolean; close: () => Promise<void> }

export async function site(): Promise<Site> {
	const given = process.env.DMARCD_URL;
	if (given)
		return { url: given.replace(/\/$/, ""), mock: false, close: async () => {} };
	const { url, server } = await start();
	return { url, mock: true, close: () => new Promise((r) => {
		server.close(() => r());
		server.closeAllConnections();
	}) };
}

export const launch = (): Promise<Browser> => chromium.launch({
	executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true,
	args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

export interface Seen { errors: string[]; external: string[] }

const pending = new WeakMap<Page, Set<Request>>();

/* A page that remembers what went wrong on it. */
export async function open(b: Browser, base: string, opts: Parameters<Browser["newContext"]>[0] = {}): Promise<{ ctx: BrowserContext; page: Page; seen: Seen }> {
	const ctx = await b.newContext({ viewport: { width: 1440, height: 900 }, ...opts });
	const page = await ctx.newPage();
	const seen: Seen = { errors: [], external: [] };
	page.on("console", (m) => {
		if (m.type() === "error" || /Content Security Policy|Trusted/i.test(m.text()))
			seen.errors.push(m.text());
	});
	page.on("pageerror", (e) => seen.errors.push(String(e)));
	const open = new Set<Request>();
	pending.set(page, open);
	page.on("requestfinished", (r) => open.delete(r));
	page.on("requestfailed", (r) => open.delete(r));
	page.on("request", (r) => {
		open.add(r);
		if (!r.url().startsWith(base) && !r.url().startsWith("data:") && !r.url().startsWith("blob:"))
			seen.external.push(r.url());
	});
	page.on("dialog", (d) => {
		seen.errors.push("a dialog: " + d.message());
		void d.dismiss();
	});
	return { ctx, page, seen };
}

/*
 * Asks again and again. Playwright's own waitForFunction needs eval in the
 * page, and that is what the Content-Security-Policy forbids.
 */
export async function until(ask: () => Promise<unknown>, what: string): Promise<void> {
	for (let i = 0; i < 400; i++) {
		if (await ask())
			return;
		await new Promise((r) => setTimeout(r, 30));
	}
	throw new Error(`waited in vain for ${what}`);
}

/* Until the page has its data: nothing is loading, nothing is a skeleton. */
export async function settle(page: Page): Promise<void> {
	let quiet = 0;
	await page.waitForSelector("h1");
	await until(async () => {
		const idle = (pending.get(page)?.size ?? 0) === 0 && await page.evaluate("document.querySelector('.skeleton,[aria-busy=true]') === null");
		quiet = idle ? quiet + 1 : 0;
		return quiet >= 3;
	}, "the page to come to rest");
}

export async function visit(page: Page, url: string): Promise<void> {
	const open = pending.get(page), left = [...open ?? []];
	await page.goto(url);
	/* what the page before was still asking for: nobody says that it has ended */
	for (const r of left)
		open?.delete(r);
	await settle(page);
}
