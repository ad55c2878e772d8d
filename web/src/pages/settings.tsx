/* Who may look, and what was done. Users are made by commands: this page shows them. */
import type { ComponentChildren } from "preact";
import { t, word } from "../i18n";
import { useApi } from "../lib/api";
import { num, time } from "../lib/format";
import { safeText } from "../lib/safe";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import { Head, Section } from "../ui/page";
import { SignOut } from "../ui/me";
import { Load } from "../ui/states";
import { Table } from "../ui/table";
import { Safe } from "../ui/text";

interface User { name: string; role: string; domains: string[] | null; made: string; changed: string; sessions: number }
interface Token { name: string; role: string; domains: string[] | null; made: string; used: string | null }
interface Entry { time: string; event: string; who: string | null; from: string; what: string | null }

const sees = (domains: string[] | null): string => domains === null ? t("settings.all") : t("settings.below", { domains: domains.map(safeText).join(", ") });
const Commands = ({ children }: { children: string[] }) => <pre class="record" tabIndex={0} role="region" aria-label={t("settings.commands")}><code>{children.join("\n")}</code></pre>;
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

function People() {
	const l = useApi<{ users: User[]; tokens: Token[] }>("users");
	return (
		<Load of={l} h={320}>{(d) => (
			<>
				<Section title={t("settings.users")} sub={t("settings.users.sub")}>
					{d.users.length === 0 ? <p class="muted">{t("settings.users.none")}</p> :
						<Table caption={t("settings.users")} rows={d.users} rowKey={(u) => u.name} columns={[
							{ id: "name", head: t("settings.col.name"), cell: (u) => <strong><Safe text={u.name} /></strong> },
							{ id: "role", head: t("settings.col.role"), cell: (u) => <Safe text={u.role} /> },
							{ id: "domains", head: t("settings.col.domains"), cell: (u) => sees(u.domains) },
							{ id: "changed", head: t("settings.col.changed"), cell: (u) => time(u.changed) },
							{ id: "sessions", head: t("settings.col.sessions"), num: true, cell: (u) => num(u.sessions) },
						]} />}
					<Commands>{["dmarcd user add alice --role admin", "dmarcd user add bob --domain example.org", "dmarcd user passwd bob", "dmarcd user role bob viewer --domain example.org", "dmarcd user remove bob"]}</Commands>
				</Section>
				<Section title={t("settings.tokens")} sub={t("settings.tokens.sub")}>
					{d.tokens.length === 0 ? <p class="muted">{t("settings.tokens.none")}</p> :
						<Table caption={t("settings.tokens")} rows={d.tokens} rowKey={(x) => x.name} columns={[
							{ id: "name", head: t("settings.col.name"), cell: (x) => <strong><Safe text={x.name} /></strong> },
							{ id: "role", head: t("settings.col.role"), cell: (x) => <Safe text={x.role} /> },
							{ id: "domains", head: t("settings.col.domains"), cell: (x) => sees(x.domains) },
							{ id: "made", head: t("settings.col.made"), cell: (x) => time(x.made) },
							{ id: "used", head: t("settings.col.used"), cell: (x) => x.used === null ? t("settings.never") : time(x.used) },
						]} />}
					<Commands>{["dmarcd token add grafana", "dmarcd token add tickets --domain example.org", "dmarcd token revoke grafana"]}</Commands>
				</Section>
			</>
		)}</Load>
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
			{m !== null && isAdmin(m) && <><People /><Audit /></>}
		</>
	);
}
