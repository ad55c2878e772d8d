/* What lives in the configuration file: each key as it is in force, and where it stands. */
import { t, tx, word } from "../i18n";
import { useApi } from "../lib/api";
import { safeText } from "../lib/safe";
import { Section } from "./page";
import { Load } from "./states";
import { Table } from "./table";
import { Safe } from "./text";

interface ConfKey { key: string; value: string | null; how: "plain" | "file" | "command" | "part"; set: boolean; cut: boolean; file: string | null; line: number | null }
interface ConfSection { section: string; title: string | null; file: string | null; line: number | null; keys: ConfKey[] }
export interface Settings { file: string | null; cut: boolean; sections: ConfSection[] }

function Value({ k }: { k: ConfKey }) {
	if (k.how === "command" && k.set)
		return <>{t("conf.from.command")}</>;
	if (k.value === null)
		return <span class="muted">{t("conf.unset")}</span>;
	const value = <code class="wrap"><Safe text={k.value} /></code>;
	return <>{k.how === "file" ? tx("conf.from.file", { file: value }) : k.how === "part" ? tx("conf.part", { value }) : k.cut ? tx("conf.more", { value }) : value}</>;
}

const Where = ({ k }: { k: ConfKey }) => !k.set ? <span class="muted">{k.value === null ? "" : t("conf.default")}</span> :
	k.file === null ? <>{t("conf.cmdline")}</> : <code class="wrap"><Safe text={`${k.file}:${k.line ?? ""}`} /></code>;

const nameOf = (s: ConfSection): string => {
	const key = s.section === "" ? "root" : s.section;
	const name = word("conf.sec", key);
	return s.title === null || name === key ? name : t(`conf.sec.${key as "mailbox" | "sender" | "summary"}`, { name: safeText(s.title) });
};

export function ConfCard() {
	const l = useApi<Settings>("settings");
	return (
		<Section title={t("conf.title")} sub={t("conf.sub")}>
			<Load of={l} h={320}>{(d) => (
				<>
					<p>{d.file === null ? t("conf.nofile") : tx("conf.file", { file: <code class="wrap"><Safe text={d.file} /></code> })}</p>
					{d.sections.map((s) => {
						const n = s.keys.filter((k) => k.set).length;
						return (
							<details class="conf" key={`${s.section} ${s.title ?? ""}`}>
								<summary><span>{nameOf(s)}</span> <span class="muted small">{n === 0 ? t("conf.default") : t("conf.set", { n })}</span></summary>
								<Table caption={nameOf(s)} rows={s.keys} rowKey={(k) => k.key} cls="conftable" columns={[
									{ id: "key", head: t("conf.key"), cls: "mono", cell: (k) => k.set ? <strong>{k.key}</strong> : k.key },
									{ id: "value", head: t("conf.value"), cell: (k) => <Value k={k} /> },
									{ id: "where", head: t("conf.where"), cell: (k) => <Where k={k} /> },
								]} />
							</details>
						);
					})}
					{d.cut && <p class="muted">{t("conf.cut")}</p>}
				</>
			)}</Load>
		</Section>
	);
}
