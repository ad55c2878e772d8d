/* What opens the palette: Ctrl or Cmd with K, and a button. The palette itself is loaded then. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import type { Choice } from "../lib/palette";
import { store, useStore } from "../lib/store";
import { Icon } from "./icons";

const open = store<boolean>(false);
const mac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

type Shown = ComponentType<{ nav: Choice[]; close: () => void }>;

export function PaletteButton({ cls }: { cls: string }) {
	return (
		<button type="button" class={cls} aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K" onClick={() => open.set(true)}>
			<Icon name="explore" size={16} /><span>{t("palette.open")}</span><kbd aria-hidden="true">{mac ? "⌘ K" : "Ctrl K"}</kbd>
		</button>
	);
}

export function PaletteHost({ nav }: { nav: Choice[] }) {
	const yes = useStore(open);
	const [Palette, setPalette] = useState<Shown | null>(null);
	useEffect(() => {
		const key = (e: KeyboardEvent) => {
			if (e.key.toLowerCase() !== "k" || !(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || e.defaultPrevented)
				return;
			e.preventDefault();
			if (document.querySelector("dialog[open]") === null)
				open.set(true);
		};
		document.addEventListener("keydown", key);
		return () => document.removeEventListener("keydown", key);
	}, []);
	useEffect(() => {
		if (yes && Palette === null)
			void import("./palette").then((m) => setPalette(() => m.default), () => open.set(false));
	}, [yes]);
	return yes && Palette !== null ? <Palette nav={nav} close={() => open.set(false)} /> : null;
}
