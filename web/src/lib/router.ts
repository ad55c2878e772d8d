/* Where we are: path and query, kept in the browser's own history. */
import { BASE } from "./base";
import { store, useStore } from "./store";
import { format, parse, type State } from "./url";

export interface Place { path: string; search: string; hash: string }

const read = (): Place => {
	const p = location.pathname;
	return {
		path: p.startsWith(BASE) ? "/" + p.slice(BASE.length) : p,
		search: location.search, hash: location.hash,
	};
};

export const place = store<Place>(read());
export const usePlace = (): Place => useStore(place);

/* An address of the app ("/reports?x=1") as the browser needs it. */
export const href = (to: string): string => BASE + to.replace(/^\//, "");

export function go(to: string, replace = false): void {
	if (replace)
		history.replaceState(null, "", href(to));
	else
		history.pushState(null, "", href(to));
	place.set(read());
}

export const state = (): State => parse(place.get().search);
export const useUrl = (): State => parse(usePlace().search);

export const at = (path: string, q: string): string => q === "" ? path : `${path}?${q}`;

/* Same page, new state. */
export function update(s: State, replace = false): void {
	const p = place.get();
	go(at(p.path, format(s)) + (replace ? p.hash : ""), replace);
}

export function setView(changes: Record<string, string | undefined>, replace = false): void {
	const s = state();
	const view = { ...s.view };
	for (const [k, v] of Object.entries(changes))
		if (v === undefined)
			delete view[k];
		else
			view[k] = v;
	update({ ...s, view }, replace);
}

export function start(): void {
	addEventListener("popstate", () => place.set(read()));
	/* Plain clicks on our own links stay within the page. */
	document.addEventListener("click", (e) => {
		if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey)
			return;
		const a = (e.target as Element | null)?.closest?.("a[href]");
		if (!(a instanceof HTMLAnchorElement) || a.origin !== location.origin || a.target !== "" ||
		    a.hasAttribute("download") || !a.pathname.startsWith(BASE))
			return;
		const rest = a.pathname.slice(BASE.length);
		if (/^(api|assets)\//.test(rest) || rest === "healthz")
			return;
		if (a.pathname === location.pathname && a.search === location.search && a.hash !== "")
			return;	/* a jump within the page */
		e.preventDefault();
		go("/" + rest + a.search + a.hash);
		if (a.hash === "")
			scrollTo(0, 0);
	});
}
