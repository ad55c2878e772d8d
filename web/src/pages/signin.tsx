/* The sign-in. It stands alone: nothing of the app is around it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { usePlace } from "../lib/router";
import { backTo, leaveTo, loadMe, signIn } from "../lib/session";
import { Icon } from "../ui/icons";
import { Safe } from "../ui/text";

export default function SignInPage() {
	const back = backTo(usePlace().search);
	const [user, setUser] = useState("");
	const [password, setPassword] = useState("");
	const [shown, setShown] = useState(false);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<string | null>(null);
	const first = useRef<HTMLInputElement>(null);
	const second = useRef<HTMLInputElement>(null);

	/* Somebody who came by a link in a mail is signed in already: only the first request did not show it. */
	useEffect(() => {
		first.current?.focus();
		void loadMe().then((m) => m !== null && leaveTo(back));
	}, []);

	const submit = async (): Promise<void> => {
		if (busy)
			return;
		setBusy(true);
		setError(null);
		const r = await signIn(user.trim(), password);
		if (r.ok)
			return leaveTo(back);
		setBusy(false);
		setError(r.status === 401 ? t("signin.wrong") : r.status === 429 ? t("signin.wait", { s: Math.max(1, r.wait) }) :
			r.status === 0 ? t("error.offline.detail") : r.status === 409 ? t("settings.you.open") : r.problem?.detail ?? t("error.nodetail"));
		if (r.status === 401) {
			setPassword("");
			second.current?.focus();
		}
	};
	return (
		<section class="card signin">
			<h1 tabIndex={-1}>{t("signin.title")}</h1>
			{back !== "/" && <p class="muted">{t("signin.ended")}</p>}
			<form method="post" onSubmit={(e) => {
				e.preventDefault();
				void submit();
			}}>
				<label for="si-user">{t("signin.user")}</label>
				<input id="si-user" ref={first} name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required value={user}
					onInput={(e) => setUser(e.currentTarget.value)} />
				<label for="si-password">{t("signin.password")}</label>
				<input id="si-password" ref={second} name="password" type={shown ? "text" : "password"} autocomplete="current-password" required value={password}
					aria-describedby={error === null ? undefined : "si-error"} aria-invalid={error !== null} onInput={(e) => setPassword(e.currentTarget.value)} />
				<label class="check"><input type="checkbox" checked={shown} onChange={(e) => setShown(e.currentTarget.checked)} /> {t("signin.show")}</label>
				<div role="alert">{error !== null && <p id="si-error" class="notice bad"><Icon name="warn" /><Safe text={error} /></p>}</div>
				<button type="submit" class="btn primary" disabled={busy}>{busy ? t("signin.busy") : t("signin.do")}</button>
			</form>
			<p class="small muted">{t("signin.forgot")}</p>
		</section>
	);
}
