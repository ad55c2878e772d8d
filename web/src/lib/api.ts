/*
 * GET with a small cache: the address is the key, the ETag is asked again, an
 * unchanged answer costs a 304. While a page asks anew, its old data stays.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { BASE } from "./base";
import { isAdmin, loadMe, me, proof, signedOut } from "./session";
import { store, useStore } from "./store";
import type { Problem } from "./types";
import type { Outcome } from "./types-senders";

const KEEP = 80;	/* answers held; the oldest goes first */
const FRESH_MS = 10_000;	/* within this time an answer is not asked for again */

interface Entry { etag: string | null; data: unknown; at: number }
const cache = new Map<string, Entry>();

export class ApiError extends Error {
	constructor(readonly problem: Problem, readonly offline = false) {
		super(problem.title);
	}
}

export const apiUrl = (path: string): string => `${BASE}api/v1/${path}`;

/* Grows when the daemon has new data: what is on screen is then asked for anew. */
export const changes = store<number>(0);

/* What "Copy as curl" copies: the call that feeds the page on screen. */
export const mainCall = store<string | null>(null);

export async function problemOf(r: Response): Promise<Problem> {
	const fallback: Problem = {
		title: r.statusText || `HTTP ${r.status}`, status: r.status,
		request_id: r.headers.get("X-Request-Id") ?? undefined, wait: Number(r.headers.get("Retry-After") ?? 0),
	};
	try {
		const p = await r.json() as Partial<Problem> | null;
		return { ...fallback, ...(p ?? {}) };
	} catch {
		return fallback;
	}
}

/* What stands for a refusal; one who is not signed in any more is on the way to the sign-in. */
async function refusal(r: Response): Promise<ApiError> {
	const e = new ApiError(await problemOf(r));
	if (r.status === 401) {
		cache.clear();
		signedOut();
	}
	return e;
}

/* What changes something: with the header and the proof that no other page has; once more when that was an old one. */
export async function act(path: string, init: RequestInit & { headers: Record<string, string> }): Promise<Response> {
	const ask = async (): Promise<Response> => {
		try {
			return await fetch(apiUrl(path), { ...init, credentials: "same-origin",
				headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang || "en", "X-Dmarcd-Action": "1", ...init.headers, ...await proof() } });
		} catch {
			throw new ApiError({ title: "", status: 0 }, true);
		}
	};
	const csrf = me.get()?.csrf ?? null;
	let r = await ask();

	if (r.status === 403 && csrf !== null && (await loadMe())?.csrf !== csrf)
		r = await ask();
	if (!r.ok)
		throw await refusal(r);
	return r;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
	const url = apiUrl(path);
	const old = cache.get(url);
	/* sentences of the daemon in the language of this page, not in the browser's */
	const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": document.documentElement.lang || "en" };
	let r: Response;

	if (old?.etag)
		headers["If-None-Match"] = old.etag;
	try {
		r = await fetch(url, { headers, signal, credentials: "same-origin" });
	} catch (e) {
		if (signal?.aborted)
			throw e;
		throw new ApiError({ title: "", status: 0 }, true);
	}
	if (r.status === 304 && old !== undefined) {
		old.at = Date.now();
		return old.data as T;
	}
	if (!r.ok)
		throw await refusal(r);
	let data: T;
	try {
		data = await r.json() as T;
	} catch (e) {
		if (signal?.aborted)
			throw e;
		throw new ApiError({ title: "", detail: "The answer is not JSON.", status: r.status });
	}
	cache.delete(url);
	cache.set(url, { etag: r.headers.get("ETag"), data, at: Date.now() });
	for (const k of cache.keys()) {
		if (cache.size <= KEEP)
			break;
		cache.delete(k);
	}
	return data;
}

/* Asks for something to be done. */
export async function post(path: string): Promise<void> {
	await act(path, { method: "POST", headers: {} });
}

/* The same with an answer, and with something said: JSON. */
export async function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
	const r = await act(path, { method, headers: body === undefined ? {} : { "Content-Type": "application/json" }, body: body === undefined ? null : JSON.stringify(body) });

	try {
		return await r.json() as T;
	} catch {
		throw new ApiError({ title: "", detail: "The answer is not JSON.", status: r.status });
	}
}

const LOOK_MS = 1000, LOOKS = 90;
const pause = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms));

/* A busy daemon answers later: until then it is asked now and then. */
export async function waitFor(d: { state: "done" | "waiting"; request: string }): Promise<Outcome["state"] | "late"> {
	if (d.state === "done")
		return "done";
	if (!isAdmin(me.get()))
		return "late";	/* what becomes of requests is for admins to see */
	for (let i = 0; i < LOOKS; i++) {
		await pause(LOOK_MS);
		const o = await get<Outcome>(`requests/${encodeURIComponent(d.request)}`);
		if (o.state === "refused")
			throw new ApiError({ title: "", status: 422, detail: o.text });
		if (o.state === "stale")
			throw new ApiError({ title: "", status: 409, detail: o.text });
		if (o.state === "done")
			return "done";
	}
	return "late";
}

/* A raw file as text, for the XML view. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
	let r: Response;
	try {
		r = await fetch(apiUrl(path), { signal, credentials: "same-origin" });
	} catch (e) {
		if (signal?.aborted)
			throw e;
		throw new ApiError({ title: "", status: 0 }, true);
	}
	if (!r.ok)
		throw await refusal(r);
	return r.text();
}

export interface Loaded<T> {
	data: T | null;
	at: number;		/* when the data came, ms */
	error: ApiError | null;
	busy: boolean;		/* a request is under way */
	slow: boolean;		/* … for more than 150 ms: show it */
	path: string | null;	/* what `data` answers */
	retry: () => void;
}

/* null as path: nothing is asked (yet). */
export function useApi<T>(path: string | null, opts: { main?: boolean; every?: number } = {}): Loaded<T> {
	const [own, setTick] = useState(0);
	const tick = own + useStore(changes);
	const [s, set] = useState<Omit<Loaded<T>, "retry">>(() => {
		const hit = path === null ? undefined : cache.get(apiUrl(path));
		return {
			data: (hit?.data as T | undefined) ?? null, at: hit?.at ?? 0, error: null,
			busy: path !== null, slow: false, path: hit === undefined ? null : path,
		};
	});
	const forced = useRef(tick);

	useEffect(() => {
		if (path === null)
			return;
		if (opts.main)
			mainCall.set(path);
		const hit = cache.get(apiUrl(path));
		if (hit !== undefined) {
			const fresh = Date.now() - hit.at < FRESH_MS && forced.current === tick;
			set({ data: hit.data as T, at: hit.at, error: null, busy: !fresh, slow: false, path });
			if (fresh)
				return;
		} else
			set((o) => ({ ...o, error: null, busy: true, slow: false }));
		forced.current = tick;
		const ctl = new AbortController();
		const timer = setTimeout(() => set((o) => o.busy ? { ...o, slow: true } : o), 150);
		get<T>(path, ctl.signal).then(
			(data) => set({ data, at: Date.now(), error: null, busy: false, slow: false, path }),
			(e: unknown) => {
				if (ctl.signal.aborted)
					return;
				const error = e instanceof ApiError ? e : new ApiError({ title: String(e), status: 0 });
				set((o) => ({ ...o, error, busy: false, slow: false }));
			}).finally(() => clearTimeout(timer));
		return () => {
			clearTimeout(timer);
			ctl.abort();
		};
	}, [path, tick]);

	useEffect(() => {
		if (!opts.every)
			return;
		const id = setInterval(() => {
			if (document.visibilityState === "visible")
				setTick((n) => n + 1);
		}, opts.every);
		return () => clearInterval(id);
	}, [opts.every]);

	return { ...s, retry: () => setTick((n) => n + 1) };
}
