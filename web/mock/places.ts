/* Made-up countries and networks for the made-up addresses. */
import type { Place } from "../src/lib/places";
import type { Meta } from "../src/lib/types";

const TABLE: [string, Place][] = [
	["192.0.2.", { country: "DE", asn: 64496, network: "Example Servers", reserved: null }],
	["198.51.100.20", { country: "IE", asn: 64499, network: "Letterpost Mailing", reserved: null }],
	["198.51.100.21", { country: "IE", asn: 64499, network: "Letterpost Mailing", reserved: null }],
	["198.51.100.6", { country: "FR", asn: 64501, network: "Hosting, \"quoted\" & Söhne", reserved: null }],
	["198.51.100.", { country: "BR", asn: 65536, network: "Example Broadband", reserved: null }],
	["203.0.113.250", { country: null, asn: 65540, network: "<img src=x onerror=alert(9)>\u202egnp", reserved: null }],
	["203.0.113.6", { country: "VN", asn: 65537, network: null, reserved: null }],
	["203.0.113.12", { country: "VN", asn: 65537, network: null, reserved: null }],
	["2001:db8:10:", { country: "DE", asn: 64496, network: "Example Servers", reserved: null }],
	["", { country: null, asn: null, network: null, reserved: "documentation" }],
];
const NOWHERE: Place = { country: null, asn: null, network: null, reserved: null };

export const placeOf = (ip: string | null): Place => ip === null ? NOWHERE : TABLE.find(([start]) => ip.startsWith(start))?.[1] ?? NOWHERE;
export const countryOf = (ip: string | null): string => {
	const p = placeOf(ip);
	return p.country ?? (p.reserved !== null ? "reserved" : "unknown");
};
export const networkOf = (ip: string | null): string => String(placeOf(ip).asn ?? "unknown");
export const networkLabel = (asn: string): string => {
	const p = TABLE.find(([, x]) => String(x.asn) === asn)?.[1];
	return p === undefined ? asn : `AS${asn}${p.network !== null ? " " + p.network : ""}`;
};

export const geo: NonNullable<Meta["geo"]> = {
	country: { there: true, day: "2026-05-01", note: "Country data: made up for this page (CC0 1.0).", why: null },
	network: { there: true, day: "2026-05-01", note: "Network data: made up, as by Example (https://data.example), CC BY 4.0.", why: null },
};
