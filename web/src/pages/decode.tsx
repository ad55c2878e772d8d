/* Paste what a mail server answered, and read what it means. Nothing of it goes into the address or into storage. */
import { useRef, useState } from "preact/hooks";
import { t, tx } from "../i18n";
import { ApiError, send } from "../lib/api";
import { day, num } from "../lib/format";
import { href } from "../lib/router";
import { safeText } from "../lib/safe";
import type { Bounce } from "../lib/types-decode";
import { Code } from "../ui/bits";
import { Advice } from "../ui/explain";
import { Icon } from "../ui/icons";
import { Head, Section } from "../ui/page";
import { ErrorBox } from "../ui/states";
import { Name, Safe } from "../ui/text";

const MOST = 65536;	/* bytes, as the daemon takes them */

function Match({ m }: { m: Bounce["matches"][number] }) {
	return (
		<section class="card decoded">
			<h2><Safe text={m.title} /></h2>
			<p><Safe text={m.why} /></p>
			<p><strong>{t("card.do")}</strong> <Safe text={m.do} /></p>
			<p class="small muted">{t("decode.words")}: <q><Safe text={m.words} /></q></p>
		</section>
	);
}

function Seen({ b }: { b: Bounce }) {
	if (b.domain === null)
		return null;
	if (!b.known)
		return <p class="muted">{tx("decode.unknown", { domain: <Name text={b.domain} /> })}</p>;
	if (b.seen === null)
		return b.ip === null ? null : <p class="muted">{tx("decode.unseen", { ip: <Safe text={b.ip} />, domain: <Name text={b.domain} /> })}</p>;
	const q = `?hfrom=${encodeURIComponent(b.domain)}&ip=${encodeURIComponent(b.seen.ip)}&t=90d`;
	return (
		<Section title={t("decode.seen")}>
			<p>{tx("decode.seen.text", { domain: <Name text={b.domain} />, ip: <Safe text={b.seen.ip} />, from: day(b.seen.from), to: day(b.seen.to) })}</p>
			<ul class="decode-codes">{b.seen.codes.map((c) => (
				<li><a href={href(`/explore${q}&view=rows&code=${c.code}`)}><Code code={c.code} title={false} plain /> <Safe text={c.title} /></a> <b class="n">{num(c.m)}</b></li>
			))}</ul>
			<p class="actions">
				<a class="btn" href={href(`/explore${q}&view=rows`)}>{t("decode.rows")}</a>
				{b.seen.sender !== null && <a class="btn" href={href(`/senders/${encodeURIComponent(b.seen.sender.id)}?t=90d`)}>{t("decode.sender")}: <Safe text={b.seen.sender.label} /></a>}
			</p>
		</Section>
	);
}

function Checks({ c }: { c: NonNullable<Bounce["checks"]> }) {
	return (
		<section class="card decoded">
			<h2>{t("decode.checks")}</h2>
			<h3><Code code={c.code} title={false} /> <Safe text={c.title} /></h3>
			{c.why !== null && <p><Safe text={c.why} /></p>}
			<Advice e={c} />
			{c.snippets.length > 0 && <dl class="snippets">{c.snippets.map((x) => <><dt><Safe text={x.text} /></dt><dd><code><Safe text={`${x.name}  ${x.type}  "${x.value}"`} /></code></dd></>)}</dl>}
			<ul class="legs">{c.legs.map((l) => <li><Safe text={l} /></li>)}</ul>
		</section>
	);
}

function Answer({ b }: { b: Bounce }) {
	const nothing = b.matches.length === 0 && b.checks === null;
	return (
		<>
			{nothing && <section class="verdict v-nodata"><Icon name="info" size={24} /><div class="grow"><p class="verdict-word">{t("decode.none")}</p><p class="verdict-text">{t("decode.none.text")}</p></div></section>}
			{b.temporary && <p class="notice warn slim">{t("decode.temporary")}</p>}
			{b.matches.map((m) => <Match m={m} />)}
			{b.checks !== null && <Checks c={b.checks} />}
			<Seen b={b} />
		</>
	);
}

export default function DecodePage() {
	const [text, setText] = useState("");
	const [answer, setAnswer] = useState<Bounce | null>(null);
	const [error, setError] = useState<ApiError | null>(null);
	const [busy, setBusy] = useState(false);
	const turn = useRef(0);
	const long = new Blob([text]).size > MOST;

	const ask = async (): Promise<void> => {
		const mine = ++turn.current;
		if (text.trim() === "" || long)
			return;
		setBusy(true);
		setError(null);
		try {
			const b = await send<Bounce>("POST", "decode", { text });
			if (mine === turn.current)
				setAnswer(b);
		} catch (e) {
			if (mine === turn.current)
				setError(e instanceof ApiError ? e : new ApiError({ title: safeText(String(e)), status: 0 }));
		}
		if (mine === turn.current)
			setBusy(false);
	};
	const clear = (): void => {
		turn.current++;
		setText("");
		setAnswer(null);
		setError(null);
		setBusy(false);
		document.getElementById("decode-text")?.focus();
	};
	const said = answer === null ? "" : answer.matches.length > 0 ? t("decode.found", { n: answer.matches.length }) :
		answer.checks !== null ? t("decode.found.header") : t("decode.none");
	return (
		<div class="stack">
			<Head title={t("nav.decode")} sub={t("decode.sub")} />
			<form class="card decode" onSubmit={(e) => { e.preventDefault(); void ask(); }}>
				<label for="decode-text">{t("decode.label")}</label>
				<textarea id="decode-text" rows={7} spellcheck={false} autocomplete="off" aria-describedby="decode-hint" placeholder={t("decode.example")} value={text}
					onInput={(e) => setText(e.currentTarget.value)}
					onKeyDown={(e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); void ask(); } }} />
				<p id="decode-hint" class="small muted">{t("decode.hint")}</p>
				{long && <p class="notice bad slim" role="alert">{t("decode.too_long")}</p>}
				<p class="actions"><button type="submit" class="btn primary" disabled={text.trim() === "" || long} aria-busy={busy}>{busy ? t("decode.busy") : t("decode.go")}</button>
					{(text !== "" || answer !== null) && <button type="button" class="btn" onClick={clear}>{t("decode.clear")}</button>}</p>
			</form>
			<p class="vh" role="status">{said}</p>
			{error !== null ? <ErrorBox error={error} retry={() => void ask()} /> : answer !== null && <Answer b={answer} />}
		</div>
	);
}
