/* The language: as the browser says, or one of ours. A new one is a new load of the page. */
import { t } from "../i18n";
import { choose, chosen, LANGS, type Lang } from "../i18n/lang";

export function LanguageSwitch() {
	return (
		<label class="language"><span class="vh">{t("lang.label")}</span>
			<select value={chosen() ?? ""} onChange={(e) => { choose((e.currentTarget.value || null) as Lang | null); location.reload(); }}>
				<option value="">{t("lang.auto")}</option>
				{Object.entries(LANGS).map(([k, name]) => <option value={k} lang={k}>{name}</option>)}
			</select>
		</label>
	);
}
