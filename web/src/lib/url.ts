/*
 * The query string is the only state of a page, in the grammar of the API:
 *   time     t=7d|30d|90d|365d|all  or  from=DAY&to=DAY;  cmp=prev|none
 *   filters  key=a,b (or)   key=!a,b (not)   key=~text (contains)
 * A key that is not known is kept in the address and shown as such; it is
 * only left out of what is sent to the daemon, which would refuse it. So is
 * a key that is known, but says nothing about what a page shows.
 */

export const MAIL_KEYS = [
	"domain", "hfrom", "efrom", "ip", "reporter", "spf", "dkim", "align", "disp",
	"reason", "selector", "sigdomain", "code", "fwd", "differs", "trust", "apart",
	"sender", "class", "health", "spfdomain",
	"country", "asn", "ptr",
] as const;
/* What failure reports and TLS reports are told apart by; the rest of the keys says nothing of them. */
export const FAILURE_KEYS = ["type", "domain", "hfrom", "ip", "reporter", "trust", "apart"] as const;
export const TLS_KEYS = ["policy_type", "result", "domain", "reporter", "apart"] as const;
export const FILTER_KEYS = [...MAIL_KEYS, "type", "policy_type", "result"] as const;
export type FilterKey = (typeof FILTER_KEYS)[number];

/* Keys with free text: these take "contains". */
export const TEXT_KEYS: readonly FilterKey[] = [
	"domain", "hfrom", "efrom", "reporter", "selector", "sigdomain", "spfdomain",
	"asn", "ptr",
];

/* What a page keeps about its own view; not filters, never sent as such. */
const VIEW_KEYS = ["sort", "by", "view", "unit", "tab", "group", "measure"];
const TIME_KEYS = ["t", "from", "to", "cmp"];

export const PRESETS = ["7d", "30d", "90d", "365d", "all"] as const;
export type Preset = (typeof PRESETS)[number];

export interface Filter {
	key: FilterKey;
	not: boolean;
	contains: boolean;
	values: string[];
}

/* What figures are compared with: as many days before, or 52 weeks before. */
export const CMPS = ["prev", "year", "none"] as const;
export type Cmp = (typeof CMPS)[number];

export interface State {
	preset: Preset | null;	/* null: from and to are given */
	from: string | null;
	to: string | null;
	cmp: Cmp;
	filters: Filter[];
	view: Record<string, string>;
	unknown: [string, string][];	/* kept as they came */
}

export const isFilterKey = (k: string): k is FilterKey =>
	(FILTER_KEYS as readonly string[]).includes(k);

const isPreset = (s: string | null): s is Preset =>
	s !== null && (PRESETS as readonly string[]).includes(s);

export function isDay(s: string | null): s is string {
	if (s === null || !/^\d{4}-\d\d-\d\d$/.test(s))
		return false;
	const d = new Date(s + "T00:00:00Z");
	return !isNaN(d.getTime()) && d.toISOString().slice(0, 10) === s;
}

export function parseFilter(key: FilterKey, raw: string): Filter {
	const not = raw.startsWith("!");
	let rest = not ? raw.slice(1) : raw;
	const contains = rest.startsWith("~");
	if (contains)
		rest = rest.slice(1);
	const values = contains ? [rest] : rest.split(",").map((v) => v.trim()).filter((v) => v !== "");
	return { key, not, contains, values };
}

export const filterValue = (f: Filter): string =>
	(f.not ? "!" : "") + (f.contains ? "~" : "") + f.values.join(",");

export function parse(search: string): State {
	const s: State = {
		preset: "30d", from: null, to: null, cmp: "prev", filters: [], view: {}, unknown: [],
	};
	const q = new URLSearchParams(search);
	const seen = new Set<string>();

	for (const [given, v] of q) {
		const k = given === "org" ? "reporter" : given;	/* the documented alias */
		if (seen.has(k)) {
			s.unknown.push([given, v]);
			continue;
		}
		if (isFilterKey(k)) {
			const f = parseFilter(k, v);
			if (f.values.length === 0 || f.values[0] === "") {
				if (v !== "")
					s.unknown.push([given, v]);
				continue;
			}
			seen.add(k);
			s.filters.push(f);
		} else if (VIEW_KEYS.includes(k)) {
			seen.add(k);
			s.view[k] = v;
		} else if (!TIME_KEYS.includes(k)) {
			s.unknown.push([given, v]);
		}
	}
	const from = q.get("from"), to = q.get("to"), t = q.get("t"), cmp = q.get("cmp");
	if (isDay(from) && isDay(to) && from <= to) {
		s.preset = null;
		s.from = from;
		s.to = to;
		if (t !== null)
			s.unknown.push(["t", t]);
	} else {
		if (from !== null)
			s.unknown.push(["from", from]);
		if (to !== null)
			s.unknown.push(["to", to]);
		if (isPreset(t))
			s.preset = t;
		else if (t !== null)
			s.unknown.push(["t", t]);
	}
	if ((CMPS as readonly (string | null)[]).includes(cmp))
		s.cmp = cmp as Cmp;
	else if (cmp !== null)
		s.unknown.push(["cmp", cmp]);
	return s;
}

/* Readable addresses: what a query string need not escape stays as it is. */
function enc(v: string): string {
	return encodeURIComponent(v).replace(/%(?:2C|3A|2F|40|21|7E)/gi, (m) => decodeURIComponent(m));
}

const join = (pairs: [string, string][]): string =>
	pairs.map(([k, v]) => `${enc(k)}=${enc(v)}`).join("&");

function timePairs(s: State): [string, string][] {
	if (s.preset === null)
		return [["from", s.from ?? ""], ["to", s.to ?? ""]];
	return s.preset === "30d" ? [] : [["t", s.preset]];
}

/* The address of a page in this state, without the question mark. */
export function format(s: State): string {
	const p: [string, string][] = timePairs(s);
	if (s.cmp !== "prev")
		p.push(["cmp", s.cmp]);
	for (const f of s.filters)
		p.push([f.key, filterValue(f)]);
	for (const k of VIEW_KEYS)
		if (s.view[k] !== undefined && s.view[k] !== "")
			p.push([k, s.view[k] as string]);
	return join(p.concat(s.unknown));
}

/* What goes from page to page: time and filters, not the view of one page. */
export function carried(s: State): string {
	return format({ ...s, view: {} });
}

/*
 * A link to a page that knows other keys: of the filters in force it takes the
 * ones that page knows, sets these, and names the days.
 */
export function across(s: State, keys: readonly FilterKey[], set: Partial<Record<FilterKey, string>>, days: { from: string; to: string } | null = null): string {
	let n: State = { ...s, filters: s.filters.filter((f) => keys.includes(f.key)), unknown: [] };
	if (days !== null)
		n = withRange(n, days.from, days.to);
	for (const [k, v] of Object.entries(set))
		n = setFilter(n, { key: k as FilterKey, not: false, contains: false, values: [v] });
	return carried(n);
}

/* The query for the daemon. `fixed` are keys that the page itself sets. */
export function apiQuery(
	s: State, extra: Record<string, string | number | undefined> = {},
	fixed: Partial<Record<FilterKey, string>> = {}, withCmp = false, keys: readonly FilterKey[] = MAIL_KEYS,
): string {
	const p: [string, string][] = timePairs(s);
	if (withCmp && s.cmp !== "prev")
		p.push(["cmp", s.cmp]);
	for (const f of s.filters)
		if (fixed[f.key] === undefined && keys.includes(f.key))
			p.push([f.key, filterValue(f)]);
	for (const [k, v] of Object.entries(fixed))
		p.push([k, v as string]);
	for (const [k, v] of Object.entries(extra))
		if (v !== undefined && v !== "")
			p.push([k, String(v)]);
	return join(p);
}

/* Can this text stand as a value in the grammar? Comma, ! and ~ are its signs. */
export const canFilter = (v: string): boolean =>
	v !== "" && v.trim() === v && !v.includes(",") && !v.startsWith("!") && !v.startsWith("~") && v.length <= 512;

/*
 * A click on a value: keep only it (or add it to the values kept so far by
 * that key); with `not`, leave it out (or out too).
 */
export function addValue(s: State, key: FilterKey, value: string, not: boolean): State {
	const old = s.filters.find((f) => f.key === key);
	let next: Filter;

	if (old !== undefined && old.not === not && !old.contains) {
		const has = old.values.includes(value);
		if (has && (not || old.values.length === 1))
			return s;
		/* Of several values kept, the one clicked remains; one kept takes another beside it. */
		next = { ...old, values: has ? [value] : [...old.values, value] };
	} else
		next = { key, not, contains: false, values: [value] };
	return setFilter(s, next);
}

export function setFilter(s: State, f: Filter): State {
	const i = s.filters.findIndex((o) => o.key === f.key);
	const filters = [...s.filters];
	if (f.values.length === 0)
		return removeFilter(s, f.key);
	if (i >= 0)
		filters[i] = f;
	else
		filters.push(f);
	return { ...s, filters };
}

export const removeFilter = (s: State, key: FilterKey): State =>
	({ ...s, filters: s.filters.filter((f) => f.key !== key) });

/* ---- days ---- */

export function addDays(day: string, n: number): string {
	const d = new Date(day + "T00:00:00Z");
	d.setUTCDate(d.getUTCDate() + n);
	return d.toISOString().slice(0, 10);
}

export function daysBetween(from: string, to: string): number {
	return Math.round((Date.parse(to + "T00:00:00Z") - Date.parse(from + "T00:00:00Z")) / 86400000) + 1;
}

/* From and to of a state, given the last complete day and the first day. */
export function range(s: State, complete: string | null, first: string | null): { from: string; to: string } | null {
	if (s.preset === null)
		return { from: s.from as string, to: s.to as string };
	if (complete === null)
		return null;
	if (s.preset === "all")
		return { from: first ?? complete, to: complete };
	return { from: addDays(complete, 1 - parseInt(s.preset, 10)), to: complete };
}

export function withRange(s: State, from: string, to: string): State {
	return { ...s, preset: null, from, to };
}

/* Move the period by its own length: -1 back, 1 forth. */
export function shift(s: State, dir: -1 | 1, complete: string | null, first: string | null): State {
	const r = range(s, complete, first);
	if (r === null || s.preset === "all")
		return s;
	const n = daysBetween(r.from, r.to) * dir;
	return withRange(s, addDays(r.from, n), addDays(r.to, n));
}

/* Move the period by so many days, as far as there are days. */
export function pan(s: State, n: number, complete: string | null, first: string | null, last: string | null): State {
	const r = range(s, complete, first);
	if (r === null || s.preset === "all")
		return s;
	const most = last === null ? n : daysBetween(r.to, last) - 1, least = first === null ? n : daysBetween(r.from, first) - 1;
	const by = n > 0 ? Math.max(0, Math.min(n, most)) : Math.min(0, Math.max(n, least));
	return by === 0 ? s : withRange(s, addDays(r.from, by), addDays(r.to, by));
}

/* "Share": a relative period frozen to its days. */
export function frozen(s: State, complete: string | null, first: string | null): State {
	const r = range(s, complete, first);
	return r === null ? s : withRange(s, r.from, r.to);
}
