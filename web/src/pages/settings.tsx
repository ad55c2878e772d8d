/* Who may look, what is told, what lives in the file, and what was done. */
import "../i18n/settings";
import type { ComponentChildren } from "preact";
import { t, word } from "../i18n";
import { useApi } from "../lib/api";
import { time } from "../lib/format";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import { AlertsCard } from "../ui/alerts";
import { ConfCard } from "../ui/conf";
import { Head, Section } from "../ui/page";
import { Commands, People, sees } from "../ui/people";
import { SignOut } from "../ui/me";
import { Load } from "../ui/states";
import { Table } from "../ui/table";
import { Safe } from "../ui/text";

interface Entry { time: string; event: string; who: string | null; from: string; what: string | null }

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => <div><dt>{name}</dt><dd>{children}</dd></div>;

function You() {
	const m = useStore(me);
	if (m === null)
		return null;
	if (m.how === "open")
		return (
			<Section title={t("settings.you")}>
				<p>{t("settings.you.open")}</p>
				<p>{t("settings.you.open.do")}</p>
				<Commands>{["dmarcd user add alice --role admin"]}</Commands>
			</Section>
		);
	return (
		<Section title={t("settings.you")} side={m.how === "session" ? <SignOut /> : undefined}>
			<dl class="mb-facts">
				<Fact name={t("settings.you.user")}><Safe text={m.user ?? ""} /></Fact>
				<Fact name={t("settings.you.role")}>{t(`settings.role.${m.role}`)}</Fact>
				<Fact name={t("settings.you.sees")}>{sees(m.domains)}</Fact>
				<Fact name={t("settings.you.how")}>{t(`settings.how.${m.how}`)}</Fact>
			</dl>
		</Section>
	);
}

function Audit() {
	const l = useApi<{ items: Entry[] }>("audit");
	return (
		<Section title={t("settings.audit")} sub={t("settings.audit.sub")}>
			<Load of={l} h={320}>{(d) => d.items.length === 0 ? <p class="muted">{t("settings.audit.none")}</p> : (
				<Table caption={t("settings.audit")} rows={d.items.map((x, i) => ({ ...x, i }))} rowKey={(x) => String(x.i)} columns={[
					{ id: "time", head: t("settings.col.time"), cell: (x) => time(x.time) },
					{ id: "event", head: t("settings.col.event"), cell: (x) => word("event", x.event) },
					{ id: "who", head: t("settings.col.who"), cell: (x) => x.who === null ? <span class="muted">{t("settings.nobody")}</span> : <Safe text={x.who} /> },
					{ id: "from", head: t("settings.col.from"), cls: "mono", cell: (x) => <Safe text={x.from} /> },
					{ id: "what", head: t("settings.col.what"), cell: (x) => x.what === null ? "" : <Safe text={x.what} /> },
				]} />
			)}</Load>
		</Section>
	);
}

export default function SettingsPage() {
	const m = useStore(me);
	return (
		<>
			<Head title={t("nav.settings")} sub={t("settings.sub")} />
			<You />
			{m !== null && m.how !== "open" && !isAdmin(m) && <p class="muted">{t("settings.admins")}</p>}
			{m !== null && isAdmin(m) && <><People /><AlertsCard /><ConfCard /><Audit /></>}
		</>
	);
}
