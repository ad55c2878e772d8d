import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { decide, note, overlays, reset, shown, undo, type Target } from "../src/lib/decide";
import type { Decided, SenderClass, SenderShort } from "../src/lib/types-senders";
import { forwards, mine, senderName, verdictOf, whyClass } from "../src/lib/senders";

interface Asked { method: string; path: string; body: unknown; headers: Record<string, string> }
let asked: Asked[] = [];
let answer: (a: Asked) => { status: number; body: unknown } = () => ({ status: 404, body: {} });

Object.assign(globalThis, {
	document: { documentElement: { lang: "en" } },
	fetch: async (url: string, o: { method?: string; body?: string | null; headers?: Record<string, string> } = {}) => {
		const a = { method: o.method ?? "GET", path: url.replace("/api/v1/", ""), body: o.body ? JSON.parse(o.body) as unknown : null, headers: o.headers ?? {} };
		if (a.path === "me")
			return new Response(JSON.stringify({ user: "anna", role: "admin", domains: null, csrf: "c5rf", how: "session" }));
		asked.push(a);
		const r = answer(a);
		return new Response(JSON.stringify(r.body), { status: r.status });
	},
});

const short = (id: string, cls: SenderClass, last: string | null): SenderShort => ({
	id, label: `s${id}.test`, key: `domain:s${id}.test`, kind: "unknown", class: cls, class_label: cls, class_by: "user", inferred: "unknown", confidence: "low", identity: "low",
	evidence: [], note: null, last_decision: last, domains: [],
});
const done = (items: SenderShort[], undoes: string | null = "900"): { status: number; body: Decided } => ({ status: 200, body: { state: "done", request: "1", undo: undoes, n: items.length, items } });
const target = (id: string, seen: string | null = null): Target => ({ id, label: `s${id}.test`, class: "unknown", by: "auto", inferred: "unknown", seen });
const data = { id: "5", class: "unknown" as SenderClass, class_by: "auto" as const, inferred: "unknown" as SenderClass };

beforeEach(() => {
	reset();
	asked = [];
});

test("a decision is shown at once, then as the daemon says, then as newer data says", async () => {
	answer = () => done([short("5", "own", "31")]);
	const p = decide([target("5", "30")], "own", ["a.test"], "Anna");
	assert.deepEqual(shown(data, 0), { class: "own", by: "user", asking: true });
	await p;
	assert.deepEqual(asked.map((a) => [a.method, a.path, a.body]), [["PUT", "senders/5/decision", { class: "own", domains: ["a.test"], note: "Anna", seen: "30" }]]);
	assert.equal(asked[0]?.headers["X-Dmarcd-Action"], "1");
	assert.equal(asked[0]?.headers["X-CSRF-Token"], "c5rf");
	assert.equal(note.get()?.what, "decided");
	assert.deepEqual(shown(data, 0), { class: "own", by: "user", asking: false });
	assert.deepEqual(shown(data, Date.now() + 1), { class: "unknown", by: "auto", asking: false }, "newer data wins");
	/* our own decision is no surprise to the next one */
	answer = () => done([short("5", "list", "32")]);
	await decide([target("5", "30")], "list");
	assert.equal((asked[1]?.body as { seen: string }).seen, "31");
});

test("several are one request, and one undo takes the latest back", async () => {
	answer = (a) => a.path.endsWith("/undo") ? done([short("5", "unknown", "32"), short("6", "unknown", "33")], null) : done([short("5", "impostor", "32"), short("6", "impostor", "33")]);
	await decide([target("5"), target("6")], "impostor");
	assert.deepEqual(asked.map((a) => [a.method, a.path]), [["POST", "senders/decisions"]]);
	assert.deepEqual((asked[0]?.body as { decisions: { sender: string }[] }).decisions.map((d) => d.sender), ["5", "6"]);
	await undo();
	assert.equal(asked[1]?.path, "senders/decisions/900/undo");
	assert.equal(note.get()?.what, "undone");
	await undo();
	assert.equal(asked.length, 2, "nothing is left to take back");
});

test("what is refused is taken off, with the reason; who was slower is told", async () => {
	answer = () => ({ status: 422, body: { title: "Cannot be done", status: 422, detail: "no <b>such</b> domain" } });
	await decide([target("5")], "own");
	assert.equal(overlays.get().size, 0);
	assert.deepEqual([note.get()?.what, note.get()?.text, note.get()?.undo], ["failed", "no <b>such</b> domain", null]);
	answer = () => ({ status: 409, body: { title: "Changed", status: 409, detail: "meanwhile" } });
	await decide([target("5")], "own");
	assert.equal(note.get()?.what, "stale");
	assert.equal(overlays.get().size, 0);
});

test("a busy daemon is asked again until it is done", async () => {
	let looks = 0;
	answer = (a) => a.method === "GET" ? { status: 200, body: { request: "7", action: "decide", state: looks++ === 0 ? "waiting" : "done", done: null, n: 1, text: "" } } :
		{ status: 202, body: { state: "waiting", request: "7", undo: "7", n: 0, items: [] } };
	await decide([target("5")], "forwarder");
	assert.equal(looks, 2);
	assert.deepEqual(shown(data, 0), { class: "forwarder", by: "user", asking: false });
	assert.equal(note.get()?.undo, "7");
});

test("another session has another token: it is asked for anew, once", async () => {
	answer = () => ({ status: 403, body: { title: "Forbidden", status: 403 } });
	await decide([target("5")], "own");
	assert.equal(asked.length, 1, "the token is the same: no second try");
	assert.equal(note.get()?.what, "failed");
});

test("a key means what fits the sender", () => {
	assert.equal(mine({ kind: "unknown", key: "self:a.test", inferred: "candidate" }), "own");
	assert.equal(mine({ kind: "unknown", key: "known:Mailer", inferred: "unknown" }), "service");
	assert.equal(mine({ kind: "service", key: "user:Post", inferred: "unknown" }), "service");
	assert.equal(forwards({ kind: "list", inferred: "unknown" }), "list");
	assert.equal(forwards({ kind: "unknown", inferred: "forwarder" }), "forwarder");
	assert.equal(verdictOf("n", { kind: "list", key: "", inferred: "list" }), "impostor");
	assert.equal(verdictOf("u", { kind: "list", key: "", inferred: "list" }), null);
});

test("names and reasons", () => {
	assert.equal(senderName({ id: "1", label: "rest" }), "Background noise");
	assert.equal(senderName({ id: "7", label: "a\u202eb" }), "a\\u{202E}b");
	assert.match(whyClass({ ...short("7", "unknown", null), key: "known:Mailer X", label: "Mailer X" }), /You may be using Mailer X/);
	for (const c of ["own", "service", "candidate", "list", "forwarder", "suspect", "unknown", "noise"] as const)
		assert.ok(whyClass({ ...short("7", c, null), inferred: c }).length > 20, c);
});
