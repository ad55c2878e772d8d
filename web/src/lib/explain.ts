/*
 * One row in words: why it passed or failed, and what to do about it. The code
 * comes from the daemon; here it meets the texts and the names in the row.
 */
import { hasKey, t, word, type Key } from "../i18n";
import { day } from "./format";
import { safeText } from "./safe";
import type { DkimResult, Policy, Row, SpfResult } from "./types";

type S = "S+" | "S~" | "S-" | "Sf" | "S?" | "SE" | "ST";
type D = "D+" | "D~" | "D-" | "Dx" | "D0" | "DE" | "DT";

const TABLE: Record<S, Record<D, string>> = {
	"S+": { "D+": "P1", "D~": "P3", "D-": "P4", Dx: "P5", D0: "P5", DE: "P6", DT: "P7" },
	"S~": { "D+": "P2", "D~": "F1", "D-": "F2", Dx: "F3", D0: "F3", DE: "F4", DT: "F8" },
	"S-": { "D+": "P8", "D~": "F5", "D-": "F6", Dx: "F7", D0: "F7", DE: "F4", DT: "F8" },
	Sf: { "D+": "P2", "D~": "F1", "D-": "F2", Dx: "F7", D0: "F7", DE: "F4", DT: "F8" },
	"S?": { "D+": "P9", "D~": "F5", "D-": "F6", Dx: "F9", D0: "F9", DE: "F4", DT: "F8" },
	SE: { "D+": "P10", "D~": "F10", "D-": "F10", Dx: "F10", D0: "F10", DE: "F11", DT: "F10" },
	ST: { "D+": "P11", "D~": "F8", "D-": "F8", Dx: "F8", D0: "F8", DE: "F4", DT: "F12" },
};

/* Related names: same, or one below the other, or both below the policy's domain. */
function related(a: string | null, from: string | null, domain: string): boolean {
	if (!a || !from)
		return false;
	const x = a.toLowerCase(), y = from.toLowerCase(), d = domain.toLowerCase();
	const under = (n: string, top: string) => n === top || n.endsWith("." + top);
	return under(x, y) || under(y, x) || (under(x, d) && under(y, d));
}

/* The SPF result that counts: scope mfrom or none given; helo only when there is nothing else. */
export function spfThatCounts(row: Pick<Row, "spf">): SpfResult | null {
	return row.spf.find((r) => r.scope !== "helo") ?? row.spf[0] ?? null;
}

export function spfState(row: Row): S {
	const r = spfThatCounts(row);
	if (row.verdict.spf)
		return "S+";
	if (r === null)
		return "S?";
	const near = related(r.domain, row.hfrom, row.domain);
	if (r.result === "pass")
		return "S~";
	if (r.domain !== null && !near)
		return "Sf";
	switch (r.result) {
	case "fail": case "softfail":
		return "S-";
	case "permerror":
		return "SE";
	case "temperror":
		return "ST";
	default:
		return "S?";
	}
}

export function dkimState(row: Row): D {
	if (row.verdict.dkim)
		return "D+";
	const own = row.dkim.filter((r) => related(r.domain, row.hfrom, row.domain) && r.result !== "none");
	const has = (...words: string[]) => own.some((r) => words.includes(r.result));
	if (has("temperror"))
		return "DT";
	if (has("permerror", "neutral"))
		return "DE";
	if (has("fail", "policy", "softfail", "unknown"))
		return "D-";
	if (row.dkim.some((r) => r.result === "pass"))
		return "D~";
	return row.dkim.some((r) => r.result !== "none") ? "Dx" : "D0";
}

export interface Facts {
	from: string; ip: string; source: string; spfd: string; spf_result: string; spf_error: string;
	sig: string; sel: string; other: string; reporter: string; day: string; zone: string; what: string;
	leg_text: string; dkim_leg: string; spf_snippet: string;
}

export interface Explanation {
	code: string;
	title: string;
	why: string | null;
	todo: string | null;		/* one advice for everybody … */
	yours: string | null;		/* … or one for each answer to "is this yours?" */
	notYours: string | null;
	legs: string[];
	treatment: string[];
	notes: string[];
	quotes: { type: string; comment: string }[];
}

const msg = (key: string, f: Facts): string | null => hasKey(key) ? t(key as Key, { ...f }) : null;

export function card(code: string, f: Facts): Pick<Explanation, "code" | "title" | "why" | "todo" | "yours" | "notYours"> {
	return {
		code, title: msg(`code.${code}.title`, f) ?? code, why: msg(`code.${code}.why`, f),
		todo: msg(`code.${code}.do`, f), yours: msg(`code.${code}.y`, f), notYours: msg(`code.${code}.n`, f),
	};
}

/* Facts with nothing known; texts then speak of "your domain" and the like. */
export function factsOf(p: { from?: string | null; ip?: string | null; spfd?: string | null; sig?: string | null }): Facts {
	const or = (v: string | null | undefined, key: Key) => v ? safeText(v) : t(key);
	const ip = or(p.ip, "fact.ip");
	return {
		from: or(p.from, "fact.from"), ip, source: ip, spfd: or(p.spfd, "fact.spfd"), spf_result: t("fact.spf_result"),
		spf_error: t("fact.spf_error"), sig: or(p.sig, "fact.sig"), sel: t("fact.sel"), other: or(p.sig ?? p.spfd, "fact.other"),
		reporter: t("fact.reporter"), day: t("fact.day"), zone: or(p.spfd, "fact.from"), what: t("fact.what"),
		leg_text: t("fact.leg"), dkim_leg: t("fact.leg"), spf_snippet: snippet(p.ip ?? null),
	};
}

function snippet(ip: string | null): string {
	return ip === null || ip === "unknown" ? "ip4:…" : ip.includes(":") ? `ip6:${ip}` : `ip4:${ip}`;
}

function signature(row: Row, d: D): DkimResult | null {
	const near = row.dkim.filter((r) => related(r.domain, row.hfrom, row.domain));
	const far = row.dkim.filter((r) => !near.includes(r));
	const by = (list: DkimResult[], ...words: string[]) => list.find((r) => words.includes(r.result)) ?? null;
	switch (d) {
	case "D+": return by(near, "pass") ?? near[0] ?? null;
	case "D~": return by(far, "pass") ?? by(row.dkim, "pass");
	case "D-": return by(near, "fail", "policy", "softfail", "unknown");
	case "DE": return by(near, "permerror", "neutral");
	case "DT": return by(near, "temperror");
	default: return far[0] ?? null;
	}
}

export function explain(row: Row, policy: Policy | null = null): Explanation {
	const s = spfState(row), d = dkimState(row);
	const agrees = TABLE[s][d] === row.code;
	const spf = spfThatCounts(row);
	const sig = signature(row, d) ?? row.dkim[0] ?? null;
	const ip = row.ip ?? row.ip_text;
	const f = factsOf({ from: row.hfrom, ip, spfd: spf?.domain ?? row.efrom, sig: sig?.domain ?? null });

	if (spf === null || spf.domain === null)
		f.spfd = row.efrom ? safeText(row.efrom) : t("fact.spfd.unknown");
	f.spf_result = spf === null ? t("fact.spf_result.none") : spf.word ? safeText(spf.word) : spf.result;
	if (spf?.human)
		f.spf_error = safeText(spf.human);
	if (sig?.selector)
		f.sel = safeText(sig.selector);
	f.other = safeText((d === "D~" ? sig?.domain : spf?.domain) ?? sig?.domain ?? t("fact.other"));
	f.reporter = safeText(row.reporter.label);
	f.day = day(row.day);
	f.what = s === "ST" ? t("fact.what.spf", { spfd: f.spfd }) : t("fact.what.dkim", { sel: f.sel, sig: f.sig });
	f.zone = s === "ST" ? f.spfd : f.sig;
	const spfLeg = t(`leg.${s}` as Key, { ...f }), dkimLeg = t(`leg.${d}` as Key, { ...f });
	f.dkim_leg = dkimLeg.replace(/^DKIM: /, "");
	f.leg_text = s === "ST" ? f.dkim_leg : spfLeg.replace(/^SPF: /, "");

	const pe = row.policy_eval;
	const failed = !(pe.dkim === "pass" || pe.spf === "pass");
	const p = policy?.p ?? null;
	const treatment: string[] = [];
	if (pe.disp === "none")
		treatment.push(!failed ? t("treatment.delivered") : p === "none" ? t("treatment.none.watch") : p === null ? t("treatment.none") : t("treatment.none.failed"));
	else
		treatment.push(pe.disp !== "other" && hasKey(`treatment.${pe.disp}`) ? t(`treatment.${pe.disp}` as Key) : t("treatment.other", { word: safeText(pe.disp_word ?? pe.disp) }));
	for (const r of pe.reasons) {
		const arc = r.type === "local_policy" && /\barc=pass\b/i.test(r.comment ?? "");
		treatment.push(arc ? t("reason.text.arc") : hasKey(`reason.text.${r.type}`) ?
			t(`reason.text.${r.type}` as Key, { policy: p ?? "", comment: safeText(r.comment ?? "") }) : t("reason.text.unknown", { type: safeText(r.type) }));
	}
	if (failed && pe.reasons.length === 0 && p !== null && row.overridden)
		treatment.push(t("reason.text.weaker", { policy: p, disposition: word("disp", pe.disp) }));

	const notes: string[] = [];
	if (row.fwd === "certain")
		notes.push(!failed ? t("fwd.text.pass") : d === "D-" ? t("fwd.text.changed") : d === "D0" ? t("fwd.text.unsigned") : t("fwd.text.fail"));
	if (row.differs)
		notes.push(t("differs.text", {
			reporter: f.reporter, a: failed ? t("differs.fail") : t("differs.pass"), b: row.verdict.pass ? t("differs.pass") : t("differs.fail"),
		}));
	if (row.verdict.estimated)
		notes.push(t("estimated.text"));
	return {
		...card(row.code, f), title: row.code === "" ? row.title : card(row.code, f).title || row.title,
		legs: agrees ? [spfLeg, dkimLeg] : [], treatment, notes,
		quotes: pe.reasons.filter((r) => r.comment).map((r) => ({ type: r.type, comment: r.comment as string })),
	};
}
