/* What the DNS says: one domain in order, one with trouble and hostile texts, one that nobody has asked for. */
import type { Dns, DnsApplies, DnsKey, DnsRecord, SpfStep } from "../src/lib/types-dns";
import { rows } from "./data";

const AT = "2026-05-20T06:00:00Z", SINCE = "2026-05-03T09:12:00Z";
const said = (name: string, texts: string[]): DnsRecord =>
	({ name, said: { state: texts.length > 0 ? "found" : "nodata", texts, since: SINCE, until: null }, before: null, cut: false, checked: AT, answered: AT, failure: null });
const key = (domain: string, selector: string, k: Partial<DnsKey>, texts: string[] = ["v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"]): DnsKey =>
	({ ...said(`${selector}._domainkey.${domain}`, texts), domain, selector, key: "sound", type: "rsa", testing: false, bits: 2048, m: 1204, ...k });
const step = (name: string, depth: number, text: string | null, x: Partial<SpfStep> = {}): SpfStep =>
	({ name, depth, by: depth === 0 ? null : "include", found: text === null ? "none" : "record", text, lookups: 0, fault: null, ...x });

export const HOSTILE = "v=spf1 include:<img/src=x/onerror=alert(9)>.example \\226\\128\\174redirect=javascript:alert(10) -all";

function trouble(domain: string): Dns {
	return {
		dmarc: { ...said(`_dmarc.${domain}`, ["v=DMARC1; p=none; sp=none; rua=mailto:<script>alert(11)</script>@example.net", "<svg onload=alert(12)>"]), found: "record", differs: true,
			asks: { p: "none", sp: "none", np: "none", testing: false, pct: 100, rua: "mailto:<script>alert(11)</script>@example.net" } },
		spf: { ...said(domain, [HOSTILE]), lookups: 11, unknown: 1, fault: "missing", fault_at: "<img/src=x/onerror=alert(9)>.example", fault_term: null, tree: [
			step(domain, 0, HOSTILE, { lookups: 2 }), step("<img/src=x/onerror=alert(9)>.example", 1, null), step("%{i}._spf.mailer.example", 1, null, { found: "macro" }),
			step("spf.mailer.example", 1, "v=spf1 include:two.mailer.example mx -all", { lookups: 9 }), step("two.mailer.example", 2, null, { found: "unknown" })] },
		keys: [key(domain, "s1", { key: "none", type: null, bits: null }, []), key(domain, "old", { bits: 1024, m: 9 }), key(`news.${domain}`, "t", { testing: true, m: 5 }),
			key(domain, "{{constructor}}", { key: "broken", type: null, bits: null, m: 0 }, ["p=<b>not a key</b>"])],
		changes: [
			{ at: AT, kind: "spf", name: domain, was: { state: "found", texts: ["v=spf1 -all"], since: null }, is: { state: "found", texts: [HOSTILE], since: AT } },
			{ at: SINCE, kind: "dkim", name: `s1._domainkey.${domain}`, was: { state: "found", texts: ["v=DKIM1; p=MIIB"], since: null }, is: { state: "nodata", texts: [], since: SINCE } }],
		walk: [{ domain, found: "record", texts: [] }, { domain: domain.replace(/^[^.]+\./, ""), found: "none", texts: [] }],
		applies: { domain, tag: "p", requested: "none" },
	};
}

export function dnsOf(domain: string): Dns | null {
	const names = [...new Set(rows.map((r) => r.domain))].sort();
	if (domain === "example.net")
		return trouble(domain);
	if (domain === names[names.length - 1])
		return null;
	const spf = "v=spf1 mx include:spf.mailer.example -all", dmarc = `v=DMARC1; p=reject; rua=mailto:dmarc@${domain}`;
	return {
		dmarc: { ...said(`_dmarc.${domain}`, [dmarc]), found: "record", differs: false, asks: { p: "reject", sp: "reject", np: "reject", testing: false, pct: 100, rua: `mailto:dmarc@${domain}` } },
		spf: { ...said(domain, [spf]), lookups: 3, unknown: 0, fault: null, fault_at: null, fault_term: null, tree: [step(domain, 0, spf, { lookups: 2 }), step("spf.mailer.example", 1, "v=spf1 ip4:192.0.2.0/24 a -all", { lookups: 1 })] },
		keys: [key(domain, "s1", {}), key(domain, "ed", { type: "ed25519", bits: 256, m: 77 })],
		changes: [{ at: SINCE, kind: "dmarc", name: `_dmarc.${domain}`, was: { state: "found", texts: [`v=DMARC1; p=none; rua=mailto:dmarc@${domain}`], since: "2026-01-01T00:00:00Z" }, is: { state: "found", texts: [dmarc], since: SINCE } }],
		walk: [{ domain, found: "record", texts: [dmarc] }, { domain: domain.replace(/^[^.]+\./, ""), found: "none", texts: [] }],
		applies: { domain, tag: "p", requested: "reject" },
		sts: { ...said(`_mta-sts.${domain}`, ["v=STSv1; id=20260501"]), found: "record" as const, policy: { state: "untrusted", why: "<b>self-signed</b>", certificate_until: "2026-09-01T00:00:00Z", mode: "testing", max_age: 86400, since: SINCE, checked: SINCE } },
	};
}

export const appliesOf = (domain: string, from: string): DnsApplies | null => /[<]/.test(from) || dnsOf(domain) === null ? null :
	{ domain, tag: from === domain ? "p" : from.startsWith("news") ? "sp" : "np", requested: from === domain ? "reject" : "none" };
