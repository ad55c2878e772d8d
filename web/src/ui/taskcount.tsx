/* Behind "To do" in the rail: what is open, of all domains; asked for when the page has begun with what it is about. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { num } from "../lib/format";
import type { Tasks } from "../lib/types-todo";

const EVERY_MS = 5 * 60_000, LATER_MS = 300;

export function TaskCount() {
	const [on, set] = useState(false);
	const l = useApi<Tasks>(on ? "tasks?state=open" : null, { every: EVERY_MS });
	useEffect(() => {
		const id = setTimeout(() => set(true), LATER_MS);
		return () => clearTimeout(id);
	}, []);
	const n = l.data?.counts.open ?? 0;
	return n === 0 ? null : <span class={`taskcount n ${(l.data?.counts.urgent ?? 0) > 0 ? "urgent" : ""}`}>{num(n)}<span class="vh"> {t("todo.open.count")}</span></span>;
}
