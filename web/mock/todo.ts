/* Made-up tasks, and what people say about them while the mock runs. */
import type { Said, Severity, Task, TaskState, Tasks, View, Watch } from "../src/lib/types-todo";
import { addDays } from "../src/lib/url";
import { COMPLETE } from "./data";
import { Bad, Gone } from "./query";
import { classIn } from "./senders";

const FROM = addDays(COMPLETE, -6);

type Made = Pick<Task, "id" | "severity" | "key" | "domain" | "sender" | "label" | "code" | "text" | "do" | "m_week" | "effort_min" | "evidence_url"> & { args?: Task["args"] };
const HOSTILE = "<img src=x onerror=alert(9)>\u202eevil";
const at = (path: string, domain: string): string => `${path}?domain=${domain}&from=${FROM}&to=${COMPLETE}`;
const MADE: Made[] = [
	{ id: "00000000000000a1", severity: "urgent", key: "hurt", domain: "shop.example", sender: "3", label: "Mailer X", code: "F3", m_week: 212, effort_min: 20, evidence_url: at("/senders/3", "shop.example"),
		text: "shop.example: Mailer X fails DMARC; 212 messages of yours were put aside or refused, 0 the week before (F3).", do: "Switch on DKIM for shop.example at Mailer X." },
	{ id: "00000000000000a2", severity: "urgent", key: "mailbox", domain: null, sender: null, label: null, code: null, m_week: null, effort_min: 10, evidence_url: "/health",
		text: "Mailbox reports cannot be read: the server refuses the password.", do: "Set a new password and put it into the file that password_file names." },
	{ id: "00000000000000a3", severity: "week", key: "failing", domain: "example.org", sender: "4", label: "crm-bounces.example", code: "F6", m_week: 410, effort_min: 20, evidence_url: at("/senders/4", "example.org"),
		text: "example.org: 410 of 1,210 messages of crm-bounces.example failed DMARC, 395 the week before (F6).", do: "Let it sign with example.org." },
	{ id: "00000000000000a4", severity: "week", key: "review", domain: "shop.example", sender: "7", label: "Mail Y", code: null, m_week: 900, effort_min: 5, evidence_url: at("/senders/7", "shop.example"),
		text: "shop.example: is Mail Y yours? 900 messages of it failed, 7.2% of all mail.", do: "Say whether it is yours (dmarcd senders, or the page Senders): then its figures count on the right side." },
	{ id: "00000000000000a5", severity: "week", key: "review", domain: "example.org", sender: "12", label: HOSTILE, code: null, m_week: 60, effort_min: 5, evidence_url: at("/senders/12", "example.org"),
		text: `example.org: is "${HOSTILE}" yours? 60 messages of it failed.`, do: "Say whether it is yours." },
	{ id: "00000000000000a6", severity: "week", key: "tls", domain: "example.org", sender: null, label: null, code: null, m_week: null, effort_min: 30, evidence_url: at("/tls", "example.org"),
		text: "example.org: 57 of 6,966 TLS sessions failed (certificate-expired).", do: "See the page TLS: it says for each kind of failure what to do." },
	{ id: "00000000000000a7", severity: "later", key: "policy", domain: "example.net", sender: null, label: null, code: null, m_week: 3010, effort_min: 30, evidence_url: "/domains/example.net",
		text: "example.net only looks on (p=none), and 99.8% of your mail passes: see whether it can go further.", do: "Look through its senders once more; when each of yours passes, go to p=quarantine, first with t=y." },
];
const watchOf = (id: string, x: Partial<Watch>): Watch => ({
	id, sender: "6", label: "shop.example servers", domain: "shop.example", code: "F4", day: addDays(COMPLETE, -8), at: `${addDays(COMPLETE, -8)}T09:00:00Z`, by: "web, alice, 192.0.2.1", verdict: "no_mail",
	since: null, through: null, m: 0, bad: 0, pass: 0, expected: `${addDays(COMPLETE, -6)}T02:00:00Z`, over: false, ...x,
});

let said = new Map<string, { state: TaskState; until: string | null }>(), watches: Watch[] = [], views = new Map<string, View[]>(), serial = 9000;
export function todoReset(): void {
	said = new Map();
	views = new Map();
	watches = [
		watchOf("101", { verdict: "looks_fixed", m: 41, pass: 40, since: addDays(COMPLETE, -5), through: COMPLETE }),
		watchOf("102", { sender: "8", label: "example.net servers", domain: "example.net", code: "F11", verdict: "confirmed", m: 613, pass: 612, bad: 1, since: addDays(COMPLETE, -6), through: COMPLETE }),
	];
}
todoReset();

const done = <T>(item: T | null): Said<T> => ({ state: "done", request: String(++serial), item });

function all(): Task[] {
	const out: Task[] = MADE.filter((m) => m.sender === null || m.domain === null || classIn(m.sender, m.domain) !== "impostor").map((m): Task => {
		const w = watches.find((x) => x.sender === m.sender && x.code === m.code && (x.domain === null || x.domain === m.domain)) ?? null;
		const s = said.get(m.id);
		return { args: {}, ...m, state: s?.state ?? (w === null || w.verdict === "failing" ? "open" : w.verdict === "confirmed" ? "done" : "watching"), until: s?.until ?? null, by: s === undefined ? null : "web, alice, 192.0.2.1", watch: w };
	});
	for (const w of watches.filter((x) => !out.some((t) => t.watch === x)))
		out.push({ id: `00000000000b0${w.id.padStart(3, "0").slice(-3)}`, state: w.verdict === "confirmed" ? "done" : "watching", severity: "week", key: "watch", args: {}, domain: w.domain, sender: w.sender, label: w.label, code: w.code,
			text: null, do: null, m_week: null, effort_min: null, evidence_url: `/senders/${w.sender}`, until: null, by: null, watch: w });
	const states: TaskState[] = ["open", "watching", "snoozed", "dismissed", "done"], severities: Severity[] = ["urgent", "week", "later"];
	return out.sort((a, b) => states.indexOf(a.state) - states.indexOf(b.state) || severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
		(b.m_week ?? 0) / (b.effort_min ?? 1) - (a.m_week ?? 0) / (a.effort_min ?? 1));
}

export function tasks(p: URLSearchParams, empty: boolean, only: string[] | null): Tasks {
	const state = p.get("state") ?? "open", wanted = p.get("domain")?.split(",") ?? null;
	for (const k of p.keys())
		if (!["state", "domain", "t", "from", "to"].includes(k))
			throw new Bad(k, "tasks are chosen by domain, t, from, to and state");
	const list = empty ? [] : all().filter((x) => (wanted === null || (x.domain !== null && wanted.includes(x.domain))) && (only === null || (x.domain !== null && only.includes(x.domain))));
	const n = (f: (x: Task) => boolean): number => list.filter(f).length;
	const open = (s: Severity) => n((x) => x.state === "open" && x.severity === s), of = (s: TaskState) => n((x) => x.state === s);
	return {
		from: FROM, to: COMPLETE, complete_through: COMPLETE,
		counts: { open: of("open"), watching: of("watching"), snoozed: of("snoozed"), dismissed: of("dismissed"), done: of("done"), urgent: open("urgent"), week: open("week"), later: open("later") },
		items: list.filter((x) => state === "all" || x.state === state || (state === "done" && x.state === "dismissed")),
	};
}

export function sayTask(id: string, body: { state: TaskState; until?: string }): Said<Task> {
	if (!all().some((x) => x.id === id))
		throw new Gone("There is no such task, or it has gone.");
	if (body.state === "open")
		said.delete(id);
	else
		said.set(id, { state: body.state, until: body.until ?? null });
	return done(all().find((x) => x.id === id) ?? null);
}

export function watch(body: { sender: string; domain?: string | null; code: string }): Said<Watch> {
	const today = new Date().toISOString();
	const w = watchOf(String(++serial), { sender: body.sender, label: MADE.find((m) => m.sender === body.sender)?.label ?? "?", domain: body.domain ?? null, code: body.code, day: today.slice(0, 10), at: today,
		expected: `${addDays(today.slice(0, 10), 2)}T02:00:00Z` });
	watches = [w, ...watches.filter((x) => x.sender !== w.sender || x.domain !== w.domain || x.code !== w.code)];
	return done(w);
}
export function unwatch(id: string): Said<null> {
	if (!watches.some((w) => w.id === id))
		throw new Gone("There is no such watch, or it has gone.");
	watches = watches.filter((w) => w.id !== id);
	return done(null);
}
export const watchList = (): { items: Watch[] } => ({ items: watches });

export const viewList = (owner: string): { items: View[] } => ({ items: [...views.get(owner) ?? []].sort((a, b) => a.name < b.name ? -1 : 1) });
export function view(owner: string, body: { name: string; page: string; query: string }): Said<View> {
	const mine = (views.get(owner) ?? []).filter((v) => v.name !== body.name);
	if (mine.length >= 50)
		throw new Bad("name", "there are 50 saved views already; remove some first");
	const v = { id: String(++serial), ...body };
	views.set(owner, [...mine, v]);
	return done(v);
}
export function unview(owner: string, id: string): Said<null> {
	const mine = views.get(owner) ?? [];
	if (!mine.some((v) => v.id === id))
		throw new Gone("There is no such view, or it has gone.");
	views.set(owner, mine.filter((v) => v.id !== id));
	return done(null);
}
