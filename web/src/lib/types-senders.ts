/* Answers of the API about senders and what people decide about them. */
import type { BreakdownItem, Counts, Legs } from "./types";

export type SenderClass = "unknown" | "impostor" | "own" | "list" | "forwarder" | "service" | "candidate" | "suspect" | "noise";
export type Decidable = "own" | "service" | "candidate" | "forwarder" | "list" | "impostor" | "unknown";
export type Confidence = "none" | "low" | "medium" | "high";
export type LegWord = "aligned" | "partly" | "other_domain" | "fail" | "none" | "error" | "mixed";
export type Health = "none" | "good" | "one_leg" | "mixed" | "failing" | "quiet";

export interface Whose { id: string; label: string; class: SenderClass }
export interface Evidence { by: string; what: string; m: number }
export interface SenderDomain {
	domain: string; class: SenderClass; class_by: "user" | "auto"; inferred: SenderClass; confidence: Confidence; evidence: Evidence[];
	sources: number; m: number; first_day: string | null; last_day: string | null; note: string | null;
	decided_by: string | null; decided_at: string | null; decision: string | null; decided_for: "all" | "domain" | null;
}
export interface SenderShort {
	id: string; label: string; key: string; kind: string; class: SenderClass; class_label: string; class_by: "user" | "auto";
	inferred: SenderClass; confidence: Confidence; identity: Confidence; evidence: Evidence[]; note: string | null;
	last_decision: string | null; domains: SenderDomain[];
}
export interface SenderItem extends SenderShort {
	health: Health; counts: Counts; pass_rate: number | null; legs: { spf: LegWord; dkim: LegWord };
	codes: { code: string; m: number }[]; first_day: string | null; last_day: string | null;
	countries?: { country: string; addresses: number; share: number | null }[]; countries_n?: number;
}
export interface SenderPair {
	from: string | null; bounce: string | null; relation: "same" | "related" | "other" | null; counts: Counts; legs: Legs;
	first_day: string | null; last_day: string | null;
}
export interface VendorText { sender: string; label: string; from: string | null; to: string | null; lang: string; domain: string; subject: string; text: string }
export interface Senders { from: string | null; to: string | null; items: SenderItem[]; total: number; next: string | null }
export interface SenderDetail extends SenderItem {
	from: string | null; to: string | null;
	setup: { aligns: "unknown" | "yes" | "no" | "dedicated"; dkim: string; return_path: string } | null;
	ips: BreakdownItem[]; selectors: BreakdownItem[]; header_from: BreakdownItem[]; envelope_from: BreakdownItem[];
	sigdomains: BreakdownItem[]; reporters: BreakdownItem[]; codes_all: BreakdownItem[];
	pairs: { items: SenderPair[]; other: { n: number; m: number } };
}
export interface Decision {
	id: string; undo: string; at: string; who: string; sender: string; label: string | null; domain: string | null;
	class: SenderClass | null; was: SenderClass | null; was_by: "user" | "auto" | null; note: string | null;
	holds: boolean; undone: string | null; undone_by: string | null;
}
export interface Decisions { items: Decision[]; next: string | null }
/* The answer to a decision, and to undoing one. */
export interface Decided { state: "done" | "waiting"; request: string; undo: string | null; n: number; items: SenderShort[] }
export interface Outcome {
	request: string; action: "retry" | "discard" | "decide" | "undo"; state: "waiting" | "done" | "refused" | "stale"; done: string | null; n: number; text: string;
}
