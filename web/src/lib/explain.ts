/*
 * A code in words, for the glossary. What a row or a group of rows came to the
 * daemon says itself (rows/{id}/explain, explain); here it is only drawn.
 */
import { hasKey, t, type Key } from "../i18n";

export interface Card {
	code: string;
	title: string;
	why: string | null;
	todo: string | null;		/* one advice for everybody … */
	yours: string | null;		/* … or one for each answer to "is this your mail?" */
	notYours: string | null;
}

/* What stands for the names of a row where there is none: "your domain" and the like. */
const NAMES = ["from", "domain", "ip", "source", "spfd", "spf_result", "sig", "sel", "other", "reporter", "day", "what", "zone", "leg_text",
	"dkim_leg", "spf_snippet", "tag", "policy", "policy_tag", "spf_error"] as const;

function facts(): Record<string, string> {
	const f: Record<string, string> = { enforce: t("enforce.unknown") };
	for (const n of NAMES)
		f[n] = t(`fact.${n}`);
	f.keyname = t("fact.keyname", f);
	return f;
}

export function card(code: string): Card {
	const f = facts();
	const msg = (what: string): string | null => {
		const key = `code.${code}.${what}`;
		return hasKey(key) ? t(key as Key, f) : null;
	};
	return { code, title: msg("title") ?? code, why: msg("why"), todo: msg("do"), yours: msg("y"), notYours: msg("n") };
}
