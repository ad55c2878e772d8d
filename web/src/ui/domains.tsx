/* Domains with status, cause, policy, mail and its course. */
import { hasKey, t, type Key } from "../i18n";
import { num, percent } from "../lib/format";
import { at, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import type { DomainItem, DomainStatus } from "../lib/types";
import { carried, removeFilter } from "../lib/url";
import { Amount, failing, passed, passRate, PolicyText, Rate, Spark, Status } from "./bits";
import { sorted, Table, useSort } from "./table";
import { Name } from "./text";

export const SEVERITY: DomainStatus[] = ["lost", "exposed", "watching", "partly", "nodata", "protected"];

/* The cause is a word of the daemon, or a sentence of its own. */
export const causeText = (d: { status: string; cause: string }): string =>
	hasKey(`cause.${d.cause}`) ? t(`cause.${d.cause}` as Key) : d.cause ? safeText(d.cause) : t(`status.${d.status}.text` as Key);

export function DomainTable({ items }: { items: DomainItem[] }) {
	const sort = useSort("status");
	const q = carried(removeFilter(useUrl(), "domain"));
	const rows = sorted(sorted(items, "-m", { m: (d) => d.counts.m }), sort, {
		status: (d) => SEVERITY.indexOf(d.status), domain: (d) => d.domain, m: (d) => d.counts.m,
		pass: (d) => passRate(d.counts), fail: (d) => failing(d.counts) + d.counts.fail_fwd, reports: (d) => d.reports,
	});
	const max = Math.max(1, ...items.map((d) => d.counts.m));
	return (
		<Table caption={t("nav.domains")} rows={rows} rowKey={(d) => d.domain} sort={sort} cls="domains"
			link={(d) => "/" + at(`domains/${encodeURIComponent(d.domain)}`, q)}
			columns={[
				{ id: "domain", head: t("col.domain"), sort: "domain", first: "asc", cls: "c-main", cell: (d) => <Name text={d.domain} /> },
				{ id: "status", head: t("col.status"), sort: "status", first: "asc", cls: "c-status", cell: (d) => <span class="statuscell"><Status status={d.status} /><span class="cause">{causeText(d)}</span></span> },
				{ id: "policy", head: t("col.policy"), cell: (d) => <PolicyText p={d.policy} /> },
				{ id: "m", head: t("col.m"), num: true, sort: "m", cell: (d) => <Amount n={d.counts.m} max={max} /> },
				{ id: "pass", head: t("col.pass"), sort: "pass", first: "asc", cell: (d) => <Rate part={passed(d.counts)} whole={d.counts.m} /> },
				{ id: "fail", head: t("col.fail"), num: true, sort: "fail", cell: (d) => num(failing(d.counts) + d.counts.fail_fwd) },
				{ id: "spark", head: t("col.course"), cls: "c-spark", cell: (d) => <Spark all={d.spark} pass={d.spark_pass} label={t("spark.label", { m: d.counts.m, rate: percent(passRate(d.counts)) })} /> },
			]} />
	);
}
