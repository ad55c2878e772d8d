/* What the daemon says about itself and its data; asked for once, then every minute. */
import { useEffect } from "preact/hooks";
import { changes, useApi } from "../lib/api";
import { store, useStore } from "../lib/store";
import type { Meta } from "../lib/types";

export const meta = store<Meta | null>(null);
/* The last day of a page that counts its days otherwise than aggregate reports do. */
export const pageEnd = store<string | null>(null);
export function usePageEnd(day: string | null): void {
	useEffect(() => {
		pageEnd.set(day);
		return () => pageEnd.set(null);
	}, [day]);
}

export const useMeta = (): Meta | null => useStore(meta);

export function useMetaLoader(): ReturnType<typeof useApi<Meta>> {
	const l = useApi<Meta>("meta", { every: 60_000 });
	useEffect(() => {
		if (l.data === null)
			return;
		const old = meta.get();
		meta.set(l.data);
		if (old !== null && old.generation !== l.data.generation)
			changes.set(changes.get() + 1);
	}, [l.data]);
	return l;
}
