/* Host names of addresses, as the API gives them. */
export interface Host {
	state: "waiting" | "confirmed" | "unconfirmed" | "none"; confirmed: boolean;
	name: string | null; names: string[]; more: number; refused: number;
	answered: string | null; failure: string | null;
}
export interface Resolver {
	enabled: boolean | null; known: number; confirmed: number; waiting: number; failing: number;
	answered: string | null; failing_since: string | null;
}
/* `more` of a DNS answer that no message holds. */
export const CROWD = 65535;
