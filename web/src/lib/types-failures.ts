/* Failure reports, as schema/openapi.yaml describes them. */
import type { Named, ReportItem } from "./types";

export type Aligned = "yes" | "no" | "unknown";
export interface FailureVerdict { result: "unknown" | "pass" | "fail"; spf_aligned: Aligned; dkim_aligned: Aligned; differs: boolean; code: string | null }
export interface FailureVerdictFull extends FailureVerdict {
	title: string | null; sentence: string;
	spf_result: string; spf_domain: string | null; dkim_result: string; dkim_domain: string | null; dkim_selector: string | null;
}
export interface FailureItem {
	id: string; type: "failure"; received: string; arrived: string; day: string; class: "auth-failure" | "other";
	feedback_type: string | null; auth_failure: string | null; dialect: "arf" | "text-only"; reporter: Named; domain: string | null;
	header_from: string | null; from: string | null; subject: string | null; ip: string | null; original_mail_from: string | null;
	delivery: { class: string; word: string | null }; incidents: number; duplicates: number;
	dmarc: "unknown" | "pass" | "fail" | "none" | "error"; verdict: FailureVerdict; quirks: string[]; masked: boolean;
	trust: ReportItem["trust"]; apart: ReportItem["apart"];
}
export interface FailureResult { method: string; result: string; word: string | null; domain: string | null; selector: string | null; scope: string | null; derived: boolean }
export interface FailureDetail extends Omit<FailureItem, "quirks" | "verdict"> {
	verdict: FailureVerdictFull; quirks: { name: string; text: string }[];
	arrival: string | null; arrival_epoch: number | null;
	facts_from: { arrived: string; ip: string; header_from: string; results: string };
	fields: Record<string, string | number | string[] | null>;
	results: FailureResult[];
	sample: {
		kind: "none" | "headers" | "message"; from: string | null; subject: string | null; message_id: string | null; date: string | null;
		return_path: string | null; headers: [string, string][]; body: string | null; body_bytes: number; body_sha256: string | null;
	};
	note: string | null;
	mail: { from: string | null; subject: string | null; received: string | null; mailbox: string | null; bytes: number; kept: boolean };
	redact: "none" | "local-parts" | "all";
	trust_by: { detail: "authenticated" | "authenticated-other" | "failed" | "unknown"; method: string | null; from_domain: string | null; authserv_id: string | null };
	rows: { messages: number; rows: number; reports: string[]; nreports: number };
	reveals: { time: string; who: string }[];
}
export interface Failures { items: FailureItem[]; next: string | null; total?: { n: number } }
