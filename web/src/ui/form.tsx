/* A form in a dialog: labels, what is wrong at its field, the field in question in focus. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { ApiError } from "../lib/api";
import { Icon } from "./icons";
import { Safe } from "./text";

export interface Wrong { field: string | null; text: string }

/* What the daemon says of a field, in words of this page; its own where there are none. */
const WORDS: Record<string, Key> = {
	"name taken": "people.err.taken", "name invalid_value": "people.err.name", "password weak_password": "people.err.password", "domains invalid_value": "people.err.domains",
	"own_password wrong_password": "people.err.own", "own_password missing": "people.err.missing", "password missing": "people.err.missing", "domain invalid_value": "alerts.err.domain",
	"until invalid_value": "alerts.err.until",
};

export function wrongOf(e: unknown): Wrong {
	if (!(e instanceof ApiError))
		return { field: null, text: String(e) };
	const p = e.problem, first = p.errors?.[0];
	const field = /^\/body\/(\w+)$/.exec(first?.pointer ?? "")?.[1] ?? null;
	if (e.offline)
		return { field: null, text: t("error.offline.detail") };
	if (p.status === 429)
		return { field: "own_password", text: t("signin.wait", { s: Math.max(1, p.wait ?? 1) }) };
	if (first?.key === "last_admin")
		return { field: field === "role" ? field : null, text: t("people.err.last") };
	if (p.status === 409 && first?.key !== "taken")
		return { field: null, text: t("people.err.stale") };
	const word = WORDS[`${field} ${first?.key}`];
	return { field, text: word !== undefined ? t(word) : p.detail ?? p.title };
}

interface FieldProps {
	id: string; label: string; hint?: string; wrong: Wrong | null; value: string; set: (v: string) => void;
	type?: "text" | "password" | "date"; auto?: string; first?: boolean; off?: boolean; min?: string;
}

const describe = (id: string, hint: string | undefined, wrong: Wrong | null): string | undefined =>
	[hint !== undefined && `${id}-hint`, wrong?.field === id && `${id}-error`].filter(Boolean).join(" ") || undefined;

const Notes = ({ id, hint, wrong }: { id: string; hint?: string; wrong: Wrong | null }) => (
	<>
		{hint !== undefined && <p id={`${id}-hint`} class="small muted">{hint}</p>}
		{wrong?.field === id && <p id={`${id}-error`} class="field-error"><Icon name="warn" size={16} /> <Safe text={wrong.text} /></p>}
	</>
);

export function Field({ id, label, hint, wrong, value, set, type = "text", auto = "off", first, off, min }: FieldProps) {
	return (
		<div class="fieldrow">
			<label for={id}>{label}</label>
			<input id={id} name={id} type={type} value={value} autocomplete={auto} autocapitalize="none" spellcheck={false} autofocus={first} disabled={off} min={min}
				aria-invalid={wrong?.field === id} aria-describedby={describe(id, hint, wrong)} onInput={(e) => set(e.currentTarget.value)} />
			<Notes id={id} hint={hint} wrong={wrong} />
		</div>
	);
}

interface PickProps { id: string; label: string; wrong: Wrong | null; value: string; set: (v: string) => void; options: [string, string][]; first?: boolean }

export function Pick({ id, label, wrong, value, set, options, first }: PickProps) {
	return (
		<div class="fieldrow">
			<label for={id}>{label}</label>
			<select id={id} value={value} autofocus={first} aria-invalid={wrong?.field === id} aria-describedby={describe(id, undefined, wrong)} onChange={(e) => set(e.currentTarget.value)}>
				{options.map(([v, text]) => <option value={v}>{text}</option>)}
			</select>
			<Notes id={id} wrong={wrong} />
		</div>
	);
}

interface FormProps {
	title: ComponentChildren; text?: ComponentChildren; save: string; danger?: boolean;
	fields: (wrong: Wrong | null) => ComponentChildren;
	check?: () => Wrong | null;		/* what is wrong before anybody is asked */
	ask: () => Promise<void>;		/* closes the form when it is done */
	leaves?: boolean;			/* what opened it goes with that: the focus goes to the head of the page */
	close: () => void;
}

export function FormDialog({ title, text, save, danger, leaves, fields, check, ask, close }: FormProps) {
	const ref = useRef<HTMLDialogElement>(null);
	const [busy, setBusy] = useState(false);
	const [wrong, setWrong] = useState<Wrong | null>(null);

	useEffect(() => {
		const d = ref.current;
		if (d !== null && !d.open)
			d.showModal();
	}, []);
	/* to where it is to be put right */
	useEffect(() => {
		if (wrong !== null)
			(wrong.field === null ? ref.current?.querySelector<HTMLElement>(".form-error") : document.getElementById(wrong.field))?.focus();
	}, [wrong]);

	const submit = async (): Promise<void> => {
		if (busy)
			return;
		const first = check?.() ?? null;
		setWrong(first);
		if (first !== null)
			return;
		setBusy(true);
		try {
			await ask();
			ref.current?.close();
			if (leaves)
				document.querySelector<HTMLElement>("main h1")?.focus();
		} catch (e) {
			setBusy(false);
			setWrong(wrongOf(e));
		}
	};
	const known = wrong?.field !== null && wrong?.field !== undefined && document.getElementById(wrong.field) !== null;
	return (
		<dialog ref={ref} class="dialog" aria-labelledby="form-title" aria-describedby={text === undefined ? undefined : "form-text"} onClose={close}>
			<form class="form" method="dialog" noValidate onSubmit={(e) => {
				e.preventDefault();
				void submit();
			}}>
				<h2 id="form-title">{title}</h2>
				{text !== undefined && <div id="form-text">{text}</div>}
				{fields(wrong)}
				<div role="alert">{wrong !== null && !known && <p class="notice bad form-error" tabIndex={-1}><Icon name="warn" /><Safe text={wrong.text} /></p>}</div>
				<p class="actions right">
					<button type="button" class="btn" onClick={() => ref.current?.close()}>{t("people.cancel")}</button>
					<button type="submit" class={`btn ${danger ? "danger" : "primary"}`} disabled={busy}>{busy ? t("people.busy") : save}</button>
				</p>
			</form>
		</dialog>
	);
}
