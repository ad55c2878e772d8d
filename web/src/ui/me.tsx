/* Who am I: at the foot of the rail, and in what opens behind "More". */
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { me, signOut } from "../lib/session";
import { useStore } from "../lib/store";
import { Icon } from "./icons";
import { Safe } from "./text";

export function SignOut({ cls = "btn" }: { cls?: string }) {
	const [said, setSaid] = useState<string | null>(null);
	const out = async (): Promise<void> => {
		const wrong = await signOut();
		setSaid(wrong === null ? null : t("signout.failed", { text: wrong }));
	};
	return (
		<>
			<button type="button" class={cls} onClick={() => void out()}><Icon name="signout" size={16} /><span>{t("signout.do")}</span></button>
			{said !== null && <p class="small" role="alert"><Safe text={said} /></p>}
		</>
	);
}

export function MeBox() {
	const m = useStore(me);
	if (m === null || m.user === null)
		return null;
	return (
		<div class="mebox">
			<p class="small"><Icon name="senders" size={16} /> <span class="vh">{t("me.as", { user: "" })}</span><strong><Safe text={m.user} /></strong></p>
			{m.how === "session" && <SignOut cls="btn link small" />}
		</div>
	);
}
