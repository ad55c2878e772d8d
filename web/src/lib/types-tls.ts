/* SMTP TLS reports, as schema/openapi.yaml describes them. */
import type { Named, ReportItem } from "./types";

export type PolicyType = "no-policy-found" | "sts" | "tlsa" | "other";
export type Mode = "enforce" | "testing" | "none" | null;
export interface TlsTypeSums { policy_type: PolicyType; successful: number; failed: number; detail_failures: number; tls_ok: number | null; policies: number }
export interface TlsAdvice { result: string; group: string; key: string; means: string; remedy: string }
export interface TlsResultSums extends TlsAdvice { failed: number; details: number }
export interface TlsFailure {
	domain: string; policy_type: PolicyType; result: string; word: string | null; mx: string | null; receiving_ip: string | null;
	sending_ip: string | null; reason_code: string | null; failed: number; details: number; reports: number; reporters: number;
	first_day: string; last_day: string;
}
export interface TlsPolicy {
	domain: string; policy_type: PolicyType; word: string | null; mode: Mode; max_age: number | null; mx: string[]; policy_string: string[];
}
export interface TlsPolicySeen extends TlsPolicy { first_day: string; last_day: string; reporters: number; reports: number; successful: number; failed: number }
export interface TlsCheck { key: "days" | "reporters" | "rate" | "own_mx"; ok: boolean; have: number | null; need: number }
export interface TlsReady {
	domain: string; state: "no-data" | "no-policy" | "enforced" | "wait" | "ready"; key: string; text: string; mode: Mode;
	testing_since: string | null; from: string; to: string; sessions: number; failed: number; checks: TlsCheck[];
}
export interface TlsSummary {
	from: string; to: string; reports: number; reporters: number; types: TlsTypeSums[]; days: string[];
	series: { policy_type: PolicyType; successful: number[]; failed: number[] }[];
	results: TlsResultSums[]; failures: TlsFailure[]; policies: TlsPolicySeen[]; ready: TlsReady[];
	mx: Omit<TlsFailure, "policy_type" | "receiving_ip" | "sending_ip" | "reason_code">[];
	modes: { domain: string; days: { day: string; enforce: number; testing: number; none: number; unknown: number }[] }[];
}
export interface TlsItem {
	id: string; reporter: Named; org_name: string | null; contact_info: string | null; report_id: string; domains: string[];
	begin: string; end: string; day: string; received: string; policies: number; successful: number; failed: number; detail_failures: number;
	details: number; state: ReportItem["state"]; quirks: { name: string; text: string }[]; duplicates: number;
	trust: ReportItem["trust"]; apart: ReportItem["apart"]; types: { policy_type: PolicyType; successful: number; failed: number }[];
}
export interface TlsReports { from: string; to: string; items: TlsItem[]; next: string | null; total?: { n: number } }
export interface TlsDetail {
	seq: number; result: string; word: string | null; failed: number; mx: string | null; helo: string | null; receiving_ip: string | null;
	sending_ip: string | null; reason_code: string | null; info: string | null;
}
export interface TlsElement extends TlsPolicy { seq: number; domain_derived: boolean; successful: number; failed: number; detail_failures: number; details: TlsDetail[] }
export interface TlsReport extends TlsItem {
	elements: TlsElement[]; details_shown: number; advice: TlsAdvice[];
	versions: { id: string; state: string; received: string; successful: number; failed: number }[];
	submitter: string | null; refused: { policy: number; detail: number; line: number; reason: string }[];
	message: { received: string | null; mailbox: string | null; bytes: number | null; token: string | null } | null;
	raw: { json: boolean; original: boolean; mail: boolean };
}
