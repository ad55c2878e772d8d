/* The shell: rail or bottom bar, the page, and what works on every page. */
import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t, type Key } from "./i18n";
import { mainCall } from "./lib/api";
import { at, go, href, state, usePlace, useUrl } from "./lib/router";
import { keysOn, listen, setKeys } from "./lib/keys";
import { loadMe, me } from "./lib/session";
import { useStore } from "./lib/store";
import { carried } from "./lib/url";
import { Icon, type IconName } from "./ui/icons";
import { meta, pageEnd, useMetaLoader } from "./ui/meta";
import { shiftPeriod } from "./ui/filterbar";
import { MeBox, SignOut } from "./ui/me";
import { ErrorBox, Skeleton } from "./ui/states";
import { filtersHere, Safe } from "./ui/text";
import { PaletteButton, PaletteHost } from "./ui/palette-open";
import { LanguageSwitch } from "./ui/language";
import { ThemeSwitch } from "./ui/theme";
import { TaskCount } from "./ui/taskcount";
import { matchRoute, type PageProps } from "./routes";

export const NAV: { path: string; key: Key; icon: IconName; letter: string }[] = [
	{ path: "/", key: "nav.overview", icon: "overview", letter: "o" },
	{ path: "/todo", key: "nav.todo", icon: "todo", letter: "t" },
	{ path: "/domains", key: "nav.domains", icon: "domains", letter: "d" },
	{ path: "/senders", key: "nav.senders", icon: "senders", letter: "s" },
	{ path: "/explore", key: "nav.explore", icon: "explore", letter: "e" },
	{ path: "/sources", key: "nav.sources", icon: "sources", letter: "a" },
	{ path: "/reports", key: "nav.reports", icon: "reports", letter: "r" },
	{ path: "/failures", key: "nav.failures", icon: "envelope", letter: "f" },
	{ path: "/tls", key: "nav.tls", icon: "lock", letter: "l" },
	{ path: "/health", key: "nav.intake", icon: "intake", letter: "h" },
	{ path: "/decode", key: "nav.decode", icon: "decode", letter: "b" },
];

/* All pages, for the palette. */
const everywhere = (q: string): { id: string; label: string; detail: null; to: string }[] =>
	[...NAV, { path: "/help", key: "nav.help" as const }, { path: "/settings", key: "nav.settings" as const }].map((n) => ({
		id: `page-${n.path.slice(1)}`, label: t(n.key), detail: null,
		to: at(n.path, ["/health", "/decode", "/help", "/settings"].includes(n.path) ? "" : q),
	}));

const active = (path: string, nav: string): boolean =>
	nav === "/" ? path === "/" : path === nav || path.startsWith(nav + "/");

function Rail({ path, q }: { path: string; q: string }) {
	const [more, setMore] = useState(false);
	const who = useStore(me);
	useEffect(() => setMore(false), [path]);
	return (
		<div class="rail">
			<a class="brand" href={href(at("/", q))} aria-label={t("brand.home")}>
				<svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true"><path class="b-shield" d="M16 2 28 6v9c0 8-5 12.6-12 15C9 27.6 4 23 4 15V6z" /><path class="b-tick" d="m10 16 4.5 4.5L22.5 12" /></svg>
				<span>dmarcd</span>
			</a>
			<PaletteButton cls="findbox" />
			<nav aria-label={t("nav.label")}>
				<ul class={more ? "more-open" : ""}>
					{NAV.map((n, i) => (
						<li class={i > 3 ? "in-more" : ""}>
							<a href={href(at(n.path, n.path === "/health" || n.path === "/decode" ? "" : q))} aria-current={active(path, n.path) ? "page" : undefined}>
								<Icon name={n.icon} /><span>{t(n.key)}</span>{n.path === "/todo" && <TaskCount />}
							</a>
						</li>
					))}
					<li class="in-more rail-help"><a href={href("/help")} aria-current={active(path, "/help") ? "page" : undefined}><Icon name="help" /><span>{t("nav.help")}</span></a></li>
					<li class="in-more"><a href={href("/settings")} aria-current={active(path, "/settings") ? "page" : undefined}><Icon name="settings" /><span>{t("nav.settings")}</span></a></li>
					<li class="in-more only-more"><PaletteButton cls="findmore" /></li>
					{who?.how === "session" && <li class="in-more only-more"><SignOut cls="morelink" /></li>}
					<li class="more-btn"><button type="button" aria-expanded={more} onClick={() => setMore(!more)}><Icon name="more" /><span>{t("nav.more")}</span></button></li>
				</ul>
			</nav>
			<div class="rail-foot">
				<MeBox />
				<ThemeSwitch />
			</div>
		</div>
	);
}

function KeysDialog({ close }: { close: () => void }) {
	const ref = useRef<HTMLDialogElement>(null);
	const on = useStore(keysOn);
	useEffect(() => {
		const d = ref.current;
		if (d !== null && !d.open)
			d.showModal();
	}, []);
	const rows: [string, Key][] = [
		["?", "keys.help"], ["Ctrl K", "keys.palette"], ["/", "keys.filter"], ["g o · t · d · s · e · a · r · f · l · h", "keys.go"], ["j · k", "keys.rows"], ["Enter", "keys.enter"],
		["y · n · f · u", "keys.triage"], ["x", "keys.x"], ["x", "keys.pick"], ["s", "keys.snooze"], ["z", "keys.undo"], ["[ · ]", "keys.shift"], ["← · →", "keys.chart"], ["Shift ← →", "keys.chart.range"], ["Page Up · Page Down", "keys.chart.pan"], ["Esc", "keys.esc"],
	];
	return (
		<dialog ref={ref} class="dialog" aria-labelledby="keys-title" onClose={close}>
			<h2 id="keys-title">{t("keys.title")}</h2>
			<dl class="keys">{rows.map(([k, m]) => <><dt>{k.split(" ").map((x) => x === "·" ? " " : <kbd>{x}</kbd>)}</dt><dd>{t(m)}</dd></>)}</dl>
			<label class="check"><input type="checkbox" checked={on} onChange={(e) => setKeys(e.currentTarget.checked)} /> {t("keys.on")}</label>
			<p class="right"><button type="button" class="btn primary" onClick={() => ref.current?.close()}>{t("close")}</button></p>
		</dialog>
	);
}

type Loaded = { at: string; Page: ComponentType<PageProps> } | { at: string; failed: true } | null;

/* The sign-in has nothing around it: whoever is not in sees no more of the app. */
function Alone() {
	const route = matchRoute("/signin");
	const [Page, setPage] = useState<ComponentType<PageProps> | null>(null);
	useEffect(() => {
		document.title = `${route.title({})} · dmarcd`;
		void route.load().then((P) => setPage(() => P), () => location.reload());
	}, []);
	return <main id="main" class="alone" tabIndex={-1}>{Page !== null && <Page params={{}} />}</main>;
}

export const App = () => matchRoute(usePlace().path).name === "signin" ? <Alone /> : <Shell />;

function Shell() {
	const place = usePlace();
	const s = useUrl();
	const q = carried(s);
	const [help, setHelp] = useState(false);
	const [page, setPage] = useState<Loaded>(null);
	const [slow, setSlow] = useState(false);
	const [tries, setTries] = useState(0);
	const metaLoad = useMetaLoader();
	const route = matchRoute(place.path);
	const first = useRef(true);
	const wantsFocus = useRef(false);
	const [said, setSaid] = useState("");

	useEffect(() => {
		let live = true;
		mainCall.set(null);
		const timer = setTimeout(() => live && setSlow(true), 150);
		route.load().then((Page) => live && setPage({ at: route.name, Page }), () => live && setPage({ at: route.name, failed: true }))
			.finally(() => {
				clearTimeout(timer);
				if (live)
					setSlow(false);
			});
		return () => {
			live = false;
			clearTimeout(timer);
		};
	}, [route.name, tries]);

	/* A new page: its heading takes the focus, its title is announced. */
	const title = route.title(route.params);
	useEffect(() => {
		document.title = `${title} · dmarcd`;
		if (first.current) {
			first.current = false;
			return;
		}
		setSaid(title);
		wantsFocus.current = true;
	}, [place.path]);

	useEffect(() => void loadMe(), []);
	useEffect(() => listen({
		help: () => setHelp(true),
		page(letter) {
			const n = NAV.find((x) => x.letter === letter);
			if (n === undefined)
				return false;
			go(at(n.path, n.path === "/health" ? "" : carried(state())));
			return true;
		},
		filter: () => document.getElementById("add-filter")?.click(),
		shift(dir) {
			const m = meta.get();
			if (filtersHere(location.pathname))
				shiftPeriod(dir, state(), pageEnd.get() ?? m?.complete_through ?? null, m?.first_day ?? null);
		},
		escape() {
			if (document.activeElement instanceof HTMLElement && document.activeElement.closest("[data-row]"))
				document.activeElement.blur();
		},
	}), []);

	const shown = page !== null && page.at === route.name ? page : null;
	/* The page's file may still be on its way: the focus waits for it. */
	useEffect(() => {
		const h1 = wantsFocus.current && shown !== null ? document.querySelector<HTMLElement>("h1") : null;
		if (h1 === null)
			return;
		wantsFocus.current = false;
		h1.focus({ preventScroll: true });
	});
	return (
		<div class="app">
			<a class="skip" href="#main" onClick={(e) => {
				e.preventDefault();
				document.querySelector<HTMLElement>("h1")?.focus();
			}}>{t("skip")}</a>
			<Rail path={place.path} q={q} />
			<main id="main" tabIndex={-1}>
				{metaLoad.error !== null && metaLoad.data === null && <ErrorBox error={metaLoad.error} retry={metaLoad.retry} />}
				{shown !== null && "Page" in shown ? <shown.Page key={route.key} params={route.params} /> :
					shown !== null ? (
						<div class="notice bad" role="alert"><Icon name="warn" /><div class="grow"><strong>{t("chunk.failed")}</strong><p>{t("chunk.detail")}</p></div>
							<button type="button" class="btn" onClick={() => tries > 0 ? location.reload() : setTries(tries + 1)}>{t("error.retry")}</button></div>
					) : slow ? <Skeleton h={480} /> : null}
				<footer class="foot">
					<button type="button" class="btn link" onClick={() => setHelp(true)}><Icon name="keyboard" size={16} />{t("keys.title")}</button>
					<LanguageSwitch />
					<span>{t("foot.utc")}</span>
					{metaLoad.data !== null && <span>dmarcd <Safe text={metaLoad.data.version} /></span>}
				</footer>
			</main>
			<div class="vh" role="status" aria-live="polite">{said}</div>
			<PaletteHost nav={everywhere(q)} />
			{help && <KeysDialog close={() => setHelp(false)} />}
		</div>
	);
}
