/* Single messages that did not pass, as receivers told of them; masked. */
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { time } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import type { FailureItem, Failures } from "../lib/types-failures";
import { apiQuery, carried, FAILURE_KEYS } from "../lib/url";
import { Code } from "../ui/bits";
import { Delivery, FailureResult, FailureType } from "../ui/failures";
import { FilterBar } from "../ui/filterbar";
import { Icon } from "../ui/icons";
import { usePageEnd } from "../ui/meta";
import { More, useMore } from "../ui/more";
import { Head } from "../ui/page";
import { Trust } from "../ui/report-state";
import { Empty, Load } from "../ui/states";
import { Table, useSort } from "../ui/table";
import { Name, Safe, Value } from "../ui/text";

export default function FailuresPage() {
	const s = useUrl();
	const sort = useSort("-arrived");
	usePageEnd(new Date().toISOString().slice(0, 10));
	/* without t the daemon gives all it keeps */
	const path = `failures?${apiQuery(s, { t: s.preset === "30d" ? "30d" : undefined, sort, limit: 100, total: 1 }, {}, false, FAILURE_KEYS)}`;
	const l = useApi<Failures>(path, { main: true });
	const more = useMore<FailureItem>(path, l);
	const q = carried(s);
	return (
		<>
			<Head title={t("nav.failures")} sub={t("failures.sub")} />
			<FilterBar keys={FAILURE_KEYS} today kind="failures" />
			<p class="notice slim"><Icon name="shield" size={16} /><span>{t("failures.masked")} <a href={href("/help/failure-report")}>{t("failures.more")}</a></span></p>
			<section class="card">
				<Load of={l} h={520}>{(d) => d.items.length === 0 ? <Empty what={t("failures.none")} why={<p class="muted">{t("failures.none.why")}</p>} keys={FAILURE_KEYS} /> : (
					<>
						<Table caption={t("nav.failures")} rows={more.items} rowKey={(r) => r.id} sort={sort} cls="failures"
							link={(r) => at(`/failures/${encodeURIComponent(r.id)}`, q)}
							columns={[
								{ id: "t", head: t("failures.arrived"), sort: "arrived", cls: "c-main c-when", cell: (r) => <span class="nowrap">{time(r.arrived)}</span> },
								{ id: "rep", head: t("key.reporter"), cls: "c-names", cell: (r) => <><Value k="reporter" v={r.reporter.key}><Name text={r.reporter.label || r.reporter.key} /></Value>
									{r.trust === "unauthenticated" && <> <Trust trust={r.trust} /></>}{r.apart !== "no" && <> <span class="tag">{t(`reports.apart.${r.apart}`)}</span></>}</> },
								{ id: "ty", head: t("failures.type"), cls: "c-type", cell: (r) => <><FailureType f={r} />{r.incidents > 1 && <span class="muted small"> · {t("failures.incidents", { n: r.incidents })}</span>}</> },
								{ id: "from", head: t("failures.from"), cls: "c-from", cell: (r) => r.header_from !== null ?
									<Value k="hfrom" v={r.header_from}>{r.from !== null ? <Safe text={r.from.slice(0, 300)} /> : <Name text={r.header_from} />}</Value> : <Safe text={r.from ?? t("failures.nofrom")} /> },
								{ id: "sub", head: t("failures.subject"), cls: "c-subject", cell: (r) => <Safe text={r.subject?.slice(0, 300)} /> },
								{ id: "ip", head: t("key.ip"), cls: "mono", cell: (r) => r.ip === null ? <Safe text={null} /> : <Value k="ip" v={r.ip} /> },
								{ id: "res", head: t("failures.result"), cell: (r) => <span class="codes"><FailureResult f={r} />{r.verdict.code !== null && <Code code={r.verdict.code} title={false} plain />}</span> },
								{ id: "del", head: t("failures.delivery"), cls: "c-del", cell: (r) => <Delivery d={r.delivery} /> },
							]} />
						<More m={more} total={d.total?.n} />
					</>
				)}</Load>
			</section>
		</>
	);
}
