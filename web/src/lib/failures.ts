/* Failure reports, without markup. */
import { act, ApiError } from "./api";
import type { FailureDetail } from "./types-failures";

/*
 * A failure report unmasked. The daemon writes down who looks; the header is
 * one that a page of another site cannot set. What comes is kept by nobody:
 * not by the cache of api.ts, and not by the browser.
 */
export async function reveal(id: string): Promise<FailureDetail> {
	const r = await act(`failures/${encodeURIComponent(id)}/reveal`, { method: "POST", headers: {}, cache: "no-store" });
	try {
		return await r.json() as FailureDetail;
	} catch {
		throw new ApiError({ title: "", detail: "The answer is not JSON.", status: r.status });
	}
}

/* The mail that brought it, as it came: a look, too, which is written down. Given to the browser to save, and to nobody else. */
export async function saveBare(id: string): Promise<void> {
	const r = await act(`failures/${encodeURIComponent(id)}/raw`, { method: "POST", headers: { Accept: "message/rfc822" }, cache: "no-store" });
	const url = URL.createObjectURL(new Blob([await r.arrayBuffer()], { type: "application/octet-stream" }));
	const a = document.createElement("a");
	a.href = url;
	a.download = `failure-${id.replace(/[^a-z0-9]/gi, "")}.eml`;
	a.click();
	setTimeout(() => URL.revokeObjectURL(url), 10000);
}

/* dkim_selector_dns is DKIM-Selector-DNS: a field as it stands in a report. */
const UPPER = /^(dkim|spf|dns|ip|adsp|mta|uri)$/;
export const fieldName = (k: string): string =>
	k.split("_").map((w) => UPPER.test(w) ? w.toUpperCase() : w.charAt(0).toUpperCase() + w.slice(1)).join("-");
