/*
 * Period, comparison, filters: one bar on all data pages. It applies at once,
 * lives in the address only, and Back undoes it.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { days, num } from "../lib/format";
import { apiUrl, mainCall, useApi } from "../lib/api";
import { at, go, href, place, update, usePlace, useUrl } from "../lib/router";
import { asnText, countryName, ptrText } from "../lib/places";
import { useStore } from "../lib/store";
import type { Breakdown } from "../lib/types";
import {
	apiQuery, canFilter, carried, CMPS, filterValue, format, frozen, isDay, MAIL_KEYS, PRESETS, range, removeFilter, setFilter,
	shift, TEXT_KEYS, withRange, type Filter, type FilterKey, type Preset, type State,
} from "../lib/url";
import { codeTitle } from "./bits";
import { Icon } from "./icons";
import { pageEnd, useMeta } from "./meta";
import { useGeo } from "./places";
import { SenderValue } from "./senders";
import { Views } from "./views";
import { Popover } from "./popover";
import { safeText } from "../lib/safe";
import { Name, Safe } from "./text";

/* Values that need no look-up. */
const FIXED: Partial<Record<FilterKey, readonly string[]>> = {
	align: ["both", "dkim", "spf", "none", "untold"],
	disp: ["none", "quarantine", "reject", "pass", "other"],
	class: ["own", "service", "candidate", "unknown", "suspect", "impostor", "forwarder", "list", "noise"],
	health: ["good", "one_leg", "mixed", "failing", "quiet"],
	fwd: ["certain", "likely", "no"],
	differs: ["yes", "no"],
	trust: ["authenticated", "unauthenticated", "unknown"],
	apart: ["no", "yes", "all"],
	spf: ["pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror", "unknown", "absent"],
	dkim: ["pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror", "unknown", "absent"],
	type: ["auth-failure", "dmarc", "spf", "dkim", "other", "abuse"],
	policy_type: ["sts", "tlsa", "no-policy-found", "other"],
	result: ["starttls-not-supported", "certificate-host-mismatch", "certificate-expired", "certificate-not-trusted", "validation-failure",
		"tlsa-invalid", "dnssec-invalid", "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid", "other"],
};
const NO_BREAKDOWN: readonly FilterKey[] = ["differs", "trust", "apart", "type", "policy_type", "result"];
const WORDS: Partial<Record<FilterKey, string>> = { align: "align", disp: "disp", fwd: "fwd", differs: "differs", trust: "trust", apart: "apart", spf: "result", dkim: "result", reason: "reason", class: "class", health: "health", type: "ftype", policy_type: "ptype", result: "tlsresult" };

/* What a filter value is called on screen. */
export function valueLabel(key: FilterKey, v: string): string {
	const p = WORDS[key];
	if (v === "absent" && p === undefined)
		return t("row.nottold");
	if (p !== undefined) {
		const w = t(`${p}.${v}` as Key);
		return w === `${p}.${v}` ? v : w;
	}
	if (key === "country")
		return countryName(v);
	if (key === "asn")
		return asnText(v);
	if (key === "ptr")
		return ptrText(v);
	if (key === "code") {
		const title = codeTitle(v);
		return title === v ? v : `${v} ${title}`;
	}
	return v;
}

function Time({ s, today }: { s: State; today: boolean }) {
	const m = useMeta();
	const r = range(s, useStore(pageEnd) ?? m?.complete_through ?? null, m?.first_day ?? null);
	const name = (p: Preset) => t(today ? `time.${p}.today` : `time.${p}`);
	const label = s.preset === null ? days(s.from as string, s.to as string) : name(s.preset);
	return (
		<Popover label={t("time.label")} cls="btn" title={r === null ? undefined : days(r.from, r.to)}
			button={<><Icon name="calendar" size={16} /><span class="only-wide">{label}</span><span class="only-phone">{s.preset === null ? label : t(`time.${s.preset}.short`)}</span><Icon name="down" size={16} /></>}>
			{(close) => (
				<div class="menu">
					<ul>
						{PRESETS.map((p) => (
							<li><button type="button" aria-pressed={s.preset === p} onClick={() => {
								update({ ...s, preset: p, from: null, to: null });
								close();
							}}>{name(p)}{s.preset === p && <Icon name="check" size={16} />}</button></li>
						))}
					</ul>
					<CustomRange s={s} from={r?.from ?? ""} to={r?.to ?? ""} close={close} />
					{m !== null && !today && <p class="hint">{t("time.hint")}</p>}
				</div>
			)}
		</Popover>
	);
}

function CustomRange({ s, from, to, close }: { s: State; from: string; to: string; close: () => void }) {
	const [a, setA] = useState(from), [b, setB] = useState(to);
	const ok = isDay(a) && isDay(b) && a <= b;
	return (
		<form class="range" onSubmit={(e) => {
			e.preventDefault();
			if (!ok)
				return;
			update(withRange(s, a, b));
			close();
		}}>
			<label>{t("time.from")}<input type="date" value={a} onInput={(e) => setA(e.currentTarget.value)} /></label>
			<label>{t("time.to")}<input type="date" value={b} onInput={(e) => setB(e.currentTarget.value)} /></label>
			<button type="submit" class="btn primary" disabled={!ok}>{t("time.apply")}</button>
			{!ok && a !== "" && b !== "" && <p class="field-error" role="alert">{t("time.bad")}</p>}
		</form>
	);
}

function Compare({ s }: { s: State }) {
	return (
		<Popover label={t("cmp.label")} cls="btn cmp" title={t(`cmp.${s.cmp}.hint`)}
			button={<><Icon name={s.cmp === "none" ? "off" : "check"} size={16} /><span>{t(`cmp.${s.cmp}`)}</span><Icon name="down" size={16} /></>}>
			{(close) => (
				<div class="menu"><ul>{CMPS.map((c) => (
					<li><button type="button" aria-pressed={s.cmp === c} onClick={() => {
						update({ ...s, cmp: c });
						close();
					}}><span class="grow">{t(`cmp.${c}`)}<span class="hint">{t(`cmp.${c}.hint`)}</span></span>{s.cmp === c && <Icon name="check" size={16} />}</button></li>
				))}</ul></div>
			)}
		</Popover>
	);
}

function DomainPicker({ s }: { s: State }) {
	const here = /^\/domains\/(.+)$/.exec(usePlace().path);
	const picked = here?.[1] !== undefined ? decodeURIComponent(here[1]) : null;
	const f = s.filters.find((x) => x.key === "domain");
	const l = useApi<Breakdown>("breakdown?by=domain&sort=-m&limit=100&t=all");
	const label = picked ?? (f === undefined ? t("domain.all") : (f.not ? t("filter.not") + " " : "") + f.values.join(", "));
	const pick = (d: string | null) => {
		if (picked !== null) {
			const rest = carried(removeFilter(s, "domain"));
			go(d === null ? at("/domains", rest) : at(`/domains/${encodeURIComponent(d)}`, rest));
		} else
			update(d === null ? removeFilter(s, "domain") : setFilter(s, { key: "domain", not: false, contains: false, values: [d] }));
	};
	return (
		<Popover label={t("domain.label")} cls="btn" button={<><Icon name="domains" size={16} /><span class="clip"><Safe text={label} /></span><Icon name="down" size={16} /></>}>
			{(close) => (
				<div class="menu">
					<ul>
						<li><button type="button" aria-pressed={picked === null && f === undefined} onClick={() => {
							pick(null);
							close();
						}}>{t("domain.all")}</button></li>
						{(l.data?.items ?? []).map((d) => {
							const on = picked === d.key || (f?.values.includes(d.key) ?? false);
							return <li><button type="button" aria-pressed={on} onClick={() => {
								pick(d.key);
								close();
							}}><Name text={d.key} />{on && <Icon name="check" size={16} />}</button></li>;
						})}
					</ul>
					{l.data?.next && <p class="hint">{t("domain.more")}</p>}
				</div>
			)}
		</Popover>
	);
}

/* One key: is / is not / contains, with the values the data has. */
function Editor({ s, k, start, done }: { s: State; k: FilterKey; start: Filter | undefined; done: () => void }) {
	const [mode, setMode] = useState<"is" | "not" | "has">(start?.contains ? "has" : start?.not ? "not" : "is");
	const [values, setValues] = useState<string[]>(start?.values ?? []);
	const [text, setText] = useState(start?.contains ? start.values[0] ?? "" : "");
	const wants = !NO_BREAKDOWN.includes(k);
	const l = useApi<Breakdown>(wants ? `breakdown?${apiQuery(removeFilter(s, k), { by: k, sort: "-m", limit: 50 })}` : null);
	const counts = new Map((l.data?.items ?? []).map((i) => [i.key, i] as const));
	const known = (l.data?.items ?? []).map((i) => i.key);
	const options = [...new Set([...known, ...(FIXED[k] ?? []), ...values])].filter(canFilter)
		.filter((v) => mode === "has" || text === "" || `${v} ${valueLabel(k, v)} ${counts.get(v)?.label ?? ""}`.toLowerCase().includes(text.toLowerCase()));
	const typed = text.trim();
	const free = FIXED[k] === undefined && mode !== "has" && canFilter(typed) && !options.includes(typed);

	const apply = (f: Filter) => {
		update(setFilter(s, f));
		done();
	};
	const submit = (e: Event) => {
		e.preventDefault();
		if (mode === "has") {
			if (typed !== "")
				apply({ key: k, not: false, contains: true, values: [typed] });
			return;
		}
		const all = free ? [...values, typed] : values.length > 0 ? values : options.length === 1 ? options : [];
		apply({ key: k, not: mode === "not", contains: false, values: all });
	};
	const toggle = (v: string) => setValues(values.includes(v) ? values.filter((x) => x !== v) : [...values, v]);

	return (
		<form class="editor" onSubmit={submit}>
			<div class="editor-head">
				<strong>{t(`key.${k}`)}</strong>
				<div class="seg" role="group" aria-label={t("filter.mode")}>
					<button type="button" aria-pressed={mode === "is"} onClick={() => setMode("is")}>{t("filter.is")}</button>
					<button type="button" aria-pressed={mode === "not"} onClick={() => setMode("not")}>{t("filter.not")}</button>
					{TEXT_KEYS.includes(k) && <button type="button" aria-pressed={mode === "has"} onClick={() => setMode("has")}>{t("filter.contains")}</button>}
				</div>
			</div>
			<p class="hint">{t(`key.${k}.hint`)}</p>
			<input type="text" data-autofocus value={text} autocomplete="off" spellcheck={false} aria-label={t("filter.value")}
				placeholder={mode === "has" ? t("filter.text") : k === "ip" ? t("filter.ip") : t("filter.search")}
				onInput={(e) => setText(e.currentTarget.value)} />
			{mode !== "has" && (
				<ul class="options">
					{free && <li><label><input type="checkbox" checked={false} onChange={() => {
						toggle(typed);
						setText("");
					}} /><span class="grow"><Safe text={typed} /></span><span class="muted">{t("filter.typed")}</span></label></li>}
					{options.slice(0, 60).map((v) => (
						<li><label>
							<input type="checkbox" checked={values.includes(v)} onChange={() => toggle(v)} />
							<span class="grow clip">{WORDS[k] || k === "code" || k === "country" || (k === "ptr" && ptrText(v) !== v) ? <Safe text={valueLabel(k, v)} /> : k === "sender" && counts.get(v) === undefined ? <SenderValue id={v} /> : <Name text={k === "reporter" || k === "sender" || k === "asn" ? counts.get(v)?.label ?? valueLabel(k, v) : v} />}</span>
							<span class="muted n">{counts.has(v) ? num(counts.get(v)?.counts.m) : ""}</span>
						</label></li>
					))}
					{options.length === 0 && !free && <li class="muted">{l.busy ? t("state.loading") : t("filter.nothing")}</li>}
				</ul>
			)}
			<div class="editor-foot">
				{start !== undefined && <button type="button" class="btn" onClick={() => {
					update(removeFilter(s, k));
					done();
				}}>{t("filter.remove")}</button>}
				<button type="submit" class="btn primary" disabled={mode === "has" ? typed === "" : values.length === 0 && !free && options.length !== 1}>{t("filter.apply")}</button>
			</div>
		</form>
	);
}

function AddFilter({ s, keys }: { s: State; keys: readonly FilterKey[] }) {
	return (
		<Popover label={t("filter.add")} cls="btn" id="add-filter" wide title={t("filter.add.hint")}
			button={<><Icon name="plus" size={16} /><span>{t("filter.add")}</span><kbd aria-hidden="true">/</kbd></>}>
			{(close) => <Picker s={s} close={close} of={keys} />}
		</Popover>
	);
}

function Picker({ s, close, of }: { s: State; close: () => void; of: readonly FilterKey[] }) {
	const [k, setK] = useState<FilterKey | null>(null);
	const [q, setQ] = useState("");
	const geo = useGeo();
	const keys = of.filter((x) => geo || (x !== "country" && x !== "asn")).filter((x) => q === "" || `${x} ${t(`key.${x}`)} ${t(`key.${x}.hint`)}`.toLowerCase().includes(q.toLowerCase()));

	if (k !== null)
		return <><button type="button" class="btn link back" onClick={() => setK(null)}><Icon name="left" size={16} />{t("filter.keys")}</button>
			<Editor s={s} k={k} start={s.filters.find((f) => f.key === k)} done={close} /></>;
	return (
		<form class="editor" onSubmit={(e) => {
			e.preventDefault();
			if (keys[0] !== undefined)
				setK(keys[0]);
		}}>
			<input type="text" data-autofocus value={q} placeholder={t("filter.which")} aria-label={t("filter.which")} autocomplete="off"
				onInput={(e) => setQ(e.currentTarget.value)} />
			<ul class="options keys">
				{keys.map((x) => <li><button type="button" onClick={() => setK(x)}>
					<span class="grow"><strong>{t(`key.${x}`)}</strong><span class="hint">{t(`key.${x}.hint`)}</span></span>
					{s.filters.some((f) => f.key === x) && <Icon name="check" size={16} />}
				</button></li>)}
				{keys.length === 0 && <li class="muted">{t("filter.nothing")}</li>}
			</ul>
		</form>
	);
}

function Chip({ s, f }: { s: State; f: Filter }) {
	return (
		<span class={`chip ${f.not ? "not" : ""}`}>
			<Popover label={t(`key.${f.key}`)} cls="chip-main" wide button={
				<><span class="chip-key">{t(`key.${f.key}`)}</span> {f.not && <b>{t("filter.not")} </b>}{f.contains && <b>{t("filter.contains")} </b>}
					<span class="clip">{f.values.map((v, i) => <>{i > 0 && ", "}{f.key === "sender" ? <SenderValue id={v} /> : <Safe text={valueLabel(f.key, v)} />}</>)}</span></>}>
				{(close) => <Editor s={s} k={f.key} start={f} done={close} />}
			</Popover>
			<button type="button" class="chip-x" aria-label={`${t("chip.remove")} ${t(`key.${f.key}`)}`} onClick={() => update(removeFilter(s, f.key))}>
				<Icon name="cross" size={16} />
			</button>
		</span>
	);
}

/* Copies; where the browser refuses (no HTTPS), shows the text to copy by hand. */
export function Copy({ text, label, icon, hint, cls = "" }: { text: () => string; label: string; icon: "share" | "copy"; hint: string; cls?: string }) {
	const [said, setSaid] = useState<"" | "done" | "manual">("");
	const box = useRef<HTMLInputElement>(null);
	useEffect(() => {
		if (said === "manual")
			box.current?.select();
		if (said !== "done")
			return;
		const id = setTimeout(() => setSaid(""), 2000);
		return () => clearTimeout(id);
	}, [said]);
	return (
		<span class={`pop ${cls}`}>
			<button type="button" class="btn quiet" title={hint} onClick={async () => {
				try {
					await navigator.clipboard.writeText(text());
					setSaid("done");
				} catch {
					setSaid(said === "manual" ? "" : "manual");
				}
			}}><Icon name={said === "done" ? "check" : icon} size={16} /><span>{said === "done" ? t("copy.done") : label}</span></button>
			<span class="vh" role="status">{said === "done" ? t("copy.done") : ""}</span>
			{said === "manual" && <span class="panel right"><label class="manual">{t("copy.manual")}
				<input ref={box} type="text" readOnly value={text()} onKeyDown={(e) => e.key === "Escape" && setSaid("")} /></label></span>}
		</span>
	);
}

const quote = (s: string): string => `'${s.replace(/'/g, "'\\''")}'`;

/* What says nothing about the page is neither sent nor dropped, and one can see it. */
function Unused({ s, f }: { s: State; f: Filter }) {
	return (
		<span class="chip unused" title={t("chip.unused.hint")}>
			<span class="chip-main"><span class="chip-key">{t(`key.${f.key}`)}</span> <span class="clip"><Safe text={(f.not ? "!" : "") + f.values.map((v) => valueLabel(f.key, v)).join(", ")} /></span> <em>{t("chip.unused")}</em></span>
			<button type="button" class="chip-x" aria-label={`${t("chip.remove")} ${t(`key.${f.key}`)}`} onClick={() => update(removeFilter(s, f.key))}>
				<Icon name="cross" size={16} />
			</button>
		</span>
	);
}

interface BarProps {
	noTime?: boolean;
	keys?: readonly FilterKey[];	/* the filters that the page knows */
	today?: boolean;		/* days count up to today */
	kind?: ExportKind;		/* what an export from here is of */
}
type ExportKind = "records" | "reports" | "failures" | "tls";

/* All that this page selects, as a file; what an export of that kind does not know is left out. */
function Export({ s, kind, keys }: { s: State; kind: ExportKind; keys: readonly FilterKey[] }) {
	const known = kind === "tls" ? keys.filter((k) => k !== "policy_type" && k !== "result") : keys;
	const q = apiQuery(s, { kind, format: "csv", ...(kind === "failures" && s.preset === "30d" ? { t: "30d" } : {}) }, {}, false, known);
	return <a class="btn quiet" download href={apiUrl(`export?${q}`)} title={t(`export.${kind}`)}><Icon name="download" size={16} />{t("export")}</a>;
}

export function FilterBar({ noTime = false, keys = MAIL_KEYS, today = false, kind }: BarProps) {
	const s = useUrl();
	const m = useMeta();
	const main = useStore(mainCall);
	const onDomain = /^\/domains\/./.test(usePlace().path);
	return (
		<div class="filterbar" role="region" aria-label={t("filter.region")}>
			<div class="filters">
				{!noTime && <Time s={s} today={today} />}
				{!noTime && keys === MAIL_KEYS && <Compare s={s} />}
				<DomainPicker s={s} />
				{s.filters.filter((f) => f.key !== "domain" || (!onDomain && (f.not || f.contains || f.values.length > 1))).map((f) => keys.includes(f.key) ? <Chip key={f.key} s={s} f={f} /> : <Unused key={f.key} s={s} f={f} />)}
				{s.unknown.map(([k, v], i) => (
					<span class="chip bad" title={t("chip.unknown.hint")}>
						<span class="chip-main"><Icon name="warn" size={16} /><Safe text={`${k}=${v}`} /> <em>{t("chip.unknown")}</em></span>
						<button type="button" class="chip-x" aria-label={t("chip.remove") + " " + safeText(k.slice(0, 40))}
							onClick={() => update({ ...s, unknown: s.unknown.filter((_, j) => j !== i) })}><Icon name="cross" size={16} /></button>
					</span>
				))}
				<AddFilter s={s} keys={keys} />
			</div>
			<div class="share">
				<Views s={s} />
				{kind !== undefined && <Export s={s} kind={kind} keys={keys} />}
				<Copy label={t("share")} icon="share" hint={t("share.hint")} text={() => location.origin +
					href(at(place.get().path, format(frozen(s, pageEnd.get() ?? m?.complete_through ?? null, m?.first_day ?? null))))} />
				{main !== null && <Copy cls="only-wide" label={t("curl")} icon="copy" hint={t("curl.hint")} text={() => `curl -sS ${quote(location.origin + apiUrl(main))}`} />}
			</div>
		</div>
	);
}

/* `[` and `]`: the period before, the period after. */
export function shiftPeriod(dir: -1 | 1, s: State, complete: string | null, first: string | null): void {
	update(shift(s, dir, complete, first));
}

/* The active filters as a query for links that lead to another page. */
export function useCarried(): string {
	return carried(useUrl());
}

export { filterValue };
