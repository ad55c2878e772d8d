/* All domains: how protected each one is. */
import { t } from "../i18n";
import { useApi } from "../lib/api";
import type { DomainItem, Page } from "../lib/types";
import { apiQuery } from "../lib/url";
import { useUrl } from "../lib/router";
import { DomainTable, SEVERITY } from "../ui/domains";
import { Status } from "../ui/bits";
import { FilterBar } from "../ui/filterbar";
import { Complete, Head, PeriodText } from "../ui/page";
import { Empty, Load } from "../ui/states";

export default function DomainsPage() {
	const s = useUrl();
	const l = useApi<Page<DomainItem>>(`domains?${apiQuery(s)}`, { main: true });
	return (
		<>
			<Head title={t("nav.domains")} sub={<PeriodText />} side={<Complete />} />
			<FilterBar />
			<Load of={l} h={320}>{(d) => d.items.length === 0 ? <Empty /> : (
				<>
					<section class="card"><DomainTable items={d.items} /></section>
					<section class="card statuskey"><h2>{t("domains.key")}</h2>
						<dl>{SEVERITY.map((x) => <><dt><Status status={x} /></dt><dd>{t(`status.${x}.text`)}</dd></>)}</dl></section>
				</>
			)}</Load>
		</>
	);
}
