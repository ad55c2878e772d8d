/* What the DNS says of a domain, in plain sentences; records are the words of whoever runs the zone. */
import type { ComponentChildren } from "preact";
import { t, tx, word, type Key } from "../i18n";
import { answered, byLevel, dmarcFindings, inUse, keyFindings, spfFindings, stsFindings, worst, type Finding, type Level } from "../lib/dns";
import { ago, day, num, time } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import type { Dns, DnsApplies, DnsChange, DnsDmarc, DnsKey, DnsRecord, DnsSpf, DnsSts, DnsTexts, SpfStep } from "../lib/types-dns";
import { carried, setFilter, type FilterKey } from "../lib/url";
import { Icon, type IconName } from "./icons";
import { useMeta } from "./meta";
import { Section } from "./page";
import { Table } from "./table";
import { Name, Safe } from "./text";

const ICON: Record<Level, IconName> = { bad: "cross", warn: "warn", info: "info", ok: "check" };
const Mark = ({ level }: { level: Level }) =>
	<span class={`dnsmark l-${level}`}><Icon name={ICON[level]} size={16} />{t(`dns.level.${level}`)}</span>;

/* The mail that a finding is about: with the domain and the days in force. */
function useRows(domain: string): (f: Finding) => string | null {
	const s = useUrl();
	return (f) => {
		if (f.rows === undefined && f.reports === undefined)
			return null;
		let q = setFilter(s, { key: "domain", not: false, contains: false, values: [domain] });
		for (const [key, v] of Object.entries(f.rows ?? {}))
			q = setFilter(q, { key: key as FilterKey, not: v.startsWith("!"), contains: false, values: [v.replace(/^!/, "")] });
		return f.reports ? at("/reports", carried(q)) : at("/explore", `${carried(q)}&view=rows`);
	};
}

const ARG: Record<string, string> = { why: "dns.failure.word", asked: "dns.asked", mode: "dns.sts.mode" };

function text(f: Finding): string {
	const args = Object.fromEntries(Object.entries(f.args).map(([k, v]) =>
		[k, typeof v === "number" ? v : k === "day" ? (v === "" ? "–" : day(v.slice(0, 10))) : ARG[k] !== undefined ? word(ARG[k], v) : safeText(v)]));
	return t(`dns.${f.key}` as Key, args);
}

function Findings({ list, domain }: { list: Finding[]; domain: string }) {
	const link = useRows(domain);
	return (
		<ul class="findings">{byLevel(list).map((f) => {
			const to = link(f);
			return (
				<li class={`l-${f.level}`}><Icon name={ICON[f.level]} size={16} />
					<span><span class="vh">{t(`dns.level.${f.level}`)}: </span>{text(f)} {to !== null && <a href={href(to)}>{t(f.reports ? "dns.reports" : "dns.rows")}<span class="vh">: {text(f)}</span></a>}</span></li>
			);
		})}</ul>
	);
}

/* The texts at a name, each as it stands there. */
function Texts({ name, r }: { name: string; r: DnsTexts }) {
	if (r.texts.length === 0)
		return <p class="muted small"><code><Safe text={name} /></code> {word("dns.state", r.state === "found" ? "nodata" : r.state)}</p>;
	return <>{r.texts.map((x) => <pre class="record wrap" tabIndex={0} aria-label={t("dns.record.of", { name: safeText(name) })}><code><Safe text={`${name}  TXT  "${x}"`} /></code></pre>)}</>;
}

const Since = ({ r }: { r: DnsRecord }) => r.said.since === null ? null :
	<span class="muted small" title={time(r.said.since)}>{t("dns.since", { day: day(r.said.since.slice(0, 10)) })}</span>;

function Block({ title, term, list, r, children }: { title: string; term: string; list: Finding[]; r?: DnsRecord | null; children: ComponentChildren }) {
	return (
		<section class="dnsblock" aria-label={title}>
			<h3><a class="quietlink" href={href(`/help/${term}`)}>{title}</a> <Mark level={worst(list)} /> {r && <Since r={r} />}</h3>
			{children}
		</section>
	);
}

function Dmarc({ x, d, domain }: { x: Dns; d: DnsDmarc | null; domain: string }) {
	const list = dmarcFindings(x, domain), asks = d?.asks ?? null;
	return (
		<Block title={t("dns.dmarc.title")} term="dmarc" list={list} r={d}>
			{asks !== null && <p>{tx(`dns.dmarc.asks.${asks.p}`, { domain: <b><Name text={domain} /></b> })} {asks.rua !== null && tx("dns.dmarc.rua", { rua: <code class="wrap"><Safe text={asks.rua} /></code> })}</p>}
			<Findings list={list} domain={domain} />
			{d !== null && d.said.state !== "waiting" && <Texts name={d.name} r={d.said} />}
			{x.walk.length > 1 && (
				<details class="dnsmore"><summary>{t("dns.dmarc.walk")}</summary>
					<ol class="walk">{x.walk.map((w) => (
						<li><code><Safe text={`_dmarc.${w.domain}`} /></code> {t(`dns.dmarc.walk.${w.found ?? "unknown"}`)}
							{x.applies?.domain === w.domain && <span class="tag">{t("dns.dmarc.walk.holds")}</span>}
							{w.domain !== domain && w.texts.map((v) => <pre class="record wrap" tabIndex={0}><code><Safe text={v} /></code></pre>)}</li>
					))}</ol></details>
			)}
		</Block>
	);
}

function Step({ s }: { s: SpfStep }) {
	return (
		<li style={{ marginInlineStart: `${Math.min(s.depth - 1, 8) * 1.25}rem` }}>
			<span class="muted small">{t(s.by === "redirect" ? "dns.spf.step.redirect" : "dns.spf.step.include")}</span> <code class="wrap"><Safe text={s.name} /></code>{" "}
			{s.found === "record" ? <span class="muted small">{t("dns.spf.step.lookups", { n: s.lookups })}</span> :
				<span class={`small ${s.found === "none" ? "l-bad" : "muted"}`}>{s.found === "none" && <Icon name="cross" size={16} />}{t(`dns.spf.step.${s.found}`)}</span>}
			{s.fault !== null && <span class="small l-bad"><Icon name="cross" size={16} />{t("dns.spf.step.fault")}</span>}
			{s.text !== null && <pre class="record wrap" tabIndex={0}><code><Safe text={s.text} /></code></pre>}
		</li>
	);
}

function Spf({ d, domain }: { d: DnsSpf | null; domain: string }) {
	const list = spfFindings(d), below = d === null ? [] : d.tree.slice(1);
	return (
		<Block title={t("dns.spf.title")} term={d?.fault ? "permerror" : "spf"} list={list} r={d}>
			{d !== null && d.lookups !== null && <p><span class={`lookups ${d.lookups > 10 ? "over" : ""}`} aria-hidden="true"><span style={{ width: `${Math.min(100, d.lookups * 10)}%` }} /></span> {t("dns.spf.lookups", { n: d.lookups })}</p>}
			<Findings list={list} domain={domain} />
			{d !== null && d.said.state !== "waiting" && <Texts name={d.name} r={d.said} />}
			{below.length > 0 && <details class="dnsmore" open={below.length < 6}><summary>{t("dns.spf.tree")} ({num(below.length)})</summary><ul class="spftree">{below.map((s) => <Step s={s} />)}</ul></details>}
		</Block>
	);
}

const keyWord = (k: DnsKey): string => k.said.state === "waiting" ? t("dns.dmarc.walk.unknown") :
	k.key === "sound" ? t("dns.key.bits", { type: k.type === "ed25519" ? "Ed25519" : "RSA", bits: k.bits ?? 0 }) : t(`dns.key.word.${k.key}`);

function Keys({ keys, domain }: { keys: DnsKey[]; domain: string }) {
	const used = keys.filter(inUse).sort((a, b) => b.m - a.m), rest = keys.filter((k) => !inUse(k));
	const all = used.flatMap(keyFindings);
	const table = (list: DnsKey[]) => (
		<Table caption={t("dns.key.title")} rows={list} rowKey={(k) => k.name} name={(k) => k.selector} cls="dnskeys" columns={[
			{ id: "s", head: t("dns.key.col.selector"), cls: "c-main", cell: (k) => <span class="under"><code class="wrap"><Safe text={k.selector} /></code><span class="muted small wrap"><Safe text={k.domain} /></span></span> },
			{ id: "k", head: t("dns.key.col.key"), cell: (k) => <span class="dnsmark"><Icon name={ICON[worst(keyFindings(k))]} size={16} cls={`l-${worst(keyFindings(k))}`} />{keyWord(k)}</span> },
			{ id: "m", head: t("dns.key.col.mail"), num: true, cell: (k) => num(k.m) },
			{ id: "t", head: t("dns.key.col.since"), cell: (k) => k.said.since === null ? <span class="muted">–</span> : <span class="nowrap">{day(k.said.since.slice(0, 10))}</span> },
			{ id: "f", head: t("dns.key.col.says"), cls: "c-text", cell: (k) => <Findings list={keyFindings(k)} domain={domain} /> },
		]} expand={(k) => <Texts name={k.name} r={k.said} />} />
	);
	return (
		<Block title={t("dns.key.title")} term="dkim" list={used.length === 0 ? [{ level: "info", key: "key.no", args: {} }] : all}>
			{used.length === 0 ? <p class="muted">{t("dns.key.no")}</p> : <><p class="sub small">{t("dns.key.sub")}</p>{table(used)}</>}
			{rest.length > 0 && <details class="dnsmore"><summary>{t("dns.key.idle", { n: rest.length })}</summary>{table(rest)}</details>}
		</Block>
	);
}

/* Only where the DNS says that there is a policy: most domains do without. */
function Sts({ d, domain }: { d: DnsSts; domain: string }) {
	const list = stsFindings(d, domain, Date.now()), why = d.found === "record" ? d.policy?.why ?? null : null;
	return (
		<Block title={t("dns.sts.title")} term="mta-sts" list={list} r={d}>
			<Findings list={list} domain={domain} />
			{why !== null && <p class="muted small">{tx("dns.sts.why", { why: <Safe text={why} /> })}</p>}
			{d.said.state !== "waiting" && <Texts name={d.name} r={d.said} />}
		</Block>
	);
}

const What = ({ r }: { r: DnsTexts }) => r.texts.length === 0 ? <span class="muted">{word("dns.state", r.state === "found" ? "nodata" : r.state)}</span> :
	<>{r.texts.map((x) => <code class="wrap was"><Safe text={x} /></code>)}</>;

function Changes({ list }: { list: DnsChange[] }) {
	return (
		<section class="dnsblock" aria-label={t("dns.changes")}>
			<h3>{t("dns.changes")}</h3>
			{list.length === 0 ? <p class="muted">{t("dns.changes.none")}</p> : (
				<Table caption={t("dns.changes")} rows={list} rowKey={(c) => `${c.at} ${c.name} ${c.kind}`} cls="dnschanges" columns={[
					{ id: "r", head: t("dns.changes.record"), cls: "c-main", cell: (c) => <span class="under"><b>{t(`dns.kind.${c.kind}`)}</b><code class="wrap small"><Safe text={c.name} /></code></span> },
					{ id: "t", head: t("dns.changes.when"), cell: (c) => <span class="nowrap" title={time(c.at)}>{day(c.at.slice(0, 10))}</span> },
					{ id: "w", head: t("dns.changes.was"), cls: "c-text", cell: (c) => <What r={c.was} /> },
					{ id: "i", head: t("dns.changes.is"), cls: "c-text", cell: (c) => <What r={c.is} /> },
				]} />
			)}
		</section>
	);
}

export function DnsSection({ x, domain }: { x: Dns | null | undefined; domain: string }) {
	const off = useMeta()?.features.resolver === false;
	const last = x ? answered(x) : null;
	return (
		<Section title={t("dns.title")} side={last === null ? undefined : <span class="muted small" title={time(last)}>{t("dns.answered", { ago: ago(last) })}</span>}>
			{off && <p class="notice slim"><Icon name="off" /><span>{t(x ? "dns.off.old" : "dns.off")}</span></p>}
			{!x ? (off ? null : <p class="muted">{t("dns.none")}</p>) : (
				<div class="dns">
					<div class="two"><Dmarc x={x} d={x.dmarc} domain={domain} /><Spf d={x.spf} domain={domain} /></div>
					<Keys keys={x.keys} domain={domain} />
					{x.sts && x.sts.said.state === "found" && <Sts d={x.sts} domain={domain} />}
					<Changes list={x.changes} />
				</div>
			)}
		</Section>
	);
}

/* Which policy holds for a name, and by which tag of whose record. */
export function Applies({ name, a }: { name: string; a: DnsApplies | null | undefined }) {
	if (!a)
		return <span class="muted">{t("dns.dmarc.walk.unknown")}</span>;
	const own = a.domain.toLowerCase() === name.toLowerCase();
	return (
		<span class="under"><span class={a.requested === "none" ? "l-warn" : ""}>{t(`dns.asked.${a.requested}`)}</span>
			<span class="muted small">{own ? t("domain.sub.own") : tx("domain.sub.tag", { tag: <code>{a.tag ?? "p"}</code>, domain: <Name text={a.domain} /> })}{a.tag === "np" && <> · {t("domain.sub.np")}</>}</span></span>
	);
}
