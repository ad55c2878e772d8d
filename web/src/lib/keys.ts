/* Single-letter keys; off in fields, and off altogether when a person says so. */
import { store } from "./store";

function load(): boolean {
	try {
		return localStorage.getItem("dmarcd.keys") !== "off";
	} catch {
		return true;
	}
}
export const keysOn = store<boolean>(typeof localStorage === "undefined" ? true : load());

export function setKeys(on: boolean): void {
	keysOn.set(on);
	try {
		localStorage.setItem("dmarcd.keys", on ? "on" : "off");
	} catch {
		/* then for this visit only */
	}
}

const inField = (e: Element | null): boolean =>
	e !== null && (e.matches("input, textarea, select, [contenteditable]") || e.closest("[role=dialog]") !== null);

/* j and k walk the rows of the page. */
function walk(dir: 1 | -1): void {
	const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")].filter((r) => r.offsetParent !== null);
	const here = document.activeElement?.closest<HTMLElement>("[data-row]");
	const i = here ? rows.indexOf(here) : dir === 1 ? -1 : rows.length;
	const next = rows[i + dir];
	next?.focus();
	next?.scrollIntoView({ block: "nearest" });
}

export function listen(on: { help: () => void; page: (letter: string) => boolean; filter: () => void; shift: (dir: -1 | 1) => void; escape: () => void }): () => void {
	let g = 0;
	const key = (e: KeyboardEvent) => {
		if (e.key === "Escape" && !e.defaultPrevented) {
			on.escape();
			return;
		}
		if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || inField(e.target as Element))
			return;
		const row = (e.target as Element).matches?.("[data-row]") ? e.target as HTMLElement : null;
		if (e.key === "Enter" && row !== null) {
			row.querySelector<HTMLElement>("[data-open]")?.click();
			e.preventDefault();
			return;
		}
		if (!keysOn.get())
			return;
		if (g > Date.now() - 1500 && on.page(e.key)) {
			g = 0;
			e.preventDefault();
			return;
		}
		g = 0;
		switch (e.key) {
		case "?": on.help(); break;
		case "/": on.filter(); break;
		case "g": g = Date.now(); break;
		case "j": walk(1); break;
		case "k": walk(-1); break;
		case "[": on.shift(-1); break;
		case "]": on.shift(1); break;
		default: return;
		}
		e.preventDefault();
	};
	document.addEventListener("keydown", key);
	return () => document.removeEventListener("keydown", key);
}
