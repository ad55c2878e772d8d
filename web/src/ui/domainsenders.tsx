/* Who sends as one domain: a line a sender, and what to do about it in a few words. */
import { t, type Key } from "../i18n";
import { action, telling } from "../lib/action";
import { useApi } from "../lib/api";
import { overlays, shown } from "../lib/decide";
import { num } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import { isNobody } from "../lib/senders";
import { useStore } from "../lib/store";
import type { SenderClass, SenderItem, Senders } from "../lib/types-senders";
import { apiQuery, carried, removeFilter } from "../lib/url";
import { Amount, codeTitle, passed, Rate } from "./bits";
import { Section } from "./page";
import { ClassMark, HealthMark, LegMark, SenderName } from "./senders";
import { Load } from "./states";
import { Table } from "./table";

const SHOWN = 12;

export function DomainSenders({ domain, query }: { domain: string; query: string }) {
	const s = useUrl();
	const map = useStore(overlays);
	const l = useApi<Senders>(`senders?${apiQuery(s, { sort: "-m", limit: SHOWN }, { domain })}`);
	/* what it is to this domain; a decision that is under way goes first */
	const of = (x: SenderItem): { class: SenderClass; by: "user" | "auto"; asking: boolean } => {
		const mine = x.domains.find((d) => d.domain === domain);
		return mine === undefined || map.has(x.id) ? shown(x, l.at, map) : { class: mine.class, by: mine.class_by, asking: false };
	};
	return (
		<Section title={t("domain.senders")} sub={t("domain.senders.sub")} side={<a href={href(at("/senders", query))}>{t("domain.senders.all")}{l.data !== null && l.data.total > SHOWN && ` (${num(l.data.total)})`}</a>}>
			<Load of={l} h={320}>{(d) => d.items.length === 0 ? <p class="muted">{t("domain.senders.none")}</p> : (
				<Table caption={t("domain.senders")} rows={d.items} rowKey={(x) => x.id} cls="senders ofdomain" columns={[
					{ id: "name", head: t("sender.name"), cls: "c-main c-sender", cell: (x) => <span class="sendername">{isNobody(x.id) ? <span><SenderName s={x} /></span> :
						<a href={href(at(`/senders/${encodeURIComponent(x.id)}`, carried(removeFilter(s, "sender"))))}><SenderName s={x} /></a>}</span> },
					{ id: "class", head: t("sender.class"), cls: "c-class", cell: (x) => {
						const c = of(x);
						return <ClassMark c={c.class} by={isNobody(x.id) ? undefined : c.by} asking={c.asking} />;
					} },
					{ id: "health", head: t("sender.health"), cls: "c-health", cell: (x) => <HealthMark h={x.health} /> },
					{ id: "m", head: t("col.m"), num: true, cls: "c-m", cell: (x) => <Amount n={x.counts.m} max={Math.max(1, ...d.items.map((y) => y.counts.m))} /> },
					{ id: "pass", head: t("col.pass"), cls: "c-pass", hint: t("col.pass.hint"), cell: (x) => <Rate part={passed(x.counts)} whole={x.counts.m} /> },
					{ id: "spf", head: "SPF", cls: "c-leg", cell: (x) => <LegMark leg={x.legs.spf} /> },
					{ id: "dkim", head: "DKIM", cls: "c-leg", cell: (x) => <LegMark leg={x.legs.dkim} /> },
					{ id: "do", head: t("sender.do"), cls: "c-act c-text", cell: (x) => {
						const code = telling(x);
						return x.id === "0" ? <span class="muted">–</span> : <span class="codeline">{code !== null && <span class={`code code-${code.startsWith("P") ? "p" : "f"}`} title={codeTitle(code)}>{safeText(code)}</span>} {t(`act.${action(x, of(x).class)}` as Key)}</span>;
					} },
				]} />
			)}</Load>
		</Section>
	);
}
