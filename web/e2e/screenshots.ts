/*
 * npm run screenshots -- DIR [NAME-PART]: pictures of the pages, wide, tablet,
 * phone and dark; and contact sheets of them: DIR/index.html, and one picture
 * for each size. `make screenshots` does it with a daemon that has data.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { launch, open, site, visit } from "./browser";

const dir = process.argv[2];
const only = process.argv[3];
if (dir === undefined) {
	console.error("usage: npm run screenshots -- DIRECTORY [PART-OF-A-NAME]");
	process.exit(2);
}
mkdirSync(dir, { recursive: true });

const PAGES: [string, string, string?][] = [
	["overview", "/"],
	["todo", "/todo"],
	["todo-views", "/todo", ".share .pop .btn"],
	["domains", "/domains"],
	["domain", "/domains/shop.example"],
	["senders", "/senders"],
	["senders-review", "/senders?tab=review"],
	["senders-open", "/senders?tab=review", ".senders .expander"],
	["senders-picked", "/senders?tab=review", ".senders .c-pick input"],
	["sender", "/senders/SENDER"],
	["sender-service", "/senders/SERVICE"],
	["sources", "/sources"],
	["sources-open", "/sources?domain=shop.example&code=!P1", ".expander"],
	["explore", "/explore"],
	["flow", "/explore?view=flow"],
	["flow-fail", "/explore?view=flow&by=reporter&measure=fail"],
	["heat", "/explore?view=heat"],
	["heat-rate", "/explore?view=heat&by=reporter&measure=pass_rate&t=90d"],
	["map-list", "/explore?view=map"],
	["map", "/explore?view=map&tab=map"],
	["explore-row", "/explore?domain=shop.example&align=none&view=rows", ".rows .expander"],
	["reports", "/reports"],
	["reporters", "/reports?tab=reporters"],
	["report", "REPORT"],
	["failures", "/failures?t=all"],
	["failure", "/failures/FAILURE"],
	["failure-reveal", "/failures/FAILURE", ".pagehead .side .btn"],
	["failures-empty", "/failures?reporter=nobody.example"],
	["tls", "/tls"],
	["tls-failed", "/tls?view=failed&group=tlsa"],
	["tls-reports", "/tls?tab=reports"],
	["tls-report", "/tls/TLSREPORT"],
	["tls-empty", "/tls?t=all&domain=nobody.example"],
	["intake", "/health"],
	["decode", "/decode"],
	["settings", "/settings"],
	["palette", "/", "PALETTE"],
	["compare", "/?cmp=year", ".cmp"],
	["help", "/help/alignment"],
	["notfound", "/no/such/page"],
	["empty", "/explore?hfrom=nobody.example"],
	["unknown", "/sources?colour=blue&t=7d&ip=!192.0.2.0/24"],
	["filter", "/explore", "#add-filter"],
];
const SIZES: [string, number, number, boolean][] = [["wide", 1440, 900, false], ["tablet", 768, 1024, false], ["phone", 375, 812, false], ["dark", 1440, 900, true], ["phone-dark", 375, 812, true]];

const s = await site();
const b = await launch();
const domains = await (await fetch(`${s.url}/api/v1/domains?t=all`)).json() as { items: { domain: string }[] };
const domain = domains.items.find((d) => d.domain === "shop.example")?.domain ?? domains.items[0]?.domain ?? "";
const list = await (await fetch(`${s.url}/api/v1/reports?limit=50&domain=${encodeURIComponent(domain)}`)).json() as { items: { id: string }[] };
const first = async (path: string, fits: (x: never) => boolean = () => true): Promise<string> => {
	const j = await (await fetch(`${s.url}/api/v1/${path}`)).json() as { items: { id: string }[] };
	return (j.items.find((x) => fits(x as never)) ?? j.items[0])?.id ?? "";
};
const failure = await first("failures?limit=500&type=auth-failure", (x: { ip: string | null; domain: string | null }) => x.ip !== null && x.domain !== null);
const sender = await first("senders?limit=500&class=candidate,unknown,suspect", (x: { id: string }) => x.id !== "0" && x.id !== "1");
const service = await first("senders?limit=500&class=service");
const tls = await first("tls/reports?t=all&sort=-failure");
for (const [size, width, height, dark] of SIZES)
	for (const [name, path, click] of PAGES) {
		const file = `${name}-${size}.png`;
		if (only !== undefined && !file.includes(only))
			continue;
		const { ctx, page, seen } = await open(b, s.url, { viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
		await visit(page, s.url + (path === "REPORT" ? `/reports/${list.items[3]?.id ?? list.items[0]?.id ?? ""}#r2` : path.replace("shop.example", encodeURIComponent(domain)).replace("SENDER", sender).replace("SERVICE", service).replace("FAILURE", failure).replace("TLSREPORT", tls)));
		if (click !== undefined) {
			if (click === "PALETTE") {
				await page.keyboard.press("Control+k");
				await page.locator(".palette input").fill(domain.slice(0, 4));
			} else if (await page.locator(click).count() > 0)
				await page.locator(click).first().click();
			await page.waitForTimeout(400);
		}
		await page.waitForTimeout(250);
		const tall = Math.min(2200, await page.evaluate(() => document.documentElement.scrollHeight));
		const whole = name !== "help" && name !== "filter" && name !== "palette" && name !== "failure-reveal";
		await page.screenshot({ path: join(dir, file), ...(whole ? { fullPage: true, clip: { x: 0, y: 0, width, height: Math.max(tall, height) } } : {}) });
		if (seen.errors.length > 0)
			console.log(file, seen.errors);
		await ctx.close();
	}

/* Contact sheets: one page with everything, and a picture of each size. */
const shots = readdirSync(dir).filter((f) => f.endsWith(".png") && !f.startsWith("sheet-"));
const of = (size: string): string[] => PAGES.map(([name]) => `${name}-${size}.png`).filter((f) => shots.includes(f));
const figure = (f: string, w: number): string => `<figure style="width:${w}px"><a href="${f}"><img src="${f}" width="${w}" loading="lazy" alt=""></a><figcaption>${f.replace(/\.png$/, "")}</figcaption></figure>`;
const sheet = (body: string): string => `<!doctype html><meta charset="utf-8"><title>dmarcd, all pages</title>
<style>body{font:13px system-ui,sans-serif;margin:16px;background:#8a929c;color:#fff}section{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start}figure{margin:0}figcaption{padding:2px 0}img{display:block;box-shadow:0 1px 4px #0006}h2{font-size:15px}</style>
${body}\n`;
writeFileSync(join(dir, "index.html"), sheet(SIZES.map(([size, width]) => `<h2>${size}, ${width} px</h2><section>${of(size).map((f) => figure(f, width > 1000 ? 420 : width > 500 ? 300 : 190)).join("\n")}</section>`).join("\n")));
for (const [size, width] of SIZES) {
	const all = of(size);
	if (all.length === 0)
		continue;
	writeFileSync(join(dir, "sheet.html"), sheet(`<section>${all.map((f) => figure(f, width > 1000 ? 470 : width > 500 ? 310 : 180)).join("\n")}</section>`).replace(/ loading="lazy"/g, ""));
	const { ctx, page } = await open(b, "file://", { viewport: { width: 2000, height: 1000 } });
	await page.goto(pathToFileURL(join(dir, "sheet.html")).href);
	await page.waitForLoadState("load");
	await page.screenshot({ path: join(dir, `sheet-${size}.png`), fullPage: true });
	await ctx.close();
}
rmSync(join(dir, "sheet.html"), { force: true });
await b.close();
await s.close();
