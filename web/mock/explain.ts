/* Explanations for made-up rows: the true sentences, filled in by a simpler hand than the daemon's. */
import texts from "texts:en";
import type { CauseExplanation, Explanation, Policy, Row } from "../src/lib/types";

const all = texts as Record<string, string>;

export function explain(row: Row, policy: Policy, m: number): Explanation {
	const spf = row.spf[0] ?? null, sig = row.dkim[0] ?? null;
	const f: Record<string, string> = {
		from: row.hfrom ?? row.domain, domain: row.domain, ip: row.ip ?? row.ip_text ?? "", source: sig?.result === "pass" ? sig.domain ?? "" : row.ip ?? "",
		spfd: spf?.domain ?? "", spf_result: spf?.word ?? spf?.result ?? "", sig: sig?.domain ?? "", sel: sig?.selector ?? "",
		keyname: `${sig?.selector}._domainkey.${sig?.domain}`, other: sig?.domain ?? spf?.domain ?? "", reporter: row.reporter.label, day: row.day,
		spf_snippet: `ip4:${row.ip}`, policy: policy.p ?? "none", policy_tag: "p",
	};
	const fill = (text: string, depth = 0): string => text.replace(/\{(\w+)\}/g, (_, n: string) =>
		f[n] ?? (depth > 3 ? "" : fill(all[n === "enforce" ? `enforce.${policy.p ?? "none"}` : `fact.${n}`] ?? "", depth + 1)));
	const say = (what: string): string | null => all[`code.${row.code}.${what}`] === undefined ? null : fill(all[`code.${row.code}.${what}`] as string);
	const pe = row.policy_eval;
	return {
		lang: "en", code: row.code, title: say("title") ?? row.code, why: say("why"), do: say("do"), do_yours: say("y"), do_not_yours: say("n"), m,
		legs: [`SPF: ${f.spf_result} for ${f.spfd}.`, sig === null ? "DKIM: not signed." : `DKIM: signature of ${f.sig} (selector ${f.sel}).`],
		who: row.sender ? [`${row.sender.label}: a made-up sender.`] : [], setup: row.code === "F3" ? ["DKIM there: \"Domains\", two records."] : [],
		notes: [], treatment: [{ text: pe.disp_word !== null ? `The report names a treatment that nobody knows: ${pe.disp_word}` : `Treated as ${pe.disp}.`, m }],
		forwarding: row.fwd === "certain" ? [{ text: "Forwarded.", m }] : [], fwd: row.fwd,
		differs: row.differs ? [{ text: `According to ${f.reporter} this is another result.`, m }] : [],
		override: pe.reasons.map((r) => ({ text: `The receiver names a reason: ${r.type}`, type: r.type, comment: r.comment, m })),
		snippets: row.code === "F7" && row.ip !== null ? [{ text: "Add to the SPF record:", type: "TXT", name: row.domain, value: `ip4:${row.ip}` }] : [],
	};
}

export function cause(rows: Row[], policy: Policy): CauseExplanation {
	const big = rows.reduce((a, b) => b.count > a.count ? b : a), days = rows.map((r) => r.day).sort();
	const ips = [...new Set(rows.map((r) => r.ip ?? ""))];
	return {
		...explain(big, policy, rows.reduce((n, r) => n + r.count, 0)), domain: big.domain, hfrom: big.hfrom, rows: rows.length,
		first_day: days[0] as string, last_day: days[days.length - 1] as string, ips: ips.slice(0, 5).map((ip) => ({ ip, m: 1 })), ips_n: ips.length, example: big.id,
	};
}
