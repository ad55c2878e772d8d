/* Keyset lists: the first page comes with the address, more on request. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { ApiError, get, type Loaded } from "../lib/api";
import { num } from "../lib/format";
import { ErrorBox } from "./states";

export function useMore<T>(path: string, first: Loaded<{ items: T[]; next: string | null }>) {
	const [extra, setExtra] = useState<{ of: unknown; items: T[]; next: string | null } | null>(null);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState<ApiError | null>(null);
	const mine = extra !== null && extra.of === first.data ? extra : null;

	useEffect(() => {
		setError(null);
		setBusy(false);
	}, [path]);
	const next = mine !== null ? mine.next : first.data?.next ?? null;
	const more = async () => {
		if (next === null || busy)
			return;
		const of = first.data;
		setBusy(true);
		setError(null);
		try {
			const p = await get<{ items: T[]; next: string | null }>(`${path}&cursor=${encodeURIComponent(next)}`);
			setExtra({ of, items: [...(mine?.items ?? []), ...p.items], next: p.next });
		} catch (e) {
			setError(e instanceof ApiError ? e : new ApiError({ title: String(e), status: 0 }));
		}
		setBusy(false);
	};
	return { items: [...(first.data?.items ?? []), ...(mine?.items ?? [])], next, more, busy, error };
}

export function More({ m, total }: { m: ReturnType<typeof useMore<never>> | { items: unknown[]; next: string | null; more: () => void; busy: boolean; error: ApiError | null }; total?: number }) {
	return (
		<div class="more">
			<span class="muted">{total !== undefined && total >= m.items.length ? t("more.of", { n: m.items.length, total }) : t("more.shown", { n: num(m.items.length) })}</span>
			{m.error !== null && <ErrorBox error={m.error} retry={m.more} />}
			{m.next !== null && m.error === null && <button type="button" class="btn" disabled={m.busy} onClick={() => void m.more()}>{m.busy ? t("state.loading") : t("more.load")}</button>}
		</div>
	);
}
