/* Users, tokens and mutes of the mock, as they are changed; and a configuration file, with a few names that try to be more. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PASSWORD, type Access } from "./access";

const day = (n: number): string => new Date(Date.UTC(2026, 4, 20, 8, n)).toISOString().replace(".000", "");
export const EVIL = "\u202e<img src=x onerror=alert(1)>";

export class Refused extends Error {
	constructor(readonly status: number, readonly field: string, readonly key: string, message: string) {
		super(message);
	}
}

const key = (name: string, value: string | null, line: number | null = null, how = "plain", cut = false) =>
	({ key: name, value, how, set: line !== null, cut, file: line === null ? null : "/etc/dmarcd/dmarcd.conf", line });
export const settings = {
	file: "/etc/dmarcd/dmarcd.conf", cut: false, sections: [
		{ section: "", title: null, file: null, line: null, keys: [key("state", "\"/var/lib/dmarcd\""), key("decoders", "2", 3), key("domains", "{ \"example.org\" }", 4, "plain", true)] },
		{ section: "mailbox", title: EVIL, file: "/etc/dmarcd/dmarcd.conf", line: 6, keys: [key("host", "\"imap.example.org\"", 7), key("password_file", "\"/etc/dmarcd/secret\"", 8, "file"), key("folder", "\"<b>INBOX</b>\"", 9)] },
		{ section: "alerts", title: null, file: "/etc/dmarcd/dmarcd.conf", line: 12, keys: [key("webhook", "https://hooks.example.com:443/...", 13, "part"), key("webhook_secret_command", null, 14, "command"), key("mute", "{ \"a11\" }", 15), key("command", null)] },
		{ section: "brandnew", title: null, file: null, line: null, keys: [key("x", null)] },
	],
};

const alert = (id: string, rule: string, domain: string | null, level: string, text: string, ended: string | null = null) =>
	({ id, rule, domain, level, since: day(1), ended, said: rule === "A5" ? null : day(2), mute: "", findings: [{ kind: rule, level, text, do: null, threshold: null, values: {}, link: null }] });
const mutes: { rule: string | null; domain: string | null; until: string | null; since: string; by: string | null }[] = [{ rule: "A6", domain: EVIL, until: null, since: day(3), by: EVIL }];
export const alerts = (admin: boolean) => ({
	open: [alert("1", "A8", null, "urgent", `Mailbox ${EVIL} cannot be read`), alert("2", "A5", "example.org", "warn", "Mailer has sent for it")],
	past: [alert("3", "A7", "example.net", "info", "no report", day(30))], mutes,
	...(admin ? { letters: [{ id: "x", channel: "mail", to: "ops@example.org", subject: "urgent", made: day(4), tries: 3, last: day(5), next: null, dead: true, error: EVIL }], dropped: 0 } : {}),
});

type Body = Record<string, unknown>;

function people(path: string, body: Body, a: Access, by: string): Body {
	const name = decodeURIComponent(path.split("/")[2] ?? String(body["name"])), u = a.people[name];
	const last = u?.role === "admin" && Object.values(a.people).filter((x) => x.role === "admin").length === 1;
	const fail = (status: number, field: string, k: string): never => {
		throw new Refused(status, field, k, `${field} ${k}`);
	};
	if (!/^[\w.@][\w.@-]*$/.test(name))
		fail(400, "name", "invalid_value");
	if (path.startsWith("/users")) {
		if (path === "/users" && u !== undefined)
			fail(409, "name", "taken");
		if (last && (path.endsWith("/remove") || body["role"] === "viewer"))
			fail(422, path.endsWith("/remove") ? "name" : "role", "last_admin");
		if (typeof body["password"] === "string" && body["password"].length < 10)
			fail(400, "password", "weak_password");
	} else if (path === "/tokens" && a.tokens.some((t) => t.name === name))
		fail(409, "name", "taken");
	if (body["own_password"] !== (a.people[by]?.password ?? PASSWORD)) {
		if (++a.guesses > 3)
			throw new Refused(429, "", "", "Wait.");
		fail(403, "own_password", "wrong_password");
	}
	if (path.endsWith("/remove"))
		delete a.people[name];
	else if (path.endsWith("/revoke"))
		a.tokens = a.tokens.filter((t) => t.name !== name);
	else if (path === "/tokens") {
		a.tokens.push({ name, role: String(body["role"]), domains: body["domains"] as string[] | null, made: day(55), used: null });
		return { token: `dmarcd_${"0123456789abcdef".repeat(4)}` };
	} else {
		const v = a.people[name] ??= { role: "viewer", domains: null };
		if (body["role"] !== undefined) {
			v.role = String(body["role"]);
			v.domains = body["domains"] as string[] | null;
		}
		if (body["password"] !== undefined)
			v.password = String(body["password"]);
	}
	return {};
}

function mute(path: string, body: Body): Body {
	const rule = body["rule"] as string | null, domain = body["domain"] as string | null, until = body["until"] as string | null;
	const at = mutes.findIndex((m) => m.rule === rule && m.domain === domain);
	if (path === "/alerts/mute" && domain !== null && !/^[a-z0-9.-]+$/.test(domain))
		throw new Refused(400, "domain", "invalid_value", "this is no name of a domain");
	if (at >= 0)
		mutes.splice(at, 1);
	if (path === "/alerts/mute")
		mutes.push({ rule, domain, until: until == null ? null : new Date(Date.parse(until) + 86400000).toISOString().replace(".000", ""), since: day(59), by: "root" });
	return {};
}

/* Answers, when it is one of these. */
export function change(req: IncomingMessage, res: ServerResponse, path: string, a: Access, head: Record<string, string>): boolean {
	if (!/^\/(users|tokens)(\/[^/]+(\/(remove|revoke))?)?$|^\/alerts\/(un)?mute$/.test(path) || req.method === "GET")
		return false;
	let text = "";
	req.on("data", (d: Buffer) => (text += d.toString()));
	req.on("end", () => {
		try {
			const body = JSON.parse(text) as Body;
			const more = path.startsWith("/alerts") ? mute(path, body) : people(path, body, a, a.who(req) ?? "");
			res.writeHead(200, { ...head, "Content-Type": "application/json", "Cache-Control": "no-store" }).end(JSON.stringify({ state: "done", request: "1", ...more }));
		} catch (e) {
			const r = e instanceof Refused ? e : new Refused(500, "", "", String(e));
			res.writeHead(r.status, { ...head, "Content-Type": "application/problem+json", ...(r.status === 429 ? { "Retry-After": "4" } : {}) }).end(JSON.stringify({
				type: "about:blank", title: "Not done", status: r.status, detail: r.message, errors: r.field === "" ? [] : [{ pointer: `/body/${r.field}`, key: r.key, args: {} }],
			}));
		}
	});
	return true;
}
