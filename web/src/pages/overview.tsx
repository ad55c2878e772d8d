/* Is anything wrong? Which domain first? What changed? */
import { hasKey, t, tx, type Key } from "../i18n";
import { useApi } from "../lib/api";
import { day, list, num, percent, ratio } from "../lib/format";
import { at, href, useUrl } from "../lib/router";
import { safeText } from "../lib/safe";
import { tasksPath } from "../lib/todo";
import type { Breakdown, Overview } from "../lib/types";
import type { Task, Tasks } from "../lib/types-todo";
import { apiQuery, carried, setFilter } from "../lib/url";
import { Code, failing } from "../ui/bits";
import { DomainTable } from "../ui/domains";
import { FilterBar } from "../ui/filterbar";
import { Icon, type IconName } from "../ui/icons";
import { useMeta } from "../ui/meta";
import { Complete, Head, OutcomeCard, PeriodText, Section, Tile, Tiles } from "../ui/page";
import { Empty, Load, NewHere } from "../ui/states";
import { Safe } from "../ui/text";
import { TopTasks } from "../ui/todo";

const LEVEL_ICON: Record<string, IconName> = { ok: "check", warn: "warn", bad: "warn", nodata: "info" };

/* What to do about it: the advice of the task that the sentence is about. */
function advice(o: Overview, tasks: Tasks | null): Task | null {
	const domain = o.verdict.args.domain;
	if (tasks === null || typeof domain !== "string" || (o.verdict.key !== "hurt" && o.verdict.key !== "failing"))
		return null;
	const of = tasks.items.filter((x) => x.domain === domain && x.do !== null);
	return of.find((x) => x.key.startsWith(o.verdict.key === "hurt" ? "hurt" : "failing")) ?? null;
}

function Verdict({ o, tasks }: { o: Overview; tasks: Tasks | null }) {
	const s = useUrl();
	const v = o.verdict;
	const key = `verdict.${v.key}`;
	const domain = typeof v.args.domain === "string" ? v.args.domain : null;
	const args: Record<string, string | number> = {};
	for (const [k, x] of Object.entries(v.args))
		args[k] = typeof x === "string" ? safeText(x) : x ?? 0;
	if (typeof v.args.since === "string")
		args.since = day(v.args.since.slice(0, 10));
	const dq = domain === null ? "" : carried(setFilter(s, { key: "domain", values: [domain], not: false, contains: false }));
	const action: { to: string; label: Key } | null =
		v.key === "hurt" && domain !== null ? { to: at("/explore", dq + "&align=none&disp=quarantine,reject"), label: "verdict.do.hurt" } :
		v.key === "failing" && domain !== null ? { to: at("/sources", dq + "&align=none"), label: "verdict.do.failing" } :
		v.key === "watching_only" && domain !== null ? { to: `/domains/${encodeURIComponent(domain)}`, label: "verdict.do.watching" } :
		v.key === "no_reports" || v.key === "empty" ? { to: "/health", label: "verdict.do.intake" } :
		v.key === "all_well" ? { to: at("/sources", carried(s)), label: "verdict.do.well" } : null;
	const todo = advice(o, tasks);
	return (
		<section class={`verdict v-${v.level}`} aria-label={t("verdict.label")}>
			<Icon name={LEVEL_ICON[v.level] ?? "info"} size={24} />
			<div class="grow">
				<p class="verdict-word">{t(`verdict.level.${v.level}` as Key)}</p>
				<p class="verdict-text">{hasKey(key) ? t(key, args) : safeText(v.key)}</p>
				{todo !== null && (
					<p class="muted">{todo.m_week !== null && <>{t("todo.lately", { n: todo.m_week })} </>}<strong>{t("todo.do")}</strong> <Safe text={todo.do ?? ""} /></p>
				)}
			</div>
			{action !== null && <a class="btn primary" href={href(action.to)}>{t(action.label)}</a>}
		</section>
	);
}

function WhyFails() {
	const s = useUrl();
	const q = apiQuery(s, { by: "code", sort: "-fail", limit: 12 });
	const l = useApi<Breakdown>(`breakdown?${q}`);
	return (
		<Section title={t("overview.why")} sub={t("overview.why.sub")}>
			<Load of={l} h={260}>{(b) => {
				const all = b.items.filter((i) => i.key.startsWith("F") && failing(i.counts) + i.counts.fail_fwd > 0);
				const bad = all.slice(0, 4);
				const sum = all.reduce((n, i) => n + failing(i.counts) + i.counts.fail_fwd, 0);
				if (bad.length === 0)
					return <p class="quiet-ok"><Icon name="check" /> {t("overview.nofail")}</p>;
				return (
					<ol class="ranked">
						{bad.map((i) => {
							const n = failing(i.counts) + i.counts.fail_fwd;
							const to = at("/sources", carried(setFilter(setFilter(s, { key: "code", values: [i.key], not: false, contains: false }), { key: "align", values: ["none"], not: false, contains: false })));
							return (
								<li>
									<div class="ranked-head"><Code code={i.key} title={false} /> <a href={href(to)}>{hasKey(`code.${i.key}.title`) ? t(`code.${i.key}.title` as Key) : safeText(i.label)}</a><span class="n">{num(n)}</span></div>
									<div class="bar thin" aria-hidden="true"><span class="bad" style={{ width: `${(ratio(n, sum) ?? 0) * 100}%` }} /></div>
									{hasKey(`code.${i.key}.short`) && <p class="muted small">{t(`code.${i.key}.short` as Key)}</p>}
								</li>
							);
						})}
					</ol>
				);
			}}</Load>
		</Section>
	);
}

export default function OverviewPage() {
	const s = useUrl();
	const m = useMeta();
	const l = useApi<Overview>(`overview?${apiQuery(s, {}, {}, true)}`, { main: true });
	const tasks = useApi<Tasks>(tasksPath(s, "open"));

	if (m !== null && m.reports === 0)
		return <><Head title={t("nav.overview")} /><NewHere /></>;
	return (
		<>
			<Head title={t("nav.overview")} sub={<PeriodText />} side={<Complete reporters={l.data?.reporters} />} />
			<FilterBar />
			<Load of={l} h={210}>{(o) => o.counts.m === 0 && o.domains.length === 0 ? <Empty /> : (
				<>
					<Verdict o={o} tasks={tasks.data} />
					{o.silent_reporters.length > 0 && (
						<p class="notice warn slim"><Icon name="warn" size={16} />
							<span>{tx("overview.silent", { n: o.silent_reporters.length, who: list(o.silent_reporters.slice(0, 3).map((r) => t("overview.silent.one", { name: safeText(r.label), day: day(r.last_day) }))) })}</span>
							<a href={href("/reports?tab=reporters")}>{t("overview.silent.link")}</a></p>
					)}
					<Tiles c={o.counts} prev={s.cmp !== "none" ? o.prev : null} />
					<Whose o={o} />
				</>
			)}</Load>
			<TopTasks l={tasks} />
			<div class="split">
				<OutcomeCard height={340} />
				<WhyFails />
			</div>
			<Load of={l} h={240}>{(o) => o.domains.length === 0 ? <></> : (
				<>
					<Section title={t("nav.domains")}><DomainTable items={o.domains} /></Section>
					<NewThings o={o} />
				</>
			)}</Load>
		</>
	);
}

/* How the mail of one's own senders does, and how much belongs to nobody that is known. */
function Whose({ o }: { o: Overview }) {
	const s = useUrl();
	const r = o.rates;
	if (o.counts.m === 0 || r.unreviewed === undefined)
		return null;
	return (
		<div class="tiles whose">
			<Tile label={t("tile.legit")} value={percent(r.legit_pass ?? null)} to={at("/senders", (carried(s) ? carried(s) + "&" : "") + "class=own,service,candidate")}
				note={r.legit_low === null || r.legit_low === undefined ? t("tile.legit.none") : t("tile.legit.note", { low: percent(r.legit_low) })} />
			<Tile label={t("tile.yourhurt")} value={num(o.counts.collateral)} to={at("/explore", (carried(s) ? carried(s) + "&" : "") + "align=none&disp=quarantine,reject&class=own,service,candidate,forwarder,list")} note={t("sender.hurt.hint")} tone={o.counts.collateral > 0 ? "warn" : ""} />
			<Tile label={t("tile.impostor")} value={percent(r.stopped ?? null)} to={at("/senders", (carried(s) ? carried(s) + "&" : "") + "class=unknown,suspect,impostor,noise")} note={t("tile.impostor.note", { n: o.counts.leaked })} />
			<Tile label={t("tile.unreviewed")} value={percent(r.unreviewed ?? null)} to={at("/senders", (carried(s) ? carried(s) + "&" : "") + "tab=review")} note={t("tile.unreviewed.note")} />
		</div>
	);
}

function NewThings({ o }: { o: Overview }) {
	const n = o.new;
	if ((n.sources ?? 0) === 0 && n.selectors.length === 0 && n.subdomains.length === 0)
		return null;
	const q = useUrl();
	return (
		<section class="card new" aria-label={t("overview.new")}>
			<h2>{t("overview.new")}</h2>
			<ul>
				{n.sources !== null && n.sources > 0 && <li><a href={href(at("/sources", (carried(q) ? carried(q) + "&" : "") + "sort=-first"))}>{t("overview.new.sources", { n: n.sources })}</a></li>}
				{n.selectors.length > 0 && <li>{t("overview.new.selectors", { n: n.selectors.length })} {n.selectors.slice(0, 6).map((x, i) => <>{i > 0 && ", "}<Safe text={x} /></>)}</li>}
				{n.subdomains.length > 0 && <li>{t("overview.new.subdomains", { n: n.subdomains.length })} {n.subdomains.slice(0, 6).map((x, i) => <>{i > 0 && ", "}<Safe text={x} /></>)}</li>}
			</ul>
			<p class="muted small">{t("overview.reports", { n: o.reports, r: o.reporters })}</p>
		</section>
	);
}
