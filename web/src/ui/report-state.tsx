/* In what shape a report came. */
import { t, word } from "../i18n";
import { Icon } from "./icons";

/* Does it come from the reporter that it names? One word, and why on hover. */
export function Trust({ trust }: { trust: "authenticated" | "unauthenticated" | "unknown" }) {
	const cls = trust === "authenticated" ? "pass" : trust === "unknown" ? "none" : "error";
	return <span class={`leg leg-${cls}`} title={t(`trust.${trust}.hint`)}><Icon name={cls === "pass" ? "check" : cls === "none" ? "info" : "warn"} size={16} />{t(`trust.${trust}`)}</span>;
}

export function ReportState({ state, quiet = false }: { state: string; quiet?: boolean }) {
	if (quiet && (state === "ok" || state === "ok-with-notes"))
		return <span class="leg leg-pass"><Icon name="check" size={16} />{t("rstate.ok")}</span>;
	const cls = state === "ok" || state === "ok-with-notes" ? "pass" : state === "superseded" || state === "empty" ? "none" : "error";
	return <span class={`leg leg-${cls}`}><Icon name={cls === "pass" ? "check" : cls === "none" ? "info" : "warn"} size={16} />{word("rstate", state)}</span>;
}
