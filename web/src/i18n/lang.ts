/*
 * Which language the app speaks: what was chosen here, else the first of the
 * browser's that there is, else English. Its texts are loaded before anything
 * is drawn; a language that cannot be loaded is English.
 */
export const LANGS = { en: "English", cs: "Čeština", de: "Deutsch", pt: "Português", ru: "Русский" } as const;
export type Lang = keyof typeof LANGS;

const PLACE = "dmarcd.lang";
const known = (v: unknown): v is Lang => typeof v === "string" && Object.prototype.hasOwnProperty.call(LANGS, v);

/* What people chose here; null: nothing, the browser decides. */
export function chosen(): Lang | null {
	try {
		const v = localStorage.getItem(PLACE);
		return known(v) ? v : null;
	} catch {
		return null;	/* storage may be forbidden */
	}
}

/* For the next time a page is loaded. */
export function choose(v: Lang | null): void {
	try {
		if (v === null)
			localStorage.removeItem(PLACE);
		else
			localStorage.setItem(PLACE, v);
	} catch {
		/* for this visit there is no other */
	}
}

export function best(wanted: readonly string[]): Lang {
	for (const w of wanted) {
		const v = w.toLowerCase().split("-")[0];
		if (known(v))
			return v;
	}
	return "en";
}

/* Nobody loads two languages; the entry holds none. */
const LOAD: Record<Lang, () => Promise<{ default: Record<string, string> }>> = {
	en: () => import("./en").then((m) => ({ default: m.en as Record<string, string> })),
	cs: () => import("./cs"), de: () => import("./de"), pt: () => import("./pt"), ru: () => import("./ru"),
};

async function load(lang: Lang): Promise<[Lang, Record<string, string>]> {
	try {
		return [lang, (await LOAD[lang]()).default];
	} catch {
		return lang === "en" ? ["en", {}] : load("en");
	}
}

const browser = typeof document === "undefined" ? [] : navigator.languages;
/* texts: of that language, which has them all (a test compares). */
export const [lang, texts] = await load(chosen() ?? best(browser));

/* Texts of one page only, which come with it; until then their keys stand for them. */
export async function more(from: Record<Lang, () => Promise<{ settings: Record<string, string> }>>): Promise<void> {
	try {
		Object.assign(texts, (await from[lang]()).settings);
	} catch {
		Object.assign(texts, (await from.en()).settings);
	}
}

/* For Intl: how days and numbers are written. */
export const LOCALE = ({ en: "en-GB", cs: "cs", de: "de", pt: "pt-BR", ru: "ru" } as const)[lang];

if (typeof document !== "undefined")
	document.documentElement.lang = lang;
