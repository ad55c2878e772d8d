/* Senders, without markup: what they are called, why they are what they are, what a key means for them. */
import { hasKey, t, type Key } from "../i18n";
import type { Verdict } from "./decide";
import { safeText } from "./safe";
import type { SenderClass, SenderShort } from "./types-senders";

export const REVIEW: readonly SenderClass[] = ["candidate", "unknown", "suspect"];
/* Nobody in particular: mail not looked at yet, and background noise. */
export const isNobody = (id: string): boolean => id === "0" || id === "1";

/* What it is called: names of the catalogue are ours, the rest is out of reports. */
export const senderName = (s: { id: string; label: string }): string => s.id === "1" ? t("class.noise") : s.id === "0" ? t("senders.new") : safeText(s.label);

/* Why it is what it is, as far as its mail shows. */
export function whyClass(s: SenderShort): string {
	const c = s.inferred;
	if (c === "unknown" && (s.kind === "service" || s.key.startsWith("known:")))
		return t("why.unknown.service", { name: senderName(s) });
	return hasKey(`why.${c}`) ? t(`why.${c}` as Key) : "";
}

/* "Mine" of a service that we know is a service you use, else a server of yours. */
export const mine = (s: { kind: string; key: string; inferred: SenderClass }): "own" | "service" =>
	s.inferred === "service" || s.key.startsWith("known:") || s.kind === "service" || s.kind === "provider" || s.kind === "gateway" ? "service" : "own";
export const forwards = (s: { kind: string; inferred: SenderClass }): "forwarder" | "list" => s.inferred === "list" || s.kind === "list" ? "list" : "forwarder";

export const TRIAGE = ["y", "n", "f", "u"] as const;
export type TriageKey = (typeof TRIAGE)[number];
export function verdictOf(key: TriageKey, s: { kind: string; key: string; inferred: SenderClass }): Verdict {
	return key === "y" ? mine(s) : key === "n" ? "impostor" : key === "f" ? forwards(s) : null;
}
