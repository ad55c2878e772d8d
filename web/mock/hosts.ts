/* Host names: most lead back, some lie, some are hostile, some are not there. */
import { CROWD, type Host } from "../src/lib/types-hosts";

const none: Host = { state: "none", confirmed: false, name: null, names: [], more: 0, refused: 0, answered: "2026-05-31T06:00:00Z", failure: null };

export function hostOf(ip: string | null): Host | null {
	const n = [...(ip ?? "")].reduce((a, c) => (a * 31 + c.charCodeAt(0)) % 1009, 7);

	if (ip === null || ip === "unknown" || n % 7 === 0)
		return null;
	if (n % 7 === 1)
		return { ...none, state: "waiting", answered: null, failure: "timeout" };
	if (n % 7 === 2)
		return { ...none, more: n % 2 === 0 ? CROWD : 0, refused: n % 3 };
	const name = n % 7 === 3 ? "www.bank.example" : n % 11 === 0 ? "xn--80ak6aa92e.example" : `mx${n}.mailer.example`;
	return { ...none, state: n % 7 === 3 ? "unconfirmed" : "confirmed", confirmed: n % 7 !== 3, name, names: n % 5 === 0 ? [name, `a${n}.mailer.example`] : [name], more: n % 5 === 0 ? 12 : 0 };
}
