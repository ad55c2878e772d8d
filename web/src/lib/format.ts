/* Numbers, days and times for people; everything by Intl, days are UTC. */

import { LOCALE } from "../i18n/lang";

const nf = new Intl.NumberFormat(LOCALE);
const oneNf = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compactNf = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const dayFmt = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", timeZone: "UTC" });
const dayYearFmt = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const weekdayFmt = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const timeFmt = new Intl.DateTimeFormat(LOCALE, {
	day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC",
});
const relFmt = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const listFmt = new Intl.ListFormat(LOCALE, { type: "conjunction" });

/* Short words that Intl has not, or not short enough: seconds, minutes, hours, days; percentage points. */
const UNITS = { "en-GB": ["s", "min", "h", "d"], cs: ["s", "min", "h", "d"], de: ["s", "min", "h", "T"], "pt-BR": ["s", "min", "h", "d"], ru: ["с", "мин", "ч", "д"] }[LOCALE];
const POINTS = { "en-GB": "pp", cs: "p. b.", de: "Pp.", "pt-BR": "p.p.", ru: "п. п." }[LOCALE];

export const DASH = "–";

export const num = (n: number | null | undefined): string => n === null || n === undefined ? DASH : nf.format(n);
export const compact = (n: number): string => n < 10000 ? nf.format(n) : compactNf.format(n);
/* For the labels of an axis: 5K, 10K. */
export const short = (n: number): string => compactNf.format(n);
export const list = (items: string[]): string => listFmt.format(items);

/*
 * A share in per cent. Never rounded up to 100 or down to 0 when it is not
 * exactly that: one failing message in a million is not "100 %".
 */
export function percent(r: number | null | undefined): string {
	if (r === null || r === undefined || isNaN(r))
		return DASH;
	const p = r * 100;
	if (p === 0 || p === 100)
		return `${p} %`;
	if (p > 99.9)
		return `> ${oneNf.format(99.9)} %`;
	if (p < 0.1)
		return `< ${oneNf.format(0.1)} %`;
	return `${oneNf.format(p)} %`;
}

/* The difference of two rates in percentage points, with its sign. */
export function points(now: number | null, before: number | null): { text: string; dir: -1 | 0 | 1 } | null {
	if (now === null || before === null)
		return null;
	const d = Math.round((now - before) * 1000) / 10;
	const dir = d > 0 ? 1 : d < 0 ? -1 : 0;
	return { text: `${dir > 0 ? "+" : dir < 0 ? "−" : "±"}${oneNf.format(Math.abs(d))} ${POINTS}`, dir };
}

/* Growth of a count in per cent, with its sign; nothing to compare with gives null. */
export function growth(now: number, before: number | null | undefined): { text: string; dir: -1 | 0 | 1 } | null {
	if (before === null || before === undefined || before === 0)
		return null;
	const d = (now - before) / before;
	const dir = d > 0 ? 1 : d < 0 ? -1 : 0;
	if (d > 9.99)
		return { text: `×${compact(Math.round(now / before))}`, dir };
	const p = Math.abs(d * 100);
	return { text: `${dir > 0 ? "+" : dir < 0 ? "−" : "±"}${p < 10 ? oneNf.format(p) : num(Math.round(p))} %`, dir };
}

export const ratio = (a: number, b: number): number | null => b === 0 ? null : a / b;

const dayDate = (d: string): Date => new Date(d + "T00:00:00Z");

export function day(d: string | null | undefined, now = new Date()): string {
	if (d === null || d === undefined)
		return DASH;
	const v = dayDate(d);
	if (isNaN(v.getTime()))
		return d;
	return (v.getUTCFullYear() === now.getUTCFullYear() ? dayFmt : dayYearFmt).format(v);
}
export const dayLong = (d: string): string => weekdayFmt.format(dayDate(d));

export function days(from: string, to: string): string {
	if (from === to)
		return dayYearFmt.format(dayDate(from));
	return dayYearFmt.formatRange(dayDate(from), dayDate(to));
}

export function time(s: string | null | undefined): string {
	if (s === null || s === undefined)
		return DASH;
	const v = new Date(s);
	return isNaN(v.getTime()) ? s : timeFmt.format(v) + " UTC";
}

export function ago(s: string | null | undefined, now = Date.now()): string {
	if (s === null || s === undefined)
		return DASH;
	return span((Date.parse(s) - now) / 1000);
}

function span(sec: number): string {
	const a = Math.abs(sec);
	if (isNaN(a))
		return DASH;
	if (a < 90)
		return relFmt.format(Math.round(sec), "second");
	if (a < 5400)
		return relFmt.format(Math.round(sec / 60), "minute");
	if (a < 129600)
		return relFmt.format(Math.round(sec / 3600), "hour");
	return relFmt.format(Math.round(sec / 86400), "day");
}

/* A length of time: "9 h", "2.5 d". */
export function duration(s: number | null | undefined): string {
	if (s === null || s === undefined)
		return DASH;
	if (s < 90)
		return `${num(Math.round(s))} ${UNITS[0]}`;
	if (s < 5400)
		return `${num(Math.round(s / 60))} ${UNITS[1]}`;
	if (s < 172800)
		return `${num(Math.round(s / 3600))} ${UNITS[2]}`;
	return `${oneNf.format(s / 86400)} ${UNITS[3]}`;
}

export function bytes(n: number | null | undefined): string {
	if (n === null || n === undefined)
		return DASH;
	const units = ["B", "kB", "MB", "GB", "TB"];
	let u = 0, v = n;
	while (v >= 1000 && u < units.length - 1) {
		v /= 1000;
		u++;
	}
	return `${u === 0 || v >= 100 ? Math.round(v) : oneNf.format(v)} ${units[u]}`;
}
