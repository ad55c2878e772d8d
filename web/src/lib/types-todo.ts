/* Answers of the API about what needs somebody. */
export type TaskState = "open" | "watching" | "snoozed" | "dismissed" | "done";
export type Severity = "urgent" | "week" | "later";
export type WatchVerdict = "no_mail" | "failing" | "looks_fixed" | "confirmed";

export interface Watch {
	id: string; sender: string; label: string; domain: string | null; code: string; day: string; at: string; by: string;
	verdict: WatchVerdict; since: string | null; through: string | null; m: number; bad: number; pass: number; expected: string; over: boolean;
}
export interface Task {
	id: string; state: TaskState; severity: Severity; key: string; args: Record<string, string | number | null>;
	domain: string | null; sender: string | null; label: string | null; code: string | null; text: string | null; do: string | null;
	m_week: number | null; effort_min: number | null; evidence_url: string | null; until: string | null; by: string | null; watch: Watch | null;
}
export interface Tasks {
	from: string; to: string; complete_through: string | null; counts: Record<TaskState | Severity, number>; items: Task[];
}
export interface View { id: string; at?: string; name: string; page: string; query: string }
/* The answer to what was asked for. */
export interface Said<T> { state: "done" | "waiting"; request: string; item: T | null }
