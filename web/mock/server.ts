/*
 * A stand-in for the daemon: serves dist/ with the daemon's headers, and
 * answers the API from made-up data.
 *
 *	node test.mjs run mock/server.ts [PORT] [empty]
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { Access, audit, users } from "./access";
import { xmlOf } from "./data";
import { BadFilter, failure, failureList } from "./failures";
import { flow, heatmap } from "./flow";
import * as q from "./query";
import { take, whatBecame } from "./upload";
import { search } from "./search";
import { alerts, change, settings } from "./settings";
import * as who from "./senders";
import * as todo from "./todo";
import { tlsJson, tlsList, tlsReport, tlsSummary } from "./tls";

const web = process.env.DMARCD_WEB ?? ".";
const dist = process.env.DMARCD_DIST ?? join(web, "dist");
const TYPES: Record<string, string> = {
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
};
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const SECURITY = {
	"Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

function file(res: ServerResponse, path: string): void {
	const found = path !== "/" && existsSync(join(dist, path)) && extname(path) !== "";
	if (path.startsWith("/assets/") && !found) {
		res.writeHead(404, SECURITY).end("not found\n");
		return;
	}
	const name = found ? path : "/index.html";
	res.writeHead(200, {
		...SECURITY, "Content-Type": TYPES[extname(name)] ?? "application/octet-stream", "Content-Encoding": "gzip",
		"Cache-Control": name.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
	}).end(readFileSync(join(dist, name) + ".gz"));
}

function json(req: IncomingMessage, res: ServerResponse, status: number, body: unknown, type = "application/json"): void {
	const text = JSON.stringify(body);
	const etag = `W/"4711-${createHash("sha256").update(text).digest("hex").slice(0, 12)}"`;
	if (status === 200 && req.headers["if-none-match"] === etag) {
		res.writeHead(304, { ...SECURITY, ETag: etag, "Cache-Control": "private, no-cache" }).end();
		return;
	}
	res.writeHead(status, { ...SECURITY, "Content-Type": type, "Cache-Control": "private, no-cache", ...(status === 200 ? { ETag: etag } : {}) }).end(text);
}

function problem(req: IncomingMessage, res: ServerResponse, status: number, title: string, detail: string, key?: string): void {
	json(req, res, status, {
		type: "about:blank", title, status, detail, request_id: "mock-0001", errors: key === undefined ? [] : [{ pointer: "query", key, args: {} }],
	}, "application/problem+json");
}

function raw(res: ServerResponse, id: string, p: URLSearchParams): void {
	const r = q.find(id), as = p.get("as") ?? "xml";
	res.writeHead(200, {
		...SECURITY, "Content-Security-Policy": "sandbox; default-src 'none'", "Content-Type": as === "xml" ? "text/xml; charset=utf-8" : "application/octet-stream",
		...(p.get("inline") === "1" && as === "xml" ? {} : { "Content-Disposition": `attachment; filename="report-${r.id}.${as === "mail" ? "eml" : "xml"}"` }),
	}).end(xmlOf(r));
}

/* Failure reports and TLS reports. */
function other(req: IncomingMessage, res: ServerResponse, path: string, p: URLSearchParams): void {
	const none = (what: string) => problem(req, res, 404, "Not found", `There is no such ${what}.`);
	const bare = /^\/failures\/([^/]+)\/reveal$/.exec(path);
	if (bare !== null) {
		if (req.method !== "POST")
			return problem(req, res, 405, "Method not allowed", "This asks for something to be done: POST.");
		if (req.headers["x-dmarcd-action"] !== "1" || (req.headers["sec-fetch-site"] ?? "same-origin") !== "same-origin")
			return problem(req, res, 403, "Not allowed", "This request comes from another web page.");
		const f = failure(decodeURIComponent(bare[1] as string), true);
		if (f === null)
			return none("failure report");
		res.writeHead(200, { ...SECURITY, "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify(f));
		return;
	}
	if (req.method !== "GET" && req.method !== "HEAD")
		return problem(req, res, 405, "Method not allowed", "This API only answers GET.");
	if (path === "/failures")
		return json(req, res, 200, failureList(p));
	if (path === "/tls/summary")
		return json(req, res, 200, tlsSummary(p));
	if (path === "/tls/reports")
		return json(req, res, 200, tlsList(p));
	const m = /^\/(failures|tls\/reports)\/([^/]+)(\/raw)?$/.exec(path);
	const id = decodeURIComponent(m?.[2] ?? "");
	if (m?.[1] === "failures") {
		const f = failure(id);
		if (f !== null && m?.[3] !== undefined) {
			res.writeHead(200, { ...SECURITY, "Content-Type": "message/rfc822", "Content-Disposition": `attachment; filename="failure-${f.id}-masked.eml"` })
				.end(`From: ${f.mail.from ?? ""}\r\nSubject: failure report\r\n\r\nmasked\r\n`);
			return;
		}
		return f === null ? none("failure report") : json(req, res, 200, f);
	}
	const r = m === null ? null : tlsReport(id);
	if (r === null)
		return none("TLS report");
	if (m?.[3] === undefined)
		return json(req, res, 200, r);
	res.writeHead(200, { ...SECURITY, "Content-Security-Policy": "sandbox; default-src 'none'", "Content-Type": "application/json", "Content-Disposition": `attachment; filename="tls-${r.id}.json"` }).end(tlsJson(r));
}

/* What people decide about senders; the body comes first. */
function decide(req: IncomingMessage, res: ServerResponse, path: string): void {
	if (req.headers["x-dmarcd-action"] !== "1" || (req.headers["sec-fetch-site"] ?? "same-origin") !== "same-origin")
		return problem(req, res, 403, "Not allowed", "This request comes from another web page.");
	const parts: Buffer[] = [];
	req.on("data", (d: Buffer) => parts.push(d));
	req.on("end", () => {
		const one = /^\/senders\/(\d+)\/decision$/.exec(path), undo = /^\/senders\/decisions\/(\d+)\/undo$/.exec(path);
		try {
			const body = undo !== null ? null : JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
			const done = undo !== null ? who.undoDecisions(undo[1] as string) :
				who.decideAll(one !== null ? [{ ...body, sender: one[1] }] as never : body?.decisions as never);
			res.writeHead(200, { ...SECURITY, "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify(done));
		} catch (e) {
			if (e instanceof who.Stale)
				problem(req, res, 409, "Changed meanwhile", e.message);
			else
				problem(req, res, e instanceof q.Gone ? 404 : e instanceof q.Bad ? 422 : 400, "Cannot be done", String(e instanceof Error ? e.message : e));
		}
	});
}

/* What people say about tasks, fixes and views. */
function say(req: IncomingMessage, res: ServerResponse, path: string, owner: string): void {
	if (req.headers["x-dmarcd-action"] !== "1" || (req.headers["sec-fetch-site"] ?? "same-origin") !== "same-origin")
		return problem(req, res, 403, "Not allowed", "This request comes from another web page.");
	const parts: Buffer[] = [];
	req.on("data", (d: Buffer) => parts.push(d));
	req.on("end", () => {
		const [, what, id] = path.split("/") as [string, string, string | undefined];
		try {
			const body = req.method === "DELETE" ? null : JSON.parse(Buffer.concat(parts).toString()) as never;
			const said = what === "tasks" ? todo.sayTask(id ?? "", body as never) : what === "watches" ? (id === undefined ? todo.watch(body as never) : todo.unwatch(id)) :
				id === undefined ? todo.view(owner, body as never) : todo.unview(owner, id);
			res.writeHead(200, { ...SECURITY, "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify(said));
		} catch (e) {
			problem(req, res, e instanceof q.Gone ? 404 : e instanceof q.Bad ? 422 : 400, "Cannot be done", String(e instanceof Error ? e.message : e));
		}
	});
}

/* What a refusal means: the real reading is the daemon's, this knows one of each kind. */
function decode(req: IncomingMessage, res: ServerResponse): void {
	if (req.headers["x-dmarcd-action"] !== "1" || (req.headers["sec-fetch-site"] ?? "same-origin") !== "same-origin")
		return problem(req, res, 403, "Not allowed", "This request comes from another web page.");
	const parts: Buffer[] = [];
	req.on("data", (d: Buffer) => parts.push(d));
	req.on("end", () => {
		const text = (JSON.parse(Buffer.concat(parts).toString()) as { text: string }).text;
		const ip = /\d+\.\d+\.\d+\.\d+/.exec(text)?.[0] ?? null, domain = /(?:from|header\.from=) ?([a-z0-9.-]+\.[a-z]+)/.exec(text)?.[1] ?? null;
		const match = { key: "dmarc", title: "Refused because of DMARC", why: `Neither SPF nor DKIM proved ${domain}.`, do: "Sign with DKIM.", words: text.slice(0, 200) };
		res.writeHead(200, { ...SECURITY, "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify({
			lang: "en", matches: /dmarc policy/i.test(text) ? [match] : [], temporary: /^4/.test(text), domain, known: domain !== null, ip,
			seen: ip === null ? null : { from: "2026-02-20", to: "2026-05-20", ip, m: 41, codes: [{ code: "F7", title: "No proof at all", m: 40 }, { code: "P1", title: "Fully proven", m: 1 }], sender: { id: "3", label: "Mailer <b>X</b>" } },
			checks: /Authentication-Results:/.test(text) ? { lang: "en", code: "F5", title: "Neither listed nor signed as you", why: "SPF does not vouch for it.", do: null, do_yours: "Turn on DKIM.", do_not_yours: "Leave it.",
				legs: ["SPF: fail", "DKIM: not signed"], notes: [], snippets: [{ text: "Add to the SPF record:", type: "TXT", name: "example.com", value: "ip4:192.0.2.9" }] } : null,
		}));
	});
}

/* Who asks, and may he? True: answered. */
function access(req: IncomingMessage, res: ServerResponse, path: string, a: Access): boolean {
	const plain = { ...SECURITY, "Content-Type": "application/json", "Cache-Control": "no-store" };
	if (path === "/login" && req.method === "POST") {
		let text = "";
		req.on("data", (d: Buffer) => (text += d.toString()));
		req.on("end", () => {
			const { user, password } = JSON.parse(text) as { user: string; password: string };
			if (a.wrong >= 3 && user === "mallory") {
				res.writeHead(429, { ...plain, "Content-Type": "application/problem+json", "Retry-After": "7" }).end(JSON.stringify({ title: "Too many attempts", status: 429, detail: "Wait." }));
				return;
			}
			const secret = a.login(user, password);
			if (secret === null)
				problem(req, res, 401, "Not signed in", "The name or the password is wrong.");
			else
				res.writeHead(200, { ...plain, "Set-Cookie": `dmarcd=${secret}; Path=/; HttpOnly; SameSite=Strict` }).end("{}");
		});
		return true;
	}
	const me = a.me(req);
	if (me === null)
		problem(req, res, 401, "Not signed in", "Sign in first.");
	else if (path === "/me")
		res.writeHead(200, plain).end(JSON.stringify(me));
	else if (path === "/logout") {
		a.logout(req);
		res.writeHead(204, { ...SECURITY, "Set-Cookie": "dmarcd=; Path=/; Max-Age=0" }).end();
	} else if (["POST", "PUT", "PATCH", "DELETE"].includes(req.method ?? "") && !/^\/views(\/|$)/.test(path) ? !a.mayAct(req) : !a.mayLook(req, path))
		problem(req, res, 403, "Forbidden", "This is for admins. An admin of this machine can make you one: dmarcd user role.");
	else if (change(req, res, path, a, SECURITY))
		return true;
	else if ((path === "/users" || path === "/audit") && req.method === "GET")
		res.writeHead(200, plain).end(JSON.stringify(path === "/users" ? users(a) : audit));
	else
		return false;
	return true;
}

function api(req: IncomingMessage, res: ServerResponse, path: string, p: URLSearchParams, empty: boolean, a: Access): void {
	if (/^\/(tasks\/[^/]+|watches(\/[^/]+)?|views(\/[^/]+)?)$/.test(path) && req.method !== "GET" && req.method !== "HEAD")
		return say(req, res, path, a.who(req) ?? "");
	if ((req.method === "PUT" && /^\/senders\/\d+\/decision$/.test(path)) || (req.method === "POST" && /^\/senders\/decisions(\/\d+\/undo)?$/.test(path)))
		return decide(req, res, path);
	if (req.method === "POST" && path === "/upload")
		return take(req, res);
	const became = /^\/requests\/(\d+)$/.exec(path);
	if (became !== null)
		return json(req, res, 200, whatBecame(became[1] as string));
	if (req.method === "POST" && path === "/decode")
		return decode(req, res);
	const item = /^\/ingest\/items\/([^/]+)(?:\/(raw|retry|discard))?$/.exec(path);
	if (item !== null && (item[2] === "retry" || item[2] === "discard")) {
		if (req.method !== "POST")
			return problem(req, res, 405, "Method not allowed", "This asks for something to be done: POST.");
		if (req.headers["x-dmarcd-action"] !== "1" || (req.headers["sec-fetch-site"] ?? "same-origin") !== "same-origin")
			return problem(req, res, 403, "Not allowed", "This request comes from another web page.");
		return json(req, res, 202, q.act(decodeURIComponent(item[1] as string), item[2]));
	}
	if (/^\/(failures|tls)(\/|$)/.test(path))
		return other(req, res, path, p);
	if (req.method !== "GET" && req.method !== "HEAD") {
		problem(req, res, 405, "Method not allowed", "This API only answers GET.");
		return;
	}
	if (path === "/senders/decisions")
		return json(req, res, 200, who.decisions(p));
	const vendor = /^\/senders\/([^/]+)\/vendor$/.exec(path);
	if (vendor !== null)
		return json(req, res, 200, who.vendor(decodeURIComponent(vendor[1] as string), p));
	const sender = /^\/senders\/([^/]+)$/.exec(path);
	if (sender !== null)
		return json(req, res, 200, who.sender(decodeURIComponent(sender[1] as string), p));
	const row = /^\/rows\/([^/]+)\/explain$/.exec(path);
	if (row !== null)
		return json(req, res, 200, q.explainRow(decodeURIComponent(row[1] as string)));
	const m = /^\/(domains|reports)\/([^/]+)(\/raw)?$/.exec(path);
	const id = m === null ? "" : decodeURIComponent(m[2] as string);
	if (empty && path === "/meta")
		return json(req, res, 200, { ...q.meta(), complete_through: null, first_day: null, last_day: null, domains: 0, reports: 0 });
	if (m?.[1] === "domains")
		return json(req, res, 200, q.domain(id, p));
	if (m?.[3] === "/raw")
		return raw(res, id, p);
	if (m?.[1] === "reports")
		return json(req, res, 200, q.report(id));
	if (item?.[2] === "raw") {
		const x = q.quarantined(decodeURIComponent(item[1] as string));
		res.writeHead(200, { ...SECURITY, "Content-Security-Policy": "sandbox; default-src 'none'", "Content-Type": "application/octet-stream", "Content-Disposition": `attachment; filename="dmarc-quarantine-${x.id}.eml"` }).end(`Subject: message ${x.id}\r\n\r\n`);
		return;
	}
	if (item !== null)
		return json(req, res, 200, q.quarantined(decodeURIComponent(item[1] as string)));
	switch (path) {
	case "/me": return json(req, res, 200, { user: null, role: "admin", domains: null, csrf: null, lang: "en" });
	case "/settings": return json(req, res, 200, settings);
	case "/alerts": return json(req, res, 200, alerts(a.open || a.people[a.who(req) ?? ""]?.role === "admin"));
	case "/meta": return json(req, res, 200, q.meta());
	case "/search": return json(req, res, 200, search(p));
	case "/overview": return json(req, res, 200, q.overview(p));
	case "/timeseries": return json(req, res, 200, q.timeseries(p));
	case "/flow": return json(req, res, 200, flow(p));
	case "/heatmap": return json(req, res, 200, heatmap(p));
	case "/breakdown": return json(req, res, 200, q.breakdown(p));
	case "/explain": return json(req, res, 200, q.causes(p));
	case "/senders": return json(req, res, 200, who.senders(p));
	case "/rows": return json(req, res, 200, q.rowList(p));
	case "/domains": return json(req, res, 200, { items: q.domains(p) });
	case "/reports": return json(req, res, 200, q.reportList(p));
	case "/reporters": return json(req, res, 200, q.reporters(p));
	case "/tasks": return json(req, res, 200, todo.tasks(p, empty, a.domains(req)));
	case "/watches": return json(req, res, 200, todo.watchList());
	case "/views": return json(req, res, 200, todo.viewList(a.who(req) ?? ""));
	case "/ingest": return json(req, res, 200, q.ingest());
	default: return problem(req, res, 404, "Not found", `There is no ${path.slice(0, 100)} here.`);
	}
}

export function start(port = 0, empty = false, a = new Access(true)): Promise<{ url: string; server: Server }> {
	const server = createServer((req, res) => {
		const url = new URL(req.url ?? "/", "http://localhost");
		try {
			if (url.pathname.startsWith("/api/v1/")) {
				if (!access(req, res, url.pathname.slice(7), a))
					api(req, res, url.pathname.slice(7), url.searchParams, empty, a);
			} else if (!a.open && a.who(req) === null && url.pathname !== "/signin" && extname(url.pathname) === "")
				res.writeHead(303, { ...SECURITY, Location: `/signin?back=${encodeURIComponent(url.pathname + url.search)}` }).end();
			else if (url.pathname === "/healthz")
				json(req, res, 200, { status: "ok", generation: 4711 });
			else
				file(res, normalize(url.pathname));
		} catch (e) {
			if (e instanceof q.Bad || e instanceof BadFilter)
				problem(req, res, 400, "Bad query", e.message, e.key);
			else if (e instanceof q.Gone)
				problem(req, res, 404, "Not found", e.message);
			else
				problem(req, res, 500, "The mock failed", String(e));
		}
	});
	return new Promise((done) => server.listen(port, "127.0.0.1", () => done({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server })));
}

if (process.argv[1]?.endsWith("server.mjs"))
	void start(Number(process.argv[2] ?? 8090), process.argv[3] === "empty").then(({ url }) => console.log(`mock at ${url}`));
