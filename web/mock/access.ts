/* Users of the mock: none, or one admin (alice) and one viewer of a domain (bob), both with the same password. */
import type { IncomingMessage } from "node:http";

export const PASSWORD = "a long enough password";
interface Person { role: string; domains: string[] | null; password?: string }

const day = (n: number): string => new Date(Date.UTC(2026, 4, 20, 8, n)).toISOString().replace(".000", "");

export class Access {
	people: Record<string, Person> = { alice: { role: "admin", domains: null }, bob: { role: "viewer", domains: ["example.org"] } };
	tokens = [{ name: "grafana", role: "read", domains: null as string[] | null, made: day(2), used: day(40) as string | null }, { name: "tickets", role: "read", domains: ["example.org"] as string[] | null, made: day(3), used: null }];
	guesses = 0;
	private readonly sessions = new Map<string, string>();
	private serial = 0;
	wrong = 0;

	constructor(readonly open: boolean) {}

	who(req: IncomingMessage): string | null {
		const c = /(?:^|; )dmarcd=(\w+)/.exec(req.headers.cookie ?? "");
		const user = c === null ? null : this.sessions.get(c[1] as string) ?? null;
		return user === null || this.people[user] === undefined ? null : user;
	}

	me(req: IncomingMessage): unknown {
		const user = this.who(req);
		return this.open ? { user: null, role: "admin", domains: null, csrf: null, how: "open" } :
			user === null ? null : { user, role: this.people[user]?.role, domains: this.people[user]?.domains, csrf: this.csrf(user), how: "session" };
	}

	/* null: all. */
	domains(req: IncomingMessage): string[] | null {
		return this.people[this.who(req) ?? ""]?.domains ?? null;
	}

	csrf(user: string): string {
		return Buffer.from(user.padEnd(32, "x")).toString("hex");
	}

	mayAct(req: IncomingMessage): boolean {
		const user = this.who(req);
		return this.open || (user !== null && this.people[user]?.role === "admin" && req.headers["x-csrf-token"] === this.csrf(user));
	}

	mayLook(req: IncomingMessage, path: string): boolean {
		const user = this.who(req);
		return this.open || this.people[user ?? ""]?.role === "admin" || !/^\/(users|audit|settings|ingest|requests)(\/|$)/.test(path);
	}

	login(user: string, password: string): string | null {
		if (this.people[user] === undefined || password !== (this.people[user].password ?? PASSWORD)) {
			this.wrong++;
			return null;
		}
		const secret = `s${++this.serial}`.padEnd(64, "0");
		this.sessions.set(secret, user);
		return secret;
	}

	logout(req: IncomingMessage): void {
		const c = /(?:^|; )dmarcd=(\w+)/.exec(req.headers.cookie ?? "");
		this.sessions.delete(c?.[1] ?? "");
	}

	endAll(): void {
		this.sessions.clear();
	}
}

export const users = (a: Access): unknown => ({
	users: Object.entries(a.people).map(([name, p]) => ({ name, role: p.role, domains: p.domains, made: day(0), changed: day(1), sessions: 1 })),
	tokens: a.tokens,
});
export const audit = {
	items: [
		{ time: day(50), event: "login_failed", who: null, from: "203.0.113.7", what: "and 12 refusals before that are not in this log" },
		{ time: day(45), event: "reveal", who: "alice", from: "192.0.2.1", what: "failures/f3/reveal" },
		{ time: day(44), event: "login", who: "alice", from: "192.0.2.1", what: null },
		{ time: day(1), event: "user_added", who: "root", from: "command line", what: "bob viewer" },
		{ time: day(0), event: "user_added", who: "<b onclick=alert(1)>", from: "command line", what: "\u202e<img src=x onerror=alert(1)>" },
	],
};
