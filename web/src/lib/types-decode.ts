/* POST /decode, as schema/openapi.yaml describes it. */

export interface Bounce {
	lang: string;
	matches: { key: string; title: string; why: string; do: string; words: string }[];
	temporary: boolean;
	domain: string | null; known: boolean; ip: string | null;
	seen: { from: string; to: string; ip: string; m: number; codes: { code: string; title: string; m: number }[]; sender: { id: string; label: string } | null } | null;
	checks: {
		lang: string; code: string; title: string; why: string | null;
		do: string | null; do_yours: string | null; do_not_yours: string | null;
		legs: string[]; notes: string[]; snippets: { text: string; type: string; name: string; value: string }[];
	} | null;
}
