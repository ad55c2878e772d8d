/* Where an address is, in words. Names of countries come from the browser. */
import { t, type Key } from "../i18n";
import { LOCALE } from "../i18n/lang";

export interface Place { country: string | null; asn: number | null; network: string | null; reserved: string | null }

const names = new Intl.DisplayNames([LOCALE], { type: "region", fallback: "code" });

/* The name of a country, of "unknown" and of "reserved"; what is no code stays as it is. */
export function countryName(code: string): string {
	if (code === "unknown" || code === "reserved")
		return t(`place.${code}`);
	if (!/^[A-Z]{2}$/.test(code))
		return code;
	try {
		return names.of(code) ?? code;
	} catch {
		return code;
	}
}

export const asnText = (asn: string): string => /^\d+$/.test(asn) ? `AS${asn}` : asn === "unknown" ? t("place.unknown") : asn;

/* Of groups and filters by host name: words for what has none that is confirmed. */
export const ptrText = (v: string): string => v === "none" || v === "unconfirmed" || v === "unknown" ? t(`ptr.${v}`) : v;

export function reservedText(what: string): string {
	const key = `reserved.${what}`;
	const s = t(key as Key);
	return s === key ? what : s;
}

/* "Germany · AS64500 Example", what it is reserved for, or null: nothing is known. */
export function placeText(p: Partial<Place>): string | null {
	const parts = [
		p.country ? countryName(p.country) : null,
		p.asn ? `AS${p.asn}${p.network ? " " + p.network : ""}` : null,
	].filter((x) => x !== null);
	return parts.length > 0 ? parts.join(" · ") : p.reserved ? reservedText(p.reserved) : null;
}

/* A text with its https addresses apart, so that they can be links. */
export function linked(text: string): { text: string; url: boolean }[] {
	return text.split(/(https:\/\/[a-z0-9.-]+[a-z0-9])/).filter((x) => x !== "").map((x) => ({ text: x, url: x.startsWith("https://") }));
}
