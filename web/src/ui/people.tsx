/* Users and API tokens: who they are, and for an admin who has signed in, what can be done about them. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { changes, send, useApi, waitFor } from "../lib/api";
import { num, time } from "../lib/format";
import { safeText } from "../lib/safe";
import { loadMe, me } from "../lib/session";
import { useStore } from "../lib/store";
import { Copy } from "./filterbar";
import { Field, FormDialog, Pick, type Wrong } from "./form";
import { Section } from "./page";
import { Load } from "./states";
import { Table, type Column } from "./table";
import { Safe } from "./text";

interface User { name: string; role: string; domains: string[] | null; made: string; changed: string; sessions: number }
interface Token { name: string; role: string; domains: string[] | null; made: string; used: string | null }
interface Asked { state: "done" | "waiting"; request: string; token?: string }

export const sees = (domains: string[] | null): string => domains === null ? t("settings.all") : t("settings.below", { domains: domains.map(safeText).join(", ") });
export const Commands = ({ children }: { children: string[] }) => <pre class="record" tabIndex={0} role="region" aria-label={t("settings.commands")}><code>{children.join("\n")}</code></pre>;

/* Asks, waits, and has all that is on the page asked for anew. Whoever has changed himself has another proof now. */
async function done(method: "POST" | "PATCH", path: string, body: object): Promise<{ asked: Asked; late: boolean }> {
	const asked = await send<Asked>(method, path, body);
	if (asked.state === "done")
		await loadMe();
	const late = await waitFor(asked) === "late";
	changes.set(changes.get() + 1);
	return { asked, late };
}

const namesOf = (text: string): string[] | null => {
	const v = text.split(/[\s,;]+/).filter((x) => x !== "");
	return v.length === 0 ? null : v;
};

type Say = (text: string) => void;
interface DialogProps { close: () => void; say: Say }
const said = (say: Say, name: string, late: boolean): void => say(late ? t("people.late") : t("people.done", { name: safeText(name) }));

function Own({ wrong, value, set, first }: { wrong: Wrong | null; value: string; set: (v: string) => void; first?: boolean }) {
	return <Field id="own_password" type="password" auto="current-password" label={t("people.own")} hint={t("people.own.hint")} wrong={wrong} value={value} set={set} first={first} />;
}

const needed = (values: Record<string, string>): Wrong | null => {
	const field = Object.keys(values).find((k) => values[k] === "");
	return field === undefined ? null : { field, text: t("people.err.missing") };
};

const userRoles = (): [string, string][] => [["viewer", t("people.role.viewer")], ["admin", t("people.role.admin")]];
const tokenRoles = (): [string, string][] => [["read", t("people.role.read")], ["admin", t("people.role.token")]];

function NewUser({ close, say }: DialogProps) {
	const [name, setName] = useState(""), [role, setRole] = useState("viewer"), [domains, setDomains] = useState(""), [password, setPassword] = useState(""), [own, setOwn] = useState("");
	return (
		<FormDialog title={t("people.add.title")} save={t("people.add")} close={close} check={() => needed({ name: name.trim(), password, own_password: own })}
			ask={async () => said(say, name.trim(), (await done("POST", "users", { name: name.trim(), role, domains: role === "admin" ? null : namesOf(domains), password, own_password: own })).late)}
			fields={(wrong) => <>
				<Field id="name" label={t("people.name")} hint={t("people.name.hint")} wrong={wrong} value={name} set={setName} first />
				<Pick id="role" label={t("people.role")} wrong={wrong} value={role} set={setRole} options={userRoles()} />
				<Field id="domains" label={t("people.domains")} hint={t("people.domains.hint")} wrong={wrong} value={role === "admin" ? "" : domains} set={setDomains} off={role === "admin"} />
				<Field id="password" type="password" auto="new-password" label={t("people.password")} hint={t("people.password.hint")} wrong={wrong} value={password} set={setPassword} />
				<Own wrong={wrong} value={own} set={setOwn} />
			</>} />
	);
}

function ChangeUser({ user, close, say }: DialogProps & { user: User }) {
	const was = user.domains?.join(", ") ?? "";
	const [role, setRole] = useState(user.role), [domains, setDomains] = useState(was), [password, setPassword] = useState(""), [own, setOwn] = useState("");
	const other = role !== user.role || (role !== "admin" && (namesOf(domains) ?? []).join(" ") !== (user.domains ?? []).join(" "));
	return (
		<FormDialog title={<>{t("people.change.of", { name: safeText(user.name) })}</>} save={t("people.save")} close={close}
			check={() => !other && password === "" ? { field: null, text: t("people.err.nothing") } : needed({ own_password: own })}
			ask={async () => said(say, user.name, (await done("PATCH", `users/${encodeURIComponent(user.name)}`, {
				...(other ? { role, domains: role === "admin" ? null : namesOf(domains) } : {}), ...(password === "" ? {} : { password }), own_password: own,
			})).late)}
			fields={(wrong) => <>
				<Pick id="role" label={t("people.role")} wrong={wrong} value={role} set={setRole} options={userRoles()} first />
				<Field id="domains" label={t("people.domains")} hint={t("people.domains.hint")} wrong={wrong} value={role === "admin" ? "" : domains} set={setDomains} off={role === "admin"} />
				<Field id="password" type="password" auto="new-password" label={t("people.password.new")} hint={t("people.password.keep")} wrong={wrong} value={password} set={setPassword} />
				<Own wrong={wrong} value={own} set={setOwn} />
			</>} />
	);
}

/* Removes a user, or revokes a token. */
function End({ path, name, title, text, save, close, say }: DialogProps & { path: string; name: string; title: string; text: ComponentChildren; save: string }) {
	const [own, setOwn] = useState("");
	return (
		<FormDialog title={title} text={text} save={save} danger leaves close={close} check={() => needed({ own_password: own })}
			ask={async () => said(say, name, (await done("POST", path, { own_password: own })).late)}
			fields={(wrong) => <Own wrong={wrong} value={own} set={setOwn} first />} />
	);
}

function NewToken({ close, say, show }: DialogProps & { show: (name: string, text: string) => void }) {
	const [name, setName] = useState(""), [role, setRole] = useState("read"), [domains, setDomains] = useState(""), [own, setOwn] = useState("");
	return (
		<FormDialog title={t("people.token.add.title")} save={t("people.token.add")} close={close} check={() => needed({ name: name.trim(), own_password: own })}
			ask={async () => {
				const { asked, late } = await done("POST", "tokens", { name: name.trim(), role, domains: role === "admin" ? null : namesOf(domains), own_password: own });
				said(say, name.trim(), late);
				if (asked.token !== undefined)
					show(name.trim(), asked.token);
			}}
			fields={(wrong) => <>
				<Field id="name" label={t("people.name")} hint={t("people.name.hint")} wrong={wrong} value={name} set={setName} first />
				<Pick id="role" label={t("people.role")} wrong={wrong} value={role} set={setRole} options={tokenRoles()} />
				<Field id="domains" label={t("people.domains")} hint={t("people.domains.hint")} wrong={wrong} value={role === "admin" ? "" : domains} set={setDomains} off={role === "admin"} />
				<Own wrong={wrong} value={own} set={setOwn} />
			</>} />
	);
}

/* Gone with the dialog: nothing keeps it. */
function Shown({ name, text, close }: { name: string; text: string; close: () => void }) {
	const ref = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		const d = ref.current;
		if (d !== null && !d.open)
			d.showModal();
	}, []);
	return (
		<dialog ref={ref} class="dialog" aria-labelledby="shown-title" aria-describedby="shown-text" onClose={close}>
			<h2 id="shown-title">{t("people.token.shown", { name: safeText(name) })}</h2>
			<p id="shown-text">{t("people.token.once")}</p>
			<pre class="record token" tabIndex={0} role="region" aria-label={t("people.token.text")}><code>{text}</code></pre>
			<p class="actions right">
				<Copy text={() => text} label={t("people.copy")} icon="copy" hint={t("people.copy")} />
				<button type="button" class="btn primary" autofocus onClick={() => ref.current?.close()}>{t("close")}</button>
			</p>
		</dialog>
	);
}

type Open = { what: "add" | "token" } | { what: "change" | "remove"; user: User } | { what: "revoke"; token: Token } | { what: "shown"; name: string; text: string } | null;

export function People() {
	const l = useApi<{ users: User[]; tokens: Token[] }>("users");
	const m = useStore(me);
	const [open, setOpen] = useState<Open>(null);
	const [note, setNote] = useState("");
	const may = m?.how === "session" && m.role === "admin";
	const close = () => setOpen((o) => o?.what === "shown" ? o : null);
	const doing = (text: string, label: string, next: Open, cls = "") => <button type="button" class={`btn small ${cls}`} aria-label={label} onClick={() => setOpen(next)}>{text}</button>;
	const acts = <T,>(cell: (x: T) => ComponentChildren): Column<T>[] => may ? [{ id: "acts", head: t("people.acts"), cls: "c-acts", cell }] : [];
	return (
		<Load of={l} h={320}>{(d) => (
			<>
				<Section title={t("settings.users")} sub={may ? t("people.users.sub") : t("people.elsewhere")}
					side={may ? <button type="button" class="btn primary" onClick={() => setOpen({ what: "add" })}>{t("people.add")}</button> : undefined}>
					<p class="vh" role="status">{note}</p>
					{d.users.length === 0 ? <p class="muted">{t("settings.users.none")}</p> :
						<Table caption={t("settings.users")} rows={d.users} rowKey={(u) => u.name} columns={[
							{ id: "name", head: t("settings.col.name"), cell: (u) => <strong><Safe text={u.name} /></strong> },
							{ id: "role", head: t("settings.col.role"), cell: (u) => <Safe text={u.role} /> },
							{ id: "domains", head: t("settings.col.domains"), cell: (u) => sees(u.domains) },
							{ id: "changed", head: t("settings.col.changed"), cell: (u) => time(u.changed) },
							{ id: "sessions", head: t("settings.col.sessions"), num: true, cell: (u) => num(u.sessions) },
							...acts<User>((u) => <span class="rowacts">{doing(t("people.change"), t("people.change.of", { name: safeText(u.name) }), { what: "change", user: u })}
								{doing(t("people.remove"), t("people.remove.of", { name: safeText(u.name) }), { what: "remove", user: u }, "quiet")}</span>),
						]} />}
					{!may && <Commands>{["dmarcd user add alice --role admin", "dmarcd user add bob --domain example.org", "dmarcd user passwd bob", "dmarcd user role bob viewer --domain example.org", "dmarcd user remove bob"]}</Commands>}
				</Section>
				<Section title={t("settings.tokens")} sub={may ? t("people.tokens.sub") : t("people.elsewhere")}
					side={may ? <button type="button" class="btn" onClick={() => setOpen({ what: "token" })}>{t("people.token.add")}</button> : undefined}>
					{d.tokens.length === 0 ? <p class="muted">{t("settings.tokens.none")}</p> :
						<Table caption={t("settings.tokens")} rows={d.tokens} rowKey={(x) => x.name} columns={[
							{ id: "name", head: t("settings.col.name"), cell: (x) => <strong><Safe text={x.name} /></strong> },
							{ id: "role", head: t("settings.col.role"), cell: (x) => <Safe text={x.role} /> },
							{ id: "domains", head: t("settings.col.domains"), cell: (x) => sees(x.domains) },
							{ id: "made", head: t("settings.col.made"), cell: (x) => time(x.made) },
							{ id: "used", head: t("settings.col.used"), cell: (x) => x.used === null ? t("settings.never") : time(x.used) },
							...acts<Token>((x) => doing(t("people.token.revoke"), t("people.token.revoke.of", { name: safeText(x.name) }), { what: "revoke", token: x }, "quiet")),
						]} />}
					{!may && <Commands>{["dmarcd token add grafana", "dmarcd token add tickets --domain example.org", "dmarcd token revoke grafana"]}</Commands>}
				</Section>
				{open?.what === "add" && <NewUser close={close} say={setNote} />}
				{open?.what === "change" && <ChangeUser user={open.user} close={close} say={setNote} />}
				{open?.what === "remove" && <End path={`users/${encodeURIComponent(open.user.name)}/remove`} name={open.user.name} title={t("people.remove.title", { name: safeText(open.user.name) })}
					text={<><p>{t("people.remove.text")}</p>{open.user.name === m?.user && <p><strong>{t("people.remove.self")}</strong></p>}</>} save={t("people.remove")} close={close} say={setNote} />}
				{open?.what === "token" && <NewToken close={close} say={setNote} show={(name, text) => setOpen({ what: "shown", name, text })} />}
				{open?.what === "revoke" && <End path={`tokens/${encodeURIComponent(open.token.name)}/revoke`} name={open.token.name} title={t("people.token.revoke.title", { name: safeText(open.token.name) })}
					text={<p>{t("people.token.revoke.text")}</p>} save={t("people.token.revoke")} close={close} say={setNote} />}
				{open?.what === "shown" && <Shown name={open.name} text={open.text} close={() => setOpen(null)} />}
			</>
		)}</Load>
	);
}
