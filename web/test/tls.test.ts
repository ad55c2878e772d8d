import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { en } from "../src/i18n/en";
import { ready, shownType, steps } from "../src/lib/tls";
import { addDays } from "../src/lib/url";
import type { PolicyType, TlsReady, TlsSummary } from "../src/lib/types-tls";

const texts = en as Record<string, string>;
const type = (policy_type: PolicyType, successful: number, failed = 0) => ({ policy_type, successful, failed, detail_failures: 0, tls_ok: 1, policies: 1 });

test("the type drawn is the one asked for, else the one with the most sessions", () => {
	const types = [type("sts", 10), type("tlsa", 9, 5), type("no-policy-found", 3)];
	assert.equal(shownType(types, undefined), "tlsa");
	assert.equal(shownType(types, "no-policy-found"), "no-policy-found");
	assert.equal(shownType(types, "nonsense"), "tlsa");
	assert.equal(shownType([], "sts"), null);
});

test("many days become weeks from Monday, and nothing is lost", () => {
	const days = Array.from({ length: 10 }, (_, i) => addDays("2026-05-01", i));
	const one = steps(days, [days.map(() => 1), days.map((_, i) => i)]);
	assert.equal(one.step, "day");
	const w = steps(days, [days.map(() => 1), days.map((_, i) => i)], 7);
	assert.equal(w.step, "week");
	assert.deepEqual(w.days, ["2026-04-27", "2026-05-04"]);
	assert.deepEqual(w.values, [[3, 7], [3, 42]]);
});

test("what can be done comes first", () => {
	const of = (domain: string, state: TlsReady["state"]) => ({ domain, state }) as TlsReady;
	const s = { ready: [of("a", "enforced"), of("b", "no-data"), of("c", "wait"), of("d", "ready"), of("e", "no-policy")] } as TlsSummary;
	assert.deepEqual(ready(s).map((r) => r.domain), ["d", "c", "e", "b", "a"]);
	assert.equal(s.ready[0]?.domain, "a");
});

test("every result type has a name, a meaning and a remedy", () => {
	const names = Object.keys(en).filter((k) => k.startsWith("tlsresult."));
	assert.equal(names.length, 12);
	for (const k of names) {
		const key = `tls.${k.slice(10).replace(/-/g, "_")}`;
		assert.ok((texts[`${key}.means`] ?? "") !== "" && (texts[`${key}.remedy`] ?? "") !== "", key);
	}
	for (const state of ["ready", "wait", "enforced", "no-policy", "no-data"])
		assert.ok(texts[`tls.ready.${state}`] !== undefined && texts[`tls.state.${state}`] !== undefined, state);
});

/* The command line says the same sentences; they stand in the daemon's source. */
const source = join(process.env.DMARCD_WEB ?? ".", "../src");
test("the texts are those of the daemon", { skip: !existsSync(join(source, "dmarc/tls.c")) }, () => {
	const c = readFileSync(join(source, "dmarc/tls.c"), "utf8") + readFileSync(join(source, "answer/tls.c"), "utf8");
	const said = (s: string) => s.replace(/"\s+"/g, "");
	const flat = said(c);
	for (const [k, v] of Object.entries(texts))
		if (/^tls\.[a-z_-]+\.(means|remedy)$/.test(k) || /^tls\.ready\.[a-z-]+$/.test(k) && !/\.(sub|since|none)$/.test(k))
			assert.ok(flat.includes(JSON.stringify(v)), `${k}: ${v}`);
});
