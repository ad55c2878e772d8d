/* What is called so, out of the made-up reports. */
import type { Hit } from "../src/lib/palette";
import { reports } from "./data";
import { senders } from "./senders";

export function search(p: URLSearchParams): { items: Hit[]; complete: boolean } {
	const text = (p.get("q") ?? "").trim().toLowerCase();
	const hit = (kind: Hit["kind"], key: string, label: string, more: Partial<Hit> = {}): Hit => ({ kind, key, label, reporter: null, domain: null, day: null, ...more });
	const list = (senders(new URLSearchParams("t=all&limit=500")) as unknown as { items: { id: string; label: string }[] }).items;
	const all = [
		...[...new Set(reports.map((r) => r.domain))].map((d) => hit("domain", d, d)),
		...list.map((s) => hit("sender", s.id, s.label)),
		...[...new Set(reports.flatMap((r) => r.rows.map((x) => x.ip)))].filter((ip): ip is string => ip !== null).map((ip) => hit("address", ip, ip)),
		...[...new Map(reports.map((r) => [r.reporter.key, r.reporter.label]))].map(([k, l]) => hit("reporter", k, l)),
		...reports.map((r) => hit("report", r.id, r.report_id, { reporter: r.reporter.label, domain: r.domain, day: r.day })),
	].filter((h) => h.kind === "address" ? h.key.startsWith(text) : (h.label + " " + (h.kind === "report" ? "" : h.key)).toLowerCase().includes(text));
	const few = all.filter((h) => all.filter((x) => x.kind === h.kind).indexOf(h) < 6).slice(0, 20);
	return { items: text === "" ? [] : few, complete: text === "" || few.length === all.length };
}
