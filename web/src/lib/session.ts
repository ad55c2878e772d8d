/*
 * Who is signed in. A page that begins or ends a session is loaded anew: what
 * was in memory was somebody else's.
 */
import { BASE } from "./base";
import { store } from "./store";
import type { Problem } from "./types";

export interface Me {
	user: string | null;		/* null: there are no users */
	role: "viewer" | "admin";
	domains: string[] | null;	/* null: all */
	csrf: string | null;
	how: "open" | "session" | "token" | "proxy";
}

export const me = store<Me | null>(null);
export const isAdmin = (m: Me | null): boolean => m === null || m.role === "admin";

/* null: nobody, or the daemon does not answer; others say why. */
export async function loadMe(): Promise<Me | null> {
	try {
		const r = await fetch(`${BASE}api/v1/me`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
		me.set(r.ok ? await r.json() as Me : null);
	} catch {
		return null;
	}
	return me.get();
}

/* What a request that does something has to show beside its cookie. */
export async function proof(): Promise<Record<string, string>> {
	const m = me.get() ?? await loadMe();
	return m?.csrf ? { "X-CSRF-Token": m.csrf } : {};
}

/* Where a sign-in leads back to: a page of ours, whatever stands in the address. */
export function backTo(search: string): string {
	const back = new URLSearchParams(search).get("back") ?? "/";
	return /^\/(?![/\\])/.test(back) && !/^\/signin\b/.test(back) ? back : "/";
}

/* The daemon knows us no more: to the sign-in, and back to this page then. */
export function signedOut(): void {
	const path = location.pathname.startsWith(BASE) ? "/" + location.pathname.slice(BASE.length) : "/";
	me.set(null);
	if (path !== "/signin")
		location.replace(`${BASE}signin?back=${encodeURIComponent(path + location.search + location.hash)}`);
}

export const leaveTo = (path: string): void => location.replace(BASE + path.replace(/^\//, ""));

export type SignIn = { ok: true } | { ok: false; status: number; wait: number; problem: Problem | null };

export async function signIn(user: string, password: string): Promise<SignIn> {
	try {
		const r = await fetch(`${BASE}api/v1/login`, {
			method: "POST", credentials: "same-origin", body: JSON.stringify({ user, password }),
			headers: { Accept: "application/json", "Content-Type": "application/json", "X-Dmarcd-Action": "1" },
		});
		if (r.ok)
			return { ok: true };
		return { ok: false, status: r.status, wait: Number(r.headers.get("Retry-After") ?? 0), problem: await r.json().catch(() => null) as Problem | null };
	} catch {
		return { ok: false, status: 0, wait: 0, problem: null };
	}
}

/* What went wrong, or null: then the page is on its way to the sign-in. */
export async function signOut(): Promise<string | null> {
	try {
		const r = await fetch(`${BASE}api/v1/logout`, {
			method: "POST", credentials: "same-origin", headers: { Accept: "application/json", "X-Dmarcd-Action": "1", ...await proof() },
		});
		if (!r.ok && r.status !== 401)
			return (await r.json().catch(() => null) as Problem | null)?.detail ?? String(r.status);
	} catch (e) {
		return String(e);
	}
	me.set(null);
	leaveTo("/signin");
	return null;
}
