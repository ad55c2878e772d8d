import { t } from "../i18n";
import { href, usePlace } from "../lib/router";
import { Head } from "../ui/page";
import { Safe } from "../ui/text";

export default function NotFound() {
	const p = usePlace();
	return (
		<>
			<Head title={t("notfound.title")} />
			<section class="card"><p>{t("notfound.text")} <code class="wrap"><Safe text={p.path} /></code></p>
				<p><a class="btn primary" href={href("/")}>{t("notfound.home")}</a></p></section>
		</>
	);
}
