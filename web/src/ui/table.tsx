/*
 * One table for all pages: sortable, with rows that open, and cards on phones.
 * Roles are written out, since cards take the table layout away and with it
 * what the browser would tell a screen reader.
 */
import { Fragment, type ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { setView, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import { Icon } from "./icons";

export interface Column<T> {
	id: string;
	head: string;
	hint?: string;
	num?: boolean;
	cls?: string;
	sort?: string;		/* the name to sort by, ascending; "-name" is descending */
	first?: "asc" | "desc";	/* the direction of the first click */
	cell: (row: T) => ComponentChildren;
}

interface Props<T> {
	caption: string;
	rows: T[];
	columns: Column<T>[];
	rowKey: (row: T) => string;
	expand?: (row: T) => ComponentChildren;
	name?: (row: T) => string;	/* what the expander is called */
	link?: (row: T) => string;	/* where Enter on a row leads */
	sort?: string;			/* the sort in force */
	onSort?: (sort: string) => void;
	rowId?: (row: T) => string;
	rowClass?: (row: T) => string;
	cls?: string;
}

export function Table<T>(p: Props<T>) {
	const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
	const toggle = (k: string) => {
		const next = new Set(open);
		if (!next.delete(k))
			next.add(k);
		setOpen(next);
	};
	const sortBy = p.onSort ?? ((s: string) => setView({ sort: s }, false));
	const span = p.columns.length + (p.expand ? 1 : 0);

	return (
		<div class="tablewrap">
			<table role="table" class={`cards ${p.cls ?? ""}`}>
				<caption class="vh">{p.caption}</caption>
				<thead role="rowgroup"><tr role="row">
					{p.expand && <th role="columnheader" class="c-expand"><span class="vh">{t("table.open")}</span></th>}
					{p.columns.map((c) => {
						const dir = c.sort === undefined ? null : p.sort === c.sort ? "asc" : p.sort === "-" + c.sort ? "desc" : null;
						const next = c.sort === undefined ? "" : dir === "desc" ? c.sort : dir === "asc" ? "-" + c.sort : c.first === "asc" ? c.sort : "-" + c.sort;
						return (
							<th role="columnheader" scope="col" class={`${c.num ? "num" : ""} ${c.cls ?? ""}`} title={c.hint}
								aria-sort={dir === null ? undefined : dir === "asc" ? "ascending" : "descending"}>
								{c.sort === undefined ? c.head :
									<button type="button" class="sort" onClick={() => sortBy(next)}>{c.head}
										<span class="arrow" aria-hidden="true">{dir === null ? "" : dir === "asc" ? "↑" : "↓"}</span></button>}
							</th>
						);
					})}
				</tr></thead>
				<tbody role="rowgroup">
					{p.rows.map((r) => {
						const k = p.rowKey(r);
						const isOpen = open.has(k);
						return (
							<Fragment key={k}>
								<tr role="row" tabIndex={-1} data-row id={p.rowId?.(r)} class={`${isOpen ? "open" : ""} ${p.rowClass?.(r) ?? ""}`}
									onClick={(e) => {
										if (p.expand && !(e.target as Element).closest("a,button,input,label") && getSelection()?.isCollapsed !== false)
											toggle(k);
									}}>
									{p.expand && <td role="cell" class="c-expand">
										<button type="button" class="expander" data-open aria-expanded={isOpen} onClick={() => toggle(k)}>
											<Icon name={isOpen ? "down" : "right"} size={16} /><span class="vh">{t("table.details", { name: safeText(p.name?.(r) ?? "") })}</span>
										</button>
									</td>}
									{p.columns.map((c, i) => (
										<td role="cell" class={`${c.num ? "num" : ""} ${c.cls ?? ""}`} data-label={c.head}>
											{i === 0 && p.link ? <a class="rowlink" data-open href={p.link(r)}>{c.cell(r)}</a> : c.cell(r)}
										</td>
									))}
								</tr>
								{isOpen && p.expand && <tr role="row" class="detail"><td role="cell" colSpan={span}>{p.expand(r)}</td></tr>}
							</Fragment>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

/* The sort in force: from the address, else the page's own. */
export function useSort(fallback: string): string {
	return useUrl().view.sort ?? fallback;
}

/* Sort in the page, for short lists. */
export function sorted<T>(rows: T[], sort: string, keys: Record<string, (r: T) => string | number | null>): T[] {
	const desc = sort.startsWith("-");
	const key = keys[desc ? sort.slice(1) : sort];
	if (key === undefined)
		return rows;
	return [...rows].sort((a, b) => {
		const x = key(a), y = key(b);
		if (x === y)
			return 0;
		if (x === null)
			return 1;
		if (y === null)
			return -1;
		const d = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
		return desc ? -d : d;
	});
}
