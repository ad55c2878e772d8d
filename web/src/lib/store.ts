/* A value that components can watch. */
import { useEffect, useState } from "preact/hooks";

export interface Store<T> {
	get(): T;
	set(v: T): void;
	on(fn: () => void): () => void;
}

export function store<T>(initial: T): Store<T> {
	let value = initial;
	const fns = new Set<() => void>();
	return {
		get: () => value,
		set(v) {
			if (v === value)
				return;
			value = v;
			for (const fn of [...fns])
				fn();
		},
		on(fn) {
			fns.add(fn);
			return () => void fns.delete(fn);
		},
	};
}

export function useStore<T>(s: Store<T>): T {
	const [v, set] = useState(s.get());
	useEffect(() => {
		set(() => s.get());
		return s.on(() => set(() => s.get()));
	}, [s]);
	return v;
}
