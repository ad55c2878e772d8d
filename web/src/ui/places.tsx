/* Where an address is, and whose data says so. */
import { t } from "../i18n";
import { countryName, linked, placeText, reservedText, type Place } from "../lib/places";
import { useMeta } from "./meta";
import { Safe, Value } from "./text";

/* Is there anything that tells countries and networks? */
export const useGeo = (): boolean => useMeta()?.features.geo === true;

/* Small, beside an address: the letters of its country; the rest when one points at it. */
export function PlaceTag({ p }: { p: Partial<Place> }) {
	if (!p.country)
		return null;
	return <Value k="country" v={p.country} cls="place-country"><abbr title={placeText(p) ?? countryName(p.country)}>{p.country}</abbr></Value>;
}

/* In full, for a list of facts. */
export function PlaceFact({ p }: { p: Partial<Place> }) {
	if (!p.country && !p.asn)
		return <span class="muted">{p.reserved ? reservedText(p.reserved) : t("place.unknown")}</span>;
	return (
		<>
			{p.country && <Value k="country" v={p.country}><Safe text={countryName(p.country)} /></Value>}
			{p.country && p.asn ? " · " : ""}
			{p.asn && <Value k="asn" v={String(p.asn)}><Safe text={`AS${p.asn}${p.network ? " " + p.network : ""}`} /></Value>}
		</>
	);
}

/* To be shown wherever countries or networks are: the licences of the data ask for it. */
export function PlaceNote() {
	const g = useMeta()?.geo;
	if (!g || (!g.country.there && !g.network.there))
		return null;
	const notes = [...new Set([g.country.note, g.network.note].filter((x): x is string => x !== null && x !== ""))];
	return (
		<p class="placenote muted small">{t("place.note")} {notes.map((n) => (
			<span>{linked(n).map((x) => x.url ? <a href={x.text} target="_blank" rel="noopener noreferrer">{x.text.slice("https://".length)}</a> : <Safe text={x.text} />)} </span>
		))}</p>
	);
}
