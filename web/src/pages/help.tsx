/* The glossary: one paragraph a term, and all codes with their texts. */
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { card } from "../lib/explain";
import { href } from "../lib/router";
import { safeText } from "../lib/safe";
import { CODES, TERMS } from "../lib/terms";
import type { PageProps } from "../routes";
import { Head } from "../ui/page";

export default function HelpPage({ params }: PageProps) {
	const term = params.term ?? null;
	const known = term === null || term === "codes" || (TERMS as readonly string[]).includes(term) || (CODES as readonly string[]).includes(term);
	useEffect(() => {
		if (term !== null)
			document.getElementById(term)?.scrollIntoView({ block: "start" });
	}, [term]);
	return (
		<div class="help stack">
			<Head title={t("nav.help")} sub={t("help.sub")} />
			{!known && <p class="notice warn slim">{t("help.unknown", { term: safeText(term ?? "") })}</p>}
			<nav class="card helpnav" aria-label={t("help.terms")}>
				<ul>{TERMS.map((x) => <li><a href={href(`/help/${x}`)} aria-current={x === term ? "true" : undefined}>{t(`term.${x}`)}</a></li>)}
					<li><a href={href("/help/codes")} aria-current={term === "codes" ? "true" : undefined}>{t("help.codes")}</a></li></ul>
			</nav>
			<section class="card">
				<dl class="terms">{TERMS.map((x) => <div id={x} class={x === term ? "hit" : ""}><dt>{t(`term.${x}`)}</dt><dd>{t(`term.${x}.text`)}</dd></div>)}</dl>
			</section>
			<section class="card" id="codes">
				<h2>{t("help.codes")}</h2>
				<p class="sub">{t("help.codes.sub")}</p>
				<dl class="terms codes">{CODES.map((c) => {
					const e = card(c);
					return (
						<div id={c} class={c === term ? "hit" : ""}>
							<dt><span class={`code code-${c.startsWith("P") ? "p" : "f"}`}>{c}</span> {e.title}</dt>
							<dd><p>{e.why}</p>
								{e.todo !== null && <p><strong>{t("card.do")}</strong> {e.todo}</p>}
								{e.yours !== null && <p><strong>{t("card.yours")} {t("card.yes")}:</strong> {e.yours}</p>}
								{e.notYours !== null && <p><strong>{t("card.no")}:</strong> {e.notYours}</p>}</dd>
						</div>
					);
				})}</dl>
			</section>
		</div>
	);
}

