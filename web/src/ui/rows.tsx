/* Rows of reports, each opening to its explanation. */
import { t, word as words } from "../i18n";
import { day, num } from "../lib/format";
import { safeText } from "../lib/safe";
import type { Row } from "../lib/types";
import { Code, codeTitle, Disposition, Result } from "./bits";
import { RowCard } from "./explain";
import { HostLine } from "./host";
import { Icon } from "./icons";
import { PlaceNote, PlaceTag } from "./places";
import { SenderLink } from "./senders";
import { Table, type Column } from "./table";
import { Name, Safe, Value } from "./text";

interface Props {
	rows: Row[];
	sort?: string;
	query?: string;
	inReport?: boolean;
	onJump?: (seq: number) => void;
	current?: number | null;
}

export function RowTable({ rows, sort, query = "", inReport = false, onJump, current = null }: Props) {
	const cols: Column<Row>[] = [];
	if (inReport)
		cols.push({ id: "seq", head: "#", num: true, cls: "c-seq", cell: (r) => onJump ?
			<button type="button" class="btn link" title={t("report.jump")} onClick={() => onJump(r.seq)}>{r.seq}</button> : r.seq });
	else
		cols.push(
			{ id: "day", head: t("col.day"), sort: "day", cls: "c-day", cell: (r) => <span class="nowrap">{day(r.day)}</span> },
			{ id: "rep", head: t("key.reporter"), cls: "c-names", cell: (r) => <Value k="reporter" v={r.reporter.key}><Name text={r.reporter.label} /></Value> },
		);
	cols.push(
		{ id: "ip", head: t("key.ip"), cls: "mono c-main", cell: (r) => {
			const ip = r.ip !== null ? <span class="addr"><Value k="ip" v={r.ip} /><PlaceTag p={r} /></span> : <Safe text={r.ip_text} />;
			return r.sender || r.ptr ? <span class="under">{ip}<HostLine h={r.ptr} />{r.sender && <SenderLink s={r.sender} small />}</span> : ip;
		} },
		{ id: "m", head: t("col.m"), num: true, sort: inReport ? undefined : "m", cell: (r) => num(r.count) },
		{ id: "from", head: t("key.hfrom"), cls: "c-names c-from", cell: (r) => r.hfrom ? <Value k="hfrom" v={r.hfrom} /> : <Safe text={null} /> },
		{ id: "spf", head: "SPF", hint: t("row.spf.hint"), cell: (r) => <Both raw={r.spf.find((x) => x.scope !== "helo")?.result ?? r.spf[0]?.result ?? null} word={r.spf.find((x) => x.scope !== "helo")?.word} aligned={r.policy_eval.spf} /> },
		{ id: "dkim", head: "DKIM", hint: t("row.dkim.hint"), cell: (r) => <Both raw={(r.dkim.find((x) => x.result === "pass") ?? r.dkim[0])?.result ?? null} word={(r.dkim.find((x) => x.result === "pass") ?? r.dkim[0])?.word} aligned={r.policy_eval.dkim} /> },
		{ id: "code", head: t("col.code"), cls: "c-code", cell: (r) => <span title={codeTitle(r.code)}><Code code={r.code} title={false} /></span> },
		{ id: "disp", head: t("col.disp"), cls: "c-disp", cell: (r) => (
			<span class="dispcell"><Disposition disp={r.policy_eval.disp} />
				{r.fwd === "certain" && <span class="tag" title={t("fwd.certain")}><Icon name="forward" size={16} /><span class="vh">{t("fwd.certain")}</span></span>}
				{r.differs && <span class="tag" title={t("differs.yes")}>≠<span class="vh">{t("differs.yes")}</span></span>}
				{r.policy_eval.reasons.map((x) => <span class="reason" title={x.comment === null ? undefined : safeText(x.comment)}><span class="vh">{t("key.reason")}: </span><Safe text={words("reason", x.type)} /></span>)}</span>
		) },
	);
	return (<>
		<Table caption={t("explore.rows")} rows={rows} rowKey={(r) => r.id} columns={cols} sort={sort} cls={`rows ${inReport ? "in-report" : ""}`}
			rowId={inReport ? (r) => `r${r.seq}` : undefined} rowClass={(r) => current === r.seq ? "current" : ""}
			name={(r) => `${r.ip ?? r.ip_text ?? ""} ${r.hfrom ?? ""}`} expand={(r) => <RowCard row={r} report={!inReport} query={query} />} />
		<PlaceNote />
	</>);
}

/* Two facts on two lines: what the check gave, and whether it counts for the visible From. */
function Both({ raw, word, aligned }: { raw: string | null; word?: string | null; aligned: string }) {
	return (
		<span class="both">
			{raw === null ? <span class="leg leg-none"><Icon name="off" size={16} />{t("result.absent")}</span> : <Result result={raw} word={word} />}
			<span class={`al al-${aligned}`}>{aligned === "pass" ? t("al.yes") : aligned === "fail" ? t("al.no") : t("al.unknown")}</span>
		</span>
	);
}
