/* Saved views: questions with a name, in the filter bar. */
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { ApiError, changes, useApi } from "../lib/api";
import { href, place } from "../lib/router";
import { safeText } from "../lib/safe";
import { me } from "../lib/session";
import { useStore } from "../lib/store";
import { removeView, saveView, viewPath } from "../lib/views";
import type { View } from "../lib/types-todo";
import { format, type State } from "../lib/url";
import { Icon } from "./icons";
import { Popover } from "./popover";
import { Safe } from "./text";

const NAME_MAX = 80;

function Panel({ s, close }: { s: State; close: () => void }) {
	const l = useApi<{ items: View[] }>("views");
	const who = useStore(me);
	const [name, setName] = useState("");
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<string | null>(null);
	const run = async (f: () => Promise<void>) => {
		setBusy(true);
		setError(null);
		try {
			await f();
			setName("");
		} catch (e) {
			setError(e instanceof ApiError ? e.problem.detail ?? e.problem.title : String(e));
		}
		setBusy(false);
		changes.set(changes.get() + 1);
	};
	const list = l.data?.items ?? [];
	return (
		<form class="editor views" onSubmit={(e) => {
			e.preventDefault();
			if (name.trim() !== "")
				void run(() => saveView(name.trim(), place.get().path, format(s)));
		}}>
			<p class="viewhead">{t("views.title")}</p>
			<ul class="options viewlist">
				{list.map((v) => (
					<li><a href={href(viewPath(v))} onClick={close}><Icon name="star" size={16} /><span class="grow clip"><Safe text={v.name} /></span></a>
						<button type="button" class="btn quiet" disabled={busy} aria-label={t("views.remove", { name: safeText(v.name) })} onClick={() => void run(() => removeView(v.id))}><Icon name="cross" size={16} /></button></li>
				))}
				{l.data !== null && list.length === 0 && <li class="muted">{t("views.none")}</li>}
			</ul>
			<label class="viewname">{t("views.name")} <input type="text" data-autofocus value={name} maxLength={NAME_MAX} autocomplete="off" onInput={(e) => setName(e.currentTarget.value)} /></label>
			{error !== null && <p class="t-bad small" role="alert">{t("todo.said.failed", { text: safeText(error) })}</p>}
			<div class="editor-foot"><span class="muted small grow">{t(who !== null && who.user !== null ? "views.own" : "views.all")}</span>
				<button type="submit" class="btn primary" disabled={busy || name.trim() === ""}>{t("views.save")}</button></div>
		</form>
	);
}

export function Views({ s }: { s: State }) {
	return (
		<Popover label={t("views.title")} cls="btn quiet" wide align="right" title={t("views.hint")}
			button={<><Icon name="star" size={16} /><span>{t("views")}</span></>}>
			{(close) => <Panel s={s} close={close} />}
		</Popover>
	);
}
