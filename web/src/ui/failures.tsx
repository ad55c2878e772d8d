/* Marks of failure reports, and the way to them. */
import { hasKey, t, word, type Key } from "../i18n";
import { at, href } from "../lib/router";
import type { Aligned, FailureItem } from "../lib/types-failures";
import { Icon } from "./icons";
import { Safe } from "./text";

/* "3 failure samples", when there are any. */
export function FailureLink({ n, q, text = "failures.link", plain = false }: { n: number; q: string; text?: Key; plain?: boolean }) {
	if (n === 0)
		return null;
	return <a class={plain ? "" : "btn"} href={href(at("/failures", q))}>{!plain && <Icon name="envelope" size={16} />}{t(text, { n })}</a>;
}

/* The DMARC result, as said or computed; what is no authentication failure has none. */
export function FailureResult({ f }: { f: Pick<FailureItem, "class"> & { verdict: { result: "pass" | "fail" | "unknown" } } }) {
	if (f.class === "other")
		return <span class="leg leg-none"><Icon name="off" size={16} />{t("failure.verdict.other")}</span>;
	const r = f.verdict.result;
	return <span class={`leg leg-${r === "unknown" ? "none" : r}`}><Icon name={r === "pass" ? "check" : r === "fail" ? "cross" : "off"} size={16} />{t(`fresult.${r}`)}</span>;
}

export function AlignedMark({ a }: { a: Aligned }) {
	return <span class={`leg leg-${a === "yes" ? "pass" : a === "no" ? "fail" : "none"} leg-wrap`}><Icon name={a === "yes" ? "check" : a === "no" ? "cross" : "off"} size={16} />{t(`failure.aligned.${a}`)}</span>;
}

/* "spf, dkim": words of Auth-Failure, or the feedback type; words nobody knows stay as they are. */
export function FailureType({ f }: { f: Pick<FailureItem, "class" | "auth_failure" | "feedback_type"> }) {
	const said = f.class === "other" ? f.feedback_type : f.auth_failure ?? f.feedback_type;
	if (said === null)
		return <>{t(`ftype.${f.class}`)}</>;
	const words = said.split(",").map((x) => x.trim()).filter((x) => x !== "").slice(0, 6);
	return <>{words.map((w, i) => <>{i > 0 && ", "}{hasKey(`ftype.${w}`) ? word("ftype", w) : <Safe text={w.slice(0, 80)} />}</>)}</>;
}

export function Delivery({ d }: { d: FailureItem["delivery"] }) {
	return <>{word("delivery", d.class)}{d.class === "other" && d.word !== null && <span class="muted"> (<Safe text={d.word.slice(0, 80)} />)</span>}</>;
}
