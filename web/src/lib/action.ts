/* In a few words: what to do about a sender. The long answer is on its page. */
import type { SenderClass, SenderItem } from "./types-senders";

const ACTION: Record<string, string> = {
	P1: "nothing", P2: "nothing", P7: "nothing", P11: "nothing", F12: "nothing",
	P3: "dkim", P5: "dkim", F1: "dkim", F3: "dkim",
	P4: "sign", F2: "sign", F6: "sign",
	P6: "key", F4: "key", P8: "list", P9: "spf", P10: "repair", F10: "repair", F11: "both",
	F5: "prove", F7: "prove", F9: "prove", F8: "watch",
};

/*
 * The code that most of its mail has decides, but one that fails goes first
 * when more than 2 % of the mail do.
 */
export function telling(s: SenderItem): string | null {
	const fails = s.codes.find((c) => c.code.startsWith("F"));
	const failed = s.counts.m - s.counts.both - s.counts.dkim_only - s.counts.spf_only;
	return fails !== undefined && failed > s.counts.m * 0.02 ? fails.code : s.codes[0]?.code ?? null;
}

export function action(s: SenderItem, c: SenderClass): string {
	const code = telling(s), of = code === null ? "nothing" : ACTION[code] ?? "nothing";
	switch (c) {
	case "impostor": case "noise": return "leave";
	case "forwarder": case "list": return of === "dkim" || of === "prove" ? "forwarded" : "nothing";
	case "unknown": case "suspect": return "decide";
	case "candidate": return of === "nothing" ? "confirm" : of;
	default: return of;
	}
}
