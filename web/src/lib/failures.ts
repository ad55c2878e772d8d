/* Failure reports, without markup. */
import { send } from "./api";
import type { FailureDetail } from "./types-failures";

/*
 * A failure report unmasked. The daemon writes down who looks; the header is
 * one that a page of another site cannot set. What comes is kept by nobody:
 * not by the cache of api.ts, and not by the browser.
 */
export const reveal = (id: string): Promise<FailureDetail> => send<FailureDetail>("POST", `failures/${encodeURIComponent(id)}/reveal`);

/* dkim_selector_dns is DKIM-Selector-DNS: a field as it stands in a report. */
const UPPER = /^(dkim|spf|dns|ip|adsp|mta|uri)$/;
export const fieldName = (k: string): string =>
	k.split("_").map((w) => UPPER.test(w) ? w.toUpperCase() : w.charAt(0).toUpperCase() + w.slice(1)).join("-");
