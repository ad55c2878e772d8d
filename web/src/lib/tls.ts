/* The arithmetic of the TLS page. */
import { addDays } from "./url";
import type { PolicyType, TlsSummary, TlsTypeSums } from "./types-tls";

/*
 * A reporter may count one session under an sts and again under a tlsa policy,
 * so sums over the types are none of sessions: one type is drawn at a time.
 * Unless the address says which, it is the one with the most sessions.
 */
export function shownType(types: TlsTypeSums[], wanted: string | undefined): PolicyType | null {
	const hit = types.find((x) => x.policy_type === wanted);
	if (hit !== undefined)
		return hit.policy_type;
	return types.reduce<TlsTypeSums | null>((a, b) => a === null || b.successful + b.failed > a.successful + a.failed ? b : a, null)?.policy_type ?? null;
}

/* Days, or weeks from Monday when there are many days. */
export function steps(days: string[], values: number[][], most = 120): { step: "day" | "week"; days: string[]; values: number[][] } {
	if (days.length <= most)
		return { step: "day", days, values };
	const starts: string[] = [], out: number[][] = values.map(() => []);
	days.forEach((d, i) => {
		const monday = addDays(d, -((new Date(d + "T00:00:00Z").getUTCDay() + 6) % 7));
		if (starts[starts.length - 1] !== monday) {
			starts.push(monday);
			for (const line of out)
				line.push(0);
		}
		out.forEach((line, k) => {
			line[line.length - 1] = (line[line.length - 1] ?? 0) + (values[k]?.[i] ?? 0);
		});
	});
	return { step: "week", days: starts, values: out };
}

/* Of the domains with a policy in testing: how many could go on. */
export const ready = (s: TlsSummary): TlsSummary["ready"] => {
	const rank = { ready: 0, wait: 1, "no-policy": 2, "no-data": 3, enforced: 4 } as const;
	return [...s.ready].sort((a, b) => rank[a.state] - rank[b.state]);
};
