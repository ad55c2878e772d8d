/*
 * What people say about tasks: put off, not mine, fixed. Asked of the daemon,
 * and then all that is on screen is asked for anew.
 */
import { ApiError, changes, get, send, waitFor } from "./api";
import { decide, note as decided } from "./decide";
import { addDays, filterValue, type State } from "./url";
import { store } from "./store";
import type { Said, Task, TaskState, Watch } from "./types-todo";
import type { SenderShort } from "./types-senders";

export const SNOOZE_DAYS = 30;

/* Tasks are about now: of the filters in force the domain counts, the days do not. */
export function tasksPath(s: State, state: TaskState | "all"): string {
	const d = s.filters.find((f) => f.key === "domain");
	return `tasks?state=${state}${d === undefined ? "" : `&domain=${encodeURIComponent(filterValue(d))}`}`;
}

/* The groups of the page, in its order. */
export type Group = "urgent" | "week" | "later" | "watching" | "snoozed" | "done";
export const GROUPS: readonly Group[] = ["urgent", "week", "later", "watching", "snoozed", "done"];
export const groupOf = (x: Pick<Task, "state" | "severity">): Group =>
	x.state === "open" ? x.severity : x.state === "dismissed" ? "done" : x.state;

/* Can it be said to be fixed? It takes a sender, and a code that its mail shows. */
export const fixable = (x: Task): boolean => x.state === "open" && x.sender !== null && x.code !== null;
export const deniable = (x: Task): boolean => x.state === "open" && x.sender !== null;

/* The latest thing that was said, for the toast. */
export interface TaskNote { n: number; what: "snoozed" | "dismissed" | "open" | "watching" | "reopened" | "failed" | "late"; until: string | null; text: string; undo: (() => void) | null }
export const taskNote = store<TaskNote | null>(null);
let serial = 0;

function tell(x: Omit<TaskNote, "n">): void {
	decided.set(null);	/* one toast at a time */
	taskNote.set({ n: ++serial, ...x });
}

async function ask<T>(what: TaskNote["what"], method: "POST" | "PATCH" | "DELETE", path: string, body: unknown, rest: { until?: string | null; undo?: (x: T | null) => (() => void) | null } = {}): Promise<T | null> {
	try {
		const d = await send<Said<T>>(method, path, body);
		const state = await waitFor(d);
		changes.set(changes.get() + 1);
		tell({ what: state === "late" ? "late" : what, until: rest.until ?? null, text: "", undo: state === "late" ? null : rest.undo?.(d.item) ?? null });
		return d.item;
	} catch (e) {
		const p = e instanceof ApiError ? e.problem : { title: String(e), status: 0 };
		tell({ what: "failed", until: null, text: p.detail ?? p.title, undo: null });
		changes.set(changes.get() + 1);
		return null;
	}
}

const path = (x: Task): string => `tasks/${encodeURIComponent(x.id)}`;
const today = (): string => new Date().toISOString().slice(0, 10);

export const openAgain = (x: Task): Promise<unknown> => ask("open", "PATCH", path(x), { state: "open" });

export function snooze(x: Task): Promise<unknown> {
	const until = addDays(today(), SNOOZE_DAYS);
	return ask("snoozed", "PATCH", path(x), { state: "snoozed", until }, { until, undo: () => () => void openAgain(x) });
}

export const dismiss = (x: Task): Promise<unknown> =>
	ask("dismissed", "PATCH", path(x), { state: "dismissed" }, { undo: () => () => void openAgain(x) });

export const reopen = (w: Watch): Promise<unknown> => ask("reopened", "DELETE", `watches/${encodeURIComponent(w.id)}`, undefined);

export const fixed = (x: Task): Promise<unknown> =>
	ask<Watch>("watching", "POST", "watches", { sender: x.sender, domain: x.domain, code: x.code }, { undo: (w) => w === null ? null : () => void reopen(w) });

/* The decision that the page Senders takes as well, for the domain that the task is about. */
export async function notMine(x: Task): Promise<void> {
	try {
		const s = await get<SenderShort>(`senders/${encodeURIComponent(x.sender ?? "")}?t=all`);
		taskNote.set(null);
		await decide([{ id: s.id, label: s.label, class: s.class, by: s.class_by, inferred: s.inferred, seen: s.last_decision }], "impostor", x.domain === null ? null : [x.domain], null);
	} catch (e) {
		tell({ what: "failed", until: null, text: e instanceof ApiError ? e.problem.detail ?? e.problem.title : String(e), undo: null });
	}
}
