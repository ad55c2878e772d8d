/* Who sends as me? Groups of mail, by address first. */
import { t } from "../i18n";
import { useApi } from "../lib/api";
import { num, percent, ratio } from "../lib/format";
import { setView, useUrl } from "../lib/router";
import type { Breakdown } from "../lib/types";
import { apiQuery, isFilterKey, type FilterKey } from "../lib/url";
import { FilterBar } from "../ui/filterbar";
import { More, useMore } from "../ui/more";
import { Complete, Head, PeriodText } from "../ui/page";
import { useGeo } from "../ui/places";
import { SourceTable } from "../ui/sources";
import { Empty, Load } from "../ui/states";
import { useSort } from "../ui/table";

const GROUPS: FilterKey[] = ["ip", "sender", "class", "hfrom", "sigdomain", "selector", "efrom", "reporter", "domain", "code", "disp", "reason", "country", "asn", "ptr"];

export default function SourcesPage() {
	const s = useUrl();
	const by: FilterKey = isFilterKey(s.view.by ?? "") && GROUPS.includes(s.view.by as FilterKey) ? s.view.by as FilterKey : "ip";
	const geo = useGeo();
	const sort = useSort("-m");
	const path = `breakdown?${apiQuery(s, { by, sort, limit: 100 })}`;
	const l = useApi<Breakdown>(path, { main: true });
	const more = useMore(path, l);
	return (
		<>
			<Head title={t("nav.sources")} sub={<PeriodText />} side={<Complete />} />
			<FilterBar />
			<section class="card">
				<div class="cardhead">
					<p class="lede">{l.data && t("sources.total", { n: l.data.total.n, m: l.data.total.m })}{by === "selector" || by === "sigdomain" ? " " + t("sources.overlap") : ""}</p>
					<label class="select">{t("sources.group")} <select value={by} onChange={(e) => setView({ by: e.currentTarget.value === "ip" ? undefined : e.currentTarget.value, sort: undefined })}>
						{GROUPS.filter((g) => geo || (g !== "country" && g !== "asn")).map((g) => <option value={g}>{t(`key.${g}`)}</option>)}
					</select></label>
				</div>
				<Load of={l} h={520}>{(b) => b.items.length === 0 ? <Empty /> : (
					<>
						<SourceTable key={by} by={by} items={more.items} sort={sort} />
						{b.other.n > 0 && more.next !== null && <p class="muted small">{t("sources.other", { n: b.other.n, m: num(b.other.m), share: percent(ratio(b.other.m, b.total.m)) })}</p>}
						<More m={more} total={b.total.n} />
					</>
				)}</Load>
			</section>
		</>
	);
}
