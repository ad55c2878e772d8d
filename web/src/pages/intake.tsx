/* Are reports arriving and being read? */
import { useEffect } from "preact/hooks";
import { t, word } from "../i18n";
import { useApi } from "../lib/api";
import { ago, bytes, day, dayLong, num, time } from "../lib/format";
import type { Ingest, Mailbox } from "../lib/types";
import { Icon, type IconName } from "../ui/icons";
import { ResolverFacts } from "../ui/host";
import { Head, Section } from "../ui/page";
import { Quarantine, usePace } from "../ui/quarantine";
import { UploadBox } from "../ui/upload";
import { Load } from "../ui/states";
import { Safe } from "../ui/text";

const STATE_ICON: Record<string, IconName> = { idle: "check", fetching: "download", error: "warn", off: "off", unknown: "help" };
const KINDS = ["stored", "duplicate", "ignored", "rejected"] as const;

function Box({ m }: { m: Mailbox }) {
	return (
		<li class={`mailbox s-${m.state}`}>
			<div class="mb-head"><span class={`status status-mb-${m.state}`}><Icon name={STATE_ICON[m.state] ?? "info"} size={16} />{word("mailbox", m.state)}</span>
				<strong><Safe text={m.name} /></strong><span class="muted"><Safe text={m.protocol.toUpperCase()} />{m.host && <> · <Safe text={m.host} /></>}</span></div>
			{m.error !== null && <div class="mb-error"><p><Safe text={m.error.text} /></p>{m.error.remedy && <p><strong>{t("intake.remedy")}</strong> <Safe text={m.error.remedy} /></p>}</div>}
			<dl class="mb-facts">
				<div><dt>{t("intake.last")}</dt><dd title={time(m.last_success)}>{m.last_success === null ? t("intake.never") : ago(m.last_success)}</dd></div>
				<div><dt>{t("intake.next")}</dt><dd title={time(m.next_run)}>{ago(m.next_run)}</dd></div>
				{m.messages !== null && <><div><dt>{t("intake.seen")}</dt><dd>{num(m.messages.seen)}</dd></div><div><dt>{t("intake.new")}</dt><dd>{num(m.messages.new)}</dd></div></>}
			</dl>
		</li>
	);
}

function DayBars({ days }: { days: Ingest["days"] }) {
	const max = Math.max(1, ...days.map((d) => d.stored + d.duplicate + d.ignored + d.rejected));
	return (
		<>
			<div class="daybars" role="img" aria-label={t("intake.days.label", { n: days.reduce((n, d) => n + d.stored, 0), bad: days.reduce((n, d) => n + d.rejected, 0) })}>
				{days.map((d) => (
					<div class="db" title={`${dayLong(d.day)}: ${KINDS.map((k) => `${t(`intake.${k}`)} ${num(d[k])}`).join(", ")}`}>
						{[...KINDS].reverse().map((k) => d[k] > 0 && <span class={`k-${k}`} style={{ height: `${(d[k] / max) * 100}%` }} />)}
					</div>
				))}
			</div>
			<div class="dbaxis" aria-hidden="true" style={{ maxWidth: `max(7rem, ${days.length * 1.625}rem)` }}><span>{day(days[0]?.day)}</span>{days.length > 1 && <span>{day(days[days.length - 1]?.day)}</span>}</div>
			<p class="small muted">{t("intake.ignored.text", { n: days.reduce((n, d) => n + d.ignored, 0) })}</p>
			<ul class="legend small">{KINDS.map((k) => <li><i class={`sw k-${k}`} />{t(`intake.${k}`)} <b class="n">{num(days.reduce((n, d) => n + d[k], 0))}</b></li>)}</ul>
		</>
	);
}

export default function IntakePage() {
	const [every, see] = usePace();
	const l = useApi<Ingest>("ingest", { main: true, every });
	useEffect(() => see(l.data), [l.data]);
	return (
		<>
			<Head title={t("nav.intake")} sub={t("intake.sub")} />
			<Load of={l} h={640}>{(d) => {
				const bad = d.mailboxes.filter((m) => m.state === "error");
				const level = bad.length > 0 ? "bad" : d.quarantined.n > 0 ? "warn" : d.mailboxes.length === 0 ? "nodata" : "ok";
				return (
					<>
						<section class={`verdict v-${level}`}><Icon name={level === "ok" ? "check" : level === "nodata" ? "info" : "warn"} size={24} />
							<div class="grow"><p class="verdict-word">{t(`intake.verdict.${level}`)}</p>
								<p class="verdict-text">{bad.length > 0 ? t("intake.verdict.bad.text", { n: bad.length }) : d.quarantined.n > 0 ? t("intake.verdict.warn.text", { n: d.quarantined.n }) : d.mailboxes.length === 0 ? t("intake.nomailbox") : t("intake.verdict.ok.text", { n: d.mailboxes.length })}</p></div></section>
						<Section title={t("intake.mailboxes")}>
							{d.mailboxes.length === 0 ? <p class="muted">{t("intake.nomailbox")}</p> : <ul class="mailboxes">{d.mailboxes.map((m) => <Box m={m} />)}</ul>}
						</Section>
						<div class="split">
							<Section title={t("intake.days")}>{d.days.length === 0 ? <p class="muted">{t("intake.nodays")}</p> : <DayBars days={d.days} />}</Section>
							<Section title={t("intake.store")}>
								<dl class="kv wide">
									<dt>{t("intake.spool")}</dt><dd>{d.spool.new === 0 ? t("intake.spool.empty") : t("intake.spool.n", { n: d.spool.new, ago: ago(d.spool.oldest) })}</dd>
									<dt>{t("intake.reports")}</dt><dd>{num(d.database.reports)}</dd>
									<dt>{t("intake.records")}</dt><dd>{num(d.database.records)}</dd>
									<dt>{t("intake.duplicates")}</dt><dd>{num(d.duplicates)}</dd>
									<dt>{t("intake.bytes")}</dt><dd>{bytes(d.database.bytes)}</dd>
									<dt>{t("intake.generation")}</dt><dd>{num(d.database.generation)}</dd>
								</dl>
							</Section>
						</div>
						<UploadBox read={l.retry} />
						{d.resolver !== undefined && <Section title={t("resolver.title")}><ResolverFacts r={d.resolver} /></Section>}
						<Section title={t("intake.quarantine")} sub={t("intake.quarantine.sub")}>
							<Quarantine d={d} reload={l.retry} />
						</Section>
					</>
				);
			}}</Load>
		</>
	);
}
