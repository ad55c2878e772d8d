/* What do I do next, in which order, and did my last fix work? */
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { ago, day, days, num } from "../lib/format";
import { keysOn } from "../lib/keys";
import { useUrl } from "../lib/router";
import { isAdmin, me } from "../lib/session";
import { useStore } from "../lib/store";
import { GROUPS, groupOf, snooze, tasksPath, type Group } from "../lib/todo";
import type { Task, Tasks } from "../lib/types-todo";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { useMeta } from "../ui/meta";
import { Complete, Head } from "../ui/page";
import { Toast } from "../ui/senders";
import { Load, NewHere } from "../ui/states";
import { GROUP_ICON, rowId, TaskItem, TaskToast } from "../ui/todo";

const CLOSED: readonly Group[] = ["snoozed", "done"];

function List({ g, items }: { g: Group; items: Task[] }) {
	const [open, set] = useState(!CLOSED.includes(g));
	const title = <><Icon name={GROUP_ICON[g]} size={20} /> {t(`todo.${g}`)} <span class="count n">{num(items.length)}</span></>;
	const list = <ol class="tasks">{items.map((x) => <TaskItem key={x.id} x={x} />)}</ol>;
	return (
		<section class={`card tgroup tg-${g}`} aria-label={t(`todo.${g}`)}>
			{CLOSED.includes(g) ? (
				<>
					<h2><button type="button" class="groupbtn" aria-expanded={open} onClick={() => set(!open)}>{title}<Icon name={open ? "down" : "right"} size={16} /></button></h2>
					{open && list}
				</>
			) : (
				<>
					<h2>{title}</h2>
					{g === "watching" && <p class="sub small">{t("todo.watching.sub")}</p>}
					{list}
				</>
			)}
		</section>
	);
}

export default function TodoPage() {
	const s = useUrl();
	const m = useMeta();
	const may = isAdmin(useStore(me));
	const l = useApi<Tasks>(tasksPath(s, "all"), { main: true, every: 5 * 60_000 });
	const items = l.data?.items ?? [];
	const [, tick] = useState(0);

	/* "12 minutes ago" grows older by itself */
	useEffect(() => {
		const id = setInterval(() => tick((n) => n + 1), 60_000);
		return () => clearInterval(id);
	}, []);
	const onKey = (e: KeyboardEvent) => {
		const el = e.target as HTMLElement;
		if (e.key !== "s" || !may || !keysOn.get() || e.ctrlKey || e.metaKey || e.altKey || el.matches("input, select, textarea"))
			return;
		const row = el.closest<HTMLElement>("[data-row]");
		const x = row === null ? undefined : items.find((i) => rowId(i) === row.id);
		if (row === null || x === undefined || x.state !== "open")
			return;
		const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")], i = rows.indexOf(row);
		(rows[i + 1] ?? rows[i - 1])?.focus();
		void snooze(x);
		e.preventDefault();
	};

	if (m !== null && m.reports === 0)
		return <><Head title={t("nav.todo")} /><NewHere /></>;
	return (
		<>
			<Head title={t("nav.todo")} sub={<>{t("todo.sub")}{l.data !== null && <> · {t("todo.of", { days: days(l.data.from, l.data.to) })}</>}</>} side={<Complete />} />
			<FilterBar noTime keys={["domain"]} />
			{may ? <p class="muted small only-keys">{t("todo.keys")}</p> : <p class="muted small">{t("todo.forbidden")}</p>}
			<div class="stack" onKeyDown={onKey}>
				<Load of={l} h={480}>{(d) => (
					<>
						{d.counts.open === 0 && (
							<section class="verdict v-ok" aria-label={t("todo.none")}>
								<Icon name="check" size={24} />
								<div class="grow"><p class="verdict-word">{t("todo.none")}</p>
									<p class="verdict-text">{t("todo.checked", { ago: ago(new Date(l.at).toISOString()) })}{d.complete_through !== null && <> {t("complete", { day: day(d.complete_through) })}.</>}</p></div>
							</section>
						)}
						{GROUPS.map((g) => {
							const part = d.items.filter((x) => groupOf(x) === g);
							return part.length === 0 ? null : <List key={g} g={g} items={part} />;
						})}
					</>
				)}</Load>
			</div>
			<Toast />
			<TaskToast />
		</>
	);
}
