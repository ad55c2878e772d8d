/* What the TLS pages share: types, results, advice, sums. */
import { hasKey, t, word } from "../i18n";
import { percent, ratio } from "../lib/format";
import type { Mode, PolicyType, TlsAdvice } from "../lib/types-tls";
import { Rate } from "./bits";
import { Icon } from "./icons";
import { Name, Safe, Value } from "./text";

export const Ptype = ({ type, word: raw }: { type: PolicyType; word?: string | null }) =>
	<>{word("ptype", type)}{type === "other" && raw && <span class="muted"> (<Safe text={raw.slice(0, 80)} />)</span>}</>;

/* A result type: in words, and as the standard writes it. */
export function TlsResultName({ result, word: raw, plain = false }: { result: string; word?: string | null; plain?: boolean }) {
	const inner = <span><Icon name="warn" size={16} cls="tls-mark" /> {word("tlsresult", result)}</span>;
	return (
		<span class="tlsresult">{plain ? inner : <Value k="result" v={result}>{inner}</Value>}
			<code class="muted small">{result === "other" && raw ? <Safe text={raw.slice(0, 120)} /> : result}</code></span>
	);
}

/* The daemon gives a key and an English text; the key goes first, so that it can be another language. */
export const means = (a: TlsAdvice): string => hasKey(`${a.key}.means`) ? t(`${a.key}.means` as "tls.other.means") : a.means;
export const remedy = (a: TlsAdvice): string => hasKey(`${a.key}.remedy`) ? t(`${a.key}.remedy` as "tls.other.remedy") : a.remedy;

export const Mode_ = ({ mode }: { mode: Mode }) => mode === null ? <span class="muted">–</span> : <code>{word("tls.mode", mode)}</code>;

/* The host, and beneath it the address that answered. */
export const MxName = ({ mx, ip }: { mx: string | null; ip: string | null }) =>
	<span class="mxname"><Name text={mx} />{ip !== null && <span class="mono small muted"><Safe text={ip} /></span>}</span>;

export const TlsRate = ({ ok, bad }: { ok: number; bad: number }) => <Rate part={ok} whole={ok + bad} />;

export const okRate = (ok: number, bad: number): string => percent(ratio(ok, ok + bad));
