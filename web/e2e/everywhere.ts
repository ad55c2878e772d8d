/* All pages of the app, with data to be found at an address. */
export type Where = [name: string, path: string, heading: RegExp];
export interface Ids { report: string; domain: string; failure: string; tls: string; sender: string }

export async function idsOf(base: string): Promise<Ids> {
	const api = async (path: string) => await (await fetch(`${base}/api/v1/${path}`)).json() as { items: { id: string; domain: string }[] };
	return {
		report: (await api("reports?limit=1&t=all")).items[0]?.id ?? "",
		failure: (await api("failures?limit=1&t=all")).items[0]?.id ?? "",
		tls: (await api("tls/reports?limit=1&t=all&sort=-failure")).items[0]?.id ?? "",
		sender: (await api("senders?t=all&limit=50")).items.find((x) => Number(x.id) > 1)?.id ?? "1",
		domain: (await api("domains?t=all")).items[0]?.domain ?? "",
	};
}

/* Every page: what it is called here, its address, its heading. */
export const pagesOf = ({ report, domain, failure, tls, sender }: Ids): Where[] => [
	["overview", "/", /Overview/], ["todo", "/todo", /To do/], ["domains", "/domains", /Domains/], ["domain", `/domains/${encodeURIComponent(domain)}`, /./],
	["senders", "/senders?t=all", /Senders/], ["senders to review", "/senders?t=all&tab=review", /Senders/], ["no senders", "/senders?hfrom=nobody.invalid", /Senders/], ["sender", `/senders/${sender}?t=all`, /./],
	["sources", "/sources", /Sources/], ["sources by sender", "/sources?t=all&by=sender", /Sources/], ["sources by key", "/sources?by=hfrom&sort=-fail", /Sources/], ["explore", "/explore", /Explore/],
	["explore rows", "/explore?view=rows&sort=-day", /Explore/], ["split", "/explore?group=reporter&unit=share", /Explore/],
	["flow", "/explore?view=flow&t=all", /Explore/], ["heat map", "/explore?view=heat&by=domain", /Explore/],
	["reports", "/reports", /Reports/], ["reporters", "/reports?tab=reporters", /Reports/], ["report", `/reports/${encodeURIComponent(report)}`, /→/],
	["failures", "/failures?t=all", /Failures/], ["no failures", "/failures?reporter=nobody.invalid&code=F7", /Failures/], ["failure", `/failures/${failure}`, /→/],
	["tls", "/tls?t=all", /TLS/], ["tls failed", "/tls?view=failed&unit=share", /TLS/], ["tls reports", "/tls?tab=reports", /TLS/], ["tls report", `/tls/${tls}`, /→/],
	["no tls", "/tls?domain=nobody.invalid", /TLS/], ["intake", "/health", /Intake/], ["settings", "/settings", /Settings/], ["decode", "/decode", /Decode/], ["glossary", "/help/alignment", /Glossary/], ["not found", "/no/such/page", /not found/],
	["all time", "/?t=all", /Overview/], ["nothing matches", "/explore?hfrom=nobody.invalid", /Explore/],
];

/* The same in another light. */
export const alsoOf: Where[] = [
	["flow of what fails", "/explore?view=flow&by=reporter&measure=fail", /Explore/], ["no flow", "/explore?view=flow&hfrom=nobody.invalid", /Explore/],
	["heat map of shares", "/explore?view=heat&by=prefix&measure=pass_rate&t=all", /Explore/], ["no heat map", "/explore?view=heat&hfrom=nobody.invalid", /Explore/],
	["measured", "/explore?by=code&measure=fail", /Explore/],
];
