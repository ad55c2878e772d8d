/* System, light or dark; the blocking script theme.ts reads the same key. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { Icon, type IconName } from "./icons";

type Theme = "system" | "light" | "dark";
const ICON: Record<Theme, IconName> = { system: "auto", light: "sun", dark: "moon" };

function stored(): Theme {
	try {
		const v = localStorage.getItem("dmarcd.theme");
		return v === "light" || v === "dark" ? v : "system";
	} catch {
		return "system";
	}
}

export function ThemeSwitch() {
	const [theme, setTheme] = useState<Theme>(stored);
	useEffect(() => {
		const mq = matchMedia("(prefers-color-scheme: dark)");
		const apply = () => {
			document.documentElement.dataset.theme = theme === "dark" || (theme === "system" && mq.matches) ? "dark" : "light";
		};
		apply();
		mq.addEventListener("change", apply);
		return () => mq.removeEventListener("change", apply);
	}, [theme]);
	const pick = (v: Theme) => {
		setTheme(v);
		try {
			if (v === "system")
				localStorage.removeItem("dmarcd.theme");
			else
				localStorage.setItem("dmarcd.theme", v);
		} catch {
			/* for this visit only */
		}
	};
	return (
		<div class="seg theme" role="group" aria-label={t("theme.label")}>
			{(["system", "light", "dark"] as const).map((v) => (
				<button type="button" aria-pressed={theme === v} title={t(`theme.${v}`)} onClick={() => pick(v)}>
					<Icon name={ICON[v]} size={16} /><span class="vh">{t(`theme.${v}`)}</span>
				</button>
			))}
		</div>
	);
}
