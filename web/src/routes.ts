/* Paths and their pages; each page is a file of its own, loaded when needed. */
import type { ComponentType } from "preact";
import { t } from "./i18n";
import { safeText } from "./lib/safe";

export interface PageProps { params: Record<string, string> }
export interface Route {
	name: string;
	key: string;		/* a new key is a new page: nothing of the old one stays */
	params: Record<string, string>;
	title: (params: Record<string, string>) => string;
	load: () => Promise<ComponentType<PageProps>>;
}

interface Def {
	name: string;
	pattern: RegExp;
	params?: string[];
	title: (p: Record<string, string>) => string;
	load: () => Promise<{ default: ComponentType<PageProps> }>;
}

const DEFS: Def[] = [
	{ name: "overview", pattern: /^\/$/, title: () => t("nav.overview"), load: () => import("./pages/overview") },
	{ name: "todo", pattern: /^\/todo\/?$/, title: () => t("nav.todo"), load: () => import("./pages/todo") },
	{ name: "domains", pattern: /^\/domains\/?$/, title: () => t("nav.domains"), load: () => import("./pages/domains") },
	{ name: "domain", pattern: /^\/domains\/([^/]+)\/?$/, params: ["d"], title: (p) => safeText(p.d ?? ""), load: () => import("./pages/domain") },
	{ name: "senders", pattern: /^\/senders\/?$/, title: () => t("nav.senders"), load: () => import("./pages/senders") },
	{ name: "sender", pattern: /^\/senders\/([^/]+)\/?$/, params: ["id"], title: () => t("sender.title"), load: () => import("./pages/sender") },
	{ name: "sources", pattern: /^\/sources\/?$/, title: () => t("nav.sources"), load: () => import("./pages/sources") },
	{ name: "explore", pattern: /^\/explore\/?$/, title: () => t("nav.explore"), load: () => import("./pages/explore") },
	{ name: "reports", pattern: /^\/reports\/?$/, title: () => t("nav.reports"), load: () => import("./pages/reports") },
	{ name: "report", pattern: /^\/reports\/([^/]+)\/?$/, params: ["id"], title: () => t("report.title"), load: () => import("./pages/report") },
	{ name: "failures", pattern: /^\/failures\/?$/, title: () => t("nav.failures"), load: () => import("./pages/failures") },
	{ name: "failure", pattern: /^\/failures\/([^/]+)\/?$/, params: ["id"], title: () => t("failure.title"), load: () => import("./pages/failure") },
	{ name: "tls", pattern: /^\/tls\/?$/, title: () => t("nav.tls"), load: () => import("./pages/tls") },
	{ name: "tlsreport", pattern: /^\/tls\/([^/]+)\/?$/, params: ["id"], title: () => t("tls.report"), load: () => import("./pages/tlsreport") },
	{ name: "intake", pattern: /^\/(?:intake|health)\/?$/, title: () => t("nav.intake"), load: () => import("./pages/intake") },
	{ name: "decode", pattern: /^\/decode\/?$/, title: () => t("nav.decode"), load: () => import("./pages/decode") },
	{ name: "signin", pattern: /^\/signin\/?$/, title: () => t("signin.title"), load: () => import("./pages/signin") },
	{ name: "settings", pattern: /^\/settings\/?$/, title: () => t("nav.settings"), load: () => import("./pages/settings") },
	{ name: "help", pattern: /^\/help(?:\/([^/]+))?\/?$/, params: ["term"], title: () => t("nav.help"), load: () => import("./pages/help") },
];
const NONE: Def = { name: "notfound", pattern: /^/, title: () => t("notfound.title"), load: () => import("./pages/notfound") };

function decode(s: string): string {
	try {
		return decodeURIComponent(s);
	} catch {
		return s;
	}
}

export function matchRoute(path: string): Route {
	for (const d of [...DEFS, NONE]) {
		const m = d.pattern.exec(path);
		if (m === null)
			continue;
		const params: Record<string, string> = {};
		d.params?.forEach((name, i) => {
			if (m[i + 1] !== undefined)
				params[name] = decode(m[i + 1] as string);
		});
		return {
			name: d.name, key: `${d.name} ${Object.values(params).join(" ")}`, params, title: d.title,
			load: async () => (await d.load()).default,
		};
	}
	throw new Error("no route");
}
