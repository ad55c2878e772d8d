/*
 * Decisions about senders: shown at once, asked of the daemon, and what the
 * daemon says then holds. What was decided in this visit can be taken back in
 * turn.
 */
import { ApiError, changes, send, waitFor } from "./api";
import { isAdmin, me } from "./session";
import { store } from "./store";
import type { Decidable, Decided, SenderClass, SenderShort } from "./types-senders";


/* What a sender is on screen until the lists have been asked for anew. */
export interface Overlay { class: SenderClass | null; by: "user" | "auto"; state: "asking" | "done"; at: number }
export const overlays = store<ReadonlyMap<string, Overlay>>(new Map());

export type Verdict = Decidable | null;	/* null: undecided, as inferred */
export interface Target { id: string; label: string; class: SenderClass; by: "user" | "auto"; inferred: SenderClass; seen: string | null }

/* The latest thing that happened, for the toast. */
export interface Note {
	n: number;
	what: "decided" | "undone" | "failed" | "stale" | "late";
	class: Verdict;
	senders: string[];	/* labels */
	text: string;		/* of the daemon, when it failed */
	undo: string | null;	/* what takes it back */
}
export const note = store<Note | null>(null);

interface Step { undo: string; targets: Target[] }
const steps: Step[] = [];
const seen = new Map<string, string | null>();	/* the latest decision that we know of, by sender */
let serial = 0;

const say = (v: Omit<Note, "n">): void => note.set({ n: ++serial, ...v });
export const canUndo = (): boolean => steps.length > 0;

function overlay(ids: string[], make: (id: string) => Overlay | null): void {
	const next = new Map(overlays.get());
	for (const id of ids) {
		const o = make(id);
		if (o === null)
			next.delete(id);
		else
			next.set(id, o);
	}
	overlays.set(next);
}

/* What the item is now: by the overlay while the data is older than it. */
export function shown(item: { id: string; class: SenderClass; class_by: "user" | "auto"; inferred: SenderClass }, dataAt: number, map = overlays.get()): { class: SenderClass; by: "user" | "auto"; asking: boolean } {
	const o = map.get(item.id);
	if (o === undefined || (o.state === "done" && dataAt > o.at))
		return { class: item.class, by: item.class_by, asking: false };
	return { class: o.class ?? item.inferred, by: o.by, asking: o.state === "asking" };
}

function truth(items: SenderShort[]): void {
	for (const s of items)
		seen.set(s.id, s.last_decision);
	const byId = new Map(items.map((s) => [s.id, s]));
	overlay(items.map((s) => s.id), (id) => {
		const s = byId.get(id) as SenderShort;
		return { class: s.class, by: s.class_by, state: "done", at: Date.now() };
	});
}

function failed(e: unknown, targets: Target[], cls: Verdict): void {
	const p = e instanceof ApiError ? e.problem : { title: String(e), status: 0 };
	overlay(targets.map((x) => x.id), () => null);
	say({ what: p.status === 409 ? "stale" : "failed", class: cls, senders: targets.map((x) => x.label), text: p.detail ?? p.title, undo: null });
	changes.set(changes.get() + 1);
}

async function finish(d: Decided, targets: Target[], cls: Verdict): Promise<boolean> {
	const state = await waitFor(d);
	if (d.state === "done")
		truth(d.items);
	else
		overlay(targets.map((x) => x.id), (id) => {
			const o = overlays.get().get(id);
			seen.delete(id);
			return state === "late" || o === undefined ? null : { ...o, state: "done", at: Date.now() };
		});
	if (state === "late")
		say({ what: "late", class: cls, senders: targets.map((x) => x.label), text: "", undo: null });
	changes.set(changes.get() + 1);
	return state === "done";
}

/* Several decisions on their way would overtake each other: one after another. */
let queue: Promise<unknown> = Promise.resolve();
function inTurn<T>(fn: () => Promise<T>): Promise<T> {
	const next = queue.then(fn, fn);
	queue = next.catch(() => undefined);
	return next;
}

/* domains null: all of them. */
export function decide(targets: Target[], cls: Verdict, domains: string[] | null = null, text: string | null = null): Promise<void> {
	if (!isAdmin(me.get()) || targets.length === 0)
		return Promise.resolve();
	const wish = (x: Target) => ({ class: cls, domains, note: text, seen: seen.has(x.id) ? seen.get(x.id) : x.seen });
	overlay(targets.map((x) => x.id), () => ({ class: cls, by: cls === null ? "auto" : "user", state: "asking", at: 0 }));
	return inTurn(async () => {
		try {
			const one = targets.length === 1 ? targets[0] : undefined;
			const d = one !== undefined ? await send<Decided>("PUT", `senders/${encodeURIComponent(one.id)}/decision`, wish(one)) :
				await send<Decided>("POST", "senders/decisions", { decisions: targets.map((x) => ({ sender: x.id, ...wish(x) })) });
			if (await finish(d, targets, cls) && d.undo !== null) {
				steps.push({ undo: d.undo, targets });
				say({ what: "decided", class: cls, senders: targets.map((x) => x.label), text: "", undo: d.undo });
			}
		} catch (e) {
			failed(e, targets, cls);
		}
	});
}

/* Takes back the latest, or the one that is named. */
export function undo(token?: string, about: Target[] = []): Promise<void> {
	return inTurn(async () => {
		const at = token === undefined ? steps.length - 1 : steps.findIndex((x) => x.undo === token);
		const step = steps[at] ?? (token === undefined ? undefined : { undo: token, targets: about });
		if (step === undefined)
			return;
		if (at >= 0)
			steps.splice(at, 1);
		overlay(step.targets.map((x) => x.id), (id) => {
			const x = step.targets.find((y) => y.id === id) as Target;
			return { class: x.class, by: x.by, state: "asking", at: 0 };
		});
		try {
			const d = await send<Decided>("POST", `senders/decisions/${encodeURIComponent(step.undo)}/undo`);
			if (await finish(d, step.targets, null))
				say({ what: "undone", class: null, senders: step.targets.map((x) => x.label), text: "", undo: null });
		} catch (e) {
			failed(e, step.targets, null);
		}
	});
}

/* For tests. */
export function reset(): void {
	steps.length = 0;
	seen.clear();
	overlays.set(new Map());
	note.set(null);
}
