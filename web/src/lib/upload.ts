/*
 * Handing in files: one at a time, by XMLHttpRequest as fetch does not tell how
 * far it is, and then asking what became of it until that is known.
 */
import { ApiError, apiUrl, get } from "./api";
import { loadMe, proof } from "./session";
import type { Problem } from "./types";

export type Reading = "stored" | "duplicate" | "replaced" | "ignored" | "rejected" | "partial";
export interface Upload {
	id: number; name: string; bytes: number;
	state: "queued" | "sending" | "reading" | "done" | "refused";
	share: number;			/* of what was sent, 0 to 1 */
	result: Reading | null;
	reports: number;
	report: string | null;
	text: string;			/* why not, in words of the daemon */
}
export interface Taken { items: { name: string; bytes: number; state: "waiting" | "refused"; request: string | null; text: string | null }[]; complete: boolean }
export interface Became { state: "waiting" | "done" | "refused" | "stale"; n: number; text: string; result?: Reading | null; report?: string | null }

const LOOK_MS = 700;
const PATIENCE = 600;	/* looks */

export const linkOf = (report: string): string =>
	report.startsWith("t") ? `/tls/${report}` : report.startsWith("f") ? `/failures/${report}` : `/reports/${report}`;

/* Before it is sent: what can be known here. */
export function fault(file: { size: number }, most: number | undefined): "empty" | "large" | null {
	return file.size === 0 ? "empty" : most !== undefined && file.size > most ? "large" : null;
}

interface Sent { status: number; body: string }

async function sendOnce(file: File, on: (share: number) => void): Promise<Sent> {
	const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang || "en", "X-Dmarcd-Action": "1", ...await proof() };
	const form = new FormData();
	form.append("file", file, file.name);
	return new Promise((done) => {
		const x = new XMLHttpRequest();
		x.open("POST", apiUrl("upload"));
		for (const [k, v] of Object.entries(headers))
			x.setRequestHeader(k, v);
		x.upload.onprogress = (e) => on(e.lengthComputable && e.total > 0 ? e.loaded / e.total : 0);
		x.onload = () => done({ status: x.status, body: x.responseText });
		x.onerror = x.onabort = x.ontimeout = () => done({ status: 0, body: "" });
		x.send(form);
	});
}

function problemText(r: Sent, offline: string): string {
	try {
		const p = JSON.parse(r.body) as Problem;
		return p.detail ?? p.title;
	} catch {
		return r.status === 0 ? offline : `HTTP ${r.status}`;
	}
}

/* Is the daemon there at all? Then something on the way, or it, did not want the rest. */
async function answers(): Promise<boolean> {
	try {
		await get("meta");
		return true;
	} catch (e) {
		return e instanceof ApiError && e.problem.status > 0;
	}
}

/* change: what is new about this file. Texts of ours: offline, cut, late. */
export async function upload(file: File, change: (c: Partial<Upload>) => void, say: { offline: string; cut: string; late: string }): Promise<void> {
	const refused = (text: string) => change({ state: "refused", text });
	change({ state: "sending", share: 0 });
	let r = await sendOnce(file, (share) => change({ share }));
	if (r.status === 403) {		/* the proof may be an old one */
		await loadMe();
		r = await sendOnce(file, (share) => change({ share }));
	}
	if (r.status !== 202 && r.status !== 200)
		return refused(problemText(r, r.status === 0 && await answers() ? say.cut : say.offline));
	let token: string | null, why: string | null;
	try {
		const item = (JSON.parse(r.body) as Taken).items[0];
		token = item?.request ?? null;
		why = item?.text ?? null;
	} catch {
		return refused(`HTTP ${r.status}`);
	}
	if (token === null)
		return refused(why ?? `HTTP ${r.status}`);
	change({ state: "reading", share: 1 });
	for (let i = 0; i < PATIENCE; i++) {
		await new Promise((f) => setTimeout(f, i === 0 ? 250 : LOOK_MS));
		try {
			const b = await get<Became>(`requests/${token}`);
			if (b.state === "waiting")
				continue;
			return change(b.state === "done" ? { state: "done", result: b.result ?? null, reports: b.n, report: b.report ?? null, text: b.text } : { state: "refused", text: b.text });
		} catch {
			/* it is looked at again */
		}
	}
	refused(say.late);
}
