/*
 * The host name of an address. Whoever runs the reverse zone may write any
 * name there, so one that does not lead back is never drawn like one that does.
 */
import { t } from "../i18n";
import { ago, num, time } from "../lib/format";
import { CROWD, type Host, type Resolver } from "../lib/types-hosts";
import { Icon } from "./icons";
import { Name } from "./text";

/* Below the address, in one line; nothing when there is no name. */
export function HostLine({ h }: { h: Host | null | undefined }) {
	if (!h || h.name === null)
		return null;
	return (
		<span class={`hostline host-${h.state}`} title={t(`host.${h.state}.hint`)}>
			{h.confirmed ? <><Icon name="check" size={16} /><span class="vh">{t("host.confirmed")} </span></> : <span class="hostmark">{t("host.unconfirmed")} </span>}
			<Name text={h.name} />
		</span>
	);
}

/* All that is known of it. */
export function HostFacts({ h }: { h: Host | null | undefined }) {
	if (!h)
		return null;
	return (
		<dl class="legtable host"><dt>{t("host.title")}</dt>
			{h.names.length === 0 && <dd class="muted">{h.more >= CROWD ? t("host.crowd") : t(`host.${h.state}`)}</dd>}
			{h.names.map((n, i) => <dd><span class="clip"><Name text={n} /></span><b>{i > 0 ? "" : h.confirmed ? t("host.confirmed") : t("host.unconfirmed")}</b></dd>)}
			{h.more > 0 && h.more < CROWD && <dd class="muted">{t("host.more", { n: h.more })}</dd>}
			{h.refused > 0 && <dd class="muted">{t("host.refused", { n: h.refused })}</dd>}
			{h.failure !== null && <dd class="muted">{t("host.failure")}</dd>}
			{h.answered !== null && <dd class="muted" title={time(h.answered)}>{t("host.answered", { ago: ago(h.answered) })}</dd>}
		</dl>
	);
}

export function ResolverFacts({ r }: { r: Resolver | undefined }) {
	if (r === undefined)
		return null;
	return (
		<>
			{r.enabled === false && <p class="muted">{t("resolver.off")}</p>}
			{r.failing_since !== null && <p class="field-error">{t("resolver.failing", { ago: ago(r.failing_since) })}</p>}
			<dl class="kv wide">
				<dt>{t("resolver.known")}</dt><dd>{num(r.known)}</dd>
				<dt>{t("resolver.confirmed")}</dt><dd>{num(r.confirmed)}</dd>
				<dt>{t("resolver.waiting")}</dt><dd>{num(r.waiting)}</dd>
				<dt>{t("resolver.answered")}</dt><dd title={time(r.answered)}>{r.answered === null ? t("intake.never") : ago(r.answered)}</dd>
			</dl>
		</>
	);
}
