/* The answers of /api/v1, as schema/openapi.yaml describes them. */
import type { Place } from "./places";
import type { Whose } from "./types-senders";

import type { Dns, DnsApplies } from "./types-dns";
import type { Host, Resolver } from "./types-hosts";

export interface Counts {
	/* own servers, services and candidates, not forwarded; the rest as in the API's description */
	stopped?: number; forwarded?: number; yours?: number; yours_pass?: number; yours_dkim?: number;
	m: number; both: number; dkim_only: number; spf_only: number;
	fail_fix: number; fail_fwd: number; fail_unk: number; untold: number;
	none: number; quarantine: number; reject: number; pass: number; other: number;
	overridden: number; collateral: number; leaked: number; differs: number;
}
export interface Leg { aligned: number; pass: number; fail: number; none: number; error: number; absent: number }
export interface Legs { spf: Leg; dkim: Leg }
export interface Named { key: string; label: string }

export interface Meta {
	version: string; generation: number; complete_through: string | null;
	first_day: string | null; last_day: string | null; domains: number; reports: number;
	features: Record<string, boolean>; limits: Record<string, number>;
	geo?: { country: GeoSource; network: GeoSource };
}
export interface GeoSource { there: boolean; day: string | null; note: string | null; why: string | null }

export interface Policy {
	p: string | null; sp: string | null; np: string | null; adkim: string | null; aspf: string | null;
	testing: string | boolean | null; pct: number | string | null;
}
export type DomainStatus = "lost" | "exposed" | "watching" | "partly" | "protected" | "nodata";
export interface DomainItem {
	domain: string; status: DomainStatus; cause: string; policy: Policy | null;
	counts: Counts; prev: Counts | null; first_day: string | null; last_day: string | null;
	reporters: number; reports: number; spark: (number | null)[]; spark_pass: (number | null)[];
}
export interface DomainDetail extends DomainItem {
	policy_seen: { policy: Policy; first_day: string; last_day: string; reporters: number; reports: number }[];
	subdomains: { hfrom: string; counts: Counts; applies?: DnsApplies | null }[] | null; // null: too many for the time of a question
	dns?: Dns | null; // null: nobody asks the DNS for anything of it
}
export interface Overview {
	from: string; to: string; complete_through: string | null;
	counts: Counts; prev: Counts | null; rates: Record<string, number | null>;
	verdict: { level: "ok" | "warn" | "bad" | "nodata"; key: string; args: Record<string, string | number | null> };
	domains: DomainItem[];
	new: { sources: number | null; selectors: string[]; subdomains: string[] };
	reporters: number; reports: number;
	silent_reporters: { key: string; label: string; last_day: string; usual_m: number }[];
}
export interface Series { key: string; label: string; values: number[] }
export interface PolicyEvent { day: string; kind: string; record?: string; name?: string; domain: string; old: string | null; new: string | null; reporters: number }
export interface Timeseries {
	from: string; to: string; step: "day" | "week"; days: string[]; complete_through: string | null;
	series: Series[]; events: PolicyEvent[];
}
export interface KeyCount { key: string; m: number }
export interface SourceDetail extends Partial<Place> {
	hfrom: KeyCount[]; sigdomain: KeyCount[]; spf_domain: KeyCount[]; reporters: number;
	codes: { code: string; m: number }[]; family: 4 | 6 | null;
}
export interface BreakdownItem {
	key: string; label: string; counts: Counts; legs: Legs;
	first_day: string | null; last_day: string | null; n: number; detail?: SourceDetail; failures?: number; sender?: Whose | null; ptr?: Host | null;
}
export interface Breakdown {
	items: BreakdownItem[]; other: { n: number; m: number }; total: { n: number; m: number }; next: string | null;
}
export interface SpfResult { domain: string | null; scope: string | null; result: string; word: string | null; human: string | null }
export interface DkimResult { domain: string | null; selector: string | null; result: string; word: string | null; human: string | null }
export interface Row extends Partial<Place> {
	id: string; report_id: string; seq: number; day: string; reporter: Named; domain: string;
	ip: string | null; ip_text: string | null; count: number;
	hfrom: string | null; efrom: string | null; efrom_null: boolean; eto: string | null;
	policy_eval: {
		disp: string; disp_word: string | null; dkim: string; dkim_word: string | null;
		spf: string; spf_word: string | null; reasons: { type: string; comment: string | null }[];
	};
	spf: SpfResult[]; dkim: DkimResult[];
	verdict: { dkim: boolean; spf: boolean; pass: boolean; estimated: boolean; dkim_domain: string | null; spf_domain: string | null };
	code: string; title: string; fwd: "certain" | "likely" | "no"; differs: boolean; overridden: boolean; failures?: number; sender?: Whose | null; ptr?: Host | null;
}
/* Sentences of the daemon, finished but for hidden characters; m: messages they hold for. */
export interface Said { text: string; m: number }
export interface Explanation {
	lang: string; code: string; title: string; why: string | null;
	do: string | null; do_yours: string | null; do_not_yours: string | null;
	legs: string[]; notes: string[]; who?: string[]; setup?: string[];
	snippets: { text: string; type: string; name: string; value: string }[];
	treatment: Said[]; forwarding: Said[]; differs: Said[];
	override: (Said & { type: string; comment: string | null })[];
	fwd: "no" | "likely" | "certain"; m: number;
}
export interface RowExplanation extends Explanation { id: string; day: string; reporter: Named; domain: string }
export interface CauseExplanation extends Explanation {
	domain: string; hfrom: string | null; rows: number; first_day: string; last_day: string;
	ips: { ip: string; m: number }[]; ips_n: number; example: string;
}
export interface Causes { from: string; to: string; lang: string; items: CauseExplanation[]; n: number; m: number; other_m: number }
export interface Page<T> { items: T[]; next: string | null; total?: { n: number; m: number } }
export interface ReportItem {
	id: string; reporter: Named; org_name: string | null; email: string | null; domain: string; report_id: string;
	begin: string; end: string; day: string; received: string | null; records: number; m: number; pass: number;
	source_ips: number; policy: Policy | null; dialect: string | null;
	state: "ok" | "ok-with-notes" | "repaired" | "partial" | "empty" | "superseded";
	quirks: { name: string; text: string }[]; duplicates: number;
	trust: "authenticated" | "unauthenticated" | "unknown"; apart: "no" | "foreign-domain" | "unauthenticated";
}
export interface ReportDetail extends ReportItem {
	trust_by: { detail: "authenticated" | "authenticated-other" | "failed" | "unknown"; method: string | null; from_domain: string | null;
		authserv_id: string | null; field: string | null };
	extra_contact_info: string | null; generator: string | null; version: string | null; errors: string[];
	counts: Counts; legs: Legs;
	refused: { record: number; line: number; reason: string }[];
	message: { received: string | null; mailbox: string | null; bytes: number | null; token: string | null } | null;
	failures: number;
	versions: { id: string; state: string; received: string | null; m: number }[];
	raw: { xml: boolean; original: boolean; mail: boolean };
}
export interface Reporter extends Named {
	reports: number; m: number; first_day: string | null; last_day: string | null; lag_s: number | null;
	domains: number; missing_since: string | null;
}
export interface Mailbox {
	name: string; protocol: string; host: string | null; state: "idle" | "fetching" | "error" | "off" | "unknown";
	since: string | null; last_success: string | null; next_run: string | null;
	messages: { seen: number; new: number } | null; error: { text: string; remedy: string | null } | null;
}
export interface Quarantined {
	id: string; received: string | null; mailbox: string | null; bytes: number | null; reason: string; text: string;
	part: number | null; entry: string | null; line: number | null; byte: number | null;
	sender: string | null; subject: string | null; tried: string | null;
}
export interface QuarantinedItem extends Quarantined {
	file: boolean;
	documents: {
		org_name: string | null; domain: string | null; report_id: string | null; begin: string | null; end: string | null; rows: number; m: number;
		items: { seq: number; ip: string | null; count: number; hfrom: string | null; disp: string; dkim: string; spf: string }[];
	}[];
}
export interface Action {
	item: string; action: "retry" | "discard"; state: "waiting" | "done"; asked: string | null; done: string | null;
	result: "stored" | "duplicate" | "replaced" | "ignored" | "rejected" | "partial" | "missing" | "discarded" | null;
	reports: number; text: string;
}
export interface Ingest {
	mailboxes: Mailbox[];
	days: { day: string; stored: number; duplicate: number; ignored: number; rejected: number }[];
	spool: { new: number; oldest: string | null };
	quarantine: Quarantined[];
	quarantined: { n: number; bytes: number; limit: number | null; keep_s: number | null };
	actions: Action[];
	removed: { at: string | null; rule: "size" | "age"; n: number; bytes: number; oldest: string | null; newest: string | null }[];
	database: { bytes: number; reports: number; records: number; generation: number };
	duplicates: number;
	resolver?: Resolver;
}
export interface Problem {
	type?: string; title: string; status: number; detail?: string; request_id?: string;
	wait?: number;	/* seconds, by Retry-After */
	errors?: { pointer?: string; key?: string; args?: Record<string, unknown> }[];
}
