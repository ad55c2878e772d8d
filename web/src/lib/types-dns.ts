/* What the DNS says of a domain, as the daemon was told last. */
export type DnsState = "waiting" | "found" | "nodata" | "nxdomain";
export type Request = "none" | "quarantine" | "reject";
export interface DnsTexts { state: DnsState; texts: string[]; since: string | null }
export interface DnsSaid extends DnsTexts { until: string | null }
export interface DnsRecord {
	name: string; said: DnsSaid; before: DnsSaid | null; cut: boolean;
	checked: string | null; answered: string | null; failure: "timeout" | "servfail" | "refused" | null;
}
export interface DnsDmarc extends DnsRecord {
	found: "none" | "record" | "several"; differs: boolean | null;
	asks: { p: Request; sp: Request; np: Request; testing: boolean; pct: number; rua: string | null } | null;
}
export type SpfFault = "syntax" | "unknown-mechanism" | "modifier-twice" | "several" | "too-many-lookups" | "missing" | "loop";
export interface SpfStep {
	name: string; depth: number; by: "include" | "redirect" | null; found: "record" | "none" | "unknown" | "macro";
	text: string | null; lookups: number; fault: SpfFault | null;
}
export interface DnsSpf extends DnsRecord {
	lookups: number | null; unknown: number; fault: SpfFault | null; fault_at: string | null; fault_term: string | null; tree: SpfStep[];
}
export interface DnsKey extends DnsRecord {
	domain: string; selector: string; key: "none" | "sound" | "revoked" | "several" | "broken" | "foreign";
	type: "rsa" | "ed25519" | null; testing: boolean; bits: number | null; m: number;
}
export type StsState = "sound" | "expired" | "name" | "untrusted" | "missing" | "faulty" | "unreached";
export interface StsPolicy {
	state: StsState | ""; why: string | null; certificate_until: string | null; mode: "enforce" | "testing" | "none" | null;
	max_age: number | null; since: string | null; checked: string | null;
}
export interface DnsSts extends DnsRecord { found: "none" | "record" | "several" | "faulty"; policy: StsPolicy | null }
export interface DnsChange { at: string; kind: "dmarc" | "spf" | "dkim" | "sts"; name: string; was: DnsTexts; is: DnsTexts }
export interface DnsStep { domain: string; found: "none" | "record" | "several" | null; texts: string[] }
export interface Dns {
	dmarc: DnsDmarc | null; spf: DnsSpf | null; keys: DnsKey[]; changes: DnsChange[]; walk: DnsStep[];
	applies: DnsApplies | null; sts?: DnsSts | null;
}
/* The record that holds for a name, and which of its tags. */
export interface DnsApplies { domain: string; tag: "p" | "sp" | "np" | null; requested: Request }
