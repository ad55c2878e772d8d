/* Loading, empty, error: the same on every page. */
import type { ComponentChildren } from "preact";
import { t, tx } from "../i18n";
import { ago, day } from "../lib/format";
import type { ApiError, Loaded } from "../lib/api";
import { href, place, update, useUrl } from "../lib/router";
import { filterValue, MAIL_KEYS, removeFilter, type FilterKey } from "../lib/url";
import { meta, useMeta } from "./meta";
import { Icon } from "./icons";
import { Safe } from "./text";

export const Skeleton = ({ h }: { h: number }) => <div class="skeleton" style={{ height: `${h}px` }} aria-hidden="true" />;

export function ErrorBox({ error, retry }: { error: ApiError; retry: () => void }) {
	const p = error.problem;
	if (p.status === 401)
		return <Skeleton h={120} />;	/* on the way to the sign-in */
	/* forbidden: what is wrong is who asks, so asking again is of no use, and who can grant it is said */
	const not = p.status === 403;
	const title = error.offline ? t("error.offline") : not && p.title === "Forbidden" ? t("forbidden.title") : p.title || t("error.title");
	return (
		<div class="notice bad" role="alert">
			<Icon name={not ? "lock" : "warn"} />
			<div class="grow">
				<strong>{title}</strong>
				<p>{error.offline ? t("error.offline.detail") : <Safe text={p.detail ?? t("error.nodetail")} />}</p>
				{not && <p class="muted small">{tx("forbidden.who", { command: <code>dmarcd user role</code> })}</p>}
				{p.errors?.map((e) => <p class="muted"><Safe text={[e.pointer, e.key].filter(Boolean).join(": ")} /></p>)}
				{(p.request_id || p.status > 0) && <p class="muted small">
					{p.status > 0 && <span>{t("error.status", { status: String(p.status) })} </span>}
					{p.request_id && <>{t("error.request")} <code><Safe text={p.request_id} /></code></>}
				</p>}
			</div>
			{!not && <button type="button" class="btn" onClick={retry}>{t("error.retry")}</button>}
		</div>
	);
}

interface LoadProps<T> {
	of: Loaded<T>;
	h: number;			/* height of the skeleton: the final size */
	children: (data: T) => ComponentChildren;
}

/* Data, or what stands for it. Old data is dimmed while new is fetched. */
export function Load<T>({ of, h, children }: LoadProps<T>) {
	if (of.data === null) {
		if (of.error !== null)
			return <ErrorBox error={of.error} retry={of.retry} />;
		return of.slow ? <div role="status"><Skeleton h={h} /><span class="vh">{t("state.loading")}</span></div> :
			<div style={{ minHeight: `${h}px` }} />;
	}
	return (
		<div class={`stack ${of.busy && of.slow ? "stale" : ""}`} aria-busy={of.busy && of.slow}>
			{of.error !== null && (
				<>
					<ErrorBox error={of.error} retry={of.retry} />
					<p class="muted small">{t("error.stale", { ago: ago(new Date(of.at).toISOString()) })}</p>
				</>
			)}
			{children(of.data)}
		</div>
	);
}

/* No rows: because of filters, because nothing has come yet, or because of the period. */
export function Empty({ what, why, keys = MAIL_KEYS }: { what?: string; why?: ComponentChildren; keys?: readonly FilterKey[] }) {
	const s = useUrl();
	const m = useMeta();
	const used = s.filters.filter((f) => keys.includes(f.key));
	if (m !== null && m.reports === 0 && why === undefined)
		return <NewHere />;
	if (used.length > 0)
		return (
			<div class="empty">
				<p>{what ?? t("empty.filters")} {t("empty.remove")}</p>
				<div class="chips">
					{used.map((f) => (
						<button type="button" class="chip" onClick={() => update(removeFilter(s, f.key))}>
							<span>{t(`key.${f.key}`)}: <Safe text={filterValue(f)} /></span><Icon name="cross" size={16} />
							<span class="vh">{t("chip.remove")}</span>
						</button>
					))}
					<button type="button" class="btn link" onClick={() => update({ ...s, filters: s.filters.filter((f) => !keys.includes(f.key)) })}>{t("empty.all")}</button>
				</div>
			</div>
		);
	return (
		<div class="empty">
			<p>{what ?? t("empty.period")}</p>
			{why}
			{s.preset !== "all" && <button type="button" class="btn" onClick={() => update({ ...s, preset: "all", from: null, to: null })}>{t("empty.alltime")}</button>}
			{why === undefined && m?.last_day && <p class="muted small">{t("empty.lastday", { day: day(m.last_day) })}</p>}
		</div>
	);
}

/* Nothing has ever come: what to do, in three steps. */
export function NewHere() {
	return (
		<section class="card steps" aria-label={t("new.title")}>
			<h2>{t("new.title")}</h2>
			<ol>
				<li><strong>{t("new.1")}</strong><p>{t("new.1.text")}</p><pre class="record"><code>_dmarc.example.org.  TXT  "v=DMARC1; p=none; rua=mailto:dmarc@example.org"</code></pre></li>
				<li><strong>{t("new.2")}</strong><p>{t("new.2.text")}</p></li>
				<li><strong>{t("new.3")}</strong><p>{tx("new.3.text", { link: <a href={href("/health")}>{t("nav.intake")}</a> })}</p></li>
			</ol>
		</section>
	);
}

export const isNew = (): boolean => meta.get()?.reports === 0;
export const samePath = (path: string): boolean => place.get().path === path;
